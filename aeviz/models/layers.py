"""The pieces that dense and convolutional models share."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from aeviz.models.autoencoder import CodeRange

Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus", "linear"]

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,  # x·Φ(x): Hendrycks & Gimpel, arXiv:1606.08415
    "silu": functional.silu,  # x·σ(x), "swish": the same paper, §2; Elfwing et al., arXiv:1702.03118
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "linear": lambda x: x,
}
_RANGES: dict[str, CodeRange] = {"relu": "positive", "softplus": "positive", "sigmoid": "unit"}
_GAINS = {"relu": 2**0.5, "leaky_relu": 2**0.5, "elu": 2**0.5, "gelu": 2**0.5, "silu": 2**0.5}

ACTIVATIONS = tuple(name for name in FUNCTIONS if name != "linear")
CODE_ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "softplus")


def activate(name: str, x: Tensor) -> Tensor:
    """The activation of that name, element by element."""
    return FUNCTIONS[name](x)


def range_of(activation: str) -> CodeRange:
    """Where the outputs of an activation lie."""
    return _RANGES.get(activation, "unbounded")


def followed_by(activation: str, layer: nn.Module) -> nn.Module:
    """The layer, told the gain that its initial weights need for the activation behind it."""
    layer.gain = _GAINS.get(activation, 1.0)  # type: ignore[assignment]
    return layer


def drop(x: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """Inverted dropout: zero with probability `share`, else x / (1 − share); x itself without a generator.

    Source: Srivastava et al., Dropout, JMLR 15 (2014), §10 (scaling at training time).
    """
    if generator is None or share == 0:
        return x
    kept = torch.empty_like(x).bernoulli_(1 - share, generator=generator)
    return x * kept / (1 - share)
