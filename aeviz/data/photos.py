"""Small pieces of two real photographs that need no download."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, UInt8

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.spec import knob

WIDTH = 640
TEST_COLUMNS = (240, 368)  # a strip that cuts through the temple and through the flower; train has what is beside it
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclass(frozen=True)
class Photos(Source):
    """Square patches cut at random places from two photographs, a temple and a flower, bundled with scikit-learn.

    x: n × 1 × s × s grey (0.299 R + 0.587 G + 0.114 B) or n × 3 × s × s colour, level / 255. labels: which
    photograph. factors: column and row of the patch's upper left corner, in pixels. Test patches lie in the columns
    240…367 of either photograph and train patches wholly outside, so that no pixel is in both; patches of one
    split may overlap.

    Source: `china.jpg` and `flower.jpg` as bundled with scikit-learn, CC BY 2.0, by the Flickr users danielbuechele
    and vultilion.
    """

    title: ClassVar[str] = "Photo patches"

    size: int = knob(16, "Patch", "Width and height of a patch in pixels.", low=8, high=64)
    colour: bool = knob(False, "Colour", "Three channels, red, green and blue, in place of one grey one.")
    patches: int = knob(
        5000, "Patches", "How many are cut out; one in five is kept for the test.", low=100, high=50_000, scale="log"
    )
    seed: int = knob(0, "Seed", "Another number cuts other patches.", low=0, high=2**31 - 1, advanced=True)

    def shape(self) -> tuple[int, ...]:
        return (3 if self.colour else 1, self.size, self.size)

    def sizes(self) -> tuple[int, int]:
        return (self.patches - self.patches // 5, self.patches // 5)

    def classes(self) -> tuple[str, ...]:
        return ("temple", "flower")

    def load(self, progress: Progress = silent) -> Dataset:
        from sklearn.datasets import load_sample_images  # half a second: only when the photographs are wanted

        progress(0.0, "Cutting patches out of the photographs")
        bundled = load_sample_images().images
        photographs = [self._channels(each) for each in bundled]
        random = np.random.default_rng(self.seed)
        last = WIDTH - self.size
        start, stop = TEST_COLUMNS
        train_columns = np.r_[0 : start - self.size + 1, stop : last + 1]
        test_columns = np.arange(start, stop - self.size + 1)
        train, test = self.sizes()
        return Dataset(
            train=self._cut(photographs, train_columns, train, random),
            test=self._cut(photographs, test_columns, test, random),
            classes=self.classes(),
            factor_names=("column", "row"),
        )

    def _channels(self, photograph: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "c h w"]:
        levels = photograph.astype(np.float32) / np.float32(255)
        if self.colour:
            return np.ascontiguousarray(levels.transpose(2, 0, 1))
        return np.minimum(levels @ LUMA, np.float32(1))[None]

    def _cut(
        self,
        photographs: list[Float[np.ndarray, "c h w"]],
        columns: np.ndarray,
        count: int,
        random: np.random.Generator,
    ) -> Split:
        labels = random.integers(len(photographs), size=count)
        left = random.choice(columns, size=count)
        top = random.integers(photographs[0].shape[1] - self.size + 1, size=count)
        x = np.empty((count, *self.shape()), np.float32)
        for row, (label, at, down) in enumerate(zip(labels, left, top, strict=True)):
            x[row] = photographs[label][:, down : down + self.size, at : at + self.size]
        return Split(x, labels.astype(np.int64), np.stack([left, top], axis=1).astype(np.float32))
