"""Train: choose data, model, regularizers and corruption; watch the model learn."""

import json

import streamlit as st

from aeviz.errors import AevizError, StoreError
from aeviz.recipe import Recipe
from aeviz.runs.store import Run
from aeviz.ui import filming
from aeviz.ui.components import live_run
from aeviz.ui.form import fill, literal, recipe_form, start_from
from aeviz.ui.frame import guarded, heading, label, problem, run_in_view, show_run
from aeviz.ui.server import store
from aeviz.ui.uploads import notices, upload

PACES = {"Full speed": 0.0, "10 epochs/s": 10.0, "2 epochs/s": 2.0}

heading(
    "Train",
    "An autoencoder squeezes each example into a short code and rebuilds it from there. Choose one in the sidebar and "
    "watch the loss fall, the codes part, and the reconstructions sharpen.",
)

recipe: Recipe | None = None
refusal: AevizError | None = None
with st.sidebar:
    start_from()
    try:
        recipe = recipe_form(upload()).check()
        notices(recipe.data)
    except AevizError as error:
        refusal = error

kept = store()
run: Run | None = None
try:
    run = run_in_view(kept)
except StoreError:
    # A copied address names a run of its own machine; its recipe is what counts here.
    st.caption("The run that this address names is not in this store; its settings are in the sidebar.")

# Buttons are answered here and not in callbacks: a callback would still hold the recipe of the script run before.
going = run is not None and not run.ended
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    train = st.button(
        "Train",
        icon=":material/play_arrow:",
        type="primary",
        disabled=recipe is None,
        help="Start a new run of the recipe in the sidebar.",
    )
    if going and run and run.wanted == "pause":
        wanted = "run" if st.button("Resume", icon=":material/resume:") else None
    else:
        wanted = "pause" if st.button("Pause", icon=":material/pause:", disabled=not going) else None
    step = st.button(
        "Step", icon=":material/skip_next:", disabled=not going, help="Pause, and learn from one more batch."
    )
    if st.button("Stop", icon=":material/stop:", disabled=not going):
        wanted = "stop"
    chosen = st.segmented_control(
        "Pace",
        list(PACES),
        default="Full speed",
        key="pace",
        bind="query-params",
        label_visibility="collapsed",
        required=True,
        on_change=lambda: st.session_state.update({"pace was changed": True}),
    )
pace = PACES[chosen or "Full speed"]
if refusal:
    problem(refusal)  # beside the button that it holds back, and not below a long form

with guarded():
    if train and recipe:
        show_run(kept.add(recipe, pace=pace))
        st.rerun()
    if run and step:
        kept.grant(run.id)
        st.rerun()
    if run and wanted:
        kept.want(run.id, wanted)  # type: ignore[arg-type]
        st.rerun()
    # Only by hand: the visitor who merely looks at a run must not change it.
    if st.session_state.pop("pace was changed", False) and run and going:
        kept.set_pace(run.id, pace)

if run is None:
    st.info(
        "Nothing has been trained here yet. Press **Train**: the choices in the sidebar take a few seconds.",
        icon=":material/school:",
    )
    st.stop()

if recipe and run.recipe != recipe:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"In view: {literal(label(run))}. The sidebar differs from it; Train makes a run of its own.")
        st.button("Take its settings", on_click=fill, args=(run.recipe,), type="tertiary", icon=":material/tune:")
reported = live_run(run.id, key="live")
if reported and reported != run.status and kept.run(run.id).status != run.status:
    st.rerun()  # the run has moved on since this script began: the buttons must follow

weights = kept.path(run.id) / "model.safetensors"
if (run.ended or run.status == "paused") and weights.exists():
    from aeviz.ui import measures

    measures.fold(run.id, key="train.measures")

filming.offer(run)

with st.container(horizontal=True, gap="small"):
    st.download_button(
        "Download recipe",
        json.dumps(run.recipe.to_json(), indent=2, ensure_ascii=False),
        f"{run.id}.json",
        "application/json",
        icon=":material/description:",
    )
    st.download_button(
        "Download model",
        weights.read_bytes,
        f"{run.id}.safetensors",
        "application/octet-stream",
        icon=":material/download:",
        disabled=not weights.exists(),
        help="The weights as safetensors; the recipe is in the file's metadata.",
    )
