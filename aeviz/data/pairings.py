"""Pairings: what the model is fed and what it should give back. A denoising autoencoder is a model plus a pairing.

Only the inputs change; the targets stay clean. Noise is drawn anew for every batch from the generator that is handed
in, so the same seed gives the same noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from aeviz.spec import Spec, knob


@dataclass(frozen=True)
class Batch:
    """Some examples on their way into a model: inputs as fed, targets as wanted, both n × the data's shape.

    weights: how much each number of the targets counts in the reconstruction; None where all count 1.
    of: how many examples the data set has that they were taken from; None where they are all.
    tags: 1 for each tag that an example has, else 0; None where they are not known.
    """

    inputs: Float[Tensor, "n ..."]
    targets: Float[Tensor, "n ..."]
    labels: Int[Tensor, " n"] | None = None
    weights: Float[Tensor, "n ..."] | None = None
    of: int | None = None
    tags: Float[Tensor, "n t"] | None = None


@dataclass(frozen=True)
class Pairing(Spec):
    """Batch → Batch."""

    def pair(self, batch: Batch, generator: torch.Generator) -> Batch:
        """The batch with `inputs` made from its clean `targets`."""
        return replace(batch, inputs=self.corrupt(batch.targets, generator))

    def corrupt(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """x̃ drawn from q(x̃ | x), of the same shape."""
        raise NotImplementedError


@dataclass(frozen=True)
class Clean(Pairing):
    """x̃ = x: the model is fed what it should give back."""

    title: ClassVar[str] = "None (clean)"

    def corrupt(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return x


@dataclass(frozen=True)
class GaussianNoise(Pairing):
    """x̃ = x + σ·ε with ε ~ N(0, I), not clipped, so that x̃ may leave [0, 1].

    For small σ the restoration of the best denoiser points up the density of the data:
    r(x̃) − x̃ ≈ σ²·∇log p(x̃).

    Source: Vincent, Larochelle, Lajoie, Bengio, Manzagol, Stacked Denoising Autoencoders, JMLR 11 (2010), §3.3;
    the limit is Alain & Bengio, JMLR 15 (2014), Theorem 1.
    """

    title: ClassVar[str] = "Gaussian noise"
    strength: float = knob(
        0.3, "Noise σ", "Standard deviation of the noise, where pixels run from 0 to 1.", low=0, high=2
    )

    def corrupt(self, x: Tensor, generator: torch.Generator) -> Tensor:
        noise = torch.empty_like(x).normal_(generator=generator)
        return x + self.strength * noise


@dataclass(frozen=True)
class Striking(Pairing):
    """A corruption that strikes some pixels and leaves the others as they are.

    Emphasis: the reconstruction counts α times what it loses on the pixels that were struck, β times the rest;
    α = β = 1 is the plain loss. Source: Vincent et al., JMLR 11 (2010), §3.4.
    """

    alpha: float = knob(
        1.0, "Emphasis α on what was hit", "How much the pixels that were corrupted count in the reconstruction.",
        low=0, high=100, advanced=True,
    )  # fmt: skip
    beta: float = knob(
        1.0, "Weight β of the rest", "How much the pixels that were left alone count. 0: they do not count.",
        low=0, high=100, advanced=True,
    )  # fmt: skip

    def problems(self) -> Sequence[str]:
        if self.alpha == self.beta == 0:
            return (f"{self.kind()}.alpha and beta are both 0, so nothing would be learned: raise one of them.",)
        return ()

    def pair(self, batch: Batch, generator: torch.Generator) -> Batch:
        x = batch.targets
        corrupted, struck = self.strike(x, generator)
        if self.alpha == self.beta == 1:
            return replace(batch, inputs=corrupted)
        weights = torch.where(struck, self.alpha, self.beta).to(x.dtype).expand_as(x)
        return replace(batch, inputs=corrupted, weights=weights)

    def corrupt(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return self.strike(x, generator)[0]

    def strike(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Bool[Tensor, "n ..."]]:
        """x̃, and which pixels were struck, whether that changed them or not; for images one channel, for all."""
        raise NotImplementedError


@dataclass(frozen=True)
class MaskingNoise(Striking):
    """x̃ᵢ = 0 with probability ν, else xᵢ; every pixel on its own.

    All channels of a pixel are masked together. The paper masks exactly a share ν of each example.

    Source: Vincent et al., JMLR 11 (2010), §3.3 (MN); emphasis on what was hit: §3.4.
    """

    title: ClassVar[str] = "Masking noise"
    strength: float = knob(0.3, "Share ν of pixels", "The share of pixels that are set to 0.", low=0, high=1)

    def strike(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        struck = _uniform_per_pixel(x, generator) < self.strength
        return torch.where(struck, torch.zeros_like(x), x), struck


@dataclass(frozen=True)
class SaltAndPepper(Striking):
    """x̃ᵢ = 0 or 1, a fair coin, with probability ν, else xᵢ.

    All channels of a pixel are hit together. The paper hits exactly a share ν of each example.

    Source: Vincent et al., JMLR 11 (2010), §3.3 (SP); emphasis on what was hit: §3.4.
    """

    title: ClassVar[str] = "Salt and pepper"
    strength: float = knob(0.2, "Share ν of pixels", "The share of pixels that are set to 0 or 1.", low=0, high=1)

    def strike(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        u = _uniform_per_pixel(x, generator)
        struck = u < self.strength
        # One draw decides both: below ν/2 pepper, from there to ν salt.
        salt = ((u >= self.strength / 2) & struck).to(x.dtype)
        return torch.where(struck, salt.expand_as(x), x), struck


@dataclass(frozen=True)
class Occlusion(Striking):
    """x̃ᵢ = 0 inside a rectangle, else xᵢ; its place is drawn anew for each example, all places alike.

    The rectangle has the picture's proportions and a share ν of its area, its sides rounded to whole pixels. Of a
    point, a run of consecutive coordinates is missing, a share ν of them.

    Source: Pathak, Krähenbühl, Donahue, Darrell, Efros, Context encoders, CVPR 2016, §3.3 (one region, with 0 in
    place of the mean); emphasis on what was hit: Vincent et al., JMLR 11 (2010), §3.4.
    """

    title: ClassVar[str] = "Occlusion"
    strength: float = knob(0.25, "Share ν of the area", "The share of the picture that is missing.", low=0, high=1)

    def missing(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The sides of the rectangle in pixels, for examples of this shape."""
        sizes = shape[1:] if len(shape) == 3 else shape
        return tuple(_at_least_one(self.strength ** (1 / len(sizes)) * size) for size in sizes)

    def strike(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        sizes = x.shape[2:] if x.dim() == 4 else x.shape[1:]
        struck: Tensor | None = None
        for axis, (size, missing) in enumerate(zip(sizes, self.missing(x.shape[1:]), strict=True)):
            u = torch.empty(len(x), 1, device=x.device).uniform_(generator=generator)
            start = (u * (size - missing + 1)).floor()
            at = torch.arange(size, device=x.device)
            along = (at >= start) & (at < start + missing)
            along = along.view(len(x), *(size if other == axis else 1 for other in range(len(sizes))))
            struck = along if struck is None else struck & along
        assert struck is not None
        struck = struck[:, None] if x.dim() == 4 else struck
        return torch.where(struck, torch.zeros_like(x), x), struck


@dataclass(frozen=True)
class SuperResolution(Pairing):
    """x̃ = x in coarse blocks: pixels are averaged over a grid, then enlarged again; the model adds the detail.

    Pixel i along a side belongs to block ⌊(1 − s)·i + u⌋, u ~ U[0, 1) drawn for each example and side: blocks of
    1/(1 − s) pixels on a grid that begins anywhere, so s = ½ halves the resolution and s = 1 leaves the mean. The
    coordinates of a point are averaged in runs.

    Source: Dong, Loy, He, Tang, ECCV 2014, §3.1, where the input is the small picture enlarged to its old size
    beforehand; they shrink and enlarge by bicubic interpolation.
    """

    title: ClassVar[str] = "Super-resolution"
    strength: float = knob(
        0.5, "Detail lost s", "0.5: blocks of 2 × 2 pixels, 0.75: of 4 × 4, 1: the mean of the picture.", low=0, high=1
    )

    def corrupt(self, x: Tensor, generator: torch.Generator) -> Tensor:
        if x.dim() != 4:
            flat = x.flatten(1)
            return torch.einsum("nij,nj->ni", self._averages(flat, flat.shape[1], generator), flat).reshape(x.shape)
        rows, columns = (self._averages(x, size, generator) for size in x.shape[2:])
        return rows[:, None] @ x @ columns[:, None].mT

    def _averages(self, x: Tensor, size: int, generator: torch.Generator) -> Float[Tensor, "n s s"]:
        """The matrix that averages each block of a side and spreads the mean over it."""
        u = torch.empty(len(x), 1, device=x.device).uniform_(generator=generator)
        blocks = ((1 - self.strength) * torch.arange(size, device=x.device) + u).floor()
        same = (blocks[:, :, None] == blocks[:, None, :]).to(x.dtype)
        return same / same.sum(2, keepdim=True)


def _at_least_one(amount: float) -> int:
    """The nearest whole number, but no less than 1 of an amount above 0."""
    return max(1, round(amount)) if amount > 0 else 0


def _uniform_per_pixel(x: Tensor, generator: torch.Generator) -> Tensor:
    """U[0, 1) of x's shape with one channel for images (n × c × h × w), of x's own shape for points."""
    shape = (x.shape[0], 1, *x.shape[2:]) if x.dim() == 4 else tuple(x.shape)
    return torch.empty(shape, dtype=x.dtype, device=x.device).uniform_(generator=generator)


PAIRINGS: tuple[type[Pairing], ...] = (Clean, GaussianNoise, MaskingNoise, SaltAndPepper, Occlusion, SuperResolution)
