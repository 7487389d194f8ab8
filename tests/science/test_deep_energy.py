"""Deep and general Boltzmann machines: their learning against sums over all states."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from aeviz.data.bars import patterns
from aeviz.data.pairings import Batch
from aeviz.learning import SGD
from aeviz.learning.learners import Backpropagation
from aeviz.models import Boltzmann, Dbm, Rbm
from aeviz.models.boltzmann import BoltzmannMachine, State
from aeviz.models.connected import ConnectedMachine
from aeviz.models.deep import DeepMachine, lower_bound
from aeviz.models.machines import ORIGINS, EnergyModel, Machine
from aeviz.models.partition import distribution, log_partition
from aeviz.models.restricted import Restricted
from aeviz.models.units import Bernoulli, coins
from aeviz.seeds import generator
from tests.contract.drawn import named

BARS = torch.tensor([[1.0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [1, 1, 1, 1, 0, 0]])


def loud(machine: BoltzmannMachine, seed: int = 4) -> None:
    """Give every weight and bias a value that can be told from 0."""
    draws = generator(seed, "loud")
    for parameter in machine.parameters():
        parameter.data = torch.randn(parameter.shape, generator=draws) * 0.7


def distance(machine: BoltzmannMachine, data: Tensor) -> float:
    """Total variation between the machine's distribution of visible states and that of the data."""
    states = machine.units["visible"].every_state(data)
    wanted = torch.stack([(data == each).all(1).double().mean() for each in states])
    return (distribution(machine, "visible") - wanted).abs().sum().item() / 2


def mean_log_likelihood(machine: BoltzmannMachine, data: Tensor) -> float:
    """The exact mean of log p(v)."""
    log_z = log_partition(machine)
    return sum(log_partition(machine, {"visible": v[None]}) - log_z for v in data) / len(data)


def test_a_deep_machine_of_one_layer_is_a_restricted_machine() -> None:
    deep = Dbm(hidden=(), code=3).build((6,), generator(1))
    shallow = Rbm(code=3, phase="persistent", steps=2).build((6,), generator(1))
    assert isinstance(deep, DeepMachine) and isinstance(shallow, Restricted)
    loud(deep.machine)
    own, other = dict(deep.machine.named_parameters()), dict(shallow.machine.named_parameters())
    for mine, name in (
        ("weights.visible-hidden 1", "weights.visible-hidden"), ("biases.visible", "biases.visible"),
        ("biases.hidden 1", "biases.hidden"),
    ):  # fmt: skip
        other[name].data = own[mine].data.clone()
    x = torch.rand(9, 6, generator=generator(2)).round()
    torch.testing.assert_close(deep.encode(x).z, shallow.encode(x).z)
    torch.testing.assert_close(deep.decode(deep.encode(x)), shallow.decode(shallow.encode(x)))
    assert log_partition(deep.machine) == pytest.approx(log_partition(shallow.machine), rel=1e-6)
    with torch.no_grad():
        torch.testing.assert_close(
            lower_bound(deep.machine, {"visible": x}, 1).float(), -shallow.machine.free_energy({"visible": x})
        )
    # The model phase of the one takes samples of h, that of the other their means; the data phases are the same.
    for model in (deep, shallow):
        model.particles = torch.rand(1, 100, 9, generator=generator(4)).round()
        draws = generator(3)
        if model is deep:
            coins(torch.zeros(9, 3), draws)  # which the other draws for its code
        parts, _ = Backpropagation(model, (), SGD()).losses(Batch(x, x), draws, learning=True)
        parts["loss"].backward()
    gradient, wanted = (own["biases.visible"].grad, other["biases.visible"].grad)
    torch.testing.assert_close(gradient, wanted)  # the same particles from the same draws


@pytest.mark.parametrize(
    "spec", [Dbm(hidden=(4,), code=3), Rbm(code=3, phase="tempered"), Boltzmann(code=3)], ids=named
)
def test_chains_that_go_on_begin_at_the_data(spec: EnergyModel) -> None:
    model = replace(spec, particles=8).build((6,), generator(1))
    assert isinstance(model, Machine)
    learner = Backpropagation(model, (), SGD())
    _, looked = learner.losses(Batch(BARS, BARS), generator(3), learning=False)
    start = {name: torch.ones(len(BARS), units.size) for name, units in model.machine.units.items()}
    start |= {"visible": BARS}
    torch.testing.assert_close(model.dreamed(lambda: start, looked)["visible"], BARS.repeat(2, 1))
    assert not model.begun(), "looking moves no chain"
    _, learned = learner.losses(Batch(BARS, BARS), generator(3), learning=True)
    assert model.begun()
    assert isinstance(model.particles, Tensor)
    before = model._apart(model.particles[0].clone())
    torch.testing.assert_close(
        model.dreamed(lambda: start, looked), before
    )  # they stay where they are, wherever one begins
    moved = model.dreamed(lambda: start, learned)
    assert any(not torch.equal(moved[name], before[name]) for name in moved)


def test_chains_from_noise_find_and_unlearn_what_those_from_the_data_never_see() -> None:
    x = torch.zeros(20, 8)  # the data are off; the machine holds it as likely that everything is on
    shares = {}
    for origin in ORIGINS:
        model = Rbm(code=1, phase="persistent", origin=origin, particles=20).build((8,), generator(1))
        assert isinstance(model, Machine)
        machine = model.machine
        with torch.no_grad():
            machine.weights["visible-hidden"].fill_(8)
            machine.biases["visible"].fill_(-4)
            machine.biases["hidden"].fill_(-32)
        states = machine.units["visible"].every_state(x)

        def on(machine: BoltzmannMachine = machine, states: Tensor = states) -> float:
            chances = torch.softmax(-machine.free_energy({"visible": states}), 0)
            return chances[states.sum(1) > 4].sum().item()

        assert on() == pytest.approx(0.5, abs=1e-3)
        learner = Backpropagation(model, (), SGD(learning_rate=0.02, momentum=0))
        for step in range(100):
            learner.step(Batch(x, x), generator(step), 0)
        shares[origin] = on()
    assert shares["noise"] < 0.1, shares
    assert shares["data"] > 0.4, shares


@pytest.mark.parametrize("spec", [Dbm(hidden=(4,), code=3), Rbm(code=3), Boltzmann(code=3)], ids=named)
def test_chains_that_begin_at_noise_ask_nothing_of_the_data(spec: EnergyModel) -> None:
    model = replace(spec, phase="persistent", origin="noise", particles=400).build((6,), generator(1))
    assert isinstance(model, Machine)
    _, looked = Backpropagation(model, (), SGD()).losses(Batch(BARS, BARS), generator(3), learning=False)

    def start() -> State:
        raise AssertionError("the data are asked")

    means = model.dreamed(start, looked)["visible"].mean(0)
    torch.testing.assert_close(means, torch.full((6,), 0.5), atol=0.1, rtol=0)


@pytest.mark.parametrize(("number", "up", "down"), [(1, 2, 1), (2, 2, 2), (3, 1, 2)])
def test_layers_are_pretrained_with_what_they_will_hear_from_both_sides(number: int, up: int, down: int) -> None:
    model = Dbm(hidden=(5, 4), code=3).build((6,), generator(1))
    plain = Dbm(hidden=(5, 4), code=3, doubled=False).build((6,), generator(1))
    assert isinstance(model, DeepMachine) and isinstance(plain, DeepMachine)
    for machine in (model.machine, plain.machine):
        loud(machine)
    below, above = model.machine.layers[number - 1 : number + 1]
    weight = model.machine.weights[f"{below}-{above}"]
    lower, upper = model.machine.biases[below], model.machine.biases[above]
    v = torch.rand(7, weight.shape[1], generator=generator(2)).round()
    for chosen, up_times, down_times in ((model, up, down), (plain, 1, 1)):
        layer = chosen.layer(number)
        z = layer.encode(v).z
        torch.testing.assert_close(z, torch.sigmoid(upper + up_times * v @ weight.T))
        torch.testing.assert_close(layer.decode(layer.encode(v)), lower + down_times * z @ weight)
    assert {id(each) for each in model.layer(number).parameters()} == {id(weight), id(lower), id(upper)}


def test_the_gradient_of_doubled_inputs_counts_both_copies() -> None:
    model = Dbm(hidden=(5,), code=3, steps=1).build((6,), generator(1))
    assert isinstance(model, DeepMachine)
    loud(model.machine)
    layer = model.layer(1)
    v = torch.rand(8, 6, generator=generator(2)).round()
    heard: list[dict[str, Tensor]] = []
    dream = layer._dream

    def listening(forward):  # type: ignore[no-untyped-def]
        heard.append(dream(forward))
        return heard[-1]

    layer._dream = listening  # type: ignore[method-assign]
    parts, _ = Backpropagation(layer, (), SGD()).losses(Batch(v, v), generator(7), learning=True)
    parts["loss"].backward()
    (first, second), weight = heard[0].values(), model.machine.weights["visible-hidden 1"]
    bias = model.machine.biases["hidden 1"]
    data, model_phase = torch.sigmoid(bias + 2 * v @ weight.T), torch.sigmoid(bias + (first + second) @ weight.T)
    wanted = -(data.T @ (2 * v) - model_phase.T @ (first + second)) / len(v)
    torch.testing.assert_close(weight.grad, wanted)


def test_the_bound_lies_below_the_exact_value_and_close_where_layers_say_little() -> None:
    model = Dbm(hidden=(4,), code=3).build((6,), generator(1))
    assert isinstance(model, DeepMachine)
    gaps = []
    for size in (0.2, 1.5):
        for parameter in model.machine.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator(5)) * size
        exact = torch.tensor([log_partition(model.machine, {"visible": v[None]}) for v in BARS])
        with torch.no_grad():
            bound = lower_bound(model.machine, {"visible": BARS}, 50)
        assert (bound < exact + 1e-5).all()
        gaps.append((exact - bound).mean().item())
    assert gaps[0] < 0.01 < gaps[1]


def test_a_classifier_learns_through_a_network_that_is_told_the_settled_means_from_above() -> None:
    model = Dbm(hidden=(5,), code=4, sweeps=30).build((6,), generator(3))
    assert isinstance(model, DeepMachine)
    loud(model.machine)
    x = torch.rand(7, 6, generator=generator(5))
    above = model.encode(x).z.detach()
    first, second = (model.machine.weight(pair) for pair in (("visible", "hidden 1"), ("hidden 1", "hidden 2")))
    lower, upper = (model.machine.biases[name] for name in ("hidden 1", "hidden 2"))
    by_hand = torch.sigmoid(torch.sigmoid(x @ first.T + above @ second + lower) @ second.T + upper)
    code = model.encode_for_classes(x).z
    torch.testing.assert_close(code, by_hand, atol=1e-5, rtol=0)
    wanted = torch.autograd.grad(by_hand.square().sum(), list(model.encoding()), allow_unused=True)
    found = torch.autograd.grad(code.square().sum(), list(model.encoding()), allow_unused=True)
    for mine, other in zip(found, wanted, strict=True):
        assert (mine is None) == (other is None)
        if mine is not None and other is not None:
            torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-4)


@pytest.mark.usefixtures("unchecked")
def test_mean_fields_and_chains_that_go_on_raise_the_exact_likelihood_of_a_deep_machine() -> None:
    model = Dbm(hidden=(4,), code=2, particles=300, steps=5).build((6,), generator(2))
    assert isinstance(model, DeepMachine)
    data = BARS.repeat(15, 1)
    before, far = mean_log_likelihood(model.machine, BARS), distance(model.machine, BARS)
    learner = Backpropagation(model, (), SGD(learning_rate=0.1, momentum=0.5, schedule="cosine"))
    for step in range(700):
        learner.step(Batch(data, data), generator(8, step), step / 700)
    after, near = mean_log_likelihood(model.machine, BARS), distance(model.machine, BARS)
    print(f"mean log p {before:.2f} → {after:.2f} (best {-math.log(4):.2f}), total variation {far:.2f} → {near:.2f}")
    assert before < -3.5
    assert after > -2.2
    assert near < 0.5 < far


def build(**settings: object) -> ConnectedMachine:
    model = Boltzmann(**settings).build((6,), generator(2))  # type: ignore[arg-type]
    assert isinstance(model, ConnectedMachine)
    return model


def test_the_general_machine_is_exact_where_its_states_can_be_listed() -> None:
    model = build(code=3, phase="exact")
    loud(model.machine)
    states = model.machine.units["visible"].every_state(BARS)
    hidden = model.machine.units["hidden"].every_state(BARS)
    with torch.no_grad():
        energies = torch.stack(
            [model.machine.energy({"visible": states, "hidden": h.expand(64, -1)}) for h in hidden], 1
        )
        torch.testing.assert_close(model.free_energy(states), -torch.logsumexp(-energies, 1))
        torch.testing.assert_close(model.encode(states).z, torch.softmax(-energies, 1) @ hidden)
    parts, _ = Backpropagation(model, (), SGD()).losses(Batch(BARS, BARS), generator(1), learning=True)
    assert parts["negative_log_likelihood"].item() == pytest.approx(-mean_log_likelihood(model.machine, BARS), rel=1e-5)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("phase", "steps", "near"), [("exact", 1500, 0.08), ("persistent", 400, 0.25), ("annealed", 150, 0.5)]
)
def test_every_way_of_learning_leads_towards_the_data(phase: str, steps: int, near: float) -> None:
    model = build(code=3, phase=phase, particles=200)
    data = BARS.repeat(25, 1)
    far = distance(model.machine, BARS)
    learner = Backpropagation(model, (), SGD(learning_rate=0.2, momentum=0.5, schedule="cosine"))
    for step in range(steps):
        learner.step(Batch(data, data), generator(8, step), step / steps)
    found = distance(model.machine, BARS)
    print(f"{phase}: total variation {far:.3f} → {found:.3f}")
    assert found < near < far


@pytest.mark.usefixtures("unchecked")
def test_a_machine_without_hidden_units_learns_means_and_pairs_exactly() -> None:
    """Maximum likelihood of a visible machine has the data's means and correlations; a Gibbs chain then shows them."""
    machine = BoltzmannMachine({"v": Bernoulli(4)}, [("v", "v")])
    data = torch.tensor(
        [[1.0, 1, 0, 0], [1, 1, 0, 1], [0, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]]
    )
    states = machine.units["v"].every_state(data)
    optimizer = torch.optim.Adam(machine.parameters(), 0.05)
    for _ in range(2500):
        optimizer.zero_grad()
        loss = machine.energy({"v": data}).mean() + torch.logsumexp(-machine.energy({"v": states}), 0)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        chances = torch.softmax(-machine.energy({"v": states}), 0)
    pairs = torch.einsum("n,ni,nj->ij", chances, states, states)
    torch.testing.assert_close(pairs, data.T @ data / len(data), atol=5e-3, rtol=0)


def test_bars_and_stripes_are_all_the_patterns_and_no_others() -> None:
    shown, labels = patterns(3)
    assert shown.shape == (14, 1, 3, 3) and labels.tolist() == [0] * 8 + [1] * 6
    assert len({each.tobytes() for each in shown}) == 14
    for image, label in zip(shown[:, 0], labels, strict=True):
        lines = image if label == 0 else image.T
        assert all(len(set(line.tolist())) == 1 for line in lines)
