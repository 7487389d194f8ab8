"""log Z of a Boltzmann machine: exactly where it is small, by annealed importance sampling elsewhere."""

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from aeviz.errors import SettingError
from aeviz.models.boltzmann import BoltzmannMachine, State
from aeviz.models.gibbs import drawn
from aeviz.models.units import Words
from aeviz.seeds import on

MOST_STATES = 2**20
ROWS = 8192  # states looked at together


def log_partition(machine: BoltzmannMachine, held: Mapping[str, Tensor] | None = None) -> float:
    """log Z in nats, the states of the smaller group of layers listed, the other group summed out in closed form.

    held: layers (one row each) that are not summed over: log Σ over the rest, −F(held).

    Raises:
        SettingError: more than 2²⁰ states would have to be listed.
    """
    fixed = dict(held or {})
    listed = _listed(machine, fixed)
    count = math.prod(machine.units[name].states_count() for name in listed)
    if count > MOST_STATES:
        raise SettingError(
            f"The exact log Z would be a sum over {count:.3g} states, and at most {MOST_STATES:,} are summed: take a "
            "machine whose smaller side has at most 20 binary units, or estimate it by annealed importance sampling."
        )
    like = next(machine.parameters()).detach()
    total = -math.inf
    with torch.no_grad():
        for piece in _states(machine, listed, like):
            n = len(next(iter(piece.values()))) if piece else 1
            state = {name: s.expand(n, -1) for name, s in fixed.items()} | piece
            part = torch.logsumexp(-machine.free_energy(state).double(), 0).item() if state else _free(machine)
            total = float(np.logaddexp(total, part))
    return total


def _free(machine: BoltzmannMachine) -> float:
    return sum(units.log_partition(machine.biases[name][None]).item() for name, units in machine.units.items())


def _listed(machine: BoltzmannMachine, fixed: Collection[str]) -> list[str]:
    """The layers whose states are listed: as few states as possible, so that the rest do not see each other."""
    free = [name for name in machine.units if name not in fixed]
    best: tuple[float, list[str]] = (math.inf, free)
    for size in range(len(free) + 1):
        for chosen in itertools.combinations(free, size):
            out = [name for name in free if name not in chosen]
            if any(a in out and b in out for a, b in machine.edges):
                continue
            count = math.prod(machine.units[name].states_count() for name in chosen)
            if count < best[0]:
                best = count, list(chosen)
    return best[1]


def _states(machine: BoltzmannMachine, layers: list[str], like: Tensor) -> Iterator[State]:
    """Every joint state of these layers, in pieces; one empty piece where there are none."""
    if not layers:
        yield {}
        return
    each = [machine.units[name].every_state(like) for name in layers]
    count = math.prod(len(states) for states in each)
    for start in range(0, count, ROWS):
        number = torch.arange(start, min(start + ROWS, count))
        state: State = {}
        for name, states in zip(layers[::-1], each[::-1], strict=True):
            state[name] = states[number % len(states)]
            number = number // len(states)
        yield state


def distribution(machine: BoltzmannMachine, layer: str) -> Float[Tensor, " m"]:
    """p(s) of every state of a layer, in the order of its `every_state`, the other layers summed out.

    Raises:
        SettingError: there are too many states.
    """
    count = machine.units[layer].states_count()
    if count > 2**16:
        raise SettingError(
            f"The layer has {count:.3g} states, and at most {2**16:,} are listed: take a smaller machine."
        )
    states = machine.units[layer].every_state(next(machine.parameters()).detach())
    logs = torch.tensor([log_partition(machine, {layer: s[None]}) for s in states], dtype=torch.float64)
    return torch.softmax(logs, 0)


@dataclass(frozen=True)
class Estimate:
    """An estimate of log Z: log of the mean weight. low, high: three standard errors of that mean either way.

    low is −∞ where the mean is within three errors of 0. effective: (Σw)²/Σw², how many chains count.
    """

    value: float
    low: float
    high: float
    effective: float


def annealed_importance(
    machine: BoltzmannMachine,
    generator: torch.Generator,
    chains: int = 100,
    temperatures: int | Sequence[float] = 1000,
    base: Float[Tensor, " d"] | None = None,
) -> Estimate:
    """log Z ≈ log Z₀ + log 1/m Σ w, w = Πₖ p*ₖ(sₖ)/p*ₖ₋₁(sₖ) along each of m chains that go from p₀ to the machine.

    p*_β has the machine's energy with every weight times β and the first layer's biases (1 − β)·base + β·b, those of
    the other layers β·b. p₀ is therefore factorial, and Z₀ known. One group of layers is kept along the chain and the
    others summed out. Needs a graph of two groups.

    temperatures: how many steps of β, all alike, or each β after 0, the last of them 1 (`late`).
    base: biases of the first layer in p₀, best the log odds of the data's mean; 0 by default.

    Source: Neal, Statistics and Computing 11 (2001); Salakhutdinov & Murray, ICML 2008, §4.1, eq. 15–18; their
    three standard errors: §4.1.

    Raises:
        SettingError: the graph has an odd circle or connections within a layer.
    """
    words = any(isinstance(each, Words) for each in machine.units.values())
    if words or len(machine.colours) > 2 or any(a == b for a, b in machine.edges):
        raise SettingError(
            "Annealed importance sampling here needs layers in two groups without connections within, and no counts of "
            "words: take a restricted or deep machine, or the exact log Z of a small one."
        )
    groups = [*machine.colours, []][:2]
    # The fewer units are kept, the steadier the weights; a restricted machine keeps the data, as in the source.
    sizes = [sum(machine.units[name].size for name in group) for group in groups]
    kept, other = groups if len(machine.units) == 2 or sizes[0] <= sizes[1] else groups[::-1]
    first = machine.layers[0]
    like = machine.biases[first].detach()
    start = like.new_zeros(like.shape) if base is None else base.to(like)
    path = _Path(machine, first, start)
    draws = on(like.device, generator)
    steps = [i / temperatures for i in range(1, temperatures + 1)] if isinstance(temperatures, int) else temperatures
    with torch.no_grad():
        cold = path.at(0.0)
        state = {name: units.draw(cold.biases[name].expand(chains, -1), draws) for name, units in machine.units.items()}
        log_weight = torch.zeros(chains, dtype=torch.float64)
        before = -cold.free_energy({name: state[name] for name in kept}).cpu().double()
        log_base = sum(units.log_partition(cold.biases[name][None]).item() for name, units in machine.units.items())
        for β in steps:  # noqa: PLC2401
            warm = path.at(β)
            seen = {name: state[name] for name in kept}
            log_weight += -warm.free_energy(seen).cpu().double() - before
            # A sweep from the kept layers through the others back to them leaves their distribution as it is.
            for group in (other, kept):
                for name in group:
                    state[name] = drawn(warm, name, state, draws)
            if β < 1:
                before = -warm.free_energy({name: state[name] for name in kept}).cpu().double()
    return _estimated(log_base, log_weight)


def late(count: int) -> list[float]:
    """About `count` inverse temperatures after 0, most of them near 1, where a large machine freezes.

    A 29th of them go to 0.5, eight 29ths on to 0.9 and the rest to 1. Source: Salakhutdinov & Murray, ICML 2008,
    §5, whose 14,500 are 500, 4,000 and 10,000.
    """
    share = count / 29
    parts = ((0.0, 0.5, round(share)), (0.5, 0.9, round(8 * share)), (0.9, 1.0, round(20 * share)))
    return [low + (high - low) * i / many for low, high, many in parts for i in range(1, many + 1)]


class _Path:
    """The machines between p₀ and the machine; one module whose numbers are set anew."""

    def __init__(self, machine: BoltzmannMachine, first: str, start: Tensor) -> None:
        self.end, self.first, self.start = machine, first, start
        self.between = BoltzmannMachine(machine.units, machine.edges).to(start).requires_grad_(False)

    def at(self, β: float) -> BoltzmannMachine:  # noqa: PLC2401
        for name, weight in self.end.weights.items():
            self.between.weights[name].copy_(weight).mul_(β)
        for name, bias in self.end.biases.items():
            self.between.biases[name].copy_(bias).mul_(β)
        self.between.biases[self.first].add_(self.start, alpha=1 - β)
        return self.between


def _estimated(log_base: float, log_weight: Tensor) -> Estimate:
    m = len(log_weight)
    top = log_weight.max()
    w = (log_weight - top).exp()
    mean, error = w.mean().item(), (w.std() / math.sqrt(m)).item() if m > 1 else math.inf
    offset = log_base + top.item()
    low = offset + math.log(mean - 3 * error) if mean > 3 * error else -math.inf
    return Estimate(
        offset + math.log(mean), low, offset + math.log(mean + 3 * error), (w.sum().square() / w.square().sum()).item()
    )
