"""A store with a run of every kind, made once for all page tests."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from aeviz.runs.store import Store
from tests.pages.explored import trained

Runs = Mapping[str, str]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Runs]:
    """A store with a run of every kind."""
    path = tmp_path_factory.getbasetemp() / "explored"
    return path, trained(path)


@pytest.fixture
def runs(folder: tuple[Path, Runs], monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Name → id, in the store that the page uses."""
    monkeypatch.setenv("AEVIZ_STORE", str(folder[0]))
    return folder[1]


@pytest.fixture
def store(folder: tuple[Path, Runs]) -> Store:
    """That store."""
    return Store(folder[0])
