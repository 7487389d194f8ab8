"""What happens to runs, told live: one look into the store serves all viewers of a run."""

import asyncio
import contextlib
import json
from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aeviz.errors import AevizError
from aeviz.runs.store import Run, Store

FRAME_INTERVAL = 0.04  # seconds between two looks for a live frame
LOOKS = 3  # looks for a frame to each look into the store
WATCH_INTERVAL = 8  # looks into the store between two words to the worker that somebody watches


class Feed:
    """All that there is to tell of a run so far. `look` is called from one thread at a time.

    rows: of the history. frames: of the stored frames, {"step", "epoch"}. state: as it is told. live: the last live
    frame, and how many there were. ended: whether nothing more will come. has_live_frames: whether they are told at
    all; where nobody wants them, the worker makes none.
    """

    def __init__(self, store: Store, run: str, has_live_frames: bool = True) -> None:
        self.has_live_frames = has_live_frames
        self.store = store
        self.run = run
        self.rows: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        self.live = b""
        self.live_count = 0
        self.ended = False
        self._offset = 0
        self._steps: set[int] = set()
        self._moments: list[tuple[int, int]] = [(0, 0)]  # step and epoch of every row so far
        self._stamp = (0, 0)
        self._looks = 0

    def look(self) -> bool:
        """See what is new; whether there is anything.

        Raises:
            StoreError: there is no such run.
        """
        before = (len(self.rows), len(self.frames), self.state, self.live_count, self.ended)
        if not self.has_live_frames or self._looks % LOOKS == 0:
            run = self.store.run(self.run)  # before the rest: what is read after an end is complete
            if self.has_live_frames and self._looks % (LOOKS * WATCH_INTERVAL) == 0 and not run.ended:
                self.store.watch(self.run)
            rows, self._offset = self.store.history(self.run, self._offset)
            self._moments += [(row["step"], row["epoch"]) for row in rows]
            self.rows += rows
            stored = [step for step in self.store.frames(self.run) if step not in self._steps]
            self._steps.update(stored)
            self.frames += [{"step": step, "epoch": self._epoch(step, run.steps)} for step in stored]
            if not run.ended:
                self._look_at_live_frame()  # before the words, so that a page which says "paused" shows where
            self.state, self.ended = self._state(run), run.ended
        elif not self.ended:
            self._look_at_live_frame()
        self._looks += 1
        return before != (len(self.rows), len(self.frames), self.state, self.live_count, self.ended)

    def _epoch(self, step: int, steps: int) -> float:
        """The epoch of a step: that of its row, or a fraction after the row before it, with so many steps an epoch."""
        at, epoch = self._moments[bisect_right(self._moments, (step, 2**62)) - 1]
        return epoch + (step - at) / steps if steps else epoch

    def _state(self, run: Run) -> dict[str, Any]:
        message = run.message
        if run.status == "queued" and not message:
            before = self.store.waiting_before(run)
            message = f"{before} before you in the queue." if before else "Next in the queue."
        return {
            "status": run.status,
            "message": message,
            "epoch": run.epoch,
            "epochs": run.recipe.length(),
            "step": run.step,
            "steps": run.steps,
        }

    def _look_at_live_frame(self) -> None:
        if not self.has_live_frames:
            return
        path = self.store.path(self.run) / "live.safetensors"
        with contextlib.suppress(OSError):
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)  # two frames may fall into one tick of the file system's clock
            if stamp != self._stamp:
                self.live = path.read_bytes()
                self._stamp = stamp
                self.live_count += 1


@dataclass
class Viewer:
    """How much of a feed one viewer has been told."""

    rows: int = 0
    frames: int = 0
    live: int = 0
    state: dict[str, Any] | None = None

    def news(self, feed: Feed) -> tuple[str | None, bytes | None]:
        """A text message or None, and the newest live frame or None; a viewer who is slow misses those between."""
        frame = feed.live if feed.live_count > self.live and not feed.ended else None
        rows, frames = feed.rows[self.rows :], feed.frames[self.frames :]
        text = json.dumps(feed.state | {"rows": rows, "frames": frames}) if self._differs(feed) else None
        self.rows, self.frames, self.live, self.state = len(feed.rows), len(feed.frames), feed.live_count, feed.state
        return text, frame

    def _differs(self, feed: Feed) -> bool:
        return (len(feed.rows), len(feed.frames), feed.state) != (self.rows, self.frames, self.state)


@dataclass
class Channel:
    """A feed with those who watch it, and the task that looks for all of them while there are any."""

    feed: Feed
    watchers: int = 0
    problem: AevizError | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    async def keep_looking(self) -> None:
        """Look until the run has ended or cannot be read."""
        while not self.feed.ended:
            try:
                # In a thread: a database that is busy must not hold up the other sessions.
                is_new = await asyncio.to_thread(self.feed.look)
            except AevizError as error:
                self.problem = error
                is_new = True
            if is_new:
                self.changed.set()
                self.changed = asyncio.Event()
            if self.problem:
                return
            await asyncio.sleep(FRAME_INTERVAL if self.feed.has_live_frames else LOOKS * FRAME_INTERVAL)


_channels: dict[tuple[int, str, str, bool], Channel] = {}


@contextlib.asynccontextmanager
async def channel_of(store: Store, run: str, has_live_frames: bool = True) -> AsyncIterator[Channel]:
    """The channel of a run, with its live frames or without, shared by all who watch it so in this event loop."""
    key = (id(asyncio.get_running_loop()), str(store.folder), run, has_live_frames)
    channel = _channels.get(key)
    if channel is None or channel.feed.ended or channel.problem:
        channel = _channels[key] = Channel(Feed(store, run, has_live_frames))
        channel.task = asyncio.create_task(channel.keep_looking())
    channel.watchers += 1
    try:
        yield channel
    finally:
        channel.watchers -= 1
        if not channel.watchers:
            if channel.task:
                channel.task.cancel()
            if _channels.get(key) is channel:
                del _channels[key]
