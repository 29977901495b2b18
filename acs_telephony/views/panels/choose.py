"""Answer the questions, pick a lens and a day, and see what to use, why, and what would change it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from ipywidgets import Checkbox, Dropdown, Text

from acs_telephony.deciding.choosing import QUESTIONS, Answers, Lens
from acs_telephony.deciding.lifecycle import CloudState, SipState
from acs_telephony.deciding.timing import AS_OF, DAYS
from acs_telephony.errors import AnswerError
from acs_telephony.views.advice import TENANT_WORDS, decision
from acs_telephony.views.display import Shown
from acs_telephony.views.panels.panel import FILL, Controls, Panel

_LENSES: Final[tuple[tuple[str, Lens], ...]] = (
    ("advice, as of a day", "advice"),
    ("the page of 2021, word for word", "page_2021"),
)
_GROUPS: Final = {
    "What you want (a tick is a yes)": ("choice",),
    "Where you are, and what you have (a tick is a yes)": ("place", "means"),
}


def choose_panel(answers: Answers | None = None, *, lens: Lens = "advice", as_of: date = AS_OF) -> Panel:
    """Controls for every question, the tenant, the lens and the day; a day that is typed goes before the one picked."""
    given = Answers() if answers is None else answers

    def answer(lens: Lens, day: date, other_day: str, tenant: tuple[CloudState, SipState], **yes_or_no: bool) -> Shown:
        said: dict[str, Any] = {"cloud_state": tenant[0], "sip_state": tenant[1], **yes_or_no}
        return decision(Answers(**said), lens=lens, as_of=read_day(other_day) if other_day.strip() else day)

    groups = {title: _questions(given, kinds) for title, kinds in _GROUPS.items()}
    groups["Your tenant, the lens and the day"] = _situation(given, lens, as_of)
    # A question is longer than other labels are, and stands on one line where there is room for it.
    return Panel("Choose", groups, answer, column="480px")


def _questions(answers: Answers, kinds: tuple[str, ...]) -> Controls:
    asked = [question for question in QUESTIONS if question.kind in kinds]
    return {
        question.id: Checkbox(getattr(answers, question.id), description=question.text, indent=False, **FILL)
        for question in asked
    }


def _situation(answers: Answers, lens: Lens, as_of: date) -> Controls:
    tenants = [(words, tenant) for tenant, words in TENANT_WORDS.items()]
    tenant = (answers.cloud_state, answers.sip_state)
    return {
        "tenant": Dropdown(options=tenants, value=tenant, description="Your tenant has", **FILL),
        "lens": Dropdown(options=_LENSES, value=lens, description="Lens", **FILL),
        **day_controls(as_of),
    }


def day_controls(as_of: date) -> Controls:
    """The seven days to pick from, and a field for any other."""
    days = sorted({as_of: "the day given", **DAYS}.items())
    options = [(f"{day}, {words}", day) for day, words in days]
    return {
        "day": Dropdown(options=options, value=as_of, description="Day", **FILL),
        "other_day": Text(placeholder="2027-05-01", description="Or any other day", continuous_update=False, **FILL),
    }


def read_day(text: str) -> date:
    """The day that was typed; what is none is refused in its place."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        remedy = "Write year, month and day as in 2027-05-01, or leave the field empty."
        raise AnswerError(f"{text.strip()[:40]!r} is not a day", place="Or any other day", remedy=remedy) from None
