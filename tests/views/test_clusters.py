"""Codes in groups."""

import numpy as np
import pytest

from aeviz.views.clusters import METHODS, MOST_FITTED, clusters

SIZES = (60, 40, 20)


def blobs(k: int, times: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Three groups far apart, of different sizes, in a mixed order; the group of each."""
    random = np.random.default_rng(0)
    groups = random.permutation(np.repeat(np.arange(3), np.array(SIZES) * times))
    return (12 * np.eye(3, k)[groups] + random.normal(size=(len(groups), k))).astype(np.float32), groups


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [3, 40])
def test_groups_that_lie_apart_are_found_and_the_largest_comes_first(method: str, k: int) -> None:
    z, groups = blobs(k)
    assert np.array_equal(clusters(z, method, 3, seed=1), groups)


@pytest.mark.parametrize("method", METHODS)
def test_many_codes_are_grouped_by_what_was_fitted_to_some(method: str) -> None:
    z, groups = blobs(3, 40)
    assert len(z) > MOST_FITTED
    found = clusters(z, method, 3, seed=2)
    assert np.array_equal(found, groups)
    assert np.array_equal(found, clusters(z, method, 3, seed=2))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 5, 100])
def test_few_or_equal_codes_still_have_groups(method: str, count: int) -> None:
    for z in (np.zeros((7, 2), np.float32), np.arange(6, dtype=np.float32).reshape(3, 2), np.ones((1, 4), np.float32)):
        found = clusters(z, method, count, seed=0)
        assert found.shape == (len(z),)
        assert found.min() >= 0 and found.max() < min(count, len(z))
