"""Comparisons in one click, and one thing changed by hand."""

from dataclasses import replace

import pytest

from aeviz.comparisons import COMPARISONS, by_hand, places, weighted
from aeviz.data import Toys
from aeviz.errors import SettingError
from aeviz.learning import TopK
from aeviz.models import Mlp, Vae
from aeviz.recipe import Recipe
from aeviz.runs.walls import recipes

NAMED = {each.name: each for each in COMPARISONS}


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize(
    "base", [Recipe(), Recipe(model=Vae()), Recipe(data=Toys(points=200), model=Mlp(hidden=(8,)), batch_size=32)]
)
def test_every_comparison_makes_a_wall_of_every_kind_of_base(name: str, base: Recipe) -> None:
    found = recipes(NAMED[name].sweep(base))
    assert 2 <= len(found) <= 12
    assert all(each.data == base.data and each.epochs == base.epochs for each in found)


def test_the_kinds_are_plain_sparse_denoising_and_contractive() -> None:
    found = recipes(NAMED["kinds"].sweep(Recipe()))
    assert [([term.kind() for term in each.terms], each.pairing.kind()) for each in found] == [
        ([], "Clean"),
        (["SparseL1"], "Clean"),
        ([], "MaskingNoise"),
        (["Contractive"], "Clean"),
    ]


def test_the_weight_of_any_term_runs_from_0_to_10_in_six_steps() -> None:
    for term in weighted():
        found = recipes(NAMED["weights"].sweep(Recipe(model=Mlp(code=12, code_activation="sigmoid")), term))
        weights = [next(each.weight for each in recipe.terms if each.kind() == term) for recipe in found]
        assert (weights[0], weights[-1], len(weights)) == (0, 10, 6) and weights == sorted(weights)
    assert "SparseL1" in weighted()


def test_over_complete_codes_are_larger_than_the_input_and_no_hidden_layer_narrows_them() -> None:
    found = recipes(NAMED["complete"].sweep(Recipe()))
    assert [each.model.code for each in found] == [4, 16, 64, 128]
    assert all(each.model.hidden == () for each in found if isinstance(each.model, Mlp))


def test_points_that_do_not_go_together_with_the_base_are_left_out() -> None:
    base = Recipe(model=Mlp(code=4), terms=(TopK(active=3),))
    assert [each.model.code for each in recipes(NAMED["codes"].sweep(base))] == [4, 8, 16, 32, 64]
    with pytest.raises(SettingError, match="batch_size"):
        NAMED["codes"].sweep(replace(Recipe(), batch_size=8192))


@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        ("model.code", "1, 2,8", [1, 2, 8]),
        ("model.hidden", "[64], [128, 64]", [(64,), (128, 64)]),
        ("model.activation", "relu, tanh", ["relu", "tanh"]),
        ("SparseKl.weight", "0.5, 1", [0.5, 1.0]),
    ],
)
def test_values_are_read_as_people_write_them(place: str, text: str, found: list[object]) -> None:
    made = recipes(by_hand(Recipe(model=Mlp(code_activation="sigmoid")), place, text))
    setting = place.partition(".")[2]
    assert [getattr(each.terms[0] if "Kl" in place else each.model, setting) for each in made] == found
    assert place in places(Recipe())


def test_every_place_that_is_offered_can_be_changed() -> None:
    for place in places(Recipe()):
        with pytest.raises(SettingError) as refused:
            by_hand(Recipe(), place, '{"nonsense": 1}')
        assert "has no place" not in str(refused.value) and "has no setting" not in str(refused.value)


def test_seeds_repeat_each_value() -> None:
    found = recipes(by_hand(Recipe(), "model.code", "1, 2", seeds=3))
    assert [(each.model.code, each.seed) for each in found] == [(k, seed) for k in (1, 2) for seed in (0, 1, 2)]
