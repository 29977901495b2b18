"""Live calls side by side, what the logs would say, which SBCs are healthy, and whose failure loses a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from acs_telephony.facts import cite, load
from acs_telephony.live.sip.explaining import end_reason, explain
from acs_telephony.live.sip.health import SbcHealth
from acs_telephony.live.sip.surviving import LosingFailures
from acs_telephony.live.sip.values import Attempt, LiveCall
from acs_telephony.routing import FAILOVER_CODES, Answered
from acs_telephony.views.display import Shown, notice, table, together

_NO_CODE = {"silence": "no final code", "refused": "no connection", "certificate": "TLS fails", "hung up": "no answer"}
_TRIED = {"healthy": "tried", "stopped": "tried from three datacenters first", "demoted": "not tried"}


def attempts_table(caption: str, calls: Mapping[str, LiveCall]) -> Shown:
    """What each SBC did with some calls, in the order of trying, and how a call ended that none of them took."""
    rows = [row for name, call in calls.items() for row in _attempts(name, call)]
    scales = sorted({f"{call.time_scale:g}" for call in calls.values()})
    words = f"The ACS side is our model. A second of the documents lasts {' or '.join(scales)} s here."
    return together(table(caption, ("call", "SBC", "what came of it", "so it"), rows), notice("Our model", words))


def _attempts(name: str, call: LiveCall) -> Iterator[tuple[str, str, str, str]]:
    for fqdn in call.skipped:
        yield name, fqdn, "demoted: no INVITE", "is not tried"
    for one in call.attempts:
        yield name, one.trunk, _what_came(one, call), one.effect
    if not isinstance(call.outcome, Answered):
        yield name, "", "at the end", call.ending


def _what_came(one: Attempt, call: LiveCall) -> str:
    if one.cause in ("final code", "answered"):
        return str(one.code)
    rules = (
        ("wait-over", "no-answer", "set-up-limit") if one.cause == "silence" else (one.cause,)
    )  # no event is of the rule "hung up"
    said = next((e.first for e in call.events if e.rule in rules and e.receiver == one.trunk), "")
    return f"{_NO_CODE[one.cause]}{f' ({said})' if said else ''}: counts as {one.code}"


def end_reasons_table(caption: str, calls: Mapping[str, LiveCall]) -> Shown:
    """What the logs of the service would say of some calls, as far as documents tell, in plain words."""
    reasons = {name: end_reason(call) for name, call in calls.items()}
    rows = [
        (name, *_codes(one.participant_end_reason, one.participant_end_sub_code), one.words, one.kind)
        for name, one in reasons.items()
    ]
    sources = "; ".join(dict.fromkeys(part for one in reasons.values() for part in one.source.split("; ")))
    headings = ("call", "ParticipantEndReason", "ParticipantEndSubCode", "in plain words", "kind")
    return together(
        table(caption, headings, rows),
        notice("Mind", f"Where a sub-code is known, its words are documented: {sources}."),
    )


def _codes(*codes: int | None) -> tuple[str, ...]:
    return tuple("unknown" if code is None else str(code) for code in codes)


def health_table(caption: str, health: Mapping[str, SbcHealth]) -> Shown:
    """The state of each SBC in the words of the portal, and how it is tried."""
    rows = [(fqdn, one.tls, one.options, one.overall, _TRIED[one.standing]) for fqdn, one in health.items()]
    headings = ("SBC", "TLS", "SIP OPTIONS", "overall", "so it is")
    words = f"The words: {cite('sip_responses', load('sip_responses')['precondition']['source'])}. The rule: "
    words += f"{explain('demoted').source}. Which word goes with what is our model."
    return together(table(caption, headings, rows), notice("Documented", words))


def losing_table(failures: Iterable[LosingFailures]) -> Shown:
    """Which failures lose some numbers: of all SBCs together, and of one alone."""
    codes = ", ".join(map(str, FAILOVER_CODES))
    headings = ("number", f"all fail: {codes} or silence", "one answers with another code")
    lost = "lost already: no SBC is tried"
    rows = [(one.number, " ".join(one.together) or lost, " ".join(one.alone) or lost) for one in failures]
    words = (
        f"Only {codes} fail over: {explain('next-sbc').source}. That silence counts as 408, and that other codes end "
    )
    words += "the call, is our model."
    return together(table("What loses a number", headings, rows), notice("Documented", words))
