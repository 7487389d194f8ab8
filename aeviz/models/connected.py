"""The general Boltzmann machine: every unit is connected with every other, also within a layer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from aeviz.models.autoencoder import Autoencoder, Code, Pass
from aeviz.models.boltzmann import BoltzmannMachine, State
from aeviz.models.gibbs import annealed, noise
from aeviz.models.machines import EnergyModel, Machine, Phase
from aeviz.models.units import Bernoulli
from aeviz.spec import knob

MOST_LISTED = 12  # units whose states are all summed over
MOST_DRAWN = 256  # units that are drawn one by one
FIELD_SWEEPS = 30
COOLING = tuple(np.geomspace(10, 1, 20).tolist())  # temperatures of one annealing


class ConnectedMachine(Machine):
    """Visible and hidden units, each connected with all others.

    The code is E[h | v], exactly up to 12 hidden units, by a damped mean field beyond.
    """

    @property
    def loops(self) -> bool:
        return True

    def _listed(self) -> bool:
        return self.code <= MOST_LISTED

    def hidden_logits(self, v: Tensor) -> tuple[Float[Tensor, "n m"], Float[Tensor, "m k"]]:
        """−E(v, h) + bᵥ·v + ½vᵀLv for every state h of the hidden units, and those states."""
        states = self.machine.units["hidden"].every_state(v)
        own = ((states @ self.machine.weight(("hidden", "hidden"))) * states).sum(1) / 2
        return self.machine.inputs("hidden", {"visible": v}) @ states.T + own, states

    def states(self, x: Tensor) -> State:
        return {"visible": self.seen(x), "hidden": self.bare(self.encode(x))}

    def log_unnormalised(self, x: Tensor) -> Float[Tensor, " n"]:
        """Exactly; beyond 12 hidden units by the mean field, without what it leaves out."""
        with torch.no_grad():
            if self._listed():
                return -self.free_energy(self.seen(x)).double()
            return -self.machine.energy(self.states(x)).double()

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code:
        v = self.seen(x)
        if self._listed():
            logits, states = self.hidden_logits(v)
            return self.attached(torch.softmax(logits, 1) @ states)
        return self.attached(torch.sigmoid(self._settled("hidden", {"visible": v})))

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        """What each visible unit is told by the code and by the mean field of the other visible units."""
        return self._settled("visible", {"hidden": code.z}).reshape(-1, *self.shape)

    def _settled(self, layer: str, given: State) -> Tensor:
        """The inputs of a layer at the fixed point m ← ½(m + σ(inputs)); half steps, since all units move at once."""
        outside, own = self.machine.inputs(layer, given), self.machine.weight((layer, layer))
        mean = torch.sigmoid(outside)
        for _ in range(FIELD_SWEEPS):
            mean = (mean + torch.sigmoid(outside + mean @ own)) / 2
        return outside + mean @ own

    def free_energy(self, v: Tensor) -> Float[Tensor, " n"]:
        """F(v) = −log Σₕ exp(−E(v, h)), every state of the hidden units listed."""
        logits, _ = self.hidden_logits(v)
        own = ((v @ self.machine.weight(("visible", "visible"))) * v).sum(1) / 2
        return -(v @ self.machine.biases["visible"]) - own - torch.logsumexp(logits, 1)

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        """{"energy": data phase − model phase}; where all states are summed over, −log p(v), with the same gradient.

        Source: Ackley, Hinton, Sejnowski, Cognitive Science 9 (1985), eq. 8 and the learning procedure of §4.
        """
        v = self.seen(forward.batch.targets)
        with torch.no_grad():
            told = self.mean_negative_log_likelihood(forward.logits, forward.batch)
        if self._listed():
            data = self.free_energy(v).mean()
        else:
            data = self.machine.energy(self._data_phase(v, forward)).mean()
        if self.chains.phase == "exact":
            states = self.machine.units["visible"].every_state(v)
            return {
                "negative_log_likelihood": data + torch.logsumexp(-self.free_energy(states), 0),
                "reconstruction": told,
            }
        dream = self._model_phase(forward, v)
        return {"energy": data - self.machine.energy(dream).mean(), "reconstruction": told}

    def _data_phase(self, v: Tensor, forward: Pass) -> State:
        """h drawn for each example by annealing with the visible units clamped."""
        draws = forward.draws()
        start = noise(self.machine, len(v), draws) | {"visible": v}
        return annealed(self.machine, start, COOLING, draws, held=("visible",))

    def _model_phase(self, forward: Pass, v: Tensor) -> State:
        draws = forward.draws()
        if self.chains.phase == "annealed":
            return annealed(self.machine, noise(self.machine, len(v), draws), COOLING, draws)
        return self.dreamed(lambda: self._data_phase(v, forward), forward)

    def prior(self, n: int, generator: torch.Generator) -> Tensor:
        if self.fantasies() is not None:
            return super().prior(n, generator)
        state = annealed(self.machine, noise(self.machine, n, generator), COOLING, generator)
        return self.code_of(state)

    def code_of(self, state: State) -> Float[Tensor, "n k"]:  # type: ignore[override]
        with torch.no_grad():
            return self.encode(state["visible"].reshape(-1, *self.shape)).z


@dataclass(frozen=True)
class Boltzmann(EnergyModel):
    """E(s) = −½ sᵀLs − bᵀs over s = (v, h): every unit is connected with every other.

    Nothing is independent here, so units are drawn one by one. Exact: all states of the visible units are summed over
    (up to 12). Annealed: each model phase starts from noise and cools. The machine that came first, and is slow.

    L: symmetric, 0 on the diagonal. Source: Ackley, Hinton, Sejnowski, A Learning Algorithm for Boltzmann Machines,
    Cognitive Science 9 (1985).
    """

    title: ClassVar[str] = "Boltzmann machine"
    code: int = knob(4, "Hidden units", "Up to 12 are summed over exactly.", low=1, high=128)
    phase: Phase = knob(
        "persistent",
        "Model phase",
        "Persistent: chains that go on. Annealed: from noise, cooling. Exact: all states, up to 12 visible units.",
        choices=("persistent", "annealed", "exact"),
    )

    def misfits(self, shape: tuple[int, ...]) -> Sequence[str]:
        d = math.prod(shape)
        if self.phase == "exact" and self.code > MOST_LISTED:
            return (
                f"Boltzmann.code = {self.code}: exact learning goes up to {MOST_LISTED} hidden units. Use "
                "fewer, or choose another model phase.",
            )
        if self.phase == "exact" and d > MOST_LISTED:
            return (
                f"Boltzmann would sum over 2^{d} states of {d} pixels, and exact learning goes up to {MOST_LISTED}: "
                "choose Bars of side 3, or another model phase.",
            )
        if d > MOST_DRAWN:
            return (
                f"Boltzmann draws its units one by one, and {d} pixels would take too long: choose data of at "
                f"most {MOST_DRAWN} pixels, such as Digits, or a restricted machine.",
            )
        return ()

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        machine = BoltzmannMachine(
            {"visible": Bernoulli(math.prod(shape)), "hidden": Bernoulli(self.code)},
            [("visible", "visible"), ("visible", "hidden"), ("hidden", "hidden")],
        )
        return ConnectedMachine(machine, shape, self.code, self.chains())
