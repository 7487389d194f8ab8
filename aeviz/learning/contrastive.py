"""Contrastive divergence: how a restricted Boltzmann machine learns from one step of its own dreaming."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from aeviz.data.pairings import Batch
from aeviz.learning.learners import Backpropagation
from aeviz.learning.optimizers import Optimizer
from aeviz.models.autoencoder import Autoencoder, Code, Pass
from aeviz.models.rbm import machine_of, mirrored


class ContrastiveDivergence(Backpropagation):
    """loss = mean F(v) − mean F(v′), with draws h ~ p(h | v), v′ ~ p(v | h); no gradient goes through v′.

    Its gradient is ⟨∂E⟩ over the data minus ⟨∂E⟩ over the reconstructions, CD-1. The loss is no measure of how well
    the machine does, so −log p(v | E[h | v]) is told beside it as "reconstruction", in nats, and not added.

    One step is biased: after long training the likelihood may fall again while the reconstruction still improves
    (Fischer & Igel, ICANN 2010). Source: Hinton, Neural Computation 14 (2002), eq. 5; as a layer of a stack: Hinton &
    Salakhutdinov, Science 313 (2006), whose program feeds means back and not draws.
    """

    def __init__(self, layer: Autoencoder, optimizer: Optimizer) -> None:
        self.machine = machine_of(layer)
        self.copies = mirrored(layer)
        super().__init__(layer, (), optimizer, self.copies)

    def begin_epoch(self, batches: Callable[[], Iterator[Batch]]) -> None:
        self._unroll()

    def losses(
        self, batch: Batch, generator: torch.Generator, *, learning: bool, progress: float = 1.0
    ) -> tuple[dict[str, Tensor], Pass]:
        v = batch.inputs.flatten(1)
        machine = self.machine
        with torch.no_grad():
            sample = machine.draw_visible(machine.draw_hidden(v, generator), generator)
            z = self.model.encode(batch.inputs).z
            logits = functional.linear(z, machine.weight.T, machine.visible).reshape(batch.inputs.shape)
            told = functional.binary_cross_entropy_with_logits(logits, batch.targets, reduction="sum") / len(v)
        loss = machine.free_energy(v).mean() - machine.free_energy(sample).mean()
        forward = Pass(self.model, batch, Code(z), logits, learning, generator, progress)
        return {"loss": loss, "reconstruction": told}, forward

    def step(self, batch: Batch, generator: torch.Generator, progress: float) -> dict[str, float]:
        values = dict(super().step(batch, generator, progress))
        self._unroll()
        return values

    def _unroll(self) -> None:
        """Keep the decoder the mirror image of the encoder, so that the machines unroll into an autoencoder."""
        with torch.no_grad():
            for weight in self.copies:
                weight.copy_(self.machine.weight.T)
