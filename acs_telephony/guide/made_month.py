"""A month of the made company of this kit, as a reader would write it; every figure in it is made."""

from __future__ import annotations

from acs_telephony.deciding.costing import Profile, read_profile

CONTOSO_MONTH = """\
# A month of Contoso, with made figures: put your own in their place.
name = "Contoso, a made month"
sip_share = 0.25                 # a quarter of the minutes goes by direct routing
sdk_participant_minutes = 12000
calls_out = [
  { to = "NL", kind = "landline", minutes = 4000, sip_share = 1 },
  { to = "ES", kind = "landline", minutes = 1200 },
  { to = "US", minutes = 2000 },
]
calls_in = [{ country = "US", type = "toll_free", minutes = 1500, sip_share = 0 }]
numbers = [{ country = "US", type = "toll_free", count = 2 }, { country = "NL", type = "local", count = 10 }]
carrier = [{ to = "NL", price = 0.011, currency = "EUR" }]
licences = [{ name = "telephony in Teams, at a made price", count = 40, price = "7.50", currency = "EUR" }]
other = [{ name = "two SBCs, at a made price", price = 350, currency = "EUR" }]
"""


def contoso_month() -> Profile:
    """The same as a value."""
    return read_profile(CONTOSO_MONTH)
