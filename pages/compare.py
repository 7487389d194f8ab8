"""Compare: a wall of up to twelve runs at the same epoch, what they measured, and what their recipes differ in."""

import streamlit as st

from aeviz.runs.store import Run, Store
from aeviz.ui import wall, wall_exports, wall_results
from aeviz.ui.frame import guarded, heading
from aeviz.ui.server import store
from aeviz.ui.several import COMPARABLE, UNDER_WAY, choose_runs


def warnings(runs: list[Run]) -> None:
    """What these runs cannot be compared in."""
    if len({str(run.recipe.data) for run in runs}) > 1:
        st.warning("These runs learned different data: their losses do not compare.", icon=":material/balance:")
    elif len({run.recipe.model.likelihood for run in runs}) > 1:
        st.warning(
            "These runs measure reconstruction by different likelihoods: compare the squared error, not the loss."
        )
    elif len({run.recipe.training.needs_classes() for run in runs}) > 1:
        st.warning(
            "Some of these runs end in a classifier, whose loss is the cross-entropy of classes: it does not compare "
            "with that of a reconstruction."
        )


def page(kept: Store, runs: list[Run]) -> None:
    """The wall, curves, what was done, table."""
    if len(runs) < 2:
        st.info("Choose two to twelve runs, or train a wall above.", icon=":material/info:")
        return
    warnings(runs)
    wall.controls(kept, runs)
    with guarded():
        wall.hang(kept, runs)
    wall_results.changed(runs)
    if any(run.status in ("queued", "running") for run in runs):
        st.caption("What the runs measure, and what the regularizers did, stands here once they have ended or pause.")
        return
    found = wall_results.opened_runs(kept, runs)
    if found:
        with guarded():
            wall_exports.exports(kept, found, wall_results.results(found))


heading(
    "Compare",
    "Change one thing and train it in several ways side by side, in lockstep: the same data in the same order, from "
    "the same initial weights. See at every epoch what the change does to codes, reconstructions and samples.",
)
with guarded():
    kept = store()
    is_new = "runs" not in st.query_params
    left, right = st.columns(2)
    with left.expander("Train a wall", icon=":material/grid_view:", expanded=is_new):
        wall.form(kept)
    with right.expander("Choose runs", icon=":material/checklist:", expanded=is_new):
        wall.open_sweep(kept)
        picker = st.container()
    page(kept, choose_runs(kept, picker, (*COMPARABLE, *UNDER_WAY)))
