"""A density estimate of codes by kernels: every code a small normal distribution, to draw new ones from."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from aeviz.errors import SettingError
from aeviz.views.projections import Plane, Points
from aeviz.views.sampling import check_finite

Rule = Literal["Scott", "Silverman"]


@dataclass(frozen=True)
class Kernels:
    """p(z) = 1/n Σᵢ N(z; zᵢ, h²·diag(s²)): a normal kernel at each code.

    codes: n × k. spread: s, the standard deviation of each unit over the codes. bandwidth: h, in units of it.
    """

    codes: Float[np.ndarray, "n k"]
    spread: Float[np.ndarray, " k"]
    bandwidth: float

    def _estimate(self) -> Any:
        from sklearn.neighbors import KernelDensity

        return KernelDensity(bandwidth=self.bandwidth).fit(self.codes.astype(np.float64) / self.spread)

    def draw(self, count: int, seed: int) -> Float[np.ndarray, "m k"]:
        """`count` codes: one of the examples' at random, plus h·s·ε with ε ~ N(0, I)."""
        drawn: np.ndarray = self._estimate().sample(count, random_state=seed) * self.spread
        return drawn.astype(np.float32)

    def log_density(self, z: Float[np.ndarray, "m k"]) -> Float[np.ndarray, " m"]:
        """log p(z) in nats."""
        scaled: np.ndarray = self._estimate().score_samples(z.astype(np.float64) / self.spread)
        return scaled - np.log(self.spread).sum()

    def outlines(self, plane: Plane) -> list[Points]:
        """Nothing: a kernel for every code would hide the codes."""
        return []


def bandwidth(rule: Rule, n: int, k: int) -> float:
    """h in standard deviations of the codes. Scott: n^(−1/(k+4)). Silverman: (n (k + 2) / 4)^(−1/(k+4)).

    Source: Scott, Multivariate Density Estimation (1992), eq. 6.42; Silverman, Density Estimation (1986), eq. 4.14.
    """
    base = float(n) if rule == "Scott" else n * (k + 2) / 4
    return float(base ** (-1 / (k + 4)))


def kernels(codes: Float[np.ndarray, "n k"], width: Rule | float) -> Kernels:
    """The estimate from these codes with a bandwidth by a rule, or of so many standard deviations.

    It fits codes of few units; with many, every draw is nearly an example (small h) or nearly a Gaussian (large h).

    Raises:
        SettingError: there are fewer than two different codes, or one is not a finite number.
    """
    check_finite(codes)
    if len(np.unique(codes, axis=0)) < 2:
        raise SettingError("The model gives fewer than two different codes, so no density can be fitted to them.")
    spread = np.maximum(codes.astype(np.float64).std(0), 1e-12)
    chosen = bandwidth(width, *codes.shape) if isinstance(width, str) else width
    return Kernels(codes, spread, chosen)
