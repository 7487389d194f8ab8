"""Measurements that take minutes: each in a process of its own, started by a page and ended with the server."""

import sys
import threading

from aeviz.runs.crew import Member
from aeviz.ui.server import store_folder

_lock = threading.Lock()
_begun: dict[tuple[str, str], Member] = {}


def begin(module: str, run: str, *arguments: str) -> None:
    """Start `python -m module --store … --run …` unless it is at work on that run."""
    with _lock:
        if not _at_work(module, run):
            command = [sys.executable, "-m", module, "--store", str(store_folder()), "--run", run, *arguments]
            member = _begun[module, run] = Member(command)
            member.ensure()


def at_work(module: str, run: str) -> bool:
    """Whether the errand still runs."""
    with _lock:
        return _at_work(module, run)


def end(module: str, run: str) -> None:
    """Let the errand end; what it has written stays."""
    with _lock:
        if member := _begun.get((module, run)):
            member.dismiss()
            member.bury(5)


def _at_work(module: str, run: str) -> bool:
    member = _begun.get((module, run))
    return member is not None and member.process is not None and member.process.poll() is None
