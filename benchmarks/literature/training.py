"""Recipes carried out for a figure: data, training without a store, and errors on all of the test set."""

import hashlib
import json
import math
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import aeviz
from aeviz.data import Glyphs, Mnist, Source
from aeviz.data.download import cache_folder
from aeviz.data.idx import Pixels
from aeviz.errors import StoreError
from aeviz.learning.events import BEGINNING, Finished, Measured, Place, StageStarted
from aeviz.learning.learners import Losses
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from aeviz.runs.files import packed, unpacked, write
from benchmarks.children import say
from benchmarks.literature.rows import Stopwatch, Took
from benchmarks.table import Settings, Unavailable

VALIDATED = 10_000  # training images that settings are chosen by
KEPT_EVERY = 60.0  # seconds


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

    A training that is interrupted goes on from where it stood a minute before, at most, when it is asked for again.

    Raises:
        Unavailable: the training diverged.
    """
    experiment, kept = Experiment.prepare(recipe), Kept(recipe)
    start, watch = kept.back(experiment)
    if start.epoch:
        say(f"{what}: goes on after epoch {start.epoch}")
    for event in experiment.events(start):
        if isinstance(event, StageStarted) and event.stage == until:
            break
        if isinstance(event, Measured):
            error = f", {event.test['mse']:.5f} a pixel" if "mse" in event.test else ""
            spent = watch.read().wall
            say(
                f"{what}: epoch {event.epoch} of {recipe.length()}, test {event.test['loss']:.2f}{error}, {spent:.0f} s"
            )
            if event.done:
                kept.keep(experiment, event.place(), watch)
        if isinstance(event, Finished) and event.outcome == "diverged":
            raise Unavailable(event.message)
    kept.forget()
    return Trained(experiment, watch)


class Kept:
    """Where a training stands, in a file of the cache folder, for a process that comes after this one."""

    def __init__(self, recipe: Recipe) -> None:
        self.path = cache_folder() / "literature" / f"{recipe.id()}.safetensors"
        self.wrote = time.monotonic()

    def back(self, experiment: Experiment) -> tuple[Place, Stopwatch]:
        """Bring an experiment to where it stood, if it was this very code that had brought it there."""
        try:
            tensors, metadata = unpacked(self.path)
            if metadata["code"] != code():
                return BEGINNING, Stopwatch()
            place, took = Place(**json.loads(metadata["place"])), Took(**json.loads(metadata["took"]))
            experiment.restore(tensors, place.stage)
        except (StoreError, KeyError, TypeError, ValueError, RuntimeError):
            return BEGINNING, Stopwatch()
        return place, Stopwatch(took)

    def keep(self, experiment: Experiment, place: Place, watch: Stopwatch) -> None:
        """Write down where it stands between two epochs, once a minute."""
        if time.monotonic() - self.wrote < KEPT_EVERY:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"code": code(), "place": asdict(place), "took": asdict(watch.read())}
        write(self.path, packed(experiment.checkpoint(), metadata), durable=False)
        self.wrote = time.monotonic()

    def forget(self) -> None:
        """The training is over."""
        self.path.unlink(missing_ok=True)


@cache
def code() -> str:
    """What aeviz computes with, as a hash of its files."""
    files = sorted(Path(aeviz.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
