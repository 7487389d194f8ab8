"""The processes beside the server: workers that train, and one that computes slow projections.

They are started and stopped with the server, and started anew when one dies.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 10.0  # seconds to let a worker write its checkpoints at the end
CONDITIONS = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait would take the browser's core
    # Every step frees what the next one takes: memory that goes back to the system in between is faulted in anew.
    "MALLOC_TRIM_THRESHOLD_": str(2**29),
    "MALLOC_MMAP_THRESHOLD_": str(2**29),
}
"""The environment of every process that trains; the last two are those of the GNU C library, and nothing elsewhere."""
RESTART_AFTER = 2.0  # seconds between two starts of the same member, so that a broken one does not spin


def cores() -> int:
    """How many processor cores this process may use: the cgroup's quota where there is one, else the affinity."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        available = min(available, max(1, int(quota) // int(period)))
    return available


def worker_count() -> int:
    """One core is left to the server and the browser; `AEVIZ_WORKERS` overrides."""
    with contextlib.suppress(KeyError, ValueError):
        return max(1, int(os.environ["AEVIZ_WORKERS"]))
    return max(1, cores() - 1)


@dataclass
class Member:
    """One process and how to start it."""

    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = -RESTART_AFTER

    def ensure(self) -> None:
        """Start it if it is not running."""
        running = self.process is not None and self.process.poll() is None
        if not running and time.monotonic() - self.started >= RESTART_AFTER:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, env=os.environ | CONDITIONS)
            self.started = time.monotonic()

    def dismiss(self) -> None:
        """Tell it that its work is over: it ends when its standard input does."""
        if self.process and self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def bury(self, patience: float) -> None:
        """Wait for its end; past `patience` seconds, end it."""
        if self.process:
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextlib.asynccontextmanager
async def at_work(store: Path) -> AsyncIterator[list[Member]]:
    """Workers and projector of a store, for as long as the context lasts."""

    def module(name: str) -> list[str]:
        return [sys.executable, "-m", name, "--store", str(store)]

    members = [Member(module("aeviz.runs.worker")) for _ in range(worker_count())]
    members.append(Member(module("aeviz.runs.projector")))

    async def keep() -> None:
        while True:
            for member in members:
                member.ensure()
            await asyncio.sleep(1)

    keeping = asyncio.create_task(keep())
    try:
        yield members
    finally:
        keeping.cancel()
        for member in members:
            member.dismiss()
        ends = time.monotonic() + PATIENCE
        for member in members:
            await asyncio.to_thread(member.bury, max(0.1, ends - time.monotonic()))
