"""A finished run shown once more as if it were training: what a server and a browser do beside a run, without the run.

The other side of a comparison then has them beside it too. A thread of the benchmark hands the stored frames on as
live ones, at the rate that was seen, and tells the history anew at the speed at which it was made.
"""

import contextlib
import itertools
import shutil
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aeviz.runs.files import write
from aeviz.runs.store import Store
from benchmarks.application import Application
from benchmarks.browsing import WATCHING
from benchmarks.table import Unavailable

if TYPE_CHECKING:
    from playwright.sync_api import Page


@contextlib.contextmanager
def replayed(app: Application, page: "Page", run: str, rate: float) -> Iterator[None]:
    """The page watches the replay of a finished run, `rate` live frames a second, for as long as the context lasts.

    Raises:
        Unavailable: the run has stored nothing that could be shown.
    """
    store = Store(app.store)
    original = store.run(run)
    frames = [store.frame_path(run, step).read_bytes() for step in store.frames(run)]
    rows, _ = store.history(run)
    if not frames or not rows or rate <= 0:
        raise Unavailable("The run left no frames that could be shown again.")
    over = threading.Event()
    with store.worker() as name:
        again = store.add(original.recipe, worker=name)
        shutil.copy(store.path(run) / "scene.safetensors", store.path(again))

        def show() -> None:
            began, told = time.monotonic(), 0
            for frame in itertools.cycle(frames):
                write(store.path(again) / "live.safetensors", frame, durable=False)
                due = len(rows) * (time.monotonic() - began) / max(original.seconds, 1e-3)
                for row in rows[told : int(due)]:
                    store.append(again, [row])
                told = max(told, min(int(due), len(rows)))
                latest = rows[max(0, told - 1)]
                store.update(again, epoch=latest["epoch"], step=latest["step"], steps=original.steps)
                if over.wait(1 / rate):
                    return

        thread = threading.Thread(target=show)
        thread.start()
        try:
            page.goto(f"{app.address}/?run={again}")
            page.locator(WATCHING).wait_for()
            yield
        finally:
            over.set()
            thread.join()
            store.update(again, status="stopped")
