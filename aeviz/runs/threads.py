"""How many threads torch computes with: one, so that its sums have one order."""

import contextlib
import threading
from collections.abc import Iterator

import torch

_lock = threading.Lock()
_before: list[int] = []  # for each context that is open, how many threads there were


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread: its sums then have one order everywhere, so a recipe gives the same history.

    The setting is the process's. Where several threads ask for it at once, the last one to leave takes it back.
    """
    with _lock:
        _before.append(torch.get_num_threads())
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            first = _before[0]
            _before.pop()
            if not _before:
                torch.set_num_threads(first)
