"""Paths along the data, lengths, four corners and attributes, against what is known of them."""

import numpy as np
import pytest

from aeviz.models import Linear
from aeviz.seeds import generator
from aeviz.views import paths


def ring(n: int = 60) -> np.ndarray:
    angle = 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


def test_along_the_data_a_path_follows_the_ring() -> None:
    codes = ring()
    path = paths.graph(codes, 2).path(codes[0], codes[25])
    np.testing.assert_allclose(path, codes[:26], atol=1e-6)
    place = paths.graph(codes, 2).path(np.array([1.5, 0.0]), codes[50])  # an end off the data
    np.testing.assert_allclose(np.linalg.norm(place[1:], axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(place[[0, -1]], [[1.5, 0], codes[50]], atol=1e-6)


def test_the_path_is_the_shortest_of_all_by_brute_force() -> None:
    codes = np.random.default_rng(3).normal(size=(30, 3)).astype(np.float32)
    made = paths.graph(codes, 4)
    edges = made.edges.toarray()
    ways = np.where(edges > 0, edges, np.inf)
    np.fill_diagonal(ways, 0)
    for middle in range(30):  # Floyd and Warshall
        ways = np.minimum(ways, ways[:, middle, None] + ways[None, middle])
    for a, b in [(0, 1), (5, 17), (29, 3)]:
        path = made.path(codes[a], codes[b])
        walked = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
        assert walked == pytest.approx(ways[a, b], rel=1e-5)
        assert np.isfinite(ways).all()


def test_islands_are_joined_and_codes_that_are_the_same_are_tied() -> None:
    islands = np.concatenate([np.zeros((15, 2)), np.ones((15, 2)) * [10, 0], ring(20) + np.array([20, 0])]).astype(
        np.float32
    )
    path = paths.graph(islands, 3).path(islands[0], islands[-1])
    np.testing.assert_allclose(path[:2], [[0, 0], [10, 0]])
    assert len(path) > 3
    alone = paths.graph(np.zeros((1, 2), np.float32)).path(np.zeros(2), np.ones(2))
    np.testing.assert_allclose(alone, [[0, 0], [1, 1]])
    same = paths.graph(islands, 3).path(islands[0], islands[0])
    np.testing.assert_allclose(same, [[0, 0], [0, 0]])


def test_steps_are_even_along_a_path_and_its_corners_stay_on_it() -> None:
    corner = np.array([[0, 0], [3, 0], [3, 1]], np.float32)
    np.testing.assert_allclose(paths.evenly(corner, 5), [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]], atol=1e-6)
    np.testing.assert_allclose(paths.between(corner, 2), [[0, 0], [1.5, 0], [3, 0], [3, 0.5], [3, 1]])
    np.testing.assert_allclose(paths.evenly(np.ones((2, 2), np.float32), 3), np.ones((3, 2)))


def test_the_length_of_a_linear_decoders_path_is_that_of_its_image() -> None:
    model = Linear(code=2).build((7,), generator(1)).requires_grad_(False)
    path = np.array([[0, 0], [1, 2], [3, -1]], np.float32)
    V = np.asarray(model.decoder.layers[0].weight)  # type: ignore[index, union-attr]
    expected = np.linalg.norm(np.diff(path, axis=0) @ V.T, axis=1).sum()
    assert paths.length(model, path) == pytest.approx(expected, rel=1e-5)


def test_four_corners_blend_evenly() -> None:
    corners = np.array([[0, 0], [2, 0], [0, 4], [2, 4]], np.float32)
    made = paths.bilinear(corners, 3).reshape(3, 3, 2)
    np.testing.assert_allclose(made[[0, 0, 2, 2], [0, 2, 0, 2]], corners)
    np.testing.assert_allclose(made[1, 1], corners.mean(0))
    np.testing.assert_allclose(made[0, 1], [1, 0])
    np.testing.assert_allclose(made[1, 0], [0, 2])


def test_an_attribute_is_the_difference_of_two_means() -> None:
    codes = np.array([[0, 0], [2, 2], [5, 1], [7, 3]], np.float32)
    np.testing.assert_allclose(paths.attribute(codes, np.array([0, 0, 1, 1]), 1, 0), [5, 1])
