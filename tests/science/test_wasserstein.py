"""The Wasserstein autoencoder (Tolstikhin et al. 2018): its discrepancy and what it does to the codes."""

import math

import numpy as np
import pytest
import torch

from aeviz.data.pairings import Batch
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Wae
from aeviz.models.wasserstein import FEWEST_DRAWS, squared_mean_discrepancy
from aeviz.seeds import generator


def test_the_discrepancy_is_that_of_the_sums_written_out() -> None:
    z = torch.randn(5, 3, generator=generator(0), dtype=torch.float64)
    drawn = torch.randn(7, 3, generator=generator(1), dtype=torch.float64) + 1

    def kernel(a: torch.Tensor, b: torch.Tensor) -> float:
        return 6 / (6 + (a - b).square().sum().item())

    n, m = len(z), len(drawn)
    among = sum(kernel(z[i], z[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    others = sum(kernel(drawn[i], drawn[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    between = sum(kernel(one, other) for one in z for other in drawn) / (n * m)
    assert squared_mean_discrepancy(z, drawn).item() == pytest.approx(among + others - 2 * between, rel=1e-12)


def test_it_is_zero_on_average_where_both_are_the_prior_and_not_elsewhere() -> None:
    noise = generator(2)
    same = [squared_mean_discrepancy(*torch.randn(2, 20, 2, generator=noise)).item() for _ in range(400)]
    error = np.std(same) / math.sqrt(len(same))
    assert abs(np.mean(same)) < 4 * error
    assert min(same) < 0, "without bias it is as often below zero"
    moved = [
        squared_mean_discrepancy(torch.randn(20, 2, generator=noise) + 1, torch.randn(20, 2, generator=noise)).item()
        for _ in range(100)
    ]
    assert np.mean(moved) > 20 * error


def test_codes_that_are_the_same_have_a_finite_gradient_and_a_lone_one_none() -> None:
    z = torch.zeros(4, 2, requires_grad=True)
    squared_mean_discrepancy(z, torch.randn(9, 2, generator=generator(0))).backward()
    assert z.grad is not None and z.grad.isfinite().all() and (z.grad != 0).any()
    assert squared_mean_discrepancy(z[:1], torch.zeros(9, 2)) == 0


def test_the_loss_is_the_weighted_discrepancy_from_draws_of_the_prior() -> None:
    x = torch.rand(8, 4, generator=generator(0))
    model = Wae(code=2, hidden=(), weight=7).build((4,), generator(1))
    found = Backpropagation(model, (), Adam()).evaluate(Batch(x, x), generator(5))["MMD"]
    drawn = torch.empty(FEWEST_DRAWS, 2).normal_(generator=generator(5))
    assert found == pytest.approx(7 * squared_mean_discrepancy(model.encode(x).z, drawn).item(), rel=1e-5)


def test_training_makes_the_codes_look_like_the_prior() -> None:
    x = torch.rand(100, 6, generator=generator(0)).round()
    codes = {}
    for weight in (0.0, 1000.0):
        model = Wae(code=2, hidden=(32,), weight=weight).build((6,), generator(1))
        learner, draws = Backpropagation(model, (), Adam(learning_rate=0.01)), generator(2)
        for step in range(200):
            learner.step(Batch(x, x), draws, step / 200)
        codes[weight] = model.encode(x).z.detach()
    drawn = torch.randn(2000, 2, generator=generator(9))
    free, held = (squared_mean_discrepancy(each, drawn).item() for each in codes.values())
    assert held < 0.01 < free / 10
    np.testing.assert_allclose(codes[1000.0].std(0), 1, atol=0.2)
