"""A move to Teams, proven: the script read back, its routing compared with that of ACS under Teams' rules.

The reader takes exactly what `exporting` writes, and refuses everything else with line and column; it shares no code
with the writer but the first lines. What a move cannot prove, and who has to do what, is told beside it, each with its
source; what no source says is unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from acs_telephony.checking.comparing import Comparison, compare
from acs_telephony.checking.documents import decoded, read_table
from acs_telephony.checking.route_table import RouteTable, TrunkRow, table_of
from acs_telephony.errors import AnswerError, ConfigurationError, Problem
from acs_telephony.exporting import CUT_OFF, LONGEST_FQDN, PREAMBLE, QUOTES, Move, Wave
from acs_telephony.facts import cite, load
from acs_telephony.models import Resource, SipConfiguration, is_fqdn, quoted

UNKNOWN = "unknown"
_OURS = "our model"


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that a proof does not cover: what, why not, and the source that says so, or "unknown"."""

    what: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do for a move: who, what, and the source, or whose word it is."""

    who: str
    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The changes that a move makes, in every domain, and what it does not cover.

    `amiss` says of each SBC that routes name what stands in the way of a proof: another port, or one not known.
    """

    comparison: Comparison
    limits: tuple[Limit, ...]
    amiss: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether no number changes its first choice, its standbys or its caller ID, but those that were meant to."""
        return not self.comparison.unintended and not self.comparison.unread and not self.amiss

    @property
    def sentence(self) -> str:
        """The answer: it is proven, or how many numbers change what."""
        if self.proven:
            meant = ", except those that were meant to" * bool(self.comparison.changes)
            return f"Proven: no number changes its first choice, its standbys or its caller ID{meant}."
        counts: dict[tuple[str, str], int] = {}
        for one in self.comparison.unintended:
            counts[one.kind, one.domain] = counts.get((one.kind, one.domain), 0) + one.count
        told = [f"{kind}: {count:,} {domain}" for (kind, domain), count in counts.items()]
        told += [f"patterns that cannot be read: {len(set(self.comparison.unread))}"] * bool(self.comparison.unread)
        return f"No proof. {'; '.join([*told, *self.amiss])}."


def prove(
    old: RouteTable | SipConfiguration | Resource,
    new: RouteTable,
    *,
    aliases: Mapping[str, str] | None = None,
    intended: Sequence[str] = (),
) -> Proof:
    """Whether every E.164 number, short code and service code keeps its first choice and its standbys in Teams.

    `aliases` give SBCs of the old table their names in the new one; `intended` are patterns or numbers that are meant
    to change. An SBC that a route names and Teams' gateways lack takes no call; where it is not known whether one is
    there, enabled, and at the port it has in ACS, nothing is proven. Raises AnswerError for a new table that is none
    of Teams, an alias of no SBC or of two, and as `compare` does.

    >>> from acs_telephony.exporting import plan_move
    >>> from acs_telephony.tables import contoso
    >>> prove(contoso(), read_script(plan_move(contoso()).script)).proven
    True
    """
    if new.service != "teams":
        raise AnswerError("this is no table of Teams", place="new", remedy="Give a script, or what Get-Cs... writes.")
    table, named = table_of(old), {name.lower(): alias for name, alias in (aliases or {}).items()}
    fqdns = {trunk.fqdn.lower() for trunk in table.trunks}
    if strange := named.keys() - fqdns:
        raise AnswerError(f"no SBC is called {quoted(min(strange))}", place="aliases", remedy="Look at its spelling.")
    new_names = [alias.lower() for name, alias in named.items() if alias.lower() != name]
    if len(named) < len(aliases or ()) or len({*new_names, *fqdns}) < len(new_names) + len(fqdns):
        raise AnswerError("one name for two SBCs, or two for one", place="aliases", remedy="Give each one of its own.")
    routes = (replace(row, trunks=tuple(named.get(fqdn.lower(), fqdn) for fqdn in row.trunks)) for row in table.routes)
    trunks = (replace(row, fqdn=named.get(row.fqdn.lower(), row.fqdn)) for row in table.trunks)
    renamed = replace(table, routes=tuple(routes), trunks=tuple(trunks))
    used = {fqdn.lower() for row in new.routes for fqdn in row.trunks}
    absent = used - {row.fqdn.lower() for row in new.trunks}
    gateways = *new.trunks, *(TrunkRow(fqdn, enabled=False) for fqdn in sorted(absent))
    ports = {row.fqdn.lower(): row.sip_signaling_port for row in renamed.trunks}
    kept = [(row, ports[its]) for row in new.trunks if (its := row.fqdn.lower()) in used & ports.keys()]
    return Proof(compare(renamed, replace(new, trunks=gateways), intended=intended), tuple(limits()), _amiss(kept))


def _amiss(gateways: Sequence[tuple[TrunkRow, int | None]]) -> tuple[str, ...]:
    """What stands in the way of a proof at these gateways of Teams, each with its port in ACS."""
    unknown = ", ".join(sorted(row.fqdn for row, _ in gateways if not row.known))
    told = [f"not known whether they are there and enabled (give Teams' gateways): {unknown}"] * bool(unknown)
    for row, port in gateways:
        if row.known and (row.sip_signaling_port is None or row.sip_signaling_port != port):
            told.append(f"port of {row.fqdn}: {port or UNKNOWN} in ACS, {row.sip_signaling_port or UNKNOWN} in Teams")
    return tuple(told)


#: What no source says; our words.
_SILENT = {
    "what is in the tenant already": "A route of the same name, a usage or a priority that is taken: the script stops, "
    "or Teams numbers anew. Read the tenant back and prove that.",
    "names of routes and policies": "How long these may be in Teams, and which characters they take.",
    "dial plans": "What Teams makes of dialled digits before it looks for a route. The proof begins behind that.",
    "the dialect of patterns": "Whether Teams reads a number pattern as ACS does. Both are judged by one machine here.",
    "emergency calls": "Which routes and which policy an emergency call takes in Teams.",
    "aliases": "Whether an alias leads to the same SBC, and whether its certificate covers it.",
    "calls in": "How a call comes in: by the carrier, the SBC and whose number it is. The proof is of calls out.",
    "PowerShell": "What it makes of the script. An independent grammar reads it; neither PowerShell nor a tenant has.",
}


def limits() -> Iterator[Limit]:
    """What a proof of routing does not cover, with the source of each, or unknown."""
    facts = load("teams")
    told = {row["what"]: row for row in facts["differences"]}
    for what in (
        "who may use a route",
        "no route matches",
        "a demoted SBC",
        "failover codes",
        "order of the SBCs in a route",
        "a route without SBC",
    ):
        row = told[what]
        yield Limit(what, f"ACS: {row['acs']}. Teams: {row['teams']}.", cite("teams", row["source"]))
    forwarded = facts["selection"][-1]
    yield Limit("a forwarded or transferred call", forwarded["text"], cite("teams", forwarded["source"]))
    usage = next(row for row in facts["cmdlets"] if row["name"] == "Set-CsOnlinePstnUsage")
    yield Limit("names of usages", f"{usage['note']} How long is unknown.", cite("teams", usage["source"][1:]))
    yield from (Limit(what, why, UNKNOWN) for what, why in _SILENT.items())


# ---------------------------------------------------------------- who has to do what

_AZURE, _TEAMS, _SBC = "Azure", "Teams", "SBC administrator"
#: Who takes each step. The guide says what each role is for; where it names nobody for a step, this is our model.
_WHO = (_AZURE, f"{_AZURE}, {_TEAMS}, {_SBC}", _TEAMS, _TEAMS, _TEAMS, _SBC, f"{_TEAMS}, {_SBC}", _TEAMS, _AZURE)
_OF_NUMBERS = ("cloud.port-out", "cloud.port-in", "cloud.release-before-delete")


def checklist(move: Move) -> tuple[Task, ...]:
    """What has to be done, in order, and by whom: the guide's steps, this move's names, and the numbers of option 1."""
    guide = load("lifecycle")["moving"]["sip_to_teams_direct_routing"]
    roles, source = guide["roles"], cite("lifecycle", guide["source"])
    making, covering = "add trunks and routes in Teams", "update the SBC and its certificate"
    new_names = ", ".join(move.aliases.values())
    also = {
        making: [
            *(Task(_TEAMS, f"not carried over: {what}", _OURS) for what in move.not_carried),
            *(Task(_TEAMS, f"renamed, as names are unique: '{a}' is '{b}' in Teams", _OURS) for a, b in move.renamed),
        ],
        covering: [
            *(
                Task(_SBC, f"certificate for {old} and {new}: {guide['fqdn']['certificate']}", source)
                for old, new in move.aliases.items()
            ),
            *[Task(_SBC, f"DNS: these lead to their SBCs: {new_names}", _OURS)] * bool(new_names),
            Task(_SBC, f"leave as it is: {'; '.join(guide['unchanged'])}", source),
        ],
        "move the numbers": [
            *(task for wave in move.waves for task in _wave(wave, move.numbers)),
            *(_numbers(move.numbers) if move.numbers else ()),
        ],
    }
    tasks = [
        Task(f"{_AZURE}: {' or '.join(roles['azure'])}", "see and change the ACS resource", source),
        Task(f"{_TEAMS}: {' or '.join(roles['teams'])}", "make and grant everything in Teams", source),
        Task(" or ".join(roles["sbc"]), "be there to change the SBC and to test calls", source),
    ]
    for who, step in zip(_WHO, guide["steps"], strict=True):
        if step == making:
            way = guide["fqdn"]["full_cutover"]
            tasks += [Task(f"{_AZURE}, then {_TEAMS}", f"no alias for {one}. {way}", source) for one in move.cut_over]
            tasks += [Task(f"{_AZURE}, {_TEAMS}", CUT_OFF, _OURS)] * bool(move.cut_over and move.waves)
        tasks.append(Task(who, step, source))
        tasks += [Task(row["who"], row["text"], source) for row in guide["tasks"] if row["step"] == step]
        tasks += also.get(step, ())
    return tuple(tasks)


def _wave(wave: Wave, numbers: Sequence[str]) -> Iterator[Task]:
    yield Task(f"{_TEAMS}, {_SBC}", f"wave {wave}: assign, enable, give the policy, send its calls in to Teams", _OURS)
    bought = [n for n in numbers if any(len(n) == len(a) and a <= n <= b for a, b in wave.ranges)]
    if bought:
        what = f"wave {wave.name}: no SBC brings in numbers of Voice Calling (PSTN); see porting: {', '.join(bought)}"
        yield Task(f"{_AZURE}, {_TEAMS}", what, _OURS)


def _numbers(numbers: Sequence[str]) -> Iterator[Task]:
    """What becomes of the numbers of option 1, before the old side is removed."""
    facts = load("lifecycle")
    rules = {row["id"]: row for row in facts["rules"]}
    plan = facts["moving"]["cloud_to_calling_plan"]
    for rule in map(rules.__getitem__, _OF_NUMBERS):
        yield Task(_AZURE, f"{rule['who']}: {rule['text']}", cite("lifecycle", rule["source"]))
    yield Task(f"{_AZURE}, {_TEAMS}", plan["text"], cite("lifecycle", plan["source"]))
    yield Task(f"{_AZURE}, {_TEAMS}", f"when, and whether to Teams, each can be ported: {', '.join(numbers)}", UNKNOWN)


# ---------------------------------------------------------------- the script, read back

# A quote inside a string stands twice; only the plain one ends a string, though PowerShell takes any of the five.
_TEXT = rf"'(?:[^{QUOTES}]|([{QUOTES}])\1)+'"
_STRING = re.compile(_TEXT)
_KINDS: dict[str, re.Pattern[str]] = {
    "a text in single quotes": _STRING,
    "texts in single quotes": re.compile(rf"{_TEXT}(?:,'(?:[^{QUOTES}]|([{QUOTES}])\2)+')*"),
    "a whole number": re.compile(r"[0-9]{1,9}(?![0-9])"),
    "$true or $false": re.compile(r"\$(?:true|false)(?![\w:])"),
    "'Global'": re.compile("'Global'"),
    "@{Add='...'}": re.compile(rf"@\{{Add={_TEXT}\}}"),
}
_ONE, _MANY, _NUMBER, _SWITCH, _GLOBAL, _ADD = _KINDS
#: What each cmdlet takes.
_FORMS: dict[str, dict[str, str]] = {
    "New-CsOnlinePSTNGateway": {"Fqdn": _ONE, "SipSignalingPort": _NUMBER, "Enabled": _SWITCH},
    "Set-CsOnlinePstnUsage": {"Identity": _GLOBAL, "Usage": _ADD},
    "New-CsOnlineVoiceRoute": {
        "Identity": _ONE,
        "Priority": _NUMBER,
        "NumberPattern": _ONE,
        "OnlinePstnGatewayList": _MANY,
        "OnlinePstnUsages": _MANY,
        "Description": _ONE,
    },
    "New-CsOnlineVoiceRoutingPolicy": {"Identity": _ONE, "OnlinePstnUsages": _MANY},
}
_END = " -ErrorAction $OnError -WhatIf:$Dry"
_OPTIONAL = {"Enabled", "OnlinePstnGatewayList", "Description"}
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")
_NAME = re.compile(r" -([A-Za-z]+) ")


def read_script(text: str | bytes, *, policy: str | None = None) -> RouteTable:
    """The route table of Teams that a script of a move makes; `policy` chooses among several.

    A remark begins with `# `, because PowerShell obeys `#requires`.
    A gateway without -Enabled is disabled, as Teams has it (New-CsOnlinePSTNGateway.md). Raises ConfigurationError
    with line and column for anything that a move does not write.
    """
    every = list(enumerate(re.split("\r?\n", decoded(text)), 1))
    for n, line in every:
        # A lone carriage return would end a remark and begin a command.
        if not line.isprintable():
            at = next(at for at, character in enumerate(line) if not character.isprintable())
            raise _refused(n, at, "what stands here cannot be seen", "Take a script as it was written.")
    lines = [(n, line) for n, line in every if line and not line.startswith("# ")]
    for (n, line), wanted in zip([*lines[: len(PREAMBLE)], (1, "")], PREAMBLE, strict=False):
        if line != wanted:
            raise _refused(n, 0, f"the script has to begin with {quoted(wanted)}", "Take a script as it was written.")
    made: dict[str, list[dict[str, Any]]] = {"gateways": [], "usages": [], "routes": [], "policies": []}
    for n, line in lines[len(PREAMBLE) :]:
        cmdlet, given = _command(n, line)
        _make(made, n, cmdlet, given)
    parts = {name: rows for name, rows in made.items() if name != "usages"}
    table = read_table(json.dumps(parts), policy=policy)
    rows = tuple(replace(row, place=None, pattern_place=None) for row in table.routes)
    return replace(table, routes=rows, trunks=tuple(replace(row, place=None) for row in table.trunks))


def _make(made: dict[str, list[dict[str, Any]]], n: int, cmdlet: str, given: dict[str, Any]) -> None:
    """What a command makes, where everything that it names is there."""
    there = {part: {row["Identity"].casefold() for row in rows} for part, rows in made.items()}
    parts = dict(zip(_FORMS, ("gateways", "usages", "routes", "policies"), strict=True))
    part = parts[cmdlet]
    if part == "gateways":
        given = {"Enabled": False, **given, "Identity": given.pop("Fqdn")}
    elif part == "usages":
        given = {"Identity": given["Usage"]}
    elif part == "routes":
        given["Name"] = given["Identity"]
    name = given["Identity"]
    if name.casefold() in there[part]:
        raise _refused(n, 0, f"{quoted(name)} is made twice", "Names are unique: change one.")
    if part == "gateways" and not (is_fqdn(name) and len(name) <= LONGEST_FQDN):
        raise _refused(n, 0, f"{quoted(name)} is no FQDN of at most {LONGEST_FQDN} characters", "Correct it.")
    if part == "gateways" and not 1 <= given["SipSignalingPort"] <= 65535:
        raise _refused(n, 0, f"the port is {given['SipSignalingPort']}", "Use 1 to 65535.")
    if part in ("usages", "policies") and (
        not name.strip() or name.casefold() == "global" or name.casefold().startswith("tag:")
    ):
        raise _refused(n, 0, f"Teams keeps the name {quoted(name)} for itself, or it is none", "Take another name.")
    if part == "routes" and given["Priority"] in [row["Priority"] for row in made[part]]:
        raise _refused(n, 0, f"two routes have the priority {given['Priority']}", "Give each one of its own.")
    for field, kind in (("OnlinePstnUsages", "usages"), ("OnlinePstnGatewayList", "gateways")):
        for name in given.get(field, ()):
            if name.casefold() not in there[kind]:
                raise _refused(n, 0, f"{quoted(name)} is not made before this line", f"Make it first ({kind}).")
    made[part].append(given)


def _command(n: int, line: str) -> tuple[str, dict[str, Any]]:
    """A cmdlet and its parameters, in the form that a move writes; without its end it would run at once, and go on."""
    word = _WORD.match(line)
    if word is None or word[0] not in _FORMS:
        raise _refused(n, 0, "this is no command of a move", f"Use one of: {', '.join(_FORMS)}.")
    form, given, at = _FORMS[word[0]], {}, word.end()
    while line[at:] != _END:
        name = _NAME.match(line, at)
        if name is None or name[1] not in form or name[1] in given:
            wanted = ", ".join(f"-{one}" for one in form if one not in given)
            raise _refused(n, at, "a parameter of this cmdlet is needed here", f"Use {wanted}, or end with{_END}.")
        kind = form[name[1]]
        found = _KINDS[kind].match(line, name.end())
        if found is None:
            raise _refused(n, name.end(), f"{kind} is needed here", "Take a script as it was written.")
        given[name[1]], at = _value(kind, found[0]), found.end()
    for needed in form:
        if needed not in given and needed not in _OPTIONAL:
            raise _refused(n, at, f"-{needed} is missing", "Add it.")
    return word[0], given


def _value(kind: str, text: str) -> Any:
    if kind == _NUMBER:
        return int(text)
    if kind == _SWITCH:
        return text == "$true"
    texts = [re.sub(f"([{QUOTES}])\\1", r"\1", found[0][1:-1]) for found in _STRING.finditer(text)]
    return texts if kind == _MANY else texts[0]


def _refused(line: int, column: int, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem(f"line {line}, column {column + 1}", problem, remedy),))
