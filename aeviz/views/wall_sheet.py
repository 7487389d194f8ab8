"""A wall as one picture: a tile for each run with its codes and reconstructions, and the settings below."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from PIL import Image, ImageDraw

from aeviz.views import film, images, pen
from aeviz.views.images import SHEET
from aeviz.views.look import INKS, colour_of

SIDE, GAP, HEAD = 300, 24, 44  # of a tile's codes; between tiles; for a tile's two lines
SHOWN = 6  # examples of a tile that are images
SMALL = (SIDE - (SHOWN - 1) * 4) // SHOWN
LEGEND = 28
MOST_CLASSES = 12
INKS_OF = INKS["light"]


@dataclass(frozen=True)
class Tile:
    """One run. told: how far it is and what it has reached; points: its codes; inputs, restored: examples, U8."""

    name: str
    told: str
    points: Float[np.ndarray, "m 2"]
    labels: Int[np.ndarray, " m"] | None
    inputs: np.ndarray
    restored: np.ndarray


def sheet(tiles: Sequence[Tile], classes: Sequence[str], settings: str) -> bytes:
    """The picture as PNG: at most four tiles a row. settings: the words below."""
    columns = next(wide for wide in (1, 2, 3, 4) if wide == 4 or wide * wide >= len(tiles))
    height = HEAD + SIDE + (8 + 2 * SMALL if _has_images(tiles) else 0) + GAP
    labelled = any(tile.labels is not None for tile in tiles) and 0 < len(classes) <= MOST_CLASSES
    top = GAP + (LEGEND if labelled else 0)
    made = Image.new("RGB", (GAP + columns * (SIDE + GAP), top + -(-len(tiles) // columns) * height), SHEET)
    pencil = ImageDraw.Draw(made)
    if labelled:
        _legend(pencil, classes, made.width - 2 * GAP)
    for place, tile in enumerate(tiles):
        _draw(made, tile, (GAP + place % columns * (SIDE + GAP), top + place // columns * height))
    pixels = film.captioned(np.asarray(made)[None], settings)[0]
    return images.png(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def _has_images(tiles: Sequence[Tile]) -> bool:
    return any(tile.restored.ndim == 4 for tile in tiles)


def _draw(sheet: Image.Image, tile: Tile, corner: tuple[int, int]) -> None:
    pencil, (left, top) = ImageDraw.Draw(sheet), corner
    pen.text(pencil, (left, top), _fitting(tile.name, 16), 16)
    pen.text(pencil, (left, top + 21), _fitting(tile.told, 12), 12, INKS_OF.quiet)
    panel = (left, top + HEAD, SIDE, SIDE)
    pencil.rectangle((left, panel[1], left + SIDE, panel[1] + SIDE), outline=INKS_OF.grid)
    pen.dots(pencil, tile.points, tile.labels, box=pen.box_of([tile.points]), panel=panel, radius=2)
    if tile.restored.ndim != 4:
        return
    for number, row in enumerate((tile.inputs, tile.restored)):
        for place, picture in enumerate(row[:SHOWN]):
            at = (left + place * (SMALL + 4), top + HEAD + SIDE + 8 + number * (SMALL + 4))
            sheet.paste(pen.fitted(picture, SMALL), at)


def _fitting(words: str, size: int) -> str:
    """The words, cut where a tile ends."""
    if pen.width(words, size) <= SIDE:
        return words
    while words and pen.width(words + "…", size) > SIDE:
        words = words[:-1]
    return words.rstrip() + "…"


def _legend(pencil: ImageDraw.ImageDraw, classes: Sequence[str], room: float) -> None:
    x = float(GAP)
    for label, name in enumerate(classes):
        step = pen.width(name, 12) + 22
        if x + step > GAP + room:
            return
        pencil.ellipse(pen.disc(x + 4, GAP - 4, 4), colour_of(label))
        pen.text(pencil, (x + 12, GAP - 12), name, 12, INKS_OF.quiet)
        x += step
