"""SIP messages: what sipmessage reads and writes, made strict enough for what arrives from strangers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, TypeVar

from acs_telephony import facts
from acs_telephony.errors import AcsTelephonyError

try:
    from sipmessage import URI as URI
    from sipmessage import Address as Address
    from sipmessage import Message
    from sipmessage import Request as Request
    from sipmessage import Response as Response
    from sipmessage import Via as Via
except ImportError as missing:
    raise AcsTelephonyError("sipmessage is missing", remedy="Run: pip install 'acs-telephony[sip]'") from missing

M = TypeVar("M", Request, Response)
#: (host, port), as names in messages or as addresses of this computer.
Place = tuple[str, int]

#: The longest message in bytes, and the most header lines, that are read; each fits one packet and takes no time.
LONGEST, MOST_LINES = 60_000, 400

_NAMED = [*facts.load("sip_responses")["provisional"], *facts.load("sip_responses")["final_codes"]]
_OTHERS = {400: "Bad Request", 405: "Method Not Allowed", 481: "Call/Transaction Does Not Exist", 502: "Bad Gateway"}
#: Reason phrases (RFC 3261 21): those that Microsoft's pages name too, and some that they have no need for.
REASONS: dict[int, str] = {row["code"]: row["name"] for row in _NAMED} | _OTHERS

_ONCE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f]")
_FOLD = re.compile(rb"\r\n[ \t]+")
_STAMPS = re.compile(r"(?i) *; *(?:received|rport)(?: *= *[^; ]*)?(?=[ ;]|$)")
_NUMBER = re.compile(r"[0-9]{1,10}")
# What sipmessage raises on one odd message or another.
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError)


class SipError(AcsTelephonyError):
    """Bytes that are no SIP message, or one that RFC 3261 forbids; `request`: the request, where it can be refused."""

    def __init__(self, problem: str, *, request: Request | None = None) -> None:
        super().__init__(problem)
        self.request = request


def unfold(head: bytes) -> bytes:
    """The start line and the header lines with each header on one line (RFC 3261 7.3.1)."""
    return _FOLD.sub(b" ", head.lstrip(b"\r\n"))


def parse(data: bytes) -> Request | Response:
    """Read one whole message: header lines unfolded, the mandatory headers there and readable (RFC 3261 7, 8.1.1).

    Raises SipError for everything else, and nothing else.
    """
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not blank or len(data) > LONGEST:
        raise SipError("a SIP message has an empty line after its headers, and is not too long")
    start, *lines = unfold(head).split(b"\r\n")
    # A name may have spaces before its colon (7.3.1), which sipmessage would take for a part of it.
    named = [line.partition(b":") for line in lines]
    if len(lines) > MOST_LINES or _CONTROL.search(b"".join([start, *lines])):
        raise SipError("too many header lines, or a control character in one")
    if not all(colon and name.strip() for name, colon, _ in named):
        raise SipError("a header line is a name, a colon and a value")
    rows = [name.strip() + b":" + value for name, _, value in named]
    try:
        message = Message.parse(b"\r\n".join([start, *rows]) + b"\r\n\r\n" + body)
    except _UNREADABLE as error:
        raise SipError(f"not readable: {error}") from error
    try:
        _check(message)
    except _UNREADABLE as error:
        request = message if isinstance(message, Request) and message.method != "ACK" else None
        raise SipError(f"not a message that RFC 3261 allows: {error}", request=request) from error
    return message


def _check(message: Request | Response) -> None:
    """Read what every message must have (RFC 3261 8.1.1) and cut the body by Content-Length (18.3); else ValueError."""
    if any(len(message.headers.getlist(name)) > 1 for name in _ONCE):
        raise ValueError("a header that may stand there once is there twice")
    (_,) = _vias(message.headers["Via"].partition(",")[0])
    if not vias(message) or not dialog_of(message)[0]:
        raise ValueError("no Via, or no Call-ID")
    number, method = message.cseq.sequence, message.cseq.method
    if number >= 2**31 or (isinstance(message, Request) and method != message.method):
        raise ValueError("CSeq is of another method, or too large (8.1.1.5)")
    if isinstance(message, Response) and not 100 <= message.code <= 699:
        raise ValueError("a code is 100 to 699")
    for name in ("Max-Forwards", "Content-Length"):
        if not _NUMBER.fullmatch(message.headers.get(name, "0") or ""):
            raise ValueError(f"{name} is no number")
    for name in ("Record-Route", "Route", *["Contact"] * (method != "REGISTER")):  # whose Contact may be a star
        _ = [_addresses(text) for text in message.headers.getlist(name)]
    length = len(message.body) if message.content_length is None else message.content_length
    if length > len(message.body):
        raise ValueError("the body is shorter than Content-Length says")
    message.body = message.body[:length]


def tag_of(message: Request | Response, header: str) -> str:
    """The tag in From or To (RFC 3261 19.3); "" when there is none."""
    (address,) = _addresses(message.headers[header])
    return address.parameters.get("tag") or ""


# One message's headers come again in all that follow it, and reading them is most of the work.
@lru_cache(256)
def _addresses(text: str) -> tuple[Address, ...]:
    return tuple(Address.parse_many(text))


@lru_cache(256)
def _vias(text: str) -> tuple[Via, ...]:
    return tuple(Via.parse_many(text))


def vias(message: Request | Response) -> tuple[Via, ...]:
    """All Via, the newest first (RFC 3261 20.42)."""
    return tuple(via for text in message.headers.getlist("Via") for via in _vias(text))


def branch(message: Request | Response) -> str:
    """The branch of the top Via, which names a transaction (RFC 3261 8.1.1.7); "" without."""
    return vias(message)[0].parameters.get("branch") or ""


def dialog_of(message: Request | Response) -> tuple[str, str, str]:
    """The dialog that a message belongs to (RFC 3261 12): Call-ID, the tag in From, the tag in To."""
    return message.call_id, tag_of(message, "From"), tag_of(message, "To")


def new_request(
    method: str,
    uri: str,
    *,
    caller: str,
    callee: str,
    call_id: str,
    tag: str,
    contact: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Request:
    """A request outside any dialog (RFC 3261 8.1.1), CSeq 1; the stack adds Via.

    `caller` and `callee` are URIs ("sip:+1...@host"), `tag` is for From, `contact` a URI or nothing.
    """
    rows = [("Max-Forwards", "70"), ("From", f"<{caller}>;tag={tag}"), ("To", f"<{callee}>")]
    rows += [("Call-ID", call_id), ("CSeq", f"1 {method}")] + [("Contact", f"<{contact}>")] * bool(contact)
    return filled(Request(method, URI.parse(uri), body), [*rows, *headers])


def respond_to(
    request: Request,
    code: int,
    *,
    reason: str | None = None,
    tag: str = "",
    contact: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """The response to a request (RFC 3261 8.2.6): its Via, From, To, Call-ID, CSeq; `tag` for To where it has none.

    What makes a dialog carries the Record-Route of its INVITE too (12.1.1).
    """
    copied = ["Via", "From", "To", "Call-ID", "CSeq"] + ["Record-Route"] * (100 < code < 300)
    rows = [(name, value) for name in copied for value in request.headers.getlist(name)]
    if tag and code > 100 and not tag_of(request, "To"):
        rows = [(name, f"{value};tag={tag}" if name == "To" else value) for name, value in rows]
    rows += [("Contact", f"<{contact}>")] * bool(contact)
    phrase = REASONS.get(code, "Unknown") if reason is None else reason
    return filled(Response(code, phrase, body), [*rows, *headers])


def follow(request: Request, method: Literal["ACK", "CANCEL"], response: Response | None = None) -> Request:
    """The CANCEL of a request (RFC 3261 9.1), or its ACK for a final code of 300 and above (17.1.1.3)."""
    rows = [(name, value) for name in ("From", "Call-ID", "Route") for value in request.headers.getlist(name)]
    rows += [("To", (response or request).headers["To"]), ("CSeq", f"{request.cseq.sequence} {method}")]
    return filled(Request(method, request.uri), [("Via", request.headers["Via"]), ("Max-Forwards", "70"), *rows])


def with_via(request: Request, via: str) -> Request:
    """The request as it goes out: our Via alone (RFC 3261 8.1.1.7), and Max-Forwards."""
    out = Request(request.method, request.uri, request.body)
    kept = [name for name in request.headers.keys() if name not in ("Via", "Max-Forwards")]  # noqa: SIM118
    rows = [(name, value) for name in kept for value in request.headers.getlist(name)]
    return filled(out, [("Via", via), ("Max-Forwards", request.headers.get("Max-Forwards") or "70"), *rows])


def stamp(request: Request, source: Place) -> Via:
    """Write into the top Via where a request came from (RFC 3261 18.2.1, RFC 3581 4); the Via as it was.

    What the sender itself wrote there as `received` is of no worth, and goes.
    """
    lines = request.headers.getlist("Via")
    top, comma, rest = lines[0].partition(",")
    (via,) = _vias(top)
    port = f";rport={source[1]}" if "rport" in via.parameters else ""
    lines[0] = f"{_STAMPS.sub('', top)};received={source[0]}{port}{comma}{rest}"
    return via


def filled(message: M, rows: Iterable[tuple[str, str]]) -> M:
    """A new message with its headers, and Content-Length last."""
    for name, value in rows:
        message.headers.add(name, value)
    message.headers.set("Content-Length", str(len(message.body)))
    return message


def place_of(uri: URI) -> Place:
    """Host and port where a URI leads (RFC 3261 19.1.2): without a port 5061 for TLS, else 5060."""
    secure = uri.scheme == "sips" or (uri.parameters.get("transport") or "").lower() == "tls"
    return uri.host, uri.port or (5061 if secure else 5060)
