"""Tangents of the manifold that a model has learned, beside those of local PCA; subspaces beside each other.

Bases are r × d with orthonormal rows, for examples of d numbers.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.linalg import orth, subspace_angles
from scipy.spatial.distance import cdist

from aeviz.errors import SettingError
from aeviz.models.autoencoder import Autoencoder
from aeviz.views import filters, geometry
from aeviz.views.geometry import Examples, Labels

CHANCE = 100  # random subspaces behind an angle by chance
MOST_NEAR = 5000  # examples among which neighbours are sought

Basis = Float[np.ndarray, "_ d"]


@dataclass(frozen=True)
class Tangents:
    """Of one example: directions in which the code changes most, and those in which the neighbours lie.

    learned, local: bases. values: the singular values of ∂h/∂x for the learned ones. spread: the standard deviation of
    the neighbours along the local ones. neighbours: which of the examples. angles: the principal angles between both
    spans in degrees, rising. chance: the mean of these angles for random subspaces in place of the learned one.
    """

    learned: Float[np.ndarray, "r d"]
    values: Float[np.ndarray, " r"]
    local: Float[np.ndarray, "r d"]
    spread: Float[np.ndarray, " r"]
    neighbours: Int[np.ndarray, " m"]
    angles: Float[np.ndarray, " r"]
    chance: Float[np.ndarray, " r"]


def tangents(
    model: Autoencoder,
    x: Examples,
    among: Float[np.ndarray, "m ..."],
    *,
    count: int,
    neighbours: int,
    labels: Labels = None,
    seed: int = 0,
) -> Tangents:
    """The `count` leading tangents at an example, x of 1 × its shape, and the local PCA of its neighbours in `among`.

    The learned ones are the leading right singular vectors of J = ∂h/∂x. Source: Rifai, Dauphin, Vincent, Bengio,
    Muller, The Manifold Tangent Classifier, NIPS 2011, §2.2.

    Raises:
        SettingError: there are fewer directions than asked for, or the example changes nothing in the code.
    """
    J = geometry.encoder_jacobians(model, x, labels)[0].numpy()
    _, values, vectors = np.linalg.svd(J, full_matrices=False)
    count = min(count, len(values), neighbours)
    if values[0] <= 0:
        raise SettingError("The code does not change with this example at all, so it has no tangents. Choose another.")
    flat = among[:MOST_NEAR].reshape(len(among[:MOST_NEAR]), -1).astype(np.float64)
    nearest = np.argsort(cdist(x.reshape(1, -1).astype(np.float64), flat)[0], kind="stable")[:neighbours]
    own = flat[nearest]
    _, lengths, axes = np.linalg.svd(own - own.mean(0), full_matrices=False)
    count = min(count, int((lengths > 1e-9).sum()))
    if not count:
        raise SettingError("The nearest examples are all the same, so they span no directions. Take more neighbours.")
    learned, local = vectors[:count], axes[:count]
    return Tangents(
        learned,
        values[:count],
        local,
        lengths[:count] / np.sqrt(max(1, len(own) - 1)),
        nearest,
        angles(learned, local),
        chance(local, count, seed),
    )


def pictured(basis: Basis, shape: tuple[int, ...]) -> Float[np.ndarray, "_ c h w"]:
    """Directions as images: 0 is middle grey, and the largest entry of each black or white."""
    return filters.as_grey(torch.from_numpy(basis.reshape(-1, *shape))).numpy()


def angles(one: Basis, other: Basis) -> Float[np.ndarray, " r"]:
    """The principal angles between two spans in degrees, rising. Source: Björck & Golub, Math. Comp. 27 (1973)."""
    return np.sort(np.degrees(subspace_angles(one.T, other.T)))


def chance(basis: Basis, count: int, seed: int) -> Float[np.ndarray, " r"]:
    """The mean principal angles between a span and random ones of `count` dimensions."""
    random = np.random.default_rng(seed)
    drawn = [np.linalg.qr(random.normal(size=(basis.shape[1], count)))[0].T for _ in range(CHANCE)]
    return np.mean([angles(each, basis) for each in drawn], axis=0)


@dataclass(frozen=True)
class Subspaces:
    """A linear decoder beside principal component analysis: bases of both, the angles between their spans in degrees.

    decoder: the columns of V as they are, scaled to length 1, k × d. turned: the basis of the same span that lies
    nearest to the components. components: k × d.
    """

    decoder: Float[np.ndarray, "k d"]
    turned: Float[np.ndarray, "k d"]
    components: Float[np.ndarray, "k d"]
    angles: Float[np.ndarray, " k"]


def principal_components(x: Examples, count: int) -> Basis:
    """The leading principal components of examples, each with its largest entry positive."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    centred = flat - flat.mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, np.argsort(values)[::-1][:count]].T
    largest = axes[range(len(axes)), np.abs(axes).argmax(1)]
    return np.asarray(axes * np.where(largest < 0, -1, 1)[:, None])


def beside_components(model: Autoencoder, components: Float[np.ndarray, "k d"]) -> Subspaces:
    """The span of a linear decoder's columns beside that of as many principal components.

    Their agreement at the minimum of the squared error: Baldi & Hornik, Neural Networks 2 (1989). Within the span the
    columns may be any basis; the turned one is V's span rotated onto the components (orthogonal Procrustes).

    Raises:
        SettingError: the columns span fewer dimensions than the code has.
    """
    k = model.code
    axes = torch.eye(k, device=next(model.parameters()).device)
    columns = geometry.decoder_columns(model, 0 * axes[:1], axes)[:, 0].flatten(1).cpu().double().numpy()
    span = orth(columns.T).T
    if len(span) < k:
        raise SettingError(
            f"The {k} columns of this decoder span only {len(span)} dimensions, so there is no angle for each. Train "
            "it longer, or choose a smaller code."
        )
    u, _, v = np.linalg.svd(span @ components.T)
    norms = np.linalg.norm(columns, axis=1, keepdims=True)
    return Subspaces(columns / norms, (u @ v).T @ span, components, angles(span, components))
