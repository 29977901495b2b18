"""The command line: a table in a file, or on standard input, checked, tested, dialled, compared or made safe to share.

It ends with 0 where nothing was found, 1 where something was, 2 where what was given cannot be used. Here and in
`standing` alone the kit reads the clock: for the end of silences and for stale sources, unless `--as-of` gives a day.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import date, datetime
from io import TextIOWrapper
from textwrap import dedent
from typing import TYPE_CHECKING, Any

try:
    import click
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text
except ModuleNotFoundError as error:
    raise SystemExit(f"acs-telephony: {error.name} is missing. Run: pip install 'acs-telephony[cli]'") from None

from acs_telephony.automaton import compile_table
from acs_telephony.checking.documents import anonymise as anonymised
from acs_telephony.checking.documents import decoded, read_table
from acs_telephony.checking.findings import Finding
from acs_telephony.checking.route_table import RouteTable
from acs_telephony.checking.silencing import apply, read_silences
from acs_telephony.cli.given import OUTPUT, File, Unusable, combined, contents, write
from acs_telephony.cli.moving import move
from acs_telephony.cli.records import record
from acs_telephony.cli.reports import FORMATS, THRESHOLDS, Report, as_text, harmless, plain
from acs_telephony.cli.serving import serve
from acs_telephony.cli.standing import cost, facts
from acs_telephony.errors import AcsTelephonyError, BudgetError, ConfigurationError
from acs_telephony.languages import READINGS, Reading
from acs_telephony.models import Resource, SipConfiguration, is_e164, quoted
from acs_telephony.numbers import normalise
from acs_telephony.routing import SbcState
from acs_telephony.routing import dial as dialled
from acs_telephony.tables import contoso
from acs_telephony.views.dot import count

if TYPE_CHECKING:
    from acs_telephony.checking.comparing import Change

#: The rules that `expect` asks about, and `check` does not.
_OF_EXPECT = ("expectation", "untouched", "unnoticed")


class _Group(click.Group):
    """What cannot be used ends with 2 and a sentence, never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except AcsTelephonyError as error:
            raise Unusable(harmless(str(error))) from None
        except BrokenPipeError:
            raise  # whoever reads has enough; click ends quietly
        except OSError as error:
            its = harmless(str(error.filename or "What was asked for"))
            raise Unusable(f"{its} cannot be written: {error.strerror}. Look at where it goes.") from None


_TABLE = click.argument("table", callback=contents)
_POLICY = click.option("--policy", metavar="NAME", help="Teams: the policy whose usages give the order.")
_TEAMS = combined(
    click.option("--policies", callback=contents, metavar="FILE", help="Teams: the voice routing policies, as JSON."),
    click.option("--gateways", callback=contents, metavar="FILE", help="Teams: the PSTN gateways, as JSON."),
)
_REPORT = combined(
    click.option("--format", "form", type=click.Choice(["text", *FORMATS]), default="text", show_default=True),
    click.option("--fail-on", type=click.Choice(THRESHOLDS), default="error", show_default=True),
    click.option("--no-color", is_flag=True, help="No colours; the variable NO_COLOR says the same."),
    OUTPUT,
)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acs-telephony")
def main() -> None:
    """Check, test, dial, compare and share the route tables of ACS direct routing and Teams.

    TABLE is JSON: what GET /sip of a resource returns, or what PowerShell writes of Teams; - is standard input.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that a terminal cannot show must not end us


main.add_command(cost)
main.add_command(facts)
main.add_command(move)
main.add_command(record)
main.add_command(serve)


@main.command()
@_TABLE
@combined(_TEAMS, _POLICY, _REPORT)
@click.option("--country", "countries", multiple=True, metavar="NL", help="Look at this country's numbers; or all.")
@click.option("--dead", multiple=True, metavar="FQDN", help="Say what is lost while this trunk is down.")
@click.option("--silence", callback=contents, metavar="FILE", help="Findings that were accepted (TOML).")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The day for silences, else today.")
def check(
    table: File,
    countries: tuple[str, ...],
    dead: tuple[str, ...],
    silence: File | None,
    as_of: datetime | None,
    **more: Any,
) -> None:
    """Say what is wrong with a table, each with a number that shows it."""
    from acs_telephony.checking.auditing import audit
    from acs_telephony.checking.findings import rules as known_rules

    rows = _read(table, more)
    found = audit(rows, countries=_all_countries() if "all" in countries else countries, dead=dead)
    silences = read_silences(silence[1]) if silence else ()
    kept, silenced, stale = apply(found.findings, rows, silences, as_of.date() if as_of else date.today())
    asked = {"the numbers of a country (--country)": countries, "a trunk that is down (--dead)": dead}
    missing = " and ".join(what for what, given in asked.items() if not given)
    remarks = (f"Not asked: {missing}.",) * bool(missing)
    if any(finding.rule == "unreadable" for finding in found.findings):
        remarks += ("Shares leave out the routes whose patterns cannot be read.",)
    _tell(
        table,
        rows,
        (*kept, *stale),
        more,
        command="check",
        remarks=remarks,
        silenced=silenced,
        rules=tuple(rule for rule in known_rules().values() if rule.id not in _OF_EXPECT),
        audit=found,
    )


@main.command()
@click.argument("old", callback=contents)
@click.argument("new", callback=contents)
@click.option("--intended", multiple=True, metavar="PATTERN", help="What is meant to change: a pattern or a number.")
@combined(_TEAMS, _POLICY, _REPORT)
def compare(old: File, new: File, intended: tuple[str, ...], **more: Any) -> None:
    """Say which calls go elsewhere under NEW than under OLD; fail where that is not --intended.

    For Teams, policies and gateways hold for both tables.
    """
    from acs_telephony.checking.comparing import compare as compared

    teams = {name: more[name] for name in ("policies", "gateways", "policy")}
    before, rows = _read(old, dict(teams)), _read(new, more)
    found = compared(before, rows, intended=intended)
    findings = [_changed(rows, change, meant=change.intended) for change in found.changes]
    findings += [_changed(rows, change, meant=True) for change in found.cosmetic]
    if found.unread:
        names = ", ".join(quoted(name) for name in dict.fromkeys(found.unread))
        sentence = f"Patterns that cannot be read: {names}. So nothing proves that no other number moves."
        remedy = "Run check on both tables, and correct these patterns."
        findings.append(Finding("unreadable", "error", sentence, remedy, certainty="not proven"))
    remarks = () if found.unchanged is None else (f"{found.unchanged:,} numbers of E.164 go where they went.",)
    _tell(new, rows, tuple(findings), more, command="compare", remarks=remarks)


def _changed(table: RouteTable, change: Change, *, meant: bool) -> Finding:
    """A change as a finding, at the first route of the new table that has part in it."""
    routes = tuple(index for index, route in enumerate(table.routes) if route.name in change.new[:1])[:1]
    remedy = "" if meant else "If it is meant, name it with --intended."
    finding = Finding(
        change.kind, "note" if meant else "error", change.sentence, remedy, routes, witness=change.witness
    )
    return replace(finding, domain=change.domain, count=change.count, certainty=change.certainty)


@main.command()
@_TABLE
@click.argument("file", callback=contents, required=False)
@combined(_TEAMS, _POLICY, _REPORT)
@click.option("--coverage/--no-coverage", default=True, show_default=True, help="Say which numbers nothing expects.")
@click.option("--strength", is_flag=True, help="Say which careless edits no expectation would notice.")
@click.option("--propose", is_flag=True, help="Write expectations for what is not expected yet, as it is today.")
def expect(table: File, file: File | None, coverage: bool, strength: bool, propose: bool, **more: Any) -> None:
    """Say which numbers go elsewhere than FILE (TOML) expects."""
    from acs_telephony.checking.expecting import cover, meet, read_expectations, unnoticed
    from acs_telephony.checking.findings import rules as known_rules

    rows = _read(table, more)
    if file is None and not propose:
        raise click.UsageError("No FILE of expectations is given. Write one, or begin with --propose.")
    expectations = read_expectations(file[1]) if file else ()
    if propose:
        return write(cover(rows, expectations).proposal.rstrip("\n"), more["output"])
    findings = meet(rows, expectations)
    remarks = [f"{count(sum(len(one.number) for one in expectations), 'number')} expected."]
    try:
        if coverage:
            found = cover(rows, expectations)
            findings += found.untouched
            remarks.append(f"{found.classes - len(found.untouched):,} of {found.classes:,} outcome classes touched.")
            unclear = f"Where {found.unclear:,} more numbers come depends on how the service matches: see check."
            remarks += [unclear] * bool(found.unclear)
        if strength:
            findings += unnoticed(rows, expectations)
    except BudgetError as error:
        remarks.append(f"Coverage and strength are not known: {error.problem}.")
    asked = dict(zip(_OF_EXPECT, (True, coverage, strength), strict=True))
    rules = tuple(rule for rule in known_rules().values() if asked.get(rule.id))
    return _tell(table, rows, findings, more, command="expect", remarks=tuple(remarks), rules=rules)


@main.command()
@_TABLE
@click.argument("number")
@combined(_TEAMS, _POLICY)
@click.option("--sbc", "sbcs", multiple=True, metavar="FQDN=STATE", help="answers, silent, refused, demoted, a code.")
@click.option("--alternate-caller-id", metavar="NUMBER", help="What the application gives as caller ID.")
@click.option("--purchased", multiple=True, metavar="NUMBER", help="A number of Voice Calling (PSTN).")
@click.option("--country", metavar="NL", help="Where the number is typed.")
@click.option("--reading", type=click.Choice(READINGS), default="search", show_default=True)
def dial(table: File, number: str, sbcs: tuple[str, ...], purchased: tuple[str, ...], **more: Any) -> None:
    """Follow a call to NUMBER to every end that it can have; for Teams, to the routes that it can come to."""
    from acs_telephony.views.words import journey_table, journey_words

    rows = _read(table, more)
    if rows.service == "teams":
        return write("\n".join(_told(rows, number, more["country"], more["reading"])))
    try:
        configuration = SipConfiguration.load(decoded(table[1]))
    except ConfigurationError as error:
        problem = f"The service would refuse this table, so no call can be followed.\n{error}"
        raise Unusable(harmless(problem)) from None
    if wrong := [number for number in purchased if not is_e164(number)]:
        raise click.BadParameter(f"{quoted(wrong[0])} is no E.164 number. Write it as +14255550111.")
    resource = Resource(configuration=configuration, purchased_numbers=purchased)
    journey = dialled(resource, number, sbcs=dict(map(_state, sbcs)), **more)
    return write(harmless(f"{journey_words(journey)}\n\n{journey_table(journey)}"))


def _state(option: str) -> tuple[str, SbcState]:
    fqdn, _, state = option.partition("=")
    return fqdn, int(state) if state.isdecimal() else state  # type: ignore[return-value]  # dial refuses other words


def _told(table: RouteTable, number: str, country: str | None, reading: Reading) -> list[str]:
    """The routes of Teams that a call can come to, in order, with their SBCs."""
    call = normalise(number, country)
    machine = compile_table([route.number_pattern for route in table.routes], reading)
    matches = machine.match(call.number)
    chain = table.chain(matches)
    lines = [f"{call.text.strip()} is dialled as {call.number}."]
    for rank, route in enumerate((table.routes[index] for index in chain), 1):
        usage = f" (usage {route.usage})" if route.usage else ""
        lines.append(f"{rank}. {route.name}{usage}: {', '.join(route.trunks) or 'no SBC'}")
    lines += ["No route matches."] * (not chain)
    lines += ["The order is not known: give --policies, and each route a priority."] * (not table.ordered)
    if len(chain) < len(matches):
        lines.append(f"{len(matches) - len(chain)} more in later usages, which are never looked at.")
    lines += [f"{table.routes[index].name} cannot be read: {error.problem}." for index, error in machine.unread.items()]
    return list(map(plain, lines))


@main.command()
@_TABLE
@combined(_TEAMS, OUTPUT)
def anonymise(table: File, policies: File | None, gateways: File | None, output: str | None) -> None:
    """Make a table safe to share: made names for trunks and routes, no descriptions. Number patterns stay."""
    write(anonymised(table[1], policies=policies and policies[1], gateways=gateways and gateways[1]), output)
    click.echo("Number patterns are as they were: look whether they tell more than you want to share.", err=True)


@main.command()
def rules() -> None:
    """Print the rules that check and expect know."""
    from acs_telephony.checking.findings import rules as known_rules
    from acs_telephony.views.display import table

    rows = [(rule.id, rule.severity, rule.title, rule.remedy) for rule in known_rules().values()]
    write(str(table("Rules of acs-telephony", ("rule", "severity", "what it says", "what to do"), rows)))


@main.command()
def example() -> None:
    """Print the route table of a made company, with faults to find."""
    write(json.dumps(contoso().configuration.dump(), indent=2))


def _read(table: File, options: dict[str, Any]) -> RouteTable:
    """The table, read with the options for Teams, which are taken out."""
    policies, gateways = options.pop("policies"), options.pop("gateways")
    return read_table(
        table[1], policies=policies and policies[1], gateways=gateways and gateways[1], policy=options.pop("policy")
    )


def _all_countries() -> tuple[str, ...]:
    import phonenumbers

    return tuple(sorted(phonenumbers.SUPPORTED_REGIONS))


def _tell(file: File, table: RouteTable, findings: tuple[Finding, ...], options: dict[str, Any], **more: Any) -> None:
    """Write a report as the options say, and end with 1 where it fails."""
    form, output, no_color = options["form"], options["output"], options["no_color"] or os.environ.get("NO_COLOR")
    report = Report(
        file=file[0], text=decoded(file[1]), table=table, findings=findings, fail_on=options["fail_on"], **more
    )
    if form != "text":
        write(FORMATS[form](report), output)
    elif output is not None:
        write("\n".join(piece.plain for piece, _ in as_text(report)), output)
    else:
        console = Console(color_system=None if no_color else "auto", markup=False, emoji=False, highlight=False)
        for piece, whole in as_text(report):
            if console.is_terminal and not whole and piece.plain.startswith("  "):
                console.print(Padding(Text(dedent(piece.plain)), (0, 0, 0, 2)))
            else:
                # What is piped is not broken at a width that nobody has.
                console.print(piece, soft_wrap=whole or not console.is_terminal)
    if any(map(report.fails, findings)):
        raise SystemExit(1)
