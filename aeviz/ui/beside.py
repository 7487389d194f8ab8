"""Up to three more runs beside the one in view, on examples of the same shape; their ids in the address."""

from collections.abc import Sequence

import streamlit as st

from aeviz.errors import AevizError, DataError
from aeviz.runs.opened import OpenRun, open_run
from aeviz.runs.store import Run, Store
from aeviz.ui.frame import LOOKABLE, lasting, problem
from aeviz.ui.server import store
from aeviz.ui.several import short

MOST = 3


def choose_beside(opened: OpenRun, page: str) -> list[OpenRun]:
    """The run in view and those that the visitor sets beside it, opened. What is wrong with one of them is said."""
    kept = store()
    runs = fitting(kept, opened)
    name, widget = f"{page}.beside", f"{page}.beside.{opened.run.id}"
    # The run in view may have been one of those beside another.
    asked = [part for part in st.query_params.get(name, "").split(",") if part and part != opened.run.id]
    for part in asked:
        if part not in runs:
            problem(why_not(part, kept))
    named = list(dict.fromkeys(part for part in asked if part in runs))
    st.session_state[widget] = named[:MOST]
    chosen = st.multiselect(
        "Beside it",
        list(runs),
        format_func=lambda run: lasting(runs[run]) if run in runs else run,
        max_selections=MOST,
        key=widget,
        on_change=lambda: remember(name, st.session_state[widget]),
        select_all=False,
        placeholder="Up to three more runs" if runs else "No other run has examples of this shape",
        disabled=not runs,
        help="Other runs on examples of the same shape; all are fed the same.",
    )
    remember(name, chosen)
    found = [opened]
    for run in chosen:
        try:
            other = open_run(kept, run)
            if other.dataset.shape != opened.dataset.shape:
                raise DataError(f"{other.run.name} has examples of another shape.")
            found.append(other)
        except AevizError as error:
            problem(error)
    return found


def fitting(kept: Store, opened: OpenRun) -> dict[str, Run]:
    """The other runs that take examples of this shape, by their ids; those on the very same data first."""
    runs = [run for run in kept.runs(LOOKABLE) if run.id != opened.run.id and (run.step or run.status == "finished")]
    runs = [run for run in runs if shape_of(run) == tuple(opened.dataset.shape)]
    return {run.id: run for run in sorted(runs, key=lambda run: run.recipe.data != opened.run.recipe.data)}


def why_not(named: str, kept: Store) -> AevizError:
    """Why a run of this name cannot stand beside the one in view."""
    try:
        run = kept.run(named)
    except AevizError as error:
        return error
    return DataError(f"{run.name} cannot stand beside this run: it takes examples of another shape, or has no weights.")


def shape_of(run: Run) -> tuple[int, ...] | None:
    """The shape of the examples of a run; None where its data cannot be had any more."""
    try:
        return tuple(run.recipe.data.shape())
    except AevizError:
        return None


def remember(name: str, runs: list[str]) -> None:
    """Write what is chosen into the address."""
    if not runs:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != ",".join(runs):
        st.query_params[name] = ",".join(runs)


def names(found: Sequence[OpenRun]) -> list[str]:
    """Each run in a few words, without those that they share."""
    return [short(opened.run) for opened in found]
