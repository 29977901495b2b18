"""From a download and a bare Python, one command serves the first notebook, to this computer only."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_SHIPPED = shutil.ignore_patterns(
    ".git", ".venv", ".shipped.*", "notebooks-kept", "test-artefacts", ".*_cache", ".hypothesis", "__pycache__"
)


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole project as somebody downloads it, in a folder with a space in its name."""
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("a folder") / "a download", ignore=NOT_SHIPPED))


@pytest.fixture(scope="module")
def port(download: Path) -> Iterator[int]:
    """Where JupyterLab listens, once it does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    options = ["--no-browser", f"--port={number}", "--ServerApp.port_retries=0", "--IdentityProvider.token=t"]
    server = subprocess.Popen(
        [sys.executable, "kit.py", "open", *options],
        cwd=download,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(download.parent)},
        stdin=subprocess.DEVNULL,
    )
    try:
        while server.poll() is None and not listens("127.0.0.1", number):
            time.sleep(0.1)
        assert server.poll() is None, "kit.py ended before JupyterLab listened"
        yield number
    finally:
        server.terminate()
        server.wait(30)


def listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def get(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}?token=t", timeout=30) as answer:
        return json.load(answer)


@pytest.mark.full
def test_open_serves_the_first_notebook_and_asks_no_news_question(port: int) -> None:
    assert get(port, "api/contents/notebooks/00_start_here.ipynb")["content"]["cells"]
    assert get(port, "api/kernelspecs")["default"] == "python3"
    notification = get(port, "lab/api/settings/@jupyterlab/apputils-extension:notification")
    assert notification["schema"]["properties"]["fetchNews"]["default"] == "false"


@pytest.mark.full
def test_open_serves_this_computer_only(port: int) -> None:
    assert listens("127.0.0.1", port)
    assert not listens("127.0.0.2", port)  # another address of the same computer


@pytest.mark.full
def test_after_open_doctor_finds_nothing_to_do(port: int, download: Path) -> None:
    assert port
    told = subprocess.run(
        [sys.executable, "kit.py", "doctor"], cwd=download, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout
    assert "ok    the notebooks are as shipped" in told.stdout
    assert "ok    notebooks whose outputs are not trusted yet: 0" in told.stdout
