"""The Anomaly page over every kind of run, driven without a browser."""

import pytest

from aeviz.data import Toys
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from aeviz.ui.corruption import CORRUPTIONS
from aeviz.views.anomaly import STRANGERS
from tests.pages.explored import RECIPES, page, words


@pytest.mark.parametrize("name", RECIPES)
def test_every_run_scores_strangers(runs, name):
    at = page("anomaly", run=runs[name])
    assert not at.error
    if name == "diverged":
        return
    assert [each.label for each in at.metric] == ["Area under the curve", "Strangers found"]
    assert 0 <= float(at.metric[0].value) <= 1
    assert "Distance in pixels" in words(at)
    machine = name in ("machine", "deep machine", "machine of points")
    assert ("Free energy" in words(at)) == machine


@pytest.mark.parametrize("kind", [*STRANGERS, *(f"corrupted: {each.title.lower()}" for each in CORRUPTIONS.values())])
def test_all_strangers_can_be_shown(runs, kind):
    at = page("anomaly", run=runs["code of 2"], anomaly__strangers=kind)
    assert not at.error and at.selectbox(key="anomaly.strangers").value == kind
    assert len(at.slider) == kind.startswith("corrupted")


def test_points_have_strangers_that_points_can_be(runs):
    offered = page("anomaly", run=runs["points"]).selectbox(key="anomaly.strangers").options
    assert "mixed examples" in offered and "upside down" not in offered


def test_data_of_other_runs_of_the_same_shape_are_strangers(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    for figure in ("moons", "circles"):
        carry_out(
            Store(tmp_path),
            Recipe(data=Toys(figure=figure, points=100), model=Mlp(code=1, hidden=(8,)), epochs=1, batch_size=32),
        )
    at = page("anomaly")
    other = next(each for each in at.selectbox(key="anomaly.strangers").options if "data of" in each)
    at = page("anomaly", anomaly__strangers=other)
    assert not at.error and at.selectbox(key="anomaly.strangers").value == other
    assert [each.label for each in at.metric] == ["Area under the curve", "Strangers found"]


def test_every_score_of_a_machine_is_drawn_for_several_runs(runs):
    for score in ("Squared error", "Free energy", "Distance of the code", "Distance in pixels"):
        at = page("anomaly", run=runs["machine"], anomaly__beside=runs["deep machine"], anomaly__score=score)
        assert not at.error and not at.warning
        assert len(at.get("plotly_chart")) == 2


@pytest.mark.parametrize(
    "query", [{"anomaly__score": "nonsense"}, {"anomaly__strangers": "nobody"}, {"anomaly__beside": "000"}]
)
def test_nonsense_in_the_address_is_answered_in_words_or_passed_over(runs, query):
    at = page("anomaly", run=runs["code of 2"], **query)
    assert [each.label for each in at.metric] == ["Area under the curve", "Strangers found"]


def test_without_runs_the_page_says_where_to_make_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    assert "No model has been trained yet" in page("anomaly").info[0].value
