"""A capture file of what was sent, which Wireshark opens."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

from acs_telephony.live.sip.messages import Place
from acs_telephony.live.sip.network import Sent

_ETHERNET, _IPV4, _TCP, _UDP = 1, 0x0800, 6, 17
_PUSH_ACK = 0x5018  # a TCP header of five words, with PSH and ACK


def pcap(sents: Iterable[Sent]) -> bytes:
    """The messages as a pcap file (LINKTYPE_ETHERNET), UDP as UDP; TCP and TLS as TCP, TLS deciphered."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _ETHERNET)]
    sequences: dict[tuple[Place, Place], int] = {}
    for number, sent in enumerate(sents):
        packet = _packet(sent, number, sequences)
        seconds, micro = divmod(round(sent.at * 1e6), 10**6)
        out.append(struct.pack("<IIII", seconds, micro, len(packet), len(packet)) + packet)
    return b"".join(out)


def _packet(sent: Sent, number: int, sequences: dict[tuple[Place, Place], int]) -> bytes:
    """Ethernet, IPv4 (RFC 791) and UDP (RFC 768) or TCP (RFC 9293) around one message."""
    (source, source_port), (target, target_port) = sent.source, sent.target
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    udp = sent.transport == "udp"
    if udp:
        header = struct.pack("!HHHH", source_port, target_port, 8 + len(sent.data), 0)
    else:
        here, there = (sent.source, sent.target), (sent.target, sent.source)
        sequence, acknowledged = sequences.get(here, 1), sequences.get(there, 1)
        sequences[here] = (sequence + len(sent.data)) % 2**32
        header = struct.pack("!HHIIHHHH", source_port, target_port, sequence, acknowledged, _PUSH_ACK, 65535, 0, 0)
    protocol, segment = (_UDP if udp else _TCP), header + sent.data
    at = 6 if udp else 16
    total = _checksum(ends + struct.pack("!HH", protocol, len(segment)) + segment)
    segment = segment[:at] + struct.pack("!H", total or 0xFFFF) + segment[at + 2 :]
    top = struct.pack("!HHHHBBH", 0x4500, 20 + len(segment), number % 65536, 0, 64, protocol, 0)
    ip = top[:10] + struct.pack("!H", _checksum(top + ends)) + ends
    return bytes(12) + struct.pack("!H", _IPV4) + ip + segment


def _checksum(data: bytes) -> int:
    """The checksum of the Internet (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
