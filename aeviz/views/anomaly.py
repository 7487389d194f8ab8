"""Anomalies: how unusual a model finds examples, and how well that tells strangers from held-out examples.

A score is a number per example, the larger the more unusual. How well one sorts is the area under its ROC curve: the
chance that a stranger scores higher than a held-out example, ties counting half.

Source: Chandola, Banerjee, Kumar, Anomaly detection: a survey, ACM Computing Surveys 41 (2009); area under the curve:
Hanley & McNeil, Radiology 143 (1982).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int

from aeviz.data import Split
from aeviz.models import Autoencoder
from aeviz.models.machines import Machine
from aeviz.models.variational import kl_to_standard_normal
from aeviz.seeds import generator
from aeviz.views import probes
from aeviz.views.evidence import spread
from aeviz.views.realism import nearest

LOOKED_AT = 1000  # held-out examples, and as many strangers
KNOWN = 5000  # training examples among which the nearest is sought
CHUNK = 500
ALARMS = 0.05  # the share of held-out examples that may be taken for strangers

Examples = Float[np.ndarray, "_ ..."]
Values = Float[np.ndarray, " _"]


@dataclass(frozen=True)
class Score:
    """One way of saying how unusual an example is. function: model, training examples, examples → their scores.
    fits: whether a model has it, judged by an example.
    """

    name: str
    unit: str
    explanation: str
    source: str
    function: Callable[[Autoencoder, Examples, Examples], Values]
    fits: Callable[[Autoencoder, Examples], bool] = lambda model, example: True


def _squared_error(model: Autoencoder, known: Examples, x: Examples) -> Values:
    restored = probes.reconstructions(model, x)
    return np.square(x - restored).reshape(len(x), -1).sum(1)


def _nats(model: Autoencoder, known: Examples, x: Examples) -> Values:
    return probes.reconstruction_losses(model, x)


def _nats_and_divergence(model: Autoencoder, known: Examples, x: Examples) -> Values:
    """−log p(x | μ) + KL(q(z | x) ‖ p(z)): the loss of a variational model with its code at the mean."""
    divergences = []
    with torch.no_grad():
        for part in torch.tensor(x, dtype=torch.float32).split(CHUNK):
            posterior = model.encode(part).posterior
            assert posterior is not None
            divergences.append(kl_to_standard_normal(posterior).numpy())
    return probes.reconstruction_losses(model, x) + np.concatenate(divergences)


def _free_energy(model: Autoencoder, known: Examples, x: Examples) -> Values:
    assert isinstance(model, Machine)
    return np.concatenate(
        [-model.log_unnormalised(part).numpy() for part in torch.tensor(x, dtype=torch.float32).split(CHUNK)]
    )


def _code_distance(model: Autoencoder, known: Examples, x: Examples) -> Values:
    return nearest(probes.codes(model, known), probes.codes(model, x)).distances


def _pixel_distance(model: Autoencoder, known: Examples, x: Examples) -> Values:
    return nearest(known, x).distances


def _variational(model: Autoencoder, example: Examples) -> bool:
    with torch.no_grad():
        return model.encode(torch.tensor(example, dtype=torch.float32)).posterior is not None


def _machine(model: Autoencoder, example: Examples) -> bool:
    return isinstance(model, Machine)


SCORES: tuple[Score, ...] = (
    Score(
        "Squared error", "", "‖x − x̂‖²: what the code cannot say of an example is lost on the way.",
        "Japkowicz, Myers, Gluck, IJCAI 1995; Sakurada & Yairi, MLSDA 2014", _squared_error,
    ),
    Score(
        "Reconstruction", "nats", "−log p(x | code of x), by the model's own likelihood.",
        "An & Cho, SNU Data Mining Center (2015)", _nats,
    ),
    Score(
        "Reconstruction + KL", "nats",
        "−log p(x | μ) + KL(q(z | x) ‖ p(z)): strangers may be rebuilt well and still need an unlikely code.",
        "Kingma & Welling, arXiv:1312.6114, eq. 3", _nats_and_divergence, _variational,
    ),
    Score(
        "Free energy", "nats",
        "−log Σₕ exp(−E(v, h)), which is −log p(v) but for a constant; of deep machines an upper bound on it.",
        "Fiore et al., Neurocomputing 122 (2013)", _free_energy, _machine,
    ),
    Score(
        "Distance of the code", "", f"Between the code of an example and the nearest of {KNOWN:,} training codes.",
        "Ramaswamy, Rastogi, Shim, SIGMOD 2000", _code_distance,
    ),
    Score(
        "Distance in pixels", "",
        f"To the nearest of {KNOWN:,} training examples. No model has a part in it: what a score should beat.",
        "Ramaswamy, Rastogi, Shim, SIGMOD 2000", _pixel_distance,
    ),
)  # fmt: skip


def fitting(model: Autoencoder, known: Split) -> list[Score]:
    """The scores that a model has."""
    return [score for score in SCORES if score.fits(model, known.x[:1])]


def scored(score: Score, model: Autoencoder, known: Split, x: Examples) -> Values:
    """The score of each example by a model that has learned from `known`."""
    return score.function(model, spread(known, KNOWN).x, x).astype(np.float64)


# Strangers


def _upside_down(x: Examples, draws: np.random.Generator) -> Examples:
    return np.ascontiguousarray(x[..., ::-1, :])


def _negative(x: Examples, draws: np.random.Generator) -> Examples:
    return 1 - x


def _two_in_one(x: Examples, draws: np.random.Generator) -> Examples:
    return np.maximum(x, x[np.roll(draws.permutation(len(x)), 1)])


def _mixed(x: Examples, draws: np.random.Generator) -> Examples:
    return draws.permuted(x.reshape(len(x), -1), axis=0).reshape(x.shape)


STRANGERS: Mapping[str, tuple[Callable[[Examples, np.random.Generator], Examples], str]] = {
    "mixed examples": (_mixed, "Each number of an example is that of another: rates as in the data, and no structure."),
    "upside down": (_upside_down, "Held-out images upside down: the same strokes, in places where they never were."),
    "negative": (_negative, "Held-out images with dark and light exchanged."),
    "two in one": (_two_in_one, "Two held-out images laid on one another."),
}
FOR_POINTS = ("mixed examples",)


def strangers(kind: str, x: Examples, seed: int) -> Examples:
    """Examples made strange in one of the ways of `STRANGERS`: as many, of the same shape."""
    derived = generator(seed, "strangers", kind).initial_seed()
    return STRANGERS[kind][0](x, np.random.default_rng(derived)).astype(np.float32)


# How well a score sorts


@dataclass(frozen=True)
class Sorting:
    """The scores of held-out examples and of strangers, and how well they part."""

    usual: Values
    strange: Values

    @cached_property
    def _ranked(self) -> tuple[Int[np.ndarray, " _"], Values]:
        is_strange = np.repeat((0, 1), (len(self.usual), len(self.strange)))
        return is_strange, np.concatenate((self.usual, self.strange))

    @property
    def finite(self) -> bool:
        """Whether all scores are numbers."""
        return bool(np.isfinite(self._ranked[1]).all())

    @property
    def area(self) -> float:
        """The chance that a stranger scores higher than a held-out example, ties counting half; ½ by chance."""
        from sklearn.metrics import roc_auc_score

        return float(roc_auc_score(*self._ranked))

    @cached_property
    def curve(self) -> tuple[Values, Values]:
        """The share of held-out examples taken for strangers, and of strangers found, at every threshold."""
        from sklearn.metrics import roc_curve

        false_alarms, found, _ = roc_curve(*self._ranked)
        return false_alarms, found

    @property
    def threshold(self) -> float:
        """The score that no more than 5 % of the held-out examples exceed."""
        return float(np.quantile(self.usual, 1 - ALARMS, method="higher"))

    @property
    def found(self) -> float:
        """The share of strangers above that threshold."""
        return float((self.strange > self.threshold).mean())
