"""The linear autoencoder, which learns the subspace that PCA finds."""

import math
from dataclasses import dataclass
from typing import ClassVar

from aeviz.models.autoencoder import LIKELIHOODS, Autoencoder, Likelihood, ModelSpec
from aeviz.models.dense import DenseDecoder, DenseEncoder, TiedDecoder, dense_layers
from aeviz.spec import knob


@dataclass(frozen=True)
class Linear(ModelSpec):
    """z = W x + b, x̂ = V z + c. Tied: V = Wᵀ.

    With squared error its minimum spans the same subspace as the first k principal components, though the columns
    need not be the components themselves.

    W: k × d, V: d × k. Source: Bourlard & Kamp, Biological Cybernetics 59 (1988); Baldi & Hornik, Neural Networks 2
    (1989).
    """

    title: ClassVar[str] = "Linear"
    likelihood: Likelihood = knob(
        "gaussian",
        "Likelihood of a pixel",
        "Gaussian (squared error) makes this model PCA's equal. Bernoulli: cross-entropy.",
        choices=LIKELIHOODS,
    )
    tied: bool = knob(False, "Tied weights", "The decoder uses the encoder's weights, transposed.")

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        d = math.prod(shape)
        encoder = DenseEncoder(dense_layers((d, self.code), "linear", "linear"), "linear", "linear", 0.0)
        if self.tied:
            return Autoencoder(encoder, TiedDecoder(encoder, shape), self.code, self.likelihood)
        decoder = DenseDecoder(dense_layers((self.code, d), "linear", "linear"), "linear", 0.0, shape)
        return Autoencoder(encoder, decoder, self.code, self.likelihood)
