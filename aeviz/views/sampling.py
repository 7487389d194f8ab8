"""Where to decode: places of a plane in code space, and draws from a distribution over codes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from aeviz.errors import SettingError
from aeviz.models import Samples
from aeviz.seeds import generator
from aeviz.views import probes
from aeviz.views.projections import Plane, Points, plane

FULL_UP_TO = 64  # code sizes up to which every covariance is estimated, above it variances alone
FITTED = 2000  # codes behind a fit


@dataclass(frozen=True)
class Box:
    """A rectangle of a plane: from low to high along its first and second axis."""

    low: tuple[float, float]
    high: tuple[float, float]


def widest(codes: Float[np.ndarray, "n k"]) -> list[int]:
    """The units of the code, those that vary most over the examples first."""
    return [int(unit) for unit in np.argsort(-codes.astype(np.float64).var(0), kind="stable")]


def usual(points: Points, share: float = 0.01) -> Box:
    """The rectangle between the 1st and the 99th percentile of each coordinate; at least a little wide.

    Raises:
        SettingError: a code is not a finite number.
    """
    check_finite(points)
    low, high = np.quantile(points, share, axis=0), np.quantile(points, 1 - share, axis=0)
    # A unit that never changes still needs a stretch to be looked along.
    flat = high - low < 1e-6 * np.maximum(1, np.abs(high))
    low, high = np.where(flat, low - 1, low), np.where(flat, high + 1, high)
    return Box((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))


def widened(box: Box, share: float) -> Box:
    """The rectangle with this share of its own sides added on each side."""
    (left, bottom), (right, top) = box.low, box.high
    across, up = share * (right - left), share * (top - bottom)
    return Box((left - across, bottom - up), (right + across, top + up))


@dataclass(frozen=True)
class Stretch:
    """The ends of an axis that a slider offers: from least to most in steps, at first from low to high.

    format: how its numbers are written, in C's words.
    """

    least: float
    low: float
    high: float
    most: float
    step: float
    format: str


def stretch(low: float, high: float) -> Stretch:
    """Twice as far as from low to high, in about a hundred round steps, on which all four ends lie."""
    wide = high - low
    power = math.floor(math.log10(wide / 50))
    step = 10.0**power

    def on_a_step(value: float) -> float:
        return float(round(round(value / step) * step, max(0, -power)))

    digits = f"%.{max(0, -power)}f" if -4 < power < 4 else "%.2e"
    return Stretch(
        on_a_step(low - wide / 2),
        on_a_step(low),
        on_a_step(high),
        on_a_step(high + wide / 2),
        step,
        digits,
    )


def places(box: Box, side: int) -> Points:
    """side² places on a regular grid over the rectangle, row by row from the top left."""
    return probes.grid(box.low, box.high, side, np.zeros(2, np.float32), (0, 1))


def along(box: Box, count: int) -> Points:
    """`count` places on a line, from low to high along the first axis: for codes of one unit."""
    line = np.zeros((count, 2), np.float32)
    line[:, 0] = np.linspace(box.low[0], box.high[0], count)
    return line


def spread(plane: Plane, codes: Float[np.ndarray, "n k"], side: int) -> Float[np.ndarray, "m k"]:
    """side² codes on a grid over the usual stretch of the codes in the plane; for codes of one unit along its line."""
    box = usual(plane.project(codes))
    return plane.lift(places(box, side) if codes.shape[1] > 1 else along(box, side * side))


def from_prior(model: Samples, count: int, seed: int) -> Float[np.ndarray, "n k"]:
    """Draws from the model's own prior over codes."""
    return model.prior(count, generator(seed, "prior")).cpu().numpy()


@dataclass(frozen=True)
class Mixture:
    """p(z) = Σᵢ wᵢ N(z; μᵢ, Σᵢ).

    weights: m, adding up to 1. means: m × k. roots: m × k × k, lower triangular with Σᵢ = roots roots ᵀ.
    """

    weights: Float[np.ndarray, " m"]
    means: Float[np.ndarray, "m k"]
    roots: Float[np.ndarray, "m k k"]

    def draw(self, count: int, seed: int) -> Float[np.ndarray, "n k"]:
        """`count` codes: a component by its weight, then z = μ + root·ε with ε ~ N(0, I)."""
        random = np.random.default_rng(seed)
        chosen = random.choice(len(self.weights), count, p=self.weights)
        noise = random.standard_normal((count, self.means.shape[1]))
        drawn: np.ndarray = self.means[chosen] + np.einsum("nij,nj->ni", self.roots[chosen], noise)
        return drawn.astype(np.float32)

    def outlines(self, plane: Plane, deviations: float = 2) -> list[Points]:
        """The ellipse of each component in the plane, two standard deviations from its mean."""
        angle = np.linspace(0, 2 * np.pi, 61)
        circle = deviations * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        drawn = []
        for mean, root in zip(self.means, self.roots, strict=True):
            across = plane.basis.T @ root  # 2 × k; the covariance in the plane is across acrossᵀ
            values, vectors = np.linalg.eigh(across @ across.T)
            axes = vectors * np.sqrt(values.clip(0))
            drawn.append((plane.project(mean[None]) + circle @ axes.T).astype(np.float32))
        return drawn


def standard(k: int) -> Mixture:
    """N(0, I), the prior of a variational autoencoder."""
    return Mixture(np.ones(1), np.zeros((1, k)), np.eye(k)[None])


def fitted(codes: Float[np.ndarray, "n k"], components: int) -> Mixture:
    """The mixture of so many normal distributions that fits the codes, by expectation maximisation.

    One component is the normal distribution with the codes' own mean and covariance. Above 64 units each component has
    variances only, since the examples would not determine the rest. A fit to the codes of a trained autoencoder, to
    sample from: Ghosh, Sajjadi, Vergari, Black, Schölkopf, arXiv:1903.12436, ex-post density estimation.

    Raises:
        SettingError: there are fewer different codes than components need, or a code is not a finite number.
    """
    from sklearn.mixture import GaussianMixture

    check_finite(codes)
    codes = codes[:FITTED].astype(np.float64)
    k = codes.shape[1]
    if (different := len(np.unique(codes, axis=0))) <= components:
        raise SettingError(
            f"The model gives only {different} different codes, too few for {components} components. Choose fewer "
            "components, or a model whose codes differ."
        )
    # sklearn adds a fixed 1e-6 to each variance; measured in units of the codes' spread it suits codes of any scale.
    centre, spread = codes.mean(0), max(float(codes.std()), 1e-12)
    full = k <= FULL_UP_TO
    model = GaussianMixture(components, covariance_type="full" if full else "diag", random_state=0)
    model.fit((codes - centre) / spread)
    covariances = np.asarray(model.covariances_)
    roots = np.linalg.cholesky(covariances) if full else np.stack([np.diag(each) for each in np.sqrt(covariances)])
    return Mixture(np.asarray(model.weights_), np.asarray(model.means_) * spread + centre, roots * spread)


def check_finite(codes: Float[np.ndarray, "n k"]) -> None:
    """Raises SettingError where a code is not a finite number, or there is none."""
    if not len(codes) or not np.isfinite(codes).all():
        raise SettingError("Some codes of this model are not finite numbers, so there is nothing to sample near them.")


def lines(decoded: Float[np.ndarray, "n d"], side: int) -> Sequence[Float[np.ndarray, "m d"]]:
    """The rows and the columns of a grid of decoded points, each a line through the space of the data."""
    net = decoded.reshape(side, side, -1)
    return [*net, *net.transpose(1, 0, 2)]


def in_sight(data: Float[np.ndarray, "m d"]) -> Callable[[np.ndarray], np.ndarray]:
    """How examples that are points are drawn: up to three numbers as they are, more in the principal plane of `data`.

    One number is drawn on a line; what is not a finite number is left out by the figure.
    """
    if data.shape[1] in (2, 3):
        return lambda x: x
    return plane(data).project
