"""Counts of words: the replicated softmax beside sums over all states, and on documents whose topics are known."""

import itertools

import numpy as np
import pytest
import torch

from aeviz import train
from aeviz.data import Topics
from aeviz.data.topics import topics
from aeviz.errors import SettingError
from aeviz.learning import Adam
from aeviz.models import ReplicatedSoftmax
from aeviz.models.documents import CountMachine
from aeviz.models.units import Words
from aeviz.recipe import Recipe
from aeviz.seeds import generator
from aeviz.views import energy


def machine(words: int = 4, code: int = 3) -> CountMachine:
    made = ReplicatedSoftmax(code=code, most=16).build((1, 2, words // 2), generator(3, "weights"))
    assert isinstance(made, CountMachine)
    with torch.no_grad():
        for number, each in enumerate(made.parameters()):
            each.copy_(torch.randn(each.shape, generator=generator(number, "filled")))
    return made


def test_log_p_of_documents_of_any_length_is_the_sum_over_hidden_states() -> None:
    made = machine()
    counts = torch.tensor([[2.0, 0, 1, 0], [5, 3, 0, 7], [0, 0, 0, 1]])
    weights, (b, c) = (
        made.machine.weight(("visible", "hidden")).detach(),
        (made.machine.biases[name].detach() for name in ("visible", "hidden")),
    )
    total = torch.zeros(3)
    for states in itertools.product((0.0, 1.0), repeat=3):
        h = torch.tensor(states)
        total += torch.exp((counts @ weights.T) @ h + counts @ b + counts.sum(1) * (c @ h))
    found = made.log_unnormalised((counts / 16).reshape(3, 1, 2, 2))
    assert torch.allclose(found, total.log().double(), atol=1e-4)
    code = torch.sigmoid(counts @ weights.T + counts.sum(1, keepdim=True) * c)
    assert torch.allclose(made.encode((counts / 16).reshape(3, 1, 2, 2)).z, code)


def test_a_dream_is_as_long_as_it_is_told_and_follows_the_softmax() -> None:
    units = Words(3, 5)
    inputs = torch.tensor([[0.0, 1.0, -1.0]]).expand(4000, -1)
    drawn = units.draw(inputs, generator(0, "words"))
    assert (drawn.sum(1) == 5).all()
    assert torch.allclose(drawn.mean(0), units.mean(inputs)[0], atol=0.06)
    lengths = (torch.arange(4000) % 7).float()
    assert (units.draw_of_lengths(inputs, lengths, generator(1, "words")).sum(1) == lengths).all()


@pytest.mark.usefixtures("unchecked")
def test_it_finds_the_topics_of_documents() -> None:
    side = 4
    recipe = Recipe(
        data=Topics(side=side, examples=2000),
        model=ReplicatedSoftmax(code=24),
        optimizer=Adam(learning_rate=0.005),
        epochs=40,
        batch_size=50,
    )
    trained = train(recipe)
    model, held_out = trained.model, trained.dataset.test
    assert isinstance(model, CountMachine)
    x = torch.tensor(held_out.x)
    counts = model.seen(x)
    with torch.no_grad():
        told = model.negative_log_likelihood(model.decode(model.encode(x)), x).sum() / counts.sum()
    share = counts.sum(0) / counts.sum()
    alone = -(share * share.log()).sum()  # of a word when documents are all alike
    print(f"nats a word: {told:.3f}, of words alone {alone:.3f}")
    assert told < alone - 0.4
    # What the units drive looks like rows and columns: each topic is nearest to some unit's words.
    drives = model.machine.weight(("visible", "hidden")).detach().numpy()
    likeness = np.abs(np.corrcoef(np.concatenate([topics(side), drives]))[: 2 * side, 2 * side :]).max(1)
    print("likeness of the best unit to each topic:", likeness.round(2))
    assert (likeness > 0.5).mean() > 0.7


def test_what_has_no_single_likelihood_says_so() -> None:
    made = machine()
    x = np.zeros((2, 1, 2, 2), np.float32)
    with pytest.raises(SettingError, match="Documents of each length"):
        energy.likelihood(made, x, x, seed=0)
