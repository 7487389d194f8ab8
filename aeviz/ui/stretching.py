"""Stretch of the Sample page: how much the decoder enlarges a plane of codes, as a heat map under the codes."""

import numpy as np
import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import scene
from aeviz.ui.components import scatter
from aeviz.ui.frame import chart, theme
from aeviz.ui.gallery import number
from aeviz.ui.places import View
from aeviz.ui.sampler import choose_plane
from aeviz.views import figures, geometry, sampling
from aeviz.views.projections import Plane

SIDE = 56  # cells of the heat map, each way
LINE = 400  # places along a code of one unit
NAME = "log stretch"
MARGIN = 0.08  # of the codes' extent, added on every side
MEANING = (
    "How much the decoder enlarges a small patch of codes: ½ log det JᵀJ of J, the derivative of the decoded example. "
    "Where it is large, a small step changes much: often a border between kinds of examples. Where it is small, the "
    "decoder hardly tells codes apart."
)


def show(opened: OpenRun, told: int | None) -> None:
    """The codes over the heat map; what lies under the pointer is decoded."""
    left, right = st.columns([3, 1], gap="large")
    with right:
        plane, axes = choose_plane(opened)
    box = sampling.widened(sampling.usual(plane.project(opened.codes), 0), MARGIN)
    if opened.model.code == 1:
        along = sampling.along(box, LINE)
        values = _stretch(opened.run.id, opened.step, told, plane.lift(along), plane.basis[:, :1], opened)
        with left:
            chart(figures.along_line(along[:, 0], values, theme(), axes=(axes[0], NAME)), key="sample.stretch")
    else:
        z = plane.lift(sampling.places(box, SIDE))
        values = _stretch(opened.run.id, opened.step, told, z, plane.basis, opened)
        with left:
            _map(opened, plane, axes, box, values)
    finite = values[np.isfinite(values)]
    what = "stretch" if opened.model.code == 1 else "patch"
    with right:
        if len(finite):
            times = np.exp(min(float(np.ptp(finite)), 700.0))
            st.metric("Most against least", f"{times:,.3g} ×", border=True)
            st.caption(
                f"How many times larger the most enlarged {what} is decoded than the least. The scale runs from "
                f"{number(finite.min())} to {number(finite.max())} nats."
            )
        if len(finite) < len(values):
            st.caption("Where nothing is painted the decoder flattens some direction: it changes nothing.")


def _map(opened: OpenRun, plane: Plane, axes: tuple[str, str], box: sampling.Box, values: np.ndarray) -> None:
    half = [(high - low) / (2 * (SIDE - 1)) for low, high in zip(box.low, box.high, strict=True)]
    extent = (box.low[0] - half[0], box.high[0] + half[0], box.low[1] - half[1], box.high[1] + half[1])
    field = scene.Field(values.reshape(SIDE, SIDE), extent, NAME)
    view = View(_name(opened, plane), axes, plane.project(opened.codes), plane)
    address = scene.scene(opened, view, scene.colours_of(opened)[0], field)
    decoder = scene.pointer(opened, view)
    scatter(address, key=f"sample.scatter.{opened.run.id}", pick=False, height=560, decoder=decoder)


def _name(opened: OpenRun, plane: Plane) -> str:
    """The name of the view, as Latent has it."""
    across, up = plane.basis.argmax(0)
    return "own" if opened.model.code <= 2 else f"axes-{across + 1}-{up + 1}"


@st.cache_data(max_entries=16, show_spinner="Measuring the decoder …")
def _stretch(run: str, step: int, told: int | None, z: np.ndarray, basis: np.ndarray, _opened: OpenRun) -> np.ndarray:
    labels = None if told is None else np.full(len(z), told)
    return geometry.stretch(_opened.model, z, labels, basis)
