"""What the measures look at: examples, codes, reconstructions and samples of one model, each made when first asked for.

Examples are taken at equal distances over a split, since its order may mean something (the second half of MNIST's test
set is harder than the first).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int

from aeviz.data import Dataset
from aeviz.data.dataset import Split
from aeviz.models import Autoencoder, Samples
from aeviz.seeds import generator
from aeviz.views import coverage, disentanglement, likelihood, probes, sampling
from aeviz.views.projections import plane

HELD_OUT = 2000  # held-out examples that are measured
LEARNED = 5000  # training examples that classifiers of the code learn from
CAUSES = 1000  # training examples that predictors of the factors learn from
DERIVED = 200  # held-out examples of which the Jacobian is taken
WINDOWED = 500  # held-out images over which windows slide
WEIGHTED = 200  # held-out examples whose likelihood is bounded
WEIGHTED_DRAWS = 50  # codes drawn for each of them

Codes = Float[np.ndarray, "n k"]


def spread(split: Split, most: int) -> Split:
    """At most so many of its examples, at equal distances."""
    if len(split) <= most:
        return split
    return split.taken(np.linspace(0, len(split) - 1, most).round().astype(np.int64))


@dataclass(frozen=True)
class Evidence:
    """A model and its data, and what of them is looked at. Deterministic; codes are those of clean inputs.

    A model that takes a class is told it for reconstructions and samples, and not for codes: a code that was told would
    give the class away to every classifier.
    """

    model: Autoencoder
    dataset: Dataset
    seed: int = 0

    @cached_property
    def held_out(self) -> Split:
        """At most 2,000 held-out examples."""
        return spread(self.dataset.test, HELD_OUT)

    @cached_property
    def learned(self) -> Split:
        """At most 5,000 training examples."""
        return spread(self.dataset.train, LEARNED)

    @cached_property
    def codes(self) -> Codes:
        """The codes of the held-out examples."""
        return probes.codes(self.model, self.held_out.x).astype(np.float64)

    @cached_property
    def learned_codes(self) -> Codes:
        """The codes of the training examples."""
        return probes.codes(self.model, self.learned.x).astype(np.float64)

    @cached_property
    def reconstructions(self) -> Float[np.ndarray, "n ..."]:
        """What the model makes of the held-out examples, in [0, 1]."""
        return probes.reconstructions(self.model, self.held_out.x, self.held_out.labels)

    @property
    def errors(self) -> Float[np.ndarray, " n"]:
        """−log p(x | z) of the held-out examples, in nats."""
        return probes.reconstruction_losses(self.model, self.held_out.x, self.held_out.labels)

    @property
    def windowed(self) -> tuple[Float[np.ndarray, "n c h w"], Float[np.ndarray, "n c h w"]]:
        """500 of the held-out images and their reconstructions."""
        rows = np.linspace(0, len(self.held_out) - 1, min(WINDOWED, len(self.held_out))).round().astype(np.int64)
        return self.held_out.x[rows], self.reconstructions[rows]

    @cached_property
    def points(self) -> Float[np.ndarray, "n 2"]:
        """The codes as they are drawn: themselves for k ≤ 2, else in the plane of their first two principal axes."""
        return plane(self.codes).project(self.codes).astype(np.float64)

    @cached_property
    def jacobian_norms(self) -> Float[np.ndarray, " n"]:
        """‖∂h/∂x‖_F of 200 held-out examples."""
        return probes.jacobian_norms(self.model, spread(self.dataset.test, DERIVED).x)

    @cached_property
    def bounds(self) -> Float[np.ndarray, " n"]:
        """A lower bound on log p(x) of 200 held-out examples, of a variational model."""
        few = spread(self.dataset.test, WEIGHTED)
        draws = generator(self.seed, "likelihood")
        return likelihood.log_likelihood(self.model, few.x, WEIGHTED_DRAWS, draws, few.labels)

    @cached_property
    def made(self) -> Float[np.ndarray, "n ..."]:
        """As many examples decoded from draws of the model's own prior as there are held-out ones, and of their classes
        where the model is told one."""
        assert isinstance(self.model, Samples)
        drawn = sampling.from_prior(self.model, len(self.held_out), self.seed)
        return probes.decoded(self.model, drawn, self.held_out.labels)

    @cached_property
    def coverage(self) -> coverage.Coverage:
        """The made examples against the held-out ones, among the held-out ones' principal components."""
        return coverage.compared(*coverage.features(self.held_out.x, self.made))

    @cached_property
    def dci(self) -> disentanglement.Dci:
        """Of predictors that learn from 1,000 training examples and are judged on the held-out ones."""
        learned = spread(self.dataset.train, CAUSES)
        codes = probes.codes(self.model, learned.x).astype(np.float64)
        assert learned.factors is not None and self.held_out.factors is not None
        return disentanglement.dci(codes, learned.factors, self.codes, self.held_out.factors, self.seed)

    @property
    def labels(self) -> Int[np.ndarray, " n"]:
        """The class of each held-out example."""
        assert self.held_out.labels is not None
        return self.held_out.labels

    @property
    def labelled(self) -> tuple[Codes, Int[np.ndarray, " n"], Float[np.ndarray, "m k"], Int[np.ndarray, " m"]]:
        """Training codes and their classes, held-out codes and theirs."""
        assert self.learned.labels is not None
        return self.learned_codes, self.learned.labels, self.codes, self.labels

    @property
    def factors(self) -> Float[np.ndarray, "n f"]:
        """What each held-out example was drawn from."""
        assert self.held_out.factors is not None
        return self.held_out.factors


# What a measure may need: each says in words why it is not there, or nothing


def finite(evidence: Evidence) -> str:
    """Codes and reconstructions that are numbers."""
    sound = np.isfinite(evidence.codes).all() and np.isfinite(evidence.reconstructions).all()
    return "" if sound else "The model gives codes or reconstructions that are not finite numbers."


def posterior(evidence: Evidence) -> str:
    """A model whose encoder gives a distribution."""
    code = evidence.model.encode(torch.tensor(evidence.held_out.x[:1]))
    return "" if code.posterior is not None else "The model is not variational."


def likely_pixels(evidence: Evidence) -> str:
    """Examples that the model's likelihood is one of."""
    if evidence.model.likelihood != "bernoulli" or np.isin(evidence.held_out.x, (0, 1)).all():
        return ""
    return "The pixels are grey and the likelihood is one of zeros and ones: take binary pixels or a Gaussian one."


def images(evidence: Evidence) -> str:
    """Images with room for a window."""
    shape = evidence.dataset.shape
    if len(shape) != 3:
        return "The examples are points and not images."
    return "" if min(shape[1:]) >= 3 else "The images are smaller than 3 × 3 pixels."


def several_units(evidence: Evidence) -> str:
    """A code of more than one number."""
    return "" if evidence.model.code > 1 else "The code is a single number."


def classes(evidence: Evidence) -> str:
    """At least two classes among the training and among the held-out examples."""
    found = (evidence.learned.labels, evidence.held_out.labels)
    known = all(labels is not None and len(np.unique(labels)) > 1 for labels in found)
    return "" if known else "The examples have no classes."


def factors(evidence: Evidence) -> str:
    """At least two causes that are known and change, and a code in which they can be told apart in a moment."""
    known = evidence.held_out.factors
    if known is None or len(disentanglement.changing(known)) < 2:
        return "It takes data with two or more known causes, such as Shapes."
    return "" if evidence.model.code <= 64 else "The code has more than 64 units."


def prior(evidence: Evidence) -> str:
    """A prior to sample from, whose samples are finite."""
    if not isinstance(evidence.model, Samples):
        return "The model has no prior over codes to sample from."
    if min(len(evidence.held_out), len(evidence.made)) < 2:
        return "There are too few held-out examples."
    return "" if np.isfinite(evidence.made).all() else "Its samples are not finite numbers."
