"""The two likelihoods, against torch.distributions."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from aeviz.data.pairings import Batch
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Mlp
from aeviz.seeds import generator


def drawn(binary: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and examples of shape 3 × 1 × 4 × 4."""
    logits = 3 * torch.randn(3, 1, 4, 4, generator=generator(1), dtype=torch.float64)
    x = torch.rand(3, 1, 4, 4, generator=generator(2), dtype=torch.float64)
    return logits, x.round() if binary else x


def test_the_bernoulli_likelihood_of_binary_pixels_is_that_of_torch() -> None:
    logits, x = drawn(binary=True)
    model = Mlp(likelihood="bernoulli").build((1, 4, 4), generator(0))
    expected = -Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(model.negative_log_likelihood(logits, x), expected)


def test_the_bernoulli_likelihood_of_grey_pixels_is_the_cross_entropy_and_least_at_the_pixel_itself() -> None:
    _, x = drawn(binary=False)
    model = Mlp(likelihood="bernoulli").build((1, 4, 4), generator(0))
    entropy = -(x * x.log() + (1 - x) * (1 - x).log()).sum((1, 2, 3))
    at = model.negative_log_likelihood(torch.logit(x), x)
    torch.testing.assert_close(at, entropy)
    assert (model.negative_log_likelihood(torch.logit(x) + 0.1, x) > at).all()
    assert (model.negative_log_likelihood(torch.logit(x) - 0.1, x) > at).all()


def test_the_gaussian_likelihood_is_that_of_torch_up_to_the_constant() -> None:
    logits, x = drawn(binary=False)
    model = Mlp(likelihood="gaussian").build((1, 4, 4), generator(0))
    expected = -Normal(logits, 1.0).log_prob(x).sum((1, 2, 3)) - 8 * math.log(2 * math.pi)
    torch.testing.assert_close(model.negative_log_likelihood(logits, x), expected)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_mean_over_a_batch_is_that_of_its_examples(likelihood: str) -> None:
    logits, x = drawn(binary=False)
    model = Mlp(likelihood=likelihood).build((1, 4, 4), generator(0))  # type: ignore[arg-type]
    each = model.negative_log_likelihood(logits, x)
    assert each.shape == (3,)
    torch.testing.assert_close(model.mean_negative_log_likelihood(logits, Batch(x, x)), each.mean())


def test_the_mean_of_the_likelihood_is_what_is_shown() -> None:
    logits, _ = drawn(binary=False)
    bernoulli, gaussian = (Mlp(likelihood=each).build((1, 4, 4), generator(0)) for each in ("bernoulli", "gaussian"))
    torch.testing.assert_close(bernoulli.mean(logits), Bernoulli(logits=logits).mean)
    assert torch.equal(gaussian.mean(logits), logits)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_extreme_logits_give_finite_losses(likelihood: str) -> None:
    model = Mlp(likelihood=likelihood).build((1, 4, 4), generator(0))  # type: ignore[arg-type]
    logits, x = torch.full((1, 1, 4, 4), 1e4), torch.zeros(1, 1, 4, 4)
    assert model.negative_log_likelihood(logits, x).isfinite().all()
    assert model.negative_log_likelihood(-logits, 1 - x).isfinite().all()


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_losses_sum_over_pixels_and_average_over_the_batch_and_mse_is_per_pixel(likelihood: str) -> None:
    model = Mlp(likelihood=likelihood).build((1, 4, 4), generator(0))  # type: ignore[arg-type]
    x = torch.rand(7, 1, 4, 4, generator=generator(2))
    losses = Backpropagation(model, (), Adam()).evaluate(Batch(x, x), generator(0))
    shown = model.reconstruct(x).detach()
    assert losses["mse"] == pytest.approx(((shown - x) ** 2).mean().item(), rel=1e-5)
    if likelihood == "gaussian":
        assert losses["reconstruction"] == pytest.approx(16 * losses["mse"] / 2, rel=1e-5)
    else:
        cross = -(x * shown.log() + (1 - x) * (1 - shown).log()).sum((1, 2, 3)).mean()
        assert losses["reconstruction"] == pytest.approx(cross.item(), rel=1e-5)
