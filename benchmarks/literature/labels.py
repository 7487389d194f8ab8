"""What pretraining saves in labels: accuracy with few labels, from Boltzmann machines and from scratch."""

import statistics
from collections.abc import Iterator

from aeviz.learning import Adam, Classifier
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs.label_efficiency import JUDGED, Plan, Subject, measure
from benchmarks.children import say
from benchmarks.literature.rows import Row
from benchmarks.literature.training import images, trained
from benchmarks.table import Settings

SOURCE = "yell/boltzmann-machines, README (2018)"
PUBLISHED = (("DBM", 100, 7.55), ("DBM", 1000, 4.40), ("RBM", 1000, 4.94))
"""Machine, labels, and how many points of accuracy more than from random initial weights."""


def gain(settings: Settings) -> Iterator[Row]:
    """784 – 512 – 1024 sigmoid units, pretrained as two Boltzmann machines without labels."""
    recipe = Recipe(
        data=images(settings),
        model=Mlp(
            hidden=settings.pick((512,), (30,)),
            code=settings.pick(1024, 20),
            activation="sigmoid",
            code_activation="sigmoid",
        ),
        optimizer=Adam(learning_rate=1e-3, schedule="cosine"),
        training=Classifier(pretraining="rbm", pretraining_epochs=settings.pick(10, 1)),
        epochs=1,
        batch_size=settings.pick(100, 50),
    )
    run = trained(recipe, "stack of Boltzmann machines", until="classifier")
    plan = Plan(settings.pick((100, 1000), (20, 100)), settings.pick(5, 2), settings.pick(500, 5))
    found: dict[tuple[str, int], list[float]] = {}
    for point in measure(plan, Subject(recipe, run.experiment.model, run.experiment.dataset)):
        found.setdefault((point.curve, point.labels), []).append(100 * point.accuracy)
        say(f"{point.curve}, {point.labels} labels, draw {point.seed}: {100 * point.accuracy:.2f} %")
    took = run.watch.read()
    for number, (machine, labels, published) in enumerate(PUBLISHED):
        count = labels if labels in plan.counts else plan.counts[-1]
        tuned, scratch = found["fine-tuned", count], found["scratch", count]
        gains = [after - before for after, before in zip(tuned, scratch, strict=True)]
        yield Row(
            f"gain in test accuracy by pretraining, {labels} labels ({machine})",
            SOURCE, published, statistics.mean(gains), "points", took=None if number else took,
            more_is_better=True,
            differs="There: a deep Boltzmann machine of 512 and 1,024 units, or one RBM of 1,024, and one draw of "
            "labels, a tenth of them for validation. Here for both: two RBMs of 512 and 1,024 units, one on the "
            f"other, fine-tuned for 500 steps of Adam; {plan.seeds} draws of labels, judged on {JUDGED:,} test images. "
            "The first row's seconds are those of all three.",
            detail=f"{_spread(tuned)} against {_spread(scratch)} from scratch; gain {_spread(gains)} points. "
            f"Frozen code with logistic regression: {_spread(found['frozen', count])}.",
        )  # fmt: skip


def _spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"
