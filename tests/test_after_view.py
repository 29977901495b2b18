"""What follows, the timeline and the plan as a reader sees them, and the time panel, driven by its controls.

* A page names what follows with its reasons and sources, shows the contradiction, and says what is unknown.
* On each day the same situation shows what the sources of that day say.
* Pictures and tables say the same; words from a stranger are escaped.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from acs_telephony.deciding.choosing import QUESTIONS, Answers, choose
from acs_telephony.deciding.successors import FURTHER, Situation, clause_words, follow
from acs_telephony.deciding.timing import AS_OF, DAYS, LeadTime, back_plan, steps
from acs_telephony.facts import load
from acs_telephony.guide.exercises import check_follows
from acs_telephony.views.advice import OUTCOMES, decision, headline, standing
from acs_telephony.views.after import following_page, moments_table, plan_table, timeline_picture
from acs_telephony.views.panels import time_panel
from tests.test_choose_panel import said, set_controls, words
from tests.test_successors import PERSONA_CASES, PERSONAS, situation_of

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
        fit = {"fits": "yes", "perhaps": "perhaps if"}.get(persona["fit"].get(known["id"], ""), "no does not hold:")
        assert f"{known['name']} {fit} " in page
        told = f"{known['name']} {'; '.join(known['gains']) or 'the guide says nothing'} "
        assert (told in page) is (known["id"] in persona["fit"])
    for one in following.named:
        assert all(clause_words(clause) in page for clause in one.deciding)
        assert all(thing in page for thing in (*one.gains, *one.mind, *one.licences))
        assert not one.contradiction or f"On {one.name} the guide contradicts itself. {one.contradiction}" in page
    assert "On Microsoft Teams Operator Connect the guide contradicts itself." in page
    for name, answer in persona.get("changes", ()):
        text = next(question.text for question in (*QUESTIONS, *FURTHER) if question.id == name)
        assert f"{text} {answer.capitalize()}." in page.partition("What would change it")[2]
    assert all(left in following_page(following).said for left in persona.get("left", ()))
    assert ("no source here says" in page) is bool(persona["fit"])
    assert "acs-retirement-and-breaking-changes-guide.md, 2026-08-18 (RETIRE)" in page or not persona["fit"]
    assert "which clauses decide is our reading" in page


def test_a_bank_hears_of_extensibility_beside_direct_routing_and_of_the_sdks() -> None:
    page = following_page(follow(BANK, as_of=AS_OF))
    named = "Microsoft Teams Direct Routing, Teams Phone extensibility (TPE)."
    assert page.said == f"As of 2026-11-22: the guide of 2026-08-18 names what can follow: {named}"
    assert "beside what carries its calls: Microsoft Teams Direct Routing." in page.text
    assert load("lifecycle")["sdks"]["text"] in page.text


def test_for_each_successor_it_is_told_for_which_way_the_guide_calls_it_best_and_for_whom() -> None:
    """Which of the two options it is for, is what the contradiction on Operator Connect is about."""
    page = words(following_page(follow(BANK, as_of=AS_OF)).html)
    ways = {"cloud": "Voice Calling (PSTN)", "sip": "Azure direct routing"}
    for known in load("lifecycle")["successors"]:
        best = " and ".join(ways[way] for way in known["best_for"])
        assert f"{known['name']} {best} {'; '.join(row['text'] for row in known['fits'])} " in f"{page} "
    assert "Microsoft Teams Operator Connect Voice Calling (PSTN) and Azure direct routing " in page


def test_answers_that_would_name_the_same_stand_together_with_what_they_would_name() -> None:
    """By hand: a webshop for which Calling Plan fits, with an operator beside it and no wish to run SBCs."""
    shop = situation_of(PERSONAS[0])
    page = words(following_page(follow(shop, as_of=AS_OF)).html)
    texts = {question.id: question.text for question in (*QUESTIONS, *FURTHER)}
    operator = (
        f"{texts['retain_carrier']} Yes. {texts['microsoft_managed']} No. {texts['complex_routing']} Yes. "
        f"{texts['calling_plan_offered']} No. {NAMES['operator-connect']}"
    )
    assert operator in page
    assert f"{texts['wants_pstn']} No. Nothing. There are no PSTN calls" in page
    both = f"{NAMES['teams-calling-plan']}, {NAMES['operator-connect']}"
    assert f"{texts['mixed_routing']} Yes. {both}" in page
    assert f"{texts['outside_teams']} Yes. {NAMES['third-party']}." in page
    clinic = situation_of(next(one for one in PERSONAS if one["name"].startswith("A clinic with a PBX")))
    page = words(following_page(follow(clinic, as_of=AS_OF)).html)
    both = f"{NAMES['teams-calling-plan']}, {NAMES['teams-direct-routing']}."
    assert f"{texts['runs_sbcs']} Yes. {both} Mind." in page or f"{texts['runs_sbcs']} Yes. {both} Do " in page
    way_for_calls = f"{NAMES['teams-calling-plan']}, {NAMES['teams-phone-extensibility']}."
    assert f"Yes. {way_for_calls} For your equipment, nothing in Teams that the guide names fits." in page


def test_on_a_late_day_what_advises_says_that_its_sources_were_not_read_since() -> None:
    late, mark = date(2029, 12, 1), "not read since 2026-11-22"
    plan = back_plan([], as_of=late)
    following, advice = follow(BANK, as_of=late), choose(BANK.answers, as_of=late)
    told = following_page(following).text
    assert told.count(mark) == told.count("(RETIRE)") >= 4
    assert plan_table(plan).text.count(mark) == 1
    for part in (*standing(advice), decision(BANK.answers, as_of=late)):
        assert mark in part.text
    today = (following_page(follow(BANK, as_of=AS_OF)), plan_table(back_plan([], as_of=AS_OF)))
    assert mark not in "".join(part.text for part in (*today, decision(BANK.answers, as_of=AS_OF)))


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
    assert "Away from Voice Calling (PSTN), backwards from 2028-09-30" in shown.text
    assert "those out of Azure; into a successor no source here has any." in " ".join(shown.text.split())
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


def tenant(cloud: Any, sip: Any) -> Situation:
    return Situation(answers=Answers(cloud_state=cloud, sip_state=sip))


@pytest.mark.parametrize(
    ("cloud", "sip", "ways"),
    [
        ("with_numbers", "not_configured", ["Voice Calling (PSTN)"]),
        ("without_numbers", "configured", ["Azure direct routing"]),
        ("with_numbers", "configured", ["Azure direct routing", "Voice Calling (PSTN)"]),
        ("without_numbers", "not_configured", []),
    ],
)
def test_the_panel_plans_the_moves_that_a_tenant_has_to_make(cloud: str, sip: str, ways: list[str]) -> None:
    panel = time_panel(tenant(cloud, sip))
    page = words(panel.answer.value)
    assert [
        way for way in ("Azure direct routing", "Voice Calling (PSTN)") if f"Away from {way}, backwards from" in page
    ] == ways
    assert ("nothing to move" in said(panel)) is not ways
    options = (["sip"] if sip == "configured" else []) + (["cloud"] if cloud == "with_numbers" else [])
    listed = [f"{step}: ?" for option in options or ["sip", "cloud"] for step in steps(option)]  # type: ignore[arg-type]
    assert panel.controls["lead_times"].value.splitlines() == listed


def test_lead_times_in_the_panel_give_a_plan_and_nonsense_is_refused_in_its_place() -> None:
    panel = time_panel(tenant("with_numbers", "configured"))
    assert "When to begin is unknown, for 9 of 9 lead times are unknown." in said(panel)
    assert "When to begin is unknown, for 3 of 3 lead times are unknown." in said(panel)
    assert "those of the move to Teams Direct Routing; into another successor no source here has any." in said(panel)
    days = [f"{step}: 90" for step in steps("sip")]
    set_controls(panel, lead_times="\n".join([*days, *(f"{step}: 10" for step in steps("cloud"))]))
    assert "The latest day to begin is 2026-07-13." in said(panel)
    assert "The latest day to begin is 2028-08-31." in said(panel)  # three steps of ten days, by hand
    assert all(f"below it the {count} steps of a plan" in panel.answer.value for count in (9, 3))
    good = panel.answer.value
    set_controls(panel, lead_times="<img src=x>: 3")
    assert "there is no step" in words(panel.error.value)
    assert all(step in words(panel.error.value) for step in (*steps("sip"), *steps("cloud")))
    assert "<img src=x>" not in panel.error.value
    set_controls(panel, lead_times="move the numbers: soon")
    assert "is no lead time. Write a step, a colon and" in words(panel.error.value)
    assert panel.answer.value == good


def test_steps_of_a_way_that_a_tenant_does_not_have_may_be_planned_too() -> None:
    panel = set_controls(time_panel(), lead_times="delete the resource: 10")
    assert "Away from Voice Calling (PSTN), backwards from 2028-09-30" in words(panel.answer.value)
    assert "Away from Azure direct routing" not in words(panel.answer.value)
    assert "nothing to move" not in said(panel)


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
