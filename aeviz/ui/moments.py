"""The moment of a training that a page shows: one slider, from which every figure of the page is drawn."""

import streamlit as st

from aeviz.runs.moments import moments
from aeviz.runs.store import Store

MOMENT = "moment"  # the query parameter, and the widget
NEXT = "moment to come"  # what playing has set, for the script run to come
PLAYING = "moment playing"
OWNER = "owner of moment"  # the run whose moments these are
NEWEST = -1
PAUSE = 0.7  # seconds that a moment stands while playing


def choose_moment(kept: Store, run: str) -> int | None:
    """Let the visitor choose one of the moments at which the run kept its weights: its step, None for the newest.

    A run without moments shows nothing.
    """
    if not (found := moments(kept, run)):
        return None
    steps = [*(each.step for each in found), NEWEST]
    names = {each.step: each.name for each in found} | {NEWEST: "newest"}
    owner = st.session_state.get(OWNER, run)
    st.session_state[OWNER] = run
    if NEXT in st.session_state:
        st.session_state[MOMENT] = st.session_state.pop(NEXT)
    if owner != run or st.session_state.get(MOMENT, NEWEST) not in steps:
        st.session_state[MOMENT] = NEWEST
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.select_slider(
            "Moment",
            steps,
            NEWEST,
            format_func=lambda step: names.get(step, str(step)),
            key=MOMENT,
            bind="query-params",
            label_visibility="collapsed",  # its value says what it is, and the pictures below need the room
        )
        playing = st.session_state.get(PLAYING, False)
        st.button(
            "",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            key="moment.play",
            help="Stop here"
            if playing
            else "Play the moments at which weights were kept while the run learned. All of this page is drawn from "
            "those in view.",
            on_click=_toggle,
            args=(steps, chosen),
        )
    if playing:
        _play(steps)
    return None if chosen == NEWEST else chosen


def _toggle(steps: list[int], chosen: int) -> None:
    st.session_state[PLAYING] = not st.session_state.get(PLAYING, False)
    if st.session_state[PLAYING] and chosen == NEWEST:
        st.session_state[NEXT] = steps[0]


@st.fragment(run_every=PAUSE)
def _play(steps: list[int]) -> None:
    """Ask for the moment after the one in view, again and again, until the newest is."""
    shown = "moment shown while playing"
    now = st.session_state.get(MOMENT, NEWEST)
    if st.session_state.get(shown) != now:  # this script run shows it: it stands until the next call
        st.session_state[shown] = now
        return
    at = steps.index(now) + 1 if now in steps else len(steps)
    if at >= len(steps):
        st.session_state[PLAYING] = False
    else:
        st.session_state[NEXT] = steps[at]
    st.rerun()
