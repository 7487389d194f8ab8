"""The nearest training example, and what its distance says."""

import numpy as np
import pytest

from aeviz.views import realism

RANDOM = np.random.default_rng(1)
KNOWN = RANDOM.random((700, 1, 5, 4)).astype(np.float32)


def test_the_nearest_is_that_of_brute_force():
    at = RANDOM.random((430, 1, 5, 4)).astype(np.float32)
    distances = np.sqrt(np.square(at[:, None] - KNOWN[None]).sum((2, 3, 4)))
    found = realism.nearest(KNOWN, at)
    assert np.array_equal(found.rows, distances.argmin(1))
    assert found.distances == pytest.approx(distances.min(1), rel=1e-5)


def test_an_example_is_nearest_to_itself_and_of_twins_the_first():
    twins = np.concatenate([KNOWN[:3], KNOWN[:3]])
    found = realism.nearest(twins, KNOWN[:3])
    assert found.rows.tolist() == [0, 1, 2] and found.distances.tolist() == [0, 0, 0]


def test_no_samples_have_no_nearest():
    assert len(realism.nearest(KNOWN, KNOWN[:0]).rows) == 0
    with pytest.raises(ValueError, match="no known"):
        realism.nearest(KNOWN[:0], KNOWN)


def test_a_distance_is_set_against_the_usual_ones():
    usual = np.array([4.0, 1.0, 3.0, 2.0])
    assert realism.farther_than(np.array([0.5, 1.0, 2.5, 9.0]), usual).tolist() == [0, 0, 0.5, 1]


def test_copies_are_near_noise_is_far_and_held_out_examples_lie_between():
    codes = RANDOM.normal(size=(1200, 2)).astype(np.float32)
    known, held_out, more = codes[:1000], codes[1000:1100], codes[1100:]
    usual = realism.nearest(known, held_out).distances
    shares = [realism.farther_than(realism.nearest(known, at).distances, usual) for at in (known[:50], more + 50, more)]
    assert (shares[0] == 0).all() and (shares[1] == 1).all()
    assert shares[2].mean() == pytest.approx(0.5, abs=0.12)
