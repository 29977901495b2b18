"""No barrier: WCAG 2.2 AA as axe-core checks it, focus that is seen and in order, spoken answers, room at 200 % zoom.

What axe-core cannot see of colour (the three kinds of colour-blindness) is computed here from the palette.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from acs_telephony import dial, microsoft_three_routes
from acs_telephony.views import palette
from acs_telephony.views.diagrams import path
from acs_telephony.views.icons import ICONS
from tests.conftest import NOTEBOOKS, ROOT, cases
from tests.lab import PROJECTOR, Reader

PANELS = cases("panels.toml", "panel")
#: A projector of 1280 by 720 at 200 % zoom has so many CSS pixels.
ZOOMED = {"width": PROJECTOR["width"] // 2, "height": PROJECTOR["height"] // 2}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CELLS = "() => window.jupyterapp.shell.currentWidget.content.model.cells.length"
OUTPUTS = ".jp-OutputArea-output"  # prose is left out: it looks as JupyterLab makes it


def barriers(reader: Reader) -> tuple[list[str], int]:
    """What axe-core finds wrong or cannot decide in outputs and panels; and how many texts have enough contrast."""
    found = Axe().run(reader.page, context={"include": [OUTPUTS]}, options={"runOnly": RULES}).response
    wrong = [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found["violations"] + found["incomplete"]
        for node in rule["nodes"]
        # Behind a list's text is the picture of its arrow, or its rows; `list_contrasts` measures that text instead.
        if not (node["html"].startswith("<select") and "color could not be determined" in node["failureSummary"])
    ]
    return wrong, sum(len(rule["nodes"]) for rule in found["passes"] if rule["id"] == "color-contrast")


def list_contrasts(reader: Reader) -> list[float]:
    """The contrast of each list's text to its ground."""
    pairs = reader.page.locator(f"{OUTPUTS} select").evaluate_all(
        "all => all.map(one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor])"
    )
    return [palette.contrast(hexadecimal(text), hexadecimal(ground)) for text, ground in pairs]


@pytest.mark.full
@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_axe_finds_nothing_in_either_theme_at_either_zoom(reader: Reader, notebook: str) -> None:
    reader.open(f"notebooks/{notebook}.ipynb")
    reader.leaf_through()
    reader.roll_out(PROJECTOR["width"])
    found = {"asleep": barriers(reader)[0]}
    reader.run_all()
    reader.page.locator(f"{OUTPUTS} details").evaluate_all("all => all.forEach(words => (words.open = true))")
    # Each theme and each width once: colours do not hang on the width, and what fits does not hang on the theme.
    for width, theme in ((PROJECTOR["width"], "Light"), (ZOOMED["width"], "Dark")):
        reader.theme(theme)
        reader.roll_out(width)
        found[f"{theme} {width}"], enough = barriers(reader)
        assert enough >= 50  # it did look
        assert reader.page.locator(f"{OUTPUTS} mjx-container").all_inner_texts() == []  # patterns are no formulas
        assert all(contrast >= 4.5 for contrast in list_contrasts(reader))
        reader.screenshot(f"{notebook} {theme} {width}")

    has_panel = "_panel(" in (ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8")
    assert bool(list_contrasts(reader)) == has_panel
    assert {where: wrong for where, wrong in found.items() if wrong} == {}


@pytest.mark.full
def test_axe_would_find_a_barrier(reader: Reader) -> None:
    reader.open("notebooks/00_start_here.ipynb")
    reader.script("""() => {
      document.querySelector('.jp-OutputArea-output').innerHTML = '<img src="data:,"><p style="color:#ccc">pale</p>';
    }""")
    reader.leaf_through()
    reader.roll_out(PROJECTOR["width"])

    wrong, _ = barriers(reader)
    assert {line.split(":")[0] for line in wrong} == {"color-contrast", "image-alt"}


@pytest.mark.full
@pytest.mark.parametrize("case", PANELS)
def test_a_panel_has_room_at_200_percent(reader: Reader, case: dict[str, Any]) -> None:
    """Nothing leaves the panel, no label is cut off, no table breaks a word, beside a file browser and without."""
    reader.page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    reader.open(f"notebooks/{case['notebook']}.ipynb")
    reader.run_all()
    reader.leaf_through()
    panel = reader.panel(case["title"])
    for _ in range(2):
        leaving = panel.evaluate("""panel => {
          const edge = panel.getBoundingClientRect().right + 1;
          const parts = [...panel.querySelectorAll('.acs-controls *, .acs-error *, .acs-answer > *')];
          const out = parts.filter(part => part.getBoundingClientRect().right > edge);
          const cells = [...panel.querySelectorAll('td, th')];
          const broken = cells.filter((cell) => getComputedStyle(cell).overflowWrap !== 'normal');
          const words = [...panel.querySelectorAll('label, .widget-label, button')];
          const cut = words.filter(part => part.scrollWidth > part.clientWidth + 1 && part.clientWidth);
          return [...out, ...broken, ...cut].map(part => part.outerHTML.slice(0, 120));
        }""")
        assert leaving == []
        reader.screenshot(f"{case['title']} panel at 200 percent")
        reader.script("() => window.jupyterapp.shell.collapseLeft()")


_UNCOVERED = """() => {
  const control = document.activeElement, box = control.getBoundingClientRect();
  return control.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""
_STOP = """panel => {
  const control = document.activeElement, box = control.getBoundingClientRect();
  const style = getComputedStyle(control), ground = getComputedStyle(document.querySelector('.jp-Notebook'));
  const { x, y } = panel.getBoundingClientRect();
  return {
    inside: control.closest('.acs-controls') !== null, x: box.x - x, y: box.y - y,
    line: [style.outlineStyle, parseFloat(style.outlineWidth), style.outlineColor, ground.backgroundColor],
  };
}"""


# The themes in turn: the order of the focus does not hang on them, and its line is the same in every panel.
IN_TURN = [pytest.param(*case.values, ("Light", "Dark")[i % 2], id=str(case.id)) for i, case in enumerate(PANELS)]


@pytest.mark.full
@pytest.mark.parametrize(("case", "theme"), IN_TURN)
def test_the_focus_is_seen_and_goes_as_one_reads(reader: Reader, case: dict[str, Any], theme: str) -> None:
    reader.open(f"notebooks/{case['notebook']}.ipynb")
    reader.run_all()
    reader.theme(theme)
    panel = reader.panel(case["title"])
    panel.evaluate("panel => { panel.tabIndex = -1; panel.focus(); }")
    controls = panel.locator(".acs-controls").locator("select, input, textarea, button, a").count()
    assert controls >= 2
    stops = []
    for _ in range(controls):
        reader.page.keyboard.press("Tab")
        reader.page.wait_for_function(_UNCOVERED)
        stops.append(panel.evaluate(_STOP))

    assert all(stop["inside"] for stop in stops)
    rows = [(round(stop["y"] / 16), stop["x"]) for stop in stops]
    assert rows == sorted(rows)
    for style, width, line, ground in (stop["line"] for stop in stops):
        assert (style, width) == ("solid", 3)
        assert palette.contrast(hexadecimal(line), hexadecimal(ground)) >= 3


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_words_of_a_picture_open_by_keyboard(reader: Reader, key: str) -> None:
    reader.open("notebooks/04_a_table_is_a_machine.ipynb")
    words = reader.page.locator(f"{OUTPUTS} img[data-dot-sha256] + details").first
    words.scroll_into_view_if_needed()
    words.locator("summary").focus()
    cells = reader.script(CELLS)  # not those in the page: JupyterLab leaves some out that are out of sight
    reader.page.keyboard.press(key)

    words.locator("pre").wait_for()
    assert "can match" in words.locator("pre").inner_text()
    assert words.locator("summary").evaluate("one => one === document.activeElement")
    style = words.locator("summary").evaluate("one => getComputedStyle(one).outlineStyle")
    assert style != "none"
    assert reader.page.locator(f"{OUTPUTS} mjx-container").count() == 0  # a `$` ends a pattern and begins no formula
    reader.page.keyboard.press(key)
    words.locator("pre").wait_for(state="hidden")
    assert reader.script(CELLS) == cells


SHOWN = r"""
from acs_telephony.views.display import notice
from acs_telephony.views.machine import machine_picture, step_words, steps_table, together
patterns = ["^112$", r"^11\d$", r"^\(0\)1$"]
together(steps_table(patterns, "112"), step_words(patterns, "11"), notice("Mind", "$a$"), machine_picture(patterns))
"""


def test_patterns_in_an_answer_are_not_set_as_mathematics(reader: Reader) -> None:
    reader.open(reader.write(SHOWN, "patterns"))
    reader.run_all()
    formula = "MathJax draws $x$"
    reader.script(
        """(words) => {
          const cells = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
          cells.addCell({ cell_type: 'markdown', source: words });
        }""",
        formula,
    )
    reader.command("notebook:run-all-cells")
    reader.page.locator(".jp-MarkdownOutput mjx-container").wait_for()  # now it has seen all that is there

    assert reader.page.locator(f"{OUTPUTS} mjx-container").all_inner_texts() == []
    assert "2 ^11\\d$" in reader.page.locator(OUTPUTS).first.inner_text()


def test_words_that_a_reader_opened_stay_open_when_a_panel_answers_anew(reader: Reader) -> None:
    reader.open("notebooks/04_a_table_is_a_machine.ipynb")
    reader.run_all()
    panel = reader.panel("Machine")
    words = panel.locator(".acs-answer details")
    words.locator("summary").click()
    words.locator("pre").wait_for()
    spoken = panel.locator('.acs-spoken[role="status"]').text_content()
    panel.get_by_label("Read so far", exact=True).select_option(label="2 characters")
    panel.locator(".acs-answer").filter(has_text="Read: +1.").wait_for()
    words.locator("pre").wait_for()
    assert spoken == ""  # opened words are read by the reader, and are no new answer

    words.locator("summary").click()
    panel.get_by_label("Read so far", exact=True).select_option(label="3 characters")
    panel.locator(".acs-answer").filter(has_text="Read: +14.").wait_for()
    assert words.locator("pre").is_hidden()


def hexadecimal(rgb: str) -> str:
    """`rgb(1, 2, 3)` as `#010203`."""
    red, green, blue = map(int, re.findall(r"\d+", rgb)[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


@pytest.mark.parametrize("case", PANELS)
def test_a_changed_answer_and_an_error_are_spoken(reader: Reader, case: dict[str, Any]) -> None:
    """Live regions that stood there before hold the sentence that matters, and an error is spoken whole."""
    reader.open(f"notebooks/{case['notebook']}.ipynb")
    reader.run_all()
    panel, mouse = reader.panel(case["title"]), case["mouse"]
    polite, urgent = panel.locator('.acs-spoken[role="status"]'), panel.locator('.acs-spoken[role="alert"]')
    assert polite.text_content() == urgent.text_content() == ""  # nobody asked yet

    panel.get_by_label(mouse["label"], exact=True).select_option(label=mouse["pick"])
    panel.locator(".acs-answer").filter(has_text=mouse["sees"]).wait_for()
    said = panel.locator("[data-said]").get_attribute("data-said")
    assert said
    polite.filter(has_text=said).wait_for(state="attached")

    if nonsense := case.get("nonsense"):
        panel.get_by_label(nonsense["label"], exact=True).fill(nonsense["types"])
        reader.page.keyboard.press("Enter")
        urgent.filter(has_text=nonsense["error"]).wait_for(state="attached")
        assert polite.text_content() == ""


# --- colour is never the only signal

# Machado, Oliveira, Fernandes (2009), "A Physiologically-based Model for Simulation of Color Vision Deficiency",
# severity 1.0, for linear RGB.
SEEN_BY = {
    "nobody colour-blind": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def seen(colour: str, matrix: tuple[tuple[float, ...], ...]) -> str:
    """A colour as somebody with this kind of sight sees it."""
    given = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in given]
    mixed = [min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in matrix]
    back = [c * 12.92 if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in mixed]
    return "#" + "".join(f"{round(c * 255):02x}" for c in back)


def test_the_simulation_knows_grey_and_confuses_red_with_green() -> None:
    for matrix in SEEN_BY.values():
        assert seen("#808080", matrix) == "#808080"
    red, green = (seen(colour, SEEN_BY["deuteranopia"]) for colour in ("#c04040", "#708000"))
    assert palette.contrast(red, green) < 1.3
    assert abs(int(red[1:3], 16) - int(green[1:3], 16)) < 40


@pytest.mark.parametrize("sight", SEEN_BY)
def test_text_and_lines_keep_their_contrast_for_every_kind_of_sight(sight: str) -> None:
    def ratio(one: str, other: str) -> float:
        return palette.contrast(seen(one, SEEN_BY[sight]), seen(other, SEEN_BY[sight]))

    for tone in palette.TONES.values():
        assert ratio(palette.INK, tone.fill) >= 4.5
        assert ratio(palette.QUIET, tone.fill) >= 4.5
        assert ratio(tone.line, palette.PAPER) >= 3
    for tint in palette.TINTS.values():
        assert ratio(tint.line, tint.fill) >= 4.5
    for mark in palette.MARKS.values():
        assert min(ratio(mark, "#ffffff"), ratio(mark, "#111111")) >= 3


def test_a_kind_of_notice_is_told_by_its_outline() -> None:
    assert len({outline for _, outline in ICONS.values()}) == len(ICONS) == 6


def test_a_picture_without_its_colours_still_tells_every_state_apart() -> None:
    """The same call with an SBC in each of its states, every colour taken out of the picture."""
    states = ["answers", 486, 503, "silent", "refused", "demoted"]
    journeys = [dial(microsoft_three_routes(), "+14255550100", sbcs={"sbc1.contoso.biz": s}) for s in states]  # type: ignore[dict-item]
    grey = [re.sub(r"#[0-9a-fA-F]{6}", "", path(journey).dot) for journey in journeys]

    assert len(set(grey)) == len(states)
    assert all("#" in path(journey).dot for journey in journeys)
