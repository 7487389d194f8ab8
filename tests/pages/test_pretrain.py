"""The Pretrain page over every kind of run and over stacks, driven without a browser."""

from pathlib import Path

import pytest

from aeviz.learning import Classifier, Greedy
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs import label_efficiency
from aeviz.runs.label_efficiency import Plan
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from tests.pages.explored import RECIPES, page, pictures, ran, words

DEEP = Mlp(hidden=(12,), code=6, activation="sigmoid")
STACKS = {
    "plain": Recipe(model=DEEP, training=Greedy(layer_epochs=1), epochs=1),
    "rbm": Recipe(model=DEEP, training=Greedy(layers="rbm", layer_epochs=1), epochs=1),
    "classifier": Recipe(model=DEEP, training=Classifier(pretraining="plain", pretraining_epochs=1), epochs=1),
}


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A store with a stack of each kind."""
    folder = tmp_path_factory.mktemp("stacks")
    return folder, {name: carry_out(Store(folder), recipe).id for name, recipe in STACKS.items()}


@pytest.fixture
def stacked(stacks: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Name → id, in the store that the page uses."""
    monkeypatch.setenv("AEVIZ_STORE", str(stacks[0]))
    return stacks[1]


@pytest.mark.parametrize("name", RECIPES)
def test_every_run_can_be_looked_at(runs, name):
    at = page("pretrain", run=runs[name])
    assert not at.error
    assert "learned in one stage" in words(at)


@pytest.mark.parametrize("name", STACKS)
def test_the_stages_of_a_stack_are_shown_with_what_each_has_left(stacked, name):
    at = page("pretrain", run=stacked[name])
    assert not at.error
    last = "classifier" if name == "classifier" else "fine-tuning"
    for stage in ("layer 1", "layer 2", last):
        assert f"After {stage}" in words(at)
    assert [each for each in pictures(at) if each.startswith("After layer 1")]
    assert len(at.get("image")) == 1
    assert ("→ 10 classes" in words(at)) == (name == "classifier")
    after = next(each for each in at.selectbox if each.label == "After")
    final = at.get("image")[0].value[0]
    after.set_value(0)
    ran(at)
    assert at.get("image")[0].value[0] != final, "the units after layer 1 are those at the end"


@pytest.mark.parametrize("name", ["train", "latent", "compare", "interpolate", "sample", "denoise"])
def test_a_classifier_is_looked_at_on_every_page(stacked, name):
    assert not page(name, run=stacked["classifier"]).error


def test_what_was_measured_is_there_on_return(stacked, stacks):
    store = Store(stacks[0])
    found = list(label_efficiency.carry_out(store, stacked["plain"], Plan(counts=(10, 20), seeds=1, updates=2)))
    at = page("pretrain", run=stacked["plain"])
    assert len(at.get("plotly_chart")) == 1
    assert len(at.dataframe[0].value) == len(found[-1].table()) == 10
    assert at.number_input[0].value is not None
    assert next(each for each in at.text_input if each.label == "Labelled examples").value == "10, 20"


def test_a_stack_is_trained_from_here(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    at = page("pretrain", stack__hidden="9, 8", Greedy__layers="denoising")
    next(each for each in at.button if each.label == "Train the stack").click()
    ran(at)
    (run,) = Store(tmp_path).runs(("queued",))
    assert run.recipe.model == Mlp(hidden=(9, 8), code=32)
    assert run.recipe.training == Greedy(layers="denoising")
    assert run.recipe.pairing.kind() == "MaskingNoise"
    assert "waits for a free worker" in " ".join(each.value for each in at.info)


def test_layers_without_hidden_units_are_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    at = page("pretrain", stack__hidden="")
    at.text_input(key="stack.hidden").set_value("")
    next(each for each in at.button if each.label == "Train the stack").click()
    ran(at)
    assert "choose Mlp with hidden layers" in at.error[0].value.replace("\\", "")
