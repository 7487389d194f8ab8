"""Rows of pictures that change from step to step, played in the page, with the change of each step as a curve."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from streamlit.components.v2 import component

from aeviz.runs.files import packed
from aeviz.ui.artefacts import publish
from aeviz.ui.components.sources import SHARED, javascript, styles

_reel = component("aeviz.reel", css=styles("shared", "reel"), js=javascript(*SHARED, "reel"))


def reel(
    names: Sequence[str],
    changes: Float[np.ndarray, "m t"],
    *,
    key: str,
    frames: UInt8[np.ndarray, "s m n c h w"] | None = None,
) -> None:
    """A row of n pictures for each of m names, at any of s = t + 1 moments; changes: of each name at each step.

    frames: None where there is nothing to picture; the curve stands alone then.
    """
    arrays: dict[str, np.ndarray] = {"changes": changes.astype(np.float32)}
    columns = 0
    if frames is not None:
        columns = frames.shape[2]
        arrays["frames"] = frames.reshape(-1, *frames.shape[3:])
    _reel(data={"address": publish(packed(arrays, {"names": list(names), "columns": columns}))}, key=key)
