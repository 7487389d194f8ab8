"""Pictures and numbers on a page: plain HTML with the pictures inside, so that nothing flickers when they change."""

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st
from jaxtyping import Float, UInt8

from aeviz.views import images

STYLE = """<style>
.ae-row { display: flex; gap: 0.75rem; align-items: flex-start; }
.ae-row figure { margin: 0; flex: 1 1 0; min-width: 0; }
.ae-row img, .ae-strip img { display: block; width: 100%; border-radius: 3px; image-rendering: pixelated; }
.ae-row figure.ae-large { flex: 0 0 min(15rem, 60%); }
.ae-row img { box-shadow: 0 0 0 1px color-mix(in srgb, currentColor 18%, transparent); }
.ae-row figcaption, .ae-caption { font-size: 0.8rem; line-height: 1.35; opacity: 0.75; margin-top: 0.3rem;
  overflow-wrap: anywhere; }
.ae-title { font-size: 1.05rem; font-weight: 600; display: flex; gap: 0.5rem; align-items: center; }
.ae-title i { width: 0.7rem; height: 0.7rem; border-radius: 50%; flex: none; }
.ae-facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; font-size: 0.85rem; }
.ae-facts span { opacity: 0.7; }
.ae-facts b { font-weight: 400; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.ae-bars { display: flex; height: 64px; gap: 1px; position: relative; }
.ae-bars::after { content: ""; position: absolute; left: 0; right: 0; top: 50%; height: 1px;
  background: color-mix(in srgb, currentColor 35%, transparent); }
.ae-bars span { flex: 1 1 0; min-width: 0; position: relative;
  background: color-mix(in srgb, currentColor 5%, transparent); }
.ae-bars i { position: absolute; left: 0; right: 0; background: #3f90da; }
.ae-bars i.down { background: #e76300; }
.ae-strip { display: grid; gap: 2px; }
@media (max-width: 640px) {
  .ae-many { grid-template-columns: repeat(6, 1fr) !important; }
  .ae-row:has(> :nth-child(7)) { display: grid; grid-template-columns: repeat(4, 1fr); }
}
.ae-label { font-size: 0.85rem; line-height: 1.35; margin-bottom: 0.3rem; opacity: 0.85; }
.ae-label i { display: inline-block; width: 1.1rem; height: 3px; border-radius: 2px; margin-right: 0.4rem;
  vertical-align: middle; }
.ae-label b { font-weight: 600; margin-right: 0.4rem; }
</style>"""


def row(shown: Sequence[tuple[UInt8[np.ndarray, "c h w"], str]], least: int = 256) -> None:
    """Pictures side by side across the container, each above its caption, sharp."""
    figures = "".join(
        f"<figure>{_picture(picture, caption, least)}<figcaption>{html.escape(caption)}</figcaption></figure>"
        for picture, caption in shown
    )
    st.html(f'<div class="ae-row">{figures}</div>')


def large(picture: UInt8[np.ndarray, "c h w"], name: str, words: str) -> None:
    """One picture, with words beside it."""
    figure = f'<figure class="ae-large">{_picture(picture, name, 320)}</figure>'
    st.html(f'<div class="ae-row">{figure}<div class="ae-caption">{html.escape(words)}</div></div>')


def _picture(picture: UInt8[np.ndarray, "c h w"], words: str, least: int) -> str:
    return f'<img src="{images.data_url(images.png(picture, least))}" alt="{html.escape(words)}">'


def filmstrip(label: str, caption: str, frames: images.Pictures, colour: str | None = None) -> None:
    """A row of pictures, in two rows beyond twelve, below its name and one line on what it is.

    colour: of a line before the name, the same as on a scatter.
    """
    line = f'<i style="background: {colour}"></i>' if colour else ""
    columns = len(frames) if len(frames) <= 12 else -(-len(frames) // 2)
    drawn = "".join(_picture(each, f"{label}, {place + 1} of {len(frames)}", 96) for place, each in enumerate(frames))
    many = " ae-many" if columns > 6 else ""
    st.html(
        f'<div class="ae-label">{line}<b>{html.escape(label)}</b> {html.escape(caption)}</div>'
        f'<div class="ae-strip{many}" style="grid-template-columns: repeat({columns}, 1fr)">{drawn}</div>'
    )


def title(words: str, colour: str | None = None) -> None:
    """A small heading, with a disc of a class's colour."""
    disc = f'<i style="background: {colour}"></i>' if colour else ""
    st.html(f'<div class="ae-title">{disc}<span>{html.escape(words)}</span></div>')


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """Names and values."""
    inner = "".join(f"<span>{html.escape(name)}</span><b>{html.escape(value)}</b>" for name, value in rows)
    st.html(f'<div class="ae-facts">{inner}</div>')


def code_bars(z: Float[np.ndarray, " k"], codes: Float[np.ndarray, "m k"]) -> None:
    """A code as bars up (positive) and down, the largest entry of all codes filling half the height."""
    most = max(float(np.abs(codes).max()), float(np.abs(z).max()), 1e-9)
    bars = "".join(
        f'<span title="{axis_name(place)} = {value:.3g}"><i class="{"down" if value < 0 else "up"}" '
        f'style="{"top" if value < 0 else "bottom"}: 50%; height: {50 * abs(value) / most:.1f}%"></i></span>'
        for place, value in enumerate(z.tolist())
    )
    st.html(f'<div class="ae-bars" role="img" aria-label="The code as bars">{bars}</div>')


def numbers(values: Sequence[float], most: int = 10) -> str:
    """Numbers with commas, the first few of them."""
    shown = ", ".join(number(value) for value in values[:most])
    return shown + (f", … ({len(values)} in all)" if len(values) > most else "")


def number(value: float) -> str:
    """Two decimals, fewer for large numbers, with a true minus sign."""
    return (f"{value:.2f}" if abs(value) < 1000 else f"{value:.3g}").replace("-", "−")


def axis_name(place: int) -> str:
    """z₁ for 0."""
    return "z" + str(place + 1).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
