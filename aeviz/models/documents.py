"""The replicated softmax: a restricted machine over counts, as of the words of a document."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from aeviz.models.autoencoder import Autoencoder, Pass
from aeviz.models.boltzmann import BoltzmannMachine, State, chain
from aeviz.models.machines import Chains, EnergyModel
from aeviz.models.restricted import Restricted
from aeviz.models.units import Bernoulli, Words
from aeviz.spec import knob


class CountMachine(Restricted):
    """A restricted machine whose examples are counts: a pixel x stands for x · most occurrences of its word.

    length: how many words its dreams have, and what is decoded.
    """

    turns = False

    def __init__(  # noqa: PLR0917
        self, machine: BoltzmannMachine, shape: tuple[int, ...], code: int, chains: Chains, most: int, length: int
    ) -> None:
        super().__init__(machine, shape, code, chains)
        self.most, self.length = most, length
        machine.weights.gain = 1 / most  # type: ignore[assignment]  # counts are that much larger than pixels

    def seen(self, x: Tensor) -> Float[Tensor, "n d"]:
        return x.flatten(1).clamp(min=0) * self.most

    def shown(self, state: State) -> Tensor:  # type: ignore[override]
        with torch.no_grad():
            told = self.machine.inputs(self.lowers[0], {name: s for name, s in state.items() if name in self.uppers})
        return self.mean(self.placed(told))

    def mean(self, logits: Tensor) -> Tensor:
        """The expected counts of a document of `length` words, as pixels."""
        chances = torch.softmax(logits.flatten(1), 1)
        return (chances * (self.length / self.most)).reshape(-1, *self.shape)

    def pixel_losses(self, logits: Tensor, x: Tensor, reduction: str) -> Tensor:
        """−nᵢ log pᵢ of each word: of the words in their order, without the number of orders."""
        told = -self.seen(x) * functional.log_softmax(logits.flatten(1), 1)
        return told.sum() if reduction == "sum" else told.reshape(x.shape)

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        """As of any restricted machine, the contrast told in nats a word: the rate then need not follow the length."""
        parts = super().losses(forward)
        words = self.seen(forward.batch.targets).sum(1).mean().clamp(min=1)
        return parts | {"contrastive": parts["contrastive"] / words}

    def _dream(self, forward: Pass) -> State:
        """Documents as long as those of the batch after each sweep; those of the chains where they go on."""
        if self.chains.phase != "contrastive":
            return super()._dream(forward)
        words, draws = self.machine.units[self.lowers[0]], forward.draws()
        assert isinstance(words, Words)
        lengths = self.seen(forward.batch.targets).sum(1).round()
        state = {self.lowers[0]: words.draw_of_lengths(forward.logits.detach().flatten(1), lengths, draws)}
        for _ in range(self.chains.steps - 1):
            hidden = {name: self.machine.units[name].mean(self.machine.inputs(name, state)) for name in self.uppers}
            drawn = {name: self._drawn(mean, draws) for name, mean in hidden.items()}
            told = self.machine.inputs(self.lowers[0], drawn)
            state = {self.lowers[0]: words.draw_of_lengths(told, lengths, draws)}
        return state


@dataclass(frozen=True)
class ReplicatedSoftmax(EnergyModel):
    """E(n, h) = −Σⱼ (Wn)ⱼ hⱼ − bᵀn − N Σⱼ cⱼhⱼ over counts n of words, N = Σ n: hidden biases count once a word.

    p(hⱼ | n) = σ((Wn)ⱼ + N·cⱼ); given h, the N words are drawn from one softmax(b + Wᵀh). Documents of different length
    share the weights. A pixel of 1 stands for `most` occurrences.

    W: k × d. Source: Salakhutdinov & Hinton, Replicated Softmax: an Undirected Topic Model, NIPS 2009, eq. 3–8.
    """

    title: ClassVar[str] = "Replicated softmax (counts of words)"
    most: int = knob(8, "Counts", "Occurrences of a word whose pixel is 1; 8 in Topics.", low=1, high=255)
    length: int = knob(
        0, "Words", "Of the documents that it dreams and decodes; 0: as many as there are different words.", low=0,
        high=1000, advanced=True,
    )  # fmt: skip

    def misfits(self, shape: tuple[int, ...]) -> Sequence[str]:
        if self.likelihood != "bernoulli":
            return (
                "ReplicatedSoftmax.likelihood = gaussian: counts of words have a likelihood of their own. Leave "
                "bernoulli, or take Rbm.",
            )
        if len(shape) == 1:
            return ("ReplicatedSoftmax counts, and points have negative numbers: choose images, such as Topics.",)
        return ()

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        different = math.prod(shape)
        length = self.length or different
        machine = chain(("visible", Words(different, length)), ("hidden", Bernoulli(self.code)))
        return CountMachine(machine, shape, self.code, self.chains(), self.most, length)
