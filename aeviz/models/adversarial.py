"""Players against each other: a discriminator tells two kinds of examples apart, and another part learns to fool it.

One gradient of the summed losses serves all players, because no loss reaches the weights of an adversary: a player
fools the discriminator with its weights held (`frozen`), and the discriminator judges what was detached.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from aeviz.models.autoencoder import Autoencoder, Pass
from aeviz.models.dense import Dense, DenseEncoder, dense_layers
from aeviz.spec import knob


def frozen(module: nn.Module) -> Callable[..., Tensor]:
    """The module with its weights held: gradients pass through to its arguments, and none reaches the weights.

    Not for a module that other threads use: while it is called its weights are swapped.
    """
    held = {name: value.detach() for name, value in module.named_parameters()}

    def call(*arguments: object) -> Tensor:
        result: Tensor = functional_call(module, held, arguments)
        return result

    return call


def judged_real(scores: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """The mean of −log D in nats, with D = σ(score): what it costs to call these real."""
    return functional.softplus(-scores).mean()


def judged_fake(scores: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """The mean of −log(1 − D) in nats, with D = σ(score): what it costs to call these fake."""
    return functional.softplus(scores).mean()


class Discriminator(nn.Module):
    """x → one score; D(x) = σ(score) is the probability that x is real. body: an encoder with one output."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Float[Tensor, " n"]:
        scores, _ = self.body(x, None)
        return scores[:, 0]

    def loss(self, real: Float[Tensor, "n ..."], fake: Float[Tensor, "m ..."]) -> Float[Tensor, ""]:
        """−E log D(real) − E log(1 − D(fake)); it does not reach what made the fakes.

        2 log 2 = 1.386 where the two cannot be told apart.
        Source: Goodfellow et al., arXiv:1406.2661, eq. 1, with the sign of a loss.
        """
        scores = self(torch.cat([real, fake.detach()]))
        return judged_real(scores[: len(real)]) + judged_fake(scores[len(real) :])

    def fooled_by(self, fake: Float[Tensor, "n ..."]) -> Float[Tensor, ""]:
        """−E log D(fake), the non-saturating loss of who made the fakes; it does not reach the discriminator.

        Source: Goodfellow et al., arXiv:1406.2661, §3: maximise log D(G(z)) and not minimise log(1 − D(G(z))).
        """
        return judged_real(frozen(self)(fake))


def dense_discriminator(d: int, hidden: Sequence[int]) -> Discriminator:
    """Dense layers of these widths from d numbers to the score, with leaky rectifiers."""
    layers = dense_layers((d, *hidden, 1), "leaky_relu", "linear")
    return Discriminator(DenseEncoder(layers, "leaky_relu", "linear", 0.0))


class Adversarial(Autoencoder):
    """An autoencoder with the prior p(z) = N(0, I) and a discriminator, which learns with an optimizer of its own."""

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, discriminator: Discriminator, code: int, likelihood: str
    ) -> None:
        super().__init__(encoder, decoder, code, likelihood)
        self.discriminator = discriminator

    def prior(self, n: int, generator: torch.Generator) -> Float[Tensor, "n k"]:
        """n draws from p(z) = N(0, I)."""
        return torch.empty(n, self.code, device=generator.device).normal_(generator=generator)

    def players(self) -> Mapping[str, Sequence[nn.Parameter]]:
        return divided(self, "autoencoder", {"discriminator": self.discriminator})


def divided(model: nn.Module, first: str, others: Mapping[str, nn.Module]) -> Mapping[str, Sequence[nn.Parameter]]:
    """Players by name: each of the others has its own parameters, and the first all that is left."""
    parts = {name: list(part.parameters()) for name, part in others.items()}
    taken = {id(each) for part in parts.values() for each in part}
    return {first: [each for each in model.parameters() if id(each) not in taken]} | parts


class AdversarialAutoencoder(Adversarial):
    """The discriminator tells codes from draws of the prior; the encoder fools it and serves the decoder at once."""

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: Discriminator,
        code: int,
        likelihood: str,
        *,
        weight: float,
    ) -> None:
        super().__init__(encoder, decoder, discriminator, code, likelihood)
        self.weight = weight

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        z = forward.code.z
        return super().losses(forward) | {
            "encoder": self.weight * self.discriminator.fooled_by(z),
            "discriminator": self.discriminator.loss(self.prior(len(z), forward.draws()), z),
        }


@dataclass(frozen=True)
class Aae(Dense):
    """Minimises −log p(x | z) − λ·log D(z) for the encoder and decoder, z = encoder(x): codes that pass for draws of
    the prior N(0, I).

    Against them a discriminator learns to minimise −log D(z′) − log(1 − D(z)), z′ ~ N(0, I): the divergence of all
    codes together from the prior takes the place of the VAE's KL. D = σ(score) of dense layers as wide as the
    encoder's. Both learn at once from the same batch, where the paper takes turns. z: n × k.

    Source: Makhzani, Shlens, Jaitly, Goodfellow, Frey, arXiv:1511.05644, §2, with a deterministic encoder.
    """

    title: ClassVar[str] = "Adversarial (AAE)"
    weight: float = knob(
        1.0,
        "Weight λ of the prior",
        "How much fooling the discriminator counts beside reconstruction.",
        low=0,
        high=100,
    )

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        return AdversarialAutoencoder(
            *self.ends(shape, self.code),
            dense_discriminator(self.code, self.hidden),
            self.code,
            self.likelihood,
            weight=self.weight,
        )
