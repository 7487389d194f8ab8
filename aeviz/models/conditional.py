"""The conditional variational autoencoder: told the class at both ends, so that the code need not say it."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from aeviz.models.autoencoder import Autoencoder, Code
from aeviz.models.dense import Dense
from aeviz.models.variational import BETA_HELP, VariationalAutoencoder
from aeviz.spec import knob

UNKNOWN = -1  # the label of an example whose class is not told


class ConditionalVariationalAutoencoder(VariationalAutoencoder):
    """q(z | x, y), p(x | z, y): y as a row of zeros with a one at its class, all zeros where it is not known."""

    def __init__(
        self,
        encoder: torch.nn.Module,
        decoder: torch.nn.Module,
        code: int,
        likelihood: str,
        *,
        beta: float,
        classes: int,
        untold: float,
    ) -> None:
        super().__init__(encoder, decoder, code, likelihood, beta=beta)
        self.classes = classes
        self.untold = untold

    def one_hot(self, labels: Tensor | None, like: Tensor) -> Float[Tensor, "n classes"]:
        """Each label as zeros with a one at its class; zeros alone where it is not known."""
        if labels is None:
            return torch.zeros(len(like), self.classes, dtype=like.dtype, device=like.device)
        return (labels[:, None] == torch.arange(self.classes, device=labels.device)).to(like.dtype)

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code:
        if generator is not None and labels is not None:
            kept = torch.empty(labels.shape, device=x.device).bernoulli_(1 - self.untold, generator=generator)
            labels = torch.where(kept > 0, labels, UNKNOWN)
        told = torch.cat([x.flatten(1), self.one_hot(labels, x)], dim=1)
        return replace(super().encode(told, generator), labels=labels)

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        told = torch.cat([code.z, self.one_hot(code.labels, code.z)], dim=1)
        return super().decode(replace(code, z=told), generator)


@dataclass(frozen=True)
class ConditionalVae(Dense):
    """Maximises E_q[log p(x | z, y)] − β·KL(q(z | x, y) ‖ N(0, I)), with the class y told to encoder and decoder.

    y joins x and z as a row of zeros with a one at its class. The code then need not say which class it is, only how it
    was written; and the class can be chosen when sampling. For a share of the training examples y is left out at both
    ends (all zeros), so that the model also knows what to do where nobody tells it. μ, log σ²: n × k.

    Source: Sohn, Lee, Yan, NIPS 2015, eq. 4, with a prior of z independent of the condition, which they allow; leaving
    out: as for guidance, Ho & Salimans, arXiv:2207.12598, algorithm 1.
    """

    title: ClassVar[str] = "Conditional VAE"
    beta: float = knob(1.0, "β", BETA_HELP, low=0, high=1000)
    untold: float = knob(
        0.1,
        "Share untold",
        "Share of the training examples whose class is not told.",
        low=0.01,
        high=0.9,
        advanced=True,
    )

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        return self.construct_for(shape, 10, 10)

    def construct_for(self, shape: tuple[int, ...], classes: int, tags: int) -> Autoencoder:
        encoder, decoder = self.ends(shape, 2 * self.code, classes)
        return ConditionalVariationalAutoencoder(
            encoder, decoder, self.code, self.likelihood, beta=self.beta, classes=classes, untold=self.untold
        )

    def needs_classes(self) -> bool:
        return True

    def variational(self) -> bool:
        return True
