"""The parts of the components' JavaScript that compute: reading files, ticks, nearest points, thinning, colours."""

import base64
import json

import numpy as np
import pytest
from safetensors.numpy import save

from aeviz.ui.components.sources import SHARED, javascript
from aeviz.views.images import thumbnails

pytestmark = pytest.mark.browser
BUFFER = "const buffer = Uint8Array.from(atob(given), (letter) => letter.charCodeAt(0)).buffer;"


def test_reads_what_safetensors_writes(run):
    points = np.linspace(-1, 1, 10, dtype=np.float32).reshape(5, 2)
    labels = np.arange(5, dtype=np.int32)
    images = np.arange(3 * 1 * 2 * 2, dtype=np.uint8).reshape(3, 1, 2, 2)
    file = save(
        {"points": points, "labels": labels, "images": images}, {"classes": json.dumps(["α", "b"]), "step": "7"}
    )
    read = run(
        BUFFER
        + """
        const { arrays, metadata } = readSafetensors(buffer);
        const plain = ([name, { type, shape, values }]) => [name, [type, shape, [...values]]];
        const classes = metadataJson(metadata, "classes", []);
        const missing = metadataJson(metadata, "axes", "none");
        return { arrays: Object.fromEntries(Object.entries(arrays).map(plain)), classes, missing, metadata };
        """,
        base64.b64encode(file).decode(),
    )
    assert read["arrays"]["points"] == ["F32", [5, 2], points.ravel().tolist()]
    assert read["arrays"]["labels"] == ["I32", [5], labels.tolist()]
    assert read["arrays"]["images"] == ["U8", [3, 1, 2, 2], images.ravel().tolist()]
    assert read["classes"] == ["α", "b"]
    assert read["missing"] == "none"
    assert read["metadata"]["step"] == "7"


def test_reads_arrays_that_start_at_an_odd_place(run):
    header = json.dumps({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    header += b" " * (1 + (-len(header)) % 4)
    file = len(header).to_bytes(8, "little") + header + np.array([1.5, -2], np.float32).tobytes()
    read = run(BUFFER + "return [...readSafetensors(buffer).arrays.x.values];", base64.b64encode(file).decode())
    assert read == [1.5, -2]


@pytest.mark.parametrize("cut", [4, 20, -3])
def test_refuses_a_file_that_is_cut_short(run, cut):
    file = save({"x": np.zeros(4, np.float32)})[:cut]
    said = run(
        BUFFER + "try { readSafetensors(buffer); return ''; } catch (error) { return error.message; }",
        base64.b64encode(file).decode(),
    )
    assert said.startswith("safetensors: ")


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 10, ["0", "2", "4", "6", "8", "10"]),
        (-0.1, 0.1, ["−0.10", "−0.05", "0.00", "0.05", "0.10"]),
        (0.9, 1.4, ["0.9", "1.0", "1.1", "1.2", "1.3", "1.4"]),
        (3, 3, []),
    ],
)
def test_linear_ticks_are_round(run, low, high, labels):
    assert run("return linearTicks(given[0], given[1], 5).map(({ label }) => label);", [low, high]) == labels


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.5, 60, ["0.5", "1", "2", "5", "10", "20", "50"]),
        (1e-3, 1e3, ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]),
        (20, 40, [str(value) for value in range(20, 41, 2)]),
        (0, 10, []),
    ],
)
def test_logarithmic_ticks_are_round(run, low, high, labels):
    assert run("return logTicks(given[0], given[1], 7).map(({ label }) => label);", [low, high]) == labels


def test_ticks_lie_within_the_range(run):
    generator = np.random.default_rng(0)
    ranges = [[float(low), float(low + 10**size)] for low, size in generator.uniform([-50, -5], [50, 5], (200, 2))]
    for (low, high), values in zip(
        ranges,
        run("return given.map(([low, high]) => linearTicks(low, high, 6).map(({ value }) => value));", ranges),
        strict=True,
    ):
        assert 3 <= len(values) <= 12
        assert low - 1e-6 * (high - low) <= values[0] and values[-1] <= high + 1e-6 * (high - low)
        assert np.allclose(np.diff(values), values[1] - values[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (17.304, "17.30"), (-0.012345, "−0.01235"), (123456, "123456"), (1.5e-7, "1.50e−7"), (None, "–")],
)
def test_numbers_as_people_read_them(run, value, text):
    assert run("return formatNumber(given);", value) == text


def test_nearest_point_agrees_with_a_full_search(run):
    points = np.random.default_rng(1).normal(size=(300, 2)).astype(np.float32)
    places = np.random.default_rng(2).normal(size=(50, 2))
    found = run(
        "const points = Float32Array.from(given[0]);"
        "return given[1].map(([x, y]) => nearestPoint(points, x, y, 0.2, (index) => index % 2 === 0));",
        [points.ravel().tolist(), places.tolist()],
    )
    distances = np.linalg.norm(places[:, None] - points, axis=-1)
    distances[:, 1::2] = np.inf
    expected = np.where(distances.min(1) <= 0.2, distances.argmin(1), -1)
    assert found == expected.tolist()
    assert -1 in found


def test_thinned_points_do_not_overlap_and_leave_no_gap(run):
    points = np.random.default_rng(3).uniform(-3, 3, (500, 2)).astype(np.float32)
    chosen = run("return thinnedPoints(Float32Array.from(given), 0.5);", points.ravel().tolist())
    apart = np.abs(points[chosen][:, None] - points[chosen]).max(-1)
    np.fill_diagonal(apart, np.inf)
    assert apart.min() >= 0.5
    rest = np.abs(points[:, None] - points[chosen]).max(-1).min(1)
    assert rest.max() < 0.5
    assert chosen[0] == 0


def test_bounds_pass_over_what_is_not_finite(run):
    assert run("return boundsOf(Float32Array.from([1, 2, NaN, 5, -3, 4, Infinity, 0]));") == {
        "left": -3, "right": 1, "bottom": 2, "top": 4
    }  # fmt: skip
    assert run("return boundsOf(new Float32Array(0));") is None


def test_the_value_scale_grows_evenly_lighter(run):
    for dark in (False, True):
        colours = run("return valueColours(given).map((colour) => colour.match(/\\d+/g).map(Number));", dark)
        linear = ((np.array(colours) / 255 + 0.055) / 1.055) ** 2.4
        lightness = np.cbrt(linear @ [0.2126, 0.7152, 0.0722])
        steps = np.diff(lightness)
        assert steps.min() > 0
        assert steps.max() < 3 * steps.mean()


def test_points_within_a_loop_agree_with_another_rule(run):
    """A polygon that crosses itself nowhere: inside is where the angles to its corners add up to a full turn."""
    angles = np.linspace(0, 2 * np.pi, 11)[:-1]
    reach = np.where(np.arange(10) % 2, 0.4, 1.0)
    star = np.stack([reach * np.cos(angles), reach * np.sin(angles)], 1)
    points = np.random.default_rng(4).uniform(-1.2, 1.2, (400, 2)).astype(np.float32)
    found = run(
        "return pointsWithin(Float32Array.from(given[0]), given[1], (index) => index % 3 !== 0);",
        [points.ravel().tolist(), star.tolist()],
    )
    ahead = star[None] - points[:, None]
    steps = np.angle((np.roll(ahead, -1, 1) @ [1, 1j]) / (ahead @ [1, 1j]))
    inside = np.abs(steps.sum(1)) > np.pi
    inside[::3] = False
    assert found == np.flatnonzero(inside).tolist()
    assert 20 < len(found) < 200
    assert run("return pointsWithin(Float32Array.from([0, 0]), []);") == []


def test_a_set_of_points_is_described_by_its_mean_picture_and_its_classes(run):
    pictures = np.random.default_rng(5).integers(0, 256, (6, 3, 2, 4), np.uint8)
    labels, indices = [2, 0, 2, 1, 0, 2], [0, 1, 2, 5]
    told = run(
        """
        const values = Uint8Array.from(given.pictures);
        return {
          mean: [...meanPicture(values, [6, 3, 2, 4], given.indices)],
          counts: labelCounts(given.labels, given.indices),
          few: spreadOver(Array.from({ length: 100 }, (_, at) => at), 5),
          all: spreadOver([3, 1], 5),
        };
        """,
        {"pictures": pictures.ravel().tolist(), "labels": labels, "indices": indices},
    )
    assert np.abs(np.array(told["mean"]) - pictures[indices].mean(0).ravel()).max() <= 0.51
    assert told["counts"] == [[2, 3], [0, 1]]
    assert told["few"] == [0, 20, 40, 60, 80]
    assert told["all"] == [3, 1]


@pytest.mark.parametrize(("height", "width"), [(28, 28), (29, 30), (8, 12)])
def test_a_picture_is_made_smaller_by_the_mean_of_its_blocks_as_thumbnails_are(run, height, width):
    x = np.random.default_rng(6).uniform(size=(1, 3, height, width)).astype(np.float32)
    expected = thumbnails(x, 8)[0]
    shrunk = run(
        "return [...shrunkPicture(given.values, given.shape, ...given.wanted)];",
        {
            "values": (255 * x).ravel().tolist(),
            "shape": list(x.shape[1:]),
            "wanted": list(expected.shape[1:]),
        },
    )
    assert np.abs(np.array(shrunk, float) - expected.ravel()).max() <= 1
    assert run("return shrunkPicture([1, 2], [1, 1, 2], 2, 2);") is None


def test_a_plane_of_a_frame_is_the_way_to_codes_and_a_line_has_both_its_ends(run):
    more = ("scatter_live", "scatter_strip")
    basis = [1, 4, 2, 5, 3, 6]
    told = run("return planeMap(Float32Array.from([7, 8, 9]), Float32Array.from(given));", basis, more)
    assert told == {"origin": [7, 8, 9], "across": [1, 2, 3], "up": [4, 5, 6]}
    assert run("return placesAlong([0, 1], [4, -1], 3);", more=more) == [[0, 1], [2, 0], [4, -1]]


FIELD = ("theme", "elements", "colour_bar", "scatter_scene", "scatter_field")


def test_a_field_is_painted_cell_by_cell_from_the_top_in_a_scale_that_changes_evenly(run):
    painted = run(
        """
        const values = Float32Array.from([0, NaN, 1, 0.5, 0.25, 0.75]);
        const field = fieldOf({ values, shape: [2, 3] }, { field_name: "stretch", field_extent: "[-1, 2, 0, 5]" });
        const colours = fieldColours(given, VALUE_STEPS);
        const picture = fieldPicture(field, valueStepsOf(values, valueRange(values)), colours);
        const { data } = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height);
        return { field, colours: colours.map(parseColour), pixels: [...data], size: [picture.width, picture.height] };
        """,
        True,
        more=FIELD,
    )
    assert painted["size"] == [3, 2]
    assert painted["field"]["extent"] == [-1, 2, 0, 5]
    assert painted["field"]["name"] == "stretch"
    pixels = np.array(painted["pixels"]).reshape(6, 4)
    assert pixels[:, 3].tolist() == [255, 0, 255, 255, 255, 255]
    for cell, step in ((0, 0), (2, 63), (3, 32), (4, 16), (5, 48)):
        assert pixels[cell, :3].tolist() == painted["colours"][step]
    for dark in (False, True):
        colours = run("return fieldColours(given).map(parseColour);", dark, more=("theme",))
        linear = ((np.array(colours) / 255 + 0.055) / 1.055) ** 2.4
        steps = np.diff(np.cbrt(linear @ [0.2126, 0.7152, 0.0722])) * (1 if dark else -1)
        assert steps.mean() > 0.003
        assert steps.max() < 3 * steps.mean()


def test_classes_beyond_ten_differ_by_shape(run):
    looks = run("return Array.from({ length: 50 }, (_, label) => `${classColour(label)} ${classShape(label)}`);")
    assert len(set(looks)) == 50


def test_stamped_markers_blend_and_keep_to_the_image(run):
    more = tuple(name for name in SHARED if name in ("theme", "elements", "markers"))
    counted = run(
        """
        const stamps = markerStamps([["#ff0000", "circle"], ["#0000ff", "square"]], 3, 1, 40, "#808080", "#ffffff");
        const image = new Uint32Array(40 * 30);
        stampMarker(image, stamps, 0, 20, 15);
        const middle = image[15 * 40 + 20];
        const alone = image.filter((pixel) => pixel !== 0).length;
        stampMarker(image, stamps, 1, 22, 15);
        const both = image[15 * 40 + 22];
        for (const [x, y] of [[0, 0], [39.9, 29.9], [-2, 10], [41, 31], [20, -3]]) stampMarker(image, stamps, 7, x, y);
        return { middle, both, alone, right: image[10 * 40 + 39], length: image.length };
        """,
        more=more,
    )
    assert counted["middle"] == 0xFF0000FF
    assert counted["both"] == 0xFFFF0000
    assert 28 < counted["alone"] < 80
    assert counted["right"] == 0
    assert counted["length"] == 1200


def test_names_are_used_once(run):
    """The joined modules share one scope: a name declared twice would be an error of the whole component."""
    from aeviz.ui.components import live, scatter  # noqa: F401
    from aeviz.ui.components.live import PARTS as LIVE
    from aeviz.ui.components.scatter import PARTS as SCATTER

    for parts in (LIVE, SCATTER):
        text = javascript(*SHARED, *parts).replace("export default ", "")
        assert run(f"new Function({json.dumps(text)}); return true;")


def test_a_wall_shows_the_epochs_up_to_the_newest_that_all_have(run):
    frames = lambda *epochs: [{"epoch": epoch, "step": 10 * epoch} for epoch in epochs]  # noqa: E731
    cases: list[tuple[list[tuple[list[dict[str, float]], bool]], list[float]]] = [
        ([(frames(0, 1, 2), False), (frames(0, 1, 2, 3), False)], [0, 1, 2]),
        ([(frames(0, 1, 2), True), (frames(0, 1, 2, 3), False)], [0, 1, 2, 3]),  # one that diverged holds up nobody
        ([(frames(0, 1, 2), False), ([], False)], [0, 1, 2]),  # nor one that waits for a worker
        ([(frames(0, 4), True), (frames(0, 2.5), True)], [0, 2.5, 4]),
        ([([], False)], []),
    ]
    for runs, expected in cases:
        given = [{"frames": own, "isFinal": final} for own, final in runs]
        assert run("return wallEpochs(given);", given, ("wall_time",)) == expected


def test_a_tile_shows_the_last_frame_up_to_an_epoch(run):
    body = "return [-1, 0, 1, 2, 9].map((epoch) => lastUpTo(given, epoch));"
    assert run(body, [{"epoch": 0}, {"epoch": 1}, {"epoch": 4}], ("wall_time",)) == [-1, 0, 1, 1, 2]
    assert (
        run("return statusCounts(given);", ["finished", "running", "running"], ("wall_time",))
        == "2 running · 1 finished"
    )
