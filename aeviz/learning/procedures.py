"""Procedures: in what stages a model is trained, and which of its layers learn when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch

from aeviz.data.pairings import Batch, Clean, Pairing
from aeviz.learning.classification import Classification, add_head, balanced
from aeviz.learning.contrastive import ContrastiveDivergence
from aeviz.learning.learners import Backpropagation
from aeviz.learning.optimizers import Optimizer
from aeviz.learning.terms import Term
from aeviz.learning.train import Examples, Stage
from aeviz.models.autoencoder import Autoencoder, ModelSpec
from aeviz.models.machines import EnergyModel, Machine
from aeviz.models.rbm import obstacles
from aeviz.models.stacked import Layered, layers_of
from aeviz.seeds import generator
from aeviz.spec import Spec, knob

Layers = Literal["plain", "denoising", "rbm"]
Pretraining = Literal["none", "end to end", "plain", "denoising", "rbm"]
Features = Literal["fine-tuned", "frozen"]
LAYERS: tuple[Layers, ...] = ("plain", "denoising", "rbm")
PRETRAINING: tuple[Pretraining, ...] = ("none", "end to end", *LAYERS)
FEATURES: tuple[Features, ...] = ("fine-tuned", "frozen")


@dataclass(frozen=True)
class Task:
    """Everything that a procedure has to make stages of."""

    model: Autoencoder
    terms: Sequence[Term]
    pairing: Pairing
    optimizer: Optimizer
    train: Examples
    test: Examples
    epochs: int
    batch_size: int
    seed: int

    def stage(self, name: str, model: Autoencoder | None = None, **changed: object) -> Stage:
        """A stage of backpropagation with the task's own settings but for what is changed."""
        settings: dict[str, object] = {
            "learner": changed.get("learner") or Backpropagation(model or self.model, self.terms, self.optimizer),
            "train": self.train,
            "test": self.test,
            "pairing": self.pairing,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "seed": self.seed,
        }
        return Stage(name, **(settings | changed))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Procedure(Spec):
    """Task → stages, carried out one after the other."""

    def stages(self, task: Task) -> list[Stage]:
        """The stages; all of them work on the one model of the task."""
        raise NotImplementedError

    def lengths(self, model: ModelSpec, epochs: int) -> list[int]:
        """How many epochs each stage has, known before anything is built; an early end makes it less."""
        raise NotImplementedError

    def equip(self, model: Autoencoder, classes: int, generator: torch.Generator) -> None:
        """Give the model what the procedure trains besides, with weights drawn from `generator`; by default nothing.

        Called before the weights are loaded or learned. classes: how many the data have, 0 without labels.
        """

    def needs_classes(self) -> bool:
        """Whether the procedure can only be carried out with data that have labels."""
        return False

    def refusals(self, model: ModelSpec, terms: Sequence[Term], pairing: Pairing) -> Sequence[str]:
        """Why the procedure makes no sense with these choices, each with a remedy; empty when it does."""
        return ()


@dataclass(frozen=True)
class EndToEnd(Procedure):
    """All layers at once, by the gradient of one loss; the usual way.

    Patience: early stopping. Training ends when the test loss has not fallen for so many epochs, and the weights of
    the best epoch come back. Frozen layers keep their initial weights for the first epochs, then learn with the rest.

    Source: Rumelhart, Hinton, Williams, Nature 323 (1986); early stopping: Prechelt, Neural Networks: Tricks of the
    Trade (1998), criterion UP.
    """

    title: ClassVar[str] = "End to end"
    patience: int = knob(
        0, "Patience", "Epochs without a lower test loss before training ends. 0: never early.", low=0, high=1000
    )
    frozen: tuple[int, ...] = knob(
        (), "Frozen layers", "Encoder layers that do not learn, 1 is the one at the input.", low=1, high=8,
        advanced=True,
    )  # fmt: skip
    frozen_epochs: int = knob(
        0, "Frozen for", "Epochs after which the frozen layers learn, too. 0: never.", low=0, high=100_000,
        advanced=True,
    )  # fmt: skip

    def lengths(self, model: ModelSpec, epochs: int) -> list[int]:
        return self._lengths(epochs)

    def stages(self, task: Task) -> list[Stage]:
        if not self.frozen:
            return [task.stage("training", patience=self.patience)]
        layers = layers_of(task.model)
        fixed = [each for number in self.frozen for each in layers[number - 1].parameters()]
        held = Backpropagation(task.model, task.terms, task.optimizer, fixed)
        first, *rest = self._lengths(task.epochs)
        stages = [task.stage("frozen", learner=held, epochs=first, patience=0 if rest else self.patience)]
        return stages + [task.stage("training", epochs=length, patience=self.patience) for length in rest]

    def _lengths(self, epochs: int) -> list[int]:
        first = self.frozen_epochs or epochs
        return [first, epochs - first] if self.frozen and first < epochs else [epochs]

    def refusals(self, model: ModelSpec, terms: Sequence[Term], pairing: Pairing) -> Sequence[str]:
        if self.patience and model.adversarial():
            return (
                f"The losses of {model.kind()} are those of opponents, and their sum does not fall as it learns: set "
                "patience of EndToEnd to 0.",
            )
        if self.frozen and isinstance(model, EnergyModel):
            return (
                f"EndToEnd.frozen names layers of an encoder, and the units of {model.kind()} hear each other both "
                "ways: choose none, or another model.",
            )
        if self.frozen and (depth := model.depth()) < max(self.frozen):
            return (
                f"EndToEnd.frozen names layer {max(self.frozen)}, and the encoder of {model.kind()} has {depth}: "
                f"choose from 1 to {depth}, or none.",
            )
        return ()


@dataclass(frozen=True)
class Greedy(Procedure):
    """Layer by layer: layer l learns to rebuild the code of layer l − 1, which stays fixed; then all of them together.

    hₗ = s(Wₗ hₗ₋₁ + bₗ) is trained as a shallow autoencoder of hₗ₋₁, h₀ = x, with its mirror layer of the decoder. The
    stack of all is then the whole model, which is fine-tuned from there for the run's own number of epochs, at a share
    of the layers' learning rate: a deep Boltzmann machine, whose layers drive each other, wants it smaller.

    Plain: hₗ₋₁ is fed as it is. Denoising: it is corrupted as the run's corruption says, and wanted back clean. RBM:
    the layer is a restricted Boltzmann machine of hₗ₋₁, trained by contrastive divergence, and the decoder its
    transpose. A linear code is then a layer of Gaussian units.

    Source: Bengio, Lamblin, Popovici, Larochelle, NIPS 2006, §3 and algorithm 2; denoising: Vincent et al., JMLR 11
    (2010), §3.5; RBMs and unrolling: Hinton & Salakhutdinov, Science 313 (2006).
    """

    title: ClassVar[str] = "Greedy, layer by layer"
    layers: Layers = knob(
        "plain",
        "Each layer",
        "Denoising: what a layer is fed is corrupted as chosen above. RBM: a Boltzmann machine of sigmoid units.",
        choices=LAYERS,
    )
    layer_epochs: int = knob(20, "Epochs a layer", "How long each layer learns alone.", low=1, high=10_000)
    tuning_share: float = knob(
        1.0,
        "Fine-tuning rate, share",
        "Learning rate of all layers together, as a share of that of each alone.",
        low=0.001,
        high=10,
        scale="log",
        advanced=True,
    )

    def lengths(self, model: ModelSpec, epochs: int) -> list[int]:
        return [self.layer_epochs] * model.depth() + [epochs]

    def stages(self, task: Task) -> list[Stage]:
        gentler = replace(task.optimizer, learning_rate=self.tuning_share * task.optimizer.learning_rate)
        whole = Backpropagation(task.model, task.terms, gentler)
        return [*layer_stages(task, self.layers, self.layer_epochs), task.stage("fine-tuning", learner=whole)]

    def refusals(self, model: ModelSpec, terms: Sequence[Term], pairing: Pairing) -> Sequence[str]:
        return layer_refusals(self, self.layers, model, pairing)


@dataclass(frozen=True)
class Classifier(Procedure):
    """p(class | x) = softmax(V z + a): a classifier on the code, after the autoencoder has learned without labels.

    First the autoencoder is pretrained, end to end or layer by layer, from all training examples, with the run's
    corruption and terms. Then its code is classified, from the labelled examples alone, for the run's own number of
    epochs. Frozen: only V and a learn. Fine-tuned: the encoder does, too.

    V: classes × k. Source: Hinton & Salakhutdinov, Science 313 (2006); Vincent et al., JMLR 11 (2010), §3.5; Bengio
    et al., NIPS 2006, §3.
    """

    title: ClassVar[str] = "Autoencoder, then classifier"
    pretraining: Pretraining = knob(
        "end to end",
        "Pretraining",
        "How the autoencoder learns before labels come. None: the classifier starts from scratch.",
        choices=PRETRAINING,
    )
    pretraining_epochs: int = knob(
        20, "Pretraining epochs", "For the whole autoencoder, or for each layer.", low=1, high=10_000
    )
    features: Features = knob(
        "fine-tuned", "Features", "Frozen: the encoder stays as pretraining left it.", choices=FEATURES
    )
    labelled: int = knob(
        0, "Labelled examples", "How many labels are used, of all classes alike. 0: all.", low=0, high=10_000_000
    )

    def lengths(self, model: ModelSpec, epochs: int) -> list[int]:
        before = {"none": 0, "end to end": 1}.get(self.pretraining, model.depth())
        return [self.pretraining_epochs] * before + [epochs]

    def needs_classes(self) -> bool:
        return True

    def equip(self, model: Autoencoder, classes: int, generator: torch.Generator) -> None:
        add_head(model, classes, generator)

    def stages(self, task: Task) -> list[Stage]:
        learner = Classification(task.model, task.optimizer, frozen=self.features == "frozen")
        train = task.train
        if self.labelled:
            assert train.labels is not None
            rows = balanced(train.labels, self.labelled, generator(task.seed, "labelled")).to(train.x.device)
            train = Examples(train.x[rows], train.labels[rows], None if train.tags is None else train.tags[rows])
        last = task.stage("classifier", learner=learner, train=train, pairing=Clean())
        return [*self._pretraining(task), last]

    def _layers(self) -> Layers | None:
        return next((each for each in LAYERS if each == self.pretraining), None)

    def _pretraining(self, task: Task) -> list[Stage]:
        if layers := self._layers():
            return layer_stages(task, layers, self.pretraining_epochs)
        return [task.stage("autoencoder", epochs=self.pretraining_epochs)] if self.pretraining == "end to end" else []

    def refusals(self, model: ModelSpec, terms: Sequence[Term], pairing: Pairing) -> Sequence[str]:
        found = []
        if layers := self._layers():
            found += layer_refusals(self, layers, model, pairing)
        if terms and self.pretraining != "end to end":
            found.append(
                f"Classifier uses terms only in pretraining end to end, and here it is {self.pretraining}: choose "
                "that, or remove the terms."
            )
        if self.pretraining in ("none", "plain", "rbm") and not isinstance(pairing, Clean):
            found.append(
                f"Classifier with pretraining {self.pretraining} corrupts nothing: choose no corruption, or "
                "pretraining denoising or end to end."
            )
        if model.needs_classes():
            found.append(f"{model.kind()} is told the class that a Classifier should find: choose a model that is not.")
        return found


def layer_stages(task: Task, layers: Layers, epochs: int) -> list[Stage]:
    """A stage for each layer of the task's model, from the input on; each learns from the codes of those below."""
    model = task.model
    assert isinstance(model, Layered)
    made = []
    for number in range(1, model.depth + 1):
        part = model.layer(number)
        rbm = layers == "rbm" and not isinstance(part, Machine)  # a machine's own losses are contrastive already
        made.append(
            task.stage(
                f"layer {number}",
                learner=(
                    ContrastiveDivergence(part, task.optimizer) if rbm else Backpropagation(part, (), task.optimizer)
                ),
                epochs=epochs,
                pairing=task.pairing if layers == "denoising" else Clean(),
                see=through(model.up_to(number - 1)) if number > 1 else _as_it_is,
                looked_at=model.up_to(number),
            )
        )
    return made


def layer_refusals(procedure: Procedure, layers: Layers, model: ModelSpec, pairing: Pairing) -> list[str]:
    """Why a model cannot be pretrained with such layers, each with a remedy; empty when it can."""
    kind = procedure.kind()
    if layers == "denoising" and isinstance(pairing, Clean):
        return [f"{kind} with denoising layers needs a corruption: choose one, or plain layers."]
    if not model.layered():
        return [
            f"{kind} trains a stack of layers, and {model.kind()} has none: choose Mlp with hidden layers, such as "
            "128, 64."
        ]
    return obstacles(model) if layers == "rbm" else []


def through(model: Autoencoder) -> Callable[[Batch], Batch]:
    """A batch as the fixed encoder of `model` sees it: its codes are fed, and wanted back."""

    def see(batch: Batch) -> Batch:
        with torch.no_grad():
            z = model.encode(batch.targets).z
        return Batch(z, z, batch.labels, tags=batch.tags)

    return see


def _as_it_is(batch: Batch) -> Batch:
    return batch


PROCEDURES: tuple[type[Procedure], ...] = (EndToEnd, Greedy, Classifier)
