"""Adversarial models (Goodfellow 2014, Makhzani 2015): whose loss reaches whom, and what the losses are."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import kstest
from torch import Tensor, nn
from torch.distributions import Bernoulli

from aeviz.data.pairings import Batch
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Aae, ConvGan, Gan, ModelSpec, Pass
from aeviz.models.adversarial import Adversarial, dense_discriminator, frozen, judged_fake, judged_real
from aeviz.models.gan import squared_gradient
from aeviz.seeds import generator
from tests.contract.drawn import IMAGES, examples

SPECS = (Aae(), Gan(), ConvGan())
PARTS = ("encoder", "decoder", "discriminator")
REACHED: dict[type[ModelSpec], dict[str, set[str]]] = {
    Aae: {"reconstruction": {"encoder", "decoder"}, "encoder": {"encoder"}, "discriminator": {"discriminator"}},
    Gan: {
        "reconstruction": {"encoder"},
        "generator": {"decoder"},
        "discriminator": {"discriminator"},
        "gradient penalty": {"discriminator"},
    },
}
REACHED[ConvGan] = REACHED[Gan]


def one_pass(spec: ModelSpec, seed: int = 3) -> tuple[Adversarial, Pass]:
    """A model and a training pass through it."""
    model = spec.build(IMAGES, generator(1, "weights"))
    assert isinstance(model, Adversarial)
    batch, draws = Batch(examples(IMAGES), examples(IMAGES)), generator(seed, "draws")
    code = model.encode(batch.inputs, draws)
    return model, Pass(model, batch, code, model.decode(code, draws), generator=draws)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind())
def test_each_loss_reaches_its_own_player_and_no_other(spec: ModelSpec) -> None:
    for name, reached in REACHED[type(spec)].items():
        model, forward = one_pass(spec)
        losses = model.losses(forward)
        assert losses.keys() == REACHED[type(spec)].keys()
        losses[name].backward()
        touched = {
            part
            for part in PARTS
            if any(each.grad is not None and each.grad.any() for each in getattr(model, part).parameters())
        }
        assert touched == reached, name


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind())
def test_every_weight_belongs_to_exactly_one_player(spec: ModelSpec) -> None:
    model = spec.build(IMAGES, generator(1, "weights"))
    owned = [id(each) for player in model.players().values() for each in player]
    assert sorted(owned) == sorted(id(each) for each in model.parameters())
    assert len(Backpropagation(model, (), Adam()).optimizers) == len(model.players()) > 1


def test_a_frozen_module_gives_the_same_values_and_gradients_for_its_input_alone() -> None:
    module = dense_discriminator(5, (4,))
    x = torch.randn(7, 5, generator=generator(0)).requires_grad_(True)
    expected = module(x)
    (gradient,) = torch.autograd.grad(expected.sum(), x)
    held = frozen(module)(x)
    assert torch.equal(held, expected)
    held.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, gradient)
    assert all(each.grad is None and each.requires_grad for each in module.parameters())
    assert all(isinstance(each, nn.Parameter) for each in module.parameters())


def test_the_losses_are_the_log_probabilities_of_a_coin() -> None:
    scores = torch.linspace(-30, 30, 9, dtype=torch.float64)
    coin = Bernoulli(logits=scores)
    torch.testing.assert_close(judged_real(scores), -coin.log_prob(torch.ones(9).double()).mean())
    torch.testing.assert_close(judged_fake(scores), -coin.log_prob(torch.zeros(9).double()).mean())
    undecided = torch.zeros(3, dtype=torch.float64)
    both = judged_real(undecided) + judged_fake(undecided)
    assert both.item() == pytest.approx(2 * math.log(2), rel=1e-12), "the value at the equilibrium, theorem 1"


def test_the_best_discriminator_of_two_known_densities_has_the_jensen_shannon_divergence_as_its_value() -> None:
    """V(D*) = −2 log 2 + 2·JSD (Goodfellow 2014, theorem 1), D* = p/(p + q), p and q two coins."""
    p, q = torch.tensor([[0.7, 0.3], [0.2, 0.8]], dtype=torch.float64)
    scores = (p / q).log()  # σ(log p/q) = p/(p + q)
    real = torch.cat([scores[:1].expand(700), scores[1:].expand(300)])
    fake = torch.cat([scores[:1].expand(200), scores[1:].expand(800)])
    middle = (p + q) / 2
    divergence = ((p * (p / middle).log()).sum() + (q * (q / middle).log()).sum()) / 2
    assert (judged_real(real) + judged_fake(fake)).item() == pytest.approx(
        2 * math.log(2) - 2 * divergence.item(), rel=1e-12
    )


def test_the_gradient_penalty_of_a_linear_score_is_the_squared_length_of_its_weights() -> None:
    linear = dense_discriminator(6, ())
    with torch.no_grad():
        next(linear.parameters()).copy_(torch.arange(6.0)[None])
    for learning in (True, False):
        value = squared_gradient(linear, torch.rand(5, 6, generator=generator(0)), learning=learning)
        assert value.item() == pytest.approx(sum(each * each for each in range(6)), rel=1e-6)
        assert value.requires_grad == learning


def test_the_gradient_penalty_is_that_of_finite_differences() -> None:
    module = dense_discriminator(4, (8, 8)).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter, generator=generator(2))
    x = torch.randn(3, 4, generator=generator(1), dtype=torch.float64)
    steps = 1e-6 * torch.eye(4, dtype=torch.float64)
    slopes = torch.stack([(module(x + step) - module(x - step)) / 2e-6 for step in steps], 1)
    expected = slopes.square().sum(1).mean()
    torch.testing.assert_close(squared_gradient(module, x, learning=False), expected, rtol=1e-5, atol=0)


def trained(spec: ModelSpec, x: Tensor, steps: int) -> Adversarial:
    """The model after so many steps on all of x."""
    model = spec.build(tuple(x.shape[1:]), generator(0, "weights"))
    assert isinstance(model, Adversarial)
    learner, draws = Backpropagation(model, (), Adam(learning_rate=2e-3, beta1=0.5)), generator(0, "draws")
    for step in range(steps):
        rows = torch.randint(len(x), (128,), generator=draws)
        learner.step(Batch(x[rows], x[rows]), draws, step / steps)
    return model


@pytest.mark.usefixtures("unchecked")
def test_a_gan_learns_a_normal_distribution() -> None:
    """Its draws have the mean, the spread and nearly the distribution function of the data."""
    x = 0.3 + 0.5 * torch.randn(2000, 1, generator=generator(5))
    model = trained(Gan(code=1, hidden=(32,), likelihood="gaussian"), x, 800)
    with torch.no_grad():
        drawn = model.decoder(model.prior(2000, generator(9)), (), None)[:, 0].numpy()
    assert drawn.mean() == pytest.approx(0.3, abs=0.1)
    assert drawn.std() == pytest.approx(0.5, abs=0.1)
    assert kstest((drawn - 0.3) / 0.5, "norm").statistic < 0.15


@pytest.mark.usefixtures("unchecked")
def test_an_aae_gives_its_codes_the_distribution_of_the_prior_and_without_the_weight_it_does_not() -> None:
    angle = 2 * math.pi * torch.rand(1000, 1, generator=generator(4))
    x = torch.cat([angle.cos(), angle.sin()], 1)
    distances = {}
    for weight in (0.0, 1.0):
        model = trained(Aae(code=1, hidden=(64, 32), likelihood="gaussian", weight=weight), x, 400)
        with torch.no_grad():
            distances[weight] = kstest(model.encode(x).z[:, 0].numpy(), "norm").statistic
    assert distances[1.0] < 0.1
    assert distances[0.0] > 0.2


def test_the_encoder_of_a_gan_learns_where_generated_examples_come_from() -> None:
    """G fixed, its own fakes as data: the encoder must find codes that give them back."""
    model = Gan(code=2, hidden=(32,), likelihood="gaussian").build((6,), generator(0, "weights"))
    assert isinstance(model, Adversarial)
    with torch.no_grad():
        x = model.decoder(model.prior(512, generator(1)), (), None)
    optimizer, draws = Adam(learning_rate=3e-3).build(list(model.players()["encoder"])), generator(2)
    before = (model.reconstruct(x) - x).square().mean().item()
    for _ in range(400):
        optimizer.zero_grad()
        logits = model.decode(model.encode(x, draws), draws)
        model.mean_negative_log_likelihood(logits, Batch(x, x)).backward()
        assert all(each.grad is None for each in model.decoder.parameters())
        optimizer.step()
    assert (model.reconstruct(x) - x).square().mean().item() < 0.02 * before


def test_the_prior_is_standard_normal() -> None:
    model = Aae(code=3).build((4,), generator(0))
    assert isinstance(model, Adversarial)
    drawn = model.prior(4000, generator(1)).numpy()
    assert all(kstest(drawn[:, unit], "norm").pvalue > 1e-3 for unit in range(3))
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.06
