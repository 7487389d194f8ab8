"""Pictures keep their pixels: sizes, sharpness, the labels of a sheet."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from aeviz.views import images


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def array(data: bytes) -> np.ndarray:
    return np.asarray(opened(data).convert("RGB"))


@pytest.fixture
def strip() -> np.ndarray:
    """Five grey pictures of 3 × 4 pixels, each of another brightness."""
    return (np.arange(5, dtype=np.uint8)[:, None, None, None] * 50 + 10) * np.ones((5, 1, 3, 4), np.uint8)


def test_bytes_reach_both_ends_and_survive_what_is_no_number() -> None:
    x = np.array([0, 0.5, 1, 2, -1, np.nan], np.float32).reshape(6, 1, 1, 1)
    assert images.as_bytes(x).ravel().tolist() == [0, 128, 255, 255, 0, 0]


@pytest.mark.parametrize("channels", [1, 3])
def test_enlarging_repeats_whole_pixels(channels: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (channels, 5, 7), dtype=np.uint8)
    large = array(images.png(picture, 30))
    assert large.shape == (25, 35, 3)
    for row in range(5):
        for column in range(7):
            block = large[5 * row : 5 * row + 5, 5 * column : 5 * column + 5].reshape(-1, 3)
            assert (block == block[0]).all()
            assert block[0].tolist() == np.broadcast_to(picture[:, row, column], 3).tolist()


def test_pictures_that_are_large_enough_stay_as_they_are() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (3, 40, 40), dtype=np.uint8)
    assert np.array_equal(array(images.png(picture, 40)), picture.transpose(1, 2, 0))


def test_an_address_holds_the_bytes_themselves() -> None:
    address = images.data_url(b"some bytes")
    assert address.startswith("data:image/png;base64,")
    assert base64.b64decode(address.partition(",")[2]) == b"some bytes"


@pytest.mark.parametrize(("side", "expected"), [(8, 8), (32, 32), (33, 16), (64, 32), (100, 25), (128, 32)])
def test_thumbnails_are_means_of_blocks(side: int, expected: int) -> None:
    x = np.random.default_rng(0).random((2, 3, side, side), dtype=np.float32)
    small = images.thumbnails(x)
    assert small.shape == (2, 3, expected, expected)
    block = side // expected
    assert abs(int(small[1, 2, 0, 0]) - 255 * x[1, 2, :block, :block].mean()) <= 0.51


def test_thumbnails_of_a_very_flat_picture_are_left_alone() -> None:
    assert images.thumbnails(np.zeros((1, 1, 1, 100), np.float32)).shape == (1, 1, 1, 100)


def test_a_sheet_has_a_label_and_a_row_for_each_strip(strip: np.ndarray) -> None:
    sheet = array(images.sheet([("Straight", strip), ("Pixels", strip[::-1].copy())], least=24))
    height, width = 18, 24  # the pictures, enlarged 6 times
    head = 26
    assert sheet.shape == (2 * (head + height) + 2 * images.GAP, 5 * (width + images.GAP) + images.GAP, 3)
    for place in (0, 1):
        top = place * (head + height)
        label, row = sheet[top : top + head], sheet[top + head : top + head + height]
        assert (label < 100).all(axis=2).any(), "a label is written in dark letters"
        shown = [row[3, images.GAP + column * (width + images.GAP), 0] for column in range(5)]
        assert shown == [10, 60, 110, 160, 210][:: 1 if place == 0 else -1]


def test_a_sheet_is_wide_enough_for_its_labels(strip: np.ndarray) -> None:
    assert opened(images.sheet([("A rather long label for two small pictures", strip[:2])], least=4)).width > 200


@pytest.mark.parametrize("d", [1, 2, 3, 5, 200])
def test_points_become_pictures_of_one_size(d: int) -> None:
    random = np.random.default_rng(0)
    x, around = random.random((4, d), dtype=np.float32), random.random((50, d), dtype=np.float32)
    made = images.pictures(x, around)
    assert made.shape == (4, 3, images.SIDE, images.SIDE)
    assert not np.array_equal(made[0], made[1])
    assert (made[0].transpose(1, 2, 0) == images.BRIGHT).all(axis=2).any()
    assert images.pictures(x[:0], around).shape == (0, 3, images.SIDE, images.SIDE)


def test_a_point_lies_where_its_numbers_say() -> None:
    around = np.array([[0, 0], [1, 1]], np.float32)
    x = np.array([[0, 0], [1, 0], [0, 1], [5, 5]], np.float32)
    made = images.drawn(x, around).transpose(0, 2, 3, 1)
    centres = [np.argwhere((each == images.BRIGHT).all(axis=2)).mean(0) for each in made]
    low, high = images.MARGIN, images.SIDE - images.MARGIN
    for centre, expected in zip(centres[:3], [(high, low), (high, high), (low, low)], strict=True):
        assert centre == pytest.approx(expected, abs=1.5)
    # What lies far outside stays in the picture, at its edge.
    assert centres[3] == pytest.approx((images.DISC, images.SIDE - images.DISC), abs=1.5)


def test_points_that_are_all_the_same_or_no_numbers_are_drawn_too() -> None:
    around = np.full((3, 2), 0.5, np.float32)
    assert images.drawn(np.array([[0.5, 0.5], [np.nan, np.inf]], np.float32), around).shape[0] == 2


def test_bars_are_as_high_as_their_numbers() -> None:
    made = images.drawn(np.array([[0, 0.25, 0.5, 1]], np.float32), np.zeros((1, 4), np.float32))[0].transpose(1, 2, 0)
    lit = (made == images.BRIGHT).all(axis=2)
    room = images.SIDE - 2 * images.MARGIN
    heights = [int(lit[:, images.MARGIN + (2 * place + 1) * room // 8].sum()) for place in range(4)]
    assert heights == [0, room // 4, room // 2, room]
