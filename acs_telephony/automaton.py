"""One machine for many patterns: which of them match, the shortest number that shows it, and how many there are.

A state of the machine is the tuple of routes still alive, each with its language (`languages.py`); so one walk over a
number answers for every pattern at once, and one breadth-first search over the states finds the shortest, then
smallest, number with any property. States are made when they are first needed: reading a number costs one step for
each of its characters.

Our model, not documented: whether the service looks for a pattern anywhere in the number ("search", what .NET's
`Regex.IsMatch` does) or lets it match the whole number only ("whole"). Both readings can be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from acs_telephony.errors import AnswerError, BudgetError, NumberError, PatternError
from acs_telephony.languages import EMPTY, READINGS, Languages, Reading
from acs_telephony.patterns import ANY_CHARACTER, Pattern, charset, parse

Matches = tuple[int, ...]

MOST_STATES = 60_000  # in one machine; a table of 1,000 ordinary routes needs about 13,000
MOST_ALIVE = 1_000_000  # routes alive in all states together, about 100 MB; states of many floating routes are large
MOST_TERMS = 400_000  # expressions made while reading, about 150 MB; 1,000 ordinary routes need about 100,000


@dataclass(frozen=True, slots=True)
class Domain:
    """A named set of dialled numbers that a proof speaks of; `longest` is None where there is no longest number."""

    name: str
    pattern: str
    longest: int | None


#: E.164 as ITU-T numbers are written: a plus, then at most 15 digits, the first not 0.
E164 = Domain("E.164 numbers", r"^\+[1-9]\d{1,14}$", 16)
ANY_STRING = Domain("strings of printable ASCII characters", ".*", None)


@dataclass(frozen=True, slots=True)
class Region:
    """The numbers of a domain that the same routes match: which routes, the shortest one, how many (None: no end)."""

    matches: Matches
    witness: str
    count: int | None


def _classes(masks: Iterable[int]) -> tuple[int, ...]:
    """The alphabet in groups of characters that no mask tells apart, in the order of their smallest characters."""
    groups = {ANY_CHARACTER}
    for mask in masks:
        groups = {part for group in groups for part in (group & mask, group & ~mask) if part}
    return tuple(sorted(groups, key=_smallest))


def _smallest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


State = tuple[tuple[int, int], ...]  # (route, its language), for each route still alive


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

    def __init__(self, patterns: tuple[Pattern | PatternError, ...], reading: Reading) -> None:
        self.patterns = patterns
        self.reading = reading
        #: The routes whose patterns could not be read, with the reason; nothing is known of what they match.
        self.unread = {i: pattern for i, pattern in enumerate(patterns) if isinstance(pattern, PatternError)}
        self._masks = {mask for pattern in patterns if isinstance(pattern, Pattern) for mask in pattern.masks}
        self._regions: dict[Domain, tuple[Region, ...]] = {}
        self._alphabet: tuple[int, ...] = ()
        self._tell_apart(parse(E164.pattern).masks | {charset("*"), charset("#")})

    def match(self, number: str) -> Matches:
        """The indexes of the patterns that match, in their order. Raises NumberError on a character no number holds."""
        if self._is_full():
            self._forget()
        state = 0
        for character in number:
            symbol = self._symbols.get(character)
            if symbol is None:
                problem = f"{character!r} is no printable ASCII character"
                raise NumberError(problem, place=repr(number), remedy="Type digits, with '+' in front.")
            following = self._rows[state][symbol]
            state = following if following >= 0 else self._step(state, symbol)
        return self._accepts[state]

    def regions(self, domain: Domain = E164) -> tuple[Region, ...]:
        """The domain split by the routes that match: each region's shortest, then smallest, number and its size.

        Together the regions hold every number of the domain exactly once, so a region that is absent is proven empty.
        Raises BudgetError when the table needs too many states.
        """
        if domain not in self._regions:
            pattern = parse(domain.pattern)
            self._tell_apart(pattern.masks)
            if self._is_full():
                self._forget()
            self._regions[domain] = self._crawl(self._languages.of(pattern, "whole"), domain)
        return self._regions[domain]

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

    def _crawl(self, language: int, domain: Domain) -> tuple[Region, ...]:
        """Every string of the domain, length by length; strings that no state tells apart travel together."""
        found: dict[Matches, Region] = {}
        layer = {(0, language): ("", 1)}
        seen = set(layer)
        while layer:
            following: dict[tuple[int, int], tuple[str, int]] = {}
            for (state, inside), (text, count) in layer.items():
                if self._languages.nullable[inside]:
                    matches = self._accepts[state]
                    region = found.get(matches, Region(matches, text, 0))
                    found[matches] = replace(region, count=(region.count or 0) + count)
                for symbol, mask in enumerate(self._alphabet):
                    still_inside = self._languages.after(inside, _smallest(mask))
                    if still_inside == EMPTY:
                        continue
                    target = self._rows[state][symbol]
                    key = (target if target >= 0 else self._step(state, symbol, limit=True), still_inside)
                    if domain.longest is None and key in seen:
                        continue
                    seen.add(key)
                    # The layer is in the order of its texts, so the first text to arrive is the smallest.
                    known, so_far = following.get(key, (text + chr(_smallest(mask)), 0))
                    following[key] = known, so_far + count * mask.bit_count()
            layer = following
        if domain.longest is None:
            return tuple(replace(region, count=None) for region in found.values())
        return tuple(found.values())

    def _tell_apart(self, masks: Iterable[int]) -> None:
        alphabet = _classes(self._masks.union(masks))
        self._masks.update(masks)
        if alphabet != self._alphabet:
            self._alphabet = alphabet
            self._symbols = {
                chr(code): symbol for symbol, mask in enumerate(alphabet) for code in range(127) if mask >> code & 1
            }
            self._forget()

    def _forget(self) -> None:
        """Begin anew: no states and no expressions but those of the patterns themselves."""
        self._languages = Languages()
        start = []
        for route, pattern in enumerate(self.patterns):
            if isinstance(pattern, Pattern) and route not in self.unread:
                try:
                    start.append((route, self._languages.of(pattern, self.reading)))
                except BudgetError as error:
                    self.unread[route] = error
        self._made_at_first = len(self._languages.terms)
        self._states: dict[State, int] = {}
        self._tuples: list[State] = []
        self._alive = 0
        self._rows: list[list[int]] = []
        self._accepts: list[Matches] = []
        self._number_of(tuple(start))

    def _number_of(self, state: State) -> int:
        number = self._states.setdefault(state, len(self._tuples))
        if number == len(self._tuples):
            self._tuples.append(state)
            self._alive += len(state)
            self._rows.append([-1] * len(self._alphabet))
            self._accepts.append(tuple(route for route, language in state if self._languages.nullable[language]))
        return number

    def _step(self, state: int, symbol: int, *, limit: bool = False) -> int:
        if limit and self._is_full():
            raise self._over_budget()
        code = _smallest(self._alphabet[symbol])
        after = ((route, self._languages.after(language, code)) for route, language in self._tuples[state])
        target = self._rows[state][symbol] = self._number_of(tuple(alive for alive in after if alive[1] != EMPTY))
        return target

    def _is_full(self) -> bool:
        made = len(self._languages.terms) - self._made_at_first
        return len(self._tuples) > MOST_STATES or self._alive > MOST_ALIVE or made > MOST_TERMS

    def _over_budget(self) -> BudgetError:
        """Names the pattern that multiplies the states: the one with the most different languages."""
        variety: dict[int, set[int]] = {}
        for state in self._tuples:
            for route, language in state:
                variety.setdefault(route, set()).add(language)
        worst = max(variety, key=lambda route: len(variety[route]))
        pattern = self.patterns[worst]
        text = pattern.text if isinstance(pattern, Pattern) else pattern.pattern
        problem = f"the table needs more than {len(self._tuples):,} states; the pattern of route {worst + 1} adds most"
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
    return Machine(tuple(map(_parse_or_error, patterns)), reading)


def _parse_or_error(text: str) -> Pattern | PatternError:
    try:
        return parse(text)
    except PatternError as error:
        return error
