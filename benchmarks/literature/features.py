"""Classification from features: an autoencoder learns without labels, then a softmax on its code learns with all."""

from collections.abc import Iterator
from dataclasses import dataclass

from aeviz.data.pairings import Clean, GaussianNoise, MaskingNoise, Pairing
from aeviz.learning import Adam, Classifier, Contractive, Term
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from benchmarks.literature.rows import Row
from benchmarks.literature.training import images, trained
from benchmarks.table import Settings

RIFAI = "Rifai et al., ICML 2011, table 1"
VINCENT = "Vincent et al., JMLR 11 (2010), table 3"
DIFFERS = (
    "Sigmoid units, 1,000 a layer, cross-entropy, then a softmax on the code and fine-tuning of all of it with 60,000 "
    "labels, as there. There: stochastic gradient descent, 10,000 of the images kept for choosing all settings and "
    "when to stop. Here: Adam; noise, penalty and epochs compared on as many images kept apart, nothing else chosen."
)


@dataclass(frozen=True)
class Features:
    """One way of learning features, and the test error that was published for it, in per cent."""

    figure: str
    source: str
    published: float
    pairing: Pairing = Clean()
    terms: tuple[Term, ...] = ()
    hidden: int = 0
    epochs: int = 60
    """Of pretraining, for each layer."""
    tuning: int = 30

    def recipe(self, settings: Settings) -> Recipe:
        """Pretraining, then fine-tuning with all labels."""
        width = settings.pick(1000, 30)
        stacked = self.hidden > 0
        return Recipe(
            data=images(settings),
            model=Mlp(
                hidden=(width,) * self.hidden,
                code=width,
                activation="sigmoid",
                code_activation="sigmoid",
                tied=True,
            ),
            terms=self.terms,
            pairing=self.pairing,
            optimizer=Adam(learning_rate=1e-3, schedule="cosine"),
            training=Classifier(
                pretraining="denoising" if stacked else "end to end", pretraining_epochs=settings.pick(self.epochs, 1)
            ),
            epochs=settings.pick(self.tuning, 1),
            batch_size=settings.pick(100, 50),
        )

    def rows(self, settings: Settings) -> Iterator[Row]:
        """The error on the test set."""
        run = trained(self.recipe(settings), self.figure)
        yield Row(
            f"{self.figure}: test error after fine-tuning",
            self.source, self.published, 100 * run.test()["error"], "%", took=run.watch.read(),
            differs=DIFFERS, detail=f"{self.epochs} epochs of pretraining a layer, {self.tuning} of fine-tuning.",
        )  # fmt: skip


PLAIN = Features("plain autoencoder (AE)", RIFAI, 1.78)
DENOISING = Features("denoising autoencoder (DAE)", RIFAI, 1.18, GaussianNoise(strength=0.7))
CONTRACTIVE = Features("contractive autoencoder (CAE)", RIFAI, 1.14, terms=(Contractive(weight=0.3),), epochs=30)
STACKED = Features("three denoising layers (SDAE-3)", VINCENT, 1.28, MaskingNoise(strength=0.4), hidden=2, epochs=8)
