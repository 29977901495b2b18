"""All roles of one lab, in one event loop: they start together, exchange OPTIONS, carry calls, and leave nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from acs_telephony.live.sip.acs import DATACENTRES, PORT, AcsSide, Placed
from acs_telephony.live.sip.agent import PATIENCE_S, Shared
from acs_telephony.live.sip.carrier import Carrier
from acs_telephony.live.sip.certificates import Authority
from acs_telephony.live.sip.health import INTERVAL_S
from acs_telephony.live.sip.network import Network
from acs_telephony.live.sip.recording import CallRecord, Recorder
from acs_telephony.live.sip.sbc import FLAWS, Sbc
from acs_telephony.live.sip.stack import Stack
from acs_telephony.live.sip.values import Event, Fault, HangsUp, LiveArrival, LiveCall, Setup, Transport
from acs_telephony.receiving import Refused
from acs_telephony.routing import Journey

DEFAULT_CARRIER = "carrier"


class Roles:
    """The ACS side, an SBC for each trunk, and their carriers."""

    def __init__(self, setup: Setup, clock: Callable[[], float]) -> None:
        self.setup, self.recorder = setup, Recorder()
        self.network = Network(setup.time_scale, self.recorder.record, setup.loss, setup.seed or 0, clock)
        self.authority = Authority() if setup.transport == "tls" else None
        shared = Shared(setup, self.network, self.recorder, self.authority)
        # Where trunks speak TLS, what is behind them speaks TCP: nothing is repeated, so each run is the same.
        behind: Transport = "udp" if setup.transport == "udp" else "tcp"
        names = dict.fromkeys([DEFAULT_CARRIER, *setup.carriers.values()])
        self.carriers = {name: Carrier(shared, name, behind) for name in names}
        self.acs, acs = AcsSide(shared), (DATACENTRES[0], PORT)
        self.sbcs: dict[str, Sbc] = {}
        for trunk in setup.resource.configuration.trunks:
            carrier = self.carriers[setup.carriers.get(trunk.fqdn.lower(), DEFAULT_CARRIER)]
            self.sbcs[trunk.fqdn.lower()] = Sbc(shared, trunk, carrier, acs)
        self._waiting = asyncio.Lock()
        self._calls: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Open every socket, and let each SBC show itself once, so that all are healthy."""
        for stack in self._stacks():
            await stack.start()
        await self._say_options()

    async def close(self) -> None:
        """Give up the calls that run, close every socket and end every transaction."""
        for task in self._calls:
            task.cancel()
        for stack in self._stacks():
            stack.listening = False
        await self.acs.settle()  # a connection that was just taken is known only then
        for stack in self._stacks():
            await stack.close()

    def _stacks(self) -> list[Stack]:
        outer = [carrier.stack for carrier in self.carriers.values()]
        inner = [stack for sbc in self.sbcs.values() for stack in (sbc.inside, sbc.outside)]
        return [*self.acs.stacks, *outer, *inner]

    async def set(self, name: str, fault: Fault) -> None:
        """Let an SBC or a carrier do this from now on."""
        role = self.sbcs.get(name.lower()) or self.carriers[name]
        await role.set(fault)

    async def replace(self, fqdn: str, port: int) -> None:
        """Let a peer outside of the lab, on loopback, stand in the place of an SBC."""
        sbc = self.sbcs[fqdn.lower()]
        place = sbc.inside.host, sbc.inside.port
        await sbc.set("refused")
        self.network.add(sbc.role, *place, ("127.0.0.1", port))

    async def wait(self, lab_seconds: float) -> None:
        """Let time pass for health, and for calls that run: the SBCs send OPTIONS each minute of it."""
        async with self._waiting:
            acs = self.acs
            end = acs.clock + lab_seconds
            while (then := (acs.clock // INTERVAL_S + 1) * INTERVAL_S) <= end:
                await self.network.sleep(then - acs.clock)
                acs.clock = then
                await self._say_options()
            await self.network.sleep(end - acs.clock)
            acs.clock = end

    async def _say_options(self) -> None:
        sbcs = list(self.sbcs.values())
        asked = await asyncio.gather(*(sbc.say_options() for sbc in sbcs))
        for sbc, one in zip(sbcs, asked, strict=True):
            if one and one.cause and sbc.fault in FLAWS:
                # The ACS side saw the handshake fail too; asyncio tells a server nothing of it.
                self.acs.known[sbc.role.lower()].certificate = str(sbc.fault)
        await self.acs.exchanges.none(self.acs.real(PATIENCE_S))

    @contextmanager
    def _of(self, call: CallRecord) -> Iterator[None]:
        """A call goes on while this context lasts; it counts its seconds from now."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine runs in a task)
        self._calls.add(task)
        call.begin()
        try:
            yield
        finally:
            self._calls.discard(task)
            self.recorder.forget(call)

    def new_call(self, talk_s: float, hangs_up: HangsUp) -> CallRecord:
        """The record of a call that begins now."""
        return CallRecord(self.network, talk_s, hangs_up)

    async def call(self, journey: Journey, caller_id: str, call: CallRecord) -> LiveCall:
        """Place a call out, to its end and to the last message of it."""
        placed = Placed(journey, caller_id, call)
        with self._of(call):
            outcome = await self.acs.call_out(placed)
            await call.legs.none(self.acs.real(PATIENCE_S))
        roles, tried, skipped = self._in_order(call.events, "ACS"), tuple(placed.attempts), tuple(placed.skipped)
        of = self.setup
        return LiveCall(
            journey.dialled, tuple(call.events), roles, tried, skipped, outcome, of.transport, of.time_scale
        )

    async def receive(self, number: str, through: str, caller: str, call: CallRecord) -> LiveArrival:
        """Bring a call from the carrier to an SBC, and follow it to its end."""
        sbc = self.sbcs[through.lower()]
        with self._of(call):
            final = await sbc.carrier.call_in(number, caller, (sbc.outside.host, sbc.outside.port), call)
            await call.legs.none(self.acs.real(PATIENCE_S))
        ending = call.ending or Refused(None, "the call never reached the ACS side")
        events, roles, of = tuple(call.events), self._in_order(call.events, sbc.carrier.role), self.setup
        return LiveArrival(number, events, roles, ending, final.code, of.transport, of.time_scale)

    def _in_order(self, events: list[Event], first: str) -> tuple[str, ...]:
        """Who appears, from left to right: the first role, the SBCs as they came, and what is at the other end."""
        seen = dict.fromkeys([first, *(name for event in events for name in (event.sender, event.receiver) if name)])
        ends = [name for name in seen if name != first and (name == "ACS" or name in self.carriers)]
        return first, *(name for name in seen if name != first and name not in ends), *ends
