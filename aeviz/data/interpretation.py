"""What an array of numbers holds, images or points, and how it comes into [0, 1]."""

import math

import numpy as np
from jaxtyping import Float

from aeviz.data.found import Found, enough, fits, listed
from aeviz.errors import UploadError

MOST_COLUMNS = 2000
SMALLEST_SIDE = 8  # a row of 16 or 25 numbers is more likely a table than an image of 4 × 4 or 5 × 5
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def interpreted(array: np.ndarray, name: str, size: int, grey: bool, columns: list[str] | None = None) -> Found:
    """Images or points by the shape of `array`, in [0, 1]. `columns` names those of a table.

    Raises:
        UploadError: the shape is none of images or points, there are too few, or some are not finite.
    """
    if array.ndim not in (2, 3, 4):
        raise UploadError(
            f"{name} has {array.ndim} axes. Images have the shape n × h × w, n × h × w × c or n × c × h × w, and "
            "points n × d: reshape it."
        )
    enough(len(array), "examples", name)
    if array.ndim == 2:
        return _points_or_flat_images(array, name, size, grey, columns or [])
    if array.ndim == 3:
        array = array[:, None]
    elif array.shape[3] in (1, 3, 4):
        array = array.transpose(0, 3, 1, 2)
    elif array.shape[1] not in (1, 3, 4):
        raise UploadError(f"{name} has the shape {array.shape}; images have 1, 3 or 4 channels, last or second.")
    return _images(array, name, size, grey)


def _images(array: np.ndarray, name: str, size: int, grey: bool) -> Found:
    """`array` is n × c × h × w of any real type."""
    count, channels, height, width = array.shape
    if min(height, width) < 4:
        raise UploadError(f"{name} has images of {height} × {width}; they need at least 4 × 4 pixels.")
    fits(count, (channels, height, width), name, "Use fewer or smaller images.")
    fits(count, (1 if grey else 3, size, size), name, "Choose a smaller Size, grey, or fewer images.")
    broken = int((~np.isfinite(array)).any(axis=(1, 2, 3)).sum()) if array.dtype.kind == "f" else 0
    if broken:
        raise UploadError(f"{broken:,} images in {name} hold NaN or infinite values. Take them out or fill them in.")
    x, notices = _unit_range(array, name)
    if channels == 4:
        x = x[:, :3] * x[:, 3:] + (1 - x[:, 3:])
        notices += (f"The fourth channel of {name} was taken as opacity; transparent parts are white now.",)
    if grey and channels > 1:
        x = np.einsum("nchw,c->nhw", x, LUMA)[:, None]
    if (height, width) != (size, size):
        x = resized(x, size)
        notices += (
            f"{count:,} images of {height} × {width} were "
            + ("resized" if height == width else "cropped to a square around the middle and resized")
            + f" to {size} × {size}.",
        )
    if not grey and x.shape[1] == 1:
        x = np.repeat(x, 3, axis=1)
    return Found(np.ascontiguousarray(np.clip(x, 0, 1), np.float32), notices=notices)


def resized(x: Float[np.ndarray, "n c h w"], size: int) -> Float[np.ndarray, "n c s s"]:
    """The middle square of each image, `size` pixels wide and high."""
    from PIL import Image, ImageOps

    made = np.empty((*x.shape[:2], size, size), np.float32)
    for row, image in enumerate(x):
        for channel, levels in enumerate(image):
            picture = Image.fromarray(np.ascontiguousarray(levels, np.float32))
            made[row, channel] = np.asarray(ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC))
    return made


def scaled(array: np.ndarray, low: np.ndarray | float, high: np.ndarray | float) -> Float[np.ndarray, "..."]:
    """(array − low) / (high − low) as float32 in [0, 1]; 0 where the two are equal."""
    # Halved first: the difference of two huge numbers of opposite sign would be infinite.
    span = np.asarray(high) / 2 - np.asarray(low) / 2
    return np.asarray(
        np.clip((array / 2 - np.asarray(low) / 2) / np.where(span > 0, span, 1), 0, 1), np.float32, order="C"
    )


def _unit_range(array: np.ndarray, name: str) -> tuple[Float[np.ndarray, "n c h w"], tuple[str, ...]]:
    low, high = float(array.min()), float(array.max())
    if low == high:
        raise UploadError(f"Every value in {name} is {low:g}: there is nothing to learn. Choose other data.")
    if low >= 0 and high <= 1:
        return array.astype(np.float32), ()
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255), ()
    return scaled(array, low, high), (
        f"The values of {name} run from {low:g} to {high:g}; they were scaled to [0, 1].",
    )


def _points_or_flat_images(array: np.ndarray, name: str, size: int, grey: bool, columns: list[str]) -> Found:
    count, width = array.shape
    if not 2 <= width <= MOST_COLUMNS:
        raise UploadError(f"{name} has {width:,} columns of numbers; between 2 and {MOST_COLUMNS:,} are needed.")
    columns = columns or [f"column {at + 1}" for at in range(width)]
    fits(count, (width,), name, "Use fewer rows or columns.")
    finite = np.isfinite(array).all(axis=0)
    if not finite.all():
        bad = [each for each, fine in zip(columns, finite, strict=True) if not fine]
        raise UploadError(
            f"{name} has empty cells, NaN or infinite numbers in {listed(bad)}. Fill them in, or take those rows or "
            "columns out."
        )
    low, high = array.min(axis=0).astype(np.float64), array.max(axis=0).astype(np.float64)
    side = math.isqrt(width)
    levels = low.min() >= 0 and (high.max() <= 1 or (high.max() <= 255 and bool((array == np.floor(array)).all())))
    if side >= SMALLEST_SIDE and side * side == width and levels:
        found = _images(array.reshape(count, 1, side, side), name, size, grey)
        read_as = f"Each row of {width} numbers was read as an image, {side} × {side}."
        return Found(found.x, notices=(read_as, *found.notices))
    constant = [each for each, least, most in zip(columns, low, high, strict=True) if least == most]
    if len(constant) == width:
        raise UploadError(f"Every row of {name} is the same: there is nothing to learn. Choose other data.")
    notices: tuple[str, ...] = ()
    if constant:
        notices = (f"{listed(constant)} in {name} never changes and tells a model nothing.",)
    if low.min() >= 0 and high.max() <= 1:
        return Found(np.ascontiguousarray(array, np.float32), notices=notices)
    return Found(
        scaled(array, low, high),
        notices=(f"Each column of {name} was scaled by its least and greatest value to [0, 1].", *notices),
    )
