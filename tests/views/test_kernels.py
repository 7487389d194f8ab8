"""Codes drawn from a kernel density estimate."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde, kstest, multivariate_normal, norm

from aeviz.errors import SettingError
from aeviz.views.kernels import bandwidth, kernels

RANDOM = np.random.default_rng(5)
CODES = (RANDOM.normal(size=(300, 2)) * [1, 20] + RANDOM.choice([-4, 4], (300, 1))).astype(np.float32)


@pytest.mark.parametrize(("rule", "theirs"), [("Scott", "scott"), ("Silverman", "silverman")])
@pytest.mark.parametrize("k", [1, 2, 7])
def test_the_rules_are_those_of_scipy(rule, theirs, k):
    expected = gaussian_kde(RANDOM.normal(size=(k, 150)), theirs).factor
    assert bandwidth(rule, 150, k) == pytest.approx(expected)


def test_the_density_is_a_mean_of_normal_kernels():
    found = kernels(CODES, 0.3)
    at = CODES[:5] + np.float32(0.7)
    width = np.square(0.3 * CODES.astype(np.float64).std(0))
    expected = [np.mean(multivariate_normal(z, np.diag(width)).pdf(CODES)) for z in at]
    assert np.exp(found.log_density(at)) == pytest.approx(expected, rel=1e-4)


def test_draws_follow_the_density():
    """One unit: the distribution function of the estimate is the mean of normal ones."""
    codes = CODES[:, :1]
    found = kernels(codes, 0.2)
    h = 0.2 * codes.std()
    drawn = found.draw(4000, 1)[:, 0]
    assert kstest(drawn, lambda z: norm.cdf(np.subtract.outer(z, codes[:, 0]) / h).mean(1)).pvalue > 0.01


def test_each_unit_has_a_kernel_of_its_own_width():
    drawn = kernels(CODES, 0.5).draw(20_000, 0)
    assert np.allclose(drawn.var(0), CODES.var(0) * 1.25, rtol=0.05)


def test_a_narrow_kernel_repeats_the_codes_and_a_seed_the_draws():
    found = kernels(CODES, 1e-6)
    drawn = found.draw(50, 9)
    assert np.abs(drawn[:, None] - CODES[None]).max(2).min(1).max() < 1e-3
    assert np.array_equal(drawn, found.draw(50, 9)) and not np.array_equal(drawn, found.draw(50, 10))


def test_a_unit_that_never_changes_stays():
    codes = np.concatenate([CODES[:, :1], np.full((300, 1), 3, np.float32)], axis=1)
    assert np.allclose(kernels(codes, "Scott").draw(20, 0)[:, 1], 3)


def test_codes_without_a_density_are_refused_in_words():
    with pytest.raises(SettingError, match="different codes"):
        kernels(np.ones((9, 2), np.float32), "Scott")
    with pytest.raises(SettingError, match="not finite"):
        kernels(np.full((9, 2), np.nan, np.float32), "Scott")
