"""What a change moves, at a glance: every number is counted once, every move is drawn or counted, and said in words."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from acs_telephony import compare, contoso, generated, microsoft_three_routes
from acs_telephony.checking.comparing import Comparison
from acs_telephony.checking.expecting import Expectation
from acs_telephony.checking.route_table import RouteRow, RouteTable, table_of
from acs_telephony.views.changes import balance_table, edits_table, moves_picture, rows_table, strength_table
from tests.test_comparing import table_from
from tests.test_diagrams import HOSTILE, edges, nodes
from tests.test_patterns import ALL_E164

CONTOSO = table_of(contoso())
SORTED = replace(CONTOSO, routes=tuple(sorted(CONTOSO.routes, key=lambda row: row.name)))
LUXEMBOURG = table_from([["lu", r"^\+352\d{6}", "s1"]])

CHANGES = {
    "nothing": compare(CONTOSO, CONTOSO),
    "the printed pattern": compare(microsoft_three_routes(as_printed=True), microsoft_three_routes()),
    "sorted by name, half of it meant": compare(CONTOSO, SORTED, intended=[r"^\+4"]),
    "everything lost": compare(generated(30, 1), RouteTable(())),
    "a loose end taken away": compare(LUXEMBOURG, table_from([["lu", r"^\+352\d{6}$", "s1"]])),
}
each_change = pytest.mark.parametrize("comparison", CHANGES.values(), ids=CHANGES)


def counts(comparison: Comparison) -> dict[str, int]:
    rows = re.findall(r"^(.*?) {2,}(-?[\d,]+)$", balance_table(comparison).text, flags=re.MULTILINE)
    return {what: int(count.replace(",", "")) for what, count in rows}


@each_change
def test_every_number_of_e164_is_counted_once(comparison: Comparison) -> None:
    rows = list(counts(comparison).values())

    assert rows[-1] == ALL_E164 == sum(rows[:-1])
    assert rows[0] == comparison.unchanged


def test_what_was_meant_and_what_was_not_are_told_apart() -> None:
    """By hand: the routes of Redmond gain a standby for 2 times 10^7 numbers; 10^10 less these had no route."""
    printed, meant = microsoft_three_routes(as_printed=True), microsoft_three_routes()
    rows = counts(compare(printed, meant, intended=[r"^\+1(425|206)\d{7}$"]))

    assert rows["move, and were meant to"] == 20_000_000
    assert rows["move, and were not meant to"] == 10**10 - 20_000_000


def test_what_moves_under_the_other_reading_alone_is_not_counted_as_two() -> None:
    """By hand: after +352, 7 to 12 more digits, which a whole match of six digits did not take."""
    rows = counts(compare(LUXEMBOURG, table_from([["lu", r"^\+352\d{6}\d*$", "s1"]])))

    moved = sum(10**digits for digits in range(7, 13))
    assert rows["keep their SBCs and the order of these"] == ALL_E164
    assert rows["move, and were not meant to"] == moved
    assert list(rows.values())[-2:] == [-moved, ALL_E164]


def test_a_route_that_cannot_be_read_leaves_the_balance_unproven() -> None:
    unread = compare(table_from([["odd", "^(", "s1"]]), table_from([["nl", r"^\+31\d{9}$", "s1"]]))

    assert "Not proven" in balance_table(unread).text


def test_rows_keep_their_place_in_the_whole_table() -> None:
    table = table_from([["be", r"^\+32\d{8}$", "s1"], ["nl", r"^\+31\d{9}$", "s1 s2"], ["nl-2", r"^\+31", ""]])
    rows = [re.split(r" {2,}", line) for line in rows_table("Dutch", table, "nl").text.splitlines()[3:]]

    assert rows == [["2", "nl", r"^\+31\d{9}$", "s1, s2"], ["3", "nl-2", r"^\+31", "none"]]
    assert len(rows_table("All", table).text.splitlines()) == 6


def test_edits_stand_beside_one_another_with_what_they_lose() -> None:
    """By hand: two area codes of seven more digits; and a pattern that nobody can read."""
    two, one = r"^\+1(425|206)\d{7}$", r"^\+1425\d{7}$"
    old = table_from([["a", two, "s1"], ["b", one, "s2"]])
    edits = {
        "the first away": table_from([["b", one, "s2"]]),
        "the second away": table_from([["a", two, "s1"]]),
        "another name": table_from([["c", two, "s1"], ["b", one, "s2"]]),
        "a slip": table_from([["a", two, "s1"], ["b", "^(", "s2"]]),
    }
    rows = [re.split(r" {2,}", line) for line in edits_table(old, edits).text.splitlines()[3:]]

    assert rows == [
        ["the first away", "20,000,000", "10,000,000", "proven"],
        ["the second away", "10,000,000", "0", "proven"],
        ["another name", "0", "0", "proven"],
        ["a slip", "10,000,000", "0", "not proven"],
    ]


def test_expectations_that_notice_more_leave_less() -> None:
    """By hand: two classes, with and without a route; a route alone can be dropped, or take one digit more."""
    table = table_from([["nl", r"^\+31\d{9}$", "s1"]])
    nl = Expectation(number="+31201234567", route="nl", because="home")
    longer = Expectation(number="+312012345678", nobody=True, because="a digit too many")
    shown = strength_table(table, {"none": (), "one": (nl,), "both": (nl, longer)})

    rows = [re.split(r" {2,}", line) for line in shown.text.splitlines()[3:]]
    assert rows == [["none", "0", "2", "2"], ["one", "1", "1", "1"], ["both", "2", "0", "0"]]


@each_change
@pytest.mark.parametrize("most", [1, 6, 1000])
def test_every_move_is_drawn_or_counted_and_said(comparison: Comparison, most: int) -> None:
    picture = moves_picture(comparison, most)
    moves = {(one.old_trunks, one.new_trunks, one.intended, one.domain) for one in comparison.changes}
    more = re.search(r"and (\d+) more", nodes(picture.dot).get("more", ""))

    arrows = re.findall(r"^ +\w+ -> \w+ \[", picture.dot, flags=re.MULTILINE)
    assert len(arrows) + (int(more[1]) if more else 0) == len(moves)
    assert len(picture.twin.splitlines()) == max(1, len(moves))
    assert picture.twin.splitlines()[0] in picture.alt
    assert picture.svg() is not None
    for one in comparison.changes if len(moves) <= most else ():
        drawn = html.unescape(picture.dot)
        assert {fqdn for its in one.old_trunks + one.new_trunks for fqdn in its if fqdn not in drawn} == set()


def test_an_arrow_that_was_not_meant_says_so_and_is_thicker() -> None:
    picture = moves_picture(CHANGES["sorted by name, half of it meant"], 1000)
    arrows = [line for line in picture.dot.splitlines() if re.match(r" +\w+ -> ", line)]

    assert {"not meant" in line for line in arrows} == {True, False}
    for line in arrows:
        assert ('penwidth="3.2"' in line or "penwidth=3.2" in line) == ("not meant" in line)
    assert "not meant to move" in picture.twin


@each_change
def test_a_move_that_is_not_sure_says_so_on_its_arrow_and_is_dashed(comparison: Comparison) -> None:
    picture = moves_picture(comparison, 1000)
    arrows = [line for line in picture.dot.splitlines() if re.match(r" +\w+ -> ", line)]
    doubtful = ["depends on" in line or "not proven" in line for line in picture.twin.splitlines()[: len(arrows)]]

    assert ["not sure" in line for line in arrows] == doubtful
    assert ['style="dashed"' in line for line in arrows] == doubtful
    for why in {one.certainty for one in comparison.changes} - {"certain"}:
        assert f"Not sure (dashed): {why}" in html.unescape(picture.dot)
    assert ("Not sure (" in picture.dot) == any(doubtful)


def test_the_cases_hold_moves_that_are_sure_and_such_that_are_not() -> None:
    drawn = [moves_picture(comparison, 1000).dot for comparison in CHANGES.values()]

    assert {"not sure" in dot for dot in drawn if " -> " in dot} == {True, False}


def test_a_number_that_loses_every_sbc_goes_to_nobody() -> None:
    labels = nodes(moves_picture(CHANGES["everything lost"]).dot)

    assert [label for name, label in labels.items() if name.startswith("n") and "nobody" in label]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_name_of_a_trunk_changes_words_and_nothing_else(name: str) -> None:
    def drawn(fqdn: str) -> str:
        new = RouteTable((RouteRow("nl", r"^\+31\d{9}$", (fqdn, "s2")),))
        picture = moves_picture(compare(RouteTable(()), new))
        assert picture.alt.isprintable()
        assert picture.twin.replace("\n", "").isprintable()
        assert picture.svg() is not None
        return picture.dot

    hostile, plain = drawn(name), drawn("plain")
    assert hostile.isascii()
    assert (set(nodes(hostile)), edges(hostile)) == (set(nodes(plain)), edges(plain))
