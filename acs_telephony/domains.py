"""The sets of dialled numbers that proofs speak of, each with its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Domain:
    """A named set of dialled numbers that a proof speaks of; `longest` is None where there is no longest number."""

    name: str
    pattern: str
    longest: int | None


#: E.164 as ITU-T numbers are written: a plus, then at most 15 digits, the first not 0.
E164 = Domain("E.164 numbers", r"^\+[1-9]\d{1,14}$", 16)
ANY_STRING = Domain("strings of printable ASCII characters", ".*", None)


#: What is dialled without a country code: 112, 911, extensions. No source says whether a plus comes before them.
SHORT_CODES = Domain("short and emergency codes as dialled", r"^\+?\d{2,6}$", 7)
SERVICE_CODES = Domain("service codes", r"^[*#][*#\d]{1,14}$", 15)
