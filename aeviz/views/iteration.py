"""A model applied to what it gave back, again and again: the walk to the manifold, and the completion of a part."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from aeviz.models import Autoencoder
from aeviz.views import probes

SETTLED = 1e-4
"""Root mean square change, where values run from 0 to 1, from which on a completion is over."""
MOST_STEPS = 200

Examples = Float[np.ndarray, "n ..."]


@dataclass(frozen=True)
class Walk:
    """Examples before the first step and after each one.

    examples: (steps + 1) × n × the data's shape. changes: steps × n, √ of the mean of (xᵗ⁺¹ − xᵗ)² over the numbers
    of an example.
    """

    examples: Float[np.ndarray, "s n ..."]
    changes: Float[np.ndarray, "t n"]


def walk(model: Autoencoder, x: Examples, steps: int) -> Walk:
    """x, r(x), r(r(x)), …: each example followed for so many steps of the reconstruction r.

    A denoising autoencoder's r(x) − x points up the density of the data, so the walk ends on the manifold near which
    the data lie, at a fixed point r(x) = x or going round where there is none.

    Source: Bengio, Yao, Alain, Vincent, arXiv:1305.6663, §3, the chain without its noise; the direction: Alain &
    Bengio, JMLR 15 (2014), theorem 1.
    """
    return _followed(lambda at: probes.reconstructions(model, at), x, steps)


def completed(model: Autoencoder, x: Examples, erased: Bool[np.ndarray, "n ..."], steps: int = MOST_STEPS) -> Walk:
    """Erased numbers filled in: xᵗ⁺¹ = x where it is known, r(xᵗ) where it is erased, x⁰ = 0 there.

    What is known is never changed. It ends before `steps` steps when no example changes by more than 0.0001 any more.

    erased: of x's shape. Source: the clamping of known units, as in the chain of Bengio et al., arXiv:1305.6663, §5.2,
    and in arXiv:1401.4082 (Rezende, Mohamed, Wierstra), §5.4 and appendix F, here with means in place of draws.
    """
    begun = np.where(erased, np.float32(0), x)
    return _followed(lambda at: np.where(erased, probes.reconstructions(model, at), x), begun, steps, SETTLED)


def _followed(step: Callable[[Examples], Examples], x: Examples, steps: int, settled: float = -1.0) -> Walk:
    """`step` applied `steps` times, or until no example changes by more than `settled`."""
    walked = [x.astype(np.float32)]
    changes: list[np.ndarray] = []
    while len(changes) < steps:
        following = step(walked[-1]).astype(np.float32)
        changes.append(np.sqrt(np.square(following - walked[-1]).reshape(len(x), -1).mean(1)))
        walked.append(following)
        if changes[-1].max(initial=0) <= settled:
            break
    return Walk(np.stack(walked), np.array(changes, np.float32).reshape(len(changes), len(x)))
