"""What is known of examples that were drawn around, beside the scatter."""

import csv
import io

import numpy as np
import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import gallery


def show_selection(opened: OpenRun, among: list[int]) -> None:
    """How well the selected examples are reconstructed, how far apart their codes lie, and a table of them."""
    gallery.title(f"{len(among):,} selected")
    errors, codes = opened.errors[among], opened.codes[among].astype(np.float64)
    spread = float(np.linalg.norm(codes - codes.mean(0), axis=1).mean())
    gallery.facts(
        [
            ("mean squared error", f"{float(errors.mean()):.3g}, of all {float(opened.errors.mean()):.3g}"),
            ("mean distance from their mean code", gallery.number(spread)),
        ]
    )
    st.download_button(
        "Table of the selection",
        table(opened, among),
        "selection.csv",
        "text/csv",
        key="latent.selection",
        icon=":material/download:",
        on_click="ignore",
    )


def table(opened: OpenRun, among: list[int]) -> str:
    """CSV: a row for each example with its number, class, squared error and code."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    labels, classes = opened.dataset.test.labels, opened.dataset.classes
    rows.writerow(["example", "class", "squared error", *(f"z{place + 1}" for place in range(opened.model.code))])
    for index in among:
        label = -1 if labels is None else int(labels[index])
        name = classes[label] if 0 <= label < len(classes) else ""
        # A class whose name begins like a formula must not become one in a spreadsheet.
        name = f"'{name}" if name[:1] in ("=", "+", "-", "@") else name
        code = [f"{value:.6g}" for value in opened.codes[index].tolist()]
        rows.writerow([index, name, f"{float(opened.errors[index]):.6g}", *code])
    return written.getvalue()
