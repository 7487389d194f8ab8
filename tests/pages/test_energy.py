"""The Energy page over every kind of machine, driven without a browser."""

from pathlib import Path

import pytest

from aeviz.data import Bars, TaggedShapes, Topics, Toys
from aeviz.learning import Greedy
from aeviz.models import Boltzmann, Dbm, Dbn, MultimodalDbm, Rbm, ReplicatedSoftmax
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from tests.pages.explored import page, ran, words

MACHINES = {
    "restricted": Recipe(model=Rbm(code=9, phase="persistent"), epochs=2),
    "contrastive": Recipe(model=Rbm(code=9), epochs=1),
    "deep": Recipe(model=Dbm(hidden=(12,), code=6), training=Greedy(layer_epochs=1), epochs=1),
    "directed": Recipe(model=Dbn(hidden=(12,), code=6), training=Greedy(layer_epochs=1), epochs=1),
    "general": Recipe(data=Bars(), model=Boltzmann(phase="exact"), epochs=2),
    "documents": Recipe(data=Topics(), model=ReplicatedSoftmax(code=9, steps=2), epochs=1),
    "tagged": Recipe(
        data=TaggedShapes(images=200, size=16),
        model=MultimodalDbm(hidden=(12,), code=9),
        training=Greedy(layer_epochs=1),
        epochs=1,
    ),
    "plane": Recipe(data=Toys(), model=Rbm(code=9, likelihood="gaussian"), epochs=2),
}
SECTIONS = {
    "restricted": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "contrastive": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "deep": ["Units", "Gibbs chain", "Mean field", "Both phases", "Learning"],
    "directed": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "general": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "documents": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "tagged": ["Units", "Images and tags", "Gibbs chain", "Mean field", "Both phases", "Learning"],
    "plane": ["Units", "Landscape", "Both phases", "Learning"],
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A store with a machine of each kind."""
    folder = tmp_path_factory.mktemp("machines")
    return folder, {name: carry_out(Store(folder), recipe).id for name, recipe in MACHINES.items()}


@pytest.fixture
def machines(kept: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Name → id, in the store that the page uses."""
    monkeypatch.setenv("AEVIZ_STORE", str(kept[0]))
    return kept[1]


@pytest.mark.parametrize(("name", "section"), [(name, each) for name, found in SECTIONS.items() for each in found])
def test_every_section_of_every_machine_is_shown(machines, name, section):
    at = page("energy", run=machines[name], **{"energy.section": section})
    assert not at.exception and not at.error
    chosen = next(each for each in at.get("button_group") if each.label == "Section")
    assert [option.content for option in chosen.proto.options] == SECTIONS[name]


def test_the_likelihood_is_measured_when_asked_for(machines):
    at = page("energy", run=machines["general"], **{"energy.section": "Learning"})
    assert not at.metric
    next(each for each in at.button if each.label == "Measure").click()
    ran(at)
    assert [each.label for each in at.metric] == ["Held-out log p(v)", "Training log p(v)", "log Z"]
    assert "log Z is exact" in words(at)


def test_a_machine_is_trained_from_the_form_and_examples_fill_it(machines):
    at = page("energy", run=machines["general"])
    next(each for each in at.get("button_group") if each.label == "Begin with").set_value("two moons")
    ran(at)
    chosen = {each.label: each.value for each in at.selectbox}
    assert chosen["Data set"] == "Toys" and chosen["Machine"] == "Rbm"


def test_without_a_machine_the_page_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    at = page("energy")
    assert not at.error
    assert "No Boltzmann machine has been trained yet" in at.info[0].value


def test_documents_have_no_single_likelihood_and_the_page_says_so(machines):
    at = page("energy", run=machines["documents"], **{"energy.section": "Learning"})
    next(each for each in at.button if each.label == "Measure").click()
    ran(at)
    assert not at.exception and not at.metric
    assert any("Documents of each length" in each.value for each in at.error)
