"""Generate: models with a prior of their own: their samples while they learn, and what those cover of the data."""

import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.runs.store import Run
from aeviz.ui.components import live_run
from aeviz.ui.explorer import still_learning
from aeviz.ui.frame import chart, choose_run, guarded, heading, theme
from aeviz.ui.places import fresh
from aeviz.views import figures, generation

SHOWN = 500  # generated examples in the scatter
PLAYERS_ALONE = ("loss", "reconstruction")  # left aside at first where players' losses are smaller by far


def generates(run: Run) -> bool:
    """Whether the run belongs on this page."""
    return generation.draws(run.recipe.model)


def none_yet() -> None:
    """Say how to come by a run for this page. Ends the page."""
    st.info(
        "No model with a prior of its own has been trained yet. Train a VAE, an adversarial autoencoder or a GAN: on "
        "the digits a GAN takes half a minute.",
        icon=":material/school:",
    )
    st.page_link("train.py", label="Train a GAN", icon=":material/play_arrow:", query_params={"model": "Gan"})
    st.stop()


@st.cache_data(max_entries=32, show_spinner="Generating …")
def comparison(run: str, step: int, seed: int, _opened: OpenRun) -> generation.Comparison:
    """Real and generated examples of a run at one moment."""
    return generation.compared(_opened.model, _opened.dataset, seed)


def tell(found: generation.ClassCoverage, classes: tuple[str, ...]) -> None:
    """Which classes are generated, in numbers and bars."""
    first, second = st.columns(2)
    first.metric("Classes covered", f"{found.covered} of {found.classes}", border=True, height="stretch")
    second.metric(
        "Total variation distance", f"{found.distance:.3f}", f"{found.by_chance:.3f} by chance", "off",
        delta_arrow="off", border=True, height="stretch",
    )  # fmt: skip
    chart(figures.shares(classes, found.data, found.generated, theme()), key="generate.shares")
    st.caption(
        f"Covered: the class has at least {generation.COVERED:.0%} of its share in the data. Distance: ½ Σ |p − q| "
        "between the two rows of bars; by chance: about what as many draws from the data would have. Each generated "
        f"example has the class of most of its {generation.NEIGHBOURS} nearest held-out examples in the feature space, "
        f"which is right for {found.right:.1%} of the held-out examples themselves."
    )


def page() -> None:
    """The run, its live picture, and below it what its newest weights generate."""
    first, second = st.columns([5, 1], gap="medium", vertical_alignment="bottom")
    with first:
        opened = choose_run(which=generates, otherwise=none_yet)
    run = fresh(opened)
    seed = second.number_input("Seed of the draws", 0, 2**31 - 1, key="generate.seed", bind="query-params")
    several = len(opened.model.players()) > 1
    reported = live_run(run.id, key="generate.live", lead="samples", quiet=PLAYERS_ALONE if several else ())
    if reported and reported != run.status and fresh(opened).status != run.status:
        st.rerun()  # the run has ended since this script began: its last weights are the ones to look at
    still_learning(opened)
    found = comparison(run.id, opened.step, int(seed), opened)
    left, right = st.columns(2, gap="large")
    classes = opened.dataset.classes
    with left:
        st.subheader("Real and generated", anchor=False)
        axes = ("principal component 1", "principal component 2")
        points = (found.real[:, :2], found.generated[: min(SHOWN, len(found.real)), :2])
        if found.real.shape[1] > 1:
            drawn = figures.real_and_generated(*points, theme(), labels=found.labels, classes=classes, axes=axes)
            chart(drawn, key="generate.embedding")
        st.caption(
            f"{len(found.real):,} held-out examples, with {len(points[1]):,} generated ones on top, in one feature "
            f"space: the first {found.real.shape[1]} principal components of the held-out examples, which hold "
            f"{found.space.share:.1%} of their variance. Drawn are the first two."
        )
    with right:
        st.subheader("Coverage of classes", anchor=False)
        if found.coverage:
            tell(found.coverage, classes)
        else:
            st.caption("These data have no classes to count.")


heading(
    "Generate",
    "A generative model draws a code from its prior and decodes it. Watch the same draws become examples while it "
    "learns, and see whether what it generates lies where the data lie, and whether any class is left out.",
)
with guarded():
    page()
