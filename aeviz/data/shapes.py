"""Squares, ellipses and hearts whose every cause is known, drawn when they are asked for."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.spec import knob

CLASSES = ("square", "ellipse", "heart")
FACTORS = ("shape", "scale", "rotation", "x", "y")
SCALES = (0.5, 1.0)
POSITIONS = (0.32, 0.68)  # the longest half-axis at scale 1 is 0.271: every shape lies inside the image
SIDE = 0.34  # side of the square of scale 1, in image widths; the other shapes of one scale have the same area
ELONGATION = 2.0  # long over short axis of the ellipse
FINE = 2  # each pixel is the mean of FINE² smoothed points: corners keep their area within 2 %
WINDOW = 0.6  # width of the part of the image that a shape can reach, drawn alone for speed
CHUNK = 100  # images rendered at a time: the arrays of one chunk stay in the processor's cache


@dataclass(frozen=True)
class Shapes(Source):
    """Squares, ellipses and hearts drawn at random places, sizes and angles, with the causes of each kept.

    x: n × 1 × s × s, white on black, edges smoothed: the mean over the four quarters of a pixel of
    clamp(½ − distance to the edge, 0, 1), the distance in widths of a quarter. factors: shape 0…2; scale ∈ [0.5, 1];
    rotation ∈ [0, 2π) counter-clockwise; x, y ∈ [0.32, 0.68], the centre of mass in image widths from the left and
    from the top. All shapes of one scale cover the same area, (0.34 · scale)² of the image, so that brightness does
    not give the class away. A square looks the same after a quarter turn and an ellipse after half a turn: their
    rotation is not to be had from the image.

    Source: after dSprites, L. Matthey, I. Higgins, D. Hassabis, A. Lerchner (2017),
    https://github.com/google-deepmind/dsprites-dataset. Ours draws each factor uniformly at random where dSprites
    holds the full grid of 737,280 images, smooths the edges where dSprites is binary, and its outlines are our own.
    """

    title: ClassVar[str] = "Shapes"

    size: str = knob("32", "Size", "Width and height of an image in pixels.", choices=("32", "64"))
    images: int = knob(
        4000, "Images", "How many are drawn; one in five is kept for the test.", low=100, high=50_000, scale="log"
    )
    rotated: bool = knob(True, "Rotation", "Turn each shape by a random angle; otherwise all stand upright.")
    seed: int = knob(0, "Seed", "Another number draws other shapes.", low=0, high=2**31 - 1, advanced=True)

    def shape(self) -> tuple[int, ...]:
        return (1, int(self.size), int(self.size))

    def sizes(self) -> tuple[int, int]:
        return (self.images - self.images // 5, self.images // 5)

    def classes(self) -> tuple[str, ...]:
        return CLASSES

    def load(self, progress: Progress = silent) -> Dataset:
        uniform = np.random.default_rng(self.seed).random((self.images, len(FACTORS)))
        low = np.array([0, SCALES[0], 0, POSITIONS[0], POSITIONS[0]])
        high = np.array([len(CLASSES), SCALES[1], 2 * math.pi, POSITIONS[1], POSITIONS[1]])
        factors = (low + uniform * (high - low)).astype(np.float32)
        factors[:, 0] = np.floor(uniform[:, 0] * len(CLASSES))
        if not self.rotated:
            factors[:, 2] = 0
        x = np.empty((self.images, *self.shape()), np.float32)
        for start in range(0, self.images, CHUNK):
            progress(start / self.images, "Drawing shapes")
            x[start : start + CHUNK, 0] = render(factors[start : start + CHUNK], int(self.size))
        labels = factors[:, 0].astype(np.int64)
        train = self.sizes()[0]
        whole = Split(x, labels, factors)
        return Dataset(
            train=whole.taken(slice(train)),
            test=whole.taken(slice(train, None)),
            classes=self.classes(),
            factor_names=FACTORS,
        )


def render(factors: Float[np.ndarray, "n 5"], size: int) -> Float[np.ndarray, "n size size"]:
    """The images that `factors` (columns as in `FACTORS`) describe, `size` pixels wide and high, values in [0, 1].

    Positions must lie in `POSITIONS`, scales at most 1.
    """
    factors = factors.astype(np.float32)
    window = math.ceil(WINDOW * size) + 2
    corners = np.clip(np.floor(factors[:, 3:] * size - window / 2).astype(np.int64), 0, size - window)
    places = (np.arange(window * FINE, dtype=np.float32) + np.float32(0.5)) / np.float32(FINE)
    right = (corners[:, :1] + places).astype(np.float32)[:, None, :] / size - factors[:, 3, None, None]
    up = factors[:, 4, None, None] - (corners[:, 1:] + places).astype(np.float32)[:, :, None] / size
    cosine, sine = np.cos(factors[:, 2, None, None]), np.sin(factors[:, 2, None, None])
    side = np.float32(SIDE) * factors[:, 1, None, None]
    u = (right * cosine + up * sine) / side  # the frame of the shape, in which it is upright with area 1
    v = (up * cosine - right * sine) / side
    fine = np.empty_like(u)
    for kind, distance in enumerate((square_distance, ellipse_distance, heart_distance)):
        rows = np.flatnonzero(factors[:, 0] == kind)
        steps = distance(u[rows], v[rows]) * side[rows] * np.float32(size * FINE)
        fine[rows] = np.clip(np.float32(0.5) - steps, 0, 1)
    quarters = [fine[:, down::FINE, across::FINE] for down in range(FINE) for across in range(FINE)]
    images = np.zeros((len(factors), size, size), np.float32)
    rows, columns = corners[:, 1:] + np.arange(window), corners[:, :1] + np.arange(window)
    images[np.arange(len(factors))[:, None, None], rows[:, :, None], columns[:, None, :]] = sum(quarters) / len(
        quarters
    )
    return images


def square_distance(u: Float[np.ndarray, "..."], v: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Distance to the edge of the square of area 1, negative inside; beyond a corner the larger of the two."""
    return np.asarray(np.maximum(np.abs(u), np.abs(v)) - np.float32(0.5))


def ellipse_distance(u: Float[np.ndarray, "..."], v: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Distance to the edge of the ellipse of area 1 along u, negative inside; to first order, (r − 1) r / |∇|."""
    short = np.float32(math.sqrt(1 / (math.pi * ELONGATION)))
    long = short * np.float32(ELONGATION)
    radius = np.sqrt((u / long) ** 2 + (v / short) ** 2)
    slope = np.sqrt((u / long**2) ** 2 + (v / short**2) ** 2)
    # At the very centre both are 0; there anything well inside will do.
    return np.where(slope > 0, radius * (radius - 1) / np.maximum(slope, np.float32(1e-12)), -short)


def heart_distance(u: Float[np.ndarray, "..."], v: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Distance to the edge of the heart of area 1, negative inside, measured from its centre of mass.

    The heart is a square of side 2h standing on a corner with a disc of radius h on the middle of each upper side.
    Its area is 4h² + πh²; along each upper side's normal its centre of mass lies h (π/2 + 2/3) / (4 + π) from the
    square's centre.
    """
    h = np.float32(1 / math.sqrt(4 + math.pi))
    shift = h * np.float32((math.pi / 2 + 2 / 3) / (4 + math.pi))
    half = np.float32(math.sqrt(0.5))
    a = (v + u) * half + shift  # along the normals of the upper right and of the upper left side
    b = (v - u) * half + shift
    square = np.maximum(np.abs(a), np.abs(b)) - h
    discs = np.minimum(np.hypot(a - h, b), np.hypot(a, b - h)) - h
    return np.asarray(np.minimum(square, discs))
