"""Where codes stand in a picture of them, and which code a place stands for."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from aeviz.errors import StoreError
from aeviz.models import Conditional
from aeviz.runs.opened import MOST_CODES, OpenRun, open_run
from aeviz.runs.projector import name_of
from aeviz.runs.store import Run
from aeviz.ui.gallery import axis_name, number
from aeviz.ui.server import store
from aeviz.views.projections import Neighbourhood, Plane, Points, axes_plane

FARTHEST = 1e9  # codes beyond are those of a run that went astray, and their squares no longer fit
Code = Float[np.ndarray, " k"]


@dataclass(frozen=True)
class Spot:
    """What was clicked: a held-out example, or a place of a view. Its text stands in the address.

    index: the example. view, x, y: the place, in the units of the view's axes.
    """

    index: int | None = None
    view: str = ""
    x: float = 0.0
    y: float = 0.0

    def text(self) -> str:
        """`17`, or `pca:0.25:-1.5`."""
        if self.index is not None:
            return str(self.index)
        return f"{self.view}:{self.x:.6g}:{self.y:.6g}"

    @classmethod
    def read(cls, text: str, count: int) -> "Spot | None":
        """The spot that a text means among `count` examples; None where it means none."""

        def example(part: str) -> int:
            if not (part.isascii() and part.isdigit() and int(part[:9]) < count and len(part) < 9):
                raise ValueError(part)
            return int(part)

        try:
            view, *parts = text.split(":")
            if not parts:
                return cls(index=example(view))
            x, y = float(parts[0]), float(parts[1])
            if not (abs(x) < FARTHEST and abs(y) < FARTHEST and len(parts) == 2):
                return None
            return cls(view=view, x=x, y=y)
        except (ValueError, IndexError):
            return None


@dataclass(frozen=True)
class View:
    """One way of drawing the codes of a run.

    name: as in `Spot.view`. points: where each held-out code is drawn, m × 2. mapping: between codes and places.
    awaited: the better picture, umap or tsne, that is wanted and not there; waiting: whether it will come; note: what
    to say of that.
    """

    name: str
    axes: tuple[str, str]
    points: Points
    mapping: Plane | Neighbourhood
    awaited: str = ""
    waiting: bool = False
    note: str = ""

    @property
    def kind(self) -> str:
        """own, pca, umap, tsne or axes."""
        return self.name.partition("-")[0]

    def place(self, spot: Spot, z: Code) -> tuple[float, float]:
        """Where a spot with this code is drawn."""
        if spot.index is not None:
            x, y = self.points[spot.index]
        elif spot.view == self.name:
            x, y = spot.x, spot.y
        else:
            x, y = self.mapping.project(z[None])[0]
        return float(x), float(y)

    def path(self, codes: Float[np.ndarray, "n k"], start: tuple[float, float], end: tuple[float, float]) -> Any:
        """A path through codes as the scatter takes it, between ends that are drawn at these places."""
        places = self.mapping.project(codes)
        if codes.shape[1] == 1:
            places[:, 1] = np.linspace(start[1], end[1], len(codes))
        return [list(start), *places[1:-1].tolist(), list(end)]


SLOW = {"umap": "UMAP", "tsne": "t-SNE"}
"""Pictures that take seconds: computed by the projector, kept with the run."""


def view_of(opened: OpenRun, name: str) -> View:
    """A view by its name; PCA for UMAP and t-SNE while they are not there."""
    awaited, waiting, note = "", False, ""
    mapping: Plane | Neighbourhood | None
    if name in SLOW:
        points, waiting, note = picture_of(opened, name)
        if points is not None:
            axes = (f"{SLOW[name]} 1", f"{SLOW[name]} 2")
            mapping = Neighbourhood(opened.codes[: len(points)], points)
            if len(opened.codes) > len(points):
                points = mapping.project(opened.codes)
            return View(name, axes, points, mapping)
        name, awaited = "pca", name
    mapping = mapping_of(opened, name)
    if mapping is None:
        raise StoreError(f"A code of {opened.model.code} has no view {name!r}.")
    points = mapping.project(opened.codes)
    axes = ("principal axis 1", "principal axis 2")
    if name != "pca":
        named = [int(part) for part in name.split("-")[1:]] or [1, 2]
        axes = (axis_name(named[0] - 1), axis_name(named[1] - 1))
    if opened.model.code == 1:
        points = spread_out(points)
        axes = (axis_name(0), "")
    return View(name, axes, points, mapping, awaited, waiting, note)


def mapping_of(opened: OpenRun, name: str) -> Plane | Neighbourhood | None:
    """Between codes and the places of a view; None where this run has no such view, or not yet."""
    k = opened.model.code
    kind, *numbers = name.split("-")
    if kind == ("own" if k <= 2 else "pca"):
        return opened.plane
    if kind in SLOW and k > 2:
        points = _stored(opened, kind)
        return None if points is None else Neighbourhood(opened.codes[: len(points)], points)
    if kind == "axes" and k > 2 and len(numbers) == 2 and all(each.isdecimal() for each in numbers):
        across, up = (int(each[:4]) - 1 for each in numbers)
        if across != up and min(across, up) >= 0 and max(across, up) < k:
            return axes_plane(opened.codes, across, up)
    return None


def picture_of(opened: OpenRun, kind: str) -> tuple[Points | None, bool, str]:
    """The points of UMAP or t-SNE where they are ready, whether they will come, and what to say meanwhile.

    They are those of the first held-out codes, whatever else is drawn.
    """
    words = SLOW[kind]
    points = _stored(opened, kind)
    if points is not None:
        return points, False, ""
    if not fresh(opened).ended:
        return None, True, f"{words} waits until the run has ended. PCA is shown meanwhile."
    if opened.moment is None and open_run(store(), opened.run.id).step != opened.step:
        return None, True, "The run has just ended. Its last weights are being opened."
    status, message = store().request_projection(opened.run.id, opened.step, kind)
    if status == "failed":
        return None, False, message
    return None, True, f"{words} is being computed, which takes some seconds. PCA is shown meanwhile."


def _stored(opened: OpenRun, kind: str) -> Points | None:
    try:
        points = store().read(opened.run.id, name_of(opened.step, kind))[0]["points"]
    except (StoreError, KeyError):
        return None
    fits = points.shape == (min(MOST_CODES, len(opened.codes)), 2) and np.isfinite(points).all()
    return points if fits else None


def spread_out(points: Points) -> Points:
    """A strip from points on a line: each moved up or down by a share of the golden ratio, the same every time."""
    wide = max(float(np.ptp(points[:, 0])), 1e-6)
    shares = np.arange(len(points)) * ((math.sqrt(5) - 1) / 2) % 1 - 0.5
    return np.stack([points[:, 0], 0.2 * wide * shares], 1).astype(np.float32)


def fresh(opened: OpenRun) -> Run:
    """The run's row as it is now."""
    return store().run(opened.run.id)


@dataclass(frozen=True)
class Held:
    """The code that places of a plane share in the directions that the plane does not show.

    words: where that is, as it follows "held": "at the mean of the codes".
    """

    code: Code
    words: str = "at the mean of the codes"


def code_of(opened: OpenRun, spot: Spot, held: Held | None = None) -> Code:
    """The code of a spot. held: what it is off the view's plane; the mean by default."""
    if spot.index is not None:
        return np.asarray(opened.codes[spot.index])
    mapping = mapping_of(opened, spot.view)
    if mapping is None:
        return np.asarray(opened.codes.mean(0))
    place = np.array([[spot.x, spot.y]], np.float32)
    return np.asarray(mapping.lift(place, held.code if held else None)[0])


def meaning(opened: OpenRun, spot: Spot, z: Code, held: Held | None = None) -> str:
    """How the place of a spot became a code, and what to bear in mind, in words."""
    k, kind = opened.model.code, spot.view.partition("-")[0]
    words = []
    if spot.index is None:
        where = held.words if held else "at the mean of the codes"
        words.append(
            {
                "own": "The place is the code."
                if k == 2
                else "The place along z₁ is the code; its height means nothing.",
                "pca": f"The place sets 2 of {k} directions; the rest is held {where}.",
                "axes": f"The place sets 2 of {k} entries; the rest is held {where}.",
                **dict.fromkeys(
                    SLOW,
                    f"{SLOW.get(kind)} has no way back to codes: this is the mean of the 5 nearest examples' codes, "
                    "weighted by inverse distance.",
                ),
            }[kind]
        )
        if isinstance(opened.model, Conditional):
            words.append("The decoder is not told a class here; Sample lets you choose one.")
        if getattr(opened.model.decoder, "unpooling", "") == "places":
            words.append("With no example there are no unpooling places, so details blur.")
    low, high = {"positive": (0, math.inf), "unit": (0, 1)}.get(
        opened.run.recipe.model.code_range(), (-math.inf, math.inf)
    )
    if (z < low).any() or (z > high).any():
        words.append("No encoder output reaches this code: it lies outside the code activation's range.")
    return " ".join(words)


def nearest(opened: OpenRun, z: Code, count: int, but: int | None = None) -> list[tuple[int, float]]:
    """The held-out examples whose codes are nearest, and how far they are; without the example `but`."""
    distances = np.linalg.norm(opened.codes.astype(np.float64) - z, axis=1)
    order = [int(index) for index in np.argsort(distances, kind="stable")[: count + 1] if index != but]
    return [(index, float(distances[index])) for index in order[:count]]


def far_from(opened: OpenRun, index: int) -> int:
    """The first held-out example of another class, where there are any, that lies far off: beyond 4 in 5 examples."""
    distances = np.linalg.norm(opened.codes.astype(np.float64) - opened.codes[index], axis=1)
    labels = opened.dataset.test.labels
    other = np.arange(len(distances)) != index
    if labels is not None and (labels[: len(distances)] != labels[index]).any():
        other = labels[: len(distances)] != labels[index]
    if not other.any():
        return index
    return int(np.flatnonzero(other & (distances >= np.quantile(distances[other], 0.8)))[0])


def apart(start: Code, end: Code) -> str:
    """The distance between two codes and the angle at the origin, in words."""
    one, other = start.astype(np.float64), end.astype(np.float64)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    words = f"{number(float(np.linalg.norm(other - one)))} apart"
    if lengths < 1e-12:
        return words
    return f"{words}, {math.degrees(math.acos(float(np.clip(one @ other / lengths, -1, 1)))):.0f}° around the origin"
