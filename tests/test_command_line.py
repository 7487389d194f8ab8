"""The command line: options, train, runs; exit codes and JSON."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import aeviz
from aeviz.__main__ import main, options
from aeviz.data import SOURCES
from aeviz.data.pairings import PAIRINGS
from aeviz.learning import OPTIMIZERS, TERMS
from aeviz.models import MODELS
from aeviz.recipe import Recipe
from aeviz.runs.store import ID, Store
from tests.patience import SECONDS

RECIPE: dict[str, Any] = {
    "model": {"kind": "Mlp", "hidden": [8]},
    "terms": ["SparseL1"],
    "epochs": 2,
    "batch_size": 500,
}
DIVERGING: dict[str, Any] = {
    "model": {"kind": "Mlp", "likelihood": "gaussian"},
    "optimizer": {"kind": "SGD", "learning_rate": 10},
    "epochs": 3,
}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A file with a small recipe."""
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(RECIPE))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the runs go."""
    return tmp_path / "store"


def test_options_list_every_variant_with_its_knobs_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    slots = {"data": SOURCES, "model": MODELS, "terms": TERMS, "pairing": PAIRINGS, "optimizer": OPTIMIZERS}
    for slot, variants in slots.items():
        assert [each["kind"] for each in printed[slot]] == [variant.kind() for variant in variants]
        for each in printed[slot]:
            assert set(each) >= {"kind", "doc", "knobs"}
            assert all(set(knob) >= {"name", "type", "range", "default"} for knob in each["knobs"])
    assert {knob["name"] for knob in printed["recipe"][0]["knobs"]} == {"epochs", "batch_size", "seed"}
    assert printed == json.loads(json.dumps(options()))


def test_options_without_json_name_every_variant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for variant in (*SOURCES, *MODELS, *TERMS, *PAIRINGS, *OPTIMIZERS):
        assert any(line.startswith(f"  {variant.kind()} ") for line in lines)


def test_train_ends_with_one_json_object_of_the_finished_run(
    recipe: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(recipe), "--store", str(folder), "--json", "--name", "My run"]) == 0
    printed = capsys.readouterr()
    summary = json.loads(printed.out.splitlines()[-1])
    assert printed.err == ""
    assert ID.fullmatch(summary["id"])
    assert summary["finished"] is True
    assert (summary["status"], summary["epochs"], summary["steps"]) == ("finished", 2, 6)
    assert summary["seconds"] > 0
    for part in ("train", "test"):
        losses = summary[part]
        assert losses.keys() == {"loss", "reconstruction", "SparseL1", "mse"}
        assert losses["loss"] == pytest.approx(losses["reconstruction"] + losses["SparseL1"], rel=1e-5)
        assert 0 < losses["mse"] < 1
    run = Store(folder).run(summary["id"])
    assert (run.name, run.recipe) == ("My run", Recipe.from_json(RECIPE))
    assert run.summary == {"train": summary["train"], "test": summary["test"]}


def test_the_same_recipe_gives_the_same_numbers(recipe: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summaries = []
    for _ in range(2):
        assert main(["train", str(recipe), "--store", str(folder), "--json"]) == 0
        summaries.append(json.loads(capsys.readouterr().out))
    assert summaries[0]["test"] == summaries[1]["test"]
    assert summaries[0]["train"] == summaries[1]["train"]
    assert summaries[0]["id"] != summaries[1]["id"]


def test_train_without_json_says_the_losses_in_words(
    recipe: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(recipe), "--store", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "finished after epoch 2" in out
    assert "reconstruction" in out
    assert "mse" in out


def test_a_run_that_diverges_is_reported_and_fails(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "diverging.json"
    path.write_text(json.dumps(DIVERGING))
    assert main(["train", str(path), "--store", str(folder), "--json"]) == 1
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["finished"] is False
    assert summary["status"] == "diverged"
    assert f"step {summary['steps']}" in summary["message"]


def test_runs_lists_what_a_store_holds(recipe: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", str(recipe), "--store", str(folder), "--json"])
    trained = json.loads(capsys.readouterr().out)
    queued = Store(folder).add(Recipe(), "Later")
    assert main(["runs", "--store", str(folder), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["id"], row["status"]) for row in rows] == [(queued, "queued"), (trained["id"], "finished")]
    assert rows[1]["test"] == trained["test"]
    assert rows[0]["test"] is None
    assert Recipe.from_json(rows[1]["recipe"]) == Recipe.from_json(RECIPE)
    assert main(["runs", "--store", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "Later" in lines[0]
    assert f"test loss {trained['test']['loss']:.4f}" in lines[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ('{"modle": 1}', "Did you mean model?"),
        ('{"terms": ["SparseKl"]}', "set its code_activation to sigmoid"),
        ('{"epochs": 0}', "Recipe.epochs = 0: must lie in [1, 100000]."),
    ],
)
def test_a_recipe_that_is_wrong_is_refused_in_words_with_exit_code_1(
    text: str, words: str, tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    assert main(["train", str(path), "--store", str(folder), "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("aeviz: ")
    assert words in printed.err
    assert "Traceback" not in printed.err


def test_files_and_folders_that_are_missing_are_named(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing"
    assert main(["train", str(missing), "--store", str(tmp_path / "s")]) == 1
    assert f"The recipe {missing} cannot be read" in capsys.readouterr().err
    assert main(["train", str(tmp_path), "--store", str(tmp_path / "s")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["runs", "--store", str(missing)]) == 1
    assert f"There is no store at {missing}" in capsys.readouterr().err
    assert not missing.exists(), "looking makes no store"
    assert main(["train", str(recipe), "--store", str(recipe)]) == 1
    assert "cannot be used" in capsys.readouterr().err


def test_measure_gives_name_value_and_unit_and_why_others_are_absent(
    recipe: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from aeviz.runs.opened import open_run
    from aeviz.views.measures import MEASURES

    main(["train", str(recipe), "--store", str(folder), "--json"])
    run = json.loads(capsys.readouterr().out)
    assert main(["measure", run["id"], "--store", str(folder), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["run"], printed["step"]) == (run["id"], run["steps"])
    assert {**printed["measures"], **printed["absent"]}.keys() == {each.name for each in MEASURES}
    # All 360 held-out digits, and no corruption in the recipe: the error is the one that training has measured.
    assert printed["measures"]["test_mse"] == {
        "value": pytest.approx(run["test"]["mse"], rel=1e-5),
        "unit": "per pixel",
    }
    assert printed["measures"]["test_nats"]["value"] == pytest.approx(run["test"]["reconstruction"], rel=1e-5)
    assert "no prior" in printed["absent"]["recall"]
    values = {name: each["value"] for name, each in printed["measures"].items()}
    assert open_run(Store(folder), run["id"]).measures() == pytest.approx(values)
    assert main(["measure", run["id"], "--store", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "Reconstruction" in out and f"{values['psnr']:.2f} dB" in out and "Not measured: MIG" in out


def test_what_cannot_be_measured_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "0123456789ab-012345", "--store", str(folder)]) == 1
    assert "There is no store" in capsys.readouterr().err
    queued = Store(folder).add(Recipe())
    assert main(["measure", queued, "--store", str(folder)]) == 1
    assert "cannot be looked at yet" in capsys.readouterr().err
    assert main(["measure", "../x", "--store", str(folder)]) == 1
    assert "There is no run" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["fly"], ["train"], ["options", "--colour"], ["measure"]])
def test_wrong_usage_has_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m aeviz" in capsys.readouterr().err


def test_a_process_of_its_own_trains_and_lists(recipe: Path, folder: Path, root: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aeviz", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=SECONDS, check=False)

    trained = run("train", str(recipe), "--store", str(folder), "--json")
    assert (trained.returncode, trained.stderr) == (0, "")
    summary = json.loads(trained.stdout.splitlines()[-1])
    listed = run("runs", "--store", str(folder), "--json")
    assert listed.returncode == 0
    assert [row["id"] for row in json.loads(listed.stdout)] == [summary["id"]]


def test_the_package_gives_every_public_name_and_no_other() -> None:
    for name in aeviz.__all__:
        assert getattr(aeviz, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Perceptron'"):
        _ = aeviz.Perceptron
    listed = {variant.__name__ for variant in (*SOURCES, *MODELS, *TERMS, *PAIRINGS, *OPTIMIZERS)}
    assert listed <= set(aeviz.__all__)
