"""Section 2: the directions in which the code of an image changes, beside those in which its neighbours lie."""

import numpy as np
import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import gallery
from aeviz.ui.explorer import class_of, still_learning
from aeviz.ui.frame import choose_run, within
from aeviz.ui.geometry import recipes
from aeviz.views import images, tangents

TITLE = "Tangents"
TEACHING = (
    "An encoder that is told to change little (a contractive one) still has to tell neighbours on the data apart: it "
    "stays sensitive along the manifold of the data and goes flat across it. The leading right singular vectors of its "
    "Jacobian ∂h/∂x are then tangents of the manifold, and should span what the nearest examples span."
)


@st.cache_data(max_entries=64, show_spinner="Measuring …")
def found(run: str, step: int, index: int, count: int, neighbours: int, _opened: OpenRun) -> tangents.Tangents:
    """The tangents of a run at one moment and one held-out example."""
    test = _opened.dataset.test
    rows = slice(index, index + 1)
    return tangents.tangents(
        _opened.model, test.x[rows], _opened.dataset.train.x,
        count=count, neighbours=neighbours, labels=test.some_labels(rows),
    )  # fmt: skip


def show() -> None:
    """The run, the example, both rows of directions and the angles between their spans."""
    first, second = st.columns([3, 4], gap="medium", vertical_alignment="bottom")
    with first:
        opened = choose_run()
    most = min(8, opened.model.code, int(np.prod(opened.dataset.shape)))
    last = len(opened.codes) - 1
    within("geometry.example", 0, last)
    within("geometry.tangents", 1, most)
    with second.container(horizontal=True, vertical_alignment="bottom"):
        index = st.number_input("Example", 0, last, 0, key="geometry.example", bind="query-params", width=120)
        count = most if most == 1 else st.slider(
            "Directions", 1, most, min(4, most), key="geometry.tangents", bind="query-params", width=160
        )  # fmt: skip
        near = st.slider("Neighbours", 3, 100, 20, key="geometry.neighbours", bind="query-params", width=160)
    still_learning(opened)
    if not any(term.kind().startswith("Contractive") for term in opened.run.recipe.terms):
        st.info(
            "This run was not trained to be contractive. Its Jacobian is drawn all the same; compare.",
            icon=":material/info:",
        )
        recipes.links({"Train a contractive one": recipes.CONTRACTIVE, "The same without": recipes.PLAIN})
    each = found(opened.run.id, opened.step, int(index), int(count), near, opened)
    shape = opened.dataset.shape
    x = opened.dataset.test.x[int(index) : int(index) + 1]
    st.html(gallery.STYLE)
    left, right = st.columns([1, 4], gap="large")
    with left:
        name, colour = class_of(opened, int(index))
        gallery.title(f"Example {index}" + (f": {name}" if name else ""), colour)
        around = opened.dataset.test.x[: len(opened.codes)]
        gallery.row([(images.pictures(x, around)[0], "the example")])
    with right:
        rows = (
            ("Learned", each.learned, each.values, "singular vector"),
            ("Local PCA", each.local, each.spread, "axis"),
        )
        for label, basis, sizes, what in rows:
            captions = [f"{what} {place + 1}, {gallery.number(float(size))}" for place, size in enumerate(sizes)]
            if len(shape) == 3:
                drawn = images.as_bytes(tangents.pictured(basis, shape))
                gallery.title(label)
                gallery.row(list(zip(drawn, captions, strict=True)), least=128)
            else:
                told = [gallery.numbers(direction.tolist()) for direction in basis]
                gallery.facts([(f"{label}, {caption}", words) for caption, words in zip(captions, told, strict=True)])
    st.html("<div style='height: 0.5rem'></div>")
    chosen = st.columns(min(4, len(each.angles)), gap="small")
    for column, place in zip(chosen, range(len(each.angles)), strict=False):
        column.metric(
            f"Principal angle {place + 1}", f"{each.angles[place]:.0f}°", f"{each.chance[place]:.0f}° by chance", "off",
            delta_arrow="off", border=True,
        )  # fmt: skip
    st.caption(
        "White adds, black takes away, grey leaves as it is. Numbers: the singular value of ∂h/∂x, and the deviation "
        f"of the {near} nearest training examples (of the first {tangents.MOST_NEAR:,}) along each axis. An angle is "
        "0° where both spans share a direction; by chance: the mean over random spans."
    )
