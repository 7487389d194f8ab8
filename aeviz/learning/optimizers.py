"""Optimizers and learning-rate schedules."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import nn

from aeviz.spec import Spec, knob

Schedule = Literal["constant", "cosine", "steps", "warmup"]
BETA1_HELP = "Share of the old direction that each step keeps. Adversarial models are steadier with 0.5."
SCHEDULES: tuple[Schedule, ...] = ("constant", "cosine", "steps", "warmup")


def factor(schedule: str, progress: float) -> float:
    """What the learning rate is multiplied by after a share `progress` ∈ [0, 1] of the training.

    constant: 1. cosine: ½(1 + cos π·progress) (Loshchilov & Hutter, arXiv:1608.03983, eq. 5, one cycle).
    steps: 1, then 0.1 from the half on, then 0.01 from three quarters on. warmup: rises over the first twentieth.
    """
    if schedule == "cosine":
        return (1 + math.cos(math.pi * progress)) / 2
    if schedule == "steps":
        return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01
    if schedule == "warmup":
        return min(1.0, (progress + 0.001) / 0.05)
    return 1.0


@dataclass(frozen=True)
class Optimizer(Spec):
    """A rule for turning gradients into steps."""

    learning_rate: float = knob(
        1e-3, "Learning rate", "Size of a step. If the loss explodes, divide it by 10.", low=1e-7, high=10, scale="log"
    )
    schedule: Schedule = knob(
        "constant", "Schedule", "How the learning rate changes over the run.", choices=SCHEDULES, advanced=True
    )

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The torch optimizer over these parameters."""
        raise NotImplementedError


@dataclass(frozen=True)
class Adam(Optimizer):
    """θ ← θ − α·m̂/(√v̂ + ε), with β = (β₁, 0.999), ε = 1e-8.

    Source: Kingma & Ba, arXiv:1412.6980, algorithm 1.
    """

    title: ClassVar[str] = "Adam"
    beta1: float = knob(0.9, "β₁", BETA1_HELP, low=0, high=0.999, advanced=True)

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=self.learning_rate, betas=(self.beta1, 0.999), fused=True)


@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam whose weights also shrink by α·λ a step, apart from the gradient.

    Source: Loshchilov & Hutter, arXiv:1711.05101, algorithm 2.
    """

    title: ClassVar[str] = "AdamW"
    decay: float = knob(0.01, "Decay λ", "How fast weights shrink by themselves.", low=0, high=10, scale="log")

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameters, lr=self.learning_rate, weight_decay=self.decay, fused=True)


@dataclass(frozen=True)
class SGD(Optimizer):
    """v ← μ·v + g, θ ← θ − α·v.

    Source: Polyak, USSR Comp. Math. 4 (1964); as in Sutskever et al., ICML 2013, with the rate outside v.
    """

    title: ClassVar[str] = "SGD with momentum"
    learning_rate: float = knob(
        1e-2, "Learning rate", "Size of a step. If the loss explodes, divide it by 10.", low=1e-7, high=10, scale="log"
    )
    momentum: float = knob(0.9, "Momentum μ", "How much of the last step is kept.", low=0, high=0.999)

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.learning_rate, momentum=self.momentum, fused=True)


OPTIMIZERS: tuple[type[Optimizer], ...] = (Adam, AdamW, SGD)
