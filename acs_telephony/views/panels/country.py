"""Choose a country, and see which phone numbers Microsoft has there, for whom, and what the documents say they cost."""

from __future__ import annotations

from ipywidgets import Dropdown, ToggleButtons

from acs_telephony.deciding.countries import billing_countries
from acs_telephony.facts import load
from acs_telephony.views.costs import countries_table
from acs_telephony.views.display import Shown
from acs_telephony.views.panels.panel import FILL, Panel
from acs_telephony.views.steps import number_offers_table, prices_table

_ANY = "any: show them all"


def country_panel(country: str = "NL", billing: str = "") -> Panel:
    """Controls for a country, for where the billing address is, both by code, and for what to ask about it."""

    def answer(country: str, billing: str, question: str) -> Shown:
        if question == "prices":
            return prices_table(country)
        return countries_table(billing, country) if billing else number_offers_table(country)

    countries = {code: row["name"] for code, row in load("availability")["countries"].items()}
    payers = sorted((countries.get(code, code), code) for code in billing_countries())
    controls = {
        "country": Dropdown(
            options=sorted((name, code) for code, name in countries.items()),
            value=country,
            description="Country",
            **FILL,
        ),
        "billing": Dropdown(options=[(_ANY, ""), *payers], value=billing, description="Billing address in", **FILL),
        "question": ToggleButtons(options=["numbers", "prices"], description="Show its", **FILL),
    }
    return Panel("Country", {"": controls}, answer)
