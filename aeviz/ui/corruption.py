"""The corruption of the Denoise page: which, how strong, and the seed of its noise."""

import streamlit as st

from aeviz.data.pairings import PAIRINGS, Clean, Pairing
from aeviz.spec import read
from aeviz.ui.frame import begin

CORRUPTIONS = {each.kind(): each for each in PAIRINGS if each is not Clean and "strength" in each.knobs()}


def next_seed() -> None:
    """Other noise."""
    st.session_state["denoise.seed"] = int(st.session_state.get("denoise.seed") or 0) + 1


def choose_corruption(run: str, trained: Pairing) -> tuple[Pairing, int]:
    """The corruption, its strength and the seed of its noise; at first those that the model was trained with."""
    kinds = list(CORRUPTIONS)
    start = trained if trained.kind() in kinds else CORRUPTIONS[kinds[0]]()
    begin("denoise.corruption", start.kind(), run, stays=True)
    begin("denoise.strength", float(start.to_json()["strength"]), run, stays=True)
    first, second, third = st.columns([3, 3, 4], vertical_alignment="bottom", gap="medium")
    # No default, so that every corruption that is chosen stands in the address.
    kind = first.selectbox(
        "Corruption",
        kinds,
        None,
        lambda name: CORRUPTIONS[name].title,
        key="denoise.corruption",
        bind="query-params",
        placeholder=start.title,
    )
    variant = CORRUPTIONS[kind or start.kind()]
    knob = variant.knobs()["strength"]
    if st.session_state.get("denoise.strength", knob.low) > knob.high:
        st.session_state["denoise.strength"] = knob.high
    low, high = float(knob.low), float(knob.high)
    strength = second.slider(
        knob.label, low, high, step=0.01, key="denoise.strength", bind="query-params", help=knob.help
    )
    with third.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input("Seed", 0, 2**31 - 1, key="denoise.seed", bind="query-params", width=120)
        st.button("New noise", icon=":material/casino:", on_click=next_seed)
    return read(PAIRINGS, {"kind": variant.kind(), "strength": strength}, "corruption"), seed
