"""The contractive penalty ‖∂h/∂x‖²_F (Rifai et al. 2011) against its closed form, brute force and differences."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.data.pairings import Batch, Clean
from aeviz.learning import Adam, Contractive, ContractiveHigherOrder, SparseL1, Term
from aeviz.learning.contraction import MOST_EXACT, jacobian, one_layer, pulled_back, unit_vectors
from aeviz.learning.learners import CHUNK, Backpropagation
from aeviz.models import Conv, ConvUnpool, ConvVae, Linear, Mlp, ModelSpec, Pass, Vae
from aeviz.models.autoencoder import Autoencoder
from aeviz.seeds import generator
from aeviz.views.probes import jacobian_norms
from tests.contract.drawn import IMAGES
from tests.contract.test_training import check_three_steps

SHAPE = (1, 4, 6)
SPECS: tuple[ModelSpec, ...] = (
    Mlp(code=3, hidden=(7, 5), activation="tanh", code_activation="softplus"),
    Mlp(code=3, hidden=(7,), activation="elu", tied=True),
    Mlp(code=30, hidden=(9,), activation="relu", code_activation="sigmoid"),
    Conv(code=3, channels=(4, 3), activation="softplus", code_activation="tanh"),
    ConvUnpool(code=3, channels=(4, 3), activation="tanh"),
    Vae(code=3, hidden=(7,), activation="sigmoid"),
    ConvVae(code=2, channels=(4,), activation="elu"),
)
every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind()}-{spec.code}")


def built(spec: ModelSpec) -> tuple[Autoencoder, Tensor]:
    """A model and five examples, in double precision."""
    model = spec.build(SHAPE, generator(2, "weights")).double()
    return model, torch.rand(5, *SHAPE, generator=generator(2, "x"), dtype=torch.float64)


def penalty(
    model: Autoencoder, x: Tensor, term: Contractive | None = None, draws: torch.Generator | None = None
) -> Tensor:
    """The term as the learner calls it."""
    x = x.detach().requires_grad_(True)
    code = model.encode(x)
    return (term or Contractive()).penalty(Pass(model, Batch(x, x), code, model.decode(code), generator=draws))


def brute_force(model: Autoencoder, x: Tensor) -> Tensor:
    """‖J‖²_F of each example from a Jacobian of its own."""
    norms = []
    for each in x:
        J = torch.autograd.functional.jacobian(lambda one: model.encode(one[None]).z[0], each)
        norms.append(J.square().sum())
    return torch.stack(norms)


def test_for_one_sigmoid_layer_it_is_the_closed_form() -> None:
    spec = Mlp(code=6, hidden=(), code_activation="sigmoid")
    model, x = built(spec)
    (weights, _), h = [each.detach() for each in model.encoder.parameters()], model.encode(x).z.detach()
    # Σⱼ (hⱼ(1 − hⱼ))² Σᵢ Wⱼᵢ²
    closed = ((h * (1 - h)).square() * weights.square().sum(1)).sum(1).mean()
    assert penalty(model, x).item() == pytest.approx(closed.item(), rel=1e-12)


@every_spec
def test_it_is_the_mean_of_the_squared_norms_of_every_examples_own_jacobian(spec: ModelSpec) -> None:
    model, x = built(spec)
    assert penalty(model, x).item() == pytest.approx(brute_force(model, x).mean().item(), rel=1e-10)


@every_spec
def test_it_agrees_with_finite_differences(spec: ModelSpec) -> None:
    model, x = built(spec)
    total, step = 0.0, 1e-6
    with torch.no_grad():
        for moved in step * torch.eye(24, dtype=torch.float64).reshape(24, 1, *SHAPE):
            column = (model.encode(x + moved).z - model.encode(x - moved).z) / (2 * step)
            total += column.square().sum().item() / len(x)
    assert penalty(model, x).item() == pytest.approx(total, rel=1e-5)


@every_spec
def test_its_gradient_with_respect_to_the_weights_agrees_with_finite_differences(spec: ModelSpec) -> None:
    model, x = built(spec)
    penalty(model, x).backward()
    random, step = np.random.default_rng(0), 1e-6
    checked = 0
    for parameter in model.encoder.parameters():
        if parameter.grad is None:  # the bias of a linear code has no part in it
            continue
        for entry in random.integers(0, parameter.numel(), 3):
            flat = parameter.detach().view(-1)
            before = flat[entry].item()
            values = []
            for moved in (before + step, before - step):
                flat[entry] = moved
                values.append(penalty(model, x).item())
            flat[entry] = before
            slope = (values[0] - values[1]) / (2 * step)
            assert parameter.grad.view(-1)[entry].item() == pytest.approx(slope, rel=1e-4, abs=1e-7)
            checked += 1
    assert checked >= 6


def test_the_jacobian_has_the_code_unit_first_and_keeps_examples_apart() -> None:
    model, x = built(SPECS[0])
    x.requires_grad_(True)
    together = jacobian(model.encode(x).z, x)
    assert together.shape == (3, 5, *SHAPE)
    alone = x.detach()[3:4].requires_grad_(True)
    torch.testing.assert_close(together[:, 3:4], jacobian(model.encode(alone).z, alone))


@every_spec
def test_the_probe_shows_the_norms_that_the_term_penalises(spec: ModelSpec) -> None:
    model, x = built(spec)
    expected = brute_force(model, x).sqrt().numpy()
    shown = jacobian_norms(model.float(), x.float().numpy())
    np.testing.assert_allclose(shown, expected, rtol=1e-4)


def test_the_probe_gives_the_same_in_chunks_and_for_frozen_weights() -> None:
    model, _ = built(SPECS[2])
    model = model.float().requires_grad_(False)
    x = torch.rand(45, *SHAPE, generator=generator(0)).numpy()  # more than 500 // 30 at once
    shown = jacobian_norms(model, x)
    np.testing.assert_allclose(shown, brute_force(model, torch.from_numpy(x)).sqrt().numpy(), rtol=1e-4)
    assert jacobian_norms(model, x[:0]).shape == (0,)


# Behind a first dense layer ‖vᵀJ‖² is taken without going down to the input


@pytest.mark.parametrize(
    ("spec", "shortened"),
    [
        (Mlp(code=20, hidden=(6, 5), activation="tanh"), True),
        (Mlp(code=20, hidden=(6,), activation="tanh", tied=True), True),
        (Vae(code=20, hidden=(6,), activation="tanh"), True),
        (Linear(code=3), True),
        (Mlp(code=2, hidden=(200,)), False),  # wider than the input: nothing would be saved
        (Conv(code=20, channels=(3,)), False),
    ],
    ids=str,
)
def test_a_first_dense_layer_is_a_short_cut_that_changes_nothing(spec: ModelSpec, shortened: bool) -> None:
    model, _ = built(spec)
    x = torch.rand(40, *SHAPE, generator=generator(3), dtype=torch.float64)
    inputs = x.clone().requires_grad_(True)
    z = model.encode(inputs).z
    found = pulled_back(z, inputs, unit_vectors(z), create_graph=True)
    assert (found.metric is not None) is shortened
    full = jacobian(z, inputs, create_graph=True).square().sum()
    assert found.squares().item() == pytest.approx(full.item(), rel=1e-10)
    by_short, by_full = (
        torch.autograd.grad(each, list(model.encoder.parameters()), retain_graph=True, allow_unused=True)
        for each in (found.squares(), full)
    )
    for one, other in zip(by_short, by_full, strict=True):
        assert (one is None or not one.any()) if other is None or not other.any() else one is not None
        if one is not None and other is not None:
            torch.testing.assert_close(one, other)


def test_an_input_that_takes_a_second_way_is_not_cut_short() -> None:
    class Shortcut(torch.nn.Module):
        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor, draws: torch.Generator | None) -> tuple[Tensor, tuple[Tensor, ...]]:
            z, switches = self.inner(x, draws)
            return z + x.flatten(1)[:, :1].sin(), switches

    model, _ = built(Mlp(code=20, hidden=(6,), activation="tanh"))
    model.encoder = Shortcut(model.encoder)
    x = torch.rand(40, *SHAPE, generator=generator(3), dtype=torch.float64)
    assert penalty(model, x).item() == pytest.approx(brute_force(model, x).mean().item(), rel=1e-10)


# One dense layer: all rows at once, whatever the size of the code


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh", "sigmoid", "softplus"])
@pytest.mark.parametrize("term", [Contractive(), ContractiveHigherOrder(sigma=0.5, samples=2)], ids=lambda t: t.kind())
def test_one_dense_layer_of_any_size_is_exact_and_so_is_its_gradient(term: Contractive, activation: str) -> None:
    model, x = built(Mlp(code=MOST_EXACT + 1, hidden=(), code_activation=activation, tied=True))  # type: ignore[arg-type]
    weight, bias = model.encoder.parameters()
    inputs = x.clone().requires_grad_(True)
    code = model.encode(inputs)
    assert one_layer(code.z, inputs)
    found = term.penalty(Pass(model, Batch(inputs, inputs), code, model.decode(code), generator=generator(5)))
    J, draws = jacobian(code.z, inputs, create_graph=True), generator(5)
    expected = J.square().sum() / len(x)
    if isinstance(term, ContractiveHigherOrder):
        for _ in range(term.samples):
            near = (x + term.sigma * torch.empty_like(x).normal_(generator=draws)).requires_grad_(True)
            there = jacobian(model.encode(near).z, near, create_graph=True)
            expected = expected + (J - there).square().sum() / term.samples / len(x)
    torch.testing.assert_close(found, expected)
    of_found, of_expected = (
        torch.autograd.grad(each, [weight, bias], retain_graph=True, allow_unused=True, materialize_grads=True)
        for each in (found, expected)
    )
    torch.testing.assert_close(of_found, of_expected)


@pytest.mark.parametrize(
    "spec",
    [Mlp(code=3, hidden=(4,)), Vae(code=3, hidden=()), Conv(code=3, channels=(3,)), Mlp(code=3, hidden=())],
    ids=str,
)
def test_what_is_more_than_one_dense_layer_is_not_taken_for_one(spec: ModelSpec) -> None:
    model, x = built(spec)
    x.requires_grad_(True)
    z = model.encode(x).z
    assert one_layer(z, x) == (spec == Mlp(code=3, hidden=()))
    assert not one_layer(z.softmax(1), x), "entries that mix"
    assert not one_layer(z.sigmoid() + x.flatten(1)[:, :3], x), "a second way"


# Hutchinson's estimate for large codes

LARGE = Mlp(code=MOST_EXACT + 16, hidden=(7,), activation="tanh", code_activation="sigmoid")


def test_up_to_64_units_it_is_exact_and_needs_no_generator_and_beyond_it_asks_for_one() -> None:
    model, x = built(replace(LARGE, code=MOST_EXACT))
    exact = brute_force(model, x).mean().item()
    assert penalty(model, x).item() == pytest.approx(exact, rel=1e-10)
    assert penalty(model, x, Contractive(probes=1), generator(1)).item() == pytest.approx(exact, rel=1e-10)
    model, x = built(LARGE)
    with pytest.raises(ValueError, match="generator"):
        penalty(model, x)


@pytest.mark.parametrize("probes", [1, 3])
@pytest.mark.parametrize("spec", [LARGE, Conv(code=70, channels=(3,))], ids=lambda spec: spec.kind())
def test_the_estimate_for_large_codes_is_unbiased_and_as_uncertain_as_the_formula_says(
    spec: ModelSpec, probes: int
) -> None:
    model, x = built(spec)
    exact, draws, term = brute_force(model, x).mean().item(), generator(9), Contractive(probes=probes)
    estimates = np.array([penalty(model, x, term, draws).item() for _ in range(600)])
    variance = 0.0
    for each in x:
        J = torch.autograd.functional.jacobian(lambda one: model.encode(one[None]).z[0], each).flatten(1)
        gram = J @ J.T
        variance += 2 * (gram.square().sum() - gram.diag().square().sum()).item() / probes / len(x) ** 2
    assert abs(estimates.mean() - exact) < 4 * np.sqrt(variance / len(estimates))
    assert estimates.var() == pytest.approx(variance, rel=0.35)


def test_the_gradient_of_the_estimate_is_unbiased() -> None:
    model, x = built(LARGE)
    z = model.encode(inputs := x.clone().requires_grad_(True)).z
    (weight, *_) = model.encoder.parameters()
    (exact,) = torch.autograd.grad(jacobian(z, inputs, create_graph=True).square().sum() / len(x), weight)
    draws = generator(4)
    drawn = torch.stack([torch.autograd.grad(penalty(model, x, Contractive(), draws), weight)[0] for _ in range(300)])
    error = drawn.std(0) / np.sqrt(len(drawn))
    assert ((drawn.mean(0) - exact).abs() <= 5 * error + 1e-9).all()


# Higher order (CAE+H)


def by_hand(model: Autoencoder, x: Tensor, term: ContractiveHigherOrder, draws: torch.Generator) -> float:
    """Both parts from every example's own Jacobian, with the same draws."""

    def J(each: Tensor) -> Tensor:
        return torch.autograd.functional.jacobian(lambda one: model.encode(one[None]).z[0], each)

    bending = 0.0
    for _ in range(term.samples):
        noise = torch.empty_like(x).normal_(generator=draws)
        for each, moved in zip(x, x + term.sigma * noise, strict=True):
            bending += (J(each) - J(moved)).square().sum().item() / term.samples
    return brute_force(model, x).mean().item() + term.gamma * bending / len(x)


@pytest.mark.parametrize("term", [ContractiveHigherOrder(gamma=3, sigma=0.5), ContractiveHigherOrder(samples=3)])
@every_spec
def test_the_higher_order_term_is_the_formula_draw_by_draw(spec: ModelSpec, term: ContractiveHigherOrder) -> None:
    model, x = built(spec)
    found = penalty(model, x, term, generator(6)).item()
    assert found == pytest.approx(by_hand(model, x, term, generator(6)), rel=1e-9)


def test_without_weight_on_the_bending_it_is_the_contractive_penalty() -> None:
    model, x = built(SPECS[0])
    found = penalty(model, x, ContractiveHigherOrder(gamma=0), generator(0)).item()
    assert found == pytest.approx(penalty(model, x).item(), rel=1e-12)


def test_for_small_noise_the_bending_is_the_squared_norm_of_the_second_derivatives() -> None:
    # J(x + ε) − J(x) ≈ H ε, so E‖·‖² ≈ σ² ‖H‖²_F.
    model, x = built(Mlp(code=3, hidden=(5,), activation="tanh"))
    norm = 0.0
    for each in x:
        for unit in range(3):
            hessian = torch.autograd.functional.hessian(lambda one, j=unit: model.encode(one[None]).z[0, j], each)
            norm += hessian.square().sum().item() / len(x)
    sigma, draws = 1e-3, generator(2)
    term = ContractiveHigherOrder(gamma=1000, sigma=sigma, samples=16)
    first = penalty(model, x).item()
    bending = np.array([penalty(model, x, term, draws).item() - first for _ in range(60)]) / (1000 * sigma**2)
    assert bending.mean() == pytest.approx(norm, rel=4 * bending.std() / bending.mean() / np.sqrt(60))
    assert bending.std() / np.sqrt(60) < 0.05 * norm, "the test can tell"


def test_the_higher_order_estimate_for_large_codes_is_unbiased() -> None:
    model, x = built(LARGE)
    term, draws = ContractiveHigherOrder(gamma=2, sigma=0.3), generator(3)
    estimates = np.array([penalty(model, x, term, draws).item() for _ in range(400)])
    exact = np.array([by_hand(model, x, term, draws) for _ in range(20)])
    error = np.hypot(estimates.std() / np.sqrt(len(estimates)), exact.std() / np.sqrt(len(exact)))
    assert abs(estimates.mean() - exact.mean()) < 4 * error
    assert error < 0.05 * exact.mean(), "the test can tell"


def test_fewer_examples_are_evaluated_at_once_the_more_rows_a_jacobian_has() -> None:
    def chunk(code: int, *terms: Term) -> int:
        return Backpropagation(Mlp(code=code, hidden=(4,)).build((6,), generator(0)), terms, Adam()).chunk

    assert chunk(5) == chunk(512, SparseL1()) == CHUNK
    assert chunk(5, Contractive()) == CHUNK // 5
    assert chunk(5, SparseL1(), ContractiveHigherOrder()) == CHUNK // 10
    assert chunk(64, Contractive()) == 16
    assert chunk(512, Contractive(probes=2)) == CHUNK // 2


@pytest.mark.parametrize("spec", [Mlp(code=2), Mlp(code=MOST_EXACT + 1, hidden=(8,))], ids=lambda spec: str(spec.code))
@pytest.mark.parametrize("term", [Contractive(), ContractiveHigherOrder()], ids=lambda term: term.kind())
def test_both_terms_train_the_same_way_twice(spec: ModelSpec, term: Contractive) -> None:
    check_three_steps(spec, (term,), Clean(), IMAGES)
