"""The wall in a browser: runs in lockstep while they train, one time line, marks that all tiles share."""

from typing import TYPE_CHECKING

import pytest

from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs import walls
from aeviz.runs.store import Store
from aeviz.sweep import Sweep
from benchmarks.application import Application
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHOWN = """root => [root.dataset.epoch, root.dataset.final,
    ...[...root.querySelectorAll(".tile")].map((tile) => tile.dataset.epoch)]"""
pytestmark = pytest.mark.browser


def epochs(page: "Page") -> list[str | None]:
    """The epoch that each tile shows."""
    return [tile.get_attribute("data-epoch") for tile in page.get_by_test_id("wall-tile").all()]


def sides(page: "Page") -> list[tuple[float, float]]:
    """Left and width of each tile."""
    boxes = [tile.bounding_box() for tile in page.get_by_test_id("wall-tile").all()]
    return [(box["x"], box["width"]) for box in boxes if box]


def lasso(page: "Page", tile: int) -> None:
    """Draw around the middle of a tile's plot."""
    plot = page.get_by_test_id("wall-codes").nth(tile)
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 60, y - 60)
    page.mouse.down()
    for across, down in ((60, -60), (60, 60), (-60, 60), (-60, -60)):
        page.mouse.move(x + across, y + down, steps=3)
    page.mouse.up()


def test_a_wall_trains_in_lockstep_and_tells_what_came_of_it(visit, app: Application) -> None:
    store = Store(app.store)
    base = Recipe(model=Mlp(hidden=(32,), code=2), epochs=12, seed=77)
    sweep = Sweep.from_json({"base": base.to_json(), "over": {"SparseL1.weight": [0, 1, 10]}, "name": "Browser wall"})
    runs = walls.begin(store, sweep)
    page = visit("/compare?runs=" + ",".join(run.id for run in runs))
    wall = page.get_by_test_id("wall")
    seen = set()
    for _ in range(400):
        shown = wall.evaluate(SHOWN)
        if all(shown[2:]):
            seen.add(tuple(shown[2:]))
        if shown[1] == "true" and shown[2:] == ["12"] * 3:
            break
        page.wait_for_timeout(60)
    assert ("12", "12", "12") in seen
    assert all(len(set(each)) == 1 for each in seen)  # all tiles change in one turn of the page
    page.get_by_text("What it did").wait_for()
    assert page.get_by_text("units are active").count() == 2
    assert page.get_by_role("button", name="Stop all").count() == 0


def test_all_tiles_follow_one_time_line_and_one_mark(visit, trained) -> None:
    names = ["plain", "variational", "denoising"]
    page = visit("/compare?runs=" + ",".join(trained[name] for name in names))
    page.locator("[data-testid=wall][data-final=true]").wait_for()
    tiles = page.get_by_test_id("wall-tile")
    for tile in range(3):
        page.locator('[data-testid="wall-tile"][data-epoch="25"]').nth(tile).wait_for()
    page.get_by_text("Take along").wait_for()  # what stands below is there: nothing moves any more
    scrubber = page.get_by_test_id("live-scrubber")
    scrubber.evaluate("node => { node.value = 5; node.dispatchEvent(new Event('input')); }")
    page.locator('[data-testid="wall-tile"][data-epoch="5"]').nth(2).wait_for()
    assert epochs(page) == ["5"] * 3
    page.get_by_test_id("live-live").click()
    page.locator('[data-testid="wall-tile"][data-epoch="25"]').nth(2).wait_for()
    curves = page.get_by_test_id("wall-curves")
    assert "test loss: " in (curves.get_attribute("aria-label") or "")
    curves.click(position={"x": 58, "y": 100})
    page.locator('[data-testid="wall-tile"][data-epoch="0"]').nth(2).wait_for()
    page.get_by_test_id("live-live").click()
    page.locator('[data-testid="wall-tile"][data-epoch="25"]').nth(2).wait_for()
    lasso(page, 1)
    page.get_by_test_id("scatter-chosen").wait_for()
    assert int(page.get_by_test_id("wall").get_attribute("data-chosen") or 0) > 1
    page.get_by_role("button", name="clear").click()
    assert page.get_by_test_id("wall").get_attribute("data-chosen") == "0"
    assert tiles.count() == 3


def test_the_views_change_in_all_tiles_together(visit, trained) -> None:
    names = ["plain", "variational"]
    page = visit("/compare?runs=" + ",".join(trained[name] for name in names))
    page.get_by_test_id("wall-codes").nth(1).wait_for()
    page.get_by_role("radio", name="Reconstructions").click()
    page.get_by_test_id("live-images").nth(1).wait_for()
    page.get_by_role("radio", name="Samples").click()
    page.get_by_test_id("live-samples").nth(1).wait_for()  # the plain one has none
    assert page.get_by_text("no prior to sample from").first.is_visible()
    page.get_by_role("radio", name="Jacobian spectrum").click()
    page.get_by_test_id("wall-computed").nth(1).wait_for()
    page.get_by_text("largest").nth(1).wait_for()


def test_tiles_stand_abreast_as_there_is_room(visit, trained) -> None:
    four = "/compare?runs=" + ",".join(trained[name] for name in ("plain", "variational", "denoising", "stack"))
    page = visit(four)
    page.get_by_test_id("wall-codes").nth(3).wait_for()
    assert len({round(left) for left, _ in sides(page)}) == 4
    page = visit(four, width=390, height=844)
    page.get_by_test_id("wall-codes").nth(3).wait_for()
    assert len({round(left) for left, _ in sides(page)}) == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_page_that_is_taken_along_opens_from_a_file_without_a_server(chromium, trained, tmp_path) -> None:
    from aeviz.ui.wall import example_file
    from aeviz.ui.wall_page import MOST_FRAMES, page

    store = Store(trained["folder"])
    runs = [store.run(trained[name]) for name in ("plain", "variational", "denoising")]
    path = tmp_path / "wall.html"
    path.write_bytes(page(store, runs, [["run", "error"], ["<b>one</b>", "0.1"]], example_file(runs)))
    assert path.stat().st_size < 5_000_000
    opened, complaints = chromium.new_page(viewport={"width": 1200, "height": 800}), []
    opened.set_default_timeout(PATIENCE)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.extend([message.text] if message.type == "error" else []))
    opened.on("request", lambda request: complaints.extend([request.url] if request.url.startswith("http") else []))
    opened.goto(path.as_uri())
    opened.locator('[data-testid="wall-tile"][data-epoch="25"]').nth(2).wait_for()
    lasso(opened, 0)
    opened.get_by_test_id("scatter-chosen").wait_for()
    assert opened.locator(".mosaic canvas").count() > 0, "the images are in the file"
    scrubber = opened.get_by_test_id("live-scrubber")
    assert scrubber.get_attribute("max") == str(min(26, MOST_FRAMES) - 1)
    scrubber.evaluate("node => { node.value = 0; node.dispatchEvent(new Event('input')); }")
    opened.locator('[data-testid="wall-tile"][data-epoch="0"]').nth(2).wait_for()
    opened.get_by_role("button", name="Reconstructions").click()
    opened.get_by_test_id("live-images").nth(2).wait_for()
    assert opened.get_by_role("cell", name="<b>one</b>").is_visible()
    opened.close()
    assert complaints == []


def test_once_all_have_ended_every_frame_is_fetched_ahead(visit, app: Application, trained) -> None:
    names = ["plain", "variational"]
    page = visit("/compare?runs=" + ",".join(trained[name] for name in names))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/frames/" in request.url else None)
    page.reload()
    wall = page.locator("[data-testid=wall][data-final=true]")
    wall.wait_for()
    wanted = sum(len(Store(app.store).frames(trained[name])) for name in names)
    for _ in range(200):
        if len(set(asked)) == wanted:
            break
        page.wait_for_timeout(50)
    assert len(asked) == len(set(asked)) == wanted, "each once"
    scrubber = page.get_by_test_id("live-scrubber")
    for moment in (20, 11, 0):
        scrubber.evaluate("(node, at) => { node.value = at; node.dispatchEvent(new Event('input')); }", moment)
        page.wait_for_timeout(100)
        assert len(set(epochs(page))) == 1
    assert len(asked) == wanted, "and none again"
