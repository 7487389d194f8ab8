"""The importance-weighted bound (Burda et al. 2016) against densities that are known."""

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from aeviz.data.pairings import Batch
from aeviz.errors import SettingError
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Autoencoder, Code, ConditionalVae, Mlp, Vae
from aeviz.seeds import generator
from aeviz.views.likelihood import log_likelihood

X = torch.randn(6, 4, generator=generator(8)).numpy()
BITS = (torch.rand(6, 4, generator=generator(8)) > 0.5).float().numpy()


def linear(**settings: object) -> Autoencoder:
    """A linear-Gaussian model of four numbers: x ~ N(c, V Vᵀ + I)."""
    chosen = {"code": 2, "hidden": (), "likelihood": "gaussian"} | settings
    return widened(Vae(**chosen).build((4,), generator(1)))  # type: ignore[arg-type]


def widened(model: Autoencoder) -> Autoencoder:
    """The model with q(z | x) = N(0, e^0.3 I), wider than any true posterior, so that no weight is huge."""
    (W, b) = model.requires_grad_(False).encoder.parameters()
    W.zero_()
    b[model.code :] = 0.3
    return model


def exact(model: Autoencoder) -> np.ndarray:
    """log p(x) of that model."""
    V, c = (each.numpy() for each in model.decoder.parameters())
    return np.asarray(multivariate_normal(c, V @ V.T + np.eye(4)).logpdf(X))


def test_it_converges_to_the_log_density_of_a_linear_gaussian_model() -> None:
    model = linear()
    found = {draws: log_likelihood(model, X, draws, generator(2)) for draws in (1, 20_000)}
    assert (np.abs(found[20_000] - exact(model)) < 0.05).all()
    assert (exact(model) - found[1]).mean() > 0.3, "the test is worth something only where one draw is not enough"


def test_on_average_it_rises_with_the_number_of_draws_up_to_the_density() -> None:
    model = linear()
    means = [
        np.mean([log_likelihood(model, X, draws, generator(seed)).mean() for seed in range(200)])
        for draws in (1, 4, 16)
    ]
    assert means[0] < means[1] - 0.02
    assert means[1] < means[2] - 0.01
    assert means[2] < exact(model).mean() + 0.01


def test_one_draw_gives_the_evidence_lower_bound_on_average() -> None:
    model = linear()
    x = torch.from_numpy(X)
    learner = Backpropagation(model, (), Adam())
    losses = [learner.evaluate(Batch(x, x), generator(seed))["loss"] for seed in range(300)]
    bounds = [log_likelihood(model, X, 1, generator(seed, "bound")).mean() for seed in range(300)]
    error = 4 * math.hypot(np.std(losses), np.std(bounds)) / math.sqrt(300)
    assert np.mean(bounds) == pytest.approx(-np.mean(losses) - 2 * math.log(2 * math.pi), abs=error)


def test_a_bernoulli_model_has_the_probability_of_the_integral_over_its_code() -> None:
    model = linear(code=1, likelihood="bernoulli")
    z = np.linspace(-9, 9, 4001)
    logits = model.decode(Code(torch.from_numpy(z[:, None]).float())).numpy()
    given = (BITS[:, None] * logits - np.logaddexp(0, logits)).sum(2)
    integral = logsumexp(given + norm.logpdf(z), axis=1) + math.log(z[1] - z[0])
    assert np.abs(log_likelihood(model, BITS, 20_000, generator(3)) - integral).max() < 0.03


def test_a_conditional_model_is_given_the_class() -> None:
    model = widened(ConditionalVae(code=1, hidden=(), likelihood="gaussian").build((4,), generator(1), 3))
    labels = np.array([0, 1, 2, 0, 1, 2])
    V, c = (each.numpy() for each in model.decoder.parameters())
    mean = V[:, 1:].T[labels] + c
    known = [multivariate_normal(m, V[:, :1] @ V[:, :1].T + np.eye(4)).logpdf(x) for m, x in zip(mean, X, strict=True)]
    found = log_likelihood(model, X, 20_000, generator(3), labels)
    assert np.abs(found - known).max() < 0.05


def test_it_repeats_itself_and_takes_many_examples_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = linear()
    many = np.tile(X, (4, 1))
    first = log_likelihood(model, many, 7, generator(1))
    assert np.array_equal(first, log_likelihood(model, many, 7, generator(1)))
    monkeypatch.setattr("aeviz.views.likelihood.ROWS", 10)
    in_parts = log_likelihood(model, many, 300, generator(1))
    assert in_parts.shape == (24,)
    assert np.abs(in_parts - np.tile(exact(model), 4)).max() < 0.4
    assert log_likelihood(model, X[:0], 5, generator(1)).shape == (0,)


def test_grey_pixels_and_models_without_a_posterior_are_refused_with_a_remedy() -> None:
    with pytest.raises(SettingError, match=r"these pixels are grey: choose data whose pixels are binary"):
        log_likelihood(linear(likelihood="bernoulli"), BITS / 2, 3, generator(0))
    with pytest.raises(SettingError, match=r"choose a VAE"):
        log_likelihood(Mlp(code=2, hidden=()).build((4,), generator(0)), BITS, 3, generator(0))
