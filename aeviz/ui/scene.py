"""What the scatter is given: points and their colours, a heat map under them, what decodes under the pointer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from jaxtyping import Float

from aeviz.runs.files import packed
from aeviz.runs.opened import OpenRun
from aeviz.ui.artefacts import publish
from aeviz.ui.decoders import FEWER_REFERENCES, MOST_REFERENCES, decoder_file, reference_pictures
from aeviz.ui.places import Held, View
from aeviz.views import images
from aeviz.views.clusters import METHODS, clusters
from aeviz.views.projections import Plane

MOST_PICTURE_BYTES = 16_000_000  # of the pictures of all points: where they are many, each gets smaller
SIDES = (32, 16, 8)
MOST_PINS = 26


@dataclass(frozen=True)
class Field:
    """A quantity of the plane itself, for a heat map under the points.

    values: h × w, the first row the top one; what is not finite stays clear. extent: the outer edges of the outermost
    cells (left, right, bottom, top), in the units of the view's axes. name: what stands beside the colour scale.
    """

    values: Float[np.ndarray, "h w"]
    extent: tuple[float, float, float, float]
    name: str


def colours_of(opened: OpenRun) -> list[str]:
    """By what points can be coloured."""
    data = opened.dataset
    factors = data.factor_names if data.test.factors is not None else ()
    first = "class" if data.test.labels is not None else "none"
    return [first, "error", *(f"factor: {name}" for name in factors), *METHODS]


def scene(opened: OpenRun, view: View, colour: str, field: Field | None = None) -> str:
    """The address of the picture for the scatter. colour: one of `colours_of`, behind the two methods of grouping the
    number of groups ("k-means 10"). field: what is painted under the points."""
    key = (opened.run.id, opened.step, opened.most, view.name)
    if field is None:
        return publish(_packed_scene(*key, colour, opened, view))
    arrays, metadata = _scene(*key, colour, opened, view)
    arrays = arrays | {"field": field.values.astype(np.float32)}
    return publish(packed(arrays, metadata | {"field_extent": list(field.extent), "field_name": field.name}))


@st.cache_resource(max_entries=8, show_spinner=False)
def _packed_scene(run: str, step: int, most: int, name: str, colour: str, _opened: OpenRun, _view: View) -> bytes:
    return packed(*_scene(run, step, most, name, colour, _opened, _view))


@st.cache_resource(max_entries=8, show_spinner=False)
def _scene(
    run: str, step: int, most: int, name: str, colour: str, _opened: OpenRun, _view: View
) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    data, count = _opened.dataset, len(_opened.codes)
    arrays: dict[str, np.ndarray] = {"points": _view.points.astype(np.float32)}
    metadata: dict[str, object] = {"axes": list(_view.axes), "classes": list(data.classes)}
    if data.test.labels is not None:
        arrays["labels"] = data.test.labels[:count].astype(np.int32)
    method, _, groups = colour.rpartition(" ")
    if method in METHODS:
        found = clusters(_opened.codes, method, int(groups), _opened.run.recipe.seed)
        arrays["labels"] = found.astype(np.int32)
        metadata["classes"] = [f"group {place + 1}" for place in range(int(found.max(initial=0)) + 1)]
    if colour == "error":
        arrays["values"] = _opened.errors
        metadata["value_name"] = "error"
    factor = colour.removeprefix("factor: ")
    if data.test.factors is not None and factor in data.factor_names:
        arrays["values"] = data.test.factors[:count, data.factor_names.index(factor)].astype(np.float32)
        metadata["value_name"] = factor
    if len(data.shape) == 3:
        arrays["thumbnails"] = _thumbnails(data.test.x[:count])
    return arrays, metadata


def _thumbnails(x: Float[np.ndarray, "n c h w"]) -> images.Pictures:
    """A small picture of each example, the smaller the more there are."""
    for side in SIDES:
        if len(x) * images.thumbnails(x[:1], side)[0].nbytes <= MOST_PICTURE_BYTES:
            break
    return images.thumbnails(x, side)


def pointer(
    opened: OpenRun, view: View, like: int | None = None, held: Held | None = None, *, live: bool = False
) -> dict[str, Any] | None:
    """What the scatter needs to decode under the pointer; None where the page cannot.

    like: the example whose code is kept in the directions that the picture does not show; the mean by default. held:
    the code that is kept there. live: the run is followed, and what is sent will soon be renewed.
    """
    if len(opened.dataset.shape) != 3:
        return None
    shows_plane = isinstance(view.mapping, Plane)
    most = FEWER_REFERENCES if live else MOST_REFERENCES
    file = decoder_file(opened, with_codes=not shows_plane, most=most)
    if file is None:
        return None
    given = {"address": publish(file), "pictures": publish(reference_pictures(opened.dataset))}
    if not isinstance(view.mapping, Plane):
        return given
    kept = held.code if held else None if like is None else opened.codes[like]
    origin = view.mapping.lift(np.zeros((1, 2), np.float32), kept)[0]
    across, up = view.mapping.basis.T.tolist()
    return given | {"origin": origin.tolist(), "across": across, "up": up}


def chosen(key: str, opened: OpenRun) -> list[int]:
    """The examples that were drawn around on the scatter of this key, ascending."""
    told = (st.session_state.get(key) or {}).get("chosen") or {}
    return [int(index) for index in told.get("indices", ()) if 0 <= int(index) < len(opened.codes)]


def pins(key: str, name: str, view: View) -> dict[str, Any]:
    """The pins of the scatter of this key, which also stand in the address under `name`; what the scatter begins with.

    In the address they are `view;x,y;x,y`, and of another view they are dropped.
    """
    told = (st.session_state.get(key) or {}).get("pinned")
    if told is not None:
        text = ";".join([view.name, *(f"{float(x):.5g},{float(y):.5g}" for x, y in told.get("places", ()))])
        if told.get("places"):
            st.query_params[name] = text
        elif name in st.query_params:
            del st.query_params[name]
    owner, *parts = st.query_params.get(name, "").split(";")
    return {"of": view.name, "places": _places(parts[:MOST_PINS]) if owner == view.name else []}


def _places(parts: list[str]) -> list[list[float]]:
    found = []
    for part in parts:
        try:
            x, y = (float(each) for each in part.split(","))
        except ValueError:
            continue
        if np.isfinite([x, y]).all():
            found.append([x, y])
    return found
