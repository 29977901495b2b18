"""A call out: from a dialled number to every outcome it can have.

Documented (direct-routing-provisioning.md, 2023-06-22): a resource with any direct routing tries it first; the routes
are tested in their order and the first that matches gets the call; when none of its SBCs takes it, the next *matching*
route does; failover happens on 408, 503 and 504 only; no match at all looks at `alternateCallerId`, and a purchased
number there sends the call to Voice Calling (PSTN).

In which order the SBCs of one route are tried, Microsoft's sources contradict each other: at random
(direct-routing-provisioning.md) or as listed (azure-communication-phonenumbers 1.4.0). So `dial` answers with the set
of outcomes over all orders, one order as witness for each, and names the one that the listed order gives.

Our model: silence counts as 408 and a refused connection as 503, as RFC 3261 has it (17.1.1.2, 8.1.3.1); every
other final code ends the call; a route without trunks passes the call on. That Voice Calling is tried after a match
whose SBCs all failed is documented nowhere, so it is not tried here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal, get_args

from acs_telephony.automaton import Machine, Matches, compile_table
from acs_telephony.errors import AnswerError, NumberError, PatternError
from acs_telephony.languages import Reading
from acs_telephony.models import Resource, VoiceRoute
from acs_telephony.numbers import Dialled, normalise

#: The final codes after which the next SBC is tried (direct-routing-provisioning.md and monitor-direct-routing.md).
FAILOVER_CODES = (408, 503, 504)

SbcWord = Literal["answers", "silent", "refused", "demoted"]
SbcState = SbcWord | int
Effect = Literal["answers", "fails over", "ends the call", "not tried"]
Reason = Literal[
    "no SBC took the call",
    "no route matched, and the resource has no number of Voice Calling (PSTN)",
    "no route matched, and no alternateCallerId was given",
    "no route matched, and alternateCallerId is no purchased number of the resource",
]


@dataclass(frozen=True, slots=True)
class Try:
    """One SBC of a matching route: the state the reader set, and what it does to the call."""

    trunk: str
    state: SbcState
    effect: Effect


@dataclass(frozen=True, slots=True)
class Leg:
    """A matching route; `position` counts in the whole list from 1; `reached` where no earlier one settles the call."""

    route: VoiceRoute
    position: int
    tries: tuple[Try, ...]
    reached: bool

    @property
    def settles(self) -> bool:
        """Whether some SBC answers or ends the call, so that it never goes on to the next route."""
        return any(one.effect in ("answers", "ends the call") for one in self.tries)


@dataclass(frozen=True, slots=True)
class Answered:
    """An SBC took the call; the callee sees `caller_id`. `order`: the SBCs tried, one order that leads here."""

    trunk: str
    route: str
    caller_id: str
    order: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.trunk} takes the call (route {self.route}); the callee sees {self.caller_id}."


@dataclass(frozen=True, slots=True)
class Ended:
    """An SBC ended the call with a final code that does not fail over."""

    trunk: str
    route: str
    code: int
    order: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.trunk} ends the call with {self.code} (route {self.route}); {self.code} does not fail over."


@dataclass(frozen=True, slots=True)
class VoiceCalling:
    """No route matched, and Microsoft carries the call with a purchased number as caller ID."""

    caller_id: str

    def __str__(self) -> str:
        return f"Voice Calling (PSTN) takes the call: Microsoft is the carrier, the callee sees {self.caller_id}."


@dataclass(frozen=True, slots=True)
class Dropped:
    """The call goes nowhere; `order`: the SBCs that were tried in vain."""

    reason: Reason
    order: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"The call is dropped: {self.reason}."


Outcome = Answered | Ended | VoiceCalling | Dropped


@dataclass(frozen=True, slots=True)
class Unread:
    """A route whose pattern cannot be read, so that nothing is known of what it matches."""

    route: VoiceRoute
    position: int
    error: PatternError


@dataclass(frozen=True, slots=True)
class Journey:
    """A call out, whole: the number, every matching route, and the set of outcomes, in the order of the lists.

    `other_reading` holds the names of the routes that match under the other reading of patterns (search, whole number)
    where they are not the same.
    """

    dialled: Dialled
    legs: tuple[Leg, ...]
    outcomes: tuple[Outcome, ...]
    reading: Reading
    other_reading: tuple[str, ...] | None
    unread: tuple[Unread, ...]

    @property
    def as_listed(self) -> Outcome:
        """The one outcome where SBCs are tried in the order of their lists, as the SDK says."""
        return self.outcomes[0]

    @property
    def order_dependent(self) -> bool:
        """Whether some orders of trying connect the call and others lose it."""
        connected = [isinstance(outcome, Answered | VoiceCalling) for outcome in self.outcomes]
        return any(connected) and not all(connected)


def dial(
    resource: Resource,
    number: str | Dialled,
    *,
    sbcs: Mapping[str, SbcState] | None = None,
    alternate_caller_id: str | None = None,
    country: str | None = None,
    reading: Reading = "search",
) -> Journey:
    """Place a call from a resource and follow it to every outcome that it can have.

    `sbcs` maps FQDNs to "answers" (what an SBC does that is not named), "silent", "refused", "demoted" or a final SIP
    code from 200 to 699. `country` (ISO code) reads a number typed without country code.
    Raises NumberError for a number and AnswerError for a state that cannot be used.

    >>> from acs_telephony.tables import microsoft_three_routes
    >>> journey = dial(microsoft_three_routes(), "+1 425 555 0100", sbcs={"sbc1.contoso.biz": 503})
    >>> [outcome.trunk for outcome in journey.outcomes]
    ['sbc2.contoso.biz']
    """
    if not isinstance(resource, Resource):
        raise AnswerError(f"{type(resource).__name__} is no Resource", place="resource", remedy=_A_RESOURCE)
    dialled = number if isinstance(number, Dialled) else normalise(number, country)
    caller_id = _caller_id(alternate_caller_id) if alternate_caller_id else None
    states = _checked(resource, sbcs or {})
    routes = resource.configuration.routes
    machine, other = (
        _compiled(tuple(route.number_pattern for route in routes), r) for r in (reading, _OTHER.get(reading, "search"))
    )
    matches, otherwise = machine.match(dialled.number), other.match(dialled.number)
    legs = tuple(_legs(routes, matches, states))
    return Journey(
        dialled,
        legs,
        outcomes=tuple(_outcomes(legs, caller_id)) if legs else (_without_route(resource, caller_id),),
        reading=reading,
        other_reading=tuple(routes[i].name for i in otherwise) if otherwise != matches else None,
        unread=tuple(Unread(routes[i], i + 1, error) for i, error in machine.unread.items()),
    )


def effect_of(state: SbcState) -> Effect:
    """What an SBC in this state does to a call that comes to it."""
    if state == "demoted":
        return "not tried"
    if state in ("silent", "refused") or state in FAILOVER_CODES:
        return "fails over"
    return "answers" if state == "answers" or state in range(200, 300) else "ends the call"


_A_RESOURCE = "Write Resource(configuration=...), with a SipConfiguration."
_OTHER: dict[Reading, Reading] = {"search": "whole", "whole": "search"}


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[str, ...], reading: Reading) -> Machine:
    return compile_table(patterns, reading)


def _caller_id(text: str) -> str:
    try:
        return normalise(text).number
    except NumberError as error:
        raise NumberError(error.problem, place=f"alternateCallerId {error.place}", remedy="Begin with '+'.") from None


def _checked(resource: Resource, sbcs: Mapping[str, SbcState]) -> Mapping[str, SbcState]:
    if not isinstance(sbcs, Mapping):
        raise AnswerError("states are given by SBC", place="sbcs", remedy='Write {"sbc1.contoso.com": 503}.')
    # The case of a host name says nothing (RFC 4343).
    states = {str(fqdn).lower(): state for fqdn, state in sbcs.items()}
    if len(states) < len(sbcs):
        raise AnswerError("an SBC is named twice", place="sbcs", remedy="The case of a host name does not matter.")
    known = {trunk.fqdn.lower() for trunk in resource.configuration.trunks}
    for fqdn, state in states.items():
        if fqdn not in known:
            near = get_close_matches(fqdn, known, n=1)
            remedy = f"Did you mean {near[0]}?" if near else "Name a trunk of the configuration."
            raise AnswerError(f"no trunk is called {fqdn!a}", place="sbcs", remedy=remedy)
        is_code = isinstance(state, int) and not isinstance(state, bool) and 200 <= state <= 699
        if not is_code and state not in get_args(SbcWord):
            words = ", ".join(get_args(SbcWord))
            raise AnswerError(f"{state!a} is no state", place=fqdn, remedy=f"Use {words}, or a final code 200 to 699.")
    return states


def _legs(routes: tuple[VoiceRoute, ...], matches: Matches, sbcs: Mapping[str, SbcState]) -> Iterator[Leg]:
    reached = True
    for index in matches:
        states = {fqdn: sbcs.get(fqdn.lower(), "answers") for fqdn in routes[index].trunks or ()}
        tries = tuple(Try(fqdn, state, effect_of(state)) for fqdn, state in states.items())
        leg = Leg(routes[index], index + 1, tries, reached)
        yield leg
        reached = reached and not leg.settles


def _outcomes(legs: tuple[Leg, ...], caller_id: str | None) -> Iterator[Outcome]:
    """One outcome for each SBC that can settle the call: in some order it comes before the others that could.

    So no order has to be listed: a route's call is settled by whichever of these is tried first, and each can be.
    """
    tried: list[str] = []
    for leg in legs:
        for one in leg.tries:
            if one.effect == "fails over":
                tried.append(one.trunk)
            elif one.effect == "answers":
                shown = leg.route.caller_id_override or caller_id or "anonymous"
                yield Answered(one.trunk, leg.route.name, shown, (*tried, one.trunk))
            elif one.effect == "ends the call":
                yield Ended(one.trunk, leg.route.name, int(one.state), (*tried, one.trunk))
        if leg.settles:
            return
    yield Dropped("no SBC took the call", tuple(tried))


def _without_route(resource: Resource, caller_id: str | None) -> Outcome:
    if not (resource.voice_calling_enabled and resource.purchased_numbers):
        return Dropped("no route matched, and the resource has no number of Voice Calling (PSTN)")
    if caller_id is None:
        return Dropped("no route matched, and no alternateCallerId was given")
    if caller_id not in resource.purchased_numbers:
        return Dropped("no route matched, and alternateCallerId is no purchased number of the resource")
    return VoiceCalling(caller_id)
