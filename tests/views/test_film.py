"""Films are decoded again and compared with what was written: sizes, number, order, times and colours of the frames."""

import io
import re
import subprocess
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image, ImageFont

from aeviz.errors import AevizError
from aeviz.views import film, images


def moving(t: int = 6, height: int = 48, width: int = 64) -> np.ndarray:
    """A bright square that walks over a coloured ground, which differs in every frame."""
    frames = np.zeros((t, height, width, 3), np.uint8)
    for moment, frame in enumerate(frames):
        frame[:] = (40 + 8 * moment, 90, 200 - 8 * moment)
        frame[8:24, 4 + 6 * moment : 20 + 6 * moment] = (250, 190, 80)
    return frames


def of_gif(data: bytes) -> tuple[np.ndarray, list[int]]:
    """Frames and milliseconds of a GIF."""
    opened = Image.open(io.BytesIO(data))
    frames, times = [], []
    for moment in range(getattr(opened, "n_frames", 1)):
        opened.seek(moment)
        frames.append(np.asarray(opened.convert("RGB")))
        times.append(int(opened.info["duration"]))
    assert opened.format == "GIF"
    return np.stack(frames), times


def of_mp4(data: bytes, folder) -> tuple[np.ndarray, dict[str, Any]]:
    """Frames of an MP4, and what ffmpeg says of it."""
    path = folder / "film.mp4"
    path.write_bytes(data)
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    about = subprocess.run([ffmpeg, "-i", path], check=False, capture_output=True, text=True).stderr
    (found,) = re.findall(r"Video: (\w+).*?, (yuv\w+\(.*?\)).*?, (\d+)x(\d+).*?, ([\d.]+) fps", about)
    codec, pixels, width, height, fps = found
    raw = subprocess.run(
        [ffmpeg, "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True
    ).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, int(height), int(width), 3)
    return frames, {"codec": codec, "pixels": pixels, "fps": float(fps)}


def boxes(data: bytes) -> list[str]:
    """The names of an MP4's outermost boxes, in order (ISO/IEC 14496-12, 4.2: length, name, contents)."""
    names, at = [], 0
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return names


def test_a_gif_gives_its_frames_back_in_order_and_loops() -> None:
    frames = moving()
    data = film.gif(frames, 10)
    read, times = of_gif(data)
    assert np.abs(read.astype(int) - frames).max() <= 4  # few colours: the palette holds them
    assert times == [100] * 6
    assert Image.open(io.BytesIO(data)).info["loop"] == 0


@pytest.mark.parametrize("fps", [7, 24, 30, 200])
def test_a_gif_lasts_as_long_as_it_should(fps: float) -> None:
    _, times = of_gif(film.gif(moving(20, 16, 160), fps))
    assert min(times) >= 20, "browsers slow down what is faster"
    assert sum(times) == pytest.approx(1000 * 20 / min(fps, film.FASTEST_GIF), abs=10)


def test_a_frame_that_stands_lasts_longer_in_a_gif() -> None:
    frames = moving(3)
    _, times = of_gif(film.gif(frames[[0, 0, 0, 1, 2, 2]], 10))
    assert times == [300, 100, 200]


@pytest.mark.parametrize(("height", "width"), [(48, 64), (47, 63)])
def test_an_mp4_gives_its_frames_back(tmp_path, height: int, width: int) -> None:
    frames = moving(6, height, width)
    data = film.mp4(frames, 12)
    read, about = of_mp4(data, tmp_path)
    assert about["codec"] == "h264"
    assert about["pixels"].startswith("yuv420p(tv, bt709")
    assert about["fps"] == 12
    assert read.shape == (6, height + height % 2, width + width % 2, 3)
    difference = np.abs(read[:, :height, :width].astype(int) - frames)
    assert difference.mean() < 3  # colour is kept for blocks of two by two, so edges differ
    assert np.abs(np.median(read[:, 30:40, 2:10], (1, 2)) - frames[:, 35, 5]).max() <= 4


def test_an_mp4_can_begin_to_play_before_it_is_loaded() -> None:
    names = boxes(film.mp4(moving(3), 5))
    assert names[0] == "ftyp"
    assert names.index("moov") < names.index("mdat")


def test_one_frame_is_a_film_and_none_is_refused(tmp_path) -> None:
    assert len(of_mp4(film.mp4(moving(1), 5), tmp_path)[0]) == 1
    assert Image.open(io.BytesIO(film.gif(moving(1), 5))).format == "GIF"
    for write in (film.gif, film.mp4):
        with pytest.raises(AevizError, match="no frames"):
            write(moving(0), 5)


def test_what_ffmpeg_cannot_do_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", none)
    with pytest.raises(AevizError, match=r"No ffmpeg exe could be found\). Take the GIF"):
        film.mp4(moving(2), 5)


def test_a_caption_stands_below_every_frame_and_leaves_it_as_it_was() -> None:
    frames = moving(3, 48, 400)
    made = film.captioned(frames, "mlp, code of 2 · dropout 0.1\nseed 7")
    assert made.shape[0] == 3
    assert made.shape[2] == 400
    assert np.array_equal(made[:, :48], frames)
    foot = made[:, 48:]
    assert (foot == foot[0]).all()
    dark = (foot[0] < 120).all(axis=2)
    assert dark.any()
    rows = np.flatnonzero(dark.any(axis=1))
    assert np.diff(rows).max() > 4, "two lines"
    assert film.captioned(frames, "").shape == frames.shape


def test_a_long_caption_is_wrapped_and_no_letter_is_cut() -> None:
    text = "weights " * 40 + "x" * 300
    made = film.captioned(moving(1, 20, 300), text)
    one = film.captioned(moving(1, 20, 300), "weights")
    assert made.shape[1] > 5 * (one.shape[1] - 20)
    edge = made[0, 20:, -4:]
    assert (edge == edge[0, 0]).all(), "nothing is written over the right edge"


def test_wrapping_keeps_every_word_in_order_and_within_the_room() -> None:
    letters = ImageFont.load_default(size=15)
    text = "one two three four five six seven\n\neight " + "long" * 30 + " nine"
    lines = film.wrapped(text, letters, 160)
    assert all(letters.getlength(line) <= 160 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert "" in lines, "an empty line stays"


def test_narrow_frames_are_widened_for_their_caption() -> None:
    frames = moving(2, 8, 10)
    made = film.captioned(frames, "a caption of some words")
    assert made.shape[2] > 150
    left = (made.shape[2] - 10) // 2
    assert np.array_equal(made[:, :8, left : left + 10], frames)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_strips_run_there_and_back(count: int) -> None:
    strip = (np.arange(count, dtype=np.uint8)[:, None, None, None] * 50 + 10) * np.ones((count, 1, 3, 4), np.uint8)
    frames = film.there_and_back([("Straight", strip), ("Pixels", strip)], least=24, rest=4)
    assert len(frames) == 2 * count - 2 + 2 * 3
    levels = [int(frame[40, images.GAP + 2, 0]) for frame in frames]
    ascending = [10 + 50 * place for place in range(count)]
    assert levels == [ascending[0]] * 3 + ascending + [ascending[-1]] * 3 + ascending[-2:0:-1]
    read, times = of_gif(film.gif(frames, 10))
    assert len(read) == 2 * count - 2
    assert times == [400, *[100] * (count - 2), 400, *[100] * (count - 2)]


def test_only_letters_that_the_font_has_are_written() -> None:
    assert film.writable("β = 0.5 · 3 × 4 − z₁² ≤ Größe “é” 中\n½") == "beta = 0.5 · 3 x 4 - z12 <= Grosse “e” ?\n1?2"
    letters = ImageFont.load_default(size=15)
    absent = bytes(letters.getmask("\uffff"))
    written = film.writable("".join(map(chr, range(32, 0x2300))))
    assert not [each for each in set(written) - {" "} if each.isprintable() and bytes(letters.getmask(each)) == absent]
