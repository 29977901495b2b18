"""Why each step of a live call happens, and what an operator would read in the logs after it.

The words are those of `facts/sip_steps.toml` and `facts/sip_responses.toml`, with documents and dates beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from acs_telephony.errors import AnswerError
from acs_telephony.facts import cite, load
from acs_telephony.live.sip.values import Attempt, HungUp, LiveCall
from acs_telephony.models import quoted
from acs_telephony.routing import Answered, Dropped, VoiceCalling

Kind = Literal["documented", "RFC", "our model", "unknown"]


@dataclass(frozen=True, slots=True)
class Step:
    """The rule behind an event of a live call: a short title, one or two sentences, and where they come from."""

    id: str
    title: str
    text: str
    kind: Kind
    source: str


@dataclass(frozen=True, slots=True)
class EndReason:
    """What the logs would say of a call: both codes, None where no document says which; words, kind and source."""

    participant_end_reason: int | None
    participant_end_sub_code: int | None
    words: str
    kind: Kind
    source: str


def explain(rule: str) -> Step:
    """The step with this rule id, such as `Event.rule` holds; an unknown id is refused.

    >>> print(explain("next-sbc").title)
    Failover to the next SBC
    """
    if rule not in steps():
        raise AnswerError(f"no rule is called {quoted(rule)}", place="rule", remedy="Take Event.rule of a live call.")
    return steps()[rule]


@cache
def steps() -> Mapping[str, Step]:
    """All of them by their ids, in the order of the file."""
    return MappingProxyType({row["id"]: _step(row) for row in load("sip_steps")["steps"]})


def _step(row: Mapping[str, Any]) -> Step:
    section = f", section {row['section']}" if "section" in row else ""
    return Step(row["id"], row["title"], row["text"], row["kind"], cite("sip_steps", row["source"]) + section)


def end_reason(call: LiveCall) -> EndReason:
    """What ParticipantEndReason and ParticipantEndSubCode of a call would be, as far as documents say.

    A sub-code 560nnn is the SBC's own final code nnn, so an SBC that gave none leaves the sub-code unknown.
    """
    if isinstance(call.outcome, Answered):
        return _listed(560000, "540000 stands for it too; when which of the two, no document says.")
    if isinstance(call.outcome, VoiceCalling):
        return _unknown(None, "The lab does not follow calls through Voice Calling (PSTN): they bring no SIP here.")
    last = call.attempts[-1] if call.attempts else None
    if isinstance(call.outcome, HungUp) or any(event.rule == "set-up-limit" for event in call.events):
        return _unknown(487, _TAKEN_BACK)
    if last is None:
        if isinstance(call.outcome, Dropped) and call.outcome.reason != "no SBC took the call":
            return _listed(510559, "Microsoft's own code: no SBC was asked.")
        return _unknown(None, "No SBC was asked, since all are demoted. Which codes that gives, no document says.")
    if last.cause != "final code":
        return _unknown(last.code, _WITHOUT_CODE[last.cause].format(last.trunk))
    return _of_the_sbc(last, len({one.code for one in call.attempts if one.cause == "final code"}) > 1)


_TAKEN_BACK = (
    "540487 stands for a user who cancelled, 560487 for the side that called, 560408 for nobody who answered in time; "
    "when which of them, no document says."
)
_WITHOUT_CODE = {
    "silence": "{} gave no final code, so the sub-code is no 560nnn; which it is, no document says. 408 is our model.",
    "refused": "The connection with {} failed, so the sub-code is no 560nnn; which it is, no document says. "
    "503 is our model.",
    "certificate": "TLS with {} failed before any SIP, so the sub-code is no 560nnn; which it is, no document says. "
    "503 is our model.",
}


def _of_the_sbc(last: Attempt, several: bool) -> EndReason:
    """560nnn: what the SBC that was tried last said itself."""
    others = " Earlier SBCs gave other codes; that the last one counts is our model." if several else ""
    return _listed(560000 + last.code, f"560 stands for the SBC: {last.trunk} said {last.code} itself.{others}")


def _listed(sub_code: int, remark: str) -> EndReason:
    """A sub-code by the rule of its origin, in the words of its row where it has one."""
    facts = load("sip_responses")
    row = next((row for row in facts["sub_codes"] if row["sub_code"] == sub_code), None)
    found = row or {"reason": sub_code - 560000, "text": "No document lists this sub-code.", "source": ()}
    keys = dict.fromkeys((*found["source"], *facts["origin_rule"]["source"]))
    words = f"{found['text']} {remark}"
    # That 560nnn is the SBC's own nnn is documented, also for a code that no document lists.
    kind: Kind = "our model" if "our model" in remark else "documented"
    return EndReason(found["reason"], sub_code, words, kind, cite("sip_responses", keys))


def _unknown(reason: int | None, words: str) -> EndReason:
    keys = load("sip_responses")["origin_rule"]["source"]
    return EndReason(reason, None, words, "unknown", cite("sip_responses", keys))
