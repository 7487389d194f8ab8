"""Traversals of the Sample page: one unit of the code after another, moved while the rest stays."""

import numpy as np
import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import gallery
from aeviz.ui.explorer import pictured
from aeviz.ui.frame import begin, chart, theme
from aeviz.ui.gallery import axis_name, number
from aeviz.ui.sampler import choose_spacing
from aeviz.views import figures, grids, probes, sampling
from aeviz.views.look import INKS, colour_of

FIRST = 10  # units at first
MOST = 64
MEANING = (
    "One row for each unit of the code, the most used first: it moves from left to right, all others stay. A unit that "
    "means one thing changes one thing; a unit that is not used changes nothing."
)


def choose_start(opened: OpenRun) -> np.ndarray:
    """The code from which each unit is moved: the mean of the codes, or that of one example."""
    options = ["mean", "example"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Start from", options, default="mean", required=True, key="sample.start", bind="query-params"
        )
        if chosen != "example":
            mean: np.ndarray = opened.codes.mean(0)
            return mean
        count = len(opened.codes)
        begin("sample.example", 0, opened.run.id, stays=True)
        if int(st.session_state.get("sample.example") or 0) >= count:
            st.session_state["sample.example"] = 0
        index = st.number_input("Example", 0, count - 1, key="sample.example", bind="query-params", width=130)
    start: np.ndarray = opened.codes[int(index)]
    return start


def show(opened: OpenRun, columns: int, told: int | None) -> None:
    """The rows, and beside them how much each unit is used."""
    left, right = st.columns([3, 1], gap="large")
    k = opened.model.code
    with right:
        start = choose_start(opened)
        spacing = choose_spacing()
        units = min(FIRST, k)
        if k > 2:
            units = st.slider("Units", 2, min(k, MOST), units, key="sample.units", bind="query-params")
        sampling.check_finite(opened.codes)
        used = sampling.widest(opened.codes)[:units]
        values = opened.codes.astype(np.float64).var(0)[used]
        chart(figures.usage([axis_name(unit) for unit in used], values, theme(), axis="variance"), key="sample.usage")
        st.caption("Use: the variance of the unit over the held-out examples.")
    found = grids.traversals(opened.codes, start, units, columns, by_quantiles=spacing == "quantiles")
    decoded = [probes.decoded(opened.model, each.codes, _labels(each, told)) for each in found]
    with left:
        if len(opened.dataset.shape) != 3:
            _lines(opened, found, decoded)
            return
        st.html(gallery.STYLE)
        for each, made in zip(found, decoded, strict=True):
            ends = f"from {number(each.values[0])} to {number(each.values[-1])}"
            gallery.filmstrip(axis_name(each.unit), ends, pictured(opened, made))


def _labels(each: grids.Traversal, told: int | None) -> np.ndarray | None:
    return None if told is None else np.full(len(each.codes), told)


def _lines(opened: OpenRun, found: list[grids.Traversal], decoded: list[np.ndarray]) -> None:
    """Of points: the path of each unit among the data."""
    data = opened.dataset.test.x[:1000]
    seen = sampling.in_sight(data)
    layers = [figures.Layer("held-out data", seen(data), INKS[theme()].quiet, 0.5, 4)]
    layers += [
        figures.Layer(axis_name(each.unit), seen(made), colour, 0.95, 5)
        for each, made, colour in zip(found, decoded, _colours(len(found)), strict=True)
    ]
    figure = figures.layers(layers, theme(), lines=[seen(made) for made in decoded], line="path", height=560)
    chart(figure, key="sample.paths")


def _colours(count: int) -> list[str]:
    return [colour_of(place) for place in range(count)]
