"""Recipes that suit a section, as links to Train that hold them in their address."""

from collections.abc import Mapping

import streamlit as st

from aeviz.data import Digits, Toys
from aeviz.data.pairings import GaussianNoise
from aeviz.learning import Adam, Contractive, SparseL1
from aeviz.models import Linear, Mlp
from aeviz.recipe import Recipe
from aeviz.spec import Spec

_WIDE = Mlp(hidden=(), code=128, code_activation="relu")

DENOISING_TOYS = Recipe(
    data=Toys(),
    model=Mlp(hidden=(64, 64), code=16, likelihood="gaussian"),
    pairing=GaussianNoise(strength=0.1),
    optimizer=Adam(learning_rate=0.01, schedule="cosine"),
    batch_size=50,
)
COPYING_TOYS = Recipe(data=DENOISING_TOYS.data, model=DENOISING_TOYS.model)
DENOISING_DIGITS = Recipe(data=Digits(), model=Mlp(hidden=(256,), code=64), pairing=GaussianNoise())
CONTRACTIVE = Recipe(
    data=Digits(),
    model=Mlp(hidden=(), code=64, activation="sigmoid", code_activation="sigmoid", tied=True),
    terms=(Contractive(weight=0.3),),
    epochs=40,
)
PLAIN = Recipe(data=Digits(), model=CONTRACTIVE.model, epochs=40)
LINEAR = Recipe(data=Digits(), model=Linear(code=4), optimizer=Adam(learning_rate=0.01))
OVERCOMPLETE = Recipe(data=Digits(), model=_WIDE)
OVERCOMPLETE_DENOISING = Recipe(data=Digits(), model=_WIDE, pairing=GaussianNoise(strength=0.5))
OVERCOMPLETE_SPARSE = Recipe(data=Digits(), model=_WIDE, terms=(SparseL1(weight=1.0),))


def links(recipes: Mapping[str, Recipe]) -> None:
    """A link to Train for each recipe, by the words that it is called."""
    with st.container(horizontal=True, gap="medium"):
        for words, recipe in recipes.items():
            st.page_link("train.py", label=words, icon=":material/play_arrow:", query_params=address(recipe))


def address(recipe: Recipe) -> dict[str, str]:
    """The query parameters with which Train opens on this recipe: what differs from the defaults."""
    told: dict[str, str] = {}
    standard = Recipe()
    for slot in ("data", "model", "pairing", "optimizer", "training"):
        spec = getattr(recipe, slot)
        if spec.kind() != getattr(standard, slot).kind():
            told[slot] = spec.kind()
        told |= _knobs(spec, f"{spec.kind()}.")
    if recipe.terms:
        (term,) = recipe.terms  # the address holds several in a way of Streamlit's own
        told |= {"terms": term.kind()} | _knobs(term, f"{term.kind()}.")
    return told | _knobs(recipe, "")


def _knobs(spec: Spec, prefix: str) -> dict[str, str]:
    standard, told = type(spec)(), {}
    for name in spec.knobs():
        value = getattr(spec, name)
        if value != getattr(standard, name):
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
            told[prefix + name] = str(shown).lower() if isinstance(shown, bool) else str(shown)
    return told
