"""What the README shows works as it stands there."""

import json
import re
from pathlib import Path

import pytest
import torch

import aeviz.learning.terms
from aeviz.data.pairings import Batch
from aeviz.learning.terms import Term
from aeviz.models import Mlp, Pass
from aeviz.recipe import read_recipe
from aeviz.seeds import generator

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks in a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_recipe_is_a_recipe_whose_choices_go_together():
    recipe = read_recipe(blocks("json")[0])
    assert recipe.misfits() == []
    assert recipe.to_json().items() >= {"epochs": 20, "batch_size": 128, "seed": 0}.items()
    assert json.loads(blocks("json")[0])["terms"][0]["weight"] == recipe.terms[0].weight


def test_the_notebook_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # it makes a store where it runs
    example = next(block for block in blocks("python") if "trained = train(" in block)
    assert len(example.strip().splitlines()) == 5
    names: dict[str, object] = {}
    exec(example.replace("epochs=30", "epochs=2"), names)
    assert names["trained"].codes.shape == (360, 2)  # type: ignore[attr-defined]


def test_the_regularizer_is_one_class_that_works():
    example = next(block for block in blocks("python") if "(Term)" in block)
    names = dict(vars(aeviz.learning.terms))
    exec(example, names)
    term = next(
        value
        for value in names.values()
        if isinstance(value, type)
        and value.__module__ == names["__name__"]
        and issubclass(value, Term)
        and value not in aeviz.learning.terms.TERMS
        and value is not Term
    )()
    model = Mlp(code=3).build((4,), generator(0, "weights"))
    x = torch.rand(50, 4, generator=generator(0, "x"))
    code = model.encode(x)
    penalty = term.penalty(Pass(model, Batch(x, x), code, model.decode(code)))
    off_diagonal = torch.cov(code.z.T, correction=0).triu(1)
    torch.testing.assert_close(penalty, off_diagonal.square().sum())
