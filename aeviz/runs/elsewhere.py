"""A run carried out on another machine: slices of training in, changed files and columns of its row out.

No file system is shared. The run is an ordinary one of a store that lives as long as the task; what changes in its
folder travels as bytes, and a checkpoint among them lets the next machine go on from there.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aeviz.errors import AevizError
from aeviz.recipe import read_recipe
from aeviz.runs.files import write
from aeviz.runs.job import Job
from aeviz.runs.store import Run, Store
from aeviz.runs.threads import one_thread

UNSENT = {"live.safetensors", "recipe.json"}  # what only a watcher beside the worker needs, and what is known
COLUMNS = ("status", "epoch", "step", "steps", "seconds", "message")


@dataclass(frozen=True)
class Slice:
    """What changed. files: path within the run's folder → bytes; gone: paths that are no more; columns: of its row."""

    columns: Mapping[str, object]
    files: Mapping[str, bytes]
    gone: tuple[str, ...] = ()


def slices(recipe: str, seconds: float, files: Mapping[str, bytes], interval: float) -> Iterator[Slice]:
    """Train a recipe to its end, and tell after every `interval` seconds what has changed.

    files: what another machine has told of the run; seconds: how long it had trained. A run that cannot be carried out
    ends as failed, in words.
    """
    with tempfile.TemporaryDirectory() as folder, one_thread():
        store = Store(folder)
        with store.worker() as worker:
            run = store.add(read_recipe(recipe), worker=worker)
            home = store.path(run)
            for name, data in files.items():
                (home / name).parent.mkdir(exist_ok=True)
                write(home / name, data, durable=False)
            store.update(run, seconds=seconds)
            told = dict.fromkeys(files, (0, 0)) | _stamps(home)
            try:
                job = Job(store, store.run(run), checkpoint_interval=interval)
                while not (row := store.run(run)).ended:
                    yield _changed(home, row, told)
                    job.turn(row, seconds=interval)
            except AevizError as error:
                store.update(run, status="failed", message=str(error))
                row = store.run(run)
            yield _changed(home, row, told)


def _stamps(home: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in home.rglob("*"):
        name = path.relative_to(home).as_posix()
        if path.is_file() and name not in UNSENT and not path.name.startswith("."):
            status = path.stat()
            found[name] = status.st_mtime_ns, status.st_size
    return found


def _changed(home: Path, row: Run, told: dict[str, tuple[int, int]]) -> Slice:
    """What is not yet told, which is told from here on."""
    now = _stamps(home)
    files = {name: (home / name).read_bytes() for name, stamp in now.items() if told.get(name) != stamp}
    gone = tuple(name for name in told if name not in now)
    told.clear()
    told.update(now)
    return Slice({name: getattr(row, name) for name in COLUMNS} | {"summary": dict(row.summary)}, files, gone)
