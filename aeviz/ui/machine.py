"""A Boltzmann machine as a drawing: its layers as columns of units, with the connections between them."""

import base64
import html
import math
from collections.abc import Sequence

from aeviz.views.look import FONT, INKS, Theme

MOST_DRAWN = 9  # units of a layer; more are shown as this many
APART, TALL, MARGIN = 170, 170, 70


def drawing(layers: Sequence[tuple[str, str, int]], edges: Sequence[tuple[str, str]], code: str, theme: Theme) -> str:
    """The graph as HTML. layers: name, kind of units, size, in order. code: which of them is the code."""
    inks = INKS[theme]
    places = {name: _units(column, size) for column, (name, _, size) in enumerate(layers)}
    line = f'stroke="{inks.quiet}" stroke-opacity="0.45" stroke-width="0.8" fill="none"'
    parts = []
    for low, high in edges:
        if low == high:
            for place, (x, a) in enumerate(places[low]):
                for _, b in places[low][place + 1 :]:
                    parts.append(f'<path {line} d="M {x} {a} Q {x - 34} {(a + b) / 2} {x} {b}"/>')
        else:
            for x, y in places[low]:
                parts += [f'<line {line} x1="{x}" y1="{y}" x2="{u}" y2="{v}"/>' for u, v in places[high]]
    for column, (name, kind, size) in enumerate(layers):
        colour = inks.accent if name == code else inks.quiet
        parts += [f'<circle fill="{colour}" cx="{x}" cy="{y}" r="6"/>' for x, y in places[name]]
        x, text = MARGIN + column * APART, f'font-family="{html.escape(FONT)}" text-anchor="middle"'
        parts.append(
            f'<text {text} font-size="13" fill="{inks.text}" x="{x}" y="{TALL + 22}">{html.escape(name)}</text>'
        )
        size_of = f"{size:,} {html.escape(kind)}"
        parts.append(f'<text {text} font-size="11" fill="{inks.quiet}" x="{x}" y="{TALL + 38}">{size_of}</text>')
    width, height = 2 * MARGIN + (len(layers) - 1) * APART, TALL + 46
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(parts)}</svg>'
    address = "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()
    told = "Layers: " + ", ".join(f"{name} of {size} {kind} units" for name, kind, size in layers)
    return f'<img src="{address}" alt="{html.escape(told)}" style="max-width: 100%; height: auto">'


def _units(column: int, size: int) -> list[tuple[float, float]]:
    """Where the units of a layer are drawn."""
    shown = min(size, MOST_DRAWN)
    # A layer of more units is drawn taller, by the logarithm.
    reach = (TALL - 24) * min(1.0, 0.35 + 0.65 * math.log(size + 1) / math.log(1000))
    x = MARGIN + column * APART
    gap = reach / max(1, shown - 1)
    top = (TALL - reach) / 2 if shown > 1 else TALL / 2
    return [(x, round(top + place * gap, 1)) for place in range(shown)]
