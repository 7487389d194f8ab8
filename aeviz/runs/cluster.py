"""A sweep on a Ray cluster: each run a task somewhere, whose slices come back as they are made.

The cluster is one that `ray start --head` and `ray start --address=…` have made; Ray is an extra
(requirements-ray.txt). A node that dies costs its runs a restart from their last checkpoint that came back.
"""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aeviz
from aeviz.errors import SettingError
from aeviz.runs.elsewhere import Slice, slices
from aeviz.runs.files import write
from aeviz.runs.store import MOST_LOSSES, Run, Store

INTERVAL = 2.0  # seconds of training between two slices, each of which may bring a checkpoint
PATIENCE = 5.0  # seconds to wait for the cluster's door
NOT_HERE = "Ray is not installed here. Install it with: pip install -r requirements-ray.txt."


@dataclass(frozen=True)
class Ray:
    """The engine on a cluster. address: its head as host:port; empty for the one that runs on this machine.

    Raises:
        SettingError: Ray is not installed, or no cluster answers (when it begins to work).
    """

    address: str = ""
    interval: float = INTERVAL

    @property
    def workers(self) -> int:
        """How many runs the cluster trains at once: one a processor core."""
        return max(1, int(_ray().cluster_resources().get("CPU", 1)))

    @contextlib.contextmanager
    def working(self, store: Store) -> Iterator[Callable[[], None]]:
        """Give what is queued to the cluster, and write down what comes back."""
        ray = _ray()
        self._connect(ray)
        flights: list[_Flight] = []
        try:
            with store.worker() as name:

                def keep() -> None:
                    flights[:] = [flight for flight in flights if flight.goes_on()]
                    while len(flights) < self.workers and (run := store.claim(name)):
                        flights.append(_Flight(ray, store, run, self.interval))

                try:
                    yield keep
                finally:
                    for flight in flights:
                        flight.end()
        finally:
            ray.shutdown()

    def _connect(self, ray: Any) -> None:
        if self.address:
            _knock(self.address)
        # Other machines need this very package, and no more of the project.
        package = {"py_modules": [str(Path(aeviz.__file__).parent)]}
        try:
            ray.init(address=self.address or "auto", log_to_driver=False, runtime_env=package, logging_level="error")
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = str(error).partition("\n")[0].partition(". ")[0].rstrip(".") or "no answer"
            where = f"at {self.address}" if self.address else "on this machine"
            raise SettingError(
                f"No Ray cluster answers {where} ({reason:.120}). Start one with: ray "
                "start --head, and name it with --address host:port."
            ) from None


class _Flight:
    """A run that is trained somewhere."""

    def __init__(self, ray: Any, store: Store, run: Run, interval: float) -> None:
        self.ray, self.store, self.run, self.interval = ray, store, run.id, interval
        self.losses = 0
        self._launch()

    def _launch(self) -> None:
        ray, row = self.ray, self.store.run(self.run)
        # Not tried again by Ray, which would begin anew: the next launch brings the checkpoint along.
        task = ray.remote(num_cpus=1, max_retries=0)(slices).options(num_returns="streaming")
        self.told = task.remote(json.dumps(row.recipe.to_json()), row.seconds, self.files(), self.interval)

    def files(self) -> dict[str, bytes]:
        """What is here of the run, if it can be taken up; nothing for one that begins."""
        home = self.store.path(self.run)
        if not (home / "checkpoint.safetensors").exists():
            return {}
        kept = [path for path in home.rglob("*") if path.is_file() and path.name != "recipe.json"]
        return {path.relative_to(home).as_posix(): path.read_bytes() for path in kept if path.name[0] != "."}

    def goes_on(self) -> bool:
        """Take what has come; whether more will."""
        if self.store.run(self.run).wanted == "stop":
            self.end()
            self.store.update(self.run, status="stopped")
            return False
        try:
            while self.ray.wait([self.told], timeout=0)[0]:
                self._take(self.ray.get(next(self.told)))
        except StopIteration:
            return False
        except self.ray.exceptions.RayTaskError as error:
            self.store.update(self.run, status="failed", message=f"Training failed there ({error.cause!r:.200}).")
            return False
        except self.ray.exceptions.RayError:  # the node, or the process, is gone
            self.losses += 1
            if self.losses >= MOST_LOSSES:
                words = f"{MOST_LOSSES} nodes were lost over this run. Use smaller layers, images or batches."
                self.store.update(self.run, status="failed", message=words)
                return False
            self._launch()
        return True

    def _take(self, told: Slice) -> None:
        home = self.store.path(self.run)
        for name, data in told.files.items():
            (home / name).parent.mkdir(exist_ok=True)
            write(home / name, data, durable=name == "checkpoint.safetensors")
        for name in told.gone:
            (home / name).unlink(missing_ok=True)
        columns = dict(told.columns)
        self.store.update(self.run, **columns | {"summary": json.dumps(columns["summary"])})

    def end(self) -> None:
        """Train no further."""
        with contextlib.suppress(self.ray.exceptions.RayError, ValueError):
            self.ray.cancel(self.told, force=True)


def _ray() -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise SettingError(NOT_HERE) from None
    return ray


def _knock(address: str) -> None:
    """Raise in seconds where nobody answers; Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except (OSError, ValueError) as error:
        raise SettingError(
            f"No Ray cluster answers at {address} ({error}). Start one with: ray start --head, and name its address as "
            "host:port."
        ) from None
