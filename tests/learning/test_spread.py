"""One recipe over two processes that torchrun starts: the loss curve is that of one process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aeviz.data.pairings import GaussianNoise
from aeviz.learning import Adam, CodeL2
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store

# 1,437 examples in batches of 100: the last batch has 37, which two processes cannot halve.
RECIPE = Recipe(
    model=Mlp(hidden=(16,)), terms=(CodeL2(),), pairing=GaussianNoise(), optimizer=Adam(), epochs=3, batch_size=100
)


def test_two_processes_have_the_loss_curve_of_one(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE.to_json()))
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "aeviz", "train",
        str(tmp_path / "recipe.json"), "--store", str(tmp_path / "two"), "--json",
    ]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1", "AEVIZ_DEVICE": "cpu"}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    assert len(told) == 1, "one process speaks for both"
    two, one = Store(tmp_path / "two"), Store(tmp_path / "one")
    (spread_out,), alone = two.runs(), carry_out(one, RECIPE)
    assert json.loads(told[0])["id"] == spread_out.id
    both = (two.history(spread_out.id)[0], one.history(alone.id)[0])
    assert len(both[0]) == len(both[1]) == 4
    for shared, own in zip(*both, strict=True):
        for part in ("train", "test"):
            assert shared[part] == pytest.approx(own[part], rel=1e-4)
    assert both[0][-1]["train"]["loss"] < both[0][1]["train"]["loss"]
