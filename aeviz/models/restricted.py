"""The restricted Boltzmann machine: two layers, and no connections within one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from aeviz.models.autoencoder import Autoencoder, Code, Pass
from aeviz.models.boltzmann import BoltzmannMachine, State, chain
from aeviz.models.gibbs import gibbs
from aeviz.models.machines import Chains, EnergyModel, Machine
from aeviz.models.units import Bernoulli, Gaussian, Units, coins
from aeviz.spec import knob


class Restricted(Machine):
    """Two layers without connections within: the data phase needs no sampling.

    lowers, uppers: names of the layers; more than one are copies of each other, with the same weights and states, which
    doubles what the other side is told.
    """

    def __init__(
        self,
        machine: BoltzmannMachine,
        shape: tuple[int, ...],
        code: int,
        chains: Chains,
        *,
        deviation: float = 1.0,
        uppers: Sequence[str] = ("hidden",),
    ) -> None:
        super().__init__(machine, shape, code, chains, deviation)
        self.uppers = tuple(uppers)
        self.lowers = tuple(name for name in machine.layers if name not in self.uppers)

    def clamped(self, x: Tensor) -> State:
        v = self.seen(x)
        return dict.fromkeys(self.lowers, v)

    def states(self, x: Tensor) -> State:
        given = self.clamped(x)
        return given | {name: self.machine.units[name].mean(self.machine.inputs(name, given)) for name in self.uppers}

    def log_unnormalised(self, x: Tensor) -> Float[Tensor, " n"]:
        with torch.no_grad():
            return -self.machine.free_energy(self.clamped(x)).double()

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code:
        upper = self.uppers[0]
        told = self.machine.inputs(upper, self.clamped(x))
        return self.attached(self.machine.units[upper].mean(told), told)

    def sample(self, code: Code, generator: torch.Generator) -> Code:
        """h ~ p(h | v)."""
        with torch.no_grad():
            return Code(self._drawn(code.z, generator))

    def _drawn(self, mean: Tensor, generator: torch.Generator) -> Tensor:
        units = self.machine.units[self.uppers[0]]
        if isinstance(units, Gaussian):
            return units.draw(mean, generator)
        return coins(mean, generator)

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        """What the visible units are told by the code: logits, or means of Gaussian units."""
        inputs = self.machine.inputs(self.lowers[0], dict.fromkeys(self.uppers, code.z))
        return self.placed(inputs)

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        """{"contrastive": mean F(v) − mean F(v′)} with v′ from the chains; "reconstruction" of the drawn code beside.

        Source: Hinton, Neural Computation 14 (2002), eq. 5; persistent chains: Tieleman, ICML 2008.
        """
        given = self.given(forward.batch)
        with torch.no_grad():
            told = self.mean_negative_log_likelihood(forward.logits, forward.batch)
            dream = self._dream(forward)
        energy = self.machine.free_energy(given, self._told(forward)).mean()
        dreamed = self.machine.free_energy(dream).mean()
        parts = {"contrastive": energy - dreamed, "reconstruction": told, "free_energy": energy.detach()}
        if not forward.learning and self.likelihood == "bernoulli" and self.turns and len(self.lowers) == 1:
            with torch.no_grad():
                parts["pseudo_likelihood"] = self.pseudo_likelihood(forward.batch.targets, forward.draws()).mean()
        return parts

    def _told(self, forward: Pass) -> State | None:
        """What the pass has told the hidden units, where they were told of the examples alone and as they are.

        A step is little more than its products of matrices, and this saves one of six.
        """
        told, batch = forward.code.told, forward.batch
        alone = batch.inputs is batch.targets and len(self.lowers) == len(self.uppers) == 1
        return {self.uppers[0]: told} if told is not None and alone else None

    def _dream(self, forward: Pass) -> State:
        """The visible layers of the model phase."""
        draws = forward.draws()
        if self.chains.phase == "contrastive" and len(self.lowers) > 1:
            state = gibbs(self.machine, self._drawn_for(forward), self.chains.steps, draws)
            return {name: state[name] for name in self.lowers}
        if self.chains.phase != "contrastive":
            state = self.dreamed(lambda: self._drawn_for(forward), forward)
            return {name: state[name] for name in self.lowers}
        # The pass has drawn h and decoded it: v′ ~ p(v | h) is the first sweep, without doing it again.
        inputs = forward.logits.detach().flatten(1) / self.deviation
        state = {name: self.machine.units[name].draw(inputs, draws) for name in self.lowers}
        if self.chains.steps > 1:
            hidden = inputs.new_zeros(len(inputs), self.machine.units[self.uppers[0]].size)
            state = gibbs(self.machine, state | dict.fromkeys(self.uppers, hidden), self.chains.steps - 1, draws)
        return {name: state[name] for name in self.lowers}

    def _drawn_for(self, forward: Pass) -> State:
        """The batch, and hidden states drawn for it."""
        state = self.given(forward.batch)
        means = {name: self.machine.units[name].mean(self.machine.inputs(name, state)) for name in self.uppers}
        return state | {name: self._drawn(mean, forward.draws()) for name, mean in means.items()}


@dataclass(frozen=True)
class Rbm(EnergyModel):
    """p(v, h) ∝ exp(bᵀv + cᵀh + hᵀWv): visible and hidden units, connected with each other and not among themselves.

    z = E[h | v] = σ(c + Wv) and E[v | h] = σ(b + Wᵀh), so one matrix encodes and decodes. Gaussian likelihood: visible
    units N(b + Wᵀh, 1) of x/σ.

    W: k × d. Source: Smolensky, Parallel Distributed Processing 1 (1986), ch. 6; Hinton, Neural Computation 14 (2002);
    Hinton, A Practical Guide, UTML TR 2010-003.
    """

    title: ClassVar[str] = "Restricted Boltzmann machine"
    deviation: float = knob(
        0.2, "σ of Gaussian pixels", "Only with the Gaussian likelihood: how far pixels scatter.", low=0.01, high=10,
        scale="log", advanced=True,
    )  # fmt: skip

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        d = math.prod(shape)
        visible: Units = Gaussian(d) if self.likelihood == "gaussian" else Bernoulli(d)
        machine = chain(("visible", visible), ("hidden", Bernoulli(self.code)))
        return Restricted(machine, shape, self.code, self.chains(), deviation=self.deviation)
