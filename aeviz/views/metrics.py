"""What a model did, in numbers: how near a picture is to another, and how a code is used. Plain numpy."""

import numpy as np
from jaxtyping import Bool, Float

from aeviz.errors import SettingError

ACTIVE = 0.01  # the variance over examples above which a code unit counts as active
LARGEST_WINDOW = 7
DEAD = 1e-6  # of the largest answer of a layer: what varies less says nothing


def mse(clean: Float[np.ndarray, "n ..."], other: Float[np.ndarray, "n ..."]) -> float:
    """The mean of (x − y)² over all examples and all their numbers, in squared units of the data."""
    from skimage.metrics import mean_squared_error

    return float(mean_squared_error(clean, other))


def psnr(clean: Float[np.ndarray, "n ..."], other: Float[np.ndarray, "n ..."]) -> float:
    """10 log₁₀(1 / MSE) in decibels, for values that run from 0 to 1; ∞ for equal arrays.

    The error is averaged over all examples first: a single image that happens to be untouched would make the mean of
    every image's own value infinite.
    """
    from skimage.metrics import peak_signal_noise_ratio

    if np.array_equal(clean, other):
        return float("inf")  # skimage divides by zero here, and warns
    return float(peak_signal_noise_ratio(clean, other, data_range=1))


def window(height: int, width: int) -> int:
    """The side of the square window that SSIM slides over images of this size: 7, or less for small ones.

    It is the largest odd number up to half the image, at least 3 and at most 7, so that several windows fit: 3 for
    8 × 8 pixels, 5 for 12 × 12, 7 from 14 × 14 on.
    """
    half = min(height, width) // 2
    return min(LARGEST_WINDOW, max(3, half - (half % 2 == 0)))


def ssim(clean: Float[np.ndarray, "n c h w"], other: Float[np.ndarray, "n c h w"]) -> float:
    """The mean structural similarity of the images: 1 for equal ones, about 0 for unrelated ones.

    (2 μx μy + C₁)(2 σxy + C₂) / ((μx² + μy² + C₁)(σx² + σy² + C₂)) with C₁ = 0.01², C₂ = 0.03², averaged over all
    windows (see `window`), channels and images.

    Raises:
        SettingError: the images are smaller than the smallest window, 3 × 3.
    Source: Wang, Bovik, Sheikh, Simoncelli, IEEE Transactions on Image Processing 13 (2004),
    doi:10.1109/TIP.2003.819861, eq. 13; flat windows as in the implementation of scikit-image.
    """
    from skimage.metrics import structural_similarity

    height, width = clean.shape[-2:]
    if min(height, width) < 3:
        raise SettingError(f"SSIM needs images of at least 3 × 3 pixels, and these have {height} × {width}.")
    side = window(height, width)
    values = [
        structural_similarity(x, y, win_size=side, data_range=1, channel_axis=0)
        for x, y in zip(clean, other, strict=True)
    ]
    return float(np.mean(values))


def active_units(codes: Float[np.ndarray, "n k"], threshold: float = ACTIVE) -> Bool[np.ndarray, " k"]:
    """Which units of the code say something about the example: Var over examples of the unit's mean > 0.01.

    codes: a variational model's means, any other's codes. The threshold is absolute and made for codes of about unit
    variance; a model without a prior may use a scale of its own.

    Source: Burda, Grosse, Salakhutdinov, arXiv:1509.00519, on the latent space representation (A_u > 10⁻²).
    """
    active: Bool[np.ndarray, " k"] = codes.astype(np.float64).var(axis=0) > threshold
    return active


def dead_units(responses: Float[np.ndarray, "n k"], threshold: float = DEAD) -> Bool[np.ndarray, " k"]:
    """Which units answer alike to every example: max − min ≤ threshold · the largest magnitude of the layer.

    A rectifier that is never driven above 0 is one, and so is a sigmoid unit that is always driven to an end.
    """
    values = responses.astype(np.float64)
    most = max(float(np.abs(values).max(initial=0)), 1e-12)
    dead: Bool[np.ndarray, " k"] = np.ptp(values, axis=0) <= threshold * most
    return dead


def mean_absolute_code(codes: Float[np.ndarray, "n k"]) -> float:
    """The mean of |zⱼ| over all examples and units: what an L1 penalty makes small."""
    return float(np.abs(codes.astype(np.float64)).mean())


def mean_jacobian_norm(norms: Float[np.ndarray, " n"]) -> float:
    """The mean over examples of ‖∂h/∂x‖_F, h the code: how much a code moves with its input, per unit of input.

    norms: those of `probes.jacobian_norms`. What a contractive penalty makes small is the mean of their squares.
    """
    return float(norms.astype(np.float64).mean())


def lifetime_sparsity(codes: Float[np.ndarray, "n k"]) -> float:
    """How rarely each unit answers: 0 when it answers alike to every example, 1 when to a single one; mean over units.

    S = (1 − (Σᵢ|zᵢ|/n)² / (Σᵢzᵢ²/n)) / (1 − 1/n) over the n examples of one unit. A unit that is 0 for every example
    has no S and is left out; NaN where all are. Made for firing rates, which are never negative: of a signed code the
    magnitudes are taken, so that one of N(0, 1) has 1 − 2/π ≈ 0.36, and not 1.

    Source: Vinje & Gallant, Science 287 (2000), doi:10.1126/science.287.5456.1273, after Treves & Rolls,
    Network 2 (1991); over examples or over units: Willmore & Tolhurst, Network 12 (2001).
    """
    return _sparsity(codes.T)


def population_sparsity(codes: Float[np.ndarray, "n k"]) -> float:
    """How few units answer to each example: 0 when all answer alike, 1 when a single one does; mean over examples.

    S as in `lifetime_sparsity`, over the k units of one example; an example whose code is 0 has none and is left out.
    NaN for codes of one number.

    Source: as `lifetime_sparsity`.
    """
    return _sparsity(codes)


def _sparsity(rows: Float[np.ndarray, "m n"]) -> float:
    """The mean of S over the rows that are not 0 everywhere."""
    size = rows.shape[1]
    rows = np.abs(rows.astype(np.float64))
    largest = rows.max(axis=1, initial=0)
    rows = rows[largest > 0] / largest[largest > 0][:, None]  # S has no scale, and squares of tiny numbers vanish
    if size < 2 or not len(rows):
        return float("nan")
    values = (1 - rows.mean(1) ** 2 / np.square(rows).mean(1)) / (1 - 1 / size)
    return float(values.mean())
