"""The film of a training: a frame for each that was kept, what is drawn in it, and both files in the run's folder."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz.__main__ import main
from aeviz.data.toys import Toys
from aeviz.errors import AevizError, StoreError
from aeviz.learning import Greedy
from aeviz.models import Mlp, Vae
from aeviz.recipe import Recipe
from aeviz.runs import film
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from aeviz.views import pen, training_film
from tests.runs.watched import RECIPE

SHORT = replace(RECIPE, epochs=2)


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """A finished run of two epochs."""
    store = Store(tmp_path_factory.mktemp("film"))
    return store, carry_out(store, SHORT, "A name of its own").id


def test_a_film_has_every_frame_in_order_and_they_differ(carried: tuple[Store, str]) -> None:
    store, run = carried
    found = list(film.drawn(store, store.run(run)))
    assert [step for step, _, _ in found] == store.frames(run) == [0, 4, 8]
    assert {total for _, _, total in found} == {3}
    assert all(frame.shape == (training_film.HEIGHT, training_film.WIDTH, 3) for _, frame, _ in found)
    for (_, one, _), (_, other, _) in pairwise(found):
        for left, top, width, height in (training_film.LOSS, training_film.CODES, training_film.PICTURES):
            panel = (slice(top, top + height), slice(left, left + width))
            assert not np.array_equal(one[panel], other[panel])


def test_reconstructions_are_drawn_as_they_were_stored(carried: tuple[Store, str]) -> None:
    store, run = carried
    stored, _ = store.read(run, "frames/00000008")
    *_, (_, frame, _) = film.drawn(store, store.run(run))
    left, top, width, _ = training_film.PICTURES
    side = (width - 4 * 6) // 5
    second = frame[top + side + 26 : top + 2 * side + 26, left : left + side, 0]
    pixel = side // 8
    middles = [pixel // 2 + round(place * side / 8) for place in range(8)]
    assert np.array_equal(second[np.ix_(middles, middles)], stored["reconstructions"][0, 0])


def test_the_last_frame_stands_and_the_settings_are_below(carried: tuple[Store, str]) -> None:
    store, run = carried
    told: list[film.Progress] = []
    frames = film.filmed(store, store.run(run), told.append)
    assert len(frames) == 3 + film.REST
    assert (frames[-1] == frames[2]).all()
    assert [each.done for each in told] == [1, 2, 3]
    foot = frames[0][training_film.HEIGHT :]
    assert (foot < 100).any()
    words = film.settings(SHORT)
    for part in ("Mlp", "code 3", "hidden 8", "dropout 0.1", "GaussianNoise", "Adam", "seed 7", "epochs 2", "Digits"):
        assert part in words


def test_both_films_are_made_and_told_of(carried: tuple[Store, str]) -> None:
    store, run = carried
    assert film.read(store, run) is None
    film.make(store, run)
    assert film.read(store, run) == film.Progress(8, 1, 1, made=True)
    folder = store.path(run)
    assert (folder / "film.mp4").read_bytes()[4:8] == b"ftyp"
    with Image.open(folder / "film.gif") as opened:
        assert opened.format == "GIF"
        assert getattr(opened, "n_frames", 1) == 3


def test_without_an_encoder_the_other_film_is_there_and_the_reason_is_told(
    carried: tuple[Store, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = carried
    run = carry_out(store, replace(SHORT, seed=3)).id

    def none(frames: object, fps: float) -> bytes:
        raise AevizError("No encoder here.")

    monkeypatch.setattr("aeviz.views.film.mp4", none)
    film.make(store, run)
    progress = film.read(store, run)
    assert progress is not None
    assert (progress.made, progress.message) == (False, "No encoder here.")
    assert (store.path(run) / "film.gif").exists()


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(data=Toys(points=100), model=Mlp(code=1, hidden=(8,)), epochs=1, batch_size=32),
        Recipe(data=Toys(figure="swiss roll", points=100), model=Vae(code=2, hidden=(8,)), epochs=1, batch_size=32),
        replace(SHORT, model=Mlp(hidden=(8,), code=3, activation="sigmoid"), training=Greedy(layer_epochs=1)),
        replace(SHORT, model=Vae(hidden=(8,))),
    ],
    ids=["points", "samples of points", "stages", "samples"],
)
def test_every_kind_of_run_can_be_filmed(store: Store, recipe: Recipe) -> None:
    run = carry_out(store, recipe)
    frames = film.filmed(store, run)
    assert len(frames) == len(store.frames(run.id)) + film.REST
    assert frames[0].shape[1] > training_film.HEIGHT


def test_codes_that_are_no_numbers_are_drawn_too() -> None:
    points = [np.array([[np.nan, 1], [np.inf, 0]], np.float32)]
    assert pen.box_of(points) == (-1, -1, 1, 1)
    low, _, high, _ = pen.box_of([np.array([[0, 0], [2, 1]], np.float32)])
    assert low < 0.05
    assert high > 1.95


def test_from_the_command_line(carried: tuple[Store, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, run = carried
    for ending in ("mp4", "gif"):
        out = tmp_path / f"film.{ending}"
        assert main(["film", run, "--store", str(store.folder), "--out", str(out)]) == 0
        assert out.stat().st_size > 5000
    assert "film.gif: " in capsys.readouterr().out
    assert main(["film", run, "--store", str(store.folder), "--out", str(tmp_path / "film.avi")]) == 1
    assert "films are written as .mp4 or .gif" in capsys.readouterr().err
    assert main(["film", run, "--store", str(store.folder), "--out", str(tmp_path / "no" / "film.gif")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_run_without_frames_says_so(store: Store) -> None:
    run = store.add(SHORT)
    with pytest.raises(StoreError, match="no frames yet"):
        film.filmed(store, store.run(run))
    film.make(store, run)
    progress = film.read(store, run)
    assert progress is not None
    assert "no frames yet" in progress.message
    assert json.loads((store.path(run) / film.FILE).read_bytes())["made"] is False
