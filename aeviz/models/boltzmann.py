"""A Boltzmann machine over a graph of layers: energies, inputs, and sums over layers that do not see each other."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from aeviz.models.units import Units

State: TypeAlias = dict[str, Tensor]
"""Name of a layer → n × units."""
Edge: TypeAlias = tuple[str, str]
"""(lower, upper); the same name twice for connections within a layer."""


class BoltzmannMachine(nn.Module):
    """p(s) ∝ exp(−E(s)), E(s) = Σ_layers (u(sₗ) − bₗ·sₗ) − Σ_edges s_upperᵀ W s_lower.

    Two layers are a restricted machine, a chain of layers a deep one, a chain that ends in two visible layers a
    multimodal one. Within a layer: W is taken as (W + Wᵀ)/2 with 0 on the diagonal, and its edge counts once a pair.

    weights: units(upper) × units(lower) of each edge; biases: units of each layer. Both may be shared with others.

    Source: Ackley, Hinton, Sejnowski, Cognitive Science 9 (1985), eq. 1; Salakhutdinov & Hinton, AISTATS 2009, eq. 9.
    """

    def __init__(
        self,
        units: Mapping[str, Units],
        edges: Iterable[Edge],
        weights: Mapping[Edge, nn.Parameter] | None = None,
        biases: Mapping[str, nn.Parameter] | None = None,
    ) -> None:
        super().__init__()
        self.units = dict(units)
        self.edges = list(edges)
        self.weights = nn.ParameterDict(
            {
                named(edge): weights[edge]
                if weights
                else nn.Parameter(torch.zeros(self.units[edge[1]].size, self.units[edge[0]].size))
                for edge in self.edges
            }
        )
        self.biases = nn.ParameterDict(
            {
                name: biases[name] if biases else nn.Parameter(torch.zeros(each.size))
                for name, each in self.units.items()
            }
        )
        self.colours = coloured(list(self.units), self.edges)

    @property
    def layers(self) -> list[str]:
        """The names of the layers, in the order in which they were given."""
        return list(self.units)

    def weight(self, edge: Edge) -> Float[Tensor, "upper lower"]:
        """The weights of an edge; symmetric and with an empty diagonal within a layer."""
        weight: Tensor = self.weights[named(edge)]
        if edge[0] != edge[1]:
            return weight
        both = (weight + weight.T) / 2
        return both - torch.diag_embed(both.diagonal())

    def lateral(self, layer: str) -> bool:
        """Whether units of a layer are connected with each other, so that they are not independent given the rest."""
        return (layer, layer) in self.edges

    def neighbours(self, layer: str) -> list[str]:
        """The other layers that a layer is connected with."""
        return [a if b == layer else b for a, b in self.edges if layer in (a, b) and a != b]

    def inputs(self, layer: str, state: Mapping[str, Tensor]) -> Tensor:
        """bₗ + Σ W·s over the neighbours that `state` holds: what each unit of a layer is told, n × units.

        The layer's own states count where it has connections within.
        """
        bias: Tensor = self.biases[layer]
        told: Tensor | None = None
        for edge in self.edges:
            other = edge[0] if edge[1] == layer else edge[1]
            if layer not in edge or other not in state:
                continue
            s, weight = state[other], self.weight(edge)
            weight = weight if edge[1] == layer else weight.T
            count = self.units[other].count(s)
            if told is None and count is None:
                told = functional.linear(s, weight, bias)  # in one operation: every step takes it
            else:
                told = functional.linear(s, weight) + (told if told is not None else 0)
                told = told + (count * bias if count is not None else 0)
        if told is None:
            return bias.expand(len(next(iter(state.values()))) if state else 1, -1)
        return told

    def energy(self, state: Mapping[str, Tensor]) -> Float[Tensor, " n"]:
        """E(s) of each row, in nats; every layer must be there."""
        total: Tensor = torch.zeros(())
        for name, units in self.units.items():
            s = state[name]
            counts = [c for each in self.neighbours(name) if (c := self.units[each].count(state[each])) is not None]
            bias = s @ self.biases[name]
            total = total + units.own_energy(s) - (bias * counts[0].squeeze(1) if counts else bias)
        for lower, upper in self.edges:
            pair = (functional.linear(state[lower], self.weight((lower, upper))) * state[upper]).sum(1)
            total = total - (pair / 2 if lower == upper else pair)
        return total

    def free_energy(self, state: Mapping[str, Tensor], told: Mapping[str, Tensor] | None = None) -> Float[Tensor, " n"]:
        """F(s) with exp(−F(s)) = Σ exp(−E), the sum over all layers that `state` leaves out, in nats.

        Those must not be connected with each other: given the state they are then independent, and the sum is
        −log p*(s) = Σ_given (u − b·s) − Σ_edges given − Σ_out log_partition(inputs).

        told: the inputs of layers that are left out, where they are known already.

        Raises:
            ValueError: two of the layers that are summed out are connected.
        """
        out = [name for name in self.units if name not in state]
        for edge in self.edges:
            if edge[0] in out and edge[1] in out:
                raise ValueError(f"{edge[0]} and {edge[1]} are connected, and cannot both be summed out.")
        total: Tensor = torch.zeros(())
        for name, s in state.items():
            total = total + self.units[name].own_energy(s) - s @ self.biases[name]
        for lower, upper in self.edges:
            if lower in state and upper in state:
                pair = (functional.linear(state[lower], self.weight((lower, upper))) * state[upper]).sum(1)
                total = total - (pair / 2 if lower == upper else pair)
        for name in out:
            inputs = told[name] if told and name in told else self.inputs(name, state)
            total = total - self.units[name].log_partition(inputs)
        return total


def chain(*units: tuple[str, Units]) -> BoltzmannMachine:
    """Layer upon layer, each connected with the next: a restricted machine of two, a deep one of more."""
    return BoltzmannMachine(dict(units), [(a, b) for (a, _), (b, _) in pairwise(units)])


def named(edge: Edge) -> str:
    """An edge's name among the weights."""
    return f"{edge[0]}-{edge[1]}"


def coloured(layers: Sequence[str], edges: Sequence[Edge]) -> list[list[str]]:
    """Groups of layers that can be drawn at once, because none is connected with another of its group.

    Two groups where the graph has no odd circle; the first layer is in the first.
    """
    groups: list[list[str]] = []
    for layer in layers:
        apart = {a if b == layer else b for a, b in edges if layer in (a, b) and a != b}
        for group in groups:
            if not apart & set(group):
                group.append(layer)
                break
        else:
            groups.append([layer])
    return groups
