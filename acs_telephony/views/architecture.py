"""Who runs what: the parts of the architecture as data, and the picture of each setup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from acs_telephony.views import dot
from acs_telephony.views.palette import TINTS, Kind, Who
from acs_telephony.views.pictures import Picture

Setup = Literal["cloud", "sip", "both", "equipment"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing: the area it stands in, its kind, its words, and the setups that have it; a line breaks at `\\n`."""

    name: str
    area: str
    kind: Kind
    head: str
    remark: str
    setups: frozenset[str]

    @property
    def words(self) -> str:
        """Head and remark on one line."""
        return (f"{self.head} ({self.remark})" if self.remark else self.head).replace("\n", "")


@dataclass(frozen=True, slots=True)
class Link:
    """A line between two parts, what it carries (an event runs from `head` to `tail`), and the setups that have it."""

    tail: str
    head: str
    carries: Literal["signalling", "event", "voice", "signalling and voice"]
    remark: str
    setups: frozenset[str]


# Areas from left to right; you appear twice, since your SBC stands on the other side of Microsoft.
_AREAS: Final[dict[str, Who]] = {
    "app": "you",
    "microsoft": "microsoft",
    "site": "you",
    "carrier": "carrier",
    "public": "public",
}
_ALL: Final = frozenset({"cloud", "sip", "both", "equipment"})
_CLOUD, _EQUIPMENT, _TRUNK = frozenset({"cloud"}), frozenset({"equipment"}), frozenset({"sip", "both"})
_SBC, _DIRECT = _ALL - _CLOUD, _ALL - {"sip"}
_MIXED: Final = _SBC & _DIRECT

PARTS: Final = (
    Part("automation", "app", "application", "Call Automation", "your server", _ALL),
    Part("sdk", "app", "application", "Calling SDK", "your app or page", _ALL),
    Part("grid", "microsoft", "event", "Event Grid", "IncomingCall", _ALL),
    Part("resource", "microsoft", "service", "ACS resource", "your identities", _CLOUD),
    Part("resource", "microsoft", "service", "ACS resource", "voice routes: \nfirst match wins", _SBC),
    Part("direct", "microsoft", "network", "Voice Calling \n(PSTN)", "numbers you buy", _DIRECT),
    Part("proxy", "microsoft", "service", "SIP proxy", "sip, sip2, sip3\n.pstnhub\n.microsoft.com", _SBC),
    Part("media", "microsoft", "service", "Media \nprocessors", "", _SBC),
    Part("sbc", "site", "equipment", "SBC", "sbc.contoso.com, \nwith certificate", _SBC),
    Part("own", "site", "equipment", "Your equipment", "PBX, analog, \npagers", _TRUNK),
    Part("pbx", "site", "equipment", "PBX", "", _EQUIPMENT),
    Part("analog", "site", "equipment", "Analog devices", "", _EQUIPMENT),
    Part("pagers", "site", "equipment", "Overhead pagers", "", _EQUIPMENT),
    Part("trunk", "carrier", "network", "Carrier trunk", "your contract", _TRUNK),
    Part("phone", "public", "phone", "Any phone", "calls or rings", _ALL),
)

# Lines that leave one part are drawn from top to bottom in this order.
LINKS: Final = (
    Link("automation", "grid", "event", "", _ALL),
    Link("automation", "resource", "signalling", "", _ALL),
    Link("sdk", "resource", "signalling", "", _ALL),
    Link("sdk", "resource", "voice", "voice", _CLOUD),
    Link("sdk", "resource", "voice", "", _SBC),
    Link("grid", "resource", "event", "", _ALL),
    Link("resource", "direct", "signalling", "", _CLOUD),
    Link("resource", "direct", "signalling", "no match", _MIXED),
    Link("resource", "direct", "voice", "", _DIRECT),
    Link("resource", "proxy", "signalling", "match", _SBC),
    Link("resource", "media", "voice", "", _SBC),
    Link("direct", "phone", "signalling and voice", "", _DIRECT),
    Link("proxy", "sbc", "signalling", "SIP/TLS \n5061", _SBC),
    Link("media", "sbc", "voice", "SRTP", _SBC),
    Link("sbc", "own", "signalling and voice", "", _TRUNK),
    Link("sbc", "pbx", "signalling and voice", "", _EQUIPMENT),
    Link("sbc", "analog", "signalling and voice", "", _EQUIPMENT),
    Link("sbc", "pagers", "signalling and voice", "", _EQUIPMENT),
    Link("sbc", "trunk", "signalling and voice", "", _TRUNK),
    Link("trunk", "phone", "signalling and voice", "", _TRUNK),
)

# Pairs that stand one above the other.
_LEVEL: Final = (("grid", "resource"), ("sbc", "own"))

_TITLES: Final[dict[Setup, str]] = {
    "cloud": "Voice Calling (PSTN): Microsoft is your telephone company",
    "sip": "Direct routing: your own SBC and your own carrier",
    "both": "Mixed routing: some calls through Microsoft, some through your carrier",
    "equipment": "Voice Calling (PSTN), with an SBC beside it for your equipment",
}
_IN_2021: Final[dict[Setup, str]] = {
    "cloud": "Azure Cloud Calling",
    "sip": "SIP interface",
    "both": "Azure Cloud Calling and SIP interface",
    "equipment": "Azure Cloud Calling and SIP interface",
}
_ALTS: Final[dict[Setup, str]] = {
    "cloud": "Your application talks to an ACS resource, and Microsoft, as the carrier, connects it to any phone with "
    "a number bought from Microsoft; nothing else stands on your side.",
    "sip": "Your application talks to an ACS resource; where a voice route matches, Microsoft's SIP proxy reaches your "
    "SBC over TLS, and your own carrier's trunk connects it to any phone and your equipment.",
    "both": "Your application talks to an ACS resource; where a voice route matches, the call goes through your SBC "
    "and your own carrier, and where none matches, Microsoft as the carrier takes it; both reach any phone.",
    "equipment": "Microsoft, as the carrier, connects your application to any phone; where a voice route matches, the "
    "call goes through your SBC to a PBX, analog devices or overhead pagers, without another carrier.",
}
_LEGEND: Final = "Arrow: signalling. Double line: voice. Towards phones and equipment one arrow stands for both."


def architecture(setup: Setup) -> Picture:
    """Who runs what, and what passes between them: with `cloud`, with `sip`, with both, or with equipment beside it.

    >>> print(architecture("cloud").twin.splitlines()[1])
    You: Call Automation (your server); Calling SDK (your app or page).
    """
    parts = {part.name: part for part in PARTS if setup in part.setups}
    links = [link for link in LINKS if setup in link.setups]
    body = []
    twin = [f"In 2021: {_IN_2021[setup]}."]
    for area, who in _AREAS.items():
        inside = [part for part in parts.values() if part.area == area]
        names = {part.name for part in inside}
        lines = [_node(part) for part in inside]
        lines += [dot.column(*pair) for pair in _LEVEL if names.issuperset(pair)]
        if inside:
            body.append(dot.cluster(who, lines, name=area))
            twin.append(f"{TINTS[who].name}: {'; '.join(part.words for part in inside)}.")
    body += [_line(link) for link in links]
    twin += [_line_words(link, parts) for link in links]
    title = _TITLES[setup]
    drawing = dot.graph(title, body, remarks=(f"In 2021: {_IN_2021[setup]}.", _LEGEND))
    return Picture(title, drawing, _ALTS[setup], "\n".join(twin))


def _node(part: Part) -> str:
    heads = part.head.split("\n")
    return dot.node(part.name, (*heads, *part.remark.split("\n")), part.kind, bold=len(heads))


def _line(link: Link) -> str:
    if link.carries == "voice":
        return dot.voice(link.tail, link.head, link.remark)
    return dot.edge(link.tail, link.head, link.remark, dir="back" if link.carries == "event" else "both")


def _line_words(link: Link, parts: Mapping[str, Part]) -> str:
    tail, head = (parts[name].head.replace("\n", "") for name in (link.tail, link.head))
    ends = f"{head} to {tail}" if link.carries == "event" else f"{tail} and {head}"
    remark = link.remark.replace("\n", "")
    return f"{ends}: {link.carries}{f' ({remark})' if remark and remark != link.carries else ''}."
