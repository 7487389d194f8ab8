"""The pad and the reel: their arithmetic against numpy, and both at work in an empty page."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save
from scipy.ndimage import center_of_mass, shift

from aeviz.models import Mlp
from aeviz.models.autoencoder import Autoencoder
from aeviz.ui.components.drawing import PARTS, last_drawn
from aeviz.ui.components.sources import SHARED, javascript, styles
from aeviz.views import iteration, probes
from aeviz.views.tape import record_reconstruction
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
RANDOM = np.random.default_rng(0)
PICTURE = "drawing_picture"
PIXELS = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"


# Arithmetic


def covered(run: Any, start: tuple[float, float], end: tuple[float, float], radius: float) -> np.ndarray:
    body = (
        "const cover = new Float32Array(12 * 9); const place = ([x, y]) => ({ x, y });"
        "coverStroke(cover, [12, 9], place(given[0]), place(given[1]), given[2]); return [...cover];"
    )
    return np.array(run(body, [start, end, radius], (PICTURE,))).reshape(12, 9)


@pytest.mark.parametrize(
    ("start", "end", "radius"), [((2, 3), (7.5, 9), 1.2), ((4, 4), (4, 4), 2), ((-3, 5), (20, 6), 0.6)]
)
def test_a_stroke_covers_pixels_by_their_distance_from_it(run, start, end, radius):
    """Against the distance to the nearest of many places along the stroke."""
    way = np.linspace(start, end, 4001)
    rows, columns = np.mgrid[:12, :9] + 0.5
    distances = np.hypot(columns[..., None] - way[:, 0], rows[..., None] - way[:, 1]).min(-1)
    found = covered(run, start, end, radius)
    assert np.allclose(found, np.clip(radius + 0.5 - distances, 0, 1), atol=5e-3)
    assert ((found > 0) & (found < 1)).any(), "its edge is smooth"


def test_paint_lies_over_the_picture_as_strongly_as_it_covers(run):
    values, cover, colour = RANDOM.random((3, 4, 5)), RANDOM.random((4, 5)), RANDOM.random(3)
    body = (
        "const [values, cover, colour] = given.map((each) => Float32Array.from(each));"
        "return [...paintedOver(values, cover, colour)];"
    )
    found = run(body, [values.ravel().tolist(), cover.ravel().tolist(), colour.tolist()], (PICTURE,))
    assert np.allclose(np.reshape(found, (3, 4, 5)), values + cover * (colour[:, None, None] - values), atol=1e-6)


@pytest.mark.parametrize("corner", [(0, 0), (3, 11), (14, 2)])
def test_a_digit_is_moved_to_its_centre_of_mass(run, corner):
    picture = np.zeros((20, 24))
    row, column = corner
    picture[row : row + 5, column : column + 4] = RANDOM.random((5, 4))
    middle = np.array(center_of_mass(picture)) + 0.5
    expected = shift(picture, np.round([10, 12] - middle), order=0)
    body = "return [...centred(Float32Array.from(given), [1, 20, 24])];"
    found = np.reshape(run(body, picture.ravel().tolist(), (PICTURE,)), (20, 24))
    assert np.allclose(found, expected, atol=1e-6)
    assert np.abs(np.array(center_of_mass(found)) + 0.5 - [10, 12]).max() <= 0.5
    assert run(body, [0] * 480, (PICTURE,)) == [0] * 480


def test_a_completion_in_the_page_keeps_what_is_known(run):
    values, made, erased = RANDOM.random((2, 6, 6)), RANDOM.normal(size=(2, 6, 6)), RANDOM.random((6, 6)) < 0.4
    body = (
        "const [values, made] = given.slice(0, 2).map((each) => Float32Array.from(each));"
        "const erased = Uint8Array.from(given[2]);"
        "const completed = completedWith(values, erased, made);"
        "return [[...withoutErased(values, erased)], [...completed], rootMeanSquare(values, made, erased)];"
    )
    lists = [values.ravel().tolist(), made.ravel().tolist(), erased.astype(int).ravel().tolist()]
    fed, completed, error = run(body, lists, (PICTURE,))
    fed, completed = (np.reshape(each, values.shape) for each in (fed, completed))
    exact = values.astype(np.float32)
    assert np.array_equal(completed[:, ~erased], exact[:, ~erased]) and (fed[:, erased] == 0).all()
    assert np.allclose(completed[:, erased], made[:, erased].clip(0, 1), atol=1e-6)
    assert error == pytest.approx(np.sqrt(np.square(values - made)[:, erased].mean()), rel=1e-5)


# The pad


Mounted = Callable[[dict[str, Any]], "Page"]


@pytest.fixture
def mounted(chromium: "Browser") -> Iterator[Callable[..., Mounted]]:
    """A component in an empty page; what it reports is in `reports`."""
    pages = []

    def opened(parts: tuple[str, ...], style: str) -> Mounted:
        page = chromium.new_page(viewport={"width": 900, "height": 700})
        pages.append(page)
        page.set_default_timeout(PATIENCE)
        page.set_content(f"<style>{styles('shared', style)}</style><div id='host'></div>")
        text = javascript(*SHARED, *parts).replace("export default ", "")
        page.add_script_tag(content=f"{{ {text}\n window.mountIt = mount; window.reports = []; }}")

        def update(data: dict[str, Any]) -> "Page":
            page.evaluate(
                "(data) => { window.mountIt({ data, parentElement: document.getElementById('host'),"
                " setStateValue: (name, value) => window.reports.push(value) }); }",
                data,
            )
            return page

        return update

    yield opened
    for page in pages:
        page.close()


def model() -> Autoencoder:
    return Mlp(code=6, hidden=(20,)).build((1, 8, 8), torch.Generator().manual_seed(1)).requires_grad_(False)


def address(tape: tuple[dict[str, np.ndarray], Any]) -> str:
    return "data:application/octet-stream;base64," + base64.b64encode(save(tape[0], dict(tape[1]))).decode()


def data(mode: str, *addresses: str | None, **more: Any) -> dict[str, Any]:
    models = [{"name": f"model {place}", "address": each} for place, each in enumerate(addresses)]
    return {"mode": mode, "shape": [1, 8, 8], "start": "", "models": models, "answers": None} | more


def stroke(page: "Page", *places: tuple[float, float]) -> None:
    """Draw through places given as shares of the pad's width and height."""
    box = page.get_by_test_id("drawing-pad").bounding_box()
    assert box
    points = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
    settled(page)


def settled(page: "Page") -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def grey(page: "Page", name: str) -> np.ndarray:
    """The pixels of a small canvas, 8 × 8, from 0 to 255."""
    return np.array(page.get_by_test_id(name).evaluate(PIXELS)[::4]).reshape(8, 8)


def padded(page: "Page") -> np.ndarray:
    """What is on the pad, read at the middle of its pixels."""
    read = """canvas => {
        const step = canvas.width / 8;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const at = (row, column) => data[4 * (Math.floor((row + 0.5) * step) * canvas.width + (column + 0.5) * step)];
        return Array.from({ length: 64 }, (_, place) => at(Math.floor(place / 8), place % 8));
    }"""
    return np.array(page.get_by_test_id("drawing-pad").evaluate(read)).reshape(8, 8)


@pytest.fixture
def pad(mounted) -> Mounted:
    return mounted(PARTS, "drawing")


def test_a_stroke_changes_what_the_model_gives_back_to_what_torch_would(pad):
    page = pad(data("draw", address(record_reconstruction(model(), (1, 8, 8)))))
    page.locator("[data-testid=drawing][data-state=ready]").wait_for()
    before = grey(page, "drawing-made-0")
    assert np.abs(before - 255 * probes.reconstructions(model(), np.zeros((1, 1, 8, 8), np.float32))[0, 0]).max() <= 1
    stroke(page, (0.2, 0.2), (0.8, 0.25), (0.5, 0.9))
    page.mouse.move(1, 1)  # the ring around the brush goes away
    drawn = padded(page)
    assert (drawn > 200).sum() > 5 and (drawn[:, 0] < 100).all()
    after = grey(page, "drawing-made-0")
    expected = 255 * probes.reconstructions(model(), (drawn / 255).astype(np.float32)[None, None])[0, 0]
    assert np.abs(after - expected).max() <= 1 and np.abs(after - before).max() > 5
    assert "model 0: RMS change" in page.get_by_role("status").inner_text()
    assert page.evaluate("reports") == [], "nothing is asked of the server"


def test_undo_clear_and_the_eraser(pad):
    page = pad(data("draw"))
    undo = page.get_by_test_id("drawing-undo")
    assert undo.is_disabled()
    stroke(page, (0.2, 0.5), (0.8, 0.5))
    page.mouse.move(1, 1)
    first = padded(page)
    page.get_by_role("button", name="eraser").click()
    stroke(page, (0.2, 0.5), (0.45, 0.5))
    page.mouse.move(1, 1)
    assert padded(page).sum() < first.sum() and padded(page)[3:5, 5:].tolist() == first[3:5, 5:].tolist()
    undo.click()
    settled(page)
    assert np.array_equal(padded(page), first)
    page.get_by_test_id("drawing-clear").focus()
    page.keyboard.press("Enter")
    settled(page)
    assert padded(page).sum() == 0
    page.get_by_test_id("drawing-pad").focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    settled(page)
    assert padded(page).sum() == 0 and undo.is_disabled(), "all of it is undone"


def test_the_keyboard_draws_and_centres(pad):
    page = pad(data("draw"))
    page.get_by_test_id("drawing-pad").focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", " ", "ArrowRight", "ArrowRight", " "):
        page.keyboard.press(key)
    page.get_by_test_id("drawing-centre").focus()  # the ring goes with the focus
    settled(page)
    drawn = padded(page)
    assert (drawn[1:3, 4:6] > 0).all() and (drawn[4:] == 0).all()
    page.keyboard.press("Enter")
    settled(page)
    assert np.abs(np.array(center_of_mass(padded(page))) + 0.5 - 4).max() <= 0.5


def test_a_finger_draws(pad):
    page = pad(data("draw"))
    page.get_by_test_id("drawing-pad").evaluate(
        """canvas => {
            const box = canvas.getBoundingClientRect();
            const finger = { pointerId: 7, pointerType: "touch", button: 0, bubbles: true };
            const place = (share) => ({ clientX: box.x + share * box.width, clientY: box.y + share * box.height });
            const send = (kind, share) => canvas.dispatchEvent(new PointerEvent(kind, { ...finger, ...place(share) }));
            send("pointerdown", 0.2); send("pointermove", 0.8); send("pointerup", 0.8);
        }"""
    )
    settled(page)
    assert (np.diag(padded(page))[2:6] > 200).all()


def test_an_erased_part_is_completed_while_the_rest_stays(pad):
    example = RANDOM.integers(60, 256, (8, 8)).astype(np.uint8)
    start = base64.b64encode(example.tobytes()).decode()
    page = pad(data("erase", address(record_reconstruction(model(), (1, 8, 8))), start=start))
    page.locator("[data-testid=drawing][data-state=ready]").wait_for()
    assert "nothing is erased" in page.get_by_test_id("drawing-model").inner_text()
    stroke(page, (0.3, 0.3), (0.7, 0.3))
    page.get_by_text("settled").wait_for()
    shown = grey(page, "drawing-completed-0")
    erased = np.abs(padded(page) - example) > 0  # the hatching, and beside it what is known
    page.mouse.move(1, 1)
    settled(page)
    erased = padded(page) != example
    assert 4 < erased.sum() < 40
    assert np.array_equal(shown[~erased], example[~erased])
    steps = int(page.get_by_test_id("drawing-model").get_attribute("data-steps") or 0)
    x = (example / np.float32(255)).astype(np.float32)[None, None]
    walk = iteration.completed(model(), x, erased[None, None])
    assert steps == len(walk.changes)
    assert np.abs(shown - 255 * walk.examples[-1, 0, 0]).max() <= 1
    page.get_by_role("button", name="put all back").click()
    settled(page)
    assert np.array_equal(padded(page), example)


def test_steps_are_made_one_at_a_time_when_it_pauses(pad):
    start = base64.b64encode(np.full((8, 8), 180, np.uint8).tobytes()).decode()
    page = pad(data("erase", address(record_reconstruction(model(), (1, 8, 8))), start=start))
    page.locator("[data-testid=drawing][data-state=ready]").wait_for()
    page.get_by_test_id("drawing-play").click()
    stroke(page, (0.2, 0.2), (0.8, 0.8))
    drawn = page.get_by_test_id("drawing-model")
    assert drawn.get_attribute("data-steps") == "0"
    for step in ("1", "2"):
        page.get_by_test_id("drawing-step").click()
        assert drawn.get_attribute("data-steps") == step
    page.get_by_test_id("drawing-again").click()
    settled(page)
    assert drawn.get_attribute("data-steps") == "0"


def test_the_server_answers_for_models_that_the_page_has_not(pad):
    known = address(record_reconstruction(model(), (1, 8, 8)))
    page = pad(data("draw", known, None))
    stroke(page, (0.2, 0.2), (0.8, 0.8))
    page.mouse.move(1, 1)
    report = page.evaluate("reports.at(-1)")
    drawn = last_drawn({"drawn": report}, (1, 8, 8))
    assert drawn and np.array_equal(np.round(255 * drawn.picture[0]), padded(page)) and not drawn.erased.any()
    answer = np.arange(64, dtype=np.uint8) * 3
    made = {"made": base64.b64encode(answer.tobytes()).decode(), "completed": None, "steps": 0}
    pad(data("draw", known, None, answers={"count": drawn.count - 1, "models": [None, made]}))
    settled(page)
    assert page.get_by_test_id("drawing-made-1").evaluate("canvas => canvas.width") == 1, "an old answer is passed over"
    pad(data("draw", known, None, answers={"count": drawn.count, "models": [None, made]}))
    assert np.array_equal(grey(page, "drawing-made-1").ravel(), answer)
    page.mouse.move(1, 1)
    assert padded(page).sum() > 0, "the drawing stays"


def test_another_start_or_shape_begins_anew(pad):
    page = pad(data("draw"))
    stroke(page, (0.2, 0.2), (0.8, 0.8))
    example = RANDOM.integers(0, 256, (8, 8)).astype(np.uint8)
    pad(data("draw", start=base64.b64encode(example.tobytes()).decode()))
    settled(page)
    page.mouse.move(1, 1)
    assert np.array_equal(padded(page), example) and page.get_by_test_id("drawing-undo").is_disabled()


@pytest.mark.parametrize(
    "report", [None, {}, {"picture": "?", "erased": "", "count": 1}, {"picture": "AAAA", "erased": "AA==", "count": 2}]
)
def test_what_is_not_of_this_shape_is_no_drawing(report):
    assert last_drawn({"drawn": report}, (1, 8, 8)) is None


# The reel


def test_a_reel_shows_each_step(mounted):
    frames = RANDOM.integers(0, 256, (4 * 2 * 3, 1, 5, 5)).astype(np.uint8)  # 3 steps, 2 rows of 3 pictures
    changes = RANDOM.random((2, 3)).astype(np.float32)
    file = save({"frames": frames, "changes": changes}, {"names": json.dumps(["one", "other"]), "columns": "3"})
    update = mounted(("reel",), "reel")
    page = update({"address": "data:application/octet-stream;base64," + base64.b64encode(file).decode()})
    reel = page.locator("[data-testid=reel][data-state=ready]")
    reel.wait_for()
    page.get_by_test_id("reel-range").focus()
    for key, step in (("End", 3), ("ArrowLeft", 2), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        settled(page)
        assert reel.get_attribute("data-step") == str(step)
        for row in range(2):
            canvas = page.get_by_test_id("reel-row").nth(row)
            pixels = np.array(canvas.evaluate(PIXELS)[::4]).reshape(5, 17)  # a column lies between pictures
            for column in range(3):
                expected = frames[(step * 2 + row) * 3 + column, 0]
                assert np.array_equal(pixels[:, 6 * column : 6 * column + 5], expected)
    page.get_by_test_id("reel-forth").click()
    assert page.get_by_test_id("reel-label").inner_text() == "step 2 of 3"
    page.get_by_test_id("reel-play").click()
    page.get_by_text("step 3 of 3").wait_for()
