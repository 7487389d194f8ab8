"""Engines of a sweep: what trains the queued runs. Here the worker processes of this machine."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aeviz.runs.crew import PATIENCE, Member, cores
from aeviz.runs.store import Store


@dataclass(frozen=True)
class Local:
    """Worker processes on this machine, one a core unless told otherwise; they start anew when they die."""

    workers: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "workers", self.workers or cores())

    @contextlib.contextmanager
    def working(self, store: Store) -> Iterator[Callable[[], None]]:
        """Start the workers; at the end they write down where their runs stand, and go."""
        command = [sys.executable, "-m", "aeviz.runs.worker", "--store", str(store.folder)]
        members = [Member(command) for _ in range(self.workers)]

        def keep() -> None:
            for member in members:
                member.ensure()

        keep()
        try:
            yield keep
        finally:
            for member in members:
                member.dismiss()
            ends = time.monotonic() + PATIENCE
            for member in members:
                member.bury(max(0.1, ends - time.monotonic()))
