"""Interpolate: from one example or place to another by several ways, between four of them, and along an attribute."""

import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import blends, ends, explorer, gallery, places, walks
from aeviz.ui.components import scatter
from aeviz.ui.frame import guarded, heading
from aeviz.ui.places import Spot, View

PATH, CORNERS, ATTRIBUTE = "Path", "Four corners", "Attribute"
LETTERS = {PATH: "AB", CORNERS: "ABCD", ATTRIBUTE: "A"}

heading(
    "Interpolate",
    "Click examples or places on the scatter and go from one to the other. A good code turns the way between two of "
    "them into one believable example after another; mixing the pixels only lays one picture over the other.",
)


@st.fragment
def look(opened: OpenRun, view: View, colour: str) -> None:
    """The scatter with what is walked and, beside it, the pictures."""
    key = f"interpolate.scatter.{opened.run.id}"
    with guarded():
        left, right = st.columns([11, 9], gap="large")
        with right:
            what = st.segmented_control(
                "Go", list(LETTERS), default=PATH, required=True, key="interpolate.go", bind="query-params",
                label_visibility="collapsed", width="stretch",
            ) or PATH  # fmt: skip
            letters = LETTERS[what]
            spots = ends.chosen(opened, view, key, letters)
            ends.controls(spots, letters, len(opened.codes) - 1)
        codes = [places.code_of(opened, spot) for spot in spots]
        at = [view.place(spot, z) for spot, z in zip(spots, codes, strict=True)]
        marks: dict[str, object] = {"pins": [[*place, letter] for place, letter in zip(at, letters, strict=True)]}
        waiting = False
        with left:
            drawn = st.container(gap="small")
        with right, guarded():
            if what == PATH:
                waiting = path(opened, view, spots, at, marks)
            elif what == CORNERS:
                blends.corners(opened, codes)
            else:
                blends.attribute(opened, view, spots[0], marks)
        with drawn:
            scatter(explorer.scene(opened, view, colour), key=key, marks=marks, height=540)
            for letter, spot, z in zip(letters, spots, codes, strict=True):
                if words := places.meaning(opened, spot, z):
                    st.caption(f"{letter}: {words}")
            if view.kind == "umap":
                st.caption("UMAP gives no place to a new code: paths are drawn between the nearest examples.")
        if waiting:
            st.rerun()  # the geodesic is looked for a little longer


def path(
    opened: OpenRun, view: View, spots: list[Spot], at: list[tuple[float, float]], marks: dict[str, object]
) -> bool:
    """The ways from A to B as filmstrips, animation and files; whether one of them is still being found."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        steps = st.slider("Steps", 3, 24, 9, key="interpolate.steps", bind="query-params", width=200)
        ways = st.pills(
            "Ways", list(walks.WAYS), selection_mode="multi", default=list(walks.WAYS), key="interpolate.ways",
            bind="query-params",
        )  # fmt: skip
    if not ways:
        st.caption("Choose a way.")
        return False
    found, waiting = walks.walked(opened, spots[0], spots[1], steps, [way for way in walks.WAYS if way in ways])
    marks["paths"] = walks.lines(found, view, *at)
    for walk in found:
        if walk.refused:
            st.info(f"{walk.name}: {walk.refused}", icon=":material/info:")
        else:
            gallery.filmstrip(walk.name, walk.caption, walk.pictures, walks.COLOURS.get(walk.name))
    names = [explorer.named(opened, spot) for spot in spots]
    apart = places.apart(*(places.code_of(opened, spot) for spot in spots))
    gallery.facts([*zip("AB", names, strict=True), ("codes", apart)])
    st.caption(
        "Long: how far the decoded picture moves, ‖x̂ᵢ₊₁ − x̂ᵢ‖ over all its numbers, added up over a fine division."
    )
    strips = [(walk.name, walk.pictures) for walk in found if not walk.refused]
    if strips:
        blends.films(strips, f"{opened.run.name}, {names[0]} to {names[1]}, {steps} steps")
    return waiting


explorer.explore("interpolate", look)
