"""Put a case on record: a title and a status, and the record to save, as a page or as Markdown."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import get_args

from ipywidgets import Dropdown, Text

from acs_telephony.deciding.answering import Case, Status
from acs_telephony.deciding.rates import RateList
from acs_telephony.views.display import Shown
from acs_telephony.views.panels.panel import FILL, Panel
from acs_telephony.views.record import Record, Routing, record, record_page


def record_panel(case: Case, routing: Routing | None = None, rates: RateList | None = None) -> Panel:
    """Controls for the title and the status of a case's record, and links that save it."""

    def answer(title: str, status: Status) -> Shown:
        made = record(replace(case, title=title.strip(), status=status), routing, rates)
        page = record_page(made)
        return Shown(f'{page.html}\n<div class="acs-row">{"".join(_links(made))}</div>', page.text, page.said)

    controls = {
        "title": Text(case.title, description="Title", continuous_update=False, **FILL),
        "status": Dropdown(options=get_args(Status), value=case.status, description="Status", **FILL),
    }
    return Panel("Record", {"": controls}, answer)


def _links(made: Record) -> tuple[str, str]:
    return (
        _link("record.html", "text/html", made.html, "Save the record as a page"),
        _link("record.md", "text/markdown", made.markdown, "Save it as Markdown"),
    )


def _link(name: str, kind: str, text: str, words: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    return f'<a download="{name}" href="data:{kind};charset=utf-8;base64,{data}">{words}</a>'
