"""The panels: one function each, with labelled controls and one answer."""

from acs_telephony.views.panels.checklist import checklist_panel as checklist_panel
from acs_telephony.views.panels.choose import choose_panel as choose_panel
from acs_telephony.views.panels.country import country_panel as country_panel
from acs_telephony.views.panels.dial import dial_panel as dial_panel
from acs_telephony.views.panels.machine import machine_panel as machine_panel
from acs_telephony.views.panels.map import map_panel as map_panel
from acs_telephony.views.panels.record import record_panel as record_panel
from acs_telephony.views.panels.table import table_panel as table_panel
from acs_telephony.views.panels.time import time_panel as time_panel
from acs_telephony.views.panels.trunk import trunk_panel as trunk_panel
