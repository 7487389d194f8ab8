"""The Geometry page over many kinds of runs, driven without a browser."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from aeviz.recipe import Recipe
from aeviz.runs.store import Store
from aeviz.ui.geometry import field, recipes, spectrum
from tests.pages.explored import RECIPES, page, ran, words

Runs = Mapping[str, str]
DIGITS = ("code of 1", "code of 8", "code of 64", "unpooling", "conditional", "quantized", "generator")
POINTS = ("points", "no classes")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Means over few examples."""
    monkeypatch.setattr(spectrum, "MEASURED", 8)
    monkeypatch.setattr(field, "MEASURED", 20)


@pytest.mark.parametrize("name", [*DIGITS, *POINTS, "colour", "diverged"])
def test_every_run_has_a_field(runs: Runs, name: str) -> None:
    at = page("geometry", run=runs[name])
    if name == "diverged" and at.error:
        assert "went astray" in at.error[0].value
        return
    assert not at.error and len(at.get("plotly_chart")) == 1
    plane = name != "points"
    assert [each.label for each in at.metric][:2] == ["Cosine with σ²∇log p", "Length beside σ²∇log p"]
    assert len(at.metric) == 2 + plane
    assert "trained without corruption" in at.info[0].value
    assert ("principal axes of the data" in words(at)) == plane


def test_sigma_is_that_of_the_training_and_stands_in_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from aeviz.runs.local import carry_out

    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    run = carry_out(Store(tmp_path), replace(recipes.DENOISING_TOYS, epochs=1))
    at = page("geometry", run=run.id)
    assert at.slider(key="geometry.sigma").value == 0.1 and not at.info
    at = page("geometry", run=run.id, geometry__sigma="0.2", geometry__best="true")
    assert at.slider(key="geometry.sigma").value == 0.2
    assert "σ = 0.2" in words(at)


@pytest.mark.parametrize("name", [*DIGITS, *POINTS])
def test_every_run_has_tangents(runs: Runs, name: str) -> None:
    at = page("geometry", run=runs[name], geometry__show="Tangents", geometry__example="3", geometry__neighbours="9")
    assert not at.error
    angles = [each.label for each in at.metric]
    count = min(4, RECIPES[name].model.code, 3 if name == "no classes" else 64, 2 if name == "points" else 64)
    assert angles == [f"Principal angle {place + 1}" for place in range(count)]
    assert all("by chance" in str(each.delta) for each in at.metric)
    assert "not trained to be contractive" in at.info[0].value
    assert at.number_input(key="geometry.example").value == 3


def test_the_spectra_of_several_runs_are_overlaid(runs: Runs) -> None:
    names = ("code of 8", "code of 64", "conditional", "quantized")
    at = page("geometry", runs=",".join(runs[name] for name in names), geometry__show="Spectrum")
    assert not at.error and len(at.get("plotly_chart")) == 1
    table = at.dataframe[0].value
    assert len(table) == len(names)
    used = table["directions in use"]
    assert (used >= 1).all()
    assert (used <= [RECIPES[name].model.code for name in names]).all()


def test_a_linear_run_is_laid_beside_the_components_at_every_moment(runs: Runs) -> None:
    at = page("geometry", run=runs["code of 8"], geometry__show="PCA")  # which is none: another is taken
    assert at.selectbox[0].value in (runs["code of 64"], runs["diverged"])
    at = page("geometry", run=runs["code of 64"], geometry__show="PCA")
    assert not at.exception
    if not at.error:
        assert "angles now" in words(at)
    assert all(run in (runs["code of 64"], runs["diverged"]) for run in [at.selectbox[0].value])


def test_without_a_linear_run_the_page_links_to_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aeviz.models import Mlp
    from aeviz.runs.local import carry_out

    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    carry_out(Store(tmp_path), Recipe(model=Mlp(hidden=(4,)), epochs=1))
    at = page("geometry", geometry__show="PCA")
    assert "No linear autoencoder" in at.info[0].value
    assert "model=Linear" in at.get("page_link")[0].proto.query_string
    for show in ("Spectrum", "Identity"):
        assert not page("geometry", geometry__show=show).error


def test_copying_is_shown_for_several_runs(runs: Runs) -> None:
    two = f"{runs['code of 2']},{runs['code of 64']}"
    at = page("geometry", runs=two, geometry__show="Identity", geometry__seed="3")
    assert not at.error and not at.info, "64 numbers for 64 pixels are over-complete"
    assert "over-complete: k = 64, d = 64" in words(at) and "under-complete: k = 2, d = 64" in words(at)
    at = page("geometry", runs=runs["code of 2"], geometry__show="Identity")
    assert "None of these runs is over-complete" in at.info[0].value


@pytest.mark.parametrize("show", ["Field", "Tangents", "Spectrum", "PCA", "Identity"])
def test_without_runs_and_with_rubbish_every_section_says_so(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, show: str
) -> None:
    rubbish = {"geometry__example": "-4", "geometry__sigma": "x", "geometry__tangents": "99", "geometry__seed": "a"}
    assert not page("geometry", run=runs["code of 64"], geometry__show=show, **rubbish).error or show == "PCA"
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    said = page("geometry", geometry__show=show).info[0].value
    assert "No model has been trained yet" in said or "No linear autoencoder" in said


NAMES = [name for name, each in vars(recipes).items() if isinstance(each, Recipe)]


@pytest.mark.parametrize("name", NAMES)
def test_a_link_opens_train_on_its_very_recipe(
    runs: Runs, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    recipe = getattr(recipes, name).check()
    query = {key.replace(".", "__"): value for key, value in recipes.address(recipe).items()}
    at = page("train", **query)
    next(each for each in at.button if each.label == "Train").click()
    ran(at)
    (run,) = Store(tmp_path).runs()
    assert run.recipe == recipe


def test_an_unknown_run_is_named(runs: Runs) -> None:
    assert "There is no run" in page("geometry", run="nonsense").error[0].value
