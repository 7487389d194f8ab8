"""Grids by quantiles and traversals: in their places and in their order."""

import numpy as np
import pytest
from scipy.stats import norm

from aeviz.views import grids

RANDOM = np.random.default_rng(3)


def codes() -> np.ndarray:
    return (RANDOM.normal(size=(4000, 4)) * [1, 3, 0.1, 2] + [0, 5, 0, -1]).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_quantiles_are_those_of_scipy(count):
    expected = norm.ppf((np.arange(count) + 0.5) / count, loc=2, scale=3)
    assert np.allclose(grids.quantiles(count, 2, 3), expected)
    edges = norm.cdf(grids.quantiles(count))
    assert np.allclose(np.diff(edges), 1 / count), "equal mass between neighbours"


def test_the_grid_runs_row_by_row_from_the_top_left():
    found = grids.Moments(np.array([1.0, -2.0]), np.array([0.5, 2.0]))
    places = grids.quantile_places(found, 3)
    u = norm.ppf([1 / 6, 1 / 2, 5 / 6])
    assert np.allclose(places[:3, 0], 1 + 0.5 * u) and np.allclose(places[:3, 1], -2 + 2 * u[2])
    assert np.allclose(places[::3, 1], -2 + 2 * u[::-1])


def test_a_line_moves_along_the_first_axis_alone():
    line = grids.quantile_line(grids.Moments(np.array([0.0, 9.0]), np.array([1.0, 9.0])), 9)
    assert np.allclose(line[:, 0], norm.ppf((np.arange(9) + 0.5) / 9)) and (line[:, 1] == 0).all()


def test_moments_are_those_of_the_points():
    points = RANDOM.normal(size=(100, 2)).astype(np.float32)
    found = grids.moments(points)
    assert np.allclose(found.mean, points.mean(0), atol=1e-6) and np.allclose(found.deviation, points.std(0), atol=1e-6)


def test_traversals_come_in_the_order_of_use_and_move_one_unit_each():
    z = codes()
    start = z[7]
    found = grids.traversals(z, start, 3, 5)
    assert [each.unit for each in found] == [1, 3, 0]
    for each in found:
        others = [unit for unit in range(4) if unit != each.unit]
        assert (each.codes[:, others] == start[others]).all()
        assert np.allclose(each.codes[:, each.unit], each.values) and (np.diff(each.values) > 0).all()
        assert np.allclose(each.values[[0, -1]], np.quantile(z[:, each.unit], [0.01, 0.99]))


def test_a_traversal_by_quantiles():
    z = codes()
    (first,) = grids.traversals(z, z.mean(0), 1, 9, by_quantiles=True)
    expected = norm.ppf((np.arange(9) + 0.5) / 9, z[:, 1].mean(), z[:, 1].astype(np.float64).std())
    assert np.allclose(first.values, expected, atol=1e-5)


def test_no_more_traversals_than_units():
    assert len(grids.traversals(codes(), np.zeros(4, np.float32), 30, 3)) == 4
