"""What a reader sees: tables and words for calls, and the panel that dials; whatever a stranger wrote is escaped.

Panels are driven by setting the values of their controls, which is what a reader's hand does.
"""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from acs_telephony.errors import PatternError
from acs_telephony.models import Resource, SipConfiguration, Trunk, VoiceRoute
from acs_telephony.receiving import receive
from acs_telephony.routing import dial
from acs_telephony.tables import contoso, generated, microsoft_three_routes
from acs_telephony.views.arrivals import arrival_path, arrival_words
from acs_telephony.views.display import notice, sentences, table, together
from acs_telephony.views.panels import dial_panel
from acs_telephony.views.panels.panel import Panel
from acs_telephony.views.words import (
    calls_table,
    codes_table,
    journey_table,
    journey_words,
    routes_table,
    typed_table,
)

HOSTILE = "<script>alert(1)</script>&\"'\x1b[31m\u202e|%s\n"


def words(page: str) -> str:
    """The text of a page as a person reads it."""
    page = page.replace("<wbr>", "")
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page))).strip()


def hostile_resource() -> Resource:
    route = VoiceRoute(name=HOSTILE, number_pattern=r"^\+\d+$", trunks=("sbc.contoso.com",), caller_id_override=HOSTILE)
    broken = VoiceRoute(name=HOSTILE * 2, number_pattern=f"({HOSTILE}", trunks=("sbc.contoso.com",))
    trunk = Trunk(fqdn="sbc.contoso.com", sip_signaling_port=5061)
    return Resource(configuration=SipConfiguration(trunks=(trunk,), routes=(route, broken)))


# --- display


def test_a_table_is_a_table_for_everybody() -> None:
    shown = table("Caption", ("a", "b"), [("1", "two"), ("3", "four")])

    assert shown.html.count('scope="col"') == 2
    assert shown.html.count('scope="row"') == 2
    assert "<caption" in shown.html
    assert shown.text.splitlines()[0] == "Caption"
    assert words(shown.html) == "Caption a b 1 two 3 four"


def test_a_long_cell_goes_on_below_itself_in_text() -> None:
    lines = table("c", ("x", "y"), [("a", "word " * 30)]).text.splitlines()

    assert max(map(len, lines)) < 60
    assert " ".join(lines).count("word") == 30


@pytest.mark.parametrize(
    "shown",
    [
        table(HOSTILE, (HOSTILE,), [(HOSTILE,)]),
        sentences([HOSTILE]),
        notice("Error", HOSTILE),
        notice("Error", f"{HOSTILE}\n{HOSTILE}"),
    ],
    ids=["table", "sentences", "notice", "notice of several lines"],
)
def test_words_from_strangers_are_harmless(shown: Any) -> None:
    assert "<script" not in shown.html
    assert "\x1b" not in shown.html + shown.text
    assert "\u202e" not in shown.html + shown.text


def test_an_error_keeps_its_caret_in_place() -> None:
    error = PatternError("wrong", pattern="^+1(  x", position=5)
    page = notice("Error", str(error)).html

    inside = html.unescape(re.search(r"<pre[^>]*>(.*)</pre>", page, re.DOTALL)[1])  # type: ignore[index]
    assert inside.splitlines() == ["  ^+1(  x", "       ^"]


# --- calls in words


def test_the_words_of_a_journey_name_every_step() -> None:
    states = {"sbc1.contoso.biz": 503, "sbc2.contoso.biz": "silent", "sbc3.contoso.biz": "demoted"}
    shown = journey_words(dial(microsoft_three_routes(), "+1 425 555 0100", sbcs=states))  # type: ignore[arg-type]

    assert "+14255550100" in shown.text
    assert "sbc1.contoso.biz says 503 and fails over" in shown.text
    assert "sbc2.contoso.biz is silent and fails over" in shown.text
    assert "sbc3.contoso.biz is demoted and is not tried" in shown.text
    assert "sbc4.contoso.biz takes the call" in shown.text
    assert "Not reached" in shown.text


def test_doubts_are_said_with_the_answer() -> None:
    def said(number: str, **more: Any) -> str:
        return journey_words(dial(contoso(), number, **more)).text

    assert "If the whole number has to match, these routes do: none." in said("+352 123 456 789")
    assert "If a pattern matches anywhere in it, these routes do: lu-all." in said("+352 123 456 789", reading="whole")
    assert "Unknown. No source says in which form a code" in said("112")
    assert "Mind. +1840000000: too few digits" in said("+1840000000")
    assert "Mind. Some orders of trying" in said("+31 20 123 4567", sbcs={"ams1.contoso.com": 486})
    assert "Mind." not in said("+31 20 123 4567")


def test_an_unreadable_route_is_an_error_beside_the_answer() -> None:
    shown = journey_words(dial(hostile_resource(), "+31201234567"))

    assert "cannot be read; whether it matches is not known" in shown.text
    assert "never closed" in shown.text
    assert "<script" not in shown.html


def test_long_lists_are_cut_and_counted() -> None:
    resource = generated(250, seed=5)
    wide = VoiceRoute(name="wide", number_pattern=".*", trunks=tuple(t.fqdn for t in resource.configuration.trunks))
    routes = tuple(wide.model_copy(update={"name": f"wide {i}"}) for i in range(40))
    many = resource.model_copy(update={"configuration": resource.configuration.model_copy(update={"routes": routes})})

    journey = dial(many, "+14255550100")
    assert "(12 of 250)" in routes_table(resource).text
    assert "(12 of 320)" in journey_table(journey).text
    assert "and 34 more" in journey_words(journey).text
    assert len(journey_words(journey).text) < 2500


def test_tables_of_calls_and_codes_have_a_row_for_each() -> None:
    resource = microsoft_three_routes()
    calls = calls_table("x", {"a": dial(resource, "+1 425 555 0100"), "b": dial(resource, "+31 20 123 4567")})

    assert "sbc1.contoso.biz takes the call" in words(calls.html)
    assert "The call is dropped" in words(calls.html)
    assert [code in codes_table().text for code in ("408 ", "486 ", "603 ")] == [True, True, True]
    assert "Choose a country" in typed_table(["020 123 4567"]).text


def test_a_table_of_calls_hides_no_doubt() -> None:
    """A short answer beside others must not look surer than the whole one."""
    shown = calls_table(
        "x",
        {
            "unread": dial(hostile_resource(), "+31201234567"),
            "reading": dial(contoso(), "+352 123 456 789"),
            "sure": dial(contoso(), "+31 20 123 4567"),
        },
    )

    doubts = {line.split()[0]: line for line in re.findall(r"<tr>.*?</tr>", shown.html) for line in [words(line)]}
    assert "Not proven" in doubts["unread"]
    assert "Depends on how the service matches" in doubts["reading"]
    assert "Not proven" not in doubts["sure"]
    assert "Depends" not in doubts["sure"]


def test_an_arrival_is_told_and_drawn() -> None:
    arrival = receive(contoso(), "+31201234567", contact="192.0.2.1")

    assert "403" in arrival_words(arrival).text
    assert "403" in arrival_path(arrival).alt
    assert "403" in arrival_path(arrival).twin


def test_every_view_of_a_hostile_resource_is_harmless() -> None:
    resource = hostile_resource()
    journey = dial(resource, "+31201234567")
    shown = together(journey_words(journey), journey_table(journey), routes_table(resource))

    assert "<script" not in shown.html
    assert "\x1b" not in shown.html + shown.text


# --- the panel


def change(panel: Panel, **values: Any) -> None:
    for name, value in values.items():
        panel.controls[name].value = value


def test_the_panel_opens_with_an_answer_that_has_words_a_picture_and_tables() -> None:
    panel = dial_panel()

    assert "sbc1.contoso.biz takes the call" in words(panel.answer.value)
    assert panel.answer.value.count("<img ") == 1
    assert panel.answer.value.count("<table") == 2
    assert panel.error.value == ""
    assert len(repr(panel)) < 110


def test_the_panel_says_what_its_static_twin_says() -> None:
    twin = journey_words(dial(microsoft_three_routes(), "+1 425 555 0100"))

    assert words(twin.html) in words(dial_panel().answer.value)


def test_one_control_has_one_visible_consequence() -> None:
    panel = dial_panel()
    change(panel, **{"sbc1.contoso.biz": 486})
    assert "ends the call with 486" in words(panel.answer.value)
    change(panel, **{"sbc1.contoso.biz": "answers"})
    change(panel, number="321 555 0100", country="US")
    assert "sbc5.contoso.biz takes the call" in words(panel.answer.value)
    change(panel, number="020 123 4567", country="NL")
    assert "dropped" in words(panel.answer.value)


def test_the_panel_follows_the_reading_and_the_caller_id() -> None:
    panel = dial_panel(contoso(), "+352 123 456 789")
    assert "ams1.contoso.com takes the call" in words(panel.answer.value)
    change(panel, reading="whole")
    assert "dropped" in words(panel.answer.value)
    change(panel, caller_id="+1 425 555 0111")
    assert "Voice Calling (PSTN) takes the call" in words(panel.answer.value)


@pytest.mark.parametrize("nonsense", ["call mum", "", "9" * 90, "020 123 4567", HOSTILE])
def test_nonsense_gets_an_error_in_place_and_the_last_good_answer_stays(nonsense: str) -> None:
    panel = dial_panel()
    before = panel.answer.value

    change(panel, number=nonsense)

    assert "Error." in words(panel.error.value)
    assert "The answer below is the last good one." in words(panel.error.value)
    assert "<script" not in panel.error.value
    assert panel.answer.value == before
    change(panel, number="+1 206 555 0100")
    assert panel.error.value == ""
    assert "+12065550100" in words(panel.answer.value)


def test_a_resource_with_many_sbcs_gets_eight_controls_or_those_that_are_named() -> None:
    trunks = tuple(Trunk(fqdn=f"sbc{i}.example.com", sip_signaling_port=5061) for i in range(20))
    route = VoiceRoute(name="all", number_pattern=".*", trunks=tuple(trunk.fqdn for trunk in trunks))
    resource = Resource(configuration=SipConfiguration(trunks=trunks, routes=(route,)))

    assert [name for name in dial_panel(resource).controls if name.startswith("sbc")] == [t.fqdn for t in trunks[:8]]
    busy = journey_words(dial(resource, "+14255550100", sbcs={"sbc19.example.com": 486}))
    assert "sbc19.example.com ends the call with 486" in busy.text
    named = dial_panel(resource, sbcs=["sbc19.example.com"])
    change(named, **{"sbc19.example.com": 486})
    assert "ends the call with 486" in words(named.answer.value)
