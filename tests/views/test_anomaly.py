"""Scores of anomalies: against pairs counted one by one, closed forms, and models that have learned something."""

import numpy as np
import pytest
import torch

from aeviz.data import Digits, Split
from aeviz.learning import Adam
from aeviz.models import Dbm, Linear, Mlp, Rbm, Vae
from aeviz.models.machines import Machine
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from aeviz.seeds import generator
from aeviz.views import anomaly, anomaly_figures
from aeviz.views.anomaly import SCORES, STRANGERS, Sorting
from aeviz.views.look import PALETTE

SHAPE = (1, 8, 8)
BY_NAME = {score.name: score for score in SCORES}


def drawn(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, *SHAPE), np.float32)


def test_the_area_is_the_share_of_pairs_in_order_ties_counting_half():
    draws = np.random.default_rng(3)
    usual, strange = draws.integers(0, 8, 60).astype(float), draws.integers(2, 12, 45).astype(float)
    pairs = [(s > u) + (s == u) / 2 for s in strange for u in usual]
    assert Sorting(usual, strange).area == pytest.approx(np.mean(pairs), abs=1e-12)
    assert Sorting(usual, usual).area == pytest.approx(0.5)
    alarms, found = Sorting(usual, strange).curve
    assert np.trapezoid(found, alarms) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_no_more_than_one_in_twenty_held_out_examples_is_above_the_threshold():
    usual = np.arange(100.0)
    sorting = Sorting(usual, np.array([94.0, 94.5, 95.5, 99.0]))
    assert (usual > sorting.threshold).mean() <= anomaly.ALARMS
    assert sorting.found == (np.array([94.0, 94.5, 95.5, 99.0]) > sorting.threshold).mean() > 0


def test_a_linear_model_of_a_plane_scores_by_the_squared_distance_to_it():
    model = Linear(code=2).build((3,), generator(0, "weights"))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        weights = [each for each in model.parameters() if each.ndim == 2]
        weights[0].copy_(torch.eye(3)[:2] if weights[0].shape == (2, 3) else torch.eye(3)[:, :2])
        if len(weights) > 1:
            weights[1].copy_(torch.eye(3)[:, :2])
    x = np.array([[0.2, 0.3, 0.0], [0.4, 0.1, 0.5]], np.float32)
    found = anomaly.scored(BY_NAME["Squared error"], model, Split(x), x)
    assert found == pytest.approx([0, 0.25], abs=1e-6)


def test_free_energy_is_that_of_the_machine_summed_over_all_hidden_states():
    model = Rbm(code=4).build((3,), generator(0, "weights"))
    assert isinstance(model, Machine)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=generator(1, "drawn"))
    x = np.array([[0, 1, 1], [1, 0, 0]], np.float32)
    visible, hidden = model.machine.layers
    states = ((np.arange(16)[:, None] >> np.arange(4)) & 1).astype(np.float32)
    energies = [
        model.machine.energy({visible: torch.tensor(row).expand(16, -1), hidden: torch.tensor(states)}) for row in x
    ]
    expected = [-torch.logsumexp(-each.double(), 0).item() for each in energies]
    assert anomaly.scored(BY_NAME["Free energy"], model, Split(x), x) == pytest.approx(expected, abs=1e-5)


def test_distances_are_to_the_nearest_training_example_and_its_code():
    model = Mlp(code=3, hidden=(8,)).build(SHAPE, generator(0, "weights"))
    known, x = drawn(20), drawn(5, 1)
    pixels = np.linalg.norm((x[:, None] - known[None]).reshape(5, 20, -1), axis=2).min(1)
    assert anomaly.scored(BY_NAME["Distance in pixels"], model, Split(known), x) == pytest.approx(pixels, rel=1e-5)
    assert anomaly.scored(BY_NAME["Distance of the code"], model, Split(known), known) == pytest.approx(0, abs=1e-3)


def test_the_variational_score_is_the_loss_of_the_model_with_its_code_at_the_mean():
    model = Vae(code=2, hidden=(8,)).build(SHAPE, generator(0, "weights"))
    x = drawn(6)
    with torch.no_grad():
        code = model.encode(torch.tensor(x))
        told = model.negative_log_likelihood(model.decode(code), torch.tensor(x))
        mean, log_variance = code.posterior.mean, code.posterior.log_variance
        divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1) / 2
    found = anomaly.scored(BY_NAME["Reconstruction + KL"], model, Split(x), x)
    assert found == pytest.approx((told + divergence).numpy(), rel=1e-5)


@pytest.mark.parametrize(
    ("spec", "own"),
    [(Mlp(hidden=(8,)), None), (Vae(hidden=(8,)), "Reconstruction + KL"), (Rbm(code=4), "Free energy"),
     (Dbm(hidden=(6,), code=4), "Free energy")],
)  # fmt: skip
def test_models_have_the_scores_that_they_can_have(spec, own):
    model = spec.build(SHAPE, generator(0, "weights"))
    names = {score.name for score in anomaly.fitting(model, Split(drawn(4)))}
    assert names & {"Reconstruction + KL", "Free energy"} == ({own} if own else set())
    assert {"Squared error", "Reconstruction", "Distance of the code", "Distance in pixels"} <= names


@pytest.mark.parametrize("kind", STRANGERS)
def test_strangers_are_examples_of_the_same_shape_from_their_seed_alone(kind):
    x = drawn(30)
    made = anomaly.strangers(kind, x, 1)
    assert made.shape == x.shape and made.dtype == np.float32
    assert made.min() >= 0 and made.max() <= 1 and not np.array_equal(made, x)
    assert np.array_equal(made, anomaly.strangers(kind, x, 1))


def test_mixed_pixels_keep_their_rates():
    x = drawn(30)
    assert anomaly.strangers("mixed examples", x, 0).mean(0) == pytest.approx(x.mean(0), abs=1e-6)
    assert np.array_equal(anomaly.strangers("upside down", x, 0), x[:, :, ::-1])


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        (Recipe(data=Digits(), model=Mlp(hidden=(32,), code=8), epochs=100), "Squared error"),
        (Recipe(data=Digits(), model=Rbm(code=64), epochs=50, optimizer=Adam(learning_rate=1e-2)), "Free energy"),
    ],
)
def test_what_has_learned_digits_tells_mixed_pixels_from_them(recipe, name):
    experiment = Experiment.prepare(recipe)
    for _ in experiment.events():
        pass
    data = experiment.dataset
    strange = anomaly.strangers("mixed examples", data.test.x, 0)
    sorting = Sorting(*(anomaly.scored(BY_NAME[name], experiment.model, data.train, x) for x in (data.test.x, strange)))
    assert sorting.area > 0.9
    fresh = recipe.build_for(data)
    before = Sorting(*(anomaly.scored(BY_NAME[name], fresh, data.train, x) for x in (data.test.x, strange)))
    assert before.area < sorting.area - 0.2, "without learning it cannot"


def test_figures_show_every_score_even_one_that_is_the_same_for_all():
    alike = Sorting(np.ones(10), np.ones(10))
    shares = [np.sum(bar.y) for bar in anomaly_figures.scores(alike, "error", "light").data]
    assert shares == pytest.approx([1, 1])
    sorting = Sorting(np.arange(20.0), np.arange(10.0, 400.0))
    assert [np.sum(bar.y) for bar in anomaly_figures.scores(sorting, "error", "dark").data] == pytest.approx([1, 1])
    lines = anomaly_figures.curves({"a": sorting.curve, "b": None, "c": alike.curve}, "light").data
    assert [line.name for line in lines] == ["chance", "a", "c"]
    assert [line.line.color for line in lines[1:]] == [PALETTE[0], PALETTE[2]]
