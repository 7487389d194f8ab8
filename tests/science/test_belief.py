"""Deep belief networks: up and down against the written-out updates, and likelihoods against sums over all states."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from aeviz.data.pairings import Batch, Clean
from aeviz.learning import SGD, Adam, Greedy
from aeviz.learning.learners import Backpropagation
from aeviz.learning.procedures import Task
from aeviz.learning.train import Examples, train
from aeviz.models import Dbn, Rbm
from aeviz.models.autoencoder import Code
from aeviz.models.belief import BeliefNetwork, unrolled
from aeviz.models.partition import log_partition
from aeviz.models.restricted import Restricted
from aeviz.seeds import generator

BARS = torch.tensor([[1.0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [1, 1, 1, 1, 0, 0]])


def network(*, loud: bool = True, classes: int = 3, **settings: object) -> BeliefNetwork:
    """A small network, its weights and biases drawn."""
    model = Dbn(**{"hidden": (4,), "code": 3} | settings).build((6,), generator(1), classes)  # type: ignore[arg-type]
    assert isinstance(model, BeliefNetwork)
    if loud:
        for place, parameter in enumerate(model.parameters()):
            parameter.data = torch.randn(parameter.shape, generator=generator(2, place)) * 0.8
    return model


def states(count: int) -> Tensor:
    return (torch.arange(2**count)[:, None] >> torch.arange(count - 1, -1, -1) & 1).float()


def exact(model: BeliefNetwork, v: Tensor) -> Tensor:
    """log p(v) of a network with one directed layer, every state of it listed."""
    layer = model._directed()[0]
    h = states(layer.upper.numel())
    with torch.no_grad():
        prior = torch.logsumexp(-model._energies(h), 1) - log_partition(model.machine)
        told, d = layer.down(h), v.shape[1]
        each = functional.binary_cross_entropy_with_logits(
            told.expand(len(v), -1, -1), v[:, None].expand(-1, len(h), d), reduction="none"
        )
        given = -each.sum(2)
    return torch.logsumexp(prior + given, 1)


@pytest.mark.parametrize("labels", [False, True])
def test_probabilities_add_up_to_one_and_the_weights_are_unbiased_for_them(labels: bool) -> None:
    model = network(labels=labels)
    assert exact(model, states(6)).exp().sum().item() == pytest.approx(1, abs=1e-5)
    weights = model.log_weights(BARS, 40_000, generator(3)) - log_partition(model.machine)
    wanted = exact(model, BARS)
    torch.testing.assert_close(weights.exp().mean(1).float(), wanted.exp(), rtol=0.1, atol=0)
    assert (weights.mean(1) < wanted + 0.02).all(), "their mean is a bound"
    assert (model.log_unnormalised(BARS) - log_partition(model.machine) < wanted + 0.3).all()


def test_samples_have_the_distribution_of_the_network() -> None:
    model = network()
    code = model.prior(6000, generator(4))
    h_top = torch.bernoulli(code, generator=generator(5))
    below = torch.bernoulli(torch.sigmoid(model.machine.inputs("below", {"top": h_top})), generator=generator(6))
    drawn = torch.sigmoid(model._directed()[0].down(below)).mean(0)
    every = states(6)
    wanted = exact(model, every).exp() @ every
    torch.testing.assert_close(drawn.detach(), wanted, atol=0.03, rtol=0)


def test_a_network_of_one_layer_is_a_restricted_machine() -> None:
    model = network(hidden=())
    other = Rbm(code=3).build((6,), generator(1))
    assert isinstance(other, Restricted)
    pairs = {
        "weights.below-top": "weights.visible-hidden",
        "biases.below": "biases.visible",
        "biases.top": "biases.hidden",
    }
    for mine, name in pairs.items():
        dict(other.machine.named_parameters())[name].data = dict(model.machine.named_parameters())[mine].data
    torch.testing.assert_close(model.encode(BARS).z, other.encode(BARS).z)
    torch.testing.assert_close(model.decode(Code(states(3))), other.decode(Code(states(3))))
    torch.testing.assert_close(model.log_unnormalised(BARS), other.log_unnormalised(BARS))


def test_up_and_down_learns_by_the_written_out_updates() -> None:
    """Appendix B of the source: outer products of states with what was wrongly expected of them."""
    model = network(steps=2)
    learner = Backpropagation(model, (), SGD())
    parts, _ = learner.losses(Batch(BARS, BARS), generator(7), learning=True)
    parts["loss"].backward()
    layer, machine = model._directed()[0], model.machine
    draws = generator(7)
    with torch.no_grad():
        model.sample(model.encode(BARS), draws)  # what the pass draws before the losses, nothing
        awake = _coins(torch.sigmoid(layer.up(BARS)), draws)
        top = _coins(torch.sigmoid(machine.inputs("top", {"below": awake})), draws)
        below, at = awake, top
        for _ in range(2):
            at = _coins(torch.sigmoid(machine.inputs("top", {"below": below})), draws)
            below = _coins(torch.sigmoid(machine.inputs("below", {"top": at})), draws)
        asleep = torch.sigmoid(layer.down(below))
        n = len(BARS)
        generative = awake.T @ (BARS - torch.sigmoid(layer.down(awake))) / n
        recognition = (below - torch.sigmoid(layer.up(asleep))).T @ asleep / n
        mean = torch.sigmoid(machine.inputs("top", {"below": awake}))
        dreamed = torch.sigmoid(machine.inputs("top", {"below": below}))
        associative = (mean.T @ awake - dreamed.T @ below) / n
    torch.testing.assert_close(layer.generative.grad, -generative)
    torch.testing.assert_close(layer.recognition.grad, -recognition)
    torch.testing.assert_close(machine.weights["below-top"].grad, -associative)
    torch.testing.assert_close(layer.lower.grad, -(BARS - torch.sigmoid(layer.down(awake))).mean(0).detach())


def _coins(chances: Tensor, draws: torch.Generator) -> Tensor:
    return torch.empty_like(chances).uniform_(generator=draws).lt_(chances)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("layers", ["plain", "rbm"])
def test_greedy_layers_then_up_and_down_raise_the_exact_likelihood(layers: str) -> None:
    model = network(loud=False, code=4, steps=3)
    x = Examples(BARS.repeat(25, 1))
    training = Greedy(layers=layers, layer_epochs=150)  # type: ignore[arg-type]
    assert not training.refusals(Dbn(), (), Clean())
    stages = training.stages(Task(model, (), Clean(), Adam(learning_rate=0.02), x, x, 150, 50, 0))
    assert [stage.name for stage in stages] == ["layer 1", "layer 2", "fine-tuning"]
    before = exact(model, BARS).mean().item()
    found = [before]
    for event in train(stages):
        if type(event).__name__ == "StageStarted" and event.number == 2:  # type: ignore[union-attr]
            layer = model._directed()[0]
            assert torch.equal(layer.recognition, layer.generative), "recognition has followed so far"
            found.append(exact(model, BARS).mean().item())
    found.append(exact(model, BARS).mean().item())
    words = " → ".join(f"{each:.2f}" for each in found)
    print(f"mean log p untrained → greedy → up and down: {words}; best {-math.log(4):.2f}")
    layer = model._directed()[0]
    assert not torch.equal(layer.recognition, layer.generative)
    assert found[0] < -4
    assert found[1] > -3
    assert found[2] > -2.2


@pytest.mark.usefixtures("unchecked")
def test_labels_join_the_top_machine() -> None:
    model = network(labels=True, code=6, loud=False)
    labels = torch.tensor([0, 1, 2, 0]).repeat(25)
    data = Batch(BARS.repeat(25, 1), BARS.repeat(25, 1), labels)
    learner = Backpropagation(model, (), Adam(learning_rate=0.02))
    for step in range(600):
        learner.step(data, generator(8, step), step / 600)
    assert model.class_chances(BARS).argmax(1).tolist() == [0, 1, 2, 0]
    codes = model.dream_of(torch.arange(3).repeat_interleave(200), 50, generator(9))
    seen = model.mean(model.decode(Code(codes))).unflatten(0, (3, 200)).mean(1)
    own = torch.stack([BARS[[0, 3]].mean(0), BARS[1], BARS[2]])
    closest = torch.cdist(seen.detach(), own).argmin(1)
    assert closest.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="without labels"):
        network().class_chances(BARS)


def test_unrolled_it_gives_the_same_codes_and_reconstructions() -> None:
    model = network(hidden=(5, 4))
    other = unrolled(model)
    torch.testing.assert_close(other.encode(BARS).z, model.encode(BARS).z)
    torch.testing.assert_close(other.reconstruct(BARS), model.reconstruct(BARS))
    other.encoder.layers[0].weight.data.zero_()  # type: ignore[operator,union-attr]
    assert model._directed()[0].recognition.any(), "a copy"
