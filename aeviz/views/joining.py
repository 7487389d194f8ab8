"""A deep machine as it was pretrained and as a whole: what its units do alone, layer by layer, and what joined."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from aeviz.models.autoencoder import Code
from aeviz.models.deep import DeepMachine

Examples = Float[np.ndarray, "n ..."]


@dataclass(frozen=True)
class Layer:
    """One hidden layer. alone, joined: mean activity of its units; moved: mean |change| of a unit's mean by joining."""

    name: str
    alone: float
    joined: float
    moved: float


@dataclass(frozen=True)
class Joining:
    """What becomes of examples. alone, joined: reconstructions by the stack and by the whole machine, in [0, 1]."""

    layers: tuple[Layer, ...]
    alone: Examples
    joined: Examples

    def errors(self, x: Examples) -> tuple[float, float]:
        """The mean of (x − x̂)² of both."""
        return float(np.square(self.alone - x).mean()), float(np.square(self.joined - x).mean())


def joining(model: DeepMachine, x: Examples) -> Joining:
    """The means of every hidden layer given examples: going up through the layers as each was pretrained, hearing what
    it heard then, and by the mean field of the whole machine.

    Source of the question: Salakhutdinov & Hinton, AISTATS 2009, §3.1.
    """
    with torch.no_grad():
        seen = part = torch.tensor(x, dtype=torch.float32)
        whole, found = model.states(seen), []
        for number in range(1, model.depth + 1):
            name = model.path[number]
            part = model.layer(number).encode(part).z
            moved = (whole[name] - part).abs().mean().item()
            found.append(Layer(name, part.mean().item(), whole[name].mean().item(), moved))
        for number in range(model.depth, 1, -1):
            layer = model.layer(number)
            part = layer.mean(layer.decode(Code(part)))
        lowest = model.layer(1)
        alone = lowest.mean(lowest.decode(Code(part))).reshape(seen.shape)
        joined = model.reconstruct(seen)
    return Joining(tuple(found), *(each.clamp(0, 1).numpy().astype(np.float32) for each in (alone, joined)))
