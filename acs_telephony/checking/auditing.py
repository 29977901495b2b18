"""What is wrong with a route table, each with a number that shows it.

The rules, their words and their documented grounds are in `facts/findings.toml`. What a finding says of numbers holds
for all numbers of its domain, because the whole domain was walked (`surveying.py`), not sampled. A finding is *certain*
where it holds under both readings of patterns, and *not proven* where a route that could not be read might change it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from acs_telephony.checking.findings import SEVERITIES, Finding, Words, listed, rules, say
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.checking.surveying import Survey, can_begin
from acs_telephony.checking.tallying import Group, Tally, tally, tally_apart
from acs_telephony.domains import E164, SERVICE_CODES, SHORT_CODES, Domain
from acs_telephony.errors import AnswerError, BudgetError
from acs_telephony.facts import load
from acs_telephony.languages import Reading, unpack
from acs_telephony.models import FORBIDDEN_SUFFIXES, Resource, SipConfiguration, is_fqdn, quoted
from acs_telephony.numbers import costly_numbers, emergency_numbers, number_types
from acs_telephony.patterns import Pattern
from acs_telephony.trees import Anchor, Choice, Node
from acs_telephony.trees import Sequence as InOrder

_NO_PLUS = Domain("numbers without a plus", r"^\d{7,15}$", 15)


@dataclass(frozen=True, slots=True)
class Share:
    """How many numbers of E.164 come to a route as first choice and as standby, when patterns are searched.

    None: not counted, because the table needs too many states.
    """

    first: int | None
    standby: int | None


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings about a table, worst first, and the share of each route.

    `nobody` counts the numbers of E.164 that no route takes. First shares and `nobody` add up to all of E.164.
    """

    findings: tuple[Finding, ...]
    shares: tuple[Share, ...]
    nobody: int | None


Told = dict[tuple[object, ...], Finding]  # what a reading tells, by what it is about


def audit(
    source: RouteTable | SipConfiguration | Resource, *, countries: Sequence[str] = (), dead: Sequence[str] = ()
) -> Audit:
    """Look at every number that a table can get, and say what is wrong, each with a number that shows it.

    `countries` (ISO codes) are those whose valid numbers and emergency numbers it is meant to serve; `dead` are SBCs
    (FQDNs) to be thought away. Raises AnswerError or NumberError for a table, a country or an SBC that there is not.

    >>> from acs_telephony.tables import microsoft_three_routes
    >>> print(audit(microsoft_three_routes(as_printed=True)).findings[0].sentence)
    In the pattern of route 'Other +1', a quantifier repeats an anchor: ^+ asks for no plus.
    """
    table, countries = table_of(source), [country.strip().upper() for country in countries]
    known = {trunk.fqdn.lower() for trunk in table.trunks}
    for fqdn in dead:
        if fqdn.lower() not in known:
            raise AnswerError(f"no trunk is called {quoted(fqdn)}", place="dead", remedy="Name a trunk of the table.")
    patterns = [row.number_pattern for row in table.routes]
    # Most tables serve a few countries: the costly numbers of others need not be told apart.
    begins = {one: re.match(r"\^\\(\+\d+)", one.pattern) for one in costly_numbers()}
    alive = can_begin(patterns, {begin[1] for begin in begins.values() if begin})
    costly = tuple(one for one, begin in begins.items() if not begin or begin[1] in alive)
    survey = Survey(patterns, [one.pattern for one in costly])
    gone = {trunk.fqdn.lower() for trunk in table.trunks if not trunk.enabled}.union(map(str.lower, dead))
    shares = (Share(None, None),) * len(table.routes)
    extra: list[Finding] = []
    try:
        tallies = [tally(table, survey, reading, costly, gone) for reading in survey.readings]
    except BudgetError as error:
        extra.append(say("not-counted", problem=error.problem, remedy=error.remedy))
        try:
            tallies = [tally_apart(table, survey, reading, costly, gone) for reading in survey.readings]
        except BudgetError as worse:
            tallies, subject = [], "which numbers come to which route"
            extra.append(say("undecided", subject=subject, problem=worse.problem, remedy=worse.remedy))
    told = [
        _of_the_order(table, survey, one)
        | _of_the_trunks(table, one)
        | _of_the_countries(table, survey, one, countries)
        for one in tallies
    ]
    nobody = tallies[0].nobody if tallies else None
    if tallies and tallies[0].counted and table.ordered:
        shares = tuple(map(Share, tallies[0].first, tallies[0].standby))
    found = [*extra, *_wrong_in_itself(table), *_of_the_patterns(table, survey), *_agreed(told)]
    if survey.unread:
        found = [replace(one, certainty="not proven") if rules()[one.rule].open else one for one in found]
    found.sort(key=lambda one: (SEVERITIES.index(one.severity), one.routes[:1], one.position or 0))
    return Audit(tuple(found), shares, nobody)


def _agreed(told: list[Told]) -> Iterator[Finding]:
    """What all readings tell with the same number is certain; anything else depends on how the service matches.

    Where they agree on the number and not on the rest, such as a count, both are told.
    """
    everything = {key: finding for its in reversed(told) for key, finding in its.items()}
    for key, finding in everything.items():
        others = [its[key] for its in told if key in its]
        if len(others) < len(told) or any(other.witness != finding.witness for other in others):
            yield replace(finding, certainty="depends on how the service matches")
        elif others[-1].sentence != finding.sentence:
            yield replace(finding, sentence=f"{finding.sentence} If the whole number must match: {others[-1].sentence}")
        else:
            yield finding


def _wrong_in_itself(table: RouteTable) -> Iterator[Finding]:
    """What needs no look at numbers: names, references and limits."""
    known = {trunk.fqdn.lower(): trunk for trunk in table.trunks}
    used: dict[str, list[int]] = {}
    seen: set[tuple[str, str, str | None]] = set()
    for route, row in enumerate(table.routes):
        lower = [fqdn.lower() for fqdn in row.trunks]
        for fqdn in dict.fromkeys(lower):
            used.setdefault(fqdn, []).append(route)
        missing = tuple(fqdn for fqdn in row.trunks if fqdn.lower() not in known)
        twice = tuple(dict.fromkeys(fqdn for i, fqdn in enumerate(row.trunks) if fqdn.lower() in lower[:i]))
        for field in [field for field, text in {"name": row.name, "pattern": row.number_pattern}.items() if not text]:
            yield say("empty-field", route, table=table, field=field)
        if not row.trunks:
            yield say("no-trunks", route, table=table)
        if missing:
            yield say("missing-trunk", route, table=table, trunks=missing)
        if twice:
            yield say("duplicate-trunk", route, table=table, trunks=twice)
        if (row.name, row.number_pattern, row.usage) in seen:
            yield say("duplicate-route", route, table=table)
        seen.add((row.name, row.number_pattern, row.usage))
    for fqdn, trunk in known.items():
        port = trunk.sip_signaling_port
        if port is not None and not 1 <= port <= 65535:
            yield say("wrong-port", trunks=(trunk.fqdn,), port=str(port))
        if table.service == "acs" and (not is_fqdn(fqdn) or fqdn.endswith(FORBIDDEN_SUFFIXES)):
            yield say("wrong-fqdn", trunks=(trunk.fqdn,))
        if fqdn not in used:
            yield say("unused-trunk", trunks=(trunk.fqdn,))
        elif not trunk.enabled:
            yield say("disabled-trunk", *used[fqdn], table=table, trunks=(trunk.fqdn,))
    yield from _over_limits(table)


def _over_limits(table: RouteTable) -> Iterator[Finding]:
    """The limits that the service documents; those of Teams are others, and not checked."""
    if table.service != "acs":
        return
    sizes: list[tuple[str, int, tuple[int, ...]]] = [("routes", len(table.routes), ())]
    sizes.append(("sbcs-per-resource", len(table.trunks), ()))
    sizes += [("fqdn-length", len(trunk.fqdn), ()) for trunk in table.trunks]
    for route, row in enumerate(table.routes):
        lengths = {"route-name-length": row.name, "route-description-length": row.description}
        sizes += [(limit, len(text), (route,)) for limit, text in lengths.items()]
        sizes.append(("trunks-per-route", len(row.trunks), (route,)))
    limits = {row["id"]: row for row in load("routing")["limits"]}
    for limit, size, routes in sizes:
        if size > limits[limit]["value"]:
            words: Words = {"subject": limits[limit]["text"].rstrip("."), "limit": limits[limit]["value"]}
            yield say("limit", *routes, table=table, count=size, **words)


def _of_the_patterns(table: RouteTable, survey: Survey) -> Iterator[Finding]:
    """What the text of a pattern shows, and what a missing anchor lets in."""
    for route, error in survey.unread.items():
        words = {"problem": error.problem, "remedy": error.remedy, "position": error.position}
        yield say("unreadable", route, table=table, **words)
    for route in range(len(table.routes)):
        pattern = survey.machine.patterns[route]
        for trap in pattern.traps if isinstance(pattern, Pattern) else ():
            yield say(trap.kind.replace(" ", "-"), route, table=table, position=trap.position)
    for route in survey.twins:
        try:
            yield from _open(table, survey, route)
        except BudgetError as error:
            subject = f"what {quoted(table.routes[route].name)} takes beyond its pattern"
            yield say("undecided", route, table=table, subject=subject, problem=error.problem, remedy=error.remedy)


def _open(table: RouteTable, survey: Survey, route: int) -> Iterator[Finding]:
    """A route that takes more numbers when patterns are searched than when they match the whole number."""
    pattern = survey.machine.patterns[route]
    if not isinstance(pattern, Pattern):
        return
    tied = [replace(pattern, node=InOrder(parts)) for parts in ((_START, pattern.node), (pattern.node, _END))]
    with survey.aside([pattern, *tied, pattern], ["search", "search", "search", "whole"]) as machine:
        for domain in (E164, SHORT_CODES, SERVICE_CODES):
            loose = [region for region in machine.regions(domain) if 0 in region.matches and 3 not in region.matches]
            if loose:
                break
    ways = {"alternation": 3} if _escapes(pattern.node) else {"open-start": 1, "open-end": 2}
    for rule, without in ways.items():
        its = [region for region in loose if without not in region.matches]
        if its:
            longest, count = max((one.longest for one in its), key=len), sum(one.count or 0 for one in its)
            words: Words = {"witness": its[0].witness, "longest": longest, "count": count, "domain": domain.name}
            finding = say(rule, route, table=table, **words)
            yield replace(finding, certainty="depends on how the service matches")


def _escapes(node: Node) -> bool:
    """Whether some alternatives of a choice are tied to an end of the number, and others are not."""
    match node:
        case Choice(parts):
            ends = ([_tied(part, at_end) for part in parts] for at_end in (False, True))
            return any(any(tied) and not all(tied) for tied in ends) or any(map(_escapes, parts))
        case InOrder(parts):
            return any(map(_escapes, parts))
    return False


def _tied(node: Node, at_end: bool) -> bool:
    match node:
        case Anchor():
            return node.at_end == at_end
        case Choice(parts):
            return all(_tied(part, at_end) for part in parts)
        case InOrder(parts):
            return bool(parts) and _tied(parts[-1 if at_end else 0], at_end)
    return False


_START, _END = Anchor(at_end=False), Anchor(at_end=True)


def _of_the_order(table: RouteTable, survey: Survey, its: Tally) -> Told:
    """Never, standby only, and routes that share numbers."""
    told: Told = {}
    for route, row in enumerate(table.routes):
        if route in survey.unread or route in its.doubtful:
            continue
        witness = its.shortest[route]
        if witness is None:
            try:
                told["never", route] = _without_e164(table, survey, route, its.reading)
            except BudgetError as error:
                subject = f"what {quoted(row.name)} takes beside E.164 numbers"
                told["never", route] = say("undecided", subject=subject, problem=error.problem, remedy=error.remedy)
        elif not table.ordered:
            continue
        elif route not in its.tried:
            if not any(table.routes[other].name == row.name for other in its.tried):
                told["hidden", route] = say("usage-hidden", route, table=table, witness=witness, domain=E164.name)
        elif route not in its.firsts:
            ahead = unpack(its.ahead[route])
            twins = [other for other in ahead if table.routes[other].number_pattern == row.number_pattern]
            names = [f"route {quoted(table.routes[other].name)}" for other in twins or ahead]
            rule = "standby-same" if twins else "standby-only"
            words = {"behind": listed(names), "count": its.standby[route] if its.counted else None}
            told["standby", route] = say(rule, route, table=table, witness=its.tried[route], domain=E164.name, **words)
        elif route in its.shared:
            names = [f"route {quoted(table.routes[other].name)}" for other in unpack(its.others[route])]
            words = {"behind": listed(names), "witness": its.shared[route], "domain": E164.name}
            told["overlap", route] = say("overlap", route, table=table, **words)
    if not table.ordered and table.routes:
        told["order",] = say("order-unknown")
    return told


def _without_e164(table: RouteTable, survey: Survey, route: int, reading: Reading) -> Finding:
    """A route that takes no E.164 number: what does it take?"""
    place = survey.place(route, reading)
    for rule, domain in (("short-only", SHORT_CODES), ("short-only", SERVICE_CODES), ("no-plus", _NO_PLUS)):
        # A number that it takes under both readings says more.
        witness = survey.machine.find({route, place}, domain) or survey.machine.find([place], domain)
        if witness is not None:
            return say(rule, route, table=table, witness=witness, domain=domain.name)
    return say("never", route, table=table)


def _of_the_trunks(table: RouteTable, its: Tally) -> Told:
    """What an SBC that fails, and a caller who runs up a bill, can do."""
    told: Told = {}
    for subject, error in its.undecided.items():
        told["undecided", subject] = say("undecided", subject=subject, problem=error.problem, remedy=error.remedy)
    for fqdn, group in its.single.items():
        told["single", fqdn] = say("single-sbc", *sorted(group.routes), table=table, trunks=(fqdn,), **_numbers(group))
    if its.lost:
        told["lost",] = say("lost", *sorted(its.lost.routes), table=table, trunks=its.gone, **_numbers(its.lost))
    for (kind, trunks), group in its.costly.items():
        words = {"kind": kind.capitalize(), "countries": listed(sorted(group.countries), 8), **_numbers(group)}
        told["costly", kind, trunks] = say("toll-fraud", *sorted(group.routes), table=table, trunks=trunks, **words)
    return told


def _numbers(group: Group) -> Words:
    return {"witness": group.witness, "count": group.count, "domain": E164.name}


def _of_the_countries(table: RouteTable, survey: Survey, its: Tally, countries: Sequence[str]) -> Told:
    """Gaps in the plans of these countries, and who takes their emergency numbers and those of Voice Calling."""
    told: Told = {}
    reading = its.reading
    for kind in (kind for country in countries for kind in number_types(country)):
        # Some plans go on where E.164 ends: German shared-cost numbers have up to 16 digits there.
        plan = f"(?={E164.pattern}){kind.pattern}"
        domain = Domain(f"valid {kind.name} numbers of {kind.country}", plan, E164.longest)
        try:
            witness, count, total = _gap(survey, domain, its)
        except BudgetError as error:
            subject = f"whether a route takes all {domain.name}"
            told["gap", domain.name] = say("undecided", subject=subject, problem=error.problem, remedy=error.remedy)
        else:
            if witness:
                words: Words = {"count": count, "total": total, "domain": domain.name, "witness": witness}
                told["gap", domain.name] = say("gap", table=table, **words)
    for number, where in _emergency(countries).items():
        try:
            finding = _of_emergency(table, survey, reading, number, where)
        except BudgetError as error:
            subject = f"who takes {number}"
            finding = say("undecided", subject=subject, problem=error.problem, remedy=error.remedy)
        told["emergency", number, finding.rule, finding.routes] = finding
    return told


def _of_emergency(table: RouteTable, survey: Survey, reading: Reading, number: str, where: list[str]) -> Finding:
    """Who takes an emergency number as dialled and with a plus; a route without trunks takes nothing."""
    forms = (number, f"+{number}")
    chains = [table.chain(survey.match(form, reading)) for form in forms]
    takers = [[route for route in chain if table.routes[route].trunks][:1] for chain in chains]
    words: Words = {"witness": number, "countries": listed(where, 8), "domain": SHORT_CODES.name}
    if all(takers):
        return say("emergency", *takers[0], *takers[1], table=table, **words)
    if not any(takers):
        return say("emergency-nobody", table=table, **words)
    words |= {"witness": forms[not takers[0]], "other": forms[bool(takers[0])]}
    return say("emergency-one-form", *takers[0], *takers[1], table=table, **words)


def _gap(survey: Survey, domain: Domain, its: Tally) -> tuple[str | None, int | None, int | None]:
    """The shortest number of a domain that no route takes, how many there are, and how many the domain has."""
    if not its.counted:
        every = [survey.place(route, its.reading) for route in range(survey.size) if route not in survey.unread]
        return survey.machine.find((), domain, none_of=every), None, None
    grounds = survey.grounds(domain)
    missed = sorted((g for g in grounds if not g.matches(its.reading)), key=lambda one: one.search != one.whole)
    count, total = (sum(one.count or 0 for one in some) for some in (missed, grounds))
    return missed[0].witness if missed else None, count, total


def _emergency(countries: Sequence[str]) -> dict[str, list[str]]:
    """Emergency numbers with the countries that have them: those asked for, and those that Voice Calling serves."""
    served = {code: row["numbers"] for code, row in load("emergency")["countries"].items()}
    found: dict[str, list[str]] = {}
    for country in sorted({*served, *countries}):
        for number in emergency_numbers(country) if country in countries else served[country]:
            found.setdefault(number, []).append(country)
    return found
