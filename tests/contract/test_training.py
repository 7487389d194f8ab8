"""Whatever is listed trains: every model with every term, pairing and optimizer, on images and on points."""

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from aeviz.data.pairings import PAIRINGS, Clean, Pairing
from aeviz.errors import RecipeError
from aeviz.learning import OPTIMIZERS, TERMS, Optimizer, Term
from aeviz.models import MODELS, ModelSpec, Samples
from aeviz.models.autoencoder import Code
from aeviz.recipe import Recipe
from aeviz.runs.experiment import load_model
from aeviz.seeds import generator
from tests.contract.drawn import IMAGES, POINTS, Trial, data_of, fitting, named, neighbours, same

MAYBE_TERMS = (None, *TERMS)
models = pytest.mark.parametrize("model", MODELS, ids=named)
pairings = pytest.mark.parametrize("pairing", PAIRINGS, ids=named)
optimizers = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=named)
shapes = pytest.mark.parametrize("shape", [IMAGES, POINTS], ids=["images", "points"])

# Every model with every term, in the first setting in which the term accepts the model; the refused ones have a test
# of their own.
ACCEPTED = [
    pytest.param(*fits, id=f"{named(model)}-{named(term)}")
    for model in MODELS
    for term in MAYBE_TERMS
    if (fits := fitting(model, term))
]
accepted = pytest.mark.parametrize(("spec", "terms"), ACCEPTED)


def paired() -> Iterator[Any]:
    """Every model with every pairing, and every model with every term and a pairing; these take turns.

    So any two choices meet. All three at once would be four times as many cases that show nothing else.
    """
    taken = Counter(type(term) for each in ACCEPTED for term in each.values[1])
    met = Counter[type[Term]]()
    for each in ACCEPTED:
        spec, terms = each.values
        turns, turn = 1, 0
        for term in terms:  # one at most; where few models take it, each of them has several pairings
            turns, turn = min(taken[type(term)], len(PAIRINGS)), met[type(term)]
            met[type(term)] += 1
        for place, pairing in enumerate(PAIRINGS):
            if (place - turn) % turns == 0:
                yield pytest.param(spec, terms, pairing(), id=f"{each.id}-{named(pairing)}")


PAIRED = list(paired())


def added(trial: Trial, losses: dict[str, float]) -> float:
    """The sum of all that a loss should consist of."""
    return sum(value for name, value in losses.items() if name not in {"loss", "mse", *trial.model.beside})


def check_three_steps(spec: ModelSpec, terms: tuple[Term, ...], pairing: Pairing, shape: tuple[int, ...]) -> None:
    """Finite losses that add up, every weight moved, and all of it twice the same."""
    first, second = (Trial(spec, terms, pairing, shape=shape) for _ in range(2))
    global_state, before = torch.random.get_rng_state(), first.weights()
    for _ in range(3):  # in turn, as two runs in one worker
        ((losses,), (again,)) = first.steps(1), second.steps(1)
        assert {"loss", "reconstruction", *(term.kind() for term in terms)} <= losses.keys()
        assert all(map(math.isfinite, losses.values()))
        assert losses["loss"] == pytest.approx(added(first, losses), rel=1e-5)
        assert losses == again
    assert torch.equal(global_state, torch.random.get_rng_state()), "torch's global generator was used"
    assert same(first.weights(), second.weights())
    for name, parameter in first.model.named_parameters():
        assert parameter.grad is not None, f"{name} has no gradient"
        assert parameter.grad.isfinite().all()
        assert parameter.isfinite().all()
        assert not torch.equal(before[name], parameter), f"{name} stays as it was"


@pytest.mark.parametrize(("spec", "terms", "pairing"), PAIRED)
def test_three_steps_give_finite_losses_that_add_up_and_move_every_weight_the_same_way_twice(
    spec: ModelSpec, terms: tuple[Term, ...], pairing: Pairing
) -> None:
    check_three_steps(spec, terms, pairing, IMAGES)


def test_every_pairing_has_met_every_model_and_every_term() -> None:
    met = {
        (type(each.values[2]), kind) for each in PAIRED for kind in (type(each.values[0]), *map(type, each.values[1]))
    }
    assert met == {(pairing, kind) for pairing in PAIRINGS for kind in (*MODELS, *TERMS)}


@pytest.mark.parametrize(("spec", "terms"), [each for each in ACCEPTED if not each.values[0].misfits(POINTS)])
def test_points_are_learned_like_images(spec: ModelSpec, terms: tuple[Term, ...]) -> None:
    check_three_steps(spec, terms, PAIRINGS[1](), POINTS)


@accepted
def test_evaluation_changes_nothing_and_repeats_itself(spec: ModelSpec, terms: tuple[Term, ...]) -> None:
    at_work = Trial(spec, terms)
    at_work.steps(1)
    weights, state = at_work.weights(), {name: value.clone() for name, value in at_work.learner.state().items()}
    gradients = {name: value.grad.clone() for name, value in at_work.model.named_parameters() if value.grad is not None}
    global_state = torch.random.get_rng_state()
    first = at_work.learner.evaluate(at_work.batch, generator(5, "evaluation"))
    second = at_work.learner.evaluate(at_work.batch, generator(5, "evaluation"))
    assert first == second
    assert first["loss"] == pytest.approx(added(at_work, first), rel=1e-5)
    assert same(weights, at_work.weights())
    assert same(state, at_work.learner.state())
    assert all(torch.equal(gradients[name], value.grad) for name, value in at_work.model.named_parameters())
    assert torch.equal(global_state, torch.random.get_rng_state())


@models
@pytest.mark.parametrize("term", TERMS, ids=named)
def test_a_term_is_refused_with_a_remedy_or_counts_as_its_weight_says(model: type[ModelSpec], term: type[Term]) -> None:
    for refusal in term().refusals(model()):
        assert term.kind() in refusal
        assert any(word in refusal for word in (" set ", " use ", " choose ", " raise ", " remove ")), refusal
        assert refusal.endswith(".")
    fits = fitting(model, term)
    if fits is None:
        assert term().refusals(model()), "refused only after a change"
        return
    chosen, (one,) = fits
    parts = []
    for weight in (0.25, 0.5):
        learner = Trial(chosen, (replace(one, weight=weight),))
        parts.append(learner.steps(1)[0])
    assert parts[0][term.kind()] > 0
    assert parts[1][term.kind()] == pytest.approx(2 * parts[0][term.kind()], rel=1e-5)
    assert parts[1]["reconstruction"] == parts[0]["reconstruction"]


@models
@optimizers
def test_every_optimizer_lowers_the_loss_of_every_model_and_goes_on_after_a_restore(
    model: type[ModelSpec], optimizer: type[Optimizer]
) -> None:
    chosen = optimizer(learning_rate=1e-3)
    straight = Trial(model(), optimizer=chosen)
    losses = straight.steps(12)
    assert losses[-1]["loss"] < losses[0]["loss"]

    broken = Trial(model(), optimizer=chosen)
    broken.steps(6)
    resumed = Trial(model(), optimizer=chosen)
    resumed.model.load_state_dict(broken.weights())
    resumed.learner.restore({name: value.clone() for name, value in broken.learner.state().items()})
    resumed.draws = broken.draws
    resumed.steps(6)
    assert same(straight.weights(), resumed.weights())


@models
@shapes
@pytest.mark.parametrize("code", [1, 2, 5])
def test_codes_and_reconstructions_have_the_shapes_that_the_spec_says(
    model: type[ModelSpec], shape: tuple[int, ...], code: int
) -> None:
    spec = model(code=code)
    if misfits := spec.misfits(shape):
        assert all(sentence.endswith(".") and "choose" in sentence for sentence in misfits)
        assert Recipe(model=spec).model is spec
        return
    at_work = Trial(spec, shape=shape)
    x = at_work.batch.inputs
    encoded = at_work.model.encode(x)
    assert encoded.z.shape == (len(x), code)
    assert at_work.model.decode(encoded).shape == x.shape
    assert at_work.model.decode(Code(encoded.z)).shape == x.shape
    assert at_work.model.reconstruct(x[:1]).shape == (1, *shape)
    assert spec.parameters(shape) == sum(each.numel() for each in at_work.model.parameters())
    assert spec.variational() == (encoded.posterior is not None)
    assert isinstance(at_work.model, Samples) or not spec.variational()
    if isinstance(at_work.model, Samples):
        assert at_work.model.prior(7, generator(0)).shape == (7, code)


@pytest.mark.parametrize(
    "spec",
    [spec for model in MODELS for spec in neighbours(model()) if not spec.misfits(IMAGES)],  # type: ignore[attr-defined]
    ids=lambda spec: spec.kind(),
)
def test_every_single_choice_builds_one_model_from_one_seed_and_trains_with_all_its_terms(
    spec: ModelSpec,
) -> None:
    all_terms = [term() for term in TERMS if not term().refusals(spec)]
    first, second = Trial(spec, all_terms), Trial(spec, all_terms)
    assert same(first.weights(), second.weights())
    assert torch.equal(first.model.reconstruct(first.batch.inputs), first.model.reconstruct(first.batch.inputs))
    losses = first.steps(1)
    assert all(math.isfinite(value) for each in losses for value in each.values())
    assert set(losses[0]) >= {"loss", "reconstruction", *(term.kind() for term in all_terms)}
    assert all(parameter.grad is not None for parameter in first.model.parameters())
    assert not same(first.weights(), second.weights())


@pytest.mark.parametrize("spec", [spec for model in MODELS for spec in neighbours(model())], ids=str)
def test_codes_lie_where_the_spec_says(spec: ModelSpec) -> None:
    at_work = Trial(replace(spec, code=32))
    z = at_work.model.encode(at_work.batch.inputs).z
    if spec.code_range() == "positive":
        assert (z >= 0).all()
    elif spec.code_range() == "unit":
        assert ((z > 0) & (z < 1)).all()
    else:
        assert spec.code_range() == "unbounded"
        assert (z < 0).any()


@models
def test_saved_weights_give_back_the_same_model(model: type[ModelSpec], tmp_path: Path) -> None:
    recipe = Recipe(model=model(), seed=8)
    at_work = Trial(recipe.model)
    at_work.steps()
    save_file({name: value.numpy() for name, value in at_work.weights().items()}, tmp_path / "model.safetensors")
    loaded = load_model(recipe, data_of(IMAGES), load_file(tmp_path / "model.safetensors"))
    x = at_work.batch.inputs
    assert torch.equal(loaded.reconstruct(x), at_work.model.reconstruct(x))
    assert torch.equal(loaded.encode(x).z, at_work.model.encode(x).z)


@pairings
@shapes
def test_a_pairing_leaves_the_targets_alone_and_repeats_its_noise(
    pairing: type[Pairing], shape: tuple[int, ...]
) -> None:
    clean = Trial(MODELS[0](), shape=shape).batch
    global_state = torch.random.get_rng_state()
    first, second = (pairing().pair(clean, generator(3, "noise")) for _ in range(2))
    other = pairing().pair(clean, generator(4, "noise"))
    assert torch.equal(global_state, torch.random.get_rng_state())
    assert first.inputs.shape == clean.targets.shape
    assert first.inputs.dtype == clean.targets.dtype
    assert torch.equal(first.targets, clean.targets)
    assert torch.equal(first.inputs, second.inputs)
    assert torch.equal(first.inputs, clean.targets) == (pairing is Clean)
    assert torch.equal(first.inputs, other.inputs) == (pairing is Clean)


@models
@pytest.mark.parametrize("term", MAYBE_TERMS, ids=named)
def test_a_recipe_of_these_parts_is_refused_in_words_or_can_be_learned(
    model: type[ModelSpec], term: type[Term] | None
) -> None:
    chosen = (term(),) if term else ()
    for pairing, optimizer in itertools.product(PAIRINGS, OPTIMIZERS):
        recipe = Recipe(model=model(), terms=chosen, pairing=pairing(), optimizer=optimizer())
        found = recipe.misfits()
        refused = list(itertools.chain.from_iterable(each.refusals(recipe.model) for each in chosen))
        assert set(refused) <= set(found)
        assert all(len(sentence) > 30 and sentence.endswith(".") for sentence in found)
        if not found:
            assert recipe.check() is recipe
            continue
        with pytest.raises(RecipeError) as caught:
            recipe.check()
        assert list(caught.value.problems) == found


def test_no_variant_draws_from_numpys_global_generator() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index,union-attr]
    for model in MODELS:
        Trial(model(), pairing=PAIRINGS[-1]()).steps(1)
    assert (before == np.random.get_state()[1]).all()  # type: ignore[index]
