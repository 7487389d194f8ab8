"""Accuracy against the number of labels: the same labels for all, kept with the run, and never an encoder that knew."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from aeviz.__main__ import main
from aeviz.data import Toys
from aeviz.errors import StoreError
from aeviz.learning import Adam, Classifier, Greedy, Procedure
from aeviz.learning.classification import Classification, balanced
from aeviz.learning.events import Event
from aeviz.learning.train import Stage, train
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs import label_efficiency
from aeviz.runs.label_efficiency import CURVES, Findings, Plan, Point
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from aeviz.runs.threads import one_thread
from aeviz.seeds import generator

PLAN = Plan(counts=(10, 100), seeds=2, updates=20)


def trained(folder: Path, training: Procedure) -> tuple[Store, str]:
    """A tiny run of that procedure on the digits."""
    recipe = Recipe(
        model=Mlp(hidden=(32,), code=16), training=training, epochs=2, batch_size=64, optimizer=Adam(learning_rate=3e-3)
    )
    store = Store(folder)
    return store, carry_out(store, recipe).id


@pytest.fixture(scope="module")
def stacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """A greedily trained stack."""
    return trained(tmp_path_factory.mktemp("labels"), Greedy(layer_epochs=2))


def test_every_classifier_is_measured_for_every_count_and_seed_and_the_findings_are_kept(
    stacked: tuple[Store, str],
) -> None:
    store, run = stacked
    made = list(label_efficiency.carry_out(store, run, PLAN))
    assert [len(each.points) for each in made] == list(range(21))
    last = made[-1]
    assert last.total == 20
    assert {(each.curve, each.labels, each.seed) for each in last.points} == {
        (curve, count, seed) for curve in CURVES for count in (10, 100) for seed in (0, 1)
    }
    assert label_efficiency.read(store, run) == last
    accuracy = {(row["curve"], row["labels"]): row["accuracy"] for row in last.table()}
    assert all(0.1 < value <= 1 for value in accuracy.values())
    assert accuracy["svm", 100] > accuracy["svm", 10] + 0.1

    # What is known is not measured again; another plan begins anew.
    assert list(label_efficiency.carry_out(store, run, PLAN)) == [last]
    first = next(label_efficiency.carry_out(store, run, Plan(counts=(10,), seeds=1, updates=5)))
    assert (first.points, first.total) == ((), 5)


def test_a_point_is_what_the_same_classifier_gets_by_hand(stacked: tuple[Store, str]) -> None:
    subject = label_efficiency.judged(*stacked)
    labels = torch.from_numpy(subject.dataset.train.labels.copy())
    rows = balanced(labels, 100, generator(1, "labelled")).numpy()
    assert np.bincount(labels[rows]).tolist() == [10] * 10
    x, test = subject.dataset.train.x.reshape(len(labels), -1), subject.dataset.test
    by_hand = SVC(C=10).fit(x[rows], labels[rows]).score(test.x.reshape(len(test.x), -1), test.labels)
    with one_thread():
        (point,) = [
            each
            for each in label_efficiency.measure(Plan(counts=(100,), seeds=2, updates=1), subject)
            if (each.curve, each.seed) == ("svm", 1)
        ]
    assert point.accuracy == pytest.approx(by_hand)


def test_the_classifier_of_a_pretrained_network_learns_alone_first(
    stacked: tuple[Store, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons: dict[str, list[tuple[bool, int, float]]] = {}

    def noted(stages: Sequence[Stage]) -> Iterator[Event]:
        (stage,) = stages
        assert isinstance(stage.learner, Classification)
        lesson = (stage.learner.frozen, stage.epochs * stage.steps, stage.learner.spec.learning_rate)
        lessons.setdefault(curve, []).append(lesson)
        yield from train(stages)

    monkeypatch.setattr(label_efficiency, "train", noted)
    for curve in ("fine-tuned", "scratch"):
        list(label_efficiency.measure(Plan((100,), 1, 40, 0.01), label_efficiency.judged(*stacked), curves=(curve,)))
    assert lessons == {"fine-tuned": [(True, 20, 0.05), (False, 20, 0.01)], "scratch": [(False, 40, 0.01)]}


def test_measuring_leaves_the_model_alone_and_gives_the_same_twice(stacked: tuple[Store, str]) -> None:
    subject = label_efficiency.judged(*stacked)
    before = {name: value.clone() for name, value in subject.model.state_dict().items()}
    with one_thread():
        first, second = (list(label_efficiency.measure(Plan((10,), 1, 10), subject)) for _ in range(2))
    assert first == second
    after = subject.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_an_encoder_that_has_learned_from_labels_is_judged_as_it_was_before(tmp_path: Path) -> None:
    store, run = trained(tmp_path, Classifier(pretraining_epochs=1))
    weights, _ = store.read(run, "model")
    before = label_efficiency.judged(store, run).model.state_dict()
    kept, _ = store.read(run, "stage-0")
    name = "encoder.layers.0.weight"
    assert np.array_equal(before[name].numpy(), kept[name])
    assert not np.array_equal(before[name].numpy(), weights[name])
    store, run = trained(tmp_path, Classifier(pretraining="none"))
    with pytest.raises(StoreError, match="only ever learned from labels: choose"):
        label_efficiency.judged(store, run)


def test_data_without_labels_and_runs_that_go_on_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = carry_out(store, Recipe(data=Toys(figure="swiss roll", points=100), epochs=1, batch_size=32)).id
    with pytest.raises(StoreError, match="these data have none: choose"):
        list(label_efficiency.carry_out(store, run, PLAN))
    store.update(run, status="running")
    with pytest.raises(StoreError, match="wait for its end"):
        label_efficiency.judged(store, run)


def test_the_table_has_means_and_sample_standard_deviations() -> None:
    points = tuple(Point("svm", 10, seed, accuracy) for seed, accuracy in enumerate((0.5, 0.7, 0.9)))
    (row,) = Findings(PLAN, 1, 20, points).table()
    assert row["accuracy"] == pytest.approx(0.7)
    assert row["sd"] == pytest.approx(0.2)
    assert row["seeds"] == 3


@pytest.mark.parametrize(("counts", "seeds", "updates"), [("ten", 3, 10), ("", 3, 10), ("10", 0, 10), ("10", 3, 0)])
def test_a_plan_that_is_none_is_refused_in_words(counts: str, seeds: int, updates: int) -> None:
    with pytest.raises(StoreError, match="write whole numbers"):
        label_efficiency.plan_of(counts, seeds, updates)
    assert label_efficiency.plan_of("100, 10 30", 3, 10).counts == (10, 30, 100)


def test_the_command_line_measures_and_prints_the_table(
    stacked: tuple[Store, str], capsys: pytest.CaptureFixture[str]
) -> None:
    store, run = stacked
    words = ["labels", run, "--store", str(store.folder), "--counts", "10", "--seeds", "1", "--updates", "2"]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["curve"] for row in rows] == list(CURVES)
    assert main(words) == 0
    assert "raw pixels, SVM" in capsys.readouterr().out
    assert main([*words[:1], "000000000000-000000", *words[2:]]) == 1
