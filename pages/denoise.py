"""Denoise: what one or several models make of corrupted, drawn and erased examples."""

import streamlit as st

from aeviz.ui import pad, restored
from aeviz.ui.beside import choose_beside
from aeviz.ui.corruption import choose_corruption
from aeviz.ui.explorer import still_learning
from aeviz.ui.frame import choose_run, guarded, heading

PARTS = {"Noise": restored.show_noise, "Curves": restored.show_curves, "Walk": restored.show_walk}
PADS = ("Draw", "Erase")


def page() -> None:
    """The runs, what to look at, and that part alone."""
    first, second = st.columns(2, gap="medium")
    with first:
        opened = choose_run()
    with second:
        found = choose_beside(opened, "denoise")
    options, start = [*PARTS, *PADS], None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        part = st.segmented_control(
            "Look at", options, default=options[0], required=True, key="denoise.part", bind="query-params"
        )
        if part in PADS:
            start = pad.choose_start(opened, part == "Erase")
    still_learning(opened)
    if part in PADS:
        pad.show_pad(found, start, erases=part == "Erase")
        return
    trained = opened.run.recipe.pairing
    pairing, seed = choose_corruption(opened.run.id, trained)
    restored.say_how_trained(trained, pairing)
    PARTS[part or options[0]](found, pairing, seed)


heading(
    "Denoise",
    "An autoencoder gives back only what its code can say. Noise does not fit into the code, so part of it is lost on "
    "the way; a model that was trained to restore corrupted examples loses more of it, and blurs less. Corrupt test "
    "examples, draw your own, or erase a part and see it filled in.",
)
with guarded():
    page()
