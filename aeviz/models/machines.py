"""Boltzmann machines as models that are trained, encoded with and decoded from like any other.

Their loss is mean E over the data phase less mean E over the model phase. Both phases are states without a gradient, so
its gradient is that of the negative log-likelihood, of its variational bound or of contrastive divergence; optimizers,
weight decay and sparsity terms compose with it unchanged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from aeviz.data.pairings import Batch
from aeviz.models.autoencoder import Autoencoder, Code, CodeRange, ModelSpec, Pass
from aeviz.models.boltzmann import BoltzmannMachine, State
from aeviz.models.gibbs import gibbs, noise, tempered
from aeviz.models.units import Gaussian
from aeviz.seeds import on
from aeviz.spec import knob

Phase = Literal["contrastive", "persistent", "tempered", "annealed", "exact"]
Origin = Literal["data", "noise"]
PHASES: tuple[Phase, ...] = ("contrastive", "persistent", "tempered")
ORIGINS: tuple[Origin, ...] = ("data", "noise")
ORIGIN_LABEL = "Chains begin at"
ORIGIN_HELP = (
    "Of chains that go on. Data: what was learned before is kept. Noise: they find what the machine holds likely far "
    "from the data, and unlearn it."
)
PRIOR_SWEEPS = 30  # from noise, or from the particles, to what is shown as a sample
HOTTEST = 5.0
RATES_LABEL = "Begin at the data's rates"
RATES_HELP = "Each visible unit is on as often as in the data before anything is learned. Off: half of the time."


@dataclass(frozen=True)
class Chains:
    """How the model phase is sampled.

    contrastive: `steps` sweeps from the data itself. persistent: `steps` sweeps of `particles` chains that go on from
    update to update. tempered: the same at several temperatures, from 1 to 5, that swap places. annealed: from noise,
    cooling. exact: no chains at all. The last two are for machines that say how (`connected`).

    origin: where particles begin. From the data they keep what layers have learned one by one, and never see what the
    machine may hold likely elsewhere; from noise they find that, and unlearn it at the price of the rest.
    """

    phase: Phase = "contrastive"
    steps: int = 1
    particles: int = 100
    temperatures: int = 5
    origin: Origin = "data"

    def ladder(self) -> list[float]:
        """The temperatures, their inverses evenly spaced; just 1 for chains that are not tempered."""
        if self.phase != "tempered":
            return [1.0]
        count = self.temperatures
        return [1 / (1 - (1 - 1 / HOTTEST) * i / max(1, count - 1)) for i in range(count)]


class Machine(Autoencoder):
    """A Boltzmann machine as a model: the code is its top layer, and it has a prior, which is what it dreams.

    machine: the graph. particles: temperatures × particles × units of all layers, the states of its persistent chains,
    0 until it has learned; saved and resumed with the weights. deviation: σ of Gaussian visible units, whose states are
    x/σ.

    Told beside the loss: "reconstruction", −log p(v | a state drawn for v); "free_energy" of the examples and, when
    evaluated, "pseudo_likelihood", both where they are cheap.
    """

    beside = frozenset({"reconstruction", "free_energy", "pseudo_likelihood"})
    bounded: ClassVar[bool] = False
    aside: ClassVar[tuple[str, ...]] = ()  # layers of something else than the examples, not on their way to the code
    turns: ClassVar[bool] = True  # whether a pixel can be turned over: pseudo-likelihoods ask what if it were

    def __init__(
        self, machine: BoltzmannMachine, shape: tuple[int, ...], code: int, chains: Chains, deviation: float = 1.0
    ) -> None:
        visible = machine.units[machine.layers[0]]
        gaussian = isinstance(visible, Gaussian)
        super().__init__(nn.Identity(), nn.Identity(), code, "gaussian" if gaussian else "bernoulli")
        self.machine = machine
        self.shape = shape
        self.chains = chains
        self.deviation = deviation if gaussian else 1.0
        if chains.phase in ("persistent", "tempered"):
            total = sum(units.size for units in machine.units.values())
            self.register_buffer("particles", torch.zeros(len(chains.ladder()), chains.particles, total))

    def encoding(self) -> list[nn.Parameter]:
        still = self.machine.biases[self.machine.layers[0]]
        return [each for each in self.parameters() if each is not still]

    def maps(self) -> list[nn.Parameter]:
        return list(self.machine.weights.values())

    # States

    def clamped(self, x: Tensor) -> State:
        """The visible layer in the state that stands for these examples."""
        return {self.machine.layers[0]: self.seen(x)}

    def given(self, batch: Batch) -> State:
        """The layers that a batch tells of, in their states."""
        return self.clamped(batch.targets)

    def rest(self, batch: Batch) -> None:
        """Give the layers that a batch tells of the biases with which they rest at its means."""
        with torch.no_grad():
            for name, s in self.given(batch).items():
                self.machine.biases[name].copy_(self.machine.units[name].resting(s.mean(0)))

    def seen(self, x: Tensor) -> Float[Tensor, "n d"]:
        """Examples as states of the visible units."""
        v = x.flatten(1)
        return v if self.deviation == 1 else v / self.deviation

    @property
    def path(self) -> list[str]:
        """The layers from the visible one up to the code."""
        return [name for name in self.machine.layers if name not in self.aside]

    def hidden(self) -> list[str]:
        """The names of the hidden layers, from the data up."""
        return self.path[1:]

    def states(self, x: Tensor) -> State:
        """Every layer given these examples: the means of the data phase."""
        raise NotImplementedError

    def projected(self, layer: str, most: int) -> Float[Tensor, "n ..."]:
        """What the first `most` units of a hidden layer drive in the pixels, through the layers below it."""
        path = self.path
        at = path.index(layer)
        drawn: Tensor = self.machine.weight((path[at - 1], layer)).detach()[:most]
        for place in range(at - 1, 0, -1):
            drawn = drawn @ self.machine.weight((path[place - 1], path[place])).detach()
        return drawn.reshape(-1, *self.shape)

    def log_unnormalised(self, x: Tensor) -> Float[Tensor, " n"]:
        """log p(v) + log Z of each example in nats, in double precision; a lower bound on it where `bounded`."""
        raise NotImplementedError

    def shown(self, state: Mapping[str, Tensor]) -> Tensor:
        """The visible layer's means given the other layers of a state, as examples: n × the data's shape."""
        visible = self.machine.layers[0]
        others = {name: s for name, s in state.items() if name != visible or self.machine.lateral(visible)}
        with torch.no_grad():
            mean = self.machine.units[visible].mean(self.machine.inputs(visible, others))
        return (mean * self.deviation).reshape(-1, *self.shape)

    def placed(self, inputs: Tensor) -> Tensor:
        """What the visible units are told, as logits or means of examples."""
        scaled = inputs if self.deviation == 1 else inputs * self.deviation
        return scaled.reshape(-1, *self.shape)

    def fantasies(self, temperature: int = 0) -> State | None:
        """The persistent chains as they stand, of the first temperature or another; None where there are none yet."""
        return self._apart(self.particles[temperature]) if self.begun() else None  # type: ignore[index]

    def begun(self) -> bool:
        """Whether it has persistent chains that have been anywhere."""
        particles = getattr(self, "particles", None)
        return particles is not None and bool(particles.any())

    def _apart(self, joined: Tensor) -> State:
        sizes = [units.size for units in self.machine.units.values()]
        return dict(zip(self.machine.layers, joined.split(sizes, 1), strict=True))

    def _joined(self, state: Mapping[str, Tensor]) -> Tensor:
        return torch.cat([state[name] for name in self.machine.layers], 1)

    def dreamed(self, start: Callable[[], State], forward: Pass) -> State:
        """States of the model phase. Contrastive divergence begins at `start()`, states drawn for the batch.

        Particles begin there, too, or at noise (`Chains.origin`), and from then on move while learning.
        """
        chains, draws = self.chains, forward.draws()
        if chains.phase == "contrastive":
            return gibbs(self.machine, start(), chains.steps, draws)
        particles = self.particles
        assert isinstance(particles, Tensor)
        beginning = particles if self.begun() else self._beginning(start, draws)
        states = [self._apart(each.clone()) for each in beginning]
        if forward.learning:
            ladder = chains.ladder()
            for _ in range(chains.steps):
                states = (
                    [gibbs(self.machine, states[0], 1, draws)]
                    if len(ladder) == 1
                    else tempered(self.machine, states, ladder, draws)
                )
            with torch.no_grad():
                particles.copy_(torch.stack([self._joined(state) for state in states]))
        return states[0]

    def _beginning(
        self, start: Callable[[], State], draws: torch.Generator
    ) -> Float[Tensor, "temperatures particles units"]:
        """Where as many particles as there are begin, the same at every temperature; start: states of the data."""
        count = self.chains.particles
        joined = self._joined(start() if self.chains.origin == "data" else noise(self.machine, count, draws))
        rows = torch.arange(count, device=joined.device) % len(joined)
        return joined[rows].expand(len(self.chains.ladder()), -1, -1)

    def attached(self, z: Tensor, told: Tensor | None = None) -> Code:
        """The code that the model's attachments make of the top layer's means; told: what that layer was told."""
        whole = None
        if self.attachments:
            whole = z
            for attachment in self.attachments.values():
                z = attachment(z)
        return Code(z, whole=whole, told=told)

    def bare(self, code: Code) -> Tensor:
        """The top layer's means behind a code."""
        return code.z if code.whole is None else code.whole

    # Sampling

    def prior(self, n: int, generator: torch.Generator) -> Tensor:
        """Codes of n samples: `PRIOR_SWEEPS` sweeps on from the particles, from noise where there are none."""
        device = next(self.parameters()).device
        generator = on(device, generator)
        start = self.fantasies()
        if start is None:
            state = noise(self.machine, n, generator)
        else:
            rows = torch.arange(n, device=device) % len(next(iter(start.values())))
            state = {name: s[rows] for name, s in start.items()}
        return self.code_of(gibbs(self.machine, state, PRIOR_SWEEPS, generator)).cpu()

    def code_of(self, state: Mapping[str, Tensor]) -> Float[Tensor, "n k"]:
        """The code of full states: the mean of the top layer given the others."""
        top = self.path[-1]
        with torch.no_grad():
            return self.machine.units[top].mean(self.machine.inputs(top, state))

    def pseudo_likelihood(self, x: Tensor, generator: torch.Generator) -> Float[Tensor, " n"]:
        """d · log p(vᵢ | all other pixels) for a pixel i drawn for each example, in nats.

        log p(vᵢ | rest) = log σ(F(ṽ) − F(v)), ṽ = v with pixel i turned over. Its mean over i is the log
        pseudo-likelihood; grey pixels count as they are.

        Source: Besag, The Statistician 24 (1975).
        """
        visible = self.machine.layers[0]
        v = self.seen(x)
        places = torch.randint(v.shape[1], (len(v), 1), generator=generator, device=v.device)
        turned = v.scatter(1, places, 1 - v.gather(1, places))
        gain = self.machine.free_energy({visible: turned}) - self.machine.free_energy({visible: v})
        return v.shape[1] * functional.logsigmoid(gain)


@dataclass(frozen=True)
class EnergyModel(ModelSpec):
    """The settings that every Boltzmann machine has."""

    code: int = knob(64, "Hidden units", "Units of the top layer, which are the code.", low=1, high=2048)
    phase: Phase = knob(
        "contrastive",
        "Model phase",
        "Contrastive: sweeps from the data. Persistent: chains that go on. Tempered: chains at several temperatures.",
        choices=PHASES,
    )
    steps: int = knob(1, "Sweeps", "Gibbs sweeps behind each update (the k of CD-k).", low=1, high=100)
    particles: int = knob(
        100, "Particles", "Chains that go on from update to update.", low=1, high=10_000, advanced=True
    )
    temperatures: int = knob(5, "Temperatures", "Of tempered chains, from 1 to 5.", low=2, high=50, advanced=True)

    origin: Origin = knob("data", ORIGIN_LABEL, ORIGIN_HELP, choices=ORIGINS, advanced=True)
    rates: bool = knob(False, RATES_LABEL, RATES_HELP, advanced=True)

    def chains(self) -> Chains:
        """How the model phase is sampled."""
        return Chains(self.phase, self.steps, self.particles, self.temperatures, self.origin)

    def begin(self, model: Autoencoder, examples: Batch) -> None:
        assert isinstance(model, Machine)
        if self.rates:
            model.rest(examples)

    def code_range(self) -> CodeRange:
        return "unit"
