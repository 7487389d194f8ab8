"""The VQ-VAE (van den Oord et al. 2017): nearest vectors, whose gradient goes where, and what is drawn from."""

import json

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from aeviz.data.pairings import Batch
from aeviz.errors import SettingError
from aeviz.learning import Adam
from aeviz.learning.learners import Backpropagation
from aeviz.models import Code, VqVae
from aeviz.models.quantized import QuantizedAutoencoder
from aeviz.recipe import Recipe, read_recipe
from aeviz.seeds import generator

X = torch.rand(9, 5, generator=generator(0))


def build(**settings: object) -> QuantizedAutoencoder:
    """A small one on five numbers: three positions of two numbers each, eight vectors."""
    chosen = {"code": 6, "hidden": (), "book": 8, "dimension": 2} | settings
    model = VqVae(**chosen).build((5,), generator(1))  # type: ignore[arg-type]
    assert isinstance(model, QuantizedAutoencoder)
    return model


def test_every_part_becomes_the_nearest_vector_of_the_book() -> None:
    model = build()
    z = model.encode(X).z
    parts, book = z.detach().numpy().reshape(-1, 2), model.book.detach().numpy()
    nearest = cdist(parts, book).argmin(1)
    assert (model.entries(z).numpy().reshape(-1) == nearest).all()
    np.testing.assert_array_equal(model.quantized(z).detach().numpy(), book[nearest].reshape(9, 6))
    torch.testing.assert_close(model.decode(model.encode(X)), model.decode(Code(model.quantized(z))))


def test_decoding_takes_the_gradient_straight_through_to_the_code() -> None:
    model = build()
    z = model.encode(X).z.detach().requires_grad_(True)
    model.decode(Code(z)).sum().backward()
    (V, _) = model.decoder.parameters()  # logits = V e + c, so that the gradient by e is V's column sums
    torch.testing.assert_close(z.grad, V.detach().sum(0).expand(9, 6))
    assert model.book.grad is None, "the reconstruction does not move the book"


def test_the_two_losses_have_their_values_and_move_only_the_book_and_only_the_encoder() -> None:
    model = build(commitment=0.25)
    learner = Backpropagation(model, (), Adam())
    parts, forward = learner.losses(Batch(X, X), generator(2), learning=True)
    z, chosen = forward.code.z, model.quantized(forward.code.z)
    distance = (z - chosen).square().sum(1).mean().item()
    assert parts["codebook"].item() == pytest.approx(distance, rel=1e-6)
    assert parts["commitment"].item() == pytest.approx(0.25 * distance, rel=1e-6)
    encoder, decoder = list(model.encoder.parameters()), list(model.decoder.parameters())
    for name, moved in (("codebook", [model.book]), ("commitment", encoder), ("reconstruction", encoder + decoder)):
        every = [model.book, *encoder, *decoder]
        found = torch.autograd.grad(parts[name], every, retain_graph=True, allow_unused=True)
        wanted = {id(each) for each in moved}
        assert [each is not None for each in found] == [id(each) in wanted for each in every], name


def test_use_is_counted_in_training_alone_and_sampling_follows_it() -> None:
    model = build()
    learner = Backpropagation(model, (), Adam())
    assert model.perplexity() == pytest.approx(8), "an untrained book is drawn from evenly"
    learner.evaluate(Batch(X, X), generator(0))
    assert (model.used == 0).all()
    before = model.entries(model.encode(X).z)
    learner.step(Batch(X, X), generator(0), 0.0)
    counted = np.stack([np.bincount(before[:, position], minlength=8) for position in range(3)])
    np.testing.assert_array_equal(model.used.numpy(), counted)
    share = counted.sum(0) / counted.sum()
    entropy = -(share[share > 0] * np.log(share[share > 0])).sum()
    assert model.perplexity() == pytest.approx(np.exp(entropy), rel=1e-4)
    drawn = model.entries(model.prior(6000, generator(3))).numpy()
    for position in range(3):
        found = np.bincount(drawn[:, position], minlength=8) / 6000
        np.testing.assert_allclose(found, counted[position] / 9, atol=4 * np.sqrt(0.25 / 6000))


def test_training_puts_the_book_where_the_codes_are() -> None:
    x = torch.rand(200, 5, generator=generator(0)).round()
    model = build(hidden=(32,), book=16)
    learner, draws = Backpropagation(model, (), Adam(learning_rate=0.005)), generator(2)
    first = learner.evaluate(Batch(x, x), draws)
    for step in range(300):
        learner.step(Batch(x, x), draws, step / 300)
    last = learner.evaluate(Batch(x, x), draws)
    assert last["reconstruction"] < first["reconstruction"] / 3
    spread = model.encode(x).z.var(0).sum().item()
    assert last["codebook"] < spread / 5, "the vectors stand for most of what the codes say"
    assert model.perplexity() > 4


def test_a_book_too_small_and_a_code_that_is_no_multiple_are_refused_with_a_remedy() -> None:
    with pytest.raises(SettingError, match=r"VqVae\.book = 2: so few vectors.*Choose at least 4"):
        VqVae(book=2)
    with pytest.raises(SettingError, match=r"Choose at least 4"):
        read_recipe(json.dumps({"model": {"kind": "VqVae", "book": 2}}))
    (told,) = Recipe(model=VqVae(code=5, dimension=2)).misfits()
    assert "choose a code size of 6" in told
    assert not Recipe(model=VqVae(code=6, dimension=2)).misfits()
