"""The Compare page over every kind of run, driven without a browser."""

import itertools
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aeviz.recipe import Recipe
from aeviz.runs.store import Store
from tests.pages.explored import page, ran


def chosen(at: AppTest) -> list[str]:
    """The ids in the picker."""
    return list(at.multiselect[0].value)


def tables(at: AppTest) -> list[str]:
    """The HTML of the tables on the page."""
    return [each.proto.body for each in at.get("html") if "<table>" in each.proto.body]


def table(at: AppTest) -> str:
    """The HTML of the table."""
    return tables(at)[0]


def test_runs_of_every_kind_stand_side_by_side(runs):
    names = list(runs)
    for part in (names[start : start + 6] for start in range(0, len(names) - 1, 5)):
        at = page("compare", runs=",".join(runs[name] for name in part))
        assert chosen(at) == [runs[name] for name in part] and not at.error
        assert "do not compare" in at.warning[0].value
        assert all(runs[name][-6:] in table(at) for name in part)


def test_the_table_tells_what_was_measured_and_what_differs(runs):
    at = page("compare", runs=f"{runs['code of 1']},{runs['code of 2']}")
    assert not at.warning
    for words in ("Test loss", "Active units", "of 2", "Code size k", "Where the recipes differ"):
        assert words in table(at)
    assert "Optimizer" not in table(at)


def test_measures_stand_by_subject_with_the_best_marked_and_explained(runs, store):
    from aeviz.runs.opened import open_run
    from aeviz.views.measures import MEASURES

    two = [runs["code of 8"], runs["code of 64"]]
    at = page("compare", runs=",".join(two))
    assert "Use of the code" in table(at) and "Silhouette" not in table(at)  # the slow ones wait to be asked for
    at = page("compare", runs=",".join(two), compare__all="true")
    errors = [open_run(store, run).measures()["test_mse"] for run in two]
    rows = re.findall(r"<tr><th[^>]*>([^<]*)</th>(.*?)</tr>", table(at))
    marked = {name: ["★" in cell for cell in re.findall(r"<td.*?</td>", cells)] for name, cells in rows}
    assert marked["Squared error, per pixel"] == [errors[0] < errors[1], errors[1] < errors[0]]
    assert not any(any(marked[name]) for name in ("Active units", "Mean |z|", "Epochs"))
    values = dict(rows)
    assert values["Precision"].endswith("<td>–</td>") and "<td>–</td>" not in values["k-NN accuracy"]
    assert "MIG" not in values  # no run of these has it
    explained = next(each.value for each in at.markdown if "Silhouette" in each.value).replace("\\", "")
    absent = {"log_likelihood", *(each.name for each in MEASURES if each.subject == "Disentanglement")}
    assert all((f"**{each.label}" in explained) == (each.name not in absent) for each in MEASURES)


def test_nothing_is_best_among_runs_of_different_data(runs):
    at = page("compare", runs=f"{runs['code of 2']},{runs['factors']}", compare__all="true")
    assert "MIG" in table(at) and "★" not in table(at)


@pytest.mark.parametrize("term", ["Loss", "Reconstruction", "Squared error"])
def test_any_curve_on_either_scale(runs, term):
    two = f"{runs['code of 1']},{runs['diverged']}"
    at = page("compare", runs=two, compare__term=term, compare__log="true")
    assert not at.error and at.toggle(key="compare.log").value is True


def test_the_newest_runs_come_first(runs):
    at = page("compare")
    assert 2 <= len(chosen(at)) <= 4
    assert at.query_params["runs"] == ",".join(chosen(at))


def test_the_address_follows_the_choice(runs):
    at = page("compare", runs=f"{runs['code of 1']},{runs['code of 2']}")
    at.multiselect[0].set_value([runs["code of 2"], runs["code of 8"], runs["points"]])
    ran(at)
    assert at.query_params["runs"] == f"{runs['code of 2']},{runs['code of 8']},{runs['points']}"
    at.multiselect[0].set_value([runs["code of 2"]])
    ran(at)
    assert any("two to twelve" in each.value for each in at.info)
    at.multiselect[0].set_value([])
    ran(at)
    assert chosen(at) == [] and any("two to twelve" in each.value for each in at.info)


def test_rubbish_in_the_address_is_named_and_the_rest_is_compared(runs):
    at = page(
        "compare", runs=f"../../x,{runs['code of 1']},<b>,,{runs['code of 1']},{runs['code of 2']},000000000000-000000"
    )
    assert chosen(at) == [runs["code of 1"], runs["code of 2"]]
    assert len(at.error) == 3 and all("There is no run" in each.value for each in at.error)
    assert len(chosen(page("compare", runs="rubbish"))) >= 2


def test_more_than_twelve_are_cut(runs):
    at = page("compare", runs=",".join(runs.values()))
    assert len(chosen(at)) == 12 and "first 12" in at.error[0].value


def test_runs_under_way_hang_beside_the_others_and_a_broken_one_is_named(folder, monkeypatch):
    import shutil

    copy = folder[0].with_name("compared")
    shutil.copytree(folder[0], copy)
    monkeypatch.setenv("AEVIZ_STORE", str(copy))
    waiting = Store(copy).add(Recipe())
    at = page("compare", runs=f"{waiting},{folder[1]['code of 1']},{folder[1]['code of 2']}")
    assert not at.error and len(chosen(at)) == 3
    assert not tables(at) and any("once they have ended" in each.value for each in at.caption)
    next(each for each in at.button if each.label == "Stop all").click()
    ran(at)
    assert Store(copy).run(waiting).status == "stopped"
    # A run whose weights have gone is named, and the others stay.
    (copy / "runs" / folder[1]["code of 1"] / "model.safetensors").unlink()
    at = page("compare", runs=f"{folder[1]['code of 8']},{folder[1]['code of 1']},{folder[1]['code of 2']}")
    assert len(at.error) == 1 and "cannot be looked at" in at.error[0].value
    assert table(at)


@pytest.mark.parametrize("count", [0, 1])
def test_with_too_few_runs_the_page_says_so(runs, tmp_path, monkeypatch, count):
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    if count:
        from aeviz.models import Mlp
        from aeviz.runs.local import carry_out

        carry_out(Store(tmp_path), Recipe(model=Mlp(hidden=(4,)), epochs=1))
    said = page("compare").info[0].value
    assert ("two to twelve" if count else "No model has been trained yet") in said


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A store without runs, and no worker."""
    monkeypatch.setenv("AEVIZ_STORE", str(tmp_path))
    return Store(tmp_path)


def test_a_comparison_in_one_click_queues_its_runs_as_one_group(empty):
    at = page("compare")
    assert any("4 runs of" in each.value.replace("\\", "") for each in at.caption)
    at.button(key="wall.train").click()
    ran(at)
    waiting = empty.runs()
    assert len(waiting) == 4 and len({run.wall for run in waiting}) == 1 and waiting[0].wall
    assert sorted(chosen(at)) == sorted(run.id for run in waiting)
    assert not at.error


def test_one_thing_is_changed_by_hand_and_nonsense_is_named(empty):
    at = page("compare", wall__compare="One thing by hand", wall__values="1, 2, 3")
    assert not at.error
    at.text_input(key="wall.values").set_value("1, zwei")
    ran(at)
    assert "code" in at.error[0].value and not any(each.key == "wall.train" for each in at.button)
    at.text_input(key="wall.values").set_value("")
    ran(at)
    assert "has no values yet" in at.error[0].value
    at.selectbox(key="wall.place").set_value("seed")
    at.text_input(key="wall.values").set_value("3, 4")
    ran(at)
    at.button(key="wall.train").click()
    ran(at)
    assert sorted(run.recipe.seed for run in empty.runs()) == [3, 4]


def test_a_sweep_of_the_store_is_opened_as_a_wall(folder, runs, monkeypatch, tmp_path):
    import shutil

    from aeviz.runs.sweeping import remember
    from aeviz.sweep import Sweep
    from tests.pages.explored import RECIPES

    copy = tmp_path / "swept"
    shutil.copytree(folder[0], copy)
    monkeypatch.setenv("AEVIZ_STORE", str(copy))
    sweep = Sweep.from_json({"base": RECIPES["code of 1"].to_json(), "over": {"model.code": [2, 1]}, "name": "Two"})
    remember(Store(copy), sweep)
    at = page("compare")
    at.selectbox(key="wall.sweep").set_value(sweep.id())
    ran(at)
    assert chosen(at) == [runs["code of 2"], runs["code of 1"]]
    assert at.query_params["runs"] in ([",".join(chosen(at))], ",".join(chosen(at)))


def test_what_was_done_is_said_in_numbers_of_the_table(runs):
    at = page("compare", runs=f"{runs['code of 1']},{runs['code of 2']}")
    said = next(each.value.replace("\\", "") for each in at.markdown if "units are active" in each.value)
    numbers = re.search(r"(\d+) of 2 units are active \(plain: (\d+) of 1\)", said)
    row = re.search(r"<tr><th[^>]*>Active units</th><td>(\d+) of 1</td><td>(\d+) of 2</td>", table(at))
    assert numbers and row and numbers.groups() == row.groups()[::-1]
    assert "**Code size k**: 1 → 2." in [each.value for each in at.markdown]


def test_the_table_is_sorted_by_a_measure(runs, store):
    ids = [runs["code of 1"], runs["code of 8"], runs["code of 64"]]
    at = page("compare", runs=",".join(ids))
    at.selectbox(key="compare.sort").set_value("test_mse")
    ran(at)
    heads = re.findall(r"· ([0-9a-f]{6})</th>", table(at))
    row = re.search(r"<tr><th[^>]*>Squared error, per pixel</th>(.*?)</tr>", table(at))
    values = [float(each) for each in re.findall(r"<td[^>]*>([0-9.]+)", row[1] if row else "")]
    assert sorted(heads) == sorted(run[-6:] for run in ids) and values == sorted(values) and len(values) == 3


@pytest.mark.parametrize(
    ("view", "array", "words"),
    [
        ("Sampling grid", "pictures", "Only images"),
        ("Filters", "pictures", "Only dense layers"),
        ("Activations", "heights", "within ±0.1 of 0"),
        ("Jacobian spectrum", "heights", "largest"),
        ("Denoising", "pictures", "PSNR"),
    ],
)
def test_views_that_the_server_computes(runs, monkeypatch, view, array, words):
    from safetensors.numpy import load

    files = []

    def published(data):
        files.append(data)
        return f"/aeviz/artefacts/{len(files)}"

    monkeypatch.setattr("aeviz.ui.wall.publish", published)
    ids = [runs["code of 8"], runs["unpooling"], runs["points"]]
    assert not page("compare", runs=",".join(ids), wall__view=view).error
    assert len(files) == 3, "runs of different data have no examples in common"
    assert array in load(files[0])
    assert any(words.encode() in data for data in files)


def test_the_picture_of_a_wall_has_a_tile_for_each_run(runs, store):
    import io

    from PIL import Image

    from aeviz.ui.wall_exports import picture
    from aeviz.views.wall_sheet import GAP, HEAD, SIDE, SMALL

    tile_height = HEAD + SIDE + 8 + 2 * SMALL + GAP

    one, three = (
        Image.open(io.BytesIO(picture(store, [store.run(runs[name]) for name in names])))
        for names in (["code of 1"], ["code of 1", "code of 8", "points"])
    )
    assert one.format == "PNG" and three.width > 1.9 * one.width and three.height > 1.5 * one.height
    # Two columns: something is drawn in each of three tiles, and nothing where a fourth would be.
    pixels = np.asarray(three.convert("L"))
    drawn = [
        float((pixels[top : top + 200, left + 40 : left + 240] != pixels[0, 0]).mean())
        for top, left in itertools.product((150, 150 + tile_height), (0, three.width // 2))
    ]
    assert min(drawn[:3]) > 0 and drawn[3] == 0, drawn


def test_what_is_taken_along_holds_the_numbers_and_the_recipes(runs, store, monkeypatch):
    import csv
    import io

    from aeviz.runs.opened import open_run
    from aeviz.ui.wall_exports import as_csv, rows

    two = [open_run(store, runs[name]) for name in ("code of 1", "code of 8")]
    table = list(csv.DictReader(io.StringIO(as_csv(rows(two, [{"test_mse": 0.1}, {"test_mse": 0.25, "ssim": 1}])))))
    assert [(row["run"], row["test_mse"], row["ssim"]) for row in table] == [
        (two[0].run.id, "0.1", ""),
        (two[1].run.id, "0.25", "1.0"),
    ]
    at = page("compare", runs=f"{runs['code of 1']},{runs['deep machine']}")
    labels = {each.proto.label for each in at.get("download_button")}
    assert {"Table", "Recipes", "Page", "Picture", "Script", "Notebook"} <= labels
    script = next(each.proto for each in at.get("download_button") if each.proto.label == "Script")
    assert not script.disabled and "Data" not in labels, "digits come with scikit-learn"
    monkeypatch.setattr("aeviz.script.networks.KNOWN", ())  # as for a model that no script has words for yet
    at.selectbox(key="compare.script").set_value(1)
    ran(at)
    script = next(each.proto for each in at.get("download_button") if each.proto.label == "Script")
    assert script.disabled and any("cannot build this Dbm" in each.value.replace("\\", "") for each in at.caption)


def test_a_script_of_other_data_comes_with_their_arrays(runs):
    at = page("compare", runs=f"{runs['points']},{runs['generated points']}")
    buttons = {each.proto.label: each.proto for each in at.get("download_button")}
    assert not buttons["Script"].disabled and not buttons["Data"].disabled
