"""A carrier behind the SBCs: numbers that answer, ring, are busy or do not exist. All of it is our model."""

from __future__ import annotations

from acs_telephony.live.sip.agent import PATIENCE_S, SDP, SDP_TYPE, Agent, Shared, first_of, sip_uri
from acs_telephony.live.sip.dialogs import Dialog
from acs_telephony.live.sip.messages import Place, Response
from acs_telephony.live.sip.recording import CallRecord
from acs_telephony.live.sip.transactions import ServerTransaction
from acs_telephony.live.sip.values import Fault, Transport

#: Longer than any side waits, in lab seconds: nobody rings for ever.
RINGS_S = 240.0
_FINAL = {"busy": (486, "busy"), "does not exist": (404, "does-not-exist")}


class Carrier(Agent):
    """One carrier, over UDP or TCP; `fault`: "answers", "silent", "slow", "refused" or a final code for every call."""

    def __init__(self, shared: Shared, role: str, transport: Transport) -> None:
        super().__init__(shared, role)
        self.fault: Fault = "answers"
        host = role if "." in role else f"{role}.example"
        self.stack = shared.stack(role, (host, 5060), None, transport)
        self.stack.on_request = self.take

    @property
    def place(self) -> Place:
        """Its name and port, as SBCs call it."""
        return self.stack.host, self.stack.port

    async def set(self, fault: Fault) -> None:
        """From now on do this with every call."""
        self.fault = fault
        self.stack.mute = fault == "silent"
        self.stack.listening = fault != "refused"
        await self.settle()

    async def take_invite(self, came: ServerTransaction) -> None:
        """A call from an SBC: whether it is taken is a matter of the number."""
        call = self.shared.recorder.of(came.request.call_id)
        does = self.setup.numbers.get(came.request.uri.user or "", "answers")
        if isinstance(self.fault, int):
            await came.respond(self.fault, rule="carrier-fault")
        elif self.fault == "slow":
            await self._ring(came)
        elif does in _FINAL:
            code, rule = _FINAL[does]
            await came.respond(code, rule=rule)
        else:
            await came.respond(180, rule="rings")
            if does == "rings":
                await self._ring(came)
                return
            await self.settle()
            answer = await came.respond(200, rule="answers", body=SDP, headers=SDP_TYPE)
            if answer:
                await self._talk(came, answer, call)

    async def _ring(self, came: ServerTransaction) -> None:
        await first_of(came.cancelled.wait(), within=self.real(RINGS_S))
        await came.respond(480, rule="rings")

    async def _talk(self, came: ServerTransaction, answer: Response, call: CallRecord | None) -> None:
        dialog = Dialog.as_callee(came.request, answer)
        ended = self.talk(dialog)
        acked = await first_of(came.acked.wait(), ended.wait(), within=self.real(PATIENCE_S))
        if call and call.hangs_up == "callee" and acked == 0:
            await first_of(ended.wait(), within=self.real(call.talk_s))
            await self.settle()
            await self.hang_up(self.stack, dialog)
            return
        if acked is not None:
            await ended.wait()
        await self.hang_up(self.stack, dialog)

    async def call_in(self, number: str, caller: str, to: Place, call: CallRecord) -> Response:
        """Bring a call to an SBC, and stay until it is over: the final response."""
        came = self.invite(self.stack, to, number, sip_uri(caller, self.place), call, "invite")
        final = await came.final()
        if final.code < 300:
            dialog = Dialog.as_caller(came.request, final)
            ended = self.talk(dialog)
            await self.acknowledge(self.stack, dialog)
            await first_of(ended.wait(), within=self.real(call.talk_s + PATIENCE_S))
            await self.hang_up(self.stack, dialog)
        return final
