"""The Denoise page over every kind of run, driven without a browser."""

import base64

import numpy as np
import pytest

from aeviz.data import Digits
from aeviz.data.pairings import MaskingNoise
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.ui import pad
from aeviz.ui.components import Drawn
from aeviz.ui.corruption import CORRUPTIONS
from aeviz.views import iteration, probes
from tests.pages.explored import RECIPES, address, page, ran

POINTS = {"points", "no classes", "generated points", "machine of points"}


@pytest.mark.parametrize("name", RECIPES)
def test_every_run_restores(runs, name):
    at = page("denoise", run=runs[name])
    assert not at.error
    measured = [each.label.split(",")[0] for each in at.metric]
    assert measured == (["MSE", "PSNR"] if name in POINTS else ["MSE", "PSNR", "SSIM"])
    assert len(at.get("image")) == (0 if name in POINTS else 3)
    assert "trained without corruption" in at.info[0].value


@pytest.mark.parametrize("corruption", [each.title for each in CORRUPTIONS.values()])
def test_any_corruption_at_any_strength(runs, corruption):
    for strength in ("0", "0.5", "1"):
        at = page("denoise", run=runs["code of 2"], denoise__corruption=corruption, denoise__strength=strength)
        assert not at.error and at.slider(key="denoise.strength").value == float(strength)
        assert CORRUPTIONS[str(at.selectbox(key="denoise.corruption").value)].title == corruption


def test_a_strength_beyond_the_next_corruption_is_cut(runs):
    at = page("denoise", run=runs["code of 2"], denoise__strength="1.7")
    assert at.slider(key="denoise.strength").value == 1.7
    at.selectbox(key="denoise.corruption").set_value("MaskingNoise")
    ran(at)
    assert at.slider(key="denoise.strength").value == 1


def test_new_noise_comes_from_the_next_seed(runs):
    at = page("denoise", run=runs["code of 2"], denoise__seed="4")
    before = [each.value[0] for each in at.get("image")]
    next(each for each in at.button if each.label == "New noise").click()
    ran(at)
    after = [each.value[0] for each in at.get("image")]
    assert at.number_input(key="denoise.seed").value == 5
    assert before[0] == after[0] and before[1] != after[1]


def test_the_page_opens_on_the_corruption_of_the_training(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    recipe = Recipe(data=Digits(), model=Mlp(hidden=(8,)), pairing=MaskingNoise(strength=0.45), epochs=1)
    carry_out(Store(tmp_path), recipe)
    at = page("denoise")
    assert at.selectbox(key="denoise.corruption").value == "MaskingNoise"
    assert at.slider(key="denoise.strength").value == 0.45
    assert not at.info and any("trained with" in each.value for each in at.caption)


@pytest.mark.parametrize("part", ["Curves", "Walk", "Draw", "Erase"])
@pytest.mark.parametrize(
    "name", ["code of 8", "unpooling", "colour", "points", "no classes", "conditional", "diverged"]
)
def test_each_part_is_there_for_every_kind_of_run(runs, name, part):
    at = page("denoise", run=runs[name], denoise__part=part, denoise__steps="5")
    assert not at.error and not at.metric, "only the part in view is computed"
    told = " ".join(each.value for each in at.info)
    assert ("these are points" in told) == (name in POINTS and part in ("Draw", "Erase"))
    if part == "Curves":
        panels = at.get("plotly_chart")[0].proto.spec
        assert ("SSIM" in panels) == (name not in POINTS) and "PSNR in dB" in panels


def test_runs_beside_it_are_fed_the_same_and_stand_in_one_grid(runs):
    others = f"{runs['unpooling']},{runs['code of 64']}"
    at = page("denoise", run=runs["code of 8"], denoise__beside=others)
    assert not at.error
    assert len(at.get("image")) == 5 and not at.metric
    assert address(at, "denoise.beside") == others
    table = next(each.proto.body for each in at.get("html") if "corrupted input" in each.proto.body)
    assert all(name in table for name in ("MSE", "PSNR", "SSIM", runs["unpooling"][-6:], runs["code of 64"][-6:]))
    alone = page("denoise", run=runs["code of 8"])
    assert [each.value[0] for each in at.get("image")][:3] == [each.value[0] for each in alone.get("image")]
    at.multiselect[0].set_value([runs["code of 64"]])
    ran(at)
    assert address(at, "denoise.beside") == runs["code of 64"] and len(at.get("image")) == 4
    at.multiselect[0].set_value([])
    ran(at)
    assert not address(at, "denoise.beside") and len(at.metric) == 3


def test_only_runs_on_examples_of_the_same_shape_are_offered(runs):
    at = page("denoise", run=runs["points"])
    offered = at.multiselect[0].options
    assert {each[-6:] for each in offered} == {runs[name][-6:] for name in ("generated points", "machine of points")}
    at = page("denoise", run=runs["points"], denoise__beside=f"{runs['code of 8']},000000000000-000000")
    told = [each.value for each in at.error]
    assert len(told) == 2 and "another shape" in told[0] and "There is no run" in told[1] and at.metric


def test_what_is_drawn_on_comes_from_the_address(runs):
    at = page("denoise", run=runs["code of 8"], denoise__part="Draw", denoise__start="example", denoise__example="7")
    assert at.number_input(key="denoise.example").value == 7
    next(each for each in at.button if each.label == "Next").click()
    ran(at)
    assert at.number_input(key="denoise.example").value == 8
    assert not page("denoise", run=runs["code of 8"], denoise__part="Erase", denoise__example="99999").error


@pytest.mark.parametrize("part", ["Draw", "Erase"])
def test_the_server_stands_in_for_a_model_that_the_page_cannot_compute(runs, store, part, monkeypatch):
    monkeypatch.setattr(pad, "LARGEST_DECODER", 0)
    pad._tape.clear()
    at = page("denoise", run=runs["code of 8"], denoise__part=part)
    assert any("The server answers" in each.value for each in at.caption)
    picture, erased = np.full((1, 8, 8), 200, np.uint8), np.zeros((8, 8), np.uint8)
    written = {"picture": base64.b64encode(picture).decode(), "erased": base64.b64encode(erased).decode(), "count": 3}
    at.session_state[f"denoise.{part.lower()}.pad"] = {"drawn": written}
    assert not ran(at).error
    pad._tape.clear()


def test_the_answer_of_the_server_is_the_models_own(runs, store):
    opened = open_run(store, runs["code of 8"])
    picture, erased = opened.dataset.test.x[3], np.zeros((8, 8), bool)
    erased[2:5, 2:5] = True
    found = pad.answer(opened, Drawn(picture, erased, 1), erases=True)
    fed = np.where(erased, np.float32(0), picture)
    assert np.array_equal(found.made, probes.reconstructions(opened.model, fed[None])[0])
    assert found.completed is not None and np.array_equal(found.completed[:, ~erased], picture[:, ~erased])
    assert 0 < found.steps <= iteration.MOST_STEPS
    assert pad.answer(opened, Drawn(picture, erased, 1), erases=False).completed is None


@pytest.mark.parametrize(
    "query",
    [
        {"denoise__corruption": "Rain"},
        {"denoise__strength": "99"},
        {"denoise__seed": "-1"},
        {"denoise__part": "Paint"},
        {"denoise__part": "Walk", "denoise__steps": "1e9"},
        {"denoise__part": "Draw", "denoise__start": "here", "denoise__example": "x"},
        {"denoise__part": "Erase", "denoise__example": "-3"},
    ],
)
def test_rubbish_in_the_address_is_passed_over(runs, query):
    assert not page("denoise", run=runs["code of 2"], **query).error


def test_an_unknown_run_is_named(runs):
    assert "There is no run" in page("denoise", run="nonsense").error[0].value


def test_without_runs_the_page_says_where_to_make_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    assert "No model has been trained yet" in page("denoise").info[0].value
