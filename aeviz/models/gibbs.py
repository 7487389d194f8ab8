"""Moving through the states of a Boltzmann machine: Gibbs sampling, annealing, tempering, and mean fields.

Functions of a machine and a state; each returns a new state and leaves the old one alone. `held` names layers that stay
as they are: clamped to data, to a picture, to tags. `pinned` clamps single units of a layer: n × units, NaN where free.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

import torch
from torch import Tensor

from aeviz.models.boltzmann import BoltzmannMachine, State


def noise(machine: BoltzmannMachine, n: int, generator: torch.Generator, like: Tensor | None = None) -> State:
    """n states in which every unit is drawn from its bias-free conditional: coins for binary units."""
    reference = next(machine.parameters()) if like is None else like
    return {name: units.draw(reference.new_zeros(n, units.size), generator) for name, units in machine.units.items()}


def gibbs(
    machine: BoltzmannMachine,
    state: Mapping[str, Tensor],
    steps: int,
    generator: torch.Generator,
    *,
    held: Collection[str] = (),
    pinned: Mapping[str, Tensor] | None = None,
    temperature: float = 1.0,
) -> State:
    """`steps` sweeps: in turn, each group of layers that do not see each other is drawn given all the rest.

    The groups that do not hold the visible layer come first, so one sweep of a restricted machine is h ~ p(h | v),
    v ~ p(v | h). Units of a layer with connections within are drawn one by one.

    Source: Geman & Geman, IEEE PAMI 6 (1984); in groups: Salakhutdinov & Hinton, AISTATS 2009, §2.
    """
    moved = dict(state) | {name: torch.where(at.isnan(), state[name], at) for name, at in (pinned or {}).items()}
    first, *others = machine.colours
    with torch.no_grad():
        for _ in range(steps):
            for group in (*others, first):
                for layer in group:
                    if layer not in held:
                        moved[layer] = drawn(
                            machine, layer, moved, generator, temperature=temperature, pinned=(pinned or {}).get(layer)
                        )
    return moved


def drawn(
    machine: BoltzmannMachine,
    layer: str,
    state: Mapping[str, Tensor],
    generator: torch.Generator,
    *,
    temperature: float = 1.0,
    pinned: Tensor | None = None,
) -> Tensor:
    """One layer drawn given the others; unit after unit where it has connections within, and all at once elsewhere."""
    if not machine.lateral(layer):
        s = machine.units[layer].draw(machine.inputs(layer, state), generator, temperature)
        return s if pinned is None else torch.where(pinned.isnan(), s, pinned)
    rest = {name: s for name, s in state.items() if name != layer}
    outside, own = machine.inputs(layer, rest), machine.weight((layer, layer))
    s = state[layer].clone()
    chances = torch.empty_like(s).uniform_(generator=generator)
    for unit in range(s.shape[1]):
        told = outside[:, unit] + s @ own[:, unit]
        s[:, unit] = (chances[:, unit] < torch.sigmoid(told / temperature)).to(s.dtype)
        if pinned is not None:
            s[:, unit] = torch.where(pinned[:, unit].isnan(), s[:, unit], pinned[:, unit])
    return s


def annealed(
    machine: BoltzmannMachine,
    state: Mapping[str, Tensor],
    temperatures: Iterable[float],
    generator: torch.Generator,
    *,
    held: Collection[str] = (),
) -> State:
    """One sweep at each temperature, from hot to cold, so that deep valleys are found before walls are too high.

    Source: Kirkpatrick, Gelatt, Vecchi, Science 220 (1983); in Boltzmann machines: Ackley, Hinton, Sejnowski,
    Cognitive Science 9 (1985), §3.
    """
    moved = dict(state)
    for temperature in temperatures:
        moved = gibbs(machine, moved, 1, generator, held=held, temperature=temperature)
    return moved


def tempered(
    machine: BoltzmannMachine, states: list[State], temperatures: list[float], generator: torch.Generator
) -> list[State]:
    """One sweep of parallel tempering: a chain at each temperature, then neighbours change places.

    They do so with probability min(1, exp((1/Tᵢ − 1/Tⱼ)(E(sᵢ) − E(sⱼ)))), in alternating pairs, which leaves the
    product of all the distributions as it is. The first temperature should be 1.

    Source: Desjardins, Courville, Bengio, Vincent, Delalleau, AISTATS 2010, eq. 5.
    """
    moved = [
        gibbs(machine, state, 1, generator, temperature=temperature)
        for state, temperature in zip(states, temperatures, strict=True)
    ]
    with torch.no_grad():
        for first in (0, 1):
            for i in range(first, len(moved) - 1, 2):
                colder, hotter = moved[i], moved[i + 1]
                slope = 1 / temperatures[i] - 1 / temperatures[i + 1]
                gain = slope * (machine.energy(colder) - machine.energy(hotter))
                swap = torch.empty_like(gain).uniform_(generator=generator).log() < gain
                moved[i] = {name: torch.where(swap[:, None], hotter[name], s) for name, s in colder.items()}
                moved[i + 1] = {name: torch.where(swap[:, None], colder[name], s) for name, s in hotter.items()}
    return moved


def mean_fields(
    machine: BoltzmannMachine, given: Mapping[str, Tensor], steps: int, start: Mapping[str, Tensor] | None = None
) -> Iterator[State]:
    """μ of the layers that are not given after each of `steps` sweeps of μₗ ← E[sₗ | μ of its neighbours].

    Each sweep raises the bound E_q[−E] + H(q) ≤ log p*(given) of the factorial q with these means. Without a start
    the layers come up from the given ones in turn, as if nothing was above them. The last state has them all.

    Source: Salakhutdinov & Hinton, AISTATS 2009, eq. 10–13.
    """
    state: State = dict(given)
    free = [name for name in machine.units if name not in given]
    for name in _outward(machine, given):
        state[name] = start[name] if start and name in start else machine.units[name].mean(machine.inputs(name, state))
    for _ in range(steps):
        for group in machine.colours[::-1]:
            for name in group:
                if name in free:
                    state[name] = machine.units[name].mean(machine.inputs(name, state))
        yield dict(state)


def mean_field(
    machine: BoltzmannMachine, given: Mapping[str, Tensor], steps: int, start: Mapping[str, Tensor] | None = None
) -> State:
    """The last of `mean_fields`; exact after one step where a single layer is free and has no connections within."""
    state: State = dict(given)
    for each in mean_fields(machine, given, steps, start):
        state = each
    return state


def _outward(machine: BoltzmannMachine, given: Mapping[str, Tensor]) -> list[str]:
    """The layers that are not given, nearest to a given one first."""
    reached, order = set(given), list[str]()
    while more := [
        name
        for name in machine.units
        if name not in reached and (not reached or reached & set(machine.neighbours(name)))
    ]:
        order += more
        reached |= set(more)
    return order
