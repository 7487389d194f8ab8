"""The Sample page over every kind of run, driven without a browser."""

import re
import shutil

import numpy as np
import pytest

from aeviz.recipe import Recipe
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.ui.gallery import axis_name
from tests.pages.explored import RECIPES, page, pictures, ran

POINTS = {"points", "no classes", "generated points", "machine of points"}


@pytest.mark.parametrize("name", RECIPES)
def test_every_run_is_decoded_on_a_grid(runs, name):
    at = page("sample", run=runs[name], sample__side="4")
    assert not at.error
    assert len(at.get("image")) == (0 if name in POINTS else 1)
    assert len(at.get("plotly_chart")) == (2 if name in POINTS else 1)


@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"diverged"}))
@pytest.mark.parametrize("source", ["Gaussian", "Mixture", "KDE"])
def test_every_run_is_sampled(runs, name, source):
    at = page("sample", run=runs[name], sample__from=source, sample__side="4", sample__components="3")
    told = [each.value for each in at.error]
    assert not told or all("different codes" in each for each in told)


@pytest.mark.parametrize("name", ["code of 8", "conditional", "quantized", "wasserstein"])
def test_a_prior_is_offered_where_there_is_one(runs, name):
    at = page("sample", run=runs[name], sample__from="Prior", sample__side="3")
    assert at.button_group(key="sample.from").value == "Prior" and not at.error


def test_no_prior_is_offered_where_there_is_none(runs):
    at = page("sample", run=runs["code of 2"], sample__from="Prior", sample__side="3")
    assert at.button_group(key="sample.from").value == "Grid" and not at.error


def test_a_class_is_told_where_the_model_takes_one(runs):
    untold = page("sample", run=runs["conditional"], sample__side="3").get("image")[0].value[0]
    at = page("sample", run=runs["conditional"], sample__side="3", sample__class="3")
    assert at.selectbox(key="sample.class").value == 3
    three = at.get("image")[0].value[0]
    at.selectbox(key="sample.class").set_value(8)
    ran(at)
    assert len({untold, three, at.get("image")[0].value[0]}) == 3
    assert not [each for each in page("sample", run=runs["code of 8"]).selectbox if each.key == "sample.class"]


def test_a_density_is_fitted_to_the_codes_of_one_class(runs):
    every = page("sample", run=runs["code of 2"], sample__from="KDE", sample__side="3").get("image")[0].value[0]
    at = page("sample", run=runs["code of 2"], sample__from="KDE", sample__side="3", sample__class="4")
    assert at.selectbox(key="sample.class").value == 4 and not at.error
    assert at.get("image")[0].value[0] != every
    assert not [
        each
        for each in page("sample", run=runs["no classes"], sample__from="KDE").selectbox
        if each.key == "sample.class"
    ]


def test_the_bandwidth_is_by_a_rule_or_the_visitors_own(runs):
    at = page("sample", run=runs["code of 2"], sample__from="KDE", sample__side="3", sample__rule="Silverman")
    silverman = at.get("image")[0].value[0]
    assert any("standard deviations" in each.value for each in at.caption)
    at = page(
        "sample",
        run=runs["code of 2"],
        sample__from="KDE",
        sample__side="3",
        sample__rule="own",
        sample__bandwidth="0.5",
    )
    assert at.slider(key="sample.bandwidth").value == 0.5 and at.get("image")[0].value[0] != silverman


@pytest.mark.parametrize("name", ["code of 1", "code of 2", "code of 8", "points", "conditional", "quantized"])
def test_a_grid_by_quantiles(runs, name):
    at = page("sample", run=runs[name], sample__spacing="quantiles", sample__side="4")
    assert not at.error
    offered = [each.key for each in at.button_group]
    assert "sample.of" in offered and not [each for each in at.slider if each.key == "sample.wide"]


@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"diverged"}))
def test_units_are_moved_one_after_another(runs, name):
    at = page("sample", run=runs[name], sample__from="Traversals", sample__side="5", sample__start="example")
    assert not at.error
    rows = re.findall(r"<b>z[₀-₉]+</b>", " ".join(each.proto.body for each in at.get("html")))
    assert len(rows) == (0 if name in POINTS else min(10, RECIPES[name].model.code))


def test_traversals_are_in_the_order_of_use(runs, store):
    at = page("sample", run=runs["code of 8"], sample__from="Traversals", sample__side="4", sample__units="3")
    rows = re.findall(r"<b>(z[₀-₉]+)</b>", " ".join(each.proto.body for each in at.get("html")))
    variances = open_run(store, runs["code of 8"]).codes.var(0)
    assert rows == [axis_name(unit) for unit in np.argsort(-variances)[:3]]


@pytest.mark.parametrize("name", ["code of 2", "points", "colour", "no classes"])
def test_samples_stand_beside_their_nearest_training_examples(runs, name):
    at = page("sample", run=runs[name], sample__from="Gaussian", sample__look="how real", sample__side="4")
    assert not at.error
    shown = pictures(at)
    assert len(shown) == 30 and sum("farther than" in each for each in shown) == 20
    assert "sample 10" in shown and len(at.get("plotly_chart")) == 2


@pytest.mark.parametrize("name", ["code of 1", "code of 2", "code of 8", "unpooling", "points", "conditional"])
def test_the_decoder_is_measured_over_a_plane(runs, name):
    at = page("sample", run=runs[name], sample__from="Stretch")
    assert not at.error and at.metric[0].label == "Most against least"
    assert not [each for each in at.slider if each.key == "sample.side"]


@pytest.mark.parametrize("source", ["Grid", "Traversals", "KDE", "Mixture", "Stretch"])
def test_a_run_that_went_astray_is_shown_or_refused_in_words(runs, source):
    at = page("sample", run=runs["diverged"], sample__from=source, sample__look="how real", sample__side="4")
    assert all(each.value.endswith(".") for each in at.error)
    flattened = any("flattens some direction" in each.value for each in at.caption)
    assert at.error or at.get("plotly_chart") or at.metric or flattened


def test_a_decoder_that_jumps_has_no_stretch(runs):
    assert "no slope to measure" in page("sample", run=runs["quantized"], sample__from="Stretch").error[0].value


def test_drawing_again_draws_from_the_next_seed(runs):
    at = page("sample", run=runs["code of 2"], sample__from="Gaussian", sample__side="3", sample__seed="7")
    before = at.get("image")[0].value[0]
    next(each for each in at.button if each.label == "Draw again").click()
    ran(at)
    assert at.number_input(key="sample.seed").value == 8
    assert at.get("image")[0].value[0] != before


def test_any_two_units_make_a_plane(runs):
    at = page("sample", run=runs["code of 8"], sample__across="z₅", sample__up="z₂", sample__side="3")
    assert (at.selectbox(key="sample.across").value, at.selectbox(key="sample.up").value) == (4, 1)
    at.selectbox(key="sample.up").set_value(4)
    ran(at)
    assert "two different units" in " ".join(each.value for each in at.caption)
    at.selectbox(key="sample.up").set_value(None)
    ran(at)


def test_the_ranges_begin_anew_with_another_run(runs):
    at = page("sample", run=runs["code of 64"], sample__side="3")
    slider = next(each for each in at.slider if each.key == "sample.wide")
    slider.set_value((slider.min, slider.max))
    ran(at)
    at.selectbox[0].set_value(runs["code of 2"])
    ran(at)
    ran(at)
    slider = next(each for each in at.slider if each.key == "sample.wide")
    assert slider.min < slider.value[0] < slider.value[1] < slider.max


@pytest.mark.parametrize(
    "query",
    [
        {"sample__side": "9999"},
        {"sample__from": "Elsewhere"},
        {"sample__across": "z₉₉", "sample__up": "?"},
        {"sample__wide": "nan"},
        {"sample__from": "KDE", "sample__rule": "Rule", "sample__bandwidth": "-1", "sample__class": "none"},
        {"sample__from": "KDE", "sample__rule": "own", "sample__bandwidth": "99", "sample__split": "all"},
        {"sample__from": "Traversals", "sample__start": "example", "sample__example": "-7", "sample__units": "500"},
        {"sample__from": "Traversals", "sample__start": "end", "sample__example": "x", "sample__spacing": "odd"},
        {"sample__from": "Prior", "sample__look": "unreal", "sample__of": "?"},
        {"sample__from": "Mixture", "sample__components": "-3", "sample__seed": "x"},
    ],
)
def test_rubbish_in_the_address_is_passed_over(runs, query):
    page("sample", run=runs["code of 8"], **query)


def test_an_unknown_run_is_named(runs):
    assert "There is no run" in page("sample", run="000000000000-000000").error[0].value


def test_without_runs_the_page_says_where_to_make_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    assert "No model has been trained yet" in page("sample").info[0].value


def test_a_run_that_waits_leaves_its_place_to_another(folder, tmp_path, monkeypatch):
    shutil.copytree(folder[0], tmp_path / "store")
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path / "store"))
    waiting = Store(tmp_path / "store").add(Recipe())
    at = page("sample", run=waiting, sample__side="3")
    assert any("cannot be looked at" in each.value for each in at.info)
    assert at.query_params["run"] in (waiting, [waiting]), "the visitor's own run stays in view elsewhere"
    assert len(at.get("plotly_chart")) >= 1


def test_a_run_that_has_just_begun_is_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    store = Store(tmp_path)
    store.update(store.add(Recipe()), status="running")
    assert "cannot be looked at yet" in page("sample").error[0].value
