"""The plan backwards from the last day: it ends on that day, begins as late as can be, and invents no lead time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from acs_telephony.deciding.choosing import Answers
from acs_telephony.deciding.timing import (
    DAYS,
    LeadTime,
    back_plan,
    back_plans,
    end_of_service,
    leaving,
    read_lead_times,
    steps,
)
from acs_telephony.errors import AnswerError
from acs_telephony.facts import load

TODAY = date(2026, 11, 22)
OUT, RELEASE, DELETE = steps("cloud")


def test_the_days_are_the_seven_and_the_last_day_is_that_of_the_guide() -> None:
    written = "2021-02-09 2023-06-22 2026-10-22 2026-10-23 2026-11-22 2028-09-30 2028-10-01"
    assert [str(day) for day in DAYS] == written.split()
    assert end_of_service() == date(2028, 9, 30)
    assert load("lifecycle")["moving"]["sip_to_teams_direct_routing"]["steps"] == steps("sip")


def test_a_plan_is_counted_back_in_calendar_days() -> None:
    """By hand: 28 days of September, 31 of August and 31 of July are 90, which leads to 30 June."""
    plan = back_plan([LeadTime(OUT, 90), LeadTime(RELEASE, 1), LeadTime(DELETE, 1)], option="cloud", as_of=TODAY)
    assert [(str(row.start), str(row.end)) for row in plan.rows] == [
        ("2028-06-30", "2028-09-28"),
        ("2028-09-28", "2028-09-29"),
        ("2028-09-29", "2028-09-30"),
    ]
    assert (plan.start, plan.no_later_than, plan.late, plan.unknown) == (
        date(2028, 6, 30),
        date(2028, 6, 30),
        False,
        (),
    )


def test_without_a_lead_time_the_start_is_unknown_from_there_back() -> None:
    plan = back_plan([LeadTime(OUT, 90), LeadTime(DELETE, 1)], option="cloud", as_of=TODAY)
    assert [(row.start, row.end) for row in plan.rows] == [
        (None, None),
        (None, date(2028, 9, 29)),
        (date(2028, 9, 29), date(2028, 9, 30)),
    ]
    assert (plan.start, plan.unknown, plan.no_later_than) == (None, (RELEASE,), date(2028, 7, 1))
    nothing = back_plan([], as_of=TODAY)
    assert (nothing.start, nothing.unknown, nothing.late) == (None, steps("sip"), False)


@given(
    some.lists(some.none() | some.integers(0, 400), min_size=9, max_size=9),
    some.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_begun_on_its_latest_start_a_plan_ends_on_the_last_day_and_a_day_later_it_does_not(
    days: list[int | None], as_of: date
) -> None:
    given_days = [LeadTime(step, n) for step, n in zip(steps("sip"), days, strict=True) if n is not None]
    plan = back_plan(given_days, as_of=as_of)
    known = sum(n for n in days if n is not None)
    assert plan.no_later_than + timedelta(days=known) == plan.last_day
    assert plan.late is (as_of + timedelta(days=known) > plan.last_day)
    assert (plan.start is None) is (None in days)
    walked = plan.start
    for row, n in zip(plan.rows, days, strict=True):
        assert (row.days, row.start) == (n, walked)
        if walked is not None and n is not None:
            walked += timedelta(days=n)
            assert row.end == walked
        elif row.end is not None:  # what is behind the last unknown step is known again
            walked = row.end
    assert plan.rows[-1].end == plan.last_day


@pytest.mark.parametrize(("as_of", "late"), [(date(2028, 9, 20), False), (date(2028, 9, 21), True)])
def test_a_plan_is_late_once_its_latest_start_is_past(as_of: date, late: bool) -> None:
    """The lead times known are enough to know it, even while others are unknown."""
    assert back_plan([LeadTime("move the numbers", 10)], as_of=as_of).late is late
    whole = [LeadTime(step, 10 if step == OUT else 0) for step in steps("cloud")]
    assert back_plan(whole, option="cloud", as_of=as_of).late is late


@pytest.mark.parametrize(
    ("tenant", "left"),
    [
        (("no_resource", "no_resource"), ()),
        (("without_numbers", "not_configured"), ()),
        (("without_numbers", "configured"), ("sip",)),
        (("with_numbers", "not_configured"), ("cloud",)),
        (("with_numbers", "configured"), ("sip", "cloud")),
    ],
)
def test_a_tenant_has_a_plan_for_each_way_that_it_leaves_or_gives_days_for(tenant: Any, left: tuple[str, ...]) -> None:
    answers = Answers(cloud_state=tenant[0], sip_state=tenant[1])
    assert leaving(answers) == left
    assert tuple(plan.option for plan in back_plans([], answers, as_of=TODAY)) == left
    days = [LeadTime(DELETE, 3), LeadTime("move the numbers", 5)]
    plans = back_plans(days, answers, as_of=TODAY)
    assert plans == (back_plan(days[1:], as_of=TODAY), back_plan(days[:1], option="cloud", as_of=TODAY))


def test_what_is_a_step_of_no_way_is_refused_with_the_steps_of_both() -> None:
    with pytest.raises(AnswerError) as caught:
        back_plans([LeadTime("hurry", 1)], Answers(), as_of=TODAY)
    assert all(step in str(caught.value) for step in (*steps("sip"), *steps("cloud")))


def test_a_last_day_of_your_own_goes_before_that_of_the_service() -> None:
    plan = back_plan([LeadTime(DELETE, 1)], option="cloud", last_day=date(2027, 3, 1), as_of=TODAY)
    assert plan.rows[-1].start == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("lead_times", "words"),
    [
        ([LeadTime("move numbers", 1)], ("there is no step 'move numbers'", "move the numbers; remove the old side")),
        ([LeadTime("move the numbers", -1)], ("move the numbers: -1 is no number of days", "from 0 to 3,650")),
        ([LeadTime("move the numbers", 3651)], ("3651 is no number of days",)),
        ([LeadTime("move the numbers", True)], ("True is no number of days",)),
        ([LeadTime("move the numbers", 1), LeadTime("move the numbers", 1)], ("this step has two lead times",)),
        ([("move the numbers", 1)], ("is not a LeadTime", 'LeadTime("move the numbers", 30)')),
    ],
)
def test_a_lead_time_that_is_none_is_refused(lead_times: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(AnswerError) as caught:
        back_plan(lead_times, as_of=TODAY)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("given_too", "place"),
    [
        ({"as_of": "2026-11-22"}, "as_of"),
        ({"as_of": datetime(2026, 11, 22)}, "as_of"),
        ({"as_of": TODAY, "last_day": "2028-09-30"}, "last_day"),
        ({"as_of": TODAY, "option": "both"}, "option"),
    ],
)
def test_only_plain_dates_and_the_two_options_are_taken(given_too: Any, place: str) -> None:
    with pytest.raises(AnswerError) as caught:
        back_plan([], **given_too)
    assert caught.value.place == place


def test_a_day_long_ago_ends_with_the_calendar() -> None:
    plan = back_plan([LeadTime(DELETE, 3650)], option="cloud", last_day=date(1, 1, 2), as_of=TODAY)
    assert (plan.rows[-1].start, plan.late) == (date.min, True)


def test_lead_times_are_read_one_a_line() -> None:
    text = "\n move the numbers : 30 \nget licences and roles: ?\nremove the old side:\n"
    assert read_lead_times(text) == (LeadTime("move the numbers", 30),)
    assert read_lead_times("") == ()
    for wrong in (
        "move the numbers",
        "move the numbers: -3",
        "move the numbers: 1.5",
        "move: ²",
        f"move: {'9' * 5000}",
    ):
        with pytest.raises(AnswerError, match=r"line 2: .* is no lead time\. Write a step, a colon and"):
            read_lead_times(f"move the numbers: 1\n{wrong}")
