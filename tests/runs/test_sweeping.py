"""Sweeps carried out by an engine: what is there is not trained again, what was lost is, and all of it is told."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aeviz.__main__ import main
from aeviz.errors import StoreError
from aeviz.runs.engines import Local
from aeviz.runs.store import Store
from aeviz.runs.sweeping import Progress, carry_out, path_of, sweeps, swept
from aeviz.runs.worker import work
from aeviz.sweep import Sweep

BASE: dict[str, Any] = {"model": {"kind": "Mlp", "hidden": [8]}, "epochs": 2, "batch_size": 500}
SWEEP = Sweep.from_json({"base": BASE, "over": {"model.code": [1, 2]}, "seeds": 2})


class InThread:
    """An engine whose only worker is a thread of the test."""

    workers = 1

    @contextlib.contextmanager
    def working(self, store: Store) -> Iterator[Callable[[], None]]:
        ended = threading.Event()
        thread = threading.Thread(target=work, args=(store, ended))
        thread.start()
        try:
            yield lambda: None
        finally:
            ended.set()
            thread.join(30)


def test_every_point_and_seed_is_trained_once_and_never_again(store: Store) -> None:
    heard: list[Progress] = []
    found = carry_out(store, SWEEP, InThread(), heard.append)
    rows = found.rows()
    assert [(row["point"]["model.code"], row["seed"]) for row in rows] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert all(row["status"] == "finished" and row["test"]["loss"] > 0 for row in rows)
    assert (heard[-1].done, heard[-1].total, heard[-1].running) == (4, 4, 0)
    again = carry_out(store, SWEEP, InThread())
    assert again.rows() == rows
    assert len(store.runs()) == 4
    wider = Sweep.from_json(SWEEP.to_json() | {"over": {"model.code": [1, 2, 3]}})
    assert len(carry_out(store, wider, InThread()).rows()) == 6
    assert len(store.runs()) == 6, "the four that are there serve both sweeps"
    assert sweeps(store) == {wider.id(): wider, SWEEP.id(): SWEEP}
    assert swept(store, SWEEP).rows() == rows


def test_what_was_stopped_or_failed_is_trained_again(store: Store) -> None:
    lost = store.add(SWEEP.recipes({"model.code": 1})[0])
    store.want(lost, "stop")
    found = carry_out(store, SWEEP, InThread())
    assert lost not in [row["run"] for row in found.rows()]
    assert all(row["status"] == "finished" for row in found.rows())


def test_an_interrupted_sweep_goes_on(store: Store) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    # Two runs are over at once, and two cannot be before the first look.
    wanted = Sweep.from_json({"base": BASE, "over": {"epochs": [1, 600]}, "seeds": 2})
    first = carry_out(store, wanted, InThread(), interrupt)
    assert first.interrupted and 0 < sum(row["status"] == "finished" for row in first.rows()) < 4
    kept = {row["run"] for row in first.rows()}
    found = carry_out(store, wanted, InThread())
    assert not found.interrupted
    assert {row["run"] for row in found.rows()} == kept, "the same runs, those that were begun among them"


def test_optuna_is_told_the_mean_over_seeds_and_remembers_its_points(store: Store) -> None:
    over = {"SparseL1.weight": {"low": 0.01, "high": 10}}
    wanted = Sweep.from_json({"base": BASE, "over": over, "search": {"kind": "Optuna", "runs": 3}, "seeds": 2})
    found = carry_out(store, wanted, InThread())
    assert len(found.trials) == 3 and len(found.rows()) == 6
    assert json.loads(path_of(store, wanted.id()).read_text())["points"] == [each.point for each in found.trials]
    assert carry_out(store, wanted, InThread()).rows() == found.rows()
    assert len(store.runs()) == 6


def test_a_diverged_run_is_a_result_and_not_tried_again(store: Store) -> None:
    wild = {"kind": "SGD", "learning_rate": 10}
    base = {"model": {"kind": "Mlp", "likelihood": "gaussian"}, "optimizer": wild, "epochs": 3}
    wanted = Sweep.from_json({"base": base, "over": {"seed": [0]}})
    found = carry_out(store, wanted, InThread())
    assert found.rows()[0]["status"] == "diverged" and found.trials[0].score("loss") is None
    assert carry_out(store, wanted, InThread()).rows() == found.rows()


def test_processes_train_a_sweep_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(SWEEP.to_json()))
    assert main(["sweep", str(path), "--store", str(tmp_path / "store"), "--json", "--workers", "2"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["finished"] and len(told["runs"]) == 4
    assert told["points"][1]["test"]["loss"]["sd"] > 0
    assert "plotly" in Path(told["plot"]).read_text()[:5_000_000].lower()
    assert main(["sweep", str(path), "--store", str(tmp_path / "store")]) == 0
    table = capsys.readouterr().out
    assert "★" in table and "2/2" in table and "model.code" in table


def test_a_sweep_that_cannot_be_read_or_kept_ends_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    for path, words in ((tmp_path / "none.json", "cannot be read"), (broken, "not valid JSON")):
        assert main(["sweep", str(path), "--store", str(tmp_path / "store")]) == 1
        assert words in capsys.readouterr().err
    assert not (tmp_path / "store").exists(), "nothing was written"

    def full(*arguments: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    store = Store(tmp_path / "store")
    monkeypatch.setattr("aeviz.runs.sweeping.write", full)
    with pytest.raises(StoreError, match="No space left"):
        carry_out(store, SWEEP, Local(1))
