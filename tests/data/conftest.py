"""Small idx files in place of the official ones, and pictures to choose from."""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from aeviz.data import cache
from aeviz.data.emoji import FOLDER, KEYWORDS, PICTURES, VOCABULARY
from aeviz.data.idx import FILES


def idx_bytes(array: np.ndarray) -> bytes:
    """`array` of bytes as a gzipped idx file."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


def idx_files(train: int = 400, test: int = 200, seed: int = 0) -> dict[str, bytes]:
    """The four files of a set, by name."""
    random = np.random.default_rng(seed)
    made = []
    for count in (train, test):
        made += [random.integers(256, size=(count, 28, 28)), random.integers(10, size=count)]
    return dict(zip(FILES, map(idx_bytes, made), strict=True))


def emoji_files(folder: Path, count: int = 40) -> dict[str, bytes]:
    """A folder of tagged emoji, discs of random colour and size; the pictures by name."""
    random, made = np.random.default_rng(0), dict[str, bytes]()
    for number in range(count):
        picture, kept = Image.new("RGBA", (32, 32)), io.BytesIO()
        ink = tuple(int(each) for each in random.integers(256, size=3))
        ImageDraw.Draw(picture).ellipse((4, 4, 8 + number % 20, 28), fill=(*ink, 255))
        picture.save(kept, "PNG")
        made[f"emoji_u{0x1F600 + number:x}.png"] = kept.getvalue()
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / PICTURES, "w") as archive:
        for name, data in made.items():
            archive.writestr(name, data)
    words = {name: [VOCABULARY[at % 7], VOCABULARY[-1 - at % 3], "rare"] for at, name in enumerate(made)}
    (folder / KEYWORDS).write_text(json.dumps(words), "utf-8")
    return made


@pytest.fixture
def to_idx() -> Callable[[np.ndarray], bytes]:
    """`idx_bytes`, for tests: what stands in this file cannot be imported."""
    return idx_bytes


@pytest.fixture
def official() -> dict[str, bytes]:
    """The four files of a small set, by name."""
    return idx_files()


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every test starts with no data kept, no folder named and an empty cache of its own."""
    cache.forget()
    monkeypatch.delenv("AEVIZ_DATA", raising=False)
    monkeypatch.setenv("AEVIZ_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def own_idx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """AEVIZ_DATA holds a small set for each of the sources that look there."""
    root = tmp_path / "data"
    for seed, folder in enumerate(("mnist", "fashion_mnist", "kmnist")):
        (root / folder).mkdir(parents=True)
        for name, content in idx_files(seed=seed).items():
            (root / folder / name).write_bytes(content)
    emoji_files(root / FOLDER)
    monkeypatch.setenv("AEVIZ_DATA", str(root))
    return root


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """Two classes of eight random 28 × 28 PNGs."""
    from PIL import Image

    random = np.random.default_rng(3)
    root = tmp_path / "pictures"
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for row in range(8):
            Image.fromarray(random.integers(256, size=(28, 28), dtype=np.uint8)).save(root / name / f"{row}.png")
    return root
