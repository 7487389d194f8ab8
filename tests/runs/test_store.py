"""The store: names and ids, concurrency, ownership, and files that are whole or not there."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from aeviz.errors import RecipeError, SettingError, StoreError
from aeviz.learning import SparseKl
from aeviz.recipe import Recipe, read_recipe
from aeviz.runs.database import SCHEMA
from aeviz.runs.files import packed, unpacked, write
from aeviz.runs.local import carry_out, train
from aeviz.runs.opened import open_run
from aeviz.runs.store import ID, LONGEST_NAME, Store, plain
from tests.runs.watched import RECIPE


def together(count: int, action: Callable[[int], Any]) -> list[Any]:
    """The results of `action` from so many threads that start at one moment."""
    barrier = threading.Barrier(count)

    def act(number: int) -> Any:
        barrier.wait()
        return action(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(act, range(count)))


# Adding and finding


def test_an_added_run_is_queued_with_its_recipe(store: Store) -> None:
    run = store.add(RECIPE, "First try")
    row = store.run(run)
    assert ID.fullmatch(run)
    assert run.startswith(RECIPE.id())
    assert (row.status, row.wanted, row.name, row.recipe) == ("queued", "run", "First try", RECIPE)
    assert (row.epoch, row.step, row.granted, row.worker, row.message) == (0, 0, 0, None, "")
    assert not row.ended
    assert read_recipe((store.path(run) / "recipe.json").read_bytes()) == RECIPE
    assert store.history(run) == ([], 0)
    assert store.frames(run) == []


def test_runs_are_listed_newest_first_and_by_status(store: Store) -> None:
    runs = [store.add(replace(RECIPE, seed=seed)) for seed in range(3)]
    assert [row.id for row in store.runs()] == runs[::-1]
    store.want(runs[1], "stop")
    assert [row.id for row in store.runs(["stopped"])] == [runs[1]]
    assert [row.id for row in store.runs(["queued", "stopped"])] == runs[::-1]
    assert store.runs([]) == []
    assert [store.waiting_before(store.run(run)) for run in (runs[0], runs[2])] == [0, 1]


def test_a_recipe_that_does_not_fit_together_is_not_added(store: Store) -> None:
    with pytest.raises(RecipeError):
        store.add(replace(RECIPE, terms=(SparseKl(),)))
    assert store.runs() == []
    assert os.listdir(store.folder / "runs") == []


BAD_IDS = [
    "", ".", "..", "../../etc/passwd", "0123456789ab-01234", "0123456789ab-0123456", "0123456789AB-012345",
    "0123456789ab-012345\n", "0123456789ab-012345/..", "0123456789ab_012345", "<script>", "\0",
    "'; DROP TABLE runs; --", "٠١٢٣٤٥٦٧٨٩ab-٠١٢٣٤٥",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_id_that_is_not_of_its_form_names_nothing(store: Store, bad: str) -> None:
    attempts: tuple[Callable[[], object], ...] = (
        lambda: store.path(bad),
        lambda: store.run(bad),
        lambda: store.history(bad),
        lambda: store.frames(bad),
        lambda: store.read(bad, "model"),
        lambda: open_run(store, bad),
    )
    for attempt in attempts:
        with pytest.raises(StoreError) as caught:
            attempt()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 120


def test_an_unknown_run_is_an_error_in_words(store: Store) -> None:
    with pytest.raises(StoreError, match="There is no run '0123456789ab-012345' in this store"):
        store.run("0123456789ab-012345")
    with pytest.raises(StoreError, match="There is no run"):
        open_run(store, "0123456789ab-012345")


# Names


def test_a_name_is_one_line_of_visible_characters(store: Store) -> None:
    run = store.add(RECIPE)
    for given, kept in {
        "  two   words ": "two words",
        "one\ntwo\tthree\r\nfour": "one two three four",
        "left\u202eright\u200b\x07\x1b[31m": "leftright[31m",
        "<b>Möwe</b> & 猫 🐈": "<b>Möwe</b> & 猫 🐈",
        "'; DROP TABLE runs; --": "'; DROP TABLE runs; --",
        "": RECIPE.name(),
        "\0\n\t": RECIPE.name(),
    }.items():
        store.rename(run, given)
        assert store.run(run).name == kept
    store.rename(run, "x" * 10_000)
    assert store.run(run).name == "x" * LONGEST_NAME
    assert plain("a" * 79 + " \u200b " + "b" * 50) == plain(plain("a" * 79 + " \u200b " + "b" * 50))
    assert store.run(store.add(RECIPE, "\x00named\x7f")).name == "named"


# Folders that cannot be used


def test_a_file_in_place_of_the_folder_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a letter")
    for path in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(StoreError, match=r"cannot be used \(.*\)\. Choose a folder that you can write to\."):
            Store(path)


def test_a_file_that_is_no_database_is_refused_in_words_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "aeviz.db").write_text("my diary, not a database " * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)
    assert (tmp_path / "aeviz.db").read_text().startswith("my diary")


def test_a_store_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = store.add(RECIPE)
    with sqlite3.connect(tmp_path / "aeviz.db") as database:
        database.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    database.close()
    with pytest.raises(StoreError, match="newer aeviz"):
        Store(tmp_path)
    with sqlite3.connect(tmp_path / "aeviz.db") as database:
        database.execute(f"PRAGMA user_version = {SCHEMA}")
    database.close()
    assert Store(tmp_path).run(run).recipe == RECIPE


def test_a_store_that_breaks_later_says_so_in_words(store: Store) -> None:
    runs = store.folder / "runs"
    runs.rename(store.folder / "elsewhere")
    runs.write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        store.add(RECIPE)
    for leftover in store.folder.glob("aeviz.db*"):
        leftover.unlink()
    (store.folder / "aeviz.db").mkdir()
    for attempt in (store.runs, lambda: store.claim("w"), lambda: store.want("0123456789ab-012345", "stop")):
        with pytest.raises(StoreError, match="cannot be used"):
            attempt()


def test_an_opened_store_keeps_what_was_there(store: Store) -> None:
    run = store.add(RECIPE)
    assert Store(store.folder).run(run) == store.run(run)


# Many at once


def test_a_folder_opened_for_the_first_time_by_many_at_once_becomes_one_store(tmp_path: Path) -> None:
    stores = together(8, lambda _: Store(tmp_path / "new"))
    run = stores[0].add(RECIPE)
    assert all(store.run(run).recipe == RECIPE for store in stores)


def test_runs_added_by_eight_threads_at_once_are_all_there(store: Store) -> None:
    added = together(8, lambda number: [store.add(replace(RECIPE, seed=number)) for _ in range(4)])
    every = [run for runs in added for run in runs]
    assert len(set(every)) == 32
    assert {row.id for row in store.runs()} == set(every)
    assert all((store.path(run) / "recipe.json").exists() for run in every)


def test_every_queued_run_is_claimed_once_and_the_oldest_first(store: Store) -> None:
    runs = [store.add(RECIPE) for _ in range(12)]

    def claim_all(number: int) -> list[str]:
        mine = []
        while run := store.claim(f"worker {number}"):
            mine.append(run.id)
        return mine

    claimed = together(4, claim_all)
    assert sorted(run for each in claimed for run in each) == sorted(runs)
    for number, each in enumerate(claimed):
        assert each == [run for run in runs if run in each]
        assert {row.id for row in store.held(f"worker {number}")} == set(each)
    assert store.claim("late") is None


def test_rows_written_while_others_read_are_whole(store: Store) -> None:
    run = store.add(RECIPE)

    def act(number: int) -> list[int]:
        if number == 0:
            for epoch in range(200):
                store.append(run, [{"epoch": epoch, "filling": "x" * 500}])
            return []
        seen: list[int] = []
        offset = 0
        while len(seen) < 200:
            rows, offset = store.history(run, offset)
            seen += [row["epoch"] for row in rows]
        return seen

    _, first, second = together(3, act)
    assert first == second == list(range(200))


def test_half_a_line_is_not_read_before_its_end_is_there(store: Store) -> None:
    run = store.add(RECIPE)
    path = store.path(run) / "history.jsonl"
    path.write_bytes(b'{"epoch": 0}\n{"epo')
    assert store.history(run) == ([{"epoch": 0}], 13)
    path.write_bytes(b'{"epoch": 0}\n{"epoch": 1}\n')
    assert store.history(run, 13) == ([{"epoch": 1}], 26)
    assert store.history(run, 26) == ([], 26)


# Ownership


def test_what_a_worker_holds_goes_back_to_the_queue_when_it_ends(store: Store) -> None:
    run = store.add(RECIPE)
    with store.worker() as worker:
        claimed = store.claim(worker)
        assert claimed is not None
        assert (claimed.status, claimed.worker) == ("running", worker)
        assert store.workers() == [worker]
        Store(store.folder).adopt_orphans()
        assert store.run(run).worker == worker, "it lives"
    assert (store.run(run).status, store.run(run).worker) == ("queued", None)
    assert list((store.folder / "workers").iterdir()) == []


def test_the_runs_of_a_dead_worker_are_adopted_and_those_of_a_living_one_are_not(store: Store) -> None:
    script = (
        "import sys; from aeviz.runs.store import Store; store = Store(sys.argv[1])\n"
        "with store.worker() as name:\n    print(store.claim(name).id, flush=True); sys.stdin.read()"
    )
    run = store.add(RECIPE)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(store.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == run
        store.adopt_orphans()
        assert store.run(run).status == "running"
        process.kill()
        process.wait()
        store.adopt_orphans()
    assert (store.run(run).status, store.run(run).worker) == ("queued", None)
    assert store.workers() == []


def test_the_lock_of_a_worker_lies_in_the_store_and_is_really_held(store: Store) -> None:
    with store.worker() as worker:
        lock = FileLock(store.folder / "workers" / f"{worker}.lock")
        with pytest.raises(TimeoutError):
            lock.acquire(timeout=0)


# Files


def test_files_give_back_arrays_and_metadata(tmp_path: Path) -> None:
    mirrored = np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1]  # not contiguous
    arrays: dict[str, np.ndarray] = {"a": mirrored, "b": np.zeros((0, 2), np.uint8)}
    write(tmp_path / "x.safetensors", packed(arrays, {"step": "3", "losses": {"train": {"loss": 0.1}}}), durable=True)
    back, metadata = unpacked(tmp_path / "x.safetensors")
    assert all(np.array_equal(back[name], arrays[name]) and back[name].dtype == arrays[name].dtype for name in arrays)
    assert metadata["step"] == "3"
    assert json.loads(metadata["losses"]) == {"train": {"loss": 0.1}}


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "x", b"old", durable=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "x", b"new", durable=True)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"old"


def test_a_missing_cut_or_foreign_file_is_an_error_in_words(store: Store) -> None:
    run = carry_out(store, replace(RECIPE, epochs=1)).id
    path = store.path(run) / "model.safetensors"
    whole = path.read_bytes()
    for number, damaged in enumerate((whole[: len(whole) // 2], whole[:20], b"", b"not safetensors", whole[:8] * 50)):
        path.write_bytes(damaged)
        os.utime(path, ns=(number, number))
        with pytest.raises(StoreError, match=r"cannot be read .*Train the recipe again"):
            store.read(run, "model")
        with pytest.raises(StoreError, match=r"cannot be read .*Train the recipe again"):
            open_run(store, run)
    path.write_bytes(packed({"other": np.zeros(3, np.float32)}, {}))
    with pytest.raises(StoreError, match="cannot be read"):
        open_run(store, run)
    path.unlink()
    with pytest.raises(StoreError):
        store.read(run, "model")


def test_an_opened_run_is_shared_until_its_weights_change(store: Store) -> None:
    opened = train(replace(RECIPE, epochs=1), store.folder)
    run = opened.run.id
    assert open_run(store, run) is opened
    assert opened.step == 4
    assert not any(each.requires_grad for each in opened.model.parameters())
    np.testing.assert_allclose(opened.plane.project(opened.codes).mean(0), 0, atol=1e-4)
    path = store.path(run) / "model.safetensors"
    os.utime(path, ns=(1, 1))
    again = open_run(store, run)
    assert again is not opened
    assert np.array_equal(again.codes, opened.codes)


def test_a_recipe_from_another_version_is_an_error_in_words(store: Store) -> None:
    run = store.add(RECIPE)
    store.update(run, recipe=json.dumps(Recipe().to_json() | {"model": {"kind": "Gone"}}))
    with pytest.raises(SettingError, match="no model 'Gone'"):
        store.run(run)
    other = store.add(RECIPE)
    assert [each.id for each in store.runs()] == [other], "the others can still be listed"
    assert store.claim("worker") is None
    assert store.counts() == {"failed": 1, "queued": 1}
    claimed = store.claim("worker")
    assert claimed is not None
    assert claimed.id == other
    assert [each.id for each in store.held("worker")] == [other]
