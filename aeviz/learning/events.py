"""What training tells: frozen records of floats and arrays, nothing that holds a model or a device."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aeviz.learning.learners import Losses

Outcome = Literal["finished", "diverged"]


@dataclass(frozen=True)
class Place:
    """Where a training stands: `done` epochs of stage number `stage` are over; epoch and step count over all stages."""

    stage: int = 0
    done: int = 0
    epoch: int = 0
    step: int = 0


BEGINNING = Place()


@dataclass(frozen=True)
class StageStarted:
    """A stage begins: its number from 0, its name, how many epochs it has, and how many steps an epoch.

    done: epochs of it that are already over, when a training is taken up in its middle.
    """

    number: int
    stage: str
    epochs: int
    steps: int
    done: int = 0


@dataclass(frozen=True)
class Stepped:
    """One batch was learned. step counts from 1 over the whole run, epoch from 1."""

    step: int
    epoch: int
    losses: Losses


@dataclass(frozen=True)
class Measured:
    """The losses at step and epoch: train is the mean over the steps of the epoch, test is on held-out examples.

    Epoch 0 is the untrained model. stage: the number of the stage that measured; done: how many of its epochs are
    over, 0 at its start.
    """

    step: int
    epoch: int
    train: Losses
    test: Losses
    stage: int = 0
    done: int = 0

    def row(self) -> Mapping[str, object]:
        """The record as a line of the history."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "stage": self.stage,
            "train": dict(self.train),
            "test": dict(self.test),
        }

    def place(self) -> "Place":
        """Where training goes on after it."""
        return Place(self.stage, self.done, self.epoch, self.step)

    def diverged(self) -> str | None:
        """The first term that is not a finite number, if any."""
        both = (*self.train.items(), *self.test.items())
        spoilt = [name for name, value in both if not math.isfinite(value)]
        return next((name for name in spoilt if name != "loss"), *spoilt[:1]) if spoilt else None


@dataclass(frozen=True)
class Finished:
    """Training has ended by itself. A divergence says which term, at which step, in a sentence."""

    outcome: Outcome
    step: int
    epoch: int
    message: str = ""


Event = StageStarted | Stepped | Measured | Finished
