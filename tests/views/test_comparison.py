"""What differs between recipes, in words."""

import pytest

from aeviz.data import Digits, Toys
from aeviz.data.pairings import GaussianNoise
from aeviz.learning.terms import Contractive, SparseL1
from aeviz.models import Mlp, Vae
from aeviz.recipe import Recipe
from aeviz.views import comparison


def test_equal_recipes_do_not_differ():
    assert comparison.difference([Recipe(), Recipe()]) == {}


def test_only_what_varies_is_named():
    recipes = [Recipe(epochs=10), Recipe(epochs=20, terms=(SparseL1(weight=0.5), Contractive()))]
    assert comparison.difference(recipes) == {
        "Epochs": ["10", "20"],
        "Regularizers": ["none", "Sparse, L1 (0.5) + Contractive (0.1)"],
    }


def test_advanced_numbers_are_named_where_they_were_changed():
    found = comparison.difference([Recipe(), Recipe(terms=(Contractive(probes=9),))])
    assert found["Regularizers"][1] == "Contractive (0.1, 9)"


def test_a_choice_that_a_recipe_lacks_is_a_dash():
    found = comparison.difference([Recipe(model=Mlp()), Recipe(model=Vae(beta=4))])
    assert found["β"] == ["–", "4"] and found["Model"][1] == Vae.title


def test_defaults_of_another_model_are_left_out():
    assert list(comparison.difference([Recipe(model=Mlp()), Recipe(model=Vae())])) == ["Model"]


def test_data_and_corruption_are_named():
    found = comparison.difference([Recipe(data=Digits()), Recipe(data=Toys(noise=0.1), pairing=GaussianNoise())])
    assert found["Data: noise"] == ["–", "0.1"] and found["Corruption"][1] == "Gaussian noise (0.3)"


@pytest.mark.parametrize("count", [0, 1, 5, 200, 5000])
def test_thinned_rows_keep_both_ends(count):
    rows = list(range(count))
    found = comparison.thinned(rows)
    assert len(found) <= 200 and found == sorted(set(found))
    assert found[:1] == rows[:1] and found[-1:] == rows[-1:]


def test_the_one_thing_that_varies_is_an_axis_whatever_the_seeds():
    codes = [Recipe(model=Mlp(code=k), seed=seed) for k in (2, 8) for seed in (0, 1)]
    assert comparison.varied(codes) == ("Dense (MLP): Code size k", [2, 2, 8, 8])
    weights = [Recipe(terms=(SparseL1(weight=weight),)) for weight in (0.0, 0.5)]
    assert comparison.varied(weights) == ("Sparse, L1: Weight λ", [0.0, 0.5])
    assert comparison.varied([Recipe(), Recipe(pairing=GaussianNoise())]) is None, "its settings are new, too"
    assert comparison.varied([Recipe(seed=0), Recipe(seed=1)]) is None
    assert comparison.varied([Recipe(), Recipe(epochs=3, batch_size=64)]) is None
