"""What can follow the two options that retire? A situation and a date in; each documented successor judged, out.

The successors and what each one fits are those of the guide of 2026-08-18 (`facts/lifecycle.toml`). `CLAUSES` has one
predicate for each clause that decides, and `RULES` one rule over clauses for each successor, as in `choosing.py`. Which
clauses decide is our reading: two of the guide's (to move step by step; an operator who manages the numbers) are asked
of nobody, for every successor that they speak for can be told by the others. What goes on may have several parts: calls
that may leave the carrier, calls that stay with it, equipment. Each needs a way of its own, and one without is told.

An answer may be "unknown". Then each possible answer is judged, and a successor that fits for some of them and not for
others is "perhaps", with the questions on which that hangs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from itertools import product
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from acs_telephony.deciding.choosing import EQUIPMENT, MIXED, PSTN, QUESTIONS, Answers, Clause, Question, Truths
from acs_telephony.deciding.lifecycle import Option
from acs_telephony.errors import AnswerError
from acs_telephony.facts import load, source

YesNo = Literal["yes", "no", "unknown"]
Fit = Literal["fits", "perhaps", "does not fit"]
Result = Literal["named", "nothing has to follow", "nothing fits", "not written yet"]

MANAGED, SIMPLE = "calling-plan.fits.microsoft-managed", "calling-plan.fits.small-or-simple"
ON_OFFER, NOT_PLAN = "calling-plan.fits.on-offer", "operator-connect.fits.not-calling-plan"
OWN_SBC, COMPLEX = "direct-routing.fits.sbcs-or-trunks", "direct-routing.fits.complex-or-regulated"
CONTROL, NO_SBCS = "direct-routing.fits.carrier-and-control", "operator-connect.fits.no-sbcs"
CERTIFIED = "operator-connect.fits.certified-operator"
APPLICATION, OUTSIDE = "extensibility.fits.application", "third-party.fits.outside-teams"
CALLS, NEED, INSIDE = "ours.calls-or-equipment", "ours.something-goes-on", "ours.inside-teams"
FREE, RUNS_SBCS, LAST = "ours.free-to-go", "ours.runs-sbcs", "ours.nothing-else"
NO_NEED, TOGETHER = "ours.no-need-of-sbcs", "ours.together"

#: The clauses that are ours, and three of today's, in words; those of the successors have theirs in the facts.
OURS: Final[Mapping[str, str]] = MappingProxyType({
    PSTN: "you want calls over the PSTN",
    EQUIPMENT: "you have a PBX, pagers or analog devices to link",
    MIXED: "you leave some calls to Microsoft and others to your carrier",
    CALLS: "you want calls over the PSTN, or have equipment to link",
    NEED: "there are calls, equipment or an application to go on with",
    INSIDE: "you are willing to go to Teams",
    FREE: "all or some of your calls are free to go to Microsoft",
    RUNS_SBCS: "you are willing to run SBCs",
    NO_NEED: "your calls can do without SBCs: you have none, and no carrier, equipment or complex routing asks for one",
    LAST: "Direct Routing alone is left for your calls",
    # Never evaluated: what fails where open answers decide which of its clauses does.
    TOGETHER: "all that it takes at once, whatever the open answers turn out to be",
})  # fmt: skip

_OPEN: Final = get_args(YesNo)
#: What follows hangs on these questions too; each may be left "unknown".
FURTHER: Final = (
    Question(
        "application_goes_on", "Must an application on Call Automation or the Calling SDK go on after the date?",
        (APPLICATION,), "choice", _OPEN,
    ),
    Question("outside_teams", "Do you want to stay outside Teams?", (OUTSIDE,), "choice", _OPEN),
    Question("runs_sbcs", "Are you willing to run SBCs?", (NO_SBCS,), "choice", _OPEN),
    Question("complex_routing", "Is your routing complex, or regulated?", (COMPLEX, SIMPLE), "choice", _OPEN),
    Question("calling_plan_offered", "Is Calling Plan on offer in your country?", (ON_OFFER,), "place", _OPEN),
    Question(
        "operator_serves", "Does an operator certified for Operator Connect serve you, your own if it has to stay?",
        (CERTIFIED,), "place", _OPEN,
    ),
)  # fmt: skip

#: Evaluated from top to bottom: the further answers stand in the truths already, each by the name of its question.
CLAUSES: Final[Mapping[str, Clause]] = MappingProxyType({
    PSTN: lambda a, _: a.wants_pstn,
    EQUIPMENT: lambda a, _: a.equipment_interop,
    CALLS: lambda _, t: t[PSTN] or t[EQUIPMENT],
    APPLICATION: lambda _, t: t["application_goes_on"],
    NEED: lambda _, t: t[CALLS] or t[APPLICATION],
    OUTSIDE: lambda _, t: t["outside_teams"],
    INSIDE: lambda _, t: not t["outside_teams"],
    MANAGED: lambda a, _: a.microsoft_managed,
    MIXED: lambda a, _: a.mixed_routing,
    FREE: lambda a, t: t[MIXED] or not a.retain_carrier,
    SIMPLE: lambda _, t: not t["complex_routing"],
    ON_OFFER: lambda _, t: t["calling_plan_offered"],
    RUNS_SBCS: lambda _, t: t["runs_sbcs"],
    NO_SBCS: lambda _, t: not t["runs_sbcs"],
    CERTIFIED: lambda _, t: t["operator_serves"],
    OWN_SBC: lambda a, _: a.has_supported_sbc or a.sip_state == "configured",
    COMPLEX: lambda _, t: t["complex_routing"],
    CONTROL: lambda a, t: t[PSTN] and (a.retain_carrier or t[MIXED]),
    NO_NEED: lambda _, t: not (t[OWN_SBC] or t[COMPLEX] or t[CONTROL] or t[EQUIPMENT]),
    # The calls that stay with a carrier have another way than Calling Plan, whatever carries the others.
    NOT_PLAN: lambda _, t: t[CONTROL] or not _planned(t),
    LAST: lambda _, t: t[PSTN] and not (t[CERTIFIED] or _planned(t)),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A successor fits where all of some clauses hold, and any of the others, if there are others."""

    every: tuple[str, ...]
    one_of: tuple[str, ...] = ()


#: What takes an application on, and no calls.
TPE: Final = "teams-phone-extensibility"
#: In the order of the facts.
RULES: Final[Mapping[str, Rule]] = MappingProxyType({
    "teams-calling-plan": Rule((INSIDE, PSTN, FREE, SIMPLE, ON_OFFER), (MANAGED, MIXED)),
    "teams-direct-routing": Rule((INSIDE, CALLS, RUNS_SBCS), (OWN_SBC, COMPLEX, CONTROL, EQUIPMENT, LAST)),
    "operator-connect": Rule((INSIDE, PSTN, CERTIFIED, NOT_PLAN), (NO_SBCS, NO_NEED)),
    TPE: Rule((INSIDE, APPLICATION)),
    "third-party": Rule((OUTSIDE, NEED)),
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The answers of today, and one to each question in `FURTHER`; other values are refused with an AnswerError."""

    answers: Answers = field(default_factory=Answers)
    application_goes_on: YesNo = "unknown"
    outside_teams: YesNo = "unknown"
    runs_sbcs: YesNo = "unknown"
    complex_routing: YesNo = "unknown"
    calling_plan_offered: YesNo = "unknown"
    operator_serves: YesNo = "unknown"

    def __new__(cls, **given: object) -> Situation:
        """Refuse unknown names before `__init__` would, so that the error names the questions there are."""
        known = ("answers", *(question.id for question in FURTHER))
        for name in (name for name in given if name not in known):
            remedy = f"The questions are: {', '.join(known[1:])}; all others go into answers=Answers(...)."
            raise AnswerError(f"there is no such question, to answer {given[name]!r}", place=name, remedy=remedy)
        return object.__new__(cls)

    def __post_init__(self) -> None:
        if not isinstance(self.answers, Answers):
            raise AnswerError(f"{self.answers!r} is not an Answers", place="answers", remedy="Use Answers(...).")
        for question in FURTHER:
            value = getattr(self, question.id)
            if not isinstance(value, str) or value not in question.allowed:
                remedy = f"Use {' or '.join(map(repr, question.allowed))}."
                raise AnswerError(f"{value!r} is not allowed", place=question.id, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Successor:
    """One documented successor, and whether it fits.

    `deciding` are the clauses that made it so, `hangs_on` the questions left unknown that would settle it. The rest
    is the facts': the options that the guide calls it `best_for`, and words for what it `fits`, what it `gains`, what
    to `mind`, its `licences` and a `contradiction` of the source.
    """

    id: str
    fit: Fit
    deciding: tuple[str, ...]
    hangs_on: tuple[str, ...]
    name: str
    best_for: tuple[Option, ...]
    fits: tuple[str, ...]
    gains: tuple[str, ...]
    mind: tuple[str, ...]
    licences: tuple[str, ...]
    contradiction: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Following:
    """What can follow, for one situation on one day.

    `judged` has every successor that our sources know of on that day; `reason` says why none is named, or what is left
    without a way.
    """

    situation: Situation
    as_of: date
    judged: tuple[Successor, ...]
    result: Result
    reason: str

    @property
    def named(self) -> tuple[Successor, ...]:
        """The successors that fit, surely or perhaps, in the order of the facts."""
        return tuple(successor for successor in self.judged if successor.fit != "does not fit")

    @property
    def changes(self) -> tuple[tuple[str, YesNo], ...]:
        """The single answers, today's and the further, as (question, answer), with which others would be named.

        An answer that is unknown is none of them: what hangs on it, each successor tells.
        """
        ids = [question.id for question in (*QUESTIONS, *FURTHER) if self.judged and question.kind != "past"]
        given = [name for name in ids if getattr(self.situation, name, "") != "unknown"]
        now = [one.id for one in self.named]
        return tuple(
            (name, answer) for name, answer in product(given, _OPEN[:2])
            if [one.id for one in follow(turned(self.situation, name, answer), as_of=self.as_of).named] != now
        )  # fmt: skip


def follow(situation: Situation, *, as_of: date, clauses: Mapping[str, Clause] = CLAUSES) -> Following:
    """Say what can follow on one day; `clauses` lets a test turn a clause round.

    Anything but a `Situation` and a plain date is refused with an AnswerError.

    >>> bank = Situation(answers=Answers(retain_carrier=True), runs_sbcs="yes", application_goes_on="yes")
    >>> [(one.id, one.fit) for one in follow(bank, as_of=date(2026, 11, 22)).named]  # doctest: +NORMALIZE_WHITESPACE
    [('teams-direct-routing', 'perhaps'), ('teams-phone-extensibility', 'perhaps'), ('third-party', 'perhaps')]
    >>> follow(bank, as_of=date(2024, 3, 1)).result
    'not written yet'
    """
    if not isinstance(situation, Situation):
        raise AnswerError(f"{situation!r} is not a Situation", place="situation", remedy="Use Situation(...).")
    if type(as_of) is not date:
        raise AnswerError(f"{as_of!r} is not a date", place="as_of", remedy="Use datetime.date(year, month, day).")
    written = date.fromisoformat(source("lifecycle", "RETIRE").date)
    if as_of < written:
        reason = f"The guide that says what can follow is of {written}; on {as_of} it was not written yet."
        return Following(situation, as_of, (), "not written yet", reason)
    worlds = tuple(_worlds(situation, clauses))
    judged = tuple(_judge(successor, situation, worlds) for successor in RULES)
    return Following(situation, as_of, judged, *_result(judged, worlds))


def turned(situation: Situation, question: str, answer: YesNo) -> Situation:
    """The situation with another answer to one question, today's or a further one."""
    if question in {further.id for further in FURTHER}:
        return replace(situation, **{question: answer})  # type: ignore[arg-type]
    return replace(situation, answers=replace(situation.answers, **{question: answer == "yes"}))  # type: ignore[arg-type]


@cache
def clause_words(clause: str) -> str:
    """A clause that decides, in words: the facts', or ours.

    >>> clause_words(CERTIFIED)
    'a certified operator serves you'
    """
    rows = (row for successor in load("lifecycle")["successors"] for row in successor["fits"])
    return OURS[clause] if clause in OURS else next(row["text"] for row in rows if row["id"] == clause)


def _worlds(situation: Situation, clauses: Mapping[str, Clause]) -> Iterator[Truths]:
    """The truth of every clause, for each way in which the unknown answers may turn out."""
    given = [getattr(situation, question.id) for question in FURTHER]
    for values in product(*((False, True) if value == "unknown" else (value == "yes",) for value in given)):
        truths = {question.id: value for question, value in zip(FURTHER, values, strict=True)}
        for clause, holds in clauses.items():
            truths[clause] = holds(situation.answers, truths)
        yield truths


def _fits(rule: Rule, truths: Truths) -> bool:
    return all(truths[c] for c in rule.every) and (not rule.one_of or any(truths[c] for c in rule.one_of))


def _planned(truths: Truths) -> bool:
    return _fits(RULES["teams-calling-plan"], {**truths, INSIDE: True})


def _judge(successor: str, situation: Situation, worlds: tuple[Truths, ...]) -> Successor:
    rule = RULES[successor]
    fitting = [truths for truths in worlds if _fits(rule, truths)]
    fit: Fit = "does not fit" if not fitting else "fits" if len(fitting) == len(worlds) else "perhaps"
    asked = [question.id for question in FURTHER if getattr(situation, question.id) == "unknown"]
    hangs_on = tuple(name for name in asked if _matters(name, rule, worlds)) if fit == "perhaps" else ()
    if fitting:
        deciding = tuple(c for c in rule.every + rule.one_of if all(truths[c] for truths in fitting))
    else:
        one = () if any(truths[c] for truths in worlds for c in rule.one_of) else rule.one_of
        deciding = (*(c for c in rule.every if not any(truths[c] for truths in worlds)), *one) or (TOGETHER,)
    return Successor(successor, fit, deciding, hangs_on, **_documented(successor))


def _matters(name: str, rule: Rule, worlds: tuple[Truths, ...]) -> bool:
    """Whether this answer alone, all other answers being equal, turns the fit of some possible world round."""
    fits: dict[tuple[bool, ...], bool] = {}
    for truths in worlds:
        others = tuple(truths[question.id] for question in FURTHER if question.id != name)
        if fits.setdefault(others, _fits(rule, truths)) is not _fits(rule, truths):
            return True
    return False


@cache
def _documented(successor: str) -> dict[str, Any]:
    known = next(row for row in load("lifecycle")["successors"] if row["id"] == successor)
    rest = {name: known[name] for name in ("name", "best_for", "gains", "mind", "licences", "source")}
    fits = tuple(row["text"] for row in known["fits"])
    return {**rest, "fits": fits, "contradiction": known.get("contradiction", "")}


def _result(judged: tuple[Successor, ...], worlds: tuple[Truths, ...]) -> tuple[Result, str]:
    named = {successor.id for successor in judged if successor.fit != "does not fit"}
    if not any(truths[NEED] for truths in worlds):
        return "nothing has to follow", "There are no PSTN calls, no equipment and no application to go on with."
    if not named:
        return "nothing fits", "None of the successors that the guide names fits these answers."
    left = " and ".join(_left(named, worlds[0]))
    return "named", f"For {left}, nothing in Teams that the guide names fits." if left else ""


def _left(named: set[str], truths: Truths) -> Iterator[str]:
    """What goes to Teams and has no way there: equipment needs an SBC, and a carrier's calls more than Calling Plan."""
    carried = not named.isdisjoint(("teams-direct-routing", "operator-connect"))
    if truths[INSIDE] and truths[PSTN] and not carried:
        if "teams-calling-plan" not in named:
            yield "your calls"
        elif truths[CONTROL]:
            yield "the calls that stay with your carrier"
    if truths[INSIDE] and truths[EQUIPMENT] and "teams-direct-routing" not in named:
        yield "your equipment"
