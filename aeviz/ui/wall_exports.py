"""What of a wall can be taken along: table, recipes, a page, a picture; of a run a script and a notebook."""

import csv
import io
import json
from collections.abc import Mapping, Sequence

import streamlit as st

from aeviz.data.cache import loaded
from aeviz.errors import RecipeError, StoreError
from aeviz.runs.film import settings
from aeviz.runs.opened import OpenRun
from aeviz.runs.store import Run, Store
from aeviz.script.writing import arrays, file_of, notebook, script
from aeviz.ui import wall_page
from aeviz.ui.form import literal
from aeviz.ui.wall import example_file
from aeviz.views import comparison, wall_sheet


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
        st.download_button(
            "Picture", lambda: picture(kept, runs), "wall.png", "image/png", icon=":material/image:",
            help="Codes and reconstructions of every run as they were last kept, the settings below.",
        )  # fmt: skip
        script_of(runs)


def picture(kept: Store, runs: Sequence[Run]) -> bytes:
    """The wall as PNG: the last stored frame of each run.

    Raises:
        StoreError: a run has no frames yet, or one cannot be read.
    """
    recipes = [run.recipe for run in runs]
    tiles, classes = [], list[str]()
    for run, caption in zip(runs, comparison.captions(recipes), strict=True):
        scene, about = kept.read(run.id, "scene")
        steps = kept.frames(run.id)
        if not steps:
            raise StoreError(f"{run.name} has no frames yet. Wait for its first epoch.")
        frame, told = kept.read(run.id, f"frames/{steps[-1]:08d}")
        loss = json.loads(told.get("losses", "{}")).get("test", {}).get("loss")
        reached = f"epoch {told['epoch']}" + ("" if loss is None else f", test loss {loss:.4g} nats")
        labels, pictures = scene.get("labels"), (scene["inputs"], frame["reconstructions"])
        tiles.append(wall_sheet.Tile(caption, reached, frame["points"], labels, *pictures))
        classes = classes or json.loads(about.get("classes", "[]"))
    whose = "The first run; what the others change stands above them.\n" if len(recipes) > 1 else ""
    return wall_sheet.sheet(tiles, classes, whose + settings(recipes[0]))


def script_of(runs: Sequence[Run]) -> None:
    """A script in plain PyTorch of one of the runs, or why there is none."""
    captions = comparison.captions([run.recipe for run in runs])
    place = st.selectbox(
        "Script of", list(range(len(runs))), format_func=lambda each: captions[each], key="compare.script", width=260
    )
    run = runs[place or 0]
    try:
        text, cells, why = script(run.recipe), notebook(run.recipe), ""
    except RecipeError as error:
        text, cells, why = "", "", str(error)
    st.download_button(
        "Script", text, f"{run.id}.py", "text/x-python", icon=":material/code:", disabled=not text,
        help="Trains the same model in plain PyTorch, and comes to the same numbers.",
    )  # fmt: skip
    st.download_button(
        "Notebook", cells, f"{run.id}.ipynb", "application/x-ipynb+json", icon=":material/book_2:", disabled=not cells,
        help="The same script in cells, for Jupyter.",
    )  # fmt: skip
    if text and (file := file_of(run.recipe)):
        st.download_button(
            "Data", lambda: arrays(loaded(run.recipe.data)), file, "application/octet-stream", icon=":material/table:",
            help="The arrays that script and notebook read: put the file beside them.",
        )  # fmt: skip
    if why:
        st.caption(literal(why))
