"""SIP messages: every one is read or refused with SipError, never anything else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_telephony.live.sip.dialogs import Dialog, dialog_id
from acs_telephony.live.sip.messages import (
    LONGEST,
    MOST_LINES,
    Request,
    Response,
    SipError,
    follow,
    new_request,
    parse,
    place_of,
    respond_to,
    stamp,
    tag_of,
    with_via,
)
from tests.conftest import cases


def bytes_of(text: str) -> bytes:
    return text.removeprefix("\n").replace("\n", "\r\n").encode()


def understood(message: Request | Response, name: str) -> object:
    """What a case can ask of a message, by its name."""
    ways: dict[str, Any] = {
        "method": lambda m: m.method,
        "code": lambda m: m.code,
        "call_id": lambda m: m.call_id,
        "cseq": lambda m: m.cseq.sequence,
        "from_tag": lambda m: tag_of(m, "From"),
        "to_tag": lambda m: tag_of(m, "To"),
        "vias": lambda m: len(m.via),
        "max_forwards": lambda m: m.max_forwards,
        "body": lambda m: m.body.decode(),
    }
    return ways[name](message)


@pytest.mark.parametrize("row", cases("torture.toml", "message"))
def test_torture(row: dict[str, Any]) -> None:
    data = bytes_of(row["text"])
    if row["answer"] == "refused":
        with pytest.raises(SipError):
            parse(data)
    else:
        message = parse(data)
        assert {name: understood(message, name) for name in row["then"]} == row["then"]


@pytest.mark.parametrize("row", cases("torture.toml", "may"))
def test_what_may_be_read_or_refused_gives_nothing_else(row: dict[str, Any]) -> None:
    with suppress(SipError):
        assert isinstance(parse(bytes_of(row["text"])), Request)


INVITE = bytes_of("""
INVITE sip:+14255550123@sbc1.contoso.biz:5061 SIP/2.0
Via: SIP/2.0/UDP one.example:5061;branch=z9hG4bK-1;rport, SIP/2.0/UDP two.example;branch=z9hG4bK-0
Via: SIP/2.0/TLS three.example
Record-Route: <sip:edge.example:5070;lr>
Record-Route: <sip:core.example;lr>
Max-Forwards: 70
From: "A" <sip:+1@one.example>;tag=a1
To: <sip:+14255550123@sbc1.contoso.biz>
Call-ID: c1
CSeq: 7 INVITE
Contact: <sip:one.example:5061;transport=tls>
Content-Length: 0

""")


def invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    return message


def test_a_response_has_the_via_from_to_call_id_and_cseq_of_its_request() -> None:
    request = invite()
    response = parse(bytes(respond_to(request, 180, tag="b1", contact="sip:sbc1.contoso.biz:5061")))

    assert isinstance(response, Response)
    assert (response.code, response.phrase) == (180, "Ringing")
    for name in ("Via", "From", "Call-ID", "CSeq", "Record-Route"):
        assert response.headers.getlist(name) == request.headers.getlist(name)
    assert tag_of(response, "To") == "b1"


def test_100_has_no_tag_and_a_tag_that_is_there_stays() -> None:
    request = invite()
    assert tag_of(respond_to(request, 100, tag="b1"), "To") == ""
    request.headers.set("To", "<sip:x@y.example>;tag=old")
    assert tag_of(respond_to(request, 200, tag="b1"), "To") == "old"


def test_the_top_via_gets_where_the_request_came_from_and_the_others_stay() -> None:
    request = invite()
    stamp(request, ("127.0.0.1", 40123))

    one, two, three = request.via
    assert (one.host, one.parameters["received"], one.parameters["rport"]) == ("one.example", "127.0.0.1", "40123")
    assert (two.host, three.host) == ("two.example", "three.example")
    assert "received" not in two.parameters


@pytest.mark.parametrize(
    "lie", [";received=203.0.113.9", " ; RECEIVED = 203.0.113.9", ";rport=9;received=203.0.113.9;maddr=203.0.113.9"]
)
def test_what_a_sender_writes_as_received_goes(lie: str) -> None:
    request = parse(INVITE.replace(b";rport,", f"{lie},".encode()))
    assert isinstance(request, Request)
    stamp(request, ("127.0.0.1", 40123))

    assert request.via[0].parameters["received"] == "127.0.0.1"
    assert "received=203" not in request.headers["Via"].lower().replace(" ", "")
    assert request.via[0].parameters.get("rport") in (None, "40123")


def test_a_branch_of_any_characters_comes_back_as_it_was() -> None:
    odd = b"z9hG4bK-.!%66*_+`'~"
    request = parse(INVITE.replace(b"z9hG4bK-1", odd))
    assert isinstance(request, Request)
    stamp(request, ("127.0.0.1", 1))
    assert b";branch=" + odd + b";" in bytes(respond_to(request, 200))


def test_cancel_and_ack_take_the_top_via_and_the_number_of_their_invite() -> None:
    request = with_via(invite(), "SIP/2.0/TLS me.example:5061;branch=z9hG4bK-9")
    refused = respond_to(request, 503, tag="b1")
    cancel, ack = follow(request, "CANCEL"), follow(request, "ACK", refused)

    for message, method, to in ((cancel, "CANCEL", ""), (ack, "ACK", "b1")):
        assert [via.host for via in message.via] == ["me.example"]
        assert (message.cseq.sequence, message.cseq.method, message.method) == (7, method, method)
        assert (str(message.uri), message.call_id) == (str(request.uri), "c1")
        assert (tag_of(message, "From"), tag_of(message, "To")) == ("a1", to)
        assert parse(bytes(message))


def test_a_dialog_has_its_routes_in_order_for_the_callee_and_turned_round_for_the_caller() -> None:
    request = invite()
    answer = respond_to(request, 200, tag="b1", contact="sip:sbc1.contoso.biz:5061;transport=tls")
    caller, callee = Dialog.as_caller(request, answer), Dialog.as_callee(request, answer)

    assert (caller.target, callee.target) == (("core.example", 5060), ("edge.example", 5070))
    ack, bye, back = caller.ack(), caller.request("BYE"), callee.request("BYE")
    assert [str(a) for a in bye.route] == ["<sip:core.example;lr>", "<sip:edge.example:5070;lr>"]
    assert [str(a) for a in back.route] == ["<sip:edge.example:5070;lr>", "<sip:core.example;lr>"]
    assert (ack.cseq.sequence, bye.cseq.sequence, back.cseq.sequence) == (7, 8, 1)
    assert (str(bye.uri), str(back.uri)) == (
        "sip:sbc1.contoso.biz:5061;transport=tls",
        "sip:one.example:5061;transport=tls",
    )
    assert dialog_id(bye) == callee.id == ("c1", "b1", "a1")
    assert dialog_id(back) == caller.id == ("c1", "a1", "b1")


@pytest.mark.parametrize("contact", ["", "<sip:a@b.example>, <sip:c@d.example>", "<tel:+12015550123>"])
def test_there_is_no_dialog_without_one_sip_address_in_contact(contact: str) -> None:
    answer = respond_to(invite(), 200, tag="b1", headers=[("Contact", contact)] if contact else [])
    with pytest.raises(SipError):
        Dialog.as_caller(invite(), answer)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("sip:a.example", ("a.example", 5060)),
        ("sip:a.example;transport=TLS", ("a.example", 5061)),
        ("sip:+1@a.example:7;transport=tls", ("a.example", 7)),
    ],
)
def test_a_uri_without_a_port_has_the_port_of_its_transport(uri: str, place: tuple[str, int]) -> None:
    assert place_of(new_request("OPTIONS", uri, caller=uri, callee=uri, call_id="c", tag="t").uri) == place


@pytest.mark.parametrize(
    "line",
    [
        "From: <sip:a@b.example>;self=1;tag=x",
        "X-Bare: a\nb",
        "X-Return: a\rb",
        "X-Nul: \0",
        ": no name",
        'Via: SIP/2.0/UDP a.example;x="b,c";branch=z9hG4bK-1',
        "no colon",
    ],
)
def test_lines_that_could_smuggle_something_are_refused(line: str) -> None:
    name = line.partition(":")[0].encode()
    start, *rows = [row for row in INVITE.split(b"\r\n")[:-2] if not name or not row.startswith(name)]
    with pytest.raises(SipError):
        parse(b"\r\n".join([start, line.encode(), *rows]) + b"\r\n\r\n")


def test_long_messages_and_many_lines_are_refused_and_just_as_many_are_read() -> None:
    lines = INVITE.count(b"\r\n") - 2
    vias = b"Via: SIP/2.0/UDP a.example\r\n"
    at_most = INVITE.replace(b"Via:", vias * (MOST_LINES - lines) + b"Via:", 1)

    assert len(parse(at_most).via) == MOST_LINES - lines + 3
    with pytest.raises(SipError):
        parse(at_most.replace(b"Via:", vias + b"Via:", 1))
    with pytest.raises(SipError):
        parse(INVITE.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * LONGEST + b"\r\n\r\n"))


HARD = [
    "a-" * 9_000,
    "a." * 9_000,
    "-" * 9_000,
    " " * 30_000,
    ";a=" * 9_000,
    '"' * 20_000,
    "%41" * 9_000,
    "<" * 20_000,
    ":" * 9_000,
]


@pytest.mark.parametrize("many", HARD, ids=[text[:3] for text in HARD])
@pytest.mark.parametrize("place", [b"sip:one.example:5061;", b"one.example:5061;b", b"sip:+1@one", b"c1"])
def test_no_long_header_takes_long(many: str, place: bytes) -> None:
    """Bounded by the test's own patience: an expression that backtracks would never end."""
    for end in ("", "!", "\x7f"):
        try:
            message = parse(INVITE.replace(place, many.encode() + end.encode() + place))
        except SipError:
            continue
        assert message.headers.keys()


@given(st.binary(max_size=300), st.integers(0, len(INVITE)), st.integers(0, 40))
def test_any_bytes_anywhere_are_read_or_refused(noise: bytes, at: int, cut: int) -> None:
    data = INVITE[:at] + noise + INVITE[at + cut :]
    try:
        message = parse(data)
    except SipError:
        return
    again = parse(bytes(respond_to(message, 200, tag="t"))) if isinstance(message, Request) else message
    assert again.call_id == message.call_id
