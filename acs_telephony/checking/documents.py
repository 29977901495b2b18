r"""Texts that hold a route table: what `GET /sip` of ACS returns, and what PowerShell writes of Teams.

Reading is lenient: what is merely wrong, such as a trunk that is not there, is kept for an audit to say. Only what
cannot be used is refused: no JSON, a wrong type, a route without name or pattern.

Sources: ACS is API version 2023-03-01, with `enabled` and `callerIdOverride` of the preview 2024-11-15; Teams is what
`ConvertTo-Json` makes of Get-CsOnlineVoiceRoute, Get-CsOnlineVoiceRoutingPolicy and Get-CsOnlinePSTNGateway. How a
policy orders routes: direct-routing-voice-routing.md, 2020-02-12. Our model: usages and policies are compared without
case; the order of routes is not known where two of one usage have the same priority, or one of them has none.
"""

from __future__ import annotations

import json
import re
import tomllib
from bisect import bisect_left
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, StrictBool, StrictInt, StrictStr, ValidationError
from pydantic.alias_generators import to_camel, to_pascal

from acs_telephony.checking.route_table import Place, RouteRow, RouteTable, TrunkRow
from acs_telephony.errors import ConfigurationError, Problem
from acs_telephony.models import FORBIDDEN_SUFFIXES, is_e164, is_fqdn, problem_of, quoted, read_json

_Model = TypeVar("_Model", bound=BaseModel)
Steps = tuple[str | int | None, ...]

_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
# One character as JSON writes it: two escapes for what UTF-16 needs two units for, one escape, or itself.
_CHARACTER = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.")
_DEEPEST = 3  # routes, its index, a field: places further in are not asked for


def read_table(
    text: str | bytes,
    *,
    policies: str | bytes | None = None,
    gateways: str | bytes | None = None,
    policy: str | None = None,
) -> RouteTable:
    r"""The route table in a JSON text of ACS or of Teams; routes and trunks say where they stand in `text`.

    For Teams, `policies` and `gateways` are further texts, or `text` is one object of `routes`, `policies` and
    `gateways`. `policy` chooses among several policies; of a table of ACS it says nothing. Without any policy the
    order is not known, and without gateways the trunks are those that the routes name, and no more is known of them.
    Raises ConfigurationError with every problem and its place.

    >>> table = read_table('{"trunks": {},\n "routes": [{"name": "nl", "numberPattern": "^\\\\+31"}]}')
    >>> table.routes[0].number_pattern, table.routes[0].pattern_place
    ('^\\+31', Place(line=2, column=46))
    """
    document = _Document(text, policies, gateways)
    if isinstance(document.content, _Teams):
        return _teams_table(document, document.content, policy)
    trunks = (
        _trunk_row(row, fqdn, document.place("trunks", fqdn, None)) for fqdn, row in document.content.trunks.items()
    )
    return RouteTable(_route_rows(document, document.content.routes, "numberPattern"), tuple(trunks))


def anonymise(text: str | bytes, *, policies: str | bytes | None = None, gateways: str | bytes | None = None) -> str:
    """The same table as JSON with made names for trunks, routes, usages and policies, and made caller IDs.

    Number patterns, order and faults stay; descriptions and unknown fields go. What had one name has one made name.
    Raises ConfigurationError as `read_table` does.
    """
    content = _Document(text, policies, gateways).content
    host, route, usage, policy, caller = map(_naming, ("sbc{}", "route {}", "usage {}", "policy {}", "+142555501{:02}"))
    made: dict[str, Callable[[str], str | None]] = {
        "trunks": lambda old: _host(old, host(old.lower())),
        "fqdn": lambda old: _host(old, host(old.lower())),
        # What is longer than the service takes stays so.
        "name": lambda old: old and route(old).ljust(len(old) if len(old) > 256 else 0, "x"),
        "description": lambda _: None,
        "caller_id_override": lambda old: caller(old) if is_e164(old) else old and "none",
        "online_pstn_usages": lambda old: usage(old.lower()),
        "identity": lambda old: old if old == "Global" else policy(_known(old)),
    }

    def renamed(row: BaseModel) -> Any:
        old = {field: value for field, value in row if field in made and value is not None}
        new = {f: made[f](value) if isinstance(value, str) else tuple(map(made[f], value)) for f, value in old.items()}
        return row.model_copy(update=new).model_dump(mode="json", by_alias=True, exclude_none=True)

    if isinstance(content, _Acs):
        trunks = {made["trunks"](fqdn): renamed(row) for fqdn, row in content.trunks.items()}
        return json.dumps({"trunks": trunks, "routes": [*map(renamed, content.routes)]}, indent=2)
    return json.dumps({part: [*map(renamed, rows)] for part, rows in content if rows is not None}, indent=2)


def place_in(text: str | bytes, place: Place, position: int) -> Place:
    """The place of a character of the JSON string that begins at `place`; an escape takes more than one column."""
    line = decoded(text).split("\n", place.line)[place.line - 1]
    starts = [found.start() for found in _CHARACTER.finditer(line, place.column - 1)]
    return Place(place.line, [*starts, len(line)][min(position, len(starts))] + 1)


def decoded(text: str | bytes) -> str:
    """The characters of a text, without a byte order mark. Windows PowerShell writes UTF-16.

    Raises ConfigurationError for bytes that are neither UTF-8 nor marked as UTF-16.
    """
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        words = text.decode("utf-16" if text[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused("the text", f"byte {error.start} is no {error.encoding}", "Save it as UTF-8.") from None
    if "\0" in words:  # neither JSON nor TOML may hold one
        raise _refused("the text", "it holds NULs, as UTF-16 without its mark does", "Save it as UTF-8.")
    return words


def read_toml(text: str | bytes, model: type[_Model], what: str) -> _Model:
    """A TOML text, fractions exact, as a value. Raises ConfigurationError with every problem and its place."""
    words = decoded(text)
    try:
        return model.model_validate(tomllib.loads(words, parse_float=Decimal))
    except ValidationError as error:
        raise ConfigurationError(tuple(map(problem_of, error.errors()))) from None
    except (ValueError, ArithmeticError, RecursionError) as error:  # a number too long to be read is no TOMLDecodeError
        raise _refused(what, f"this is no TOML ({error})", "Look for a missing quote or bracket.") from None


# PowerShell writes a list of one as the object alone, and may write a list as {"value": [...], "Count": n}.
_LISTED = BeforeValidator(lambda value: [value] if isinstance(value, dict) else value)
_UNWRAPPED = BeforeValidator(lambda value: value.get("value", value) if isinstance(value, dict) else value)
# A limit, though none is meant, lets pydantic refuse half a character.
_Text = Annotated[StrictStr, Field(max_length=10**9)]
_Texts = Annotated[tuple[_Text, ...] | None, _UNWRAPPED]


class _Trunk(BaseModel, alias_generator=to_camel):
    sip_signaling_port: StrictInt | None = None
    enabled: StrictBool | None = None


class _Route(BaseModel, alias_generator=to_camel):
    name: _Text
    number_pattern: _Text
    description: _Text | None = None
    trunks: _Texts = None
    caller_id_override: _Text | None = None


class _Acs(BaseModel):
    trunks: dict[_Text, _Trunk] = {}
    routes: tuple[_Route, ...] = ()


class _TeamsTrunk(_Trunk, alias_generator=to_pascal):
    fqdn: _Text = Field(alias="Identity")
    # The second spelling is the older one (New-CsOnlinePSTNGateway.md, date not given).
    sip_signaling_port: StrictInt | None = Field(
        None, validation_alias=AliasChoices("SipSignalingPort", "SipSignallingPort")
    )


class _TeamsRoute(_Route, alias_generator=to_pascal):
    trunks: _Texts = Field(None, alias="OnlinePstnGatewayList")
    priority: StrictInt | None = None
    online_pstn_usages: _Texts = None


class _Policy(BaseModel, alias_generator=to_pascal):
    identity: _Text
    online_pstn_usages: _Texts = None


class _Teams(BaseModel):
    routes: Annotated[tuple[_TeamsRoute, ...], _LISTED]
    policies: Annotated[tuple[_Policy, ...], _LISTED] = ()
    gateways: Annotated[tuple[_TeamsTrunk, ...] | None, _LISTED] = None


class _Document:
    """A text that was read: its content, and where each part of it stands."""

    def __init__(self, text: str | bytes, policies: str | bytes | None, gateways: str | bytes | None) -> None:
        text = decoded(text)
        wire = read_json(text)
        # The routes of Teams alone, as a list or as one object.
        self._bare = isinstance(wire, list) or (isinstance(wire, dict) and "NumberPattern" in wire)
        parts = {"routes": wire} if self._bare else wire
        if not isinstance(parts, dict) or parts.keys().isdisjoint(("trunks", "routes")):
            raise _refused("the text", "there is no route table in it", "Give what GET /sip of the resource returns.")
        given = {"policies": policies, "gateways": gateways}
        others = {part: read_json(decoded(more)) for part, more in given.items() if more is not None}
        of_teams = self._bare or '"NumberPattern"' in text or "policies" in parts
        if others and not of_teams:
            raise _refused(", ".join(others), "a table of ACS has none", "Leave this out.")
        self._parts = {part: value for part, value in parts.items() if part not in others}
        self._offsets = _offsets(text)
        self._ends = [found.start() for found in re.finditer("\n", text)]
        try:
            self.content = (_Teams if of_teams else _Acs).model_validate(self._parts | others)
        except ValidationError as error:
            raise ConfigurationError(tuple(map(self._problem, error.errors()))) from None

    def place(self, *steps: str | int | None) -> Place | None:
        """Where the value at these steps begins, or what is around it; a text inside its quotes. None: not in here.

        A last step None asks for the name in an object instead of the value.
        """
        part, *inner = steps
        if part not in self._parts:
            return None
        if inner and isinstance(inner[0], int) and isinstance(self._parts[part], dict):
            del inner[0]  # a list of one, written as the object alone
        path = tuple(inner) if self._bare else (part, *inner)
        offset = next(self._offsets[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self._offsets)
        line = bisect_left(self._ends, offset)
        return Place(line + 1, offset - (self._ends[line - 1] if line else -1))

    def _problem(self, details: Any) -> Problem:
        problem, place = problem_of(details), self.place(*details["loc"])
        return (
            replace(problem, place=f"{problem.place}, line {place.line}, column {place.column}") if place else problem
        )


def _offsets(text: str) -> dict[Steps, int]:
    """Where each value of a valid JSON text begins, by its steps; where its name does, with None as a last step."""
    offsets: dict[Steps, int] = {}
    steps: list[Any] = []
    name_next = False
    for found in _MARK.finditer(text):
        mark, start = found[0], found.start() + (found[0][0] == '"')
        if mark in ("}", "]"):
            steps.pop()
            name_next = False
        elif mark == ",":
            name_next = isinstance(steps[-1], str)
            steps[-1] = "" if name_next else steps[-1] + 1
        elif name_next:
            steps[-1], name_next = json.loads(mark), False
            if len(steps) < _DEEPEST:
                offsets[(*steps, None)] = start
        elif mark != ":":
            if len(steps) <= _DEEPEST:
                offsets[tuple(steps)] = start
            if mark in ("{", "["):
                name_next = mark == "{"
                steps.append("" if name_next else 0)
    return offsets


def _route_rows(document: _Document, routes: Sequence[_Route], pattern: str) -> tuple[RouteRow, ...]:
    return tuple(
        RouteRow(
            row.name,
            row.number_pattern,
            row.trunks or (),
            row.description or "",
            row.caller_id_override,
            place=document.place("routes", i),
            pattern_place=document.place("routes", i, pattern),
        )
        for i, row in enumerate(routes)
    )


def _trunk_row(row: _Trunk, fqdn: str, place: Place | None) -> TrunkRow:
    return TrunkRow(fqdn, row.enabled is not False, place, row.sip_signaling_port)


def _teams_table(document: _Document, content: _Teams, policy: str | None) -> RouteTable:
    rows = _route_rows(document, content.routes, "NumberPattern")
    if content.gateways is None:
        named: dict[str, TrunkRow] = {}
        for place, fqdn in ((row.place, fqdn) for row in rows for fqdn in row.trunks):
            named.setdefault(fqdn.lower(), TrunkRow(fqdn, place=place, known=False))
        trunks = tuple(named.values())
    else:
        gateways = enumerate(content.gateways)
        trunks = tuple(
            replace(_trunk_row(row, row.fqdn, document.place("gateways", i)), known=row.enabled is not None)
            for i, row in gateways
        )
    ranks = [(row.priority is None, row.priority or 0, i) for i, row in enumerate(content.routes)]
    order = [i for _, _, i in sorted(ranks)]
    chosen = _chosen(content.policies, policy)
    if chosen is None:
        return RouteTable(tuple(rows[i] for i in order), trunks, "teams", ordered=False)
    usages = [set(map(str.lower, row.online_pstn_usages or ())) for row in content.routes]
    told = {usage.lower(): usage for usage in chosen.online_pstn_usages or ()}
    places = [(name, i) for known, name in told.items() for i in order if known in usages[i]]
    alike = any(
        one == other and (ranks[i][:2] == ranks[j][:2] or ranks[j][0]) for (one, i), (other, j) in pairwise(places)
    )
    return RouteTable(tuple(replace(rows[i], usage=name) for name, i in places), trunks, "teams", ordered=not alike)


def _chosen(policies: tuple[_Policy, ...], name: str | None) -> _Policy | None:
    """The policy of this name, or the only one; None where there is none and none is asked for."""
    if not policies and name is None:
        return None
    found = [row for row in policies if name is None or _known(row.identity) == _known(name)]
    if len(found) == 1:
        return found[0]
    problem = f"there are {len(policies)} policies" if name is None else f"no policy is called {quoted(name)}"
    names = ", ".join(quoted(row.identity.removeprefix("Tag:")) for row in policies)
    raise _refused("policy", problem, f"Choose one of: {names}." if names else "Give the policies too.")


def _known(name: str) -> str:
    """How a policy is known; PowerShell puts Tag: before the names of policies, and of nothing else."""
    return name.casefold().removeprefix("tag:")


def _refused(place: str, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem(place, problem, remedy),))


def _naming(form: str) -> Callable[[str], str]:
    """A made name for each old one, counted from 1, and the same for the same."""
    known: dict[str, str] = {}
    return lambda old: known.setdefault(old, form.format(len(known) + 1))


def _host(old: str, name: str) -> str:
    """A made FQDN: no FQDN stays none, one that Teams or ACS refuses stays so, and so does another spelling."""
    suffix = next((one for one in FORBIDDEN_SUFFIXES if old.lower().endswith(one)), ".example.com")
    made = f"{name}{'' if is_fqdn(old) else '_'}{'.x' * (32 if len(old) > 63 else 0)}{suffix}"
    return made if old.islower() else made.upper() if old.isupper() else made.title()
