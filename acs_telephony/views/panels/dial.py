"""Dial a number, break an SBC, and see where the call goes."""

from __future__ import annotations

from collections.abc import Sequence

from ipywidgets import Dropdown, Text

from acs_telephony.facts import load
from acs_telephony.languages import Reading
from acs_telephony.models import Resource
from acs_telephony.routing import SbcState, dial
from acs_telephony.tables import microsoft_three_routes
from acs_telephony.views.display import Shown
from acs_telephony.views.panels.panel import FILL, Panel
from acs_telephony.views.words import journey_page

MOST_SBCS = 8
STATES: tuple[tuple[str, SbcState], ...] = (
    ("answers", "answers"),
    ("486 Busy Here", 486),
    ("503 Service Unavailable", 503),
    ("504 Server Time-out", 504),
    ("408 Request Timeout", 408),
    ("403 Forbidden", 403),
    ("404 Not Found", 404),
    ("500 Server Internal Error", 500),
    ("603 Decline", 603),
    ("silent", "silent"),
    ("refuses the connection", "refused"),
    ("demoted (no OPTIONS for 3 minutes)", "demoted"),
)


def dial_panel(
    resource: Resource | None = None,
    number: str = "+1 425 555 0100",
    *,
    sbcs: Sequence[str] | None = None,
    alternate_caller_id: str = "",
) -> Panel:
    """Controls for one call from a resource, Microsoft's three routes unless another is given.

    `sbcs` names the SBCs that get a control of their own (the first eight, unless given); all others answer.
    """
    resource = microsoft_three_routes() if resource is None else resource
    fqdns = [trunk.fqdn for trunk in resource.configuration.trunks][:MOST_SBCS] if sbcs is None else list(sbcs)

    def answer(number: str, country: str, reading: Reading, caller_id: str, **states: SbcState) -> Shown:
        journey = dial(
            resource,
            number,
            sbcs=states,
            alternate_caller_id=caller_id.strip() or None,
            country=country,
            reading=reading,
        )
        return journey_page(journey)

    readings = [("anywhere in the number", "search"), ("on the whole number", "whole")]
    call = {
        "number": Text(number, description="Number", continuous_update=False, **FILL),
        "country": Dropdown(options=_countries(), description="Dialled in", **FILL),
        "caller_id": Text(alternate_caller_id, description="alternateCallerId", continuous_update=False, **FILL),
        "reading": Dropdown(options=readings, description="Patterns match", **FILL),
    }
    states = {fqdn: Dropdown(options=STATES, description=fqdn, **FILL) for fqdn in fqdns}
    return Panel("Dial", {"The call": call, "The SBCs": states}, answer)


def _countries() -> list[tuple[str, str]]:
    """No country, the countries of the facts by name, then all others that have a number plan, by ISO code.

    No country is not None: a control takes that for no choice.
    """
    from phonenumbers import SUPPORTED_REGIONS

    names = {code: row["name"] for code, row in load("availability")["countries"].items()}
    others = sorted(SUPPORTED_REGIONS - names.keys())
    return [
        ("no country", ""),
        *sorted((name, code) for code, name in names.items()),
        *zip(others, others, strict=True),
    ]
