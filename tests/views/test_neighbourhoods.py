"""Pictures of codes without a formula, and planes of two axes: from codes to places and back."""

import numpy as np
import pytest

from aeviz.views.projections import Neighbourhood, axes_plane, nearest_mean


@pytest.fixture
def z() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)


def test_a_place_has_its_own_value_and_others_lie_between(z: np.ndarray) -> None:
    places, values = z[:, :2], z[:, 2:]
    assert nearest_mean(places, values, places) == pytest.approx(values, abs=1e-4)
    between = nearest_mean(places, values, np.random.default_rng(1).standard_normal((30, 2)).astype(np.float32))
    assert (between >= values.min(0) - 1e-5).all()
    assert (between <= values.max(0) + 1e-5).all()


def test_weights_are_inverse_distances_to_the_nearest_only() -> None:
    places = np.array([[0.0], [3.0], [100.0]], np.float32)
    values = np.array([[0.0], [1.0], [50.0]], np.float32)
    # 1/1 and 1/2: a third of the way in value, where the place is a third of the way.
    assert nearest_mean(places, values, np.array([[1.0]], np.float32), count=2) == pytest.approx(1 / 3)


def test_fewer_examples_than_neighbours_are_enough() -> None:
    assert nearest_mean(
        np.zeros((2, 1), np.float32), np.ones((2, 3), np.float32), np.ones((4, 1), np.float32)
    ).shape == (4, 3)


def test_a_neighbourhood_brings_its_examples_there_and_back(z: np.ndarray) -> None:
    picture = Neighbourhood(z, np.random.default_rng(2).standard_normal((40, 2)).astype(np.float32))
    assert picture.project(z) == pytest.approx(picture.points, abs=1e-4)
    assert picture.lift(picture.points) == pytest.approx(z, abs=1e-4)


def test_a_plane_of_two_axes_shows_these_entries_and_holds_the_rest_at_the_mean(z: np.ndarray) -> None:
    drawn = axes_plane(z, 4, 1)
    assert drawn.project(z) == pytest.approx(z[:, [4, 1]])
    lifted = drawn.lift(np.array([[0.25, -2.0]], np.float32))[0]
    assert lifted[[4, 1]] == pytest.approx([0.25, -2])
    rest = [0, 2, 3, 5]
    assert lifted[rest] == pytest.approx(z.mean(0)[rest], abs=1e-6)
    like = drawn.lift(np.array([[0.25, -2.0]], np.float32), z[7])[0]
    assert like[rest] == pytest.approx(z[7, rest], abs=1e-6)


def test_one_axis_is_no_plane(z: np.ndarray) -> None:
    with pytest.raises(ValueError, match="two different"):
        axes_plane(z, 2, 2)
