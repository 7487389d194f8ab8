"""Comparisons that are asked for often, each a sweep made of a base recipe; and any one thing changed by hand."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aeviz.data.pairings import PAIRINGS
from aeviz.errors import SettingError
from aeviz.learning import TERMS
from aeviz.models import MODELS
from aeviz.recipe import Recipe
from aeviz.searches import Point
from aeviz.spec import Spec
from aeviz.sweep import SLOTS, Sweep

WEIGHTS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
CODES = (1, 2, 4, 8, 16, 32, 64)
SEEDS = 6
LARGEST_CODE = int(MODELS[0].knobs()["code"].high)


@dataclass(frozen=True)
class Comparison:
    """A question in one click. points: the base and the kind of a regularizer → what is changed in each run."""

    name: str
    title: str
    question: str
    points: Callable[[Recipe, str], Sequence[Point]]
    base: Callable[[Recipe], Recipe] = lambda base: base
    needs_term: bool = False

    def sweep(self, base: Recipe, term: str = "SparseL1") -> Sweep:
        """The comparison on this base, without the points that do not go together with it.

        Raises:
            SettingError: fewer than two points are left; it says why.
        """
        base = self.base(base)
        possible, problems = [], list[str]()
        for point in self.points(base, term):
            try:
                Sweep.from_json(_told(base, [point])).recipes(point)
                possible.append(point)
            except SettingError as error:
                problems += error.problems
        if len(possible) < 2:
            raise SettingError(*problems[:3] or [f"{self.title}: there are no two different models to compare here."])
        return Sweep.from_json(_told(base, possible) | {"name": self.title})


def _kinds(base: Recipe, term: str) -> Sequence[Point]:
    kinds: tuple[tuple[list[str], str], ...] = (
        ([], "Clean"),
        (["SparseL1"], "Clean"),
        ([], "MaskingNoise"),
        (["Contractive"], "Clean"),
    )
    return [{"terms": terms, "pairing": pairing} for terms, pairing in kinds]


def _weights(base: Recipe, term: str) -> Sequence[Point]:
    return [{f"{term}.weight": weight} for weight in WEIGHTS]


def _complete(base: Recipe, term: str) -> Sequence[Point]:
    size = math.prod(base.data.shape())
    codes = dict.fromkeys(min(max(1, round(size * part)), LARGEST_CODE) for part in (1 / 16, 1 / 4, 1, 2))
    return [{"model.code": code} for code in codes]


def _shallow(base: Recipe) -> Recipe:
    """Without hidden layers, whose widths would limit what passes through a wide code."""
    model = base.model
    return (
        replace(base, model=type(model).from_json(model.to_json() | {"hidden": []}))
        if "hidden" in type(model).knobs()
        else base
    )


COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "kinds",
        "Plain, sparse, denoising and contractive",
        "What does each way of regularizing do to the same model?",
        _kinds,
    ),
    Comparison(
        "weights",
        "λ from 0 to 10 in 6 steps",
        "What does the weight of one regularizer do? 0, and five steps of about equal ratio up to 10.",
        _weights,
        needs_term=True,
    ),
    Comparison(
        "codes",
        "Code size 1 … 64",
        "How many numbers does the data need?",
        lambda base, term: [{"model.code": code} for code in CODES],
    ),
    Comparison(
        "complete",
        "Under- against over-complete",
        "A code of a sixteenth, a quarter, once and twice as many numbers as the input; no hidden layers.",
        _complete,
        _shallow,
    ),
    Comparison(
        "corruptions",
        "Which corruption",
        "Every corruption of the input at its usual strength, and none.",
        lambda base, term: [{"pairing": each.kind()} for each in PAIRINGS],
    ),
    Comparison(
        "seeds",
        "Seeds",
        "How much is chance? The same recipe from six seeds.",
        lambda base, term: [{"seed": base.seed + more} for more in range(SEEDS)],
    ),
)


def weighted() -> list[str]:
    """The kinds of regularizers that have a weight to vary."""
    return [term.kind() for term in TERMS if "weight" in term.knobs()]


def by_hand(base: Recipe, place: str, text: str, seeds: int = 1) -> Sweep:
    """One thing changed: a place of the recipe, and its values as people write them, such as "1, 2, 8" or "relu, tanh".

    Raises:
        SettingError: there is no such place, or a value cannot be there.
    """
    values = _values(text)
    if not values:
        raise SettingError(f"{place} has no values yet: write some, with commas between them.")
    return Sweep.from_json({"base": base.to_json(), "over": {place: values}, "seeds": seeds})


def places(base: Recipe) -> dict[str, str]:
    """The places that can be changed in a recipe, each with its name for people."""
    found = {"model.code": "Model: Code size k"}
    for slot in ("model", "pairing", "optimizer", "training", "data"):
        spec: Spec = getattr(base, slot)
        found |= {f"{slot}.{name}": f"{slot.capitalize()}: {each.label}" for name, each in spec.knobs().items()}
    for term in TERMS:
        found |= {f"{term.kind()}.{name}": f"{term.title}: {each.label}" for name, each in term.knobs().items()}
    found |= {name: each.label for name, each in Recipe.knobs().items()}
    return found | {slot: f"{slot.capitalize()} as a whole" for slot in SLOTS if slot != "terms"}


def _told(base: Recipe, points: Sequence[Point]) -> dict[str, Any]:
    over = {place: [point[place] for point in points] for place in points[0]}
    return {"base": base.to_json(), "over": over, "search": {"kind": "Together"}}


def _values(text: str) -> list[Any]:
    """JSON's numbers, lists and words; words may stand without quotation marks."""
    try:
        return list(json.loads(f"[{text}]"))
    except (ValueError, RecursionError):
        return [_value(part.strip()) for part in text.split(",") if part.strip()]


def _value(part: str) -> Any:
    try:
        return json.loads(part)
    except ValueError:
        return part
