"""Live calls side by side: every SBC tried or passed over has its row, and what no document says is unknown."""

from __future__ import annotations

from dataclasses import replace

from acs_telephony.live.sip.health import in_words
from acs_telephony.live.sip.values import Event
from acs_telephony.views.outages import attempts_table, end_reasons_table, health_table
from tests.test_explaining import ANSWERED, ONE, TWO, attempt, dropped

EXPIRED = Event("event", 0.0, "ACS", ONE, "certificate has expired", "certificate")
LOST = replace(dropped(attempt(ONE, 503, "certificate"), attempt(TWO, 408, "silence")), events=(EXPIRED,))


def rows(text: str) -> list[list[str]]:
    """The cells of the table in a Markdown text, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip().replace("\\", "") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_each_sbc_has_a_row_with_what_came_of_it() -> None:
    shown = attempts_table("Calls", {"lost": LOST, "answered": replace(ANSWERED, skipped=("sbc3.contoso.biz",))})

    assert rows(shown.markdown) == [
        ["lost", ONE, "TLS fails (certificate has expired): counts as 503", "fails over"],
        ["lost", TWO, "no final code: counts as 408", "fails over"],
        ["lost", "", "at the end", "The call is dropped: no SBC took the call."],
        ["answered", "sbc3.contoso.biz", "demoted: no INVITE", "is not tried"],
        ["answered", ONE, "503", "fails over"],
        ["answered", TWO, "200", "answers"],
    ]
    assert "A second of the documents lasts 0.1 s here." in shown.text


def test_the_logs_say_unknown_where_no_document_says_a_code() -> None:
    shown = end_reasons_table("Logs", {"lost": LOST, "answered": ANSWERED})

    assert [row[:3] for row in rows(shown.markdown)] == [["lost", "408", "unknown"], ["answered", "0", "560000"]]
    assert "troubleshooting-pstn-call-failures.md, 2023-11-24" in shown.text


def test_health_is_told_in_the_words_of_the_portal() -> None:
    """Source of the words: direct-routing-provisioning.md, 2023-06-22."""
    health = {ONE: in_words(0.0, True, 0.0, "good"), TWO: in_words(0.0, True, 181.0, "expired")}

    assert rows(health_table("Now", health).markdown) == [
        [ONE, "Active", "Active", "Online", "tried"],
        [TWO, "CertExpired", "Expired", "Warning", "not tried"],
    ]


def test_what_a_reader_called_a_call_cannot_become_html() -> None:
    assert "<b>" not in attempts_table("<b>", {"<b>": LOST}).html + end_reasons_table("<b>", {"<b>": LOST}).html
