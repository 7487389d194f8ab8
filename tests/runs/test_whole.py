"""A run over all of its examples."""

from dataclasses import replace

import numpy as np

from aeviz.runs.local import carry_out
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.runs.whole import joined, whole
from aeviz.views import probes
from tests.runs.watched import RECIPE


def test_held_out_examples_keep_their_numbers_and_training_ones_follow(store: Store) -> None:
    opened = open_run(store, carry_out(store, replace(RECIPE, epochs=1)).id)
    every = whole(opened)
    test, train = opened.dataset.test, opened.dataset.train
    assert len(every.codes) == len(test) + len(train)
    assert np.allclose(every.codes[: len(opened.codes)], opened.codes, atol=1e-5)
    assert np.allclose(every.codes[len(test) :], probes.codes(opened.model, train.x, train.labels), atol=1e-5)
    assert test.labels is not None and train.labels is not None and every.dataset.test.labels is not None
    assert np.array_equal(every.dataset.test.labels, np.concatenate([test.labels, train.labels]))
    assert len(every.errors) == len(every.codes)
    assert whole(opened) is every, "kept"
    assert every.dataset.train is train


def test_no_more_than_are_wanted_are_joined(store: Store) -> None:
    opened = open_run(store, carry_out(store, replace(RECIPE, epochs=1)).id)
    count = len(opened.dataset.test)
    assert len(joined(opened.dataset, count + 5).test) == count + 5
    few = joined(opened.dataset, 7).test
    assert np.array_equal(few.x, opened.dataset.test.x[:7])
