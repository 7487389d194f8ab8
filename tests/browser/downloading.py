"""Files that a page hands out."""

from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as Unanswered

if TYPE_CHECKING:
    from playwright.sync_api import Download, Locator

TRIES, WAIT = 8, 30_000  # milliseconds


def downloaded(button: "Locator") -> "Download":
    """What a click on the button brings.

    While the page is drawn anew a click goes astray, as it may for a person, who then clicks again.
    """
    for _ in range(TRIES):
        try:
            with button.page.expect_download(timeout=WAIT) as download:
                button.click()
            return download.value
        except Unanswered:
            continue
    raise AssertionError(f"{TRIES} clicks on {button} brought no file.")
