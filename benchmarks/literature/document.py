"""docs/LITERATURE.md, written from what was measured: `--write` puts new figures in, the others stay as they were.

The figures are kept beside it as JSON, each with the day and the machine's load when it was measured.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.literature.rows import Row, notes, table

HEAD = """\
# Checked against the literature

    AEVIZ_DATA=<folder with mnist/> python -m benchmarks.literature --write docs/LITERATURE.md

measures everything below and writes this file. A name measures one figure alone (`--list` tells the names), and
`--write` then leaves the others as they were. Two measurements run at once where there are two cores, each in a
process with one thread, as the app's workers train. A measurement that was interrupted goes on from where its training
stood a minute before, at most, when it is asked for again. `--quick` only shows that everything runs; its figures mean
nothing and are never written.

Everything is trained by aeviz itself, from recipes that the app can run. MNIST has 60,000 images to train on and
10,000 to test; pixels are in [0, 1]. Settings were chosen by hand from a few tries. Where a note below says so, the
tries were compared on 10,000 training images that were kept apart, as `--validate` does; the others, which are older,
by their test error. So a few per cent more or less than a published figure say little. Ratio is ours to the published
figure. Reached: at least as good as the goal, or as the published figure where there is no goal. Seconds are on the
wall's clock, data already loaded; "of a core" is processor time, which hardly grows when others are at work.
"""


def write(path: Path, measured: Mapping[str, Sequence[Row]], around: Mapping[str, Any], order: Sequence[str]) -> None:
    """Put these figures, by name of their measurement, into the document and into the JSON beside it."""
    record = path.with_suffix(".json")
    kept: dict[str, Any] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    for name, rows in measured.items():
        kept[name] = {"around": dict(around), "rows": [row.to_json() for row in rows]}
    kept = {name: kept[name] for name in order if name in kept}
    record.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path.write_text(document(kept, order), encoding="utf-8")


def document(kept: Mapping[str, Any], order: Sequence[str]) -> str:
    """The whole text."""
    rows = [Row.from_json(row) for each in kept.values() for row in each["rows"]]
    spent = sum(row.took.core for row in rows if row.took)
    lines = [
        HEAD,
        table(rows),
        "",
        f"All of it: {spent / 60:.0f} minutes of one core.",
        "",
        "## What differs, and what was seen",
        "",
        notes(rows),
        "",
        "## When and where",
        "",
        *(_when(name, each["around"]) for name, each in kept.items()),
    ]
    if missing := [name for name in order if name not in kept]:
        lines += ["", f"Not measured yet: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def _when(name: str, around: Mapping[str, Any]) -> str:
    return (
        f"- {name}: {around['measured'][:10]}, {around['cores']} cores, load {around['load']:.1f} at the start, "
        f"{around['system']}, Python {around['python']}, PyTorch {around['torch']}"
    )
