"""How a script builds the network of a model: its layers, its encoder and its decoder."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from aeviz.models import Conv, ConvUnpool, ConvVae, Linear, Mlp, ModelSpec, Vae
from aeviz.models.convolutional import Convolutional, halved
from aeviz.recipe import Recipe
from aeviz.script import texts

KNOWN = (Mlp, Linear, Vae, Conv, ConvUnpool, ConvVae)
VARIATIONAL = (Vae, ConvVae)


@dataclass(frozen=True)
class Network:
    """The texts that tell a model's layers.

    activations: the names of those that it uses; places: whether its decoder is told where maxima were.
    """

    constants: str
    layers: str
    encoder: str
    decoder: str
    activations: Iterable[str]
    places: bool = False


def network_of(recipe: Recipe) -> Network:
    model = recipe.model
    features = 2 * model.code if isinstance(model, VARIATIONAL) else model.code
    if isinstance(model, ConvUnpool):
        return _pooling(model, recipe.data.shape())
    if isinstance(model, Convolutional):
        return _convolutions(model, recipe.data.shape(), features)
    return _dense(model, math.prod(recipe.data.shape()), features)


def _dense(model: ModelSpec, d: int, features: int) -> Network:
    hidden, last = getattr(model, "hidden", ()), getattr(model, "code_activation", "linear")
    between = [getattr(model, "activation", "linear")] * len(hidden)
    inward, outward = [*between, last], [*between, "linear"]
    drops, tied = bool(getattr(model, "dropout", 0.0)), getattr(model, "tied", False)
    return Network(
        texts.DENSE.format(
            there=(d, *hidden, features), back=(model.code, *hidden[::-1], d), inward=inward, outward=outward
        ),
        texts.DENSE_LAYERS.format(follow=texts.DENSE_FOLLOW if drops else ""),
        texts.DENSE_ENCODER,
        texts.TIED.format(follow=texts.TIED_FOLLOW if drops else "") if tied else texts.UNTIED,
        dict.fromkeys((*inward, *outward)),
    )


def _convolutions(model: Convolutional, shape: tuple[int, ...], features: int) -> Network:
    sizes = halved((shape[1], shape[2]), len(model.channels))
    last, tied = getattr(model, "code_activation", "linear"), getattr(model, "tied", False)
    unit = "ACTIVATIONS[HIDDEN](h)"
    return Network(
        texts.CONVOLUTIONS.format(
            code=(features, model.code),
            channels=(shape[0], *model.channels),
            hidden=model.activation,
            last=last,
            smallest=(model.channels[-1], *sizes[-1]),
            odd=[(height % 2, width % 2) for height, width in sizes[-2::-1]],
        ),
        texts.CONVOLUTIONS_THERE.format(hidden_units=f"dropped({unit}, draws)" if model.dropout else unit),
        texts.CONVOLUTIONS_ENCODER,
        texts.CONVOLUTIONS_TIED if tied else texts.CONVOLUTIONS_UNTIED,
        dict.fromkeys((model.activation, last)),
    )


def _pooling(model: ConvUnpool, shape: tuple[int, ...]) -> Network:
    sizes = halved((shape[1], shape[2]), len(model.channels))
    places, dropout = model.unpooling == "places", bool(model.dropout)
    unit = "ACTIVATIONS[HIDDEN](h)"
    layers = texts.POOLING_THERE.format(
        hidden_units=f"dropped({unit}, draws)" if dropout else unit,
        places=", places" if places else "",
        unpooled=texts.UNPOOLED_PLACES if places else texts.UNPOOLED_REPEAT,
        begin="\n    places = []" if places else "",
        pooled=texts.POOLED_PLACES if places else texts.POOLED,
        follow="\n        x = dropped(x, draws)" if dropout else "",
        given=", places" if places else "",
    )
    back = texts.POOLING_TIED if model.tied else texts.POOLING_UNTIED
    for mark, text in (("{taken}", "places, "), ("{handed}", ", places[-1 - depth]")):
        back = back.replace(mark, text if places else "")
    return Network(
        texts.POOLING.format(
            code=(model.code, model.code),
            channels=(shape[0], *model.channels),
            hidden=model.activation,
            last=model.code_activation,
            smallest=(model.channels[-1], *sizes[-1]),
            sizes=sizes[-2::-1],
        ),
        layers,
        texts.POOLING_ENCODER,
        back,
        dict.fromkeys((model.activation, model.code_activation)),
        places,
    )
