"""Moments of a training: which are kept, that they are what the model was, and that they can be opened."""

import shutil
from collections import OrderedDict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from aeviz.data.pairings import Clean
from aeviz.errors import StoreError
from aeviz.learning import Greedy
from aeviz.models import Mlp
from aeviz.runs import moments as moments_module
from aeviz.runs import opened as opened_module
from aeviz.runs.experiment import POINTS, Experiment, frame_epochs, shown
from aeviz.runs.local import carry_out
from aeviz.runs.moments import MOST_BYTES, MOST_MOMENTS, Moment, moment_epochs, moments
from aeviz.runs.opened import open_run
from aeviz.runs.projector import name_of, project
from aeviz.runs.store import Store
from aeviz.views import probes
from aeviz.views.projections import plane, procrustes
from tests.runs.watched import RECIPE, SMALL, STEPS, check_same, claimed, finish

PLAIN = replace(RECIPE, pairing=Clean())


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """A finished run of five epochs with a code of three numbers."""
    store = Store(tmp_path_factory.mktemp("moments"))
    return store, carry_out(store, PLAIN).id


@pytest.mark.parametrize("epochs", [1, 5, 60, 1000])
@pytest.mark.parametrize("size", [0, 1000, MOST_BYTES // 10, MOST_BYTES // 3, 2 * MOST_BYTES])
def test_moments_are_of_the_film_and_fit(epochs: int, size: int) -> None:
    film = sorted(frame_epochs([epochs]))
    kept = sorted(moment_epochs(film, size))
    assert set(kept) <= set(film)
    assert kept[0] == 0
    assert film[-1] not in kept, "the last is the model itself"
    assert (len(kept) + 1) * size <= MOST_BYTES or kept == [0]
    if size <= 1000:
        assert len(kept) == min(len(film), MOST_MOMENTS) - 1
    gaps = [film.index(late) - film.index(early) for early, late in pairwise([*kept, film[-1]])]
    assert max(gaps) - min(gaps) <= 1, "spread over all of the film"


def test_every_moment_is_the_model_that_its_frame_shows(carried: tuple[Store, str]) -> None:
    store, run = carried
    assert moments(store, run) == [Moment(STEPS * epoch, epoch) for epoch in range(5)]
    assert moments(store, run)[4].name == "epoch 4"
    rows, seen = Experiment.prepare(PLAIN).probe_rows(), set()
    for step in store.moments(run):
        opened = open_run(store, run, step)
        assert (opened.step, opened.moment) == (step, step)
        frame, _ = store.read(run, f"frames/{step:08d}")
        now = shown(probes.reconstructions(opened.model, opened.dataset.test.x[rows]))
        assert np.array_equal(now, frame["reconstructions"])
        seen.add(now.tobytes())
    assert len(seen) == 5
    newest = open_run(store, run)
    assert (newest.step, newest.moment) == (STEPS * 5, None)


def test_a_large_model_keeps_fewer_moments(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(value.nbytes for value in Experiment.prepare(PLAIN).weights().values())
    monkeypatch.setattr(moments_module, "MOST_BYTES", 3 * size)
    assert [each.epoch for each in moments(store, carry_out(store, PLAIN).id)] == [0, 2]


def test_a_run_taken_over_has_the_moments_of_one_that_was_not(carried: tuple[Store, str], store: Store) -> None:
    run = store.add(PLAIN)
    with store.worker() as worker:
        job = claimed(store, worker)
        for event in job.events:
            job._take(event)
            if job.measured and job.measured.epoch == 2:
                break
        job.hand_over()
        # What the worker that died had written after its checkpoint is told again.
        (store.path(run) / f"weights/{4 * STEPS:08d}.safetensors").write_bytes(b"of another story")
    with store.worker() as worker:
        job = claimed(store, worker)
        assert store.moments(run) == [0, STEPS, 2 * STEPS]
        finish(store, job)
    check_same(store, run, *carried)


def test_moments_of_several_stages_say_which(store: Store) -> None:
    stacked = Mlp(hidden=(8,), code=3, activation="sigmoid")
    run = carry_out(store, replace(PLAIN, model=stacked, training=Greedy(layer_epochs=2), epochs=2)).id
    names = [each.name for each in moments(store, run)]
    assert names == [f"epoch {epoch} · {name}" for epoch, name in enumerate(stage_names(store, run))][: len(names)]
    assert len(set(names)) == len(names) == 6
    ended, _ = store.read(run, "stage-0")
    opened = open_run(store, run, moments(store, run)[2].step).model.state_dict()
    assert all(np.array_equal(value, opened[name].numpy()) for name, value in ended.items())


def stage_names(store: Store, run: str) -> list[str]:
    """The stage of each epoch; a row that tells of an epoch again at the start of the next stage does not count."""
    told = Experiment.prepare(store.run(run).recipe)
    rows, _ = store.history(run)
    first: dict[int, str] = {}
    for row in rows:
        first.setdefault(row["epoch"], told.stages[row["stage"]].name)
    return list(first.values())


def test_a_run_of_an_earlier_version_still_opens(carried: tuple[Store, str], store: Store) -> None:
    run = carry_out(store, PLAIN).id
    shutil.rmtree(store.path(run) / "weights")
    assert moments(store, run) == []
    assert open_run(store, run).step == STEPS * 5


def test_what_was_not_kept_or_is_broken_is_said_in_words(store: Store) -> None:
    run = carry_out(store, PLAIN).id
    (store.path(run) / f"weights/{STEPS:08d}.safetensors").write_bytes(b"cut")
    assert [each.epoch for each in moments(store, run)] == [0, 2, 3, 4]
    with pytest.raises(StoreError, match="kept no weights of step 3"):
        open_run(store, run, 3)
    with pytest.raises(StoreError, match="cannot be read"):
        open_run(store, run, STEPS)


def test_the_plane_lies_as_the_film_drew_it(carried: tuple[Store, str]) -> None:
    store, run = carried
    for step in [*store.moments(run), None]:
        opened = open_run(store, run, step)
        frame, _ = store.read(run, f"frames/{opened.step:08d}")
        drawn = opened.plane.project(opened.codes)
        assert procrustes(drawn[:POINTS], frame["points"]) == pytest.approx(np.eye(2), abs=1e-3), "nothing to turn"
        own = plane(opened.codes)
        spans = [each.basis @ each.basis.T for each in (own, opened.plane)]
        assert spans[0] == pytest.approx(spans[1], abs=1e-5), "turned within the plane of the principal axes"


def test_opened_moments_are_kept_while_they_are_small(carried: tuple[Store, str], monkeypatch) -> None:
    store, run = carried
    first, newest = open_run(store, run, 0), open_run(store, run)
    assert open_run(store, run, 0) is first
    monkeypatch.setattr(opened_module, "_kept", OrderedDict())
    monkeypatch.setattr(opened_module, "KEPT", 2)
    monkeypatch.setattr(opened_module, "KEPT_BYTES", 1)
    opened = [open_run(store, run, step) for step in store.moments(run)]
    open_run(store, run)
    assert open_run(store, run, 4 * STEPS) is opened[4]
    assert open_run(store, run, 0) is not opened[0], "the oldest went for want of room"
    assert newest.step == 5 * STEPS


def test_a_picture_of_neighbours_is_made_of_the_moment_that_was_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = carry_out(store, replace(PLAIN, model=SMALL)).id
    monkeypatch.setattr("aeviz.views.projections.umap", lambda z, seed: z[:, :2].copy())
    for moment in (0, None):
        opened = open_run(store, run, moment)
        store.request_projection(run, opened.step)
        project(store, run, opened.step)
        assert np.array_equal(store.read(run, name_of(opened.step))[0]["points"], opened.codes[:, :2])
