"""One's own data: a folder or a file of images or numbers."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from aeviz.data import arrays, pictures, tables
from aeviz.data.cache import loaded
from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.data.found import Found
from aeviz.errors import UploadError
from aeviz.spec import knob

SHUFFLE = 0  # the seed of the split: the same file is always split the same way


@dataclass(frozen=True)
class Images(Source):
    """Your own images, in a folder or a .zip, or your own numbers in a .npy, .npz or .csv file.

    Images (PNG, JPEG, WEBP) become x: n × 1 × s × s grey (0.299 R + 0.587 G + 0.114 B) or n × 3 × s × s colour, level
    / 255; what is not square is cropped around its middle. The folders that they lie in are the classes. An array
    n × h × w, n × h × w × c or n × c × h × w holds images as well; n × d are points, each column scaled to [0, 1],
    unless each row is a square image of at least 8 × 8 with levels 0…255 or 0…1. In a .csv a first row of names is
    allowed and a column called label, class or target is the class; in a .npz the array y or labels is.
    """

    title: ClassVar[str] = "Your own"

    path: str = knob("", "Folder or file", "A folder of images, or a .zip, .npy, .npz or .csv file.")
    size: int = knob(28, "Size", "Width and height in pixels that every image is brought to.", low=8, high=128)
    grey: bool = knob(True, "Grey", "One grey channel; otherwise red, green and blue.")
    test_fraction: float = knob(
        0.2, "Test share", "The part that is kept for the test, drawn at random.", low=0.05, high=0.5
    )

    def shape(self) -> tuple[int, ...]:
        return loaded(self).shape

    def sizes(self) -> tuple[int, int]:
        data = loaded(self)
        return (len(data.train), len(data.test))

    def classes(self) -> tuple[str, ...]:
        return loaded(self).classes

    def load(self, progress: Progress = silent) -> Dataset:
        found = self._found(progress)
        count = len(found.x)
        test = min(max(1, round(count * self.test_fraction)), count - 1)
        order = np.random.default_rng(SHUFFLE).permutation(count)
        splits = [
            Split(found.x[rows], None if found.labels is None else found.labels[rows])
            for rows in (np.sort(order[test:]), np.sort(order[:test]))
        ]
        return Dataset(train=splits[0], test=splits[1], classes=found.classes, notices=found.notices)

    def stamp(self) -> str:
        """Which files would be read: names, sizes and times.

        Raises:
            UploadError: there are none.
        """
        path = self._place()
        files = pictures.files_below(path) if path.is_dir() else [path]
        return str([(str(each), each.stat().st_size, each.stat().st_mtime_ns) for each in files])

    def _place(self) -> Path:
        if not self.path.strip():
            raise UploadError("No data of your own is chosen yet. Pick a folder of images or a file.")
        try:
            path = Path(self.path.strip()).expanduser()
            if path.is_dir() or path.is_file():
                return path
        except (OSError, ValueError, RuntimeError):  # a name that no file can have, or a home that is not known
            pass
        raise UploadError(
            f"There is no folder or file {self.path.strip()[:200]!r}. Check the name, or upload the file again."
        )

    def _found(self, progress: Progress) -> Found:
        path = self._place()
        try:
            if path.is_dir():
                return pictures.from_folder(path, self.size, self.grey, progress)
            if path.stat().st_size == 0:
                raise UploadError(f"{path.name} is empty. Choose another file.")
            match path.suffix.lower():
                case ".zip":
                    return pictures.from_zip(path, self.size, self.grey, progress)
                case ".npy":
                    return arrays.from_npy(path, self.size, self.grey)
                case ".npz":
                    return arrays.from_npz(path, self.size, self.grey)
                case ".csv":
                    return tables.from_csv(path, self.size, self.grey)
        except OSError as error:
            raise UploadError(f"{path.name} cannot be read: {error.strerror or error}.") from error
        raise UploadError(f"{path.name} cannot be used. Choose a folder, or a .zip, .npy, .npz or .csv file.")
