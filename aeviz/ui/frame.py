"""What every page shares: its heading, the run that is looked at, and errors in words."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from aeviz.errors import AevizError
from aeviz.runs.store import Run, Status, Store
from aeviz.ui.form import literal
from aeviz.ui.moments import choose_moment
from aeviz.ui.server import store

if TYPE_CHECKING:
    from aeviz.runs.opened import OpenRun
    from aeviz.views.look import Theme

RUN = "run"  # the query parameter, and the key of the session, that name the run in view
MARKS = {"finished": "●", "running": "◐", "paused": "◫", "queued": "○", "stopped": "■", "diverged": "▲", "failed": "✕"}
LOOKABLE: tuple[Status, ...] = ("finished", "running", "paused", "stopped", "diverged")


def heading(title: str, teaching: str) -> None:
    """The page's title and two or three sentences on what can be seen here."""
    st.title(title, anchor=False)
    st.caption(teaching)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Show what aeviz refuses in plain words; the rest of the page goes on."""
    try:
        yield
    except AevizError as error:
        problem(error)


def problem(error: AevizError) -> None:
    """The words of an error, on the page."""
    for sentence in getattr(error, "problems", None) or (str(error),):
        st.error(literal(sentence), icon=":material/error:")


def theme() -> "Theme":
    """Whether the visitor's pages are light or dark."""
    return "dark" if st.context.theme.type == "dark" else "light"


def chart(figure: Any, key: str) -> None:
    """A still figure across the container, as it was drawn: Streamlit's own template would cover ours."""
    bar = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}
    st.plotly_chart(figure, theme=None, key=key, config=bar)


def begin(key: str, default: Any, owner: str, *, stays: bool = False) -> None:
    """Give a widget a first value that depends on a run. Call it before the widget, which has no default of its own.

    owner: what the value belongs to, such as the run in view; with another owner the widget begins anew, unless what
    it shows stands in the address and `stays`.
    """
    memory = f"owner of {key}"
    known = key in st.session_state or key in st.query_params
    moved = st.session_state.get(memory, owner) != owner
    if not known or (moved and not (stays and key in st.query_params)):
        st.session_state[key] = default
    st.session_state[memory] = owner


def within(key: str, low: float, high: float, owner: str = "") -> None:
    """Start a slider from its default where it stands outside its range. Call it before the slider.

    owner: what the range belongs to, such as a run; with another owner the slider starts from its default, too.
    """
    memory, value = f"owner of {key}", st.session_state.get(key)
    ends = value if isinstance(value, tuple) else (value,)
    outside = any(end is not None and not low <= end <= high for end in ends)
    if outside or st.session_state.get(memory, owner) != owner:
        st.session_state.pop(key, None)
    st.session_state[memory] = owner


def show_run(run: str | None) -> None:
    """Make a run the one in view, on this page and the next, in the session and in the address."""
    if run:
        st.session_state[RUN] = run
        if st.query_params.get(RUN) != run:
            st.query_params[RUN] = run


def run_in_view(kept: Store) -> Run | None:
    """The run that the address names, else the one last in view, else the newest of the store; None without runs.

    Raises:
        StoreError: the address names a run that is not here.
    """
    if named := st.query_params.get(RUN):
        run: Run | None = kept.run(named)
    else:
        runs = kept.runs()
        last = st.session_state.get(RUN)
        run = next((each for each in runs if each.id == last), runs[0]) if runs else None
    show_run(run.id if run else None)
    return run


def choose_run(
    statuses: Sequence[Status] = LOOKABLE,
    which: Callable[[Run], bool] = lambda run: True,
    otherwise: Callable[[], None] | None = None,
    moments: bool = True,
) -> "OpenRun":
    """Let the visitor choose a run that can be looked at, and a moment of its training, and open it.

    Ends the page, in words, where there is none. All that a page draws from what this gives is of that moment.

    which: the runs that the page is for. otherwise: says in its words that there is none. moments: whether the page
    can show other weights than the newest.

    Raises:
        AevizError: the run cannot be opened.
    """
    from aeviz.runs.opened import open_run

    kept = store()
    missing = None
    try:
        current = run_in_view(kept)
    except AevizError as error:
        missing, current = error, None
    runs = [run for run in kept.runs() if run.status in statuses and which(run)]
    if missing:
        problem(missing)
    if not runs:
        (otherwise or nothing_yet)()
    ids = [run.id for run in runs]
    if current and current.id not in ids:
        why = "cannot be looked at" if which(current) else "is not for this page"
        st.info(f"{literal(label(current))} {why}; another run is in view.", icon=":material/info:")
    index = ids.index(current.id) if current and current.id in ids else 0
    names = {run.id: label(run) for run in runs}
    # A key for each run in view: a page switch brings the picker up on it, whatever was chosen here before.
    chosen = st.selectbox("Run", ids, index, format_func=lambda run: names.get(run, run), key=f"pick.{ids[index]}")
    if chosen and chosen != ids[index]:
        show_run(chosen)
        st.rerun()
    run = chosen or ids[0]
    return open_run(kept, run, choose_moment(kept, run) if moments else None)


def nothing_yet() -> None:
    """Say that there is nothing to look at, and where to make it. Ends the page."""
    st.info("No model has been trained yet. Train one: the defaults take a few seconds.", icon=":material/school:")
    st.page_link("train.py", label="Train a model", icon=":material/play_arrow:")
    st.stop()


def label(run: Run) -> str:
    """A run in one line: mark, name, code size, how it ended, its id's tail."""
    state = "" if run.status == "finished" else f" · {run.status}"
    return f"{MARKS[run.status]} {run.name} · k = {run.recipe.model.code}{state} · {run.id[-6:]}"


def lasting(run: Run) -> str:
    """A run in one line without what changes as it trains, for pickers of several runs.

    Streamlit knows an option by its words: when they change under a choice, the choice is lost.
    """
    return f"{run.name} · k = {run.recipe.model.code} · {run.id[-6:]}"


assert set(MARKS) == set(get_args(Status))
