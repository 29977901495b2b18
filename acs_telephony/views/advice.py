"""The decision in words: the outcome, why, what is still missing, the picture, and what would change it.

`decision` is the whole answer; `headline`, `advice_words` and `change_words` are its parts. No rule lives here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from acs_telephony.deciding.choosing import (
    EQUIPMENT,
    FALLBACK,
    Advice,
    Answers,
    Change,
    Deciding,
    Lens,
    Outcome,
    Verdict,
    choose,
    smallest_changes,
)
from acs_telephony.deciding.lifecycle import CloudState, Option, SipState
from acs_telephony.deciding.successors import FURTHER, Situation, follow
from acs_telephony.facts import cite, is_stale, load, source
from acs_telephony.views.architecture import Setup, architecture
from acs_telephony.views.display import Shown, heading, notice, sentences, table, together
from acs_telephony.views.pictures import Picture

#: Every outcome as the second half of a sentence.
OUTCOMES: Final[Mapping[Outcome, str]] = MappingProxyType({
    "cloud": "use Azure Cloud Calling",
    "sip": "use the SIP interface",
    "both": "use both, Azure Cloud Calling and the SIP interface",
    "only cloud of both": "use Azure Cloud Calling; you want what takes both ways, and only this one is sure",
    "only sip of both": "use the SIP interface; you want what takes both ways, and only this one is sure",
    "by invitation": "what fits is in private preview, and takes an invitation",
    "not available to you": "what fits is not available to you",
    "gone": "what fits is gone, for everybody",
    "uncertain": "uncertain, for no source settles whether you can have what fits",
    "no connection needed": "no connection is needed, for there are no PSTN calls and no equipment to link",
    "neither": "neither way fits",
})  # fmt: skip

#: What a tenant has, by the two states that go together.
TENANT_WORDS: Final[Mapping[tuple[CloudState, SipState], str]] = MappingProxyType({
    ("no_resource", "no_resource"): "no resource",
    ("without_numbers", "not_configured"): "a resource, without numbers and without direct routing",
    ("without_numbers", "configured"): "a resource with direct routing, without numbers",
    ("with_numbers", "not_configured"): "a resource with numbers, without direct routing",
    ("with_numbers", "configured"): "a resource with numbers and with direct routing",
})  # fmt: skip

# What another answer would mean: with no, and with yes. A requirement never changes the outcome.
_SUPPOSED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "wants_pstn": ("you wanted no calls over the PSTN", "you wanted calls over the PSTN"),
    "region_available": (
        "Azure Cloud Calling were not on offer where you are", "Azure Cloud Calling were on offer where you are",
    ),
    "retain_carrier": ("you did not have to keep your carrier", "you had to keep your carrier"),
    "microsoft_managed": (
        "you did not want Microsoft to manage your access to the PSTN",
        "you wanted Microsoft to manage your access to the PSTN",
    ),
    "mixed_routing": (
        "you did not want some calls by Azure Cloud Calling and others by your carrier",
        "you wanted some calls by Azure Cloud Calling and others by your carrier",
    ),
    "equipment_interop": (
        "you did not have to work with a PBX, pagers or analog devices",
        "you had to work with a PBX, pagers or analog devices",
    ),
})  # fmt: skip

_CAPTIONS: Final[Mapping[tuple[Option, bool], str]] = MappingProxyType({
    ("cloud", True): "Azure Cloud Calling fits: all of these are needed, and all hold",
    ("cloud", False): "Azure Cloud Calling does not fit: all is needed, and this does not hold",
    ("sip", True): "The SIP interface fits: one is enough, and this holds",
    ("sip", False): "The SIP interface does not fit: one is enough, and none of these holds",
})  # fmt: skip

_OUR_READING: Final = (
    "The clauses are the page's; which of them decide is our reading. A clause that holds for everyone who wants PSTN "
    "calls decides nothing. Mixed routing asks for both ways at once. And where Azure Cloud Calling does not fit, PSTN "
    "calls go by the SIP interface, because that works without it."
)
# The page states this as a benefit; as a reason to choose, it holds for those who need it.
_FALLBACK_WORDS: Final = "Azure Cloud Calling does not fit your PSTN calls; this way works without it."


def decision(answers: Answers, *, lens: Lens = "advice", as_of: date) -> Shown:
    """The whole answer to one set of answers: the advice with its picture, and the smallest changes of the outcome."""
    advice = choose(answers, lens=lens, as_of=as_of)
    changes = smallest_changes(answers, lens=lens, as_of=as_of)
    return together(advice_words(advice), change_words(answers, changes), *_closing(answers, advice))


def headline(advice: Advice) -> str:
    """The outcome as one sentence; who can go on for now is told to plan the move, and by when.

    >>> print(headline(choose(Answers(retain_carrier=True), as_of=date(2024, 3, 1))))
    As of 2024-03-01: use the SIP interface.
    """
    words = OUTCOMES[advice.outcome]
    if advice.lens == "page_2021":
        return f"The page of 2021, word for word: {words}."
    if any(v.option in advice.options and v.word == "use and plan the move" for v in (advice.cloud, advice.sip)):
        last = next(event for event in load("lifecycle")["events"] if event["status"] == "retired")
        words += f". Plan the move as well: the last day is {last['date']}, by the guide of {_dated(last['source'])}"
    fitting = [option_name(v.option) for v in (advice.cloud, advice.sip) if v.fits]
    what = "" if advice.options or not fitting else f" What fits: {' and '.join(fitting)}."
    return f"As of {advice.as_of}: {words}.{what}"


def advice_words(advice: Advice) -> Shown:
    """The outcome, what can be had and why, the clauses that decided, what is still missing, and the architecture."""
    parts = (*standing(advice), *grounds(advice), *missing(advice), *drawing(advice))
    return together(notice("Answer", headline(advice)), *parts)


def change_words(answers: Answers, changes: Iterable[Change]) -> Shown:
    """Each change of these answers as a sentence with the outcome that it would have; first what is in your hands."""
    # Nobody who has a resource loses it in hindsight. Every such change has others beside it.
    lost = ("cloud_state", answers.cloud_state, "no_resource")
    ordered = sorted(changes, key=lambda change: not change.in_your_hands)
    lines = [_change(answers, change) for change in ordered if lost not in change.changes]
    return together(heading("The smallest change of answers that would change the outcome"), sentences(lines))


def _change(answers: Answers, change: Change) -> str:
    then = {question: value for question, _, value in change.changes}
    supposed = [words[bool(then[question])] for question, words in _SUPPOSED.items() if question in then]
    if not then.keys().isdisjoint(("cloud_state", "sip_state")):
        tenant: Any = tuple(then.get(name, getattr(answers, name)) for name in ("cloud_state", "sip_state"))
        supposed.append(f"your tenant had {TENANT_WORDS[tenant]}")
    hands = "" if change.in_your_hands else " (This is not in your hands.)"
    return f"If {' and '.join(supposed)}, the outcome would be: {OUTCOMES[change.outcome]}.{hands}"


def standing(advice: Advice) -> Iterator[Shown]:
    """What of both options fits, and what of it this tenant can have."""
    if advice.lens == "page_2021":
        yield notice("Mind", "The page knows no later dates, so whether you can have it is not judged here.")
        return
    rows = [
        (
            option_name(verdict.option),
            "yes" if verdict.fits else "no",
            verdict.word,
            verdict.availability.reason,
            _dated(verdict.availability.sources, advice.as_of),
        )
        for verdict in (advice.cloud, advice.sip)
    ]
    caption = f"What fits, and what this tenant can have on {advice.as_of}"
    yield table(caption, ("way", "fits", "to be had", "because", "source"), rows)


def option_name(option: Option) -> str:
    """An option by both its names, then and now."""
    names = next(known for known in load("options")["options"] if known["id"] == option)
    return f"{names['name_2021_en']}, now {names['name_now']}"


def grounds(advice: Advice) -> Iterator[Shown]:
    """The clauses that decided, for each option."""
    for verdict in (advice.cloud, advice.sip):
        yield _deciding_table(verdict, advice.as_of)
    if any(one.holds and not one.discriminating for one in advice.sip.deciding):
        yield notice("Mind", load("options")["options"][1]["decision"]["warning_en"])
    if advice.lens == "advice":
        yield notice("Our model", _OUR_READING)


def _deciding_table(verdict: Verdict, as_of: date) -> Shown:
    keys = {one.clause: _clauses()[one.clause]["source"] for one in verdict.deciding}
    rows = [(_clause(one.clause), _truth(one), _dated(keys[one.clause], as_of)) for one in verdict.deciding]
    return table(_CAPTIONS[verdict.option, verdict.fits], ("clause", "holds", "source"), rows)


def _truth(one: Deciding) -> str:
    if one.holds and not one.discriminating:
        return "yes, and yes for everyone who wants PSTN calls"
    return "yes" if one.holds else "no"


@cache
def _clauses() -> Mapping[str, Mapping[str, Any]]:
    """Everything on the page that a decision names, by its id; an exception has the source of what it waives."""
    found: dict[str, Mapping[str, Any]] = {}
    for option in load("options")["options"]:
        items = option["requirements"]["items"]
        exceptions = [{**item["waived_if"], "source": item["source"]} for item in items if "waived_if" in item]
        for group in (option["criteria"], option["benefits"], option.get("notes", ()), items, exceptions):
            found |= {clause["id"]: clause for clause in group}
    return found


def _clause(clause: str) -> str:
    return _FALLBACK_WORDS if clause == FALLBACK else str(_clauses()[clause]["en"])


def missing(advice: Advice) -> Iterator[Shown]:
    """The requirements that are still to be met."""
    if advice.unmet:
        rows = [(_clause(one), _dated(_clauses()[one]["source"], advice.as_of)) for one in advice.unmet]
        yield table("What is still missing", ("requirement", "source"), rows)
    elif advice.options:
        yield notice("Answer", "Nothing is missing.")
    if advice.waiver:
        words = f"The contract with a carrier is waived. {_clause(advice.waiver)}"
        yield notice("Documented", f"{words} Source: {_dated(_clauses()[advice.waiver]['source'])}.")
    for note in advice.notes:
        yield notice("Documented", f"{_clause(note)} Source: {_dated(_clauses()[note]['source'])}.")


def drawing(advice: Advice) -> Iterator[Shown | Picture]:
    """The architecture of what is recommended, or else of what fits."""
    fitting = tuple(verdict.option for verdict in (advice.cloud, advice.sip) if verdict.fits)
    drawn = advice.options or fitting
    if not drawn:
        return
    yield heading("The architecture" if advice.options else "The architecture that fits, though you cannot count on it")
    reasons = {one.clause for one in advice.sip.deciding if one.discriminating}
    setup: Setup = drawn[0] if len(drawn) == 1 else "equipment" if reasons == {EQUIPMENT} else "both"
    yield architecture(setup)
    if advice.waiver and setup == "sip":
        yield notice("Mind", "Without PSTN calls, think the carrier and the phones behind it away.")


def _closing(answers: Answers, advice: Advice) -> Iterator[Shown]:
    """What can follow what is ending, and where all of this stands."""
    named = follow(Situation(answers=answers), as_of=advice.as_of).named
    if named and any(verdict.fits and verdict.availability.ending for verdict in (advice.cloud, advice.sip)):
        names = ", ".join(successor.name for successor in named)
        yield heading("What can follow")
        yield notice("Documented", f"The guide of {_dated(named[0].source, advice.as_of)} names {names}.")
        yield notice("Mind", f"Which of them fits hangs on {len(FURTHER)} further questions; that is our reading.")
    used = {key for one in advice.cloud.deciding + advice.sip.deciding for key in _clauses()[one.clause]["source"]}
    used |= {*advice.cloud.availability.sources, *advice.sip.availability.sources}
    yield notice("Documented", f"The sources: {cite('lifecycle', sorted(used, key=_date), advice.as_of)}.")


def _dated(keys: Iterable[str], as_of: date | None = None) -> str:
    """The sources with their dates; several are in the order of time, and the first and the last are named.

    On a given day it is said when those that are stale were read last.
    """
    said = [source("lifecycle", key) for key in keys]
    first, *others = (f"{one.date} ({one.key})" for one in said)
    old = sorted(str(one.read) for one in said if as_of and is_stale(one, as_of))
    return (f"{first} to {others[-1]}" if others else first) + (f", not read since {old[0]}" if old else "")


def _date(key: str) -> str:
    return source("lifecycle", key).date
