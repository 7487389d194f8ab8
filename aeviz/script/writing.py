"""A recipe as a script, or a notebook, of plain PyTorch that trains the same model and comes to the same numbers.

The script needs torch and numpy, and nothing of aeviz; Digits come with scikit-learn, all other data in a file of
arrays beside it (`arrays`). It draws initial weights, the order of batches and all noise from the same generators, so
on the same CPU its losses agree with the run's but for the rounding of sums.
"""

import io
import json
import re
from collections.abc import Collection
from typing import Any

import numpy as np

from aeviz.data import Dataset, Digits
from aeviz.errors import RecipeError
from aeviz.learning.learners import CHUNK
from aeviz.recipe import Recipe
from aeviz.script import corruption, networks, terms, texts, training
from aeviz.script.network import Network


def file_of(recipe: Recipe) -> str:
    """The name of the file of arrays that the script reads; empty where it gets its data by itself."""
    return "" if type(recipe.data) is Digits else f"data-{recipe.id()}.npz"


def arrays(data: Dataset) -> bytes:
    """That file, compressed: `train` and `test`, the examples as float32; their classes and tags, if any."""
    kept, parts = io.BytesIO(), {"train": data.train, "test": data.test}
    told = {f"{name}_classes": part.labels for name, part in parts.items() if part.labels is not None}
    told |= {f"{name}_tags": part.tags for name, part in parts.items() if part.tags is not None}
    np.savez_compressed(kept, **{name: part.x for name, part in parts.items()} | told)  # type: ignore[arg-type]
    return kept.getvalue()


def script(recipe: Recipe) -> str:
    """The text of the script.

    Raises:
        RecipeError: the recipe holds something that the script has no words for; each such thing is named.
    """
    if problems := refusals(recipe):
        raise RecipeError(*problems)
    model, network = recipe.model, networks.network_of(recipe)
    chunk = max(16, CHUNK // max((term.rows(model.code) for term in recipe.terms), default=1))
    told = _told(recipe, network, chunk)
    penalties = [
        *network.penalties,
        *(f"{term.weight!r} * {each.value}" for term, each in zip(recipe.terms, told, strict=True)),
    ]
    schedule, dropout = recipe.optimizer.schedule, getattr(model, "dropout", 0.0)
    learning = bool(dropout) or network.learning or network.keeps or any(each.learning for each in told)
    kept = bool(dropout) or network.keeps or any("kept" in each.value for each in told)
    mean = network.mean or ("torch.sigmoid(logits)" if model.likelihood == "bernoulli" else "logits")
    file, emphasis = file_of(recipe), corruption.emphasised(recipe.pairing)
    return texts.SCRIPT.format(
        recipe=json.dumps(recipe.to_json()),
        name=recipe.name(),
        needs="torch and numpy" if file else "torch, numpy and scikit-learn",
        beside=f", and the file {file} beside it" if file else "",
        contextlib="import contextlib\n" if "contextlib." in network.layers else "",
        math="import math\n" if schedule == "cosine" or "math." in network.layers else "",
        seed=recipe.seed,
        epochs=recipe.epochs,
        batch=recipe.batch_size,
        rate=recipe.optimizer.learning_rate,
        constants=network.constants,
        dropped=texts.DROPPED.format(share=dropout) if dropout else "",
        layers=network.layers,
        learning=", learning=True" if learning else "",
        kept="kept = draws if learning else None\n    " if kept else "",
        passed="kept" if kept else "draws",
        penalties_defined="".join(dict.fromkeys(text for each in told for text in each.functions)),
        corruption=corruption.functions(recipe),
        corrupted=corruption.body(recipe),
        fed="x, emphasis = corrupted(target, noise)" if emphasis else "x = corrupted(target, noise)",
        loss=network.loss or training.reconstruction(model.likelihood, "logits", "target", emphasis=emphasis),
        mean=mean,
        penalties="".join(f"\n    loss = loss + {term}" for term in penalties),
        grad="\n    x.requires_grad_(True)" if any(each.differentiable for each in told) else "",
        imports="" if file else "from sklearn.datasets import load_digits\n",
        coded=_coded(recipe, network, "kept" if kept else "draws"),
        drawn=network.drawn,
        decoded=network.decoded,
        places="places, " if network.places else "",
        data=_data(file, {network.told, "classes" if recipe.training.needs_classes() else ""} - {""}),
        encoder=network.encoder,
        decoder=network.decoder,
        joined=network.joined,
        told=f", {network.told}" if network.told else "",
        training=training.training(
            recipe,
            network,
            "".join(each.before for each in told),
            mean,
            told=2 + len(network.said),
            chunk=chunk,
            trained=f", train_{network.told}[rows]" if network.told else "",
            tested=f", test_{network.told}[rows]" if network.told else "",
            judged=", learning=False" if learning else "",
        ),
        last=training.last_stage(recipe.training, recipe.epochs),
        more="".join(f", 0 if learning else {value}" for value in network.said.values()),
        said="".join(f", {name} {{:.6f}}" for name in training.said(recipe.training) or network.said),
    )


def _told(recipe: Recipe, network: Network, chunk: int) -> list[terms.Words]:
    """The words for each term of the recipe."""
    seen = "torch.cat([{x}.flatten(1), one_hot(classes, {draws})], dim=1)" if network.joined else "{x}"
    code = network.code.format(encoded=f"encoded({seen}, {{draws}})")
    if gate := terms.gates(recipe.terms):
        code = f"largest({code}, {gate.active})"
    fed = "corrupted(x, noise)[0]" if corruption.emphasised(recipe.pairing) else "corrupted(x, noise)"
    around = terms.Around(code, fed, network.places, chunk, ", classes" if network.joined else "")
    return [terms.words(term, recipe.model, recipe.terms, around) for term in recipe.terms]


def _data(file: str, told: Collection[str]) -> str:
    """How the script comes to its data; told: what else of the examples, their classes or their tags."""
    if file:
        return texts.ARRAYS.format(name=file) + "".join(texts.ARRAYS_TOLD.format(told=each) for each in sorted(told))
    return texts.DIGITS + (texts.DIGITS_LABELS if told else "")


def _coded(recipe: Recipe, network: Network, draws: str) -> str:
    """How `losses` comes to z."""
    gate = terms.gates(recipe.terms)
    seen = "joined" if network.joined else "x"
    line = f"{'whole' if gate else 'z'}{', places' if network.places else ''} = encoded({seen}, {draws})"
    return f"{line}\n    z = largest(whole, {gate.active})" if gate else line


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
    model, pairing = recipe.model, recipe.pairing
    found = []
    if type(model) not in networks.KNOWN:
        known = ", ".join(each.kind() for each in networks.KNOWN)
        found.append(f"The script cannot build this {model.kind()}: it knows {known}.")
    for term in recipe.terms:
        if type(term) not in terms.KNOWN:
            known = ", ".join(each.kind() for each in terms.KNOWN)
            found.append(f"The script cannot compute {term.kind()}: it knows {known}.")
    if type(pairing) not in corruption.KNOWN:
        known = ", ".join(each.kind() for each in corruption.KNOWN)
        found.append(f"The script knows the corruptions {known}.")
    return found
