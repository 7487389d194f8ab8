"""Making pictures, as a student does it: drawing, erasing, walking to the manifold, sampling."""

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.views import probes
from tests.browser.downloading import downloaded

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
RED = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 8, 8).data).filter((_, at) => at % 4 === 0)"


def _pad(page: "Page") -> None:
    drawing = page.get_by_test_id("drawing")
    expect(drawing).to_have_attribute("data-state", "ready")
    drawing.scroll_into_view_if_needed()


def _stroke(page: "Page", *places: tuple[float, float]) -> None:
    """Draw through places given as shares of the pad's width and height."""
    strokes = page.get_by_test_id("drawing")
    before = int(strokes.get_attribute("data-strokes") or 0)
    box = page.get_by_test_id("drawing-pad").bounding_box()
    assert box
    points = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
    expect(strokes).to_have_attribute("data-strokes", str(before + 1))


def test_a_drawn_digit_is_restored_by_several_models_as_it_is_drawn(visit, trained):
    page = visit(f"/denoise?run={trained['denoising']}&denoise.part=Draw&denoise.beside={trained['variational']}")
    _pad(page)
    expect(page.get_by_test_id("drawing-model")).to_have_count(2)
    store = Store(trained["folder"])
    opened = [open_run(store, trained[name]) for name in ("denoising", "variational")]
    before = [page.get_by_test_id(f"drawing-made-{place}").evaluate(RED) for place in (0, 1)]
    blank = np.zeros((1, 1, 8, 8), np.float32)
    for run, pixels in zip(opened, before, strict=True):
        assert np.abs(255 * probes.reconstructions(run.model, blank).ravel() - pixels).max() <= 1
    _stroke(page, (0.3, 0.2), (0.7, 0.2), (0.4, 0.9))
    for place, pixels in enumerate(before):
        made = page.get_by_test_id(f"drawing-made-{place}")
        expect(made).to_have_attribute("aria-label", re.compile("RMS change"))
        assert np.abs(np.array(made.evaluate(RED)) - pixels).max() > 10
    page.get_by_test_id("drawing-clear").click()
    page.wait_for_timeout(200)
    assert page.get_by_test_id("drawing-made-0").evaluate(RED) == before[0]


def test_an_example_is_drawn_on_and_the_next_begins_anew(visit, trained):
    page = visit(f"/denoise?run={trained['denoising']}&denoise.part=Draw&denoise.start=example")
    _pad(page)
    opened = open_run(Store(trained["folder"]), trained["denoising"])
    for index in (0, 1):
        expected = 255 * probes.reconstructions(opened.model, opened.dataset.test.x[index : index + 1]).ravel()
        for _ in range(50):
            made = np.array(page.get_by_test_id("drawing-made-0").evaluate(RED))
            if np.abs(made - expected).max() <= 1:
                break
            page.wait_for_timeout(200)
        assert np.abs(made - expected).max() <= 1
        if index == 0:
            _stroke(page, (0.1, 0.1), (0.9, 0.9))
            page.get_by_role("button", name="Next").click()
            expect(page).to_have_url(re.compile("denoise.example=1"))


def test_an_erased_part_is_filled_in(visit, trained):
    page = visit(f"/denoise?run={trained['denoising']}&denoise.part=Erase")
    _pad(page)
    _stroke(page, (0.3, 0.4), (0.7, 0.4))
    expect(page.get_by_text(re.compile(r"\d+ steps?, settled"))).to_be_visible()
    example = 255 * open_run(Store(trained["folder"]), trained["denoising"]).dataset.test.x[0, 0]
    shown = np.reshape(page.get_by_test_id("drawing-completed-0").evaluate(RED), (8, 8))
    assert np.abs(shown[[0, 1, 6, 7]] - example[[0, 1, 6, 7]]).max() <= 1, "what is known stays"


def test_a_walk_is_played_and_stepped(visit, trained):
    page = visit(f"/denoise?run={trained['denoising']}&denoise.part=Walk&denoise.beside={trained['plain']}")
    reel = page.get_by_test_id("reel")
    expect(reel).to_have_attribute("data-state", "ready")
    expect(page.get_by_test_id("reel-row")).to_have_count(2)
    expect(reel).to_have_attribute("data-step", "30")  # it has played itself to the end
    page.get_by_test_id("reel-back").click()
    expect(page.get_by_test_id("reel-label")).to_have_text("step 29 of 30")
    download = downloaded(page.get_by_role("button", name="GIF"))
    with Image.open(download.path()) as film:
        assert film.format == "GIF"
        assert getattr(film, "n_frames", 1) >= 10  # steps that change nothing any more are one frame


def test_samples_are_set_beside_examples_and_the_decoder_is_measured(visit, trained):
    page = visit(f"/sample?run={trained['variational']}&sample.from=KDE&sample.look=how real")
    expect(page.get_by_role("img", name=re.compile("farther than")).first).to_be_visible()
    page.get_by_role("radio", name="Stretch").click()
    expect(page.get_by_test_id("scatter")).to_have_attribute("data-state", "ready")
    expect(page.get_by_text("log stretch")).to_be_visible()
    page.get_by_role("radio", name="Traversals").click()
    expect(page.get_by_role("img", name=re.compile("^z₂, 1 of 15"))).to_be_visible()


@pytest.mark.parametrize(
    "part", ["denoise?denoise.part=Draw", "denoise?denoise.part=Walk", "sample?sample.from=Stretch"]
)
def test_the_parts_fit_a_phone(visit, trained, part):
    page = visit(f"/{part}&run={trained['denoising']}", width=390, height=844)
    shown = {"Draw": "drawing-pad", "Walk": "reel-row", "Stretch": "scatter-canvas"}[part.rpartition("=")[2]]
    expect(page.get_by_test_id(shown).first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
