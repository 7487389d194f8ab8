"""k-sparse codes: what is kept, who is dead, and what revives them (Makhzani & Frey 2013; Gao et al. 2024)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor

from aeviz.data.pairings import MaskingNoise
from aeviz.errors import RecipeError
from aeviz.learning import Adam, Contractive, TopK
from aeviz.learning.sparsity import Largest
from aeviz.models import Conv, ConvUnpool, ConvVae, Linear, Mlp, ModelSpec, Pass, Vae
from aeviz.recipe import Recipe
from aeviz.runs.experiment import load_model
from aeviz.seeds import generator
from tests.contract.drawn import IMAGES, Trial, data_of, same
from tests.contract.test_training import check_three_steps

SPECS: tuple[ModelSpec, ...] = (
    Mlp(code=16),
    Mlp(code=16, code_activation="relu", tied=True, dropout=0.2),
    Mlp(code=16, code_activation="sigmoid"),
    Linear(code=16),
    Conv(code=16, channels=(4, 8)),
    ConvUnpool(code=16, channels=(4, 8)),
)
every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind())


def gate_of(trial: Trial) -> Largest:
    """What the term has added to the model."""
    gate = trial.model.attachments["TopK"]
    assert isinstance(gate, Largest)
    return gate


@every_spec
def test_it_trains_like_every_other_term(spec: ModelSpec) -> None:
    for terms in ((TopK(active=4),), (TopK(active=4, patience=1, revived=3), Contractive())):
        check_three_steps(spec, terms, MaskingNoise(), IMAGES)


@every_spec
def test_the_code_keeps_exactly_its_k_largest_entries_wherever_it_is_used(spec: ModelSpec) -> None:
    bare, trial = Trial(spec), Trial(spec, (TopK(active=5),))
    x = trial.batch.inputs
    full, code = bare.model.encode(x).z, trial.model.encode(x)
    for row, kept in zip(full.detach().numpy(), code.z.detach().numpy(), strict=True):
        order = np.argsort(-row, kind="stable")
        np.testing.assert_array_equal(kept[order[:5]], row[order[:5]])
        assert not kept[order[5:]].any()
    assert code.whole is not None
    assert torch.equal(code.whole, full)
    torch.testing.assert_close(trial.model.reconstruct(x), trial.model.mean(trial.model.decode(code)))


def test_a_unit_is_silent_for_as_many_examples_as_were_learned_since_it_spoke() -> None:
    trial = Trial(Mlp(code=4, hidden=()), (TopK(active=1),))
    gate = gate_of(trial)
    assert gate.silent.tolist() == [0, 0, 0, 0]
    z = torch.eye(4)
    for spoke, expected in (([0, 1], [0, 0, 2, 2]), ([1, 1, 2], [3, 0, 0, 5]), ([3], [4, 1, 1, 0])):
        gate.count(z[spoke])
        assert gate.silent.tolist() == expected


def residual_oracle(model: torch.nn.Module, x: Tensor, dead: list[int], k: int, k_aux: int) -> float:
    """½‖e − W_dec z_dead‖² of a linear model, in plain numpy."""
    (W, b), (V, c) = ([each.detach().double().numpy() for each in half.parameters()]  # type: ignore[union-attr]
                      for half in (model.encoder, model.decoder))  # fmt: skip
    total = 0.0
    for one in x.flatten(1).double().numpy():
        z = W @ one + b
        sparse, revived = np.zeros_like(z), np.zeros_like(z)
        best = np.argsort(-z)[:k]
        sparse[best] = z[best]
        chosen = sorted(dead, key=lambda unit: -z[unit])[:k_aux]
        revived[chosen] = z[chosen]
        e = one - (V @ sparse + c)
        total += ((e - V @ revived) ** 2).sum() / 2
    return total / len(x)


@pytest.mark.parametrize("k_aux", [1, 2, 50])
def test_the_loss_of_the_dead_is_that_of_the_paper_for_a_linear_decoder(k_aux: int) -> None:
    term = TopK(active=2, revived=k_aux, patience=100)
    trial = Trial(Linear(code=8), (term,))
    with torch.no_grad():
        for half in (trial.model.encoder, trial.model.decoder):
            for each in half.parameters():
                each.add_(0.1)  # biases too
    gate, x = gate_of(trial), trial.batch.inputs
    dead = [1, 4, 7]
    gate.silent[dead] = 100
    code = trial.model.encode(x)
    forward = Pass(trial.model, trial.batch, code, trial.model.decode(code), learning=False)
    assert term.penalty(forward).item() == pytest.approx(residual_oracle(trial.model, x, dead, 2, k_aux), rel=1e-5)


def test_nothing_is_added_while_all_live_and_only_the_dead_learn_from_it() -> None:
    term = TopK(active=2, revived=2, patience=50)
    trial = Trial(Linear(code=8), (term,))
    gate = gate_of(trial)

    def penalty() -> Tensor:
        code = trial.model.encode(trial.batch.inputs)
        return term.penalty(Pass(trial.model, trial.batch, code, trial.model.decode(code), learning=False))

    assert penalty().item() == 0
    gate.silent[[2, 5]] = 50
    penalty().backward()
    weight = trial.model.encoder.layers[0].weight.grad  # type: ignore[index,union-attr]
    assert (weight.abs().sum(1) > 0).tolist() == [unit in (2, 5) for unit in range(8)]


def test_dead_units_come_back_to_life_and_without_the_loss_they_do_not() -> None:
    alive = {}
    for weight in (0.0, 0.5):
        trial = Trial(
            Linear(code=12),
            (TopK(active=2, revived=8, patience=24, weight=weight),),
            optimizer=Adam(learning_rate=0.02),
        )
        with torch.no_grad():
            trial.model.encoder.layers[0].bias[4:] = -2.0  # type: ignore[index,union-attr]
        gate = gate_of(trial)
        spoken = torch.zeros(12, dtype=torch.bool)
        for step in range(600):
            trial.learner.step(trial.batch, trial.draws, 0.0)
            if step > 500:
                spoken |= gate.silent == 0
        alive[weight] = int(spoken.sum())
    assert alive[0.0] <= 4
    assert alive[0.5] >= 8


def test_only_learning_counts_and_a_resumed_run_remembers_who_was_silent() -> None:
    def made() -> Trial:
        return Trial(Mlp(code=12, code_activation="relu"), (TopK(active=2, patience=20),))

    straight, broken, resumed = made(), made(), made()
    straight.steps(8)
    broken.steps(4)
    before = broken.weights()
    assert before["attachments.TopK.silent"].max() == 48
    broken.learner.evaluate(broken.batch, generator(1))
    broken.model.encode(broken.batch.inputs, generator(1))
    assert same(before, broken.weights())
    resumed.model.load_state_dict(before)
    resumed.learner.restore(broken.learner.state())
    resumed.draws = broken.draws
    resumed.steps(4)
    assert same(straight.weights(), resumed.weights())


def test_a_saved_model_gives_sparse_codes_where_nothing_but_the_recipe_is_known(tmp_path: Path) -> None:
    recipe = Recipe(model=Mlp(code=16, hidden=(20,)), terms=(TopK(active=3),), seed=1)
    trial = Trial(recipe.model, recipe.terms)
    trial.steps(2)
    save_file({name: value.numpy() for name, value in trial.weights().items()}, tmp_path / "model.safetensors")
    loaded = load_model(recipe, data_of(IMAGES), load_file(tmp_path / "model.safetensors"))
    z = loaded.encode(trial.batch.inputs).z
    assert torch.equal(z, trial.model.encode(trial.batch.inputs).z)
    assert ((z != 0).sum(1) == 3).all()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (Mlp(code=8), "set active of TopK below 8"),
        (Mlp(code=1), "choose a code larger than 8"),
        (Vae(code=32), "choose Mlp or Conv"),
        (ConvVae(code=32), "choose Mlp or Conv"),
    ],
    ids=str,
)
def test_codes_too_small_or_drawn_are_refused_with_a_remedy(spec: ModelSpec, said: str) -> None:
    recipe = Recipe(model=spec, terms=(TopK(active=8),))
    with pytest.raises(RecipeError, match=said):
        recipe.check()
    assert not replace(recipe, model=Mlp(code=9)).misfits()
