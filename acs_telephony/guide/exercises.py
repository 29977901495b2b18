"""Checks for the exercises: a wrong attempt is answered with a case that shows why, never with "wrong".

Each check takes what the reader tried and gives a `Check`. Patterns are compared as machines, so "right" means right
for every number of the domain, and the counter-example is the shortest number on which the attempt goes wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, product

from acs_telephony.automaton import Matches, compile_table, parse_or_error
from acs_telephony.checking.comparing import DOMAINS, compare
from acs_telephony.checking.expecting import Expectation, meet, read_expectations, unnoticed
from acs_telephony.checking.findings import listed
from acs_telephony.checking.moving import prove, read_script
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.checking.surveying import Survey
from acs_telephony.deciding.choosing import CLAUSES, QUESTIONS, Answers, Lens, Outcome, choose, read_clauses
from acs_telephony.deciding.successors import FURTHER, Situation, clause_words, follow
from acs_telephony.domains import E164, Domain
from acs_telephony.errors import AcsTelephonyError
from acs_telephony.exporting import plan_move
from acs_telephony.guide.folding import DIALLED
from acs_telephony.guide.mapping import map_types
from acs_telephony.languages import READINGS
from acs_telephony.models import Resource, SipConfiguration, quoted
from acs_telephony.numbers import NumberType
from acs_telephony.receiving import Arrival, ToApplication, certificate_matches
from acs_telephony.routing import Answered, Dropped, Journey

Source = RouteTable | SipConfiguration | Resource


@dataclass(frozen=True, slots=True)
class Check:
    """Whether an attempt is right, and the words for the reader: a counter-example where it is not."""

    right: bool
    words: str

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return ("Right. " if self.right else "Not yet. ") + self.words


def check_pattern(attempt: str, wanted: str, domain: Domain = E164) -> Check:
    r"""Whether two patterns match the same numbers of the domain, under both readings of a pattern.

    With E.164 go short codes and service codes, which a pattern can take by mistake.

    >>> print(check_pattern(r"^\+31\d{9}", r"^\+31\d{9}$"))
    Not yet. Your pattern takes +310000000000 (12 digits), which it should not.
    >>> print(check_pattern(r"^\+31[0-9]{9}$", r"^\+31\d{9}$"))
    Right. It takes the same E.164 numbers as ours, every one of 1,000,000,000.
    """
    for reading, one in product(READINGS, DOMAINS if domain is E164 else [domain]):
        machine = compile_table([attempt, wanted], reading)
        if 0 in machine.unread:
            return Check(False, f"Your pattern cannot be read: {machine.unread[0]}")
        number = machine.witness(lambda matches: len(matches) == 1, one)
        if number is not None:
            takes = machine.match(number) == (0,)
            digits = sum(character.isdigit() for character in number)
            verb, should = ("takes", "should not") if takes else ("does not take", "should")
            what = f"{number} ({digits} digits)" if number else "an empty text"
            return Check(False, f"Your pattern {verb} {what}, which it {should}.")
    count = machine.count(lambda matches: bool(matches), domain)
    how_many = f", every one of {count:,}" if count is not None else ""
    return Check(True, f"It takes the same {domain.name} as ours{how_many}.")


def check_comes_to(patterns: Sequence[str], number: str, wanted: Matches) -> Check:
    r"""Whether a number brings the machine of some patterns where these match, and no others; places from 0.

    >>> print(check_comes_to([r"^1\d$", "^12$"], "12", (0,)))
    Not yet. 12 is matched by rows 1 and 2, not by row 1.
    """
    machine = compile_table(patterns)
    if machine.unread:
        return Check(False, f"A pattern cannot be read: {next(iter(machine.unread.values()))}")
    dialled = re.sub(r"[\s().-]", "", number) if isinstance(number, str) else ""
    if not dialled or dialled.strip(DIALLED):
        return Check(
            False, f"{quoted(number)} is no number. Write digits in quotes, with '+' in front if there is one."
        )
    matches = machine.match(dialled)
    if matches == wanted:
        return Check(True, f"{number} is matched by {_rows(wanted)}, and by no other.")
    return Check(False, f"{number} is matched by {_rows(matches)}, not by {_rows(wanted)}.")


def _rows(routes: Matches) -> str:
    rows = [str(route + 1) for route in routes]
    return f"row{'s' * (len(rows) > 1)} {listed(rows, 8)}" if rows else "no row"


def check_buried(first: str, second: str, third: str) -> Check:
    r"""Whether a third pattern is never first choice behind two others together, though neither of them hides it alone.

    >>> print(check_buried(r"^\+316\d{8}$", r"^\+317\d{8}$", r"^\+316\d{8}$"))
    Not yet. The first hides it alone: it takes every E.164 number of the third.
    """
    for reading in READINGS:
        machine = compile_table([first, second, third], reading)
        if machine.unread:
            return Check(False, f"A pattern cannot be read: {next(iter(machine.unread.values()))}")
        for region in chain.from_iterable(map(machine.regions, DOMAINS)):
            if region.matches == (2,):
                return Check(False, f"The third is first choice for {region.witness}: neither of the others takes it.")
        its = [region for region in machine.regions() if 2 in region.matches]
        if not its:
            return Check(False, "The third takes no E.164 number, so nothing hides it.")
        for place, name in enumerate(("first", "second")):
            if all(place in region.matches for region in its):
                return Check(False, f"The {name} hides it alone: it takes every E.164 number of the third.")
    count = sum(region.count or 0 for region in its)
    return Check(True, f"Neither hides it alone, and together they take all of its {count:,} E.164 numbers before it.")


def check_taker(journey: Journey, trunk: str) -> Check:
    """Whether this SBC takes the call, in whatever order the SBCs are tried."""
    for outcome in journey.outcomes:
        if not (isinstance(outcome, Answered) and outcome.trunk == trunk):
            return Check(False, f"This call can end otherwise. {outcome}")
    return Check(True, f"{trunk} takes the call in every order of trying.")


def check_order_dependent(journey: Journey) -> Check:
    """Whether some orders of trying connect the call and others lose it."""
    if journey.order_dependent:
        return Check(True, " Or: ".join(map(str, journey.outcomes)))
    return Check(False, f"Every order of trying gives the same here. {journey.as_listed}")


def check_dropped(journey: Journey) -> Check:
    """Whether the call is dropped in every order of trying."""
    for outcome in journey.outcomes:
        if not isinstance(outcome, Dropped):
            return Check(False, f"This call gets through or is ended by somebody. {outcome}")
    return Check(True, str(journey.outcomes[0]))


def check_arrival(arrival: Arrival) -> Check:
    """Whether a call in reaches the application; otherwise where it ended instead."""
    if isinstance(arrival.ending, ToApplication):
        return Check(True, f"The application gets IncomingCall for {arrival.number}.")
    return Check(False, str(arrival.ending))


def check_opposites(pair: tuple[str, str]) -> Check:
    """Whether exactly one of two clauses holds, whatever the answers; otherwise the fewest answers that break that.

    >>> print(check_opposites(("cloud.criterion.region-available", "sip.criterion.mixed-routing")).words[:31])
    Both hold for somebody who says
    """
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        return Check(False, 'Give two ids of criteria in quotes: ("cloud.criterion...", "sip.criterion...").')
    for clause in pair:
        if clause not in CLAUSES:
            return Check(
                False, f"{ascii(clause)[:60]} is no clause that one can say yes or no to. Take ids of criteria."
            )
    questions = [question for question in QUESTIONS if question.kind != "past"]
    for both in (True, False):
        for values in sorted(product((False, True), repeat=len(questions)), key=sum):
            said_yes = [question for question, value in zip(questions, values, strict=True) if value]
            truths = read_clauses(Answers(**{question.id: question in said_yes for question in questions}))  # type: ignore[arg-type]
            if truths[pair[0]] is truths[pair[1]] is both:
                yes = "".join(f"\n  {question.text}" for question in said_yes) or " nothing."
                return Check(False, f"{'Both hold' if both else 'Neither holds'} for somebody who says yes to:{yes}")
    return Check(True, "Whoever says yes to one says no to the other, whatever the other answers are.")


def check_certificate(name: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> Check:
    """Whether one certificate name covers every FQDN inside and none outside.

    >>> print(check_certificate("*.contoso.com", ("sbc1.eu.contoso.com",), ()))
    Not yet. *.contoso.com does not cover sbc1.eu.contoso.com: a star stands for one label or a part of one.
    """
    if not isinstance(name, str):
        return Check(False, 'Give one name in quotes, such as "*.contoso.com".')
    for fqdn in (*inside, *outside):
        covers = certificate_matches(name, fqdn)
        if covers is not (fqdn in inside):
            verb, rule = ("covers", "should not") if covers else ("does not cover", "")
            star = "a star stands for one label or a part of one" if "*" in name else "it is another name"
            why = f", which it {rule}." if covers else f": {star}."
            return Check(False, f"{name or 'No name'} {verb} {fqdn}{why}")
    return Check(True, f"{name} covers {' and '.join(inside)}, and nothing of {' or '.join(outside)}.")


def check_one_answer(answers: Answers, question: str, wanted: Outcome, *, lens: Lens = "advice", as_of: date) -> Check:
    """Whether turning this one yes or no round gives the wanted outcome; otherwise the answers that decided are named.

    >>> print(check_one_answer(Answers(), "mixed_routing", "both", as_of=date(2024, 3, 1)))
    Right. The outcome is then 'both'.
    """
    names = [known.id for known in QUESTIONS if known.kind != "past"]
    if question not in names:
        return Check(False, f"{question!r} is none of the yes-or-no questions: {', '.join(names)}.")
    turned: dict[str, bool] = {question: not getattr(answers, question)}
    changed = replace(answers, **turned)  # type: ignore[arg-type]
    advice = choose(changed, lens=lens, as_of=as_of)
    if advice.outcome == wanted:
        return Check(True, f"The outcome is then {wanted!r}.")
    clauses = [one.clause for one in advice.cloud.deciding + advice.sip.deciding]
    decided = [known for known in QUESTIONS if not set(clauses).isdisjoint(known.clauses)]
    said = "".join(f"\n  {known.text} {'Yes.' if getattr(changed, known.id) else 'No.'}" for known in decided)
    return Check(False, f"The outcome is then {advice.outcome!r}, not {wanted!r}. This decided:{said}")


def check_first_day(day: date, word_on: Callable[[date], str], wanted: str) -> Check:
    """Whether this is the first day with that word; otherwise the word of the day, or of the day before, shows why.

    >>> print(check_first_day(date(2024, 3, 1), lambda day: "use", "use"))
    Not yet. On 2024-03-01 it is 'use', but on 2024-02-29 it is so already.
    """
    word = word_on(day)
    if word != wanted:
        return Check(False, f"On {day} it is {word!r}, not {wanted!r}.")
    eve = day - timedelta(days=1)
    if word_on(eve) == wanted:
        return Check(False, f"On {day} it is {wanted!r}, but on {eve} it is so already.")
    return Check(True, f"On {eve} it is {word_on(eve)!r}, and from {day} on {wanted!r}.")


def check_follows(situation: Situation, wanted: str, *, as_of: date) -> Check:
    """Whether this successor surely fits the situation on that day; otherwise the clauses that say no, or are open.

    >>> print(check_follows(Situation(runs_sbcs="no"), "teams-direct-routing", as_of=date(2026, 11, 22)))
    Not yet. For Microsoft Teams Direct Routing this does not hold:
      you are willing to run SBCs
    """
    following = follow(situation, as_of=as_of)
    successor = next((one for one in following.judged if one.id == wanted), None)
    if successor is None:
        known = ", ".join(one.id for one in following.judged)
        return Check(False, following.reason if not known else f"{quoted(wanted)} is none of: {known}.")
    if successor.fit == "fits":
        return Check(True, f"{successor.name} fits.")
    if successor.fit == "does not fit":
        words = "".join(f"\n  {clause_words(clause)}" for clause in successor.deciding)
        return Check(False, f"For {successor.name} this does not hold:{words}")
    asked = "".join(f"\n  {question.text}" for question in FURTHER if question.id in successor.hangs_on)
    return Check(False, f"{successor.name} fits only perhaps. Still unknown:{asked}")


def check_answered(old: Source, new: Source, types: Sequence[NumberType], within: str) -> Check:
    r"""Whether each number of some types comes to a route of the new table, under both readings of patterns.

    No number outside the pattern `within` may have moved.

    >>> from acs_telephony.numbers import number_types
    >>> from acs_telephony.tables import microsoft_three_routes as three
    >>> print(check_answered(three(), three(), number_types("NL"), r"^\+31").words[:32])
    Nobody takes +3114010 (7 digits)
    """
    table = table_of(new)
    for reading in READINGS:
        found = map_types(table, {"all": types}, reading)
        for name in found.unread:
            text = next(row.number_pattern for row in table.routes if row.name == name)
            return Check(False, f"The pattern of {quoted(name)} cannot be read: {parse_or_error(text)}")
        part = found.whole
        if part.gap is not None:
            others = f", and {part.nobody - 1:,} others" if part.nobody > 1 else ""
            why = ", if the whole number has to match" if reading == "whole" else ""
            return Check(False, f"Nobody takes {part.gap} ({len(part.gap) - 1} digits){others}{why}.")
    for change in compare(old, table, intended=[within]).unintended:
        return Check(False, f"{change.witness} moves, and was not meant to. {change.sentence}")
    return Check(True, f"Each of the {part.numbers:,} numbers comes to a route, and no other number moved.")


#: What the route nl-premium of `contoso` was meant to take; its pattern lets the second half escape from the anchor.
NL_PREMIUM = r"^\+31(90\d{5,8}|8[47]\d{7})$"


def check_change(old: Source, new: Source, intended: str, trunks: Sequence[str]) -> Check:
    r"""Whether all numbers of the intended set come to these trunks first after a change, and no other number moved.

    >>> from acs_telephony.tables import microsoft_three_routes as three
    >>> print(check_change(three(as_printed=True), three(), r"^\+1\d{10}$", ["sbc5.contoso.biz"]).words[:31])
    100 moves, and was not meant to
    """
    try:
        table = table_of(new)
        survey = Survey([row.number_pattern for row in table.routes], [intended])
        for route, problem in survey.unread.items():
            return Check(False, f"The pattern of {quoted(table.routes[route].name)} cannot be read: {problem}")
        comparison = compare(old, new, intended=[intended])
        for change in comparison.unintended:
            return Check(False, f"{change.witness} moves, and was not meant to. {change.sentence}")
        numbers = tuple(ground.witness for ground in survey.grounds() if ground.labels)
        goal = Expectation(number=numbers, trunks=tuple(trunks), because="this number is meant to move")
        for finding in meet(table, [goal]):
            return Check(False, finding.sentence)
    except AcsTelephonyError as error:
        return Check(False, str(error))
    moved = sum(change.count for change in comparison.changes if change.domain == E164.name)
    return Check(True, f"{moved:,} numbers of E.164 moved as meant; the other {comparison.unchanged:,} did not.")


def check_expectations(text: str, source: Source, route: str) -> Check:
    """Whether expectations hold, and would notice this route dropped, put behind the next, or taking one digit more.

    >>> from acs_telephony.tables import microsoft_three_routes
    >>> text = '[[expect]]\\nnumber = "+14255550100"\\nroute = "Redmond 1"\\nbecause = "it is home"'
    >>> print(check_expectations(text, microsoft_three_routes(), "Redmond 1").words[:64])
    Every expectation would still hold if 'Redmond 1' took one digit
    """
    table = table_of(source)
    if not isinstance(text, str):
        return Check(
            False, "Write the expectations as a text in quotes: [[expect]], number, because and where it comes."
        )
    try:
        expectations = read_expectations(text)
    except AcsTelephonyError as error:
        return Check(False, str(error))
    for finding in meet(table, expectations):
        return Check(False, finding.sentence)
    for finding in unnoticed(table, expectations):
        if table.routes[finding.routes[0]].name == route:
            return Check(False, finding.sentence)
    return Check(True, f"Each expectation holds today, and no careless edit of {quoted(route)} would go unnoticed.")


def check_move(usages: Mapping[str, str], source: SipConfiguration | Resource, apart: str) -> Check:
    r"""Whether a move with routes in these usages changes no call, and no usage takes numbers in and out of a pattern.

    >>> from acs_telephony.tables import microsoft_three_routes as three
    >>> print(check_move({}, three(), r"^\+1425").words.partition(": ")[2])
    whoever may call the one may call the other.
    """
    try:
        table = read_script(plan_move(source, usages=usages).script)
        proof = prove(source, table)
        grounds = Survey([row.number_pattern for row in table.routes], [apart]).grounds()
    except (AcsTelephonyError, AttributeError, TypeError) as error:
        return Check(False, str(error) if isinstance(error, AcsTelephonyError) else 'Give {"route": "usage"}.')
    for change in proof.comparison.changes:
        return Check(False, change.sentence)
    takes: dict[str | None, dict[bool, str]] = {}
    for ground in grounds:
        for route in table.chain(ground.matches("search"))[:1]:
            takes.setdefault(table.routes[route].usage, {})[bool(ground.labels)] = ground.witness
    for usage, both in takes.items():
        if len(both) > 1:
            words = f"The usage {quoted(usage)} takes {both[True]} and {both[False]} as well"
            return Check(False, f"{words}: whoever may call the one may call the other.")
    return Check(proof.proven, proof.sentence)
