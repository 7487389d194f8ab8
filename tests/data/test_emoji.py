"""Tagged emoji: read from files of one's own, and put together from the public sources."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeviz.data import TaggedEmoji, emoji
from aeviz.errors import DataError

SHOWN = "😀😃😄😁😆😅🤣😂🙂🙃😉😊"  # each has a picture at the server
OLDER = "🥰"  # this one has none


def png(colour: tuple[int, int, int, int]) -> bytes:
    """A picture of one colour whose left half is transparent."""
    picture, kept = Image.new("RGBA", (32, 32), colour), io.BytesIO()
    picture.paste((0, 0, 0, 0), (0, 0, 16, 32))
    picture.save(kept, "PNG")
    return kept.getvalue()


class Server:
    """The two public sources on this machine, with what was asked of them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        words = {each: [f"face_{at}", "face", "smile"] for at, each in enumerate(SHOWN + OLDER)}
        self.answers = {emoji.file_name(each): png((20 * at, 0, 0, 255)) for at, each in enumerate(SHOWN)}
        self.pictures = hashlib.sha256(
            b"".join(hashlib.sha256(self.answers[name]).digest() for name in sorted(self.answers))
        ).hexdigest()
        self.answers[emoji.WORDS] = json.dumps(words).encode()
        self.words = f"sha256:{hashlib.sha256(self.answers[emoji.WORDS]).hexdigest()}"
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                server.asked.append(name)
                body = server.answers.get(name)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    for name, value in (
        ("PICTURES_AT", made.url), ("WORDS_AT", made.url), ("PICTURES_ARE", made.pictures), ("WORDS_ARE", made.words),
        ("COUNT", len(SHOWN)),
    ):  # fmt: skip
        monkeypatch.setattr(emoji, name, value)
    yield made
    made.http.shutdown()
    made.http.server_close()


def test_a_picture_is_named_by_its_code_points() -> None:
    assert emoji.file_name("😀") == "emoji_u1f600.png"
    assert emoji.file_name("#️⃣") == "emoji_u0023_20e3.png"
    assert emoji.file_name("👨\u200d🚀") == "emoji_u1f468_200d_1f680.png"


def test_fetched_once_and_without_the_emoji_that_have_no_picture(server: Server) -> None:
    data = TaggedEmoji(size=16).load()
    assert len(data.train) + len(data.test) == len(SHOWN)
    assert data.train.tags is not None and data.test.tags is not None
    both = np.concatenate([data.train.tags, data.test.tags])
    assert {word for word, count in zip(data.tag_names, both.sum(0), strict=True) if count} == {"face", "smile"}
    assert (both.sum(1) == 2).all()
    assert len(server.asked) == len(set(server.asked)) == len(SHOWN) + 2
    again = TaggedEmoji(size=16).load()
    assert len(server.asked) == len(SHOWN) + 2
    assert np.array_equal(again.train.x, data.train.x)


def test_what_is_transparent_is_white(server: Server) -> None:
    x = np.concatenate([part.x for part in (TaggedEmoji(size=16).load().train, TaggedEmoji(size=16).load().test)])
    assert (x[..., :8] == 1).all()
    assert sorted((x[:, 0, 0, 15] * 255).round().tolist()) == [20 * at for at in range(len(SHOWN))]
    assert (x[:, 1:, :, 8:] == 0).all()


def test_other_pictures_than_expected_are_not_kept(server: Server, tmp_path: Path) -> None:
    name = emoji.file_name(SHOWN[0])
    right, server.answers[name] = server.answers[name], png((1, 2, 3, 255))
    with pytest.raises(DataError, match=r"other pictures than expected.*Connect to the internet"):
        TaggedEmoji().load()
    server.answers[name] = right
    assert len(TaggedEmoji().load().train) > 0


def test_no_network_is_a_sentence(server: Server) -> None:
    del server.answers[emoji.WORDS]
    with pytest.raises(DataError, match="not on this computer"):
        TaggedEmoji().load()


def test_own_files_come_first(own_idx: Path, server: Server) -> None:
    assert TaggedEmoji().sizes() == (32, 8)
    assert len(TaggedEmoji().load().test) == 8 and not server.asked


@pytest.mark.parametrize("name", emoji.FILES)
def test_a_file_that_is_missing_is_named(own_idx: Path, name: str) -> None:
    (own_idx / emoji.FOLDER / name).unlink()
    with pytest.raises(DataError, match=f"lacks {name}"):
        TaggedEmoji().sizes()


@pytest.mark.parametrize("name", emoji.FILES)
@pytest.mark.parametrize("content", [b"", b"[1, 2]", b'{"a": 3}', b"PK\x03\x04 cut off"])
def test_damaged_files_are_a_sentence(own_idx: Path, name: str, content: bytes) -> None:
    (own_idx / emoji.FOLDER / name).write_bytes(content)
    with pytest.raises(DataError, match=r"damaged|at least 10"):
        TaggedEmoji().load()
