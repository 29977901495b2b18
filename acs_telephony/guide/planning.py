"""The page's five next steps, each a function from a value to frozen rows; every row names its source and date."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from acs_telephony.errors import AnswerError, NumberError
from acs_telephony.facts import cite, load, source
from acs_telephony.models import is_e164

Status = Literal["general availability", "preview", "not offered", "priced", "no price listed"]
Unit = Literal["month", "minute", "participant-minute"]


@dataclass(frozen=True, slots=True)
class NumberOffer:
    """What one source of that date says of one type of number; an empty `billing` means that it names no addresses."""

    number_type: str
    make: Status
    receive: Status
    own_use_only: bool
    billing: tuple[str, ...]
    date: str
    source: str


@dataclass(frozen=True, slots=True)
class NumberOffers:
    """The numbers of one country, the newest source first, and in `conflicts` where the sources disagree.

    `page_read` says how much of the country's own page was read: without rows nothing is known, which is not "no".
    """

    country: str
    name: str
    page_read: Literal["in full", "in part", "no"]
    rows: tuple[NumberOffer, ...]
    conflicts: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A price in USD. `usd_to` is its upper end: `usd` again if flat, None where the page says "starting at"."""

    item: str
    unit: Unit
    usd: Decimal
    usd_to: Decimal | None
    conflict: str
    source: str


@dataclass(frozen=True, slots=True)
class BilledLeg:
    """A part of a call that is billed alike: participants x minutes x USD a minute."""

    participants: int
    minutes: int
    usd_per_minute: Decimal


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A call priced by the documentation: `published` is its total, `total` is worked out again from the legs."""

    id: str
    text: str
    legs: tuple[BilledLeg, ...]
    published: Decimal
    source: str

    @property
    def total(self) -> Decimal:
        """The sum over the legs, in USD."""
        return sum((leg.participants * leg.minutes * leg.usd_per_minute for leg in self.legs), Decimal(0))


@dataclass(frozen=True, slots=True)
class Instruction:
    """A thing to do or to know, in its order."""

    order: int
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class CallRequest:
    """The request that places a call; `body` is JSON. Signing it is the sender's part: no secret is in it."""

    method: str
    path: str
    body: str
    source: str


def number_offers(country: str) -> NumberOffers:
    """What the sources say of the numbers of a country, given by its ISO 3166-1 code of two letters.

    Raises AnswerError for a country that no source speaks of.

    >>> number_offers("NL").rows[0].make, number_offers("AR").rows
    ('general availability', ())
    """
    countries = load("availability")["countries"]
    code = _country(country, tuple(countries), "phone numbers")
    entry = countries[code]
    blocks = [entry[name] for name in ("country_page", "sub22", "priced") if name in entry]
    rows = [_number_offer(kind, offer, block) for block in blocks for kind, offer in block["types"].items()]
    rows.sort(key=lambda row: row.date, reverse=True)
    read, said = entry["page_read"], cite("availability", entry["source"])
    return NumberOffers(code, entry["name"], read, tuple(rows), conflicts("numbers", code), said)


def price_lines(country: str) -> tuple[PriceLine, ...]:
    """The prices of a country's numbers, of calls to it, and of the legs that cost the same everywhere.

    Raises AnswerError for a country without any price. A line that is missing has no price on the pages: it is unknown.
    """
    facts = load("pricing")
    offers, rates = facts["number_offers"], facts["rate_summary"]
    code = _country(country, tuple(sorted({*offers, *rates} - {"source"})), "prices")
    conflict = " ".join(conflicts("price", code))
    lines = list(_number_prices(offers.get(code, {}), conflict, cite("pricing", offers["source"])))
    lines += _rates(code, rates.get(code, {}), conflict, cite("pricing", rates["source"]))
    for flat in facts["flat"]:
        usd = Decimal(flat["usd"])
        lines.append(PriceLine(flat["item"], flat["unit"], usd, usd, "", cite("pricing", flat["source"])))
    return tuple(lines)


def worked_examples() -> tuple[WorkedExample, ...]:
    """The documentation's own examples, without leases, to check that the prices are read as they are meant."""
    return tuple(
        WorkedExample(
            example["id"],
            example["text"],
            tuple(BilledLeg(participants, minutes, Decimal(usd)) for participants, minutes, usd in example["legs"]),
            Decimal(example["published"]),
            cite("pricing", example["source"]),
        )
        for example in load("pricing")["worked_examples"]
    )


def steps_to_a_number() -> tuple[Instruction, ...]:
    """How to get a number from Microsoft, with the limits; then what changes, from the day on that each row names."""
    facts, lifecycle = load("availability"), load("lifecycle")
    figures = {**facts["limits"], **facts["cart"]}
    rows = [(step["text"].format_map(figures), cite("availability", step["source"])) for step in facts["get_number"]]
    for rule in lifecycle["rules"]:
        if rule["option"] == "cloud":
            words = (f"From {rule['from']}, {rule['who']}:", rule["text"], rule.get("doubt", ""))
            rows.append((" ".join(filter(None, words)), cite("lifecycle", rule["source"])))
    return tuple(Instruction(order, text, said) for order, (text, said) in enumerate(rows, start=1))


def steps_to_a_call() -> tuple[Instruction, ...]:
    """How an application calls a phone: startCall with alternateCallerId in the Calling SDK, or Call Automation."""
    steps = load("routing")["call_a_phone"]
    return tuple(Instruction(step["order"], step["text"], cite("routing", step["source"])) for step in steps)


def create_call_request(target: str, caller_id: str, callback_uri: str) -> CallRequest:
    """The request with which Call Automation calls a phone, from `caller_id`, reporting to `callback_uri`.

    Both numbers are E.164. Unless direct routing carries the call, the caller ID must be a number the resource owns.
    Raises NumberError for a number, AnswerError for a callback that is not https or that carries a password.

    >>> create_call_request("+14255550100", "+14255550001", "https://contoso.com/calls").path
    '/calling/callConnections'
    """
    facts = load("routing")["create_call"]
    number = _e164(target, "target")
    body = {
        "targets": [{"rawId": facts["raw_id_prefix"] + number, "phoneNumber": {"value": number}}],
        "sourceCallerIdNumber": {"value": _e164(caller_id, "caller_id")},
        "callbackUri": _callback(callback_uri),
    }
    return CallRequest(facts["method"], facts["path"], json.dumps(body), cite("routing", facts["source"]))


def conflicts(topic: str, country: str = "") -> tuple[str, ...]:
    """Where the sources disagree on a topic: each question with every answer and its source; in a country, if given.

    >>> conflicts("domain")[1].partition("?")[0]
    'Are government clouds supported'
    """
    return tuple(
        f"{entry['question']} "
        + " ".join(f"{claim['says']} [{cite('contradictions', claim['source'])}]" for claim in entry["claims"])
        for entry in load("contradictions")["contradictions"]
        if entry["topic"] == topic and (country in entry["countries"] if country else not entry["countries"])
    )


def _country(country: str, known: tuple[str, ...], what: str) -> str:
    code = str(country).strip().upper()
    if code not in known:
        remedy = f"The sources cover: {', '.join(known)}."
        raise AnswerError(f"no source speaks of {what} for {code[:20]!r}", remedy=remedy)
    return code


def _number_offer(kind: str, offer: Mapping[str, Any], block: Mapping[str, Any]) -> NumberOffer:
    # The price page has no status, only prices: a price tells of an offer, and no price tells of nothing.
    words = {True: "priced", False: "no price listed"}
    make, receive = (words.get(offer[way], offer[way]) for way in ("make", "receive"))
    (key,) = block["source"]
    said, own = source("availability", key), kind in block.get("own_use", ())
    return NumberOffer(kind, make, receive, own, block.get("billing", ()), said.date, str(said))


def _number_prices(offer: Mapping[str, Any], conflict: str, said: str) -> Iterator[PriceLine]:
    for kind, name in (("local", "local number"), ("toll_free", "toll-free number")):
        prices = offer.get(kind, {})
        if "lease" in prices:
            usd = Decimal(prices["lease"])
            yield PriceLine(f"lease of a {name}", "month", usd, usd, "", said)
        for way, what, doubt in (("make", "call out with", conflict), ("receive", "call in to", "")):
            if way in prices:
                usd = Decimal(prices[way]["usd"])
                usd_to = None if prices[way]["starting_at"] else usd
                yield PriceLine(f"{what} a {name}", "minute", usd, usd_to, doubt, said)


def _rates(code: str, kinds: Mapping[str, Any], conflict: str, said: str) -> Iterator[PriceLine]:
    least = min((Decimal(lowest) for lowest, _, _ in kinds.values()), default=None)
    for kind, (lowest, highest, _) in kinds.items():
        doubt = conflict if Decimal(lowest) == least else ""
        yield PriceLine(f"call to {code}, {kind}", "minute", Decimal(lowest), Decimal(highest), doubt, said)


def _e164(number: str, place: str) -> str:
    if not isinstance(number, str) or not is_e164(number):
        remedy = "Write a plus, the country code and the number, digits only, 2 to 15 of them, such as +31201234567."
        raise NumberError(f"{ascii(number)[:40]} is not in E.164", place=place, remedy=remedy)
    return number


def _callback(uri: str) -> str:
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]+)?([/?#]\S*)?", uri) or not uri.isprintable():
        # The address is not repeated in the message: it may carry the password it is refused for.
        remedy = "Give an https address of your application, without a user name or password."
        raise AnswerError("this address cannot take the events of a call", place="callback_uri", remedy=remedy)
    return uri
