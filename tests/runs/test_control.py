"""Pause, single steps, stop, pace, divergence and failures: what people and workers do to a run."""

import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from aeviz.data import cache
from aeviz.data.digits import Digits
from aeviz.errors import DataError, StoreError
from aeviz.learning import SGD
from aeviz.models import Linear, Mlp
from aeviz.recipe import Recipe
from aeviz.runs import worker as worker_module
from aeviz.runs.local import carry_out
from aeviz.runs.opened import open_run
from aeviz.runs.store import MOST_LOSSES, Store, Wanted
from tests.runs.watched import RECIPE, STEPS, claimed, finish, waited_for, working

LONG = replace(RECIPE, epochs=100_000)


def test_a_run_can_be_paused_stepped_resumed_and_stopped_and_keeps_its_model(store: Store) -> None:
    run = store.add(LONG)
    with working(store):
        waited_for(store, run, "running")
        store.want(run, "pause")
        paused = waited_for(store, run, "paused")
        assert open_run(store, run).step == paused.step
        store.grant(run, 3)
        for _ in range(1000):
            if store.run(run).step == paused.step + 3:
                break
            time.sleep(0.01)
        row = store.run(run)
        assert (row.status, row.step, row.granted) == ("paused", paused.step + 3, 0)
        assert open_run(store, run).step == row.step, "what was stepped can be looked at"
        store.want(run, "run")
        waited_for(store, run, "running")
        store.want(run, "stop")
        stopped = waited_for(store, run, "stopped")
    assert stopped.step >= paused.step + 3
    assert stopped.summary["test"]["loss"] > 0
    opened = open_run(store, run)
    assert opened.step == stopped.step
    assert opened.codes.shape == (360, 3)
    assert stopped.step in store.frames(run)
    store.want(run, "run")
    assert store.run(run).status == "stopped", "what has ended stays as it is"


def test_a_run_is_called_paused_only_when_it_shows_where_it_stands(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.add(LONG)
    shown: list[int] = []
    update = Store.update

    def seen(self: Store, name: str, **columns: object) -> None:
        if columns.get("status") == "paused":
            shown.append(int(self.read(name, "live")[1]["step"]))
        update(self, name, **columns)

    monkeypatch.setattr(Store, "update", seen)
    with store.worker() as worker:
        job = claimed(store, worker)
        job.turn(store.run(run))
        store.want(run, "pause")
        job.turn(store.run(run))
    assert shown == [store.run(run).step]
    assert shown[0] > 0


def test_a_run_can_be_stepped_over_its_end(store: Store) -> None:
    run = store.add(replace(RECIPE, epochs=1))
    store.want(run, "pause")
    with store.worker() as worker:
        job = claimed(store, worker)
        for step in range(1, STEPS + 1):
            store.grant(run)
            job.turn(store.run(run))
            assert (store.run(run).status, store.run(run).step) == ("paused", step)
        store.grant(run)
        job.turn(store.run(run))
    end = store.run(run)
    assert (end.status, end.step, end.epoch) == ("finished", STEPS, 1)
    assert [row["epoch"] for row in store.history(run)[0]] == [0, 1]
    assert end.summary["test"]["loss"] > 0


def test_a_paused_run_that_is_stopped_ends_and_one_that_is_queued_never_begins(store: Store) -> None:
    paused, queued = store.add(LONG), store.add(LONG)
    store.want(queued, "stop")
    assert (store.run(queued).status, store.run(queued).message) == ("stopped", "Stopped before it began.")
    store.want(paused, "pause")
    with store.worker() as worker:
        job = claimed(store, worker)
        job.turn(store.run(paused))
        assert store.run(paused).status == "paused"
        assert not job.busy(store.run(paused))
        store.want(paused, "stop")
        assert job.busy(store.run(paused))
        job.turn(store.run(paused))
        assert store.claim(worker) is None
    assert store.run(paused).status == "stopped"


def test_a_pace_holds_the_run_to_its_epochs_a_second(store: Store) -> None:
    run = store.add(replace(RECIPE, epochs=4), pace=20)
    with store.worker() as worker:
        job = claimed(store, worker)
        began = time.monotonic()
        finish(store, job)
        took = time.monotonic() - began
    assert took >= 4 / 20
    assert store.run(run).seconds < took


def test_a_divergence_says_at_which_step_and_keeps_finite_weights(store: Store) -> None:
    optimizer = SGD(learning_rate=10, momentum=0.9)
    for recipe in (
        Recipe(model=Mlp(likelihood="gaussian"), optimizer=optimizer, epochs=3, batch_size=128),
        Recipe(model=Linear(), optimizer=optimizer, epochs=60, batch_size=1437),  # a step an epoch
    ):
        run = carry_out(store, recipe)
        assert run.status == "diverged"
        assert f"stopped at step {run.step}: reconstruction is not finite" in run.message
        assert "learning rate" in run.message
        weights, _ = store.read(run.id, "model")
        assert all(np.isfinite(value).all() for value in weights.values())
        for row in store.history(run.id)[0]:
            assert all(math.isfinite(value) for part in ("train", "test") for value in row[part].values())
        for step in store.frames(run.id):
            arrays, metadata = store.read(run.id, f"frames/{step:08d}")
            assert np.isfinite(arrays["points"]).all()
            json.loads(metadata["losses"], parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
        assert open_run(store, run.id).codes.shape == (360, 2)


def test_weights_spoilt_by_an_infinite_gradient_are_replaced_by_the_last_finite_ones(store: Store) -> None:
    run = store.add(RECIPE)
    with store.worker() as worker:
        job = claimed(store, worker)
        store.want(run, "pause")
        store.grant(run, 2)
        job.turn(store.run(run))
        job.turn(store.run(run))
        with torch.no_grad():
            next(job.experiment.model.parameters()).fill_(math.nan)
        store.want(run, "run")
        finish(store, job)
    end = store.run(run)
    assert end.status == "diverged"
    assert "They are those of step 2." in end.message
    weights, metadata = store.read(run, "model")
    assert all(np.isfinite(value).all() for value in weights.values())
    assert metadata["step"] == "2"


@pytest.mark.parametrize("wanted", ["pause", "stop"])
def test_spoilt_weights_are_never_written_over_finite_ones(store: Store, wanted: Wanted) -> None:
    run = store.add(RECIPE)
    with store.worker() as worker:
        job = claimed(store, worker)
        with torch.no_grad():
            next(job.experiment.model.parameters()).fill_(math.nan)
        store.want(run, wanted)
        job.turn(store.run(run))
    assert all(np.isfinite(value).all() for value in store.read(run, "model")[0].values())


def test_a_stop_is_final(store: Store) -> None:
    run = store.add(RECIPE, worker="somebody")
    store.want(run, "stop")
    store.want(run, "run")
    store.grant(run)
    assert (store.run(run).wanted, store.run(run).granted) == ("stop", 0)


def test_a_run_that_costs_worker_after_worker_is_given_up_in_words(store: Store) -> None:
    run = store.add(RECIPE)
    for number in range(MOST_LOSSES):
        assert store.claim(f"worker {number}") is not None
        store.adopt_orphans()  # no lock was ever held: the worker counts as dead
    assert store.claim("the next") is None
    assert store.run(run).status == "failed"
    assert "want of memory" in store.run(run).message


# Failures become sentences


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DataError("The digits are at the cleaner's. Try again on Monday."), "at the cleaner's"),
        (MemoryError(), "Not enough memory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ZeroDivisionError("division by zero"), "division by zero"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_goes_wrong_with_one_run_becomes_its_sentence_and_spares_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    cache.forget()
    run = store.add(RECIPE)
    monkeypatch.setattr(Digits, "load", refuse)  # before the worker begins, which is quick
    with working(store):
        failed = waited_for(store, run, "failed")
        monkeypatch.undo()
        cache.forget()
        after = store.add(replace(RECIPE, epochs=1))
        assert waited_for(store, after, "finished", "failed").status == "finished"
    assert words in failed.message
    with pytest.raises(StoreError, match="cannot be looked at yet"):
        open_run(store, run)


def test_carrying_out_a_recipe_whose_data_are_missing_raises_and_leaves_a_failed_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise DataError("The digits are at the cleaner's.")

    cache.forget()
    monkeypatch.setattr(Digits, "load", refuse)
    with pytest.raises(DataError, match="cleaner"):
        carry_out(store, RECIPE)
    (run,) = store.runs()
    assert run.status == "failed"
    assert "cleaner" in run.message


# Workers


def test_paused_runs_do_not_keep_others_waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "CAPACITY", 1)
    paused = store.add(LONG)
    with working(store):
        waited_for(store, paused, "running")
        other = store.add(replace(RECIPE, epochs=1))
        store.want(paused, "pause")
        waited_for(store, paused, "paused")
        assert waited_for(store, other, "finished", seconds=20).status == "finished"
        assert store.run(paused).status == "paused"


def test_a_worker_serves_many_runs_in_turn(store: Store) -> None:
    runs = [store.add(replace(LONG, seed=seed)) for seed in range(4)]
    with working(store):
        for _ in range(3000):
            if min(store.run(run).step for run in runs) > 20:
                break
            time.sleep(0.01)
        steps = [store.run(run).step for run in runs]
    assert min(steps) > 20
    assert {store.run(run).status for run in runs} == {"queued"}, "handed back when the worker ends"
    assert store.workers() == []


def test_an_ended_worker_hands_over_what_the_next_goes_on_with(store: Store) -> None:
    run = store.add(replace(RECIPE, epochs=40), pace=1)  # between two epochs most of the time
    with working(store):
        while store.run(run).epoch < 2:
            time.sleep(0.01)
        time.sleep(0.3)
    reached = store.run(run).epoch
    store.set_pace(run, 0)
    with store.worker() as worker:
        job = claimed(store, worker)
        assert job.epoch == reached >= 2
