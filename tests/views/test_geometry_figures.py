"""Arrows as lines, and how long they may be drawn."""

import numpy as np
import pytest

from aeviz.views import geometry_figures
from aeviz.views.geometry import participation


def test_an_arrow_goes_from_its_place_to_its_tip_and_both_sides_of_its_head() -> None:
    places, arrows = np.array([[0.0, 0], [1, 1]]), np.array([[1.0, 0], [0, 2]])
    lines = geometry_figures.arrow_lines(places, arrows).reshape(2, 6, 2)
    np.testing.assert_allclose(lines[:, 0], places)
    np.testing.assert_allclose(lines[:, 1], places + arrows)
    np.testing.assert_allclose(lines[:, 3], places + arrows)
    left, right = lines[0, 2], lines[0, 4]
    np.testing.assert_allclose(left * [1, -1], right)
    assert left[1] > 0 and 0 < left[0] < 1
    assert np.isnan(lines[:, 5]).all()


def test_arrows_that_fit_keep_their_length_and_long_ones_are_drawn_shorter() -> None:
    places = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), -1).reshape(-1, 2)
    assert geometry_figures.arrow_scale(places, np.full((25, 2), 0.1)) == 1
    scale = geometry_figures.arrow_scale(places, np.tile([3.0, 4.0], (25, 1)))
    assert scale * 5 == pytest.approx(geometry_figures.REACH)


def test_participation_counts_what_is_alike() -> None:
    assert participation(np.array([3.0, 3, 3, 0, 0])) == pytest.approx(3)
    assert participation(np.zeros(3)) == 0


def test_bars_and_curves_hold_what_was_given() -> None:
    figure = geometry_figures.spectra([("a", "#000", np.array([2.0, 1, 0]))], "light", log=True)
    assert figure.data[0].y[:2].tolist() == [2, 1] and np.isnan(figure.data[0].y[2])
    found = geometry_figures.angles([0, 5], np.array([[90.0, 80], [1, 2]]), "dark", chosen=5)
    assert [list(each.y) for each in found.data] == [[90, 1], [80, 2]]
    bars = geometry_figures.shares(["x", "y"], [("a", "#000", [0.1, 1.2])], "light")
    assert list(bars.data[0].y) == [0.1, 1.2]
