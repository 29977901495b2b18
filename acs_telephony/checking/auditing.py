"""What is wrong with a route table, each with a number that shows it.

The rules, their words and their documented grounds are in `facts/findings.toml`. What a finding says of numbers holds
for all numbers of its domain, because the whole domain was walked (`surveying.py`), not sampled. A finding is *certain*
where it holds under both readings of patterns, and *not proven* where a route that could not be read might change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from acs_telephony.automaton import E164, SERVICE_CODES, SHORT_CODES, Domain, Machine, unpack
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.checking.surveying import Survey
from acs_telephony.checking.tallying import Group, Tally, tally, tally_apart
from acs_telephony.errors import AnswerError, BudgetError
from acs_telephony.facts import cite, load
from acs_telephony.languages import Reading
from acs_telephony.models import Resource, SipConfiguration, quoted
from acs_telephony.numbers import costly_numbers, emergency_numbers, number_types
from acs_telephony.patterns import Pattern
from acs_telephony.trees import Anchor, Choice, Node
from acs_telephony.trees import Sequence as InOrder

Severity = Literal["error", "warning", "note"]
Certainty = Literal["certain", "depends on how the service matches", "not proven"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

_NO_PLUS = Domain("numbers without a plus", r"^\d{7,15}$", 15)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the audit: its id, how grave it is, a title, what it says and what to do about it.

    An `open` rule speaks of what no route takes or of a whole chain: an unreadable pattern leaves it unproven.
    `ground` is what it rests on: documents with their dates, or this kit's own model.
    """

    id: str
    severity: Severity
    title: str
    sentence: str
    remedy: str
    open: bool
    ground: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit found.

    `sentence` says what, `remedy` what to do, `witness` is the shortest number of the `domain` that shows it (None
    where there is nothing to show), `count` how many such numbers there are (None: not counted). `routes` are indexes
    into the table, from 0; `trunks` are FQDNs. `position` is a place in the pattern of the first route, from 0.
    """

    rule: str
    severity: Severity
    sentence: str
    remedy: str
    routes: tuple[int, ...] = ()
    trunks: tuple[str, ...] = ()
    witness: str | None = None
    domain: str = ""
    count: int | None = None
    certainty: Certainty = "certain"
    position: int | None = None


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


@cache
def rules() -> dict[str, Rule]:
    """The rules of the audit by their ids, in the order in which they are published."""
    rows = load("findings")["rules"]
    texts = ("id", "severity", "title", "sentence", "remedy")
    return {
        row["id"]: Rule(
            **{text: row[text] for text in texts}, open=row.get("open", False), ground=cite("findings", row["source"])
        )
        for row in rows
    }


Told = dict[tuple[object, ...], Finding]  # what a reading tells, by what it is about
Words = dict[str, Any]  # what fills the sentence of a rule


def audit(
    source: RouteTable | SipConfiguration | Resource, *, countries: Sequence[str] = (), dead: Sequence[str] = ()
) -> Audit:
    """Look at every number that a table can get, and say what is wrong, each with a number that shows it.

    `countries` (ISO codes) are those whose valid numbers and emergency numbers it is meant to serve; `dead` are SBCs
    (FQDNs) to be thought away. Raises AnswerError or NumberError for a table, a country or an SBC that there is not.

    >>> from acs_telephony.tables import microsoft_three_routes
    >>> print(audit(microsoft_three_routes(as_printed=True)).findings[0].sentence)
    In the pattern of route 'Other +1', + repeats ^ and asks for no plus.
    """
    table = table_of(source)
    known = {trunk.fqdn.lower() for trunk in table.trunks}
    for fqdn in dead:
        if fqdn.lower() not in known:
            raise AnswerError(f"no trunk is called {quoted(fqdn)}", place="dead", remedy="Name a trunk of the table.")
    costly = costly_numbers()
    survey = Survey([row.number_pattern for row in table.routes], [one.pattern for one in costly])
    gone = {trunk.fqdn.lower() for trunk in table.trunks if not trunk.enabled}.union(map(str.lower, dead))
    shares = (Share(None, None),) * len(table.routes)
    extra: list[Finding] = []
    try:
        tallies = [tally(table, survey, reading, costly, gone) for reading in survey.readings]
    except BudgetError as error:
        extra.append(_say("not-counted", problem=error.problem, remedy=error.remedy))
        tallies = [tally_apart(table, survey, reading, costly, gone) for reading in survey.readings]
    told = [
        _of_the_order(table, survey, one)
        | _of_the_trunks(table, one)
        | _of_the_countries(table, survey, one, countries)
        for one in tallies
    ]
    counted = tallies[0]
    if counted.counted and table.ordered:
        shares = tuple(map(Share, counted.first, counted.standby))
    found = [*extra, *wrong_in_itself(table), *_of_the_patterns(table, survey), *_agreed(told)]
    if survey.unread:
        found = [replace(one, certainty="not proven") if rules()[one.rule].open else one for one in found]
    found.sort(key=lambda one: (SEVERITIES.index(one.severity), one.routes[:1], one.position or 0))
    return Audit(tuple(found), shares, counted.nobody)


def _say(rule: str, *routes: int, table: RouteTable | None = None, **words: Any) -> Finding:
    """A finding of a rule about these routes; `words` fill its sentence, and the fields of the same names."""
    its, routes = rules()[rule], tuple(dict.fromkeys(routes))
    names = [f"route {quoted(table.routes[route].name)}" for route in routes] if table else []
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in words.items()}
    shown |= {name: "some" for name in ("count", "total") if words.get(name, 0) is None}
    shown["trunks"] = listed(words.get("trunks", ()))
    sentence = its.sentence.format_map({"route": names[0] if names else "", "routes": listed(names), **shown})
    kept = {name: words[name] for name in ("trunks", "witness", "domain", "count", "position") if name in words}
    remedy = " ".join(filter(None, (words.get("remedy"), its.remedy)))
    return Finding(rule, its.severity, sentence[:1].upper() + sentence[1:], remedy, routes, **kept)


def listed(words: Sequence[str], most: int = 3) -> str:
    """Some words in a sentence: a, b and c; of many the first, and how many more."""
    if len(words) > most + 1:
        words = [*words[:most], f"{len(words) - most:,} more"]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _agreed(told: list[Told]) -> Iterator[Finding]:
    """What all readings tell with the same number is certain; anything else depends on how the service matches."""
    everything = {key: finding for its in reversed(told) for key, finding in its.items()}
    for key, finding in everything.items():
        if all(key in its and its[key].witness == finding.witness for its in told):
            yield finding
        else:
            yield replace(finding, certainty="depends on how the service matches")


def wrong_in_itself(table: RouteTable) -> Iterator[Finding]:
    """What needs no look at numbers: names, references and limits."""
    known = {trunk.fqdn.lower(): trunk for trunk in table.trunks}
    used: dict[str, list[int]] = {}
    seen: set[tuple[str, str, str | None]] = set()
    for route, row in enumerate(table.routes):
        lower = [fqdn.lower() for fqdn in row.trunks]
        for fqdn in dict.fromkeys(lower):
            used.setdefault(fqdn, []).append(route)
        missing = tuple(fqdn for fqdn in row.trunks if known and fqdn.lower() not in known)
        twice = tuple(dict.fromkeys(fqdn for i, fqdn in enumerate(row.trunks) if fqdn.lower() in lower[:i]))
        if not row.trunks:
            yield _say("no-trunks", route, table=table)
        if missing:
            yield _say("missing-trunk", route, table=table, trunks=missing)
        if twice:
            yield _say("duplicate-trunk", route, table=table, trunks=twice)
        if (row.name, row.number_pattern, row.usage) in seen:
            yield _say("duplicate-route", route, table=table)
        seen.add((row.name, row.number_pattern, row.usage))
    for fqdn, trunk in known.items():
        if fqdn not in used:
            yield _say("unused-trunk", trunks=(trunk.fqdn,))
        elif not trunk.enabled:
            yield _say("disabled-trunk", *used[fqdn], table=table, trunks=(trunk.fqdn,))
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
            yield _say("limit", *routes, table=table, count=size, **words)


def _of_the_patterns(table: RouteTable, survey: Survey) -> Iterator[Finding]:
    """What the text of a pattern shows, and what a missing anchor lets in."""
    for route, error in survey.unread.items():
        words = {"problem": error.problem, "remedy": error.remedy, "position": error.position}
        yield _say("unreadable", route, table=table, **words)
    for route in range(len(table.routes)):
        pattern = survey.machine.patterns[route]
        for trap in pattern.traps if isinstance(pattern, Pattern) else ():
            yield _say(trap.kind.replace(" ", "-"), route, table=table, position=trap.position)
    for route in survey.twins:
        yield from _open(table, survey, route)


def _open(table: RouteTable, survey: Survey, route: int) -> Iterator[Finding]:
    """A route that takes more numbers when patterns are searched than when they match the whole number."""
    pattern = survey.machine.patterns[route]
    if not isinstance(pattern, Pattern):
        return
    tied = [replace(pattern, node=InOrder(parts)) for parts in ((_START, pattern.node), (pattern.node, _END))]
    machine = Machine([pattern, *tied, pattern], ["search", "search", "search", "whole"])
    loose = [region for region in machine.regions() if 0 in region.matches and 3 not in region.matches]
    ways = {"alternation": 3} if _escapes(pattern.node) else {"open-start": 1, "open-end": 2}
    for rule, without in ways.items():
        its = [region for region in loose if without not in region.matches]
        if its:
            longest, count = max((one.longest for one in its), key=len), sum(one.count or 0 for one in its)
            words: Words = {"witness": its[0].witness, "longest": longest, "count": count, "domain": E164.name}
            finding = _say(rule, route, table=table, **words)
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
        if route in survey.unread:
            continue
        witness = its.shortest[route]
        if witness is None:
            told["never", route] = _without_e164(table, survey, route, its.reading)
        elif not table.ordered:
            continue
        elif route not in its.tried:
            if not any(table.routes[other].name == row.name for other in its.tried):
                told["hidden", route] = _say("usage-hidden", route, table=table, witness=witness, domain=E164.name)
        elif route not in its.firsts:
            ahead = unpack(its.ahead[route])
            twins = [other for other in ahead if table.routes[other].number_pattern == row.number_pattern]
            names = [f"route {quoted(table.routes[other].name)}" for other in twins or ahead]
            rule = "standby-same" if twins else "standby-only"
            words = {"behind": listed(names), "count": its.standby[route] if its.counted else None}
            told["standby", route] = _say(rule, route, table=table, witness=witness, domain=E164.name, **words)
        elif route in its.shared:
            names = [f"route {quoted(table.routes[other].name)}" for other in unpack(its.others[route])]
            words = {"behind": listed(names), "witness": its.shared[route], "domain": E164.name}
            told["overlap", route] = _say("overlap", route, table=table, **words)
    if not table.ordered and table.routes:
        told["order",] = _say("order-unknown")
    return told


def _without_e164(table: RouteTable, survey: Survey, route: int, reading: Reading) -> Finding:
    """A route that takes no E.164 number: what does it take?"""
    place = survey.place(route, reading)
    for rule, domain in (("short-only", SHORT_CODES), ("short-only", SERVICE_CODES), ("no-plus", _NO_PLUS)):
        # A number that it takes under both readings says more.
        witness = survey.machine.find({route, place}, domain) or survey.machine.find([place], domain)
        if witness is not None:
            return _say(rule, route, table=table, witness=witness, domain=domain.name)
    return _say("never", route, table=table)


def _of_the_trunks(table: RouteTable, its: Tally) -> Told:
    """What an SBC that fails, and a caller who runs up a bill, can do."""
    told: Told = {}
    for subject, error in its.undecided.items():
        told["undecided", subject] = _say("undecided", subject=subject, problem=error.problem, remedy=error.remedy)
    if not table.ordered:
        return told
    for fqdn, group in its.single.items():
        told["single", fqdn] = _say("single-sbc", *sorted(group.routes), table=table, trunks=(fqdn,), **_numbers(group))
    if its.lost:
        told["lost",] = _say("lost", *sorted(its.lost.routes), table=table, trunks=its.gone, **_numbers(its.lost))
    for (kind, trunks), group in its.costly.items():
        words = {"kind": kind.capitalize(), "countries": listed(sorted(group.countries), 8), **_numbers(group)}
        told["costly", kind, trunks] = _say("toll-fraud", *sorted(group.routes), table=table, trunks=trunks, **words)
    return told


def _numbers(group: Group) -> Words:
    return {"witness": group.witness, "count": group.count, "domain": E164.name}


def _of_the_countries(table: RouteTable, survey: Survey, its: Tally, countries: Sequence[str]) -> Told:
    """Gaps in the plans of these countries, and who takes their emergency numbers and those of Voice Calling."""
    told: Told = {}
    reading = its.reading
    for kind in (kind for country in countries for kind in number_types(country)):
        domain = Domain(f"valid {kind.name} numbers of {kind.country}", kind.pattern, E164.longest)
        try:
            witness, count, total = _gap(survey, domain, its)
        except BudgetError as error:
            subject = f"whether a route takes all {domain.name}"
            told["gap", domain.name] = _say("undecided", subject=subject, problem=error.problem, remedy=error.remedy)
        else:
            if witness:
                words: Words = {"count": count, "total": total, "domain": domain.name, "witness": witness}
                told["gap", domain.name] = _say("gap", **words)
    for number, where in _emergency(countries).items():
        takers = [survey.match(form, reading) for form in (number, f"+{number}")]
        first = [[table.chain(matches)[0]] if matches else [] for matches in takers]
        words = {"witness": number, "countries": listed(where, 8), "domain": SHORT_CODES.name}
        if all(takers):
            told["emergency", number] = _say("emergency", *first[0], *first[1], table=table, **words)
        elif any(takers):
            taken, other = (number, f"+{number}") if takers[0] else (f"+{number}", number)
            words |= {"witness": taken, "other": other}
            told["emergency", number] = _say("emergency-one-form", *first[0], *first[1], table=table, **words)
        else:
            told["emergency", number] = _say("emergency-nobody", **words)
    return told


def _gap(survey: Survey, domain: Domain, its: Tally) -> tuple[str | None, int | None, int | None]:
    """The shortest number of a domain that no route takes, how many there are, and how many the domain has."""
    if not its.counted:
        every = [survey.place(route, its.reading) for route in range(survey.size) if route not in survey.unread]
        return survey.machine.find((), domain, none_of=every), None, None
    grounds = survey.grounds(domain)
    missed = sorted(
        (g for g in grounds if not g.matches(its.reading)), key=lambda ground: ground.search != ground.whole
    )
    count, total = (sum(one.count or 0 for one in some) for some in (missed, grounds))
    return missed[0].witness if missed else None, count, total


def _emergency(countries: Sequence[str]) -> dict[str, list[str]]:
    """Emergency numbers with the countries that have them: those asked for, and those that Voice Calling serves."""
    served = {code: row["numbers"] for code, row in load("emergency")["countries"].items()}
    found: dict[str, list[str]] = {}
    for country in sorted({*served, *(code.upper() for code in countries)}):
        for number in emergency_numbers(country) if country in countries else served[country]:
            found.setdefault(number, []).append(country)
    return found
