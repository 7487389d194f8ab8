"""Figures of Boltzmann machines: curves of what is told of them, and the landscape of their energy."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from aeviz.views import look
from aeviz.views.figures import empty
from aeviz.views.look import Theme

Curves = Mapping[str, tuple[Sequence[int], Sequence[float]]]
Extent = tuple[tuple[float, float], tuple[float, float]]
"""((x from, x to), (y from, y to))."""
TALL = 520


def told(curves: Curves, axis: str, theme: Theme, *, height: int = 260) -> go.Figure:
    """One quantity over epochs: training in the quiet colour, held out in the accent."""
    inks = look.INKS[theme]
    figure = empty(theme, height, ("epoch", axis))
    for name, colour in (("train", inks.quiet), ("test", inks.accent)):
        if name in curves:
            epochs, values = curves[name]
            words = "training" if name == "train" else "held out"
            figure.add_scatter(x=epochs, y=values, mode="lines", name=words, line={"color": colour})
    figure.update_layout(showlegend=len(curves) > 1, margin={"t": 44 if len(curves) > 1 else 8})
    figure.update_traces(hovertemplate="epoch %{x}: %{y:.2f}")
    return figure


def landscape(
    energy: Float[np.ndarray, "h w"],
    extent: Extent,
    data: Float[np.ndarray, "n 2"],
    path: Float[np.ndarray, "s 2"],
    theme: Theme,
) -> go.Figure:
    """The free energy over the plane, low where states are likely; the data as dots, a chain as a line that ends in a
    ring. What lies more than 12 nats above the lowest place is drawn as if at 12: it is never visited.
    """
    inks = look.INKS[theme]
    figure = empty(theme, TALL, ("x₁", "x₂"))
    height = np.minimum(energy - np.nanmin(energy), 12)
    x, y = (np.linspace(low, high, count) for (low, high), count in zip(extent, energy.shape[::-1], strict=True))
    figure.add_contour(
        x=x, y=y, z=height, ncontours=18, contours={"coloring": "heatmap"}, line={"width": 0.6, "color": inks.grid},
        colorbar={"title": {"text": "F, nats", "font": {"size": 12}}, "thickness": 10}, reversescale=True,
        hovertemplate="(%{x:.2f}, %{y:.2f}): %{z:.1f} nats above the lowest<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=data[:, 0], y=data[:, 1], mode="markers", name="data", hoverinfo="skip",
        marker={"size": 3, "color": inks.text, "opacity": 0.35},
    )  # fmt: skip
    figure.add_scatter(
        x=path[:, 0], y=path[:, 1], mode="lines+markers", name="chain", hoverinfo="skip",
        line={"color": "#e76300", "width": 1.5}, marker={"size": 4, "color": "#e76300"},
    )  # fmt: skip
    figure.add_scatter(
        x=path[-1:, 0], y=path[-1:, 1], mode="markers", name="where it is", hoverinfo="skip",
        marker={"size": 13, "symbol": "circle-open", "color": "#e76300", "line": {"width": 3}},
    )  # fmt: skip
    figure.update_layout(margin={"t": 44})
    figure.update_xaxes(range=list(extent[0]))
    figure.update_yaxes(range=list(extent[1]))
    return figure


def surface(
    energy: Float[np.ndarray, "h w"], extent: Extent, path: Float[np.ndarray, "s 2"], theme: Theme
) -> go.Figure:
    """The same as a surface in space, with the chain walking on it."""
    inks = look.INKS[theme]
    height = np.minimum(energy - np.nanmin(energy), 12)
    x, y = (np.linspace(low, high, count) for (low, high), count in zip(extent, energy.shape[::-1], strict=True))
    columns = np.abs(x[None] - path[:, :1]).argmin(1)
    rows = np.abs(y[None] - path[:, 1:]).argmin(1)
    scale = look.template(theme).layout.colorscale.sequentialminus
    figure = go.Figure(layout={"template": look.template(theme), "height": TALL, "margin": dict.fromkeys("lrtb", 0)})
    figure.add_surface(x=x, y=y, z=height, colorscale=scale, showscale=False, hoverinfo="skip", opacity=0.95)
    figure.add_scatter3d(
        x=path[:, 0], y=path[:, 1], z=height[rows, columns] + 0.15, mode="lines+markers", hoverinfo="skip",
        line={"color": "#e76300", "width": 4}, marker={"size": 2.5, "color": "#e76300"}, showlegend=False,
    )  # fmt: skip
    axis = {"gridcolor": inks.grid, "color": inks.quiet, "showbackground": False}
    figure.update_layout(
        scene={
            "xaxis": axis | {"title": {"text": "x₁"}},
            "yaxis": axis | {"title": {"text": "x₂"}},
            "zaxis": axis | {"title": {"text": "F, nats"}},
            "aspectratio": {"x": 1, "y": 1, "z": 0.6},
        }
    )
    return figure
