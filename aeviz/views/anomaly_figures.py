"""Scores of anomalies drawn: how both kinds of examples score, and what each threshold costs and finds."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from aeviz.views import look
from aeviz.views.anomaly import Sorting
from aeviz.views.figures import empty
from aeviz.views.look import Theme

BINS = 40
TAIL = 0.995  # the share of all scores that is drawn: a few far ones would press the others together


def scores(found: Sorting, axis: str, theme: Theme, *, height: int = 340) -> go.Figure:
    """How often held-out examples and strangers have each score; the line is the threshold of 5 % false alarms."""
    inks = look.INKS[theme]
    figure = empty(theme, height, (axis, "share"))
    values = np.concatenate((found.usual, found.strange))
    low, high = float(values.min()), float(max(np.quantile(values, TAIL), found.threshold))
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    for name, colour, of in (("held-out", inks.quiet, found.usual), ("strangers", inks.accent, found.strange)):
        counts, _ = np.histogram(of.clip(edges[0], edges[-1]), edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2, y=counts / len(of), width=np.diff(edges), name=name, opacity=0.6,
            marker={"color": colour, "line": {"width": 0}}, hovertemplate="%{x:.4g}: %{y:.1%}",
        )  # fmt: skip
    figure.add_vline(found.threshold, line={"color": inks.text, "width": 1, "dash": "dash"})
    figure.update_layout(barmode="overlay", bargap=0, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def curves(
    found: Mapping[str, tuple[Float[np.ndarray, " _"], Float[np.ndarray, " _"]] | None],
    theme: Theme,
    *,
    height: int = 340,
) -> go.Figure:
    """Strangers found over false alarms, a curve for each name; the diagonal is what chance gives.

    A name without a curve keeps its colour, so that the others have theirs everywhere.
    """
    figure = empty(theme, height, ("held-out examples taken for strangers", "strangers found"))
    chance = {"color": look.INKS[theme].quiet, "dash": "dot", "width": 1}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=chance, name="chance", hoverinfo="skip")
    for (name, curve), colour in zip(found.items(), look.PALETTE, strict=False):
        if curve is None:
            continue
        alarms, caught = curve
        figure.add_scatter(
            x=alarms, y=caught, mode="lines", line={"color": colour}, name=name, hovertemplate="%{y:.1%} at %{x:.1%}"
        )
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    figure.update_xaxes(tickformat=".0%", range=[-0.01, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.01])
    return figure
