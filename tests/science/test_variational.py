"""The variational autoencoder (Kingma & Welling 2014): its KL, its draws, and its bound on log p(x)."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch.distributions import Normal, kl_divergence

from aeviz.data.pairings import Batch
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Vae
from aeviz.models.autoencoder import Code, Posterior
from aeviz.models.variational import VariationalAutoencoder, kl_to_standard_normal
from aeviz.seeds import generator


def posterior(n: int = 6, k: int = 3) -> Posterior:
    """Some Gaussian posteriors, wide and narrow, near and far."""
    mean, log_variance = torch.randn(2, n, k, generator=generator(4), dtype=torch.float64)
    return Posterior(2 * mean, log_variance)


def test_the_kl_has_the_values_computed_by_hand() -> None:
    at = Posterior(
        torch.tensor([[0.0, 0.0], [1.0, -2.0], [0.0, 0.0]]), torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 0]])
    )
    by_hand = [0.0, (1 + 4) / 2, (math.e - 2) / 2]
    assert kl_to_standard_normal(at).tolist() == pytest.approx(by_hand, rel=1e-6)


def test_the_kl_is_that_of_torch_distributions_and_of_monte_carlo() -> None:
    q = posterior()
    normal, prior = Normal(q.mean, (q.log_variance / 2).exp()), Normal(torch.zeros_like(q.mean), 1.0)
    exact = kl_to_standard_normal(q)
    torch.testing.assert_close(exact, kl_divergence(normal, prior).sum(1))
    draws = q.mean + (q.log_variance / 2).exp() * torch.randn(20_000, *q.mean.shape, generator=generator(9)).double()
    ratio = (normal.log_prob(draws) - prior.log_prob(draws)).sum(2)
    errors = 4 * ratio.std(0) / math.sqrt(len(draws))
    assert ((ratio.mean(0) - exact).abs() < errors).all()


def build(**settings: object) -> VariationalAutoencoder:
    """A small variational model on four numbers."""
    model = Vae(code=2, hidden=(), likelihood="gaussian", **settings).build((4,), generator(1))  # type: ignore[arg-type]
    assert isinstance(model, VariationalAutoencoder)
    return model


def test_draws_have_the_posteriors_mean_and_variance_and_no_correlation() -> None:
    q, n = posterior(1, 3), 40_000
    many = Posterior(q.mean.expand(n, -1), q.log_variance.expand(n, -1))
    z = build().sample(Code(many.mean, (), many), generator(2)).z
    variance = q.log_variance.exp()[0]
    standard = ((z - q.mean) / variance.sqrt()).numpy()
    assert (np.abs(standard.mean(0)) < 4 / math.sqrt(n)).all()
    assert (np.abs(standard.var(0) - 1) < 4 * math.sqrt(2 / n)).all()
    assert (np.abs(np.corrcoef(standard.T)[np.triu_indices(3, 1)]) < 4 / math.sqrt(n)).all()
    assert (np.abs(standard) < 1).mean(0) == pytest.approx(0.6827, abs=4 * math.sqrt(0.22 / n))


def test_the_gradient_flows_through_the_draw_as_the_reparameterization_says() -> None:
    mean = torch.zeros(5, 3, requires_grad=True)
    log_variance = torch.full((5, 3), 0.4, requires_grad=True)
    z = build().sample(Code(mean, (), Posterior(mean, log_variance)), generator(3)).z
    z.sum().backward()
    assert mean.grad is not None
    assert log_variance.grad is not None
    torch.testing.assert_close(mean.grad, torch.ones_like(mean))
    torch.testing.assert_close(log_variance.grad, (z / 2).detach())  # ∂(σ·ε)/∂ log σ² = σ·ε/2


def test_without_a_generator_the_code_is_the_posterior_mean() -> None:
    model = build()
    code = model.encode(torch.rand(5, 4, generator=generator(0)))
    assert code.posterior is not None
    assert torch.equal(code.z, code.posterior.mean)


def test_beta_multiplies_the_kl_in_the_loss() -> None:
    x = torch.rand(8, 4, generator=generator(0))
    losses = {
        beta: Backpropagation(build(beta=beta), (), Adam()).evaluate(Batch(x, x), generator(1))
        for beta in (0.0, 1.0, 4.0)
    }
    assert losses[0.0]["KL"] == 0
    assert losses[1.0]["KL"] > 0
    assert losses[4.0]["KL"] == pytest.approx(4 * losses[1.0]["KL"], rel=1e-6)
    assert losses[4.0]["reconstruction"] == losses[1.0]["reconstruction"]


def test_the_prior_is_standard_normal() -> None:
    z = build().prior(20_000, generator(6))
    assert (z.mean(0).abs() < 4 / math.sqrt(20_000)).all()
    assert ((z.var(0) - 1).abs() < 4 * math.sqrt(2 / 20_000)).all()


def loss_of_each(model: VariationalAutoencoder, x: torch.Tensor, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error of the loss of each example, over many draws."""
    code = model.encode(x)
    noise = generator(11)
    with torch.no_grad():
        each = torch.stack(
            [model.negative_log_likelihood(model.decode(model.sample(code, noise)), x) for _ in range(draws)]
        )
        assert code.posterior is not None
        kl = kl_to_standard_normal(code.posterior)
    return (each.mean(0) + kl).numpy(), (each.std(0) / math.sqrt(draws)).numpy()


def log_density(model: VariationalAutoencoder, x: torch.Tensor) -> np.ndarray:
    """log p(x) of the linear-Gaussian model: x ~ N(c, V Vᵀ + I)."""
    V, c = (each.detach().numpy() for each in model.decoder.parameters())
    return np.asarray(multivariate_normal(c, V @ V.T + np.eye(4)).logpdf(x.numpy()))


CONSTANT = 2 * math.log(2 * math.pi)  # (d/2)·log 2π, which the Gaussian likelihood leaves out


def test_the_loss_of_a_linear_gaussian_model_bounds_its_log_density() -> None:
    x = torch.randn(6, 4, generator=generator(8), dtype=torch.float64)
    loss, error = loss_of_each(build().double(), x, 4000)
    assert (-loss - CONSTANT < log_density(build().double(), x) + 4 * error).all()
    assert (-loss - CONSTANT < log_density(build().double(), x) - 0.05).any(), "the bound is loose for random weights"


def test_the_bound_is_tight_where_the_posterior_is_the_true_one() -> None:
    model = build().double()
    (V, c), (W, b) = model.decoder.parameters(), model.encoder.parameters()
    with torch.no_grad():
        orthogonal, _ = torch.linalg.qr(torch.randn(4, 2, generator=generator(5), dtype=torch.float64))
        V.copy_(orthogonal * torch.tensor([1.5, 0.6], dtype=torch.float64))
        c.copy_(torch.arange(4) / 4)
        # Orthogonal columns make (I + VᵀV)⁻¹ diagonal, so that the encoder can give the true posterior.
        variance = 1 / (1 + V.square().sum(0))
        W.zero_()
        W[:2] = variance[:, None] * V.T
        b[:2] = -W[:2] @ c
        b[2:] = variance.log()
    x = torch.randn(6, 4, generator=generator(8), dtype=torch.float64)
    loss, error = loss_of_each(model, x, 4000)
    np.testing.assert_array_less(np.abs(-loss - CONSTANT - log_density(model, x)), 4 * error)
