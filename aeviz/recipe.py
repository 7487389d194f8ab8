"""A recipe: every choice of one experiment, the seed included. Same recipe, same history, bit for bit."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from aeviz.data import SOURCES, Dataset, Digits, Source
from aeviz.data.pairings import PAIRINGS, Clean, Pairing
from aeviz.errors import AevizError, RecipeError, SettingError
from aeviz.learning import (
    OPTIMIZERS,
    PROCEDURES,
    TERMS,
    Adam,
    AdamW,
    EndToEnd,
    Optimizer,
    Procedure,
    Term,
    WeightDecay,
)
from aeviz.models import MODELS, MOST_PARAMETERS, Autoencoder, Mlp, ModelSpec
from aeviz.seeds import generator
from aeviz.spec import AnySpec, Spec, knob, nearest, read

MOST_STEPS = 5_000_000
MOST_HELD = 200_000_000  # numbers that the derivatives of one batch may take: 800 MB


@dataclass(frozen=True)
class Recipe(Spec):
    """Data, model, terms, pairing, optimizer and procedure of one run, how long, in what batches, from what seed."""

    data: Source = Digits()
    model: ModelSpec = Mlp()
    terms: tuple[Term, ...] = ()
    pairing: Pairing = Clean()
    optimizer: Optimizer = Adam()
    training: Procedure = EndToEnd()
    epochs: int = knob(100, "Epochs", "Passes over the training set.", low=1, high=100_000)
    batch_size: int = knob(128, "Batch size", "Examples behind each update.", low=1, high=65_536)
    seed: int = knob(0, "Seed", "Same recipe and seed: the same run, bit for bit.", low=0, high=2**31 - 1)

    def to_json(self) -> dict[str, Any]:
        """The recipe as JSON, every default written out."""
        return {
            "data": self.data.to_json(),
            "model": self.model.to_json(),
            "terms": [term.to_json() for term in self.terms],
            "pairing": self.pairing.to_json(),
            "optimizer": self.optimizer.to_json(),
            "training": self.training.to_json(),
        } | {name: getattr(self, name) for name in self.knobs()}

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> Self:
        """The recipe that `json` describes; what is left out takes its default.

        Raises:
            SettingError: it is not an object, or any choice is unknown or out of range; all of them are named.
        """
        if not isinstance(json, Mapping):
            raise SettingError('A recipe is a JSON object, such as {"data": {"kind": "Digits"}}.')
        known = {each.name: each for each in fields(cls)}
        problems = [f"A recipe has no part {nearest(str(name), known)}" for name in json if name not in known]
        parts: dict[str, Any] = {}

        def taken(variants: Sequence[type[AnySpec]], value: object, slot: str) -> list[AnySpec]:
            try:
                return [read(variants, value, slot)]
            except SettingError as error:
                problems.extend(error.problems)
                return []

        slots: dict[str, tuple[type[Spec], ...]] = {
            "data": SOURCES,
            "model": MODELS,
            "pairing": PAIRINGS,
            "optimizer": OPTIMIZERS,
            "training": PROCEDURES,
        }
        for name, variants in slots.items():
            if name in json and (found := taken(variants, json[name], name)):
                parts[name] = found[0]
        if "terms" in json:
            given = json["terms"]
            if isinstance(given, list | tuple):
                parts["terms"] = tuple(each for value in given for each in taken(TERMS, value, "term"))
            else:
                problems.append(f"terms = {given!r:.80}: must be a list, such as [].")
        parts |= {name: json[name] for name in cls.knobs() if name in json}
        try:
            recipe = cls(**parts)
        except SettingError as error:
            problems.extend(error.problems)
        if problems:
            raise SettingError(*problems)
        return recipe

    def id(self) -> str:
        """Twelve hexadecimal digits that name the recipe: equal recipes have equal ids."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def length(self) -> int:
        """Epochs of all stages together; an early end makes it less."""
        return sum(self.training.lengths(self.model, self.epochs))

    def build(self, shape: tuple[int, ...], classes: int = 10, tags: int = 10) -> Autoencoder:
        """The model with its initial weights: the same for the same model and seed, whatever else is chosen.

        shape, classes, tags: of the data.
        """
        model = self.model.build(shape, generator(self.seed, "weights"), classes, tags)
        for term in self.terms:
            term.equip(model)
        self.training.equip(model, classes, generator(self.seed, "procedure"))
        return model

    def build_for(self, data: Dataset) -> Autoencoder:
        """The model with its initial weights for these data."""
        return self.build(data.shape, len(data.classes), len(data.tag_names))

    def misfits(self) -> list[str]:
        """Why these choices do not go together, each a sentence with a remedy; empty when they do."""
        try:
            shape, (train, _) = self.data.shape(), self.data.sizes()
            classes, tags = len(self.data.classes()), len(self.data.tag_names())
        except AevizError as error:
            return [str(error)]
        found = list(self.model.misfits(shape))
        if not found and (count := self.model.parameters(shape, classes, tags)) > MOST_PARAMETERS:
            found.append(
                f"{self.model.kind()} would have {count:,} parameters on {self.data.kind()}, and at most "
                f"{MOST_PARAMETERS:,} fit: use fewer or narrower layers, a smaller code or smaller images."
            )
        found += self._untold(classes, tags)
        if self.batch_size > train:
            found.append(
                f"batch_size = {self.batch_size}: {self.data.kind()} has only {train} training examples. "
                f"Choose at most {train}."
            )
        elif (steps := self.length() * -(-train // self.batch_size)) > MOST_STEPS:
            found.append(
                f"{self.length():,} epochs of {self.data.kind()} in batches of {self.batch_size} make {steps:,} steps, "
                f"and at most {MOST_STEPS:,} are run: take fewer epochs or larger batches."
            )
        for term in self.terms:
            held = term.rows(self.model.code) * min(self.batch_size, train) * math.prod(shape)
            if held > MOST_HELD:
                fitting = max(1, self.batch_size * MOST_HELD // held)
                found.append(
                    f"{term.kind()} would hold {held:,} numbers of derivatives for a batch, and at most {MOST_HELD:,} "
                    f"fit: take batches of at most {fitting}, or a smaller code."
                )
        for kind, count in Counter(term.kind() for term in self.terms).items():
            if count > 1:
                found.append(f"{kind} is there {count} times: keep one, with the sum of the weights.")
        for term in self.terms:
            found.extend(term.refusals(self.model))
        found.extend(self.training.refusals(self.model, self.terms, self.pairing))
        if (
            isinstance(self.optimizer, AdamW)
            and self.optimizer.decay
            and any(isinstance(term, WeightDecay) for term in self.terms)
        ):
            found.append("AdamW already shrinks the weights: set its decay to 0, or remove WeightDecay.")
        return found

    def _untold(self, classes: int, tags: int) -> list[str]:
        """What the choices would have to be told of the examples, and these data do not know."""
        found = [
            f"{part.kind()} learns from labels, and {self.data.kind()} has none: choose data with classes, such as "
            "Digits."
            for part in (self.model, self.training)
            if part.needs_classes() and classes < 2
        ]
        if self.model.needs_tags() and not tags:
            found.append(
                f"{self.model.kind()} learns from tags, and {self.data.kind()} has none: choose tagged data, such as "
                "TaggedShapes."
            )
        return found

    def check(self) -> Self:
        """The recipe itself.

        Raises:
            RecipeError: the choices do not go together; every reason is named.
        """
        if found := self.misfits():
            raise RecipeError(*found)
        return self

    def name(self) -> str:
        """A short name for people: "Mlp · SparseL1 · Digits"."""
        extra = [term.kind() for term in self.terms]
        if not isinstance(self.pairing, Clean):
            extra.append(self.pairing.kind())
        if not isinstance(self.training, EndToEnd):
            extra.append(self.training.kind())
        return " · ".join([self.model.kind(), *extra, self.data.kind()])


def read_recipe(text: str | bytes) -> Recipe:
    """The recipe in a JSON text.

    Raises:
        SettingError: it is not JSON, or not a recipe.
    """
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingError(f"The recipe is not valid JSON: {error}.") from None
    return Recipe.from_json(parsed)
