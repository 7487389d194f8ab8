"""Section 4: a linear autoencoder beside principal component analysis, while it learns."""

import numpy as np
import streamlit as st
from jaxtyping import Float

from aeviz.errors import AevizError
from aeviz.models import Linear
from aeviz.runs.moments import moments
from aeviz.runs.opened import OpenRun, open_run
from aeviz.runs.store import Run
from aeviz.ui import gallery
from aeviz.ui.explorer import still_learning
from aeviz.ui.frame import chart, choose_run, theme
from aeviz.ui.geometry import recipes
from aeviz.ui.server import store
from aeviz.views import geometry_figures, images, tangents

TITLE = "PCA"
TEACHING = (
    "A linear autoencoder with squared error ends in the span of the first k principal components: no other linear "
    "code of that size keeps more. Within the span any basis will do, so its columns need not be the components; "
    "turned within the span, they are."
)
SHOWN = 8


def suits(run: Run) -> bool:
    """Whether the run's decoder is linear and its loss the squared error."""
    return isinstance(run.recipe.model, Linear) and run.recipe.model.likelihood == "gaussian"


def none_yet() -> None:
    """Say how to come by a run for this section. Ends the page."""
    st.info("No linear autoencoder with squared error has been trained yet.", icon=":material/school:")
    recipes.links({"Train a linear one": recipes.LINEAR})
    st.stop()


@st.cache_data(max_entries=16, show_spinner=False)
def components(data: str, count: int, _opened: OpenRun) -> Float[np.ndarray, "k d"]:
    """The principal components of the training examples."""
    return np.asarray(tangents.principal_components(_opened.dataset.train.x, count))


@st.cache_data(max_entries=512, show_spinner=False)
def beside(run: str, step: int, _opened: OpenRun) -> tangents.Subspaces:
    """Both subspaces at one moment of a run."""
    return tangents.beside_components(
        _opened.model, components(str(_opened.run.recipe.data), _opened.model.code, _opened)
    )


def over_time(opened: OpenRun) -> tuple[list[int], Float[np.ndarray, "t k"]]:
    """The epochs at which the run kept its weights, the newest last, and the angles at each."""
    kept, run = store(), opened.run
    epochs, found = [], []
    newest = open_run(kept, run.id)
    for epoch, at in [(each.epoch, each.step) for each in moments(kept, run.id)] + [(newest.run.epoch, None)]:
        try:
            then = newest if at is None else open_run(kept, run.id, at)
            found.append(beside(run.id, then.step, then).angles)
            epochs.append(epoch)
        except AevizError:  # columns that still coincide have no angles
            continue
    return epochs, np.stack(found) if found else np.zeros((0, opened.model.code))


def show() -> None:
    """The run and its moment, the angles over the epochs, and three rows of directions."""
    opened = choose_run(which=suits, otherwise=none_yet)
    still_learning(opened)
    each = beside(opened.run.id, opened.step, opened)
    with st.spinner("Measuring …"):
        epochs, angles = over_time(opened)
    left, right = st.columns([5, 4], gap="large")
    with left:
        if len(epochs) > 1:
            at = {moment.step: moment.epoch for moment in moments(store(), opened.run.id)}.get(opened.step)
            chart(geometry_figures.angles(epochs, angles, theme(), chosen=at), key="geometry.angles")
        else:
            st.caption("This run kept no weights on the way: the angles are those of its newest.")
        told = ", ".join(f"{angle:.1f}°" for angle in each.angles[:12]) + (" …" if len(each.angles) > 12 else "")
        st.html(gallery.STYLE)
        gallery.facts([("angles now", told), ("by chance", f"{chance(opened, each):.0f}° for the smallest")])
    shape = opened.dataset.shape
    with right:
        rows = (
            ("Columns of the decoder", each.decoder),
            ("The same span, turned towards PCA", each.turned),
            ("Principal components", each.components),
        )
        for label, basis in rows:
            if len(shape) == 3:
                frames = images.as_bytes(tangents.pictured(basis[:SHOWN], shape))
                gallery.filmstrip(label, "", frames)
            else:
                lines = [(str(place + 1), gallery.numbers(axis.tolist())) for place, axis in enumerate(basis[:SHOWN])]
                gallery.title(label)
                gallery.facts(lines)
    st.caption(
        "Principal angles between the span of the decoder's columns and that of the components: all 0° where they are "
        "one. White adds, black takes away; the sign of a direction means nothing."
    )


def chance(opened: OpenRun, each: tangents.Subspaces) -> float:
    """The smallest angle that a random span of as many dimensions would have."""
    return float(tangents.chance(each.components, len(each.components), opened.run.recipe.seed)[0])
