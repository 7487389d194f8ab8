"""What every autoencoder is: x → code → parameters of p(x | code), and the spec that builds one.

A model called without a generator is deterministic: no dropout, and a variational code is its mean.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from aeviz.data.pairings import Batch
from aeviz.seeds import generator as derived
from aeviz.spec import Spec, knob

Likelihood = Literal["bernoulli", "gaussian"]
CodeRange = Literal["unbounded", "positive", "unit"]
"""Where the entries of a code can lie: anywhere, in [0, ∞), or strictly between bounds 0 and 1."""

LIKELIHOODS: tuple[str, ...] = ("bernoulli", "gaussian")
MOST_PARAMETERS = 50_000_000  # 200 MB of weights, 800 MB with gradients and Adam's two moments


@dataclass(frozen=True)
class Posterior:
    """q(z | x) = N(mean, diag(exp(log_variance))) of a variational encoder; both n × k."""

    mean: Float[Tensor, "n k"]
    log_variance: Float[Tensor, "n k"]


@dataclass(frozen=True)
class Code:
    """What an encoder gives.

    z: n × k. switches: where each pooling found its maximum, outermost layer first; values that travel with the
    code, so that encoding a second batch cannot disturb them. posterior: for variational models. labels: for models
    that are told the class at both ends, −1 where it is not known; None where no class is known. whole: z before the
    model's attachments changed it, where they are. told: what the units of a machine's code were told, before they
    answered with z, where a loss can use it again.
    """

    z: Float[Tensor, "n k"]
    switches: tuple[Int[Tensor, "n _ _ _"], ...] = ()
    posterior: Posterior | None = None
    labels: Int[Tensor, " n"] | None = None
    whole: Float[Tensor, "n k"] | None = None
    told: Float[Tensor, "n k"] | None = None


@dataclass(frozen=True)
class Pass:
    """One forward pass through a model: what went in, the code, and the logits that came out.

    batch.inputs requires a gradient where a term has asked for it. learning: the loss will be differentiated, so what
    is itself a derivative must stay differentiable. generator: for what a loss draws besides. progress ∈ [0, 1]: the
    share of the training that is over, 1 when it is evaluated.
    """

    model: "Autoencoder"
    batch: Batch
    code: Code
    logits: Tensor
    learning: bool = True
    generator: torch.Generator | None = None
    progress: float = 1.0

    def draws(self) -> torch.Generator:
        """The generator of this pass.

        Raises:
            ValueError: it was made without one.
        """
        if self.generator is None:
            raise ValueError("This loss draws at random: give the Pass a generator.")
        return self.generator

    def encode(self, x: Tensor) -> Code:
        """The code of other inputs in place of the batch's own, dropout and all as in this pass but for its draws."""
        return self.model.encode(x, self.generator if self.learning else None, self.batch.labels)


class Encoder(Protocol):
    """x → (features n × k, switches)."""

    def __call__(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, tuple[Tensor, ...]]: ...


class Decoder(Protocol):
    """(z n × k, switches) → logits n × the data's shape."""

    def __call__(self, z: Tensor, switches: tuple[Tensor, ...], generator: torch.Generator | None) -> Tensor: ...


@runtime_checkable
class Encodes(Protocol):
    """A model that gives codes for examples."""

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code: ...


@runtime_checkable
class Decodes(Protocol):
    """A model that gives examples for codes."""

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor: ...

    def mean(self, logits: Tensor) -> Tensor: ...


@runtime_checkable
class Samples(Protocol):
    """A model with a prior of its own over codes."""

    def prior(self, n: int, generator: torch.Generator) -> Tensor: ...


@runtime_checkable
class Conditional(Protocol):
    """A model that is told the class at both ends: one of `classes`, from 0 on, or none."""

    classes: int


class Autoencoder(nn.Module):
    """x → z = encoder(x) → logits = decoder(z) → E[x | z].

    The likelihood is Bernoulli, p(x | z) = Πᵢ Bernoulli(xᵢ; σ(logitᵢ)), or Gaussian with unit variance and the
    logits as its mean.

    beside: the losses that are told and not learned from. jumps: whether what is decoded jumps from one value to the
    next as the code moves, and stays in between, so that its derivative says nothing.
    """

    beside: ClassVar[frozenset[str]] = frozenset()
    jumps: ClassVar[bool] = False

    def __init__(self, encoder: nn.Module, decoder: nn.Module, code: int, likelihood: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.code = code
        self.likelihood = likelihood
        # What terms add to the model (`Term.equip`): modules that the code passes through, with what they remember.
        self.attachments = nn.ModuleDict()

    def encode(self, x: Tensor, generator: torch.Generator | None = None, labels: Tensor | None = None) -> Code:
        """The code of each example; with a generator, the training pass (dropout).

        labels: the class of each, for the models that are told it; the others pay it no attention.
        """
        z, switches = self.encoder(x, generator)
        if not self.attachments:
            return Code(z, switches)
        whole = z
        for attachment in self.attachments.values():
            z = attachment(z)
        return Code(z, switches, whole=whole)

    def encode_for_classes(self, x: Tensor, generator: torch.Generator | None = None) -> Code:
        """The same code for a classifier to learn through; a model whose code is settled may differentiate less."""
        return self.encode(x, generator)

    def sample(self, code: Code, generator: torch.Generator) -> Code:
        """A draw from q(z | x); the code itself where encoding is deterministic."""
        return code

    def decode(self, code: Code, generator: torch.Generator | None = None) -> Tensor:
        """The logits of p(x | z), n × the data's shape."""
        logits: Tensor = self.decoder(code.z, code.switches, generator)
        return logits

    def mean(self, logits: Tensor) -> Tensor:
        """E[x | z] for these logits."""
        return torch.sigmoid(logits) if self.likelihood == "bernoulli" else logits

    def reconstruct(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """E[x | encode(x)], of x's shape. labels: as for `encode`."""
        return self.mean(self.decode(self.encode(x, labels=labels)))

    def negative_log_likelihood(self, logits: Tensor, x: Tensor) -> Float[Tensor, " n"]:
        """−log p(x | z) of each example in nats.

        Bernoulli: Σᵢ −xᵢ log σ(lᵢ) − (1 − xᵢ) log(1 − σ(lᵢ)), for grey xᵢ the cross-entropy.
        Gaussian: ½‖x − l‖², the constant (d/2)·log 2π left out.
        """
        return self.pixel_losses(logits, x, "none").flatten(1).sum(1)

    def mean_negative_log_likelihood(self, logits: Tensor, batch: Batch) -> Float[Tensor, ""]:
        """The mean of −log p(target | z) over a batch, each pixel times its weight where the batch has weights."""
        x = batch.targets
        if batch.weights is not None:
            return (self.pixel_losses(logits, x, "none") * batch.weights).sum() / len(x)
        return self.pixel_losses(logits, x, "sum") / len(x)  # in one operation: every training step takes it

    def pixel_losses(self, logits: Tensor, x: Tensor, reduction: str) -> Tensor:
        """−log p(xᵢ | z) of each pixel ("none"), or their sum over everything ("sum")."""
        if self.likelihood == "bernoulli":
            return functional.binary_cross_entropy_with_logits(logits, x, reduction=reduction)
        return functional.mse_loss(logits, x, reduction=reduction) / 2

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        """The terms of the loss that are the model's own, each a scalar in nats per example.

        They are added up, but for those named in `beside`, which are told and not learned from.

        Where a part of the model plays against another, its loss must not reach the other's weights
        (`aeviz.models.adversarial.frozen`): one gradient of the sum then serves all players.
        """
        return {"reconstruction": self.mean_negative_log_likelihood(forward.logits, forward.batch)}

    def settle(self) -> None:
        """After each update: bring along what follows the weights. Nothing by default."""

    @property
    def loops(self) -> bool:
        """Whether its layers hear each other to and fro, so that a pass has no layers in an order."""
        return False

    def encoding(self) -> list[nn.Parameter]:
        """The parameters that the code depends on."""
        return list(self.encoder.parameters())

    def maps(self) -> list[nn.Parameter]:
        """The weights of its linear maps, without biases."""
        kinds = nn.Linear | nn.Conv2d | nn.ConvTranspose2d
        # A classifier's head is no part of the mapping, and does not learn while it waits for its stage.
        layers = [
            each for each in self.modules() if isinstance(each, kinds) and each is not getattr(self, "head", None)
        ]
        return [each.weight for each in layers]  # type: ignore[misc]

    def players(self) -> Mapping[str, Sequence[nn.Parameter]]:
        """Who learns with an optimizer of its own, by name; by default one player has everything."""
        return {"model": list(self.parameters())}


@dataclass(frozen=True)
class ModelSpec(Spec):
    """A choice of architecture; `build` makes the module."""

    code: int = knob(2, "Code size k", "Numbers in the code. Two can be drawn as they are.", low=1, high=2048)
    likelihood: Likelihood = knob(
        "bernoulli",
        "Likelihood of a pixel",
        "Bernoulli: binary cross-entropy. Gaussian: squared error.",
        choices=LIKELIHOODS,
    )

    def begin(self, model: Autoencoder, examples: Batch) -> None:
        """What the built model takes from its training examples before it learns; nothing by default."""

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        """The module for examples of `shape`, its weights not yet meaningful."""
        raise NotImplementedError

    def construct_for(self, shape: tuple[int, ...], classes: int, tags: int) -> Autoencoder:
        """The same for data of so many classes and tags; what is told of them has this in place of `construct`."""
        return self.construct(shape)

    def needs_classes(self) -> bool:
        """Whether the model can only learn data that have labels."""
        return False

    def needs_tags(self) -> bool:
        """Whether the model can only learn data that have tags."""
        return False

    def misfits(self, shape: tuple[int, ...]) -> Sequence[str]:
        """Why this model cannot take examples of `shape`, each with a remedy; empty when it can."""
        return ()

    def code_range(self) -> CodeRange:
        """Where the entries of the code lie."""
        return "unbounded"

    def depth(self) -> int:
        """How many layers the encoder has."""
        return 1

    def layered(self) -> bool:
        """Whether the model is a stack that can be trained layer by layer."""
        return False

    def variational(self) -> bool:
        """Whether the code is a distribution with a prior of its own."""
        return False

    def adversarial(self) -> bool:
        """Whether parts of the model play against each other, so that the sum of their losses says little."""
        with torch.device("meta"):
            return len(self.construct_for((1, 32, 32), 10, 10).players()) > 1

    def samples(self) -> bool:
        """Whether the model has a prior of its own to draw codes from (`Samples`)."""
        with torch.device("meta"):  # whatever the data: of this shape every model takes some
            return isinstance(self.construct_for((1, 32, 32), 10, 10), Samples)

    def build(
        self, shape: tuple[int, ...], generator: torch.Generator, classes: int = 10, tags: int = 10
    ) -> Autoencoder:
        """The module on the CPU with fresh weights, for data of so many classes and tags.

        Each parameter has a stream of its own, derived from the seed of `generator` and the parameter's name: what
        has the same name and shape in two models begins alike in both (up to the gain), whatever else differs.

        Weights are Glorot uniform times the gain of the activation behind them, biases and what is counted are 0.
        Source: Glorot & Bengio, AISTATS 2010, eq. 16; gain √2 for rectifiers: He et al., ICCV 2015, eq. 10.
        """
        # Built without memory first: the layers' own initialisers would draw from torch's global generator.
        with torch.device("meta"):
            model = self.construct_for(shape, classes, tags)
        model = model.to_empty(device="cpu")
        for path, module in model.named_modules():
            for name, parameter in module.named_parameters(path, recurse=False):
                if parameter.dim() > 1:
                    draws = derived(generator.initial_seed(), "parameter", name)
                    nn.init.xavier_uniform_(parameter, gain=getattr(module, "gain", 1.0), generator=draws)
                else:
                    nn.init.zeros_(parameter)
            for buffer in module.buffers(recurse=False):
                buffer.zero_()
        return model.requires_grad_(True)

    def parameters(self, shape: tuple[int, ...], classes: int = 10, tags: int = 10) -> int:
        """How many numbers training would fit, counted without allocating them."""
        with torch.device("meta"):
            return sum(math.prod(each.shape) for each in self.construct_for(shape, classes, tags).parameters())
