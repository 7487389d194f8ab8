"""Same recipe, same run: alone, beside others, watched, taken over by another worker, or after a crash."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from aeviz.data.pairings import GaussianNoise, MaskingNoise
from aeviz.data.toys import Toys
from aeviz.learning import SGD, Adam, Greedy
from aeviz.models import Aae, ConvGan, Gan, Mlp, ModelSpec, Vae
from aeviz.recipe import Recipe
from aeviz.runs import job as job_module
from aeviz.runs.experiment import (
    MOST_FRAMES,
    POINTS,
    RENEWED,
    SAMPLES,
    SHOWN_POINTS,
    Experiment,
    frame_epochs,
    shown,
)
from aeviz.runs.local import carry_out
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.seeds import generator
from aeviz.views import probes
from tests.patience import SECONDS
from tests.runs.watched import RECIPE, SMALL, STEPS, check_same, claimed, finish, waited_for


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """The recipe carried out without any disturbance."""
    store = Store(tmp_path_factory.mktemp("reference"))
    run = carry_out(store, RECIPE)
    assert run.status == "finished"
    return store, run.id


def test_a_run_leaves_a_row_for_every_epoch_and_its_frames(reference: tuple[Store, str]) -> None:
    store, run = reference
    rows, offset = store.history(run)
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert [row["step"] for row in rows] == [0, 4, 8, 12, 16, 20]
    assert offset == (store.path(run) / "history.jsonl").stat().st_size
    assert store.frames(run) == [0, 4, 8, 12, 16, 20]
    row = store.run(run)
    assert (row.epoch, row.step, row.steps) == (5, 20, STEPS)
    assert row.seconds > 0
    assert row.summary["test"]["loss"] == pytest.approx(rows[-1]["test"]["loss"], rel=1e-6)
    assert row.summary["test"]["mse"] > 0
    scene, metadata = store.read(run, "scene")
    assert scene["inputs"].shape == scene["targets"].shape == (10, 1, 8, 8)
    assert not np.array_equal(scene["inputs"], scene["targets"])
    assert json.loads(metadata["classes"]) == list("0123456789")
    arrays, frame_metadata = store.read(run, "frames/00000020")
    assert arrays["points"].shape == (POINTS, 2)
    assert arrays["reconstructions"].dtype == np.uint8
    assert json.loads(frame_metadata["losses"]) == {"train": rows[-1]["train"], "test": rows[-1]["test"]}
    assert not (store.path(run) / "checkpoint.safetensors").exists()


def test_the_same_recipe_gives_the_same_run_bit_for_bit_and_another_seed_another(
    store: Store, reference: tuple[Store, str]
) -> None:
    check_same(store, carry_out(store, RECIPE).id, *reference)
    other = carry_out(store, replace(RECIPE, seed=8))
    assert store.history(other.id)[0] != reference[0].history(reference[1])[0]


def test_runs_that_take_turns_in_one_worker_do_not_disturb_each_other(
    store: Store, reference: tuple[Store, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "SLICE", 1e-3)
    others = (Recipe(model=Vae(hidden=(8,)), epochs=3, batch_size=500), RECIPE)
    with store.worker() as worker:
        runs = [store.add(recipe) for recipe in (RECIPE, *others)]
        jobs = [claimed(store, worker) for _ in runs]
        finish(store, *jobs)
    check_same(store, runs[0], *reference)
    check_same(store, runs[2], *reference)


def test_watching_a_run_changes_nothing_of_it(
    store: Store, reference: tuple[Store, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "SLICE", 1e-3)
    monkeypatch.setattr(job_module, "LIVE_INTERVAL", 0.0)
    run = store.add(RECIPE)
    with store.worker() as worker:
        job = claimed(store, worker)
        while not store.run(run).ended:
            store.watch(run)
            job.turn(store.run(run))
    assert (store.path(run) / "live.safetensors").exists()
    check_same(store, run, *reference)


def test_pausing_and_stepping_change_nothing_but_add_frames(store: Store, reference: tuple[Store, str]) -> None:
    run = store.add(RECIPE)
    store.want(run, "pause")
    with store.worker() as worker:
        job = claimed(store, worker)
        for step in range(1, 7):
            store.grant(run)
            job.turn(store.run(run))
            row = store.run(run)
            assert (row.status, row.step, row.granted) == ("paused", step, 0)
            assert step in store.frames(run)
        for between in (1, 2, 3, 5, 6):
            store.frame_path(run, between).unlink()
        store.want(run, "run")
        finish(store, job)
    check_same(store, run, *reference)


RECIPES = [
    RECIPE,
    replace(RECIPE, model=Vae(hidden=(8,), code=4), optimizer=SGD(schedule="steps"), pairing=MaskingNoise()),
    replace(RECIPE, model=Aae(hidden=(8,))),
    replace(RECIPE, model=Gan(hidden=(8,), code=3), optimizer=Adam(beta1=0.5)),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=["adam", "sgd", "aae", "gan"])
@pytest.mark.parametrize("epochs_before", [0, 1, 3])
def test_a_run_that_another_worker_takes_over_goes_on_from_its_checkpoint(
    store: Store, recipe: Recipe, epochs_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = carry_out(store, recipe)
    monkeypatch.setattr(job_module, "CHECKPOINT_INTERVAL", 0.0)
    run = store.add(recipe)
    with store.worker() as worker:  # dies in the middle of an epoch, with nothing said
        job = claimed(store, worker)
        store.want(run, "pause")
        store.grant(run, STEPS * epochs_before + 2)
        while store.run(run).granted:
            job.turn(store.run(run))
        assert store.run(run).step == STEPS * epochs_before + 2
    store.want(run, "run")
    with store.worker() as worker:
        job = claimed(store, worker)
        assert store.run(run).epoch == epochs_before
        finish(store, job)
    for step in store.frames(run):
        if step % STEPS:
            store.frame_path(run, step).unlink()
    check_same(store, run, store, whole.id)


@pytest.mark.parametrize("steps", [0, STEPS - 1, STEPS, STEPS + 1, 2 * STEPS, 5 * STEPS])
def test_a_run_that_is_handed_over_at_any_step_loses_no_row(
    store: Store, reference: tuple[Store, str], steps: int
) -> None:
    run = store.add(RECIPE)
    store.want(run, "pause")
    with store.worker() as worker:
        job = claimed(store, worker)
        store.grant(run, steps)
        while store.run(run).granted:
            job.turn(store.run(run))
        job.hand_over()
    store.want(run, "run")
    with store.worker() as worker:
        finish(store, claimed(store, worker))
    for step in store.frames(run):
        if step % STEPS:
            store.frame_path(run, step).unlink()
    check_same(store, run, *reference)


def test_a_handed_over_run_keeps_its_epochs(store: Store) -> None:
    run = store.add(RECIPE)
    with store.worker() as worker:
        job = claimed(store, worker)
        for event in job.events:
            job._take(event)
            if job.measured and job.measured.epoch == 2:
                break
        job.hand_over()
    with store.worker() as worker:
        claimed(store, worker)
        assert (store.run(run).epoch, store.run(run).step) == (2, 2 * STEPS)
        assert [row["epoch"] for row in store.history(run)[0]] == [0, 1, 2]


def test_a_damaged_checkpoint_means_starting_again(store: Store, reference: tuple[Store, str]) -> None:
    run = store.add(RECIPE)
    (store.path(run) / "checkpoint.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{broken")
    with store.worker() as worker:
        job = claimed(store, worker)
        assert store.run(run).epoch == 0
        finish(store, job)
    check_same(store, run, *reference)


def test_runs_on_the_same_data_share_one_copy() -> None:
    first, second = (Experiment.prepare(replace(RECIPE, seed=seed)) for seed in (1, 2))
    assert first.stage.train.x.data_ptr() == second.stage.train.x.data_ptr()
    before = first.dataset.train.x.copy()
    for _ in first.events():
        pass
    assert np.array_equal(before, second.dataset.train.x)


def test_frames_are_kept_after_every_epoch_when_few_and_denser_at_the_start_when_many() -> None:
    assert frame_epochs([5]) == {0, 1, 2, 3, 4, 5}
    for epochs in (MOST_FRAMES, 1000, 100_000):
        kept = sorted(frame_epochs([epochs]))
        assert len(kept) <= MOST_FRAMES + 1
        assert (kept[0], kept[-1]) == (0, epochs)
        assert kept[1] == 1
        assert sum(each <= epochs / 10 for each in kept) > 0.15 * len(kept)
    assert frame_epochs([2, 3]) == {0, 1, 2, 3, 4, 5}
    assert {0, 900, 1000} <= frame_epochs([900, 100])


# A real crash


@pytest.fixture
def workers(store: Store) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Worker processes, ended at the end of the test."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def start(store: Store) -> subprocess.Popen[bytes]:
    """A worker process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "aeviz.runs.worker", "--store", str(store.folder)],
        stdin=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1", "AEVIZ_DEVICE": "cpu"},
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", [SMALL, Gan(hidden=(8,), code=3)], ids=lambda each: each.kind())
def test_a_worker_killed_in_the_middle_of_training_costs_nothing(
    store: Store, workers: list[subprocess.Popen[bytes]], model: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEVIZ_DEVICE", "cpu")
    recipe = Recipe(model=model, pairing=GaussianNoise(), optimizer=Adam(), epochs=60, batch_size=400)
    run = store.add(recipe, pace=8)  # slow enough for a checkpoint to come before the end
    workers.append(start(store))
    checkpoint = store.path(run) / "checkpoint.safetensors"
    patience = time.monotonic() + SECONDS
    while not checkpoint.exists() and time.monotonic() < patience:
        time.sleep(0.02)
    time.sleep(0.3)
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait()
    row = store.run(run)
    assert row.status == "running", "nobody could say that it was killed"
    assert checkpoint.exists()
    assert 0 < row.epoch < 60

    store.set_pace(run, 0)
    workers.append(start(store))
    end = waited_for(store, run, "finished", "failed", "diverged", seconds=60)
    assert (end.status, end.epoch) == ("finished", 60)
    whole = carry_out(store, recipe)
    check_same(store, run, store, whole.id)
    assert workers[1].stdin is not None
    workers[1].stdin.close()
    assert workers[1].wait(20) == 0, "a worker ends when its standard input does"
    workers[1].stdin = None


def test_a_code_of_one_number_has_one_axis(store: Store) -> None:
    narrow = carry_out(store, replace(RECIPE, model=Mlp(hidden=(8,), code=1), epochs=1))
    assert json.loads(store.read(narrow.id, "frames/00000000")[1]["axes"]) == ["z₁", ""]


@pytest.mark.parametrize("code", [2, 5])
def test_live_looks_take_the_codes_anew_in_turn(code: int) -> None:
    experiment = Experiment.prepare(replace(RECIPE, model=Mlp(hidden=(8,), code=code)))
    seen = experiment.frame(live=True)["points"]
    assert np.array_equal(seen, experiment.frame()["points"])
    with torch.no_grad():
        for weight in experiment.model.parameters():
            weight.add_(0.1)
    whole = experiment.frame()["points"]
    assert not np.allclose(whole, seen)
    for _ in range(POINTS // RENEWED):
        assert not np.allclose(seen, whole)
        seen = experiment.frame(live=True)["points"]
    assert np.allclose(seen, whole)


@pytest.mark.parametrize(
    "model", [Vae(hidden=(8,)), Aae(hidden=(8,)), ConvGan(channels=(4,))], ids=lambda each: each.kind()
)
def test_every_frame_of_a_model_with_a_prior_shows_what_it_makes_of_the_same_draws(
    store: Store, model: ModelSpec
) -> None:
    run = carry_out(store, replace(RECIPE, model=model, epochs=2))
    frames = [store.read(run.id, f"frames/{step:08d}")[0] for step in store.frames(run.id)]
    assert all(frame["samples"].shape == (SAMPLES, 1, 8, 8) for frame in frames)
    assert all(frame["samples"].dtype == np.uint8 for frame in frames)
    opened = open_run(store, run.id).model
    z = opened.prior(SAMPLES, generator(RECIPE.seed, "samples")).numpy()  # type: ignore[operator]
    assert np.array_equal(frames[-1]["samples"], shown(probes.decoded(opened, z)))
    assert not np.array_equal(frames[0]["samples"], frames[-1]["samples"])


def test_samples_of_points_are_points_and_without_a_prior_there_are_none(store: Store) -> None:
    toys = Recipe(data=Toys(points=400), model=Gan(code=2, hidden=(8,)), epochs=1, batch_size=32)
    samples = store.read(carry_out(store, toys).id, "frames/00000000")[0]["samples"]
    assert samples.shape == (SHOWN_POINTS, 2)
    assert samples.dtype == np.float32
    plain = carry_out(store, replace(RECIPE, epochs=1))
    assert "samples" not in store.read(plain.id, "frames/00000000")[0]


@pytest.mark.parametrize(("stage", "done"), [(0, 2), (1, 1), (2, 1)])
def test_a_run_of_several_stages_that_is_taken_over_leaves_the_same_files(store: Store, stage: int, done: int) -> None:
    stacked = Mlp(hidden=(8,), code=3, activation="sigmoid")
    recipe = replace(RECIPE, model=stacked, training=Greedy(layer_epochs=2), epochs=2)
    whole, run = carry_out(store, recipe).id, store.add(recipe)
    with store.worker() as worker:
        job = claimed(store, worker)
        for event in job.events:
            job._take(event)
            if job.measured and (job.measured.stage, job.measured.done) == (stage, done):
                break
        job.hand_over()
    with store.worker() as worker:
        finish(store, claimed(store, worker))
    check_same(store, run, store, whole)
    for number in (0, 1):
        (ours, place), (theirs, other) = (store.read(each, f"stage-{number}") for each in (run, whole))
        assert place == other
        assert all(np.array_equal(value, theirs[name]) for name, value in ours.items())
