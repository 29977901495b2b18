"""The machine as a picture and as a table: all of it or the way of a number, with words for both, and never a hole."""

from __future__ import annotations

import re

import pytest

from acs_telephony.checking.route_table import RouteRow, RouteTable, table_of
from acs_telephony.errors import AnswerError
from acs_telephony.tables import contoso, microsoft_three_routes
from acs_telephony.views.machine import machine_picture, steps_table
from acs_telephony.views.pictures import Picture
from tests.test_diagrams import HOSTILE, edges, nodes, nothing_draws  # noqa: F401

REDMOND, ORLANDO, AMSTERDAM = "+14255550100", "+13215550100", "+31201234567"


def bold(picture: Picture) -> set[str]:
    """The states that the number comes through: their outline is thick."""
    return set(re.findall(r"^ +(s\d+) \[.*penwidth=2.4", picture.dot, flags=re.MULTILINE))


def test_three_routes_are_drawn_whole_with_ten_to_twenty_states() -> None:
    picture = machine_picture(microsoft_three_routes())

    assert len(nodes(picture.dot)) == 11
    assert "11 states for 3 patterns, 2 of them with routes that match" in picture.alt
    assert sum("Redmond 1" in label for label in nodes(picture.dot).values()) == 1
    assert bold(picture) == set()


def test_the_way_of_a_number_is_bold_and_ends_where_its_routes_stand_in_their_order() -> None:
    picture = machine_picture(microsoft_three_routes(), REDMOND)
    last = next(name for name, label in nodes(picture.dot).items() if "Redmond 1" in label)

    # start, +1, +14, +142, +1425, and the end
    assert len(bold(picture)) == 6
    assert last in bold(picture)
    assert re.search("1 Redmond 1.*2 Redmond 2.*3 Other", nodes(picture.dot)[last])
    assert picture.alt.endswith("these routes match: 1 Redmond 1, 2 Redmond 2, 3 Other +1.")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (AMSTERDAM, f"no arrow reads {AMSTERDAM}"),
        (REDMOND + "9", "no arrow reads 9"),
        (REDMOND[:-1], "it ends on the way"),
        ("+1", "it ends on the way"),
    ],
)
def test_a_number_that_no_route_matches_ends_at_a_stop(number: str, why: str) -> None:
    picture = machine_picture(microsoft_three_routes(), number)

    assert "none" in {head for _, head in edges(picture.dot)}
    assert picture.alt.endswith(f"{number}: no route matches, because {why}.")
    assert "matches, because" in picture.twin


def test_of_a_large_table_the_way_of_a_number_is_drawn() -> None:
    picture = machine_picture(contoso(), "+31611234567")

    assert len(nodes(picture.dot)) <= 14
    assert "5 nl-mobile-low, 7 nl-mobile" in picture.alt
    # One of the 60 is be-antwerp, which asks for a blank: nothing that can be dialled completes it.
    assert "59 routes can match" in picture.twin
    nowhere = machine_picture(contoso(), "+99912345678")
    assert "none" in nodes(nowhere.dot)
    assert nowhere.alt.endswith("no route matches.")


ROWS = table_of(contoso()).routes
TABLES = {
    "Microsoft's three": table_of(microsoft_three_routes()),
    "Microsoft's three, as printed": table_of(microsoft_three_routes(as_printed=True)),
    **{f"rows {i + 1} to {i + n}": RouteTable(ROWS[i : i + n]) for n in (1, 3, 8) for i in range(0, 60, 8)},
}


@pytest.mark.parametrize("named", [True, False], ids=["named", "patterns alone"])
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_machine_that_is_drawn_whole_can_be_read_on_a_projector(table: RouteTable, named: bool) -> None:
    """Shown at most 1,080 CSS pixels wide, its smallest words of 9 points (12 pixels) are then at least 11 high."""
    source = table if named else [row.number_pattern for row in table.routes]
    for number in (REDMOND, REDMOND + "9999", AMSTERDAM, "+31800123456789", "+1"):
        picture = machine_picture(source, number)
        if "as one machine" in picture.title:
            assert picture.width is not None
            assert picture.width <= 1150


def test_small_tables_and_the_example_of_microsoft_are_drawn_whole_for_every_number() -> None:
    three = microsoft_three_routes()
    patterns = [route.number_pattern for route in three.configuration.routes]
    for source in (three, patterns, ["^112$", r"^11\d$", r"^1\d\d$"], [ROWS[0].number_pattern]):
        numbers = ("", "1", "112", "113", "1129", AMSTERDAM, REDMOND, REDMOND + "9" * 20, "+1425")
        assert {machine_picture(source, number).title.split(" ", 2)[2] for number in numbers} == {"as one machine"}


def test_a_machine_that_is_too_wide_is_drawn_along_the_number() -> None:
    """Eight Dutch routes have 18 states in a picture of about 1,700 pixels."""
    patterns = [row.number_pattern for row in ROWS[:8]]

    assert machine_picture(patterns, "+31611234567").title == "The way of +31611234567 through 8 patterns"
    with pytest.raises(AnswerError, match="too large for a picture"):
        machine_picture(patterns)


@pytest.mark.usefixtures("nothing_draws")
def test_where_nothing_draws_the_states_alone_decide() -> None:
    assert machine_picture([row.number_pattern for row in ROWS[:8]]).title == "8 patterns as one machine"


def test_a_large_table_without_a_number_is_refused_with_what_to_do() -> None:
    with pytest.raises(AnswerError, match="Give a number"):
        machine_picture(contoso())
    with pytest.raises(AnswerError, match="Put the pattern in brackets"):
        machine_picture("^1$")


def test_steps_name_what_still_can_match_and_what_does() -> None:
    lines = str(steps_table([r"^\+12\d$", r"^\+1\d\d$"], "+123")).splitlines()

    assert [line.split()[0] for line in lines[3:]] == ["(nothing)", "+", "+1", "+12", "+123"]
    assert lines[-1].count("+12") == 3  # the number, and route 1 twice
    lost = str(steps_table([r"^\+12\d$"], "+13")).splitlines()
    assert lost[-1].split() == ["+13", "none", "none"]


@pytest.mark.parametrize("number", [REDMOND, AMSTERDAM])
def test_a_pattern_that_cannot_be_read_is_said_wherever_the_machine_is_shown(number: str) -> None:
    table = ["(", r"^\+1\d{10}$"]

    for shown in (machine_picture(table), machine_picture(table, number)):
        assert "Not proven: row 1 cannot be read" in shown.dot
        assert "Not proven: row 1 cannot be read" in shown.twin
    large = RouteTable((*(RouteRow(f"r{i}", f"^{i}{{9}}\\d*[{i}8]") for i in range(8)), RouteRow("x", "(")))
    assert "Not proven: row 9 cannot be read" in machine_picture(large, number).twin
    assert "Not proven: row 1 cannot be read" in str(steps_table(table, number))


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("number", ["1", "<b>\x1b\u202e\\N" * 9])
def test_hostile_names_and_numbers_stay_words(name: str, number: str) -> None:
    table = RouteTable((RouteRow(name, "^1$"), RouteRow(name, name)))
    picture = machine_picture(table, number)

    assert picture.dot.isascii()
    assert picture.svg() is not None
    for text in (picture.alt, picture.twin.replace("\n", ""), str(steps_table(table, number)).replace("\n", "")):
        assert text.isprintable()
    assert "<script" not in steps_table(table, number).html


def test_a_number_of_a_thousand_digits_is_still_a_picture() -> None:
    picture = machine_picture(microsoft_three_routes(), "+1425" + "0" * 1000)

    assert picture.svg() is not None
    assert len(picture.dot) < 20_000
