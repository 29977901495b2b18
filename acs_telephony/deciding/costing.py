"""What a month of calls costs: a profile of the reader's own figures, priced line by line from the documents.

A price is a range where sources differ, open upwards where a page says "starting at", and unknown where nothing is
said: an unknown line is told and never counted as nothing. Money is exact; currencies are never mixed or converted.
Our model: a share of the minutes goes by direct routing, and the rows of a kind are its own and the mixed ones.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import reduce
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, ValidationError

from acs_telephony.checking.documents import decoded
from acs_telephony.deciding.countries import conflicts
from acs_telephony.deciding.rates import EXACT, Range, RateList, read_rate_list
from acs_telephony.errors import AnswerError, ConfigurationError, Problem
from acs_telephony.facts import cite, load
from acs_telephony.models import problem_of, quoted

__all__ = ["Bill", "BillLine", "Profile", "RateList", "Total", "price", "read_profile", "read_rate_list"]

Kind = Literal["landline", "mobile", "unknown"]
NumberType = Literal["local", "toll_free", "national", "mobile"]
#: Whose figure a price is.
Basis = Literal["documented", "your own", "unknown"]

#: The source of what the reader gave.
YOURS = "your own figure"

# Enough digits for every product and sum of what can be given: nothing is rounded before it is shown.
_EXACTLY = Context(prec=60)


def _like(form: str, wanted: str) -> BeforeValidator:
    def checked(given: object) -> str:
        small = type(given) is int and abs(given) < 10**9  # Python refuses to write the digits of a huge one
        text = str(given) if small or isinstance(given, str | Decimal) else ""
        if not re.fullmatch(form, text):
            problem = f"{quoted(text or type(given).__name__)} cannot be used"
            raise AnswerError(problem, remedy=f"Write {wanted}.")
        return text

    return BeforeValidator(checked)


_NUMBER = 'at most 9 digits, a point and 6 digits, such as 1200 or "0.035"; a float of Python is not exact'
Exact = Annotated[Decimal, _like(EXACT, _NUMBER)]
Share = Annotated[Decimal, _like(r"0(\.[0-9]{1,6})?|1(\.0{1,6})?", 'a share from 0 to 1, such as "0.25"')]
Country = Annotated[StrictStr, _like("[A-Z]{2}", "a country as NL")]
Currency = Annotated[StrictStr, _like("[A-Z]{3}", "a currency as USD")]
Destination = Annotated[StrictStr, _like(r"[A-Z]{2}|\+[0-9]{1,15}", "a country as NL, or a prefix as +3120")]
Name = Annotated[StrictStr, Field(min_length=1, max_length=80)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallsOut(_Row):
    """Minutes of a month to a country, or with a rate list to a prefix; `sip_share` is that of these calls alone."""

    to: Destination
    kind: Kind = "unknown"
    minutes: Exact
    sip_share: Share | None = None


class CallsIn(_Row):
    """Minutes of a month to numbers of one country and type."""

    country: Country
    type: NumberType
    minutes: Exact
    sip_share: Share | None = None


class Numbers(_Row):
    """Numbers leased from Microsoft."""

    country: Country
    type: NumberType
    count: Exact


class Carrier(_Row):
    """What the reader's own carrier takes for a minute, out to a country or prefix, or in to numbers of a country."""

    to: Destination
    direction: Literal["out", "in"] = "out"
    price: Exact
    currency: Currency


class Monthly(_Row):
    """Something with a price for a month, such as a licence: how many, and the price of one."""

    name: Name
    count: Exact = Decimal(1)
    price: Exact
    currency: Currency


class Profile(_Row):
    """A month, all of it the reader's own input. `sip_share` is the part of the minutes that direct routing carries."""

    name: Name = "a month"
    sip_share: Share = Decimal(0)
    sdk_participant_minutes: Exact = Decimal(0)
    calls_out: tuple[CallsOut, ...] = ()
    calls_in: tuple[CallsIn, ...] = ()
    numbers: tuple[Numbers, ...] = ()
    carrier: tuple[Carrier, ...] = ()
    licences: tuple[Monthly, ...] = ()
    other: tuple[Monthly, ...] = ()


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line: a quantity at a price. Without `low` the price is unknown, without `high` it is `low` at least."""

    item: str
    quantity: Decimal
    unit: str
    low: Decimal | None
    high: Decimal | None
    currency: str
    basis: Basis
    source: str
    note: str = ""

    @property
    def amount_low(self) -> Decimal | None:
        """The least that the line costs, exact; None where its price is unknown."""
        return None if self.low is None else _EXACTLY.multiply(self.quantity, self.low)

    @property
    def amount_high(self) -> Decimal | None:
        """The most that the line costs, exact; None where that is open or unknown."""
        return None if self.high is None else _EXACTLY.multiply(self.quantity, self.high)


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of the known lines of one currency; without `high` it is `low` at least."""

    currency: str
    low: Decimal
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Bill:
    """A priced month: its lines, one total for each currency, and the lines without a price, which no total holds."""

    name: str
    lines: tuple[BillLine, ...]
    totals: tuple[Total, ...]
    unknown: tuple[BillLine, ...]


def read_profile(source: Mapping[str, Any] | str | bytes) -> Profile:
    """A profile from a mapping, or from TOML text, whose fractions are read as exact decimals.

    Raises ConfigurationError with every problem and its place; a float in a mapping is refused, as it is not exact.

    >>> read_profile('sip_share = 0.25\\nother = [{name = "SBC", price = 90.10, currency = "EUR"}]').other[0].price
    Decimal('90.10')
    """
    try:
        given = source if isinstance(source, Mapping) else tomllib.loads(decoded(source), parse_float=Decimal)
        return Profile.model_validate(dict(given))
    except ValidationError as error:
        raise ConfigurationError(tuple(map(problem_of, error.errors()))) from None
    except ConfigurationError:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        problem = Problem("the profile", f"this is no TOML ({error})", "Look for a missing quote or bracket.")
        raise ConfigurationError((problem,)) from None


def price(profile: Profile, rates: RateList | None = None) -> Bill:
    """The bill of a month. With a rate list, calls out by Voice Calling (PSTN) are priced from it alone.

    >>> price(read_profile({"calls_out": [{"to": "ES", "kind": "landline", "minutes": 100}]})).totals
    (Total(currency='USD', low=Decimal('1.6500'), high=Decimal('16.500')),)
    """
    found = (*_calls(profile, rates), *map(_lease, profile.numbers), *_rest(profile))
    lines = tuple(line for line in found if line.quantity)
    known = [line for line in lines if line.low is not None]
    totals = (_total(name, known) for name in dict.fromkeys(line.currency for line in known))
    return Bill(profile.name, lines, tuple(totals), tuple(line for line in lines if line.low is None))


def _total(currency: str, known: Iterable[BillLine]) -> Total:
    own = [line for line in known if line.currency == currency]
    low, high = _sum(line.amount_low for line in own), _sum(line.amount_high for line in own)
    return Total(currency, low or Decimal(0), high)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    given = list(amounts)
    return None if None in given else reduce(_EXACTLY.add, filter(None, given), Decimal(0))


def _calls(profile: Profile, rates: RateList | None) -> Iterator[BillLine]:
    offers = load("pricing")["number_offers"]
    for out in profile.calls_out:
        item = f"call to {out.to}" + (f", {out.kind}" if out.kind != "unknown" else "")
        yield _rated(item, _by(out, profile, sip=False), out, rates)
        yield from _direct(item, "out", out.to, _by(out, profile, sip=True), profile)
    for call in profile.calls_in:
        item = f"call in to a {_typed(call.type)} number of {call.country}"
        listed = offers.get(call.country, {}).get(call.type, {}).get("receive")
        usd = Decimal(listed["usd"]) if listed else None
        high = None if listed and listed["starting_at"] else usd
        yield _line(item, _by(call, profile, sip=False), "minute", usd, high, offers["source"])
        yield from _direct(item, "in", call.country, _by(call, profile, sip=True), profile)


def _by(call: CallsOut | CallsIn, profile: Profile, *, sip: bool) -> Decimal:
    """The minutes of these calls by direct routing, or those by Voice Calling (PSTN)."""
    share = profile.sip_share if call.sip_share is None else call.sip_share
    return _EXACTLY.multiply(call.minutes, share if sip else 1 - share)


def _lease(row: Numbers) -> BillLine:
    offers = load("pricing")["number_offers"]
    lease = offers.get(row.country, {}).get(row.type, {}).get("lease")
    usd = None if lease is None else Decimal(lease)
    return _line(
        f"lease of a {_typed(row.type)} number of {row.country}", row.count, "month", usd, usd, offers["source"]
    )


def _rest(profile: Profile) -> Iterator[BillLine]:
    yield _flat("", profile.sdk_participant_minutes, "voip-participant")
    for row in (*profile.licences, *profile.other):
        yield _own(row.name, row.count, "month", row.price, row.currency)


def _rated(item: str, minutes: Decimal, call: CallsOut, rates: RateList | None) -> BillLine:
    """Minutes by Voice Calling (PSTN), from the reader's rate list if there is one, else from the summary of ours."""
    if rates is not None:
        low, high = (
            rates.between(call.to, call.kind) or rates.between(call.to, _like_kind(call.to, call.kind)) or (None, None)
        )
        basis: Basis = "unknown" if low is None else "your own"
        note = "this list has no such rate" if low is None else ""
        return BillLine(item, minutes, "minute", low, high, "USD", basis, rates.name, note)
    keys = load("pricing")["rate_summary"]["source"]
    if call.to.startswith("+"):
        return _line(item, minutes, "minute", None, None, keys, "a prefix needs a rate list, and none is given")
    listed, pages = _summed_up(call.to, call.kind), _page_prices(call.to)
    if not listed or not pages:
        low, high = listed or (None, None)
        return _line(item, minutes, "minute", low, high, keys)
    keys, note = (*keys, *load("pricing")["number_offers"]["source"]), " ".join(conflicts("price", call.to))
    return _line(item, minutes, "minute", min(*listed, *pages), max(*listed, *pages), keys, note)


def _summed_up(country: str, kind: Kind) -> Range | None:
    """The least and the highest rate of the rows that may hold such a number."""
    kinds = load("pricing")["rate_summary"].get(country, {})
    wanted = {kind, _like_kind(country, kind), "mixed"} if kind != "unknown" else {*kinds}
    ends = [Decimal(end) for name in wanted & {*kinds} for end in kinds[name][:2]]
    return (min(ends), max(ends)) if ends else None


def _like_kind(country: str, kind: Kind) -> str:
    """The kind whose rows hold such numbers where a note says that they have none of their own."""
    notes = (
        note for note in load("pricing")["rate_notes"] if note.get("kind") == kind and country in note["countries"]
    )
    return next((note["like"] for note in notes), kind)


def _page_prices(country: str) -> set[Decimal]:
    """What the price page says of calls to a country, where it is another price than the least of the rate list."""
    least, offer = _summed_up(country, "unknown"), load("pricing")["number_offers"].get(country, {})
    pages = {Decimal(kind["make"]["usd"]) for kind in offer.values() if isinstance(kind, Mapping) and "make" in kind}
    return pages - {least[0]} if least else pages


def _direct(item: str, way: str, to: str, minutes: Decimal, profile: Profile) -> Iterator[BillLine]:
    """Minutes by direct routing: Microsoft's part, and the carrier's at its price for the country or longest prefix."""
    yield _flat(f"{item}, direct routing", minutes, f"direct-routing-{'make' if way == 'out' else 'receive'}")
    fits = [row for row in profile.carrier if row.direction == way and (row.to == to or _inside(to, row.to))]
    if fits:
        best = max(fits, key=lambda row: len(row.to))
        yield _own(f"{item}, your carrier", minutes, "minute", best.price, best.currency)
    else:
        why = "you gave no price of your carrier"
        yield BillLine(f"{item}, your carrier", minutes, "minute", None, None, "", "unknown", YOURS, why)


def _inside(number: str, prefix: str) -> bool:
    return prefix.startswith("+") and number.startswith(prefix)


def _flat(item: str, quantity: Decimal, wanted: str) -> BillLine:
    row = next(row for row in load("pricing")["flat"] if row["id"] == wanted)
    usd = Decimal(row["usd"])
    return _line(item or row["item"], quantity, row["unit"], usd, usd, row["source"])


def _typed(kind: str) -> str:
    return kind.replace("_", "-")


def _line(
    item: str,
    quantity: Decimal,
    unit: str,
    low: Decimal | None,
    high: Decimal | None,
    keys: Iterable[str],
    note: str = "",
) -> BillLine:
    """A line from the documents, with these sources; without a price they do not have one."""
    basis: Basis = "unknown" if low is None else "documented"
    why = note or ("these documents have no such price" if low is None else "")
    return BillLine(item, quantity, unit, low, high, "USD", basis, cite("pricing", keys), why)


def _own(item: str, quantity: Decimal, unit: str, money: Decimal, currency: str) -> BillLine:
    return BillLine(item, quantity, unit, money, money, currency, "your own", YOURS)
