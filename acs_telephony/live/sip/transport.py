"""The sockets: UDP, and TCP or TLS with messages cut out of the stream by Content-Length (RFC 3261 18)."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from acs_telephony.live.sip.messages import LONGEST, Place, SipError, unfold
from acs_telephony.live.sip.network import Network

#: Where every socket of the lab is bound; a stack's port there is free at its start and stays the same after.
LOOPBACK = "127.0.0.1"
_LENGTH = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*([^\r]*?)[ \t]*\r?$")
_VERIFY = {9: "certificate is not valid yet", 10: "certificate has expired"}
_ALERTS = {
    "EXPIRED": "certificate has expired",
    "UNKNOWN_CA": "certificate comes from a CA that is not trusted",
    "CERTIFICATE_REQUIRED": "a client certificate is required",
}


class TransportError(Exception):
    """A message could not be delivered (RFC 3261 18.4); `cause`: refused or certificate, `detail` in plain words."""

    def __init__(self, error: BaseException | None, name: str = "") -> None:
        certificate = isinstance(error, ssl.SSLCertVerificationError)
        alert = isinstance(error, ssl.SSLError) and re.search("CERTIFICATE|UNKNOWN_CA", error.reason or "")
        self.cause: Literal["certificate", "refused"] = "certificate" if certificate or alert else "refused"
        self.detail = "the connection was closed"
        if isinstance(error, ssl.SSLCertVerificationError):
            unknown = "certificate comes from a CA that is not trusted"
            named = f"certificate is not for {name}"
            self.detail = named if error.verify_code == 62 else _VERIFY.get(error.verify_code, unknown)
        elif alert and isinstance(error, ssl.SSLError):
            words = (said for part, said in _ALERTS.items() if part in (error.reason or ""))
            self.detail = f"the other side says: {next(words, 'certificate not accepted')}"
        elif isinstance(error, ConnectionRefusedError):
            self.detail = "nothing listens on that port"
        super().__init__(self.detail)


class Telling(ssl.SSLObject):
    """A server's TLS that tells why it refuses a client's certificate; asyncio alone would close and say nothing."""

    def do_handshake(self) -> None:
        """Shake hands; what fails waits for the client to close, so that the alert goes out first (RFC 8446 6.2)."""
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            raise ssl.SSLWantReadError from error


class Link:
    """One TCP or TLS connection, the same for both sides (RFC 3261 18)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.source: Place = writer.get_extra_info("sockname")[:2]
        self.target: Place = writer.get_extra_info("peername")[:2]
        # Nothing is small enough to wait for more (RFC 896): a message is a whole.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = writer.get_extra_info("ssl_object")
        self.peer_certificate: Mapping[str, Any] | None = tls.getpeercert() if tls else None
        self.error: BaseException | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing more can be sent on it."""
        return self._writer.transport.is_closing() or self._reader.exception() is not None

    def write(self, data: bytes) -> None:
        """Send one message; a peer that reads nothing for too long loses its connection."""
        if self._writer.transport.get_write_buffer_size() > 20 * LONGEST:
            self._writer.transport.abort()
        self._writer.write(data)

    def close(self, *, at_once: bool = False) -> None:
        """Close it, what was written first unless `at_once`."""
        self._writer.transport.abort() if at_once else self._writer.close()

    async def read(self, receive: Receive) -> None:
        """Hand over one message after the other until the stream ends or holds something that cannot be framed."""
        at_once = True
        try:
            while True:
                receive(await self._message(), self)
        except (SipError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            at_once = False
        except OSError as error:
            self.error = error
        finally:
            self.close(at_once=at_once)

    async def _message(self) -> bytes:
        """The next message of the stream, cut by its Content-Length, without which none can be cut (18.3)."""
        head = b""
        while not head.strip(b"\r\n"):  # empty lines before a message keep a connection alive (7.5, RFC 5626 4.4.1)
            head = await self._reader.readuntil(b"\r\n\r\n")
        lengths = set(_LENGTH.findall(unfold(head)))
        length = lengths.pop() if len(lengths) == 1 else b"none"
        if not re.fullmatch(rb"[0-9]{1,6}", length) or len(head) + int(length) > LONGEST:
            raise SipError("no Content-Length that can be used")
        return head + await self._reader.readexactly(int(length))


Receive = Callable[[bytes, Link], None]


class Datagrams(asyncio.DatagramProtocol):
    """The UDP socket of one stack; where the network loses packets, some go nowhere."""

    def __init__(self, network: Network, receive: Callable[[bytes, Packets], None]) -> None:
        self.network, self._receive = network, receive
        self.socket: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, source: Place) -> None:
        """Hand a packet over."""
        self._receive(data, Packets(self, source))


@dataclass(frozen=True, slots=True)
class Packets:
    """What a `Link` is over a stream: one place to send UDP packets to."""

    _datagrams: Datagrams
    target: Place
    peer_certificate: None = None

    @property
    def closed(self) -> bool:
        """Whether nothing more can be sent."""
        return self._datagrams.socket is None

    @property
    def source(self) -> Place:
        """Where packets come from."""
        place: Place = self._datagrams.socket.get_extra_info("sockname") if self._datagrams.socket else (LOOPBACK, 0)
        return place

    def write(self, data: bytes) -> None:
        """Send one packet, unless it gets lost."""
        if self._datagrams.socket and not self._datagrams.network.loses():
            self._datagrams.socket.sendto(data, self.target)


Flow = Link | Packets


class Links:
    """The streams of one stack: those it opened, by name, kept and used again (RFC 3261 18), and those it took."""

    def __init__(
        self, network: Network, context: ssl.SSLContext | None, receive: Receive, lost: Callable[[Link], None]
    ) -> None:
        self._network, self._context, self._receive, self._lost = network, context, receive, lost
        self._opening: dict[tuple[Place, str], asyncio.Task[Link]] = {}
        self._reading: dict[asyncio.Task[None], Link] = {}

    async def open(self, place: Place, name: str) -> Link:
        """The link to a place, opened if there is none; TransportError when that fails.

        `name`: what its certificate must be for.
        """
        task = self._opening.get((place, name))
        if task is None or (task.done() and (task.cancelled() or task.exception() or task.result().closed)):
            task = self._opening[place, name] = asyncio.create_task(self._open(place, name))
        try:
            return await asyncio.shield(task)
        except OSError as error:
            raise TransportError(error, name) from error

    async def _open(self, place: Place, name: str) -> Link:
        host, port = self._network.where(place)
        tls: dict[str, Any] = {"ssl": self._context, "server_hostname": name} if self._context else {}
        link = Link(*await asyncio.open_connection(host, port, limit=LONGEST, **tls))
        self._network.own.add(link.source)
        self._keep(link).add_done_callback(lambda _: self._network.own.discard(link.source))
        return link

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep a connection that somebody opened to us, unless it is gone by now and has no address any more."""
        try:
            self._keep(Link(reader, writer))
        except (OSError, TypeError):
            writer.transport.abort()

    def _keep(self, link: Link) -> asyncio.Task[None]:
        task = asyncio.create_task(link.read(self._receive))
        self._reading[task] = link
        task.add_done_callback(lambda ended: self._lost(self._reading.pop(ended)))
        return task

    def cut(self) -> None:
        """Close all connections."""
        for link in self._reading.values():
            link.close()

    async def close(self) -> None:
        """Close all, and end what reads them."""
        tasks: list[asyncio.Task[Any]] = [*self._opening.values(), *self._reading]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._opening.clear()
