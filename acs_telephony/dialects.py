"""Where Python's `re` reads a number pattern in another way than .NET, shown with a number.

Who tries a pattern in Python may be misled. Among what the kit reads there are two places where both languages take a
pattern and mean different numbers by it: `{,3}` is a count to Python and text to .NET, and `[1-9-[35]]` takes 3 and 5
out in .NET only. Everything else that differs, Python refuses.
Source: Python's documentation of `re`; .NET's "Quantifiers" and "Character classes in regular expressions".
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

from acs_telephony.automaton import Machine
from acs_telephony.domains import ANY_STRING, E164, Domain
from acs_telephony.patterns import Dialect, parse

DIALLED = Domain("dialled numbers, with service codes", r"^\+?[\d*#]+$", None)


@dataclass(frozen=True, slots=True)
class Difference:
    """How Python differs from .NET: the number that only `taken_by` matches, or the `complaint` of Python's `re`."""

    number: str | None = None
    taken_by: Dialect | None = None
    complaint: str = ""


def python_difference(text: str) -> Difference | None:
    r"""How Python's `re.search` differs from .NET on this pattern; None proves that it does not.

    The number is the shortest, then smallest, of E.164 that shows it; where none does, another dialled number or text.
    Raises PatternError where the kit does not read the pattern in both ways, BudgetError where it takes too much.

    >>> python_difference(r"^\+31\d{,9}$")
    Difference(number='+31', taken_by='Python', complaint='')
    >>> python_difference(r"^+1\d{10}$").complaint
    'nothing to repeat at position 1'
    >>> python_difference(r"^\+31\d{9}$") is None
    True
    """
    dotnet = parse(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that a later Python may read in another way
            re.compile(text)  # it is never matched: `re` may take hours for a number
    except re.error as error:
        return Difference(complaint=str(error))
    python = parse(text, "Python")
    if python.node == dotnet.node:
        return None
    machine = Machine((dotnet, python), ("search", "search"))
    for unread in machine.unread.values():
        raise unread
    for domain in (E164, DIALLED, ANY_STRING):
        number = machine.witness(lambda matches: len(matches) == 1, domain)
        if number is not None:
            return Difference(number, ".NET" if machine.match(number) == (0,) else "Python")
    return None
