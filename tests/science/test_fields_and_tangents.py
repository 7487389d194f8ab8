"""Where denoisers point, where contractive codes stay sensitive, and what copies, against what is known."""

import numpy as np
import pytest
import torch

from aeviz.data import Toys
from aeviz.data.pairings import Clean, GaussianNoise, Pairing
from aeviz.learning import Adam, Contractive, Term
from aeviz.learning.learners import Backpropagation
from aeviz.learning.train import Examples, Stage, train
from aeviz.models import Autoencoder, Linear, Mlp, ModelSpec
from aeviz.runs.threads import one_thread
from aeviz.seeds import generator
from aeviz.views import copying, fields, tangents

SIGMA = 0.1


def trained(
    spec: ModelSpec, x: np.ndarray, epochs: int, *, pairing: Pairing | None = None, terms: tuple[Term, ...] = ()
) -> Autoencoder:
    """The model after some epochs on all of x, with a rate that falls."""
    model, examples = spec.build(x.shape[1:], generator(0, "weights")), Examples(torch.from_numpy(x))
    learner = Backpropagation(model, terms, Adam(learning_rate=0.01, schedule="cosine"))
    stage = Stage("s", learner, examples, Examples(torch.from_numpy(x[:8])), pairing or Clean(), epochs, 50, seed=0)
    with one_thread():
        for _ in train([stage]):
            pass
    return model.requires_grad_(False)


# Denoising


def moons(points: int = 1250, noise: float = 0.0) -> np.ndarray:
    return Toys(points=points, noise=noise).load().train.x


def noisy(x: np.ndarray, sigma: float, seed: int = 5) -> np.ndarray:
    return (x + sigma * np.random.default_rng(seed).normal(size=x.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def denoiser() -> Autoencoder:
    spec = Mlp(hidden=(64, 64), code=16, likelihood="gaussian")
    return trained(spec, moons(), 60, pairing=GaussianNoise(strength=SIGMA))


def test_the_score_is_the_gradient_of_the_log_density_and_the_density_is_one() -> None:
    x = np.random.default_rng(0).normal(size=(40, 2))
    at = np.random.default_rng(1).normal(size=(5, 2))
    step = 1e-5
    for axis in range(2):
        moved = step * np.eye(2)[axis]
        slope = (fields.log_density(x, at + moved, 0.3) - fields.log_density(x, at - moved, 0.3)) / (2 * step)
        np.testing.assert_allclose(fields.score(x, at, 0.3)[:, axis], slope, rtol=1e-5, atol=1e-6)
    grid = np.stack(np.meshgrid(*[np.linspace(-6, 6, 241)] * 2), -1).reshape(-1, 2)
    assert np.exp(fields.log_density(x, grid, 0.3)).sum() * (12 / 240) ** 2 == pytest.approx(1, rel=1e-3)


def test_the_density_climbed_is_the_mixture_of_the_data_with_the_noise() -> None:
    # Examples from N(m, s²I): with noise they are N(m, (s² + σ²)I), whose score is known.
    m, s, sigma = np.array([0.3, 0.6]), 0.2, 0.15
    x = m + s * np.random.default_rng(0).normal(size=(2000, 2))
    at = m + 0.2 * np.random.default_rng(1).normal(size=(50, 2))
    np.testing.assert_allclose(fields.score(x, at, sigma), -(at - m) / (s**2 + sigma**2), atol=1.0)
    assert np.abs(fields.score(x, at, sigma)).max() > 4


def test_a_trained_denoiser_climbs_the_density_of_the_noisy_data(denoiser: Autoencoder) -> None:
    x = moons()
    found = fields.agreement(denoiser, x, noisy(x[:500], SIGMA), SIGMA)
    assert found.cosine > 0.97
    assert 0.9 < found.length < 1.1
    # Another density, that of the other half of the square, is not what it climbs.
    assert fields.agreement(denoiser, 1 - x[:, ::-1], noisy(x[:500], SIGMA), SIGMA).cosine < 0.8


def test_its_field_points_at_the_curve(denoiser: Autoencoder) -> None:
    x = moons()
    at = noisy(x[:500], SIGMA)
    moved = fields.restored(denoiser, at)

    def away(points: np.ndarray) -> np.ndarray:
        return np.linalg.norm(points[:, None] - x[None], axis=2).min(1)

    far = away(at) > SIGMA / 2
    assert far.sum() > 100
    assert away(moved)[far].mean() < 0.5 * away(at)[far].mean()


def test_the_field_of_a_plane_of_two_numbers_is_that_of_the_model(denoiser: Autoencoder) -> None:
    x = moons()
    found = fields.field(denoiser, x, SIGMA, side=5)
    np.testing.assert_allclose(found.arrows, fields.restored(denoiser, found.places) - found.places, atol=1e-6)
    np.testing.assert_allclose(found.climb, SIGMA**2 * fields.score(x, found.places, SIGMA), atol=1e-5)
    assert found.off.max() < 1e-2
    assert found.density.shape == (fields.SHADED, fields.SHADED)
    highest = np.unravel_index(found.density.argmax(), found.density.shape)
    peak = np.array([found.across[highest[1]], found.up[highest[0]]])
    assert np.linalg.norm(x - peak, axis=1).min() < SIGMA, "rows run along the second axis"


# Copying


def test_an_over_complete_model_copies_noise_unless_it_learned_to_take_it_away(denoiser: Autoencoder) -> None:
    spec = Mlp(hidden=(64, 64), code=16, likelihood="gaussian")
    x = moons()
    plain, held = (copying.copying(model, x, seed=0) for model in (trained(spec, x, 20), denoiser))
    assert plain.share("test examples") < 0.01
    assert plain.share("uniform noise") < 0.15, "what is no example is given back, too"
    assert held.share("uniform noise") > 2 * plain.share("uniform noise")


def test_the_identity_and_the_mean_are_told_apart() -> None:
    x = np.random.default_rng(0).random((200, 4)).astype(np.float32)
    model = Linear(code=4).build((4,), generator(0))
    with torch.no_grad():
        (W, b), (V, c) = model.encoder.parameters(), model.decoder.parameters()
        for each in (W, V):
            each.copy_(torch.eye(4))
        for each in (b, c):
            each.zero_()
        found = copying.copying(model, x, seed=1)
        assert all(error < 1e-12 for error in found.errors.values())
        V.zero_()
        c.copy_(torch.from_numpy(x.mean(0)))
        found = copying.copying(model, x, seed=1)
    assert found.share("test examples") == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(
        np.sort(found.fed["shuffled pixels"], axis=1), np.sort(found.fed["test examples"], axis=1)
    )


# Tangents

SIDE = 8


def bars(angle: np.ndarray) -> np.ndarray:
    """A bar through the middle of a small image, turned, with soft edges; n × 1 × SIDE × SIDE, float64."""
    place = np.arange(SIDE) - (SIDE - 1) / 2
    across, down = np.meshgrid(place, place)
    off = across[None] * np.sin(angle)[:, None, None] - down[None] * np.cos(angle)[:, None, None]
    return np.exp(-np.square(off) / (2 * 1.5**2))[:, None]


def turned(angle: float) -> np.ndarray:
    """∂bar/∂angle."""
    return (bars(np.array([angle + 1e-4])) - bars(np.array([angle - 1e-4])))[0].reshape(1, -1) / 2e-4


def test_the_tangent_of_a_contractive_code_is_the_true_derivative_of_a_turned_bar() -> None:
    angle = np.random.default_rng(0).uniform(0, np.pi, 600)
    x = bars(angle).astype(np.float32)
    spec = Mlp(hidden=(), code=8, activation="sigmoid", code_activation="sigmoid", likelihood="gaussian")
    model = trained(spec, x, 25, terms=(Contractive(weight=1),))
    found, chances = [], []
    for place in range(20):
        each = tangents.tangents(model, x[place : place + 1], x, count=1, neighbours=12)
        true = turned(angle[place])
        found.append(tangents.angles(each.learned, true)[0])
        chances.append(tangents.chance(true, 1, 0)[0])
        assert tangents.angles(each.local, true)[0] < 15, "as that of local PCA does"
        assert each.neighbours[0] == place and each.spread[0] > 0
        np.testing.assert_allclose(each.chance, tangents.chance(each.local, 1, 0))
    assert np.mean(chances) > 80
    assert np.median(found) < 45
    assert np.quantile(found, 0.9) < 60


def test_angles_of_known_spans() -> None:
    one = np.eye(4)[:2]
    turn = np.array([[1, 0, 0, 0], [0, np.cos(0.4), np.sin(0.4), 0]])
    np.testing.assert_allclose(tangents.angles(one, turn), [0, np.degrees(0.4)], atol=1e-6)
    # A random line and a fixed one in d dimensions: cos² has the mean 1/d.
    assert tangents.chance(np.eye(3)[:1], 1, 0)[0] == pytest.approx(57.3, abs=5)  # E arccos|u₁| = 1 rad on the sphere


# Principal components


def test_a_linear_decoder_is_laid_beside_the_components_it_spans() -> None:
    random = np.random.default_rng(7)
    x = (random.normal(size=(400, 6)) * [2, 1.5, 1, 0.2, 0.2, 0.1]).astype(np.float32)
    model = Linear(code=2).build((6,), generator(0)).requires_grad_(False)
    components = tangents.principal_components(x, 2)
    np.testing.assert_allclose(np.abs(components), np.eye(6)[:2], atol=0.2)
    mixing = random.normal(size=(2, 2))
    with torch.no_grad():
        V, _ = model.decoder.parameters()
        V.copy_(torch.from_numpy((mixing @ components).T))
    found = tangents.beside_components(model, components)
    assert found.angles.max() < 1e-3
    np.testing.assert_allclose(found.turned, components, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.decoder, axis=1), 1)
    with torch.no_grad():
        V[:] = torch.eye(6)[:, 4:]
    assert tangents.beside_components(model, np.eye(6)[:2]).angles.min() > 89
