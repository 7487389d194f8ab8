"""Sliders for what a picture of large codes does not show: the point at which the rest of the code is held."""

import numpy as np
import streamlit as st
from jaxtyping import Float

from aeviz.runs.opened import OpenRun
from aeviz.ui.frame import within
from aeviz.ui.gallery import axis_name, number
from aeviz.ui.places import Held, Spot, View
from aeviz.views.projections import Plane, remaining_axes

FIRST = 6  # sliders in view
MOST = 24  # with those behind the fold
COLUMNS = 3


def hold_rest(opened: OpenRun, view: View, spot: Spot, page: str) -> Held | None:
    """The code that places share off the picture's plane, as chosen; None where the picture shows all of the code."""
    if opened.model.code <= 2 or not isinstance(view.mapping, Plane):
        return None
    example = _example(opened, page)
    base = opened.codes.mean(0) if example is None else opened.codes[example]
    words = "at the mean of the codes" if example is None else f"as in example {example}"
    with st.expander(f"The rest of the code is held {words}", icon=":material/tune:"):
        _choose_example(example, spot, page)
        axes, spreads = _axes(opened.run.id, opened.step, opened.most, view.name, opened, view.mapping)
        moves = _sliders(opened, view, (axes, spreads), base, (f"{page}.hold", words))
        left = opened.model.code - 2 - len(axes)
        if left:
            st.caption(f"The other {left} directions, in which the codes vary least, stay {words}.")
    if np.abs(moves).max(initial=0) > 0:
        words = f"where the sliders put it, else {words}"
    return Held((base + moves @ axes).astype(np.float32), words)


def _example(opened: OpenRun, page: str) -> int | None:
    text = st.query_params.get(f"{page}.base") or str(st.session_state.get(f"{page}.base", ""))
    if text.isascii() and text.isdigit() and len(text) < 9 and int(text) < len(opened.codes):
        _keep(page, int(text))
        return int(text)
    return None


def _keep(page: str, example: int | None) -> None:
    """In the session and in the address."""
    name = f"{page}.base"
    if example is None:
        st.session_state.pop(name, None)
        st.query_params.pop(name, None)
    else:
        st.session_state[name] = example
        if st.query_params.get(name) != str(example):
            st.query_params[name] = str(example)


def _choose_example(example: int | None, spot: Spot, page: str) -> None:
    with st.container(horizontal=True, gap="small"):
        wanted = spot.index
        st.button(
            "From this example" if wanted is None else f"From example {wanted}",
            key=f"{page}.hold.example",
            icon=":material/push_pin:",
            disabled=wanted is None or wanted == example,
            help="Click a point first: its code then stands where the picture does not show it.",
            on_click=_keep,
            args=(page, wanted),
        )
        disabled = example is None
        st.button("From the mean", key=f"{page}.hold.mean", disabled=disabled, on_click=_keep, args=(page, None))


@st.cache_resource(max_entries=8, show_spinner=False)
def _axes(
    run: str, step: int, most: int, view: str, _opened: OpenRun, _plane: Plane
) -> tuple[Float[np.ndarray, "r k"], Float[np.ndarray, " r"]]:
    return remaining_axes(_opened.codes, _plane, MOST)


def _sliders(
    opened: OpenRun,
    view: View,
    remaining: tuple[Float[np.ndarray, "r k"], Float[np.ndarray, " r"]],
    base: Float[np.ndarray, " k"],
    names: tuple[str, str],
) -> Float[np.ndarray, " r"]:
    """One slider an axis, the first in view; how far each moves the code from `base`.

    remaining: as of `remaining_axes`. names: before the keys of the sliders, and of the point that they begin at.
    """
    (axes, spreads), (key, owner) = remaining, names
    centre = 0 if view.kind == "axes" else opened.codes.mean(0)
    places = (opened.codes - centre) @ axes.T
    start = (base - centre) @ axes.T
    moves = np.zeros(len(axes))
    shown = st.container()
    fold = st.expander(f"{len(axes) - FIRST} more") if len(axes) > FIRST else shown
    for first in range(0, len(axes), COLUMNS):
        columns = (shown if first < FIRST else fold).columns(COLUMNS)
        for place in range(first, min(first + COLUMNS, len(axes))):
            name = axis_name(int(axes[place].argmax())) if view.kind == "axes" else f"principal axis {place + 3}"
            low, high = _ends(places[:, place], start[place])
            own = f"{key}.{view.kind}.{name.split()[-1] if view.kind != 'axes' else int(axes[place].argmax()) + 1}"
            default = round(float(start[place]), 3)
            within(own, low, high, f"{opened.run.id} {view.name} {owner}")
            with columns[place - first]:
                value = st.slider(
                    f"{name}, spread {number(float(spreads[place]))}",
                    low,
                    high,
                    default,
                    step=0.001,
                    key=own,
                    bind="query-params",
                    format="%.2f",
                )
            if abs(value - default) > 5e-4:
                moves[place] = value - start[place]
    return moves


def _ends(values: Float[np.ndarray, " n"], also: float) -> tuple[float, float]:
    """A range that holds all values and one more, in thousandths."""
    low, high = min(float(values.min()), also), max(float(values.max()), also)
    return float(np.floor(low * 1000) / 1000), float(np.ceil(high * 1000) / 1000 + 0.001)
