"""Regular sets of codes: places by the quantiles of a normal distribution, and one axis at a time from a start."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from aeviz.views.sampling import check_finite, widest


def quantiles(count: int, mean: float = 0.0, deviation: float = 1.0) -> Float[np.ndarray, " c"]:
    """mean + deviation · Φ⁻¹(uᵢ), uᵢ = (i + ½) / count: values between which N(mean, deviation²) has equal mass.

    Source: Kingma & Welling, arXiv:1312.6114, figure 4: coordinates spaced evenly on the unit square, through the
    inverse of the normal distribution function.
    """
    values: np.ndarray = mean + deviation * ndtri((np.arange(count) + 0.5) / count)
    return values


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation along both axes of a plane."""

    mean: Float[np.ndarray, " 2"]
    deviation: Float[np.ndarray, " 2"]


def moments(points: Float[np.ndarray, "n 2"]) -> Moments:
    """Those of points in a plane."""
    exact = points.astype(np.float64)
    return Moments(exact.mean(0), exact.std(0))


def quantile_places(found: Moments, side: int) -> Float[np.ndarray, "n 2"]:
    """side² places row by row from the top left, their coordinates the quantiles of a normal distribution each."""
    across, up = (quantiles(side, *each) for each in zip(found.mean.tolist(), found.deviation.tolist(), strict=True))
    return np.stack([np.tile(across, side), np.repeat(up[::-1], side)], axis=1).astype(np.float32)


def quantile_line(found: Moments, count: int) -> Float[np.ndarray, "n 2"]:
    """`count` places on the first axis, for codes of one unit."""
    across = quantiles(count, float(found.mean[0]), float(found.deviation[0]))
    return np.stack([across, np.zeros(count)], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Traversal:
    """One unit of the code moved while the others stay: the unit, its values (rising), and the whole codes, c × k."""

    unit: int
    values: Float[np.ndarray, " c"]
    codes: Float[np.ndarray, "c k"]


def traversals(
    codes: Float[np.ndarray, "n k"],
    start: Float[np.ndarray, " k"],
    units: int,
    count: int,
    *,
    by_quantiles: bool = False,
    share: float = 0.01,
) -> list[Traversal]:
    """The `units` units that vary most over the examples, each moved through `count` values from a start.

    A unit's use is the variance of its mean over the examples. Values: even steps from the 1st to the 99th percentile
    of the codes, or the quantiles of the normal distribution with their mean and variance.

    Source: traversals: Higgins et al., β-VAE, ICLR 2017, figure 1; use: Burda, Grosse, Salakhutdinov,
    arXiv:1509.00519, on the latent space representation.

    Raises:
        SettingError: a code is not a finite number.
    """
    check_finite(codes)
    found = []
    for unit in widest(codes)[:units]:
        own = codes[:, unit].astype(np.float64)
        ends = np.quantile(own, [share, 1 - share])
        values = quantiles(count, own.mean(), own.std()) if by_quantiles else np.linspace(ends[0], ends[1], count)
        moved = np.tile(start.astype(np.float32), (count, 1))
        moved[:, unit] = values
        found.append(Traversal(unit, values, moved))
    return found
