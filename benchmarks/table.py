"""What a benchmark gives: rows of figure, peer, value, goal; and the arithmetic behind them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import TypeVar

Value = TypeVar("Value")

HEAD = ("figure", "peer", "value", "goal", "met?")


class Unavailable(Exception):
    """Something that a measurement needs is not here; the sentence says what, and how to get it."""


@dataclass(frozen=True)
class Settings:
    """How long to measure. quick: every benchmark in seconds, to see that it works; its figures say nothing.

    validate: train on less and judge on training images that are kept apart, to choose settings without the test set.
    """

    quick: bool = False
    validate: bool = False

    def pick(self, full: Value, quick: Value) -> Value:
        """The one value, or the other when in a hurry."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Row:
    """One measured figure. value: None where it could not be measured, and `detail` says why. unit: "×" for a ratio,
    of ours to the peer's. goal: at least that, or at most that."""

    figure: str
    peer: str = ""
    value: float | None = None
    unit: str = "×"
    goal: float | None = None
    at_most: bool = False
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal or a value."""
        if self.value is None or self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def cells(self) -> tuple[str, ...]:
        """The row as the table shows it."""
        goal = "" if self.goal is None else f"{'≤' if self.at_most else '≥'} {amount(self.goal, self.unit)}"
        value = "not measured" if self.value is None else amount(self.value, self.unit)
        met = {True: "yes", False: "no", None: "–"}[self.met]
        return (self.figure, self.peer or "–", value, goal or "–", met)

    def to_json(self) -> dict[str, object]:
        """The row as JSON, `met` included."""
        return asdict(self) | {"met": self.met}


def amount(value: float, unit: str) -> str:
    """A number with as many digits as it deserves: 0.973×, 2.34 s, 412 MB."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 20 else 2
    return f"{value:.{3 if unit == '×' and value < 2 else digits}f}{'' if unit == '×' else ' '}{unit}"


def table(rows: Iterable[Row]) -> str:
    """The rows as a table (in Markdown, so that it can be copied), and below it what there is to say of each."""
    rows = list(rows)
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"- {row.figure}{f', against {row.peer}' if row.peer else ''}: {row.detail}" for row in rows if row.detail]
    return "\n".join([*drawn, *(["", *notes] if notes else [])])


# Arithmetic


@dataclass(frozen=True)
class Mark:
    """An epoch has ended. seconds: on the wall's clock. processor: seconds of processor time, where they are known."""

    epoch: int
    seconds: float
    processor: float | None = None


@dataclass(frozen=True)
class Speed:
    """Examples learned a second: of the wall's clock, and of processor time where that is known."""

    wall: float
    processor: float | None = None


def speed(marks: Sequence[Mark], examples: int, epochs: int, low: float = 0.1, high: float = 0.9) -> Speed:
    """The speed between shares `low` and `high` of a run of `epochs` epochs: start and end are not the training.

    Raises:
        Unavailable: fewer than two epochs ended in between.
    """
    within = [mark for mark in marks if low * epochs <= mark.epoch <= high * epochs]
    if len(within) < 2 or within[0].epoch == within[-1].epoch:
        raise Unavailable("The run was over before it could be measured: take more epochs.")
    first, last = within[0], within[-1]
    learned = (last.epoch - first.epoch) * examples
    processor = None
    if first.processor is not None and last.processor is not None and last.processor > first.processor:
        processor = learned / (last.processor - first.processor)
    return Speed(learned / (last.seconds - first.seconds), processor)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over rounds of ours to theirs: both sides of a round saw the machine in the same mood."""
    return median(own / other for own, other in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that a share of all values does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def compared(
    figure: str, peer: str, ours: Sequence[Speed], theirs: Sequence[Speed], goal: float | None, *more: str
) -> Row:
    """The row for two sides that took turns; more: further things to say."""
    walls = [each.wall for each in ours], [each.wall for each in theirs]
    rounds = [own / other for own, other in zip(*walls, strict=True)]
    words = [
        f"{median(walls[0]):,.0f} against {median(walls[1]):,.0f} examples/s",
        f"rounds {', '.join(f'{each:.3f}' for each in rounds)}",
    ]
    busy = [[each.processor for each in side if each.processor is not None] for side in (ours, theirs)]
    if len(busy[0]) == len(busy[1]) == len(rounds):
        words.append(f"by processor time {ratio(busy[0], busy[1]):.3f}×")
    return Row(figure, peer, ratio(*walls), goal=goal, detail="; ".join([*words, *more]))
