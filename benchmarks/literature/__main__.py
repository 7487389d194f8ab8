"""Compare aeviz with the literature: `python -m benchmarks.literature [NAME …] [--list] [--quick] [--validate]`.

Progress goes to standard error, the table to standard output. --write PATH puts what was measured into the document.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from aeviz.runs.crew import cores
from benchmarks.__main__ import circumstances, interrupt
from benchmarks.children import CONDITIONS, behave_like_a_worker, say
from benchmarks.literature import deep, energy, features, labels, linear, small, tags, variational
from benchmarks.literature.document import write
from benchmarks.literature.rows import Measurement, Row, chosen, measured, notes, table
from benchmarks.literature.together import together
from benchmarks.table import Settings, Unavailable

MEASUREMENTS: tuple[Measurement, ...] = (
    Measurement("pca", "PCA, 30 codes", 0.5, linear.components),
    Measurement("logistic", "logistic PCA, 30 codes", 1, linear.logistic),
    Measurement("deep", "deep autoencoder, 30 codes", 15, deep.end_to_end),
    Measurement("deep-rbm", "deep autoencoder, 30 codes, pretrained", 14, deep.pretrained),
    Measurement("small", "5,000 images, 30 epochs", 2, small.five_thousand),
    Measurement("rbm", "RBM, test log-likelihood", 12, energy.restricted),
    Measurement("dbm", "DBM, bound on the test log-likelihood", 40, energy.deep),
    Measurement("shapes", "tags of tagged shapes, multimodal machine", 6, tags.shapes),
    Measurement("emoji", "tags of emoji, multimodal machine", 4, tags.emoji),
    Measurement("vae", "VAE, test log-likelihood", 10, variational.importance),
    Measurement("labels-dbm", "gain of pretraining a DBM, few labels", 14, labels.deep),
    Measurement("labels-rbm", "gain of pretraining an RBM, few labels", 8, labels.restricted),
    Measurement("ae", "classification from an autoencoder's features", 10, features.PLAIN.rows),
    Measurement("dae", "classification from denoising features", 11, features.DENOISING.rows),
    Measurement("cae", "classification from contractive features", 9, features.CONTRACTIVE.rows),
    Measurement("sdae", "classification from three denoising layers", 12, features.STACKED.rows),
)


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for; 0 unless a name is unknown (2) or it was interrupted (130)."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.literature", description=__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME", help="which figures; all of them when none is named")
    arguments.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments.add_argument("--list", action="store_true", help="name the figures and measure nothing")
    arguments.add_argument("--quick", action="store_true", help="tiny data, to see that it works; not for quoting")
    arguments.add_argument(
        "--validate", action="store_true", help="judge on 10,000 training images kept apart, to choose settings"
    )
    arguments.add_argument("--jobs", type=int, default=cores(), help="how many at once; 1: in this very process")
    arguments.add_argument("--write", type=Path, metavar="PATH", help="the document to put the figures into")
    given = arguments.parse_args(words)
    try:
        asked = chosen(given.names, MEASUREMENTS)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 2
    if given.list:
        for each in asked:
            print(f"{each.name:12} {each.about}; about {each.minutes:g} minutes")
        return 0
    if given.write and (given.quick or given.validate):
        flag = "--quick" if given.quick else "--validate"
        print(f"{flag} gives no figures that could be written: leave one of the two out.", file=sys.stderr)
        return 2
    settings = Settings(given.quick, given.validate)
    around = circumstances(settings)
    found: dict[str, list[Row]] = {}
    before = signal.signal(signal.SIGTERM, interrupt)
    status = 0
    try:
        measure(asked, settings, given.jobs, found)
    except KeyboardInterrupt:
        say("Interrupted; this is what was measured until then.")
        status = 130
    finally:
        signal.signal(signal.SIGTERM, before)
    rows = [row for each in asked for row in found.get(each.name, ())]
    print(table(rows))
    if said := notes(rows):
        print(f"\n{said}")
    if given.quick:
        print("\nMeasured with --quick, on a few drawn digits: these figures mean nothing.")
    if given.validate:
        print("\nJudged on training images that were kept apart: these figures are for choosing settings.")
    if given.write:
        write(given.write, found, around, [each.name for each in MEASUREMENTS])
    if given.json:
        print(json.dumps(around | {"rows": [{"name": name} | row.to_json() for name in found for row in found[name]]}))
    return status


def measure(asked: Sequence[Measurement], settings: Settings, jobs: int, found: dict[str, list[Row]]) -> None:
    """Add the rows of every measurement to `found` as soon as they are there."""
    if jobs == 1:
        os.environ.update(CONDITIONS)
        behave_like_a_worker()
        for each in asked:
            found[each.name] = measured(each, settings)
            for row in found[each.name]:
                say(" ".join(("→", *row.cells())))
        return
    with tempfile.TemporaryDirectory() as folder:
        for each, rows in together(asked, settings, jobs, Path(folder)):
            found[each.name] = rows


if __name__ == "__main__":
    sys.exit(main())
