"""The SQLite file behind a store: its tables, and connections that are used again.

A connection costs half a millisecond to open, and a worker asks twenty times a second. So idle ones are kept, a few
in a process, and each is used by one thread at a time.
"""

import atexit
import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

SCHEMA = 3
PATIENCE = 10  # seconds to wait for another process that writes
MOST_IDLE = 8

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, recipe TEXT NOT NULL, created REAL NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued', wanted TEXT NOT NULL DEFAULT 'run', granted INTEGER NOT NULL DEFAULT 0,
    pace REAL NOT NULL DEFAULT 0, worker TEXT, watched REAL NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0, step INTEGER NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0, losses INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '', summary TEXT NOT NULL DEFAULT '{}', wall TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS by_status ON runs (status, created);
CREATE TABLE IF NOT EXISTS projections (
    run TEXT NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'queued',
    message TEXT NOT NULL DEFAULT '', PRIMARY KEY (run, step, kind)
);
"""


@dataclass
class _Held:
    """A connection, and which file it was opened on: a store may be deleted and made anew under the same path."""

    path: Path
    connection: sqlite3.Connection
    file: int | None  # None until the file is there


_idle: list[_Held] = []
_lock = threading.Lock()


def version(path: Path) -> int:
    """The format of the database; 0 where there is none yet."""
    with connected(path) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def create(path: Path) -> None:
    """Make the tables where they are missing.

    Raises:
        OSError: another process holds the lock for too long, or the folder cannot be written.
    """
    # The change to WAL does not wait for other connections as everything later does: one process at a time.
    with FileLock(path.with_suffix(".lock"), timeout=60), connected(path) as database:
        # WAL lets pages read while workers write; a commit then needs no fsync to stay consistent.
        database.execute("PRAGMA journal_mode = WAL")
        if database.execute("PRAGMA user_version").fetchone()[0] == 1:  # requests only: what was computed are files
            database.execute("DROP TABLE IF EXISTS projections")
        database.executescript(_TABLES)
        columns = {row["name"] for row in database.execute("PRAGMA table_info(runs)")}
        if "wall" not in columns:  # formats 1 and 2
            database.execute("ALTER TABLE runs ADD COLUMN wall TEXT NOT NULL DEFAULT ''")
        database.execute("CREATE INDEX IF NOT EXISTS by_wall ON runs (wall) WHERE wall != ''")
        database.execute(f"PRAGMA user_version = {SCHEMA}")


@contextlib.contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection in which every statement is its own transaction; afterwards it is kept for the next user."""
    held = _idle_one(path) or _opened(path)
    try:
        yield held.connection
    except BaseException:
        held.connection.close()  # in what state it is, nobody knows
        raise
    held.file = held.file or _file(path)
    with _lock:
        _idle.append(held)
        for oldest in _idle[:-MOST_IDLE]:
            oldest.connection.close()
        del _idle[:-MOST_IDLE]


def _idle_one(path: Path) -> _Held | None:
    with _lock:
        for held in [each for each in _idle if each.path == path]:
            _idle.remove(held)
            if held.file == _file(path):
                return held
            held.connection.close()
    return None


def _opened(path: Path) -> _Held:
    # A connection passes from thread to thread, but never to two at once.
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = NORMAL")
    return _Held(path, connection, _file(path))


def _file(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


@atexit.register
def _close() -> None:
    with _lock:
        for held in _idle:
            held.connection.close()
        _idle.clear()
