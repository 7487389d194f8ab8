"""Fully connected autoencoders of any depth and width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from aeviz.models.autoencoder import Autoencoder, CodeRange, ModelSpec
from aeviz.models.layers import ACTIVATIONS, CODE_ACTIVATIONS, Activation, activate, drop, followed_by, range_of
from aeviz.models.stacked import Layer
from aeviz.spec import knob

WIDTHS_HELP = "Widths of the hidden layers from input to code; the decoder mirrors them. Empty: one layer each way."


def dense_layers(widths: Sequence[int], activation: str, last: str) -> nn.ModuleList:
    """Linear layers from width to width, each told the activation that will follow it: `last` after the last."""
    names = [activation] * (len(widths) - 2) + [last]
    return nn.ModuleList(
        followed_by(name, nn.Linear(before, after))
        for name, (before, after) in zip(names, pairwise(widths), strict=True)
    )


class DenseEncoder(nn.Module):
    """hₗ = s(Wₗ hₗ₋₁ + bₗ) through the layers, from flattened x to the code; dropout on every hidden layer."""

    def __init__(self, layers: nn.ModuleList, activation: str, code_activation: str, dropout: float) -> None:
        super().__init__()
        self.activation = activation
        self.code_activation = code_activation
        self.dropout = dropout
        self.layers = layers

    def forward(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        h = x.flatten(1)
        *hidden, last = self.layers  # a slice would make a new ModuleList at every pass
        for layer in hidden:
            h = drop(activate(self.activation, layer(h)), self.dropout, generator)
        return activate(self.code_activation, last(h)), ()


class DenseDecoder(nn.Module):
    """The way back: code → hidden layers → logits of the data's shape; dropout on every hidden layer."""

    def __init__(self, layers: nn.ModuleList, activation: str, dropout: float, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.activation = activation
        self.dropout = dropout
        self.shape = shape
        self.layers = layers

    def forward(self, z: Tensor, switches: tuple[Tensor, ...], generator: torch.Generator | None) -> Tensor:
        h = z
        *hidden, last = self.layers
        for layer in hidden:
            h = drop(activate(self.activation, layer(h)), self.dropout, generator)
        logits: Tensor = last(h)
        return logits.reshape(-1, *self.shape)


class TiedDecoder(nn.Module):
    """A decoder with the encoder's weights, transposed and in reverse order, and biases of its own.

    biases: those of another decoder, to share; new ones by default.
    """

    def __init__(
        self, encoder: DenseEncoder, shape: tuple[int, ...], biases: Sequence[nn.Parameter] | None = None
    ) -> None:
        super().__init__()
        # Held in a tuple so that the shared weights are registered, saved and counted once, as the encoder's.
        self.mirrored = (encoder,)
        self.shape = shape
        self.biases = nn.ParameterList(
            biases
            if biases is not None
            else [
                nn.Parameter(torch.zeros(layer.in_features))
                for layer in reversed(encoder.layers)
                if isinstance(layer, nn.Linear)
            ]
        )

    def forward(self, z: Tensor, switches: tuple[Tensor, ...], generator: torch.Generator | None) -> Tensor:
        (encoder,) = self.mirrored
        h = z
        weights = [layer.weight for layer in reversed(encoder.layers) if isinstance(layer, nn.Linear)]
        *hidden, last = zip(weights, self.biases, strict=True)
        for weight, bias in hidden:
            h = drop(activate(encoder.activation, functional.linear(h, weight.T, bias)), encoder.dropout, generator)
        return functional.linear(h, last[0].T, last[1]).reshape(-1, *self.shape)


class DenseAutoencoder(Autoencoder):
    """A dense autoencoder, whole or as the stack of layers that it is (`aeviz.models.stacked.Layered`)."""

    encoder: DenseEncoder
    decoder: DenseDecoder | TiedDecoder

    @property
    def depth(self) -> int:
        """How many layers the encoder has."""
        return len(self.encoder.layers)

    def layer(self, number: int) -> Autoencoder:
        """Layer `number` and its mirror image, as an autoencoder of layer number − 1's output."""
        if number == 1:
            return self.up_to(1)
        encoder, decoder = self._part(number - 1, number, (self._width(number - 1),))
        return Layer(encoder, decoder, self._width(number), self.encoder.activation)

    def up_to(self, number: int) -> Autoencoder:
        """The lowest `number` layers and their mirror images, as an autoencoder of the data."""
        encoder, decoder = self._part(0, number, self.decoder.shape)
        return DenseAutoencoder(encoder, decoder, self._width(number), self.likelihood)

    def _width(self, number: int) -> int:
        layer = self.encoder.layers[number - 1]
        assert isinstance(layer, nn.Linear)
        return layer.out_features

    def _part(self, low: int, high: int, shape: tuple[int, ...]) -> tuple[DenseEncoder, DenseDecoder | TiedDecoder]:
        """Layers low + 1 to high of the encoder and their mirror images, which give back `shape`."""
        whole = self.encoder
        last = whole.code_activation if high == self.depth else whole.activation
        encoder = DenseEncoder(nn.ModuleList(list(whole.layers)[low:high]), whole.activation, last, whole.dropout)
        mirrored = slice(self.depth - high, self.depth - low)
        if isinstance(self.decoder, TiedDecoder):
            return encoder, TiedDecoder(encoder, shape, list(self.decoder.biases)[mirrored])
        layers = nn.ModuleList(list(self.decoder.layers)[mirrored])
        return encoder, DenseDecoder(layers, whole.activation, whole.dropout, shape)


@dataclass(frozen=True)
class Dense(ModelSpec):
    """The settings that every fully connected model has."""

    hidden: tuple[int, ...] = knob((256, 64), "Hidden layers", WIDTHS_HELP, low=1, high=4096)
    activation: Activation = knob("relu", "Activation", "Of the hidden layers.", choices=ACTIVATIONS)
    dropout: float = knob(
        0.0, "Dropout", "Share of each hidden layer that is zeroed in training.", low=0, high=0.95, advanced=True
    )

    def depth(self) -> int:
        return len(self.hidden) + 1

    def ends(self, shape: tuple[int, ...], features: int, joined: int = 0) -> tuple[DenseEncoder, DenseDecoder]:
        """An encoder from x to `features` and the decoder from the code; both also take `joined` more numbers."""
        d = math.prod(shape)
        inward = dense_layers((d + joined, *self.hidden, features), self.activation, "linear")
        outward = dense_layers((self.code + joined, *self.hidden[::-1], d), self.activation, "linear")
        encoder = DenseEncoder(inward, self.activation, "linear", self.dropout)
        return encoder, DenseDecoder(outward, self.activation, self.dropout, shape)


@dataclass(frozen=True)
class Mlp(Dense):
    """hₗ = s(Wₗ hₗ₋₁ + bₗ), h₀ = x, code z = h_L; the decoder is its mirror image.

    Undercomplete where k < d, overcomplete where k ≥ d: then only a regularizer or a corruption keeps it from
    copying. Tied: each decoder layer uses the transposed weights of its encoder layer.

    Wₗ: widthₗ × widthₗ₋₁. Source: Rumelhart, Hinton, Williams, Nature 323 (1986); Hinton & Salakhutdinov, Science
    313 (2006) for deep ones.
    """

    title: ClassVar[str] = "Dense (MLP)"
    code_activation: Activation = knob(
        "linear",
        "Activation of the code",
        "Sigmoid keeps the code in (0, 1), as KL sparsity needs.",
        choices=CODE_ACTIVATIONS,
    )
    tied: bool = knob(False, "Tied weights", "The decoder uses the encoder's weights, transposed.", advanced=True)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        d = math.prod(shape)
        widths = (d, *self.hidden, self.code)
        inward = dense_layers(widths, self.activation, self.code_activation)
        encoder = DenseEncoder(inward, self.activation, self.code_activation, self.dropout)
        if self.tied:
            return DenseAutoencoder(encoder, TiedDecoder(encoder, shape), self.code, self.likelihood)
        outward = dense_layers(widths[::-1], self.activation, "linear")
        decoder = DenseDecoder(outward, self.activation, self.dropout, shape)
        return DenseAutoencoder(encoder, decoder, self.code, self.likelihood)

    def layered(self) -> bool:
        return bool(self.hidden)

    def code_range(self) -> CodeRange:
        return range_of(self.code_activation)
