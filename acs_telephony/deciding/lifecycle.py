"""What a tenant can have of an option on a day, as far as the sources tell.

Sources date a change exactly, in a month, or only by a day on which it was already true. So on most days one status is
possible, and on some days two. Each possible status is judged for the tenant; if the judgements agree, that is the
word, otherwise the word is "uncertain".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import zip_longest
from typing import Any, Literal

from acs_telephony.facts import load

Option = Literal["cloud", "sip"]
CloudState = Literal["no_resource", "without_numbers", "with_numbers"]
SipState = Literal["no_resource", "not_configured", "configured"]
Word = Literal[
    "use", "use and plan the move", "by invitation", "not available to you", "gone", "uncertain", "not judged"
]  # fmt: skip

# The states that go together: both options share the resource.
TENANTS: tuple[tuple[CloudState, SipState], ...] = (
    ("no_resource", "no_resource"),
    ("without_numbers", "not_configured"),
    ("without_numbers", "configured"),
    ("with_numbers", "not_configured"),
    ("with_numbers", "configured"),
)

_USABLE = frozenset({"use", "use and plan the move"})
_ENDING = frozenset({"use and plan the move", "not available to you", "gone"})


@dataclass(frozen=True, slots=True)
class Availability:
    """One word for what a tenant can have, the words the sources leave open, why, and the keys of the sources."""

    word: Word
    possible: tuple[Word, ...]
    reason: str
    sources: tuple[str, ...]

    @property
    def certain(self) -> bool:
        """Whether the tenant can have the option, whichever of the possible words is true."""
        return _USABLE.issuperset(self.possible)

    @property
    def ending(self) -> bool:
        """Whether the tenant may have to look for what can follow the option."""
        return not _ENDING.isdisjoint(self.possible)


@dataclass(frozen=True, slots=True)
class _Span:
    """An event of the life cycle, with the first day its status may have held and the first day it surely held."""

    event: Mapping[str, Any]
    perhaps: date
    surely: date


@lru_cache(maxsize=1024)
def judge(option: Option, state: CloudState | SipState, as_of: date) -> Availability:
    """What a tenant in this state can have of the option on that day (`facts/lifecycle.toml`).

    >>> judge("cloud", "with_numbers", date(2028, 9, 30)).word, judge("cloud", "with_numbers", date(2028, 10, 1)).word
    ('use and plan the move', 'gone')
    >>> judge("sip", "no_resource", date(2026, 10, 22)).possible
    ('use and plan the move', 'not available to you')
    """
    spans = _spans(option)
    first = spans[0]
    if as_of < first.surely:
        reason = f"The earliest source is of {first.surely}; what could be had before that is not known."
        return Availability("uncertain", ("uncertain",), reason, first.event["source"])
    pairs = zip_longest(spans, spans[1:])
    events = [span.event for span, after in pairs if span.perhaps <= as_of and (after is None or as_of < after.surely)]
    judged = [_judge_status(option, state, event["status"]) for event in events]
    possible = tuple(dict.fromkeys(word for words, _ in judged for word in words))
    reason = " Or: ".join(text for _, text in judged)
    if len(judged) > 1:
        last = events[-1]
        reason = f"The source gives no day for the change, {_written(last)}. Either: {reason}"
    sources = tuple(dict.fromkeys(key for event in events for key in event["source"]))
    return Availability(possible[0] if len(possible) == 1 else "uncertain", possible, reason, sources)


@lru_cache(maxsize=1024)
def leave_unjudged(option: Option, state: CloudState | SipState, as_of: date) -> Availability:
    """Say, in the place of `judge`, that nobody asked what can be had."""
    reason = f"The rule of the page of 2021, as written; whether {option} can be had on {as_of} is not judged."
    return Availability("not judged", ("not judged",), reason, ("SEED",))


@cache
def _spans(option: Option) -> tuple[_Span, ...]:
    spans: list[_Span] = []
    for event in load("lifecycle")["events"]:
        if option in event["options"]:
            # Between two days by which things were known, the later one may have begun on any day.
            after_last = spans[-1].surely + timedelta(days=1) if spans else date.min
            spans.append(_Span(event, *_first_days(event, after_last)))
    return tuple(spans)


def _first_days(event: Mapping[str, Any], after_last: date) -> tuple[date, date]:
    if event["precision"] == "in_month":
        first = date.fromisoformat(f"{event['date']}-01")
        return first, (first + timedelta(days=31)).replace(day=1)
    # The day of the retirement is the last day of service.
    day = date.fromisoformat(event["date"]) + timedelta(days=event["status"] == "retired")
    return (day if event["precision"] == "exact" else after_last), day


def _judge_status(option: Option, state: str, status: str) -> tuple[tuple[Word, ...], str]:
    """The words for a tenant under one status, and why; two words where the source contradicts itself."""
    facts = load("lifecycle")
    existing = state in ("with_numbers", "configured")
    text: str = facts["status_words"][status]["text"]
    if status == "retirement_announced" and not existing:
        announced, closed = (
            _written(event) for event in facts["events"] if event["status"] in (status, "closed_to_new_customers")
        )
        cut_offs = f"The guide names two cut-off points for who does not use the option yet: {announced} and {closed}. "
        text = cut_offs + "By the first it is too late, by the second it is not."
        return ("use and plan the move", "not available to you"), text
    if status == "closed_to_new_customers":
        return _judge_closed(option, state, existing)
    newcomers, users = (
        facts["status_words"][status]["new_customers"],
        facts["status_words"][status]["existing_customers"],
    )
    if users == "no":
        return ("gone",), text
    if newcomers == "by invitation":
        return (("use",), f"{text} This tenant already does.") if existing else (("by invitation",), text)
    return ("use and plan the move" if status == "retirement_announced" else "use",), text


def _judge_closed(option: Option, state: str, existing: bool) -> tuple[tuple[Word, ...], str]:
    if state == "not_configured":
        text = "The guide lets tenants with a resource go on and turns away those without one."
        silent = "Whether a resource that has no direct routing yet can still be given it, no source says."
        return ("use and plan the move", "not available to you"), f"{text} {silent}"
    rule = {
        ("cloud", True): "cloud.existing-tenant-with-numbers",
        ("cloud", False): "cloud.tenant-without-numbers",
        ("sip", True): "sip.existing-tenant",
        ("sip", False): "sip.new-tenant",
    }[option, existing]
    text = next(f"{r['who']}: {r['text']}" for r in load("lifecycle")["rules"] if r["id"] == rule)
    return ("use and plan the move" if existing else "not available to you",), text[0].upper() + text[1:]


def _written(event: Mapping[str, Any]) -> str:
    return f"{event['date']} ({event['precision'].replace('_', ' ')})"
