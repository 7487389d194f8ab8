"""A sweep carried out: its runs queued, trained by an engine, judged, and told of; what is there is not trained again.

Which runs belong to a sweep follows from their recipes, so the store keeps of a sweep only its text and the points
that were proposed: `sweeps/<id>.json`. A sweep that was interrupted goes on with the same command.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aeviz.errors import SettingError, StoreError
from aeviz.runs.files import write
from aeviz.runs.store import Run, Store
from aeviz.searches import Point
from aeviz.sweep import Sweep

LOOK_INTERVAL = 0.3  # seconds between two looks at the runs


class Engine(Protocol):
    """What trains the queued runs of a store."""

    @property
    def workers(self) -> int:
        """How many at once."""
        ...

    def working(self, store: Store) -> AbstractContextManager[Callable[[], None]]:
        """Train what is queued for as long as the context lasts; what it gives is called at every look."""
        ...


@dataclass
class Trial:
    """One point and its runs, one a seed. problem: why it has none."""

    point: Point
    runs: list[Run] = field(default_factory=list)
    problem: str = ""

    @property
    def over(self) -> bool:
        """Whether every run of it has ended."""
        return all(run.ended for run in self.runs)

    def losses(self, measure: str) -> list[float]:
        """The test losses of the runs that finished."""
        told = [run.summary.get("test", {}).get(measure) for run in self.runs if run.status == "finished"]
        return [float(each) for each in told if each is not None]

    def score(self, measure: str) -> float | None:
        """The mean over the seeds; None unless every run finished."""
        found = self.losses(measure)
        return statistics.fmean(found) if found and len(found) == len(self.runs) else None


@dataclass
class Progress:
    """How far a sweep is. left: seconds that it may still take, None while nobody knows."""

    done: int
    total: int
    running: int
    left: float | None


@dataclass(frozen=True)
class Swept:
    """A sweep and what became of it."""

    sweep: Sweep
    trials: Sequence[Trial]
    interrupted: bool = False

    def rows(self) -> list[dict[str, Any]]:
        """One row a run: its point, seed, id, how it ended and its test losses."""
        return [
            {
                "point": trial.point,
                "seed": run.recipe.seed,
                "run": run.id,
                "status": run.status,
                "message": run.message,
                "test": dict(run.summary.get("test") or {}),
                "seconds": round(run.seconds, 3),
            }
            for trial in self.trials
            for run in trial.runs
        ]


def path_of(store: Store, sweep_id: str) -> Path:
    """Where the text of a sweep lies."""
    return store.folder / "sweeps" / f"{sweep_id}.json"


def sweeps(store: Store) -> dict[str, Sweep]:
    """The sweeps of a store by id, the newest first; those that this version cannot read are left out."""
    found: dict[str, Sweep] = {}
    folder = store.folder / "sweeps"
    files = (
        sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True) if folder.is_dir() else []
    )
    for path in files:
        try:
            found[path.stem] = Sweep.from_json(json.loads(path.read_text(encoding="utf-8"))["sweep"])
        except (OSError, ValueError, KeyError, SettingError):
            continue
    return found


def swept(store: Store, sweep: Sweep) -> Swept:
    """What the store holds of a sweep now."""
    return Swept(sweep, [_trial(store, sweep, point) for point in _points(store, sweep)])


def carry_out(
    store: Store, sweep: Sweep, engine: Engine, told: Callable[[Progress], None] = lambda told: None
) -> Swept:
    """Train what is missing of a sweep, and give all of it; `told` hears of it several times a second.

    Interrupted from the keyboard, what has not begun stays in the queue, and what has begun goes on from its last
    checkpoint when the sweep is carried out again.

    Raises:
        SettingError: a point cannot be carried out. Nothing has been started then.
        StoreError: the store cannot be written, or the engine cannot work.
    """
    sweep.check()
    trials = [_trial(store, sweep, point) for point in _points(store, sweep)]
    judged = sweep.search.measured()
    proposer = sweep.search.proposer(sweep.over, [(each.point, each.score(judged)) for each in trials if each.over])
    if not sweep.search.learns:
        trials = []  # all points are known, and are asked for below
    total = sweep.search.count(sweep.over) * sweep.seeds
    waiting = [each for each in trials if not each.over]
    began, before = time.monotonic(), sum(run.ended for each in trials for run in each.runs)
    interrupted = False
    try:
        with engine.working(store) as keep:
            more = True
            while more or waiting:
                # As many as are at work learn from each other at once; more than that would be asked too early.
                ahead = engine.workers if sweep.search.learns else total
                while more and sum(not run.ended for each in waiting for run in each.runs) < max(ahead, 1):
                    point = proposer.ask()
                    if point is None:
                        more = False
                        break
                    trials.append(_trial(store, sweep, point))
                    remember(store, sweep, [each.point for each in trials])
                    waiting.append(trials[-1])
                    _begin(store, sweep, trials[-1])
                _look(store, waiting)
                for each in [each for each in waiting if each.over]:
                    waiting.remove(each)
                    proposer.tell(each.point, each.score(judged))
                keep()
                told(_progress(trials, total, time.monotonic() - began, before))
                if waiting:
                    time.sleep(LOOK_INTERVAL)
    except KeyboardInterrupt:
        interrupted = True
        _look(store, waiting)
    return Swept(sweep, trials, interrupted)


def _points(store: Store, sweep: Sweep) -> list[Point]:
    """The points so far: all that are known, or those that were proposed in an earlier try."""
    if not sweep.search.learns:
        return sweep.search.known(sweep.over)
    try:
        kept = json.loads(path_of(store, sweep.id()).read_text(encoding="utf-8"))
        return [dict(point) for point in kept["points"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def remember(store: Store, sweep: Sweep, points: Sequence[Point] = ()) -> None:
    """Keep the text of a sweep, with the points that were proposed where they are not known before.

    Raises:
        StoreError: the store cannot be written.
    """
    path = path_of(store, sweep.id())
    kept = {"sweep": sweep.to_json(), "points": list(points) if sweep.search.learns else []}
    if not path.exists() or sweep.search.learns:
        try:
            path.parent.mkdir(exist_ok=True)
            write(path, json.dumps(kept, indent=1).encode(), durable=True)
        except OSError as error:
            raise StoreError(f"The store {store.folder} cannot be written ({error.strerror or error}).") from None


def _trial(store: Store, sweep: Sweep, point: Point) -> Trial:
    """The point with the runs of it that the store holds already."""
    try:
        recipes = sweep.recipes(point)
    except SettingError as error:
        return Trial(point, problem=str(error))
    found = [store.with_recipe(recipe) for recipe in recipes]
    return Trial(point, [run for run in found if run is not None])


def _begin(store: Store, sweep: Sweep, trial: Trial) -> None:
    """Queue the runs of a point that are not there yet, or were lost."""
    if trial.problem:
        return
    there = {run.recipe.seed: run for run in trial.runs}
    trial.runs = [
        there.get(recipe.seed) or store.run(store.add(recipe, sweep.name and f"{sweep.name} · {recipe.name()}"))
        for recipe in sweep.recipes(trial.point)
    ]


def _look(store: Store, trials: Sequence[Trial]) -> None:
    for trial in trials:
        trial.runs = [run if run.ended else store.run(run.id) for run in trial.runs]


def _progress(trials: Sequence[Trial], total: int, seconds: float, before: int) -> Progress:
    runs = [run for each in trials for run in each.runs]
    done = sum(run.ended for run in runs)
    parts = sum(run.epoch / run.recipe.length() for run in runs if not run.ended)
    made = done - before + parts
    left = (total - done - parts) * seconds / made if made > 0.2 else None
    return Progress(done, total, sum(run.status == "running" for run in runs), left)


def told_runs(runs: Sequence[Run]) -> Iterator[str]:
    """Runs that did not finish, each in a sentence."""
    for run in runs:
        if run.status not in ("finished", "queued", "running", "paused"):
            yield f"{run.id} {run.status}: {run.message or 'no reason given'}"
