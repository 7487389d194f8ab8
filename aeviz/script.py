"""A recipe as a script, or a notebook, of plain PyTorch that trains the same model and comes to the same numbers.

The script needs torch and numpy, and nothing of aeviz; Digits come with scikit-learn, all other data in a file of
arrays beside it (`arrays`). It draws initial weights, the order of batches and all noise from the same generators, so
on the same CPU its losses agree with the run's but for the rounding of sums.
"""

import io
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aeviz import script_text
from aeviz.data import Dataset, Digits
from aeviz.data.pairings import Clean, GaussianNoise, MaskingNoise, Occlusion, SaltAndPepper, SuperResolution
from aeviz.errors import RecipeError
from aeviz.learning import CodeL2, Contractive, EndToEnd, SparseKl, SparseL1, WeightDecay
from aeviz.learning.contraction import MOST_EXACT
from aeviz.learning.learners import CHUNK
from aeviz.learning.optimizers import SGD, Adam, AdamW
from aeviz.models import Conv, ConvVae, Linear, Mlp, ModelSpec, Vae
from aeviz.models.convolutional import Convolutional, halved
from aeviz.recipe import Recipe

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
_TERMS = {
    SparseL1: "z.abs().sum(1).mean()",
    CodeL2: "z.square().sum(1).mean() / 2",
    WeightDecay: "torch.stack([weight.square().sum() for weight in weights]).sum() / 2",
    Contractive: "squared_jacobian(z, x)",
    SparseKl: "divergence(z)",
}
_MODELS = (Mlp, Linear, Vae, Conv, ConvVae)
_VARIATIONAL = (Vae, ConvVae)
_PAIRINGS = (Clean, GaussianNoise, MaskingNoise, SaltAndPepper, Occlusion, SuperResolution)
_FACTORS = {
    "cosine": "(1 + math.cos(math.pi * progress)) / 2",
    "steps": "1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01",
    "warmup": "min(1.0, (progress + 0.001) / 0.05)",
}


def file_of(recipe: Recipe) -> str:
    """The name of the file of arrays that the script reads; empty where it gets its data by itself."""
    return "" if type(recipe.data) is Digits else f"data-{recipe.id()}.npz"


def arrays(data: Dataset) -> bytes:
    """That file: `train` and `test`, the examples of both splits as float32, compressed."""
    kept = io.BytesIO()
    np.savez_compressed(kept, train=data.train.x, test=data.test.x)
    return kept.getvalue()


def script(recipe: Recipe) -> str:
    """The text of the script.

    Raises:
        RecipeError: the recipe holds something that the script has no words for; each such thing is named.
    """
    if problems := refusals(recipe):
        raise RecipeError(*problems)
    model, network = recipe.model, _network(recipe)
    terms = [f"{term.weight!r} * {_TERMS[type(term)]}" for term in recipe.terms]
    if isinstance(model, _VARIATIONAL):
        kl = f"({script_text.KL} - {model.capacity!r} * progress).abs()" if model.capacity else script_text.KL
        terms.insert(0, f"{model.beta!r} * {kl}")
    kinds = {type(term): term for term in recipe.terms}
    functions = [script_text.JACOBIAN] if Contractive in kinds else []
    if sparse := kinds.get(SparseKl):
        assert isinstance(sparse, SparseKl)
        functions.append(script_text.DIVERGENCE.format(rho=sparse.rho, other=1 - sparse.rho))
    schedule, dropout = recipe.optimizer.schedule, getattr(model, "dropout", 0.0)
    file = file_of(recipe)
    return script_text.SCRIPT.format(
        recipe=json.dumps(recipe.to_json()),
        name=recipe.name(),
        needs="torch and numpy" if file else "torch, numpy and scikit-learn",
        beside=f", and the file {file} beside it" if file else "",
        math="import math\n" if schedule == "cosine" else "",
        seed=recipe.seed,
        epochs=recipe.epochs,
        batch=recipe.batch_size,
        rate=recipe.optimizer.learning_rate,
        constants=network.constants,
        gains={name: 2**0.5 for name in network.activations if name in _RECTIFIERS},
        functions="\n".join(f"    {name!r}: {_ACTIVATIONS[name]}," for name in network.activations),
        dropped=script_text.DROPPED.format(share=dropout) if dropout else "",
        layers=network.layers,
        learning=", learning=True" if dropout else "",
        kept="kept = draws if learning else None\n    " if dropout else "",
        passed="kept" if dropout else "draws",
        judged=", learning=False" if dropout else "",
        penalties_defined="".join(functions),
        corruption=_corruption(recipe),
        corrupted=_corrupted(recipe),
        reconstruction=(
            'functional.binary_cross_entropy_with_logits(logits, target, reduction="sum") / len(target)'
            if model.likelihood == "bernoulli"
            else 'functional.mse_loss(logits, target, reduction="sum") / 2 / len(target)'
        ),
        mean="torch.sigmoid(logits)" if model.likelihood == "bernoulli" else "logits",
        penalties="".join(f" + {term}" for term in terms),
        grad=".requires_grad_(True)" if Contractive in kinds else "",
        imports="" if file else "from sklearn.datasets import load_digits\n",
        drawn=script_text.DRAWN if isinstance(model, _VARIATIONAL) else "code = z",
        data=script_text.ARRAYS.format(name=file) if file else script_text.DIGITS,
        encoder=network.encoder,
        decoder=network.decoder,
        optimizer=_optimizer(recipe),
        scheduled=script_text.SCHEDULED.format(factor=_FACTORS[schedule]) if schedule in _FACTORS else "",
        chunk=max(16, CHUNK // max((term.rows(model.code) for term in recipe.terms), default=1)),
    )


@dataclass(frozen=True)
class _Network:
    """The texts that tell a model's layers. activations: the names of those that it uses."""

    constants: str
    layers: str
    encoder: str
    decoder: str
    activations: Iterable[str]


def _network(recipe: Recipe) -> _Network:
    model = recipe.model
    features = 2 * model.code if isinstance(model, _VARIATIONAL) else model.code
    if isinstance(model, Convolutional):
        return _convolutions(model, recipe.data.shape(), features)
    return _dense(model, math.prod(recipe.data.shape()), features)


def _dense(model: ModelSpec, d: int, features: int) -> _Network:
    hidden, last = getattr(model, "hidden", ()), getattr(model, "code_activation", "linear")
    between = [getattr(model, "activation", "linear")] * len(hidden)
    inward, outward = [*between, last], [*between, "linear"]
    drops, tied = bool(getattr(model, "dropout", 0.0)), getattr(model, "tied", False)
    return _Network(
        script_text.DENSE.format(
            there=(d, *hidden, features), back=(model.code, *hidden[::-1], d), inward=inward, outward=outward
        ),
        script_text.DENSE_LAYERS.format(follow=script_text.DENSE_FOLLOW if drops else ""),
        script_text.DENSE_ENCODER,
        script_text.TIED.format(follow=script_text.TIED_FOLLOW if drops else "") if tied else script_text.UNTIED,
        dict.fromkeys((*inward, *outward)),
    )


def _convolutions(model: Convolutional, shape: tuple[int, ...], features: int) -> _Network:
    sizes = halved((shape[1], shape[2]), len(model.channels))
    last, tied = getattr(model, "code_activation", "linear"), getattr(model, "tied", False)
    unit = "ACTIVATIONS[HIDDEN](h)"
    return _Network(
        script_text.CONVOLUTIONS.format(
            code=(features, model.code),
            channels=(shape[0], *model.channels),
            hidden=model.activation,
            last=last,
            smallest=(model.channels[-1], *sizes[-1]),
            odd=[(height % 2, width % 2) for height, width in sizes[-2::-1]],
        ),
        script_text.CONVOLUTIONS_THERE.format(hidden_units=f"dropped({unit}, draws)" if model.dropout else unit),
        script_text.CONVOLUTIONS_ENCODER,
        script_text.CONVOLUTIONS_TIED if tied else script_text.CONVOLUTIONS_UNTIED,
        dict.fromkeys((model.activation, last)),
    )


def notebook(recipe: Recipe) -> str:
    """The same as a Jupyter notebook (format 4.5, JSON): the script's parts as cells, the recipe in words above them.

    Raises:
        RecipeError: as `script`.
    """
    _, words, code = script(recipe).split('"""', 2)
    title, *rest = words.strip().split("\n\n")
    told, text = rest
    cells = [_cell("markdown", f"# {title}\n\n{told}\n\n```json\n{json.dumps(json.loads(text), indent=1)}\n```")]
    cells += [_cell("code", part) for part in re.split(r"\n{3,}", code.strip())]
    cells = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def _cell(kind: str, source: str) -> dict[str, Any]:
    lines = source.strip().splitlines(keepends=True)
    shared: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": lines}
    return shared | {"execution_count": None, "outputs": []} if kind == "code" else shared


def refusals(recipe: Recipe) -> list[str]:
    """Why there is no script of a recipe, each with what there is one of; empty when there is one."""
    model, training, pairing = recipe.model, recipe.training, recipe.pairing
    found = []
    if type(model) not in _MODELS:
        known = ", ".join(each.kind() for each in _MODELS)
        found.append(f"The script cannot build this {model.kind()}: it knows {known}.")
    for term in recipe.terms:
        if type(term) not in _TERMS:
            known = ", ".join(each.kind() for each in _TERMS)
            found.append(f"The script cannot compute {term.kind()}: it knows {known}.")
        if isinstance(term, SparseKl) and term.average != "batch":
            found.append("The script measures SparseKl over the batch: choose that average.")
        if isinstance(term, Contractive) and model.code > MOST_EXACT:
            found.append(
                f"The script computes Contractive for codes up to {MOST_EXACT}, and this one has {model.code}."
            )
    plain = getattr(pairing, "alpha", 1) == getattr(pairing, "beta", 1) == 1
    if type(pairing) not in _PAIRINGS or not plain:
        known = ", ".join(each.kind() for each in _PAIRINGS)
        found.append(f"The script knows the corruptions {known}, without emphasis.")
    if training != EndToEnd():
        found.append("The script trains EndToEnd, without patience and frozen layers.")
    return found


def _corruption(recipe: Recipe) -> str:
    """The functions that the corruption needs."""
    text = ""
    match recipe.pairing:
        case MaskingNoise():
            text = script_text.ONE_A_PIXEL
        case SaltAndPepper():
            text = script_text.ONE_A_PIXEL.rstrip() + "\n\n" + script_text.SALTED
        case Occlusion() as occlusion:
            missing = occlusion.missing(recipe.data.shape())
            text = script_text.OCCLUDED.format(missing=missing)
        case SuperResolution(strength=strength):
            text = script_text.COARSE.format(left=1 - strength)
    return f"{text.strip()}\n\n\n" if text else ""


def _corrupted(recipe: Recipe) -> str:
    match recipe.pairing:
        case GaussianNoise(strength=strength):
            return f"x + {strength!r} * torch.empty_like(x).normal_(generator=noise)"
        case MaskingNoise(strength=strength):
            return f"x * (one_a_pixel(x, noise) >= {strength!r})"
        case SaltAndPepper(strength=strength):
            return f"salted(x, one_a_pixel(x, noise), {strength!r})"
        case Occlusion():
            return "occluded(x, noise)"
        case SuperResolution():
            return "coarse(x, noise)"
    return "x.clone()"


def _optimizer(recipe: Recipe) -> str:
    match recipe.optimizer:
        case AdamW(decay=decay):
            return f"torch.optim.AdamW(parameters, lr=RATE, weight_decay={decay!r}, fused=True)"
        case Adam(beta1=beta):
            return f"torch.optim.Adam(parameters, lr=RATE, betas=({beta!r}, 0.999), fused=True)"
        case SGD(momentum=momentum):
            return f"torch.optim.SGD(parameters, lr=RATE, momentum={momentum!r}, fused=True)"
    raise RecipeError(f"The script has no optimizer {recipe.optimizer.kind()}.")
