"""A sweep on a real Ray cluster of two nodes, one of which is killed midway."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from aeviz.__main__ import main
from aeviz.errors import SettingError
from aeviz.runs import cluster
from aeviz.runs.cluster import Ray
from aeviz.runs.engines import Local
from aeviz.runs.store import Store
from aeviz.runs.sweeping import Progress, carry_out
from aeviz.sweep import Sweep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]

SWEEP = Sweep.from_json(
    {"base": {"model": {"kind": "Mlp", "hidden": [16]}, "epochs": 400, "batch_size": 64}, "seeds": 3, "over": {}}
    | {"over": {"model.code": [2]}}
)
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}


@contextlib.contextmanager
def two_nodes() -> Iterator[tuple[Any, Any]]:
    """A cluster on this machine, and that of its nodes which is not its head."""
    from ray.cluster_utils import Cluster

    # Its workers give way to all others, and the others here are tests.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (Ray asks for this very name)
    made = Cluster(initialize_head=True, head_node_args=NODE)
    try:
        yield made, made.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    finally:
        made.shutdown()


def test_a_node_that_dies_costs_its_runs_a_restart_and_nothing_else(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[bool] = []  # for each launch, whether it had a checkpoint to go on from
    files = cluster._Flight.files

    def watched(flight: Any) -> dict[str, bytes]:
        found = files(flight)
        brought.append("checkpoint.safetensors" in found)
        return found

    monkeypatch.setattr(cluster._Flight, "files", watched)
    with two_nodes() as (nodes, other):
        alive = [True]

        def kill(progress: Progress) -> None:
            running = [run for run in store.runs() if run.status == "running"]
            there = all((store.path(run.id) / "checkpoint.safetensors").exists() for run in running)
            if alive[0] and len(running) == 2 and there:
                alive[0] = False
                nodes.remove_node(other, allow_graceful=False)

        found = carry_out(store, SWEEP, Ray(nodes.address, interval=0.3), kill)
    assert not alive[0], "no node was killed: both runs of the first pair must still train when their checkpoints come"
    assert [row["status"] for row in found.rows()] == ["finished"] * 3, [row["message"] for row in found.rows()]
    assert len(brought) == 4 and sum(brought) == 1, "one run was launched again, from its checkpoint"

    near = Store(tmp_path / "near")
    for far, here in zip(found.rows(), carry_out(near, SWEEP, Local(2)).rows(), strict=True):
        assert far["test"] == here["test"]
        ours, theirs = (load_file(s.path(row["run"]) / "model.safetensors") for s, row in ((store, far), (near, here)))
        assert all((ours[name] == theirs[name]).all() for name in theirs) and ours.keys() == theirs.keys()
        steps = [[row["step"] for row in s.history(row_["run"])[0]] for s, row_ in ((store, far), (near, here))]
        assert steps[0] == steps[1], "no epoch is told twice or left out"


def test_a_cluster_that_is_not_there_is_told_in_seconds(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingError, match="No Ray cluster answers at 127"):
        carry_out(store, SWEEP, Ray("127.0.0.1:9"))
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(SWEEP.to_json()))
    words = ["sweep", str(path), "--store", str(store.folder), "--engine", "ray", "--address", "nonsense"]
    assert main(words) == 1
    assert "No Ray cluster answers at nonsense" in capsys.readouterr().err
    assert not store.runs(), "nothing was begun"
