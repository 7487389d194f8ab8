"""Bars and stripes: small binary patterns, few enough that what a model should learn can be written down."""

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.spec import knob


@dataclass(frozen=True)
class Bars(Source):
    """Every row, or every column, of a small square is on or off: 2·2ⁿ − 2 patterns, all equally likely.

    Source: MacKay, Information Theory, Inference, and Learning Algorithms (2003), §43.3 (bars and stripes).
    """

    repeats: ClassVar[bool] = True
    title: ClassVar[str] = "Bars and stripes"
    side: int = knob(3, "Side", "Pixels a side. With 3, machines can be summed over exactly.", low=2, high=8)
    examples: int = knob(1000, "Examples", "A fifth of them are held out.", low=50, high=100_000)

    def shape(self) -> tuple[int, ...]:
        return (1, self.side, self.side)

    def sizes(self) -> tuple[int, int]:
        test = self.examples // 5
        return self.examples - test, test

    def classes(self) -> tuple[str, ...]:
        return ("rows", "columns")

    def load(self, progress: Progress = silent) -> Dataset:
        shown, labels = patterns(self.side)
        # Each pattern as often as any other, up to one; the order is a shuffle of its own.
        order = np.random.default_rng(self.side).permutation(np.resize(np.arange(len(shown)), self.examples))
        train, _ = self.sizes()
        whole = Split(shown, labels)
        return Dataset(whole.taken(order[:train]), whole.taken(order[train:]), self.classes())


def patterns(side: int) -> tuple[Float[np.ndarray, "n 1 side side"], np.ndarray]:
    """Every pattern once and its class: 0 for rows; 1 for columns. The empty and the full one count as rows."""
    lines = np.array(list(itertools.product((0, 1), repeat=side)), np.float32)
    rows = np.repeat(lines[:, :, None], side, 2)
    columns = np.repeat(lines[1:-1, None, :], side, 1)
    labels = np.repeat((0, 1), (len(rows), len(columns))).astype(np.int64)
    return np.concatenate([rows, columns])[:, None], labels
