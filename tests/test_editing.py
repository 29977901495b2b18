"""Editing a route table as values: each edit gives a new configuration, keeps the rest, and can be taken back.

The laws are tried on configurations that Hypothesis makes up, unknown fields, nulls and absent fields included. What
is compared is what would be sent to the service, because two configurations may be equal and differ in absent fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs_telephony import audit, contoso, generated, microsoft_three_routes
from acs_telephony.errors import AcsTelephonyError, AnswerError, ConfigurationError
from acs_telephony.guide.editing import (
    History,
    TextError,
    add_route,
    add_trunk,
    change_route,
    move_route,
    read_text,
    remove_route,
    remove_trunk,
    text_of,
)
from acs_telephony.models import MOST_ROUTES, SipConfiguration
from tests.test_models import UNKNOWN, configurations

Edit = Callable[[SipConfiguration], SipConfiguration]

FULL = {
    "trunks": {
        "a.example.com": {"sipSignalingPort": 5061, "enabled": False, "directTransfer": None},
        "b.example.com": {"sipSignalingPort": 5067},
    },
    "routes": [
        {"name": "one", "numberPattern": r"^\+31", "trunks": None, "new": {"x": [1]}},
        {"name": "two", "numberPattern": r"^\+32", "description": "", "callerIdOverride": None},
        {"name": "three", "numberPattern": r"^\+33", "trunks": ["A.example.com"], "description": None},
    ],
    "expires": "never",
}


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Any edit, good or not: rows and trunks may not be there, names may be empty."""
    row, by, text = draw(st.integers(0, 5)), draw(st.integers(-2, 2)), draw(st.text(max_size=9))
    trunks = draw(st.none() | st.lists(st.sampled_from(["a.example.com", "b.example.com", "a b"]), max_size=2))
    whole = draw(configurations())
    choices: list[Edit] = [
        lambda table: add_route(table, text, text, trunks or (), after=row),
        lambda table: remove_route(table, row),
        lambda table: move_route(table, row, by),
        lambda table: change_route(table, row, name=text, trunks=trunks),
        lambda table: change_route(table, row, pattern=text, description=text),
        lambda table: add_trunk(table, f"{text}.example.com", row),
        lambda table: remove_trunk(table, table.trunks[0].fqdn if table.trunks else text),
        lambda table: read_text(json.dumps(whole)),
    ]
    return draw(st.sampled_from(choices))


def full() -> SipConfiguration:
    return SipConfiguration.load(FULL)


def row_of(wire: dict[str, Any], row: int) -> dict[str, Any]:
    found: dict[str, Any] = wire["routes"][row - 1]
    return found


# ---------------------------------------------------------------- laws


@given(configurations(), st.lists(edits(), max_size=6))
@settings(max_examples=200)
def test_undo_after_any_edit_gives_the_value_before_and_redo_the_one_after(
    wire: dict[str, Any], todo: list[Edit]
) -> None:
    history = History(SipConfiguration.load(wire))
    for edit in todo:
        try:
            changed = edit(history.present)
        except AcsTelephonyError:
            continue
        after = history.then(changed)
        if json.dumps(changed.dump()) == json.dumps(history.present.dump()):
            assert after is history
            continue
        assert after.undo() == History(history.present, history.past, (changed,))
        assert after.undo().present.dump() == history.present.dump()
        assert after.undo().redo() == after
        history = after
    while history.past:
        history = history.undo()
    assert history.present.dump() == wire


@given(configurations(), edits())
@settings(max_examples=200)
def test_an_edit_refused_or_taken_changes_nothing_of_the_value_that_it_was_given(
    wire: dict[str, Any], edit: Edit
) -> None:
    table = SipConfiguration.load(wire)
    refused: list[AcsTelephonyError] = []
    try:
        changed = edit(table)
    except AcsTelephonyError as error:
        refused.append(error)
    else:
        assert SipConfiguration.load(changed.dump()).dump() == changed.dump()
    assert all(error.problem and error.remedy for error in refused)
    assert table.dump() == wire


@given(configurations(), st.integers(0, 4))
def test_to_add_then_to_remove_is_the_identity(wire: dict[str, Any], after: int) -> None:
    table, after = SipConfiguration.load(wire), min(after, len(wire["routes"]))

    added = add_route(table, "a name that is new", "1", after=after)
    assert [route.name for route in added.routes].index("a name that is new") == after
    assert remove_route(added, after + 1).dump() == wire
    if "trunks" in wire:
        assert remove_trunk(add_trunk(table, "New.example.com"), "new.EXAMPLE.com").dump() == wire


@given(configurations(), st.integers(1, 4))
def test_to_move_up_then_down_is_the_identity(wire: dict[str, Any], row: int) -> None:
    table = SipConfiguration.load(wire)
    if 2 <= row <= len(wire["routes"]):
        moved = move_route(table, row, -1)
        assert row_of(moved.dump(), row - 1) == row_of(wire, row)
        assert row_of(moved.dump(), row) == row_of(wire, row - 1)
        assert move_route(moved, row - 1, +1).dump() == wire
    else:
        with pytest.raises(AnswerError):
            move_route(table, row, -1)


@given(configurations())
@settings(max_examples=200)
def test_text_read_and_written_again_is_the_same_text(wire: dict[str, Any]) -> None:
    table = SipConfiguration.load(wire)
    text = text_of(table)

    assert json.loads(text) == wire
    assert read_text(text) == table
    assert text_of(read_text(text)) == text
    assert all(character == "\n" or character.isprintable() for character in text)


@given(configurations(), st.integers(1, 4), UNKNOWN)
def test_a_change_keeps_every_other_field_of_the_row_and_every_other_row(
    wire: dict[str, Any], row: int, more: dict[str, Any]
) -> None:
    wire = {**wire, "routes": [{**route, **more} for route in wire["routes"]]}
    table = SipConfiguration.load(wire)
    if row <= len(wire["routes"]):
        changed = change_route(table, row, name="another name", pattern="[").dump()
        assert row_of(changed, row) == {**row_of(wire, row), "name": "another name", "numberPattern": "["}
        assert {**changed, "routes": 0} == {**wire, "routes": 0}
        others = [index for index in range(len(wire["routes"])) if index != row - 1]
        assert [changed["routes"][index] for index in others] == [wire["routes"][index] for index in others]


# ---------------------------------------------------------------- cases


def test_absent_null_and_empty_stay_three_things_whatever_is_edited() -> None:
    table = full()
    for edited in (
        remove_route(add_route(table, "x", "y"), 4),
        move_route(move_route(table, 1, 2), 3, -2),
        change_route(change_route(table, 2, name="zwei"), 2, name="two"),
        change_route(table, 1, trunks=None, description=None),
    ):
        assert edited.dump() == FULL
    assert "description" not in row_of(change_route(table, 1, name="1").dump(), 1)
    assert row_of(change_route(table, 1, trunks=[]).dump(), 1)["trunks"] == []
    assert row_of(change_route(table, 3, description="").dump(), 3)["description"] == ""


def test_a_field_that_is_called_as_a_method_is_kept_too() -> None:
    wire = {"dump": 1, "load": [2], "routes": [{"name": "a", "numberPattern": "b", "number_pattern": "c"}]}

    assert remove_route(add_route(SipConfiguration.load(wire), "x", "y"), 2).dump() == wire
    changed = change_route(SipConfiguration.load(wire), 1, pattern="z")
    assert changed.dump()["routes"] == [{"name": "a", "numberPattern": "z", "number_pattern": "c"}]


def test_routes_that_an_edit_does_not_speak_of_are_not_made_again() -> None:
    """So a long history costs little more than its changes."""
    table = contoso().configuration
    changed = change_route(table, 9, name="x")

    assert all(new is old for i, (new, old) in enumerate(zip(changed.routes, table.routes, strict=True)) if i != 8)
    assert add_route(table, "x", "y").trunks[0] is table.trunks[0]


def test_a_pattern_that_cannot_be_read_is_taken_and_becomes_a_finding() -> None:
    table = change_route(microsoft_three_routes().configuration, 3, pattern=r"^\+1(\d{10}$")

    found = audit(table).findings
    assert [(one.rule, one.routes) for one in found if one.rule == "unreadable"] == [("unreadable", (2,))]
    assert {one.certainty for one in found if one.rule == "single-sbc"} <= {"not proven"}


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda t: remove_route(t, 0), "row: there is no row 0. Use 1 to 3."),
        (lambda t: remove_route(t, 4), "row: there is no row 4. Use 1 to 3."),
        (lambda t: change_route(SipConfiguration(), 1, name="a"), "the table has no route. Add a route first."),
        (lambda t: remove_route(SipConfiguration(), 0), "the table has no route. Add a route first."),
        (lambda t: move_route(t, 1, -1), "row 1: it cannot go beyond the first row. Move another row."),
        (lambda t: move_route(t, 3, 1), "row 3: it cannot go beyond the last row. Move another row."),
        (lambda t: change_route(t, 2, name=""), "row 2, name: this text is empty. Write at least one character."),
        (lambda t: change_route(t, 2, pattern=""), "row 2, pattern: this text is empty."),
        (lambda t: change_route(t, 2, pattern="1" * 1025), "row 2, pattern: 1,025 characters, the limit is 1,024."),
        (lambda t: change_route(t, 2, trunks=["c.example.com"]), "row 2, trunks: route 'two' names the trunk 'c.exam"),
        (lambda t: change_route(t, 2, trunks=["a.example.com"] * 2), "row 2, trunks: the trunk 'a.example.com' stands"),
        (lambda t: change_route(t, 2, name="one", pattern=r"^\+31"), "row 2: route 'one' stands twice with the same"),
        (lambda t: add_route(t, "one", r"^\+31"), "row 4: route 'one' stands twice with the same pattern. Remove one,"),
        (lambda t: add_route(t, "", "1", after=1), "row 2, name: this text is empty."),
        (lambda t: add_route(t, "x", "1", after=4), "row: there is no row 4. Use 1 to 3."),
        (lambda t: add_trunk(t, "10.0.0.1"), "'10.0.0.1' is no fully qualified domain name. Write a name such as"),
        (lambda t: add_trunk(t, "c.example.com", 0), "the port is 0. Use 1 to 65535"),
        (lambda t: add_trunk(t, "A.example.com"), "trunks: the trunk 'A.example.com' stands twice. Remove one"),
        (lambda t: remove_trunk(t, "c.example.com"), "trunks: no trunk is called 'c.example.com'. Name a trunk"),
        (lambda t: remove_trunk(t, "a.example.com"), "row 3, trunks: route 'three' names the trunk 'A.example.com'"),
    ],
)  # fmt: skip
def test_what_the_service_would_refuse_is_refused_with_its_row_and_what_to_do(edit: Edit, told: str) -> None:
    with pytest.raises(AcsTelephonyError) as refused:
        edit(full())
    assert told in str(refused.value)


def test_a_table_takes_no_more_routes_than_the_service() -> None:
    with pytest.raises(ConfigurationError, match="251 items, the limit is 250"):
        add_route(generated(MOST_ROUTES, 1).configuration, "one more", "1")


def test_nothing_can_be_undone_or_redone_at_the_ends_and_a_new_step_forgets_what_was_taken_back() -> None:
    start = History(full())
    for end in (start.undo, start.redo):
        with pytest.raises(AnswerError, match=r"there is nothing to (un|re)do"):
            end()
    one, other = (change_route(full(), 1, name=name) for name in ("one!", "other"))
    assert start.then(one).undo().then(other) == History(other, (full(),))
    assert start.then(full()) is start


@pytest.mark.parametrize(
    ("before", "after"),
    [("true", "1"), ("1", "true"), ("0", "false"), ("1", "1.0"), ("[1]", "[true]"), ('{"a":1,"b":2}', '{"b":2,"a":1}')],
)
def test_what_python_takes_for_equal_and_json_does_not_is_a_step(before: str, after: str) -> None:
    steps = [read_text(f'{{"new": {value}, "routes": []}}') for value in (before, after)]

    history = History(steps[0]).then(steps[1])
    assert json.dumps(history.present.dump()["new"]) == json.dumps(json.loads(after))
    assert history.undo().present is steps[0]


def test_another_order_of_trunks_is_a_step() -> None:
    wire = {**FULL, "trunks": dict(reversed(FULL["trunks"].items()))}  # type: ignore[attr-defined]
    turned = SipConfiguration.load(wire)

    assert list(History(full()).then(turned).present.dump()["trunks"]) == ["b.example.com", "a.example.com"]


# ---------------------------------------------------------------- the text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{\n  "routes": [\n    {"name": "a" "numberPattern": "1"}\n  ]\n}',
            [
                "line 3, column 18: this is no JSON (Expecting ',' delimiter). Look for a missing comma, quote or "
                "bracket.",
                '      {"name": "a" "numberPattern": "1"}',
                "                   ^",
            ],
        ),
        (
            '{"trunks": {},\n "routes": [{"name": "a", "numberPattern": "1", "trunks": ["b.example.com"]}]}',
            [
                "routes[0].trunks, line 2, column 61: route 'a' names the trunk 'b.example.com', which is not in "
                "'trunks'. Add the trunk, or take it out of the route.",
                '   "routes": [{"name": "a", "numberPattern": "1", "trunks": ["b.example.com"]}]}'[:74],
                "                                                              ^",
            ],
        ),
        (
            '{"routes": [\n{"name": "a", "numberPattern": 31}]}',
            [
                "routes[0].numberPattern, line 2, column 32: a text is needed here, not '31'. Correct its type.",
                '  {"name": "a", "numberPattern": 31}]}',
                "                                 ^",
            ],
        ),
        (
            '{"trunks": {"x": {"sipSignalingPort": 5061}}}',
            [
                "trunks.x, line 1, column 14: 'x' is no fully qualified domain name. Write a name such as "
                "sbc1.contoso.com.",
                '  {"trunks": {"x": {"sipSignalingPort": 5061}}}',
                "               ^",
            ],
        ),
        (
            '{"trunks": {\n"a.example.com": {"sipSignalingPort": 1},\n"A.example.com": {"sipSignalingPort": 2}}}',
            [
                "trunks, line 3, column 2: the trunk 'A.example.com' stands twice. Remove one of the two.",
                '  "A.example.com": {"sipSignalingPort": 2}}}',
                "   ^",
            ],
        ),
        (
            '{"trunks": {"a.example.com": {"sipSignalingPort": 1}}, "routes": [{"name": "n", "numberPattern": "1",\n'
            '"trunks": ["a.example.com", "A.example.com"]}]}',
            [
                "routes[0].trunks, line 2, column 30: the trunk 'A.example.com' stands twice in one route. Remove one "
                "of the two.",
                '  "trunks": ["a.example.com", "A.example.com"]}]}',
                "                               ^",
            ],
        ),
        (
            '{"routes": [\n{"name": "n", "numberPattern": "1"},\n{"name": "n", "numberPattern": "1"}]}',
            [
                "routes[1], line 3, column 11: route 'n' stands twice with the same pattern. Remove one, or rename one "
                "if it is meant as a standby.",
                '  {"name": "n", "numberPattern": "1"}]}',
                "            ^",
            ],
        ),
        (
            '{"routes": [\n{"name": "a", "numberPattern": "1", "name": "b"}]}',
            [
                "routes[0].name, line 2, column 38: this name stands twice in one object. Remove one of the two.",
                '  {"name": "a", "numberPattern": "1", "name": "b"}]}',
                "                                       ^",
            ],
        ),
        (
            '{"a": {"b": 1}, "a.b": 2, "x": [1, {}, NaN]}',
            [
                "x[2], line 1, column 40: 'NaN' is no JSON number. Write a plain number.",
                '  {"a": {"b": 1}, "a.b": 2, "x": [1, {}, NaN]}',
                "                                         ^",
            ],
        ),
        (
            '{"x": -Infinity}',
            [
                "x, line 1, column 7: '-Infinity' is no JSON number. Write a plain number.",
                '  {"x": -Infinity}',
                "        ^",
            ],
        ),
        (
            '{"x":\n 1e999}',
            [
                "x, line 2, column 2: this number is too large or too exact to be kept, it would become inf. Shorten "
                "it, or put it in quotes, as a text.",
                "   1e999}",
                "   ^",
            ],
        ),
        (
            '{"x": 12345678901234567890.123456789}',
            [
                "x, line 1, column 7: this number is too large or too exact to be kept, it would become "
                "1.2345678901234567e+19. Shorten it, or put it in quotes, as a text.",
                '  {"x": 12345678901234567890.123456789}',
                "        ^",
            ],
        ),
        (
            '{"trunks": {"line 99, column 1": 5}}',
            [
                "trunks.line 99, column 1, line 1, column 34: an object is needed here, not '5'. Correct its type.",
                '  {"trunks": {"line 99, column 1": 5}}',
                "                                   ^",
            ],
        ),
        (
            '{"x": {"\\ud83d\\ude00": "a\\ud83d"}}',
            [
                "x.😀, line 1, column 25: this holds half a character. Write the whole character.",
                '  {"x": {"\\ud83d\\ude00": "a\\ud83d"}}',
                "                          ^",
            ],
        ),
        (
            '{"x": -1e-99999999999999999999}',
            [
                "x, line 1, column 7: this number is too large or too exact to be kept, it would become -0.0. Shorten "
                "it, or put it in quotes, as a text.",
                '  {"x": -1e-99999999999999999999}',
                "        ^",
            ],
        ),
        ("[]", ['the text: an object is needed here. Write {"trunks": {...}, "routes": [...]}.']),
    ],
)  # fmt: skip
def test_a_text_that_is_no_configuration_is_refused_with_line_column_and_caret(text: str, told: list[str]) -> None:
    with pytest.raises(TextError) as refused:
        read_text(text)
    assert str(refused.value).split("\n") == told


def test_a_text_that_is_nested_too_deep_or_holds_too_long_a_number_is_refused_for_that() -> None:
    for text, told, column in (
        ("[" * 100_000, "this is nested more than 100 levels deep. Take levels out.", 101),
        ('{"n":' + "[" * 100 + "]" * 100 + "}", "this is nested more than 100 levels deep. Take levels out.", 105),
        ('{"n":-' + "9" * 6_000 + "}", "this number has 6,000 digits, the limit is 4,300. Shorten it, or", 6),
    ):
        with pytest.raises(TextError) as refused:
            read_text(text)
        assert f"line 1, column {column}: {told}" in str(refused.value)
        assert len(str(refused.value)) < 1_000
    assert read_text('{"n":' + "[" * 99 + "]" * 99 + "}").dump()["n"]


@pytest.mark.parametrize(
    "number",
    ["0", "-0", "0.1", "1.10", "1e2", "0.30000000000000004", "1E-7", "123456789012345678901234567890", "0.0e0"],
)
def test_a_number_that_keeps_its_value_is_taken(number: str) -> None:
    assert Fraction(str(read_text(f'{{"x": {number}}}').dump()["x"])) == Fraction(number)


@given(configurations(), st.data())
def test_a_trunk_that_is_taken_out_is_told_where_a_route_names_it(wire: dict[str, Any], data: st.DataObject) -> None:
    """The place is that of the name in the first route that has it, wherever the text breaks its lines."""
    named = sorted({fqdn.lower() for route in wire["routes"] for fqdn in route.get("trunks") or ()})
    if not named:
        return
    gone = data.draw(st.sampled_from(named))
    left = {fqdn: row for fqdn, row in wire["trunks"].items() if fqdn.lower() != gone}
    text = json.dumps({**wire, "trunks": left}, indent=data.draw(st.sampled_from([None, 0, 2])))
    with pytest.raises(TextError) as refused:
        read_text(text)
    first = refused.value.problems[0]
    assert "which is not in 'trunks'" in first.problem
    line, column = map(int, re.findall(r"\d+", first.place)[-2:])
    assert text.split("\n")[line - 1][column - 1 :].lower().startswith(f'{gone}"')


SLIPS = [
    "NaN",
    "1e999",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    '"a"',
    '"name": 1,',
    "9" * 5_000,
    "[" * 2_000,
    "-",
    "+1",
]


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 40), st.sampled_from(SLIPS)), min_size=1, max_size=3))
@settings(max_examples=300)
def test_a_text_that_is_cut_and_mixed_anyhow_is_read_or_refused_with_a_line(cuts: list[tuple[int, int, str]]) -> None:
    text = text_of(microsoft_three_routes().configuration)
    for start, length, put in cuts:
        text = text[:start] + put + text[start + length :]
    told = ""
    try:
        told = text_of(read_text(text))
    except TextError as refused:
        told = str(refused)
    assert "Save it as UTF-8" not in told
    assert told.startswith("{") or "the text: an object is needed" in told or re.search(r"line \d+, column \d+", told)


def test_two_problems_are_both_told_with_their_lines() -> None:
    wire = {"trunks": {}, "routes": [{"name": "", "numberPattern": ""}]}
    with pytest.raises(TextError) as refused:
        read_text(json.dumps(wire, indent=2))
    assert "routes[0].name, line 5, column 16: this text is empty" in str(refused.value)
    assert "routes[0].numberPattern, line 6, column 25: this text is empty" in str(refused.value)
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize("hostile", ["a\u202eb", "\x00\x1f\x7f", "\u2028", '"\\', "\U000e0001", "<script>", "é電"])
def test_text_shows_what_cannot_be_seen_and_keeps_it(hostile: str) -> None:
    table = add_route(SipConfiguration(), hostile, hostile)

    assert read_text(text_of(table)).routes[0].name == hostile
    assert text_of(table).replace("\n", "").isprintable()
    assert ("é電" in text_of(table)) is (hostile == "é電")
