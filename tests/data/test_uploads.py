"""Files that somebody sends: checked by name and content, kept whole or not at all."""

import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest

from aeviz.data import Images
from aeviz.data.uploads import MOST_BYTES, keep_upload
from aeviz.errors import UploadError


def array_file() -> bytes:
    file = io.BytesIO()
    np.save(file, np.random.default_rng(0).random((20, 3)))
    return file.getvalue()


def test_a_file_is_kept_under_its_content_and_can_be_loaded(tmp_path: Path) -> None:
    data = array_file()
    path = keep_upload(data, "../../etc/My <b>data</b>.NPY", tmp_path / "uploads")
    assert path == tmp_path / "uploads" / f"{hashlib.sha256(data).hexdigest()}.npy"
    assert path.read_bytes() == data
    assert Images(path=str(path)).shape() == (3,)
    assert keep_upload(data, "other.npy", tmp_path / "uploads") == path
    assert os.listdir(tmp_path / "uploads") == [path.name]


@pytest.mark.parametrize(
    "name", ["model.pt", "model.pkl", "a.joblib", "a", "", ".npy/", "a.npy.exe", "a.tar.gz", "a.png"]
)
def test_other_kinds_are_refused_by_their_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UploadError, match="of no kind"):
        keep_upload(array_file(), name, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (b"", "a.csv", "empty"),
        (b"x" * (MOST_BYTES + 1), "a.csv", "20 MB"),
        (b"\x80\x04pickle", "a.npy", "in spite of its name"),
        (b"Rar!", "a.zip", "in spite of its name"),
        (b"\x93NUMPY", "a.npz", "in spite of its name"),
    ],
)
def test_bad_uploads(tmp_path: Path, data: bytes, name: str, word: str) -> None:
    with pytest.raises(UploadError, match=word):
        keep_upload(data, name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UploadError, match="No space left"):
        keep_upload(array_file(), "a.npy", tmp_path)
    assert not list(tmp_path.iterdir())
