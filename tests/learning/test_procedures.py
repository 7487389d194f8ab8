"""Procedures: which weights learn in which stage, and where a training of several stages goes on."""

from dataclasses import replace

import pytest
import torch

from aeviz.data import Mnist
from aeviz.data.pairings import Clean, GaussianNoise, MaskingNoise, Pairing
from aeviz.errors import RecipeError
from aeviz.learning import SGD, Adam, Contractive, EndToEnd, Greedy, Procedure, SparseL1
from aeviz.learning.events import Finished, Measured, StageStarted
from aeviz.learning.optimizers import Schedule
from aeviz.learning.procedures import Task
from aeviz.learning.train import Examples, Stage, train
from aeviz.models import MODELS, Conv, Gan, Linear, Mlp, ModelSpec, Vae
from aeviz.models.dense import DenseAutoencoder, DenseDecoder
from aeviz.models.machines import EnergyModel
from aeviz.models.stacked import layers_of
from aeviz.recipe import Recipe
from aeviz.seeds import generator

X = torch.rand(40, 6, generator=generator(0))
HELD_OUT = torch.rand(20, 6, generator=generator(1))
DEEP = Mlp(hidden=(5, 4), code=2, activation="sigmoid")


def task(spec: ModelSpec = DEEP, pairing: Pairing | None = None, epochs: int = 2) -> Task:
    """Forty points in batches of ten."""
    model = spec.build((6,), generator(2))
    return Task(
        model, (), pairing or Clean(), Adam(learning_rate=0.01), Examples(X), Examples(HELD_OUT), epochs, 10, seed=3
    )


def moved(stage: Stage, names: dict[str, torch.Tensor]) -> set[str]:
    """Which of the weights a stage changes."""
    before = {name: value.clone() for name, value in names.items()}
    for _ in train([stage]):
        pass
    return {name for name, value in names.items() if not torch.equal(before[name], value)}


@pytest.mark.parametrize("tied", [False, True])
def test_each_greedy_stage_moves_its_own_layer_and_the_last_all(tied: bool) -> None:
    at_work = task(replace(DEEP, tied=tied))
    weights = dict(at_work.model.named_parameters())
    stages = Greedy(layer_epochs=1).stages(at_work)
    assert [stage.name for stage in stages] == ["layer 1", "layer 2", "layer 3", "fine-tuning"]
    for number, stage in enumerate(stages[:3]):
        mirrored = {f"decoder.biases.{2 - number}"} if tied else {
            f"decoder.layers.{2 - number}.weight", f"decoder.layers.{2 - number}.bias"
        }  # fmt: skip
        own = {f"encoder.layers.{number}.weight", f"encoder.layers.{number}.bias"}
        assert moved(stage, weights) == own | mirrored
    assert moved(stages[3], weights) == set(weights)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_all_layers_together_learn_at_their_own_share_of_the_rate(schedule: Schedule) -> None:
    at_work = replace(task(), optimizer=SGD(learning_rate=0.1, momentum=0.0, schedule=schedule))

    def step(share: float, number: int) -> dict[str, torch.Tensor]:
        """How far one step of a stage, half-way through, moves the weights."""
        stage = Greedy(tuning_share=share, layer_epochs=1).stages(at_work)[number]
        before = {name: value.clone() for name, value in at_work.model.state_dict().items()}
        stage.learner.step(next(iter(stage.in_order(at_work.train, 40))), generator(7), progress=0.5)
        change = {name: value - before[name] for name, value in at_work.model.state_dict().items()}
        at_work.model.load_state_dict(before)
        return change

    whole, gentle = step(1.0, -1), step(0.25, -1)
    for name, change in whole.items():
        assert change.abs().max() > 0
        torch.testing.assert_close(gentle[name], 0.25 * change, rtol=1e-3, atol=1e-7)
    alone, same = step(1.0, 0), step(0.25, 0)
    torch.testing.assert_close(alone, same)


def test_a_layer_rebuilds_what_the_fixed_layers_below_make_of_the_data() -> None:
    at_work = task()
    model = at_work.model
    assert isinstance(model, DenseAutoencoder)
    second = Greedy(layer_epochs=1).stages(at_work)[1]
    first_layer = model.encoder.layers[0]
    (batch,) = second.in_order(at_work.train, 40)
    expected = torch.sigmoid(first_layer(X))
    torch.testing.assert_close(batch.targets, expected)
    assert not batch.targets.requires_grad
    part = second.learner.model
    hidden = torch.sigmoid(model.encoder.layers[1](expected))
    torch.testing.assert_close(part.encode(expected).z, hidden)
    assert isinstance(model.decoder, DenseDecoder)
    logits = model.decoder.layers[1](hidden)
    torch.testing.assert_close(part.mean(part.decode(part.encode(expected))), torch.sigmoid(logits))
    cross = torch.nn.functional.binary_cross_entropy(torch.sigmoid(logits), expected, reduction="none").sum(1)
    torch.testing.assert_close(part.negative_log_likelihood(logits, expected), cross)


def test_the_stack_of_all_layers_is_the_model() -> None:
    at_work = task()
    assert isinstance(at_work.model, DenseAutoencoder)
    whole = at_work.model.up_to(3)
    assert torch.equal(whole.reconstruct(X), at_work.model.reconstruct(X))
    assert Greedy().stages(at_work)[1].shown.encode(X).z.shape == (40, 4)


def test_the_corruption_of_a_layer_falls_on_what_it_is_fed() -> None:
    stages = Greedy(layers="denoising", layer_epochs=1).stages(task(pairing=MaskingNoise(strength=0.5)))
    (batch,) = stages[1].in_order(Examples(X), 40)
    zeroed = batch.inputs == 0
    assert 0.3 < zeroed.float().mean() < 0.7
    assert torch.equal(batch.inputs[~zeroed], batch.targets[~zeroed])
    plain = Greedy(layers="plain", layer_epochs=1).stages(task(pairing=MaskingNoise(strength=0.5)))
    (batch,) = plain[1].in_order(Examples(X), 40)
    assert torch.equal(batch.inputs, batch.targets)


@pytest.mark.parametrize("procedure", [Greedy(layer_epochs=2), EndToEnd(frozen=(1,), frozen_epochs=2)], ids=str)
def test_stages_that_are_taken_up_at_any_epoch_go_on_as_if_they_had_never_stopped(procedure: Procedure) -> None:
    def fresh() -> list[Stage]:
        return procedure.stages(task(pairing=GaussianNoise(), epochs=4))

    whole = [event for event in train(fresh()) if isinstance(event, Measured)]
    assert [event.step for event in whole if event.done] == [4 * (at + 1) for at in range(whole[-1].epoch)]
    for stop in [event for event in whole if event.done]:
        first, second = fresh(), fresh()
        for event in train(first):
            if event == stop:
                break
        second[-1].learner.model.load_state_dict(first[-1].learner.model.state_dict())
        second[stop.stage].learner.restore(first[stop.stage].learner.state())
        rest = [event for event in train(second, stop.place()) if isinstance(event, Measured)]
        assert rest == whole[whole.index(stop) + 1 :]


def test_frozen_layers_stay_until_they_may_learn() -> None:
    at_work = task(epochs=3)
    weights = dict(at_work.model.named_parameters())
    frozen, free = EndToEnd(frozen=(1, 3), frozen_epochs=2).stages(at_work)
    assert (frozen.epochs, free.epochs) == (2, 1)
    assert set(weights) - moved(frozen, weights) == {
        f"encoder.layers.{layer}.{kind}" for layer in (0, 2) for kind in ("weight", "bias")
    }
    assert moved(free, weights) == set(weights)


def test_patience_ends_training_and_brings_the_best_weights_back() -> None:
    # Eight examples and a wide model: it learns them by heart, and the test loss rises again.
    few = replace(task(Mlp(hidden=(64,), code=6), epochs=400), train=Examples(X[:8]))
    (stage,) = EndToEnd(patience=5).stages(few)
    rows = [event for event in train([stage]) if isinstance(event, Measured)]
    losses = [row.test["loss"] for row in rows]
    best = min(range(len(losses)), key=losses.__getitem__)
    assert len(rows) - 1 == best + 5 < 400
    assert stage.evaluate(stage.test)["loss"] == pytest.approx(losses[best], rel=1e-6)


def test_the_same_seed_gives_the_same_initial_weights_whatever_else_is_chosen() -> None:
    plain = Recipe(model=DEEP).build((6,)).state_dict()
    other = Recipe(model=DEEP, terms=(SparseL1(),), training=Greedy(), optimizer=Adam(learning_rate=0.1)).build((6,))
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in plain.items())


@pytest.mark.parametrize("model", [Linear(), Mlp(hidden=()), Vae(), Conv()], ids=str)
def test_what_is_no_stack_is_not_trained_layer_by_layer(model: ModelSpec) -> None:
    with pytest.raises(RecipeError, match="choose Mlp with hidden layers"):
        Recipe(model=model, training=Greedy()).check()


def test_a_layer_that_is_not_there_cannot_be_frozen() -> None:
    with pytest.raises(RecipeError, match="names layer 4, and the encoder of Mlp has 3"):
        Recipe(model=Mlp(hidden=(9, 8)), training=EndToEnd(frozen=(4,))).check()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_first_layer_of_every_model_can_be_frozen_or_it_says_why_not(model: type[ModelSpec]) -> None:
    procedure, spec = EndToEnd(frozen=(1,)), model()
    if issubclass(model, EnergyModel):
        assert "hear each other both ways" in procedure.refusals(spec, (), Clean())[0]
        return
    assert not procedure.refusals(spec, (), Clean())
    images = torch.rand(20, 1, 8, 8, generator=generator(0))
    built = spec.build((1, 8, 8), generator(2))
    at_work = Task(built, (), Clean(), Adam(), Examples(images), Examples(images), 1, 10, seed=3)
    first = {name for name, value in built.named_parameters() if value is next(iter(layers_of(built)[0].parameters()))}
    changed = moved(procedure.stages(at_work)[0], dict(built.named_parameters()))
    assert first and changed and not first & changed


def test_the_length_of_a_recipe_counts_every_stage() -> None:
    recipe = Recipe(model=Mlp(hidden=(9, 8)), training=Greedy(layer_epochs=7), epochs=10)
    assert recipe.length() == 3 * 7 + 10
    started = [
        event for event in train(Greedy(layer_epochs=7).stages(task(epochs=1))) if isinstance(event, StageStarted)
    ]
    assert [event.number for event in started] == [0, 1, 2, 3]


def test_a_stage_that_has_ended_early_does_not_go_on_when_it_is_taken_up_again() -> None:
    def fresh() -> Stage:
        few = replace(task(Mlp(hidden=(64,), code=6), epochs=400), train=Examples(X[:8]))
        (stage,) = EndToEnd(patience=2).stages(few)
        return stage

    first, second = fresh(), fresh()
    *_, last = [event for event in train([first]) if isinstance(event, Measured)]
    # As a checkpoint has it, which is written before the best weights come back.
    again = fresh()
    for event in train([again]):
        if event == last:
            break
    second.learner.model.load_state_dict(again.learner.model.state_dict())
    second.learner.restore(again.learner.state())
    second.best = again.best
    assert not [event for event in train([second], last.place()) if isinstance(event, Measured)]
    finished = list(train([second], last.place()))[-1]
    assert isinstance(finished, Finished)
    assert f"epoch {last.epoch - 2}," in finished.message
    for name, value in first.learner.model.state_dict().items():
        assert torch.equal(value, second.learner.model.state_dict()[name])


def test_opponents_are_not_stopped_early() -> None:
    with pytest.raises(RecipeError, match="set patience of EndToEnd to 0"):
        Recipe(model=Gan(), training=EndToEnd(patience=3)).check()


def test_derivatives_that_do_not_fit_are_refused_with_the_batch_that_would() -> None:
    with pytest.raises(RecipeError, match=r"take batches of at most \d+, or a smaller code"):
        Recipe(
            data=Mnist(train=60_000), model=Mlp(code=64), terms=(Contractive(),), batch_size=60_000, epochs=1
        ).check()
