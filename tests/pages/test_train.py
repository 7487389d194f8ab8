"""The Train page without a browser: every choice can be made, and what cannot be is answered in words."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aeviz.data import SOURCES, Shapes
from aeviz.data.pairings import PAIRINGS, SaltAndPepper
from aeviz.learning import OPTIMIZERS, SGD, TERMS, SparseL1
from aeviz.models import MODELS, ConvUnpool, Linear
from aeviz.presets import PRESETS, Preset
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from tests.patience import SECONDS

MAIN = Path(__file__).resolve().parents[2] / "pages" / "main.py"
SLOTS = {"data": SOURCES, "model": MODELS, "pairing": PAIRINGS, "optimizer": OPTIMIZERS}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def opened(**parameters: str) -> AppTest:
    """The page at an address, run once without an exception."""
    page = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def errors(page: AppTest) -> str:
    """All sentences of errors, as a reader sees them."""
    return " ".join(error.value for error in page.error).replace("\\", "")


def test_before_the_first_run_the_page_says_what_to_do(folder: Path):
    page = opened()
    assert "Nothing has been trained here yet" in page.info[0].value
    assert not next(button for button in page.button if button.label == "Train").disabled


@pytest.mark.parametrize("slot", SLOTS)
def test_every_variant_of_a_slot_has_a_form(folder: Path, slot: str):
    page = opened()
    for variant in SLOTS[slot]:
        page.selectbox(key=slot).set_value(variant.kind()).run()
        assert not page.exception
        shown = {widget.key for widget in (*page.number_input, *page.slider, *page.selectbox, *page.text_input)}
        shown |= {widget.key for widget in (*page.toggle, *page.get("button_group"))}
        wanted = {f"{variant.kind()}.{name}" for name in variant.knobs()} - {"Images.path"}
        assert wanted <= shown, wanted - shown


def test_every_term_has_a_form_and_one_that_makes_no_sense_is_refused_with_a_remedy(folder: Path):
    page = opened()
    terms = next(group for group in page.get("button_group") if group.key == "terms")
    terms.set_value([term.kind() for term in TERMS]).run()
    assert not page.exception
    assert "set its code_activation to sigmoid" in errors(page)
    assert next(button for button in page.button if button.label == "Train").disabled


def test_train_queues_the_recipe_on_the_page(folder: Path):
    page = opened(model="Linear", epochs="3")
    next(button for button in page.button if button.label == "Train").click().run()
    assert not page.exception
    (run,) = Store(folder).runs()
    assert (run.recipe.model.kind(), run.recipe.epochs, run.status) == ("Linear", 3, "queued")
    assert page.query_params["run"] in (run.id, [run.id])


@pytest.mark.parametrize("run", ["0123456789ab-012345", "../../etc/passwd", "<script>"])
def test_a_link_with_a_run_of_another_machine_still_gives_its_recipe(folder: Path, run: str):
    page = opened(run=run, model="Vae")
    assert any("not in this store" in caption.value for caption in page.caption)
    assert errors(page) == ""
    next(button for button in page.button if button.label == "Train").click().run()
    assert Store(folder).runs()[0].recipe.model.kind() == "Vae"


def test_looking_at_a_run_does_not_change_its_pace(folder: Path):
    run = Store(folder).add(Recipe(), pace=2.0)
    opened(run=run)
    assert Store(folder).run(run).pace == 2.0


@pytest.mark.parametrize("words", ["5, x", "0", "99999"])
def test_widths_that_are_none_are_answered_in_words(folder: Path, words: str):
    page = opened()
    page.text_input(key="Mlp.hidden").set_value(words).run()
    assert not page.exception
    assert "Mlp.hidden" in errors(page)


def test_the_settings_of_a_run_can_be_taken_over(folder: Path):
    recipe = Recipe(
        data=Shapes(),
        model=ConvUnpool(channels=(4, 8), code=3, unpooling="repeat"),
        terms=(SparseL1(weight=0.25),),
        pairing=SaltAndPepper(strength=0.35),
        optimizer=SGD(momentum=0.5),
        epochs=1,
        batch_size=512,
        seed=11,
    )
    run = carry_out(Store(folder), recipe)
    page = opened(run=run.id)
    next(button for button in page.button if button.label == "Take its settings").click().run()
    assert not page.exception
    next(button for button in page.button if button.label == "Train").click().run()
    assert Store(folder).runs()[0].recipe == recipe


def unfolded(run: str) -> AppTest:
    """The page on a run with its measures unfolded."""
    page = opened(run=run)
    page.session_state["train.measures"] = True
    page.run()
    assert not page.exception
    return page


def test_a_run_that_has_ended_can_be_measured_and_costs_nothing_before(folder: Path, monkeypatch: pytest.MonkeyPatch):
    from aeviz.runs.opened import OpenRun, open_run

    store = Store(folder)
    run = carry_out(store, Recipe(data=Shapes(images=200), model=Linear(code=2), epochs=1)).id
    with monkeypatch.context() as nothing:
        nothing.setattr(OpenRun, "measured", lambda *_: pytest.fail("measured before it was asked for"))
        assert not opened(run=run).metric
    page = unfolded(run)
    shown = {metric.label.replace("\\", ""): metric for metric in page.metric}
    measures = open_run(store, run).measures()
    assert len(shown) == len(measures)
    assert shown["PSNR, dB"].value == f"{measures['psnr']:.2f}"
    assert shown["MIG"].help and "Chen et al" in shown["MIG"].help.replace("\\", "")
    assert any("no prior" in caption.value and "Recall" in caption.value for caption in page.caption)


def test_a_run_that_still_learns_or_waits_is_not_measured(folder: Path):
    run = Store(folder).add(Recipe())
    assert not unfolded(run).metric


def test_a_run_that_has_diverged_says_which_measures_it_has_lost(folder: Path):
    recipe = Recipe(model=Linear(code=2), optimizer=SGD(learning_rate=10), epochs=1)
    run = carry_out(Store(folder), recipe)
    assert run.status == "diverged"
    page = unfolded(run.id)
    assert any("Test error" in each.value and "no finite value" in each.value for each in page.caption)
    assert any("PSNR" in each.label for each in page.metric)  # what is finite remains


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_fills_the_form_and_names_its_source(folder: Path, preset: Preset):
    page = opened()
    page.selectbox(key="preset").set_value(preset.name).run()
    assert not page.exception and not page.error
    assert preset.source[:20] in " ".join(each.value for each in page.caption).replace("\\", "")
    next(each for each in page.button if each.label == "Train").click().run()
    (run,) = Store(folder).runs()
    assert run.recipe == preset.recipe
