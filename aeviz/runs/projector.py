"""The projector: a process of its own for UMAP and t-SNE, which take seconds, one at a time.

UMAP must not run twice at once in a process: its threads can abort it.

`python -m aeviz.runs.projector --store DIR` works until its standard input closes.
"""

import argparse
import contextlib
import os
import sys
import threading
from pathlib import Path

from aeviz.errors import AevizError
from aeviz.runs.store import Store


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
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            wanted = store.next_projection()
            if wanted:
                project(store, *wanted)
            else:
                pause.wait(0.5)


if __name__ == "__main__":
    main()
