"""What the benchmarks measure is what they say: tables that stay the same, and patterns that every library can read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from acs_telephony import compile_table
from tests.conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def folder_of_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.mark.parametrize("n", [1, 2, 10, 250])
def test_a_made_table_is_the_same_for_its_seed_and_every_pattern_is_read(n: int) -> None:
    from made_tables import realistic

    table = realistic(n, 7)
    assert len(table.routes) == n
    assert table == realistic(n, 7)
    assert n < 10 or table != realistic(n, 8)
    assert not compile_table(row.number_pattern for row in table.routes).unread
    assert {fqdn for row in table.routes for fqdn in row.trunks} <= {trunk.fqdn for trunk in table.trunks}


def test_a_made_table_has_what_a_real_one_has() -> None:
    from made_tables import edited, floating, numbers, realistic

    table = realistic(250, 7)
    patterns = [row.number_pattern for row in table.routes]
    assert all(pattern.startswith("^") for pattern in patterns)
    assert 5 <= sum("(?!" in pattern for pattern in patterns) <= 30
    assert 5 <= len(patterns) - len(set(patterns)) <= 50  # standbys
    assert patterns[-1] == r"^\+\d+$"
    unanchored = [row for row in floating(250, 11, 7).routes if not row.number_pattern.startswith("^")]
    assert len(unanchored) == 11
    assert 5 <= len(set(edited(table, 20, 7).routes) ^ set(table.routes)) <= 40
    machine = compile_table(patterns)
    assert all(machine.match(number) for number in numbers(table, 100, 7))


def test_peers_get_only_patterns_that_mean_the_same_without_anchors() -> None:
    from peers import plain, stripped

    good = [r"^\+1(425|206)\d{7}$", r"^(112|911)$", r"^[|$]1$", r"^\+33(?:1|2)\d$"]
    bad = [r"^\+1(?!900)\d{10}$", "519$", "^1", r"^1\$", "^1|2$", "^(^1)2$", r"^\+(?=1)\d+$"]
    assert plain(good + bad) == good
    assert stripped(good[0]) == r"\+1(425|206)\d{7}"


def test_a_chart_is_an_svg_with_a_name_and_words(tmp_path: Path) -> None:
    from chart import write_chart

    lines = {"one <b>": [(10.0, 0.001), (100.0, 0.1)], "two": [(10.0, 0.002), (100.0, 2.0)]}
    write_chart(tmp_path / "new" / "a.svg", "Title & more", "Words", ("routes", "time"), lines, [(50, 0.5)])

    root = ElementTree.fromstring((tmp_path / "new" / "a.svg").read_text("utf-8"))  # noqa: S314 (our own drawing)
    assert [root.findtext(f"{SVG}{part}") for part in ("title", "desc")] == ["Title & more", "Words"]
    assert {"one <b>", "two", "routes", "time"} <= {element.text for element in root.iter(f"{SVG}text")}


def test_the_page_shows_every_chart_with_its_words() -> None:
    shown = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", (BENCHMARKS / "README.md").read_text("utf-8"))
    assert sorted(name for _, name in shown) == sorted(file.name for file in BENCHMARKS.glob("*.svg"))
    assert all(len(words.split()) >= 10 for words, _ in shown)


def test_the_engine_is_measured_with_or_without_its_peers() -> None:
    command = [sys.executable, "benchmarks/engine.py", "--runs", "1", "--only", "decisions", "--markdown"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8").stdout

    assert "| a list of compiled `re`, numbers that are new to it " in said
    assert "beside: " in said


def test_broken_messages_are_the_same_for_their_seed_and_most_are_broken() -> None:
    from sip import broken

    message = b"OPTIONS sip:sbc1.contoso.biz SIP/2.0\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    found = list(broken([message], 200, 7))
    assert found == list(broken([message], 200, 7))
    assert found != list(broken([message], 200, 8))
    assert sum(one != message for one in found) > 190


def test_live_sip_is_measured_and_takes_calls_between_broken_messages() -> None:
    command = [sys.executable, "benchmarks/sip.py", "--calls", "3", "--runs", "1", "--fuzz", "300", "--markdown"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8").stdout

    assert "| TLS: the first SBC says 503, its standby answers " in said
    assert re.search(r"\| parsed alone +\| +300 \| [1-9]\d* refused", said)
    assert said.endswith("harm: 0\n")


def test_the_local_resource_is_measured_and_agrees_with_the_model() -> None:
    command = [sys.executable, "benchmarks/resource.py", "--runs", "1", "--fuzz", "200", "--markdown"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8").stdout

    assert "| 250 trunks and 250 routes: set_routes  |" in said
    taken = re.search(r"\| of these taken +\| +(\d+) \|", said)
    assert taken is not None
    assert 60 < int(taken[1]) < 180
    assert re.search(r"\| answered wrongly +\| +0 \|", said)
