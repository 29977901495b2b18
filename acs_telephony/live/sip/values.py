"""What a live call leaves behind, as values: every message and event in order, every SBC tried, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from acs_telephony.numbers import Dialled
from acs_telephony.routing import Effect, Outcome

#: The ways SIP travels here. Direct routing uses TLS alone; UDP shows what RFC 3261 repeats.
Transport = Literal["udp", "tcp", "tls"]
FaultWord = Literal[
    "answers",  # takes calls
    "silent",  # reads and says nothing
    "slow",  # answers INVITE later than the ACS side waits
    "refused",  # nothing listens on its port
    "wrong name",  # its certificate is for another FQDN
    "expired",  # its certificate has expired
    "unknown CA",  # its certificate comes from a CA that nobody trusts
    "no OPTIONS",  # takes calls, and sends OPTIONS no more
]
#: What an SBC does; a number is the final code that it answers to each INVITE, without asking its carrier.
Fault = FaultWord | int
#: What a carrier does with a number.
Callee = Literal["answers", "rings", "busy", "does not exist"]
Kind = Literal["request", "response", "event"]
Cause = Literal["answered", "final code", "silence", "refused", "certificate"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, in order: a message from `sender` to `receiver`, or an event at `sender` (no message).

    `at`: seconds of the lab's clock since the call began (a second of the lab is `time_scale` real ones). `first`: what
    a ladder writes on the arrow, such as "INVITE", "503 Service Unavailable", "no answer in 10 s". `raw`: the whole
    message, with the lab's names where addresses and ports of this computer were. `rule`: the id of the rule that
    explains it, in facts/sip_steps.toml. `repeat`: sent before, and sent again since no answer came (RFC 3261 17).
    """

    kind: Kind
    at: float
    sender: str
    receiver: str
    first: str
    rule: str
    method: str = ""
    code: int | None = None
    raw: str = ""
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One SBC that the ACS side called: the final code it gave, or that its failure counts as, and what that does."""

    trunk: str
    route: str
    code: int
    cause: Cause
    effect: Effect


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that was placed, whole. `skipped`: the SBCs that were not tried, since they are demoted.

    `roles`: who appears in `events`, as a ladder has them from left to right; the ACS side is first in a call out.
    """

    dialled: Dialled
    events: tuple[Event, ...]
    roles: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    skipped: tuple[str, ...]
    outcome: Outcome
    transport: Transport
    time_scale: float
