"""A worker: a process that takes queued runs from the store and trains them, fairly, a slice of each in turn.

`python -m aeviz.runs.worker --store DIR` works until its standard input closes, so it ends with whoever started it.
"""

import argparse
import contextlib
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch

from aeviz.data import Digits
from aeviz.data.cache import loaded
from aeviz.data.pairings import Batch
from aeviz.errors import AevizError
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Mlp
from aeviz.runs.job import ALONE, SLICE, Job
from aeviz.runs.store import Run, Store
from aeviz.seeds import generator

CAPACITY = 8  # runs that one worker trains at once; the others wait in the queue
ASK_INTERVAL = 0.25  # seconds between two questions for more while something trains
AHEAD = 0.05  # of its epochs that a run may be ahead of the slowest of its wall, and one epoch in any case
MOST_HELD = 64  # with those that are paused: they take memory, but no time


class Loading:
    """The data of a claimed run on their way: in a thread, so that a download does not hold up the other runs."""

    def __init__(self, store: Store, run: Run) -> None:
        self.store = store
        self.run = run
        self.error: Exception | None = None
        self.told = 0.0
        self.thread = threading.Thread(target=self._load, daemon=True)
        self.thread.start()

    def begin(self, jobs: dict[str, Job]) -> None:
        """Make the job, now that its data are there; raises what loading them raised."""
        if self.error:
            raise self.error
        jobs[self.run.id] = Job(self.store, self.run)

    def _load(self) -> None:
        try:
            loaded(self.run.recipe.data, self._tell)
        except Exception as error:  # handed to the worker's thread, which has words for it
            self.error = error

    def _tell(self, fraction: float, words: str) -> None:
        if time.monotonic() - self.told > 0.3:
            self.told = time.monotonic()
            self.store.update(self.run.id, message=f"{words} ({fraction:.0%})")


def work(store: Store, ended: threading.Event) -> None:
    """Train whatever the store holds until `ended` is set, then hand everything back."""
    jobs: dict[str, Job] = {}
    loading: list[Loading] = []
    training = 0
    looked = claimed_at = -10.0
    with store.worker() as name:
        while not ended.is_set():
            if time.monotonic() - looked > 2:
                store.adopt_orphans()
                looked = time.monotonic()
            room = training + len(loading) < CAPACITY and len(jobs) + len(loading) < MOST_HELD
            # Asking costs a transaction; a worker that has something to do asks less often.
            if room and time.monotonic() - claimed_at > (ASK_INTERVAL if training else 0):
                claimed_at = time.monotonic()
                if claimed := store.claim(name):
                    loading.append(Loading(store, claimed))
            for ready in [each for each in loading if not each.thread.is_alive()]:
                loading.remove(ready)
                _guarded(store, ready.run, partial(ready.begin, jobs))
            held = store.held(name)
            jobs = {run.id: jobs[run.id] for run in held if run.id in jobs}
            limits = furthest(held, store.slowest() if len(jobs) + len(loading) < MOST_HELD else {})
            training = sum(
                run.id in jobs and run.status != "paused" and jobs[run.id].epoch <= limits[run.id] for run in held
            )
            active = [run for run in held if run.id in jobs and jobs[run.id].busy(run, limits[run.id])]
            for run in active:
                seconds = SLICE if len(active) > 1 else ALONE
                _guarded(store, run, partial(jobs[run.id].turn, run, limits[run.id], seconds))
            if not active:
                ended.wait(0.01 if loading else 0.05)
        for job in jobs.values():
            with contextlib.suppress(AevizError, OSError):
                job.hand_over()


def furthest(runs: Sequence[Run], slowest: Mapping[str, int]) -> dict[str, float]:
    """Run → the last epoch after which it may go on without waiting for the slowest of its wall.

    Members of a wall are at most about one epoch apart, or 5 % of their epochs, so that a page can show the same
    epoch of all. slowest: wall → epoch. A member that waits does not count as training, so that a wall larger than
    what a worker trains at once ends all the same.
    """
    return {
        run.id: slowest[run.wall] + max(1.0, AHEAD * run.recipe.length()) if run.wall in slowest else math.inf
        for run in runs
    }


def warm() -> None:
    """Do once what is slow the first time, so that the first run begins at once: the default data, a first step."""
    data = loaded(Digits())
    x = torch.from_numpy(data.train.x[:8].copy())
    draws = generator(0, "warm")
    learner = Backpropagation(Mlp(hidden=(4,)).build(data.shape, draws), (), Adam())
    learner.step(Batch(x, x), draws, 0.0)


def _guarded(store: Store, run: Run, action: Callable[[], None]) -> None:
    """Carry out `action` for a run; what it raises becomes the run's end, in words, and not the worker's."""
    try:
        action()
    except AevizError as error:
        store.update(run.id, status="failed", message=str(error))
    except (MemoryError, torch.OutOfMemoryError):
        store.update(run.id, status="failed", message="Not enough memory. Use smaller layers, images or batches.")
    except OSError as error:
        store.update(run.id, status="failed", message=f"The store could not be written ({error.strerror or error}).")
    except Exception as error:  # one run's fault must not take the others along
        print(f"run {run.id}: {error!r}", file=sys.stderr)
        store.update(
            run.id,
            status="failed",
            message=f"Training failed at step {run.step} ({type(error).__name__}: {error})."[:300],
        )


def main() -> None:
    """Work for a store until standard input closes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--store", type=Path, required=True)
    folder = arguments.parse_args().store
    torch.set_num_threads(1)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # the page in front of the user comes first
    ended = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        warm()
        work(Store(folder), ended)


if __name__ == "__main__":
    main()
