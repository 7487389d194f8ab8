"""The pullback metric, the stretch of the decoder and the spectrum of the encoder against known answers."""

import threading

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aeviz.errors import SettingError
from aeviz.models import MODELS, Autoencoder, Code, ConditionalVae, Conv, ConvUnpool, Linear, Mlp, ModelSpec, Vae, VqVae
from aeviz.seeds import generator
from aeviz.views import geometry

SHAPE = (1, 8, 8)
SMALL = {"hidden": (16,), "channels": (4,)}
SMOOTH = [each for each in MODELS if not each().build((1, 32, 32), generator(0)).jumps]


def built(kind: type[ModelSpec], shape: tuple[int, ...] = SHAPE, **settings: object) -> Autoencoder:
    chosen = {name: value for name, value in SMALL.items() if name in kind.knobs()} | settings
    return kind(**chosen).build(shape, generator(3)).requires_grad_(False)


def codes(n: int, k: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, k)).astype(np.float32)


def brute(model: Autoencoder, z: np.ndarray, labels: Tensor | None = None) -> np.ndarray:
    """∂E[x | z]/∂z in float64, one code at a time, by backward differentiation; n × d × k."""
    double = model.double()
    found = []
    for place, each in enumerate(torch.tensor(z, dtype=torch.float64)):
        told = None if labels is None else labels[place : place + 1]
        found.append(
            torch.autograd.functional.jacobian(
                lambda one, told=told: double.mean(double.decode(Code(one[None], labels=told))).flatten(), each
            ).numpy()
        )
    model.float()
    return np.stack(found)


class Polar(nn.Module):
    """(r, φ) → (r cos φ, r sin φ): JᵀJ = diag(1, r²)."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, z: Tensor, switches: tuple[Tensor, ...], draws: torch.Generator | None) -> Tensor:
        return torch.stack([z[:, 0] * z[:, 1].cos(), z[:, 0] * z[:, 1].sin()], 1)


@pytest.mark.parametrize("kind", SMOOTH, ids=lambda each: each.__name__)
def test_the_metric_is_that_of_every_decoder_by_backward_differentiation(kind: type[ModelSpec]) -> None:
    model = built(kind, code=3)
    z = codes(4, 3)
    J = brute(model, z)
    np.testing.assert_allclose(geometry.pullback(model, z), J.transpose(0, 2, 1) @ J, rtol=1e-3, atol=1e-7)


def test_polar_coordinates_have_their_metric_and_their_area() -> None:
    model = Autoencoder(nn.Identity(), Polar(), 2, "gaussian")
    z = np.array([[0.5, 1.0], [2.0, -3.0]], np.float32)
    np.testing.assert_allclose(geometry.pullback(model, z), [np.diag([1, r**2]) for r in z[:, 0]], atol=1e-6)
    np.testing.assert_allclose(geometry.stretch(model, z), np.log(z[:, 0]), atol=1e-6)
    assert geometry.stretch(model, np.zeros((1, 2), np.float32)) == -np.inf, "all angles meet at the origin"


def test_the_stretch_of_a_plane_is_the_area_of_its_image() -> None:
    model, z = built(Mlp, code=5, activation="tanh"), codes(6, 5)
    basis, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(5, 2)))
    one, other = (brute(model, z) @ basis).transpose(2, 0, 1)
    # Lagrange: the area of a parallelogram.
    area = np.sqrt((one**2).sum(1) * (other**2).sum(1) - (one * other).sum(1) ** 2)
    np.testing.assert_allclose(geometry.stretch(model, z, within=basis), np.log(area), rtol=1e-4)


def test_more_directions_than_numbers_are_flattened_somewhere() -> None:
    model = built(Mlp, shape=(2,), code=3, activation="tanh")
    assert (geometry.stretch(model, codes(4, 3)) == -np.inf).all()
    assert np.isfinite(geometry.stretch(model, codes(4, 3), within=np.eye(3, 2))).all()


def test_what_is_held_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model, z = built(Conv, code=4, activation="tanh"), codes(5, 4)
    whole = geometry.pullback(model, z)
    for held in (3 * 4 * 64, 64, 1):
        monkeypatch.setattr(geometry, "HELD", held)
        np.testing.assert_allclose(geometry.pullback(model, z), whole, rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(geometry.spectra(model, np.ones((3, *SHAPE), np.float32)).shape, (3, 4))
    assert geometry.pullback(model, z[:0]).shape == (0, 4, 4)


def test_a_class_that_is_told_changes_the_metric() -> None:
    model, z = built(ConditionalVae, code=2, activation="tanh"), codes(4, 2)
    told = np.array([0, 1, 2, -1])
    J = brute(model, z, torch.tensor(told))
    found = geometry.pullback(model, z, told)
    np.testing.assert_allclose(found, J.transpose(0, 2, 1) @ J, rtol=1e-3, atol=1e-7)
    untold = geometry.pullback(model, z)
    assert np.allclose(found[3], untold[3]) and not np.allclose(found[0], untold[0])


def test_a_book_of_vectors_is_refused_in_a_sentence() -> None:
    with pytest.raises(SettingError, match="jumps from one vector to the next"):
        geometry.stretch(built(VqVae, code=4), codes(2, 4))


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(SettingError, match="not finite"):
        geometry.stretch(built(Mlp, code=2), np.array([[np.nan, 0]], np.float32))
    astray = built(Vae, code=2)
    next(astray.parameters()).fill_(torch.nan)
    with pytest.raises(SettingError, match="not finite"):
        geometry.spectra(astray, np.ones((1, *SHAPE), np.float32))


def test_threads_do_not_disturb_each_other() -> None:
    model, z = built(Vae, code=2), codes(40, 2)
    expected = geometry.pullback(model, z)
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.extend(geometry.pullback(model, z) for _ in range(20))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 60 and all(np.array_equal(each, expected) for each in found)


@pytest.mark.parametrize(
    "spec",
    [
        Mlp(code=3, hidden=(16,), activation="tanh"),
        Mlp(code=80, hidden=(70,), activation="tanh"),  # more units than inputs
        Conv(code=3, channels=(4,)),
        ConvUnpool(code=70, channels=(2,)),
        Vae(code=2, hidden=(16,)),
        ConditionalVae(code=2, hidden=(16,)),
        Linear(code=5),
    ],
    ids=str,
)
def test_the_spectrum_is_that_of_the_jacobian_of_each_example_by_itself(spec: ModelSpec) -> None:
    model = spec.build(SHAPE, generator(3)).requires_grad_(False)
    x = np.random.default_rng(0).random((3, *SHAPE)).astype(np.float32)
    labels = np.array([1, 2, 3])
    found = geometry.spectra(model, x, labels)
    assert found.shape == (3, min(spec.code, 64))
    double = model.double()
    for place, each in enumerate(torch.tensor(x, dtype=torch.float64)):
        told = torch.tensor(labels[place : place + 1])
        J = torch.autograd.functional.jacobian(lambda one, told=told: double.encode(one[None], labels=told).z[0], each)
        expected = torch.linalg.svdvals(J.flatten(1)).numpy()
        np.testing.assert_allclose(found[place], expected, atol=1e-4 * expected[0])
