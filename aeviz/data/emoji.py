"""Emoji with their keywords as tags: real pictures, few of each kind, and words that people chose."""

import hashlib
import io
import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from aeviz.data.dataset import Dataset, Progress, Source, Split, silent
from aeviz.data.download import TIMEOUT, cache_folder, fetch
from aeviz.errors import DataError
from aeviz.spec import knob

FOLDER = "noto_emoji_tags"
PICTURES, KEYWORDS = "noto_png128.zip", "tags.json"
COUNT = 1256
SHUFFLE = 0
AT_ONCE = 16
PICTURES_AT = "https://raw.githubusercontent.com/nohana/noto-emoji/352632eb1935fd2b732f6f3ca0a24e9754c3eccf/png/128/"
PICTURES_ARE = "55feaaa07007f3bf662d142c3b07b65ccc0d5ccb6e387dfa63e78a31356aabc2"
WORDS_AT = "https://raw.githubusercontent.com/muan/emojilib/4e1c15de584dd07af4a7f580c8c57d1da616c89e/dist/"
WORDS = "emoji-en-US.json"
WORDS_ARE = "sha256:3e3ac8b3a3a12e414857efbcd06c1c74fb457848e565ecde3372cff826bfc032"
# The keywords of at least ten of the emoji, in the order of the alphabet.
VOCABULARY = tuple(
    """
    activity affection alphabet animal arrow astrology ball bank bar beach beverage bird black blue-square body boy
    building business cats celebration child children chinese circle cjk clock clothing cold comic communication
    computer daughter dessert digit direction documents drink early email entertainment evening exercise eye eyes
    face fairy fantasy fashion father female finger fingers flower food forbidden fruit game gay geometric gesture
    girl good green hand happy heart heavy home hot human icon ideograph japanese kanji late law left legal letter
    lgbt like love magic mail male man mark meaning men money mother mouth music nature night no not note numbers
    ocean oclock open orange-square o’clock paper parent parents party people person photo pink planet plant play
    pointing pride prohibited purple-square record red religion rightwards romance sad sales schedule school sea
    shape ship sick sign sleep smile smiling son sound space sports spring squared stationery study summer sun sweet
    symbol tale technology time tool transportation triangle twilight two unified upset valentines vegetable vehicle
    video water weather white woman women words yellow zodiac
    """.split()  # noqa: SIM905 -- as a list it would fill two pages
)


@dataclass(frozen=True)
class TaggedEmoji(Source):
    """1,256 emoji with the keywords by which people find them: 170 words that at least ten of them have.

    x: n × 3 × s × s, on white, averaged down from 128 × 128. A fifth is held out by a fixed shuffle. tags: whether a
    word is among an emoji's keywords; some have none of them, most several. There are no classes. About 8 MB, fetched
    on first use as one small file for each emoji.

    Source: pictures by Google, Noto Emoji, in the copy https://github.com/nohana/noto-emoji, Apache License 2.0;
    keywords: https://github.com/muan/emojilib, MIT License. Skin tones, and emoji without a picture there, are left
    out.
    """

    title: ClassVar[str] = "Tagged emoji"

    size: int = knob(32, "Size", "Width and height of an image in pixels.", low=16, high=128)

    def shape(self) -> tuple[int, ...]:
        return (3, self.size, self.size)

    def sizes(self) -> tuple[int, int]:
        own = own_folder()
        count = COUNT if own is None else len(pictured(own))
        return (count - count // 5, count // 5)

    def classes(self) -> tuple[str, ...]:
        return ()

    def tag_names(self) -> tuple[str, ...]:
        return VOCABULARY

    def stamp(self) -> str:
        """Which files would be read: where they are, their sizes and times."""
        folder = own_folder()
        if folder is None:
            return str(cache_folder() / FOLDER)
        return f"{folder} {[((folder / each).stat().st_size, (folder / each).stat().st_mtime_ns) for each in FILES]}"

    def load(self, progress: Progress = silent) -> Dataset:
        folder = own_folder() or fetched(cache_folder() / FOLDER, progress)
        words = pictured(folder)
        place = {word: at for at, word in enumerate(VOCABULARY)}
        x = np.empty((len(words), *self.shape()), np.float32)
        tags = np.zeros((len(words), len(VOCABULARY)), np.float32)
        with zipfile.ZipFile(folder / PICTURES) as archive:
            for row, (name, keywords) in enumerate(words.items()):
                if row % 100 == 0:
                    progress(row / len(words), "Reading emoji")
                x[row] = picture(archive.read(name), self.size, folder / PICTURES, name)
                tags[row, [place[word] for word in keywords if word in place]] = 1
        order = np.random.default_rng(SHUFFLE).permutation(len(words))
        whole, train = Split(x, tags=tags), self.sizes()[0]
        return Dataset(whole.taken(order[:train]), whole.taken(order[train:]), tag_names=VOCABULARY)


FILES = (PICTURES, KEYWORDS)


def own_folder() -> Path | None:
    """The folder under AEVIZ_DATA that holds the pictures and the keywords, None where there is none.

    Raises:
        DataError: one of the two is there and the other is not.
    """
    root = os.environ.get("AEVIZ_DATA")
    own = Path(root) / FOLDER if root else None
    missing = [name for name in FILES if own is None or not (own / name).is_file()]
    if own is None or len(missing) == len(FILES):
        return None
    if missing:
        raise DataError(
            f"{own} lacks {missing[0]}. Add it, or move the other file away so that {TaggedEmoji.title} is fetched."
        )
    return own


def pictured(folder: Path) -> dict[str, list[str]]:
    """The keywords of each emoji that has a picture, by the picture's name and in that order.

    Raises:
        DataError: the files are damaged, or hold fewer than ten such pictures.
    """
    try:
        words = json.loads((folder / KEYWORDS).read_text("utf-8"))
        with zipfile.ZipFile(folder / PICTURES) as archive:
            names = set(archive.namelist())
        found = {name: [str(word) for word in words[name]] for name in sorted(words) if name in names}
    except (OSError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{folder} holds a damaged {KEYWORDS} or {PICTURES} ({error}). Put whole copies there."
        ) from error
    if len(found) < 10:
        raise DataError(
            f"{folder} has pictures for {len(found)} of the emoji in {KEYWORDS}; at least 10 are needed. Add more."
        )
    return found


def picture(data: bytes, size: int, path: Path, name: str) -> Float[np.ndarray, "3 size size"]:
    """One picture on white, in [0, 1].

    Raises:
        DataError: it cannot be read.
    """
    from PIL import Image

    try:
        drawn = Image.open(io.BytesIO(data)).convert("RGBA")
        white = Image.new("RGBA", drawn.size, "white")
        white.alpha_composite(drawn)
        small = white.convert("RGB").resize((size, size), Image.Resampling.BOX)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{name} in {path} is not a picture that can be read ({error}). Put a whole copy there."
        ) from error
    pixels: Float[np.ndarray, "3 size size"] = np.asarray(small, np.float32).transpose(2, 0, 1) / np.float32(255)
    return pixels


# Fetching


def file_name(emoji: str) -> str:
    """The name of an emoji's picture: its code points but for the one that asks for a picture."""
    return f"emoji_u{'_'.join(f'{ord(each):04x}' for each in emoji if ord(each) != 0xFE0F)}.png"


def fetched(folder: Path, progress: Progress = silent) -> Path:
    """The folder with both files, made from the public sources where it is not there yet.

    Raises:
        DataError: they could not be fetched.
    """
    import filelock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / "emoji.lock"):
            if not all((folder / name).is_file() for name in FILES):
                fetch(WORDS, [WORDS_AT], WORDS_ARE, folder, progress)
                keywords = json.loads((folder / WORDS).read_text("utf-8"))
                words = {file_name(emoji): each for emoji, each in keywords.items()}
                pictures = _pictures(sorted(words), progress)
                partly = folder / f"{PICTURES}.part"
                with zipfile.ZipFile(partly, "w") as archive:
                    for name, data in pictures.items():
                        archive.writestr(zipfile.ZipInfo(name), data)
                partly.replace(folder / PICTURES)
                (folder / KEYWORDS).write_text(json.dumps({name: words[name] for name in pictures}), "utf-8")
    except OSError as error:
        raise DataError(f"{TaggedEmoji.title} cannot be kept in {folder}: {error.strerror or error}.") from error
    except DataError as error:
        raise DataError(
            f"{TaggedEmoji.title} is not on this computer and could not be fetched. {error} Connect to the internet "
            f"and try again, or put {' and '.join(FILES)} into {folder}."
        ) from error
    return folder


def _pictures(names: list[str], progress: Progress) -> dict[str, bytes]:
    """The pictures that there are, by name and in order; several are asked for at once."""
    import requests

    with requests.Session() as session:
        session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=2))

        def asked(name: str) -> bytes | None:
            answer = session.get(PICTURES_AT + name, timeout=TIMEOUT)
            if answer.status_code == requests.codes.not_found:
                return None  # the copy is older than some emoji
            answer.raise_for_status()
            return answer.content

        found = dict[str, bytes]()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for at, (name, data) in enumerate(zip(names, pool.map(asked, names), strict=True)):
                    if at % 20 == 0:
                        progress(at / len(names), f"Fetching emoji: {at:,} of {len(names):,}")
                    if data is not None:
                        found[name] = data
            except requests.RequestException as error:
                pool.shutdown(cancel_futures=True)
                raise DataError(f"{PICTURES_AT} did not give all pictures ({type(error).__name__}).") from error
    digest = hashlib.sha256()
    for data in found.values():
        digest.update(hashlib.sha256(data).digest())
    if digest.hexdigest() != PICTURES_ARE:
        raise DataError(f"{PICTURES_AT} gave other pictures than expected (the checksum differs).")
    return found
