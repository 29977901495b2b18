"""The five next steps say what the documents say, with source and date on every row.

Laws: every worked example adds up to its published total; a country that nobody read is unknown, not without numbers;
a price that no page has is no line; a refusal says what to do instead, and never repeats a secret.
"""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, fields
from decimal import Decimal
from typing import Any

import pytest

from acs_telephony.deciding import countries, prices
from acs_telephony.errors import AnswerError, NumberError
from acs_telephony.facts import load
from acs_telephony.guide import planning
from acs_telephony.guide.checklist import certified_sbcs, sip_checklist
from acs_telephony.receiving import certificate_matches
from tests.conftest import cases

# A citation: the document's file, then its date or words for it, then its key.
CITED = re.compile(r"\S[^;]*, (\d{4}-\d\d-\d\d|undated|date not seen|API version [\d-]+) \([A-Z0-9-]+\)")


def checklist(fqdn: str) -> dict[str, str]:
    return {item.what: item.value for item in sip_checklist(fqdn)}


def test_every_row_of_every_step_names_its_source_and_date() -> None:
    rows: list[Any] = [
        *sip_checklist("sbc1.contoso.com"),
        *certified_sbcs(),
        *prices.worked_examples(),
        *planning.steps_to_a_number(),
        *planning.steps_to_a_call(),
        *(line for code in ("NL", "ES", "VN") for line in prices.price_lines(code)),
        countries.number_offers("AR"),
        *countries.number_offers("NL").rows,
        planning.create_call_request("+14255550100", "+14255550001", "https://contoso.com/calls"),
    ]
    assert len(rows) > 80
    assert [row for row in rows if not all(CITED.fullmatch(part) for part in row.source.split("; "))] == []


def test_results_are_frozen() -> None:
    offers = countries.number_offers("NL")
    assert isinstance(offers.rows, tuple)
    with pytest.raises(FrozenInstanceError):
        offers.rows = ()  # type: ignore[misc]


# ---------------------------------------------------------------- 1. number types


@pytest.mark.parametrize("case", cases("planning.toml", "offer"))
def test_a_countrys_numbers_are_as_documented(case: dict[str, Any]) -> None:
    offers = countries.number_offers(case["country"])
    rows = [row for row in offers.rows if row.number_type == case["type"]]
    assert [row.make for row in rows] == case["make"]
    assert [row.receive for row in rows] == case["receive"]
    assert sorted(rows[0].billing) == case["billing"]
    assert rows[0].own_use_only == case.get("own_use", False)
    assert len(offers.conflicts) == case["conflicts"]


def test_the_newest_source_comes_first() -> None:
    for code in load("availability")["countries"]:
        dates = [row.date for row in countries.number_offers(code).rows]
        assert dates == sorted(dates, reverse=True)


def test_a_country_whose_page_was_not_read_is_unknown_and_not_without_numbers() -> None:
    offers = countries.number_offers("AR")
    assert (offers.name, offers.page_read, offers.rows) == ("Argentina", "no", ())


def test_a_country_no_source_speaks_of_is_refused_with_what_they_cover() -> None:
    with pytest.raises(AnswerError) as caught:
        countries.number_offers("VN")
    assert "'VN'" in caught.value.problem
    assert "AE, AR, AT" in caught.value.remedy
    assert "ZA" in caught.value.remedy


# ---------------------------------------------------------------- 2. planning the SIP interface


@pytest.mark.parametrize("case", cases("planning.toml", "certificate"))
def test_a_certificate_name_covers_what_rfc_2818_says(case: dict[str, Any]) -> None:
    assert certificate_matches(case["certificate"], case["fqdn"]) is case["matches"]


@pytest.mark.parametrize("case", cases("planning.toml", "domain"))
def test_the_domain_and_the_certificate_names_are_worked_out(case: dict[str, Any]) -> None:
    items = checklist(case["fqdn"])
    assert items["domain to prove"] == case["domain"]
    assert items["names that fit"] == case["fits"]
    assert items["names that do not fit"] == case["fails"]


@pytest.mark.parametrize("case", cases("planning.toml", "unusable_fqdn"))
def test_an_fqdn_that_cannot_be_used_is_refused_with_a_remedy(case: dict[str, Any]) -> None:
    with pytest.raises(AnswerError) as caught:
        sip_checklist(case["fqdn"])
    assert case["says"] in caught.value.problem
    assert caught.value.remedy


def test_an_fqdn_may_have_249_characters_and_no_more() -> None:
    longest = "sbc." + "a" * 60 + "." + "b" * 60 + "." + "c" * 60 + "." + "d" * 58 + ".com"
    assert len(longest) == 249
    assert checklist(longest)["FQDN length"] == "249 of 249 characters"
    with pytest.raises(AnswerError, match="250 characters"):
        sip_checklist("x" + longest)


def test_the_checklist_has_every_topic_in_order_and_says_nothing_twice() -> None:
    items = sip_checklist("sbc1.contoso.com")
    topics = [item.topic for item in items]
    assert len({item.what for item in items}) == len(items)
    assert list(dict.fromkeys(topics)) == ["domain", "dns", "certificate", "tls", "firewall", "sbc", "media"]


def test_the_checklist_holds_the_documented_figures() -> None:
    """Source: direct-routing-infrastructure.md, 2023-06-22; the ports of 2021 from sip-interface-infra.md."""
    items = checklist("sbc1.contoso.com")
    order = [f"sip{n}.pstnhub.microsoft.com" for n in ("", "2", "3")]
    assert items["signalling FQDNs in order"] == ", then ".join(order)
    assert items["signalling, SBC to Microsoft"].endswith("to 5061")
    assert "1024-65535" in items["signalling, Microsoft to SBC"]
    assert items["signalling addresses"] == items["media addresses"] == "52.112.0.0/14, 52.120.0.0/14"
    assert (
        items["media ports"] == "UDP (SRTP), 49152-53247 at Microsoft, the ports set on the SBC; in 2021 also 3478-3481"
    )
    assert items["TLS version"] == "1.2 or later"
    assert len(items["cipher suites"].split(", ")) == 4
    assert items["roots on the SBC for mutual TLS"] == "Baltimore CyberTrust Root and DigiCert Global Root G2"
    assert items["SBC ports for each call at the same time"] == "at least 2"
    assert items["media bypass"] == "not supported"


def test_thirteen_sbcs_are_certified() -> None:
    """Source: certified-session-border-controllers.md, 2023-06-22."""
    sbcs = certified_sbcs()
    assert len(sbcs) == 13
    assert [sbc.vendor for sbc in sbcs].count("AudioCodes") == 7
    assert [(sbc.product, sbc.version) for sbc in sbcs if sbc.vendor == "TE-SYSTEMS"] == [("anynode", "4.6")]


# ---------------------------------------------------------------- 3. pricing


@pytest.mark.parametrize("case", cases("planning.toml", "price"))
def test_a_price_is_the_published_one_to_the_last_digit(case: dict[str, Any]) -> None:
    (line,) = [line for line in prices.price_lines(case["country"]) if line.item == case["item"]]
    assert line.usd == Decimal(case["usd"])
    assert line.usd_to == (Decimal(case["usd_to"]) if "usd_to" in case else None)


def test_a_price_the_pages_do_not_have_is_no_line() -> None:
    items = [line.item for line in prices.price_lines("FR")]
    assert "lease of a local number" in items
    assert not [item for item in items if "toll-free" in item]


def test_spain_shows_both_figures_and_says_that_they_differ_tenfold() -> None:
    lines = {line.item: line for line in prices.price_lines("ES")}
    page, rate = lines["call out with a local number"], lines["call to ES, landline"]
    assert (page.usd, rate.usd) == (Decimal("0.165"), Decimal("0.0165"))
    assert page.usd == 10 * rate.usd
    assert page.conflict == rate.conflict != ""
    assert "PSTNP" in page.conflict
    assert "RATES20" in page.conflict
    assert lines["call to ES, mobile"].conflict == ""


def test_prices_of_a_country_nobody_prices_are_refused() -> None:
    with pytest.raises(AnswerError, match="no source speaks of prices for 'QQ'"):
        prices.price_lines("QQ")


def test_the_word_source_is_no_country() -> None:
    with pytest.raises(AnswerError):
        prices.price_lines("source")


# Totals as published in pricing.md, 2021-03-10 and 2023-09-11.
PUBLISHED = {
    "price.group-3": "0.652",
    "price.pstn-out-10min": "0.17",
    "price.direct-routing-out-10min": "0.08",
    "price.omnichannel-direct-routing-10min": "0.08",
    "price.escalate-to-pstn": "0.29",
    "price.call-automation-tollfree-in": "0.24",
    "price.tollfree-in-redirect-direct-routing": "0.13",
}


def test_every_worked_example_adds_up_to_its_published_total() -> None:
    examples = prices.worked_examples()
    assert {example.id: example.published for example in examples} == {k: Decimal(v) for k, v in PUBLISHED.items()}
    assert [example.id for example in examples if example.total != example.published] == []


# ---------------------------------------------------------------- 4. getting a number


def test_the_steps_to_a_number_have_the_documented_limits() -> None:
    """Sources: service-limits.md, 2023-03-31; phone-numbers-portal-new.md, undated; the country pages, 2023-03-30."""
    texts = " ".join(step.text for step in planning.steps_to_a_number())
    limits = ("paid Azure subscription", "billing address", "pay-as-you-go", "5 searches a week", "16 minutes")
    assert [words for words in (*limits, "for a tenant: 1") if words not in texts] == []


def test_the_steps_to_a_number_say_who_may_still_buy() -> None:
    """Source: acs-retirement-and-breaking-changes-guide.md, 2026-08-18."""
    late = [step.text for step in planning.steps_to_a_number() if "From 2026-10-23" in step.text]
    assert any("had no numbers before: Cannot buy numbers." in text for text in late)
    assert any("Keeps its numbers and may buy more" in text for text in late)


def test_steps_are_numbered_from_one_without_a_gap() -> None:
    for steps in (planning.steps_to_a_number(), planning.steps_to_a_call()):
        assert [step.order for step in steps] == list(range(1, len(steps) + 1))


def test_no_step_is_left_with_a_figure_to_fill_in() -> None:
    assert [step for step in planning.steps_to_a_number() if "{" in step.text] == []


# ---------------------------------------------------------------- 5. calling a phone


def test_the_request_to_call_a_phone_is_what_microsofts_package_sends() -> None:
    """The bytes were captured from azure-communication-callautomation 1.6.0."""
    request = planning.create_call_request("+14255550100", "+14255550001", "https://contoso.com/calls")
    assert (request.method, request.path) == ("POST", "/calling/callConnections")
    assert json.loads(request.body) == {
        "targets": [{"rawId": "4:+14255550100", "phoneNumber": {"value": "+14255550100"}}],
        "sourceCallerIdNumber": {"value": "+14255550001"},
        "callbackUri": "https://contoso.com/calls",
    }


def test_a_call_request_holds_no_secret() -> None:
    assert [field.name for field in fields(planning.CallRequest)] == ["method", "path", "body", "source"]


@pytest.mark.parametrize("place", ["target", "caller_id"])
@pytest.mark.parametrize("case", cases("planning.toml", "not_e164"))
def test_a_number_that_is_not_e164_is_refused_by_its_place(case: dict[str, Any], place: str) -> None:
    numbers = {"target": "+14255550100", "caller_id": "+14255550001", place: case["number"]}
    with pytest.raises(NumberError) as caught:
        planning.create_call_request(**numbers, callback_uri="https://contoso.com/calls")
    assert caught.value.place == place
    assert caught.value.remedy


@pytest.mark.parametrize("case", cases("planning.toml", "unusable_callback"))
def test_a_callback_that_cannot_be_used_is_refused_and_not_repeated(case: dict[str, Any]) -> None:
    with pytest.raises(AnswerError) as caught:
        planning.create_call_request("+14255550100", "+14255550001", case["uri"])
    assert caught.value.place == "callback_uri"
    assert "hunter2" not in str(caught.value)


def test_a_callback_may_have_a_port_and_a_query() -> None:
    uri = "https://calls.contoso.com:8443/api/events?line=1"
    assert uri in planning.create_call_request("+14255550100", "+14255550001", uri).body


def test_the_words_for_calling_name_startcall_and_the_caller_id() -> None:
    text = " ".join(step.text for step in planning.steps_to_a_call())
    assert all(word in text for word in ("startCall", "alternateCallerId", "voip", "anonymous", "E.164"))
