"""Which failures lose a number: worked out from the routes, and tried with real calls, each SBC down in turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from acs_telephony.checking.findings import listed
from acs_telephony.errors import AcsTelephonyError
from acs_telephony.guide.exercises import Check
from acs_telephony.live.sip.lab import SipLab
from acs_telephony.live.sip.values import Fault
from acs_telephony.models import Resource, SipConfiguration, quoted
from acs_telephony.routing import Answered, dial

_NO_FAULT: Final = ("answers", "no OPTIONS")  # with these an SBC takes calls


@dataclass(frozen=True, slots=True)
class LosingFailures:
    """The smallest sets of SBCs whose failure loses a number, FQDNs in the order of the lists.

    `together`: these have to fail all at once, with a code that fails over or in silence. `alone`: each of these is
    enough by itself when it answers with any other final code, because it can be the one that is tried first.
    """

    number: str
    together: tuple[str, ...]
    alone: tuple[str, ...]


def failures_that_lose(resource: Resource, number: str, *, country: str | None = None) -> LosingFailures:
    """The failures of SBCs that lose a number, in whatever order the SBCs of a route are tried.

    >>> from acs_telephony.tables import contoso
    >>> print(failures_that_lose(contoso(), "+81 3 1234 5678").together)
    ('sin1.contoso.com',)
    """
    journey = dial(resource, number, country=country)
    legs = [[one.trunk for one in leg.tries] for leg in journey.legs if leg.tries]
    # The case of a host name says nothing (RFC 4343).
    together = {fqdn.lower(): fqdn for leg in reversed(legs) for fqdn in reversed(leg)}
    return LosingFailures(journey.dialled.number, tuple(reversed(together.values())), tuple(legs[0] if legs else ()))


def check_survives(
    source: Resource | SipConfiguration,
    numbers: Sequence[str],
    *,
    faults: Sequence[Fault] = (503, "silent"),
    time_scale: float = 0.01,
) -> Check:
    """Whether calls to these numbers are all answered while each SBC of the table is out of service in turn.

    Real calls: one lab, in which every SBC gets each of the faults, one at a time. The first call that is lost is the
    counter-example; what cannot be tried is told, and nothing is right where nothing was tried. The calls carry no
    alternateCallerId, so Voice Calling (PSTN) is no way out here: a number that matches no route is lost.
    """
    numbers, faults = _several(numbers), _several(faults)
    if not numbers:
        return Check(False, "There is no number to call. Name one at least.")
    if none := [fault for fault in faults if fault in _NO_FAULT] or ([] if faults else ["nothing"]):
        return Check(False, f"{quoted(none[0])} puts no SBC out of service. Name a fault such as 503 or 'silent'.")
    try:
        resource = source if isinstance(source, Resource) else Resource(configuration=source)
        if not (trunks := [trunk.fqdn for trunk in resource.configuration.trunks]):
            return Check(False, "The configuration has no trunk, so no SBC can take a call. Add one.")
        with SipLab(resource, time_scale=time_scale) as lab:
            for number in numbers:
                if lost := _lost(lab, number):
                    return Check(False, f"With every SBC in service, {number} is lost{lost}")
            for fqdn in trunks:
                for fault in faults:
                    lab.set(fqdn, fault)
                    for number in numbers:
                        if lost := _lost(lab, number):
                            return Check(False, f"With {fqdn} out of service ({fault}), {number} is lost{lost}")
                lab.set(fqdn, "answers")
    except AcsTelephonyError as error:
        return Check(False, str(error))
    except ValidationError:
        return Check(False, f"{quoted(source)} is no configuration. Write SipConfiguration(trunks=..., routes=...).")
    placed = len(trunks) * len(faults) * len(numbers)
    how = " and ".join(map(str, faults))
    return Check(True, f"{len(trunks)} SBCs failed in turn ({how}), and each of {placed} calls was answered.")


def _several(given: Any) -> list[Any]:
    """What was given, as a list; one alone is one."""
    return [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)


def _lost(lab: SipLab, number: str) -> str:
    """How a call to a number is lost; nothing when it gets through."""
    call = lab.call(number, talk_s=0.1)
    if isinstance(call.outcome, Answered):
        return ""
    tried = listed([f"{one.trunk} {one.cause if one.cause != 'final code' else one.code}" for one in call.attempts], 8)
    unread = dial(lab.resource, number).unread
    hint = f" The pattern of {quoted(unread[0].route.name)} cannot be read: {unread[0].error}" if unread else ""
    return f"{f': {tried}' if tried else ''}. {call.outcome}{hint}"
