"""The Wasserstein autoencoder: plain codes, of which only all together must look like draws from the prior."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from aeviz.models.autoencoder import Autoencoder, Pass
from aeviz.models.convolutional import Convolutional
from aeviz.models.dense import Dense
from aeviz.spec import knob

MOST_CODES = 4096  # of a batch: every pair of them is compared
FEWEST_DRAWS = 256  # from the prior: more than a small batch has examples cost little and quieten the estimate

LAMBDA_HELP = "How much the codes are pushed to spread like the prior N(0, I)."


def inverse_multiquadratic(first: Float[Tensor, "n k"], second: Float[Tensor, "m k"]) -> Float[Tensor, "n m"]:
    """C / (C + ‖a − b‖²) of every pair, C = 2k: the expected squared distance of two draws from N(0, I).

    Source: Tolstikhin, Bousquet, Gelly, Schölkopf, arXiv:1711.01558, §4.
    """
    scale = 2 * first.shape[1]
    # Not torch.cdist, whose square root has no gradient where two codes are the same.
    squared = first.square().sum(1)[:, None] + second.square().sum(1) - 2 * first @ second.T
    return scale / (scale + squared.clamp(min=0))


def squared_mean_discrepancy(z: Float[Tensor, "n k"], drawn: Float[Tensor, "m k"]) -> Float[Tensor, ""]:
    """MMD²(z, drawn), without bias: 0 on average, and as often below it, where both come from one distribution.

    1/(n(n − 1)) Σ_{i≠j} k(zᵢ, zⱼ) + 1/(m(m − 1)) Σ_{i≠j} k(z̃ᵢ, z̃ⱼ) − 2/(nm) Σᵢⱼ k(zᵢ, z̃ⱼ). A single z gives 0.

    Source: Gretton et al., JMLR 13 (2012), eq. 3, as in Tolstikhin et al., arXiv:1711.01558, algorithm 2.
    """
    if len(z) < 2:
        return 0 * z.sum()

    def among(codes: Tensor) -> Tensor:
        n = len(codes)
        return (inverse_multiquadratic(codes, codes).sum() - n) / (n * (n - 1))  # k(a, a) = 1

    return among(z) + among(drawn) - 2 * inverse_multiquadratic(z, drawn).mean()


class WassersteinAutoencoder(Autoencoder):
    """An autoencoder with prior N(0, I) that pays λ·MMD² between its codes and draws from the prior."""

    def __init__(
        self, encoder: torch.nn.Module, decoder: torch.nn.Module, code: int, likelihood: str, weight: float
    ) -> None:
        super().__init__(encoder, decoder, code, likelihood)
        self.weight = weight

    def prior(self, n: int, generator: torch.Generator) -> Float[Tensor, "n k"]:
        """n draws from p(z) = N(0, I)."""
        return torch.empty(n, self.code, device=generator.device).normal_(generator=generator)

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        z = forward.code.z[:MOST_CODES]
        drawn = self.prior(max(len(z), FEWEST_DRAWS), forward.draws()).to(z)
        return super().losses(forward) | {"MMD": self.weight * squared_mean_discrepancy(z, drawn)}


@dataclass(frozen=True)
class Wae(Dense):
    """−log p(x | z(x)) + λ·MMD²(codes of the batch, draws from N(0, I)), with dense layers.

    Each example has one code and not a distribution, so nothing blurs it; only all codes together must look like the
    prior. k(a, b) = C/(C + ‖a − b‖²), C = 2k. The estimate has no bias, so it may fall below 0; large batches serve it
    better. For smaller ones there are 256 draws, where the paper has as many as examples. z: n × k.

    Source: Tolstikhin, Bousquet, Gelly, Schölkopf, Wasserstein Auto-Encoders, arXiv:1711.01558, algorithm 2, with
    −log p as the cost.
    """

    title: ClassVar[str] = "Wasserstein (WAE, MMD)"
    weight: float = knob(100.0, "Weight λ", LAMBDA_HELP, low=0, high=10_000)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, decoder = self.ends(shape, self.code)
        return WassersteinAutoencoder(encoder, decoder, self.code, self.likelihood, self.weight)


@dataclass(frozen=True)
class ConvWae(Convolutional):
    """The Wasserstein autoencoder with strided and transposed convolutions.

    −log p(x | z(x)) + λ·MMD²(codes of the batch, draws from N(0, I)). z: n × k.

    Source: Tolstikhin, Bousquet, Gelly, Schölkopf, arXiv:1711.01558, algorithm 2, with −log p as the cost.
    """

    title: ClassVar[str] = "Convolutional WAE"
    weight: float = knob(100.0, "Weight λ", LAMBDA_HELP, low=0, high=10_000)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, decoder = self.ends(shape, self.code)
        return WassersteinAutoencoder(encoder, decoder, self.code, self.likelihood, self.weight)
