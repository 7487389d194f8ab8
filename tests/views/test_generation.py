"""Real against generated: the feature space, neighbours against a search by hand, coverage at known values."""

import numpy as np
import pytest

from aeviz.data import Digits, Toys
from aeviz.errors import SettingError
from aeviz.models import MODELS, Gan, Mlp, Samples, Vae
from aeviz.seeds import generator
from aeviz.views import generation


def by_hand(known, labels, at, k, own=False):
    """The class of each, by sorting every distance in a loop."""
    found = []
    for row, x in enumerate(at):
        order = sorted((float(np.square(y - x).sum()), i) for i, y in enumerate(known) if not (own and i == row))[:k]
        votes = [labels[i] for _, i in order]
        most = max(votes.count(each) for each in votes)
        found.append(next(each for each in votes if votes.count(each) == most))
    return found


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("own", [False, True])
def test_neighbours_vote_as_in_a_search_by_hand(k, own, monkeypatch):
    monkeypatch.setattr(generation, "CHUNK", 7)
    random = np.random.default_rng(0)
    known, labels = random.normal(size=(60, 3)).astype(np.float32), random.integers(0, 4, 60)
    at = known if own else random.normal(size=(40, 3)).astype(np.float32)
    found = generation.classified(known, labels, at, neighbours=k, own=own)
    assert found.tolist() == by_hand(known.astype(float), labels.tolist(), at.astype(float), k, own)
    assert len(set(found.tolist())) > 1


def test_the_feature_space_is_that_of_the_largest_variance():
    x = np.random.default_rng(1).normal(size=(200, 5)).astype(np.float32) * [5, 1, 3, 0.1, 2] + 7
    space = generation.features(x, 2)
    values = np.linalg.eigvalsh(np.cov(x.T))[::-1]
    assert space.share == pytest.approx(values[:2].sum() / values.sum(), rel=1e-6)
    seen = space.of(x)
    assert np.cov(seen.T) == pytest.approx(np.diag(values[:2]), abs=1e-3)
    assert seen.mean(0) == pytest.approx([0, 0], abs=1e-5)
    assert space.basis.T @ space.basis == pytest.approx(np.eye(2), abs=1e-9)
    assert generation.features(x).of(x).shape == (200, 5), "no more axes than numbers"


def test_distances_in_the_whole_feature_space_are_those_of_the_data():
    x = np.random.default_rng(2).random((30, 1, 3, 3)).astype(np.float32)
    seen = generation.features(x).of(x)
    apart = np.linalg.norm(seen[:, None] - seen, axis=2)
    assert apart == pytest.approx(np.linalg.norm((x[:, None] - x).reshape(30, 30, -1), axis=2), abs=1e-5)


def test_coverage_has_the_values_counted_by_hand():
    real = np.repeat(np.eye(4, dtype=np.float32) * 10, 10, axis=0) + np.linspace(0, 1, 40, dtype=np.float32)[:, None]
    labels = np.repeat(np.arange(4), 10)
    made = np.concatenate([real[:6], real[:6], real[10:18]])  # 12 of class 0, 8 of class 1
    found = generation.coverage(real, labels, made, 4)
    assert found.generated.tolist() == [0.6, 0.4, 0, 0]
    assert found.data.tolist() == [0.25] * 4
    assert found.distance == pytest.approx((0.35 + 0.15 + 0.25 + 0.25) / 2)
    assert (found.covered, found.classes, found.right, found.count) == (2, 4, 1.0, 20)
    same = generation.coverage(real, labels, real, 5)
    assert (same.distance, same.covered, same.classes) == (0, 4, 4), "a class that the data lack is not asked for"


def test_the_distance_by_chance_is_that_of_draws_from_the_data():
    shares = np.array([0.5, 0.3, 0.1, 0.1])
    drawn = np.random.default_rng(0).multinomial(1000, shares, 4000) / 1000
    expected = np.abs(drawn - shares).sum(1).mean() / 2
    assert generation.ClassCoverage(shares, shares, 1.0, 1000).by_chance == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("spec", "data"), [(Gan(hidden=(8,)), Digits()), (Vae(hidden=(8,)), Toys(points=200))])
def test_a_model_is_compared_with_its_data(spec, data):
    dataset = data.load()
    model = spec.build(dataset.shape, generator(0, "weights"))
    found = generation.compared(model, dataset, 3, 50)
    assert len(found.generated) == 50 and found.generated.shape[1] == found.real.shape[1]
    assert found.coverage and found.coverage.generated.sum() == pytest.approx(1)
    again, other = (generation.compared(model, dataset, seed, 50) for seed in (3, 4))
    assert np.array_equal(found.generated, again.generated)
    assert not np.array_equal(found.generated, other.generated)


def test_a_model_without_a_prior_is_refused():
    dataset = Digits().load()
    with pytest.raises(SettingError, match="no prior"):
        generation.compared(Mlp(hidden=(8,)).build(dataset.shape, generator(0)), dataset, 0)


def test_who_has_a_prior_is_known_without_building_it():
    for model in MODELS:
        built = model().build((1, 8, 8), generator(0, "weights"))
        assert generation.draws(model()) == isinstance(built, Samples)
