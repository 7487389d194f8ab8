"""Numbers from .npy and .npz files. Pickles are never opened."""

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import cast

import numpy as np

from aeviz.data import archives
from aeviz.data.found import MOST_BYTES, Found, classified
from aeviz.data.interpretation import interpreted
from aeviz.errors import UploadError

LABELS = ("y", "labels", "label", "target", "class")


def from_npy(path: Path, size: int, grey: bool) -> Found:
    """Images n × h × w, n × h × w × c or n × c × h × w, or points n × d.

    Raises:
        UploadError: it is damaged, pickled, too large, of a wrong type or shape, or holds numbers that are none.
    """
    with path.open("rb") as file:
        array = read_array(file, path.name, path.stat().st_size)
    return interpreted(array, path.name, size, grey)


def from_npz(path: Path, size: int, grey: bool) -> Found:
    """The first array of the file, with the labels called `y` or `labels` where there are such.

    Raises:
        UploadError: as for .npy; or the labels do not fit.
    """
    with archives.opened(path) as archive:
        # Arrays may be packed tightly and be honest (black images); what counts is the size in each one's own header.
        infos = archives.members(archive, path.name, most_ratio=math.inf)
        arrays = {info.filename.removesuffix(".npy"): info for info in infos if info.filename.endswith(".npy")}
        wanted = [name for name in arrays if name not in LABELS]
        if not wanted:
            raise UploadError(f"{path.name} holds no array besides labels. Save it with numpy.savez(path, x=…, y=…).")
        named = [name for name in LABELS if name in arrays]
        array = _member(archive, arrays[wanted[0]], path.name)
        labels = _member(archive, arrays[named[0]], path.name, text=True) if named else None
    found = interpreted(array, f"{wanted[0]} in {path.name}", size, grey)
    notices = found.notices
    if len(wanted) > 1:
        notices += (f"Of the arrays in {path.name} only the first, {wanted[0][:60]}, is used.",)
    if labels is None:
        return Found(found.x, notices=notices)
    if labels.shape != (len(found.x),):
        raise UploadError(
            f"{named[0]} in {path.name} has the shape {labels.shape}; it needs one label for each of the "
            f"{len(found.x):,} examples."
        )
    classes, names = classified([str(each) for each in labels.tolist()])
    return Found(found.x, classes, names, notices)


def read_array(file: io.BufferedIOBase, name: str, available: int, text: bool = False) -> np.ndarray:
    """The array in the .npy `file` of `available` bytes, its header checked before any memory is taken.

    text: whether an array of text may come back (labels).

    Raises:
        UploadError: it is damaged, pickled, too large or of a wrong type.
    """
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, in_columns, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, in_columns, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise UploadError(f"{name} is written in version {version} of the format. Save plain numbers.")
    except (ValueError, SyntaxError, TypeError, EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
        raise UploadError(f"{name} is no .npy array or is damaged ({str(error)[:200]}). Save it anew.") from error
    if dtype.hasobject:
        raise UploadError(f"{name} holds pickled Python objects, which are never opened. Save an array of numbers.")
    if dtype.kind not in ("buifUS" if text else "buif"):
        raise UploadError(f"{name} holds values of type {dtype}; only real numbers can be used. Convert them first.")
    if any(length < 0 for length in shape):
        raise UploadError(f"{name} says its shape is {shape}, which cannot be. Save it anew.")
    needed = math.prod(shape) * dtype.itemsize
    if needed == 0:
        raise UploadError(f"{name} has the shape {shape} and holds nothing. Choose other data.")
    if needed > MOST_BYTES:
        raise UploadError(
            f"{name} has the shape {shape}, {needed / 1e6:,.0f} MB; at most {MOST_BYTES // 10**6} MB fit."
        )
    if needed > available:
        raise UploadError(f"{name} is cut off: its shape {shape} needs {needed:,} bytes. Copy the whole file.")
    try:
        data = file.read(needed)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise UploadError(f"{name} is damaged ({error}). Save it anew.") from error
    if len(data) != needed:
        raise UploadError(f"{name} is cut off: its shape {shape} needs {needed:,} bytes. Copy the whole file.")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if in_columns else "C")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, text: bool = False) -> np.ndarray:
    label = f"{info.filename.removesuffix('.npy')[:60]} in {name}"
    try:
        with archive.open(info) as file:
            return read_array(cast(io.BufferedIOBase, file), label, info.file_size, text)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UploadError(f"{label} is damaged ({error}). Save it anew.") from error
