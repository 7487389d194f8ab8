"""From codes to points on a screen: planes, principal axes and alignment."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from aeviz.views.projections import aligned, axes_plane, plane, principal_plane, remaining_axes

quick = settings(max_examples=50, deadline=None, database=None)
seeds = st.integers(0, 2**32 - 1)


def cloud(seed: int, n: int = 60, k: int = 5) -> np.ndarray:
    """A Gaussian cloud with axes of different lengths, off the origin."""
    random = np.random.default_rng(seed)
    scaled = random.normal(size=(n, k)) * np.linspace(3, 0.3, k)
    return (scaled @ np.linalg.qr(random.normal(size=(k, k)))[0] + random.normal(size=k)).astype(np.float32)


@quick
@given(seed=seeds)
def test_principal_axes_are_those_of_scikit_learn_up_to_sign(seed: int) -> None:
    z = cloud(seed)
    found, pca = principal_plane(z), PCA(2).fit(z.astype(np.float64))
    np.testing.assert_allclose(found.origin, pca.mean_, atol=1e-5)
    signs = np.sign((found.basis * pca.components_.T).sum(0))
    np.testing.assert_allclose(found.basis, pca.components_.T * signs, atol=1e-4)
    np.testing.assert_allclose(found.project(z), pca.transform(z) * signs, atol=1e-3)


@quick
@given(seed=seeds)
def test_the_same_codes_in_any_order_give_the_same_axes(seed: int) -> None:
    z = cloud(seed)
    first, second = principal_plane(z), principal_plane(np.random.default_rng(seed).permutation(z))
    np.testing.assert_allclose(first.basis, second.basis, atol=1e-4)
    assert (first.basis[np.abs(first.basis).argmax(0), range(2)] > 0).all()
    np.testing.assert_allclose(first.basis.T @ first.basis, np.eye(2), atol=1e-6)


def test_codes_of_one_or_two_numbers_are_drawn_as_they_are() -> None:
    two = cloud(0, k=2)
    assert np.array_equal(plane(two).project(two), two)
    one = cloud(0, k=1)
    assert np.array_equal(plane(one).project(one), np.c_[one, np.zeros(len(one))])
    assert np.array_equal(plane(one).lift(plane(one).project(one)), one)


@quick
@given(seed=seeds, k=st.integers(1, 8))
def test_lifting_undoes_projecting_in_the_plane_and_keeps_what_lies_off_it(seed: int, k: int) -> None:
    z = cloud(seed, k=k)
    drawn = plane(z)
    points = np.random.default_rng(seed).normal(size=(7, 2)).astype(np.float32)
    if k == 1:
        points[:, 1] = 0
    np.testing.assert_allclose(drawn.project(drawn.lift(points)), points, atol=1e-4)
    np.testing.assert_allclose(drawn.lift(drawn.project(z[:1]), like=z[0]), z[:1], atol=1e-4)
    lifted = drawn.lift(points, like=z[0])
    np.testing.assert_allclose(drawn.project(lifted), points, atol=1e-4)
    off = lifted - drawn.lift(points)
    np.testing.assert_allclose(off, np.tile(off[0], (7, 1)), atol=1e-4)
    np.testing.assert_allclose(off @ drawn.basis, 0, atol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_few_codes_or_equal_ones_still_have_a_plane(n: int) -> None:
    for z in (cloud(1, n=n), np.ones((n, 4), np.float32)):
        points = plane(z).project(z)
        assert points.shape == (n, 2)
        assert np.isfinite(points).all()


@quick
@given(seed=seeds, angle=st.floats(0, 2 * np.pi), mirrored=st.booleans())
def test_a_cloud_that_was_turned_or_mirrored_lies_again_where_it_was(seed: int, angle: float, mirrored: bool) -> None:
    before = cloud(seed, k=2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn = turn @ np.diag([1, -1])
    centre = before.mean(0)
    after = ((before - centre) @ turn + centre).astype(np.float32)
    np.testing.assert_allclose(aligned(after, before), before, atol=1e-3)


@quick
@given(seed=seeds)
def test_alignment_keeps_distances_and_is_the_best_of_all_turns(seed: int) -> None:
    points, to = cloud(seed, k=2), cloud(seed + 1, k=2)
    result = aligned(points, to)
    np.testing.assert_allclose(result.mean(0), points.mean(0), atol=1e-4)
    np.testing.assert_allclose(
        np.linalg.norm(result - result[0], axis=1), np.linalg.norm(points - points[0], axis=1), atol=1e-3
    )
    target, centred = to - to.mean(0), points - points.mean(0)
    reached = np.square(result - result.mean(0) - target).sum()
    for angle in np.linspace(0, 2 * np.pi, 90):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for candidate in (turn, turn @ np.diag([1, -1])):
            assert reached <= np.square(centred @ candidate - target).sum() * (1 + 1e-5)


def test_without_an_earlier_picture_of_that_size_points_stay() -> None:
    points = cloud(0, k=2)
    assert aligned(points, None) is points
    assert aligned(points, points[:5]) is points


@pytest.mark.parametrize("most", [2, 3, 9])
def test_remaining_axes_are_what_a_plane_does_not_show_the_most_varied_first(most: int) -> None:
    z = (np.random.default_rng(0).normal(size=(200, 5)) * [5, 4, 3, 2, 1]).astype(np.float32)
    for shown in (principal_plane(z), axes_plane(z, 1, 3)):
        axes, spreads = remaining_axes(z, shown, most)
        assert len(axes) == len(spreads) == min(most, 3)
        assert np.allclose(axes @ axes.T, np.eye(len(axes)), atol=1e-5)
        assert np.allclose(axes @ shown.basis, 0, atol=1e-5)
        assert (np.diff(spreads) <= 0).all()
        assert np.allclose(spreads, ((z - z.mean(0)) @ axes.T).std(0), atol=1e-4)
    assert remaining_axes(z, axes_plane(z, 1, 3), 3)[0].argmax(1).tolist() == [0, 2, 4]


def test_a_turned_plane_lies_near_another_picture_and_still_leads_back_to_the_codes() -> None:
    z = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
    flat = principal_plane(z)
    angle = 2.0
    other = flat.project(z) @ np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]])
    turned = flat.turned(z, other.astype(np.float32))
    assert np.allclose(turned.project(z), other, atol=1e-4)
    assert np.allclose(turned.project(turned.lift(other)), other, atol=1e-4)
    assert np.allclose(turned.lift(turned.project(z)), flat.lift(flat.project(z)), atol=1e-4)
