"""A table that sets runs side by side: a column a run, a row a fact, headed by the runs' colours."""

import html
from collections.abc import Collection, Mapping, Sequence

import streamlit as st

STYLE = """<style>
.ae-beside { overflow-x: auto; }
.ae-beside table { border-collapse: collapse; font-size: 0.875rem; min-width: 100%; }
.ae-beside td { font-variant-numeric: tabular-nums; }
.ae-beside th, .ae-beside td { text-align: left; vertical-align: top; padding: 0.3rem 1.25rem 0.3rem 0; border: none;
  border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
.ae-beside thead th { font-weight: 600; min-width: 8.5rem; }
.ae-beside tbody th { font-weight: 400; opacity: 0.75; min-width: 8rem; }
.ae-beside tr.section th { font-weight: 600; opacity: 1; padding-top: 0.9rem; }
.ae-beside th[title] { cursor: help; }
.ae-beside td.best { font-weight: 600; }
.ae-beside td.best i { font-style: normal; font-size: 0.7em; margin-left: 0.35em; }
.ae-name { font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; }
.ae-swatch { display: inline-block; width: 0.7em; height: 0.7em; border-radius: 2px; margin-right: 0.45em; }
</style>"""


def swatch(colour: str) -> str:
    """A small square of a colour, as HTML."""
    return f'<span class="ae-swatch" style="background: {html.escape(colour)}"></span>'


def title(name: str, colour: str) -> None:
    """A name with its colour, above what belongs to it."""
    st.html(f'{STYLE}<div class="ae-name">{swatch(colour)}{html.escape(name)}</div>')


def side_by_side(
    names: Sequence[str],
    colours: Sequence[str],
    sections: Mapping[str, Mapping[str, Sequence[str]]],
    best: Mapping[str, Collection[int]] | None = None,
    explained: Mapping[str, str] | None = None,
) -> None:
    """sections: heading → row → one text a run. On a narrow screen the table scrolls within itself.

    best: row → the columns that are marked. explained: row → words that appear over its name.
    """
    heads = "".join(
        f"<th>{swatch(colour)}{html.escape(name)}</th>" for name, colour in zip(names, colours, strict=True)
    )
    body = []
    for heading, rows in sections.items():
        body.append(f'<tr class="section"><th colspan="{len(names) + 1}">{html.escape(heading)}</th></tr>')
        for name, values in rows.items():
            marked = (best or {}).get(name, ())
            cells = "".join(_cell(value, place in marked) for place, value in enumerate(values))
            words = (explained or {}).get(name, "")
            title = f' title="{html.escape(words)}"' if words else ""
            body.append(f"<tr><th{title}>{html.escape(name)}</th>{cells}</tr>")
    table = f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    st.html(f'{STYLE}<div class="ae-beside">{table}</div>')


def _cell(value: str, marked: bool) -> str:
    if not marked:
        return f"<td>{html.escape(value)}</td>"
    return f'<td class="best">{html.escape(value)}<i title="the best" aria-label="the best">★</i></td>'
