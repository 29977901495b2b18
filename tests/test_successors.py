"""What can follow the two options, and its laws.

* People written from the guide's text come out as written; no clause can be bent without one going wrong.
* Every situation, on each of the days, comes out as a second telling of the rules says, and gets an answer.
* Nothing is named before the guide was written; every successor is reached; an unknown answer is every answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError, fields, replace
from datetime import date, datetime
from functools import cache
from itertools import product
from typing import Any, get_args

import pytest

from acs_telephony.deciding.choosing import CLAUSES as CLAUSES_TODAY
from acs_telephony.deciding.choosing import Answers, Clause
from acs_telephony.deciding.successors import (
    CLAUSES,
    FURTHER,
    RULES,
    TOGETHER,
    TPE,
    Following,
    Result,
    Situation,
    clause_words,
    follow,
    turned,
)
from acs_telephony.deciding.timing import DAYS
from acs_telephony.errors import AnswerError
from acs_telephony.facts import load
from tests.conftest import cases
from tests.second_telling import every_answer_set, told_left, told_successors
from tests.test_choosing import BENDS

TODAY = date(2026, 11, 22)
GUIDE = date(2026, 8, 18)
PERSONA_CASES = cases("following.toml", "persona")
PERSONAS: list[dict[str, Any]] = [case.values[0] for case in PERSONA_CASES]

# ---------------------------------------------------------------- the personas


LEFT = ("your calls", "the calls that stay with your carrier", "your equipment")


def situation_of(persona: Mapping[str, Any]) -> Situation:
    return Situation(answers=Answers(**persona["answers"]), **persona["further"])


def seen(following: Following, persona: Mapping[str, Any], *, why: bool = True) -> dict[str, Any]:
    """What a persona's case states, read from what follows."""
    found: dict[str, Any] = {
        "result": following.result,
        "fit": {one.id: one.fit for one in following.named},
        "left": [words for words in LEFT if f" {words}" in following.reason.partition(", nothing in Teams")[0]],
        "hangs_on": {one.id: list(one.hangs_on) for one in following.named if one.hangs_on},
    }
    if why:
        found["deciding"] = {one.id: list(one.deciding) for one in following.named if one.id in persona["deciding"]}
    return found


def comes_out(persona: Mapping[str, Any], clauses: Mapping[str, Clause] = CLAUSES, *, why: bool = True) -> bool:
    whole = {"left": [], "hangs_on": {}, "deciding": {}, **persona}
    found = seen(follow(situation_of(persona), as_of=TODAY, clauses=clauses), whole, why=why)
    return all(found[key] == whole[key] for key in found)


@pytest.mark.parametrize("persona", PERSONA_CASES)
def test_each_persona_comes_out_as_the_guide_says(persona: dict[str, Any]) -> None:
    assert set(persona["further"]) == {question.id for question in FURTHER}
    whole = {"left": [], "hangs_on": {}, "deciding": {}, **persona}
    following = follow(situation_of(persona), as_of=TODAY)
    found = seen(following, whole)
    assert found == {key: whole[key] for key in found}
    changes = [list(change) for change in following.changes]
    assert changes == persona.get("changes", changes)
    assert list(found["fit"]) == [one for one in RULES if one in found["fit"]]


@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize("clause", CLAUSES)
def test_no_clause_can_be_bent_without_a_persona_going_wrong(clause: str, bend: str) -> None:
    bent = {**CLAUSES, clause: BENDS[bend](CLAUSES[clause])}
    assert not all(comes_out(persona, bent) for persona in PERSONAS)


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_turned_round_shows_in_what_is_named_and_not_only_in_why(clause: str) -> None:
    bent = {**CLAUSES, clause: BENDS["turned round"](CLAUSES[clause])}
    assert not all(comes_out(persona, bent, why=False) for persona in PERSONAS)


def test_the_clauses_of_the_facts_decide_but_two_and_every_one_has_words() -> None:
    known = [row for successor in load("lifecycle")["successors"] for row in successor["fits"]]
    ids = {row["id"] for row in known}
    ruled = {clause for rule in RULES.values() for clause in rule.every + rule.one_of}
    assert ids - set(CLAUSES) == {"direct-routing.fits.step-by-step", "operator-connect.fits.operator-manages-numbers"}
    assert (
        ruled <= set(CLAUSES) <= ids | {clause for clause in CLAUSES if clause.startswith("ours.")} | set(CLAUSES_TODAY)
    )
    assert list(RULES) == [successor["id"] for successor in load("lifecycle")["successors"]]
    assert {row["text"] for row in known if row["id"] in CLAUSES} <= {clause_words(clause) for clause in CLAUSES}
    assert all(question.clauses and set(question.clauses) <= set(CLAUSES) for question in FURTHER)
    assert ["answers", *(question.id for question in FURTHER)] == [field.name for field in fields(Situation)]


# ---------------------------------------------------------------- every situation


@cache
def every_answer() -> tuple[Answers, ...]:
    """All answers that what follows looks at; the other answers are those of a newcomer."""
    names = (
        "wants_pstn",
        "equipment_interop",
        "microsoft_managed",
        "retain_carrier",
        "mixed_routing",
        "has_supported_sbc",
    )
    return tuple(
        Answers(**dict[str, Any](zip(names, values, strict=True)))
        for values in product((False, True), repeat=len(names))
    )


def every_further(*allowed: str) -> Iterator[dict[str, Any]]:
    names = [question.id for question in FURTHER]
    return (dict(zip(names, values, strict=True)) for values in product(allowed, repeat=len(names)))


def test_every_situation_on_each_day_comes_out_as_the_second_telling_says_and_gets_an_answer() -> None:
    days = [*DAYS, date(2026, 8, 17), GUIDE]
    reached: set[str] = set()
    results: set[str] = set()
    for answers, further in product(every_answer(), every_further("no", "yes")):
        situation, told = Situation(answers=answers, **further), told_successors(answers, further)
        for day in days:
            following = follow(situation, as_of=day)
            results.add(following.result)
            if day < GUIDE:
                assert (following.result, following.judged) == ("not written yet", ())
                assert "2026-08-18" in following.reason
                continue
            assert {one.id for one in following.named} == told, (situation, day)
            assert all(one.fit == "fits" and one.deciding and not one.hangs_on for one in following.named)
            reached |= told
            needed = answers.wants_pstn or answers.equipment_interop or further["application_goes_on"] == "yes"
            assert (following.result == "nothing has to follow") is not needed
            assert following.named or following.reason
            left = [words for words in LEFT if words in told_left(answers, further)]
            words = f"For {' and '.join(left)}, nothing in Teams that the guide names fits." if left else ""
            assert following.result != "named" or following.reason == words
    assert reached == {successor["id"] for successor in load("lifecycle")["successors"]}
    assert results == set(get_args(Result))


def test_an_application_goes_to_extensibility_beside_direct_routing_where_sbcs_are_run() -> None:
    beside = 0
    for answers, further in product(every_answer(), every_further("no", "yes")):
        if further["application_goes_on"] == "yes" and further["outside_teams"] == "no":
            named = [one.id for one in follow(Situation(answers=answers, **further), as_of=TODAY).named]
            assert TPE in named
            if further["runs_sbcs"] == "yes" and answers.has_supported_sbc and answers.wants_pstn:
                beside += 1
                assert "teams-direct-routing" in named
    assert beside == 2**4 * 2**3


TURNED = (
    "wants_pstn",
    "retain_carrier",
    "microsoft_managed",
    "mixed_routing",
    "equipment_interop",
    "has_supported_sbc",
)


def test_each_change_names_others_and_no_other_single_answer_does() -> None:
    changed = 0
    for answers, further in list(product(every_answer(), every_further("no", "yes")))[::5]:
        following = follow(Situation(answers=answers, **further), as_of=TODAY)
        now = told_successors(answers, further)
        today = {name: replace(answers, **{name: not getattr(answers, name)}) for name in TURNED}
        later = {name: {**further, name: "no" if said == "yes" else "yes"} for name, said in further.items()}
        others = [
            (name, "yes" if getattr(other, name) else "no")
            for name, other in today.items()
            if told_successors(other, further) != now
        ]
        others += [(name, other[name]) for name, other in later.items() if told_successors(answers, other) != now]
        assert list(following.changes) == others
        for name, answer in following.changes:
            named = follow(turned(following.situation, name, answer), as_of=TODAY).named
            assert {one.id for one in named} != now
        changed += len(others)
    assert changed > 1000
    assert follow(Situation(), as_of=date(2026, 8, 17)).changes == ()


def test_an_answer_that_is_unknown_is_no_change_for_it_is_what_a_name_hangs_on() -> None:
    following = follow(Situation(runs_sbcs="no"), as_of=TODAY)
    open_questions = {question.id for question in FURTHER} - {"runs_sbcs"}
    assert {name for one in following.named for name in one.hangs_on} == open_questions
    assert open_questions.isdisjoint(name for name, _ in following.changes)
    assert ("runs_sbcs", "yes") in following.changes


def test_a_clause_that_is_said_not_to_hold_holds_for_no_open_answer() -> None:
    """Otherwise it is told that no answer makes all of them hold together."""
    together = 0
    for answers, further in list(product(every_answer(), every_further("no", "yes", "unknown")))[::37]:
        ways = [("no", "yes") if said == "unknown" else (said,) for said in further.values()]
        known = [Situation(answers=answers, **dict[str, Any](zip(further, way, strict=True))) for way in product(*ways)]
        for one in follow(Situation(answers=answers, **further), as_of=TODAY).judged:
            if one.fit == "does not fit" and one.deciding != (TOGETHER,):
                for situation in known:
                    judged = follow(situation, as_of=TODAY).judged
                    there = next(other for other in judged if other.id == one.id)
                    assert set(one.deciding) <= set(there.deciding), situation
            together += one.deciding == (TOGETHER,)
    assert together


def test_an_unknown_answer_is_every_answer() -> None:
    """What fits whichever answers turn out is sure, what fits for some is perhaps, and the rest does not fit."""
    furthers = list(every_further("no", "yes", "unknown"))
    for answers, further in list(product(every_answer(), furthers))[::29]:
        ways = [("no", "yes") if said == "unknown" else (said,) for said in further.values()]
        told = [told_successors(answers, dict(zip(further, way, strict=True))) for way in product(*ways)]
        following = follow(Situation(answers=answers, **further), as_of=TODAY)
        for one in following.judged:
            fitting = sum(one.id in ids for ids in told)
            assert one.fit == ("fits" if fitting == len(told) else "perhaps" if fitting else "does not fit")
            assert bool(one.hangs_on) is (one.fit == "perhaps")
            assert all(further[name] == "unknown" for name in one.hangs_on)
            assert one.deciding


def test_no_other_answer_changes_what_follows() -> None:
    further: dict[str, Any] = dict.fromkeys((question.id for question in FURTHER), "yes") | {"outside_teams": "no"}
    for answers in every_answer_set():
        named = {one.id for one in follow(Situation(answers=answers, **further), as_of=TODAY).named}
        assert named == told_successors(answers, further)


def test_what_is_said_of_a_successor_is_what_the_facts_say() -> None:
    judged = follow(Situation(), as_of=GUIDE).judged
    for one, known in zip(judged, load("lifecycle")["successors"], strict=True):
        assert (one.id, one.name, one.gains, one.mind) == (known["id"], known["name"], known["gains"], known["mind"])
        assert one.fits == tuple(row["text"] for row in known["fits"])
        assert (one.licences, one.best_for, one.source) == (known["licences"], known["best_for"], ("RETIRE",))
    assert [one.id for one in judged if one.contradiction] == ["operator-connect"]
    assert judged[2].contradiction == load("lifecycle")["successors"][2]["contradiction"]


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("given", "place", "words"),
    [
        ({"runs_sbc": "yes"}, "runs_sbc", ("'yes'", "runs_sbcs", "answers=Answers")),
        ({"wants_pstn": True}, "wants_pstn", ("True", "answers=Answers")),
        ({"runs_sbcs": True}, "runs_sbcs", ("True", "'yes' or 'no' or 'unknown'")),
        ({"runs_sbcs": "perhaps"}, "runs_sbcs", ("'perhaps'", "'unknown'")),
        ({"operator_serves": ["yes"]}, "operator_serves", ("['yes']",)),
        ({"answers": {}}, "answers", ("not an Answers", "Answers(...)")),
    ],
)
def test_an_answer_that_is_none_is_refused_by_name(given: dict[str, Any], place: str, words: tuple[str, ...]) -> None:
    with pytest.raises(AnswerError) as caught:
        Situation(**given)
    assert caught.value.place == place
    assert all(word in str(caught.value) for word in words)


def test_only_situations_and_plain_dates_are_judged() -> None:
    nobody: Any = Answers()
    with pytest.raises(AnswerError, match="is not a Situation"):
        follow(nobody, as_of=TODAY)
    days: list[Any] = ["2026-11-22", datetime(2026, 11, 22), None]
    for day in days:
        with pytest.raises(AnswerError, match=r"as_of: .*is not a date"):
            follow(Situation(), as_of=day)


def test_a_situation_cannot_be_changed_afterwards() -> None:
    situation = Situation(runs_sbcs="yes")
    with pytest.raises(FrozenInstanceError):
        situation.runs_sbcs = "no"  # type: ignore[misc]
    assert replace(situation, runs_sbcs="no").runs_sbcs == "no"
