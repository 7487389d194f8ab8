"""Filters: what single units look for, what excites them, and how many of them answer."""

import numpy as np
import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import explorer, gallery, units
from aeviz.ui.frame import begin, chart, choose_run, guarded, heading, theme
from aeviz.ui.places import Spot
from aeviz.views import excitation, figures, filters
from aeviz.views.layers import Layer

STRONGEST = 8
BOUNDS: dict[str, excitation.Bound] = {"length of an example": "norm", "range of pixels": "range"}


def choices() -> tuple[OpenRun, Layer]:
    """The run and the layer in view."""
    left, right = st.columns([5, 7], gap="medium")
    with left:
        opened = choose_run()
    found = units.layers_of(opened)
    names = [each.name for each in found]
    with right:
        begin("filters.layer", names[0], opened.run.id, stays=True)
        if st.session_state.get("filters.layer", names[0]) not in names:
            st.session_state["filters.layer"] = names[0]
        name = st.selectbox("Layer", names, key="filters.layer", bind="query-params")
        st.caption(units.described(next(each for each in found if each.name == name)))
    return opened, next(each for each in found if each.name == name)


def show_weights(opened: OpenRun, layer: Layer) -> None:
    """The weights of the layer as pictures."""
    st.subheader("Weights", anchor=False)
    scale = st.segmented_control(
        "Colours", ["each unit its own scale", "one scale"], default="each unit its own scale", required=True,
        key="filters.scale", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    units.weights(opened, layer, each=scale != "one scale")


def show_unit(opened: OpenRun, layer: Layer, answers: np.ndarray) -> None:
    """What excites one unit most: an input made for it, and held-out examples."""
    st.subheader("What excites a unit", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        unit = int(st.number_input("Unit", 1, layer.units, 1, key="filters.unit", bind="query-params", width=110)) - 1
        bound = st.segmented_control(
            "Input held to", list(BOUNDS), default="length of an example", required=True,
            key="filters.bound", bind="query-params",
        )  # fmt: skip
        seed = st.number_input("Seed", 0, 9999, 0, key="filters.seed", bind="query-params", width=100)
    kind = BOUNDS[bound or "length of an example"]
    made, value, norm = units.preferred(
        opened.run.id, opened.step, layer.name, unit, bound=kind, seed=int(seed), _opened=opened, _layer=layer
    )
    picture = explorer.pictured(opened, made[None])[0]
    if made.ndim == 3 and kind == "norm":
        picture = filters.signed(made[None], theme())[0]
    held = f"its length held to {norm:.2f}, the mean of the examples" if kind == "norm" else "every pixel within 0 to 1"
    gallery.large(
        picture,
        "input that excites the unit most",
        f"The input that excites unit {unit + 1} of {layer.name} most, found by climbing its gradient from noise, "
        f"{held}, lightly smoothed. Before its activation the unit is then at {gallery.number(value)}"
        + (", in the middle of its map." if layer.maps else "."),
    )
    found = excitation.strongest(answers, unit, STRONGEST)
    most = answers[found, unit]
    st.caption(
        f"The held-out examples that excite it most, with its {'largest ' if layer.maps else ''}activation"
        if np.ptp(answers[:, unit]) > 0
        else f"This unit answers {gallery.number(float(most[0]))} to every held-out example: it is dead."
    )
    shown = explorer.pictured(opened, opened.dataset.test.x[found])
    gallery.row([(each, gallery.number(float(told))) for each, told in zip(shown, most, strict=True)], least=128)


def show_activity(opened: OpenRun) -> None:
    """The activations of every layer for one example."""
    st.subheader("Activations of one example", anchor=False)
    last = min(len(opened.codes), len(opened.dataset.test)) - 1
    left, right = st.columns([1, 6], gap="medium")
    with left:
        index = int(st.number_input("Example", 0, last, 0, key="filters.example", bind="query-params"))
        picture = explorer.pictured(opened, opened.dataset.test.x[index : index + 1])[0]
        gallery.row([(picture, explorer.named(opened, Spot(index=index)))])
    with right:
        units.activity(opened, index)


def show_sparsity(opened: OpenRun, layer: Layer, answers: dict[str, np.ndarray]) -> None:
    """How many units of each layer answer, how rarely, and how much."""
    st.subheader("How many answer", anchor=False)
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.dataframe(units.sparsity(opened, answers), hide_index=True)
        st.caption(
            "Dead: units that answer alike to every held-out example. Lifetime sparsity: how rarely a unit answers, "
            "population sparsity: how few answer to one example; both from 0, all alike, to 1, a single one. A map "
            "answers by its largest value."
        )
    with right:
        chart(figures.distribution(answers[layer.name], f"activation in {layer.name}", theme()), "filters.distribution")


heading(
    "Filters",
    "A unit answers to one pattern more than to any other. See what the weights of each layer look for, the input and "
    "the examples that excite a unit most, and how many units have something to say at all.",
)
with guarded():
    opened, layer = choices()
    st.html(gallery.STYLE)
    answers = units.answers(opened)
    left, right = st.columns(2, gap="large")
    with left, guarded():
        show_weights(opened, layer)
    with right, guarded():
        show_unit(opened, layer, answers[layer.name])
    show_activity(opened)
    show_sparsity(opened, layer, answers)
