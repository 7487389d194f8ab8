"""A pad to draw a picture on, or to erase a part of one, beside what models make of it as the pointer moves."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float
from streamlit.components.v2 import component

from aeviz.ui.components.sources import SHARED, javascript, styles
from aeviz.views.images import as_bytes

PARTS = ("drawing_picture", "drawing_pad", "drawing_models", "drawing")

_drawing = component("aeviz.drawing", css=styles("shared", "drawing"), js=javascript(*SHARED, *PARTS))

Picture = Float[np.ndarray, "c h w"]


@dataclass(frozen=True)
class Drawn:
    """What was on the pad after its `count`-th stroke: the picture in [0, 1], and which of its pixels are erased."""

    picture: Picture
    erased: Bool[np.ndarray, "h w"]
    count: int


@dataclass(frozen=True)
class Answer:
    """What the server makes of the pad for a model that the page cannot compute; completed after so many steps."""

    made: Picture
    completed: Picture | None = None
    steps: int = 0


def last_drawn(state: Any, shape: tuple[int, ...]) -> Drawn | None:
    """What the component of this state has last reported; None where it is nothing of this shape.

    It reports only where a model has no address.
    """
    report = (state or {}).get("drawn")
    if not isinstance(report, Mapping):
        return None
    try:
        picture = np.frombuffer(base64.b64decode(report["picture"]), np.uint8).reshape(shape) / np.float32(255)
        erased = np.frombuffer(base64.b64decode(report["erased"]), np.uint8).reshape(shape[1:]) > 0
        return Drawn(picture.astype(np.float32), erased, int(report["count"]))
    except (binascii.Error, KeyError, TypeError, ValueError):
        return None  # of the data that was in view before


def drawing(
    mode: Literal["draw", "erase"],
    shape: tuple[int, ...],
    models: Sequence[tuple[str, str | None]],
    *,
    key: str,
    start: Picture | None = None,
    answers: tuple[int, Sequence[Answer | None]] | None = None,
) -> None:
    """Draw the pad for pictures of `shape`, c × h × w, and beside it one picture a model, or two while erasing.

    models: the name of each, and where its tape is (`aeviz.views.tape.record_reconstruction`); without an address
    the server is asked after each stroke: the page runs again, reads `last_drawn` and gives `answers`, one a model,
    with the count of the stroke that they answer. start: what is on the pad at first; nothing by default.
    """
    data = {
        "mode": mode,
        "shape": list(shape),
        "start": "" if start is None else _text(start),
        "models": [{"name": name, "address": address} for name, address in models],
        "answers": answers and {"count": answers[0], "models": [each and _written(each) for each in answers[1]]},
    }
    _drawing(data=data, key=key, on_drawn_change=_nothing)


def _written(answer: Answer) -> dict[str, Any]:
    completed = None if answer.completed is None else _text(answer.completed)
    return {"made": _text(answer.made), "completed": completed, "steps": answer.steps}


def _text(picture: Picture) -> str:
    return base64.b64encode(as_bytes(picture[None]).tobytes()).decode()


def _nothing() -> None:
    """A callback has to be there for its state to be there; the page reads the state itself."""
