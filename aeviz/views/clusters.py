"""Codes in groups: k-means and mixtures of Gaussians, the same groups for the same codes and seed."""

import warnings

import numpy as np
from jaxtyping import Float, Int

METHODS = ("k-means", "Gaussian mixture")
MOST_FITTED = 4000  # codes that the groups are fitted to; the others join the group that fits them
MOST_CORRELATED = 32  # code size up to which a Gaussian has a full covariance; beyond, its axes are independent


def clusters(z: Float[np.ndarray, "n k"], method: str, count: int, seed: int) -> Int[np.ndarray, " n"]:
    """The group of each code, 0 for the largest. There are at most as many groups as codes.

    method: one of `METHODS`. Sources: Lloyd, doi:10.1109/TIT.1982.1056489, begun by k-means++ (Arthur,
    Vassilvitskii, SODA 2007); Dempster, Laird, Rubin, J. R. Stat. Soc. B 39 (1977).
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    count = max(1, min(count, len(z)))
    if count == 1:
        return np.zeros(len(z), np.int64)
    fitted = z.astype(np.float64)
    if len(z) > MOST_FITTED:
        fitted = fitted[np.sort(np.random.default_rng(seed).choice(len(z), MOST_FITTED, replace=False))]
    if method == "k-means":
        model = KMeans(count, n_init=4, random_state=seed)
    else:
        kind = "full" if z.shape[1] <= MOST_CORRELATED else "diag"
        ground = 1e-6 + 1e-4 * float(fitted.var(0).mean())  # keeps a Gaussian from shrinking onto one code
        model = GaussianMixture(count, covariance_type=kind, reg_covar=ground, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct codes than groups: some stay empty
        found = model.fit(fitted).predict(z.astype(np.float64))
    sizes = np.bincount(found, minlength=count)
    rank = np.empty(count, np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(count)
    groups: Int[np.ndarray, " n"] = rank[found]
    return groups
