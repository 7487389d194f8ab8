"""The explorer as hands use it: drawing around points, lines, pins, keys, fingers, and a run that is followed."""

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.views import probes
from tests.browser.downloading import downloaded

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def _ready(page: "Page") -> None:
    expect(page.get_by_test_id("scatter")).to_have_attribute("data-state", "ready")
    expect(page.get_by_test_id("scatter-pointer")).to_have_attribute("data-decoded", re.compile(r"\d+"))


def _place(page: "Page", across: float, down: float) -> tuple[float, float]:
    page.get_by_test_id("scatter-canvas").scroll_into_view_if_needed()
    box = page.get_by_test_id("scatter-canvas").bounding_box()
    assert box
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def _drag(page: "Page", places: list[tuple[float, float]], key: str) -> None:
    page.keyboard.down(key)
    page.mouse.move(*_place(page, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*_place(page, *place), steps=3)
    page.mouse.up()
    page.keyboard.up(key)


def _code(page: "Page") -> list[float]:
    text = page.get_by_test_id("scatter-pointer").get_attribute("data-code") or ""
    return [float(each) for each in text.split()]


def test_points_that_are_drawn_around_are_shown_as_a_set_and_reach_the_page(visit, trained):
    page = visit(f"/latent?run={trained['plain']}")
    _ready(page)
    _drag(page, [(0.085, 0.02), (0.98, 0.02), (0.98, 0.945), (0.085, 0.945)], "Shift")
    expect(page.get_by_test_id("scatter-chosen")).to_have_text("360 of 360 points selected")
    expect(page.get_by_text("360 selected")).to_be_visible()
    counts = page.get_by_test_id("scatter-makeup").locator(".makeup-row span:last-child").all_inner_texts()
    assert sum(int(each.split()[0]) for each in counts) == 360
    expect(page.locator(".mosaic canvas")).to_have_count(24)
    download = downloaded(page.get_by_role("button", name="Table of the selection"))
    assert len(download.path().read_text().splitlines()) == 361
    page.locator(".selection").get_by_role("button", name="clear").click()
    expect(page.get_by_text("360 selected")).to_have_count(0)


def test_a_line_shows_what_lies_along_it_as_torch_would_and_pins_survive_a_reload(visit, trained):
    page = visit(f"/latent?run={trained['plain']}")
    _ready(page)
    _drag(page, [(0.3, 0.3), (0.5, 0.5), (0.8, 0.7)], "Alt")
    walk = page.get_by_test_id("scatter-walk").locator("figure")
    expect(walk).to_have_count(9)
    codes = []
    for across, down in ((0.3, 0.3), (0.8, 0.7)):
        page.mouse.move(*_place(page, across, down))
        page.wait_for_timeout(200)
        codes.append(_code(page))
        page.keyboard.press("p")
    opened = open_run(Store(trained["folder"]), trained["plain"])
    expected = 255 * probes.decoded(opened.model, probes.straight(np.array(codes[0]), np.array(codes[1]), 9)).reshape(
        9, -1
    )
    for at in (0, 4, 8):
        pixels = (
            walk.nth(at)
            .locator("canvas")
            .evaluate(
                "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
            )
        )
        assert np.abs(np.array(pixels[::4]) - expected[at]).max() <= 4, "the pointer stands within a pixel of the end"
    expect(page.get_by_test_id("scatter-pins").locator("figure")).to_have_count(2)
    expect(page).to_have_url(re.compile("latent.pins="))
    with page.expect_download() as download:
        page.keyboard.press("s")
    with Image.open(download.value.path()) as picture:
        assert picture.format == "PNG"
        assert picture.width > 600 and picture.height > 500
    page.reload()
    _ready(page)
    expect(page.get_by_test_id("scatter-pins").locator("figure")).to_have_count(2)
    page.get_by_role("button", name="remove A").click()
    expect(page.get_by_test_id("scatter-pins").locator("figure")).to_have_count(1)


def test_the_keyboard_moves_the_pointer_and_says_what_is_there(visit, trained):
    page = visit(f"/latent?run={trained['plain']}")
    _ready(page)
    page.get_by_test_id("scatter-canvas").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    before = _code(page)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(400)
    after = _code(page)
    assert after[0] > before[0] and after[1] == pytest.approx(before[1], abs=1e-3)
    expect(page.get_by_test_id("scatter-status")).to_have_text(re.compile(r": (no point here|.*example \d+)"))
    page.keyboard.press("?")
    expect(page.get_by_test_id("scatter-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("scatter-help")).to_be_hidden()


def test_one_finger_decodes_and_two_zoom(visit, trained):
    page = visit(f"/latent?run={trained['plain']}", width=390, height=844)
    _ready(page)
    x, y = _place(page, 0.5, 0.5)
    hands = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": at[0], "y": at[1], "id": number} for number, at in enumerate(places)]
        hands.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = _code(page)
    touch("touchStart", (x, y))
    for step in range(1, 6):
        touch("touchMove", (x + 8 * step, y))
    page.wait_for_timeout(200)
    moved = _code(page)
    touch("touchEnd")
    assert moved[0] != before[0]
    expect(page.get_by_role("button", name="reset view")).to_be_hidden()
    touch("touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        touch("touchMove", (x - 20 - 8 * step, y), (x + 20 + 8 * step, y))
    touch("touchEnd")
    expect(page.get_by_role("button", name="reset view")).to_be_visible()


def test_sliders_move_what_the_picture_does_not_show(visit, trained):
    page = visit(f"/latent?run={trained['denoising']}")
    _ready(page)
    page.get_by_text("The rest of the code is held").click()
    page.wait_for_timeout(500)  # the mouse has left the plane, and what is decoded is what was clicked last
    before = _code(page)
    slider = page.get_by_role("slider", name=re.compile("^principal axis 3")).first
    slider.focus()
    for _ in range(30):
        slider.press("ArrowRight")
    panel = page.get_by_test_id("scatter-pointer")
    expect(panel).not_to_have_attribute("data-code", " ".join(f"{each:.6g}" for each in before))
    opened = open_run(Store(trained["folder"]), trained["denoising"])
    expect(page).to_have_url(re.compile("latent.hold.pca.3="))
    page.wait_for_timeout(500)
    change = np.array(_code(page)) - before
    assert np.abs(change @ opened.plane.basis).max() < 1e-3
    assert np.linalg.norm(change) > 1e-3


def test_all_examples_and_groups_of_codes_are_drawn(visit, trained):
    page = visit(f"/latent?run={trained['plain']}&latent.examples=all&latent.colour=k-means&latent.groups=4")
    _ready(page)
    expect(page.get_by_test_id("scatter")).to_have_attribute("data-points", "1797")
    expect(page.get_by_test_id("scatter-legend").get_by_role("button")).to_have_text(
        [f"group {n}" for n in range(1, 5)]
    )


def test_a_run_is_followed_while_it_trains_and_shown_whole_at_its_end(visit, trained):
    store = Store(trained["folder"])
    run = store.add(Recipe(model=Mlp(code=4, hidden=(16,)), epochs=100_000))
    try:
        page = visit("/latent")
        for _ in range(240):
            if store.run(run).step > 5:
                break
            page.wait_for_timeout(250)
        page.goto(page.url.split("/latent")[0] + f"/latent?run={run}")
        scatter = page.get_by_test_id("scatter")
        expect(scatter).to_have_attribute("data-painted", re.compile(r"\d{2,}"))
        expect(page.get_by_test_id("scatter-status")).to_have_text(re.compile(r"live, epoch [\d.]+ · 300 points"))
        panel = page.get_by_test_id("scatter-pointer")
        weights = panel.get_attribute("data-weights") or ""
        expect(panel).not_to_have_attribute("data-weights", weights)  # renewed as it learns
    finally:
        store.want(run, "stop")
    expect(page.locator("[data-testid=scatter]:not([data-live])")).to_be_visible()
    expect(page.get_by_test_id("scatter")).to_have_attribute("data-points", "360")
    expect(page.get_by_test_id("scatter-status")).to_have_text("360 points")
