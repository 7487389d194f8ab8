"""One thread of arithmetic: sums in one order, and nobody else's core."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from aeviz.runs.store import Store


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The tests here compute with a single thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")
