"""Convolutional autoencoders: strided with transposed convolutions, or pooled with unpooling."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from aeviz.models.autoencoder import Autoencoder, CodeRange, ModelSpec
from aeviz.models.layers import ACTIVATIONS, CODE_ACTIVATIONS, Activation, activate, drop, followed_by, range_of
from aeviz.spec import knob

Size = tuple[int, int]
Unpooling = Literal["places", "repeat"]


def halved(size: Size, times: int) -> list[Size]:
    """The sizes that an image goes through when each layer halves it, rounded down: times + 1 of them."""
    sizes = [size]
    for _ in range(times):
        height, width = sizes[-1]
        sizes.append((height // 2, width // 2))
    return sizes


class TiedDense(nn.Module):
    """h = Wᵀz + c, with the W of another dense layer and a bias of its own."""

    def __init__(self, mirrored: nn.Linear) -> None:
        super().__init__()
        # Held in a tuple so that the shared weights are registered, saved and counted once, as the encoder's.
        self.mirrored = (mirrored,)
        self.bias = nn.Parameter(torch.zeros(mirrored.in_features))

    def forward(self, z: Tensor) -> Tensor:
        return functional.linear(z, self.mirrored[0].weight.T, self.bias)


class TiedConvolution(nn.Module):
    """The transpose of a convolution, ⟨W ∗ x, h⟩ = ⟨x, Wᵀ ∗ h⟩, with its very kernels and a bias of its own.

    Source: Masci et al., ICANN 2011, §3 (the kernels of the decoder are those of the encoder, flipped).
    """

    def __init__(self, mirrored: nn.Conv2d, size: Size, wanted: Size) -> None:
        super().__init__()
        self.mirrored = (mirrored,)
        self.bias = nn.Parameter(torch.zeros(mirrored.in_channels))
        stride = mirrored.stride[0]
        # A row or column that the stride left over has to come back.
        self.beyond = (wanted[0] - size[0] * stride, wanted[1] - size[1] * stride)

    def forward(self, h: Tensor) -> Tensor:
        (layer,) = self.mirrored
        stride, padding = layer.stride[0], int(layer.padding[0])
        return functional.conv_transpose2d(h, layer.weight, self.bias, stride, padding, self.beyond)


class StridedEncoder(nn.Module):
    """4 × 4 convolutions of stride 2, each halving the image, then one dense layer to the code; dropout in between."""

    def __init__(
        self,
        shape: tuple[int, ...],
        channels: Sequence[int],
        code: int,
        activation: str,
        code_activation: str,
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.code_activation = code_activation
        self.dropout = dropout
        (height, width) = halved((shape[1], shape[2]), len(channels))[-1]
        self.convolutions = nn.ModuleList(
            followed_by(activation, nn.Conv2d(before, after, 4, stride=2, padding=1))
            for before, after in pairwise((shape[0], *channels))
        )
        self.dense = followed_by(code_activation, nn.Linear(channels[-1] * height * width, code))

    def forward(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        h = x
        for convolution in self.convolutions:
            h = drop(activate(self.activation, convolution(h)), self.dropout, generator)
        return activate(self.code_activation, self.dense(h.flatten(1))), ()


class TransposedDecoder(nn.Module):
    """One dense layer from the code, then 4 × 4 transposed convolutions of stride 2, each doubling the image.

    A kernel of 4 at stride 2 covers every pixel equally often, which avoids checkerboards (Odena, Dumoulin, Olah,
    Distill 2016). mirrored: an encoder whose weights it uses, transposed, in place of its own.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        channels: Sequence[int],
        code: int,
        activation: str,
        *,
        dropout: float = 0.0,
        mirrored: StridedEncoder | None = None,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.dropout = dropout
        sizes = halved((shape[1], shape[2]), len(channels))[::-1]
        self.smallest = (channels[-1], *sizes[0])
        if mirrored:
            self.dense, self.convolutions = transposed(mirrored, sizes[:-1], sizes[1:])
            return
        self.dense = followed_by(activation, nn.Linear(code, channels[-1] * sizes[0][0] * sizes[0][1]))
        names = [activation] * (len(channels) - 1) + ["linear"]
        self.convolutions = nn.ModuleList(
            followed_by(
                name,
                nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, output_padding=(size[0] % 2, size[1] % 2)),
            )
            for name, (before, after), size in zip(names, pairwise((*channels[::-1], shape[0])), sizes[1:], strict=True)
        )

    def forward(self, z: Tensor, switches: tuple[Tensor, ...], generator: torch.Generator | None) -> Tensor:
        h = self.dense(z).reshape(-1, *self.smallest)
        for convolution in self.convolutions:
            h = convolution(drop(activate(self.activation, h), self.dropout, generator))
        logits: Tensor = h
        return logits


class PoolingEncoder(nn.Module):
    """3 × 3 convolutions, each with 2 × 2 max pooling that hands on where its maxima were; then one dense layer.

    Dropout follows the pooling, so that it cannot move the maxima.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        channels: Sequence[int],
        code: int,
        activation: str,
        code_activation: str,
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.code_activation = code_activation
        self.dropout = dropout
        (height, width) = halved((shape[1], shape[2]), len(channels))[-1]
        self.convolutions = nn.ModuleList(
            followed_by(activation, nn.Conv2d(before, after, 3, padding=1))
            for before, after in pairwise((shape[0], *channels))
        )
        self.dense = followed_by(code_activation, nn.Linear(channels[-1] * height * width, code))

    def forward(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        h, switches = x, []
        for convolution in self.convolutions:
            h, places = functional.max_pool2d(activate(self.activation, convolution(h)), 2, return_indices=True)
            switches.append(places)
            h = drop(h, self.dropout, generator)
        return activate(self.code_activation, self.dense(h.flatten(1))), tuple(switches)


def transposed(
    encoder: StridedEncoder | PoolingEncoder, given: Sequence[Size], wanted: Sequence[Size]
) -> tuple[nn.Module, nn.ModuleList]:
    """An encoder's layers the other way round: from the code, and the convolutions from `given` to `wanted` sizes."""
    dense, convolutions = encoder.dense, [each for each in encoder.convolutions if isinstance(each, nn.Conv2d)]
    assert isinstance(dense, nn.Linear)
    layers = zip(reversed(convolutions), given, wanted, strict=True)
    return TiedDense(dense), nn.ModuleList(TiedConvolution(*layer) for layer in layers)


class UnpoolingDecoder(nn.Module):
    """One dense layer, then unpooling and a 3 × 3 convolution, as often as the encoder pooled.

    places: each value returns to where the encoder's pooling found it, zeros elsewhere. repeat: each value fills its
    2 × 2 window. A bare code, with no encoder behind it, has no places: each value then spreads a quarter over its
    window, which is the mean over all places. mirrored: an encoder whose weights it uses, transposed.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        channels: Sequence[int],
        code: int,
        activation: str,
        unpooling: str,
        *,
        dropout: float = 0.0,
        mirrored: PoolingEncoder | None = None,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.dropout = dropout
        self.unpooling = unpooling
        self.sizes = halved((shape[1], shape[2]), len(channels))[::-1]
        self.smallest = (channels[-1], *self.sizes[0])
        if mirrored:
            self.dense, self.convolutions = transposed(mirrored, self.sizes[1:], self.sizes[1:])
            return
        self.dense = followed_by(activation, nn.Linear(code, channels[-1] * self.sizes[0][0] * self.sizes[0][1]))
        names = [activation] * (len(channels) - 1) + ["linear"]
        self.convolutions = nn.ModuleList(
            followed_by(name, nn.Conv2d(before, after, 3, padding=1))
            for name, (before, after) in zip(names, pairwise((*channels[::-1], shape[0])), strict=True)
        )

    def forward(self, z: Tensor, switches: tuple[Tensor, ...], generator: torch.Generator | None) -> Tensor:
        h = self.follow(self.dense(z).reshape(-1, *self.smallest), generator)
        last = len(self.convolutions) - 1
        for depth, convolution in enumerate(self.convolutions):
            places = switches[last - depth] if switches and self.unpooling == "places" else None
            h = convolution(self.unpool(h, self.sizes[depth + 1], places))
            if depth < last:
                h = self.follow(h, generator)
        return h

    def follow(self, h: Tensor, generator: torch.Generator | None) -> Tensor:
        """What comes behind every layer but the last."""
        return drop(activate(self.activation, h), self.dropout, generator)

    def unpool(self, h: Tensor, size: Size, places: Tensor | None) -> Tensor:
        """h at twice its height and width (an odd last row or column stays empty or repeats)."""
        if places is not None:
            return functional.max_unpool2d(h, places, (2, 2), output_size=size)
        repeated = functional.interpolate(h, scale_factor=2, mode="nearest")
        beyond = (0, size[1] - repeated.shape[3], 0, size[0] - repeated.shape[2])
        if self.unpooling == "places":
            return functional.pad(repeated / 4, beyond)
        return functional.pad(repeated, beyond, mode="replicate")


@dataclass(frozen=True)
class Convolutional(ModelSpec):
    """The settings that every convolutional model has."""

    channels: tuple[int, ...] = knob(
        (16, 32),
        "Channels",
        "Of each convolution, from input to code; every layer halves the image. The decoder mirrors them.",
        low=1,
        high=512,
        most=5,
    )
    activation: Activation = knob("relu", "Activation", "Of the convolutions.", choices=ACTIVATIONS)
    dropout: float = knob(
        0.0, "Dropout", "Share of each hidden layer that is zeroed in training.", low=0, high=0.95, advanced=True
    )

    def depth(self) -> int:
        return len(self.channels) + 1

    def ends(self, shape: tuple[int, ...], features: int) -> tuple[StridedEncoder, TransposedDecoder]:
        """A strided encoder from x to `features` and the transposed decoder from the code."""
        outline = (shape, self.channels)
        encoder = StridedEncoder(*outline, features, self.activation, "linear", dropout=self.dropout)
        return encoder, TransposedDecoder(*outline, self.code, self.activation, dropout=self.dropout)

    def problems(self) -> Sequence[str]:
        if not self.channels:
            return (f"{self.kind()}.channels is empty: give at least one number, such as 16, or choose Mlp.",)
        return ()

    def misfits(self, shape: tuple[int, ...]) -> Sequence[str]:
        if len(shape) != 3:
            return (f"{self.kind()} needs images, and these data are points of {shape[0]} numbers: choose Mlp.",)
        if min(halved((shape[1], shape[2]), len(self.channels))[-1]) < 1:
            fitting = min(shape[1], shape[2]).bit_length() - 1
            return (
                f"{self.kind()}.channels has {len(self.channels)} layers, and each halves the image: "
                f"{shape[1]} × {shape[2]} pixels allow at most {fitting}.",
            )
        return ()


@dataclass(frozen=True)
class PlainConvolutional(Convolutional):
    """The settings of convolutional models whose code is not a distribution."""

    code_activation: Activation = knob(
        "linear",
        "Activation of the code",
        "Sigmoid keeps the code in (0, 1), as KL sparsity needs.",
        choices=CODE_ACTIVATIONS,
        advanced=True,
    )
    tied: bool = knob(False, "Tied weights", "The decoder uses the encoder's kernels, transposed.", advanced=True)

    def code_range(self) -> CodeRange:
        return range_of(self.code_activation)


@dataclass(frozen=True)
class Conv(PlainConvolutional):
    """hₗ = s(Wₗ ∗ hₗ₋₁ + bₗ) with stride 2, a dense layer to the code, and transposed convolutions back.

    Tied: the decoder's kernels are the encoder's, transposed.

    n × c × H × W → n × channelₗ × H/2ˡ × W/2ˡ → n × k. Source: Masci et al., Stacked Convolutional Auto-Encoders,
    ICANN 2011, with strides in place of pooling; transposed convolution: Dumoulin & Visin, arXiv:1603.07285, §4.
    """

    title: ClassVar[str] = "Convolutional, transposed"

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        outline = (shape, self.channels, self.code, self.activation)
        encoder = StridedEncoder(*outline, self.code_activation, dropout=self.dropout)
        decoder = TransposedDecoder(*outline, dropout=self.dropout, mirrored=encoder if self.tied else None)
        return Autoencoder(encoder, decoder, self.code, self.likelihood)


@dataclass(frozen=True)
class ConvUnpool(PlainConvolutional):
    """Convolution and 2 × 2 max pooling on the way in, unpooling and convolution on the way out.

    Places: an unpooled value returns to where its maximum was (the switches travel beside the code, so the code
    alone does not say where). Repeat: it fills its window. Decoding a bare code spreads each value evenly.

    Source: Masci et al., ICANN 2011; switches: Zeiler & Fergus, ECCV 2014, §2.1.
    """

    title: ClassVar[str] = "Convolutional, unpooling"
    unpooling: Unpooling = knob(
        "places",
        "Unpooling",
        "To the remembered places of the maxima, or by repeating each value.",
        choices=("places", "repeat"),
    )

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        outline = (shape, self.channels, self.code, self.activation)
        encoder = PoolingEncoder(*outline, self.code_activation, dropout=self.dropout)
        mirrored = encoder if self.tied else None
        decoder = UnpoolingDecoder(*outline, self.unpooling, dropout=self.dropout, mirrored=mirrored)
        return Autoencoder(encoder, decoder, self.code, self.likelihood)
