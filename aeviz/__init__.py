"""aeviz: train autoencoders live and look at their latent spaces. Headless; `python -m aeviz` is the command line.

from aeviz import Mlp, Recipe, SparseL1, train
trained = train(Recipe(model=Mlp(code=2), terms=(SparseL1(weight=0.1),), epochs=20))
trained.codes, trained.run.summary["test"], trained.measures()
"""

import importlib
from typing import Any

__version__ = "0.1.0"

# Imported when first asked for: importing torch takes a second that `import aeviz.errors` should not.
_HOMES = {
    "aeviz.recipe": ("Recipe",),
    "aeviz.runs.store": ("Store",),
    "aeviz.runs.opened": ("OpenRun", "open_run"),
    "aeviz.runs.local": ("train",),
    "aeviz.data": (
        "Bars",
        "Digits",
        "FashionMnist",
        "Glyphs",
        "Images",
        "KMnist",
        "Mnist",
        "Photos",
        "Shapes",
        "TaggedEmoji",
        "TaggedShapes",
        "Topics",
        "Toys",
    ),
    "aeviz.data.pairings": ("Clean", "GaussianNoise", "MaskingNoise", "Occlusion", "SaltAndPepper", "SuperResolution"),
    "aeviz.models": (
        "Aae",
        "Boltzmann",
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
        "MultimodalDbm",
        "Rbm",
        "ReplicatedSoftmax",
        "TcVae",
        "Vae",
        "VqVae",
        "Wae",
    ),
    "aeviz.learning": (
        "SGD",
        "Adam",
        "AdamW",
        "CodeL2",
        "Contractive",
        "ContractiveHigherOrder",
        "SparseKl",
        "SparseL1",
        "TopK",
        "WeightDecay",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'aeviz' has no attribute {name!r}")
