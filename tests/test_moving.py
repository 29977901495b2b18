"""A move is proven by its script as it was read back, under Teams' rules; a scan that knows usages is the oracle."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from acs_telephony.automaton import compile_table
from acs_telephony.checking.comparing import compare
from acs_telephony.checking.documents import read_table
from acs_telephony.checking.moving import UNKNOWN, checklist, limits, prove, read_script
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.domains import E164
from acs_telephony.errors import AnswerError, ConfigurationError
from acs_telephony.exporting import plan_move
from acs_telephony.facts import load
from acs_telephony.guide.editing import change_route
from acs_telephony.guide.exercises import NL_PREMIUM
from acs_telephony.models import Resource, SipConfiguration, Trunk, VoiceRoute
from acs_telephony.tables import contoso, generated, microsoft_three_routes
from tests.conftest import cases
from tests.test_auditing import sampled

END = " -ErrorAction $OnError -WhatIf:$Dry"


def configuration_of(routes: list[tuple[str, str, list[str]]]) -> SipConfiguration:
    fqdns = sorted({fqdn for _, _, sbcs in routes for fqdn in sbcs})
    return SipConfiguration(
        trunks=tuple(Trunk(fqdn=fqdn, sip_signaling_port=5061) for fqdn in fqdns),
        routes=tuple(VoiceRoute(name=name, number_pattern=text, trunks=tuple(to)) for name, text, to in routes),
    )


# ---------------------------------------------------------------- the examples of the documented page


def documented() -> tuple[SipConfiguration, dict[str, str]]:
    """The routes of the page as a table of ACS, and their usages."""
    rows = sorted(load("teams")["example_routes"], key=lambda row: row["priority"])
    routes = [(row["name"], row["pattern"], [f"{sbc}.contoso.com" for sbc in row["sbcs"]]) for row in rows]
    return configuration_of(routes), {row["name"]: row["usage"] for row in rows}


def with_policies() -> str:
    """The script of the page's routes, with one more policy for each of its examples."""
    configuration, usages = documented()
    script = plan_move(configuration, policy="moved", usages=usages).script
    for example in {row["policy"]: row for row in load("teams")["examples"]}.values():
        texts = ",".join(f"'{usage}'" for usage in example["usages"])
        name = example["policy"]
        script += f"New-CsOnlineVoiceRoutingPolicy -Identity '{name}' -OnlinePstnUsages {texts}{END}\n"
    return script


def tried(table: RouteTable, number: str) -> list[list[str]]:
    matches = compile_table([row.number_pattern for row in table.routes]).match(number)
    return [[fqdn.split(".")[0] for fqdn in table.routes[route].trunks] for route in table.chain(matches)]


@pytest.mark.parametrize("example", load("teams")["examples"], ids=lambda row: f"{row['policy']} {row['dial']}")
def test_the_documented_examples_come_true(example: dict[str, Any]) -> None:
    found = tried(read_script(with_policies(), policy=example["policy"]), example["dial"])
    wanted = [list(sbcs) for sbcs in example["tried"]]

    assert found[: len(wanted)] == wanted
    # The page stops after two routes for +1 425; by its own patterns the third route of the usage takes them as well.
    assert found[len(wanted) :] in ([], [["sbc5", "sbc6"]])
    assert ["sbc2", "sbc5"] not in found or example["usages"][0] == "International"


def test_the_documented_usages_are_no_move_of_one_table() -> None:
    """10**10 numbers of +1 would have International behind them in ACS; turned round, they would begin with it."""
    configuration, _ = documented()

    def changes(policy: str) -> list[tuple[str, int]]:
        new = read_script(with_policies(), policy=policy)
        return [
            (one.kind, one.count) for one in prove(configuration, new).comparison.changes if one.domain == E164.name
        ]

    assert sum(count for kind, count in changes("No Restrictions") if kind == "standby") == 10**10
    assert {kind for kind, _ in changes("No Restrictions")} == {"standby"}
    turned = changes("No Restrictions, usages turned round")
    assert sum(count for kind, count in turned if kind == "first choice") == 10**10


# ---------------------------------------------------------------- the proof


@pytest.mark.parametrize("case", cases("moving.toml", "grouped"))
def test_usages_decide_what_is_kept(case: dict[str, Any]) -> None:
    configuration = configuration_of([(name, text, [f"{to}.example"]) for name, text, to, _ in case["routes"]])
    usages = {name: usage for name, _, _, usage in case["routes"]}
    proof = prove(configuration, read_script(plan_move(configuration, usages=usages).script))

    found = [[one.kind, one.count] for one in proof.comparison.changes if one.domain == E164.name]
    assert found == case["changes"]
    assert proof.proven is (case["changes"] == [])
    assert proof.sentence.startswith("Proven: " if proof.proven else "No proof. ")
    assert all(f"{kind}: {count:,} E.164 numbers" in proof.sentence for kind, count in case["changes"])


@pytest.mark.parametrize("resource", [contoso(), microsoft_three_routes(), generated(250, seed=9)])
def test_in_one_usage_every_move_is_proven(resource: Resource) -> None:
    aliases = {trunk.fqdn.upper(): f"teams-{trunk.fqdn}" for trunk in resource.configuration.trunks}
    move = plan_move(resource, aliases=aliases)
    new = read_script(move.script)

    assert prove(resource, new, aliases=move.aliases).proven
    assert not prove(resource, new).proven, "under other names they are other SBCs"


def scanned(table: RouteTable, number: str) -> list[frozenset[str]]:
    """The SBCs that a number comes to, route by route: Python's `re`, and the rule of usages told once more."""
    rows = [row for row in table.routes if re.search(row.number_pattern, number, re.ASCII)]
    if table.service == "teams":
        rows = [row for row in rows if row.usage == rows[0].usage]
    return [frozenset(row.trunks) for row in rows]


def test_what_a_scan_sees_change_by_country_is_told_and_nothing_else() -> None:
    routes = [route for route in contoso().configuration.routes if not route.number_pattern.startswith("^+")]
    old = SipConfiguration(trunks=contoso().configuration.trunks, routes=tuple(routes))
    new = read_script(plan_move(old, usages={route.name: route.name[:2] for route in routes}).script)
    changes = [one for one in prove(old, new).comparison.changes if one.domain == E164.name]
    told = {(tuple(map(frozenset, one.old_trunks)), tuple(map(frozenset, one.new_trunks))) for one in changes}

    numbers = sampled(table_of(old), each=10)
    moved = {(tuple(scanned(table_of(old), number)), tuple(scanned(new, number))) for number in numbers}
    assert {pair for pair in moved if pair[0] != pair[1]} == told
    assert {one.kind for one in changes} == {"standby", "first choice"}


def test_a_gateway_without_enabled_takes_no_call() -> None:
    """Teams makes a gateway disabled by itself (New-CsOnlinePSTNGateway.md)."""
    script = plan_move(microsoft_three_routes()).script.replace(" -Enabled $true", "")
    proof = prove(microsoft_three_routes(), read_script(script))

    assert {(one.kind, one.count) for one in proof.comparison.changes if one.domain == E164.name} == {
        ("lost", 10**10 - 2 * 10**7),
        ("lost", 2 * 10**7),
    }


def test_a_trunk_that_is_disabled_in_acs_stays_so() -> None:
    wire = microsoft_three_routes().configuration.dump()
    wire["trunks"]["sbc5.contoso.biz"]["enabled"] = False
    configuration = SipConfiguration.load(wire)
    script = plan_move(configuration).script

    assert script.count("-Enabled $false") == 1
    assert prove(configuration, read_script(script)).proven
    assert not prove(configuration, read_script(script.replace("$false", "$true"))).proven


def test_a_caller_id_that_is_not_carried_is_no_proof() -> None:
    wire = microsoft_three_routes().configuration.dump()
    wire["routes"][2]["callerIdOverride"] = "+14255550100"
    configuration = SipConfiguration.load(wire)
    move = plan_move(configuration)

    assert move.not_carried == ("callerIdOverride '+14255550100' of route 'Other +1'",)
    proof = prove(configuration, read_script(move.script))
    assert {one.kind for one in proof.comparison.changes} == {"caller ID"}
    assert not proof.proven


def test_an_unreadable_pattern_is_no_proof() -> None:
    configuration = configuration_of([("a", r"^\+31(", ["s1.example"])])
    proof = prove(configuration, read_script(plan_move(configuration).script))

    assert not proof.proven
    assert proof.sentence == "No proof. patterns that cannot be read: 1."


def test_what_is_meant_to_change_is_no_obstacle() -> None:
    old = configuration_of([("a", r"^\+31\d{9}$", ["s1.example"])])
    new = read_script(plan_move(configuration_of([("a", r"^\+31\d{9}$", ["s2.example"])])).script)

    assert prove(old, new, intended=[r"^\+31"]).proven
    assert "except those that were meant to" in prove(old, new, intended=[r"^\+31"]).sentence
    assert not prove(old, new, intended=[r"^\+32"]).proven


def test_a_tenant_as_powershell_tells_it_is_proven_alike() -> None:
    table = microsoft_three_routes()
    move = plan_move(table)
    rows = [
        {"Identity": route.name, "Name": route.name, "Priority": n, "NumberPattern": route.number_pattern}
        | {"OnlinePstnUsages": [route.usage], "OnlinePstnGatewayList": list(route.gateways)}
        for n, route in enumerate(move.routes, 1)
    ]
    policies = json.dumps({"Identity": f"Tag:{move.policy}", "OnlinePstnUsages": list(move.usages)})
    ports = {row.fqdn: row.sip_signaling_port for row in table.configuration.trunks}
    gateways = json.dumps([{"Identity": it, "Enabled": True, "SipSignalingPort": ports[it]} for it in ports])

    assert prove(table, read_table(json.dumps(rows[::-1]), policies=policies, gateways=gateways)).proven
    rows[0]["Priority"] = 9
    assert not prove(table, read_table(json.dumps(rows), policies=policies, gateways=gateways)).proven


@pytest.mark.parametrize("case", cases("moving.toml", "tenant"))
def test_what_is_not_known_of_a_tenant_or_is_otherwise_there_is_no_proof(case: dict[str, Any]) -> None:
    """The tenant is told here by hand; each case changes one thing in it."""
    trio = ("sbc1", "sbc2"), ("sbc3", "sbc4"), ("sbc5",)
    patterns = r"^\+1(425|206)(\d{7})$", r"^\+1(425|206)(\d{7})$", r"^\+1(\d{10})$"
    routes = [
        {"Name": f"r{n}", "NumberPattern": pattern, "Priority": n, "OnlinePstnUsages": ["u"]}
        | {"OnlinePstnGatewayList": [f"{sbc}.contoso.biz" for sbc in sbcs]}
        for n, (pattern, sbcs) in enumerate(zip(patterns, trio, strict=True), 1)
    ]
    for row, change in zip(routes, case.get("routes", [{}] * 3), strict=True):
        row |= {name: None if value == "none" else value for name, value in change.items()}
    five = [{"Identity": f"sbc{n}.contoso.biz", "Enabled": True, "SipSignalingPort": 5061} for n in range(1, 6)]
    gateways = [{k: v for k, v in row.items() if k not in case.get("without", ())} for row in five]
    gateways = [gateways[n] | case.get("gateway", {}) for n in case.get("there", range(5))]
    more = {} if case.get("no_gateways") else {"gateways": json.dumps(gateways)}
    policies = json.dumps({"Identity": "Tag:p", "OnlinePstnUsages": case.get("usages", ["u"])})

    for rows in (routes, routes[::-1]):
        new = read_table(json.dumps(rows), policies=policies, **more)
        if "refused" in case:
            with pytest.raises(AnswerError, match=case["refused"]):
                prove(microsoft_three_routes(), new)
        else:
            assert prove(microsoft_three_routes(), new).sentence == case["sentence"]


@pytest.mark.parametrize(
    ("aliases", "words"),
    [
        ({"ams9.contoso.com": "x.example"}, r"no SBC is called 'ams9\.contoso\.com'"),
        ({"ams1.contoso.com": "x.example", "ams2.contoso.com": "X.example"}, "one name for two SBCs"),
        ({"ams1.contoso.com": "AMS2.contoso.com"}, "one name for two SBCs"),
        ({"ams1.contoso.com": "ams2.contoso.com", "ams2.contoso.com": "x.example"}, "one name for two SBCs"),
        ({"ams1.contoso.com": "x.example", "AMS1.contoso.com": "y.example"}, "two for one"),
    ],
)
def test_aliases_that_would_make_one_sbc_of_two_are_refused(aliases: dict[str, str], words: str) -> None:
    new = read_script(plan_move(contoso()).script)

    with pytest.raises(AnswerError, match=words):
        prove(contoso(), new, aliases=aliases)


def test_two_sbcs_that_became_one_are_not_taken_for_two() -> None:
    """Told by hand: ACS tries a, then b; a Teams that has x alone would be tried twice at one place."""
    old = configuration_of([("r", r"^\+31", ["a.example"]), ("s", r"^\+31", ["b.example"])])
    new = read_script(plan_move(configuration_of([("r", r"^\+31", ["x.example"]), ("s", "^31", ["x.example"])])).script)

    with pytest.raises(AnswerError, match="one name for two SBCs"):
        prove(old, new, aliases={"a.example": "x.example", "b.example": "x.example"})


# ---------------------------------------------------------------- the reader


@pytest.mark.parametrize("case", cases("moving.toml", "refused"))
def test_a_script_that_a_move_does_not_write_is_refused_with_its_place(case: dict[str, Any]) -> None:
    script = plan_move(microsoft_three_routes()).script
    assert read_script(script)
    if "add" in case:
        script += case["add"] + "\n"
        place = case["place"].replace("last", str(len(script.splitlines())))
    else:
        assert script.count(case["find"]) == 1
        script = script.replace(case["find"], case["put"])
        before = script[: script.index(case["at"])].split("\n")
        place = f"line {len(before)}, column {len(before[-1]) + 1}"
    with pytest.raises(ConfigurationError) as caught:
        read_script(script)

    (problem,) = caught.value.problems
    assert problem.place == place
    assert case["words"] in str(problem)


def test_an_empty_script_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="has to begin with"):
        read_script("")


def test_bytes_with_a_mark_are_read_as_windows_powershell_needs_them() -> None:
    script = plan_move(contoso()).script

    assert read_script(script.encode("utf-8-sig")) == read_script(script)


# ---------------------------------------------------------------- what a proof does not cover, and who does what


def test_what_is_not_covered_has_a_source_or_is_unknown() -> None:
    told = {limit.what: limit for limit in limits()}

    sourced = {"who may use a route", "no route matches", "a demoted SBC", "failover codes", "names of usages"}
    sourced |= {"order of the SBCs in a route"}
    assert sourced <= {what for what, limit in told.items() if ".md" in limit.source}
    assert "direct-routing-voice-routing.md, 2020-02-12" in told["a forwarded or transferred call"].source
    assert {limit.source for what, limit in told.items() if what in ("dial plans", "emergency calls")} == {UNKNOWN}
    assert all(limit.why for limit in told.values())
    assert "alternateCallerId" in told["no route matches"].why
    assert "random by the pages, list order by the SDK" in told["order of the SBCs in a route"].why
    assert told["names of usages"].why == "A usage may be any string. How long is unknown."


def test_the_checklist_has_every_step_role_alias_wave_and_number() -> None:
    aliases = {"ams1.contoso.com": "ams1-teams.contoso.com"}
    tasks = checklist(plan_move(contoso(), aliases=aliases, waves={"pilot": ["+31201234500-+31201234549"]}))
    guide = load("lifecycle")["moving"]["sip_to_teams_direct_routing"]
    words = "\n".join(f"{task.who} | {task.what} | {task.source}" for task in tasks)

    steps = [task.what for task in tasks]
    assert [steps.index(step) for step in guide["steps"]] == sorted(steps.index(step) for step in guide["steps"])
    assert all(role in words for roles in guide["roles"].values() for role in roles)
    covered = "certificate for ams1.contoso.com and ams1-teams.contoso.com: one that covers both names, or one for each"
    assert f"SBC administrator | {covered} | migrate-to-teams-direct-routing.md" in words
    assert "SBC administrator | DNS: these lead to their SBCs: ams1-teams.contoso.com | our model" in words
    assert words.count("no alias for") == 3
    assert all(kept in words for kept in guide["unchanged"])
    assert "wave pilot: +31201234500 to +31201234549 (50 numbers)" in words
    assert "release the numbers first" in words
    assert "support ticket" in words
    (ported,) = [task for task in tasks if "can be ported" in task.what]
    assert ported.source == UNKNOWN
    assert all(number in ported.what for number in contoso().purchased_numbers)
    assert steps[-1] == "remove the old side", "release before delete"


def test_each_step_has_those_who_take_it() -> None:
    """By the roles of the guide (migrate-to-teams-direct-routing.md, 2026-06-22), or else by our model."""
    who = {task.what: task.who for task in checklist(plan_move(contoso()))}

    assert [who[step] for step in load("lifecycle")["moving"]["sip_to_teams_direct_routing"]["steps"]] == [
        "Azure",
        "Azure, Teams, SBC administrator",
        "Teams",
        "Teams",
        "Teams",
        "SBC administrator",
        "Teams, SBC administrator",
        "Teams",
        "Azure",
    ]
    assert who["enable Enterprise Voice for the users, and give them the policy"] == "Teams"
    assert who["assign the numbers in Teams to users or resource accounts"] == "Teams"
    assert (
        who["check that the firewall lets media through to all the address ranges of Microsoft"] == "SBC administrator"
    )
    assert [task.who for task in checklist(plan_move(contoso()))][:3] == [
        "Azure: Owner or Contributor",
        "Teams: Teams Administrator or Teams Communications Administrator or Teams Telephony Administrator",
        "SBC administrator",
    ]


def test_an_sbc_without_alias_is_removed_in_azure_before_anything_is_made_in_teams() -> None:
    aliases = {f"{sbc}.contoso.com": f"{sbc}-teams.contoso.com" for sbc in ("ams1", "ams2", "iad1")}
    tasks = checklist(plan_move(contoso(), aliases=aliases, waves={"pilot": ["+31201234500"]}))
    steps = [task.what for task in tasks]
    (removed,) = [n for n, what in enumerate(steps) if what.startswith("no alias for sin1.contoso.com. Remove the SBC")]

    assert tasks[removed].who == "Azure, then Teams"
    assert "calls may fail meanwhile" in steps[removed]
    assert steps[removed + 1].startswith("Until the last wave, nobody who is still on ACS has this SBC")
    assert steps[removed + 2] == "add trunks and routes in Teams"


def test_without_sin1_those_who_are_still_on_acs_lose_what_it_alone_takes() -> None:
    """By hand: Japan 9.9 * 10**9, Singapore 4 * 10**7, Australia 5 * 10**8, New Zealand 8.88 * 10**9, India 9 * 10**9,
    Hong Kong 8 * 10**7; Tokyo and Sydney are among these."""
    table = table_of(change_route(contoso().configuration, 9, pattern=NL_PREMIUM))
    rows = (replace(row, trunks=tuple(it for it in row.trunks if it != "sin1.contoso.com")) for row in table.routes)
    changes = [one for one in compare(table, replace(table, routes=tuple(rows))).changes if one.domain == E164.name]

    assert {one.kind for one in changes} == {"lost"}
    assert sum(one.count for one in changes) == 28_400_000_000


def test_a_wave_with_a_number_of_voice_calling_says_that_no_sbc_brings_it_in() -> None:
    waves = {"w": ["+14255550100-+14255550111"], "v": ["+31201234500"]}
    told = [task.what for task in checklist(plan_move(contoso(), waves=waves)) if "see porting" in task.what]

    assert told == ["wave w: no SBC brings in numbers of Voice Calling (PSTN); see porting: +14255550111"]


def test_what_is_renamed_is_told_under_both_names() -> None:
    configuration = configuration_of([("nl", "^1$", ["a.example"]), ("NL", "^2$", ["a.example"])])

    assert "renamed, as names are unique: 'NL' is 'NL (2)' in Teams" in {
        task.what for task in checklist(plan_move(configuration))
    }


def test_without_numbers_of_option_1_the_checklist_says_nothing_of_them() -> None:
    tasks = checklist(plan_move(microsoft_three_routes()))

    assert not [task for task in tasks if "ported" in task.what or "release" in task.what]
