"""Learners: how one batch changes a model. The update rule lives here, never in the training loop."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor, nn

from aeviz.data.pairings import Batch
from aeviz.learning import spread
from aeviz.learning.optimizers import Optimizer, factor
from aeviz.learning.terms import Term
from aeviz.models.autoencoder import Autoencoder, Pass

CHUNK = 500  # examples evaluated at once

Losses = Mapping[str, float]
"""Nats per example by term: "loss" (their sum), "reconstruction", each term by its kind.

Measured beside the loss and not part of it: "mse", per pixel; a classifier's "error", a share of the examples; and
"reconstruction" in stages whose loss is another (`ContrastiveDivergence`, `Classification`).
"""

Batches = Callable[[], Iterator[Batch]]
"""Goes over the training set, as it is fed, each time it is called."""


class Diverged(Exception):
    """A loss is no longer a finite number; `term` is the first such. The model has not been changed by the step."""

    def __init__(self, term: str) -> None:
        super().__init__(f"{term} is not finite")
        self.term = term


class Learner(Protocol):
    """One update at a time of one model. chunk: how many examples it evaluates at once."""

    model: Autoencoder
    chunk: int

    def begin_epoch(self, batches: Batches) -> None:
        """Before each epoch; `batches` goes over the training set as it is fed, where that is asked for."""
        ...

    def step(self, batch: Batch, generator: torch.Generator, progress: float) -> Losses:
        """Learn from one batch; `progress` ∈ [0, 1] is the share of the training that is over.

        Raises:
            Diverged: before anything was changed.
        """
        ...

    def evaluate(self, batch: Batch, generator: torch.Generator) -> Losses:
        """The losses on a batch without learning, without dropout; a variational code is still drawn."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Everything besides the weights that resuming needs, by name."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` gave."""
        ...


class Backpropagation:
    """loss = the model's own losses + Σ weightₜ·penaltyₜ, and one step of gradient descent on it.

    Each player of the model has an optimizer of its own. All of them step at once, from one gradient: the losses of
    adversaries are written so that none reaches the other's weights. fixed: parameters that do not learn.
    """

    def __init__(
        self,
        model: Autoencoder,
        terms: Sequence[Term],
        optimizer: Optimizer,
        fixed: Sequence[nn.Parameter] = (),
    ) -> None:
        self.model = model
        self.terms = tuple(terms)
        self.spec = optimizer
        for term in self.terms:
            term.equip(model)
        still = {id(each) for each in fixed}
        players = [[each for each in player if id(each) not in still] for player in model.players().values()]
        self.optimizers = [optimizer.build(player) for player in players if player]
        self.learning = [each for player in players for each in player]
        self.needs_input_gradient = any(term.needs_input_gradient for term in self.terms)
        # A Jacobian is k times as large as its example.
        self.chunk = max(16, CHUNK // max((term.rows(model.code) for term in self.terms), default=1))

    def begin_epoch(self, batches: Batches) -> None:
        for term in self.terms:
            term.begin_epoch(self.model, batches)

    def losses(
        self, batch: Batch, generator: torch.Generator, *, learning: bool, progress: float = 1.0
    ) -> tuple[dict[str, Tensor], Pass]:
        """Every term of the loss, weighted, so that they add up to "loss"; and the pass they came from.

        learning: with dropout, and fit to be differentiated.
        """
        if self.needs_input_gradient:
            batch = replace(batch, inputs=batch.inputs.detach().requires_grad_(True))
        noise = generator if learning else None
        code = self.model.encode(batch.inputs, noise, batch.labels)
        logits = self.model.decode(self.model.sample(code, generator), noise)
        forward = Pass(self.model, batch, code, logits, learning, generator, progress)
        parts = self.model.losses(forward)
        for term in self.terms:
            parts[term.kind()] = term.weight * term.penalty(forward)
        total, *rest = (part for name, part in parts.items() if name not in self.model.beside)
        for part in rest:
            total = total + part
        return {"loss": total} | parts, forward

    def step(self, batch: Batch, generator: torch.Generator, progress: float) -> Losses:
        mine, weight, draws = spread.share(batch, generator)
        parts, _ = self.losses(mine, draws, learning=True, progress=progress)
        values = _finite(spread.summed({name: part.item() for name, part in parts.items()}, weight))
        for parameter in self.learning:  # as `Optimizer.zero_grad` does, without its hooks, which a small step feels
            parameter.grad = None
        (parts["loss"] if weight == 1 else parts["loss"] * weight).backward()
        spread.add_gradients(self.learning)
        for optimizer in self.optimizers:
            if self.spec.schedule != "constant":
                for group in optimizer.param_groups:
                    group["lr"] = self.spec.learning_rate * factor(self.spec.schedule, progress)
            optimizer.step()
        self.model.settle()
        return values

    def evaluate(self, batch: Batch, generator: torch.Generator) -> Losses:
        with torch.set_grad_enabled(self.needs_input_gradient):
            parts, forward = self.losses(batch, generator, learning=False)
        with torch.no_grad():
            mse = (self.model.mean(forward.logits) - batch.targets).square().mean()
        return {name: part.item() for name, part in parts.items()} | {"mse": mse.item()}

    def state(self) -> dict[str, Tensor]:
        return {
            f"{number}.{index}.{name}": value
            for number, optimizer in enumerate(self.optimizers)
            for index, entries in optimizer.state_dict()["state"].items()
            for name, value in entries.items()
            if isinstance(value, Tensor)
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        held: list[dict[int, dict[str, Tensor]]] = [{} for _ in self.optimizers]
        for key, value in state.items():
            number, index, name = key.split(".", 2)
            held[int(number)].setdefault(int(index), {})[name] = value
        for optimizer, entries in zip(self.optimizers, held, strict=True):
            optimizer.load_state_dict({"state": entries, "param_groups": optimizer.state_dict()["param_groups"]})


def _finite(values: dict[str, float]) -> dict[str, float]:
    # The parts come before their sum, so that the term to blame is named and not the total.
    for name in [*(each for each in values if each != "loss"), "loss"]:
        if not math.isfinite(values[name]):
            raise Diverged(name)
    return values
