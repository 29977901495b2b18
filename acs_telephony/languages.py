"""Regular languages by derivatives: what may still follow, once a character was read.

The derivative of a language by a character is the language of what may follow that character (Brzozowski 1964). With
`both` and `other` among the operators, a lookahead is an ordinary intersection and a negative one a complement.
An expression is kept once, as a number, and is written in one way only, so that states which are equal meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from acs_telephony.errors import BudgetError
from acs_telephony.patterns import ANY_CHARACTER, Pattern
from acs_telephony.trees import Anchor, Character, Choice, Lookahead, Node, Repeat, Sequence

Reading = Literal["search", "whole"]
READINGS: tuple[Reading, ...] = ("search", "whole")

# Parts put together to answer one question, one to two seconds; 5,000 ordinary routes need 400,000.
MOST_EFFORT = 2_000_000
MOST_WORK = 50_000  # expressions put together for one pattern; a pattern of a real dial plan needs about 50


class Exhausted(Exception):  # noqa: N818 (it never leaves the machine, which says it in words)
    """One question took more than MOST_EFFORT."""


class _Pair(NamedTuple):
    """What may follow a place in a pattern: where nothing was read yet, and later. They differ only by '^'."""

    first: int
    later: int


EMPTY, NOTHING, ALL = 0, 1, 2  # no string at all, the empty string only, every string


#: How long a string is at least, from what its parts are at least.
_SHORTEST: dict[str, Callable[[list[int]], int]] = {"then": sum, "either": min, "both": max}


class Languages:
    """Regular languages as numbers: an expression is kept once, and equal expressions are the same number."""

    def __init__(self) -> None:
        self.terms: list[tuple[str, tuple[int, ...]]] = [("empty", ()), ("nothing", ()), ("all", ())]
        self.nullable = [False, True, True]
        self.shortest = [1 << 30, 0, 0]
        self.numbers: dict[tuple[str, tuple[int, ...]], int] = {}
        self.derivatives: dict[tuple[int, int], int] = {}
        self.chains: dict[tuple[int, int], int] = {}
        #: For each domain what is left of languages after the symbols that may begin its strings (`splitting.py`).
        self.rows: dict[int, dict[int, tuple[int, ...]]] = {}
        self.trims: dict[tuple[int, int], int] = {}
        self.pattern = ""
        self.work: int | None = None
        self.effort = 0

    def keep(self, kind: str, parts: tuple[int, ...], nullable: bool) -> int:
        """The number of this expression, which is kept once. Raises BudgetError for a pattern of too much work."""
        self.exert(1 + len(parts))
        if self.work is not None:
            # Work, not new expressions: putting old ones together again and again takes time as well.
            self.work += 1 + len(parts)
            if self.work > MOST_WORK:
                problem = "the pattern takes too much work: its repeats inside repeats multiply"
                raise BudgetError(problem, pattern=self.pattern, remedy="Lower the counts of its repeats.")
        number = self.numbers.setdefault((kind, parts), len(self.terms))
        if number == len(self.terms):
            self.terms.append((kind, parts))
            self.nullable.append(nullable)
        return number

    def exert(self, parts: int) -> None:
        """Count what was put together, also where it was known before: that takes time as well."""
        self.effort += parts
        if self.effort > MOST_EFFORT:
            raise Exhausted

    def set_of(self, mask: int) -> int:
        """One character out of a set."""
        return self.keep("set", (mask,), False) if mask else EMPTY

    def then(self, head: int, tail: int) -> int:
        """Concatenation, kept as a chain to the right and with choices outside, so that equal ones meet."""
        known = self.chains.get((head, tail))
        if known is None:
            known = self.chains[head, tail] = self.chain(head, tail)
        return known

    def chain(self, head: int, tail: int) -> int:
        """Concatenation, made anew."""
        heads = []
        while self.terms[head][0] == "then":
            first, head = self.terms[head][1]
            heads.append(first)
        heads.append(head)
        for part in reversed(heads):
            tail = self.join(part, tail)
        return tail

    def join(self, head: int, tail: int) -> int:
        """Concatenation with a head that is no concatenation itself."""
        if EMPTY in (head, tail):
            return EMPTY
        if head == NOTHING or (head == tail == ALL):
            return tail
        if tail == NOTHING:
            return head
        kind, parts = self.terms[head]
        if kind == "either":
            return self.either(*(self.then(part, tail) for part in parts))
        return self.keep("then", (head, tail), self.nullable[head] and self.nullable[tail])

    def repeat(self, part: int) -> int:
        """The part any number of times."""
        return NOTHING if part in (EMPTY, NOTHING) else self.keep("repeat", (part,), True)

    def either(self, *parts: int) -> int:
        """Union."""
        flat = self.flatten("either", parts) - {EMPTY}
        if ALL in flat:
            return ALL
        if NOTHING in flat and any(self.nullable[part] for part in flat if part != NOTHING):
            flat.remove(NOTHING)
        if len(flat) < 2:
            return flat.pop() if flat else EMPTY
        return self.keep("either", tuple(sorted(flat)), any(self.nullable[part] for part in flat))

    def both(self, *parts: int) -> int:
        """Intersection."""
        flat = self.flatten("both", parts) - {ALL}
        if EMPTY in flat:
            return EMPTY
        if NOTHING in flat:
            return NOTHING if all(self.nullable[part] for part in flat) else EMPTY
        if len(flat) < 2:
            return flat.pop() if flat else ALL
        return self.keep("both", tuple(sorted(flat)), all(self.nullable[part] for part in flat))

    def other(self, part: int) -> int:
        """Every string that the part does not hold."""
        if part in (EMPTY, ALL):
            return ALL if part == EMPTY else EMPTY
        kind, parts = self.terms[part]
        return parts[0] if kind == "other" else self.keep("other", (part,), not self.nullable[part])

    def flatten(self, kind: str, parts: tuple[int, ...]) -> set[int]:
        """The parts as a set, with unions in a union (or intersections in an intersection) opened up."""
        flat: set[int] = set()
        for part in parts:
            inner, its_parts = self.terms[part]
            flat.update(its_parts if inner == kind else (part,))
        self.exert(len(flat))
        return flat

    def after(self, language: int, code: int) -> int:
        """What may follow the character with this code: the derivative of the language."""
        if language <= ALL:
            return ALL if language == ALL else EMPTY
        known = self.derivatives.get((language, code))
        if known is None:
            known = self.derivatives[language, code] = self.derive(language, code)
        return known

    def derive(self, language: int, code: int) -> int:
        """The derivative, from the derivatives of the parts."""
        kind, parts = self.terms[language]
        match kind:
            case "set":
                return NOTHING if parts[0] >> code & 1 else EMPTY
            case "then":
                head, tail = parts
                first = self.then(self.after(head, code), tail)
                return self.either(first, self.after(tail, code)) if self.nullable[head] else first
            case "repeat":
                return self.then(self.after(parts[0], code), language)
            case "either":
                return self.either(*(self.after(part, code) for part in parts))
            case "both":
                return self.both(*(self.after(part, code) for part in parts))
            case _:
                return self.other(self.after(parts[0], code))

    def after_each(self, language: int, codes: tuple[int, ...]) -> list[int]:
        """What may follow each of the characters with these codes, with less work than for one after the other."""
        kind, parts = self.terms[language]
        if kind == "either":
            columns = list(zip(*(self.after_each(part, codes) for part in parts), strict=True))
            united = {column: self.either(*column) for column in set(columns)}
            return [united[column] for column in columns]
        if kind == "then" and self.terms[parts[0]][0] == "set":
            mask = self.terms[parts[0]][1][0]
            return [parts[1] if mask >> code & 1 else EMPTY for code in codes]
        return [self.after(language, code) for code in codes]

    def trimmed(self, language: int, longest: int) -> int:
        """The language without parts that hold no string up to this length: for such strings it is the same."""
        # Measured when it is first asked for; parts have smaller numbers than what is made of them.
        for kind, parts in self.terms[len(self.shortest) :]:
            rule, nullable = _SHORTEST.get(kind), self.nullable[len(self.shortest)]
            self.shortest.append(rule([self.shortest[part] for part in parts]) if rule else int(not nullable))
        kind, parts = self.terms[language]
        if kind != "either":
            return language if self.shortest[language] <= longest else EMPTY
        key = language, longest
        if key not in self.trims:
            self.trims[key] = self.either(*[part for part in parts if self.shortest[part] <= longest])
        return self.trims[key]

    def left(self) -> dict[int, set[int]]:
        """What was found to follow each language so far."""
        found: dict[int, set[int]] = {}
        for (language, _), after in self.derivatives.items():
            found.setdefault(language, set()).add(after)
        for rows in self.rows.values():
            for language, row in rows.items():
                found.setdefault(language, set()).update(row)
        return found

    # From the tree of a pattern to a language: each part is told what may follow it.

    def of(self, pattern: Pattern, reading: Reading) -> int:
        """The language of the numbers that the pattern matches."""
        self.pattern, self.work, self.effort = pattern.text, 0, 0
        end = NOTHING if reading == "whole" else ALL
        try:
            first, later = self.before(pattern.node, _Pair(end, end))
        finally:
            self.work = None
        if reading == "whole" or later == EMPTY:
            return first
        return self.either(first, self.then(self.set_of(ANY_CHARACTER), self.then(ALL, later)))

    def before(self, node: Node, rest: _Pair) -> _Pair:
        """The part, then the rest."""
        match node:
            case Character(mask):
                both = self.then(self.set_of(mask), rest.later)
                return _Pair(both, both)
            case Sequence(parts):
                for part in reversed(parts):
                    rest = self.before(part, rest)
                return rest
            case Choice(parts):
                ways = [self.before(part, rest) for part in parts]
                return _Pair(self.either(*(way.first for way in ways)), self.either(*(way.later for way in ways)))
            case Anchor(at_end):
                if at_end:
                    return _Pair(self.both(NOTHING, rest.first), self.both(NOTHING, rest.later))
                return _Pair(rest.first, EMPTY)
            case Lookahead(part, negative):
                ahead = self.before(part, _Pair(ALL, ALL))
                first, later = map(self.other, ahead) if negative else ahead
                return _Pair(self.both(first, rest.first), self.both(later, rest.later))
            case Repeat(part, low, high):
                return self.before_repeat(self.before(part, _Pair(NOTHING, NOTHING)).later, low, high, rest)

    def before_repeat(self, part: int, low: int, high: int | None, rest: _Pair) -> _Pair:
        """The repeated part, then the rest."""
        if self.nullable[part]:
            # Only turns that read something count; otherwise the expression would grow with every turn.
            part, low = self.both(part, self.then(self.set_of(ANY_CHARACTER), ALL)), 0
        later = self.turns(part, low, high, rest.later)
        if low or rest.first == rest.later:
            return _Pair(later, later)
        return _Pair(rest.first if high == 0 else self.either(rest.first, self.turns(part, 1, high, rest.later)), later)

    def turns(self, part: int, low: int, high: int | None, rest: int) -> int:
        """The part, `low` to `high` times, then the rest."""
        turns = rest if high is not None else self.then(self.repeat(part), rest)
        for _ in range((high or low) - low):
            turns = self.either(rest, self.then(part, turns))
        for _ in range(low):
            turns = self.then(part, turns)
        return turns


Move = tuple[int, int, str, int]  # a symbol, how many characters it is, the smallest of them, what may follow


def unpack(routes: int) -> tuple[int, ...]:
    """The places of the bits that are set, in their order."""
    found = []
    while routes:
        found.append((routes & -routes).bit_length() - 1)
        routes &= routes - 1
    return tuple(found)


class Search:
    """A search for the shortest string of two languages at once, which goes into no dead end twice.

    `moves` gives the symbols that may begin a string of a language, in their order; `check` is told after each dead
    end how many there are, and may refuse to go on.
    """

    def __init__(self, languages: Languages, moves: Callable[[int], list[Move]], check: Callable[[int], None]) -> None:
        self.languages, self.moves, self.check = languages, moves, check
        self.known_lengths: dict[tuple[int, int], int] = {}
        self.known_ways: dict[tuple[int, int], list[tuple[str, int, int]]] = {}
        self.failed: set[tuple[int, int, int]] = set()

    def shortest(self, wanted: int, condition: int, longest: int) -> str | None:
        """The shortest, then smallest, string of both languages; None proves that there is none up to `longest`."""
        lengths = self.lengths(wanted, longest)
        found = (self.walk(wanted, condition, length) for length in range(longest + 1) if lengths >> length & 1)
        return next((text for text in found if text is not None), None)

    def lengths(self, language: int, longest: int) -> int:
        """How long the strings of a language can be, up to `longest`: one bit for each length."""
        key = language, longest
        if key not in self.known_lengths:
            found = int(self.languages.nullable[language])
            if longest:
                for left in {left for *_, left in self.moves(language)}:
                    found |= self.lengths(left, longest - 1) << 1
            self.known_lengths[key] = found
        return self.known_lengths[key]

    def ways(self, wanted: int, length: int) -> list[tuple[str, int, int]]:
        """The characters that begin strings of this length in a language, their codes, and what may follow them."""
        key = wanted, length
        if key not in self.known_ways:
            moves = ((character, ord(character), left) for _, _, character, left in self.moves(wanted))
            self.known_ways[key] = [way for way in moves if self.lengths(way[2], length - 1) >> length - 1 & 1]
        return self.known_ways[key]

    def walk(self, wanted: int, condition: int, length: int) -> str | None:
        """The smallest string of this length that is in both languages."""
        if not length:
            return "" if self.languages.nullable[wanted] and self.languages.nullable[condition] else None
        for character, code, left in self.ways(wanted, length):
            still = self.languages.after(condition, code)
            if still != EMPTY and (left, still, length - 1) not in self.failed:
                rest = self.walk(left, still, length - 1)
                if rest is not None:
                    return character + rest
        self.failed.add((wanted, condition, length))
        self.check(len(self.failed))
        return None
