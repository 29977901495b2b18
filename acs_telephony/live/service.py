"""What SIP routing does with a request, as a value: the table that it keeps, and the answer that it gives.

Documented, or recorded from the service (`facts/sip_api.toml`): a change is a JSON merge patch (RFC 7396), where trunks
merge by FQDN and null deletes; a list of routes replaces the list; the result is validated as a whole, and a refused
request changes nothing. Our model: whatever has no documented answer is refused with the inner code NotDocumented and
the reason, except for number patterns, which are kept as they come. Domains are asked for in the preview alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from acs_telephony.automaton import Machine, compile_table
from acs_telephony.errors import NumberError
from acs_telephony.facts import load
from acs_telephony.models import FORBIDDEN_SUFFIXES, MOST_ROUTES, MOST_TRUNKS, is_fqdn, quoted

_API = load("sip_api")
VERSIONS: Mapping[str, Mapping[str, Any]] = {row["version"]: row for row in _API["versions"]}
GA, PREVIEW = VERSIONS
ERRORS: Mapping[str, Mapping[str, Any]] = {row["code"]: row for row in _API["errors"]}
_LONGEST = {"name": 256, "numberPattern": 1024, "description": 1024}
_FLAGS = ("enabled", "directTransfer")

Row = Mapping[str, Any]


class Refusal(Exception):  # noqa: N818 (the service's refusal, which becomes an answer; nobody has to catch it)
    """A request that the service refuses: the HTTP status, the inner code and the inner message."""

    def __init__(self, code: str, message: str = "") -> None:
        known = ERRORS.get(code, {})
        super().__init__(code, message)
        self.status: int = known.get("status", 422)
        self.code, self.message = code, message or known["message"]

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        outer = _API["refusal"]
        inner = {"code": self.code, "message": self.message}
        return {"error": {"code": outer["code"], "message": outer["message"], "innererror": inner}}


def not_documented(what: str) -> Refusal:
    """A refusal of this kit, where nobody has written down what the service answers."""
    return Refusal("NotDocumented", f"{what}. What the service answers here is not documented; this kit refuses it.")


@dataclass(frozen=True, slots=True)
class State:
    """What a resource keeps, in the words of the wire; `extra` are fields that no version of the API has."""

    trunks: Mapping[str, Row] = field(default_factory=dict)
    routes: tuple[Row, ...] = ()
    domains: Mapping[str, Row] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, wire: Mapping[str, Any]) -> State:
        """The state of a resource with this table. A trunk without a domain in it gets its own, which is enabled."""
        trunks = {fqdn: _without(row, {"health"}) for fqdn, row in (wire.get("trunks") or {}).items()}
        domains = wire.get("domains")
        if domains is None:
            domains = {domain_of(fqdn): {"enabled": True} for fqdn in trunks}
        extra = {name: value for name, value in wire.items() if name not in ("trunks", "routes", "domains")}
        return cls(trunks, tuple(wire.get("routes") or ()), domains, extra)

    def shown(self, version: str, health: Mapping[str, Row] | None = None) -> dict[str, Any]:
        """The table as one version of the API answers it; the preview shows what GA does not."""
        hidden = {"trunk": set(VERSIONS[PREVIEW]["trunk"]), "route": set(VERSIONS[PREVIEW]["route"])}
        hidden = {what: names - set(VERSIONS[version][what]) for what, names in hidden.items()}
        wire: dict[str, Any] = {
            "trunks": {fqdn: _without(row, hidden["trunk"]) for fqdn, row in self.trunks.items()},
            "routes": [_without(row, hidden["route"]) for row in self.routes],
            **self.extra,
        }
        if version == PREVIEW:
            wire["domains"] = dict(self.domains)
        if health is not None:
            wire["trunks"] = {fqdn: {**row, "health": health[fqdn]} for fqdn, row in wire["trunks"].items()}
        return wire

    def patched(self, patch: Any, version: str) -> State:
        """The state after a merge patch. Raises Refusal, and then nothing has changed."""
        if not isinstance(patch, dict):
            raise not_documented("The request is no JSON object")
        preview = version == PREVIEW
        _known_fields(patch, ("trunks", "routes", *(("domains",) if preview else ())), "The request", version)
        trunks, domains = _rows(patch, "trunks"), _rows(patch, "domains")
        if not trunks and not domains and "routes" not in patch:
            raise Refusal("EmptyPatch")
        for fqdn in (fqdn for fqdn, row in trunks.items() if row is not None):
            if not is_fqdn(fqdn):
                raise Refusal("InvalidTrunkFqdn")
            if fqdn.lower().endswith(FORBIDDEN_SUFFIXES):
                raise not_documented(f"The trunk {quoted(fqdn)} is under a domain of Microsoft")
        after = replace(
            self,
            trunks=_merged(self.trunks, trunks, version),
            domains=_merged_domains(self.domains, domains),
            routes=_routes(patch["routes"], version) if "routes" in patch else self.routes,
        )
        _check_sizes(after)
        _check_references(after)
        if preview:
            _check_domains(after, set(trunks), set(domains))
        return after


def domain_of(fqdn: str) -> str:
    """The domain that a trunk needs: its FQDN without the first label."""
    return fqdn.partition(".")[2]


def matching(body: Any, number: str, version: str = PREVIEW) -> dict[str, Any]:
    """Every route of the body whose pattern matches a number, in order, as testRoutesWithNumber answers.

    The answer is that of this kit's machine, which searches a pattern in the number as .NET does. Raises Refusal.

    >>> matching({"routes": [{"name": "all", "numberPattern": "1"}]}, "+31")["matchingRoutes"][0]["name"]
    'all'
    """
    if not isinstance(body, dict):
        raise not_documented("The request is no JSON object")
    _known_fields(body, ("trunks", "routes", "domains"), "The request", version)
    rows = _routes(body.get("routes", []), version)
    machine = _machine(tuple(row["numberPattern"] for row in rows))
    for index in machine.unread:
        raise not_documented(f"This kit cannot read the pattern of route {quoted(rows[index]['name'])}")
    try:
        matches = machine.match(number)
    except NumberError:
        raise not_documented(f"{quoted(number)} is no number") from None
    return {"matchingRoutes": [{"description": None, "trunks": [], **rows[index]} for index in matches]}


@lru_cache(maxsize=8)
def _machine(patterns: tuple[str, ...]) -> Machine:
    return compile_table(patterns)


# ---------------------------------------------------------------- trunks and domains


def _without(row: Row, hidden: set[str]) -> Row:
    return {name: value for name, value in row.items() if name not in hidden} if hidden else row


def _rows(patch: Mapping[str, Any], name: str) -> dict[str, Any]:
    rows = patch.get(name, {})
    if not isinstance(rows, dict):
        raise not_documented(f"{quoted(name)} is no JSON object")
    for key, row in rows.items():
        if row is not None and not isinstance(row, dict):
            raise not_documented(f"{quoted(key)} in {quoted(name)} is no JSON object and not null")
    return rows


def _known_fields(row: Iterable[str], known: tuple[str, ...], place: str, version: str) -> None:
    for name in row:
        if name not in known:
            raise not_documented(f"{place} has a field {quoted(name)}, which version {version} does not have")


def _merged(old: Mapping[str, Row], patch: Mapping[str, Any], version: str) -> Mapping[str, Row]:
    if not patch:
        return old
    rows = dict(old)
    for fqdn, given in patch.items():
        if given is None:
            rows.pop(fqdn, None)
            continue
        _known_fields(given, tuple(VERSIONS[version]["trunk"]), f"The trunk {quoted(fqdn)}", version)
        # RFC 7396 merges the row as well: what is absent stays, and null takes a field away.
        row = {**rows.get(fqdn, {}), **given}
        rows[fqdn] = row = {name: value for name, value in row.items() if value is not None}
        port = row.get("sipSignalingPort")
        if type(port) is not int or port > 65535:
            raise not_documented(f"The port of {quoted(fqdn)} is {quoted(port)}")
        if port < 1:
            raise Refusal("InvalidTrunkSipSignalingPort")
        for name in given:
            _check_word(name, row.get(name), fqdn)
    lowered = {fqdn.lower() for fqdn in rows}
    if len(lowered) < len(rows):
        raise not_documented("Two trunks have FQDNs that differ in capital letters alone")
    return rows


def _check_word(name: str, value: Any, fqdn: str) -> None:
    words = _API["words"].get(name)
    if value is not None and ((name in _FLAGS and type(value) is not bool) or (words and value not in words)):
        raise not_documented(f"{quoted(name)} of the trunk {quoted(fqdn)} is {quoted(value)}")


def _merged_domains(old: Mapping[str, Row], patch: Mapping[str, Any]) -> Mapping[str, Row]:
    if not patch:
        return old
    rows = dict(old)
    for name, given in patch.items():
        if given is None:
            rows.pop(name, None)
        elif not is_fqdn(name) or f".{name}".lower().endswith(FORBIDDEN_SUFFIXES):
            raise not_documented(f"{quoted(name)} is no domain of your own")
        elif type(row := {**rows.get(name, {}), **given}.get("enabled")) is not bool or set(given) - {"enabled"}:
            raise not_documented(f"The domain {quoted(name)} needs 'enabled', true or false, and nothing else")
        else:
            rows[name] = {"enabled": row}
    return rows


def _check_domains(state: State, trunks: set[str], domains: set[str]) -> None:
    for fqdn, row in state.trunks.items():
        its = (fqdn, domain_of(fqdn))
        if fqdn not in trunks and domains.isdisjoint(its):
            continue
        found = [state.domains[name]["enabled"] for name in its if name in state.domains]
        if not found:
            raise not_documented(f"The trunk {quoted(fqdn)} needs the domain {quoted(its[1])}, which is not there")
        if row.get("enabled", True) and not any(found):
            raise not_documented(f"The trunk {quoted(fqdn)} is enabled, and the domain {quoted(its[1])} is not")


# ---------------------------------------------------------------- routes


def _routes(given: Any, version: str) -> tuple[Row, ...]:
    if not isinstance(given, list):
        raise not_documented("'routes' is no list")
    rows = [_route(row, version) for row in given]
    for row in rows:
        trunks = row.get("trunks", [])
        if len(set(trunks)) < len(trunks):
            raise Refusal("RouteWithDuplicatedTrunk")
    if len({(row["name"], row["numberPattern"]) for row in rows}) < len(rows):
        raise Refusal("DuplicatedRoute")
    return tuple(rows)


def _route(given: Any, version: str) -> Row:
    if not isinstance(given, dict):
        raise not_documented("A route is no JSON object")
    _known_fields(given, tuple(VERSIONS[version]["route"]), "A route", version)
    row = {name: value for name, value in given.items() if value is not None}
    for name in ("name", "numberPattern", "description", "callerIdOverride"):
        text = row.get(name, "")
        if not isinstance(text, str) or len(text) > _LONGEST.get(name, 1024):
            raise not_documented(f"{quoted(name)} of a route is no text, or too long")
    if not row.get("name"):
        raise Refusal("InvalidRouteName")
    if not row.get("numberPattern"):
        raise Refusal("InvalidRouteNumberPattern")
    trunks = row.get("trunks", [])
    if not isinstance(trunks, list) or not all(isinstance(fqdn, str) for fqdn in trunks):
        raise not_documented(f"'trunks' of route {quoted(row['name'])} is no list of FQDNs")
    return row


def _check_sizes(state: State) -> None:
    parts = (("trunks", MOST_TRUNKS), ("routes", MOST_ROUTES), ("domains", MOST_TRUNKS))
    for name, most in parts:
        if len(getattr(state, name)) > most:
            raise not_documented(f"There would be more than {most} {name}")


def _check_references(state: State) -> None:
    lowered = {fqdn.lower() for fqdn in state.trunks}
    for row in state.routes:
        for fqdn in row.get("trunks") or ():
            if fqdn in state.trunks:
                continue
            if fqdn.lower() in lowered:
                raise not_documented(f"A route writes the trunk {quoted(fqdn)} with other capital letters")
            raise Refusal("MissingTrunk")
