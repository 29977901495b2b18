"""A machine folded for a picture: it says what the patterns say, with no state too many and no digit lost.

Oracles: Python's `re` for what matches, the machine of `compile_table` under both readings, and for the number of
states a count of all the different futures that short numbers have.
"""

from __future__ import annotations

import re
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_telephony.automaton import Matches, compile_table
from acs_telephony.errors import BudgetError
from acs_telephony.guide.folding import DIALLED, MOST_STATES, Folded, fold, unread, walk
from acs_telephony.languages import READINGS, Reading
from acs_telephony.tables import contoso, microsoft_three_routes
from tests.random_patterns import random_number, random_pattern

MEANT, PRINTED = (
    [route.number_pattern for route in microsoft_three_routes(as_printed=printed).configuration.routes]
    for printed in (False, True)
)


def found(folded: Folded, number: str) -> Matches:
    """The routes that match a number, by the folded machine alone."""
    trace = folded.trace(number)
    return () if trace.rest else folded.states[trace.state].matches


def unfolded(folded: Folded) -> int:
    """How many states there are with those that became parts of an arrow."""
    return len(folded.states) + sum(len(arrow.reads) - 1 for arrow in folded.arrows)


@given(st.integers(0, 2**32), st.sampled_from(READINGS))
def test_the_folded_machine_matches_what_the_machine_matches(seed: int, reading: Reading) -> None:
    random = Random(seed)
    patterns = [random_pattern(random) for _ in range(random.randint(1, 3))]
    folded, machine = fold(patterns, reading), compile_table(patterns, reading)
    if folded is None:
        return
    for _ in range(20):
        number = random_number(random)
        assert found(folded, number) == machine.match(number), (patterns, number)


@given(st.integers(0, 2**32))
def test_each_step_of_a_walk_says_what_matches_there(seed: int) -> None:
    random = Random(seed)
    patterns = [random_pattern(random) for _ in range(random.randint(1, 3))]
    number = random_number(random)
    steps = walk(patterns, number)

    assert [step.read for step in steps] == [number[:i] for i in range(len(number) + 1)]
    for step in steps:
        oracle = [i for i, text in enumerate(patterns) if re.search(text, step.read, re.ASCII)]
        assert list(step.state.matches) == oracle
        assert set(oracle) <= set(step.state.possible)


@pytest.mark.parametrize(
    ("pattern", "number", "lives"),
    [
        (r"^\+1(425|206)]\d{7}$", "+1425", False),
        (r"^\+1(425\|206)\d{7}$", "+", False),
        (r"^\+3 23\d{7}$", "", False),
        ("^1(?=2)3", "", False),
        ("^1(?!2)[23]$", "1", True),
        ("^1(?!2)[23]$", "12", False),
        ("^(?=.*4)[1-3]*4?$", "12", True),
        ("^(?=.*4)[1-3]*$", "12", False),
        ("]1|2$", "1", True),
        ("a*1", "99", True),
    ],
)
def test_what_still_can_match_can_be_completed_by_dialling(pattern: str, number: str, lives: bool) -> None:
    completed = [
        number + "".join(more)
        for length in range(4)
        for more in product(DIALLED, repeat=length)
        if re.search(pattern, number + "".join(more), re.ASCII)
    ]
    assert bool(completed) == lives

    assert walk([pattern], number)[-1].state.possible == ((0,) if lives else ())


def futures(patterns: list[str], alphabet: str, longest: int) -> int:
    """How many different futures with a match the numbers of an alphabet have, tried one by one."""
    texts = ["".join(text) for length in range(longest + 1) for text in product(alphabet, repeat=length)]
    oracles = [re.compile(pattern) for pattern in patterns]

    def future(begin: str) -> tuple[tuple[bool, ...], ...]:
        return tuple(tuple(bool(one.search(begin + text)) for one in oracles) for text in texts)

    return len({its for its in map(future, texts) if any(map(any, its))})


@pytest.mark.parametrize(
    "patterns",
    [["^1[12]$", "^11$", "^2$"], ["^1*2$", "^12$"], ["^(1|2)(1|2)$", "^12?$", "^22$"], ["^111$"], ["^(1|2)?2{1,3}$"]],
)
def test_there_is_a_state_for_each_different_future_and_no_other(patterns: list[str]) -> None:
    """Of numbers of 1 and 2: every other character ends such a pattern."""
    folded = fold(patterns)

    assert folded is not None
    assert unfolded(folded) == futures(patterns, "12", 5)


def test_three_patterns_make_the_machine_that_one_draws_by_hand() -> None:
    """After +1 the digits 2 and 4 keep all three alive; 206 and 425 keep them to the end, all else only the third."""
    folded = fold(MEANT)

    assert folded is not None
    assert len(folded.states) == 11
    assert [state.matches for state in folded.states if state.matches] == [(2,), (0, 1, 2)]
    assert found(folded, "+14255550100") == (0, 1, 2)
    assert found(folded, "+13215550100") == (2,)
    trace = folded.trace("+1425555010")
    assert (trace.rest, trace.open) == ("555010", True)
    assert [(folded.trace(n).rest, folded.trace(n).open) for n in ("+31", "+142555501001")] == [
        ("+31", False),
        ("1", False),
    ]


def test_the_pattern_as_printed_leads_from_the_start_to_short_codes_alone() -> None:
    folded = fold(PRINTED)

    assert folded is not None
    (third,) = [arrow for arrow in folded.arrows if folded.states[arrow.head].matches == (2,)]
    assert third.words == "1 then any digit then [01]"
    assert third.tail == 0


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"^\+31\d{9}$", ["+31 then 9 digits"]),
        (r"^[2-9]\d$", ["[2-9] then any digit"]),
        (r"^[13579]{3}$", ["3 x [13579]"]),
        (r"^1.$", ["1 then anything"]),
        ("^12", ["12", "anything"]),
        (r"^[*#]21$", ["[*#] then 21"]),
        ("^(12|34)$", ["12", "34"]),
    ],
)
def test_what_an_arrow_reads_is_said_in_few_words(pattern: str, words: list[str]) -> None:
    folded = fold([pattern])

    assert folded is not None
    assert [arrow.words for arrow in folded.arrows] == words


def test_a_table_with_too_many_states_is_not_folded_and_its_walk_still_is() -> None:
    patterns = [route.number_pattern for route in contoso().configuration.routes]

    assert fold(patterns) is None
    last = walk(patterns, "+31611234567")[-1].state
    # Planted: nl-mobile-low is first choice, nl-mobile stands by (tests/cases/contoso.toml).
    assert [contoso().configuration.routes[route].name for route in last.matches] == ["nl-mobile-low", "nl-mobile"]


def test_at_most_so_many_states_are_folded() -> None:
    fits, bursts = (f"^{DIALLED[3] * (MOST_STATES + more)}$" for more in (-3, 1))

    assert fold([fits]) is not None
    assert fold([bursts]) is None


def test_what_cannot_be_read_is_named_and_matches_nothing() -> None:
    patterns = ["^(1", "^1$"]

    assert unread(patterns) == (0,)
    folded = fold(patterns)
    assert folded is not None
    assert found(folded, "1") == (1,)
    assert walk(patterns, "1")[-1].state.matches == (1,)


def test_too_much_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = [f".*1.{{{i}}}(2|3).*4.{{{i}}}$" for i in range(4, 9)]
    assert walk(patterns, "1234" * 4)

    monkeypatch.setattr("acs_telephony.languages.MOST_EFFORT", 300)
    with pytest.raises(BudgetError, match="too much work"):
        walk(patterns, "1234" * 4)
    assert fold(patterns) is None
