"""Images with tags: words that hold for a picture, several at once, where a label is one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.data.shapes import CHUNK, CLASSES, render
from aeviz.spec import knob

COLOURS = {
    "red": (0.90, 0.16, 0.20),
    "green": (0.18, 0.70, 0.30),
    "blue": (0.20, 0.40, 0.95),
    "yellow": (0.98, 0.85, 0.20),
    "purple": (0.62, 0.28, 0.80),
    "white": (0.95, 0.95, 0.95),
}
SCALES = {"small": (0.6, 0.7), "large": (0.9, 1.0)}
NEAR, FAR = (0.32, 0.45), (0.55, 0.68)  # from the left or from the top; what lies between is neither
SIDES = ("left", "right"), ("top", "bottom")
SHAPE_TAGS = (*CLASSES, *COLOURS, *SCALES, *SIDES[0], *SIDES[1])
FACTORS = ("shape", "colour", "scale", "x", "y")


@dataclass(frozen=True)
class TaggedShapes(Source):
    """Coloured squares, ellipses and hearts, tagged with shape, colour, size and place: 15 tags, 5 for each image.

    x: n × 3 × s × s, a shape as in `Shapes`, upright, on black. Each of the 3 · 6 · 2 · 2 · 2 descriptions is as likely
    as any other; in between all is random: small is a scale in [0.6, 0.7], large in [0.9, 1]; left and top a centre in
    [0.32, 0.45] of the image, right and bottom in [0.55, 0.68]. labels: the shape. tags: as `SHAPE_TAGS` names them.

    Source: drawn by us.
    """

    title: ClassVar[str] = "Tagged shapes"

    size: int = knob(24, "Size", "Width and height of an image in pixels.", low=16, high=64)
    images: int = knob(
        5000, "Images", "How many are drawn; one in five is kept for the test.", low=100, high=50_000, scale="log"
    )
    seed: int = knob(0, "Seed", "Another number draws other images.", low=0, high=2**31 - 1, advanced=True)

    def shape(self) -> tuple[int, ...]:
        return (3, self.size, self.size)

    def sizes(self) -> tuple[int, int]:
        return (self.images - self.images // 5, self.images // 5)

    def classes(self) -> tuple[str, ...]:
        return CLASSES

    def tag_names(self) -> tuple[str, ...]:
        return SHAPE_TAGS

    def load(self, progress: Progress = silent) -> Dataset:
        random = np.random.default_rng(self.seed)
        counts = (len(CLASSES), len(COLOURS), len(SCALES), 2, 2)
        chosen = np.stack([random.integers(count, size=self.images) for count in counts], 1)
        within = random.random((self.images, 3))
        ranges = (tuple(SCALES.values()), (NEAR, FAR), (NEAR, FAR))
        drawn = [_between(np.array(range)[chosen[:, 2 + at]], within[:, at]) for at, range in enumerate(ranges)]
        factors = np.column_stack([chosen[:, :2], *drawn]).astype(np.float32)
        x = np.empty((self.images, *self.shape()), np.float32)
        for start in range(0, self.images, CHUNK):
            progress(start / self.images, "Drawing shapes")
            rows = slice(start, start + CHUNK)
            x[rows] = coloured(factors[rows], self.size)
        whole = Split(x, chosen[:, 0].astype(np.int64), factors, _tags(chosen, counts))
        train = self.sizes()[0]
        return Dataset(
            train=whole.taken(slice(train)),
            test=whole.taken(slice(train, None)),
            classes=CLASSES,
            factor_names=FACTORS,
            tag_names=SHAPE_TAGS,
        )


def coloured(factors: Float[np.ndarray, "n 5"], size: int) -> Float[np.ndarray, "n 3 size size"]:
    """The images that `factors` (columns as in `FACTORS`) describe."""
    upright = np.column_stack([factors[:, 0], factors[:, 2], np.zeros(len(factors)), factors[:, 3:]])
    palette = np.array(list(COLOURS.values()), np.float32)
    inked: Float[np.ndarray, "n 3 size size"] = (
        render(upright, size)[:, None] * palette[factors[:, 1].astype(np.int64)][:, :, None, None]
    )
    return inked


def _between(ends: Float[np.ndarray, "n 2"], share: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return ends[:, 0] + share * (ends[:, 1] - ends[:, 0])


def _tags(chosen: Int[np.ndarray, "n f"], counts: tuple[int, ...]) -> Float[np.ndarray, "n t"]:
    """A row of zeros and ones with a one for each choice, one group of tags after the other."""
    return np.concatenate([np.eye(count, dtype=np.float32)[chosen[:, at]] for at, count in enumerate(counts)], 1)
