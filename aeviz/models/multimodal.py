"""The multimodal deep Boltzmann machine: images and their tags under a joint layer that hears both."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from aeviz.data.pairings import Batch
from aeviz.models.autoencoder import Autoencoder, Pass
from aeviz.models.boltzmann import BoltzmannMachine, State, chain, named
from aeviz.models.deep import Dbm, DeepMachine
from aeviz.models.gibbs import gibbs, mean_field, noise
from aeviz.models.machines import ORIGIN_HELP, ORIGIN_LABEL, ORIGINS, RATES_HELP, RATES_LABEL, Origin, Phase
from aeviz.models.restricted import Restricted
from aeviz.models.units import Bernoulli, Gaussian, Units
from aeviz.spec import knob

TAGS = "tags"
RENEWED = 0.02  # share of the persistent chains that begin anew at an update


class MultimodalMachine(DeepMachine):
    """visible – hidden 1 – … – joint – tags: a deep machine whose top layer, the code, also hears the tags.

    The code of an image alone is the joint layer of its mean field with the tags free, so that they are filled in.

    prediction: the weight of telling the tags from the image beside the energies.
    """

    aside = (TAGS,)

    prediction: float = 0.0

    @property
    def loops(self) -> bool:
        return True  # joint layer and tags hear each other

    # One from the other

    def joint(self, x: Tensor | None = None, tags: Float[Tensor, "n t"] | None = None) -> State:
        """The mean field of every layer given images, tags or both; what is missing is filled in.

        Raises:
            ValueError: nothing is given.
        """
        given = (self.clamped(x) if x is not None else {}) | ({TAGS: tags} if tags is not None else {})
        if not given:
            raise ValueError("Give images, tags or both: with neither there is nothing to go by.")
        return mean_field(self.machine, given, self.sweeps)

    def told(self, code: Float[Tensor, "n k"]) -> Float[Tensor, "n t"]:
        """What the tags are told by a code: logits of P(tag | code)."""
        return self.machine.inputs(TAGS, {self.path[-1]: code})

    # Learning

    def dreamed(self, start: Callable[[], State], forward: Pass) -> State:
        """Persistent chains hold the tags of an example each, so that they learn what images there are with such tags.

        At every update a few begin anew, from noise and with the tags of examples at hand: what is drawn for tags
        later starts there, too. Where they begin at noise, the first update is the first such. The pixels of the states
        that are returned are means.

        Source: Tieleman, ICML 2008; beginning anew: Du & Mordatch, NeurIPS 2019, §3.2.
        """
        tags = forward.batch.tags
        if tags is None or self.chains.phase != "persistent" or not forward.learning:
            return super().dreamed(start, forward)
        draws, particles = forward.draws(), self.particles
        assert isinstance(particles, Tensor)
        count = particles.shape[1]
        with torch.no_grad():
            if not self.begun() and self.chains.origin == "data":
                particles.copy_(self._beginning(start, draws))
            renewed = max(1, round(RENEWED * count)) if self.begun() else count
            of = torch.arange(renewed, device=tags.device) % len(tags)
            fresh = noise(self.machine, renewed, draws) | {TAGS: tags[of]}
            rows = torch.randperm(count, generator=draws, device=tags.device)[:renewed]
            particles[0, rows] = self._joined(fresh)
            state = gibbs(self.machine, self._apart(particles[0]), self.chains.steps, draws, held=(TAGS,))
            particles[0] = self._joined(state)
            visible = self.path[0]
            others = {name: s for name, s in state.items() if name != visible}
            return state | {visible: self.machine.units[visible].mean(self.machine.inputs(visible, others))}

    def given(self, batch: Batch) -> State:
        given = super().given(batch)
        return given if batch.tags is None else given | {TAGS: batch.tags}

    def data_phase(self, given: State, forward: Pass) -> State:
        return mean_field(self.machine, given, self.sweeps)  # the pass has seen the image alone

    def losses(self, forward: Pass) -> dict[str, Tensor]:
        """The energies of a deep machine with the tags held, too, and "prediction".

        prediction: weight · −log P(tags | the joint means of the image alone), its gradient through the mean field.
        Contrastive learning makes images and tags likely together; this makes the one tell the other.

        Source: Srivastava & Salakhutdinov, JMLR 15 (2014), §3; prediction: Goodfellow, Mirza, Courville, Bengio,
        NIPS 2013, eq. 3, for the one subset of units that is asked for.
        """
        parts, tags = super().losses(forward), forward.batch.tags
        if tags is None or not self.prediction:
            return parts
        missed = functional.binary_cross_entropy_with_logits(self.told(self.bare(forward.code)), tags, reduction="sum")
        return parts | {"prediction": self.prediction * missed / len(tags)}

    def layer(self, number: int) -> Restricted:
        """As of a deep machine, the joint layer with the tags below it as well; it is their only neighbour."""
        pretrained = super().layer(number)
        if number < self.depth:
            return pretrained
        whole, below = self.machine, pretrained.machine
        edge = (self.path[-1], TAGS)
        edges = [*below.edges, edge]
        machine = BoltzmannMachine(
            {**below.units, TAGS: whole.units[TAGS]},
            edges,
            {each: below.weights[named(each)] for each in below.edges} | {edge: whole.weights[named(edge)]},
            {**below.biases, TAGS: whole.biases[TAGS]},
        )
        return Joining(
            machine,
            pretrained.shape,
            pretrained.code,
            pretrained.chains,
            deviation=pretrained.deviation,
            uppers=pretrained.uppers,
        )


class Joining(Restricted):
    """The joint layer while it is pretrained: what is below it and the tags are its lower layers."""

    aside = (TAGS,)

    def clamped(self, x: Tensor) -> State:
        v = self.seen(x)
        return {name: v for name in self.lowers if name != TAGS}

    def given(self, batch: Batch) -> State:
        """The tags as well; where they are not known, none."""
        size = self.machine.units[TAGS].size
        tags = batch.targets.new_zeros(len(batch.targets), size) if batch.tags is None else batch.tags
        return self.clamped(batch.targets) | {TAGS: tags}


@dataclass(frozen=True)
class MultimodalDbm(Dbm):
    """E(v, h¹ … h^L, t) as of a deep Boltzmann machine, with tags t ∈ {0, 1}ᵀ connected to the top layer h^L.

    The joint layer h^L hears the image through the layers below it, and the tags: P(tags | image) by its mean field,
    P(image | tags) by Gibbs sampling with the tags held, and what is missing is filled in. The code is the joint
    layer's mean given the image alone. Pretrained layer by layer it learns better: choose greedy training.

    Source: Srivastava & Salakhutdinov, Multimodal Learning with Deep Boltzmann Machines, JMLR 15 (2014); here tags are
    binary units under the joint layer itself, where theirs are counts with layers of their own.
    """

    title: ClassVar[str] = "Multimodal deep Boltzmann machine"
    phase: Phase = knob(
        "persistent",
        "Model phase",
        "Persistent: chains that go on, each with the tags of an example held. Contrastive: sweeps from the data.",
        choices=("persistent", "contrastive"),
    )
    origin: Origin = knob("noise", ORIGIN_LABEL, ORIGIN_HELP, choices=ORIGINS, advanced=True)
    steps: int = knob(5, "Sweeps", "Gibbs sweeps behind each update (the k of CD-k).", low=1, high=100)
    rates: bool = knob(True, RATES_LABEL, RATES_HELP, advanced=True)
    prediction: float = knob(
        5.0,
        "Weight of telling tags",
        "How much it counts to tell the tags from the image. 0: only images and tags together.",
        low=0,
        high=100,
    )

    def needs_tags(self) -> bool:
        return True

    def construct(self, shape: tuple[int, ...]) -> Autoencoder:
        return self.construct_for(shape, 10, 10)

    def construct_for(self, shape: tuple[int, ...], classes: int, tags: int) -> Autoencoder:
        d = math.prod(shape)
        visible: Units = Gaussian(d) if self.likelihood == "gaussian" else Bernoulli(d)
        between = [(f"hidden {number}", Bernoulli(width)) for number, width in enumerate(self.hidden, 1)]
        machine = chain(("visible", visible), *between, ("joint", Bernoulli(self.code)), (TAGS, Bernoulli(tags)))
        model = MultimodalMachine(
            machine, shape, self.chains(), deviation=self.deviation, sweeps=self.sweeps, doubled=self.doubled
        )
        model.prediction = self.prediction
        return model
