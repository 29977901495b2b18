"""The map as a picture says what the map holds, to the eye, in its alternative text and in words; its tables add up.

Expected numbers come from a table of prefixes whose counts are plain powers of ten.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

import pytest

from acs_telephony import contoso
from acs_telephony.checking.route_table import RouteRow, RouteTable
from acs_telephony.errors import AnswerError
from acs_telephony.guide.mapping import NumberMap, OutcomeClass, Part, map_numbers, of_length, valid_numbers
from acs_telephony.numbers import countries, number_types
from acs_telephony.views.display import Shown
from acs_telephony.views.number_map import (
    classes_table,
    costly_table,
    emergency_table,
    gaps_table,
    map_page,
    number_map,
    percent,
)
from acs_telephony.views.palette import TONES
from acs_telephony.views.panels import map_panel
from tests.test_diagrams import HOSTILE, SVG

#: Of the numbers of eight digits that begin with +9: all of +90, a tenth of +91, and none of the others.
NINES = RouteTable(
    tuple(
        RouteRow(name, pattern, trunks)
        for name, pattern, trunks in [
            ("wide", r"^\+90\d{6}$", ("s1",)),
            ("narrow", r"^\+9[01]5\d{5}$", ("s2",)),
            ("loose", r"^\+90123", ("s3",)),
            ("codes", r"^(112|\+911)$", ("s1",)),
        ]
    )
)
NINE = map_numbers(NINES, "+9", domain=of_length(8), digits=1)
UNREADABLE = RouteTable((RouteRow("nl", r"^\+31\d{9}$", ("s1",)), RouteRow("broken", r"^\+32(", ("s1",))))


def drawn_cells(found: NumberMap) -> list[tuple[str, str]]:
    """The words of each cell of the grid and its ground, from the DOT text."""
    dot = number_map(found).dot
    grounds = {tone.fill: state for state, tone in TONES.items()}
    cells = re.findall(r'<TD BGCOLOR="(#\w+)"[^>]*><TABLE.*?</TABLE></TD></TR></TABLE></TD>', dot)
    whole = re.findall(r'<TD BGCOLOR="#\w+"[^>]*>(<TABLE.*?</TABLE></TD></TR></TABLE>)</TD>', dot)
    texts = [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in whole]
    return [(text, grounds[ground]) for text, ground in zip(texts, cells, strict=True)]


def rows(shown: Shown) -> list[list[str]]:
    """The cells of the first table's body, as a reader sees them."""
    body = re.search(r"<tbody>(.*?)</tbody>", shown.html, re.DOTALL)
    assert body is not None
    lines = re.findall(r"<tr>(.*?)</tr>", body[1])
    return [
        [html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line)]
        for line in lines
    ]


# ---------------------------------------------------------------- the picture


def test_a_cell_says_its_digits_its_share_and_whether_it_is_sure() -> None:
    assert drawn_cells(NINE) == [("0 TR all*", "good"), ("1 IN 10.00 %", "warn")] + [
        (f"{digit} {country}".strip() + " nobody", "idle")
        for digit, country in zip(range(2, 10), ("PK", "AF", "LK", "MM", "", "", "IR", ""), strict=True)
    ]


def test_a_cell_of_a_country_names_it_and_one_without_numbers_is_blank() -> None:
    """Of +90 and 0 to 13 digits more, `loose` takes those that go on with 123: 1 in 1,000 and less."""
    cells = [words for words, _ in drawn_cells(map_numbers(NINES))]
    assert len(cells) == 90
    assert [words for words in cells if words.startswith("90")] == ["90 TR 0.10 %*"]
    assert "35 nobody" in cells
    dutch = {words[:2] for words, _ in drawn_cells(map_numbers(NINES, "+31", domain=valid_numbers("NL")))}
    known, random = re.compile(valid_numbers("NL").pattern), Random(31)
    tried = [f"+31{random.randrange(10**digits):0{digits}}" for digits in (7, 9, 11) for _ in range(20_000)]
    seen = {number[3:5] for number in tried if known.search(number)}
    assert seen <= dutch
    assert {"20", "66", "97"} <= seen
    assert dutch - seen == {"14"}  # its numbers are far too few to be met by chance


@pytest.mark.parametrize("found", [NINE, map_numbers(NINES), map_numbers(contoso(), "+31")], ids=["9", "all", "31"])
def test_the_words_hold_every_cell_with_its_share(found: NumberMap) -> None:
    twin = number_map(found).twin
    lines = dict(line.removesuffix(".").split(": ") for line in twin.splitlines() if re.match(r"^[^:]*: \+", line))
    told = {
        f"+{number}": share
        for share, ranges in lines.items()
        for one in ranges.split(", ")
        for number in _range(re.findall(r"\+(\d+)", one))
    }

    assert told == {part.name: percent(part.taken, part.numbers) for part in found.parts[:-1] if part.numbers}
    assert f"{found.whole.nobody:,} to nobody" in twin


def _range(ends: list[str]) -> range:
    return range(int(ends[0]), int(ends[-1]) + 1)


def test_the_alternative_text_counts_the_cells() -> None:
    alt = number_map(NINE).alt

    assert alt == (
        "A grid of 10 cells for E.164 numbers of 8 digits that begin with +9: 1 answered in full, 1 in part and 8 by "
        "nobody."
    )


def test_the_picture_is_drawn_and_no_text_is_cut_or_makes_its_column_wider() -> None:
    svg = number_map(map_numbers(contoso())).svg()
    assert svg is not None
    polygons = [one.get("points", "") for one in ElementTree.fromstring(svg).iter(f"{SVG}polygon")]  # noqa: S314 (our own drawing)
    boxes = [[tuple(map(float, point.split(","))) for point in points.split()] for points in polygons]
    widths = {round(max(x for x, _ in box) - min(x for x, _ in box)) for box in boxes[1:]}
    frames = [width for width in widths if 60 < width < 100]
    assert len(frames) == 1
    assert "..." not in svg


def test_a_state_is_told_by_word_and_line_and_not_by_colour_alone() -> None:
    dot = number_map(NINE).dot
    styles = dict(re.findall(r'<TD BGCOLOR="(#\w+)"[^>]*STYLE="(\w+)"', dot))

    assert len(set(styles.values())) == len(styles) == 3
    for word in ("all: each number", "a share: so many", "nobody: no number"):
        assert word in dot


def test_the_picture_says_what_is_not_proven() -> None:
    picture = number_map(map_numbers(UNREADABLE, "+3"))
    for words in (html.unescape(picture.dot), picture.alt, picture.twin):
        assert "Not proven: 'broken' cannot be read" in words
    assert "Not proven" not in number_map(NINE).twin


def test_numbers_that_end_before_a_cell_are_counted_beside_the_grid() -> None:
    assert "10 of them end too early to stand in a cell." in number_map(map_numbers(NINES, "+9")).twin.replace(
        "\n", " "
    )
    assert "too early" not in number_map(NINE).twin


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_name_of_a_domain_or_a_route_stays_words(name: str) -> None:
    found = replace(NINE, what=name, unread=(name,))
    picture = number_map(found)

    assert picture.dot.isascii()
    assert picture.dot.count("<TD") == number_map(NINE).dot.count("<TD")
    assert picture.svg() is not None
    assert all(words.isprintable() for words in (picture.title, picture.alt, picture.twin.replace("\n", " ")))
    table = RouteTable((replace(NINES.routes[0], name=name),))
    for shown in (classes_table(map_numbers(table, "+9")), emergency_table(table), costly_table(table, "NL")):
        assert "<script" not in shown.html
        assert "\x1b" not in shown.html + shown.text


# ---------------------------------------------------------------- shares in words


def test_a_share_in_words_is_rounded_and_never_to_nothing_or_all() -> None:
    random = Random(6)
    for _ in range(300):
        of = random.randint(2, 10 ** random.randint(1, 15))
        part = random.randint(1, of - 1)
        words = percent(part, of)
        exact = Fraction(100 * part, of)
        if words.startswith("under"):
            assert 0 < exact < Fraction(1, 100)
        elif words.startswith("over"):
            assert Fraction(9999, 100) < exact < 100
        else:
            assert Fraction(words.removesuffix(" %")) == Fraction(floor(exact * 100 + Fraction(1, 2)), 100)
    assert (percent(0, 5), percent(5, 5), percent(0, 0)) == ("nobody", "all", "nobody")


# ---------------------------------------------------------------- tables


def test_classes_are_listed_with_their_routes_and_the_sum() -> None:
    assert rows(classes_table(NINE, "+90")) == [
        ["wide", "899,000", "89.90 %", "+90000000"],
        ["wide, then narrow", "100,000", "10.00 %", "+90500000"],
        ["wide, then loose", "1,000", "0.10 %", "+90123000"],
        ["all together", "1,000,000", "all", ""],
    ]


def test_a_long_list_of_classes_is_cut_and_counted() -> None:
    classes = tuple(OutcomeClass((0,), 10, f"+{i}") for i in range(30))
    found = replace(NINE, parts=(Part("+9", classes, 0),))
    shown = rows(classes_table(replace(found), "+9", most=4))

    assert len(shown) == 6
    assert shown[4][:2] == ["26 more classes", "260"]
    assert shown[5][:2] == ["all together", "300"]


def test_gaps_are_told_for_each_type_of_each_country() -> None:
    shown = rows(gaps_table(NINES, "TR", "nl"))

    assert [row[0] for row in shown].count("TR") == len(number_types("TR"))
    assert {row[0] for row in shown} == {"TR", "NL"}
    for country, kind, _, _, shortest, _ in shown:
        (known,) = (one for one in number_types(country) if one.name == kind)
        assert shortest == "none" or re.search(known.pattern, shortest)
    everybody = RouteTable((RouteRow("all", r"^\+\d+$", ("s1",)),))
    assert {(row[3], row[4]) for row in rows(gaps_table(everybody, "US"))} == {("0", "none")}
    assert "libphonenumber" in gaps_table(NINES, "TR").text


def test_the_american_gaps_of_contoso_are_those_of_a_count_of_blocks() -> None:
    """Blocks of ten thousand numbers, by area code and exchange: the plan never looks at the last four digits."""
    (kind,) = (one for one in number_types("US") if "fixed-line" in one.name)
    known = re.compile(kind.pattern)
    taken = {917, 800, 833, 844, 855, 866, 877, 888, 900, 884, 887, 984, 987}
    left = [block for block in range(800_000, 1_000_000) if block // 1000 not in taken]
    blocks = [[block for block in left if known.search(f"+1{block}{last}")] for last in ("0000", "2345", "9999")]

    found = {row[1]: row for row in rows(gaps_table(contoso(), "US"))}[kind.name]
    assert blocks[0] == blocks[1] == blocks[2]
    assert found[3:5] == [f"{len(blocks[0]) * 10_000:,}", f"+1{blocks[0][0]}0000"]


def test_emergency_numbers_are_told_in_both_forms_and_the_form_is_unknown() -> None:
    shown = emergency_table(NINES, "112", "911")

    assert rows(shown) == [["112", "codes", "nobody"], ["911", "nobody", "codes"]]
    assert "Unknown." in shown.text
    assert "no source found says" in shown.text
    assert {row[0] for row in rows(emergency_table(NINES))} == {"112", "911", "999"}


def test_where_the_reading_decides_about_an_emergency_number_both_are_told() -> None:
    table = RouteTable((RouteRow("open", "^11", ("s1",)),))

    assert rows(emergency_table(table, "112"))[0][1] == "open; if the whole number must match: nobody"


def test_a_costly_number_of_many_countries_counts_once() -> None:
    """All countries of +1 that have premium-rate numbers have +1 900 and seven digits, the first of them 2 to 9."""
    table = RouteTable((RouteRow("us-premium", r"^\+1900\d{7}$", ("s1", "s2")),))
    (row,) = rows(costly_table(table))

    assert row[0] == "premium-rate"
    assert row[2:] == ["8,000,000", "+19002000000", "us-premium", "s1 and s2"]
    assert rows(costly_table(table, "US"))[0][1:3] == ["US", "8,000,000"]
    assert "more" in row[1]


@pytest.mark.parametrize("written", ["112 ", " 112", "+112", "1 1 2", "\t112"])
def test_an_emergency_number_is_the_same_however_it_is_written(written: str) -> None:
    assert rows(emergency_table(NINES, written)) == [["112", "codes", "nobody"]]


@pytest.mark.parametrize("written", ["", " ", "help", "1-1-2x", "+", "++112", "٣"])
def test_what_is_no_emergency_number_is_refused(written: str) -> None:
    shown = emergency_table(NINES, written)

    assert "cannot be dialled" in shown.text
    assert "Write its digits" in shown.text


def test_gaps_without_a_country_are_refused_with_what_to_do() -> None:
    assert "no country is given" in gaps_table(NINES).text
    assert "gaps_table(contoso(), 'NL')" in gaps_table(NINES).text


def test_a_part_that_a_map_has_not_is_refused_with_the_first_and_the_last_that_it_has() -> None:
    """Of all numbers there are cells from +10 to +99; +00 to +09 begin no number, and + is no cell."""
    for found, ends in ((map_numbers(NINES), r"\+10 to \+99"), (NINE, r"\+90 to \+99")):
        with pytest.raises(AnswerError, match=rf"no part '\+999'.*from {ends}\."):
            classes_table(found, "+999")


def test_where_no_route_takes_costly_numbers_the_table_says_so() -> None:
    without = RouteTable((RouteRow("nl", r"^\+31[1-7]\d{8}$", ("s1",)), RouteRow("empty", r"^\+1900\d{7}$", ())))

    assert "Costly numbers: no route takes any" in costly_table(without, "NL", "US").text


def test_tables_say_what_is_not_proven_and_refuse_kindly() -> None:
    everything: list[Any] = [classes_table(map_numbers(UNREADABLE, "+3")), gaps_table(UNREADABLE, "NL")]
    everything += [emergency_table(UNREADABLE), costly_table(UNREADABLE, "NL")]
    for shown in everything:
        assert "Not proven: 'broken' cannot be read" in shown.text
    assert "no number plan for 'XX'" in gaps_table(NINES, "XX").text
    assert set(countries()) >= {"NL", "US"}


# ---------------------------------------------------------------- the page and its panel


def test_the_page_shows_the_map_of_a_country_under_its_code_or_of_all_numbers() -> None:
    assert "Who answers valid numbers of TR that begin with +90?" in map_page(NINES, "tr").text
    assert "begin with +9021?" in map_page(NINES, "TR", "21").text
    assert re.match(r"Of [\d,]+ numbers [\d,]+ come to a route and [\d,]+ to nobody\.", map_page(NINES).said)
    assert map_page(NINES).text.startswith("Who answers E.164 numbers?")
    assert "begin with +902?" in map_page(NINES, "", "902").text
    with pytest.raises(AnswerError, match=r"\+31 99.*there are no valid numbers of NL that begin with \+3199"):
        map_page(NINES, "NL", "99")
    with pytest.raises(AnswerError, match="no beginning"):
        map_page(NINES, "NL", "a")


@pytest.mark.parametrize(
    ("country", "typed", "same"),
    [("NL", "+316", "6"), ("NL", "+31", ""), ("nl", " +31 6 1", "61"), ("", "+31 6", "316"), ("", "+", "")],
)
def test_a_beginning_may_be_typed_with_the_code_of_the_country(country: str, typed: str, same: str) -> None:
    assert map_page(NINES, country, typed) == map_page(NINES, country, same)


def test_a_beginning_with_the_code_of_another_country_is_refused_with_what_to_write() -> None:
    with pytest.raises(AnswerError, match=r"'\+32' does not begin with \+31.*Write only the digits behind \+31"):
        map_page(NINES, "NL", "+32")


def test_the_panel_answers_as_the_page_does_and_keeps_its_last_answer_beside_an_error() -> None:
    panel = map_panel(NINES, "TR")
    assert map_page(NINES, "TR").html in panel.answer.value

    panel.controls["digits"].value = "call mum"
    assert "is no beginning of an E.164 number" in panel.error.value
    assert map_page(NINES, "TR").html in panel.answer.value

    panel.controls["digits"].value = "5"
    assert panel.error.value == ""
    panel.controls["country"].value = ""
    assert map_page(NINES, "", "5").html in panel.answer.value
