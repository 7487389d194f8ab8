"""Variational autoencoders: a code that is a distribution, drawn towards a prior."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from aeviz.models.autoencoder import Autoencoder, Code, Pass, Posterior
from aeviz.models.convolutional import Convolutional
from aeviz.models.dense import Dense
from aeviz.spec import knob

BETA_HELP = "Weight of the KL term. 1: the evidence lower bound. Above 1: more disentangled, blurrier."
CAPACITY_HELP = "Nats that the KL is held at when training ends, growing evenly from 0. 0: the plain β-VAE."


def kl_to_standard_normal(posterior: Posterior) -> Float[Tensor, " n"]:
    """KL(N(μ, diag σ²) ‖ N(0, I)) = ½ Σⱼ (μⱼ² + σⱼ² − 1 − log σⱼ²) of each example, in nats.

    Source: Kingma & Welling, arXiv:1312.6114, appendix B.
    """
    mean, log_variance = posterior.mean, posterior.log_variance
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


class VariationalAutoencoder(Autoencoder):
    """q(z | x) = N(μ(x), diag σ²(x)), p(z) = N(0, I); the encoder's 2k outputs are μ and log σ².

    Beside the reconstruction it pays β·|KL − C·progress|, KL the mean over the batch; β·KL where C = 0.
    """

    def __init__(
        self,
        encoder: torch.nn.Module,
        decoder: torch.nn.Module,
        code: int,
        likelihood: str,
        *,
        beta: float = 1.0,
        capacity: float = 0.0,
    ) -> None:
        super().__init__(encoder, decoder, code, likelihood)
        self.beta = beta
        self.capacity = capacity

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code:
        features, switches = self.encoder(x, generator)
        mean, log_variance = features.chunk(2, dim=1)
        return Code(mean, switches, Posterior(mean, log_variance))

    def sample(self, code: Code, generator: torch.Generator) -> Code:
        """z = μ + σ·ε, ε ~ N(0, I): the reparameterization of Kingma & Welling, §2.4."""
        if code.posterior is None:
            return code
        mean, deviation = code.posterior.mean, (code.posterior.log_variance / 2).exp()
        noise = torch.empty_like(mean).normal_(generator=generator)
        return replace(code, z=mean + deviation * noise)

    def prior(self, n: int, generator: torch.Generator) -> Float[Tensor, "n k"]:
        """n draws from p(z) = N(0, I)."""
        return torch.empty(n, self.code, device=generator.device).normal_(generator=generator)

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        assert forward.code.posterior is not None
        kl = kl_to_standard_normal(forward.code.posterior).mean()
        if self.capacity:
            kl = (kl - self.capacity * forward.progress).abs()
        return super().losses(forward) | {"KL": self.beta * kl}


@dataclass(frozen=True)
class Vae(Dense):
    """Maximises E_q[log p(x | z)] − β·|KL(q(z | x) ‖ N(0, I)) − C| with dense layers. β > 1, C = 0: the β-VAE.

    q(z | x) = N(μ(x), diag σ²(x)), z = μ + σ·ε; KL = ½ Σⱼ (μⱼ² + σⱼ² − 1 − log σⱼ²). μ, log σ²: n × k.

    Capacity annealing: C grows evenly from 0 over the training, so that the code opens up step by step; a large β, such
    as 100, then holds the KL near C. KL is the mean over the batch. Held-out losses are always those of the last C.

    Source: Kingma & Welling, arXiv:1312.6114, eq. 10; β: Higgins et al., ICLR 2017, eq. 4; C: Burgess et al.,
    arXiv:1804.03599, eq. 8, whose γ is our β.
    """

    title: ClassVar[str] = "Variational (VAE, β-VAE)"
    beta: float = knob(1.0, "β", BETA_HELP, low=0, high=1000)
    capacity: float = knob(0.0, "Capacity C", CAPACITY_HELP, low=0, high=200, advanced=True)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, decoder = self.ends(shape, 2 * self.code)
        return VariationalAutoencoder(
            encoder, decoder, self.code, self.likelihood, beta=self.beta, capacity=self.capacity
        )

    def variational(self) -> bool:
        return True


@dataclass(frozen=True)
class ConvVae(Convolutional):
    """The variational autoencoder with strided and transposed convolutions. β > 1, C = 0: the β-VAE.

    Maximises E_q[log p(x | z)] − β·|KL(q(z | x) ‖ N(0, I)) − C|, C growing evenly from 0 over the training. μ, log σ²:
    n × k.

    Source: Kingma & Welling, arXiv:1312.6114, eq. 10; β: Higgins et al., ICLR 2017, eq. 4; C: Burgess et al.,
    arXiv:1804.03599, eq. 8, whose γ is our β.
    """

    title: ClassVar[str] = "Convolutional VAE, β-VAE"
    beta: float = knob(1.0, "β", BETA_HELP, low=0, high=1000)
    capacity: float = knob(0.0, "Capacity C", CAPACITY_HELP, low=0, high=200, advanced=True)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, decoder = self.ends(shape, 2 * self.code)
        return VariationalAutoencoder(
            encoder, decoder, self.code, self.likelihood, beta=self.beta, capacity=self.capacity
        )

    def variational(self) -> bool:
        return True
