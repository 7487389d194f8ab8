"""The page computes like torch: every model's decoder, and every model as a whole, played back in a browser."""

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save
from torch import Tensor, nn

from aeviz.learning import TERMS, Term
from aeviz.models import MODELS, Code, Mlp, ModelSpec
from aeviz.models.autoencoder import Autoencoder
from aeviz.models.layers import ACTIVATIONS
from aeviz.recipe import Recipe
from aeviz.seeds import generator
from aeviz.views.tape import OPERATIONS, TapeError, record, record_reconstruction

pytestmark = pytest.mark.browser
PLAY = """
const buffer = Uint8Array.from(atob(given.file), (letter) => letter.charCodeAt(0)).buffer;
const tape = readTape(readSafetensors(buffer));
return given.inputs.map((input) => Array.from(playTape(tape, input)));
"""


def played(run: Any, tape: tuple[dict[str, np.ndarray], Any], inputs: np.ndarray) -> np.ndarray:
    """What the page makes of codes or of examples, one row each."""
    constants, metadata = tape
    file = base64.b64encode(save(constants, dict(metadata))).decode()
    return np.array(run(PLAY, {"file": file, "inputs": inputs.reshape(len(inputs), -1).tolist()}), np.float32)


def decoded(model: Autoencoder, codes: np.ndarray) -> np.ndarray:
    """What torch makes of them."""
    with torch.no_grad():
        return model.mean(model.decode(Code(torch.from_numpy(codes)))).flatten(1).numpy()


def built(spec: ModelSpec, shape: tuple[int, ...], *terms: Term) -> Autoencoder:
    """The model with weights of its own; biases begin at 0, where a mistake in them would not show."""
    model = Recipe(model=spec, terms=terms, seed=4).build(shape)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator(1)))
    return model


def check(run: Any, spec: ModelSpec, shape: tuple[int, ...]) -> None:
    model = built(spec, shape)
    codes = 2 * torch.randn(3, spec.code, generator=generator(2)).numpy()
    expected = decoded(model, codes)
    assert expected.std() > 0.01
    assert np.abs(played(run, record(model), codes) - expected).max() < 1e-5


def check_whole(run: Any, model: Autoencoder, shape: tuple[int, ...]) -> None:
    x = torch.rand(3, *shape, generator=generator(6))
    with torch.no_grad():
        expected = model.reconstruct(x).flatten(1).numpy()
    assert expected.std() > 0.01
    assert np.abs(played(run, record_reconstruction(model, shape), x.numpy()) - expected).max() < 1e-4 < 1 / 255


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 13, 9), (3,)], ids=str)
def test_every_decoder_gives_the_same_in_the_page_as_in_torch(run: Any, shape: Any, model: type[ModelSpec]) -> None:
    for code in (2, 8) if not model().misfits(shape) else ():
        check(run, replace(model(), code=code), shape)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 13, 9), (3,)], ids=str)
def test_every_model_gives_back_the_same_in_the_page_as_in_torch(run: Any, shape: Any, model: type[ModelSpec]) -> None:
    if not model().misfits(shape):
        check_whole(run, built(replace(model(), code=8), shape), shape)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.__name__)
def test_what_a_regularizer_does_to_the_code_is_done_in_the_page_too(run: Any, term: type[Term]) -> None:
    model = built(Mlp(code=20, code_activation="sigmoid"), (1, 8, 8), term())
    check_whole(run, model, (1, 8, 8))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_known_to_the_page(run: Any, activation: str) -> None:
    for model in MODELS:
        if "activation" in model.knobs():
            check(run, replace(model(), activation=activation), (1, 8, 8))  # type: ignore[call-arg]


class Odd(Autoencoder):
    """Decodes by all sorts of operations."""

    def __init__(self) -> None:
        super().__init__(nn.Identity(), nn.Identity(), 6, "gaussian")
        self.table = nn.Parameter(torch.randn(5, 3, generator=generator(3)))

    def decode(self, code: Code, generator: Any = None) -> Tensor:
        z = code.z
        pairs = z.reshape(-1, 2, 3)
        far = (pairs.unsqueeze(2) - self.table).square().sum(-1)
        nearest = self.table[far.argmin(-1)]
        mixed = torch.cat([nearest.flatten(1), pairs.transpose(1, 2).flatten(1)], 1)
        scaled = mixed[:, 2:9] * torch.exp(-z[:, :1]) / 3 + z[:, 1:2].expand(-1, 7)
        return 1 - scaled.clamp(min=-2)


def test_the_player_knows_the_operations_of_books_joints_and_slices(run: Any) -> None:
    model = Odd()
    codes = torch.randn(4, 6, generator=generator(5)).numpy()
    assert np.allclose(played(run, record(model), codes), decoded(model, codes), atol=1e-5)


def test_what_the_page_cannot_repeat_is_refused_in_words() -> None:
    class Sorting(Odd):
        def decode(self, code: Code, generator: Any = None) -> Tensor:
            return code.z.sort(1).values

    with pytest.raises(TapeError, match=r"The page cannot repeat sort"):
        record(Sorting())


def test_the_player_has_every_operation_that_the_recorder_lets_pass(run: Any) -> None:
    assert set(run("return Object.keys(OPERATIONS);")) == OPERATIONS


def test_a_tape_holds_no_more_than_the_decoder_needs() -> None:
    model = Recipe().build((1, 8, 8))
    constants, metadata = record(model)
    assert sum(value.size for value in constants.values()) == sum(each.numel() for each in model.decoder.parameters())
    assert '"addmm"' in metadata["tape"]
