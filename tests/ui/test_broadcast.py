"""What viewers of a run are told, and that one look serves them all."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz.errors import StoreError
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from aeviz.ui.broadcast import LOOKS, Feed, Viewer, channel_of


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def carried_out(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What a coroutine gives, in a thread of its own: the tests' own thread may hold a loop that drives a browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


def test_a_viewer_is_told_everything_once_and_a_late_one_everything_too(store: Store) -> None:
    run = store.add(Recipe())
    feed, early, late = Feed(store, run), Viewer(), Viewer()
    assert feed.look()
    assert json.loads(early.news(feed)[0] or "")["message"] == "Next in the queue."
    assert early.news(feed) == (None, None)
    store.append(run, [{"epoch": 0, "step": 0, "stage": 0, "train": {}, "test": {}}])
    store.update(run, status="running")
    for count in range(3):
        store.write(run, "live", {"points": np.full((2, 2), count, np.float32)}, {})
        for _ in range(LOOKS):
            feed.look()
    for viewer in (early, late):
        text, frame = viewer.news(feed)
        told = json.loads(text or "")
        assert told["status"] == "running"
        assert [row["epoch"] for row in told["rows"]] == [0]
        assert frame == feed.live, "the newest; those between are missed"
        assert viewer.news(feed) == (None, None)
    assert feed.live_count == 3


def test_live_frames_are_looked_for_more_often_than_words(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.add(Recipe())
    feed = Feed(store, run)
    feed.look()
    monkeypatch.setattr(Store, "run", lambda *_: pytest.fail("the database was asked"))
    store.write(run, "live", {"points": np.zeros((2, 2), np.float32)}, {})
    assert feed.look()
    assert feed.live_count == 1
    assert not feed.look()


def test_thirty_viewers_share_one_look_and_the_last_who_leaves_ends_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.add(Recipe())
    looks = []
    look = Feed.look

    def counted(feed: Feed) -> bool:
        looks.append(feed)
        return look(feed)

    monkeypatch.setattr(Feed, "look", counted)

    async def watch() -> str:
        async with channel_of(store, run) as channel:
            while not channel.feed.state:
                await channel.changed.wait()
            await asyncio.sleep(0.3)
            return str(channel.feed.state["status"])

    async def watched() -> list[str]:
        told = await asyncio.gather(*(watch() for _ in range(30)))
        before = len(looks)
        await asyncio.sleep(0.2)
        assert len(looks) <= before + 1
        return list(told)

    assert carried_out(watched) == ["queued"] * 30
    assert len(set(map(id, looks))) == 1
    assert len(looks) < 30


def test_a_run_that_is_not_there_is_a_problem_of_its_channel(store: Store) -> None:
    async def watch() -> Exception | None:
        async with channel_of(store, "0123456789ab-012345") as channel:
            while not channel.problem:
                await channel.changed.wait()
            return channel.problem

    assert isinstance(carried_out(watch), StoreError)


def test_nothing_follows_the_end(store: Store) -> None:
    run = carry_out(store, Recipe(epochs=2))
    feed = Feed(store, run.id)
    assert feed.look() and feed.ended
    text, frame = Viewer().news(feed)
    assert len(json.loads(text or "")["rows"]) == 3
    assert frame is None


def test_who_wants_stored_frames_alone_has_the_worker_make_no_live_ones(store: Store) -> None:
    run = store.add(Recipe())
    store.update(run, status="running", epoch=3)
    store.write(run, "live", {"points": np.zeros((2, 2), np.float32)}, {})
    feed, viewer = Feed(store, run, has_live_frames=False), Viewer()
    assert feed.look()
    text, frame = viewer.news(feed)
    assert (json.loads(text or "")["epoch"], frame) == (3, None)
    assert store.run(run).watched == 0
    store.append(run, [{"epoch": 4, "step": 4, "stage": 0, "train": {}, "test": {}}])
    assert feed.look(), "every look is a whole one"
    assert Feed(store, run).look() and store.run(run).watched > 0
