"""Memory of the server process: idle, and for each visitor."""

import time
from collections.abc import Iterator

from aeviz.recipe import Recipe
from aeviz.runs.store import Store
from benchmarks.browsing import app_and_browser, visit
from benchmarks.children import megabytes, say
from benchmarks.table import Row, Settings

IDLE = 600  # MB
SESSION = 5  # MB
WARM = 6.0  # seconds after which the server has imported what its pages need
STILL = 1.0  # MB between two looks that count as no change


def memory(settings: Settings) -> Iterator[Row]:
    """Memory of the server process when idle, and for each of ten sessions."""
    sessions = settings.pick(10, 2)
    with app_and_browser() as (app, browser):
        megabytes(app.process)  # says so at once where it cannot be measured
        store = Store(app.store)
        run = store.add(Recipe(epochs=10))  # trained by a worker; the server itself stays as it is
        say("memory: a warm server …")
        time.sleep(WARM)
        while not store.run(run).ended:
            time.sleep(0.1)
        idle, proportional = settled(app.process)
        yield Row(
            "memory of the idle server, warm",
            "",
            idle,
            "MB",
            IDLE,
            at_most=True,
            detail=f"resident (RSS) of the server process without its workers; {proportional:.0f} MB when what is "
            "shared with them counts in proportion (PSS)",
        )
        used = [idle]
        for turn in range(1, sessions + 1):
            say(f"memory: session {turn} of {sessions} …")
            page = visit(browser, f"{app.address}/latent?run={run}")
            page.get_by_role("heading", level=1, name="Latent", exact=True).wait_for()
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
            used.append(settled(app.process)[0])
        yield Row(
            f"memory of the server with {sessions} sessions",
            "",
            used[-1],
            "MB",
            IDLE + sessions * SESSION,
            at_most=True,
            detail=f"the first session took {used[1] - used[0]:.0f} MB: code that pages load when first needed, and "
            "the run's model and codes, which all sessions share",
        )
        yield Row(
            "memory of each further session",
            "",
            (used[-1] - used[1]) / (sessions - 1),
            "MB",
            SESSION,
            at_most=True,
            detail=f"{used[1]:.0f} MB with one session on the Latent page, {used[-1]:.0f} MB with {sessions}",
        )


def settled(process: int) -> tuple[float, float]:
    """RSS and PSS of a process once they no longer change, or after ten seconds."""
    before = megabytes(process)
    for _ in range(10):
        time.sleep(1)
        now = megabytes(process)
        if abs(now[0] - before[0]) < STILL:
            return now
        before = now
    return before
