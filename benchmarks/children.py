"""Processes that are measured: started one at a time, under the conditions of the app's own workers."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aeviz.runs import crew
from benchmarks.application import ROOT
from benchmarks.table import Mark, Unavailable

CONDITIONS = crew.CONDITIONS | {"AEVIZ_DEVICE": "cpu"}  # both sides on the processor, whatever else there is
"""The environment of every process that trains, ours and theirs."""

PATIENCE = 900.0  # seconds


def behave_like_a_worker() -> None:
    """One thread, and behind whatever a person waits for: what aeviz.runs.worker does when it starts."""
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)


def say(words: str) -> None:
    """One line of progress."""
    print(words, file=sys.stderr, flush=True)


def told(*words: str, **environment: str) -> Mapping[str, Any]:
    """Run `python -m words…` to its end; the JSON object that it printed last.

    Raises:
        Unavailable: it failed; the sentence carries its last words.
    """
    command = [sys.executable, "-m", *words]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | CONDITIONS | environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{words[0]} took more than {PATIENCE:.0f} s.") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no words"])[-1]
        raise Unavailable(f"{words[0]} failed: {last[:200]}")
    answer: Mapping[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def marks_of(answer: Mapping[str, Any]) -> list[Mark]:
    """The marks that a child printed."""
    return [Mark(*each) for each in answer["marks"]]


# Looking at a process from outside, on Linux


def processor_seconds(process: int) -> float | None:
    """Processor time that a process has used so far; None where the system does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError, AttributeError):
        # The name, in brackets, may hold anything; after it the 12th and 13th fields are user and system time.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return None


def children_named(process: int, name: str) -> list[int]:
    """The children of a process that have `name` among the words of their command; empty where it cannot be told."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process and name in (each / "cmdline").read_text().split("\0"):
                found.append(int(each.name))
    return found


def megabytes(process: int) -> tuple[float, float]:
    """Memory of a process: resident, and resident with what it shares counted in proportion (RSS and PSS).

    Raises:
        Unavailable: the system does not say; only Linux does in this way.
    """
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        raise Unavailable("Memory is read from /proc, which only Linux has.") from None
    sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[1:])}
    return sizes["Rss"] * 1024 / 1e6, sizes["Pss"] * 1024 / 1e6
