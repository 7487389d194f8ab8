"""Measure aeviz beside its peers and print a table: `python -m benchmarks [NAME …] [--json] [--quick] [--list]`.

Progress goes to standard error, the table to standard output. Ratios are measured in turns within one run. --quick
only shows that everything works: its figures are not for quoting.
"""

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from aeviz.runs.crew import cores
from benchmarks.children import say
from benchmarks.contraction import contraction
from benchmarks.energy import energy
from benchmarks.memory import memory
from benchmarks.peers import peers
from benchmarks.pointing import pointing
from benchmarks.scrubbing import scrubbing
from benchmarks.serving import serving
from benchmarks.table import Row, Settings, Unavailable, table
from benchmarks.training import training
from benchmarks.wall import sweep, wall

Benchmark = Callable[[Settings], Iterator[Row]]
BENCHMARKS: tuple[Benchmark, ...] = (
    training,
    peers,
    serving,
    memory,
    contraction,
    pointing,
    energy,
    wall,
    scrubbing,
    sweep,
)


def named(benchmark: Benchmark) -> str:
    """What a benchmark is called on the command line."""
    return str(getattr(benchmark, "__name__", benchmark))


def chosen(names: Sequence[str], among: Sequence[Benchmark] = BENCHMARKS) -> list[Benchmark]:
    """The benchmarks of these names, in their order; all of them when none is named.

    Raises:
        Unavailable: there is none of a name.
    """
    known = {named(each): each for each in among}
    if unknown := [name for name in names if name not in known]:
        raise Unavailable(f"There is no benchmark {', '.join(map(repr, unknown))}. There are: {', '.join(known)}.")
    return [known[name] for name in names] or list(among)


def measured(benchmarks: Sequence[Benchmark], settings: Settings, rows: list[tuple[str, Row]]) -> None:
    """Add every row to `rows` as soon as it is there. What cannot be measured becomes a row that says why."""
    for benchmark in benchmarks:
        try:
            for row in benchmark(settings):
                rows.append((named(benchmark), row))
                say(" ".join(("→", *row.cells())))
        except Unavailable as error:
            rows.append((named(benchmark), Row(named(benchmark), detail=str(error))))
        except Exception as error:  # the other benchmarks shall still be measured
            first = (str(error).splitlines() or [""])[0]
            rows.append((named(benchmark), Row(named(benchmark), detail=f"It broke: {type(error).__name__}: {first}")))


def circumstances(settings: Settings) -> dict[str, object]:
    """When and where this was measured."""
    import torch

    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": settings.quick,
        "cores": cores(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def caveats(around: Mapping[str, Any]) -> list[str]:
    """What a reader of the figures has to know of how they came about."""
    found = []
    if around["quick"]:
        found.append("Measured with --quick: these figures are not for quoting.")
    if around["load"] > around["cores"] / 2:
        found.append(
            f"Others were at work when this began (load {around['load']:.1f} on {around['cores']} cores): bare times "
            "are too long, and the ratio of a single round is chance."
        )
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for; 0 unless a name is unknown (2) or it was interrupted (130)."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME", help="which benchmarks; all of them when none is named")
    arguments.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments.add_argument("--quick", action="store_true", help="short and inexact; not for quoting")
    arguments.add_argument("--list", action="store_true", help="name the benchmarks and measure nothing")
    given = arguments.parse_args(words)
    try:
        benchmarks = chosen(given.names)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 2
    if given.list:
        for each in benchmarks:
            print(f"{named(each):11} {each.__doc__}")
        return 0
    settings = Settings(given.quick)
    around = circumstances(settings)
    rows: list[tuple[str, Row]] = []
    before = signal.signal(signal.SIGTERM, interrupt)
    status = 0
    try:
        measured(benchmarks, settings, rows)
    except KeyboardInterrupt:
        say("Interrupted; this is what was measured until then.")
        status = 130
    finally:
        signal.signal(signal.SIGTERM, before)
    print(table(row for _, row in rows))
    for caveat in caveats(around):
        print(f"\n{caveat}")
    if given.json:
        print(json.dumps(around | {"rows": [{"benchmark": name} | row.to_json() for name, row in rows]}))
    return status


def interrupt(signal: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # so that everything that was started is ended


if __name__ == "__main__":
    sys.exit(main())
