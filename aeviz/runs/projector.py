"""The projector: a process of its own for UMAP and t-SNE, which take seconds, one at a time.

UMAP must not run twice at once in a process: its threads can abort it.

`python -m aeviz.runs.projector --store DIR` works until its standard input closes.
"""

import argparse
import contextlib
import math
import os
import sys
import threading
import time
from pathlib import Path

from aeviz.errors import AevizError
from aeviz.runs.store import Store

WARM_AFTER = 10.0  # seconds from the start, when the server has better things to do


def name_of(step: int, kind: str = "umap") -> str:
    """The file of a run, without its ending, that holds the picture of this kind of its weights at `step`."""
    return f"{kind}-{step:08d}"


def project(store: Store, run_id: str, step: int, kind: str = "umap") -> None:
    """Compute one projection and write it beside the run, or say why not."""
    from aeviz.runs.opened import open_run
    from aeviz.views import projections

    words, compute = {"umap": ("UMAP", projections.umap), "tsne": ("t-SNE", projections.tsne)}[kind]
    try:
        opened = open_run(store, run_id, step if step in store.moments(run_id) else None)
        points = compute(opened.codes, seed=opened.run.recipe.seed)
        store.write(run_id, name_of(step, kind), {"points": points}, {"step": str(opened.step)})
        store.answer_projection(run_id, step, kind, "finished")
    except AevizError as error:
        store.answer_projection(run_id, step, kind, "failed", str(error))
    except Exception as error:  # both have failures of their own; the page shows PCA instead
        store.answer_projection(run_id, step, kind, "failed", f"{words} failed ({error}). PCA is shown.")


def warm() -> None:
    """Let UMAP be imported and compiled, so that the first who asks for a picture waits only for the picture."""
    import numpy as np

    from aeviz.views import projections

    with contextlib.suppress(Exception):  # who asks for a picture is told why there is none
        projections.umap(np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), seed=0)


def main() -> None:
    """Answer requests for projections until standard input closes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--store", type=Path, required=True)
    store = Store(arguments.parse_args().store)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)
    # Compiled code must not outlive the server: a thread waits for the end and takes the process with it.

    def wait_for_the_end() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    pause = threading.Event()
    due = time.monotonic() + WARM_AFTER
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            wanted = store.next_projection()
            if wanted:
                project(store, *wanted)
            elif time.monotonic() >= due and not store.workers():  # half a minute of a core, which nobody waits for
                due = math.inf
                warm()
            else:
                pause.wait(0.5)


if __name__ == "__main__":
    main()
