"""The command line: what it prints, how it ends, and that nothing given to it ends in a traceback."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from acs_telephony.checking.documents import read_table
from acs_telephony.checking.findings import rules
from acs_telephony.cli.commands import main
from acs_telephony.models import SipConfiguration
from acs_telephony.tables import contoso
from tests.conftest import ROOT, cases
from tests.test_documents import TEAMS

TABLE = {
    "trunks": {"sbc1.contoso.com": {"sipSignalingPort": 5061}, "sbc2.contoso.com": {"sipSignalingPort": 5061}},
    "routes": [
        {"name": "nl", "numberPattern": r"^\+31\d{9}$", "trunks": ["sbc1.contoso.com"]},
        {"name": "us", "numberPattern": r"^\+1\d{10}$", "trunks": ["sbc1.contoso.com", "sbc2.contoso.com"]},
    ],
}
BROKEN = {
    **TABLE,
    "routes": [*TABLE["routes"], {"name": "be", "numberPattern": "^(32", "trunks": ["sbc2.contoso.com"]}],
}
SILENCE = '[[silence]]\nrule = "{}"\nreason = "known"\nuntil = {}\n'
MONTH = 'calls_out = [{ to = "ES", kind = "landline", minutes = 100 }]'
RATES = "Destination Name,Destination Type,Country,Prefix,Price / min\nMADE,landline,ES,34,7\n"
FORMATS = ["text", "json", "sarif", "junit", "github"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table without faults, one with a pattern that cannot be read, and one of Teams."""
    monkeypatch.chdir(tmp_path)
    for name, wire in {"table": TABLE, "broken": BROKEN, "teams": TEAMS}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(wire, indent=2), encoding="utf-8")
    (tmp_path / "month.toml").write_text(MONTH, encoding="utf-8")
    (tmp_path / "rates.csv").write_text(RATES, encoding="utf-8")
    return tmp_path


def run(*arguments: str, **options: Any) -> Result:
    """What a command printed and how it ended; an exception that is no way to end is raised."""
    result = CliRunner().invoke(main, arguments, **options)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def found(*arguments: str) -> list[str]:
    """The rules of the findings of a check or a comparison."""
    return [one["rule"] for one in json.loads(run(*arguments, "--format", "json").stdout)["findings"]]


# --- check


def test_a_pattern_that_cannot_be_read_is_told_with_its_place_and_fails() -> None:
    result = run("check", "broken.json")

    assert result.exit_code == 1
    assert re.search(r"^error  \S+  route 3 be  \(broken\.json:\d+:\d+\)$", result.stdout, re.MULTILINE)
    assert "\n  ^(32\n" in result.stdout
    assert "in broken.json (3 routes, 2 trunks)." in result.stdout.splitlines()[-1]
    assert "Not asked:" in result.stdout.splitlines()[-1]
    assert "Not asked" not in run("check", "broken.json", "--country", "NL", "--dead", "sbc1.contoso.com").stdout


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_ends_alike(form: str) -> None:
    assert run("check", "table.json", "--format", form).exit_code == 0
    assert run("check", "broken.json", "--format", form).exit_code == 1
    assert run("check", "broken.json", "--format", form, "--fail-on", "never").exit_code == 0
    assert run("check", "no.json", "--format", form).exit_code == 2


def test_standard_input_is_a_table() -> None:
    result = run("check", "-", "--format", "github", input=json.dumps(BROKEN))

    assert result.exit_code == 1
    assert "::error file=stdin,line=1,col=" in result.stdout


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_goes_to_a_file(form: str, folder: Path) -> None:
    printed = run("check", "broken.json", "--format", form).stdout
    result = run("check", "broken.json", "--format", form, "--output", "report")

    assert (result.exit_code, result.stdout) == (1, "")
    assert (folder / "report").read_text(encoding="utf-8").splitlines() == printed.splitlines()


def test_files_are_named_as_seen_from_here(folder: Path) -> None:
    (folder / "tables").mkdir()
    (folder / "tables" / "b.json").write_text(json.dumps(BROKEN), encoding="utf-8")

    for name, told in {
        "tables/b.json": "tables/b.json",
        str(folder / "tables" / "b.json"): "tables/b.json",
        os.path.join("tables", os.pardir, "broken.json"): "broken.json",  # noqa: PTH118 (pathlib keeps no ..)
    }.items():
        assert json.loads(run("check", name, "--format", "json").stdout)["file"] == told


def test_a_silenced_finding_no_longer_fails_until_its_day_has_passed(folder: Path) -> None:
    findings = json.loads(run("check", "broken.json", "--format", "json").stdout)["findings"]
    errors = [one["rule"] for one in findings if one["severity"] == "error"]
    text = "".join(SILENCE.format(rule, "2027-01-31") for rule in sorted(set(errors)))
    (folder / "silence.toml").write_text(text, encoding="utf-8")
    silenced = ("check", "broken.json", "--silence", "silence.toml", "--as-of")

    assert set(errors) <= {rule.id for rule in rules().values() if rule.severity == "error"}
    result = run(*silenced, "2027-01-31")
    assert result.exit_code == 0
    assert f"{len(errors)} silenced." in result.stdout
    assert set(errors).isdisjoint(found(*silenced, "2027-01-31"))
    assert run(*silenced, "2027-02-01").exit_code == 1
    assert {*errors, "stale-silence"} <= set(found(*silenced, "2027-02-01"))


def test_without_a_day_today_counts(folder: Path) -> None:
    for days, told in {-2: True, 2: False}.items():
        text = SILENCE.format("no-such-rule", date.today() + timedelta(days=days))
        (folder / "silence.toml").write_text(text, encoding="utf-8")
        report = json.loads(run("check", "table.json", "--silence", "silence.toml", "--format", "json").stdout)
        (stale,) = [one for one in report["findings"] if one["rule"] == "stale-silence"]
        assert ("ended on" in stale["sentence"]) is told


def test_colours_are_never_the_only_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = run("check", "broken.json", color=True).stdout
    assert "\x1b[1;31merror\x1b[0m" in coloured
    assert "\x1b" not in run("check", "broken.json", "--no-color", color=True).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("check", "broken.json", color=True).stdout


def test_the_rules_are_listed() -> None:
    result = run("rules")

    assert len(rules()) >= 2
    assert result.exit_code == 0
    assert [rule.id for rule in rules().values() if rule.id not in result.stdout] == []


def test_teams_needs_a_policy() -> None:
    assert run("check", "teams.json").exit_code == 2
    assert (
        json.loads(run("check", "teams.json", "--policy", "US Only", "--format", "json").stdout)["service"] == "teams"
    )


# --- compare


def test_a_change_fails_unless_it_is_intended() -> None:
    wire = json.dumps(TABLE).replace("31", "32")
    changed = ("compare", "table.json", "-")

    assert run("compare", "table.json", "table.json").exit_code == 0
    result = run(*changed, input=wire)
    assert result.exit_code == 1
    assert "--intended" in result.stdout
    assert run(*changed, "--intended", r"^\+3[12]", input=wire).exit_code == 0
    assert run(*changed, "--intended", r"^\+1", input=wire).exit_code == 1
    assert run(*changed, "--fail-on", "never", input=wire).exit_code == 0
    assert run(*changed, "--intended", "(", input=wire).exit_code == 2


# --- expect

EXPECT = '[[expect]]\nnumber = "+31 20 123 4567"\nroute = "{}"\nbecause = "it is Amsterdam"\n'


@pytest.mark.parametrize("form", FORMATS)
def test_an_expectation_that_is_not_met_fails_in_each_format(form: str, folder: Path) -> None:
    for name, route in {"met.toml": "nl", "slip.toml": "us"}.items():
        (folder / name).write_text(EXPECT.format(route), encoding="utf-8")

    assert run("expect", "table.json", "met.toml", "--format", form).exit_code == 0
    assert run("expect", "table.json", "met.toml", "--format", form, "--fail-on", "note").exit_code == 1
    assert (
        run("expect", "table.json", "met.toml", "--format", form, "--fail-on", "note", "--no-coverage").exit_code == 0
    )
    result = run("expect", "table.json", "slip.toml", "--format", form)
    assert result.exit_code == 1
    assert "it is Amsterdam" in result.stdout
    assert run("expect", "table.json", "no.toml", "--format", form).exit_code == 2


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_a_file_in_another_encoding_is_refused_as_that(encoding: str, folder: Path) -> None:
    """Without its mark, UTF-16 of Latin letters is good UTF-8 with a NUL beside each letter."""
    (folder / "odd.toml").write_bytes(EXPECT.format("nl").encode(encoding))
    (folder / "odd.json").write_bytes((folder / "table.json").read_text(encoding="utf-8").encode(encoding))

    for arguments in (("expect", "table.json", "odd.toml"), ("check", "odd.json")):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "NUL" in result.stderr
        assert "Save it as UTF-8." in result.stderr


def test_expectations_as_windows_powershell_writes_them_are_read(folder: Path) -> None:
    (folder / "met.toml").write_bytes(EXPECT.format("nl").encode("utf-16"))

    assert run("expect", "table.json", "met.toml").exit_code == 0


def test_coverage_and_strength_are_told_as_notes(folder: Path) -> None:
    (folder / "met.toml").write_text(EXPECT.format("nl"), encoding="utf-8")

    assert found("expect", "table.json", "met.toml") == ["untouched", "untouched"]
    assert set(found("expect", "table.json", "met.toml", "--no-coverage", "--strength")) == {"unnoticed"}
    last = run("expect", "table.json", "met.toml").stdout.splitlines()[-1]
    assert last.endswith("1 number expected. 1 of 3 outcome classes touched.")
    junit = run("expect", "table.json", "met.toml", "--no-coverage", "--format", "junit").stdout
    assert re.findall('classname="(.*?)"', junit) == ["expectation"]
    assert "untouched" not in run("check", "table.json", "--format", "junit").stdout


def test_what_is_proposed_holds_and_leaves_nothing_out(folder: Path) -> None:
    (folder / "mine.toml").write_text(EXPECT.format("nl"), encoding="utf-8")
    more = run("expect", "table.json", "mine.toml", "--propose").stdout
    assert run("expect", "table.json", "--propose", "--output", "all.toml").stdout == ""
    (folder / "mine.toml").write_text(EXPECT.format("nl") + more, encoding="utf-8")

    for name in ("mine.toml", "all.toml"):
        assert found("expect", "table.json", name) == []
    assert "number = " not in run("expect", "table.json", "all.toml", "--propose").stdout


def test_a_table_of_teams_has_expectations_by_policy(folder: Path) -> None:
    teams = ("expect", "teams.json", "--policy", "No Restrictions")
    assert run(*teams, "--propose", "--output", "teams.toml").exit_code == 0
    assert found(*teams, "teams.toml") == []
    assert "expectation" in found("expect", "teams.json", "teams.toml", "--policy", "Turned")


def test_a_table_too_large_to_cover_keeps_its_expectations(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "met.toml").write_text(EXPECT.format("nl"), encoding="utf-8")
    monkeypatch.setattr("acs_telephony.automaton.MOST_STATES", 3)
    result = run("expect", "table.json", "met.toml", "--strength")

    assert result.exit_code == 0
    assert "Coverage and strength are not known: the table needs too many states" in result.stdout
    assert run("expect", "table.json", "--propose").exit_code == 2


# --- dial


@pytest.mark.parametrize("case", cases("command_line.toml", "dial"))
def test_a_call_is_followed(case: dict[str, Any]) -> None:
    result = run("dial", *case["arguments"])

    assert result.exit_code == case.get("ends", 0)
    assert [words for words in case["says"] if words not in " ".join(result.output.split())] == []
    assert [words for words in case.get("says_not", ()) if words in result.output] == []


# --- anonymise and example


def test_a_table_is_made_safe_to_share(folder: Path) -> None:
    result = run("anonymise", "broken.json", "--output", "shared.json")

    assert result.exit_code == 0
    assert "Number patterns are as they were" in result.stderr
    assert "contoso" not in (folder / "shared.json").read_text(encoding="utf-8")
    assert found("check", "shared.json") == found("check", "broken.json")
    assert json.loads(run("anonymise", "broken.json").stdout) == json.loads((folder / "shared.json").read_text("utf-8"))


def test_the_example_is_contoso() -> None:
    assert SipConfiguration.load(run("example").stdout) == contoso().configuration


# --- where one stands


@pytest.mark.parametrize("case", cases("command_line.toml", "standing"))
def test_costs_and_documents_are_told(case: dict[str, Any]) -> None:
    result = run(*case["arguments"])

    assert result.exit_code == 0
    assert [words for words in case["says"] if words not in " ".join(result.output.split())] == []
    assert [words for words in case.get("says_not", ()) if words in result.output] == []


def test_the_example_of_a_month_can_be_priced_and_written_to_a_file(folder: Path) -> None:
    assert run("cost", "--example", "--output", "mine.toml").stdout == ""
    result = run("cost", "mine.toml", "--output", "bill.txt")

    assert (result.exit_code, result.stdout) == (0, "")
    month = (folder / "mine.toml").read_text("utf-8")
    assert (folder / "bill.txt").read_text("utf-8") == run("cost", "-", input=month).stdout


def test_without_a_day_documents_are_as_stale_as_today() -> None:
    assert run("facts", "--stale").stdout == run("facts", "--stale", "--as-of", str(date.today())).stdout


def test_no_word_of_a_month_becomes_a_command(folder: Path) -> None:
    name = "\\u001b[31mx\\n::add-mask::a ##[add-mask]b"
    text = f'name = "{name}"\nother = [{{name = "{name}", price = 1, currency = "EUR"}}]'
    (folder / "month.toml").write_text(text, encoding="utf-8")
    output = run("cost", "month.toml").output

    assert "EUR 1.00" in output
    assert [c for c in output if not c.isprintable() and c != "\n"] == []
    assert [line for line in output.splitlines() if line.lstrip().startswith("::") or "##[" in line] == []


# --- what cannot be used


@pytest.mark.parametrize("case", cases("command_line.toml", "refused"))
def test_what_cannot_be_used_ends_with_2_and_a_sentence(case: dict[str, Any], folder: Path) -> None:
    (folder / "given").write_bytes(case["given"].encode("latin-1"))
    result = run(*case["arguments"])

    assert (result.exit_code, result.stdout) == (2, "")
    assert [words for words in case["says"] if words not in result.stderr] == []
    assert "Traceback" not in result.stderr
    assert [c for c in result.stderr if not c.isprintable() and c != "\n"] == []


def test_no_name_becomes_a_command_to_github(folder: Path) -> None:
    """The runner reads both streams, and takes `::` at the beginning of a line and `##[` anywhere."""
    name = "x " * 30 + "::add-mask::a ##[add-mask]b"
    wire = {
        **TABLE,
        "routes": [{"name": name, "numberPattern": pattern} for pattern in ("::stop-commands::(", "^112$")],
    }
    (folder / "table.json").write_text(json.dumps(wire), encoding="utf-8")

    (folder / "e.toml").write_text(EXPECT.format(name), encoding="utf-8")
    dialled = (["dial", "table.json", "112"], ["dial", "::x::.json", "112"])
    asked = (["expect", "table.json", "e.toml", "--strength"], ["expect", "table.json", "--propose"])
    for arguments in (["check", "table.json"], *dialled, *asked):
        lines = run(*arguments).output.splitlines()
        assert len(lines) > 2
        assert [line for line in lines if line.lstrip().startswith("::") or "##[" in line] == []


@pytest.mark.parametrize("depth", [50, 900, 990, 100_000])
def test_a_deep_value_is_refused_in_words(depth: int) -> None:
    for text in ('{"routes": [{"name": %s}]}', '{"routes": %s}', "%s"):
        result = run("check", "-", input=text % ("[" * depth + "]" * depth))
        assert result.exit_code == 2
        assert "Error: " in result.stderr


def test_a_command_of_its_own_ends_as_in_a_shell(folder: Path) -> None:
    """The installed program, with a console that knows ASCII only."""
    program = Path(sys.executable).parent / "acs-telephony"
    wire = {**TABLE, "routes": [{**TABLE["routes"][0], "name": "電話"}]}
    (folder / "table.json").write_text(json.dumps(wire), encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

    for arguments, code in ((["dial", "table.json", "+31201234567"], 0), (["dial", "no.json", "1"], 2), (["no"], 2)):
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


# --- what it loads


def test_the_command_line_loads_no_notebook_package() -> None:
    code = "import sys, acs_telephony.cli.commands; print(*{name.split('.')[0] for name in sys.modules})"
    names = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {"click", "rich", "pydantic"} <= set(names.split())
    assert set(names.split()).isdisjoint({"ipywidgets", "anywidget", "graphviz", "IPython", "jupyterlab", "numpy"})


def test_without_its_packages_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['rich'] = None; sys.modules['click'] = None; import acs_telephony.cli.commands"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "acs-telephony: click is missing. Run: pip install 'acs-telephony[cli]'\n"


# --- the README


README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_commands_of_the_readme_work_by_copy_and_paste(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    for text in blocks("toml"):
        name = "silence.toml" if "[[silence]]" in text else "expectations.toml"
        (folder / name).write_text(text, encoding="utf-8")
    lines = [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]

    for words in lines:
        arguments, target = (words[1:-2], words[-1]) if words[-2] == ">" else (words[1:], None)
        if words[0] == "cp":
            shutil.copy(*arguments)
        elif words[0] == "acs-telephony":
            result = run(*arguments)
            # The table has faults, and a check that finds them works.
            assert result.exit_code in ((0, 1) if arguments[0] == "check" else (0,)), (words, result.output)
            if target:
                (folder / target).write_text(result.stdout, encoding="utf-8")
    # What is served until Ctrl-C stands in a block of its own, which test_serving runs.
    assert {words[1] for words in lines if words[0] == "acs-telephony"} == set(main.commands) - {"serve"}


def test_the_python_and_the_yaml_of_the_readme_can_be_read() -> None:
    script = [block for block in blocks("python") if ">>>" not in block]
    assert len(script) == 1
    assert compile(script[0], "README.md", "exec")
    actions, hook = (yaml.safe_load(block) for block in blocks("yaml"))
    assert any("upload-sarif" in step.get("uses", "") for step in actions["steps"])
    assert hook[0]["hooks"][0]["id"] == HOOK["id"]


def test_the_readme_tells_each_way_to_end() -> None:
    assert [code for code in "012" if f"\n| {code} |" not in README] == []


(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def test_the_hook_runs_the_program_with_its_extra() -> None:
    assert (HOOK["language"], HOOK["pass_filenames"]) == ("python", False)
    assert run(*HOOK["entry"].split()[1:], "broken.json").exit_code == 1
    assert HOOK["additional_dependencies"] == [".[cli]"]


def test_a_table_of_teams_is_dialled_by_its_policy() -> None:
    """The documented example: a policy that names the international usage first sends a call to Redmond there."""
    text = (Path("teams.json")).read_text(encoding="utf-8")

    for policy in ("No Restrictions", "Turned"):
        first = read_table(text, policy=policy).routes[0].name
        assert f"1. {first} (usage" in run("dial", "teams.json", "+14255550100", "--policy", policy).stdout


def test_a_comparison_with_unreadable_patterns_is_not_proven(folder: Path) -> None:
    broken = (folder / "table.json").read_text(encoding="utf-8").replace('numberPattern": "', 'numberPattern": "(', 1)
    (folder / "broken.json").write_text(broken, encoding="utf-8")

    result = run("compare", "table.json", "broken.json", "--intended", ".*", "--format", "json")

    (finding,) = [one for one in json.loads(result.stdout)["findings"] if one["rule"] == "unreadable"]
    assert (result.exit_code, finding["certainty"]) == (1, "not proven")


def test_a_country_may_be_written_in_small_letters(folder: Path) -> None:
    assert run("check", "table.json", "--country", "nl").stdout == run("check", "table.json", "--country", "NL").stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_report_that_cannot_be_written_is_no_finding(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from acs_telephony.cli.commands import main; main()", "check", "table.json"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
