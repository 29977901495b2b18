"""From a table to a resource and back, through Microsoft's SDK: read, plan, apply. Nothing is written by accident.

`place` gives a local resource, or the real one that the environment names; a real one is read-only unless asked. A plan
says which numbers change their route before anything is sent. `apply` needs a yes, looks again just before it writes,
and refuses when the resource has moved. A window remains: the service has no ETag, so what another writer sends between
that look and the write is lost, or undoes it; what is there after the last write is read and compared.

Documented: the order of writes (recordings of the service: no route may name a trunk that is not there). Unknown:
whether a write by one version of the API keeps what only another one shows, such as the caller ID of a route.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from acs_telephony.automaton import compile_table
from acs_telephony.checking.auditing import audit
from acs_telephony.checking.comparing import Comparison, compare
from acs_telephony.checking.findings import Finding
from acs_telephony.domains import E164
from acs_telephony.errors import AcsTelephonyError, BudgetError
from acs_telephony.live.resource import LocalResource, digest_of, signature
from acs_telephony.live.sdk import changed, dropped, models, route_rows, trunk_rows
from acs_telephony.live.service import ERRORS, PREVIEW
from acs_telephony.models import SipConfiguration, Trunk, VoiceRoute, quoted

VARIABLE = "COMMUNICATION_CONNECTION_STRING"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


# ---------------------------------------------------------------- where


@dataclass(frozen=True, slots=True)
class RemoteResource:
    """A resource at another address; clients made with its `client_kwargs` refuse to write while it is read-only."""

    connection_string: str = field(repr=False)
    local: bool
    read_only: bool

    def client_kwargs(self, *, aio: bool = False) -> dict[str, Any]:
        """What a client of the SDK is given besides the connection string."""
        return {"per_call_policies": [_read_only_policy()]} if self.read_only else {}


def place(local: LocalResource, *, read_only: bool | None = None) -> LocalResource | RemoteResource:
    """The resource that the environment names in COMMUNICATION_CONNECTION_STRING, or else the local one.

    A real resource is read-only unless `read_only=False`; one on loopback can be written.
    Raises AcsTelephonyError for a variable that holds no connection string; the error does not repeat it.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return local
    host = urlsplit(_read_connection_string(text)["endpoint"]).hostname
    near = host in _LOOPBACK
    return RemoteResource(text, near, (not near) if read_only is None else read_only)


def _read_connection_string(text: str) -> dict[str, str]:
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    given = {name.strip().lower(): value.strip() for name, value in parts.items()}
    try:
        base64.b64decode(given["accesskey"], validate=True)
        fine = urlsplit(given["endpoint"]).hostname and given["accesskey"]
    except (KeyError, ValueError):
        fine = None
    if not fine:
        remedy = "Copy the whole connection string of the resource: endpoint=https://...;accesskey=..."
        raise AcsTelephonyError("this is no connection string", place=VARIABLE, remedy=remedy)
    return given


def _read_only_policy() -> Any:
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class ReadOnly(SansIOHTTPPolicy[Any, Any]):
        def on_request(self, request: Any) -> None:
            asked = request.http_request
            tests_routes = asked.method == "POST" and urlsplit(asked.url).path == "/sip:testRoutesWithNumber"
            if asked.method not in ("GET", "HEAD") and not tests_routes:  # a POST can buy numbers, too
                remedy = "To write, make the place with read_only=False."
                raise AcsTelephonyError("nothing was written: this resource is read-only here", remedy=remedy)

    return ReadOnly()


# ---------------------------------------------------------------- reading


def read(client: Any) -> SipConfiguration:
    """The table that a resource has now. Fields that this kit does not know are kept; `unfamiliar` names them.

    Raises AcsTelephonyError where the service refuses or cannot be reached, ConfigurationError (with every place) for a
    table that breaks a documented limit; `wire` gives the JSON of such a table.
    """
    return SipConfiguration.load(wire(client))


def wire(client: Any) -> dict[str, Any]:
    """The JSON that the service answers, as it came; for a `SipRoutingClient` of any version."""
    came: list[Any] = []
    try:
        # The whole answer, where the SDK's own models keep only the fields that they know.
        list(client.list_trunks(raw_response_hook=lambda response: came.append(response.http_response)))
    except _azure_errors() as error:
        raise explained(error) from None
    table: dict[str, Any] = came[-1].json()
    return table


def unfamiliar(configuration: SipConfiguration) -> tuple[str, ...]:
    """The places of all fields that are kept as they are, and of which this kit knows nothing.

    >>> text = '{"trunks": {"sbc1.contoso.com": {"sipSignalingPort": 5061, "enabled": false}}, "routes": []}'
    >>> unfamiliar(SipConfiguration.load(text))
    ('trunks.sbc1.contoso.com.enabled',)
    """
    rows: list[tuple[str, SipConfiguration | Trunk | VoiceRoute]] = [("", configuration)]
    rows += [(f"trunks.{trunk.fqdn}.", trunk) for trunk in configuration.trunks]
    rows += [(f"routes[{index}].", route) for index, route in enumerate(configuration.routes)]
    return tuple(place + name for place, row in rows for name in row.model_extra or ())


# ---------------------------------------------------------------- planning

Verb = Literal["set trunk", "set routes", "delete trunk"]


@dataclass(frozen=True, slots=True)
class Write:
    """One request that changes the resource."""

    verb: Verb
    what: str

    def __str__(self) -> str:
        return f"{self.verb}: {self.what}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be written so that a resource has another table, and what that does to numbers.

    `comparison` is None where the tables are too large to compare. `findings` are errors that the wanted table has and
    the live one has not: they stop `apply`. None: the tables are too large to audit.
    """

    live: SipConfiguration
    wanted: SipConfiguration
    writes: tuple[Write, ...]
    comparison: Comparison | None
    findings: tuple[Finding, ...] | None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plan in words: the writes in their order, the numbers that change, and what stands in the way."""
        if not self.writes:
            return ("Nothing to write: the resource already has this table.",)
        lines = [f"Write {number}: {write}." for number, write in enumerate(self.writes, 1)]
        if self.comparison is None:
            lines.append("The tables are too large to compare: which numbers change their route is not known.")
        elif self.comparison.same:
            lines.append("No number changes its SBCs. Proven for every number.")
        else:
            for change in self.comparison.changes:
                lines.append(change.sentence + (f" (Of {change.domain}.)" if change.domain != E164.name else ""))
            lines += [f"Not read, so nothing is known of what it takes: {name}." for name in self.comparison.unread]
        if self.findings is None:
            lines.append("The tables are too large to audit: whether the wanted one has new errors is not known.")
        return (*lines, *(f"In the way: {finding.sentence} {finding.remedy}" for finding in self.findings or ()))


def plan(client: Any, wanted: SipConfiguration, *, accept: tuple[str, ...] = ()) -> Plan:
    """Read a resource, and plan how it gets this table; `accept` names rules whose new errors are meant.

    Undo is a plan as well: the table that was there before is `Plan.live`.
    Raises AcsTelephonyError where the SDK cannot write what differs.
    """
    live = read(client)
    old, new = trunk_rows(live), trunk_rows(wanted)
    writes = [Write("set trunk", f"{fqdn}, {_told(old.get(fqdn, {}), row)}") for fqdn, row in changed(old, new)]
    if route_rows(live) != route_rows(wanted):
        writes.append(Write("set routes", f"{len(wanted.routes)} in place of {len(live.routes)}"))
    writes += [Write("delete trunk", fqdn) for fqdn in old if fqdn not in new]
    spelt = {fqdn.lower(): fqdn for fqdn in old}
    for fqdn in new:
        if spelt.get(fqdn.lower(), fqdn) != fqdn:
            problem = f"the resource spells this trunk {quoted(spelt[fqdn.lower()])}; whether these are one is unknown"
            raise AcsTelephonyError(problem, place=f"trunks.{fqdn}", remedy="Write it as the resource does.")
    if (live.model_extra or {}) != (wanted.model_extra or {}):
        names = ", ".join(sorted({**(live.model_extra or {}), **(wanted.model_extra or {})}))
        raise AcsTelephonyError(f"this kit writes trunks and routes, and not {names}", remedy="Leave it as it is.")
    for fqdn, row in changed(old, new):
        for field_name in old.get(fqdn, {}).keys() - row.keys():
            problem = f"the SDK cannot take {quoted(field_name)} away"
            raise AcsTelephonyError(problem, place=f"trunks.{fqdn}", remedy="Write its value, or leave it as it is.")
    for name, row, model in models(client, live, wanted):
        for field_name in dropped(model, row):
            remedy = "Use a version of the SDK that has it, or leave it as it is."
            raise AcsTelephonyError(f"this SDK would drop {quoted(field_name)}", place=name, remedy=remedy)
    comparison: Comparison | None
    try:
        comparison = compare(live, wanted)
    except BudgetError:
        comparison = None
    return Plan(live, wanted, tuple(writes), comparison, _new_errors(live, wanted, accept))


def _told(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """The fields of a trunk that change, in words."""
    rows = {name: value for name, value in new.items() if old.get(name) != value}
    told = [f"{'port' if name == 'sipSignalingPort' else name} {json.dumps(value)}" for name, value in rows.items()]
    return ", ".join(told)


def _new_errors(
    live: SipConfiguration, wanted: SipConfiguration, accept: tuple[str, ...]
) -> tuple[Finding, ...] | None:
    try:
        known = {(one.rule, one.sentence) for one in audit(live).findings}
        found = audit(wanted).findings
    except BudgetError:
        return None
    new = (one for one in found if one.severity == "error" and (one.rule, one.sentence) not in known)
    return tuple(one for one in new if one.rule not in accept)


# ---------------------------------------------------------------- applying


class ApplyError(AcsTelephonyError):
    """A plan that could not be carried out, or not wholly; `done` are the writes that the service took."""

    def __init__(self, problem: str, *, remedy: str, done: tuple[Write, ...] = ()) -> None:
        super().__init__(problem, remedy=remedy)
        self.done = done
        self.args = (problem, remedy, done)


def apply(client: Any, its: Plan, *, yes: bool = False) -> SipConfiguration:
    """Carry out a plan, and give the table that the resource has then. Without `yes=True` nothing is written.

    Raises ApplyError where the plan has errors in the way, where the resource has moved since the plan, where a write
    is refused (what was written before it stays, and is named), and where the table is not the wanted one at the end.
    """
    if not yes:
        raise ApplyError("nothing was written", remedy="Read the plan; then say yes=True.")
    if its.findings:
        problem = f"nothing was written: {its.findings[0].sentence.rstrip('.')}"
        raise ApplyError(problem, remedy=f"Correct it, or plan with accept=({its.findings[0].rule!r},).")
    if not _same(read(client), its.live):
        raise ApplyError("nothing was written: the resource has moved since the plan", remedy="Plan again, and look.")
    made = list(models(client, its.live, its.wanted))
    trunks = {name: model for name, _, model in made if name.startswith("trunks.")}
    routes = [model for name, _, model in made if name.startswith("routes[")]
    done: tuple[Write, ...] = ()
    for write in its.writes:
        try:
            if write.verb == "set trunk":
                client.set_trunk(trunks[f"trunks.{write.what.partition(',')[0]}"])
            elif write.verb == "set routes":
                client.set_routes(routes)
            else:
                client.delete_trunk(write.what)
        except _azure_errors() as error:
            so_far = "; ".join(map(str, done)) or "nothing"
            problem = f"{write} failed ({explained(error)}) Written before it: {so_far}"
            raise ApplyError(problem, remedy="Read the resource, and plan again.", done=done) from None
        done = (*done, write)
    try:
        after = read(client)
    except AcsTelephonyError as error:
        problem = f"all was written, and what is there now could not be read ({str(error).rstrip('.')})"
        raise ApplyError(problem, remedy="Read the resource, and compare.", done=done) from None
    if not _holds(after, its.wanted):
        problem = "all was written, and the resource has another table: somebody else wrote at the same time"
        raise ApplyError(problem, remedy="Talk to them, then plan again.", done=done)
    return after


def _same(one: SipConfiguration, other: SipConfiguration) -> bool:
    extra = (one.model_extra or {}) == (other.model_extra or {})
    return extra and trunk_rows(one) == trunk_rows(other) and route_rows(one) == route_rows(other)


def _holds(after: SipConfiguration, wanted: SipConfiguration) -> bool:
    """Whether a table has all that was wanted; a service may fill in fields that nobody wrote."""
    old, new = trunk_rows(after), trunk_rows(wanted)
    rows = [(old[fqdn], row) for fqdn, row in new.items()] if old.keys() == new.keys() else [({}, {"": ""})]
    its, ours = route_rows(after), route_rows(wanted)
    rows += zip(its, ours, strict=True) if len(its) == len(ours) else [({}, {"": ""})]
    return all(there.get(name) == value for there, row in rows for name, value in row.items())


# ---------------------------------------------------------------- errors and numbers


def _azure_errors() -> type[Exception]:
    from azure.core.exceptions import AzureError

    return AzureError


def explained(error: Any) -> AcsTelephonyError:
    """An error of the SDK in words: what the service said, why it says so, and what to do. No header is repeated."""
    status = getattr(error, "status_code", None)
    try:
        said = error.response.json()["error"]
    except (AttributeError, KeyError, TypeError, ValueError):
        said = {}  # no answer, or the page of a door in front of the service
    inner = said.get("innererror") or said
    code, message = str(inner.get("code", "")), str(inner.get("message", ""))
    if code in ERRORS:
        row = ERRORS[code]
        return AcsTelephonyError(f"{row['when']} ({status} {code}: {row['message'].rstrip('.')})", remedy=row["remedy"])
    if status == 401:
        return AcsTelephonyError("the service denies access (401)", remedy="Look at the access key and at the clock.")
    if type(error).__name__.startswith("ServiceRequest"):
        remedy = "Look at the address and at the network; nothing was sent."
        return AcsTelephonyError("the resource cannot be reached", remedy=remedy)
    if status is None:
        remedy = "Read the resource: a write may have been done."
        return AcsTelephonyError(f"the connection broke ({type(error).__name__})", remedy=remedy)
    words = " ".join(filter(None, (str(status), code, message)))
    return AcsTelephonyError(f"the service refuses ({words.rstrip('.')})", remedy="Nothing of this request was done.")


@dataclass(frozen=True, slots=True)
class Tried:
    """The routes, by their names in order, that a number takes: as this kit says, and as the service says."""

    number: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Whether both say the same."""
        return self.ours == self.theirs


def try_number(where: LocalResource | RemoteResource, configuration: SipConfiguration, number: str) -> Tried:
    """Ask a resource which routes of a table a number takes (testRoutesWithNumber), beside this kit's own answer.

    The service tests the routes that it is sent, and not those that it keeps. The request is of API version
    2024-11-15-preview, which the SDK 1.4.0 does not speak, so it is signed here. Raises AcsTelephonyError.
    """
    from azure.core import PipelineClient
    from azure.core.rest import HttpRequest

    rows = route_rows(configuration)
    machine = compile_table(row["numberPattern"] for row in rows)
    for index, unread in machine.unread.items():
        problem = f"this kit cannot read its pattern: {unread.problem}"
        raise AcsTelephonyError(problem, place=f"routes[{index}]", remedy="Mend it, or ask about the other routes.")
    ours = tuple(rows[index]["name"] for index in machine.match(number))
    given = _read_connection_string(where.connection_string)
    target = f"/sip:testRoutesWithNumber?targetPhoneNumber={quote(number, safe='')}&api-version={PREVIEW}"
    with PipelineClient(
        given["endpoint"], policies=[_signing_policy(given["accesskey"])], **_transport_of(where)
    ) as its:
        try:
            answer = its.send_request(
                HttpRequest("POST", given["endpoint"].rstrip("/") + target, json={"routes": rows})
            )
            answer.raise_for_status()
        except _azure_errors() as error:
            raise explained(error) from None
    return Tried(number, ours, tuple(row["name"] for row in answer.json()["matchingRoutes"]))


def _transport_of(where: LocalResource | RemoteResource) -> dict[str, Any]:
    return {name: its for name, its in where.client_kwargs().items() if name == "transport"}


def _signing_policy(key: str) -> Any:
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class Signing(SansIOHTTPPolicy[Any, Any]):
        def on_request(self, request: Any) -> None:
            asked = request.http_request
            parts, digest = urlsplit(asked.url), digest_of((asked.content or "").encode("utf-8"))
            date = format_datetime(datetime.now(UTC), usegmt=True)
            signed = signature(key, asked.method, f"{parts.path}?{parts.query}", date, parts.netloc, digest)
            asked.headers.update({"x-ms-date": date, "x-ms-content-sha256": digest, "Authorization": signed})

    return Signing()
