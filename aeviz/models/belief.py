"""The deep belief network: directed layers under an associative memory, learned layer by layer and then up and down."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from aeviz.data.pairings import Batch
from aeviz.models.autoencoder import Autoencoder, Code, Pass
from aeviz.models.boltzmann import BoltzmannMachine, State
from aeviz.models.deep import Tower
from aeviz.models.dense import DenseAutoencoder, DenseDecoder, DenseEncoder, dense_layers
from aeviz.models.gibbs import gibbs, noise
from aeviz.models.machines import Chains, EnergyModel, Machine
from aeviz.models.restricted import Restricted
from aeviz.models.units import Bernoulli, Softmax, Units, coins
from aeviz.spec import knob

BOUND_DRAWS = 20


class Directed(nn.Module):
    """One layer that draws the one below: p(s | h) = σ(b + Gᵀh), and is recognised by q(h | s) = σ(c + Rs).

    G (generative) and R (recognition): upper × lower; b: lower; c: upper.
    """

    def __init__(self, lower: int, upper: int) -> None:
        super().__init__()
        self.generative = nn.Parameter(torch.zeros(upper, lower))
        self.recognition = nn.Parameter(torch.zeros(upper, lower))
        self.lower = nn.Parameter(torch.zeros(lower))
        self.upper = nn.Parameter(torch.zeros(upper))

    def up(self, s: Tensor) -> Tensor:
        """What the layer's units are told by the one below."""
        return functional.linear(s, self.recognition, self.upper)

    def down(self, h: Tensor) -> Tensor:
        """What the units below are told by the layer."""
        return functional.linear(h, self.generative.T, self.lower)


class Mirrored(Restricted):
    """A layer while it is pretrained: a restricted machine of the generative weights, which recognition follows."""

    def __init__(self, layer: Directed, shape: tuple[int, ...], chains: Chains) -> None:
        upper, lower = layer.generative.shape
        edge = ("visible", "hidden")
        machine = BoltzmannMachine(
            {"visible": Bernoulli(lower), "hidden": Bernoulli(upper)},
            [edge],
            {edge: layer.generative},
            {"visible": layer.lower, "hidden": layer.upper},
        )
        super().__init__(machine, shape, upper, chains)
        self.followed = (layer,)  # in a tuple, so that its parameters are not registered a second time

    def settle(self) -> None:
        with torch.no_grad():
            for layer in self.followed:
                layer.recognition.copy_(layer.generative)


class Associative(Restricted):
    """The top two layers, an undirected machine; labels, where it has any, join the lower one."""

    def given(self, batch: Batch) -> State:
        state = self.clamped(batch.targets)
        labels = self.machine.units.get("labels")
        if labels is not None:
            state["labels"] = one_hot(batch.labels, labels.size, batch.targets)
        return state

    def clamped(self, x: Tensor) -> State:
        return {"below": self.seen(x)}


def one_hot(labels: Int[Tensor, " n"] | None, classes: int, like: Tensor) -> Float[Tensor, "n classes"]:
    """Each label as zeros with a one at its class; zeros alone where it is not known."""
    if labels is None:
        return torch.zeros(len(like), classes, dtype=like.dtype, device=like.device)
    return (labels[:, None] == torch.arange(classes, device=labels.device)).to(like.dtype)


class BeliefNetwork(Machine):
    """v ← h¹ ← … ← h^{L−1} – h^L: directed layers, and a restricted machine at the top, which is `machine`."""

    bounded = True

    def __init__(
        self, layers: Sequence[Directed], top: BoltzmannMachine, shape: tuple[int, ...], chains: Chains
    ) -> None:
        super().__init__(top, shape, top.units["top"].size, chains)
        self.layers = nn.ModuleList(layers)

    def encoding(self) -> list[nn.Parameter]:
        found = [each for layer in self._directed() for each in (layer.recognition, layer.upper)]
        return [*found, self.machine.weights["below-top"], self.machine.biases["top"]]

    def maps(self) -> list[nn.Parameter]:
        directed = [each for layer in self._directed() for each in (layer.recognition, layer.generative)]
        return [*directed, *super().maps()]

    # Up and down

    def _directed(self) -> list[Directed]:
        return [each for each in self.layers if isinstance(each, Directed)]

    def upward(self, x: Tensor) -> list[Tensor]:
        """The means of the layers below the top from the data on: v, q(h¹), …, q(h^{L−1})."""
        means = [x.flatten(1)]
        for layer in self._directed():
            means.append(torch.sigmoid(layer.up(means[-1])))
        return means

    def downward(self, h: Tensor) -> Tensor:
        """What the pixels are told by the layer below the top, means all the way down."""
        told = h
        for place, layer in enumerate(reversed(self._directed())):
            told = layer.down(torch.sigmoid(told) if place else told)
        return told

    def clamped(self, x: Tensor) -> State:
        return {"below": self.upward(x)[-1]}

    def rest(self, batch: Batch) -> None:
        if not self.layers:
            super().rest(batch)
            return
        lowest = self._directed()[0].lower
        with torch.no_grad():
            lowest.copy_(Bernoulli(len(lowest)).resting(batch.targets.flatten(1).mean(0)))

    def states(self, x: Tensor) -> State:
        means = self.upward(x)
        below = {f"hidden {number}": each for number, each in enumerate(means[1:], 1)}
        state = {"below": means[-1]}
        return below | state | {"top": torch.sigmoid(self.machine.inputs("top", state))}

    def hidden(self) -> list[str]:
        return [*(f"hidden {number}" for number in range(1, len(self.layers) + 1)), "top"]

    def shown(self, state: Mapping[str, Tensor]) -> Tensor:
        with torch.no_grad():
            below = torch.sigmoid(self.machine.inputs("below", {"top": state["top"]}))
            return self.mean(self.downward(below) if self.layers else torch.logit(below)).reshape(-1, *self.shape)

    def projected(self, layer: str, most: int) -> Tensor:
        number = self.hidden().index(layer)
        if layer == "top":
            drawn = self.machine.weight(("below", "top")).detach()[:most]
        else:
            drawn = self._directed()[number].generative.detach()[:most]
        for under in reversed(self._directed()[:number]):
            drawn = drawn @ under.generative.detach()
        return drawn.reshape(-1, *self.shape)

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code:
        return self.attached(torch.sigmoid(self.machine.inputs("top", self.clamped(x))))

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        below = self.machine.inputs("below", {"top": code.z})
        told = self.downward(torch.sigmoid(below)) if self.layers else below
        return told.reshape(-1, *self.shape)

    # Learning

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        """Up and down: each layer learns to draw what was recognised, and to recognise what was dreamed.

        generative: −log p(hˡ⁻¹ | hˡ) of states drawn upwards from the data. associative: contrastive divergence of the
        top machine from there. recognition: −log q(hˡ | hˡ⁻¹) of states drawn downwards from where it ended. No
        gradient goes through a state. A label that is not known is left out.

        Source: Hinton, Osindero, Teh, Neural Computation 18 (2006), §5 and appendix B.
        """
        batch, draws = forward.batch, forward.draws()
        with torch.no_grad():
            told = self.mean_negative_log_likelihood(forward.logits, batch)
            wake = [batch.targets.flatten(1)]
            for layer in self._directed():
                wake.append(coins(torch.sigmoid(layer.up(wake[-1])), draws))
            memory = self.memory()
            data = memory.given(Batch(wake[-1], wake[-1], batch.labels))
            dream = self._dreamed(data, forward)
        parts = {}
        if self.layers:
            parts["generative"] = _surprise(zip(self._directed(), wake, wake[1:], strict=False), downward=True)
            parts["recognition"] = _surprise(self._asleep(dream["below"], forward), downward=False)
        lowers = {name: s for name, s in dream.items() if name != "top"}
        energies = self.machine.free_energy(data).mean() - self.machine.free_energy(lowers).mean()
        return {"associative": energies} | parts | {"reconstruction": told}

    def _dreamed(self, data: State, forward: Pass) -> State:
        def start() -> State:
            return data | {"top": coins(torch.sigmoid(self.machine.inputs("top", data)), forward.draws())}

        return self.dreamed(start, forward)

    def _asleep(self, below: Tensor, forward: Pass) -> list[tuple[Directed, Tensor, Tensor]]:
        """Every directed layer with the states under and of it, drawn downwards; the pixels are means."""
        found, h = [], below
        with torch.no_grad():
            for number, layer in reversed(list(enumerate(self._directed()))):
                mean = torch.sigmoid(layer.down(h))
                under = coins(mean, forward.draws()) if number else mean
                found.append((layer, under, h))
                h = under
        return found

    # Layer by layer

    @property
    def depth(self) -> int:
        """How many hidden layers there are."""
        return len(self.layers) + 1

    def memory(self) -> Associative:
        """The top machine as a model of the layer below it."""
        width = self.machine.units["below"].size
        shape = self.shape if not self.layers else (width,)
        return Associative(self.machine, shape, self.code, Chains("contrastive", self.chains.steps), uppers=("top",))

    def layer(self, number: int) -> Restricted:
        """Layer `number` as a restricted machine of the one below, with the same weights."""
        if number == self.depth:
            return self.memory()
        layer = self._directed()[number - 1]
        shape = self.shape if number == 1 else (layer.generative.shape[1],)
        return Mirrored(layer, shape, Chains("contrastive", self.chains.steps))

    def up_to(self, number: int) -> Autoencoder:
        """The lowest `number` layers as they are while they are pretrained; all of them are the network itself."""
        return self if number == self.depth else Tower([self.layer(each) for each in range(1, number + 1)])

    # Likelihood, classes, samples

    def log_weights(self, x: Tensor, draws: int, generator: torch.Generator) -> Float[Tensor, "n draws"]:
        """log p*(v, h) − log q(h | v) of `draws` states h ~ q(h | v) for each example, p* = p · Z of the top machine.

        Their mean bounds log p(v) + log Z from below; the mean of their exponentials is p(v)·Z.

        Source: Salakhutdinov & Murray, ICML 2008, §5, eq. 24.
        """
        v = x.flatten(1).repeat_interleave(draws, 0)
        total = torch.zeros(len(v), dtype=torch.float64, device=v.device)
        with torch.no_grad():
            for layer in self._directed():
                told = layer.up(v)
                h = coins(torch.sigmoid(told), generator)
                total += _log_bernoulli(layer.down(h), v) - _log_bernoulli(told, h)
                v = h
            total -= self._energies(v).neg().logsumexp(1).neg().double()
        return total.unflatten(0, (len(x), draws))

    def _energies(self, below: Tensor) -> Float[Tensor, "n classes"]:
        """F(below, label) for each label; a single column where there are none."""
        units = self.machine.units.get("labels")
        if units is None:
            return self.machine.free_energy({"below": below})[:, None]
        each = torch.eye(units.size, dtype=below.dtype, device=below.device)
        found = [self.machine.free_energy({"below": below, "labels": row.expand(len(below), -1)}) for row in each]
        return torch.stack(found, 1)

    def log_unnormalised(self, x: Tensor) -> Float[Tensor, " n"]:
        return self.log_weights(x, BOUND_DRAWS, torch.Generator().manual_seed(0)).mean(1)

    def class_chances(self, x: Tensor) -> Float[Tensor, "n classes"]:
        """p(label | the layer below the top) = softmax(−F(below, label)).

        Raises:
            ValueError: the network has no labels.
        """
        if "labels" not in self.machine.units:
            raise ValueError("This network was built without labels.")
        with torch.no_grad():
            return torch.softmax(-self._energies(self.clamped(x)["below"]), 1)

    def dream_of(self, labels: Int[Tensor, " n"], sweeps: int, generator: torch.Generator) -> Float[Tensor, "n k"]:
        """Codes of samples with these labels clamped: `sweeps` of the top machine, from noise."""
        units = self.machine.units["labels"]
        state = noise(self.machine, len(labels), generator)
        state["labels"] = one_hot(labels, units.size, state["below"])
        return self.code_of(gibbs(self.machine, state, sweeps, generator, held=("labels",)))


def _surprise(
    layers: "zip[tuple[Directed, Tensor, Tensor]] | list[tuple[Directed, Tensor, Tensor]]", *, downward: bool
) -> Tensor:
    """Σ over the layers of −log p(lower | upper), or of −log q(upper | lower), mean over the batch."""
    total: Tensor = torch.zeros(())
    for layer, lower, upper in layers:
        told, seen = (layer.down(upper), lower) if downward else (layer.up(lower), upper)
        total = total + functional.binary_cross_entropy_with_logits(told, seen, reduction="sum") / len(seen)
    return total


def _log_bernoulli(told: Tensor, seen: Tensor) -> Float[Tensor, " n"]:
    return -functional.binary_cross_entropy_with_logits(told, seen, reduction="none").sum(1).double()


@dataclass(frozen=True)
class Dbn(EnergyModel):
    """p(v, h¹ … h^L) = p(h^{L−1}, h^L) Πₗ p(hˡ⁻¹ | hˡ): a restricted machine at the top, directed sigmoid layers below.

    Best learned greedily, each layer as a restricted machine of the one below, and then all of them up and down: awake,
    layers learn to draw what was recognised; asleep, to recognise what was dreamed. z = E[h^L | v], layer by layer.

    Source: Hinton, Osindero, Teh, A Fast Learning Algorithm for Deep Belief Nets, Neural Computation 18 (2006).
    """

    title: ClassVar[str] = "Deep belief network"
    hidden: tuple[int, ...] = knob(
        (128,), "Hidden layers", "Widths from the input to the top layer, which is the code.", low=1, high=4096, most=4
    )
    labels: bool = knob(
        False, "Labels at the top", "Class units join the top machine, which can then dream of a class.", advanced=True
    )

    def depth(self) -> int:
        return len(self.hidden) + 1

    def layered(self) -> bool:
        return bool(self.hidden)

    def needs_classes(self) -> bool:
        return self.labels

    def misfits(self, shape: tuple[int, ...]) -> Sequence[str]:
        if self.likelihood == "gaussian":
            return ("Dbn has Bernoulli pixels: set its likelihood to bernoulli, or choose Rbm for Gaussian ones.",)
        return ()

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        return self.construct_for(shape, 10, 10)

    def construct_for(self, shape: tuple[int, ...], classes: int, tags: int) -> Autoencoder:
        widths = (math.prod(shape), *self.hidden)
        layers = [Directed(*pair) for pair in pairwise(widths)]
        units: dict[str, Units] = {"below": Bernoulli(widths[-1])}
        if self.labels:
            units["labels"] = Softmax(classes)
        units["top"] = Bernoulli(self.code)
        top = BoltzmannMachine(units, [(name, "top") for name in units if name != "top"])
        return BeliefNetwork(layers, top, shape, self.chains())


def unrolled(network: BeliefNetwork) -> DenseAutoencoder:
    """The network as a deep autoencoder: recognition weights up, generative ones down, copies of them all.

    Source: Hinton & Salakhutdinov, Science 313 (2006), fig. 1.
    """
    directed = network._directed()
    machine = network.machine
    widths = (math.prod(network.shape), *(each.upper.numel() for each in directed), network.code)
    top, below = machine.weight(("below", "top")), machine.biases["below"]
    ups = [(each.recognition, each.upper) for each in directed] + [(top, machine.biases["top"])]
    downs = [(top.T, below)] + [(each.generative.T, each.lower) for each in reversed(directed)]
    inward, outward = dense_layers(widths, "sigmoid", "sigmoid"), dense_layers(widths[::-1], "sigmoid", "linear")
    for layers, parts in ((inward, ups), (outward, downs)):
        for layer, (weight, bias) in zip(layers, parts, strict=True):
            assert isinstance(layer, nn.Linear)
            layer.weight.data, layer.bias.data = weight.detach().clone(), bias.detach().clone()
    encoder = DenseEncoder(inward, "sigmoid", "sigmoid", 0.0)
    return DenseAutoencoder(encoder, DenseDecoder(outward, "sigmoid", 0.0, network.shape), network.code, "bernoulli")
