"""The decision "which connection?" and its laws.

* Twelve personas, written from the page's clauses, come out as written; no clause can be bent without one going wrong.
* On the days of the life cycle the words turn as the sources say, and nowhere else.
* Every consistent answer set, on every day around an event, through both lenses, has one outcome: that of a second
  telling of the rules, written as nested ifs from the sources' text.
* Every outcome and every word can be reached; advice never recommends what this tenant cannot have on that day.
* A smallest change does change the outcome, and nothing smaller does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, asdict, fields, replace
from datetime import date, datetime
from itertools import product
from typing import Any, get_args

import pytest

from acs_telephony.deciding import choosing
from acs_telephony.deciding.choosing import (
    CLAUSES,
    QUESTIONS,
    Advice,
    Answers,
    Change,
    Clause,
    choose,
    smallest_changes,
)
from acs_telephony.deciding.lifecycle import TENANTS, Word
from acs_telephony.errors import AnswerError
from acs_telephony.facts import load, source
from tests.conftest import cases
from tests.second_telling import (
    USABLE,
    days_around_events,
    every_answer_set,
    given_by,
    told_advice,
    told_by_the_page,
    told_words,
)

PERSONA_CASES = cases("personas.toml", "persona")
PERSONAS: list[dict[str, Any]] = [case.values[0] for case in PERSONA_CASES]

# ---------------------------------------------------------------- the personas


def seen(advice: Advice) -> dict[str, Any]:
    """What a persona's case states, read from the advice."""
    return {
        "outcome": advice.outcome,
        "options": list(advice.options),
        "unmet": list(advice.unmet),
        "waiver": advice.waiver,
        "notes": list(advice.notes),
        "deciding": {v.option: {d.clause: d.holds for d in v.deciding} for v in (advice.cloud, advice.sip)},
    }


def comes_out(persona: Mapping[str, Any], clauses: Mapping[str, Clause] = CLAUSES, *, why: bool = True) -> bool:
    advice = choose(Answers(**persona["answers"]), lens=persona["lens"], as_of=persona["as_of"], clauses=clauses)
    given = seen(advice)
    return all(given[key] == persona.get(key) for key in given if why or key != "deciding")


def test_there_are_twelve_personas_and_each_answers_every_yes_or_no_question() -> None:
    assert len(PERSONAS) == 12
    asked = {question.id for question in QUESTIONS if question.kind != "past"}
    assert all(set(persona["answers"]) == asked and persona["because"] for persona in PERSONAS)


@pytest.mark.parametrize("persona", PERSONA_CASES)
def test_each_persona_comes_out_as_the_page_says(persona: dict[str, Any]) -> None:
    advice = choose(Answers(**persona["answers"]), lens=persona["lens"], as_of=persona["as_of"])
    assert seen(advice) == {key: persona.get(key) for key in seen(advice)}


BENDS: dict[str, Callable[[Clause], Clause]] = {
    "turned round": lambda holds: lambda answers, truths: not holds(answers, truths),
    "always true": lambda holds: lambda answers, truths: True,
    "never true": lambda holds: lambda answers, truths: False,
}


@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize("clause", CLAUSES)
def test_no_clause_can_be_bent_without_a_persona_going_wrong(clause: str, bend: str) -> None:
    bent = {**CLAUSES, clause: BENDS[bend](CLAUSES[clause])}
    assert not all(comes_out(persona, bent) for persona in PERSONAS)


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_turned_round_shows_in_what_a_persona_is_told_and_not_only_in_why(clause: str) -> None:
    bent = {**CLAUSES, clause: BENDS["turned round"](CLAUSES[clause])}
    assert not all(comes_out(persona, bent, why=False) for persona in PERSONAS)


@pytest.mark.parametrize("option", [0, 1])
def test_any_for_all_or_all_for_any_makes_a_persona_go_wrong(option: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = list(choosing._page_rules())
    logic, clauses = rules[option]
    rules[option] = ({"any": "all", "all": "any"}[logic], clauses)
    monkeypatch.setattr(choosing, "_page_rules", lambda: tuple(rules))
    assert not all(comes_out(persona) for persona in PERSONAS)


def test_the_table_has_a_row_for_every_criterion_requirement_and_exception_of_the_page() -> None:
    options = load("options")["options"]
    known = {c["id"] for o in options for group in ("criteria", "benefits", "notes") for c in o.get(group, ())}
    items = [item for option in options for item in option["requirements"]["items"]]
    known |= {item["id"] for item in items} | {item["waived_if"]["id"] for item in items if "waived_if" in item}
    assert set(CLAUSES) <= known
    assert {clause for clause in known if clause.split(".")[1] in ("criterion", "requirement", "exception")} <= set(
        CLAUSES
    )


def test_every_question_is_an_answer_and_names_clauses_that_stand_in_the_facts() -> None:
    assert [question.id for question in QUESTIONS] == [field.name for field in fields(Answers)]
    known = set(CLAUSES) | {rule["id"] for rule in load("lifecycle")["rules"]}
    assert all(question.clauses and set(question.clauses) <= known for question in QUESTIONS)


# ---------------------------------------------------------------- the moments


@pytest.mark.parametrize("moment", cases("moments.toml", "moment"))
def test_each_moment_has_the_words_of_the_sources(moment: dict[str, Any]) -> None:
    cloud_state, sip_state = moment["tenant"]
    answers = Answers(cloud_state=cloud_state, sip_state=sip_state, **moment.get("answers", {}))
    advice = choose(answers, as_of=moment["as_of"])
    assert [advice.cloud.word, advice.sip.word] == moment["words"]
    assert advice.outcome == moment["outcome"]


def test_a_newcomer_between_the_two_cut_off_points_is_shown_both() -> None:
    for day in (date(2026, 10, 1), date(2026, 10, 22)):
        advice = choose(Answers(cloud_state="without_numbers", sip_state="not_configured"), as_of=day)
        for verdict in (advice.cloud, advice.sip):
            assert verdict.availability.possible == ("use and plan the move", "not available to you")
            assert "2026-09 (in month)" in verdict.availability.reason
            assert "2026-10-23" in verdict.availability.reason
            assert verdict.availability.sources == ("RETIRE",)


def test_whether_a_resource_can_still_be_given_direct_routing_no_source_says() -> None:
    """The guide speaks of a tenant without a resource, and of calls that go on; this tenant is neither."""
    for state, silent in (("no_resource", False), ("not_configured", True), ("configured", False)):
        cloud_state = "no_resource" if state == "no_resource" else "without_numbers"
        tenant: dict[str, Any] = {"cloud_state": cloud_state, "sip_state": state}
        sip = choose(Answers(**tenant), as_of=date(2026, 10, 23)).sip
        assert ("no source says" in sip.availability.reason) is silent
        assert (sip.word == "uncertain") is silent


def test_a_mixed_wish_where_the_cloud_option_is_not_offered_is_half_met() -> None:
    advice = choose(Answers(mixed_routing=True, region_available=False), as_of=date(2024, 3, 1))
    assert advice.outcome == "only sip of both"
    assert [deciding.clause for deciding in advice.cloud.deciding] == ["cloud.criterion.region-available"]


def test_the_waiver_lapses_when_the_calls_can_no_longer_go_by_the_cloud_option() -> None:
    hospital = Answers(equipment_interop=True, cloud_state="without_numbers", sip_state="configured")
    assert choose(hospital, as_of=date(2024, 3, 1)).waiver == "sip.exception.equipment-link-only"
    closed = choose(hospital, as_of=date(2026, 10, 23))
    assert (closed.outcome, closed.waiver) == ("only sip of both", None)
    assert "sip.requirement.carrier-contract" in closed.unmet


def test_the_page_sends_everyone_who_wants_pstn_calls_to_sip_and_says_that_this_clause_tells_nothing_apart() -> None:
    callers = [answers for answers in every_answer_set() if answers.wants_pstn]
    assert callers
    for answers in callers:
        sip = choose(answers, lens="page_2021", as_of=date(2021, 2, 14)).sip
        told_apart = {deciding.clause: deciding.discriminating for deciding in sip.deciding}
        assert sip.fits
        assert told_apart.pop("sip.criterion.acs-with-pstn") is False
        assert all(told_apart.values())


def test_the_page_does_not_change_with_the_day_and_says_that_availability_is_not_judged() -> None:
    then, now = (choose(Answers(), lens="page_2021", as_of=day) for day in (date(2021, 2, 14), date(2029, 1, 1)))
    assert seen(then) == seen(now)
    for verdict in (now.cloud, now.sip):
        assert verdict.word == "not judged"
        assert "2029-01-01 is not judged" in verdict.availability.reason


# ---------------------------------------------------------------- the whole decision


def test_every_answer_set_on_every_day_through_both_lenses_comes_out_as_the_second_telling_says() -> None:
    assert len(every_answer_set()) == 2**9 * 5
    days = days_around_events()
    assert len(days) > 20
    reached: set[str] = set()
    words: set[str] = set()
    by_the_page = [(answers, told_by_the_page(answers)) for answers in every_answer_set()]
    for day, (answers, told) in product(days, by_the_page):
        advice, page = choose(answers, as_of=day), choose(answers, lens="page_2021", as_of=day)
        assert given_by(advice) == told_advice(answers, day), (answers, day)
        assert given_by(page) == told, (answers, day)
        reached |= {advice.outcome, page.outcome}
        words |= {advice.cloud.word, advice.sip.word, page.cloud.word}
    assert reached == set(get_args(choosing.Outcome))
    assert words == set(get_args(Word))


def test_advice_never_recommends_what_this_tenant_cannot_have_that_day() -> None:
    recommended = 0
    for day, (cloud_state, sip_state) in product(days_around_events(), TENANTS):
        has_it = {"cloud": cloud_state == "with_numbers", "sip": sip_state == "configured"}
        for answers in every_answer_set()[::15]:
            tenant = replace(answers, cloud_state=cloud_state, sip_state=sip_state)
            for option in choose(tenant, as_of=day).options:
                recommended += 1
                assert told_words(day, has_it[option]) <= USABLE, (tenant, day)
    assert recommended


def test_the_verdict_names_its_sources_and_only_clauses_with_the_same_truth_as_the_fit() -> None:
    for day, answers in product(days_around_events(), every_answer_set()[::11]):
        for verdict in (choose(answers, as_of=day).cloud, choose(answers, as_of=day).sip):
            assert verdict.availability.reason
            assert all(source("lifecycle", key) for key in verdict.availability.sources)
            assert verdict.availability.sources
            assert verdict.deciding
            assert {deciding.holds for deciding in verdict.deciding} == {verdict.fits}


# ---------------------------------------------------------------- smallest changes


def size(changes: Any) -> int:
    """How many answers differ; the tenant's two states are one answer."""
    return len({"tenant" if name in ("cloud_state", "sip_state") else name for name, _, _ in changes})


def brute_force(answers: Answers, lens: choosing.Lens, day: date) -> dict[frozenset[Any], str]:
    """The same by looking at all 2,560 answer sets."""
    now = choose(answers, lens=lens, as_of=day).outcome
    mine, found = asdict(answers), {}
    for other in every_answer_set():
        outcome = choose(other, lens=lens, as_of=day).outcome
        if outcome != now:
            given = asdict(other)
            found[frozenset((name, mine[name], given[name]) for name in mine if mine[name] != given[name])] = outcome
    fewest = min(map(size, found))
    return {changes: outcome for changes, outcome in found.items() if size(changes) == fewest}


@pytest.mark.parametrize("lens", ["advice", "page_2021"])
@pytest.mark.parametrize(
    "day", [date(2021, 2, 1), date(2024, 3, 1), date(2026, 10, 1), date(2027, 1, 1), date(2029, 1, 1)]
)
def test_the_smallest_changes_are_those_that_looking_everywhere_finds(lens: choosing.Lens, day: date) -> None:
    for answers in (Answers(), *every_answer_set()[::853]):
        found = smallest_changes(answers, lens=lens, as_of=day)
        assert {frozenset(change.changes): change.outcome for change in found} == brute_force(answers, lens, day)
        assert len(found) == len({change.changes for change in found})


def test_two_answers_are_needed_when_one_alone_changes_nothing() -> None:
    hospital = Answers(equipment_interop=True)
    changes = smallest_changes(hospital, as_of=date(2029, 1, 1))
    wanted = (("wants_pstn", True, False), ("equipment_interop", True, False))
    assert changes == (Change(wanted, "no connection needed", in_your_hands=True),)


def test_numbers_in_the_past_are_shown_as_what_it_hangs_on_but_not_as_something_to_do() -> None:
    changes = smallest_changes(Answers(), as_of=date(2026, 11, 22))
    past = [change for change in changes if change.changes[0][0] == "cloud_state"]
    assert {change.outcome for change in past} == {"cloud"}
    assert not any(change.in_your_hands for change in past)
    assert [change.outcome for change in changes if change.in_your_hands] == ["no connection needed"]


def test_the_country_is_not_in_your_hands() -> None:
    changes = smallest_changes(Answers(region_available=False), as_of=date(2024, 3, 1))
    by_name = {change.changes[0][0]: change.in_your_hands for change in changes}
    assert by_name["region_available"] is False
    assert by_name["wants_pstn"] is True


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("given", "place", "words"),
    [
        ({"wants_pnst": True}, "wants_pnst", ("True", "wants_pstn", "sip_state")),
        ({"wants_pstn": 1}, "wants_pstn", ("1", "False or True")),
        ({"wants_pstn": None}, "wants_pstn", ("None", "False or True")),
        ({"has_connection": "yes"}, "has_connection", ("'yes'", "False or True")),
        ({"cloud_state": True}, "cloud_state", ("True", "'without_numbers'")),
        ({"sip_state": "ready"}, "sip_state", ("'ready'", "'not_configured'")),
        ({"cloud_state": ["with_numbers"]}, "cloud_state", ("['with_numbers']", "'with_numbers'")),
        ({"cloud_state": "with_numbers"}, "cloud_state and sip_state", ("'with_numbers'", "'no_resource'")),
        ({"sip_state": "configured"}, "cloud_state and sip_state", ("'configured'", "'no_resource'")),
    ],
)
def test_an_answer_that_is_none_is_refused_by_name_with_what_is_allowed(
    given: dict[str, Any], place: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(AnswerError) as caught:
        Answers(**given)
    assert caught.value.place == place
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("day", ["2026-10-23", datetime(2026, 10, 23), None, 20261023])
@pytest.mark.parametrize("ask", [choose, smallest_changes])
def test_only_a_plain_date_is_a_day(ask: Any, day: Any) -> None:
    with pytest.raises(AnswerError, match=r"as_of: .*is not a date\. Use datetime\.date"):
        ask(Answers(), as_of=day)


@pytest.mark.parametrize("lens", ["page", "", None, ["advice"]])
def test_only_the_two_lenses_are_lenses(lens: Any) -> None:
    with pytest.raises(AnswerError, match=r"lens: .* is not a lens\. Use one of: page_2021, advice"):
        choose(Answers(), lens=lens, as_of=date(2024, 3, 1))


def test_only_answers_are_answers() -> None:
    answers: Any = {"wants_pstn": True}
    with pytest.raises(AnswerError, match="is not an Answers"):
        choose(answers, as_of=date(2024, 3, 1))


def test_answers_and_advice_cannot_be_changed_afterwards() -> None:
    answers = Answers()
    for value, name in ((answers, "wants_pstn"), (choose(answers, as_of=date(2024, 3, 1)), "outcome")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, None)


def test_what_is_not_in_your_hands_is_said_so() -> None:
    """A region or a tenant's past cannot be changed; a wish can."""
    bank = Answers(retain_carrier=True, cloud_state="with_numbers", sip_state="not_configured")
    changes = smallest_changes(bank, as_of=date(2027, 5, 1))

    mine = {change.changes[0][0]: change.in_your_hands for change in changes}
    assert mine["retain_carrier"] is True
    assert mine["sip_state"] is False
