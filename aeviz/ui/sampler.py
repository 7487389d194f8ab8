"""Where to sample: a grid over a plane of codes, or draws from a density, and the figure of where they lie."""

from typing import Any, get_args

import numpy as np
import streamlit as st

from aeviz.models import Conditional, Samples
from aeviz.runs.opened import OpenRun
from aeviz.ui.frame import begin, theme, within
from aeviz.ui.gallery import axis_name
from aeviz.views import figures, grids, kernels, probes, sampling
from aeviz.views.projections import Plane, axes_plane

SHOWN = 1000  # codes in the scatter
SPACINGS = ("even", "quantiles")
FITTED_TO_CODES = ("Gaussian", "Mixture", "KDE")  # densities that can be fitted to the codes of one class alone


def choose_plane(opened: OpenRun) -> tuple[Plane, tuple[str, str]]:
    """The plane of the grid and the names of its axes: the code itself, or any two units of a larger one."""
    k = opened.model.code
    if k == 1:
        return opened.plane, (axis_name(0), "")
    if k == 2:
        return opened.plane, (axis_name(0), axis_name(1))
    first, second = sampling.widest(opened.codes)[:2]
    begin("sample.across", first, opened.run.id)
    begin("sample.up", second, opened.run.id)
    # No default, so that every unit that is chosen stands in the address.
    with st.container(horizontal=True):
        across = st.selectbox("Across", range(k), None, axis_name, key="sample.across", bind="query-params", width=130)
        up = st.selectbox("Up", range(k), None, axis_name, key="sample.up", bind="query-params", width=130)
    across, up = first if across is None else across, second if up is None else up
    if across == up:
        up = first if across != first else second
        st.caption(f"A plane takes two different units: up is {axis_name(up)}.")
    st.caption(f"The other {k - 2} units are held at the mean of the codes. At first: the two that vary most.")
    return axes_plane(opened.codes, across, up), (axis_name(across), axis_name(up))


def choose_box(run: str, points: np.ndarray, axes: tuple[str, str]) -> sampling.Box:
    """The stretch of each axis that is decoded; at first from the 1st to the 99th percentile of the codes."""
    usual = sampling.usual(points)
    ends = list(zip(usual.low, usual.high, strict=True))
    for place, key in enumerate(("sample.wide", "sample.tall")):
        if axes[place]:
            own = sampling.stretch(*ends[place])
            within(key, own.least, own.most, f"{axes[place]} of {run}")
            ends[place] = st.slider(
                f"Range of {axes[place]}",
                own.least,
                own.most,
                (own.low, own.high),
                own.step,
                own.format,
                key=key,
                bind="query-params",
            )
    return sampling.Box((ends[0][0], ends[1][0]), (ends[0][1], ends[1][1]))


def codes_figure(opened: OpenRun, plane: Plane, axes: tuple[str, str]) -> Any:
    """Where the held-out codes lie: a scatter, or for codes of one unit how often each value occurs."""
    points, test = plane.project(opened.codes[:SHOWN]), opened.dataset.test
    if opened.model.code == 1:
        return figures.code_line(points[:, 0], theme(), axis=axes[0])
    labels = None if test.labels is None else test.labels[: len(points)]
    return figures.codes(points, theme(), labels=labels, classes=opened.dataset.classes, axes=axes)


def choose_spacing() -> str:
    """How values are spaced along an axis: in even steps, or by the quantiles of a normal distribution."""
    chosen = st.segmented_control(
        "Spacing",
        SPACINGS,
        default=SPACINGS[0],
        required=True,
        key="sample.spacing",
        bind="query-params",
        help="Even: equal steps. Quantiles: equal mass of a normal distribution between neighbours, so that a model "
        "whose codes are normally distributed shows each kind of example about as often as the data have it.",
    )
    return chosen or SPACINGS[0]


def grid(opened: OpenRun, side: int) -> tuple[np.ndarray, Any]:
    """side² codes on a grid over a plane, or along the line of a code of one unit; the figure of where they lie."""
    plane, axes = choose_plane(opened)
    with st.container(horizontal=True, gap="medium"):
        spacing = choose_spacing()
        found = _moments(opened, plane) if spacing == "quantiles" else None
    if found:
        places = grids.quantile_places(found, side) if axes[1] else grids.quantile_line(found, side * side)
        figure = codes_figure(opened, plane, axes)
        figures.mark_draws(figure, places, "decoded", theme())
        return plane.lift(places), figure
    box = choose_box(opened.run.id, plane.project(opened.codes), axes)
    figure = codes_figure(opened, plane, axes)
    figures.mark_box(figure, box.low, box.high, theme(), line=not axes[1])
    return plane.lift(sampling.places(box, side) if axes[1] else sampling.along(box, side * side)), figure


def _moments(opened: OpenRun, plane: Plane) -> grids.Moments:
    """Of the prior where the model has one and it is chosen, else of the codes."""
    options = ["prior", "codes"] if isinstance(opened.model, Samples) else ["codes"]
    of = st.segmented_control(
        "Quantiles of",
        options,
        default=options[0],
        required=True,
        key="sample.of",
        bind="query-params",
        help="The normal distribution with the mean and the variance, along each axis, of the model's prior or of the "
        "held-out examples' codes.",
    )
    if of == "prior" and isinstance(opened.model, Samples):
        return grids.moments(plane.project(sampling.from_prior(opened.model, 4 * sampling.FITTED, 0)))
    return grids.moments(plane.project(opened.codes))


@st.cache_data(max_entries=32, show_spinner="Encoding …")
def codes_of(run: str, step: int, split: str, among: int | None, _opened: OpenRun) -> np.ndarray:
    """The codes behind a fit: of the first examples of one split, or of the first of one class of it."""
    data = _opened.dataset.train if split == "training" else _opened.dataset.test
    rows = np.arange(len(data)) if among is None or data.labels is None else np.flatnonzero(data.labels == among)
    rows = rows[: sampling.FITTED]
    return probes.codes(_opened.model, data.x[rows], None if data.labels is None else data.labels[rows])


@st.cache_data(max_entries=32, show_spinner="Fitting the codes …")
def fit(codes: np.ndarray, components: int) -> sampling.Mixture:
    """The mixture fitted to codes."""
    return sampling.fitted(codes, components)


@st.cache_data(max_entries=32, show_spinner=False)
def outlined(run: str, step: int, _opened: OpenRun) -> sampling.Mixture:
    """The normal distribution with the mean and covariance of the model's prior, to show where it lies."""
    assert isinstance(_opened.model, Samples)
    return sampling.fitted(sampling.from_prior(_opened.model, sampling.FITTED, 0), 1)


def choose_class(opened: OpenRun, source: str) -> tuple[int | None, int | None]:
    """The class that is told to the decoder, and the class to whose codes a density is fitted; None for no class.

    A model that is told the class needs no density of its own for each: its code does not say the class.
    """
    names, conditional = opened.dataset.classes, isinstance(opened.model, Conditional)
    if not conditional and (source not in FITTED_TO_CODES or len(names) < 2 or opened.dataset.test.labels is None):
        return None, None
    offered = min(len(names), opened.model.classes) if isinstance(opened.model, Conditional) else len(names)
    told = "What the decoder is told. Not told: it draws on its share of untold training examples."
    fitted = "Fitted to the codes of this class alone: conditional sampling for a model that is told no class."
    chosen = st.selectbox(
        "Class",
        range(offered),
        None,
        names.__getitem__,
        key="sample.class",
        bind="query-params",
        placeholder="not told" if conditional else "all",
        help=told if conditional else fitted,
    )
    return (chosen, None) if conditional else (None, chosen)


def next_seed() -> None:
    """Other draws."""
    st.session_state["sample.seed"] = int(st.session_state.get("sample.seed") or 0) + 1


def draw_codes(opened: OpenRun, source: str, count: int, among: int | None = None) -> tuple[np.ndarray, Any]:
    """Codes drawn at random, and the figure of where they lie. among: the class to whose codes a density is fitted."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input("Seed", 0, 2**31 - 1, key="sample.seed", bind="query-params", width=130)
        st.button("Draw again", icon=":material/casino:", on_click=next_seed)
        split = choose_split() if source in FITTED_TO_CODES else ""
    if isinstance(opened.model, Samples) and source == "Prior":
        density: sampling.Mixture | kernels.Kernels = outlined(opened.run.id, opened.step, opened)
        z = sampling.from_prior(opened.model, count, seed)
    else:
        codes = codes_of(opened.run.id, opened.step, split, among, opened)
        density = _density(source, codes)
        z = density.draw(count, seed)
    k = opened.model.code
    axes = ("principal axis 1", "principal axis 2") if k > 2 else (axis_name(0), axis_name(1) if k == 2 else "")
    figure = codes_figure(opened, opened.plane, axes)
    figures.mark_outlines(figure, density.outlines(opened.plane), "two standard deviations", theme())
    figures.undistorted(figure)
    figures.mark_draws(figure, opened.plane.project(z), "drawn", theme())
    return z, figure


def choose_split() -> str:
    """Whose codes a density is fitted to."""
    options = ["training", "held-out"]
    chosen = st.segmented_control(
        "Fitted to the codes of", options, default=options[0], required=True, key="sample.split", bind="query-params"
    )
    return chosen or options[0]


def _density(source: str, codes: np.ndarray) -> sampling.Mixture | kernels.Kernels:
    """What is fitted to the codes."""
    if source == "KDE":
        return kernels.kernels(codes, _choose_bandwidth(*codes.shape))
    components = 1
    if source == "Mixture":
        components = st.slider("Components", 2, 30, 10, key="sample.components", bind="query-params")
    return fit(codes, components)


def _choose_bandwidth(n: int, k: int) -> kernels.Rule | float:
    """The width of the kernels: by a rule, or the visitor's own."""
    rules = get_args(kernels.Rule)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Bandwidth",
            [*rules, "own"],
            default=rules[0],
            required=True,
            key="sample.rule",
            bind="query-params",
            help="How wide each code's kernel is, in standard deviations of the codes. Scott's and Silverman's rules "
            "suit codes that are normally distributed, and are too wide where they fall into groups.",
        )
        if chosen == "own":
            return st.slider(
                "Standard deviations", 0.01, 1.0, 0.1, 0.01, key="sample.bandwidth", bind="query-params", width=220
            )
        rule = next((each for each in rules if each == chosen), rules[0])
        st.caption(f"{kernels.bandwidth(rule, n, k):.3f} standard deviations", width="content")
    return rule
