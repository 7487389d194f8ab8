"""The routes beside the pages: frames, artefacts, and the live socket."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.ui.artefacts import MOST, publish, published
from aeviz.ui.server import routes
from tests.patience import SECONDS


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    return Store(tmp_path)


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=routes()))


def test_a_finished_run_is_told_whole_and_the_socket_closes(store: Store, client: TestClient):
    run = carry_out(store, Recipe(epochs=3))
    with client.websocket_connect(f"/aeviz/runs/{run.id}/live") as socket:
        told = json.loads(socket.receive_text())
        assert told["status"] == "finished"
        assert [row["epoch"] for row in told["rows"]] == [0, 1, 2, 3]
        assert [frame["step"] for frame in told["frames"]] == store.frames(run.id)
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()
    for frame in told["frames"]:
        assert client.get(f"/aeviz/runs/{run.id}/frames/{frame['step']}").status_code == 200


def test_a_viewer_who_leaves_a_paused_run_is_noticed(store: Store, client: TestClient):
    run = store.add(Recipe())
    store.update(run, status="paused", wanted="pause")
    began = time.monotonic()
    with client.websocket_connect(f"/aeviz/runs/{run}/live") as socket:
        assert json.loads(socket.receive_text())["status"] == "paused"
    # Leaving the block waits for the route to end: without a listener it never would.
    assert time.monotonic() - began < SECONDS
    watched = store.run(run).watched
    time.sleep(1.5)
    assert store.run(run).watched == watched


def test_the_picture_comes_before_the_words_that_a_run_is_paused(store: Store, client: TestClient):
    run = store.add(Recipe())
    store.write(run, "live", {"points": np.zeros((2, 2), np.float32)}, {"step": "7"})
    store.update(run, status="paused", wanted="pause")
    with client.websocket_connect(f"/aeviz/runs/{run}/live") as socket:
        assert b'"step":"7"' in socket.receive_bytes()
        assert json.loads(socket.receive_text())["status"] == "paused"


@pytest.mark.parametrize("run", ["0123456789ab-012345", "..%2f..%2fetc", "x"])
def test_an_unknown_run_is_answered_in_words(store: Store, client: TestClient, run: str):
    assert client.get(f"/aeviz/runs/{run}/scene").status_code == 404
    if "%" not in run:
        with client.websocket_connect(f"/aeviz/runs/{run}/live") as socket:
            told = json.loads(socket.receive_text())
            assert told["status"] == "failed"
            assert told["message"].endswith(".")


def test_another_site_may_not_watch(store: Store, client: TestClient):
    address = f"/aeviz/runs/{store.add(Recipe())}/live"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(address, headers={"origin": "https://elsewhere.example"}),
    ):
        pass


def test_the_decoder_of_a_run_is_answered_until_its_weights_change(store: Store, client: TestClient):
    run = carry_out(store, Recipe(epochs=1))
    address = f"/aeviz/runs/{run.id}/decoder"
    answer = client.get(address)
    file = load(answer.content)
    train = open_run(store, run.id).dataset.train
    assert file["references"].shape == (min(1000, len(train)), run.recipe.model.code)
    assert b'"tape"' in answer.content
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get("/aeviz/runs/0123456789ab-012345/decoder").status_code == 404
    assert client.get(f"/aeviz/runs/{store.add(Recipe())}/decoder").status_code == 404


def test_artefacts_are_found_by_their_content_and_the_oldest_go_first(client: TestClient):
    address = publish(b"first")
    assert client.get(address).content == b"first"
    assert publish(b"first") == address
    large = b"x" * (MOST - 3)
    assert publish(large) == publish(large)
    assert published(address.rsplit("/", 1)[1]) is None
    assert client.get(address).status_code == 404


def test_health_counts_runs(store: Store, client: TestClient):
    store.add(Recipe())
    assert client.get("/aeviz/health").json() == {"status": "ok", "runs": {"queued": 1}}
