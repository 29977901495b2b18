"""What the routes of a table take, under both readings of patterns at once.

It is not documented whether the service looks for a pattern anywhere in a number ("search") or lets it match the whole
number only ("whole"). One machine holds every pattern as searched, and those that the other reading changes once more.
So one walk over all numbers of a domain answers for both; where both agree, a finding is certain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from acs_telephony.automaton import MOST_SPENT, Machine, Matches, parse_or_error, parse_plan
from acs_telephony.domains import E164, Domain
from acs_telephony.errors import BudgetError, PatternError
from acs_telephony.languages import EMPTY, READINGS, Exhausted, Languages, Reading
from acs_telephony.patterns import Pattern
from acs_telephony.trees import Anchor, Node
from acs_telephony.trees import Sequence as InOrder


@dataclass(frozen=True, slots=True)
class Ground:
    """Numbers of a domain that no route tells apart under either reading; fields as in `Region`.

    `labels` are the indexes of the labels whose numbers they are.
    """

    search: Matches
    whole: Matches
    labels: Matches
    witness: str
    longest: str
    count: int | None

    def matches(self, reading: Reading) -> Matches:
        """The routes that match under a reading, by their indexes."""
        return self.search if reading == "search" else self.whole


class Survey:
    r"""The patterns of a table under both readings, and labels: further patterns, searched,
    to tell numbers apart by.

    >>> survey = Survey([r"^\+3120\d{7}", r"^\+31\d{9}$"])
    >>> [(ground.search, ground.whole, ground.witness) for ground in survey.grounds() if ground.search]
    [((1,), (1,), '+31000000000'), ((0, 1), (0, 1), '+31200000000'), ((0,), (), '+312000000000')]
    """

    def __init__(self, patterns: Sequence[str], labels: Sequence[str] = (), only: Reading | None = None) -> None:
        self._given = tuple(patterns), tuple(labels)
        self._spent_aside = 0
        read = [parse_or_error(text) for text in patterns]
        self.size = len(read)
        #: The routes that the reading changes, and their places in the machine under the whole reading.
        self.twins = {} if only else {route: self.size + i for i, route in enumerate(_changed(read))}
        self._owners = tuple(self.twins)
        self._first_label = self.size + len(self.twins)
        machine = [*read, *(read[route] for route in self.twins), *map(parse_plan, labels)]
        readings: list[Reading] = [only or "search"] * self.size
        readings.extend(["whole"] * len(self.twins))
        readings.extend(["search"] * len(labels))
        self.machine = Machine(machine, readings, [*range(self.size), *self.twins])
        #: The routes whose patterns could not be read, with the reason.
        self.unread: dict[int, PatternError] = {}
        for place, error in self.machine.unread.items():
            self.unread.setdefault(self._owner(place), error)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The readings that differ for this table: one is enough where they do not."""
        return READINGS if self.twins else READINGS[:1]

    def place(self, route: int, reading: Reading) -> int:
        """Where a route stands in the machine under a reading."""
        return self.twins.get(route, route) if reading == "whole" else route

    def label(self, index: int) -> int:
        """Where a label stands in the machine."""
        return self._first_label + index

    def match(self, number: str, reading: Reading) -> Matches:
        """The routes that match a number under a reading."""
        return self._split(self.machine.match(number))[reading == "whole"]

    def grounds(self, domain: Domain = E164) -> tuple[Ground, ...]:
        """A domain split by what matches; each number is in exactly one. Raises BudgetError when there are too many."""
        return tuple(
            Ground(*self._split(region.matches), region.witness, region.longest, region.count)
            for region in self.machine.regions(domain)
        )

    def floats(self, route: int) -> bool:
        """Whether a route takes numbers of E.164 that only hold its pattern somewhere after their beginning."""
        pattern = self.machine.patterns[route]
        if route not in self.twins or not isinstance(pattern, Pattern):
            return False
        tied = replace(pattern, node=InOrder((Anchor(at_end=False), pattern.node)))
        try:
            with self.aside([pattern, tied], ["search", "search"]) as machine:
                return machine.find([0], none_of=[1]) is not None
        except BudgetError:
            return True

    @contextmanager
    def aside(self, patterns: Sequence[Pattern], readings: Sequence[Reading]) -> Iterator[Machine]:
        """A small machine for one route; all of them together have as much room as the large one."""
        if self._spent_aside > MOST_SPENT:
            problem = "questions about single routes need too many states together"
            raise BudgetError(problem, pattern=patterns[0].text, remedy="Begin patterns with '^'.")
        machine = Machine(patterns, readings)
        try:
            yield machine
        finally:
            self._spent_aside += machine.spent

    def under(self, reading: Reading) -> Survey:
        """The same table under one reading only, with fewer states."""
        return Survey(*self._given, only=reading)

    def without(self, routes: Sequence[int]) -> Survey:
        """The same table with some routes that match nothing."""
        patterns, labels = self._given
        return Survey(["(?!)" if route in routes else text for route, text in enumerate(patterns)], labels)

    def _split(self, matches: Matches) -> tuple[Matches, Matches, Matches]:
        if not matches or (matches[-1] < self.size and not self.twins):
            return matches, matches, ()
        search = tuple(place for place in matches if place < self.size)
        labels = tuple(place - self._first_label for place in matches if place >= self._first_label)
        if not self.twins:
            return search, search, labels
        twice = tuple(self._owner(place) for place in matches if self.size <= place < self._first_label)
        whole = sorted({route for route in search if route not in self.twins}.union(twice))
        return search, tuple(whole), labels

    def _owner(self, place: int) -> int:
        return place if place < self.size else self._owners[place - self.size]


def can_begin(patterns: Sequence[str], beginnings: Collection[str]) -> set[str]:
    r"""Those beginnings of numbers with which some pattern may still match; what is left out, no readable one takes.

    >>> sorted(can_begin([r"^\+31\d{9}$", "^("], ["+3", "+31", "+32", "+1"]))
    ['+3', '+31']
    """
    its, alive = Languages(), set[str]()
    read = (parse_or_error(text) for text in patterns)
    try:
        starts = {its.of(pattern, "search") for pattern in read if isinstance(pattern, Pattern)} - {EMPTY}
        its.effort = 0
        for beginning in beginnings:
            left = starts
            for character in beginning:
                left = {its.after(language, ord(character)) for language in left} - {EMPTY}
            alive |= {beginning} if left else set()
    except (BudgetError, Exhausted, RecursionError):
        return set(beginnings)
    return alive


def _is_closed(node: Node) -> bool:
    """Whether the pattern is plainly tied to both ends of the number, as nearly all are."""
    match node:
        case InOrder((Anchor(at_end=False), *_, Anchor(at_end=True))):
            return True
    return False


def _changed(patterns: Sequence[Pattern | PatternError]) -> list[int]:
    """The routes whose numbers differ with the reading, as far as it can be seen without a search."""
    languages, changed = Languages(), []
    for route, pattern in enumerate(patterns):
        if isinstance(pattern, Pattern) and not _is_closed(pattern.node):
            try:
                if languages.of(pattern, "search") != languages.of(pattern, "whole"):
                    changed.append(route)
            except PatternError:
                continue  # the machine says why
    return changed
