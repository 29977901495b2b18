"""Checks for the exercises: a wrong attempt is answered with a case that shows why, never with "wrong".

Each check takes what the reader tried and gives a `Check`. Patterns are compared as machines, so "right" means right
for every number of the domain, and the counter-example is the shortest number on which the attempt goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from acs_telephony.automaton import E164, Domain, compile_table
from acs_telephony.languages import READINGS
from acs_telephony.routing import Journey


@dataclass(frozen=True, slots=True)
class Check:
    """Whether an attempt is right, and the words for the reader: a counter-example where it is not."""

    right: bool
    words: str

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return ("Right. " if self.right else "Not yet. ") + self.words


def check_pattern(attempt: str, wanted: str, domain: Domain = E164) -> Check:
    r"""Whether two patterns match the same numbers of the domain, under both readings of a pattern.

    >>> print(check_pattern(r"^\+31\d{9}", r"^\+31\d{9}$"))
    Not yet. Your pattern takes +310000000000 (12 digits), which it should not.
    >>> print(check_pattern(r"^\+31[0-9]{9}$", r"^\+31\d{9}$"))
    Right. It takes the same E.164 numbers as ours, every one of 1,000,000,000.
    """
    for reading in READINGS:
        machine = compile_table([attempt, wanted], reading)
        if 0 in machine.unread:
            return Check(False, f"Your pattern cannot be read: {machine.unread[0]}")
        number = machine.witness(lambda matches: len(matches) == 1, domain)
        if number is not None:
            takes = machine.match(number) == (0,)
            digits = sum(character.isdigit() for character in number)
            verb, should = ("takes", "should not") if takes else ("does not take", "should")
            return Check(False, f"Your pattern {verb} {number} ({digits} digits), which it {should}.")
    count = machine.count(lambda matches: bool(matches), domain)
    how_many = f", every one of {count:,}" if count is not None else ""
    return Check(True, f"It takes the same {domain.name} as ours{how_many}.")


def check_journey(journey: Journey, wanted: Callable[[Journey], bool], goal: str) -> Check:
    """Whether a call went as the exercise wants; otherwise the journey's own outcomes are the counter-example."""
    if wanted(journey):
        return Check(True, goal)
    found = "; ".join(str(outcome) for outcome in journey.outcomes[:3])
    return Check(False, f"Wanted: {goal} But this call can end so: {found}.")
