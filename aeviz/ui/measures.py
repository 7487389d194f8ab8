"""The measures of runs on a page: of one run behind a fold, of several in a table."""

from collections.abc import Sequence
from typing import get_args

import streamlit as st

from aeviz.runs.opened import OpenRun, open_run
from aeviz.runs.store import Run
from aeviz.ui.form import literal
from aeviz.ui.frame import guarded
from aeviz.ui.server import store
from aeviz.ui.tables import side_by_side
from aeviz.views.measures import MEASURES, Measurement, Subject, absent, best

QUICK: tuple[Subject, ...] = ("Reconstruction", "Use of the code")
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
WIDTH = 150  # pixels of one number on a page: two abreast on a telephone, where a long name takes two lines
STYLE = """<style>
.st-key-measured [data-testid="stMetricLabel"] * { white-space: normal; }
.st-key-measured [data-testid="stMetricValue"] { font-size: 1.35rem; }
</style>"""


@st.cache_data(max_entries=256, show_spinner=False)
def _kept(run: str, step: int, status: str, subject: Subject, _opened: OpenRun) -> list[tuple[float | None, str, str]]:
    """What the measures of one subject say of a run; without the measures, whose functions cannot be kept."""
    found = _opened.measured([each for each in MEASURES if each.subject == subject])
    return [(each.value, each.text, each.reason) for each in found]


def of_subject(opened: OpenRun, subject: Subject) -> list[Measurement]:
    """What the measures of one subject say of a run, computed once for each step of its training."""
    measures = [each for each in MEASURES if each.subject == subject]
    kept = _kept(opened.run.id, opened.step, opened.run.status, subject, opened)
    return [Measurement(measure, *told) for measure, told in zip(measures, kept, strict=True)]


@st.fragment
def fold(run: str, key: str, moment: int | None = None) -> None:
    """Every measure of one run, behind a fold: nothing is opened or computed until the visitor asks for it.

    moment: the step of the weights that are measured, as in `open_run`; the newest by default.
    """
    folded = st.expander("Measures", key=key, icon=":material/straighten:", on_change="rerun")
    if not folded.open:
        return
    with folded, guarded(), st.spinner("Measuring"):
        show(open_run(store(), run, moment))


def show(opened: OpenRun) -> None:
    """Every measure of one run under its subject, each with its explanation, and why others are not there."""
    found = {subject: of_subject(opened, subject) for subject in SUBJECTS}
    with st.container(key="measured"):
        st.html(STYLE)
        st.caption(f"After {opened.step:,} steps, on at most 2,000 held-out examples, fed as they are.")
        for subject, rows in found.items():
            present = [each for each in rows if each.value is not None]
            if present:
                st.markdown(f"**{subject}**")
                with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                    for each in present:
                        st.metric(literal(named(each)), each.text, help=literal(explained(each)), width=WIDTH)
        for reason, labels in absent([each for rows in found.values() for each in rows]).items():
            st.caption(literal(f"Not here: {', '.join(labels)}. {reason}"))


def table(
    found: Sequence[OpenRun],
    names: Sequence[str],
    colours: Sequence[str],
    subjects: Sequence[Subject],
    told: dict[str, dict[str, list[str]]],
) -> None:
    """Runs side by side: the sections that are told, and the measures of these subjects with the best values marked."""
    sections, marks, words = dict(told), {}, {}
    for subject in subjects:
        columns = [of_subject(opened, subject) for opened in found]
        for row in zip(*columns, strict=True):
            if any(each.value is not None for each in row):
                name = named(row[0])
                sections.setdefault(subject, {})[name] = [each.text for each in row]
                marks[name] = best(row, comparable([opened.run for opened in found], row[0]))
                words[name] = explained(row[0])
    side_by_side(names, colours, sections, marks, words)
    with st.expander("What is measured", type="compact"):
        st.markdown("\n".join(f"- **{literal(name)}**: {literal(text)}" for name, text in words.items()))


def comparable(runs: Sequence[Run], measured: Measurement) -> bool:
    """Whether one of these runs can be called the best: they learned the same data, and where nats are counted, by
    the same likelihood.
    """
    if len({str(run.recipe.data) for run in runs}) > 1:
        return False
    return measured.measure.unit != "nats" or len({run.recipe.model.likelihood for run in runs}) == 1


def named(measured: Measurement) -> str:
    """The measure's name with its unit where the value does not say it."""
    measure = measured.measure
    return f"{measure.label}, {measure.unit}" if measure.unit and not measure.whole else measure.label


def explained(measured: Measurement) -> str:
    """What the measure says, which values are better, and where it comes from."""
    measure = measured.measure
    better = {"high": " Higher is better.", "low": " Lower is better.", None: ""}[measure.better]
    return f"{measure.explanation}{better}" + (f" {measure.source}." if measure.source else "")
