"""Whatever learns stays on the device that it was put on, draws included: shown on torch's "meta" device.

A tensor on "meta" has a shape and no numbers, and whatever joins it with one on the CPU fails, as on a GPU. Its
generator is the CPU's, so what a prior draws for a player, on the device of the generator, is carried over here.
"""

from collections.abc import Callable
from functools import partial

import pytest
import torch

from aeviz.data.pairings import PAIRINGS, Batch, Pairing
from aeviz.learning import Adam, Term
from aeviz.learning.learners import Backpropagation
from aeviz.models import Boltzmann, Dbm, ModelSpec, Rbm, Samples
from aeviz.models.machines import Machine
from aeviz.seeds import generator
from tests.contract.drawn import IMAGES, POINTS, ROWS, named
from tests.contract.test_training import ACCEPTED

LOOKS_AT_NUMBERS = {"ReplicatedSoftmax", "TopK"}
"""Whose step asks what "meta" cannot say: how long the longest document is, whether a unit is dead."""

ALONE = [each for each in ACCEPTED if not each.values[1]]
WITH_TERMS = {type(term): each for each in reversed(ACCEPTED) for term in each.values[1]}
CASES = [*ALONE, *WITH_TERMS.values(), pytest.param(Rbm(phase="tempered"), (), id="tempered")]
"""Every model by itself, every term with the first model that takes it."""


def _carried(prior: Callable[[int, torch.Generator], torch.Tensor], n: int, draws: torch.Generator) -> torch.Tensor:
    return prior(n, draws).to("meta")


def step(spec: ModelSpec, terms: tuple[Term, ...], monkeypatch: pytest.MonkeyPatch, *, begun: bool = True) -> None:
    """One step. begun: whether persistent chains have been anywhere, which is read off numbers."""
    model = spec.build(IMAGES, generator(1, "weights")).to("meta")
    monkeypatch.setattr(Machine, "begun", lambda machine: begun)
    if isinstance(model, Samples):
        monkeypatch.setattr(model, "prior", partial(_carried, model.prior))
    x = torch.empty(ROWS, *IMAGES, device="meta")
    losses, _ = Backpropagation(model, terms, Adam()).losses(Batch(x, x), generator(1, "draws"), learning=True)
    losses["loss"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, f"{name} has no gradient"


@pytest.mark.parametrize(("spec", "terms"), CASES)
def test_a_step_never_leaves_the_device_of_the_model(
    spec: ModelSpec, terms: tuple[Term, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if LOOKS_AT_NUMBERS & {spec.kind(), *(term.kind() for term in terms)}:
        with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta"):
            step(spec, terms, monkeypatch)
    else:
        step(spec, terms, monkeypatch)


@pytest.mark.parametrize("spec", [Rbm(phase="persistent"), Rbm(phase="tempered"), Dbm(), Boltzmann()], ids=named)
def test_chains_begin_on_the_device_of_the_model(spec: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    step(spec, (), monkeypatch, begun=False)


@pytest.mark.parametrize("shape", [IMAGES, POINTS], ids=["images", "points"])
@pytest.mark.parametrize("pairing", PAIRINGS, ids=named)
def test_corruption_never_leaves_the_device_of_the_batch(pairing: type[Pairing], shape: tuple[int, ...]) -> None:
    x = torch.empty(ROWS, *shape, device="meta")
    made = pairing().pair(Batch(x, x), generator(1, "pairing"))
    assert made.inputs.device.type == "meta" and made.inputs.shape == x.shape
