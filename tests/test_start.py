"""start.py without installing anything: its decisions and its sentences."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import start


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with requirement files and an empty environment."""
    (tmp_path / "requirements.txt").write_text("-c constraints.txt\ntorch==2.13.0   # models\nnumpy==2.4.6\n")
    (tmp_path / "requirements-ray.txt").write_text("ray==2.60.0\n")
    (tmp_path / "requirements-dev.txt").write_text("pytest==9.2.0\n")
    (tmp_path / "constraints.txt").write_text("scipy==1.17.1\n")
    (tmp_path / ".venv").mkdir()
    return tmp_path


def installed(files: tuple[str, ...], tree: Path) -> bool:
    return start.is_installed(files, tree, tree / ".venv")


def record(files: tuple[str, ...], tree: Path) -> None:
    start.stamp_of(files, tree / ".venv").write_text(start.fingerprint(files, tree))


def test_nothing_is_installed_before_the_first_start(tree):
    assert not installed(start.APP, tree)
    assert not installed(start.TESTS, tree)


def test_an_installation_is_remembered(tree):
    record(start.APP, tree)
    assert installed(start.APP, tree)
    assert not installed(start.TESTS, tree), "the app's packages are not those of the tests"


@pytest.mark.parametrize(
    "changed", ["requirements.txt", "requirements-ray.txt", "requirements-dev.txt", "constraints.txt"]
)
def test_a_changed_file_asks_for_a_new_installation(tree, changed):
    record(start.APP, tree)
    record(start.TESTS, tree)
    (tree / changed).write_text((tree / changed).read_text() + "tqdm==4.70.1\n")
    assert not installed(start.TESTS, tree)
    assert installed(start.APP, tree) == (changed in {"requirements-ray.txt", "requirements-dev.txt"})


def test_moving_a_line_from_one_file_to_the_next_is_a_change(tree):
    before = start.fingerprint(start.TESTS, tree)
    (tree / "requirements-dev.txt").write_text("")
    with (tree / "requirements.txt").open("a") as file:
        file.write("pytest==9.2.0\n")
    assert start.fingerprint(start.TESTS, tree) != before


def test_the_torch_pin_comes_without_its_comment(tree):
    assert start.torch_pin(tree) == "torch==2.13.0"
    assert start.torch_pin().startswith("torch==")


@pytest.mark.parametrize("version", [(3, 11), (3, 12, 4), (4, 0)])
def test_a_new_python_will_do(version):
    assert start.too_old(version) == ""


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 8, 10), (3, 10, 12)])
def test_an_old_python_gets_a_sentence(version):
    sentence = start.too_old(version)
    assert "3.11" in sentence
    assert f"{version[0]}.{version[1]}" in sentence
    assert sentence.count("Python") == 2


def test_an_old_python_can_read_the_script():
    ast.parse(Path(start.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_an_environment_that_is_missing_or_half_made_does_not_work(tmp_path):
    assert not start.works(tmp_path / "python")
    assert start.works(Path(sys.executable)), "this Python runs and has pip"


def test_an_environment_without_pip_does_not_work(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    assert not start.works(tmp_path / start.PYTHON.relative_to(start.ENVIRONMENT))


def executable(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_chromium_is_sought_on_the_path(tmp_path, monkeypatch):
    monkeypatch.delenv("AEVIZ_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert start.chromium() is None
    chrome = executable(tmp_path / "google-chrome")
    assert start.chromium() == str(chrome)
    chromium = executable(tmp_path / "chromium")
    assert start.chromium() == str(chromium)


def test_the_named_chromium_is_the_only_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    executable(tmp_path / "chromium")
    named = executable(tmp_path / "my own chrome")
    monkeypatch.setenv("AEVIZ_CHROMIUM", str(named))
    assert start.chromium() == str(named)
    monkeypatch.setenv("AEVIZ_CHROMIUM", str(tmp_path / "nothing"))
    assert start.chromium() is None


def test_without_chromium_one_line_tells_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("AEVIZ_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # neither a browser nor apt-get
    start.provide_chromium()
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert "AEVIZ_CHROMIUM" in told
    assert "skipped" in told


@pytest.fixture
def became(monkeypatch):
    """What main would have become, with everything installed already."""
    commands: list[list[str]] = []
    monkeypatch.setattr(start, "install", lambda files: 0)
    monkeypatch.setattr(start, "provide_chromium", lambda: None)

    def become(command: list[str]) -> int:
        commands.append(command)
        return 7

    monkeypatch.setattr(start, "become", become)
    return commands


def test_words_go_on_to_streamlit(became):
    assert start.main(["--server.port", "8600"]) == 7
    assert became[0][1:] == ["-m", "streamlit", "run", "app.py", "--server.port", "8600"]


def test_words_go_on_to_pytest(became):
    assert start.main(["test", "-k", "digits"]) == 7
    assert became[0][1:] == ["-m", "pytest", *start.IN_PARALLEL, "-k", "digits"]


def test_a_failed_installation_ends_the_start(became, monkeypatch):
    monkeypatch.setattr(start, "install", lambda files: 3)
    assert start.main([]) == 3
    assert became == []


def test_every_requirement_is_pinned():
    for name in (*start.TESTS, "constraints.txt"):
        lines = (start.HERE / name).read_text(encoding="utf-8").splitlines()
        wanted = [line.split("#")[0].strip() for line in lines]
        assert all("==" in line for line in wanted if line and not line.startswith("-c ")), name
