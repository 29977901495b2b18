"""The sockets: nothing leaves loopback, streams are cut where they must be, and strangers harm nobody."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import ssl
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme

from acs_telephony.live.sip import stack as stack_module
from acs_telephony.live.sip.dialogs import Dialog
from acs_telephony.live.sip.messages import LONGEST, Request, Response, new_request, parse, respond_to
from acs_telephony.live.sip.network import Network, OffLoopback, Sent
from acs_telephony.live.sip.pcap import pcap
from acs_telephony.live.sip.stack import Stack
from acs_telephony.live.sip.transactions import ServerTransaction
from tests.sip_peers import ACS, SBC, Puppet, answering, invite, leap, network, stacks, whole_call

OUTSIDE = [
    "203.0.113.9",
    "192.0.2.1",
    "0.0.0.0",  # noqa: S104 - it must be refused
    "128.0.0.1",
    "localhost",
    "example.com",
    "2130706433",
    "127.1",
    "::1",
    "[::1]",
    "",
]
REACHED: list[str] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.bind", "socket.getaddrinfo"):
        REACHED.append(str(arguments[0] if event == "socket.getaddrinfo" else arguments[1][0]))


sys.addaudithook(_note)


@contextmanager
def only_loopback_is_reached() -> Iterator[None]:
    """Python itself tells each address that a socket is bound to, connected to, or sends to."""
    REACHED.clear()
    yield
    assert REACHED
    assert {address for address in REACHED if not address.startswith("127.")} == set()


# --- the guard


@pytest.mark.parametrize("host", OUTSIDE)
def test_a_place_off_loopback_is_refused_before_anything_is_sent(host: str) -> None:
    async def work() -> None:
        sents: list[Sent] = []
        async with stacks(network(sents)) as (acs, _):
            with pytest.raises(OffLoopback, match="no place on this computer's loopback"):
                acs.request(invite(acs), (host, 5060))
            with pytest.raises(OffLoopback):
                acs.network.add("x", "x.example", 5060, (host, 5060))
            assert (sents, acs.table) == ([], {})

    with only_loopback_is_reached():
        leap(work)


@pytest.mark.parametrize("port", [0, -1, 65536, 2**40])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(OffLoopback):
        Network().where(("127.0.0.1", port))


def test_a_name_is_known_whatever_its_case_and_an_address_on_loopback_is_its_own() -> None:
    net = Network()
    net.add("SBC", "SBC1.contoso.biz", 5061, ("127.0.0.1", 40000))
    assert net.where(("sbc1.CONTOSO.biz", 5061)) == ("127.0.0.1", 40000)
    assert net.where(("127.9.9.9", 7)) == ("127.9.9.9", 7)
    assert (net.role(("sbc1.contoso.biz", 5061)), net.role(("sbc1.contoso.biz", 5060))) == ("SBC", "")
    with pytest.raises(OffLoopback):
        net.where(("sbc1.contoso.biz", 5060))


@pytest.mark.parametrize("host", ["203.0.113.9", "evil.example", "[::1]"])
@pytest.mark.parametrize("where", ["Contact", "Record-Route"])
def test_a_peer_that_advertises_another_address_is_not_followed(host: str, where: str) -> None:
    async def work() -> None:
        net = network()
        async with Puppet(net) as puppet:
            stack = Stack(net, "ACS", *ACS, "udp")
            await stack.start()
            headers = [(where, f"<sip:{host}:5060;lr>")] + [("Contact", "<sip:127.0.0.1:9>")] * (where != "Contact")
            given_up = stack.request(invite(stack), SBC)
            await asyncio.sleep(0.1)
            given_up.abandon()
            puppet.send(respond_to(given_up.request, 200, tag="p", headers=headers))
            kept = stack.request(invite(stack), SBC)
            await asyncio.sleep(0.1)
            puppet.send(respond_to(kept.request, 200, tag="p", headers=headers))
            dialog = Dialog.as_caller(kept.request, await kept.final())
            with pytest.raises(OffLoopback):
                stack.request(dialog.ack(), dialog.target)
            with pytest.raises(OffLoopback):
                stack.request(dialog.request("BYE"), dialog.target)
            assert puppet.times("ACK") == []
            await stack.close()

    with only_loopback_is_reached():
        leap(work)


@pytest.mark.parametrize(
    "via",
    [
        "203.0.113.9:5060;branch=z9hG4bK-1",
        "evil.example;branch=z9hG4bK-1",
        "203.0.113.9:5060;branch=z9hG4bK-1;received=203.0.113.9;rport=5060",
        "203.0.113.9:5060;branch=z9hG4bK-1;maddr=203.0.113.9",
        "127.0.0.1:99999;branch=z9hG4bK-1",
        "127.0.0.1:0;branch=z9hG4bK-1",
    ],
)
def test_a_via_of_another_address_gets_its_answer_on_loopback_or_none(via: str) -> None:
    async def work() -> None:
        sents: list[Sent] = []
        net = network(sents)
        async with stacks(net) as (acs, sbc), Puppet(net, "stranger", ("stranger.example", 5060)) as puppet:
            sbc.on_request = answering(503)
            for method in ("INVITE", "OPTIONS", "CANCEL", "ACK"):
                request = invite(acs, method)
                request.headers.set("Via", f"SIP/2.0/UDP {via}")
                puppet.send(request, sbc.address)
                await asyncio.sleep(0.1)
            await asyncio.sleep(40)
            assert {sent.target[0] for sent in sents} == {"127.0.0.1"}

    with only_loopback_is_reached():
        leap(work)


def test_a_role_that_follows_a_contact_off_loopback_refuses_the_request() -> None:
    async def work() -> None:
        async with stacks(network()) as (acs, sbc):

            async def serve(transaction: ServerTransaction) -> None:
                answer = respond_to(transaction.request, 200, tag="t")
                dialog = Dialog.as_callee(transaction.request, answer)
                sbc.request(dialog.request("BYE"), dialog.target)

            sbc.on_request = serve
            request = invite(acs)
            request.headers.set("Contact", "<sip:203.0.113.9:5060>")
            assert (await acs.request(request, SBC).final()).code == 400

    with only_loopback_is_reached():
        leap(work)


# --- streams


def options(number: int = 1, body: bytes = b"", **more: str) -> bytes:
    """OPTIONS as a stranger sends them over a stream."""
    uri = f"sip:{SBC[0]}:{SBC[1]}"
    request = new_request("OPTIONS", uri, caller="sip:a@stranger.example", callee=uri, call_id=f"s{number}", tag="s")
    request.headers.add("Via", f"SIP/2.0/TCP stranger.example;branch=z9hG4bK-s{number}")
    request.body = body
    request.headers.set("Content-Length", str(len(body)))
    for name, value in more.items():
        request.headers.set(name.replace("_", "-"), value)
    return bytes(request)


async def answers(reader: asyncio.StreamReader) -> list[int]:
    """The codes of all responses until the other side closes."""
    data = await reader.read()
    return [int(part.split(b" ", 1)[0]) for part in data.split(b"SIP/2.0 ")[1:]]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_messages_are_cut_out_of_a_stream_wherever_its_packets_end(size: int) -> None:
    async def work() -> None:
        async with stacks(network(), "tcp") as (_, sbc):
            sbc.on_request = answering(200)
            reader, writer = await asyncio.open_connection(*sbc.address)
            folded = options(2).replace(b"Content-Length: 0", b"l :\r\n 0")
            data = b"\r\n\r\n" + options(1, b"v=0\r\n\r\nOPTIONS") + b"\r\n" + folded + options(3, b"x" * 30_000)
            for at in range(0, len(data) if size > 1 else 1500, size):
                writer.write(data[at : at + size])
                await asyncio.sleep(0)
            writer.write(data[1500:] if size == 1 else b"")
            writer.write_eof()
            assert await answers(reader) == [200, 200, 200]
            writer.close()

    leap(work)


@pytest.mark.parametrize(
    "length", ["-1", "99999999999999999999", "1e3", "0x10", "", "+5", "\u0665", "5, 5", str(LONGEST), "none"]
)
def test_a_stream_whose_messages_cannot_be_cut_is_closed(length: str) -> None:
    async def work() -> None:
        async with stacks(network(), "tcp") as (_, sbc):
            sbc.on_request = answering(200)
            reader, writer = await asyncio.open_connection(*sbc.address)
            bad = options(2, Content_Length=length)
            writer.write(options(1) + (bad.replace(b"Content-Length", b"X-Length") if length == "none" else bad))
            assert await answers(reader) in ([200], [])
            writer.close()

    leap(work)


def test_two_lengths_that_differ_close_a_stream_and_so_do_headers_without_end() -> None:
    async def work() -> None:
        async with stacks(network(), "tcp") as (_, sbc):
            sbc.on_request = answering(200)
            for data in (options(1).replace(b"\r\n\r\n", b"\r\nl: 5\r\n\r\n"), b"OPTIONS " + b"x" * 2 * LONGEST):
                reader, writer = await asyncio.open_connection(*sbc.address)
                writer.write(data)
                with suppress(ConnectionError):
                    assert await answers(reader) == []
                writer.close()

    leap(work)


def test_a_stream_that_ends_or_stays_in_the_middle_of_a_message_leaves_nothing() -> None:
    async def work() -> None:
        async with stacks(network(), "tcp") as (_, sbc):
            kept = []
            for cut in (1, 40, 200, len(options(1, b"body")) - 1):
                for eof in (True, False):
                    reader, writer = await asyncio.open_connection(*sbc.address)
                    kept.append((reader, writer))
                    writer.write(options(1, b"body")[:cut])
                    if eof:
                        writer.write_eof()
                        assert await reader.read() == b""
            assert len(sbc.links._reading) == 4
        for _, writer in kept:
            writer.close()

    leap(work)


def test_connections_that_are_reset_before_they_are_taken_leave_nothing() -> None:
    async def work() -> None:
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        async with stacks(network(), "tcp") as (acs, sbc):
            sbc.on_request = answering(200)
            for _ in range(50):
                with socket.create_connection(sbc.address) as gone:
                    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            assert (await acs.request(invite(acs, "OPTIONS"), SBC).final()).code == 200
            assert (len(sbc.links._reading), told) == (1, [])

    leap(work)


def test_a_malformed_message_on_a_stream_gets_400_and_the_next_one_is_answered() -> None:
    async def work() -> None:
        sents: list[Sent] = []
        async with stacks(network(sents), "tcp") as (_, sbc):
            sbc.on_request = answering(200)
            reader, writer = await asyncio.open_connection(*sbc.address)
            writer.write(options(1, CSeq="1 INVITE") + b"nonsense\r\nl: 3\r\n\r\nabc" + options(2))
            writer.write_eof()
            assert await answers(reader) == [400, 200]
            writer.close()
            told = [(SBC[0], "bad-request"), ("", "outside"), (SBC[0], "answers")]
            assert [(sent.role, sent.rule) for sent in sents] == told

    leap(work)


def test_a_connection_is_kept_used_again_and_opened_anew_when_it_was_lost() -> None:
    async def work() -> None:
        net = network()
        async with stacks(net, "tcp") as (acs, sbc):
            sbc.on_request = answering(180)
            assert (await acs.request(invite(acs, "OPTIONS"), SBC).final()).code == 200
            one = set(acs.links._reading)
            both = await asyncio.gather(*(acs.request(invite(acs, "OPTIONS"), SBC).final() for _ in range(5)))
            assert ([response.code for response in both], set(acs.links._reading)) == ([200] * 5, one)

            ringing = acs.request(invite(acs), SBC)
            assert [(await anext(ringing)).code for _ in range(2)] == [100, 180]
            sbc.listening = False
            assert not sbc.listening
            lost = await ringing.final()
            assert (lost.code, ringing.cause, ringing.detail) == (503, "refused", "the connection was closed")
            refused = acs.request(invite(acs), SBC)
            assert ((await refused.final()).code, refused.cause) == (503, "refused")
            assert refused.detail == "nothing listens on that port"
            sbc.listening = True
            assert (await acs.request(invite(acs, "OPTIONS"), SBC).final()).code == 200

    leap(work)


def test_a_udp_stack_that_does_not_listen_is_silent_and_comes_back_on_its_port() -> None:
    async def work() -> None:
        async with stacks(network()) as (acs, sbc):
            sbc.on_request = answering(200)
            before = sbc.address
            sbc.listening = False
            asked = acs.request(invite(acs, "OPTIONS"), SBC)
            assert ((await asked.final()).code, asked.cause) == (408, "silence")
            sbc.listening = True
            assert (await acs.request(invite(acs, "OPTIONS"), SBC).final()).code == 200
            assert sbc.address == before

    leap(work)


# --- TLS


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def context(ca: trustme.CA, server: bool, name: str, trusted: trustme.CA | None = None, **given: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    ca.issue_cert(name, **given).configure_cert(made)
    (trusted or ca).configure_trust(made)
    made.verify_mode = ssl.CERT_REQUIRED
    return made


async def tls_pair(net: Network, server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[Stack, Stack]:
    acs = Stack(net, "ACS", *ACS, "tls", server_context=server, client_context=client)
    sbc = Stack(net, SBC[0], *SBC, "tls", server_context=server, client_context=client)
    for stack in (acs, sbc):
        await stack.start()
    return acs, sbc


def test_over_tls_both_sides_show_a_certificate_and_every_raw_text_is_the_same_each_time(ca: trustme.CA) -> None:
    async def work() -> None:
        runs = []
        for _ in range(3):
            sents: list[Sent] = []
            seen: list[Any] = []
            net = network(sents)
            server, client = context(ca, True, SBC[0]), context(ca, False, ACS[0])
            acs, sbc = await tls_pair(net, server, client)

            async def serve(transaction: ServerTransaction, seen: list[Any] = seen) -> None:
                assert transaction.peer_certificate
                seen.append(transaction.peer_certificate["subjectAltName"])
                await transaction.respond(503, rule="fault")

            sbc.on_request = serve
            assert (await acs.request(invite(acs), SBC).final()).code == 503
            assert seen == [(("DNS", ACS[0]),)]
            await acs.close()
            await sbc.close()
            runs.append([(sent.role, sent.peer, sent.rule, net.in_names(sent.data)) for sent in sents])
        assert runs[0] == runs[1] == runs[2]
        assert [rule for _, _, rule, _ in runs[0]] == ["invite", "trying", "fault", "ack-non-2xx"]
        assert "127.0.0.1" not in str(runs[0])

    leap(work)


PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("wrong name", "certificate is not for sbc1.contoso.biz"),
        ("expired", "certificate has expired"),
        ("unknown CA", "certificate comes from a CA that is not trusted"),
        ("client expired", "the other side says: certificate has expired"),
        ("client unknown CA", "the other side says: certificate comes from a CA that is not trusted"),
        ("client none", "the other side says: a client certificate is required"),
    ],
)
def test_a_certificate_that_does_not_hold_is_503_and_the_reason_is_said(
    ca: trustme.CA, fault: str, detail: str
) -> None:
    async def work() -> None:
        other = trustme.CA()
        given = {"not_after": PAST} if "expired" in fault else {}
        bad = other if "unknown" in fault else ca
        name = "other.example" if fault == "wrong name" else SBC[0]
        server = context(bad, True, name, ca, **given) if "client" not in fault else context(ca, True, SBC[0])
        client = context(bad, False, ACS[0], ca, **given) if "client" in fault else context(ca, False, ACS[0])
        if fault == "client none":
            client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            ca.configure_trust(client)
        sents: list[Sent] = []
        acs, sbc = await tls_pair(network(sents), server, client)
        heard: list[ServerTransaction] = []

        async def serve(transaction: ServerTransaction) -> None:
            heard.append(transaction)

        sbc.on_request = serve
        for _ in range(2):
            asked = acs.request(invite(acs), SBC)
            assert ((await asked.final()).code, asked.cause, asked.detail) == (503, "certificate", detail)
        assert heard == []
        await acs.close()
        await sbc.close()

    leap(work)


def test_a_peer_that_takes_a_connection_and_never_shakes_hands_is_silence(ca: trustme.CA) -> None:
    async def work() -> None:
        net = network()
        taken: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(lambda reader, writer: taken.append(writer), "127.0.0.1", 0)
        net.add(SBC[0], *SBC, server.sockets[0].getsockname())
        contexts = {"server_context": context(ca, True, ACS[0]), "client_context": context(ca, False, ACS[0])}
        acs = Stack(net, "ACS", *ACS, "tls", **contexts)
        await acs.start()
        asked = acs.request(invite(acs), SBC)
        assert ((await asked.final()).code, asked.cause) == (408, "silence")
        for writer in taken:
            writer.close()
        server.close()
        await acs.close()

    leap(work)


# --- strangers


JUNK = [
    b"\r\n",
    b"\r\n ",
    b"\0",
    b";",
    b",",
    b'"',
    b"<",
    b"%00",
    b"\xff",
    b": ",
    b"\t",
    b"\xc3\xa9",
    b"=",
    b"[::1]",
    b"@",
]
NUMBERS = [-1, 0, 1, 2**31 - 1, 2**31, 2**32, 10**30, 99_999, 1.5]


def fuzzed(rng: random.Random, seeds: list[bytes]) -> bytes:
    """A message with one thing wrong, or some; about half can still be read."""
    lines = rng.choice(seeds).split(b"\r\n")
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(lines))
        line, cut = lines[at], rng.randrange(len(lines[at]) + 1)
        match rng.randrange(10):
            case 0:
                lines[at] = line[:cut] + rng.randbytes(rng.randrange(4)) + line[cut:]
            case 1:
                lines[at] = line[:cut] + rng.choice(JUNK) * rng.choice((1, 1, 50)) + line[cut:]
            case 2:
                lines[at] = line[:cut] + line[cut + rng.randrange(30) :]
            case 3:
                lines[at] = line[:cut] + line * rng.randrange(9) + line[cut:]
            case 4:
                lines = lines[:1] + rng.sample(lines[1:], len(lines) - 1)
            case 5:
                lines.insert(at, rng.choice(rng.choice(seeds).split(b"\r\n")))
            case 6:
                lines[at] = re.sub(rb"[0-9]+", str(rng.choice(NUMBERS)).encode(), line, count=1)
            case 7:
                lines[at] = line.replace(b": ", b" :\r\n\t ", 1).swapcase()
            case 8:
                lines.insert(1, b"Via: SIP/2.0/UDP a.example;branch=%d" % cut)
            case _:
                lines[at] = line[:cut] + rng.choice(rng.choice(seeds).split(b"\r\n"))[cut:]
    return b"\r\n".join(lines)[:8000]


def seeds(stack: Stack) -> list[bytes]:
    made: list[Request | Response] = []
    for method in ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER"):
        request = invite(stack, method)
        request.headers.add("Via", "SIP/2.0/UDP stranger.example:5060;branch=z9hG4bK-call-1-ACS;rport")
        request.headers.add("Record-Route", "<sip:127.0.0.1:5060;lr>")
        made += [request, respond_to(request, 180, tag="x"), respond_to(request, 200, tag="x", contact="sip:127.0.0.1")]
    return [bytes(message) for message in made]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every message that a stack has begun to read: what got lost on its way harms nobody anyway."""
    began: list[bytes] = []
    monkeypatch.setattr(stack_module, "parse", lambda data: began.append(data) or parse(data))
    return began


def test_ten_thousand_fuzzed_packets_harm_no_stack(read: list[bytes]) -> None:
    async def work() -> None:
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        net = network()
        rng = random.Random(4475)
        async with stacks(net) as (acs, sbc), Puppet(net, "stranger", ("stranger.example", 5060)) as puppet:
            puppet.datagram_received = lambda data, source: None  # type: ignore[method-assign,assignment]
            sbc.on_request = acs.on_request = answering(180, 200)
            known = seeds(acs)
            open_calls = [acs.request(invite(acs), SBC) for _ in range(3)]
            while len(read) < 10_000:
                for stack in (acs, sbc):
                    puppet.send(fuzzed(rng, known), stack.address)
                await asyncio.sleep(0)
            for asked in open_calls:
                assert (await asked.final()).code in range(200, 700)
            await asyncio.sleep(200)
            assert (await acs.request(invite(acs, "OPTIONS"), SBC).final()).code == 200
            await asyncio.sleep(200)
            assert (acs.table, sbc.table, told) == ({}, {}, [])

    with only_loopback_is_reached():
        leap(work)


def test_fuzzed_messages_over_tls_harm_no_stack(ca: trustme.CA, read: list[bytes], full: bool) -> None:
    async def work() -> None:
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        rng = random.Random(4475)
        client = context(ca, False, "stranger.example")
        acs, sbc = await tls_pair(network(), context(ca, True, SBC[0]), client)
        sbc.on_request = answering(180, 200)
        known = seeds(acs)
        while len(read) < (10_000 if full else 3_000):
            reader, writer = await asyncio.open_connection(*sbc.address, ssl=client, server_hostname=SBC[0])
            # Most are framed as they should be; one that is not ends its connection.
            for _ in range(30):
                head, _, body = fuzzed(rng, known).partition(b"\r\n\r\n")
                length = b"\r\nContent-Length: %d\r\n\r\n" % len(body)
                lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-l", b"l:"))]
                writer.write(b"\r\n".join(lines) + (length if rng.random() < 0.995 else b"\r\n\r\n") + body)
            writer.transport.abort() if rng.random() < 0.3 else writer.close()
            with suppress(OSError):
                await reader.read()
        assert (await acs.request(invite(acs, "OPTIONS"), SBC).final()).code == 200
        await asyncio.sleep(40)
        assert (sbc.links._reading.keys() - acs.links._reading.keys(), told) == (sbc.links._reading.keys(), [])
        assert len(sbc.links._reading) == 1
        assert acs.table == sbc.table == {}
        await acs.close()
        await sbc.close()

    leap(work)


# --- what a network keeps


def test_a_message_from_outside_the_lab_is_recorded_and_a_stack_s_own_once() -> None:
    async def work() -> None:
        sents: list[Sent] = []
        net = network(sents)
        async with Puppet(net) as puppet:
            stack = Stack(net, "ACS", *ACS, "udp")
            await stack.start()
            asked = stack.request(invite(stack, "OPTIONS"), SBC)
            await asyncio.sleep(0.1)
            puppet.answer(200)
            assert (await asked.final()).code == 200
            told = [(sent.role, sent.peer, sent.rule, sent.source, sent.target) for sent in sents]
            here, there = stack.address, puppet.address
            assert told == [("ACS", SBC[0], "invite", here, there), (SBC[0], "ACS", "outside", there, here)]
            await stack.close()

    leap(work)


def test_a_lost_packet_was_sent_and_the_same_ones_are_lost_each_time() -> None:
    def lost(seed: int) -> list[bool]:
        net = Network(loss=0.5, seed=seed)
        return [net.loses() for _ in range(50)]

    assert lost(1) == lost(1) != lost(2)
    assert not any(Network().loses() for _ in range(50))


def test_a_capture_holds_each_message_with_right_lengths_and_checksums() -> None:
    """Read back by hand as RFC 791, 768 and 9293 lay it out: a checksum over what holds it is all ones."""
    here, there = ("127.0.0.1", 40_000), ("127.0.0.1", 40_001)
    texts = [b"OPTIONS sip:a SIP/2.0\r\n\r\n", b"odd", b""]
    sents = [
        Sent(1.25, "a", "b", here, there, kind, data, "options", False) for kind in ("udp", "tls") for data in texts
    ]

    def ones(data: bytes) -> int:
        total = sum(struct.unpack(f"!{len(data + b'x') // 2}H", data + b"\0" * (len(data) % 2)))
        return (total & 0xFFFF) + (total >> 16)

    data = pcap(sents)
    assert struct.unpack("<IHHiIII", data[:24])[-1] == 1
    at, acknowledged = 24, []
    for sent in sents:
        seconds, micro, kept, length = struct.unpack("<IIII", data[at : at + 16])
        frame = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        ip, segment = frame[14:34], frame[34:]
        assert (seconds, micro, kept) == (1, 250_000, length)
        assert (frame[12:14], struct.unpack("!H", ip[2:4])[0]) == (b"\x08\x00", len(frame) - 14)
        assert ones(ip) == ones(ip[12:20] + struct.pack("!HH", ip[9], len(segment)) + segment) == 0xFFFF
        assert struct.unpack("!HH", segment[:4]) == (40_000, 40_001)
        assert segment[8 if sent.transport == "udp" else 20 :] == sent.data
        if sent.transport == "tls":
            acknowledged.append(struct.unpack("!I", segment[4:8])[0])
    assert at == len(data)
    assert acknowledged == [1, 1 + len(texts[0]), 1 + len(texts[0]) + len(texts[1])]


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_thousand_calls_over_streams_leave_nothing(ca: trustme.CA, transport: str) -> None:
    async def work() -> None:
        net = network()
        contexts: dict[str, Any] = {}
        if transport == "tls":
            contexts = {"server_context": context(ca, True, SBC[0]), "client_context": context(ca, False, ACS[0])}
        async with stacks(net, transport, **contexts) as (acs, sbc):
            sbc.on_request = answering(180, 200)
            for _ in range(5):
                assert await asyncio.gather(*(whole_call(acs) for _ in range(200))) == ["BYE 200"] * 200
                await asyncio.sleep(33)  # 64*T1, after which RFC 6026 forgets
                assert (len(acs.links._reading), len(sbc.links._reading), len(net.own)) == (1, 1, 3)
                assert (acs.table, sbc.table, len(asyncio.all_tasks())) == ({}, {}, 3)

    leap(work)
