"""How the explorer answers: from the pointer to the image, frames dropped while a run is live, and what a viewer costs.

Pointer to image is taken by the browser's own clock: from the time that the browser gave the event to the moment at
which the decoded pixels are on the canvas. The screen shows them with its next frame.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from aeviz.data import Glyphs, Mnist, Source
from aeviz.models import Conv, Mlp, ModelSpec
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from benchmarks.application import Application, application
from benchmarks.browsing import app_and_browser, visit
from benchmarks.children import processor_seconds, say
from benchmarks.table import Row, Settings, Unavailable, percentile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IDLE, BUSY = 10.0, 20.0  # milliseconds, p95
RATE = 10.0  # live frames a second
VIEWERS = 30
SLIDER = "a slider and a rerun"
READY = "[data-testid=scatter][data-state=ready]"
DECODED = "[data-testid=scatter-pointer][data-decoded]"

COLLECT = """
panel => {
  window.delays = [];
  window.frameDelays = [];
  window.watcher?.disconnect();
  window.watcher = new MutationObserver(() => {
    const delay = Number(panel.dataset.delay);
    const began = performance.now() - delay; // this runs right after the event's own work
    window.delays.push(delay);
    requestAnimationFrame(() => window.frameDelays.push(performance.now() - began));
  });
  window.watcher.observe(panel, { attributes: true, attributeFilter: ["data-delay"] });
}
"""
COLLECT_SLIDER = """
() => {
  window.delays = [];
  let pressed = 0;
  window.addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  const seen = () => document.querySelector("#decoded")?.getAttribute("src");
  let last = seen();
  new MutationObserver(() => {
    if (seen() === last) return;
    last = seen();
    window.delays.push(performance.now() - pressed);
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["src"] });
}
"""
INTERVALS = """
(seconds) => new Promise((resolve) => {
  const times = [];
  const tick = (now) => {
    times.push(now);
    if (now - times[0] < 1000 * seconds) requestAnimationFrame(tick);
    else resolve(times.slice(1).map((time, at) => time - times[at]));
  };
  requestAnimationFrame(tick);
})
"""
WATCH = """
([address, count]) => new Promise((resolve) => {
  window.frames_ = 0;
  window.bytes_ = 0;
  let open = 0;
  window.sockets_ = Array.from({ length: count }, () => {
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { open += 1; if (open === count) resolve(); };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") return;
      window.frames_ += 1;
      window.bytes_ += data.byteLength;
    };
    return socket;
  });
})
"""


def pointing(settings: Settings) -> Iterator[Row]:
    """Pointer to decoded image, dropped frames and bytes while a run is live, server time per viewer, in Chromium."""
    models: dict[str, ModelSpec] = {"dense": Mlp(), "convolutional": Conv()}
    with app_and_browser() as (app, started):
        store = Store(app.store)
        runs = {
            (kind, most): trained(store, model, most, kind)
            for kind, model in models.items()
            for most in settings.pick((10_000, 60_000), (3_000,))
        }
        scenes = [(kind, run, choice) for (kind, _), run in runs.items() for choice in ("held-out", "all")]
        seen: set[tuple[str, int]] = set()
        pages = []
        for kind, run, choice in scenes:
            page, points = scatter_page(started, app, run, choice)
            if (kind, points) in seen:
                page.close()
                continue
            seen.add((kind, points))
            pages.append((kind, points, page))
        moves = settings.pick(300, 40)
        for kind, points, page in pages:
            say(f"pointing: {kind}, {points:,} points, idle …")
            yield delays_row(f"pointer to image, {kind}, {points:,} points", delays(page, moves), IDLE)
        live = store.add(Recipe(data=Glyphs(images=2000), model=Mlp(), epochs=100_000))
        wait_until_it_trains(store, live)
        for kind, points, page in pages:
            say(f"pointing: {kind}, {points:,} points, while a run trains …")
            yield delays_row(f"pointer to image, {kind}, {points:,} points, a run trains", delays(page, moves), BUSY)
            page.close()
        yield from while_live(app, started, store, live, settings)
        store.want(live, "stop")
        run = next(iter(runs.values()))
        say("pointing: a slider and a rerun …")
        yield slider_row(started, app.store, run, settings.pick(60, 8))


def trained(store: Store, model: ModelSpec, most: int, kind: str) -> str:
    """A run of one epoch on so many examples, 2,000 of them held out: MNIST where its files are, else glyphs."""
    say(f"pointing: a {kind} autoencoder of {most:,} examples …")
    data: Source = Glyphs(images=min(most, 50_000))
    if Mnist().own_folder():
        data = Mnist(train=most - 2000, test=2000)
    return carry_out(store, Recipe(data=data, model=model, epochs=1)).id


def scatter_page(started: "Browser", app: Application, run: str, choice: str) -> "tuple[Page, int]":
    """Latent on a run, its decoder ready, and how many points are drawn."""
    page = visit(started, f"{app.address}/latent?run={run}&latent.examples={choice}")
    page.locator(READY).wait_for()
    page.locator(DECODED).wait_for()
    return page, int(page.locator(READY).get_attribute("data-points") or 0)


Delays = tuple[Sequence[float], Sequence[float]]
"""Milliseconds from each event to its pixels on the canvas; and, where known, to the frame that shows them."""


def delays(page: "Page", moves: int) -> Delays:
    """What so many moves of the pointer gave."""
    page.bring_to_front()
    page.evaluate("() => scrollTo(0, 0)")
    page.get_by_test_id("scatter-pointer").evaluate(COLLECT)
    box = page.get_by_test_id("scatter-canvas").bounding_box()
    assert box
    for turn in range(moves):
        # A slow figure of eight over the middle of the plane, about as fast as a hand.
        angle = turn / 12
        across, down = 0.5 + 0.3 * np.sin(angle), 0.5 + 0.25 * np.sin(2 * angle)
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.wait_for_timeout(12)
    found: list[float] = page.evaluate("() => window.delays")
    if len(found) < moves // 4:
        raise Unavailable(f"Of {moves} moves of the pointer only {len(found)} gave an image.")
    return found, page.evaluate("() => window.frameDelays")


def delays_row(figure: str, found: Delays, goal: float, peer: str = "") -> Row:
    """The row of pointer-to-image times: p95 against the goal, the others beside it."""
    to_image, to_frame = found
    parts = [f"{spoken(to_image)}; {len(to_image)} images"]
    if to_frame:
        parts.append(f"to the last moment before the frame that shows it: {spoken(to_frame)}")
    value = percentile(to_image, 0.95)
    return Row(f"{figure}, p95", peer, value, "ms", goal, at_most=True, detail="; ".join(parts))


def spoken(found: Sequence[float]) -> str:
    """Three percentiles in words."""
    return ", ".join(f"p{round(100 * share)} {percentile(found, share):.1f} ms" for share in (0.5, 0.95, 0.99))


def wait_until_it_trains(store: Store, run: str) -> None:
    """Until the first updates of a run are made.

    Raises:
        Unavailable: that takes more than a minute.
    """
    ends = time.monotonic() + 60
    while store.run(run).step < 20:
        if time.monotonic() > ends:
            raise Unavailable("A run did not begin to train within a minute.")
        time.sleep(0.2)


def while_live(app: Application, started: "Browser", store: Store, run: str, settings: Settings) -> Iterator[Row]:
    """Frames, dropped frames and bytes of a run that is followed, and what its viewers cost the server."""
    say("pointing: following a run …")
    page = visit(started, f"{app.address}/latent?run={run}")
    page.locator("[data-testid=scatter][data-painted]").wait_for()
    seconds = settings.pick(8.0, 2.0)
    scatter = page.get_by_test_id("scatter")
    before, began = int(scatter.get_attribute("data-painted") or 0), time.monotonic()
    intervals: list[float] = page.evaluate(INTERVALS, seconds)
    rate = (int(scatter.get_attribute("data-painted") or 0) - before) / (time.monotonic() - began)
    usual = median(intervals)
    dropped = sum(round(each / usual) - 1 for each in intervals if each > 1.5 * usual)
    yield Row("live frames on Latent", "", rate, "frames/s", RATE, detail=f"over {seconds:.0f} s")
    share = 100 * dropped / (len(intervals) + dropped)
    yield Row("frames of the screen dropped while a run is live", "", share, "%", detail=f"of {usual:.1f} ms each")
    page.close()

    size = (store.path(run) / "live.safetensors").stat().st_size
    yield Row("bytes of a live frame", "", size / 1000, "kB")
    yield viewers_row(app, started, run, seconds)


def viewers_row(app: Application, started: "Browser", run: str, seconds: float) -> Row:
    """Processor time of the server for each of thirty viewers of one run, above that without any."""
    say(f"pointing: {VIEWERS} viewers of one run …")
    page = started.new_page()
    page.goto(f"{app.address}/aeviz/health")
    time.sleep(1)
    alone = server_share(app, seconds)
    page.evaluate(WATCH, [f"{app.address.replace('http', 'ws')}/aeviz/runs/{run}/live", VIEWERS])
    time.sleep(2)
    before, began = page.evaluate("() => window.frames_"), time.monotonic()
    watched = server_share(app, seconds)
    rate = (page.evaluate("() => window.frames_") - before) / (time.monotonic() - began) / VIEWERS
    page.close()
    return Row(
        f"server's processor time for each of {VIEWERS} viewers",
        "",
        100 * (watched - alone) / VIEWERS,
        "% of a core",
        detail=f"{100 * alone:.1f} % without viewers, {100 * watched:.1f} % with them; {rate:.1f} frames/s each",
    )


def server_share(app: Application, seconds: float) -> float:
    """The share of a core that the server uses over so many seconds.

    Raises:
        Unavailable: the system does not say.
    """
    before, began = processor_seconds(app.process), time.monotonic()
    time.sleep(seconds)
    after = processor_seconds(app.process)
    if before is None or after is None:
        raise Unavailable("Processor time of another process is read from /proc, which only Linux has.")
    return (after - before) / (time.monotonic() - began)


def slider_row(started: "Browser", store: Path, run: str, presses: int) -> Row:
    """From a key on a slider to the image that torch made of it in a rerun of the script."""
    with application(store, "benchmarks/slider_and_rerun.py", SLIDER_RUN=run) as peer:
        page = visit(started, peer.address)
        page.locator("#decoded").wait_for()
        slider = page.get_by_role("slider").first
        slider.focus()
        page.evaluate(COLLECT_SLIDER)
        for _ in range(presses):
            slider.press("ArrowRight")
            page.wait_for_timeout(350)
        found: list[float] = page.evaluate("() => window.delays")
        page.close()
    if len(found) < presses // 2:
        raise Unavailable(f"Of {presses} moves of the slider only {len(found)} gave an image.")
    return delays_row("slider to image, idle", (found, []), IDLE, SLIDER)
