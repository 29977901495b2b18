"""The network of one lab: names in the place of DNS, a guard that keeps all on loopback, a clock, lost packets."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from acs_telephony.errors import AcsTelephonyError, AnswerError
from acs_telephony.live.sip.messages import Place
from acs_telephony.live.sip.values import Transport

_LOOPBACK = IPv4Network("127.0.0.0/8")
_VIA = re.compile(r"(?im)^(?:Via|v):[^ ]* *[^ ]+ (?P<host>[^ :;]+)(?::(?P<port>[0-9]+))?.*$")


class OffLoopback(AcsTelephonyError):  # noqa: N818 - it says where, not that something broke
    """Somewhere that is not on this computer's loopback, or a name that this lab does not know."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as it left (over UDP it may be lost after this).

    `at`: lab seconds since the network began. `peer`: the role it goes to, "" when no role has that name. `source` and
    `target`: true addresses. `rule`: why it was sent. `repeat`: the same bytes were sent before.
    """

    at: float
    role: str
    peer: str
    source: Place
    target: Place
    transport: Transport
    data: bytes
    rule: str
    repeat: bool


class Network:
    """Names, clock and guard of one lab; every stack has one. `loss`: the share of UDP packets that never arrive.

    `record` gets each message that is sent here, and each that came from a program outside the lab.
    """

    def __init__(
        self,
        time_scale: float = 0.1,
        record: Callable[[Sent], None] | None = None,
        loss: float = 0.0,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.time_scale, self.record, self.loss = time_scale, record, loss
        #: True addresses of the sockets that the lab's own stacks have open.
        self.own: set[Place] = set()
        #: How many names each role has made, by role and purpose.
        self.names: Counter[tuple[str, str]] = Counter()
        self._true: dict[Place, Place] = {}
        self._roles: dict[Place, str] = {}
        self._random = random.Random(seed)  # noqa: S311 - it loses packets, the same ones each time
        self.clock, self._began = clock, clock()

    def add(self, role: str, host: str, port: int, true: Place) -> None:
        """Let a name and a configured port lead to a true address on loopback (else OffLoopback); whose role it is.

        Each stack does this when it starts; do it by hand for a peer outside the lab. Two roles cannot have the same
        name and port (AnswerError).
        """
        if (had := self.role((host, port))) not in ("", role):
            raise AnswerError(
                f"{had} and {role} both have the name {host}, port {port}",
                place="SipLab",
                remedy="Give the trunk or the carrier another name.",
            )
        self._true[host.lower(), port], self._roles[host.lower(), port] = guard(true), role

    def forget(self, host: str, port: int) -> None:
        """The name leads nowhere any more."""
        self._true.pop((host.lower(), port), None)
        self._roles.pop((host.lower(), port), None)

    def where(self, place: Place) -> Place:
        """The true address of a name and port, or of an address in 127.0.0.0/8; OffLoopback for all others.

        It stands in the place of RFC 3263; nothing is ever asked of DNS.
        """
        host, port = place
        return guard(self._true.get((host.lower(), port), place))

    def role(self, place: Place) -> str:
        """Whose name and configured port this is; "" when nobody's."""
        return self._roles.get((place[0].lower(), place[1]), "")

    def in_names(self, data: bytes) -> str:
        """A message as text, with the lab's names and ports where true addresses show (received=, rport=)."""
        return _VIA.sub(_by_name, data.decode("utf-8", "replace"))

    def now(self) -> float:
        """Lab seconds since this network was made."""
        return (self.clock() - self._began) / self.time_scale

    async def sleep(self, lab_seconds: float) -> None:
        """Wait for seconds of the lab's clock."""
        await asyncio.sleep(lab_seconds * self.time_scale)

    def after(self, lab_seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        """Call something when seconds of the lab's clock have passed, unless the handle is cancelled."""
        return asyncio.get_running_loop().call_later(lab_seconds * self.time_scale, call)

    def loses(self) -> bool:
        """Whether the next UDP packet gets lost."""
        return self.loss > 0 and self._random.random() < self.loss


def _by_name(via: re.Match[str]) -> str:
    """A Via line whose received and rport say what it says itself: the sender's name and configured port."""
    named = re.sub(r"received=[0-9.]+", f"received={via['host']}", via[0])
    return re.sub(r"rport=[0-9]+", f"rport={via['port'] or 5060}", named)


def guard(true: Place) -> Place:
    """An address on loopback, as it was given; OffLoopback for every other, and for names."""
    host, port = true
    try:
        inside = IPv4Address(host) in _LOOPBACK and 0 < port < 65536
    except AddressValueError:
        inside = False
    if not inside:
        raise OffLoopback(
            f"{host!a}, port {port}, is no place on this computer's loopback, and no name that this lab knows",
            remedy="Give the lab that name and port, or use an address in 127.0.0.0/8.",
        )
    return true
