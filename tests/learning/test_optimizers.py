"""Optimizers against the update rules of their papers, written in numpy; schedules at known points."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import nn

from aeviz.data.pairings import Batch
from aeviz.learning import SGD, Adam, AdamW, Optimizer
from aeviz.learning.learners import Backpropagation
from aeviz.learning.optimizers import SCHEDULES, factor
from aeviz.models import Linear
from aeviz.seeds import generator

STEPS = 7
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]


def adam(rate: float, decay: float = 0.0) -> Rule:
    """Kingma & Ba, algorithm 1; with decay, Loshchilov & Hutter, algorithm 2."""
    m = v = np.zeros(3)
    t = 0

    def update(theta: np.ndarray, g: np.ndarray) -> np.ndarray:
        nonlocal m, v, t
        t += 1
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return np.asarray(theta - rate * step - rate * decay * theta)

    return update


def momentum(rate: float, mu: float) -> Rule:
    """v ← μ·v + g, θ ← θ − α·v."""
    v = np.zeros(3)

    def update(theta: np.ndarray, g: np.ndarray) -> np.ndarray:
        nonlocal v
        v = mu * v + g
        return theta - rate * v

    return update


@pytest.mark.parametrize(
    ("spec", "rule"),
    [
        (Adam(learning_rate=0.1), adam(0.1)),
        (AdamW(learning_rate=0.1, decay=0.5), adam(0.1, 0.5)),
        (AdamW(learning_rate=0.1, decay=0), adam(0.1)),
        (SGD(learning_rate=0.1, momentum=0.9), momentum(0.1, 0.9)),
        (SGD(learning_rate=0.1, momentum=0), momentum(0.1, 0.0)),
    ],
    ids=lambda each: "rule" if callable(each) else str(each),
)
def test_an_optimizer_makes_the_steps_of_its_paper(spec: Optimizer, rule: Rule) -> None:
    start = np.array([1.0, -2.0, 0.5])
    parameter = nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = spec.build([parameter])
    expected = start
    for step in range(STEPS):
        g = np.array([4.0, 1.0, 0.1]) * expected + math.sin(step)  # a valley that is steeper one way, and shaking
        parameter.grad = torch.from_numpy(g)
        optimizer.step()
        expected = rule(expected, g)
        np.testing.assert_allclose(parameter.detach().numpy(), expected, rtol=1e-5, atol=1e-7)


def test_schedules_have_their_known_points() -> None:
    for progress in (0, 0.3, 1):
        assert factor("constant", progress) == 1
    assert [factor("cosine", progress) for progress in (0, 1 / 3, 0.5, 1)] == pytest.approx([1, 0.75, 0.5, 0])
    points = (0, 0.49, 0.5, 0.74, 0.75, 1)
    assert [factor("steps", progress) for progress in points] == [1, 1, 0.1, 0.1, 0.01, 0.01]
    assert 0 < factor("warmup", 0) < 0.05
    assert factor("warmup", 0.025) == pytest.approx(0.5, abs=0.05)
    assert factor("warmup", 0.05) == factor("warmup", 1) == 1


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_no_schedule_leaves_the_range_from_0_to_1_and_warmup_alone_rises(schedule: str) -> None:
    factors = [factor(schedule, progress) for progress in np.linspace(0, 1, 201)]
    assert all(0 <= each <= 1 for each in factors)
    assert (schedule == "warmup") == any(np.diff(factors) > 0)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_learner_steps_with_the_rate_that_the_schedule_says(schedule: str) -> None:
    x = torch.rand(6, 4, generator=generator(0))

    def moves() -> Iterator[tuple[float, float]]:
        for progress in (0.0, 0.4, 0.6, 0.8):
            model = Linear(code=2).build((4,), generator(1))
            before = next(model.parameters()).detach().clone()
            spec = SGD(learning_rate=0.5, momentum=0, schedule=schedule)  # type: ignore[arg-type]
            Backpropagation(model, (), spec).step(Batch(x, x), generator(2), progress)
            gradient = next(model.parameters()).grad
            assert gradient is not None
            yield progress, ((before - next(model.parameters())) / gradient).mean().item()

    for progress, rate in moves():
        assert rate == pytest.approx(0.5 * factor(schedule, progress), rel=1e-3)
