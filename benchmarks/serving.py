"""How the pages answer: the first frame after Train, page switches while a run trains, live frames a second."""

import time
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.browsing import WATCHING, app_and_browser, attribute, visit
from benchmarks.children import say
from benchmarks.table import Row, Settings, percentile

if TYPE_CHECKING:
    from playwright.sync_api import Page

FRAME = 3.0  # seconds
SWITCH = 0.5  # seconds
RATE = 4.0  # frames a second
WARM = 8.0  # seconds after which the server has imported what its pages need
LONG = "/?epochs=100000"
FIRST = ".live[data-status=running][data-step]:not([data-step=''])"
"""The live picture once a frame of a run under way is on it."""
PAGES = ("Pretrain", "Latent", "Interpolate", "Sample", "Generate", "Denoise", "Compare", "Train")


def serving(settings: Settings) -> Iterator[Row]:
    """First frame after pressing Train, page switches while training, live frames a second, in Chromium."""
    with app_and_browser() as (app, browser):
        time.sleep(WARM)
        page = visit(browser, app.address + LONG)
        presses = settings.pick(6, 2)
        waits = []
        for turn in range(1, presses + 1):
            say(f"serving: press Train, {turn} of {presses} …")
            waits.append(press_train(page))
            if turn < presses:
                page.get_by_role("button", name="Stop", exact=True).click()
                page.locator(".live[data-status=stopped]").wait_for()
        again = ", ".join(f"{wait:.2f}" for wait in waits[1:])
        yield Row(
            "first frame of the server's very first run",
            "",
            waits[0],
            "s",
            FRAME,
            at_most=True,
            detail="from pressing Train; what the worker loads when first needed is in it",
        )
        yield Row(
            "first frame of a later run", "", median(waits[1:]), "s", FRAME, at_most=True, detail=f"presses {again} s"
        )

        say("serving: live frames …")
        page.locator(WATCHING).wait_for()
        rates = [frames_a_second(page, settings.pick(5.0, 2.0)) for _ in range(settings.pick(3, 1))]
        windows = ", ".join(f"{rate:.1f}" for rate in rates)
        yield Row("live frames in the browser", "", median(rates), "frames/s", RATE, detail=f"windows {windows}")

        switches = settings.pick(4, 1) * len(PAGES)
        say(f"serving: {switches} page switches while training …")
        visits = [switch(page, PAGES[turn % len(PAGES)]) for turn in range(switches)]
        first, later = visits[: len(PAGES)], visits[len(PAGES) :] or visits
        title, whole = ([each[part] for each in visits] for part in (0, 1))
        yield Row(
            "page switch while training, p95 until the new title",
            "",
            percentile(title, 0.95),
            "s",
            SWITCH,
            at_most=True,
            detail=f"{switches} switches: median {median(title):.2f} s; all of the page: median {median(whole):.2f} s, "
            f"p95 {percentile(whole, 0.95):.2f} s; slowest on the first visit {max(first)[0]:.2f} s (all of it "
            f"{max(each[1] for each in first):.2f} s), later {max(later)[0]:.2f} s "
            f"({max(each[1] for each in later):.2f} s)",
        )


def press_train(page: "Page") -> float:
    """Seconds from pressing Train until a frame of the new run is on the screen."""
    button = page.get_by_role("button", name="Train", exact=True)
    button.wait_for()
    began = time.monotonic()
    button.click()
    page.locator(FIRST).wait_for()
    return time.monotonic() - began


def frames_a_second(page: "Page", seconds: float) -> float:
    """Live frames that the page painted each second."""
    before, began = attribute(page, "data-painted"), time.monotonic()
    time.sleep(seconds)
    return (attribute(page, "data-painted") - before) / (time.monotonic() - began)


def switch(page: "Page", title: str) -> tuple[float, float]:
    """Seconds from clicking a page in the navigation until its title is there, and until all of it is."""
    link = page.get_by_test_id("stTopNavLink").filter(has=page.get_by_text(title, exact=True))
    link.wait_for()
    began = time.monotonic()
    link.click()
    page.get_by_role("heading", level=1, name=title, exact=True).wait_for()
    there = time.monotonic()
    # The title is the script's first line, so from here on "not running" means that the script has ended.
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    return there - began, time.monotonic() - began
