"""What the tests of runs share."""

from pathlib import Path

import pytest

from aeviz.runs.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")
