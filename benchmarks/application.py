"""The real application, started for a measurement, a test or a picture, on a store of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent

CHROMIUM_FLAGS = (
    "--no-sandbox",  # root in a container has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Application:
    """A running server. address: where a browser finds it. store: its folder of runs. process: the server's id."""

    address: str
    store: Path
    process: int


@contextlib.contextmanager
def application(store: Path | None = None, script: str = "app.py", **environment: str) -> Iterator[Application]:
    """Start the server on a free port and stop it, and its workers, at the end. script: another page than the app."""
    folder = store or Path(tempfile.mkdtemp(prefix="aeviz-"))
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true", f"--server.port={port}"]
    log = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the server is
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"AEVIZ_STORE": str(folder)} | environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        # Ctrl-C in a terminal reaches every process of its group; the server shall end in order, its workers first.
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address, process, log)
        yield Application(address, folder, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
        if store is None:
            shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(address: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
            return
        time.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"The application did not start:\n{log.read().decode(errors='replace')[-2000:]}")
