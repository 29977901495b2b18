"""Choose a country, and see which phone numbers Microsoft has there and what the documents say they cost."""

from __future__ import annotations

from ipywidgets import Dropdown, ToggleButtons

from acs_telephony.facts import load
from acs_telephony.views.display import Shown
from acs_telephony.views.panels.panel import FILL, Panel
from acs_telephony.views.steps import number_offers_table, prices_table

_QUESTIONS = {"numbers": number_offers_table, "prices": prices_table}


def country_panel(country: str = "NL") -> Panel:
    """Controls for a country, by its code, and for what to ask about it."""

    def answer(country: str, question: str) -> Shown:
        return _QUESTIONS[question](country)

    countries = load("availability")["countries"]
    names = sorted((row["name"], code) for code, row in countries.items())
    controls = {
        "country": Dropdown(options=names, value=country, description="Country", **FILL),
        "question": ToggleButtons(options=list(_QUESTIONS), description="Show its", **FILL),
    }
    return Panel("Country", {"": controls}, answer)
