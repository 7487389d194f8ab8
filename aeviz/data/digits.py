"""Real handwritten digits that need no download: scikit-learn's bundled 8 × 8 set."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent

TEST = 360  # one in five of 1797, the last ones: other writers than those of the first examples


@dataclass(frozen=True)
class Digits(Source):
    """1797 handwritten digits of 8 × 8 pixels with 17 grey levels, bundled with scikit-learn.

    1437 train, 360 test, in the set's own order. Grey level / 16, so that x ∈ [0, 1]; x: n × 1 × 8 × 8.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository
    (1998), doi:10.24432/C50P49.
    """

    title: ClassVar[str] = "Digits 8×8"

    def shape(self) -> tuple[int, ...]:
        return (1, 8, 8)

    def sizes(self) -> tuple[int, int]:
        return (1797 - TEST, TEST)

    def classes(self) -> tuple[str, ...]:
        return tuple("0123456789")

    def load(self, progress: Progress = silent) -> Dataset:
        from sklearn.datasets import load_digits  # half a second: only when the digits are wanted

        bundled = load_digits()
        x = (bundled.images / 16).astype(np.float32)[:, None]
        labels = bundled.target.astype(np.int64)
        whole = Split(x, labels)
        return Dataset(whole.taken(slice(-TEST)), whole.taken(slice(-TEST, None)), self.classes())
