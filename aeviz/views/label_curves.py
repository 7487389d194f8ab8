"""The figure of accuracy against the number of labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from aeviz.views import figures, look
from aeviz.views.look import Theme

DASHES = ("solid", "solid", "solid", "dot", "dot")


def accuracy(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], theme: Theme) -> go.Figure:
    """A curve for each classifier over the number of labels, which is on a logarithmic axis.

    rows: curve, labels, accuracy and sd, its standard deviation over the seeds. names: curve → words, in order.
    """
    figure = figures.empty(theme, 430, ("labelled examples", "accuracy"))
    for place, (curve, name) in enumerate(names.items()):
        own = [row for row in rows if row["curve"] == curve]
        if not own:
            continue
        colour = look.colour_of((0, 1, 2, 8, 4)[place % 5])
        figure.add_scatter(
            x=[row["labels"] for row in own],
            y=[row["accuracy"] for row in own],
            error_y={"array": [row["sd"] for row in own], "thickness": 1.2, "width": 3},
            mode="lines+markers",
            name=name,
            marker={"color": colour, "symbol": look.SYMBOLS[place % len(look.SYMBOLS)], "size": 8},
            line={"color": colour, "dash": DASHES[place % len(DASHES)]},
            hovertemplate="%{x} labels: %{y:.1%}",
        )
    counts = sorted({row["labels"] for row in rows})
    figure.update_xaxes(type="log", tickvals=counts, ticktext=[f"{count:,}" for count in counts])
    figure.update_yaxes(tickformat=".0%")
    figure.update_layout(showlegend=True, margin={"t": 84})
    return figure
