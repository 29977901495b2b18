"""What every panel is: labelled controls, one answer under them, and an error in its place.

A panel has no rule of its own. It hands the values of its controls to a function and shows what comes back. When the
function refuses a value, the error stands above the answer and the last good answer stays. What only a page can do for
it (keys, spoken changes, a word when an answer takes long) is in `front.js`, how it looks in `front.css`.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from anywidget import AnyWidget
from ipywidgets import HTML, Box, Button, GridBox, VBox, Widget
from traitlets import Int, Unicode

from acs_telephony.errors import AcsTelephonyError
from acs_telephony.views.display import Shown, heading, notice

#: How a control is laid out: it fills its column, and its label keeps its whole length.
FILL: dict[str, Any] = {"layout": {"width": "auto"}, "style": {"description_width": "initial"}}

Controls = Mapping[str, Widget]

_HERE: Final = Path(__file__).parent
# Shown while no Python listens: before the first run, after a restart, in a saved page.
_ASLEEP: Final = (
    "These controls are asleep, because their Python is not running. Choose Run > Run All Cells, and they work. "
    "What stands below is the last answer."
)
_PATIENCE: Final = (
    "No answer yet: Python is busy with your change or with a cell. To stop that, choose Kernel > Interrupt Kernel. "
    "If no Python runs at all, choose Run > Run All Cells."
)
#: What is said with an error that leaves the answer alone.
STAYS: Final = "The answer below is the last good one."
_STOPPED: Final = "you stopped this change before it had an answer.\nChange a control to ask again."


class Front(AnyWidget):
    """The part of a panel that runs in the page; it shows nothing of its own but a word when an answer takes long.

    The page counts what it asked. It must need no message from Python: anywidget drops those to a page that took more
    than two seconds to begin.
    """

    _esm = (_HERE / "front.js").read_text(encoding="utf-8")
    _css = (_HERE / "front.css").read_text(encoding="utf-8")
    title = Unicode().tag(sync=True)
    patience = Unicode(_PATIENCE).tag(sync=True)
    asked = Int(0).tag(sync=True)


class Panel(VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Groups of controls, an answer and an error.

    `groups` maps a heading ("" for none) to controls by name; `column` is the least width of a control.
    `controls["number"].value = "112"` does what a reader's hand does.
    """

    def __init__(
        self, title: str, groups: Mapping[str, Controls], answer: Callable[..., Shown], *, column: str = "320px"
    ) -> None:
        self.title = title
        self.controls = {name: control for controls in groups.values() for name, control in controls.items()}
        self.error = HTML(_dom_classes=["acs-error"])
        self.answer = HTML(_dom_classes=["acs-answer"])
        self._ask = answer
        self._front = Front(title=title)
        self._pulse = HTML(layout={"display": "none"})
        asleep = HTML(f'<div class="acs-asleep">{notice("Mind", _ASLEEP).html}</div>')
        super().__init__([asleep, *_laid_out(groups, column), self._front, self._pulse, self.error, self.answer])
        self.add_class("acs-panel")
        for control in self.controls.values():
            control.observe(lambda change: self._turned(change.owner), names="value")
            if isinstance(control, Button):
                control.on_click(self._turned)
        self._front.observe(self._repeat, names="asked")
        self._repeat()
        self._show()

    def _repeat(self, _: object = None) -> None:
        """Give back the page's count, when Python comes to it: all that was asked before is then done."""
        self._pulse.value = f'<i data-answered="{self._front.asked}"></i>'

    def _turned(self, control: Widget) -> None:
        try:
            self._follow(control)
        except KeyboardInterrupt:
            self._refuse(_STOPPED)

    def _follow(self, control: Widget) -> None:
        """What is done when a control was turned, or a button pressed."""
        self._show()

    def _show(self) -> None:
        given = {name: control for name, control in self.controls.items() if not isinstance(control, Button)}
        values: dict[str, Any] = {name: control.value for name, control in given.items()}
        try:
            shown = self._ask(**values)
        except AcsTelephonyError as error:
            self._refuse(str(error))
        else:
            self.error.value = ""
            self._answer(shown)

    def _answer(self, shown: Shown) -> None:
        """Show an answer, in one message and only when it changes: the page redraws what it is sent."""
        self.answer.value = f'<div data-said="{html.escape(shown.said)}">{shown.html}</div>'

    def _refuse(self, words: str) -> None:
        apart = "\n" if "\n" in words else " "  # words that end with a caret keep it on a line of its own
        stays = f"{apart}{STAYS}" if self.answer.value else ""
        self.error.value = notice("Error", f"{words}{stays}").html

    def __repr__(self) -> str:
        return f"<{self.title}: alive when the notebook runs; its first answer stands below>"


def _laid_out(groups: Mapping[str, Controls], column: str) -> Iterator[Any]:
    """Each group under its heading, in as many columns as fit, and in one on a narrow or zoomed page.

    Buttons that follow one another, and links, stand in a row of their own.
    """
    columns = f"repeat(auto-fit, minmax(min({column}, 100%), 1fr))"
    for words, controls in groups.items():
        if words:
            yield HTML(heading(words).html)
        layout = {"grid_template_columns": columns, "grid_gap": "4px 24px"}
        parts: list[Any] = []
        for small, members in groupby(controls.values(), lambda control: isinstance(control, Button | HTML)):
            together = list(members)
            parts += [Box(together, _dom_classes=["acs-row"])] if small else together
        yield GridBox(parts, layout=layout, _dom_classes=["acs-controls"])
