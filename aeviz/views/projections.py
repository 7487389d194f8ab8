"""From codes of any size to points on a screen."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.sparse.linalg import ArpackError, eigsh
from scipy.spatial.distance import cdist

Points = Float[np.ndarray, "n 2"]


NEAREST_CHUNK = 1024  # places whose distances are computed at once
LARGE = 32  # code size from which two axes are sought and not all


@dataclass(frozen=True)
class Plane:
    """An affine plane in code space: point = (z − origin) · basis, and back: z = origin + point · basisᵀ.

    origin: k. basis: k × 2, orthonormal columns (its second column is 0 for codes of size 1).
    """

    origin: Float[np.ndarray, " k"]
    basis: Float[np.ndarray, "k 2"]

    def project(self, z: Float[np.ndarray, "n k"]) -> Points:
        """Where codes fall in the plane."""
        return ((z - self.origin) @ self.basis).astype(np.float32)

    def lift(self, points: Points, like: Float[np.ndarray, " k"] | None = None) -> Float[np.ndarray, "n k"]:
        """The codes at places of the plane; off the plane they keep what `like` has there, or the origin."""
        points = np.asarray(points, np.float32).reshape(-1, 2)
        off = 0.0 if like is None else (like - self.origin) - self.project(like[None])[0] @ self.basis.T
        return (self.origin + off + points @ self.basis.T).astype(np.float32)

    def turned(self, z: Float[np.ndarray, "n k"], to: Float[np.ndarray, "m 2"]) -> "Plane":
        """The same plane with its axes turned and mirrored so that these codes lie as near as can be to `to`."""
        points = self.project(z)
        if points.shape != to.shape:
            return self
        return Plane(self.origin, (self.basis.astype(np.float64) @ procrustes(points, to)).astype(np.float32))


def remaining_axes(
    z: Float[np.ndarray, "n k"], shown: Plane, most: int
) -> tuple[Float[np.ndarray, "r k"], Float[np.ndarray, " r"]]:
    """Directions that a plane does not show, those in which the codes vary most first, and the spread of the codes
    along each (standard deviation).

    Beside a plane of two entries of the code these are the other entries; beside any other plane the principal axes of
    what the plane leaves of the codes.
    """
    centred = (z - z.mean(0)).astype(np.float64)
    basis = shown.basis.astype(np.float64)
    if ((basis == 0) | (basis == 1)).all():
        entries = np.flatnonzero(basis.sum(1) == 0)
        order = entries[np.argsort(-centred[:, entries].std(0), kind="stable")][:most]
        axes = np.eye(z.shape[1])[order]
    else:
        left = centred - centred @ basis @ basis.T
        values, vectors = np.linalg.eigh(left.T @ left)
        count = min(most, z.shape[1] - 2)
        axes = vectors[:, np.argsort(values)[::-1][:count]].T
        largest = axes[range(count), np.abs(axes).argmax(1)]
        axes = axes * np.where(largest < 0, -1, 1)[:, None]
    return axes.astype(np.float32), (centred @ axes.T).std(0).astype(np.float32)


def plane(z: Float[np.ndarray, "n k"]) -> Plane:
    """The plane to draw codes in: the codes as they are for k ≤ 2, else their first two principal axes.

    The sign of each axis makes its largest entry positive, so that the same codes always give the same picture.
    """
    k = z.shape[1]
    if k <= 2:
        return Plane(np.zeros(k, np.float32), np.eye(k, 2, dtype=np.float32))
    return principal_plane(z)


def principal_plane(z: Float[np.ndarray, "n k"]) -> Plane:
    """The first two principal axes of the codes, through their mean."""
    mean = z.mean(0)
    centred = (z - mean).astype(np.float64)
    covariance = centred.T @ centred
    try:
        # Two vectors are wanted, and a watched run wants them five times a second; started alike, they end alike.
        values, vectors = (
            eigsh(covariance, 2, v0=np.ones(z.shape[1])) if z.shape[1] > LARGE else np.linalg.eigh(covariance)
        )
    except ArpackError:  # codes that are all the same have no axes to be found
        values, vectors = np.linalg.eigh(covariance)
    axes = vectors[:, np.argsort(values)[::-1][:2]]
    largest = axes[np.abs(axes).argmax(0), range(2)]
    return Plane(mean.astype(np.float32), (axes * np.where(largest < 0, -1, 1)).astype(np.float32))


def axes_plane(z: Float[np.ndarray, "n k"], across: int, up: int) -> Plane:
    """The plane of two entries of the code, counted from 0; the other entries held at the mean of the codes."""
    if across == up:
        raise ValueError(f"across = up = {up}: a plane takes two different axes")
    origin = z.mean(0).astype(np.float32)
    origin[[across, up]] = 0
    basis = np.zeros((z.shape[1], 2), np.float32)
    basis[[across, up], [0, 1]] = 1
    return Plane(origin, basis)


@dataclass(frozen=True)
class Neighbourhood:
    """A picture of codes without a formula, such as UMAP's, read in both directions from its nearest examples.

    codes: n × k. points: where each code is drawn.
    """

    codes: Float[np.ndarray, "n k"]
    points: Points

    def project(self, z: Float[np.ndarray, "m k"]) -> Points:
        """About where codes fall: between the points of the nearest codes. A code of the picture gets its own point."""
        return nearest_mean(self.codes, self.points, z)

    def lift(self, points: Points, like: Float[np.ndarray, " k"] | None = None) -> Float[np.ndarray, "m k"]:
        """A likely code for each place: between the codes of the nearest points. `like` is not used."""
        return nearest_mean(self.points, self.codes, np.asarray(points, np.float32).reshape(-1, 2))


def nearest_mean(
    places: Float[np.ndarray, "n d"], values: Float[np.ndarray, "n v"], at: Float[np.ndarray, "m d"], count: int = 5
) -> Float[np.ndarray, "m v"]:
    """Σᵢ wᵢ vᵢ / Σᵢ wᵢ over the `count` nearest places, wᵢ = 1 / distance; at a place itself, its own value.

    Source: D. Shepard, A two-dimensional interpolation function for irregularly-spaced data, ACM 1968,
    doi:10.1145/800186.810616, with u = 1 and the nearest places only.
    """
    parts = []
    for start in range(0, max(1, len(at)), NEAREST_CHUNK):  # all distances at once would not fit for many places
        distances = cdist(at[start : start + NEAREST_CHUNK], places)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :count]
        weights = 1 / np.maximum(np.take_along_axis(distances, nearest, axis=1), 1e-12)
        weights /= weights.sum(1, keepdims=True)
        parts.append(np.einsum("mc,mcv->mv", weights, values[nearest]).astype(np.float32))
    return np.concatenate(parts)


def aligned(points: Points, to: Float[np.ndarray, "m 2"] | None) -> Points:
    """The points turned and mirrored about their mean to lie as near as can be to those of an earlier picture.

    Orthogonal Procrustes without scaling, so that distances stay true.
    """
    if to is None or to.shape != points.shape:
        return points
    centre = points.mean(0)
    return ((points - centre) @ procrustes(points, to) + centre).astype(np.float32)


def procrustes(points: Points, to: Points) -> Float[np.ndarray, "2 2"]:
    """The rotation or reflection R that brings the centred `points` nearest to the centred `to`: points · R ≈ to.

    R = U Vᵀ from the SVD of AᵀB. Source: Schönemann, Psychometrika 31 (1966).
    """
    u, _, v = np.linalg.svd((points - points.mean(0)).astype(np.float64).T @ (to - to.mean(0)).astype(np.float64))
    return u @ v


def umap(z: Float[np.ndarray, "n k"], seed: int, neighbours: int = 15) -> Points:
    """UMAP of the codes. Slow to import, and not to be run twice at once in a process: call it in one of its own.

    Source: McInnes, Healy, Melville, arXiv:1802.03426.
    """
    from umap import UMAP  # compiles for seconds

    fitted = UMAP(n_components=2, n_neighbors=min(neighbours, len(z) - 1), random_state=seed, n_jobs=1)
    return np.asarray(fitted.fit_transform(z), np.float32)


def tsne(z: Float[np.ndarray, "n k"], seed: int, perplexity: float = 30.0) -> Points:
    """t-SNE of the codes (Barnes–Hut), begun from their principal plane, so that the large shape is kept. Seconds.

    Sources: van der Maaten, Hinton, JMLR 9 (2008); van der Maaten, JMLR 15 (2014); the start: Kobak, Berens,
    doi:10.1038/s41467-019-13056-x.
    """
    from sklearn.manifold import TSNE

    fitted = TSNE(init="pca", perplexity=min(perplexity, (len(z) - 1) / 3), random_state=seed, n_jobs=1)
    return np.asarray(fitted.fit_transform(z), np.float32)
