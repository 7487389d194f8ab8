"""Walks between two ends: the ways there are, the pictures along them, and how long each is when it is decoded."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from jaxtyping import Float

from aeviz.errors import SettingError
from aeviz.runs.opened import OpenRun
from aeviz.ui import explorer
from aeviz.ui.gallery import number
from aeviz.ui.places import Code, Spot, View, code_of
from aeviz.views import images, paths, probes
from aeviz.views.look import PALETTE

WAYS: Mapping[str, str] = {
    "Straight": "Equal steps on the line between the two codes.",
    "Spherical": "Equal angles around the origin, the length changing smoothly.",
    "Along the data": f"The shortest way from example to example, each tied to its {paths.NEIGHBOURS} nearest codes.",
    "Geodesic": "The shortest way as decoded: equal steps on it change the picture equally.",
    "Pixels": "No code at all: the two examples themselves, mixed value by value.",
}
COLOURS = dict(zip(WAYS, (PALETTE[0], PALETTE[1], PALETTE[4], PALETTE[2]), strict=False))
FINE = 65  # places at which a way is drawn and measured
SLICE = 0.7  # seconds that a geodesic may take of one run of the page
KEPT = 128  # searches


@dataclass(frozen=True)
class Walk:
    """One way between two ends.

    codes: its steps, n × k; none for pixels. route: the way itself, finer. pictures: of the steps. length: in the
    space of the data. note: what else there is to say. refused: why it cannot be walked, or nothing.
    """

    name: str
    codes: Float[np.ndarray, "n k"] | None
    route: Float[np.ndarray, "m k"] | None
    pictures: images.Pictures
    length: float
    note: str = ""
    refused: str = ""

    @property
    def caption(self) -> str:
        """Its length and what it is."""
        return f"{number(self.length)} long. {WAYS[self.name]} {self.note}".strip()


class Search:
    """A geodesic that is looked for a little at a time, by whoever looks at it, and kept when it is found."""

    def __init__(self, states: Iterator[paths.Geodesic]) -> None:
        self._states: Iterator[paths.Geodesic] | None = states
        self._lock = threading.Lock()
        self.found = next(states)

    @property
    def over(self) -> bool:
        """Whether there is nothing more to find."""
        return self._states is None

    def advance(self, seconds: float) -> None:
        """Look on for so long."""
        end = time.monotonic() + seconds
        with self._lock:
            while self._states is not None and time.monotonic() < end:
                state = next(self._states, None)
                if state is None:
                    self._states = None
                else:
                    self.found = state


_lock = threading.Lock()
_searches: OrderedDict[tuple[str, int, bytes], Search] = OrderedDict()


def search(opened: OpenRun, start: Code, end: Code) -> Search:
    """The search for the geodesic between two codes, from the shorter of the straight way and that along the data.

    Raises:
        SettingError: the decoder jumps and has no derivative.
    """
    key = (opened.run.id, opened.step, np.stack([start, end]).tobytes())
    with _lock:
        if key not in _searches:
            ways = (np.stack([start, end]).astype(np.float32), along(opened, start, end))
            first = min(ways, key=lambda way: paths.length(opened.model, way))
            _searches[key] = Search(paths.geodesic(opened.model, first))
        _searches.move_to_end(key)
        while len(_searches) > KEPT:
            _searches.popitem(last=False)
        return _searches[key]


def along(opened: OpenRun, start: Code, end: Code) -> Float[np.ndarray, "m k"]:
    """The corners of the way along the data."""
    return graph_of(opened.run.id, opened.step, opened).path(start, end)


@st.cache_resource(max_entries=16, show_spinner=False)
def graph_of(run: str, step: int, _opened: OpenRun) -> paths.Graph:
    """The graph of the codes of a run."""
    return paths.graph(_opened.codes)


def walked(opened: OpenRun, start: Spot, end: Spot, steps: int, ways: Sequence[str]) -> tuple[list[Walk], bool]:
    """The ways of these names between two spots, in so many steps, and whether one of them is still being found."""
    one, other = code_of(opened, start), code_of(opened, end)
    made, waiting = [], False
    for name in ways:
        if name == "Pixels":
            first, last = own_picture(opened, start, one), own_picture(opened, end, other)
            pixels = probes.straight(first, last, steps)
            away = float(np.linalg.norm(last - first))
            made.append(Walk(name, None, None, explorer.pictured(opened, pixels), away))
            continue
        note = ""
        if name == "Geodesic":
            try:
                looking = search(opened, one, other)
            except SettingError as error:
                made.append(Walk(name, None, None, np.zeros((0, 1, 1, 1), np.uint8), 0.0, refused=str(error)))
                continue
            looking.advance(SLICE)
            note = told(looking)
            waiting = not looking.over
            route = looking.found.codes
            path = paths.evenly_decoded(opened.model, route, steps)
        elif name == "Along the data":
            route = along(opened, one, other)
            note = f"{max(0, len(route) - 2)} examples on the way."
            path = paths.evenly(route, steps)
        else:
            way = probes.straight if name == "Straight" else probes.spherical
            route, path = way(one, other, FINE), way(one, other, steps)
        length = paths.length(opened.model, route, max(1, FINE // len(route)))
        made.append(Walk(name, path, route, explorer.decoded(opened, path), length, note))
    return made, waiting


def told(looking: Search) -> str:
    """How far a search has come, in words."""
    found = looking.found
    if not looking.over:
        return f"Being shortened: {number(found.start)} at first, round {found.rounds}."
    ended = "at rest" if found.settled else "not yet at rest"
    return (
        f"{number(found.start)} at first; {ended} after {found.rounds} rounds, its longest step {found.uneven:.2f} × "
        "the shortest."
    )


def lines(
    walks: Sequence[Walk], view: View, start: tuple[float, float], end: tuple[float, float]
) -> list[dict[str, object]]:
    """The ways as the scatter draws them: a line in the colour of the strip, and a dot at each step."""
    return [
        {
            "points": view.path(each.route, start, end),
            "dots": view.path(each.codes, start, end),
            "colour": COLOURS[each.name],
        }
        for each in walks
        if each.codes is not None and each.route is not None
    ]


def own_picture(opened: OpenRun, spot: Spot, z: Code) -> np.ndarray:
    """The example itself, or what is decoded at a place."""
    x = opened.dataset.test.x[spot.index] if spot.index is not None else probes.decoded(opened.model, z[None])[0]
    return np.asarray(x)
