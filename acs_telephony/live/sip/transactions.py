"""The transactions of RFC 3261 section 17, with the Accepted states of RFC 6026."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from acs_telephony.errors import AcsTelephonyError
from acs_telephony.live.sip.dialogs import Dialog
from acs_telephony.live.sip.messages import Place, Request, Response, branch, dialog_of, follow, respond_to
from acs_telephony.live.sip.transport import Flow, TransportError

if TYPE_CHECKING:
    from acs_telephony.live.sip.stack import Stack

Failure = Literal["", "silence", "refused", "certificate", "final code"]
#: RFC 3261 17.1.1.1, in seconds: round trip, longest gap between repeats, longest life of a message; then 64*T1.
T1, T2, T4 = 0.5, 4.0, 5.0
LONG = 64 * T1
_MOST_WAITING = 100


class _Transaction:
    """What all four kinds share: timers of the lab's clock, and an end."""

    def __init__(self, stack: Stack, request: Request, key: tuple[str, ...]) -> None:
        self._stack = stack
        self.key = key
        self.request = request
        self.state: Literal["trying", "proceeding", "accepted", "completed", "confirmed", "terminated"] = "trying"
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._udp = stack.transport == "udp"
        self._invite = request.method == "INVITE"
        #: The final response.
        self.response: Response | None = None

    def _start(self, letter: str, seconds: float, call: Callable[[], None]) -> None:
        """Start a timer with its letter in RFC 3261 (table 4) or RFC 6026."""
        self._stop(letter)
        self._timers[letter] = self._stack.network.after(seconds, call)

    def _stop(self, *letters: str) -> None:
        for letter in letters:
            if letter in self._timers:
                self._timers.pop(letter).cancel()

    def _repeat(self, letter: str, seconds: float, send: Callable[[], None], most: float = T2) -> None:
        """Over UDP send again after `seconds`, then after twice as long, and so on up to `most` (17.1.2.2)."""

        def again() -> None:
            self._repeat(letter, min(2 * seconds, most), send, most)
            send()

        if self._udp:
            self._start(letter, seconds, again)

    def _linger(self, letter: str, seconds: float) -> None:
        """Stay for what comes late, over UDP; over a reliable transport the timer is 0 (table 4)."""
        self._start(letter, seconds, self.end) if self._udp else self.end()

    def end(self) -> None:
        """Terminate: no timer runs any more, and the stack forgets it."""
        self._stop(*list(self._timers))
        self.state = "terminated"
        self._stack.table.pop(self.key, None)
        if self.response:
            self._stack.accepted.pop(dialog_of(self.response), None)


class ClientTransaction(_Transaction):
    """A request on its way (RFC 3261 17.1): iterate over it for its provisional responses and one final response.

    A local failure is a response too, made here (8.1.3.1): 408 when nobody answers, 503 when nobody takes the
    connection. `cause` says which: "silence", "refused", "certificate", or "final code" for a code that the peer sent
    (300 to 699); `detail` says it in plain words; `response` is the final one. ACK for a final code of 300 and above
    is sent here (17.1.1.3); ACK for 2xx is the caller's, and repeated here when the 2xx is.
    """

    def __init__(self, stack: Stack, request: Request, to: Place, rule: str, name: str) -> None:
        super().__init__(stack, request, ("out", branch(request), request.method))
        self.to, self._rule, self._name = to, rule, name
        self.cause: Failure = ""
        self.detail = ""
        self.flow: Flow | None = None
        self._peer = stack.network.role(to)
        #: The ACK of our caller, for a 2xx that comes again (13.2.2.4).
        self.ack: Request | None = None
        self._waiting: asyncio.Queue[Response | None] = asyncio.Queue()
        self._ended = self._abandoned = False
        self._cancel_rule = ""
        #: Whether a provisional response other than 100 came.
        self.rang = False

    def __aiter__(self) -> ClientTransaction:
        """Provisional responses as they come, and then the final one."""
        return self

    async def __anext__(self) -> Response:
        """The next response."""
        response = None if self._ended and self._waiting.empty() else await self._waiting.get()
        if response is None:
            raise StopAsyncIteration
        return response

    async def final(self) -> Response:
        """The final response; provisional ones are passed over. 408 when it was abandoned."""
        async for _ in self:
            pass
        return self.response or respond_to(self.request, 408)

    def begin(self) -> None:
        """Send it (17.1.1.2, 17.1.2.2), over a stream once there is a connection (18.1.1); an ACK and no more."""
        if self.request.method == "ACK":
            self._ended = True
        else:
            self._stack.table[self.key] = self
            self._start("B" if self._invite else "F", LONG, lambda: self.fail(408, "silence", "no answer"))
        if self._udp:
            self._go(self._stack.packets(self.to))
        else:
            self._stack.run(self._connect())

    async def _connect(self) -> None:
        try:
            flow = await self._stack.links.open(self.to, self._name)
        except TransportError as error:
            return self.fail(503, error.cause, error.detail)
        if not self._abandoned and self.state != "terminated":
            self._go(flow)
        return None

    def _go(self, flow: Flow) -> None:
        self.flow = flow
        if not self._ended:
            letter, most = ("A", LONG) if self._invite else ("E", T2)
            self._repeat(letter, T1, lambda: self._send(self.request, self._rule, again=True), most)
        self._send(self.request, self._rule)

    def _send(self, request: Request, rule: str, *, again: bool = False) -> None:
        if self.flow:
            self._stack.send(bytes(request), self.flow, self._peer, rule, again)

    def take(self, response: Response) -> None:
        """A response came (17.1.1.2, 17.1.2.2, RFC 6026 7.2)."""
        fresh = self.state in ("trying", "proceeding")
        if fresh and response.code < 200:
            self._provisional(response)
        elif fresh:
            self._stop(*"ABEF", "cancelled")
            self._final(response)
        elif self.state == "accepted" and 200 <= response.code < 300 and self.ack:
            self._send(self.ack, "ack-2xx", again=True)
        elif self.state == "completed" and self._invite and response.code >= 300:
            self._send(follow(self.request, "ACK", response), "ack-non-2xx", again=True)

    def _provisional(self, response: Response) -> None:
        self.state = "proceeding"
        self.rang = self.rang or response.code > 100
        self._stop("A", "B")
        if not self._invite:
            self._repeat("E", T2, lambda: self._send(self.request, self._rule, again=True))
        if self._waiting.qsize() < _MOST_WAITING and not self._ended:
            self._waiting.put_nowait(response)
        if self._cancel_rule:
            self._cancel()

    def _final(self, response: Response) -> None:
        self.state = "accepted" if self._invite and response.code < 300 else "completed"
        if self.state == "accepted":
            self._start("M", LONG, self.end)
            self.response = response
            self._stack.accepted[dialog_of(response)] = self
            if self._abandoned:
                self._hang_up(response)
        elif self._invite:
            self._send(follow(self.request, "ACK", response), "ack-non-2xx")
            self._linger("D", LONG)
        else:
            self._linger("K", T4)
        self._say(response, "final code" if response.code >= 300 else "", "")

    def _say(self, response: Response, cause: Failure, detail: str) -> None:
        """Hand the final response to whoever iterates, once."""
        if not self._ended:
            self._ended, self.response, self.cause, self.detail = True, response, cause, detail
            self._waiting.put_nowait(response)

    def fail(self, code: int, cause: Failure, detail: str) -> None:
        """End it with a response made here (8.1.3.1, 17.1.4), unless a final one came."""
        if self.state in ("trying", "proceeding"):
            self.end()
            self._say(respond_to(self.request, code), cause, detail)

    async def cancel(self, *, rule: str = "cancel") -> None:
        """Ask to end an INVITE that has no final response (RFC 3261 9.1): now, or after its first provisional one.

        The answer to the INVITE (487 as a rule, 200 when it was too late) comes in the iteration as always; when none
        comes in 64*T1, the call counts as cancelled.
        """
        if self._invite and not self._cancel_rule and self.state in ("trying", "proceeding"):
            self._cancel_rule = rule
            if self.state == "proceeding":
                self._cancel()

    def _cancel(self) -> None:
        rule, self._cancel_rule = self._cancel_rule, ""
        cancel = follow(self.request, "CANCEL")
        ClientTransaction(self._stack, cancel, self.to, rule, self._name).begin()
        self._start("cancelled", LONG, lambda: self.fail(487, "silence", "no answer to CANCEL"))

    def abandon(self) -> None:
        """Give up here: repeat no more, end the iteration. What comes late is still answered as it must be.

        A late 2xx is acknowledged and hung up with BYE; a late final code is acknowledged.
        """
        if not self._ended:
            self._ended = self._abandoned = True
            self._waiting.put_nowait(None)
            self._stop(*"ABEF")
            self._start("M", LONG, self.end)

    def _hang_up(self, response: Response) -> None:
        """ACK and BYE for a call that nobody waits for any more (13.2.2.4, 15.1.1)."""
        try:
            dialog = Dialog.as_caller(self.request, response)
            self._stack.request(dialog.ack(), dialog.target, rule="ack-2xx", tls_name=self._name)
            self._stack.request(dialog.request("BYE"), dialog.target, rule="bye", tls_name=self._name)
        except AcsTelephonyError:
            return  # it leads off loopback, or nowhere: the other side notices that no ACK comes


class ServerTransaction(_Transaction):
    """A request that came (RFC 3261 17.2). The stack itself sends 100 for an INVITE.

    `cancelled` is set when a CANCEL came (the stack has answered 487 by then), `acked` when the final answer to an
    INVITE was acknowledged. A 2xx without ACK in 64*T1 leaves `acked` unset: the role then hangs up (13.3.1.4).
    `peer_certificate` is as from ssl.SSLSocket.getpeercert.
    """

    def __init__(self, stack: Stack, request: Request, key: tuple[str, ...], peer: str, back: Flow) -> None:
        super().__init__(stack, request, key)
        self._peer, self._back = peer, back
        self.peer_certificate: Mapping[str, Any] | None = back.peer_certificate
        self.cancelled, self.acked = asyncio.Event(), asyncio.Event()
        self._last: tuple[bytes, str] | None = None

    @cached_property
    def tag(self) -> str:
        """Our tag in To (RFC 3261 8.2.6.2)."""
        return self._stack.unique(self.request.method)

    async def respond(self, code: int, *, rule: str, **given: Any) -> Response | None:
        """Send a response (RFC 3261 8.2.6, 17.2); None and nothing sent when a final one went out before.

        `given`: reason, body and headers, as `respond_to` has them; contact=False leaves out our Contact, which
        answers to INVITE and OPTIONS have. A 2xx to INVITE is repeated over UDP until its ACK comes (13.3.1.4).
        """
        return self.answer(code, rule, **given)

    def answer(self, code: int, rule: str, *, contact: bool = True, **given: Any) -> Response | None:
        """What `respond` does, at once: responses never overtake each other."""
        if self.state not in ("trying", "proceeding") or self.request.method == "ACK":
            return None
        with_contact = contact and 100 < code < 300 and self.request.method in ("INVITE", "OPTIONS")
        place = self._stack.contact if with_contact else ""
        response = respond_to(self.request, code, tag=self.tag if code > 100 else "", contact=place, **given)
        self._last = bytes(response), rule
        self._again(first=True)
        if code >= 200:
            self._final(code, response)
        else:
            self.state = "proceeding"
        return response

    def _final(self, code: int, response: Response) -> None:
        """Accepted (RFC 6026 7.1) or Completed (17.2.1, 17.2.2)."""
        self.response = response
        self.state = "accepted" if self._invite and code < 300 else "completed"
        if self._invite:
            self._repeat("2xx" if code < 300 else "G", T1, self._again)
            self._start("L" if code < 300 else "H", LONG, self.end)
            if code < 300:
                self._stack.accepted[dialog_of(response)] = self
        else:
            self._linger("J", LONG)

    def _again(self, *, first: bool = False) -> None:
        if self._last:
            self._stack.send(self._last[0], self._back, self._peer, self._last[1], not first)

    def take(self, request: Request) -> None:
        """The request came again, or the ACK for a final code of 300 and above (17.2.1, 17.2.2)."""
        if request.method == "ACK" and self.state == "completed":
            self.state = "confirmed"
            self.acked.set()
            self._stop("G", "H")
            self._linger("I", T4)
        elif request.method == self.request.method and self.state in ("proceeding", "completed"):
            self._again()

    def acknowledge(self) -> bool:
        """The ACK for its 2xx came (13.3.1.4); whether it is the first."""
        first = self.state == "accepted" and not self.acked.is_set()
        if first:
            self.acked.set()
            self._stop("2xx")
        return first

    def cancelled_by_peer(self) -> None:
        """A CANCEL came (9.2): the INVITE is answered with 487, unless it has a final answer."""
        if self._invite and self.answer(487, "cancelled"):
            self.cancelled.set()
