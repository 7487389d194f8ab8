"""A run opened for looking: its data, and its model with the weights of one moment."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from aeviz.data import Dataset
from aeviz.data.cache import loaded
from aeviz.errors import StoreError
from aeviz.models import Autoencoder
from aeviz.runs.experiment import load_model
from aeviz.runs.moments import moment_file
from aeviz.runs.store import Run, Store
from aeviz.runs.threads import one_thread
from aeviz.views import probes
from aeviz.views.measures import MEASURES, Measure, Measurement, measured
from aeviz.views.projections import Plane, Points, plane

MOST_CODES = 2000  # held-out examples whose codes pages draw and measure
KEPT = 6  # opened runs that a process keeps, however large
KEPT_SMALL = 60  # and as many as this, moments included, while their weights fit
KEPT_BYTES = 128_000_000


@dataclass(frozen=True)
class OpenRun:
    """run: the row as it was when opened. model: deterministic, on the CPU. step: how far its weights were trained.

    moment: the same step when they are weights of the way, None when they are the newest. film: where the film of the
    run drew the codes of the first held-out examples at that step, or last before it. most: of how many held-out
    examples codes are taken.
    """

    run: Run
    dataset: Dataset
    model: Autoencoder
    step: int
    moment: int | None = None
    film: Points | None = None
    most: int = MOST_CODES

    @cached_property
    def codes(self) -> Float[np.ndarray, "m k"]:
        """The codes of the first `most` held-out examples."""
        test, rows = self.dataset.test, slice(self.most)
        return probes.codes(self.model, test.x[rows], test.some_labels(rows))

    @cached_property
    def errors(self) -> Float[np.ndarray, " m"]:
        """‖x − x̂‖² of these examples, summed over the pixels."""
        test, rows = self.dataset.test, slice(self.most)
        x = test.x[rows]
        restored = probes.reconstructions(self.model, x, test.some_labels(rows))
        return np.square(x - restored).reshape(len(x), -1).sum(1).astype(np.float32)

    @cached_property
    def plane(self) -> Plane:
        """The plane in which these codes are drawn; the same at all moments but for what the codes themselves did.

        Principal axes turn and flip as a model learns. They are turned back to lie as the film of the run drew them,
        each frame of which is aligned to the one before.
        """
        found = plane(self.codes)
        return found.turned(self.codes[: len(self.film)], self.film) if self.film is not None else found

    def measured(self, measures: Sequence[Measure] = MEASURES) -> list[Measurement]:
        """What the measures say of this run, in their order; for all of them it takes some seconds.

        Those that draw at random do so from the run's own seed.
        """
        with one_thread():  # the same values everywhere, to the last bit
            return measured(self.model, self.dataset, measures, self.run.recipe.seed)

    def measures(self) -> Mapping[str, float]:
        """Name → value of every measure that this run can have."""
        return {each.measure.name: each.value for each in self.measured() if each.value is not None}


_lock = threading.Lock()
_kept: OrderedDict[tuple[str, int, str], OpenRun] = OrderedDict()


def at_end_of_stage(store: Store, opened: OpenRun, stage: int) -> Autoencoder:
    """The model of a run as that stage of its training left it, another one having followed.

    Raises:
        StoreError: the stage is not over, or its weights cannot be read.
    """
    run = opened.run
    try:
        weights, _ = store.read(run.id, f"stage-{stage}")
        return load_model(run.recipe, opened.dataset, weights).eval().requires_grad_(False)
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(
            f"The weights of {run.name} after stage {stage + 1} cannot be read ({error}). Train the recipe again."
        ) from None


def open_run(store: Store, run_id: str, moment: int | None = None) -> OpenRun:
    """The run with its newest weights, or with those of a moment on the way.

    The last few are kept open, shared between visitors and never changed.

    moment: the step of one of `aeviz.runs.moments.moments(store, run_id)`.

    Raises:
        StoreError: there is no such run, it has no weights yet, or none of that moment.
        DataError: its data cannot be had any more.
    """
    run = store.run(run_id)
    name = "model" if moment is None else moment_file(moment)
    path = store.path(run_id) / f"{name}.safetensors"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        raise StoreError(_missing(run, moment)) from None
    key = (str(path), stamp, run.status)  # the row is written after the weights, and shown with them
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    dataset = loaded(run.recipe.data)
    try:
        # Read at once: a running run's file is replaced under us, and its step must be that of its weights.
        weights, metadata = store.read(run_id, name)
        model = load_model(run.recipe, dataset, weights).eval().requires_grad_(False)
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(f"The weights of {run.name} cannot be read ({error}). Train the recipe again.") from None
    step = int(metadata.get("step", 0))
    film = _film(store, run_id, step) if model.code > 2 else None
    opened = OpenRun(run, dataset, model, step, moment=moment, film=film)
    with _lock:
        for old in [each for each in _kept if each[0] == key[0]]:
            del _kept[old]  # the same run with older weights
        _kept[key] = opened
        while len(_kept) > KEPT and (len(_kept) > KEPT_SMALL or sum(map(_size, _kept.values())) > KEPT_BYTES):
            _kept.popitem(last=False)
    return opened


def _missing(run: Run, moment: int | None) -> str:
    if moment is not None:
        return f"{run.name} kept no weights of step {moment}. Choose another moment."
    state = "waits for a free worker" if run.status == "queued" else run.message or "has no weights yet"
    return f"{run.name} cannot be looked at yet: it {state}."


def _film(store: Store, run_id: str, step: int) -> Points | None:
    """The points of the last frame up to a step."""
    for each in reversed(store.frames(run_id)):
        if each <= step:
            try:
                points: Points = store.read(run_id, f"frames/{each:08d}")[0]["points"]
            except (StoreError, KeyError):
                continue
            return points if np.isfinite(points).all() else None
    return None


def _size(opened: OpenRun) -> int:
    return sum(value.nbytes for value in opened.model.state_dict().values())
