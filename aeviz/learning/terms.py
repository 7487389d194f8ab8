"""The loss terms that can be chosen. A new regularizer is one class, here or in its own file, and its name below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from aeviz.learning.contraction import Contractive, ContractiveHigherOrder
from aeviz.learning.sparsity import SparseKl, SparseL1, TopK
from aeviz.learning.term import Term
from aeviz.models.autoencoder import ModelSpec, Pass
from aeviz.spec import knob


@dataclass(frozen=True)
class CodeL2(Term):
    """½‖z‖², averaged over the batch: keeps codes near the origin without making them sparse.

    It is the negative log of a standard normal prior on z, up to a constant.

    z: n × k. Source: Ghosh et al., From Variational to Deterministic Autoencoders, ICLR 2020, §3.
    """

    title: ClassVar[str] = "Code L2"

    def penalty(self, forward: Pass) -> Tensor:
        return forward.code.z.square().sum(1).mean() / 2

    def refusals(self, model: ModelSpec) -> Sequence[str]:
        if model.variational():
            return (f"CodeL2 is already part of the KL of {model.kind()} (its ½‖μ‖²): raise beta, or remove the term.",)
        return ()


@dataclass(frozen=True)
class WeightDecay(Term):
    """½ Σ W², over all weights, biases excepted: keeps the mapping smooth.

    As a term of the loss, so that it is the same under every optimizer.

    Source: Krogh & Hertz, A simple weight decay can improve generalization, NIPS 1991.
    """

    title: ClassVar[str] = "Weight decay"
    weight: float = knob(
        1e-3, "Weight λ", "How much the term counts beside the reconstruction.", low=0, high=1000, scale="log"
    )

    def penalty(self, forward: Pass) -> Tensor:
        weights = forward.model.maps()
        return torch.stack([each.square().sum() for each in weights]).sum() / 2


TERMS: tuple[type[Term], ...] = (
    SparseL1,
    SparseKl,
    TopK,
    Contractive,
    ContractiveHigherOrder,
    CodeL2,
    WeightDecay,
)

__all__ = [
    "TERMS",
    "CodeL2",
    "Contractive",
    "ContractiveHigherOrder",
    "SparseKl",
    "SparseL1",
    "Term",
    "TopK",
    "WeightDecay",
]
