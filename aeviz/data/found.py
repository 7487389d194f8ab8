"""What was found in a file of the user's own, and the words for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from aeviz.errors import UploadError

FEWEST = 10
MOST_BYTES = 512_000_000  # of numbers held in memory
MOST_CLASSES = 1000


@dataclass(frozen=True)
class Found:
    """All examples of one file or folder before they are split.

    x: n × c × s × s images or n × d points in [0, 1]; labels: the class of each, None where there is none.
    """

    x: Float[np.ndarray, "n ..."]
    labels: Int[np.ndarray, " n"] | None = None
    classes: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def classified(names: Sequence[str]) -> tuple[Int[np.ndarray, " n"], tuple[str, ...]]:
    """The class of each example by its name, and the classes in order: by number where all are whole numbers.

    Raises:
        UploadError: there are more than 1,000 classes.
    """
    stripped = [name.strip()[:80] or "?" for name in names]
    try:
        numbers = {name: float(name) for name in set(stripped)}
        if all(number.is_integer() for number in numbers.values()):
            stripped = [str(int(numbers[name])) for name in stripped]
            classes = sorted(set(stripped), key=int)
        else:
            classes = sorted(set(stripped))
    except ValueError:
        classes = sorted(set(stripped))
    if len(classes) > MOST_CLASSES:
        raise UploadError(
            f"The label takes {len(classes):,} different values; at most {MOST_CLASSES:,} classes can be told apart. "
            "Leave the labels out, or use coarser ones."
        )
    place = {name: at for at, name in enumerate(classes)}
    return np.array([place[name] for name in stripped], np.int64), tuple(classes)


def enough(count: int, what: str, name: str) -> None:
    """Raises UploadError where `name` holds fewer than ten examples (`what` says of what kind)."""
    if count < FEWEST:
        raise UploadError(f"{name} holds {count} {what}; at least {FEWEST} are needed to train and to test. Add more.")


def fits(count: int, shape: tuple[int, ...], name: str, remedy: str) -> None:
    """Raises UploadError where `count` examples of `shape` would take too much memory as float32."""
    needed = 4 * count
    for size in shape:
        needed *= size
    if needed > MOST_BYTES:
        raise UploadError(
            f"{name} would take {needed / 1e6:,.0f} MB in memory; at most {MOST_BYTES // 10**6} MB fit. {remedy}"
        )


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(name[:60] for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
