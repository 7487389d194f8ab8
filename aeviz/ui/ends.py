"""The examples and places that a page on codes goes between: A to D, set by clicks, by number or at random."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import explorer, places
from aeviz.ui.places import Spot, View

LETTERS = "ABCD"
NEXT = "interpolate.next"


def address(letter: str) -> str:
    """The query parameter that holds an end."""
    return f"interpolate.{letter.lower()}"


def chosen(opened: OpenRun, view: View, scatter: str, letters: str) -> list[Spot]:
    """The ends of these letters, after what was clicked on the scatter of this key.

    Until they are chosen: the first example, and others that lie far from it and from each other.
    """
    if st.session_state.get(NEXT) not in tuple(letters):
        st.session_state[NEXT] = letters[0]
    if clicked := explorer.newly_clicked(scatter, view, len(opened.codes)):
        end = st.session_state[NEXT]
        explorer.remember(address(end), clicked)
        st.session_state[NEXT] = letters[(letters.index(end) + 1) % len(letters)]
    defaults = [0]
    while len(defaults) < len(letters):
        defaults.append(places.far_from(opened, 0) if len(defaults) == 1 else far_from_all(opened, defaults))
    return [explorer.recall(address(each), opened, other) for each, other in zip(letters, defaults, strict=True)]


def far_from_all(opened: OpenRun, others: Sequence[int]) -> int:
    """The first held-out example that is farther from its nearest of `others` than nine in ten examples are."""
    codes = opened.codes.astype(np.float64)
    distances = np.min([np.linalg.norm(codes - codes[other], axis=1) for other in others], axis=0)
    return int(np.flatnonzero(distances >= np.quantile(distances, 0.9))[0])


def controls(spots: Sequence[Spot], letters: str, most: int) -> None:
    """Which end the next click sets, every end by number, and all of them at random."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if len(letters) > 1:
            st.segmented_control("Next click sets", list(letters), required=True, key=NEXT)
        for end, spot in zip(letters, spots, strict=True):
            key = f"interpolate.example {end}"
            st.session_state[key] = spot.index
            st.number_input(
                f"Example {end}",
                0,
                most,
                key=key,
                on_change=_type_in,
                args=(end, key),
                width=116,
                placeholder="a place",
            )
        words = {1: "Random example", 2: "Random pair"}.get(len(letters), "At random")
        st.button(words, icon=":material/casino:", on_click=_draw, args=(letters, most))


def _type_in(end: str, key: str) -> None:
    """Take the example whose number was typed as an end."""
    index = st.session_state[key]
    if index is not None:
        explorer.remember(address(end), Spot(index=int(index)))


def _draw(letters: str, most: int) -> None:
    """Different examples at random; the address keeps which."""
    for end, index in zip(letters, np.random.default_rng().permutation(most + 1).tolist(), strict=False):
        explorer.remember(address(end), Spot(index=index))
