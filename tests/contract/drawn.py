"""What the contract suite runs over: every variant of every slot, and settings drawn from the knobs themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import torch
from hypothesis import strategies as st

from aeviz.data import SOURCES, Dataset, Split
from aeviz.data.digits import Digits
from aeviz.data.pairings import PAIRINGS, Batch, Pairing
from aeviz.learning import OPTIMIZERS, PROCEDURES, TERMS, Adam, Optimizer, Term, TopK
from aeviz.learning.learners import Backpropagation
from aeviz.models import MODELS, Autoencoder, ModelSpec
from aeviz.recipe import Recipe
from aeviz.seeds import generator
from aeviz.spec import Spec

EVERY_SPEC: tuple[type[Spec], ...] = (*SOURCES, *MODELS, *TERMS, *PAIRINGS, *OPTIMIZERS, *PROCEDURES, Recipe)
IMAGES, POINTS = (1, 8, 8), (3,)
STEPS = 3
LARGER = 16  # code units, for terms that want many
AT_WORK: dict[type[Term], Term] = {TopK: TopK(patience=1)}
"""Settings in which a term has something to do at the first of a few steps."""
ROWS = 12


def named(value: object) -> str:
    """What a parametrized case is called."""
    return value.__name__ if isinstance(value, type) else "none" if value is None else type(value).__name__


def values(spec: type[Spec], name: str) -> st.SearchStrategy[Any]:
    """Values that the knob of a field allows."""
    declared, wanted = spec.knobs()[name], spec.type_of(name)
    if wanted is bool:
        return st.booleans()
    if wanted is str:
        return st.sampled_from(declared.choices) if declared.choices else st.text(max_size=20)
    if wanted is float:
        return st.floats(declared.low, declared.high)
    whole = st.integers(int(declared.low), int(declared.high))
    return st.lists(whole, max_size=declared.most).map(tuple) if wanted is tuple else whole


def settings_of(spec: type[Spec]) -> st.SearchStrategy[dict[str, Any]]:
    """All knobs of a spec, each within its own range."""
    return st.fixed_dictionaries({name: values(spec, name) for name in spec.knobs()})


def neighbours(spec: Spec) -> Iterator[Spec]:
    """The spec itself, then copies in which one switch or one named choice is another."""
    yield spec
    for name, declared in spec.knobs().items():
        others: Sequence[object] = (False, True) if spec.type_of(name) is bool else declared.choices
        for other in others:
            if other != getattr(spec, name):
                yield replace(spec, **{name: other})


def fitting(model: type[ModelSpec], term: type[Term] | None) -> tuple[ModelSpec, tuple[Term, ...]] | None:
    """The first neighbour of a model's defaults, else of the same with a larger code, that the term accepts; and it.

    None when there is none.
    """
    terms = (AT_WORK.get(term, term()),) if term else ()
    for neighbour in (*neighbours(model()), *neighbours(model(code=LARGER))):
        assert isinstance(neighbour, ModelSpec)
        if not any(each.refusals(neighbour) for each in terms):
            return neighbour, terms
    return None


def data_of(shape: tuple[int, ...]) -> Dataset:
    """The twelve examples as a data set of ten classes and ten tags, which no example is said to have."""
    split = Split(examples(shape).numpy())
    return Dataset(split, split, classes=tuple("0123456789"), tag_names=tuple("abcdefghij"))


@cache
def examples(shape: tuple[int, ...]) -> torch.Tensor:
    """Twelve examples: handwritten digits, or points of the unit cube."""
    if shape == IMAGES:
        return torch.from_numpy(Digits().load().train.x[:ROWS].copy())
    return torch.rand(ROWS, *shape, generator=generator(0, "points"))


class Trial:
    """A model, its learner and batches of a tiny data set."""

    def __init__(
        self,
        model: ModelSpec,
        terms: Sequence[Term] = (),
        pairing: Pairing | None = None,
        optimizer: Optimizer | None = None,
        shape: tuple[int, ...] = IMAGES,
    ) -> None:
        self.model: Autoencoder = model.build(shape, generator(1, "weights"))
        self.learner = Backpropagation(self.model, terms, optimizer or Adam())
        x = examples(shape)
        clean = Batch(x, x)
        self.batch = pairing.pair(clean, generator(1, "pairing")) if pairing else clean
        self.draws = generator(1, "draws")

    def steps(self, count: int = STEPS) -> list[dict[str, float]]:
        """The losses of so many updates."""
        return [dict(self.learner.step(self.batch, self.draws, step / count)) for step in range(count)]

    def weights(self) -> dict[str, torch.Tensor]:
        """Copies of the weights."""
        return {name: value.detach().clone() for name, value in self.model.state_dict().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Whether two sets of weights are equal bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
