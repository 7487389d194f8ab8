"""Doubled inputs on the Energy page: a deep machine pretrained with and without them, side by side."""

from dataclasses import replace

import streamlit as st

from aeviz.learning import Greedy
from aeviz.models.deep import Dbm, DeepMachine
from aeviz.recipe import Recipe
from aeviz.runs.opened import OpenRun, at_end_of_stage, open_run
from aeviz.runs.store import Run
from aeviz.ui import gallery
from aeviz.ui.frame import guarded
from aeviz.ui.server import store
from aeviz.views import energy, images
from aeviz.views.joining import Joining, joining

LOOKED_AT = 500
SHOWN = 8


def has_layers_to_double(opened: OpenRun) -> bool:
    """Whether a run is of a deep machine that was pretrained layer by layer."""
    recipe = opened.run.recipe
    return isinstance(recipe.model, Dbm) and recipe.model.layered() and isinstance(recipe.training, Greedy)


def show_doubling(opened: OpenRun) -> None:
    """Both ways of pretraining, and what becomes of the layers when they are joined."""
    st.caption(
        "In the whole machine a layer hears both of its neighbours. Pretrained with doubled inputs it has heard as "
        "much before. Without, it hears twice what it has learned from, and layers drive each other too hard."
    )
    other = store().with_recipe(_turned(opened.run))
    if other is None:
        name = "without" if _doubled(opened.run) else "with"
        if st.button(f"Train it {name} doubled inputs", icon=":material/play_arrow:", type="primary"):
            store().add(_turned(opened.run))
            st.rerun()
        return
    if not (other.ended and opened.run.ended):
        waiting = other if opened.run.ended else opened.run
        st.info(f"{waiting.name} is still being trained: look again at its end.", icon=":material/hourglass_top:")
        return
    pair = sorted((opened, open_run(store(), other.id)), key=lambda each: not _doubled(each.run))
    for column, each in zip(st.columns(2, gap="large"), pair, strict=True):
        with column, guarded():
            _show(each)
    st.caption(
        "Right after pretraining, before the layers have learned together. Alone: up and down through the layers as "
        "each was pretrained; joined: by the mean field of the whole."
    )
    key = f"energy.doubling.{opened.run.id}"
    if st.button("Measure log p(v)", icon=":material/query_stats:") or st.session_state.get(key):
        st.session_state[key] = True
        for column, each in zip(st.columns(2, gap="large"), pair, strict=True):
            with column, guarded(), st.spinner("Estimating log Z …"):
                _measure(each)


def _doubled(run: Run) -> bool:
    return isinstance(run.recipe.model, Dbm) and run.recipe.model.doubled


def _turned(run: Run) -> Recipe:
    model = run.recipe.model
    assert isinstance(model, Dbm)
    return replace(run.recipe, model=replace(model, doubled=not model.doubled))


def _stage(run: Run) -> int:
    """The last stage of pretraining."""
    return run.recipe.model.depth() - 1


def _show(opened: OpenRun) -> None:
    x = opened.dataset.test.x[:LOOKED_AT]
    found = _joining(opened.run.id, opened)
    st.subheader("With doubled inputs" if _doubled(opened.run) else "Without", anchor=False)
    st.dataframe(
        {
            "layer": [layer.name for layer in found.layers],
            "activity alone": [layer.alone for layer in found.layers],
            "joined": [layer.joined for layer in found.layers],
            "a unit moves by": [layer.moved for layer in found.layers],
        },
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("activity alone", "joined", "a unit moves by")
        },
    )
    if x.ndim == 4:
        gallery.filmstrip("Clamped", "held-out examples", images.as_bytes(x[:SHOWN]))
    for name, error, drawn in zip(("Alone", "Joined"), found.errors(x), (found.alone, found.joined), strict=True):
        words = f"squared error {error:.4f} a pixel"
        if x.ndim == 4:
            gallery.filmstrip(name, words, images.as_bytes(drawn[:SHOWN]))
        else:
            st.caption(f"{name}: {words}")


@st.cache_data(max_entries=16, show_spinner=False)
def _joining(run: str, _opened: OpenRun) -> Joining:
    return joining(_pretrained(_opened), _opened.dataset.test.x[:LOOKED_AT])


def _pretrained(opened: OpenRun) -> DeepMachine:
    model = at_end_of_stage(store(), opened, _stage(opened.run))
    assert isinstance(model, DeepMachine)
    return model


def _measure(opened: OpenRun) -> None:
    before, after = _bounds(opened.run.id, opened)
    with st.container(horizontal=True, gap="large"):
        st.metric("Pretrained", f"at least {gallery.number(before)} nats")
        st.metric("Learned together", f"at least {gallery.number(after)} nats", f"{after - before:+.2f}")


@st.cache_data(max_entries=16, show_spinner=False)
def _bounds(run: str, _opened: OpenRun) -> tuple[float, float]:
    """Held-out log p(v) in nats, bounded from below: after pretraining and at the end."""
    data, seed = _opened.dataset, _opened.run.recipe.seed
    pretrained, whole = _pretrained(_opened), _opened.model
    assert isinstance(whole, DeepMachine)
    train, test = (part.x[:LOOKED_AT] for part in (data.train, data.test))
    first, last = (energy.likelihood(model, train, test, seed=seed).test for model in (pretrained, whole))
    return first, last
