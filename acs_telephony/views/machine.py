"""A route table as the machine that it is: its states and arrows, and the way of one number through them.

`machine_picture` draws the whole machine of a small table, and of a large one the states that a number comes through.
What a state and an arrow are is said in `guide/folding.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from acs_telephony.automaton import Matches
from acs_telephony.checking.route_table import RouteRow, RouteTable, table_of
from acs_telephony.errors import AnswerError
from acs_telephony.guide.folding import Arrow, Folded, State, Step, Trace, fold, unread, walk
from acs_telephony.languages import Reading
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.views import dot
from acs_telephony.views.display import Shown, notice, sentences, table, together
from acs_telephony.views.palette import State as Tone
from acs_telephony.views.pictures import Picture

Source = RouteTable | SipConfiguration | Resource | Sequence[str]

_MOST_STATES: Final = 24  # that are drawn; a larger machine is shown along a number
_WIDEST: Final = 1115  # CSS pixels; on a projector with 1280 of them a wider picture shrinks until it is hard to read
_MOST_PATTERNS: Final = 20  # of a machine that is drawn whole where a number is given
_MOST_ROUTES: Final = 5  # that are named in a state

_fold = lru_cache(maxsize=64)(fold)
_unread_routes = lru_cache(maxsize=64)(unread)


def machine_picture(source: Source, number: str = "", reading: Reading = "search") -> Picture:
    """The machine of a table or of a list of patterns, and the way of a number through it, drawn bold.

    Of a machine with more than 24 folded states, or 20 patterns, and of one that is drawn too wide to be read, only
    those states are drawn that the number comes through. Raises AnswerError for such a machine without a number.
    """
    routes = route_table(source)
    patterns = tuple(row.number_pattern for row in routes.routes)
    doubt = tuple(_unread(routes, reading))
    # A table that large has too many states; to count them takes as long as all the rest.
    folded = None if number and len(patterns) > _MOST_PATTERNS else _fold(patterns, reading)
    if folded and len(folded.states) <= _MOST_STATES:
        whole = _whole(routes, folded, "", doubt)  # whatever the number: so one table is always shown in one way
        if (whole.width or 0) <= _WIDEST:
            return _whole(routes, folded, number, doubt) if number else whole
    if not number:
        remedy = "Give a number, and its way is drawn."
        raise AnswerError("this machine is too large for a picture", place="number", remedy=remedy)
    return _along(routes, walk(patterns, number, reading), doubt)


def steps_table(source: Source, number: str, reading: Reading = "search") -> Shown:
    """A number, character by character: which routes still can match, and which match if it ends there."""
    routes = route_table(source)
    steps = walk([row.number_pattern for row in routes.routes], number, reading)
    rows = [
        (step.read or "(nothing)", _named(routes, step.state.possible), _named(routes, step.state.matches))
        for step in steps
    ]
    headings = ("read so far", "still can match", "match if it ends here")
    doubts = (notice("Unknown", words) for words in _unread(routes, reading))
    return together(table(f"{number}, digit by digit", headings, rows), *doubts)


def step_words(source: Source, number: str, reading: Reading = "search") -> Shown:
    """Where a number is when so much of it is read: what still can match, and what matches if it ends there."""
    routes = route_table(source)
    state = walk([row.number_pattern for row in routes.routes], number, reading)[-1].state
    words = [
        f"Read: {number or '(nothing)'}.",
        f"Still can match: {_named(routes, state.possible)}.",
        f"Match, if the number ends here: {_named(routes, state.matches)}.",
    ]
    return sentences(words)


def route_table(source: Source) -> RouteTable:
    """A table, or a list of patterns as a table whose routes have the names of their patterns."""
    if isinstance(source, RouteTable | SipConfiguration | Resource):
        return table_of(source)
    if isinstance(source, str):
        raise AnswerError("patterns are given as a list", place="source", remedy="Put the pattern in brackets: [...].")
    return RouteTable(tuple(RouteRow(text, text) for text in source))


def _named(table: RouteTable, routes: Matches) -> str:
    """Routes by row and name; of many the first, and how many more."""
    if not routes:
        return "none"
    names = [f"{route + 1} {dot.shorten(dot.clean(table.routes[route].name), 24)}" for route in routes[:_MOST_ROUTES]]
    more = len(routes) - _MOST_ROUTES
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _rows(routes: Matches) -> str:
    """Routes by their rows alone."""
    shown = " ".join(str(route + 1) for route in routes[: 2 * _MOST_ROUTES])
    more = len(routes) - 2 * _MOST_ROUTES
    return f"{len(routes)} routes" if more > 0 else f"row{'s' if len(routes) > 1 else ''} {shown}"


def _unread(table: RouteTable, reading: Reading) -> Iterator[str]:
    """What nothing is known of."""
    if routes := _unread_routes(tuple(row.number_pattern for row in table.routes), reading):
        yield f"Not proven: {_rows(routes)} cannot be read, and may match as well."


# ---------------------------------------------------------------- the whole machine


def _whole(table: RouteTable, folded: Folded, number: str, doubt: Sequence[str]) -> Picture:
    trace = folded.trace(number) if number else None
    taken = {folded.arrows[i] for i in trace.arrows} if trace else set()
    passed = {0, *(arrow.head for arrow in taken)} if trace else set()
    body = [_state(f"s{i}", table, one, i in passed, first=not i) for i, one in enumerate(folded.states)]
    body += _arrows(folded, taken)
    if trace and (trace.rest or not folded.states[trace.state].matches):
        body += _no_route(f"s{trace.state}", trace.rest)
    title = f"{dot.count(len(table.routes), 'pattern')} as one machine"
    remarks = ("A double frame: these routes match, in this order.", "Where no arrow leads on, no route matches.")
    drawing = dot.graph(title, body, remarks=(*remarks, *["Bold: the way of the number."] * bool(number), *doubt))
    twin = "\n".join(map(dot.clean, (*_twin(table, folded, trace, number), *doubt)))
    return Picture(title, drawing, _alt(table, folded, trace, number), twin)


def _no_route(state: str, rest: str) -> Iterator[str]:
    """Where a number ends that no route matches: under the place to which it came, so that nothing gets wider."""
    left = ("left over:", dot.shorten(rest, 13)) if rest else ("it ends here",)
    yield dot.node("none", ("No route", "matches", *left), "end", "stop", bold=2)
    yield dot.edge(state, "none", "", "stop")
    yield dot.column(state, "none")


def _state(name: str, table: RouteTable, state: State, passed: bool, *, first: bool = False) -> str:
    tone: Tone = "good" if passed else "plain"
    if state.matches:
        more = len(state.matches) - _MOST_ROUTES
        names = [f"{route + 1} {dot.shorten(table.routes[route].name, 22)}" for route in state.matches[:_MOST_ROUTES]]
        return dot.node(name, [*names, f"and {more} more" * (more > 0)], "match", tone, limit=32)
    words = f"{_rows(state.possible)} ?" if state.possible else "no route"
    return dot.node(name, ("start" if first else "", words), "state", tone, bold=int(first))


def _arrows(folded: Folded, taken: set[Arrow]) -> Iterator[str]:
    """One arrow for each pair of states; several ways between the same two stand one below the other."""
    pairs: dict[tuple[int, int], list[Arrow]] = {}
    for arrow in folded.arrows:
        pairs.setdefault((arrow.tail, arrow.head), []).append(arrow)
    for (tail, head), its in pairs.items():
        words = "\n".join(arrow.words for arrow in its) if its[1:] else its[0].words.replace(" then ", "\nthen ")
        yield dot.edge(f"s{tail}", f"s{head}", words, "good" if taken.intersection(its) else "plain")


def _alt(table: RouteTable, folded: Folded, trace: Trace | None, number: str) -> str:
    ends = sum(bool(state.matches) for state in folded.states)
    words = f"A machine of {dot.count(len(folded.states), 'state')} for {dot.count(len(table.routes), 'pattern')}"
    words += f", {ends} of them with routes that match."
    return f"{words} {_ending(table, folded, trace, number)}" if trace else words


def _ending(table: RouteTable, folded: Folded, trace: Trace, number: str) -> str:
    """Where a number ends, in a sentence."""
    matches = () if trace.rest else folded.states[trace.state].matches
    if matches:
        return f"{dot.clean(number)} ends where these routes match: {_named(table, matches)}."
    why = "it ends on the way" if trace.open else f"no arrow reads {dot.clean(trace.rest)}"
    return f"{dot.clean(number)}: no route matches, because {why}."


def _twin(table: RouteTable, folded: Folded, trace: Trace | None, number: str) -> Iterator[str]:
    for i, state in enumerate(folded.states):
        name = "The start" if not i else f"State {i}"
        match = f" Here {_named(table, state.matches)} match." if state.matches else ""
        yield f"{name}: {_named(table, state.possible)} can match.{match}"
        for arrow in folded.arrows:
            if arrow.tail == i:
                yield f"- by {arrow.words} to {'the start' if not arrow.head else f'state {arrow.head}'}"
    if trace:
        yield _ending(table, folded, trace, number)


# ---------------------------------------------------------------- a large machine, along a number


def _along(table: RouteTable, steps: tuple[Step, ...], doubt: Sequence[str]) -> Picture:
    number, matches = steps[-1].read, steps[-1].state.matches
    kept = [steps[0], *(after for before, after in pairwise(steps) if before.state != after.state)]
    alive = [step for step in kept if step.state.possible]
    body = [_state(f"s{i}", table, step.state, passed=True, first=not i) for i, step in enumerate(alive)]
    for i, (before, step) in enumerate(pairwise(alive), 1):
        body.append(dot.edge(f"s{i - 1}", f"s{i}", step.read[len(before.read) :], "good"))
    if not matches:
        body += _no_route(f"s{len(alive) - 1}", number[len(alive[-1].read) :])
    title = f"The way of {dot.clean(number)} through {dot.count(len(table.routes), 'pattern')}"
    where = f"it ends where these routes match: {_named(table, matches)}" if matches else "no route matches"
    twin = [
        f"{step.read or '(nothing)'}: {dot.count(len(step.state.possible), 'route')} can match;"
        f" {_named(table, step.state.matches)} match."
        for step in kept
    ]
    remarks = (
        "Each place says which routes still can match. A double frame: these match, in this order.",
        *doubt,
    )
    return Picture(
        title,
        dot.graph(title, body, remarks=remarks),
        f"{title}: {where}.",
        "\n".join(map(dot.clean, (*twin, *doubt))),
    )
