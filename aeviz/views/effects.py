"""What a regularizer did, in a sentence that can be checked: each number stands in the table of measures, too."""

from collections.abc import Mapping, Sequence

from aeviz.data.pairings import Clean
from aeviz.recipe import Recipe


def plain(recipes: Sequence[Recipe]) -> int | None:
    """The place of the first recipe without regularizers (a weight of 0 is none) and corruption; None without one."""
    for place, recipe in enumerate(recipes):
        if isinstance(recipe.pairing, Clean) and not any(getattr(term, "weight", 1) for term in recipe.terms):
            return place
    return None


def effect(own: Mapping[str, float], other: Mapping[str, float], units: tuple[int, int], named: str) -> str:
    """How a run differs from another in the use of its code, the steepness of its encoder and its error.

    own, other: measures by name (`aeviz.views.measures`). units: sizes of both codes. named: the other, in words.
    """
    told = []
    if "active_units" in own and "active_units" in other:
        shares = [f"{each['active_units']:.0f} of {size}" for each, size in zip((own, other), units, strict=True)]
        told.append(f"{shares[0]} units are active ({named}: {shares[1]})")
    for name, words in (("jacobian_norm", "the mean ‖J‖ of the encoder"), ("test_mse", "the squared error")):
        if name in own and other.get(name):
            told.append(f"{words} is {_ratio(own[name] / other[name])} that of {named}")
    return "; ".join(told) + "." if told else f"There is nothing to set beside {named}."


def _ratio(value: float) -> str:
    return f"{value:.2f} times" if 0.01 <= value < 100 else f"{value:.2g} times"
