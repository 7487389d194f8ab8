"""Fetching a known file from one of several mirrors, checked, once for all processes."""

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from aeviz.data.dataset import Progress, silent
from aeviz.errors import DataError

TIMEOUT = (4.0, 15.0)  # seconds to connect, and without a byte arriving
TRIES = 2  # per mirror, when what arrived is not the file


def cache_folder() -> Path:
    """Where downloads are kept: the folder named by AEVIZ_CACHE, otherwise the system's own place for caches."""
    import pooch

    return Path(os.environ.get("AEVIZ_CACHE") or pooch.os_cache("aeviz"))


def right(path: Path, checksum: str) -> bool:
    """Whether the file has `checksum`, written "sha256:…" or "md5:…"."""
    algorithm, _, wanted = checksum.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == wanted


def fetch(name: str, mirrors: Sequence[str], checksum: str, folder: Path, progress: Progress = silent) -> str:
    """Puts the file `name` into `folder`; returns the mirror that it came from, "" if it was there already.

    A file that is there and is not right is deleted and fetched anew. Each mirror (a URL ending in "/") is tried in
    turn, a second time if what it gave was not the file. The bytes go to a temporary name, are checked and then take
    their place; one process fetches while others wait for it.

    Raises:
        DataError: no mirror gave the right file, or the folder cannot be written; the message says what each one did.
    """
    import filelock

    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_file() and right(path, checksum):
            return ""  # without the lock: a folder that holds everything may be read-only
        lock = filelock.FileLock(folder / f"{name}.lock")
        while True:
            try:
                lock.acquire(timeout=1.0)
                break
            except filelock.Timeout:
                progress(0.0, f"Waiting for {name}, which is being fetched already")
        try:
            if path.is_file():
                if right(path, checksum):
                    return ""
                path.unlink()
            return _from_mirrors(path, mirrors, checksum, progress)
        finally:
            lock.release()
    except OSError as error:
        raise DataError(f"{name} cannot be kept in {folder}: {error.strerror or error}.") from error


def _from_mirrors(path: Path, mirrors: Sequence[str], checksum: str, progress: Progress) -> str:
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)  # it would announce each download on the console
    failures = []
    for mirror in mirrors:
        for _ in range(TRIES):
            progress(0.0, f"Fetching {path.name}")
            downloader = pooch.HTTPDownloader(
                progressbar=_Bar(path.name, progress),
                chunk_size=_Bar.CHUNK,
                timeout=TIMEOUT,
                headers={"Accept-Encoding": "identity"},  # the .gz itself, not what is in it
            )
            try:
                pooch.retrieve(mirror + path.name, checksum, path.name, path.parent, downloader=downloader)
                return mirror
            except requests.exceptions.ChunkedEncodingError:
                failure = "broke off midway"
            except requests.HTTPError as error:
                failure = f"answered {error.response.status_code if error.response is not None else 'with an error'}"
                break
            except requests.Timeout:
                failure = "did not answer in time"
                break
            except requests.RequestException:
                failure = "cannot be reached"
                break
            except ValueError:  # pooch's word for a wrong checksum; it keeps nothing of such a file
                failure = "gave a file with a wrong checksum"
        failures.append(f"{mirror} {failure}")
    raise DataError(f"{path.name} could not be fetched: {'; '.join(failures)}.")


class _Bar:
    """What pooch takes for a progress bar."""

    CHUNK = 1 << 16

    def __init__(self, name: str, progress: Progress) -> None:
        self.total = 0
        self._name, self._progress, self._so_far = name, progress, 0

    def update(self, count: int) -> None:
        self._so_far = min(self._so_far + count, self.total)
        fraction = self._so_far / self.total if self.total else 0.0
        self._progress(fraction, f"Fetching {self._name}: {self._so_far / 1e6:.1f} of {self.total / 1e6:.1f} MB")

    def reset(self) -> None:
        self._so_far = 0

    def close(self) -> None:
        """Nothing to close."""
