"""Section 5: whether a model has learned the data or merely to copy."""

import streamlit as st

from aeviz.runs.opened import OpenRun, open_run
from aeviz.ui import gallery
from aeviz.ui.frame import chart, guarded, theme
from aeviz.ui.geometry import recipes
from aeviz.ui.server import store
from aeviz.ui.several import choose_runs, short
from aeviz.views import copying, geometry_figures, images
from aeviz.views.look import RUNS

TITLE = "Identity"
TEACHING = (
    "A code with room enough can carry any input through unchanged, and a model that copies has learned nothing of the "
    "data. Feed it noise: one that copies gives noise back; one that was held back by sparsity, contraction or "
    "corruption gives back what it knows, and loses the rest."
)


@st.cache_data(max_entries=64, show_spinner=False)
def found(run: str, step: int, seed: int, _opened: OpenRun) -> copying.Copying:
    """What a run makes of examples, noise and shuffled examples."""
    return copying.copying(_opened.model, _opened.dataset.test.x, seed)


def show() -> None:
    """Several runs in one figure, and what each gives back."""
    kept = store()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container():
            runs = choose_runs(kept)
        seed = st.number_input("Seed", 0, 2**31 - 1, key="geometry.seed", bind="query-params", width=120)
    if not runs:
        st.info("Choose one to twelve runs.", icon=":material/info:")
        return
    shown = []
    with st.spinner("Measuring …"):
        for run, colour in zip(runs, RUNS, strict=False):
            with guarded():
                opened = open_run(kept, run.id)
                shown.append((short(run), colour, opened, found(run.id, opened.step, int(seed), opened)))
    if not shown:
        return
    bars = [(name, colour, [each.share(kind) for kind in copying.KINDS]) for name, colour, _, each in shown]
    chart(geometry_figures.shares(copying.KINDS, bars, theme()), key="geometry.shares")
    st.caption(
        "‖x − r(x)‖² over what the best constant answer would lose (dashed: as bad as that). 0 for all three is the "
        "identity. A model of the data loses little of test examples and much of noise. Shuffled: every example with "
        "its pixels in one other order."
    )
    st.html(gallery.STYLE)
    for column, (name, colour, opened, each) in zip(st.columns(len(shown), gap="medium"), shown, strict=True):
        with column:
            pictures(name, colour, opened, each)
    if not any(overcomplete(opened) for _, _, opened, _ in shown):
        st.info(
            "None of these runs is over-complete: their codes are smaller than the examples.", icon=":material/info:"
        )
        recipes.links(
            {
                "Train an over-complete one": recipes.OVERCOMPLETE,
                "… with noise": recipes.OVERCOMPLETE_DENOISING,
                "… made sparse": recipes.OVERCOMPLETE_SPARSE,
                "… on toy points": recipes.COPYING_TOYS,
                "… on noisy toy points": recipes.DENOISING_TOYS,
            }
        )


def pictures(name: str, colour: str, opened: OpenRun, each: copying.Copying) -> None:
    """Inputs of each kind above what came back."""
    d = opened.dataset.train.x[0].size
    relation = "over-complete" if overcomplete(opened) else "under-complete"
    gallery.title(name, colour)
    st.caption(f"{relation}: k = {opened.model.code}, d = {d}")
    around = opened.dataset.test.x[: copying.MEASURED]
    for kind in copying.KINDS:
        for label, x in ((kind.capitalize(), each.fed[kind]), ("given back", each.given[kind])):
            gallery.filmstrip(label, "", images.pictures(x, around))


def overcomplete(opened: OpenRun) -> bool:
    """Whether the code is at least as large as an example."""
    return opened.model.code >= opened.dataset.train.x[0].size
