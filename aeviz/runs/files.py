"""Files of a run: safetensors in, safetensors out, and writes that are whole or not there at all."""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from aeviz.errors import StoreError

Arrays = Mapping[str, np.ndarray]


def packed(arrays: Arrays, metadata: Mapping[str, object]) -> bytes:
    """Arrays and their metadata as safetensors; metadata that is not text becomes JSON."""
    words = {name: value if isinstance(value, str) else json.dumps(value) for name, value in metadata.items()}
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata=words)


def unpacked(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata of a safetensors file.

    Raises:
        StoreError: the file is missing, cut short or not of that form.
    """
    try:
        with safe_open(path, "numpy") as opened:
            return {name: opened.get_tensor(name) for name in opened.keys()}, dict(opened.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise StoreError(f"{path.name} of this run cannot be read ({error}). Train the recipe again.") from None


def write(path: Path, data: bytes, *, durable: bool) -> None:
    """Put `data` at `path` in one move: a reader sees the old file or the new one.

    durable: also survive a power cut right after (two fsyncs; for frames, which come by the dozen, not worth it).
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if durable and hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
