"""Small recipes, and what a run has left behind, for comparison."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from aeviz.data.pairings import GaussianNoise
from aeviz.learning import Adam
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs.job import Job
from aeviz.runs.moments import moment_file
from aeviz.runs.store import Run, Store
from aeviz.runs.worker import work

SMALL = Mlp(hidden=(8,), code=3, dropout=0.1)
RECIPE = Recipe(
    model=SMALL, pairing=GaussianNoise(), optimizer=Adam(schedule="cosine"), epochs=5, batch_size=400, seed=7
)
STEPS = 4  # updates an epoch: 1437 digits in batches of 400


def film(store: Store, run: str) -> dict[int, dict[str, Any]]:
    """All frames of a run: step → arrays and metadata."""
    frames = {}
    for step in store.frames(run):
        arrays, metadata = store.read(run, f"frames/{step:08d}")
        frames[step] = {"metadata": metadata} | arrays
    return frames


def check_same(store: Store, one: str, other_store: Store, other: str) -> None:
    """The same history, frames, moments and weights, bit for bit."""
    histories = [(each.path(run) / "history.jsonl").read_bytes() for each, run in ((store, one), (other_store, other))]
    assert histories[0] == histories[1]
    assert histories[0]
    first, second = film(store, one), film(other_store, other)
    assert first.keys() == second.keys()
    for step, frame in first.items():
        for name, value in frame.items():
            assert np.array_equal(value, second[step][name]), f"{name} of the frame of step {step}"
    assert store.moments(one) == other_store.moments(other) != []
    for name in ["model", *map(moment_file, store.moments(one))]:
        (weights, told), (others, also) = store.read(one, name), other_store.read(other, name)
        assert told == also
        assert weights.keys() == others.keys()
        assert all(np.array_equal(weights[each], others[each]) for each in weights), name


def finish(store: Store, *jobs: Job) -> None:
    """Pull the jobs in turn until their runs have ended."""
    for _ in range(100_000):
        rows = [store.run(job.id) for job in jobs]
        if all(row.ended for row in rows):
            return
        for job, row in zip(jobs, rows, strict=True):
            if not row.ended:
                job.turn(row)
    raise AssertionError("the runs do not end")


def claimed(store: Store, worker: str) -> Job:
    """The next run of the queue in a worker's hands."""
    run = store.claim(worker)
    assert run is not None
    return Job(store, run)


@contextlib.contextmanager
def working(store: Store) -> Iterator[None]:
    """A worker in a thread of this process."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(store, ended))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)
        assert not thread.is_alive()


def waited_for(store: Store, run: str, *statuses: str, seconds: float = 30) -> Run:
    """The run, once it is in one of these statuses."""
    pause = threading.Event()
    for _ in range(int(seconds * 100)):
        row = store.run(run)
        if row.status in statuses:
            return row
        pause.wait(0.01)
    raise AssertionError(f"still {row.status} after {seconds} seconds: {row.message}")
