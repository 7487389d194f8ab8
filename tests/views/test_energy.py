"""What is looked at in Boltzmann machines, against sums over all states and by hand."""

import numpy as np
import pytest
import torch

from aeviz.errors import SettingError
from aeviz.models import Boltzmann, Dbm, Rbm
from aeviz.models.deep import DeepMachine
from aeviz.models.machines import Machine
from aeviz.models.partition import distribution
from aeviz.seeds import generator
from aeviz.views import energy
from aeviz.views.joining import joining


def built(spec: Rbm | Dbm | Boltzmann, shape: tuple[int, ...] = (1, 2, 3)) -> Machine:
    model = spec.build(shape, generator(1))
    assert isinstance(model, Machine)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator(3)) * 0.8
    return model.requires_grad_(False)


X = np.random.default_rng(1).integers(0, 2, (40, 1, 2, 3)).astype(np.float32)


def test_units_are_projected_to_pixels_through_the_layers_below() -> None:
    model = built(Dbm(hidden=(4,), code=3))
    first, second = model.machine.weights["visible-hidden 1"], model.machine.weights["hidden 1-hidden 2"]
    np.testing.assert_allclose(energy.projected(model, "hidden 1").reshape(4, 6), first.numpy())
    np.testing.assert_allclose(
        energy.projected(model, "hidden 2", 2).reshape(2, 6), (second @ first).numpy()[:2], rtol=1e-6
    )
    assert energy.layers(model) == [
        ("visible", "Bernoulli", 6),
        ("hidden 1", "Bernoulli", 4),
        ("hidden 2", "Bernoulli", 3),
    ]
    assert energy.is_deep(model) and not energy.is_deep(built(Dbm(hidden=(), code=3)))


def test_activities_are_the_means_of_the_data_phase() -> None:
    model = built(Rbm(code=3))
    found = energy.activities(model, X)
    assert list(found) == ["hidden"]
    np.testing.assert_allclose(found["hidden"], model.encode(torch.tensor(X)).z.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    "spec", [Rbm(code=3), Dbm(hidden=(3,), code=2), Boltzmann(code=2)], ids=lambda spec: spec.kind()
)
def test_a_long_chain_visits_states_as_often_as_they_are_likely(spec: Rbm | Dbm | Boltzmann) -> None:
    model = built(spec)
    found = energy.run_chain(model, None, 30, seed=1, chains=3000)
    assert found.shown.shape == (31, 3000, 1, 2, 3) and found.changes().shape == (30, 3000)
    chances = distribution(model.machine, "visible")
    states = model.machine.units["visible"].every_state(torch.zeros(1))
    wanted = (chances.float() @ states).numpy()
    np.testing.assert_allclose(found.visible[-1].mean(0), wanted, atol=0.04)


def test_a_chain_begins_at_its_examples_and_repeats_itself() -> None:
    model = built(Rbm(code=3))
    first, second = (energy.run_chain(model, X[:4], 3, seed=2) for _ in range(2))
    np.testing.assert_array_equal(first.shown, second.shown)
    np.testing.assert_array_equal(first.shown[0], X[:4])
    np.testing.assert_array_equal(first.visible[0].reshape(4, 1, 2, 3), X[:4])
    with pytest.raises(SettingError, match="temperature = 0: must be above 0"):
        energy.run_chain(model, None, 1, seed=0, temperature=0)


def test_cold_chains_have_less_energy_than_hot_ones() -> None:
    model = built(Rbm(code=3))
    cold, hot = (energy.run_chain(model, None, 20, seed=1, chains=300, temperature=each) for each in (0.3, 5.0))
    assert cold.energies[-1].mean() < hot.energies[-1].mean() - 1


def test_statistics_are_the_correlations_of_both_phases() -> None:
    model = built(Rbm(code=3, phase="persistent", particles=5))
    v = torch.tensor(X).flatten(1)
    states = torch.randint(0, 2, (1, 5, 9), generator=generator(1)).float()
    model.particles.copy_(states)  # type: ignore[operator,union-attr]
    found = energy.statistics(model, X, 0)
    h = torch.sigmoid(model.machine.inputs("hidden", {"visible": v}))
    np.testing.assert_allclose(found.data, (h.T @ v / 40).numpy(), rtol=1e-5)
    dream = states[0, :, :6]
    h = torch.sigmoid(model.machine.inputs("hidden", {"visible": dream}))
    np.testing.assert_allclose(found.model, (h.T @ dream / 5).numpy(), rtol=1e-5)
    np.testing.assert_allclose(found.gradient, found.data - found.model)
    seen = energy.particles(model)
    assert seen is not None and seen.shape == (5, 1, 2, 3)
    assert energy.particles(built(Rbm(code=3))) is None


def test_the_likelihood_is_exact_where_it_can_be_and_within_its_error_elsewhere() -> None:
    model = built(Rbm(code=3))
    chances = distribution(model.machine, "visible").log()
    number = (X.reshape(40, 6) @ 2 ** np.arange(5, -1, -1)).astype(int)
    found = energy.likelihood(model, X[:20], X[20:], seed=0)
    assert found.exact and not found.bounded
    assert found.train == pytest.approx(chances[number[:20]].mean().item(), rel=1e-5)
    assert found.test == pytest.approx(chances[number[20:]].mean().item(), rel=1e-5)
    large = built(Rbm(code=30), (1, 5, 5))
    x = np.random.default_rng(1).integers(0, 2, (20, 1, 5, 5)).astype(np.float32)
    guessed = energy.likelihood(large, x, x, seed=0, temperatures=300)
    assert not guessed.exact and guessed.low < guessed.log_partition < guessed.high
    deep = energy.likelihood(built(Dbm(hidden=(3,), code=2)), X, X, seed=0)
    assert deep.exact and deep.bounded


def test_the_landscape_is_the_density_of_the_plane() -> None:
    model = built(Rbm(code=4, likelihood="gaussian", deviation=0.5), (2,))
    height = energy.landscape(model, (-6, -6), (6, 6), side=241)
    found = energy.likelihood(model, np.zeros((1, 2)), np.zeros((1, 2)), seed=0)
    density = np.exp(-height.astype(np.float64) - found.log_partition) / 0.5**2
    assert density.sum() * 0.05**2 == pytest.approx(1, abs=1e-3), "it adds up to one"
    assert found.test == pytest.approx(np.log(density[120, 120]), abs=1e-3)
    with pytest.raises(SettingError, match="two numbers"):
        energy.landscape(built(Rbm(code=3)), (0, 0), (1, 1))


def test_curves_are_what_the_history_tells() -> None:
    rows = [{"epoch": e, "train": {"loss": 1.0}, "test": {"free_energy": -e}} for e in range(3)]
    assert energy.curves(rows, "free_energy") == {"test": ([0, 1, 2], [0.0, -1.0, -2.0])}
    assert energy.curves(rows, "pseudo_likelihood") == {}


def test_the_held_part_of_a_picture_stays_and_the_rest_is_drawn() -> None:
    model = built(Rbm(code=5), (1, 4, 6))
    x = np.random.default_rng(0).integers(2, size=(3, 1, 4, 6)).astype(np.float32)
    kept = energy.part("left half", (1, 4, 6))
    assert kept is not None and kept[..., :3].all() and not kept[..., 3:].any()
    found = energy.run_chain(model, x, 5, seed=1, kept=kept)
    assert (found.shown[..., :3] == x[None, ..., :3]).all()
    assert (found.visible.reshape(6, 3, 1, 4, 6)[..., :3] == x[None, ..., :3]).all()
    assert np.abs(found.shown[5, ..., 3:] - x[..., 3:]).mean() > 0.1
    upper, frame = (energy.part(name, (1, 4, 8)) for name in ("upper half", "frame"))
    assert upper is not None and upper[:, :2].all() and not upper[:, 2:].any()
    assert frame is not None and not frame[:, 1:3, 2:6].any() and frame.sum() == 24
    assert energy.part("nothing", (1, 4, 6)) is None


def test_units_move_when_layers_that_never_heard_both_sides_are_joined() -> None:
    """One layer hears only the data, alone or joined; of two the lower one hears what it has not heard before."""
    shallow, deep = (built(Dbm(hidden=hidden, code=4), (1, 2, 3)) for hidden in ((), (5,)))
    x = np.random.default_rng(0).random((7, 1, 2, 3)).astype(np.float32)
    assert isinstance(shallow, DeepMachine) and isinstance(deep, DeepMachine)
    alone = joining(shallow, x)
    assert alone.layers[0].moved == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(alone.alone, alone.joined, atol=1e-5)
    found = joining(deep, x)
    assert [layer.name for layer in found.layers] == ["hidden 1", "hidden 2"]
    v = torch.from_numpy(x).flatten(1)
    weight, bias = deep.machine.weight(("visible", "hidden 1")), deep.machine.biases["hidden 1"]
    heard_twice = torch.sigmoid(2 * v @ weight.T + bias)
    assert found.layers[0].alone == pytest.approx(heard_twice.mean().item(), rel=1e-5)
    whole = deep.states(torch.from_numpy(x))["hidden 1"]
    assert found.layers[0].joined == pytest.approx(whole.mean().item(), rel=1e-5)
    assert found.layers[0].moved == pytest.approx((whole - heard_twice).abs().mean().item(), rel=1e-5) and (
        found.layers[0].moved > 0.01
    )
    assert found.errors(x)[1] == pytest.approx(float(np.square(found.joined - x).mean()))
