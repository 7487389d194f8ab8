"""Classes from codes: a softmax head on an encoder, and the few labelled examples that it learns from."""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor, nn
from torch.nn import functional

from aeviz.data.pairings import Batch
from aeviz.learning.learners import Backpropagation, Losses
from aeviz.learning.optimizers import Optimizer
from aeviz.models.autoencoder import Autoencoder, Pass


def add_head(model: Autoencoder, classes: int, generator: torch.Generator) -> None:
    """Give a model `model.head`, the layer code → one logit a class: Glorot uniform weights, biases 0."""
    head = nn.Linear(model.code, classes, device="meta").to_empty(device="cpu")
    nn.init.xavier_uniform_(head.weight, generator=generator)
    nn.init.zeros_(head.bias)
    model.head = head


def head_of(model: Autoencoder) -> nn.Linear:
    """The head that `add_head` gave."""
    head = model.head
    assert isinstance(head, nn.Linear)
    return head


def balanced(labels: Int[Tensor, " n"], count: int, generator: torch.Generator) -> Int[Tensor, " m"]:
    """Which rows are labelled when `count` are: the classes in turn, each in an order of its own; ascending.

    Fewer than `count` only where there are fewer examples; a smaller choice from the same draw is part of a larger.
    """
    shuffled = torch.randperm(len(labels), generator=generator)
    turn = torch.empty_like(shuffled)
    own = labels.cpu()[shuffled]
    for each in own.unique():
        members = shuffled[own == each]
        turn[members] = torch.arange(len(members))
    # Stable, so that within one turn the classes keep their order.
    by_class = torch.argsort(labels.cpu(), stable=True)
    order = by_class[torch.argsort(turn[by_class], stable=True)]
    return order[:count].sort().values


class Classification(Backpropagation):
    """loss = −log softmax(head(z))[label], in nats; the decoder rests.

    The share of wrong classes, "error", is measured when it is evaluated, and so is how well the decoder, which was
    not asked, still rebuilds ("reconstruction"); neither is part of the loss.

    frozen: the encoder rests, too, and only the head learns.
    """

    def __init__(self, model: Autoencoder, optimizer: Optimizer, *, frozen: bool) -> None:
        self.head = head_of(model)
        self.frozen = frozen
        learns: Sequence[nn.Parameter] = list(self.head.parameters())
        if not frozen:
            learns = [*model.encoding(), *learns]
        free = {id(each) for each in learns}
        super().__init__(model, (), optimizer, [each for each in model.parameters() if id(each) not in free])

    def losses(
        self, batch: Batch, generator: torch.Generator, *, learning: bool, progress: float = 1.0
    ) -> tuple[dict[str, Tensor], Pass]:
        assert batch.labels is not None
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            code = self.model.encode_for_classes(batch.inputs, generator if learning else None)
        logits = self.head(code.z)
        loss = functional.cross_entropy(logits, batch.labels)
        forward = Pass(self.model, batch, code, logits, learning, generator, progress)
        return {"loss": loss, "cross_entropy": loss}, forward

    def evaluate(self, batch: Batch, generator: torch.Generator) -> Losses:
        assert batch.labels is not None
        with torch.no_grad():
            parts, forward = self.losses(batch, generator, learning=False)
            wrong = forward.logits.argmax(1).ne(batch.labels).float().mean()
            rebuilt = self.model.decode(forward.code)
            told = self.model.mean_negative_log_likelihood(rebuilt, batch)
            mse = (self.model.mean(rebuilt) - batch.targets).square().mean()
        beside = {"error": wrong, "reconstruction": told, "mse": mse}
        return {name: value.item() for name, value in (parts | beside).items()}
