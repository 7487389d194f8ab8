"""The Filters page over every kind of run and every layer, driven without a browser."""

from collections.abc import Mapping

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.ui import units
from aeviz.views import layers, metrics
from tests.pages.explored import RECIPES, page, pictures, ran, words

Runs = Mapping[str, str]


def images(at: AppTest) -> list[str]:
    """The descriptions of the mosaics."""
    return [each.alt for group in at.get("image") for each in group.proto.imgs]


def test_what_has_no_layers_in_an_order_is_shown_the_way(runs: Runs) -> None:
    at = page("filters", run=runs["deep machine"])
    assert not at.exception
    assert [each.value.count("its units are on the page Energy") for each in at.error] == [1]


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in ("diverged", "deep machine")])
def test_every_kind_of_run(runs: Runs, store: Store, name: str) -> None:
    at = page("filters", run=runs[name])
    found = units.layers_of(open_run(store, runs[name]))
    assert not at.error
    assert at.selectbox(key="filters.layer").options == [each.name for each in found]
    assert "weights of encoder 1" in images(at)
    assert pictures(at)[0] == "input that excites the unit most"
    assert all(f"activations of {each.name}" in images(at) for each in found)
    (table,) = at.dataframe
    assert table.value["layer"].tolist() == [each.name for each in found]


@pytest.mark.parametrize("name", ["unpooling", "adversarial"])
def test_every_layer(runs: Runs, store: Store, name: str) -> None:
    for layer in units.layers_of(open_run(store, runs[name])):
        at = page("filters", run=runs[name], filters__layer=layer.name)
        assert not at.error
        assert at.selectbox(key="filters.layer").value == layer.name
        told = words(at)
        explained = any(part in told for part in ("are the pixels themselves", "reads codes and not examples"))
        assert (f"weights of {layer.name}" in images(at)) != explained


def test_a_run_that_diverged_is_drawn_or_explained(runs: Runs) -> None:
    at = page("filters", run=runs["diverged"])
    assert images(at) or "went astray" in at.error[0].value


def test_the_strongest_examples_and_the_table_are_those_of_the_model(runs: Runs, store: Store) -> None:
    run = runs["unpooling"]
    at = page("filters", run=run, filters__layer="encoder 1", filters__unit="3")
    opened = open_run(store, run)
    answers = layers.responses(opened.model, opened.dataset.test.x[:2000])
    most = np.sort(answers["encoder 1"][:, 2])[::-1][:8]
    assert [float(each) for each in pictures(at)[1:9]] == pytest.approx(most, abs=0.006)
    (table,) = at.dataframe
    dead = [f"{metrics.dead_units(each).mean():.0%}" for each in answers.values()]
    assert table.value["dead"].tolist() == dead


def test_a_layer_and_a_unit_that_are_not_there_become_ones_that_are(runs: Runs) -> None:
    at = page("filters", run=runs["code of 2"], filters__layer="encoder 9", filters__unit="99999")
    assert not at.error
    assert at.selectbox(key="filters.layer").value == "encoder 1"
    assert at.number_input(key="filters.unit").value == 1


def test_another_layer_with_fewer_units_begins_at_the_first(runs: Runs) -> None:
    at = page("filters", run=runs["code of 2"], filters__layer="encoder 1", filters__unit="16")
    assert at.number_input(key="filters.unit").value == 16
    at.selectbox(key="filters.layer").set_value("code")
    assert not ran(at).error
    assert at.number_input(key="filters.unit").value in (1, 2)


def test_choices_change_the_pictures_and_are_read_from_the_address(runs: Runs) -> None:
    at = page("filters", run=runs["code of 2"])
    before = [each.proto.body for each in at.get("html")]
    at.segmented_control(key="filters.bound").set_value("range of pixels")
    ran(at)
    assert [each.proto.body for each in at.get("html")] != before
    assert "every pixel within 0 to 1" in words(at)
    named = page("filters", run=runs["code of 2"], filters__bound="range of pixels")
    assert "every pixel within 0 to 1" in words(named)
