"""The slider of moments: on every page on one run, and all that the page draws follows it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.moments import moments
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.ui.moments import MOMENT, NEWEST, NEXT, PLAYING
from tests.pages.explored import address, page, ran

Runs = Mapping[str, str]
PAGES = ("latent", "interpolate", "sample", "generate", "denoise", "anomaly")


def drawn(at: AppTest) -> str:
    """All that a page shows, but for its widgets: pictures, figures and what the components are given."""
    kinds = ("html", "image", "plotly_chart", "bidi_component", "arrow_data_frame")
    return "".join(str(each.proto) for kind in kinds for each in at.get(kind))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_on_a_run_follows_the_moment(runs: Runs, name: str) -> None:
    at = page(name, run=runs["code of 8"])
    assert at.select_slider(key=MOMENT).options == ["epoch 0", "newest"]
    assert at.select_slider(key=MOMENT).value == NEWEST
    newest = drawn(at)
    at.select_slider(key=MOMENT).set_value(0)
    ran(at)
    assert not at.error
    assert drawn(at) != newest
    at.select_slider(key=MOMENT).set_value(NEWEST)
    ran(at)
    assert drawn(at) == newest


def test_the_address_names_the_moment(runs: Runs) -> None:
    at = page("latent", run=runs["code of 2"], moment="epoch 0")
    assert at.select_slider(key=MOMENT).value == 0
    early = drawn(at)
    assert early != drawn(page("latent", run=runs["code of 2"]))
    at = page("latent", run=runs["code of 2"], moment="epoch 77")
    assert not at.error
    assert at.select_slider(key=MOMENT).value == NEWEST


def test_another_run_is_shown_at_its_newest(runs: Runs) -> None:
    at = page("latent", run=runs["code of 2"], moment="epoch 0")
    at.query_params["run"] = runs["code of 8"]
    assert ran(at).select_slider(key=MOMENT).value == NEWEST


def test_a_run_without_moments_has_no_slider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    run = carry_out(store, Recipe(epochs=1)).id
    shutil.rmtree(store.path(run) / "weights")
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    at = page("latent", run=run)
    assert not at.select_slider
    assert "input" in drawn(at)


def test_playing_begins_at_the_first_and_steps_to_the_newest(runs: Runs, store: Store) -> None:
    run = runs["code of 2"]
    at = page("latent", run=run)
    at.button(key="moment.play").click()
    ran(at)
    assert at.session_state[PLAYING]
    assert at.select_slider(key=MOMENT).value == moments(store, run)[0].step
    at.session_state[NEXT] = NEWEST  # what the fragment asks for a moment later
    assert ran(at).select_slider(key=MOMENT).value == NEWEST
    at.button(key="moment.play").click()
    ran(at)
    assert not at.session_state[PLAYING]


def test_the_measures_are_those_of_the_moment(runs: Runs, store: Store) -> None:
    run = runs["code of 2"]
    at = page("latent", run=run, moment="epoch 0", latent__measures="true")
    at.session_state["latent.measures"] = True
    ran(at)
    told = " ".join(each.value for each in at.caption)
    assert "After 0 steps" in told
    early = open_run(store, run, 0).measures()["test_mse"]
    assert early != open_run(store, run).measures()["test_mse"]


def test_the_address_of_the_newest_is_plain(runs: Runs) -> None:
    assert address(page("latent", run=runs["code of 2"]), MOMENT) == ""
