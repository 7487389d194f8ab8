"""What 30 linear codes can do: principal components, and the linear autoencoder with cross-entropy."""

from collections.abc import Iterator

import numpy as np
from scipy import linalg

from aeviz.data.cache import loaded
from aeviz.learning import Adam
from aeviz.models import Linear
from aeviz.recipe import Recipe
from benchmarks.literature.rows import Row, Stopwatch
from benchmarks.literature.training import images, trained
from benchmarks.table import Settings

SOURCE = "Hinton & Salakhutdinov, Science 313 (2006), fig. 2B"
CODES = 30


def left_over(train: np.ndarray, test: np.ndarray, codes: int) -> float:
    """‖x − m − VVᵀ(x − m)‖², averaged over test; m and the `codes` leading axes V are those of train.

    Source: Pearson, Philosophical Magazine 2 (1901).
    """
    x = train.reshape(len(train), -1).astype(np.float64)
    mean = x.mean(0)
    x -= mean
    d = x.shape[1]
    _, axes = linalg.eigh(x.T @ x, subset_by_index=(d - codes, d - 1))
    y = test.reshape(len(test), -1).astype(np.float64) - mean
    # Orthonormal axes: what they do not hold is what is left of the length.
    return float((np.square(y).sum(1) - np.square(y @ axes).sum(1)).mean())


def components(settings: Settings) -> Iterator[Row]:
    """PCA with 30 components in closed form, and the linear autoencoder that gradient descent brings to the same."""
    data = images(settings)
    digits = loaded(data)
    watch = Stopwatch()
    error = left_over(digits.train.x, digits.test.x, CODES)
    yield Row(
        "PCA, 30 codes: squared error an image", SOURCE, 13.87, error, took=watch.read(),
        differs="The same computation: components of the 60,000 training images, error on the 10,000 test images.",
    )  # fmt: skip
    recipe = Recipe(
        data=data,
        model=Linear(code=CODES),
        optimizer=Adam(learning_rate=2e-3, schedule="cosine"),
        epochs=settings.pick(15, 1),
        batch_size=settings.pick(256, 50),
    )
    run = trained(recipe, "linear, squared error")
    yield Row(
        "the same by gradient descent (Linear)", SOURCE, 13.87, run.image_error(), took=run.watch.read(), goal=13.9,
        differs="A linear autoencoder with squared error in place of an eigenvalue problem.",
    )  # fmt: skip


def logistic(settings: Settings) -> Iterator[Row]:
    """The linear code with a logistic output, trained by cross-entropy."""
    recipe = Recipe(
        data=images(settings),
        model=Linear(code=CODES, likelihood="bernoulli"),
        optimizer=Adam(learning_rate=2e-3, schedule="cosine"),
        epochs=settings.pick(40, 1),
        batch_size=settings.pick(100, 50),
    )
    run = trained(recipe, "linear, cross-entropy")
    yield Row(
        "logistic PCA, 30 codes: squared error an image", SOURCE, 8.01, run.image_error(), took=run.watch.read(),
        differs="Linear with a Bernoulli likelihood: minimises cross-entropy as the paper does, squared error is only "
        "measured. Adam in place of conjugate gradients.",
    )  # fmt: skip
