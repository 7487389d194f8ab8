"""PNG, JPEG and WEBP files, in a folder or in a zip archive, made into arrays of one size."""

import io
import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from aeviz.data import archives
from aeviz.data.dataset import Progress, silent
from aeviz.data.found import Found, classified, enough, fits, listed
from aeviz.errors import UploadError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MOST_FILES = 20_000
MOST_PIXELS = 16_000_000
ORIENTATION = 0x0112  # the EXIF tag
SAID = {
    "resized": "Cropped to a square around the middle or resized, to {size} × {size}: {count}.",
    "turned": "Turned upright as the camera noted: {count}.",
    "transparent": "Had transparent parts, now white: {count}.",
    "deep": "Had 16 bits a pixel, scaled to [0, 1]: {count}.",
    "converted": "Converted from a palette, printing colours or one bit a pixel: {count}.",
    "moving": "Animations, of which the first picture is used: {count}.",
}


def from_folder(path: Path, size: int, grey: bool, progress: Progress = silent) -> Found:
    """The images below the folder `path`; with sub-folders, each names a class.

    Raises:
        UploadError: there are too few or too many, or one cannot be used.
    """
    openers: dict[PurePosixPath, Callable[[], bytes]] = {}
    for file in files_below(path):
        openers[PurePosixPath(file.relative_to(path).as_posix())] = partial(_file, file)
    return _read(path.name, openers, size, grey, progress)


def from_zip(path: Path, size: int, grey: bool, progress: Progress = silent) -> Found:
    """The images in the zip archive `path`; with folders, each names a class. Nothing is unpacked to disk.

    Raises:
        UploadError: the archive is unsafe or damaged, there are too few images, or one cannot be used.
    """
    with archives.opened(path) as archive:
        openers: dict[PurePosixPath, Callable[[], bytes]] = {}
        for info in archives.members(archive, path.name):
            openers[PurePosixPath(info.filename)] = partial(archives.content, archive, info, path.name)
        return _read(path.name, openers, size, grey, progress)


def _file(path: Path) -> bytes:
    if path.stat().st_size > archives.MOST_MEMBER:
        raise UploadError(f"{path.name} is larger than {archives.MOST_MEMBER // 10**6} MB. Make it smaller.")
    return path.read_bytes()


def files_below(path: Path) -> list[Path]:
    """Every file below the folder `path`, sorted; links to folders are not followed."""
    found = []
    for folder, _, names in os.walk(path):
        found += [Path(folder) / name for name in names]
        if len(found) > 2 * MOST_FILES:
            raise UploadError(f"{path} holds more than {2 * MOST_FILES:,} files. Choose a smaller folder.")
    return sorted(each for each in found if each.is_file())


def _read(
    source: str,
    openers: dict[PurePosixPath, Callable[[], bytes]],
    size: int,
    grey: bool,
    progress: Progress,
) -> Found:
    seen = [name for name in sorted(openers) if not _of_the_system(name)]
    names = [name for name in seen if name.suffix.lower() in SUFFIXES]
    others = [str(name) for name in seen if name.suffix.lower() not in SUFFIXES]
    notices = []
    if others:
        notices.append(f"Left out, being no PNG, JPEG or WEBP: {_counted(len(others), 'file')} ({listed(others)}).")
    if not names:
        raise UploadError(f"{source} holds no PNG, JPEG or WEBP image. Choose a folder or a zip archive that does.")
    folders = _classes(names)
    if any(folders) and not all(folders):
        loose = [str(name) for name, folder in zip(names, folders, strict=True) if not folder]
        notices.append(f"Left out, being in no sub-folder: {_counted(len(loose), 'image')} ({listed(loose)}).")
        names = [name for name, folder in zip(names, folders, strict=True) if folder]
        folders = [folder for folder in folders if folder]
    enough(len(names), "images", source)
    if len(names) > MOST_FILES:
        raise UploadError(f"{source} holds {len(names):,} images; at most {MOST_FILES:,} are read. Choose fewer.")
    shape = (1 if grey else 3, size, size)
    fits(len(names), shape, source, "Choose a smaller Size, grey, or fewer images.")
    x = np.empty((len(names), *shape), np.float32)
    done: Counter[str] = Counter()
    for row, name in enumerate(names):
        if row % 50 == 0:
            progress(row / len(names), f"Reading images: {row:,} of {len(names):,}")
        x[row] = decode(openers[name](), str(name), size, grey, done)
    notices += [
        words.format(count=_counted(done[what], "image"), size=size) for what, words in SAID.items() if done[what]
    ]
    if not any(folders):
        return Found(x, notices=tuple(notices))
    labels, classes = classified(folders)
    return Found(x, labels, classes, tuple(notices))


def decode(data: bytes, name: str, size: int, grey: bool, done: Counter[str]) -> Float[np.ndarray, "c s s"]:
    """One image as numbers in [0, 1]; what had to be done to it is counted in `done`.

    Raises:
        UploadError: it is empty, too large, damaged or no PNG, JPEG or WEBP.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    too_large = f"{name} has more than {MOST_PIXELS // 10**6} million pixels. Make it smaller."
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:  # known from the header: nothing has been decoded yet
                raise UploadError(too_large)
            done["moving"] += getattr(opened, "n_frames", 1) > 1
            done["resized"] += (width, height) != (size, size)
            opened.draft(None, (2 * size, 2 * size))  # a JPEG can be decoded at a half, a quarter or an eighth
            picture: Image.Image = opened
            if opened.getexif().get(ORIENTATION, 1) != 1:
                done["turned"] += 1
                picture = ImageOps.exif_transpose(opened)
            picture = _plain(picture, done)
            if picture.size != (size, size):
                picture = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
            if picture.mode == "F":
                levels = np.clip(np.asarray(picture, np.float32), 0, 1)
                return np.stack([levels] * (1 if grey else 3))
            wanted = picture.convert("L" if grey else "RGB")
            levels = np.asarray(wanted, np.float32) / np.float32(255)
            return levels[None] if grey else np.ascontiguousarray(levels.transpose(2, 0, 1))
    except UploadError:
        raise
    except UnidentifiedImageError as error:
        raise UploadError(
            f"{name} is empty, damaged or, in spite of its name, no PNG, JPEG or WEBP. Take it out or save it anew."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadError(too_large) from error
    except Exception as error:  # a decoder may raise anything at all on damaged bytes
        raise UploadError(f"{name} is cut off or damaged ({error}). Take it out or save it anew.") from error


def _plain(picture: "Image", done: Counter[str]) -> "Image":
    """`picture` in mode L, RGB or, from 16 bits, F in [0, 1]."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        done["deep"] += 1
        return Image.fromarray(np.asarray(picture).astype(np.float32) / np.float32(65535))
    if "transparency" in picture.info or picture.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        layer = picture.convert("RGBA")
        done["transparent"] += bool((np.asarray(layer)[..., 3] < 255).any())
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    if picture.mode not in ("L", "RGB"):
        done["converted"] += 1
        return picture.convert("RGB")
    return picture


def _classes(names: list[PurePosixPath]) -> list[str]:
    """The folder that names the class of each; folders that all share say nothing. "" where there is none."""
    folders = [name.parts[:-1] for name in names]
    while all(folders) and len({each[0] for each in folders}) == 1:
        folders = [each[1:] for each in folders]
    return [each[0] if each else "" for each in folders]


def _of_the_system(name: PurePosixPath) -> bool:
    return any(part.startswith(".") or part in ("__MACOSX", "Thumbs.db", "desktop.ini") for part in name.parts)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count > 1 else ''}"
