"""From a recipe to something that trains and can be looked at: data, model and learner, put together."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from aeviz.data import Dataset, Progress
from aeviz.data.cache import loaded
from aeviz.data.dataset import silent
from aeviz.data.pairings import Batch
from aeviz.learning.events import BEGINNING, Event, Place, StageStarted
from aeviz.learning.procedures import Task
from aeviz.learning.train import Best, Examples, Stage, train
from aeviz.models import Autoencoder, Samples
from aeviz.recipe import Recipe
from aeviz.runs.files import Arrays
from aeviz.seeds import generator
from aeviz.views import probes
from aeviz.views.projections import Plane, Points, plane

POINTS = 300  # codes on screen while training: enough to see classes part, few enough to cost a frame nothing
RENEWED = 50  # of these codes, how many a live frame takes anew: the others are those of the frames just before
SHOWN = 10  # reconstructions on screen
SHOWN_POINTS = 300  # the same for data that are points themselves, samples too
SAMPLES = 36  # decoded draws from the prior on screen
MOST_FRAMES = 60


def device() -> torch.device:
    """Where training runs: CUDA, else Apple's GPU, else the CPU; `AEVIZ_DEVICE` overrides."""
    if named := os.environ.get("AEVIZ_DEVICE"):
        return torch.device(named)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def frame_epochs(lengths: Sequence[int], most: int = MOST_FRAMES) -> frozenset[int]:
    """The epochs, counted over all stages, after which a frame is kept, the last of every stage among them."""
    ends = [0, *accumulate(lengths)]
    kept = [{first + epoch for epoch in _spread(length, most)} for first, length in zip(ends, lengths, strict=False)]
    return frozenset().union(*kept)


def _spread(epochs: int, most: int) -> frozenset[int]:
    """All epochs of a stage when few, else denser at its start, where most happens."""
    if epochs < most:
        return frozenset(range(epochs + 1))
    # Half of the frames at equal ratios of epochs, half at equal distances.
    ratios = np.geomspace(1, epochs, most // 2).round().astype(int)
    return frozenset({0, *ratios.tolist(), *np.linspace(1, epochs, most // 2).round().astype(int).tolist()})


@dataclass
class Experiment:
    """One recipe being carried out."""

    recipe: Recipe
    dataset: Dataset
    model: Autoencoder
    stages: Sequence[Stage]
    at: int = 0
    _last: Points | None = field(default=None)
    _codes: np.ndarray | None = field(default=None)
    _turn: int = 0

    @classmethod
    def prepare(cls, recipe: Recipe, progress: Progress = silent) -> "Experiment":
        """Load the data and draw the initial weights.

        Raises:
            RecipeError: the choices do not go together.
            DataError: the data cannot be had.
        """
        recipe.check()
        dataset = loaded(recipe.data, progress)
        place = device()
        model = recipe.build_for(dataset).to(place)
        train, test = _examples(dataset.train, place), _examples(dataset.test, place)
        recipe.model.begin(model, train.whole())
        task = Task(
            model,
            recipe.terms,
            recipe.pairing,
            recipe.optimizer,
            train,
            test,
            recipe.epochs,
            recipe.batch_size,
            recipe.seed,
        )
        return cls(recipe, dataset, model, recipe.training.stages(task))

    @property
    def stage(self) -> Stage:
        """The stage that is being learned."""
        return self.stages[self.at]

    def stage_name(self) -> str:
        """The name of the stage that is being learned, where there is more than one."""
        return self.stage.name if len(self.stages) > 1 else ""

    def events(self, start: Place = BEGINNING) -> Iterator[Event]:
        """The training, from where it stands."""
        for event in train(self.stages, start):
            if isinstance(event, StageStarted):
                self.at = event.number
                self._codes, self._turn = None, 0
            yield event

    # Looking

    def probe_rows(self) -> np.ndarray:
        """Which held-out examples are reconstructed on screen: one of each class in turn, or simply the first."""
        test = self.dataset.test
        if len(self.dataset.shape) == 1:
            return np.arange(min(SHOWN_POINTS, len(test)))
        return probes.one_of_each(test.labels if len(self.dataset.classes) > 1 else None, SHOWN, len(test))

    def scene(self) -> tuple[Arrays, Mapping[str, object]]:
        """What stays the same on screen: labels, the inputs as fed, and the targets."""
        clean = torch.from_numpy(self.dataset.test.x[self.probe_rows()].copy())
        fed = self.recipe.pairing.pair(Batch(clean, clean), generator(self.recipe.seed, "scene")).inputs
        arrays = {"inputs": shown(fed.numpy()), "targets": shown(clean.numpy())}
        if self.dataset.test.labels is not None:
            arrays["labels"] = self.dataset.test.labels[:POINTS].astype(np.int32)
        return arrays, {
            "classes": list(self.dataset.classes),
            "shape": list(self.dataset.shape),
            "stages": [{"name": stage.name, "epochs": stage.epochs} for stage in self.stages],
        }

    def axes(self) -> list[str]:
        """What the two coordinates of a frame's points are; the second is empty for codes of one number."""
        k = self.stage.shown.code
        return ["z₁", "" if k == 1 else "z₂"] if k <= 2 else ["principal axis 1", "principal axis 2"]

    def frame(self, *, kept: bool = False, live: bool = False) -> Arrays:
        """What the model makes of the scene now: codes of held-out examples on the screen, and reconstructions.

        kept: the frame is one of the film that every run of the recipe makes, and the next is aligned to it. Looks
        in between must leave the film as it would be without them. live: a look while training goes on, which costs
        little: a sixth of the codes are new, the rest are a few frames old.
        """
        model = self.stage.shown
        test, rows = self.dataset.test, self.probe_rows()
        z = self._renewed(model) if live else self._codes_of(model, slice(POINTS))
        drawn = plane(z) if np.isfinite(z).all() else Plane(np.zeros(z.shape[1]), np.zeros((z.shape[1], 2)))
        if z.shape[1] > 2 and self._last is not None:
            # Principal axes turn and flip from frame to frame; what is seen should not.
            drawn = drawn.turned(z, self._last)
        points = drawn.project(np.nan_to_num(z, posinf=0, neginf=0))
        if kept:
            self._last = points
        clean = torch.from_numpy(test.x[rows].copy())
        fed = self.recipe.pairing.pair(Batch(clean, clean), generator(self.recipe.seed, "scene")).inputs
        pictures = {"reconstructions": shown(probes.reconstructions(model, fed.numpy(), test.some_labels(rows)))}
        if isinstance(model, Samples):
            pictures["samples"] = self.samples(model)
        frame = {"points": points} | pictures
        if live:  # the way back from a place of the picture to a code, for the pointer to decode with
            frame |= {"origin": drawn.origin.astype(np.float32), "basis": drawn.basis.astype(np.float32)}
        return frame

    def _codes_of(self, model: Autoencoder, rows: slice) -> np.ndarray:
        """The codes of these held-out examples."""
        return probes.codes(model, self.dataset.test.x[rows], self.dataset.test.some_labels(rows))

    def samples(self, model: Any) -> np.ndarray:
        """What the model makes of draws from its prior: from the same noise at every moment of the run."""
        count = SAMPLES if len(self.dataset.shape) == 3 else SHOWN_POINTS
        z = model.prior(count, generator(self.recipe.seed, "samples"))
        classes = len(self.dataset.classes)
        return shown(probes.decoded(model, z.numpy(), np.arange(count) % classes if classes else None))

    def _renewed(self, model: Autoencoder) -> np.ndarray:
        """The codes on screen, a part of them taken anew in turn; all of them at first and in a new stage."""
        if self._codes is None or self._codes.shape[1] != model.code:
            self._codes = self._codes_of(model, slice(POINTS))
            return self._codes
        rows = slice(self._turn, min(self._turn + RENEWED, POINTS))
        self._codes[rows] = self._codes_of(model, rows)
        self._turn = rows.stop if rows.stop < len(self._codes) else 0
        return self._codes

    def final_losses(self) -> dict[str, dict[str, float]]:
        """The losses of the stage as it stands, over all of train and test."""
        return {
            "train": dict(self.stage.evaluate(self.stage.train)),
            "test": dict(self.stage.evaluate(self.stage.test)),
        }

    # Keeping

    def weights(self) -> dict[str, np.ndarray]:
        """The model's weights by name."""
        return {name: value.detach().cpu().numpy() for name, value in self.model.state_dict().items()}

    def finite(self) -> bool:
        """Whether every weight, and whatever else is saved with them, is a finite number."""
        return all(bool(torch.isfinite(value).all()) for value in self.model.state_dict().values())

    def checkpoint(self) -> dict[str, np.ndarray]:
        """All that resuming at the next epoch needs: weights, and what the optimizer remembers."""
        best = self.stage.best
        tensors = {f"learner/{name}": value for name, value in self.stage.learner.state().items()}
        if best:
            tensors |= {f"best/{name}": value for name, value in best.weights.items()}
            tensors["best of"] = torch.tensor([best.loss, best.done], dtype=torch.float64)
        return {f"model/{name}": value for name, value in self.weights().items()} | {
            name: value.detach().cpu().numpy() for name, value in tensors.items()
        }

    def restore(self, checkpoint: Mapping[str, np.ndarray], stage: int = 0, points: Points | None = None) -> None:
        """Take back a checkpoint of that stage, and the points of the last frame that was kept before it."""
        self._last = points
        self.at = stage
        tensors = {name: torch.from_numpy(value.copy()) for name, value in checkpoint.items()}
        self.model.load_state_dict(_under("model/", tensors))
        self.stage.learner.restore(_under("learner/", tensors))
        if "best of" in tensors:
            loss, done = tensors["best of"].tolist()
            self.stage.best = Best(loss, int(done), _under("best/", tensors))


def load_model(recipe: Recipe, data: Dataset, weights: Mapping[str, np.ndarray]) -> Autoencoder:
    """The trained model of a recipe on these data, from its weights by name, on the CPU.

    Raises:
        RuntimeError: names or shapes are not those of the recipe's model.
    """
    model = recipe.build_for(data)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return model


def shown(x: np.ndarray) -> np.ndarray:
    """Examples as they go to the screen: images as bytes 0…255, points as they are."""
    return (np.nan_to_num(x).clip(0, 1) * 255).round().astype(np.uint8) if x.ndim == 4 else x.astype(np.float32)


def _examples(split: Any, place: torch.device) -> Examples:
    labels, tags = (
        None if each is None else torch.from_numpy(each.copy()).to(place) for each in (split.labels, split.tags)
    )
    # All runs of a process share the loaded, read-only arrays; training indexes them and never writes.
    return Examples(from_dlpack(split.x).to(place), labels, tags)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
