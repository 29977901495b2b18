"""What a number pattern says, as a tree; a set of characters is an int, as in `patterns.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Character:
    """One character out of a set."""

    mask: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after another; no parts is the empty string."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of several parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part `low` to `high` times; `high` is None where there is no end."""

    part: Node
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """The start of the number, or with `at_end` its end."""

    at_end: bool


@dataclass(frozen=True, slots=True)
class Lookahead:
    """A condition on what follows; with `negative`, on what does not follow."""

    part: Node
    negative: bool


Node = Character | Sequence | Choice | Repeat | Anchor | Lookahead
NOTHING = Sequence(())


def holds_condition(node: Node) -> bool:
    """Whether an anchor or a lookahead stands anywhere in the tree."""
    match node:
        case Anchor() | Lookahead():
            return True
        case Sequence(parts) | Choice(parts):
            return any(map(holds_condition, parts))
        case Repeat(part):
            return holds_condition(part)
        case Character():
            return False
