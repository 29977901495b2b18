"""What a walk over all numbers tells about a table: who takes how many, and the shortest number of each kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from acs_telephony.checking.route_table import RouteTable
from acs_telephony.checking.surveying import Survey
from acs_telephony.errors import BudgetError
from acs_telephony.languages import Reading
from acs_telephony.models import quoted
from acs_telephony.numbers import NumberType


@dataclass(slots=True)
class Group:
    """Numbers with something in common: the shortest, how many (None: not counted), their routes and countries."""

    witness: str
    count: int | None = 0
    routes: set[int] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)

    def add(self, count: int, route: int) -> None:
        """More numbers, with the route that is first choice for them."""
        self.count = (self.count or 0) + count
        self.routes.add(route)


_ATTEMPTS = 3  # to find the routes that multiply states; each takes seconds


def _trunks(table: RouteTable) -> list[frozenset[str]]:
    """The SBCs of each route; the case of a host name says nothing (RFC 4343)."""
    return [frozenset(map(str.lower, row.trunks)) for row in table.routes]


class Tally:
    """What the numbers of E.164 do under one reading; `counted` is False where only examples are known.

    By route: how many numbers come to it `first` and as `standby`, the `shortest` number it matches (None: none), the
    routes that are first choice where it is standby (`ahead`), and the earlier routes with other trunks that share
    numbers with it (`others`), with the shortest such number (`shared`). `ahead` and `others` have one bit for a route.
    `firsts` are first choice for some number, `tried` those that a call can come to, with the shortest number that
    does; `nobody` counts numbers without a route; `single` goes by FQDN, `costly` by type of number and trunks; `lost`
    are numbers whose trunks are all in `gone`. What could not be proven stands in `undecided`, with the reason;
    `doubtful` are the routes of which too little is known.
    """

    def __init__(self, size: int, reading: Reading, gone: Iterable[str], *, counted: bool) -> None:
        self.reading, self.gone, self.counted = reading, tuple(sorted(gone)), counted
        self.first, self.standby = [0] * size, [0] * size
        self.ahead, self.others = [0] * size, [0] * size
        self.shortest: list[str | None] = [None] * size
        self.shared: dict[int, str] = {}
        self.firsts: set[int] = set()
        self.tried: dict[int, str] = {}
        self.nobody: int | None = 0
        self.single: dict[str, Group] = {}
        self.costly: dict[tuple[str, tuple[str, ...]], Group] = {}
        self.lost: Group | None = None
        self.doubtful: set[int] = set()
        self.undecided: dict[str, BudgetError] = {}


def tally(
    table: RouteTable, survey: Survey, reading: Reading, costly: tuple[NumberType, ...], gone: Iterable[str]
) -> Tally:
    """Count every number of E.164 under a reading, with the SBCs in `gone` (FQDNs in lower case) thought away.

    The labels of the survey are the patterns of `costly`. Raises BudgetError when the table needs too many states.
    """
    result = Tally(len(table.routes), reading, gone, counted=True)
    trunks = _trunks(table)
    with_same: dict[frozenset[str], int] = {}
    for route, its in enumerate(trunks):
        with_same[its] = with_same.get(its, 0) | 1 << route
    same = [with_same[its] for its in trunks]
    dead = frozenset(result.gone)
    # Numbers for which the reading does not matter come first, then the shorter, then the smaller ones: so the first
    # number of each kind shows it under both readings if any number does.
    for ground in sorted(survey.grounds(), key=lambda ground: ground.search != ground.whole):
        matches = ground.matches(reading)
        count, witness = ground.count or 0, ground.witness
        for route in matches:
            if result.shortest[route] is None:
                result.shortest[route] = witness
        chain = table.chain(matches)
        if not chain:
            result.nobody = (result.nobody or 0) + count
            continue
        first = chain[0]
        for route in chain:
            result.tried.setdefault(route, witness)
        result.firsts.add(first)
        result.first[first] += count
        before = its_bit = 1 << first
        for route in chain[1:]:
            result.standby[route] += count
            result.ahead[route] |= its_bit
            others = before & ~same[route]
            if others:
                result.others[route] |= others
                result.shared.setdefault(route, witness)
            before |= 1 << route
        reached = frozenset[str]().union(*{trunks[route] for route in chain})
        alive = reached - dead
        if len(alive) == 1:
            result.single.setdefault(next(iter(alive)), Group(witness)).add(count, first)
        if reached and not alive:
            result.lost = result.lost or Group(witness)
            result.lost.add(count, first)
        kinds: dict[str, set[str]] = {}
        for label in ground.labels if reached else ():
            kinds.setdefault(costly[label].name, set()).add(costly[label].country)
        for kind, countries in kinds.items():
            # Once for a kind, in however many countries the numbers are of it: +1 900 is in 25 plans.
            group = result.costly.setdefault((kind, tuple(sorted(reached))), Group(witness))
            group.add(count, first)
            group.countries |= countries
    return result


def tally_apart(
    table: RouteTable, survey: Survey, reading: Reading, costly: tuple[NumberType, ...], gone: Iterable[str]
) -> Tally:
    """The same without counts, for tables that need too many states to be walked at once.

    Routes that may begin anywhere in a number do that: each digit could be the first of any of them. So all others are
    walked without them, and then one question after another is asked of the whole; what takes too much is `undecided`.
    Raises BudgetError where the number plans alone need too many states.
    """
    # What must match the whole number begins where the number does.
    alone = survey.under("whole") if reading == "whole" else None
    readable = [route for route in range(len(table.routes)) if route not in survey.unread]
    floating = [] if alone else [route for route in readable if survey.floats(route)]
    why = BudgetError("the table needs too many states", pattern="", remedy="")
    for attempt in range(_ATTEMPTS + 1):
        try:
            result = tally(table, alone or survey.without(floating), reading, costly, gone)
            break
        except BudgetError as error:
            if attempt == _ATTEMPTS:
                raise
            why = error
            worst = [route for route, row in enumerate(table.routes) if row.number_pattern == error.pattern]
            hopeless = attempt == _ATTEMPTS - 1 or not worst or worst[0] in floating
            # Without any route the walk is that over the number plans alone, and every question is asked by itself.
            floating, alone = readable if hopeless else floating + worst, None
    result.counted, result.nobody = False, None
    for group in (*result.single.values(), *result.costly.values(), *filter(None, [result.lost])):
        group.count = None
    if not floating:
        return result
    trunks = _trunks(table)
    find = survey.machine.find

    def places(routes: Iterable[int]) -> list[int]:
        return [survey.place(route, reading) for route in routes]

    for route in sorted({*result.firsts, *floating}):
        earlier, its = [other for other in readable if other < route], places([route])
        try:
            if route in floating:
                result.shortest[route] = find(its)
            if result.shortest[route] is None or not (route in floating or any(one < route for one in floating)):
                continue
            hidden = [one for one in earlier if table.routes[one].usage != table.routes[route].usage]
            comes = find(its, none_of=places(hidden))
            if comes:
                result.tried[route] = comes
            else:
                result.tried.pop(route, None)
            if find(its, none_of=places(earlier)):
                result.firsts.add(route)
            else:
                result.firsts.discard(route)
                result.ahead[route] = sum(1 << one for one in _ahead(survey, route, reading))
            others = [one for one in earlier if trunks[one] != trunks[route] and (one in floating or route in floating)]
            if others and (shared := find(its, any_of=places(others))):
                result.shared[route] = shared
                result.others[route] |= sum(1 << one for one in survey.match(shared, reading) if one in others)
        except BudgetError as error:
            result.doubtful.add(route)
            result.undecided[f"whether {quoted(table.routes[route].name)} is ever first choice"] = error
    result.single, result.lost, result.costly = {}, None, {}
    dead = frozenset(result.gone)
    if table.service == "teams":
        result.undecided["what rests on one SBC, since later usages are never looked at"] = why
    else:
        for fqdn in [*sorted(frozenset[str]().union(*trunks) - dead), None]:
            carriers = dead | {fqdn} if fqdn else dead
            fitting = [route for route in readable if trunks[route] and trunks[route] <= carriers]
            fitting = [route for route in fitting if not fqdn or fqdn in trunks[route]]
            others = [route for route in readable if trunks[route] - carriers]
            try:
                witness = find((), any_of=places(fitting), none_of=places(others)) if fitting else None
            except BudgetError as error:
                result.undecided[f"which numbers rest on {fqdn or ' and '.join(result.gone)}"] = error
                continue
            if witness and fqdn:
                result.single[fqdn] = Group(witness, None, {survey.match(witness, reading)[0]})
            elif witness:
                result.lost = Group(witness, None, {survey.match(witness, reading)[0]})
    carrying = places(route for route in readable if trunks[route])
    try:
        for label, kind in enumerate(costly):
            if witness := find([survey.label(label)], any_of=carrying) if carrying else None:
                chain = table.chain(survey.match(witness, reading))
                reached = frozenset[str]().union(*(trunks[route] for route in chain))
                if reached:
                    group = result.costly.setdefault((kind.name, tuple(sorted(reached))), Group(witness, None))
                    group.routes.add(chain[0])
                    group.countries.add(kind.country)
    except BudgetError as error:
        result.undecided["which costly numbers can be dialled"] = error
    return result


def _ahead(survey: Survey, route: int, reading: Reading) -> list[int]:
    """Routes that together take all numbers of a route before it does."""
    ahead: list[int] = []
    while taken := survey.machine.find(
        [survey.place(route, reading)], none_of=[survey.place(r, reading) for r in ahead]
    ):
        ahead.append(survey.match(taken, reading)[0])
    return ahead
