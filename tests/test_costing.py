"""A month costs what a hand works out from the documents, exactly; what no document prices is unknown and said so.

Laws, in fractions instead of decimals: a total is the sum of its lines, the least is never above the most, twice the
minutes cost twice as much, both ways together carry all minutes, and a number costs what its longest prefix does.
"""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from acs_telephony.deciding.costing import Bill, BillLine, Profile, price, read_profile
from acs_telephony.deciding.prices import worked_examples
from acs_telephony.deciding.rates import Rate, RateList, read_rate_list
from acs_telephony.errors import ConfigurationError
from acs_telephony.facts import load, sources
from acs_telephony.guide.made_month import CONTOSO_MONTH, contoso_month
from acs_telephony.views.costs import bill_page, read_table, stale_table
from tests.conftest import CASES, cases

MADE = read_rate_list((CASES / "made_rates.csv").read_bytes(), "made_rates.csv")


# A profile that says that there are none, where it would otherwise be unknown.
NONE: dict[str, Any] = {"sdk_participant_minutes": 0, "licences": []}


def amounts(bill: Bill) -> list[list[str]]:
    """Currency, least and most of each total, without the noughts at the end; "" is open."""
    return [[total.currency, words(total.low), words(total.high)] for total in bill.totals]


def words(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount.normalize():f}"


def month(case: dict[str, Any]) -> Profile:
    given_ = tomllib.loads(case["profile"], parse_float=Decimal)
    return read_profile(given_ if case.get("bare") else NONE | given_)


@pytest.mark.parametrize("case", cases("costing.toml", "bill"))
def test_a_bill_is_what_a_hand_works_out(case: dict[str, Any]) -> None:
    bill = price(month(case), MADE if case.get("made") else None)

    assert amounts(bill) == case["totals"]
    assert len(bill.unknown) == case.get("unknown", 0)
    assert len({line.note for line in bill.lines if line.note and line.amount_low is not None}) == case.get("notes", 0)


def test_every_worked_example_of_the_pages_is_the_least_of_its_bill() -> None:
    published = {example.id: example.published for example in worked_examples()}
    rows = [case.values[0] for case in cases("costing.toml", "bill")]
    shown = {row["example"]: row for row in rows if "example" in row}
    assert set(shown) == set(published)
    for name, case in shown.items():
        assert [total.low for total in price(month(case)).totals] == [published[name]]


@pytest.mark.parametrize("case", cases("costing.toml", "refused"))
def test_a_profile_that_cannot_be_used_is_refused_with_its_place(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_profile(case["profile"])
    (problem,) = caught.value.problems
    assert problem.place == case["place"]
    assert case["says"] in f"{problem.problem}. {problem.remedy}"
    assert problem.remedy


def test_all_problems_of_a_profile_are_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_profile({"sip_share": "2", "calls_out": [{"to": "NL", "minutes": 0.1}, {"minutes": "1"}]})
    places = [problem.place for problem in caught.value.problems]
    assert places == ["sip_share", "calls_out[0].minutes", "calls_out[1].to"]


def test_only_what_is_exact_is_an_amount() -> None:
    texts = ("1_0", " 1", "1e2", "-0", "+1", "1.", ".5", "1\n", "\uff11", "1,5", "")
    for wrong in (0.1, 1.0, float("nan"), True, None, [], 10**5000, -1, b"1", Decimal("1E+2"), *texts):
        with pytest.raises(ConfigurationError, match="a float of Python is not exact"):
            read_profile({"other": [{"name": "x", "price": wrong, "currency": "EUR"}]})


@pytest.mark.parametrize("right", [7, "7", "7.0", Decimal("7.000")])
def test_whole_numbers_text_and_decimals_are_amounts(right: object) -> None:
    assert read_profile({"sdk_participant_minutes": right}).sdk_participant_minutes == 7


def test_a_text_that_is_no_toml_is_refused_whatever_it_is() -> None:
    for text in ("x = " + "[" * 5000, "x = 1" + "0" * 5000, b"\xff", b"\0", "[" * 100_000):
        with pytest.raises(ConfigurationError):
            read_profile(text)


# ---------------------------------------------------------------- the rate list


@pytest.mark.parametrize("case", cases("costing.toml", "unreadable"))
def test_a_rate_list_that_cannot_be_read_is_refused_with_its_line(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_rate_list(case["text"])
    (problem,) = caught.value.problems
    assert (problem.place, case["says"] in problem.problem) == (case["place"], True)
    assert problem.remedy


def test_the_made_list_is_labelled_as_made_and_has_other_prices_than_microsofts() -> None:
    """Sources: the columns of communication-services-pstn-rates.csv, 2025-10-15; its prices in facts/pricing.toml."""
    text = (CASES / "made_rates.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "Destination Name,Destination Type,Country,Prefix,Price / min"
    assert [line for line in text.splitlines()[1:] if "MADE" not in line] == []
    assert (len(MADE.rows), MADE.name) == (10, "made_rates.csv (rows: 10)")
    summary = {code: kinds for code, kinds in load("pricing")["rate_summary"].items() if code != "source"}
    for row in MADE.rows:
        assert row.usd not in {Decimal(end) for ends in summary[row.country].values() for end in ends[:2]}


def test_columns_may_stand_in_any_order_and_lines_may_end_as_in_windows() -> None:
    turned = "Price / min,Prefix,Country,Destination Type,New\r\n0.5,31,nl,Mixed,x\r\n"
    assert read_rate_list(turned.encode("utf-8-sig")).rows == (Rate("mixed", "NL", "31", Decimal("0.5")),)


DIGITS = some.text("12", min_size=1, max_size=5)


@given(some.dictionaries(DIGITS, some.integers(1, 999), min_size=1), DIGITS)
def test_a_number_costs_what_its_longest_prefix_does(prices: dict[str, int], number: str) -> None:
    rates = RateList("made", tuple(Rate("mixed", "NL", prefix, Decimal(usd)) for prefix, usd in prices.items()))
    # Longer than any prefix, so that it is a number and none begins with it.
    number = number.ljust(6, "1")
    longest = next((prices[number[:size]] for size in range(6, 0, -1) if number[:size] in prices), None)

    assert rates.between(f"+{number}") == (None if longest is None else (longest, longest))


# ---------------------------------------------------------------- laws

AMOUNT = some.decimals(0, 999_999_999, places=6).map(str)
SHARE = some.decimals(0, 1, places=6).map(str)
CODES = some.sampled_from(["NL", "ES", "US", "DE", "AR", "QQ"])
MONEY = some.sampled_from(["USD", "EUR"])
TYPES = some.sampled_from(["local", "toll_free", "national"])
OUT = {"to": CODES, "kind": some.sampled_from(["landline", "mobile", "unknown"]), "minutes": AMOUNT, "sip_share": SHARE}
IN = {"country": CODES, "type": TYPES, "minutes": AMOUNT}
OWN = {"name": some.just("x"), "price": AMOUNT, "currency": MONEY}
PROFILES = some.fixed_dictionaries(
    {
        "sip_share": SHARE,
        "sdk_participant_minutes": some.none() | AMOUNT,
        "calls_out": some.lists(some.fixed_dictionaries(OUT), max_size=4),
        "calls_in": some.lists(some.fixed_dictionaries(IN), max_size=3),
        "numbers": some.lists(some.fixed_dictionaries({"country": CODES, "type": TYPES, "count": AMOUNT}), max_size=3),
        "carrier": some.lists(some.fixed_dictionaries({"to": CODES, "price": AMOUNT, "currency": MONEY}), max_size=3),
        "licences": some.none() | some.lists(some.fixed_dictionaries(OWN), max_size=2),
        "other": some.lists(some.fixed_dictionaries(OWN), max_size=3),
    }
).map(read_profile)


def exact(line: BillLine, end: Decimal | None) -> Fraction | None:
    return None if end is None or line.quantity is None else Fraction(line.quantity) * Fraction(end)


@given(PROFILES)
def test_a_total_is_the_exact_sum_of_its_lines_and_the_least_is_never_above_the_most(profile: Profile) -> None:
    bill = price(profile)

    for line in bill.lines:
        low, high = exact(line, line.low), exact(line, line.high)
        assert low == (line.amount_low and Fraction(line.amount_low))
        assert high == (line.amount_high and Fraction(line.amount_high))
        assert line.low is not None or line.high is None
        assert low is None or high is None or low <= high
        assert (line.basis == "unknown") is (line.low is None)
        assert line.source
        assert line.note or low is not None
    assert [line for line in bill.lines if exact(line, line.low) is None] == list(bill.unknown)
    items = [line.item for line in bill.unknown]
    assert sum("licences" in item for item in items) == (profile.licences is None)
    assert sum("participant" in item for item in items) == (profile.sdk_participant_minutes is None)
    known = [line for line in bill.lines if exact(line, line.low) is not None]
    assert {total.currency for total in bill.totals} == {line.currency for line in known}
    for total in bill.totals:
        own = [line for line in known if line.currency == total.currency]
        highs = [exact(line, line.high) for line in own]
        assert Fraction(total.low) == sum(filter(None, (exact(line, line.low) for line in own)))
        assert (total.high is None) is (None in highs)
        assert total.high is None or Fraction(total.high) == sum(filter(None, highs))


@given(PROFILES)
def test_both_ways_together_carry_all_minutes(profile: Profile) -> None:
    lines = [line for line in price(profile).lines if line.unit == "minute" and not line.item.endswith("carrier")]
    given_ = [*(call.minutes for call in profile.calls_out), *(call.minutes for call in profile.calls_in)]

    assert sum(Fraction(line.quantity or 0) for line in lines) == sum(map(Fraction, given_))


HALVES = some.integers(0, 400_000_000)


@given(HALVES, HALVES, SHARE)
def test_twice_the_minutes_cost_twice_as_much(out: int, into: int, share: str) -> None:
    def bill(times: int) -> Bill:
        calls_out = [{"to": "ES", "minutes": out * times}]
        calls_in = [{"country": "US", "type": "toll_free", "minutes": into * times}]
        carrier = [{"to": "ES", "price": "0.017", "currency": "EUR"}]
        return price(
            read_profile(NONE | {"sip_share": share, "calls_out": calls_out, "calls_in": calls_in, "carrier": carrier})
        )

    once, twice = bill(1), bill(2)
    assert [(line.item, line.low, line.high) for line in once.lines] == [
        (line.item, line.low, line.high) for line in twice.lines
    ]
    for one, two in zip(once.lines, twice.lines, strict=True):
        assert one.quantity is not None
        assert two.quantity == 2 * one.quantity
        assert one.amount_low is None or two.amount_low == 2 * one.amount_low
    assert [(two.low, two.high) for two in twice.totals] == [
        (2 * one.low, one.high and 2 * one.high) for one in once.totals
    ]


def test_no_country_of_the_facts_breaks_a_bill_and_each_documented_line_names_a_date() -> None:
    facts = load("pricing")
    codes = sorted({*facts["rate_summary"], *facts["number_offers"]} - {"source"})
    assert len(codes) > 150
    calls = [{"to": code, "kind": kind, "minutes": 1} for code in codes for kind in ("landline", "mobile", "unknown")]
    for line in price(read_profile(NONE | {"calls_out": calls})).lines:
        kinds = facts["rate_summary"].get(line.item[8:10], {})
        ends = [Decimal(end) for row in kinds.values() for end in row[:2]]
        assert line.low is None or line.low in ends
        assert "2025-10-15 (RATES)" in line.source
        if line.low is not None:
            assert line.high is None if "ES" in line.item else line.high in ends


def test_the_page_says_starting_at_of_every_call_out_so_none_of_its_prices_is_the_most() -> None:
    offers = [offer for code, offer in load("pricing")["number_offers"].items() if code != "source"]
    made = [kind["make"] for offer in offers for kind in offer.values() if "make" in kind]
    assert len(made) > 15
    assert all(call["starting_at"] for call in made)


# ---------------------------------------------------------------- what is shown


def test_the_made_month_is_worked_out() -> None:
    """By hand.

    USD: NL 4000 x 0.004 = 16; ES 900 x 0.0165 at least = 14.85, 300 x 0.004 = 1.20; US 1500 x 0.013 to 0.09 =
    19.50 to 135, 500 x 0.004 = 2; in 1500 x 0.022 = 33; leases 2 x 2 and 10 x 1.50; participants 12000 x 0.004 = 48.
    EUR: 4000 x 0.011 = 44; 40 x 7.50 = 300; 350.
    """
    assert amounts(price(contoso_month())) == [["USD", "153.55", ""], ["EUR", "694", "694"]]
    assert "made" in CONTOSO_MONTH
    assert read_profile(tomllib.loads(CONTOSO_MONTH, parse_float=Decimal)) == contoso_month()
    page = bill_page(price(contoso_month()))
    assert "costs USD 153.55 at least and EUR 694.00." in page.said
    assert "without 2 lines whose amount is unknown" in page.said
    assert "Priced are the two ways to the phone network, whose last day is 2028-09-30, and what you added" in page.said
    assert "USD 0.0165 at least, see below" in page.text
    assert page.text.count("see below") == 1
    assert "a tenth of that" in page.text


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0.005", "0.01"), ("0.004999", "0.00"), ("0.015", "0.02"), ("0.025", "0.03"), ("1234.5", "1,234.50")],
)
def test_amounts_are_rounded_half_up_when_they_are_shown_and_not_before(amount: str, shown: str) -> None:
    profile = read_profile({"other": [{"name": "x", "price": amount, "currency": "CHF"}]})
    assert f"CHF {shown}." in bill_page(price(profile)).said
    assert price(profile).totals[0].low == Decimal(amount)


def test_a_page_says_what_is_open_what_is_unknown_and_what_is_nothing() -> None:
    one = {"country": "NL", "type": "toll_free", "minutes": 100}
    assert "USD 7.70 at least." in bill_page(price(read_profile({"calls_in": [one]}))).said
    nothing = bill_page(price(read_profile({"calls_out": [{"to": "QQ", "minutes": 1}]})))
    assert "no line has an amount" in nothing.said
    assert "Unknown. call to QQ: these documents have no such price. [communication" in nothing.text
    assert "no line has an amount" in bill_page(price(Profile())).said
    assert "Unknown. licences of what follows the two ways: you gave none" in bill_page(price(Profile())).text
    assert "licences" not in bill_page(price(read_profile(NONE))).text


def test_the_prices_of_a_service_that_has_ended_are_prices_of_the_past() -> None:
    """Source: the guide on the retirement, 2026-08-18: the last day is 2028-09-30."""
    bill = price(contoso_month())
    assert bill_page(bill, date(2028, 9, 30)) == bill_page(bill)
    gone = bill_page(bill, date(2028, 10, 1))
    assert gone.text.startswith("Mind. The service of these prices ended on 2028-09-30: they are prices of the past.")
    assert bill_page(bill).text in gone.text


def test_who_gave_prices_of_a_carrier_is_not_told_to_have_given_none() -> None:
    calls = [{"to": "NL", "minutes": 1, "sip_share": 1}]
    rows = [{"to": "+3120", "price": 1, "currency": "EUR"}, {"to": "US", "price": 1, "currency": "EUR"}]
    rows += [{"to": "NL", "direction": "in", "price": 1, "currency": "EUR"}]
    (line,) = price(read_profile(NONE | {"calls_out": calls, "carrier": rows})).unknown
    assert line.note == "none of the prices that you gave (+3120, US) surely holds for all of NL; give one for NL"
    (line,) = price(read_profile(NONE | {"calls_out": calls, "carrier": rows[2:]})).unknown
    assert line.note == "you gave no price of your carrier for calls out"
    assert "your own figure" not in line.source


def test_a_hostile_name_is_harmless_on_the_page() -> None:
    hostile = "<script>alert(1)</script>\u202e\x1b[31m"
    row = {"name": hostile, "price": "1", "currency": "EUR"}
    page = bill_page(price(read_profile({"name": hostile, "other": [row], "licences": [row]})))

    assert "<script" not in page.html
    assert "&lt;script&gt;" in page.html
    assert [c for c in page.text if not c.isprintable() and c != "\n"] == []


def test_the_documents_are_listed_once_and_stale_ones_by_the_day() -> None:
    keys = {said.key for _, said in sources()}
    first = min(said.read for _, said in sources())
    assert len(keys) > 40
    assert [key for key in keys if key not in read_table().text] == []
    assert stale_table(first).said.startswith(f"None of the {len(keys)} documents")
    everything = stale_table(date(9999, 12, 31))
    assert everything.said.startswith(f"{len(keys)} of {len(keys)} documents were not read")
    assert everything.html.count("<tr>") == 1 + len(keys)


def test_german_mobiles_cost_what_landlines_do_in_a_list_of_the_reader_too() -> None:
    """Source: the rate list of 2025-10-15 has no rows for German mobiles (facts/pricing.toml, rate_notes)."""
    rates = RateList("made", (Rate("landline", "DE", "49", Decimal(3)), Rate("landline", "FR", "33", Decimal(4))))
    calls = [{"to": to, "kind": "mobile", "minutes": 1} for to in ("DE", "+4915", "FR")]
    assert [line.low for line in price(read_profile(NONE | {"calls_out": calls}), rates).lines] == [3, 3, None]
