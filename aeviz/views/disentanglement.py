"""Whether each unit of a code stands for one cause of the data: for data whose causes (factors) are known.

A factor of at most 20 different values is a class; others are numbers. A factor that never changes is left out.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

BINS = 20
TREES = 10
DEEPEST = 8

Codes = Float[np.ndarray, "n k"]
Factors = Float[np.ndarray, "n f"]


def binned(values: Float[np.ndarray, " n"], bins: int = BINS) -> Int[np.ndarray, " n"]:
    """Which of 20 equal stretches between the least and the greatest value each lies in, from 0.

    Values of which there are at most 20 different ones keep a bin each.
    """
    different, kept = np.unique(values, return_inverse=True)
    if len(different) <= bins:
        return kept.reshape(-1).astype(np.int64)
    edges = np.linspace(values.min(), values.max(), bins + 1)[1:-1]
    return np.digitize(values, edges).astype(np.int64)


def changing(factors: Factors) -> list[int]:
    """The columns whose values differ between examples."""
    return [int(column) for column in np.flatnonzero(np.ptp(factors, axis=0) > 0)]


def mutual_information(codes: Codes, factors: Factors) -> Float[np.ndarray, "k f"]:
    """I(zⱼ; v_f) in nats between every unit and every factor, both in bins: counted, and so a little too large.

    n examples in b × c bins add about (b − 1)(c − 1) / 2n nats where there is no information.
    """
    from sklearn.metrics import mutual_info_score

    units = [binned(column) for column in codes.T]
    causes = [binned(column) for column in factors.T]
    found = [[mutual_info_score(cause, unit) for cause in causes] for unit in units]
    return np.array(found, np.float64).reshape(len(units), len(causes))


def mutual_information_gap(codes: Codes, factors: Factors) -> float:
    """MIG: how far the unit that knows most of a factor is ahead of the second, in shares of what there is to know.

    1/F Σ_f (I(z_j₁; v_f) − I(z_j₂; v_f)) / H(v_f), j₁ and j₂ the units of largest and second largest information on
    factor f. 1: one unit says all of each factor and no other says anything. 0: always two say equally much. NaN for
    codes of one unit, or where no factor changes.

    Source: Chen, Li, Grosse, Duvenaud, arXiv:1802.04942, eq. 6; bins as in Locatello et al., arXiv:1811.12359.
    """
    columns = changing(factors)
    if codes.shape[1] < 2 or not columns:
        return float("nan")
    factors = factors[:, columns]
    entropy = np.diag(mutual_information(factors, factors))
    ordered = np.sort(mutual_information(codes, factors), axis=0)
    return float(((ordered[-1] - ordered[-2]) / entropy).mean())


@dataclass(frozen=True)
class Dci:
    """disentanglement: whether each unit is needed for one factor. completeness: whether each factor needs one unit.

    informativeness: how well the factors are predicted from codes that were not learned from. All ∈ [0, 1].
    """

    disentanglement: float
    completeness: float
    informativeness: float


def importance_scores(importance: Float[np.ndarray, "k f"]) -> tuple[float, float]:
    """Disentanglement and completeness of a matrix of importances Rⱼ_f ≥ 0.

    Disentanglement Σⱼ ρⱼ (1 − H_F(Rⱼ. / Σ_f Rⱼ_f)), H_F the entropy to base F, ρⱼ = Σ_f Rⱼ_f / ΣR: units of no
    importance do not count. Completeness the mean over factors of 1 − H_k(R._f / Σⱼ Rⱼ_f); a factor for which no unit
    is important counts 0. The paper gives completeness for each factor and no mean.

    importance: at least two units and two factors. Source: Eastwood & Williams, ICLR 2018, §2.
    """
    total = importance.sum()
    if total <= 0:
        return 0.0, 0.0
    units, factors = importance.shape
    of_units = 1 - _entropies(importance) / np.log(factors)
    of_factors = np.where(importance.sum(0) > 0, 1 - _entropies(importance.T) / np.log(units), 0)
    return float((importance.sum(1) / total * of_units).sum()), float(of_factors.mean())


def _entropies(rows: Float[np.ndarray, "m n"]) -> Float[np.ndarray, " m"]:
    """H of each row brought to a sum of 1, in nats."""
    p = rows / np.maximum(rows.sum(1, keepdims=True), 1e-300)
    return np.asarray(-(p * np.log(np.maximum(p, 1e-300))).sum(1))


def dci(
    codes: Codes, factors: Factors, held_out: Float[np.ndarray, "m k"], truth: Float[np.ndarray, "m f"], seed: int = 0
) -> Dci:
    """Disentanglement, completeness and informativeness, from forests that predict each factor from the code.

    One random forest a factor (10 trees, at most 8 deep), classes by votes and numbers by means; the importance of a
    unit is how much its splits lessen the impurity. Informativeness is the mean over factors of the share of the error
    that the prediction takes away from always guessing the mean (R²) or the most frequent class, at least 0; the
    paper gives the error itself. NaN for fewer than two units or two factors that change.

    codes, factors: of training examples. held_out, truth: of those predicted.
    Source: Eastwood & Williams, A framework for the quantitative evaluation of disentangled representations,
    ICLR 2018, §2 and §3 (random forests).
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    columns = changing(factors)
    if codes.shape[1] < 2 or len(columns) < 2:
        return Dci(float("nan"), float("nan"), float("nan"))
    importances, explained = [], []
    for column in columns:
        known, true = factors[:, column].astype(np.float64), truth[:, column].astype(np.float64)
        named = len(np.unique(known)) <= BINS
        forest = RandomForestClassifier if named else RandomForestRegressor
        fitted = forest(TREES, max_depth=DEEPEST, max_features=1.0, random_state=seed)
        target = np.unique(known, return_inverse=True)[1].reshape(-1) if named else known
        fitted.fit(codes, target)
        importances.append(fitted.feature_importances_)
        guess = fitted.predict(held_out)
        if named:
            values, counts = np.unique(known, return_counts=True)
            wrong, baseline = (values[guess] != true).mean(), (values[counts.argmax()] != true).mean()
        else:
            wrong, baseline = np.square(guess - true).mean(), true.var()
        explained.append(max(0.0, 1 - wrong / baseline) if baseline > 0 else 0.0)
    disentanglement, completeness = importance_scores(np.array(importances).T)
    return Dci(disentanglement, completeness, float(np.mean(explained)))
