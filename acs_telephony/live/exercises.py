"""Checks for the exercises about a resource: what is tried is done to a local one, and its answer explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from acs_telephony.guide.exercises import Check, check_pattern
from acs_telephony.live.service import ERRORS, GA, Refusal, State
from acs_telephony.models import SipConfiguration, quoted

#: What the documentation of Microsoft's SDK means with ^+[1-9][0-9]{3,23}$, which lost a backslash on its way.
_MEANT = r"^\+[1-9][0-9]{3,23}$"


def check_documented_pattern(attempt: str) -> Check:
    """Whether a pattern takes what the documented one means: a plus, and 4 to 24 digits, the first not 0.

    >>> print(check_documented_pattern("^+[1-9][0-9]{3,23}$"))  # doctest: +ELLIPSIS
    Not yet. Your pattern ...
    """
    return check_pattern(attempt, _MEANT)


def check_writes(attempt: Sequence[str], live: SipConfiguration, wanted: SipConfiguration) -> Check:
    """Whether the service takes these writes one after the other, and has the wanted table then.

    A write is "set trunk", "set routes" or "delete trunk"; each stands for all trunks, or routes, that differ.
    """
    old, new = live.dump(), wanted.dump()
    patches: Mapping[str, Mapping[str, Any]] = {
        "set trunk": {"trunks": {f: row for f, row in new["trunks"].items() if old["trunks"].get(f) != row}},
        "set routes": {"routes": new["routes"]},
        "delete trunk": {"trunks": {fqdn: None for fqdn in old["trunks"] if fqdn not in new["trunks"]}},
    }
    state = State.of(old)
    for number, write in enumerate(attempt, 1):
        if write not in patches:
            return Check(False, f"{quoted(write)} is no write. Use: {', '.join(patches)}.")
        try:
            state = state.patched(dict(patches[write]), GA)
        except Refusal as refusal:
            why = ERRORS[refusal.code]["when"] if refusal.code in ERRORS else refusal.message
            return Check(False, f"Write {number}, {write}, is refused with {refusal.code}: {why}.")
    if state.shown(GA) == new:
        return Check(True, f"The service takes all {len(attempt)}, and has the wanted table.")
    return Check(False, "Every write is taken, but at the end the table is not the wanted one.")
