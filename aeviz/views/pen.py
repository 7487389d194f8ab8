"""What pictures that are drawn with Pillow have in common: words, dots of codes, small pictures."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageDraw, ImageFont

from aeviz.views import film, images
from aeviz.views.look import INKS, colour_of

DOT = 3

Box = tuple[float, float, float, float]


def box_of(points: Sequence[Float[np.ndarray, "m 2"]]) -> Box:
    """A box around the codes of all frames, the outermost hundredth left out at each side, with a margin."""
    every = np.concatenate([each[np.isfinite(each).all(1)] for each in points])
    if not len(every):
        return (-1.0, -1.0, 1.0, 1.0)
    low, high = np.percentile(every, 1, axis=0), np.percentile(every, 99, axis=0)
    half = max(float((high - low).max()) / 2, 1e-6) * 1.12
    across, up = (low + high) / 2
    return (float(across - half), float(up - half), float(across + half), float(up + half))


def dots(
    pencil: ImageDraw.ImageDraw,
    points: Float[np.ndarray, "m 2"],
    labels: Int[np.ndarray, " m"] | None,
    *,
    box: Box,
    panel: Box,
    radius: float = DOT,
) -> None:
    """Codes, coloured by class, in a panel (left, top, width, height) that shows this box of the plane."""
    left, top, width, height = panel
    low = np.array(box[:2])
    size = np.array(box[2:]) - low
    share = np.nan_to_num((points - low) / size, nan=0.5).clip(0.01, 0.99)
    for place, (across, up) in enumerate(share.tolist()):
        label = -1 if labels is None else int(labels[place])
        colour = colour_of(label) if label >= 0 else INKS["light"].accent
        pencil.ellipse(disc(left + across * width, top + (1 - up) * height, radius), colour)


def fitted(picture: UInt8[np.ndarray, "c h w"], side: int) -> Image.Image:
    """A picture in a square of that side, its pixels kept sharp."""
    made = images.image(picture).convert("RGB")
    share = side / max(made.size)
    size = (max(1, round(made.width * share)), max(1, round(made.height * share)))
    kind = Image.Resampling.NEAREST if share >= 1 else Image.Resampling.BOX
    return made.resize(size, kind)


def disc(x: float, y: float, radius: float) -> Box:
    """The box of a disc, as Pillow wants it."""
    return (x - radius, y - radius, x + radius, y + radius)


def text(
    pencil: ImageDraw.ImageDraw, place: tuple[float, float], words: str, size: int, colour: str = INKS["light"].text
) -> None:
    """Words with their upper left corner there, in the letters that Pillow brings along."""
    pencil.text(place, film.writable(words), colour, ImageFont.load_default(size=size))


def width(words: str, size: int) -> float:
    """How many pixels they take."""
    return float(ImageFont.load_default(size=size).getlength(film.writable(words)))
