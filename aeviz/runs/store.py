"""The store: the only channel between pages and workers. One SQLite file for the list and the queue, one folder a run.

    store/aeviz.db                     a row for every run: recipe, status, what is wanted of it, who works on it
    store/runs/<id>/history.jsonl      a line an epoch
    store/runs/<id>/*.safetensors      scene, frames, live frame, model, weights on the way, checkpoint

Any process may open the same store; every write is one transaction or one rename.
"""

import contextlib
import functools
import json
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock, Timeout

from aeviz.errors import AevizError, StoreError
from aeviz.recipe import Recipe, read_recipe
from aeviz.runs.database import SCHEMA, connected, create, version
from aeviz.runs.files import Arrays, packed, unpacked, write

Status = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed"]
Wanted = Literal["run", "pause", "stop"]

ENDED: tuple[Status, ...] = ("finished", "stopped", "diverged", "failed")
MOST_LOSSES = 3  # workers that a run may cost before it is given up
ID = re.compile(r"[0-9a-f]{12}-[0-9a-f]{6}")
LONGEST_NAME = 80


@dataclass(frozen=True)
class Run:
    """One row of the store: what was asked, where it stands.

    created: seconds since 1970. epoch, step: how far it is; steps: updates an epoch. granted: single steps asked for
    and not yet made. pace: epochs a second at most, 0 for full speed. seconds: spent training. summary: the final
    losses, {"train": …, "test": …}. losses: workers that died over it since its last checkpoint. wall: the group that
    it is trained with in lockstep, empty where it goes its own pace.
    """

    id: str
    name: str
    recipe: Recipe
    created: float
    status: Status
    wanted: Wanted
    granted: int
    pace: float
    worker: str | None
    watched: float
    epoch: int
    step: int
    steps: int
    seconds: float
    losses: int
    message: str
    summary: Mapping[str, Any]
    wall: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ENDED


class Store:
    """A folder of runs. Cheap to make and without state, so threads and processes share it freely.

    Raises:
        StoreError: the folder cannot be written, or was made by a newer version.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            (self.folder / "runs").mkdir(parents=True, exist_ok=True)
            found = version(self.folder / "aeviz.db")
            if found < SCHEMA:
                create(self.folder / "aeviz.db")
        except (OSError, sqlite3.Error) as error:  # filelock's time-out is an OSError, too
            raise self._unusable(error) from None
        if found > SCHEMA:
            raise StoreError(
                f"The store {self.folder} was made by a newer aeviz (format {found}, this one knows {SCHEMA}). "
                "Update aeviz, or choose another folder."
            )

    # Asking

    def add(self, recipe: Recipe, name: str = "", pace: float = 0, worker: str | None = None, wall: str = "") -> str:
        """Queue a run of a recipe that fits together, or hand it to a worker at once; its id.

        wall: the group of runs that it is to keep step with.

        Raises:
            RecipeError: the recipe's choices do not go together.
            StoreError: the store cannot be written.
        """
        recipe.check()
        run = f"{recipe.id()}-{secrets.token_hex(3)}"
        text = json.dumps(recipe.to_json())
        try:
            self.path(run).mkdir()
            (self.path(run) / "frames").mkdir()
            write(self.path(run) / "recipe.json", text.encode(), durable=True)
        except OSError as error:
            raise self._unusable(error) from None
        with self._database() as database:
            database.execute(
                "INSERT INTO runs (id, name, recipe, created, pace, worker, status, wall) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(run, plain(name) or recipe.name(), text, time.time(), pace, worker),
                    *("running" if worker else "queued", wall),
                ),
            )
        return run

    def want(self, run: str, wanted: Wanted) -> None:
        """Ask the run's worker to go on, to pause or to stop. A run that has ended stays as it is."""
        with self._database() as database:
            # A stop is final: a click on another button that comes a moment later does not undo it.
            database.execute("UPDATE runs SET wanted = ?, granted = 0 WHERE id = ? AND wanted != 'stop'", (wanted, run))
            if wanted == "stop":
                database.execute(
                    "UPDATE runs SET status = 'stopped', message = 'Stopped before it began.' "
                    "WHERE id = ? AND status = 'queued' AND step = 0",
                    (run,),
                )

    def grant(self, run: str, steps: int = 1) -> None:
        """Ask for single updates of a paused run."""
        with self._database() as database:
            database.execute(
                "UPDATE runs SET granted = granted + ?, wanted = 'pause' WHERE id = ? AND wanted != 'stop'",
                (steps, run),
            )

    def set_pace(self, run: str, pace: float) -> None:
        """Hold the run to so many epochs a second; 0 lets it go as fast as it can."""
        with self._database() as database:
            database.execute("UPDATE runs SET pace = ? WHERE id = ?", (pace, run))

    def rename(self, run: str, name: str) -> None:
        """Give the run another name: plain text, at most 80 characters."""
        with self._database() as database:
            database.execute("UPDATE runs SET name = ? WHERE id = ?", (plain(name) or self.run(run).recipe.name(), run))

    def watch(self, run: str) -> None:
        """Say that somebody is looking, so that the worker makes live frames for the next seconds."""
        with self._database() as database:
            database.execute("UPDATE runs SET watched = ? WHERE id = ?", (time.time(), run))

    # Looking

    def runs(self, statuses: Sequence[Status] = get_args(Status)) -> list[Run]:
        """All runs in these statuses, the newest first; those whose recipe this version cannot read are left out."""
        marks = ", ".join("?" * len(statuses))
        with self._database() as database:
            rows = database.execute(f"SELECT * FROM runs WHERE status IN ({marks}) ORDER BY created DESC", statuses)
            return _readable(rows)

    def counts(self) -> dict[str, int]:
        """How many runs are in each status."""
        with self._database() as database:
            return dict(database.execute("SELECT status, COUNT(*) FROM runs GROUP BY status").fetchall())

    def run(self, run: str) -> Run:
        """One run.

        Raises:
            StoreError: there is no such run here.
        """
        if ID.fullmatch(run):
            with self._database() as database:
                row = database.execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchone()
            if row:
                return _run(row)
        raise StoreError(f"There is no run {plain(run)[:24]!r} in this store. Choose another, or train one.")

    def with_recipe(self, recipe: Recipe) -> Run | None:
        """The run of this very recipe that is furthest: finished or diverged, else on its way; None when there is none.

        Stopped and failed ones do not count: what they would have become is not known.
        """
        with self._database() as database:
            rows = database.execute(
                "SELECT * FROM runs WHERE id LIKE ? AND status NOT IN ('stopped', 'failed') "
                "ORDER BY status IN ('finished', 'diverged') DESC, epoch DESC, created DESC",
                (f"{recipe.id()}-%",),
            )
            return next(iter(_readable(rows)), None)

    def waiting_before(self, run: Run) -> int:
        """How many queued runs will be taken before this one."""
        with self._database() as database:
            row = database.execute(
                "SELECT COUNT(*) FROM runs WHERE status = 'queued' AND created < ?", (run.created,)
            ).fetchone()
        return int(row[0])

    def history(self, run: str, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The rows written since byte `offset` of the history, and the offset to ask with next time."""
        path = self.path(run) / "history.jsonl"
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            file.seek(offset)
            whole, newline, _ = file.read().rpartition(b"\n")
            if newline:
                return [json.loads(line) for line in whole.splitlines()], offset + len(whole) + 1
        return [], offset

    def frames(self, run: str) -> list[int]:
        """The steps of all stored frames, ascending."""
        return _steps(self.path(run) / "frames")

    def moments(self, run: str) -> list[int]:
        """The steps whose weights were kept on the way, ascending; none of a run of an earlier version."""
        return _steps(self.path(run) / "weights")

    def path(self, run: str) -> Path:
        """The run's folder.

        Raises:
            StoreError: the id is not of its form (and so can name no folder).
        """
        if not ID.fullmatch(run):
            raise StoreError(f"{plain(run)[:24]!r} is not the id of a run.")
        return self.folder / "runs" / run

    def frame_path(self, run: str, step: int) -> Path:
        """Where the frame of a step lies."""
        return self.path(run) / "frames" / f"{step:08d}.safetensors"

    def read(self, run: str, name: str) -> tuple[dict[str, Any], dict[str, str]]:
        """Arrays and metadata of one of the run's safetensors files, named without its ending."""
        return unpacked(self.path(run) / f"{name}.safetensors")

    # Working

    def claim(self, worker: str) -> Run | None:
        """Take the oldest queued run for a worker; None when nothing is queued.

        A run that cannot be taken, for its recipe cannot be read or it has cost too many workers, is failed instead.
        """
        with self._database() as database:
            row = database.execute(
                "UPDATE runs SET worker = ?, status = 'running' WHERE id = (SELECT id FROM runs "
                "WHERE status = 'queued' ORDER BY created LIMIT 1) AND status = 'queued' RETURNING *",
                (worker,),
            ).fetchone()
        if row is None:
            return None
        try:
            if row["losses"] >= MOST_LOSSES:
                raise StoreError(
                    f"{MOST_LOSSES} workers died over this run, most likely for want of memory. Use smaller layers, "
                    "codes, images or batches."
                )
            return _run(row)
        except AevizError as error:
            self.update(row["id"], status="failed", message=str(error))
            return None

    def held(self, worker: str) -> list[Run]:
        """The runs that a worker has taken and not ended."""
        with self._database() as database:
            rows = database.execute(
                "SELECT * FROM runs WHERE worker = ? AND status IN ('running', 'paused')", (worker,)
            )
            return _readable(rows)

    def slowest(self) -> dict[str, int]:
        """Wall → the epoch of its member that is furthest behind, of those that train or wait for a worker."""
        with self._database() as database:
            rows = database.execute(
                "SELECT wall, MIN(epoch) FROM runs WHERE wall != '' AND status IN ('queued', 'running') "
                "AND wanted = 'run' GROUP BY wall"
            )
            return {str(wall): int(epoch) for wall, epoch in rows}

    def release(self, worker: str, *, died: bool = False) -> None:
        """Put what a worker held back into the queue; another will go on from the last checkpoint."""
        with self._database() as database:
            database.execute(
                "UPDATE runs SET status = 'queued', worker = NULL, losses = losses + ? "
                "WHERE worker = ? AND status IN ('running', 'paused')",
                (int(died), worker),
            )

    def workers(self) -> list[str]:
        """The workers that hold a run, alive or not."""
        with self._database() as database:
            rows = database.execute(
                "SELECT DISTINCT worker FROM runs WHERE worker IS NOT NULL AND status IN ('running', 'paused')"
            )
            return [row["worker"] for row in rows]

    def update(self, run: str, **columns: Any) -> None:
        """Set columns of a run's row; for workers."""
        assignments = ", ".join(f"{name} = ?" for name in columns)
        with self._database() as database:
            database.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*columns.values(), run))

    def consume(self, run: str) -> None:
        """One granted step has been made."""
        with self._database() as database:
            database.execute("UPDATE runs SET granted = MAX(0, granted - 1) WHERE id = ?", (run,))

    def append(self, run: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Add lines to the history."""
        if rows:
            with open(self.path(run) / "history.jsonl", "a", encoding="utf-8") as file:
                file.write("".join(json.dumps(row) + "\n" for row in rows))

    def write(
        self, run: str, name: str, arrays: Arrays, metadata: Mapping[str, object], *, durable: bool = False
    ) -> None:
        """Write one of the run's safetensors files in one move."""
        write(self.path(run) / f"{name}.safetensors", packed(arrays, metadata), durable=durable)

    def rewind(self, run: str, epoch: int, step: int, stage: int = 0) -> None:
        """Forget what was recorded after `epoch` of `stage`: a resumed run will tell it again, the same."""
        rows, _ = self.history(run)
        kept = [row for row in rows if (row.get("stage", 0), row["epoch"]) <= (stage, epoch)]
        text = "".join(json.dumps(row) + "\n" for row in kept)
        write(self.path(run) / "history.jsonl", text.encode(), durable=False)
        for folder in ("frames", "weights"):
            for late in _steps(self.path(run) / folder):
                if late > step:
                    (self.path(run) / folder / f"{late:08d}.safetensors").unlink(missing_ok=True)

    @contextlib.contextmanager
    def worker(self) -> Iterator[str]:
        """A name under which this process may hold runs, for as long as the context lasts.

        A lock file says that the worker lives. It falls with the process, however that ends, and others then take
        over what it held.
        """
        name = secrets.token_hex(4)
        path = self.folder / "workers" / f"{name}.lock"
        path.parent.mkdir(exist_ok=True)
        with FileLock(path):
            try:
                yield name
            finally:
                self.release(name)
        path.unlink(missing_ok=True)

    def adopt_orphans(self) -> None:
        """Queue again what dead workers held."""
        for name in self.workers():
            path = self.folder / "workers" / f"{name}.lock"
            with contextlib.suppress(Timeout), FileLock(path, timeout=0):
                self.release(name, died=True)
                path.unlink(missing_ok=True)

    # Projections that are computed apart from everything else

    def request_projection(self, run: str, step: int, kind: str = "umap") -> tuple[str, str]:
        """Ask for a picture of this kind of the codes of the run's model at a step; its status and a message."""
        asked = (run, step, kind)
        with self._database() as database:
            database.execute("INSERT OR IGNORE INTO projections (run, step, kind) VALUES (?, ?, ?)", asked)
            row = database.execute(
                "SELECT * FROM projections WHERE run = ? AND step = ? AND kind = ?", asked
            ).fetchone()
        return row["status"], row["message"]

    def next_projection(self) -> tuple[str, int, str] | None:
        """Run, step and kind of the newest projection that is asked for and not made; None when there is none."""
        with self._database() as database:
            row = database.execute("SELECT * FROM projections WHERE status = 'queued' ORDER BY rowid DESC").fetchone()
        return (row["run"], row["step"], row["kind"]) if row else None

    def answer_projection(self, run: str, step: int, kind: str, status: str, message: str = "") -> None:
        """Say how a projection ended: "finished" or "failed"."""
        with self._database() as database:
            database.execute(
                "UPDATE projections SET status = ?, message = ? WHERE run = ? AND step = ? AND kind = ?",
                (status, message, run, step, kind),
            )

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        try:
            with connected(self.folder / "aeviz.db") as database:
                yield database
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> StoreError:
        return StoreError(f"The store {self.folder} cannot be used ({error}). Choose a folder that you can write to.")


def plain(text: str) -> str:
    """A user's words as one line of at most 80 visible characters; control and direction marks are dropped."""
    words = ("".join(filter(str.isprintable, word)) for word in text.split())
    return " ".join(word for word in words if word)[:LONGEST_NAME].rstrip()


def _steps(folder: Path) -> list[int]:
    """The steps by which the files of a folder are named."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(int(name[:8]) for name in os.listdir(folder) if name[:1].isdigit())
    return []


_recipe = functools.lru_cache(maxsize=4096)(read_recipe)  # lists are read often, recipes never change


def _run(row: sqlite3.Row) -> Run:
    columns = dict(row)
    return Run(**columns | {"recipe": _recipe(columns["recipe"]), "summary": json.loads(columns["summary"])})


def _readable(rows: Iterable[sqlite3.Row]) -> list[Run]:
    found = []
    for row in rows:
        with contextlib.suppress(AevizError):  # made by another version, whose kinds and ranges were others
            found.append(_run(row))
    return found
