"""Seeded random patterns in the part of the dialect where .NET and Python agree, and numbers to try on them."""

from __future__ import annotations

from random import Random

CHARACTERS = "+0123456789*#"
ATOMS = [r"\+", "1", "3", "4", "0", ".", r"\d", r"\D", "[2-9]", "[^3]", r"[*#\d]", "[425]", r"\*", "#"]
QUANTIFIERS = ["", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "??", "+?", "{0,2}?"]


def random_pattern(random: Random, depth: int = 2) -> str:
    """A choice of one to three sequences; anchors and lookaheads stand only outside repeats."""
    return "|".join(_sequence(random, depth) for _ in range(random.choice([1, 1, 1, 2, 3])))


def _sequence(random: Random, depth: int) -> str:
    parts = [_part(random, depth) for _ in range(random.randint(0, 4))]
    if random.random() < 0.5:
        parts.insert(0, "^")
    if random.random() < 0.4:
        parts.append(random.choice(["$", "$", r"(?=\d)", "(?!3)"]))
    return "".join(parts)


def _part(random: Random, depth: int) -> str:
    kind = random.random()
    if depth == 0 or kind < 0.7:
        return random.choice(ATOMS) + random.choice(QUANTIFIERS)
    if kind < 0.8:
        return f"({random_pattern(random, depth - 1)})"
    if kind < 0.85:
        return f"(?{random.choice('=!')}{random_pattern(random, depth - 1)})"
    # What is repeated holds no condition and no repeat of its own, or Python's `re` takes seconds for it.
    inner = "|".join("".join(random.choices(ATOMS, k=random.randint(1, 2))) for _ in range(random.randint(1, 2)))
    return f"(?:{inner}){random.choice(QUANTIFIERS)}"


def random_number(random: Random) -> str:
    """Up to ten characters, most of them digits that the patterns speak of."""
    plus = random.choice(["", "+"])
    return plus + "".join(random.choices(CHARACTERS, weights=[1, 4, 6, 6, 6, 6] + [2] * 7, k=random.randint(0, 10)))
