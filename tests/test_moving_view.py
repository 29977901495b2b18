"""A move as pages: the proof and its limits, SBCs, waves, tasks and the script, whatever strangers wrote in them."""

from __future__ import annotations

import html
import re

import pytest

from acs_telephony.checking.moving import limits, prove, read_script
from acs_telephony.exporting import Move, plan_move
from acs_telephony.models import SipConfiguration
from acs_telephony.tables import contoso
from acs_telephony.views.moving import (
    checklist_table,
    dialled_table,
    gateways_table,
    proof_page,
    script_shown,
    waves_table,
)

HOSTILE = "<script>alert(1)</script>' $x$ \u2019&amp;"


def hostile() -> Move:
    wire = {
        "trunks": {"a.example": {"sipSignalingPort": 5061, "enabled": False, HOSTILE: 1}},
        "routes": [{"name": HOSTILE, "numberPattern": "^1$", "description": HOSTILE, "trunks": ["a.example"]}],
    }
    aliases = {"a.example": "b.example"}
    return plan_move(SipConfiguration.load(wire), aliases=aliases, waves={HOSTILE: ["+311"]}, policy=HOSTILE)


def test_a_proof_says_what_it_does_not_prove() -> None:
    page = proof_page(prove(contoso(), read_script(plan_move(contoso()).script)))

    assert page.text.startswith("Answer. Proven: no number changes")
    assert all(html.escape(limit.what) in page.html for limit in limits())
    assert "unknown" in page.text
    assert "What changes" not in page.text


def test_a_failed_proof_shows_the_numbers() -> None:
    usages = {route.name: route.name[:2] for route in contoso().configuration.routes}
    proof = prove(contoso(), read_script(plan_move(contoso(), usages=usages).script))
    page = proof_page(proof)

    assert page.text.startswith("Mind. No proof. standby: ")
    assert "What changes" in page.text
    assert proof.comparison.changes[0].witness in page.text


def test_sbcs_are_shown_under_both_names() -> None:
    text = gateways_table(plan_move(contoso(), aliases={"ams1.contoso.com": "ams1-teams.contoso.com"})).text

    assert re.search(r"ams1\.contoso\.com +ams1-teams\.contoso\.com +both names, or one each +enabled", text)
    assert re.search(r"ams2\.contoso\.com +the same: cut-over +this name +enabled", text)
    assert re.search(r"a\.example +b\.example +both names, or one each +disabled", gateways_table(hostile()).text)


def test_one_number_shows_what_a_later_usage_hides() -> None:
    usages = {"europe-standby": "Standby"}
    split = read_script(plan_move(contoso(), usages=usages).script)
    text = dialled_table("+43 1 234 5678", {"ACS": contoso(), "Teams": split}).text

    acs, teams = text.partition("\nTeams")[0], text.partition("\nTeams")[2]
    assert "then europe-standby" in " ".join(acs.split())
    assert " none" in acs
    assert "then" not in teams
    assert teams.split()[-1] == "europe-standby"
    assert "no route" in dialled_table("+999 12", {"ACS": contoso()}).text


def test_waves_are_shown_in_order_with_everybody_else() -> None:
    move = plan_move(contoso(), waves={"pilot": ["+31201234500-+31201234549", "+3120"]})

    assert re.search(r"pilot +\+31201234500 to \+31201234549, \+3120 +51\n", waves_table(move).text)
    assert waves_table(move).text.splitlines()[-1].startswith("everybody else")
    before = (
        "Before the first wave ams1.contoso.com, ams2.contoso.com, iad1.contoso.com, sin1.contoso.com has to leave ACS"
    )
    assert before in " ".join(waves_table(move).text.split())
    every = {trunk.fqdn: f"teams-{trunk.fqdn}" for trunk in contoso().configuration.trunks}
    whole = waves_table(plan_move(contoso(), aliases=every, waves={"pilot": ["+3120"]}))
    assert "leave ACS" not in whole.text
    assert "everybody gets the policy at once" in waves_table(plan_move(contoso())).text


def test_a_script_is_shown_as_it_is_and_no_line_of_it_is_cut() -> None:
    script = plan_move(contoso()).script
    page = script_shown(script)

    assert page.text == f"The script\n{script}".rstrip("\n")
    assert html.unescape(page.html[page.html.index("<pre") :].partition(">")[2]).startswith(script[:-1])
    assert "white-space:pre-wrap" in page.html
    head = script_shown(script, "Its head", 5).text.splitlines()
    assert head[1:6] == script.splitlines()[:5]
    assert head[6] == f"... and {len(script.splitlines()) - 5} more lines"


@pytest.mark.parametrize("show", [checklist_table, waves_table, lambda move: script_shown(move.script, HOSTILE)])
def test_what_strangers_wrote_is_escaped(show: object) -> None:
    page = show(hostile())  # type: ignore[operator]

    assert "<script>" not in page.html
    assert html.escape("<script>") in page.html
    assert "<script>" in page.text
