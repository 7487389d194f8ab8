"""What Latent and Interpolate share: the choices above the scatter, its scene, and the clicks on it."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from jaxtyping import Float

from aeviz.errors import AevizError, StoreError
from aeviz.runs.opened import MOST_CODES, OpenRun
from aeviz.runs.whole import MOST_EXAMPLES, whole
from aeviz.ui import gallery
from aeviz.ui.form import literal
from aeviz.ui.frame import choose_run, guarded
from aeviz.ui.places import FARTHEST, Spot, View, fresh, mapping_of, picture_of, view_of
from aeviz.ui.scene import Field, colours_of, pointer, scene
from aeviz.views import images, probes
from aeviz.views.clusters import METHODS

__all__ = ["Field", "explore", "pointer", "scene"]

VIEWS = {"PCA": "pca", "UMAP": "umap", "t-SNE": "tsne", "axes": "axes"}
MOST_GROUPS = 30

# Choices above the picture


def explore(page: str, look: Callable[[OpenRun, View, str], None], wide: bool = False) -> None:
    """A page on the codes of one run: the choices, then `look` at the run in a view, coloured as chosen.

    wide: whether all examples can be chosen in the place of the first held-out ones.
    """
    with guarded():
        opened, view, colour = choices(page, wide)
        still_learning(opened)
        if view.waiting:
            await_picture(opened, view)
        elif view.note:
            st.caption(literal(view.note))
        st.html(gallery.STYLE)
        look(opened, view, colour)


def choices(page: str, wide: bool = False) -> tuple[OpenRun, View, str]:
    """The row of run, view and colour; what was chosen.

    Raises:
        AevizError: the run cannot be opened or drawn.
    """
    columns = st.columns([3.4, 2, 4.8, 3.4] if wide else [4, 5, 3], gap="medium")
    with columns[0]:
        opened = choose_run()
    if wide:
        with columns[1]:
            opened = choose_examples(opened, page)
    if not (np.abs(opened.codes) < FARTHEST).all():
        raise StoreError(
            "The codes of this run are not finite or too large to be drawn: its training went astray. Choose another "
            "run, or train again with a smaller learning rate."
        )
    second, third = columns[-2:]
    if opened.model.code <= 2:
        view = view_of(opened, "own")
    else:
        with second:
            view = choose_view(opened, page)
    with second if opened.model.code <= 2 else third:
        colour = choose_colour(opened, page)
    return opened, view, colour


def choose_examples(opened: OpenRun, page: str) -> OpenRun:
    """The run over the first held-out examples, or over all that there are; nothing is asked where that is the same."""
    every = len(opened.dataset.test) + len(opened.dataset.train)
    chosen = st.segmented_control(
        "Examples",
        ["held-out", "all"],
        default="held-out",
        required=True,
        key=f"{page}.examples",
        bind="query-params",
        help=f"held-out: the first {len(opened.codes):,} that the model was not trained on. all: those and the ones "
        f"that it was trained on, {min(every, MOST_EXAMPLES):,} together, which takes longer to draw.",
    )
    return whole(opened) if chosen == "all" else opened


def choose_colour(opened: OpenRun, page: str) -> str:
    """By what points are coloured; for groups of codes, the method and how many, such as "k-means 10"."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        colour = st.selectbox(
            "Colour by",
            colours_of(opened),
            key=f"{page}.colour",
            bind="query-params",
            help="Error: squared difference between example and reconstruction, summed over the pixels. k-means and "
            "Gaussian mixture: groups found among the codes alone, without their classes, from the run's seed.",
        )
        if colour in METHODS:
            classes = max(2, len(opened.dataset.classes) or 8)
            count = st.number_input(
                "Groups",
                2,
                MOST_GROUPS,
                min(classes, MOST_GROUPS),
                key=f"{page}.groups",
                bind="query-params",
                width=110,
            )
            return f"{colour} {count}"
    return colour or "class"


def choose_view(opened: OpenRun, page: str) -> View:
    """How codes larger than 2 are drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.segmented_control(
            "View",
            list(VIEWS),
            default="PCA",
            required=True,
            key=f"{page}.view",
            bind="query-params",
            help="PCA: the two directions in which the codes vary most. UMAP and t-SNE: neighbours stay together, "
            "distances are not kept; they are computed once a run and kept. Axes: any two entries of the code.",
        )
        if chosen == "axes":
            k = opened.model.code
            across = st.number_input("Across", 1, k, 1, key=f"{page}.across", bind="query-params", width=90)
            up = st.number_input("Up", 1, k, 2, key=f"{page}.up", bind="query-params", width=90)
            if across == up:
                up = across % k + 1
            return view_of(opened, f"axes-{across}-{up}")
    return view_of(opened, VIEWS[chosen or "PCA"])


@st.fragment(run_every=2.0)
def await_picture(opened: OpenRun, view: View) -> None:
    """Say what is shown meanwhile, and draw the page again once the slow picture is there."""
    st.caption(f":material/hourglass_top: {view.note}")
    try:
        points, waiting, now = picture_of(opened, view.awaited)
    except AevizError:
        return
    if points is not None or not waiting or now != view.note:
        st.rerun()


def still_learning(opened: OpenRun) -> None:
    """For a run that has not ended: say which weights are in view, and offer the newest."""
    run = fresh(opened)
    if run.ended or opened.moment is not None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"This run is {run.status}. In view: its weights after {opened.step:,} updates.", width="content")
        st.button("Newest weights", icon=":material/refresh:", key="newest")


def followed(opened: OpenRun, page: str, key: str) -> dict[str, str] | None:
    """What the scatter of this key needs to follow a run that trains, where that is wanted; None otherwise."""
    run = fresh(opened)
    ended = (st.session_state.get(key) or {}).get("ended") or {}
    if ended.get("run") == run.id and st.session_state.get(f"{key}.ended") != ended:
        st.session_state[f"{key}.ended"] = ended
        st.rerun()  # all of the page: its last weights are there
    if run.status != "running" or opened.moment is not None:
        return None
    follows = st.toggle(
        "Follow it live",
        value=True,
        key=f"{page}.live",
        bind="query-params",
        help="Some 300 codes move as the model learns, as on Train, and the pointer decodes with weights that are "
        "seconds old. Off: the codes of the weights that were opened.",
    )
    return {"run": run.id, "base": "/aeviz/runs"} if follows else None


# Clicks


def newly_clicked(key: str, view: View, count: int) -> Spot | None:
    """The click on the scatter of this key that no run of the page has seen yet; its index is of `count` examples.

    It is read before the scatter is drawn, so that the marks of this very run show it.
    """
    picked = (st.session_state.get(key) or {}).get("picked")
    if not picked or picked == st.session_state.get(f"{key}.seen"):
        return None
    st.session_state[f"{key}.seen"] = picked
    index = picked.get("index")
    if index is not None and 0 <= int(index) < count:
        return Spot(index=int(index))
    return Spot(view=view.name, x=float(picked["x"]), y=float(picked["y"]))


def remember(name: str, spot: Spot) -> None:
    """Keep a spot in the session and in the address."""
    st.session_state[f"spot {name}"] = spot.text()
    if st.query_params.get(name) != spot.text():
        st.query_params[name] = spot.text()


def recall(name: str, opened: OpenRun, default: int) -> Spot:
    """The spot that the address names, else the session's, else the example `default`."""
    text = st.query_params.get(name) or st.session_state.get(f"spot {name}") or ""
    spot = Spot.read(text, len(opened.codes))
    if spot and (spot.index is not None or mapping_of(opened, spot.view) is not None):
        remember(name, spot)
        return spot
    return Spot(index=default)


# Examples


def class_of(opened: OpenRun, index: int) -> tuple[str, str | None]:
    """The name of an example's class and its colour; an empty name where there are no classes."""
    from aeviz.views.look import colour_of

    test, classes = opened.dataset.test, opened.dataset.classes
    if test.labels is None:
        return "", None
    label = int(test.labels[index])
    return (classes[label] if 0 <= label < len(classes) else str(label)), colour_of(label)


def named(opened: OpenRun, spot: Spot) -> str:
    """What a spot is called: "Example 17: shirt", or that it is none."""
    if spot.index is None:
        return "A place without an example"
    name, _ = class_of(opened, spot.index)
    learned = spot.index - held_out(opened)  # beyond those held out, of a run over all of its examples
    words = f"Example {spot.index}" if learned < 0 else f"Example {spot.index}, training example {learned}"
    return words + (f": {name}" if name else "")


def held_out(opened: OpenRun) -> int:
    """How many of the run's examples on screen may be ones that it was not trained on."""
    return len(opened.dataset.test) - (len(opened.dataset.train) if opened.most > MOST_CODES else 0)


def pictured(opened: OpenRun, x: Float[np.ndarray, "n ..."]) -> images.Pictures:
    """Examples of the run's data as pictures."""
    return images.pictures(x, opened.dataset.test.x[: len(opened.codes)])


def decoded(opened: OpenRun, z: Float[np.ndarray, "n k"]) -> images.Pictures:
    """What the decoder makes of codes, as pictures."""
    return pictured(opened, probes.decoded(opened.model, z))
