"""A large scatter of codes that can be panned, zoomed, coloured, turned into images, and picked from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streamlit.components.v2 import component

from aeviz.ui.components.sources import SHARED, javascript, styles

PARTS = (
    "live_feed",
    "glide",
    "colour_bar",
    "scatter_scene",
    "scatter_field",
    "scatter_marks",
    "scatter_images",
    "scatter_note",
    "scatter_cursor",
    "scatter_pointer",
    "scatter_selection",
    "scatter_strip",
    "scatter_save",
    "scatter_tools",
    "scatter_live",
    "scatter",
)

_scatter = component("aeviz.scatter", css=styles("shared", "scatter", "selection"), js=javascript(*SHARED, *PARTS))


@dataclass(frozen=True)
class Pick:
    """A place that was clicked, in the units of the axes.

    `index` is the point within 8 pixels of it, None where there is none or where the scene has since become another.
    `count` grows with every click, so that two clicks on one place differ.
    """

    x: float
    y: float
    index: int | None
    count: int


def scatter(
    scene: str,
    *,
    key: str,
    marks: dict[str, Any] | None = None,
    pick: bool = True,
    height: int = 520,
    decoder: dict[str, Any] | None = None,
    tools: bool = False,
    pinned: dict[str, Any] | None = None,
    live: dict[str, str] | None = None,
) -> Pick | None:
    """Draw the scene at this URL and return the last place picked; clicks beside the points count too.

    The scene is a safetensors file with `points` F32 [m, 2] and optionally `labels` I32 [m], `values` F32 [m] and
    `thumbnails` U8 [m, c, h, w]; its metadata may hold `classes` and `axes` (JSON lists) and `value_name`. A heat map
    under the points is `field` F32 [h, w], its first row the top one, with `field_extent` (JSON: the outer edges left,
    right, bottom, top in the units of the axes) and `field_name`.
    `marks` may hold `pins` [[x, y, "A"], …], `path` [[x, y], …], `paths`, which are {"points", "dots": the same kind,
    "colour"}, and `selected` (an index).
    `decoder`, where what lies under the pointer is to be decoded in the page: `address` of a safetensors file with a
    tape (`aeviz.views.tape`) and `codes` F32 [m, k]; and the way from a place to a code, origin + x·across + y·up (rows
    of k numbers), or none of them: then between the codes of the nearest points. With `references` F32 [r, k] in that
    file, `pictures` is the address of another with `pictures` U8 [r, c, h, w] and `labels`, the training examples that
    stand beside what is decoded; without, the shown ones do.
    `tools`: drawing around points and along lines, pins, saving. What was drawn around is the state `chosen`
    ({"indices", "scene"}) and pins are the state `pinned` ({"places", "scene"}) of this key; `pinned` gives those to
    begin with: `places` [[x, y], …] and `of`, the plane that they belong to.
    `live`: `run` and `base`, a run under way whose live frames are followed; when it ends, the state `ended` tells.
    """
    data = {
        "scene": scene,
        "marks": marks or {},
        "pick": pick,
        "height": height,
        "decoder": decoder,
        "tools": tools,
        "pinned": pinned,
        "live": live,
    }
    result = _scatter(
        data=data,
        key=key,
        on_picked_change=_nothing,
        on_chosen_change=_nothing,
        on_pinned_change=_nothing,
        on_ended_change=_nothing,
    )
    picked = result.get("picked")
    if not isinstance(picked, Mapping):
        return None
    index = picked.get("index") if picked.get("scene") == scene else None
    return Pick(
        x=float(picked["x"]),
        y=float(picked["y"]),
        index=None if index is None else int(index),
        count=int(picked["count"]),
    )


def _nothing() -> None:
    """A callback has to be there for its state to be there; the page reads the state itself."""
