"""MNIST and the two sets made in its image: one file format (idx), fetched on first use."""

import gzip
import math
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float, UInt8

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.data.download import cache_folder, fetch, right
from aeviz.errors import DataError
from aeviz.spec import knob

SIDE = 28
Pixels = Literal["grey", "threshold", "drawn"]
PIXELS: tuple[Pixels, ...] = ("grey", "threshold", "drawn")
HeldOut = Literal["test", "validation"]
HELD_OUT: tuple[HeldOut, ...] = ("test", "validation")
SIZES = (60_000, 10_000)
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@dataclass(frozen=True)
class Idx(Source):
    """What the three sets share: two files of images and two of labels, 60,000 to train and 10,000 to test.

    The files are looked for in `<AEVIZ_DATA>/<folder>` first, where any valid idx files of 28 × 28 images will do;
    otherwise the official ones are fetched once into the cache and their checksums compared.
    """

    folder: ClassVar[str] = ""
    mirrors: ClassVar[tuple[str, ...]] = ()
    checksums: ClassVar[tuple[str, ...]] = ()  # in the order of FILES
    names: ClassVar[tuple[str, ...]] = ()

    train: int = knob(
        10_000, "Training images", "The first so many of the training set.", low=100, high=60_000, scale="log"
    )
    test: int = knob(2000, "Test images", "The first so many of the test set.", low=50, high=10_000, scale="log")
    pixels: Pixels = knob(
        "grey",
        "Pixels",
        "Grey as they are, or 0 and 1: above half (threshold), or drawn once with the grey level as probability.",
        choices=PIXELS,
        advanced=True,
    )
    held_out: HeldOut = knob(
        "test",
        "Held-out images",
        "Validation: the last images of the training set, never trained on, in place of the test set: to choose "
        "settings by.",
        choices=HELD_OUT,
        advanced=True,
    )

    def shape(self) -> tuple[int, ...]:
        return (1, SIDE, SIDE)

    def sizes(self) -> tuple[int, int]:
        own = self.own_folder()
        # One's own files may hold fewer than the official ones; the first bytes of each say how many.
        train, test = SIZES if own is None else (count(own / FILES[1]), count(own / FILES[3]))
        if self.held_out == "validation":
            apart = min(self.test, train // 2)
            return (min(self.train, train - apart), apart)
        return (min(self.train, train), min(self.test, test))

    def own_folder(self) -> Path | None:
        """The folder under AEVIZ_DATA that holds this set, None where there is none.

        Raises:
            DataError: it holds some of the four files and lacks others.
        """
        root = os.environ.get("AEVIZ_DATA")
        if not root:
            return None
        own = Path(root) / self.folder
        missing = [name for name in FILES if not (own / name).is_file()]
        if len(missing) == len(FILES):
            return None
        if missing:
            raise DataError(
                f"{own} lacks {', '.join(missing)}. Add what is missing, or move the other files away so that "
                f"{self.title} is fetched."
            )
        return own

    def stamp(self) -> str:
        """Which files would be read: where they are, their sizes and times."""
        own = self.own_folder()
        if own is None:
            return str(cache_folder() / self.folder)
        return f"{own} {[((own / name).stat().st_size, (own / name).stat().st_mtime_ns) for name in FILES]}"

    def classes(self) -> tuple[str, ...]:
        return self.names

    def load(self, progress: Progress = silent) -> Dataset:
        own = self.own_folder()
        notices: list[str] = []
        if own is None:
            folder = self._fetched(progress)
        else:
            folder = own
            notices = [
                f"{folder / name} is not the official file (its checksum differs); it is used as it is."
                for name, checksum in zip(FILES, self.checksums, strict=True)
                if not right(folder / name, checksum)
            ]
        splits = []
        # One stream for each split, so that asking for more of one leaves the other as it is.
        streams = np.random.default_rng(0).spawn(2)
        for part, (size, wanted) in enumerate(zip(self.sizes(), (self.train, self.test), strict=True)):
            progress(part / 2, f"Reading {self.title}")
            apart = part == 1 and self.held_out == "validation"
            images, labels = FILES[:2] if apart else FILES[2 * part : 2 * part + 2]
            grey = self._split(folder / images, folder / labels, slice(-size, None) if apart else slice(size))
            splits.append(replace(grey, x=binary(grey.x, self.pixels, streams[part])))
            if len(splits[-1]) < wanted:
                notices.append(f"{folder / images} holds only {len(splits[-1]):,} images for this.")
        return Dataset(train=splits[0], test=splits[1], classes=self.classes(), notices=tuple(notices))

    def _fetched(self, progress: Progress) -> Path:
        folder = cache_folder() / self.folder
        mirrors = list(self.mirrors)
        for part, (name, checksum) in enumerate(zip(FILES, self.checksums, strict=True)):

            def share(fraction: float, words: str, part: int = part) -> None:
                progress((part + fraction) / len(FILES), words)

            try:
                used = fetch(name, mirrors, checksum, folder, share)
            except DataError as error:
                raise DataError(
                    f"{self.title} is not on this computer and could not be fetched. {error} Connect to the internet "
                    f"and try again, or put the four files {', '.join(FILES)} into {folder}."
                ) from error
            if used:  # the one that answered is asked first for the next file
                mirrors.sort(key=lambda mirror: mirror != used)
        return folder

    def _split(self, images: Path, labels: Path, rows: slice) -> Split:
        pixels, classes = read_idx(images), read_idx(labels)
        if pixels.ndim != 3 or pixels.shape[1:] != (SIDE, SIDE):
            raise DataError(
                f"{images} holds an array of {' × '.join(map(str, pixels.shape))}; n × 28 × 28 images are needed."
            )
        if classes.shape != pixels.shape[:1]:
            raise DataError(
                f"{labels} holds labels of shape {classes.shape} and {images.name} {len(pixels):,} images; "
                "there must be one label for each."
            )
        if len(pixels) == 0:
            raise DataError(f"{images} holds no image.")
        if classes.max() >= len(self.names):
            raise DataError(f"{labels} holds the label {classes.max()}; {self.title} has 0 to {len(self.names) - 1}.")
        x = pixels[rows, None].astype(np.float32) / np.float32(255)
        return Split(x, classes[rows].astype(np.int64))


def binary(x: Float[np.ndarray, "n ..."], pixels: Pixels, random: np.random.Generator) -> Float[np.ndarray, "n ..."]:
    """Grey levels in [0, 1] as zeros and ones, of which a Bernoulli likelihood is truly one; "grey": as they are.

    threshold: 1 above one half. drawn: each pixel 1 with its grey level as probability, once and for all; the same
    for the first images however many there are.

    Source: Salakhutdinov & Murray, On the Quantitative Analysis of Deep Belief Networks, ICML 2008, for drawn
    pixels; their own draws are others.
    """
    if pixels == "grey":
        return x
    level = np.float32(0.5) if pixels == "threshold" else random.random(x.shape, dtype=np.float32)
    ones: Float[np.ndarray, "n ..."] = (x > level).astype(np.float32)
    return ones


def read_idx(path: Path) -> UInt8[np.ndarray, "..."]:
    """The array of bytes in a gzipped idx file.

    The file is 0, 0, 8 (for unsigned bytes), the number of axes, the size of each in four bytes, then the values.

    Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database, section "File formats".

    Raises:
        DataError: the file is cut off, damaged or something else.
    """
    try:
        with gzip.open(path) as file:
            shape = _shape(file.read(4), file.read(4 * 3), path)
            file.seek(4 + 4 * len(shape))
            size = math.prod(shape)
            data = file.read(min(size, 1 << 31) + 1)  # never more than the header says, whatever the file unpacks to
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is cut off or damaged ({error}). Put a whole copy of it there.") from error
    if len(data) != size:
        more = "more" if len(data) > size else f"{len(data):,}"
        raise DataError(f"{path} should hold {size:,} values and holds {more}. Put a whole copy of it there.")
    return np.frombuffer(data, np.uint8).reshape(shape)


def count(path: Path) -> int:
    """How many entries the idx file has by its header.

    Raises:
        DataError: it has no such header.
    """
    try:
        with gzip.open(path) as file:
            return _shape(file.read(4), file.read(4 * 3), path)[0]
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is cut off or damaged ({error}). Put a whole copy of it there.") from error


def _shape(magic: bytes, rest: bytes, path: Path) -> tuple[int, ...]:
    axes = magic[3] if len(magic) == 4 else 0
    if magic[:3] != b"\0\0\x08" or axes not in (1, 3) or len(rest) < 4 * axes:
        raise DataError(f"{path} is not an idx file of images or labels. Put the right file there.")
    return tuple(int.from_bytes(rest[4 * axis : 4 * axis + 4], "big") for axis in range(axes))


@dataclass(frozen=True)
class Mnist(Idx):
    """Handwritten digits of 28 × 28 pixels: the set that most papers on autoencoders show first.

    x: n × 1 × 28 × 28, grey level / 255, white on black; labels 0…9. The first N of 60,000 to train and of 10,000 to
    test, in the set's own order. About 12 MB, fetched on first use.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition,
    Proceedings of the IEEE 86 (1998), doi:10.1109/5.726791. Licence of the data: CC BY-SA 3.0.
    """

    title: ClassVar[str] = "MNIST"
    folder: ClassVar[str] = "mnist"
    mirrors: ClassVar[tuple[str, ...]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    checksums: ClassVar[tuple[str, ...]] = (
        "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    )
    names: ClassVar[tuple[str, ...]] = tuple("0123456789")


@dataclass(frozen=True)
class FashionMnist(Idx):
    """Photographs of clothes, shoes and bags in 28 × 28 pixels: as small as MNIST and harder.

    x: n × 1 × 28 × 28, grey level / 255; ten classes. The first N of 60,000 to train and of 10,000 to test, in the
    set's own order. About 31 MB, fetched on first use.

    Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms (2017), arXiv:1708.07747. Licence of the data: MIT.
    """

    title: ClassVar[str] = "Fashion-MNIST"
    folder: ClassVar[str] = "fashion_mnist"
    mirrors: ClassVar[tuple[str, ...]] = (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    )
    checksums: ClassVar[tuple[str, ...]] = (
        "sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    )
    names: ClassVar[tuple[str, ...]] = (
        "T-shirt",
        "trousers",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    )


@dataclass(frozen=True)
class KMnist(Idx):
    """Handwritten hiragana from old Japanese books in 28 × 28 pixels: one class has several forms.

    x: n × 1 × 28 × 28, grey level / 255; ten classes. The first N of 60,000 to train and of 10,000 to test, in the
    set's own order. About 21 MB, fetched on first use.

    Source: T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha, Deep Learning for Classical
    Japanese Literature (2018), arXiv:1812.01718. Licence of the data: CC BY-SA 4.0.
    """

    title: ClassVar[str] = "Kuzushiji-MNIST"
    folder: ClassVar[str] = "kmnist"
    mirrors: ClassVar[tuple[str, ...]] = ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",)
    checksums: ClassVar[tuple[str, ...]] = (
        "md5:bdb82020997e1d708af4cf47b453dcf7",
        "md5:e144d726b3acfaa3e44228e80efcd344",
        "md5:5c965bf0a639b31b8f53240b1b52f4d7",
        "md5:7320c461ea6c1c855c0b718fb2a4b134",
    )
    names: ClassVar[tuple[str, ...]] = (
        "お o",
        "き ki",
        "す su",
        "つ tsu",
        "な na",
        "は ha",
        "ま ma",
        "や ya",
        "れ re",
        "を wo",
    )
