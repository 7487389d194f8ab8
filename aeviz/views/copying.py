"""Whether a model has learned the identity: it gives back noise as well as it gives back the data."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from aeviz.models.autoencoder import Autoencoder
from aeviz.views import probes

MEASURED = 500
SHOWN = 6
KINDS = ("test examples", "uniform noise", "shuffled pixels")


@dataclass(frozen=True)
class Copying:
    """What a model makes of three kinds of input.

    errors: the mean squared error per number of each kind. blank: that of the best constant answer to each, its
    variance. fed, given: some inputs of each kind and what came back.
    """

    errors: dict[str, float]
    blank: dict[str, float]
    fed: dict[str, Float[np.ndarray, "m ..."]]
    given: dict[str, Float[np.ndarray, "m ..."]]

    def share(self, kind: str) -> float:
        """The error over that of the best constant: 0 for the identity, about 1 where nothing is given back."""
        return self.errors[kind] / max(self.blank[kind], 1e-12)


def inputs(x: Float[np.ndarray, "n ..."], seed: int) -> dict[str, Float[np.ndarray, "n ..."]]:
    """The examples, as many of uniform noise in [0, 1], and the examples with their numbers in one other order."""
    random = np.random.default_rng(seed)
    order = random.permutation(x[0].size)
    shuffled = x.reshape(len(x), -1)[:, order].reshape(x.shape)
    return dict(zip(KINDS, (x, random.random(x.shape, np.float32), shuffled), strict=True))


def copying(model: Autoencoder, x: Float[np.ndarray, "n ..."], seed: int) -> Copying:
    """How well the model gives back examples, noise and shuffled examples; deterministic, without corruption.

    An over-complete model can copy whatever it is fed and so have learned nothing of the data: Alain & Bengio, JMLR 15
    (2014), §1; Bengio, Courville, Vincent, Representation learning, TPAMI 35 (2013), §7.
    """
    fed = inputs(x[:MEASURED], seed)
    given = {kind: probes.reconstructions(model, each) for kind, each in fed.items()}
    return Copying(
        {kind: float(np.square(given[kind] - each).mean()) for kind, each in fed.items()},
        {kind: float(each.var(0).mean()) for kind, each in fed.items()},
        {kind: each[:SHOWN] for kind, each in fed.items()},
        {kind: each[:SHOWN] for kind, each in given.items()},
    )
