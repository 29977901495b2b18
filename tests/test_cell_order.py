"""Cells may be run in any order, twice, or one alone: each gives the answer of its page, or stops for want of a name.

A class does not run a page from top to bottom. A cell that builds on others cannot work alone, but it must say so:
with a NameError for a name that a cell above gives, which the page explains near its top; never with another answer.
"""

from __future__ import annotations

import ast
import contextlib
import dis
import io
import random
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from acs_telephony.views.panels.panel import Panel
from tests.test_notebooks import cells, code, each_notebook, source

WHAT_TO_DO = (
    "Cells build on those above them: where one stops with NameError, choose Run > Run All Above Selected Cell, "
    "then run it again. After a change, choose Run > Run Selected Cell and All Below."
)
Names = dict[str, Any]


def run(cell: str, names: Names) -> str | NameError:
    """What a cell prints and shows, or the name that it misses; any other error goes on."""
    tree = ast.parse(cell)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    said, shown = io.StringIO(), None
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(tree, "a cell", "exec"), names)  # noqa: S102  # our own notebook
            if isinstance(last, ast.Expr):
                shown = eval(compile(ast.Expression(last.value), "a cell", "eval"), names)  # noqa: S307
        except NameError as error:
            return error
        except Exception as error:
            error.add_note(f"in the cell\n{cell}")
            raise
    if isinstance(shown, Panel):
        return f"{said.getvalue()}{shown}{shown.error.value}{shown.answer.value}"
    return said.getvalue() + ("" if shown is None else str(shown))


def fresh() -> Names:
    return {"__name__": "notebook"}


@cache
def top_to_bottom(page: tuple[str, ...]) -> tuple[tuple[str | NameError, ...], Names]:
    """The answers of a page and the names it leaves; whoever runs more cells does it in a copy."""
    names = fresh()
    return tuple(run(cell, names) for cell in page), names


def given(cell: str) -> set[str]:
    """The names that a cell gives to others, imports and loops included."""
    steps = dis.get_instructions(compile(cell, "a cell", "exec"))
    return {str(step.argval) for step in steps if step.opname == "STORE_NAME"}


# Each law answers with the cells that break it.


def other_answers_again(page: tuple[str, ...]) -> list[str]:
    """Cells that answer otherwise when the whole page has run: backwards, each twice, and then shuffled."""
    answers, left = top_to_bottom(page)
    names = dict(left)
    places = range(len(page))
    order = [place for place in reversed(places) for _ in range(2)] + random.Random(4).sample(places, len(page))
    wrong = {place for place in order if run(page[place], names) != answers[place]}
    return [page[place] for place in sorted(wrong)]


def other_answers_alone(page: tuple[str, ...], first: int) -> list[str]:
    """Cells that, right after the first cells, neither answer as documented nor miss a name that a cell above gives."""
    answers, _ = top_to_bottom(page)
    names = fresh()
    for cell in page[:first]:
        run(cell, names)
    wrong = []
    for place, cell in enumerate(page[first:], first):
        got = run(cell, dict(names))
        above = set().union(*map(given, page[:place]))
        if not (got.name in above if isinstance(got, NameError) else got == answers[place]):
            wrong.append(cell)
    return wrong


def borrowers_of_a_name_with_two_givers(page: tuple[str, ...]) -> list[str]:
    """Cells that take from above a name that several cells give: what they get hangs on which of these ran last."""
    answers, left = top_to_bottom(page)
    givers = Counter(name for cell in page for name in given(cell))
    names = {name: value for name, value in left.items() if givers[name] < 2}
    return [cell for cell, answer in zip(page, answers, strict=True) if run(cell, dict(names)) != answer]


def page_of(path: Path) -> tuple[str, ...]:
    return tuple(map(source, code(path)))


def kept(cell: dict[str, Any]) -> str:
    """The words of a cell's outputs, as they stand in the file."""
    return "".join("".join(one.get("text") or one["data"]["text/plain"]) for one in cell["outputs"])


@each_notebook
def test_from_top_to_bottom_every_cell_answers_as_its_page_documents(path: Path) -> None:
    """Else the laws below would compare with something that no reader sees."""
    for cell, answer in zip(code(path), top_to_bottom(page_of(path))[0], strict=True):
        assert isinstance(answer, str), answer
        # The file keeps the name of a panel, and not what the panel says.
        is_panel = kept(cell).endswith("its first answer stands below>")
        assert answer.startswith(kept(cell)) if is_panel else answer == kept(cell), cell["id"]


@each_notebook
def test_run_again_in_any_order_every_cell_answers_the_same(path: Path) -> None:
    assert other_answers_again(page_of(path)) == []


@each_notebook
def test_a_cell_run_too_early_answers_as_documented_or_misses_a_name_from_above(path: Path) -> None:
    assert other_answers_alone(page_of(path), 1) == []
    assert other_answers_alone(page_of(path), 0) == []


@each_notebook
def test_a_name_that_several_cells_give_is_taken_by_no_other(path: Path) -> None:
    assert borrowers_of_a_name_with_two_givers(page_of(path)) == []


@each_notebook
def test_the_page_says_near_its_top_what_to_do_about_a_name_error(path: Path) -> None:
    """Every page: without its first cell, no cell of any has its imports."""
    kinds = [cell["cell_type"] for cell in cells(path)]
    top = " ".join(source(cell) for cell in cells(path)[: kinds.index("code")])

    assert any(isinstance(run(cell, fresh()), NameError) for cell in page_of(path))
    assert WHAT_TO_DO in " ".join(top.split())


BORROWED = ("x = 1", "print(x)", "x = 2\nprint(x)")
GROWING = ("text = 'a'", "text += 'b'\nprint(text)")
SWALLOWED = ("import math", "y = 1", "try:\n    print(y)\nexcept NameError:\n    print('none')")
SHADOWING = ("import math", "sum = 3", "print(sum)")
BELOW = ("import math", "try:\n    print(z)\nexcept NameError:\n    raise NameError(name='z')", "z = 1")


def test_pages_that_break_a_law_are_seen() -> None:
    assert other_answers_again(BORROWED) == [BORROWED[1]]
    assert GROWING[1] in other_answers_again(GROWING)
    assert borrowers_of_a_name_with_two_givers(BORROWED) == [BORROWED[1]]
    assert borrowers_of_a_name_with_two_givers(GROWING) == [GROWING[1]]
    assert other_answers_alone(SWALLOWED, 1) == [SWALLOWED[2]]
    assert other_answers_alone(SHADOWING, 1) == [SHADOWING[2]]
    assert other_answers_alone(BELOW, 1) == [BELOW[1]]
    with pytest.raises(ZeroDivisionError):
        other_answers_again(("n = 1", "print(1 / n)\nn -= 1"))


def test_pages_that_keep_the_laws_are_not_accused() -> None:
    page = ("import math", "x = 1", "print(x)", "rows = [x]\nprint(rows)", "rows = [math.pi]\nrows")

    assert other_answers_again(page) == other_answers_alone(page, 1) == other_answers_alone(page, 0) == []
    assert borrowers_of_a_name_with_two_givers(page) == []
