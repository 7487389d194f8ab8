"""What lies near what: whether a picture keeps neighbours, and whether classes can be told from codes.

Everything is exact and deterministic; with n examples the pictures take n² distances, so they are for a few thousand.
"""

import warnings

import numpy as np
from jaxtyping import Float, Int

NEIGHBOURS = 10  # of a picture
VOTERS = 5  # of a class

Codes = Float[np.ndarray, "n k"]
Labels = Int[np.ndarray, " n"]


def trustworthiness(
    x: Float[np.ndarray, "n d"], points: Float[np.ndarray, "n p"], neighbours: int = NEIGHBOURS
) -> float:
    """Whether those who are neighbours in the picture are neighbours in truth: 1 when all are.

    1 − 2 / (n m (2n − 3m − 1)) · Σᵢ Σ_{j ∈ U(i)} (r(i, j) − m), U(i) those among the m nearest of i in the picture that
    are not among its m nearest in x, r(i, j) the rank of j in x. About ½ for a picture that has nothing to do with x.
    m is lessened where there are not more than 2m examples. NaN for fewer than four.

    x: what is true, one row an example. points: where each is drawn.
    Source: Venna & Kaski, Neural Networks 19 (2006), doi:10.1016/j.neunet.2006.05.014, as computed by scikit-learn.
    """
    from sklearn.manifold import trustworthiness as measured

    neighbours = min(neighbours, (len(x) - 1) // 2)
    if neighbours < 1 or len(x) < 4:
        return float("nan")
    return float(measured(x, points, n_neighbors=neighbours))


def continuity(x: Float[np.ndarray, "n d"], points: Float[np.ndarray, "n p"], neighbours: int = NEIGHBOURS) -> float:
    """Whether those who are neighbours in truth stay neighbours in the picture: 1 when all do.

    `trustworthiness` with the roles exchanged. A picture that tears a neighbourhood apart loses continuity; one that
    lays far things upon each other loses trustworthiness.

    Source: Venna & Kaski, Neural Networks 19 (2006), doi:10.1016/j.neunet.2006.05.014.
    """
    return trustworthiness(points, x, neighbours)


def neighbour_accuracy(
    codes: Codes, labels: Labels, held_out: Float[np.ndarray, "m k"], truth: Int[np.ndarray, " m"], voters: int = VOTERS
) -> float:
    """The share of held-out examples whose class most of the nearest training codes have.

    Euclidean distance in the code as it is, five neighbours, each with one vote; among equals the lowest class wins.

    codes, labels: of training examples. held_out, truth: of those that are classified.
    Source: Cover & Hart, IEEE Transactions on Information Theory 13 (1967), doi:10.1109/TIT.1967.1053964.
    """
    from sklearn.neighbors import KNeighborsClassifier

    # Brute force throughout: a tree would order equal distances in another way.
    fitted = KNeighborsClassifier(min(voters, len(codes)), algorithm="brute").fit(codes, labels)
    return float((fitted.predict(held_out) == truth).mean())


def linear_accuracy(
    codes: Codes, labels: Labels, held_out: Float[np.ndarray, "m k"], truth: Int[np.ndarray, " m"]
) -> float:
    """The share of held-out examples that a linear classifier of the code gets right.

    Logistic regression, argmin Σᵢ −log softmax(W zᵢ + b)ᵧᵢ + ½‖W‖², on codes brought to mean 0 and variance 1 (those
    of the training examples), at most 300 steps of L-BFGS.

    codes, labels: of training examples, at least two classes among them. held_out, truth: of those classified.
    Source: Alain & Bengio, Understanding intermediate layers using linear classifier probes, arXiv:1610.01644.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300, tol=1e-3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 300 steps classify as well as the optimum does
        probe.fit(codes.astype(np.float64), labels)
    return float((probe.predict(held_out.astype(np.float64)) == truth).mean())


def silhouette(codes: Codes, labels: Labels) -> float:
    """How well the classes keep apart: the mean of (b − a) / max(a, b) over the examples, from −1 to 1.

    a: the mean distance of an example's code to the others of its class. b: to those of the nearest other class.
    About 0 where classes overlap; an example that is alone in its class counts 0. NaN where there are not two classes
    with more examples than classes.

    Source: Rousseeuw, Journal of Computational and Applied Mathematics 20 (1987), doi:10.1016/0377-0427(87)90125-7.
    """
    from sklearn.metrics import silhouette_score

    if not 2 <= len(np.unique(labels)) < len(labels):
        return float("nan")
    return float(silhouette_score(codes, labels))
