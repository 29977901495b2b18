"""The pages of notebook 01 leave nothing of the facts out, and put nothing on a page without its source.

Laws: every clause stands on the page of its option, every slip of the translation beside its clause, a source in every
row; sources that disagree are both shown; what nobody read is called unknown; what a stranger writes is escaped, and a
value that cannot be used is an error in its place, with what to do next.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from acs_telephony.errors import AnswerError
from acs_telephony.facts import load
from acs_telephony.guide.exercises import check_certificate, check_opposites
from acs_telephony.guide.glossary import glossary, renamed
from acs_telephony.views import pages, steps
from acs_telephony.views.display import Shown
from acs_telephony.views.panels import checklist_panel, country_panel
from tests.conftest import ROOT

NOTEBOOK = ROOT / "notebooks" / "01_two_ways_to_the_phone_network.ipynb"
AS_OF = date(2026, 11, 22)
HOSTILE = '<script>alert("1")</script>'
# A day with its key, or a document whose date is given in words.
DATED = re.compile(r"(\d{4}-\d\d-\d\d|undated|date not seen|API version [\d-]+) \([A-Z0-9-]+\)|this kit's own word")
SLIPS = load("options")["seed_mistranslations"]


def rows(shown: Shown) -> list[list[str]]:
    """The rows of all tables, headings included, each a list of the text of its cells."""
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", shown.html)]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row] for row in found]


def ids(entry: Any, prefix: str) -> Iterator[str]:
    """Every id below an entry of the facts that begins with the prefix, wherever it stands."""
    if isinstance(entry, tuple):
        for one in entry:
            yield from ids(one, prefix)
    elif hasattr(entry, "items"):
        for key, value in entry.items():
            if key == "id" and str(value).startswith(prefix):
                yield value
            yield from ids(value, prefix)


def outputs() -> str:
    """The HTML of all outputs that the notebook keeps, without the places where a long name may break."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    return "".join("".join(one.get("text/html", "")) for one in data).replace("<wbr>", "")


# ---------------------------------------------------------------- both options


@pytest.mark.parametrize(("option", "count"), [("cloud", 9), ("sip", 13)])
def test_every_clause_stands_on_the_page_of_its_option(option: str, count: int) -> None:
    """Counted by hand: 3 criteria, 3 benefits, 2 notes, 1 requirement; and 4, 5, none, 3 with 1 exception."""
    wanted = set(ids(load("options"), f"{option}."))
    named = {row[0] for row in rows(pages.option_page(option))}

    assert len(wanted) == count
    assert wanted <= named
    assert [clause for clause in wanted if clause not in outputs()] == []


def test_every_clause_around_the_options_is_shown() -> None:
    wanted = list(ids(load("options")["page"], "page."))

    assert len(wanted) == 10
    assert [row[0] for row in rows(pages.page_clauses_table())[1:]] == wanted


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip["seed"][:40])
def test_every_slip_of_the_translation_stands_beside_its_clause(slip: dict[str, Any]) -> None:
    if slip["clause"] == "page":
        (row,) = [row for row in rows(pages.corrections_table()) if row[0] == slip["seed"]]
    else:
        tables = (pages.clauses_table("cloud"), pages.clauses_table("sip"), pages.page_clauses_table())
        (row,) = [row for one in tables for row in rows(one) if row[0] == slip["clause"]]

    assert all(slip[part].rstrip(".") in " ".join(row) for part in ("seed", "says_en", "meant_en", "meant_nl"))


def test_the_airline_and_the_reversed_sentence_are_set_right() -> None:
    """The two slips that change what a reader would do."""
    beside = {row[0]: row[2] for option in ("cloud", "sip") for row in rows(pages.clauses_table(option))}

    assert "airline" in beside["sip.requirement.carrier-contract"]
    assert "telephony carrier" in beside["sip.requirement.carrier-contract"]
    assert "not active, the opposite" in beside["cloud.benefit.no-on-premises"]
    assert "operates out of" in beside["cloud.benefit.no-on-premises"]


def test_the_names_of_2021_and_of_today_stand_side_by_side() -> None:
    named = {row[0]: (row[1], row[3]) for row in rows(pages.names_table())}

    assert named["cloud"] == ("Azure Cloud Calling", "Voice Calling (PSTN)")
    assert named["sip"] == ("SIP interface", "Azure direct routing")


def test_the_first_page_says_when_both_options_end() -> None:
    """Source: acs-retirement-and-breaking-changes-guide.md, 2026-08-18."""
    shown = pages.standing_page(AS_OF)

    assert all(words in shown.text for words in ("2026-10-23: closed to new customers", "2028-09-30: retired"))
    closed, going_on = "not available to you", "use and plan the move"
    assert [row[2] for row in rows(shown)[1:]] == [closed, closed, going_on, closed, "uncertain", going_on]
    assert [row[2] for row in rows(pages.standing_page(date(2029, 1, 1)))[1:]] == ["gone"] * 6


# ---------------------------------------------------------------- a source in every row

EVERY_PAGE = {
    "standing": pages.standing_page(AS_OF),
    "names": pages.names_table(),
    "cloud": pages.clauses_table("cloud"),
    "sip": pages.clauses_table("sip"),
    "around": pages.page_clauses_table(),
    "slips": pages.corrections_table(),
    "glossary": pages.glossary_table(),
    "one letter": pages.glossary_table("s"),
    "renamed": pages.renamed_table(),
    "number types": steps.number_types_table(),
    **{f"numbers {code}": steps.number_offers_table(code) for code in ("NL", "ES", "FR", "AU", "CH")},
    "checklist": steps.checklist_table("sbc1.contoso.com"),
    "sbcs": steps.sbc_table(),
    **{f"prices {code}": steps.prices_table(code) for code in ("NL", "ES", "AR")},
    "examples": steps.worked_examples_table(),
    "number": steps.number_steps(AS_OF, has_numbers=True),
    "call": steps.call_request("+31201234567", "+14255550001", "https://contoso.com/calls"),
}


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_every_row_has_a_source_and_its_date(name: str) -> None:
    heading, *body = rows(EVERY_PAGE[name])

    assert body
    assert [row for row in body if not DATED.search(row[-1])] == []
    assert len({len(row) for row in (heading, *body)}) == 1


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_a_page_and_its_text_say_the_same(name: str) -> None:
    # A long cell goes on below itself, broken at spaces and hyphens, so its words are found one by one.
    words = {word for row in rows(EVERY_PAGE[name]) for cell in row for word in re.split(r"[\s-]+", cell)}

    assert len(words) > 20
    assert [word for word in words if word not in EVERY_PAGE[name].text] == []


# ---------------------------------------------------------------- the five next steps


@pytest.mark.parametrize(
    ("shown", "sides"),
    [
        (steps.prices_table("ES"), ("0.165 USD a minute", "0.0165 USD a minute, a tenth")),
        (steps.number_offers_table("FR"), ("Are there French toll-free numbers?", "Only local numbers are listed.")),
        (steps.number_types_table(), ("Calls out only, in the US only.", "Calls out and in;")),
        (steps.checklist_table("sbc1.contoso.com", "domain"), ("No, only on a level below it.", "Not at all.")),
        (steps.number_offers_table("AU"), ("Toll-free only, and calls in only.", "Calls out are priced too")),
    ],
    ids=["Spain", "France", "number types", "domain", "Australia"],
)
def test_sources_that_disagree_are_both_shown(shown: Shown, sides: tuple[str, str]) -> None:
    assert "Mind. The sources disagree." in shown.text
    assert all(side in shown.text for side in sides)


def test_what_nobody_read_is_unknown_and_not_none() -> None:
    shown = steps.number_offers_table("AR")

    assert shown.text.startswith("Unknown. ")
    assert "not the same as none" in shown.text
    assert rows(shown) == []
    assert "in part only" in steps.number_offers_table("CH").text


def test_a_checklist_is_narrowed_to_its_topics() -> None:
    topics = {row[1] for row in rows(steps.checklist_table("sbc1.contoso.com", "dns", "firewall"))[1:]}

    assert topics == {"dns", "firewall"}
    assert len(rows(steps.checklist_table("sbc1.contoso.com"))) > 25


def test_thirteen_certified_sbcs_stand_in_six_rows() -> None:
    body = rows(steps.sbc_table())[1:]

    assert len(body) == 6
    assert sum(len(row[1].split("; ")) for row in body) == 13


@pytest.mark.parametrize(
    ("item", "usd"),
    [
        ("lease of a local number", "5.00"),
        ("call out with a local number", "from 0.165, see below"),
        ("call to ES, mobile", "0.0925"),
    ],
)
def test_a_price_keeps_every_digit_and_has_two_decimals_at_least(item: str, usd: str) -> None:
    assert {row[0]: row[1] for row in rows(steps.prices_table("ES"))}[item] == usd


def test_the_documented_examples_come_out_at_their_published_totals() -> None:
    body = rows(steps.worked_examples_table())[1:]

    assert len(body) == 7
    assert [row for row in body if row[2] != row[3]] == []


def test_getting_a_number_begins_with_whether_one_may() -> None:
    first = [steps.number_steps(AS_OF, has_numbers=has).text.splitlines()[0] for has in (False, True)]

    assert "not available to you" in first[0]
    assert "use and plan the move" in first[1]


def test_a_call_request_is_shown_with_its_body_and_with_how_long_it_will_do() -> None:
    text = steps.call_request("+31201234567", "+14255550001", "https://contoso.com/calls").text

    assert "POST https://<RESOURCE_NAME>.communication.azure.com/calling/callConnections" in text
    assert '"rawId": "4:+31201234567"' in text
    assert "Teams Phone Extensibility" in text


# ---------------------------------------------------------------- what cannot be used, and strangers


@pytest.mark.parametrize(
    ("shown", "remedy"),
    [
        (steps.number_offers_table("QQ"), "The sources cover: "),
        (steps.prices_table("QQ"), "The sources cover: "),
        (steps.checklist_table("sbc1.contoso.azure.com"), "Use a name of your own domain"),
        (steps.checklist_table("sbc1.contoso.com", "colour"), "Use some of: domain, dns"),
        (steps.call_request("020 123 4567", "+14255550001", "https://contoso.com"), "Write a plus"),
        (pages.option_page("fax"), "Use one of: 'cloud', 'sip'."),
        (pages.clauses_table("fax"), "Use one of: 'cloud', 'sip'."),
        (pages.corrections_table("cloud.criterion.region-available"), "There are some in: "),
        (pages.glossary_table("zeppelin"), "Give a word such as 'SBC'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_used_is_an_error_in_its_place_with_what_to_do(shown: Shown, remedy: str) -> None:
    assert shown.text.startswith("Error. ")
    assert remedy in shown.text


@pytest.mark.parametrize(
    "shown",
    [
        steps.number_offers_table(HOSTILE),
        steps.prices_table(HOSTILE),
        steps.checklist_table(HOSTILE),
        steps.checklist_table("sbc1.contoso.com", HOSTILE),
        steps.call_request(HOSTILE, HOSTILE, HOSTILE),
        steps.call_request("+31201234567", "+14255550001", f"https://contoso.com/?{HOSTILE}"),
        pages.option_page(HOSTILE),
        pages.corrections_table(HOSTILE),
        pages.glossary_table(HOSTILE),
    ],
)
def test_what_a_stranger_writes_is_escaped(shown: Shown) -> None:
    assert "<script" not in shown.html
    assert "alert" in shown.text or "refused for" in shown.text or shown.text.startswith("Error")


# ---------------------------------------------------------------- words


def test_a_term_is_found_by_any_of_its_names() -> None:
    for word in ("SIP interface", "direct routing", "azure direct ROUTING "):
        assert [term.term for term in glossary(word)] == ["SIP interface"]
    assert [term.term for term in glossary("calling client library")] == ["Calling SDK"]


def test_a_letter_finds_the_terms_that_begin_with_it() -> None:
    assert {term.term for term in glossary("pb")} == {"PBX"}
    assert {"SBC", "SIP", "standby"} <= {term.term for term in glossary("S")}


def test_without_a_word_the_terms_of_the_page_are_given() -> None:
    words = {term.term for term in glossary()}

    assert {"PSTN", "carrier", "SBC", "PBX"} <= words
    assert "witness" not in words


def test_a_word_nobody_knows_is_refused() -> None:
    with pytest.raises(AnswerError, match="none that begins with 'zeppelin'"):
        glossary("zeppelin")


def test_every_change_of_name_is_told_oldest_first() -> None:
    """Sources: telephony-concept.md of 2021-02-09 and of 2021-06-30."""
    names = {term.term: [naming.name for naming in term.names] for term in renamed()}

    assert names["Azure Cloud Calling"] == ["Azure Cloud Calling", "Voice Calling (PSTN)"]
    assert names["SIP interface"] == ["SIP interface", "Azure direct routing"]
    assert len(rows(pages.renamed_table())) == 1 + sum(map(len, names.values()))


def test_a_page_with_a_day_marks_the_sources_that_are_stale_on_it() -> None:
    for day, marked in ((date(2026, 11, 22), False), (date(9998, 1, 1), True)):
        for page in (pages.standing_page(day), steps.number_steps(day, has_numbers=True)):
            assert (", not read since 20" in page.text) is marked


# ---------------------------------------------------------------- panels


def test_the_country_panel_begins_with_the_answer_that_stands_below_it() -> None:
    panel = country_panel("NL")

    assert steps.number_offers_table("NL").html in panel.answer.value
    panel.controls["question"].value = "prices"
    panel.controls["country"].value = "ES"
    assert steps.prices_table("ES").html in panel.answer.value


def test_the_checklist_panel_keeps_its_last_good_answer() -> None:
    panel = checklist_panel("sbc1.contoso.com")
    good = steps.checklist_table("sbc1.contoso.com", "dns", "certificate", "firewall").html

    assert good in panel.answer.value
    panel.controls["fqdn"].value = HOSTILE
    assert "Use letters" in panel.error.value
    assert "<script" not in panel.error.value
    assert good in panel.answer.value
    panel.controls["fqdn"].value = " sbc2.contoso.com "
    assert panel.error.value == ""
    assert "sbc2.contoso.com" in panel.answer.value


# ---------------------------------------------------------------- exercises


def test_only_keeping_and_leaving_the_carrier_are_opposites() -> None:
    criteria = [c["id"] for option in load("options")["options"] for c in option["criteria"]]
    right = [(one, two) for one in criteria for two in criteria if one < two and check_opposites((one, two))]

    assert right == [("cloud.criterion.no-carrier-retention", "sip.criterion.retain-carrier")]


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (
            ("cloud.criterion.microsoft-managed", "sip.criterion.mixed-routing"),
            "Both hold for somebody who says yes to",
        ),
        (("cloud.benefit.call-worldwide", "sip.criterion.mixed-routing"), "is no clause that one can say yes or no to"),
        (("<b>", "sip.criterion.mixed-routing"), "is no clause"),
    ],
)
def test_a_wrong_pair_is_answered_with_somebody_who_shows_it(pair: tuple[str, str], words: str) -> None:
    check = check_opposites(pair)

    assert not check
    assert words in check.words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("*.contoso.com", "does not cover sbc1.eu.contoso.com"),
        ("sbc1.eu.contoso.com", "does not cover sbc2.eu.contoso.com"),
        ("*.*.contoso.com", "covers sbc1.us.contoso.com, which it should not"),
        ("*.eu.contoso.com", "covers sbc1.eu.contoso.com and sbc2.eu.contoso.com"),
        ("sbc*.eu.contoso.com", "covers sbc1.eu.contoso.com and sbc2.eu.contoso.com"),
    ],
)
def test_a_certificate_name_is_answered_with_an_fqdn_that_shows_it(name: str, words: str) -> None:
    """Source: direct-routing-sip-specification.md, 2023-06-15, quoting RFC 2818."""
    check = check_certificate(name, ("sbc1.eu.contoso.com", "sbc2.eu.contoso.com"), ("sbc1.us.contoso.com",))

    assert bool(check) is (".eu" in name and "*" in name)
    assert words in check.words
