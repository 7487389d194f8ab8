"""Autoencoders seen as stacks of layers, each of them a shallow autoencoder of the one below.

The parts share the weights of the whole: to train one is to train its layer of the stack.
"""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from aeviz.models.autoencoder import Autoencoder
from aeviz.models.layers import activate


@runtime_checkable
class Layered(Protocol):
    """A model that can be trained layer by layer. Layers are numbered from 1, the one at the input."""

    @property
    def depth(self) -> int:
        """How many layers the encoder has."""
        ...

    def layer(self, number: int) -> Autoencoder:
        """Layer `number` and its mirror image in the decoder, as an autoencoder of layer number − 1's output."""
        ...

    def up_to(self, number: int) -> Autoencoder:
        """The lowest `number` layers and their mirror images, as an autoencoder of the data."""
        ...


class Layer(Autoencoder):
    """An autoencoder of hidden activations: E[h | z] = s(logits), with the activation s that made them.

    −log p(h | z) is the cross-entropy for s = sigmoid, else ½‖h − s(logits)‖².
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, code: int, activation: str) -> None:
        super().__init__(encoder, decoder, code, "bernoulli" if activation == "sigmoid" else "gaussian")
        self.activation = activation

    def mean(self, logits: Tensor) -> Tensor:
        return activate(self.activation, logits)

    def pixel_losses(self, logits: Tensor, x: Tensor, reduction: str) -> Float[Tensor, "..."]:
        if self.likelihood == "bernoulli":
            return functional.binary_cross_entropy_with_logits(logits, x, reduction=reduction)
        return functional.mse_loss(self.mean(logits), x, reduction=reduction) / 2


def layers_of(model: Autoencoder) -> list[nn.Module]:
    """The layers of an encoder that have weights, from the input on; none of what is no feedforward network."""
    return [each for each in model.encoder.modules() if isinstance(each, nn.Linear | nn.Conv2d)]
