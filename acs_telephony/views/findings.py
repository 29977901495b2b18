"""What checks say of a route table, as pages of a notebook: findings, shares, what a change moves, expectations.

What a finding, a share or a change means is said in `checking/`; here it is only shown, and long lists are cut and
counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from acs_telephony.checking.auditing import Audit, Share
from acs_telephony.checking.comparing import ALL_E164, Change, Comparison
from acs_telephony.checking.expecting import Coverage
from acs_telephony.checking.findings import Finding, listed
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.models import Resource, SipConfiguration, quoted
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.number_map import percent

_MOST_ROWS = 12


def findings_table(findings: Sequence[Finding], caption: str = "Findings", most: int = _MOST_ROWS) -> Shown:
    """Findings, worst first, each with the number that shows it, how sure it is and what to do; many are cut."""
    if not findings:
        return notice("Our model", f"{caption}: none.")
    rows = [(one.severity, one.sentence, one.witness or "-", one.certainty, one.remedy) for one in findings[:most]]
    return table(_cut(caption, len(findings), most), ("severity", "what", "number", "certainty", "what to do"), rows)


def shares_table(source: RouteTable | SipConfiguration | Resource, audit: Audit, most: int = _MOST_ROWS) -> Shown:
    """How many numbers of E.164 come to each route, first and as standby, and to nobody; first choices add up."""
    routes = table_of(source).routes
    shown = list(enumerate(zip(routes, audit.shares, strict=True), 1))
    unread = {route + 1 for one in audit.findings if one.rule == "unreadable" for route in one.routes}
    rows: list[tuple[object, ...]] = [
        (route.name, row, *_its_share(share, known=row not in unread)) for row, (route, share) in shown[:most]
    ]
    if len(shown) > most:
        rest = [share.first for _, (_, share) in shown[most:]]
        first = None if None in rest else sum(filter(None, rest))
        rows.append((f"{len(rest)} more routes", "", _count(first), _part(first), ""))
    rows.append(("nobody", "", _count(audit.nobody), _part(audit.nobody), ""))
    if audit.nobody is not None:
        rows.append(("all of E.164", "", _count(ALL_E164), _part(ALL_E164), ""))
    return table("Who gets how many numbers of E.164", ("route", "row", "first choice", "share", "standby"), rows)


def _its_share(share: Share, *, known: bool) -> tuple[str, str, str]:
    """First choice, its part and standby; a pattern that cannot be read may take any number."""
    return (_count(share.first), _part(share.first), _count(share.standby)) if known else ("not known", "", "not known")


def _count(count: int | None) -> str:
    return "not counted" if count is None else f"{count:,}"


def _part(count: int | None) -> str:
    if count is None:
        return ""
    return {0: "0.00 %", ALL_E164: "100.00 %"}.get(count) or percent(count, ALL_E164)


def changes_page(comparison: Comparison) -> Shown:
    """What a change of a table moves: first the verdict, then every class of numbers that comes to other SBCs."""
    headings = ("change", "numbers", "such as", "before", "now", "meant", "certainty")
    rows = [_change(one) for one in comparison.changes[:_MOST_ROWS]]
    parts = [_verdict(comparison)]
    if rows:
        parts.append(table(_cut("What changes", len(comparison.changes), _MOST_ROWS), headings, rows))
    if comparison.cosmetic:
        count, first = sum(one.count for one in comparison.cosmetic), comparison.cosmetic[0]
        ways = f"{listed(list(map(quoted, first.old)))} before, {listed(list(map(quoted, first.new)))} now"
        words = f"{count:,} numbers come to the same SBCs by routes of other names, such as {first.witness}: {ways}."
        parts.append(notice("Our model", words))
    return together(*parts)


def _verdict(comparison: Comparison) -> Shown:
    kept = f"{comparison.unchanged:,} of {ALL_E164:,} numbers of E.164 keep their SBCs and their order."
    if comparison.unread:
        names = listed(list(map(quoted, comparison.unread)))
        return notice("Error", f"Not proven: {names} cannot be read, so what they take is not known. {kept}")
    if comparison.same:
        return notice("Our model", f"No number changes its SBCs or their order: proven for all. {kept}")
    if comparison.unintended:
        count = len(comparison.unintended)
        classes = "1 class of numbers changes" if count == 1 else f"{count} classes of numbers change"
        return notice("Mind", f"{classes} outside the intended set. {kept}")
    return notice("Our model", f"Only what was meant to change does. {kept}")


def _change(change: Change) -> tuple[object, ...]:
    before, after = (
        " then ".join(" or ".join(its) for its in hops if its) for hops in (change.old_trunks, change.new_trunks)
    )
    if change.kind == "caller ID":
        before, after = (its or "that of the call" for its in change.caller_ids)
    meant = "yes" if change.intended else "no"
    number = f"{change.witness} ({change.domain})"
    return change.kind, f"{change.count:,}", number, before or "nobody", after or "nobody", meant, change.certainty


def expectations_page(findings: Sequence[Finding], asked: int) -> Shown:
    """Whether the numbers of `asked` expectations come where they should, and each that does not."""
    expectations = "1 expectation" if asked == 1 else f"{asked} expectations"
    if not findings:
        return notice("Our model", f"{expectations} asked, and each holds under both readings of patterns.")
    return findings_table(findings, f"{expectations} asked: what does not hold, or is not proven")


def coverage_table(coverage: Coverage) -> Shown:
    """The outcome classes that no expectation touches, each with its shortest number."""
    touched = coverage.classes - len(coverage.untouched)
    words = f"{touched} of {coverage.classes} outcome classes are touched by an expectation."
    if coverage.unclear:
        words += f" {coverage.unclear:,} numbers of E.164 are in none: their routes depend on how the service matches."
    if not coverage.untouched:
        return notice("Our model", words)
    rows = [(one.witness, one.sentence, _count(one.count)) for one in coverage.untouched[:_MOST_ROWS]]
    caption = _cut("Outcome classes without an expectation", len(coverage.untouched), _MOST_ROWS)
    return together(notice("Mind", words), table(caption, ("number", "where it comes today", "numbers"), rows))


def _cut(caption: str, rows: int, most: int) -> str:
    """The caption, which says how many rows are left out."""
    return f"{caption} ({most} of {rows})" if rows > most else caption
