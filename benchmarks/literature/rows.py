"""One row of the comparison with the literature: what was published, what aeviz reaches, and in how many seconds."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.table import Settings, Unavailable

HEAD = ("figure", "source", "published", "ours", "ratio", "reached", "seconds", "of a core")


@dataclass(frozen=True)
class Took:
    """Seconds: on the wall's clock, and of processor time, which is what they would be on a machine of one's own."""

    wall: float
    core: float


class Stopwatch:
    """How long it is since it was made, and `before` that: in an earlier process, which was interrupted."""

    def __init__(self, before: Took | None = None) -> None:
        self._before = before or Took(0.0, 0.0)
        self._began = time.monotonic(), time.process_time()

    def read(self) -> Took:
        """The seconds so far."""
        wall, core = self._began
        return Took(self._before.wall + time.monotonic() - wall, self._before.core + time.process_time() - core)


@dataclass(frozen=True)
class Row:
    """One figure. published and ours in `unit`; ours None where it could not be measured, and `detail` says why.

    goal: what should be reached, the published figure where nothing else is said; at least that where more is better,
    else at most. took: training and measuring, data already loaded. differs: in what the measurement is not the
    source's.
    """

    figure: str
    source: str
    published: float | None
    ours: float | None = None
    unit: str = ""
    digits: int = 2
    took: Took | None = None
    goal: float | None = None
    more_is_better: bool = False
    differs: str = ""
    detail: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over published."""
        return None if self.ours is None or not self.published else self.ours / self.published

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached, to the digits that are shown; None without a figure or a goal."""
        goal = self.published if self.goal is None else self.goal
        if self.ours is None or goal is None:
            return None
        ours = round(self.ours, self.digits)
        return ours >= goal if self.more_is_better else ours <= goal

    def cells(self) -> tuple[str, ...]:
        """The row as the table shows it."""
        goal = "" if self.goal is None else f" (goal {'≥' if self.more_is_better else '≤'} {self.amount(self.goal)})"
        return (
            self.figure,
            self.source,
            ("–" if self.published is None else self.amount(self.published)) + goal,
            "not measured" if self.ours is None else self.amount(self.ours),
            "–" if self.ratio is None else f"{self.ratio:.3f}",
            {True: "yes", False: "no", None: "–"}[self.reached],
            *(("–", "–") if self.took is None else (f"{self.took.wall:,.0f}", f"{self.took.core:,.0f}")),
        )

    def amount(self, value: float) -> str:
        """A value in the row's unit and digits."""
        sign = "+" if self.unit == "points" else ""
        return f"{value:{sign}.{self.digits}f}{' ' if self.unit else ''}{self.unit}"

    def to_json(self) -> dict[str, object]:
        """The row as JSON, ratio included."""
        return asdict(self) | {"ratio": self.ratio}

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> "Row":
        """The row that `to_json` gave."""
        own = {name: value for name, value in json.items() if name in cls.__dataclass_fields__}
        return cls(**own | {"took": Took(**json["took"]) if json.get("took") else None})


@dataclass(frozen=True)
class Measurement:
    """What can be asked for by name. minutes: about how long it takes on one core; the long ones begin first."""

    name: str
    about: str
    minutes: float
    rows: Callable[[Settings], Iterator[Row]]


def measured(measurement: Measurement, settings: Settings) -> list[Row]:
    """The rows of one measurement. What breaks becomes a row that says why, so that the others are still measured."""
    rows: list[Row] = []
    try:
        rows.extend(measurement.rows(settings))
    except Unavailable as error:
        rows.append(failure(measurement, str(error)))
    except Exception as error:  # one figure shall not cost the others
        first = (str(error).splitlines() or [""])[0]
        rows.append(failure(measurement, f"It broke: {type(error).__name__}: {first}"))
    return rows


def failure(measurement: Measurement, why: str) -> Row:
    """The row of a measurement that gave none."""
    return Row(measurement.about, "–", None, detail=why)


def chosen(names: Sequence[str], among: Sequence[Measurement]) -> list[Measurement]:
    """The measurements of these names, in their order; all of them when none is named.

    Raises:
        Unavailable: there is none of a name.
    """
    known = {each.name: each for each in among}
    if unknown := [name for name in names if name not in known]:
        raise Unavailable(f"There is no figure {', '.join(map(repr, unknown))}. There are: {', '.join(known)}.")
    return [known[name] for name in names] or list(among)


def table(rows: Iterable[Row]) -> str:
    """The rows in Markdown, columns lined up."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(drawn)


def notes(rows: Iterable[Row]) -> str:
    """Below the table: in what each figure differs from its source, and what was seen on the way."""
    said = dict[str, list[str]]()
    for row in rows:
        if words := " ".join(filter(None, (row.differs, row.detail))):
            said.setdefault(words, []).append(row.figure)
    return "\n".join(f"- {'; '.join(figures)}: {words}" for words, figures in said.items())
