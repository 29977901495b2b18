"""What tests of live SIP share: a clock that leaps, stacks in pairs, and a peer that says what it is told."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from acs_telephony.live.sip.dialogs import Dialog
from acs_telephony.live.sip.messages import Place, Request, Response, new_request, parse, respond_to
from acs_telephony.live.sip.network import Network, Sent
from acs_telephony.live.sip.stack import Stack
from acs_telephony.live.sip.transactions import ServerTransaction

ACS, SBC = ("sip.pstnhub.microsoft.com", 5061), ("sbc1.contoso.biz", 5061)


class _Leaping(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """A selector that never waits: when nothing is ready, the clock leaps to where the wait would end."""

    leapt = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """What is ready now."""
        ready = super().select(0)
        if not ready and timeout is None:
            ready = super().select(5)
        elif not ready and timeout:
            self.leapt += timeout
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock runs as fast as the work is done, so that 32 seconds take none; its sockets are true ones."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        """Seconds of this clock, which stands still but for leaps."""
        return self._leaping.leapt


def leap(work: Callable[[], Awaitable[None]]) -> None:
    """Run a test to its end on a clock that leaps.

    In a thread of its own: a browser that other tests hold open keeps a loop running in this one.
    """
    with ThreadPoolExecutor(1) as aside:
        aside.submit(_leap, work).result()


def _leap(work: Callable[[], Awaitable[None]]) -> None:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(_whole(work))


async def _whole(work: Callable[[], Awaitable[None]]) -> None:
    async with asyncio.timeout(100_000):
        await work()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


def network(sents: list[Sent] | None = None, **given: Any) -> Network:
    """A network on the running loop's clock, one lab second to a second."""
    made = Network(given.pop("time_scale", 1.0), None if sents is None else sents.append, **given)
    made.clock = asyncio.get_running_loop().time
    made._began = made.clock()
    return made


@asynccontextmanager
async def stacks(net: Network, transport: Any = "udp", **given: Any) -> AsyncIterator[tuple[Stack, Stack]]:
    """The ACS side and an SBC; what is left of them is nothing."""
    pair = Stack(net, "ACS", *ACS, transport, **given), Stack(net, SBC[0], *SBC, transport, **given)
    for stack in pair:
        await stack.start()
    try:
        yield pair
    finally:
        for stack in pair:
            await stack.close()
    assert net.own == set()
    assert [stack.table for stack in pair] == [{}, {}]


def invite(stack: Stack, method: str = "INVITE") -> Request:
    """A new request of a stack to the SBC."""
    callee = f"sip:+14255550123@{SBC[0]}:{SBC[1]}"
    caller = f"sip:+14255550100@{stack.host}"
    name = stack.unique(method)
    return new_request(method, callee, caller=caller, callee=callee, call_id=name, tag=name, contact=stack.contact)


def answering(*codes: int) -> Callable[[ServerTransaction], Awaitable[None]]:
    """A role that answers every INVITE with these codes, and everything else with 200."""

    async def serve(transaction: ServerTransaction) -> None:
        for code in codes if transaction.request.method == "INVITE" else (200,):
            await transaction.respond(code, rule="answers")

    return serve


async def whole_call(acs: Stack) -> str:
    """One call, hung up by the caller: how it ended."""
    asked = acs.request(invite(acs), SBC)
    response = await asked.final()
    if response.code != 200:
        return asked.cause
    dialog = Dialog.as_caller(asked.request, response)
    acs.request(dialog.ack(), dialog.target, rule="ack-2xx")
    await acs.network.sleep(1)
    bye = acs.request(dialog.request("BYE"), dialog.target, rule="bye")
    return f"BYE {(await bye.final()).code}"


class Puppet(asyncio.DatagramProtocol):
    """A UDP peer with no SIP of its own: it notes what comes and when, and sends what it is told."""

    def __init__(self, net: Network, role: str = SBC[0], place: Place = SBC) -> None:
        self.net, self._role, self._place = net, role, place
        self.got: list[tuple[float, Request | Response]] = []
        self.then: Callable[[Request | Response], None] | None = None

    async def __aenter__(self) -> Puppet:
        loop = asyncio.get_running_loop()
        self._out, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.address: Place = self._out.get_extra_info("sockname")
        self.net.add(self._role, *self._place, self.address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._out.close()
        await asyncio.sleep(0)

    def datagram_received(self, data: bytes, source: Place) -> None:
        """Note it, and answer when told how."""
        message = parse(data)
        self.got.append((round(self.net.now(), 3), message))
        self.source = source
        if self.then:
            self.then(message)

    def send(self, data: Request | Response | bytes, target: Place | None = None) -> None:
        """Say something, to who spoke last when nobody else is named."""
        self._out.sendto(bytes(data), target or self.source)

    def answer(self, code: int, request: Request | None = None, contact: str = "") -> Response:
        """Answer the last request with a code, and give what was sent."""
        asked = request or next(m for _, m in reversed(self.got) if isinstance(m, Request) and m.method != "ACK")
        response = respond_to(asked, code, tag="puppet", contact=contact or f"sip:{SBC[0]}:{SBC[1]}")
        self.send(response)
        return response

    def times(self, what: str | int) -> list[float]:
        """When a method, or a code, came."""
        return [at for at, m in self.got if what == (m.method if isinstance(m, Request) else m.code)]
