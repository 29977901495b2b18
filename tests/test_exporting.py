"""A move is written for Teams, character by character; two readers that share nothing with the writer agree on it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs_telephony.checking.moving import read_script
from acs_telephony.checking.route_table import RouteRow, RouteTable, TrunkRow
from acs_telephony.errors import ConfigurationError
from acs_telephony.exporting import Move, plan_move
from acs_telephony.facts import load
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.tables import contoso, generated, microsoft_three_routes
from tests.powershell import commands, is_broken
from tests.test_models import FQDNS, UNKNOWN

# What PowerShell might take for something else: its five quotes and three double ones, its dashes, and its signs.
HOSTILE = "'\u2018\u2019\u201a\u201b\"\u201c\u201d\u2013\u2014$`#;@{}()[]|&<>%,-:\\^*+?. aZ09é漢🙂"
TEXTS = st.text(HOSTILE, min_size=1, max_size=9) | st.sampled_from(
    ["'", "''", "\u2019'", "$(rm)", "@'", "'@", "#>", "<#", "--%", "-WhatIf:$false", "'; Remove-X '", "# SIG # Begin"]
)
USAGE = "Moved from ACS"


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """What GET /sip may return inside the limits, without characters that cannot be seen; names may stand twice."""
    fqdns = draw(st.lists(FQDNS, unique=True, max_size=4))
    trunks = {
        fqdn: {"sipSignalingPort": draw(st.integers(1, 65535))}
        | draw(st.sampled_from([{}, {"enabled": True}, {"enabled": False}]))
        | draw(UNKNOWN)
        for fqdn in fqdns
    }
    routes: dict[tuple[str, str], dict[str, Any]] = {}
    for _ in range(draw(st.integers(0, 5))):
        route: dict[str, Any] = {"name": draw(TEXTS), "numberPattern": draw(TEXTS)}
        if fqdns:
            route["trunks"] = draw(st.lists(st.sampled_from(fqdns), unique=True))
        route |= draw(st.sampled_from([{}, {"description": None}, {"description": ""}, {"description": draw(TEXTS)}]))
        route |= draw(st.sampled_from([{}, {"trunks": None}, {"callerIdOverride": "+14255550100"}])) | draw(UNKNOWN)
        routes.setdefault((route["name"], route["numberPattern"]), route)
    return {"trunks": trunks, "routes": [*routes.values()]}


def normal_form(wire: dict[str, Any]) -> RouteTable:
    """What a table of ACS is in Teams, told without the kit: no place, no caller ID, no unknown field, one usage.

    Trunks that are null, absent or empty are none, and so is such a description. The second of two names alike (in
    whatever case) gets a number; order, patterns, FQDNs, ports and what is disabled stay.
    """
    names: list[str] = []
    given = {route["name"].casefold() for route in wire["routes"]}
    for route in wire["routes"]:
        tries = [route["name"], *(f"{route['name']} ({n})" for n in range(2, 99))]
        taken = {name.casefold() for name in names}
        names.append(next(x for x in tries if x.casefold() not in (taken if x == tries[0] else taken | given)))
    rows = (
        RouteRow(
            name,
            row["numberPattern"],
            tuple(row.get("trunks") or ()),
            row.get("description") or "",
            usage=USAGE,
        )
        for name, row in zip(names, wire["routes"], strict=True)
    )
    trunks = (
        TrunkRow(fqdn, row.get("enabled", True), sip_signaling_port=row["sipSignalingPort"])
        for fqdn, row in wire["trunks"].items()
    )
    return RouteTable(tuple(rows), tuple(trunks), "teams")


def expected_commands(table: RouteTable) -> list[tuple[str, dict[str, Any]]]:
    """What has to stand in a script that makes this table, as the second reader tells it."""
    dry = {"ErrorAction": "$OnError", "WhatIf": "$Dry"}
    made: list[tuple[str, dict[str, Any]]] = []
    for row in table.trunks:
        switch = "$true" if row.enabled else "$false"
        its = {"Fqdn": [row.fqdn], "SipSignalingPort": str(row.sip_signaling_port), "Enabled": switch}
        made.append(("New-CsOnlinePSTNGateway", its | dry))
    made.append(("Set-CsOnlinePstnUsage", {"Identity": ["Global"], "Usage": {"Add": USAGE}} | dry))
    for priority, route in enumerate(table.routes, 1):
        its = {"Identity": [route.name], "Priority": str(priority), "NumberPattern": [route.number_pattern]}
        if route.trunks:
            its["OnlinePstnGatewayList"] = list(route.trunks)
        its["OnlinePstnUsages"] = [USAGE]
        if route.description:
            its["Description"] = [route.description]
        made.append(("New-CsOnlineVoiceRoute", its | dry))
    made.append(("New-CsOnlineVoiceRoutingPolicy", {"Identity": [USAGE], "OnlinePstnUsages": [USAGE]} | dry))
    return made


@given(configurations())
@settings(max_examples=150)
def test_written_and_read_back_a_table_is_itself_in_its_normal_form_for_both_readers(wire: dict[str, Any]) -> None:
    move = plan_move(SipConfiguration.load(wire))

    assert read_script(move.script) == normal_form(wire)
    assert commands(move.script) == expected_commands(normal_form(wire))


@given(configurations())
@settings(max_examples=50)
def test_the_way_back_removes_what_the_move_makes_in_the_reverse_order(wire: dict[str, Any]) -> None:
    move = plan_move(SipConfiguration.load(wire))

    made = [(next(iter(its.values())), its.get("Usage")) for _, its in commands(move.script)]
    removed = [(its["Identity"], its.get("Usage")) for _, its in commands(move.undo)]
    assert removed == [(name, usage and {"Remove": usage["Add"]}) for name, usage in reversed(made)]
    assert all((its["ErrorAction"], its["WhatIf"]) == ("Continue", "$Dry") for _, its in commands(move.undo))


def told(script: str) -> RouteTable:
    """The table that the second reader finds in a script."""
    gateways, routes, policies = ({}, [], [])  # type: ignore[var-annotated]
    for cmdlet, its in commands(script):
        assert (its.pop("ErrorAction"), its.pop("WhatIf")) == ("$OnError", "$Dry")
        if cmdlet == "New-CsOnlinePSTNGateway":
            (fqdn,) = its["Fqdn"]
            gateways[fqdn] = TrunkRow(fqdn, its.get("Enabled") == "$true", None, int(its["SipSignalingPort"]))
        elif cmdlet == "New-CsOnlineVoiceRoute":
            sbcs, more = tuple(its.get("OnlinePstnGatewayList", ())), its.get("Description", [""])[0]
            row = RouteRow(its["Identity"][0], its["NumberPattern"][0], sbcs, more)
            routes.append((int(its["Priority"]), row, its["OnlinePstnUsages"]))
        elif cmdlet == "New-CsOnlineVoiceRoutingPolicy":
            policies.append(its["OnlinePstnUsages"])
    (usages,) = policies
    routes.sort(key=lambda one: one[0])
    rows = [replace(row, usage=usage) for usage in usages for _, row, its in routes if usage in its]
    return RouteTable(tuple(rows), tuple(gateways.values()), "teams")


SCRIPT = plan_move(microsoft_three_routes()).script
PIECES = [
    *HOSTILE,
    "\n",
    "\r",
    "''",
    "\u2019\u2019",
    " -Enabled $true",
    "#",
    "#requires -Version 9\n",
    "@'\n",
    "$true",
    "9",
]


@given(st.integers(0, len(SCRIPT)), st.integers(0, 3), st.sampled_from(PIECES))
@settings(max_examples=300)
def test_a_script_with_a_slip_is_refused_or_both_readers_still_agree(at: int, cut: int, put: str) -> None:
    spoilt = SCRIPT[:at] + put + SCRIPT[at + cut :]
    try:
        found = read_script(spoilt)
    except ConfigurationError:
        return
    # A policy that became a remark leaves the order open, and then nothing is compared.
    assert not found.ordered or found == told(spoilt)


def test_some_slips_are_read_and_most_are_refused() -> None:
    """Else the law above would hold for nothing."""
    assert told(SCRIPT) == read_script(SCRIPT)
    assert read_script(SCRIPT.replace("'Redmond 1'", "'Redmond 9'")) == told(
        SCRIPT.replace("'Redmond 1'", "'Redmond 9'")
    )
    with pytest.raises(ConfigurationError, match="no command of a move"):
        read_script(f"{SCRIPT}#requires -Version 9\n")


@pytest.mark.parametrize("resource", [contoso(), microsoft_three_routes(), generated(250, seed=3)])
def test_the_shared_tables_are_read_alike_by_both(resource: Resource) -> None:
    script = plan_move(resource).script

    assert commands(script) == expected_commands(normal_form(resource.configuration.dump()))


@given(configurations())
@settings(max_examples=50)
def test_what_is_not_carried_is_told(wire: dict[str, Any]) -> None:
    told = " ".join(plan_move(SipConfiguration.load(wire)).not_carried)

    dropped = [route for route in wire["routes"] if "callerIdOverride" in route]
    assert told.count("callerIdOverride '+14255550100'") == len(dropped)
    unknown = sum(name.startswith("x-") for row in (*wire["trunks"].values(), *wire["routes"]) for name in row)
    assert told.count("'x-") >= unknown
    assert told.count("what a call does without SBC") == sum(not route.get("trunks") for route in wire["routes"])


def test_numbers_of_option_1_are_not_carried_and_the_script_says_so() -> None:
    move = plan_move(contoso())

    assert move.not_carried == (
        "alternateCallerId, which takes a call that no route matches by one of "
        "+14255550111, +14255550112, +442079460111",
    )
    assert f"# Not carried over: {move.not_carried[0]}\n" in move.script
    assert plan_move(contoso().configuration).not_carried == ()


def test_a_script_changes_nothing_unless_it_is_told_to() -> None:
    lines = plan_move(contoso()).script.splitlines()

    made = [line for line in lines if line and not line.startswith("#")]
    assert made[:4] == [
        "param([switch]$Apply)",
        "$Dry = -not $Apply",
        "$OnError = if ($Apply) { 'Stop' } else { 'Continue' }",
        "$ErrorActionPreference = $OnError",
    ]
    assert len(made) == 4 + 4 + 1 + 60 + 1
    assert all(line.endswith(" -ErrorAction $OnError -WhatIf:$Dry") for line in made[4:])


def test_the_way_back_goes_on_and_changes_nothing_unless_it_is_told_to() -> None:
    made = [line for line in plan_move(contoso()).undo.splitlines() if line and not line.startswith("#")]

    assert made[:2] == ["param([switch]$Apply)", "$Dry = -not $Apply"]
    assert len(made) == 2 + 1 + 60 + 1 + 4
    assert all(line.endswith(" -ErrorAction Continue -WhatIf:$Dry") for line in made[2:])


def test_both_heads_say_that_the_way_back_removes_by_name_and_how_a_script_is_run() -> None:
    move = plan_move(contoso())
    head, undo = (
        " ".join(text[: text.index("param(")].replace("\n# ", " ").split()) for text in (move.script, move.undo)
    )

    assert "Connect-MicrosoftTeams, then .\\move.ps1 (a dry run that changes nothing), then .\\move.ps1 -Apply." in head
    assert "undo.ps1 removes by name, even what this script did not make" in head
    assert "Before -Apply, save what is there: Get-CsOnlineVoiceRoute" in head
    assert "begin anew" not in head, "the likeliest error is a name that is taken, and undo.ps1 would remove its owner"
    assert "even what move.ps1 did not make" in undo


def test_every_cmdlet_that_is_run_has_a_dry_run_by_its_own_page() -> None:
    known = {row["name"]: row["whatif"] for row in load("teams")["cmdlets"]}
    move = plan_move(contoso())

    used = {name for script in (move.script, move.undo) for name, _ in commands(script)}
    assert used == {name for name, dry in known.items() if dry}
    assert known["Grant-CsOnlineVoiceRoutingPolicy"] is False
    assert "\n# Grant-CsOnlineVoiceRoutingPolicy -Identity '<user>'" in move.script


def test_a_broken_script_is_seen_as_broken() -> None:
    script = plan_move(microsoft_three_routes()).script

    assert not is_broken(script)
    assert is_broken(script.replace("'Redmond 1'", "'Redmond 1"))
    assert is_broken(script.replace("@{Add='Moved from ACS'}", "@{Add='Moved from ACS'"))
    with pytest.raises(AssertionError, match="end this string early"):
        commands(script.replace("'Redmond 1'", "'Redmond\u2019s 1'"))
    assert not is_broken("New-X -Name 'it\u2019s'"), (
        "the grammar knows one quote, PowerShell five: hence the line above"
    )


# ---------------------------------------------------------------- what is refused, and all of it at once


def problems(wire: dict[str, Any], **more: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        plan_move(SipConfiguration.load(wire), **more)
    return list(map(str, caught.value.problems))


LONG = [f"{'a' * 50}{n}.contoso.example" for n in (1, 2)]  # 67 characters
assert {len(name) for name in LONG} == {67}


def test_every_fqdn_that_is_too_long_is_named_and_a_short_alias_is_the_way_out() -> None:
    wire = {"trunks": {fqdn: {"sipSignalingPort": 5061} for fqdn in (*LONG, "sbc.contoso.example")}, "routes": []}

    found = problems(wire)
    assert [LONG[n][:50] in line and "67 characters, and Teams takes 63" in line for n, line in enumerate(found)] == [
        True,
        True,
    ]
    short = plan_move(SipConfiguration.load(wire), aliases={LONG[0].upper(): "a.example", LONG[1]: "b.example"})
    assert [row.fqdn for row in short.gateways] == ["a.example", "b.example", "sbc.contoso.example"]
    assert short.aliases == {LONG[0]: "a.example", LONG[1]: "b.example"}
    at_the_limit = f"{'a' * 55}.example"
    assert len(at_the_limit) == 63
    assert plan_move(SipConfiguration.load({"trunks": {at_the_limit: {"sipSignalingPort": 1}}, "routes": []})).gateways


TWO = {
    "trunks": {"a.example": {"sipSignalingPort": 5061}, "b.example": {"sipSignalingPort": 5061}},
    "routes": [{"name": "nl", "numberPattern": "^1$", "trunks": ["a.example"]}],
}
WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "an alias of nobody": (TWO, {"aliases": {"c.example": "d.example"}}, "alias 'c.example': the table has no such"),
    "an alias that is no name": (TWO, {"aliases": {"a.example": "a b"}}, "no fully qualified domain name"),
    "one alias for two": (TWO, {"aliases": {"a.example": "x.example", "b.example": "X.example"}}, "two SBCs have this"),
    "an alias that is an SBC of ACS": (
        TWO,
        {"aliases": {"a.example": "b.example", "b.example": "c.example"}},
        "another SBC has this name in ACS",
    ),
    "usages of no route": (TWO, {"usages": {"be": "Belgium"}}, "usages of 'be': the table has no such name"),
    "everybody's policy": (TWO, {"policy": "global"}, "Teams keeps it for itself"),
    "a usage of blanks": (TWO, {"usage": " "}, "Teams keeps it for itself, or it is none"),
    "a policy of blanks": (TWO, {"policy": "\t".expandtabs()}, "Teams keeps it for itself, or it is none"),
    "two aliases of one SBC": (
        TWO,
        {"aliases": {"a.example": "x.example", "A.example": "y.example"}},
        "alias 'a.example': this SBC has two",
    ),
    "a wave without numbers": (TWO, {"waves": {"e": []}}, "wave 'e': it has no number"),
    "a usage without name": (TWO, {"usage": ""}, "Teams keeps it for itself, or it is none"),
    "a wave turned round": (TWO, {"waves": {"w": ["+312-+311"]}}, "is no range of numbers"),
    "a wave of two lengths": (TWO, {"waves": {"w": ["+311-+3111"]}}, "is no range of numbers"),
    "a wave of words": (TWO, {"waves": {"w": ["all"]}}, "'all' to 'all' is no range of numbers"),
    "a number in two waves": (TWO, {"waves": {"w": ["+311-+315"], "v": ["+315"]}}, "share the number +315"),
    "a wave over two lines": (TWO, {"waves": {"w\nRemove-X": ["+311"]}}, "U+000A"),
    "a policy over two lines": (TWO, {"policy": "a\r"}, "U+000D"),
    "a usage with a NUL": (TWO, {"usage": "a\0"}, "U+0000"),
}
UNSEEN = ["\n", "\r", "\u2028", "\x85", "\0", "\x1b", "\u202e", "\u200b"]
WRONG |= {
    f"{field} with U+{ord(unseen):04X}": (
        {**TWO, "routes": [{"name": "nl", "numberPattern": "1", field: f"a{unseen}Remove-X"}]},
        {},
        f"route {'nl' if field != 'name' else 'a?Remove-X'!r}: 'a?Remove-X' holds what cannot be seen in a script "
        f"(U+{ord(unseen):04X})",
    )
    for field in ("name", "numberPattern", "description")
    for unseen in UNSEEN
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_cannot_be_written_is_refused(wrong: tuple[dict[str, Any], dict[str, Any], str]) -> None:
    wire, more, words = wrong

    assert [words in line for line in problems(wire, **more)] == [True]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(problems(TWO, policy="global", usage="tag:x", aliases={"a.example": "a"}, waves={"w": ["1"]})) == 4


# ---------------------------------------------------------------- names, usages, waves


def test_names_that_stand_twice_are_told_apart_and_said_to_be_renamed() -> None:
    rows = [("nl", "1"), ("NL", "2"), ("nl (2)", "3"), ("nl", "4")]
    wire = {"routes": [{"name": name, "numberPattern": pattern} for name, pattern in rows]}
    move = plan_move(SipConfiguration.load(wire))

    assert [route.name for route in move.routes] == ["nl", "NL (3)", "nl (2)", "nl (4)"]
    assert [old for old, _ in move.renamed] == ["NL", "nl"]
    assert "# Renamed, as names are unique in Teams: 'NL' is 'NL (3)' there\n" in move.script
    assert "# Renamed, as names are unique in Teams: 'nl' is 'nl (4)' there\n" in move.script


def test_usages_come_in_the_order_of_their_first_routes_whatever_their_case() -> None:
    rows = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]
    wire = {"routes": [{"name": name, "numberPattern": pattern} for name, pattern in rows]}
    move = plan_move(SipConfiguration.load(wire), usage="rest", usages={"b": "One", "d": "ONE"})

    assert move.usages == ("rest", "One")
    assert [route.usage for route in move.routes] == ["rest", "One", "rest", "One"]


def test_waves_are_a_last_step_left_to_a_person() -> None:
    waves = {"pilot": ["+31 20 123 4500 - +31 20 123 4549", "+31201239999"], "rest": ["+31201234550-+31201234599"]}
    move = plan_move(microsoft_three_routes(), waves=waves)

    assert [wave.count for wave in move.waves] == [51, 50]
    last = move.script[move.script.index("# 5.") :].splitlines()[2:]
    grant = "# Grant-CsOnlineVoiceRoutingPolicy -Identity '<user>' -PolicyName 'Moved from ACS'"
    assert last == [
        "# Wave pilot: +31201234500 to +31201234549, +31201239999 (51 numbers)",
        grant,
        "# Wave rest: +31201234550 to +31201234599 (50 numbers)",
        grant,
    ]


def test_an_sbc_without_alias_has_to_leave_acs_before_anything_is_made() -> None:
    aliases = {f"{sbc}.contoso.com": f"{sbc}-teams.contoso.com" for sbc in ("ams1", "ams2", "iad1")}
    alone = plan_move(contoso(), aliases=aliases)
    in_waves = plan_move(contoso(), aliases=aliases, waves={"pilot": ["+31201234500"]})
    warning = "# Until the last wave, nobody who is still on ACS has this SBC"

    assert alone.cut_over == ("sin1.contoso.com",)
    lines = in_waves.script.splitlines()
    told = lines.index("# Before this script: remove sin1.contoso.com from ACS, for it has no alias.")
    assert lines[told + 1].startswith(warning)
    assert told < min(n for n, line in enumerate(lines) if line.startswith("New-"))
    assert warning not in alone.script
    assert "remove sin1" in alone.script
    every = plan_move(contoso(), aliases=aliases | {"sin1.contoso.com": "sin1-teams.contoso.com"}, waves={"a": ["+31"]})
    assert every.cut_over == ()
    assert "# Before this script" not in every.script


def test_the_same_table_gives_the_same_bytes() -> None:
    move, again = (plan_move(SipConfiguration.load(json.dumps(contoso().configuration.dump()))) for _ in range(2))

    assert (move.script, move.undo) == (again.script, again.undo)
    assert isinstance(move, Move)
