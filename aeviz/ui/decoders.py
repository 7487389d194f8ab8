"""What a page needs to decode by itself: a run's decoder as a file, and the training examples that stand beside it."""

import threading
from collections import OrderedDict

import numpy as np

from aeviz.data import Dataset
from aeviz.runs.files import packed
from aeviz.runs.opened import OpenRun
from aeviz.views import images, probes, tape

LARGEST_DECODER = 24_000_000  # bytes that are sent to the page once, for the pointer to decode with
MOST_REFERENCES = 10_000  # training examples among which the nearest is sought
MOST_REFERENCE_BYTES = 8_000_000  # of their pictures, which are sent once
FEWER_REFERENCES = 1_000  # while a run is under way: they are encoded anew with its weights
KEPT = 8

_lock = threading.Lock()
_files: OrderedDict[tuple[str, int, int, int, bool], bytes | None] = OrderedDict()
_pictures: list[tuple[Dataset, bytes]] = []


def decoder_file(opened: OpenRun, *, with_codes: bool = False, most: int = MOST_REFERENCES) -> bytes | None:
    """The decoder's tape (`aeviz.views.tape`) with `references`, the codes of the first training examples; None where
    a page cannot decode by itself. The last few are kept.

    with_codes: also `codes`, those of the examples on screen, for pictures that have no formula. most: references.
    """
    key = (opened.run.id, opened.step, opened.most, most, with_codes)
    with _lock:
        if key in _files:
            _files.move_to_end(key)
            return _files[key]
    made = _decoder_file(opened, with_codes, most)
    with _lock:
        _files[key] = made
        while len(_files) > KEPT:
            _files.popitem(last=False)
    return made


def _decoder_file(opened: OpenRun, with_codes: bool, most: int) -> bytes | None:
    try:
        arrays, metadata = tape.record(opened.model)
    except tape.TapeError:
        return None
    if sum(each.nbytes for each in arrays.values()) > LARGEST_DECODER:
        return None
    train, rows = opened.dataset.train, slice(min(most, reference_count(opened.dataset)))
    arrays = arrays | {"references": probes.codes(opened.model, train.x[rows], train.some_labels(rows))}
    if with_codes:
        arrays = arrays | {"codes": opened.codes}
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    return packed(arrays, dict(metadata) | {"step": str(opened.step)})


def reference_count(data: Dataset) -> int:
    """How many training examples a page is given."""
    size = images.thumbnails(data.train.x[:1])[0].nbytes
    return max(1, min(MOST_REFERENCES, MOST_REFERENCE_BYTES // size, len(data.train)))


def reference_pictures(data: Dataset) -> bytes:
    """These examples as small pictures, with `labels` and the names of the `classes`; for images only."""
    with _lock:
        for known, file in _pictures:
            if known is data:
                return file
    rows = slice(reference_count(data))
    arrays = {"pictures": images.thumbnails(data.train.x[rows])}
    labels = data.train.some_labels(rows)
    if labels is not None:
        arrays["labels"] = labels.astype(np.int32)
    file = packed(arrays, {"classes": list(data.classes)})
    with _lock:
        _pictures.append((data, file))
        del _pictures[:-KEPT]
    return file
