"""Several runs chosen at once, their ids in the address: `?runs=id,id`."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aeviz.errors import AevizError, StoreError
from aeviz.runs.store import ID, Run, Status, Store
from aeviz.runs.walls import MOST_TILES
from aeviz.ui.frame import label, lasting, nothing_yet, problem

RUNS = "runs"  # the query parameter
KEY = "compare.runs"  # the widget
MOST = MOST_TILES
FIRST = 4  # chosen for a visitor who has not chosen
COMPARABLE: tuple[Status, ...] = ("finished", "stopped", "diverged")
UNDER_WAY: tuple[Status, ...] = ("queued", "running", "paused")


def choose_runs(kept: Store, place: DeltaGenerator | None = None, statuses: Sequence[Status] = COMPARABLE) -> list[Run]:
    """Let the visitor choose up to twelve runs in these statuses. Ends the page, in words, where there are none.

    place: where the picker goes; what is wrong with the address is said where the page stands.
    """
    runs = {run.id: run for run in kept.runs(statuses) if run.step or run.status == "finished" or not run.ended}
    if not runs:
        nothing_yet()
    if text := st.query_params.get(RUNS):
        named, problems = read(text, kept, runs)
        for error in problems:
            problem(error)
        st.session_state[KEY] = named or usual(list(runs.values()))
    elif KEY in st.session_state:
        st.session_state[KEY] = [run for run in st.session_state[KEY] if run in runs]
    else:
        st.session_state[KEY] = usual(list(runs.values()))
    chosen = (place or st).multiselect(
        "Runs",
        list(runs),
        format_func=lambda run: lasting(runs[run]) if run in runs else run,
        max_selections=MOST,
        key=KEY,
        on_change=remember,
        select_all=False,
        placeholder="Choose two to twelve runs",
        persist_state="session",
    )
    remember()
    return [runs[run] for run in chosen]


def remember() -> None:
    """Write what is chosen into the address."""
    text = ",".join(st.session_state.get(KEY) or ())
    if text != st.query_params.get(RUNS, ""):
        st.query_params[RUNS] = text


def read(text: str, kept: Store, runs: dict[str, Run]) -> tuple[list[str], list[AevizError]]:
    """The comparable runs that a text of ids with commas names, each once, and what is wrong with the rest."""
    named = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    problems: list[AevizError] = []
    for part in [part for part in named if part not in runs]:
        try:
            run = kept.run(part) if ID.fullmatch(part) else None
        except StoreError:
            run = None
        if run is None:
            problems.append(StoreError(f"There is no run {part[:24]!r} in this store."))
        else:
            why = "it left nothing to compare" if run.ended else "a run can be compared once it has ended"
            problems.append(StoreError(f"{run.name} is {run.status}: {why}."))
    known = [part for part in named if part in runs]
    if len(known) > MOST:
        problems.append(StoreError(f"The address names {len(known)} runs; the first {MOST} are compared."))
    return known[:MOST], problems[:MOST]


def usual(runs: list[Run]) -> list[str]:
    """The newest runs on the data of the newest of them, or, where that is alone, the newest two.

    Diverged ones only where there is nothing else.
    """
    sound = [run for run in runs if run.ended and run.status != "diverged"]
    runs = sound if len(sound) > 1 else runs
    alike = [run.id for run in runs if run.recipe.data == runs[0].recipe.data][:FIRST]
    return alike if len(alike) > 1 else [run.id for run in runs[:2]]


def short(run: Run) -> str:
    """The run in one line, as `label`, without its mark: where a colour stands in its place."""
    return label(run).partition(" ")[2]
