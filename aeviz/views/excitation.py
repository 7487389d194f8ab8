"""What a unit of any layer prefers: an input made for it by gradient ascent, and the examples that excite it most."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from aeviz.models.autoencoder import Autoencoder
from aeviz.views.layers import Layer, excited

Bound = Literal["norm", "range"]
STEPS = 120
FIRST, LAST = 0.5, 0.02  # length of the first and the last step, in units of the bound


def preferred(
    model: Autoencoder,
    shape: tuple[int, ...],
    layer: Layer,
    unit: int,
    generator: torch.Generator,
    *,
    bound: Bound = "norm",
    norm: float = 1.0,
    smooth: float = 0.0,
    starts: int = 4,
    steps: int = STEPS,
) -> tuple[Float[np.ndarray, "..."], float]:
    """x* = argmax a(x) − smooth · ρ⁻¹ · Σ (xᵢ − xⱼ)² over neighbouring pixels, and a(x*), by projected gradient ascent.

    a is the unit before its activation, so that a rectifier that is not driven has a gradient, too; of a map the unit
    in its middle. bound: ‖x‖ = ρ = `norm` (the source's), or every number of x in [0, 1]. Each step follows the
    gradient divided by its length, in a length that falls from 0.5 to 0.02 of the bound. The best of `starts` random
    beginnings, which are drawn from the generator. A unit that nothing drives gives its beginning back.

    Source: Erhan, Bengio, Courville, Vincent, Visualizing higher-layer features of a deep network, TR 1341 (2009),
    maximizing the activation; the penalty: total variation with β = 2, Mahendran & Vedaldi, arXiv:1412.0035.
    """
    device = next(model.parameters()).device
    noise = torch.empty(starts, *shape).normal_(generator=generator).to(device)
    x = _onto(noise, norm) if bound == "norm" else (0.5 + 0.1 * noise).clamp(0, 1)
    for length in np.geomspace(FIRST, LAST, steps).tolist():
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            wanted = excited(model, x, layer, unit).sum()
            if smooth and len(shape) == 3:
                wanted = wanted - smooth / norm * _roughness(x)
            (gradient,) = torch.autograd.grad(wanted, x)
        x = x.detach()
        if bound == "norm":
            x = _onto(x + length * _onto(gradient, norm), norm)
        else:
            largest = gradient.abs().flatten(1).amax(1).clamp_min(1e-12)
            x = (x + length * gradient / largest.reshape(-1, *[1] * len(shape))).clamp(0, 1)
    with torch.no_grad():
        values = excited(model, x, layer, unit)
    best = int(values.argmax())
    return x[best].cpu().numpy(), float(values[best])


def strongest(responses: Float[np.ndarray, "n units"], unit: int, count: int) -> Int[np.ndarray, " m"]:
    """Which examples excite a unit most, the strongest first; of equal ones the earlier first."""
    found: Int[np.ndarray, " m"] = np.argsort(-responses[:, unit], kind="stable")[:count]
    return found


def _onto(x: Tensor, norm: float) -> Tensor:
    """Each x scaled to this length."""
    lengths = x.flatten(1).norm(dim=1).clamp_min(1e-12)
    return x * (norm / lengths).reshape(-1, *[1] * (x.dim() - 1))


def _roughness(x: Float[Tensor, "n c h w"]) -> Float[Tensor, ""]:
    """Σ (xᵢ − xⱼ)² over pixels i, j beside or above each other."""
    return x.diff(dim=2).square().sum() + x.diff(dim=3).square().sum()
