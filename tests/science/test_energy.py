"""Boltzmann machines over graphs: every formula against sums over all states."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.data.pairings import Batch
from aeviz.errors import SettingError
from aeviz.learning import SGD
from aeviz.learning.learners import Backpropagation
from aeviz.models import Boltzmann, Dbm, Dbn, Rbm, ReplicatedSoftmax
from aeviz.models.autoencoder import Pass
from aeviz.models.boltzmann import BoltzmannMachine, State, chain
from aeviz.models.gibbs import annealed, gibbs, mean_fields, noise, tempered
from aeviz.models.machines import PHASES, EnergyModel, Machine
from aeviz.models.partition import annealed_importance, distribution, late, log_partition
from aeviz.models.restricted import Restricted
from aeviz.models.units import Bernoulli, Gaussian, Softmax, Units, Words
from aeviz.seeds import generator


def filled(machine: BoltzmannMachine, seed: int = 1, size: float = 0.8) -> BoltzmannMachine:
    """The machine in double precision, with weights and biases drawn."""
    draws = generator(seed, "machine")
    for parameter in machine.double().parameters():
        parameter.data = torch.randn(parameter.shape, generator=draws, dtype=torch.float64) * size
    return machine


def restricted() -> BoltzmannMachine:
    return filled(chain(("v", Bernoulli(5)), ("h", Bernoulli(3))))


def deep() -> BoltzmannMachine:
    return filled(chain(("v", Bernoulli(4)), ("h1", Bernoulli(3)), ("h2", Bernoulli(2))))


def multimodal() -> BoltzmannMachine:
    layers: dict[str, Units] = {
        "image": Bernoulli(3), "image hidden": Bernoulli(2), "joint": Bernoulli(2), "tag hidden": Bernoulli(2),
        "tags": Softmax(3),
    }  # fmt: skip
    edges = list(itertools.pairwise(layers))
    return filled(BoltzmannMachine(layers, edges))


def full() -> BoltzmannMachine:
    """Every unit connected with every other, two of them hidden."""
    return filled(BoltzmannMachine({"v": Bernoulli(4), "h": Bernoulli(2)}, [("v", "v"), ("v", "h"), ("h", "h")]))


MACHINES = pytest.mark.parametrize("make", [restricted, deep, multimodal, full], ids=lambda make: make.__name__)


def every_state(machine: BoltzmannMachine) -> State:
    """All joint states, one a row."""
    like = next(machine.parameters())
    each = [units.every_state(like) for units in machine.units.values()]
    rows = list(itertools.product(*(range(len(states)) for states in each)))
    numbers = torch.tensor(rows)
    return {
        name: states[numbers[:, place]] for place, (name, states) in enumerate(zip(machine.units, each, strict=True))
    }


def energy_in_loops(machine: BoltzmannMachine, state: Mapping[str, Tensor], row: int) -> float:
    """E of one state, summed unit by unit in plain Python."""
    total = 0.0
    for name, units in machine.units.items():
        s, b = state[name][row].tolist(), machine.biases[name].tolist()
        total -= sum(b[i] * s[i] for i in range(units.size))
        if isinstance(units, Gaussian):
            total += sum(each * each for each in s) / 2
    for lower, upper in machine.edges:
        weight = machine.weights[f"{lower}-{upper}"].tolist()
        low, high = state[lower][row].tolist(), state[upper][row].tolist()
        if lower == upper:
            total -= sum((weight[i][j] + weight[j][i]) / 2 * low[i] * low[j] for i in range(len(low)) for j in range(i))
        else:
            total -= sum(weight[i][j] * high[i] * low[j] for i in range(len(high)) for j in range(len(low)))
    return total


def joint(machine: BoltzmannMachine) -> tuple[State, Tensor]:
    """All states and their probabilities, from the energies alone."""
    state = every_state(machine)
    with torch.no_grad():
        return state, torch.softmax(-machine.energy(state), 0)


@MACHINES
def test_the_energy_is_the_sum_over_units_and_pairs(make: object) -> None:
    machine = make()  # type: ignore[operator]
    state = every_state(machine)
    found = machine.energy(state)
    for row in range(0, len(found), 7):
        assert found[row].item() == pytest.approx(energy_in_loops(machine, state, row), abs=1e-12)


@MACHINES
def test_each_conditional_is_that_of_the_joint_distribution(make: object) -> None:
    machine = make()  # type: ignore[operator]
    state, chances = joint(machine)
    for name, units in machine.units.items():
        if machine.lateral(name):
            continue
        others = [other for other in machine.units if other != name]
        given = {other: state[other] for other in others}
        with torch.no_grad():
            means = units.mean(machine.inputs(name, given))
        key = torch.cat([state[other] for other in others], 1)
        for row in range(0, len(chances), 11):
            alike = (key == key[row]).all(1)
            wanted = (chances[alike, None] * state[name][alike]).sum(0) / chances[alike].sum()
            torch.testing.assert_close(means[row], wanted)


def test_the_free_energy_is_minus_the_log_of_the_sum_over_what_is_left_out() -> None:
    for machine, given in (
        (restricted(), ["v"]),
        (deep(), ["v", "h2"]),
        (deep(), ["h1"]),
        (multimodal(), ["image hidden", "tag hidden"]),
    ):
        state = every_state(machine)
        with torch.no_grad():
            minus = -machine.energy(state)
            key = torch.cat([state[name] for name in given], 1)
            found = machine.free_energy({name: state[name] for name in given})
        for row in range(0, len(key), 5):
            alike = (key == key[row]).all(1)
            assert found[row].item() == pytest.approx(-torch.logsumexp(minus[alike], 0).item(), rel=1e-12)
    with pytest.raises(ValueError, match="h1 and h2 are connected"):
        deep().free_energy({"v": torch.zeros(1, 4).double()})


def test_gaussian_units_are_integrated_over() -> None:
    machine = filled(chain(("v", Gaussian(2)), ("h", Bernoulli(3))), size=0.5)
    line = torch.linspace(-9, 9, 181, dtype=torch.float64)
    v = torch.cartesian_prod(line, line)
    with torch.no_grad():
        summed = torch.logsumexp(-machine.free_energy({"v": v}), 0) + 2 * math.log(0.1)
        exact = log_partition(machine)
        assert summed.item() == pytest.approx(exact, abs=1e-8)
        h = machine.units["h"].every_state(v)
        drawn = machine.units["v"].draw(machine.inputs("v", {"h": h[5:6].expand(20_000, -1)}), generator(1))
    torch.testing.assert_close(drawn.mean(0), machine.inputs("v", {"h": h[5:6]})[0].detach(), atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.var(0), torch.ones(2).double(), atol=0.04, rtol=0)


def test_words_count_the_biases_of_their_neighbours_once_each() -> None:
    machine = filled(chain(("words", Words(4)), ("h", Bernoulli(3))))
    v = torch.tensor([[2.0, 0, 1, 0], [0, 5, 0, 0]]).double()
    h = machine.units["h"].every_state(v)
    for row in range(2):
        pairs = {"words": v[row].expand(len(h), -1), "h": h}
        with torch.no_grad():
            summed = torch.logsumexp(-machine.energy(pairs), 0)
            assert -machine.free_energy({"words": v[row : row + 1]}).item() == pytest.approx(summed.item())
            by_hand = -(v[row] @ machine.biases["words"]) - v[row].sum() * (h @ machine.biases["h"])
            by_hand = by_hand - (h @ machine.weights["words-h"]) @ v[row]
        torch.testing.assert_close(machine.energy(pairs).detach(), by_hand)
    lengths = torch.tensor([3.0, 0.0, 40_000.0])
    inputs = torch.tensor([[0.0, 1, 2, -1]]).double().expand(3, -1)
    words = machine.units["words"].draw_of_lengths(inputs, lengths, generator(1))  # type: ignore[attr-defined]
    assert words.sum(1).tolist() == lengths.tolist()
    torch.testing.assert_close(words[2] / 40_000, torch.softmax(inputs[2], 0), atol=0.01, rtol=0)


@MACHINES
def test_gibbs_sampling_leads_to_the_joint_distribution(make: object) -> None:
    machine = make()  # type: ignore[operator]
    state, chances = joint(machine)
    with torch.no_grad():
        found = gibbs(machine, noise(machine, 4000, generator(1)), 30, generator(2))
    for name in machine.units:
        wanted = chances @ state[name]
        torch.testing.assert_close(found[name].mean(0), wanted, atol=0.04, rtol=0)


def test_clamped_gibbs_sampling_leads_to_the_conditional_of_the_missing_modality() -> None:
    machine = multimodal()
    for weight in machine.weights.values():
        weight.data *= 3  # so that what one end says is heard at the other
    state, chances = joint(machine)
    tags = torch.eye(3, dtype=torch.float64)[1]
    alike = (state["tags"] == tags).all(1)
    wanted = (chances[alike, None] * state["image"][alike]).sum(0) / chances[alike].sum()
    start = noise(machine, 6000, generator(1)) | {"tags": tags.expand(6000, -1)}
    found = gibbs(machine, start, 40, generator(2), held=("tags",))
    assert torch.equal(found["tags"], start["tags"])
    torch.testing.assert_close(found["image"].mean(0), wanted, atol=0.03, rtol=0)
    assert (wanted - chances @ state["image"]).abs().max() > 0.05, "the tags tell something of the image"


def test_temperature_divides_the_energy() -> None:
    machine = restricted()
    state = every_state(machine)
    with torch.no_grad():
        wanted = torch.softmax(-machine.energy(state) / 3, 0) @ state["v"]
        found = gibbs(machine, noise(machine, 6000, generator(1)), 20, generator(2), temperature=3.0)
    torch.testing.assert_close(found["v"].mean(0), wanted, atol=0.03, rtol=0)


def test_annealing_ends_in_the_deepest_valley_more_often_than_a_cold_chain() -> None:
    """Two valleys, one deeper by 2 nats, with a wall of 10 between them."""
    machine = BoltzmannMachine({"v": Bernoulli(10)}, [("v", "v")])
    pattern = torch.tensor([1.0] * 6 + [0.0] * 4)
    with torch.no_grad():
        sign = 2 * pattern - 1
        machine.weights["v-v"].copy_(2.0 * torch.outer(sign, sign))
        machine.biases["v"].copy_(-machine.weight(("v", "v")).sum(0) / 2 + 0.35 * sign)
        best = machine.energy({"v": pattern[None]}).item()
        other = machine.energy({"v": 1 - pattern[None]}).item()
    assert best < other - 2
    start = {"v": (1 - pattern).expand(300, -1)}  # all of them in the shallower one
    cold = gibbs(machine, start, 40, generator(3))
    slowly = annealed(machine, start, np.geomspace(20, 1, 40), generator(3))
    shares = [(each["v"] == pattern).all(1).float().mean().item() for each in (cold, slowly)]
    assert shares[0] < 0.05
    assert shares[1] > 0.6


def test_tempering_leaves_each_temperature_its_own_distribution_and_mixes_over_walls() -> None:
    machine = filled(chain(("v", Bernoulli(4)), ("h", Bernoulli(3))), size=2.5)
    state, _ = joint(machine)
    ladder = [1.0, 1.5, 2.5, 5.0]
    with torch.no_grad():
        chains = [noise(machine, 3000, generator(5, i)) for i in range(len(ladder))]
        draws = generator(6)
        for _ in range(40):
            chains = tempered(machine, chains, ladder, draws)
        for temperature, found in ((1.0, chains[0]), (5.0, chains[3])):
            wanted = torch.softmax(-machine.energy(state) / temperature, 0) @ state["v"]
            torch.testing.assert_close(found["v"].mean(0), wanted, atol=0.04, rtol=0)


def test_every_mean_field_sweep_raises_the_bound_and_never_passes_the_free_energy() -> None:
    machine = deep()
    v = torch.tensor([[1.0, 0, 1, 1]]).double()
    state = every_state(machine)
    with torch.no_grad():
        alike = (state["v"] == v).all(1)
        exact = torch.logsumexp(-machine.energy({name: s[alike] for name, s in state.items()}), 0).item()

        def bound(fields: State) -> float:
            entropy = 0.0
            for name in ("h1", "h2"):
                mean = fields[name].clamp(1e-12, 1 - 1e-12)
                entropy -= (mean * mean.log() + (1 - mean) * (1 - mean).log()).sum().item()
            return entropy - machine.energy(fields).item()

        bounds = [bound(each) for each in mean_fields(machine, {"v": v}, 12)]
    assert all(after >= before - 1e-12 for before, after in itertools.pairwise(bounds))
    assert bounds[0] < bounds[-1] < exact


@MACHINES
def test_the_exact_log_partition_is_the_sum_over_every_state(make: object) -> None:
    machine = make()  # type: ignore[operator]
    with torch.no_grad():
        wanted = torch.logsumexp(-machine.energy(every_state(machine)), 0).item()
    assert log_partition(machine) == pytest.approx(wanted, rel=1e-12)
    first = machine.layers[0]
    state, chances = joint(machine)
    states = machine.units[first].every_state(chances)
    summed = torch.stack([chances[(state[first] == each).all(1)].sum() for each in states])
    torch.testing.assert_close(distribution(machine, first), summed)


def test_what_is_too_large_to_be_summed_is_refused_with_a_remedy() -> None:
    with pytest.raises(SettingError, match=r"at most 1,048,576 are summed: take a machine whose smaller side"):
        log_partition(chain(("v", Bernoulli(30)), ("h", Bernoulli(25))))
    with pytest.raises(SettingError, match="layers in two groups"):
        annealed_importance(full(), generator(1))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("temperatures", [60, late(87)], ids=["even", "late"])
@pytest.mark.parametrize("make", [restricted, deep, multimodal], ids=lambda make: make.__name__)
def test_annealed_importance_sampling_agrees_within_its_stated_error(make: object, temperatures: object) -> None:
    machine = make()  # type: ignore[operator]
    exact = log_partition(machine)
    inside, values = 0, []
    for seed in range(20):
        found = annealed_importance(machine, generator(seed, "ais"), chains=100, temperatures=temperatures)  # type: ignore[arg-type]
        inside += found.low <= exact <= found.high
        values.append(found.value)
    assert inside >= 19, f"three standard errors held in {inside} of 20 seeds"
    assert np.mean(np.exp(np.array(values) - exact)) == pytest.approx(1, abs=0.03), "the weights are unbiased"


def test_the_published_temperatures_are_most_of_them_near_one() -> None:
    steps = np.array(late(14_500))
    counts = [int((steps <= 0.5).sum()), int(((steps > 0.5) & (steps <= 0.9)).sum()), int((steps > 0.9).sum())]
    assert counts == [500, 4000, 10_000]
    assert np.diff(steps).min() > 0
    assert steps[-1] == 1, "the last one is the machine itself"


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_gradient_is_the_difference_of_the_correlations_in_both_phases(phase: str, likelihood: str) -> None:
    model = Rbm(code=3, phase=phase, likelihood=likelihood, particles=7, steps=2).build((6,), generator(3))  # type: ignore[arg-type]
    assert isinstance(model, Restricted)
    learner = Backpropagation(model, (), SGD())
    x = torch.rand(10, 6, generator=generator(4))
    heard: list[State] = []
    dream = model._dream

    def listening(forward: Pass) -> State:
        heard.append(dream(forward))
        return heard[-1]

    model._dream = listening  # type: ignore[method-assign]
    parts, _ = learner.losses(Batch(x, x), generator(7), learning=True)
    parts["loss"].backward()
    v, dreamed = model.seen(x), heard[0]["visible"]
    machine = model.machine
    with torch.no_grad():
        up, down = (torch.sigmoid(machine.inputs("hidden", {"visible": each})) for each in (v, dreamed))
    weight, biases = machine.weights["visible-hidden"], machine.biases
    torch.testing.assert_close(weight.grad, -(up.T @ v / len(v) - down.T @ dreamed / len(dreamed)))
    torch.testing.assert_close(biases["visible"].grad, -(v.mean(0) - dreamed.mean(0)))
    torch.testing.assert_close(biases["hidden"].grad, -(up.mean(0) - down.mean(0)))
    if phase != "contrastive":
        assert len(dreamed) == 7 and model.fantasies() is not None


@pytest.mark.usefixtures("unchecked")
def test_persistent_learning_comes_close_to_the_exact_maximum_likelihood_distribution() -> None:
    """Eleven units, patterns of bars: the total variation to the data falls, and stays near that of exact learning."""
    bars = torch.tensor([[1.0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [1, 1, 1, 1, 0, 0]])
    data = bars.repeat(15, 1)

    def distance(model: Restricted) -> float:
        states = model.machine.units["visible"].every_state(data)
        with torch.no_grad():
            model_chances = distribution(model.machine, "visible")
        wanted = torch.stack([(bars == each).all(1).double().mean() for each in states])
        return (model_chances - wanted).abs().sum().item() / 2

    def exact_loss(model: Restricted) -> Tensor:
        states = model.machine.units["visible"].every_state(data)
        log_z = torch.logsumexp(-model.machine.free_energy({"visible": states}), 0)
        return model.machine.free_energy({"visible": bars}).mean() + log_z

    spec = Rbm(code=5, phase="persistent", particles=500, steps=5)
    persistent, exact = (spec.build((6,), generator(2)) for _ in range(2))
    assert isinstance(persistent, Restricted) and isinstance(exact, Restricted)
    before = distance(persistent)
    learner = Backpropagation(persistent, (), SGD(learning_rate=0.1, momentum=0.5, schedule="cosine"))
    optimizer = torch.optim.SGD(exact.parameters(), lr=0.1, momentum=0.5)
    for step in range(1500):
        learner.step(Batch(data, data), generator(8, step), step / 1500)
        optimizer.zero_grad()
        exact_loss(exact).backward()
        optimizer.step()
    print(f"total variation to the data: {before:.3f} untrained, {distance(persistent):.3f} by persistent chains, "
          f"{distance(exact):.3f} by the exact gradient")  # fmt: skip
    assert before > 0.8
    assert distance(exact) < 0.15
    assert distance(persistent) < distance(exact) + 0.1


def test_units_at_rest_have_the_mean_that_they_were_given() -> None:
    """Bernoulli, Gaussian, softmax and words, for rates that are not nearer to 0 than is allowed."""
    rates = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64)
    for units in (Bernoulli(3), Gaussian(3), Softmax(3), Words(3)):
        torch.testing.assert_close(units.mean(units.resting(rates)[None])[0], rates)
    never = Bernoulli(2).resting(torch.tensor([0.0, 1.0]))
    assert never[0] < -5 and never[1] > 5 and torch.isfinite(never).all()


@pytest.mark.parametrize("make", [Rbm, Dbm, Dbn, Boltzmann, ReplicatedSoftmax], ids=lambda make: make.__name__)
def test_a_machine_that_begins_at_the_rates_of_the_data_dreams_of_them(make: type[EnergyModel]) -> None:
    """With all weights at 0 the pixels' means are those of the data, whatever else the machine has."""
    x = torch.rand(40, 1, 2, 3, generator=generator(4)) * torch.tensor([0.2, 0.5, 0.9])
    spec = make(code=3, rates=True)
    model = spec.build((1, 2, 3), generator(1))
    assert isinstance(model, Machine)
    spec.begin(model, Batch(x, x))
    for weight in model.maps():
        weight.data.zero_()
    shown = model.shown({name: torch.zeros(1, units.size) for name, units in model.machine.units.items()})[0]
    wanted = x.mean(0)
    torch.testing.assert_close(shown / shown.sum(), wanted / wanted.sum())
    plain = make(code=3)
    still = plain.build((1, 2, 3), generator(1)).state_dict()
    untouched = plain.build((1, 2, 3), generator(1))
    plain.begin(untouched, Batch(x, x))
    assert all(torch.equal(value, still[name]) for name, value in untouched.state_dict().items())


@MACHINES
def test_pinned_units_stay_and_the_rest_is_drawn_given_them(make: object) -> None:
    """A chain with some units of the first layer pinned leads to the exact conditional of all the others."""
    machine = make()  # type: ignore[operator]
    state, chances = joint(machine)
    first = next(iter(machine.units))
    size = machine.units[first].size
    pinned = torch.full((6000, size), math.nan, dtype=torch.float64)
    pinned[:, 0], pinned[:, 2] = 1.0, 0.0
    alike = (state[first][:, 0] == 1) & (state[first][:, 2] == 0)
    found = gibbs(machine, noise(machine, 6000, generator(1)), 60, generator(2), pinned={first: pinned})
    assert (found[first][:, 0] == 1).all() and (found[first][:, 2] == 0).all()
    for name in machine.units:
        wanted = (chances[alike, None] * state[name][alike]).sum(0) / chances[alike].sum()
        torch.testing.assert_close(found[name].mean(0), wanted, atol=0.04, rtol=0)
