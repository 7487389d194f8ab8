"""Install aeviz into .venv beside this file, once, and start it; `python start.py test` runs its tests instead.

Further words go to Streamlit (python start.py --server.port 8600) or to pytest (python start.py test -k digits).
"""

from __future__ import annotations  # a Python that is too old must be able to read this file, to say so

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)
APP = ("requirements.txt",)
TESTS = ("requirements.txt", "requirements-ray.txt", "requirements-dev.txt")
# A process for each core; -n 0 after it has one for all. Files in their order: the few long tests would come last.
IN_PARALLEL = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
NO_CHROMIUM = "There is no Chromium: install one (apt-get install chromium) or put its path into AEVIZ_CHROMIUM."


def say(words: str) -> None:
    """One line for the person who waits, before whatever a child process prints."""
    print(f"aeviz: {words}", flush=True)


def too_old(version: Sequence[int]) -> str:
    """A sentence if this Python cannot run aeviz, else nothing."""
    if tuple(version[:2]) >= OLDEST:
        return ""
    needed, here = (".".join(map(str, each[:2])) for each in (OLDEST, version))
    return f"Python {needed} or newer is needed, and this is Python {here}. Try: python{needed} start.py"


def fingerprint(files: Sequence[str], folder: Path = HERE) -> str:
    """A hash of what is to be installed: the requirement files and the versions that they bring along."""
    contents = [(folder / name).read_bytes() for name in (*files, "constraints.txt")]
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def stamp_of(files: Sequence[str], environment: Path = ENVIRONMENT) -> Path:
    """Where the fingerprint of the last complete installation of these files is kept."""
    return environment / f"installed-{Path(files[-1]).stem}"


def is_installed(files: Sequence[str], folder: Path = HERE, environment: Path = ENVIRONMENT) -> bool:
    """Whether these very files were installed to the end."""
    stamp = stamp_of(files, environment)
    return stamp.is_file() and stamp.read_text() == fingerprint(files, folder)


def works(python: Path) -> bool:
    """Whether this is a Python new enough that can install packages; in a half-made environment it is not."""
    question = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    return python.exists() and not subprocess.call([str(python), "-c", question], stderr=subprocess.DEVNULL)


def torch_pin(folder: Path = HERE) -> str:
    """The torch line of requirements.txt, without its comment."""
    lines = (folder / APP[0]).read_text(encoding="utf-8").splitlines()
    return next(line.split("#")[0].strip() for line in lines if line.startswith("torch=="))


def pip_install(*words: str, heard: bool = True) -> int:
    """Run pip. On a terminal one line tells what it is at; what it said last is shown when it fails, if heard."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", *words]
    said: list[str] = []
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in itertools.chain(process.stdout or (), [""]):
            said.append(line)
            if sys.stdout.isatty():
                print(f"\r\x1b[2K{line.strip()[:76]}", end="", flush=True)
    if heard and process.returncode:
        print("".join(said[-20:]))
    return process.returncode


def install(files: Sequence[str]) -> int:
    """Make .venv if there is none that works, and install these files unless that is done already."""
    if not works(PYTHON):
        say(".venv is broken, making it anew ..." if ENVIRONMENT.exists() else "making .venv ...")
        if subprocess.call([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]):
            say("Python could not make .venv. On Debian and Ubuntu: apt-get install python3-venv")
            return 1
    if is_installed(files):
        return 0
    say(f"installing {', '.join(files)}; the first time this takes some minutes ...")
    if sys.platform == "linux" and shutil.which("nvidia-smi") is None:
        # PyPI's torch brings gigabytes of CUDA. It is taken below all the same if this index is out of reach.
        once = ["--no-deps", "--timeout", "5", "--retries", "0", "--index-url", "https://download.pytorch.org/whl/cpu"]
        pip_install(*once, torch_pin(), heard=False)
    if failed := pip_install(*(word for name in files for word in ("-r", name))):
        say("the installation failed; pip said why above. Another start goes on from here.")
        return failed
    for count in range(1, len(files) + 1):
        stamp_of(files[:count]).write_text(fingerprint(files[:count]))
    return 0


def chromium() -> str | None:
    """The browser that the tests use: the one that AEVIZ_CHROMIUM names, else the first on the PATH."""
    named = os.environ.get("AEVIZ_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


def provide_chromium() -> None:
    """Install Chromium where that needs no question, else say how to get it."""
    allowed = shutil.which("apt-get") and os.geteuid() == 0 and not os.environ.get("AEVIZ_CHROMIUM")
    if chromium() is None and allowed:
        say("installing Chromium for the browser tests ...")
        unasked = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("update", "install -y chromium"):
            subprocess.call(["apt-get", "-qq", *command.split()], env=unasked, stdout=subprocess.DEVNULL)
    if chromium() is None:
        say(f"{NO_CHROMIUM} The browser tests are skipped.")


def become(command: list[str]) -> int:
    """Run the command in this process's place, so that signals and the exit status are its own."""
    os.chdir(HERE)  # Streamlit looks for .streamlit/config.toml here
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}  # waiting threads that spin take the browser's core
    if os.name == "posix":
        os.execve(command[0], command, environment)
    return subprocess.call(command, env=environment)


def main(words: list[str]) -> int:
    """Install what is missing, then run the tests or the app; the exit status is theirs."""
    if complaint := too_old(sys.version_info[:2]):
        say(complaint)
        return 1
    testing = words[:1] == ["test"]
    if failed := install(TESTS if testing else APP):
        return failed
    if testing:
        provide_chromium()
    program = ["pytest", *IN_PARALLEL, *words[1:]] if testing else ["streamlit", "run", "app.py", *words]
    return become([str(PYTHON), "-m", *program])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
