"""The KL taken apart (Chen et al. 2018) and the capacity that it is held at (Burgess et al. 2018)."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm

from aeviz.data.pairings import Batch
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.learning.train import Examples
from aeviz.models import Posterior, TcVae, Vae
from aeviz.models.autoencoder import Pass
from aeviz.models.disentangled import TotalCorrelationAutoencoder, decomposed, stratified
from aeviz.models.variational import kl_to_standard_normal
from aeviz.seeds import generator


def posteriors(n: int = 7, k: int = 3) -> tuple[torch.Tensor, Posterior]:
    """Some Gaussian posteriors and a draw of each."""
    mean, log_variance, noise = torch.randn(3, n, k, generator=generator(4), dtype=torch.float64)
    return mean + (log_variance / 2).exp() * noise, Posterior(mean, log_variance)


def test_over_a_whole_data_set_the_parts_are_those_of_brute_force() -> None:
    z, posterior = posteriors()
    mean, deviation = posterior.mean.numpy(), (posterior.log_variance / 2).exp().numpy()
    own, joint, product, prior = [], [], [], []
    for i, each in enumerate(z.numpy()):
        given = [multivariate_normal(m, np.diag(d**2)).pdf(each) for m, d in zip(mean, deviation, strict=True)]
        units = [norm(mean[:, j], deviation[:, j]).pdf(each[j]).mean() for j in range(3)]
        own.append(np.log(given[i]))
        joint.append(np.log(np.mean(given)))
        product.append(np.log(units).sum())
        prior.append(norm.logpdf(each).sum())
    own, joint, product, prior = (np.mean(each) for each in (own, joint, product, prior))
    by_hand = (own - joint, joint - product, product - prior)
    assert [each.item() for each in decomposed(z, posterior, 7)] == pytest.approx(by_hand, rel=1e-9)


def test_the_three_parts_add_up_to_a_draw_of_the_kl_whatever_the_size_of_the_data_set() -> None:
    z, posterior = posteriors(2000, 2)
    for of in (2000, 50_000):
        total = sum(each.item() for each in decomposed(z, posterior, of))
        assert total == pytest.approx(kl_to_standard_normal(posterior).mean().item(), abs=0.15)
    small = [sum(each.item() for each in decomposed(z[:9], Posterior(*(each[:9] for each in (
        posterior.mean, posterior.log_variance))), of)) for of in (9, 10_000)]  # fmt: skip
    assert small[0] == pytest.approx(small[1], rel=1e-9)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_density_of_the_aggregate_is_right_on_average_over_batches(n: int) -> None:
    density = torch.rand(6, generator=generator(1), dtype=torch.float64)  # q(z | xⱼ) at one z, drawn for example 0
    found = []
    for others in combinations(range(1, 6), n - 1):
        rows = [0, *others]
        found.append((stratified(n, 6)[0].exp() * density[rows]).sum().item())
    assert np.mean(found) == pytest.approx(density.mean().item(), rel=1e-12)


def test_a_gaussian_aggregate_has_the_parts_of_the_closed_form() -> None:
    # μ ~ N(0, S), σ² = s: then q(z) = N(0, S + sI), whose entropies are known.
    n, s = 3000, 0.3
    S = np.array([[1.5, 0.8], [0.8, 0.9]])
    root = torch.from_numpy(np.linalg.cholesky(S))
    mean = torch.randn(n, 2, generator=generator(2), dtype=torch.float64) @ root.T
    posterior = Posterior(mean, torch.full_like(mean, math.log(s)))
    z = mean + math.sqrt(s) * torch.randn(n, 2, generator=generator(3), dtype=torch.float64)
    covariance = S + s * np.eye(2)
    variances, determinant = np.diag(covariance), np.linalg.det(covariance)
    closed = (
        np.log(determinant / s**2) / 2,
        (np.log(variances).sum() - np.log(determinant)) / 2,
        (variances - 1 - np.log(variances)).sum() / 2,
    )
    assert [each.item() for each in decomposed(z, posterior, n)] == pytest.approx(closed, abs=0.06)


def test_a_batch_of_one_gives_finite_parts() -> None:
    z, posterior = posteriors(1)
    assert all(each.isfinite() for each in decomposed(z, posterior, 100))


def test_each_part_counts_by_its_weight_and_the_data_set_makes_itself_known() -> None:
    x = torch.rand(12, 4, generator=generator(0))
    names = ("mutual information", "total correlation", "KL of each unit")
    losses = {}
    for weights in ((1.0, 1.0, 1.0), (2.0, 6.0, 0.5)):
        spec = TcVae(code=2, hidden=(), **dict(zip(("alpha", "beta", "gamma"), weights, strict=True)))
        model = spec.build((4,), generator(1))
        batch = Examples(x).batch(slice(0, 8))
        assert batch.of == 12
        losses[weights] = Backpropagation(model, (), Adam()).evaluate(batch, generator(3))
    plain, weighted = losses.values()
    for name, weight in zip(names, (2.0, 6.0, 0.5), strict=True):
        assert weighted[name] == pytest.approx(weight * plain[name], rel=1e-5)


def test_of_a_batch_too_large_the_first_examples_are_paired(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TcVae(code=2, hidden=(), alpha=0, gamma=0, beta=1).build((4,), generator(1))
    assert isinstance(model, TotalCorrelationAutoencoder)
    x = torch.rand(12, 4, generator=generator(0))
    forward = Pass(model, Batch(x, x, of=12), model.encode(x), torch.zeros(12, 4), generator=generator(3))
    whole = model.losses(forward)["total correlation"]
    monkeypatch.setattr("aeviz.models.disentangled.MOST_NUMBERS", 2 * 5**2)
    z = model.sample(forward.code, generator(3)).z[:5]
    posterior = model.encode(x[:5]).posterior
    assert posterior is not None
    part = model.losses(replace(forward, generator=generator(3)))["total correlation"]
    torch.testing.assert_close(part, decomposed(z, posterior, 12)[1])
    assert part != whole


def test_the_kl_is_held_at_a_capacity_that_grows_with_the_training() -> None:
    x = torch.rand(8, 4, generator=generator(0))
    model = Vae(code=2, hidden=(), beta=5, capacity=3).build((4,), generator(1))
    learner = Backpropagation(model, (), Adam())
    posterior = model.encode(x).posterior
    assert posterior is not None
    kl = kl_to_standard_normal(posterior).mean().item()
    for progress in (0.0, 0.25, 1.0):
        parts, _ = learner.losses(Batch(x, x), generator(1), learning=True, progress=progress)
        assert parts["KL"].item() == pytest.approx(5 * abs(kl - 3 * progress), rel=1e-5)
    assert learner.evaluate(Batch(x, x), generator(1))["KL"] == pytest.approx(5 * abs(kl - 3), rel=1e-5)


def test_training_brings_the_kl_to_its_capacity() -> None:
    x = torch.rand(64, 4, generator=generator(0)).round()
    model = Vae(code=2, hidden=(8,), beta=50, capacity=1).build((4,), generator(1))
    learner, draws = Backpropagation(model, (), Adam(learning_rate=0.01)), generator(2)
    for step in range(400):
        learner.step(Batch(x, x), draws, step / 400)
    posterior = model.encode(x).posterior
    assert posterior is not None
    assert kl_to_standard_normal(posterior).mean().item() == pytest.approx(1, abs=0.1)
