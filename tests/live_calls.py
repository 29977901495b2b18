"""Live calls written by hand, for the tests of what is drawn and said of them: no socket is opened."""

from __future__ import annotations

from acs_telephony.live.sip.values import Attempt, Event, HungUp, LiveArrival, LiveCall
from acs_telephony.numbers import Dialled
from acs_telephony.receiving import Refused
from acs_telephony.routing import Answered, Dropped, Ended, Outcome

ONE, TWO, THREE = (f"sbc{i}.contoso.biz" for i in (1, 2, 3))


def sent(sender: str, receiver: str, first: str, rule: str, method: str = "INVITE", *, repeat: bool = False) -> Event:
    """A message; a response is known by its code."""
    code = int(first[:3]) if first[:3].isdigit() else None
    kind, start = ("response", f"SIP/2.0 {first}") if code else ("request", f"{method} sip:+1 SIP/2.0")
    raw = f"{start}\r\nCall-ID: {rule}-{sender}\r\n\r\n"
    return Event(
        "response" if kind == "response" else "request", 0.25, sender, receiver, first, rule, method, code, raw, repeat
    )


def event(first: str, rule: str, about: str = "") -> Event:
    """Something at the ACS side, with no message."""
    return Event("event", 1.5, "ACS", about, first, rule)


def refusal(sbc: str, code: str, rule: str = "first-route") -> list[Event]:
    """INVITE and a final code."""
    return [
        sent("ACS", sbc, "INVITE", rule),
        sent(sbc, "ACS", "100 Trying", "trying"),
        sent(sbc, "ACS", code, "fault"),
        sent("ACS", sbc, "ACK", "ack-non-2xx", "ACK"),
    ]


def answer(sbc: str, rule: str = "next-sbc") -> list[Event]:
    """INVITE up to the answer of the carrier behind an SBC."""
    return [
        sent("ACS", sbc, "INVITE", rule),
        sent(sbc, "carrier", "INVITE", "b2bua-out"),
        sent("carrier", sbc, "180 Ringing", "rings"),
        sent(sbc, "ACS", "180 Ringing", "b2bua-back"),
        sent("carrier", sbc, "200 OK", "answers"),
        sent(sbc, "ACS", "200 OK", "b2bua-back"),
        sent("ACS", sbc, "ACK", "ack-2xx", "ACK"),
        sent("ACS", sbc, "BYE", "bye", "BYE"),
        sent(sbc, "ACS", "200 OK", "ok", "BYE"),
    ]


def call(outcome: Outcome | HungUp, attempts: list[Attempt], events: list[Event], *skipped: str) -> LiveCall:
    """A call whose roles are those of its events."""
    roles = dict.fromkeys(["ACS", *(role for one in events for role in (one.sender, one.receiver) if role)])
    order = sorted(roles, key="carrier".__eq__)
    number = Dialled("+1 425 555 0100", "+14255550100", "e164")
    return LiveCall(number, tuple(events), tuple(order), tuple(attempts), skipped, outcome, "tls", 0.1)


FAILOVER = call(
    Answered(TWO, "Redmond 1", "anonymous", (ONE, TWO)),
    [
        Attempt(ONE, "Redmond 1", 503, "final code", "fails over"),
        Attempt(TWO, "Redmond 1", 200, "answered", "answers"),
    ],
    [*refusal(ONE, "503 Service Unavailable"), *answer(TWO)],
)
LOST = call(
    Ended(ONE, "Redmond 1", 500, (ONE,)),
    [Attempt(ONE, "Redmond 1", 500, "final code", "ends the call")],
    [*refusal(ONE, "500 Server Internal Error"), event("500 ends the call", "ends-the-call", ONE)],
)
SILENT = call(
    Answered(TWO, "Redmond 1", "anonymous", (ONE, TWO)),
    [
        Attempt(ONE, "Redmond 1", 408, "silence", "fails over"),
        Attempt(TWO, "Redmond 1", 200, "answered", "answers"),
    ],
    [
        sent("ACS", ONE, "INVITE", "first-route"),
        sent("ACS", ONE, "INVITE", "repeat-request", repeat=True),
        sent("ACS", ONE, "INVITE", "repeat-request", repeat=True),
        event("no answer in 10 s", "wait-over", ONE),
        *answer(TWO),
    ],
)
NOT_REACHED = call(
    Dropped("no SBC took the call", (TWO, THREE)),
    [
        Attempt(TWO, "Redmond 1", 503, "certificate", "fails over"),
        Attempt(THREE, "Redmond 2", 503, "refused", "fails over"),
    ],
    [
        event("demoted: not tried", "demoted", ONE),
        event("certificate is for other.example", "certificate", TWO),
        event("nothing listens on that port", "refused", THREE),
        event("no SBC is left", "no-sbc-left"),
    ],
    ONE,
)
GIVEN_UP = call(
    HungUp((ONE,)),
    [Attempt(ONE, "Redmond 1", 487, "hung up", "the caller hung up")],
    [
        sent("ACS", ONE, "INVITE", "first-route"),
        sent(ONE, "ACS", "180 Ringing", "b2bua-back"),
        event("the caller hangs up", "caller-hangs-up"),
        sent("ACS", ONE, "CANCEL", "cancel", "CANCEL"),
        sent(ONE, "ACS", "200 OK", "ok", "CANCEL"),
        sent(ONE, "ACS", "487 Request Terminated", "cancelled"),
        sent("ACS", ONE, "ACK", "ack-non-2xx", "ACK"),
    ],
)
CALLS = {"failover": FAILOVER, "lost": LOST, "silent": SILENT, "not reached": NOT_REACHED, "given up": GIVEN_UP}

ARRIVAL = LiveArrival(
    "+14255550111",
    (
        sent("carrier", ONE, "INVITE", "invite"),
        sent(ONE, "ACS", "INVITE", "call-in"),
        sent("ACS", ONE, "403 Forbidden", "contact-address"),
        sent(ONE, "ACS", "ACK", "ack-non-2xx", "ACK"),
        sent(ONE, "carrier", "403 Forbidden", "b2bua-back"),
        sent("carrier", ONE, "ACK", "ack-non-2xx", "ACK"),
    ),
    ("carrier", ONE, "ACS"),
    Refused(403, "the host in Contact is an IP address"),
    403,
    "tls",
    0.1,
)
