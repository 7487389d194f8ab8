"""Training is a generator of events: pause is not pulling, stop is `close()`, one step is `next()`.

Nothing here knows a store, a page or a recipe. Every random draw is derived from (seed, purpose, epoch), so training
that resumes at the start of an epoch goes on exactly as if it had never stopped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aeviz.data.pairings import Batch, Pairing
from aeviz.learning.events import BEGINNING, Event, Finished, Measured, Place, StageStarted, Stepped
from aeviz.learning.learners import Diverged, Learner, Losses
from aeviz.models.autoencoder import Autoencoder
from aeviz.seeds import generator

EVALUATED = 2000  # held-out examples that are looked at after an epoch; the final figures take all of them


@dataclass(frozen=True)
class Examples:
    """Clean examples on the training device."""

    x: Tensor
    labels: Tensor | None = None
    tags: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def whole(self) -> Batch:
        """All of them at once, their memory shared."""
        return Batch(self.x, self.x, self.labels, tags=self.tags)

    def batch(self, rows: Tensor | slice) -> Batch:
        """The named rows, fed as they are."""
        x = _taken(self.x, rows)
        labels, tags = (None if each is None else _taken(each, rows) for each in (self.labels, self.tags))
        return Batch(x, x, labels, of=len(self), tags=tags)


def _taken(values: Tensor, rows: Tensor | slice) -> Tensor:
    """A copy of the named rows; by `index_select`, which takes a third of the time of `values[rows]`."""
    # A slice alone would share the memory, whose alignment may decide the last bit of a sum.
    return values[rows].clone() if isinstance(rows, slice) else values.index_select(0, rows)


@dataclass
class Best:
    """The best epoch of a stage that stops early: its test loss, how many epochs were over, and the weights then."""

    loss: float
    done: int
    weights: dict[str, Tensor]


@dataclass
class Stage:
    """One thing to be learned: a learner, its data, its pairing, and for how long.

    see: what the stage sees of a batch; for a stage on top of others, their frozen code of it.
    looked_at: the model that the pages show meanwhile; the learner's own where nothing else is said.
    patience: epochs that the test loss may fail to fall before the stage ends and goes back to its best; 0 to go on.
    """

    name: str
    learner: Learner
    train: Examples
    test: Examples
    pairing: Pairing
    epochs: int
    batch_size: int
    seed: int
    see: Callable[[Batch], Batch] = lambda batch: batch
    looked_at: Autoencoder | None = None
    patience: int = 0
    best: Best | None = None

    @property
    def steps(self) -> int:
        """Updates an epoch; the last batch may be smaller."""
        return -(-len(self.train) // self.batch_size)

    @property
    def shown(self) -> Autoencoder:
        """The model to look at while this stage learns."""
        return self.looked_at or self.learner.model

    def device(self) -> torch.device:
        return self.train.x.device

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch in its own order, corrupted with its own noise."""
        order = torch.randperm(len(self.train), generator=generator(self.seed, self.name, "order", epoch))
        order = order.to(self.device())
        noise = generator(self.seed, self.name, "pairing", epoch, device=self.device())
        for start in range(0, len(order), self.batch_size):
            yield self.pairing.pair(self.see(self.train.batch(order[start : start + self.batch_size])), noise)

    def in_order(self, examples: Examples, count: int) -> Iterator[Batch]:
        """The first `count` examples in chunks, always with the same noise."""
        noise = generator(self.seed, self.name, "pairing of evaluation", device=self.device())
        for start in range(0, count, self.learner.chunk):
            rows = slice(start, min(start + self.learner.chunk, count))
            yield self.pairing.pair(self.see(examples.batch(rows)), noise)

    def evaluate(self, examples: Examples, most: int | None = None) -> Losses:
        """Mean losses over `examples` (the first `most`), always with the same noise."""
        draws = generator(self.seed, self.name, "draws of evaluation", device=self.device())
        total, count = dict[str, float](), min(len(examples), most or len(examples))
        for batch in self.in_order(examples, count):
            for name, value in self.learner.evaluate(batch, draws).items():
                total[name] = total.get(name, 0.0) + value * len(batch.targets)
        return {name: value / count for name, value in total.items()}

    def remember(self, measured: Measured) -> None:
        """Keep the weights of the best epoch so far, where the stage may end early."""
        if self.patience and (self.best is None or measured.test["loss"] < self.best.loss):
            weights = {name: value.detach().clone() for name, value in self.learner.model.state_dict().items()}
            self.best = Best(measured.test["loss"], measured.done, weights)

    def is_over(self, done: int) -> bool:
        """Whether the stage should end early after `done` epochs."""
        return self.best is not None and done - self.best.done >= self.patience


def train(stages: Sequence[Stage], start: Place = BEGINNING) -> Iterator[Event]:
    """Pull to train. Each `Stepped` is one update; each epoch ends in a `Measured`; the last event is `Finished`.

    start: where a training that is taken up again stands; the learner of that stage has been restored.
    """
    step, epoch, message = start.step, start.epoch, ""
    for number, stage in enumerate(stages):
        if number < start.stage:
            continue
        done = start.done if number == start.stage else 0
        yield StageStarted(number, stage.name, stage.epochs, stage.steps, done)
        measured = None
        if not done:
            before = stage.evaluate(stage.train, EVALUATED), stage.evaluate(stage.test, EVALUATED)
            measured = Measured(step, epoch, *before, number, 0)
            if term := measured.diverged():
                yield Finished("diverged", step, epoch, diverged(term, step))
                return
            stage.remember(measured)
            yield measured
        for own in range(done + 1, stage.epochs + 1):
            if stage.is_over(own - 1):
                break
            stage.learner.begin_epoch(lambda stage=stage: stage.in_order(stage.train, len(stage.train)))  # type: ignore[misc]
            draws = generator(stage.seed, stage.name, "draws", own, device=stage.device())
            total, seen, epoch = dict[str, float](), 0, epoch + 1
            for at, batch in enumerate(stage.batches(own)):
                step += 1
                progress = ((own - 1) * stage.steps + at) / (stage.epochs * stage.steps)
                try:
                    losses = stage.learner.step(batch, draws, progress)
                except Diverged as divergence:
                    yield Finished("diverged", step, epoch, diverged(divergence.term, step))
                    return
                size = len(batch.targets)
                seen += size
                for name, value in losses.items():
                    total[name] = total.get(name, 0.0) + value * size
                yield Stepped(step, epoch, losses)
            means = {name: value / seen for name, value in total.items()}
            measured = Measured(step, epoch, means, stage.evaluate(stage.test, EVALUATED), number, own)
            if term := measured.diverged():  # the last update of the epoch was one too many
                yield Finished("diverged", step, epoch, diverged(term, step))
                return
            stage.remember(measured)
            yield measured
        if stage.best:
            stage.learner.model.load_state_dict(stage.best.weights)
            best = epoch - measured.done + stage.best.done if measured else start.epoch - start.done + stage.best.done
            message = f"The weights are those of epoch {best}, whose test loss was the lowest."
    yield Finished("finished", step, epoch, message)


def diverged(term: str, step: int) -> str:
    """The sentence for a run whose loss is no longer a number."""
    return (
        f"Training stopped at step {step}: {term} is not finite. The last finite weights are kept. "
        "Divide the learning rate by 10, or lower the weights of the terms."
    )
