"""Draw and Erase of the Denoise page: the pad, what it begins with, and the answers of models that the page lacks."""

import numpy as np
import streamlit as st

from aeviz.runs.files import packed
from aeviz.runs.opened import OpenRun
from aeviz.ui.artefacts import publish
from aeviz.ui.beside import names
from aeviz.ui.components import Answer, Drawn, drawing, last_drawn
from aeviz.ui.decoders import LARGEST_DECODER
from aeviz.ui.form import literal
from aeviz.ui.frame import begin, guarded
from aeviz.views import iteration, probes, tape

DRAW = (
    "Draw a picture, at the resolution of the data. What each model gives back of it is computed in this page as you "
    "draw: it can only answer with what its code can say."
)
ERASE = (
    "Erase a part of an example (the hatched pixels, fed in as 0) and see what each model puts there. Given back: the "
    "model's plain reconstruction. Completed: again and again, the known pixels put back after every step."
)
NO_IMAGES = (
    "A picture can be drawn where the examples are images, and these are points. Choose Noise or Walk, or a run on "
    "images."
)
SERVER = (
    "{} cannot be computed in the page: too large, or it takes steps that the page does not know. The server answers "
    "after each stroke instead."
)


def another(count: int) -> None:
    """The next example."""
    st.session_state["denoise.example"] = (int(st.session_state.get("denoise.example") or 0) + 1) % count


def show_pad(found: list[OpenRun], start: int | None, *, erases: bool) -> None:
    """The pad for the runs. start: the example of the first run that it begins with; None for a blank picture."""
    if len(found[0].dataset.shape) != 3:
        st.info(NO_IMAGES, icon=":material/info:")
        return
    st.caption(ERASE if erases else DRAW)
    _pad(found, start, erases)


def choose_start(opened: OpenRun, erases: bool) -> int | None:
    """The held-out example that the pad begins with; None for a blank picture, or where there are no pictures."""
    count = len(opened.dataset.test)
    if len(opened.dataset.shape) != 3:
        return None
    begin("denoise.example", 0, opened.run.id, stays=True)
    if int(st.session_state.get("denoise.example") or 0) >= count:
        st.session_state["denoise.example"] = 0
    if not erases:
        options = ["blank", "example"]
        chosen = st.segmented_control(
            "Start from", options, default="blank", required=True, key="denoise.start", bind="query-params"
        )
        if chosen != "example":
            return None
    index = st.number_input("Example", 0, count - 1, key="denoise.example", bind="query-params", width=130)
    st.button("Next", icon=":material/navigate_next:", on_click=another, args=(count,))
    return int(index)


@st.fragment
def _pad(found: list[OpenRun], start: int | None, erases: bool) -> None:
    opened, key = found[0], f"denoise.{'erase' if erases else 'draw'}.pad"
    shape = opened.dataset.shape
    with guarded():
        addresses = [address_of(each) for each in found]
        told = list(zip(names(found), addresses, strict=True))
        drawn = last_drawn(st.session_state.get(key), shape) if None in addresses else None
        answers = drawn and [
            None if address else answer(each, drawn, erases) for each, address in zip(found, addresses, strict=True)
        ]
        drawing(
            "erase" if erases else "draw",
            shape,
            told,
            key=key,
            start=None if start is None else opened.dataset.test.x[start],
            answers=(drawn.count, answers) if drawn and answers else None,
        )
        if slow := [name for name, address in told if not address]:
            st.caption(SERVER.format(literal(", ".join(slow))))


def answer(opened: OpenRun, drawn: Drawn, erases: bool) -> Answer:
    """What the model makes of the pad, computed here."""
    picture, erased = drawn.picture[None], np.broadcast_to(drawn.erased, drawn.picture.shape)[None]
    made = probes.reconstructions(opened.model, np.where(erased, np.float32(0), picture))[0]
    if not erases:
        return Answer(made)
    walked = iteration.completed(opened.model, picture, erased)
    return Answer(made, walked.examples[-1, 0], len(walked.changes))


def address_of(opened: OpenRun) -> str | None:
    """Where the page finds the model's tape; None where it cannot be played there."""
    file = _tape(opened.run.id, opened.step, opened)
    return None if file is None else publish(file)


@st.cache_data(max_entries=8, show_spinner=False)
def _tape(run: str, step: int, _opened: OpenRun) -> bytes | None:
    try:
        constants, metadata = tape.record_reconstruction(_opened.model, tuple(_opened.dataset.shape))
    except tape.TapeError:
        return None
    if sum(each.nbytes for each in constants.values()) > LARGEST_DECODER:
        return None
    return packed(constants, metadata)
