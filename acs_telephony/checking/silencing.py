"""Findings that somebody has accepted, each for a reason and until a day.

A file of them is TOML: tables `[[silence]]` with `rule`, `reason`, `until` and, to mean one route alone, `route`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import BaseModel, Strict, StrictStr, StringConstraints

from acs_telephony.checking.documents import read_toml
from acs_telephony.checking.findings import Finding, rules
from acs_telephony.checking.route_table import RouteTable
from acs_telephony.models import quoted

_Words = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1)]


class Silence(BaseModel, frozen=True, extra="forbid"):
    """A rule that may be broken to the end of the day `until`: by the route of this name, or by every one (None)."""

    rule: _Words
    reason: _Words
    until: Annotated[date, Strict()]
    route: StrictStr | None = None


class _File(BaseModel, extra="forbid"):
    silence: tuple[Silence, ...] = ()


def read_silences(text: str | bytes) -> tuple[Silence, ...]:
    """The silences of a TOML text. Raises ConfigurationError with every problem and its place."""
    return read_toml(text, _File, "the silences").silence


def apply(
    findings: Sequence[Finding], table: RouteTable, silences: Sequence[Silence], as_of: date
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings that are kept, those that are silenced on a day, and new ones about silences that do nothing."""

    def names(finding: Finding) -> set[str]:
        return {table.routes[index].name for index in finding.routes}

    def hushes(silence: Silence, finding: Finding) -> bool:
        return silence.rule == finding.rule and (silence.route is None or silence.route in names(finding))

    def hushed(finding: Finding) -> bool:
        """Whether a silence speaks of every route of the finding: one route must not hide what others have in it."""
        speaking = [silence for silence in current if hushes(silence, finding)]
        accepted = {silence.route for silence in speaking}
        return None in accepted or bool(speaking and names(finding) <= accepted)

    current = [silence for silence in silences if as_of <= silence.until]
    silenced = tuple(finding for finding in findings if hushed(finding))
    stale = []
    for silence in silences:
        what = f"The silence of {quoted(silence.rule)}" + (
            f" for route {quoted(silence.route)}" * (silence.route is not None)
        )
        if silence not in current:
            sentence, remedy = f"{what} ended on {silence.until}.", "Mend what it silenced, or give it a new end."
            stale.append(Finding("stale-silence", "warning", sentence, remedy))
        elif not any(hushes(silence, finding) for finding in silenced):
            why = "" if silence.rule in rules() else " There is no such rule."
            stale.append(Finding("stale-silence", "warning", f"{what} silences nothing.{why}", "Remove it."))
    return tuple(finding for finding in findings if finding not in silenced), silenced, tuple(stale)
