"""Recipes carried out for a figure: data, training without a store, and errors on all of the test set."""

import math
from dataclasses import dataclass

from aeviz.data import Glyphs, Mnist, Source
from aeviz.data.idx import Pixels
from aeviz.learning.events import Finished, Measured, StageStarted
from aeviz.learning.learners import Losses
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from benchmarks.children import say
from benchmarks.literature.rows import Stopwatch
from benchmarks.table import Settings, Unavailable

VALIDATED = 10_000  # training images that settings are chosen by


def images(settings: Settings, train: int = 60_000, pixels: Pixels = "grey") -> Source:
    """MNIST; in a hurry a few hundred drawn digits, which need no file."""
    if settings.quick:
        return Glyphs(images=500)
    if settings.validate:
        return Mnist(train=min(train, 60_000 - VALIDATED), test=VALIDATED, pixels=pixels, held_out="validation")
    return Mnist(train=train, test=10_000, pixels=pixels)


@dataclass(frozen=True)
class Trained:
    """A recipe that was carried out. watch: runs since before the first step."""

    experiment: Experiment
    watch: Stopwatch

    def test(self) -> Losses:
        """The losses on all of the test set."""
        return self.experiment.stage.evaluate(self.experiment.stage.test)

    def pixel_error(self) -> float:
        """Mean over test images and pixels of (x − x̂)²."""
        return self.test()["mse"]

    def image_error(self) -> float:
        """Σᵢ (xᵢ − x̂ᵢ)², averaged over the test images."""
        return self.pixel_error() * math.prod(self.experiment.dataset.shape)


def trained(recipe: Recipe, what: str, until: str = "") -> Trained:
    """Train to the end, or to the beginning of the stage of that name.

    Raises:
        Unavailable: the training diverged.
    """
    experiment = Experiment.prepare(recipe)
    watch = Stopwatch()
    for event in experiment.events():
        if isinstance(event, StageStarted) and event.stage == until:
            break
        if isinstance(event, Measured):
            error = f", {event.test['mse']:.5f} a pixel" if "mse" in event.test else ""
            spent = watch.read().wall
            say(
                f"{what}: epoch {event.epoch} of {recipe.length()}, test {event.test['loss']:.2f}{error}, {spent:.0f} s"
            )
        if isinstance(event, Finished) and event.outcome == "diverged":
            raise Unavailable(event.message)
    return Trained(experiment, watch)
