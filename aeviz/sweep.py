"""A sweep: one recipe, and which of its choices are varied, how, and how often each is repeated.

    {"base": {…a recipe…},
     "over": {"model.code": [2, 8, 32], "SparseL1.weight": {"low": 0.01, "high": 10, "steps": 4, "scale": "log"}},
     "search": {"kind": "Grid"}, "seeds": 3}

A choice is named by its place: a number of the recipe ("epochs"), a slot as a whole ("model", "terms"), a setting of
what stands in a slot ("model.code"), or a setting of a variant ("SparseL1.weight"), which then is put in its slot.
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from aeviz.data import SOURCES
from aeviz.data.pairings import PAIRINGS
from aeviz.errors import SettingError
from aeviz.learning import OPTIMIZERS, PROCEDURES, TERMS
from aeviz.models import MODELS
from aeviz.recipe import Recipe
from aeviz.searches import SEARCHES, Choices, Grid, Point, Range, Search, Several, is_whole
from aeviz.spec import Json, Knob, Spec, nearest, read

MOST_RUNS = 1000
MOST_SEEDS = 50

SLOTS: Mapping[str, tuple[type[Spec], ...]] = {
    "data": SOURCES,
    "model": MODELS,
    "terms": TERMS,
    "pairing": PAIRINGS,
    "optimizer": OPTIMIZERS,
    "training": PROCEDURES,
}
_PARTS = ("base", "over", "search", "seeds", "name")
_RANGE = ("low", "high", "steps", "scale")


@dataclass(frozen=True)
class Sweep:
    """base: what stays. over: place → its values or its range. seeds: runs of every point, from the base's seed on.

    Raises:
        SettingError: a place is unknown, a value is out of range, or there would be no run or too many.
    """

    base: Recipe
    over: Mapping[str, Choices]
    search: Search = Grid()
    seeds: int = 1
    name: str = ""

    def __post_init__(self) -> None:
        problems: list[str] = []
        if not self.over:
            problems.append('The sweep varies nothing: name a choice under "over", such as {"model.code": [2, 8, 32]}.')
        if not is_whole(self.seeds) or not 1 <= self.seeds <= MOST_SEEDS:
            problems.append(f"seeds = {self.seeds!r:.40}: must be a whole number from 1 to {MOST_SEEDS}.")
        elif self.seeds > 1 and "seed" in self.over:
            problems.append('The seed is varied twice: leave out "seeds", or "seed" under "over".')
        for place, values in self.over.items():
            problems += _complaints(self.base, place, values)
        if not problems:
            problems += self.search.misfits(self.over)
        if not problems and (count := self.search.count(self.over) * self.seeds) > MOST_RUNS:
            problems.append(
                f"The sweep has {count:,} runs, and at most {MOST_RUNS:,} are carried out: take fewer values or seeds, "
                'or {"kind": "Random", "runs": 50} as the search.'
            )
        if problems:
            raise SettingError(*problems)

    @classmethod
    def from_json(cls, given: object) -> Self:
        """The sweep that `given` describes.

        Raises:
            SettingError: it is not of the form above; everything that is wrong is named.
        """
        if not isinstance(given, Mapping):
            raise SettingError('A sweep is a JSON object: {"base": {…}, "over": {"model.code": [2, 8, 32]}}.')
        problems = [
            f"A sweep has no part {nearest(str(each), dict.fromkeys(_PARTS))}" for each in given if each not in _PARTS
        ]
        parts: dict[str, Any] = {"base": Recipe(), "over": {}}
        try:
            parts["base"] = Recipe.from_json(given.get("base", {}))
        except SettingError as error:
            problems += error.problems
        if "search" in given:
            try:
                parts["search"] = read(SEARCHES, given["search"], "search")
            except SettingError as error:
                problems += error.problems
        over = given.get("over", {})
        if isinstance(over, Mapping):
            for place, values in over.items():
                try:
                    parts["over"][str(place)] = _values(parts["base"], str(place), values)
                except SettingError as error:
                    problems += error.problems
        else:
            problems.append('"over" must be an object of places and values, such as {"model.code": [2, 8, 32]}.')
        parts |= {each: given[each] for each in ("seeds", "name") if each in given}
        if problems:
            raise SettingError(*problems)
        return cls(**parts)

    def to_json(self) -> Json:
        """The sweep as JSON, every default written out."""
        return {
            "base": self.base.to_json(),
            "over": {place: values.to_json() for place, values in self.over.items()},
            "search": self.search.to_json(),
            "seeds": self.seeds,
            "name": self.name,
        }

    def id(self) -> str:
        """Twelve hexadecimal digits: equal sweeps have equal ids, whatever they are called."""
        told = {part: value for part, value in self.to_json().items() if part != "name"}
        return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()[:12]

    def recipes(self, point: Point) -> list[Recipe]:
        """The recipes of one point, one a seed.

        Raises:
            SettingError: the point's choices cannot be, or do not go together; the sentence names the point.
        """
        told = self.base.to_json()
        for place, value in point.items():
            told = changed(told, place, value)
        try:
            first = Recipe.from_json(told).check()
        except SettingError as error:
            raise SettingError(*(f"With {described(point)}: {each}" for each in error.problems)) from None
        return [Recipe.from_json(told | {"seed": first.seed + again}) for again in range(self.seeds)]

    def check(self) -> Self:
        """The sweep itself.

        Raises:
            SettingError: a point that is known before anything is trained cannot be carried out.
        """
        problems: list[str] = []
        for point in self.search.known(self.over):
            try:
                self.recipes(point)
            except SettingError as error:
                problems += error.problems
        if problems:
            more = f" And {len(problems) - 5} more." if len(problems) > 5 else ""
            raise SettingError(*problems[:4], *([problems[4] + more] if len(problems) > 4 else []))
        return self


def changed(recipe: Json, place: str, value: Any) -> Json:
    """A recipe's JSON with one choice changed; the place is known (`_known`)."""
    told = copy.deepcopy(recipe)
    slot, setting = _known(place)
    if setting is None:
        told[slot] = [{"kind": each} if isinstance(each, str) else each for each in value] if slot == "terms" else value
        return told
    kind = place.partition(".")[0]
    if slot == "terms":
        term = next((each for each in told["terms"] if each["kind"] == kind), None)
        if term is None:
            term = {"kind": kind}
            told["terms"].append(term)
        term[setting] = value
    else:
        there = told[slot] if isinstance(told[slot], dict) else {"kind": told[slot]}
        if kind not in (slot, there["kind"]):
            there = {"kind": kind}
        told[slot] = there | {setting: value}
    return told


def described(point: Point) -> str:
    """A point in words: "model.code = 8, seed = 1"."""
    return ", ".join(f"{place} = {shown(value)}" for place, value in point.items())


def shown(value: Any) -> str:
    """A value of a point, short enough for a table."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        rest = ", ".join(f"{name} {shown(each)}" for name, each in value.items() if name != "kind")
        return f"{value.get('kind', '?')}" + (f" ({rest})" if rest else "")
    if isinstance(value, list | tuple):
        return " + ".join(map(shown, value)) or "none"
    return str(value)


def _known(place: str) -> tuple[str, str | None]:
    """The slot that a place is in, and the setting there; no setting where the place is a slot or a plain number.

    Raises:
        SettingError: there is no such place.
    """
    head, dot, setting = place.partition(".")
    if not dot and (head in Recipe.knobs() or head in SLOTS):
        return head, None
    if dot and head in SLOTS and head != "terms":
        return head, setting
    for slot, variants in SLOTS.items():
        if dot and head in {each.kind() for each in variants}:
            return slot, setting
    places = [*Recipe.knobs(), *SLOTS, "model.code", *(f"{each.kind()}.weight" for each in TERMS)]
    raise SettingError(f"The recipe has no place {nearest(place, dict.fromkeys(places))}")


def _owner(base: Recipe, place: str) -> tuple[type[Spec], str] | None:
    """The class that declares the setting at a place, and its name; None for a whole slot.

    Raises:
        SettingError: there is no such place, or no such setting there.
    """
    slot, setting = _known(place)
    if setting is None:
        return (Recipe, slot) if slot in Recipe.knobs() else None
    head = place.partition(".")[0]
    owner = type(getattr(base, slot)) if head == slot else next(each for each in SLOTS[slot] if each.kind() == head)
    if setting not in owner.knobs():
        raise SettingError(f"{owner.kind()} has no setting {nearest(setting, owner.knobs())}")
    return owner, setting


def _values(base: Recipe, place: str, given: object) -> Choices:
    """What a place takes: a list of values, or a range with `low`, `high`, and perhaps `steps` and `scale`."""
    owner = _owner(base, place)
    if isinstance(given, list | tuple):
        if not given:
            raise SettingError(f"{place} has no values: list at least one.")
        return Several(tuple(given))
    if not isinstance(given, Mapping) or "low" not in given or "high" not in given:
        raise SettingError(f'{place}: write a list of values, or a range as {{"low": 0.1, "high": 10, "steps": 4}}.')
    if unknown := [str(each) for each in given if each not in _RANGE]:
        raise SettingError(f"{place}: a range has no part {nearest(unknown[0], dict.fromkeys(_RANGE))}")
    if owner is None or owner[0].type_of(owner[1]) not in (int, float):
        raise SettingError(f"{place} is no number and has no range: list its values.")
    declared: Knob = owner[0].knobs()[owner[1]]
    made = Range(
        low=given["low"],
        high=given["high"],
        steps=given.get("steps", 5),
        scale=given.get("scale", declared.scale),
        whole=owner[0].type_of(owner[1]) is int,
    )
    if found := made.complaint():
        raise SettingError(f"{place}: {found}")
    return made


def _complaints(base: Recipe, place: str, values: Choices) -> list[str]:
    """What is wrong with the values of a place, each one tried alone in the base."""
    try:
        _owner(base, place)
    except SettingError as error:
        return list(error.problems)
    problems: list[str] = []
    for value in values.listed():
        try:
            Recipe.from_json(changed(base.to_json(), place, value))
        except SettingError as error:
            problems += error.problems
    return problems[:5]
