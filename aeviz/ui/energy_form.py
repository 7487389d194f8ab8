"""The compact form of the Energy page, and recipes to begin with."""

from collections.abc import Mapping

import streamlit as st

from aeviz.data import SOURCES, Images
from aeviz.learning import Adam, EndToEnd, Greedy, Procedure
from aeviz.models import MODELS, ModelSpec
from aeviz.models.machines import EnergyModel
from aeviz.recipe import Recipe
from aeviz.ui.form import choose

MACHINES: tuple[type[ModelSpec], ...] = tuple(each for each in MODELS if issubclass(each, EnergyModel))
DATA = tuple(each for each in SOURCES if each is not Images)
RATE, EPOCHS = 0.005, 60

EXAMPLES: Mapping[str, Mapping[str, object]] = {
    "digits": {"energy.data": "Digits", "energy.machine": "Rbm", "Rbm.phase": "persistent"},
    "two moons": {
        "energy.data": "Toys", "energy.machine": "Rbm", "Rbm.likelihood": "gaussian",
        "Rbm.steps": 5, "Rbm.deviation": 0.1, "energy.rate": 0.01, "energy.epochs": 200,
    },
    "bars, exactly": {
        "energy.data": "Bars", "energy.machine": "Boltzmann", "Boltzmann.phase": "exact", "energy.rate": 0.01,
        "energy.epochs": 100,
    },
    "documents": {
        "energy.data": "Topics", "energy.machine": "ReplicatedSoftmax", "ReplicatedSoftmax.code": 24,
        "energy.epochs": 80,
    },
    "deep": {"energy.data": "Digits", "energy.machine": "Dbm", "Dbm.steps": 5},
    "images and tags": {
        "energy.data": "TaggedShapes", "energy.machine": "MultimodalDbm", "MultimodalDbm.hidden": "256",
        "MultimodalDbm.code": 256, "energy.rate": 0.002, "energy.epochs": 20,
    },
}  # fmt: skip
"""What fills the form, by name: widget → value; all others of these widgets take their defaults."""


def begin_with() -> None:
    """Recipes that fill the form."""

    def fill() -> None:
        named = st.session_state.get("energy.begin")
        for key in {key for each in EXAMPLES.values() for key in each}:
            st.session_state.pop(key, None)
        for key, value in EXAMPLES.get(named or "", {}).items():
            st.session_state[key] = value

    st.pills("Begin with", list(EXAMPLES), key="energy.begin", on_change=fill)


def chosen() -> Recipe | None:
    """The form; what it says when its button is pressed.

    Raises:
        SettingError: a field holds something that cannot be.
        RecipeError: the choices do not go together.
    """
    first, second, third = st.columns(3, gap="medium")
    with first:
        data = choose(DATA, "energy.data", "Data set")
    with second:
        model = choose(MACHINES, "energy.machine", "Machine")
    with third:
        rate = st.number_input(
            "Learning rate", 0.0001, 1.0, RATE, 0.001, format="%g", key="energy.rate", bind="query-params"
        )
        epochs = int(st.number_input("Epochs", 1, 10_000, EPOCHS, key="energy.epochs", bind="query-params"))
        training: Procedure = EndToEnd()
        if model.layered() and st.toggle("Layer by layer first", True, key="energy.greedy", bind="query-params"):
            training = Greedy(layer_epochs=epochs)
    pressed = st.button("Train the machine", icon=":material/play_arrow:", type="primary")
    recipe = Recipe(
        data=data, model=model, training=training, optimizer=Adam(learning_rate=float(rate), schedule="cosine"),
        epochs=epochs, batch_size=min(50, data.sizes()[0]),
    ).check()  # fmt: skip
    return recipe if pressed else None
