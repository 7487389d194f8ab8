"""The projector: slow pictures of codes, asked for through the store."""

from dataclasses import replace

import numpy as np
import pytest

from aeviz.runs import projector
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from aeviz.views import projections
from tests.runs.watched import RECIPE


@pytest.fixture
def run(store: Store) -> str:
    """A finished run."""
    return carry_out(store, replace(RECIPE, epochs=1)).id


def test_a_request_is_answered_with_the_points_of_the_codes(
    store: Store, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[tuple[int, ...], int]] = []

    def first_two(z: np.ndarray, seed: int, neighbours: int = 15) -> np.ndarray:
        asked.append((z.shape, seed))
        return z[:, :2]

    monkeypatch.setattr(projections, "umap", first_two)
    assert store.next_projection() is None
    assert store.request_projection(run, 4) == ("queued", "")
    assert store.request_projection(run, 4) == ("queued", ""), "asked twice, made once"
    wanted = store.next_projection()
    assert wanted == (run, 4, "umap")
    projector.project(store, *wanted)
    assert asked == [((360, 3), RECIPE.seed)]
    assert store.request_projection(run, 4) == ("finished", "")
    assert store.next_projection() is None
    arrays, metadata = store.read(run, projector.name_of(4))
    assert arrays["points"].shape == (360, 2)
    assert metadata["step"] == "4"


def test_the_newest_request_comes_first(store: Store, run: str) -> None:
    for step in (0, 2, 4):
        store.request_projection(run, step)
    assert store.next_projection() == (run, 4, "umap")
    store.answer_projection(run, 4, "umap", "finished")
    assert store.next_projection() == (run, 2, "umap")


def test_a_projection_that_fails_says_why(store: Store, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("too few neighbours")

    monkeypatch.setattr(projections, "umap", broken)
    store.request_projection(run, 4)
    projector.project(store, run, 4)
    assert store.request_projection(run, 4) == ("failed", "UMAP failed (too few neighbours). PCA is shown.")


def test_a_projection_of_a_run_without_weights_says_so(store: Store) -> None:
    queued = store.add(RECIPE)
    store.request_projection(queued, 0)
    projector.project(store, queued, 0)
    status, message = store.request_projection(queued, 0)
    assert status == "failed"
    assert "waits for a free worker" in message


def test_kinds_of_pictures_of_one_run_are_asked_for_apart(store: Store, run: str) -> None:
    store.request_projection(run, 4, "umap")
    store.request_projection(run, 4, "tsne")
    store.answer_projection(run, 4, "umap", "failed", "no")
    assert store.next_projection() == (run, 4, "tsne")
    projector.project(store, run, 4, "tsne")
    assert store.request_projection(run, 4, "tsne") == ("finished", "")
    assert store.request_projection(run, 4, "umap") == ("failed", "no")
    assert store.read(run, projector.name_of(4, "tsne"))[0]["points"].shape == (360, 2)


def test_tsne_keeps_neighbours_together_and_repeats_itself() -> None:
    random = np.random.default_rng(0)
    centres = np.repeat(10 * np.eye(5)[:3], 20, axis=0)
    z = (centres + random.normal(size=(60, 5))).astype(np.float32)
    points = projections.tsne(z, seed=1)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1:6]
    assert (nearest // 20 == np.arange(60)[:, None] // 20).mean() > 0.95
    assert np.array_equal(points, projections.tsne(z, seed=1))
    assert projections.tsne(z[:2], seed=0).shape == (2, 2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the compiler behind UMAP
def test_umap_keeps_neighbours_together_and_repeats_itself() -> None:
    random = np.random.default_rng(0)
    centres = np.repeat(10 * np.eye(5)[:3], 20, axis=0)
    z = (centres + random.normal(size=(60, 5))).astype(np.float32)
    points = projections.umap(z, seed=1, neighbours=8)
    assert points.shape == (60, 2)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1:6]
    assert (nearest // 20 == np.arange(60)[:, None] // 20).mean() > 0.95
    assert np.array_equal(points, projections.umap(z, seed=1, neighbours=8))


def test_warming_makes_a_picture_as_requests_do(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, ...]] = []

    def broken(z: np.ndarray, seed: int, neighbours: int = 15) -> np.ndarray:
        shapes.append(z.shape)
        raise RuntimeError("no compiler here")

    monkeypatch.setattr(projections, "umap", broken)
    projector.warm()  # says nothing: nobody has asked
    assert shapes == [(40, 3)]
