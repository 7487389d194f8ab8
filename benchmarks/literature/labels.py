"""What pretraining saves in labels: accuracy with few labels, from Boltzmann machines and from scratch."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aeviz.data.cache import loaded
from aeviz.learning import SGD, EndToEnd, Greedy, Procedure
from aeviz.models import Dbm, Mlp, ModelSpec, Rbm
from aeviz.recipe import Recipe
from aeviz.runs.label_efficiency import JUDGED, Plan, Subject, measure
from benchmarks.children import say
from benchmarks.literature.rows import Row
from benchmarks.literature.training import images, trained
from benchmarks.table import Settings

SOURCE = "yell/boltzmann-machines, README (2018)"


@dataclass(frozen=True)
class Case:
    """A machine, and a network of the same widths that has only the labels.

    published: labels, and how many points of accuracy more than from random initial weights. chosen: how its settings
    were.
    """

    name: str
    machine: ModelSpec
    alone: ModelSpec
    learning_rate: float
    epochs: int
    published: Sequence[tuple[int, float]]
    procedure: Procedure = field(default_factory=EndToEnd)
    chosen: str = ""


def restricted(settings: Settings) -> Iterator[Row]:
    """784 – 1024, chains that go on."""
    width = settings.pick(1024, 20)
    machine = Rbm(code=width, phase="persistent")
    alone = Mlp(hidden=(), code=width, code_activation="sigmoid")
    yield from _gain(settings, Case("RBM", machine, alone, 0.05, 40, ((1000, 4.94),)))


def deep(settings: Settings) -> Iterator[Row]:
    """784 – 512 – 1024: layers first, with doubled inputs, then all of them; the code is the settled top layer."""
    below, top = settings.pick(512, 30), settings.pick(1024, 20)
    machine = Dbm(hidden=(below,), code=top, steps=settings.pick(2, 1))
    alone = Mlp(hidden=(below,), code=top, activation="sigmoid", code_activation="sigmoid")
    procedure = Greedy(layer_epochs=settings.pick(5, 1), tuning_share=0.1)
    chosen = "Rates and epochs were chosen on training images kept apart, after one try on the test images."
    yield from _gain(settings, Case("DBM", machine, alone, 0.05, 6, ((100, 7.55), (1000, 4.40)), procedure, chosen))


def _gain(settings: Settings, case: Case) -> Iterator[Row]:
    """The machine, fine-tuned with few labels, against the network that begins at random."""
    published = case.published
    recipe = Recipe(
        data=images(settings, pixels="drawn"),
        model=case.machine,
        optimizer=SGD(learning_rate=case.learning_rate, momentum=0.5, schedule="cosine"),
        training=case.procedure,
        epochs=settings.pick(case.epochs, 1),
        batch_size=settings.pick(100, 50),
    )
    run = trained(recipe, f"{case.name}, labels")
    counts = tuple(count for count, _ in published) if not settings.quick else (20, 100)[: len(published)]
    plan = Plan(counts, settings.pick(5, 2), settings.pick(500, 5))
    grey = loaded(images(settings))
    pretrained, scratch = Subject(recipe, run.experiment.model, grey), Recipe(data=images(settings), model=case.alone)
    found: dict[tuple[str, int], list[float]] = {}
    for subject, curves in (
        (pretrained, ("fine-tuned", "frozen")),
        (Subject(scratch, scratch.build_for(grey), grey), ("scratch",)),
    ):
        for point in measure(plan, subject, curves=curves):
            found.setdefault((point.curve, point.labels), []).append(100 * point.accuracy)
            say(f"{point.curve}, {point.labels} labels, draw {point.seed}: {100 * point.accuracy:.2f} %")
    took = run.watch.read()
    for number, ((labels, points), count) in enumerate(zip(published, counts, strict=True)):
        tuned, fresh = found["fine-tuned", count], found["scratch", count]
        gains = [after - before for after, before in zip(tuned, fresh, strict=True)]
        yield Row(
            f"gain in test accuracy by pretraining, {labels} labels ({case.name})",
            SOURCE, points, statistics.mean(gains), "points", took=None if number else took, more_is_better=True,
            differs="There: one draw of labels, a tenth of them for validation. Here: "
            f"{recipe.length()} epochs of learning without labels, then 500 steps of Adam, half of them of the head "
            "alone; from scratch, a network of as many sigmoid units with Glorot's weights and as many steps of all; "
            f"{plan.seeds} draws of labels, judged on {JUDGED:,} test images. {case.chosen}".rstrip(),
            detail=f"{_spread(tuned)} against {_spread(fresh)} from scratch; gain {_spread(gains)} points. "
            f"Frozen code with logistic regression: {_spread(found['frozen', count])}.",
        )  # fmt: skip


def _spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"
