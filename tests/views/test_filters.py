"""Weights as pictures: each against the layer applied to a single unit."""

import pytest
import torch

from aeviz.models import Conv, Mlp
from aeviz.models.dense import DenseAutoencoder
from aeviz.seeds import generator
from aeviz.views import filters

SHAPE = (1, 3, 4)


def model(*, tied: bool) -> DenseAutoencoder:
    """Two hidden layers, with biases that must not show."""
    made = Mlp(hidden=(7, 5), code=2, tied=tied).build(SHAPE, generator(0))
    assert isinstance(made, DenseAutoencoder)
    with torch.no_grad():
        for each in made.parameters():
            if each.dim() == 1:
                each.fill_(3.0)
    return made


def test_the_first_layers_filters_are_what_drives_each_unit() -> None:
    made = model(tied=False)
    drawn = filters.incoming(made, 4)
    assert drawn.shape == (4, *SHAPE)
    pixel = torch.zeros(1, 12)
    pixel[0, 6] = 1.0
    first = made.encoder.layers[0]
    torch.testing.assert_close((first(pixel) - first(torch.zeros(1, 12)))[0, :4], drawn.flatten(1)[:, 6])


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_a_unit_draws_is_what_the_decoder_makes_of_it_without_activations(tied: bool, number: int) -> None:
    made = model(tied=tied)
    drawn = filters.outgoing(made, number)
    widths = {1: 7, 2: 5, 3: 2}
    assert drawn.shape == (widths[number], *SHAPE)
    for unit in range(widths[number]):
        h = torch.zeros(widths[number])
        h[unit] = 1.0
        side = "encoder" if tied else "decoder"
        named = [value for name, value in made.named_parameters() if name.startswith(side) and value.dim() == 2]
        weights = [each.T for each in reversed(named)] if tied else named
        for weight in weights[3 - number :]:
            h = weight @ h
        torch.testing.assert_close(drawn[unit].flatten(), h)


def test_zero_is_grey_and_the_largest_weight_black_or_white() -> None:
    grey = filters.as_grey(torch.tensor([[[[0.0, -2.0, 1.0]]], [[[0.0, 0.0, 0.0]]]]))
    assert grey.flatten().tolist() == [0.5, 0.0, 0.75, 0.5, 0.5, 0.5]


def test_only_dense_models_have_units_to_draw() -> None:
    assert filters.pictured_layers(model(tied=True)) == 3
    assert filters.pictured_layers(Conv(channels=(4,)).build((1, 8, 8), generator(0))) == 0
