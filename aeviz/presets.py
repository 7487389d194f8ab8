"""Presets: recipes of the literature, each with its source and with what is done differently here."""

from dataclasses import dataclass

from aeviz.data.digits import Digits
from aeviz.data.emoji import TaggedEmoji
from aeviz.data.idx import Mnist
from aeviz.data.pairings import MaskingNoise
from aeviz.data.photos import Photos
from aeviz.data.tagged import TaggedShapes
from aeviz.errors import SettingError
from aeviz.learning import SGD, Adam, Classifier, Contractive, Greedy, WeightDecay
from aeviz.models import Conv, Mlp, MultimodalDbm
from aeviz.recipe import Recipe
from aeviz.spec import nearest


@dataclass(frozen=True)
class Preset:
    """A recipe that can be started from. source: paper and section; deviations: what is not as there, and why."""

    name: str
    title: str
    source: str
    deviations: str
    recipe: Recipe


_HINTON = "Hinton & Salakhutdinov, Science 313 (2006)"
_MULTIMODAL = "Srivastava & Salakhutdinov, JMLR 15 (2014): images and tags under a joint layer, both ways"
_ENDED = "Adam in place of conjugate gradients, and fewer epochs"
_RBM = Greedy(layers="rbm", layer_epochs=10)


def _hinton(hidden: tuple[int, ...], code: int) -> Mlp:
    return Mlp(hidden=hidden, code=code, activation="sigmoid", code_activation="linear", likelihood="bernoulli")


PRESETS: tuple[Preset, ...] = (
    Preset(
        "hinton-30",
        "Deep autoencoder, 784-1000-500-250-30",
        f"{_HINTON}, supplement: MNIST, layers pretrained as RBMs, Gaussian code, fine-tuned by cross-entropy",
        f"{_ENDED}: 10 for each layer as in the program, 30 of fine-tuning; the first 10,000 training images",
        Recipe(data=Mnist(), model=_hinton((1000, 500, 250), 30), training=_RBM, epochs=30, batch_size=100),
    ),
    Preset(
        "hinton-2",
        "Deep autoencoder, 784-1000-500-250-2",
        f"{_HINTON}, fig. 3: the digits in two dimensions",
        f"{_ENDED}; the first 10,000 training images",
        Recipe(data=Mnist(), model=_hinton((1000, 500, 250), 2), training=_RBM, epochs=30, batch_size=100),
    ),
    Preset(
        "hinton-faces",
        "Deep autoencoder for grey patches, 625-2000-1000-500-30",
        f"{_HINTON}, fig. 2C: 25 × 25 faces, pretrained as RBMs",
        f"{_ENDED}; patches of photographs in place of the Olivetti faces, which may not be passed on, and Bernoulli "
        "visible units in place of Gaussian ones",
        Recipe(
            data=Photos(size=25, patches=2000),
            model=_hinton((2000, 1000, 500), 30),
            training=Greedy(layers="rbm", layer_epochs=5),
            epochs=10,
            batch_size=100,
        ),
    ),
    Preset(
        "vincent-sdae",
        "Stacked denoising autoencoder, then classifier",
        "Vincent et al., JMLR 11 (2010), §5.3 and table 3: SDAE-3, masking noise 25 %, sigmoid units, then labels",
        "Three layers of 500 in place of 1000 to 2000; Adam in place of gradient descent; the first 10,000 images",
        Recipe(
            data=Mnist(),
            model=Mlp(hidden=(500, 500), code=500, activation="sigmoid", code_activation="sigmoid"),
            pairing=MaskingNoise(strength=0.25),
            training=Classifier(pretraining="denoising", pretraining_epochs=10),
            epochs=20,
        ),
    ),
    Preset(
        "rifai-cae",
        "Contractive autoencoder, then classifier",
        "Rifai et al., ICML 2011, §5.1: one sigmoid layer with tied weights and λ = 0.1, then fine-tuned with labels",
        "64 units in place of 1000, on 8 × 8 digits, so that the exact Jacobian stays affordable; SGD with momentum",
        Recipe(
            data=Digits(),
            model=Mlp(hidden=(), code=64, activation="sigmoid", code_activation="sigmoid", tied=True),
            terms=(Contractive(weight=0.1),),
            optimizer=SGD(learning_rate=0.01),
            training=Classifier(pretraining="end to end", pretraining_epochs=50),
            epochs=50,
        ),
    ),
    Preset(
        "convolutional",
        "Convolutional autoencoder of a lecture's size",
        "Masci, Meier, Cireşan, Schmidhuber, ICANN 2011: convolutions trained as an autoencoder",
        "Strided convolutions in place of max pooling, relu in place of tanh, Adam; the first 10,000 images",
        Recipe(data=Mnist(), model=Conv(channels=(16, 32), code=32), optimizer=Adam(), epochs=20),
    ),
    Preset(
        "tagged-shapes",
        "Multimodal deep Boltzmann machine on tagged shapes",
        _MULTIMODAL,
        "Drawn shapes of 15 tags in place of photographs from the web; binary tags under the joint layer itself in "
        "place of word counts with layers of their own",
        Recipe(
            data=TaggedShapes(),
            model=MultimodalDbm(hidden=(256,), code=256),
            training=Greedy(layer_epochs=30),
            optimizer=Adam(learning_rate=0.002, schedule="cosine"),
            epochs=30,
            batch_size=50,
        ),
    ),
    Preset(
        "tagged-emoji",
        "Multimodal deep Boltzmann machine on emoji",
        _MULTIMODAL,
        "1,256 emoji of 170 keywords in place of a million photographs; binary tags under the joint layer itself; "
        "contrastive, since so few images teach persistent chains little; telling tags counts a hundred times; weights "
        "decay",
        Recipe(
            data=TaggedEmoji(size=24),
            model=MultimodalDbm(hidden=(512,), code=256, phase="contrastive", steps=1, prediction=100),
            terms=(WeightDecay(weight=0.1),),
            training=Greedy(layer_epochs=30),
            optimizer=Adam(learning_rate=0.001, schedule="cosine"),
            epochs=80,
            batch_size=50,
        ),
    ),
)


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        SettingError: there is none.
    """
    named = {each.name: each for each in PRESETS}
    if name not in named:
        raise SettingError(f"There is no preset {nearest(name, named)}")
    return named[name]
