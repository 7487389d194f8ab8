"""Sample: decode a grid over a plane of codes, one unit after another, or draws from the prior or a fitted density."""

import numpy as np
import streamlit as st

from aeviz.models import Samples
from aeviz.runs.opened import OpenRun
from aeviz.ui import realness, stretching, traversing
from aeviz.ui.explorer import still_learning
from aeviz.ui.frame import chart, choose_run, guarded, heading, theme, within
from aeviz.ui.sampler import SHOWN, choose_class, draw_codes, grid
from aeviz.views import figures, mosaic, probes, sampling
from aeviz.views.look import INKS

MEANING = {
    "Grid": "Codes on a regular grid over a plane, each decoded: the surface in the space of the data that the decoder "
    "has learned. Right and up here are right and up in the scatter.",
    "Traversals": traversing.MEANING,
    "Prior": "Codes drawn from the model's own prior, with which training matched its codes: N(0, I) where the model's "
    "description does not say otherwise.",
    "Gaussian": "Codes drawn from one normal distribution with the mean and covariance of the codes. It also covers "
    "the gaps between groups of codes, where the decoder has learned nothing.",
    "Mixture": "Codes drawn from a sum of normal distributions, fitted to the codes by expectation maximisation. With "
    "enough components it keeps to where codes are.",
    "KDE": "Codes drawn from a kernel density estimate: the code of an example at random, moved by noise of the "
    "kernel's width. Narrow kernels repeat the examples; wide ones leave where codes are.",
    "Stretch": stretching.MEANING,
}
LOOKS = ("samples", "how real")


@st.cache_data(max_entries=64, show_spinner=False)
def picture(run: str, step: int, z: np.ndarray, told: int | None, side: int, _opened: OpenRun) -> bytes:
    """The mosaic of decoded codes, as a PNG file."""
    return mosaic.picture(decoded(_opened, z, told), side)


def decoded(opened: OpenRun, z: np.ndarray, told: int | None) -> np.ndarray:
    """The codes decoded, all of them as the class that is told."""
    return probes.decoded(opened.model, z, None if told is None else np.full(len(z), told))


def result(opened: OpenRun, source: str, z: np.ndarray, told: int | None, side: int) -> None:
    """What the codes decode to: a mosaic of images, or points among those of the data."""
    run = opened.run.id
    if len(opened.dataset.shape) == 3:
        image = picture(run, opened.step, z, told, side, opened)
        st.image(image, width="stretch", alt=f"{side} × {side} decoded codes")
        st.download_button(
            "Download PNG",
            image,
            f"{run}-{source.lower()}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        return
    drawn, data = decoded(opened, z, told), opened.dataset.test.x[:SHOWN]
    seen = sampling.in_sight(data)
    layers = [figures.Layer("held-out data", seen(data), INKS[theme()].quiet, 0.5, 4)]
    lines = sampling.lines(seen(drawn), side) if source == "Grid" and opened.model.code > 1 else ()
    layers.append(figures.Layer("decoded", seen(drawn), INKS[theme()].accent, 0.9, 4))
    chart(figures.layers(layers, theme(), lines=lines, line="grid", height=560), key="sample.points")


def samples(opened: OpenRun, source: str, side: int) -> None:
    """What is decoded, or how real it is, and beside it where the codes lie."""
    left, right = st.columns(2, gap="large")
    with right, guarded():
        with st.container(horizontal=True, gap="medium"):
            look = st.segmented_control(
                "Show", LOOKS, default=LOOKS[0], required=True, key="sample.look", bind="query-params"
            )
            told, among = choose_class(opened, source)
        z, figure = grid(opened, side) if source == "Grid" else draw_codes(opened, source, side * side, among)
        chart(figure, key="sample.codes")
        st.caption(f"Codes of {min(SHOWN, len(opened.codes)):,} held-out examples.")
        with left:
            if look == LOOKS[1]:
                realness.show(opened, z, decoded(opened, z, told))
            else:
                result(opened, source, z, told, side)


def page() -> None:
    """Choices; below them the part that is chosen, alone."""
    first, second = st.columns([5, 4], gap="medium")
    with first:
        opened = choose_run()
    sources = [each for each in MEANING if each != "Prior" or isinstance(opened.model, Samples)]
    images = len(opened.dataset.shape) == 3
    most = mosaic.most_columns(opened.dataset.shape[-1]) if images else 30
    source = st.segmented_control(
        "Decode", sources, default="Grid", required=True, key="sample.from", bind="query-params"
    ) or "Grid"  # fmt: skip
    side = 0
    if source != "Stretch":
        within("sample.side", 3, most)
        name = "Steps" if source == "Traversals" else "Side of the grid"
        side = second.slider(name, 3, most, min(15, most), key="sample.side", bind="query-params")
    still_learning(opened)
    blurred = " Without an example there are no unpooling places, so details blur."
    st.caption(MEANING[source] + (blurred if getattr(opened.model.decoder, "unpooling", "") == "places" else ""))
    if source in ("Traversals", "Stretch"):
        told, _ = choose_class(opened, source)
        if source == "Stretch":
            stretching.show(opened, told)
        else:
            traversing.show(opened, side, told)
    else:
        samples(opened, source, side)


heading(
    "Sample",
    "A decoder turns any code into an example, also codes that no example has. Decode a plane of codes, or draw codes "
    "at random, and see where the model has learned something and where it only guesses.",
)
with guarded():
    page()
