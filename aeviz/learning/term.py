"""What a loss term is: one forward pass → a scalar that is added to the reconstruction to shape the code.

A term gives nats per example: summed over features, averaged over the batch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from aeviz.data.pairings import Batch
from aeviz.models.autoencoder import Autoencoder, ModelSpec, Pass
from aeviz.spec import Spec, knob


@dataclass(frozen=True)
class Term(Spec):
    """A penalty on one forward pass; `weight` multiplies it in the loss."""

    needs_input_gradient: ClassVar[bool] = False

    weight: float = knob(
        0.1, "Weight λ", "How much the term counts beside the reconstruction.", low=0, high=1000, scale="log"
    )

    def penalty(self, forward: Pass) -> Float[Tensor, ""]:
        """The term before its weight, in nats per example."""
        raise NotImplementedError

    def rows(self, code: int) -> int:
        """How many arrays of the input's size it holds for each example; the more, the fewer are evaluated at once."""
        return 1

    def equip(self, model: Autoencoder) -> None:
        """Give the model what the term needs it to have, under `model.attachments`; nothing by default.

        Called before the weights are loaded or learned; a second call changes nothing.
        """

    def begin_epoch(self, model: Autoencoder, batches: Callable[[], Iterator[Batch]]) -> None:
        """Before each epoch; `batches` goes over the training set as it is fed. Nothing by default."""

    def refusals(self, model: ModelSpec) -> Sequence[str]:
        """Why the term makes no sense with this model, each with a remedy; empty when it does."""
        return ()
