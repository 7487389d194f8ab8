"""Whatever is listed can be chosen: ranges, JSON, documentation and messages of every spec."""

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aeviz.data import SOURCES, Source
from aeviz.data.pairings import PAIRINGS, Clean
from aeviz.errors import AevizError, SettingError
from aeviz.learning import OPTIMIZERS, PROCEDURES, TERMS
from aeviz.models import MODELS
from aeviz.recipe import Recipe, read_recipe
from aeviz.spec import Spec, read
from tests.contract.drawn import EVERY_SPEC, named, settings_of

specs = pytest.mark.parametrize("spec", EVERY_SPEC, ids=named)
SLOTS = {
    "data": SOURCES,
    "model": MODELS,
    "terms": TERMS,
    "pairing": PAIRINGS,
    "optimizer": OPTIMIZERS,
    "training": PROCEDURES,
}
quick = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
fields = pytest.mark.parametrize(
    ("spec", "name"), [(spec, name) for spec in EVERY_SPEC for name in spec.knobs()], ids=named
)


@specs
@quick
@given(data=st.data())
def test_settings_in_range_make_a_spec_that_survives_json_or_are_refused_in_words(
    spec: type[Spec], data: st.DataObject
) -> None:
    chosen = data.draw(settings_of(spec))
    try:
        made = spec(**chosen)
    except SettingError as error:
        assert error.problems
        assert all(problem.startswith(spec.kind()) and problem.endswith(".") for problem in error.problems)
        return
    written = json.loads(json.dumps(made.to_json(), allow_nan=False))
    assert spec.from_json(written) == made
    assert hash(spec.from_json(written)) == hash(made)
    for name, value in chosen.items():
        assert getattr(made, name) == value
        assert type(getattr(made, name)) is spec.type_of(name)


def wrong(spec: type[Spec], name: str) -> list[tuple[Any, str]]:
    """Values that the knob does not allow, each with the words of the rule that it breaks."""
    declared, wanted = spec.knobs()[name], spec.type_of(name)
    if wanted is bool:
        return [("yes", "must be true or false"), (1, "must be true or false")]
    if wanted is str:
        found: list[tuple[Any, str]] = [(3, "must be text"), (None, "must be text")]
        return [*found, ("no such choice", f"must be one of {declared.choices[0]}")] if declared.choices else found
    number = "must be a whole number" if wanted in (int, tuple) else "must be a number"
    found = [(math.nan, number), ("three", number), (None, number), (True, number)]
    if wanted in (int, tuple):
        found += [(declared.low + 0.5, number), (math.inf, number)]
    if math.isfinite(declared.low):
        found += [(declared.low - 1, "must lie in ["), (-(10**400), "must lie in [")]
    if math.isfinite(declared.high):
        found += [(declared.high + 1, "must lie in ["), (10**400, "must lie in [")]
    if wanted is float:
        beyond = (math.nextafter(declared.low, -math.inf), math.nextafter(declared.high, math.inf))
        found += [(value, "must lie in [") for value in beyond if math.isfinite(value)]
    if wanted is not tuple:
        return found
    lone: list[tuple[Any, str]] = [((value,), rule) for value, rule in found]
    many = (tuple([int(declared.low)] * (declared.most + 1)), f"must have at most {declared.most} entries")
    return [*lone, many, ("16", "must be a row of whole numbers"), (16, "must be a row of whole numbers")]


@fields
def test_a_setting_out_of_range_is_refused_with_its_name_its_value_and_the_rule(spec: type[Spec], name: str) -> None:
    for value, rule in wrong(spec, name):
        with pytest.raises(SettingError) as caught:
            spec(**{name: value})
        (problem,) = caught.value.problems
        assert problem.startswith(f"{spec.kind()}.{name} = ")
        assert rule in problem
        assert len(problem) < 400
        with contextlib.suppress(ValueError):
            shown = repr(value) if not isinstance(value, float) else f"{value:g}"
            assert shown[:60] in problem


@specs
def test_the_ends_of_every_range_are_allowed(spec: type[Spec]) -> None:
    for name, declared in spec.knobs().items():
        if spec.type_of(name) in (int, float):
            for end in (declared.low, declared.high):
                value = int(end) if spec.type_of(name) is int else end
                try:
                    assert getattr(spec(**{name: value}), name) == value
                except SettingError as error:  # an end may still not go with the other defaults
                    assert "must lie in" not in str(error)


@specs
def test_every_spec_is_documented(spec: type[Spec]) -> None:
    text = spec.__doc__ or ""
    first = text.strip().splitlines()[0]
    assert len(first) >= 15
    assert first.endswith((".", ":", ",")) or len(text.strip().splitlines()) > 1
    assert spec is Recipe or spec.title
    for name, declared in spec.knobs().items():
        assert declared.label, name
        assert declared.help.endswith("."), name
        assert declared.scale == "linear" or declared.low >= 0, f"{name} has a logarithmic scale from below 0"


@pytest.mark.parametrize("spec", [*SOURCES, *MODELS, *TERMS, *PAIRINGS, *OPTIMIZERS, *PROCEDURES], ids=named)
def test_every_variant_names_its_source(spec: type[Spec]) -> None:
    text = spec.__doc__ or ""
    # What is fed as it is, and what users bring themselves, has no source but them.
    assert "Source:" in text or spec is Clean or "your own" in text.lower()


@specs
def test_the_options_of_a_spec_are_json_and_their_defaults_make_it(spec: type[Spec]) -> None:
    options = json.loads(json.dumps(spec.options(), allow_nan=False))
    assert options["kind"] == spec.kind()
    assert [each["name"] for each in options["knobs"]] == list(spec.knobs())
    defaults = {each["name"]: each["default"] for each in options["knobs"]}
    assert spec.from_json(defaults) == spec()
    for each in options["knobs"]:
        assert each["type"] in ("bool", "int", "float", "str", "widths")
        if each["type"] in ("int", "float"):
            low, high = each["range"]
            assert (low is None or low <= each["default"]) and (high is None or each["default"] <= high)


@specs
def test_an_unknown_setting_is_refused_with_the_likely_one(spec: type[Spec]) -> None:
    for name in spec.knobs():
        with pytest.raises(SettingError, match=rf"{name[:-1] + 'x'!r}.*Did you mean"):
            spec.from_json({name[:-1] + "x": 1})
    with pytest.raises(SettingError, match=r"no (setting|part) 'colour_of_the_cat'"):
        spec.from_json({"colour_of_the_cat": "black"})


@pytest.mark.parametrize("slot", SLOTS)
def test_kinds_are_unique_and_each_is_read_from_its_name(slot: str) -> None:
    kinds = [variant.kind() for variant in SLOTS[slot]]
    assert len(set(kinds)) == len(kinds)
    for variant in SLOTS[slot]:
        assert read(SLOTS[slot], variant.kind(), slot) == variant()
        assert read(SLOTS[slot], variant().to_json(), slot) == variant()


@pytest.mark.parametrize("slot", SLOTS)
@quick
@given(data=st.data())
def test_recipes_of_drawn_parts_survive_json_and_keep_their_id(slot: str, data: st.DataObject) -> None:
    variant = data.draw(st.sampled_from(SLOTS[slot]))
    try:
        part: Any = variant(**data.draw(settings_of(variant)))
    except SettingError:
        return
    recipe = Recipe(**{slot: (part,) if slot == "terms" else part}, seed=data.draw(st.integers(0, 2**31 - 1)))
    text = json.dumps(recipe.to_json())
    assert read_recipe(text) == recipe
    assert read_recipe(text).id() == recipe.id()
    changed = Recipe.from_json(recipe.to_json() | {"seed": (recipe.seed + 1) % 2**31})
    assert changed.id() != recipe.id()


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_the_sizes_of_a_source_are_known_before_it_is_loaded(source: type[Source], monkeypatch: Any) -> None:
    monkeypatch.setattr(source, "load", lambda *_: pytest.fail("the data were loaded"))
    try:
        shape, sizes = source().shape(), source().sizes()
    except AevizError as error:
        assert str(error).endswith(".")
        assert Recipe(data=source()).misfits() == [str(error)]
        return
    assert len(shape) in (1, 3)
    assert all(isinstance(each, int) and each > 0 for each in (*shape, *sizes))
    assert not Recipe(data=source(), batch_size=min(128, sizes[0])).misfits()
