"""What follows, the timeline and the plan as a reader sees them, and the time panel, driven by its controls.

* A page names what follows with its reasons and sources, shows the contradiction, and says what is unknown.
* On each day the same situation shows what the sources of that day say.
* Pictures and tables say the same; words from a stranger are escaped.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from acs_telephony.deciding.choosing import Answers, choose
from acs_telephony.deciding.successors import FURTHER, Situation, clause_words, follow
from acs_telephony.deciding.timing import AS_OF, DAYS, LeadTime, back_plan, steps
from acs_telephony.facts import load
from acs_telephony.guide.exercises import check_follows
from acs_telephony.views.advice import OUTCOMES, headline
from acs_telephony.views.after import following_page, moments_table, plan_table, timeline_picture
from acs_telephony.views.panels import time_panel
from tests.test_choose_panel import said, set_controls, words
from tests.test_successors import PERSONA_CASES, situation_of

BANK = Situation(
    answers=Answers(retain_carrier=True, has_supported_sbc=True), application_goes_on="yes", outside_teams="no",
    runs_sbcs="yes", complex_routing="no", calling_plan_offered="no", operator_serves="unknown",
)  # fmt: skip
NAMES = {known["id"]: known["name"] for known in load("lifecycle")["successors"]}


@pytest.mark.parametrize("persona", PERSONA_CASES)
def test_each_person_is_told_what_fits_why_and_what_it_takes(persona: dict[str, Any]) -> None:
    following = follow(situation_of(persona), as_of=AS_OF)
    page = words(following_page(following).html)
    for known in load("lifecycle")["successors"]:
        fit = {"fits": "yes", "perhaps": "perhaps if"}.get(persona["fit"].get(known["id"], ""), "no not so:")
        assert f"{known['name']} {fit} " in page
        told = f"{known['name']} {'; '.join(known['gains']) or 'the guide says nothing'} "
        assert (told in page) is (known["id"] in persona["fit"])
    for one in following.named:
        assert all(clause_words(clause) in page for clause in one.deciding)
        assert all(thing in page for thing in (*one.gains, *one.mind, *one.licences))
        assert not one.contradiction or f"On {one.name} the guide contradicts itself. {one.contradiction}" in page
    assert ("contradicts itself" in page) is ("operator-connect" in persona["fit"])
    for name, answer in persona.get("changes", ()):
        text = next(question.text for question in FURTHER if question.id == name)
        assert f"{text} If the answer were {answer}, something would fit." in page
    assert ("no source here says" in page) is bool(persona["fit"])
    assert "acs-retirement-and-breaking-changes-guide.md, 2026-08-18 (RETIRE)" in page or not persona["fit"]
    assert "which clauses decide is our reading" in page


def test_a_bank_hears_of_extensibility_beside_direct_routing_and_of_the_sdks() -> None:
    page = following_page(follow(BANK, as_of=AS_OF))
    named = "Microsoft Teams Direct Routing, Teams Phone extensibility (TPE)."
    assert page.said == f"As of 2026-11-22: the guide of 2026-08-18 names what can follow: {named}"
    assert "beside what carries its calls: Microsoft Teams Direct Routing." in page.text
    assert load("lifecycle")["sdks"]["text"] in page.text


def test_before_the_guide_a_page_says_why_nothing_is_named() -> None:
    text = following_page(follow(BANK, as_of=date(2026, 8, 17))).text
    assert text == (
        "Answer. As of 2026-08-17: no successor can be named. "
        "The guide that says what can follow is of 2026-08-18; on 2026-08-17 it was not written yet."
    )


def test_the_days_stand_below_one_another_with_what_each_gives() -> None:
    page = words(moments_table(BANK).html)
    for day, what in DAYS.items():
        advice, following = choose(BANK.answers, as_of=day), follow(BANK, as_of=day)
        named = ", ".join(one.name for one in following.named) or following.reason
        row = f"{day}, {what} {OUTCOMES[advice.outcome]} {advice.cloud.word} {advice.sip.word} {named}"
        assert row in page
    assert page.count("it was not written yet") == 2  # 2021 and 2023


# ---------------------------------------------------------------- the timeline and the plan

LATE = [LeadTime(step, 90) for step in steps("sip")]


def test_the_line_has_every_event_in_order_of_time_and_the_day_judged_where_it_belongs() -> None:
    for day in DAYS:
        lines = timeline_picture(day).twin.splitlines()
        dates = [line.partition(":")[0] for line in lines]
        assert dates == sorted(dates)
        assert dates.count(str(day)) == 1 + any(event["date"] == str(day) for event in load("lifecycle")["events"])
        assert f"{day}: the day judged." in lines
        assert len(lines) == len(load("lifecycle")["events"]) + 1
    assert "2026-09: retirement announced, some day of that month." in lines
    assert "2021-06-30: public preview, since when: unknown." in lines
    assert "2028-09-30: the last day of service." in lines


def test_the_line_is_drawn_and_leaves_no_projector() -> None:
    for plan in (None, back_plan(LATE, as_of=AS_OF), back_plan([], option="cloud", as_of=AS_OF)):
        picture = timeline_picture(AS_OF, plan)
        assert picture.width is None or 400 < picture.width <= 1280
        assert len(picture.alt.split()) >= 10
        assert str(AS_OF) in picture.alt


def test_a_plan_is_the_same_in_the_picture_in_its_words_and_in_the_table() -> None:
    """Nine steps of 90 days are 810, which leads from 2028-09-30 to 2026-07-13: that is past."""
    plan = back_plan(LATE, as_of=AS_OF)
    verdict = "The latest day to begin is 2026-07-13. On 2026-11-22 that day is past: this plan is late."
    picture, shown = timeline_picture(AS_OF, plan), plan_table(plan)
    assert verdict in picture.twin
    assert shown.said == verdict
    page = words(shown.html)
    for row in plan.rows:
        assert f"{row.step}: 90 calendar days, latest start {row.start}, latest end {row.end}." in picture.twin
        assert f"{row.step} 90 {row.start} {row.end}" in page
        assert str(row.start) in picture.dot
    assert picture.dot.count(">late<") == sum(str(row.start) < str(AS_OF) for row in plan.rows) == 2
    assert "migrate-to-teams-direct-routing.md, 2026-06-22 (MIG-DR)" in page


def test_what_nobody_estimated_is_unknown_in_the_table_and_in_the_picture() -> None:
    plan = back_plan([LeadTime("delete the resource", 10)], option="cloud", as_of=AS_OF)
    shown = plan_table(plan)
    assert "When to begin is unknown, for 2 of 3 lead times are unknown." in shown.said
    assert "If those took no time, it would be 2028-09-20." in shown.said
    assert "take the numbers out, by a support ticket unknown unknown unknown" in words(shown.html)
    assert "(RETIRE)" in shown.text
    assert ">unknown<" in timeline_picture(AS_OF, plan).dot
    late = back_plan([LeadTime("delete the resource", 10)], option="cloud", as_of=date(2028, 9, 21))
    assert "On 2028-09-21 even that day is past: this plan is late." in plan_table(late).said


# ---------------------------------------------------------------- the panel


def test_the_panel_begins_with_the_day_of_the_notebooks_and_asks_the_further_questions() -> None:
    panel = time_panel(BANK)
    assert said(panel).startswith(f"Answer. {headline(choose(BANK.answers, as_of=AS_OF))}")
    assert following_page(follow(BANK, as_of=AS_OF)).html in panel.answer.value
    assert {name: panel.controls[name].value for name in (q.id for q in FURTHER)} == {
        question.id: getattr(BANK, question.id) for question in FURTHER
    }
    assert all(panel.controls[question.id].description == question.text for question in FURTHER)
    assert [day for _, day in panel.controls["day"].options] == list(DAYS)


def test_each_day_judges_the_same_situation_again() -> None:
    panel = time_panel()
    for day in DAYS:
        text = said(set_controls(panel, day=day))
        assert text.startswith(f"Answer. As of {day}: ")
        assert timeline_picture(day).alt in panel.answer.value
        assert ("it was not written yet" in text) is (day.year < 2026)
    assert "As of 2027-05-01: " in said(set_controls(panel, other_day="2027-05-01"))


def test_answers_in_the_panel_leave_one_name_without_a_perhaps() -> None:
    """What notebook 02 tells its reader to try."""
    panel = set_controls(
        time_panel(), outside_teams="no", runs_sbcs="no", application_goes_on="no", complex_routing="no",
        calling_plan_offered="yes",
    )  # fmt: skip
    assert f"names what can follow: {NAMES['teams-calling-plan']}." in said(panel)


def test_lead_times_in_the_panel_give_a_plan_and_nonsense_is_refused_in_its_place() -> None:
    panel = time_panel()
    assert panel.controls["lead_times"].value == "\n".join(f"{step}: ?" for step in steps("sip"))
    assert "When to begin is unknown, for 9 of 9 lead times are unknown." in said(panel)
    set_controls(panel, lead_times="\n".join(f"{step}: 90" for step in steps("sip")))
    assert "The latest day to begin is 2026-07-13." in said(panel)
    good = panel.answer.value
    set_controls(panel, lead_times="<img src=x>: 3")
    assert "there is no step" in words(panel.error.value)
    assert "<img src=x>" not in panel.error.value
    set_controls(panel, lead_times="move the numbers: soon")
    assert "is no lead time. Write a step, a colon and" in words(panel.error.value)
    assert panel.answer.value == good


# ---------------------------------------------------------------- the check of an exercise


@pytest.mark.parametrize(
    ("wanted", "day", "told"),
    [
        ("teams-direct-routing", AS_OF, "Right. Microsoft Teams Direct Routing fits."),
        (
            "third-party",
            AS_OF,
            "Not yet. For Infobip or Telesign this does not hold:\n  you want to stay outside Teams",
        ),
        ("direct-routing", AS_OF, "Not yet. 'direct-routing' is none of: teams-calling-plan, "),
        (
            "third-party",
            date(2024, 3, 1),
            "Not yet. The guide that says what can follow is of 2026-08-18; on 2024-03-01",
        ),
    ],
)
def test_what_follows_is_right_or_meets_the_clauses_that_say_no(wanted: str, day: date, told: str) -> None:
    check = check_follows(BANK, wanted, as_of=day)
    assert str(check).startswith(told)
    assert bool(check) is told.startswith("Right")


def test_what_only_perhaps_follows_meets_the_question_that_is_open() -> None:
    words = check_follows(Situation(outside_teams="no"), "teams-phone-extensibility", as_of=AS_OF).words
    asked = "Must an application on Call Automation or the Calling SDK go on after the date?"
    assert words == f"Teams Phone extensibility (TPE) fits only perhaps. Still unknown:\n  {asked}"
