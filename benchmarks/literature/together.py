"""Several measurements at once, each in a process of its own with one thread, as aeviz's workers train."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.application import ROOT
from benchmarks.children import CONDITIONS, say
from benchmarks.literature.rows import Measurement, Row, failure
from benchmarks.table import Settings

LOOK = 0.2  # seconds between two looks at the children


def together(
    measurements: Sequence[Measurement], settings: Settings, jobs: int, answers: Path
) -> Iterator[tuple[Measurement, list[Row]]]:
    """Each measurement with its rows as soon as they are there; at most `jobs` at a time, the longest first.

    answers: a folder for what the children answer. They end with the iterator.
    """
    waiting = sorted(measurements, key=lambda each: each.minutes)
    running: dict[subprocess.Popen[bytes], Measurement] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                measurement = waiting.pop()
                running[_started(measurement, settings, answers)] = measurement
                say(f"→ {measurement.name}: about {measurement.minutes:g} minutes")
            for child in [each for each in running if each.poll() is not None]:
                measurement = running.pop(child)
                yield measurement, _answer(measurement, child, answers)
            time.sleep(LOOK)
    finally:
        for child in running:
            child.terminate()
        for child in running:
            child.wait()


def _started(measurement: Measurement, settings: Settings, answers: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.literature", measurement.name, "--json", "--jobs", "1"]
    with (answers / measurement.name).open("wb") as answer:
        return subprocess.Popen(
            [*command, *(f"--{each}" for each in ("quick", "validate") if getattr(settings, each))],
            cwd=ROOT,
            env=os.environ | CONDITIONS,
            stdout=answer,
        )


def _answer(measurement: Measurement, child: subprocess.Popen[bytes], answers: Path) -> list[Row]:
    if child.returncode:
        return [failure(measurement, f"Its process ended with {child.returncode}.")]
    last = (answers / measurement.name).read_text(encoding="utf-8").strip().splitlines()[-1]
    return [Row.from_json(each) for each in json.loads(last)["rows"]]
