"""Connections are used again, by one thread at a time, and never on a file that is no longer there."""

import shutil
import threading
from pathlib import Path

from aeviz.recipe import Recipe
from aeviz.runs import database
from aeviz.runs.database import connected
from aeviz.runs.store import Store


def test_a_connection_is_used_again(store: Store) -> None:
    path = store.folder / "aeviz.db"
    with connected(path) as first:
        pass
    with connected(path) as second:
        assert second is first
        with connected(path) as third:
            assert third is not first, "two at once are two"


def test_one_that_failed_is_not(store: Store) -> None:
    path = store.folder / "aeviz.db"
    try:
        with connected(path) as failed:
            raise RuntimeError
    except RuntimeError:
        pass
    with connected(path) as next_one:
        assert next_one is not failed


def test_a_store_that_was_deleted_and_made_anew_is_the_new_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.add(Recipe())
    shutil.rmtree(store.folder)
    again = Store(tmp_path / "store")
    assert again.runs() == []
    run = again.add(Recipe(epochs=2))
    assert [each.id for each in Store(tmp_path / "store").runs()] == [run]


def test_idle_connections_stay_few(tmp_path: Path) -> None:
    for number in range(3 * database.MOST_IDLE):
        Store(tmp_path / str(number))
    assert len(database._idle) <= database.MOST_IDLE


def test_many_threads_at_once_lose_nothing(store: Store) -> None:
    run = store.add(Recipe())

    def grant() -> None:
        for _ in range(25):
            store.grant(run)
            store.runs()

    threads = [threading.Thread(target=grant) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.run(run).granted == 200


def test_a_store_of_an_older_format_gets_what_it_lacks_and_keeps_its_runs(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = store.add(Recipe(), "kept")
    with connected(tmp_path / "aeviz.db") as opened:
        opened.execute("DROP INDEX by_wall")
        opened.execute("ALTER TABLE runs DROP COLUMN wall")
        opened.execute("PRAGMA user_version = 2")
    again = Store(tmp_path)
    assert (again.run(run).name, again.run(run).wall) == ("kept", "")
    added = again.run(again.add(Recipe(epochs=2), wall="one"))
    assert added.wall == "one"
    assert again.slowest() == {"one": 0}
    with connected(tmp_path / "aeviz.db") as opened:
        assert opened.execute("PRAGMA user_version").fetchone()[0] == database.SCHEMA


def test_a_store_of_the_first_format_keeps_its_runs_and_forgets_what_pictures_were_asked_for(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = store.add(Recipe())
    with connected(tmp_path / "aeviz.db") as opened:
        opened.execute("DROP TABLE projections")
        opened.execute("CREATE TABLE projections (run TEXT, step INTEGER, status TEXT, message TEXT)")
        opened.execute("INSERT INTO projections VALUES (?, 4, 'queued', '')", (run,))
        opened.execute("PRAGMA user_version = 1")
    again = Store(tmp_path)
    assert [each.id for each in again.runs()] == [run]
    assert again.next_projection() is None
    assert again.request_projection(run, 4, "tsne") == ("queued", "")
    assert database.version(tmp_path / "aeviz.db") == database.SCHEMA
