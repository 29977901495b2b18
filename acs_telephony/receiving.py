"""A call in: from a caller on the phone network to the application, or to the place where it is lost.

Documented: the order of look-ups for a call from an SBC (direct-routing-sip-specification.md, 2023-06-15) and what a
call to a purchased number does (inbound-calling-capabilities.md, 2023-06-22; incoming-call-notification.md,
2022-09-26). Unknown: what a call to a purchased number does without an event subscription, and which final code an SBC
gets when its certificate does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from acs_telephony.errors import AnswerError
from acs_telephony.models import Resource
from acs_telephony.numbers import normalise


@dataclass(frozen=True, slots=True)
class Step:
    """One question that an incoming call meets, whether it holds, and the document it comes from."""

    question: str
    holds: bool
    source: str


@dataclass(frozen=True, slots=True)
class ToApplication:
    """Event Grid delivers the event IncomingCall; the application answers, redirects or rejects the call."""

    number: str

    def __str__(self) -> str:
        return f"Event Grid delivers IncomingCall for {self.number}; the application answers, redirects or rejects."


@dataclass(frozen=True, slots=True)
class ToOmnichannel:
    """Dynamics 365 Omnichannel for Customer Service takes the call."""

    number: str

    def __str__(self) -> str:
        return f"Dynamics 365 Omnichannel for Customer Service takes the call to {self.number}."


@dataclass(frozen=True, slots=True)
class ToTenant:
    """The call belongs to a Microsoft 365 tenant, which looks for a user; it never reaches the resource."""

    domain: str

    def __str__(self) -> str:
        return f"The Microsoft 365 tenant with {self.domain} gets the call and looks for a user, not the resource."


@dataclass(frozen=True, slots=True)
class Refused:
    """The SBC gets a final code; None where no source says which."""

    code: int | None
    reason: str

    def __str__(self) -> str:
        return f"The SBC is refused{f' with {self.code}' if self.code else ''}: {self.reason}."


@dataclass(frozen=True, slots=True)
class Lost:
    """The call ends without anybody having been told."""

    reason: str

    def __str__(self) -> str:
        return f"The call is dropped: {self.reason}."


@dataclass(frozen=True, slots=True)
class Undocumented:
    """No source says what happens."""

    question: str

    def __str__(self) -> str:
        return f"No source says {self.question}."


Ending = ToApplication | ToOmnichannel | ToTenant | Refused | Lost | Undocumented


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call in, whole: the number, the SBC it came by, every question it met, and where it ended.

    `contact` is the host in the SBC's Contact header; None where the call came through Voice Calling (PSTN).
    """

    number: str
    contact: str | None
    steps: tuple[Step, ...]
    ending: Ending


def receive(
    resource: Resource,
    number: str,
    *,
    contact: str | None = None,
    certificate_names: tuple[str, ...] = (),
    microsoft365_domains: tuple[str, ...] = (),
    omnichannel_numbers: tuple[str, ...] = (),
    event_grid: bool = True,
) -> Arrival:
    """Follow a call to a number of the resource, up to the event IncomingCall or the drop.

    Without `contact` the call comes through Voice Calling (PSTN). With it, an SBC sends an INVITE whose Contact header
    names this host, over TLS with a certificate that holds `certificate_names`. `event_grid`: whether the resource has
    an event subscription whose filter lets the call through.

    >>> from acs_telephony.tables import contoso
    >>> receive(contoso(), "+1 425 555 0111").ending
    ToApplication(number='+14255550111')
    >>> receive(contoso(), "+31 20 123 4567", contact="192.0.2.1").ending.code
    403
    """
    if not isinstance(resource, Resource):
        raise AnswerError(f"{type(resource).__name__} is no Resource", place="resource", remedy="Write Resource(...).")
    called = normalise(number).number
    known = called in {normalise(text).number for text in _several("omnichannel_numbers", omnichannel_numbers)}
    if contact is None:
        host, sources, unheard = None, (_INB, _INC), _NO_SOURCE
        steps, ending = _by_voice_calling(resource, called)
    else:
        host, sources, unheard = _host(contact), (_SIP, _SIP), _NO_RULE
        names = _several("certificate_names", certificate_names)
        steps, ending = _from_sbc(resource, host, names, _several("microsoft365_domains", microsoft365_domains))
    if ending is None:
        steps += (Step("Omnichannel is attached and knows the number", known, sources[0]),)
        ending = ToOmnichannel(called)
        if not known:
            steps += (Step("Event Grid has a subscription with a rule for the call", event_grid, sources[1]),)
            ending = ToApplication(called) if event_grid else unheard
    return Arrival(called, host, steps, ending)


_NO_RULE: Ending = Lost("there is no event subscription for the call")
_NO_SOURCE: Ending = Undocumented("what a call to a purchased number does without an event subscription")


def _host(contact: object) -> str:
    """The host of a Contact header; a port after it is legal and is no part of the name."""
    if not isinstance(contact, str) or not contact.strip():
        raise AnswerError("the Contact header names no host", place="contact", remedy="Write sbc1.contoso.com.")
    host = contact.strip().lower()
    return host.rpartition(":")[0] if host.count(":") == 1 or "]:" in host else host


def _several(place: str, given: object) -> tuple[str, ...]:
    """The texts that were given; one text alone is one name, not its letters."""
    texts = (given,) if isinstance(given, str) else given
    if not isinstance(texts, tuple | list | set | frozenset) or not all(isinstance(text, str) for text in texts):
        raise AnswerError(f"{ascii(given)[:60]} is no list of texts", place=place, remedy='Write ("*.contoso.com",).')
    return tuple(texts)


def certificate_matches(name: str, fqdn: str) -> bool:
    """Whether a certificate's name (CN or SAN) covers an FQDN: a star stands for one label or a part of one (RFC 2818).

    Source: direct-routing-sip-specification.md, 2023-06-15. Our reading: a star is at least one character, and a label
    holds one star.

    >>> [certificate_matches("*.contoso.com", fqdn) for fqdn in ("sbc.contoso.com", "sbc.eu.contoso.com")]
    [True, False]
    """
    labels, hosts = name.lower().split("."), fqdn.lower().split(".")
    return len(labels) == len(hosts) and all(map(_covers, labels, hosts))


def _covers(label: str, host: str) -> bool:
    before, star, after = label.partition("*")
    if not star:
        return label == host
    # No regular expression: a name with many stars would make one backtrack for hours.
    return "*" not in after and len(host) > len(before + after) and host.startswith(before) and host.endswith(after)


_SIP = "direct-routing-sip-specification.md, 2023-06-15 (SIP)"
_INB = "inbound-calling-capabilities.md, 2023-06-22 (INB)"
_INC = "incoming-call-notification.md, 2022-09-26 (INC)"


def _by_voice_calling(resource: Resource, called: str) -> tuple[tuple[Step, ...], Ending | None]:
    """Whether it is this resource's call; no ending means that it is."""
    owned = called in resource.purchased_numbers
    steps = (Step("the number was purchased for this resource", owned, _INB),)
    return steps, None if owned else Lost("the number belongs to no resource here")


def _from_sbc(
    resource: Resource, host: str, certificate_names: tuple[str, ...], tenants: tuple[str, ...]
) -> tuple[tuple[Step, ...], Ending | None]:
    """The look-ups that find whose call it is; no ending means: this resource's."""
    steps = [Step("Contact names a host, not an IP address", not is_address(host), _SIP)]
    if not steps[-1].holds:
        return tuple(steps), Refused(403, "Contact holds an IP address")
    fits = any(certificate_matches(name, host) for name in certificate_names)
    steps.append(Step(f"the certificate holds {host} or a wildcard for it", fits, _SIP))
    if not fits:
        return tuple(steps), Refused(None, f"the certificate does not name {host}")
    trunks = {trunk.fqdn.lower() for trunk in resource.configuration.trunks}
    registered = {domain.lower() for domain in tenants}
    for name in (host, host.partition(".")[2]):
        steps.append(Step(f"a Microsoft 365 tenant has {name}", name in registered, _SIP))
        if steps[-1].holds:
            return tuple(steps), ToTenant(name)
        steps.append(Step(f"an ACS resource has the SBC {name}", name in trunks, _SIP))
        if steps[-1].holds:
            return tuple(steps), None
    return tuple(steps), Refused(None, f"no tenant and no resource knows {host}")


def is_address(host: str) -> bool:
    """Whether a host is an IP address, not a name."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
