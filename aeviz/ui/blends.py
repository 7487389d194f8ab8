"""What Interpolate shows besides ways between two codes: four corners, attributes, and films."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from aeviz.errors import SettingError
from aeviz.runs.opened import OpenRun
from aeviz.ui import explorer, gallery
from aeviz.ui.frame import begin, within
from aeviz.ui.places import Code, Spot, View, code_of
from aeviz.views import film, images, mosaic, paths
from aeviz.views.look import PALETTE

STRENGTHS = np.linspace(-1, 2, 9, dtype=np.float32)


def corners(opened: OpenRun, codes: Sequence[Code]) -> None:
    """A grid of codes between four, each decoded."""
    pictured = explorer.decoded(opened, codes[0][None])
    most = mosaic.most_columns(pictured.shape[-1])
    within("interpolate.side", 3, most)
    side = st.slider("Side of the grid", 3, most, min(9, most), key="interpolate.side", bind="query-params", width=260)
    drawn = explorer.decoded(opened, paths.bilinear(np.stack(codes), side))
    picture = mosaic.picture(drawn / np.float32(255), side, gap=6)
    st.image(picture, width="stretch", alt=f"{side} × {side} codes between A, B, C and D, decoded")
    st.caption(
        "A is top left, B top right, C bottom left, D bottom right. Each code between them is "
        "(1 − u)(1 − v) A + u(1 − v) B + (1 − u) v C + u v D."
    )
    st.download_button(
        "Download PNG", picture, "aeviz-corners.png", "image/png", icon=":material/download:", on_click="ignore"
    )


def attribute(opened: OpenRun, view: View, spot: Spot, marks: dict[str, object]) -> None:
    """An example's code plus the mean code of one class less that of another, at several strengths.

    Raises:
        SettingError: the data have no two classes.
    """
    codes, labels, classes = (
        opened.codes,
        opened.dataset.test.some_labels(slice(len(opened.codes))),
        opened.dataset.classes,
    )
    index, z = spot.index, code_of(opened, spot)
    at = view.place(spot, z)
    known = [] if labels is None else [label for label in range(len(classes)) if (labels == label).any()]
    if labels is None or len(known) < 2:
        raise SettingError(
            "Attributes are differences between classes, and these data have fewer than two: choose a run on data with "
            "classes, such as the digits."
        )
    named = dict(zip((str(label) for label in known), (classes[label] for label in known), strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        own = None if index is None or int(labels[index]) not in known else known.index(int(labels[index]))
        minus = _class("Take away", "interpolate.minus", named, own or 0)
        plus = _class("Add", "interpolate.plus", named, ((own or 0) + 1) % len(known))
        strength = st.slider(
            "Strength", float(STRENGTHS[0]), float(STRENGTHS[-1]), 1.0, 0.05, key="interpolate.strength",
            bind="query-params", width=220,
        )  # fmt: skip
    direction = paths.attribute(codes, labels, int(plus), int(minus))
    strip = explorer.decoded(opened, z + STRENGTHS[:, None] * direction)
    moved = (z + strength * direction).astype(np.float32)
    words = f"{named[plus]} − {named[minus]}"
    gallery.filmstrip(
        words,
        f"added to A {STRENGTHS[0]:g} to {STRENGTHS[-1]:g} times, in equal steps".replace("-", "−"),
        strip,
        PALETTE[2],
    )
    pair = explorer.decoded(opened, np.stack([z, moved]))
    gallery.row([(pair[0], "A, decoded"), (pair[1], f"A + {strength:g} · ({words})".replace("-", "−"))])
    gallery.facts([("A moves", f"{gallery.number(float(np.linalg.norm(strength * direction)))} in code space")])
    st.caption(
        "The mean code of the class that is added, less that of the class taken away, times the strength, is added to "
        "A's code; means over the held-out examples. Where A is of the class taken away, strength 1 should make it one "
        "of the other."
    )
    end = tuple(map(float, view.mapping.project(moved[None])[0]))
    marks["paths"] = [{"points": [list(at), list(end)], "colour": PALETTE[2]}]
    marks["pins"] = [[*at, "A"], [*end, "+"]]


def _class(label: str, key: str, named: dict[str, str], place: int) -> str:
    """One of the classes that have examples."""
    options = list(named)
    begin(key, options[place], str(options), stays=st.query_params.get(key) in options)
    if st.session_state.get(key, options[place]) not in options:
        st.session_state[key] = options[place]
    chosen: str = st.selectbox(
        label, options, format_func=lambda each: named.get(each, each), key=key, bind="query-params", width=150
    )
    return chosen


def films(strips: Sequence[images.Strip], caption: str) -> None:
    """The strips as a moving picture on the page, and as files, each made when it is asked for."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.toggle("Animate", key="interpolate.animate", bind="query-params")
        speed = st.slider("Pictures a second", 2, 24, 8, key="interpolate.speed", bind="query-params", width=180)
        for label, ending, make in (
            ("PNG", "png", partial(images.sheet, strips)),
            ("GIF", "gif", partial(moving, strips, caption, speed)),
            ("MP4", "mp4", partial(moving, strips, caption, speed, mp4=True)),
        ):
            kind = f"{'video' if ending == 'mp4' else 'image'}/{ending}"
            name = f"aeviz-interpolation.{ending}"
            st.download_button(label, make, name, kind, icon=":material/download:", on_click="ignore", key=name)
    if shown:
        made = film.gif(film.there_and_back(strips), speed)
        source = images.data_url(made, "image/gif")
        words = "The ways, walked there and back"
        st.html(f'<img style="max-width: 100%; border-radius: 3px" alt="{words}" src="{source}">')


def moving(strips: Sequence[images.Strip], caption: str, speed: float, *, mp4: bool = False) -> bytes:
    """The strips side by side, walked there and back, over their settings."""
    frames = film.captioned(film.there_and_back(strips), f"aeviz: {caption}")
    return film.mp4(frames, speed) if mp4 else film.gif(frames, speed)
