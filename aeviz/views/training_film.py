"""One frame of the film of a training: loss so far, codes, and pictures, drawn with Pillow from stored arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageDraw

from aeviz.views import film, images, pen
from aeviz.views.images import SHEET
from aeviz.views.look import INKS, PALETTE, colour_of

WIDTH, HEIGHT = 1200, 520
HEAD, EDGE = 54, film.MARGIN
LOSS = (EDGE, HEAD + 26, 360, 340)  # left, top, width, height of a panel
CODES = (410, HEAD + 26, 400, 400)
PICTURES = (836, HEAD + 26, 340, 400)
INKS_OF = INKS["light"]

Frame = UInt8[np.ndarray, "_ _ 3"]


@dataclass(frozen=True)
class Script:
    """What is the same in all frames of a film.

    name: of the run. losses: rows (epoch, train, test) in nats, in order; NaN where there is none. box: of the codes,
    left, low, right, high. labels: class of each code.
    """

    name: str
    losses: Float[np.ndarray, "n 3"]
    box: pen.Box
    labels: Int[np.ndarray, " m"] | None
    classes: Sequence[str]
    inputs: np.ndarray
    targets: np.ndarray


def drawn(script: Script, frame: Mapping[str, np.ndarray], epoch: int, stage: str, axes: Sequence[str]) -> Frame:
    """The frame of an epoch. frame: the arrays of a stored frame; stage: its name, empty where there is only one."""
    sheet = Image.new("RGB", (WIDTH, HEIGHT), SHEET)
    pencil = ImageDraw.Draw(sheet)
    pen.text(pencil, (EDGE, 16), script.name, 20)
    told = f"epoch {epoch}" + (f" · {stage}" if stage else "")
    pen.text(pencil, (WIDTH - EDGE - pen.width(told, 20), 16), told, 20)
    _losses(pencil, script.losses, epoch)
    _codes(pencil, script, frame["points"], axes)
    _pictures(sheet, pencil, script, frame)
    return np.asarray(sheet)


def _losses(pencil: ImageDraw.ImageDraw, rows: Float[np.ndarray, "n 3"], epoch: int) -> None:
    left, top, width, height = LOSS
    pen.text(pencil, (left, top - 22), "Loss in nats", 14, INKS_OF.quiet)
    values = rows[:, 1:][np.isfinite(rows[:, 1:])]
    if not values.size:
        return
    # The untrained loss may be far above all others: the scale follows the rest, and lets it begin above the edge.
    low, high = float(values.min()), float(np.percentile(values, 98))
    high = high if high > low else low + 1
    last = max(float(rows[:, 0].max()), 1.0)
    inner = (left + 46, top, width - 46, height - 22)
    for share in (0, 0.5, 1):
        y = inner[1] + inner[3] * (1 - share)
        pencil.line((inner[0], y, inner[0] + inner[2], y), INKS_OF.grid)
        word = f"{low + share * (high - low):.4g}"
        pen.text(pencil, (inner[0] - 6 - pen.width(word, 11), y - 7), word, 11, INKS_OF.quiet)
    for share in (0, 1):
        word = f"{share * last:.0f}"
        x = inner[0] + share * (inner[2] - pen.width(word, 11))
        pen.text(pencil, (x, inner[1] + inner[3] + 6), word, 11, INKS_OF.quiet)
    for column, (name, colour) in enumerate((("train", PALETTE[0]), ("test", PALETTE[1])), 1):
        seen = rows[(rows[:, 0] <= epoch) & np.isfinite(rows[:, column])]
        x = inner[0] + inner[2] * seen[:, 0] / last
        y = inner[1] + inner[3] * (1 - ((seen[:, column] - low) / (high - low)).clip(0, 1))
        places = list(zip(x.tolist(), y.tolist(), strict=True))
        if len(places) > 1:
            pencil.line(places, colour, 3, joint="curve")
        if places:
            pencil.ellipse(pen.disc(*places[-1], 5), colour)
        spot = (left + width - 130 + 66 * (column - 1), top - 14)
        pencil.ellipse(pen.disc(spot[0] - 10, spot[1], 4), colour)
        pen.text(pencil, (spot[0], spot[1] - 8), name, 13, INKS_OF.quiet)


def _codes(pencil: ImageDraw.ImageDraw, script: Script, points: Float[np.ndarray, "m 2"], axes: Sequence[str]) -> None:
    left, top, width, height = CODES
    pen.text(pencil, (left, top - 22), "Codes of held-out examples", 14, INKS_OF.quiet)
    pencil.rectangle((left, top, left + width, top + height), outline=INKS_OF.grid)
    pen.dots(pencil, points, script.labels, box=script.box, panel=CODES)
    word = ", ".join(axis for axis in axes if axis)
    pen.text(pencil, (left + width - pen.width(word, 11), top - 20), word, 11, INKS_OF.quiet)
    _legend(pencil, script, left, top + height + 8, width)


def _legend(pencil: ImageDraw.ImageDraw, script: Script, left: float, top: float, room: float) -> None:
    if script.labels is None or len(script.classes) > 12:
        return
    x = left
    for label, name in enumerate(script.classes):
        step = pen.width(name, 11) + 18
        if x + step > left + room:
            return
        pencil.ellipse(pen.disc(x + 4, top + 7, 4), colour_of(label))
        pen.text(pencil, (x + 11, top), name, 11, INKS_OF.quiet)
        x += step


def _pictures(sheet: Image.Image, pencil: ImageDraw.ImageDraw, script: Script, frame: Mapping[str, np.ndarray]) -> None:
    left, top, width, _ = PICTURES
    restored, samples = frame["reconstructions"], frame.get("samples")
    if restored.ndim != 4:
        _points(pencil, script.targets, restored if samples is None else samples, samples is not None)
        return
    rows = [("Input", script.inputs[:5]), ("Reconstruction", restored[:5])]
    if samples is None:
        rows += [("", script.inputs[5:10]), ("", restored[5:10])]
    side = (width - 4 * 6) // 5
    y = float(top)
    for name, row in rows:
        if name:
            pen.text(pencil, (left, y - 22), name, 14, INKS_OF.quiet)
        for place, picture in enumerate(row):
            sheet.paste(pen.fitted(picture, side), (left + place * (side + 6), int(y)))
        y += side + (26 if name else 6)
    if samples is not None:
        pen.text(pencil, (left, y - 22), "Samples", 14, INKS_OF.quiet)
        small = (width - 9 * 4) // 10
        for place, picture in enumerate(samples[:30]):
            at = (left + place % 10 * (small + 4), int(y) + place // 10 * (small + 4))
            sheet.paste(pen.fitted(picture, small), at)


def _points(pencil: ImageDraw.ImageDraw, targets: np.ndarray, made: np.ndarray, sampled: bool) -> None:
    left, top, width, _ = PICTURES
    pen.text(pencil, (left, top - 22), "Samples" if sampled else "Reconstructions", 14, INKS_OF.quiet)
    around, flat = images.flattened(targets[:, :3]), images.flattened(made[:, :3])
    box = pen.box_of([around])
    low, size = np.array(box[:2]), np.array(box[2:]) - np.array(box[:2])
    for places, colour in ((around, INKS_OF.grid), (flat, PALETTE[1])):
        for across, up in np.nan_to_num((places - low) / size).clip(0.01, 0.99).tolist():
            pencil.ellipse(pen.disc(left + across * width, top + (1 - up) * width, pen.DOT), colour)
