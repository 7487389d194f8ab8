"""Moments of a training: weights that are kept on the way, so that everything can be looked at as it was then.

They lie in `weights/<step, 8 digits>.safetensors` of the run's folder and belong to the recipe, not to the clock.
"""

import functools
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from aeviz.runs.store import Store

MOST_MOMENTS = 40
MOST_BYTES = 64 * 2**20  # of a run's moments together


@dataclass(frozen=True)
class Moment:
    """Where a training stood when its weights were kept. epoch and step count over all stages.

    stage: the name of the stage that was being learned, empty where the run has only one.
    """

    step: int
    epoch: int
    stage: str = ""

    @property
    def name(self) -> str:
        """What it is called on pages; no other moment of the run has the name."""
        return f"epoch {self.epoch}" + (f" · {self.stage}" if self.stage else "")


def moment_epochs(film: Collection[int], size: int) -> frozenset[int]:
    """After which epochs weights of `size` bytes are kept: those of the film, evenly thinned out to what fits.

    The first is always among them. The last never is, since the finished model is the same.
    """
    epochs = sorted(film)
    most = max(2, min(MOST_MOMENTS, MOST_BYTES // max(size, 1)))
    places = np.linspace(0, len(epochs) - 1, min(most, len(epochs))).round().astype(int)
    return frozenset(epochs[place] for place in places.tolist()) - {epochs[-1]}


def moments(store: Store, run: str) -> list[Moment]:
    """The moments of a run that can be opened, in their order; none for a run that kept none."""
    found = (_moment(store.path(run) / f"{moment_file(step)}.safetensors") for step in store.moments(run))
    return [each for each in found if each is not None]


def moment_file(step: int) -> str:
    """The run's file, without its ending, that holds the weights of that step."""
    return f"weights/{step:08d}"


@functools.lru_cache(maxsize=8192)  # read at every rerun of a page; a moment that is written again is the same
def _moment(path: Path) -> Moment | None:
    try:
        with safe_open(path, "numpy") as opened:
            told = opened.metadata() or {}
        return Moment(int(told["step"]), int(told["epoch"]), told.get("stage", ""))
    except (OSError, SafetensorError, KeyError, ValueError):
        return None  # cut short by a power cut, or gone since
