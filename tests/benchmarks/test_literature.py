"""The comparison with the literature: its arithmetic, its table and document, and every figure on tiny data."""

import json
import math

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from aeviz.data import Digits, Mnist
from aeviz.data.cache import loaded
from aeviz.learning import SGD, Greedy
from aeviz.learning.events import Place
from aeviz.models import Dbm, Mlp
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from benchmarks.literature import training
from benchmarks.literature.__main__ import MEASUREMENTS, main
from benchmarks.literature.document import write
from benchmarks.literature.linear import left_over
from benchmarks.literature.rows import Measurement, Row, Stopwatch, Took, chosen, measured, notes, table
from benchmarks.literature.training import images
from benchmarks.table import Settings, Unavailable

AROUND = {"measured": "2026-01-02T03:04:05", "cores": 2, "load": 0.5, "system": "s", "python": "3", "torch": "2"}


@pytest.mark.parametrize("codes", [1, 3, 12])
def test_what_components_leave_over_is_what_scikit_learn_says(codes):
    draws = np.random.default_rng(codes)
    mixing = draws.normal(size=(12, 12))
    train, test = ((draws.normal(size=(n, 12)) @ mixing + 3).reshape(n, 1, 3, 4) for n in (80, 40))
    oracle = PCA(codes).fit(train.reshape(80, -1))
    flat = test.reshape(40, -1)
    expected = np.square(flat - oracle.inverse_transform(oracle.transform(flat))).sum(1).mean()
    assert left_over(train, test, codes) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("row", "ratio", "reached"),
    [
        (Row("f", "s", 3.0, 2.4), 0.8, True),
        (Row("f", "s", 3.0, 2.8, goal=2.65), 2.8 / 3, False),
        (Row("f", "s", 13.87, 13.8662), 13.8662 / 13.87, True),
        (Row("f", "s", 13.87, 13.8749), 13.8749 / 13.87, True),  # the same to the digits that were published
        (Row("f", "s", 4.4, 5.0, more_is_better=True), 5 / 4.4, True),
        (Row("f", "s", 4.4, 4.0, more_is_better=True), 4 / 4.4, False),
        (Row("f", "s", 4.4), None, None),
    ],
)
def test_a_ratio_is_ours_to_the_published_figure_and_the_goal_decides(row, ratio, reached):
    assert row.ratio == (None if ratio is None else pytest.approx(ratio)) and row.reached is reached


def test_a_row_comes_back_from_json_as_it_was():
    row = Row("f", "s", 3.0, 2.4, "points", took=Took(3.0, 2.0), goal=2.65, differs="d", detail="e")
    assert Row.from_json(json.loads(json.dumps(row.to_json()))) == row


def test_the_table_lines_up_and_notes_are_said_once():
    rows = [
        Row("one", "a paper", 3.0, 2.4, took=Took(1234.5, 99.6), goal=2.65, differs="Other data."),
        Row("another", "a paper", 4.4, None, "points", more_is_better=True, differs="Other data."),
    ]
    drawn = table(rows).splitlines()
    assert len({len(line) for line in drawn}) == 1
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in drawn]
    assert cells[2] == ["one", "a paper", "3.00 (goal ≤ 2.65)", "2.40", "0.800", "yes", "1,234", "100"]
    assert cells[3] == ["another", "a paper", "+4.40 points", "not measured", "–", "–", "–", "–"]
    assert notes(rows) == "- one; another: Other data."


def test_a_figure_that_breaks_is_a_row_that_says_why():
    def breaks(settings):
        yield Row("half", "s", 1.0, 1.0)
        raise ValueError("no such thing\nand more")

    first, second = measured(Measurement("x", "an attempt", 1, breaks), Settings())
    assert first.ours == 1.0
    assert second.figure == "an attempt" and second.ours is None and second.reached is None
    assert second.detail == "It broke: ValueError: no such thing"


def test_figures_are_chosen_by_name():
    first, second, *_ = MEASUREMENTS
    assert chosen([second.name, first.name], MEASUREMENTS) == [second, first]
    assert chosen([], MEASUREMENTS) == list(MEASUREMENTS)
    with pytest.raises(Unavailable, match=r"no figure 'pcb'.*There are: pca"):
        chosen(["pcb"], MEASUREMENTS)


def test_settings_are_chosen_on_images_that_are_neither_learned_from_nor_of_the_test_set():
    assert images(Settings()) == Mnist(train=60_000, test=10_000)
    for train, left in ((60_000, 50_000), (5000, 5000)):
        apart = images(Settings(validate=True), train=train)
        assert apart == Mnist(train=left, test=10_000, held_out="validation")


@pytest.mark.parametrize("measurement", MEASUREMENTS, ids=lambda each: each.name)
def test_every_figure_can_be_measured_on_tiny_data(measurement):
    rows = measured(measurement, Settings(quick=True))
    assert rows and not [row.detail for row in rows if row.ours is None]
    assert all(math.isfinite(row.ours) and row.published and row.source for row in rows)
    assert all(row.took.wall > 0 and row.took.core > 0 for row in rows if row.took) and rows[0].took


def test_the_command_measures_in_a_process_of_its_own_and_prints_json(capsys):
    assert main(["pca", "--quick", "--json", "--jobs", "2"]) == 0
    *above, last = capsys.readouterr().out.strip().splitlines()
    assert above[0].startswith("| figure") and above[-1].startswith("Measured with --quick")
    told = json.loads(last)
    assert told["quick"] and [row["name"] for row in told["rows"]] == ["pca", "pca"]
    digits = loaded(images(Settings(quick=True)))
    train, test = (split.x.reshape(len(split), -1).astype(np.float64) for split in (digits.train, digits.test))
    # The oracle's way: singular vectors of the centred images, not eigenvectors of their products.
    axes = np.linalg.svd(train - train.mean(0), full_matrices=False)[2][:30]
    rest = (test - train.mean(0)) - (test - train.mean(0)) @ axes.T @ axes
    assert told["rows"][0]["ours"] == pytest.approx(np.square(rest).sum(1).mean(), rel=1e-6)


def test_names_and_what_does_not_go_together_are_refused(capsys, tmp_path):
    assert main(["nothing"]) == 2
    assert main(["pca", "--quick", "--write", str(tmp_path / "L.md")]) == 2
    assert "leave one of the two out" in capsys.readouterr().err and not list(tmp_path.iterdir())
    assert main(["pca", "--validate", "--write", str(tmp_path / "L.md")]) == 2
    assert "--validate gives no figures that could be written" in capsys.readouterr().err
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [each.name for each in MEASUREMENTS]


def test_the_document_takes_new_figures_and_keeps_the_others(tmp_path):
    path, order = tmp_path / "LITERATURE.md", ["a", "b", "c"]
    write(
        path,
        {
            "b": [Row("two", "s", 2.0, 1.0, took=Took(70.0, 60.0))],
            "a": [Row("one", "s", 1.0, 1.5, took=Took(70.0, 60.0))],
        },
        AROUND,
        order,
    )
    before = path.read_text(encoding="utf-8")
    assert before.index("| one") < before.index("| two") and "Not measured yet: c." in before
    assert "All of it: 2 minutes of one core." in before and "- b: 2026-01-02, 2 cores, load 0.5" in before
    write(path, {"b": [Row("two", "s", 2.0, 1.9, took=Took(70.0, 60.0))]}, AROUND | {"load": 1.5}, order)
    after = path.read_text(encoding="utf-8")
    assert "1.90" in after and "1.50" in after and "- a: 2026-01-02, 2 cores, load 0.5" in after
    assert "- b: 2026-01-02, 2 cores, load 1.5" in after


def test_a_measurement_that_was_interrupted_goes_on_and_ends_where_it_would_have(tmp_path, monkeypatch):
    recipe = Recipe(
        data=Digits(), model=Dbm(hidden=(6,), code=4), training=Greedy(layer_epochs=2), epochs=2,
        optimizer=SGD(momentum=0.5), batch_size=200,
    )  # fmt: skip
    monkeypatch.setenv("AEVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(training, "KEPT_EVERY", 0.0)
    whole = training.trained(recipe, "whole").experiment.model.state_dict()
    kept = training.Kept(recipe).path
    assert not kept.exists(), "a training that is over leaves nothing behind"

    said = []

    def interrupting(words):
        said.append(words)
        if "epoch 5 of" in words:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "say", interrupting)
    with pytest.raises(KeyboardInterrupt):
        training.trained(recipe, "machine")
    assert kept.exists()
    monkeypatch.setattr(training, "say", said.append)
    run = training.trained(recipe, "machine")
    assert said.count("machine: goes on after epoch 4") == 1
    assert sum("epoch 3 of" in each for each in said) == 1, "what was over was not done again"
    after = run.experiment.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in whole.items())
    assert not kept.exists()


def test_what_another_version_has_left_is_not_gone_on_with(tmp_path, monkeypatch):
    recipe = Recipe(model=Mlp(hidden=(4,)), epochs=2)
    monkeypatch.setenv("AEVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(training, "KEPT_EVERY", 0.0)
    experiment, kept = Experiment.prepare(recipe), training.Kept(recipe)
    kept.keep(experiment, Place(0, 1, 1, 12), Stopwatch(Took(100.0, 50.0)))
    place, watch = kept.back(experiment)
    assert place.epoch == 1 and watch.read().core >= 50
    monkeypatch.setattr(training, "code", lambda: "another")
    assert kept.back(experiment)[0] == Place()
    kept.path.write_bytes(b"cut short")
    assert kept.back(experiment)[0] == Place()
