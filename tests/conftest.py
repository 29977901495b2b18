"""What all tests share: the two tiers, and the cases kept as data."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# The same examples on every run, so that a red run is red again; a slow computer is no reason to fail.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the long tier: nothing is sampled and nothing is skipped")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: runs only with --full")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full"):
        for item in items:
            if "full" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="runs with --full"))


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long tier."""
    return bool(request.config.getoption("--full"))


def cases(file: str, group: str) -> list[Any]:
    """The cases of one group as pytest parameters; a case's name is a sentence and becomes the test's id."""
    rows = tomllib.loads((CASES / file).read_text(encoding="utf-8"))[group]
    assert rows, f"{file} has no case in {group}"
    assert all(row["because"] for row in rows)
    return [pytest.param(row, id=row["name"]) for row in rows]
