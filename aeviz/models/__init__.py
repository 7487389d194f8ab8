"""The autoencoders, listed in `MODELS`. A new one is a class in a file and a name here."""

from aeviz.models.adversarial import Aae
from aeviz.models.autoencoder import (
    MOST_PARAMETERS,
    Autoencoder,
    Code,
    Conditional,
    ModelSpec,
    Pass,
    Posterior,
    Samples,
)
from aeviz.models.belief import Dbn
from aeviz.models.conditional import ConditionalVae
from aeviz.models.connected import Boltzmann
from aeviz.models.convolutional import Conv, ConvUnpool
from aeviz.models.deep import Dbm
from aeviz.models.dense import Mlp
from aeviz.models.disentangled import ConvTcVae, TcVae
from aeviz.models.documents import ReplicatedSoftmax
from aeviz.models.gan import ConvGan, Gan
from aeviz.models.linear import Linear
from aeviz.models.multimodal import MultimodalDbm
from aeviz.models.quantized import ConvVqVae, VqVae
from aeviz.models.restricted import Rbm
from aeviz.models.variational import ConvVae, Vae
from aeviz.models.wasserstein import ConvWae, Wae

MODELS: tuple[type[ModelSpec], ...] = (
    Mlp,
    Linear,
    Conv,
    ConvUnpool,
    Vae,
    ConvVae,
    TcVae,
    ConvTcVae,
    ConditionalVae,
    Wae,
    ConvWae,
    VqVae,
    ConvVqVae,
    Aae,
    Gan,
    ConvGan,
    Rbm,
    ReplicatedSoftmax,
    Dbn,
    Dbm,
    MultimodalDbm,
    Boltzmann,
)

__all__ = [
    "MODELS",
    "MOST_PARAMETERS",
    "Aae",
    "Autoencoder",
    "Boltzmann",
    "Code",
    "Conditional",
    "ConditionalVae",
    "Conv",
    "ConvGan",
    "ConvTcVae",
    "ConvUnpool",
    "ConvVae",
    "ConvVqVae",
    "ConvWae",
    "Dbm",
    "Dbn",
    "Gan",
    "Linear",
    "Mlp",
    "ModelSpec",
    "MultimodalDbm",
    "Pass",
    "Posterior",
    "Rbm",
    "ReplicatedSoftmax",
    "Samples",
    "TcVae",
    "Vae",
    "VqVae",
    "Wae",
]
