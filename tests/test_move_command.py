"""The command `move`: what it writes and prints, how it ends, and that it writes over nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from acs_telephony.checking.moving import read_script
from acs_telephony.tables import microsoft_three_routes
from tests.powershell import commands
from tests.test_cli import run

TABLE = microsoft_three_routes().configuration.dump()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the table of Microsoft's example."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.json").write_text(json.dumps(TABLE), encoding="utf-8")
    return tmp_path


def test_the_scripts_are_written_and_the_proof_is_told(folder: Path) -> None:
    alias = ("--alias", "sbc1.contoso.biz=alias.contoso.biz")
    result = run("move", "table.json", "--output", "out", *alias, "--wave", "a=b=+311-+315", "--wave", "a=b=+317")

    assert result.exit_code == 0
    assert result.stdout.startswith("Answer. Proven: ")
    assert "wave a=b: +311 to +315, +317 (6 numbers)" in " ".join(result.stdout.split())
    made = (folder / "out" / "move.ps1").read_bytes()
    assert made.startswith(b"\xef\xbb\xbf# "), "Windows PowerShell takes a file without this mark for ANSI"
    assert [row.fqdn for row in read_script(made).trunks][:2] == ["alias.contoso.biz", "sbc2.contoso.biz"]
    undone = commands((folder / "out" / "undo.ps1").read_text(encoding="utf-8-sig"))
    assert undone[0][0] == "Remove-CsOnlineVoiceRoutingPolicy"


def test_nothing_is_written_over_unless_it_is_forced(folder: Path) -> None:
    (folder / "undo.ps1").write_text("mine", encoding="utf-8")
    result = run("move", "table.json", "--output", ".")

    assert result.exit_code == 2
    assert "undo.ps1 would be written over" in result.stderr
    assert not (folder / "move.ps1").exists()
    assert (folder / "undo.ps1").read_text(encoding="utf-8") == "mine"
    assert run("move", "table.json", "--output", ".", "--force").exit_code == 0
    assert read_script((folder / "move.ps1").read_bytes()).routes


def test_without_a_proof_nothing_is_written_unless_it_is_forced_and_then_the_script_says_so(folder: Path) -> None:
    routes = [{**TABLE["routes"][0], "numberPattern": "^\\+31("}]
    (folder / "table.json").write_text(json.dumps({**TABLE, "routes": routes}), encoding="utf-8")
    result = run("move", "table.json", "--output", "out")

    assert (result.exit_code, (folder / "out").exists()) == (1, False)
    assert "Nothing was written, for want of a proof." in result.stderr
    assert run("move", "table.json", "--output", "out", "--force").exit_code == 1
    first = (folder / "out" / "move.ps1").read_text(encoding="utf-8-sig").splitlines()[0]
    assert first == "# No proof. patterns that cannot be read: 1."


def test_a_script_that_was_written_says_that_it_is_proven_and_is_proven_again(folder: Path) -> None:
    run("move", "table.json", "--output", "out")
    script = folder / "out" / "move.ps1"

    first = script.read_text(encoding="utf-8-sig").splitlines()[0]
    assert first == "# Proven: no number changes its first choice, its standbys or its caller ID."
    result = run("move", "table.json", "--against", "out/move.ps1")
    assert (result.exit_code, result.stdout.startswith("Answer. Proven: ")) == (0, True)
    script.write_bytes(script.read_bytes().replace(b"-SipSignalingPort 5061", b"-SipSignalingPort 5062", 1))
    result = run("move", "table.json", "--against", "out/move.ps1")
    assert result.exit_code == 1
    assert "No proof. port of sbc1.contoso.biz: 5061 in ACS, 5062 in Teams." in " ".join(result.stdout.split())


def test_the_way_forth_is_never_written_without_the_way_back(folder: Path) -> None:
    (folder / "out" / "undo.ps1").mkdir(parents=True)
    result = run("move", "table.json", "--output", "out", "--force")

    assert result.exit_code == 2
    assert "undo.ps1: Is a directory" in result.stderr
    assert not (folder / "out" / "move.ps1").exists()
    (folder / "file").write_text("", encoding="utf-8")
    result = run("move", "table.json", "--output", "file")
    assert result.exit_code == 2
    assert "'file' is a file" in result.stderr
    result = run("move", "table.json", "--output", "file/below")
    assert result.exit_code == 2
    assert "file/below cannot be written: Not a directory" in result.stderr


def test_a_table_of_teams_is_no_table_of_acs(folder: Path) -> None:
    (folder / "table.json").write_text(json.dumps(tenant((1, 2, 4))["routes.json"]), encoding="utf-8")
    result = run("move", "table.json")

    assert result.exit_code == 2
    assert "TABLE is a table of Teams; give that of ACS, and this one with --against." in result.stderr


def test_without_a_folder_nothing_is_written(folder: Path) -> None:
    assert run("move", "table.json").exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["table.json"]


def test_what_is_not_carried_is_no_proof_and_ends_with_1(folder: Path) -> None:
    routes = [{**route, "callerIdOverride": "+14255550100"} for route in TABLE["routes"]]
    (folder / "table.json").write_text(json.dumps({**TABLE, "routes": routes}), encoding="utf-8")
    result = run("move", "table.json")

    assert result.exit_code == 1
    assert result.stdout.startswith("Mind. No proof. caller ID: ")
    assert result.stdout.count("not carried over: callerIdOverride") == 3


def test_what_teams_has_is_given_as_routes_of_teams() -> None:
    result = run("move", "table.json", "--against", "table.json")

    assert result.exit_code == 2
    assert "this is no table of Teams" in result.stderr


def tenant(priorities: tuple[int, int, int]) -> dict[str, Any]:
    fqdns = [f"sbc{n}.contoso.biz" for n in range(1, 6)]
    gateways = [{"Identity": fqdn, "Enabled": True, "SipSignalingPort": 5061} for fqdn in fqdns]
    policies = {"Identity": "Tag:Moved from ACS", "OnlinePstnUsages": ["all"]}
    rows = [
        {"Name": row["name"], "NumberPattern": row["numberPattern"], "Priority": priority, "OnlinePstnUsages": ["all"]}
        | {"OnlinePstnGatewayList": row["trunks"]}
        for row, priority in zip(TABLE["routes"], priorities, strict=True)
    ]
    return {"routes.json": rows, "policies.json": policies, "gateways.json": gateways}


@pytest.mark.parametrize(("priorities", "ends"), [((1, 2, 4), 0), ((2, 1, 4), 1)])
def test_what_a_tenant_has_is_proven_too(priorities: tuple[int, int, int], ends: int, folder: Path) -> None:
    for name, value in tenant(priorities).items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    tenant_said = ("--against", "routes.json", "--policies", "policies.json")
    result = run("move", "table.json", *tenant_said, "--gateways", "gateways.json")

    assert result.exit_code == ends
    assert run("move", "table.json", *tenant_said).exit_code == 1, "without gateways nothing is known of them"
    assert ("first choice: 20,000,000 E.164 numbers" in result.stdout) is bool(ends)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--alias", "sbc1.contoso.biz"], "is no OLD=NEW"),
        (["--alias", "sbc9.contoso.biz=a.b"], "the table has no such name"),
        (["--wave", "a=many"], "is no range of numbers"),
        (["--policies", "table.json"], "belong to --against"),
        (["--policy", "a\nb"], "U+000A"),
        (["--policy", " "], "or it is none"),
        (["--usage", " "], "or it is none"),
        (["--alias", "sbc1.contoso.biz=a.b", "--alias", "SBC1.contoso.biz=c.d"], "An SBC has two --alias"),
        (["--alias", "sbc1.contoso.biz=a.b", "--alias", "sbc1.contoso.biz=c.d"], "An SBC has two --alias"),
        (["--against", "table.json"], "--output writes new scripts"),
        (["--against", "nothing.json"], "nothing.json"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_nothing_is_written(arguments: list[str], words: str, folder: Path) -> None:
    result = run("move", "table.json", "--output", "out", *arguments)

    assert result.exit_code == 2
    assert words in result.stderr
    assert not (folder / "out").exists()
