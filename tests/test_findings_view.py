"""Findings, shares and changes as pages: nothing is rounded away or cut in silence, nothing hostile gets in."""

from __future__ import annotations

import re

import pytest

from acs_telephony.checking.auditing import Audit, Share, audit
from acs_telephony.checking.comparing import compare
from acs_telephony.checking.expecting import cover, meet, read_expectations
from acs_telephony.checking.route_table import RouteRow, RouteTable, table_of
from acs_telephony.tables import contoso, microsoft_three_routes
from acs_telephony.views.findings import (
    changes_page,
    coverage_table,
    expectations_page,
    findings_table,
    shares_table,
)

ALL = 999_999_999_999_990  # 9 * (10 + 100 + ... + 10**14)
HOSTILE = "<script>alert('1')</script>\x1b[31m"


def test_first_choices_and_nobody_are_shown_with_a_sum_that_is_all_of_e164() -> None:
    table = contoso()
    lines = str(shares_table(table, audit(table), most=60)).splitlines()

    assert len(lines) == 3 + 60 + 2
    counts = re.findall(r"([\d,]+) +(?:under |over )?[\d.]+ %", "\n".join(lines[3:]))
    *parts, total = (int(count.replace(",", "")) for count in counts)
    assert len(parts) == 61
    assert sum(parts) == total == ALL


def test_a_long_table_is_cut_and_its_sum_still_is_all_of_e164() -> None:
    table = contoso()
    shown = str(shares_table(table, audit(table)))

    assert "48 more routes" in shown
    assert f"{ALL:,}" in shown


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (1, "under 0.01 %"),
        (0, "0.00 %"),
        (ALL - 1, "over 99.99 %"),
        (ALL, "100.00 %"),
        (25 * ALL // 100, "25.00 %"),
        (None, "not counted"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_to_nothing(first: int | None, words: str) -> None:
    table = RouteTable((RouteRow("one", "^1$"),))
    nobody = None if first is None else ALL - first
    shown = str(shares_table(table, Audit((), (Share(first, 0),), nobody)))

    assert words in shown.splitlines()[3]


def test_findings_are_cut_and_counted_and_none_is_said() -> None:
    found = audit(contoso()).findings

    assert len(found) > 12
    assert str(findings_table(found)).startswith(f"Findings (12 of {len(found)})")
    assert "none" in str(findings_table([], "Errors"))


def test_of_a_pattern_that_cannot_be_read_no_share_is_known() -> None:
    table = RouteTable((RouteRow("broken", "("), RouteRow("good", r"^\+1\d{10}$")))
    lines = str(shares_table(table, audit(table))).splitlines()

    assert lines[3].split("  ")[-1].strip() == "not known"
    assert "10,000,000,000" in lines[4]


def test_a_change_outside_the_intended_set_is_the_first_thing_said() -> None:
    old, new = microsoft_three_routes(as_printed=True), microsoft_three_routes()

    assert changes_page(compare(old, new)).said.startswith("3 classes of numbers change outside the intended set.")
    # The twenty short codes such as 100 and 111 that the printed pattern takes: \d and one of 1 and 0 after a 1.
    meant = changes_page(compare(old, new, intended=[r"^\+1\d{10}$", r"^1\d[01]$"]))
    assert meant.said.startswith("Only what was meant to change does.")
    assert changes_page(compare(new, new)).said.startswith("No number changes its SBCs or their order: proven for all.")


def test_what_cannot_be_read_makes_no_change_proven() -> None:
    broken = RouteTable((RouteRow("broken", "(", ("sbc1.contoso.com",)),))
    same = RouteTable((RouteRow("other", "(", ("sbc1.contoso.com",)),))

    assert changes_page(compare(broken, same)).said.startswith("Not proven: 'broken' and 'other' cannot be read")


def test_expectations_that_hold_and_that_do_not() -> None:
    table = table_of(microsoft_three_routes())
    good, bad = (
        read_expectations(f'[[expect]]\nnumber = "+14255550100"\nroute = "{name}"\nbecause = "it is home"')
        for name in ("Redmond 1", "Redmond 2")
    )

    assert "1 expectation asked, and each holds" in str(expectations_page(meet(table, good), 1))
    assert "Expected: 'Redmond 2'" in " ".join(str(expectations_page(meet(table, bad), 1)).split())
    # Three classes: Redmond, the rest of +1, nobody.
    assert coverage_table(cover(table, good)).said.startswith("1 of 3 outcome classes")


def test_hostile_names_stay_words() -> None:
    rows = (RouteRow(HOSTILE, HOSTILE, (HOSTILE,)), RouteRow(HOSTILE, "^1$", (HOSTILE,)))
    table, calm = RouteTable(rows), RouteTable(rows[1:])
    answer = audit(table)
    for shown in (findings_table(answer.findings), shares_table(table, answer), changes_page(compare(table, calm))):
        assert "<script" not in shown.html
        assert "\x1b" not in shown.html + shown.text
