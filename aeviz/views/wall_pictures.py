"""What several runs show of themselves beside each other that their frames do not hold: one file for each run.

Pictures in a grid (`pictures` U8 [n, c, h, w]) or bars (`heights` F32 [b]) whose axes all runs have in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, UInt8

from aeviz.data import Dataset
from aeviz.data.pairings import GaussianNoise
from aeviz.models import Autoencoder
from aeviz.views import filters, geometry, probes, restoration, sampling
from aeviz.views.images import as_bytes
from aeviz.views.projections import plane

VIEWS = {
    "grid": "Sampling grid",
    "filters": "Filters",
    "activations": "Activations",
    "spectrum": "Jacobian spectrum",
    "denoising": "Denoising",
}
SIDE = 10  # of the sampling grid
UNITS = 36  # filters shown
BINS = 40
DERIVED = 50  # examples behind a spectrum
LARGEST = 24  # singular values drawn
NOISE = GaussianNoise(strength=0.3)
RESTORED = 6
CODES = 1000
NEAR_ZERO = 0.1


@dataclass(frozen=True)
class Shown:
    """What one run shows: pictures or heights, or words in their stead; told goes to the page as it is."""

    words: str = ""
    pictures: UInt8[np.ndarray, "n c h w"] | None = None
    heights: Float[np.ndarray, " b"] | None = None
    told: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """A trained model and what it learned."""

    model: Autoencoder
    dataset: Dataset

    def codes(self) -> Float[np.ndarray, "m k"]:
        """Codes of held-out examples."""
        test, rows = self.dataset.test, slice(CODES)
        return probes.codes(self.model, test.x[rows], test.some_labels(rows))


def shown(view: str, models: Sequence[Model]) -> list[Shown]:
    """What each of the models shows in this view, one of `VIEWS`."""
    if view in ("activations", "spectrum"):
        return _activations(models) if view == "activations" else _spectra(models)
    make = {"grid": _grid, "filters": _filters, "denoising": _denoising}[view]
    return [make(each) if len(each.dataset.shape) == 3 else Shown("Only images are drawn so.") for each in models]


def _grid(one: Model) -> Shown:
    codes = one.codes()
    if not np.isfinite(codes).all():
        return Shown("The codes are not finite.")
    classes = len(one.dataset.classes)
    z = sampling.spread(plane(codes), codes, SIDE)
    side = SIDE if len(z) == SIDE * SIDE else len(z)
    made = probes.decoded(one.model, z, np.arange(len(z)) % classes if classes else None)
    return Shown("", as_bytes(made), told={"columns": str(side), "gap": "0", "label": "a grid of codes, decoded"})


def _filters(one: Model) -> Shown:
    if not filters.pictured_layers(one.model):
        return Shown("Only dense layers have weights that can be drawn as images.")
    weights = filters.as_grey(filters.incoming(one.model, UNITS)).numpy()
    told = {"columns": "9", "gap": "2", "label": f"the weights into {len(weights)} units of the first layer"}
    return Shown("", as_bytes(weights), told=told)


def _denoising(one: Model) -> Shown:
    test = one.dataset.test
    rows = probes.one_of_each(test.labels, RESTORED, len(test))
    found = restoration.restore(one.model, NOISE, test.x[rows], 0)
    everything = restoration.restore(one.model, NOISE, test.x[: restoration.MEASURED], 0)
    scores = restoration.scores(everything.clean, everything.restored)
    words = f"noise σ = {NOISE.strength:g}: PSNR {scores.psnr:.1f} dB"
    pictures = as_bytes(np.concatenate([found.corrupted, found.restored]))
    return Shown(words, pictures, told={"columns": str(len(rows)), "gap": "2", "label": "noisy images, and restored"})


def _activations(models: Sequence[Model]) -> list[Shown]:
    values = [each.codes().ravel() for each in models]
    values = [each[np.isfinite(each)] for each in values]
    everything = np.concatenate([*values, np.zeros(1, np.float32)])
    low, high = (float(each) for each in np.percentile(everything, [0.5, 99.5]))
    if high - low < 1e-6:
        low, high = low - 1, high + 1
    # What lies beyond the axis counts in its last bar, so that the bars are shares of everything.
    heights = [
        np.histogram(each.clip(low, high), bins=BINS, range=(low, high))[0] / max(1, each.size) for each in values
    ]
    top = max(float(each.max()) for each in heights) * 1.05 or 1.0
    told = {"low": f"{low}", "high": f"{high}", "top": f"{top}", "across": "z", "up": "share"}
    return [
        Shown(f"{(np.abs(one) < NEAR_ZERO).mean():.0%} within ±{NEAR_ZERO:g} of 0", heights=each, told=told)
        for one, each in zip(values, heights, strict=True)
    ]


def _spectra(models: Sequence[Model]) -> list[Shown]:
    """Singular values of ∂z/∂x, the mean of each rank over examples. Source: Rifai et al., ICML 2011, §5.3."""
    found = []
    for each in models:
        test, rows = each.dataset.test, slice(DERIVED)
        found.append(geometry.spectra(each.model, test.x[rows], test.some_labels(rows)).mean(0))
    most = min(LARGEST, max(len(each) for each in found))
    top = max(float(each[0]) for each in found) * 1.05 or 1.0
    told = {"low": "0", "high": f"{most}", "top": f"{top}", "across": "rank", "up": "σ"}
    return [
        Shown(f"largest {each[0]:.3g}, ‖·‖ {np.sqrt((each**2).sum()):.3g}", heights=_padded(each, most), told=told)
        for each in found
    ]


def _padded(values: Float[np.ndarray, " k"], most: int) -> Float[np.ndarray, " b"]:
    return np.pad(values[:most], (0, max(0, most - len(values))))
