"""Neighbours and classes in codes: laws, known values, and the formulas written out."""

import numpy as np
import pytest

from aeviz.views import neighbourhoods


def cloud(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def trustworthiness_by_hand(x: np.ndarray, points: np.ndarray, m: int) -> float:
    """Venna & Kaski: 1 minus what the intruders of every neighbourhood cost."""
    n = len(x)

    def ranks(values: np.ndarray) -> np.ndarray:
        """ranks[i, j]: the place of j among the others, nearest first, from 1; i itself has 0."""
        distances = np.linalg.norm(values[:, None] - values[None], axis=2)
        np.fill_diagonal(distances, -1)
        return np.argsort(np.argsort(distances, axis=1), axis=1)

    true, drawn = ranks(x), ranks(points)
    cost = sum(true[i, j] - m for i in range(n) for j in range(n) if i != j and drawn[i, j] <= m and true[i, j] > m)
    return 1 - 2 / (n * m * (2 * n - 3 * m - 1)) * cost


@pytest.mark.parametrize("neighbours", [1, 5, 12])
def test_trustworthiness_is_that_of_the_formula_and_continuity_exchanges_the_roles(neighbours):
    x, points = cloud(0, (40, 6)), cloud(1, (40, 2))
    points[:, 0] += x[:, 0]
    assert neighbourhoods.trustworthiness(x, points, neighbours) == pytest.approx(
        trustworthiness_by_hand(x, points, neighbours)
    )
    assert neighbourhoods.continuity(x, points, neighbours) == pytest.approx(
        trustworthiness_by_hand(points, x, neighbours)
    )


def test_a_turned_and_enlarged_picture_keeps_every_neighbour():
    x = cloud(0, (60, 2))
    angle = 0.7
    turned = 3 * x @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) + 5
    assert neighbourhoods.trustworthiness(x, turned) == 1 == neighbourhoods.continuity(x, turned)


def test_laying_things_on_each_other_costs_trust_and_tearing_costs_continuity():
    sheets = np.concatenate([cloud(0, (50, 2)), cloud(1, (50, 2))])
    apart = np.column_stack([sheets, np.repeat([0.0, 100.0], 50)])
    # Two distant sheets projected onto one: every neighbour is kept, and strangers come among them.
    assert neighbourhoods.continuity(apart, sheets) > neighbourhoods.trustworthiness(apart, sheets) + 0.1
    # The one sheet torn in two: nobody near is a stranger, and old neighbours are far.
    torn = apart[:, [0, 2]] + np.array([0, 1]) * apart[:, [1]]
    assert neighbourhoods.trustworthiness(sheets, torn) > neighbourhoods.continuity(sheets, torn) + 0.1


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_examples_have_no_neighbourhoods(count):
    assert np.isnan(neighbourhoods.trustworthiness(cloud(0, (count, 3)), cloud(1, (count, 2))))


def test_few_examples_have_smaller_neighbourhoods():
    x = cloud(0, (6, 3))
    assert neighbourhoods.trustworthiness(x, x) == 1


def separated(count: int = 60, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Three classes far apart."""
    labels = np.arange(count) % 3
    return cloud(0, (count, k)) * 0.01 + labels[:, None], labels


def test_classes_that_lie_apart_are_all_told():
    z, labels = separated()
    other, truth = separated(33)
    assert neighbourhoods.neighbour_accuracy(z, labels, other, truth) == 1
    assert neighbourhoods.linear_accuracy(z, labels, other, truth) == 1
    assert neighbourhoods.silhouette(z, labels) > 0.95


def test_labels_that_have_nothing_to_do_with_codes_are_told_by_chance():
    z, other = cloud(0, (2000, 3)), cloud(1, (2000, 3))
    labels, truth = np.random.default_rng(2).integers(0, 4, (2, 2000))
    for accuracy in (neighbourhoods.neighbour_accuracy, neighbourhoods.linear_accuracy):
        assert accuracy(z, labels, other, truth) == pytest.approx(0.25, abs=0.04)  # 4 standard errors
    assert neighbourhoods.silhouette(z, labels) == pytest.approx(0, abs=0.02)


def test_neighbours_vote_as_counted_by_hand():
    z, other = cloud(0, (80, 2)), cloud(1, (40, 2))
    labels, truth = np.random.default_rng(2).integers(0, 3, 80), np.random.default_rng(3).integers(0, 3, 40)
    nearest = np.argsort(np.linalg.norm(other[:, None] - z[None], axis=2), axis=1)[:, :5]
    voted = np.array([np.bincount(labels[row], minlength=3).argmax() for row in nearest])
    assert neighbourhoods.neighbour_accuracy(z, labels, other, truth) == (voted == truth).mean()


def test_a_ring_around_a_disc_needs_neighbours_and_no_line_will_do():
    angle = np.random.default_rng(0).random(600) * 2 * np.pi
    labels = np.arange(600) % 2
    z = np.column_stack([np.cos(angle), np.sin(angle)]) * (1 + 2 * labels)[:, None]
    assert neighbourhoods.neighbour_accuracy(z[:300], labels[:300], z[300:], labels[300:]) == 1
    assert neighbourhoods.linear_accuracy(z[:300], labels[:300], z[300:], labels[300:]) < 0.7


def test_the_linear_probe_does_not_mind_the_scale_of_a_unit():
    z, labels = separated()
    scaled = z * np.array([1e-4, 1.0, 1e4])
    assert neighbourhoods.linear_accuracy(scaled, labels, scaled, labels) == 1


def test_silhouette_of_four_points_on_a_line():
    z = np.array([[0.0], [1.0], [10.0], [11.0]])
    # a = 1 for all; b = 10.5 for the outer two and 9.5 for the inner two.
    expected = np.mean([1 - 1 / 10.5, 1 - 1 / 9.5])
    assert neighbourhoods.silhouette(z, np.array([0, 0, 1, 1])) == pytest.approx(expected)
    assert np.isnan(neighbourhoods.silhouette(z, np.zeros(4, np.int64)))
    assert np.isnan(neighbourhoods.silhouette(z, np.arange(4)))
