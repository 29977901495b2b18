"""Choose all numbers or those of a country, type the digits that follow, and see who answers: a map and its classes."""

from __future__ import annotations

from ipywidgets import Dropdown, Text

from acs_telephony.guide.mapping import Source
from acs_telephony.numbers import countries
from acs_telephony.views.display import Shown
from acs_telephony.views.number_map import map_page
from acs_telephony.views.panels.panel import FILL, Panel


def map_panel(source: Source, country: str = "", digits: str = "") -> Panel:
    """Controls for the numbers to map, all or the valid ones of a country, and for the digits they go on with."""

    def answer(country: str, digits: str) -> Shown:
        return map_page(source, country, digits)

    choices = [("all of E.164", ""), *((f"valid numbers of {code}", code) for code in countries())]
    controls = {
        "country": Dropdown(options=choices, value=country, description="Numbers", **FILL),
        "digits": Text(value=digits, description="Going on with", continuous_update=False, **FILL),
    }
    return Panel("Map", {"": controls}, answer)
