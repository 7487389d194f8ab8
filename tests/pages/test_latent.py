"""The Latent page over every kind of run, driven without a browser."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aeviz.recipe import Recipe
from aeviz.runs.job import Job
from aeviz.runs.opened import open_run
from aeviz.runs.projector import name_of
from aeviz.runs.store import Store
from aeviz.ui import places
from aeviz.ui.places import Spot
from aeviz.ui.selection import table
from tests.pages.explored import RECIPES, address, click, page, pictures, ran, words

Runs = Mapping[str, str]


def scatter_of(run: str) -> str:
    return f"latent.scatter.{run}"


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "diverged"])
def test_an_example_and_a_place_of_every_kind_of_run(runs: Runs, name: str) -> None:
    at = page("latent", run=runs[name])
    assert not at.error
    assert "Example 0" in words(at)
    assert {"input", "reconstruction"} <= set(pictures(at))
    at = click(at, scatter_of(runs[name]), (0.0, 0.0), 3)
    assert "Example 3" in words(at)
    assert address(at, "latent.at") == "3"
    at = click(at, scatter_of(runs[name]), (0.25, -0.5), None, count=2)
    assert "A place without an example" in words(at)
    assert pictures(at)[0] == "decoded from this place"
    assert address(at, "latent.at").endswith(":0.25:-0.5")


@pytest.mark.parametrize("name", ["code of 2", "factors", "no classes"])
def test_every_colour(runs: Runs, store: Store, name: str) -> None:
    at = page("latent", run=runs[name])
    colours = at.selectbox(key="latent.colour").options
    opened = open_run(store, runs[name])
    assert colours[0] == ("none" if opened.dataset.test.labels is None else "class")
    assert len(colours) == 4 + len(opened.dataset.factor_names if opened.dataset.test.factors is not None else ())
    for colour in colours:
        at.selectbox(key="latent.colour").set_value(colour)
        ran(at)
        assert not at.error


def test_a_run_that_diverged_is_drawn_or_explained(runs: Runs) -> None:
    at = page("latent", run=runs["diverged"])
    assert "input" in pictures(at) or "went astray" in at.error[0].value


def test_the_numbers_of_a_two_dimensional_place_are_its_code(runs: Runs) -> None:
    at = click(page("latent", run=runs["code of 2"]), scatter_of(runs["code of 2"]), (1.25, -0.75), None)
    assert "1.25, −0.75" in words(at)
    assert "The place is the code." in words(at)


def test_the_rest_of_a_larger_code_is_the_mean_an_example_or_where_sliders_put_it(runs: Runs, store: Store) -> None:
    run = runs["code of 8"]
    at = click(page("latent", run=run), scatter_of(run), (0.5, 0.5), None)
    assert "held at the mean of the codes" in words(at)
    assert len([each for each in at.slider if str(each.key).startswith("latent.hold.pca")]) == 6
    mean = shown_code(at)
    at = click(at, scatter_of(run), (0.0, 0.0), 5, count=2)
    at.button(key="latent.hold.example").click()
    at = click(ran(at), scatter_of(run), (0.5, 0.5), None, count=3)
    assert "held as in example 5" in words(at)
    assert address(at, "latent.base") == "5"
    opened = open_run(store, run)
    moved = shown_code(at)
    plane = opened.plane.basis
    assert np.allclose((moved - mean) @ plane, 0, atol=0.02), "the place itself sets the same two directions"
    rest = opened.codes[5] - opened.codes[5] @ plane @ plane.T
    assert np.allclose(moved - moved @ plane @ plane.T, rest, atol=0.02)
    slider = at.slider(key="latent.hold.pca.3")
    value = float(slider.value)  # type: ignore[arg-type]
    slider.set_value(value + 0.5 if value + 0.5 < float(slider.max) else value - 0.5)
    ran(at)
    assert "held where the sliders put it, else as in example 5" in words(at)
    assert np.isclose(np.linalg.norm(shown_code(at) - moved), 0.5, atol=0.03)
    at.button(key="latent.hold.mean").click()
    assert "held at the mean of the codes" in words(ran(at))


def shown_code(at: AppTest) -> np.ndarray:
    """The code that the page writes out."""
    found = re.search(r"code, k = \d+ ((?:−?[\d.]+,? ?)+)", words(at))
    assert found
    return np.array([float(each.replace("−", "-")) for each in found[1].split(",")])


def test_examples_of_training_can_be_shown_as_well(runs: Runs, store: Store) -> None:
    run = runs["code of 2"]
    opened = open_run(store, run)
    at = page("latent", run=run, latent__examples="all", latent__at=str(len(opened.codes) + 3))
    assert f"Example {len(opened.codes) + 3}, training example 3" in words(at)
    assert "Example 0" in words(page("latent", run=run, latent__at=str(len(opened.codes) + 3)))


@pytest.mark.parametrize("method", ["k-means", "Gaussian mixture"])
def test_codes_are_coloured_by_groups(runs: Runs, method: str) -> None:
    at = page("latent", run=runs["code of 8"], latent__colour=method)
    assert at.number_input(key="latent.groups").value == 10
    at.number_input(key="latent.groups").set_value(3)
    assert not ran(at).error


def test_what_was_drawn_around_is_described_and_can_be_taken_along(runs: Runs, store: Store) -> None:
    run = runs["code of 2"]
    at = page("latent", run=run)
    assert "selected" not in words(at)
    at.session_state[scatter_of(run)] = {"chosen": {"indices": [3, 4, 10**6], "scene": "any"}}
    ran(at)
    assert "2 selected" in words(at)
    opened = open_run(store, run)
    lines = table(opened, [3, 4]).splitlines()
    assert lines[0] == "example,class,squared error,z1,z2"
    assert lines[1].split(",")[0] == "3"
    assert np.allclose([float(each) for each in lines[2].split(",")[3:]], opened.codes[4], rtol=1e-4)


def test_pins_stand_in_the_address_of_their_view_alone(runs: Runs) -> None:
    run = runs["code of 2"]
    at = page("latent", run=run)
    at.session_state[scatter_of(run)] = {"pinned": {"places": [[1.5, -2], [0.25, 0.125]], "scene": "any"}}
    ran(at)
    assert address(at, "latent.pins") == "own;1.5,-2;0.25,0.125"
    for text in ("pca;1,2", "own;x,y;nan,1;3", ";;;", "own"):
        assert not page("latent", run=run, latent__pins=text).error


@pytest.mark.parametrize("status", ["running", "paused"])
def test_a_run_that_trains_is_followed_unless_that_is_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path / "store"))
    store = Store(tmp_path / "store")
    run = store.add(Recipe(model=RECIPES["code of 2"].model, epochs=50))
    with store.worker() as worker:
        claimed = store.claim(worker)
        assert claimed is not None
        Job(store, claimed).turn(store.run(run))
        store.update(run, status=status)
        at = page("latent", run=run)
        assert [each.label for each in at.toggle] == (["Follow it live"] if status == "running" else [])


def test_two_axes(runs: Runs) -> None:
    run = runs["code of 8"]
    at = page("latent", run=run, latent__view="axes", latent__across="3", latent__up="7")
    assert at.number_input(key="latent.across").value == 3
    at = click(at, scatter_of(run), (0.125, -0.25), None)
    assert address(at, "latent.at") == "axes-3-7:0.125:-0.25"
    assert "The place sets 2 of 8 entries" in words(at)
    at.number_input(key="latent.up").set_value(3)
    assert not ran(at).error, "the same axis twice becomes two axes"


def test_umap_is_asked_for_once_and_shown_when_it_is_there(runs: Runs, store: Store) -> None:
    run = runs["code of 64"]
    at = page("latent", run=run, latent__view="UMAP")
    assert "UMAP is being computed" in words(at)
    assert store.next_projection() == (run, open_run(store, run).step, "umap")
    opened = open_run(store, run)
    points = np.random.default_rng(0).standard_normal((len(opened.codes), 2)).astype(np.float32)
    store.write(run, name_of(opened.step), {"points": points}, {})
    store.answer_projection(run, opened.step, "umap", "finished")
    ran(at)
    assert "UMAP is being computed" not in words(at)
    at = click(at, scatter_of(run), (0.0, 0.0), None)
    assert "UMAP has no way back to codes" in words(at)
    assert address(at, "latent.at") == "umap:0:0"


def test_umap_that_failed_says_so_and_leaves_pca(runs: Runs, store: Store) -> None:
    run, step = runs["unpooling"], open_run(store, runs["unpooling"]).step
    store.request_projection(run, step)
    store.answer_projection(run, step, "umap", "failed", "UMAP failed (no room). PCA is shown.")
    assert "UMAP failed (no room). PCA is shown." in words(page("latent", run=run, latent__view="UMAP"))


@pytest.mark.parametrize(
    "text", ["", "-1", "100000", "own:nan:0", "own:1", "pca:1:2", "pca:1:2:3:4", "<b>", "own:1e30:0", "²", "own:1:2:x"]
)
def test_an_address_that_means_no_spot_shows_the_first_example(runs: Runs, text: str) -> None:
    assert "Example 0" in words(page("latent", run=runs["code of 2"], latent__at=text))


def test_an_address_brings_the_spot_back(runs: Runs) -> None:
    assert "Example 12" in words(page("latent", run=runs["code of 2"], latent__at="12"))
    assert "0.50, 2.00" in words(page("latent", run=runs["code of 2"], latent__at="own:0.5:2"))


def test_unknown_views_and_colours_in_the_address_are_put_right(runs: Runs) -> None:
    assert not page("latent", run=runs["code of 8"], latent__view="nothing", latent__colour="nothing").error


def test_a_place_that_no_code_can_have_is_called_so(runs: Runs) -> None:
    run = runs["positive code"]
    at = click(page("latent", run=run), scatter_of(run), (-1.0, 1.0), None)
    assert "No encoder output reaches this code" in words(at)


def test_without_runs_the_page_says_where_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path / "empty"))
    at = page("latent")
    assert "No model has been trained yet" in at.info[0].value


def test_an_unknown_run_is_named_and_another_shown(runs: Runs) -> None:
    at = page("latent", run="nonsense")
    assert "There is no run" in at.error[0].value


def test_a_queued_run_and_a_running_one_whose_weights_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path / "store"))
    store = Store(tmp_path / "store")
    recipe = Recipe(model=RECIPES["code of 8"].model, epochs=50)
    run = store.add(recipe)
    assert "No model has been trained yet" in page("latent", run=run).info[-1].value
    with store.worker() as worker:
        claimed = store.claim(worker)
        assert claimed is not None
        at = page("latent", run=run)
        assert "cannot be looked at yet" in at.error[0].value
        job = Job(store, claimed)
        job.turn(store.run(run))
        at = page("latent", run=run)
        assert "This run is running" in words(at)
        before = words(at)
        for wanted in ("pause", "run", "pause"):
            store.want(run, wanted)  # type: ignore[arg-type]
            job.turn(store.run(run))
        ran(at)
        assert "This run is paused" in words(at)
        assert words(at) != before
        at.segmented_control(key="latent.view").set_value("UMAP")
        assert "UMAP waits until the run has ended" in words(ran(at))
        assert store.next_projection() is None
        early = open_run(store, run)
        for wanted in ("run", "stop"):
            store.want(run, wanted)  # type: ignore[arg-type]
            job.turn(store.run(run))
        assert places.picture_of(early, "umap")[:2] == (None, True)
        assert store.next_projection() is None, "no picture is computed of weights that are no longer the newest"
        assert "UMAP is being computed" in words(ran(at))
        assert store.next_projection() == (run, open_run(store, run).step, "umap")
        shutil.rmtree(store.path(run))
        assert ran(at).error


@pytest.mark.parametrize(
    "spot",
    [Spot(index=0), Spot(index=9), Spot(view="pca", x=0.25, y=-1e-7), Spot(view="axes-3-5", x=-12.5, y=3.0)],
)
def test_a_spot_is_the_same_as_its_text(spot: Spot) -> None:
    assert Spot.read(spot.text(), 10) == spot


def test_the_run_in_view_can_be_measured(runs):
    at = page("latent", run=runs["factors"])
    assert not at.metric
    at.session_state["latent.measures"] = True
    assert "MIG" in [each.label for each in ran(at).metric]
