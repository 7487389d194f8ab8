"""The geometry of a model: how its decoder stretches the space of codes, how its encoder shrinks that of the data.

Derivatives are exact, those of E[x | z] before it is cut to [0, 1]; at the kink of a rectifier torch takes one side.
A bare code has no unpooling places, so a model with switches is measured as it decodes bare codes: spread evenly.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from aeviz.errors import SettingError
from aeviz.learning.contraction import jacobian
from aeviz.models.autoencoder import Autoencoder, Code

HELD = 2**20  # numbers of the Jacobians that are computed at once: 4 MB
Labels = Int[np.ndarray, " n"] | None
Examples = Float[np.ndarray, "n ..."]


def pullback(
    model: Autoencoder,
    z: Float[np.ndarray, "n k"],
    labels: Labels = None,
    within: Float[np.ndarray, "k m"] | None = None,
) -> Float[np.ndarray, "n m m"]:
    """G(z) = Jᵀ J, J = ∂E[x | z]/∂z: the metric that the decoder pulls back from the space of the data; float64.

    A small step v in code space moves the decoded example by √(vᵀ G v). labels: the class of each code, for models
    that are told it. within: directions B of code space, one a column; then (J B)ᵀ J B, the metric on their span.

    Source: Shao, Kumar, Fletcher, The Riemannian Geometry of Deep Generative Models, arXiv:1711.08014, §2.

    Raises:
        SettingError: the decoder jumps and has no derivative, or it is not a finite number.
    """
    check_smooth(model)
    device = next(model.parameters()).device
    directions = np.eye(model.code) if within is None else within
    span = torch.tensor(directions.T, dtype=torch.float32, device=device)
    found = []
    for start in range(0, len(z), step := max(1, HELD // (_numbers(model) * len(span)))):
        rows = slice(start, start + step)
        told = None if labels is None else torch.tensor(labels[rows], device=device)
        columns = decoder_columns(model, torch.tensor(z[rows], dtype=torch.float32, device=device), span, told)
        flat = columns.flatten(2).transpose(0, 1).cpu().double()
        found.append(_finite(flat @ flat.mT).numpy())
    return np.concatenate(found) if found else np.zeros((0, len(span), len(span)))


def stretch(
    model: Autoencoder,
    z: Float[np.ndarray, "n k"],
    labels: Labels = None,
    within: Float[np.ndarray, "k m"] | None = None,
) -> Float[np.ndarray, " n"]:
    """½ log det Jᵀ J = Σᵢ log σᵢ(J) at each code: the log of how much larger a small volume of codes is when decoded.

    labels and within: as for `pullback`; with the basis of a plane, the log of how much the decoder stretches areas of
    that plane, which is what a heat map over it should show. −∞ where Jᵀ J is singular, that is where the decoder
    flattens some direction: its smallest singular value is below the rounding error of the largest. With more
    directions than numbers in an example, or than units in a hidden layer, that is everywhere.

    Source: the magnification factor of Bishop, Svensén, Williams, Magnification factors for the GTM algorithm, 1997.

    Raises:
        SettingError: the decoder jumps and has no derivative, or it is not a finite number.
    """
    metric = pullback(model, z, labels, within)
    squares = np.linalg.eigvalsh(metric)  # of the singular values; rising
    size = metric.shape[-1]
    lost = (size * np.finfo(np.float32).eps) ** 2 * squares[:, -1:]
    with np.errstate(divide="ignore"):
        logs = np.log(np.where(squares > lost, squares, 0))
    return np.asarray(logs.sum(1) / 2)


def spectra(model: Autoencoder, x: Examples, labels: Labels = None) -> Float[np.ndarray, "n r"]:
    """The singular values of J = ∂h/∂x at each example, falling; r = min(k, d).

    h: the code, n × k, x flattened: n × d.

    Source: the spectra of Rifai, Vincent, Muller, Glorot, Bengio, Contractive Auto-Encoders, ICML 2011.

    Raises:
        SettingError: a derivative is not a finite number.
    """
    d = math.prod(x.shape[1:])
    found = []
    for start in range(0, len(x), step := max(1, HELD // (d * model.code))):
        rows = slice(start, start + step)
        flat = encoder_jacobians(model, x[rows], None if labels is None else labels[rows])
        gram = flat @ flat.mT if model.code <= d else flat.mT @ flat
        found.append(torch.linalg.eigvalsh(_finite(gram)).clamp(min=0).sqrt().flip(1).numpy())
    return np.concatenate(found) if found else np.zeros((0, min(model.code, d)))


def participation(values: Float[np.ndarray, " r"]) -> float:
    """(Σ vᵢ)² / Σ vᵢ² of values from 0 on: m where m of them are alike and the rest are 0. 0 where all are."""
    return float(values.sum() ** 2 / max(float(np.square(values).sum()), 1e-300))


def encoder_jacobians(model: Autoencoder, x: Examples, labels: Labels = None) -> Float[Tensor, "n k d"]:
    """∂h/∂x of each example, on the CPU in float64; by rows or by columns, whichever are fewer."""
    device = next(model.parameters()).device
    inputs = torch.tensor(x, dtype=torch.float32, device=device)
    told = None if labels is None else torch.tensor(labels, device=device)
    d = math.prod(x.shape[1:])
    if model.code <= d:
        inputs.requires_grad_(True)
        with torch.enable_grad():
            rows = jacobian(model.encode(inputs, labels=told).z, inputs)
        return rows.flatten(2).transpose(0, 1).cpu().double()
    units = torch.eye(d, device=device).reshape(d, *x.shape[1:])
    columns = _columns(lambda part: model.encode(part, labels=told).z, inputs, units)
    return columns.permute(1, 2, 0).cpu().double()


def decoder_columns(
    model: Autoencoder, z: Float[Tensor, "n k"], directions: Float[Tensor, "m k"], labels: Tensor | None = None
) -> Float[Tensor, "m n ..."]:
    """J v of each code for each direction v: how the decoded example moves, of the example's shape."""
    return _columns(lambda part: model.mean(model.decode(Code(part, labels=labels))), z, directions)


def check_smooth(model: Autoencoder) -> None:
    """Nothing where the decoder has a derivative.

    Raises:
        SettingError: it has none.
    """
    if model.jumps:
        raise SettingError(
            "This decoder puts the nearest vector of its book in the place of each part of the code: what it draws "
            "jumps from one vector to the next and stays the same in between, so there is no slope to measure. Choose "
            "a run whose code is not quantized, such as an Mlp or a Vae."
        )


def _columns(
    function: Callable[[Tensor], Tensor], at: Float[Tensor, "n ..."], directions: Float[Tensor, "m ..."]
) -> Float[Tensor, "m n ..."]:
    """J v, J = ∂function/∂at, for each v, the same at every example; the examples of a batch do not mix in our models.

    uᵀ J is linear in u, so its derivative in the direction v is J v (the double backward trick). torch's forward
    differentiation takes seconds to start and keeps a state for all threads of the process.
    """
    with torch.enable_grad():
        at = at.detach().requires_grad_(True)
        value = function(at)
        u = torch.ones_like(value, requires_grad=True)
        (pulled,) = torch.autograd.grad(value, at, u, create_graph=True)
        moved = [torch.autograd.grad(pulled, u, v.expand_as(at), retain_graph=True)[0] for v in directions]
    return torch.stack(moved)


def _finite(found: Tensor) -> Tensor:
    if not torch.isfinite(found).all():
        raise SettingError(
            "Some derivatives of this model are not finite numbers: its training went astray, or the place lies far "
            "outside the codes. Choose another run or another place."
        )
    return found


def _numbers(model: Autoencoder) -> int:
    """How many numbers a decoded example has."""
    with torch.no_grad():
        return model.decode(Code(torch.zeros(1, model.code, device=next(model.parameters()).device))).numel()
