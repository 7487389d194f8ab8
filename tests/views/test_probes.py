"""Probes: codes, reconstructions, grids and paths."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aeviz.models import Conv, ConvUnpool, Mlp, ModelSpec, Vae
from aeviz.models.autoencoder import Code
from aeviz.seeds import generator
from aeviz.views import probes
from aeviz.views.probes import grid, spherical, straight

quick = settings(max_examples=50, deadline=None, database=None)
vectors = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).normal(size=(2, 5)))


@pytest.mark.parametrize("spec", [Mlp(dropout=0.5), Conv(), ConvUnpool(), Vae()], ids=lambda spec: spec.kind())
def test_probes_give_what_the_model_gives_in_chunks_and_without_gradients(spec: ModelSpec) -> None:
    model = spec.build((1, 8, 8), generator(0))
    x = torch.rand(30, 1, 8, 8, generator=generator(1)).numpy()
    with torch.no_grad():
        z = model.encode(torch.from_numpy(x)).z
        expected = model.reconstruct(torch.from_numpy(x)).numpy()
        bare = model.mean(model.decode(Code(z))).numpy()
    state = torch.random.get_rng_state()
    many = np.concatenate([x] * 18)  # 540: more than one chunk
    assert probes.codes(model, many).shape == (540, 2)
    np.testing.assert_allclose(probes.codes(model, many)[510:], z.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(probes.reconstructions(model, x), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(probes.decoded(model, z.numpy()), bare, rtol=1e-4, atol=1e-6)
    assert np.array_equal(probes.codes(model, many), probes.codes(model, many))
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(each.grad is None for each in model.parameters())
    assert probes.codes(model, x[:0]).shape == (0, 2)
    assert probes.reconstructions(model, x[:0]).shape == (0, 1, 8, 8)


def test_what_is_shown_stays_between_black_and_white() -> None:
    model = Mlp(likelihood="gaussian").build((1, 8, 8), generator(0))
    x = 50 * torch.rand(5, 1, 8, 8, generator=generator(1)).numpy()
    with torch.no_grad():
        assert model.reconstruct(torch.from_numpy(x)).abs().max() > 1
    for shown in (probes.reconstructions(model, x), probes.decoded(model, 50 * probes.codes(model, x))):
        assert shown.dtype == np.float32
        assert (shown >= 0).all()
        assert (shown <= 1).all()


def test_a_grid_runs_row_by_row_from_the_top_left_and_holds_the_rest() -> None:
    z = grid((-1, -2), (1, 4), 3, np.array([9.0, 8, 7, 6], np.float32), (2, 0))
    assert z.shape == (9, 4)
    assert np.array_equal(z[:, 2], np.tile([-1, 0, 1], 3))  # across
    assert np.array_equal(z[:, 0], np.repeat([4, 1, -2], 3))  # down, high first
    assert (z[:, [1, 3]] == [8, 6]).all()


def test_a_grid_over_one_axis_runs_across() -> None:
    z = grid((0, 0), (1, 1), 4, np.zeros(1, np.float32), (0, 0))
    assert z.shape == (16, 1)
    np.testing.assert_allclose(z[:4, 0], np.linspace(0, 1, 4), rtol=1e-6)


@quick
@given(ends=vectors, steps=st.integers(2, 9))
def test_a_straight_path_has_equal_steps_and_its_ends(ends: np.ndarray, steps: int) -> None:
    start, end = ends.astype(np.float32)
    path = straight(start, end, steps)
    assert path.shape == (steps, 5)
    assert np.array_equal(path[0], start)
    assert np.array_equal(path[-1], end)
    np.testing.assert_allclose(np.diff(path, axis=0), np.tile((end - start) / (steps - 1), (steps - 1, 1)), atol=1e-5)


def test_a_straight_path_between_images_is_a_cross_fade() -> None:
    black, white = np.zeros((1, 4, 4), np.float32), np.ones((1, 4, 4), np.float32)
    path = straight(black, white, 5)
    assert path.shape == (5, 1, 4, 4)
    np.testing.assert_allclose(path[:, 0, 0, 0], [0, 0.25, 0.5, 0.75, 1])


@quick
@given(ends=vectors, steps=st.integers(2, 9), radius=st.floats(0.1, 20))
def test_a_spherical_path_stays_on_its_sphere_and_turns_by_equal_angles(
    ends: np.ndarray, steps: int, radius: float
) -> None:
    start, end = (radius * ends / np.linalg.norm(ends, axis=1, keepdims=True)).astype(np.float32)
    path = spherical(start, end, steps).astype(np.float64)
    np.testing.assert_allclose(path[[0, -1]], [start, end], rtol=1e-6, atol=1e-6 * radius)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), radius, rtol=1e-4)
    cosines = (path[1:] * path[:-1]).sum(1) / (np.linalg.norm(path[1:], axis=1) * np.linalg.norm(path[:-1], axis=1))
    whole = np.arccos(np.dot(start, end) / radius**2)
    np.testing.assert_allclose(np.arccos(np.clip(cosines, -1, 1)), whole / (steps - 1), atol=2e-3)


def test_a_spherical_path_from_the_origin_along_a_ray_or_through_the_origin_is_straight() -> None:
    one = np.array([1.0, 2.0, 0.0], np.float32)
    for start, end in ((np.zeros(3, np.float32), one), (one, 3 * one), (one, -one), (one, one)):
        path = spherical(start, end, 5)
        assert np.isfinite(path).all()
        np.testing.assert_allclose(path, straight(start, end, 5), atol=1e-6)


def test_a_spherical_path_between_unequal_lengths_passes_monotonically_between_them() -> None:
    path = spherical(np.array([1.0, 0], np.float32), np.array([0, 3.0], np.float32), 9)
    assert (np.diff(np.linalg.norm(path, axis=1)) > -0.05).all()
    np.testing.assert_allclose(path[[0, -1]], [[1, 0], [0, 3]], atol=1e-6)
