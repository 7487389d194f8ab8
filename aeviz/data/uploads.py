"""Keeping a file that somebody sent: checked, named by its own content, written whole or not at all."""

import hashlib
import os
import tempfile
from pathlib import Path, PurePosixPath

from aeviz.errors import UploadError

MOST_BYTES = 20_000_000
STARTS = {".zip": b"PK", ".npz": b"PK", ".npy": b"\x93NUMPY", ".csv": b""}


def keep_upload(data: bytes, name: str, folder: Path) -> Path:
    """Stores `data` in `folder` under its SHA-256 and the suffix of `name`; returns the path, for `Images(path=…)`.

    Of `name` nothing but the suffix is used. The same content is stored once, and a crash leaves no half file.

    Raises:
        UploadError: the suffix is not .zip, .npy, .npz or .csv, the file is empty or over 20 MB or is not what its
            suffix says, or it cannot be written.
    """
    shown = name[:80]
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if suffix not in STARTS:
        raise UploadError(f"{shown!r} is of no kind that can be used. Upload a {', '.join(STARTS)} file.")
    if not data:
        raise UploadError(f"{shown!r} is empty. Choose another file.")
    if len(data) > MOST_BYTES:
        raise UploadError(
            f"{shown!r} has {len(data) / 1e6:.1f} MB; at most {MOST_BYTES // 10**6} MB can be uploaded. "
            "Use fewer or smaller images, or fewer rows."
        )
    if not data.startswith(STARTS[suffix]):
        raise UploadError(f"{shown!r} is no {suffix} file, in spite of its name. Save it anew.")
    path = folder / (hashlib.sha256(data).hexdigest() + suffix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write(data, path)
    except OSError as error:
        raise UploadError(f"{shown!r} could not be stored: {error.strerror or error}.") from error
    return path


def _write(data: bytes, path: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".upload-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # without this the new name may be lost with the power
    finally:
        os.close(directory)
