"""One copy of the data for all runs of a process."""

import threading
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from aeviz.data import Dataset, Digits, Progress, Source, Split, cache
from aeviz.data.cache import bytes_of, loaded
from aeviz.data.dataset import silent
from aeviz.errors import DataError
from aeviz.spec import knob


@dataclass(frozen=True)
class Slow(Source):
    """Loads when it is let; counts how often."""

    number: int = knob(0, "Number", "Tells two of them apart.")
    loads: ClassVar[list[int]] = []
    begun: ClassVar[dict[int, threading.Event]] = {}
    let: ClassVar[dict[int, threading.Event]] = {}
    raises: ClassVar[list[BaseException]] = []

    def shape(self) -> tuple[int, ...]:
        return (2,)

    def sizes(self) -> tuple[int, int]:
        return (10, 5)

    def classes(self) -> tuple[str, ...]:
        return ()

    def load(self, progress: Progress = silent) -> Dataset:
        self.loads.append(self.number)
        if self.number in self.begun:
            self.begun[self.number].set()
            assert self.let[self.number].wait(10)
        if self.raises:
            raise self.raises.pop()
        return Dataset(Split(np.zeros((10, 2), np.float32)), Split(np.ones((5, 2), np.float32)))


@pytest.fixture(autouse=True)
def fresh() -> None:
    Slow.loads.clear()
    Slow.begun.clear()
    Slow.let.clear()
    Slow.raises.clear()


def hold(number: int) -> None:
    Slow.begun[number], Slow.let[number] = threading.Event(), threading.Event()


class Caller(threading.Thread):
    """Asks for a source and keeps the answer; `waiting` is set when it is told to wait for another."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source, self.answer = source, None  # type: tuple[Source, Dataset | BaseException | None]
        self.waiting = threading.Event()

    def run(self) -> None:
        try:
            self.answer = loaded(self.source, lambda fraction, words: self.waiting.set())
        except BaseException as error:
            self.answer = error


def test_the_same_source_is_loaded_once_and_read_only() -> None:
    first = loaded(Digits())
    assert loaded(Digits()) is first
    for split in (first.train, first.test):
        assert split.labels is not None
        for array in (split.x, split.labels):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_two_threads_load_it_once_and_another_source_does_not_wait() -> None:
    hold(1)
    first, second = Caller(Slow(number=1)), Caller(Slow(number=1))
    first.start()
    assert Slow.begun[1].wait(10)
    second.start()
    assert second.waiting.wait(10)
    assert len(loaded(Slow(number=2)).train) == 10  # while 1 is still under way
    Slow.let[1].set()
    first.join()
    second.join()
    assert isinstance(first.answer, Dataset) and first.answer is second.answer
    assert Slow.loads == [1, 2]


def test_an_error_is_shared_by_those_who_wait_and_not_kept() -> None:
    hold(1)
    Slow.raises.append(DataError("offline"))
    first, second = Caller(Slow(number=1)), Caller(Slow(number=1))
    first.start()
    assert Slow.begun[1].wait(10)
    second.start()
    assert second.waiting.wait(10)
    Slow.let[1].set()
    first.join()
    second.join()
    assert isinstance(first.answer, DataError) and isinstance(second.answer, DataError)
    assert Slow.loads == [1]
    assert len(loaded(Slow(number=1)).train) == 10


def test_when_a_loader_is_stopped_midway_the_next_takes_over() -> None:
    hold(1)
    Slow.raises.append(KeyboardInterrupt())
    first, second = Caller(Slow(number=1)), Caller(Slow(number=1))
    first.start()
    assert Slow.begun[1].wait(10)
    second.start()
    assert second.waiting.wait(10)
    Slow.let[1].set()
    first.join()
    second.join()
    assert isinstance(first.answer, KeyboardInterrupt)
    assert isinstance(second.answer, Dataset)
    assert Slow.loads == [1, 1]


def test_what_was_asked_for_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 2 * bytes_of(Slow().load()))
    Slow.loads.clear()
    for number in (1, 2, 1, 3, 1, 2):
        loaded(Slow(number=number))
    assert Slow.loads == [1, 2, 3, 2]


def test_what_is_too_large_is_given_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 10)
    loaded(Slow())
    loaded(Slow())
    assert Slow.loads == [0, 0]
