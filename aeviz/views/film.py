"""Moving pictures: frames in, bytes of GIF and MP4 out, with the settings written under them.

Frames are U8 [t, h, w, 3], red, green and blue.
"""

import io
import subprocess
import tempfile
import textwrap
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from aeviz.errors import AevizError
from aeviz.views import images
from aeviz.views.images import GAP, INK, SHEET, Strip

Frames = UInt8[np.ndarray, "_ _ _ 3"]
"""t × h × w × 3; a function may give back other sizes than it was given."""

FASTEST_GIF = 50  # frames a second: browsers slow down what asks for more
MARGIN = 20  # pixels around a caption
MOST_CAPTION = 2000  # characters of a caption that are written


def gif(frames: Frames, fps: float) -> bytes:
    """The frames as a GIF that runs without end, every frame with 256 colours of its own.

    GIF counts time in hundredths of a second, so single frames last a little more or less than 1/fps and the whole
    lasts what it should. A frame that equals the one before it only makes that one last longer.

    fps: frames a second, at most 50.
    """
    _need(frames)
    ends = 10 * np.round(np.arange(len(frames) + 1) * 100 / min(fps, FASTEST_GIF)).astype(int)
    made = [Image.fromarray(frame) for frame in frames]
    written = io.BytesIO()
    made[0].save(written, "GIF", save_all=True, append_images=made[1:], duration=np.diff(ends).tolist(), loop=0)
    return written.getvalue()


def mp4(frames: Frames, fps: float) -> bytes:
    """The frames as H.264 in MP4 that starts to play before it is loaded: yuv420p, BT.709, nearly without loss.

    Sides of an odd number of pixels grow by one, a copy of the last row or column, since yuv420p holds colour for
    blocks of two by two.

    Raises:
        AevizError: there is no ffmpeg for this machine.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    _need(frames)
    even = np.pad(frames, ((0, 0), (0, frames.shape[1] % 2), (0, frames.shape[2] % 2), (0, 0)), "edge")
    size = f"{even.shape[2]}x{even.shape[1]}"
    with tempfile.TemporaryDirectory(prefix="aeviz-") as folder:
        path = Path(folder) / "film.mp4"  # MP4 begins with what is known at its end, so it cannot go into a pipe
        raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(fps), "-i", "-")
        try:
            command = [get_ffmpeg_exe(), "-v", "error", *raw, *_H264, str(path)]
            subprocess.run(command, input=even.tobytes(), capture_output=True, check=True)
            return path.read_bytes()
        except subprocess.CalledProcessError as error:
            why = error.stderr.decode(errors="replace")
        except (OSError, RuntimeError) as error:
            why = str(error)
    reason = (why.strip().splitlines() or ["it says no more"])[0].rstrip(".")
    raise AevizError(f"The film cannot be written as MP4: ffmpeg failed ({reason}). Take the GIF.")


# Untagged films are shown in one colour space by one browser and in another by the next: this one says which.
_H264 = (
    *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "16", "-tune", "animation", "-movflags", "+faststart"),
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709", "-color_primaries", "bt709"),
    *("-color_trc", "bt709", "-color_range", "tv"),
)


def captioned(frames: Frames, text: str, size: int = 15) -> Frames:
    """The frames with the text below each: the same words under all, wrapped to the width, lines kept.

    size: height of the letters in pixels. Frames too narrow for 20 letters are widened at both sides.
    """
    _need(frames)
    letters = ImageFont.load_default(size=size)
    t, height, width, _ = frames.shape
    room = max(width, int(20 * letters.getlength("n")) + 2 * MARGIN)
    lines = wrapped(writable(text[:MOST_CAPTION]), letters, room - 2 * MARGIN)
    step = round(1.35 * size)
    foot = Image.new("RGB", (room, len(lines) * step + 2 * MARGIN if lines else 0), SHEET)
    pencil = ImageDraw.Draw(foot)
    for place, line in enumerate(lines):
        pencil.text((MARGIN, MARGIN + place * step), line, INK, letters)
    made = np.empty((t, height + foot.height, room, 3), np.uint8)
    made[:] = np.array(SHEET, np.uint8)
    left = (room - width) // 2
    made[:, :height, left : left + width] = frames
    if lines:
        made[:, height:] = np.asarray(foot)
    return made


def there_and_back(strips: Sequence[Strip], least: int = 160, rest: int = 5) -> Frames:
    """The strips side by side below their labels, from the first picture to the last and back, for a film that loops.

    n pictures a strip give 2n − 2 moments; both ends are shown `rest` times, so that they stand a little.
    """
    columns = [(label, images.enlarged(row, least)) for label, row in strips]
    count, (height, width) = len(columns[0][1]), columns[0][1].shape[2:]
    letters = ImageFont.load_default(size=14)
    wide = max(width, *(int(letters.getlength(label)) + GAP for label, _ in columns))
    frames = []
    for moment in [*range(count), *range(count - 2, 0, -1)]:
        frame = Image.new("RGB", (len(columns) * (wide + GAP) + GAP, height + 28 + GAP), SHEET)
        for place, (label, row) in enumerate(columns):
            left = GAP + place * (wide + GAP)
            ImageDraw.Draw(frame).text((left, 6), label, INK, letters)
            frame.paste(images.image(row[moment]), (left, 28))
        frames.extend([np.asarray(frame)] * (rest if moment in (0, count - 1) else 1))
    return np.stack(frames)


def wrapped(text: str, letters: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> list[str]:
    """The text as lines no wider than `room` pixels, broken between words, and inside one that is wider alone."""
    made = []
    for line in text.strip().splitlines():
        current = ""
        for word in line.split():
            longer = f"{current} {word}".strip()
            if letters.getlength(longer) <= room:
                current = longer
                continue
            if current:
                made.append(current)
            most = max(1, int(len(word) * room / max(letters.getlength(word), 1)) - 1)
            *whole, current = textwrap.wrap(word, most) if letters.getlength(word) > room else [word]
            made.extend(whole)
        made.append(current)
    return made


def writable(text: str) -> str:
    """The text in the letters that Pillow's own font has: accents dropped, signs and Greek spelled out, else "?"."""
    plain = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if letter.isascii() or letter in "·“”’…°" else "?" for letter in letters)


_SPELLED = str.maketrans(
    {"×": "x", "–": "-", "—": "-", "−": "-", "→": "->", "≤": "<=", "≥": ">=", "ß": "ss"}
    | {"α": "alpha", "β": "beta", "γ": "gamma", "ε": "epsilon", "λ": "lambda", "ρ": "rho", "σ": "sigma", "τ": "tau"}
)


def _need(frames: Frames) -> None:
    if not frames.size:
        raise AevizError("A film of no frames cannot be written. Wait until the run has its first frame.")
