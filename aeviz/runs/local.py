"""Train in this process: for the command line, notebooks and tests."""

import time
from collections.abc import Callable
from pathlib import Path

from aeviz.errors import StoreError
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from aeviz.runs.job import Job
from aeviz.runs.opened import OpenRun, open_run
from aeviz.runs.store import Run, Store
from aeviz.runs.threads import one_thread


def carry_out(store: Store, recipe: Recipe, name: str = "", told: Callable[[Run], None] = lambda run: None) -> Run:
    """Train a recipe to its end and give the finished run; `told` hears of it several times a second.

    Interrupted from the keyboard, the run is stopped and kept.

    Raises:
        RecipeError: the choices do not go together.
        DataError: the data cannot be had.
        StoreError: the store cannot be written.
    """
    with one_thread(), store.worker() as worker:
        run = store.add(recipe, name, worker=worker)
        try:
            job = Job(store, store.run(run))
            while not (row := store.run(run)).ended:
                try:
                    if job.busy(row):
                        job.turn(row)
                    else:
                        time.sleep(0.05)  # paused or held back by a page that shows the same store
                    told(store.run(run))
                except KeyboardInterrupt:
                    store.want(run, "stop")
        except BaseException as error:
            store.update(run, status="failed", message=f"{type(error).__name__}: {error}"[:300])
            raise
    return store.run(run)


def accompany(recipe: Recipe) -> None:
    """Train along with another process that carries the same recipe out (`aeviz.learning.spread`), keeping nothing.

    Raises:
        RecipeError: the choices do not go together.
        DataError: the data cannot be had.
    """
    with one_thread():
        for _ in Experiment.prepare(recipe).events():
            pass


def train(recipe: Recipe, store: str | Path = "store", name: str = "") -> OpenRun:
    """Train a recipe and open the result: its codes, its model, its data. For notebooks.

    Raises:
        AevizError: as `carry_out`; a run that failed says why.
    """
    kept = Store(store)
    run = carry_out(kept, recipe, name)
    if run.status == "failed":
        raise StoreError(run.message)
    return open_run(kept, run.id)
