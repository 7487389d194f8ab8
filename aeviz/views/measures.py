"""Which measures there are, and what they say of one model on its data. A new measure is one line of `MEASURES`.

Everything is deterministic and takes one core a second or two: at most 2,000 held-out examples are looked at. What a
model or its data cannot have is absent, with the reason in words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aeviz.data import Dataset
from aeviz.models import Autoencoder
from aeviz.views import disentanglement, metrics, neighbourhoods
from aeviz.views.coverage import COMPONENTS, NEAREST
from aeviz.views.evidence import (
    WEIGHTED,
    WEIGHTED_DRAWS,
    Evidence,
    classes,
    factors,
    finite,
    images,
    likely_pixels,
    posterior,
    prior,
    several_units,
)

Subject = Literal["Reconstruction", "Use of the code", "Neighbours and classes", "Disentanglement", "Samples"]


@dataclass(frozen=True)
class Measure:
    """One number that tells something of a trained model.

    name: for programs. label, explanation: for people. better: whether high or low values are better, None where
    neither is. needs: what must be there, each a function to the reason why it is not. form: how a value is written.
    whole: what the value is a part of.
    """

    subject: Subject
    name: str
    label: str
    unit: str
    better: Literal["high", "low"] | None
    form: str
    function: Callable[[Evidence], float]
    explanation: str
    source: str = ""
    needs: tuple[Callable[[Evidence], str], ...] = ()
    whole: Callable[[Evidence], int] | None = None


@dataclass(frozen=True)
class Measurement:
    """What a measure says of one model; where it says nothing, value is None and reason tells why."""

    measure: Measure
    value: float | None
    text: str = "–"
    reason: str = ""


SPACE = f"the held-out pixels' first {COMPONENTS} principal components"
MIG = "Chen et al., arXiv:1802.04942, eq. 6"
DCI = "Eastwood & Williams, ICLR 2018, §2"
PRECISION = "Kynkäänniemi et al., arXiv:1904.06991"
DENSITY = "Naeem et al., arXiv:2002.09797"
VENNA = "Venna & Kaski, Neural Networks 19 (2006)"
VINJE = "Vinje & Gallant, Science 287 (2000)"
UNREACHED = "Turning a square or an ellipse far enough changes nothing, so on rotated Shapes 1 is out of reach."

MEASURES: tuple[Measure, ...] = (
    Measure(
        "Reconstruction", "test_nats", "Test error", "nats", "low", ".2f",
        lambda e: float(e.errors.astype(np.float64).mean()),
        "−log p(x | z) of held-out examples, fed as they are; a variational code is its mean. Only runs of one "
        "likelihood compare.",
    ),
    Measure(
        "Reconstruction", "test_mse", "Squared error", "per pixel", "low", ".5f",
        lambda e: metrics.mse(e.held_out.x, e.reconstructions),
        "The mean of (x − x̂)² over the pixels of held-out examples, fed as they are.",
    ),
    Measure(
        "Reconstruction", "psnr", "PSNR", "dB", "high", ".2f",
        lambda e: metrics.psnr(e.held_out.x, e.reconstructions),
        "10 log₁₀(1 / squared error per pixel): ten decibels more are a tenth of the error.", needs=(images,),
    ),
    Measure(
        "Reconstruction", "ssim", "SSIM", "", "high", ".3f",
        lambda e: metrics.ssim(*e.windowed),
        "Structural similarity of image and reconstruction in small windows, over 500 images: 1 for equal ones, about "
        "0 for unrelated.",
        "Wang et al., IEEE Transactions on Image Processing 13 (2004)", (images,),
    ),
    Measure(
        "Reconstruction", "log_likelihood", "log p(x), a lower bound", "nats", "high", ".2f",
        lambda e: float(e.bounds.mean()),
        f"The importance-weighted bound with {WEIGHTED_DRAWS} draws an example, over {WEIGHTED} held-out examples; the "
        "losses stop at the looser bound of one draw.", "Burda et al., arXiv:1509.00519, eq. 8",
        (posterior, likely_pixels),
    ),
    Measure(
        "Use of the code", "active_units", "Active units", "units", None, ".0f",
        lambda e: float(metrics.active_units(e.codes).sum()),
        f"Units whose variance over the examples is above {metrics.ACTIVE}, a bound made for codes of about unit "
        "variance.", "Burda et al., arXiv:1509.00519", whole=lambda e: e.model.code,
    ),
    Measure(
        "Use of the code", "mean_absolute_code", "Mean |z|", "", None, ".3g",
        lambda e: metrics.mean_absolute_code(e.codes),
        "The mean magnitude of the entries of the code: what an L1 penalty makes small.",
    ),
    Measure(
        "Use of the code", "lifetime_sparsity", "Lifetime sparsity", "", None, ".3f",
        lambda e: metrics.lifetime_sparsity(e.codes),
        "How rarely a unit answers: 0 alike to every example, 1 to a single one. Made for units that are never "
        "negative; of others the magnitude counts, and N(0, 1) gives 0.36.", VINJE,
    ),
    Measure(
        "Use of the code", "population_sparsity", "Population sparsity", "", None, ".3f",
        lambda e: metrics.population_sparsity(e.codes),
        "How few units answer to an example: 0 when all answer alike, 1 when a single one does. Magnitudes, as above.",
        VINJE, (several_units,),
    ),
    Measure(
        "Use of the code", "jacobian_norm", "Mean ‖J‖", "", None, ".3g",
        lambda e: metrics.mean_jacobian_norm(e.jacobian_norms),
        "The Frobenius norm of the derivative of the code by the input, averaged over 200 held-out examples: how far "
        "the code moves when the input does.", "Rifai et al., ICML 2011",
    ),
    Measure(
        "Neighbours and classes", "trustworthiness", "Trustworthiness", "", "high", ".3f",
        lambda e: neighbourhoods.trustworthiness(_flat(e.held_out.x), e.points),
        f"Whether the {neighbourhoods.NEIGHBOURS} neighbours of an example in the two-dimensional picture (the code, "
        "or its principal plane) are near it in pixels, too. 1: all of them; about ½ by chance.", VENNA,
    ),
    Measure(
        "Neighbours and classes", "continuity", "Continuity", "", "high", ".3f",
        lambda e: neighbourhoods.continuity(_flat(e.held_out.x), e.points),
        f"Whether the {neighbourhoods.NEIGHBOURS} neighbours of an example in pixels are near it in the picture, too. "
        "1: all of them; about ½ by chance.", VENNA,
    ),
    Measure(
        "Neighbours and classes", "neighbour_accuracy", "k-NN accuracy", "", "high", ".1%",
        lambda e: neighbourhoods.neighbour_accuracy(*e.labelled),
        f"Held-out examples whose class most of the {neighbourhoods.VOTERS} nearest of up to 5,000 training codes "
        "have.", "Cover & Hart, IEEE Transactions on Information Theory 13 (1967)", (classes,),
    ),
    Measure(
        "Neighbours and classes", "linear_accuracy", "Linear-probe accuracy", "", "high", ".1%",
        lambda e: neighbourhoods.linear_accuracy(*e.labelled),
        "Held-out examples that logistic regression, fitted on up to 5,000 training codes, gets right.",
        "Alain & Bengio, arXiv:1610.01644", (classes,),
    ),
    Measure(
        "Neighbours and classes", "silhouette", "Silhouette by class", "", "high", ".3f",
        lambda e: neighbourhoods.silhouette(e.codes, e.labels),
        "How much nearer a code is to its own class than to the next: 1 far apart, 0 touching, −1 in the wrong one.",
        "Rousseeuw, Journal of Computational and Applied Mathematics 20 (1987)", (classes,),
    ),
    Measure(
        "Disentanglement", "mig", "MIG", "", "high", ".3f",
        lambda e: disentanglement.mutual_information_gap(e.codes, e.factors),
        "How far the unit that knows most of a cause is ahead of the second, in shares of what there is to know. "
        f"{disentanglement.BINS} bins; 0: none is ahead, 1: one unit says all. {UNREACHED}",
        MIG, (factors, several_units),
    ),
    Measure(
        "Disentanglement", "dci_disentanglement", "DCI disentanglement", "", "high", ".3f",
        lambda e: e.dci.disentanglement,
        "Whether each unit helps to predict one cause alone: 1, or all alike: 0. Random forests, learned from 1,000 "
        "training examples.", DCI, (factors, several_units),
    ),
    Measure(
        "Disentanglement", "dci_completeness", "DCI completeness", "", "high", ".3f",
        lambda e: e.dci.completeness,
        "Whether each cause is predicted from one unit alone: 1, or from all alike: 0.", DCI, (factors, several_units),
    ),
    Measure(
        "Disentanglement", "dci_informativeness", "DCI informativeness", "", "high", ".3f",
        lambda e: e.dci.informativeness,
        "The share of the error of always guessing the same that prediction from the code takes away, the mean over "
        f"causes. {UNREACHED}", DCI, (factors, several_units),
    ),
    Measure(
        "Samples", "precision", "Precision", "", "high", ".3f", lambda e: e.coverage.precision,
        f"Samples from the prior that lie as near a held-out example as its {NEAREST}th nearest fellow does. "
        f"Distances in {SPACE}.", PRECISION, (prior,),
    ),
    Measure(
        "Samples", "recall", "Recall", "", "high", ".3f", lambda e: e.coverage.recall,
        f"Held-out examples that lie as near a sample as its {NEAREST}th nearest fellow does. Distances in {SPACE}.",
        PRECISION, (prior,),
    ),
    Measure(
        "Samples", "density", "Density", "", None, ".3f", lambda e: e.coverage.density,
        "As precision, but counting near how many held-out examples a sample lies. 1 is expected of the data "
        f"themselves; more means samples crowded in the middle, such as blurred ones. Distances in {SPACE}.",
        DENSITY, (prior,),
    ),
    Measure(
        "Samples", "coverage", "Coverage", "", "high", ".3f", lambda e: e.coverage.coverage,
        f"Held-out examples that have a sample as near as their {NEAREST}th nearest fellow. Distances in {SPACE}.",
        DENSITY, (prior,),
    ),
)  # fmt: skip


def measured(
    model: Autoencoder, dataset: Dataset, measures: Sequence[Measure] = MEASURES, seed: int = 0
) -> list[Measurement]:
    """What each measure says of a model that has learned this data, in their order."""
    evidence = Evidence(model, dataset, seed)
    if reason := finite(evidence):
        return [Measurement(each, None, reason=reason) for each in measures]
    return [_measurement(each, evidence) for each in measures]


def _measurement(measure: Measure, evidence: Evidence) -> Measurement:
    if reason := next((why for need in measure.needs if (why := need(evidence))), ""):
        return Measurement(measure, None, reason=reason)
    value = measure.function(evidence)
    if not np.isfinite(value):
        return Measurement(measure, None, reason="It has no finite value for this model.")
    text = format(value, measure.form).replace("-", "−").replace("%", " %")
    return Measurement(measure, value, f"{text} of {measure.whole(evidence)}" if measure.whole else text)


def best(row: Sequence[Measurement], comparable: bool = True) -> set[int]:
    """The places of the best among several models' values of one measure, all of those that are written alike.

    None where neither high nor low is better, where they do not compare, or where all are alike.
    """
    known = {place: each for place, each in enumerate(row) if each.value is not None}
    better = row[0].measure.better if row else None
    if not comparable or better is None or len({each.text for each in known.values()}) < 2:
        return set()
    ordered = sorted(known, key=lambda place: known[place].value or 0.0, reverse=better == "high")
    return {place for place in known if known[place].text == known[ordered[0]].text}


def by_subject(measurements: Sequence[Measurement]) -> Mapping[str, list[Measurement]]:
    """The measurements under their subjects, in order."""
    found: dict[str, list[Measurement]] = {}
    for each in measurements:
        found.setdefault(each.measure.subject, []).append(each)
    return found


def absent(measurements: Sequence[Measurement]) -> Mapping[str, list[str]]:
    """Reason → the labels of what is absent for it."""
    found: dict[str, list[str]] = {}
    for each in measurements:
        if each.value is None:
            found.setdefault(each.reason, []).append(each.measure.label)
    return found


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)
