"""Many small images as one, crisp at any size: every pixel becomes a square block, and the gaps are transparent."""

from io import BytesIO

import numpy as np
from jaxtyping import Float, UInt8

from aeviz.views.images import GAP, SHEET, as_bytes

WANTED = 1100  # pixels across a finished mosaic: enough for a projector, and a browser only ever shrinks it
LARGEST = 2400


def mosaic(
    images: Float[np.ndarray, "n c h w"], columns: int, gap: int = 2, wanted: int = WANTED
) -> UInt8[np.ndarray, "H W a"]:
    """The images row by row, each pixel enlarged to a block of whole pixels, with `gap` pixels between images.

    Grey images give grey and alpha (a = 2), colour images red, green, blue and alpha (a = 4); values are cut to
    [0, 1] and what is not a number is drawn black. Gaps and missing images of the last row are transparent.
    wanted: about how many pixels the mosaic should be across.
    """
    n, channels, height, width = images.shape
    columns = max(1, min(columns, n) if n else columns)
    rows = -(-n // columns)
    factor = max(1, wanted // (columns * width))
    blocks = as_bytes(images).repeat(factor, axis=2).repeat(factor, axis=3).transpose(0, 2, 3, 1)
    down, across = height * factor + gap, width * factor + gap
    canvas = np.zeros((max(1, rows * down - gap), max(1, columns * across - gap), channels + 1), np.uint8)
    for index, block in enumerate(blocks):
        top, left = (index // columns) * down, (index % columns) * across
        canvas[top : top + height * factor, left : left + width * factor, :channels] = block
        canvas[top : top + height * factor, left : left + width * factor, channels] = 255
    return canvas


def sheets(pictures: UInt8[np.ndarray, "s m n c h w"], least: int = 48) -> UInt8[np.ndarray, "s H W 3"]:
    """Each of s moments as one picture: m rows of n images, enlarged by a whole factor to at least `least` pixels."""
    moments, rows, columns, _, height, width = pictures.shape
    factor = max(1, -(-least // max(height, width)))
    down, across = height * factor + GAP, width * factor + GAP
    canvas = np.empty((moments, rows * down + GAP, columns * across + GAP, 3), np.uint8)
    canvas[:] = SHEET
    blocks = pictures.repeat(factor, 4).repeat(factor, 5).transpose(0, 1, 2, 4, 5, 3)
    for row in range(rows):
        for column in range(columns):
            top, left = GAP + row * down, GAP + column * across
            # Grey fills all three.
            canvas[:, top : top + down - GAP, left : left + across - GAP] = blocks[:, row, column]
    return canvas


def png(image: UInt8[np.ndarray, "H W a"]) -> bytes:
    """The image as a PNG file."""
    from PIL import Image

    written = BytesIO()
    Image.fromarray(image).save(written, "PNG", compress_level=4)
    return written.getvalue()


def picture(images: Float[np.ndarray, "n c h w"], columns: int, gap: int = 2, wanted: int = WANTED) -> bytes:
    """The mosaic of the images as a PNG file."""
    return png(mosaic(images, columns, gap, wanted))


def most_columns(width: int) -> int:
    """How many images of this width may stand in a row before the mosaic is too large to send."""
    return max(3, min(30, LARGEST // width))
