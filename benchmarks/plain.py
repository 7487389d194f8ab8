"""The loop that a good PyTorch user would write for the same recipe: what training in the app is measured against.

`python -m benchmarks.plain --recipe JSON --way indexed` trains and prints when each epoch ended, as one JSON object.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from aeviz.data.cache import loaded
from aeviz.learning.train import EVALUATED
from aeviz.models import Conv, Mlp
from aeviz.recipe import Recipe, read_recipe
from aeviz.seeds import generator
from benchmarks.children import behave_like_a_worker
from benchmarks.table import Mark

CHUNK = 500  # examples tested at once, on every side

Batches = Callable[[int], Iterable[Tensor]]
"""Epoch → its batches."""


def network(recipe: Recipe, shape: tuple[int, ...]) -> nn.Sequential:
    """The recipe's autoencoder out of torch's own layers, with the very weights that the app would start from."""
    layers = (_convolutional if isinstance(recipe.model, Conv) else _dense)(recipe, shape)
    made = nn.Sequential(*layers)
    ours = recipe.model.build(shape, generator(recipe.seed, "weights"))
    with torch.no_grad():
        for own, other in zip(made.parameters(), ours.parameters(), strict=True):
            own.copy_(other)
    return made


def _dense(recipe: Recipe, shape: tuple[int, ...]) -> list[nn.Module]:
    model = recipe.model
    assert isinstance(model, Mlp) and model.activation == "relu" and model.code_activation == "linear"
    inward = [math.prod(shape), *model.hidden, model.code]
    layers: list[nn.Module] = [nn.Flatten()]
    for widths in (inward, inward[::-1]):
        for wide, narrow in pairwise(widths):
            layers += [nn.Linear(wide, narrow), nn.ReLU()]
        layers.pop()  # neither the code nor the logits are rectified
    return [*layers, nn.Unflatten(1, shape)]


def _convolutional(recipe: Recipe, shape: tuple[int, ...]) -> list[nn.Module]:
    model = recipe.model
    assert isinstance(model, Conv) and model.activation == "relu" and model.code_activation == "linear"
    assert not any(side % 2 ** len(model.channels) for side in shape[1:]), "halves must be whole"
    channels = [shape[0], *model.channels]
    smallest = (channels[-1], *(side >> len(model.channels) for side in shape[1:]))
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
    layers += [nn.Flatten(), nn.Linear(math.prod(smallest), model.code), nn.Linear(model.code, math.prod(smallest))]
    layers.append(nn.Unflatten(1, smallest))
    for before, after in pairwise(channels[::-1]):
        layers += [nn.ReLU(), nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
    return layers


def loss_of(logits: Tensor, x: Tensor) -> Tensor:
    """Cross-entropy in nats per example: summed over pixels, averaged over the batch."""
    return functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)


def indexed(x: Tensor, recipe: Recipe) -> Batches:
    """Batches by indexing the tensor with a permutation: the quickest way, and in the order that the app takes."""

    def batches(epoch: int) -> Iterator[Tensor]:
        order = torch.randperm(len(x), generator=generator(recipe.seed, "training", "order", epoch))
        for rows in order.split(recipe.batch_size):
            yield x[rows]

    return batches


def from_loader(x: Tensor, recipe: Recipe) -> Batches:
    """Batches from torch's DataLoader with its defaults, as tutorials do it."""
    loader = DataLoader(TensorDataset(x), batch_size=recipe.batch_size, shuffle=True)
    return lambda epoch: (x for (x,) in loader)


WAYS = {"indexed": indexed, "loader": from_loader}


@dataclass
class Learned:
    """What the loop keeps. steps: the loss of every update. tests: the test loss after every epoch."""

    steps: list[float] = field(default_factory=list)
    tests: list[float] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def train(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches, test: Tensor, epochs: int) -> Learned:
    """Train for so many epochs, with every loss kept and the test loss taken after every epoch, as the app does."""
    learned = Learned()
    for epoch in range(1, epochs + 1):
        for x in batches(epoch):
            loss = loss_of(model(x), x)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            learned.steps.append(loss.item())
        with torch.no_grad():
            total = sum(loss_of(model(x), x).item() * len(x) for x in test.split(CHUNK))
        learned.tests.append(total / len(test))
        learned.marks.append(Mark(epoch, time.monotonic(), time.process_time()))
    return learned


def learn(recipe: Recipe, way: str = "indexed") -> Learned:
    """Carry out the recipe in a plain loop; by "loader" also with Adam's defaults."""
    data = loaded(recipe.data)
    x, test = (torch.tensor(split.x) for split in (data.train, data.test))
    model = network(recipe, data.shape)
    fused = True if way == "indexed" else None
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.learning_rate, fused=fused)
    return train(model, optimizer, WAYS[way](x, recipe), test[:EVALUATED], recipe.epochs)


def main() -> None:
    """Train one recipe as a process of its own."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--recipe", required=True)
    arguments.add_argument("--way", choices=WAYS, default="indexed")
    given = arguments.parse_args()
    behave_like_a_worker()
    learned = learn(read_recipe(given.recipe), given.way)
    marks = [(mark.epoch, mark.seconds, mark.processor) for mark in learned.marks]
    print(json.dumps({"marks": marks, "loss": learned.tests[-1]}))


if __name__ == "__main__":
    main()
