"""Images and tags looked at through a machine that joins them."""

import numpy as np
import pytest
import torch

from aeviz.errors import SettingError
from aeviz.models import MultimodalDbm
from aeviz.models.multimodal import TAGS, MultimodalMachine
from aeviz.seeds import generator
from aeviz.views import modalities

SHAPE, WORDS = (1, 2, 3), 4


@pytest.fixture
def model() -> MultimodalMachine:
    made = MultimodalDbm(hidden=(), code=6).build(SHAPE, generator(1), tags=WORDS)
    assert isinstance(made, MultimodalMachine)
    draws = generator(2)
    for parameter in made.machine.parameters():
        parameter.data = torch.randn(parameter.shape, generator=draws) * 1.5
    return made.requires_grad_(False)


def some(count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.integers(2, size=(count, *SHAPE)).astype(np.float32)
    return x, random.integers(2, size=(count, WORDS)).astype(np.float32)


def test_chances_are_those_of_the_mean_field(model: MultimodalMachine) -> None:
    x, _ = some(7)
    found = modalities.chances(model, x)
    assert found.shape == (7, WORDS) and ((found > 0) & (found < 1)).all()
    code = torch.from_numpy(modalities.joint_codes(model, x))
    np.testing.assert_allclose(found, torch.sigmoid(model.told(code)).numpy(), atol=1e-3)
    assert modalities.joins(model) and not modalities.joins(torch.nn.Identity())


def test_average_precision_by_hand() -> None:
    truth = np.array([[1, 0], [0, 0], [1, 0], [0, 0]], np.float32)
    told = np.array([[0.9, 0.1], [0.8, 0.1], [0.7, 0.1], [0.1, 0.1]], np.float32)
    first, second = modalities.average_precisions(truth, told)
    assert first == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(second)


def test_held_tags_stay_and_others_are_drawn(model: MultimodalMachine) -> None:
    """The images are those of chains with all tags held, where all are; tags that are free change them."""
    on = np.array([1, 0, 1, 0], np.float32)
    found = modalities.formed(model, on, [0, 1, 50], chains=400, seed=3)
    assert found.shape == (3, 400, *SHAPE)
    again = modalities.formed(model, on, [50], chains=400, seed=3)
    np.testing.assert_array_equal(found[2], again[0])
    off = modalities.formed(model, 1 - on, [50], chains=400, seed=3)
    free = modalities.formed(model, np.full(WORDS, np.nan, np.float32), [50], chains=400, seed=3)
    assert np.abs(found[2].mean(0) - off[0].mean(0)).max() > 0.05
    assert np.abs(found[2].mean(0) - free[0].mean(0)).max() > 0.02
    with pytest.raises(SettingError, match="2 tags are given; this machine has 4"):
        modalities.formed(model, on[:2], [1], chains=1, seed=0)


def test_a_query_of_image_and_tags_finds_the_example_itself(model: MultimodalMachine) -> None:
    x, tags = some(12)
    codes = modalities.joint_codes(model, x, tags)
    assert (modalities.nearest(codes, codes)[:, 0] == np.arange(12)).all()
    assert modalities.joint_codes(model, tags=tags).shape == modalities.joint_codes(model, x).shape == (12, 6)
    given = model.joint(torch.from_numpy(x), torch.from_numpy(tags))
    np.testing.assert_allclose(codes, given["joint"].numpy(), atol=1e-6)
    np.testing.assert_array_equal(given[TAGS].numpy(), tags)
    with pytest.raises(ValueError, match="images, tags or both"):
        modalities.joint_codes(model)


def test_retrieval_precision_by_hand() -> None:
    tags = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    asked = np.array([[1, 0], [1, 1]], np.float32)
    order = np.array([[0, 1, 2], [0, 1, 2]])
    assert modalities.retrieval_precision(order, asked, tags) == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(modalities.retrieval_precision(order[1:], asked[1:], tags))
