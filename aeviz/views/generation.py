"""Real examples against generated ones: both in one feature space, and which classes the generated ones cover."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from aeviz.data import Dataset
from aeviz.errors import SettingError
from aeviz.models import Autoencoder, ModelSpec, Samples
from aeviz.views import probes, sampling
from aeviz.views.coverage import COMPONENTS

REAL = 2000  # held-out examples that the generated ones are held against
GENERATED = 1000
NEIGHBOURS = 5
COVERED = 0.25  # of its share in the data: what a class needs among the generated to count as covered
CHUNK = 250  # examples whose distances are held in memory at once


@lru_cache(maxsize=256)
def draws(model: ModelSpec) -> bool:
    """Whether the model of such a choice has a prior of its own; asked for every run of a list."""
    return model.samples()


@dataclass(frozen=True)
class Features:
    """The feature space: principal components of the held-out examples, f = (x − mean) · basis.

    mean: d. basis: d × c with orthonormal columns, the widest first, c ≤ 50, as for the measures of
    `aeviz.views.coverage`. share: of the examples' variance that the space holds.
    """

    mean: Float[np.ndarray, " d"]
    basis: Float[np.ndarray, "d c"]
    share: float

    def of(self, x: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "n c"]:
        """Where examples lie in it."""
        flat = x.reshape(len(x), -1).astype(np.float64)
        return ((flat - self.mean) @ self.basis).astype(np.float32)


def features(x: Float[np.ndarray, "n ..."], most: int = COMPONENTS) -> Features:
    """The space of the first principal components of x; the largest entry of each axis is positive."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    mean = flat.mean(0)
    _, sizes, axes = np.linalg.svd(flat - mean, full_matrices=False)
    basis = axes[:most].T
    largest = basis[np.abs(basis).argmax(0), range(basis.shape[1])]
    total = float(np.square(sizes).sum())
    share = float(np.square(sizes[:most]).sum()) / total if total else 1.0
    return Features(mean, basis * np.where(largest < 0, -1, 1), share)


def classified(
    known: Float[np.ndarray, "m c"],
    labels: Int[np.ndarray, " m"],
    at: Float[np.ndarray, "n c"],
    *,
    neighbours: int = NEIGHBOURS,
    own: bool = False,
) -> Int[np.ndarray, " n"]:
    """The class that most of the nearest known examples have; of equally many, that with the nearest of them.

    own: `at` are the known examples themselves, and none is its own neighbour.
    Source: Cover & Hart, Nearest neighbor pattern classification, IEEE Transactions on Information Theory 13 (1967).
    """
    known, at = known.astype(np.float64), at.astype(np.float64)
    count = min(neighbours, len(known) - own)
    votes_of = np.eye(int(labels.max()) + 1)
    found = []
    for start in range(0, len(at), CHUNK):
        part = at[start : start + CHUNK]
        distances = np.square(known).sum(1) - 2 * part @ known.T  # but for ‖part‖², the same for all
        if own:
            distances[np.arange(len(part)), start + np.arange(len(part))] = np.inf
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :count]
        votes = votes_of[labels[nearest]].sum(1)
        # The nearest of those whose class has the most votes.
        winners = np.take_along_axis(votes, labels[nearest], axis=1) == votes.max(1, keepdims=True)
        found.append(labels[nearest[np.arange(len(part)), winners.argmax(1)]])
    return np.concatenate(found).astype(np.int64) if found else np.zeros(0, np.int64)


@dataclass(frozen=True)
class ClassCoverage:
    """Shares of the classes, among held-out examples and among generated ones as a classifier names them.

    right: the share of held-out examples that the same classifier names rightly.
    """

    data: Float[np.ndarray, " classes"]
    generated: Float[np.ndarray, " classes"]
    right: float
    count: int

    @property
    def distance(self) -> float:
        """Total variation: ½ Σ |p − q|, from 0 for the same shares to 1 for no class in common."""
        return float(np.abs(self.data - self.generated).sum() / 2)

    @property
    def by_chance(self) -> float:
        """About the distance that as many draws from the data would have: ½ Σ √(2 p (1 − p) / π count).

        The mean of |N(0, σ²)| is σ √(2/π), and the share of a class among n draws has σ² = p (1 − p) / n.
        """
        return float(np.sqrt(2 * self.data * (1 - self.data) / (np.pi * self.count)).sum() / 2)

    @property
    def covered(self) -> int:
        """How many classes have at least a quarter of their share in the data."""
        return int(((self.generated >= COVERED * self.data) & (self.data > 0)).sum())

    @property
    def classes(self) -> int:
        """How many classes the data have."""
        return int((self.data > 0).sum())


def coverage(
    real: Float[np.ndarray, "m c"],
    labels: Int[np.ndarray, " m"],
    generated: Float[np.ndarray, "n c"],
    classes: int,
    neighbours: int = NEIGHBOURS,
) -> ClassCoverage:
    """Which classes the generated examples are of, by their nearest neighbours among the real ones."""
    named = classified(real, labels, generated, neighbours=neighbours)
    again = classified(real, labels, real, neighbours=neighbours, own=True)
    shares = [np.bincount(each, minlength=classes) / len(each) for each in (labels, named)]
    return ClassCoverage(shares[0], shares[1], float((again == labels).mean()), len(named))


@dataclass(frozen=True)
class Comparison:
    """Real and generated examples in one feature space. labels and coverage: where the data have classes."""

    space: Features
    real: Float[np.ndarray, "m c"]
    generated: Float[np.ndarray, "n c"]
    labels: Int[np.ndarray, " m"] | None
    coverage: ClassCoverage | None


def compared(model: Autoencoder, dataset: Dataset, seed: int, count: int = GENERATED) -> Comparison:
    """Held-out examples beside `count` decoded draws of the model's prior.

    Raises:
        SettingError: the model has no prior, or what it generates is not finite.
    """
    if not isinstance(model, Samples):
        raise SettingError("This model has no prior to draw from: choose a VAE, an AAE or a GAN.")
    x = dataset.test.x[:REAL]
    # A model that takes a class is told those of the data, in their shares.
    told = None if dataset.test.labels is None else np.resize(dataset.test.labels[:REAL], count)
    made = probes.decoded(model, sampling.from_prior(model, count, seed), told)
    if not np.isfinite(made).all():
        raise SettingError("What this model generates is not finite: train it again with a smaller learning rate.")
    space = features(x)
    real, generated = space.of(x), space.of(made)
    labels, names = dataset.test.labels, len(dataset.classes)
    if labels is None or names < 2:
        return Comparison(space, real, generated, None, None)
    own = labels[: len(x)].astype(np.int64)
    return Comparison(space, real, generated, own, coverage(real, own, generated, names))
