"""A local ACS resource that Microsoft's unmodified SDK accepts: SIP routing, and the numbers that were bought.

>>> from azure.communication.phonenumbers.siprouting import SipRoutingClient
>>> from acs_telephony.tables import microsoft_three_routes
>>> local = LocalResource(microsoft_three_routes())
>>> client = SipRoutingClient.from_connection_string(local.connection_string, **local.client_kwargs())
>>> [trunk.fqdn for trunk in client.list_trunks()]
['sbc1.contoso.biz', 'sbc2.contoso.biz', 'sbc3.contoso.biz', 'sbc4.contoso.biz', 'sbc5.contoso.biz']

Checked as documented or seen (`facts/sip_api.toml`): the signature (HMAC-SHA256) over the raw request target, the hash
of the body, a date at most five minutes away, the version of the API, and the type of the content. Our model: the body
of every answer that nobody has written down (code NotDocumented), and of a bought number its date and its price.
What a table means is in `service`; a socket for other programs is in `serving`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from acs_telephony.errors import AcsTelephonyError, ConfigurationError, Problem
from acs_telephony.facts import load
from acs_telephony.live.service import PREVIEW, VERSIONS, Refusal, State, matching, not_documented
from acs_telephony.models import Resource, SipConfiguration, quoted, read_json

ENDPOINT = "https://resource.localhost"
MERGE_PATCH = "application/merge-patch+json"
SIGNED = "x-ms-date;host;x-ms-content-sha256"
_API = load("sip_api")
_MOST_APART = timedelta(minutes=_API["denied"]["most_minutes_apart"])
_HEALTH = {row["what"]: row["api"] for row in load("sip_responses")["health_words"]}
_REASONS = (None, "noRecentCalls", "noRecentPings", "noRecentCallsAndPings")
_MOST_LISTED = 100
_NONE: dict[str, Any] = {"domains": None}


class Broken(Exception):  # noqa: N818 (the connection breaks; the transport says it in its own way)
    """The connection ends here, without an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came, and how it was answered (status None: the connection broke); headers are not kept."""

    verb: str
    path: str
    body: str
    status: int | None
    code: str = ""


def signature(key: str, verb: str, target: str, date: str, host: str, digest: str) -> str:
    """The value of the header Authorization for a request: HMAC-SHA256 with the access key (base64)."""
    said = f"{verb}\n{target}\n{date};{host};{digest}"
    made = hmac.new(base64.b64decode(key), said.encode("utf-8"), hashlib.sha256).digest()
    return f"HMAC-SHA256 SignedHeaders={SIGNED}&Signature={base64.b64encode(made).decode('ascii')}"


def digest_of(body: bytes) -> str:
    """The value of the header x-ms-content-sha256."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


class LocalResource:
    """A resource in this process, with a random access key; `now` tells the time, against which dates are checked.

    A table may be a Resource, a SipConfiguration, or the JSON of one. Raises ConfigurationError for another one.
    """

    local = True

    def __init__(
        self,
        table: Resource | SipConfiguration | Mapping[str, Any] | str = "{}",
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        configuration = table.configuration if isinstance(table, Resource) else table
        if not isinstance(configuration, SipConfiguration):
            configuration = SipConfiguration.load(configuration)
        self.purchased_numbers = table.purchased_numbers if isinstance(table, Resource) else ()
        self.access_key = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
        #: The last 200 requests, in order.
        self.requests: tuple[Request, ...] = ()
        #: How long a client waited before it tried again, in seconds; in process nobody really waits.
        self.waited = 0.0
        #: How long every answer takes, in seconds.
        self.latency = 0.0
        self._now = now
        _check_domains(configuration.dump().get("domains"))
        self._state = State.of(configuration.dump())
        self._health: dict[str, dict[str, Any]] = {}
        self._busy = 0
        self._breaks: deque[bool] = deque()
        self._meanwhile: deque[Mapping[str, Any]] = deque()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<LocalResource: {len(self._state.trunks)} trunks, {len(self._state.routes)} routes>"

    @property
    def connection_string(self) -> str:
        """What a client is made from. It holds the access key, so it belongs into no output."""
        return self.connection_string_at(ENDPOINT)

    def connection_string_at(self, endpoint: str) -> str:
        """The same for a resource that is served at another address."""
        return f"endpoint={endpoint}/;accesskey={self.access_key}"

    @property
    def configuration(self) -> SipConfiguration:
        """The table as GA shows it now."""
        return SipConfiguration.load(self._state.shown(next(iter(VERSIONS))))

    @property
    def table(self) -> dict[str, Any]:
        """Everything that it keeps now, as JSON: the fields of every version. Domains that it made up are left out."""
        wire = self._state.shown(PREVIEW)
        return {name: its for name, its in wire.items() if name != "domains" or its != State.of(wire | _NONE).domains}

    def client_kwargs(self, *, aio: bool = False) -> dict[str, Any]:
        """What a client of the SDK is given to ask this resource, without a port; `aio` is for its async clients."""
        return {"transport": _transport(self, aio)}

    # ---------------------------------------------------------------- what a learner sets

    def set_health(
        self, fqdn: str, *, tls: str = "ok", ping: str = "ok", overall: str = "active", reason: str | None = None
    ) -> None:
        """Say how a trunk is, in the words of the API; until then everything about it is unknown."""
        if fqdn not in self._state.trunks:
            raise AcsTelephonyError(f"no trunk is called {quoted(fqdn)}", remedy="Name a trunk of the table.")
        for name, word in (("tls", tls), ("ping", ping), ("overall", overall)):
            if word not in _HEALTH[name]:
                remedy = f"Use one of: {', '.join(_HEALTH[name])}."
                raise AcsTelephonyError(f"{quoted(word)} is no state", place=name, remedy=remedy)
        if reason not in _REASONS:
            remedy = f"Use one of: {', '.join(filter(None, _REASONS))}; or None."
            raise AcsTelephonyError(f"{quoted(reason)} is no reason", place="reason", remedy=remedy)
        self._health[fqdn] = _health(tls, ping, overall, reason)

    def be_busy(self, times: int = 1) -> None:
        """Answer the next requests with 503 at the door, as the service was once seen to do."""
        self._busy = times

    def break_next(self, *, written: bool = False) -> None:
        """Break the connection at the next request, before it does anything, or after it was `written`."""
        self._breaks.append(written)

    def meanwhile(self, patch: Mapping[str, Any]) -> None:
        """Let another writer's merge patch come in just before the next change: a lost update, if nobody looks."""
        self._meanwhile.append(patch)

    # ---------------------------------------------------------------- HTTP

    def answer(self, verb: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to a request; `target` is the raw path with its query. Raises Broken where that was asked for."""
        if self.latency:  # even a sleep of no length costs a tenth of a millisecond
            time.sleep(self.latency)
        names = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            breaks = self._breaks.popleft() if self._breaks else None
            if breaks is False:
                self._note(verb, target, body, None)
                raise Broken
            status, value, code = self._dispatch(verb, target, names, body)
            self._note(verb, target, body, None if breaks else status, code)
        if breaks:
            raise Broken
        sent = {"Date": format_datetime(self._now().astimezone(UTC), usegmt=True)}
        if isinstance(value, str):
            return Answer(status, value.encode("utf-8"), {**sent, "Content-Type": "text/html"})
        sent |= {"Content-Type": "application/json; charset=utf-8", "api-supported-versions": ", ".join(VERSIONS)}
        if status >= 400:
            sent["x-ms-error-code"] = value["error"]["code"]
        return Answer(status, json.dumps(value).encode("utf-8"), sent)

    def _note(self, verb: str, target: str, body: bytes, status: int | None, code: str = "") -> None:
        path = unquote(target.partition("?")[0])
        self.requests = (*self.requests[-199:], Request(verb, path, body.decode("utf-8", "replace"), status, code))

    def _dispatch(self, verb: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any, str]:
        if self._busy:
            self._busy -= 1
            return _API["front_door"]["status"], "<html><body>503 Service Unavailable</body></html>", ""
        if not self._is_signed(verb, target, headers, body):
            return _error(_API["denied"]["status"], _API["denied"]["code"], _API["denied"]["message"])
        try:
            return self._asked(verb, target, headers, body)
        except Refusal as refusal:
            return refusal.status, refusal.body(), refusal.code

    def _is_signed(self, verb: str, target: str, headers: Mapping[str, str], body: bytes) -> bool:
        date, digest = headers.get("x-ms-date", ""), headers.get("x-ms-content-sha256", "")
        try:
            apart = abs(parsedate_to_datetime(date).astimezone(UTC) - self._now())
        except (ValueError, TypeError, IndexError, OverflowError):
            return False
        wanted = signature(self.access_key, verb, target, date, headers.get("host", ""), digest)
        given = headers.get("authorization", "").encode("utf-8", "replace")
        return apart <= _MOST_APART and digest == digest_of(body) and hmac.compare_digest(wanted.encode("utf-8"), given)

    def _asked(self, verb: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any, str]:
        try:
            parts = urlsplit(target)
        except ValueError:
            return _missing(404, f"{quoted(target)} is no address")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        version, path = query.get("api-version", ""), unquote(parts.path)
        if path == "/phoneNumbers" or path.startswith("/phoneNumbers/"):
            return self._numbers(verb, path.removeprefix("/phoneNumbers").lstrip("/"), query, headers)
        if path not in ("/sip", "/sip:testRoutesWithNumber"):
            return _missing(404, f"There is no {quoted(path)} here")
        if version not in VERSIONS:
            return _missing(400, f"The version {quoted(version)} is none of {', '.join(VERSIONS)}")
        if path == "/sip" and verb == "GET":
            return 200, self._state.shown(version, self._health_now(query.get("expand"), version)), ""
        if (path, verb) not in (("/sip", "PATCH"), ("/sip:testRoutesWithNumber", "POST")):
            return _missing(405, f"{quoted(verb)} is not for {quoted(path)}")
        wanted = MERGE_PATCH if verb == "PATCH" else "application/json"
        if headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
            return _missing(_API["unsupported_media_type"]["status"], f"The content has to be {wanted}")
        try:
            given = read_json(body)
        except ConfigurationError as error:
            raise not_documented(f"The request is no JSON ({error.place}: {error.problem})") from None
        if verb == "POST":
            if not VERSIONS[version]["test_routes"]:
                return _missing(404, f"Routes are tested by version {PREVIEW}")
            return 200, matching(given, query.get("targetPhoneNumber", ""), version), ""
        while self._meanwhile:
            with suppress(Refusal):  # the other writer was refused; that is its own affair
                self._state = self._state.patched(dict(self._meanwhile.popleft()), PREVIEW)
        self._state = self._state.patched(given, version)
        return 200, self._state.shown(version), ""

    def _health_now(self, expand: str | None, version: str) -> dict[str, dict[str, Any]] | None:
        if expand != "trunks/health" or version != PREVIEW:
            return None
        unknown = _health("unknown", "unknown", "unknown", None)
        return {fqdn: self._health.get(fqdn, unknown) for fqdn in self._state.trunks}

    def _numbers(
        self, verb: str, asked: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, Any, str]:
        version = _API["numbers"]["version"]
        if verb != "GET" or query.get("api-version") != version:
            return _missing(400, f"Numbers are only listed here, by version {version}")
        if asked and asked in self.purchased_numbers:
            return 200, _number(asked), ""
        if asked:
            known = _API["unknown_number"]
            return _error(known["status"], known["code"], known["message"].format(number=asked), known["target"])
        try:
            skip, top = (int(query.get(name, default)) for name, default in (("skip", "0"), ("top", "100")))
        except ValueError:
            skip = -1
        if skip < 0 or not 1 <= top <= _MOST_LISTED:
            return _missing(400, f"'skip' is a number from 0, 'top' one from 1 to {_MOST_LISTED}")
        page: dict[str, Any] = {"phoneNumbers": [_number(one) for one in self.purchased_numbers[skip : skip + top]]}
        if len(self.purchased_numbers) > skip + top:
            rest = f"skip={skip + top}&top={top}&api-version={version}"
            page["nextLink"] = f"https://{headers.get('host', '')}/phoneNumbers?{rest}"
        return 200, page, ""


def _check_domains(domains: Any) -> None:
    rows = domains if isinstance(domains, dict) else {} if domains is None else {"": None}
    for name, row in rows.items():
        if not isinstance(row, dict) or type(row.get("enabled")) is not bool:
            remedy = 'Write {"contoso.com": {"enabled": true}}.'
            raise ConfigurationError((Problem(f"domains.{name}".rstrip("."), "this is no domain", remedy),))


def _error(status: int, code: str, message: str, target: str | None = None) -> tuple[int, Any, str]:
    return status, {"error": {"code": code, "message": message, **({"target": target} if target else {})}}, code


def _missing(status: int, what: str) -> tuple[int, Any, str]:
    refused = not_documented(what)
    return _error(status, refused.code, refused.message)


def _health(tls: str, ping: str, overall: str, reason: str | None) -> dict[str, Any]:
    said = {"status": overall, **({"reason": reason} if reason else {})}
    return {"tls": {"status": tls}, "ping": {"status": ping}, "overall": said}


def _number(number: str) -> dict[str, Any]:
    """A bought number as the API lists it: where it belongs is read from it; the date and the price are made."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        parsed = phonenumbers.PhoneNumber()  # the shape of E.164, and of no country
    kind: Literal["tollFree", "mobile", "geographic"] = "geographic"
    match phonenumbers.number_type(parsed):
        case phonenumbers.PhoneNumberType.TOLL_FREE:
            kind = "tollFree"
        case phonenumbers.PhoneNumberType.MOBILE:
            kind = "mobile"
    return {
        "id": number.removeprefix("+"),
        "phoneNumber": number,
        "countryCode": phonenumbers.region_code_for_number(parsed) or "ZZ",
        "phoneNumberType": kind,
        "capabilities": {"calling": "inbound+outbound", "sms": "none"},
        "assignmentType": "application",
        "purchaseDate": "2026-01-01T00:00:00+00:00",
        "cost": {"amount": 0.0, "currencyCode": "USD", "billingFrequency": "monthly"},
    }


# ---------------------------------------------------------------- in process


def _transport(resource: LocalResource, aio: bool) -> Any:
    """The SDK's own transport over a session of `requests` that asks the resource instead of the network."""
    try:
        import azure.core.pipeline.transport as transports
    except ModuleNotFoundError as error:
        remedy = "Run: pip install 'acs-telephony[sdk]'."
        raise AcsTelephonyError(f"the package {error.name} is missing", remedy=remedy) from None
    import requests
    import urllib3

    class Session:
        """As much of a session of `requests` as the transport asks for; its own would cost a millisecond a request."""

        def request(self, verb: str, url: str, *, headers: Any, data: Any, **_: Any) -> requests.Response:
            parts, body = urlsplit(url), data or b""
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            body = body.encode("utf-8") if isinstance(body, str) else body
            try:
                answer = resource.answer(verb, target, {**headers, "host": parts.netloc}, body)
            except Broken:
                raise requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.")) from None
            response = requests.Response()
            response.status_code, response.url = answer.status, url
            response.headers.update(answer.headers)
            response.raw = urllib3.HTTPResponse(io.BytesIO(answer.body), answer.headers, preload_content=False)
            return response

    session = Session()

    class InProcess(transports.RequestsTransport):  # type: ignore[misc] # azure.core finds it at run time
        def sleep(self, duration: float) -> None:
            resource.waited += duration

    if not aio:
        return InProcess(session=session, session_owner=False)

    class AsyncInProcess(transports.AsyncioRequestsTransport):  # type: ignore[misc] # so is this one
        async def sleep(self, duration: float) -> None:
            resource.waited += duration

    return AsyncInProcess(session=session, session_owner=False)
