"""The variational autoencoder's test log-likelihood on binary MNIST, by importance sampling."""

from collections.abc import Iterator

import numpy as np

from aeviz.learning import Adam
from aeviz.models import Vae
from aeviz.recipe import Recipe
from aeviz.seeds import generator
from aeviz.views.likelihood import log_likelihood
from benchmarks.literature.rows import Row
from benchmarks.literature.training import images, trained
from benchmarks.table import Settings

SOURCE = "Chadebec et al., Pythae, arXiv:2206.08309; their table of reproductions"
DRAWS = 200


def importance(settings: Settings) -> Iterator[Row]:
    """784 – 400 – 40 – 400 – 784, as there, on the first 50,000 images."""
    recipe = Recipe(
        data=images(settings, train=50_000, pixels="drawn"),
        model=Vae(hidden=settings.pick((400,), (30,)), code=settings.pick(40, 4), activation="silu"),
        optimizer=Adam(learning_rate=2e-3, schedule="cosine"),
        epochs=settings.pick(100, 1),
        batch_size=settings.pick(100, 50),
    )
    run = trained(recipe, "VAE on binary images")
    # The drawn digits of a quick run are grey; those of MNIST are 0 and 1 already.
    x = (run.experiment.dataset.test.x > 0.5).astype(np.float32)
    found = log_likelihood(run.experiment.model, x, settings.pick(DRAWS, 5), generator(0, "importance"))
    yield Row(
        "VAE, 40 codes: −log p(x) by 200 importance samples", SOURCE, 89.78, float(-found.mean()), "nats",
        took=run.watch.read(),
        differs="The same widths, batches, split (50,000 to train, 10,000 to test) and number of samples. There: the "
        "binary images of Larochelle & Murray, 500 epochs at learning rate 1e-4 and below, the weights of the best "
        f"validation epoch. Here: pixels drawn once by us, {recipe.epochs} epochs from 2e-3 by a cosine; of three "
        "rates and two activations the best on 10,000 training images kept apart.",
        detail=f"The standard error over test images is {found.std() / len(found) ** 0.5:.2f} nats.",
    )  # fmt: skip
