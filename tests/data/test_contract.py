"""What every source promises, whichever it is."""

import json
from pathlib import Path

import numpy as np
import pytest

from aeviz.data import SOURCES, Digits, Glyphs, Images, Photos, Shapes, Source, TaggedShapes, Toys
from aeviz.data.idx import Idx
from aeviz.spec import read

SETTINGS: dict[type[Source], list[dict[str, object]]] = {
    Shapes: [{"images": 300}, {"images": 200, "size": "64", "rotated": False, "seed": 5}],
    Glyphs: [{"images": 300}, {"images": 200, "characters": "digits and letters", "rotation": 180, "stroke": 2}],
    TaggedShapes: [{"images": 300}, {"images": 200, "size": 17, "seed": 3}],
    Photos: [{"patches": 300}, {"patches": 200, "colour": True, "size": 33}],
    Toys: [
        {"points": 400, "figure": figure, "noise": noise}
        for figure in ("moons", "circles", "spirals", "swiss roll", "s-curve")
        for noise in (0.0, 0.2)
    ],
}
CASES = [
    pytest.param(kind, settings, id=f"{kind.__name__}-{at}")
    for kind in SOURCES
    for at, settings in enumerate(SETTINGS.get(kind, [{"train": 300, "test": 100}] if issubclass(kind, Idx) else [{}]))
]


@pytest.fixture
def source(kind: type[Source], settings: dict[str, object], own_idx: Path, picture_folder: Path) -> Source:
    return kind(**settings | ({"path": str(picture_folder)} if kind is Images else {}))


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_the_data_are_what_the_source_says(source: Source) -> None:
    told: list[float] = []
    data = source.load(lambda fraction, words: told.append(fraction))
    assert data.shape == source.shape()
    assert (len(data.train), len(data.test)) == source.sizes()
    assert data.classes == source.classes() and data.tag_names == source.tag_names()
    assert all(0 <= fraction <= 1 for fraction in told)
    for split in (data.train, data.test):
        assert split.x.dtype == np.float32 and split.x.flags.c_contiguous
        assert split.x.shape[1:] == source.shape()
        assert np.isfinite(split.x).all() and split.x.min() >= 0 and split.x.max() <= 1
        assert split.x.std() > 0.01
        assert (split.labels is None) == (not data.classes)
        assert (split.factors is None) == (not data.factor_names)
        if split.labels is not None:
            assert split.labels.dtype == np.int64 and split.labels.shape == (len(split),)
            assert split.labels.min() >= 0 and split.labels.max() < len(data.classes)
        assert (split.tags is None) == (not data.tag_names)
        if split.tags is not None:
            assert split.tags.dtype == np.float32 and split.tags.shape == (len(split), len(data.tag_names))
            assert set(np.unique(split.tags)) == {0, 1} and split.tags.any()
        if split.factors is not None:
            assert split.factors.dtype == np.float32
            assert split.factors.shape == (len(split), len(data.factor_names))
    assert all(notice.endswith(".") for notice in data.notices)


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_same_settings_same_arrays(source: Source) -> None:
    first, second = source.load(), source.load()
    assert first.classes == second.classes and first.notices == second.notices
    for one, other in ((first.train, second.train), (first.test, second.test)):
        assert one.x.tobytes() == other.x.tobytes()
        for mine, yours in ((one.labels, other.labels), (one.factors, other.factors), (one.tags, other.tags)):
            assert (mine is None and yours is None) or np.array_equal(mine, yours)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_no_example_is_in_both_splits(source: Source) -> None:
    data = source.load()
    both = {row.tobytes() for row in data.train.x} & {row.tobytes() for row in data.test.x}
    assert bool(both) == source.repeats


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_a_source_is_its_json(source: Source) -> None:
    assert read(SOURCES, json.loads(json.dumps(source.to_json())), "data") == source


@pytest.mark.parametrize("kind", SOURCES)
def test_defaults_and_documentation(kind: type[Source]) -> None:
    kind()
    options = kind.options()
    assert options["title"] and len(options["doc"]) > 100
    assert SOURCES[0] is Digits


@pytest.mark.parametrize(("kind", "settings"), [case for case in CASES if "seed" in case.values[0].knobs()])  # type: ignore[union-attr]
def test_another_seed_gives_other_data(source: Source) -> None:
    other = type(source).from_json(source.to_json() | {"seed": 12345})
    assert source.load().train.x.tobytes() != other.load().train.x.tobytes()
