"""Section 1: where a denoising autoencoder points, over the density that it should climb."""

import numpy as np
import streamlit as st

from aeviz.data.pairings import Clean, GaussianNoise
from aeviz.runs.opened import OpenRun
from aeviz.ui.explorer import still_learning
from aeviz.ui.form import literal
from aeviz.ui.frame import begin, chart, choose_run, theme
from aeviz.ui.geometry import recipes
from aeviz.views import fields, restoration
from aeviz.views import geometry_figures as drawn
from aeviz.views.look import INKS, PALETTE

TITLE = "Field"
TEACHING = (
    "A denoising autoencoder learns to undo its noise, so it moves each place towards where examples are more likely: "
    "r(x) − x points up the density. For Gaussian noise of deviation σ the best denoiser moves x by exactly "
    "σ²∇log p(x), where p is the density of the noisy examples."
)
MEASURED = 500
MODEL, BEST = "model: r(x) − x", "best denoiser: σ²∇log p"


@st.cache_data(max_entries=32, show_spinner="Measuring …")
def found(run: str, step: int, sigma: float, _opened: OpenRun) -> fields.Field:
    """The field of a run at one moment."""
    return fields.field(_opened.model, _opened.dataset.train.x, sigma)


@st.cache_data(max_entries=32, show_spinner=False)
def agreed(run: str, step: int, sigma: float, _opened: OpenRun) -> fields.Agreement:
    """How well the arrows of a run climb, at noisy held-out examples."""
    clean = _opened.dataset.test.x[:MEASURED]
    noisy = restoration.corrupted(GaussianNoise(strength=sigma), clean, _opened.run.recipe.seed)
    return fields.agreement(_opened.model, _opened.dataset.train.x, noisy, sigma)


def show() -> None:
    """The run, σ, the figure and the numbers."""
    first, second = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    with first:
        opened = choose_run()
    pairing = opened.run.recipe.pairing
    own = pairing.strength if isinstance(pairing, GaussianNoise) else 0.1
    begin("geometry.sigma", min(1.0, max(0.01, own)), opened.run.id, stays=True)
    with second.container(horizontal=True, vertical_alignment="bottom"):
        sigma = st.slider(
            "σ of the density", 0.01, 1.0, step=0.01, key="geometry.sigma", bind="query-params", width=220,
            help="At first that of the noise in training, where that was Gaussian.",
        )  # fmt: skip
        both = st.toggle("Best denoiser", key="geometry.best", bind="query-params")
    still_learning(opened)
    if not isinstance(pairing, GaussianNoise):
        how = "without corruption" if isinstance(pairing, Clean) else f"with {literal(pairing.title.lower())}"
        st.info(f"This run was trained {how}, so nothing makes its arrows climb the density.", icon=":material/info:")
        recipes.links(
            {"Train a denoising one on toy points": recipes.DENOISING_TOYS, "… on digits": recipes.DENOISING_DIGITS}
        )
    field = found(opened.run.id, opened.step, sigma, opened)
    agreement = agreed(opened.run.id, opened.step, sigma, opened)
    scale = drawn.arrow_scale(field.places, np.concatenate([field.arrows, field.climb]))
    layers = {BEST: (field.places, scale * field.climb, INKS[theme()].text)} if both else {}
    layers[MODEL] = (field.places, scale * field.arrows, PALETTE[6])
    flat = opened.dataset.shape == (2,)
    axes = ("x₁", "x₂") if flat else ("principal axis 1 of the data", "principal axis 2 of the data")
    left, right = st.columns([3, 1], gap="large")
    with left:
        figure = drawn.vector_field(
            drawn.Shade(field.across, field.up, field.density), field.points, layers, theme(), axes=axes
        )
        chart(figure, key="geometry.field")
    with right:
        st.metric("Cosine with σ²∇log p", f"{agreement.cosine:.3f}", border=True)
        st.metric("Length beside σ²∇log p", f"{agreement.length:.2f} ×", border=True)
        if not flat:
            st.metric("Part that leaves the plane", f"{field.off.mean():.0%}", border=True)
    st.caption(
        f"Arrows are drawn at {scale:.2g} of their length. Shade: log p of the training examples (at most "
        f"{fields.MOST:,}) with noise of σ = {sigma:g}. The numbers are those at {MEASURED} noisy test examples, where "
        "the model has learned; both are 1 for the best denoiser. Far outside nothing taught it."
        + ("" if flat else " The plane is that of the two principal axes of the data, through their mean.")
    )
