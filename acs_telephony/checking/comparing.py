"""What a change of a route table changes: every number whose trunks or their order move, and a proof of no other.

Two tables are one machine with the patterns of both. A chain is judged by its trunks, not by the names of its routes:
the sets of trunks, in the order in which they are tried, with the caller ID that each route shows. A route that is
renamed, split or merged with the same trunks changes nothing, and is said to be cosmetic.
A route without trunks passes the call on (our model), so it counts for nothing. Where no other route matches, the call
is dropped: `alternateCallerId` is asked only when no route matches (direct-routing-provisioning.md, 2023-06-22).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from acs_telephony.automaton import Matches
from acs_telephony.checking.findings import Certainty, listed
from acs_telephony.checking.route_table import RouteRow, RouteTable, in_order, table_of
from acs_telephony.checking.surveying import Ground, Survey
from acs_telephony.domains import E164, SERVICE_CODES, SHORT_CODES, Domain
from acs_telephony.errors import BudgetError
from acs_telephony.languages import READINGS
from acs_telephony.models import Resource, SipConfiguration, quoted
from acs_telephony.patterns import parse

Kind = Literal["lost", "gained", "first choice", "standby", "caller ID", "dropped", "cosmetic"]

DOMAINS = (E164, SHORT_CODES, SERVICE_CODES)


@dataclass(frozen=True, slots=True)
class Change:
    """Numbers of a domain that change in the same way, from one chain of routes to another, by their names.

    `witness` is the shortest of them, `count` how many there are when patterns are searched. `intended` says whether
    all of them lie in the intended set.
    """

    kind: Kind
    old: tuple[str, ...]
    new: tuple[str, ...]
    old_trunks: tuple[tuple[str, ...], ...]
    new_trunks: tuple[tuple[str, ...], ...]
    witness: str
    count: int
    domain: str
    certainty: Certainty
    intended: bool
    caller_ids: tuple[str | None, str | None] = (None, None)

    @property
    def sentence(self) -> str:
        """The change in words: how many numbers, and to which SBCs and routes they come before and after."""
        before, after = _way(self.old_trunks, self.old), _way(self.new_trunks, self.new)
        numbers = "1 number" if self.count == 1 else f"{self.count:,} numbers"
        if self.kind == "caller ID":
            before, after = (its or "that of the call" for its in self.caller_ids)
        return f"{_TITLES[self.kind]}: {numbers}, such as {self.witness}. Before: {before}. Now: {after}."


_TITLES: dict[Kind, str] = {
    "lost": "Lost",
    "gained": "New",
    "first choice": "To other SBCs first",
    "standby": "Other standbys",
    "caller ID": "Another caller ID",
    "dropped": "To no SBC before and after, but in another way",
    "cosmetic": "To the same SBCs by other routes",
}


def _way(trunks: tuple[tuple[str, ...], ...], routes: tuple[str, ...]) -> str:
    if not routes:
        return "no route"
    sbcs = ", then ".join(" or ".join(its) for its in trunks if its)
    return f"{sbcs or 'a route without SBC'} ({listed(list(map(quoted, routes)))})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The changes between two tables, most numbers first, those outside the intended set before the others.

    `cosmetic` changes keep every trunk in its place. `unchanged` counts the numbers of E.164 that keep their trunks.
    `unread` names the routes that could not be read, old and new: nothing is known of what they take, so with any of
    them no change is proven to be the only one.
    """

    changes: tuple[Change, ...]
    cosmetic: tuple[Change, ...]
    unchanged: int
    unread: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether it is proven that no number changes its trunks or their order."""
        return not self.changes and not self.unread

    @property
    def unintended(self) -> tuple[Change, ...]:
        """The changes that reach outside the intended set."""
        return tuple(change for change in self.changes if not change.intended)


def compare(
    old: RouteTable | SipConfiguration | Resource,
    new: RouteTable | SipConfiguration | Resource,
    *,
    intended: Sequence[str] = (),
) -> Comparison:
    r"""Every number whose trunks, or their order, differ between two tables; without changes, a proof of sameness.

    `intended` are number patterns (searched) or whole numbers; a change is intended when all its numbers are among
    them. Raises PatternError for one that cannot be read, AnswerError for something that is no table or has no order,
    and BudgetError where the tables need too many states.

    >>> from acs_telephony.tables import contoso, microsoft_three_routes
    >>> compare(contoso(), contoso()).same
    True
    >>> printed, meant = microsoft_three_routes(as_printed=True), microsoft_three_routes()
    >>> [(one.kind, one.witness, one.count) for one in compare(printed, meant).changes if one.domain == E164.name]
    [('gained', '+10000000000', 9980000000), ('standby', '+12060000000', 20000000)]
    """
    tables = [in_order(table_of(old)), in_order(table_of(new))]
    wanted = [_pattern_of(text) for text in intended]
    for text in wanted:
        parse(text)
    if _rows(tables[0]) == _rows(tables[1]):
        # The same routes in the same order: no number can move, whatever their patterns mean.
        return Comparison((), (), ALL_E164, ())
    survey = Survey([row.number_pattern for table in tables for row in table.routes], wanted)
    sides = _Side(tables[0], 0), _Side(tables[1], len(tables[0].routes))
    unread = tuple(side.table.routes[i - side.start].name for side in sides for i in survey.unread if i in side.places)
    found: dict[tuple[object, ...], Change] = {}
    unchanged = 0
    for domain in DOMAINS:
        for ground in _grounds(survey, domain, tables):
            searched, whole = (_look(*sides, ground.matches(reading)) for reading in READINGS)
            if domain is E164 and not searched.moved:
                unchanged += ground.count or 0
            # What differs when patterns are searched is told; what differs under the other reading only, from there.
            look = whole if whole.moved and not searched.moved else searched
            if not look.moved and look.old_names == look.new_names:
                continue
            change = Change(
                look.kind,
                look.old_names,
                look.new_names,
                tuple(tuple(sorted(trunks)) for trunks, _ in look.old),
                tuple(tuple(sorted(trunks)) for trunks, _ in look.new),
                ground.witness,
                ground.count or 0,
                domain.name,
                "not proven" if unread else "certain" if searched == whole else "depends on how the service matches",
                bool(ground.labels),
                (look.old[0][1] if look.old else None, look.new[0][1] if look.new else None),
            )
            # One class a row: the same trunks before and after, or the same names where only names differ.
            same = (look.old, look.new) if look.moved else (look.old_names, look.new_names)
            key = (domain.name, *same, change.certainty, change.intended)
            known = found.get(key)
            found[key] = replace(known, count=known.count + change.count) if known else change
    rows = sorted(found.values(), key=lambda one: (one.intended, -one.count))
    real = tuple(row for row in rows if row.kind != "cosmetic")
    return Comparison(real, tuple(row for row in rows if row.kind == "cosmetic"), unchanged, unread)


def _grounds(survey: Survey, domain: Domain, tables: list[RouteTable]) -> tuple[Ground, ...]:
    try:
        return survey.grounds(domain)
    except BudgetError as error:
        whose = "a route"
        for which, table in zip(("old", "new"), tables, strict=True):
            for row in table.routes:
                if row.number_pattern == error.pattern:
                    whose = f"route {quoted(row.name)} of the {which} table"
        problem = f"both tables together need too many states; the pattern of {whose} adds most"
        raise BudgetError(problem, pattern=error.pattern, remedy=error.remedy) from None


#: How many numbers E.164 has: a first digit from 1 to 9, then one to fourteen others.
ALL_E164 = 9 * sum(10**digits for digits in range(1, 15))


def _rows(table: RouteTable) -> list[object]:
    """All that decides where calls go."""
    routes = [(row.name, row.number_pattern, row.trunks, row.caller_id_override, row.usage) for row in table.routes]
    return [table.service, *routes, *sorted(_disabled(table))]


Hop = tuple[frozenset[str], str | None]  # the trunks of a route, and the caller ID it shows


def hop_of(row: RouteRow, off: frozenset[str] = frozenset()) -> Hop:
    """What a call meets in a route: FQDNs in lower case, without those that are switched off."""
    return frozenset(map(str.lower, row.trunks)) - off, row.caller_id_override


def _disabled(table: RouteTable) -> frozenset[str]:
    return frozenset(trunk.fqdn.lower() for trunk in table.trunks if not trunk.enabled)


class _Side:
    """One of the two tables, and the places of its routes in the machine of both."""

    def __init__(self, table: RouteTable, start: int) -> None:
        self.table, self.start = table, start
        self.places = range(start, start + len(table.routes))
        off = _disabled(table)
        self.hops: list[Hop] = [hop_of(row, off) for row in table.routes]

    def look(self, matches: Matches) -> tuple[tuple[Hop, ...], tuple[str, ...]]:
        """What a call comes to: the trunks in the order in which they are tried, and the names of the routes."""
        chain = self.table.chain(tuple(place - self.start for place in matches if place in self.places))
        hops = tuple(self.hops[route] for route in chain if self.hops[route][0])
        if chain and not hops:
            # A match without SBC: the call is dropped, and alternateCallerId is not asked.
            hops = ((frozenset(), None),)
        return hops, tuple(self.table.routes[route].name for route in chain)


@dataclass(frozen=True, slots=True)
class _Look:
    """What some numbers come to in both tables under one reading."""

    old: tuple[Hop, ...]
    new: tuple[Hop, ...]
    old_names: tuple[str, ...]
    new_names: tuple[str, ...]

    @property
    def moved(self) -> bool:
        return self.old != self.new

    @property
    def kind(self) -> Kind:
        if not self.moved:
            return "cosmetic"
        before, after = ([trunks for trunks, _ in hops if trunks] for hops in (self.old, self.new))
        if not before and not after:
            return "dropped"
        if not before or not after:
            return "lost" if before else "gained"
        if before == after:
            return "caller ID"
        return "first choice" if before[0] != after[0] else "standby"


def _look(old: _Side, new: _Side, matches: Matches) -> _Look:
    (old_hops, old_names), (new_hops, new_names) = old.look(matches), new.look(matches)
    return _Look(old_hops, new_hops, old_names, new_names)


def _pattern_of(text: str) -> str:
    """A whole number as a pattern; a pattern as it is."""
    if not re.fullmatch(r"[+*#0-9][*#0-9 ./()-]*", text):
        return text
    return "^" + "".join(c if c.isdigit() else "\\" + c for c in text if c in "+*#0123456789") + "$"
