"""One machine for many patterns: which of them match, the shortest number that shows it, and how many there are.

A state of the machine is the set of languages still alive (`languages.py`), each with the routes that are left with
it; so one walk over a number answers for every pattern at once, and one breadth-first search over the states finds the
shortest, then smallest, number with any property. States are made when they are first needed: reading a number costs
one step for each of its characters.

Our model, not documented: whether the service looks for a pattern anywhere in the number ("search", what .NET's
`Regex.IsMatch` does) or lets it match the whole number only ("whole"). Both readings can be compiled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any

from acs_telephony.domains import E164, Domain
from acs_telephony.errors import AnswerError, BudgetError, NumberError, PatternError
from acs_telephony.languages import ALL, EMPTY, READINGS, Exhausted, Languages, Move, Reading, Search, unpack
from acs_telephony.patterns import ANY_CHARACTER, Pattern, charset, parse

Matches = tuple[int, ...]

MOST_STATES = 100_000  # in one machine; a table of 5,000 ordinary routes needs about 40,000
MOST_ALIVE = 1_000_000  # languages alive in all states together, about 100 MB
MOST_SPENT = 20_000_000  # the same for all questions to one machine, about 10 seconds
MOST_TERMS = 400_000  # expressions made while reading, about 150 MB; 5,000 ordinary routes need about 25,000


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


_symbol = itemgetter(0)

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
        if self._is_full():
            self._forget()
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
            if self._is_full():
                self._forget()
            inside = self._languages.of(pattern, "whole")
            with self._at_most():
                self._regions[domain] = self._crawl(inside, domain)
        return self._regions[domain]

    @contextmanager
    def _at_most(self, *, counted: bool = True) -> Iterator[None]:
        """Room for one question, as long as there is any left for all that are counted."""
        if counted and self.spent > MOST_SPENT:
            raise self._over_budget()
        self._languages.effort = 0
        try:
            yield
        except Exhausted:
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
        if self._is_full():
            self._forget()
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
        rest = Search(its, self._moves, self._check_search).shortest(wanted, condition, longest)
        return None if rest is None else prefix + rest

    def _check_search(self, dead_ends: int) -> None:
        if dead_ends > MOST_STATES or self._has_too_many_terms():
            raise self._over_budget()

    def _crawl(self, language: int, domain: Domain) -> tuple[Region, ...]:
        """Every string of the domain, length by length; strings that no state tells apart travel together."""
        found: dict[Matches, Region] = {}
        layer = {(0, language): ("", 1)}
        seen = set(layer)
        while layer:
            self._languages.exert(5 * len(layer))
            following: dict[tuple[int, int], tuple[str, int]] = {}
            arrived: dict[Matches, tuple[str, int]] = {}
            for (state, inside), (text, count) in layer.items():
                if self._languages.nullable[inside]:
                    matches = self._accepts[state]
                    first, so_far = arrived.get(matches, (text, 0))
                    arrived[matches] = first, so_far + count
                row, moves = self._rows[state], self._moves(inside)
                if min(map(row.__getitem__, map(_symbol, moves)), default=0) < 0:
                    self._fill(state, tuple(map(_symbol, moves)))
                for symbol, size, character, still_inside in moves:
                    key = (row[symbol], still_inside)
                    # The layer is in the order of its texts, so the first text to arrive is the smallest.
                    known = following.get(key)
                    if known is not None:
                        following[key] = known[0], known[1] + count * size
                    elif domain.longest is not None or key not in seen:
                        following[key] = text + character, count * size
            for matches, (text, count) in arrived.items():
                region = found.get(matches)
                witness, so_far = (region.witness, region.count or 0) if region else (text, 0)
                found[matches] = Region(matches, witness, so_far + count, text)
            if domain.longest is None:
                seen.update(following)
            layer = following
        if domain.longest is None:
            return tuple(Region(region.matches, region.witness, None, region.longest) for region in found.values())
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
        self._after: dict[tuple[int, ...], dict[int, tuple[int, ...]]] = {}
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

    def _fill(self, state: int, symbols: tuple[int, ...]) -> None:
        """Steps from a state; symbols after which the same languages are left are taken together."""
        if self._is_full():
            raise self._over_budget()
        languages, routes = zip(*self._tuples[state], strict=True) if self._tuples[state] else ((), ())
        targets: dict[tuple[int, ...], int] = {}
        row = self._rows[state]
        followers = zip(*(self._after_each(language, symbols) for language in languages), strict=True)
        for symbol, left in zip(symbols, followers, strict=False):
            target = targets.get(left)
            if target is None:
                alive: dict[int, int] = {}
                for language, its in zip(left, routes, strict=True):
                    if language != EMPTY:
                        alive[language] = alive.get(language, 0) | its
                target = targets[left] = self._number_of(alive)
            row[symbol] = target
        if not languages:
            row[:] = [state] * len(row)

    def _after_each(self, language: int, symbols: tuple[int, ...]) -> tuple[int, ...]:
        """What may follow each of these symbols."""
        rows = self._after.setdefault(symbols, {})
        if language not in rows:
            after, codes = self._languages.after, self._codes
            rows[language] = tuple([after(language, codes[symbol]) for symbol in symbols])
        return rows[language]

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
        return len(self._tuples) > MOST_STATES or self._alive > MOST_ALIVE or self._has_too_many_terms()

    def _has_too_many_terms(self) -> bool:
        return len(self._languages.terms) - self._made_at_first > MOST_TERMS

    def _over_budget(self) -> BudgetError:
        """Names the pattern that multiplies the states: the one with the most different languages."""
        owners: dict[int, int] = {}
        for state in self._tuples:
            for language, routes in state:
                owners[language] = owners.get(language, 0) | routes
        places = (place for routes in owners.values() for place in unpack(routes) if place < len(self._owners))
        worst = next(iter(Counter(places).most_common(1)), (0, 0))[0]
        pattern, route = self.patterns[worst], self._owners[worst] + 1
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
