"""Pretrain: a deep model trained layer by layer, what each stage leaves, and how many labels that saves."""

import json
from typing import Any

import numpy as np
import streamlit as st

from aeviz.data import SOURCES, Images
from aeviz.data.pairings import Clean, MaskingNoise
from aeviz.errors import AevizError, StoreError
from aeviz.learning import Adam, Classifier, Greedy
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.runs import label_efficiency
from aeviz.runs.opened import OpenRun, at_end_of_stage
from aeviz.runs.store import Run
from aeviz.ui import errands, gallery, stack
from aeviz.ui.form import choose, knobs_of, widget
from aeviz.ui.frame import LOOKABLE, chart, choose_run, guarded, heading, problem, run_in_view, show_run, theme
from aeviz.ui.server import store
from aeviz.views import filters, mosaic
from aeviz.views.label_curves import accuracy

ERRAND = "aeviz.runs.label_efficiency"
UNITS = 100


def train_a_stack() -> None:
    """A compact form: what is stacked, how each layer learns, and for how long."""
    with st.container():
        first, second, third = st.columns(3, gap="medium")
        with first:
            data = choose([each for each in SOURCES if each is not Images], "data", "Data set")
        with second:
            model = {
                name: widget(Mlp, name, Mlp.knobs()[name], default, f"stack.{name}")
                for name, default in (("hidden", (128, 64)), ("code", 32))
            }
        with third:
            greedy = Greedy(**knobs_of(Greedy, "Greedy."))
            epochs = st.number_input(
                "Epochs of fine-tuning", 1, 10_000, 20, key="stack.epochs", bind="query-params",
                help="How long all layers learn together at the end.",
            )  # fmt: skip
        pressed = st.button("Train the stack", icon=":material/play_arrow:", type="primary")
    if pressed:
        sigmoid = greedy.layers == "rbm"
        recipe = Recipe(
            data=data,
            model=Mlp(**model, activation="sigmoid" if sigmoid else "relu"),
            pairing=MaskingNoise() if greedy.layers == "denoising" else Clean(),
            training=greedy,
            optimizer=Adam(learning_rate=3e-3 if sigmoid else 1e-3),  # sigmoid units learn slowly
            epochs=int(epochs),
        )
        show_run(store().add(recipe.check()))
        st.rerun()


def scene_of(run: Run) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The arrays of a run's scene and its stages."""
    arrays, metadata = store().read(run.id, "scene")
    return arrays, json.loads(metadata.get("stages", "[]"))


def progress_of(run: Run, stages: list[dict[str, Any]]) -> stack.Progress:
    """Which stage is being trained."""
    if run.status == "finished":
        return stack.Progress(stages, len(stages))
    rows, _ = store().history(run.id)
    return stack.Progress(stages, int(rows[-1].get("stage", 0)) if rows else 0)


def follow(opened: OpenRun) -> None:
    """The stages and the stack, kept up to date while it learns."""
    going = not store().run(opened.run.id).ended

    @st.fragment(run_every=1.0 if going else None)
    def picture() -> None:
        run = store().run(opened.run.id)
        _, stages = scene_of(run)
        progress = progress_of(run, stages)
        model = run.recipe.model
        st.html(stack.STYLE + stack.strip(progress))
        if isinstance(model, Mlp):
            widths = (int(np.prod(opened.dataset.shape)), *model.hidden, model.code)
            classes = len(opened.dataset.classes) if isinstance(run.recipe.training, Classifier) else 0
            st.html(stack.STYLE + stack.drawing(widths, progress.learning(len(widths) - 1), classes))
        seen = f"pretrain.seen.{run.id}"
        now = (run.ended, progress.current)
        if st.session_state.setdefault(seen, now) != now:
            st.session_state[seen] = now
            st.rerun()  # a stage has ended: what it left can be shown below

    picture()
    if going:
        st.page_link("train.py", label="Watch its loss and codes on Train", icon=":material/play_arrow:")


def ended_stages(run: Run, stages: list[dict[str, Any]]) -> dict[int, int]:
    """Stage → the step of its last frame, for the stages that are over."""
    rows, _ = store().history(run.id)
    last = {int(row.get("stage", 0)): int(row["step"]) for row in rows}
    over = len(stages) if run.ended else max(last, default=0)
    return {stage: step for stage, step in last.items() if stage < over}


def reconstructions(run: Run) -> None:
    """The same held-out examples after each stage."""
    arrays, stages = scene_of(run)
    targets = arrays["targets"]
    if targets.ndim != 4:
        st.caption("These data are points; their reconstructions after each stage are on Train's time line.")
        return
    gallery.filmstrip("Input", "held-out examples", targets)
    for stage, step in ended_stages(run, stages).items():
        path = store().frame_path(run.id, step)
        if not path.exists():
            continue
        drawn = store().read(run.id, f"frames/{step:08d}")[0]["reconstructions"]
        error = float(np.square((drawn / 255.0) - (targets / 255.0)).mean())
        name = str(stages[stage]["name"])
        gallery.filmstrip(f"After {name}", f"squared error of these {error:.4f} per pixel", drawn)


@st.cache_data(max_entries=32, show_spinner=False)
def units(run: str, step: int, stage: int, *, last: bool, layer: int, outward: bool, _opened: OpenRun) -> bytes:
    """The mosaic of a layer's units, as a PNG file."""
    model = _opened.model if last else at_end_of_stage(store(), _opened, stage)
    drawn = filters.outgoing(model, layer, UNITS) if outward else filters.incoming(model, UNITS)
    return mosaic.picture(filters.as_grey(drawn).numpy(), min(20, len(drawn)))


def show_filters(opened: OpenRun) -> None:
    """What the units of a layer look for, or draw, after a stage."""
    depth = filters.pictured_layers(opened.model)
    run = store().run(opened.run.id)
    _, stages = scene_of(run)
    over = list(ended_stages(run, stages))
    if not depth or len(opened.dataset.shape) != 3:
        st.caption("Units are drawn for dense models of images.")
        return
    if not over:
        st.caption("The first stage is not over yet.")
        return
    names = {number: str(stages[number]["name"]) for number in over}
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        stage = st.selectbox(
            "After", over, len(over) - 1, format_func=names.__getitem__, key=f"after.{run.id}.{len(over)}"
        )
        layer = st.segmented_control(
            "Layer", list(range(1, depth + 1)), default=1, required=True, key=f"layer.{run.id}",
            help="1 is the layer at the input.",
        )  # fmt: skip
        seen = st.segmented_control(
            "Drawn by", ["encoder", "decoder"], default="encoder", required=True, key="pretrain.by", disabled=layer != 1
        )
    outward = layer != 1 or seen == "decoder"
    last = run.ended and stage == over[-1]
    st.image(
        units(run.id, opened.step, stage, last=last, layer=layer or 1, outward=outward, _opened=opened),
        width="stretch",
        alt="units as images",
    )
    st.caption(
        f"What the decoder draws for each unit of layer {layer} alone, activations left out; white adds ink, black "
        "takes it away."
        if outward
        else "The weights from the input to each unit of layer 1: where white, ink drives the unit; where black, ink "
        "holds it back."
    )


def labels_saved(opened: OpenRun) -> None:
    """Accuracy against the number of labels, measured in a process of its own."""
    run = opened.run.id
    try:
        label_efficiency.judged(store(), run)
        if len(opened.dataset.classes) < 2:
            raise StoreError("Accuracy needs labels, and these data have none: choose a run on data with classes.")
    except StoreError as error:
        st.info(str(error), icon=":material/info:")
        return
    busy = errands.at_work(ERRAND, run)
    before = label_efficiency.read(store(), run)
    plan = before.plan if before else label_efficiency.Plan()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        counts = st.text_input("Labelled examples", ", ".join(map(str, plan.counts)), disabled=busy, width=230)
        seeds = st.number_input("Seeds", 1, 20, plan.seeds, disabled=busy, width=110)
        updates = st.number_input("Updates", 1, 10_000, plan.updates, disabled=busy, width=130)
        if st.button("Measure", icon=":material/query_stats:", disabled=busy):
            asked = label_efficiency.plan_of(counts, int(seeds), int(updates))
            words = ("--counts", counts, "--seeds", str(asked.seeds), "--updates", str(asked.updates))
            errands.begin(ERRAND, run, *words)
            st.rerun()
        if st.button("Stop", icon=":material/stop:", disabled=not busy, key="pretrain.stop"):
            errands.end(ERRAND, run)
            st.rerun()

    @st.fragment(run_every=2.0 if busy else None)
    def found() -> None:
        findings = label_efficiency.read(store(), run)
        if busy and not errands.at_work(ERRAND, run):
            st.rerun()
        if findings is None:
            st.caption("Loading the run …" if busy else "Nothing has been measured yet. It takes a few minutes.")
            return
        if findings.message:
            st.error(findings.message, icon=":material/error:")
        if len(findings.points) < findings.total:
            state = "Measuring" if busy else "Stopped; Measure goes on from here"
            st.progress(len(findings.points) / findings.total, f"{state}: {len(findings.points)} of {findings.total}")
        rows = findings.table()
        if rows:
            chart(accuracy(rows, label_efficiency.CURVES, theme()), key="pretrain.accuracy")
            with st.expander("Numbers", type="compact"):
                st.dataframe(
                    [
                        {
                            "classifier": label_efficiency.CURVES[row["curve"]],
                            "labels": row["labels"],
                            "accuracy": f"{row['accuracy']:.1%}",
                            "± over seeds": f"{row['sd']:.1%}",
                            "seeds": row["seeds"],
                        }
                        for row in rows
                    ],
                    hide_index=True,
                )

    found()
    st.caption(
        "All classifiers of one seed have the same labelled examples, and are judged on the same held-out ones, at "
        "most 2,000. Bars: one standard deviation over the seeds. No setting is tuned: networks learn for the same "
        "number of updates, pretrained ones with the classifier alone in the first half; logistic regression has L2 "
        "with C = 1, the SVM an RBF kernel with C = 10."
    )


@st.fragment(run_every=1.0)
def await_start(run: str) -> None:
    """Draw the page again once the run has weights."""
    if (store().path(run) / "scene.safetensors").exists():
        st.rerun()


def page() -> None:
    """The form, the run, and its story from top to bottom."""
    kept = store()
    with st.expander("Train a stack", icon=":material/stacks:", expanded=not kept.runs(LOOKABLE)), guarded():
        train_a_stack()
    try:
        opened = choose_run((*LOOKABLE, "queued"), moments=False)  # this page goes by stages
    except StoreError as error:
        run = run_in_view(kept)
        if run is None or run.ended:
            raise
        st.info(str(error), icon=":material/hourglass_top:")
        await_start(run.id)
        return
    st.html(gallery.STYLE)
    follow(opened)
    if len(scene_of(opened.run)[1]) < 2:
        st.caption("This run learned in one stage. For stages, train a stack above, or choose another run.")
    left, right = st.columns(2, gap="large")
    with left, guarded():
        st.subheader("Reconstructions after each stage", anchor=False)
        reconstructions(kept.run(opened.run.id))
    with right, guarded():
        st.subheader("Units", anchor=False)
        show_filters(opened)
    st.subheader("Accuracy against number of labels", anchor=False)
    st.caption(
        "Labels are dear, examples are cheap. The encoder has learned from all examples without labels; how much "
        "better does that make a classifier that is then given only a few labels?"
    )
    with guarded():
        labels_saved(opened)


heading(
    "Pretrain",
    "A deep network can be trained one layer at a time: each layer learns to rebuild the code of the one below, which "
    "stays fixed. Then the layers are unrolled into one autoencoder and fine-tuned together, or its code is given to a "
    "classifier.",
)
try:
    page()
except AevizError as error:
    problem(error)
