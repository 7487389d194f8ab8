"""Runs beside each other: in what their recipes differ, and moments few enough to keep."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from aeviz.data.pairings import Clean
from aeviz.recipe import Recipe
from aeviz.spec import Spec

NONE = "–"  # a recipe has no such choice
KINDS = ("Data", "Model", "Regularizers", "Corruption", "Optimizer", "Procedure")  # rows whose values name themselves
PLAIN = ("none", Clean.title)
SEED = Recipe.knobs()["seed"].label
Row = TypeVar("Row")


def difference(recipes: Sequence[Recipe]) -> dict[str, list[str]]:
    """The choices in which the recipes differ: its words → each recipe's choice, in order. Empty when they are equal.

    A choice that a recipe does not have (the β of a model that is no VAE) is "–". Where all that have it keep its
    default it is left out: the name of the model says as much.
    """
    described = [_described(recipe) for recipe in recipes]
    names = list(dict.fromkeys(name for each in described for name in each))
    rows = {name: [each.get(name, (NONE, NONE)) for each in described] for name in names}
    return {
        name: [value for value, _ in row]
        for name, row in rows.items()
        if len({value for value, _ in row}) > 1 and any(value not in (NONE, default) for value, default in row)
    }


def captions(recipes: Sequence[Recipe]) -> list[str]:
    """What stands above each of several runs: what is its own, in a few words; the recipe's name where all are equal.

    The seed is told only where nothing else differs or where it tells two of them apart.
    """
    rows = difference(recipes)
    seeds = rows.pop(SEED, None)
    told = [_caption(rows, place) for place in range(len(recipes))]
    if seeds and len(set(told)) < len(told):
        told = [" · ".join(filter(None, (each, f"seed {seed}"))) for each, seed in zip(told, seeds, strict=True)]
    return [each or recipe.name() for each, recipe in zip(told, recipes, strict=True)]


def varied(recipes: Sequence[Recipe]) -> tuple[str, list[Any]] | None:
    """The one setting in which recipes differ besides the seed, in words, and each recipe's value of it; None where
    they differ in several or in none.

    A slot's kind counts as a setting; numbers stay numbers, so that they can be an axis.
    """
    flat = [_flat(recipe) for recipe in recipes]
    places = [
        place
        for place in dict.fromkeys(place for each in flat for place in each)
        if len({repr(each.get(place)) for each in flat}) > 1 and place != SEED
    ]
    if len(places) != 1 or any(places[0] not in each for each in flat):
        return None
    return places[0], [each[places[0]] for each in flat]


def _flat(recipe: Recipe) -> dict[str, Any]:
    """Every setting of a recipe by its words."""
    found: dict[str, Any] = {"Regularizers": " + ".join(term.title for term in recipe.terms)}
    for slot in ("data", "model", "pairing", "optimizer", "training"):
        spec = getattr(recipe, slot)
        found[slot.capitalize()] = spec.title or spec.kind()
        found |= {f"{spec.title}: {each.label}": getattr(spec, name) for name, each in spec.knobs().items()}
    for term in recipe.terms:
        found |= {f"{term.title}: {each.label}": getattr(term, name) for name, each in term.knobs().items()}
    found |= {each.label: getattr(recipe, name) for name, each in Recipe.knobs().items()}
    return {
        name: value if isinstance(value, int | float) and not isinstance(value, bool) else _text(value)
        for name, value in found.items()
    }


def _caption(rows: Mapping[str, Sequence[str]], place: int) -> str:
    own = {name: values[place] for name, values in rows.items() if values[place] != NONE}
    if len(own) == 1:
        ((name, value),) = own.items()
        return value if name in KINDS else f"{name} {value}"
    kinds = {name: value for name, value in own.items() if name in KINDS}
    told = [value for name, value in kinds.items() if value not in PLAIN] or ["plain" for _ in list(kinds)[:1]]
    return " · ".join([*told, *(f"{name} {value}" for name, value in own.items() if name not in KINDS)])


def _described(recipe: Recipe) -> dict[str, tuple[str, str]]:
    """Every choice of a recipe in words, with its default; an empty default is one that is never left out."""
    found = {"Data": (recipe.data.title, "")}
    found |= {f"Data: {name.lower()}": value for name, value in _knobs(recipe.data).items()}
    found |= {"Model": (recipe.model.title, "")} | _knobs(recipe.model)
    found["Regularizers"] = (" + ".join(_in_short(term) for term in recipe.terms) or "none", "")
    found["Corruption"] = (_in_short(recipe.pairing), "")
    found["Optimizer"] = (recipe.optimizer.title or recipe.optimizer.kind(), "")
    found |= _knobs(recipe.optimizer)
    found["Procedure"] = (recipe.training.title, "")
    return found | _knobs(recipe.training) | _knobs(recipe)


def _knobs(spec: Spec) -> dict[str, tuple[str, str]]:
    defaults = type(spec)()
    return {
        declared.label: (_text(getattr(spec, name)), _text(getattr(defaults, name)))
        for name, declared in spec.knobs().items()
    }


def _in_short(spec: Spec) -> str:
    """The title of a choice with its numbers: "Contractive (0.1)"; advanced ones only where they were changed."""
    defaults = type(spec)()
    values = ", ".join(
        _text(getattr(spec, name))
        for name, declared in spec.knobs().items()
        if not declared.advanced or getattr(spec, name) != getattr(defaults, name)
    )
    return f"{spec.title} ({values})" if values else spec.title


def _text(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case tuple():
            return ", ".join(map(str, value)) or "none"
    return str(value)


def thinned(rows: Sequence[Row], most: int = 200) -> list[Row]:
    """At most so many of the rows, the first and the last among them: denser at the start, where most happens."""
    if len(rows) <= most:
        return list(rows)
    ratios = np.geomspace(1, len(rows) - 1, most // 2).round().astype(int)
    distances = np.linspace(0, len(rows) - 1, most // 2).round().astype(int)
    return [rows[place] for place in np.unique([*ratios, *distances])]
