"""Point sets in the plane and in space whose shape is known: the smallest data on which a code can be seen."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.spec import knob

MARGIN = 0.05  # kept free on every side of the unit square or cube
REACH = 4  # standard deviations of noise that are given room; what lies beyond is moved to the edge


@dataclass(frozen=True)
class Figure:
    """One curve, surface or group of curves.

    draw: uniform numbers n × 3 in [0, 1) → points n × d and factors n × f; the first uniform number chooses the part.
    low, high: the box that the points fill without noise. parts: the name of each part, none where there is one.
    factors: names of the factor columns; all lie in [0, 1].
    """

    draw: Callable[[Float[np.ndarray, "n 3"]], tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "n f"]]]
    low: tuple[float, ...]
    high: tuple[float, ...]
    parts: tuple[str, ...] = ()
    factors: tuple[str, ...] = ("position",)


@dataclass(frozen=True)
class Toys(Source):
    """Points on curves in the plane or on a rolled-up sheet in space, with or without noise.

    With t ∈ [0, 1) uniform along the curve and s ∈ [0, 1) across the sheet:
    two moons (cos πt, sin πt) and (1 − cos πt, ½ − sin πt); two circles of radius 1 and ½;
    three spirals r (cos, sin)(3π r + 2πk/3) with r = √(0.01 + 0.99 t); a Swiss roll (φ cos φ, 21 s, φ sin φ) with
    φ = 3π/2 (1 + 2t); an S curve (sin φ, 2s, sgn(φ)(cos φ − 1)) with φ = 3π (t − ½).
    Normal noise is added, its standard deviation in widths of the figure, and all is scaled by one number so that the
    figure with four standard deviations of noise fits the unit square or cube with a margin of 0.05.
    x: n × 2 or n × 3. labels: the part (moon, circle, arm) where there are several. factors: t, and s where it exists.

    Source: the usual test figures of manifold learning; the Swiss roll is that of J. B. Tenenbaum, V. de Silva,
    J. C. Langford, A Global Geometric Framework for Nonlinear Dimensionality Reduction, Science 290 (2000),
    doi:10.1126/science.290.5500.2319.
    """

    title: ClassVar[str] = "Toy points"

    figure: str = knob(
        "moons",
        "Figure",
        "Moons, circles and spirals lie in the plane; the Swiss roll and the S curve in space.",
        choices=("moons", "circles", "spirals", "swiss roll", "s-curve"),
    )
    points: int = knob(
        2000, "Points", "How many are drawn; one in five is kept for the test.", low=50, high=50_000, scale="log"
    )
    noise: float = knob(
        0.02, "Noise", "Standard deviation around the figure, in widths of the figure.", low=0, high=0.2
    )
    seed: int = knob(0, "Seed", "Another number draws other points.", low=0, high=2**31 - 1, advanced=True)

    def shape(self) -> tuple[int, ...]:
        return (len(FIGURES[self.figure].low),)

    def sizes(self) -> tuple[int, int]:
        return (self.points - self.points // 5, self.points // 5)

    def classes(self) -> tuple[str, ...]:
        return FIGURES[self.figure].parts

    def load(self, progress: Progress = silent) -> Dataset:
        figure = FIGURES[self.figure]
        random = np.random.default_rng(self.seed)
        uniform = random.random((self.points, 3))
        points, factors = figure.draw(uniform)
        low, high = np.array(figure.low), np.array(figure.high)
        width = float((high - low).max())
        centred = (points - (low + high) / 2) / width + self.noise * random.standard_normal(points.shape)
        x = np.clip(0.5 + centred * (1 - 2 * MARGIN) / (1 + 2 * REACH * self.noise), 0, 1).astype(np.float32)
        labels = part_of(uniform, len(figure.parts)) if figure.parts else None
        train = self.sizes()[0]
        whole = Split(x, labels, factors.astype(np.float32))
        return Dataset(
            train=whole.taken(slice(train)),
            test=whole.taken(slice(train, None)),
            classes=self.classes(),
            factor_names=figure.factors,
        )


def part_of(uniform: Float[np.ndarray, "n 3"], parts: int) -> np.ndarray:
    """Which of `parts` equally likely parts each point belongs to, int64."""
    return np.asarray(np.floor(uniform[:, 0] * parts), np.int64)


def _moons(uniform: Float[np.ndarray, "n 3"]) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 1"]]:
    part, t = part_of(uniform, 2), uniform[:, 1]
    upper = np.stack([np.cos(np.pi * t), np.sin(np.pi * t)], axis=1)
    lower = np.array([1.0, 0.5]) - upper
    return np.where(part[:, None] == 0, upper, lower), t[:, None]


def _circles(uniform: Float[np.ndarray, "n 3"]) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 1"]]:
    part, t = part_of(uniform, 2), uniform[:, 1]
    radius = np.where(part == 0, 1.0, 0.5)[:, None]
    return radius * np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], axis=1), t[:, None]


def _spirals(uniform: Float[np.ndarray, "n 3"]) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 1"]]:
    part, t = part_of(uniform, 3), uniform[:, 1]
    radius = np.sqrt(0.01 + 0.99 * t)  # the root spreads the points evenly: a spiral's length grows with radius²
    angle = 3 * np.pi * radius + 2 * np.pi * part / 3
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), t[:, None]


def _swiss_roll(uniform: Float[np.ndarray, "n 3"]) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 2"]]:
    t, s = uniform[:, 1], uniform[:, 2]
    angle = 1.5 * np.pi * (1 + 2 * t)
    return np.stack([angle * np.cos(angle), 21 * s, angle * np.sin(angle)], axis=1), uniform[:, 1:]


def _s_curve(uniform: Float[np.ndarray, "n 3"]) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 2"]]:
    angle, s = 3 * np.pi * (uniform[:, 1] - 0.5), uniform[:, 2]
    return np.stack([np.sin(angle), 2 * s, np.sign(angle) * (np.cos(angle) - 1)], axis=1), uniform[:, 1:]


_TURN = 1.5 * math.pi
FIGURES: dict[str, Figure] = {
    "moons": Figure(_moons, (-1, -0.5), (2, 1), ("upper moon", "lower moon")),
    "circles": Figure(_circles, (-1, -1), (1, 1), ("outer circle", "inner circle")),
    "spirals": Figure(_spirals, (-1, -1), (1, 1), ("first arm", "second arm", "third arm")),
    # The roll runs from 3π/2 to 9π/2; its outermost points lie near 3π, 4π, 7π/2 and 9π/2.
    "swiss roll": Figure(
        _swiss_roll, (-3.05 * math.pi, 0, -3.52 * math.pi), (4.02 * math.pi, 21, 3 * _TURN), (), ("position", "height")
    ),
    "s-curve": Figure(_s_curve, (-1, 0, -2), (1, 2, 2), (), ("position", "height")),
}
