"""The page of February 2021 as pages of a notebook: both options, every clause, every name, every slip of translation.

Each function takes what a reader may ask for and gives a `Shown` with the source of every row. A value that cannot be
used is shown as an error in its place, with what to do next. The page's five next steps are in `steps.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import wraps
from typing import Any, ParamSpec

from acs_telephony.deciding.lifecycle import judge
from acs_telephony.errors import AcsTelephonyError, AnswerError
from acs_telephony.facts import cite, load, source
from acs_telephony.guide.glossary import Term, glossary, renamed
from acs_telephony.views.display import Shown, notice, sentences, table, together

P = ParamSpec("P")
Facts = Mapping[str, Any]

_ENDS = {"closed_to_new_customers": "closed to new customers", "retired": "retired"}


def kindly(view: Callable[P, Shown]) -> Callable[P, Shown]:
    """The same view, which shows a refused value as an error in its place instead of raising it."""

    @wraps(view)
    def shown(*values: P.args, **named: P.kwargs) -> Shown:
        try:
            return view(*values, **named)
        except AcsTelephonyError as error:
            return notice("Error", str(error))

    return shown


# ---------------------------------------------------------------- what can be had on a day


def standing_page(as_of: date) -> Shown:
    """What a newcomer and a customer can have of both options on that day, and the days on which that changes."""
    ends = [event for event in load("lifecycle")["events"] if event["status"] in _ENDS]
    days = " ".join(f"{event['date']}: {_ENDS[event['status']]}. {event['note']}" for event in ends)
    rows = []
    for option in load("options")["options"]:
        for who, state in _tenants(option["id"]):
            had = judge(option["id"], state, as_of)
            rows.append((option["name_now"], who, had.word, had.reason, cite("lifecycle", had.sources, as_of)))
    headings = ("option", "you have", f"on {as_of}", "because", "source")
    return together(
        notice("Mind", f"Both options come to an end. {days} [{cite('lifecycle', ends[0]['source'], as_of)}]"),
        table(f"What you can have on {as_of}", headings, rows),
    )


def _tenants(option: str) -> tuple[tuple[str, Any], ...]:
    """What a tenant can have of an option already, in words, and the state of that name."""
    if option == "cloud":
        kept = ("a resource without numbers", "without_numbers"), ("numbers from Microsoft", "with_numbers")
    else:
        kept = ("a resource without direct routing", "not_configured"), ("direct routing", "configured")
    return (("no resource yet", "no_resource"), *kept)


# ---------------------------------------------------------------- both options


def names_table() -> Shown:
    """What each option was called and is called, and how far it was on the days of the documents."""
    rows = [
        (
            option["id"],
            option["name_2021_en"],
            option["name_2021_nl"],
            option["name_now"],
            "; ".join(option["other_names"]),
            option["status_2021"],
            _dated(option["source"]),
        )
        for option in load("options")["options"]
    ]
    headings = ("in this kit", "in 2021", "on the Dutch page", "now", "also called", "how far it was", "source")
    return table("Two options, then and now", headings, rows)


def page_clauses_table() -> Shown:
    """What the page says before and after the options, with its slips beside it."""
    page = load("options")["page"]
    return _clauses("What the page says of both", (page["purpose"], *page["overview"], *page["next_steps"]))


@kindly
def clauses_table(option: str) -> Shown:
    """Every clause of one option: its id, our words for it, what the Dutch page made of it, its source with date."""
    facts = _option(option)
    clauses = [clause for part in ("criteria", "benefits", "notes") for clause in facts.get(part, ())]
    for item in facts["requirements"]["items"]:
        clauses.append(item)
        if "waived_if" in item:
            # The exception stands in the sentence of its requirement, so it has the same source.
            clauses.append({**item["waived_if"], "source": item["source"]})
    return _clauses(f"Every clause of {facts['name_2021_en']}, now {facts['name_now']}", clauses)


@kindly
def option_page(option: str) -> Shown:
    """One option: what it is, when it fits, every clause, and the documents behind the dates."""
    facts = _option(option)
    words = [facts["role"]["en"], facts["decision"]["en"]]
    parts = [sentences([f"{text} [{_dated(facts['source'])}]" for text in words])]
    if warning := facts["decision"].get("warning_en"):
        parts.append(notice("Our model", f"Our reading of that rule: {warning}"))
    return together(*parts, clauses_table(option), sources_table("options", facts["source"]))


@kindly
def corrections_table(clause: str = "page") -> Shown:
    """Where the Dutch page says something else than it means, in one clause; `page` is for words outside them."""
    slips = load("options")["seed_mistranslations"]
    rows = [
        (slip["seed"], slip["says_en"], slip["meant_en"], slip["meant_nl"], slip["place"], _dated(slip["source"]))
        for slip in slips
        if slip["clause"] == clause
    ]
    if not rows:
        known = ", ".join(dict.fromkeys(slip["clause"] for slip in slips))
        raise AnswerError(f"no slip is known in {clause[:60]!r}", remedy=f"There are some in: {known}.")
    headings = ("the Dutch page prints", "a Dutch reader takes it for", "it means", "in Dutch", "place", "source")
    return table("Slips of the translation outside the clauses" if clause == "page" else clause, headings, rows)


def sources_table(name: str, keys: Sequence[str]) -> Shown:
    """The documents behind these keys."""
    rows = [(said.key, said.date, said.file, said.title) for said in (source(name, key) for key in keys)]
    return table("The documents", ("key", "date", "document", "title"), rows)


def _option(option: str) -> Facts:
    options = {facts["id"]: facts for facts in load("options")["options"]}
    if option not in options:
        remedy = f"Use one of: {', '.join(map(repr, options))}."
        raise AnswerError(f"there is no option {option[:40]!r}", remedy=remedy)
    found: Facts = options[option]
    return found


def _clauses(caption: str, clauses: Iterable[Facts]) -> Shown:
    rows = [(clause["id"], clause["en"], " ".join(_beside(clause)), _dated(clause["source"])) for clause in clauses]
    return table(caption, ("clause", "what it says", "beside it", "source"), rows)


def _beside(clause: Facts) -> Iterator[str]:
    """What a reader of the clause should know: its place on the page, and every slip of the translation in it."""
    if "note" in clause:
        yield clause["note"]
    if "added" in clause:
        yield f"Not on the page of February 2021; there by {clause['added']}."
    if not clause.get("discriminating", True):
        yield "True for everyone who wants PSTN calls, so it tells nobody apart (our reading)."
    for slip in load("options")["seed_mistranslations"]:
        if slip["clause"] == clause["id"]:
            yield _slip(slip)


def _slip(slip: Facts) -> str:
    turned = ", the opposite" if slip.get("reversed") else ""
    reads, meant, in_dutch = (slip[key].rstrip(".") for key in ("says_en", "meant_en", "meant_nl"))
    return f'The Dutch page prints "{slip["seed"]}". That reads: {reads}{turned}. Meant: {meant} ({in_dutch}).'


# ---------------------------------------------------------------- words


@kindly
def glossary_table(word: str = "") -> Shown:
    """One term, those that begin with these letters, or without a word those of the page, each with its source."""
    rows = [(term.term, ", ".join(term.also) or "-", term.text, _whose(term)) for term in glossary(word)]
    caption = f"Words for {word.strip()}" if word.strip() else "The words of the page of February 2021"
    return table(caption, ("term", "also called", "meaning", "source"), rows)


def renamed_table() -> Shown:
    """Every name that changed, the oldest first, with the earliest document known to use it."""
    rows = [(term.term, naming.name, naming.source) for term in renamed() for naming in term.names]
    return table("Names that changed, the oldest first", ("term", "it is called", "in this document"), rows)


def _whose(term: Term) -> str:
    return "this kit's own word" if term.ours else term.source


def _dated(keys: Sequence[str]) -> str:
    return ", ".join(f"{said.date} ({said.key})" for said in (source("options", key) for key in keys))
