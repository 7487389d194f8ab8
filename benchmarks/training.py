"""Training in the app, watched by a browser, against the same training in a plain PyTorch loop.

Both sides under the same conditions: beside the plain loop the same server shows the same browser as many pictures of
a run, which is a finished one (`benchmarks.replay`). What the app costs beside the training itself, in the worker's
process, is what is left. A second row has the plain loop alone on the machine.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from aeviz.data import Digits, Glyphs, Mnist, Source
from aeviz.models import Conv, Mlp
from aeviz.recipe import Recipe
from aeviz.runs.store import Store
from benchmarks.application import Application
from benchmarks.browsing import WATCHING, app_and_browser, attribute, visit
from benchmarks.children import children_named, marks_of, processor_seconds, say, told
from benchmarks.replay import replayed
from benchmarks.table import Mark, Row, Settings, Speed, Unavailable, compared, speed

if TYPE_CHECKING:
    from playwright.sync_api import Page

GOAL = 0.95
FUSED = "plain PyTorch, fused Adam, beside the same browser"
ALONE = "plain PyTorch, fused Adam, alone"
LOADER = "plain PyTorch, DataLoader, Adam"
TRIAL_EPOCHS = 5
LOOK = 0.03  # seconds between two looks into the store


def images() -> Source:
    """Ten thousand images of 28 × 28: MNIST where its files are (AEVIZ_DATA), else characters that are drawn."""
    return Mnist() if Mnist().own_folder() else Glyphs(images=12_500)


def training(settings: Settings) -> Iterator[Row]:
    """Training in the app, watched live in Chromium, against a plain PyTorch loop."""
    data = images()
    recipes = {
        f"training, Mlp on {data.kind()}": (Recipe(data=data, model=Mlp()), True),
        f"training, Conv on {data.kind()}": (Recipe(data=data, model=Conv()), False),
        "training, Mlp on Digits (small steps)": (Recipe(data=Digits(), model=Mlp()), False),
    }
    rounds, seconds = settings.pick(7, 1), settings.pick(8.0, 6.0)
    with app_and_browser() as (app, browser):
        page = visit(browser, app.address)
        for figure, (recipe, with_loader) in recipes.items():
            say(f"{figure}: how long an epoch takes …")
            examples = recipe.data.sizes()[0]
            trial = speed(marks_of(plain(replace(recipe, epochs=TRIAL_EPOCHS))), examples, TRIAL_EPOCHS, high=1)
            recipe = replace(recipe, epochs=max(4, round(seconds * trial.wall / examples)))  # noqa: PLW2901
            ours, fused, alone, loader = list[Speed](), list[Speed](), list[Speed](), list[Speed]()
            frames = list[float]()
            for turn in range(1, rounds + 1):
                say(f"{figure}: round {turn} of {rounds}, {recipe.epochs} epochs on either side …")
                run, own, rate = watched(app, page, recipe)
                ours.append(own)
                frames.append(rate)
                with replayed(app, page, run, rate):
                    fused.append(speed(marks_of(plain(recipe)), examples, recipe.epochs))
                page.goto("about:blank")
                alone.append(speed(marks_of(plain(recipe)), examples, recipe.epochs))
                if with_loader:
                    loader.append(speed(marks_of(plain(recipe, "loader")), examples, recipe.epochs))
            seen = f"watched at {sum(frames) / len(frames):.1f} live frames/s"
            yield compared(figure, FUSED, ours, fused, GOAL, seen)
            yield compared(figure, ALONE, ours, alone, None)
            if with_loader:
                yield compared(figure, LOADER, ours, loader, None)


def plain(recipe: Recipe, way: str = "indexed") -> dict[str, object]:
    """The recipe in a plain loop, in a process of its own."""
    return dict(told("benchmarks.plain", "--recipe", json.dumps(recipe.to_json()), "--way", way))


def watched(app: Application, page: "Page", recipe: Recipe) -> tuple[str, Speed, float]:
    """The recipe through the store and a worker while the page shows it; the run, its speed, live frames a second.

    Raises:
        Unavailable: the run was over before the page showed it, or failed.
    """
    store = Store(app.store)
    run = store.add(recipe)
    page.goto(f"{app.address}/?run={run}")
    picture = page.locator(WATCHING)
    workers = children_named(app.process, "aeviz.runs.worker")
    marks: list[Mark] = []
    began = painted = offset = 0.0
    while not (row := store.run(run)).ended:
        if not began and picture.count():
            began, painted = time.monotonic(), attribute(page, "data-painted")
        news, offset = store.history(run, int(offset))
        if began and news:
            used = [processor_seconds(worker) for worker in workers] or [None]
            known = [each for each in used if each is not None]
            marks.append(Mark(news[-1]["epoch"], time.monotonic(), sum(known) if len(known) == len(used) else None))
        time.sleep(LOOK)
    if row.status != "finished":
        raise Unavailable(f"The run {row.status}: {row.message}")
    if not began:
        raise Unavailable("The run was over before the browser showed it.")
    rate = (attribute(page, "data-painted") - painted) / (time.monotonic() - began)
    return run, speed(marks, recipe.data.sizes()[0], recipe.epochs), rate
