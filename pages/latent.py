"""Latent: the codes of examples; the pointer decodes, a click keeps an example or a place, a loop selects a set."""

import numpy as np
import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import explorer, gallery, measures, places
from aeviz.ui.components import scatter
from aeviz.ui.frame import guarded, heading
from aeviz.ui.held import hold_rest
from aeviz.ui.places import Held, Spot, View
from aeviz.ui.scene import chosen, pins
from aeviz.ui.selection import show_selection
from aeviz.views import probes

AT, PINS = "latent.at", "latent.pins"
NEAREST = 6

heading(
    "Latent",
    "Every dot is the code of an example, at first of ones that the model was not trained on. Move over the plane and "
    "see what the decoder makes of each place as you go. Click a dot to see its example, or a place "
    "to keep it; draw around dots to compare them, or a line to see what lies along it.",
)


@st.fragment
def look(opened: OpenRun, view: View, colour: str) -> None:
    """The scatter and, beside it, what was clicked last."""
    key = f"latent.scatter.{opened.run.id}"
    with guarded():
        spot = explorer.recall(AT, opened, default=0)
        if clicked := explorer.newly_clicked(key, view, len(opened.codes)):
            spot = clicked
            explorer.remember(AT, spot)
        left, right = st.columns([3, 2], gap="large")
        with left:
            live = explorer.followed(opened, "latent", key)
            drawn = st.container()
            held = hold_rest(opened, view, spot, "latent")
        z = places.code_of(opened, spot, held)
        with drawn:
            place = view.place(spot, z)
            scatter(
                explorer.scene(opened, view, colour),
                key=key,
                marks={"selected": spot.index} if spot.index is not None else {"pins": [[*place, "+"]]},
                height=540,
                decoder=explorer.pointer(opened, view, held=held, live=live is not None),
                tools=True,
                pinned=pins(key, PINS, view),
                live=live,
            )
        with right:
            if among := chosen(key, opened):
                show_selection(opened, among)
            show_spot(opened, spot, z, held)


def show_spot(opened: OpenRun, spot: Spot, z: np.ndarray, held: Held | None) -> None:
    """What was clicked last, its nearest examples and its code."""
    if spot.index is not None:
        show_example(opened, spot.index)
    else:
        show_place(opened, spot, z, held)
    show_nearest(opened, spot, z)
    if opened.model.code > 2:
        gallery.code_bars(z, opened.codes)
    gallery.facts([(f"code, k = {opened.model.code}", gallery.numbers(z.tolist()))])


def show_example(opened: OpenRun, index: int) -> None:
    """Input, reconstruction and their difference, with what is known of the example."""
    x = opened.dataset.test.x[index : index + 1]
    labels = opened.dataset.test.some_labels(slice(index, index + 1))
    restored = probes.reconstructions(opened.model, x, labels)
    gallery.title(explorer.named(opened, Spot(index=index)), explorer.class_of(opened, index)[1])
    shown = [(explorer.pictured(opened, x)[0], "input"), (explorer.pictured(opened, restored)[0], "reconstruction")]
    if x.ndim == 4:
        shown.append((explorer.pictured(opened, np.abs(x - restored))[0], "difference"))
    gallery.row(shown)
    error, larger = float(opened.errors[index]), float((opened.errors < opened.errors[index]).mean())
    rows = [("squared error", f"{error:.3g}, larger than that of {larger:.0%} of the examples")]
    if x.ndim == 2:
        rows += [("input", gallery.numbers(x[0].tolist())), ("output", gallery.numbers(restored[0].tolist()))]
    factors = opened.dataset.test.factors
    if factors is not None:
        names = opened.dataset.factor_names
        told = zip(names, factors[index].tolist(), strict=True)
        rows.append(("true factors", ", ".join(f"{name} {gallery.number(value)}" for name, value in told)))
    gallery.facts(rows)


def show_place(opened: OpenRun, spot: Spot, z: np.ndarray, held: Held | None) -> None:
    """What the decoder makes of a place, large."""
    gallery.title(explorer.named(opened, spot))
    made = probes.decoded(opened.model, z[None])
    gallery.large(explorer.pictured(opened, made)[0], "decoded from this place", places.meaning(opened, spot, z, held))
    if made.ndim == 2:
        gallery.facts([("output", gallery.numbers(made[0].tolist()))])


def show_nearest(opened: OpenRun, spot: Spot, z: np.ndarray) -> None:
    """The examples whose codes are nearest, each with its class."""
    found = places.nearest(opened, z, NEAREST, spot.index)
    rows = [index for index, _ in found]
    made = explorer.pictured(opened, opened.dataset.test.x[rows])
    words = [explorer.class_of(opened, index)[0] or f"{distance:.2f} away" for index, distance in found]
    st.caption(f"Nearest codes of examples, from {found[0][1]:.2f} to {found[-1][1]:.2f} away")
    gallery.row(list(zip(made, words, strict=True)), least=128)


def page(opened: OpenRun, view: View, colour: str) -> None:
    """The scatter, and below it the run in numbers."""
    look(opened, view, colour)
    measures.fold(opened.run.id, "latent.measures", opened.moment)


explorer.explore("latent", page, wide=True)
