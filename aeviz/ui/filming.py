"""The film of a training on a page: made in a process of its own, with its progress, then downloaded."""

import streamlit as st

from aeviz.runs import film
from aeviz.runs.store import Run
from aeviz.ui import errands
from aeviz.ui.frame import guarded
from aeviz.ui.server import store

ERRAND = "aeviz.runs.film"
KINDS = {"mp4": ("Film as MP4", "video/mp4"), "gif": ("Film as GIF", "image/gif")}


def offer(run: Run) -> None:
    """A fold with a button that makes the film of the run, how far it is, and the film once it is there."""
    with st.expander("Film", icon=":material/movie:"):
        st.caption("The loss, the codes and the pictures from epoch to epoch, with the settings written under them.")
        busy = errands.at_work(ERRAND, run.id)

        @st.fragment(run_every=0.5 if busy else None)
        def made() -> None:
            if busy and not errands.at_work(ERRAND, run.id):
                st.rerun()
            with guarded():
                _made(run, busy)

        made()


def _made(run: Run, busy: bool) -> None:
    frames = store().frames(run.id)
    if st.button(
        "Make the film",
        key="train.film",
        disabled=busy or not frames,
        help="Takes some seconds. Of a run that still learns it shows what there is.",
    ):
        (store().path(run.id) / film.FILE).unlink(missing_ok=True)
        errands.begin(ERRAND, run.id)
        st.rerun()
    found = film.read(store(), run.id)
    if busy:
        drawn = found.done / found.total if found and found.total else 0.0
        st.progress(0.8 * drawn, f"Drawing frame {found.done} of {found.total}" if found else "Loading the run")
        return
    if found is None:
        return
    if found.message:
        st.error(found.message, icon=":material/error:")
    elif not found.made:
        st.caption("The film was not finished. Make it again.")
        return
    if frames and found.step < frames[-1]:
        st.caption("The run has learned more since this film was made.")
    for ending, (label, kind) in KINDS.items():
        path = store().path(run.id) / f"film.{ending}"
        if path.exists():
            st.download_button(
                label, path.read_bytes, f"{run.id}.{ending}", kind, icon=":material/download:", on_click="ignore",
                key=f"train.film.{ending}",
            )  # fmt: skip
