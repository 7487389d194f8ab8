"""MIG and DCI at codes whose disentanglement is known."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from aeviz.views import disentanglement as d

N = 4000


def factors(seed: int, count: int = N) -> np.ndarray:
    """A shape of three and two continuous causes, independent."""
    random = np.random.default_rng(seed)
    return np.column_stack([random.integers(0, 3, count), random.random(count), random.random(count)]).astype(
        np.float32
    )


def noise(seed: int, k: int, count: int = N) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, k))


def test_bins_are_equal_stretches_and_few_values_keep_their_own():
    assert d.binned(np.array([0.0, 5.0, 2.0, 5.0])).tolist() == [0, 2, 1, 2]
    values = np.linspace(0, 1, 1001)
    counted = np.bincount(d.binned(values))
    assert len(counted) == 20 and set(counted.tolist()) <= {49, 50, 51}


def test_a_code_that_is_the_causes_has_a_gap_of_1_and_more_units_that_say_nothing_change_little():
    v = factors(0)
    assert d.mutual_information_gap(v.astype(np.float64), v) == pytest.approx(1, abs=0.02)
    assert d.mutual_information_gap(np.column_stack([v, noise(1, 4)]), v) == pytest.approx(1, abs=0.02)


def test_the_gap_is_0_where_a_cause_is_told_twice_or_not_at_all():
    v = factors(0)
    assert d.mutual_information_gap(np.column_stack([v, -v]).astype(np.float64), v) == pytest.approx(0, abs=1e-9)
    assert d.mutual_information_gap(noise(1, 5), v) == pytest.approx(0, abs=0.01)


def test_information_is_symmetric_and_counted():
    v = factors(0, 500)
    found = d.mutual_information(noise(1, 2, 500), v)
    assert found.shape == (2, 3)
    own = d.mutual_information(v, v)
    assert own == pytest.approx(own.T)
    # I(v; v) = H(v), by the definition of the entropy.
    p = np.bincount(v[:, 0].astype(int)) / 500
    assert own[0, 0] == pytest.approx(-(p * np.log(p)).sum())
    assert own[1, 2] == pytest.approx(mutual_info_score(d.binned(v[:, 1]), d.binned(v[:, 2])))


def test_the_gap_of_a_coarse_second_unit_is_known():
    # Eight equal values; one unit says all three bits, another the highest bit: a gap of two bits of three.
    v = np.tile(np.arange(8.0), 100)[:, None]
    z = np.column_stack([v[:, 0], v[:, 0] >= 4])
    assert d.mutual_information_gap(z, v) == pytest.approx(2 / 3)


def test_causes_that_never_change_do_not_count():
    v = factors(0)
    still = np.column_stack([v, np.full(N, 7)]).astype(np.float32)
    assert d.mutual_information_gap(noise(1, 3), still) == d.mutual_information_gap(noise(1, 3), v)
    assert np.isnan(d.mutual_information_gap(noise(1, 3), still[:, 3:]))
    assert np.isnan(d.mutual_information_gap(noise(1, 1), v))


@pytest.mark.parametrize(
    ("importance", "expected"),
    [
        (np.eye(3), (1, 1)),
        (np.eye(3)[[2, 0, 1]] * 5, (1, 1)),
        (np.ones((3, 3)), (0, 0)),
        # Two units share one cause each with nobody else: disentangled, and less than complete.
        (np.array([[1, 0], [1, 0], [0, 1], [0, 1]]), (1, 1 - np.log(2) / np.log(4))),
        # One unit for both causes, and another that matters for none and does not count.
        (np.array([[1, 1], [0, 0]]), (0, 1)),
        # Units weigh by their importance: 3/4 of it at 1, and 1/4 of it at 0.
        (np.array([[3, 0], [0.5, 0.5]]), (0.75, None)),
        (np.zeros((2, 2)), (0, 0)),
    ],
)
def test_scores_of_importances_known_by_hand(importance, expected):
    found = d.importance_scores(importance.astype(np.float64))
    assert all(wanted is None or value == pytest.approx(wanted) for value, wanted in zip(found, expected, strict=True))


def test_dci_is_1_for_a_code_that_is_the_causes():
    found = d.dci(factors(0, 1000), factors(0, 1000), factors(1), factors(1))
    assert found.disentanglement > 0.99 and found.completeness > 0.99 and found.informativeness > 0.99


def test_dci_of_a_turned_code_is_informative_and_not_disentangled():
    turn, _ = np.linalg.qr(np.random.default_rng(5).standard_normal((3, 3)))
    found = d.dci(factors(0, 1000) @ turn, factors(0, 1000), factors(1) @ turn, factors(1))
    assert found.disentanglement < 0.6 and found.informativeness > 0.7


def test_dci_of_noise_informs_of_nothing_and_is_spread_over_all():
    found = d.dci(noise(0, 3, 1000), factors(0, 1000), noise(1, 3), factors(1))
    assert found.informativeness < 0.02
    assert found.disentanglement < 0.05 and found.completeness < 0.05


def test_dci_draws_from_its_seed_alone():
    arguments = (noise(0, 3, 300), factors(0, 300), noise(1, 3, 300), factors(1, 300))
    assert d.dci(*arguments) == d.dci(*arguments)
    assert d.dci(*arguments) != d.dci(*arguments, seed=1)


def test_dci_needs_two_units_and_two_causes():
    v = factors(0, 100)
    assert np.isnan(d.dci(noise(0, 1, 100), v, noise(1, 1, 100), v).disentanglement)
    assert np.isnan(d.dci(noise(0, 3, 100), v[:, :1], noise(1, 3, 100), v[:, :1]).completeness)
