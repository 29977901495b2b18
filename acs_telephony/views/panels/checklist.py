"""Type the FQDN of an SBC, and see the domain, DNS, certificate and firewall it needs."""

from __future__ import annotations

from ipywidgets import Dropdown, Text

from acs_telephony.guide.checklist import sip_checklist
from acs_telephony.views.display import Shown
from acs_telephony.views.panels.panel import FILL, Panel
from acs_telephony.views.steps import items_table

_TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("DNS, certificate and firewall", ("dns", "certificate", "firewall")),
    ("domain", ("domain",)),
    ("TLS", ("tls",)),
    ("SBC and media", ("sbc", "media")),
    ("everything", ()),
)


def checklist_panel(fqdn: str = "sbc1.contoso.com") -> Panel:
    """Controls for an FQDN and for the part of its checklist to show."""

    def answer(fqdn: str, topics: tuple[str, ...]) -> Shown:
        name = fqdn.strip()
        return items_table(name, sip_checklist(name), topics)

    controls = {
        "fqdn": Text(fqdn, description="FQDN of the SBC", continuous_update=False, **FILL),
        "topics": Dropdown(options=_TOPICS, description="Show", **FILL),
    }
    return Panel("Checklist", {"": controls}, answer)
