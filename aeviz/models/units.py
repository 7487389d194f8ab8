"""Kinds of units of a Boltzmann machine: what a layer does with what it is told by the layers around it.

A layer of units s with input i (bias and weighted neighbours) contributes −i·s + u(s) to the energy, with a term u of
its own kind. From that follow the conditional, its mean and log Σₛ exp(i·s − u(s)). All take n × units.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Inputs = Float[Tensor, "n units"]
States = Float[Tensor, "n units"]

LOG_TWO_PI = math.log(2 * math.pi)
RAREST = 0.005  # rates are taken as at least this; what was never seen may still come


def coins(chances: Tensor, generator: torch.Generator) -> Tensor:
    """1 with these chances, else 0; as `torch.bernoulli`, which takes four times as long."""
    return torch.empty_like(chances).uniform_(generator=generator).lt_(chances)


@dataclass(frozen=True)
class Units(ABC):
    """A layer of `size` units of one kind. temperature: of p(s) ∝ exp(−E(s)/T)."""

    size: int

    @abstractmethod
    def mean(self, inputs: Inputs, temperature: float = 1.0) -> States:
        """E[s | the other layers]."""

    @abstractmethod
    def draw(self, inputs: Inputs, generator: torch.Generator, temperature: float = 1.0) -> States:
        """s ~ p(s | the other layers)."""

    @abstractmethod
    def log_partition(self, inputs: Inputs) -> Float[Tensor, " n"]:
        """log Σₛ exp(i·s − u(s)), an integral where the units are continuous."""

    @abstractmethod
    def resting(self, mean: Float[Tensor, " units"]) -> Float[Tensor, " units"]:
        """The biases with which units that nobody else tells anything have this mean; no rate nearer to 0 than 0.005.

        Source: Hinton, A Practical Guide to Training Restricted Boltzmann Machines, UTML TR 2010-003, §8.1.
        """

    def own_energy(self, states: States) -> Float[Tensor, " n"]:
        """u(s) of each example; 0 for units that have none."""
        return states.new_zeros(len(states))

    def count(self, states: States) -> Float[Tensor, "n 1"] | None:
        """How often the biases of the neighbours count for each example; None where once."""
        return None

    def every_state(self, like: Tensor) -> Float[Tensor, "m units"]:
        """All states that the layer can take, for machines small enough to be summed over.

        Raises:
            ValueError: there are infinitely many.
        """
        raise ValueError(f"{type(self).__name__} units have no list of states.")

    def states_count(self) -> float:
        """How many states there are; ∞ where they cannot be listed."""
        return math.inf


@dataclass(frozen=True)
class Bernoulli(Units):
    """s ∈ {0, 1}, u = 0: p(s = 1) = σ(i)."""

    def mean(self, inputs: Inputs, temperature: float = 1.0) -> States:
        return torch.sigmoid(inputs if temperature == 1 else inputs / temperature)

    def draw(self, inputs: Inputs, generator: torch.Generator, temperature: float = 1.0) -> States:
        return coins(self.mean(inputs, temperature), generator)

    def resting(self, mean: Float[Tensor, " units"]) -> Float[Tensor, " units"]:
        return torch.logit(mean.clamp(RAREST, 1 - RAREST))

    def log_partition(self, inputs: Inputs) -> Float[Tensor, " n"]:
        return functional.softplus(inputs).sum(1)

    def every_state(self, like: Tensor) -> Float[Tensor, "m units"]:
        numbers = torch.arange(2**self.size, device=like.device)
        places = torch.arange(self.size - 1, -1, -1, device=like.device)
        return (numbers[:, None] >> places & 1).to(like.dtype)

    def states_count(self) -> float:
        return 2.0**self.size if self.size < 1000 else math.inf


@dataclass(frozen=True)
class Gaussian(Units):
    """s ∈ ℝ, u = ½s²: p(s) = N(i, 1).

    Source: Welling, Rosen-Zvi, Hinton, Exponential Family Harmoniums, NIPS 2004; Hinton & Salakhutdinov, Science 313
    (2006), supplement.
    """

    def mean(self, inputs: Inputs, temperature: float = 1.0) -> States:
        return inputs

    def draw(self, inputs: Inputs, generator: torch.Generator, temperature: float = 1.0) -> States:
        return inputs + math.sqrt(temperature) * torch.empty_like(inputs).normal_(generator=generator)

    def resting(self, mean: Float[Tensor, " units"]) -> Float[Tensor, " units"]:
        return mean

    def log_partition(self, inputs: Inputs) -> Float[Tensor, " n"]:
        return (inputs.square().sum(1) + self.size * LOG_TWO_PI) / 2

    def own_energy(self, states: States) -> Float[Tensor, " n"]:
        return states.square().sum(1) / 2


@dataclass(frozen=True)
class Softmax(Units):
    """One of `size` states is on: p(s = eⱼ) = exp(iⱼ) / Σₗ exp(iₗ); u = 0. The units of a class label.

    Source: Hinton, Osindero, Teh, Neural Computation 18 (2006), §6.
    """

    def mean(self, inputs: Inputs, temperature: float = 1.0) -> States:
        return torch.softmax(inputs / temperature, 1)

    def draw(self, inputs: Inputs, generator: torch.Generator, temperature: float = 1.0) -> States:
        chosen = torch.multinomial(self.mean(inputs, temperature), 1, generator=generator)
        return torch.zeros_like(inputs).scatter_(1, chosen, 1)

    def resting(self, mean: Float[Tensor, " units"]) -> Float[Tensor, " units"]:
        return mean.clamp(min=RAREST / self.size).log()

    def log_partition(self, inputs: Inputs) -> Float[Tensor, " n"]:
        return torch.logsumexp(inputs, 1)

    def every_state(self, like: Tensor) -> Float[Tensor, "m units"]:
        return torch.eye(self.size, dtype=like.dtype, device=like.device)

    def states_count(self) -> float:
        return self.size


@dataclass(frozen=True)
class Words(Units):
    """Counts of words, s ∈ ℕ^size with Σⱼ sⱼ = N: N draws from one softmax, so that documents differ in length.

    What is told to the neighbours is Ws + N·c: their biases count once a word. Given the other layers, s is
    multinomial with p = softmax(i), for N = `length` where nothing else is said.

    Source: Salakhutdinov & Hinton, Replicated Softmax, NIPS 2009, eq. 3–5.
    """

    length: int = 1

    def mean(self, inputs: Inputs, temperature: float = 1.0) -> States:
        return self.length * torch.softmax(inputs / temperature, 1)

    def draw(self, inputs: Inputs, generator: torch.Generator, temperature: float = 1.0) -> States:
        lengths = torch.full((len(inputs),), float(self.length), device=inputs.device)
        return self.draw_of_lengths(inputs, lengths, generator, temperature)

    def draw_of_lengths(
        self, inputs: Inputs, lengths: Float[Tensor, " n"], generator: torch.Generator, temperature: float = 1.0
    ) -> States:
        """A document of the given length for each row."""
        words = torch.zeros_like(inputs)
        chances, longest = torch.softmax(inputs / temperature, 1), int(lengths.max().item()) if len(lengths) else 0
        if longest:
            drawn = torch.multinomial(chances, longest, replacement=True, generator=generator)
            counted = (torch.arange(longest, device=inputs.device) < lengths[:, None]).to(inputs.dtype)
            words.scatter_add_(1, drawn, counted)
        return words

    def resting(self, mean: Float[Tensor, " units"]) -> Float[Tensor, " units"]:
        return (mean / mean.sum()).clamp(min=RAREST / self.size).log()

    def log_partition(self, inputs: Inputs) -> Float[Tensor, " n"]:
        return torch.logsumexp(inputs, 1)  # of one word; the sum over N independent ones is N times it

    def count(self, states: States) -> Float[Tensor, "n 1"]:
        return states.sum(1, keepdim=True)
