"""Seeded random patterns, of what .NET and Python read alike or of all that the kit reads, and numbers for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

CHARACTERS = "+0123456789*#"


@dataclass(frozen=True)
class Grammar:
    """What random patterns are made of; `first` and `last` stand outside repeats, and so does a group."""

    atoms: list[str]
    quantifiers: list[str]
    first: list[str]
    last: list[str]
    groups: list[str]
    letters: str = ""
    weights: list[int] = field(default_factory=lambda: [1, 4, 6, 6, 6, 6] + [2] * 7)


COMMON = Grammar(
    atoms=[r"\+", "1", "3", "4", "0", ".", r"\d", r"\D", "[2-9]", "[^3]", r"[*#\d]", "[425]", r"\*", "#"],
    quantifiers=["", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "??", "+?", "{0,2}?"],
    first=["^"],
    last=["$", "$", r"(?=\d)", "(?!3)"],
    groups=["("],
)
DOTNET = Grammar(
    atoms=[
        *COMMON.atoms,
        *("[0-9-[35]]", "[^1-[2]]", "[+-9-[2-8-[4]]]", r"[\d-[3]]", r"[\x30-\u0033]", r"\x34", r"\u0031"),
        *(r"\p{Nd}", r"\P{Nd}", r"[\p{N}-[14]]", r"[^\P{Lu}b]", "a", "B", "[a-b]", "[^B-[3]]", r"\w", r"[\b1]", " "),
    ],
    quantifiers=[*COMMON.quantifiers, "{,2}", "{*}", "{2, 3}", "(?#x)+", "*(?#)?"],
    first=["^", "^", r"\A", "^+", "^{2}", "^?", "$?", "(?i)", "(?im-s)", "(?-n)", "(?#(a)"],
    last=[*COMMON.last, r"\z", r"\Z", "$+", "(?#[)", "(?=a|3)", "(?i)a?"],
    groups=["(", "(?<a>", "(?'b1'", "(?<7>", "(?i:", "(?n-i:", "(?s-im:"],
    letters="abAB_ {,2}",
)


def random_pattern(random: Random, grammar: Grammar = COMMON, depth: int = 2) -> str:
    """A choice of one to three sequences; anchors and lookaheads stand only outside repeats."""
    return "|".join(_sequence(random, grammar, depth) for _ in range(random.choice([1, 1, 1, 2, 3])))


def _sequence(random: Random, grammar: Grammar, depth: int) -> str:
    parts = [_part(random, grammar, depth) for _ in range(random.randint(0, 4))]
    if random.random() < 0.5:
        parts.insert(0, random.choice(grammar.first))
    if random.random() < 0.4:
        parts.append(random.choice(grammar.last))
    return "".join(parts)


def _part(random: Random, grammar: Grammar, depth: int) -> str:
    kind = random.random()
    if depth == 0 or kind < 0.7:
        return random.choice(grammar.atoms) + random.choice(grammar.quantifiers)
    if kind < 0.8:
        return f"{random.choice(grammar.groups)}{random_pattern(random, grammar, depth - 1)})"
    if kind < 0.85:
        return f"(?{random.choice('=!')}{random_pattern(random, grammar, depth - 1)})"
    # What is repeated holds no condition and no repeat of its own, or a search that goes back takes seconds for it.
    ways = ["".join(random.choices(grammar.atoms, k=random.randint(1, 2))) for _ in range(random.randint(1, 2))]
    inner = "|".join(ways)
    return f"(?:{inner}){random.choice(grammar.quantifiers)}"


def random_number(random: Random, grammar: Grammar = COMMON) -> str:
    """Up to ten characters, most of them digits that the patterns speak of."""
    plus = random.choice(["", "+"])
    weights = grammar.weights + [1] * len(grammar.letters)
    return plus + "".join(random.choices(CHARACTERS + grammar.letters, weights=weights, k=random.randint(0, 10)))


def random_pairs(seed: int, patterns: int, numbers: int, grammar: Grammar) -> Iterator[tuple[str, list[str]]]:
    """Patterns, each with its numbers."""
    random = Random(seed)
    for _ in range(patterns):
        yield random_pattern(random, grammar), [random_number(random, grammar) for _ in range(numbers)]


SYNTAX = [
    *"^$.|()[]{}*+?,-\\ 0159aZ_:=!<>'#",
    *(r"\d", r"\D", r"\w", r"\-", r"\]", r"\[", r"\x31", r"\p{Nd}", r"\b", r"\u002B"),
    *("[0-9]", "[^", "-[", "(?", "(?:", "(?=", "(?!", "(?i)", "(?<n>", "(?#", "{2}", "{1,3}", "{,3}"),
]
CLASSES = [*"--[]^|019aZ", "-[", r"\d", r"\W", r"\-", r"\]", r"\x2d", r"\x5B", r"\p{Nd}", r"\b", "0-9", "+-9", "Y-b"]


def random_text(random: Random) -> str:
    """Pieces of syntax in no order: most are no pattern at all."""
    return "".join(random.choices(SYNTAX, k=random.randint(1, 9)))


def random_class(random: Random) -> str:
    """Pieces of a class in no order."""
    inside = "".join(random.choices(CLASSES, k=random.randint(1, 7)))
    return f"{random.choice(['', '(?i)'])}[{inside}]{random.choice(['', ']', '$', ']$'])}"
