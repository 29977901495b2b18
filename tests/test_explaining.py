"""Each step of a live call has its reason and source, and what the logs would say of a call goes no further than they.

Sources of the expected codes: pstn-response-codes.md and troubleshooting-pstn-call-failures.md, 2023-11-24;
sip-respose-codes.md, 2023-06-11.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from acs_telephony.errors import AnswerError
from acs_telephony.facts import load
from acs_telephony.live.sip.explaining import end_reason, explain, steps
from acs_telephony.live.sip.lab import SipLab
from acs_telephony.live.sip.values import Attempt, Cause, Event, HungUp, LiveCall
from acs_telephony.numbers import normalise
from acs_telephony.routing import Answered, Dropped, Effect, Ended, Outcome, VoiceCalling
from acs_telephony.tables import microsoft_three_routes
from tests.test_house import PACKAGE

NO_ROUTE = Dropped("no route matched, and no alternateCallerId was given")
ONE, TWO = "sbc1.contoso.biz", "sbc2.contoso.biz"


def attempt(trunk: str, code: int, cause: Cause = "final code") -> Attempt:
    effect: Effect = "answers" if code == 200 else "fails over" if code in (408, 503, 504) else "ends the call"
    return Attempt(trunk, "Redmond 1", code, cause, effect)


def call(outcome: Outcome, *attempts: Attempt) -> LiveCall:
    return LiveCall(normalise("+1 425 555 0100"), (), ("ACS",), attempts, (), outcome, "tls", 0.1)


def ended(code: int) -> LiveCall:
    return call(Ended(ONE, "Redmond 1", code, (ONE,)), attempt(ONE, code))


def dropped(*attempts: Attempt) -> LiveCall:
    return call(Dropped("no SBC took the call", tuple(one.trunk for one in attempts)), *attempts)


ANSWERED = call(Answered(TWO, "Redmond 1", "anonymous", (ONE, TWO)), attempt(ONE, 503), attempt(TWO, 200, "answered"))


@pytest.mark.parametrize("rule", steps())
def test_a_step_is_told_in_a_title_and_at_most_three_short_sentences(rule: str) -> None:
    step = explain(rule)

    assert 1 <= len(step.title.split()) <= 8
    assert step.title[0].isupper() or step.title[0].isdigit()
    assert not step.title.endswith(".")
    sentences = re.split(r"(?<=[.])\s", step.text)
    assert len(sentences) <= 3
    assert all(sentence.endswith(".") and len(sentence.split()) <= 32 for sentence in sentences)


def test_a_rule_of_sip_names_its_section_and_nothing_else_does_so_but_a_model_of_it() -> None:
    for row in load("sip_steps")["steps"]:
        assert row["kind"] in ("documented", "RFC", "our model", "unknown")
        assert ("section" in row) == (row["source"][-1] == "RFC3261"), row["id"]
        assert row["kind"] != "RFC" or "section" in row
        assert row["kind"] != "documented" or not {"RFC3261", "KIT"}.intersection(row["source"])
    assert explain("no-answer").source == "rfc3261.txt, 2002-06 (RFC3261), section 8.1.3.1"


def test_the_wait_before_failover_is_unknown_here_and_ten_seconds_in_teams() -> None:
    step = explain("wait-over")

    assert step.kind == "unknown"
    assert f"Teams waits {load('teams')['failover']['seconds']} seconds" in step.text
    assert "direct-routing-trunk-failover-on-outbound-call.md" in step.source


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("set-up-limit", 487),
        ("certificate-name", 403),
        ("unknown-sbc", 403),
        ("to-tenant", 404),
        ("no-event-grid", 480),
    ],
)
def test_a_final_code_that_no_page_names_is_said_to_be_our_model(rule: str, code: int) -> None:
    assert re.search(rf"The code {code}\b.* is our model", explain(rule).text)


def test_a_rule_nobody_knows_is_refused() -> None:
    with pytest.raises(AnswerError, match="no rule is called 'mend'"):
        explain("mend")


@pytest.mark.parametrize(
    ("ended_call", "expected"),
    [
        (ANSWERED, (0, 560000)),
        (ended(486), (486, 560486)),
        (ended(500), (500, 560500)),
        (ended(603), (603, 560603)),
        # In no document, but by the rule of its origin the SBC's own.
        (ended(699), (699, 560699)),
        (dropped(attempt(ONE, 503), attempt(TWO, 503)), (503, 560503)),
        (dropped(attempt(ONE, 408, "silence"), attempt(TWO, 504)), (504, 560504)),
        (call(NO_ROUTE), (403, 510559)),
    ],
)
def test_a_code_of_the_sbc_is_560_and_its_three_digits(ended_call: LiveCall, expected: tuple[int, int]) -> None:
    reason = end_reason(ended_call)

    assert (reason.participant_end_reason, reason.participant_end_sub_code) == expected
    assert reason.kind == "documented"
    assert "2023" in reason.source


@pytest.mark.parametrize(
    ("lost_call", "code"),
    [
        (dropped(attempt(ONE, 408, "silence")), 408),
        (dropped(attempt(ONE, 503), attempt(TWO, 503, "refused")), 503),
        (dropped(attempt(ONE, 503, "certificate")), 503),
        (dropped(), None),
        (call(VoiceCalling("+14255550111")), None),
    ],
)
def test_without_a_final_code_of_an_sbc_the_sub_code_is_unknown(lost_call: LiveCall, code: int | None) -> None:
    reason = end_reason(lost_call)

    assert (reason.participant_end_reason, reason.participant_end_sub_code, reason.kind) == (code, None, "unknown")
    assert "no document says" in reason.words or "does not follow" in reason.words


@pytest.mark.parametrize("rule", ["caller-hangs-up", "set-up-limit"])
def test_whose_487_it_is_after_a_call_was_taken_back_is_unknown(rule: str) -> None:
    events = (Event("event", 3.0, "ACS", "", "the call is taken back", rule),)
    outcome = HungUp((ONE,)) if rule == "caller-hangs-up" else ended(487).outcome
    reason = end_reason(replace(ended(487), events=events, outcome=outcome))

    assert (reason.participant_end_reason, reason.participant_end_sub_code, reason.kind) == (487, None, "unknown")
    assert end_reason(ended(487)).participant_end_sub_code == 560487


def test_a_message_that_is_sent_again_is_explained_by_the_timer_that_sends_it() -> None:
    """RFC 3261 17.1.1.2: over UDP an INVITE without an answer goes out after 0, 0.5, 1.5, 3.5 and 7.5 seconds."""
    with SipLab(microsoft_three_routes(), transport="udp", time_scale=0.01) as lab:
        lab.set(ONE, "silent")
        events = lab.call("+1 425 555 0100").events

    invites = [event for event in events if event.receiver == ONE and event.method == "INVITE"]
    assert [event.rule for event in invites] == ["first-route"] + ["repeat-request"] * 4


def test_where_sbcs_gave_different_codes_it_is_our_model_that_the_last_one_counts() -> None:
    assert "our model" in end_reason(dropped(attempt(ONE, 503), attempt(TWO, 504))).words
    assert "our model" not in end_reason(dropped(attempt(ONE, 503), attempt(TWO, 503))).words


def words_in(paths: list[Path]) -> set[str]:
    """Every text that stands by itself in some modules."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in paths)
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_rule_that_the_lab_can_write_has_its_row_and_no_row_is_idle() -> None:
    """Rules are written as rule="..." in a call, or beside their code in a table of a role."""
    modules = [path for path in (PACKAGE / "live" / "sip").glob("*.py") if path.name != "explaining.py"]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in modules]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    values = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "rule"]
    given = {one.value for one in values if isinstance(one, ast.Constant)}

    assert len(given) >= 10
    assert given - {""} <= set(steps())
    assert [rule for rule in steps() if rule not in words_in(modules)] == []
