"""Pick a day, and see the same situation judged on it: what can be had, what can follow, and by when to begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

from ipywidgets import Dropdown, Textarea

from acs_telephony.deciding.choosing import choose
from acs_telephony.deciding.successors import FURTHER, Situation, follow
from acs_telephony.deciding.timing import AS_OF, back_plans, leaving, read_lead_times, steps
from acs_telephony.views.advice import headline
from acs_telephony.views.after import following_page, plan_table, timeline_picture
from acs_telephony.views.display import Shown, notice, together
from acs_telephony.views.panels.choose import day_controls, read_day
from acs_telephony.views.panels.panel import FILL, Panel

# A long question goes on in the next line where there is no room for it.
_LONG: Final[dict[str, Any]] = {**FILL, "style": {"description_width": "fit-content"}}
_NO_PLAN: Final = "This tenant has neither numbers nor direct routing: nothing to move. Days for a step show its plan."
_WORDS: Final = {"yes": "yes", "no": "no", "unknown": "I do not know yet"}


def time_panel(situation: Situation | None = None, *, as_of: date = AS_OF) -> Panel:
    """Controls for the day, for what follows, and for the lead times of the moves that this tenant has to make."""
    given = Situation() if situation is None else situation

    def answer(day: date, other_day: str, lead_times: str, **further: Any) -> Shown:
        judged = read_day(other_day) if other_day.strip() else day
        plans = back_plans(read_lead_times(lead_times), given.answers, as_of=judged)
        advice = choose(given.answers, as_of=judged)
        following = follow(replace(given, **further), as_of=judged)
        drawn = [timeline_picture(judged, plan) for plan in plans if len(plan.unknown) < len(plan.rows)]
        below = map(plan_table, plans) if plans else [notice("Answer", _NO_PLAN)]
        top = drawn or [timeline_picture(judged)]
        return together(notice("Answer", headline(advice)), *top, following_page(following), *below)

    asked = {
        question.id: Dropdown(
            options=[(words, value) for value, words in _WORDS.items()],
            value=getattr(given, question.id), description=question.text, **_LONG,
        )
        for question in FURTHER
    }  # fmt: skip
    moves = leaving(given.answers) or ("sip", "cloud")
    lines = "\n".join(f"{step}: ?" for option in moves for step in steps(option))
    days = Textarea(lines, description="Days for each step", continuous_update=False, rows=12, **FILL)
    groups = {
        "The day": day_controls(as_of),
        "What follows hangs on this too": asked,
        "The move: your own calendar days in the place of each ?": {"lead_times": days},
    }
    return Panel("Time", groups, answer, column="480px")
