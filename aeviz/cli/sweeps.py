"""`python -m aeviz sweep`: carry a sweep out, with progress; at the end a table and a plot."""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from aeviz.errors import SettingError
from aeviz.runs.store import Store
from aeviz.runs.sweeping import Engine, Progress, Swept, Trial, carry_out, path_of, told_runs
from aeviz.searches import Range
from aeviz.sweep import Sweep, described, shown
from aeviz.views.sweep_figures import Judged, outcome


def sweep(path: Path, folder: Path, engine: Engine, as_json: bool) -> int:
    """Carry out the sweep in a file; 0 when every run of it finished, 1 when some did not, 130 when interrupted."""
    wanted = Sweep.from_json(_read(path)).check()
    store = Store(folder)
    with tqdm(total=None, unit="run", disable=as_json or not sys.stderr.isatty()) as bar:

        def told(progress: Progress) -> None:
            bar.total = progress.total
            left = "" if progress.left is None else f"{_duration(progress.left)} left"
            bar.set_postfix_str(f"{progress.running} running {left}".strip())
            bar.update(progress.done - bar.n)

        found = carry_out(store, wanted, engine, told)
    plot = _plot(store, found)
    if as_json:
        points = [_judged_json(found.sweep, each) for each in found.trials]
        told_as = {"sweep": wanted.id(), "finished": _complete(found), "points": points, "runs": found.rows()}
        print(json.dumps(told_as | {"plot": str(plot) if plot else None}))
    else:
        print(table(found))
        for sentence in problems(found):
            print(sentence)
        if plot:
            print(f"The plot: {plot}")
    if found.interrupted:
        done = sum(run.ended for each in found.trials for run in each.runs)
        print(f"Interrupted after {done} runs. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0 if _complete(found) else 1


def table(found: Swept) -> str:
    """The points as a table, the best first: their choices, and the mean test losses with their spread over seeds."""
    measure = found.sweep.search.measured()
    measures = list(dict.fromkeys((measure, "loss", "mse")))
    places = list(found.sweep.over)
    ordered = sorted(found.trials, key=lambda each: _mean(each, measure))
    lines = [[*places, *(f"test {each}" for each in measures), "runs"]]
    for number, trial in enumerate(ordered):
        star = " ★" if number == 0 and trial.losses(measure) else ""
        cells = [shown(trial.point[place]) for place in places]
        cells += [_spread(trial.losses(each)) + (star if each == measure else "") for each in measures]
        lines.append([*cells, f"{sum(run.status == 'finished' for run in trial.runs)}/{found.sweep.seeds}"])
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def problems(found: Swept) -> list[str]:
    """What did not go well, a sentence each."""
    refused = [each.problem for each in found.trials if each.problem]
    return [*refused, *(each for trial in found.trials for each in told_runs(trial.runs))]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise SettingError(f"The sweep {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SettingError(f"The sweep {path} is not valid JSON: {error}.") from None


def _plot(store: Store, found: Swept) -> Path | None:
    """Write the outcome as a page that opens without a server; None where nothing finished."""
    measure = found.sweep.search.measured()
    judged = [
        Judged({place: _axis(value) for place, value in each.point.items()}, statistics.fmean(losses), _sd(losses))
        for each in found.trials
        if (losses := each.losses(measure))
    ]
    if not judged:
        return None
    log = {place: isinstance(each, Range) and each.scale == "log" for place, each in found.sweep.over.items()}
    figure = outcome(judged, "light", measure=f"test {measure}", log=log)
    path = path_of(store, found.sweep.id()).with_suffix(".html")
    path.write_text(figure.to_html(include_plotlyjs=True, full_html=True), encoding="utf-8")
    return path


def _judged_json(sweep: Sweep, trial: Trial) -> dict[str, Any]:
    names = sorted({name for run in trial.runs for name in run.summary.get("test", {})})
    return {
        "point": trial.point,
        "described": described(trial.point),
        "test": {
            name: {"mean": statistics.fmean(losses), "sd": _sd(losses)}
            for name in names
            if (losses := trial.losses(name))
        },
        "problem": trial.problem,
        "finished": len(trial.losses("loss")),
        "seeds": sweep.seeds,
    }


def _complete(found: Swept) -> bool:
    """Whether every run that was wanted finished."""
    return not found.interrupted and all(len(each.losses("loss")) == found.sweep.seeds for each in found.trials)


def _axis(value: Any) -> str | float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else shown(value)


def _mean(trial: Trial, measure: str) -> float:
    losses = trial.losses(measure)
    return statistics.fmean(losses) if losses else float("inf")


def _sd(losses: list[float]) -> float:
    return statistics.stdev(losses) if len(losses) > 1 else 0.0


def _spread(losses: list[float]) -> str:
    if not losses:
        return "–"
    return f"{statistics.fmean(losses):.5g}" + (f" ± {_sd(losses):.2g}" if len(losses) > 1 else "")


def _duration(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )
