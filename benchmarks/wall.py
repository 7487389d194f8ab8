"""A wall in lockstep beside plain PyTorch one run after the other; a sweep by workers beside a Ray cluster."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs import walls
from aeviz.runs.engines import Local
from aeviz.runs.store import Store
from aeviz.runs.sweeping import Engine, carry_out
from aeviz.sweep import Sweep
from benchmarks.children import marks_of, say, told
from benchmarks.table import Row, Settings, Unavailable

WORKERS = 2
TILES, RUNS = 6, 24
GOAL, IDEAL = 1.6, 0.9
LOOK = 0.05  # seconds


def wall(settings: Settings) -> Iterator[Row]:
    """Six models of Digits in lockstep by two workers, against the same six in plain PyTorch one after the other."""
    rounds = settings.pick(3, 1)
    sweep = Sweep.from_json({"base": _base(settings.pick(300, 20)).to_json(), "over": {"seed": list(range(TILES))}})
    recipes = walls.recipes(sweep)
    ours, theirs, halves = [], [], []
    for turn in range(1, rounds + 1):
        say(f"wall: round {turn} of {rounds} …")
        ours.append(_in_lockstep(sweep))
        theirs.append(sum(_alone(recipe) for recipe in recipes))
        halves.append(_at_once(recipes))
    ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
    detail = (
        f"{median(ours):.1f} s from the click until the last one was over, data, weights, frames and moments included; "
        f"there {median(theirs):.1f} s of steps and tests alone, {median(halves):.1f} s by two processes at once; "
        "rounds " + ", ".join(f"{each:.2f}" for each in ratios)
    )
    name = f"a wall of {TILES}, Mlp on Digits, {WORKERS} workers"
    yield Row(name, "plain PyTorch, one after the other", median(ratios), "×", GOAL, detail=detail)
    yield Row("the same, of what two cores could do", "twice the plain loop", median(ratios) / WORKERS, "×", IDEAL)
    shares = [half / own for own, half in zip(ours, halves, strict=True)]
    name = "the same, of what these two cores can do"
    yield Row(name, "the plain loop in two processes at once", median(shares), "×", IDEAL)


def sweep(settings: Settings) -> Iterator[Row]:
    """A sweep of 24 runs by two worker processes, against a Ray cluster of two nodes of one core on this machine."""
    runs = settings.pick(RUNS, 4)
    wanted = Sweep.from_json({"base": _base(settings.pick(60, 5)).to_json(), "over": {"seed": list(range(runs))}})
    say("sweep: two workers …")
    local = _swept(wanted, Local(WORKERS))
    say("sweep: two nodes …")
    with _two_nodes() as engine:
        far = _swept(wanted, engine)
    detail = f"{local:.1f} s by workers, {far:.1f} s on the cluster, which was there; the workers were started in it"
    yield Row(f"a sweep of {runs} runs, Mlp on Digits", "Ray, two nodes on this machine", far / local, detail=detail)


def _base(epochs: int) -> Recipe:
    return Recipe(model=Mlp(hidden=(256, 64), code=2), epochs=epochs)


def _in_lockstep(wanted: Sweep) -> float:
    """Seconds from the wall's beginning to its end. The workers are up before, as those of the app are."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        with Local(WORKERS).working(store) as keep:
            warm = [store.add(_base(1)) for _ in range(WORKERS)]
            _wait(store, warm, keep)
            began = time.monotonic()
            runs = [run.id for run in walls.begin(store, wanted)]
            _wait(store, runs, keep)
            return time.monotonic() - began


def _wait(store: Store, runs: list[str], keep: Any) -> None:
    while not all(store.run(run).ended for run in runs):
        keep()
        time.sleep(LOOK)
    if unfinished := [run for run in map(store.run, runs) if run.status != "finished"]:
        raise Unavailable(f"A run {unfinished[0].status}: {unfinished[0].message}")


def _alone(recipe: Recipe) -> float:
    """Seconds of the plain loop for all epochs, its start left out."""
    answer = told("benchmarks.plain", "--recipe", json.dumps(recipe.to_json()), "--way", "indexed")
    marks = marks_of(answer)
    return (marks[-1].seconds - marks[0].seconds) * recipe.epochs / (recipe.epochs - 1)


def _at_once(recipes: Sequence[Recipe]) -> float:
    """Seconds of the plain loop by as many processes as there are workers, each with its share of the recipes."""
    with ThreadPoolExecutor(WORKERS) as pool:
        shares = [recipes[first::WORKERS] for first in range(WORKERS)]
        return max(pool.map(lambda share: sum(map(_alone, share)), shares))


def _swept(wanted: Sweep, engine: Engine) -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        found = carry_out(Store(Path(folder)), wanted, engine)
        seconds = time.monotonic() - began
    if any(row["status"] != "finished" for row in found.rows()):
        raise Unavailable("Not every run of the sweep finished.")
    return seconds


def _two_nodes() -> Any:
    """A cluster of two nodes with a core each, for as long as the context lasts."""
    import contextlib

    from aeviz.runs.cluster import Ray

    try:
        from ray.cluster_utils import Cluster
    except ImportError:
        raise Unavailable("Ray is not installed: pip install -r requirements-ray.txt.") from None

    @contextlib.contextmanager
    def made() -> Iterator[Ray]:
        node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
        cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
        try:
            cluster.add_node(**node)
            yield Ray(cluster.address)
        finally:
            cluster.shutdown()  # type: ignore[no-untyped-call]

    return made()
