"""Restricted Boltzmann machines and contrastive divergence, against sums over all states and integrals."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aeviz.data.pairings import Batch
from aeviz.learning import SGD
from aeviz.learning.contrastive import ContrastiveDivergence
from aeviz.models import Mlp
from aeviz.models.dense import DenseAutoencoder
from aeviz.models.rbm import Rbm, machine_of
from aeviz.seeds import generator

D, K = 4, 2


def machine(*, gaussian: bool) -> Rbm:
    """Four visible and two hidden units with drawn weights, in double precision."""
    draws = generator(5, "machine")
    made = [torch.randn(shape, generator=draws, dtype=torch.float64) * 0.7 for shape in ((K, D), (D,), (K,))]
    weight, visible, hidden = (nn.Parameter(each) for each in made)
    return Rbm(weight, visible, hidden, gaussian=gaussian)


def states(count: int) -> Tensor:
    """All states of so many binary units."""
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=count)), dtype=torch.float64)


def energy(rbm: Rbm, v: Tensor, h: Tensor) -> Tensor:
    """E(v, h) with binary units, written out."""
    return -(v @ rbm.visible) - (h @ rbm.hidden) - ((h @ rbm.weight) * v).sum(-1)


def test_the_free_energy_sums_over_every_state_of_binary_hidden_units() -> None:
    rbm = machine(gaussian=False)
    for v in states(D):
        summed = torch.stack([torch.exp(-energy(rbm, v, h)) for h in states(K)]).sum().log()
        assert rbm.free_energy(v[None]).item() == pytest.approx(-summed.item(), rel=1e-12)


def test_the_free_energy_integrates_over_gaussian_hidden_units() -> None:
    rbm = machine(gaussian=True)
    line = torch.linspace(-12, 12, 241, dtype=torch.float64)  # a sum over a grid is exact for a smooth bell
    h = torch.cartesian_prod(line, line)
    for v in states(D)[::5]:
        with torch.no_grad():
            density = torch.exp(-energy(rbm, v, h) - h.square().sum(1) / 2)
        total = (density.sum() * 0.1**2).item()
        constant = K / 2 * np.log(2 * np.pi)
        assert rbm.free_energy(v[None]).item() == pytest.approx(constant - np.log(total), abs=1e-9)


def test_both_conditionals_are_those_of_the_joint_distribution() -> None:
    rbm = machine(gaussian=False)
    v, h = states(D), states(K)
    joint = torch.stack([torch.exp(-energy(rbm, each, h)) for each in v])  # v × h
    given_v = joint / joint.sum(1, keepdim=True)
    torch.testing.assert_close(torch.sigmoid(rbm.inputs(v)), given_v @ h)
    given_h = joint / joint.sum(0, keepdim=True)
    torch.testing.assert_close(rbm.visible_mean(h), given_h.T @ v)
    drawn = rbm.draw_hidden(v[5].expand(20_000, -1), generator(1)).mean(0)
    torch.testing.assert_close(drawn, (given_v @ h)[5], atol=0.015, rtol=0)
    centred = machine(gaussian=True)
    drawn = centred.draw_hidden(v[5].expand(20_000, -1), generator(2))
    torch.testing.assert_close(drawn.mean(0), centred.inputs(v[5:6])[0], atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.var(0), torch.ones(K, dtype=torch.float64), atol=0.04, rtol=0)


@pytest.mark.parametrize("code_activation", ["sigmoid", "linear"])
@pytest.mark.parametrize("tied", [False, True])
def test_the_gradient_is_the_correlation_in_the_data_less_that_in_the_reconstruction(
    code_activation: str, tied: bool
) -> None:
    spec = Mlp(hidden=(), code=3, activation="sigmoid", code_activation=code_activation, tied=tied)
    model = spec.build((6,), generator(3))
    learner = ContrastiveDivergence(model, SGD())
    rbm = machine_of(model)
    v = torch.rand(10, 6, generator=generator(4))
    parts, _ = learner.losses(Batch(v, v), generator(7), learning=True)
    parts["loss"].backward()
    with torch.no_grad():  # the same draw again
        draws = generator(7)
        sample = rbm.draw_visible(rbm.draw_hidden(v, draws), draws)
        assert set(sample.unique().tolist()) == {0.0, 1.0}

        def mean_hidden(x: Tensor) -> Tensor:
            return torch.sigmoid(rbm.inputs(x)) if code_activation == "sigmoid" else rbm.inputs(x)

        data, dream = mean_hidden(v), mean_hidden(sample)
    torch.testing.assert_close(rbm.weight.grad, -(data.T @ v - dream.T @ sample) / 10)
    torch.testing.assert_close(rbm.visible.grad, -(v - sample).mean(0))
    torch.testing.assert_close(rbm.hidden.grad, -(data - dream).mean(0))


def test_the_decoder_stays_the_mirror_image_while_the_machine_learns() -> None:
    model = Mlp(hidden=(5,), code=2, activation="sigmoid").build((6,), generator(3))
    assert isinstance(model, DenseAutoencoder)
    layer = model.layer(2)
    learner = ContrastiveDivergence(layer, SGD(learning_rate=0.1))
    v = torch.rand(10, 5, generator=generator(4))
    weights = dict(model.named_parameters())
    before = weights["encoder.layers.1.weight"].clone()
    for step in range(3):
        learner.step(Batch(v, v), generator(7, step), 0.0)
    assert not torch.equal(weights["encoder.layers.1.weight"], before)
    assert torch.equal(weights["decoder.layers.0.weight"], weights["encoder.layers.1.weight"].T)
    told = learner.evaluate(Batch(v, v), generator(1))
    torch.testing.assert_close(
        torch.tensor(told["reconstruction"]), layer.negative_log_likelihood(layer.decode(layer.encode(v)), v).mean()
    )


def test_learning_by_contrastive_divergence_raises_the_likelihood_of_the_data() -> None:
    model = Mlp(hidden=(), code=3, activation="sigmoid", code_activation="sigmoid").build((6,), generator(3))
    rbm = machine_of(model)
    v = (torch.rand(1, 6, generator=generator(4)) > 0.5).float().repeat(20, 1)
    v[10:] = 1 - v[10:]

    def likelihood() -> float:
        log_partition = torch.logsumexp(-rbm.free_energy(states(6).float()), 0)
        return (-rbm.free_energy(v) - log_partition).mean().item()

    before = likelihood()
    learner = ContrastiveDivergence(model, SGD(learning_rate=0.05))
    for step in range(60):  # early enough that the bias of a single step does not show
        learner.step(Batch(v, v), generator(8, step), 0.0)
    # All states alike would have −6 log 2, the two patterns each half of the time −log 2.
    assert before < -6 * np.log(2) + 0.1 < -2.2 < likelihood() <= np.log(0.5)
