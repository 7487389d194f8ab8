"""The shortest paths under a decoder's metric against those that are known: great circles, straight lines."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aeviz.errors import SettingError
from aeviz.models import Autoencoder, Linear, Vae, VqVae
from aeviz.seeds import generator
from aeviz.views import paths
from aeviz.views.probes import straight


class Sphere(nn.Module):
    """(θ, φ) → (sin θ cos φ, sin θ sin φ, cos θ)."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, z: Tensor, switches: tuple[Tensor, ...], draws: torch.Generator | None) -> Tensor:
        theta, phi = z[:, 0], z[:, 1]
        return torch.stack([theta.sin() * phi.cos(), theta.sin() * phi.sin(), theta.cos()], 1)


def on_the_sphere(z: np.ndarray) -> np.ndarray:
    return Sphere()(torch.tensor(z, dtype=torch.float64), (), None).numpy()


SPHERE = Autoencoder(nn.Identity(), Sphere(), 2, "gaussian")


@pytest.mark.parametrize(
    ("start", "end"), [((1.2, 0.0), (1.2, 2.0)), ((0.5, 0.3), (2.2, 2.4)), ((1.57, -1.2), (1.0, 1.2))]
)
def test_the_geodesic_on_a_sphere_is_a_great_circle(start: tuple[float, ...], end: tuple[float, ...]) -> None:
    first = straight(np.array(start), np.array(end), 2)
    *_, found = paths.geodesic(SPHERE, first)
    A, B = on_the_sphere(first)
    angle = np.arccos(A @ B)
    assert found.settled and found.slope <= paths.STILL
    assert found.length == pytest.approx(angle, rel=1e-3)
    assert found.start > 1.005 * angle, "the straight path in angles is another, longer one"
    at = on_the_sphere(found.codes)
    normal = np.cross(A, B) / np.linalg.norm(np.cross(A, B))
    assert np.abs(at @ normal).max() < 5e-3, "in the plane of the great circle"
    t = np.linspace(0, 1, len(at))[:, None]
    circle = (np.sin((1 - t) * angle) * A + np.sin(t * angle) * B) / np.sin(angle)
    np.testing.assert_allclose(at, circle, atol=1e-2)
    assert found.uneven < 1.02, "at one speed"
    np.testing.assert_array_equal(found.codes[[0, -1]], first)


def test_where_the_metric_is_constant_the_geodesic_is_the_straight_line_at_once() -> None:
    model = Linear(code=3).build((9,), generator(0)).requires_grad_(False)
    ends = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    bent = straight(ends[0], ends[1], 9)
    bent[4] += 1.0
    *_, found = paths.geodesic(model, bent)
    np.testing.assert_allclose(found.codes, straight(ends[0], ends[1], len(found.codes)), atol=5e-3)
    assert found.rounds <= 2
    assert found.length == pytest.approx(paths.length(model, ends), rel=1e-4)


def test_a_geodesic_is_never_longer_than_what_it_started_from_and_keeps_its_ends() -> None:
    model = Vae(code=2, hidden=(16,), activation="tanh").build((1, 6, 6), generator(0)).requires_grad_(False)
    first = np.array([[-3, -2], [4, 1], [3, 3]], np.float32)
    states = list(paths.geodesic(model, first))
    lengths = [each.length for each in states]
    assert lengths[-1] < 0.98 * states[0].start
    assert lengths[-1] == min(lengths) or lengths[-1] == pytest.approx(min(lengths), rel=1e-3)
    for each in states:
        np.testing.assert_array_equal(each.codes[[0, -1]], first[[0, -1]])
    assert states[-1].settled and states[-1].uneven < 1.1


def test_a_book_of_vectors_has_no_geodesics() -> None:
    model = VqVae(code=4, hidden=(8,)).build((9,), generator(0))
    with pytest.raises(SettingError, match="jumps"):
        next(paths.geodesic(model, np.zeros((2, 4), np.float32)))
