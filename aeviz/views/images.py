"""Examples as pictures: arrays in, bytes of PNG out. Pixels stay sharp: pictures grow by whole factors only.

A picture is U8 [c, h, w], one channel for grey and three for colour. Examples that are points are drawn as pictures,
so that everything that shows an image shows them too.
"""

import base64
import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

Pictures = UInt8[np.ndarray, "_ _ _ _"]
"""n × c × h × w; a function may give back other sizes than it was given."""
Strip = tuple[str, Pictures]
"""A label, and the pictures beside it."""

SIDE = 144  # pixels of a drawn point set, wide and high
MARGIN = 12
FAR = 1e9
DISC = 7  # radius of the point that is meant
PAPER, FAINT, BRIGHT = (27, 33, 43), (98, 110, 130), (255, 193, 79)
INK, SHEET = (31, 38, 48), (251, 250, 247)  # lettering and ground of what is downloaded
GAP = 4


def pictures(x: Float[np.ndarray, "n ..."], around: Float[np.ndarray, "m ..."]) -> Pictures:
    """Examples as pictures: images as they are, points drawn among those of `around`."""
    if x.ndim == 4:
        return as_bytes(x)
    return drawn(x, around)


def as_bytes(x: Float[np.ndarray, "n c h w"]) -> Pictures:
    """[0, 1] → 0…255."""
    return np.asarray((np.nan_to_num(x).clip(0, 1) * 255).round(), np.uint8)


def drawn(x: Float[np.ndarray, "n d"], around: Float[np.ndarray, "m d"]) -> UInt8[np.ndarray, "n 3 side side"]:
    """Each point as a bright disc among the faint ones of `around`; beyond three numbers, as a row of bars."""
    if x.shape[1] > 3:
        return _bars(x)
    ground = Image.new("RGB", (SIDE, SIDE), PAPER)
    pencil = ImageDraw.Draw(ground)
    flat = flattened(around)
    low, high = flat.min(0), flat.max(0)
    scale = (SIDE - 2 * MARGIN) / max(float((high - low).max()), 1e-9)

    def places(points: np.ndarray) -> np.ndarray:
        centred = np.nan_to_num(flattened(points) - (low + high) / 2, posinf=FAR, neginf=-FAR) * scale
        return (SIDE / 2 + np.clip(centred * [1, -1], -SIDE / 2 + DISC, SIDE / 2 - DISC)).round().astype(int)

    for across, down in places(around):
        pencil.rectangle((int(across), int(down), int(across) + 1, int(down) + 1), FAINT)
    made = []
    for across, down in places(x):
        copy = ground.copy()
        box = (int(across) - DISC, int(down) - DISC, int(across) + DISC, int(down) + DISC)
        ImageDraw.Draw(copy).ellipse(box, BRIGHT, PAPER)
        made.append(np.asarray(copy).transpose(2, 0, 1))
    return np.stack(made) if made else np.zeros((0, 3, SIDE, SIDE), np.uint8)


def thumbnails(x: Float[np.ndarray, "n c h w"], most: int = 32) -> Pictures:
    """Pictures of at most `most` pixels a side, each pixel the mean of a whole block; what is left over is cut off."""
    n, channels, height, width = x.shape
    block = -(-max(height, width) // most)
    if block == 1 or min(height, width) < block:
        return as_bytes(x)
    rows, columns = height // block, width // block
    cut = x[:, :, : rows * block, : columns * block]
    return as_bytes(cut.reshape(n, channels, rows, block, columns, block).mean((3, 5)))


def enlarged(made: Pictures, least: int) -> Pictures:
    """The pictures with every pixel repeated, so that the longer side has at least `least`; never smaller."""
    factor = max(1, -(-least // max(made.shape[2:])))
    return made.repeat(factor, 2).repeat(factor, 3)


def png(picture: UInt8[np.ndarray, "c h w"], least: int = 1) -> bytes:
    """One picture as PNG, its longer side at least `least` pixels."""
    return _saved(image(enlarged(picture[None], least)[0]), "PNG")


def data_url(data: bytes, kind: str = "image/png") -> str:
    """Bytes as an address that needs no request."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def sheet(strips: Sequence[Strip], least: int = 96) -> bytes:
    """Rows of pictures below their labels, as one PNG."""
    rows = [(label, enlarged(row, least)) for label, row in strips]
    height, width = rows[0][1].shape[2:]
    letters = ImageFont.load_default(size=14)
    head = 26
    across = max(len(row) for _, row in rows) * (width + GAP) + GAP
    across = max(across, *(int(letters.getlength(label)) + 4 * GAP for label, _ in rows))
    made = Image.new("RGB", (across, len(rows) * (head + height) + 2 * GAP), SHEET)
    pencil = ImageDraw.Draw(made)
    for place, (label, row) in enumerate(rows):
        top = place * (head + height)
        pencil.text((2 * GAP, top + 6), label, INK, letters)
        for column, picture in enumerate(row):
            made.paste(image(picture), (GAP + column * (width + GAP), top + head))
    return _saved(made, "PNG")


def flattened(points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
    """Where points of one to three numbers are drawn, up positive: three in a slant view along the second axis."""
    if points.shape[1] == 1:
        return np.stack([points[:, 0], np.zeros(len(points))], 1)
    if points.shape[1] == 2:
        return points.astype(np.float64)
    return np.stack([points[:, 0] + 0.4 * points[:, 1], points[:, 2] + 0.25 * points[:, 1]], 1).astype(np.float64)


def _bars(x: Float[np.ndarray, "n d"]) -> UInt8[np.ndarray, "n 3 side side"]:
    """Rows of numbers in [0, 1] as bars, from the first on the left to the last."""
    d = x.shape[1]
    columns = np.linspace(0, d, SIDE - 2 * MARGIN, endpoint=False).astype(int)
    heights = (np.nan_to_num(x).clip(0, 1) * (SIDE - 2 * MARGIN)).round().astype(int)[:, columns]
    ups = np.arange(SIDE - MARGIN, MARGIN, -1) - MARGIN  # how high each row of pixels lies, from the top
    lit = ups[None, :, None] <= heights[:, None, :]
    made = np.empty((len(x), 3, SIDE, SIDE), np.uint8)
    made[:] = np.array(PAPER, np.uint8)[None, :, None, None]
    inner = made[:, :, MARGIN : SIDE - MARGIN, MARGIN : SIDE - MARGIN]
    for channel in range(3):
        inner[:, channel][lit] = BRIGHT[channel]
    return made


def image(picture: UInt8[np.ndarray, "c h w"]) -> Image.Image:
    """One picture in Pillow's hands."""
    if len(picture) == 3:
        return Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
    return Image.fromarray(np.asarray(picture.mean(0).round(), np.uint8))


def _saved(image: Image.Image, kind: str) -> bytes:
    written = io.BytesIO()
    image.save(written, kind)
    return written.getvalue()
