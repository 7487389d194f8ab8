"""Generative adversarial networks, with an encoder beside them that learns where each example would come from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from aeviz.models.adversarial import Adversarial, Discriminator, dense_discriminator, divided, frozen
from aeviz.models.autoencoder import Autoencoder, Code, Pass
from aeviz.models.convolutional import Convolutional, StridedEncoder
from aeviz.models.dense import Dense
from aeviz.spec import knob

CODE_HELP = "Numbers in the code. Two can be drawn as they are; a generator covers more of the data with more."
PENALTY_HELP = (
    "Weight of the discriminator's squared gradient at real examples. 0: the original, whose generator easily "
    "collapses to a few examples."
)


def squared_gradient(discriminator: Discriminator, x: Tensor, *, learning: bool) -> Float[Tensor, ""]:
    """E‖∂score/∂x‖² at real examples; with `learning` it can be differentiated itself.

    Source: Mescheder, Geiger, Nowozin, arXiv:1801.04406, eq. 9 (R₁), before its γ/2.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=learning)
    return gradient.flatten(1).square().sum(1).mean()


class GenerativeAdversarial(Adversarial):
    """Three players: the decoder as generator, the discriminator of examples, and the encoder."""

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: Discriminator,
        code: int,
        likelihood: str,
        *,
        penalty: float,
    ) -> None:
        super().__init__(encoder, decoder, discriminator, code, likelihood)
        self.penalty = penalty

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        # In a training pass the generator is held: what the encoder's codes decode to teaches the encoder alone.
        if generator is None:
            return super().decode(code)
        return frozen(self.decoder)(code.z, code.switches, generator)

    def fakes(self, n: int, forward: Pass) -> Float[Tensor, "n ..."]:
        """G(z) of n draws of the prior; it can teach the generator."""
        draws = forward.draws()
        logits = self.decoder(self.prior(n, draws), (), draws if forward.learning else None)
        return self.mean(logits)

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        real = forward.batch.targets
        fakes = self.fakes(len(real), forward)
        parts = super().losses(forward) | {
            "generator": self.discriminator.fooled_by(fakes),
            "discriminator": self.discriminator.loss(real, fakes),
        }
        if self.penalty:
            squared = squared_gradient(self.discriminator, real, learning=forward.learning)
            parts["gradient penalty"] = self.penalty / 2 * squared
        return parts

    def players(self) -> Mapping[str, Sequence[nn.Parameter]]:
        return divided(self, "encoder", {"generator": self.decoder, "discriminator": self.discriminator})


@dataclass(frozen=True)
class Gan(Dense):
    """Generator G: z ~ N(0, I) → x minimises −log D(G(z)); discriminator D: x → (0, 1) minimises
    −log D(x) − log(1 − D(G(z))) + γ/2·‖∂score/∂x‖², D = σ(score).

    A third player, the encoder E, learns to invert the fixed generator: min −log p(x | G(E(x))) on real examples, so
    that every page can place them in latent space; regularizers act on its code. D has as many dense layers as E. All
    learn at once from the same batch, where the paper's algorithm 1 takes turns. z: n × k; G(z), x: n × d.

    Source: Goodfellow et al., arXiv:1406.2661, eq. 1 and §3 (non-saturating); γ: Mescheder et al., arXiv:1801.04406,
    eq. 9; the encoder: Zhu, Krähenbühl, Shechtman, Efros, arXiv:1609.03552, §3.1, eq. 5.
    """

    title: ClassVar[str] = "Adversarial (GAN)"
    code: int = knob(16, "Code size k", CODE_HELP, low=1, high=512)
    penalty: float = knob(1.0, "Gradient penalty γ", PENALTY_HELP, low=0, high=1000)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        return GenerativeAdversarial(
            *self.ends(shape, self.code),
            dense_discriminator(math.prod(shape), self.hidden),
            self.code,
            self.likelihood,
            penalty=self.penalty,
        )


@dataclass(frozen=True)
class ConvGan(Convolutional):
    """The generative adversarial network with transposed convolutions in G and strided ones in D and in the encoder.

    G minimises −log D(G(z)), z ~ N(0, I); D minimises −log D(x) − log(1 − D(G(z))) + γ/2·‖∂score/∂x‖²; the encoder
    minimises −log p(x | G(E(x))) with G held. All learn at once from the same batch.

    Source: Radford, Metz, Chintala, arXiv:1511.06434 (DCGAN), §3, with a gradient penalty (Mescheder et al.,
    arXiv:1801.04406, eq. 9) in place of batch normalization; the encoder: Zhu et al., arXiv:1609.03552, §3.1, eq. 5.
    """

    title: ClassVar[str] = "Convolutional GAN"
    code: int = knob(16, "Code size k", CODE_HELP, low=1, high=512)
    penalty: float = knob(1.0, "Gradient penalty γ", PENALTY_HELP, low=0, high=1000)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, generator = self.ends(shape, self.code)
        for layer in generator.convolutions:
            # At stride 2 a quarter of the kernel meets each pixel. Glorot's formula counts all of it, and fakes that
            # hardly depend on z teach nobody.
            layer.gain *= 2  # type: ignore[operator,assignment]
        return GenerativeAdversarial(
            encoder,
            generator,
            Discriminator(StridedEncoder(shape, self.channels, 1, "leaky_relu", "linear")),
            self.code,
            self.likelihood,
            penalty=self.penalty,
        )
