"""Energy: Boltzmann machines, trained live and seen to think."""

from collections.abc import Callable

import streamlit as st

from aeviz.errors import AevizError
from aeviz.models.machines import EnergyModel
from aeviz.runs.opened import OpenRun
from aeviz.runs.store import Run
from aeviz.ui import energy as shown
from aeviz.ui import gallery, machine
from aeviz.ui.components import live_run
from aeviz.ui.doubling import has_layers_to_double, show_doubling
from aeviz.ui.energy_form import begin_with, chosen
from aeviz.ui.frame import LOOKABLE, choose_run, guarded, heading, problem, run_in_view, show_run, theme
from aeviz.ui.modalities import show_tags
from aeviz.ui.server import store
from aeviz.views import energy, modalities


def is_machine(run: Run) -> bool:
    """Whether a run is of a Boltzmann machine."""
    return isinstance(run.recipe.model, EnergyModel)


def sections(opened: OpenRun) -> dict[str, Callable[[OpenRun], None]]:
    """What there is to see of this machine, by name."""
    found: dict[str, Callable[[OpenRun], None]] = {"Units": shown.show_units}
    if modalities.joins(opened.model):
        found["Images and tags"] = show_tags
    if opened.dataset.shape == (2,):
        found["Landscape"] = shown.show_landscape
    elif shown.pictured(opened):
        found["Gibbs chain"] = shown.show_chain
    if energy.is_deep(opened.model):
        found["Mean field"] = shown.show_mean_field
    if has_layers_to_double(opened):
        found["Doubled inputs"] = show_doubling
    return found | {"Both phases": shown.show_phases, "Learning": shown.show_learning}


def page() -> None:
    """The form, the run as it learns, and what there is to see of it."""
    kept = store()
    machines = [run for run in kept.runs() if is_machine(run)]
    with st.expander("Train a machine", icon=":material/bolt:", expanded=not machines), guarded():
        begin_with()
        if recipe := chosen():
            show_run(kept.add(recipe))
            st.rerun()
    if not machines:
        st.info(
            "No Boltzmann machine has been trained yet. Train one above: the defaults take some seconds.",
            icon=":material/bolt:",
        )
        return
    current = run_in_view(kept)
    if current and is_machine(current) and not current.ended:
        reported = live_run(current.id, key="energy.live")
        if reported and reported != current.status and kept.run(current.id).status != current.status:
            st.rerun()
    opened = choose_run(LOOKABLE, is_machine)
    model = shown.machine_of(opened)
    st.html(
        gallery.STYLE + machine.drawing(energy.layers(model), energy.edges(model), energy.code_layer(model), theme())
    )
    found = sections(opened)
    if st.session_state.get("energy.section", "Units") not in found:
        st.session_state["energy.section"] = "Units"
    name = st.segmented_control(
        "Section", list(found), default="Units", required=True, key="energy.section", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    with guarded():
        found[name or "Units"](opened)


heading(
    "Energy",
    "A Boltzmann machine gives every state of its units an energy: the lower, the likelier. It learns until what it "
    "dreams has the statistics of the data.",
)
try:
    page()
except AevizError as error:
    problem(error)
