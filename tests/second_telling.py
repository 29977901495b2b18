"""A second telling of the decision, to hold the first against: nested ifs written from the sources' text.

It shares no rule with `acs_telephony.deciding.choosing` and `successors`; only the nouns are the same.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from functools import cache
from itertools import product
from typing import Any

from acs_telephony.deciding.choosing import Advice, Answers
from acs_telephony.facts import load


@cache
def every_answer_set() -> tuple[Answers, ...]:
    """Each of the 2,560 consistent answer sets, once."""
    names = [field.name for field in fields(Answers) if field.type == "bool"]
    tenants: tuple[dict[str, Any], ...] = (
        {"cloud_state": "no_resource", "sip_state": "no_resource"},
        {"cloud_state": "without_numbers", "sip_state": "not_configured"},
        {"cloud_state": "without_numbers", "sip_state": "configured"},
        {"cloud_state": "with_numbers", "sip_state": "not_configured"},
        {"cloud_state": "with_numbers", "sip_state": "configured"},
    )
    return tuple(
        Answers(**tenant, **dict[str, Any](zip(names, values, strict=True)))
        for values in product((False, True), repeat=len(names))
        for tenant in tenants
    )


def days_around_events() -> list[date]:
    """Each event's day, the day before and after, and both ends of its month."""
    days = set()
    for event in load("lifecycle")["events"]:
        year, month = map(int, event["date"].split("-")[:2])
        first, next_month = date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
        marks = {first, next_month}
        if event["precision"] != "in_month":
            marks.add(date.fromisoformat(event["date"]))
        days |= {mark + timedelta(days=shift) for mark in marks for shift in (-1, 0, 1)}
    return sorted(days)


USABLE = {"use", "use and plan the move"}


def told_words(day: date, has_it: bool, *, silent: bool = False) -> set[str]:
    """What a tenant can have on a day, told from the text of the sources alone; `silent` where these say nothing."""
    if day < date(2021, 2, 9):
        return {"uncertain"}
    if day < date(2021, 6, 30):
        if has_it:
            return {"use"}
        return {"by invitation"} if day == date(2021, 2, 9) else {"by invitation", "use"}
    if day < date(2026, 9, 1):
        return {"use"}
    if day < date(2026, 10, 23):
        announced = {"use and plan the move"} if has_it else {"use and plan the move", "not available to you"}
        return announced | {"use"} if day.month == 9 else announced
    if day <= date(2028, 9, 30):
        if silent:
            return {"use and plan the move", "not available to you"}
        return {"use and plan the move"} if has_it else {"not available to you"}
    return {"gone"}


def told_fit(a: Answers) -> tuple[bool, bool]:
    """Whether cloud and sip fit, by the advice's reading of the page."""
    if not a.wants_pstn:
        return False, a.equipment_interop
    if a.mixed_routing:
        return a.region_available, True
    if a.retain_carrier or not a.region_available or not a.microsoft_managed:
        return False, True
    return True, a.equipment_interop


def told_page(a: Answers) -> tuple[bool, bool]:
    cloud = a.region_available and not a.retain_carrier and a.microsoft_managed
    return cloud, a.wants_pstn or a.retain_carrier or a.mixed_routing or a.equipment_interop


def told_needs(a: Answers, cloud: bool, sip: bool) -> tuple[list[str], bool, bool]:
    """Unmet requirements, whether the contract is waived, and whether the remark on an SBC is due."""
    unmet = []
    waived = False
    if cloud and not a.has_connection:
        unmet.append("cloud.requirement.acs-connection")
    if sip:
        if not a.has_connection:
            unmet.append("sip.requirement.azure-connection")
        if not a.has_supported_sbc:
            unmet.append("sip.requirement.supported-sbc")
        if a.equipment_interop:
            if not a.wants_pstn:
                waived = True
            elif cloud and not a.mixed_routing and a.region_available and a.microsoft_managed:
                waived = not a.retain_carrier
        if not waived and not a.has_carrier_contract:
            unmet.append("sip.requirement.carrier-contract")
    return unmet, waived, cloud and sip and a.equipment_interop


def told_outcome(a: Answers, fits: dict[str, bool], words: dict[str, set[str]]) -> tuple[str, list[str]]:
    usable = [option for option in ("cloud", "sip") if fits[option] and words[option] <= USABLE]
    if not fits["cloud"] and not fits["sip"]:
        return "no connection needed", usable
    if usable == ["cloud", "sip"]:
        return "both", usable
    if usable:
        half = (fits["cloud"] and fits["sip"]) or (a.wants_pstn and a.mixed_routing)
        return (f"only {usable[0]} of both" if half else usable[0]), usable
    of_interest = [words[option] for option in ("cloud", "sip") if fits[option]]
    if any(len(possible) > 1 or possible == {"uncertain"} for possible in of_interest):
        return "uncertain", usable
    return min(of_interest[0]), usable


def told_advice(a: Answers, day: date) -> tuple[Any, ...]:
    words = {
        "cloud": told_words(day, a.cloud_state == "with_numbers"),
        "sip": told_words(day, a.sip_state == "configured", silent=a.sip_state == "not_configured"),
    }
    fits = dict(zip(("cloud", "sip"), told_fit(a), strict=True))
    outcome, options = told_outcome(a, fits, words)
    reach = [fits[option] and words[option] not in ({"gone"}, {"not available to you"}) for option in ("cloud", "sip")]
    return outcome, options, *told_needs(a, *reach)


def told_by_the_page(a: Answers) -> tuple[Any, ...]:
    cloud, sip = told_page(a)
    outcome = {(True, True): "both", (True, False): "cloud", (False, True): "sip", (False, False): "neither"}[
        cloud, sip
    ]
    return outcome, [o for o, fits in (("cloud", cloud), ("sip", sip)) if fits], *told_needs(a, cloud, sip)


def given_by(advice: Advice) -> tuple[Any, ...]:
    return (
        advice.outcome,
        list(advice.options),
        list(advice.unmet),
        advice.waiver == "sip.exception.equipment-link-only",
        advice.notes == ("cloud.note.sbc-interop",),
    )


def told_successors(a: Answers, further: dict[str, str]) -> set[str]:
    """What follows once every further question is answered, told from the guide of 2026-08-18."""
    says = {name: said == "yes" for name, said in further.items()}
    if says["outside_teams"]:
        return {"third-party"} if a.wants_pstn or a.equipment_interop or says["application_goes_on"] else set()
    found = {"teams-phone-extensibility"} if says["application_goes_on"] else set()
    if not a.wants_pstn:
        return found | ({"teams-direct-routing"} if a.equipment_interop and says["runs_sbcs"] else set())
    # First the calls that Microsoft may have: all of them, or with two ways some; a carrier that stays has the others.
    if a.mixed_routing:
        to_microsoft, to_carrier = True, True
    else:
        to_microsoft, to_carrier = a.microsoft_managed and not a.retain_carrier, a.retain_carrier
    plan = to_microsoft and says["calling_plan_offered"] and not says["complex_routing"]
    if plan:
        found.add("teams-calling-plan")
    whole = plan and not to_carrier  # then Microsoft has all of the calls, and no operator is asked
    operator = says["operator_serves"] and not whole
    sbc_wanted = to_carrier or a.equipment_interop or a.has_supported_sbc or a.sip_state == "configured"
    sbc_wanted = sbc_wanted or says["complex_routing"] or not (whole or operator)
    if says["runs_sbcs"] and sbc_wanted:
        found.add("teams-direct-routing")
    elif operator:
        found.add("operator-connect")
    return found


def told_left(a: Answers, further: dict[str, str]) -> set[str]:
    """What has no way in Teams: all calls, those of a carrier that stays, equipment."""
    found = told_successors(a, further)
    if further["outside_teams"] == "yes" or not found:
        return set()
    sbc, left = "teams-direct-routing" in found, set()
    if a.wants_pstn and found <= {"teams-phone-extensibility"}:
        left.add("your calls")
    elif a.wants_pstn and a.mixed_routing and not sbc and "operator-connect" not in found:
        left.add("the calls that stay with your carrier")
    return left | ({"your equipment"} if a.equipment_interop and not sbc else set())
