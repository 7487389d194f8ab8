"""The real application on a store of its own, and pages of Chromium that report what went wrong in them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aeviz.data.pairings import GaussianNoise
from aeviz.learning import Greedy
from aeviz.models import Gan, Mlp, Vae
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from benchmarks.application import Application, application
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

Visit = Callable[..., "Page"]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A store with finished runs: plain, variational, a GAN, a denoising one with eight codes, a stack."""
    folder = tmp_path_factory.mktemp("browser") / "store"
    store = Store(folder)
    recipes = {
        "plain": Recipe(model=Mlp(hidden=(64,)), epochs=25),
        "variational": Recipe(model=Vae(hidden=(64,)), epochs=25),
        "generative": Recipe(model=Gan(hidden=(64,)), epochs=12),
        "denoising": Recipe(model=Mlp(code=8, hidden=(64,)), pairing=GaussianNoise(), epochs=25),
        "stack": Recipe(model=Mlp(code=8, hidden=(32,)), training=Greedy(layer_epochs=5), epochs=5),
    }
    return {"folder": folder} | {name: carry_out(store, recipe).id for name, recipe in recipes.items()}


@pytest.fixture(scope="session")
def app(trained: dict[str, object]) -> Iterator[Application]:
    """The application over that store, shared by all browser tests."""
    folder = trained["folder"]
    assert isinstance(folder, Path)
    with application(folder) as running:
        yield running


@pytest.fixture
def visit(chromium: "Browser", app: Application) -> Iterator[Visit]:
    """Open an address of the application in a browser of its own; at the end no page may have complained."""
    complaints: list[str] = []
    contexts = []

    def opened(path: str = "/", width: int = 1440, height: int = 900) -> "Page":
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _complain(message, complaints))
        page.on("request", lambda request: _stay_here(request.url, app.address, complaints))
        page.goto(app.address + path)
        page.get_by_test_id("stAppViewContainer").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _complain(message: "ConsoleMessage", complaints: list[str]) -> None:
    # On a deep link Streamlit's own page first asks for these two below the page's name, and then where they are.
    asked = message.location.get("url", "").endswith(("/_stcore/health", "/_stcore/host-config"))
    if message.type == "error" and not asked:
        complaints.append(f"{message.text} ({message.location.get('url', '')})")


def _stay_here(address: str, home: str, complaints: list[str]) -> None:
    if not address.startswith((home, home.replace("http", "ws"), "data:", "blob:")):
        complaints.append(f"a request left the host: {address}")
