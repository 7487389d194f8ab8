"""How a sweep finds its points.

Every combination, the values of all places side by side, draws at random, or a sampler of Optuna that learns from
scores.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from aeviz.spec import Json, Scale, Spec, knob

Point = dict[str, Any]
"""Place → value: what is changed in the base."""


def is_number(value: object) -> bool:
    """Whether a value from JSON is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    """Whether a value from JSON is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


class Choices(Protocol):
    """What one place may take."""

    def listed(self) -> list[Any]:
        """The values that a grid takes."""
        ...

    def drawn(self, draws: np.random.Generator) -> Any:
        """One value at random."""
        ...

    def to_json(self) -> Any:
        """As it is written in a sweep."""
        ...

    def distribution(self) -> Any:
        """The same for Optuna."""
        ...

    def coded(self, value: Any) -> Any:
        """A value as Optuna knows it."""
        ...

    def decoded(self, known: Any) -> Any:
        """What Optuna knows, as a value."""
        ...


@dataclass(frozen=True)
class Several:
    """The values of one place, listed; Optuna knows them by their numbers."""

    values: tuple[Any, ...]

    def listed(self) -> list[Any]:
        return list(self.values)

    def drawn(self, draws: np.random.Generator) -> Any:
        return self.values[int(draws.integers(len(self.values)))]

    def to_json(self) -> Any:
        return list(self.values)

    def distribution(self) -> Any:
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(list(range(len(self.values))))

    def coded(self, value: Any) -> Any:
        return self.values.index(value)

    def decoded(self, known: Any) -> Any:
        return self.values[known]


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included. steps: how many a grid takes. whole: whole numbers only."""

    low: float = 0.0
    high: float = 1.0
    steps: int = 5
    scale: Scale = "linear"
    whole: bool = False

    def complaint(self) -> str:
        """A sentence about what cannot be, or nothing."""
        for name, value in (("low", self.low), ("high", self.high)):
            if not is_number(value) or not math.isfinite(value):
                return f"{name} = {value!r:.40}: must be a number."
        if self.low >= self.high:
            return f"low = {self.low:g} must be less than high = {self.high:g}."
        if not is_whole(self.steps) or not 2 <= self.steps <= 1000:
            return f"steps = {self.steps!r:.40}: must be a whole number from 2 to 1000."
        if self.scale not in ("linear", "log"):
            return f"scale = {self.scale!r:.40}: must be linear or log."
        if self.scale == "log" and self.low <= 0:
            return f"low = {self.low:g}: on a logarithmic scale it must be greater than 0. Give the scale as linear."
        return ""

    def listed(self) -> list[Any]:
        space = np.geomspace if self.scale == "log" else np.linspace
        return list(dict.fromkeys(self._fitted(float(each)) for each in space(self.low, self.high, self.steps)))

    def drawn(self, draws: np.random.Generator) -> Any:
        if self.scale == "log":
            return self._fitted(math.exp(draws.uniform(math.log(self.low), math.log(self.high))))
        return self._fitted(float(draws.uniform(self.low, self.high)))

    def to_json(self) -> Json:
        return {"low": self.low, "high": self.high, "steps": self.steps, "scale": self.scale}

    def distribution(self) -> Any:
        from optuna.distributions import FloatDistribution, IntDistribution

        log = self.scale == "log"
        if self.whole:
            return IntDistribution(math.ceil(self.low), math.floor(self.high), log=log)
        return FloatDistribution(self.low, self.high, log=log)

    def coded(self, value: Any) -> Any:
        return value

    def decoded(self, known: Any) -> Any:
        return self._fitted(known)

    def _fitted(self, value: float) -> int | float:
        # Four digits are enough to tell runs apart, and keep their recipes readable.
        value = min(max(float(f"{value:.4g}"), self.low), self.high)
        return round(value) if self.whole else value


class Proposer(Protocol):
    """Gives points one after the other, and may learn from how they did."""

    def ask(self) -> Point | None:
        """The next point; None when there is no more."""
        ...

    def tell(self, point: Point, score: float | None) -> None:
        """How a point did, the less the better; None when it failed."""
        ...


@dataclass(frozen=True)
class Search(Spec):
    """How the points of a sweep are found."""

    learns: ClassVar[bool] = False
    """Whether later points depend on how earlier ones did."""

    def count(self, over: Mapping[str, Choices]) -> int:
        """How many points there will be."""
        raise NotImplementedError

    def known(self, over: Mapping[str, Choices]) -> list[Point]:
        """The points that are known before anything is trained."""
        raise NotImplementedError

    def proposer(self, over: Mapping[str, Choices], told: Sequence[tuple[Point, float | None]]) -> Proposer:
        """What gives the points. told: those of an earlier try of the same sweep, with how they did."""
        return Listed(self.known(over))

    def misfits(self, over: Mapping[str, Choices]) -> list[str]:
        """Why it cannot search there, each with a remedy."""
        return []

    def measured(self) -> str:
        """The test loss by which points are judged."""
        return "loss"


class Listed:
    """Points that are all known at the start."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.points: Iterator[Point] = iter(points)

    def ask(self) -> Point | None:
        return next(self.points, None)

    def tell(self, point: Point, score: float | None) -> None:
        pass


@dataclass(frozen=True)
class Grid(Search):
    """Every combination of the values."""

    title: ClassVar[str] = "Grid"

    def count(self, over: Mapping[str, Choices]) -> int:
        return math.prod(len(values.listed()) for values in over.values())

    def known(self, over: Mapping[str, Choices]) -> list[Point]:
        combinations = itertools.product(*(values.listed() for values in over.values()))
        return [dict(zip(over, each, strict=True)) for each in combinations]


@dataclass(frozen=True)
class Together(Search):
    """The values of all places side by side: the first of each, the second of each, and so on."""

    title: ClassVar[str] = "Side by side"

    def count(self, over: Mapping[str, Choices]) -> int:
        return min(len(values.listed()) for values in over.values())

    def known(self, over: Mapping[str, Choices]) -> list[Point]:
        rows = zip(*(values.listed() for values in over.values()), strict=False)
        return [dict(zip(over, row, strict=True)) for row in rows]

    def misfits(self, over: Mapping[str, Choices]) -> list[str]:
        counts = {place: len(values.listed()) for place, values in over.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{place} {count}" for place, count in counts.items())
            return [f"Together takes as many values of each place, here {told}: make them equal, or take Grid."]
        return []


@dataclass(frozen=True)
class Random(Search):
    """Points drawn at random, each place on its own.

    Source: Bergstra & Bengio, Random search for hyper-parameter optimization, JMLR 13 (2012).
    """

    title: ClassVar[str] = "Random"

    runs: int = knob(20, "Points", "How many are drawn.", low=1, high=1000)
    seed: int = knob(0, "Seed", "Same seed, same points.", low=0, high=2**31 - 1)

    def count(self, over: Mapping[str, Choices]) -> int:
        return self.runs

    def known(self, over: Mapping[str, Choices]) -> list[Point]:
        draws = np.random.default_rng(self.seed)
        return [{place: values.drawn(draws) for place, values in over.items()} for _ in range(self.runs)]


Sampler = Literal["tpe", "gp", "cmaes", "random"]
SAMPLERS: tuple[Sampler, ...] = ("tpe", "gp", "cmaes", "random")


@dataclass(frozen=True)
class Optuna(Search):
    """Points proposed by a sampler of Optuna, which learns from the test losses so far.

    tpe: tree-structured Parzen estimator; gp: Gaussian process; cmaes: CMA-ES.
    Source: Akiba et al., Optuna, KDD 2019, arXiv:1907.10902.
    """

    title: ClassVar[str] = "Optuna"
    learns: ClassVar[bool] = True

    sampler: Sampler = knob("tpe", "Sampler", "What proposes the next point.", choices=SAMPLERS)
    runs: int = knob(24, "Points", "How many are tried.", low=1, high=1000)
    measure: str = knob(
        "mse",
        "Measure",
        "The test loss that is made small: mse compares across terms.",
        choices=("mse", "loss", "reconstruction"),
    )
    seed: int = knob(0, "Seed", "Of the sampler.", low=0, high=2**31 - 1)

    def count(self, over: Mapping[str, Choices]) -> int:
        return self.runs

    def known(self, over: Mapping[str, Choices]) -> list[Point]:
        return []

    def measured(self) -> str:
        return self.measure

    def misfits(self, over: Mapping[str, Choices]) -> list[str]:
        listed = [place for place, values in over.items() if isinstance(values, Several)]
        if self.sampler in ("cmaes", "gp") and listed:
            return [
                f"Optuna's sampler {self.sampler} takes ranges only, and {listed[0]} is a list: "
                "give it a low and a high, or take the sampler tpe."
            ]
        return []

    def proposer(self, over: Mapping[str, Choices], told: Sequence[tuple[Point, float | None]]) -> Proposer:
        return OptunaProposer(self, over, told)


class OptunaProposer:
    """A study of Optuna, asked and told."""

    def __init__(
        self, search: "Optuna", over: Mapping[str, Choices], told: Sequence[tuple[Point, float | None]]
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        seed = search.seed + len(told)  # going on must not draw again what the first try drew
        samplers: dict[str, Any] = {
            "tpe": optuna.samplers.TPESampler,
            "gp": optuna.samplers.GPSampler,
            "cmaes": optuna.samplers.CmaEsSampler,
            "random": optuna.samplers.RandomSampler,
        }
        self.failed = optuna.trial.TrialState.FAIL
        self.over = over
        self.space = {place: choices.distribution() for place, choices in over.items()}
        self.left = search.runs - len(told)
        self.study = optuna.create_study(sampler=samplers[search.sampler](seed=seed))
        self.asked: list[tuple[Point, Any]] = []
        for point, score in told:
            if score is not None:
                known = {place: over[place].coded(value) for place, value in point.items()}
                self.study.add_trial(optuna.trial.create_trial(params=known, distributions=self.space, value=score))

    def ask(self) -> Point | None:
        if self.left <= 0:
            return None
        self.left -= 1
        trial = self.study.ask(self.space)
        point = {place: choices.decoded(trial.params[place]) for place, choices in self.over.items()}
        self.asked.append((point, trial))
        return point

    def tell(self, point: Point, score: float | None) -> None:
        at = next((at for at, (asked, _) in enumerate(self.asked) if asked == point), None)
        if at is None:
            return  # a point of an earlier try, told at the start
        _, trial = self.asked.pop(at)
        if score is None:
            self.study.tell(trial, state=self.failed)
        else:
            self.study.tell(trial, score)


SEARCHES: tuple[type[Search], ...] = (Grid, Together, Random, Optuna)
