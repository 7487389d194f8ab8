"""Shapes, glyphs, photographs and toy points against what geometry says."""

import math
import time

import numpy as np
import pytest

from aeviz.data import Glyphs, Photos, Shapes, TaggedShapes, Toys
from aeviz.data.glyphs import CHARACTERS, SIZE
from aeviz.data.photos import TEST_COLUMNS
from aeviz.data.shapes import SIDE, render
from aeviz.data.tagged import COLOURS
from aeviz.data.toys import FIGURES


def centre_of_mass(images: np.ndarray) -> np.ndarray:
    """n × s × s → n × 2: right and down, in image widths."""
    places = (np.arange(images.shape[-1]) + 0.5) / images.shape[-1]
    mass = images.sum(axis=(1, 2))
    return np.asarray(np.stack([images.sum(axis=1) @ places, images.sum(axis=2) @ places], axis=1) / mass[:, None])


@pytest.mark.parametrize("size", ["32", "64"])
def test_shapes_have_the_area_and_the_place_that_their_factors_say(size: str) -> None:
    split = Shapes(size=size, images=1500).load().train
    assert split.factors is not None
    pixels = split.x[:, 0].astype(np.float64)
    area = (SIDE * split.factors[:, 1] * int(size)) ** 2
    assert (np.abs(pixels.sum(axis=(1, 2)) / area - 1) < 0.02).all()
    assert np.abs(centre_of_mass(pixels) - split.factors[:, 3:]).max() < 0.1 / int(size)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_large_shape_agrees_with_its_definition(kind: int) -> None:
    """Against the plain inside-or-outside definitions on a fine grid, turned by 30° counter-clockwise."""
    size, angle, side = 256, math.pi / 6, SIDE
    drawn = render(np.array([[kind, 1, angle, 0.5, 0.5]], np.float32), size)[0]
    places = (np.arange(size) + 0.5) / size - 0.5
    right, up = np.meshgrid(places, -places)
    u = (right * math.cos(angle) + up * math.sin(angle)) / side
    v = (-right * math.sin(angle) + up * math.cos(angle)) / side
    if kind == 0:
        inside = (np.abs(u) < 0.5) & (np.abs(v) < 0.5)
    elif kind == 1:
        short = 1 / math.sqrt(2 * math.pi)
        inside = (u / (2 * short)) ** 2 + (v / short) ** 2 < 1
    else:
        h = 1 / math.sqrt(4 + math.pi)
        a, b = (u + v) / math.sqrt(2), (v - u) / math.sqrt(2)
        shift = h * (math.pi / 2 + 2 / 3) / (4 + math.pi)
        a, b = a + shift, b + shift
        inside = (np.maximum(abs(a), abs(b)) < h) | (np.hypot(a - h, b) < h) | (np.hypot(a, b - h) < h)
    assert np.mean((drawn > 0.5) != inside) < 0.001
    assert drawn.sum() / size**2 == pytest.approx(side**2, rel=0.005)


def test_the_heart_points_down_and_edges_are_smooth() -> None:
    drawn = render(np.array([[2, 1, 0, 0.5, 0.5]], np.float32), 128)[0]
    widths = (drawn > 0.5).sum(axis=1)
    rows = np.flatnonzero(widths)
    assert widths[rows[-1]] < 5 and widths[rows[len(rows) // 4]] > 15
    assert np.allclose(drawn, drawn[:, ::-1], atol=1e-4)
    assert np.unique(drawn[(drawn > 0) & (drawn < 1)]).size > 50


def test_upright_shapes_are_all_upright() -> None:
    split = Shapes(images=200, rotated=False).load().train
    assert split.factors is not None and (split.factors[:, 2] == 0).all()


def test_shapes_are_drawn_quickly() -> None:
    begun = time.process_time()
    Shapes().load()
    assert time.process_time() - begun < 4


def test_no_shape_touches_the_edge() -> None:
    x = Shapes(images=2000).load().train.x[:, 0]
    assert max(x[:, 0].max(), x[:, -1].max(), x[:, :, 0].max(), x[:, :, -1].max()) == 0


@pytest.mark.parametrize(("setting", "limit"), [("shift", 5.0), ("rotation", 30.0), ("shear", 0.6), ("stroke", 2.0)])
def test_each_glyph_setting_moves_its_own_factor_alone(setting: str, limit: float) -> None:
    still = {"shift": 0.0, "rotation": 0.0, "shear": 0.0, "stroke": 0.0}
    data = Glyphs(images=200, **still | {setting: limit}).load()  # type: ignore[arg-type]
    assert data.train.factors is not None
    moved = {
        name.split()[0] for name, most in zip(data.factor_names, data.train.factors.max(axis=0), strict=True) if most
    }
    assert moved == {setting}
    reach = math.radians(limit) if setting == "rotation" else limit
    assert np.abs(data.train.factors).max() == pytest.approx(reach, rel=0.1)


def test_glyphs_are_shifted_right_and_down_by_their_factors() -> None:
    upright = Glyphs(images=200, shift=0.0, rotation=0.0, shear=0.0, stroke=0.0).load().train
    shifted = Glyphs(images=200, shift=3.0, rotation=0.0, shear=0.0, stroke=0.0).load().train
    assert shifted.factors is not None
    moved = (centre_of_mass(shifted.x[:, 0]) - centre_of_mass(upright.x[:, 0])) * SIZE
    assert np.abs(moved - shifted.factors[:, :2]).max() < 0.1


def test_glyphs_turn_counter_clockwise_and_lean_right() -> None:
    """A capital I is a bar: its axis must stand at the angle that the factors say."""
    at = CHARACTERS["capitals"].index("I")
    places = np.arange(SIZE) - (SIZE - 1) / 2
    for rotation, shear in ((40.0, 0.0), (0.0, 0.5)):
        split = (
            Glyphs(characters="capitals", images=1500, shift=0.0, rotation=rotation, shear=shear, stroke=0.0)
            .load()
            .train
        )
        assert split.labels is not None and split.factors is not None
        rows = np.flatnonzero(split.labels == at)
        images, factors = split.x[rows, 0], split.factors[rows]
        across = np.einsum("nij,j,i->n", images, places, -places)  # right × up
        along = images.sum(axis=2) @ places**2
        wanted = -np.tan(factors[:, 2]) + factors[:, 3]  # right for each unit up
        slope = across / along
        assert np.corrcoef(slope, wanted)[0, 1] > 0.98
        assert np.abs(slope - wanted).max() < 0.12


def test_a_stroke_makes_glyphs_heavier() -> None:
    thin, bold = (Glyphs(images=300, stroke=stroke, seed=1).load().train.x.sum() for stroke in (0.0, 2.0))
    assert bold > 1.2 * thin


def test_no_pixel_of_a_photograph_is_in_train_and_in_test() -> None:
    for size in (8, 17, 64):
        data = Photos(size=size, patches=2000).load()
        columns: list[set[int]] = []
        for split in (data.train, data.test):
            assert split.factors is not None
            left = split.factors[:, 0].astype(int)
            columns.append({column for start in left for column in range(start, start + size)})
            assert left.min() >= 0 and left.max() + size <= 640
            assert split.factors[:, 1].max() + size <= 427
        assert not columns[0] & columns[1]
        assert columns[1] <= set(range(*TEST_COLUMNS))


def test_a_patch_is_the_place_in_the_photograph_that_its_factors_say() -> None:
    from sklearn.datasets import load_sample_images

    photographs = load_sample_images().images
    colour, grey = Photos(colour=True, patches=100).load().test, Photos(patches=100).load().test
    assert colour.factors is not None and colour.labels is not None
    for x, light, label, (column, row) in zip(colour.x, grey.x, colour.labels, colour.factors.astype(int), strict=True):
        wanted = photographs[label][row : row + 16, column : column + 16] / 255
        assert np.allclose(x, wanted.transpose(2, 0, 1))
        assert np.allclose(light[0], wanted @ [0.299, 0.587, 0.114], atol=1e-6)


@pytest.mark.parametrize("figure", list(FIGURES))
def test_toys_fill_the_unit_square_or_cube_but_for_the_margin(figure: str) -> None:
    x = Toys(figure=figure, points=20_000, noise=0.0).load().train.x
    assert x.min() >= 0.049 and x.max() <= 0.951
    widths = x.max(axis=0) - x.min(axis=0)
    if figure == "spirals":  # three arms end on the circle that fills the square, between its sides
        assert np.hypot(*(x - 0.5).T).max() == pytest.approx(0.45, abs=0.001)
        return
    assert widths.max() == pytest.approx(0.9, abs=0.01)
    assert (x.max(axis=0) + x.min(axis=0)) / 2 == pytest.approx(0.5, abs=0.01)


def test_two_circles_have_radii_in_the_ratio_two() -> None:
    split = Toys(figure="circles", noise=0.0).load().train
    radius = np.hypot(*(split.x - 0.5).T)
    assert split.labels is not None
    assert np.allclose(radius, np.where(split.labels == 0, 0.45, 0.225), atol=1e-5)


def test_the_swiss_roll_unrolls_by_its_factors() -> None:
    split = Toys(figure="swiss roll", noise=0.0).load().train
    assert split.factors is not None
    position, height = split.factors.T
    assert np.corrcoef(split.x[:, 1], height)[0, 1] > 0.999
    low, high = np.array(FIGURES["swiss roll"].low), np.array(FIGURES["swiss roll"].high)
    native = (split.x - 0.5) * (high - low).max() / 0.9 + (low + high) / 2
    assert np.allclose(np.hypot(native[:, 0], native[:, 2]), 1.5 * np.pi * (1 + 2 * position), atol=1e-3)


def test_noise_has_the_deviation_that_was_asked() -> None:
    split = Toys(figure="circles", noise=0.05, points=20_000).load().train
    assert split.labels is not None
    radius = np.hypot(*(split.x - 0.5).T)[split.labels == 0]
    scale = 0.9 / (1 + 8 * 0.05)
    assert radius.std() == pytest.approx(0.05 * scale, rel=0.05)


def test_tags_say_what_the_pixels_show() -> None:
    """Colour, place and size measured from the pixels alone; every description about as often as any other."""
    data = TaggedShapes(images=4000).load()
    split, at = data.train, {name: place for place, name in enumerate(data.tag_names)}
    assert split.tags is not None and split.labels is not None
    brightest = split.x.max(1)
    inks = split.x.sum((2, 3)) / brightest.sum((1, 2))[:, None]
    palette = np.array(list(COLOURS.values())) / np.max(list(COLOURS.values()), axis=1, keepdims=True)
    nearest = np.square(inks[:, None] - palette).sum(2).argmin(1)
    assert (split.tags[:, at["red"] : at["white"] + 1].argmax(1) == nearest).all()
    centre = centre_of_mass(brightest.astype(np.float64))
    for axis, (low, high) in enumerate((("left", "right"), ("top", "bottom"))):
        assert (split.tags[:, at[low]] == (centre[:, axis] < 0.5)).all()
        assert (split.tags[:, at[high]] == (centre[:, axis] > 0.5)).all()
    ink = split.x.sum((1, 2, 3)) / np.array([sum(each) for each in COLOURS.values()])[nearest]
    scale = np.sqrt(ink) / (SIDE * 24)
    assert (split.tags[:, at["large"]] == (scale > 0.8)).all() and (split.tags[:, at["small"]] == (scale < 0.8)).all()
    assert (split.tags[:, :3].argmax(1) == split.labels).all()
    assert (split.tags.sum(1) == 5).all()
    assert np.abs(split.tags.mean(0) - np.repeat([1 / 3, 1 / 6, 1 / 2], [3, 6, 6])).max() < 0.04
