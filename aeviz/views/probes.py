"""Probes: a model and some data in, arrays out. Deterministic, without gradients, in chunks that fit in memory.

Arrays are numpy, float32; images n × c × h × w in [0, 1], points n × d, codes n × k. labels: the class of each, where
it is known, for models that are told it; the others pay it no attention.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from aeviz.learning.contraction import jacobian
from aeviz.models.autoencoder import Autoencoder, Code

CHUNK = 500

Array = Float[np.ndarray, "..."]
Labels = Int[np.ndarray, " n"] | None


def codes(model: Autoencoder, x: Float[np.ndarray, "n ..."], labels: Labels = None) -> Float[np.ndarray, "n k"]:
    """The code of each example; a variational model's mean."""
    return _mapped(model, (x, labels), lambda part, told: model.encode(part, labels=told).z, (model.code,))


def reconstructions(
    model: Autoencoder, x: Float[np.ndarray, "n ..."], labels: Labels = None
) -> Float[np.ndarray, "n ..."]:
    """E[x | code of x], of x's shape, cut to [0, 1]."""
    return _mapped(model, (x, labels), model.reconstruct, x.shape[1:]).clip(0, 1)


def reconstruction_losses(
    model: Autoencoder, x: Float[np.ndarray, "n ..."], labels: Labels = None
) -> Float[np.ndarray, " n"]:
    """−log p(x | code of x) of each example in nats, of clean inputs; a variational code is its mean."""

    def losses(part: Tensor, told: Tensor | None) -> Tensor:
        return model.negative_log_likelihood(model.decode(model.encode(part, labels=told)), part)

    return _mapped(model, (x, labels), losses, ())


def decoded(model: Autoencoder, z: Float[np.ndarray, "n k"], labels: Labels = None) -> Float[np.ndarray, "n ..."]:
    """What the decoder makes of bare codes, cut to [0, 1]."""

    def decode(part: Tensor, told: Tensor | None) -> Tensor:
        return model.mean(model.decode(Code(part, labels=told)))

    return _mapped(model, (z, labels), decode, None).clip(0, 1)


def jacobian_norms(model: Autoencoder, x: Float[np.ndarray, "n ..."], labels: Labels = None) -> Float[np.ndarray, " n"]:
    """‖∂h/∂x‖_F of each example."""

    def norms(part: Tensor, told: Tensor | None) -> Tensor:
        part = part.detach().requires_grad_(True)
        with torch.enable_grad():
            columns = jacobian(model.encode(part, labels=told).z, part)
        return columns.flatten(2).square().sum((0, 2)).sqrt()

    # A Jacobian is k times as large as its example.
    return _mapped(model, (x, labels), norms, (), max(1, CHUNK // model.code))


def grid(
    low: tuple[float, float],
    high: tuple[float, float],
    side: int,
    around: Float[np.ndarray, " k"],
    axes: tuple[int, int],
) -> Float[np.ndarray, "n k"]:
    """side² codes on a regular grid over two axes, row by row from the top left, the rest held at `around`.

    Rows run from high to low along the second axis, as a picture of the plane would.
    """
    across = np.linspace(low[0], high[0], side)
    down = np.linspace(high[1], low[1], side)
    z = np.tile(np.asarray(around, np.float32), (side * side, 1))
    z[:, axes[0]] = np.tile(across, side)
    if axes[1] != axes[0]:
        z[:, axes[1]] = np.repeat(down, side)
    return z


def straight(start: Array, end: Array, steps: int) -> Float[np.ndarray, "n ..."]:
    """(1 − t)·start + t·end for t = 0 … 1 in `steps` equal steps, both ends included."""
    t = np.linspace(0, 1, steps, dtype=np.float32).reshape(-1, *[1] * start.ndim)
    mixed: np.ndarray = (1 - t) * start + t * end
    return mixed.astype(np.float32)


def spherical(start: Float[np.ndarray, " k"], end: Float[np.ndarray, " k"], steps: int) -> Float[np.ndarray, "n k"]:
    """sin((1−t)Ω)/sin Ω · start + sin(tΩ)/sin Ω · end, Ω the angle between the ends; straight where Ω is 0 or π.

    Source: Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985 (Slerp); its use on codes of unequal
    length: White, Sampling Generative Networks, arXiv:1609.04468, §2.1.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    lengths = float(np.linalg.norm(start)), float(np.linalg.norm(end))
    if min(lengths) < 1e-12:
        return straight(start, end, steps)
    cosine = float(np.clip(np.dot(start / lengths[0], end / lengths[1]), -1, 1))
    angle = float(np.arccos(cosine))
    if np.sin(angle) < 1e-4:
        return straight(start, end, steps)
    t = np.linspace(0, 1, steps)[:, None]
    path: np.ndarray = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return path.astype(np.float32)


def one_of_each(labels: Int[np.ndarray, " n"] | None, most: int, count: int) -> Int[np.ndarray, " m"]:
    """Which of `count` examples to show: one of each class in turn, or simply the first where there are no labels."""
    if labels is None or len(np.unique(labels)) < 2:
        return np.arange(min(most, count))
    turns = np.empty(len(labels), np.int64)  # how many of its class came before each example
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        turns[rows] = np.arange(len(rows))
    chosen: Int[np.ndarray, " m"] = np.lexsort((labels, turns))[:most]
    return chosen


def _mapped(
    model: Autoencoder,
    examples: tuple[np.ndarray, Labels],
    function: Callable[[Tensor, Tensor | None], Tensor],
    shape: tuple[int, ...] | None,
    chunk: int = CHUNK,
) -> np.ndarray:
    """`function` over examples and their labels, chunk by chunk on the model's device.

    shape: that of one result, for no examples.
    """
    x, labels = examples
    device = next(model.parameters()).device

    def parts() -> Iterator[np.ndarray]:
        for start in range(0, len(x), chunk):
            rows = slice(start, start + chunk)
            part = torch.tensor(x[rows], dtype=torch.float32, device=device)
            told = None if labels is None else torch.tensor(labels[rows], device=device)
            yield function(part, told).detach().cpu().numpy()

    with torch.no_grad():
        results = list(parts())
    return np.concatenate(results) if results else np.zeros((0, *(shape or ())), np.float32)
