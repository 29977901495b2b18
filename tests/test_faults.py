"""Tests are tested: each fault planted in a copy of the kit turns at least one test and one notebook red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

FAULTS = tomllib.loads((ROOT / "tests" / "faults.toml").read_text(encoding="utf-8"))["fault"]


def pytest_says(copy: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and last words of pytest in a copy of the kit, whose modules come before any installed ones."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    return done.returncode, done.stdout[-2000:]


def both_say(copy: Path, *arguments: list[str]) -> list[tuple[int, str]]:
    """The same for several calls of pytest, side by side."""
    with ThreadPoolExecutor() as side_by_side:
        return list(side_by_side.map(lambda files: pytest_says(copy, *files), arguments))


def copy_of_the_kit(to: Path) -> Path:
    for folder in ("acs_telephony", "tests", "notebooks", "diagrams"):
        shutil.copytree(ROOT / folder, to / folder, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    for file in ("pyproject.toml", "README.md"):  # the README is run like a notebook
        shutil.copy(ROOT / file, to)
    return to


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["name"])
def test_the_place_of_a_fault_is_still_there(fault: dict[str, Any]) -> None:
    """Or the fault would change nothing, and prove nothing."""
    assert (ROOT / fault["file"]).read_text(encoding="utf-8").count(fault["find"]) == 1


@pytest.mark.full
def test_without_a_fault_the_copy_is_green(tmp_path: Path) -> None:
    copy = copy_of_the_kit(tmp_path)

    for code, words in both_say(copy, *(sorted({fault[kind] for fault in FAULTS}) for kind in ("test", "notebook"))):
        assert code == 0, words


@pytest.mark.full
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["name"])
def test_a_fault_turns_a_test_and_a_notebook_red(fault: dict[str, Any], tmp_path: Path) -> None:
    copy = copy_of_the_kit(tmp_path)
    file = copy / fault["file"]
    file.write_text(file.read_text(encoding="utf-8").replace(fault["find"], fault["put"]), encoding="utf-8")

    for code, words in both_say(copy, [fault["test"]], [fault["notebook"]]):
        assert code == 1, words
