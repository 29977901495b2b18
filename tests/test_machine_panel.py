"""The machine panel in Python: patterns and a number in, the states that the number comes through out."""

from __future__ import annotations

import pytest

from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.tables import contoso, microsoft_three_routes
from acs_telephony.views.panels import machine_panel
from acs_telephony.views.panels.panel import Panel


@pytest.fixture
def panel() -> Panel:
    return machine_panel(microsoft_three_routes())


def test_two_routes_with_one_pattern_keep_their_names(panel: Panel) -> None:
    assert "1 Redmond 1, 2 Redmond 2, 3 Other +1" in panel.answer.value

    panel.controls["patterns"].value = "^1$\n" + panel.controls["patterns"].value
    assert "2 Redmond 1, 3 Redmond 2, 4 Other +1" in panel.answer.value


@pytest.mark.parametrize(
    ("number", "read", "possible", "matches"),
    [
        ("+1 (321) 555-0100", 3, "3 Other +1", "none"),
        ("+1 (321) 555-0100", -1, "3 Other +1", "3 Other +1"),
        ("+14255550100", 0, "1 Redmond 1, 2 Redmond 2, 3 Other +1", "none"),
        ("+31", -1, "none", "none"),
    ],
)
def test_as_much_of_a_number_as_is_asked_for_is_read(
    panel: Panel, number: str, read: int, possible: str, matches: str
) -> None:
    panel.controls["number"].value = number
    panel.controls["read"].value = read

    assert panel.error.value == ""
    assert f"Still can match: {possible}." in panel.answer.value
    assert f"Match, if the number ends here: {matches}." in panel.answer.value


@pytest.mark.parametrize(
    ("control", "value", "words"),
    [
        ("patterns", "^1$\n^(1", "never closed"),
        ("patterns", " \n ", "there are 0 patterns"),
        ("patterns", "^1$\n" * 21, "there are 21 patterns"),
        ("number", "<b>", "cannot be dialled"),
    ],
)
def test_a_mistake_is_said_and_the_last_answer_stays(panel: Panel, control: str, value: str, words: str) -> None:
    good = panel.answer.value
    panel.controls[control].value = value

    assert words in panel.error.value
    assert "<b>" not in panel.error.value
    assert panel.answer.value == good
    assert panel.controls[control].value == value
    if "never" in words:
        assert ">  ^(1\n   ^\nThe answer below" in panel.error.value  # the caret stands under the bracket


def test_a_table_of_sixty_routes_is_too_much_for_this_panel_and_says_so() -> None:
    assert "there are 60 patterns" in machine_panel(contoso()).error.value


def test_a_machine_that_is_too_large_is_drawn_when_a_character_is_read() -> None:
    panel = machine_panel(RouteTable(table_of(contoso()).routes[:8]), "+31611234567")
    assert "The way of +31611234567 through 8 patterns" in panel.answer.value

    panel.controls["read"].value = 0
    assert panel.error.value == ""
    assert "Read: (nothing)." in panel.answer.value
    assert "When a character is read" in panel.answer.value
