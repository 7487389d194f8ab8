"""Each number at values known from its formula."""

import numpy as np
import pytest

from aeviz.errors import SettingError
from aeviz.views import metrics


def images(seed: int = 0, shape: tuple[int, ...] = (3, 1, 16, 16)) -> np.ndarray:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def test_mse_is_the_mean_squared_difference():
    x = images()
    assert metrics.mse(x, x + np.float32(0.25)) == pytest.approx(1 / 16, rel=1e-5)
    assert metrics.mse(np.zeros((2, 2), np.float32), np.array([[1, 0], [0, 0]], np.float32)) == 0.25


def test_psnr_is_ten_decibels_for_each_tenth_of_the_error():
    zeros = np.zeros((2, 1, 4, 4), np.float32)
    assert metrics.psnr(zeros, zeros + np.float32(0.1)) == pytest.approx(20, abs=1e-4)
    assert metrics.psnr(zeros, zeros + 1) == pytest.approx(0)


@pytest.mark.filterwarnings("error")
def test_psnr_of_equal_images_is_infinite_without_a_warning():
    assert metrics.psnr(images(), images()) == np.inf


def test_psnr_averages_the_error_before_the_logarithm():
    clean = np.zeros((2, 1, 4, 4), np.float32)
    other = clean.copy()
    other[0] = 1
    assert metrics.psnr(clean, other) == pytest.approx(10 * np.log10(2), abs=1e-6)


def ssim_by_hand(x: np.ndarray, y: np.ndarray, side: int) -> float:
    """Wang et al. 2004, eq. 13, window by window, with the sample covariance."""
    windows = [np.lib.stride_tricks.sliding_window_view(each.astype(np.float64), (side, side)) for each in (x, y)]
    a, b = (each.reshape(-1, side * side) for each in windows)
    mean_a, mean_b = a.mean(1), b.mean(1)
    covariance = ((a - mean_a[:, None]) * (b - mean_b[:, None])).sum(1) / (side * side - 1)
    c1, c2 = 0.01**2, 0.03**2
    values = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(values / ((mean_a**2 + mean_b**2 + c1) * (a.var(1, ddof=1) + b.var(1, ddof=1) + c2))))


@pytest.mark.parametrize("side", [8, 16])
def test_ssim_is_that_of_the_paper(side):
    x, y = images(0, (2, 1, side, side)), images(1, (2, 1, side, side))
    by_hand = np.mean([ssim_by_hand(x[i, 0], y[i, 0], metrics.window(side, side)) for i in range(2)])
    assert metrics.ssim(x, y) == pytest.approx(by_hand, abs=1e-4)
    assert metrics.ssim(x, x) == pytest.approx(1)


def test_ssim_of_colour_is_the_mean_over_channels():
    x, y = images(0, (1, 3, 16, 16)), images(1, (1, 3, 16, 16))
    channels = [metrics.ssim(x[:, [c]], y[:, [c]]) for c in range(3)]
    assert metrics.ssim(x, y) == pytest.approx(np.mean(channels), abs=1e-5)


@pytest.mark.parametrize(("side", "expected"), [(3, 3), (8, 3), (9, 3), (10, 5), (12, 5), (14, 7), (28, 7), (64, 7)])
def test_the_window_is_odd_and_fits(side, expected):
    assert metrics.window(side, side + 5) == expected


def test_images_without_room_for_a_window_are_refused_in_words():
    with pytest.raises(SettingError, match="at least 3 × 3"):
        metrics.ssim(images(0, (1, 1, 2, 8)), images(0, (1, 1, 2, 8)))


def test_active_units_are_those_that_vary_enough():
    z = np.zeros((1000, 3), np.float32)
    z[::2, 0], z[::2, 1], z[:, 2] = 0.21, 0.19, 7  # variances 0.011, 0.009, 0
    assert metrics.active_units(z).tolist() == [True, False, False]


def test_means_of_code_and_jacobian():
    assert metrics.mean_absolute_code(np.array([[1, -3], [0, 2]], np.float32)) == 1.5
    assert metrics.mean_jacobian_norm(np.array([1, 2, 6], np.float32)) == 3


def test_sparsity_is_0_for_equal_answers_and_1_for_a_single_one():
    alike = np.full((6, 4), -2, np.float32)
    assert metrics.lifetime_sparsity(alike) == pytest.approx(0)
    assert metrics.population_sparsity(alike) == pytest.approx(0)
    single = np.zeros((6, 4), np.float32)
    single[2, 1] = 1e-30  # of any size
    assert metrics.lifetime_sparsity(single) == pytest.approx(1)
    assert metrics.population_sparsity(single) == pytest.approx(1)


def test_sparsity_over_examples_and_over_units_are_two_things():
    # One unit always answers and the others never: dense in time, sparse in space.
    z = np.zeros((10, 5), np.float32)
    z[:, 0] = 3
    assert metrics.lifetime_sparsity(z) == pytest.approx(0)
    assert metrics.population_sparsity(z) == pytest.approx(1)


def test_sparsity_is_that_of_the_formula_and_of_known_laws():
    z = np.random.default_rng(0).exponential(size=(40, 7)).astype(np.float32)
    n = 40
    by_hand = [(1 - (r.sum() / n) ** 2 / ((r**2).sum() / n)) / (1 - 1 / n) for r in z.T.astype(np.float64)]
    assert metrics.lifetime_sparsity(z) == pytest.approx(np.mean(by_hand))
    assert metrics.lifetime_sparsity(z) == pytest.approx(metrics.population_sparsity(z.T.copy()))
    many = np.random.default_rng(1).standard_normal((200_000, 2))
    assert metrics.lifetime_sparsity(many) == pytest.approx(1 - 2 / np.pi, abs=0.005)  # E|z|² / E z² = 2/π


def test_sparsity_of_nothing_is_no_number():
    assert np.isnan(metrics.lifetime_sparsity(np.zeros((5, 3), np.float32)))
    assert np.isnan(metrics.population_sparsity(np.ones((5, 1), np.float32)))
    dead = np.array([[1, 0], [0, 0], [0, 0]], np.float32)
    assert metrics.lifetime_sparsity(dead) == pytest.approx(1)  # the unit that is always 0 is left out
    assert metrics.population_sparsity(dead) == pytest.approx(1)
