"""The table panel as a reader uses it, driven by setting its controls.

* One table: list, fields, text, file and answer always show the same, whatever control made a change.
* A mistake loses nothing: what was typed stays, says why, and can be mended or dropped; the table stays.
* Every change that was taken can be taken back, in order.
"""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import Button, Widget

from acs_telephony import audit, contoso, generated, microsoft_three_routes
from acs_telephony.errors import AnswerError, NumberError
from acs_telephony.guide.editing import change_route, read_text, text_of
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.views import routes
from acs_telephony.views.panels import table_panel
from acs_telephony.views.panels.table import TablePanel
from acs_telephony.views.routes import table_page

SEATTLE = "+1 425 555 0100"
BUTTONS = ("add", "remove", "up", "down", "undo", "redo", "drop")


def words(page: str) -> str:
    """What a page says, without its tags; those within a line of text are not even spaces."""
    page = re.sub(r"</?(span|strong|wbr)[^>]*>", "", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def said(panel: TablePanel) -> str:
    return words(panel.answer.value)


def told(panel: TablePanel) -> str:
    return words(panel.error.value)


def turn(panel: TablePanel, *actions: str, **values: Any) -> TablePanel:
    """Set controls, then press buttons."""
    for name, value in values.items():
        panel.controls[name].value = value
    for name in actions:
        panel.controls[name].click()
    return panel


def small() -> TablePanel:
    return table_panel(number=SEATTLE)


def names(panel: TablePanel) -> list[str]:
    return [route.name for route in panel.configuration.routes]


def saved(panel: TablePanel) -> str:
    """What is in the file that the link saves."""
    link = panel.controls["file"].value
    assert 'download="routes.json"' in link
    return base64.b64decode(link.partition("base64,")[2].partition('"')[0]).decode()


def shows_one_table(panel: TablePanel) -> None:
    """The list, the chosen route's fields, the text and the file agree with the table."""
    table, controls = panel.configuration, panel.controls
    assert len(controls["routes"].options) == len(table.routes)
    row = controls["routes"].value
    if row is None:
        assert not table.routes
    else:
        route = table.routes[row - 1]
        assert (controls["name"].value, controls["pattern"].value) == (route.name, route.number_pattern)
        assert controls["trunks"].value.split() == list(route.trunks or ())
    assert controls["text"].value == panel.text == saved(panel) == text_of(table)


# ---------------------------------------------------------------- before anybody touches it


def test_the_answer_is_there_at_once_and_the_static_twin_gives_the_same() -> None:
    panel = table_panel(contoso())

    assert "+31201234567: the first choice is row 1, nl-amsterdam (ams1.contoso.com or ams2.contoso.com)." in said(
        panel
    )
    assert "Standby, in order: row 4, nl-fixed (ams2.contoso.com or ams1.contoso.com)." in said(panel)
    assert "60 routes, 4 SBCs; no change to undo." in said(panel)
    assert table_page(contoso(), row=1).html in panel.answer.value
    headings = ("The way of +31201234567", "Findings: ", "Who gets how many numbers of E.164")
    assert all(heading in table_page(contoso()).text for heading in headings)
    assert panel.error.value == ""
    shows_one_table(panel)


@pytest.mark.parametrize("row", [-1, 0, 4])
def test_the_static_twin_refuses_a_row_that_there_is_not(row: int) -> None:
    with pytest.raises(AnswerError, match="there is no row"):
        table_page(microsoft_three_routes(), SEATTLE, row=row)
    with pytest.raises(AnswerError, match="Use 1 to 0, or leave it out"):
        table_page(SipConfiguration(), SEATTLE, row=row)
    assert "no route takes it" in table_page(SipConfiguration(), SEATTLE).text


def test_every_control_has_a_label_and_stands_in_one_of_two_groups_above_the_error_and_the_answer() -> None:
    panel = small()
    _asleep, *groups, _front, _pulse, error, answer = panel.children

    assert (error, answer) == (panel.error, panel.answer)
    assert all("<h3" in heading.value for heading in groups[::2])
    grids = groups[1::2]
    inside = [part for grid in grids for child in grid.children for part in getattr(child, "children", (child,))]
    assert inside == list(panel.controls.values())
    assert [name for name, one in panel.controls.items() if not one.description] == ["file"]  # a link is its own label
    assert set(BUTTONS) == {name for name, one in panel.controls.items() if isinstance(one, Button)}
    assert not [one for one in panel.controls.values() if getattr(one, "disabled", False)]  # that would lose the focus


@pytest.mark.parametrize("wire", [{}, {"trunks": {"a.example.com": {"sipSignalingPort": 5061}}, "routes": []}])
def test_a_table_without_routes_makes_a_panel(wire: dict[str, Any]) -> None:
    panel = table_panel(SipConfiguration.load(wire))
    assert "no route takes it" in said(panel)
    shows_one_table(panel)
    assert names(turn(panel, "add")) == ["new route 1"]
    shows_one_table(panel)


def test_a_number_that_cannot_be_dialled_makes_no_panel() -> None:
    with pytest.raises(NumberError):
        table_panel(contoso(), "call mum")


def test_the_countries_are_those_of_the_audit() -> None:
    wanted = [one.sentence for one in audit(microsoft_three_routes(), countries=["NL"]).findings]
    more = set(wanted) - {one.sentence for one in audit(microsoft_three_routes()).findings}

    assert more
    assert all(words(html.escape(one)) in said(table_panel(countries=["NL"], number=SEATTLE)) for one in more)


# ---------------------------------------------------------------- what each control does


def test_to_choose_a_route_shows_its_fields_and_what_it_gets() -> None:
    panel = turn(table_panel(contoso()), routes=9)

    assert panel.controls["pattern"].value == r"^\+3190\d{5,8}|8[47]\d{7}$"
    assert "Row 9, 'nl-premium': first choice for" in said(panel)
    assert "no change to undo" in said(panel)
    shows_one_table(panel)


@pytest.mark.parametrize(
    ("entry", "typed", "kept"),
    [
        ("name", "elsewhere", {"name": "elsewhere"}),
        ("pattern", r"^\+31", {"numberPattern": r"^\+31"}),
        ("trunks", " sbc5.contoso.biz, SBC1.contoso.biz", {"trunks": ["sbc5.contoso.biz", "SBC1.contoso.biz"]}),
        ("trunks", " , ", {"trunks": []}),
    ],
)
def test_a_field_changes_the_chosen_route_and_nothing_else(entry: str, typed: str, kept: dict[str, Any]) -> None:
    panel = small()
    before = panel.configuration.dump()
    turn(panel, routes=2, **{entry: typed})

    before["routes"][1] |= kept
    assert panel.configuration.dump() == before
    verb = "were" if entry == "trunks" else "was"
    assert f"Row 2: the {entry} {verb} changed." in said(panel)
    assert "1 change to undo." in said(panel)
    assert panel.controls["routes"].value == 2
    shows_one_table(panel)


def test_the_answer_follows_a_route_that_is_moved() -> None:
    panel = turn(small(), routes=3)
    assert "the first choice is row 1, Redmond 1" in said(panel)

    turn(panel, "up", "up")
    assert names(panel) == ["Other +1", "Redmond 1", "Redmond 2"]
    assert "the first choice is row 1, Other +1 (sbc5.contoso.biz). Standby, in order: row 2, Redmond 1" in said(panel)
    assert panel.controls["routes"].value == 1
    turn(panel, "up")
    assert "Move up: row 1: it cannot go beyond the first row." in told(panel)
    turn(panel, "down")
    assert names(panel) == ["Redmond 1", "Other +1", "Redmond 2"]
    assert told(panel) == ""
    shows_one_table(panel)


def test_a_route_is_added_behind_the_chosen_one_and_takes_no_number_until_it_has_a_pattern() -> None:
    panel = turn(small(), "add", "add", routes=1)

    assert names(panel) == ["Redmond 1", "new route 1", "new route 2", "Redmond 2", "Other +1"]
    assert panel.controls["routes"].value == 3
    assert "Row 3, 'new route 2': first choice for 0 numbers of E.164, standby for 0." in said(panel)
    turn(panel, pattern=r"^\+31\d{9}$", number="+31 20 123 4567")
    assert "the first choice is row 3, new route 2 (no trunk)" in said(panel)
    shows_one_table(panel)


def test_routes_are_removed_to_the_last_one_and_added_to_none() -> None:
    panel = turn(small(), "remove", "remove", routes=2)
    assert names(panel) == ["Redmond 1"]
    assert panel.controls["routes"].value == 1
    turn(panel, "remove")
    assert names(panel) == []
    assert "no route takes it" in said(panel)
    shows_one_table(panel)

    for action, label in (("remove", "Remove"), ("up", "Move up"), ("down", "Move down")):
        assert f"{label}: the table has no route. Add a route first." in told(turn(panel, action))
    turn(panel, name="x")
    assert "so the table stays as it was: the table has no route. Add a route first." in told(panel)
    assert names(turn(panel, "drop", "add")) == ["new route 1"]
    assert len(panel.configuration.trunks) == 5
    shows_one_table(panel)


def test_undo_goes_back_over_every_change_whichever_control_made_it_and_redo_forth_again() -> None:
    panel = small()
    steps = [panel.text]
    wire = panel.configuration.dump()
    for change in (
        lambda: turn(panel, routes=2, name="two"),
        lambda: turn(panel, trunks="sbc1.contoso.biz"),
        lambda: turn(panel, "up"),
        lambda: turn(panel, text=json.dumps({**wire, "new": 1})),
        lambda: turn(panel, "add"),
        lambda: turn(panel, pattern="(unreadable"),
        lambda: turn(panel, "remove"),
    ):
        change()
        assert panel.text != steps[-1]
        steps.append(panel.text)
    for before in steps[-2::-1]:
        turn(panel, "undo")
        assert panel.text == before
        shows_one_table(panel)
    assert "Undo: there is nothing to undo." in told(turn(panel, "undo"))
    for after in steps[1:]:
        assert turn(panel, "redo").text == after
    assert "Redo: there is nothing to redo." in told(turn(panel, "redo"))


def test_a_step_back_chooses_the_row_that_changes_with_it() -> None:
    panel = turn(table_panel(contoso()), routes=30, name="x")
    turn(panel, "undo", routes=2)
    assert panel.controls["routes"].value == 30


def test_the_text_is_taken_and_everything_follows() -> None:
    panel = turn(small(), text=text_of(contoso().configuration).replace("    ", "\t"), number="+31 20 123 4567")

    assert panel.configuration == contoso().configuration
    assert "the first choice is row 1, nl-amsterdam" in said(panel)
    assert "The text was taken." not in told(panel)
    shows_one_table(panel)  # and the text is laid out as the table is written


def test_the_same_table_in_other_words_is_no_change() -> None:
    panel = small()
    turn(panel, text=json.dumps(panel.configuration.dump()), trunks="sbc1.contoso.biz,sbc2.contoso.biz")
    assert "no change to undo" in said(panel)
    shows_one_table(panel)


def test_unknown_fields_and_null_outlive_every_control() -> None:
    wire = {
        "routes": [{"name": "a", "numberPattern": "1", "trunks": None, "x": 1}, {"name": "b", "numberPattern": "2"}],
        "preview": {"y": None},
    }
    panel = table_panel(SipConfiguration.load(wire))
    turn(panel, "down", "up", "add", "remove", trunks=" ", name="c")
    turn(panel, routes=1, name="a")
    turn(panel, routes=2, name="b")
    assert panel.configuration.dump() == wire


@pytest.mark.parametrize(("before", "after"), [(True, 1), (0, False), (1, 1.0), ("1", 1)])
def test_a_text_in_which_only_the_kind_of_a_value_changed_is_taken(before: Any, after: Any) -> None:
    wire = microsoft_three_routes().configuration.dump()
    wire["routes"][1]["new"] = before
    panel = table_panel(SipConfiguration.load(wire), SEATTLE)
    wire["routes"][1]["new"] = after
    turn(panel, text=panel.text.replace(f'"new": {json.dumps(before)}', f'"new": {json.dumps(after)}'))

    assert "The text was taken." in said(panel)
    assert "1 change to undo." in said(panel)
    assert f'"new": {json.dumps(after)}' in panel.controls["text"].value
    assert panel.controls["routes"].value == 2
    shows_one_table(panel)
    assert f'"new": {json.dumps(before)}' in turn(panel, "undo").text


def test_a_preview_field_that_is_nearly_the_same_is_audited_for_what_it_is() -> None:
    wire = microsoft_three_routes().configuration.dump()
    wire["trunks"]["sbc1.contoso.biz"]["enabled"] = 0
    panel = table_panel(SipConfiguration.load(wire), SEATTLE)
    turn(panel, text=panel.text.replace('"enabled": 0', '"enabled": false'))

    expected = [one.sentence for one in audit(panel.configuration).findings if one.rule == "disabled-trunk"]
    assert expected
    assert all(words(html.escape(one)) in said(panel) for one in expected)


def test_trunks_can_be_put_in_another_order_in_the_text() -> None:
    panel = small()
    wire = json.loads(panel.text)
    wire["trunks"] = dict(reversed(wire["trunks"].items()))
    turn(panel, text=json.dumps(wire, indent=2))

    assert list(json.loads(panel.text)["trunks"]) == list(wire["trunks"])
    assert "The text was taken." in said(panel)
    assert "1 change to undo." in said(panel)


def test_another_layout_of_the_text_is_no_change_and_is_said() -> None:
    panel = small()
    shown = panel.text
    wire = json.loads(shown)
    wire["routes"] = [dict(reversed(route.items())) for route in wire["routes"]]
    for text in (json.dumps(json.loads(shown)), json.dumps(wire, indent=2)):
        turn(panel, routes=2)
        turn(panel, text=text)
        assert "The text says the same; only its layout was changed." in said(panel)
        assert "no change to undo" in said(panel)
        assert panel.controls["text"].value == shown


def test_a_number_that_would_lose_digits_is_refused_in_words() -> None:
    panel = table_panel(SipConfiguration.load({"new": 1, "routes": []}))
    turn(panel, text=panel.text.replace('"new": 1', '"new": 12345678901234567890.123456789'))
    assert "too exact to be kept, it would become 1.2345678901234567e+19" in told(panel)
    assert "12345678901234567890.123456789" in panel.controls["text"].value


# ---------------------------------------------------------------- mistakes


def test_a_text_with_a_mistake_stays_as_typed_with_line_column_and_caret_and_the_table_stays() -> None:
    panel = turn(small(), routes=2, name="kept")
    before, answer = panel.configuration, said(panel).partition("Answer.")[2]
    broken = panel.text.replace('"routes": [', '"routes" [')
    line = 1 + broken.split('"routes" [')[0].count("\n")

    turn(panel, text=broken)
    assert panel.controls["text"].value == broken
    assert panel.configuration is before
    assert f"Not taken, so the table stays as it was: line {line}, column 12: this is no JSON" in told(panel)
    assert "  &quot;routes&quot; [\n             ^" in panel.error.value
    assert said(panel).partition("Answer.")[2] == answer
    assert saved(panel) == panel.text != broken

    turn(panel, text=broken.replace('"routes" [', '"routes": ['))
    assert told(panel) == ""
    shows_one_table(panel)


@pytest.mark.parametrize(
    ("entry", "typed", "reason"),
    [
        ("name", "", "row 2, name: this text is empty"),
        ("name", "x" * 257, "row 2, name: 257 characters, the limit is 256"),
        ("pattern", "", "row 2, pattern: this text is empty"),
        ("pattern", "1" * 1025, "row 2, pattern: 1,025 characters, the limit is 1,024"),
        ("trunks", "sbc9.contoso.biz", "names the trunk 'sbc9.contoso.biz', which is not in 'trunks'. Add the trunk"),
        ("trunks", "sbc9.contoso.biz", 'A new trunk is written into the text, under "trunks".'),
        ("trunks", "sbc1.contoso.biz SBC1.contoso.biz", "stands twice in one route"),
        ("name", "Redmond 1", "route 'Redmond 1' stands twice with the same pattern"),
        ("text", '{"trunks": {}, "routes": [{}]}', "routes[0].name, line 1, column 27: this field is missing"),
        ("text", "", "line 1, column 1: this is no JSON"),
    ],
)
def test_a_wrong_entry_stays_with_its_reason_until_it_is_dropped(entry: str, typed: str, reason: str) -> None:
    panel = turn(small(), routes=2)
    before = panel.text
    turn(panel, **{entry: typed})

    assert panel.controls[entry].value == typed
    assert reason in told(panel)
    assert panel.text == before
    for action in ("add", "remove", "up", "down", "undo", "redo"):
        turn(panel, action)
        assert "not done, because an entry was not taken. Mend what was not taken, or choose Drop" in told(panel)
    turn(panel, routes=1)
    assert "The choice of row 1: not done" in told(panel)
    assert panel.controls["routes"].value == 2
    assert (panel.text, panel.controls[entry].value) == (before, typed)

    turn(panel, "drop")
    assert "The entry was dropped." in said(panel)
    assert told(panel) == ""
    shows_one_table(panel)


def test_a_number_can_be_dialled_while_an_entry_is_wrong() -> None:
    panel = turn(small(), name="", number="+1 206 555 0100")
    assert "+12065550100: the first choice is row 1" in said(panel)
    assert "this text is empty" in told(panel)


def test_a_number_that_cannot_be_dialled_stands_in_no_way_of_an_edit() -> None:
    panel = turn(small(), number="call mum")
    assert "this is no number" in told(panel)
    assert "The answer below is the last good one." in told(panel)
    assert "+14255550100: the first choice is row 1, Redmond 1" in said(panel)
    turn(panel, name="renamed")
    assert "+14255550100: the first choice is row 1, renamed" in said(panel)
    assert "this is no number" in told(panel)
    assert panel.controls["number"].value == "call mum"
    assert told(turn(panel, number=SEATTLE)) == ""


def test_a_field_that_is_typed_while_the_text_is_wrong_waits_and_is_taken_after_it() -> None:
    panel = turn(small(), text="{", routes=1)
    turn(panel, name="waiting")
    assert "The name that you typed waits until the text is taken or dropped." in told(panel)
    assert panel.controls["name"].value == "waiting"

    wire = panel.configuration.dump() | {"new": 1}
    turn(panel, text=json.dumps(wire))
    assert names(panel)[0] == "waiting"
    assert panel.configuration.dump()["new"] == 1
    assert "2 changes to undo." in said(panel)
    assert turn(panel, "undo").configuration.dump() == wire
    shows_one_table(panel)


def test_a_field_that_waited_is_not_put_into_another_route_that_the_text_brought_there() -> None:
    panel = turn(small(), text="{")
    turn(panel, name="waiting")
    wire = panel.configuration.dump()
    wire["routes"].reverse()
    turn(panel, text=json.dumps(wire))

    assert names(panel) == ["Other +1", "Redmond 2", "Redmond 1"]
    assert "row 1: the text made this row another route. Type it again, or choose Drop the entry." in told(panel)
    assert panel.controls["name"].value == "waiting"
    turn(panel, name="meant so")
    assert names(panel)[0] == "meant so"


def test_an_unreadable_pattern_is_kept_with_its_caret_and_as_a_finding_and_can_be_undone() -> None:
    panel = turn(small(), routes=3, pattern=r"^\+1(\d{10}$")

    assert panel.configuration.routes[2].number_pattern == r"^\+1(\d{10}$"
    assert "Row 3, 'Other +1', cannot be read, so what hangs on it is not proven: this group is never closed." in told(
        panel
    )
    assert "  ^\\+1(\\d{10}$\n      ^" in html.unescape(panel.error.value)
    assert "The pattern of route 'Other +1' cannot be read" in said(panel)
    assert "Not proven: Other +1 cannot be read." in said(panel)
    assert "Row 3, 'Other +1': how many numbers it gets is not known." in said(panel)
    shows_one_table(panel)
    assert told(turn(panel, routes=1)) == ""  # its caret stands where it is chosen
    assert told(turn(panel, "undo")) == ""
    assert panel.configuration == microsoft_three_routes().configuration


# ---------------------------------------------------------------- laws

ENTRY = st.sampled_from(["", "x", "Redmond 1", "^1", "(", "sbc1.contoso.biz", "no.example.com", "<b>"])
TEXT = st.sampled_from(["", "{", "{}", text_of(microsoft_three_routes().configuration), '{"routes": [{}]}'])
ACTIONS = st.one_of(
    st.sampled_from(BUTTONS).map(lambda name: (name, None)),
    st.tuples(st.sampled_from(["name", "pattern", "trunks"]), ENTRY),
    st.tuples(st.just("text"), TEXT),
    st.tuples(st.just("routes"), st.integers(1, 4)),
)


@given(st.lists(ACTIONS, max_size=12))
@settings(max_examples=60)
def test_whatever_is_done_nothing_is_lost(actions: list[tuple[str, Any]]) -> None:
    """An entry is in the table or still where it was typed, with a word about it; and all can be undone."""
    panel = small()
    start, entries = panel.text, panel.controls
    for name, value in actions:
        if value is None:
            entries[name].click()
        elif name != "routes" or value <= len(entries["routes"].options):
            entries[name].value = value
        if name in ("name", "pattern", "trunks"):
            assert entries[name].value.split() == value.split()
        elif name == "text" and entries["text"].value != value:
            assert read_text(value) == panel.configuration
        if told(panel) == "":
            shows_one_table(panel)
        assert panel.text == saved(panel)
    turn(panel, "drop")
    shows_one_table(panel)
    turn(panel, *["undo"] * len(actions))
    assert panel.text == start


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>", '"\'><img src=x onerror=alert(1)>',
        "x" * 256, "a\u202eb\u2066", "tab\tnew\nline\x00", "שלום",
        "&lt;",
    ],
)  # fmt: skip
def test_hostile_names_and_patterns_are_escaped_cut_and_kept(hostile: str) -> None:
    panel = turn(small(), routes=1, name=hostile)
    turn(panel, pattern=hostile * 3)
    route = panel.configuration.routes[0]

    assert (route.name, route.number_pattern) == (hostile, hostile * 3)
    for page in (panel.answer.value, panel.error.value, panel.controls["file"].value):
        assert not re.search(r"<(script|img src=x)", page)
        assert all(character == "\n" or character.isprintable() for character in page)
    assert all(len(label) < 140 and label.isprintable() for label, _ in panel.controls["routes"].options)
    assert read_text(saved(panel)).routes[0] == route
    shows_one_table(panel)


def test_250_routes_can_be_edited() -> None:
    panel = table_panel(generated(250, 3))
    turn(panel, routes=250, pattern=r"^\+31\d{9}$")
    assert "the first choice is row 250, route 250" in said(panel) or "row 250, route 250" in said(panel)
    assert "Add a route: " in told(turn(panel, "add"))
    assert "the limit is 250" in told(panel)
    assert len(panel.answer.value) < 100_000
    shows_one_table(panel)


# ---------------------------------------------------------------- no needless work


def test_only_a_changed_table_is_audited_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def counted(table: Any, **options: Any) -> Any:
        asked.append(table)
        return audit(table, **options)

    monkeypatch.setattr(routes, "audit", counted)
    routes._audited.cache_clear()
    panel = small()
    turn(panel, number="+1 206 555 0100", routes=2)
    turn(panel, text="{")
    turn(panel, "drop", name="Redmond 2")
    assert len(asked) == 1
    turn(panel, name="other")
    turn(panel, pattern="^112$")
    assert len(asked) == 3
    turn(panel, "undo", "redo", "undo", "undo")
    assert len(asked) == 3
    routes._audited.cache_clear()


@pytest.mark.parametrize("stopped", [False, True])
def test_the_list_is_written_when_the_answer_is_there(monkeypatch: pytest.MonkeyPatch, stopped: bool) -> None:
    """Else it would show the old row again while Python works, after another row was clicked."""
    panel = small()
    before, seen = panel.controls["routes"].options, []

    def slow(table: Any, **options: Any) -> Any:
        seen.append(panel.controls["routes"].options)
        if stopped:
            raise KeyboardInterrupt
        return audit(table, **options)

    monkeypatch.setattr(routes, "audit", slow)
    turn(panel, pattern=rf"^\+1999\d{{{3 + stopped}}}$")  # no audit is kept of it
    assert seen == [before]
    assert panel.controls["routes"].options != before
    assert ("you stopped this change" in told(panel)) is stopped
    shows_one_table(panel)


def test_each_trait_is_sent_once_and_only_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = turn(table_panel(contoso()), routes=9)
    sent: list[tuple[Widget, str]] = []

    def send_state(widget: Widget, key: Any = None) -> None:
        sent.extend((widget, name) for name in ([key] if isinstance(key, str) else key))

    monkeypatch.setattr(Widget, "send_state", send_state)
    controls = panel.controls

    def done(*actions: str, **values: Any) -> set[tuple[Widget, str]]:
        sent.clear()
        turn(panel, *actions, **values)
        assert len(sent) == len(set(sent))
        return set(sent)

    everything = {(controls["text"], "value"), (controls["file"], "value"), (panel.answer, "value")}
    rows = {(controls["routes"], "_options_labels"), (controls["routes"], "index")}
    assert done(name="new") == everything | rows | {(controls["name"], "value")}
    assert done("down") - {(controls["routes"], "index")} == everything | rows - {(controls["routes"], "index")}
    assert done(number="+31 20 123 4568") == {(controls["number"], "value"), (panel.answer, "value")}
    assert (panel.error, "value") in done(text="{")
    assert not {one for one, _ in done("remove")} & {controls["routes"], controls["text"], controls["file"]}


def test_the_resource_around_the_table_stays() -> None:
    """Its purchased numbers decide what becomes of a call that no route takes."""
    resource = Resource(
        configuration=change_route(microsoft_three_routes().configuration, 1, name="first"),
        purchased_numbers=("+14255550111",),
    )
    panel = turn(table_panel(resource, "+44 20 7946 0111"), "remove")
    assert "no route takes it. The call is dropped: no route matched, and no alternateCallerId was given" in said(panel)
