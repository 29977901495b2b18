"""The table panel in a real browser: edited by mouse and by keyboard, broken and mended, undone, saved; no barrier."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from acs_telephony import contoso, microsoft_three_routes
from acs_telephony.guide.editing import change_route, read_text, text_of
from tests.lab import PROJECTOR, Reader
from tests.test_browser import by_tab, sees
from tests.test_no_barrier import ZOOMED, barriers, list_contrasts

CELL = """
from acs_telephony import contoso, generated
from acs_telephony.views.panels import table_panel
panel = table_panel({source})
panel
"""
# Whether the text comes to show the line with this name near its top.
IN_VIEW = """async (text, name) => {
  const line = text.value.split('\\n').findIndex((one) => one.includes(`"${name}"`));
  const near = () => Math.abs(line * parseFloat(getComputedStyle(text).lineHeight) - text.scrollTop) < 60;
  for (let i = 0; i < 500 && !near(); i++) await new Promise((done) => setTimeout(done, 20));
  return near();
}"""
TEXT, PATTERN = "The same as text (JSON)", "Pattern"


def open_table(reader: Reader, source: str = "contoso()") -> Locator:
    """The panel in a notebook of the reader's own."""
    reader.open(reader.write(CELL.format(source=source), "table"))
    reader.run_all()
    sees(reader, "Table", "to undo.")
    return reader.panel("Table")


def field(panel: Locator, label: str) -> Locator:
    return panel.get_by_label(label, exact=True)


def press(panel: Locator, button: str) -> None:
    panel.get_by_role("button", name=button, exact=True).click()


def complains(panel: Locator, words: str) -> None:
    panel.locator(".acs-error").filter(has_text=words).wait_for()


def chosen(panel: Locator) -> str:
    """The row that the list shows as chosen."""
    shown: str = field(panel, "Routes").evaluate("list => list.selectedOptions[0].textContent.replace(/\\s+/g, ' ')")
    return shown


def saved(reader: Reader, tmp_path: Path, by: Callable[[], None]) -> str:
    with reader.page.expect_download() as coming:
        by()
    assert coming.value.suggested_filename == "routes.json"
    coming.value.save_as(tmp_path / "routes.json")
    return (tmp_path / "routes.json").read_text(encoding="utf-8")


def test_a_table_is_edited_by_mouse_and_saved(reader: Reader, tmp_path: Path) -> None:
    panel = open_table(reader)
    field(panel, "Routes").select_option(index=3)
    sees(reader, "Table", "Row 4 is chosen.")
    assert field(panel, TEXT).evaluate(IN_VIEW, "nl-fixed")
    for _ in range(3):
        press(panel, "Move up")
    sees(reader, "Table", "the first choice is row 1, nl-fixed")
    assert field(panel, TEXT).evaluate(IN_VIEW, "nl-fixed")
    assert chosen(panel).startswith("1 nl-fixed ")
    press(panel, "Add a route")
    sees(reader, "Table", "Row 2 is new and takes no number until you write its pattern.")
    press(panel, "Remove")
    sees(reader, "Table", "60 routes, 4 SBCs; 5 changes to undo.")
    press(panel, "Undo")
    sees(reader, "Table", "61 routes, 4 SBCs; 4 changes to undo.")
    press(panel, "Redo")
    sees(reader, "Table", "Done again.")

    link = panel.get_by_role("link", name="Save as routes.json")
    text = saved(reader, tmp_path, link.click)
    assert text == field(panel, TEXT).input_value()
    assert [route.name for route in read_text(text).routes[:3]] == ["nl-fixed", "nl-amsterdam", "nl-rotterdam"]
    reader.screenshot("Table panel edited")


def test_a_table_is_edited_by_keys_alone_and_the_focus_stays(reader: Reader, tmp_path: Path) -> None:
    panel, keyboard = open_table(reader), reader.page.keyboard
    before = reader.script("() => window.jupyterapp.shell.currentWidget.content.model.cells.length")

    by_tab(reader, "Table", "Routes")
    for _ in range(3):
        keyboard.press("ArrowDown")
    sees(reader, "Table", "Row 4 is chosen.")
    pattern = by_tab(reader, "Table", PATTERN)
    keyboard.press("ControlOrMeta+a")
    keyboard.type(r"^\+31(20\d{7}")
    keyboard.press("Enter")
    complains(panel, "Row 4, 'nl-fixed', cannot be read")
    assert pattern.evaluate("one => one === document.activeElement")
    keyboard.type("$)")
    keyboard.press("Enter")
    sees(reader, "Table", "2 changes to undo.")
    panel.locator(".acs-error").filter(has_not_text="Error").wait_for(state="attached")

    button = panel.get_by_role("button", name="Move up", exact=True)
    for _ in range(20):
        keyboard.press("Shift+Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    for row in (3, 2, 1):  # the list is written anew each time, and the focus stays
        keyboard.press("Enter")
        sees(reader, "Table", f"It is row {row} now.")
        assert button.evaluate("one => one === document.activeElement")
    assert chosen(panel).startswith("1 nl-fixed ")
    by_tab(reader, "Table", "Routes")
    keyboard.press("ArrowDown")  # the list goes on from the row that was moved
    sees(reader, "Table", "Row 2 is chosen.")

    by_tab(reader, "Table", "Pattern")
    keyboard.press("Shift+Enter")  # the cell must not run again: the edits would be gone

    panel.get_by_role("link", name="Save as routes.json").focus()
    wanted = change_route(contoso().configuration, 4, pattern=r"^\+31(20\d{7}$)").dump()
    wanted["routes"].insert(0, wanted["routes"].pop(3))
    assert json.loads(saved(reader, tmp_path, lambda: keyboard.press("Enter"))) == wanted
    assert reader.script("() => window.jupyterapp.shell.currentWidget.content.model.cells.length") == before


def test_a_broken_text_is_kept_mended_and_taken_back(reader: Reader) -> None:
    panel, keyboard = open_table(reader), reader.page.keyboard
    text = by_tab(reader, "Table", TEXT)
    good = text.input_value()
    keyboard.press("ControlOrMeta+Home")
    keyboard.press("Delete")
    keyboard.type("[")
    keyboard.press("Shift+Enter")  # a new line, not an order to run the cell again
    keyboard.press("Tab")
    complains(panel, "Not taken, so the table stays as it was: line 3, column 11: this is no JSON")
    broken = text.input_value()
    assert broken == "[\n" + good.removeprefix("{")
    press(panel, "Remove")
    complains(panel, "Remove: not done, because an entry was not taken.")
    assert (text.input_value(), chosen(panel)[:14]) == (broken, "1 nl-amsterdam")
    reader.screenshot("Table panel with a broken text")

    text.focus()
    keyboard.press("ControlOrMeta+Home")
    keyboard.press("Delete")
    keyboard.type("{")
    wanted = change_route(contoso().configuration, 2, name="nl-rotterdam-new")
    text.evaluate("(one) => { one.value = one.value.replace('nl-rotterdam', 'nl-rotterdam-new'); }")
    keyboard.press("ControlOrMeta+End")
    keyboard.type(" ")
    keyboard.press("Tab")
    sees(reader, "Table", "The text was taken.")
    assert text.input_value() == text_of(wanted)
    assert chosen(panel).startswith("2 nl-rotterdam-new")
    assert "Error" not in panel.locator(".acs-error").inner_text()
    press(panel, "Undo")
    sees(reader, "Table", "Undone.")
    assert text.input_value() == good


def test_the_keys_of_the_text_belong_to_it_and_not_to_the_notebook(reader: Reader) -> None:
    panel, keyboard = open_table(reader), reader.page.keyboard
    text = by_tab(reader, "Table", TEXT)
    good = text.input_value()
    keyboard.press("ControlOrMeta+a")
    keyboard.press("ControlOrMeta+x")
    assert text.input_value() == ""
    keyboard.press("ControlOrMeta+v")
    assert text.input_value() == good
    keyboard.type("abdxyz")
    keyboard.press("ControlOrMeta+z")
    assert text.input_value() == good
    keyboard.press("Tab")
    assert reader.script("() => window.jupyterapp.shell.currentWidget.content.model.cells.length") == 1
    assert panel.count() == 1


def test_250_routes_stay_usable(reader: Reader) -> None:
    panel = open_table(reader, "generated(250, 3)")
    field(panel, "Routes").select_option(index=200)
    sees(reader, "Table", "Row 201 is chosen.")
    field(panel, PATTERN).fill(r"^\+31201234567$")
    reader.page.keyboard.press("Enter")
    sees(reader, "Table", "row 201, route 201")
    list_is_there = "list => { const { top, bottom } = list.getBoundingClientRect(); return bottom - top < 260; }"
    assert field(panel, "Routes").evaluate(list_is_there)
    at = "list => list.scrollTop / (list.scrollHeight - list.clientHeight)"
    assert 0.7 < field(panel, "Routes").evaluate(at) < 0.9  # the chosen row is in view, though the list is new
    reader.screenshot("Table panel with 250 routes")


@pytest.mark.parametrize(("theme", "width"), [("Light", PROJECTOR["width"]), ("Dark", ZOOMED["width"])])
def test_axe_finds_nothing_with_and_without_errors_at_either_zoom(reader: Reader, theme: str, width: int) -> None:
    panel = open_table(reader)
    reader.theme(theme)
    found: dict[str, list[str]] = {}

    def look(what: str) -> None:
        reader.roll_out(width)
        found[f"{width} {what}"], enough = barriers(reader)
        assert enough >= 50
        assert min(list_contrasts(reader)) >= 4.5
        reader.screenshot(f"Table panel {theme} {width} {what}")

    field(panel, PATTERN).fill("(" + "1" * 200)
    reader.page.keyboard.press("Enter")
    complains(panel, "cannot be read")
    field(panel, TEXT).fill('{\n  "routes": [}')
    press(panel, "Remove")
    complains(panel, "Remove: not done")
    look("wrong")
    press(panel, "Drop the entry")
    sees(reader, "Table", "dropped")
    press(panel, "Undo")
    sees(reader, "Table", "Undone.")
    look("right")
    assert [line for wrong in found.values() for line in wrong] == []


def test_what_is_typed_while_python_works_is_not_overwritten(reader: Reader) -> None:
    """An answer writes only what it changed: the field in which somebody types already is not among it."""
    panel = open_table(reader, "generated(250, 3)")
    field(panel, "Name").fill("first")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("End")
    reader.page.keyboard.type("|^112$", delay=60)
    sees(reader, "Table", "Row 1: the name was changed.")
    assert field(panel, PATTERN).input_value().endswith("|^112$")
    reader.page.keyboard.press("Enter")
    sees(reader, "Table", "Row 1: the pattern was changed.")
    assert field(panel, "Name").input_value() == "first"


def click_row(reader: Reader, panel: Locator, row: int, held: int) -> None:
    """Click a row of the list as a hand does: press, hold for so many milliseconds, let go."""
    spot = field(panel, "Routes").evaluate(
        "(list, row) => { const { left, top, height } = list.options[row - 1].getBoundingClientRect();"
        " return [left + 60, top + height / 2]; }",
        row,
    )
    reader.page.mouse.move(*spot)
    reader.page.mouse.down()
    reader.page.wait_for_timeout(held)
    reader.page.mouse.up()


EDITS: dict[str, tuple[str, dict[str, str | list[str]]]] = {
    "Name": ("Renamed", {"name": "Renamed"}),
    PATTERN: (r"^\+1999\d{7}$", {"numberPattern": r"^\+1999\d{7}$"}),
    "Trunks": ("sbc5.contoso.biz", {"trunks": ["sbc5.contoso.biz"]}),
}


@pytest.mark.parametrize("held", [0, 50, 1000])
def test_a_click_on_another_row_takes_the_edit_and_chooses_that_row(reader: Reader, held: int) -> None:
    """The edit is sent when the field is left, so its answer writes the list anew under a button that is held down."""
    panel = open_table(reader, "")
    wanted = microsoft_three_routes().configuration.dump()
    for done, (label, (typed, kept)) in enumerate(EDITS.items(), 1):
        field(panel, label).fill(typed)
        click_row(reader, panel, 3, held)
        sees(reader, "Table", f"Row 3 is chosen. 3 routes, 5 SBCs; {done} change")
        wanted["routes"][0] |= kept
        assert json.loads(field(panel, TEXT).input_value()) == wanted
        assert (chosen(panel)[:10], field(panel, "Name").input_value()) == ("3 Other +1", "Other +1")
        click_row(reader, panel, 1, held)
        sees(reader, "Table", "Row 1 is chosen.")

    text = field(panel, TEXT)
    text.fill(text.input_value().replace("Redmond 2", "R2"))
    click_row(reader, panel, 3, held)
    sees(reader, "Table", "Row 3 is chosen. 3 routes, 5 SBCs; 4 changes")
    assert (chosen(panel)[:10], field(panel, "Name").input_value()) == ("3 Other +1", "Other +1")
    assert '"R2"' in text.input_value()


@pytest.mark.parametrize("held", [0, 50, 1000])
def test_a_click_on_another_row_after_an_edit_that_is_refused_leaves_the_row_chosen(reader: Reader, held: int) -> None:
    panel = open_table(reader, "")
    for label, typed in (("Name", ""), ("Trunks", "no.example.com"), (TEXT, "{")):
        field(panel, label).fill(typed)
        click_row(reader, panel, 3, held)
        complains(panel, "The choice of row 3: not done, because an entry was not taken.")
        assert chosen(panel).startswith("1 Redmond 1 ")
        assert field(panel, label).input_value() == typed
        press(panel, "Drop the entry")
        sees(reader, "Table", "The entry was dropped.")
        click_row(reader, panel, 2, held)
        sees(reader, "Table", "Row 2 is chosen.")
        click_row(reader, panel, 1, held)
        sees(reader, "Table", "Row 1 is chosen.")
