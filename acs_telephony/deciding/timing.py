"""The days on which the same situation is judged, and the plan that ends on the last day of service.

The steps are those of the guides (`facts/lifecycle.toml`). How long each takes is the reader's own estimate: no source
gives a lead time, so a step without one is unknown, and so is the start of every step before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

from acs_telephony.deciding.choosing import Answers
from acs_telephony.deciding.lifecycle import Option
from acs_telephony.errors import AnswerError
from acs_telephony.facts import load

#: The day of which the notebooks speak.
AS_OF: Final = date(2026, 11, 22)
#: The days on which the answer turns, or is asked for, each with a word.
DAYS: Final[Mapping[date, str]] = MappingProxyType({
    date(2021, 2, 9): "the page",
    date(2023, 6, 22): "no preview notice any more",
    date(2026, 10, 22): "the day before the closing",
    date(2026, 10, 23): "closed to new customers",
    AS_OF: "the day of these notebooks",
    date(2028, 9, 30): "the last day",
    date(2028, 10, 1): "the day after the last",
})  # fmt: skip

_LONGEST: Final = 3650
_MOVES: Final[Mapping[Option, str]] = {"sip": "sip_to_teams_direct_routing", "cloud": "cloud_numbers_out"}


@dataclass(frozen=True, slots=True)
class LeadTime:
    """How long one step takes, in calendar days: the reader's own estimate."""

    step: str
    days: int


@dataclass(frozen=True, slots=True)
class Row:
    """A step of the plan: its calendar days, and the latest days on which it has to start and to end; None: unknown."""

    step: str
    days: int | None
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class BackPlan:
    """The steps one after another, in their order; the last of them ends on `last_day`.

    `start` is the latest day to begin, or None while a lead time is unknown; `no_later_than` is then what the known
    lead times leave, were all others nothing. `late` says that this is before `as_of` already.
    """

    option: Option
    as_of: date
    last_day: date
    rows: tuple[Row, ...]
    start: date | None
    no_later_than: date
    late: bool

    @property
    def unknown(self) -> tuple[str, ...]:
        """The steps whose lead time nobody has given."""
        return tuple(row.step for row in self.rows if row.days is None)


@cache
def end_of_service() -> date:
    """The last day of service, of both options."""
    return next(date.fromisoformat(e["date"]) for e in load("lifecycle")["events"] if e["status"] == "retired")


def steps(option: Option) -> tuple[str, ...]:
    """The documented steps of the move away from an option, in their order: for "cloud", of its numbers.

    >>> steps("cloud")[0]
    'take the numbers out, by a support ticket'
    """
    if option not in _MOVES:
        remedy = f"Use {' or '.join(map(repr, _MOVES))}."
        raise AnswerError(f"{option!r} is not an option", place="option", remedy=remedy)
    found: tuple[str, ...] = load("lifecycle")["moving"][_MOVES[option]]["steps"]
    return found


def back_plan(
    lead_times: Iterable[LeadTime], *, option: Option = "sip", last_day: date | None = None, as_of: date
) -> BackPlan:
    """Plan backwards from the last day, which is that of the service if none is given.

    A step that there is not or that is named twice, days that are no whole number from 0 to 3,650 and what is no date
    are refused with an AnswerError.

    >>> plan = back_plan([LeadTime("delete the resource", 1)], option="cloud", as_of=date(2026, 11, 22))
    >>> print(plan.rows[-1].start, plan.start, plan.no_later_than, plan.late)
    2028-09-29 None 2028-09-29 False
    """
    day = end_of_service() if last_day is None else last_day
    for place, given in (("last_day", day), ("as_of", as_of)):
        if type(given) is not date:
            raise AnswerError(f"{given!r} is not a date", place=place, remedy="Use datetime.date(year, month, day).")
    known = _known(lead_times, steps(option))
    rows: list[Row] = []
    end: date | None = day
    for step in reversed(steps(option)):
        days = known.get(step)
        start = None if end is None or days is None else _before(end, days)
        rows.append(Row(step, days, start, end))
        end = start
    bound = _before(day, sum(known.values()))
    return BackPlan(option, as_of, day, tuple(reversed(rows)), end, bound, bound < as_of)


def leaving(answers: Answers) -> tuple[Option, ...]:
    """The options of which a tenant has something to move: direct routing, numbers, both or nothing."""
    here = {"sip": answers.sip_state == "configured", "cloud": answers.cloud_state == "with_numbers"}
    return tuple(option for option in _MOVES if here[option])


def back_plans(lead_times: Iterable[LeadTime], answers: Answers, *, as_of: date) -> tuple[BackPlan, ...]:
    """A plan for each option that a tenant leaves, or that a lead time is given for; what is no step of any is refused.

    >>> [plan.option for plan in back_plans([LeadTime("delete the resource", 1)], Answers(), as_of=date(2026, 11, 22))]
    ['cloud']
    """
    known = _known(lead_times, tuple(step for option in _MOVES for step in steps(option)))
    given = {option: [LeadTime(step, known[step]) for step in steps(option) if step in known] for option in _MOVES}
    wanted = (option for option in _MOVES if given[option] or option in leaving(answers))
    return tuple(back_plan(given[option], option=option, as_of=as_of) for option in wanted)


def read_lead_times(text: str) -> tuple[LeadTime, ...]:
    """Read one lead time a line, as in "get licences and roles: 30"; "?" or nothing behind the colon is unknown.

    >>> read_lead_times("get licences and roles: 30\\nmove the numbers: ?")
    (LeadTime(step='get licences and roles', days=30),)
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        step, colon, days = (part.strip() for part in line.rpartition(":"))
        if not line.strip() or (colon and days in ("", "?")):
            continue
        if not (colon and days.isascii() and days.isdigit() and len(days) <= len(str(_LONGEST))):
            remedy = f"Write a step, a colon and whole calendar days up to {_LONGEST:,}, or ? if you do not know."
            raise AnswerError(f"{ascii(line.strip())[:80]} is no lead time", place=f"line {number}", remedy=remedy)
        found.append(LeadTime(step, int(days)))
    return tuple(found)


def _known(lead_times: Iterable[LeadTime], allowed: tuple[str, ...]) -> dict[str, int]:
    known: dict[str, int] = {}
    for one in lead_times:
        if not isinstance(one, LeadTime):
            remedy = 'Use LeadTime("move the numbers", 30).'
            raise AnswerError(f"{ascii(one)[:80]} is not a LeadTime", place="lead_times", remedy=remedy)
        if one.step not in allowed:
            remedy = f"The steps are: {'; '.join(allowed)}."
            raise AnswerError(f"there is no step {ascii(one.step)[:80]}", place="lead_times", remedy=remedy)
        if one.step in known:
            raise AnswerError("this step has two lead times", place=one.step, remedy="Give it one.")
        if type(one.days) is not int or not 0 <= one.days <= _LONGEST:
            remedy = f"Use a whole number of calendar days from 0 to {_LONGEST:,}."
            raise AnswerError(f"{ascii(one.days)[:40]} is no number of days", place=one.step, remedy=remedy)
        known[one.step] = one.days
    return known


def _before(day: date, days: int) -> date:
    """So many calendar days earlier, or the first day that a date can name."""
    return day - timedelta(days=min(days, (day - date.min).days))
