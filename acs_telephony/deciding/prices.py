"""What the documents say that numbers and calls cost, in USD, and their worked examples; every row has its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from acs_telephony.deciding.countries import conflicts, known_country
from acs_telephony.facts import cite, load

Unit = Literal["month", "minute", "participant-minute"]


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


def price_lines(country: str) -> tuple[PriceLine, ...]:
    """The prices of a country's numbers, of calls to it, and of the legs that cost the same everywhere.

    Raises AnswerError for a country without any price. A line that is missing has no price on the pages: it is unknown.
    """
    facts = load("pricing")
    offers, rates = facts["number_offers"], facts["rate_summary"]
    code = known_country(country, tuple(sorted({*offers, *rates} - {"source"})), "prices")
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
