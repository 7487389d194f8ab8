"""What all tests share: array types checked while they run, one thread, and a browser where there is one.

Tests that drive a browser carry the marker `browser` or take the fixture `chromium`. Without a Chromium they are
skipped, and the closing lines name and count them.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jaxtyping
import pytest
import torch
from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintException

from aeviz.spec import Spec
from start import NO_CHROMIUM
from start import chromium as chromium_path
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def specs(above: type[Spec] = Spec) -> Iterator[type[Spec]]:
    """Every class of choices that has been made so far."""
    yield above
    for each in above.__subclasses__():
        yield from specs(each)


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its arguments and result checked at every call. Left as they are:

    the `__init__` of a Spec, which refuses wrong fields itself, in better words; and what names a type that cannot
    be checked while running, such as a protocol without `runtime_checkable`.
    """
    name = (function.__module__, function.__qualname__)
    if any(name == (each.__module__, f"{each.__qualname__}.__init__") for each in specs()):
        return function
    try:
        return beartype(conf=BeartypeConf(is_pep484_tower=True))(function)  # for a float a whole number will do
    except BeartypeDecorHintException:
        return function


# The packages that pass arrays about.
jaxtyping.install_import_hook(["aeviz.data", "aeviz.models", "aeviz.learning", "aeviz.views"], f"{__name__}.checked")

BROWSER_FOLDERS = ("tests/browser/", "tests/ui_components/")
BROWSER_ARGUMENTS = (
    "--no-sandbox",  # root in a container has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, and skip it where there is none."""
    present = chromium_path() is not None
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if not present and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A process takes a file at a time, and one process all that drives a browser: two want more than two cores."""
    from xdist.scheduler import LoadFileScheduling

    if config.getvalue("dist") != "loadfile":
        return None
    scheduler = LoadFileScheduling(config, log)
    file_of = scheduler._split_scope
    scheduler._split_scope = lambda name: "browser" if name.startswith(BROWSER_FOLDERS) else file_of(name)
    return scheduler


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name and count the browser tests that were skipped, in whatever process."""
    reports = [each for each in terminalreporter.stats.get("skipped", ()) if NO_CHROMIUM in str(each.longrepr)]
    if reports:
        skipped = Counter(each.nodeid.split("::")[0] for each in reports)
        files = ", ".join(f"{name} ({count})" for name, count in sorted(skipped.items()))
        terminalreporter.write_line(f"browser tests skipped: {skipped.total()} in {files}. {NO_CHROMIUM}", yellow=True)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """One thread of arithmetic: sums in one order, and nobody else's core."""
    torch.set_num_threads(1)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """For thousands of steps that are all alike: array types are not checked, which takes four fifths of the time."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """A headless Chromium for the whole session; a test opens a page of its own with `chromium.new_page()`."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    path = chromium_path()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return Path(__file__).resolve().parent.parent
