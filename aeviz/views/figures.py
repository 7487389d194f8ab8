"""Arrays in, Plotly figures out. Nothing is computed here but where to draw.

Every function takes the theme of the page. Plane figures are SVG, since a page may hold only a few WebGL contexts;
points in space need one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from plotly.subplots import make_subplots

from aeviz.views import look
from aeviz.views.look import Theme

MOST_NAMED = 12  # classes that a legend can name

Points = Float[np.ndarray, "n 2"]
Coordinates = Float[np.ndarray, "_ _"]
"""n × 2 or n × 3; the lines of a figure may differ in length."""


def empty(theme: Theme, height: int, axes: tuple[str, str] = ("", "")) -> go.Figure:
    """A figure of this theme with named axes and nothing on them."""
    return go.Figure(
        layout={
            "template": look.template(theme),
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "xaxis": {"title": {"text": axes[0]}},
            "yaxis": {"title": {"text": axes[1]}},
        }
    )


# Codes


def codes(
    points: Points,
    theme: Theme,
    *,
    labels: Int[np.ndarray, " n"] | None = None,
    classes: Sequence[str] = (),
    axes: tuple[str, str] = ("z₁", "z₂"),
    height: int = 380,
    legend: bool = True,
    size: int = 5,
) -> go.Figure:
    """Codes in a plane, one colour (and marker shape) a class."""
    figure = empty(theme, height, axes)
    several = labels is not None and len(classes) > 1
    named = several and legend and len(classes) <= MOST_NAMED
    if not several:
        marker = {"color": look.INKS[theme].accent, "size": size, "opacity": 0.55}
        figure.add_scatter(
            x=points[:, 0], y=points[:, 1], mode="markers", marker=marker, name="codes", showlegend=False
        )
    for label, name in enumerate(classes if several else ()):
        own = points[labels == label]
        marker = {"color": look.colour_of(label), "symbol": look.symbol_of(label), "size": size, "opacity": 0.65}
        figure.add_scatter(x=own[:, 0], y=own[:, 1], mode="markers", marker=marker, name=name, showlegend=named)
    figure.update_traces(hovertemplate="(%{x:.2f}, %{y:.2f})")
    _legend(figure, named)
    return figure


def _legend(figure: go.Figure, shown: bool = True) -> None:
    """Show the legend, and leave it room: Plotly places it above the axes only if the margin does."""
    figure.update_layout(showlegend=shown, margin={"t": 56 if shown else 8})


def code_line(values: Float[np.ndarray, " n"], theme: Theme, *, axis: str = "z", height: int = 380) -> go.Figure:
    """How often each value of a code of one unit occurs, as a density."""
    figure = empty(theme, height, (axis, "density"))
    colour = look.INKS[theme].accent
    figure.add_histogram(
        x=values, histnorm="probability density", nbinsx=60, marker={"color": colour}, opacity=0.55, showlegend=False
    )
    figure.update_layout(showlegend=False, bargap=0)
    return figure


def along_line(
    places: Float[np.ndarray, " n"],
    values: Float[np.ndarray, " n"],
    theme: Theme,
    *,
    axes: tuple[str, str],
    height: int = 380,
) -> go.Figure:
    """A quantity along a line, such as a code of one unit; gaps where it is not finite."""
    figure = empty(theme, height, axes)
    line = {"color": look.INKS[theme].accent, "width": 2}
    figure.add_scatter(x=places, y=np.where(np.isfinite(values), values, np.nan), mode="lines", line=line)
    figure.update_layout(showlegend=False)
    return figure


def usage(names: Sequence[str], values: Float[np.ndarray, " k"], theme: Theme, *, axis: str) -> go.Figure:
    """A bar for each unit of the code, the first at the top."""
    figure = empty(theme, max(160, 40 + 20 * len(names)), (axis, ""))
    figure.add_bar(x=values, y=list(names), orientation="h", marker={"color": look.INKS[theme].accent})
    figure.update_traces(hovertemplate="%{x:.3g}")
    figure.update_yaxes(type="category", autorange="reversed")
    figure.update_layout(showlegend=False, bargap=0.25)
    return figure


def distances(
    panels: Mapping[str, tuple[Float[np.ndarray, " m"], Float[np.ndarray, " n"]]], theme: Theme, *, height: int = 300
) -> go.Figure:
    """For each space (its name → distances of held-out examples, of samples): how often each distance occurs."""
    inks = look.INKS[theme]
    figure = make_subplots(rows=1, cols=len(panels), horizontal_spacing=0.1)
    figure.update_layout(template=look.template(theme), height=height, margin={"l": 8, "r": 8, "t": 36, "b": 8})
    for column, (space, pair) in enumerate(panels.items(), start=1):
        # One width of bin for both, so that their heights compare.
        edge = float(np.concatenate(pair).max(initial=1e-9))
        bins = {"start": 0, "end": edge * 1.0001, "size": edge / 30}
        for name, colour, values in (("held-out examples", inks.quiet, pair[0]), ("samples", inks.accent, pair[1])):
            figure.add_histogram(
                x=values, xbins=bins, histnorm="probability", name=name, legendgroup=name, showlegend=column == 1,
                marker={"color": colour}, opacity=0.6, hovertemplate="%{y:.1%}", row=1, col=column,
            )  # fmt: skip
        figure.update_xaxes(title_text=f"distance in {space}", row=1, col=column)
        figure.update_yaxes(title_text="share", tickformat=".0%", row=1, col=column)
    figure.update_layout(barmode="overlay", bargap=0)
    return figure


def mark_box(
    figure: go.Figure, low: tuple[float, float], high: tuple[float, float], theme: Theme, *, line: bool = False
) -> None:
    """Outline the rectangle that is decoded; with `line`, the stretch of the first axis alone."""
    inks = look.INKS[theme]
    stroke = {"line": {"color": inks.text, "width": 1.5, "dash": "dot"}, "fillcolor": inks.text, "opacity": 0.9}
    fill = f"rgba({', '.join(str(int(inks.text[at : at + 2], 16)) for at in (1, 3, 5))}, 0.05)"
    stroke["fillcolor"] = fill
    if line:
        figure.add_vrect(x0=low[0], x1=high[0], **stroke)
    else:
        figure.add_shape(type="rect", x0=low[0], y0=low[1], x1=high[0], y1=high[1], **stroke)


def mark_outlines(figure: go.Figure, outlines: Sequence[Coordinates], name: str, theme: Theme) -> None:
    """Draw closed lines, such as the ellipses of a mixture."""
    for index, outline in enumerate(outlines):
        figure.add_scatter(
            x=outline[:, 0],
            y=outline[:, 1],
            mode="lines",
            line={"color": look.INKS[theme].text, "width": 1.5},
            name=name,
            showlegend=index == 0,
            legendgroup=name,
            hoverinfo="skip",
        )
    _legend(figure)


def mark_draws(figure: go.Figure, points: Points, name: str, theme: Theme) -> None:
    """Small crosses where codes were drawn."""
    marker = {"symbol": "x-thin", "size": 6, "line": {"color": look.INKS[theme].text, "width": 1.2}}
    figure.add_scatter(
        x=points[:, 0], y=points[:, 1], mode="markers", marker=marker, name=name, hovertemplate="(%{x:.2f}, %{y:.2f})"
    )
    _legend(figure)


def undistorted(figure: go.Figure) -> None:
    """Give both axes of a plane one scale, so that a circle is round. A density has no such plane and stays."""
    if not any(isinstance(trace, go.Histogram) for trace in figure.data):
        figure.update_yaxes(scaleanchor="x")


# Examples that are points


@dataclass(frozen=True)
class Layer:
    """One set of points of a figure: its name, n × 2 or n × 3 coordinates, its colour, and how strongly it is drawn."""

    name: str
    points: Coordinates
    colour: str
    opacity: float = 0.8
    size: int = 5


def layers(
    drawn: Sequence[Layer], theme: Theme, *, lines: Sequence[Coordinates] = (), line: str = "", height: int = 480
) -> go.Figure:
    """Sets of points over each other in the plane or in space, with lines below them, named `line`."""
    inks = look.INKS[theme]
    in_space = any(each.points.shape[1] == 3 for each in drawn)
    figure = empty(theme, height, ("x₁", "x₂"))
    trace = go.Scatter3d if in_space else go.Scatter
    if lines:
        # One trace for all: a gap, which is a coordinate without a value, ends each line.
        gap = np.full((1, lines[0].shape[1]), np.nan)
        path = np.concatenate([part for each in lines for part in (each, gap)])
        stroke = {"color": inks.accent, "width": 1.5 if in_space else 1}
        figure.add_trace(
            trace(
                **_named(path), mode="lines", line=stroke, opacity=0.7, name=line, hoverinfo="skip", connectgaps=False
            )
        )
    for each in drawn:
        size = max(2, each.size - 2) if in_space else each.size
        marker = {"color": each.colour, "size": size, "opacity": each.opacity, "line": {"width": 0}}
        figure.add_trace(trace(**_named(each.points), mode="markers", marker=marker, name=each.name))
    figure.update_layout(showlegend=True, margin={"t": 36})
    if in_space:
        axis = {"gridcolor": inks.grid, "color": inks.quiet, "backgroundcolor": "rgba(0,0,0,0)", "zeroline": False}
        titles = {
            f"{name}axis": axis | {"title": {"text": text}}
            for name, text in zip("xyz", ["x₁", "x₂", "x₃"], strict=True)
        }
        figure.update_layout(scene=titles | {"aspectmode": "data"})
    else:
        figure.update_layout(yaxis={"scaleanchor": "x"})
    return figure


def _named(points: Coordinates) -> dict[str, np.ndarray]:
    return {name: points[:, column] for column, name in enumerate("xyz"[: points.shape[1]])}


# Curves


def against_strength(
    strengths: Float[np.ndarray, " s"],
    series: Mapping[str, str],
    panels: Mapping[str, Sequence[Float[np.ndarray, " s"]]],
    theme: Theme,
    *,
    chosen: float,
    trained: float | None = None,
    height: int = 340,
) -> go.Figure:
    """A panel for each measure, over the strength of the corruption, with one curve for each of the series.

    series: names and colours; the first, the corrupted input, is dotted. panels: measure → the values of each series.
    chosen: the strength on the page; trained: that of the model's training, if it was this corruption.
    """
    inks = look.INKS[theme]
    figure = make_subplots(rows=1, cols=len(panels), horizontal_spacing=0.08)
    figure.update_layout(template=look.template(theme), height=height, margin={"l": 8, "r": 8, "t": 48, "b": 8})
    for column, (measure, curves) in enumerate(panels.items(), start=1):
        for place, ((name, colour), values) in enumerate(zip(series.items(), curves, strict=True)):
            figure.add_scatter(
                x=strengths,
                y=values,
                mode="lines+markers",
                line={"color": colour, "dash": "solid" if place else "dot"},
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                hovertemplate="%{y:.4g}",
                row=1,
                col=column,
            )
        figure.add_vline(chosen, line={"color": inks.text, "width": 1}, row=1, col=column)
        if trained is not None:
            figure.add_vline(trained, line={"color": inks.quiet, "width": 1, "dash": "dash"}, row=1, col=column)
        figure.update_xaxes(title_text="strength", row=1, col=column)
        figure.update_yaxes(title_text=measure, row=1, col=column)
    figure.update_layout(hovermode="x unified")
    return figure


# Real against generated


def real_and_generated(
    real: Points,
    generated: Float[np.ndarray, "m 2"],
    theme: Theme,
    *,
    labels: Int[np.ndarray, " n"] | None = None,
    classes: Sequence[str] = (),
    axes: tuple[str, str] = ("", ""),
    height: int = 460,
) -> go.Figure:
    """Real examples in the quiet colours of their classes, generated ones as small rings over them."""
    figure = codes(real, theme, labels=labels, classes=classes, axes=axes, height=height, size=4)
    figure.update_traces(marker={"opacity": 0.6})
    if labels is None:
        figure.update_traces(name="real", showlegend=True)
    ink = look.INKS[theme].text
    ring = {"symbol": "circle-open", "size": 5, "opacity": 0.7, "color": ink, "line": {"color": ink, "width": 1}}
    figure.add_scatter(
        x=generated[:, 0],
        y=generated[:, 1],
        mode="markers",
        marker=ring,
        name="generated",
        hovertemplate="(%{x:.2f}, %{y:.2f})",
    )
    _legend(figure)
    return figure


def shares(
    classes: Sequence[str],
    data: Float[np.ndarray, " c"],
    generated: Float[np.ndarray, " c"],
    theme: Theme,
    *,
    height: int = 300,
) -> go.Figure:
    """The share of each class: in the data quiet, among the generated examples in the accent."""
    inks = look.INKS[theme]
    figure = empty(theme, height, ("", "share"))
    for name, values, colour in (("data", data, inks.quiet), ("generated", generated, inks.accent)):
        figure.add_bar(x=list(classes), y=values, name=name, marker={"color": colour}, hovertemplate="%{y:.1%}")
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.05)
    figure.update_xaxes(type="category")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    _legend(figure)
    return figure


def distribution(values: Float[np.ndarray, "..."], axis: str, theme: Theme, *, height: int = 260) -> go.Figure:
    """How often values occur, as shares in 60 equal bins between the smallest and the largest."""
    flat = values[np.isfinite(values)].ravel()
    counts, edges = np.histogram(flat, 60) if flat.size else (np.zeros(1), np.array([0.0, 1.0]))
    figure = empty(theme, height, (axis, "share"))
    shares = counts / max(counts.sum(), 1)
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=shares,
        width=np.diff(edges),
        marker={"color": look.INKS[theme].accent, "line": {"width": 0}},
        hovertemplate="%{x:.3g}: %{y:.1%}<extra></extra>",
    )
    figure.update_layout(showlegend=False, bargap=0)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure
