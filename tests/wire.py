"""A live call as others saw it: read from a capture, by tshark or by the few lines here, or from the log of a peer.

Nothing of the kit is asked. `told_by` says in the words of `tests/scan.py` what the messages show.
"""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.scan import Told

#: Faults that let no INVITE out: TLS or TCP fails before it.
UNHEARD = ("refused", "wrong name", "expired", "unknown CA")


@dataclass(frozen=True)
class Message:
    """One SIP message: a request's method and host, or a response's code; what joins it to others; who calls."""

    method: str
    host: str
    code: int
    branch: str
    call_id: str
    sequence: str
    caller: str


#: Captures in, what each shows out.
Reader = Callable[[Sequence[bytes]], list[list[Message]]]


def parse(text: str) -> Message | None:
    """The fields of one message; None for what is no SIP."""
    first = re.match(r"(?:SIP/2.0 (\d{3}) |([A-Z]+) sips?:(?:[^@\s]*@)?([^\s:;>]+)\S* SIP/2.0)", text)
    if first is None:
        return None

    def field(pattern: str) -> str:
        found = re.search(pattern, text, re.IGNORECASE | re.MULTILINE)
        return found[1] if found else ""

    return Message(
        first[2] or "",
        (first[3] or "").lower(),
        int(first[1] or 0),
        field(r"^(?:Via|v)\s*:.*?;\s*branch=([^;,\s]+)"),
        field(r"^(?:Call-ID|i)\s*:\s*(\S+)"),
        field(r"^CSeq\s*:\s*\d+\s+(\w+)"),
        field(r"^(?:From|f)\s*:[^\n]*?sips?:([^@>]+)@"),
    )


def read_capture(capture: bytes) -> Iterator[str]:
    """What each packet of a capture carries (pcap, Ethernet, IPv4, UDP or TCP)."""
    assert struct.unpack_from("<IHHiIII", capture)[-1] == 1, "this is no capture of Ethernet"
    at = 24
    while at < len(capture):
        length = struct.unpack_from("<IIII", capture, at)[2]
        packet = capture[at + 16 + 14 : at + 16 + length]
        at += 16 + length
        inside = 4 * (packet[0] & 15)
        header = 8 if packet[9] == 17 else 4 * (packet[inside + 12] >> 4)
        yield packet[inside + header :].decode()


def read_captures(captures: Sequence[bytes]) -> list[list[Message]]:
    """What each capture shows, read without help; a packet that is no SIP is left out."""
    return [[one for text in read_capture(capture) if (one := parse(text))] for capture in captures]


def joined(captures: Sequence[bytes]) -> bytes:
    """One capture with the packets of all, one capture after the other."""
    return captures[0][:24] + b"".join(capture[24:] for capture in captures)


def packets(capture: bytes) -> int:
    """How many packets a capture holds."""
    return sum(1 for _ in read_capture(capture))


def dissected(tshark: str, captures: Sequence[bytes], folder: Path) -> list[list[Message]]:
    """What tshark reads in each capture; it must find nothing malformed and no error."""
    fields = ["frame.number", "sip.Method", "sip.r-uri.host", "sip.Status-Code", "sip.Via.branch", "sip.Call-ID"]
    fields += ["sip.CSeq.method", "sip.from.user", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message"]
    file = folder / "calls.pcap"
    file.write_bytes(joined(captures))
    # Ports and sequence numbers of many labs meet here, so TCP is not to be put together.
    command = [tshark, "-n", "-r", str(file), "-d", "udp.port==1-65535,sip", "-d", "tcp.port==1-65535,sip"]
    command += ["-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"]
    command += ["-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]
    command += [word for name in fields for word in ("-e", name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    # Severities as Wireshark counts them: a note is 4 194 304, a warning 6 291 456, an error 8 388 608.
    assert [row for row in rows if row[8] or (row[9] and int(row[9]) > 0x400000)] == []
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    assert all(row[5] for row in rows), "tshark does not take each packet for SIP"
    read = iter([Message(r[1], r[2].lower(), int(r[3] or 0), r[4], r[5], r[6], r[7]) for r in rows])
    found = [[next(read) for _ in range(packets(capture))] for capture in captures]
    assert next(read, None) is None
    return found


def told_by(messages: Iterable[Message], sbcs: Iterable[str]) -> Told:
    """What the messages show of one call out; without an INVITE to an SBC the ending is "no INVITE"."""
    known = {fqdn.lower() for fqdn in sbcs}
    tried: dict[str, Message] = {}
    finals: dict[str, int] = {}
    given_up: set[str] = set()
    for one in messages:
        if one.method == "INVITE" and one.host in known:
            tried.setdefault(one.branch, one)  # sent again, it has the same branch
        elif one.method == "CANCEL":
            given_up.add(one.branch)
        elif one.code >= 200 and one.sequence == "INVITE":
            finals.setdefault(one.branch, one.code)
    if not tried:
        return Told((), "no INVITE")
    order = tuple(one.host for one in tried.values())
    last = next(reversed(tried))
    code = 408 if last in given_up else finals.get(last, 408)
    if code < 300:
        return Told(order, "answered", order[-1], caller=tried[last].caller)
    if code in (408, 503, 504):
        return Told(order, "dropped")
    return Told(order, "ended", order[-1], code)


def heard(told: Told, faults: dict[str, str | int], *, over_tls: bool) -> Told:
    """What can be heard of a call that goes as told: no INVITE leaves where TLS fails, or where nobody listens."""
    tried = tuple(sbc for sbc in told.tried if not (over_tls and faults.get(sbc) in UNHEARD))
    return Told(tried, told.ending, told.sbc, told.code, told.caller) if tried else Told((), "no INVITE")
