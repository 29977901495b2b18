"""The machine beside two other readers, on patterns that each come with their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from acs_telephony.automaton import compile_table
from tests.dotnet import DotNet

#: A pattern and its numbers.
Question = tuple[str, list[str]]


@dataclass
class Comparison:
    """What was tried: patterns that both read, pairs of such a pattern and a number, and how they came out."""

    patterns: int = 0
    pairs: int = 0
    matched: int = 0
    unanswered: int = 0
    disagreements: list[str] = field(default_factory=list)

    def add(self, pattern: str, numbers: Sequence[str], ours: Sequence[bool], theirs: Sequence[bool | None]) -> None:
        """The answers about one pattern; None where the oracle took too long."""
        self.patterns += 1
        self.pairs += len(numbers)
        self.matched += sum(ours)
        self.unanswered += theirs.count(None)
        for number, our, their in zip(numbers, ours, theirs, strict=True):
            if their not in (our, None):
                self.disagreements.append(f"{pattern} and {number!r}: the machine says {our}")


def answers(questions: Sequence[Question]) -> list[list[bool] | None]:
    """What the machine says to each number; None where the kit refuses the pattern."""
    machines = [(compile_table([pattern]), numbers) for pattern, numbers in questions]
    return [None if machine.unread else [bool(machine.match(n)) for n in numbers] for machine, numbers in machines]


def beside_dotnet(dotnet: DotNet, questions: Sequence[Question], so_far: Comparison | None = None) -> Comparison:
    """The machine and .NET, which works at the same time; what .NET refuses, the kit must refuse."""
    found = so_far or Comparison()
    dotnet.send(questions)
    machine = answers(questions)
    for (pattern, numbers), ours, theirs in zip(questions, machine, dotnet.receive(), strict=True):
        if isinstance(theirs, str):
            found.disagreements += [] if ours is None else [f"{pattern}: .NET refuses it: {theirs}"]
        elif ours is not None:
            found.add(pattern, numbers, ours, theirs)
    return found


def beside_python(questions: Sequence[Question], so_far: Comparison | None = None) -> Comparison:
    """The machine and Python's `re`, on patterns that both read alike."""
    found = so_far or Comparison()
    for (pattern, numbers), ours in zip(questions, answers(questions), strict=True):
        oracle = re.compile(pattern, re.ASCII)
        assert ours is not None, f"{pattern} is refused"
        found.add(pattern, numbers, ours, [oracle.search(number) is not None for number in numbers])
    return found
