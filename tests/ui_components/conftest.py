"""The components' JavaScript modules in an empty page of a real browser."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from aeviz.ui.components.sources import PURE, javascript
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def run(chromium: "Browser") -> Iterator[Run]:
    """Evaluate the body of a function of `given` in which the pure modules' names are known."""
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE)

    def evaluated(body: str, given: object = None, more: tuple[str, ...] = ()) -> Any:
        return page.evaluate(f"(given) => {{ {javascript(*PURE, *more)}\n{body} }}", given)

    yield evaluated
    page.close()
