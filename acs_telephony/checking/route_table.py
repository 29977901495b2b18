"""A route table as it is, faults and all: the value that is audited and compared.

`SipConfiguration` refuses what the service would refuse; a `RouteTable` keeps it, so that an audit can say it. It also
holds the voice routes of Teams, whose order needs a policy (direct-routing-voice-routing.md, 2020-02-12): the usages
of the policy in their order, and in each usage the routes by priority.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from acs_telephony.errors import AnswerError
from acs_telephony.models import Resource, SipConfiguration


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a text; line and column count characters from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class TrunkRow:
    """A trunk of a table. `enabled` is False where a preview of the service says so; the port is None where none is.

    `known` is False where Teams' own list of gateways is missing, or says nothing of whether this one is enabled.
    """

    fqdn: str
    enabled: bool = True
    place: Place | None = None
    sip_signaling_port: int | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route of a table, in the order in which routes are tried. `usage` is the PSTN usage of Teams, else None.

    `place` is where the route begins in its text, `pattern_place` where the text of its pattern does.
    """

    name: str
    number_pattern: str
    trunks: tuple[str, ...] = ()
    description: str = ""
    caller_id_override: str | None = None
    usage: str | None = None
    place: Place | None = None
    pattern_place: Place | None = None


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes in the order in which they are tried, and trunks. `ordered` is False where that order is not known.

    A route of Teams that stands in several usages of a policy is a row in each of them.
    """

    routes: tuple[RouteRow, ...]
    trunks: tuple[TrunkRow, ...] = ()
    service: Literal["acs", "teams"] = "acs"
    ordered: bool = True

    def chain(self, matches: tuple[int, ...]) -> tuple[int, ...]:
        """Of the routes that match, those that a call can come to, in order.

        In ACS these are all; in Teams those of the first usage that has a match, because later usages are never
        looked at (direct-routing-voice-routing.md, 2020-02-12).
        """
        if self.service == "acs" or not self.ordered or not matches:
            return matches
        usage = self.routes[matches[0]].usage
        return tuple(index for index in matches if self.routes[index].usage == usage)


def in_order(table: RouteTable) -> RouteTable:
    """The table itself. Raises AnswerError where the order of its routes is not known."""
    if table.ordered:
        return table
    remedy = "Give the policies as well, and each route a priority of its own."
    raise AnswerError("the order of these routes is not known", place="table", remedy=remedy)


def table_of(source: RouteTable | SipConfiguration | Resource) -> RouteTable:
    """The routes and trunks of a resource or a configuration as a table. Raises AnswerError for anything else."""
    if isinstance(source, RouteTable):
        return source
    configuration = source.configuration if isinstance(source, Resource) else source
    if not isinstance(configuration, SipConfiguration):
        raise AnswerError(f"{type(source).__name__} is no table", place="table", remedy="Give a SipConfiguration.")
    return RouteTable(
        tuple(
            RouteRow(
                route.name,
                route.number_pattern,
                tuple(route.trunks or ()),
                route.description or "",
                route.caller_id_override,
            )
            for route in configuration.routes
        ),
        # `enabled` is a field of a preview, so it is kept among the unknown ones.
        tuple(
            TrunkRow(
                trunk.fqdn,
                (trunk.model_extra or {}).get("enabled", True) is not False,
                sip_signaling_port=trunk.sip_signaling_port,
            )
            for trunk in configuration.trunks
        ),
    )
