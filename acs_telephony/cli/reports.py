"""What was found in a route table, as text for a person and in the formats that pipelines read.

Words of strangers become printable here, in one place for each format; numbers of lines and columns begin with 1.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote
from xml.etree import ElementTree

from rich.text import Text

from acs_telephony.checking.auditing import Audit
from acs_telephony.checking.documents import place_in
from acs_telephony.checking.findings import Finding
from acs_telephony.checking.route_table import Place, RouteTable
from acs_telephony.errors import PatternError
from acs_telephony.views.dot import clean, count

if TYPE_CHECKING:
    from acs_telephony.checking.findings import Rule

Threshold = Literal["error", "warning", "note", "never"]
THRESHOLDS: tuple[Threshold, ...] = ("error", "warning", "note", "never")

_COLOURS = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What a command found in a table that was read from `text`, and what it was not asked.

    `file` is a path relative to where the command ran, with slashes. Findings are told worst first.
    """

    command: str
    file: str
    text: str
    table: RouteTable
    findings: tuple[Finding, ...]
    silenced: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    fail_on: Threshold = "error"
    audit: Audit | None = None

    def fails(self, finding: Finding) -> bool:
        """Whether a finding is as bad as what the command should fail on."""
        return self.fail_on != "never" and THRESHOLDS.index(finding.severity) <= THRESHOLDS.index(self.fail_on)

    @property
    def worst_first(self) -> list[Finding]:
        """The findings that were not silenced, in the order in which they are told."""
        return sorted(self.findings, key=lambda finding: THRESHOLDS.index(finding.severity))

    def place(self, finding: Finding) -> Place | None:
        """Where a finding stands: at its position in a pattern, else at its first route, else at its first trunk."""
        for route in (self.table.routes[index] for index in finding.routes[:1]):
            if finding.position is not None and route.pattern_place is not None:
                return place_in(self.text, route.pattern_place, finding.position)
            return route.place
        named = [fqdn.lower() for fqdn in finding.trunks[:1]]
        return next((trunk.place for trunk in self.table.trunks if trunk.fqdn.lower() in named), None)

    def where(self, finding: Finding) -> str:
        """The same in one word: file, line and column."""
        place = self.place(finding)
        return f"{self.file}:{place.line}:{place.column}" if place else self.file


def as_text(report: Report) -> Iterator[tuple[Text, bool]]:
    """The report for a person, in pieces; each with whether its lines must not be broken."""
    for finding in report.worst_first:
        rest = f"  {plain(finding.rule)}  {_named(report, finding)}  ({plain(report.where(finding))})"
        yield Text.assemble((finding.severity, _COLOURS[finding.severity]), rest), False
        for index in finding.routes[:1]:
            pattern = report.table.routes[index].number_pattern
            excerpt = PatternError("", pattern=pattern, position=finding.position or 0).excerpt
            yield Text(harmless(excerpt if finding.position is not None else excerpt.partition("\n")[0])), True
        yield Text("\n".join(f"  {line}" for line in _lines(finding)) + "\n"), False
    yield Text(" ".join(_closing(report))), False


def harmless(text: str) -> str:
    """Printable lines in which each character keeps its cell, and GitHub finds no command (`::`, or `##[` anywhere)."""
    shown = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
    return re.sub(r"(?<=:):|(?<=##)\[(?=[a-z])", "?", shown)


def plain(text: str) -> str:
    """The same in one line."""
    return harmless(clean(text))


def _closing(report: Report) -> Iterator[str]:
    found: Counter[str] = Counter(finding.severity for finding in report.findings)
    totals = ", ".join(count(found[severity], severity) for severity in THRESHOLDS[:3])
    size = f"{count(len(report.table.routes), 'route')}, {count(len(report.table.trunks), 'trunk')}"
    yield f"{totals} in {plain(report.file)} ({size})."
    if report.silenced:
        yield f"{len(report.silenced)} silenced."
    yield from map(plain, report.remarks)


def _named(report: Report, finding: Finding) -> str:
    """The routes and trunks of a finding."""
    routes = [f"route {index + 1} {plain(report.table.routes[index].name)}" for index in finding.routes]
    names = routes + [f"trunk {plain(fqdn)}" for fqdn in finding.trunks]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "") or "table"


def _lines(finding: Finding) -> list[str]:
    """A finding in sentences: what, the number that shows it, what to do."""
    lines = [finding.sentence]
    if finding.witness is not None:
        many = "" if finding.count is None else f", {finding.count:,} in all"
        lines.append(f"Number: {finding.witness} ({finding.domain}){many}.")
    lines += [f"Certainty: {finding.certainty}."] * (finding.certainty != "certain")
    lines += [f"Next: {finding.remedy}"] * bool(finding.remedy)
    return list(map(plain, lines))


def as_json(report: Report) -> str:
    """The report as JSON; the README says what each field is. `version` changes when the meaning of a field does."""

    def told(finding: Finding) -> dict[str, Any]:
        rows = [(index, report.table.routes[index]) for index in finding.routes]
        routes = [{"index": index, "name": row.name, "place": _spot(row.place)} for index, row in rows]
        return asdict(finding) | {
            "routes": routes,
            "place": _spot(report.place(finding)),
            "fails": report.fails(finding),
        }

    audit = report.audit
    wire = {
        "version": 1,
        "command": report.command,
        "file": report.file,
        "service": report.table.service,
        "ordered": report.table.ordered,
        "routes": len(report.table.routes),
        "trunks": len(report.table.trunks),
        "fail_on": report.fail_on,
        "findings": [told(finding) for finding in report.worst_first],
        "silenced": [told(finding) for finding in report.silenced],
        "remarks": report.remarks,
        "shares": [asdict(share) for share in audit.shares] if audit else [],
        "nobody": audit.nobody if audit else None,
    }
    return json.dumps(wire, indent=2)


def _spot(place: Place | None) -> dict[str, int] | None:
    return None if place is None else asdict(place)


def as_sarif(report: Report) -> str:
    """The report as SARIF 2.1.0. A result keeps its fingerprint when routes change places."""
    known = {rule.id: rule for rule in report.rules}
    ids = list(dict.fromkeys((*known, *(finding.rule for finding in report.findings))))
    seen: Counter[str] = Counter()
    results = []
    for finding in report.worst_first:
        rows = [report.table.routes[index] for index in finding.routes]
        parts = (finding.rule, sorted((row.name, row.number_pattern) for row in rows), sorted(finding.trunks))
        digest = sha256(ascii(parts).encode()).hexdigest()[:32]
        seen[digest] += 1
        # `](` would begin a link.
        message = " ".join([f"{_named(report, finding)}:", *_lines(finding)]).replace("](", "] (")
        results.append(
            {
                "ruleId": finding.rule,
                "ruleIndex": ids.index(finding.rule),
                "level": finding.severity,
                "message": {"text": message},
                "locations": [_location(report, report.place(finding))],
                "relatedLocations": [_location(report, row.place) for row in rows[1:] if row.place],
                "partialFingerprints": {"primaryLocationLineHash": f"{digest}:{seen[digest]}"},
            }
        )
    driver = {"name": "acs-telephony", "rules": [_sarif_rule(name, known.get(name)) for name in ids]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _location(report: Report, place: Place | None) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column} if place else {"startLine": 1}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(report.file, errors="replace")}, "region": region}}


def _sarif_rule(name: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": rule.title},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": rule.severity},
    }


def as_junit(report: Report) -> str:
    """The report as JUnit XML: a test for each finding, and one that passed for each rule without any."""
    suite = ElementTree.Element("testsuite", name=f"acs-telephony {report.command} {plain(report.file)}")

    def case(rule: str, name: str) -> ElementTree.Element:
        return ElementTree.SubElement(suite, "testcase", classname=plain(rule), name=plain(name))

    for finding in report.worst_first:
        one, words = case(finding.rule, _named(report, finding)), plain(finding.sentence)
        if report.fails(finding):
            told = ElementTree.SubElement(one, "failure", message=words, type=finding.severity)
        else:
            told = ElementTree.SubElement(one, "system-out")
        told.text = "\n".join([*_lines(finding), plain(report.where(finding))])
    for finding in report.silenced:
        ElementTree.SubElement(case(finding.rule, _named(report, finding)), "skipped", message="silenced")
    met = {finding.rule for finding in chain(report.findings, report.silenced)}
    for rule in report.rules:
        if rule.id not in met:
            case(rule.id, rule.title)
    tests, failures = len(suite), sum(map(report.fails, report.findings))
    suite.attrib |= {"tests": f"{tests}", "failures": f"{failures}", "skipped": f"{len(report.silenced)}"}
    ElementTree.indent(suite)
    data: bytes = ElementTree.tostring(suite, "us-ascii", xml_declaration=True)
    return data.decode("ascii")


def as_github(report: Report) -> str:
    """The report as workflow commands of GitHub Actions, which put findings beside the lines of a file."""
    commands = []
    for finding in report.worst_first:
        place = report.place(finding)
        spot = {"line": place.line, "col": place.column} if place else {}
        properties = {"file": report.file, **spot, "title": f"{finding.rule}: {_named(report, finding)}"}
        told = ",".join(f"{name}={_escaped(plain(str(value)), ':,')}" for name, value in properties.items())
        level = "notice" if finding.severity == "note" else finding.severity
        commands.append(f"::{level} {told}::{'%0A'.join(map(_escaped, _lines(finding)))}")
    return "\n".join([*commands, *_closing(report)])


def _escaped(text: str, more: str = "") -> str:
    """Text in a workflow command; the percent sign first, because every escape begins with one."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


Format = Callable[[Report], str]
FORMATS: Mapping[str, Format] = {"json": as_json, "sarif": as_sarif, "junit": as_junit, "github": as_github}


def rules_page(rules: Iterable[Rule]) -> str:
    """The rules as a page in Markdown: what is published of them."""
    lines = [
        "# The rules of `acs-telephony check` and `expect`",
        "",
        "`acs-telephony rules` prints them. A finding is *certain*, or *depends on how the service matches*: whether",
        "it looks for a pattern anywhere in a number or matches the whole number is not documented, so both are tried.",
        "Rules with a star speak of what no route takes, or of all routes of a number: while a pattern cannot be read,",
        "their findings are *not proven*. Every rule is our model; its ground says on which documents it rests.",
        "",
        "| rule | severity | finds | what to do | ground |",
        "|---|---|---|---|---|",
    ]
    for rule in rules:
        cells = (f"`{rule.id}`{'*' * rule.open}", rule.severity, rule.title, rule.remedy, rule.ground)
        lines.append("| " + " | ".join(re.sub(r"([|*^<])", r"\\\1", cell) for cell in cells) + " |")
    return "\n".join([*lines, ""])
