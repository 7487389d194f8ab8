"""What of a wall can be taken along: its table, its recipes, a script of a run, and a page of its own."""

import csv
import io
import json
from collections.abc import Mapping, Sequence

import streamlit as st

from aeviz.errors import RecipeError
from aeviz.runs.opened import OpenRun
from aeviz.runs.store import Run, Store
from aeviz.script import script
from aeviz.ui import wall_page
from aeviz.ui.form import literal
from aeviz.ui.wall import example_file
from aeviz.views import comparison


def rows(found: Sequence[OpenRun], told: Sequence[Mapping[str, float]]) -> list[list[str]]:
    """The table with a run a row; numbers are written whole, and what a run does not have is empty."""
    captions = comparison.captions([opened.run.recipe for opened in found])
    names = list(dict.fromkeys(name for own in told for name in own))
    table = [["run", "what is its own", "seed", "status", "epochs", "seconds", *names]]
    for opened, caption, own in zip(found, captions, told, strict=True):
        run = opened.run
        head = [run.id, caption, str(run.recipe.seed), run.status, str(run.epoch), f"{run.seconds:.2f}"]
        table.append([*head, *(f"{float(own[name])!r}" if name in own else "" for name in names)])
    return table


def as_csv(table: Sequence[Sequence[str]]) -> str:
    """The table as comma-separated values."""
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue()


def exports(kept: Store, found: Sequence[OpenRun], told: Sequence[Mapping[str, float]]) -> None:
    """The buttons."""
    runs = [opened.run for opened in found]
    table = rows(found, told)
    st.markdown("**Take along**")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.download_button("Table", as_csv(table), "wall.csv", "text/csv", icon=":material/table:", help="As CSV.")
        st.download_button(
            "Recipes",
            json.dumps([run.recipe.to_json() for run in runs], indent=2, ensure_ascii=False),
            "recipes.json",
            "application/json",
            icon=":material/description:",
        )
        st.download_button(
            "Page",
            lambda: wall_page.page(kept, runs, table, example_file(runs)),
            "wall.html",
            "text/html",
            icon=":material/web:",
            help="The wall as one file that opens in any browser, without this server: codes, reconstructions and "
            f"samples at up to {wall_page.MOST_FRAMES} moments.",
        )
        script_of(runs)


def script_of(runs: Sequence[Run]) -> None:
    """A script in plain PyTorch of one of the runs, or why there is none."""
    captions = comparison.captions([run.recipe for run in runs])
    place = st.selectbox(
        "Script of", list(range(len(runs))), format_func=lambda each: captions[each], key="compare.script", width=260
    )
    run = runs[place or 0]
    try:
        text, why = script(run.recipe), ""
    except RecipeError as error:
        text, why = "", str(error)
    st.download_button(
        "Script", text, f"{run.id}.py", "text/x-python", icon=":material/code:", disabled=not text,
        help="Trains the same model in plain PyTorch, and comes to the same numbers.",
    )  # fmt: skip
    if why:
        st.caption(literal(why))
