"""Anomaly: how unusual a model finds examples, and whether it can tell strangers from the data it has learned."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from aeviz.errors import DataError
from aeviz.runs.opened import OpenRun
from aeviz.ui import explorer, gallery, tables
from aeviz.ui.beside import choose_beside, names
from aeviz.ui.frame import chart, choose_run, guarded, heading, theme
from aeviz.ui.strangers import choose_strangers
from aeviz.views import anomaly, anomaly_figures
from aeviz.views.anomaly import Score, Sorting
from aeviz.views.evidence import spread
from aeviz.views.look import PALETTE

SHOWN = 12
AREA = (
    "The chance that a stranger scores higher than a held-out example. ½: the score knows nothing. Below: strangers "
    "seem more usual than the data."
)
FOUND = "With the threshold, dashed, at which one in twenty held-out examples is taken for a stranger."
LEAST = 8  # held-out examples for a curve that means something


@st.cache_data(max_entries=128, show_spinner="Scoring …")
def sorted_out(
    key: tuple[str, int, str], score: str, _opened: OpenRun, _usual: np.ndarray, _strange: np.ndarray
) -> Sorting:
    """The scores of held-out examples and of strangers by one run. key: run, step, what is scored."""
    how = next(each for each in anomaly.SCORES if each.name == score)
    model, known = _opened.model, _opened.dataset.train
    return Sorting(*(anomaly.scored(how, model, known, x) for x in (_usual, _strange)))


def page() -> None:
    """The runs, the strangers, and what the scores make of them."""
    first, second = st.columns(2, gap="medium")
    with first:
        opened = choose_run()
    with second:
        runs = choose_beside(opened, "anomaly")
    explorer.still_learning(opened)
    usual = spread(opened.dataset.test, anomaly.LOOKED_AT).x
    if len(usual) < LEAST:
        raise DataError(f"There are only {len(usual)} held-out examples: choose a run that holds out at least {LEAST}.")
    strange, told = choose_strangers(opened, usual)
    shown = f"{opened.run.recipe.data}, {told}, seed {opened.run.recipe.seed}"
    found = {
        score.name: [
            sorted_out((run.run.id, run.step, shown), score.name, run, usual, strange)
            if score in anomaly.fitting(run.model, run.dataset.train)
            else None
            for run in runs
        ]
        for score in anomaly.SCORES
    }
    score = choose_score(opened)
    first_run = found[score.name][0]
    assert first_run is not None
    if not first_run.finite:
        st.warning(f"{score.name} is not a finite number for this model: choose another score or run.")
    else:
        show_sorting(score, first_run, found[score.name], names(runs))
        show_extremes(opened, first_run, usual, strange)
    show_table(found, names(runs))


def choose_score(opened: OpenRun) -> Score:
    """One of the scores that the run in view has."""
    scores = {each.name: each for each in anomaly.fitting(opened.model, opened.dataset.train)}
    if st.session_state.get("anomaly.score") not in {None, *scores}:
        del st.session_state["anomaly.score"]
    chosen = st.segmented_control(
        "Score", list(scores), default=next(iter(scores)), required=True, key="anomaly.score", bind="query-params"
    )
    score = scores[chosen or next(iter(scores))]
    st.caption(f"{score.explanation} {score.source}.")
    return score


def show_sorting(score: Score, first: Sorting, found: Sequence[Sorting | None], runs: Sequence[str]) -> None:
    """Both kinds of examples along the score, and the ROC curve of every run."""
    with st.container(horizontal=True, gap="large"):
        st.metric("Area under the curve", f"{first.area:.3f}", help=AREA)
        st.metric("Strangers found", f"{first.found:.1%}", help=FOUND)
    left, right = st.columns(2, gap="large")
    with left:
        axis = score.name.lower() + (f", {score.unit}" if score.unit else "")
        chart(anomaly_figures.scores(first, axis, theme()), "anomaly.scores")
    with right:
        drawn = {name: each.curve if each and each.finite else None for name, each in zip(runs, found, strict=True)}
        chart(anomaly_figures.curves(drawn, theme()), "anomaly.curves")


def show_extremes(opened: OpenRun, found: Sorting, usual: np.ndarray, strange: np.ndarray) -> None:
    """The held-out examples that seem most unusual, and the strangers that seem most usual."""
    for words, x, order in (
        ("Held-out examples that score highest", usual, np.argsort(-found.usual)),
        ("Strangers that score lowest", strange, np.argsort(found.strange)),
        ("Strangers that score highest", strange, np.argsort(-found.strange)),
    ):
        values = found.usual if x is usual else found.strange
        rows = order[:SHOWN]
        st.caption(words)
        gallery.row(
            [
                (each, gallery.number(float(value)))
                for each, value in zip(explorer.pictured(opened, x[rows]), values[rows], strict=True)
            ],
            least=96,
        )


def show_table(found: Mapping[str, Sequence[Sorting | None]], runs: Sequence[str]) -> None:
    """The area under the curve by every score of every run, the best of each run marked."""
    rows, best = {}, {}
    areas = {name: [f"{each.area:.3f}" if each and each.finite else "–" for each in of] for name, of in found.items()}
    for name, of in areas.items():
        if set(of) != {"–"}:
            rows[name] = of
            tops = [max(column[place].replace("–", "") for column in areas.values()) for place in range(len(of))]
            best[name] = [place for place, each in enumerate(of) if each == tops[place]]
    words = {score.name: score.explanation for score in anomaly.SCORES}
    tables.side_by_side(runs, PALETTE[: len(runs)], {"Area under the curve": rows}, best, words)


heading(
    "Anomaly",
    "A model that has learned what examples are usually like finds others unusual: it rebuilds them badly, needs an "
    "unlikely code, or gives them a high energy. Show it strangers and see which score tells them apart.",
)
with guarded():
    st.html(gallery.STYLE)
    page()
