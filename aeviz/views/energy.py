"""Boltzmann machines looked at: what their units look for, how their chains move, and how likely they find data.

Arrays are numpy, float32; examples n × the data's shape. Everything random is drawn from a seed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from aeviz.errors import SettingError
from aeviz.models.deep import DeepMachine
from aeviz.models.gibbs import gibbs, mean_fields, noise
from aeviz.models.machines import Machine
from aeviz.models.partition import MOST_STATES, annealed_importance, log_partition
from aeviz.models.units import Gaussian, Words
from aeviz.seeds import generator

Array = Float[np.ndarray, "..."]
CHUNK = 1000


def hidden_layers(model: Machine) -> list[str]:
    """The names of the hidden layers, from the data up."""
    return model.hidden()


def projected(model: Machine, layer: str, most: int = 100) -> Float[np.ndarray, "n ..."]:
    """What the first `most` units of a hidden layer drive in the pixels, each of the data's shape.

    W₁ᵀ…W_lᵀ eⱼ: the product of the weights from the unit down to the pixels, what happens in between left out. Of the
    lowest hidden layer it is the unit's own weights.

    Source: Lee, Ekanadham, Ng, NIPS 2007, §4 (combinations of the filters of the layer below).
    """
    found: np.ndarray = model.projected(layer, most).numpy()
    return found


def activities(model: Machine, x: Array) -> dict[str, Float[np.ndarray, "n units"]]:
    """Hidden layer → the mean of each unit given each example."""
    found = dict[str, list[np.ndarray]]()
    with torch.no_grad():
        for part in torch.tensor(x, dtype=torch.float32).split(CHUNK):
            for name, s in model.states(part).items():
                if name in hidden_layers(model):
                    found.setdefault(name, []).append(s.numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def numbers(model: Machine) -> dict[str, np.ndarray]:
    """Every matrix of weights and every row of biases by name, flattened."""
    machine = model.machine
    weights = {f"weights {low} – {high}": machine.weight((low, high)).detach() for low, high in machine.edges}
    biases = {f"biases {name}": bias.detach() for name, bias in machine.biases.items()}
    return {name: each.flatten().numpy() for name, each in (weights | biases).items()}


# Chains


@dataclass(frozen=True)
class Chain:
    """Chains at their start and after each sweep.

    shown: the visible means as examples. visible, hidden: states of the visible and of the lowest hidden layer.
    energies: of the full states, in nats.
    """

    shown: Float[np.ndarray, "s n ..."]
    visible: Float[np.ndarray, "s n d"]
    hidden: Float[np.ndarray, "s n k"]
    energies: Float[np.ndarray, "s n"]

    def changes(self) -> Float[np.ndarray, "t n"]:
        """√ of the mean squared change of the visible means at each sweep."""
        moved = np.square(np.diff(self.shown, axis=0)).reshape(*np.array(self.shown.shape[:2]) - (1, 0), -1)
        return np.sqrt(moved.mean(2)).astype(np.float32)


def run_chain(
    model: Machine,
    start: Array | None,
    sweeps: int,
    *,
    seed: int,
    chains: int = 1,
    temperature: float = 1.0,
    kept: Bool[np.ndarray, "..."] | None = None,
) -> Chain:
    """Gibbs sampling from examples (n × the data's shape, the hidden layers drawn for them), or from noise.

    kept: of the data's shape; the pixels of the start that are clamped. The others begin as noise and are filled in.

    Raises:
        SettingError: the temperature is not positive.
    """
    if not temperature > 0:
        raise SettingError(f"temperature = {temperature:g}: must be above 0. Use 1 for the machine as it is.")
    machine, draws = model.machine, generator(seed, "chain")
    state = noise(machine, chains if start is None else len(start), draws)
    visible, lowest = machine.layers[0], machine.layers[1]
    first, pinned = None, None
    if start is not None:
        x = torch.tensor(start, dtype=torch.float32)
        given = model.clamped(x)
        if kept is not None:
            at = torch.from_numpy(kept.reshape(-1))
            pinned = {visible: torch.where(at, given[visible], math.nan)}
            given = {visible: torch.where(at, given[visible], state[visible])}
            x = torch.where(at, x.flatten(1), given[visible] * model.deviation)
        state = gibbs(machine, state | given, 1, draws, held=(visible,), temperature=temperature)
        first = x.reshape(len(x), -1)
    shown = [first.numpy() if first is not None else model.shown(state).flatten(1).numpy()]
    seen, hidden, energies = [state[visible]], [state[lowest]], [machine.energy(state).detach()]
    for _ in range(sweeps):
        state = gibbs(machine, state, 1, draws, pinned=pinned, temperature=temperature)
        means = model.shown(state).flatten(1)
        if pinned:
            means = torch.where(pinned[visible].isnan(), means, pinned[visible] * model.deviation)
        shown.append(means.numpy())
        seen.append(state[visible])
        hidden.append(state[lowest])
        energies.append(machine.energy(state).detach())
    pictures = np.stack(shown).reshape(sweeps + 1, -1, *model.shape).astype(np.float32)
    return Chain(
        pictures,
        torch.stack(seen).numpy() * model.deviation,
        torch.stack(hidden).numpy(),
        torch.stack(energies).numpy(),
    )


PARTS = ("nothing", "left half", "upper half", "frame")


def part(name: str, shape: tuple[int, ...]) -> Bool[np.ndarray, "c h w"] | None:
    """Which pixels of an image a part of it has: one of `PARTS`; None for nothing."""
    down, across = np.indices(shape[1:])
    height, width = shape[1:]
    edge = (np.minimum(down, height - 1 - down) < height / 4) | (np.minimum(across, width - 1 - across) < width / 4)
    chosen = {"left half": across < width / 2, "upper half": down < height / 2, "frame": edge}.get(name)
    return None if chosen is None else np.broadcast_to(chosen, shape).copy()


def sees_pixels(model: Machine) -> bool:
    """Whether the lowest layer of the machine are the pixels, each one a unit that can be held."""
    visible = model.machine.units[model.machine.layers[0]]
    return visible.size == math.prod(model.shape) and not isinstance(visible, Words)


def particles(model: Machine, most: int = 60) -> Float[np.ndarray, "n ..."] | None:
    """What the persistent chains dream now: their visible means; None where the machine has none, or not yet."""
    state = model.fantasies()
    if state is None:
        return None
    found: np.ndarray = model.shown({name: s[:most] for name, s in state.items()}).numpy()
    return found


@dataclass(frozen=True)
class Statistics:
    """⟨h vᵀ⟩ of the lowest edge in both phases, each hidden units × visible units; their difference is −∂L/∂W."""

    data: Float[np.ndarray, "k d"]
    model: Float[np.ndarray, "k d"]

    @property
    def gradient(self) -> Float[np.ndarray, "k d"]:
        """What learning adds to the weights, times the rate."""
        return self.data - self.model


def statistics(model: Machine, x: Array, seed: int) -> Statistics:
    """Both phases: of these examples, and of the persistent chains or, where there are none, of chains begun at them.

    Source: Ackley, Hinton, Sejnowski, Cognitive Science 9 (1985), eq. 8.
    """
    machine, draws = model.machine, generator(seed, "statistics")
    visible, lowest = machine.layers[:2]
    with torch.no_grad():
        data = model.states(torch.tensor(x, dtype=torch.float32))
        dream = model.fantasies()
        if dream is None:
            start = {
                name: s if name == visible else machine.units[name].draw(torch.logit(s.clamp(1e-6, 1 - 1e-6)), draws)
                for name, s in data.items()
                if name in machine.units
            }
            dream = gibbs(machine, start, model.chains.steps, draws)
        mean = machine.units[lowest].mean(machine.inputs(lowest, {n: s for n, s in dream.items() if n != lowest}))
        both = (data[visible], data[lowest]), (dream[visible], mean)
        found = [(h.T @ v / len(v)).numpy() for v, h in both]
    return Statistics(*found)


def sweeps_seen(model: Machine, x: Array, sweeps: int) -> list[dict[str, Float[np.ndarray, "n units"]]]:
    """The mean field of all layers after each sweep, the visible layer clamped to these examples."""
    with torch.no_grad():
        given = model.clamped(torch.tensor(x, dtype=torch.float32))
        return [
            {name: s.numpy() for name, s in state.items() if name in hidden_layers(model)}
            for state in mean_fields(model.machine, given, sweeps)
        ]


# Likelihood


@dataclass(frozen=True)
class Likelihood:
    """Mean log p(v) in nats of training and held-out examples, or a lower bound on it (`bounded`).

    log_partition, low, high: log Z and three standard errors either way; equal where it is exact.
    """

    train: float
    test: float
    log_partition: float
    low: float
    high: float
    exact: bool
    bounded: bool


def likelihood(model: Machine, train: Array, test: Array, *, seed: int, temperatures: int = 2000) -> Likelihood:
    """log p(v) = log p*(v) − log Z, with log Z summed exactly where it can be, else by annealed importance sampling.

    Grey pixels are taken as black or white. Source: Salakhutdinov & Murray, ICML 2008.

    Raises:
        SettingError: log Z can be had in neither way.
    """
    visible = model.machine.units[model.machine.layers[0]]
    if isinstance(visible, Words):
        raise SettingError(
            "Documents of each length have a Z of their own, so counts of words have no single log p. Look at how well "
            "the machine restores them instead."
        )
    gaussian = isinstance(visible, Gaussian)
    sides = [math.prod(model.machine.units[name].states_count() for name in each) for each in model.machine.colours]
    lateral = any(a == b for a, b in model.machine.edges)
    exact = (math.prod(sides) if lateral else min(sides)) <= MOST_STATES
    if exact:
        value = low = high = log_partition(model.machine)
    else:
        with torch.no_grad():
            mean = model.clamped(torch.tensor(train, dtype=torch.float32))[model.machine.layers[0]].mean(0)
        base = mean if gaussian else torch.logit(mean.clamp(0.005, 0.995))
        found = annealed_importance(model.machine, generator(seed, "ais"), 100, temperatures, base)
        value, low, high = found.value, found.low, found.high

    def score(x: Array) -> float:
        part = torch.tensor(x, dtype=torch.float32)
        each = model.log_unnormalised(part if gaussian else (part > 0.5).float())
        # The density of x is that of x/σ over σ a pixel.
        return each.mean().item() - value - (part[0].numel() * math.log(model.deviation) if gaussian else 0.0)

    return Likelihood(score(train), score(test), value, low, high, exact, model.bounded)


def landscape(
    model: Machine, low: tuple[float, float], high: tuple[float, float], side: int = 80, temperature: float = 1.0
) -> Float[np.ndarray, "side side"]:
    """F(x)/T over a plane of data, for machines that see two numbers: rows from low to high of the second one.

    Raises:
        SettingError: the data are not points of a plane.
    """
    if math.prod(model.shape) != 2:
        raise SettingError("The landscape is drawn for data of two numbers: train a machine on the Toys of a plane.")
    across, up = (np.linspace(low[axis], high[axis], side, dtype=np.float32) for axis in (0, 1))
    places = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)
    energy: np.ndarray = -model.log_unnormalised(torch.tensor(places)).numpy() / temperature
    return energy.reshape(side, side).astype(np.float32)


def edges(model: Machine) -> list[tuple[str, str]]:
    """Which layers are connected, lower first."""
    return list(model.machine.edges)


def code_layer(model: Machine) -> str:
    """The layer whose means are the code."""
    return model.path[-1]


def layers(model: Machine) -> list[tuple[str, str, int]]:
    """Name, kind of units and size of each layer, in order."""
    return [(name, type(units).__name__, units.size) for name, units in model.machine.units.items()]


def is_deep(model: object) -> bool:
    """Whether a model is a machine with layers whose mean field takes several sweeps."""
    return isinstance(model, DeepMachine) and model.depth > 1


def curves(rows: Sequence[Mapping[str, object]], name: str) -> dict[str, tuple[list[int], list[float]]]:
    """Split → the epochs and values of one quantity, as far as the history tells it."""
    found: dict[str, tuple[list[int], list[float]]] = {}
    for split in ("train", "test"):
        told = [(row["epoch"], row[split][name]) for row in rows if name in row.get(split, {})]  # type: ignore[index,operator]
        if told:
            found[split] = [int(epoch) for epoch, _ in told], [float(value) for _, value in told]  # type: ignore[call-overload]
    return found
