"""The strangers of the Anomaly page: held-out examples made strange, corrupted ones, or examples of other data."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from aeviz.data import SOURCES, Source
from aeviz.data.cache import loaded
from aeviz.data.pairings import Pairing
from aeviz.errors import AevizError, DataError
from aeviz.runs.opened import OpenRun
from aeviz.spec import read
from aeviz.ui.corruption import CORRUPTIONS
from aeviz.ui.frame import LOOKABLE
from aeviz.ui.server import store
from aeviz.views import anomaly, restoration
from aeviz.views.evidence import spread


def choose_strangers(opened: OpenRun, x: np.ndarray) -> tuple[np.ndarray, str]:
    """Examples unlike the held-out `x`, as many where there are as many, and a text that tells them from all others.

    Raises:
        DataError: the other data cannot be had, or have become another shape.
    """
    others = _other_data(opened)
    shaped = [kind for kind in anomaly.STRANGERS if x.ndim == 4 or kind in anomaly.FOR_POINTS]
    corrupted = {f"corrupted: {each.title.lower()}": each for each in CORRUPTIONS.values()}
    kinds = [*shaped, *others, *corrupted]
    first, second = st.columns([3, 2], vertical_alignment="bottom", gap="medium")
    if st.session_state.get("anomaly.strangers", kinds[0]) not in kinds:
        del st.session_state["anomaly.strangers"]
    kind = first.selectbox("Strangers", kinds, key="anomaly.strangers", bind="query-params") or kinds[0]
    with second:
        if kind in corrupted:
            pairing = _corruption(corrupted[kind])
            return restoration.corrupted(pairing, x, opened.run.recipe.seed), str(pairing)
        if kind in others:
            st.caption("Its held-out examples, as many as there are of the run's own, or all.")
            return _examples(others[kind], x, kind), str(others[kind])
        st.caption(anomaly.STRANGERS[kind][1])
        return anomaly.strangers(kind, x, opened.run.recipe.seed), kind


def _corruption(variant: type[Pairing]) -> Pairing:
    knob = variant.knobs()["strength"]
    start = float(variant().to_json()["strength"])
    strength = st.slider(
        knob.label,
        float(knob.low),
        float(knob.high),
        start,
        0.01,
        key=f"anomaly.strength.{variant.kind()}",
        bind="query-params",
    )
    return read((variant,), {"kind": variant.kind(), "strength": strength}, "corruption")


def _examples(source: Source, x: np.ndarray, name: str) -> np.ndarray:
    """As many of its held-out examples as there are in x."""
    with st.spinner(f"Loading {name}"):
        found: np.ndarray = spread(loaded(source).test, len(x)).x
    if found.shape[1:] != x.shape[1:]:
        raise DataError(f"{name} has examples of another shape: choose other strangers.")
    return found


def _other_data(opened: OpenRun) -> Mapping[str, Source]:
    """Data of the same shape by name: what the app brings along, and what other runs have learned."""
    own = opened.run.recipe.data
    found = {f"other data: {each.title}": each() for each in SOURCES if each.kind() != own.kind()}
    taken = {str(own), *map(str, found.values())}
    for run in store().runs(LOOKABLE):
        data = run.recipe.data
        if str(data) not in taken:
            taken.add(str(data))
            found[f"data of {run.name}, {run.id[-6:]}"] = data
    return {name: data for name, data in found.items() if _shape(data) == opened.dataset.shape}


def _shape(source: Source) -> tuple[int, ...] | None:
    """The shape of its examples; None where they cannot be had any more."""
    try:
        return tuple(source.shape())
    except AevizError:
        return None
