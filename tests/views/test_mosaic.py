"""Mosaics: every pixel a block, every image in its place."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from aeviz.views import mosaic
from aeviz.views.images import SHEET


def test_pixels_become_blocks_and_gaps_are_transparent():
    images = np.zeros((3, 1, 2, 2), np.float32)
    images[0, 0, 0, 1], images[2] = 1, 0.5
    made = mosaic.mosaic(images, 2, gap=1, wanted=12)
    assert made.shape == (13, 13, 2)
    assert (made[0:3, 3:6] == 255).all() and (made[0:3, 0:3, 0] == 0).all()
    assert (made[:, 6, 1] == 0).all() and (made[6, :, 1] == 0).all(), "the gap"
    assert (made[7:, :6, 0] == 128).all() and (made[7:, 7:, 1] == 0).all(), "no fourth image"


def test_colour_keeps_its_channels():
    images = np.zeros((1, 3, 2, 2), np.float32)
    images[:, 1] = 1
    made = mosaic.mosaic(images, 5, wanted=4)
    assert made.shape == (4, 4, 4) and (made == [0, 255, 0, 255]).all()


def test_wild_values_are_cut():
    images = np.array([-3, 7, np.nan, np.inf], np.float32).reshape(1, 1, 2, 2)
    assert mosaic.mosaic(images, 1, wanted=2)[..., 0].tolist()[0] == [0, 255]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_file_is_what_was_made(channels):
    images = np.random.default_rng(0).random((7, channels, 8, 8)).astype(np.float32)
    read = np.asarray(Image.open(BytesIO(mosaic.picture(images, 3))))
    assert np.array_equal(read, mosaic.mosaic(images, 3))
    assert read.shape[1] <= mosaic.WANTED


def test_nothing_makes_an_empty_picture():
    assert mosaic.picture(np.zeros((0, 1, 8, 8), np.float32), 5)


@pytest.mark.parametrize(("width", "columns"), [(8, 30), (80, 30), (128, 18), (1200, 3)])
def test_a_row_holds_what_can_be_sent(width, columns):
    assert mosaic.most_columns(width) == columns


@pytest.mark.parametrize("channels", [1, 3])
def test_each_moment_is_a_sheet_of_rows(channels):
    pictures = np.random.default_rng(0).integers(0, 256, (4, 2, 3, channels, 5, 4)).astype(np.uint8)
    made = mosaic.sheets(pictures, least=8)  # every pixel becomes 2 × 2
    assert made.shape == (4, 4 + 2 * 14, 4 + 3 * 12, 3)
    for row, column in ((0, 0), (1, 2)):
        top, left = 4 + 14 * row, 4 + 12 * column
        block = made[2, top : top + 10 : 2, left : left + 8 : 2]
        assert np.array_equal(block, np.broadcast_to(pictures[2, row, column].transpose(1, 2, 0), (5, 4, 3)))
    assert (made[:, :4] == SHEET).all()
