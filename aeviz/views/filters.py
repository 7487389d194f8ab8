"""What single units look for and draw: weights as pictures."""

import math

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from aeviz.models.autoencoder import Autoencoder
from aeviz.models.dense import DenseDecoder, DenseEncoder
from aeviz.views.look import INKS, Theme


def pictured_layers(model: Autoencoder) -> int:
    """How many layers of the encoder have units that can be drawn: all of a dense one, else none."""
    return len(model.encoder.layers) if isinstance(model.encoder, DenseEncoder) else 0


def incoming(model: Autoencoder, most: int = 100) -> Float[Tensor, "n ..."]:
    """The weights of the first `most` units of the encoder's first layer, each of the data's shape.

    What a unit is told besides the data (a class) is left out.
    """
    weight, shape = _inward(model)[0], _shape(model)
    return weight[:most, : math.prod(shape)].reshape(-1, *shape)


def outgoing(model: Autoencoder, number: int, most: int = 100) -> Float[Tensor, "n ..."]:
    """What the decoder draws for each of the first `most` units of layer `number`, with every activation left out.

    Unit j: V₁V₂…V_l eⱼ, with V_l the decoder's weights below layer l; each of the data's shape.

    Source: Erhan, Bengio, Courville, Vincent, Visualizing higher-layer features of a deep network, TR 1341 (2009), §2.2
    (linear combinations of the layers below), here with the decoder's weights.
    """
    outward = _outward(model)
    units = model.code if number == len(outward) else most  # the code's own, not the class that comes with it
    drawn = outward[-number][:, : min(most, units)]
    for weight in outward[len(outward) - number + 1 :]:
        drawn = weight @ drawn
    return drawn.T.reshape(-1, *_shape(model))


def as_grey(weights: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
    """Weights in [0, 1]: 0 is middle grey, and the largest of each unit black or white."""
    most = weights.abs().flatten(1).amax(1).clamp_min(1e-12)
    return weights / most.reshape(-1, *[1] * (weights.dim() - 1)) / 2 + 0.5


def signed(
    values: Float[np.ndarray, "n c h w"], theme: Theme = "light", *, each: bool = True
) -> UInt8[np.ndarray, "_ 3 _ _"]:
    """Numbers of either sign as colours: nothing at 0, blue below, orange above; colour images about middle grey.

    each: the strongest colour stands for the largest magnitude of each picture; else of all together.
    """
    n, channels = values.shape[:2]
    axis = (1, 2, 3) if each else None
    most = np.maximum(np.abs(values).max(axis=axis, keepdims=True, initial=0), 1e-12)
    share = np.nan_to_num(values / most).clip(-1, 1)
    if channels == 3:
        return np.asarray((127.5 + 127.5 * share).round(), np.uint8)
    ramp = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in INKS[theme].balance])
    flat = share.mean(1).reshape(-1)
    stops = np.linspace(-1, 1, len(ramp))
    made = np.stack([np.interp(flat, stops, ramp[:, colour]) for colour in range(3)])
    return np.asarray(made.reshape(3, n, *values.shape[2:]).transpose(1, 0, 2, 3).round(), np.uint8)


def cropped(weights: Float[np.ndarray, "n c h w"], margin: float = 1e-9) -> Float[np.ndarray, "n c _ _"]:
    """The pictures cut to the smallest box that holds all that is not 0 in any of them: kernels at their own size."""
    most = np.abs(weights).max(axis=(0, 1), initial=0)
    found = most > margin * most.max(initial=0)
    if not found.any():
        return weights
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    return weights[:, :, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _inward(model: Autoencoder) -> list[Tensor]:
    assert isinstance(model.encoder, DenseEncoder)
    return [each.weight.detach() for each in model.encoder.layers if isinstance(each, nn.Linear)]


def _outward(model: Autoencoder) -> list[Tensor]:
    if isinstance(model.decoder, DenseDecoder):
        return [each.weight.detach() for each in model.decoder.layers if isinstance(each, nn.Linear)]
    return [weight.T for weight in reversed(_inward(model))]  # tied


def _shape(model: Autoencoder) -> tuple[int, ...]:
    shape: tuple[int, ...] = model.decoder.shape  # type: ignore[assignment]
    return shape
