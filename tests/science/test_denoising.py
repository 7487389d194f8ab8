"""Denoising: what is fed, what is wanted, what the noise is, and where the best denoiser points."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.data.pairings import (
    PAIRINGS,
    Batch,
    Clean,
    GaussianNoise,
    MaskingNoise,
    Occlusion,
    Pairing,
    SaltAndPepper,
    Striking,
    SuperResolution,
)
from aeviz.errors import SettingError
from aeviz.learning import Adam
from aeviz.learning.events import Stepped
from aeviz.learning.learners import Backpropagation
from aeviz.learning.train import Examples, Stage, train
from aeviz.models import Linear, Mlp
from aeviz.models.autoencoder import Code
from aeviz.seeds import generator

N = 40


@pytest.mark.parametrize("pairing", PAIRINGS, ids=lambda each: each.__name__)
def test_the_model_is_fed_the_corrupted_examples_and_scored_on_the_clean_ones(
    pairing: type[Pairing], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.rand(N, 1, 4, 4, generator=generator(0))
    model = Mlp(hidden=(8,)).build((1, 4, 4), generator(1))
    stage = Stage("s", Backpropagation(model, (), Adam()), Examples(x), Examples(x[:4]), pairing(), 2, 16, seed=3)
    fed: list[Tensor] = []
    given: list[Tensor] = []
    encode, decode = model.encode, model.decode

    def spied_encode(inputs: Tensor, draws: torch.Generator | None = None, labels: object = None) -> Code:
        fed.append(inputs.detach().clone())
        return encode(inputs, draws)

    def spied_decode(code: Code, draws: torch.Generator | None = None) -> Tensor:
        given.append(decode(code, draws))
        return given[-1]

    monkeypatch.setattr(model, "encode", spied_encode)
    monkeypatch.setattr(model, "decode", spied_decode)
    losses: list[float] = []
    seen: list[tuple[Tensor, Tensor]] = []
    for event in train([stage]):
        if isinstance(event, Stepped):
            losses.append(event.losses["reconstruction"])
            seen.append((fed[-1], torch.sigmoid(given[-1].detach())))

    steps = iter(zip(seen, losses, strict=True))
    for epoch in (1, 2):
        order = torch.randperm(N, generator=generator(3, "s", "order", epoch))
        noise = generator(3, "s", "pairing", epoch)
        for start in range(0, N, 16):
            clean = x[order[start : start + 16]]
            by_hand = pairing().corrupt(clean, noise)
            (inputs, shown), loss = next(steps)
            assert torch.equal(inputs, by_hand)
            cross = -(clean * shown.log() + (1 - clean) * (1 - shown).log()).sum((1, 2, 3)).mean()
            assert loss == pytest.approx(cross.item(), rel=1e-4)
    assert next(steps, None) is None


def grey(channels: int = 1) -> Tensor:
    """Images whose pixels are neither black nor white, so that what was hit can be told."""
    return 0.2 + 0.6 * torch.rand(50, channels, 20, 20, generator=generator(1))


def within(share: float, expected: float, count: int) -> bool:
    """Whether a share of so many draws lies within four standard errors."""
    return abs(share - expected) <= 4 * math.sqrt(expected * (1 - expected) / count)


@pytest.mark.parametrize("strength", [0.0, 0.1, 0.5, 1.0])
def test_masking_blackens_the_wanted_share_of_pixels_and_no_other(strength: float) -> None:
    x = grey()
    noisy = MaskingNoise(strength=strength).corrupt(x, generator(5))
    hit = noisy != x
    assert within(hit.float().mean().item(), strength, x.numel())
    assert (noisy[hit] == 0).all()


@pytest.mark.parametrize("strength", [0.0, 0.1, 0.5, 1.0])
def test_salt_and_pepper_hit_the_wanted_share_half_white_half_black(strength: float) -> None:
    x = grey()
    noisy = SaltAndPepper(strength=strength).corrupt(x, generator(5))
    hit = noisy != x
    count = int(hit.sum())
    assert within(hit.float().mean().item(), strength, x.numel())
    assert ((noisy[hit] == 0) | (noisy[hit] == 1)).all()
    assert count == 0 or within((noisy[hit] == 1).float().mean().item(), 0.5, count)


@pytest.mark.parametrize("pairing", [MaskingNoise(strength=0.4), SaltAndPepper(strength=0.4)], ids=str)
def test_the_channels_of_a_colour_pixel_are_hit_together_and_the_coordinates_of_a_point_alone(
    pairing: Pairing,
) -> None:
    colours = grey(3)
    hit = pairing.corrupt(colours, generator(5)) != colours
    assert (hit.all(1) == hit.any(1)).all()
    assert within(hit.any(1).float().mean().item(), 0.4, hit[:, 0].numel())
    points = grey().reshape(-1, 4)
    hit = pairing.corrupt(points, generator(5)) != points
    assert within((hit.all(1)).float().mean().item(), 0.4**4, len(points))


@pytest.mark.parametrize("strength", [0.0, 0.05, 0.3, 2.0])
def test_gaussian_noise_has_its_deviation_no_mean_and_is_not_clipped(strength: float) -> None:
    x = grey()
    noise = GaussianNoise(strength=strength).corrupt(x, generator(5)) - x
    n = x.numel()
    assert abs(noise.mean().item()) <= 4 * strength / math.sqrt(n) + 1e-7
    assert abs(noise.std().item() - strength) <= 4 * strength / math.sqrt(2 * n) + 1e-7
    if strength > 1:
        assert (x + noise < 0).any()
        assert (x + noise > 1).any()


def test_clean_feeds_the_very_targets() -> None:
    x = grey()
    assert torch.equal(Clean().pair(Batch(torch.zeros_like(x), x), generator(0)).inputs, x)


def test_the_best_denoiser_points_up_the_density_of_the_noisy_data() -> None:
    # For x ~ N(m, s²): E[x | x̃] − x̃ = σ²·∇log N(x̃; m, s² + σ²), linear, so the linear model can reach it.
    m, s, sigma = 0.5, 0.2, 0.1
    x = m + s * torch.randn(4000, 1, generator=generator(1))
    model = Linear(code=1).build((1,), generator(2))
    learner = Backpropagation(model, (), Adam(learning_rate=0.02, schedule="cosine"))
    stage = Stage("s", learner, Examples(x), Examples(x), GaussianNoise(strength=sigma), 60, 500, seed=0)
    for _ in train([stage]):
        pass
    with torch.no_grad():
        places = torch.linspace(0.1, 0.9, 9)[:, None]
        moved = (model.reconstruct(places) - places).numpy()
    score = -(places.numpy() - m) / (s**2 + sigma**2)
    np.testing.assert_allclose(moved, sigma**2 * score, atol=0.01)
    assert np.abs(moved).max() > 0.05


# Occlusion


@pytest.mark.parametrize(("strength", "sides"), [(0.0, (0, 0)), (0.01, (1, 2)), (0.25, (4, 8)), (1.0, (8, 16))])
def test_an_occlusion_is_one_rectangle_of_its_share_that_lies_anywhere_in_the_picture(
    strength: float, sides: tuple[int, int]
) -> None:
    x = 0.2 + torch.rand(3000, 2, 8, 16, generator=generator(1))
    occluded = Occlusion(strength=strength).corrupt(x, generator(5))
    hit = occluded != x
    assert (occluded[hit] == 0).all()
    assert (hit.all(1) == hit.any(1)).all(), "channels are hit together"
    rows, columns = hit[:, 0].any(2), hit[:, 0].any(1)
    assert torch.equal(hit[:, 0], rows[:, :, None] & columns[:, None, :]), "a rectangle"
    for along, missing, size in ((rows, sides[0], 8), (columns, sides[1], 16)):
        assert (along.sum(1) == missing).all()
        starts = along.float().argmax(1)
        if missing:
            assert (along.int().diff(dim=1).abs().sum(1) <= 2).all(), "without gaps"
            count = torch.bincount(starts, minlength=size - missing + 1).numpy()
            assert len(count) == size - missing + 1
            expected = len(x) / len(count)
            assert ((count - expected) ** 2 / expected).sum() < len(count) + 5 * math.sqrt(2 * len(count))  # χ²


def test_the_sides_of_an_occlusion_are_independent_and_of_a_point_a_run_is_missing() -> None:
    x = torch.ones(4000, 1, 4, 4)
    hit = Occlusion(strength=0.25).corrupt(x, generator(5)) == 0
    top, left = (hit[:, 0].any(axis).float().argmax(1).double() for axis in (2, 1))
    assert abs(torch.corrcoef(torch.stack([top, left]))[0, 1].item()) < 4 / math.sqrt(len(x))
    for d, strength, missing in ((5, 0.4, 2), (2, 0.25, 1), (3, 0.0, 0), (3, 1.0, 3)):
        points = Occlusion(strength=strength).corrupt(torch.ones(500, d), generator(2)) == 0
        assert (points.sum(1) == missing).all()
        assert (points.int().diff(dim=1).abs().sum(1) <= 2).all()
        assert points.any(0).all() or not missing


# Super-resolution


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_super_resolution_feeds_the_means_of_blocks(factor: int) -> None:
    x = torch.rand(400, 2, 8, 12, generator=generator(1))
    coarse = SuperResolution(strength=1 - 1 / factor).corrupt(x, generator(5))
    grids = set()
    for clean, given in zip(x, coarse, strict=True):
        fits = []
        for down in range(factor):
            for right in range(factor):
                blocks = [
                    [slice(max(0, at - first), at - first + factor) for at in range(0, size + first, factor)]
                    for first, size in ((down, 8), (right, 12))
                ]
                by_hand = clean.clone()
                for rows in blocks[0]:
                    for columns in blocks[1]:
                        by_hand[:, rows, columns] = clean[:, rows, columns].mean((1, 2), keepdim=True)
                if torch.allclose(given, by_hand, atol=1e-6):
                    fits.append((down, right))
        assert len(fits) == 1
        grids.update(fits)
    assert len(grids) == factor**2, "the grid begins anywhere"


def test_super_resolution_keeps_the_mean_and_forgets_more_the_stronger_it_is() -> None:
    x = torch.rand(50, 1, 9, 7, generator=generator(1))
    whole = SuperResolution(strength=1).corrupt(x, generator(5))
    torch.testing.assert_close(whole, x.mean((2, 3), keepdim=True).expand_as(x))
    torch.testing.assert_close(SuperResolution(strength=0).corrupt(x, generator(5)), x)
    lost = []
    for strength in (0.0, 0.3, 0.5, 0.7, 0.9, 1.0):
        coarse = SuperResolution(strength=strength).corrupt(x, generator(5))
        torch.testing.assert_close(coarse.mean((2, 3)), x.mean((2, 3)))
        lost.append((x - coarse).square().mean().item())
    assert lost == sorted(lost)
    points = torch.rand(200, 4, generator=generator(1))
    coarse = SuperResolution(strength=0.5).corrupt(points, generator(5))
    pairs, shifted = points.clone(), points.clone()
    pairs[:, :2], pairs[:, 2:] = points[:, :2].mean(1, keepdim=True), points[:, 2:].mean(1, keepdim=True)
    shifted[:, 1:3] = points[:, 1:3].mean(1, keepdim=True)
    kinds = [torch.isclose(coarse, each).all(1) for each in (pairs, shifted)]
    assert (kinds[0] ^ kinds[1]).all()
    assert all(kind.any() for kind in kinds)


# Emphasis on what was hit


STRIKING = [each for each in PAIRINGS if issubclass(each, Striking)]


@pytest.mark.parametrize("pairing", STRIKING, ids=lambda each: each.__name__)
@pytest.mark.parametrize("shape", [(3, 6, 6), (5,)], ids=["images", "points"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_emphasised_loss_weighs_what_was_hit_by_alpha_and_the_rest_by_beta(
    pairing: type[Striking], shape: tuple[int, ...], likelihood: str
) -> None:
    x = 0.2 + 0.6 * torch.rand(30, *shape, generator=generator(1))  # so that what was hit can be told
    model = Mlp(hidden=(8,), likelihood=likelihood).build(shape, generator(2))  # type: ignore[arg-type]
    batch = pairing(strength=0.4, alpha=3, beta=0.5).pair(Batch(x, x), generator(5))  # type: ignore[call-arg]
    assert torch.equal(batch.inputs, pairing(strength=0.4).corrupt(x, generator(5)))  # type: ignore[call-arg]
    losses = Backpropagation(model, (), Adam()).evaluate(batch, generator(0))
    logits = model.decode(model.encode(batch.inputs)).detach().double()
    target, hit = x.double(), batch.inputs != x
    assert hit.any()
    assert not hit.all()
    p = torch.sigmoid(logits)
    cross, squares = -(target * p.log() + (1 - target) * (1 - p).log()), (target - logits).square() / 2
    each = cross if likelihood == "bernoulli" else squares
    by_hand = (3 * each[hit].sum() + 0.5 * each[~hit].sum()) / len(x)
    assert losses["reconstruction"] == pytest.approx(by_hand.item(), rel=1e-5)


@pytest.mark.parametrize("pairing", STRIKING, ids=lambda each: each.__name__)
def test_what_was_hit_counts_although_it_looks_as_before_and_equal_weights_are_none(pairing: type[Striking]) -> None:
    black = torch.zeros(200, 1, 8, 8)
    batch = pairing(strength=0.25, alpha=2).pair(Batch(black, black), generator(5))  # type: ignore[call-arg]
    assert batch.weights is not None
    assert set(batch.weights.unique().tolist()) == {1.0, 2.0}
    assert within((batch.weights == 2).float().mean().item(), 0.25, black.numel())
    assert pairing().pair(Batch(black, black), generator(5)).weights is None
    with pytest.raises(SettingError, match="raise one"):
        pairing(alpha=0, beta=0)


def test_with_full_emphasis_nothing_is_asked_of_what_was_left_alone() -> None:
    x = 0.2 + 0.6 * torch.rand(30, 5, generator=generator(1))
    model = Mlp(hidden=(8,)).build((5,), generator(2))
    batch = MaskingNoise(strength=0.4, alpha=1, beta=0).pair(Batch(x, x), generator(5))
    logits = torch.zeros(30, 5, requires_grad=True)
    model.mean_negative_log_likelihood(logits, batch).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad != 0, batch.inputs == 0)
