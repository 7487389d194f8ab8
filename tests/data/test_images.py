"""One's own images and numbers: what is understood, and a sentence for everything that is not."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz.data import Images
from aeviz.data.cache import loaded
from aeviz.errors import DataError, UploadError

RANDOM = np.random.default_rng(0)


def png(width: int = 28, height: int = 28, mode: str = "L", kind: str = "PNG", **save: object) -> bytes:
    """A random picture as a file."""
    levels = RANDOM.integers(256, size=(height, width, 4), dtype=np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(levels, "RGBA") if mode == "RGBA" else Image.fromarray(levels[..., :3]).convert(mode)
    picture.save(file, kind, **save)
    return file.getvalue()


def fill(folder: Path, count: int = 10, **settings: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(count):
        (folder / f"{at:02}.png").write_bytes(png(**settings))  # type: ignore[arg-type]
    return folder


def zipped(path: Path, members: dict[str, bytes], fill_up: int = 10) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for at in range(fill_up):
            archive.writestr(f"good/{at}.png", png())
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path, **settings: object) -> str:
    """The sentence with which `path` is refused, in load as in shape."""
    source = Images(path=str(path), **settings)  # type: ignore[arg-type]
    with pytest.raises(UploadError) as caught:
        source.load()
    with pytest.raises(UploadError):
        source.shape()
    words = str(caught.value)
    assert words.endswith(".") and "Traceback" not in words and len(words) < 600
    return words


# What is understood


def test_sub_folders_are_the_classes(picture_folder: Path) -> None:
    data = Images(path=str(picture_folder), test_fraction=0.25).load()
    assert data.classes == ("cat", "dog") and data.notices == ()
    assert (len(data.train), len(data.test)) == (12, 4)
    assert data.train.labels is not None and data.test.labels is not None
    assert sorted([*data.train.labels, *data.test.labels]) == [0] * 8 + [1] * 8
    wanted = {np.asarray(Image.open(each)).tobytes(): each.parent.name for each in picture_folder.rglob("*.png")}
    for split in (data.train, data.test):
        for x, label in zip(split.x, split.labels, strict=True):  # type: ignore[arg-type]
            assert wanted[np.rint(x[0] * 255).astype(np.uint8).tobytes()] == data.classes[label]


def test_a_flat_folder_has_no_classes_and_colour_has_three_channels(tmp_path: Path) -> None:
    source = Images(path=str(fill(tmp_path / "flat", mode="RGB")), grey=False)
    assert source.shape() == (3, 28, 28) and source.load().classes == () and source.load().train.labels is None


def test_a_folder_of_mixed_sizes_and_kinds_is_told_about(tmp_path: Path) -> None:
    folder = fill(tmp_path / "mixed")
    (folder / "wide.png").write_bytes(png(60, 40))
    (folder / "photo.jpg").write_bytes(png(64, 64, "RGB", "JPEG"))
    (folder / "print.jpeg").write_bytes(png(28, 28, "CMYK", "JPEG"))
    (folder / "web.webp").write_bytes(png(28, 28, "RGB", "WEBP"))
    (folder / "palette.png").write_bytes(png(28, 28, "P"))
    (folder / "clear.png").write_bytes(png(28, 28, "RGBA"))
    (folder / "notes.txt").write_text("hello")
    (folder / ".DS_Store").write_text("not to be mentioned")
    Image.fromarray(np.full((28, 28), 65535, np.uint16)).save(folder / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    (folder / "turned.jpg").write_bytes(png(28, 28, "RGB", "JPEG", exif=exif))
    data = Images(path=str(folder)).load()
    assert len(data.train) + len(data.test) == 18
    words = " ".join(data.notices)
    for said in (
        "Left out, being no PNG, JPEG or WEBP: 1 file (notes.txt).",
        "Cropped to a square around the middle or resized, to 28 × 28: 2 images.",
        "Turned upright as the camera noted: 1 image.",
        "Had transparent parts, now white: 1 image.",
        "Had 16 bits a pixel, scaled to [0, 1]: 1 image.",
        "Converted from a palette, printing colours or one bit a pixel: 2 images.",
    ):
        assert said in words
    assert "DS_Store" not in words
    every = np.concatenate([data.train.x, data.test.x])
    assert (every == 1).all(axis=(1, 2, 3)).sum() == 1  # the white one of 16 bits


def test_a_large_picture_keeps_its_middle(tmp_path: Path) -> None:
    folder = fill(tmp_path / "wide")
    levels = np.zeros((100, 300, 3), np.uint8)
    levels[:, 100:200] = (255, 0, 0)
    Image.fromarray(levels).save(folder / "red.png")
    data = Images(path=str(folder), grey=False).load()
    every = np.concatenate([data.train.x, data.test.x])
    red = every[(every[:, 1:] == 0).all(axis=(1, 2, 3))]
    assert red.shape == (1, 3, 28, 28) and (red[0, 0, :, 2:-2] == 1).all()  # the cut lies between two pixels


def test_a_picture_is_turned_upright(tmp_path: Path) -> None:
    folder = fill(tmp_path / "turned")
    levels = np.zeros((28, 28), np.uint8)
    levels[:, :14] = 255  # the left half; orientation 6 asks for a quarter turn clockwise: then the upper half
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(levels).save(folder / "half.png", exif=exif)
    data = Images(path=str(folder)).load()
    every = np.concatenate([data.train.x, data.test.x])
    upper = np.zeros((1, 28, 28), np.float32)
    upper[:, :14] = 1
    assert (every == upper).all(axis=(1, 2, 3)).sum() == 1


def test_a_zip_is_as_good_as_the_folder(picture_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for each in picture_folder.rglob("*.png"):
            archive.write(each, Path("top") / each.relative_to(picture_folder))
        archive.writestr("__MACOSX/top/._0.png", b"resource fork")
    one, other = Images(path=str(path)).load(), Images(path=str(picture_folder)).load()
    assert one.classes == other.classes and one.notices == ()
    assert one.train.x.tobytes() == other.train.x.tobytes()


@pytest.mark.parametrize("shape", [(20, 28, 28), (20, 28, 28, 1), (20, 1, 28, 28), (20, 28, 28, 3), (20, 3, 28, 28)])
@pytest.mark.parametrize("grey", [True, False])
def test_arrays_of_images(tmp_path: Path, shape: tuple[int, ...], grey: bool) -> None:
    array = RANDOM.integers(256, size=shape, dtype=np.uint8)
    np.save(tmp_path / "a.npy", array)
    data = Images(path=str(tmp_path / "a.npy"), grey=grey).load()
    assert data.shape == (1 if grey else 3, 28, 28) and data.notices == ()
    images = array.reshape(20, 1, 28, 28) if 3 not in shape else array if shape[1] == 3 else array.transpose(0, 3, 1, 2)
    levels = images / 255
    if grey and levels.shape[1] == 3:
        levels = (0.299 * levels[:, 0] + 0.587 * levels[:, 1] + 0.114 * levels[:, 2])[:, None]
    every = np.concatenate([data.train.x, data.test.x])
    order = np.random.default_rng(0).permutation(20)
    wanted = np.broadcast_to(levels, (20, *data.shape))[np.r_[np.sort(order[4:]), np.sort(order[:4])]]
    assert np.allclose(every, wanted, atol=1e-6)


def test_points_are_scaled_by_column_with_a_notice(tmp_path: Path) -> None:
    array = RANDOM.normal(size=(50, 3)) * [1, 10, 0] + [0, 5, 7]
    np.save(tmp_path / "a.npy", array)
    data = Images(path=str(tmp_path / "a.npy")).load()
    every = np.concatenate([data.train.x, data.test.x])
    assert data.shape == (3,)
    assert every[:, :2].min(axis=0).tolist() == [0, 0] and every[:, :2].max(axis=0).tolist() == [1, 1]
    assert (every[:, 2] == 0).all()
    assert "scaled" in data.notices[0] and "column 3" in data.notices[1]


def test_points_in_the_unit_square_stay_as_they_are(tmp_path: Path) -> None:
    array = RANDOM.random((50, 2)).astype(np.float32) * 0.5
    np.save(tmp_path / "a.npy", np.asfortranarray(array))
    data = Images(path=str(tmp_path / "a.npy")).load()
    every = np.concatenate([data.train.x, data.test.x])
    assert sorted(map(tuple, every.tolist())) == sorted(map(tuple, array.tolist())) and data.notices == ()


def test_floats_and_wide_integers_are_scaled_by_their_own_range(tmp_path: Path) -> None:
    for array in (
        RANDOM.normal(size=(12, 9, 9)),
        RANDOM.integers(-5, 4000, size=(12, 9, 9)),
        RANDOM.random((12, 9, 9)) > 0.5,
    ):
        np.save(tmp_path / "a.npy", array)
        data = Images(path=str(tmp_path / "a.npy"), size=9).load()
        every = np.concatenate([data.train.x, data.test.x])
        assert every.min() == 0 and every.max() == 1
        assert len(data.notices) == (array.dtype != bool)


def test_images_of_another_size_are_resized_with_a_notice(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", RANDOM.integers(256, size=(12, 40, 20), dtype=np.uint8))
    data = Images(path=str(tmp_path / "a.npy")).load()
    assert data.shape == (1, 28, 28)
    assert data.notices == ("12 images of 40 × 20 were cropped to a square around the middle and resized to 28 × 28.",)


@pytest.mark.parametrize("labels", [np.arange(20) % 3, np.array(["b", "a"] * 10), np.arange(20) % 2 / 1.0])
def test_npz_with_labels(tmp_path: Path, labels: np.ndarray) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=RANDOM.random((20, 28, 28)), y=labels)
    data = Images(path=str(tmp_path / "a.npz")).load()
    names = sorted({str(each) for each in labels.tolist()}) if labels.dtype.kind != "f" else ["0", "1"]
    assert list(data.classes) == names
    assert data.train.labels is not None and data.test.labels is not None
    order = np.random.default_rng(0).permutation(20)
    assert [data.classes[each] for each in data.test.labels] == [
        str(int(each) if labels.dtype.kind == "f" else each) for each in labels[np.sort(order[:4])]
    ]


def test_csv_with_header_label_and_gaps_in_the_lines(tmp_path: Path) -> None:
    lines = ["height,Class,weight", ""] + [f"{at}.5,{'ab'[at % 2]},-{at}e1" for at in range(12)]
    (tmp_path / "a.csv").write_text("\r\n".join(lines), encoding="utf-8-sig")
    data = Images(path=str(tmp_path / "a.csv")).load()
    assert data.shape == (2,) and data.classes == ("a", "b") and len(data.train) + len(data.test) == 12
    assert data.train.x.min() == 0 and data.train.x.max() == 1


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8"), ("\t", "utf-16"), (",", "utf-8")])
def test_csv_in_other_dress(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = "\n".join(delimiter.join(f"{value:.3f}" for value in row) for row in RANDOM.random((15, 4)))
    (tmp_path / "a.csv").write_text(text, encoding=encoding)
    assert Images(path=str(tmp_path / "a.csv")).shape() == (4,)


def test_csv_rows_that_are_images(tmp_path: Path) -> None:
    table = RANDOM.integers(256, size=(15, 28 * 28))
    body = "\n".join(f"{at % 10}," + ",".join(map(str, row)) for at, row in enumerate(table))
    (tmp_path / "a.csv").write_text("label," + ",".join(f"{at // 28}x{at % 28}" for at in range(784)) + "\n" + body)
    data = Images(path=str(tmp_path / "a.csv")).load()
    assert data.shape == (1, 28, 28) and data.classes == tuple("0123456789")
    every = np.concatenate([data.train.x, data.test.x])
    scaled = (table - table.min()) / (table.max() - table.min())
    assert sorted(every.sum(axis=(1, 2, 3))) == pytest.approx(sorted(scaled.sum(axis=1)), rel=1e-4)


def test_csv_column_that_only_counts_the_rows_is_left_out(tmp_path: Path) -> None:
    rows = [f"{at},{value},{value * 2}" for at, value in enumerate(RANDOM.random(12))]
    (tmp_path / "a.csv").write_text("\n".join([",x,y", *rows]))
    data = Images(path=str(tmp_path / "a.csv")).load()
    assert data.shape == (2,) and data.classes == ()
    assert "counts" in data.notices[0]


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, RANDOM.random((20, 2)))
    source = Images(path=str(path))
    first = loaded(source)
    assert loaded(source) is first and source.sizes() == (16, 4)
    np.save(path, RANDOM.random((30, 2)))
    assert source.sizes() == (24, 6)


# What is not


def test_nothing_chosen() -> None:
    with pytest.raises(UploadError, match="Pick a folder"):
        Images().load()


@pytest.mark.parametrize("path", ["/no/such/place", "a\0b", "x" * 5000, "~nobody-of-that-name/x", "/dev/null"])
def test_no_such_file(path: str) -> None:
    with pytest.raises(UploadError, match="There is no folder or file"):
        Images(path=path).load()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


BAD_PICTURES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG"),
    "html": (b"<html></html>", "no PNG"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "no PNG"),
    "gif": (png(10, 10, "L", "GIF"), "no PNG"),
    "cut": (png()[:400], "cut off"),
    "12000": (png_header(12000, 12000), "16 million"),
    "50000": (png_header(50000, 50000), "16 million"),
    "5000": (png_header(5000, 5000), "16 million"),
    "no width": (png_header(0, 10), "."),
    "text bomb": (
        png()[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 50_000_000)) + png()[33:],
        "damaged",
    ),
}


@pytest.mark.parametrize("bad", list(BAD_PICTURES))
@pytest.mark.parametrize("packed", [False, True])
def test_bad_pictures(tmp_path: Path, bad: str, packed: bool) -> None:
    content, word = BAD_PICTURES[bad]
    if packed:
        place = zipped(tmp_path / "a.zip", {"good/bad.png": content})
    else:
        place = fill(tmp_path / "pictures")
        (place / "bad.png").write_bytes(content)
    words = refusal(place)
    assert "bad.png" in words and word in words


def test_too_few_and_none(tmp_path: Path) -> None:
    assert "holds 9 images; at least 10" in refusal(fill(tmp_path / "few", 9))
    (tmp_path / "none").mkdir()
    assert "holds no PNG" in refusal(tmp_path / "none")


@pytest.mark.parametrize(
    "name", ["../x.png", "/etc/x.png", "C:\\x.png", "a/../../x.png", "..\\x.png", "inner.zip", "GOOD/0.PNG"]
)
def test_hostile_names_in_an_archive(tmp_path: Path, name: str) -> None:
    assert "is refused" in refusal(zipped(tmp_path / "a.zip", {name: png()}))
    assert [each.name for each in tmp_path.iterdir()] == ["a.zip"]


def test_a_nul_in_a_name(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"nulXname.png": png()})
    path.write_bytes(path.read_bytes().replace(b"nulXname", b"nul\0name"))
    assert "is refused" in refusal(path)


def test_a_link_an_encrypted_member_and_a_bomb(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    path = zipped(tmp_path / "link.zip", {})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in refusal(path)
    path = zipped(tmp_path / "locked.zip", {})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    assert "encrypted" in refusal(path)
    assert "100 times" in refusal(zipped(tmp_path / "bomb.zip", {"bomb.png": b"\0" * 20_000_000}))


def test_an_archive_that_lies_about_a_size(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"good/z.png": png()})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(bytes(data))
    assert "damaged" in refusal(path)


def test_an_archive_of_too_many_files_or_none_at_all(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for at in range(5001):
            archive.writestr(f"{at}.png", b"")
    assert "5,001 files" in refusal(tmp_path / "a.zip")
    (tmp_path / "b.zip").write_bytes(b"PK not a zip")
    assert "cannot be opened" in refusal(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "c.zip", "w"):
        pass
    assert "holds no PNG" in refusal(tmp_path / "c.zip")


def header(shape: str, dtype: str = "<f4") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def saved(array: object, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=pickled)
    return file.getvalue()


GAPPED = np.ones((20, 3)) * np.arange(20)[:, None]
GAPPED[4, 1] = np.nan
BAD_ARRAYS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty"),
    "text": (lambda: b"hello", "no .npy"),
    "pickled": (lambda: saved(np.array([{}] * 20, object), True), "pickled"),
    "huge": (lambda: header("(1000000000000,)"), "MB"),
    "huge pair": (lambda: header("(1000000, 1000000)"), "MB"),
    "negative": (lambda: header("(-5, 3)"), "cannot be"),
    "overflowing": (lambda: header("(4611686018427387904, 4611686018427387904, 0)"), "."),
    "code for shape": (lambda: header("__import__('os').getpid()"), "damaged"),
    "cut": (lambda: saved(RANDOM.random((50, 5)))[:-30], "cut off"),
    "cut header": (lambda: saved(RANDOM.random((50, 5)))[:20], "damaged"),
    "complex": (lambda: saved(np.ones((20, 2), complex)), "complex"),
    "words": (lambda: saved(np.array([["a", "b"]] * 20)), "type"),
    "dates": (lambda: saved(np.array([["2020-01-01"] * 2] * 20, "datetime64[D]")), "type"),
    "columns with names": (lambda: saved(np.zeros(20, [("a", "f4"), ("b", "f4")])), "type"),
    "one axis": (lambda: saved(RANDOM.random(50)), "1 axes"),
    "no axis": (lambda: saved(3.0), "0 axes"),
    "five axes": (lambda: saved(RANDOM.random((10, 2, 2, 2, 2))), "5 axes"),
    "few": (lambda: saved(RANDOM.random((9, 3))), "at least 10"),
    "no rows": (lambda: saved(RANDOM.random((0, 3))), "holds nothing"),
    "no columns": (lambda: saved(RANDOM.random((20, 0))), "holds nothing"),
    "one column": (lambda: saved(RANDOM.random((20, 1))), "columns"),
    "many columns": (lambda: saved(RANDOM.random((10, 2001))), "2,001 columns"),
    "gap": (lambda: saved(GAPPED), "column 2"),
    "infinite": (lambda: saved(np.where(GAPPED == 5, np.inf, 1.0)), "infinite"),
    "gap in images": (lambda: saved(np.where(RANDOM.random((12, 8, 8)) > 0.9, np.nan, 1)), "images in"),
    "constant": (lambda: saved(np.ones((20, 8, 8))), "nothing to learn"),
    "constant points": (lambda: saved(np.ones((20, 8))), "nothing to learn"),
    "two channels": (lambda: saved(RANDOM.random((20, 8, 8, 2))), "channels"),
    "tiny": (lambda: saved(RANDOM.random((20, 1, 1))), "4 × 4"),
}


@pytest.mark.parametrize("bad", list(BAD_ARRAYS))
def test_bad_arrays(tmp_path: Path, bad: str) -> None:
    make, word = BAD_ARRAYS[bad]
    (tmp_path / "a.npy").write_bytes(make())
    assert word in refusal(tmp_path / "a.npy")
    if bad != "empty":
        with zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", make())
        assert word in refusal(tmp_path / "b.npz")


def test_numbers_so_large_that_their_range_overflows(tmp_path: Path) -> None:
    array = RANDOM.uniform(-1, 1, size=(20, 3)) * 1.7e308
    for shaped in (array, np.repeat(array, 12, axis=1).reshape(20, 6, 6)):
        np.save(tmp_path / "a.npy", shaped)
        data = Images(path=str(tmp_path / "a.npy"), size=8).load()
        every = np.concatenate([data.train.x, data.test.x])
        assert np.isfinite(every).all() and every.max() > 0.99 and every.min() < 0.01


def test_npz_that_expands_a_thousand_times_or_has_labels_that_do_not_fit(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header("(200000, 1000)") + b"\0" * 10_000_000)  # as much more would follow
    assert "MB" in refusal(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=RANDOM.random((20, 3)), y=np.arange(19))
    assert "one label for each" in refusal(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", y=np.arange(19))
    assert "no array besides labels" in refusal(tmp_path / "c.npz")
    np.savez(tmp_path / "d.npz", x=RANDOM.random((20, 3)), y=np.array([{}] * 20, object))
    assert "pickled" in refusal(tmp_path / "d.npz")


ROWS = "\n".join(f"{at},{at * 2}" for at in range(12))
BAD_TABLES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"\n\n", "empty"),
    "only names": (b"a,b\n", "at least 10"),
    "few": (b"a,b\n1,2\n", "at least 10"),
    "ragged": (f"{ROWS}\n1,2,3\n".encode(), "Line 13"),
    "words": (f"a,b\n{ROWS}\nred,5\n".encode(), "a ('red')"),
    "all words": ("\n".join(["red,blue"] * 20).encode(), "words"),
    "gap": (f"left,right\n{ROWS}\n7,\n".encode(), "right"),
    "1e400": (f"left,right\n{ROWS}\n1e400,1\n".encode(), "left"),
    "formula": (f"a,b\n{ROWS}\n=cmd|' /C calc'!A0,1\n".encode(), "words"),
    "picture": (png(), "UTF-8"),
    "columns": ("\n".join([",".join(map(str, range(20_000)))] * 10).encode(), "20,000 columns"),
    "many classes": (("label,a,b\n" + "\n".join(f"c{at},{at},1" for at in range(1001))).encode(), "1,001"),
    "only a label": (("label\n" + "\n".join("ab" * 10)).encode(), "columns"),
    "one cell": (b"a,b\n" + b'"' + b"x" * 200_000 + b'",1\n', "CSV"),
    "open quote": (f'{ROWS}\n"1,2\n'.encode(), "."),
}


@pytest.mark.parametrize("bad", list(BAD_TABLES))
def test_bad_tables(tmp_path: Path, bad: str) -> None:
    content, word = BAD_TABLES[bad]
    (tmp_path / "a.csv").write_bytes(content)
    assert word in refusal(tmp_path / "a.csv")


def test_files_of_no_known_kind_and_folders_that_would_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04")
    assert "model.pkl cannot be used" in refusal(tmp_path / "model.pkl")
    monkeypatch.setattr("aeviz.data.found.MOST_BYTES", 10_000)
    assert "would take" in refusal(fill(tmp_path / "pictures"))


def test_every_refusal_is_a_data_error() -> None:
    assert issubclass(UploadError, DataError)
