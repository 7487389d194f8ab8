"""Layers: activations, dropout, tied weights, fresh weights, and unpooling to places."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from aeviz.models import MODELS, Conv, ConvGan, ConvUnpool, ConvVae, Linear, Mlp
from aeviz.models.autoencoder import Code
from aeviz.models.convolutional import TiedConvolution, TiedDense, UnpoolingDecoder, halved
from aeviz.models.layers import ACTIVATIONS, CODE_ACTIVATIONS, activate, drop, range_of
from aeviz.seeds import generator

X = torch.linspace(-4, 4, 33, dtype=torch.float64)


@pytest.mark.parametrize("name", sorted({*ACTIVATIONS, *CODE_ACTIVATIONS}))
def test_an_activation_is_what_its_name_says(name: str) -> None:
    formulas = {
        "relu": X.clamp(min=0),
        "leaky_relu": torch.where(X > 0, X, 0.01 * X),
        "elu": torch.where(X > 0, X, X.exp() - 1),
        "gelu": X * torch.distributions.Normal(0, 1).cdf(X),
        "silu": X / (1 + (-X).exp()),
        "tanh": (X.exp() - (-X).exp()) / (X.exp() + (-X).exp()),
        "sigmoid": 1 / (1 + (-X).exp()),
        "softplus": (1 + X.exp()).log(),
        "linear": X,
    }
    torch.testing.assert_close(activate(name, X), formulas[name])
    low, high = activate(name, X).min().item(), activate(name, X).max().item()
    lies_in = "unit" if 0 < low < high < 1 else "positive" if low >= 0 else "unbounded"
    assert range_of(name) == lies_in


# Dropout


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_dropout_zeroes_its_share_scales_the_rest_and_keeps_the_expectation(share: float) -> None:
    x = torch.full((200, 200), 3.0)
    dropped = drop(x, share, generator(1))
    zeroed = dropped == 0
    error = math.sqrt(share * (1 - share) / x.numel())
    assert abs(zeroed.float().mean().item() - share) < 4 * error
    torch.testing.assert_close(dropped[~zeroed], torch.full_like(dropped[~zeroed], 3 / (1 - share)))
    assert abs(dropped.mean().item() - 3) < 4 * 3 * error / (1 - share)


def test_dropout_is_off_without_a_generator_and_for_a_share_of_zero() -> None:
    x = torch.rand(5, 5, generator=generator(0))
    assert drop(x, 0.5, None) is x
    draws = generator(1)
    before = draws.get_state()
    assert drop(x, 0.0, draws) is x
    assert torch.equal(draws.get_state(), before)


@pytest.mark.parametrize("tied", [False, True])
def test_dropout_works_on_the_hidden_layers_of_both_halves_while_training_only(tied: bool) -> None:
    model = Mlp(hidden=(50,), activation="sigmoid", dropout=0.5, tied=tied).build((6,), generator(0))
    x = torch.rand(4, 6, generator=generator(1))
    assert torch.equal(model.encode(x).z, model.encode(x).z)
    assert not torch.equal(model.encode(x).z, model.encode(x, generator(2)).z)
    code = model.encode(x)
    assert torch.equal(model.decode(code), model.decode(code))
    assert not torch.equal(model.decode(code), model.decode(code, generator(2)))
    # The code itself is never dropped.
    bare = Mlp(hidden=(), dropout=0.9).build((6,), generator(0))
    assert torch.equal(bare.encode(x).z, bare.encode(x, generator(2)).z)


@pytest.mark.parametrize("model", [Conv, ConvUnpool, ConvVae], ids=lambda each: each.__name__)
def test_convolutional_models_drop_on_every_hidden_layer_while_training_only(model: type) -> None:
    built = model(channels=(4, 6), dropout=0.5, activation="sigmoid").build((1, 8, 8), generator(0))
    x = torch.rand(3, 1, 8, 8, generator=generator(1))
    counted: list[float] = []
    for layer in (*built.encoder.modules(), *built.decoder.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(lambda _, given, __: counted.append((given[0] == 0).float().mean().item()))
    code = built.encode(x, generator(2))
    built.decode(code, generator(2))
    first, second, *rest = counted  # sigmoids are never 0, so what is 0 was dropped
    unpooled = model is ConvUnpool  # three of four places are empty to begin with
    assert first == 0, "nothing is dropped from the input"
    assert 0.3 < second < 0.7
    assert len(rest) == 4
    assert rest[1] == 0, "nothing is dropped from the code"
    assert 0.3 < rest[0] < 0.7
    assert all((0.8 if unpooled else 0.3) < share < (0.95 if unpooled else 0.7) for share in rest[2:])
    assert torch.equal(built.encode(x).z, built.encode(x).z)
    assert torch.equal(built.decode(code), built.decode(code))


# Weights


@pytest.mark.parametrize("spec", [Mlp(), Mlp(tied=True), Linear(tied=True)], ids=str)
def test_dense_layers_compute_what_the_formula_says(spec: Mlp | Linear) -> None:
    model = spec.build((6,), generator(3)).double()
    x = torch.rand(4, 6, generator=generator(1), dtype=torch.float64)
    linear = [each for each in model.encoder.modules() if isinstance(each, nn.Linear)]
    h = x
    for number, layer in enumerate(linear):
        h = h @ layer.weight.T + layer.bias
        h = h.clamp(min=0) if number < len(linear) - 1 else h
    torch.testing.assert_close(model.encode(x).z, h)
    if spec.tied:
        for number, (layer, bias) in enumerate(zip(linear[::-1], model.decoder.parameters(), strict=True)):
            h = h @ layer.weight + bias
            h = h.clamp(min=0) if number < len(linear) - 1 else h
        torch.testing.assert_close(model.decode(model.encode(x)), h)


def test_tied_weights_are_counted_saved_and_trained_once() -> None:
    free, tied = Mlp(hidden=(5,), code=2), Mlp(hidden=(5,), code=2, tied=True)
    weights = 7 * 5 + 5 * 2
    assert free.parameters((7,)) == 2 * weights + (5 + 2) + (5 + 7)
    assert tied.parameters((7,)) == weights + (5 + 2) + (5 + 7)
    model = tied.build((7,), generator(0))
    assert sum(each.numel() for each in model.state_dict().values()) == tied.parameters((7,))
    twin = copy.deepcopy(model)
    with torch.no_grad():
        next(twin.encoder.parameters()).zero_()
    x = torch.rand(3, 7, generator=generator(0))
    assert not torch.equal(twin.reconstruct(x), model.reconstruct(x)), "the copy's decoder uses the copy's encoder"
    assert torch.equal(twin.decode(Code(torch.ones(1, 2)))[0], twin.decoder.biases[-1])  # type: ignore[index,union-attr]


@pytest.mark.parametrize("model", MODELS, ids=lambda each: each.__name__)
def test_fresh_weights_are_glorot_uniform_with_their_gain_and_fresh_biases_zero(model: type) -> None:
    built = model().build((1, 28, 28), generator(0))
    for layer in built.modules():
        if not isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            continue
        assert not layer.bias.any()
        fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
        bound = layer.gain * math.sqrt(6 / (fan_in + fan_out))  # type: ignore[operator]
        # Twice as much in a generator's transposed layers, whose stride leaves three quarters of each kernel out.
        strided = isinstance(layer, nn.ConvTranspose2d) and model is ConvGan
        assert layer.gain in ((2.0, 2 * math.sqrt(2)) if strided else (1.0, math.sqrt(2)))
        assert layer.weight.abs().max() <= bound * (1 + 1e-6)
        if layer.weight.numel() > 2000:
            assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)


def test_another_seed_draws_other_weights() -> None:
    first, second = (Mlp().build((4,), generator(seed)).state_dict() for seed in (0, 1))
    assert all(not torch.equal(first[name], second[name]) for name in first if name.endswith("weight"))


# Convolutions


@pytest.mark.parametrize("model", [Conv, ConvUnpool])
@pytest.mark.parametrize("size", [(8, 8), (7, 7), (28, 28), (9, 5), (4, 13)])
@pytest.mark.parametrize("colours", [1, 3])
def test_images_of_any_size_come_back_at_that_size(model: type, size: tuple[int, int], colours: int) -> None:
    most = min(size).bit_length() - 1
    shape = (colours, *size)
    for layers in range(1, most + 1):
        spec = model(channels=(4,) * layers)
        assert not spec.misfits(shape)
        built = spec.build(shape, generator(0))
        x = torch.rand(2, *shape, generator=generator(1))
        assert built.reconstruct(x).shape == x.shape
        assert built.decode(Code(torch.zeros(2, 2))).shape == x.shape
    assert f"at most {most}" in model(channels=(4,) * (most + 1)).misfits(shape)[0] if most < 5 else True


TIED = [Conv(tied=True, channels=(3, 5)), ConvUnpool(tied=True, channels=(3, 5), unpooling="repeat")]


@pytest.mark.parametrize("spec", TIED, ids=lambda spec: spec.kind())
@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
def test_a_tied_decoders_layers_are_the_transposes_of_the_encoders(
    spec: Conv | ConvUnpool, size: tuple[int, int]
) -> None:
    # ⟨W x, h⟩ = ⟨x, Wᵀ h⟩ for every x and h defines the transpose, for any linear map.
    model = spec.build((2, *size), generator(0)).double()
    inward = [each for each in model.encoder.modules() if isinstance(each, nn.Linear | nn.Conv2d)]
    outward = [each for each in model.decoder.modules() if isinstance(each, TiedDense | TiedConvolution)]
    mirrored = [each.mirrored[0] for each in outward]
    assert {id(each) for each in mirrored} == {id(each) for each in inward}
    sizes = halved(size, 2)
    places = sizes[1:] if isinstance(spec, Conv) else sizes[:-1]  # pooling shrinks behind the convolution
    convolutions = [each for each in inward if isinstance(each, nn.Conv2d)]
    for layer, given, wanted in zip(convolutions, sizes[:-1], places, strict=True):
        x = torch.randn(2, layer.in_channels, *given, generator=generator(1), dtype=torch.float64)
        h = torch.randn(2, layer.out_channels, *wanted, generator=generator(2), dtype=torch.float64)
        back = next(each for each in outward if each.mirrored[0] is layer)(h)
        forth = functional.conv2d(x, layer.weight, None, layer.stride, layer.padding)  # type: ignore[arg-type]
        assert back.shape == x.shape
        assert (forth * h).sum().item() == pytest.approx((x * back).sum().item(), rel=1e-10)
    dense = next(each for each in outward if isinstance(each, TiedDense))
    z = torch.randn(2, 2, generator=generator(3), dtype=torch.float64)
    torch.testing.assert_close(dense(z), z @ dense.mirrored[0].weight)


@pytest.mark.parametrize("spec", TIED, ids=lambda spec: spec.kind())
def test_tied_kernels_are_counted_saved_and_trained_once(spec: Conv | ConvUnpool) -> None:
    shape = (2, 9, 8)
    model, free = spec.build(shape, generator(0)), replace(spec, tied=False).build(shape, generator(0))
    weights = sum(each.numel() for each in free.encoder.parameters() if each.dim() > 1)
    biases = sum(each.numel() for each in free.parameters() if each.dim() == 1)
    assert spec.parameters(shape) == weights + biases == sum(each.numel() for each in model.state_dict().values())
    twin = copy.deepcopy(model)
    with torch.no_grad():
        for each in twin.encoder.parameters():
            each.zero_()
    x = torch.rand(3, *shape, generator=generator(0))
    z = Code(torch.ones(3, 2))
    assert model.decode(z).any()
    assert not twin.decode(z).any(), "the copy's decoder uses the copy's encoder"
    assert model.reconstruct(x).shape == x.shape


def unpooling(kind: str) -> UnpoolingDecoder:
    """A decoder whose unpooling alone is looked at."""
    return UnpoolingDecoder((1, 8, 8), (4,), 2, "relu", kind)


SIZES = [(8, 8), (7, 7), (9, 6), (2, 3)]


@pytest.mark.parametrize("size", SIZES)
def test_unpooling_to_places_undoes_pooling_where_the_maxima_were_and_is_zero_elsewhere(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *size, generator=generator(1)) + 0.1
    pooled, places = functional.max_pool2d(x, 2, return_indices=True)
    back = unpooling("places").unpool(pooled, size, places)
    assert back.shape == x.shape
    at = back != 0
    assert torch.equal(back[at], x[at])
    assert int(at.sum()) == pooled.numel()
    assert torch.equal(functional.max_pool2d(back, 2), pooled)


@pytest.mark.parametrize("size", SIZES)
def test_repeating_fills_each_window_and_the_odd_last_row_and_column(size: tuple[int, int]) -> None:
    h = torch.randn(2, 3, *halved(size, 1)[-1], generator=generator(1))
    back = unpooling("repeat").unpool(h, size, None)
    for row in range(size[0]):
        for column in range(size[1]):
            window = h[..., min(row // 2, h.shape[2] - 1), min(column // 2, h.shape[3] - 1)]
            assert torch.equal(back[..., row, column], window)


@pytest.mark.parametrize("size", SIZES)
def test_a_bare_code_is_unpooled_to_the_mean_over_all_places(size: tuple[int, int]) -> None:
    h = torch.randn(1, 2, *halved(size, 1)[-1], generator=generator(1))
    rows, columns = torch.meshgrid(*(2 * torch.arange(each) for each in h.shape[2:]), indexing="ij")
    every = []
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        places = ((rows + down) * size[1] + columns + right).expand(1, 2, -1, -1)
        every.append(unpooling("places").unpool(h, size, places))
    torch.testing.assert_close(unpooling("places").unpool(h, size, None), torch.stack(every).mean(0))


def test_the_switches_of_a_code_survive_a_second_encoding() -> None:
    model = ConvUnpool(channels=(4, 4)).build((1, 9, 9), generator(0))
    first, second = torch.rand(2, 3, 1, 9, 9, generator=generator(1))
    code = model.encode(first)
    kept, decoded = [each.clone() for each in code.switches], model.decode(code)
    model.encode(second)
    assert all(torch.equal(one, other) for one, other in zip(kept, code.switches, strict=True))
    assert torch.equal(model.decode(code), decoded)
    assert not torch.equal(model.decode(Code(code.z, model.encode(second).switches)), decoded)


def test_only_unpooling_to_places_heeds_the_switches() -> None:
    x = torch.rand(3, 1, 8, 8, generator=generator(1))
    for kind, heeds in (("places", True), ("repeat", False)):
        model = ConvUnpool(channels=(4,), unpooling=kind).build((1, 8, 8), generator(0))  # type: ignore[arg-type]
        code = model.encode(x)
        assert torch.equal(model.decode(code), model.decode(Code(code.z))) is not heeds
