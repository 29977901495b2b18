"""Write patterns, dial a number digit by digit, and see which routes still can match."""

from __future__ import annotations

import re

from ipywidgets import Dropdown, Text, Textarea

from acs_telephony.automaton import parse_or_error
from acs_telephony.checking.route_table import RouteRow, RouteTable
from acs_telephony.errors import AnswerError, NumberError, PatternError
from acs_telephony.guide.folding import DIALLED
from acs_telephony.models import quoted
from acs_telephony.views.display import Shown, notice, together
from acs_telephony.views.machine import Source, machine_picture, route_table, step_words
from acs_telephony.views.panels.panel import FILL, Panel
from acs_telephony.views.pictures import Picture

_MOST_PATTERNS = 20
_ALL = -1
_TOO_LARGE = "The whole machine is too large for a picture. When a character is read, the way of the number is."


def machine_panel(source: Source, number: str = "+14255550100") -> Panel:
    """Controls for the machine of some patterns, one on each line, and for how much of a number it has read."""
    table = route_table(source)
    names: dict[str, list[str]] = {}
    for row in table.routes:
        names.setdefault(row.number_pattern, []).append(row.name)

    def answer(patterns: str, number: str, read: int) -> Shown:
        dialled = _dialled(number)
        begin = dialled if read == _ALL else dialled[:read]
        written = _written(patterns, names)
        try:
            drawn: Shown | Picture = machine_picture(written, begin)
        except AnswerError:
            drawn = notice("Mind", _TOO_LARGE)
        return together(step_words(written, begin), drawn)

    lengths = [("all", _ALL), ("nothing", 0), ("1 character", 1), *((f"{n} characters", n) for n in range(2, 17))]
    lines = "\n".join(row.number_pattern for row in table.routes)
    controls = {
        "patterns": Textarea(lines, description="Patterns", continuous_update=False, rows=4, **FILL),
        "number": Text(number, description="Number", continuous_update=False, **FILL),
        "read": Dropdown(options=lengths, description="Read so far", **FILL),
    }
    return Panel("Machine", {"Patterns, one on each line, and a number": controls}, answer)


def _dialled(text: str) -> str:
    """A number or its beginning without what people put between digits. Raises NumberError for anything else."""
    number = re.sub(r"[\s().-]", "", text)
    if strange := number.strip(DIALLED):
        problem = f"{quoted(strange[0])} in {quoted(text)} cannot be dialled"
        raise NumberError(problem, place="Number", remedy="Type digits, with '+' in front.")
    return number


def _written(text: str, names: dict[str, list[str]]) -> RouteTable:
    """The patterns of a text as a table; known patterns keep their names. Raises for what cannot be read."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= _MOST_PATTERNS:
        raise AnswerError(f"there are {len(lines)} patterns", place="Patterns", remedy=f"Write 1 to {_MOST_PATTERNS}.")
    rows = []
    for place, line in enumerate(lines):
        if isinstance(error := parse_or_error(line), PatternError):
            raise error
        known, nth = names.get(line, []), lines[:place].count(line)
        rows.append(RouteRow(known[nth] if nth < len(known) else line, line))
    return RouteTable(tuple(rows))
