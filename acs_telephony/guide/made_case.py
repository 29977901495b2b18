"""The case of the made company of this kit, as a reader would write it down; every figure in it is made."""

from __future__ import annotations

from typing import Final

from acs_telephony.deciding.answering import Case, read_case
from acs_telephony.guide.made_month import CONTOSO_MONTH

CONTOSO_ANSWERS: Final = f"""\
# One case, as its owner wrote it down. Contoso is made up, and so are its figures.
# Write your own file like this one, with your table beside it. To try it as it is:
#   acs-telephony example > table.json
#   acs-telephony record answers.toml --output record.html
# [answers] holds the questions of notebook 02. What is left out keeps its default: "unknown", for what may follow.

title = "Contoso: telephony after 2028-09-30"
as_of = 2026-11-22
status = "proposed"
deciders = ["the telephony team of Contoso"]
billing_country = "GB"
number_countries = ["GB", "US"]
table = "table.json"

[answers]
wants_pstn = true
region_available = true
retain_carrier = true
microsoft_managed = false
mixed_routing = true
equipment_interop = true
has_connection = true
has_supported_sbc = true
has_carrier_contract = true
cloud_state = "with_numbers"
sip_state = "configured"
application_goes_on = true
outside_teams = false
runs_sbcs = true
complex_routing = true
calling_plan_offered = "unknown"
operator_serves = "unknown"

# Calendar days, one step after another, by your own estimate. A step that is left out is unknown, and the plan says so.
[lead_times]
"list the trunks and routes" = 14
"choose cut-over or coexistence" = 14
"get licences and roles" = 45
"give every number an emergency address" = 30
"add trunks and routes in Teams" = 14
"update the SBC and its certificate" = 30
"try it with a test number" = 30
"move the numbers" = 120
"remove the old side" = 30
"take the numbers out, by a support ticket" = 90
"delete the resource" = 1

# A month. What Microsoft takes comes from the documents; what others take is yours to fill in.
[costs]
{CONTOSO_MONTH}"""


def contoso_case() -> Case:
    """The same as a value."""
    return read_case(CONTOSO_ANSWERS)
