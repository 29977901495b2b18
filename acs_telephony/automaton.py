"""One machine for many patterns: which of them match, the shortest number that shows it, and how many there are.

A state of the machine is the set of languages still alive (`languages.py`), each with the routes that are left with
it; so one walk over a number answers for every pattern at once. States are made when they are first needed: reading a
number costs one step for each of its characters. All numbers of a domain together are no walk but a split
(`splitting.py`): it gives each set of routes that match, how many numbers have it, and the shortest, then smallest.

Our model, not documented: whether the service looks for a pattern anywhere in the number ("search", what .NET's
`Regex.IsMatch` does) or lets it match the whole number only ("whole"). Both readings can be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from acs_telephony.domains import E164, Domain
from acs_telephony.errors import AnswerError, BudgetError, NumberError, PatternError
from acs_telephony.languages import ALL, EMPTY, READINGS, Exhausted, Languages, Move, Reading, Search, unpack
from acs_telephony.patterns import ANY_CHARACTER, Pattern, charset, parse
from acs_telephony.splitting import Split

Matches = tuple[int, ...]

MOST_STATES = 100_000  # in one machine; the numbers of 5,000 ordinary routes need about 10,000
MOST_ALIVE = 1_000_000  # languages alive in all states together, about 100 MB
MOST_SPENT = 20_000_000  # the same for all questions to one machine, about 10 seconds
MOST_TERMS = 400_000  # expressions made while reading, about 150 MB; 5,000 ordinary routes need about 1,000


@dataclass(frozen=True, slots=True)
class Region:
    """The numbers of a domain that the same routes match: which routes, and how many numbers (None: no end).

    `witness` is the shortest, then smallest, of them, and `longest` the longest, then smallest.
    """

    matches: Matches
    witness: str
    count: int | None
    longest: str


def _classes(masks: Iterable[int]) -> tuple[int, ...]:
    """The alphabet in groups of characters that no mask tells apart, in the order of their smallest characters."""
    groups = {ANY_CHARACTER}
    for mask in masks:
        groups = {part for group in groups for part in (group & mask, group & ~mask) if part}
    return tuple(sorted(groups, key=_smallest))


def _smallest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _reached(start: int, left: dict[int, set[int]], most: int) -> set[int]:
    """The languages that were left of one so far, itself among them; no more are looked at than `most`."""
    reached, ahead = {start}, [start]
    while ahead and len(reached) < most:
        new = left.get(ahead.pop(), set()) - reached
        reached |= new
        ahead.extend(new)
    return reached


#: A language that is still alive, and the routes that are left with it as a number with one bit for each.
State = tuple[tuple[int, int], ...]


class Machine:
    r"""Many patterns as one automaton; made by `compile_table`.

    >>> machine = compile_table([r"^\+1(425|206)\d{7}$", r"^\+1\d{10}$"])
    >>> machine.match("+14255550100"), machine.match("+13215550100"), machine.match("+31201234567")
    ((0, 1), (1,), ())
    >>> machine.witness(lambda matches: matches == (1,))
    '+10000000000'
    >>> machine.count(lambda matches: 0 in matches)
    20000000
    """

    def __init__(
        self,
        patterns: Sequence[Pattern | PatternError],
        readings: Sequence[Reading],
        owners: Sequence[int] | None = None,
    ) -> None:
        self.patterns = tuple(patterns)
        self.readings = tuple(readings)
        #: Whose pattern stands at each place, for an error to name; what stands after them is no route.
        self._owners = range(len(self.patterns)) if owners is None else owners
        #: The routes whose patterns could not be read, with the reason; nothing is known of what they match.
        self.unread = {i: pattern for i, pattern in enumerate(patterns) if isinstance(pattern, PatternError)}
        self._masks = {mask for pattern in patterns if isinstance(pattern, Pattern) for mask in pattern.masks}
        #: The effort for all questions so far.
        self.spent = 0
        self._worst: int | None = None
        self._regions: dict[Domain, tuple[Region, ...]] = {}
        self._alphabet: tuple[int, ...] = ()
        # What is dialled is told apart from the start, or every new domain would mean to begin anew.
        self._tell_apart(map(charset, "+*#0123456789"))

    def match(self, number: str) -> Matches:
        """The indexes of the patterns that match, in their order. Raises NumberError on a character no number holds."""
        walk = self._walks[0]
        try:
            for character in number:
                walk = walk[character]
        except KeyError:
            return self._match_anew(number)
        found: Matches = walk[None]
        return found

    def _match_anew(self, number: str) -> Matches:
        """The same for a way that nobody went before, which is kept for those who come after."""
        state = 0
        with self._at_most(counted=False):
            for character in number:
                symbol = self._symbols.get(character)
                if symbol is None:
                    problem = f"{character!r} is no printable ASCII character"
                    raise NumberError(problem, place=repr(number), remedy="Type digits, with '+' in front.")
                following = self._rows[state][symbol]
                following = following if following >= 0 else self._step(state, symbol)
                self._walks[state][character] = self._walks[following]
                state = following
        return self._accepts[state]

    def regions(self, domain: Domain = E164) -> tuple[Region, ...]:
        """The domain split by the routes that match: each region's shortest, then smallest, number and its size.

        Together the regions hold every number of the domain exactly once, so a region that is absent is proven empty.
        Raises BudgetError when the table needs too many states.
        """
        if domain not in self._regions:
            pattern = parse_plan(domain.pattern)
            self._tell_apart(pattern.masks)
            with self._at_most():
                inside = self._languages.of(pattern, "whole")
                self._regions[domain] = self._crawl(inside) if domain.longest is None else self._split(inside)
        return self._regions[domain]

    @contextmanager
    def _at_most(self, *, counted: bool = True) -> Iterator[None]:
        """Room for one question, as long as there is any left for all that are counted."""
        if counted and self.spent > MOST_SPENT:
            raise self._over_budget()
        if self._is_full():
            self._forget()
        self._languages.effort = 0
        try:
            yield
        except (Exhausted, RecursionError):
            raise self._over_budget() from None
        finally:
            self.spent += self._languages.effort if counted else 0

    def witness(self, wanted: Callable[[Matches], bool], domain: Domain = E164) -> str | None:
        """The shortest, then smallest, number of the domain with wanted matches; None proves that there is none.

        The proof speaks of the patterns that were read: look at `unread` before you rely on it.
        """
        return next((region.witness for region in self.regions(domain) if wanted(region.matches)), None)

    def count(self, wanted: Callable[[Matches], bool], domain: Domain = E164) -> int | None:
        """How many numbers of the domain have matches that are wanted; None where the domain has no longest number."""
        if domain.longest is None:
            return None
        return sum(region.count or 0 for region in self.regions(domain) if wanted(region.matches))

    def find(
        self, routes: Iterable[int], domain: Domain = E164, *, none_of: Iterable[int] = (), any_of: Iterable[int] = ()
    ) -> str | None:
        """The shortest, then smallest, number of the domain that all of `routes` match, none of `none_of` and, where
        there are any, at least one of `any_of`; None proves that there is none.

        It follows one question only, so it needs few states where `regions` would need too many. The domain has a
        longest number. Raises BudgetError when even this question takes too many states.
        """
        with self._at_most():
            return self._find(list(routes), domain, list(none_of), list(any_of))

    def _find(self, routes: list[int], domain: Domain, none_of: list[int], any_of: list[int]) -> str | None:
        its, some = self._languages, {self._start[route] for route in any_of}
        wanted = its.both(its.of(parse_plan(domain.pattern), "whole"), *(self._start[route] for route in routes))
        none: Iterable[int] = {self._start[route] for route in none_of}
        # What all wanted numbers begin with, such as +3120, leaves few of the other routes alive.
        prefix, asked = "", bool(some)
        while not its.nullable[wanted] and len(moves := self._moves(wanted)) == 1:
            (_, _, character, wanted), *_ = moves
            prefix += character
            none, some = ({its.after(one, ord(character)) for one in side} for side in (none, some))
        condition = its.both(its.other(its.either(*none)), its.either(*some) if asked else ALL)
        longest = (domain.longest or 0) - len(prefix)
        rest = Search(its, self._moves, self._check).shortest(wanted, condition, longest)
        return None if rest is None else prefix + rest

    def _check(self, states: int) -> None:
        if states > MOST_STATES or self._is_full():
            raise self._over_budget()

    def _split(self, inside: int) -> tuple[Region, ...]:
        """The regions of a domain that has a longest number, in the order of their witnesses."""
        languages, routes = zip(*self._tuples[0], strict=True) if self._tuples[0] else ((), ())
        # A kind of numbers is a fifth of a state.
        parts = Split(self._languages, self._moves, lambda kinds: self._check(kinds // 5)).parts(languages, inside)
        regions = [
            Region(unpack(sum(routes[place] for place in unpack(kind))), witness, count, longest)
            for kind, (count, witness, longest) in parts.items()
        ]
        return tuple(sorted(regions, key=lambda region: (len(region.witness), region.witness)))

    def _crawl(self, inside: int) -> tuple[Region, ...]:
        """The same for a domain without a longest number: length by length, into each state once."""
        found: dict[Matches, Region] = {}
        ways, seen = [(0, inside, "")], {(0, inside)}
        for state, left, text in ways:  # more are added on the way, each after those that are shorter or smaller
            self._languages.exert(5)
            if self._is_full():
                raise self._over_budget()
            matches = self._accepts[state]
            known = found.get(matches)
            if self._languages.nullable[left] and not (known and len(known.longest) == len(text)):
                found[matches] = Region(matches, known.witness if known else text, None, text)
            for symbol, _, character, still in self._moves(left):
                target = self._rows[state][symbol]
                key = target if target >= 0 else self._step(state, symbol), still
                if key not in seen:
                    seen.add(key)
                    ways.append((*key, text + character))
        return tuple(found.values())

    def _moves(self, inside: int) -> list[Move]:
        """The symbols that stay inside a domain: number, how many characters, the smallest one, what may follow it."""
        moves = self._inside.get(inside)
        if moves is None:
            after = ((s, mask, self._languages.after(inside, _smallest(mask))) for s, mask in enumerate(self._alphabet))
            moves = [(s, mask.bit_count(), chr(_smallest(mask)), left) for s, mask, left in after if left != EMPTY]
            self._inside[inside] = moves
        return moves

    def _tell_apart(self, masks: Iterable[int]) -> None:
        self._masks.update(masks)
        alphabet = _classes(self._masks)
        if alphabet != self._alphabet:
            self._alphabet = alphabet
            self._codes = tuple(map(_smallest, alphabet))
            self._symbols = {
                chr(code): symbol for symbol, mask in enumerate(alphabet) for code in range(127) if mask >> code & 1
            }
            self._forget()

    def _forget(self) -> None:
        """Begin anew: no states and no expressions but those of the patterns themselves."""
        self._languages = Languages()
        self._inside: dict[int, list[Move]] = {}
        #: The language of each route that was read.
        self._start: dict[int, int] = {}
        for route, (pattern, reading) in enumerate(zip(self.patterns, self.readings, strict=True)):
            if isinstance(pattern, Pattern) and route not in self.unread:
                try:
                    self._start[route] = self._languages.of(pattern, reading)
                except BudgetError as error:
                    self.unread[route] = error
        self._made_at_first = len(self._languages.terms)
        self._states: dict[State, int] = {}
        self._tuples: list[State] = []
        self._alive = 0
        self._rows: list[list[int]] = []
        self._accepts: list[Matches] = []
        #: For each state what follows a character, for those that were read, and under None the patterns that match.
        self._walks: list[dict[str | None, Any]] = []
        self._unpacked: dict[int, Matches] = {}
        alive: dict[int, int] = {}
        for route, language in self._start.items():
            if language != EMPTY:
                alive[language] = alive.get(language, 0) | 1 << route
        self._number_of(alive)

    def _number_of(self, alive: dict[int, int]) -> int:
        state = tuple(sorted(alive.items()))
        number = self._states.get(state)
        if number is None:
            # Before anything is kept: a question that ends here must not leave a state that is half made.
            self._languages.exert(20 + len(state))
            number = self._states[state] = len(self._tuples)
            self._tuples.append(state)
            self._alive += len(state)
            self._rows.append([-1] * len(self._alphabet))
            matching = 0
            for language, routes in state:
                if self._languages.nullable[language]:
                    matching |= routes
            if matching not in self._unpacked:
                self._unpacked[matching] = unpack(matching)
            self._accepts.append(self._unpacked[matching])
            self._walks.append({None: self._accepts[-1]})
        return number

    def _step(self, state: int, symbol: int) -> int:
        code = _smallest(self._alphabet[symbol])
        alive: dict[int, int] = {}
        for language, routes in self._tuples[state]:
            left = self._languages.after(language, code)
            if left != EMPTY:
                alive[left] = alive.get(left, 0) | routes
        target = self._rows[state][symbol] = self._number_of(alive)
        return target

    def _is_full(self) -> bool:
        terms = len(self._languages.terms) - self._made_at_first
        return len(self._tuples) > MOST_STATES or self._alive > MOST_ALIVE or terms > MOST_TERMS

    def _over_budget(self) -> BudgetError:
        """Names the pattern that multiplies the states: the one that most different languages were left of."""
        if self.spent <= MOST_SPENT or self._worst is None:  # once all is spent, each further question is refused
            left, most = self._languages.left(), MOST_ALIVE // (len(self._owners) or 1)
            sizes = [len(_reached(self._start.get(place, EMPTY), left, most)) for place in range(len(self._owners))]
            self._worst = sizes.index(max(sizes))
        pattern, route = self.patterns[self._worst], self._owners[self._worst] + 1
        text = pattern.text if isinstance(pattern, Pattern) else pattern.pattern
        problem = f"the table needs too many states, over {MOST_STATES:,}; the pattern of route {route} adds most"
        return BudgetError(problem, pattern=text, remedy="Begin the pattern with '^' so that it cannot start anywhere.")


def compile_table(patterns: Iterable[str], reading: Reading = "search") -> Machine:
    """Compile number patterns, in the order of their routes; what cannot be read is kept in `Machine.unread`.

    Raises AnswerError for a reading that there is not, and for one text in the place of several.
    """
    if reading not in READINGS:
        raise AnswerError(f"{reading!a} is no reading", place="reading", remedy=f"Use {' or '.join(READINGS)}.")
    if isinstance(patterns, str) or not isinstance(patterns, Iterable):
        raise AnswerError(
            "patterns are given as a list", place="patterns", remedy="Put the pattern in brackets: [...]."
        )
    read = tuple(map(parse_or_error, patterns))
    return Machine(read, [reading] * len(read))


_remembered = lru_cache(maxsize=8192)(parse)
_remembered_plan = lru_cache(maxsize=2048)(partial(parse, longest=None))


def forget_patterns() -> None:
    """Read every pattern anew from now on: for those who measure how long that takes."""
    _remembered.cache_clear()


def parse_plan(text: str) -> Pattern:
    """A pattern of a number plan, which may be longer than what the service takes; read once."""
    return _remembered_plan(text)


def parse_or_error(text: str) -> Pattern | PatternError:
    """The pattern, or why it cannot be read."""
    try:
        return _remembered(text) if isinstance(text, str) else parse(text)
    except PatternError as error:
        return error
