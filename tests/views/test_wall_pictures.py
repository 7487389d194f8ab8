"""What the server computes of several runs for a wall."""

import numpy as np
import pytest

from aeviz.data import Digits, Toys
from aeviz.data.cache import loaded
from aeviz.models import Conv, Mlp, ModelSpec
from aeviz.seeds import generator
from aeviz.views import geometry
from aeviz.views.wall_pictures import BINS, DERIVED, SIDE, VIEWS, Model, shown

DIGITS = Digits()


def model(spec: ModelSpec, data: Digits | Toys = DIGITS) -> Model:
    """An untrained model."""
    dataset = loaded(data)
    return Model(spec.build(dataset.shape, generator(0)).requires_grad_(False), dataset)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_every_model_or_says_why_not(view: str) -> None:
    kinds = [model(Mlp(hidden=(8,))), model(Conv(channels=(4,), code=3)), model(Mlp(hidden=(4,)), Toys(points=200))]
    for each in shown(view, kinds):
        assert each.words or each.pictures is not None
        assert (each.pictures is None) == (each.heights is not None or each.words.startswith("Only"))


def test_histograms_share_their_axes_and_count_everything() -> None:
    one, two = shown("activations", [model(Mlp(hidden=(8,))), model(Mlp(hidden=(8,), code=8, code_activation="relu"))])
    assert one.told == two.told
    for each in (one, two):
        assert each.heights is not None and len(each.heights) == BINS
        assert each.heights.sum() == pytest.approx(1)
        assert each.heights.max() <= float(each.told["top"])


def test_a_spectrum_is_the_mean_of_singular_values_by_rank() -> None:
    small, large = model(Mlp(hidden=(8,), code=2)), model(Mlp(hidden=(8,), code=5))
    found = shown("spectrum", [small, large])
    values = geometry.spectra(large.model, large.dataset.test.x[:DERIVED]).mean(0)
    assert found[1].heights is not None and found[0].heights is not None
    np.testing.assert_allclose(found[1].heights, values)
    assert len(found[0].heights) == 5 and (found[0].heights[2:] == 0).all()


def test_the_grid_is_square_and_denoising_feeds_all_the_same() -> None:
    models = [model(Mlp(hidden=(8,))), model(Mlp(hidden=(4,), code=6))]
    assert [len(each.pictures) for each in shown("grid", models) if each.pictures is not None] == [SIDE**2] * 2
    one, two = (each.pictures for each in shown("denoising", models))
    assert one is not None and two is not None
    half = len(one) // 2
    assert (one[:half] == two[:half]).all() and not (one[half:] == two[half:]).all()
