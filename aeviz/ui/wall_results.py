"""Under a wall: curves over epochs and over what was changed, what that did in words, and the table."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from aeviz.errors import AevizError
from aeviz.runs.opened import OpenRun, open_run
from aeviz.runs.store import Run, Store
from aeviz.ui import measures
from aeviz.ui.form import literal
from aeviz.ui.frame import chart, problem, theme
from aeviz.ui.several import short
from aeviz.views import comparison, effects
from aeviz.views.look import RUNS as COLOURS
from aeviz.views.sweep_figures import Judged, outcome

WHAT = "what was changed"
LONGEST = 36  # letters of a caption


def opened_runs(kept: Store, runs: Sequence[Run]) -> list[OpenRun]:
    """The runs that can be opened; what is wrong with the others is said."""
    found = []
    for run in runs:
        try:
            found.append(open_run(kept, run.id))
        except AevizError as error:
            problem(error)
    return found


def results(found: Sequence[OpenRun]) -> list[dict[str, float]]:
    """The knob's figure, what the regularizers did, and the table, of runs that have settled; their numbers."""
    told = [known(opened) for opened in found]
    knob(found, told)
    sentences(found, told)
    table(found, told)
    return told


def known(opened: OpenRun) -> dict[str, float]:
    """The quick measures of a run by name, and its losses on held-out examples."""
    losses = {f"loss: {name}": float(value) for name, value in (opened.run.summary.get("test") or {}).items()}
    found = [each for subject in measures.QUICK for each in measures.of_subject(opened, subject)]
    return losses | {each.measure.name: each.value for each in found if each.value is not None}


def names_of(found: Sequence[OpenRun]) -> dict[str, str]:
    """The quick measures that runs may have, with their names for people."""
    quick = [each for subject in measures.QUICK for each in measures.of_subject(found[0], subject)]
    return {each.measure.name: measures.named(each) for each in quick}


def knob(found: Sequence[OpenRun], told: Sequence[Mapping[str, float]]) -> None:
    """One measure over what the runs differ in, with its spread over seeds."""
    recipes = [opened.run.recipe for opened in found]
    if len({recipe.id() for recipe in recipes}) < 2:
        return
    over, values = comparison.varied(recipes) or (
        WHAT,
        comparison.captions([replace(each, seed=0) for each in recipes]),
    )
    if len(set(values)) < 2:
        over, values = comparison.SEED, [recipe.seed for recipe in recipes]
    names = names_of(found)
    measure = st.selectbox(
        "Measure over what was changed",
        list(names),
        format_func=lambda name: names[name],
        key="compare.measure",
        bind="query-params",
        width=320,
    )
    groups: dict[Any, list[float]] = {}
    for value, own in zip(values, told, strict=True):
        if measure in own and math.isfinite(own[measure]):
            groups.setdefault(value, []).append(own[measure])
    points = [
        Judged({over: value}, statistics.fmean(numbers), statistics.stdev(numbers) if numbers[1:] else 0.0)
        for value, numbers in groups.items()
    ]
    if not points:
        st.caption("No run has this measure.")
        return
    log = {over: _is_wide([each.choices[over] for each in points])}
    chart(outcome(points, theme(), measure=names[measure or ""], log=log, height=320), key="compare.knob")
    if any(len(numbers) > 1 for numbers in groups.values()):
        st.caption("Whiskers: one standard deviation over the seeds.")


def _is_wide(values: Sequence[str | float]) -> bool:
    """Whether numbers span more than a factor of ten, so that equal steps should be equal ratios."""
    numbers = [value for value in values if not isinstance(value, str)]
    return len(numbers) == len(values) and min(numbers) > 0 and max(numbers) > 10 * min(numbers)


def sentences(found: Sequence[OpenRun], told: Sequence[Mapping[str, float]]) -> None:
    """What was changed did, one sentence a run, against the plain run or else the first."""
    recipes = [opened.run.recipe for opened in found]
    if len({str(recipe.data) for recipe in recipes}) > 1 or len(found) < 2:
        return
    place = effects.plain(recipes)
    other, named = (place, "plain") if place is not None else (0, "the first")
    captions = comparison.captions(recipes)
    lines = [
        f"- **{literal(caption)}**: "
        + literal(effects.effect(own, told[other], (opened.model.code, found[other].model.code), named))
        for number, (opened, own, caption) in enumerate(zip(found, told, captions, strict=True))
        if number != other
    ]
    st.markdown("**What it did**")
    st.caption(literal(f"Against {named}: {captions[other]}. The numbers are those of the table below."))
    st.markdown("\n".join(lines))


def table(found: Sequence[OpenRun], told: Sequence[Mapping[str, float]]) -> None:
    """Numbers of every run, in the order of one of them if wanted, and the choices in which their recipes differ."""
    names = names_of(found) | {"loss: loss": "Test loss, nats"}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        every = st.toggle(
            "All measures", key="compare.all", bind="query-params",
            help="Neighbours, classes, disentanglement and samples too: a few seconds for each run the first time.",
        )  # fmt: skip
        order = st.selectbox(
            "Sort by", list(names), None, format_func=lambda name: names[name], key="compare.sort",
            bind="query-params", placeholder="the order of the tiles", width=260,
        )  # fmt: skip
    columns = list(range(len(found)))
    if order:
        columns.sort(key=lambda place: told[place].get(order, math.inf))
    ordered = [found[place] for place in columns]
    runs = [opened.run for opened in ordered]
    losses = [dict(run.summary.get("test") or {}) for run in runs]
    sections = {
        "Training": {
            "Test loss, nats": [f"{each['loss']:.3f}" if "loss" in each else "–" for each in losses],
            "Test squared error, as in training": [f"{each['mse']:.5f}" if "mse" in each else "–" for each in losses],
            "Epochs": [str(run.epoch) for run in runs],
            "Seconds": [f"{run.seconds:.1f}" for run in runs],
        }
    }
    differing = comparison.difference([run.recipe for run in runs])
    if differing:
        sections["Where the recipes differ"] = differing
    else:
        st.caption("The recipes are the same.")
    with st.spinner("Measuring"):
        subjects = measures.SUBJECTS if every else measures.QUICK
        colours = [COLOURS[place] for place in columns]
        measures.table(ordered, heads(runs), colours, subjects, sections)


def heads(runs: Sequence[Run]) -> list[str]:
    """What is each run's own, with the end of its id; its name where that would be long."""
    told = comparison.captions([run.recipe for run in runs])
    return [
        f"{caption} · {run.id[-6:]}" if len(caption) <= LONGEST else short(run)
        for run, caption in zip(runs, told, strict=True)
    ]


def changed(runs: Sequence[Run]) -> None:
    """What changed between any two of the runs, in words."""
    captions = comparison.captions([run.recipe for run in runs])
    places = list(range(len(runs)))
    with st.container(horizontal=True, gap="small"):
        one = st.selectbox(
            "What changes from", places, 0, format_func=lambda place: captions[place], key="compare.from", width=300
        )
        two = st.selectbox("to", places, 1, format_func=lambda place: captions[place], key="compare.to", width=300)
    rows = comparison.difference([runs[one or 0].recipe, runs[two or 0].recipe])
    said = [f"**{literal(name)}**: {literal(before)} → {literal(after)}" for name, (before, after) in rows.items()]
    st.markdown("; ".join(said) + "." if said else "Nothing: the recipes are the same.")
