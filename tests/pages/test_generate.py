"""The Generate page over every kind of run, driven without a browser."""

import pytest

from aeviz.recipe import Recipe
from aeviz.runs.store import Store
from tests.pages.explored import page, ran

WITH_PRIOR = {
    "code of 8",
    "conditional",
    "quantized",
    "wasserstein",
    "adversarial",
    "generator",
    "generated points",
    "machine",
    "deep machine",
    "machine of points",
}


def offered(at):
    """The runs to choose from, by the ends of their ids."""
    return {each[-6:] for each in at.selectbox[0].options}


def test_only_runs_with_a_prior_are_offered(runs):
    at = page("generate", run=runs["generator"])
    assert offered(at) == {runs[name][-6:] for name in WITH_PRIOR}
    assert at.selectbox[0].value == runs["generator"]


@pytest.mark.parametrize("name", sorted(WITH_PRIOR))
def test_every_such_run_is_compared_with_its_data(runs, name):
    at = page("generate", run=runs[name])
    assert not at.error
    assert len(at.get("plotly_chart")) == 2
    told = {each.label: each.value for each in at.metric}
    covered, classes = told["Classes covered"].split(" of ")
    assert 0 <= int(covered) <= int(classes) == (2 if "points" in name else 10)
    assert 0 <= float(told["Total variation distance"]) <= 1
    words = " ".join(each.value for each in at.caption)
    assert "principal components of the held-out examples" in words


def test_another_seed_draws_others(runs):
    at = page("generate", run=runs["generator"])
    before = at.get("plotly_chart")[0].proto.spec
    at.number_input(key="generate.seed").set_value(5)
    ran(at)
    assert at.get("plotly_chart")[0].proto.spec != before


def test_a_run_without_a_prior_leaves_its_place_to_one_that_has_it(runs):
    at = page("generate", run=runs["code of 2"])
    assert any("is not for this page" in each.value for each in at.info)
    assert at.query_params["run"] in (runs["code of 2"], [runs["code of 2"]])
    assert at.selectbox[0].value in {runs[name] for name in WITH_PRIOR}


def test_without_such_runs_the_page_leads_to_training_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    Store(tmp_path).add(Recipe())
    at = page("generate")
    assert "No model with a prior of its own" in at.info[0].value
    (link,) = at.get("page_link")
    assert link.proto.query_string == "model=Gan"


@pytest.mark.parametrize("seed", ["-3", "x", "99999999999"])
def test_rubbish_in_the_address_is_passed_over(runs, seed):
    page("generate", run=runs["adversarial"], generate__seed=seed)
