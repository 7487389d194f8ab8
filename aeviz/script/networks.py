"""How a script builds the network of a model: its layers, its encoder and its decoder."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from aeviz.models import (
    Aae,
    ConditionalVae,
    Conv,
    ConvGan,
    ConvTcVae,
    ConvUnpool,
    ConvVae,
    ConvVqVae,
    ConvWae,
    Gan,
    Linear,
    Mlp,
    ModelSpec,
    TcVae,
    Vae,
    VqVae,
    Wae,
)
from aeviz.models.convolutional import Convolutional, halved
from aeviz.models.disentangled import MOST_NUMBERS
from aeviz.models.machines import EnergyModel
from aeviz.models.wasserstein import FEWEST_DRAWS, MOST_CODES
from aeviz.recipe import Recipe
from aeviz.script import machines
from aeviz.script import network_texts as texts
from aeviz.script.network import Network

KNOWN = (
    Mlp, Linear, Conv, ConvUnpool, Vae, ConvVae, TcVae, ConvTcVae, ConditionalVae, Wae, ConvWae, VqVae, ConvVqVae,
    Aae, Gan, ConvGan, *machines.KNOWN,
)  # fmt: skip
_VARIATIONAL = (Vae, ConvVae, TcVae, ConvTcVae, ConditionalVae)

_ACTIVATIONS = {
    "relu": "functional.relu",
    "leaky_relu": "functional.leaky_relu",
    "elu": "functional.elu",
    "gelu": "functional.gelu",
    "silu": "functional.silu",
    "tanh": "torch.tanh",
    "sigmoid": "torch.sigmoid",
    "softplus": "functional.softplus",
    "linear": "lambda h: h",
}
_RECTIFIERS = ("relu", "leaky_relu", "elu", "gelu", "silu")


def network_of(recipe: Recipe) -> Network:
    """The network of the recipe's model, which is one of `KNOWN`."""
    model, shape = recipe.model, recipe.data.shape()
    if isinstance(model, EnergyModel):
        return machines.network_of(recipe, model)
    if isinstance(model, ConvUnpool):
        return _pooling(model, shape)
    features = 2 * model.code if isinstance(model, _VARIATIONAL) else model.code
    joined = len(recipe.data.classes()) if isinstance(model, ConditionalVae) else 0
    network = (
        _convolutions(model, shape, features)
        if isinstance(model, Convolutional)
        else _dense(model, math.prod(shape), features, joined)
    )
    return _generative(recipe, network)


def _generative(recipe: Recipe, network: Network) -> Network:
    """The same network with what a generative model draws and pays beside its reconstruction."""
    model, shape = recipe.model, recipe.data.shape()
    if isinstance(model, _VARIATIONAL):
        network = replace(network, code="{encoded}.chunk(2, dim=1)[0]", drawn=texts.DRAWN)
    match model:
        case Vae() | ConvVae():
            kl = f"({texts.KL} - {model.capacity!r} * progress).abs()" if model.capacity else texts.KL
            return replace(network, penalties=(f"{model.beta!r} * {kl}",))
        case ConditionalVae():
            return replace(
                network,
                layers=texts.ONE_HOT.format(untold=model.untold, classes=len(recipe.data.classes())) + network.layers,
                joined=texts.JOINED,
                told="classes",
                drawn=texts.DRAWN + texts.JOINED_CODE,
                penalties=(f"{model.beta!r} * {texts.KL}",),
                keeps=True,
            )
        case TcVae() | ConvTcVae():
            most = math.isqrt(MOST_NUMBERS // model.code)
            text = texts.DECOMPOSED.format(most=most, alpha=model.alpha, beta=model.beta, gamma=model.gamma)
            penalty = "decomposed(z, log_variance, draws, len(train if learning else test))"
            return replace(network, layers=text + network.layers, penalties=(penalty,), learning=True)
        case Wae() | ConvWae():
            text = texts.DISCREPANCY.format(scale=2 * model.code, most=MOST_CODES, fewest=FEWEST_DRAWS)
            penalty = f"{model.weight!r} * discrepancy(z, draws)"
            return replace(network, layers=text + network.layers, penalties=(penalty,))
        case Aae():
            return _judged(
                network,
                texts.AGAINST.format(weight=model.weight),
                "opposed(z, draws)",
                (model.code, *model.hidden, 1),
            )
        case Gan() | ConvGan():
            return _generator(model, shape, network)
        case VqVae() | ConvVqVae():
            penalties = (
                "(z.detach() - quantized(z)).square().sum(1).mean()",
                f"{model.commitment!r} * (z - quantized(z).detach()).square().sum(1).mean()",
            )
            return replace(
                network,
                layers=texts.QUANTIZED.format(dimension=model.dimension) + network.layers,
                decoder=f"{network.decoder}\n\n\n{texts.BOOK.format(book=model.book, dimension=model.dimension)}",
                drawn=texts.STRAIGHT,
                settled=texts.STRAIGHT,
                penalties=penalties,
            )
    return network


def _generator(model: Gan | ConvGan, shape: tuple[int, ...], network: Network) -> Network:
    text = texts.SQUARED_GRADIENT if model.penalty else ""
    text += texts.GENERATE.format(
        code=model.code,
        mean="torch.sigmoid(logits)" if model.likelihood == "bernoulli" else "logits",
        penalty=f" + {model.penalty / 2!r} * squared_gradient(real)" if model.penalty else "",
        generator="decoder" if isinstance(model, Gan) else "nn.ModuleList([outer, *decoder])",
    )
    widths = (math.prod(shape), *model.hidden, 1) if isinstance(model, Gan) else ()
    network = _judged(network, text, "opposed(target, draws, learning)", widths)
    return replace(network, decoded="rebuilt", learning=True)


def _judged(network: Network, text: str, penalty: str, widths: Sequence[int]) -> Network:
    """The network with a discriminator, dense ones of these widths, and the losses of its players."""
    constants, score, layers = "", texts.CONVOLUTIONS_SCORE, texts.CONVOLUTIONS_DISCRIMINATOR_LAYERS
    if widths:
        activations = ["leaky_relu"] * (len(widths) - 2) + ["linear"]
        constants = texts.DISCRIMINATOR.format(widths=tuple(widths), activations=activations)
        score, layers = texts.DENSE_SCORE, texts.DISCRIMINATOR_LAYERS
    functions = texts.HELD.format(score=score) + text
    return replace(
        network,
        constants=network.constants + constants,
        layers=f"{network.layers}\n\n\n{functions.rstrip()}",
        decoder=f"{network.decoder}\n\n\n{layers}{texts.DISCRIMINATOR_PARAMETERS}",
        penalties=(penalty,),
    )


def _begun(constants: str, layers: str, activations: Iterable[str]) -> tuple[str, str]:
    """Constants and layers of a network of these activations, whose weights are drawn as Glorot and He say."""
    names = dict.fromkeys(activations)
    functions = "\n".join(f"    {name!r}: {_ACTIVATIONS[name]}," for name in names)
    gains = {name: 2**0.5 for name in names if name in _RECTIFIERS}
    return constants + texts.ACTIVATIONS.format(functions=functions, gains=gains), texts.BEGUN + layers


def _dense(model: ModelSpec, d: int, features: int, joined: int) -> Network:
    hidden, last = getattr(model, "hidden", ()), getattr(model, "code_activation", "linear")
    between = [getattr(model, "activation", "linear")] * len(hidden)
    inward, outward = [*between, last], [*between, "linear"]
    drops, tied = bool(getattr(model, "dropout", 0.0)), getattr(model, "tied", False)
    constants = texts.DENSE.format(
        there=(d + joined, *hidden, features),
        back=(model.code + joined, *hidden[::-1], d),
        inward=inward,
        outward=outward,
    )
    layers = texts.DENSE_LAYERS.format(follow=texts.DENSE_FOLLOW if drops else "")
    judging = ["leaky_relu"] if isinstance(model, Aae | Gan) and hidden else []
    return Network(
        *_begun(constants, layers, (*inward, *outward, *judging)),
        texts.DENSE_ENCODER,
        texts.TIED.format(follow=texts.TIED_FOLLOW if drops else "") if tied else texts.UNTIED,
    )


def _convolutions(model: Convolutional, shape: tuple[int, ...], features: int) -> Network:
    sizes = halved((shape[1], shape[2]), len(model.channels))
    last, tied = getattr(model, "code_activation", "linear"), getattr(model, "tied", False)
    unit = "ACTIVATIONS[HIDDEN](h)"
    constants = texts.CONVOLUTIONS.format(
        code=(features, model.code),
        channels=(shape[0], *model.channels),
        hidden=model.activation,
        last=last,
        smallest=(model.channels[-1], *sizes[-1]),
        odd=[(height % 2, width % 2) for height, width in sizes[-2::-1]],
    )
    layers = texts.CONVOLUTIONS_THERE.format(hidden_units=f"dropped({unit}, draws)" if model.dropout else unit)
    return Network(
        *_begun(constants, layers, (model.activation, last, *(["leaky_relu"] if isinstance(model, ConvGan) else []))),
        texts.CONVOLUTIONS_ENCODER,
        texts.CONVOLUTIONS_TIED if tied else texts.CONVOLUTIONS_UNTIED,
        stack="[*encoder, inner]",
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
    constants = texts.POOLING.format(
        code=(model.code, model.code),
        channels=(shape[0], *model.channels),
        hidden=model.activation,
        last=model.code_activation,
        smallest=(model.channels[-1], *sizes[-1]),
        sizes=sizes[-2::-1],
    )
    network = Network(
        *_begun(constants, layers, (model.activation, model.code_activation)),
        texts.POOLING_ENCODER,
        back,
        stack="[*encoder, inner]",
    )
    return replace(network, code="{encoded}[0]", places=True) if places else network
