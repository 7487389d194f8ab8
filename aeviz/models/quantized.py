"""VQ-VAE: a code made of entries of a learned book of vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from aeviz.models.autoencoder import Autoencoder, Code, Pass
from aeviz.models.convolutional import Convolutional
from aeviz.models.dense import Dense
from aeviz.spec import knob

FEWEST = 4  # vectors in a book
REMEMBERED = 0.99  # of the counts of use, at each step

BOOK_HELP = "Vectors in the book, the same book for every part of the code."
DIMENSION_HELP = "Numbers in each vector; the code size is a multiple of it."
COMMITMENT_HELP = "How much the encoder is held to the vectors that it is given."


class QuantizedAutoencoder(Autoencoder):
    """z is the encoder's output, k = positions × dimension numbers; decoding puts the nearest vectors in their place.

    book: e, m × dimension. used: how often each vector was taken at each position in training, of late; no gradient.
    """

    jumps: ClassVar[bool] = True
    used: Tensor

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        code: int,
        likelihood: str,
        *,
        book: int,
        dimension: int,
        commitment: float,
    ) -> None:
        super().__init__(encoder, decoder, code, likelihood)
        self.commitment = commitment
        self.book = nn.Parameter(torch.zeros(book, dimension))
        self.register_buffer("used", torch.zeros(code // dimension, book))

    def parts(self, z: Float[Tensor, "n k"]) -> Float[Tensor, "n p e"]:
        """The code as its positions, each a vector."""
        return z.unflatten(1, (-1, self.book.shape[1]))

    def entries(self, z: Float[Tensor, "n k"]) -> Int[Tensor, "n p"]:
        """Which vector of the book is nearest to each part of each code."""
        with torch.no_grad():
            parts = self.parts(z)
            # ‖z‖² is the same for every vector.
            return (self.book.square().sum(1) - 2 * parts @ self.book.T).argmin(2)

    def quantized(self, z: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
        """Each part of each code replaced by the nearest vector of the book."""
        return self.book[self.entries(z)].flatten(1)

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        # Straight through: the vectors go on, and the gradient comes back to z as if nothing had happened.
        straight = code.z + (self.quantized(code.z) - code.z).detach()
        return super().decode(Code(straight, code.switches), generator)

    def prior(self, n: int, generator: torch.Generator) -> Float[Tensor, "n k"]:
        """n codes, each position drawn by itself as often as training used each vector there."""
        rare = 1e-6  # so that an untrained model draws evenly
        drawn = torch.multinomial(self.used.to(generator.device) + rare, n, replacement=True, generator=generator)
        return self.book.detach().to(generator.device)[drawn.T].flatten(1)

    def perplexity(self) -> float:
        """exp of the entropy of the use of the book: how many vectors are in use, the rare ones counted in part."""
        share = self.used.sum(0) + 1e-6
        share = share / share.sum()
        return float((-(share * share.log()).sum()).exp().detach())

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        z = forward.code.z
        chosen = self.quantized(z)
        if forward.learning:
            with torch.no_grad():
                self.used.mul_(REMEMBERED).add_(nn.functional.one_hot(self.entries(z), len(self.book)).sum(0))
        return super().losses(forward) | {
            "codebook": (z.detach() - chosen).square().sum(1).mean(),
            "commitment": self.commitment * (z - chosen.detach()).square().sum(1).mean(),
        }


def book_problems(kind: str, book: int) -> Sequence[str]:
    """Why a book is too small."""
    if book >= FEWEST:
        return ()
    return (
        f"{kind}.book = {book}: so few vectors leave each part of the code a single bit at most, and once one of them "
        f"is no longer the nearest to any example, nothing at all. Choose at least {FEWEST}, such as 64.",
    )


def dimension_misfits(kind: str, code: int, dimension: int) -> Sequence[str]:
    """Why a code cannot be made of such vectors."""
    if code % dimension == 0:
        return ()
    return (
        f"{kind} makes its code of vectors of {dimension} numbers, and a code of {code} is not a multiple of that: "
        f"choose a code size of {-(-code // dimension) * dimension}, or another dimension.",
    )


@dataclass(frozen=True)
class VqVae(Dense):
    """−log p(x | e) + ‖sg[z] − e‖² + β·‖z − sg[e]‖², e the vectors of a learned book nearest to the parts of z.

    z(x) is cut into k/dimension parts, and each is replaced by the nearest of the m vectors in the book: the code is a
    row of whole numbers. sg stops the gradient: the second term moves the book, the third the encoder, and the gradient
    of the first passes from e to z as if they were the same. Sampling draws each part by itself, as often as training
    used each vector there; the paper learns a second model for it. β is larger than the paper's 0.25, since our
    reconstruction is a sum over pixels, which would otherwise drive z away from the book. z: n × k, e: m × dimension.

    Source: van den Oord, Vinyals, Kavukcuoglu, Neural Discrete Representation Learning, arXiv:1711.00937, eq. 3.
    """

    title: ClassVar[str] = "Vector-quantized (VQ-VAE)"
    book: int = knob(64, "Book size", BOOK_HELP, low=2, high=4096, scale="log")
    dimension: int = knob(2, "Vector dimension", DIMENSION_HELP, low=1, high=64)
    commitment: float = knob(25.0, "Commitment β", COMMITMENT_HELP, low=0, high=1000, advanced=True)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, decoder = self.ends(shape, self.code)
        return QuantizedAutoencoder(
            encoder,
            decoder,
            self.code,
            self.likelihood,
            book=self.book,
            dimension=self.dimension,
            commitment=self.commitment,
        )

    def problems(self) -> Sequence[str]:
        return book_problems(self.kind(), self.book)

    def misfits(self, shape: tuple[int, ...]) -> Sequence[str]:
        return dimension_misfits(self.kind(), self.code, self.dimension)


@dataclass(frozen=True)
class ConvVqVae(Convolutional):
    """The VQ-VAE with strided and transposed convolutions, and a dense layer between them and the code.

    −log p(x | e) + ‖sg[z] − e‖² + β·‖z − sg[e]‖², e the vectors of the book nearest to the parts of z. The paper keeps
    the parts in their places in the image; here each part may say something of all of it. z: n × k, e: m × dimension.

    Source: van den Oord, Vinyals, Kavukcuoglu, arXiv:1711.00937, eq. 3.
    """

    title: ClassVar[str] = "Convolutional VQ-VAE"
    book: int = knob(64, "Book size", BOOK_HELP, low=2, high=4096, scale="log")
    dimension: int = knob(2, "Vector dimension", DIMENSION_HELP, low=1, high=64)
    commitment: float = knob(25.0, "Commitment β", COMMITMENT_HELP, low=0, high=1000, advanced=True)

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        encoder, decoder = self.ends(shape, self.code)
        return QuantizedAutoencoder(
            encoder,
            decoder,
            self.code,
            self.likelihood,
            book=self.book,
            dimension=self.dimension,
            commitment=self.commitment,
        )

    def problems(self) -> Sequence[str]:
        return (*super().problems(), *book_problems(self.kind(), self.book))

    def misfits(self, shape: tuple[int, ...]) -> Sequence[str]:
        return (*super().misfits(shape), *dimension_misfits(self.kind(), self.code, self.dimension))
