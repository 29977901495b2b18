"""A route table as a page: who takes a number, what one route has, what is wrong, and who gets how many numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from acs_telephony.checking.auditing import Audit, audit
from acs_telephony.checking.findings import SEVERITIES, Finding
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.errors import AnswerError
from acs_telephony.models import Resource, SipConfiguration, quoted
from acs_telephony.routing import dial
from acs_telephony.views.display import Shown, notice, together
from acs_telephony.views.dot import count
from acs_telephony.views.findings import findings_table, shares_table
from acs_telephony.views.machine import machine_picture
from acs_telephony.views.pictures import Picture
from acs_telephony.views.words import taker_words


def table_page(
    source: Resource | SipConfiguration,
    number: str = "+31 20 123 4567",
    *,
    row: int | None = None,
    countries: Sequence[str] = (),
) -> Shown:
    """A table as `table_panel` shows it: who takes a number, one route (by its row, from 1), machine, findings, shares.

    Raises NumberError for a number that cannot be dialled, AnswerError for a row that there is not.
    """
    resource = Resource(configuration=source) if isinstance(source, SipConfiguration) else source
    found = audited(resource.configuration, tuple(countries))
    journey = dial(resource, number)
    parts: list[Shown | Picture] = [taker_words(journey)]
    if row is not None:
        parts.append(_route_words(resource.configuration, row, found))
    parts.append(machine_picture(resource, journey.dialled.number))
    parts.append(findings_table(found.findings, _caption(found.findings)))
    parts.append(shares_table(resource, found))
    return together(*parts)


def audited(configuration: SipConfiguration, countries: tuple[str, ...]) -> Audit:
    """The audit of a table, made once for each table: another number or a step back asks for none."""
    return _audited(table_of(configuration), countries)  # a table tells true from 1, which a configuration does not


@lru_cache(maxsize=32)
def _audited(table: RouteTable, countries: tuple[str, ...]) -> Audit:
    return audit(table, countries=countries)


def _caption(findings: Sequence[Finding]) -> str:
    if not findings:
        return "Findings"
    kinds = Counter(one.severity for one in findings)
    return f"Findings: {', '.join(count(kinds[kind], kind) for kind in SEVERITIES if kinds[kind])}"


def _route_words(configuration: SipConfiguration, row: int, found: Audit) -> Shown:
    """What one route has, and the gravest finding that speaks of it."""
    if not 1 <= row <= len(configuration.routes):
        remedy = f"Use 1 to {len(configuration.routes)}, or leave it out."
        raise AnswerError(f"there is no row {row}", place="row", remedy=remedy)
    route, share = configuration.routes[row - 1], found.shares[row - 1]
    its = [one for one in found.findings if row - 1 in one.routes]
    if any(one.rule == "unreadable" for one in its):
        numbers = "how many numbers it gets is not known"
    elif share.first is None or share.standby is None:
        numbers = "how many numbers it gets is not counted"
    else:
        numbers = f"first choice for {share.first:,} numbers of E.164, standby for {share.standby:,}"
    words = f"Row {row}, {quoted(route.name)}: {numbers}."
    if its:
        words += f" {count(len(its), 'finding')} about it; the first ({its[0].certainty}): {its[0].sentence}"
    return notice("Our model", words)
