"""Which measures a model on its data has, their ranges, and the few whose value another part of aeviz knows."""

import math

import numpy as np
import pytest
import torch

from aeviz.data import Dataset, Digits, Photos, Shapes, Toys
from aeviz.data.dataset import Split
from aeviz.data.pairings import Batch
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Autoencoder, Conv, Linear, Mlp, ModelSpec, Vae
from aeviz.seeds import generator
from aeviz.views import evidence
from aeviz.views.measures import MEASURES, Measure, Measurement, absent, best, by_subject, measured

DISENTANGLING = {each.name for each in MEASURES if each.subject == "Disentanglement"}
SAMPLED = {each.name for each in MEASURES if each.subject == "Samples"}
CLASSIFYING = {"neighbour_accuracy", "linear_accuracy", "silhouette"}
LOW = {"silhouette": -1.0, "dci_disentanglement": -1e-12, "dci_completeness": -1e-12}
HIGH = {"test_nats", "test_mse", "psnr", "active_units", "mean_absolute_code", "jacobian_norm", "density"}
CASES = {
    "images": (Digits(), Mlp(code=3, hidden=(8,)), DISENTANGLING | SAMPLED),
    "a prior": (Digits(), Vae(code=3, hidden=(8,)), DISENTANGLING),
    "gaussian": (Digits(), Vae(code=3, hidden=(8,), likelihood="gaussian"), DISENTANGLING),
    "factors": (Shapes(images=300), Conv(code=4, channels=(4,)), SAMPLED),
    "code of 1": (Shapes(images=300), Vae(code=1, hidden=(8,)), DISENTANGLING | {"population_sparsity"}),
    "large code": (Shapes(images=150), Linear(code=65), DISENTANGLING | SAMPLED),
    "colour": (Photos(size=8, colour=True, patches=200), Linear(code=2), SAMPLED),
    "points": (Toys(points=60), Mlp(code=2, hidden=(8,)), DISENTANGLING | SAMPLED | {"psnr", "ssim"}),
    "points with causes": (
        Toys(points=100, figure="swiss roll"),
        Vae(code=2, hidden=(8,)),
        CLASSIFYING | {"psnr", "ssim"},
    ),
}


def made(source, spec: ModelSpec) -> tuple[Autoencoder, Dataset]:
    """A model with fresh weights and its data."""
    dataset = source.load()
    return spec.build(dataset.shape, generator(0, "weights")).requires_grad_(False), dataset


@pytest.mark.parametrize("case", CASES)
def test_every_measure_has_a_value_in_its_range_or_a_reason(case):
    source, spec, missing = CASES[case]
    found = measured(*made(source, spec))
    assert [each.measure for each in found] == list(MEASURES)
    bounded = set() if case == "gaussian" else {"log_likelihood"}
    assert {each.measure.name for each in found if each.value is None} == missing | bounded
    for each in found:
        name = each.measure.name
        if each.value is None:
            assert each.text == "–" and each.reason.endswith(".")
            continue
        assert math.isfinite(each.value) and each.reason == "" and each.text
        assert LOW.get(name, 0) <= each.value or name == "log_likelihood"
        assert each.value <= (math.inf if name in HIGH else 1 + 1e-12), name


def test_measuring_twice_gives_the_same_and_draws_from_nothing_global():
    model, dataset = made(Shapes(images=200), Vae(code=3, hidden=(8,)))
    state = str(np.random.get_state()), torch.get_rng_state()
    first, second = measured(model, dataset), measured(model, dataset)
    assert [each.value for each in first] == [each.value for each in second]
    assert str(np.random.get_state()) == state[0] and torch.equal(torch.get_rng_state(), state[1])


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_errors_are_those_that_training_measures(likelihood):
    model, dataset = made(Digits(), Mlp(code=3, hidden=(8,), likelihood=likelihood))
    x = torch.from_numpy(dataset.test.x.copy())
    trained = Backpropagation(model.requires_grad_(True), (), Adam()).evaluate(Batch(x, x), generator(0, "draws"))
    found = {each.measure.name: each.value for each in measured(model, dataset, MEASURES[:2])}
    assert found["test_nats"] == pytest.approx(trained["reconstruction"], rel=1e-5)
    if likelihood == "bernoulli":  # of a Gaussian's means those outside [0, 1] are cut when they are looked at
        assert found["test_mse"] == pytest.approx(trained["mse"], rel=1e-5)


def test_a_code_that_is_the_class_is_told_apart_entirely():
    class Told(torch.nn.Module):
        """The code is the mean of the left and of the right half of the image."""

        def forward(self, x, generator):
            return torch.stack([x[..., :4].mean((1, 2, 3)), x[..., 4:].mean((1, 2, 3))], 1), ()

    labels = np.arange(400) % 2
    x = np.zeros((400, 1, 8, 8), np.float32)
    x[labels == 0, :, :, :4] = x[labels == 1, :, :, 4:] = 1
    x *= np.random.default_rng(0).uniform(0.9, 1, (400, 1, 1, 1)).astype(np.float32)
    dataset = Dataset(Split(x[:200], labels[:200]), Split(x[200:], labels[200:]), ("left", "right"))
    model = Linear(code=2).build(dataset.shape, generator(0, "weights"))
    model.encoder = Told()
    found = {each.measure.name: each.value for each in measured(model.requires_grad_(False), dataset)}
    assert found["neighbour_accuracy"] == found["linear_accuracy"] == 1
    assert found["silhouette"] == pytest.approx(1, abs=0.1) and found["active_units"] == 2
    assert found["population_sparsity"] == pytest.approx(1)  # one of the two units answers
    assert found["lifetime_sparsity"] == pytest.approx(0.5, abs=0.01)  # each to half of the examples


def test_a_model_that_went_astray_has_no_measures_and_says_why():
    model, dataset = made(Digits(), Vae(code=2, hidden=(8,)))
    for parameter in model.parameters():
        parameter.fill_(float("nan"))
    found = measured(model, dataset)
    assert all(each.value is None for each in found)
    assert list(absent(found)) == ["The model gives codes or reconstructions that are not finite numbers."]


@pytest.mark.parametrize("scale", [1e-30, 0.0, 1e30])
def test_codes_of_any_size_are_measured_without_a_warning(scale):
    model, dataset = made(Digits(), Linear(code=3))
    for parameter in model.encoder.parameters():
        parameter.mul_(scale)
    found = {each.measure.name: each for each in measured(model, dataset)}
    assert found["neighbour_accuracy"].value is not None
    assert (found["lifetime_sparsity"].value is None) == (scale == 0)


def test_spread_takes_at_equal_distances_and_keeps_what_belongs_together():
    split = Split(np.arange(10, dtype=np.float32)[:, None], np.arange(10), np.arange(10, dtype=np.float32)[:, None])
    few = evidence.spread(split, 4)
    assert few.x[:, 0].tolist() == [0, 3, 6, 9] == np.ravel(few.labels).tolist()
    assert np.ravel(few.factors).tolist() == [0, 3, 6, 9]
    assert evidence.spread(split, 10) is split


def test_measures_are_named_once_and_explained():
    assert len({each.name for each in MEASURES}) == len({each.label for each in MEASURES}) == len(MEASURES)
    for each in MEASURES:
        assert each.name.isidentifier() and each.explanation.endswith(".") and not each.source.endswith(".")
    assert [len(rows) for rows in by_subject(measured(*made(Toys(points=60), Mlp(hidden=(4,))))).values()] == [
        5, 5, 5, 4, 4,
    ]  # fmt: skip


def row(better: str | None, *values: float | None) -> list[Measurement]:
    """The values of one measure for several models, written with one decimal."""
    measure = Measure("Samples", "any", "Any", "", better, ".1f", lambda _: 0.0, "Any.")
    return [Measurement(measure, value, "–" if value is None else f"{value:.1f}") for value in values]


@pytest.mark.parametrize(
    ("better", "values", "expected"),
    [
        ("high", (0.1, 0.5, 0.3), {1}),
        ("low", (0.1, 0.5, 0.3), {0}),
        ("low", (-3, 0, None), {0}),
        ("high", (None, 0.0, -1.0), {1}),
        ("high", (0.51, 0.1, 0.49), {0, 2}),  # all that are written alike are
        ("high", (0.5, 0.5), set()),
        ("high", (0.5, None), set()),
        ("high", (None, None), set()),
        (None, (0.1, 0.5), set()),
        ("high", (), set()),
    ],
)
def test_the_best_are_marked_where_there_is_a_better(better, values, expected):
    assert best(row(better, *values)) == expected
    assert best(row(better, *values), comparable=False) == set()
