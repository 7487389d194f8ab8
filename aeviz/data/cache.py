"""Data that this process has loaded already: two runs on the same data share one copy."""

import json
import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import Protocol, runtime_checkable

import numpy as np

from aeviz.data.dataset import Dataset, Progress, Source, silent
from aeviz.errors import AevizError

MOST_BYTES = 400_000_000


@runtime_checkable
class Stamped(Protocol):
    """A source whose files may change under the same settings."""

    def stamp(self) -> str:
        """Another text whenever the files are other ones."""


def loaded(source: Source, progress: Progress = silent) -> Dataset:
    """The data of `source`, loaded once in this process; its arrays are read-only and shared.

    Threads that ask for the same source wait for the one that loads it and share its data or its error; other
    sources are not held up. What was asked for longest ago is forgotten once all together exceed 400 MB.

    Raises:
        DataError: as `source.load` does.
    """
    key = json.dumps(source.to_json(), sort_keys=True)
    if isinstance(source, Stamped):
        key += source.stamp()
    while True:
        with _lock:
            if key in _kept:
                _kept.move_to_end(key)
                return _kept[key]
            under_way = _loading.get(key)
            if under_way is None:
                mine = _loading[key] = Future()
                break
        progress(0.0, "Waiting for the same data, which is being loaded already")
        data = under_way.result()
        if data is not None:
            return data
        # The other thread was stopped midway (its page was closed): now it is this one's turn.
    try:
        data = _read_only(source.load(progress))
    except AevizError as error:
        _done(key)
        mine.set_exception(error)
        raise
    except BaseException:
        _done(key)
        mine.set_result(None)
        raise
    _done(key, data)
    mine.set_result(data)
    return data


def forget() -> None:
    """Drops all that is kept; what is in use elsewhere stays valid."""
    with _lock:
        _kept.clear()


def bytes_of(data: Dataset) -> int:
    """How many bytes the arrays of `data` hold."""
    return sum(each.nbytes for each in _arrays(data))


_lock = threading.Lock()  # guards the two dictionaries, and is never held while anything is loaded
_kept: OrderedDict[str, Dataset] = OrderedDict()
_loading: dict[str, "Future[Dataset | None]"] = {}


def _done(key: str, data: Dataset | None = None) -> None:
    with _lock:
        del _loading[key]
        if data is None or bytes_of(data) > MOST_BYTES:
            return
        _kept[key] = data
        while sum(bytes_of(each) for each in _kept.values()) > MOST_BYTES:
            _kept.popitem(last=False)


def _arrays(data: Dataset) -> list[np.ndarray]:
    return [array for split in (data.train, data.test) for array in split.arrays().values()]


def _read_only(data: Dataset) -> Dataset:
    for array in _arrays(data):
        array.flags.writeable = False
    return data
