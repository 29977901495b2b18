r"""The documented rules of a call out through direct routing, told a second time; it imports nothing of the package.

Written from Microsoft's pages, read on 2026-11-22, to hold live calls against: plain `re` over the JSON of a
configuration, and one loop. PROV direct-routing-provisioning.md, 2023-06-22; VRP voice-routing-sdk-portal.md,
2023-06-01; MON monitor-direct-routing.md, 2023-06-22; SDK azure-communication-phonenumbers 1.4.0; RFC 3261 for what
no page says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: The final code that a fault of an SBC comes to: its own (an int), none (it takes the call), or RFC 3261's: silence is
#: 408 and what the transport cannot do, certificates included, is 503 (8.1.3.1).
COMES_TO = {
    "answers": None,
    "no OPTIONS": None,
    "silent": 408,
    "slow": 408,
    "refused": 503,
    "wrong name": 503,
    "expired": 503,
    "unknown CA": 503,
}


@dataclass(frozen=True)
class Told:
    """What the pages say of one call: every INVITE by its SBC, in order; how it ends, by whom, and what a callee sees.

    `ending`: "answered", "ended" (with `code`), "Voice Calling" or "dropped".
    """

    tried: tuple[str, ...]
    ending: str
    sbc: str = ""
    code: int | None = None
    caller: str = ""


def told(
    configuration: Mapping[str, Any],
    dialled: str,
    faults: Mapping[str, str | int] | None = None,
    *,
    silence_s: Mapping[str, float] | None = None,
    purchased: Sequence[str] = (),
    voice_calling: bool = True,
    alternate: str | None = None,
) -> Told:
    """Follow one number through a configuration as the service writes it (JSON).

    `faults`: by SBC a word of COMES_TO or a final code. `silence_s`: seconds since the last OPTIONS of an SBC; those
    not named send one each minute. SBCs of a route are taken as listed (SDK).
    """
    # PROV: the number is held against the voice routes. VRP: the higher row first; an unavailable row hands the call
    # to the next that matches.
    rows = [row for row in configuration.get("routes", ()) if re.search(row["numberPattern"], dialled, re.ASCII)]
    if not rows:
        # PROV: only without a match alternateCallerId is looked at; it has to be a number bought for this resource.
        bought = voice_calling and alternate is not None and alternate in purchased
        return Told((), "Voice Calling", caller=alternate or "") if bought else Told((), "dropped")
    tried: list[str] = []
    for row in rows:
        for sbc in row.get("trunks") or ():
            since = (silence_s or {}).get(sbc, 0)
            if since > 180:  # MON: no OPTIONS in three minutes: demoted, and not tried
                continue
            fault = (faults or {}).get(sbc, "answers")
            code = fault if isinstance(fault, int) else COMES_TO[fault]
            # MON: one that has stopped and is not demoted yet is tried from three data centres, before another route.
            for _ in range(3 if since > 60 else 1):
                tried.append(sbc)
                if code is None:
                    # VRP, its later text: the route's caller ID wins. Else alternateCallerId, else anonymous.
                    shown = row.get("callerIdOverride") or alternate or "anonymous"
                    return Told(tuple(tried), "answered", sbc, caller=shown)
                if code not in (408, 503, 504):  # PROV, MON: only these three
                    return Told(tuple(tried), "ended", sbc, code)
    return Told(tuple(tried), "dropped")
