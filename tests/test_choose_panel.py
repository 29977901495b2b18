"""The decision as a reader sees it: the panel, driven by setting its controls, and the words of the answer.

* The answer is on screen before anybody touches a control, and the same call without a widget gives it too.
* Both lenses, every listed day and every tenant show their own headline; every outcome and every change has words.
* The picture is that of what is recommended, or else of what fits.
* A day that cannot be read is refused in its place, by name, and the last good answer stays.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest

from acs_telephony.deciding.choosing import QUESTIONS, Answers, Lens, Outcome, choose, smallest_changes
from acs_telephony.deciding.lifecycle import TENANTS
from acs_telephony.facts import load
from acs_telephony.guide.exercises import check_first_day, check_one_answer
from acs_telephony.views.advice import OUTCOMES, TENANT_WORDS, advice_words, change_words, decision, headline
from acs_telephony.views.architecture import Setup, architecture
from acs_telephony.views.panels import choose_panel
from acs_telephony.views.panels.panel import Panel
from tests.second_telling import days_around_events, every_answer_set

TODAY = date(2026, 11, 22)
OPEN = date(2024, 3, 1)
PLAN = "Plan the move as well: the last day is 2028-09-30, by the guide of 2026-08-18 (RETIRE)."


def words(page: str) -> str:
    """What a page says, without its tags; those within a line of text are not even spaces."""
    page = re.sub(r"</?(span|strong|wbr)[^>]*>", "", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def said(panel: Panel) -> str:
    return words(panel.answer.value)


def set_controls(panel: Panel, **values: Any) -> Panel:
    for name, value in values.items():
        panel.controls[name].value = value
    return panel


# ---------------------------------------------------------------- the panel


def test_the_default_answer_is_on_screen_and_the_static_twin_shows_the_same() -> None:
    panel = choose_panel()
    assert "Answer. As of 2026-11-22: what fits is not available to you." in said(panel)
    assert decision(Answers(), as_of=TODAY).html in panel.answer.value
    assert panel.error.value == ""


def test_every_question_has_a_control_with_the_whole_question_as_its_label() -> None:
    panel = choose_panel()
    yes_or_no = [question for question in QUESTIONS if question.kind != "past"]
    assert len(yes_or_no) == 9
    assert [panel.controls[question.id].description for question in yes_or_no] == [q.text for q in yes_or_no]
    assert set(panel.controls) == {question.id for question in yes_or_no} | {"tenant", "lens", "day", "other_day"}
    assert all(control.description for control in panel.controls.values())


def test_every_control_stands_in_a_group_with_a_heading_above_the_error_and_the_answer() -> None:
    panel = choose_panel()
    asleep, *groups, front, pulse, error, answer = panel.children
    assert "Run > Run All Cells" in words(asleep.value)
    assert front.title == "Choose"
    assert pulse.layout.display == "none"  # it speaks to the page, not to a reader
    headings, grids = groups[::2], groups[1::2]
    assert (error, answer) == (panel.error, panel.answer)
    assert len(headings) == len(grids) == 3
    assert all("<h3" in heading.value for heading in headings)
    assert [control for grid in grids for control in grid.children] == list(panel.controls.values())


@pytest.mark.parametrize(
    ("day", "newcomer", "insider"),
    [
        ("2021-02-09", "what fits is in private preview", "use Azure Cloud Calling."),
        ("2023-06-22", "use Azure Cloud Calling.", "use Azure Cloud Calling."),
        ("2026-10-22", "uncertain, for no source settles", PLAN),
        ("2026-10-23", "what fits is not available to you.", PLAN),
        ("2026-11-22", "what fits is not available to you.", PLAN),
        ("2028-09-30", "what fits is not available to you.", PLAN),
        ("2028-10-01", "what fits is gone, for everybody.", "what fits is gone, for everybody."),
    ],
)
def test_each_listed_day_has_its_answer_for_a_newcomer_and_for_a_tenant_with_numbers(
    day: str, newcomer: str, insider: str
) -> None:
    panel = set_controls(choose_panel(), day=date.fromisoformat(day))
    assert f"As of {day}: {newcomer}" in said(panel)
    set_controls(panel, tenant=("with_numbers", "not_configured"))
    first = said(panel).partition(" What fits, and")[0]
    assert first.startswith(f"Answer. As of {day}: ")
    assert insider in first


def test_the_days_of_the_list_are_the_seven_and_the_day_that_was_given() -> None:
    listed = [
        date(2021, 2, 9), date(2023, 6, 22), date(2026, 10, 22), date(2026, 10, 23), TODAY, date(2028, 9, 30),
        date(2028, 10, 1),
    ]  # fmt: skip
    assert [day for _, day in choose_panel().controls["day"].options] == listed
    assert choose_panel(as_of=OPEN).controls["day"].value == OPEN


def test_the_lens_of_the_page_marks_the_clause_that_is_true_for_everyone_on_any_day() -> None:
    panel = set_controls(choose_panel(), lens="page_2021")
    for day in (date(2021, 2, 9), date(2028, 10, 1)):
        text = said(set_controls(panel, day=day))
        assert "The page of 2021, word for word: use both, Azure Cloud Calling and the SIP interface." in text
        assert "yes, and yes for everyone who wants PSTN calls" in text
        assert "Everyone who wants PSTN calls says yes to the first criterion." in text
        assert "not judged here" in text
    assert "yes for everyone" not in said(set_controls(panel, lens="advice"))


def test_a_control_set_and_set_back_brings_back_the_answer() -> None:
    panel = choose_panel(as_of=OPEN)
    before = panel.answer.value
    assert "use the SIP interface." in said(set_controls(panel, retain_carrier=True))
    set_controls(panel, retain_carrier=False)
    assert panel.answer.value == before


@pytest.mark.parametrize("lens", get_args(Lens))
@pytest.mark.parametrize("tenant", TENANTS)
def test_the_panel_says_what_the_decision_says(lens: Lens, tenant: Any) -> None:
    panel = set_controls(choose_panel(), lens=lens, tenant=tenant, equipment_interop=True)
    answers = Answers(equipment_interop=True, cloud_state=tenant[0], sip_state=tenant[1])
    assert decision(answers, lens=lens, as_of=TODAY).html in panel.answer.value


# ---------------------------------------------------------------- a day that is typed


def test_a_typed_day_goes_before_the_one_picked_and_gives_way_when_it_is_taken_out() -> None:
    panel = set_controls(choose_panel(), other_day=" 2027-05-01 ")
    assert "As of 2027-05-01" in said(panel)
    assert "As of 2026-11-22" in said(set_controls(panel, other_day=""))


@pytest.mark.parametrize(
    "nonsense",
    [
        "tomorrow", "2026-02-30", "30-09-2028", "0", "-", "2027-05-01T10:00", "<script>alert(1)</script>", "2027\x00",
        "\u202e10-50-7202", "9" * 10_000, "99999-01-01", "{0}", "'; drop table",
    ],
)  # fmt: skip
def test_a_day_that_cannot_be_read_is_refused_in_its_place_and_the_last_good_answer_stays(nonsense: str) -> None:
    panel = set_controls(choose_panel(), other_day="2027-05-01")
    before = panel.answer.value
    set_controls(panel, other_day=nonsense)
    error = panel.error.value
    assert "Error. Or any other day:" in words(error)
    assert "is not a day. Write year, month and day as in 2027-05-01" in words(error)
    assert "The answer below is the last good one." in words(error)
    assert len(words(error)) < 300
    assert "<script" not in error
    assert all(character.isprintable() for character in error)
    assert panel.answer.value == before
    set_controls(panel, other_day="2028-10-01")
    assert panel.error.value == ""
    assert "gone, for everybody" in said(panel)


# ---------------------------------------------------------------- words


def test_every_outcome_has_a_sentence_of_its_own() -> None:
    assert set(OUTCOMES) == set(get_args(Outcome))
    assert len(set(OUTCOMES.values())) == len(OUTCOMES)
    assert all(len(sentence.split()) >= 3 for sentence in OUTCOMES.values())


def test_every_tenant_has_words_of_its_own() -> None:
    assert tuple(TENANT_WORDS) == TENANTS
    assert len(set(TENANT_WORDS.values())) == len(TENANTS)


def test_to_plan_the_move_is_said_exactly_when_something_that_can_be_used_is_ending() -> None:
    told = 0
    for day in days_around_events():
        for answers in every_answer_set()[::41]:
            advice = choose(answers, as_of=day)
            ending = {v.word for v in (advice.cloud, advice.sip) if v.option in advice.options}
            assert ("Plan the move" in headline(advice)) is ("use and plan the move" in ending)
            told += "use and plan the move" in ending
    assert told


def test_every_smallest_change_has_words_and_says_whether_it_is_in_your_hands() -> None:
    """Also that no requirement is ever among them: there are no words for that."""
    seen = 0
    for day in days_around_events()[::3]:
        for answers in every_answer_set()[::97]:
            for lens in get_args(Lens):
                changes = [
                    change
                    for change in smallest_changes(answers, lens=lens, as_of=day)
                    if ("cloud_state", answers.cloud_state, "no_resource") not in change.changes
                ]  # nobody who has a resource is told of not having had it
                lines = change_words(answers, changes).text.splitlines()[2:]
                assert len(lines) == len(changes)
                assert all("If you" in line or "If Azure Cloud Calling" in line for line in lines)
                assert [("not in your hands" in line) for line in lines].count(False) == sum(
                    change.in_your_hands for change in changes
                )
                seen += len(changes)
    assert seen > 100


def test_a_change_reads_as_a_sentence() -> None:
    bank = Answers(retain_carrier=True)
    text = change_words(bank, smallest_changes(bank, as_of=OPEN)).text
    assert "If you did not have to keep your carrier, the outcome would be: use Azure Cloud Calling." in text
    assert "not in your hands" not in text


def test_two_answers_that_have_to_change_together_stand_in_one_sentence() -> None:
    hospital = Answers(equipment_interop=True)
    text = change_words(hospital, smallest_changes(hospital, as_of=date(2029, 1, 1))).text
    wanted = "If you wanted no calls over the PSTN and you did not have to work with a PBX, pagers or analog devices, "
    assert wanted + "the outcome would be: no connection is needed" in text


def test_what_is_missing_is_listed_and_the_waiver_is_named() -> None:
    city = choose(Answers(microsoft_managed=False, has_connection=False), as_of=OPEN)
    text = advice_words(city).text
    for requirement in (
        "A connection to Azure that does not break off",
        "A supported SBC",
        "A contract with a carrier",
    ):
        assert requirement in text
    hospital = advice_words(choose(Answers(equipment_interop=True, has_supported_sbc=True), as_of=OPEN)).text
    assert "Nothing is missing" in hospital
    assert "The contract with a carrier is waived. This way only serves to link" in hospital
    assert "Where needed, a supported SBC can be added through the SIP interface" in hospital
    invited = choose(Answers(equipment_interop=True, has_supported_sbc=True), as_of=date(2021, 2, 9))
    assert invited.outcome == "by invitation"
    assert "Nothing is missing" not in advice_words(invited).text
    assert "is waived" in advice_words(invited).text
    factory = advice_words(choose(Answers(equipment_interop=True, wants_pstn=False), as_of=OPEN)).text
    assert "Without PSTN calls, think the carrier and the phones behind it away." in factory


@pytest.mark.parametrize(
    ("answers", "day", "setup"),
    [
        (Answers(), OPEN, "cloud"),
        (Answers(retain_carrier=True), OPEN, "sip"),
        (Answers(mixed_routing=True), OPEN, "both"),
        (Answers(mixed_routing=True, equipment_interop=True), OPEN, "both"),
        (Answers(equipment_interop=True), OPEN, "equipment"),
        (Answers(equipment_interop=True, wants_pstn=False), OPEN, "sip"),
        (Answers(), date(2029, 1, 1), "cloud"),
        (Answers(equipment_interop=True), date(2029, 1, 1), "equipment"),
        (Answers(equipment_interop=True, cloud_state="without_numbers", sip_state="configured"), TODAY, "sip"),
        (Answers(wants_pstn=False), OPEN, None),
    ],
)
def test_the_picture_is_of_what_is_recommended_or_else_of_what_fits(
    answers: Answers, day: date, setup: Setup | None
) -> None:
    text = advice_words(choose(answers, as_of=day)).text
    drawn = [one for one in get_args(Setup) if str(architecture(one)) in text]
    assert drawn == ([setup] if setup else [])


@pytest.mark.parametrize("answers", [Answers(), Answers(retain_carrier=True), Answers(equipment_interop=True)])
def test_for_each_way_it_is_told_whether_it_fits_by_which_rule_and_whether_it_can_be_had(answers: Answers) -> None:
    for day in days_around_events():
        advice = choose(answers, as_of=day)
        page = words(advice_words(advice).html)
        for verdict, name in (
            (advice.cloud, "Azure Cloud Calling, now Voice Calling (PSTN)"),
            (advice.sip, "SIP interface, now Azure direct routing"),
        ):
            assert f"{name} {'yes' if verdict.fits else 'no'} {verdict.word} {verdict.availability.reason} " in page
        assert f"Azure Cloud Calling {'fits: all' if advice.cloud.fits else 'does not fit: all'}" in page
        assert f"The SIP interface {'fits: one' if advice.sip.fits else 'does not fit: one'} is enough" in page


def test_what_can_follow_is_named_by_name_only_when_something_is_ending() -> None:
    names = [known["name"] for known in load("lifecycle")["successors"] if "sip" in known["best_for"]]
    bank = Answers(retain_carrier=True, cloud_state="without_numbers", sip_state="configured")
    assert f"The guide of 2026-08-18 (RETIRE) names {', '.join(names)}." in decision(bank, as_of=TODAY).text
    assert " names " not in decision(bank, as_of=OPEN).text


def test_every_deciding_clause_stands_there_with_its_truth_and_a_dated_source() -> None:
    for answers in (*every_answer_set()[::61], replace(Answers(), region_available=False)):
        for lens in get_args(Lens):
            advice = choose(answers, lens=lens, as_of=TODAY)
            lines = advice_words(advice).html.replace("</tr>", "\n").splitlines()
            clauses = [line for line in map(words, lines) if line.endswith("2021-02-09 (SEED) to 2023-06-22 (TC23)")]
            decided = [one for verdict in (advice.cloud, advice.sip) for one in verdict.deciding]
            assert len(clauses) == len(decided) + len(advice.unmet)
            for line, one in zip(clauses, decided, strict=False):
                assert re.search(rf" {'yes' if one.holds else 'no'}\b[^.]* 2021-02-09", line), line
            assert "telephony-concept.md, 2021-02-09 (SEED)" in decision(answers, lens=lens, as_of=TODAY).text


# ---------------------------------------------------------------- the checks of the exercises


@pytest.mark.parametrize(
    ("turned", "lens", "wanted", "told"),
    [
        ("wants_pstn", "page_2021", "cloud", "Right. The outcome is then 'cloud'."),
        ("microsoft_managed", "page_2021", "cloud", "ordinary phone numbers, over the PSTN? Yes."),
        ("region_available", "advice", "cloud", "Is Azure Cloud Calling on offer where you are? No."),
        ("wants_pnst", "advice", "cloud", "'wants_pnst' is none of the yes-or-no questions: wants_pstn, "),
        ("cloud_state", "advice", "cloud", "'cloud_state' is none of the yes-or-no questions: wants_pstn, "),
    ],
)
def test_an_answer_turned_round_is_right_or_meets_the_answers_that_decided(
    turned: str, lens: Lens, wanted: Outcome, told: str
) -> None:
    check = check_one_answer(Answers(), turned, wanted, lens=lens, as_of=OPEN)
    assert told in str(check)
    assert check.right is told.startswith("Right")


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 10, 23), "Right. On 2026-10-22 it is 'uncertain', and from 2026-10-23 on 'not available to you'."),
        (date(2026, 9, 1), "Not yet. On 2026-09-01 it is 'uncertain', not 'not available to you'."),
        (TODAY, "Not yet. On 2026-11-22 it is 'not available to you', but on 2026-11-21 it is so already."),
    ],
)
def test_a_first_day_is_right_or_meets_the_word_of_that_day_or_of_the_eve(day: date, told: str) -> None:
    check = check_first_day(day, lambda day: choose(Answers(), as_of=day).cloud.word, "not available to you")
    assert str(check) == told
