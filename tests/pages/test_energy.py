"""The Energy page over every kind of machine, driven without a browser."""

from dataclasses import replace
from pathlib import Path

import pytest

from aeviz.data import Bars, TaggedShapes, Topics, Toys
from aeviz.learning import Greedy
from aeviz.models import Boltzmann, Dbm, Dbn, MultimodalDbm, Rbm, ReplicatedSoftmax
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from aeviz.ui.energy_form import EXAMPLES
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
    "plain deep": Recipe(
        data=Bars(), model=Dbm(hidden=(12,), code=6, doubled=False), training=Greedy(layer_epochs=1), epochs=1
    ),
    "doubled deep": Recipe(data=Bars(), model=Dbm(hidden=(12,), code=6), training=Greedy(layer_epochs=1), epochs=1),
    "plane": Recipe(data=Toys(), model=Rbm(code=9, likelihood="gaussian"), epochs=2),
}
SECTIONS = {
    "restricted": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "contrastive": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "deep": ["Units", "Gibbs chain", "Mean field", "Doubled inputs", "Both phases", "Learning"],
    "directed": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "general": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "documents": ["Units", "Gibbs chain", "Both phases", "Learning"],
    "tagged": ["Units", "Images and tags", "Gibbs chain", "Mean field", "Doubled inputs", "Both phases", "Learning"],
    "plain deep": ["Units", "Gibbs chain", "Mean field", "Doubled inputs", "Both phases", "Learning"],
    "doubled deep": ["Units", "Gibbs chain", "Mean field", "Doubled inputs", "Both phases", "Learning"],
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


def test_both_ways_of_pretraining_stand_side_by_side_and_are_measured(machines):
    for name in ("plain deep", "doubled deep"):
        at = page("energy", run=machines[name], **{"energy.section": "Doubled inputs"})
        assert [each.value for each in at.subheader] == ["With doubled inputs", "Without"]
        assert [each.label for each in at.button if each.label.startswith("Train it")] == []
        tables = [each.value for each in at.dataframe]
        assert all(list(table["layer"]) == ["hidden 1", "hidden 2"] for table in tables) and len(tables) == 2
    next(each for each in at.button if each.label == "Measure log p(v)").click()
    ran(at)
    assert [each.label for each in at.metric] == ["Pretrained", "Learned together"] * 2
    assert all(each.value.startswith("at least −") or each.value.startswith("at least -") for each in at.metric)


def test_the_other_way_is_trained_on_demand(machines, tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    alone = carry_out(Store(tmp_path), MACHINES["deep"]).id
    at = page("energy", run=alone, **{"energy.section": "Doubled inputs"})
    next(each for each in at.button if each.label == "Train it without doubled inputs").click()
    ran(at)
    added = [run for run in Store(tmp_path).runs() if run.id != alone]
    assert [run.recipe for run in added] == [replace(MACHINES["deep"], model=Dbm(hidden=(12,), code=6, doubled=False))]
    assert "still being trained" in at.info[0].value


def test_tags_are_asked_for_and_answered(machines):
    at = page("energy", run=machines["tagged"], **{"energy.section": "Images and tags"})
    tags = next(each for each in at.get("button_group") if each.label == "Tags")
    assert len(tags.value) == 5, "at first those of the image"
    assert "From the image alone" in words(at) and "Sweep 250" in words(at)
    next(each for each in at.get("button_group") if each.label == "By").set_value("both")
    ran(at)
    assert "have all tags that were asked for" in words(at)
    tags = next(each for each in at.get("button_group") if each.label == "Tags")
    tags.set_value([])
    ran(at)
    assert "Choose tags above" in words(at) and "Sweep 250" not in words(at)


def test_a_part_of_each_picture_is_held(machines):
    at = page("energy", run=machines["restricted"], **{"energy.section": "Gibbs chain", "energy.hold": "left half"})
    assert not at.error
    at = page("energy", run=machines["documents"], **{"energy.section": "Gibbs chain"})
    assert "Hold" not in [each.label for each in at.get("button_group")], "words are counts, not pixels to hold"


@pytest.mark.parametrize(
    "query",
    [
        {"energy.image": "3", "energy.tags": "red"}, {"energy.image": "99999"}, {"energy.image": "x"},
        {"energy.tags": "no such tag"}, {"energy.by": "nothing"}, {"energy.others": "7"}, {"energy.tags seed": "-1"},
    ],
    ids=str,
)  # fmt: skip
def test_an_address_may_say_anything_about_tags(machines, query):
    at = page("energy", run=machines["tagged"], **{"energy.section": "Images and tags"}, **query)
    assert not at.error and "From the image alone" in words(at)


def test_tags_and_layer_of_the_address_are_shown(machines):
    at = page(
        "energy",
        run=machines["tagged"],
        **{"energy.section": "Images and tags", "energy.image": "3", "energy.tags": "red"},
    )
    assert next(each for each in at.number_input if each.label == "Held-out image").value == 3
    assert next(each for each in at.get("button_group") if each.label == "Tags").value == ["red"]
    at = page("energy", run=machines["deep"], **{"energy.section": "Units", "energy.layer": "hidden 2"})
    assert next(each for each in at.get("button_group") if each.label == "Layer").value == "hidden 2"
    at = page("energy", run=machines["deep"], **{"energy.section": "Units", "energy.layer": "hidden 7"})
    assert next(each for each in at.get("button_group") if each.label == "Layer").value == "hidden 1"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_recipe_to_begin_with_can_be_trained(example, tmp_path, monkeypatch):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    at = page("energy")
    next(each for each in at.get("button_group") if each.label == "Begin with").set_value(example)
    ran(at)
    assert not at.error
    next(each for each in at.button if each.label == "Train the machine").click()
    ran(at)
    (run,) = Store(tmp_path).runs()
    assert run.recipe.data.kind() == EXAMPLES[example]["energy.data"]
    assert run.recipe.model.kind() == EXAMPLES[example]["energy.machine"]
    if example == "images and tags":
        assert run.recipe.model == MultimodalDbm(hidden=(256,), code=256) and run.recipe.epochs == 20
