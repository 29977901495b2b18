"""When an SBC is tried: the documented rule on OPTIONS, as a pure function of two times.

Documented (monitor-direct-routing.md, 2023-06-22): an SBC sends OPTIONS each minute; it is healthy for a call when one
came in the three minutes before it, both ends included as the page's example counts (10:12 to 10:15); otherwise it is
demoted, and not tried until OPTIONS come again. One that has stopped but is not yet demoted is tried from three data
centres before the next route. Our reading: it has stopped when the last OPTIONS is more than one interval old.
The words of the portal come from direct-routing-provisioning.md, 2023-06-22; which of them goes with what is our model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from acs_telephony import facts

_RULE = facts.load("routing")["health"]
INTERVAL_S: int = _RULE["interval_s"]
WINDOW_S: int = _RULE["window_s"]

Standing = Literal["healthy", "stopped", "demoted"]


@dataclass(frozen=True, slots=True)
class SbcHealth:
    """One SBC in the words of the portal: its TLS, its SIP OPTIONS, and both together; and how it is tried."""

    tls: str
    options: str
    overall: str
    standing: Standing


def standing(last_options: float | None, now: float) -> Standing:
    """How an SBC is tried at `now`, both in seconds; None: no OPTIONS ever came.

    >>> minutes = lambda text: int(text[:2]) * 3600 + int(text[3:]) * 60
    >>> [standing(minutes(last), minutes("10:15")) for last in ("10:15", "10:12", "10:11")]
    ['healthy', 'stopped', 'demoted']
    """
    if last_options is None or now - last_options > WINDOW_S:
        return "demoted"
    return "stopped" if now - last_options > INTERVAL_S else "healthy"


def in_words(last_options: float | None, answered: bool, now: float, certificate: str = "") -> SbcHealth:
    """The state of an SBC; `answered`: it said 200 to our OPTIONS; `certificate`: "good", "expired" or another word."""
    how = standing(last_options, now)
    tls = {"good": "Active", "expired": "CertExpired"}.get(certificate, "Unknown")
    if last_options is None:
        return SbcHealth(tls, "Unknown", "Unknown", how)
    options = "Expired" if how == "demoted" else "Active" if answered else "Error"
    return SbcHealth(tls, options, "Online" if options == "Active" else "Warning", how)
