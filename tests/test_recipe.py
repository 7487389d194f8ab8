"""Recipes: what does not go together and why, and reading them from JSON."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from aeviz.data.digits import Digits
from aeviz.data.pairings import MaskingNoise
from aeviz.data.toys import Toys
from aeviz.errors import DataError, RecipeError, SettingError
from aeviz.learning import SGD, AdamW, CodeL2, Contractive, SparseKl, SparseL1, WeightDecay
from aeviz.models import Conv, ConvUnpool, ConvVae, Linear, Mlp, ModelSpec, Vae
from aeviz.recipe import Recipe, read_recipe

DIGITS = Recipe()


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (
            replace(DIGITS, batch_size=1438),
            "batch_size = 1438: Digits has only 1437 training examples. Choose at most 1437.",
        ),
        (
            replace(DIGITS, epochs=100_000, batch_size=1),
            "100,000 epochs of Digits in batches of 1 make 143,700,000 steps, and at most 5,000,000 are run: "
            "take fewer epochs or larger batches.",
        ),
        (
            replace(DIGITS, model=Mlp(hidden=(4096,) * 8, code=512)),
            "Mlp would have 239,665,728 parameters on Digits, and at most 50,000,000 fit: use fewer or narrower "
            "layers, a smaller code or smaller images.",
        ),
        (
            replace(DIGITS, terms=(SparseKl(),)),
            "SparseKl needs codes between 0 and 1, and those of Mlp are not: set its code_activation to sigmoid, "
            "or use SparseL1.",
        ),
        (
            replace(DIGITS, model=Linear(), terms=(SparseKl(),)),
            "SparseKl needs codes between 0 and 1, and those of Linear are not: choose Mlp or Conv with "
            "code_activation sigmoid, or use SparseL1.",
        ),
        (
            replace(DIGITS, model=Vae(), terms=(CodeL2(),)),
            "CodeL2 is already part of the KL of Vae (its ½‖μ‖²): raise beta, or remove the term.",
        ),
        (
            replace(DIGITS, terms=(SparseL1(), SparseL1(weight=1))),
            "SparseL1 is there 2 times: keep one, with the sum of the weights.",
        ),
        (
            replace(DIGITS, terms=(WeightDecay(),), optimizer=AdamW()),
            "AdamW already shrinks the weights: set its decay to 0, or remove WeightDecay.",
        ),
        (
            replace(DIGITS, data=Toys(), model=Conv()),
            "Conv needs images, and these data are points of 2 numbers: choose Mlp.",
        ),
        (
            replace(DIGITS, model=ConvUnpool(channels=(4, 4, 4, 4))),
            "ConvUnpool.channels has 4 layers, and each halves the image: 8 × 8 pixels allow at most 3.",
        ),
    ],
    ids=lambda each: each.name() if isinstance(each, Recipe) else "",
)
def test_what_does_not_go_together_is_said_with_a_remedy(recipe: Recipe, sentence: str) -> None:
    assert recipe.misfits() == [sentence]
    with pytest.raises(RecipeError) as caught:
        recipe.check()
    assert caught.value.problems == (sentence,)


@pytest.mark.parametrize(
    "recipe",
    [
        DIGITS,
        replace(DIGITS, batch_size=1437),
        replace(DIGITS, epochs=50_000, batch_size=1437),
        replace(DIGITS, model=Mlp(code_activation="sigmoid"), terms=(SparseKl(), SparseL1(), Contractive())),
        replace(DIGITS, terms=(WeightDecay(),), optimizer=AdamW(decay=0)),
        replace(DIGITS, terms=(WeightDecay(),), optimizer=SGD()),
        replace(DIGITS, model=Conv(channels=(4, 4, 4)), terms=(CodeL2(),)),
        replace(DIGITS, data=Toys(), model=Vae()),
    ],
    ids=lambda recipe: recipe.name(),
)
def test_what_goes_together_is_itself_when_checked(recipe: Recipe) -> None:
    assert recipe.check() is recipe


def test_all_misfits_are_named_at_once() -> None:
    recipe = Recipe(model=ConvVae(channels=(4,) * 5), terms=(CodeL2(), SparseKl(), SparseKl()), batch_size=2000)
    assert len(recipe.misfits()) == 6
    assert all(sentence.endswith(".") for sentence in recipe.misfits())


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28), (1, 9, 31)])
@pytest.mark.parametrize("model", [Conv, ConvUnpool, ConvVae])
def test_the_number_of_layers_that_a_misfit_allows_is_allowed(model: type[Any], shape: tuple[int, ...]) -> None:
    for layers in range(1, 6):
        spec: ModelSpec = model(channels=(2,) * layers)
        if misfits := spec.misfits(shape):
            most = int(misfits[0].rstrip(".").split()[-1])
            assert most == layers - 1
            break
        assert spec.parameters(shape) > 0


def test_data_that_cannot_be_had_are_the_only_misfit(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(self: Digits) -> tuple[int, ...]:
        raise DataError("The file is gone. Upload it again.")

    monkeypatch.setattr(Digits, "shape", missing)
    assert DIGITS.misfits() == ["The file is gone. Upload it again."]


# JSON


def test_defaults_fill_what_is_left_out() -> None:
    assert read_recipe("{}") == Recipe()
    assert read_recipe('{"model": "Vae", "terms": ["SparseL1"]}') == Recipe(model=Vae(), terms=(SparseL1(),))
    assert read_recipe(b'{"model": {"kind": "Mlp", "hidden": []}}') == Recipe(model=Mlp(hidden=()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The recipe is not valid JSON"),
        ("{", "The recipe is not valid JSON"),
        (b"\xff\xfe\x00", "The recipe is not valid JSON"),
        ("[" * 100_000, "The recipe is not valid JSON"),
        ("9" * 5000, "The recipe is not valid JSON"),
        ("[]", "A recipe is a JSON object, such as"),
        ('"Mlp"', "A recipe is a JSON object, such as"),
        ("null", "A recipe is a JSON object, such as"),
        ('{"epoch": 3}', "A recipe has no part 'epoch'. Did you mean epochs?"),
        ('{"modle": "Mlp"}', "A recipe has no part 'modle'. Did you mean model?"),
        ('{"colour": "red"}', "A recipe has no part 'colour'. There are: data, model,"),
        ('{"epochs": NaN}', "Recipe.epochs = nan: must be a whole number."),
        ('{"epochs": 1e400}', "Recipe.epochs = inf: must be a whole number."),
        ('{"epochs": 1' + "0" * 400 + "}", "must lie in [1, 100000]."),
        ('{"epochs": "many"}', "Recipe.epochs = 'many': must be a whole number."),
        ('{"seed": -1}', "Recipe.seed = -1: must lie in [0, 2147483647]."),
        ('{"optimizer": {"kind": "Adam", "learning_rate": NaN}}', "Adam.learning_rate = nan: must be a number."),
        ('{"model": []}', 'The model is []: write it as {"kind": "Mlp", …}.'),
        ('{"model": null}', "The model is None"),
        ('{"model": {"kind": "MLP"}}', "There is no model 'MLP'."),
        ('{"model": {"kind": ["Mlp"]}}', "There is no model"),
        ('{"model": {"kind": "Mlp", "hiden": [3]}}', "Mlp has no setting 'hiden'. Did you mean hidden?"),
        ('{"model": {"kind": "Mlp", "hidden": {"a": 1}}}', "must be a row of whole numbers"),
        ('{"model": {"kind": "Mlp", "hidden": [[1]]}}', "must be a whole number"),
        ('{"data": {"kind": "Digit"}}', "There is no data 'Digit'. Did you mean Digits?"),
        ('{"terms": {"kind": "SparseL1"}}', "must be a list, such as []."),
        ('{"terms": "SparseL1"}', "must be a list, such as []."),
        ('{"terms": [3]}', "The term is 3: write it as"),
        ('{"pairing": {"kind": "Masking"}}', "There is no pairing 'Masking'. Did you mean MaskingNoise?"),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_what_is_not_a_recipe_is_refused_in_words(text: str | bytes, words: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_recipe(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def test_every_problem_of_a_recipe_is_named_in_its_own_sentence() -> None:
    given = {
        "epoch": 1,
        "seed": "x",
        "model": "Nothing",
        "terms": [{"kind": "SparseL1", "weight": -1}, {"kind": "SparseKl", "rho": 3, "weight": -2}],
    }
    with pytest.raises(SettingError) as caught:
        Recipe.from_json(given)
    problems = caught.value.problems
    assert len(problems) == 6
    for words in ("'epoch'", "Recipe.seed", "'Nothing'", "SparseL1.weight", "SparseKl.rho", "SparseKl.weight"):
        assert sum(words in problem for problem in problems) == 1


# Names and ids


def test_equal_recipes_have_equal_ids_whatever_the_order_of_their_json() -> None:
    recipe = Recipe(model=Vae(code=3), terms=(SparseL1(), Contractive()), pairing=MaskingNoise())
    shuffled = json.loads(json.dumps(dict(reversed(recipe.to_json().items()))))
    assert Recipe.from_json(shuffled).id() == recipe.id()
    assert len(recipe.id()) == 12
    assert int(recipe.id(), 16) >= 0
    others = (
        replace(recipe, seed=1),
        replace(recipe, model=Vae(code=4)),
        replace(recipe, terms=(SparseL1(),)),
        replace(recipe, terms=()),
        replace(recipe, pairing=MaskingNoise(strength=0.31)),
    )
    assert len({each.id() for each in (recipe, *others)}) == 6


def test_the_id_is_the_hash_of_the_recipe_with_every_default_written_out() -> None:
    recipe = Recipe.from_json({"model": {"kind": "Linear"}})
    text = (
        '{"batch_size":128,"data":{"kind":"Digits"},"epochs":100,'
        '"model":{"code":2,"kind":"Linear","likelihood":"gaussian","tied":false},'
        '"optimizer":{"beta1":0.9,"kind":"Adam","learning_rate":0.001,"schedule":"constant"},'
        '"pairing":{"kind":"Clean"},"seed":0,"terms":[],'
        '"training":{"frozen":[],"frozen_epochs":0,"kind":"EndToEnd","patience":0}}'
    )
    assert recipe.id() == hashlib.sha256(text.encode()).hexdigest()[:12]


def test_a_recipe_is_named_by_what_is_special_about_it() -> None:
    assert Recipe().name() == "Mlp · Digits"
    recipe = Recipe(terms=(SparseL1(), Contractive()), pairing=MaskingNoise(), data=Toys())
    assert recipe.name() == "Mlp · SparseL1 · Contractive · MaskingNoise · Toys"
