"""The Interpolate page over every kind of run, driven without a browser."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.ui import explorer, places, walks
from aeviz.ui.places import Spot
from aeviz.views import paths
from tests.pages.explored import RECIPES, address, click, page, pictures, ran, words

Runs = Mapping[str, str]
SOUND = [name for name in RECIPES if name != "diverged"]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Geodesics give up early: how far they get is tested with the geometry."""
    monkeypatch.setattr(paths, "MOST_ROUNDS", 2)
    monkeypatch.setattr(walks, "_searches", type(walks._searches)())


def scatter_of(run: str) -> str:
    return f"interpolate.scatter.{run}"


def lengths(at: AppTest) -> dict[str, int]:
    """How many pictures each strip has."""
    named = [re.fullmatch(r"(.+), \d+ of \d+", each) for each in pictures(at)]
    labels = [each[1] for each in named if each]
    return {label: labels.count(label) for label in labels}


def every(name: str, steps: int = 9) -> dict[str, int]:
    """All ways, but for the geodesics of a decoder that jumps."""
    return {way: steps for way in walks.WAYS if not (name == "quantized" and way == "Geodesic")}


@pytest.mark.parametrize("name", SOUND)
def test_every_way_between_examples_and_between_places(runs: Runs, name: str) -> None:
    run = runs[name]
    at = page("interpolate", run=run)
    assert not at.error
    assert lengths(at) == every(name)
    at = click(at, scatter_of(run), (0.0, 0.0), 4)
    at = click(at, scatter_of(run), (0.5, 0.25), None, count=2)
    assert address(at, "interpolate.a") == "4"
    assert address(at, "interpolate.b").endswith(":0.5:0.25")
    assert lengths(at) == every(name)
    assert "Example 4" in words(at)
    assert "A place without an example" in words(at)
    refused = [each.value for each in at.info if "jumps from one vector to the next" in each.value]
    assert len(refused) == (name == "quantized")


@pytest.mark.parametrize("steps", [3, 24])
def test_steps_and_ways_are_in_the_address(runs: Runs, steps: int) -> None:
    at = page("interpolate", run=runs["code of 8"], interpolate__steps=str(steps))
    assert lengths(at) == every("code of 8", steps)
    at.session_state["interpolate.ways"] = ["Straight", "Geodesic"]
    ran(at)
    assert set(lengths(at)) == {"Straight", "Geodesic"}
    at.session_state["interpolate.ways"] = []
    ran(at)
    assert lengths(at) == {} and "Choose a way" in words(at)


def test_a_geodesic_is_found_a_little_at_a_time(runs: Runs, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "SLICE", 0.0)  # one look, and nothing is found
    opened = open_run(store, runs["code of 8"])
    (first,), waiting = walks.walked(opened, Spot(index=3), Spot(index=30), 5, ["Geodesic"])
    assert waiting and "Being shortened" in first.note
    monkeypatch.setattr(walks, "SLICE", 60.0)
    (last,), waiting = walks.walked(opened, Spot(index=3), Spot(index=30), 5, ["Geodesic"])
    assert not waiting and "after 2 rounds" in last.note
    assert last.length <= first.length * 1.001


def test_clicks_set_the_ends_in_turn_or_the_one_that_was_chosen(runs: Runs) -> None:
    run = runs["code of 2"]
    at = page("interpolate", run=run)
    for count, index in enumerate((3, 5, 7), 1):
        at = click(at, scatter_of(run), (0.0, 0.0), index, count)
    assert (address(at, "interpolate.a"), address(at, "interpolate.b")) == ("7", "5")
    at.segmented_control(key="interpolate.next").set_value("A")
    ran(at)
    at = click(at, scatter_of(run), (0.0, 0.0), 9, 4)
    assert (address(at, "interpolate.a"), address(at, "interpolate.b")) == ("9", "5")


def test_a_rerun_takes_no_click_twice(runs: Runs) -> None:
    run = runs["code of 2"]
    at = click(page("interpolate", run=run), scatter_of(run), (0.0, 0.0), 3)
    ran(at)
    assert address(at, "interpolate.a") == "3"
    assert "interpolate.b" not in at.query_params


def test_ends_by_number_and_by_chance(runs: Runs) -> None:
    at = page("interpolate", run=runs["code of 2"])
    at.number_input(key="interpolate.example B").set_value(17)
    ran(at)
    assert address(at, "interpolate.b") == "17"
    next(each for each in at.button if each.label == "Random pair").click()
    ran(at)
    one, other = address(at, "interpolate.a"), address(at, "interpolate.b")
    assert one.isdigit() and other.isdigit() and one != other


def test_a_place_leaves_its_number_empty(runs: Runs) -> None:
    at = page("interpolate", run=runs["code of 2"], interpolate__a="own:1:1", interpolate__b="2")
    assert at.number_input(key="interpolate.example A").value is None
    assert at.number_input(key="interpolate.example B").value == 2


@pytest.mark.parametrize("name", SOUND)
def test_ends_keep_their_codes_and_their_pictures_and_no_way_is_shorter_than_the_geodesic(
    runs: Runs, store: Store, name: str
) -> None:
    opened = open_run(store, runs[name])
    monkey = pytest.MonkeyPatch()
    monkey.setattr(walks, "SLICE", 60.0)
    found, waiting = walks.walked(opened, Spot(index=1), Spot(index=2), 7, list(walks.WAYS))
    monkey.undo()
    assert not waiting
    sound = {walk.name: walk for walk in found if not walk.refused}
    assert set(sound) == set(every(name))
    for walk in sound.values():
        if walk.codes is None or walk.route is None:
            assert np.array_equal(walk.pictures[[0, -1]], explorer.pictured(opened, opened.dataset.test.x[1:3]))
            continue
        assert walk.codes[[0, -1]] == pytest.approx(opened.codes[1:3], abs=1e-4)
        assert walk.route[[0, -1]] == pytest.approx(opened.codes[1:3], abs=1e-4)
        assert np.array_equal(walk.pictures[[0, -1]], explorer.decoded(opened, walk.codes[[0, -1]]))
    if "Geodesic" in sound:
        least = min(walk.length for walk in sound.values() if walk.codes is not None)
        assert sound["Geodesic"].length <= 1.005 * least


@pytest.mark.parametrize("name", SOUND)
def test_the_drawn_path_joins_the_drawn_ends(runs: Runs, store: Store, name: str) -> None:
    opened = open_run(store, runs[name])
    view = places.view_of(opened, "own" if opened.model.code <= 2 else "pca")
    spots = (Spot(index=1), Spot(view=view.name, x=0.5, y=0.25))
    codes = [places.code_of(opened, spot) for spot in spots]
    start, end = (view.place(spot, z) for spot, z in zip(spots, codes, strict=True))
    assert start == pytest.approx(tuple(view.points[1]))
    assert end == (0.5, 0.25)
    found, _ = walks.walked(opened, *spots, 5, ["Straight", "Along the data", "Pixels"])  # type: ignore[arg-type]
    one, other = walks.lines(found, view, start, end)
    assert np.array(one["dots"]) == pytest.approx(np.linspace(start, end, 5), abs=1e-3), "straight in a plane"
    for line in (one, other):
        points = np.array(line["points"])
        assert points[0] == pytest.approx(start) and points[-1] == pytest.approx(end)
    assert one["colour"] != other["colour"]


def test_four_corners_are_decoded_between(runs: Runs) -> None:
    for name in ("code of 2", "code of 64", "points", "quantized"):
        at = page("interpolate", run=runs[name], interpolate__go="Four corners", interpolate__side="4")
        assert not at.error and len(at.get("image")) == 1
        assert at.slider(key="interpolate.side").value == 4
    at.number_input(key="interpolate.example D").set_value(3)
    ran(at)
    assert address(at, "interpolate.d") == "3"


def test_an_attribute_is_added(runs: Runs) -> None:
    at = page("interpolate", run=runs["code of 8"], interpolate__go="Attribute", interpolate__a="3")
    assert not at.error and lengths(at)
    own = at.selectbox(key="interpolate.minus").value
    at.selectbox(key="interpolate.plus").set_value("7")
    at.slider(key="interpolate.strength").set_value(0.5)
    ran(at)
    assert f"7 − {own}" in words(at) and "A + 0.5" in words(at)


def test_attributes_need_classes(runs: Runs) -> None:
    at = page("interpolate", run=runs["no classes"], interpolate__go="Attribute")
    assert "fewer than two" in at.error[0].value


def test_the_ways_move_on_the_page(runs: Runs) -> None:
    at = page("interpolate", run=runs["code of 2"], interpolate__animate="true", interpolate__speed="12")
    assert any("data:image/gif;base64" in each.proto.body for each in at.get("html"))


def test_the_first_pair_lies_apart(runs: Runs, store: Store) -> None:
    opened = open_run(store, runs["code of 8"])
    other = places.far_from(opened, 0)
    assert opened.dataset.test.labels is not None
    assert opened.dataset.test.labels[other] != opened.dataset.test.labels[0]


def test_a_run_that_diverged_is_drawn_or_explained(runs: Runs) -> None:
    at = page("interpolate", run=runs["diverged"])
    assert lengths(at) or "went astray" in at.error[0].value


def test_both_ends_may_be_one_example(runs: Runs) -> None:
    at = page("interpolate", run=runs["code of 2"], interpolate__a="3", interpolate__b="3")
    assert "0.00 apart" in words(at)


def test_other_views(runs: Runs) -> None:
    at = page("interpolate", run=runs["code of 8"], interpolate__view="axes", interpolate__across="2")
    assert lengths(at) == every("code of 8")
    at = page("interpolate", run=runs["code of 8"], interpolate__view="UMAP")
    assert "PCA is shown meanwhile" in words(at)


def test_without_runs_and_with_an_unknown_one(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no run" in page("interpolate", run="nonsense").error[0].value
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path / "empty"))
    assert "No model has been trained yet" in page("interpolate").info[0].value
