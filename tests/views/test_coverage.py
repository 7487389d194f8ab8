"""Made sets against real ones: known values, the definitions counted out, and the space they are taken in."""

import numpy as np
import pytest

from aeviz.views import coverage


def cloud(seed: int, count: int = 50, size: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, size))


def by_hand(real: np.ndarray, made: np.ndarray, k: int) -> coverage.Coverage:
    """The definitions of both papers, ball by ball."""

    def radius(points: np.ndarray, place: int) -> float:
        return float(sorted(np.linalg.norm(points[place] - each) for each in np.delete(points, place, 0))[k - 1])

    def holds(centre: np.ndarray, reach: float, point: np.ndarray) -> bool:
        return bool(np.linalg.norm(centre - point) <= reach)

    of_real = [radius(real, i) for i in range(len(real))]
    of_made = [radius(made, j) for j in range(len(made))]
    in_real = [[holds(real[i], of_real[i], y) for i in range(len(real))] for y in made]
    return coverage.Coverage(
        precision=float(np.mean([any(row) for row in in_real])),
        recall=float(np.mean([any(holds(made[j], of_made[j], x) for j in range(len(made))) for x in real])),
        density=float(np.sum(in_real) / (k * len(made))),
        coverage=float(np.mean([any(row[i] for row in in_real) for i in range(len(real))])),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("shift", [0, 1.5])
def test_all_four_are_those_of_the_definitions(k, shift):
    real, made = cloud(0), cloud(1, 40) + shift
    found, expected = coverage.compared(real, made, k), by_hand(real, made, k)
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name))


def test_equal_sets_are_precise_recalled_and_covered():
    real = cloud(0)
    found = coverage.compared(real, real.copy())
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == pytest.approx(1.2)  # each ball of radius NND_5 holds its five fellows and its own centre


def test_sets_that_lie_apart_have_nothing():
    assert coverage.compared(cloud(0), cloud(1) + 1000) == coverage.Coverage(0, 0, 0, 0)


def test_samples_of_one_of_two_modes_are_precise_and_half_recalled():
    real = np.concatenate([cloud(0, 200), cloud(1, 200) + 100])
    found = coverage.compared(real, cloud(2, 400))
    assert found.precision > 0.9
    assert found.recall == pytest.approx(0.5, abs=0.05)
    assert found.coverage == pytest.approx(0.5, abs=0.05)


def test_one_sample_over_and_over_covers_next_to_nothing():
    real = cloud(0, 200)
    made = np.repeat(real[:1], 100, axis=0)
    found = coverage.compared(real, made)
    assert found.precision == 1 and found.recall == pytest.approx(1 / 200)
    assert found.coverage < 0.1


def test_density_and_coverage_of_one_law_are_as_the_paper_expects():
    found = coverage.compared(cloud(0, 1000), cloud(1, 1000))
    # Naeem et al., §3: for two large samples of one law and size E[density] = 1 and E[coverage] → 1 − 2⁻ᵏ.
    assert found.density == pytest.approx(1, abs=0.06)
    assert found.coverage == pytest.approx(1 - 2**-5, abs=0.02)


def test_a_few_points_make_do_with_fewer_neighbours():
    assert coverage.compared(cloud(0, 3), cloud(1, 2)).density >= 0


def test_features_keep_the_distances_of_data_that_lie_in_few_directions():
    real = (cloud(0, 60, 3) @ cloud(1, 3, 64)).reshape(60, 1, 8, 8)
    a, b = coverage.features(real, real[::-1].copy())
    assert a.shape == (60, 50)
    wanted = coverage.distances(*(x.reshape(60, -1) for x in (real, real[::-1])))
    assert coverage.distances(a, b) == pytest.approx(wanted, abs=1e-6)


def test_there_are_no_more_features_than_numbers_or_examples():
    assert coverage.features(cloud(0, 10, 3), cloud(1, 4, 3))[1].shape == (4, 3)
    assert coverage.features(cloud(0, 10, 90), cloud(1, 4, 90))[0].shape == (10, 10)
