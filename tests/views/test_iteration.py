"""A model applied again and again: where it settles, and what a completion leaves alone."""

import numpy as np
import pytest
import torch

from aeviz.models import Autoencoder, Code, Linear, Mlp
from aeviz.views import iteration, probes

RANDOM = np.random.default_rng(0)
X = RANDOM.random((12, 1, 8, 8)).astype(np.float32)


class Projector(Autoencoder):
    """r(x) = m + P(x − m), P the projection on a plane of two directions: what a linear autoencoder learns."""

    def __init__(self) -> None:
        super().__init__(torch.nn.Identity(), torch.nn.Identity(), 2, "gaussian")
        self.basis = torch.nn.Parameter(
            torch.linalg.qr(torch.tensor(RANDOM.normal(size=(6, 2)), dtype=torch.float32))[0]
        )

    def encode(self, x, generator=None, labels=None):
        return Code((x - 0.5) @ self.basis)

    def decode(self, code, generator=None):
        return 0.5 + code.z @ self.basis.T


def model() -> Autoencoder:
    return Mlp(code=3, hidden=(16,)).build((1, 8, 8), torch.Generator().manual_seed(2))


def test_a_projector_has_arrived_after_one_step():
    x = (0.5 + 0.1 * RANDOM.normal(size=(20, 6))).astype(np.float32)  # so near that nothing is cut to [0, 1]
    walk = iteration.walk(Projector(), x, 4)
    assert walk.changes[0].min() > 1e-3 and walk.changes[1:].max() < 1e-6
    assert np.allclose(walk.examples[2:], walk.examples[1], atol=1e-6)


def test_each_step_of_a_walk_is_the_reconstruction_of_the_one_before():
    walk = iteration.walk(model(), X, 3)
    assert walk.examples.shape == (4, *X.shape) and walk.changes.shape == (3, len(X))
    assert np.array_equal(walk.examples[0], X)
    for step in range(3):
        assert np.array_equal(walk.examples[step + 1], probes.reconstructions(model(), walk.examples[step]))
        moved = (walk.examples[step + 1] - walk.examples[step]).reshape(len(X), -1)
        assert walk.changes[step] == pytest.approx(np.sqrt((moved**2).mean(1)), rel=1e-5)


def test_a_completion_never_touches_what_is_known_and_fills_in_the_rest():
    erased = np.zeros(X.shape, bool)
    erased[:, :, 3:6, 2:7] = True
    walk = iteration.completed(model(), X, erased, 50)
    for at in walk.examples:
        assert np.array_equal(at[~erased], X[~erased])
    assert (walk.examples[0][erased] == 0).all() and (walk.examples[-1][erased] != 0).all()
    assert np.array_equal(walk.examples[1][erased], probes.reconstructions(model(), walk.examples[0])[erased])
    assert walk.changes[-1].max() <= iteration.SETTLED and len(walk.changes) < 50, "it ends once it has settled"


def test_a_projector_completes_an_example_of_its_plane_exactly():
    """Alternating projections on the plane and on the known numbers meet in the one point that both hold."""
    projector = Projector()
    truth = probes.reconstructions(projector, (0.5 + 0.1 * RANDOM.normal(size=(5, 6))).astype(np.float32))
    erased = np.zeros(truth.shape, bool)
    erased[:, 4:] = True
    found = iteration.completed(projector, truth, erased, 5000)
    assert np.abs(found.examples[-1] - truth).max() < 0.02


def test_nothing_erased_is_over_at_once():
    walk = iteration.completed(
        Linear(code=2).build((1, 8, 8), torch.Generator().manual_seed(0)), X, np.zeros(X.shape, bool)
    )
    assert len(walk.changes) == 1 and np.array_equal(walk.examples[-1], X)


def test_no_step_leaves_the_examples():
    walk = iteration.walk(model(), X, 0)
    assert walk.examples.shape == (1, *X.shape) and walk.changes.shape == (0, len(X))
