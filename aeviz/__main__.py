"""The command line: `python -m aeviz options | presets | train | sweep | runs | measure | labels | film`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aeviz.errors import AevizError

if TYPE_CHECKING:
    from aeviz.runs.store import Store
    from aeviz.runs.sweeping import Engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; 0 when it succeeded, 1 for an error in words, 2 for wrong usage."""
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "options":
                _options(chosen.json)
            case "train":
                return _train(chosen.recipe, chosen.store, chosen.name, chosen.json)
            case "sweep":
                from aeviz.cli.sweeps import sweep

                return sweep(chosen.sweep, chosen.store, _engine(chosen), chosen.json)
            case "presets":
                _presets(chosen.json)
            case "labels":
                _labels(chosen)
            case "film":
                _film(chosen.run, chosen.store, chosen.out)
            case "runs":
                _runs(chosen.store, chosen.json)
            case "measure":
                _measure(chosen.run, chosen.store, chosen.json)
    except AevizError as error:
        print(f"aeviz: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    return 0


def _engine(chosen: argparse.Namespace) -> "Engine":
    """What trains the runs of a sweep."""
    if chosen.engine == "ray":
        from aeviz.runs.cluster import Ray

        return Ray(chosen.address)
    from aeviz.runs.engines import Local

    return Local(chosen.workers)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m aeviz", description="Train autoencoders, list what was trained, and measure it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    options = commands.add_parser("options", help="every kind of data, model, term, pairing, optimizer and procedure")
    options.add_argument("--json", action="store_true", help="one JSON object")
    training = commands.add_parser("train", help="train a recipe to its end")
    training.add_argument("recipe", type=Path, help="a file with the recipe as JSON, or the name of a preset")
    training.add_argument("--store", type=Path, default=Path("store"), help="folder of runs (default: store)")
    training.add_argument("--name", default="", help="a name for the run")
    training.add_argument("--json", action="store_true", help="no progress bar; the last line is one JSON object")
    sweeping = commands.add_parser("sweep", help="train a recipe over and over with some choices varied")
    sweeping.add_argument("sweep", type=Path, help="a file with the sweep as JSON")
    sweeping.add_argument("--store", type=Path, default=Path("store"), help="folder of runs (default: store)")
    sweeping.add_argument("--workers", type=int, default=0, help="processes that train (default: one a core)")
    sweeping.add_argument("--engine", choices=("local", "ray"), default="local", help="where runs are trained")
    sweeping.add_argument("--address", default="", help="of a Ray cluster, as host:port (default: this machine's)")
    sweeping.add_argument("--json", action="store_true", help="no progress bar; the last line is one JSON object")
    listing = commands.add_parser("runs", help="list the runs of a store")
    listing.add_argument("--store", type=Path, default=Path("store"), help="folder of runs (default: store)")
    listing.add_argument("--json", action="store_true", help="one JSON array")
    measuring = commands.add_parser("measure", help="every measure of a run: errors, use of the code, classes, samples")
    measuring.add_argument("run", help="the id of a run, as `runs` lists it")
    measuring.add_argument("--store", type=Path, default=Path("store"), help="folder of runs (default: store)")
    measuring.add_argument("--json", action="store_true", help="one JSON object")
    listed = commands.add_parser("presets", help="recipes of the literature, by name")
    listed.add_argument("--json", action="store_true", help="one JSON array")
    labels = commands.add_parser("labels", help="accuracy of a run's code against the number of labels")
    labels.add_argument("run", help="the id of a finished run")
    labels.add_argument("--store", type=Path, default=Path("store"), help="folder of runs (default: store)")
    labels.add_argument("--counts", default="10, 30, 100, 300, 1000", help="numbers of labelled examples")
    labels.add_argument("--seeds", type=int, default=3, help="repetitions (default: 3)")
    labels.add_argument("--updates", type=int, default=500, help="gradient steps of each network (default: 500)")
    labels.add_argument("--json", action="store_true", help="one JSON array")
    filming = commands.add_parser("film", help="a run's training as a film: loss, codes and pictures, settings below")
    filming.add_argument("run", help="the id of a run, as `runs` lists it")
    filming.add_argument("--store", type=Path, default=Path("store"), help="folder of runs (default: store)")
    filming.add_argument("--out", type=Path, default=Path("film.mp4"), help="an .mp4 or .gif (default: film.mp4)")
    return parser


def options() -> dict[str, list[dict[str, Any]]]:
    """Every variant of every slot with its knobs (name, type, range, default), ready for JSON."""
    from aeviz.recipe import Recipe
    from aeviz.sweep import SLOTS

    named = {slot: [variant.options() for variant in variants] for slot, variants in SLOTS.items()}
    return named | {"recipe": [Recipe.options()]}


def _options(as_json: bool) -> None:
    found = options()
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for slot, variants in found.items():
        print(slot)
        for variant in variants:
            print(f"  {variant['kind']:<24}{variant['doc'].splitlines()[0]}")
            for each in variant["knobs"]:
                print(f"    {each['name']:<18}{each['type']:<8}{each['range']}  default {each['default']}")


def _train(path: Path, folder: Path, name: str, as_json: bool) -> int:
    from tqdm import tqdm

    from aeviz.errors import SettingError
    from aeviz.learning import spread
    from aeviz.presets import PRESETS
    from aeviz.recipe import read_recipe
    from aeviz.runs.local import accompany, carry_out
    from aeviz.runs.store import Run, Store

    try:
        named = {each.name: each.recipe for each in PRESETS}
        recipe = named[str(path)] if str(path) in named and not path.exists() else read_recipe(path.read_bytes())
    except OSError as error:
        raise SettingError(
            f"The recipe {path} cannot be read: {error.strerror}. Presets are: {', '.join(named)}."
        ) from None
    with (
        spread.joined(),
        tqdm(total=recipe.length(), unit="epoch", disable=as_json or not sys.stderr.isatty()) as bar,
    ):
        if spread.rank():
            accompany(recipe)  # the first process keeps the run and speaks for all
            return 0

        def told(run: Run) -> None:
            bar.update(run.epoch - bar.n)

        run = carry_out(Store(folder), recipe, name, told)
    summary = {
        "id": run.id,
        "finished": run.status == "finished",
        "status": run.status,
        "message": run.message,
        "train": run.summary.get("train"),
        "test": run.summary.get("test"),
        "epochs": run.epoch,
        "steps": run.step,
        "seconds": round(run.seconds, 3),
    }
    if as_json:
        print(json.dumps(summary))
    else:
        print(f"{run.name} ({run.id}): {run.status} after epoch {run.epoch} in {run.seconds:.1f} s. {run.message}")
        for part in ("train", "test"):
            losses = run.summary.get(part, {})
            print(f"  {part:<6}" + "  ".join(f"{term} {value:.4f}" for term, value in losses.items()))
    return 0 if run.status in ("finished", "stopped") else 1


def _presets(as_json: bool) -> None:
    from aeviz.presets import PRESETS

    if as_json:
        rows = [
            {
                "name": each.name,
                "title": each.title,
                "source": each.source,
                "deviations": each.deviations,
                "recipe": each.recipe.to_json(),
            }
            for each in PRESETS
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for each in PRESETS:
        print(f"{each.name:<16}{each.title}\n{'':<16}{each.source}.\n{'':<16}Here: {each.deviations}.")


def _labels(chosen: argparse.Namespace) -> None:
    from tqdm import tqdm

    from aeviz.runs import label_efficiency

    kept = _existing(chosen.store)
    plan = label_efficiency.plan_of(chosen.counts, chosen.seeds, chosen.updates)
    findings = None
    with tqdm(unit="point", disable=chosen.json or not sys.stderr.isatty()) as bar:
        for findings in label_efficiency.carry_out(kept, chosen.run, plan):
            bar.total = findings.total
            bar.update(len(findings.points) - bar.n)
    rows = findings.table() if findings else []
    if chosen.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        name = label_efficiency.CURVES[row["curve"]]
        print(f"{name:<34}{row['labels']:>6} labels  {row['accuracy']:.1%} ± {row['sd']:.1%}")


def _film(name: str, folder: Path, out: Path) -> None:
    from tqdm import tqdm

    from aeviz.runs import film

    kept = _existing(folder)
    with tqdm(unit="frame", disable=not sys.stderr.isatty()) as bar:

        def told(progress: film.Progress) -> None:
            bar.total = progress.total
            bar.update(progress.done - bar.n)

        film.save(kept, name, out, told)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def _existing(folder: Path) -> "Store":
    from aeviz.errors import StoreError
    from aeviz.runs.store import Store

    if not folder.is_dir():
        raise StoreError(f"There is no store at {folder}. Name one with --store, or train a recipe first.")
    return Store(folder)


def _measure(name: str, folder: Path, as_json: bool) -> None:
    from aeviz.runs.opened import open_run
    from aeviz.runs.threads import one_thread
    from aeviz.views.measures import absent, by_subject

    opened = open_run(_existing(folder), name)
    with one_thread():
        found = opened.measured()
    present = [each for each in found if each.value is not None]
    if as_json:
        told = {
            "run": opened.run.id,
            "step": opened.step,
            "measures": {each.measure.name: {"value": each.value, "unit": each.measure.unit} for each in present},
            "absent": {each.measure.name: each.reason for each in found if each.value is None},
        }
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    print(f"{opened.run.name} ({opened.run.id}) after step {opened.step}")
    for subject, rows in by_subject(present).items():
        print(subject)
        for each in rows:
            print(f"  {each.measure.label:<22}{each.text} {each.measure.unit}".rstrip())
    for reason, labels in absent(found).items():
        print(f"Not measured: {', '.join(labels)}. {reason}")


def _runs(folder: Path, as_json: bool) -> None:
    found = _existing(folder).runs()
    if as_json:
        rows = [
            {
                "id": run.id,
                "name": run.name,
                "status": run.status,
                "message": run.message,
                "created": run.created,
                "epoch": run.epoch,
                "step": run.step,
                "seconds": round(run.seconds, 3),
                "train": run.summary.get("train"),
                "test": run.summary.get("test"),
                "recipe": run.recipe.to_json(),
            }
            for run in found
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for run in found:
        test = run.summary.get("test", {})
        loss = f"test loss {test['loss']:.4f}" if "loss" in test else run.message
        print(f"{run.id}  {run.status:<9} epoch {run.epoch:>4}/{run.recipe.length():<4} {run.name}  {loss}")


if __name__ == "__main__":
    sys.exit(main())
