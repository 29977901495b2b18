"""Calls in words: what happened on the way, as sentences and as a table. No rule lives here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from acs_telephony.errors import NumberError
from acs_telephony.facts import cite, load
from acs_telephony.languages import Reading
from acs_telephony.models import Resource
from acs_telephony.numbers import normalise
from acs_telephony.routing import Answered, Journey, Leg, Outcome, Try, VoiceCalling, effect_of
from acs_telephony.views.diagrams import path
from acs_telephony.views.display import Shown, notice, sentences, table, together

_Item = TypeVar("_Item")

_MOST_ROWS = 12
_MOST_OUTCOMES = 4
_READINGS: dict[Reading, str] = {
    "search": "Here a pattern matches anywhere in the number. If the whole number has to match, these routes do:",
    "whole": "Here the whole number has to match. If a pattern matches anywhere in it, these routes do:",
}


def journey_page(journey: Journey) -> Shown:
    """A journey whole: in sentences, as a path through the architecture, and as tables."""
    return together(journey_words(journey), path(journey), journey_table(journey))


def journey_words(journey: Journey) -> Shown:
    """The journey from the dialled number to its outcomes, in sentences."""
    dialled = journey.dialled
    lines = [f"{dialled.text.strip()} is dialled as {dialled.number}."]
    if journey.legs:
        lines.append(f"{_count(len(journey.legs), 'route matches', 'routes match')}, tried in the order of the list.")
    else:
        lines.append("No route matches.")
    lines += [_leg_words(leg) for leg in journey.legs[:_MOST_ROWS] if leg.reached]
    waiting = [leg.route.name for leg in journey.legs if not leg.reached]
    if waiting:
        lines.append(f"Not reached, because an earlier route settles the call: {_some(waiting)}.")
    if len(journey.outcomes) == 1:
        lines.append(str(journey.outcomes[0]))
    else:
        lines.append(f"The order in which the SBCs are tried decides. {_alternatives(journey)}")
    return together(sentences(lines), *_doubts(journey))


def taker_words(journey: Journey) -> Shown:
    """Who takes the number, in a sentence: the first choice, and the standbys in their order."""
    number, legs = journey.dialled.number, journey.legs
    if legs:
        first, *others = (f"row {leg.position}, {leg.route.name} ({_sbcs(leg)})" for leg in legs)
        behind = f"Standby, in order: {_some(others, '; ')}." if others else "There is no standby."
        words = f"{number}: the first choice is {first}. {behind}"
    else:
        words = f"{number}: no route takes it. {journey.as_listed}"
    unread = [one.route.name for one in journey.unread]
    words += f" Not proven: {_some(unread)} cannot be read." if unread else ""
    return together(notice("Answer", words), *_doubts(replace(journey, unread=())))


def _sbcs(leg: Leg) -> str:
    return " or ".join(map(str, leg.route.trunks or ())) or "no trunk"


def _alternatives(journey: Journey) -> str:
    words = " Or: ".join(map(str, _told_outcomes(journey, _MOST_OUTCOMES)))
    more = len(journey.outcomes) - _MOST_OUTCOMES
    return words + (f" Or {more} more." if more > 0 else "")


def _telling(items: Sequence[_Item], most: int, is_plain: Callable[[_Item], bool]) -> list[_Item]:
    """At most so many items in their order; the plain ones are the first to be left out."""
    chosen = sorted(range(len(items)), key=lambda i: (is_plain(items[i]), i))[:most]
    return [items[i] for i in sorted(chosen)]


def _told_outcomes(journey: Journey, most: int) -> list[Outcome]:
    return _telling(journey.outcomes, most, lambda outcome: isinstance(outcome, Answered))


def _leg_words(leg: Leg) -> str:
    if not leg.tries:
        return f"Route {leg.route.name} has no trunk, so the call goes on."
    if leg.settles:
        return f"Route {leg.route.name} settles the call: {_tries_words(leg)}."
    return f"Route {leg.route.name}: no SBC takes the call ({_tries_words(leg)}), so the call goes on."


def _tries_words(leg: Leg) -> str:
    more = len(leg.tries) - _MOST_OUTCOMES
    told = _telling(leg.tries, _MOST_OUTCOMES, lambda one: one.effect == "answers")
    return "; ".join(map(_try_words, told)) + (f"; and {more} more" if more > 0 else "")


def _try_words(one: Try) -> str:
    state = {"silent": "is silent", "refused": "refuses the connection", "demoted": "is demoted"}
    if one.state == "answers":
        return f"{one.trunk} answers"
    return f"{one.trunk} {state.get(str(one.state), f'says {one.state}')} and {_EFFECT[one.effect]}"


_EFFECT = {
    "answers": "takes the call",
    "fails over": "fails over",
    "ends the call": "ends it",
    "not tried": "is not tried",
}


def _doubts(journey: Journey) -> list[Shown]:
    """What the reader should not take for certain."""
    notices = []
    if journey.dialled.doubt:
        notices.append(notice("Mind", f"{journey.dialled.number}: {journey.dialled.doubt}."))
    if journey.dialled.kind != "e164":
        words = "No source says in which form a code meets the patterns, with or without a plus. Try both."
        notices.append(notice("Unknown", words))
    if journey.order_dependent:
        words = "Some orders of trying connect this call and others lose it: the same call may fail tomorrow."
        notices.append(notice("Mind", words))
    if journey.other_reading is not None:
        others = _some(list(journey.other_reading)) or "none"
        notices.append(notice("Unknown", f"{_READINGS[journey.reading]} {others}."))
    for one in journey.unread:
        words = f"Route {one.position}, {one.route.name}, cannot be read; whether it matches is not known.\n{one.error}"
        notices.append(notice("Error", words))
    return notices


def journey_table(journey: Journey) -> Shown:
    """Every matching route with its SBCs, and every outcome with one order of trying that leads to it."""
    tries = [(leg, one) for leg in journey.legs for one in leg.tries]
    rows = [
        (leg.position, leg.route.name, leg.route.number_pattern, one.trunk, one.state, _effect(leg, one))
        for leg, one in _telling(tries, _MOST_ROWS, lambda row: row[1].effect == "answers")
    ]
    outcomes = [(one, _order(one)) for one in _told_outcomes(journey, _MOST_ROWS)]
    routes = table(
        _caption("The routes that match", len(tries)), ("row", "route", "pattern", "SBC", "state", "so it"), rows
    )
    endings = table(_caption("Possible outcomes", len(journey.outcomes)), ("outcome", "SBCs tried"), outcomes)
    return together(routes, endings) if rows else endings


def _order(outcome: Outcome) -> str:
    order = () if isinstance(outcome, VoiceCalling) else outcome.order
    more = f" and {len(order) - _MOST_OUTCOMES} more" if len(order) > _MOST_OUTCOMES else ""
    return " then ".join(order[:_MOST_OUTCOMES]) + more or "none"


def _effect(leg: Leg, one: Try) -> str:
    return one.effect if leg.reached else "is not reached"


def _caption(caption: str, rows: int) -> str:
    """The caption, which says how many rows are left out."""
    return f"{caption} ({_MOST_ROWS} of {rows})" if rows > _MOST_ROWS else caption


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _some(names: list[str], between: str = ", ") -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return between.join(names[:5]) + more


def routes_table(resource: Resource) -> Shown:
    """The voice routes of a resource in the order in which they are tested; a long list is cut and counted."""
    routes = enumerate(resource.configuration.routes, 1)
    rows = [(row, route.name, route.number_pattern, " ".join(route.trunks or ())) for row, route in routes]
    caption = _caption("Voice routes, in the order of their priority", len(rows))
    return table(caption, ("row", "route", "pattern", "SBCs"), rows[:_MOST_ROWS])


def calls_table(caption: str, calls: Mapping[str, Journey]) -> Shown:
    """Several calls beside one another: what is special about each, and every outcome that it can have."""
    rows = [(what, _alternatives(journey) + _marks(journey)) for what, journey in calls.items()]
    return table(caption, ("call", "how it can end"), rows)


def _marks(journey: Journey) -> str:
    """What a short answer must not hide: a route that could not be read, a reading that would change the routes."""
    unread = [one.route.name for one in journey.unread]
    marks = [f" Not proven: {_some(unread)} cannot be read."] if unread else []
    marks += [" Depends on how the service matches."] if journey.other_reading is not None else []
    return "".join(marks)


def typed_table(texts: Sequence[str], country: str | None = None) -> Shown:
    """What each typed text is dialled as, read in a country's number plan; or why it is no number."""
    where = f"typed in {country}" if country else "typed without a country"
    return table(f"Numbers {where}", ("typed", "dialled as", "remark"), [_typed(text, country) for text in texts])


def _typed(text: str, country: str | None) -> tuple[str, str, str]:
    try:
        dialled = normalise(text, country)
    except NumberError as error:
        return text, "", f"{error.problem}. {error.remedy}"
    kinds = {"short": "a short code, dialled as it is", "service": "a service code, dialled as it is"}
    return text, dialled.number, dialled.doubt or kinds.get(dialled.kind, "")


def codes_table() -> Shown:
    """The final SIP codes that the sources speak of, and what each does to a call that meets it at an SBC."""
    facts = load("sip_responses")["final_codes"]
    rows = [
        (f"{row['code']} {row['name']}", effect_of(row["code"]), cite("sip_responses", row["source"]))
        for row in facts
        if row["code"]
    ]
    return table("Final codes from an SBC", ("code", "so it", "source of the code"), rows)
