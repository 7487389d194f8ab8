"""What a sweep varies, in words and in recipes; what cannot be is refused before anything is trained."""

import json
from typing import Any

import numpy as np
import pytest

from aeviz.errors import SettingError
from aeviz.learning import SparseL1
from aeviz.models import Vae
from aeviz.searches import SEARCHES, Range, Several
from aeviz.sweep import MOST_RUNS, Sweep, changed


def sweep(**parts: Any) -> Sweep:
    return Sweep.from_json(parts)


def test_a_grid_has_every_combination_and_every_seed():
    made = sweep(over={"model.code": [2, 8], "SparseL1.weight": [0, 0.1, 1]}, seeds=2, base={"seed": 5})
    points = made.search.known(made.over)
    assert len(points) == made.search.count(made.over) == 6
    assert points[1] == {"model.code": 2, "SparseL1.weight": 0.1}
    recipes = made.recipes(points[4])
    assert [recipe.seed for recipe in recipes] == [5, 6]
    assert recipes[0].model.code == 8 and recipes[0].terms == (SparseL1(weight=0.1),)


@pytest.mark.parametrize(
    ("place", "value", "found"),
    [
        ("epochs", 7, lambda recipe: recipe["epochs"] == 7),
        ("model", {"kind": "Vae", "beta": 2}, lambda recipe: recipe["model"] == {"kind": "Vae", "beta": 2}),
        ("Vae.beta", 3.0, lambda recipe: recipe["model"] == {"kind": "Vae", "beta": 3.0}),
        ("terms", ["SparseL1"], lambda recipe: recipe["terms"] == [{"kind": "SparseL1"}]),
        ("GaussianNoise.strength", 0.4, lambda recipe: recipe["pairing"] == {"kind": "GaussianNoise", "strength": 0.4}),
        ("optimizer.learning_rate", 0.1, lambda recipe: recipe["optimizer"]["learning_rate"] == 0.1),
    ],
)
def test_a_place_changes_its_own_choice_and_no_other(place, value, found):
    base = sweep(over={"seed": [0]}).base.to_json()
    before = json.dumps(base)
    made = changed(base, place, value)
    assert found(made)
    assert json.dumps(base) == before
    slots = {name for name in base if base[name] != made[name]}
    assert len(slots) == 1


def test_a_range_on_a_logarithmic_scale_has_equal_ratios_and_whole_numbers_stay_whole():
    weights = sweep(over={"SparseL1.weight": {"low": 0.01, "high": 10, "steps": 4}}).over["SparseL1.weight"].listed()
    assert np.allclose(np.diff(np.log10(weights)), 1)
    codes = sweep(over={"model.code": {"low": 1, "high": 64, "steps": 7, "scale": "log"}}).over["model.code"].listed()
    assert codes == [1, 2, 4, 8, 16, 32, 64]
    assert all(isinstance(each, int) for each in codes)


def test_a_sweep_is_the_same_as_its_json_and_its_name_does_not_change_its_id():
    made = sweep(
        base={"model": "Vae"}, over={"Vae.beta": {"low": 0.1, "high": 4}, "seed": [1, 2]}, search="Random", name="β"
    )
    again = Sweep.from_json(json.loads(json.dumps(made.to_json())))
    assert again == made
    assert isinstance(again.base.model, Vae)
    assert Sweep.from_json(made.to_json() | {"name": ""}).id() == made.id()
    assert Sweep.from_json(made.to_json() | {"seeds": 1, "over": {"seed": [1, 2]}}).id() != made.id()


def test_random_points_repeat_with_their_seed_and_stay_in_range():
    over = {"SparseL1.weight": {"low": 0.001, "high": 10}, "model.code": [2, 8]}
    first, same, other = (sweep(over=over, search={"kind": "Random", "runs": 40, "seed": seed}) for seed in (0, 0, 1))
    points = first.search.known(first.over)
    assert points == same.search.known(same.over) != other.search.known(other.over)
    weights = np.array([each["SparseL1.weight"] for each in points])
    assert weights.min() >= 0.001 and weights.max() <= 10
    assert (weights < 0.1).mean() == pytest.approx(0.5, abs=0.25), "half of the draws, since the scale is logarithmic"
    assert {each["model.code"] for each in points} == {2, 8}


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "random"])
def test_every_sampler_of_optuna_finds_a_valley(sampler):
    over = {"a": Range(low=0.0, high=1.0), "b": Range(low=0.01, high=100.0, scale="log")}
    search = next(each for each in SEARCHES if each.kind() == "Optuna")(sampler=sampler, runs=25)  # type: ignore[call-arg]
    proposer = search.proposer(over, [])
    scores = []
    while (point := proposer.ask()) is not None:
        scores.append((point["a"] - 0.3) ** 2 + np.log10(point["b"]) ** 2)
        proposer.tell(point, scores[-1])
    assert len(scores) == 25
    assert min(scores) < 0.15


def test_optuna_goes_on_from_what_it_was_told():
    over = {"a": Range(low=0.0, high=1.0), "kind": Several(("x", "y"))}
    search = next(each for each in SEARCHES if each.kind() == "Optuna")(runs=20)  # type: ignore[call-arg]
    told = [({"a": 0.1 * number, "kind": "x"}, float(number)) for number in range(10)]
    again = search.proposer(over, [*told, ({"a": 0.95, "kind": "y"}, None)])
    rest = [again.ask() for _ in range(10)]
    assert rest[-1] is None and all(each is not None for each in rest[:-1])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([], "is a JSON object"),
        ({}, "varies nothing"),
        ({"ovre": {}}, "Did you mean over?"),
        ({"over": []}, '"over" must be an object'),
        ({"over": {"model.code": []}}, "has no values"),
        ({"over": {"model.code": [0]}}, "must lie in"),
        ({"over": {"model.code": ["two"]}}, "must be a whole number"),
        ({"over": {"model.coed": [2]}}, "Did you mean code?"),
        ({"over": {"modle": ["Vae"]}}, "Did you mean model?"),
        ({"over": {"SparseL2.weight": [1]}}, "no place"),
        ({"over": {"model": ["Vaee"]}}, "There is no model"),
        ({"over": {"model.code": 5}}, "write a list of values, or a range"),
        ({"over": {"model.code": {"low": 2}}}, "write a list of values, or a range"),
        ({"over": {"model.code": {"low": 2, "high": 8, "stpes": 3}}}, "a range has no part"),
        ({"over": {"model.code": {"low": 8, "high": 2}}}, "must be less than"),
        ({"over": {"model.code": {"low": 2, "high": 8, "steps": 1}}}, "from 2 to 1000"),
        ({"over": {"model.code": {"low": 2, "high": 8, "scale": "cubic"}}}, "must be linear or log"),
        ({"over": {"SparseL1.weight": {"low": 0, "high": 8, "scale": "log"}}}, "greater than 0"),
        ({"over": {"SparseL1.weight": {"low": float("nan"), "high": 8}}}, "must be a number"),
        ({"over": {"model.code": {"low": 2, "high": 10**9}}}, "must lie in"),
        ({"over": {"model.activation": {"low": 0, "high": 1}}}, "is no number and has no range"),
        ({"over": {"seed": [0, 1]}, "seeds": 2}, "varied twice"),
        ({"over": {"seed": [0]}, "seeds": 0}, "from 1 to 50"),
        ({"over": {"seed": [0]}, "seeds": True}, "whole number from 1"),
        ({"over": {"seed": [0]}, "search": "Bayes"}, "There is no search"),
        ({"over": {"seed": [0]}, "search": {"kind": "Random", "runs": 0}}, "must lie in"),
        ({"over": {"model": ["Mlp", "Vae"]}, "search": {"kind": "Optuna", "sampler": "cmaes"}}, "takes ranges only"),
        (
            {"over": {"SparseL1.weight": {"low": 0.1, "high": 1, "steps": 1000}, "epochs": list(range(1, 1001))}},
            "at most",
        ),
        ({"base": {"epochs": 0}, "over": {"seed": [0]}}, "must lie in"),
        ({"base": 5, "over": {"seed": [0]}}, "A recipe is a JSON object"),
    ],
)
def test_what_cannot_be_is_refused_in_words(wrong, words):
    with pytest.raises(SettingError) as refused:
        Sweep.from_json(wrong).check()
    assert words in str(refused.value)
    assert str(refused.value).rstrip().endswith(".")


def test_a_point_whose_choices_do_not_go_together_is_named():
    with pytest.raises(SettingError, match=r"With SparseKl.weight = 0.1: SparseKl"):
        sweep(over={"SparseKl.weight": [0.1]}).check()


def test_more_runs_than_can_be_are_refused_before_they_are_listed():
    with pytest.raises(SettingError, match=f"at most {MOST_RUNS:,}"):
        sweep(over={"seed": {"low": 0, "high": 1000, "steps": 1000}, "epochs": {"low": 1, "high": 1000, "steps": 1000}})
