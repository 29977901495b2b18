"""Every notebook is whole, kept as it ran, kind to read, and its exercises can be solved.

That stored outputs equal fresh ones is nbval's work (`pytest --nbval notebooks`, part of every run); but nbval never
compares a cell without execution count and never looks at widgets, so the counts are checked here, and a refresh,
which does write widgets, must change nothing (with --full).
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import statistics
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = tomllib.loads((ROOT / "tests" / "solutions.toml").read_text(encoding="utf-8"))["exercise"]
WIDGET = "application/vnd.jupyter.widget-view+json"
# nbval's markers hide a cell from comparison: each use is listed here with its reason.
MARKERS: dict[tuple[str, str], str] = {}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@cache
def cells(path: Path) -> list[dict[str, Any]]:
    book: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return book["cells"]


def code(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in cells(path) if cell["cell_type"] == "code"]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def page(cell: dict[str, Any]) -> str:
    """The HTML of a cell's outputs."""
    data = (output.get("data", {}) for output in cell["outputs"])
    return "".join("".join(one.get("text/html", "")) for one in data)


# The series, and the page of it that is not written yet: last month's calls.
SERIES = [f"{i:02}" for i in range(12)]
WAITING = {"10"}


def test_the_series_has_no_gap_but_the_pages_that_are_not_written_yet() -> None:
    assert WAITING.issubset(SERIES)
    assert [path.stem[:2] for path in NOTEBOOKS] == [number for number in SERIES if number not in WAITING]


@each_notebook
def test_every_code_cell_was_run_in_order_without_an_error(path: Path) -> None:
    assert [cell["execution_count"] for cell in code(path)] == list(range(1, len(code(path)) + 1))
    outputs = [output for cell in code(path) for output in cell["outputs"]]
    assert outputs
    assert not [output for output in outputs if output["output_type"] == "error"]


@each_notebook
def test_cells_are_short_and_each_is_introduced(path: Path) -> None:
    lengths = [len(source(cell).splitlines()) for cell in code(path)]

    assert 8 <= len(lengths) <= 16
    assert max(lengths) <= 12
    assert statistics.median(lengths) <= 4
    # Longer lines are cut off beside a file browser on a projector.
    assert max(len(line) for cell in code(path) for line in source(cell).splitlines()) <= 100
    for before, cell in zip([None, *cells(path)], cells(path), strict=False):
        if cell["cell_type"] == "code":
            assert before is not None
            assert before["cell_type"] == "markdown", f"nothing introduces {cell['id']}"


@each_notebook
def test_the_title_is_a_question_and_there_is_a_summary(path: Path) -> None:
    prose = "\n".join(source(cell) for cell in cells(path) if cell["cell_type"] == "markdown")

    assert re.match(r"# .*\?", prose)
    assert "## Summary" in prose
    assert "## Try it" in prose
    for kind in ("documented", "our model", "unknown"):
        assert kind in prose.lower(), f"the page never says what is {kind}"


@each_notebook
def test_logic_stays_in_the_package(path: Path) -> None:
    """No long function, no star import, no private name, no magic."""
    for cell in code(path):
        tree = ast.parse(source(cell))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 6, cell["id"]
            if isinstance(node, ast.ImportFrom):
                assert not [name.name for name in node.names if name.name.startswith(("_", "*"))], cell["id"]
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_"), cell["id"]


@each_notebook
def test_the_file_is_canonical(path: Path) -> None:
    """Readable ids, no times, one kernel: what a refresh writes, and what a diff can show."""
    book = json.loads(path.read_text(encoding="utf-8"))

    assert [cell["id"] for cell in cells(path)] == [f"{path.stem[:2]}-{i:02}" for i in range(len(cells(path)))]
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert not [cell["id"] for cell in cells(path) if "execution" in cell["metadata"]]
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b0x[0-9a-f]{6,}", text)
    assert text.endswith("}\n")


@each_notebook
def test_nothing_is_hidden_from_comparison_without_a_reason(path: Path) -> None:
    used = {(path.stem, mark) for cell in code(path) for mark in re.findall(r"NBVAL_\w+", source(cell))}
    tagged = {(path.stem, tag) for cell in code(path) for tag in cell["metadata"].get("tags", ()) if "nbval" in tag}

    assert used | tagged <= set(MARKERS)


@each_notebook
def test_every_widget_is_followed_by_the_same_answer_without_one(path: Path) -> None:
    shown = code(path)
    for cell, following in zip(shown, [*shown[1:], None], strict=True):
        if any(WIDGET in output.get("data", {}) for output in cell["outputs"]):
            assert following is not None, cell["id"]
            assert page(following), f"{following['id']} shows nothing for readers without widgets"


@each_notebook
def test_every_picture_has_alt_text_and_words(path: Path) -> None:
    for cell in code(path):
        for image in re.findall(r"<img [^>]*>", page(cell)):
            if image.startswith('<img alt="" width="16"'):  # an icon, which repeats the word behind it
                continue
            alt = re.search(r'alt="([^"]*)"', image)
            assert alt is not None
            assert len(alt[1].split()) >= 5, cell["id"]
            plain = ["".join(output["data"].get("text/plain", "")) for output in cell["outputs"] if "data" in output]
            assert max(map(len, plain)) > 80, f"{cell['id']} has no words for its picture"
            # JupyterLab shows the page and not the plain text, so the words are in both.
            below = page(cell).partition(image)[2]
            assert below.startswith("<details"), f"{cell['id']} has no words under its picture"


def test_some_notebook_has_widgets_and_pictures() -> None:
    """Else the two laws above would hold for nothing."""
    everything = [cell for path in NOTEBOOKS for cell in code(path)]

    assert sum(WIDGET in output.get("data", {}) for cell in everything for output in cell["outputs"]) >= 2
    assert sum("<img " in page(cell) for cell in everything) >= 4


# --- exercises


def attempts(path: Path) -> list[int]:
    """The indexes of the code cells in which a reader makes an attempt."""
    return [i for i, cell in enumerate(code(path)) if re.match(r"attempt\s*=", source(cell))]


def run_with(path: Path, index: int, attempt: str | None) -> str:
    """What the exercise prints, after all cells before it; with another attempt, where one is given."""
    namespace: dict[str, Any] = {"__name__": "notebook"}
    before = code(path)[:index]
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in before:
            if not re.match(r"attempt\s*=", source(cell)):
                exec(source(cell), namespace)  # noqa: S102  # our own notebook
    tree = ast.parse(source(code(path)[index]))
    if attempt is not None:
        assignment = tree.body[0]
        assert isinstance(assignment, ast.Assign)
        assignment.value = ast.parse(attempt, mode="eval").body
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(ast.fix_missing_locations(tree), path.name, "exec"), namespace)  # noqa: S102
    return said.getvalue()


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda solution: solution["id"])
def test_an_exercise_refuses_the_shipped_attempt_and_takes_the_solution(solution: dict[str, str]) -> None:
    number, _, nth = solution["id"].partition(".")
    (path,) = (path for path in NOTEBOOKS if path.stem.startswith(number))
    index = attempts(path)[int(nth) - 1]

    shipped = run_with(path, index, None)
    assert shipped.startswith("Not yet. ")
    assert len(shipped.split()) > 5, "a counter-example, not just a no"
    assert run_with(path, index, solution["attempt"]).startswith("Right. ")


@each_notebook
def test_every_exercise_has_a_solution(path: Path) -> None:
    solved = [solution["id"] for solution in SOLUTIONS if solution["id"].startswith(path.stem[:2])]

    assert solved == [f"{path.stem[:2]}.{i + 1}" for i in range(len(attempts(path)))]
    assert solved


@pytest.mark.full
def test_a_refresh_changes_nothing() -> None:
    checked = subprocess.run(
        [sys.executable, "tests/refresh.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
