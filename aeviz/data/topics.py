"""Documents of known topics: counts of words that can be looked at, because the words lie on a square."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.spec import knob

MOST = 8  # occurrences of a word that is white; more are shown, and counted, as that many
TOPICS_OF_ONE = 0.3  # concentration of the Dirichlet distribution: most documents are about one or two topics


@dataclass(frozen=True)
class Topics(Source):
    """Documents as pictures: each pixel is a word, its brightness how often it occurs (white: 8 times).

    There are 2·side topics, each one row or one column of words, evenly; the topics of a document are drawn from a
    Dirichlet distribution, its length evenly between half the longest and the longest. The class is the main topic.

    Source: Griffiths & Steyvers, Finding scientific topics, PNAS 101 (2004), fig. 1.
    """

    title: ClassVar[str] = "Topics (documents)"
    side: int = knob(5, "Side", "Words a side of the square.", low=2, high=12)
    longest: int = knob(40, "Longest", "Words of the longest document.", low=2, high=500)
    examples: int = knob(2000, "Examples", "A fifth of them are held out.", low=50, high=100_000)

    def shape(self) -> tuple[int, ...]:
        return (1, self.side, self.side)

    def sizes(self) -> tuple[int, int]:
        test = self.examples // 5
        return self.examples - test, test

    def classes(self) -> tuple[str, ...]:
        return tuple(f"{kind} {number}" for kind in ("row", "column") for number in range(1, self.side + 1))

    def load(self, progress: Progress = silent) -> Dataset:
        draws = np.random.default_rng(self.side)
        shares = draws.dirichlet([TOPICS_OF_ONE] * (2 * self.side), self.examples)
        lengths = draws.integers(-(-self.longest // 2), self.longest + 1, self.examples)
        chances = shares @ topics(self.side)
        counts = draws.multinomial(lengths, chances / chances.sum(1, keepdims=True))
        x = (np.minimum(counts, MOST) / MOST).astype(np.float32).reshape(-1, *self.shape())
        labels = shares.argmax(1).astype(np.int64)
        train, _ = self.sizes()
        whole = Split(x, labels)
        return Dataset(whole.taken(slice(train)), whole.taken(slice(train, None)), self.classes())


def topics(side: int) -> Float[np.ndarray, "t w"]:
    """p(word | topic): the rows of the square, then its columns; 2·side × side²."""
    square = np.eye(side)
    rows = np.repeat(square[:, :, None], side, 2).reshape(side, -1)
    columns = np.repeat(square[:, None, :], side, 1).reshape(side, -1)
    return np.concatenate([rows, columns]) / side
