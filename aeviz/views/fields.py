"""Where a denoising autoencoder points, r(x) − x, and the density whose slopes it should climb."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from aeviz.errors import SettingError
from aeviz.models.autoencoder import Autoencoder
from aeviz.views import probes
from aeviz.views.projections import Plane, Points, principal_plane

MOST = 2000  # examples behind a density
SIDE = 23  # arrows in a row
SHADED = 80  # places in a row of the density
FARTHEST = 1e6  # numbers beyond are those of a run that went astray, and their squares no longer fit
MARGIN = 0.15  # of the plane's width, beyond the data

Flat = Float[np.ndarray, "_ d"]


@dataclass(frozen=True)
class Field:
    """What a denoising autoencoder does to the places of a plane in the space of the data.

    plane: of flattened examples. points: where the examples lie in it, m × 2. places: a grid, n × 2. arrows: r(x) − x
    at each place, within the plane, n × 2. climb: σ²∇log p, the same for the best denoiser of these examples. off: the
    share of the length of r(x) − x that leaves the plane. density: log p, SHADED × SHADED, rows from low to high.
    across, up: the coordinates of its columns and rows.
    """

    plane: Plane
    points: Float[np.ndarray, "m 2"]
    places: Points
    arrows: Float[np.ndarray, "n 2"]
    climb: Float[np.ndarray, "n 2"]
    off: Float[np.ndarray, " n"]
    density: Float[np.ndarray, "s s"]
    across: Float[np.ndarray, " s"]
    up: Float[np.ndarray, " s"]


@dataclass(frozen=True)
class Agreement:
    """r(x̃) − x̃ beside σ²∇log p(x̃) at noisy examples x̃, all their numbers, not those of a plane alone.

    cosine: of the angle between all of both, laid end to end. length: the factor on the latter that fits the former
    best. Both are 1 for the best denoiser.
    """

    cosine: float
    length: float


def agreement(
    model: Autoencoder, x: Float[np.ndarray, "m ..."], noisy: Float[np.ndarray, "n ..."], sigma: float
) -> Agreement:
    """How well the model's arrows at `noisy` examples climb the density of the examples x."""
    at = noisy.reshape(len(noisy), -1).astype(np.float64)
    moved = restored(model, noisy).reshape(len(noisy), -1) - at
    climb = sigma**2 * score(x[:MOST].reshape(len(x[:MOST]), -1).astype(np.float64), at, sigma)
    along = float((moved * climb).sum())
    return Agreement(
        along / max(float(np.linalg.norm(moved) * np.linalg.norm(climb)), 1e-12),
        along / max(float(np.square(climb).sum()), 1e-12),
    )


def field(model: Autoencoder, x: Float[np.ndarray, "m ..."], sigma: float, side: int = SIDE) -> Field:
    """r(x) − x on a grid over the examples, beside σ²∇log p there.

    Two numbers an example: the plane is that of the data. More: the plane through their mean along their two principal
    axes, which the examples themselves lie off, so that p is the density of places there among the whole examples.
    """
    shape = x.shape[1:]
    flat = x[:MOST].reshape(len(x[:MOST]), -1).astype(np.float32)
    plane = Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32)) if flat.shape[1] == 2 else principal_plane(flat)
    points = plane.project(flat)
    low, high = points.min(0), points.max(0)
    low, high = low - MARGIN * (high - low).max(), high + MARGIN * (high - low).max()
    axes = [np.linspace(low[axis], high[axis], side) for axis in (0, 1)]
    places = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2).astype(np.float32)
    at = plane.lift(places)
    moved = restored(model, at.reshape(len(at), *shape)).reshape(len(at), -1) - at
    arrows = moved @ plane.basis
    lengths = np.linalg.norm(moved, axis=1)
    off = np.sqrt(np.maximum(0, 1 - np.square(np.linalg.norm(arrows, axis=1) / np.maximum(lengths, 1e-12))))
    fine = [np.linspace(low[axis], high[axis], SHADED) for axis in (0, 1)]
    shaded = plane.lift(np.stack(np.meshgrid(*fine), -1).reshape(-1, 2).astype(np.float32))
    density = log_density(flat, shaded, sigma).reshape(SHADED, SHADED)
    climb = sigma**2 * score(flat, at, sigma) @ plane.basis
    return Field(plane, points, places, arrows, climb.astype(np.float32), off, density, *fine)


def restored(model: Autoencoder, x: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "n ..."]:
    """r(x) = E[x | code of x], not cut to [0, 1]: a field may point out of it.

    Raises:
        SettingError: some of it is not a finite number.
    """
    with torch.no_grad():
        inputs = torch.tensor(x, dtype=torch.float32, device=next(model.parameters()).device)
        given = np.concatenate([model.reconstruct(part).cpu().numpy() for part in inputs.split(probes.CHUNK)])
    if not (np.abs(given) < FARTHEST).all():
        raise SettingError("This model gives back numbers that are not finite: its training went astray.")
    return given


def log_density(examples: Flat, at: Float[np.ndarray, "n d"], sigma: float) -> Float[np.ndarray, " n"]:
    """log p(x), p = 1/m Σᵢ N(x; xᵢ, σ²I): the density of the examples with the noise of the training added."""
    d = examples.shape[1]
    squares = cdist(at, examples, "sqeuclidean")
    constant = np.log(len(examples)) + d / 2 * np.log(2 * np.pi * sigma**2)
    return np.asarray(logsumexp(-squares / (2 * sigma**2), axis=1) - constant)


def score(examples: Flat, at: Float[np.ndarray, "n d"], sigma: float) -> Float[np.ndarray, "n d"]:
    """∇log p(x) of the same density: (Σᵢ wᵢ xᵢ − x)/σ², wᵢ the share of example i in p(x).

    So x + σ²∇log p is the mean of the examples given x, which is what the best denoiser of Gaussian noise gives back,
    for every σ. Source: Miyasawa, Bull. Inst. Internat. Statist. 38 (1961); for the density of the data itself and σ
    towards 0: Alain & Bengio, JMLR 15 (2014), theorem 1.
    """
    squares = cdist(at, examples, "sqeuclidean")
    weights = np.exp(-squares / (2 * sigma**2) - logsumexp(-squares / (2 * sigma**2), axis=1, keepdims=True))
    return np.asarray((weights @ examples - at) / sigma**2)
