"""One declaration for every choice: a frozen dataclass whose fields carry a `Knob`.

From the declaration follow the widget on the page, the validation and its message, the JSON of a recipe, the
strategy that tests draw from, and the row in the documentation. A variant is one such class; the tuple at the
bottom of its module lists it. There is no registry.
"""

import difflib
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, TypeVar

from aeviz.errors import SettingError

Scale = Literal["linear", "log"]
Json = dict[str, Any]


@dataclass(frozen=True)
class Knob:
    """What a person may choose for one field.

    label, help: words for the page; help is one or two short sentences.
    low, high: both ends included, for whole numbers, numbers and each entry of a tuple.
    scale: "log" where equal steps are equal ratios (learning rates, weights).
    choices: the only values allowed, for text.
    most: the greatest number of entries of a tuple.
    advanced: shown under "More" on the page.
    """

    label: str
    help: str
    low: float = -math.inf
    high: float = math.inf
    scale: Scale = "linear"
    choices: tuple[str, ...] = ()
    most: int = 8
    advanced: bool = False


def knob(default: Any, label: str, help: str, **rest: Any) -> Any:
    """A dataclass field with its default and its `Knob`; the keywords are those of `Knob`."""
    return field(default=default, metadata={"knob": Knob(label, help, **rest)})


@dataclass(frozen=True)
class Spec:
    """What every choice is: frozen, validated when made, and the same as its JSON.

    A subclass is a frozen dataclass whose fields are made by `knob`. Its docstring (formula, shapes, source) is
    what the page shows beside the choice, and `title` is its name for people.

    Raises:
        SettingError: a field is out of its range or of the wrong type; every such field is named.
    """

    title: ClassVar[str] = ""

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name, declared in self.knobs().items():
            try:
                value = _fitted(getattr(self, name), _type_of(type(self), name), declared)
                object.__setattr__(self, name, value)
            except ValueError as rule:
                problems.append(f"{self.kind()}.{name} = {_shown(getattr(self, name))}: {rule}.")
        if not problems:
            problems = list(self.problems())
        if problems:
            raise SettingError(*problems)

    def problems(self) -> Sequence[str]:
        """Sentences about fields that do not go together; none by default. Each field is already in range."""
        return ()

    @classmethod
    def kind(cls) -> str:
        """The name under which a recipe's JSON knows this variant."""
        return cls.__name__

    @classmethod
    def knobs(cls) -> dict[str, Knob]:
        """Field name → its knob, in the order of declaration."""
        return {each.name: each.metadata["knob"] for each in fields(cls) if "knob" in each.metadata}

    @classmethod
    def type_of(cls, name: str) -> type:
        """The plain type behind a field: bool, int, float, str, or tuple for a row of whole numbers."""
        return _type_of(cls, name)

    def to_json(self) -> Json:
        """{"kind": …, field: value, …}, with every field written out."""
        written = {name: getattr(self, name) for name in self.knobs()}
        return {"kind": self.kind()} | {
            name: list(value) if isinstance(value, tuple) else value for name, value in written.items()
        }

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> Self:
        """The spec that `json` describes; fields left out take their defaults.

        Raises:
            SettingError: a field is unknown, of the wrong type or out of range.
        """
        given = {name: value for name, value in json.items() if name != "kind"}
        unknown = [name for name in given if name not in cls.knobs()]
        if unknown:
            raise SettingError(*(f"{cls.kind()} has no setting {nearest(name, cls.knobs())}" for name in unknown))
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})

    @classmethod
    def options(cls) -> Json:
        """This variant as documentation: its kind, title, text and knobs, ready for JSON."""
        defaults = cls()
        return {
            "kind": cls.kind(),
            "title": cls.title,
            "doc": (cls.__doc__ or "").strip(),
            "knobs": [
                {
                    "name": name,
                    "type": "widths" if cls.type_of(name) is tuple else cls.type_of(name).__name__,
                    "range": _range(cls.type_of(name), each),
                    "default": defaults.to_json()[name],
                    "label": each.label,
                    "help": each.help,
                }
                for name, each in cls.knobs().items()
            ],
        }


AnySpec = TypeVar("AnySpec", bound=Spec)


def read(variants: Sequence[type[AnySpec]], json: object, slot: str) -> AnySpec:
    """The variant that `json` names, made from its fields. `slot` is the word for the choice ("model").

    Raises:
        SettingError: `json` is not an object with a known "kind", or the variant refuses its fields.
    """
    if isinstance(json, str):
        json = {"kind": json}
    if not isinstance(json, Mapping) or "kind" not in json:
        raise SettingError(f'The {slot} is {_shown(json)}: write it as {{"kind": "{variants[0].kind()}", …}}.')
    kinds = {each.kind(): each for each in variants}
    kind = json["kind"]
    if not isinstance(kind, str) or kind not in kinds:
        raise SettingError(f"There is no {slot} {nearest(str(kind), kinds)}")
    return kinds[kind].from_json(json)


def _type_of(cls: type[Spec], name: str) -> type:
    hint = next(each.type for each in fields(cls) if each.name == name)
    origin = typing.get_origin(hint)
    if origin is Literal:
        return str
    if origin is tuple:
        return tuple
    if origin in (typing.Union, types.UnionType):
        raise TypeError(f"{cls.__name__}.{name}: a knob has one plain type")
    return typing.cast(type, hint)


def _fitted(value: object, wanted: type, declared: Knob) -> object:
    """`value` as `wanted`, in range; raises ValueError with the rule that it breaks."""
    if wanted is bool:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    if wanted is str:
        if not isinstance(value, str):
            raise ValueError("must be text")
        if declared.choices and value not in declared.choices:
            raise ValueError(f"must be one of {', '.join(declared.choices)}")
        return value
    if wanted is tuple:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError("must be a row of whole numbers, such as [256, 64]")
        if len(value) > declared.most:
            raise ValueError(f"must have at most {declared.most} entries")
        return tuple(_number(each, int, declared) for each in value)
    return _number(value, wanted, declared)


def _number(value: object, wanted: type, declared: Knob) -> int | float:
    whole = wanted is int
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a whole number" if whole else "must be a number")
    # Whole numbers of any length arrive from JSON, and `math` would overflow on them.
    if isinstance(value, float) and (math.isnan(value) or (whole and not value.is_integer())):
        raise ValueError("must be a whole number" if whole else "must be a number")
    if not declared.low <= value <= declared.high:
        raise ValueError(f"must lie in [{_shown(declared.low)}, {_shown(declared.high)}]")
    return int(value) if whole else float(value)


def nearest(name: str, known: Mapping[str, object]) -> str:
    """The rest of a sentence about a name that is not among the known ones: it, the likely meaning, all there are."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"{_shown(name)}.{hint} There are: {', '.join(known) or 'none'}."


def _shown(value: object) -> str:
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 1e6:
        return str(int(value))
    text = f"{value:g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _range(wanted: type, declared: Knob) -> list[Any]:
    if wanted is bool:
        return [False, True]
    return list(declared.choices) or [_finite(declared.low), _finite(declared.high)]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
