"""β-TC-VAE: the KL taken apart, so that the dependence between units of the code can be penalised alone."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from aeviz.models.autoencoder import Autoencoder, Pass, Posterior
from aeviz.models.convolutional import Convolutional
from aeviz.models.dense import Dense
from aeviz.models.variational import VariationalAutoencoder
from aeviz.spec import knob

MOST_NUMBERS = 2**25  # of the log densities of all units of all pairs of examples: 128 MB

ALPHA_HELP = "Weight of the mutual information between example and code."
BETA_HELP = "Weight of the total correlation, the dependence between the units. Above 1: more disentangled."
GAMMA_HELP = "Weight of the KL of each unit by itself to N(0, 1)."


def log_densities(z: Float[Tensor, "m k"], posterior: Posterior) -> Float[Tensor, "m n k"]:
    """log N(zᵢₗ; μⱼₗ, σⱼₗ²) of every draw i under the posterior of every example j, unit by unit."""
    away = (z[:, None] - posterior.mean).square() * (-posterior.log_variance).exp()
    return -(away + posterior.log_variance + math.log(2 * math.pi)) / 2


def stratified(n: int, of: int) -> Float[Tensor, "n n"]:
    """The logs of what example j of a batch counts in q(zᵢ): 1/N where i = j, else (N − 1)/(N(n − 1)); N = `of`."""
    N = max(of, n)
    others = math.log((N - 1) / (N * (n - 1))) if n > 1 else 0.0
    return torch.full((n, n), others, dtype=torch.float64).fill_diagonal_(-math.log(N))


def decomposed(
    z: Float[Tensor, "n k"], posterior: Posterior, of: int
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
    """KL(q(z | x) ‖ N(0, I)), the mean over a batch, as the sum of three estimates, each in nats.

    I(x; z) = E log q(z | x) − log q(z), the mutual information of example and code; KL(q(z) ‖ Πⱼ q(zⱼ)), the total
    correlation; Σⱼ KL(q(zⱼ) ‖ N(0, 1)). q(z) = 1/N Σₙ q(z | xₙ) over the N = `of` examples of the data set is
    estimated from the batch by stratified sampling: zᵢ ~ q(z | xᵢ) itself counts 1/N, each of the others in the batch
    (N − 1)/(N(n − 1)), which is right on average and exact where the batch is the data set.

    Source: Chen, Li, Grosse, Duvenaud, arXiv:1802.04942, eq. 2; appendix C.2, whose weights are averaged here over
    which of the others comes last.
    """
    each = log_densities(z, posterior)
    weights = stratified(len(z), of).to(z)
    own = each.diagonal().sum(0)  # log q(zᵢ | xᵢ)
    joint = (weights + each.sum(2)).logsumexp(1)
    product = (weights[..., None] + each).logsumexp(1).sum(1)
    prior = -(z.square() + math.log(2 * math.pi)).sum(1) / 2
    return (own - joint).mean(), (joint - product).mean(), (product - prior).mean()


class TotalCorrelationAutoencoder(VariationalAutoencoder):
    """A variational autoencoder whose KL is paid in three parts, each with a weight of its own.

    The draws of z are not those that were decoded.
    """

    def __init__(
        self,
        encoder: torch.nn.Module,
        decoder: torch.nn.Module,
        code: int,
        likelihood: str,
        weights: tuple[float, float, float],
    ) -> None:
        super().__init__(encoder, decoder, code, likelihood)
        self.weights = weights

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        posterior = forward.code.posterior
        assert posterior is not None
        z = self.sample(forward.code, forward.draws()).z
        of = forward.batch.of or len(z)
        # Every example meets every other: of very large batches the first ones must do.
        first = slice(math.isqrt(MOST_NUMBERS // self.code))
        parts = decomposed(z[first], Posterior(posterior.mean[first], posterior.log_variance[first]), of)
        named = zip(("mutual information", "total correlation", "KL of each unit"), self.weights, parts, strict=True)
        own = {"reconstruction": self.mean_negative_log_likelihood(forward.logits, forward.batch)}
        return own | {name: weight * part for name, weight, part in named}


@dataclass(frozen=True)
class TcVae(Dense):
    """β-TC-VAE: E_q[log p(x | z)] − α·I(x; z) − β·KL(q(z) ‖ Πⱼ q(zⱼ)) − γ·Σⱼ KL(q(zⱼ) ‖ N(0, 1)), maximised.

    The three together, α = β = γ = 1, are the KL of the VAE. The middle one, the total correlation, is what makes units
    independent: it alone is weighed more than the β-VAE's blur allows. q(z) is the mean of q(z | x) over the data set,
    estimated from each batch: large batches serve it better. The estimates may fall below 0. μ, log σ²: n × k.

    Source: Chen, Li, Grosse, Duvenaud, Isolating Sources of Disentanglement in VAEs, arXiv:1802.04942, eq. 4;
    stratified sampling: appendix C.2.
    """

    title: ClassVar[str] = "β-TC-VAE"
    alpha: float = knob(1.0, "α", ALPHA_HELP, low=0, high=100, advanced=True)
    beta: float = knob(6.0, "β", BETA_HELP, low=0, high=100)
    gamma: float = knob(1.0, "γ", GAMMA_HELP, low=0, high=100, advanced=True)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, decoder = self.ends(shape, 2 * self.code)
        weights = (self.alpha, self.beta, self.gamma)
        return TotalCorrelationAutoencoder(encoder, decoder, self.code, self.likelihood, weights)

    def variational(self) -> bool:
        return True


@dataclass(frozen=True)
class ConvTcVae(Convolutional):
    """The β-TC-VAE with strided and transposed convolutions.

    Maximises E_q[log p(x | z)] − α·I(x; z) − β·KL(q(z) ‖ Πⱼ q(zⱼ)) − γ·Σⱼ KL(q(zⱼ) ‖ N(0, 1)). μ, log σ²: n × k.

    Source: Chen, Li, Grosse, Duvenaud, arXiv:1802.04942, eq. 4; stratified sampling: appendix C.2.
    """

    title: ClassVar[str] = "Convolutional β-TC-VAE"
    alpha: float = knob(1.0, "α", ALPHA_HELP, low=0, high=100, advanced=True)
    beta: float = knob(6.0, "β", BETA_HELP, low=0, high=100)
    gamma: float = knob(1.0, "γ", GAMMA_HELP, low=0, high=100, advanced=True)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, decoder = self.ends(shape, 2 * self.code)
        weights = (self.alpha, self.beta, self.gamma)
        return TotalCorrelationAutoencoder(encoder, decoder, self.code, self.likelihood, weights)

    def variational(self) -> bool:
        return True
