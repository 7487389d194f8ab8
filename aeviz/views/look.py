"""How every still figure looks: one palette, one row of marker shapes, a Plotly template for light and one for dark.

    figure.update_layout(template=look.template("dark"))
    st.plotly_chart(figure, theme=None)  # else Streamlit's own template covers this one

The pages' colours are in .streamlit/config.toml and repeat those given here.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import plotly.graph_objects as go

Theme = Literal["light", "dark"]

PALETTE = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
"""One colour a class, made for colour-blind readers. Source: M. A. Petroff, arXiv:2107.02270 (2021), ten colours."""

RUNS = (*PALETTE, "#2f7d4f", "#e58ab5")
"""One colour a run, where up to twelve stand beside each other."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
"""Plotly's names of the marker shapes: the first ten classes are circles, the next ten squares, and so on."""

FONT = "-apple-system, 'Segoe UI', 'Source Sans', sans-serif"
"""The pages' font by name. It is not "inherit", since a figure that is saved has no page to inherit from."""


@dataclass(frozen=True)
class Inks:
    """The colours of one theme. ramp: little to much; balance: negative, none, positive."""

    paper: str
    text: str
    quiet: str
    grid: str
    accent: str
    ramp: tuple[str, ...]
    balance: tuple[str, ...]


# The ramps are evenly spaced in OKLab, so that equal steps of value look like equal steps of colour.
INKS: dict[Theme, Inks] = {
    "light": Inks(
        paper="#fbfaf7",
        text="#1f2630",
        quiet="#66707f",
        grid="#e6e4dc",
        accent="#3f6fd9",
        ramp=("#eef2fb", "#9eb9ef", "#527ede", "#3155a6", "#16244a"),
        balance=("#2350b5", "#83a5e8", "#f3f2ee", "#e9a372", "#b04a06"),
    ),
    "dark": Inks(
        paper="#12171f",
        text="#e3e8f0",
        quiet="#97a3b6",
        grid="#262f3b",
        accent="#7aa2ff",
        ramp=("#1d2638", "#30497e", "#456ecc", "#7da1ed", "#e9f0ff"),
        balance=("#8fb4ff", "#476bc0", "#232a36", "#b1632d", "#ffb27a"),
    ),
}


def colour_of(label: int) -> str:
    """The colour of a class; together with `symbol_of` fifty classes differ."""
    return PALETTE[label % len(PALETTE)]


def symbol_of(label: int) -> str:
    """The marker shape of a class."""
    return SYMBOLS[label // len(PALETTE) % len(SYMBOLS)]


@cache
def template(theme: Theme) -> Any:
    """The `plotly.graph_objects.layout.Template` of one theme.

    Transparent, so that the page shows through; a quiet grid; the legend in one row across the whole width, above
    the figure; ticks and titles in the pages' font.
    """
    inks = INKS[theme]
    axis = {
        "gridcolor": inks.grid,
        "gridwidth": 1,
        "linecolor": inks.grid,
        "zerolinecolor": inks.grid,
        "zerolinewidth": 1,
        "ticks": "",
        "tickfont": {"size": 11, "color": inks.quiet},
        "title": {"font": {"size": 12, "color": inks.quiet}, "standoff": 8},
        "automargin": True,
    }
    bar = {"thickness": 10, "outlinewidth": 0, "ticks": "", "tickfont": {"size": 11, "color": inks.quiet}}
    ramp, balance = _scale(inks.ramp), _scale(inks.balance)
    layout = go.Layout(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": inks.text},
        title={"font": {"size": 15}, "x": 0, "xref": "paper", "xanchor": "left"},
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        colorway=PALETTE,
        colorscale={"sequential": ramp, "sequentialminus": _scale(inks.ramp[::-1]), "diverging": balance},
        coloraxis={"colorbar": bar},
        xaxis=axis,
        yaxis=axis,
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 12},
            "itemsizing": "constant",
        },
        hoverlabel={"bgcolor": inks.paper, "bordercolor": inks.grid, "font": {"family": FONT, "color": inks.text}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": inks.quiet, "activecolor": inks.accent},
    )
    data = {
        "heatmap": [go.Heatmap(colorscale=ramp, colorbar=bar)],
        "contour": [go.Contour(colorscale=ramp, colorbar=bar)],
        "scatter": [go.Scatter(line={"width": 2}, marker={"size": 6})],
        "scattergl": [go.Scattergl(line={"width": 2}, marker={"size": 6})],
        "histogram": [go.Histogram(marker={"line": {"width": 0}})],
        "bar": [go.Bar(marker={"line": {"width": 0}})],
    }
    return go.layout.Template(layout=layout, data=data)


def _scale(colours: tuple[str, ...]) -> list[tuple[float, str]]:
    """Colours as Plotly's colour scale: evenly spaced from 0 to 1."""
    return [(place / (len(colours) - 1), colour) for place, colour in enumerate(colours)]
