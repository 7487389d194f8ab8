"""MNIST and its kin: own files, downloads, and what goes wrong with them. No network is touched."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from aeviz.data import KMnist, Mnist
from aeviz.data.cache import loaded
from aeviz.data.download import fetch
from aeviz.data.idx import FILES, binary, read_idx
from aeviz.errors import DataError


class Mirror:
    """A server on this computer: `answers[name]` are the bodies to give, one after another, the last for ever."""

    def __init__(self) -> None:
        self.answers: dict[str, list[bytes]] = {}
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                mirror.asked.append(name)
                bodies = mirror.answers.get(name, [])
                if not bodies:
                    self.send_error(404)
                    return
                body = bodies.pop(0) if len(bodies) > 1 else bodies[0]
                cut = body.startswith(b"CUT")
                body = body.removeprefix(b"CUT")
                self.send_response(200)
                self.send_header("Content-Length", str(2 * len(body) if cut else len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/set/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, official: dict[str, bytes]) -> Iterator[Mirror]:
    """A mirror that holds a small official MNIST; `Mnist` asks nobody else."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    made = Mirror()
    made.answers = {name: [content] for name, content in official.items()}
    monkeypatch.setattr(Mnist, "mirrors", (made.url,))
    monkeypatch.setattr(
        Mnist, "checksums", tuple(f"sha256:{hashlib.sha256(official[name]).hexdigest()}" for name in FILES)
    )
    yield made
    made.close()


def test_downloads_once_reports_progress_and_leaves_only_the_files(mirror: Mirror, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    data = Mnist(train=300, test=100).load(lambda fraction, words: told.append((fraction, words)))
    assert mirror.asked == list(FILES)
    assert {each.name for each in (tmp_path / "cache" / "mnist").iterdir() if each.suffix != ".lock"} == set(FILES)
    assert any("MB" in words for _, words in told) and all(0 <= fraction <= 1 for fraction, _ in told)
    again = Mnist(train=300, test=100).load()
    assert mirror.asked == list(FILES)
    assert data.train.x.tobytes() == again.train.x.tobytes() and data.notices == ()


def test_pixels_and_labels_are_those_of_the_files(mirror: Mirror, official: dict[str, bytes]) -> None:
    data = Mnist(train=300, test=100).load()
    pixels = np.frombuffer(gzip.decompress(official[FILES[0]])[16:], np.uint8).reshape(-1, 1, 28, 28)
    labels = np.frombuffer(gzip.decompress(official[FILES[1]])[8:], np.uint8)
    assert np.array_equal(np.rint(data.train.x * 255), pixels[:300])
    assert data.train.labels is not None and np.array_equal(data.train.labels, labels[:300])


@pytest.mark.parametrize(
    ("train", "test", "sizes"), [(150, 100, (150, 100)), (60_000, 100, (300, 100)), (60_000, 10_000, (200, 200))]
)
def test_validation_images_are_the_last_of_the_training_set_and_never_trained_on(
    own_idx: Path, train: int, test: int, sizes: tuple[int, int]
) -> None:
    source = Mnist(train=train, test=test, held_out="validation")
    data, whole = source.load(), Mnist(train=60_000, test=50).load().train
    assert len(whole) == 400, "at most half of them are held out"
    assert source.sizes() == sizes == (len(data.train), len(data.test))
    first, last = slice(sizes[0]), slice(-sizes[1], None)
    assert np.array_equal(data.train.x, whole.x[first]) and np.array_equal(data.test.x, whole.x[last])
    assert whole.labels is not None
    assert np.array_equal(data.train.labels, whole.labels[first])  # type: ignore[arg-type]
    assert np.array_equal(data.test.labels, whole.labels[last])  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [b"<html>Sign in to the network</html>", b"", b"CUT" + b"x" * 1000])
def test_bad_bytes_first_and_good_bytes_second(mirror: Mirror, official: dict[str, bytes], bad: bytes) -> None:
    mirror.answers[FILES[0]] = [bad, official[FILES[0]]]
    assert len(Mnist(train=300, test=100).load().train) == 300
    assert mirror.asked.count(FILES[0]) == 2


def test_bad_bytes_for_ever_are_reported_and_not_kept(mirror: Mirror, tmp_path: Path) -> None:
    mirror.answers[FILES[1]] = [b"never right"]
    with pytest.raises(DataError, match="wrong checksum"):
        Mnist().load()
    assert mirror.asked.count(FILES[1]) == 2
    assert not (tmp_path / "cache" / "mnist" / FILES[1]).exists()


@pytest.mark.parametrize("keep", [0, 500])
def test_a_half_file_in_the_cache_is_replaced(
    mirror: Mirror, official: dict[str, bytes], tmp_path: Path, keep: int
) -> None:
    folder = tmp_path / "cache" / "mnist"
    folder.mkdir(parents=True)
    (folder / FILES[0]).write_bytes(official[FILES[0]][:keep])
    Mnist(train=300, test=100).load()
    assert (folder / FILES[0]).read_bytes() == official[FILES[0]]


def test_the_second_mirror_is_asked_and_then_stayed_with(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Mirror()  # answers 404 to everything
    try:
        monkeypatch.setattr(Mnist, "mirrors", (missing.url, mirror.url))
        Mnist(train=300, test=100).load()
    finally:
        missing.close()
    assert missing.asked == [FILES[0]]
    assert mirror.asked == list(FILES)


def test_offline_names_the_folder_and_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    closed = Mirror()
    closed.close()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(KMnist, "mirrors", (closed.url,))
    with pytest.raises(DataError) as caught:
        KMnist().load()
    words = str(caught.value)
    assert str(tmp_path / "cache" / "kmnist") in words and all(name in words for name in FILES)
    assert "cannot be reached" in words and "Traceback" not in words
    assert KMnist().sizes() == (10_000, 2000) and KMnist().shape() == (1, 28, 28)


def test_a_folder_that_cannot_be_written_is_named(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("AEVIZ_CACHE", str(blocked))
    with pytest.raises(DataError, match=r"cannot be kept in"):
        Mnist().load()


def test_many_at_once_fetch_once(mirror: Mirror, official: dict[str, bytes], tmp_path: Path) -> None:
    checksum = f"sha256:{hashlib.sha256(official[FILES[0]]).hexdigest()}"
    used: list[str] = []
    threads = [
        threading.Thread(target=lambda: used.append(fetch(FILES[0], [mirror.url], checksum, tmp_path / "shared")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(used) == ["", "", "", "", "", mirror.url]
    assert mirror.asked == [FILES[0]]


def test_own_files_come_first_and_are_named_when_they_are_not_the_official_ones(own_idx: Path, mirror: Mirror) -> None:
    data = Mnist(train=300, test=100).load()  # the fixtures hold the same bytes under the two names
    assert data.notices == () and mirror.asked == []
    (own_idx / "mnist" / FILES[3]).write_bytes(
        gzip.compress(gzip.decompress((own_idx / "mnist" / FILES[3]).read_bytes()), 1)
    )
    notices = Mnist(train=300, test=100).load().notices
    assert len(notices) == 1 and FILES[3] in notices[0] and "checksum" in notices[0]


def test_own_files_may_be_few(own_idx: Path) -> None:
    source = Mnist()
    assert source.sizes() == (400, 200)
    data = source.load()
    assert (len(data.train), len(data.test)) == (400, 200)
    assert any("400" in notice for notice in data.notices)


def test_a_folder_that_lacks_some_files_is_not_mixed_with_others(own_idx: Path, mirror: Mirror) -> None:
    (own_idx / "mnist" / FILES[1]).unlink()
    with pytest.raises(DataError, match=FILES[1]):
        Mnist().load()
    assert mirror.asked == []


def test_a_folder_without_this_set_is_passed_over(own_idx: Path, mirror: Mirror) -> None:
    for name in FILES:
        (own_idx / "mnist" / name).unlink()
    assert len(Mnist(train=300, test=100).load().train) == 300
    assert mirror.asked == list(FILES)


@pytest.mark.parametrize(
    "spoil", ["half", "flipped", "html", "empty", "longer", "shorter", "size", "labels", "classes", "none"]
)
def test_a_bad_file_of_ones_own_gets_a_sentence_and_stays(own_idx: Path, to_idx, spoil: str) -> None:
    images, labels = own_idx / "mnist" / FILES[0], own_idx / "mnist" / FILES[1]
    good = images.read_bytes()
    plain = gzip.decompress(good)
    match spoil:
        case "half":
            images.write_bytes(good[: len(good) // 2])
        case "flipped":
            images.write_bytes(good[:5000] + bytes([good[5000] ^ 255]) + good[5001:])
        case "html":
            images.write_bytes(b"<html>not found</html>")
        case "empty":
            images.write_bytes(b"")
        case "longer":
            images.write_bytes(gzip.compress(plain + b"more"))
        case "shorter":
            images.write_bytes(gzip.compress(plain[:-4]))
        case "size":
            images.write_bytes(to_idx(np.zeros((400, 32, 32))))
        case "labels":
            labels.write_bytes(to_idx(np.zeros(399)))
        case "classes":
            labels.write_bytes(to_idx(np.full(400, 26)))
        case "none":
            images.write_bytes(to_idx(np.zeros((0, 28, 28))))
            labels.write_bytes(to_idx(np.zeros(0)))
    before = images.read_bytes(), labels.read_bytes()
    with pytest.raises(DataError) as caught:
        Mnist().load()
    assert str(own_idx / "mnist") in str(caught.value) and str(caught.value).endswith(".")
    assert (images.read_bytes(), labels.read_bytes()) == before


def test_a_header_that_promises_the_moon_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "moon.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12 + b"few"))
    with pytest.raises(DataError, match="should hold"):
        read_idx(path)


def test_changed_files_of_ones_own_are_read_anew(own_idx: Path, to_idx) -> None:
    first = loaded(Mnist(train=300, test=100))
    assert loaded(Mnist(train=300, test=100)) is first
    (own_idx / "mnist" / FILES[0]).write_bytes(to_idx(np.full((400, 28, 28), 255)))
    assert loaded(Mnist(train=300, test=100)).train.x.min() == 1


def test_pixels_become_zeros_and_ones_by_threshold_or_by_a_draw_that_stays(mirror: Mirror) -> None:
    grey = Mnist(train=300, test=100).load()
    cut = Mnist(train=300, test=100, pixels="threshold").load()
    assert np.array_equal(cut.test.x, grey.test.x > 0.5)
    drawn, again, fewer = (Mnist(train=count, test=100, pixels="drawn").load() for count in (300, 300, 200))
    assert set(np.unique(drawn.train.x)) == {0, 1} and drawn.train.x.dtype == np.float32
    assert np.array_equal(drawn.train.x, again.train.x) and np.array_equal(drawn.test.x, again.test.x)
    assert np.array_equal(drawn.train.x[:200], fewer.train.x) and np.array_equal(drawn.test.x, fewer.test.x)
    assert np.array_equal(drawn.train.labels, grey.train.labels)


def test_pixels_are_drawn_with_the_grey_level_as_probability() -> None:
    levels = np.array([0, 0.1, 0.5, 0.9, 1], np.float32)
    drawn = binary(np.tile(levels, (20_000, 1)), "drawn", np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(0), levels, atol=4 * np.sqrt(0.25 / 20_000))
    assert (drawn[:, 0] == 0).all() and (drawn[:, -1] == 1).all()
