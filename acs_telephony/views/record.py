"""A decision record: one case with its options, its outcome and its grounds, as Markdown and as one HTML page.

The headings are those of MADR, a template for records of architecture decisions. The parts are what the notebooks show
of the same case; here they only come together, and nothing is decided. The same case gives the same bytes.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from acs_telephony.checking.auditing import Audit, audit
from acs_telephony.checking.moving import prove, read_script
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.deciding.answering import Case
from acs_telephony.deciding.choosing import QUESTIONS, Advice, Change, choose, smallest_changes
from acs_telephony.deciding.costing import Bill, price
from acs_telephony.deciding.countries import offers
from acs_telephony.deciding.rates import RateList
from acs_telephony.deciding.successors import FURTHER, Following, follow
from acs_telephony.deciding.timing import BackPlan, back_plans, leaving
from acs_telephony.errors import BudgetError, ConfigurationError
from acs_telephony.exporting import plan_move
from acs_telephony.facts import cite, load
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.views.advice import change_words, drawing, grounds, headline, missing, option_name, standing
from acs_telephony.views.after import following_page, judged, moments_table, plan_table, remarks, timeline_picture
from acs_telephony.views.architecture import architecture
from acs_telephony.views.costs import bill_page, countries_table, read_table, stale_table
from acs_telephony.views.display import Shown, heading, marked, notice, table, together
from acs_telephony.views.dot import clean
from acs_telephony.views.findings import findings_table, shares_table
from acs_telephony.views.moving import proof_page
from acs_telephony.views.pictures import Picture

Part = Shown | Picture
Routing = RouteTable | SipConfiguration | Resource

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "Segoe UI", Verdana, "DejaVu Sans", sans-serif; }
body { background: Canvas; color: CanvasText; margin: 0 auto; max-width: 72rem; padding: 1rem; }
h1, h2, h3 { line-height: 1.25; }
h2 { border-bottom: 1px solid; margin-top: 2.5rem; padding-bottom: 0.25rem; }
table { font-size: 0.9rem; }
code, pre { font-family: ui-monospace, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
a { color: LinkText; }
:focus-visible { outline: 3px solid; outline-offset: 2px; }
@page { margin: 16mm; }
@media print {
  :root { color-scheme: light; font-size: 10pt; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  h1, h2, h3, h4, caption { break-after: avoid; }
  tr, img { break-inside: avoid; }
  thead { display: table-header-group; }
  [role="group"] { overflow: visible !important; }
  table { font-size: 8pt; }
}
"""


@dataclass(frozen=True)
class Record:
    """A record: its title, and its sections in order, each with the level of its heading (2 or 3) and its content."""

    case: Case
    sections: tuple[tuple[int, str, Shown], ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures that the Markdown links by their file names."""
        return tuple({picture.file_name: picture for _, _, part in self.sections for picture in part.pictures}.values())

    @cached_property
    def markdown(self) -> str:
        """The record as Markdown, with the fields of MADR before its title."""
        case = self.case
        fields = [("status", case.status), ("date", str(case.as_of)), ("decision-makers", ", ".join(case.deciders))]
        head = "\n".join(f"{name}: {_yaml(value)}" for name, value in fields if value)
        body = (
            f"{'#' * level} {marked(title)}\n\n{_below(level, part).markdown}" for level, title, part in self.sections
        )
        return f"---\n{head}\n---\n\n# {marked(clean(case.title))}\n\n" + "\n\n".join(body) + "\n"

    @cached_property
    def html(self) -> str:
        """The record as one page that needs nothing else: no script, no other file, no other computer."""
        case, title = self.case, html.escape(clean(self.case.title))
        made = [f"Status: {case.status}.", f"Day: {case.as_of}."]
        made += [f"Decision makers: {clean(', '.join(case.deciders))}."] * bool(case.deciders)
        top = [(f"part-{i}", words) for i, (level, words, _) in enumerate(self.sections) if level == 2]
        listed = "".join(f'<li><a href="#{name}">{html.escape(words)}</a></li>' for name, words in top)
        body = "\n".join(
            f'<h{level} id="part-{i}">{html.escape(words)}</h{level}>\n{_below(level, part).html}'
            for i, (level, words, part) in enumerate(self.sections)
        )
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
            "style-src 'unsafe-inline'\">\n"
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
            f"<p>{html.escape(' '.join(made))}</p>\n"
            f'<nav aria-label="Parts of this record"><ol>{listed}</ol></nav>\n{body}\n</main>\n</body>\n</html>\n'
        )


def record(case: Case, routing: Routing | None = None, rates: RateList | None = None) -> Record:
    """The record of a case, with the audit of a route table and with a list of rates, if they are given.

    Raises what the parts raise: BudgetError for a table that takes too much, AnswerError for a country no source knows.
    """
    found = _Found(case, routing, rates)
    sections = [
        (2, "Context and Problem Statement", _context(found)),
        (2, "Decision Drivers", _drivers(found)),
        (2, "Considered Options", _considered(found)),
        (2, "Decision Outcome", _outcome(found)),
        (3, "Consequences", _consequences(found)),
        (3, "Confirmation", _confirmation(found)),
        (2, "Pros and Cons of the Options", _pros_and_cons(found)),
        (2, "More Information", _more(found)),
        (3, "Dates", _dates(found)),
        (3, "Open unknowns", _unknowns(found)),
        (3, "Sources", _sources(found)),
    ]
    return Record(case, tuple((level, title, together(*parts)) for level, title, parts in sections))


def record_page(made: Record) -> Shown:
    """What a record holds, part by part, with the sentence that each of them begins with."""
    rows = [(title, part.said) for _, title, part in made.sections]
    outcome = next(part.said for _, title, part in made.sections if title == "Decision Outcome")
    head = f"{made.case.title}. Status: {made.case.status}. {outcome}"
    return together(notice("Answer", head), table("What the record holds", ("part", "it begins with"), rows))


class _Found:
    """What the kit says of a case: worked out once, shown in several places."""

    def __init__(self, case: Case, source: Routing | None, rates: RateList | None) -> None:
        answers = case.situation.answers
        self.case, self.source = case, source
        self.routing: RouteTable | None = None if source is None else table_of(source)
        self.advice: Advice = choose(answers, as_of=case.as_of)
        self.changes: tuple[Change, ...] = smallest_changes(answers, as_of=case.as_of)
        self.following: Following = follow(case.situation, as_of=case.as_of)
        self.plans: tuple[BackPlan, ...] = back_plans(case.lead_times, answers, as_of=case.as_of)
        self.bill: Bill | None = price(case.profile, rates) if case.profile else None
        countries = [case.billing_country] if case.billing_country else []
        self.audit: Audit | None = (
            None if self.routing is None else audit(self.routing, countries=(*countries, *case.number_countries))
        )


def _context(found: _Found) -> Iterator[Part]:
    case, answers = found.case, found.case.situation.answers
    yield notice(
        "Mind",
        "Both ways of Azure Communication Services to the phone network end. "
        f"This record judges one case, as of {case.as_of}; the answers are its owner's.",
    )
    rows = [(q.text, _said(getattr(answers, q.id))) for q in QUESTIONS]
    rows += [(q.text, _said(getattr(case.situation, q.id))) for q in FURTHER]
    yield table("What was asked, and what its owner answered", ("question", "answer"), rows)
    for country in case.number_countries:
        if case.billing_country:
            yield countries_table(case.billing_country, country)


def _drivers(found: _Found) -> Iterator[Part]:
    yield from grounds(found.advice)


def _considered(found: _Found) -> Iterator[Part]:
    yield from standing(found.advice)
    rows = [(one.name, one.fit, cite("lifecycle", one.source)) for one in found.following.judged]
    none = notice("Unknown", found.following.reason)
    yield table("What can follow them", ("successor", "for this case", "source"), rows) if rows else none


def _outcome(found: _Found) -> Iterator[Part]:
    yield notice("Answer", headline(found.advice))
    yield notice("Answer", following_page(found.following).said)
    yield from drawing(found.advice)
    yield change_words(found.case.situation.answers, found.changes)
    yield heading("What can follow")
    yield from remarks(found.following)


def _consequences(found: _Found) -> Iterator[Part]:
    yield from missing(found.advice)
    yield from _leaving(found)
    if found.audit:
        risks = [one for one in found.audit.findings if one.severity != "note"]
        yield findings_table(risks, "Risks in the routing configuration")
    no_bill = notice("Unknown", "No profile of a month was given, so what it costs is unknown.")
    yield bill_page(found.bill, found.case.as_of) if found.bill else no_bill


def _leaving(found: _Found) -> Iterator[Part]:
    """What the guides say of leaving the ways that this tenant has."""
    facts = load("lifecycle")
    ways = leaving(found.case.situation.answers)
    rows = [
        (row["who"], f"{row['text']} {row.get('doubt', '')}".strip(), cite("lifecycle", row["source"]))
        for row in facts["rules"]
        if row["option"] in ways and row["id"] not in ("cloud.tenant-without-numbers", "sip.new-tenant")
    ]
    if "cloud" in ways:
        numbers = facts["moving"]["cloud_to_calling_plan"]
        rows.append(("a tenant that moves its numbers", numbers["text"], cite("lifecycle", numbers["source"])))
    if rows:
        yield table("What to mind when leaving", ("who", "what", "source"), rows)


def _confirmation(found: _Found) -> Iterator[Part]:
    if found.routing is None or found.audit is None:
        yield notice("Unknown", "No routing configuration was given, so nothing is confirmed about it.")
        return
    rows = [(i, r.name, r.number_pattern, ", ".join(r.trunks)) for i, r in enumerate(found.routing.routes, 1)]
    yield table("The routing configuration", ("row", "route", "number pattern", "trunks"), rows)
    yield findings_table(found.audit.findings, "The audit of it", most=len(found.audit.findings))
    yield shares_table(found.routing, found.audit)
    if not isinstance(found.source, RouteTable) and found.source and "teams-direct-routing" in _named(found):
        yield from _moved(found.source)


def _named(found: _Found) -> set[str]:
    return {successor.id for successor in found.following.named}


def _moved(source: SipConfiguration | Resource) -> Iterator[Part]:
    yield heading("Moved to Teams Direct Routing, in one usage")
    try:
        yield proof_page(prove(source, read_script(plan_move(source).script)))
    except (ConfigurationError, BudgetError) as error:
        yield notice("Error", f"This table cannot be moved as it is, or its move not be proven.\n{error}")


def _pros_and_cons(found: _Found) -> Iterator[Part]:
    for option in load("options")["options"]:
        yield heading(f"{option['name_2021_en']}, now {option['name_now']}")
        yield _clauses("For it", option["benefits"])
        yield _clauses("It needs", option["requirements"]["items"])
        yield architecture(option["id"])
    yield from judged(found.following)


def _more(found: _Found) -> Iterator[Part]:
    yield notice("Documented", "What names a source, with its date; the kit's own words, Microsoft's facts.")
    yield notice("Our model", "Which clauses decide, which successor follows them, and how patterns are read.")
    yield notice("Mind", "The answers, lead times, prices of your own and the routing configuration are your own.")


def _dates(found: _Found) -> Iterator[Part]:
    yield timeline_picture(found.case.as_of, *found.plans[:1])
    yield moments_table(found.case.situation)
    yield from map(plan_table, found.plans)


def _unknowns(found: _Found) -> Iterator[Part]:
    rows = [*_open_answers(found), *_open_figures(found), *_open_routing(found)]
    yield table("What is not known, and why", ("what", "why"), rows) if rows else notice("Answer", "None that we know.")


def _open_answers(found: _Found) -> Iterator[tuple[str, str]]:
    for verdict in (found.advice.cloud, found.advice.sip):
        if verdict.fits and verdict.word == "uncertain":
            yield f"Whether you can have {option_name(verdict.option)}", verdict.availability.reason
    for question in FURTHER:
        if getattr(found.case.situation, question.id) == "unknown":
            yield question.text, "Not answered."
    for country in found.case.number_countries:
        if offers(str(found.case.billing_country), country).bought == "unknown":
            yield f"Whether you may have numbers of {country}", "No source tells; that is not a no."
    for successor in found.following.named:
        yield f"Whether {successor.name} can be had in your country, and on which day", "No source says."
    if found.case.billing_country is None:
        yield "Which numbers of Microsoft you may have", "No billing country was given."


def _open_figures(found: _Found) -> Iterator[tuple[str, str]]:
    for plan in found.plans:
        yield from ((f"When to begin: {step}", "No lead time was given.") for step in plan.unknown)
    if found.bill is None:
        yield "What a month costs", "No profile of a month was given."
    else:
        yield from ((f"Cost: {line.item}", line.note) for line in found.bill.unknown)


def _open_routing(found: _Found) -> Iterator[tuple[str, str]]:
    if found.audit is None:
        yield "Where calls go", "No routing configuration was given."
        return
    depends = [one for one in found.audit.findings if one.certainty == "depends on how the service matches"]
    if depends:
        such = f"{len(depends)} findings of the audit, such as: {depends[0].sentence}"
        yield such, "No source says whether the service searches a pattern in a number or matches the whole of it."
    for one in found.audit.findings:
        if one.certainty == "not proven" or one.rule == "unreadable":
            yield one.sentence, "not read" if one.rule == "unreadable" else one.certainty


def _sources(found: _Found) -> Iterator[Part]:
    yield stale_table(found.case.as_of)
    yield read_table()


def _clauses(caption: str, clauses: Iterable[Mapping[str, Any]]) -> Shown:
    return table(caption, ("clause", "source"), [(one["en"], cite("options", one["source"])) for one in clauses])


def _said(answer: bool | str) -> str:
    return ("no", "yes")[answer] if isinstance(answer, bool) else answer.replace("_", " ")


def _below(level: int, part: Shown) -> Shown:
    """A part whose own headings are one step below this level; a stranger's marks are escaped, so these are ours."""
    page = part.html.replace("<h3 ", f"<h{level + 1} ").replace("</h3>", f"</h{level + 1}>")
    document = re.sub("^#### ", f"{'#' * (level + 1)} ", part.markdown, flags=re.MULTILINE)
    return replace(part, html=page, markdown=document)


def _yaml(value: str) -> str:
    return json.dumps(value)
