"""A recipe as a script, or a notebook, of plain PyTorch that trains the same model and comes to the same numbers.

The script needs torch, numpy and scikit-learn, and nothing of aeviz. It draws initial weights, the order of batches and
the noise from the same generators, so on the same CPU its losses agree with the run's but for the rounding of sums.
"""

import json
import re
from typing import Any

from aeviz.data import Digits
from aeviz.data.pairings import Clean, GaussianNoise, MaskingNoise
from aeviz.errors import RecipeError
from aeviz.learning import CodeL2, Contractive, EndToEnd, SparseL1, WeightDecay
from aeviz.learning.contraction import MOST_EXACT
from aeviz.learning.learners import CHUNK
from aeviz.learning.optimizers import SGD, Adam, AdamW
from aeviz.models import Mlp
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
    WeightDecay: "torch.stack([layer.weight.square().sum() for layer in (*encoder, *decoder)]).sum() / 2",
    Contractive: "squared_jacobian(z, x)",
}
_JACOBIAN = '''
def squared_jacobian(z, x):
    """‖∂z/∂x‖²_F, the mean over the batch (Rifai et al., ICML 2011)."""
    rows = [torch.autograd.grad(unit.sum(), x, create_graph=True)[0] for unit in z.unbind(1)]
    return sum(row.square().sum() for row in rows) / len(z)

'''


def script(recipe: Recipe) -> str:
    """The text of the script.

    Raises:
        RecipeError: the recipe holds something that the script has no words for; each such thing is named.
    """
    if problems := refusals(recipe):
        raise RecipeError(*problems)
    model = recipe.model
    assert isinstance(model, Mlp)
    widths = (64, *model.hidden, model.code)
    inward = [model.activation] * len(model.hidden) + [model.code_activation]
    outward = [model.activation] * len(model.hidden) + ["linear"]
    terms = [f"{term.weight!r} * {_TERMS[type(term)]}" for term in recipe.terms]
    needs = any(isinstance(term, Contractive) for term in recipe.terms)
    return _SCRIPT.format(
        recipe=json.dumps(recipe.to_json()),
        name=recipe.name(),
        seed=recipe.seed,
        epochs=recipe.epochs,
        batch=recipe.batch_size,
        widths=widths,
        inward=inward,
        outward=outward,
        gains={name: 2**0.5 for name in dict.fromkeys((*inward, *outward)) if name in _RECTIFIERS},
        functions="\n".join(f"    {name!r}: {_ACTIVATIONS[name]}," for name in dict.fromkeys((*inward, *outward))),
        jacobian=_JACOBIAN if needs else "",
        corrupted=_corrupted(recipe),
        reconstruction=(
            'functional.binary_cross_entropy_with_logits(logits, target, reduction="sum") / len(target)'
            if model.likelihood == "bernoulli"
            else 'functional.mse_loss(logits, target, reduction="sum") / 2 / len(target)'
        ),
        mean="torch.sigmoid(logits)" if model.likelihood == "bernoulli" else "logits",
        penalties="".join(f" + {term}" for term in terms),
        grad="x.requires_grad_(True)" if needs else "x",
        optimizer=_optimizer(recipe),
        chunk=max(16, CHUNK // max((term.rows(model.code) for term in recipe.terms), default=1)),
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
    if type(recipe.data) is not Digits:
        found.append(
            f"The script has no way to get {recipe.data.kind()}: it knows Digits, which scikit-learn brings along."
        )
    if type(model) is not Mlp or model.tied or model.dropout:
        found.append(f"The script cannot build this {model.kind()}: it knows Mlp without tied weights and dropout.")
    for term in recipe.terms:
        if type(term) not in _TERMS:
            known = ", ".join(each.kind() for each in _TERMS)
            found.append(f"The script cannot compute {term.kind()}: it knows {known}.")
        if isinstance(term, Contractive) and model.code > MOST_EXACT:
            found.append(
                f"The script computes Contractive for codes up to {MOST_EXACT}, and this one has {model.code}."
            )
    plain = getattr(pairing, "alpha", 1) == getattr(pairing, "beta", 1) == 1
    if type(pairing) not in (Clean, GaussianNoise, MaskingNoise) or not plain:
        found.append("The script knows the corruptions Clean, GaussianNoise and MaskingNoise, without emphasis.")
    if training != EndToEnd():
        found.append("The script trains EndToEnd, without patience and frozen layers.")
    if recipe.optimizer.schedule != "constant":
        found.append("The script keeps the learning rate constant: choose that schedule.")
    return found


def _corrupted(recipe: Recipe) -> str:
    match recipe.pairing:
        case GaussianNoise(strength=strength):
            return f"x + {strength!r} * torch.empty_like(x).normal_(generator=noise)"
        case MaskingNoise(strength=strength):
            return f"x * (torch.empty_like(x).uniform_(generator=noise) >= {strength!r})"
    return "x.clone()"


def _optimizer(recipe: Recipe) -> str:
    match recipe.optimizer:
        case AdamW(learning_rate=rate, decay=decay):
            return f"torch.optim.AdamW(parameters, lr={rate!r}, weight_decay={decay!r}, fused=True)"
        case Adam(learning_rate=rate, beta1=beta):
            return f"torch.optim.Adam(parameters, lr={rate!r}, betas=({beta!r}, 0.999), fused=True)"
        case SGD(learning_rate=rate, momentum=momentum):
            return f"torch.optim.SGD(parameters, lr={rate!r}, momentum={momentum!r}, fused=True)"
    raise RecipeError(f"The script has no optimizer {recipe.optimizer.kind()}.")


_SCRIPT = '''"""{name}

Trains this recipe in plain PyTorch; needs torch, numpy and scikit-learn.

{recipe}
"""

import hashlib

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

SEED, EPOCHS, BATCH = {seed}, {epochs}, {batch}
WIDTHS = {widths}
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


def corrupted(x, noise):
    return {corrupted}

{jacobian}
def losses(target, noise):
    """The loss in nats per example, and the squared error per pixel."""
    x = corrupted(target, noise)
    x = {grad}
    z = through(encoder, ENCODER, x)
    logits = through(decoder, DECODER, z)
    loss = {reconstruction}{penalties}
    return loss, ({mean} - target).square().mean()


torch.set_num_threads(1)
images = torch.from_numpy((load_digits().images / 16).astype(np.float32)).flatten(1)
train, test = images[:-360], images[-360:]
encoder = layers("encoder", WIDTHS, ENCODER)
decoder = layers("decoder", WIDTHS[::-1], DECODER)
parameters = [*encoder.parameters(), *decoder.parameters()]
optimizer = {optimizer}

for epoch in range(1, EPOCHS + 1):
    order = torch.randperm(len(train), generator=generator(SEED, "training", "order", epoch))
    noise = generator(SEED, "training", "pairing", epoch)
    for rows in order.split(BATCH):
        optimizer.zero_grad()
        loss, _ = losses(train[rows], noise)
        loss.backward()
        optimizer.step()

noise = generator(SEED, "training", "pairing of evaluation")
total = np.zeros(2)
for rows in test.split({chunk}):
    total += len(rows) * np.array([value.item() for value in losses(rows, noise)])
print("test loss {{:.6f}}, squared error {{:.8f}}".format(*total / len(test)))
'''
