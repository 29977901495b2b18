"""The dialect against real .NET, which decides what a number pattern means.

Laws: what .NET refuses the kit refuses; in what both read, both find the same numbers.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from acs_telephony.automaton import compile_table
from acs_telephony.domains import ANY_STRING
from acs_telephony.patterns import ALPHABET
from tests.conftest import cases
from tests.dotnet import DotNet
from tests.oracles import beside_dotnet
from tests.random_patterns import DOTNET, random_class, random_number, random_pairs, random_pattern, random_text


def test_the_machine_agrees_with_dotnet(dotnet: DotNet, full: bool) -> None:
    """200,000 seeded pairs with --full, 10,000 without, of all that the kit reads."""
    questions = list(random_pairs(20261124, 5000 if full else 250, 40, DOTNET))

    found = beside_dotnet(dotnet, questions)

    assert found.disagreements == []
    assert found.patterns == len(questions)
    assert found.pairs == (200_000 if full else 10_000)
    assert found.unanswered <= found.pairs / 10_000
    # Neither answer is rare, or agreement would mean little.
    assert 0.2 < found.matched / found.pairs < 0.95


@pytest.mark.parametrize("make", [random_text, random_class])
def test_what_dotnet_refuses_the_kit_refuses(dotnet: DotNet, full: bool, make: Any) -> None:
    """Pieces of syntax in no order; of those that both read, each finds the same."""
    random = Random(20261125)
    numbers = [random_number(random, DOTNET) for _ in range(15)] + list(ALPHABET[::9])
    questions = [(make(random), numbers) for _ in range(20_000 if full else 1_000)]

    found = beside_dotnet(dotnet, questions)

    assert found.disagreements == []
    assert found.patterns > len(questions) / 5


def test_the_cases_say_what_dotnet_says(dotnet: DotNet) -> None:
    rows = [case.values[0] for case in cases("patterns.toml", "matching")]
    refused = [case.values[0] for case in cases("patterns.toml", "refused")]
    refused = [row for row in refused if row["because"].startswith(".NET: ")]

    answers = dotnet.ask([(row["pattern"], row["match"] + row["no_match"]) for row in rows])
    refusals = dotnet.ask([(row["pattern"], []) for row in refused])

    assert answers == [[True] * len(row["match"]) + [False] * len(row["no_match"]) for row in rows]
    assert [row["name"] for row, answer in zip(refused, refusals, strict=True) if not isinstance(answer, str)] == []
    assert len(refused) > 10


def test_the_witnesses_of_the_machine_are_what_dotnet_finds(dotnet: DotNet, full: bool) -> None:
    """A number inside and one outside of each pattern; where there is none, .NET finds none of a sample."""
    random = Random(20261126)
    questions, expected = [], []
    for _ in range(1_000 if full else 100):
        pattern = random_pattern(random, DOTNET)
        machine = compile_table([pattern])
        inside, outside = (machine.witness(lambda found, w=wanted: found == w, ANY_STRING) for wanted in ((0,), ()))
        sample = [random_number(random, DOTNET) for _ in range(5)]
        either = [answer for number, answer in ((inside, False), (outside, True)) if number is None for _ in sample]
        known = [(number, answer) for number, answer in ((inside, True), (outside, False)) if number is not None]
        questions.append((pattern, [number for number, _ in known] + (sample if either else [])))
        expected.append([answer for _, answer in known] + either)

    assert dotnet.ask(questions) == expected
