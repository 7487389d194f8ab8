"""The time line of a wall: from the slider to the moment at which all six tiles show the epoch."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from aeviz.data import Glyphs
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from benchmarks.browsing import app_and_browser, visit
from benchmarks.children import say
from benchmarks.table import Row, Settings, percentile

TILES = 6
GOAL = 100.0  # milliseconds, p95
SETTLED = 3000  # milliseconds after the wall is there: as long as a person takes to reach for the slider

# Moves the slider through all of its moments; the time of each ends with the frame that shows it.
SCRUB = """
async (wall) => {
  const slider = wall.querySelector("[data-testid=live-scrubber]");
  const tiles = [...wall.querySelectorAll("[data-testid=wall-tile]")];
  const painted = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const delays = [];
  for (let moment = Number(slider.max) - 1; moment >= 0; moment -= 1) {
    const began = performance.now();
    slider.value = moment;
    slider.dispatchEvent(new Event("input"));
    do await painted(); while (tiles.some((tile) => tile.dataset.epoch !== wall.dataset.epoch));
    delays.push(performance.now() - began);
  }
  return delays;
}
"""


def scrubbing(settings: Settings) -> Iterator[Row]:
    """Six runs of 28 × 28 images with all of their frames, from the last moment back to the first, twice."""
    epochs = settings.pick(100, 5)
    say("scrubbing: training six runs …")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        recipes = [
            Recipe(data=Glyphs(images=settings.pick(2000, 300)), model=Mlp(hidden=(32,)), epochs=epochs, seed=seed)
            for seed in range(TILES)
        ]
        runs = [carry_out(store, recipe).id for recipe in recipes]
        with app_and_browser(Path(folder)) as (app, browser):
            page = visit(browser, f"{app.address}/compare?runs={','.join(runs)}")
            page.wait_for_selector("[data-testid=wall][data-final=true]")
            page.wait_for_timeout(SETTLED)
            wall = page.get_by_test_id("wall")
            first, again = wall.evaluate(SCRUB), wall.evaluate(SCRUB)
    detail = f"median {percentile(first, 0.5):.0f} ms, again {percentile(again, 0.5):.0f} ms, {len(first)} moments"
    name = f"scrubbing {TILES} tiles, p95"
    yield Row(f"{name}, first pass", "", percentile(first, 0.95), "ms", GOAL, at_most=True, detail=detail)
    yield Row(f"{name}, again", "", percentile(again, 0.95), "ms", GOAL, at_most=True)
