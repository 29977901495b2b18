"""The number space as a map: a domain cut into parts, each part into outcome classes, all with exact counts.

An outcome class is all numbers that come to the same routes in the same order. Under one reading a number has one such
chain, so no number is in two classes; and every walk counts all numbers of its part, so none is in no class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from acs_telephony.checking.route_table import RouteTable, in_order, table_of
from acs_telephony.checking.surveying import Survey
from acs_telephony.domains import E164, Domain
from acs_telephony.errors import AnswerError
from acs_telephony.languages import READINGS, Reading
from acs_telephony.models import Resource, SipConfiguration, quoted
from acs_telephony.numbers import NumberType, number_types

Source = RouteTable | SipConfiguration | Resource
Chain = tuple[int, ...]  # routes by their indexes, in the order in which a call tries them; empty where nobody answers


@dataclass(frozen=True, slots=True)
class OutcomeClass:
    """Numbers that come to the same chain of routes: how many, and the shortest, then smallest, of them."""

    chain: Chain
    count: int
    witness: str


@dataclass(frozen=True, slots=True)
class Part:
    """Some numbers and their outcome classes, the largest first.

    `unsure` counts those whose chain is another one under the other reading.
    """

    name: str
    classes: tuple[OutcomeClass, ...]
    unsure: int

    @property
    def numbers(self) -> int:
        """How many numbers there are in this part."""
        return sum(one.count for one in self.classes)

    @property
    def nobody(self) -> int:
        """How many of them no route takes."""
        return sum(one.count for one in self.classes if not one.chain)

    @property
    def taken(self) -> int:
        """How many of them come to a route."""
        return self.numbers - self.nobody

    @property
    def share(self) -> Fraction:
        """The exact share of its numbers that come to a route; 0 where there are no numbers."""
        return Fraction(self.taken, self.numbers or 1)

    @property
    def gap(self) -> str | None:
        """The shortest, then smallest, number that no route takes; None proves that there is none."""
        return next((one.witness for one in self.classes if not one.chain), None)


@dataclass(frozen=True, slots=True)
class NumberMap:
    """Numbers in parts that share none: `what` says which, and `prefix` how all of them begin, if they do.

    `unread` names the routes whose patterns could not be read: what they take is not known, so no gap is proven.
    """

    table: RouteTable
    what: str
    reading: Reading
    parts: tuple[Part, ...]
    unread: tuple[str, ...]
    prefix: str = ""

    @property
    def whole(self) -> Part:
        """All parts as one."""
        return _joined(self.what, self.parts)

    def part(self, name: str) -> Part:
        """The part with this name. Raises AnswerError when there is none."""
        for one in self.parts:
            if one.name == name:
                return one
        names = [one.name for one in self.parts if one.numbers and one.name != self.prefix] or [self.prefix]
        remedy = f"Take one of those from {names[0]} to {names[-1]}."
        raise AnswerError(f"the map has no part {str(name)[:40]!a}", place="name", remedy=remedy)


def map_numbers(
    source: Source, prefix: str = "+", *, domain: Domain = E164, reading: Reading = "search", digits: int = 2
) -> NumberMap:
    r"""The numbers of a domain that begin with a prefix, in parts by the one or two digits that follow it.

    The last part has the name of the prefix and holds the numbers that end before that. Raises AnswerError for what is
    no prefix or leaves no room for digits, and BudgetError where the table needs too many states.

    >>> from acs_telephony.tables import microsoft_three_routes
    >>> found = map_numbers(microsoft_three_routes(), "+1 4", domain=of_length(11))
    >>> found.part("+1425").taken, found.part("+1425").classes[0].chain, found.whole.share
    (10000000, (0, 1, 2), Fraction(1, 1))
    """
    begins = "".join(str(prefix).split())
    longest = domain.longest or 0
    if begins[:1] != "+" or not (begins == "+" or (begins[1:].isdecimal() and begins.isascii() and begins[1] != "0")):
        remedy = "Write '+', or '+' and the first digits of numbers, such as +31."
        raise AnswerError(f"{str(prefix)[:40]!a} is no beginning of an E.164 number", place="prefix", remedy=remedy)
    if digits not in (1, 2) or len(begins) + digits > longest:
        remedy = "Take a shorter prefix and one or two digits, in a domain that has a longest number."
        raise AnswerError(f"there is no room for {digits!r} digits", place="prefix", remedy=remedy)
    cells = [f"{begins}{number:0{digits}}" for number in range(10**digits)]
    # A look ahead cuts the domain; its own pattern stays as it is.
    cuts = {cell: rf"\{cell}" for cell in cells} | {begins: rf"\{begins}\d{{0,{digits - 1}}}$"}
    domains = [Domain(name, f"^(?={cut})(?:{domain.pattern})", longest) for name, cut in cuts.items()]
    what = domain.name if begins == "+" else f"{domain.name} that begin with {begins}"
    return _mapped(source, what, domains, reading, begins)


def map_types(source: Source, groups: Mapping[str, Iterable[NumberType]], reading: Reading = "search") -> NumberMap:
    """The valid numbers of some types, a part for each group; a number of several types in a group is counted once."""
    domains = [_valid(name, types) for name, types in groups.items()]
    return _mapped(source, "valid numbers by type", domains, reading, "")


def of_length(digits: int) -> Domain:
    """The E.164 numbers with so many digits behind the plus, 2 to 15."""
    if not 2 <= digits <= 15:
        raise AnswerError(f"{digits!r} digits", place="digits", remedy="An E.164 number has 2 to 15.")
    return Domain(f"E.164 numbers of {digits} digits", rf"^\+[1-9]\d{{{digits - 1}}}$", digits + 1)


def valid_numbers(country: str) -> Domain:
    """All valid numbers of a country (ISO code), of every type in its plan. Source: libphonenumber."""
    types = number_types(country)
    return _valid(f"valid numbers of {types[0].country}", types)


def _valid(name: str, types: Iterable[NumberType]) -> Domain:
    """Some plans go on where E.164 ends: German shared-cost numbers have up to 16 digits there."""
    plans = "|".join(one.pattern for one in types)
    return Domain(name, f"^(?={E164.pattern.removeprefix('^')})(?:{plans})", E164.longest)


def takers(source: Source, numbers: Iterable[str]) -> dict[str, tuple[Chain, Chain]]:
    """The chain of each number, when patterns are searched and when the whole number must match."""
    table = table_of(source)
    survey = _surveyed(table)
    chains = {number: [table.chain(survey.match(number, reading)) for reading in READINGS] for number in numbers}
    return {number: (search, whole) for number, (search, whole) in chains.items()}


def with_patterns(source: Source, patterns: Mapping[str, str]) -> RouteTable:
    """The same table with other patterns for the routes of these names. Raises AnswerError for a route there is not."""
    table = table_of(source)
    for name in patterns:
        if name not in {row.name for row in table.routes}:
            raise AnswerError(f"no route is called {quoted(name)}", place="patterns", remedy="Name one of the table.")
    changed = (replace(row, number_pattern=patterns.get(row.name, row.number_pattern)) for row in table.routes)
    return replace(table, routes=tuple(changed))


def _mapped(source: Source, what: str, domains: Iterable[Domain], reading: Reading, prefix: str) -> NumberMap:
    if reading not in READINGS:
        raise AnswerError(f"{reading!a} is no reading", place="reading", remedy=f"Use {' or '.join(READINGS)}.")
    table = table_of(source)
    survey = _surveyed(table)
    parts = tuple(map(partial(_part, table, survey, reading), domains))
    return NumberMap(table, what, reading, parts, tuple(table.routes[route].name for route in survey.unread), prefix)


def _surveyed(table: RouteTable) -> Survey:
    return Survey([row.number_pattern for row in in_order(table).routes])


def _part(table: RouteTable, survey: Survey, reading: Reading, domain: Domain) -> Part:
    """One domain, walked once under both readings."""
    found, unsure = [], 0
    for ground in survey.grounds(domain):
        chain, count = table.chain(ground.matches(reading)), ground.count or 0
        found.append(OutcomeClass(chain, count, ground.witness))
        unsure += count if table.chain(ground.search) != table.chain(ground.whole) else 0
    return _joined(domain.name, [Part("", tuple(found), unsure)])


def _joined(name: str, parts: Iterable[Part]) -> Part:
    """Classes of the same chain become one: its count is theirs together, its witness the shortest, then smallest."""
    classes: dict[Chain, OutcomeClass] = {}
    unsure = 0
    for part in parts:
        unsure += part.unsure
        for one in part.classes:
            known = classes.get(one.chain, OutcomeClass(one.chain, 0, one.witness))
            witness = min(known.witness, one.witness, key=lambda number: (len(number), number))
            classes[one.chain] = OutcomeClass(one.chain, known.count + one.count, witness)
    largest = sorted(classes.values(), key=lambda one: (-one.count, len(one.witness), one.witness))
    return Part(name, tuple(largest), unsure)
