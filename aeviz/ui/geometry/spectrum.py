"""Section 3: in how many directions the encoder still listens, run by run."""

import numpy as np
import streamlit as st
from jaxtyping import Float

from aeviz.runs.opened import OpenRun, open_run
from aeviz.ui.frame import chart, guarded, theme
from aeviz.ui.geometry import recipes
from aeviz.ui.server import store
from aeviz.ui.several import choose_runs, short
from aeviz.views import geometry, geometry_figures
from aeviz.views.look import RUNS

TITLE = "Spectrum"
TEACHING = (
    "The singular values of ∂h/∂x say how strongly the code answers to each of its directions of the input. A "
    "contractive term presses most of them towards 0 and leaves a few large: about as many as the data have directions "
    "to move in. Without a regularizer they fall slowly."
)
MEASURED = 200


@st.cache_data(max_entries=64, show_spinner=False)
def mean_spectrum(run: str, step: int, _opened: OpenRun) -> Float[np.ndarray, " r"]:
    """The singular values of ∂h/∂x, the mean over test examples of each by its place."""
    test, rows = _opened.dataset.test, slice(MEASURED)
    return np.asarray(geometry.spectra(_opened.model, test.x[rows], test.some_labels(rows)).mean(0))


def show() -> None:
    """Several runs in one figure, and what it comes to for each."""
    kept = store()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container():
            runs = choose_runs(kept)
        log = st.toggle("Logarithmic", True, key="geometry.log", bind="query-params")
    if not runs:
        st.info("Choose one to twelve runs.", icon=":material/info:")
        return
    curves, rows = [], []
    with st.spinner("Measuring …"):
        for run, colour in zip(runs, RUNS, strict=False):
            with guarded():
                opened = open_run(kept, run.id)
                values = mean_spectrum(run.id, opened.step, opened)
                curves.append((short(run), colour, values))
                rows.append(
                    {
                        "run": short(run),
                        "regularizers": ", ".join(term.title for term in run.recipe.terms) or "none",
                        "corruption": run.recipe.pairing.title,
                        "largest": float(values[0]),
                        "‖J‖_F": float(np.sqrt(np.square(values).sum())),
                        "directions in use": effective(values),
                    }
                )
    if curves:
        chart(geometry_figures.spectra(curves, theme(), log=log), key="geometry.spectra")
        st.dataframe(
            rows,
            hide_index=True,
            column_config={name: st.column_config.NumberColumn(format="%.3g") for name in ("largest", "‖J‖_F")}
            | {"directions in use": st.column_config.NumberColumn(format="%.1f")},
        )
    st.caption(
        f"Means over the first {MEASURED} test examples, exact derivatives. Directions in use: (Σ σᵢ²)² / Σ σᵢ⁴, which "
        "is m where m values are alike and the rest are 0. Codes in different units do not compare in height, only in "
        "shape."
    )
    if not any(term.kind().startswith("Contractive") for run in runs for term in run.recipe.terms):
        recipes.links({"Train a contractive one": recipes.CONTRACTIVE, "The same without": recipes.PLAIN})


def effective(values: Float[np.ndarray, " r"]) -> float:
    """The participation ratio of the squared singular values."""
    return geometry.participation(np.square(values))
