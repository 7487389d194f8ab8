"""Sparsity and size penalties on the code, at values computed by hand."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.data import Digits
from aeviz.data.pairings import Batch
from aeviz.learning import CodeL2, SparseKl, SparseL1, Term, TopK, WeightDecay
from aeviz.learning.events import Measured
from aeviz.models import Conv, Mlp, Pass
from aeviz.models.autoencoder import Code
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment
from aeviz.seeds import generator
from tests.contract.drawn import Trial, same

MODEL = Mlp(code=3, hidden=(4,), tied=True).build((6,), generator(0))
X = torch.zeros(4, 6)


def penalty(term: Term, z: Tensor) -> Tensor:
    """The term of codes z, before its weight."""
    return term.penalty(Pass(MODEL, Batch(X, X), Code(z), X))


def test_kl_sparsity_has_the_values_computed_by_hand() -> None:
    z = torch.tensor([[0.1, 0.5], [0.3, 0.7]], dtype=torch.float64)  # means 0.2 and 0.6
    by_hand = sum(0.05 * math.log(0.05 / mean) + 0.95 * math.log(0.95 / (1 - mean)) for mean in (0.2, 0.6))
    assert penalty(SparseKl(rho=0.05), z).item() == pytest.approx(by_hand, rel=1e-12)
    half = penalty(SparseKl(rho=0.5), torch.full((3, 1), 0.25))
    assert half.item() == pytest.approx(math.log(2) - math.log(3) / 2, rel=1e-6)


@pytest.mark.parametrize("rho", [0.001, 0.05, 0.5, 0.999])
def test_kl_sparsity_is_zero_exactly_where_the_mean_activity_is_rho_and_positive_elsewhere(rho: float) -> None:
    spread = min(rho, 1 - rho) / 2
    at = torch.tensor([[rho - spread], [rho + spread]], dtype=torch.float64).requires_grad_(True)
    value = penalty(SparseKl(rho=rho), at)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-12)
    assert at.grad is not None
    torch.testing.assert_close(at.grad, torch.zeros_like(at), atol=1e-9, rtol=0)
    for other in (rho / 2, (1 + rho) / 2):
        assert penalty(SparseKl(rho=rho), torch.full((2, 1), other, dtype=torch.float64)).item() > 0


def test_the_gradient_of_kl_sparsity_is_that_of_the_formula() -> None:
    z = torch.rand(5, 3, generator=generator(1), dtype=torch.float64).requires_grad_(True)
    penalty(SparseKl(rho=0.1), z).backward()
    mean = z.detach().mean(0)
    expected = (-0.1 / mean + 0.9 / (1 - mean)) / len(z)  # ∂/∂ρ̂ⱼ · ∂ρ̂ⱼ/∂zᵢⱼ
    assert z.grad is not None
    torch.testing.assert_close(z.grad, expected.expand_as(z.grad))


def test_kl_sparsity_of_saturated_units_is_finite() -> None:
    z = torch.tensor([[0.0, 1.0], [0.0, 1.0]], requires_grad=True)
    value = penalty(SparseKl(), z)
    value.backward()
    assert math.isfinite(value.item())
    assert z.grad is not None
    assert z.grad.isfinite().all()


def test_l1_sums_over_the_code_and_averages_over_the_batch() -> None:
    z = torch.tensor([[1.0, -2.0, 0.0], [3.0, 0.0, -0.5]])
    assert penalty(SparseL1(), z).item() == pytest.approx((3 + 3.5) / 2)
    assert penalty(SparseL1(), z.repeat(5, 1)).item() == pytest.approx((3 + 3.5) / 2)


def test_code_l2_is_minus_the_log_of_a_standard_normal_prior_up_to_its_constant() -> None:
    z = torch.randn(50, 4, generator=generator(3), dtype=torch.float64)
    log_prior = torch.distributions.Normal(torch.tensor(0.0, dtype=torch.float64), 1.0).log_prob(z).sum(1).mean()
    assert penalty(CodeL2(), z).item() == pytest.approx(-log_prior.item() - 2 * math.log(2 * math.pi), rel=1e-10)


def test_weight_decay_counts_every_weight_once_and_no_bias() -> None:
    x = torch.zeros(2, 1, 8, 8)
    for spec, shape in ((Mlp(code=3, hidden=(4,), tied=True), (6,)), (Mlp(), (6,)), (Conv(), (1, 8, 8))):
        model = spec.build(shape, generator(5))
        by_hand = sum((each.detach().numpy() ** 2).sum() for each in model.state_dict().values() if each.dim() > 1) / 2
        with torch.no_grad():
            for each in model.parameters():
                if each.dim() == 1:
                    each.fill_(100)
        value = WeightDecay().penalty(Pass(model, Batch(x, x), Code(torch.zeros(2, 3)), x))
        assert value.item() == pytest.approx(float(by_hand), rel=1e-5)


def test_a_sparse_model_ends_up_sparser() -> None:
    ends = {}
    for weight in (0.0, 5.0):
        trial = Trial(Mlp(code=20, hidden=(), code_activation="sigmoid"), (SparseKl(weight=weight, rho=0.05),))
        for _ in range(300):
            trial.learner.step(trial.batch, trial.draws, 0.0)
        activity = trial.model.encode(trial.batch.inputs).z.detach().mean(0)
        ends[weight] = (activity - 0.05).abs().mean().item()
    assert ends[5.0] < ends[0.0] / 2


# Activity over more than a batch


def sigmoid_trial(average: str, **settings: float) -> tuple[Trial, SparseKl]:
    """A model with sigmoid codes and the term."""
    term = SparseKl(average=average, **settings)  # type: ignore[arg-type]
    return Trial(Mlp(code=3, hidden=(), code_activation="sigmoid"), (term,)), term


def penalised(trial: Trial, term: SparseKl, x: Tensor, *, learning: bool = True) -> tuple[Tensor, Tensor]:
    """The term for a batch, and the batch's codes, which keep their gradient."""
    code = trial.model.encode(x)
    code.z.retain_grad()
    return term.penalty(Pass(trial.model, Batch(x, x), code, x, learning)), code.z


def divergence(rho: float, mean: Tensor) -> float:
    """Σⱼ KL(ρ ‖ ρ̂ⱼ) by torch.distributions."""
    wanted = torch.distributions.Bernoulli(torch.full_like(mean, rho))
    return torch.distributions.kl_divergence(wanted, torch.distributions.Bernoulli(mean)).sum().item()


def test_a_batchs_activity_leaves_the_model_as_it_is_and_remembers_nothing() -> None:
    trial, _ = sigmoid_trial("batch")
    assert not len(trial.model.attachments)


def test_the_running_mean_lets_older_batches_fade_and_is_never_biased_towards_zero() -> None:
    trial, term = sigmoid_trial("running", decay=0.75, rho=0.1)
    batches = torch.rand(5, 4, 1, 8, 8, generator=generator(1))
    means: list[Tensor] = []
    for x in batches:
        value, z = penalised(trial, term, x)
        means.insert(0, z.detach().mean(0))
        shares = torch.tensor([0.75**age for age in range(len(means))])
        whole = (shares[:, None] * torch.stack(means)).sum(0) / shares.sum()
        assert value.item() == pytest.approx(divergence(0.1, whole), rel=1e-5)
        # The gradient is taken at the whole mean, and handed on by the batch's own.
        value.backward()
        expected = (-0.1 / whole + 0.9 / (1 - whole)) / len(x)
        assert z.grad is not None
        torch.testing.assert_close(z.grad, expected.expand_as(z.grad))


def test_the_mean_of_an_epoch_is_that_of_the_whole_training_set_as_it_is_fed() -> None:
    trial, term = sigmoid_trial("epoch", rho=0.2)
    fed = torch.rand(13, 1, 8, 8, generator=generator(1))
    own, _ = penalised(trial, term, fed[:2])
    whole = trial.model.encode(fed).z.detach().mean(0)
    assert own.item() == pytest.approx(divergence(0.2, trial.model.encode(fed[:2]).z.detach().mean(0)), rel=1e-5)
    for _ in range(2):  # a second epoch forgets the first
        trial.learner.begin_epoch(lambda: (Batch(each, 0 * each) for each in fed.split(5)))
        value, z = penalised(trial, term, fed[:4])
        assert value.item() == pytest.approx(divergence(0.2, whole), rel=1e-5)
    value.backward()
    assert z.grad is not None
    torch.testing.assert_close(z.grad, ((-0.2 / whole + 0.8 / (1 - whole)) / 4).expand_as(z.grad))


@pytest.mark.parametrize("average", ["running", "epoch"])
def test_what_is_remembered_is_saved_and_what_is_tested_takes_its_own_mean(average: str) -> None:
    trial, term = sigmoid_trial(average)
    trial.learner.begin_epoch(lambda: iter([trial.batch]))
    trial.steps(3)
    tested = torch.rand(7, 1, 8, 8, generator=generator(4))
    before = trial.weights()
    value, z = penalised(trial, term, tested, learning=False)
    assert value.item() == pytest.approx(divergence(term.rho, z.detach().mean(0)), rel=1e-5)
    assert same(before, trial.weights())
    twin, _ = sigmoid_trial(average)
    assert not same(before, twin.weights())
    twin.model.load_state_dict(before)
    x = trial.batch.inputs
    assert penalised(trial, term, x)[0].item() == penalised(twin, term, x)[0].item()
    assert {"attachments.SparseKl.total", "attachments.SparseKl.weight"} <= before.keys()


def test_the_penalty_of_small_batches_is_too_high_and_that_of_the_whole_set_is_not() -> None:
    # Jensen: KL(ρ ‖ ρ̂) is convex in ρ̂, so the mean over batches exceeds the value at the mean.
    means: dict[str, float] = {}
    fed = torch.rand(64, 1, 8, 8, generator=generator(2))
    for average in ("batch", "epoch"):
        trial, term = sigmoid_trial(average)
        trial.learner.begin_epoch(lambda: iter([Batch(fed, fed)]))
        means[average] = sum(penalised(trial, term, x)[0].item() for x in fed.split(2)) / 32
    assert means["epoch"] == pytest.approx(divergence(0.05, trial.model.encode(fed).z.detach().mean(0)), rel=1e-5)
    assert means["batch"] > means["epoch"] * 1.001


@pytest.mark.parametrize(
    "terms",
    [(SparseKl(average="running"),), (SparseKl(average="epoch"),), (TopK(active=4, patience=300),)],
    ids=["running", "epoch", "top k"],
)
def test_a_run_that_is_taken_up_again_goes_on_as_if_it_had_never_stopped(terms: tuple[Term, ...]) -> None:
    model = Mlp(code=9, hidden=(12,), code_activation="sigmoid")
    recipe = Recipe(data=Digits(), model=model, terms=terms, epochs=3)
    straight, broken, resumed = (Experiment.prepare(recipe) for _ in range(3))
    rows = [event.row() for event in straight.events() if isinstance(event, Measured)]
    place = next(event.place() for event in broken.events() if isinstance(event, Measured) and event.epoch == 1)
    resumed.restore(broken.checkpoint())
    assert [event.row() for event in resumed.events(place) if isinstance(event, Measured)] == rows[2:]
    assert all(np.array_equal(value, resumed.weights()[name]) for name, value in straight.weights().items())
