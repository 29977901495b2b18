"""Which numbers a billing address may have is what the lists say, and where they say nothing it is unknown.

Laws over all pairs of countries, from the lists as they are written: no yes without a source that has the pair, no
word against it where that source is silent, and nothing that a list has is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from acs_telephony.deciding.countries import billing_countries, number_offers, offers
from acs_telephony.errors import AnswerError
from acs_telephony.facts import load
from acs_telephony.views.costs import countries_table
from acs_telephony.views.panels import country_panel
from acs_telephony.views.steps import number_offers_table, own_use
from tests.conftest import cases

FACTS = load("availability")
LISTS: Mapping[str, Any] = {k: v for k, v in FACTS["billing_to_numbers"].items() if k != "source"}
NONE_FOR = FACTS["no_calling_numbers"]["billing"]
EARLIER = {row["source"][0]: row for row in FACTS["history"]}


def key(said: str) -> str:
    found = re.search(r"\(([A-Z0-9-]+)\)$", said)
    assert found is not None, said
    return found[1]


@pytest.mark.parametrize("case", cases("countries.toml", "pair"))
def test_a_pair_is_as_the_lists_say(case: dict[str, Any]) -> None:
    found = offers(case["billing"], case["number"])
    says: dict[str, set[str]] = {}
    for row in found.rows:
        says.setdefault(key(row.numbers.source), set()).add(row.bought)

    assert {name: sorted(words) for name, words in says.items()} == case["says"]
    assert (found.bought, found.disagree, len(found.conflicts)) == (
        case["bought"],
        case["disagree"],
        case["conflicts"],
    )
    own = {key(row.numbers.source) for row in found.rows if row.numbers.own_use_only}
    assert own == set(case.get("own_use", ()))


def holder(number: str) -> str:
    """Puerto Rico's numbers are in the lists of the United States, as the facts name them."""
    return {"PR": "US"}.get(number, number)


def pages(number: str) -> Mapping[str, Any]:
    page: Mapping[str, Any] = FACTS["countries"].get(holder(number), {}).get("country_page", {})
    return page


def says_yes(source: str, billing: str, number: str) -> bool:
    """Whether the source has the pair; SUB22 is read from its other side, by billing address."""
    if source == "SUB22":
        return holder(number) in LISTS.get(billing, {})
    if source in EARLIER:
        return holder(number) in EARLIER[source].get(billing, {})
    return source in pages(number).get("source", ()) and billing in pages(number).get("billing", ())


def says_nothing_of(source: str, billing: str, number: str) -> bool:
    """Whether the source has no list in which the address could stand."""
    if source == "SUB22":
        return billing not in LISTS
    return source not in pages(number).get("source", ()) or not pages(number).get("billing", ())


def test_no_word_without_a_source_that_says_so_for_any_pair_of_countries() -> None:
    codes = sorted({*FACTS["countries"], *billing_countries(), "VN", "QQ"})
    assert len(codes) ** 2 > 2300
    for billing, number in product(codes, codes):
        found = offers(billing, number)
        words = {row.bought for row in found.rows}
        for row in found.rows:
            source = key(row.numbers.source)
            if row.bought in ("yes", "preview"):
                assert says_yes(source, billing, number), (billing, number, source)
            elif row.bought == "no":
                assert source == "SUB22"
                assert billing in NONE_FOR
                assert not says_yes(source, billing, number)
            elif row.bought == "not listed":
                assert not says_yes(source, billing, number), (billing, number, source)
                assert not says_nothing_of(source, billing, number), (billing, number, source)
        assert found.bought in {*words, "unknown"}
        if billing not in billing_countries():
            assert found.bought == "unknown"
        elif holder(number) not in FACTS["countries"]:
            assert found.bought == ("no" if billing in NONE_FOR else "unknown")
        if pages(number).get("billing") is None and found.bought != "unknown":
            assert found.bought != "not listed", (billing, number)


def test_every_pair_that_a_list_has_is_told_with_the_words_of_that_list() -> None:
    had = [(b, n, "SUB22", row["status"], row.get("own_use", ())) for b in LISTS for n, row in LISTS[b].items()]
    assert len(had) > 50
    for billing, number, source, status, own in had:
        rows = [row for row in offers(billing, number).rows if key(row.numbers.source) == source]
        assert {row.bought for row in rows} == {{"general availability": "yes"}.get(status, status)}
        assert {row.numbers.number_type for row in rows if row.numbers.own_use_only} == set(own)
    for number in FACTS["countries"]:
        for billing in pages(number).get("billing", ()):
            found = offers(billing, number)
            assert found.bought in ("yes", "preview"), (billing, number)


def test_the_newest_source_stands_first_and_an_undated_one_last() -> None:
    dates = [row.numbers.date for row in offers("GB", "US").rows]
    assert dates[-1] == "undated"
    assert dates[:-1] == sorted(dates[:-1], reverse=True)


@pytest.mark.parametrize("wrong", ["", "NLD", "N1", "ÀB", "<b>"])
def test_what_is_no_code_of_a_country_is_refused(wrong: str) -> None:
    with pytest.raises(AnswerError, match="Write two letters"):
        offers(wrong, "NL")
    with pytest.raises(AnswerError, match="country of the numbers"):
        offers("NL", wrong)
    assert offers(" nl ", "us") == offers("NL", "US")


def test_the_table_shows_both_sides_and_the_unknown() -> None:
    both = countries_table("NL", "US")
    assert 'billing address in NL: "not listed"' in both.said
    assert "Can a Dutch billing address have US numbers? Yes. [" in both.text
    assert "SUB22" in both.html
    assert "CTRY-US" in both.html
    assert "that is not a no" in countries_table("VN", "NL").said
    assert "was read in part only" in countries_table("NL", "CH").text
    assert "which is not the same as none" in countries_table("NL", "XX").text
    assert "compare the rows and their dates" in countries_table("NL", "DE").text
    assert 'in IT: "yes". Types: local.' in countries_table("IT", "FR").said
    assert 'in US: "preview". Types: toll-free.' in countries_table("US", "BR").said
    assert "Numbers of United States (incl. Puerto Rico) (US)" in countries_table("US", "PR").said
    hostile = countries_table("<script>", "NL")
    assert hostile.text.startswith("Error")
    assert "<script" not in hostile.html


def test_own_use_is_told_only_where_a_source_speaks_of_it() -> None:
    """Source: SUB22, 2022-03-04, keeps French numbers for own use; the other pages say nothing of it."""
    told = {(row.bought, key(row.numbers.source)): own_use(row.numbers) for row in offers("FR", "FR").rows}
    assert told == {("yes", "CTRY-FR"): "not said", ("preview", "SUB22"): "yes", ("unknown", "PSTNP"): "not said"}
    for page in (countries_table("FR", "FR"), countries_table("GB", "US"), number_offers_table("FR")):
        assert "not said" in page.html
        assert ">no<" not in page.html


def test_puerto_rico_has_the_numbers_of_the_united_states_and_pays_as_itself() -> None:
    assert offers("US", "PR") == offers("US", "US")
    assert offers("PR", "PR") == offers("PR", "US") != offers("US", "US")
    assert number_offers("pr") == number_offers("US")


def test_the_panel_answers_for_a_billing_address() -> None:
    panel = country_panel("US", billing="NL")
    assert countries_table("NL", "US").html in panel.answer.value
    panel.controls["billing"].value = "GB"
    assert countries_table("GB", "US").html in panel.answer.value
    panel.controls["billing"].value = ""
    assert countries_table("GB", "US").html not in panel.answer.value
