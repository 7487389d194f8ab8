"""Denoising in numbers: what is fed in, what comes back, and how near each is to the clean examples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from aeviz.data.pairings import Pairing
from aeviz.models import Autoencoder
from aeviz.seeds import generator
from aeviz.views import metrics, probes

STRENGTHS = 12  # points of a curve
MEASURED = 500  # test examples behind the numbers
CURVED = 200  # test examples behind the curves

Examples = Float[np.ndarray, "n ..."]


@dataclass(frozen=True)
class Restoration:
    """The same examples three times: as they are, as fed to the model, and as it gave them back."""

    clean: Examples
    corrupted: Examples
    restored: Examples


@dataclass(frozen=True)
class Scores:
    """How near examples are to the clean ones. psnr in decibels; ssim is None for points, which have no windows."""

    mse: float
    psnr: float
    ssim: float | None


@dataclass(frozen=True)
class Curve:
    """MSE, PSNR and SSIM against the clean examples at each strength of a corruption; ssim None for points."""

    mse: Float[np.ndarray, " s"]
    psnr: Float[np.ndarray, " s"]
    ssim: Float[np.ndarray, " s"] | None


def corrupted(pairing: Pairing, x: Examples, seed: int) -> Examples:
    """x̃ drawn from q(x̃ | x). The same seed gives the same draws at every strength; x̃ may leave [0, 1]."""
    drawn = pairing.corrupt(torch.tensor(x), generator(seed, "denoise"))
    result: Examples = drawn.numpy()
    return result


def restore(model: Autoencoder, pairing: Pairing, x: Examples, seed: int) -> Restoration:
    """Corrupt the examples, feed what came of it to the model, and keep what it gives back."""
    fed = corrupted(pairing, x, seed)
    return Restoration(x, fed, probes.reconstructions(model, fed))


def scores(clean: Examples, other: Examples) -> Scores:
    """MSE, PSNR and, for images of at least 3 × 3 pixels, SSIM of `other` against the clean examples."""
    windows = clean.ndim == 4 and min(clean.shape[2:]) >= 3
    return Scores(
        metrics.mse(clean, other), metrics.psnr(clean, other), metrics.ssim(clean, other) if windows else None
    )


def strengths(pairing: Pairing, chosen: float) -> Float[np.ndarray, " s"]:
    """Twelve equal steps from just above 0 to 1, or to the greatest strength where the chosen one lies beyond 1."""
    greatest = type(pairing).knobs()["strength"].high
    return np.linspace(0, min(greatest, 1.0) if chosen <= 1 else greatest, STRENGTHS + 1)[1:]


def curve(
    model: Autoencoder | None, pairing: Pairing, at: Sequence[float] | Float[np.ndarray, " s"], x: Examples, seed: int
) -> Curve:
    """What the model restores against clean, at each strength of the pairing; without one the corrupted input itself.

    Every model is fed the same noise, and at every strength the same draws of it.
    """
    found = []
    for strength in at:
        fed = corrupted(replace(pairing, strength=float(strength)), x, seed)  # type: ignore[call-arg]
        found.append(scores(x, fed if model is None else probes.reconstructions(model, fed)))
    ssim = [each.ssim for each in found if each.ssim is not None]
    return Curve(
        np.array([each.mse for each in found]),
        np.array([each.psnr for each in found]),
        np.array(ssim) if len(ssim) == len(found) else None,
    )
