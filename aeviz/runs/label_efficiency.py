"""How many labels pretraining saves: accuracy of classifiers against the number of labelled examples.

`python -m aeviz.runs.label_efficiency --store DIR --run ID` measures until it is done or its standard input closes.
What it has found is in the run's folder after every point, so a measurement that was stopped goes on from there.
"""

import argparse
import contextlib
import copy
import json
import os
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aeviz.data import Dataset
from aeviz.data.pairings import Clean
from aeviz.errors import AevizError, StoreError
from aeviz.learning import Adam, Classifier
from aeviz.learning.classification import add_head, balanced, head_of
from aeviz.learning.procedures import Features, Task
from aeviz.learning.train import Examples, train
from aeviz.models import Autoencoder
from aeviz.recipe import Recipe
from aeviz.runs.experiment import load_model
from aeviz.runs.files import write
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.runs.threads import one_thread
from aeviz.seeds import generator
from aeviz.views import probes

FILE = "labels.json"
JUDGED = 2000  # held-out examples that count
BATCH = 50
HEAD = 5.0  # times as fast as the whole network the head learns alone

CURVES = {
    "fine-tuned": "pretrained, fine-tuned",
    "frozen": "pretrained, frozen",
    "scratch": "from scratch",
    "pixels": "raw pixels, logistic regression",
    "svm": "raw pixels, SVM",
}


@dataclass(frozen=True)
class Plan:
    """What is measured.

    updates: gradient steps of each network; learning_rate: of them, and the head alone learns `HEAD` times as fast;
    seeds: repetitions, each with labels of its own.
    """

    counts: tuple[int, ...] = (10, 30, 100, 300, 1000)
    seeds: int = 3
    updates: int = 500
    learning_rate: float = 2e-3


@dataclass(frozen=True)
class Point:
    """The accuracy on held-out examples, in [0, 1], of one classifier from one draw of labelled examples."""

    curve: str
    labels: int
    seed: int
    accuracy: float


@dataclass(frozen=True)
class Subject:
    """What is judged: a model that has learned by its recipe without labels, for so many steps, and its data."""

    recipe: Recipe
    model: Autoencoder
    dataset: Dataset
    step: int = 0


def measure(
    plan: Plan, subject: Subject, known: Sequence[Point] = (), curves: Collection[str] = tuple(CURVES)
) -> Iterator[Point]:
    """Every point of the plan that is not known yet, few labels first; pull to compute the next.

    curves: the names in `CURVES` of those that are wanted.

    For one seed and count all curves have the same labelled examples, of all classes alike. Fine-tuned and scratch: a
    softmax head on the code and the encoder below it, for `updates` steps of Adam in batches of at most 50, at a rate
    that falls by a cosine. Scratch starts from the recipe's initial weights for that seed, and all of it learns from
    the first step. Fine-tuned: in the first half the head learns alone, since the gradient of one that knows nothing
    would spoil the features that it is to use. Frozen and pixels: logistic regression with L2, C = 1, on standardized
    features. SVM: RBF kernel, C = 10, γ = 1/(d·Var x). None has its settings tuned.

    Source of the comparison: Larochelle, Bengio, Louradour, Lamblin, JMLR 10 (2009); Erhan et al., JMLR 11 (2010); the
    head first: Kumar, Raghunathan, Jones, Ma, Liang, ICLR 2022.

    Raises:
        StoreError: the data have no labels, or too few for the first count.
    """
    dataset = subject.dataset
    labels = dataset.train.labels
    if labels is None or dataset.test.labels is None or len(dataset.classes) < 2:
        raise StoreError("Accuracy needs labels, and these data have none: choose a run on data with classes.")
    done = {(each.curve, each.labels, each.seed) for each in known}
    here = torch.from_numpy(labels.copy())
    for count in counted(plan, len(labels)):
        for seed in range(plan.seeds):
            rows = balanced(here, count, generator(seed, "labelled")).numpy()
            for curve in CURVES:
                if curve in curves and (curve, count, seed) not in done:
                    yield Point(curve, count, seed, _accuracy(curve, plan, subject, rows, seed))


def counted(plan: Plan, examples: int) -> list[int]:
    """The numbers of labels for a training set of so many examples.

    Raises:
        StoreError: all of them are more than there are.
    """
    if fitting := [count for count in plan.counts if count <= examples]:
        return fitting
    raise StoreError(f"These data have only {examples:,} training examples: choose at most so many labels.")


def _accuracy(curve: str, plan: Plan, subject: Subject, rows: np.ndarray, seed: int) -> float:
    dataset, model = subject.dataset, subject.model
    train_x, train_y = dataset.train.x[rows], np.asarray(dataset.train.labels)[rows]
    test_x, test_y = dataset.test.x[:JUDGED], np.asarray(dataset.test.labels)[:JUDGED]
    if curve in ("fine-tuned", "scratch"):
        learner = copy.deepcopy(model).requires_grad_(True)
        if curve == "scratch":
            learner = replace(subject.recipe, seed=seed).build_for(dataset)
        add_head(learner, len(dataset.classes), generator(seed, "head"))
        examples = Examples(torch.from_numpy(train_x), torch.from_numpy(train_y))
        for lesson in _lessons(curve, plan):
            _learn(learner, lesson, examples, seed)
        with torch.no_grad():
            logits = head_of(learner)(torch.from_numpy(probes.codes(learner, test_x)))
        return float((logits.argmax(1).numpy() == test_y).mean())
    if curve == "frozen":
        train_x, test_x = probes.codes(model, train_x), probes.codes(model, test_x)
    flat, judged = train_x.reshape(len(train_x), -1), test_x.reshape(len(test_x), -1)
    fitted = _plain(curve).fit(flat, train_y)
    return float(fitted.score(judged, test_y))


def _plain(curve: str) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return SVC(C=10) if curve == "svm" else make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))


@dataclass(frozen=True)
class _Lesson:
    """So many steps of Adam at this rate, of the head and, fine-tuned, of the encoder."""

    features: Features
    updates: int
    learning_rate: float


def _lessons(curve: str, plan: Plan) -> list[_Lesson]:
    """What a network of this curve goes through, one after the other."""
    first = plan.updates // 2 if curve == "fine-tuned" else 0
    lessons = [_Lesson("frozen", first, HEAD * plan.learning_rate)] if first else []
    return [*lessons, _Lesson("fine-tuned", plan.updates - first, plan.learning_rate)]


def _learn(model: Autoencoder, lesson: _Lesson, examples: Examples, seed: int) -> None:
    """One lesson, its number of steps rounded to whole epochs."""
    assert examples.labels is not None
    size = min(BATCH, len(examples))
    epochs = max(1, round(lesson.updates / -(-len(examples) // size)))
    # The loop looks at its test set after every epoch; one example keeps that cheap, and judging comes at the end.
    one = Examples(examples.x[:1], examples.labels[:1])
    optimizer = Adam(learning_rate=lesson.learning_rate, schedule="cosine")
    task = Task(model, (), Clean(), optimizer, examples, one, epochs, size, seed)
    for _ in train(Classifier(pretraining="none", features=lesson.features).stages(task)):
        pass


# Kept with the run


@dataclass(frozen=True)
class Findings:
    """What has been measured of a run so far. step: how far the judged weights were trained; total: points in all."""

    plan: Plan
    step: int
    total: int
    points: tuple[Point, ...] = ()
    message: str = ""

    def table(self) -> list[dict[str, Any]]:
        """One row for each curve and count: mean accuracy, standard deviation over the seeds, and how many."""
        rows = []
        for curve in CURVES:
            for count in self.plan.counts:
                found = [each.accuracy for each in self.points if (each.curve, each.labels) == (curve, count)]
                if found:
                    spread = float(np.std(found, ddof=1)) if len(found) > 1 else 0.0
                    mean = float(np.mean(found))
                    rows.append({"curve": curve, "labels": count, "accuracy": mean, "sd": spread, "seeds": len(found)})
        return rows


def read(store: Store, run: str) -> Findings | None:
    """What was measured of a run; None when nothing was, or in a way that this version does not know."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads((store.path(run) / FILE).read_text())
        plan = Plan(**kept["plan"] | {"counts": tuple(kept["plan"]["counts"])})
        points = tuple(Point(**each) for each in kept["points"])
        return Findings(plan, int(kept["step"]), int(kept["total"]), points, str(kept["message"]))
    return None


def judged(store: Store, run: str) -> Subject:
    """A run's model as it was before it had seen any label.

    Raises:
        StoreError: the run goes on, or its encoder has never been without labels.
    """
    opened = open_run(store, run)
    recipe, training = opened.run.recipe, opened.run.recipe.training
    if not opened.run.ended:
        raise StoreError(f"{opened.run.name} is still being trained: wait for its end, or stop it.")
    if recipe.model.needs_classes():
        raise StoreError(f"{recipe.model.kind()} is told the classes: choose a run that has to find them.")
    if not isinstance(training, Classifier) or training.features == "frozen":
        return Subject(recipe, opened.model, opened.dataset, opened.step)
    before = len(training.lengths(recipe.model, recipe.epochs)) - 2
    if before < 0:
        raise StoreError("This encoder has only ever learned from labels: choose a run with pretraining.")
    weights, metadata = store.read(run, f"stage-{before}")
    model = load_model(recipe, opened.dataset, weights).requires_grad_(False)
    return Subject(recipe, model, opened.dataset, int(metadata["step"]))


def carry_out(store: Store, run: str, plan: Plan | None = None) -> Iterator[Findings]:
    """Measure a run and keep what is found after every point; goes on where the same measurement was stopped.

    Raises:
        AevizError: as `judged` and `measure`.
    """
    plan = plan or Plan()
    subject = judged(store, run)
    step = subject.step
    total = len(counted(plan, len(subject.dataset.train))) * plan.seeds * len(CURVES)
    before = read(store, run)
    again = before is not None and (before.plan, before.step) == (plan, step)
    findings = Findings(plan, step, total, before.points if before and again else ())
    keep(store, run, findings)
    yield findings
    with one_thread():
        for point in measure(plan, subject, findings.points):
            findings = replace(findings, points=(*findings.points, point))
            keep(store, run, findings)
            yield findings


def keep(store: Store, run: str, findings: Findings) -> None:
    """Write what was found into the run's folder."""
    write(store.path(run) / FILE, json.dumps(asdict(findings)).encode(), durable=False)


def plan_of(counts: str, seeds: int, updates: int) -> Plan:
    """A plan from words, such as "10, 100, 1000".

    Raises:
        StoreError: they are no plan.
    """
    try:
        numbers = tuple(sorted({int(part) for part in counts.replace(",", " ").split()}))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 2 or not 1 <= seeds <= 20 or not 1 <= updates <= 10_000:
        raise StoreError(
            f"{counts!r} labels, {seeds} seeds, {updates} updates: write whole numbers from 2, such as 10, 100, with 1 "
            "to 20 seeds and 1 to 10,000 updates."
        )
    return Plan(numbers, seeds, updates)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one run in a process of its own, which ends with whoever started it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--counts", default=", ".join(map(str, Plan().counts)))
    parser.add_argument("--seeds", type=int, default=Plan().seeds)
    parser.add_argument("--updates", type=int, default=Plan().updates)
    chosen = parser.parse_args(arguments)
    store = Store(chosen.store)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)

    def wait_for_the_end() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    try:
        for _ in carry_out(store, chosen.run, plan_of(chosen.counts, chosen.seeds, chosen.updates)):
            pass
    except Exception as error:  # nobody else would tell why the measurement stopped
        words = (
            str(error)
            if isinstance(error, AevizError)
            else f"The measurement failed ({type(error).__name__}: {error})."
        )
        findings = read(store, chosen.run) or Findings(Plan(), 0, 0)
        keep(store, chosen.run, replace(findings, message=words[:300]))


if __name__ == "__main__":
    main()
