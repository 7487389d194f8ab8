"""Moving through the moments of a training, and taking its film home, in a real browser."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.downloading import downloaded

pytestmark = pytest.mark.browser


def test_one_slider_moves_the_scatter_and_the_pictures_without_mounting_the_scatter_anew(visit, trained):
    page = visit(f"/latent?run={trained['plain']}")
    scatter = page.get_by_test_id("scatter")
    expect(scatter).to_have_attribute("data-state", "ready")
    scatter.evaluate("element => { element.dataset.mark = 'the same' }")
    canvas = page.get_by_test_id("scatter-canvas")
    restored = page.get_by_role("img", name="reconstruction", exact=True)
    shown = (canvas.evaluate("canvas => canvas.toDataURL()"), restored.get_attribute("src"))
    slider = page.get_by_role("slider", name="Moment")
    expect(slider).to_have_attribute("aria-valuetext", "newest")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "epoch 0")
    expect(page).to_have_url(re.compile(r"moment=epoch(\+|%20)0"))
    expect(restored).not_to_have_attribute("src", shown[1])
    page.wait_for_function(
        "before => [...document.querySelectorAll('*')].some(each => "
        "(each.shadowRoot?.querySelector('[data-testid=scatter-canvas]')?.toDataURL() ?? before) !== before)",
        arg=shown[0],
    )
    expect(scatter).to_have_attribute("data-mark", "the same")
    page.reload()
    expect(page.get_by_role("slider", name="Moment")).to_have_attribute("aria-valuetext", "epoch 0")


def test_the_moments_play_to_the_newest(visit, trained):
    page = visit(f"/filters?run={trained['generative']}&moment=epoch+9")
    slider = page.get_by_role("slider", name="Moment")
    expect(slider).to_have_attribute("aria-valuetext", "epoch 9")
    page.locator(".st-key-moment-play button").first.click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("epoch 1[01]"))
    expect(slider).to_have_attribute("aria-valuetext", "newest")


def test_the_film_of_a_training_is_made_and_downloaded(visit, trained):
    page = visit(f"/?run={trained['plain']}")
    page.get_by_text("Film", exact=True).click()
    page.get_by_role("button", name="Make the film").click()
    for name, ending in (("Film as MP4", "mp4"), ("Film as GIF", "gif")):
        button = page.get_by_role("button", name=name)
        expect(button).to_be_visible()
        download = downloaded(button)
        assert download.suggested_filename == f"{trained['plain']}.{ending}"
        with open(download.path(), "rb") as file:
            head = file.read(12)
        assert head[4:8] == b"ftyp" if ending == "mp4" else head[:6] == b"GIF89a"
    with Image.open(download.path()) as film:
        assert getattr(film, "n_frames", 1) == 26
