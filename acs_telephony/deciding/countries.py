"""Phone numbers by country: what there is, and what a billing address may have of it, by each source that says so.

What counts is the Azure billing address. Where a source is silent the word is "unknown", which never means "no".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from acs_telephony.errors import AnswerError
from acs_telephony.facts import cite, load, source
from acs_telephony.models import quoted

Status = Literal["general availability", "preview", "not offered", "priced", "no price listed", "not said"]
#: "not listed": the source has a list of billing addresses, and this one is not in it. "no": the source says so.
Bought = Literal["yes", "preview", "not listed", "no", "unknown"]

#: What stands for the type of number where a source speaks of numbers as such.
ANY_TYPE = "any"

_BOUGHT: dict[str, Bought] = {"general availability": "yes", "preview": "preview"}


@dataclass(frozen=True, slots=True)
class NumberOffer:
    """What one source of that date says of one type of number; an empty `billing` means that it names no addresses.

    Only where `own_use_only` is true does the source speak of own use; otherwise nothing is said of it.
    """

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
class Offer:
    """Whether a billing address may have these numbers, by the one source that `numbers` names."""

    bought: Bought
    numbers: NumberOffer


@dataclass(frozen=True, slots=True)
class Offers:
    """What each source says of one country's numbers for one billing address, the newest first.

    `numbers` is None for a country whose numbers no source speaks of; `conflicts` are the documented ones.
    """

    billing: str
    number: str
    numbers: NumberOffers | None
    rows: tuple[Offer, ...]
    conflicts: tuple[str, ...]

    @property
    def bought(self) -> Bought:
        """The word of the newest source that knows, for whichever type it has; "unknown" where none does.

        That an older list leaves the address out tells nothing while the country's own page was not read in full.
        """
        read = self.numbers is not None and self.numbers.page_read == "in full"
        known = [row for row in self.rows if row.bought != "unknown" and (read or row.bought != "not listed")]
        newest = [row.bought for row in known if row.numbers.date == known[0].numbers.date]
        order: tuple[Bought, ...] = ("yes", "preview", "no", "not listed")
        return min(newest, key=order.index, default="unknown")

    @property
    def disagree(self) -> bool:
        """Whether one source lets the billing address have such numbers and another one does not."""
        words = {row.bought for row in self.rows}
        return not words.isdisjoint(("yes", "preview")) and not words.isdisjoint(("no", "not listed"))


def number_offers(country: str) -> NumberOffers:
    """What the sources say of the numbers of a country, given by its ISO 3166-1 code of two letters.

    A territory whose numbers the sources hold under another country, as PR under US, gives that country.
    Raises AnswerError for a country that no source speaks of.

    >>> number_offers("NL").rows[0].make, number_offers("AR").rows
    ('general availability', ())
    """
    countries = load("availability")["countries"]
    code = known_country(_holder(country), tuple(countries), "phone numbers")
    entry = countries[code]
    blocks = [entry[name] for name in ("country_page", "sub22", "priced") if name in entry]
    rows = [_number_offer(kind, offer, block) for block in blocks for kind, offer in block["types"].items()]
    rows.sort(key=lambda row: row.date, reverse=True)
    read, said = entry["page_read"], cite("availability", entry["source"])
    return NumberOffers(code, entry["name"], read, tuple(rows), conflicts("numbers", code), said)


def offers(billing: str, number: str) -> Offers:
    """What a billing address in one country may have of the numbers of another; both are ISO codes of two letters.

    A country that no source speaks of gives "unknown". Raises AnswerError for what is no code of two letters.

    >>> nl_us = offers("NL", "US")
    >>> [(row.bought, row.numbers.number_type, row.numbers.date) for row in nl_us.rows[::2]]
    [('not listed', 'toll_free', '2023-03-30'), ('yes', 'toll_free', '2022-03-04'), ('unknown', 'local', '2022-01-28')]
    >>> nl_us.bought, nl_us.disagree, offers("NL", "AR").bought, offers("VN", "NL").bought
    ('not listed', True, 'unknown', 'unknown')
    """
    payer, code = _code(billing, "billing address"), _holder(_code(number, "country of the numbers"))
    known = number_offers(code) if code in load("availability")["countries"] else None
    spoken = payer in billing_countries()
    rows = [Offer(_bought(payer, row) if spoken else "unknown", row) for row in (known.rows if known else ())]
    if "sub22" not in load("availability")["countries"].get(code, {}) and (word := _by_sub22(payer)) != "unknown":
        rows.append(Offer(word, _any_type("SUB22")))  # its lists are by address, and these numbers are in none of them
    rows += _history(payer, code)
    rows.sort(key=lambda row: (row.numbers.date[:1].isdigit(), row.numbers.date), reverse=True)
    return Offers(payer, code, known, tuple(rows), _between(payer, code))


def billing_countries() -> frozenset[str]:
    """The billing addresses that at least one source speaks of."""
    facts = load("availability")
    named = {*facts["billing_to_numbers"], *facts["no_calling_numbers"]["billing"]} - {"source"}
    for row in facts["history"]:
        named |= {*row} - {"text", "source"}
    blocks = [
        entry[name] for entry in facts["countries"].values() for name in ("country_page", "sub22") if name in entry
    ]
    return frozenset(named.union(*(block.get("billing", ()) for block in blocks)))


def conflicts(topic: str, country: str = "") -> tuple[str, ...]:
    """Where the sources disagree on a topic: each question with every answer and its source; in a country, if given.

    >>> conflicts("domain")[1].partition("?")[0]
    'Are government clouds supported'
    """
    return tuple(
        _told(entry)
        for entry in load("contradictions")["contradictions"]
        if entry["topic"] == topic and (country in entry["countries"] if country else not entry["countries"])
    )


def known_country(country: str, known: tuple[str, ...], what: str) -> str:
    """The code of a country among the known ones; any other is refused with those there are."""
    code = str(country).strip().upper()
    if code not in known:
        remedy = f"The sources cover: {', '.join(known)}."
        raise AnswerError(f"no source speaks of {what} for {code[:20]!r}", remedy=remedy)
    return code


def _between(billing: str, number: str) -> tuple[str, ...]:
    """The documented disagreements on a country's numbers; of two countries the first one is the billing address."""
    entries = load("contradictions")["contradictions"]
    return tuple(
        _told(e) for e in entries if e["topic"] == "numbers" and e["countries"] in ((number,), (billing, number))
    )


def _told(entry: Mapping[str, Any]) -> str:
    claims = (f"{claim['says']} [{cite('contradictions', claim['source'])}]" for claim in entry["claims"])
    return f"{entry['question']} {' '.join(claims)}"


def _code(country: str, what: str) -> str:
    code = str(country).strip().upper()
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise AnswerError(
            f"{quoted(country)} is no code of a country", place=what, remedy="Write two letters, such as NL."
        )
    return code


def _holder(country: str) -> str:
    """The country under which the sources hold these numbers, mostly itself."""
    code = str(country).strip().upper()
    return next((c for c, entry in load("availability")["countries"].items() if code in entry.get("holds", ())), code)


def _number_offer(kind: str, offer: Mapping[str, Any], block: Mapping[str, Any]) -> NumberOffer:
    # The price page has no status, only prices: a price tells of an offer, and no price tells of nothing.
    words = {True: "priced", False: "no price listed"}
    make, receive = (words.get(offer[way], offer[way]) for way in ("make", "receive"))
    (key,) = block["source"]
    said, own = source("availability", key), kind in block.get("own_use", ())
    return NumberOffer(kind, make, receive, own, block.get("billing", ()), said.date, str(said))


def _bought(billing: str, row: NumberOffer) -> Bought:
    if billing in row.billing:
        words = [_BOUGHT[status] for status in (row.make, row.receive) if status in _BOUGHT]
        return min(words, key=("yes", "preview").index, default="unknown")
    if row.source == _sub22():
        return _by_sub22(billing)
    return "not listed" if row.billing else "unknown"


def _sub22() -> str:
    return str(source("availability", "SUB22"))


def _by_sub22(billing: str) -> Bought:
    """What SUB22, with its one list for each address, says of a billing address for numbers that are not in there."""
    facts = load("availability")
    if billing in facts["no_calling_numbers"]["billing"]:
        return "no"
    return "not listed" if billing in facts["billing_to_numbers"] else "unknown"


def _history(billing: str, number: str) -> Iterator[Offer]:
    """Earlier lists, where they have the pair. A price tells of an offer, not of who may have it."""
    for row in load("availability")["history"]:
        status = row.get(billing, {}).get(number)
        if status:
            yield Offer(_BOUGHT.get(status, "unknown"), _any_type(row["source"][0], (billing,)))


def _any_type(key: str, billing: tuple[str, ...] = ()) -> NumberOffer:
    said = source("availability", key)
    return NumberOffer(ANY_TYPE, "not said", "not said", False, billing, said.date, str(said))
