"""Looking at what was trained, as a student does it: click, walk, sample, denoise, compare."""

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
SHOWN = {
    "": "live",
    "pretrain": "stHtml",
    "latent": "scatter-canvas",
    "interpolate": "scatter-canvas",
    "sample": "stImage",
    "generate": "live-samples",
    "denoise": "stMetric",
    "anomaly": "stMetric",
    "geometry": "stPlotlyChart",
    "filters": "stImage",
    "compare": "stPlotlyChart",
}
PAGES = ("", *(name for name in SHOWN if name))


def _ready(page: "Page") -> None:
    expect(page.get_by_test_id("scatter")).to_have_attribute("data-state", "ready")


def _click(page: "Page", across: float, down: float) -> None:
    """Click the scatter at a place given as shares of its width and height."""
    box = page.get_by_test_id("scatter-canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def _title(page: "Page") -> str:
    return page.get_by_text(re.compile(r"^(Example \d+|A place without an example)")).first.inner_text()


@pytest.mark.parametrize("name", PAGES)
def test_a_cold_deep_link_opens_each_page(visit, trained, name):
    page = visit(f"/{name}?run={trained['plain']}")
    expect(page.locator("h1")).to_have_text((name or "train").capitalize())
    assert f"{trained['plain']}" in page.url
    expect(page.get_by_test_id(SHOWN[name]).first).to_be_visible()  # the page has got to its content
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("There is no run")).to_have_count(0)


def test_a_click_on_a_point_shows_it_and_a_click_beside_shows_what_the_decoder_makes_of_the_place(visit, trained):
    page = visit(f"/latent?run={trained['plain']}")
    _ready(page)
    first = _title(page)
    assert first.startswith("Example 0")
    for down in range(20, 80, 2):  # some row of the cloud's middle is hit by a click within eight pixels of a point
        _click(page, 0.5, down / 100)
        page.wait_for_timeout(400)
        if _title(page).startswith("Example") and _title(page) != first:
            break
    else:
        pytest.fail("no click in the middle of the cloud hit a point")
    for caption in ("input", "reconstruction"):
        expect(page.get_by_text(caption, exact=True).first).to_be_visible()
    _click(page, 0.13, 0.03)
    expect(page.get_by_role("img", name="decoded from this place")).to_be_visible()


@pytest.mark.parametrize("run", ["plain", "denoising"])
def test_the_pointer_decodes_as_it_moves_and_shows_what_torch_would(visit, trained, run):
    page = visit(f"/latent?run={trained[run]}")
    _ready(page)
    panel = page.get_by_test_id("scatter-pointer")
    expect(panel).to_have_attribute("data-decoded", re.compile(r"\d+"))
    opened = open_run(Store(trained["folder"]), trained[run])
    box = page.get_by_test_id("scatter-canvas").bounding_box()
    seen = set()
    for across, down in ((0.4, 0.4), (0.5, 0.55), (0.7, 0.3)):
        before = panel.get_attribute("data-code")
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        expect(panel).not_to_have_attribute("data-code", before)
        code = panel.get_attribute("data-code")
        pixels = panel.locator("canvas").first.evaluate(
            "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
        )
        z = np.array([[float(each) for each in code.split()]], np.float32)
        expected = 255 * probes.decoded(opened.model, z).reshape(-1)
        assert np.abs(np.array(pixels[::4]) - expected).max() <= 1
        seen.add(code)
    assert len(seen) == 3
    assert float(panel.get_attribute("data-delay")) < 2000


def test_the_ends_of_a_walk_are_clicked_and_its_film_is_downloaded(visit, trained):
    page = visit(f"/interpolate?run={trained['variational']}")
    _ready(page)
    _click(page, 0.15, 0.05)
    expect(page).to_have_url(re.compile("interpolate.a="))
    _click(page, 0.9, 0.9)
    expect(page).to_have_url(re.compile("interpolate.b="))
    download = downloaded(page.get_by_role("button", name="GIF"))
    with Image.open(download.path()) as film:
        assert film.format == "GIF"
        assert getattr(film, "n_frames", 1) >= 9
    download = downloaded(page.get_by_role("button", name="PNG"))
    with Image.open(download.path()) as strips:
        assert strips.format == "PNG"


def test_samples_come_from_a_grid_and_from_the_prior(visit, trained):
    page = visit(f"/sample?run={trained['variational']}")
    expect(page.get_by_test_id("stImage").first.locator("img")).to_be_visible()
    before = page.get_by_test_id("stImage").first.locator("img").get_attribute("src")
    page.get_by_role("radio", name="Prior").click()
    expect(page.get_by_test_id("stImage").first.locator("img")).not_to_have_attribute("src", str(before))
    download = downloaded(page.get_by_role("button", name=re.compile("PNG|Picture|Download")).first)
    with Image.open(download.path()) as picture:
        assert picture.format == "PNG"


def test_generated_samples_change_over_the_epochs_beside_the_losses_of_the_players(visit, trained):
    page = visit(f"/generate?run={trained['generative']}")
    samples = page.get_by_test_id("live-samples")
    expect(samples).to_be_visible()
    picture = "canvas => canvas.toDataURL()"
    expect(page.get_by_test_id("live")).to_have_attribute("data-frames", "13")
    page.wait_for_function("canvas => canvas.width > 400", arg=samples.element_handle())
    last = samples.evaluate(picture)
    for term, pressed in (("generator", "true"), ("discriminator", "true"), ("reconstruction", "false")):
        expect(page.locator(f"[data-term={term}]")).to_have_attribute("aria-pressed", pressed)
    slider = page.get_by_test_id("live-scrubber")
    slider.focus()
    slider.press("Home")
    page.get_by_text(re.compile("epoch 0 ")).first.wait_for()
    page.wait_for_timeout(300)
    first = samples.evaluate(picture)
    assert first != last
    slider.press("End")
    page.wait_for_timeout(500)
    assert samples.evaluate(picture) == last
    for words in ("Classes covered", "Total variation distance"):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_test_id("live-scatter")).to_have_count(0)


def test_samples_stand_on_the_train_page_of_models_that_have_them_alone(visit, trained):
    page = visit(f"/?run={trained['variational']}")
    expect(page.get_by_test_id("live-samples")).to_be_visible()
    page = visit(f"/?run={trained['plain']}")
    expect(page.get_by_test_id("live-images")).to_be_visible()
    expect(page.get_by_test_id("live-samples")).to_have_count(0)


def test_a_denoiser_is_shown_with_its_figures(visit, trained):
    page = visit(f"/denoise?run={trained['denoising']}")
    for words in ("Clean", "Corrupted", "Restored"):
        expect(page.get_by_text(re.compile(f"^{words}")).first).to_be_visible()
    for measure in ("MSE, restored", "PSNR, restored", "SSIM, restored"):
        expect(page.get_by_text(measure)).to_be_visible()


def test_runs_are_compared_in_one_table(visit, trained):
    names = [str(trained[name]) for name in ("plain", "variational", "denoising")]
    page = visit("/compare?runs=" + ",".join(names))
    expect(page.get_by_test_id("wall-tile")).to_have_count(3)
    for name in names:
        expect(page.get_by_role("columnheader").filter(has_text=name[-6:])).to_be_visible()


def test_the_stages_of_a_run_are_named_and_each_shows_its_own_curves(visit, trained):
    page = visit(f"/?run={trained['stack']}")
    stages = page.get_by_test_id("live-stages").get_by_role("button")
    expect(stages).to_have_text(["layer 15 epochs", "layer 25 epochs", "fine-tuning5 epochs"])
    expect(stages.first).to_have_attribute("data-state", "over")
    stages.nth(1).click()
    expect(stages.nth(1)).to_have_attribute("aria-pressed", "true")
    stages.nth(1).click()
    expect(stages.nth(1)).to_have_attribute("aria-pressed", "false")


def test_a_stack_is_shown_stage_by_stage_and_its_labels_are_measured(visit, trained):
    page = visit(f"/pretrain?run={trained['stack']}")
    for words in ("After layer 1", "After layer 2", "After fine-tuning"):
        expect(page.get_by_text(words)).to_be_visible()
    page.get_by_label("Labelled examples").fill("10, 20")
    page.get_by_label("Labelled examples").press("Enter")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_test_id("stPlotlyChart")).to_be_visible()


@pytest.mark.parametrize("name", PAGES[1:])
def test_each_page_fits_a_phone(visit, trained, name):
    page = visit(f"/{name}?run={trained['plain']}", width=390, height=844)
    expect(page.get_by_test_id(SHOWN[name]).first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
