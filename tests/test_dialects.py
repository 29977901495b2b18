"""Where Python's `re` and .NET differ on a pattern: each difference is confirmed, and without one there is none."""

from __future__ import annotations

import re
import warnings
from random import Random
from typing import Any

import pytest

from acs_telephony.automaton import compile_table
from acs_telephony.dialects import Difference, python_difference
from acs_telephony.errors import PatternError
from tests.conftest import cases
from tests.random_patterns import DOTNET, random_number, random_pattern


@pytest.mark.parametrize("case", cases("patterns.toml", "python"))
def test_a_difference_from_python_is_shown_with_a_number(case: dict[str, Any]) -> None:
    assert python_difference(case["pattern"]) == Difference(case["number"], case["taken_by"])


@pytest.mark.parametrize("pattern", [r"^+1\d{10}$", r"(?<cc>31)\d+", r"\p{Nd}+", r"(?n)1", r"1(?i)a", r"1*(?#one)?"])
def test_what_python_refuses_is_told_in_its_own_words(pattern: str) -> None:
    with pytest.raises(re.error) as caught:
        re.compile(pattern)

    assert python_difference(pattern) == Difference(complaint=str(caught.value))


def test_what_the_kit_does_not_read_in_both_ways_is_refused() -> None:
    with pytest.raises(PatternError, match="never closed"):
        python_difference("(1")
    with pytest.raises(PatternError, match="a quantifier on a quantifier"):
        python_difference("1{,3}+")  # text to .NET, a possessive quantifier to Python


def python_finds(pattern: str, number: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.search(pattern, number) is not None


def test_each_difference_is_confirmed_by_python_and_without_one_there_is_none(full: bool) -> None:
    """Python's `re` is the judge of its side, on patterns that it searches fast."""
    random = Random(20261127)
    shown = same = refused = 0
    for _ in range(10_000 if full else 1_000):
        pattern = random_pattern(random, DOTNET, depth=1)
        difference = python_difference(pattern)
        if difference is None:
            same += 1
            machine = compile_table([pattern])
            for number in (random_number(random, DOTNET) for _ in range(10)):
                assert python_finds(pattern, number) == bool(machine.match(number)), (pattern, number)
        elif difference.number is None:
            refused += 1
            with pytest.raises(re.error):
                python_finds(pattern, "")
        else:
            shown += 1
            assert python_finds(pattern, difference.number) == (difference.taken_by == "Python"), pattern
            taken = compile_table([pattern]).match(difference.number) == (0,)
            assert taken == (difference.taken_by == ".NET"), pattern

    assert min(shown, same, refused) > (250 if full else 25)
