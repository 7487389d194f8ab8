"""A classifier on the code: what learns, from which labels, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from aeviz.data import Toys
from aeviz.data.pairings import Clean, MaskingNoise, Pairing
from aeviz.errors import RecipeError
from aeviz.learning import Adam, Classifier, Greedy, SparseL1, Term
from aeviz.learning.classification import Classification, add_head, balanced, head_of
from aeviz.learning.events import Measured
from aeviz.learning.procedures import Procedure, Task
from aeviz.learning.train import Examples, Stage, train
from aeviz.models import Conv, Linear, Mlp, ModelSpec, Vae
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.seeds import generator

DEEP = Mlp(hidden=(5, 4), code=3, activation="sigmoid")
X = torch.rand(40, 6, generator=generator(0))
LABELS = (X[:, 0] * 2 + (X[:, 1] > 0.5)).floor().long().clamp(0, 2)


def task(spec: ModelSpec = DEEP, pairing: Pairing | None = None, epochs: int = 2) -> Task:
    """Forty labelled points in batches of ten."""
    model = spec.build((6,), generator(2))
    add_head(model, 3, generator(3))
    data = Examples(X, LABELS)
    return Task(model, (), pairing or Clean(), Adam(learning_rate=0.01), data, data, epochs, 10, seed=3)


def moved(stage: Stage, names: dict[str, torch.Tensor]) -> set[str]:
    """Which of the weights a stage changes."""
    before = {name: value.clone() for name, value in names.items()}
    for _ in train([stage]):
        pass
    return {name.split(".")[0] for name, value in names.items() if not torch.equal(before[name], value)}


@pytest.mark.parametrize(
    ("pretraining", "names"),
    [
        ("none", []),
        ("end to end", ["autoencoder"]),
        ("plain", ["layer 1", "layer 2", "layer 3"]),
        ("denoising", ["layer 1", "layer 2", "layer 3"]),
        ("rbm", ["layer 1", "layer 2", "layer 3"]),
    ],
)
def test_pretraining_comes_before_the_classifier(pretraining: str, names: list[str]) -> None:
    procedure = Classifier(pretraining=pretraining, pretraining_epochs=4)
    stages = procedure.stages(task(pairing=MaskingNoise() if pretraining == "denoising" else None))
    assert [stage.name for stage in stages] == [*names, "classifier"]
    assert [stage.epochs for stage in stages] == procedure.lengths(DEEP, 2)
    assert stages[-1].shown is stages[-1].learner.model


@pytest.mark.parametrize(("features", "learn"), [("frozen", {"head"}), ("fine-tuned", {"head", "encoder"})])
def test_what_is_frozen_stays_and_the_decoder_rests(features: str, learn: set[str]) -> None:
    at_work = task()
    stage = Classifier(pretraining="none", features=features).stages(at_work)[-1]
    assert moved(stage, dict(at_work.model.named_parameters())) == learn


def test_the_loss_is_the_cross_entropy_in_nats_and_the_error_is_counted() -> None:
    at_work = task()
    learner = Classification(at_work.model, at_work.optimizer, frozen=False)
    told = learner.evaluate(at_work.train.batch(slice(0, 40)), generator(0))
    with torch.no_grad():
        probabilities = torch.softmax(head_of(at_work.model)(at_work.model.encode(X).z), 1)
    assert told["loss"] == told["cross_entropy"]
    assert told["loss"] == pytest.approx(-probabilities[range(40), LABELS].log().mean().item(), rel=1e-5)
    assert told["error"] == pytest.approx((probabilities.argmax(1) != LABELS).float().mean().item())
    codes = at_work.model.encode(X)
    told_by_model = at_work.model.negative_log_likelihood(at_work.model.decode(codes), X).mean().item()
    assert told["reconstruction"] == pytest.approx(told_by_model, rel=1e-5)


def test_a_frozen_classifier_finds_what_logistic_regression_finds() -> None:
    at_work = replace(task(Mlp(hidden=(), code=3), epochs=400), optimizer=Adam(learning_rate=0.05))
    (stage,) = Classifier(pretraining="none", features="frozen").stages(at_work)
    for _ in train([stage]):
        pass
    z = at_work.model.encode(X).z.detach().numpy()
    oracle = LogisticRegression(C=1e6, max_iter=2000).fit(z, LABELS.numpy())
    loss = -np.log(oracle.predict_proba(z)[range(40), LABELS.numpy()]).mean()
    assert stage.evaluate(stage.train)["loss"] == pytest.approx(loss, abs=0.02)
    assert stage.evaluate(stage.train)["loss"] >= loss - 1e-4  # no classifier of this form does better


def test_labelled_examples_are_of_all_classes_alike_and_a_smaller_choice_is_part_of_a_larger() -> None:
    labels = torch.tensor([0] * 50 + [1] * 20 + [2] * 3)
    ten = balanced(labels, 10, generator(1))
    twelve = balanced(labels, 12, generator(1))
    assert labels[ten].bincount().tolist() == [4, 3, 3]
    assert labels[twelve].bincount().tolist() == [5, 4, 3]  # the third class has no more
    assert set(ten.tolist()) < set(twelve.tolist())
    assert len(set(ten.tolist())) == 10
    assert balanced(labels, 10, generator(1)).equal(ten)
    assert not balanced(labels, 10, generator(2)).equal(ten)
    assert balanced(labels, 1000, generator(1)).equal(torch.arange(73))


def test_the_classifier_learns_from_the_labelled_alone_and_pretraining_from_all() -> None:
    first, last = Classifier(labelled=9).stages(task())
    assert len(first.train) == 40
    assert len(last.train) == 9
    assert last.train.labels is not None
    assert last.train.labels.bincount().tolist() == [3, 3, 3]
    assert len(last.test) == 40


@pytest.mark.parametrize("procedure", [Classifier(pretraining_epochs=2), Greedy(layers="rbm", layer_epochs=2)], ids=str)
def test_stages_that_are_taken_up_at_any_epoch_go_on_as_if_they_had_never_stopped(procedure: Procedure) -> None:
    def fresh() -> list[Stage]:
        return procedure.stages(task(epochs=3))

    whole = [event for event in train(fresh()) if isinstance(event, Measured)]
    for stop in [event for event in whole if event.done]:
        first, second = fresh(), fresh()
        for event in train(first):
            if event == stop:
                break
        second[-1].learner.model.load_state_dict(first[-1].learner.model.state_dict())
        second[stop.stage].learner.restore(first[stop.stage].learner.state())
        rest = [event for event in train(second, stop.place()) if isinstance(event, Measured)]
        assert rest == whole[whole.index(stop) + 1 :]


def test_a_finished_classifier_is_kept_with_its_head(tmp_path: Path) -> None:
    recipe = Recipe(
        model=Mlp(hidden=(16,), code=8),
        training=Classifier(pretraining_epochs=2, labelled=100),
        epochs=40,
        batch_size=50,
        optimizer=Adam(learning_rate=0.01),
    )
    store = Store(tmp_path)
    run = carry_out(store, recipe)
    assert run.status == "finished"
    opened = open_run(store, run.id)
    z = opened.model.encode(torch.from_numpy(opened.dataset.test.x.copy())).z
    wrong = head_of(opened.model)(z).argmax(1).numpy() != opened.dataset.test.labels
    assert run.summary["test"]["error"] == pytest.approx(wrong.mean(), abs=1e-6)
    assert wrong.mean() < 0.5


@pytest.mark.parametrize(
    ("model", "training", "terms", "pairing", "words"),
    [
        (Mlp(), Greedy(layers="rbm"), (), Clean(), "need sigmoid units, and those of Mlp are relu: set its activation"),
        (Mlp(), Classifier(pretraining="rbm"), (), Clean(), "need sigmoid units"),
        (
            Mlp(activation="sigmoid", likelihood="gaussian"),
            Greedy(layers="rbm"),
            (),
            Clean(),
            "set it to bernoulli, or choose plain layers",
        ),
        (
            Mlp(activation="sigmoid", code_activation="tanh"),
            Greedy(layers="rbm"),
            (),
            Clean(),
            "set its code_activation to linear",
        ),
        (Linear(), Classifier(pretraining="plain"), (), Clean(), "Classifier trains a stack of layers, and Linear"),
        (Vae(), Greedy(layers="rbm"), (), Clean(), "choose Mlp with hidden layers"),
        (Mlp(), Classifier(pretraining="denoising"), (), Clean(), "needs a corruption: choose one"),
        (Mlp(), Classifier(pretraining="plain"), (), MaskingNoise(), "corrupts nothing: choose no corruption"),
        (Mlp(), Classifier(pretraining="none"), (SparseL1(),), Clean(), "choose that, or remove the terms"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_remedy(
    model: ModelSpec, training: Procedure, terms: tuple[Term, ...], pairing: Pairing, words: str
) -> None:
    with pytest.raises(RecipeError, match=words):
        Recipe(model=model, training=training, terms=terms, pairing=pairing).check()


def test_a_classifier_needs_labels() -> None:
    with pytest.raises(RecipeError, match=r"Classifier learns from labels, and .* has none: choose data with classes"):
        Recipe(data=Toys(figure="swiss roll"), training=Classifier()).check()


@pytest.mark.parametrize("model", [Linear(), Vae(), Conv(), Mlp()], ids=str)
def test_every_model_can_be_classified_from_its_code(model: ModelSpec) -> None:
    Recipe(model=model, training=Classifier()).check()
