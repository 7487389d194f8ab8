"""Sparse terms: few code units speak for each example."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from aeviz.data.pairings import Batch
from aeviz.learning.term import Term
from aeviz.models.autoencoder import Autoencoder, Code, ModelSpec, Pass
from aeviz.spec import knob

Average = Literal["batch", "running", "epoch"]
AVERAGES: tuple[Average, ...] = ("batch", "running", "epoch")


@dataclass(frozen=True)
class SparseL1(Term):
    """Σⱼ |zⱼ|, averaged over the batch: most code units are pulled to 0, a few stay.

    The decoder can undo it by growing its weights, so combine it with weight decay or tied weights.

    z: n × k. Source: Lee, Battle, Raina, Ng, Efficient sparse coding algorithms, NIPS 2006, §2 (the L1
    penalty φ).
    """

    title: ClassVar[str] = "Sparse, L1"

    def penalty(self, forward: Pass) -> Tensor:
        return forward.code.z.abs().sum(1).mean()


class Activity(nn.Module):
    """Remembers the mean activity of each code unit; the code passes through as it is.

    total and weight: sums over what was seen, with older batches fading, whose quotient is the mean.
    """

    total: Tensor
    weight: Tensor

    def __init__(self, code: int, device: torch.device) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(code, device=device))
        self.register_buffer("weight", torch.zeros((), device=device))

    def forward(self, z: Tensor) -> Tensor:
        return z

    def mean(self) -> Float[Tensor, " k"] | None:
        """The mean so far; None before anything was seen."""
        return self.total / self.weight if self.weight > 0 else None

    def add(self, sum_: Float[Tensor, " k"], weight: float, decay: float) -> None:
        """What is remembered counts `decay` as much from now on, beside the new sum of so much weight."""
        self.total.mul_(decay).add_(sum_)
        self.weight.mul_(decay).add_(weight)

    def forget(self) -> None:
        """As if nothing had been seen."""
        self.total.zero_()
        self.weight.zero_()


@dataclass(frozen=True)
class SparseKl(Term):
    """Σⱼ ρ log(ρ/ρ̂ⱼ) + (1 − ρ) log((1 − ρ)/(1 − ρ̂ⱼ)), with ρ̂ⱼ the mean of unit j: each is active on a share ρ.

    The definition takes ρ̂ over the whole training set. Over one batch it is noisy, and as the penalty is convex its
    mean is then too high: units that answer to rare things are punished whenever these turn up. Running: a mean in
    which older batches fade. Epoch: a pass over the whole set before each epoch, exact then and older by up to an
    epoch later. Both put the remembered ρ̂ into the value and into ∂/∂ρ̂, and let the batch's own mean carry the
    gradient on to the weights. Test losses always take the mean of what is tested.

    z: n × k in (0, 1). Source: Ng, CS294A lecture notes: Sparse autoencoder, §3; running: Nair & Hinton, NIPS 2009.
    """

    title: ClassVar[str] = "Sparse, KL to ρ"
    rho: float = knob(
        0.05, "Wanted activity ρ", "Mean activity that each code unit should have.", low=0.001, high=0.999
    )
    average: Average = knob(
        "batch",
        "Activity measured over",
        "Batch: quick, noisy in small batches. Running: older batches fade. Epoch: the whole training set, at the cost "
        "of one more pass over it.",
        choices=AVERAGES,
        advanced=True,
    )
    decay: float = knob(
        0.95, "Memory", "Share of the running mean that one more batch leaves in place.", low=0, high=0.9999,
        advanced=True,
    )  # fmt: skip

    def penalty(self, forward: Pass) -> Tensor:
        own = forward.code.z.mean(0)
        if forward.learning and self.average != "batch":
            own = self._remembered(forward.model, own)
        # A unit that is saturated to the last bit would give log 0.
        active = own.clamp(1e-6, 1 - 1e-6)
        rho = self.rho
        return (rho * (rho / active).log() + (1 - rho) * ((1 - rho) / (1 - active)).log()).sum()

    def _remembered(self, model: Autoencoder, own: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
        """The remembered mean in value, the batch's own in its gradient."""
        memory = model.attachments[self.kind()]
        assert isinstance(memory, Activity)
        fixed = own.detach()
        if self.average == "running":
            memory.add((1 - self.decay) * fixed, 1 - self.decay, self.decay)
        whole = memory.mean()
        return own if whole is None else whole + (own - fixed)

    def equip(self, model: Autoencoder) -> None:
        if self.average != "batch" and self.kind() not in model.attachments:
            model.attachments[self.kind()] = Activity(model.code, _device(model))

    def begin_epoch(self, model: Autoencoder, batches: Callable[[], Iterator[Batch]]) -> None:
        if self.average != "epoch":
            return
        memory = model.attachments[self.kind()]
        assert isinstance(memory, Activity)
        memory.forget()
        with torch.no_grad():
            for batch in batches():
                z = model.encode(batch.inputs, None, batch.labels).z
                memory.add(z.sum(0), len(z), 1.0)

    def refusals(self, model: ModelSpec) -> Sequence[str]:
        if model.code_range() == "unit":
            return ()
        remedy = (
            "set its code_activation to sigmoid"
            if "code_activation" in model.knobs()
            else "choose Mlp or Conv with code_activation sigmoid"
        )
        return (
            f"SparseKl needs codes between 0 and 1, and those of {model.kind()} are not: {remedy}, or use SparseL1.",
        )


class Largest(nn.Module):
    """Keeps the k largest entries of each code, the others become 0.

    silent: for each unit the number of examples that have been learned since it was last active, or ever.
    """

    silent: Tensor

    def __init__(self, k: int, code: int, device: torch.device) -> None:
        super().__init__()
        self.k = k
        self.register_buffer("silent", torch.zeros(code, dtype=torch.int64, device=device))

    def forward(self, z: Tensor) -> Tensor:
        return largest(z, self.k)

    def count(self, z: Float[Tensor, "n k"]) -> None:
        """These codes have been learned from; active is what is not 0."""
        self.silent += len(z)
        self.silent[(z != 0).any(0)] = 0


def largest(z: Float[Tensor, "n k"], k: int) -> Float[Tensor, "n k"]:
    """z with all but the k largest entries of each row set to 0."""
    values, places = z.topk(k, dim=1)
    return torch.zeros_like(z).scatter(1, places, values)


@dataclass(frozen=True)
class TopK(Term):
    """The code keeps its k largest entries, the others are 0; the loss added is ½‖e − ê‖², which revives dead units.

    Exactly k units describe each example, so no weight has to be balanced. Units that never win would never learn:
    a unit is dead when the last `patience` examples did not make it active. e = x − E[x | z] is what the code leaves
    unexplained (held fixed), ê = D(z_dead) − D(0) what the largest of the dead would add through the decoder D, in
    logits. For a linear decoder that is the paper's W_dec·z_dead, and −e is the gradient of either likelihood.

    Largest is by value, so with an unbounded code a negative entry stays only where nothing greater is left. The
    papers have one linear layer each way; here the encoder and decoder may be any.

    z: n × k. Source: Makhzani & Frey, k-Sparse autoencoders, arXiv:1312.5663, §2.1; dead units: Gao et al., Scaling
    and evaluating sparse autoencoders, arXiv:2406.04093, appendix A.2.
    """

    title: ClassVar[str] = "Sparse, top k"
    weight: float = knob(
        1 / 32, "Weight λ of reviving", "How much the dead units' own loss counts. 0: the dead stay dead.",
        low=0, high=1000, scale="log",
    )  # fmt: skip
    active: int = knob(8, "Active units k", "Entries of each code that are kept; it must be fewer than the code has.",
                  low=1, high=511)  # fmt: skip
    revived: int = knob(
        16, "Units revived at once", "Dead units that try to explain what is left of an example.", low=1, high=512,
        advanced=True,
    )  # fmt: skip
    patience: int = knob(
        10_000, "Dead after", "Examples without being active, after which a unit counts as dead.", low=1,
        high=100_000_000, scale="log", advanced=True,
    )  # fmt: skip

    def penalty(self, forward: Pass) -> Tensor:
        gate = forward.model.attachments[self.kind()]
        assert isinstance(gate, Largest)
        if forward.learning:
            gate.count(forward.code.z.detach())
        dead = gate.silent >= self.patience
        whole = forward.code.whole
        if whole is None:
            raise ValueError(f"The codes of {type(forward.model).__name__} do not pass through its attachments.")
        if not dead.any():
            return forward.logits.new_zeros(())
        # −∞ keeps the living from being chosen.
        among = largest(whole.masked_fill(~dead, -torch.inf), min(self.revived, int(dead.sum())))
        added, silent = (self._decoded(forward, z) for z in (among, torch.zeros_like(among)))
        error = forward.batch.targets - forward.model.mean(forward.logits).detach()
        return (error - (added - silent)).square().sum() / (2 * len(error))

    @staticmethod
    def _decoded(forward: Pass, z: Tensor) -> Tensor:
        code: Code = replace(forward.code, z=z)
        return forward.model.decode(code)

    def equip(self, model: Autoencoder) -> None:
        if self.kind() not in model.attachments:
            model.attachments[self.kind()] = Largest(self.active, model.code, _device(model))

    def refusals(self, model: ModelSpec) -> Sequence[str]:
        if model.samples():
            return (
                f"TopK makes codes sparse, and {model.kind()} decodes draws from a prior that is not: choose Mlp or "
                "Conv.",
            )
        if model.code <= self.active:
            fewer = f"set active of TopK below {model.code}, or " if model.code > 1 else ""
            return (
                f"TopK keeps {self.active} of the {model.code} entries of the code, which leaves nothing out: {fewer}"
                f"choose a code larger than {self.active}.",
            )
        return ()


def _device(model: Autoencoder) -> torch.device:
    return next(model.parameters()).device
