"""The kit where it is used: JupyterLab as `kit.py open` starts it, in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from acs_telephony.views import panels
from tests.conftest import NOTEBOOKS, ROOT, cases
from tests.lab import GIVEN_UP, Reader

PANELS = cases("panels.toml", "panel")

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS)
each_panel = pytest.mark.parametrize("case", PANELS)


def failed_cells(reader: Reader) -> list[str]:
    """What cells that stopped with an error say."""
    return reader.page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts()


def images(reader: Reader) -> list[dict[str, Any]]:
    """Every picture of the page: its text, and whether the browser could draw it."""
    reader.page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-OutputArea-output img[data-dot-sha256]')].every(i => i.complete)"
    )
    found: list[dict[str, Any]] = reader.script(
        "() => [...document.querySelectorAll('.jp-OutputArea-output img[data-dot-sha256]')]"
        ".map(i => ({alt: i.alt, drawn: i.naturalWidth > 0}))"
    )
    return found


def sees(reader: Reader, title: str, words: str) -> None:
    """Wait until the panel's answer holds these words."""
    reader.panel(title).locator(".acs-answer").filter(has_text=words).wait_for()


def answer(reader: Reader, title: str) -> str:
    return reader.panel(title).locator(".acs-answer").inner_text()


def sources(notebook: str) -> list[str]:
    book = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in book["cells"]]


def in_page(reader: Reader) -> list[str]:
    """The source of every cell as the page holds it now."""
    found: list[str] = reader.script(
        "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(c => c.sharedModel.getSource())"
    )
    return found


def test_every_panel_has_a_case_here() -> None:
    named = {name.removesuffix("_panel") for name in vars(panels) if name.endswith("_panel")}

    assert named == {case.values[0]["title"].lower() for case in PANELS}


@pytest.mark.short
def test_open_shows_the_first_notebook_with_its_pictures_and_asks_nothing(reader: Reader) -> None:
    reader.open()

    assert reader.page.url.split("?")[0].endswith("/notebooks/00_start_here.ipynb")
    assert all(image["drawn"] for image in images(reader))
    assert len(images(reader)) >= 3
    assert reader.page.locator(".Toastify__toast, .jp-Dialog").count() == 0


@each_notebook
def test_a_notebook_runs_from_top_to_bottom(reader: Reader, notebook: str) -> None:
    reader.open(f"notebooks/{notebook}.ipynb")
    reader.run_all()

    assert failed_cells(reader) == []
    assert reader.page.locator(".jp-CodeCell .jp-OutputArea-output").count() >= 8
    assert all(image["drawn"] and len(image["alt"].split()) >= 5 for image in images(reader))
    assert reader.page.locator(".acs-panel").count() == len([s for s in sources(notebook) if "_panel(" in s])
    assert reader.page.locator(".acs-asleep:visible").count() == 0
    for panel in reader.page.locator(".acs-panel").all()[-1:]:
        panel.scroll_into_view_if_needed()
    reader.screenshot(f"{notebook} run")


@each_panel
def test_a_panel_answers_to_the_mouse_to_keys_and_to_nonsense(reader: Reader, case: dict[str, Any]) -> None:
    reader.open(f"notebooks/{case['notebook']}.ipynb")
    reader.run_all()
    title, panel = case["title"], reader.panel(case["title"])

    mouse = case["mouse"]
    assert mouse["sees"] not in answer(reader, title)
    panel.get_by_label(mouse["label"], exact=True).select_option(label=mouse["pick"])
    sees(reader, title, mouse["sees"])

    keyboard = case["keyboard"]
    assert keyboard["sees"] not in answer(reader, title)
    by_tab(reader, title, keyboard["label"])
    for key in keyboard["keys"]:
        reader.page.keyboard.press(key)
    sees(reader, title, keyboard["sees"])
    assert in_page(reader) == sources(case["notebook"])  # no key was an order to the notebook

    if nonsense := case.get("nonsense"):
        good = answer(reader, title)
        field = by_tab(reader, title, nonsense["label"])
        reader.page.keyboard.press("ControlOrMeta+a")
        reader.page.keyboard.type(nonsense["types"])
        reader.page.keyboard.press("Enter")
        error = panel.locator(".acs-error")
        error.filter(has_text=nonsense["error"]).wait_for()
        assert "The answer below is the last good one." in error.inner_text()
        assert field.input_value() == nonsense["types"]  # what was typed stays, to be mended
        assert answer(reader, title) == good
        assert in_page(reader) == sources(case["notebook"])
    reader.screenshot(f"{title} panel used")


def by_tab(reader: Reader, title: str, label: str) -> Any:
    """Go to a control with the Tab key alone, from the cell above it."""
    cell = reader.page.locator(".jp-CodeCell").filter(has=reader.panel(title))
    cell.locator(".jp-InputPrompt").click()
    target = reader.panel(title).get_by_label(label, exact=True)
    for _ in range(80):  # where the focus is below the control, Tab goes once round the page
        reader.page.keyboard.press("Tab")
        if target.evaluate("control => control === document.activeElement"):
            return target
    raise AssertionError(f"Tab does not come to {label}")


@pytest.mark.short
def test_the_keys_of_the_notebook_still_work_in_a_panel(reader: Reader) -> None:
    """Ctrl+S saves, and Shift+Enter runs the cell: only single keys belong to a control alone."""
    path = reader.copy("00_start_here", "keys")
    reader.open(path)
    reader.run_all()
    reader.panel("Dial").get_by_label("sbc1.contoso.biz", exact=True).select_option(label="486 Busy Here")
    sees(reader, "Dial", "says 486")
    before = (reader.lab.root / path).read_bytes()

    by_tab(reader, "Dial", "sbc1.contoso.biz")
    reader.page.keyboard.press("ControlOrMeta+s")
    reader.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    assert (reader.lab.root / path).read_bytes() != before
    by_tab(reader, "Dial", "sbc1.contoso.biz")
    reader.page.keyboard.press("Shift+Enter")
    sees(reader, "Dial", "sbc1.contoso.biz answers")  # a new panel, with its first answer


@pytest.mark.full
@each_notebook
def test_a_page_shows_its_answers_after_a_reload_and_to_somebody_who_does_not_trust_it(
    new_reader: Callable[..., Reader], notebook: str
) -> None:
    author = new_reader()
    path = author.copy(notebook, f"kept {notebook}")
    author.open(path)
    author.run_all()
    author.command("docmanager:save")
    shown = answers(author)
    assert len(shown) >= 6

    author.page.reload()
    author.ready()
    assert answers(author) == shown
    assert author.trouble == []

    author.page.close()
    stranger = new_reader()
    stranger.open(untrusted(stranger, path))
    assert answers(stranger) == shown
    assert all(image["drawn"] for image in images(stranger))
    assert stranger.page.locator(".acs-panel").count() == 0  # nothing of the file may run until it is trusted
    assert stranger.trouble == []


def answers(reader: Reader) -> list[str]:
    """The words of all static outputs, as the page shows them to somebody who reads it to the end."""
    reader.leaf_through()
    outputs = reader.page.locator('.jp-OutputArea-output:is([data-mime-type="text/html"], .jp-RenderedText)')
    texts: list[str] = outputs.evaluate_all("all => all.map(output => output.textContent)")
    return [re.sub(r"\s+", " ", text) for text in texts if text and not re.match(r"<\w+: alive", text)]


def untrusted(reader: Reader, path: str) -> str:
    """A copy that nobody on this computer has run or trusted: its text differs, so no signature fits it."""
    book = json.loads((reader.lab.root / path).read_text(encoding="utf-8"))
    book["cells"][0]["source"] = ["# From a stranger"]
    other = path.replace(".ipynb", " from a stranger.ipynb")
    (reader.lab.root / other).write_text(json.dumps(book), encoding="utf-8")
    return other


def test_a_panel_sleeps_until_python_runs_and_again_after_a_restart(reader: Reader) -> None:
    reader.open("notebooks/00_start_here.ipynb")
    asleep = reader.panel("Dial").locator(".acs-asleep")
    control = reader.panel("Dial").get_by_label("sbc1.contoso.biz", exact=True)

    asleep.wait_for()
    assert "Run > Run All Cells" in asleep.inner_text()
    assert control.evaluate("control => control.closest('[inert]') !== null")
    assert "takes the call" in answer(reader, "Dial")
    reader.screenshot("panel asleep")

    reader.run_all()
    reader.panel("Dial").locator(".acs-asleep").wait_for(state="hidden")
    control.select_option(label="486 Busy Here")
    sees(reader, "Dial", "says 486")

    reader.script("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    asleep.wait_for()
    assert control.evaluate("control => control.closest('[inert]') !== null")
    assert "says 486" in answer(reader, "Dial")  # the last answer stays
    reader.screenshot("panel after a restart")

    reader.ready()
    reader.run_all()
    reader.panel("Dial").locator(".acs-asleep").wait_for(state="hidden")
    reader.panel("Dial").get_by_label("sbc2.contoso.biz", exact=True).select_option(label="503 Service Unavailable")
    sees(reader, "Dial", "sbc2.contoso.biz says 503 and fails over")


SLOW = """
import time
from ipywidgets import Text
from acs_telephony.views.display import notice
from acs_telephony.views.panels.panel import FILL, Panel

def answer(name):
    end = time.monotonic() + (30 if name == "slow" else 0)
    while time.monotonic() < end:
        time.sleep(0.01)
    return notice("Answer", f"hello {name}")

Panel("Slow", {"": {"name": Text("first", description="Name", continuous_update=False, **FILL)}}, answer)
"""


def open_slow_panel(reader: Reader) -> None:
    """A panel that is made for these tests: no panel of the kit is slow enough."""
    reader.open(reader.write(SLOW, "slow"))
    reader.run_all()
    sees(reader, "Slow", "hello first")


def test_work_that_lasts_says_so_and_can_be_stopped(reader: Reader) -> None:
    open_slow_panel(reader)
    name, panel = reader.panel("Slow").get_by_label("Name", exact=True), reader.panel("Slow")

    name.fill("slow")
    name.press("Enter")
    waiting = panel.locator(".acs-slow").filter(has_text="No answer yet")
    waiting.wait_for()
    reader.screenshot("panel without an answer yet")
    reader.command("notebook:interrupt-kernel")
    panel.locator(".acs-error").filter(has_text="you stopped this change").wait_for()
    waiting.wait_for(state="hidden")
    assert "hello first" in answer(reader, "Slow")

    name.fill("again")
    name.press("Enter")
    sees(reader, "Slow", "hello again")
    assert "stopped" not in panel.inner_text()


AT_ONCE = """
const timeout = AbortSignal.timeout;
AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 2000 ? 0 : ms);
"""


def test_a_page_that_begins_slowly_still_learns_that_an_answer_came(reader: Reader) -> None:
    """After 2 seconds without a panel's script anywidget gives its model up, and drops what Python sends to it."""
    given_up: list[str] = []
    reader.page.on("pageerror", lambda error: given_up.append(str(error)))
    reader.page.add_init_script(AT_ONCE)
    open_slow_panel(reader)
    name, panel = reader.panel("Slow").get_by_label("Name", exact=True), reader.panel("Slow")
    waiting = panel.locator(".acs-slow").filter(has_text="No answer yet")

    name.fill("quick")
    name.press("Enter")
    sees(reader, "Slow", "hello quick")
    reader.script("() => new Promise((done) => setTimeout(done, 600))")  # longer than waiting goes without a word
    waiting.wait_for(state="hidden")

    name.fill("slow")
    name.press("Enter")
    waiting.wait_for()
    reader.command("notebook:interrupt-kernel")
    panel.locator(".acs-error").filter(has_text="you stopped this change").wait_for()
    waiting.wait_for(state="hidden")
    assert GIVEN_UP in given_up  # else this test shows nothing


def test_a_kernel_that_dies_in_the_middle_of_work_leaves_a_panel_asleep(reader: Reader) -> None:
    open_slow_panel(reader)
    panel = reader.panel("Slow")
    panel.get_by_label("Name", exact=True).fill("slow")
    reader.page.keyboard.press("Enter")
    waiting = panel.locator(".acs-slow").filter(has_text="No answer yet")
    waiting.wait_for()

    reader.script("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    panel.locator(".acs-asleep").wait_for()
    waiting.wait_for(state="hidden")


def test_a_change_that_nobody_can_answer_yet_gets_a_word(reader: Reader) -> None:
    """While a cell runs the panel waits and then answers; when the kernel was shut down it says what to choose."""
    open_slow_panel(reader)
    name, panel = reader.panel("Slow").get_by_label("Name", exact=True), reader.panel("Slow")
    waiting = panel.locator(".acs-slow").filter(has_text="No answer yet")
    reader.script("""() => {
      const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
      kernel.requestExecute({ code: "import time; time.sleep(3)" });
    }""")
    name.fill("busy")
    name.press("Enter")
    waiting.wait_for()
    sees(reader, "Slow", "hello busy")
    waiting.wait_for(state="hidden")

    reader.script("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown().then(() => null)")
    name.fill("nobody")
    name.press("Enter")
    waiting.wait_for()
    assert "If no Python runs at all, choose Run > Run All Cells." in waiting.inner_text()
    reader.trouble[:] = [words for words in reader.trouble if words != "Cannot send"]  # as ipywidgets says it
