"""Print how fast live SIP is, and try what it makes of broken messages: python benchmarks/sip.py [--calls N] [--fuzz N]

Real messages on real sockets of this computer; the ACS side, the SBCs and the carrier are in one process, and nobody
rings. Each figure is of calls that were answered. Then seeded broken messages (100,000 where nothing is said) go to the
parser and to a lab that runs, which must go on taking calls. Nothing is asserted about time; ends with 1 where a broken
message did harm. Needs the extra `sip`.
"""

from __future__ import annotations

import argparse
import logging
import random
import socket
import statistics
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from timing import Task, in_words, run, show, show_tasks  # noqa: E402

from acs_telephony import microsoft_three_routes  # noqa: E402
from acs_telephony.live.sip.lab import SipLab  # noqa: E402
from acs_telephony.live.sip.messages import SipError, parse  # noqa: E402
from acs_telephony.live.sip.network import Sent  # noqa: E402
from acs_telephony.live.sip.values import LiveCall, Transport  # noqa: E402

RESOURCE: Final = microsoft_three_routes()
NUMBER: Final = "+14255550100"
FIRST: Final = "sbc1.contoso.biz"
TRANSPORTS: Final[tuple[Transport, ...]] = ("udp", "tls")
AT_ONCE: Final = 20  # calls
SEED: Final = 20261124
# What the syntax of SIP makes much of, and what programs stumble over.
PIECES: Final = [b"\r\n", b"\r\n\r\n", b"\n", b" ", b"\t", b":", b";", b",", b"<", b">", b'"', b"\\", b"=", b"@", b"%"]
PIECES.extend([b"\0", b"\xff\xfe", b"%00", b"-1", b"4294967296", b"9" * 40, b"SIP/2.0", b"sips:", b"[::1]", b";tag="])


# --- calls


def answered(call: LiveCall) -> None:
    """Figures are of calls that somebody took."""
    assert call.attempts[-1].cause == "answered", call.outcome


def set_ups(lab: SipLab, calls: int) -> list[float]:
    """The seconds from the wish to call until the caller sends its ACK, of calls that come one after the other.

    The lab's own clock stands still while the computer works, so this one is read where messages leave. The first call
    does not count: connections open for it.
    """
    network, moments = lab._roles.network, list[float]()
    record = network.record

    def timed(sent: Sent) -> None:
        if sent.role == "ACS" and sent.rule == "ack-2xx" and not sent.repeat:
            moments.append(time.perf_counter())
        if record:
            record(sent)

    network.record, taken = timed, []
    for number in range(calls + 1):
        begin = time.perf_counter()
        answered(lab.call(NUMBER, talk_s=0))
        taken.append(moments[number] - begin)
    return taken[1:]


def many(lab: SipLab, calls: int) -> tuple[float, float]:
    """The seconds of the wall and of the processor for one whole call, from INVITE to BYE, while many go on."""
    wall, processor = time.perf_counter(), time.process_time()
    placings = deque(lab.begin(NUMBER, talk_s=0) for _ in range(AT_ONCE))
    for begun in range(calls):
        answered(placings.popleft().result(60))
        if begun < calls - AT_ONCE:
            placings.append(lab.begin(NUMBER, talk_s=0))
    return (time.perf_counter() - wall) / calls, (time.process_time() - processor) / calls


def show_calls(calls: int, *, markdown: bool) -> None:
    """Print how long a call takes to set up, and how many there are in a second."""
    waits, rates = [], []
    for transport in TRANSPORTS:
        for what, fault in (("the first SBC answers", "answers"), ("the first SBC says 503, its standby answers", 503)):
            with SipLab(RESOURCE, transport=transport) as lab:
                lab.set(FIRST, fault)
                taken = sorted(set_ups(lab, calls))
                goal = "under 5.00 ms" if fault == "answers" else ""
                cells = [statistics.median(taken), taken[int(len(taken) * 0.95)], taken[-1]]
                waits.append([f"{transport.upper()}: {what}", *map(in_words, cells), goal])
        with SipLab(RESOURCE, transport=transport) as lab:
            wall, processor = many(lab, max(calls, AT_ONCE))
            what = f"{transport.upper()}: {AT_ONCE} at once"
            rates.append([what, f"{1 / wall:,.0f}", in_words(processor), "at least 150"])
    show(
        f"Call set-up, {calls:,} calls one by one",
        ["", "median", "95th percentile", "longest", "goal for the median"],
        waits,
        markdown=markdown,
    )
    head = ["", "whole calls a second", "processor for one", "goal"]
    show("Whole calls, from INVITE to the answer to BYE", head, rates, markdown=markdown)


def started(transport: Transport) -> float:
    """The seconds until a lab with five SBCs takes calls: sockets, certificates, and OPTIONS of each SBC."""
    begin = time.perf_counter()
    with SipLab(RESOURCE, transport=transport):
        return time.perf_counter() - begin


def show_start(runs: int, *, markdown: bool) -> None:
    """Print how long a lab takes to start."""
    goals: dict[Transport, float] = {"udp": 0.1, "tls": 0.5}
    tasks = [Task(f"{name.upper()}: five SBCs", lambda name=name: started(name), goals[name]) for name in TRANSPORTS]
    show_tasks("Start of a lab", run(tasks, runs), markdown=markdown, goals=True)


# --- broken messages


def broken(messages: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Real messages, each with one to four things wrong in it: a byte, a piece, a line, its length, half of another."""
    draw = random.Random(seed)  # noqa: S311 (a sample is no secret)
    for _ in range(count):
        message = bytearray(draw.choice(messages))
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(message) + 1)
            kind = draw.randrange(6)
            if kind == 0 and at < len(message):
                message[at] = draw.randrange(256)
            elif kind == 1:
                message[at:at] = draw.choice(PIECES)
            elif kind == 2:
                del message[at : at + draw.randint(1, 30)]
            elif kind == 3:
                lines = bytes(message).split(b"\r\n")
                lines.insert(draw.randrange(len(lines) + 1), draw.choice(lines) * draw.choice([1, 1, 1, 50]))
                message[:] = b"\r\n".join(lines)
            elif kind == 4:
                message[at:] = draw.choice(messages)[-draw.randint(1, 400) :]
            else:
                del message[at:]
        yield bytes(message)


def samples() -> list[bytes]:
    """Every message of a call with a failover over UDP, and of one that rings until its caller hangs up."""
    with SipLab(RESOURCE, transport="udp", numbers={"+14255550101": "rings"}) as lab:
        ringing = lab.begin("+14255550101")
        while not any(event.code == 180 for event in ringing.events):
            time.sleep(0.01)
        ringing.cancel()
        lab.set(FIRST, 503)
        calls = [lab.call(NUMBER, talk_s=0), ringing.result(60)]
    return [event.raw.encode() for call in calls for event in call.events if event.raw]


class Said(logging.Handler):
    """Keeps what asyncio logs: errors that nobody took care of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one of them."""
        self.words.append(self.format(record))


def reading(data: bytes) -> tuple[float, bool]:
    """How long the parser takes for a message, and whether it can be read; only SipError may say that it cannot."""
    begin, read = time.perf_counter(), True
    try:
        parse(data)
    except SipError:
        read = False
    return time.perf_counter() - begin, read


def fuzz(count: int, seed: int, *, markdown: bool) -> list[str]:
    """Try broken messages on the parser and on a lab, print what was tried, and answer with the harm that they did."""
    messages, harm, refused, slowest = samples(), [], 0, 0.0
    for data in broken(messages, count, seed):
        try:
            seconds, read = reading(data)
        except Exception as error:
            harm.append(f"parse: {error!r} for {data!r}")
            continue
        refused += not read
        if seconds > slowest:  # or was it the computer? so read it again
            slowest = max(slowest, min(seconds, reading(data)[0], reading(data)[0]))
    asyncio_says, sent = Said(), 0
    logging.getLogger("asyncio").addHandler(asyncio_says)
    with (
        SipLab(RESOURCE, transport="udp", time_scale=0.01) as lab,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer,
    ):
        peer.bind(("127.0.0.1", 0))
        for sent, data in enumerate(broken(messages, count // 10, seed + 1), 1):
            peer.sendto(data[:60_000], (lab.address, lab.carrier_address())[sent % 2])
            if sent % 50 == 0:
                time.sleep(0.02)  # else the socket's buffer overflows, and nobody reads them
            if sent % 1000 == 0 or sent == count // 10:
                answered(lab.call(NUMBER, talk_s=0))
    logging.getLogger("asyncio").removeHandler(asyncio_says)
    harm += [f"asyncio: {words}" for words in asyncio_says.words]
    rows = [
        ["parsed alone", f"{count:,}", f"{refused:,} refused, the slowest in {in_words(slowest)}"],
        ["sent to the ACS side and the carrier", f"{sent:,}", "calls between them are answered"],
    ]
    show(f"Broken messages, seed {seed}", ["", "messages", ""], rows, markdown=markdown)
    print(f"harm: {len(harm)}", *harm[:20], sep="\n  ")
    return harm


def main() -> None:
    """Measure, print a table for each, and end with 1 where broken messages did harm."""
    parser = argparse.ArgumentParser(description="print how fast live SIP is, and try broken messages")
    parser.add_argument("--calls", type=int, default=500, help="calls for each figure")
    parser.add_argument("--runs", type=int, default=10, help="how often a lab is started")
    parser.add_argument("--fuzz", type=int, default=100_000, help="broken messages")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--markdown", action="store_true", help="print tables for a page")
    options = parser.parse_args()
    show_start(options.runs, markdown=options.markdown)
    show_calls(options.calls, markdown=options.markdown)
    if options.fuzz and fuzz(options.fuzz, options.seed, markdown=options.markdown):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
