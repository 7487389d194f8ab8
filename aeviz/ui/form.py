"""Forms from specs: one widget a knob, its key in the URL, its help from the declaration.

A widget's key is the name of its query parameter: `model` for a slot, `Vae.beta` for a knob, `seed` for the recipe's
own. So a copied address holds every choice that differs from its default.
"""

import contextlib
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException

from aeviz.data import SOURCES
from aeviz.data.pairings import PAIRINGS
from aeviz.errors import SettingError
from aeviz.learning import OPTIMIZERS, PROCEDURES, TERMS
from aeviz.models import MODELS
from aeviz.presets import PRESETS
from aeviz.recipe import Recipe
from aeviz.spec import Knob, Spec

AnySpec = TypeVar("AnySpec", bound=Spec)

FEW = 3  # choices that fit side by side


def recipe_form(uploaded: str | None = None) -> Recipe:
    """All of a recipe's choices as widgets of the current container.

    uploaded: the path of the visitor's own data, if they have given any; only such a path is ever read.

    Raises:
        SettingError: a field holds something that cannot be; every such field is named.
    """
    problems: list[str] = []

    def tried(make: Any) -> Any:
        try:
            return make()
        except SettingError as error:
            problems.extend(error.problems)

    st.subheader("Data", anchor=False)
    given = {"Images": {"path": uploaded or ""}}
    data = tried(lambda: choose(SOURCES, "data", "Data set", given=given))
    st.subheader("Model", anchor=False)
    model = tried(lambda: choose(MODELS, "model", "Variant"))
    st.subheader("Regularizers", anchor=False)
    terms = tried(lambda: choose_several(TERMS, "terms", "Terms added to the loss"))
    pairing = tried(lambda: choose(PAIRINGS, "pairing", "Corruption of the input"))
    st.subheader("Training", anchor=False)
    training = tried(lambda: choose(PROCEDURES, "training", "Procedure"))
    optimizer = tried(lambda: choose(OPTIMIZERS, "optimizer", "Optimizer"))
    own = tried(lambda: knobs_of(Recipe, ""))
    if problems:
        raise SettingError(*problems)
    parts = {"data": data, "model": model, "terms": terms, "pairing": pairing, "optimizer": optimizer}
    return Recipe(**parts, training=training, **own)


def start_from() -> None:
    """A choice of presets, each of which fills the form below it; its source is told."""
    named = {each.name: each for each in PRESETS}

    def begin() -> None:
        if chosen := named.get(st.session_state.get("preset") or ""):
            fill(chosen.recipe)

    name = st.selectbox(
        "Start from",
        list(named),
        None,
        format_func=lambda each: named[each].title,
        key="preset",
        on_change=begin,
        placeholder="A recipe of the literature …",
        help="Fills the form with the settings of a paper. You can change them after.",
    )
    if chosen := named.get(name or ""):
        st.caption(literal(f"{chosen.source}. Here: {chosen.deviations}."))


def fill(recipe: Recipe) -> None:
    """Set every widget of the form to a recipe's choices. For callbacks: before the widgets are drawn."""
    chosen: dict[str, Spec] = {
        "data": recipe.data,
        "model": recipe.model,
        "pairing": recipe.pairing,
        "optimizer": recipe.optimizer,
        "training": recipe.training,
    }
    for slot, spec in chosen.items():
        st.session_state[slot] = spec.kind()
    st.session_state["terms"] = [term.kind() for term in recipe.terms]
    for spec in (*chosen.values(), *recipe.terms):
        _fill_knobs(spec, f"{spec.kind()}.")
    _fill_knobs(recipe, "")


def choose(
    variants: Sequence[type[AnySpec]], key: str, label: str, given: dict[str, dict[str, Any]] | None = None
) -> AnySpec:
    """One of the variants, with its knobs below. `given` holds fields that no widget may set, by kind.

    Raises:
        SettingError: a knob holds something that cannot be.
    """
    kinds = {variant.kind(): variant for variant in variants}
    kind = st.selectbox(label, list(kinds), key=key, bind="query-params")
    variant = kinds[kind or variants[0].kind()]
    explain(variant)
    fixed = (given or {}).get(variant.kind(), {})
    return variant(**knobs_of(variant, f"{variant.kind()}.", tuple(fixed)), **fixed)


def choose_several(variants: Sequence[type[AnySpec]], key: str, label: str) -> tuple[AnySpec, ...]:
    """Any of the variants, each with its knobs.

    Raises:
        SettingError: a knob holds something that cannot be.
    """
    kinds = {variant.kind(): variant for variant in variants}
    chosen = st.pills(label, list(kinds), selection_mode="multi", key=key, bind="query-params")
    made = []
    for kind in [each for each in kinds if each in chosen]:
        with st.container(border=True, gap="small"):
            explain(kinds[kind])
            made.append(kinds[kind](**knobs_of(kinds[kind], f"{kind}.")))
    return tuple(made)


def knobs_of(variant: type[Spec], prefix: str, without: Sequence[str] = ()) -> dict[str, Any]:
    """Widgets for the knobs of a variant, the advanced ones folded away; field → value.

    Raises:
        SettingError: a row of numbers cannot be read.
    """
    defaults = variant().to_json()
    knobs = {name: each for name, each in variant.knobs().items() if name not in without}
    values: dict[str, Any] = {}
    problems: list[str] = []

    def draw(chosen: Mapping[str, Knob]) -> None:
        for name, each in chosen.items():
            try:
                values[name] = widget(variant, name, each, defaults[name], prefix + name)
            except SettingError as error:  # the widgets after it stay on the page, and in the address
                problems.extend(error.problems)

    draw({name: each for name, each in knobs.items() if not each.advanced})
    if advanced := {name: each for name, each in knobs.items() if each.advanced}:
        with st.expander("More", type="compact"):
            draw(advanced)
    if problems:
        raise SettingError(*problems)
    return values


def widget(variant: type[Spec], name: str, declared: Knob, default: Any, key: str) -> Any:
    """The widget that suits a knob's type and range, bound to the URL.

    Raises:
        SettingError: a row of numbers cannot be read.
    """
    shared: dict[str, Any] = {"key": key, "help": declared.help, "bind": "query-params"}
    wanted = variant.type_of(name)
    if wanted is bool:
        return st.toggle(declared.label, default, **shared)
    if declared.choices:
        if len(declared.choices) <= FEW:
            chosen = st.segmented_control(declared.label, declared.choices, default=default, required=True, **shared)
            return chosen or default
        return st.selectbox(declared.label, declared.choices, declared.choices.index(default), **shared)
    if wanted is str:
        return st.text_input(declared.label, default, **shared)
    if wanted is tuple:
        text = st.text_input(declared.label, ", ".join(map(str, default)), **shared)
        return _row(text, f"{variant.kind()}.{name}")
    if wanted is int:
        return st.number_input(declared.label, int(declared.low), int(declared.high), default, **shared)
    low, high, default = float(declared.low), float(declared.high), float(default)
    if declared.scale == "linear" and high - low <= FEW:
        return st.slider(declared.label, low, high, default, 0.01 if high - low > 1 / 2 else 0.001, **shared)
    step = 10.0 ** math.floor(math.log10(default or 0.01))
    return st.number_input(declared.label, low, high, default, step, format="%g", **shared)


def explain(variant: type[Spec]) -> None:
    """The variant's title, and its docstring (formula, shapes, source) behind a fold."""
    with st.expander(variant.title, type="compact"):
        for paragraph in (variant.__doc__ or "").strip().split("\n\n"):
            st.markdown(literal(" ".join(line.strip() for line in paragraph.splitlines())))


def literal(text: str) -> str:
    """Text that markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|~$:&])", r"\\\1", text)


def _fill_knobs(spec: Spec, prefix: str) -> None:
    for name in spec.knobs():
        value, key = getattr(spec, name), prefix + name
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        st.session_state[key] = shown
        # A widget that is not on the page yet takes its first value from the address, and only so gets it there.
        with contextlib.suppress(StreamlitAPIException):  # one that is there writes its own
            if value != getattr(type(spec)(), name):
                st.query_params[key] = str(shown).lower() if isinstance(shown, bool) else str(shown)


def _row(text: str, name: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in re.split(r"[\s,;]+", text.strip("[]() ")) if part)
    except ValueError:
        raise SettingError(f"{name} = {text[:40]!r}: must be whole numbers with commas, such as 256, 64.") from None
