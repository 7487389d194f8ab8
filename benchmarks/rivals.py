"""The same training job in other libraries, each as its own documentation teaches it; and in aeviz.

`python -m benchmarks.rivals NAME --recipe JSON` trains and prints when each epoch ended, as one JSON object. Every
side trains the same layers with Adam on the same images in the same batches, and takes the test loss after every epoch.
"""
# The libraries are not among the app's requirements, so their types are unknown here.
# mypy: disable-error-code="import-not-found", allow-subclassing-any

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from aeviz.data.cache import loaded
from aeviz.learning.train import EVALUATED
from aeviz.models import Mlp, ModelSpec, Vae
from aeviz.recipe import Recipe, read_recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Run, Store
from benchmarks.children import behave_like_a_worker
from benchmarks.plain import CHUNK, loss_of, network
from benchmarks.table import Mark


@dataclass
class Task:
    """What is to be done, and the clock. folder: a temporary place for whatever a library writes."""

    recipe: Recipe
    x: np.ndarray
    test: np.ndarray
    folder: Path
    marks: list[Mark] = field(default_factory=list)

    def epoch_ended(self, epoch: int | None = None) -> None:
        """To be called after every epoch, its test loss included."""
        self.marks.append(Mark(epoch or len(self.marks) + 1, time.monotonic(), time.process_time()))

    @property
    def rate(self) -> float:
        return self.recipe.optimizer.learning_rate

    @property
    def model(self) -> Mlp | Vae:
        assert isinstance(self.recipe.model, Mlp | Vae)
        return self.recipe.model


def train_in_aeviz(task: Task) -> None:
    """Ours, with everything that a run keeps: history, frames, checkpoints, weights."""
    store = Store(task.folder / "store")
    offset = 0

    def told(run: Run) -> None:
        nonlocal offset
        rows, offset = store.history(run.id, offset)
        # The epoch 0 is the untrained model; what comes with the end has the closing work in it.
        if rows and rows[-1]["epoch"] and not run.ended:
            task.epoch_ended(rows[-1]["epoch"])

    carry_out(store, task.recipe, told=told)


def train_in_pythae(task: Task) -> None:
    """Pythae's own model and trainer around the same layers. AE is squared error there, VAE may be cross-entropy."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import AE, VAE, AEConfig, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    inward = [task.x[0].size, *task.model.hidden]
    variational = isinstance(task.model, Vae)

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = [nn.Flatten()]
            for wide, narrow in pairwise(inward):
                layers += [nn.Linear(wide, narrow), nn.ReLU()]
            self.layers = nn.Sequential(*layers)
            self.embedding = nn.Linear(inward[-1], task.model.code)
            self.log_variance = nn.Linear(inward[-1], task.model.code) if variational else None

        def forward(self, x: Tensor) -> Any:
            h = self.layers(x)
            if self.log_variance is None:
                return ModelOutput(embedding=self.embedding(h))
            return ModelOutput(embedding=self.embedding(h), log_covariance=self.log_variance(h))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            for narrow, wide in pairwise([task.model.code, *inward[::-1]]):
                layers += [nn.Linear(narrow, wide), nn.ReLU()]
            layers[-1] = nn.Sigmoid() if variational else nn.Identity()
            self.layers = nn.Sequential(*layers)

        def forward(self, z: Tensor) -> Any:
            return ModelOutput(reconstruction=self.layers(z).reshape(-1, *task.x.shape[1:]))

    class Clock(TrainingCallback):
        def on_epoch_end(self, training_config: Any, **more: Any) -> None:
            task.epoch_ended()

    shape, code = task.x.shape[1:], task.model.code
    model = (
        VAE(VAEConfig(input_dim=shape, latent_dim=code, reconstruction_loss="bce"), Encoder(), Decoder())
        if variational
        else AE(AEConfig(input_dim=shape, latent_dim=code), Encoder(), Decoder())
    )
    config = BaseTrainerConfig(
        output_dir=str(task.folder),
        per_device_train_batch_size=task.recipe.batch_size,
        per_device_eval_batch_size=CHUNK,
        num_epochs=task.recipe.epochs,
        learning_rate=task.rate,
        no_cuda=True,
    )
    sets = [BaseDataset(torch.tensor(each), torch.zeros(len(each))) for each in (task.x, task.test)]
    BaseTrainer(model, *sets, training_config=config, callbacks=[Clock()]).train()


def train_in_keras(task: Task) -> None:
    """`model.fit` on the arrays."""
    import keras

    inward = task.model.hidden
    model = keras.Sequential(
        [
            keras.Input(task.x.shape[1:]),
            keras.layers.Flatten(),
            *(keras.layers.Dense(width, "relu") for width in inward),
            keras.layers.Dense(task.model.code),
            *(keras.layers.Dense(width, "relu") for width in inward[::-1]),
            keras.layers.Dense(task.x[0].size),
            keras.layers.Reshape(task.x.shape[1:]),
        ]
    )
    model.compile(keras.optimizers.Adam(task.rate), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(
        task.x,
        task.x,
        batch_size=task.recipe.batch_size,
        epochs=task.recipe.epochs,
        validation_data=(task.test, task.test),
        validation_batch_size=CHUNK,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: task.epoch_ended())],
    )


def train_in_skorch(task: Task) -> None:
    """`NeuralNet.fit` on the arrays, with the test set in place of its own split."""
    from skorch import NeuralNet
    from skorch.callbacks import Callback
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    class Clock(Callback):
        def on_epoch_end(self, net: Any, **more: Any) -> None:
            task.epoch_ended()

    class CrossEntropy(nn.Module):
        def forward(self, logits: Tensor, x: Tensor) -> Tensor:
            return loss_of(logits, x)

    net = NeuralNet(
        network(task.recipe, task.x.shape[1:]),
        criterion=CrossEntropy,
        optimizer=torch.optim.Adam,
        lr=task.rate,
        max_epochs=task.recipe.epochs,
        batch_size=task.recipe.batch_size,
        iterator_train__shuffle=True,
        iterator_valid__batch_size=CHUNK,
        train_split=predefined_split(Dataset(task.test, task.test)),
        verbose=0,
        callbacks=[Clock()],
    )
    net.fit(task.x, task.x)


def train_in_lightning(task: Task) -> None:
    """A LightningModule and a Trainer, with progress bar, log files and checkpoints off."""
    from lightning import LightningModule, Trainer
    from lightning.pytorch.callbacks import Callback

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network(task.recipe, task.x.shape[1:])

        def training_step(self, batch: list[Tensor], index: int) -> Tensor:
            loss = loss_of(self.network(batch[0]), batch[0])
            self.log("train", loss)
            return loss

        def validation_step(self, batch: list[Tensor], index: int) -> None:
            self.log("test", loss_of(self.network(batch[0]), batch[0]))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=task.rate)

    class Clock(Callback):
        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            task.epoch_ended()  # Lightning validates before it calls this

    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=task.recipe.epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=task.folder,
        callbacks=[Clock()],
    )
    sets = [TensorDataset(torch.tensor(each)) for each in (task.x, task.test)]
    trainer.fit(
        Module(),
        DataLoader(sets[0], batch_size=task.recipe.batch_size, shuffle=True),
        DataLoader(sets[1], batch_size=CHUNK),
    )


@dataclass(frozen=True)
class Rival:
    """A library to compare with. imports: what has to be there. model: what both sides train."""

    name: str
    imports: tuple[str, ...]
    train: Callable[[Task], None]
    model: ModelSpec = Mlp()
    environment: Mapping[str, str] = field(default_factory=dict)


OURS = Rival("aeviz", (), train_in_aeviz)
RIVALS = (
    Rival("Pythae, AE", ("pythae",), train_in_pythae, Mlp(likelihood="gaussian")),
    Rival("Pythae, VAE", ("pythae",), train_in_pythae, Vae()),
    Rival("Keras on PyTorch", ("keras", "torch"), train_in_keras, environment={"KERAS_BACKEND": "torch"}),
    Rival("Keras on JAX", ("keras", "jax"), train_in_keras, environment={"KERAS_BACKEND": "jax"}),
    Rival("skorch", ("skorch",), train_in_skorch),
    Rival("Lightning", ("lightning",), train_in_lightning),
)


def on_one_core() -> None:
    """Bind this process to one core: some libraries have threads of their own that no setting turns off."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> None:
    """Train one recipe in one library as a process of its own."""
    every = {each.name: each for each in (OURS, *RIVALS)}
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("name", choices=every)
    arguments.add_argument("--recipe", required=True)
    given = arguments.parse_args()
    on_one_core()
    behave_like_a_worker()
    recipe = read_recipe(given.recipe)
    data = loaded(recipe.data)
    with tempfile.TemporaryDirectory(prefix="aeviz-") as folder:
        task = Task(recipe, np.array(data.train.x), np.array(data.test.x[:EVALUATED]), Path(folder))
        with contextlib.redirect_stdout(sys.stderr):  # some print as they go
            every[given.name].train(task)
    print(json.dumps({"marks": [(mark.epoch, mark.seconds, mark.processor) for mark in task.marks]}))


if __name__ == "__main__":
    main()
