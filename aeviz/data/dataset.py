"""What a source of data gives: images (or points) in [0, 1], split into train and test."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from aeviz.spec import Spec

Progress = Callable[[float, str], None]
"""Called with a fraction in [0, 1] and a short sentence while something slow goes on."""


def silent(fraction: float, words: str) -> None:
    """The `Progress` that shows nothing."""


@dataclass(frozen=True)
class Split:
    """One part of a data set, train or test.

    x: float32 in [0, 1]; images are n × channels × height × width, points n × d.
    labels: the class of each, int64; None where the data has none.
    factors: what each was drawn from (columns named by `Dataset.factor_names`), float32; None where unknown.
    tags: 1 for each of `Dataset.tag_names` that an example has, else 0, float32; None where the data has none.
    """

    x: Float[np.ndarray, "n ..."]
    labels: Int[np.ndarray, " n"] | None = None
    factors: Float[np.ndarray, "n f"] | None = None
    tags: Float[np.ndarray, "n t"] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def arrays(self) -> dict[str, np.ndarray]:
        """All that is known of the examples, by name; each array has a row for each of them."""
        return {each.name: found for each in fields(self) if (found := getattr(self, each.name)) is not None}

    def taken(self, rows: slice | Int[np.ndarray, " m"]) -> "Split":
        """These examples alone, with all that is known of them."""
        return Split(**{name: array[rows] for name, array in self.arrays().items()})

    def some_labels(self, rows: slice | Int[np.ndarray, " m"]) -> Int[np.ndarray, " m"] | None:
        """The labels of these examples; None where the data has none."""
        return None if self.labels is None else self.labels[rows]


@dataclass(frozen=True)
class Dataset:
    """A train and a test split of one source.

    classes: the name of each label. notices: what was done to the data that its owner should know ("37 images
    were resized to 28 × 28").
    """

    train: Split
    test: Split
    classes: tuple[str, ...] = ()
    factor_names: tuple[str, ...] = ()
    tag_names: tuple[str, ...] = ()
    notices: tuple[str, ...] = field(default=())

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example: (channels, height, width) for images, (d,) for points."""
        return tuple(self.train.x.shape[1:])


@dataclass(frozen=True)
class Source(Spec):
    """A choice of data. Same settings, same arrays, bit for bit.

    repeats: whether there are so few different examples that those held out were seen in training, too.
    """

    repeats: ClassVar[bool] = False

    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one example, known before anything is loaded or fetched."""
        raise NotImplementedError

    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """How many examples train and test will have, known before anything is loaded or fetched."""
        raise NotImplementedError

    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """The name of each label, known before anything is loaded or fetched; empty where there are no labels."""
        raise NotImplementedError

    def tag_names(self) -> tuple[str, ...]:
        """The words that examples are tagged with, known before anything is loaded or fetched; empty for most data."""
        return ()

    @abstractmethod
    def load(self, progress: Progress = silent) -> Dataset:
        """The data itself; `progress` is told while a download or a rendering goes on.

        Raises:
            DataError: it cannot be had; the message says what to do.
        """
        raise NotImplementedError
