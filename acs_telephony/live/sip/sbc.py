"""An SBC as a back-to-back user agent: each call that comes is answered as a new call on the other side tells it to.

Our model throughout; no document says what stands in a customer's SBC. It passes 180, 183 and the final code back, and
CANCEL and BYE on, both ways. It gives up on a carrier that says nothing but 100 before the ACS side gives up on it
(`carrier_wait_s`), and answers 504: an SBC that waits for RFC 3261's 32 seconds comes too late. One that relays as a
proxy turns its carrier's 503 into 500 (RFC 3261 16.7, step 6). ACK goes on to the carrier when ours has come.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext, suppress
from typing import get_args

from acs_telephony.live.sip.agent import PATIENCE_S, SDP_TYPE, Agent, Shared, first_of, sip_uri
from acs_telephony.live.sip.carrier import Carrier
from acs_telephony.live.sip.certificates import Flaw
from acs_telephony.live.sip.dialogs import Dialog
from acs_telephony.live.sip.messages import Place
from acs_telephony.live.sip.recording import CallRecord
from acs_telephony.live.sip.stack import Stack
from acs_telephony.live.sip.transactions import ClientTransaction, ServerTransaction
from acs_telephony.live.sip.values import Fault
from acs_telephony.models import Trunk

FLAWS: tuple[str, ...] = tuple(flaw for flaw in get_args(Flaw) if flaw)


class Sbc(Agent):
    """One SBC: `inside` faces the ACS side, `outside` its carrier."""

    def __init__(self, shared: Shared, trunk: Trunk, carrier: Carrier, acs: Place) -> None:
        super().__init__(shared, trunk.fqdn)
        self.carrier, self.acs = carrier, acs
        self.slow_s, self.carrier_wait_s = 1.5 * self.setup.wait_s, 0.8 * self.setup.wait_s
        self.fault: Fault = "answers"
        fqdn, port = trunk.fqdn, trunk.sip_signaling_port
        self._shows = shared.authority.credentials(fqdn) if shared.authority else None
        self.inside = shared.stack(fqdn, (fqdn, port), self._shows, self.setup.transport)
        self.outside = shared.stack(fqdn, (fqdn, 5060 if port != 5060 else 5062), None, carrier.stack.transport)
        self.inside.on_request, self.outside.on_request = self.take, self._take_from_carrier

    async def set(self, fault: Fault) -> None:
        """From now on do this; what was shown or said before is closed, so that the next call meets it."""
        was, self.fault = self.fault, fault
        if self.shared.authority and self._shows and (fault in FLAWS or was in FLAWS):
            flaw: Flaw = fault if fault in ("wrong name", "expired", "unknown CA") else ""
            self._shows.show(self.shared.authority.issue(self.role, flaw=flaw))
            self.inside.listening = False
        for stack in (self.inside, self.outside):
            stack.mute = fault == "silent"
            stack.listening = fault != "refused"
        await self.settle()

    async def say_options(self) -> ClientTransaction | None:
        """The OPTIONS of each minute (monitor-direct-routing.md, 2023-06-22), unless a fault keeps it back."""
        if self.fault in ("silent", "refused", "no OPTIONS"):
            return None
        return await self.ask(self.inside, self.acs, "options")

    async def take_invite(self, came: ServerTransaction) -> None:
        """A call from the ACS side: the fault decides, else the carrier does."""
        call = self.shared.recorder.of(came.request.call_id)
        if isinstance(self.fault, int):
            await came.respond(self.fault, rule="fault")
            return
        if self.fault == "slow":
            await first_of(came.cancelled.wait(), within=self.real(self.slow_s))
        if not came.cancelled.is_set():
            await self._bridge(came, call, self.inside, self.outside, self.carrier.place, "b2bua-out")

    async def _take_from_carrier(self, came: ServerTransaction) -> None:
        if came.request.method != "INVITE" or "tag" in came.request.to_address.parameters:
            await self.take(came)
            return
        call = self.shared.recorder.of(came.request.call_id)
        if not (call and (call.names or call.contact)):
            await self._bridge(came, call, self.outside, self.inside, self.acs, "call-in")
            return
        # A certificate or a Contact for this call alone needs a connection of its own.
        authority, own = self.shared.authority, self.inside
        shows = authority.credentials(*call.names) if authority and call.names else self._shows
        stack = self.shared.stack(self.role, (call.contact or own.host, own.port + 1), shows, own.transport)
        stack.on_request = self.take
        await stack.start()
        try:
            await self._bridge(came, call, self.outside, stack, self.acs, "call-in")
        finally:
            await stack.close()
            self.shared.network.forget(stack.host, stack.port)

    async def _bridge(
        self, came: ServerTransaction, call: CallRecord | None, here: Stack, there: Stack, to: Place, rule: str
    ) -> None:
        """Place the second call of the two, pass on what happens, and end both when one ends."""
        number = came.request.uri.user or ""
        caller = sip_uri(came.request.from_address.uri.user or "", (there.host, there.port))
        legs = call.legs.one() if call else nullcontext()
        with legs:
            out = self.invite(there, to, number, caller, call, rule, body=came.request.body)
            cancels = asyncio.create_task(self._pass_on_cancel(came, out))
            try:
                answered = await self._pass_back(came, out)
            finally:
                cancels.cancel()
            if not answered:
                return
            final = out.response
            assert final is not None  # noqa: S101 (an answered call has its final response)
            far = Dialog.as_caller(out.request, final)
            answer = await came.respond(final.code, rule="b2bua-back", body=final.body, headers=SDP_TYPE)
            if answer is None:  # cancelled while the answer came (RFC 3261 9.2)
                await self.acknowledge(there, far)
                await self.hang_up(there, far)
                return
            near = Dialog.as_callee(came.request, answer)
            near_ended, far_ended = self.talk(near), self.talk(far)
            await first_of(came.acked.wait(), near_ended.wait(), within=self.real(PATIENCE_S))
            await self.acknowledge(there, far)
            if came.acked.is_set():
                await first_of(near_ended.wait(), far_ended.wait())
            await self.hang_up(there, far)
            await self.hang_up(here, near)

    async def _pass_back(self, came: ServerTransaction, out: ClientTransaction) -> bool:
        """Pass the provisional answers back, and a final one that is no answer; True where the call is answered."""
        code = 0
        try:
            async with asyncio.timeout(self.real(self.carrier_wait_s)) as limit:
                async for response in out:
                    code = response.code
                    if 100 < code < 200:
                        limit.reschedule(None)
                        await came.respond(code, rule="b2bua-back", body=response.body)
        except TimeoutError:
            # 100 alone: a CANCEL may be sent; nothing at all: it may not (RFC 3261 9.1).
            if code:
                await out.cancel(rule="cancel")
                with suppress(TimeoutError):
                    await asyncio.wait_for(out.final(), self.real(self.carrier_wait_s))
            out.abandon()
            await came.respond(504, rule="carrier-timer")
            return False
        if 200 <= code < 300:
            return True
        relays = code == 503 and self.role.lower() in self.setup.relays_503_as_500
        await came.respond(500 if relays else code, rule="carrier-503-as-500" if relays else "b2bua-back")
        return False

    async def _pass_on_cancel(self, came: ServerTransaction, out: ClientTransaction) -> None:
        await came.cancelled.wait()
        # The ACK of our 487 first, so that the messages of a call have one order.
        with suppress(TimeoutError):
            await asyncio.wait_for(came.acked.wait(), self.real(2.0))
        await out.cancel(rule="cancel")
