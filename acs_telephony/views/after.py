"""What can follow, on which day, and by when to begin: pages, tables and a timeline. No rule lives here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain, pairwise
from textwrap import wrap
from types import MappingProxyType
from typing import Final

from acs_telephony.deciding.choosing import QUESTIONS, choose
from acs_telephony.deciding.lifecycle import Option
from acs_telephony.deciding.successors import (
    FURTHER,
    TPE,
    Fit,
    Following,
    Result,
    Situation,
    Successor,
    clause_words,
    follow,
    turned,
)
from acs_telephony.deciding.timing import DAYS, BackPlan, Row
from acs_telephony.facts import cite, load, source
from acs_telephony.views import dot
from acs_telephony.views.advice import OUTCOMES
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.palette import State
from acs_telephony.views.pictures import Picture

_OPENING: Final[Mapping[Result, str]] = MappingProxyType({
    "named": "the guide of {guide} names what can follow",
    "nothing has to follow": "nothing has to follow",
    "nothing fits": "nothing that the guide of {guide} names fits",
    "not written yet": "no successor can be named",
})  # fmt: skip
_FITS: Final[Mapping[Fit, str]] = MappingProxyType({"fits": "yes", "perhaps": "perhaps", "does not fit": "no"})
_OUR_READING: Final = (
    "The successors and what is said of them are the guide's; which clauses decide is our reading. Small or simple is "
    "read as neither complex nor regulated. Two clauses are asked of nobody: to move step by step, and an operator "
    "who manages the numbers. Equipment needs an SBC, so it goes by Direct Routing. Calls that stay with a carrier go "
    "by Direct Routing or, where the carrier is certified, by Operator Connect."
)
# What the guide says of a successor is of its date; of later days nothing is known.
_SILENT: Final = (
    "Whether each of them can be had in your country, and on a later day than the guide's, no source here says; nor "
    "whether Infobip or Telesign take calls, a carrier or equipment on."
)
_STEPS: Final[Mapping[Option, str]] = MappingProxyType({
    "sip": "They are those of the move to Teams Direct Routing; into another successor no source here has any.",
    "cloud": "They are those out of Azure; into a successor no source here has any.",
})  # fmt: skip
_PRECISION: Final = MappingProxyType(
    {"exact": "", "in_month": "some day of that month", "known_by": "since when: unknown"}
)
_LABELS: Final = MappingProxyType({"general": "general use", "retired": "the last day of service"})
_JUDGED: Final = ("the day judged",)
_IN_A_ROW: Final = 5


def following_page(following: Following) -> Shown:
    """What can follow: the successors judged, with what decided, what each gains and takes, and what is left open."""
    return together(notice("Answer", _headline(following)), *judged(following), *remarks(following))


def _headline(following: Following) -> str:
    words = _OPENING[following.result].format(guide=source("lifecycle", "RETIRE").date)
    named = f": {_names(following)}" if following.named else ""
    return f"As of {following.as_of}: {words}{named}. {following.reason}".rstrip()


def _names(following: Following) -> str:
    """The successors named: those that fit, then those that perhaps do."""
    surely, perhaps = (", ".join(one.name for one in following.named if one.fit == fit) for fit in ("fits", "perhaps"))
    return "; ".join(filter(None, (surely, perhaps and f"perhaps {perhaps}")))


def judged(following: Following) -> Iterator[Shown]:
    """The successors that the guide names, each judged; for whom each is, and what the named ones would mean."""
    if not following.judged:
        return
    every = following.judged
    rows = [(one.name, _FITS[one.fit], _because(one), _questions(one.hangs_on) or "nothing") for one in every]
    yield table("What the guide names, judged", ("successor", "fits", "because", "hangs on"), rows)
    fits = [(one.name, " and ".join(map(_option, one.best_for)), _all(one.fits)) for one in every]
    caption = f"For whom each is, by {_cited(following, every)}"
    yield table(caption, ("successor", "the guide calls it best for", "and for you where"), fits)
    if following.named:
        told = [(one.name, _all(one.gains), _all(one.mind), _all(one.licences)) for one in following.named]
        caption = f"What each would mean, by {_cited(following, following.named)}"
        yield table(caption, ("successor", "gains", "what to mind", "licences"), told)


def _option(option: Option) -> str:
    return next(str(known["name_now"]) for known in load("options")["options"] if known["id"] == option)


def _because(successor: Successor) -> str:
    words = "; ".join(map(clause_words, successor.deciding))
    return {"fits": "", "perhaps": "if ", "does not fit": "does not hold: "}[successor.fit] + words


def _cited(following: Following, successors: Iterable[Successor]) -> str:
    sources = dict.fromkeys(chain.from_iterable(one.source for one in successors))
    return cite("lifecycle", sources, following.as_of)


def _questions(names: Iterable[str]) -> str:
    return " ".join(question.text for question in FURTHER if question.id in names)


def _all(words: tuple[str, ...]) -> str:
    return "; ".join(words) or "the guide says nothing"


def remarks(following: Following) -> Iterator[Shown]:
    """What a reader should not take for certain, and what would give another answer."""
    texts = {question.id: question.text for question in (*QUESTIONS, *FURTHER)}
    told: dict[str, str] = {}
    for name, answer in following.changes:
        other = follow(turned(following.situation, name, answer), as_of=following.as_of)
        then = f"{_names(other) or 'Nothing'}. {other.reason}".rstrip()
        told[then] = f"{told.get(then, '')} {texts[name]} {answer.capitalize()}.".strip()
    if told:
        titles = ("if any one of your answers were this one", "this would be named")
        yield table("What would change it", titles, [(asked, then) for then, asked in told.items()])
    for one in following.judged:
        if one.contradiction:
            words = f"On {one.name} the guide contradicts itself. {one.contradiction}"
            yield notice("Mind", f"{words} Source: {_cited(following, [one])}.")
    if following.judged and following.situation.application_goes_on != "no":
        sdks = load("lifecycle")["sdks"]
        words = f"{' and '.join(sdks['names'])}, from {sdks['from']}: {sdks['change']}. {sdks['text']}"
        yield notice("Documented", f"{words} Source: {cite('lifecycle', sdks['source'], following.as_of)}.")
    connecting = [one.name for one in following.named if one.id not in (TPE, "third-party")]
    if connecting and any(one.id == TPE for one in following.named):
        words = "An application goes on by Teams Phone extensibility, beside what carries its calls"
        yield notice("Our model", f"{words}: {', '.join(connecting)}.")
    if following.named:
        yield notice("Unknown", _SILENT)
    if following.judged:
        yield notice("Our model", _OUR_READING)


def moments_table(situation: Situation) -> Shown:
    """The same situation judged on each of the seven days: the outcome, what can be had, and what can follow."""
    rows = []
    for day, words in DAYS.items():
        advice, following = choose(situation.answers, as_of=day), follow(situation, as_of=day)
        named = _names(following) or following.reason
        rows.append((f"{day}, {words}", OUTCOMES[advice.outcome], advice.cloud.word, advice.sip.word, named))
    titles = ("day", "outcome", "Azure Cloud Calling", "SIP interface", "what can follow")
    return together(
        table("The same situation, day by day", titles, rows),
        notice("Documented", f"The life cycle and what can follow: {_sources()}."),
        notice("Our model", "Which clauses decide what fits is our reading."),
    )


def plan_table(plan: BackPlan) -> Shown:
    """The plan backwards from the last day: each step with its latest start and end, and whether it is late."""
    rows = [
        (row.step, "unknown" if row.days is None else row.days, _day(row.start), _day(row.end)) for row in plan.rows
    ]
    moves = load("lifecycle")["moving"]
    keys = moves["cloud_numbers_out" if plan.option == "cloud" else "sip_to_teams_direct_routing"]["source"]
    titles = ("step", "calendar days", "latest start", "latest end")
    return together(
        notice("Answer", _plan_words(plan)),
        table(f"Away from {_option(plan.option)}, backwards from {plan.last_day}", titles, rows),
        notice(
            "Documented", f"The steps and their order: {cite('lifecycle', keys, plan.as_of)}. {_STEPS[plan.option]}"
        ),
        notice(
            "Our model", "Each step begins when the one before it has ended. The days are yours; no source has any."
        ),
    )


def _plan_words(plan: BackPlan) -> str:
    if plan.start is not None:
        words = f"The latest day to begin is {plan.start}."
        verdict = f"On {plan.as_of} that day is past: this plan is late." if plan.late else ""
    else:
        words = f"When to begin is unknown, for {len(plan.unknown)} of {len(plan.rows)} lead times are unknown. "
        words += f"If those took no time, it would be {plan.no_later_than}."
        verdict = f"On {plan.as_of} even that day is past: this plan is late." if plan.late else ""
    return f"{words} {verdict}".rstrip()


def _day(day: date | None) -> str:
    return "unknown" if day is None else str(day)


def timeline_picture(as_of: date, plan: BackPlan | None = None) -> Picture:
    """The documented events from left to right with the judged day among them, and a plan's steps below.

    >>> print(timeline_picture(date(2026, 11, 22)).twin.splitlines()[5])
    2026-11-22: the day judged.
    """
    title = f"The two options over time, judged on {as_of}"
    marks = sorted([*_events(), (str(as_of), _JUDGED)], key=lambda mark: mark[0])
    body = [_mark(f"t{i}", day, lines) for i, (day, lines) in enumerate(marks)]
    body += [dot.across(f"t{i}", f"t{j}", dir="none") for i, j in pairwise(range(len(marks)))]
    twin = [f"{day}: {', '.join(lines)}." for day, lines in marks]
    remarks = ["The ellipse is the day judged; every other mark is a documented event. Not to scale."]
    alt = f"A line of {len(marks) - 1} documented events from {marks[0][0]} to {marks[-1][0]}, and {as_of} marked on it"
    if plan is not None:
        body += _plan_body(plan)
        twin += [_plan_words(plan), *(f"{row.step}: {_span(row)}." for row in plan.rows)]
        remarks.append(f"Below, your plan away from {_option(plan.option)}: each step with the latest day to begin it.")
        alt += f"; below it the {len(plan.rows)} steps of a plan that ends on {plan.last_day}"
    return Picture(
        title, dot.graph(title, body, remarks=[*remarks, f"Sources: {_sources()}."]), f"{alt}.", "\n".join(twin)
    )


def _events() -> Iterator[tuple[str, tuple[str, ...]]]:
    for event in load("lifecycle")["events"]:
        words = _LABELS.get(event["status"], event["status"].replace("_", " "))
        yield event["date"], tuple(line for line in (words, _PRECISION[event["precision"]]) if line)


def _sources() -> str:
    keys = dict.fromkeys(chain.from_iterable(event["source"] for event in load("lifecycle")["events"]))
    return ", ".join(f"{source('lifecycle', key).date} ({key})" for key in keys)


def _mark(name: str, day: str, lines: tuple[str, ...]) -> str:
    if lines == _JUDGED:
        return dot.node(name, (day, *lines), "phone", "good")
    return dot.node(name, (day, *chain.from_iterable(wrap(line, 16) for line in lines)), "service")


def _plan_body(plan: BackPlan) -> Iterator[str]:
    """The steps in rows of five below the events, numbered, for no line leads from one row to the next."""
    begin = ("t0", *(f"p{i}" for i in range(0, len(plan.rows), _IN_A_ROW)))
    yield dot.column(f"{' -> '.join(begin)} [style=invis]")
    for i, row in enumerate(plan.rows):
        state: State = "idle" if row.start is None else "warn" if row.start < plan.as_of else "plain"
        late = "late" if state == "warn" else ""
        yield dot.node(f"p{i}", (_day(row.start), *wrap(f"{i + 1}. {row.step}", 20), late), "list", state)
        if i % _IN_A_ROW:
            yield dot.across(f"p{i - 1}", f"p{i}")


def _span(row: Row) -> str:
    days = "calendar days unknown" if row.days is None else dot.count(row.days, "calendar day")
    return f"{days}, latest start {_day(row.start)}, latest end {_day(row.end)}"
