"""The page's five next steps as pages of a notebook: numbers, the SIP interface, prices, getting a number, calling.

Each function takes what a reader may change (a country, an FQDN, a number) and shows the answer with the source of
every row. A value that cannot be used is shown as an error in its place, with what to do next.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from acs_telephony.deciding.countries import NumberOffer, NumberOffers, conflicts, number_offers
from acs_telephony.deciding.lifecycle import judge
from acs_telephony.deciding.prices import PriceLine, WorkedExample, price_lines, worked_examples
from acs_telephony.errors import AnswerError
from acs_telephony.facts import cite, load
from acs_telephony.guide.checklist import ChecklistItem, certified_sbcs, sip_checklist
from acs_telephony.guide.planning import (
    CallRequest,
    Instruction,
    create_call_request,
    steps_to_a_call,
    steps_to_a_number,
)
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.pages import kindly

# ---------------------------------------------------------------- 1. number types


def number_types_table() -> Shown:
    """The types of number there are and what each can do; where sources disagree, both sides."""
    rows = [
        (kind["name"], kind["calls"], kind["sms"], _cited(kind["source"]))
        for kind in load("availability")["number_types"]
    ]
    types = table("Types of phone number", ("type", "calls", "text messages", "source"), rows)
    return together(types, *disagreeing(conflicts("numbers")))


@kindly
def number_offers_table(country: str) -> Shown:
    """What the sources say of a country's numbers, by its ISO 3166-1 code of two letters."""
    return offers_page(number_offers(country))


def offers_page(offers: NumberOffers) -> Shown:
    """The numbers of one country, the newest source first; where sources disagree, both sides."""
    rows = [
        (
            offer.number_type.replace("_", "-"),
            offer.make,
            offer.receive,
            own_use(offer),
            ", ".join(offer.billing) or "not said",
            offer.source,
        )
        for offer in offers.rows
    ]
    headings = ("type", "calls out", "calls in", "own use only", "billing address in", "source, newest first")
    caption = f'Phone numbers: {offers.name} ({offers.country}). "priced" tells of an offer, not of its status'
    return together(
        *([table(caption, headings, rows)] if rows else []),
        *disagreeing(offers.conflicts),
        *unread(offers),
    )


def own_use(offer: NumberOffer) -> str:
    """Whether such numbers are for own use only, where the source speaks of that."""
    return "yes" if offer.own_use_only else "not said"


def unread(offers: NumberOffers) -> list[Shown]:
    """A notice where a country's own page was not read in full."""
    if offers.page_read == "in full":
        return []
    read = "was not read" if offers.page_read == "no" else "was read in part only"
    rest = "" if offers.rows else " What numbers there are is unknown, which is not the same as none."
    return [notice("Unknown", f"The page on numbers of {offers.name} {read}.{rest} [{offers.source}]")]


# ---------------------------------------------------------------- 2. planning the SIP interface


@kindly
def checklist_table(fqdn: str, *topics: str) -> Shown:
    """What an SBC with this FQDN needs, on these topics or on all."""
    return items_table(fqdn, sip_checklist(fqdn), topics)


def items_table(fqdn: str, items: tuple[ChecklistItem, ...], topics: Collection[str] = ()) -> Shown:
    """The items of a checklist on these topics, or on all when none is given; where sources disagree, both sides."""
    known = list(dict.fromkeys(item.topic for item in items))
    if unknown := [topic for topic in topics if topic not in known]:
        remedy = f"Use some of: {', '.join(known)}."
        raise AnswerError(f"the checklist has no topic {unknown[0][:40]!r}", remedy=remedy)
    rows = [(item.what, item.topic, item.value, item.source) for item in items if not topics or item.topic in topics]
    needs = table(f"What {fqdn} needs", ("to have or to set", "topic", "for this SBC", "source"), rows)
    return together(needs, *disagreeing(conflicts("domain") if "domain" in {row[1] for row in rows} else ()))


def sbc_table() -> Shown:
    """The certified SBCs, one row for each maker."""
    sbcs = certified_sbcs()
    rows = []
    for vendor in dict.fromkeys(sbc.vendor for sbc in sbcs):
        own = [sbc for sbc in sbcs if sbc.vendor == vendor]
        products = "; ".join(f"{sbc.product} {sbc.version}" for sbc in own)
        rows.append((vendor, products, own[0].source))
    return table("Certified SBCs (a later list may exist)", ("maker", "product and version", "source"), rows)


# ---------------------------------------------------------------- 3. pricing


@kindly
def prices_table(country: str) -> Shown:
    """What the documents say a country's numbers and calls cost, in USD; where they disagree, both figures."""
    lines = price_lines(country)
    rows = [
        (line.item, _usd(line) + (", see below" if line.conflict else ""), line.unit, line.source) for line in lines
    ]
    caption = (
        f"Prices for {country.strip().upper()}; a price that is missing is unknown, and today's price page was not read"
    )
    return together(
        table(caption, ("for", "USD", "for each", "source"), rows),
        *disagreeing(dict.fromkeys(line.conflict for line in lines if line.conflict)),
    )


def worked_examples_table() -> Shown:
    """The documentation's own examples: how each is billed, its published total, and the total worked out again."""
    rows = [
        (example.text, _bill(example), money(example.published), money(example.total), example.source)
        for example in worked_examples()
    ]
    headings = ("call", "participants x minutes x USD", "published", "worked out", "source")
    return table("The documentation's examples, worked out again", headings, rows)


def _usd(line: PriceLine) -> str:
    if line.usd_to is None:
        return f"from {money(line.usd)}"
    return money(line.usd) if line.usd == line.usd_to else f"{money(line.usd)} to {money(line.usd_to)}"


def money(usd: Decimal) -> str:
    """Every digit that counts, and two decimals at least."""
    text = f"{usd.normalize():f}"
    return text if len(text.partition(".")[2]) > 1 else f"{usd:.2f}"


def _bill(example: WorkedExample) -> str:
    return " + ".join(f"{leg.participants} x {leg.minutes} x {money(leg.usd_per_minute)}" for leg in example.legs)


# ---------------------------------------------------------------- 4. getting a number


def number_steps(as_of: date, *, has_numbers: bool) -> Shown:
    """Whether you may still buy a number on that day, and how one is got."""
    had = judge("cloud", "with_numbers" if has_numbers else "without_numbers", as_of)
    who = "A tenant with numbers" if has_numbers else "A tenant without numbers"
    answer = notice(
        "Answer", f'{who}, on {as_of}: "{had.word}". {had.reason} [{cite("lifecycle", had.sources, as_of)}]'
    )
    return together(answer, _instructions("How a number is got", steps_to_a_number()))


# ---------------------------------------------------------------- 5. calling a phone


@kindly
def call_request(target: str, caller_id: str, callback_uri: str) -> Shown:
    """The request with which an application on a server calls a phone, what it takes, and until when."""
    sdks = load("lifecycle")["sdks"]
    change = f"{' and '.join(sdks['names'])}, from {sdks['from']}: {sdks['change']}. {sdks['text']}"
    return together(
        notice("Mind", f"{change} [{cite('lifecycle', sdks['source'])}]"),
        request_page(create_call_request(target, caller_id, callback_uri)),
        _instructions("How an application calls a phone", steps_to_a_call()),
    )


def request_page(request: CallRequest) -> Shown:
    """A request as it is sent, but for its signature."""
    service = load("endpoints")["service"]
    body = json.dumps(json.loads(request.body), indent=2)
    said = f"[{request.source}; {cite('endpoints', service['source'])}]"
    return notice(
        "Documented",
        f"The request, without its signature. {said}\n{request.method} {service['endpoint']}{request.path}\n\n{body}",
    )


def _instructions(caption: str, steps: tuple[Instruction, ...]) -> Shown:
    return table(caption, ("step", "what to do or to know", "source"), [(s.order, s.text, s.source) for s in steps])


def disagreeing(questions: Iterable[str]) -> list[Shown]:
    """A notice for each question on which the sources disagree."""
    return [notice("Mind", f"The sources disagree. {question}") for question in questions]


def _cited(keys: tuple[str, ...]) -> str:
    return cite("availability", keys)
