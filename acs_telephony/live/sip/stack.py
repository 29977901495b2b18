"""One SIP user agent on one socket: it matches messages to transactions and hands new requests to its role."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine

from acs_telephony.errors import AcsTelephonyError
from acs_telephony.live.sip.messages import (
    LONGEST,
    Place,
    Request,
    Response,
    SipError,
    Via,
    branch,
    dialog_of,
    parse,
    respond_to,
    stamp,
    tag_of,
    vias,
    with_via,
)
from acs_telephony.live.sip.network import Network, OffLoopback, Sent, guard
from acs_telephony.live.sip.transactions import ClientTransaction, ServerTransaction
from acs_telephony.live.sip.transport import LOOPBACK, Datagrams, Flow, Link, Links, Packets, Telling, TransportError
from acs_telephony.live.sip.values import Transport

_COOKIE = "z9hG4bK"
#: As many transactions as one stack has at a time; what comes beyond is lost, as in a network.
MOST_REQUESTS = 20_000


class Stack:
    """A user agent with the name `host:port` in messages, on a free port of 127.0.0.1 in truth.

    `on_request` gets each new request (repeats are dealt with below it; ACK for 2xx comes as a transaction that cannot
    be answered). A CANCEL never comes: the stack answers it with 200, its INVITE with 487, and sets `cancelled`.
    `mute`: read and say nothing. If `on_request` raises, the request is answered with 400 where the error is one of
    this kit (what the peer sent cannot be used), else with 500, unless it has a final answer.
    """

    def __init__(
        self,
        network: Network,
        role: str,
        host: str,
        port: int,
        transport: Transport,
        *,
        server_context: ssl.SSLContext | None = None,
        client_context: ssl.SSLContext | None = None,
    ) -> None:
        self.network, self.role, self.host, self.port, self.transport = network, role, host, port, transport
        self._server_context = server_context
        if server_context:
            server_context.sslobject_class = Telling
        self.on_request: Callable[[ServerTransaction], Awaitable[None]] | None = None
        self.mute = False
        self.address: Place = (LOOPBACK, 0)  # the true one, once started
        self._tasks: set[asyncio.Task[None]] = set()
        #: All transactions: ("out", branch, method) for requests sent, ("in", what 17.2.3 names) for those received.
        self.table: dict[tuple[str, ...], ClientTransaction | ServerTransaction] = {}
        # INVITEs that were accepted, by the dialog that their 2xx and its ACK name (13.2.2.4).
        self.accepted: dict[tuple[str, str, str], ClientTransaction | ServerTransaction] = {}
        self.links = Links(network, client_context, self._receive, self._lost)
        self._datagrams = Datagrams(network, self._receive)
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bind a free port of 127.0.0.1 and give the network this stack's name."""
        self.listening = True
        await asyncio.gather(*self._tasks)
        self.network.add(self.role, self.host, self.port, self.address)

    async def close(self) -> None:
        """End all transactions, tasks, connections and sockets; nothing is left when this returns."""
        self.listening = False
        for transaction in [*self.table.values()]:
            if isinstance(transaction, ClientTransaction):
                transaction.abandon()
            transaction.end()
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.links.close()
        self.network.own.discard(self.address)
        # asyncio closes sockets one tick late.
        for _ in range(3):
            await asyncio.sleep(0)

    @property
    def listening(self) -> bool:
        """Whether somebody can reach this stack; set it to False and its port refuses, and its connections close.

        Set to True, the same port listens again. Over UDP it only stops to read: no peer here would see the difference.
        """
        return self._opening is not None

    @listening.setter
    def listening(self, on: bool) -> None:
        if on and not self._opening:
            # A stream's port is there at once: who connects before asyncio listens to it waits, and is not refused.
            bound = None if self.transport == "udp" else socket.create_server(self.address)
            self._opening = self.run(self._listen(bound))
        elif not on and self._opening:
            self._opening.cancel()
            for opened in (self._server, self._datagrams.socket):
                if opened:
                    opened.close()
            self._opening = self._server = self._datagrams.socket = None
            self.links.cut()

    async def _listen(self, bound: socket.socket | None) -> None:
        await asyncio.sleep(0)  # asyncio closes a UDP socket one tick late, and the port may be the same
        if bound:
            tls, self.address = self._server_context, bound.getsockname()
            self._server = await asyncio.start_server(self.links.take, sock=bound, ssl=tls, limit=LONGEST)
        else:
            loop = asyncio.get_running_loop()
            opened, _ = await loop.create_datagram_endpoint(lambda: self._datagrams, local_addr=self.address)
            self._datagrams.socket, self.address = opened, opened.get_extra_info("sockname")
        self.network.own.add(self.address)

    def run(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Do something as long as this stack is open."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- what goes out

    @property
    def contact(self) -> str:
        """This stack's URI for Contact (RFC 3261 8.1.1.8)."""
        return f"sip:{self.host}:{self.port};transport={self.transport}"

    def unique(self, purpose: str) -> str:
        """A new name from a counter of this role and purpose, for Call-IDs and tags; the same ones on every run.

        All stacks of one role count together: a branch is never used twice (RFC 3261 8.1.1.7).

        OPTIONS counts apart, and everything else is a "call": health traffic never shifts the names of a call.
        """
        kind = "options" if purpose.lower().startswith("options") else "call"
        names = self.network.names
        names[self.role, kind] += 1
        return f"{kind}-{names[self.role, kind]}-{re.sub('[^A-Za-z0-9.-]', '-', self.role)}"

    def request(
        self, request: Request, to: Place, *, rule: str = "invite", tls_name: str | None = None
    ) -> ClientTransaction:
        """Send a request in a new client transaction (RFC 3261 17.1); Via and Max-Forwards are added (8.1.1).

        `to` is a name with its configured port; `tls_name` the name its certificate must have, when it is another.
        An ACK (13.2.2.4) goes out without a transaction: what is returned has ended. Raises OffLoopback at once,
        before anything is sent.
        """
        self.network.where(to)
        name = f"{_COOKIE}-{self.unique(request.method)}" + ";rport" * (self.transport == "udp")
        via = f"SIP/2.0/{self.transport.upper()} {self.host}:{self.port};branch={name}"
        transaction = ClientTransaction(self, with_via(request, via), to, rule, tls_name or to[0])
        invite = self.accepted.get(dialog_of(request)) if request.method == "ACK" else None
        if isinstance(invite, ClientTransaction):
            invite.ack = transaction.request
        transaction.begin()
        return transaction

    def packets(self, to: Place) -> Packets:
        """The way to a place over UDP."""
        return Packets(self._datagrams, self.network.where(to))

    def send(self, data: bytes, flow: Flow, peer: str, rule: str, repeat: bool) -> None:
        """Let one message leave, unless this stack is mute or the connection is gone; a guard stands before."""
        guard(flow.target)
        if not self.mute and not flow.closed:
            self._record(self.role, peer, flow.source, flow.target, data, rule, repeat)
            flow.write(data)

    def _record(self, role: str, peer: str, source: Place, target: Place, data: bytes, rule: str, repeat: bool) -> None:
        if self.network.record:
            now = self.network.now()
            self.network.record(Sent(now, role, peer, source, target, self.transport, data, rule, repeat))

    # --- what comes in

    def _receive(self, data: bytes, flow: Flow) -> None:
        """One message came; what is no SIP is dropped, or answered with 400 where it is a request (8.2, 18.3)."""
        if self.mute or not data.strip(b"\r\n\0 "):
            return
        try:
            message = parse(data)
            client = self._client(message) if isinstance(message, Response) else None
            via = client.to if client else (vias(message)[0].host, vias(message)[0].port or 5060)
            if flow.target not in self.network.own:
                self._record(self.network.role(via), self.role, flow.target, flow.source, data, "outside", False)
            if isinstance(message, Request):
                self._take(message, self.network.role(via), flow)
            elif client:
                client.take(message)
        except SipError as error:
            if error.request and error.request.headers.getlist("Via"):
                self.send(bytes(respond_to(error.request, 400)), flow, "", "bad-request", False)
        except OffLoopback:
            return  # somebody asked us to send to where nothing may go

    def _client(self, response: Response) -> ClientTransaction | None:
        """The transaction that a response is for (17.1.3); with a second Via it is not for us (8.1.3.3)."""
        client = self.table.get(("out", branch(response), response.cseq.method))
        return client if isinstance(client, ClientTransaction) and len(vias(response)) == 1 else None

    def _take(self, request: Request, peer: str, flow: Flow) -> None:
        """A request came: it belongs to a transaction that is there (17.2.3), or begins one (8.2)."""
        via = stamp(request, flow.target)
        key: tuple[str, ...] = ("in", branch(request), via.host, str(via.port))
        if not key[1].startswith(_COOKIE):  # from before RFC 3261 (17.2.3)
            key = (*key, request.call_id, tag_of(request, "From"), str(request.cseq.sequence))
        known = self.table.get((*key, "INVITE" if request.method == "ACK" else request.method))
        if isinstance(known, ServerTransaction) and known.state != "accepted":
            return known.take(request)
        if request.method == "ACK":
            invite = self.accepted.get(dialog_of(request))
            if not (isinstance(invite, ServerTransaction) and invite.acknowledge()):
                return None
        elif known or len(self.table) > MOST_REQUESTS:
            return None
        transaction = ServerTransaction(self, request, (*key, request.method), peer, self._back(via, flow))
        if request.method != "ACK":
            self.table[transaction.key] = transaction
        if request.method == "CANCEL":
            cancelled = self.table.get((*key, "INVITE"))
            if isinstance(cancelled, ServerTransaction):
                transaction.tag = cancelled.tag  # RFC 3261 9.2
            transaction.answer(200 if cancelled else 481, "ok" if cancelled else "bad-request")
            return cancelled.cancelled_by_peer() if isinstance(cancelled, ServerTransaction) else None
        if request.method == "INVITE":
            transaction.answer(100, "trying")
        self.run(self._serve(transaction))
        return None

    def _back(self, via: Via, flow: Flow) -> Flow:
        """Where a response goes (18.2.2): whence its request came; over UDP without rport, to the port of its Via."""
        if self.transport != "udp" or "rport" in via.parameters:
            return flow
        place = via.host, via.port or 5060
        return self.packets(place if self.network.role(place) else (flow.target[0], place[1]))

    async def _serve(self, transaction: ServerTransaction) -> None:
        try:
            if self.on_request:
                await self.on_request(transaction)
        except AcsTelephonyError:
            transaction.answer(400, "bad-request")
        except Exception as error:
            transaction.answer(500, "bad-request")
            told = {"message": f"{self.role} failed on a {transaction.request.method}", "exception": error}
            asyncio.get_running_loop().call_exception_handler(told)

    def _lost(self, link: Link) -> None:
        """A connection ended: what waits for an answer on it gets none (17.1.4)."""
        error = TransportError(link.error)
        for client in [*self.table.values()]:
            if isinstance(client, ClientTransaction) and client.flow is link:
                client.fail(503, error.cause, error.detail)
