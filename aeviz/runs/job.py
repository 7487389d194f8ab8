"""A run in a process's hands: pulls the training generator and writes what it tells into the store."""

import json
import math
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict
from typing import cast

from aeviz.errors import StoreError
from aeviz.learning.events import Event, Finished, Measured, Place, StageStarted, Stepped
from aeviz.runs.experiment import Experiment, frame_epochs
from aeviz.runs.moments import moment_epochs, moment_file
from aeviz.runs.store import Run, Store
from aeviz.views.projections import Points

SLICE = 0.1  # seconds of training before another run has its turn
ALONE = 0.2  # where no other waits: asking the store what is wanted costs about a hundredth of the shorter one
LIVE_INTERVAL = 0.09  # seconds between live frames at least
LIVE_SHARE = 1 / 40  # of a worker's processor time, at most, goes to live frames
LIVE_PATIENCE = 0.5  # seconds after which a frame is due all the same: a run that is held back uses little time
WATCHED = 3.0  # seconds that a watcher's word holds
CHECKPOINT_INTERVAL = 6.0  # seconds between checkpoints, which are flushed to the disk
ROW_INTERVAL = 0.2  # seconds between updates of a run's row
WALL_INTERVAL = 0.05  # the same for members of a wall, for which others may wait


class Job:
    """One run in this worker's hands: its experiment, its generator of events, and what was last written when."""

    def __init__(self, store: Store, run: Run, *, checkpoint_interval: float | None = None) -> None:
        self.store = store
        self.checkpoint_interval = CHECKPOINT_INTERVAL if checkpoint_interval is None else checkpoint_interval
        self.id = run.id
        self.experiment = Experiment.prepare(run.recipe)
        self.frame_epochs = frame_epochs([stage.epochs for stage in self.experiment.stages])
        size = sum(value.nbytes for value in self.experiment.weights().values())
        self.moment_epochs = moment_epochs(self.frame_epochs, size)
        (store.path(run.id) / "weights").mkdir(exist_ok=True)
        start = self._resume()
        self.events = cast(Generator[Event, None, None], self.experiment.events(start))
        self.epoch, self.step = start.epoch, start.step
        self.seconds = run.seconds if start.epoch else 0.0
        self.measured: Measured | None = None
        self.rows: list[Mapping[str, object]] = []  # of the history, not yet written: a short epoch is soon over
        self.wrote_row = self.wrote_live = self.wrote_checkpoint = time.monotonic()
        self.due = 0.0
        self.live_cost = 0.0  # processor seconds of the last live frame
        self.live_clock = time.process_time()  # when it had been written
        if not start.epoch:
            arrays, metadata = self.experiment.scene()
            store.write(run.id, "scene", arrays, metadata)
        self._keep_model()
        store.update(run.id, epoch=self.epoch, step=self.step, steps=self.experiment.stage.steps, message="")

    def _resume(self) -> Place:
        """Where the last checkpoint stands; the beginning for a fresh run."""
        try:
            checkpoint, metadata = self.store.read(self.id, "checkpoint")
            start = Place(*(int(metadata[name]) for name in ("stage", "done", "epoch", "step")))
            self.experiment.restore(checkpoint, start.stage, self._last_points(start.step))
        except (StoreError, KeyError, ValueError, RuntimeError, IndexError):
            start = Place()
        if start.epoch:
            self.store.rewind(self.id, start.epoch, start.step, start.stage)
        else:
            self.store.rewind(self.id, -1, -1)
        return start

    def _last_points(self, step: int) -> Points | None:
        """The points of the last frame of the film up to `step`."""
        rows, _ = self.store.history(self.id)
        film = [row["step"] for row in rows if row["epoch"] in self.frame_epochs and row["step"] <= step]
        for each in sorted(set(film), reverse=True):
            if self.store.frame_path(self.id, each).exists():
                arrays, _ = self.store.read(self.id, f"frames/{each:08d}")
                return cast(Points, arrays["points"])
        return None

    def turn(self, run: Run, furthest: float = math.inf, seconds: float = SLICE) -> None:
        """Do what is wanted of the run for so many seconds, at most until an epoch after `furthest` is over."""
        if run.wanted == "stop":
            self._end("stopped", "")
        elif run.wanted == "pause":
            if run.granted:
                self.store.consume(self.id)
                if self._pull_one_step():
                    if run.granted == 1:
                        self._keep_model()
                    self._write_frame()
                    self._write_row("paused")
            elif run.status != "paused":
                self._keep_model()
                self._write_live(live=False)
                self._write_row("paused")  # last: who reads that a run is paused finds where it stands
        else:
            if run.status != "running":
                self._write_row("running")
            self._train(run, furthest, seconds)

    def busy(self, run: Run, furthest: float = math.inf) -> bool:
        """Whether the run could use time right now; one that is beyond its furthest epoch waits for others."""
        if run.wanted == "pause":
            return run.granted > 0 or run.status != "paused"
        return run.wanted == "stop" or (self.epoch <= furthest and time.monotonic() >= self.due)

    def _train(self, run: Run, furthest: float, seconds: float) -> None:
        began = time.monotonic()
        while time.monotonic() >= self.due:
            event = next(self.events)
            if isinstance(event, Finished):
                self.seconds += time.monotonic() - began
                self._finish(event)
                return
            self._take(event)
            if isinstance(event, Measured) and run.pace > 0:
                self.due = max(self.due, began) + 1 / run.pace
            if isinstance(event, Measured) and run.wall:
                if event.epoch > furthest:
                    break
                self._write_row_after(WALL_INTERVAL)
            if self._live_is_due(run):
                self._write_live()
            if time.monotonic() - began >= seconds:
                break
        self.seconds += time.monotonic() - began
        self._tell_rows()
        self._write_row_after(0 if run.wall else ROW_INTERVAL)

    def _live_is_due(self, run: Run) -> bool:
        """Whether somebody watches who has not seen anything new for a while."""
        waited = time.monotonic() - self.wrote_live
        if waited < LIVE_INTERVAL or not 0 <= time.time() - run.watched < WATCHED:
            return False
        spent = time.process_time() - self.live_clock
        return spent >= (1 / LIVE_SHARE - 1) * self.live_cost or waited >= max(
            LIVE_PATIENCE, self.live_cost / LIVE_SHARE
        )

    def _pull_one_step(self) -> bool:
        """One update; False when the run has ended instead."""
        began = time.monotonic()
        for event in self.events:
            if isinstance(event, Finished):
                self._finish(event)
                return False
            self._take(event)
            if isinstance(event, Stepped):
                break
        self.seconds += time.monotonic() - began
        return True

    def _take(self, event: Event) -> None:
        if isinstance(event, Stepped):
            self.step, self.epoch = event.step, event.epoch
        elif isinstance(event, StageStarted):
            self.store.update(self.id, steps=event.steps)
            if (
                event.number and not event.done
            ):  # what each stage left is looked at later; the last stage leaves the model itself
                place = {"epoch": str(self.epoch), "step": str(self.step)}
                self.store.write(self.id, f"stage-{event.number - 1}", self.experiment.weights(), place)
        elif isinstance(event, Measured):
            self.step, self.epoch, self.measured = event.step, event.epoch, event
            self.rows.append(event.row())
            # At the start of a later stage the last frame of the one before stays.
            if event.epoch in self.frame_epochs and (event.done or not event.epoch):
                self._write_frame(kept=True)
                if event.epoch in self.moment_epochs:
                    self._keep_moment()
            if event.done and time.monotonic() - self.wrote_checkpoint >= self.checkpoint_interval:
                self._keep_checkpoint()

    def _finish(self, event: Finished) -> None:
        self.step, self.epoch = event.step, event.epoch
        message = event.message
        if not self.experiment.finite():
            # A finite loss with an infinite gradient spoils the weights one step before the loss shows it.
            weights, metadata = self.store.read(self.id, "model")
            self.experiment.restore({f"model/{name}": value for name, value in weights.items()}, self.experiment.at)
            self.epoch, self.step = int(metadata["epoch"]), int(metadata["step"])
            message += f" They are those of step {self.step}."
        self._end(event.outcome, message)

    def _end(self, status: str, message: str) -> None:
        self._write_frame()
        losses = self.experiment.final_losses()
        known = all(math.isfinite(value) for part in losses.values() for value in part.values())
        self._keep_model(durable=True)
        (self.store.path(self.id) / "checkpoint.safetensors").unlink(missing_ok=True)
        self._write_row(status, message=message, summary=json.dumps(losses if known else {}))
        self.events.close()

    def _tell_rows(self) -> None:
        """Put the epochs that have been measured into the history, before anything else tells of them."""
        self.store.append(self.id, self.rows)
        self.rows = []

    def _write_row_after(self, seconds: float) -> None:
        """Update the run's row if the last time is so long ago."""
        if time.monotonic() - self.wrote_row >= seconds:
            self._write_row(None)

    def _write_row(self, status: str | None, **more: object) -> None:
        self._tell_rows()
        columns = {"epoch": self.epoch, "step": self.step, "seconds": self.seconds} | more
        if status:
            columns["status"] = status
        self.store.update(self.id, **columns)
        self.wrote_row = time.monotonic()

    def _metadata(self) -> dict[str, object]:
        losses = {"train": self.measured.train, "test": self.measured.test} if self.measured else {}
        place = {"step": str(self.step), "epoch": str(self.epoch), "stage": str(self.experiment.at)}
        return place | {"losses": losses, "axes": self.experiment.axes()}

    def _write_frame(self, *, kept: bool = False) -> None:
        self._tell_rows()
        self.store.write(self.id, f"frames/{self.step:08d}", self.experiment.frame(kept=kept), self._metadata())

    def _write_live(self, *, live: bool = True) -> None:
        began = time.process_time()
        self._tell_rows()
        self.store.write(self.id, "live", self.experiment.frame(live=live), self._metadata())
        self.wrote_live, self.live_clock = time.monotonic(), time.process_time()
        self.live_cost = self.live_clock - began

    def _keep_model(self, *, durable: bool = False) -> None:
        if not self.experiment.finite():
            return  # what lies in the store is better
        metadata = {"recipe": self.experiment.recipe.to_json(), "epoch": str(self.epoch), "step": str(self.step)}
        self.store.write(self.id, "model", self.experiment.weights(), metadata, durable=durable)

    def _keep_moment(self) -> None:
        if self.experiment.finite():
            metadata = {"epoch": str(self.epoch), "step": str(self.step), "stage": self.experiment.stage_name()}
            self.store.write(self.id, moment_file(self.step), self.experiment.weights(), metadata)

    def hand_over(self) -> None:
        """Write down where the run stands, for another worker to go on from: at once between two epochs, else from
        the last checkpoint."""
        if self.measured and self.measured.done and self.measured.step == self.step:
            self._keep_checkpoint()

    def _keep_checkpoint(self) -> None:
        self._tell_rows()
        if self.measured and self.experiment.finite():
            metadata = {name: str(value) for name, value in asdict(self.measured.place()).items()}
            self.store.write(self.id, "checkpoint", self.experiment.checkpoint(), metadata, durable=True)
            self.store.update(self.id, losses=0)
            self._keep_model()
        self.wrote_checkpoint = time.monotonic()
