"""A pattern is read as .NET reads it, or refused with a caret; Python's `re` is the oracle where the dialects agree.

Laws: a search and a whole match give what `re.search` and `re.fullmatch` give; the regions of a domain hold each number
once; every witness belongs to its region by the oracle's word; no pattern of 1,024 characters hangs or breaks the kit.
"""

from __future__ import annotations

import re
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs_telephony.automaton import compile_table
from acs_telephony.domains import ANY_STRING, E164, SHORT_CODES, Domain
from acs_telephony.errors import AnswerError, BudgetError, NumberError, PatternError
from acs_telephony.facts import load
from acs_telephony.patterns import ALPHABET, parse
from tests.conftest import cases
from tests.random_patterns import COMMON, random_number, random_pairs, random_pattern

ALL_E164 = 9 * sum(10**digits for digits in range(1, 15))


@pytest.mark.parametrize("case", cases("patterns.toml", "matching"))
def test_a_pattern_matches_what_its_source_says(case: dict[str, Any]) -> None:
    machine = compile_table([case["pattern"]])

    assert machine.unread == {}
    assert [number for number in case["match"] if not machine.match(number)] == []
    assert [number for number in case["no_match"] if machine.match(number)] == []


@pytest.mark.parametrize("case", cases("patterns.toml", "refused"))
def test_a_refused_pattern_says_what_and_where(case: dict[str, Any]) -> None:
    with pytest.raises(PatternError) as caught:
        parse(case["pattern"])

    assert case["says"] in caught.value.problem
    assert caught.value.position == case["position"]
    assert caught.value.remedy
    caret = str(caught.value).splitlines()[-1]
    assert caret.index("^") == case["position"] + 2


@pytest.mark.parametrize("case", cases("patterns.toml", "trap"))
def test_a_legal_pattern_that_means_something_else_is_noted(case: dict[str, Any]) -> None:
    assert [[trap.kind, trap.position] for trap in parse(case["pattern"]).traps] == case["traps"]


def test_every_pattern_of_the_facts_can_be_read() -> None:
    """As printed and as meant: the dialect is at least as wide as what Microsoft publishes."""
    facts = load("routing")
    patterns = [row["pattern"] for row in facts["pattern_examples"]]
    patterns += [row[word] for row in facts["pattern_defects"] for word in ("printed", "meant")]

    assert len(patterns) >= 8
    assert compile_table(patterns).unread == {}


def test_the_machine_agrees_with_the_oracle(full: bool) -> None:
    """200,000 seeded pairs with --full, 10,000 without, under both readings."""
    tried = matched = 0
    for pattern, numbers in random_pairs(20261123, 5000 if full else 250, 40, COMMON):
        oracle = re.compile(pattern, re.ASCII)
        search, whole = compile_table([pattern]), compile_table([pattern], "whole")
        for number in numbers:
            tried += 1
            found = oracle.search(number) is not None
            matched += found
            assert bool(search.match(number)) == found, (pattern, number)
            assert bool(whole.match(number)) == (oracle.fullmatch(number) is not None), (pattern, number)

    assert tried == (200_000 if full else 10_000)
    # Neither answer is rare, or agreement would mean little.
    assert 0.2 < matched / tried < 0.95


def test_many_patterns_in_one_machine_match_like_each_alone() -> None:
    """The machine of a table answers with exactly the routes that an ordered scan finds."""
    random = Random(7)
    for _ in range(30):
        patterns = [random_pattern(random) for _ in range(6)]
        machine = compile_table(patterns)
        for number in (random_number(random) for _ in range(50)):
            scan = tuple(i for i, pattern in enumerate(patterns) if re.search(pattern, number, re.ASCII))
            assert machine.match(number) == scan


def test_regions_hold_every_number_of_a_small_domain_exactly_once() -> None:
    """Against enumeration: each region's count, and its witness as the shortest, then smallest, number."""
    domain = Domain("strings of up to five of '+', 1 and 3", r"^[+13]{0,5}$", 5)
    strings = sorted("".join(p) for n in range(6) for p in product("+13", repeat=n))
    strings.sort(key=len)
    random = Random(11)
    for _ in range(40):
        patterns = [random_pattern(random) for _ in range(3)]
        expected: dict[tuple[int, ...], list[str]] = {}
        for string in strings:
            scan = tuple(i for i, pattern in enumerate(patterns) if re.search(pattern, string, re.ASCII))
            expected.setdefault(scan, []).append(string)

        regions = compile_table(patterns).regions(domain)

        assert {r.matches: (r.witness, r.count) for r in regions} == {m: (s[0], len(s)) for m, s in expected.items()}


def test_the_regions_of_e164_add_up_to_all_its_numbers() -> None:
    machine = compile_table([r"^\+1(425|206)\d{7}$", r"^\+1\d{10}$", r"^\+(?!44)\d+$"])

    assert sum(region.count or 0 for region in machine.regions()) == ALL_E164
    assert machine.count(lambda matches: 0 in matches) == 2 * 10**7
    # +44 and none to thirteen more digits
    assert machine.count(lambda matches: 2 not in matches) == sum(10**digits for digits in range(14))


def test_none_is_a_proof_that_there_is_no_such_number() -> None:
    machine = compile_table([r"^\+1\d{10}$", r"^\+1425\d{7}$"])

    assert machine.witness(lambda matches: matches == (1,)) is None
    assert machine.witness(lambda matches: matches == (1,), ANY_STRING) is None
    assert machine.witness(lambda matches: matches == (0, 1)) == "+14250000000"


def test_one_question_alone_finds_what_the_walk_over_all_numbers_finds() -> None:
    """`find` and `regions` are two ways to the same shortest, then smallest, number."""
    random = Random(17)
    for _ in range(40):
        machine = compile_table([random_pattern(random) for _ in range(4)])
        assert machine.find([0]) == machine.witness(lambda m: 0 in m)
        assert machine.find([1], none_of=[0]) == machine.witness(lambda m: 1 in m and 0 not in m)
        assert machine.find([3], any_of=[0, 1]) == machine.witness(lambda m: 3 in m and bool({0, 1} & {*m}))
        assert machine.find([], none_of=range(4)) == machine.witness(lambda m: m == ())
        assert machine.find([2], SHORT_CODES) == machine.witness(lambda m: 2 in m, SHORT_CODES)


def test_a_question_that_was_broken_off_leaves_the_machine_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the bound strikes, later answers are those of a fresh machine."""
    patterns = [r"^\+1(425|206)\d{3}$", r"5\d{3}$", r"^\+(?!12)\d{5,7}$"]
    right = compile_table(patterns)
    random = Random(5)
    numbers = ["+" + "".join(random.choices("12456", k=random.randint(3, 8))) for _ in range(60)]
    for bound in range(200, 3000, 17):
        machine = compile_table(patterns)
        with monkeypatch.context() as patch:
            patch.setattr("acs_telephony.languages.MOST_EFFORT", bound)
            with pytest.raises(BudgetError):
                machine.regions()
        assert [machine.match(number) for number in numbers] == [right.match(number) for number in numbers]
        assert machine.find([1], none_of=[0]) == right.find([1], none_of=[0])


def test_reading_numbers_is_never_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions about all numbers have a bound together; calls that are placed have none."""
    monkeypatch.setattr("acs_telephony.automaton.MOST_SPENT", 100)
    machine = compile_table([r"^\+1\d{10}$", r"\d{3}5$"])

    for number in range(2000):
        assert machine.match(f"+{number:04}5") == (1,)
    machine.regions()
    with pytest.raises(BudgetError):
        machine.regions(SHORT_CODES)


def test_a_question_that_needs_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = compile_table([r"^\+1\d{10}$", "5.{4}|4.{5}|3.{3}|.{8}$"])
    monkeypatch.setattr("acs_telephony.automaton.MOST_STATES", 10)

    with pytest.raises(BudgetError, match="too many states"):
        machine.find([0], none_of=[1])


def test_the_two_readings_differ_where_an_anchor_is_missing() -> None:
    pattern = r"^\+1425"

    assert compile_table([pattern]).match("+14255550100") == (0,)
    assert compile_table([pattern], "whole").match("+14255550100") == ()
    assert compile_table([pattern], "whole").match("+1425") == (0,)


def test_an_unreadable_pattern_does_not_hide_the_others() -> None:
    machine = compile_table([r"^\+31\d+$", r"^\+(32\d+$", r"^\+3\d+$"])

    assert list(machine.unread) == [1]
    assert machine.match("+31201234567") == (0, 2)


@pytest.mark.parametrize("number", ["+1425\n", "+1٣", "é", "\x00"])
def test_a_number_with_a_foreign_character_is_refused(number: str) -> None:
    with pytest.raises(NumberError, match="no printable ASCII character"):
        compile_table([r"^\+\d+$"]).match(number)


def test_a_large_table_is_not_begun_anew_for_every_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acs_telephony.automaton.MOST_TERMS", 100)
    machine = compile_table([r"^\+1\d{200}$", r"^\+3\d{200}$"])
    begun = machine._languages

    assert [machine.match("+1"), machine.match("+3"), machine.match("+12")] == [(), (), ()]
    assert machine._languages is begun


def test_a_pattern_that_takes_too_much_work_is_named_with_a_remedy() -> None:
    machine = compile_table([r"^\+1\d{10}$", r"(\d{250}){200}"])

    assert isinstance(machine.unread[1], BudgetError)
    assert "too much work" in str(machine.unread[1])
    assert machine.match("+14255550100") == (0,)


def test_reading_many_numbers_forgets_rather_than_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a small memory a machine begins anew now and then, and answers the same."""
    patterns = [r"\d{3}5.{6}", r"7.{5}$", r"(?!.*13).{9}$"]
    whole = compile_table(patterns)
    monkeypatch.setattr("acs_telephony.automaton.MOST_TERMS", 150)
    small = compile_table(patterns)
    random = Random(3)

    for _ in range(300):
        number = "+" + "".join(random.choices("1357", k=12))
        assert small.match(number) == whole.match(number)
        assert len(small._languages.terms) < 400


def test_a_wrong_reading_or_one_text_for_several_is_refused() -> None:
    with pytest.raises(AnswerError, match="search or whole"):
        compile_table(["1"], "match")  # type: ignore[arg-type]
    with pytest.raises(AnswerError, match="given as a list"):
        compile_table("12")
    assert compile_table([None]).unread[0].problem == "a pattern is given as text"  # type: ignore[list-item]


def test_a_table_that_multiplies_names_the_pattern_that_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acs_telephony.automaton.MOST_STATES", 50)
    machine = compile_table([r"^\+1\d{10}$", r"5.{9}$"])

    with pytest.raises(BudgetError) as caught:
        machine.regions()

    assert caught.value.pattern == r"5.{9}$"
    assert "route 2" in caught.value.problem
    assert machine.match("+15000000000") == (0, 1)


HOSTILE = [
    "((((1{1,9}2){1,9}3){1,9}4){1,9}5){1,9}",
    r"^\+((\d{1,6}-?){1,9} ?){1,9}$",
    r"(\+?(\d{2,4}[ -]?){1,9}){1,3}",
    "".join(f"(?!.*{i:03}.{{3}}{i:03})" for i in range(40)),
    "(" * 1024,
    "(a" * 341 + ")" * 342,
    "\\" * 1023,
    "[" * 1024,
    "[1-" * 341,
    "[1-" * 30 + "[1" + "]" * 31,
    "(?i)" * 256,
    "(?#" * 341,
    "(?i:" * 200 + "1",
    r"\p{N}?" * 170,
    r"\d?" * 341,
    "(" * 40 + "1" + ")*" * 40,
    r"(\d{250}){200}",
    r"((.{0,2})+)+?4$",
    r"^(\+?\d*)*$",
    "(1|11)*" * 146,
    "(?=" * 39 + "1" + ")" * 39,
    "|" * 1024,
    "{" * 1024,
    "9" * 1025,
    r"^\d{" + "9" * 1000 + "}$",
]


@pytest.mark.parametrize("pattern", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_pattern_is_answered_or_refused(pattern: str) -> None:
    machine = compile_table([pattern])

    if machine.unread:
        assert isinstance(machine.unread[0], PatternError)
        assert len(str(machine.unread[0])) < 400
    else:
        assert machine.match("+14255550100") in ((), (0,))


@given(st.text(alphabet="()[]{}|^$*+?.,-\\dDwsAzb<>=!:'0159 ~é", max_size=40), st.text(alphabet=ALPHABET, max_size=12))
@settings(max_examples=400)
def test_any_text_is_read_or_refused_and_never_breaks(pattern: str, number: str) -> None:
    machine = compile_table([pattern])

    assert machine.unread or machine.match(number) in ((), (0,))
    if machine.unread:
        assert 0 <= machine.unread[0].position <= len(pattern)


def test_the_domain_of_proofs_is_e164() -> None:
    machine = compile_table([E164.pattern])

    assert machine.match("+12") == machine.match("+" + "9" * 15) == (0,)
    assert machine.match("+1") == machine.match("+012") == machine.match("+" + "9" * 16) == ()
