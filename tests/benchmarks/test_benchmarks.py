"""The arithmetic and the printing of the benchmarks, and the proof that their plain loop does the same work."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from aeviz.data import Glyphs
from aeviz.learning.events import Measured, Stepped
from aeviz.models import Conv, Mlp
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from benchmarks import peers as peers_module
from benchmarks.__main__ import BENCHMARKS, caveats, chosen, main, measured, named
from benchmarks.contraction import contraction
from benchmarks.peers import peers
from benchmarks.plain import indexed, learn, network
from benchmarks.pointing import delays_row
from benchmarks.rivals import RIVALS
from benchmarks.table import Mark, Row, Settings, Speed, Unavailable, amount, compared, percentile, ratio, speed, table


def test_the_ratio_is_the_median_of_the_rounds():
    # A machine that is three times as slow in the second round changes nothing; an outlier in one round neither.
    assert ratio([90, 30, 90], [100, 100 / 3, 10]) == pytest.approx(0.9)


def test_speed_leaves_out_start_and_end():
    marks = [Mark(epoch, 10.0 * epoch + (100 if epoch == 10 else 0), 5.0 * epoch) for epoch in range(1, 11)]
    found = speed(marks, 1000, 10)
    assert found.wall == pytest.approx(100) and found.processor == pytest.approx(200)
    assert speed(marks[:5], 1000, 5, high=1).wall == pytest.approx(100)


def test_a_run_too_short_to_measure_is_refused_in_words():
    with pytest.raises(Unavailable, match="take more epochs"):
        speed([Mark(1, 0.0), Mark(2, 1.0)], 1000, 2)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 10), (0.95, 19), (1.0, 20)])
def test_percentile_is_one_of_the_values(share, expected):
    assert percentile(range(20, 0, -1), share) == expected


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("f", value=0.95, goal=0.95), True),
        (Row("f", value=0.94, goal=0.95), False),
        (Row("f", value=3.1, goal=3, at_most=True), False),
        (Row("f", value=2.9, goal=3, at_most=True), True),
        (Row("f", value=2.9), None),
        (Row("f", goal=3), None),
    ],
)
def test_a_goal_is_a_bound_from_below_or_above(row, met):
    assert row.met is met


def test_amounts_have_the_digits_they_deserve():
    amounts = [(0.9731, "×"), (12.34, "×"), (2.344, "s"), (22.22, "s"), (411.7, "MB")]
    assert [amount(*each) for each in amounts] == ["0.973×", "12.34×", "2.34 s", "22.2 s", "412 MB"]


def test_the_table_lines_up_and_says_what_could_not_be_measured():
    rows = [
        compared("training", "plain", [Speed(95.0, 96.0)], [Speed(100.0, 100.0)], 0.9, "watched"),
        Row("the same job", "Keras", goal=1, detail="keras cannot be imported here."),
    ]
    drawn = table(rows).splitlines()
    assert len({len(line) for line in drawn[:4]}) == 1
    assert drawn[2].split("|")[1:6] == [" training     ", " plain ", " 0.950×       ", " ≥ 0.900× ", " yes  "]
    assert "not measured" in drawn[3] and "| –    |" in drawn[3]
    assert drawn[5].endswith("95 against 100 examples/s; rounds 0.950; by processor time 0.960×; watched")
    assert drawn[6].endswith("keras cannot be imported here.")


def test_what_cannot_be_measured_does_not_stop_the_rest():
    def broken(settings):
        """Needs what is not here."""
        yield Row("first", value=1.0)
        raise Unavailable("There is no Chromium.")

    def sound(settings):
        """Works."""
        yield Row("second", value=2.0)

    def crashed(settings):
        """Has a fault."""
        yield Row("third", value=1 / 0)

    rows: list[tuple[str, Row]] = []
    measured([broken, crashed, sound], Settings(), rows)
    assert [(name, row.figure, row.detail) for name, row in rows] == [
        ("broken", "first", ""),
        ("broken", "broken", "There is no Chromium."),
        ("crashed", "crashed", "It broke: ZeroDivisionError: division by zero"),
        ("sound", "second", ""),
    ]


def test_short_measurements_and_busy_machines_are_named():
    assert caveats({"quick": False, "load": 0.3, "cores": 2}) == []
    quick, busy = caveats({"quick": True, "load": 5.0, "cores": 2})
    assert "not for quoting" in quick and "load 5.0 on 2 cores" in busy


def test_an_unknown_name_is_answered_with_those_there_are(capsys):
    assert main(["trainning"]) == 2
    told = capsys.readouterr().err
    assert "'trainning'" in told and "training, peers, serving, memory, contraction, pointing" in told


def test_names_choose_in_their_order_and_the_list_says_what_each_measures(capsys):
    assert [named(each) for each in chosen(["memory", "training"])] == ["memory", "training"]
    assert chosen([]) == list(BENCHMARKS)
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        "training",
        "peers",
        "serving",
        "memory",
        "contraction",
        "pointing",
        "energy",
        "wall",
        "scrubbing",
        "sweep",
    ]
    assert all(len(line.split()) > 4 for line in lines)


def test_json_is_one_object_on_the_last_line(capsys, monkeypatch):
    monkeypatch.setattr("benchmarks.peers.importlib.util.find_spec", lambda name: None)
    assert main(["peers", "--quick", "--json"]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    told = json.loads(last)
    assert told["quick"] is True and {"measured", "cores", "python", "torch"} <= set(told)
    assert [row["peer"] for row in told["rows"]] == [rival.name for rival in RIVALS]
    for row in told["rows"]:
        assert set(row) == {"benchmark", "figure", "peer", "value", "unit", "goal", "at_most", "detail", "met"}
        assert row["value"] is None and row["met"] is None and "pip install" in row["detail"]


def test_a_library_that_breaks_is_a_row_with_its_words_and_no_figure(monkeypatch):
    def broken(rival, recipe):
        raise Unavailable("benchmarks.rivals failed: ImportError: no such thing")

    monkeypatch.setattr("benchmarks.peers.importlib.util.find_spec", lambda name: True)
    monkeypatch.setattr(peers_module, "trained", broken)
    rows = list(peers(Settings(quick=True)))
    assert len(rows) == len(RIVALS) and all(row.value is None and "no such thing" in row.detail for row in rows)


def test_the_cost_of_contraction_is_told_for_small_and_large_codes():
    rows = list(contraction(Settings(quick=True)))
    assert [row.goal for row in rows if row.figure.startswith("Contractive, Mlp")] == [3, 12, None]
    assert all(row.at_most and row.value is not None and row.value > 0 for row in rows)
    assert all("ms against" in row.detail for row in rows)
    assert ["estimated" in row.detail for row in rows] == [row.figure.endswith("code 128") for row in rows]


def test_the_time_from_pointer_to_image_is_told_with_its_percentiles_and_its_frame():
    row = delays_row("pointer to image", ([1.0] * 18 + [9.0, 30.0], [20.0] * 20), 10.0)
    assert row.figure == "pointer to image, p95" and row.value == 9.0 and row.met
    assert "p50 1.0 ms, p95 9.0 ms, p99 30.0 ms; 20 images" in row.detail
    assert "before the frame that shows it: p50 20.0 ms" in row.detail
    assert "frame that shows" not in delays_row("slider to image", ([50.0], []), 10.0).detail


GLYPHS = Glyphs(images=200)


@pytest.mark.parametrize("model", [Mlp(hidden=(32, 8)), Conv(channels=(4, 8))], ids=lambda model: model.kind())
def test_the_plain_loop_learns_the_same_from_the_same_batches(model):
    """The fairness of `training`: same weights, same batches, same losses, update by update."""
    recipe = Recipe(data=GLYPHS, model=model, epochs=3, batch_size=32)
    events = list(Experiment.prepare(recipe).events())
    learned = learn(recipe)
    steps = [event.losses["loss"] for event in events if isinstance(event, Stepped)]
    tests = [event.test["loss"] for event in events if isinstance(event, Measured) and event.epoch]
    assert len(steps) == 15 and steps[-1] < steps[0]
    assert learned.steps == pytest.approx(steps, rel=2e-5)
    assert learned.tests == pytest.approx(tests, rel=2e-5)
    assert [mark.epoch for mark in learned.marks] == [1, 2, 3]


def test_the_loader_takes_every_example_once():
    recipe = Recipe(data=GLYPHS, model=Mlp(hidden=(8,)), epochs=2, batch_size=32)
    assert len(learn(recipe, "loader").steps) == 10
    x = torch.arange(10.0).reshape(10, 1)
    seen = torch.cat(list(indexed(x, replace(recipe, batch_size=3))(1)))
    assert sorted(seen.flatten().tolist()) == list(range(10)) and not torch.equal(seen, x)


def test_the_plain_network_has_as_many_parameters_as_ours():
    for model in (Mlp(), Conv()):
        recipe = Recipe(data=GLYPHS, model=model)
        made = network(recipe, GLYPHS.shape())
        assert sum(each.numel() for each in made.parameters()) == model.parameters(GLYPHS.shape())


def test_the_plain_loop_is_a_program(root):
    recipe = Recipe(data=GLYPHS, model=Mlp(hidden=(8,)), epochs=2)
    words = [sys.executable, "-m", "benchmarks.plain", "--recipe", json.dumps(recipe.to_json())]
    told = json.loads(subprocess.run(words, cwd=root, check=True, capture_output=True, text=True).stdout)
    assert [mark[0] for mark in told["marks"]] == [1, 2] and told["loss"] > 0
