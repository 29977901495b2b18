"""A machine to look at: few enough states for a picture, with runs of digits folded into one arrow.

A state is what is left of every pattern (`languages.py`). Here states with the same future are one, states from which
no pattern can match are left out, and a state that is only on the way to the next one becomes a part of its arrow.
Only what can be dialled is read: digits, plus, star and hash. A pattern that cannot be read matches nothing here;
`unread` names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from acs_telephony.automaton import Matches, parse_or_error
from acs_telephony.errors import BudgetError, PatternError
from acs_telephony.languages import EMPTY, Exhausted, Languages, Reading

DIALLED = "+*#0123456789"
DIGITS = DIALLED[3:]
MOST_STATES = 250  # to be folded; a table that needs more is no picture
MOST_LOOKED_AT = 1000  # languages, to tell whether one of them can still be completed


@dataclass(frozen=True, slots=True)
class State:
    """Where a number is after some digits: the routes that match if it ends here, and those that still can match."""

    matches: Matches
    possible: Matches


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one state to another, by their places; `reads` is a set of characters for each that is read on the way."""

    tail: int
    head: int
    reads: tuple[str, ...]

    @property
    def words(self) -> str:
        """What is read, as short as it can be said.

        >>> Arrow(0, 1, ("+", "1", "23", *["0123456789"] * 7)).words
        '+1 then [23] then 7 digits'
        """
        words = []
        for kind, run in groupby(self.reads, key=lambda reads: "" if len(reads) == 1 else reads):
            steps = list(run)
            words.append("".join(steps) if not kind else _several(kind, len(steps)))
        return " then ".join(words)

    def begins(self, text: str) -> bool:
        """Whether a text is read on this arrow, as far as both go."""
        return all(character in reads for character, reads in zip(text, self.reads, strict=False))


def _several(reads: str, count: int) -> str:
    if reads == DIGITS:
        return "any digit" if count == 1 else f"{count} digits"
    times = "" if count == 1 else f"{count} x "
    return times + ("anything" if reads == DIALLED else f"[{_ranges(reads)}]")


def _ranges(characters: str) -> str:
    """Characters of a class, runs of three and more digits as a range.

    >>> _ranges("0135678")
    '0135-8'
    """
    runs: list[str] = []
    for character in characters:
        if runs and character in DIGITS and ord(runs[-1][-1]) + 1 == ord(character):
            runs[-1] += character
        else:
            runs.append(character)
    return "".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else run for run in runs)


@dataclass(frozen=True, slots=True)
class Folded:
    """A machine as a picture shows it. A number begins in the state 0; where no arrow leads on, no route matches."""

    states: tuple[State, ...]
    arrows: tuple[Arrow, ...]

    def trace(self, number: str) -> Trace:
        """The way of a number through the machine."""
        at, read = 0, 0
        arrows: list[int] = []
        while read < len(number):
            way = next((i for i, one in enumerate(self.arrows) if one.tail == at and one.begins(number[read:])), None)
            if way is None or len(number) - read < len(self.arrows[way].reads):
                return Trace(at, tuple(arrows), number[read:], open=way is not None)
            arrows.append(way)
            at, read = self.arrows[way].head, read + len(self.arrows[way].reads)
        return Trace(at, tuple(arrows), "", open=True)


@dataclass(frozen=True, slots=True)
class Trace:
    """The way of a number: the last state it came to, the arrows it took, and what of it is left over there.

    It is `open` when further digits could still lead on.
    """

    state: int
    arrows: tuple[int, ...]
    rest: str
    open: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A number as far as it was read, with the routes that match it there and those that still can match."""

    read: str
    state: State


class _Left:
    """What is left of every pattern after some characters: for each route that is alive, the number of a language."""

    def __init__(self, patterns: Iterable[str], reading: Reading) -> None:
        self.languages = Languages()
        start: dict[int, int] = {}
        #: The routes whose patterns could not be read: nothing is known of what they match.
        self.unread: list[int] = []
        for route, text in enumerate(patterns):
            pattern = parse_or_error(text)
            try:
                if isinstance(pattern, PatternError):
                    raise pattern
                language = self.languages.of(pattern, reading)
            except PatternError:
                self.unread.append(route)
            else:
                start[route] = language
        self.languages.effort = 0
        #: Whether what can be dialled makes something of a language.
        self.known = {EMPTY: False}
        self.start = tuple((route, language) for route, language in start.items() if self.lives(language))

    def after(self, left: Alive, character: str) -> Alive:
        """What is left of what is left. Raises Exhausted after too much work, all steps together."""
        pairs = ((route, self.languages.after(language, ord(character))) for route, language in left)
        return tuple((route, language) for route, language in pairs if self.lives(language))

    def lives(self, language: int) -> bool:
        """Whether something that can be dialled makes a match of what is left; where that is hard to tell, it may."""
        if language not in self.known:
            ways, seen = [language], {language}
            for one in ways:  # more are added on the way
                if self.languages.nullable[one] or self.known.get(one) or len(seen) > MOST_LOOKED_AT:
                    self.known[language] = True
                    return True
                try:
                    ways += {self.languages.after(one, ord(character)) for character in DIALLED} - seen
                except (Exhausted, RecursionError):
                    return True  # the next step is refused
                seen.update(ways)
            self.known.update(dict.fromkeys(seen, False))
        return self.known[language]

    def matches(self, left: Alive) -> Matches:
        """The routes of which nothing more is needed."""
        return tuple(route for route, language in left if self.languages.nullable[language])


Alive = tuple[tuple[int, int], ...]  # (route, language), in the order of the routes


def unread(patterns: Sequence[str], reading: Reading = "search") -> Matches:
    """The routes whose patterns cannot be read; in a walk or a folded machine they match nothing."""
    return tuple(_Left(patterns, reading).unread)


def walk(patterns: Sequence[str], number: str, reading: Reading = "search") -> tuple[Step, ...]:
    r"""A number read character by character: after each, the routes that match so far, and those that still can.

    Raises BudgetError.

    >>> for step in walk([r"^\+1206\d$", r"^\+1\d{4}$"], "+12060"):
    ...     print(step.read, step.state.possible, step.state.matches)
     (0, 1) ()
    + (0, 1) ()
    +1 (0, 1) ()
    +12 (0, 1) ()
    +120 (0, 1) ()
    +1206 (0, 1) ()
    +12060 (0, 1) (0, 1)
    """
    its = _Left(patterns, reading)
    left, steps = its.start, []
    for place in range(len(number) + 1):
        try:
            left = its.after(left, number[place - 1]) if place else left
        except (Exhausted, RecursionError):
            problem, remedy = (
                f"{number[:place]} takes too much work",
                "Begin patterns with '^', and lower their counts.",
            )
            raise BudgetError(problem, pattern=patterns[left[0][0]], remedy=remedy) from None
        possible = tuple(route for route, _ in left)
        steps.append(Step(number[:place], State(its.matches(left), possible)))
    return tuple(steps)


def fold(patterns: Sequence[str], reading: Reading = "search") -> Folded | None:
    r"""The machine of some patterns, folded; None where it has more than MOST_STATES states before that.

    >>> [arrow.words for arrow in fold([r"^\+12\d{3}$", r"^\+1\d{4}$"]).arrows]
    ['+1', '[013-9] then 3 digits', '2 then 3 digits']
    """
    its = _Left(patterns, reading)
    rows, accepts = {its.start: 0}, [its.matches(its.start)]
    steps: list[list[int]] = []
    order = [its.start]
    for left in order:
        steps.append([])
        for character in DIALLED:
            try:
                after = its.after(left, character)
            except (Exhausted, RecursionError):
                return None
            if after not in rows:
                if len(rows) == MOST_STATES:
                    return None
                rows[after] = len(order)
                order.append(after)
                accepts.append(its.matches(after))
            steps[-1].append(rows[after])
    possible = [frozenset(route for route, _ in left) for left in order]
    return _joined(_same_future(accepts, steps), accepts, possible, steps)


def _same_future(accepts: list[Matches], steps: list[list[int]]) -> list[int]:
    """A number for each state, the same for states that no further digits tell apart (Moore 1956)."""
    seen: dict[object, int] = {}
    kinds = [seen.setdefault(matches, len(seen)) for matches in accepts]
    while True:
        before, seen = len(seen), {}
        signs = [(kinds[state], *(kinds[target] for target in row)) for state, row in enumerate(steps)]
        kinds = [seen.setdefault(sign, len(seen)) for sign in signs]
        if len(seen) == before:
            return kinds


def _joined(kinds: list[int], accepts: list[Matches], possible: list[frozenset[int]], steps: list[list[int]]) -> Folded:
    """One state for each kind from which a route can match, and the arrows between them, folded."""
    first: dict[int, int] = {}
    for state, kind in enumerate(kinds):
        first.setdefault(kind, state)
    arrows: dict[tuple[int, int], str] = defaultdict(str)
    for kind, state in first.items():
        for character, target in zip(DIALLED, steps[state], strict=True):
            if possible[target]:
                arrows[kind, kinds[target]] += character
    out: dict[int, list[tuple[int, tuple[str, ...]]]] = {kind: [] for kind in first}
    into: dict[int, int] = dict.fromkeys(first, 0)
    for (tail, target), characters in arrows.items():
        out[tail].append((target, (characters,)))
        into[target] += 1
    start = kinds[0]
    on_the_way = {
        kind
        for kind, state in first.items()
        if kind != start and not accepts[state] and into[kind] == len(out[kind]) == 1 and out[kind][0][0] != kind
    }
    shown: dict[int, int] = {start: 0}
    folded: list[Arrow] = []
    for kind in (order := [start]):
        for head, reads in out[kind]:
            while head in on_the_way:
                (head, more), *_ = out[head]
                reads += more
            if head not in shown:
                shown[head] = len(order)
                order.append(head)
            folded.append(Arrow(shown[kind], shown[head], reads))
    states = tuple(State(accepts[first[kind]], tuple(sorted(possible[first[kind]]))) for kind in order)
    return Folded(states, tuple(folded))
