"""Make the README's picture from the real app: `python -m scripts.picture` writes docs/train.png."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.application import CHROMIUM_FLAGS, application
from start import NO_CHROMIUM, chromium

ADDRESS = "/?data=Digits&model=Vae&Vae.hidden=256%2C+64&epochs=200&pairing=GaussianNoise&GaussianNoise.strength=0.2"
PICTURE = Path(__file__).parent.parent / "docs" / "train.png"


def main() -> int:
    """Train a small variational autoencoder in the app and photograph the page."""
    path = chromium()
    if path is None:
        print(NO_CHROMIUM, file=sys.stderr)
        return 1
    with application() as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 1150})
        page.goto(app.address + ADDRESS)
        page.get_by_role("button", name="Train", exact=True).click()
        page.locator("[data-testid=live][data-status=finished]").wait_for(timeout=120_000)
        page.mouse.move(5, 5)  # no tooltip in the picture
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"wrote {PICTURE.relative_to(Path.cwd()) if PICTURE.is_relative_to(Path.cwd()) else PICTURE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
