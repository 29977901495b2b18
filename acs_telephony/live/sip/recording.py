"""What each call was, as it happens: the messages that belong to it, and the events between them, in order.

A call is many dialogs with a Call-ID each (RFC 3261 8.1.1.4), since an SBC makes a new one; who makes it says which
call it belongs to. Health traffic belongs to no call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from acs_telephony.live.sip.network import Network, Sent
from acs_telephony.live.sip.values import Event, HangsUp, Kind
from acs_telephony.receiving import Ending

#: The capture keeps this many messages, the newest.
CAPTURED = 2_000


class Open:
    """Counts what is still going on, so that somebody can wait until nothing is."""

    def __init__(self) -> None:
        self._count, self._none = 0, asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more thing goes on while this context lasts."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def none(self, within: float) -> None:
        """Wait until nothing goes on, at most so many real seconds."""
        if self._count:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._none.wait(), within)


class CallRecord:
    """One call while it runs: its events so far, and what its caller and callee mean to do.

    `legs`: the SBCs' parts of it that still go on. `hung_up`: the caller has had enough. `contact`, `names`: the host
    in Contact and the certificate names that the SBC of a call in uses for it alone; `ending`: where a call in ended.
    """

    def __init__(self, network: Network, talk_s: float = 0.0, hangs_up: HangsUp = "caller") -> None:
        self.network, self.talk_s, self.hangs_up = network, talk_s, hangs_up
        self.began = 0.0
        self.events: list[Event] = []
        self.legs = Open()
        self.hung_up = asyncio.Event()
        self.contact, self.names = "", tuple[str, ...]()
        self.ending: Ending | None = None

    def begin(self) -> None:
        """Now: what happens from here on counts its seconds from now."""
        self.began = self.network.now()

    def note(self, sender: str, first: str, rule: str, about: str = "") -> None:
        """Something happened at a role, with no message; `about`: the role that it concerns."""
        self.events.append(Event("event", self.network.now() - self.began, sender, about, first, rule))

    def add(self, sent: Sent) -> None:
        """A message of this call left a role."""
        raw, at = self.network.in_names(sent.data), sent.at - self.began
        start = raw.partition("\r\n")[0]
        answer = start.startswith("SIP/2.0 ")
        first = start.removeprefix("SIP/2.0 ") if answer else start.partition(" ")[0]
        kind: Kind = "response" if answer else "request"
        method, code = (_header(raw, "CSeq").rpartition(" ")[2], int(first[:3])) if answer else (first, None)
        again = "repeat-request" if code is None else "repeat-response"
        rule = again if sent.repeat else sent.rule
        self.events.append(Event(kind, at, sent.role, sent.peer, first, rule, method, code, raw, sent.repeat))


class Recorder:
    """All calls of a lab that run, by Call-ID, and the newest messages for a capture."""

    def __init__(self) -> None:
        self.sents: deque[Sent] = deque(maxlen=CAPTURED)
        self._calls: dict[str, CallRecord] = {}

    def record(self, sent: Sent) -> None:
        """The network's hook: a message left a role."""
        self.sents.append(sent)
        if call := self._calls.get(_header(sent.data.decode("utf-8", "replace"), "Call-ID")):
            call.add(sent)

    def join(self, call_id: str, call: CallRecord | None) -> None:
        """Say that a Call-ID belongs to a call; to none, where nobody knows which."""
        if call:
            self._calls[call_id] = call

    def of(self, call_id: str) -> CallRecord | None:
        """The call that a Call-ID belongs to."""
        return self._calls.get(call_id)

    def forget(self, call: CallRecord) -> None:
        """The call is over: what comes late of it is in the capture alone."""
        for call_id in [call_id for call_id, of in self._calls.items() if of is call]:
            del self._calls[call_id]


def _header(raw: str, name: str) -> str:
    """The value of a header that our own stacks wrote, in its full name."""
    return raw.partition(f"\r\n{name}: ")[2].partition("\r\n")[0]
