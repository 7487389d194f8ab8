"""The film of a training on Train: asked for, failed, made, and outdated."""

import json
from collections.abc import Mapping
from dataclasses import asdict

import pytest
from streamlit.testing.v1 import AppTest

from aeviz.runs import film
from aeviz.runs.store import Store
from aeviz.ui import errands
from tests.pages.explored import page, ran

Runs = Mapping[str, str]


def offered(at: AppTest) -> list[str]:
    """The labels of what can be downloaded."""
    return [each.proto.label for each in at.get("download_button")]


def tell(store: Store, run: str, progress: film.Progress) -> None:
    (store.path(run) / film.FILE).write_text(json.dumps(asdict(progress)))


def test_a_film_is_asked_for_made_and_offered(runs: Runs, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs["code of 2"]
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(errands, "begin", lambda module, run: asked.append((module, run)))
    at = page("train", run=run)
    assert not any("Film" in label for label in offered(at))
    at.button(key="train.film").click()
    ran(at)
    assert asked == [("aeviz.runs.film", run)]
    film.make(store, run)
    assert [label for label in offered(ran(at)) if "Film" in label] == ["Film as MP4", "Film as GIF"]
    tell(store, run, film.Progress(0, 1, 1, made=True))
    assert "The run has learned more since this film was made." in [each.value for each in ran(at).caption]


def test_what_went_wrong_is_said(runs: Runs, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs["code of 1"]
    tell(store, run, film.Progress(0, 1, 1, message="No film can be made."))
    at = page("train", run=run)
    assert [each.value for each in at.error] == ["No film can be made."]
    tell(store, run, film.Progress(3, 2, 9))
    assert any("not finished" in each.value for each in ran(at).caption)
    monkeypatch.setattr(errands, "at_work", lambda module, run: True)
    ran(at)
    assert at.button(key="train.film").disabled
    assert "Drawing frame 2 of 9" in str([each.proto for each in at.get("progress")])
