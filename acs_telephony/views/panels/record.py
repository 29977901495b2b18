"""Put a case on record: a title, a status, and a button that writes the record to save, as a page and as Markdown."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import get_args

from ipywidgets import Button, Dropdown, Text, Widget

from acs_telephony.deciding.answering import Case, Status
from acs_telephony.deciding.rates import RateList
from acs_telephony.views.display import Shown
from acs_telephony.views.panels.panel import FILL, Panel
from acs_telephony.views.record import Record, Routing, record, record_page


def record_panel(case: Case, routing: Routing | None = None, rates: RateList | None = None) -> Panel:
    """Controls for the title and the status of a case's record, and a button that writes it."""
    return RecordPanel(case, routing, rates)


class RecordPanel(Panel):
    """A panel that shows what a record holds. Once the button was pressed its answer has links that save the record.

    Any other change takes the links away: they would save the record as it was.
    """

    def __init__(self, case: Case, routing: Routing | None, rates: RateList | None) -> None:
        self._written = False

        def answer(title: str, status: Status) -> Shown:
            made = record(replace(case, title=title.strip(), status=status), routing, rates)
            page = record_page(made)
            links = f'<div class="acs-row">{"".join(_links(made))}</div>' if self._written else ""
            return Shown(page.html + links, page.text, f"Written. {page.said}" if links else page.said)

        controls = {
            "title": Text(case.title, description="Title", continuous_update=False, **FILL),
            "status": Dropdown(options=get_args(Status), value=case.status, description="Status", **FILL),
            "write": Button(description="Write the record"),
        }
        super().__init__("Record", {"": controls}, answer)

    def _follow(self, control: Widget) -> None:
        self._written = isinstance(control, Button)
        self._show()


def _links(made: Record) -> tuple[str, str]:
    return (
        _link("record.html", "text/html", made.html, "Save the record as a page"),
        _link("record.md", "text/markdown", made.markdown, "Save it as Markdown"),
    )


def _link(name: str, kind: str, text: str, words: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    return f'<a download="{name}" href="data:{kind};charset=utf-8;base64,{data}">{words}</a>'
