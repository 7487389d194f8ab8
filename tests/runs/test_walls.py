"""Walls: runs in lockstep, on the same batches from the same weights, that end whatever their number."""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
import torch

from aeviz.data.pairings import Batch
from aeviz.errors import SettingError
from aeviz.learning.learners import Backpropagation
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs import walls
from aeviz.runs.store import Run, Store
from aeviz.runs.sweeping import sweeps
from aeviz.runs.worker import CAPACITY, furthest
from aeviz.searches import Optuna
from aeviz.sweep import Sweep
from tests.runs.watched import check_same, claimed, finish, waited_for, working

BASE = Recipe(model=Mlp(hidden=(4,), code=2), epochs=6, batch_size=500)


def over(place: str, values: list[Any], base: Recipe = BASE) -> Sweep:
    """A sweep over one place."""
    return Sweep.from_json({"base": base.to_json(), "over": {place: values}})


def ended(store: Store, runs: list[Run]) -> list[Run]:
    """The runs, once all of them have ended."""
    return [waited_for(store, run.id, "finished", "diverged", "stopped", "failed", seconds=120) for run in runs]


def test_a_wall_of_the_same_recipe_twice_is_two_identical_tiles(store: Store) -> None:
    recipe = replace(BASE, model=Mlp(hidden=(4,), code=2, dropout=0.2))
    twins = [store.run(store.add(recipe, wall="twins")) for _ in range(2)]
    with working(store):
        assert [run.status for run in ended(store, twins)] == ["finished"] * 2
    check_same(store, twins[0].id, store, twins[1].id)


def test_all_of_a_wall_are_fed_the_same_batches_and_begin_with_the_same_weights(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed: dict[int, list[torch.Tensor]] = defaultdict(list)
    step = Backpropagation.step

    def seen(self: Backpropagation, batch: Batch, draws: torch.Generator, progress: float) -> Mapping[str, float]:
        fed[id(self)].append(batch.targets.clone())
        return step(self, batch, draws, progress)

    monkeypatch.setattr(Backpropagation, "step", seen)
    sweep = Sweep.from_json(
        {
            "base": replace(BASE, epochs=2).to_json(),
            "over": {"terms": [[], ["SparseL1"], ["Contractive"]], "pairing": ["Clean", "Clean", "GaussianNoise"]},
            "search": {"kind": "Together"},
        }
    )
    with store.worker() as worker:
        runs = walls.begin(store, sweep)
        jobs = [claimed(store, worker) for _ in runs]
        weights = [{name: value.copy() for name, value in job.experiment.weights().items()} for job in jobs]
        finish(store, *jobs)
    assert len(runs) == len(fed) == 3
    first, *others = fed.values()
    assert len(first) == 2 * 3
    for other in others:
        assert len(other) == len(first)
        assert all(torch.equal(one, another) for one, another in zip(first, other, strict=True))
    for other_weights in weights[1:]:
        assert all((other_weights[name] == weights[0][name]).all() for name in weights[0])


def test_what_has_the_same_name_and_shape_begins_alike_in_different_models() -> None:
    small, large = (replace(BASE, model=Mlp(hidden=(8, 6), code=k)).build((1, 8, 8)).state_dict() for k in (2, 5))
    alike = [name for name in small if small[name].shape == large[name].shape and small[name].dim() > 1]
    assert len(alike) == 4, "all but the layers at the code"
    assert all(torch.equal(small[name], large[name]) for name in alike)
    again = replace(BASE, model=Mlp(hidden=(8, 6), code=2), seed=1).build((1, 8, 8)).state_dict()
    assert not any(torch.equal(small[name], again[name]) for name in alike)
    drawn = [small[name].flatten() for name in small if small[name].dim() > 1]
    starts = {tuple((each[:8] / each[:8].abs().max()).tolist()) for each in drawn}
    assert len(starts) == len(drawn), "each parameter has draws of its own"


@pytest.mark.parametrize("workers", [1, 2])
def test_twelve_keep_step_and_end(store: Store, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    assert walls.MOST_TILES > CAPACITY
    epochs: dict[str, int] = {}
    distances: list[int] = []
    append, lock = Store.append, threading.Lock()

    def seen(self: Store, run: str, rows: Sequence[Mapping[str, Any]]) -> None:
        with lock:
            for row in rows:
                epochs[run] = row["epoch"]
                distances.append(row["epoch"] - min([epochs.get(each.id, 0) for each in runs]))
        append(self, run, rows)

    with ExitStack() as stack:
        runs = walls.begin(store, over("seed", list(range(12))))
        monkeypatch.setattr(Store, "append", seen)
        for _ in range(workers):
            stack.enter_context(working(store))
        rows = ended(store, runs)
    assert [run.status for run in rows] == ["finished"] * 12
    assert {run.wall for run in rows} == {over("seed", list(range(12))).id()}
    assert len(distances) == 12 * 7
    # One epoch, one more that is over when it is noticed, and with two workers one that the other has begun.
    assert max(distances) <= 1 + workers


def test_a_member_that_is_paused_stopped_or_diverged_holds_nobody_back(store: Store) -> None:
    sweep = over("optimizer", [{"kind": "SGD", "learning_rate": 10.0}, "Adam", {"kind": "Adam", "learning_rate": 0.01}])
    wild, paused, free = walls.begin(store, replace_epochs(sweep, 40))
    store.want(paused.id, "pause")
    with working(store):
        assert waited_for(store, free.id, "finished", seconds=60).epoch == 40
        assert store.run(wild.id).status in ("diverged", "finished")
        waited_for(store, paused.id, "paused")


def replace_epochs(sweep: Sweep, epochs: int) -> Sweep:
    """The same sweep with longer runs."""
    return replace(sweep, base=replace(sweep.base, epochs=epochs))


def test_how_far_a_run_may_go_before_it_waits(store: Store) -> None:
    short, long, alone = (
        store.run(store.add(replace(BASE, epochs=epochs), wall=wall))
        for epochs, wall in ((10, "one"), (200, "one"), (10, ""))
    )
    limits = furthest([short, long, alone], {"one": 3})
    assert (limits[short.id], limits[long.id], limits[alone.id]) == (4.0, 13.0, float("inf"))
    assert store.slowest() == {"one": 0}
    store.update(short.id, epoch=5, status="running")
    store.update(long.id, epoch=7, status="finished")
    assert store.slowest() == {"one": 5}


def test_what_the_store_holds_already_is_not_trained_again(store: Store) -> None:
    sweep = over("model.code", [1, 2, 3])
    with working(store):
        first = ended(store, walls.begin(store, sweep))
    wider = over("model.code", [1, 2, 3, 4])
    assert [run.id for run in walls.begin(store, wider)][:3] == [run.id for run in first]
    assert len(store.runs()) == 4
    assert set(sweeps(store)) == {sweep.id(), wider.id()}
    assert [run.id for run in walls.runs(store, sweep)] == [run.id for run in first]
    assert len(walls.runs(store, wider)) == 4


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        (over("model.code", [2]), "at least two"),
        (over("model.code", [2, 2]), "at least two"),
        (over("model.code", list(range(1, 14))), "at most 12"),
        (over("model.code", [2, 3], replace(BASE, batch_size=8192)), "With model.code = 2"),
        (replace(over("model.code", [2, 3]), search=Optuna()), "takes Grid"),
    ],
)
def test_what_makes_no_wall_is_said_and_nothing_is_queued(store: Store, sweep: Sweep, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        walls.begin(store, sweep)
    assert store.runs() == [] and sweeps(store) == {}
