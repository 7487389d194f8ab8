"""Characters of one typeface under random shift, rotation, shear and stroke."""

import math
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.spec import knob

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = 28
DETAIL = 4  # the drawn characters have DETAIL² points for each pixel of the image
FONT = 22  # height of the font in pixels of the image: capitals are about 16 high
STROKES = 5  # steps between the thinnest and the boldest stroke
CHARACTERS = {
    "digits": string.digits,
    "capitals": string.ascii_uppercase,
    "small letters": string.ascii_lowercase,
    "letters": string.ascii_uppercase + string.ascii_lowercase,
    "digits and letters": string.digits + string.ascii_uppercase + string.ascii_lowercase,
}
FACTORS = ("shift x", "shift y", "rotation", "shear", "stroke")


@dataclass(frozen=True)
class Glyphs(Source):
    """Characters of one typeface, each moved, turned, slanted and thickened by its own random amounts.

    x: n × 1 × 28 × 28, white on black. With c the image's centre, q = c + shift + R(rotation) S(shear) (p − c) takes
    each point p of the upright character to its place, R a rotation (counter-clockwise) and S = [1 shear; 0 1].
    Every amount is uniform in ± its setting; the stroke is one of five even steps from 0 to its setting, in pixels
    added on either side.
    labels: the character. factors: shift x and y in pixels (right and down), rotation in radians, shear, stroke in
    pixels. With every setting at 0, all images of one character are the same.

    Source: drawn by us, in the typeface Aileron Regular (CC0) that comes with Pillow.
    """

    title: ClassVar[str] = "Glyphs"

    characters: str = knob(
        "digits", "Characters", "Which characters are drawn; each is a class.", choices=tuple(CHARACTERS)
    )
    images: int = knob(
        5000, "Images", "How many are drawn; one in five is kept for the test.", low=100, high=50_000, scale="log"
    )
    shift: float = knob(2.0, "Shift", "Largest move right, left, up or down, in pixels.", low=0, high=5)
    rotation: float = knob(15.0, "Rotation", "Largest turn to either side, in degrees.", low=0, high=180)
    shear: float = knob(0.2, "Shear", "Largest slant: how far the top leans out, in heights.", low=0, high=0.6)
    stroke: float = knob(1.0, "Stroke", "Greatest thickening of the lines on either side, in pixels.", low=0, high=2)
    seed: int = knob(0, "Seed", "Another number draws other images.", low=0, high=2**31 - 1, advanced=True)

    def shape(self) -> tuple[int, ...]:
        return (1, SIZE, SIZE)

    def sizes(self) -> tuple[int, int]:
        return (self.images - self.images // 5, self.images // 5)

    def classes(self) -> tuple[str, ...]:
        return tuple(CHARACTERS[self.characters])

    def load(self, progress: Progress = silent) -> Dataset:
        from PIL import Image

        characters = CHARACTERS[self.characters]
        random = np.random.default_rng(self.seed)
        labels = random.integers(len(characters), size=self.images).astype(np.int64)
        uniform = random.random((self.images, len(FACTORS)))
        reach = np.array([self.shift, self.shift, math.radians(self.rotation), self.shear])
        step = np.floor(uniform[:, 4] * STROKES)
        factors = np.c_[(2 * uniform[:, :4] - 1) * reach, step / (STROKES - 1) * self.stroke]
        drawn: dict[tuple[int, int], Image.Image] = {}
        x = np.empty((self.images, 1, SIZE, SIZE), np.float32)
        for row in range(self.images):
            if row % 500 == 0:
                progress(row / self.images, "Drawing characters")
            key = (int(labels[row]), int(step[row]))
            if key not in drawn:
                drawn[key] = draw(characters[key[0]], float(factors[row, 4]))
            moved = drawn[key].transform(
                (SIZE * DETAIL, SIZE * DETAIL),
                Image.Transform.AFFINE,
                back(*factors[row, :4].tolist()),
                Image.Resampling.BILINEAR,
            )
            x[row, 0] = np.asarray(moved.reduce(DETAIL))
        x /= 255
        train = self.sizes()[0]
        whole = Split(x, labels, factors.astype(np.float32))
        return Dataset(
            train=whole.taken(slice(train)),
            test=whole.taken(slice(train, None)),
            classes=self.classes(),
            factor_names=FACTORS,
        )


def draw(character: str, stroke: float) -> "Image":
    """The upright character in the middle of a grey image DETAIL times as large, `stroke` pixels thicker all round."""
    from PIL import Image, ImageDraw, ImageFont

    large = Image.new("L", (SIZE * DETAIL, SIZE * DETAIL))
    font = ImageFont.load_default(FONT * DETAIL)
    # Two steps, for in one the text would be placed by the outline of its stroke: the character itself must stay put.
    left, top, right, bottom = font.getbbox(character)
    middle = (SIZE * DETAIL / 2 - (left + right) / 2, SIZE * DETAIL / 2 - (top + bottom) / 2)
    ImageDraw.Draw(large).text(middle, character, fill=255, font=font, stroke_width=stroke * DETAIL)
    return large


def back(right: float, down: float, rotation: float, shear: float) -> tuple[float, float, float, float, float, float]:
    """The six numbers by which Pillow finds, for each point of the result, the point of the drawn character.

    right, down: shift in pixels of the image; rotation in radians; the inverse of q = c + shift + R S (p − c), with
    rows counted downwards.
    """
    cosine, sine = math.cos(rotation), math.sin(rotation)
    # With rows downwards R = [cos sin; −sin cos] turns counter-clockwise and S = [1 −shear; 0 1] leans the top right.
    across = (cosine + shear * sine, shear * cosine - sine)
    along = (sine, cosine)
    centre = SIZE * DETAIL / 2
    u, v = centre + right * DETAIL, centre + down * DETAIL
    return (
        *across,
        centre - across[0] * u - across[1] * v,
        *along,
        centre - along[0] * u - along[1] * v,
    )
