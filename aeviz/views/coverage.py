"""Made examples against real ones: are they where the real ones are, and everywhere where the real ones are?

The manifold of a set is taken to be the union of balls around its points, each as wide as the distance to the point's
k-th nearest fellow. All depends on the space in which distances are taken; `features` is the one that is used here.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

COMPONENTS = 50
NEAREST = 5

Set = Float[np.ndarray, "n f"]


def features(
    real: Float[np.ndarray, "n ..."], made: Float[np.ndarray, "m ..."], components: int = COMPONENTS
) -> tuple[Float[np.ndarray, "n f"], Float[np.ndarray, "m f"]]:
    """Both sets in the space of the real ones' first 50 principal components (fewer where there are not so many).

    No network is asked: what counts as near is the Euclidean distance of pixels without their finest detail, which is
    fair for small centred images and a poor judge of photographs.
    """
    from sklearn.decomposition import PCA

    flat = real.reshape(len(real), -1).astype(np.float64)
    fitted = PCA(min(components, *flat.shape), random_state=0).fit(flat)
    return fitted.transform(flat), fitted.transform(made.reshape(len(made), -1).astype(np.float64))


@dataclass(frozen=True)
class Coverage:
    """What `compared` finds; ball(x, S) is the one around x that reaches its k-th nearest fellow of S.

    precision: the share of made examples that lie in the ball of some real one (fidelity).
    recall: the share of real examples that lie in the ball of some made one (diversity).
    density: how many balls of real examples a made one lies in, over k; 1 is expected of equal sets, ∞ possible.
    coverage: the share of real examples whose own ball holds a made one.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def compared(real: Set, made: Float[np.ndarray, "m f"], nearest: int = NEAREST) -> Coverage:
    """Precision, recall, density and coverage of `made` against `real`.

    With Rᵢ = NND_k(xᵢ) within the real, Mⱼ = NND_k(yⱼ) within the made, the point itself not counted:
    precision = 1/m Σⱼ 1[∃i: ‖yⱼ − xᵢ‖ ≤ Rᵢ], recall = 1/n Σᵢ 1[∃j: ‖xᵢ − yⱼ‖ ≤ Mⱼ],
    density = 1/(k m) Σⱼ Σᵢ 1[‖yⱼ − xᵢ‖ ≤ Rᵢ], coverage = 1/n Σᵢ 1[∃j: ‖xᵢ − yⱼ‖ ≤ Rᵢ].
    k is lessened where a set has no more than k points. Precision, recall and coverage ∈ [0, 1], density ≥ 0.

    real, made: at least two rows each.
    Source: Kynkäänniemi et al., arXiv:1904.06991, §2 (k = 3 there); Naeem et al., arXiv:2002.09797, §3
    (k = 5, which is used for all four).
    """
    nearest = min(nearest, len(real) - 1, len(made) - 1)
    between = distances(real, made)
    in_real: Bool[np.ndarray, "n m"] = between <= radii(real, nearest)[:, None]
    in_made: Bool[np.ndarray, "n m"] = between <= radii(made, nearest)[None]
    return Coverage(
        precision=float(in_real.any(0).mean()),
        recall=float(in_made.any(1).mean()),
        density=float(in_real.sum(0).mean() / nearest),
        coverage=float(in_real.any(1).mean()),
    )


def radii(points: Set, nearest: int) -> Float[np.ndarray, " n"]:
    """The distance of each point to its `nearest`-th nearest fellow."""
    within = distances(points, points)
    np.fill_diagonal(within, np.inf)
    found: Float[np.ndarray, " n"] = np.partition(within, nearest - 1, axis=1)[:, nearest - 1]
    return found


def distances(a: Set, b: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "n m"]:
    """‖aᵢ − bⱼ‖, exact: a distance of 0 must be 0, or equal points would miss balls of radius 0."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(a, b))
