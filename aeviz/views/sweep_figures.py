"""The outcome of a sweep drawn: a loss over what was varied, with its spread over seeds."""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from aeviz.views import figures, look
from aeviz.views.look import Theme

MOST_BARS = 40


@dataclass(frozen=True)
class Judged:
    """One point of a sweep: its choices as text or numbers, its mean loss over seeds, and the standard deviation."""

    choices: Mapping[str, str | float]
    mean: float
    spread: float


def outcome(
    points: Sequence[Judged], theme: Theme, *, measure: str, log: Mapping[str, bool], height: int = 420
) -> go.Figure:
    """Lines over the first number that was varied, one a choice of the rest; bars in order where there are too many.

    log: place → whether its axis is logarithmic.
    """
    across = _across(points)
    lines = _lines(points, across) if across else {}
    if across is None or len(lines) > len(look.PALETTE):
        return _bars(points, theme, measure, height)
    figure = figures.empty(theme, height, (across, measure))
    for number, (name, own) in enumerate(lines.items()):
        figure.add_scatter(
            x=[each.choices[across] for each in own],
            y=[each.mean for each in own],
            error_y={"array": [each.spread for each in own], "thickness": 1.2, "width": 3},
            mode="lines+markers",
            name=name,
            line={"color": look.PALETTE[number], "width": 2},
            marker={"symbol": look.symbol_of(number), "size": 8},
        )
    if log.get(across) and all(float(each.choices[across]) > 0 for each in points):
        figure.update_xaxes(type="log")
    figure.update_layout(showlegend=len(lines) > 1, margin={"t": 56 if len(lines) > 1 else 8})
    return figure


def _across(points: Sequence[Judged]) -> str | None:
    """The place whose numbers become the axis: the one with the most different ones."""
    if not points:
        return None
    numeric = [
        place
        for place in points[0].choices
        if all(isinstance(each.choices[place], numbers.Real) for each in points)
        and len({each.choices[place] for each in points}) > 1
    ]
    return max(numeric, key=lambda place: len({each.choices[place] for each in points}), default=None)


def _lines(points: Sequence[Judged], across: str) -> dict[str, list[Judged]]:
    lines: dict[str, list[Judged]] = {}
    for each in points:
        rest = ", ".join(f"{place} = {value}" for place, value in each.choices.items() if place != across)
        lines.setdefault(rest, []).append(each)
    return {rest: sorted(own, key=lambda each: float(each.choices[across])) for rest, own in lines.items()}


def _bars(points: Sequence[Judged], theme: Theme, measure: str, height: int) -> go.Figure:
    best = sorted(points, key=lambda each: each.mean)[:MOST_BARS]
    alone = len(best[0].choices) == 1
    names = [
        ", ".join(str(value) if alone else f"{place} = {value}" for place, value in each.choices.items())
        for each in best
    ]
    figure = figures.empty(theme, max(height, 26 * len(best) + 80), (measure, ""))
    figure.add_bar(
        x=[each.mean for each in best],
        y=names,
        orientation="h",
        error_x={"array": [each.spread for each in best], "thickness": 1.2, "width": 3},
        marker={"color": look.INKS[theme].accent},
        showlegend=False,
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure
