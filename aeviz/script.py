"""A recipe as a script, or a notebook, of plain PyTorch that trains the same model and comes to the same numbers.

The script needs torch and numpy, and nothing of aeviz; Digits come with scikit-learn, all other data in a file of
arrays beside it (`arrays`). It draws initial weights, the order of batches and all noise from the same generators, so
on the same CPU its losses agree with the run's but for the rounding of sums.
"""

import io
import json
import math
import re
from typing import Any

import numpy as np

from aeviz.data import Dataset, Digits
from aeviz.data.pairings import Clean, GaussianNoise, MaskingNoise, SaltAndPepper
from aeviz.errors import RecipeError
from aeviz.learning import CodeL2, Contractive, EndToEnd, SparseKl, SparseL1, WeightDecay
from aeviz.learning.contraction import MOST_EXACT
from aeviz.learning.learners import CHUNK
from aeviz.learning.optimizers import SGD, Adam, AdamW
from aeviz.models import Linear, Mlp, ModelSpec, Vae
from aeviz.recipe import Recipe

_ACTIVATIONS = {
    "relu": "functional.relu",
    "leaky_relu": "functional.leaky_relu",
    "elu": "functional.elu",
    "tanh": "torch.tanh",
    "sigmoid": "torch.sigmoid",
    "softplus": "functional.softplus",
    "linear": "lambda h: h",
}
_RECTIFIERS = ("relu", "leaky_relu", "elu")
_TERMS = {
    SparseL1: "z.abs().sum(1).mean()",
    CodeL2: "z.square().sum(1).mean() / 2",
    WeightDecay: "torch.stack([weight.square().sum() for weight in weights]).sum() / 2",
    Contractive: "squared_jacobian(z, x)",
    SparseKl: "divergence(z)",
}
_MODELS = (Mlp, Linear, Vae)
_PAIRINGS = (Clean, GaussianNoise, MaskingNoise, SaltAndPepper)
_DIGITS = """from sklearn.datasets import load_digits

images = torch.from_numpy((load_digits().images / 16).astype(np.float32))[:, None]
train, test = images[:-360], images[-360:]"""
_ARRAYS = """with np.load("{name}") as data:  # the file that came with this script
    train, test = torch.from_numpy(data["train"]), torch.from_numpy(data["test"])"""
_FACTORS = {
    "cosine": "(1 + math.cos(math.pi * progress)) / 2",
    "steps": "1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01",
    "warmup": "min(1.0, (progress + 0.001) / 0.05)",
}
_SCHEDULED = """
        for group in optimizer.param_groups:
            group["lr"] = RATE * ({factor})"""
_DIVERGENCE = '''
def divergence(z):
    """Σ KL(ρ ‖ mean of a unit), ρ = {rho!r} (Ng, CS294A lecture notes)."""
    active = z.mean(0).clamp(1e-6, 1 - 1e-6)
    return ({rho!r} * ({rho!r} / active).log() + {other!r} * ({other!r} / (1 - active)).log()).sum()

'''
_DRAWN = """z, log_variance = z.chunk(2, dim=1)
    code = z + (log_variance / 2).exp() * torch.empty_like(z).normal_(generator=draws)"""
_KL = "((z.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2).mean()"
_JACOBIAN = '''
def squared_jacobian(z, x):
    """‖∂z/∂x‖²_F, the mean over the batch (Rifai et al., ICML 2011)."""
    rows = [torch.autograd.grad(unit.sum(), x, create_graph=True)[0] for unit in z.unbind(1)]
    return sum(row.square().sum() for row in rows) / len(z)

'''


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
    model, (inward, outward), (there, back) = recipe.model, _activations(recipe.model), _widths(recipe)
    terms = [f"{term.weight!r} * {_TERMS[type(term)]}" for term in recipe.terms]
    if isinstance(model, Vae):
        kl = f"({_KL} - {model.capacity!r} * progress).abs()" if model.capacity else _KL
        terms.insert(0, f"{model.beta!r} * {kl}")
    kinds = {type(term): term for term in recipe.terms}
    functions = [_JACOBIAN] if Contractive in kinds else []
    if sparse := kinds.get(SparseKl):
        assert isinstance(sparse, SparseKl)
        functions.append(_DIVERGENCE.format(rho=sparse.rho, other=1 - sparse.rho))
    names = dict.fromkeys((*inward, *outward))
    schedule, tied = recipe.optimizer.schedule, getattr(model, "tied", False)
    file = file_of(recipe)
    return _SCRIPT.format(
        recipe=json.dumps(recipe.to_json()),
        name=recipe.name(),
        needs="torch and numpy" if file else "torch, numpy and scikit-learn",
        beside=f", and the file {file} beside it" if file else "",
        math="import math\n" if schedule == "cosine" else "",
        seed=recipe.seed,
        epochs=recipe.epochs,
        batch=recipe.batch_size,
        rate=recipe.optimizer.learning_rate,
        there=there,
        back=back,
        inward=inward,
        outward=outward,
        gains={name: 2**0.5 for name in names if name in _RECTIFIERS},
        functions="\n".join(f"    {name!r}: {_ACTIVATIONS[name]}," for name in names),
        penalties_defined="".join(functions),
        corrupted=_corrupted(recipe),
        reconstruction=(
            'functional.binary_cross_entropy_with_logits(logits, target, reduction="sum") / len(target)'
            if model.likelihood == "bernoulli"
            else 'functional.mse_loss(logits, target, reduction="sum") / 2 / len(target)'
        ),
        mean="torch.sigmoid(logits)" if model.likelihood == "bernoulli" else "logits",
        penalties="".join(f" + {term}" for term in terms),
        grad="x.requires_grad_(True)" if Contractive in kinds else "x",
        drawn=_DRAWN if isinstance(model, Vae) else "code = z",
        data=_ARRAYS.format(name=file) if file else _DIGITS,
        decoder=_TIED if tied else _UNTIED,
        optimizer=_optimizer(recipe),
        scheduled=_SCHEDULED.format(factor=_FACTORS[schedule]) if schedule in _FACTORS else "",
        chunk=max(16, CHUNK // max((term.rows(model.code) for term in recipe.terms), default=1)),
    )


def _activations(model: ModelSpec) -> tuple[list[str], list[str]]:
    """The activation behind each layer, there and back."""
    hidden, last = getattr(model, "hidden", ()), getattr(model, "code_activation", "linear")
    between = [getattr(model, "activation", "linear")] * len(hidden)
    return [*between, last], [*between, "linear"]


def _widths(recipe: Recipe) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The widths of the layers, there and back."""
    model, hidden = recipe.model, getattr(recipe.model, "hidden", ())
    d = math.prod(recipe.data.shape())
    features = 2 * model.code if isinstance(model, Vae) else model.code
    return (d, *hidden, features), (model.code, *hidden[::-1], d)


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
    if type(model) not in _MODELS or getattr(model, "dropout", 0.0) > 0:
        known = ", ".join(each.kind() for each in _MODELS)
        found.append(f"The script cannot build this {model.kind()}: it knows {known}, without dropout.")
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


def _corrupted(recipe: Recipe) -> str:
    match recipe.pairing:
        case GaussianNoise(strength=strength):
            return f"x + {strength!r} * torch.empty_like(x).normal_(generator=noise)"
        case MaskingNoise(strength=strength):
            return f"x * (one_a_pixel(x, noise) >= {strength!r})"
        case SaltAndPepper(strength=strength):
            return f"salted(x, one_a_pixel(x, noise), {strength!r})"
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


_UNTIED = """decoder = layers("decoder", BACK, DECODER)
parameters = [*encoder.parameters(), *decoder.parameters()]
weights = [layer.weight for layer in (*encoder, *decoder)]


def decoded(code):
    return through(decoder, DECODER, code)"""
_TIED = '''biases = [nn.Parameter(torch.zeros(width)) for width in BACK[1:]]
parameters = [*encoder.parameters(), *biases]
weights = [layer.weight for layer in encoder]


def decoded(code):
    """Back through the transposed weights."""
    for layer, bias, activation in zip(reversed(encoder), biases, DECODER, strict=True):
        code = ACTIVATIONS[activation](functional.linear(code, layer.weight.T, bias))
    return code'''
_SCRIPT = '''"""{name}

Trains this recipe in plain PyTorch; needs {needs}{beside}.

{recipe}
"""

import hashlib
{math}
import numpy as np
import torch
from torch import nn
from torch.nn import functional

SEED, EPOCHS, BATCH, RATE = {seed}, {epochs}, {batch}, {rate!r}
THERE, BACK = {there}, {back}  # widths
ENCODER, DECODER = {inward}, {outward}  # the activation behind each layer
ACTIVATIONS = {{
{functions}
}}
GAINS = {gains}  # He et al., ICCV 2015; 1 for the others


def generator(seed, *purpose):
    """A generator of its own for each purpose: nothing depends on what else was drawn."""
    text = "/".join(str(part) for part in (seed, *purpose))
    derived = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") & (2**63 - 1)
    return torch.Generator().manual_seed(derived)


def layers(name, widths, activations):
    """Linear layers with Glorot's uniform weights and biases of 0."""
    drawn_from = generator(SEED, "weights").initial_seed()
    made = nn.ModuleList()
    for number, (before, after, activation) in enumerate(zip(widths, widths[1:], activations, strict=False)):
        layer = nn.Linear(before, after)
        draws = generator(drawn_from, "parameter", f"{{name}}.layers.{{number}}.weight")
        nn.init.xavier_uniform_(layer.weight, gain=GAINS.get(activation, 1.0), generator=draws)
        nn.init.zeros_(layer.bias)
        made.append(layer)
    return made


def through(stack, activations, h):
    for layer, activation in zip(stack, activations, strict=True):
        h = ACTIVATIONS[activation](layer(h))
    return h


def one_a_pixel(x, noise):
    """A number in [0, 1) for each pixel, the same for all of its channels."""
    shape = (len(x), 1, *x.shape[2:]) if x.dim() == 4 else x.shape
    return torch.empty(shape).uniform_(generator=noise)


def salted(x, u, share):
    return torch.where(u < share, (u >= share / 2).float().expand_as(x), x)


def corrupted(x, noise):
    return {corrupted}

{penalties_defined}
def losses(target, noise, draws, progress):
    """The loss in nats per example, and the squared error per number."""
    x = corrupted(target, noise)
    x = {grad}
    z = through(encoder, ENCODER, x.flatten(1))
    {drawn}
    logits = decoded(code).reshape(target.shape)
    loss = {reconstruction}{penalties}
    return loss, ({mean} - target).square().mean()


torch.set_num_threads(1)
{data}
encoder = layers("encoder", THERE, ENCODER)
{decoder}


optimizer = {optimizer}
steps = -(-len(train) // BATCH)
for epoch in range(1, EPOCHS + 1):
    order = torch.randperm(len(train), generator=generator(SEED, "training", "order", epoch))
    noise = generator(SEED, "training", "pairing", epoch)
    draws = generator(SEED, "training", "draws", epoch)
    for at, rows in enumerate(order.split(BATCH)):
        progress = ((epoch - 1) * steps + at) / (EPOCHS * steps)
        optimizer.zero_grad()
        loss, _ = losses(train[rows], noise, draws, progress)
        loss.backward(){scheduled}
        optimizer.step()

noise = generator(SEED, "training", "pairing of evaluation")
draws = generator(SEED, "training", "draws of evaluation")
total = np.zeros(2)
for rows in test.split({chunk}):
    total += len(rows) * np.array([value.item() for value in losses(rows, noise, draws, 1.0)])
print("test loss {{:.6f}}, squared error {{:.8f}}".format(*total / len(test)))
'''
