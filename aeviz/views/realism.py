"""How real samples are: the nearest training example of each, and how far that is, as examples go.

A sample nearer than held-out examples usually are repeats a training example; one farther than all of them is like
none. Source: Meehan, Chaudhuri, Dasgupta, A non-parametric test to detect data-copying in generative models, AISTATS
2020: distances to the training examples, of samples against held-out ones.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

KNOWN = 10_000  # training examples among which the nearest is sought
HELD_OUT = 500  # held-out examples that say which distances are usual
CHUNK = 200  # examples whose distances are held in memory at once


@dataclass(frozen=True)
class Nearest:
    """rows: which known example is nearest to each; distances: ‖x − known‖ to it."""

    rows: Int[np.ndarray, " n"]
    distances: Float[np.ndarray, " n"]


def nearest(known: Float[np.ndarray, "m ..."], at: Float[np.ndarray, "n ..."]) -> Nearest:
    """The nearest of the known examples, or codes, to each of `at` by Euclidean distance; of equals the first.

    Raises:
        ValueError: nothing is known.
    """
    if not len(known):
        raise ValueError("nearest: there are no known examples")
    size = int(np.prod(known.shape[1:]))
    known, at = (each.reshape(len(each), size).astype(np.float64) for each in (known, at))
    squares = np.square(known).sum(1)
    rows = [(squares - 2 * at[start : start + CHUNK] @ known.T).argmin(1) for start in range(0, len(at), CHUNK)]
    found = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    return Nearest(found, np.linalg.norm(at - known[found], axis=1))


def farther_than(distances: Float[np.ndarray, " n"], usual: Float[np.ndarray, " m"]) -> Float[np.ndarray, " n"]:
    """The share of the usual distances that each distance exceeds: near 0 a copy, near 1 unlike any example.

    usual: of held-out examples to their nearest training examples, in the same space.
    """
    shares: np.ndarray = np.searchsorted(np.sort(usual), distances) / len(usual)
    return shares
