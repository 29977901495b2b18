r"""The move to Teams: the Teams side of a route table of ACS, and the PowerShell scripts that make and unmake it.

Our model: every trunk becomes a gateway, every route one with its place as priority, and all of them one usage of one
policy. Coexistence goes by waves of the reader's own numbers: everything is made first, and no call takes it, because a
policy belongs to users; then wave after wave of users gets the policy, and their numbers come in by Teams.
Sources: migrate-to-teams-direct-routing.md, 2026-06-22 (aliases, numbers, Enterprise Voice);
direct-routing-voice-routing.md, 2020-02-12 (names are unique, usages are made first); New-CsOnlinePSTNGateway.md
(63 characters, disabled by itself); each cmdlet's own page for its parameters, -WhatIf and -ErrorAction. Strings stand
in single quotes with PowerShell's five quotes doubled. No script was run by PowerShell or against a tenant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from acs_telephony.errors import ConfigurationError, Problem
from acs_telephony.models import Resource, SipConfiguration, Trunk, is_e164, is_fqdn, quoted

LONGEST_FQDN = 63
QUOTES = "'\u2018\u2019\u201a\u201b"
#: What a script begins with: by itself it is a dry run, and a real run is told to stop at the first error. A cmdlet of
#: a module need not see the preference of the script that calls it, so each one is told by -ErrorAction as well.
PREAMBLE = (
    "param([switch]$Apply)",
    "$Dry = -not $Apply",
    "$OnError = if ($Apply) { 'Stop' } else { 'Continue' }",
    "$ErrorActionPreference = $OnError",
)

_HEAD = """\
# To run it, in the folder of this file, in a PowerShell that has the module MicrosoftTeams:
# Connect-MicrosoftTeams, then .\\move.ps1 (a dry run that changes nothing), then .\\move.ps1 -Apply.
# Before -Apply, save what is there: Get-CsOnlineVoiceRoute, Get-CsOnlinePstnUsage, Get-CsOnlinePSTNGateway and
# Get-CsOnlineVoiceRoutingPolicy. With -Apply every command is told to stop at an error, such as a name that is taken.
# Compare then with what you saved. undo.ps1 removes by name, even what this script did not make: strike that out.
# Whether the dry run already asks for usages and gateways that are only made later is unknown.
# An independent grammar parses such scripts; neither PowerShell nor a tenant has seen this one."""
_HEAD_OF_UNDO = """\
# The way back from the move to Teams Direct Routing. By itself a dry run; with -Apply it removes.
# It removes by name, even what move.ps1 did not make: whatever had one of these names before goes as well.
# Compare with what was there before the move, and strike out what has to stay.
# It goes on where something is not there, so it also ends a move that stopped halfway."""
#: What an SBC without alias means while there are users on ACS.
CUT_OFF = "Until the last wave, nobody who is still on ACS has this SBC: give it an alias, or move everybody at once."

Value = str | int | bool | tuple[str, ...] | dict[str, str]
Command = tuple[str, dict[str, Value]]  # a cmdlet and its parameters


@dataclass(frozen=True, slots=True)
class Gateway:
    """An SBC as Teams is to know it; `formerly` is its FQDN in ACS."""

    fqdn: str
    sip_signaling_port: int
    enabled: bool
    formerly: str


@dataclass(frozen=True, slots=True)
class TeamsRoute:
    """A route as Teams is to know it; its place in the list is its priority, `formerly` its name in ACS."""

    name: str
    number_pattern: str
    gateways: tuple[str, ...]
    usage: str
    description: str
    formerly: str


@dataclass(frozen=True, slots=True)
class Wave:
    """Numbers whose users move together: ranges of E.164 numbers, first and last."""

    name: str
    ranges: tuple[tuple[str, str], ...]

    @property
    def count(self) -> int:
        """How many numbers these are."""
        return sum(int(last) - int(first) + 1 for first, last in self.ranges)

    def __str__(self) -> str:
        told = ", ".join(first if first == last else f"{first} to {last}" for first, last in self.ranges)
        return f"{self.name}: {told} ({self.count:,} {'number' if self.count == 1 else 'numbers'})"


@dataclass(frozen=True, slots=True)
class Move:
    """The Teams side of a route table of ACS: what is made, in its order, and what is not carried over.

    `numbers` are those of Voice Calling (PSTN), which no route moves.
    """

    gateways: tuple[Gateway, ...]
    usages: tuple[str, ...]
    routes: tuple[TeamsRoute, ...]
    policy: str
    waves: tuple[Wave, ...]
    not_carried: tuple[str, ...]
    numbers: tuple[str, ...] = ()

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        """Routes that Teams is to know by another name, because there each name is unique: before and after."""
        return tuple((route.formerly, route.name) for route in self.routes if route.name != route.formerly)

    @property
    def cut_over(self) -> tuple[str, ...]:
        """SBCs without alias: each has to leave ACS before anything is made, and takes no call of ACS from then on."""
        return tuple(row.fqdn for row in self.gateways if row.fqdn == row.formerly)

    @property
    def aliases(self) -> dict[str, str]:
        """SBCs that have another FQDN in Teams: before and after."""
        return {row.formerly: row.fqdn for row in self.gateways if row.fqdn != row.formerly}

    @property
    def script(self) -> str:
        """The script that makes it. By itself it changes nothing; with -Apply it does. Grants are left to a person."""
        made = f"gateways {len(self.gateways)}, usages {len(self.usages)}, routes {len(self.routes)}, policies 1."
        return "\n".join(
            [
                f"# The move to Teams Direct Routing: {made}",
                _HEAD,
                *PREAMBLE,
                *(f"# Not carried over: {what}" for what in self.not_carried),
                *(
                    f"# Renamed, as names are unique in Teams: {_quote(a)} is {_quote(b)} there"
                    for a, b in self.renamed
                ),
                *(f"# Before this script: remove {fqdn} from ACS, for it has no alias." for fqdn in self.cut_over),
                *([f"# {CUT_OFF}"] if self.cut_over and self.waves else []),
                *_section("1. Gateways", map(_gateway, self.gateways)),
                *_section("2. Usages, before the routes that name them", (_usage("Add", one) for one in self.usages)),
                *_section("3. Routes, in the order of ACS", map(_route, self.routes, range(1, len(self.routes) + 1))),
                *_section("4. The policy: its usages in order", [_policy(self.policy, self.usages)]),
                "",
                "# 5. By hand, when a test number has been tried, one wave at a time: assign the numbers in Teams,",
                "# enable Enterprise Voice for the users, and give them the policy.",
                *(line for wave in self.waves for line in (f"# Wave {wave}", _grant(_quote(self.policy)))),
                *((_grant(_quote(self.policy)),) if not self.waves else ()),
                "",
            ]
        )

    @property
    def undo(self) -> str:
        """The script that takes it away again, in the reverse order. By itself it changes nothing."""
        return "\n".join(
            [
                _HEAD_OF_UNDO,
                *PREAMBLE[:2],
                "",
                "# 1. By hand: take the policy from every user who got it; the policy of everyone holds for them then.",
                _grant("$null"),
                *_section("2. The policy", [_remove("VoiceRoutingPolicy", self.policy)], "Continue"),
                *_section("3. Routes", (_remove("VoiceRoute", row.name) for row in self.routes[::-1]), "Continue"),
                *_section("4. Usages", (_usage("Remove", one) for one in reversed(self.usages)), "Continue"),
                *_section("5. Gateways", (_remove("PSTNGateway", row.fqdn) for row in self.gateways[::-1]), "Continue"),
                "",
            ]
        )


def plan_move(
    source: SipConfiguration | Resource,
    *,
    usage: str = "Moved from ACS",
    policy: str = "Moved from ACS",
    usages: Mapping[str, str] | None = None,
    aliases: Mapping[str, str] | None = None,
    waves: Mapping[str, Sequence[str]] | None = None,
) -> Move:
    """The Teams side of a route table of ACS: all its routes in one usage, in their order.

    `usages` puts routes, by name, into other usages; the policy has these in the order of their first routes. `aliases`
    give SBCs their FQDN in Teams. `waves` are names with ranges of the reader's own numbers, such as
    "+14255550100-+14255550149". Raises ConfigurationError with every problem, before anything is written.

    >>> from acs_telephony.tables import microsoft_three_routes
    >>> move = plan_move(microsoft_three_routes())
    >>> [route.name for route in move.routes], move.usages
    (['Redmond 1', 'Redmond 2', 'Other +1'], ('Moved from ACS',))
    """
    numbers = source.purchased_numbers if isinstance(source, Resource) else ()
    table = source.configuration if isinstance(source, Resource) else source
    named = {old.lower(): new for old, new in (aliases or {}).items()}
    twice = [old for old in aliases or () if sum(one.lower() == old.lower() for one in aliases or ()) > 1]
    groups = usages or {}
    gateways = tuple(
        Gateway(
            named.get(trunk.fqdn.lower(), trunk.fqdn),
            trunk.sip_signaling_port,
            (trunk.model_extra or {}).get("enabled", True) is not False,
            trunk.fqdn,
        )
        for trunk in table.trunks
    )
    fqdns = {row.formerly.lower(): row.fqdn for row in gateways}
    known: dict[str, str] = {}
    names = _unique([route.name for route in table.routes])
    routes = tuple(
        TeamsRoute(
            name,
            route.number_pattern,
            tuple(fqdns[fqdn.lower()] for fqdn in route.trunks or ()),
            known.setdefault((its := groups.get(route.name, usage)).casefold(), its),
            route.description or "",
            route.name,
        )
        for name, route in zip(names, table.routes, strict=True)
    )
    parties = tuple(Wave(name, tuple(map(_range, ranges))) for name, ranges in (waves or {}).items())
    move = Move(
        gateways,
        tuple(known.values()) or (usage,),
        routes,
        policy,
        parties,
        tuple(_left_behind(table, numbers)),
        numbers,
    )
    unknown = [f"alias {quoted(old)}" for old in aliases or () if old.lower() not in fqdns]
    unknown += [f"usages of {quoted(name)}" for name in groups if name not in {row.name for row in table.routes}]
    problems = [Problem(what, "the table has no such name", "Correct it, or leave it out.") for what in unknown]
    problems += [Problem(f"alias {quoted(old)}", "this SBC has two", "Give each SBC one.") for old in twice[:1]]
    if problems := [*problems, *_problems(move)]:
        raise ConfigurationError(tuple(problems))
    return move


def _problems(move: Move) -> Iterator[Problem]:
    """Everything that cannot be written down for Teams."""
    seen: set[str] = set()
    former = {row.formerly.lower() for row in move.gateways}
    one_side = "One FQDN cannot be on both sides: take a name that is new."
    for row in move.gateways:
        place = f"gateway {quoted(row.fqdn)}"
        if len(row.fqdn) > LONGEST_FQDN:
            long = f"{len(row.fqdn)} characters, and Teams takes {LONGEST_FQDN}"
            yield Problem(place, long, "Give this SBC a shorter alias, in DNS and in its certificate too.")
        if not is_fqdn(row.fqdn):
            yield Problem(place, "this is no fully qualified domain name", "Write a name such as sbc1.contoso.com.")
        if row.fqdn.lower() in seen:
            yield Problem(place, "two SBCs have this name", "Give each SBC an alias of its own.")
        seen.add(row.fqdn.lower())
        if row.fqdn.lower() in former - {row.formerly.lower()}:
            yield Problem(
                place, f"another SBC has this name in ACS, as {quoted(row.formerly)} would in Teams", one_side
            )
    yield from _unwritable("policy", move.policy)
    for usage in move.usages:
        yield from _unwritable("usage", usage)
    for name in (move.policy, *move.usages):
        if name.casefold() == "global" or name.casefold().startswith("tag:") or not name.strip():
            yield Problem(f"the name {quoted(name)}", "Teams keeps it for itself, or it is none", "Take another name.")
    for route in move.routes:
        for field in (route.formerly, route.number_pattern, route.description):
            yield from _unwritable(f"route {quoted(route.formerly)}", field)
    spans = []
    for wave in move.waves:
        yield from _unwritable("wave", wave.name)
        if not wave.ranges:
            yield Problem(f"wave {quoted(wave.name)}", "it has no number", "Give it a range, or leave it out.")
        for first, last in wave.ranges:
            if is_e164(first) and is_e164(last) and len(first) == len(last) and first <= last:
                spans.append((len(first), int(first), int(last), wave.name))
            else:
                given = f"{quoted(first)} to {quoted(last)} is no range of numbers"
                yield Problem(f"wave {quoted(wave.name)}", given, "Write it as +14255550100-+14255550149.")
    for one, other in pairwise(sorted(spans)):
        if one[0] == other[0] and other[1] <= one[2]:
            both = f"{quoted(one[3])} and {quoted(other[3])} share the number +{other[1]}"
            yield Problem("waves", both, "Let each number move once.")


def _unwritable(place: str, text: str) -> Iterator[Problem]:
    hidden = sorted({f"U+{ord(character):04X}" for character in text if not character.isprintable()})
    if hidden:
        problem = f"{quoted(text)} holds what cannot be seen in a script ({', '.join(hidden)})"
        yield Problem(place, problem, "Take it out of the table, line ends too.")


def _left_behind(table: SipConfiguration, numbers: Sequence[str]) -> Iterator[str]:
    """What ACS has and Teams has not, each with its place; and what it is not known to do there."""
    if numbers:
        yield f"alternateCallerId, which takes a call that no route matches by one of {', '.join(numbers)}"
    yield from (f"{field} of the configuration" for field in map(quoted, table.model_extra or {}))
    for trunk in table.trunks:
        yield from (f"{field} of trunk {trunk.fqdn}" for field in _unknown(trunk))
    for route in table.routes:
        place = f"of route {quoted(route.name)}"
        yield from (f"{field} {place}" for field in map(quoted, route.model_extra or {}))
        if route.caller_id_override is not None:
            yield f"callerIdOverride {quoted(route.caller_id_override)} {place}"
        if not route.trunks:
            yield f"what a call does without SBC {place}: the route is made, and Teams warns; the rest is unknown"


def _unknown(trunk: Trunk) -> Iterator[str]:
    carried = isinstance((trunk.model_extra or {}).get("enabled"), bool)
    yield from (quoted(name) for name in trunk.model_extra or {} if not (name == "enabled" and carried))


def _unique(names: Sequence[str]) -> list[str]:
    """The same names, with a number behind each that was there before; our model compares them without case."""
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    found = []
    for name in names:
        new, turn = name, 2
        while new.casefold() in (taken if new != name else seen):
            new, turn = f"{name} ({turn})", turn + 1
        seen.add(new.casefold())
        taken.add(new.casefold())
        found.append(new)
    return found


def _range(text: str) -> tuple[str, str]:
    first, _, last = re.sub(r"\s", "", text).partition("-")
    return first, last or first


def _gateway(row: Gateway) -> Command:
    parameters: dict[str, Value] = {"Fqdn": row.fqdn, "SipSignalingPort": row.sip_signaling_port}
    return "New-CsOnlinePSTNGateway", parameters | {"Enabled": row.enabled}


def _usage(verb: str, name: str) -> Command:
    return "Set-CsOnlinePstnUsage", {"Identity": "Global", "Usage": {verb: name}}


def _route(row: TeamsRoute, priority: int) -> Command:
    parameters: dict[str, Value] = {
        "Identity": row.name,
        "Priority": priority,
        "NumberPattern": row.number_pattern,
        "OnlinePstnGatewayList": row.gateways,
        "OnlinePstnUsages": (row.usage,),
        "Description": row.description,
    }
    return "New-CsOnlineVoiceRoute", {name: value for name, value in parameters.items() if value}


def _policy(name: str, usages: tuple[str, ...]) -> Command:
    return "New-CsOnlineVoiceRoutingPolicy", {"Identity": name, "OnlinePstnUsages": usages}


def _remove(kind: str, name: str) -> Command:
    return f"Remove-CsOnline{kind}", {"Identity": name}


def _grant(policy: str) -> str:
    return f"# Grant-CsOnlineVoiceRoutingPolicy -Identity '<user>' -PolicyName {policy}"


def _section(title: str, commands: Iterable[Command], on_error: str = "$OnError") -> Iterator[str]:
    yield from ("", f"# {title}")
    for cmdlet, parameters in commands:
        given = "".join(f" -{name} {_written(value)}" for name, value in parameters.items())
        yield f"{cmdlet}{given} -ErrorAction {on_error} -WhatIf:$Dry"


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return f"@{{{'; '.join(f'{name}={_quote(text)}' for name, text in value.items())}}}"
    return ",".join(map(_quote, (value,) if isinstance(value, str) else value))


def _quote(text: str) -> str:
    """A text as PowerShell reads it, unchanged: five characters would end such a string, and are doubled."""
    return "'" + re.sub(f"([{QUOTES}])", r"\1\1", text) + "'"
