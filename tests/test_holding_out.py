"""A lab holds out: lost packets, a thousand calls in a row, two hundred at once; all end as the documents have it.

As in tests/test_peers.py, the order of SBCs and the outcome are read from the wire and held against `tests/scan.py`.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import deque
from pathlib import Path
from random import Random

import pytest

from acs_telephony.live.sip.lab import SipLab
from acs_telephony.live.sip.values import Transport
from acs_telephony.tables import microsoft_three_routes
from tests.scan import told
from tests.wire import Message, Reader, told_by

FIRST = "sbc1.contoso.biz"
NUMBER = "+14255550100"
EXAMPLE = microsoft_three_routes().configuration.dump()


@pytest.mark.full
@pytest.mark.parametrize("loss", [0.1, 0.3])
def test_calls_end_as_told_when_packets_get_lost(read_wire: Reader, loss: float) -> None:
    """UDP; 40 calls. RFC 3261 sends an INVITE seven times in 32 s; the losses drawn here never take seven on end."""
    drawn = Random(0)
    losses = "".join("x" if drawn.random() < loss else "." for _ in range(3000))
    assert "xxxxxxx" not in losses
    random = Random(20261130)
    captures, expected = [], []
    with SipLab(microsoft_three_routes(), transport="udp", time_scale=0.005, wait_s=32, loss=loss) as lab:
        lab._roles.recorder.sents = deque()  # all of them
        for _ in range(40):
            faults: dict[str, str | int] = {
                fqdn: random.choice([503, 486, 504, "answers"]) for fqdn in EXAMPLE["trunks"]
            }
            for fqdn, fault in faults.items():
                lab.set(fqdn, fault)  # type: ignore[arg-type]
            before = len(lab.pcap())
            lab.call(NUMBER, talk_s=0)
            capture = lab.pcap()
            captures.append(capture[:24] + capture[before:])
            expected.append(told(EXAMPLE, NUMBER, faults))

    found = read_wire(captures)
    assert [told_by(messages, EXAMPLE["trunks"]) for messages in found] == expected
    assert sum(len(messages) - len(set(messages)) for messages in found) >= 400 * loss, "too little was sent again"


@pytest.mark.full
def test_1000_calls_leave_no_socket_no_task_and_no_growing_memory() -> None:
    """Half of them fail over. Counted after 200 and after 1,000 calls, without the capture, whose length is bounded."""
    with SipLab(microsoft_three_routes(), transport="udp", time_scale=0.001) as lab:
        first, second = _left_after(lab, 200), _left_after(lab, 800)

    assert second[:2] == first[:2]
    kept = (second[2] - first[2]) / 800
    assert kept < 5, f"{kept:.1f} objects in memory for each call"


def _left_after(lab: SipLab, calls: int) -> tuple[int, int, int]:
    """Open files and tasks of the lab, and blocks of memory in use, after so many calls and a minute."""
    for number in range(calls):
        if number % 100 == 0:
            lab.set(FIRST, 503 if number % 200 else "answers")
        lab.call(NUMBER, talk_s=0)
    lab._run(lab._roles.network.sleep(64))  # every timer of RFC 3261 17 is over
    lab._roles.recorder.sents.clear()
    gc.collect()
    files = sum(1 for _ in Path("/proc/self/fd").iterdir()) if sys.platform == "linux" else 0
    return files, len(asyncio.all_tasks(lab._loop)), sys.getallocatedblocks()


@pytest.mark.full
@pytest.mark.parametrize("transport", ["udp", "tls"])
def test_200_calls_fail_over_at_once(transport: Transport, read_wire: Reader) -> None:
    with SipLab(microsoft_three_routes(), transport=transport, time_scale=1.0, wait_s=60) as lab:
        lab._roles.recorder.sents = deque()  # all of them
        lab.set(FIRST, 503)
        placed = [lab.begin(NUMBER, talk_s=0) for _ in range(200)]
        for one in placed:
            one.result(60)
        (messages,) = read_wire([lab.pcap()])

    calls: dict[str, list[Message]] = {}
    for message in messages:
        calls.setdefault(message.call_id, []).append(message)
    ours = [call for call in calls.values() if any(one.method == "INVITE" and one.host == FIRST for one in call)]
    faults: dict[str, str | int] = {FIRST: 503}
    assert len(ours) == 200
    assert {told_by(call, EXAMPLE["trunks"]) for call in ours} == {told(EXAMPLE, NUMBER, faults)}
