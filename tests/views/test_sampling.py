"""Where codes are sampled, and from what."""

import numpy as np
import pytest
import torch

from aeviz.errors import SettingError
from aeviz.models import Vae
from aeviz.views import sampling
from aeviz.views.projections import axes_plane, plane
from aeviz.views.sampling import Box


def codes(k: int = 3, n: int = 1500) -> np.ndarray:
    return (np.random.default_rng(0).normal(size=(n, k)) * np.arange(1, k + 1) + 5).astype(np.float32)


def test_the_usual_box_lies_between_the_percentiles():
    line = np.linspace(0, 100, 10_001)
    box = sampling.usual(np.stack([line, -line], 1).astype(np.float32))
    assert np.allclose([box.low, box.high], [(1, -99), (99, -1)], atol=1e-3)


def test_a_box_is_widened_on_every_side():
    assert sampling.widened(Box((0, 10), (2, 30)), 0.1) == Box((-0.2, 8), (2.2, 32))


def test_a_unit_that_never_changes_gets_a_stretch():
    box = sampling.usual(np.full((50, 2), 3, np.float32))
    assert (box.low, box.high) == ((2, 2), (4, 4))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_codes_that_went_astray_are_refused_in_words(wrong):
    z = codes(2)
    z[3, 1] = wrong
    with pytest.raises(SettingError, match="not finite"):
        sampling.usual(z)
    with pytest.raises(SettingError, match="not finite"):
        sampling.fitted(z, 1)


def test_places_run_row_by_row_from_the_top_left():
    places = sampling.places(Box((0, 10), (2, 30)), 3)
    assert places.tolist() == [[x, y] for y in (30, 20, 10) for x in (0, 1, 2)]


def test_the_grid_of_two_units_holds_the_others_at_their_mean():
    z = codes(4)
    lifted = axes_plane(z, 3, 1).lift(sampling.places(Box((-1, -2), (1, 2)), 5))
    assert np.allclose(lifted[:, [0, 2]], z.mean(0)[[0, 2]], atol=1e-5)
    assert np.allclose(lifted[0, [3, 1]], (-1, 2)) and np.allclose(lifted[-1, [3, 1]], (1, -2))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_spread_has_a_code_for_each_place(k):
    z = codes(k)
    assert sampling.spread(plane(z), z, 4).shape == (16, k)


def test_the_spread_of_one_unit_grows():
    z = codes(1)
    assert (np.diff(sampling.spread(plane(z), z, 4)[:, 0]) > 0).all()


def test_units_come_in_the_order_of_their_variance():
    assert sampling.widest(codes(4)) == [3, 2, 1, 0]


@pytest.mark.parametrize(("low", "high"), [(-2.37, 13.91), (0, 1e-7), (-4e22, 3e22), (99.99, 100.01)])
def test_a_stretch_lies_on_its_steps_and_holds_its_ends(low, high):
    found = sampling.stretch(low, high)
    assert found.least < found.low < found.high < found.most
    assert found.low == pytest.approx(low, abs=found.step) and found.high == pytest.approx(high, abs=found.step)
    assert float(found.format % found.low) == pytest.approx(found.low, rel=0.01)


def test_one_component_has_the_moments_of_the_codes():
    z = codes(3)
    mixture = sampling.fitted(z, 1)
    assert np.allclose(mixture.means[0], z.mean(0), atol=1e-3)
    assert np.allclose(mixture.roots[0] @ mixture.roots[0].T, np.cov(z.T, bias=True), atol=1e-2)


def test_draws_follow_the_mixture():
    mixture = sampling.Mixture(
        np.array([0.25, 0.75]), np.array([[-10.0, 0], [10, 0]]), np.array([[[1.0, 0], [0.5, 2]], np.eye(2)])
    )
    z = mixture.draw(20_000, 3)
    left = z[z[:, 0] < 0]
    assert len(left) / len(z) == pytest.approx(0.25, abs=0.02)
    assert np.allclose(np.cov(left.T), [[1, 0.5], [0.5, 4.25]], atol=0.2)
    assert np.array_equal(z, mixture.draw(20_000, 3)) and not np.array_equal(z, mixture.draw(20_000, 4))


def test_components_find_groups_of_codes():
    random = np.random.default_rng(0)
    z = (random.normal(size=(600, 2)) * 0.1 + random.choice([-3, 3], (600, 1))).astype(np.float32)
    mixture = sampling.fitted(z, 2)
    assert np.allclose(np.sort(mixture.means[:, 0]), [-3, 3], atol=0.05)
    assert (np.abs(mixture.draw(500, 0)) > 2).all()


@pytest.mark.parametrize("scale", [1e-6, 1e8])
def test_a_fit_suits_codes_of_any_scale(scale):
    z = codes(2) * np.float32(scale)
    assert np.allclose(sampling.fitted(z, 1).draw(4000, 0).std(0), z.std(0), rtol=0.1)


def test_large_codes_are_fitted_by_their_variances():
    z = codes(sampling.FULL_UP_TO + 1, 200)
    roots = sampling.fitted(z, 2).roots
    assert roots.shape == (2, 65, 65) and np.count_nonzero(roots[0] - np.diag(np.diag(roots[0]))) == 0


def test_too_few_different_codes_are_refused_in_words():
    with pytest.raises(SettingError, match="1 different codes"):
        sampling.fitted(np.ones((100, 2), np.float32), 1)


def test_the_outline_lies_two_standard_deviations_out():
    (outline,) = sampling.standard(2).outlines(plane(codes(2)))
    assert np.allclose(np.linalg.norm(outline, axis=1), 2, atol=1e-5)
    (point,) = sampling.standard(1).outlines(plane(codes(1)))
    assert np.allclose(point[:, 0].max(), 2) and np.allclose(point[:, 1], 0)


def test_the_prior_is_drawn_from_its_seed():
    model = Vae(code=3, hidden=(4,)).build((1, 4, 4), torch.Generator().manual_seed(0))
    z = sampling.from_prior(model, 5000, 1)
    assert z.shape == (5000, 3) and np.allclose(z.std(0), 1, atol=0.05)
    assert np.array_equal(z, sampling.from_prior(model, 5000, 1))


def test_a_net_has_a_line_for_each_row_and_column():
    net = sampling.lines(np.arange(18, dtype=np.float32).reshape(9, 2), 3)
    assert len(net) == 6
    assert net[0].tolist() == [[0, 1], [2, 3], [4, 5]] and net[3].tolist() == [[0, 1], [6, 7], [12, 13]]


@pytest.mark.parametrize(("d", "drawn"), [(1, 2), (2, 2), (3, 3), (7, 2)])
def test_points_of_any_size_come_into_sight(d, drawn):
    data = codes(d)
    assert sampling.in_sight(data)(data[:4]).shape == (4, drawn)
