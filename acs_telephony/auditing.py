"""What is wrong with a route table, each with a number that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
Certainty = Literal["certain", "depends on how the service matches", "not proven"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit found.

    `sentence` says what, `remedy` what to do, `witness` is the shortest number of the `domain` that shows it (None
    where there is nothing to show), `count` how many such numbers there are (None: not counted). `routes` are indexes
    into the table, from 0; `trunks` are FQDNs. `position` is a place in the pattern of the first route, from 0.
    """

    rule: str
    severity: Severity
    sentence: str
    remedy: str
    routes: tuple[int, ...] = ()
    trunks: tuple[str, ...] = ()
    witness: str | None = None
    domain: str = ""
    count: int | None = None
    certainty: Certainty = "certain"
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How many numbers of E.164 come to a route as first choice and as standby; None: not counted."""

    first: int | None
    standby: int | None


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings about a table, worst first, and the share of each route.

    `nobody` counts the numbers of E.164 that no route takes. Shares and `nobody` add up to all of E.164.
    """

    findings: tuple[Finding, ...]
    shares: tuple[Share, ...]
    nobody: int | None
