"""A visitor's own data: checked, kept in the store's folder, and named by its content."""

import streamlit as st

from aeviz.data import Images, Source
from aeviz.data.cache import loaded
from aeviz.data.uploads import keep_upload
from aeviz.errors import AevizError
from aeviz.ui.form import literal
from aeviz.ui.frame import problem
from aeviz.ui.server import store_folder

KEY = "own data"


def upload() -> str | None:
    """The path of the data that this visitor has uploaded, if the page's data set is `Images`; shows the uploader."""
    if st.query_params.get("data") != "Images" and st.session_state.get("data") != "Images":
        return None
    given = st.file_uploader(
        "Your images or points",
        type=["zip", "npy", "npz", "csv"],
        help="A zip of PNG, JPEG or WEBP, a NumPy array, or a CSV of numbers; at most 20 MB.",
    )
    if given is not None:
        try:
            st.session_state[KEY] = str(keep_upload(given.getvalue(), given.name, store_folder() / "uploads"))
        except AevizError as error:
            problem(error)
    path: str | None = st.session_state.get(KEY)
    return path


def notices(source: Source) -> None:
    """What was done to the visitor's data that they should know: resized, left out, scaled."""
    if isinstance(source, Images):
        for sentence in loaded(source).notices:
            st.caption(literal(sentence))
