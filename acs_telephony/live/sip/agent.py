"""What the ACS side, an SBC and a carrier have in common: user agents of RFC 3261 that take, place and end calls."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from acs_telephony.live.sip.certificates import Authority, Credentials
from acs_telephony.live.sip.clock import MOMENT
from acs_telephony.live.sip.dialogs import Dialog, contact_of, dialog_id
from acs_telephony.live.sip.messages import Place, new_request, tag_of
from acs_telephony.live.sip.network import Network
from acs_telephony.live.sip.recording import CallRecord, Recorder
from acs_telephony.live.sip.stack import Stack
from acs_telephony.live.sip.transactions import ClientTransaction, ServerTransaction
from acs_telephony.live.sip.values import Setup, Transport

#: An offer of audio that never flows (RFC 3264 5.1): signalling is all there is in the lab.
SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/SAVP 0\r\na=inactive\r\n"
SDP_TYPE = (("Content-Type", "application/sdp"),)
#: How long a call that is over may take to fall silent, in lab seconds: 64*T1, the longest that RFC 3261 waits (17).
PATIENCE_S = 32.0


def sip_uri(user: str, place: Place, transport: str = "") -> str:
    """A SIP URI for a number or another text at a place (RFC 3261 19.1.1)."""
    host, port = place
    name = f"{quote(user, safe='+*')}@" if user else ""
    return f"sip:{name}{host}:{port}" + (f";transport={transport}" if transport else "")


async def first_of(*awaited: Coroutine[Any, Any, Any], within: float | None = None) -> int | None:
    """Wait for the first of these, at most so many real seconds: which it was, or None; the others are given up."""
    tasks = [asyncio.ensure_future(one) for one in awaited]
    try:
        done, _ = await asyncio.wait(tasks, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    return next((index for index, task in enumerate(tasks) if task in done), None)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all roles of one lab have in common; no authority without TLS."""

    setup: Setup
    network: Network
    recorder: Recorder
    authority: Authority | None

    def stack(self, role: str, place: Place, shown: Credentials | None, transport: Transport) -> Stack:
        """A stack of a role with this name and port; `shown`: what it shows over TLS."""
        server, client = (shown.server, shown.client) if shown and transport == "tls" else (None, None)
        return Stack(self.network, role, *place, transport, server_context=server, client_context=client)


class Agent:
    """A role with one or more stacks; a BYE ends the call that it belongs to, whichever stack it comes to.

    The answers to what is no part of a call: 481 for an unknown dialog (RFC 3261 12.2.2), 488 for a change of one, 405
    for a method that nobody here knows (8.2.1).
    """

    def __init__(self, shared: Shared, role: str) -> None:
        self.shared, self.setup, self.role = shared, shared.setup, role
        self._talks: dict[tuple[str, str, str], asyncio.Event] = {}

    async def take(self, came: ServerTransaction) -> None:
        """Deal with one request (RFC 3261 8.2)."""
        request = came.request
        if request.method == "ACK":
            return
        ended = self._talks.get(dialog_id(request))
        if request.method == "BYE" and ended:
            await came.respond(200, rule="ok")
            ended.set()
        elif tag_of(request, "To"):
            await came.respond(488 if ended else 481, rule="bad-request")
        elif request.method == "INVITE":
            contact_of(request)  # without one there is no dialog, and the stack says 400 (8.1.1.8)
            await self.take_invite(came)
        elif request.method == "OPTIONS":
            await self.take_options(came)
        else:
            await came.respond(405, rule="bad-request", headers=[("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS")])

    async def take_invite(self, came: ServerTransaction) -> None:
        """A new call."""
        raise NotImplementedError

    async def take_options(self, came: ServerTransaction) -> None:
        """Somebody asks whether we are there (RFC 3261 11.2)."""
        await came.respond(200, rule="ok")

    def invite(
        self, stack: Stack, to: Place, number: str, caller: str, call: CallRecord | None, rule: str, **more: Any
    ) -> ClientTransaction:
        """Place a call from a stack to a number at a place (RFC 3261 13.2.1). `caller`: a URI, for From.

        `more`: call_id and tag where they are given, sequence for CSeq, body for another offer than ours.
        """
        call_id = more.get("call_id") or f"{stack.unique('call')}@{stack.host}"
        self.shared.recorder.join(call_id, call)
        request = new_request(
            "INVITE",
            sip_uri(number, to, stack.transport),
            caller=caller,
            callee=sip_uri(number, to),
            call_id=call_id,
            tag=more.get("tag") or stack.unique("tag"),
            contact=stack.contact,
            headers=SDP_TYPE,
            body=more.get("body", SDP),
        )
        request.headers.set("CSeq", f"{more.get('sequence', 1)} INVITE")
        return stack.request(request, to, rule=rule)

    async def ask(self, stack: Stack, to: Place, rule: str) -> ClientTransaction:
        """Send OPTIONS (RFC 3261 11.1) and wait for what comes of it."""
        caller, call_id, tag = sip_uri("", (stack.host, stack.port)), stack.unique("options"), stack.unique("options")
        place, uri = sip_uri("", to), sip_uri("", to, stack.transport)
        call_id = f"{call_id}@{stack.host}"
        request = new_request(
            "OPTIONS", uri, caller=caller, callee=place, call_id=call_id, tag=tag, contact=stack.contact
        )
        asked = stack.request(request, to, rule=rule)
        await asked.final()
        return asked

    def talk(self, dialog: Dialog) -> asyncio.Event:
        """A call is up: the event is set when the other side hangs up."""
        return self._talks.setdefault(dialog.id, asyncio.Event())

    async def acknowledge(self, stack: Stack, dialog: Dialog) -> None:
        """ACK for a 2xx (RFC 3261 13.2.2.4)."""
        stack.request(dialog.ack(), dialog.target, rule="ack-2xx")

    async def hang_up(self, stack: Stack, dialog: Dialog) -> None:
        """End a call, unless the other side has: BYE, and its answer (RFC 3261 15.1.1)."""
        ended = self._talks.pop(dialog.id, None)
        if not (ended and ended.is_set()):
            await stack.request(dialog.request("BYE"), dialog.target, rule="bye").final()

    def real(self, lab_seconds: float) -> float:
        """Lab seconds in real ones."""
        return lab_seconds * self.setup.time_scale

    async def settle(self) -> None:
        """Let everything that is on its way arrive, and what comes of it."""
        await asyncio.sleep(MOMENT)
