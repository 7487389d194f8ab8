"""Bytes that a page publishes for its components to fetch: addressed by their content, kept while they are used."""

import hashlib
import threading
from collections import OrderedDict

MOST = 160_000_000  # bytes kept; the least recently used go first

_lock = threading.Lock()
_kept: OrderedDict[str, bytes] = OrderedDict()
_names: dict[int, str] = {}  # of the objects that are kept, so that what is published again is not hashed again


def publish(data: bytes) -> str:
    """The address under which a browser of this server can fetch `data`. The same data has the same address."""
    with _lock:
        name = _names.get(id(data), "")
        if _kept.get(name) is data:
            _kept.move_to_end(name)
            return f"/aeviz/artefacts/{name}"
    name = hashlib.sha256(data).hexdigest()
    with _lock:
        _names.pop(id(_kept.get(name)), None)
        _kept[name] = data
        _names[id(data)] = name
        _kept.move_to_end(name)
        while len(_kept) > 1 and sum(map(len, _kept.values())) > MOST:
            _names.pop(id(_kept.popitem(last=False)[1]), None)
    return f"/aeviz/artefacts/{name}"


def published(name: str) -> bytes | None:
    """The bytes behind a name, while they are kept."""
    with _lock:
        if name in _kept:
            _kept.move_to_end(name)
        return _kept.get(name)
