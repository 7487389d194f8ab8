"""What the Energy page shows of a Boltzmann machine, section by section; computed once for each moment."""

import math
from itertools import pairwise

import numpy as np
import streamlit as st

from aeviz.errors import SettingError
from aeviz.models.machines import Machine
from aeviz.runs.opened import OpenRun
from aeviz.ui import gallery
from aeviz.ui.components import Drawn, drawing, last_drawn, reel
from aeviz.ui.frame import begin, chart, guarded, theme
from aeviz.ui.server import store
from aeviz.views import energy, energy_figures, figures, filters, images, mosaic

MOST_UNITS = 100
LOOKED_AT = 500  # held-out examples behind activities and statistics
SWEEPS = 40
WALK = 200  # sweeps of the chain on the landscape
MOST_CHAINS = 12
FIELD_EXAMPLES = 8


def machine_of(opened: OpenRun) -> Machine:
    """The machine of a run that the page has let in."""
    assert isinstance(opened.model, Machine)
    return opened.model


def pictured(opened: OpenRun) -> bool:
    """Whether the examples are images."""
    return len(opened.dataset.shape) == 3


# Units


def show_units(opened: OpenRun) -> None:
    """What the units look for, how often they are on, and how the weights are spread."""
    model = machine_of(opened)
    names = energy.hidden_layers(model)
    left, right = st.columns([3, 2], gap="large")
    with left:
        begin("energy.layer", names[0], opened.run.id, stays=True)
        if st.session_state.get("energy.layer") not in names:
            st.session_state["energy.layer"] = names[0]
        layer = st.segmented_control("Layer", names, required=True, key="energy.layer", bind="query-params") or names[0]
        if pictured(opened):
            st.image(
                _filters(opened.run.id, opened.step, layer, theme(), opened), width="stretch", alt="units as images"
            )
            below = "" if layer == names[0] else " through the weights of the layers below, left as they are"
            inks = "Orange: on; blue: off." if opened.dataset.shape[0] == 1 else "Brighter: on; darker: off."
            st.caption(f"What each unit of {layer} drives in the pixels{below}. {inks} Each its own scale.")
        else:
            st.caption("Units are drawn for machines of images.")
    with right:
        means = _activities(opened.run.id, opened.step, opened)[layer]
        often = means.mean(0)
        chart(
            figures.distribution(often, f"mean activity of a unit of {layer}", theme(), height=210), key="energy.often"
        )
        idle, always = int((often < 0.01).sum()), int((often > 0.99).sum())
        st.caption(
            f"Over {len(means)} held-out examples a unit is on {often.mean():.0%} of the time. Hardly ever (below "
            f"1 %): {idle} of {len(often)}. Nearly always (above 99 %): {always}."
        )
        numbers = energy.numbers(model)
        if st.session_state.get("energy.numbers") not in (None, *numbers):
            st.session_state.pop("energy.numbers")
        chosen = st.selectbox("Numbers of", list(numbers), key="energy.numbers", bind="query-params")
        chart(
            figures.distribution(numbers[chosen or next(iter(numbers))], "value", theme(), height=190),
            key="energy.values",
        )


@st.cache_data(max_entries=64, show_spinner=False)
def _filters(run: str, step: int, layer: str, colours: str, _opened: OpenRun) -> bytes:
    drawn = energy.projected(machine_of(_opened), layer, MOST_UNITS)
    coloured = filters.signed(drawn, "dark" if colours == "dark" else "light").astype(np.float32) / 255
    return mosaic.picture(coloured, math.ceil(math.sqrt(1.6 * len(coloured))), gap=8)


@st.cache_data(max_entries=32, show_spinner=False)
def _activities(run: str, step: int, _opened: OpenRun) -> dict[str, np.ndarray]:
    return energy.activities(machine_of(_opened), _opened.dataset.test.x[:LOOKED_AT])


# Learning


def show_learning(opened: OpenRun) -> None:
    """Curves of what is told beside the loss, and the likelihood on demand."""
    rows, _ = store().history(opened.run.id)
    told = (
        ("negative_log_likelihood", "−log p(v), nats", "Exactly, summed over all states."),
        ("pseudo_likelihood", "log pseudo-likelihood, nats", "A cheap stand-in for the likelihood: how well each pixel "
         "is predicted by all others."),
        ("free_energy", "free energy F(v), nats", "The lower, the likelier, up to log Z. Where held-out examples lie "
         "higher and higher above those of training, the machine learns them by heart."),
    )  # fmt: skip
    shown = [(energy.curves(rows, name), axis, words) for name, axis, words in told]
    shown = [each for each in shown if each[0]]
    for column, (curves, axis, words) in zip(st.columns(max(1, len(shown))), shown, strict=False):
        with column:
            chart(energy_figures.told(curves, axis, theme()), key=f"energy.{axis}")
            st.caption(words)
    if not shown:
        st.caption("Neither of this machine's free energy and pseudo-likelihood can be told cheaply.")
    st.subheader("How likely are the data?", anchor=False)
    st.caption(
        "log p(v) = −F(v) − log Z. The sum Z over all states is exact for small machines; for others it is estimated "
        "by annealed importance sampling: 100 chains go from independent units to the machine in 2,000 steps."
    )
    wanted = f"energy.likelihood.{opened.run.id}.{opened.step}"
    if st.button("Measure", icon=":material/query_stats:") or st.session_state.get(wanted):
        st.session_state[wanted] = True
        with guarded(), st.spinner("Estimating log Z …"):
            found = _likelihood(opened.run.id, opened.step, opened)
            _tell(found)


@st.cache_data(max_entries=32, show_spinner=False)
def _likelihood(run: str, step: int, _opened: OpenRun) -> energy.Likelihood:
    data = _opened.dataset
    return energy.likelihood(machine_of(_opened), data.train.x[:2000], data.test.x[:2000], seed=_opened.run.recipe.seed)


def _tell(found: energy.Likelihood) -> None:
    least = "at least " if found.bounded else ""
    with st.container(horizontal=True, gap="large"):
        st.metric("Held-out log p(v)", f"{least}{found.test:.2f} nats")
        st.metric("Training log p(v)", f"{least}{found.train:.2f} nats")
        st.metric("log Z", f"{found.log_partition:.2f}")
    sure = "exact" if found.exact else f"three standard errors from {found.low:.2f} to {found.high:.2f}"
    bound = " The machine's log p is bounded from below by its mean field." if found.bounded else ""
    st.caption(f"log Z is {sure}. Means over at most 2,000 examples; grey pixels are taken as black or white.{bound}")


# Chain


def show_chain(opened: OpenRun) -> None:
    """Gibbs sampling, sweep by sweep."""
    model, test = machine_of(opened), opened.dataset.test
    if not pictured(opened):
        st.info("Chains of points are drawn on the landscape.", icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        start = st.segmented_control(
            "Start from", ["data", "noise", "drawing"], default="data", required=True, key="energy.start",
            bind="query-params",
        )  # fmt: skip
        chains = st.number_input("Chains", 1, MOST_CHAINS, 8, key="energy.chains", bind="query-params", width=120)
        sweeps = st.number_input("Sweeps", 1, 500, SWEEPS, key="energy.sweeps", bind="query-params", width=120)
        temperature = st.number_input(
            "Temperature", 0.05, 20.0, 1.0, 0.1, key="energy.temperature", bind="query-params", width=140,
            help="Energies are divided by it: hot chains wander, cold ones freeze.",
        )  # fmt: skip
        seed = st.number_input("Seed", 0, 10_000, 0, key="energy.chain seed", bind="query-params", width=110)
    first: np.ndarray | None = None
    if start == "data":
        at = st.number_input("First example", 0, len(test) - 1, 0, key="energy.example", bind="query-params", width=140)
        first = test.x[np.arange(at, at + chains) % len(test)]
    elif start == "drawing":
        shape = (opened.dataset.shape[0], opened.dataset.shape[1], opened.dataset.shape[2])
        drawn: Drawn | None = last_drawn(st.session_state.get("energy.pad"), shape)
        left, _ = st.columns([2, 3])
        with left:
            drawing("draw", shape, [], key="energy.pad")
        if drawn is None:
            st.caption("Draw a picture: the chains begin with it.")
            return
        first = np.repeat(drawn.picture[None], chains, 0)
    kept = None
    if first is not None and energy.sees_pixels(model):
        part = st.segmented_control(
            "Hold", list(energy.PARTS), default="nothing", required=True, key="energy.hold", bind="query-params",
            help="What is held of each picture stays as it is; the rest begins as noise and is filled in.",
        )  # fmt: skip
        kept = energy.part(part or "nothing", opened.dataset.shape)
    found = energy.run_chain(
        model, first, int(sweeps), seed=int(seed), chains=int(chains), temperature=float(temperature), kept=kept
    )
    shown = images.as_bytes(found.shown.reshape(-1, *opened.dataset.shape)).reshape(found.shown.shape)
    reel(
        [f"{chains} chains" if chains > 1 else "chain"],
        found.changes().mean(1)[None],
        key="energy.reel",
        frames=shown[:, None],
    )
    st.caption(
        "Each picture is a chain. A sweep draws the hidden units given the pixels, then the pixels given them; shown "
        f"are the pixels' means, and below how much they change. Energy of the states: {found.energies[0].mean():.1f} "
        f"nats at the start, {found.energies[-1].mean():.1f} at the end."
    )
    states = found.hidden[-1]
    side = math.ceil(math.sqrt(states.shape[1]))
    padded = np.zeros((len(states), 1, side, side), np.float32)
    padded.reshape(len(states), -1)[:, : states.shape[1]] = states
    gallery.filmstrip(
        "Hidden units", "of the lowest layer at the last sweep, one square a unit: white is on", images.as_bytes(padded)
    )


# Phases


def show_phases(opened: OpenRun) -> None:
    """Fantasy particles, and the correlations of both phases."""
    model = machine_of(opened)
    dreams = energy.particles(model)
    st.subheader("Fantasy particles", anchor=False)
    if dreams is None:
        st.caption("This machine keeps no chains: its model phase begins anew. The persistent phase has them.")
    elif pictured(opened):
        st.image(mosaic.picture(dreams, 20), width="stretch", alt="what the persistent chains dream")
        st.caption("What the machine's own chains dream at this moment of its training. Move the moment, or play it.")
    else:
        chart(figures.codes(dreams.reshape(len(dreams), -1)[:, :2], theme(), axes=("x₁", "x₂")), key="energy.dreams")
    st.subheader("What it learns from", anchor=False)
    st.caption(
        "For a hidden unit: with which pixels it is on together in the data, with which when the machine dreams, and "
        "the difference, which is the gradient. Where both agree, nothing is left to learn."
    )
    found = _statistics(opened.run.id, opened.step, opened)
    order = np.argsort(-np.abs(found.gradient).mean(1))
    shape = opened.dataset.shape
    if not pictured(opened) or found.data.shape[1] != math.prod(shape):
        # Of points, or of a layer below the machine that are no pixels.
        columns = {
            f"unit {place + 1} below": found.gradient[order[:10], place] for place in range(min(6, len(found.data[0])))
        }
        st.dataframe({"hidden unit": order[:10]} | columns, hide_index=True)
        return
    units = order[:12]
    rows = (("⟨v h⟩ in the data", found.data), ("⟨v h⟩ in the dream", found.model), ("Difference", found.gradient))
    for name, values in rows:
        pictures = filters.signed(values[units].reshape(-1, *shape), theme(), each=False)
        most = float(np.abs(values[units]).max())
        gallery.filmstrip(name, f"strongest colour {most:.3f}", pictures)
    st.caption(
        f"The {len(units)} units of the lowest hidden layer with the largest difference. Its mean size over all "
        f"weights is {np.abs(found.gradient).mean():.4f}."
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _statistics(run: str, step: int, _opened: OpenRun) -> energy.Statistics:
    return energy.statistics(machine_of(_opened), _opened.dataset.train.x[:LOOKED_AT], _opened.run.recipe.seed)


# Mean field


def show_mean_field(opened: OpenRun) -> None:
    """The layers of a deep machine as they come to agree."""
    model, test = machine_of(opened), opened.dataset.test
    sweeps = st.slider("Sweeps", 1, 30, 10, key="energy.field sweeps", bind="query-params")
    rows = np.arange(min(FIELD_EXAMPLES, len(test)))
    found = energy.sweeps_seen(model, test.x[rows], sweeps)
    if pictured(opened):
        gallery.filmstrip("Clamped", "held-out examples", images.as_bytes(test.x[rows]))
    changes = {
        name: [float(np.abs(after[name] - before[name]).mean()) for before, after in pairwise(found)]
        for name in energy.hidden_layers(model)
    }
    for name in energy.hidden_layers(model):
        side = math.ceil(math.sqrt(found[0][name].shape[1]))
        strip = np.zeros((len(found), 1, side, side), np.float32)
        strip.reshape(len(found), -1)[:, : found[0][name].shape[1]] = np.stack([each[name][0] for each in found])
        last = f"; the last sweep moved a unit by {changes[name][-1]:.4f}" if changes[name] else ""
        gallery.filmstrip(
            name, f"the first example, sweep 1 to {len(found)}, one square a unit{last}", images.as_bytes(strip)
        )
    st.caption(
        "Each hidden layer hears those on both sides; sweep by sweep they come to agree. The top layer is the code."
    )


# Landscape


def show_landscape(opened: OpenRun) -> None:
    """The free energy over the plane of the data, and a chain walking on it."""
    model, test = machine_of(opened), opened.dataset.test
    if math.prod(opened.dataset.shape) != 2:
        raise SettingError(
            "The landscape is drawn for data of two numbers: choose Toys (two moons) and the Gaussian likelihood."
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        form = st.segmented_control(
            "Drawn as", ["map", "surface"], default="map", required=True, key="energy.form", bind="query-params"
        )
        steps = st.slider("Sweep", 0, WALK, 30, key="energy.walk", bind="query-params", width=260)
        temperature = st.number_input(
            "Temperature", 0.05, 20.0, 1.0, 0.1, key="energy.heat", bind="query-params", width=140
        )
        seed = st.number_input("Seed", 0, 10_000, 0, key="energy.walk seed", bind="query-params", width=110)
    spread = np.ptp(test.x, axis=0) * 0.25
    low, high = (test.x.min(0) - spread).tolist(), (test.x.max(0) + spread).tolist()
    height = energy.landscape(model, (low[0], low[1]), (high[0], high[1]), temperature=float(temperature))
    found = energy.run_chain(model, test.x[:1], WALK, seed=int(seed), temperature=float(temperature))
    path = found.visible[: steps + 1, 0]
    extent = ((low[0], high[0]), (low[1], high[1]))
    if form == "surface":
        chart(energy_figures.surface(height, extent, path, theme()), key="energy.surface")
    else:
        chart(energy_figures.landscape(height, extent, test.x[:400], path, theme()), key="energy.landscape")
    st.caption(
        "F(x) = −log p(x) − log Z over the plane: valleys are where the machine expects data. The chain starts at an "
        "example and draws hidden units and place in turn. Heat flattens the landscape: the chain crosses its walls."
    )
