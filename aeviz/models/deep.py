"""The deep Boltzmann machine: every connection is undirected, so that a layer hears both of its sides."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from aeviz.models.autoencoder import Autoencoder, Code, Pass
from aeviz.models.boltzmann import BoltzmannMachine, State, chain, named
from aeviz.models.gibbs import mean_field
from aeviz.models.machines import Chains, EnergyModel, Machine, Phase
from aeviz.models.restricted import Restricted
from aeviz.models.units import Bernoulli, Gaussian, Units, coins
from aeviz.spec import knob

BOUND_SWEEPS = 50
DOWNWARD_SWEEPS = 5  # of the mean field with the code clamped, when it is decoded


class DeepMachine(Machine):
    """x → mean field with the visible layer clamped → the top layer's means, the code.

    sweeps: of the mean field. doubled: whether layers are pretrained with copies of what they will hear from both
    sides later (`layer`).
    """

    def __init__(
        self,
        machine: BoltzmannMachine,
        shape: tuple[int, ...],
        chains: Chains,
        *,
        deviation: float,
        sweeps: int,
        doubled: bool,
    ) -> None:
        *_, top = (name for name in machine.layers if name not in self.aside)
        super().__init__(machine, shape, machine.units[top].size, chains, deviation)
        self.sweeps = sweeps
        self.doubled = doubled

    # Encoding and decoding

    bounded = True

    @property
    def loops(self) -> bool:
        return self.depth > 1

    def states(self, x: Tensor) -> State:
        """The mean field of every layer with the visible one clamped to these examples."""
        return mean_field(self.machine, self.clamped(x), self.sweeps)

    def log_unnormalised(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return lower_bound(self.machine, self.clamped(x), BOUND_SWEEPS)

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code:
        return self.attached(self.states(x)[self.path[-1]])

    def encode_for_classes(self, x: Tensor, generator: torch.Generator | None = None) -> Code:
        """The code, differentiated through the last sweep alone: a network whose layers are told the settled means
        from above as they are told the data.

        Source: Salakhutdinov & Hinton, AISTATS 2009, §3.3, where these means stay those of before.
        """
        given = self.clamped(x)
        with torch.no_grad():
            settled = mean_field(self.machine, given, self.sweeps - 1)
        fields = mean_field(self.machine, given, 1, start={name: s for name, s in settled.items() if name not in given})
        return self.attached(fields[self.path[-1]])

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        """What the visible units are told by the mean field with the top layer clamped to the code."""
        visible, *_, top = self.path
        fields = mean_field(self.machine, {top: code.z}, DOWNWARD_SWEEPS if self.depth > 1 else 1)
        return self.placed(self.machine.inputs(visible, fields))

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        """{"energy": mean E(v, μ) − mean E(s′)}, μ the mean field of the data, s′ from the chains.

        Source: Salakhutdinov & Hinton, AISTATS 2009, algorithm 1.
        """
        with torch.no_grad():
            told = self.mean_negative_log_likelihood(forward.logits, forward.batch)
            given = self.given(forward.batch)
            data = self.data_phase(given, forward)

            def start() -> State:
                return {name: s if name in given else self._drawn(name, s, forward) for name, s in data.items()}

            dream = self.dreamed(start, forward)
        energy = self.machine.energy(data).mean() - self.machine.energy(dream).mean()
        return {"energy": energy, "reconstruction": told}

    def data_phase(self, given: State, forward: Pass) -> State:
        """The mean field of every layer with these held."""
        batch = forward.batch
        if batch.inputs is batch.targets and self.depth <= 2:
            # The pass has found the top of the fixed point; what lies between follows from it and the data.
            return mean_field(self.machine, given, 1, start={self.path[-1]: self.bare(forward.code).detach()})
        return mean_field(self.machine, given, self.sweeps)

    def _drawn(self, layer: str, mean: Tensor, forward: Pass) -> Tensor:
        return coins(mean, forward.draws())

    # Layer by layer

    @property
    def depth(self) -> int:
        """How many hidden layers there are."""
        return len(self.path) - 1

    def layer(self, number: int) -> Restricted:
        """Layer `number` and the one below as a restricted machine with the same weights.

        In the whole machine a hidden layer hears from below and from above. Trained alone it hears one side only, so
        that side is there twice, as two copies with the same weights: below the first layer, above the last one, on
        both sides of those between. Not doubled, the layers fit when trained and drive each other too hard when joined.

        Source: Salakhutdinov & Hinton, AISTATS 2009, §3.1.
        """
        below, above = self.path[number - 1 : number + 1]
        lowers, uppers = [below], [above]
        if self.doubled and self.depth > 1:
            if number < self.depth:
                lowers.append(f"{below} copy")
            if number > 1:
                uppers.append(f"{above} copy")
        edges = [(low, high) for low in lowers for high in uppers]
        weight: nn.Parameter = self.machine.weights[named((below, above))]
        original = dict.fromkeys(lowers, below) | dict.fromkeys(uppers, above)
        machine = BoltzmannMachine(
            {name: self.machine.units[layer] for name, layer in original.items()},
            edges,
            dict.fromkeys(edges, weight),
            {name: self.machine.biases[layer] for name, layer in original.items()},
        )
        width = self.machine.units[below].size
        chains = Chains("contrastive", self.chains.steps)
        return Restricted(
            machine,
            self.shape if number == 1 else (width,),
            self.machine.units[above].size,
            chains,
            deviation=self.deviation,
            uppers=uppers,
        )

    def up_to(self, number: int) -> Autoencoder:
        """The lowest `number` layers as they are while they are pretrained; all of them are the machine itself."""
        return self if number == self.depth else Tower([self.layer(each) for each in range(1, number + 1)])


class Tower(Autoencoder):
    """Restricted machines on top of each other, each seeing the means of the one below; decoded the same way down."""

    def __init__(self, machines: Sequence[Restricted]) -> None:
        lowest, highest = machines[0], machines[-1]
        super().__init__(nn.Identity(), nn.Identity(), highest.code, lowest.likelihood)
        self.machines = nn.ModuleList(machines)

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code:
        for machine in self.machines:
            assert isinstance(machine, Restricted)
            x = machine.encode(x).z
        return Code(x)

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        *upper, lowest = reversed(list(self.machines))
        for machine in upper:
            assert isinstance(machine, Restricted)
            code = Code(machine.mean(machine.decode(code)))
        assert isinstance(lowest, Restricted)
        return lowest.decode(code)


@dataclass(frozen=True)
class Dbm(EnergyModel):
    """E(v, h¹ … h^L) = −Σ biases − Σₗ h^{l+1}ᵀ Wₗ hˡ, h⁰ = v: a chain of layers, every connection undirected.

    q(h | v) = Πₗ q(hˡ) with μˡ ← σ(bₗ + Wₗ₋₁μˡ⁻¹ + Wₗᵀμˡ⁺¹), swept a few times, is the data phase, and chains that
    go on are the model phase. The code is μ^L. Pretrained layer by layer it learns better: choose greedy training.

    Wₗ: widthₗ₊₁ × widthₗ. Source: Salakhutdinov & Hinton, Deep Boltzmann Machines, AISTATS 2009.
    """

    title: ClassVar[str] = "Deep Boltzmann machine"
    hidden: tuple[int, ...] = knob(
        (128,),
        "Hidden layers",
        "Widths from the input up to the top layer, which is the code.",
        low=1,
        high=4096,
        most=4,
    )
    phase: Phase = knob(
        "persistent",
        "Model phase",
        "Persistent: chains that go on. Tempered: chains at several temperatures. Contrastive: sweeps from the data.",
        choices=("persistent", "tempered", "contrastive"),
    )
    steps: int = knob(2, "Sweeps", "Gibbs sweeps behind each update (the k of CD-k).", low=1, high=100)
    sweeps: int = knob(
        10, "Mean-field sweeps", "How often the layers are told of each other in the data phase.", low=1, high=100,
        advanced=True,
    )  # fmt: skip
    doubled: bool = knob(
        True,
        "Doubled inputs",
        "Pretrain as if layers heard both sides. Off: see what breaks.",
        advanced=True,
    )
    deviation: float = knob(
        0.2, "σ of Gaussian pixels", "Only with the Gaussian likelihood: how far pixels scatter.", low=0.01, high=10,
        scale="log", advanced=True,
    )  # fmt: skip

    def depth(self) -> int:
        return len(self.hidden) + 1

    def layered(self) -> bool:
        return bool(self.hidden)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        d = math.prod(shape)
        visible: Units = Gaussian(d) if self.likelihood == "gaussian" else Bernoulli(d)
        widths = (*self.hidden, self.code)
        layers = [(f"hidden {number}", Bernoulli(width)) for number, width in enumerate(widths, 1)]
        machine = chain(("visible", visible), *layers)
        return DeepMachine(
            machine, shape, self.chains(), deviation=self.deviation, sweeps=self.sweeps, doubled=self.doubled
        )


def lower_bound(machine: BoltzmannMachine, given: Mapping[str, Tensor], sweeps: int) -> Tensor:
    """E_q[−E] + H(q) of each row: a lower bound on −F(given) = log p(given) + log Z, with the mean field's q; n.

    Hidden layers have to be of Bernoulli units. Source: Salakhutdinov & Hinton, AISTATS 2009, eq. 10.
    """
    fields = mean_field(machine, given, sweeps)
    entropy = torch.zeros(())
    for name, mean in fields.items():
        if name not in given:
            p = mean.double()
            entropy = entropy - (torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p)).sum(1)
    return entropy - machine.energy(fields).double()
