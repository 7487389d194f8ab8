"""A wall on a page: what is trained in lockstep, and what its tiles show."""

import json
from collections.abc import Sequence

import numpy as np
import streamlit as st

from aeviz.comparisons import COMPARISONS, by_hand, places, weighted
from aeviz.errors import AevizError, SettingError
from aeviz.recipe import Recipe
from aeviz.runs import walls
from aeviz.runs.files import packed
from aeviz.runs.opened import OpenRun, open_run
from aeviz.runs.store import Run, Store, Wanted
from aeviz.runs.sweeping import sweeps
from aeviz.sweep import Sweep
from aeviz.ui.artefacts import publish
from aeviz.ui.components import Tile, wall
from aeviz.ui.form import literal
from aeviz.ui.frame import lasting, problem
from aeviz.ui.several import RUNS
from aeviz.views import comparison
from aeviz.views.images import as_bytes
from aeviz.views.look import RUNS as COLOURS
from aeviz.views.wall_pictures import VIEWS as COMPUTED
from aeviz.views.wall_pictures import Model, shown

VIEWS = {"codes": "Codes", "reconstructions": "Reconstructions", "samples": "Samples"} | COMPUTED
TERMS = {"loss": "Loss", "reconstruction": "Reconstruction", "mse": "Squared error"}
UNITS = {"loss": "nats per example", "reconstruction": "nats per example", "mse": "squared error per pixel"}
HAND = "hand"
EXAMPLES = 300  # whose codes the frames hold


def show(runs: Sequence[Run]) -> None:
    """Make these the runs of the page."""
    st.query_params[RUNS] = ",".join(run.id for run in runs)


def form(kept: Store) -> None:
    """Choose a base and a comparison, and train all of it in lockstep."""
    runs = {run.id: run for run in kept.runs() if run.status != "failed"}
    left, right = st.columns(2)
    base_id = left.selectbox(
        "Base",
        ["", *runs],
        format_func=lambda each: lasting(runs[each]) if each in runs else "The defaults of Train",
        key="wall.base",
        bind="query-params",
        help="The recipe that all runs share but for what is compared.",
    )
    titles = {each.name: each.title for each in COMPARISONS} | {HAND: "One thing by hand"}
    name = right.selectbox(
        "Compare", list(titles), format_func=lambda each: titles[each], key="wall.compare", bind="query-params"
    )
    base = runs[base_id].recipe if base_id in runs else Recipe()
    try:
        sweep = _sweep(base, name or COMPARISONS[0].name)
        wanted = walls.recipes(sweep)
    except AevizError as error:
        problem(error)
        return
    captions = "  |  ".join(comparison.captions(wanted))
    st.caption(literal(f"{len(wanted)} runs of {wanted[0].length()} epochs: {captions}"))
    if st.button("Train the wall", type="primary", icon=":material/play_arrow:", key="wall.train"):
        show(walls.begin(kept, sweep))
        st.rerun()


def _sweep(base: Recipe, name: str) -> Sweep:
    left, right = st.columns(2)
    chosen = next((each for each in COMPARISONS if each.name == name), None)
    if chosen:
        left.caption(chosen.question)
        term = weighted()[0]
        if chosen.needs_term:
            term = right.selectbox("Regularizer", weighted(), key="wall.term", bind="query-params") or weighted()[0]
        return chosen.sweep(base, term)
    known = places(base)
    place = left.selectbox(
        "What changes", list(known), format_func=lambda each: f"{known[each]} ({each})",
        key="wall.place", bind="query-params",
    )  # fmt: skip
    text = right.text_input("Its values", "1, 2, 8, 32", key="wall.values", bind="query-params")
    seeds = left.number_input(
        "Seeds each", 1, 6, 1, key="wall.seeds", bind="query-params", help="Several show how much is chance."
    )
    return by_hand(base, place or "model.code", text, int(seeds))


def open_sweep(kept: Store) -> None:
    """Let the visitor open a sweep of the store in the place of the runs on the page."""
    found = sweeps(kept)
    if not found:
        return

    def chosen() -> None:
        if (sweep := found.get(st.session_state.get("wall.sweep") or "")) and (runs := walls.runs(kept, sweep)):
            show(runs)

    names = {each: f"{sweep.name or ', '.join(sweep.over)} · {each}" for each, sweep in found.items()}
    st.selectbox(
        "Open a sweep",
        list(names),
        None,
        format_func=lambda each: names.get(each, each),
        key="wall.sweep",
        on_change=chosen,
        placeholder="A wall or sweep of this store …",
    )


def controls(kept: Store, runs: Sequence[Run]) -> None:
    """Pause, resume and stop all of the wall that is under way."""
    going = [run for run in runs if not run.ended]
    if not going:
        return
    wanted: Wanted | None = None
    with st.container(horizontal=True, gap="small"):
        if all(run.wanted == "pause" for run in going):
            wanted = "run" if st.button("Resume all", icon=":material/resume:") else None
        elif st.button("Pause all", icon=":material/pause:"):
            wanted = "pause"
        if st.button("Stop all", icon=":material/stop:"):
            wanted = "stop"
    if wanted:
        for run in going:
            kept.want(run.id, wanted)
        st.rerun()


def hang(kept: Store, runs: Sequence[Run]) -> None:
    """The wall itself with its choice of views. Reruns the page once all have ended."""
    view = st.segmented_control(
        "View", list(VIEWS), default="codes", format_func=lambda each: VIEWS[each], required=True,
        key="wall.view", bind="query-params", label_visibility="collapsed",
    ) or "codes"  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        term = st.segmented_control(
            "Curve", list(TERMS), default="loss", format_func=lambda each: TERMS[each], required=True,
            key="compare.term", bind="query-params", label_visibility="collapsed",
        ) or "loss"  # fmt: skip
        log = st.toggle("Logarithmic", key="compare.log", bind="query-params")
    captions = comparison.captions([run.recipe for run in runs])
    tiles = [Tile(run.id, caption, colour) for run, caption, colour in zip(runs, captions, COLOURS, strict=False)]
    computed = computed_views(kept, runs, view) if view in COMPUTED else {}
    images = example_file(runs)
    address = publish(images) if images else None
    curve = (term, UNITS[term], log)
    ended = wall(tiles, key="wall", view=view, computed=computed, examples=address, curve=curve)
    if ended and any(not run.ended for run in runs) and all(kept.run(run.id).ended for run in runs):
        st.rerun()


def computed_views(kept: Store, runs: Sequence[Run], view: str) -> dict[str, str]:
    """Run → the address of what it shows, of those that have weights by now."""
    opened = []
    for run in runs:
        try:
            opened.append(open_run(kept, run.id))
        except AevizError:
            continue  # its tile says that nothing has been computed yet
    with st.spinner("Computing"):
        stamps = tuple((each.run.id, each.step, each.run.status) for each in opened)
        try:
            files = _files(view, stamps, opened)
        except SettingError as error:
            problem(error)
            return {}
    return {each.run.id: publish(data) for each, data in zip(opened, files, strict=True)}


@st.cache_data(max_entries=32, show_spinner=False)
def _files(view: str, stamps: tuple[tuple[str, int, str], ...], _opened: Sequence[OpenRun]) -> list[bytes]:
    found = shown(view, [Model(each.model, each.dataset) for each in _opened])
    files = []
    for (_, step, _), each in zip(stamps, found, strict=True):
        arrays = {"pictures": each.pictures, "heights": each.heights}
        told = {"words": " · ".join(filter(None, (each.words, f"step {step:,}")))} | each.told
        kept = {name: np.ascontiguousarray(value) for name, value in arrays.items() if value is not None}
        kept = {name: value.astype(np.float32) if value.dtype == np.float64 else value for name, value in kept.items()}
        files.append(packed(kept, told))
    return files


def example_file(runs: Sequence[Run]) -> bytes | None:
    """The images whose codes the frames hold, where all runs have the same; None for other data."""
    if len({json.dumps(run.recipe.data.to_json(), sort_keys=True) for run in runs}) > 1:
        return None
    from aeviz.data.cache import loaded

    dataset = loaded(runs[0].recipe.data)
    if len(dataset.shape) != 3:
        return None
    return _examples(json.dumps(runs[0].recipe.data.to_json()), dataset.test.x[:EXAMPLES])


@st.cache_data(max_entries=8, show_spinner=False)
def _examples(data: str, _x: np.ndarray) -> bytes:
    return packed({"pictures": as_bytes(_x)}, {})
