"""A real Chromium on the real application, for benchmarks."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.application import CHROMIUM_FLAGS, Application, application
from benchmarks.children import CONDITIONS
from benchmarks.table import Unavailable
from start import NO_CHROMIUM, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WINDOW = {"width": 1440, "height": 900}
WATCHING = ".live[data-status=running][data-painted]:not([data-painted='0'])"
"""The live picture, once it has painted a live frame."""


@contextlib.contextmanager
def browser() -> "Iterator[Browser]":
    """A headless Chromium.

    Raises:
        Unavailable: there is none, or nothing that drives it.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise Unavailable("Playwright drives the browser: pip install -r requirements-dev.txt.") from None
    path = chromium()
    if path is None:
        raise Unavailable(NO_CHROMIUM)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            yield started
        finally:
            with contextlib.suppress(Exception):  # after Ctrl-C in a terminal it has gone by itself
                started.close()


@contextlib.contextmanager
def app_and_browser(store: Path | None = None) -> "Iterator[tuple[Application, Browser]]":
    """The application as start.py starts it, on a store of its own where none is given, and a browser."""
    environment = {name: value for name, value in CONDITIONS.items() if name != "OMP_NUM_THREADS"}
    with browser() as started, application(store, **environment) as app:
        yield app, started


def visit(started: "Browser", address: str) -> "Page":
    """The address in a window of its own, its frame there."""
    page = started.new_context(viewport=WINDOW).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(60_000)
    page.goto(address)
    page.get_by_test_id("stAppViewContainer").wait_for()
    return page


def attribute(page: "Page", name: str) -> int:
    """A number that the live picture tells of itself."""
    return int(page.locator(".live[data-status]").get_attribute(name) or 0)
