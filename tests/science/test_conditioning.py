"""The conditional variational autoencoder (Sohn et al. 2015): what the class does at both ends."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from aeviz.data import Digits, Toys
from aeviz.data.pairings import Batch
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Code, Conditional, ConditionalVae, Vae
from aeviz.models.conditional import UNKNOWN, ConditionalVariationalAutoencoder
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from aeviz.seeds import generator
from aeviz.views import probes

X = torch.rand(6, 4, generator=generator(0))
LABELS = torch.tensor([0, 1, 2, 2, 1, 0])


def build(**settings: object) -> ConditionalVariationalAutoencoder:
    """A small one on four numbers of three classes."""
    chosen = {"code": 2, "hidden": (), "likelihood": "gaussian"} | settings
    model = ConditionalVae(**chosen).build((4,), generator(1), 3)  # type: ignore[arg-type]
    assert isinstance(model, ConditionalVariationalAutoencoder)
    return model


def test_the_class_joins_input_and_code_as_a_one_at_its_place() -> None:
    model = build()
    (W, b), (V, c) = model.encoder.parameters(), model.decoder.parameters()
    one_hot = torch.eye(3)[LABELS]
    code = model.encode(X, labels=LABELS)
    torch.testing.assert_close(code.z, (torch.cat([X, one_hot], 1) @ W.T + b)[:, :2])
    torch.testing.assert_close(model.decode(code), torch.cat([code.z, one_hot], 1) @ V.T + c)
    torch.testing.assert_close(model.decode(Code(code.z)), code.z @ V[:, :2].T + c)


def test_without_a_label_it_goes_on_as_if_none_were_known() -> None:
    model = build()
    unknown = torch.full((6,), UNKNOWN)
    assert torch.equal(model.encode(X).z, model.encode(X, labels=unknown).z)
    assert torch.equal(model.reconstruct(X), model.reconstruct(X, unknown))
    assert not torch.equal(model.reconstruct(X), model.reconstruct(X, LABELS))


def test_a_share_of_the_labels_is_left_out_at_both_ends_alike_and_in_training_alone() -> None:
    model, many = build(untold=0.25), 4000
    labels, x = torch.ones(many, dtype=torch.int64), X[:1].expand(many, -1)
    code = model.encode(x, generator(3), labels)
    assert code.labels is not None
    left_out = code.labels == UNKNOWN
    assert ((code.labels == 1) | left_out).all()
    assert left_out.float().mean().item() == pytest.approx(0.25, abs=4 * (0.1875 / many) ** 0.5)
    assert torch.equal(code.z[left_out], model.encode(x).z[left_out])
    kept = model.sample(code, generator(4)).labels
    assert kept is not None and torch.equal(kept, code.labels)
    still = model.encode(x, None, labels).labels
    assert still is not None and torch.equal(still, labels)


def test_the_labels_of_a_batch_reach_the_loss() -> None:
    learner = Backpropagation(build(), (), Adam())
    told, other = (learner.evaluate(Batch(X, X, labels), generator(1))["loss"] for labels in (LABELS, (LABELS + 1) % 3))
    assert told != other


def test_what_is_told_says_whether_a_model_can_be_told() -> None:
    assert isinstance(build(), Conditional) and build().classes == 3
    assert not isinstance(Vae().build((4,), generator(0)), Conditional)


def test_data_without_classes_are_refused() -> None:
    (told,) = Recipe(data=Toys(figure="swiss roll"), model=ConditionalVae(), batch_size=32).misfits()
    assert "ConditionalVae learns from labels" in told


def test_digits_are_drawn_as_the_class_that_is_told() -> None:
    experiment = Experiment.prepare(Recipe(data=Digits(), model=ConditionalVae(code=4, hidden=(128,)), epochs=25))
    for _ in experiment.events():
        pass
    model, data = experiment.model, experiment.dataset
    judge = LogisticRegression(max_iter=500).fit(data.train.x.reshape(len(data.train), -1), data.train.labels)
    assert isinstance(model, ConditionalVariationalAutoencoder)
    labels = np.arange(300) % 10
    drawn = probes.decoded(model, model.prior(300, generator(5)).numpy(), labels)
    assert (judge.predict(drawn.reshape(300, -1)) == labels).mean() > 0.8
    told, untold = (probes.reconstructions(model, data.test.x, each) for each in (data.test.labels, None))
    assert np.square(told - data.test.x).mean() < np.square(untold - data.test.x).mean()
