"""Figures of the Geometry page: arrays in, Plotly figures out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from aeviz.views import look
from aeviz.views.figures import empty
from aeviz.views.look import Theme

HEAD = 0.32  # of an arrow's length
REACH = 0.9  # distances between places that the longest arrows may cover

Points = Float[np.ndarray, "_ 2"]


def arrow_scale(places: Points, arrows: Points) -> float:
    """By how much arrows are drawn shorter than they are, so that they do not cover each other; 1 where they fit."""
    spacing = float(np.ptp(places[:, 0])) / max(1, round(len(places) ** 0.5) - 1)
    longest = float(np.quantile(np.linalg.norm(arrows, axis=1), 0.95))
    return min(1.0, REACH * spacing / max(longest, 1e-12))


@dataclass(frozen=True)
class Shade:
    """Values over a rectangle. across, up: the coordinates of the columns and the rows."""

    across: Float[np.ndarray, " s"]
    up: Float[np.ndarray, " s"]
    values: Float[np.ndarray, "s s"]


def vector_field(
    shade: Shade,
    points: Points,
    fields: Mapping[str, tuple[Points, Points, str]],
    theme: Theme,
    *,
    axes: tuple[str, str],
    height: int = 560,
) -> go.Figure:
    """Arrows over a log density and the examples. fields: name → places, arrows as they are to be drawn, colour."""
    inks = look.INKS[theme]
    figure = empty(theme, height, axes)
    ramp = [[place / (len(inks.ramp) - 1), colour] for place, colour in enumerate(inks.ramp)]
    bar = {"title": {"text": "log p"}, "thickness": 12, "len": 0.6, "outlinewidth": 0}
    across, up, density = shade.across, shade.up, shade.values
    low = float(np.quantile(density, 0.1))
    figure.add_heatmap(
        x=across, y=up, z=density, zmin=low, zmax=float(density.max()), colorscale=ramp, opacity=0.55, colorbar=bar,
        hovertemplate="log p = %{z:.1f}", name="",
    )  # fmt: skip
    marker = {"color": inks.text, "size": 3, "opacity": 0.35}
    figure.add_scatter(x=points[:, 0], y=points[:, 1], mode="markers", marker=marker, name="examples", hoverinfo="skip")
    for name, (places, arrows, colour) in fields.items():
        lines = arrow_lines(places, arrows)
        stroke = {"color": colour, "width": 1.3}
        figure.add_scatter(x=lines[:, 0], y=lines[:, 1], mode="lines", line=stroke, name=name, hoverinfo="skip")
    figure.update_xaxes(range=[across[0], across[-1]], constrain="domain", showgrid=False)
    figure.update_yaxes(range=[up[0], up[-1]], scaleanchor="x", constrain="domain", showgrid=False)
    figure.update_layout(showlegend=True, margin={"t": 36})
    return figure


def arrow_lines(places: Points, arrows: Points) -> Points:
    """Each arrow as a line from its place to its tip and the two sides of its head, a gap after it: 6 rows each."""
    tips, sides = places + arrows, np.stack([-arrows[:, 1], arrows[:, 0]], 1)
    left, right = tips - HEAD * arrows + HEAD / 2 * sides, tips - HEAD * arrows - HEAD / 2 * sides
    gap = np.full_like(tips, np.nan)
    return np.stack([places, tips, left, tips, right, gap], 1).reshape(-1, 2)


def spectra(
    curves: Sequence[tuple[str, str, Float[np.ndarray, " _"]]], theme: Theme, *, log: bool, height: int = 420
) -> go.Figure:
    """Singular values over their number. curves: name, colour, values; one of 0 has no place on a logarithmic axis."""
    figure = empty(theme, height, ("singular value, by size", "mean over the test set"))
    for name, colour, values in curves:
        drawn = np.where(values > 0, values, np.nan) if log else values
        figure.add_scatter(
            x=np.arange(1, len(values) + 1), y=drawn, mode="lines+markers" if len(values) <= 64 else "lines",
            line={"color": colour, "width": 2}, marker={"size": 5}, name=name, hovertemplate="%{y:.3g}",
        )  # fmt: skip
    figure.update_yaxes(type="log" if log else "linear", rangemode="tozero")
    figure.update_layout(
        showlegend=len(curves) > 1, margin={"t": 36}, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    )
    return figure


def angles(
    epochs: Sequence[int],
    found: Float[np.ndarray, "t k"],
    theme: Theme,
    *,
    chosen: int | None = None,
    height: int = 340,
) -> go.Figure:
    """Principal angles over the epochs, the smallest first."""
    figure = empty(theme, height, ("epoch", "principal angle in degrees"))
    colours = look.PALETTE
    for place in range(found.shape[1]):
        figure.add_scatter(
            x=list(epochs), y=found[:, place], mode="lines+markers", name=f"angle {place + 1}", marker={"size": 5},
            line={"color": colours[place % len(colours)], "width": 2}, hovertemplate="%{y:.2f}°",
            showlegend=found.shape[1] <= len(colours),
        )  # fmt: skip
    if chosen is not None:
        figure.add_vline(chosen, line={"color": look.INKS[theme].quiet, "width": 1, "dash": "dash"})
    figure.update_yaxes(range=[-2, 92], tickvals=[0, 30, 60, 90])
    figure.update_layout(margin={"t": 36})
    return figure


def shares(
    kinds: Sequence[str],
    runs: Sequence[tuple[str, str, Sequence[float]]],
    theme: Theme,
    *,
    height: int = 360,
) -> go.Figure:
    """The error of each kind of input over that of the best constant. runs: name, colour, one share a kind."""
    figure = empty(theme, height, ("", "share of the variance that is lost"))
    for name, colour, values in runs:
        figure.add_bar(x=list(kinds), y=list(values), name=name, marker={"color": colour}, hovertemplate="%{y:.1%}")
    figure.add_hline(1, line={"color": look.INKS[theme].quiet, "width": 1, "dash": "dash"})
    figure.update_layout(
        barmode="group", bargap=0.3, bargroupgap=0.05, showlegend=len(runs) > 1, margin={"t": 36},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )  # fmt: skip
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure
