"""What the page for trainers promises holds: its minutes, the headings it names, and every answer it quotes."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from typing import Any

import pytest

from tests.conftest import CASES, ROOT, cases

README = (ROOT / "README.md").read_text(encoding="utf-8")
FILE = tomllib.loads((CASES / "trainer.toml").read_text(encoding="utf-8"))
# "00 *Dial*, *Break an SBC*": a notebook by its number, and headings of it.
NAMED = re.compile(r"(?<![\d-])([01]\d) (\*[^*]+\*(?:, \*[^*]+\*)*)")
WITHOUT_NOTEBOOK = {"break", "questions"}


def section(text: str) -> str:
    """The page for trainers: from its heading to the next of the same rank."""
    return re.split(r"^## ", text.partition("\n## For trainers\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def plans(page: str) -> list[list[list[str]]]:
    """The rows of each half-day."""
    return [table(f"\n| minutes |{half}", "minutes") for half in page.split("\n| minutes |")[1:]]


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose first column has this title, without its head."""
    lines = page.partition(f"\n| {first} |")[2].splitlines()[2:]
    rows: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def plain(text: str) -> str:
    """Words without the marks of code, and with each run of white space as one space."""
    return " ".join(text.replace("`", "").split())


@cache
def headings() -> dict[str, list[str]]:
    """The headings of each notebook, by its number."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        told = [
            cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "markdown"
        ]
        lines = [line.rstrip("\n") for cell in told for line in cell["source"]]
        found[path.stem[:2]] = [line.lstrip("# ") for line in lines if line.startswith("#")]
    return found


def named(text: str) -> list[tuple[str, str]]:
    """Each heading that the text names, with the number of its notebook."""
    bare = re.sub(r"`[^`]*`|\*\*", "", text)
    pairs = [(number, heading) for number, run in NAMED.findall(bare) for heading in re.findall(r"\*([^*]+)\*", run)]
    assert len(pairs) == bare.count("*") / 2, "what stands in italics is a heading, after the number of its notebook"
    return pairs


def not_there(text: str) -> list[tuple[str, str]]:
    """The headings that the text names and no such notebook has."""
    return [(number, heading) for number, heading in named(text) if heading not in headings().get(number, [])]


def minutes(page: str) -> list[int]:
    """How long each half-day is."""
    return [sum(int(row[0]) for row in plan) for plan in plans(page)]


def quotes(page: str) -> dict[str, str]:
    """What the kit says by the page, for each thing that the class says."""
    return {plain(said): plain(kit) for _, said, kit, _ in table(page, "where")}


@cache
def names() -> dict[str, Any]:
    known: dict[str, Any] = {}
    exec(FILE["names"], known)  # noqa: S102  # our own cases
    return known


def answer(code: str) -> str:
    """What the kit really says."""
    return plain(str(eval(code, dict(names()))))  # noqa: S307  # our own cases


PAGE = section(README)


def test_each_half_day_takes_three_hours_and_each_of_the_rest_one() -> None:
    assert minutes(PAGE) == [180, 180, 60, 60]
    for plan, breaks in zip(plans(PAGE), (2, 2, 0, 0), strict=True):
        assert all(int(row[0]) > 0 and len(row) == 4 for row in plan)
        assert sum(row[1] == "break" for row in plan) == breaks


def test_each_notebook_is_taught_and_every_heading_named_is_there() -> None:
    assert not_there(PAGE) == []
    rows = [row[1] for plan in plans(PAGE) for row in plan]
    assert {number for what in rows for number, _ in named(what)} == set(headings())
    assert [what for what in rows if not named(what) and what not in WITHOUT_NOTEBOOK] == []
    assert all(named(row[0]) for row in table(PAGE, "where"))


def test_the_class_meets_a_place_before_it_answers_wrongly_there() -> None:
    planned = {pair for plan in plans(PAGE) for row in plan for pair in named(row[1])}

    assert {pair for row in table(PAGE, "where") for pair in named(row[0])} <= planned


def test_so_many_minutes_are_what_the_pages_say() -> None:
    books = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]

    told = [("Five minutes.", 5), ("In half an hour", 30), ("about fifteen\\n", 15), *[("Twenty minutes.", 20)] * 3]
    told += [("Twenty-five minutes.", 25), *[("Thirty minutes.", 30)] * 3, ("Twenty-five minutes.", 25)]
    assert [words for (words, _), book in zip(told, books, strict=True) if words not in book] == []
    assert f"{sum(minutes for _, minutes in told)} minutes" in plain(PAGE)


def test_files_and_commands_that_the_page_names_are_there() -> None:
    commands = re.findall(r"python kit\.py (\w+)", PAGE)
    known = re.findall(r"^  (\w+) {2,}", (ROOT / "kit.py").read_text(encoding="utf-8"), re.MULTILINE)
    files = [*re.findall(r"\]\(([^)]+)\)", PAGE), *re.findall(r"notebooks/\w+\.ipynb", PAGE), "environment.yml"]

    assert {"open", "doctor", "reset"} <= set(commands) <= set(known)
    assert [name for name in files if name not in PAGE or not (ROOT / name).is_file()] == []
    assert len(files) == 4


def test_each_wrong_answer_on_the_page_has_its_case() -> None:
    assert len(FILE["wrong"]) >= 8
    assert sorted(quotes(PAGE)) == sorted(case["name"] for case in FILE["wrong"])


@pytest.mark.parametrize("case", cases("trainer.toml", "wrong"))
def test_the_kit_says_to_a_wrong_answer_what_the_page_quotes(case: dict[str, Any]) -> None:
    assert quotes(PAGE)[case["name"]] == f'"{case["says"]}"'
    assert case["says"] in answer(case["code"])


@pytest.mark.parametrize("case", cases("trainer.toml", "panel"))
def test_a_panel_says_what_the_page_quotes(case: dict[str, Any]) -> None:
    assert f'"{case["says"]}"' in plain(PAGE)
    assert case["says"] in answer(case["code"])


def test_a_slip_on_the_page_is_seen() -> None:
    """Else the tests above could hold for nothing."""
    assert minutes(PAGE.replace("| 5 | questions", "| 10 | questions")) == [185, 185, 65, 65]
    assert not_there(PAGE.replace("*Break an SBC*", "*Mend an SBC*")) == [("00", "Mend an SBC")] * 2
    assert not_there("01 *Dial*") == [("01", "Dial")]
    assert not_there("09 *Dial*") == [("09", "Dial")]
    with pytest.raises(AssertionError, match="italics"):
        named("the part *Dial*")
    case = FILE["wrong"][0]
    assert quotes(PAGE.replace("ends the call with 486", "ends the call with 503"))[case["name"]] != f'"{case["says"]}"'
    assert case["says"] not in answer(case["code"].replace("486", "503"))
