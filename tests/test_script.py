"""The script of a recipe, run by itself, comes to the numbers of the run; what it has no words for is refused."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aeviz.data import Bars, TaggedShapes, Toys
from aeviz.data.cache import loaded
from aeviz.data.pairings import GaussianNoise, MaskingNoise, Occlusion, SaltAndPepper, SuperResolution
from aeviz.errors import RecipeError
from aeviz.learning import SGD, Adam, AdamW, CodeL2, Contractive, SparseKl, SparseL1, TopK, WeightDecay
from aeviz.models import Conv, ConvUnpool, ConvVae, Linear, Mlp, Rbm, Vae
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from aeviz.script import arrays, file_of, notebook, refusals, script

RECIPES = {
    "plain": Recipe(model=Mlp(hidden=(16,), code=3), epochs=3, batch_size=100, seed=5),
    "sparse and tanh": Recipe(
        model=Mlp(hidden=(16, 8), code=4, activation="tanh", code_activation="relu", likelihood="gaussian"),
        terms=(SparseL1(weight=0.3), WeightDecay()),
        pairing=GaussianNoise(),
        optimizer=SGD(learning_rate=0.01),
        epochs=2,
    ),
    "contractive": Recipe(
        model=Mlp(hidden=(), code=6, code_activation="sigmoid"),
        terms=(Contractive(weight=0.5), CodeL2()),
        pairing=MaskingNoise(),
        optimizer=AdamW(),
        epochs=2,
    ),
    "variational": Recipe(
        data=Bars(), model=Vae(hidden=(9,), code=3, beta=2), optimizer=Adam(schedule="cosine"), epochs=3
    ),
    "capacity": Recipe(
        model=Vae(hidden=(12, 9), code=3, beta=20, capacity=5, activation="elu"), terms=(WeightDecay(weight=0.01),),
        optimizer=Adam(schedule="steps"), epochs=3, seed=2,
    ),
    "linear, tied": Recipe(data=Toys(points=200), model=Linear(code=1, tied=True), batch_size=50, epochs=3),
    "tied, sparse, salted, in colour": Recipe(
        data=TaggedShapes(images=150, size=16),
        model=Mlp(hidden=(20,), code=5, tied=True, code_activation="sigmoid"),
        terms=(SparseKl(rho=0.2), WeightDecay(weight=0.01)), pairing=SaltAndPepper(strength=0.3),
        optimizer=SGD(schedule="warmup"), epochs=2, batch_size=40,
    ),
    "masked, in colour": Recipe(
        data=TaggedShapes(images=150, size=16), model=Mlp(hidden=(20,), code=5), pairing=MaskingNoise(), epochs=2,
        batch_size=40,
    ),
    "convolutional": Recipe(
        data=TaggedShapes(images=150, size=18), model=Conv(channels=(4, 6), code=3, activation="silu"),
        terms=(WeightDecay(weight=0.01), SparseL1()), epochs=2, batch_size=40,
    ),
    "convolutional, tied, with dropout": Recipe(
        model=Conv(channels=(4, 6), code=5, tied=True, dropout=0.3, code_activation="sigmoid"),
        terms=(SparseKl(), WeightDecay(weight=0.01)), pairing=Occlusion(), epochs=2,
    ),
    "convolutional, variational": Recipe(
        model=ConvVae(channels=(4,), code=2, beta=2, dropout=0.1), pairing=SuperResolution(), epochs=2,
    ),
    "contractive, convolutional": Recipe(
        model=Conv(channels=(4,), code=3), terms=(Contractive(weight=0.5),), epochs=2,
    ),
    "dropout": Recipe(model=Mlp(hidden=(16, 8), code=3, dropout=0.4, activation="gelu"), epochs=3),
    "dropout, tied": Recipe(
        model=Mlp(hidden=(16, 8), code=3, dropout=0.2, tied=True), pairing=SuperResolution(strength=0.7), epochs=3
    ),
    "dropout, variational, occluded points": Recipe(
        data=Toys(figure="swiss roll", points=200), model=Vae(hidden=(9,), code=2, dropout=0.2),
        pairing=Occlusion(), epochs=3, batch_size=50,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_a_script_trains_the_same_model_to_the_same_numbers(name: str, store: Store, tmp_path: Path) -> None:
    recipe = RECIPES[name]
    path = tmp_path / "script.py"
    path.write_text(script(recipe), encoding="utf-8")
    if file := file_of(recipe):
        (tmp_path / file).write_bytes(arrays(loaded(recipe.data)))
    # -P and another folder: nothing of this package is within its reach.
    command = [sys.executable, "-P", str(path)]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stderr
    assert "aeviz" not in path.read_text(encoding="utf-8")
    found = re.search(r"test loss ([0-9.]+), squared error ([0-9.]+)", told.stdout)
    assert found
    test = carry_out(store, recipe).summary["test"]
    assert float(found[1]) == pytest.approx(test["loss"], rel=1e-4)
    assert float(found[2]) == pytest.approx(test["mse"], rel=1e-4)
    # Far nearer than another seed comes.
    assert abs(float(found[1]) - test["loss"]) < 1e-3 < test["loss"]


def test_a_notebook_runs_cell_by_cell_to_the_numbers_of_the_script(tmp_path: Path) -> None:
    recipe = RECIPES["contractive"]
    made = json.loads(notebook(recipe))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    first, *code = made["cells"]
    assert first["cell_type"] == "markdown" and '"Contractive"' in "".join(first["source"])
    assert len({cell["id"] for cell in made["cells"]}) == len(made["cells"]) > 4
    assert all(cell["cell_type"] == "code" and cell["outputs"] == [] for cell in code)
    # As a kernel does it: each cell compiled by itself, all in one namespace.
    cells = json.dumps(["".join(cell["source"]) for cell in code])
    (tmp_path / "cells.json").write_text(cells, encoding="utf-8")
    (tmp_path / "script.py").write_text(script(recipe), encoding="utf-8")
    kernel = (
        "import json\nname = {}\nfor cell in json.load(open('cells.json')): exec(compile(cell, 'cell', 'exec'), name)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-P", *words], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
        )
        for words in (["-c", kernel], ["script.py"])
    ]
    assert told[0].stdout == told[1].stdout
    assert "test loss" in told[0].stdout


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (Recipe(model=ConvUnpool()), "ConvUnpool"),
        (Recipe(model=Rbm()), "Rbm"),
        (
            Recipe(model=Mlp(code_activation="sigmoid"), terms=(SparseKl(average="running"),)),
            "over the batch",
        ),
        (Recipe(model=Mlp(code=16), terms=(TopK(),)), "TopK"),
        (Recipe(pairing=MaskingNoise(alpha=2)), "emphasis"),
        (Recipe(model=Mlp(code=65), terms=(Contractive(),)), "up to 64"),
    ],
)
def test_what_a_script_has_no_words_for_is_named(recipe: Recipe, said: str) -> None:
    assert any(said in each for each in refusals(recipe))
    with pytest.raises(RecipeError, match=said):
        script(recipe)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")
