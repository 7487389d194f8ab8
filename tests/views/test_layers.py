"""Layers of every model: all weights are found, what is heard is what the model computes, and pictures of them."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from aeviz.errors import SettingError
from aeviz.models import MODELS, Conv, ConvUnpool, Gan, Mlp, ModelSpec
from aeviz.models.autoencoder import Autoencoder
from aeviz.models.machines import Machine
from aeviz.models.stacked import layers_of
from aeviz.views import filters, layers
from aeviz.views.excitation import preferred, strongest
from aeviz.views.layers import Layer

SHAPE = (1, 8, 8)


def built(spec: ModelSpec, shape: tuple[int, ...] = SHAPE) -> Any:
    """A model whose biases are no zeros."""
    model = spec.build(shape, torch.Generator().manual_seed(3)).eval().requires_grad_(False)
    draws = torch.Generator().manual_seed(4)
    for name, value in model.named_parameters():
        if value.dim() == 1 and "used" not in name:
            value.copy_(0.1 * torch.randn(value.shape, generator=draws))
    return model


LOOPS = [each for each in MODELS if built(each()).loops]
feedforward = pytest.mark.parametrize(
    "spec", [each for each in MODELS if each not in LOOPS], ids=lambda each: each.__name__
)


@pytest.mark.parametrize("spec", LOOPS, ids=lambda each: each.__name__)
def test_what_loops_has_no_layers_in_an_order(spec: type[ModelSpec]) -> None:
    with pytest.raises(SettingError, match="its units are on the page Energy"):
        layers.layers(built(spec()), SHAPE)


def named(model: Autoencoder, name: str, shape: tuple[int, ...] = SHAPE) -> Layer:
    return next(each for each in layers.layers(model, shape) if each.name == name)


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).random((7, *SHAPE), dtype=np.float32)


@feedforward
def test_every_weight_of_every_model_is_in_a_layer(spec: type[ModelSpec]) -> None:
    model = built(spec())
    found = layers.layers(model, SHAPE)
    heard = {each.weight.data_ptr() for each in found if each.weight is not None}
    learned = {name: each for name, each in model.named_parameters() if each.dim() > 1 and name != "book"}
    assert [name for name, each in learned.items() if each.data_ptr() not in heard] == []
    inside = [each.weight.data_ptr() for each in layers_of(model)]  # type: ignore[operator]
    if isinstance(model, Machine):
        inside = [each.data_ptr() for each in model.encoding() if each.dim() > 1]
    assert [each.weight.data_ptr() for each in found if each.part == "encoder"] == inside, "in their order"
    names = [each.name for each in found]
    assert len(set(names)) == len(names)
    assert names.count("code") == 1
    assert named(model, "code").units == model.code


@feedforward
def test_what_is_heard_is_what_the_model_computes(spec: type[ModelSpec], x: np.ndarray) -> None:
    model = built(spec())
    heard = layers.activations(model, x)
    code = model.encode(torch.from_numpy(x))
    assert np.allclose(heard["code"], code.z.numpy(), atol=1e-6)
    output = heard[layers.last(layers.layers(model, SHAPE)).name].reshape(x.shape)
    assert np.allclose(output, model.mean(model.decode(code)).numpy(), atol=1e-5)
    for layer in layers.layers(model, SHAPE):
        assert heard[layer.name].shape == (len(x), *layer.shape)
    answers = layers.responses(model, x)
    assert all(answers[layer.name].shape == (len(x), layer.units) for layer in layers.layers(model, SHAPE))


@feedforward
def test_every_layer_of_every_model_has_pictures_or_a_reason(spec: type[ModelSpec]) -> None:
    model = built(spec())
    found = layers.layers(model, SHAPE)
    without = []
    for layer in found:
        drawn = layers.pictures(model, SHAPE, layer, most=5)
        if drawn is None:
            without.append(layer.name)
            continue
        assert drawn.shape == (min(5, layer.units), *SHAPE)
        assert (drawn.flatten(1).abs().amax(1) > 0).all()
    judges_codes = hasattr(model, "discriminator") and not isinstance(spec(), Gan) and "Gan" not in spec.__name__
    expected = [each.name for each in found if judges_codes and each.part == "discriminator"]
    assert without == [layers.last(found).name, *expected]


def test_hidden_activations_of_a_dense_model_are_those_of_the_formula(x: np.ndarray) -> None:
    model = built(Mlp(hidden=(9, 5), activation="tanh", tied=True))
    heard = layers.activations(model, x)
    first, second, _ = model.encoder.layers
    h1 = torch.tanh(functional.linear(torch.from_numpy(x).flatten(1), first.weight, first.bias))
    h2 = torch.tanh(functional.linear(h1, second.weight, second.bias))
    assert np.allclose(heard["encoder 1"], h1.numpy(), atol=1e-6)
    assert np.allclose(heard["encoder 2"], h2.numpy(), atol=1e-6)
    assert [each.activation for each in layers.layers(model, SHAPE)][:3] == ["tanh", "tanh", "linear"]


def test_hidden_activations_of_a_convolutional_model_are_those_of_the_formula(x: np.ndarray) -> None:
    model = built(ConvUnpool(channels=(4, 6)))
    first, second = model.encoder.convolutions
    h1 = torch.relu(functional.conv2d(torch.from_numpy(x), first.weight, first.bias, padding=1))
    h2 = torch.relu(functional.conv2d(functional.max_pool2d(h1, 2), second.weight, second.bias, padding=1))
    heard = layers.activations(model, x)
    assert np.allclose(heard["encoder 1"], h1.numpy(), atol=1e-6)
    assert np.allclose(heard["encoder 2"], h2.numpy(), atol=1e-6)
    assert np.allclose(layers.responses(model, x)["encoder 2"], h2.numpy().max((2, 3)), atol=1e-6)


@pytest.mark.parametrize("tied", [False, True])
def test_dense_pictures_are_products_of_the_weights(tied: bool) -> None:
    model = built(Mlp(hidden=(9, 5), code=3, tied=tied))
    w1, w2, w3 = (each.weight for each in model.encoder.layers)
    for name, expected in (("encoder 1", w1), ("encoder 2", w2 @ w1), ("encoder 3", w3 @ w2 @ w1)):
        assert torch.allclose(layers.pictures(model, SHAPE, named(model, name)).flatten(1), expected, atol=1e-6)
    for name, number in (("code", 3), ("decoder 1", 2), ("decoder 2", 1)):
        drawn = layers.pictures(model, SHAPE, named(model, name))
        assert torch.allclose(drawn, filters.outgoing(model, number), atol=1e-6)


def test_pictures_of_a_first_convolution_are_its_kernels() -> None:
    for spec, size in ((Conv(channels=(4, 6)), 4), (ConvUnpool(channels=(4, 6)), 3)):
        model = built(spec)
        drawn = layers.pictures(model, SHAPE, named(model, "encoder 1")).numpy()
        kernels = filters.cropped(drawn)
        assert kernels.shape == (4, 1, size, size)
        assert np.allclose(kernels, model.encoder.convolutions[0].weight.numpy(), atol=1e-6)


@pytest.mark.parametrize("spec", [Conv(channels=(4, 6)), ConvUnpool(channels=(4, 6))], ids=lambda each: each.kind())
def test_pictures_of_a_second_convolution_are_what_the_linear_network_computes(spec: ModelSpec) -> None:
    model = built(spec)
    first, second = model.encoder.convolutions
    drawn = layers.inward(model, SHAPE, named(model, "encoder 2"))
    pool = isinstance(spec, ConvUnpool)
    step = {"padding": 1} if pool else {"padding": 1, "stride": 2}
    for j in range(6):
        expected = torch.zeros(SHAPE)
        for place in range(64):  # one pixel at a time
            pixel = torch.zeros(64)
            pixel[place] = 1
            h = functional.conv2d(pixel.reshape(1, *SHAPE), first.weight, None, **step)
            h = functional.conv2d(functional.avg_pool2d(h, 2) if pool else h, second.weight, None, **step)
            expected.view(-1)[place] = h[0, j, h.shape[2] // 2, h.shape[3] // 2]
        assert torch.allclose(drawn[j], expected, atol=1e-6)


def test_outward_pictures_of_a_convolutional_decoder_are_differences_of_what_it_draws_when_linear() -> None:
    model = built(Conv(channels=(4,), activation="leaky_relu"))
    (last,) = model.decoder.convolutions
    drawn = layers.pictures(model, SHAPE, named(model, "decoder 1"))
    alone = torch.zeros(4, 4, 4, 4)
    alone[range(4), range(4), 2, 2] = 1
    expected = functional.conv_transpose2d(alone, last.weight, None, 2, 1, last.output_padding)
    assert torch.allclose(drawn, expected, atol=1e-6)


def test_listening_leaves_the_model_as_it_was(x: np.ndarray) -> None:
    model = built(Conv(channels=(4,)))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = model.reconstruct(torch.from_numpy(x))
    layers.pictures(model, SHAPE, named(model, "encoder 2"))
    layers.responses(model, x)
    assert torch.equal(model.reconstruct(torch.from_numpy(x)), first)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


# What a unit prefers


def draws() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("unit", [0, 3])
def test_a_linear_unit_prefers_the_direction_of_its_weights(unit: int) -> None:
    model = built(Mlp(hidden=(5,)))
    made, value = preferred(model, SHAPE, named(model, "encoder 1"), unit, draws(), norm=4.0)
    w, b = model.encoder.layers[0].weight[unit].numpy(), float(model.encoder.layers[0].bias[unit])
    assert np.linalg.norm(made) == pytest.approx(4, rel=1e-5)
    assert made.ravel() @ w / np.linalg.norm(made) / np.linalg.norm(w) == pytest.approx(1, abs=1e-5)
    assert value == pytest.approx(4 * np.linalg.norm(w) + b, rel=1e-4)


def test_within_the_range_it_prefers_ink_where_its_weights_are_positive() -> None:
    model = built(Mlp(hidden=(5,)))
    made, _ = preferred(model, SHAPE, named(model, "encoder 1"), 1, draws(), bound="range")
    w = model.encoder.layers[0].weight[1].numpy()
    clear = np.abs(w) > 0.1 * np.abs(w).max()
    assert np.array_equal(made.ravel()[clear], (w > 0)[clear].astype(np.float32))


@pytest.mark.parametrize("name", ["encoder 2", "code", "decoder 1", "decoder 2"])
def test_a_deeper_unit_is_driven_higher_than_by_any_of_many_examples(name: str) -> None:
    model = built(Conv(channels=(4,), code=3))
    layer = named(model, name)
    x = torch.rand(500, *SHAPE, generator=draws())
    x = 4 * x / x.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)
    _, value = preferred(model, SHAPE, layer, 0, draws(), norm=4.0)
    assert value > float(layers.excited(model, x, layer, 0).max())


def test_the_same_seed_makes_the_same_input_and_smoothing_makes_it_smoother() -> None:
    model = built(Mlp(hidden=(5,)))
    layer = named(model, "encoder 2")
    first, again = (preferred(model, SHAPE, layer, 0, draws())[0] for _ in range(2))
    assert np.array_equal(first, again)
    smooth, _ = preferred(model, SHAPE, layer, 0, draws(), smooth=0.5)
    assert np.square(np.diff(smooth)).sum() < 0.7 * np.square(np.diff(first)).sum()


def test_the_strongest_examples_come_first() -> None:
    responses = np.array([[1, 0], [3, 0], [2, 5], [3, 1]], np.float32)
    assert strongest(responses, 0, 3).tolist() == [1, 3, 2]
    assert strongest(responses, 1, 9).tolist() == [2, 3, 0, 1]


def test_points_have_layers_too() -> None:
    model = built(Mlp(hidden=(6,)), (2,))
    assert layers.pictures(model, (2,), named(model, "encoder 1", (2,))).shape == (6, 2)


def test_a_conditional_code_is_drawn_without_its_class() -> None:
    from aeviz.models import ConditionalVae

    model = built(ConditionalVae(hidden=(5,), code=3))
    drawn = layers.pictures(model, SHAPE, named(model, "code"))
    expected = model.decoder.layers[1].weight @ model.decoder.layers[0].weight[:, :3]
    assert torch.allclose(drawn.flatten(1), expected.T, atol=1e-6)
