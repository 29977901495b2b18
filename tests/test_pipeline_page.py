"""PIPELINE.md is run as it is written, in a new repository; and where it said something else, a test would be red.

How what it shows was verified:

- Every number that moves or stays, by arithmetic and by a second count with Python's `re`, below: the patterns of the
  page look at two digits after +31, so one number stands for ten million.
- By hand, from the table: three errors are two faults, as one lost backslash breaks two rules. A witness is the first
  number that its pattern allows: +3110 or +3111, then zeros. Five classes are Rotterdam, Amsterdam, the rest of the
  Netherlands, Antwerp and nobody. Five notes of strength are one digit more for each of four routes, and Antwerp
  dropped. 2 + 1 + 1 + 1 = 5 numbers are expected, then 1 + 4 more. Lines and columns are counted in the block.
- Not here: that three warnings speak of emergency numbers, and notes of SBCs; tests of the audit hold that.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tests.walking import DAY, WORKFLOW, Block, Outcome, Walk, blocks, fits, slips, steps

PAGE = (ROOT / "PIPELINE.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# It prints its arguments, and ends as a file named after the command says.
STUB = 'printf "%s\\n" "$*"\nif [ -f "$1.code" ]; then exit "$(cat "$1.code")"; fi\n'


@pytest.fixture(scope="module")
def tools(request: pytest.FixtureRequest) -> None:
    """A POSIX shell and git. Where they are missing, tests skip; on Linux, the long tier fails."""
    missing = [name for name in ("bash", "sh", "git") if shutil.which(name) is None]
    why = "the page is for a POSIX shell" if sys.platform == "win32" else f"{', '.join(missing)} is not on the PATH"
    if missing and sys.platform == "linux" and request.config.getoption("--full"):
        pytest.fail(why)
    if missing or sys.platform == "win32":
        pytest.skip(why)


@pytest.fixture(scope="module")
def walked(tools: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Walk, list[Block], list[Outcome]]:
    """The page, walked once to its end."""
    walk, page = Walk(tmp_path_factory.mktemp("a walk")), blocks(PAGE)
    return walk, page, list(walk.do(page))


@pytest.fixture
def stubbed(tools: None, tmp_path: Path) -> Walk:
    """A repository with the page's script and a program that only says what it was asked."""
    walk = Walk(tmp_path, STUB)
    (script,) = [block.text for block in blocks(PAGE) if block.name == "check.sh"]
    (walk.here / "check.sh").write_text(script, encoding="utf-8")
    walk.did("git init -q -b main && git add . && git commit -q -m 'A script, and no table yet'")
    return walk


# --- the page as written


def test_the_page_does_and_prints_what_it_says(walked: tuple[Walk, list[Block], list[Outcome]]) -> None:
    _, page, outcomes = walked

    assert list(slips(page, outcomes)) == []
    kinds = Counter(block.kind for block in page)
    assert kinds["table"] == 3
    assert kinds["bash"] == 1
    assert kinds["sh"] >= 15
    assert {block.code for block in page} == {0, 1}
    assert f"as of {DAY}" in PAGE


def test_the_program_of_the_walk_is_the_one_that_is_installed() -> None:
    assert PROJECT["scripts"] == {"acs-telephony": "acs_telephony.cli.commands:main"}


def test_the_script_on_the_page_is_the_whole_of_what_the_workflow_asks() -> None:
    first, final = (yaml.safe_load(block.text) for block in blocks(PAGE) if block.name == WORKFLOW)

    assert [step["run"] for step in steps(final) if step.get("env") == {"FORMAT": "github"}] == ["sh check.sh"]
    assert first["permissions"] == {"contents": "read"}
    assert final["permissions"] == {"contents": "read", "security-events": "write"}
    (upload,) = [step["with"] for step in steps(final) if "upload-sarif" in step.get("uses", "")]
    assert any(f"--output {upload['sarif_file']} " in step.get("run", "") for step in steps(final))


def test_the_report_for_code_scanning_is_there_to_upload(walked: tuple[Walk, list[Block], list[Outcome]]) -> None:
    walk, _, _ = walked

    reports = [json.loads(path.read_text(encoding="utf-8")) for path in walk.folder.glob("checkout*/table.sarif")]

    assert [report["version"] for report in reports] == ["2.1.0"] * 2  # of the red pull request and of the green one


def test_the_step_that_only_reports_does_not_fail(tools: None, tmp_path: Path) -> None:
    """Asked about the first table of the page, which has three errors, before any was accepted."""
    walk, page = Walk(tmp_path), blocks(PAGE)
    (walk.here / "table.json").write_text(page[1].text, encoding="utf-8")
    (walk.here / "silence.toml").write_text("", encoding="utf-8")
    final = yaml.safe_load([block.text for block in page if block.name == WORKFLOW][-1])
    (script,) = [step["run"] for step in steps(final) if "sarif" in step.get("run", "")]

    assert walk.run(script).code == 0
    (run,) = json.loads((walk.here / "table.sarif").read_text(encoding="utf-8"))["runs"]
    assert [result["level"] for result in run["results"]].count("error") == 3


def test_the_actions_are_those_that_this_project_uses_itself() -> None:
    ours = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    known = set(re.findall(r"uses: (\S+)", ours + (ROOT / "README.md").read_text(encoding="utf-8")))

    assert set(re.findall(r"uses: (\S+)", PAGE)) <= known


def not_offered(page: str) -> list[str]:
    """What `pip install` on a page names that this project does not offer."""
    found = []
    for text in re.findall(r'pip install "([^"]+)"', page):
        need = Requirement(text)
        extras = set(PROJECT["optional-dependencies"])
        found += [text] * (need.name != PROJECT["name"] or not need.extras <= extras or "cli" not in need.extras)
    return found


def test_what_is_installed_is_what_this_project_offers() -> None:
    assert len(re.findall("pip install ", PAGE)) == len(re.findall(r'pip install "[^"]+"', PAGE)) == 2
    assert not_offered(PAGE) == []
    assert not_offered(PAGE.replace("[cli]", "[command-line]")) != []
    assert not_offered(PAGE.replace('"acs-telephony[', '"acs-telephon[')) != []


def test_every_link_of_the_page_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    headings = re.findall(r"^#+ (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}

    assert len(links) >= 2
    for link in links:
        file, _, anchor = link.partition("#")
        assert (ROOT / file).is_file(), link
        assert not anchor or anchor in anchors, link


# --- the numbers, counted a second time


def table_of(walk: Walk, message: str) -> dict[str, Any]:
    """The table at the commit with this message."""
    (commit,) = walk.did(f"git log --all --format=%H --grep='^{message}$'").split()
    found: dict[str, Any] = json.loads(walk.did(f"git show {commit}:table.json"))
    return found


def ways(table: dict[str, Any], number: str) -> list[set[str]]:
    """The SBCs that a number comes to, in order, as Python's `re` finds them."""
    return [set(route["trunks"]) for route in table["routes"] if re.search(route["numberPattern"], number)]


def moved(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """One number of +31 for each pair of digits that may follow, which is all that these patterns look at, and whether
    its first SBCs change. Each stands for ten million."""
    for pair in range(100):
        number = f"+31{pair:02}0000000"
        before, after = ways(old, number), ways(new, number)
        if before != after:
            yield number, before[0] != after[0]


def test_the_numbers_that_move_are_counted_a_second_time(walked: tuple[Walk, list[Block], list[Outcome]]) -> None:
    walk, _, _ = walked
    all_numbers, each = sum(9 * 10**more for more in range(15)) - 9, 10**7  # two to fifteen digits, no zero in front
    start = table_of(walk, "Check the route table on pull requests")
    wide, narrow, red, green = (
        table_of(walk, message)
        for message in (
            "Send Rotterdam through sbc1",
            "Take +31 10 and nothing else",
            "Give the Netherlands a second SBC",
            "Keep Rotterdam and Amsterdam first",
        )
    )

    too_many = [number for number, _ in moved(start, wide)]
    outside = [number for number in too_many if not number.startswith("+3110")]
    assert (len(too_many) * each, len(outside) * each) == (100_000_000, 90_000_000)
    assert outside[0] == "+31110000000"
    meant = [number for number, _ in moved(start, narrow)]
    assert meant == ["+31100000000"]
    for new, first_choice in (red, 70), (green, 68):
        changed = list(moved(narrow, new))
        assert len(changed) == 70
        assert sum(first for _, first in changed) == first_choice
    stay = [all_numbers - moving * each for moving in (len(too_many), len(meant), 70)]
    assert stay == [999_999_899_999_990, 999_999_989_999_990, 999_999_299_999_990]
    told = {int(text.replace(",", "")) for text in re.findall(r"\b\d{1,3}(?:,\d{3})+\b", PAGE)}
    assert told == {*stay, 90 * 10**6, each, 68 * each, 2 * each}


# --- when the page lies


@pytest.mark.parametrize(
    ("true", "lie"),
    [
        ("To other SBCs first: 90,000,000 numbers", "To other SBCs first: 80,000,000 numbers"),
        ("3 errors, 3 warnings", "2 errors, 3 warnings"),
        ("acs-telephony check table.json  # exits with 1", "acs-telephony check table.json"),
        ("BASE=main sh check.sh  # exits with 1", "BASE=main sh check.sh  # exits with 2"),
        ("| `sh check.sh` | 1 |", "| `sh check.sh` | 0 |"),
        ("| `sh check.sh` | 0 |", "| `sh check.sh` | 1 |"),
        ("| `pip install` | not run |", "| `pip install` | 0 |"),
        ("table.json:10:5)\n...\n", "table.json:10:5)\n"),
        ("```text\n...\n0 errors, 3", "```text\n0 errors, 3"),
    ],
)
def test_another_answer_on_the_page_would_be_seen(
    walked: tuple[Walk, list[Block], list[Outcome]], true: str, lie: str
) -> None:
    _, _, outcomes = walked
    assert true in PAGE

    assert any(slips(blocks(PAGE.replace(true, lie, 1)), outcomes))


@pytest.mark.parametrize(
    ("true", "lie"),
    [
        ("git init -q -b main", "git init -q -b trunk -z"),  # a command that does not work
        ('"numberPattern": "^\\\\+3120\\\\d{7}$"', '"numberPattern": "^\\\\+3120\\\\d{7"'),  # another table
        ('+    {"name": "antwerp", "numberPattern": "^\\\\+323', '+    {"name": "antwerp", "numberPattern": "^+323'),
        ('-    {"name": "antwerp"', '-    {"name": "ghent"'),  # an edit that does not fit
        ('route = "switchboard"', 'route = "antwerp"'),  # another file
        ("--as-of 2027-04-01", "--as-of 2027-03-31"),  # another option
    ],
)
def test_another_step_on_the_page_would_be_seen(tools: None, tmp_path: Path, true: str, lie: str) -> None:
    """Only the page's beginning is walked, to the first workflow."""
    beginning = PAGE[: PAGE.index("That is enough for a first workflow")]
    assert true in beginning
    page = blocks(beginning.replace(true, lie, 1))

    assert any(slips(page, Walk(tmp_path).do(page)))


def test_without_the_whole_history_nothing_is_compared_and_the_step_ends_with_2(
    walked: tuple[Walk, list[Block], list[Outcome]],
) -> None:
    walk, _, _ = walked

    assert "fetch-depth: 0" in PAGE
    assert walk.workflow(walk.pull_request(depth=1))["sh check.sh"] == "2"


def test_dots_stand_for_one_line_or_more() -> None:
    assert fits("a\n...\nd\n", "a\nb\nc\nd\n\n")
    assert not fits("a\n...\nb\n", "a\nb\n")
    assert not fits("a.c\n", "abc\n")
    assert fits("", "")
    assert not fits("", "a word\n")


@pytest.mark.parametrize(
    "page",
    ["```pwsh\nls\n```", "```text\nalone\n```", "```toml a.toml\n```", "```sh\nfalse # exits with 1\ntrue\n```"],
)
def test_a_block_that_nobody_would_run_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        blocks(page)


# --- the script, asked what the page says of it


@pytest.mark.parametrize(("old", "end"), [('"^+1("', 1), ("no JSON", 2)])
def test_an_old_table_that_cannot_be_read_keeps_the_pull_request_red(
    tools: None, tmp_path: Path, old: str, end: int
) -> None:
    walk = Walk(tmp_path)
    route = '{"name": "us", "numberPattern": %s, "trunks": ["sbc1.contoso.com"]}'
    new = '{"trunks": {"sbc1.contoso.com": {"sipSignalingPort": 5061}}, "routes": [' + route + "]}"
    (walk.here / "old.json").write_text(new % old, encoding="utf-8")
    (walk.here / "new.json").write_text(new % json.dumps(r"^\+1\d{10}$"), encoding="utf-8")

    assert walk.run("acs-telephony compare old.json new.json --intended '^'").code == end


def test_the_pull_request_that_brings_the_table_has_nothing_to_compare_with(stubbed: Walk) -> None:
    stubbed.did("git checkout -q -b first && touch table.json && git add . && git commit -q -m 'A table'")

    printed = stubbed.did("BASE=main sh check.sh")

    assert "--- no compare: there was no table.json before this change" in printed
    assert re.findall(r"^--- (\w+)$", printed, re.MULTILINE) == ["check", "expect"]


def asked(walk: Walk) -> str:
    """What compare was asked, without the file of the old table."""
    (line,) = re.findall(r"^compare \S+ (.*)$", walk.did("BASE=main sh check.sh"), re.MULTILINE)
    return str(line)


def commit(walk: Walk, name: str, *message: str) -> None:
    words = " ".join(f"-m '{text}'" for text in message)
    walk.did(f"echo {name} > {name} && git add . && git commit -q {words}")


def test_what_is_intended_is_in_the_messages_of_this_change_and_of_no_other(stubbed: Walk) -> None:
    commit(stubbed, "table.json", "A table", r"Intended: ^\+1")
    stubbed.did("git checkout -q -b change")
    commit(
        stubbed, "one", "One", "Intended: ^ in a body is no last paragraph", "Intended: ^\\+3110\nIntended: +31 20 123"
    )
    commit(stubbed, "two", "Two: $(touch hacked) `touch hacked`", "Intended: --output=$(touch hacked)")
    stubbed.did("git checkout -q main")
    commit(stubbed, "three", "Three", r"Intended: ^\+44")
    stubbed.did("git checkout -q change && git merge -q --no-ff -m 'Bring what others did' main")

    told = asked(stubbed)

    intended = [r"--intended=--output=$(touch hacked)", r"--intended=^\+3110", "--intended=+31 20 123"]
    assert told == f"table.json {' '.join(intended)} --format text"
    assert not (stubbed.here / "hacked").exists()


def test_the_old_table_is_the_last_that_both_share(stubbed: Walk) -> None:
    """What others merged meanwhile is no part of a change."""
    commit(stubbed, "table.json", "A table")
    stubbed.did("git checkout -q -b change")
    commit(stubbed, "note", "A note")
    stubbed.did(
        "git checkout -q main && echo later > table.json && git commit -q -a -m 'Later' && git checkout -q change"
    )
    program = (stubbed.folder / "bin" / "acs-telephony").read_text(encoding="utf-8")
    telling = program + 'if [ "$1" = compare ]; then cat "$2"; fi\n'
    (stubbed.folder / "bin" / "acs-telephony").write_text(telling, encoding="utf-8")

    printed = stubbed.did("BASE=main sh check.sh")

    assert "\ntable.json\n" in printed
    assert "later" not in printed


@pytest.mark.parametrize(
    ("check", "compare", "expect", "end"), [(0, 0, 0, 0), (1, 0, 0, 1), (0, 2, 1, 2), (1, 0, 1, 1)]
)
def test_the_script_asks_all_and_ends_with_the_worst(
    stubbed: Walk, check: int, compare: int, expect: int, end: int
) -> None:
    commit(stubbed, "table.json", "A table")
    for name, code in {"check": check, "compare": compare, "expect": expect}.items():
        (stubbed.here / f"{name}.code").write_text(str(code), encoding="utf-8")

    outcome = stubbed.run("BASE=main sh check.sh")

    assert outcome.code == end
    assert re.findall(r"^--- (\w+)$", outcome.printed, re.MULTILINE) == ["check", "compare", "expect"]
    assert list((stubbed.folder / "tmp").iterdir()) == []
