"""Denoising: what is fed in is the corrupted example, and the numbers are of the right things."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from aeviz.data.pairings import PAIRINGS, Clean, GaussianNoise, MaskingNoise
from aeviz.models import Autoencoder, Mlp
from aeviz.views import metrics, restoration

X = np.random.default_rng(0).random((20, 1, 8, 8)).astype(np.float32)
STRONG = [each for each in PAIRINGS if each is not Clean]


def model() -> Autoencoder:
    return Mlp(hidden=(4,)).build(X.shape[1:], torch.Generator().manual_seed(0))


@pytest.mark.parametrize("pairing", STRONG)
def test_the_corrupted_example_is_what_is_fed(pairing, monkeypatch):
    fed: list[np.ndarray] = []

    def spied(x: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        fed.append(x.numpy().copy())
        return x / 2

    watched = model()
    monkeypatch.setattr(watched, "reconstruct", spied)
    found = restoration.restore(watched, pairing(), X, 0)
    assert np.array_equal(np.concatenate(fed), found.corrupted)
    assert not np.array_equal(found.corrupted, X) and np.array_equal(found.clean, X)
    assert np.array_equal(found.restored, (found.corrupted / 2).clip(0, 1))


def test_the_noise_comes_from_its_seed():
    first, again, other = (restoration.corrupted(GaussianNoise(), X, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_noise_of_another_strength_is_the_same_noise():
    weak, strong = (restoration.corrupted(GaussianNoise(strength=s), X, 0) - X for s in (0.1, 0.2))
    assert np.allclose(2 * weak, strong, atol=1e-5)


def test_scores_are_those_of_the_metrics():
    fed = restoration.corrupted(MaskingNoise(), X, 0)
    found = restoration.scores(X, fed)
    assert found == restoration.Scores(metrics.mse(X, fed), metrics.psnr(X, fed), metrics.ssim(X, fed))


def test_points_have_no_ssim():
    x = X.reshape(20, 64)[:, :2]
    assert restoration.scores(x, x + np.float32(0.1)).ssim is None


@pytest.mark.parametrize("pairing", STRONG)
def test_the_curve_is_measured_at_each_strength(pairing):
    trained = model()
    at = restoration.strengths(pairing(), 0.3)
    assert len(at) == restoration.STRENGTHS and at[0] > 0 and at[-1] == 1
    found, own = (restoration.curve(each, pairing(), at[[2, 8]], X, 5) for each in (trained, None))
    for place, strength in enumerate(at[[2, 8]]):
        alone = restoration.restore(trained, replace(pairing(), strength=float(strength)), X, 5)
        assert own.mse[place] == pytest.approx(metrics.mse(X, alone.corrupted))
        assert found.psnr[place] == pytest.approx(metrics.psnr(X, alone.restored))
        assert found.ssim is not None and found.ssim[place] == pytest.approx(metrics.ssim(X, alone.restored))


def test_points_have_no_curve_of_ssim():
    x = X.reshape(20, 64)[:, :2]
    assert restoration.curve(None, GaussianNoise(), [0.1, 0.2], x, 0).ssim is None


def test_a_curve_reaches_a_strength_beyond_one():
    assert restoration.strengths(GaussianNoise(), 1.5)[-1] == 2
