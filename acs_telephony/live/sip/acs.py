"""The ACS side: our model of what Microsoft documents for direct routing, as a user agent. It is not Microsoft's code.

Documented (direct-routing-provisioning.md, 2023-06-22; monitor-direct-routing.md, 2023-06-22): which routes, in which
order, failover on 408, 503 and 504 alone, the OPTIONS exchange and who is demoted; a call to the phone network has 115
seconds to be set up (service-limits.md, 2023-03-31). Which routes match is the kit's own `routing`, whose call in goes
through `receiving`.

Documented for Teams alone: the next SBC is tried when nothing but 100 came in 10 seconds, and not once it rings. Our
model: that holds here too, so 408, 503, 504 and a lost connection end a call that rang. Our model as well: silence
counts as 408 and no connection as 503 (RFC 3261 8.1.3.1); each try keeps the Call-ID and counts CSeq on (8.1.3.5); the
next one begins when the last has fallen silent; the application of a call in answers and hangs up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from acs_telephony import facts
from acs_telephony.errors import AcsTelephonyError
from acs_telephony.live.sip.agent import PATIENCE_S, SDP, SDP_TYPE, Agent, Shared, first_of, sip_uri
from acs_telephony.live.sip.dialogs import Dialog
from acs_telephony.live.sip.health import SbcHealth, Standing, in_words, standing
from acs_telephony.live.sip.messages import Place
from acs_telephony.live.sip.recording import CallRecord, Open
from acs_telephony.live.sip.stack import Stack
from acs_telephony.live.sip.transactions import ClientTransaction, ServerTransaction
from acs_telephony.live.sip.values import Attempt, AttemptEffect, Cause, HungUp
from acs_telephony.receiving import (
    Arrival,
    Lost,
    Refused,
    ToOmnichannel,
    ToTenant,
    certificate_matches,
    is_address,
    receive,
)
from acs_telephony.routing import Answered, Dropped, Ended, Journey, Leg, Outcome, VoiceCalling, effect_of

DATACENTRES: tuple[str, ...] = tuple(facts.load("endpoints")["datacenter_failover"]["order"])
PORT = 5061
#: The longest that a call to the phone network may take to be set up, in lab seconds.
SET_UP_S: int = next(row["seconds"] for row in facts.load("routing")["call_timers"] if "PSTN" in row["what"])


@dataclass(slots=True)
class _Known:
    """What the ACS side knows of an SBC: the last OPTIONS from it, whether it answered ours, how its certificate is."""

    place: Place
    last_options: float | None = None
    answered: bool = False
    certificate: str = ""


@dataclass(slots=True)
class Placed:
    """A call out while it is placed: what the number leads to, the SBCs tried, and what came of it."""

    journey: Journey
    caller_id: str
    call: CallRecord
    attempts: list[Attempt] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    skipped: dict[str, None] = field(default_factory=dict)
    call_id: str = ""
    tag: str = ""


class AcsSide(Agent):
    """Three data centres with a name each, and one memory of the SBCs; `clock` is the lab's time for OPTIONS."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared, "ACS")
        shows = shared.authority.credentials(*DATACENTRES) if shared.authority else None
        self.stacks = [shared.stack("ACS", (name, PORT), shows, self.setup.transport) for name in DATACENTRES]
        for stack in self.stacks:
            stack.on_request = self.take
        trunks = self.setup.resource.configuration.trunks
        self.known = {trunk.fqdn.lower(): _Known((trunk.fqdn, trunk.sip_signaling_port)) for trunk in trunks}
        self.exchanges, self.clock, self._calls = Open(), 0.0, 0

    # ---------------------------------------------------------------- health

    def health(self) -> dict[str, SbcHealth]:
        """Every SBC in the words of the portal."""
        known, now = self.known.values(), self.clock
        return {one.place[0]: in_words(one.last_options, one.answered, now, one.certificate) for one in known}

    def _standing(self, one: _Known) -> Standing:
        return standing(one.last_options, self.clock)

    async def take_options(self, came: ServerTransaction) -> None:
        """OPTIONS from an SBC: 200, and OPTIONS of our own to the host in its Contact."""
        with self.exchanges.one():
            host, names = contact_host(came), certificate_names(came)
            if (refusal := self._refusal(host, names)) is not None:
                await came.respond(403, rule=refusal)
                return
            await came.respond(200, rule="ok")
            one = self.known[host.lower()]
            one.last_options = self.clock
            asked = await self.ask(self.stacks[0], one.place, "options-back")
            one.answered = asked.cause == ""
            self.note_certificate(host, asked)

    def _refusal(self, host: str, names: Sequence[str] | None) -> str | None:
        """The rule by which OPTIONS are refused; names: None where there is no TLS."""
        if not host or is_address(host):
            return "contact-address"
        if names is not None and not any(certificate_matches(name, host) for name in names):
            return "certificate-name"
        return None if host.lower() in self.known else "unknown-sbc"

    def note_certificate(self, fqdn: str, asked: ClientTransaction) -> None:
        """Keep what a try over TLS showed of an SBC's certificate."""
        if asked.cause == "certificate":
            self.known[fqdn.lower()].certificate = "expired" if "expired" in asked.detail else "bad"
        elif asked.response and asked.cause in ("", "final code") and self.setup.transport == "tls":
            self.known[fqdn.lower()].certificate = "good"

    # ---------------------------------------------------------------- calls out

    async def call_out(self, placed: Placed) -> Outcome | HungUp:
        """Try the SBCs of the matching routes in their order until one takes the call, or ends it."""
        call, legs = placed.call, placed.journey.legs
        stack = self.stacks[0]
        placed.call_id, placed.tag = f"{stack.unique('call')}@{stack.host}", stack.unique("tag")
        self._calls += 1
        # One order for one seed and call, however many calls run at once.
        chance = Random(f"{self.setup.seed}/{self._calls}") if self.setup.seed is not None else None  # noqa: S311 (no secret)
        for leg in legs:
            rule = "first-route" if leg is legs[0] else "next-route"
            tries = [one.trunk for one in leg.tries]
            if chance:
                chance.shuffle(tries)
            for trunk in tries:
                one = self.known[trunk.lower()]
                if self._standing(one) == "demoted":
                    placed.skipped[trunk] = None
                    call.note("ACS", "demoted: not tried", "demoted", one.place[0])
                    continue
                placed.order.append(trunk)
                outcome = await self._try_sbc(placed, leg, trunk, one, rule)
                if outcome:
                    return outcome
                rule = "next-sbc"
        if not legs:
            outcome = placed.journey.as_listed
            carried = isinstance(outcome, VoiceCalling)
            first = "Voice Calling (PSTN) takes the call" if carried else "no route matches"
            call.note("ACS", first, "voice-calling" if carried else "no-route")
            return outcome
        call.note("ACS", "no SBC is left", "no-sbc-left")
        return Dropped("no SBC took the call", tuple(placed.order))

    async def _try_sbc(self, placed: Placed, leg: Leg, trunk: str, one: _Known, rule: str) -> Outcome | HungUp | None:
        """One SBC, from three data centres where it has stopped sending OPTIONS; None: on to the next."""
        call = placed.call
        for stack in self.stacks if self._standing(one) == "stopped" else self.stacks[:1]:
            shown = leg.route.caller_id_override or placed.caller_id
            caller = "sip:anonymous@anonymous.invalid" if shown == "anonymous" else sip_uri(shown, (stack.host, PORT))
            number, again = placed.journey.dialled.number, len(placed.attempts) + 1
            names = {"call_id": placed.call_id, "tag": placed.tag}
            asked = self.invite(stack, one.place, number, caller, call, rule, sequence=again, **names)
            code, cause = await self._outcome_of(asked, call, one.place[0])
            self.note_certificate(trunk, asked)
            rang = asked.rang and effect_of(code) == "fails over"
            effect = "ends the call" if rang else effect_of(code)
            so: AttemptEffect = "the caller hung up" if cause == "hung up" else effect
            placed.attempts.append(Attempt(trunk, leg.route.name, code, cause, so))
            if effect == "answers":
                assert asked.response is not None  # noqa: S101 (an answer is a response)
                await self._talk_out(stack, Dialog.as_caller(asked.request, asked.response), call)
                return Answered(trunk, leg.route.name, shown, tuple(placed.order))
            await call.legs.none(self.real(PATIENCE_S))
            if call.hung_up.is_set() and (cause == "hung up" or effect == "fails over"):
                if not any(event.rule == "caller-hangs-up" for event in call.events):
                    call.note("ACS", "the caller hangs up", "caller-hangs-up")
                return HungUp(tuple(placed.order))
            if effect == "ends the call":
                if rang:
                    call.note("ACS", f"{code} after it rang ends the call", "rang-before", one.place[0])
                elif cause == "final code":
                    call.note("ACS", f"{code} ends the call", "ends-the-call", one.place[0])
                return Ended(trunk, leg.route.name, code, tuple(placed.order))
            rule = "next-datacenter"
        return None

    async def _outcome_of(self, asked: ClientTransaction, call: CallRecord, fqdn: str) -> tuple[int, Cause]:
        """The final code of one INVITE, or what its failure counts as; events say what no message says."""
        code = await self._final_code(asked, call, fqdn)
        if code:
            return code, "hung up" if call.hung_up.is_set() else "silence"
        response = asked.response
        assert response is not None  # noqa: S101 (a code of 0 says that there is a final response)
        if asked.cause in _LOCAL:
            rule, cause = _LOCAL[asked.cause]
            if rule == "refused" and asked.flow:
                rule = "connection-lost"
            call.note("ACS", asked.detail, rule, fqdn)
            return response.code, cause
        return response.code, "answered" if response.code < 300 else "final code"

    async def _final_code(self, asked: ClientTransaction, call: CallRecord, fqdn: str) -> int:
        """Wait for the final response: 0 when it came, else what giving up counts as (CANCEL is sent where it may be).

        Before it rings the wait is `wait_s`, after that what remains of the time to set up a call.
        """
        loop = asyncio.get_running_loop()
        began, heard = loop.time(), 0
        with suppress(TimeoutError):
            async with asyncio.timeout(self.real(self.setup.wait_s)) as limit:

                async def watch() -> None:
                    await call.hung_up.wait()
                    limit.reschedule(loop.time())

                watching = asyncio.create_task(watch())
                try:
                    async for response in asked:
                        if response.code >= 200:
                            return 0
                        if response.code > 100 >= heard and not call.hung_up.is_set():
                            limit.reschedule(began + self.real(SET_UP_S))
                        heard = max(heard, response.code)
                finally:
                    watching.cancel()
        if call.hung_up.is_set():
            call.note("ACS", "the caller hangs up", "caller-hangs-up")
        elif heard > 100:
            call.note("ACS", f"no answer in {SET_UP_S} s", "set-up-limit", fqdn)
        else:
            call.note("ACS", f"no answer in {self.setup.wait_s:g} s", "wait-over", fqdn)
        if heard:
            await asked.cancel(rule="cancel")
            with suppress(TimeoutError):
                final = await asyncio.wait_for(asked.final(), self.real(PATIENCE_S))
                if final.code < 300:  # it was answered while we gave up (RFC 3261 9.1)
                    late = Dialog.as_caller(asked.request, final)
                    await self.acknowledge(self.stacks[0], late)
                    await self.hang_up(self.stacks[0], late)
        asked.abandon()
        return 487 if heard > 100 or call.hung_up.is_set() else 408

    async def _talk_out(self, stack: Stack, dialog: Dialog, call: CallRecord) -> None:
        """ACK, the talk itself, and BYE from whoever hangs up."""
        ended = self.talk(dialog)
        await self.acknowledge(stack, dialog)
        talk_s = call.talk_s if call.hangs_up == "caller" else call.talk_s + PATIENCE_S
        await first_of(ended.wait(), call.hung_up.wait(), within=self.real(talk_s))
        await self.settle()
        await self.hang_up(stack, dialog)

    # ---------------------------------------------------------------- calls in

    async def take_invite(self, came: ServerTransaction) -> None:
        """A call from an SBC: whose it is says `receiving`; the application answers it, and hangs up."""
        call, host = self.shared.recorder.of(came.request.call_id), contact_host(came)
        names = certificate_names(came) or (call.names if call else ()) or (host,)
        setup, number = self.setup, came.request.uri.user or ""
        owners: dict[str, Any] = {"event_grid": setup.event_grid, "microsoft365_domains": setup.microsoft365_domains}
        owners["omnichannel_numbers"] = setup.omnichannel_numbers
        try:
            arrival = receive(setup.resource, number, contact=host, certificate_names=tuple(names), **owners)
        except AcsTelephonyError:
            await came.respond(484 if host else 400, rule="bad-request")
            return
        code, rule = verdict(arrival)
        if call:
            call.ending = arrival.ending
        if code >= 300:
            await came.respond(code, rule=rule)
            return
        await came.respond(180, rule=rule)
        await self.settle()
        answer = await came.respond(code, rule=rule, body=SDP, headers=SDP_TYPE)
        if answer:
            dialog = Dialog.as_callee(came.request, answer)
            ended = self.talk(dialog)
            if await first_of(came.acked.wait(), ended.wait(), within=self.real(PATIENCE_S)) == 0:
                await first_of(ended.wait(), within=self.real(call.talk_s if call else PATIENCE_S))
                await self.settle()
            await self.hang_up(self.stacks[0], dialog)


_LOCAL: dict[str, tuple[str, Cause]] = {
    "silence": ("no-answer", "silence"),
    "refused": ("refused", "refused"),
    "certificate": ("certificate", "certificate"),
}


def verdict(arrival: Arrival) -> tuple[int, str]:
    """The code that an SBC gets for a call in, and the rule of it.

    Documented: 403 for an IP address. The logs know 403 for an SBC that is not registered (sip-respose-codes.md,
    2023-06-11). Our model: 403 for a certificate too, 404 from a tenant, in which nobody lives here, 480 for a
    dropped call.
    """
    ending = arrival.ending
    if isinstance(ending, Refused):
        # The look-ups stop at the first that fails: Contact, then the certificate, then who knows the SBC.
        return 403, ("contact-address", "certificate-name", "unknown-sbc")[min(len(arrival.steps), 3) - 1]
    if isinstance(ending, ToTenant):
        return 404, "to-tenant"
    if isinstance(ending, Lost):
        return 480, "no-event-grid"
    return 200, "omnichannel" if isinstance(ending, ToOmnichannel) else "event-grid"


def contact_host(came: ServerTransaction) -> str:
    """The host in a request's Contact; "" where there is none (RFC 3261 8.1.1.8)."""
    contact = came.request.contact
    return contact[0].uri.host if contact else ""


def certificate_names(came: ServerTransaction) -> tuple[str, ...] | None:
    """The names in the certificate that the other side showed, its alternative names and its CN; None without TLS."""
    shown = came.peer_certificate
    if shown is None:
        return None
    alternative = [value for kind, value in shown.get("subjectAltName", ()) if kind == "DNS"]
    common = [value for part in shown.get("subject", ()) for kind, value in part if kind == "commonName"]
    return tuple(alternative + common)
