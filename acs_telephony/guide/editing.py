r"""A route table under somebody's hands: every edit gives a new configuration, and every step can be taken back.

Rows count from 1, in the order in which routes are tried. An edit keeps what it does not speak of: unknown and preview
fields, and whether a field is absent, null or empty. What the service would refuse is refused, and changes nothing. A
pattern that cannot be read is not refused: the service takes any text there, and an audit says what is wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from acs_telephony.errors import AnswerError, ConfigurationError, PatternError, Problem
from acs_telephony.models import SipConfiguration, Trunk, VoiceRoute, problem_of, quoted

_Model = TypeVar("_Model", bound=BaseModel)

_ROW = re.compile(r"routes\[(\d+)]\.?")
_SPOT = re.compile(r"line (\d+), column (\d+)$")
_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],]|[^\s{}\[\]:,"]+')
_NUMBER = re.compile(r"-?([0-9]+)((\.[0-9]+)?([eE][-+]?[0-9]+)?)")
_HALF = re.compile("[\ud800-\udfff]")
_LAST = re.compile(r"(\.[^.\[]*|\[\d+])$")  # the last step of a place
_DEEPEST, _MOST_DIGITS = 100, 4_300  # levels of a text, and the digits that Python reads


# ---------------------------------------------------------------- routes


def add_route(
    configuration: SipConfiguration, name: str, pattern: str, trunks: Sequence[str] = (), *, after: int | None = None
) -> SipConfiguration:
    r"""One route more, behind a row (0 puts it first), or at the end.

    >>> from acs_telephony.tables import microsoft_three_routes
    >>> table = add_route(microsoft_three_routes().configuration, "nl", r"^\+31\d{9}$", after=1)
    >>> [route.name for route in table.routes]
    ['Redmond 1', 'nl', 'Redmond 2', 'Other +1']
    """
    rows = configuration.routes
    at = len(rows) if after is None else after if after == 0 else _index(configuration, after) + 1
    route = _made(VoiceRoute, {"name": name, "numberPattern": pattern, "trunks": tuple(trunks)}, f"row {at + 1}")
    return _with(configuration, routes=(*rows[:at], route, *rows[at:]))


def remove_route(configuration: SipConfiguration, row: int) -> SipConfiguration:
    """One route less."""
    at, rows = _index(configuration, row), configuration.routes
    return _with(configuration, routes=rows[:at] + rows[at + 1 :])


def move_route(configuration: SipConfiguration, row: int, by: int) -> SipConfiguration:
    """A route so many places further down (up: negative), so that it is tried later (earlier)."""
    at, rows = _index(configuration, row), list(configuration.routes)
    if not 0 <= at + by < len(rows):
        edge = "first" if by < 0 else "last"
        raise AnswerError(f"it cannot go beyond the {edge} row", place=f"row {row}", remedy="Move another row.")
    rows.insert(at + by, rows.pop(at))
    return _with(configuration, routes=tuple(rows))


def change_route(
    configuration: SipConfiguration,
    row: int,
    *,
    name: str | None = None,
    pattern: str | None = None,
    trunks: Sequence[str] | None = None,
    description: str | None = None,
) -> SipConfiguration:
    """Another name, pattern, trunks or description of one route; None leaves a field as it is.

    >>> from acs_telephony.tables import microsoft_three_routes
    >>> change_route(microsoft_three_routes().configuration, 2, name="")
    Traceback (most recent call last):
    acs_telephony.errors.ConfigurationError: row 2, name: this text is empty. Write at least one character.
    """
    at, rows = _index(configuration, row), configuration.routes
    asked = {
        "name": name,
        "numberPattern": pattern,
        "trunks": None if trunks is None else tuple(trunks),
        "description": description,
    }
    before = rows[at].model_dump(by_alias=True, exclude_unset=True)
    given = {field: value for field, value in asked.items() if value is not None}
    if {**before, **given} == before:
        return configuration
    route = _made(VoiceRoute, {**before, **given}, f"row {row}")
    return _with(configuration, routes=(*rows[:at], route, *rows[at + 1 :]))


# ---------------------------------------------------------------- trunks


def add_trunk(configuration: SipConfiguration, fqdn: str, sip_signaling_port: int = 5061) -> SipConfiguration:
    """One trunk more, behind the others."""
    trunk = _made(Trunk, {"fqdn": fqdn, "sipSignalingPort": sip_signaling_port}, f"trunk {quoted(fqdn)}")
    return _with(configuration, trunks=(*configuration.trunks, trunk))


def remove_trunk(configuration: SipConfiguration, fqdn: str) -> SipConfiguration:
    """One trunk less; refused while a route names it. The case of a host name says nothing."""
    kept = tuple(trunk for trunk in configuration.trunks if trunk.fqdn.lower() != fqdn.lower())
    if len(kept) == len(configuration.trunks):
        remedy = "Name a trunk of the configuration."
        raise AnswerError(f"no trunk is called {quoted(fqdn)}", place="trunks", remedy=remedy)
    return _with(configuration, trunks=kept)


# ---------------------------------------------------------------- steps that can be taken back


@dataclass(frozen=True, slots=True)
class History:
    """A configuration as it is now, those before it, and those that were taken back; the nearest one is last."""

    present: SipConfiguration
    past: tuple[SipConfiguration, ...] = ()
    taken_back: tuple[SipConfiguration, ...] = ()

    def then(self, changed: SipConfiguration) -> History:
        """One step on. What was taken back is gone then; what changes nothing is no step."""
        if text_of(changed) == text_of(self.present):  # to Python True is 1, and the order of trunks is nothing
            return self
        return History(changed, (*self.past, self.present))

    def undo(self) -> History:
        """One step back."""
        if not self.past:
            raise AnswerError("there is nothing to undo", remedy="This is the table as it was given.")
        return History(self.past[-1], self.past[:-1], (*self.taken_back, self.present))

    def redo(self) -> History:
        """Once more the step that was taken back last."""
        if not self.taken_back:
            raise AnswerError("there is nothing to redo", remedy="Nothing was undone since the last change.")
        return History(self.taken_back[-1], (*self.past, self.present), self.taken_back[:-1])


# ---------------------------------------------------------------- the same as text


class TextError(ConfigurationError):
    """A text that is no configuration; each problem says its line where it is known, the first one with a caret."""

    def __init__(self, problems: tuple[Problem, ...], text: str) -> None:
        super().__init__(problems)
        self.text = text
        self.args = (problems, text)

    def __str__(self) -> str:
        spot = _SPOT.search(self.problems[0].place)
        if spot is None:
            return super().__str__()
        line, column = map(int, spot.groups())
        shown = self.text.split("\n")[line - 1]
        return f"{super().__str__()}\n{PatternError('', pattern=shown, position=column - 1).excerpt}"


def text_of(configuration: SipConfiguration) -> str:
    """The configuration as JSON over several lines; what cannot be seen is written as an escape."""
    text = json.dumps(configuration.dump(), indent=2, ensure_ascii=False)
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)


def read_text(text: str) -> SipConfiguration:
    """The configuration in a JSON text, every number with all its digits. Raises TextError.

    >>> read_text(text_of(SipConfiguration())) == SipConfiguration()
    True
    """
    try:
        configuration = SipConfiguration.load(text)
    except ConfigurationError as error:
        problems = error.problems
        if not _SPOT.fullmatch(error.place):  # else this is no JSON, and it is said where
            slip = _slip(text)
            problems = (slip,) if slip else _with_lines(problems, text)
        raise TextError(problems, text) from None
    if slip := _slip(text):
        raise TextError((slip,), text)
    return configuration


class _Part(NamedTuple):
    """A name or a value in a text: its place as problems write it, where it begins, and how deep it stands."""

    place: str
    start: int
    written: str
    depth: int
    twice: bool = False  # a name that stood in the same object before


def _parts(text: str) -> Iterator[_Part]:
    """Every name and value of a JSON text in order, as far as it is JSON."""
    around: list[tuple[str, bool, set[str]]] = []  # what is open: its place, if it is an object, the places in it
    place, name_next = "", False
    for found in _MARK.finditer(text):
        mark, start = found[0], found.start() + (found[0][0] == '"')
        if mark in "}]":
            around.pop()
            name_next = False
        elif mark == ",":
            outer, name_next, seen = around[-1]
            if not name_next:
                place = f"{outer}[{len(seen)}]"
                seen.add(place)
        elif name_next:
            (outer, _, seen), name_next = around[-1], False
            place = f"{outer}.{json.loads(mark)}".removeprefix(".")
            yield _Part(place, start, mark, len(around), place in seen)
            seen.add(place)
        else:
            yield _Part(place, start, mark, len(around))
            if mark in "{[":
                outer, name_next = place, mark == "{"
                place = outer if name_next else f"{outer}[0]"
                around.append((outer, name_next, set() if name_next else {place}))


def _slip(text: str) -> Problem | None:
    """The first place at which a text is JSON and yet cannot be taken with the value that it has."""
    wrong = ((part, told) for part in _parts(text) if (told := _wrong(part)))
    return next((Problem(f"{part.place[:300]}, {_line(text, part.start)}", *told) for part, told in wrong), None)


def _wrong(part: _Part) -> tuple[str, str] | None:
    """What is wrong with a name or a value in itself, and what to do."""
    if part.twice:
        return "this name stands twice in one object", "Remove one of the two."
    if part.written[0] == '"' and _HALF.search(json.loads(part.written)):
        return "this holds half a character", "Write the whole character."
    if part.written in "{[" and part.depth >= _DEEPEST:
        return f"this is nested more than {_DEEPEST} levels deep", "Take levels out."
    if part.written.startswith(("NaN", "Infinity", "-Infinity")):
        return f"{quoted(part.written)} is no JSON number", "Write a plain number."
    number, remedy = _NUMBER.match(part.written), "Shorten it, or put it in quotes, as a text."
    if number is None:
        return None
    if not number[2]:
        problem = f"this number has {len(number[1]):,} digits, the limit is {_MOST_DIGITS:,}"
        return (problem, remedy) if len(number[1]) > _MOST_DIGITS else None
    value = float(number[0])
    try:
        same = Decimal(number[0]) == Decimal(repr(value))
    except InvalidOperation:  # an exponent of many digits
        same = False
    return None if same else (f"this number is too large or too exact to be kept, it would become {value}", remedy)


def _with_lines(problems: tuple[Problem, ...], text: str) -> tuple[Problem, ...]:
    """The same problems, each with its line and column, as near as the text is known."""
    parts = list(_parts(text))
    starts: dict[str, int] = {}
    for part in parts:  # of an object or a list where its name begins, of anything else where the value does
        if part.written not in "{[" or part.place not in starts:
            starts[part.place] = part.start

    def found(problem: Problem) -> Problem:
        # A name that the problem speaks of, and of two that are the same the second; or the value, or what it is in.
        inside = (part for part in parts if part.place.startswith(problem.place) and part.written[0] == '"')
        named = [part.start for part in inside if quoted(json.loads(part.written)) in problem.problem]
        places = (problem.place, _LAST.sub("", problem.place))
        start = named[-1] if named else next((starts[place] for place in places if place in starts), None)
        where = problem.place if start is None else f"{problem.place}, {_line(text, start)}"
        return replace(problem, place=where)

    return tuple(map(found, problems))


def _line(text: str, start: int) -> str:
    return f"line {text.count(chr(10), 0, start) + 1}, column {start - text.rfind(chr(10), 0, start)}"


# ---------------------------------------------------------------- making values


def _index(configuration: SipConfiguration, row: int) -> int:
    if not configuration.routes:
        raise AnswerError("the table has no route", remedy="Add a route first.")
    if not 1 <= row <= len(configuration.routes):
        raise AnswerError(f"there is no row {row}", place="row", remedy=f"Use 1 to {len(configuration.routes)}.")
    return row - 1


def _with(configuration: SipConfiguration, **parts: Sequence[BaseModel]) -> SipConfiguration:
    """The same configuration with other routes or trunks; those that do not change are the same objects."""
    wire = {part: getattr(configuration, part) for part in ("trunks", "routes")}
    wire = {part: value for part, value in wire.items() if part in configuration.model_fields_set}
    return _made(SipConfiguration, wire | parts | (configuration.model_extra or {}))


def _made(model: type[_Model], wire: Mapping[str, Any], place: str = "") -> _Model:
    """A value, or ConfigurationError with places in rows."""
    try:
        return model.model_validate(wire, by_alias=True, by_name=False)
    except ValidationError as error:
        raise ConfigurationError(tuple(_in_rows(problem_of(one), place) for one in error.errors())) from None


def _in_rows(problem: Problem, place: str) -> Problem:
    words = _ROW.sub(lambda found: f"row {int(found[1]) + 1}, ", problem.place).removesuffix(", ")
    words = words.replace("numberPattern", "pattern")
    return replace(problem, place=", ".join(filter(None, (place, words))))
