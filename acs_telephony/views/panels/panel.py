"""What every panel is: labelled controls, one answer under them, and an error in its place.

A panel has no rule of its own. It hands the values of its controls to a function and shows what comes back. When the
function refuses a value, the error stands above the answer and the last good answer stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ipywidgets import HTML, GridBox, ValueWidget, VBox

from acs_telephony.errors import AcsTelephonyError
from acs_telephony.views.display import Shown, heading, notice, small

#: How a control is laid out: it fills its column, and its label keeps its whole length.
FILL: dict[str, Any] = {"layout": {"width": "auto"}, "style": {"description_width": "initial"}}

Controls = Mapping[str, ValueWidget]

# JupyterLab keeps arrow keys and letters for itself until a list is open.
_HINT = small(
    "Run this cell first (Shift+Enter). With the keyboard: Tab moves on, Space opens a list, Enter takes a choice."
)


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
        self.error = HTML()
        self.answer = HTML()
        self._ask = answer
        super().__init__([HTML(_HINT.html), *_laid_out(groups, column), self.error, self.answer])
        for control in self.controls.values():
            control.observe(self._change, names="value")
        self._change()

    def _change(self, _: object = None) -> None:
        values: dict[str, Any] = {name: control.value for name, control in self.controls.items()}
        try:
            shown = self._ask(**values)
        except AcsTelephonyError as error:
            stays = " The answer below is the last good one." if self.answer.value else ""
            self.error.value = notice("Error", f"{error}{stays}").html
        else:
            # Both in one message each, and only when they change: the page redraws what it is sent.
            self.error.value = ""
            self.answer.value = f'<div style="line-height:1.5">{shown.html}</div>'

    def __repr__(self) -> str:
        return f"<{self.title}: alive when the notebook runs; its first answer stands below>"


def _laid_out(groups: Mapping[str, Controls], column: str) -> Iterator[Any]:
    """Each group under its heading, in as many columns as fit, and in one on a narrow or zoomed page."""
    columns = f"repeat(auto-fit, minmax(min({column}, 100%), 1fr))"
    for words, controls in groups.items():
        if words:
            yield HTML(heading(words).html)
        yield GridBox(list(controls.values()), layout={"grid_template_columns": columns, "grid_gap": "4px 24px"})
