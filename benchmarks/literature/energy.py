"""Boltzmann machines on binary MNIST: test log-likelihoods, log Z estimated by annealed importance sampling."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aeviz.learning import SGD, Greedy
from aeviz.models import Dbm, Rbm
from aeviz.models.machines import Machine
from aeviz.models.partition import Estimate, annealed_importance, late
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from aeviz.seeds import generator
from benchmarks.children import say
from benchmarks.literature.rows import Row
from benchmarks.literature.training import images, trained
from benchmarks.table import Settings

SHALLOW = "Salakhutdinov & Murray, ICML 2008, table 1"
DEEP = "Salakhutdinov & Hinton, AISTATS 2009, §4.1"
CHUNK = 2000
FEW = 30  # of 100 annealed chains


@dataclass(frozen=True)
class Found:
    """Mean log p(v) of test examples in nats, or a bound on it. error: standard error over the examples."""

    mean: float
    error: float
    partition: Estimate

    def words(self) -> str:
        """What is uncertain about it."""
        low, high = self.partition.low - self.partition.value, self.partition.high - self.partition.value
        doubt = (
            " Where few count, log Z may be too low, and the figure too good." if self.partition.effective < FEW else ""
        )
        return (
            f"log Z = {self.partition.value:.2f} nats, three standard errors of it {low:+.2f} to {high:+.2f}, "
            f"{self.partition.effective:.0f} of the chains count; standard error over test images {self.error:.2f}."
            + doubt
        )


def restricted(settings: Settings) -> Iterator[Row]:
    """784 – 500, chains that go on."""
    recipe = Recipe(
        data=images(settings, pixels="drawn"),
        model=Rbm(code=settings.pick(500, 20), phase="persistent", steps=settings.pick(5, 1)),
        optimizer=SGD(learning_rate=0.1, momentum=0.5, schedule="cosine"),
        epochs=settings.pick(100, 1),
        batch_size=settings.pick(100, 50),
    )
    run = trained(recipe, "RBM-500")
    found = log_likelihood(run.experiment, settings)
    yield Row(
        "RBM, 500 hidden units: −log p(v) by annealed importance sampling", SHALLOW, 86.34, -found.mean, "nats",
        took=run.watch.read(),
        differs="There: CD-25, pixels binary. Here: five sweeps of 100 persistent chains behind each update, pixels "
        f"drawn once by us, {recipe.epochs} epochs from a rate of 0.1 by a cosine.",
        detail=found.words(),
    )  # fmt: skip


def deep(settings: Settings) -> Iterator[Row]:
    """784 – 500 – 1000: layers first, with doubled inputs, then all of them by mean fields and persistent chains."""
    recipe = Recipe(
        data=images(settings, pixels="drawn"),
        model=Dbm(
            hidden=settings.pick((500,), (20,)), code=settings.pick(1000, 20), steps=settings.pick(5, 1), origin="noise"
        ),
        optimizer=SGD(learning_rate=0.03, momentum=0.5, schedule="cosine"),
        training=Greedy(layer_epochs=settings.pick(5, 1)),
        epochs=settings.pick(20, 1),
        batch_size=settings.pick(100, 50),
    )
    run = trained(recipe, "DBM 500-1000")
    found = log_likelihood(run.experiment, settings)
    yield Row(
        "DBM, 500 – 1000: bound on −log p(v)", DEEP, 84.62, -found.mean, "nats", took=run.watch.read(),
        differs="There: 100 and 500 epochs, CD-5 for the layers. Here: "
        f"{recipe.length() - recipe.epochs} epochs of layers, {recipe.epochs} of the whole, chains that begin at "
        "noise, pixels drawn once by us.",
        detail=found.words(),
    )  # fmt: skip


def log_likelihood(experiment: Experiment, settings: Settings) -> Found:
    """Of a restricted machine exactly but for log Z; of a deep one its variational bound."""
    model = experiment.model
    assert isinstance(model, Machine)
    train, test = experiment.stage.train.x, experiment.stage.test.x
    mean = train.flatten(1).mean(0).clamp(0.005, 0.995)
    say("annealed importance sampling …")
    estimate = annealed_importance(
        model.machine,
        generator(experiment.recipe.seed, "ais"),
        chains=100,
        temperatures=late(settings.pick(14_500, 58)),
        base=(mean / (1 - mean)).log(),
    )
    values = np.concatenate([model.log_unnormalised(part).numpy() for part in (test > 0.5).float().split(CHUNK)])
    values = values - estimate.value
    return Found(float(values.mean()), float(values.std() / math.sqrt(len(values))), estimate)
