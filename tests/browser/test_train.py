"""Training as a student does it: in a real browser, on the real application."""

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from aeviz.recipe import Recipe, read_recipe
from tests.browser.downloading import downloaded

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
SLOW = "/?epochs=5000&pace=10+epochs%2Fs"


def _status(page: "Page", words: str) -> None:
    expect(page.get_by_test_id("live")).to_have_attribute("data-status", re.compile(words))


def _train(page: "Page") -> str:
    """Press Train; the new run's id."""
    # The page first puts the newest run into its address, and that must not be taken for the new one.
    page.get_by_role("button", name="Train", exact=True).wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)
    before = page.url
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("before => location.href !== before && location.search.includes('run=')", arg=before)
    found = re.search(r"run=([0-9a-f-]+)", page.url)
    assert found
    page.locator(f"[data-testid=live][data-run='{found[1]}']").wait_for()
    return found[1]


def _attribute(page: "Page", name: str) -> int:
    return int(page.get_by_test_id("live").get_attribute(name) or 0)


def test_trains_to_the_end_and_every_epoch_can_be_seen_again(visit, app):
    page = visit("/?epochs=30&Mlp.hidden=64")
    run = _train(page)
    _status(page, "finished")
    expect(page.get_by_test_id("live")).to_have_attribute("data-frames", "31")
    slider = page.get_by_test_id("live-scrubber")
    slider.focus()
    slider.press("Home")
    page.get_by_text(re.compile("epoch 0 ")).first.wait_for()
    weights = app.store / "runs" / run / "model.safetensors"
    assert weights.stat().st_size > 10_000


def test_a_reload_and_a_closed_tab_find_the_run_again(visit):
    page = visit(SLOW)
    run = _train(page)
    _status(page, "running")
    page.reload()
    _status(page, "running")
    assert run in page.url
    page.close()
    again = visit("/")
    _status(again, "running")
    assert run in again.url
    again.get_by_role("button", name="Stop").click()
    _status(again, "stopped")


def test_pause_step_and_resume(visit):
    page = visit(SLOW)
    _train(page)
    _status(page, "running")
    page.get_by_role("button", name="Pause").click()
    _status(page, "paused")
    before = _attribute(page, "data-step")
    page.get_by_role("button", name="Step").click()
    expect(page.get_by_test_id("live")).to_have_attribute("data-step", str(before + 1))
    page.get_by_role("button", name="Resume").click()
    _status(page, "running")
    page.get_by_role("button", name="Stop").click()
    _status(page, "stopped")


def test_a_copied_link_opens_the_same_recipe(visit):
    page = visit(
        "/?model=Vae&Vae.code=3&Vae.beta=2.5&pairing=GaussianNoise&GaussianNoise.strength=0.4"
        "&terms=Contractive&Contractive.weight=0.2&optimizer=SGD&seed=7&epochs=2"
    )
    run = _train(page)
    _status(page, "finished")
    download = downloaded(page.get_by_role("button", name="Download recipe"))
    recipe = read_recipe(download.path().read_text())
    expected = Recipe.from_json(
        {
            "model": {"kind": "Vae", "code": 3, "beta": 2.5},
            "terms": [{"kind": "Contractive", "weight": 0.2}],
            "pairing": {"kind": "GaussianNoise", "strength": 0.4},
            "optimizer": {"kind": "SGD"},
            "seed": 7,
            "epochs": 2,
        }
    )
    assert recipe == expected, json.dumps(recipe.to_json())
    assert run.startswith(expected.id())


def test_a_bad_setting_is_answered_in_words_and_nothing_starts(visit):
    page = visit("/?batch_size=5000")
    page.get_by_text("has only 1437 training examples").wait_for()
    assert page.get_by_role("button", name="Train", exact=True).is_disabled()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_fits_its_window(visit, width):
    page = visit("/?epochs=10", width=width)
    if width > 1000:
        _train(page)
    _status(page, "finished|running")
    overflow = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
