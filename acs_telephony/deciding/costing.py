"""What a month of calls costs: a profile of the reader's own figures, priced line by line from the documents.

A price is a range where sources differ, open upwards where a page says "starting at", and unknown where nothing is
said. What was not given is unknown too: it is told and never counted as nothing, while a given 0 or an empty list means
none. Money is exact; currencies are never mixed or converted. The bill is that of today's two ways to the phone
network, with what the reader adds; licences belong to what follows them.
Our model: a share of the minutes goes by direct routing, and the rows of a kind are its own and the mixed ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import reduce
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, ValidationError

from acs_telephony.checking.documents import read_toml
from acs_telephony.deciding.countries import conflicts
from acs_telephony.deciding.rates import EXACT, Range, RateList, read_rate_list
from acs_telephony.errors import AnswerError, ConfigurationError
from acs_telephony.facts import cite, load
from acs_telephony.models import problem_of, quoted

__all__ = ["Bill", "BillLine", "Profile", "RateList", "Total", "price", "read_profile", "read_rate_list"]

Kind = Literal["landline", "mobile", "unknown"]
NumberType = Literal["local", "toll_free", "national", "mobile"]
#: Whose figure a price is.
Basis = Literal["documented", "your own", "unknown"]

#: An amount that may be unknown.
Figure = Decimal | None

#: The source of what the reader gave, and of what the reader alone can give.
YOURS, NOT_GIVEN = "your own figure", "not given; yours to give"

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
Destination = Annotated[StrictStr, _like(r"[A-Z]{2}|\+[1-9][0-9]{0,14}", "a country as NL, or a prefix as +3120")]
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
    """A month, all of it the reader's own input. `sip_share` is the part of the minutes that direct routing carries.

    Participant minutes and licences that are None were not given, which is unknown; 0 and an empty list mean none.
    """

    name: Name = "a month"
    sip_share: Share = Decimal(0)
    sdk_participant_minutes: Exact | None = None
    calls_out: tuple[CallsOut, ...] = ()
    calls_in: tuple[CallsIn, ...] = ()
    numbers: tuple[Numbers, ...] = ()
    carrier: tuple[Carrier, ...] = ()
    licences: tuple[Monthly, ...] | None = None
    other: tuple[Monthly, ...] = ()


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line: a quantity, None if it was not given, at a price.

    Without `low` the price is unknown, without `high` it is `low` at least.
    """

    item: str
    quantity: Figure
    unit: str
    low: Figure
    high: Figure
    currency: str
    basis: Basis
    source: str
    note: str = ""

    @property
    def amount_low(self) -> Figure:
        """The least that the line costs, exact; None where its price or its quantity is unknown."""
        return self._times(self.low)

    @property
    def amount_high(self) -> Figure:
        """The most that the line costs, exact; None where that is open or unknown."""
        return self._times(self.high)

    def _times(self, end: Figure) -> Figure:
        return None if end is None or self.quantity is None else _EXACTLY.multiply(self.quantity, end)


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of the known lines of one currency; without `high` it is `low` at least."""

    currency: str
    low: Decimal
    high: Figure


@dataclass(frozen=True, slots=True)
class Bill:
    """A priced month: its lines, one total for each currency, and the lines without an amount, which no total holds."""

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
    if not isinstance(source, Mapping):
        return read_toml(source, Profile, "the profile")
    try:
        return Profile.model_validate(dict(source))
    except ValidationError as error:
        raise ConfigurationError(tuple(map(problem_of, error.errors()))) from None


def price(profile: Profile, rates: RateList | None = None) -> Bill:
    """The bill of a month. With a rate list, calls out by Voice Calling (PSTN) are priced from it alone.

    >>> bill = price(read_profile({"calls_out": [{"to": "FR", "kind": "landline", "minutes": 100}]}))
    >>> bill.totals, [line.item for line in bill.unknown][1]
    ((Total(currency='USD', low=Decimal('1.600'), high=Decimal('1.600')),), 'licences of what follows the two ways')
    """
    found = (*_calls(profile, rates), *map(_lease, profile.numbers), *_rest(profile))
    lines = tuple(line for line in found if line.quantity != 0)
    known = [line for line in lines if line.amount_low is not None]
    totals = (_total(name, known) for name in dict.fromkeys(line.currency for line in known))
    return Bill(profile.name, lines, tuple(totals), tuple(line for line in lines if line.amount_low is None))


def _total(currency: str, known: Iterable[BillLine]) -> Total:
    own = [line for line in known if line.currency == currency]
    low, high = _sum(line.amount_low for line in own), _sum(line.amount_high for line in own)
    return Total(currency, low or Decimal(0), high)


def _sum(amounts: Iterable[Figure]) -> Figure:
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
    item = f"lease of a {_typed(row.type)} number of {row.country}"
    return _line(item, row.count, "month", usd, usd, offers["source"])


def _rest(profile: Profile) -> Iterator[BillLine]:
    minutes, why = profile.sdk_participant_minutes, "you did not say how many; 0 means none"
    yield _flat("", minutes, "voip-participant", why if minutes is None else "")
    if profile.licences is None:
        item, why = "licences of what follows the two ways", "you gave none; an empty list means none"
        yield BillLine(item, None, "month", None, None, "", "unknown", NOT_GIVEN, why)
    for row in (*(profile.licences or ()), *profile.other):
        yield _own(row.name, row.count, "month", row.price, row.currency)


def _rated(item: str, minutes: Decimal, call: CallsOut, rates: RateList | None) -> BillLine:
    """Minutes by Voice Calling (PSTN), from the reader's rate list if there is one, else from the summary of ours."""
    offers, keys = load("pricing")["number_offers"], load("pricing")["rate_summary"]["source"]
    doubt = " ".join(said for country in offers for said in conflicts("price", country) if _holds(country, call.to))
    if rates is not None:
        found = rates.between(call.to, call.kind) or rates.between(call.to, _like_kind(call.to, call.kind))
        low, high = found or (None, None)
        basis: Basis = "your own" if found else "unknown"
        note = doubt if found else "this list has no such rate"
        return BillLine(item, minutes, "minute", low, high, "USD", basis, rates.name, note)
    if call.to.startswith("+"):
        return _line(item, minutes, "minute", None, None, keys, "a prefix needs a rate list, and none is given")
    (low, high), pages = _summed_up(call.to, call.kind) or (None, None), _page_prices(call.to)
    if low is None or not pages:
        return _line(item, minutes, "minute", low, high, keys)
    # The page says "starting at" of every call out, so another price than the list's leaves the upper end open.
    return _line(item, minutes, "minute", min(low, *pages), None, (*keys, *offers["source"]), doubt)


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
    """Minutes by direct routing: Microsoft's part, and the carrier's at the price of its narrowest row that fits."""
    yield _flat(f"{item}, direct routing", minutes, f"direct-routing-{'make' if way == 'out' else 'receive'}")
    given = [row for row in profile.carrier if row.direction == way]
    if fits := [row for row in given if _holds(row.to, to)]:
        # The longest prefix; of a country and a prefix as long, the country: US lies in +1.
        best = max(fits, key=lambda row: (row.to == to, len(row.to), row.to))
        yield _own(f"{item}, your carrier", minutes, "minute", best.price, best.currency)
    else:
        rows = ", ".join(dict.fromkeys(row.to for row in given))
        why = f"none of the prices that you gave ({rows}) surely holds for all of {to}; give one for {to}"
        why = why if rows else f"you gave no price of your carrier for calls {way}"
        yield BillLine(f"{item}, your carrier", minutes, "minute", None, None, "", "unknown", NOT_GIVEN, why)


def _holds(row: str, to: str) -> bool:
    """Whether a country or prefix surely holds all of another one, as far as libphonenumber knows calling codes."""
    import phonenumbers as plans

    prefix, country = sorted((row, to))  # a plus stands before letters
    code = plans.country_code_for_region(country)  # 0 for what is no country: no prefix begins so
    if row == prefix:
        return to.startswith(row) or f"+{code}".startswith(row)
    # Of a calling code with several countries only a number, or most of it, tells which.
    alone = plans.region_codes_for_country_code(code) == (country,)
    return prefix.startswith(f"+{code}") and (
        alone or (len(prefix) > 7 and plans.region_code_for_number(plans.parse(prefix)) == country)
    )


def _flat(item: str, quantity: Figure, wanted: str, note: str = "") -> BillLine:
    row = next(row for row in load("pricing")["flat"] if row["id"] == wanted)
    usd = Decimal(row["usd"])
    return _line(item or row["item"], quantity, row["unit"], usd, usd, row["source"], note)


def _typed(kind: str) -> str:
    return kind.replace("_", "-")


def _line(
    item: str, quantity: Figure, unit: str, low: Figure, high: Figure, keys: Iterable[str], note: str = ""
) -> BillLine:
    """A line from the documents, with these sources; without a price they do not have one."""
    basis: Basis = "unknown" if low is None else "documented"
    why = note or ("these documents have no such price" if low is None else "")
    return BillLine(item, quantity, unit, low, high, "USD", basis, cite("pricing", keys), why)


def _own(item: str, quantity: Decimal, unit: str, money: Decimal, currency: str) -> BillLine:
    return BillLine(item, quantity, unit, money, money, currency, "your own", YOURS)
