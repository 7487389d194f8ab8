"""A step of training with the contractive penalty against the same step without it."""

import time
from collections.abc import Iterator
from statistics import median

import torch

from aeviz.data.pairings import Batch
from aeviz.learning import Adam, Contractive
from aeviz.learning.contraction import MOST_EXACT
from aeviz.learning.learners import Backpropagation
from aeviz.models import Conv, Mlp
from aeviz.seeds import generator
from benchmarks.children import say
from benchmarks.table import Row, Settings, ratio

SHAPE = (1, 28, 28)
BATCH = 128
CASES = ((Mlp, 2, 3.0), (Mlp, 32, 12.0), (Mlp, 128, None), (Conv, 2, 3.0), (Conv, 32, 12.0), (Conv, 128, None))
"""Model, code size, and what a step may cost in plain steps."""


class Side:
    """A model, what it learns from, and how long one of its steps takes."""

    def __init__(self, spec: Mlp | Conv, terms: tuple[Contractive, ...]) -> None:
        self.learner = Backpropagation(spec.build(SHAPE, generator(0, "weights")), terms, Adam())
        x = torch.rand(BATCH, *SHAPE, generator=generator(0, "x"))
        self.batch, self.draws = Batch(x, x), generator(0, "draws")
        self.seconds()  # the first step allocates what the others use again

    def seconds(self) -> float:
        """Of one step."""
        began = time.perf_counter()
        self.learner.step(self.batch, self.draws, 0.0)
        return time.perf_counter() - began


def contraction(settings: Settings) -> Iterator[Row]:
    """A step with the contractive penalty in plain steps, by one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for model, code, goal in CASES:
            spec = model(code=code)
            figure = f"Contractive, {spec.kind()} of code {code}"
            say(f"{figure} …")
            plain, penalised = Side(spec, ()), Side(spec, (Contractive(),))
            ours, theirs = list[float](), list[float]()
            for _ in range(settings.pick(15, 1)):
                ours.append(penalised.seconds())
                theirs.append(plain.seconds())
            how = "exact" if code <= MOST_EXACT else f"estimated from {Contractive().probes} directions"
            times = f"{1000 * median(ours):.1f} ms against {1000 * median(theirs):.1f} ms"
            words = f"{times} a step of {BATCH} images of 28 × 28; {how}"
            yield Row(figure, "a plain step", ratio(ours, theirs), goal=goal, at_most=True, detail=words)
    finally:
        torch.set_num_threads(threads)
