"""The multimodal machine: what it learns of images and tags together, against sums over all states."""

from itertools import product

import pytest
import torch
from torch import Tensor

from aeviz.data.pairings import Batch
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Dbm, MultimodalDbm
from aeviz.models.boltzmann import BoltzmannMachine
from aeviz.models.gibbs import gibbs, noise
from aeviz.models.multimodal import TAGS, Joining, MultimodalMachine
from aeviz.models.partition import distribution
from aeviz.recipe import Recipe
from aeviz.seeds import generator

PIXELS, WORDS = 4, 2
# Each of the four descriptions has images of its own, one of them more often than the other.
PICTURES = {
    (0, 0): ([1, 0, 0, 0], [0, 0, 0, 0]), (0, 1): ([0, 1, 1, 0], [0, 0, 1, 0]),
    (1, 0): ([1, 1, 0, 1], [1, 1, 0, 0]), (1, 1): ([1, 1, 1, 1], [0, 1, 1, 1]),
}  # fmt: skip


def examples() -> tuple[Tensor, Tensor]:
    """Twelve images, three for each description: the likelier one twice."""
    rows = [(picture, tags) for tags, (often, seldom) in PICTURES.items() for picture in (often, often, seldom)]
    return torch.tensor([x for x, _ in rows]).float(), torch.tensor([t for _, t in rows]).float()


def built(tags: int = WORDS, **settings: object) -> MultimodalMachine:
    spec = MultimodalDbm(**{"hidden": (5,), "code": 4} | settings)  # type: ignore[arg-type]
    model = spec.build((PIXELS,), generator(1), tags=tags)
    assert isinstance(model, MultimodalMachine)
    return model


def loud(machine: BoltzmannMachine) -> None:
    """Give every weight and bias a value that can be told from 0."""
    draws = generator(4, "loud")
    for parameter in machine.parameters():
        parameter.data = torch.randn(parameter.shape, generator=draws)


def conditional(machine: BoltzmannMachine, layer: str, given: Tensor, other: str) -> Tensor:
    """The chances of every state of one layer given one of another, by sums over all states of the rest."""
    states = machine.units[layer].every_state(given)
    energies = []
    for state in states:
        held = {layer: state[None], other: given[None]}
        free = [name for name in machine.layers if name not in held]
        lists = [machine.units[name].every_state(given) for name in free]
        every = [torch.stack(each) for each in zip(*product(*lists), strict=True)]
        full = dict(zip(free, every, strict=True))
        count = len(every[0])
        with torch.no_grad():
            energy = machine.energy(full | {name: s.expand(count, -1) for name, s in held.items()})
        energies.append(torch.logsumexp(-energy.double(), 0))
    return torch.softmax(torch.stack(energies), 0)


def test_drawing_an_image_with_its_tags_held_leads_to_the_exact_conditional() -> None:
    # Large weights and small biases of a seed with which much of what one end says is heard at the other.
    machine, draws = built().machine, generator(2, "loud")
    for parameter in machine.parameters():
        scale = 2.5 if parameter.dim() > 1 else 0.3
        parameter.data = torch.randn(parameter.shape, generator=draws) * scale
    tags = torch.tensor([0.0, 1.0])
    wanted = conditional(machine, "visible", tags, TAGS)
    start = noise(machine, 8000, generator(1)) | {TAGS: tags.expand(8000, -1)}
    found = gibbs(machine, start, 100, generator(2), held=(TAGS,))["visible"]
    states = machine.units["visible"].every_state(tags)
    shares = torch.stack([(found == each).all(1).double().mean() for each in states])
    assert (shares - wanted).abs().sum() / 2 < 0.03
    assert (wanted - distribution(machine, "visible")).abs().sum() / 2 > 0.1, "the tags tell something of the image"


@pytest.mark.usefixtures("unchecked")
def test_it_learns_which_images_have_which_tags_and_which_tags_an_image(capsys: pytest.CaptureFixture[str]) -> None:
    x, tags = examples()
    model = built(hidden=(), code=6, particles=200, steps=5)
    with torch.no_grad():
        model.rest(Batch(x, x, tags=tags))
    learner = Backpropagation(model, (), Adam(learning_rate=0.03, schedule="cosine"))
    batch, draws = Batch(x.repeat(4, 1), x.repeat(4, 1), tags=tags.repeat(4, 1)), generator(3)

    def away() -> float:
        """Mean total variation between P(image | tags) and the data, over the four descriptions."""
        total = 0.0
        states = model.machine.units["visible"].every_state(x)
        for each in PICTURES:
            own = torch.tensor(each).float()
            mine = x[(tags == own).all(1)]
            wanted = torch.stack([(mine == state).all(1).double().mean() for state in states])
            total += (conditional(model.machine, "visible", own, TAGS) - wanted).abs().sum().item() / 2
        return total / len(PICTURES)

    before = away()
    for step in range(2000):
        learner.step(batch, draws, step / 2000)
    after = away()
    with torch.no_grad():
        told = torch.sigmoid(model.told(model.encode(x).z))
    with capsys.disabled():
        print(f" total variation of P(image | tags) {before:.3f} → {after:.3f}", end="")
    # A factorial mean field and six hidden units leave the rest; an image drawn without its tags would be 0.75 away.
    assert before > 0.7 and after < 0.45
    assert ((told > 0.5).float() == tags).all()


def test_what_is_missing_is_filled_in_and_nothing_is_not_enough() -> None:
    model = built()
    loud(model.machine)
    x, tags = examples()
    alone, both, told = model.joint(x), model.joint(x, tags), model.joint(tags=tags)
    assert torch.equal(both[TAGS], tags) and torch.equal(told[TAGS], tags)
    assert torch.equal(alone["visible"], x) and told["visible"].shape == x.shape
    assert torch.equal(alone["joint"], model.encode(x).z)
    # At the fixed point the tags are what the joint layer says of them.
    torch.testing.assert_close(alone[TAGS], torch.sigmoid(model.told(alone["joint"])), atol=1e-3, rtol=0)
    assert not torch.allclose(both["joint"], alone["joint"], atol=0.01)
    with pytest.raises(ValueError, match="images, tags or both"):
        model.joint()


def test_the_tags_have_no_part_in_the_code_of_an_image_and_in_its_reconstruction() -> None:
    model = built()
    assert model.path == ["visible", "hidden 1", "joint"] and model.hidden() == ["hidden 1", "joint"]
    assert model.code == 4 and model.projected("joint", 3).shape == (3, PIXELS)
    plain = Dbm(hidden=(5,), code=4).build((PIXELS,), generator(1))
    loud(model.machine)
    model.machine.weights["joint-tags"].data.zero_()
    mine, its = dict(model.machine.named_parameters()), dict(plain.machine.named_parameters())
    for name, value in its.items():  # the joint layer is the second hidden one of a plain machine
        value.data = mine[name.replace("hidden 2", "joint")].data
    x, _ = examples()
    torch.testing.assert_close(model.encode(x).z, plain.encode(x).z)
    torch.testing.assert_close(model.reconstruct(x), plain.reconstruct(x))


def test_the_joint_layer_is_pretrained_with_the_tags_and_shares_all_weights() -> None:
    model, tags = built(), examples()[1]
    first, last = model.layer(1), model.layer(2)
    assert not isinstance(first, Joining) and isinstance(last, Joining)
    own = {id(each) for each in model.parameters()}
    assert {id(each) for layer in (first, last) for each in layer.parameters()} == own
    below = torch.rand(12, 5, generator=generator(3))
    given = last.given(Batch(below, below, tags=tags))
    assert torch.equal(given[TAGS], tags) and not last.given(Batch(below, below))[TAGS].any()
    learner, before = Backpropagation(last, (), Adam(learning_rate=0.05)), model.machine.weights["joint-tags"].clone()
    for _ in range(3):
        learner.step(Batch(below, below, tags=tags), generator(5), 0)
    assert not torch.equal(model.machine.weights["joint-tags"], before)
    assert not torch.equal(model.machine.biases[TAGS], torch.zeros(WORDS))


def test_persistent_chains_hold_the_tags_of_examples_and_a_few_begin_anew() -> None:
    x, tags = examples()
    model = built(particles=50)
    learner, batch = Backpropagation(model, (), Adam()), Batch(x, x, tags=tags)
    learner.step(batch, generator(1), 0)
    first = {name: s.clone() for name, s in (model.fantasies() or {}).items()}
    known = {tuple(each) for each in tags.tolist()}
    assert {tuple(each) for each in first[TAGS].tolist()} <= known
    learner.step(batch, generator(2), 0)
    second = model.fantasies() or {}
    assert (first[TAGS] != second[TAGS]).any(1).sum() <= 1, "one in fifty begins anew"
    assert (first["visible"] != second["visible"]).any(1).sum() > 25, "the others go on"
    assert isinstance(model.particles, Tensor)
    stands = model.particles.clone()
    learner.evaluate(batch, generator(3))
    assert torch.equal(model.particles, stands)


def test_without_its_weight_the_tags_are_not_told() -> None:
    x, tags = examples()
    for weight in (0.0, 2.0):
        model = built(prediction=weight)
        parts, _ = Backpropagation(model, (), Adam()).losses(Batch(x, x, tags=tags), generator(1), learning=True)
        assert ("prediction" in parts) == bool(weight)
    code = model.encode(x).z
    told = torch.sigmoid(model.told(code))
    missed = -(tags * told.log() + (1 - tags) * (1 - told).log()).sum(1).mean()
    torch.testing.assert_close(parts["prediction"], 2 * missed)


def test_it_needs_tags() -> None:
    assert any("learns from tags" in each for each in Recipe(model=MultimodalDbm()).misfits())
