"""What a live call leaves behind, as values: every message and event in order, every SBC tried, and how it ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from acs_telephony.models import Resource
from acs_telephony.numbers import Dialled
from acs_telephony.receiving import Ending
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
#: Who ends a call that was answered.
HangsUp = Literal["caller", "callee"]
Kind = Literal["request", "response", "event"]
Cause = Literal["answered", "final code", "silence", "refused", "certificate", "hung up"]
AttemptEffect = Effect | Literal["the caller hung up"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, in order: a message from `sender` to `receiver`, or an event at `sender` (no message).

    The `receiver` of an event is the role that it is about, or "".

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
    """One SBC that the ACS side called: the final code it gave, or that its failure counts as, and what that does.

    Where the caller hung up while it was asked, `cause` is "hung up", and so says `effect`.
    """

    trunk: str
    route: str
    code: int
    cause: Cause
    effect: AttemptEffect


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller hung up before an answer came; `order`: the SBCs that were called until then."""

    order: tuple[str, ...]

    def __str__(self) -> str:
        return "The caller hung up before an answer came."


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
    outcome: Outcome | HungUp
    transport: Transport
    time_scale: float

    @property
    def ending(self) -> str:
        """How it ended, in a sentence; an SBC did not end what the ACS side gave up."""
        limit = next((event.first for event in self.events if event.rule == "set-up-limit"), "")
        return f"The ACS side gives up: {limit}." if limit else str(self.outcome)


@dataclass(frozen=True, slots=True)
class LiveArrival:
    """A call in that was placed, whole: `code` is the final code that the carrier got from the SBC.

    `roles`: who appears in `events`, from left to right; the carrier is first in a call in.
    """

    number: str
    events: tuple[Event, ...]
    roles: tuple[str, ...]
    ending: Ending
    code: int
    transport: Transport
    time_scale: float


@dataclass(frozen=True, slots=True)
class Setup:
    """What a lab is made of, checked; FQDNs in small letters, numbers as they are dialled."""

    resource: Resource
    transport: Transport
    time_scale: float
    wait_s: float
    seed: int | None
    event_grid: bool
    microsoft365_domains: tuple[str, ...]
    omnichannel_numbers: tuple[str, ...]
    numbers: Mapping[str, Callee]
    carriers: Mapping[str, str]
    relays_503_as_500: Collection[str]
    loss: float
