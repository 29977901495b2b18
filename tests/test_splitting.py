"""A domain is split by what its numbers match: against every string of a small domain, and against arithmetic.

Laws: the regions are those that Python's `re` gives by looking at each string, in the order of their witnesses; the
languages that routes share, and those that all or no strings are in, change nothing; what is dropped because the rest
of a number is too short for it changes nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise, product
from random import Random

import pytest

from acs_telephony.automaton import Machine, Matches, compile_table, parse_or_error, parse_plan
from acs_telephony.domains import E164, SHORT_CODES, Domain
from acs_telephony.errors import BudgetError
from acs_telephony.languages import ALL, EMPTY, READINGS, Languages, Reading
from acs_telephony.splitting import Split
from tests.random_patterns import random_pattern

DIALLED = "+013"
STRINGS = ["".join(text) for length in range(6) for text in product(DIALLED, repeat=length)]
SMALL = [
    Domain("up to five characters", r"^[+013]{0,5}$", 5),
    Domain("a plus or none, then one to four digits", r"^\+?[013]{1,4}$", 5),
    Domain("two lengths that lie apart", r"^(1[013]|\+[013]{4})$", 5),
    Domain("nothing", r"(?!)", 5),
]


def tables(seed: int, count: int) -> list[list[str]]:
    """Tables of random patterns, in which some stand twice and some take everything or nothing."""
    random = Random(seed)
    found = []
    for _ in range(count):
        patterns = [random_pattern(random) for _ in range(random.randint(0, 4))]
        patterns += random.choices([*patterns, "", "(?!)", "^", "1.{2}$"], k=2)
        found.append(random.sample(patterns, len(patterns)))
    return found


def matches(patterns: list[str], text: str, reading: Reading) -> Matches:
    """The routes that match, each pattern asked by itself."""
    look = re.search if reading == "search" else re.fullmatch
    return tuple(i for i, pattern in enumerate(patterns) if look(pattern, text, re.ASCII))


def by_size(text: str) -> tuple[int, str]:
    return len(text), text


@pytest.mark.parametrize("domain", SMALL, ids=lambda domain: domain.name)
@pytest.mark.parametrize("reading", READINGS)
def test_the_regions_are_those_that_a_look_at_each_string_gives(domain: Domain, reading: Reading) -> None:
    inside = [text for text in STRINGS if re.search(domain.pattern, text)]
    regions_seen = 0
    for patterns in tables(23, 60):
        expected: dict[Matches, list[str]] = {}
        for text in sorted(inside, key=by_size):
            expected.setdefault(matches(patterns, text, reading), []).append(text)

        regions = compile_table(patterns, reading).regions(domain)

        told = [(region.matches, region.count, region.witness, region.longest) for region in regions]
        longest = {kind: min(t for t in texts if len(t) == len(texts[-1])) for kind, texts in expected.items()}
        assert told == [(kind, len(texts), texts[0], longest[kind]) for kind, texts in expected.items()], patterns
        regions_seen += len(regions)

    assert regions_seen == 0 if domain.name == "nothing" else regions_seen > 60


def test_a_domain_without_a_longest_number_is_walked_to_the_same_witnesses() -> None:
    """Against all strings of up to five characters; what only longer ones show must be no shorter."""
    endless = Domain("strings of four characters", r"^[+013]*$", None)
    for patterns in tables(29, 40):
        expected: dict[Matches, str] = {}
        for text in sorted(STRINGS, key=by_size):
            expected.setdefault(matches(patterns, text, "search"), text)

        regions = compile_table(patterns).regions(endless)

        assert {region.count for region in regions} == {None}
        assert all(by_size(one.witness) < by_size(other.witness) for one, other in pairwise(regions))
        assert {r.matches: r.witness for r in regions if len(r.witness) <= 5} == expected
        assert all(matches(patterns, region.longest, "search") == region.matches for region in regions)


ENDS_IN_SEVEN = sum(9 * 10**digits for digits in range(14))  # a first digit, 0 to 13 more, and the 7
BEGINS_WITH_31 = sum(10**digits for digits in range(14))  # 0 to 13 more
BOTH = sum(10**digits for digits in range(13))  # 31, 0 to 12 more, and the 7
EVERYTHING = 9 * sum(10**digits for digits in range(1, 15))


def test_the_sizes_of_regions_are_those_of_arithmetic() -> None:
    regions = {region.matches: region for region in compile_table([r"^\+31", "7$", r"\d{15}"]).regions()}

    assert sum(region.count or 0 for kind, region in regions.items() if 0 in kind) == BEGINS_WITH_31
    assert sum(region.count or 0 for kind, region in regions.items() if 1 in kind) == ENDS_IN_SEVEN
    assert sum(region.count or 0 for kind, region in regions.items() if {0, 1} <= {*kind}) == BOTH
    assert sum(region.count or 0 for kind, region in regions.items() if 2 in kind) == 9 * 10**14
    assert sum(region.count or 0 for region in regions.values()) == EVERYTHING
    assert (regions[0, 1, 2].count, regions[0, 1, 2].witness) == (10**12, "+310000000000007")
    assert (regions[0, 1].witness, regions[0, 1].longest) == ("+317", "+31000000000007")


def test_a_pattern_that_may_begin_anywhere_and_has_a_long_tail_is_counted() -> None:
    """A 5 and 13 more: the 5 is the first of 14 digits or the second of 15. Nothing else has time to end."""
    machine = compile_table([r"5\d{13}$", r"5\d{20}"])
    outside, tail = machine.regions()

    assert (outside.matches, tail.matches) == ((), (0,))
    assert tail.count == 10**13 + 9 * 10**13
    assert outside.count == EVERYTHING - 10**14
    assert (tail.witness, tail.longest) == ("+5" + "0" * 13, "+15" + "0" * 13)


def holds(its: Languages, language: int, text: str) -> bool:
    """Whether a string is in a language, read character by character."""
    for character in text:
        language = its.after(language, ord(character))
    return its.nullable[language]


def languages_of(patterns: list[str], reading: Reading) -> tuple[Languages, list[int]]:
    its = Languages()
    return its, [its.of(parse_plan(pattern), reading) for pattern in patterns]


def test_what_is_dropped_holds_no_string_of_that_length() -> None:
    dropped = 0
    for patterns in tables(31, 40):
        its, languages = languages_of(patterns, "search")
        for language, longest in product(languages, range(5)):
            trimmed = its.trimmed(language, longest)
            dropped += trimmed != language
            for text in STRINGS:
                if len(text) <= longest:
                    assert holds(its, trimmed, text) == holds(its, language, text), (patterns, text)

    assert dropped > 50


def test_no_string_of_a_language_is_shorter_than_its_measure() -> None:
    exact = 0
    for patterns in tables(37, 40):
        its, languages = languages_of(patterns, "whole")
        for language in languages:
            assert its.trimmed(language, 99) == language or its.shortest[language] > 99
            lengths = [len(text) for text in STRINGS if holds(its, language, text)]
            if lengths:
                assert its.shortest[language] <= min(lengths), patterns
                exact += its.shortest[language] == min(lengths)

    assert exact > 50


@pytest.mark.parametrize("domain", [E164, SHORT_CODES], ids=lambda domain: domain.name)
def test_dropping_changes_nothing_but_the_work(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [[*patterns, r"^\+3190\d{5,8}|8[47]\d{7}$", r"^\+3\d{9}$"] for patterns in tables(41, 15)]
    dropping = [compile_table(patterns) for patterns in both]
    found = [machine.regions(domain) for machine in dropping]

    monkeypatch.setattr(Languages, "trimmed", lambda _self, language, _longest: language)
    keeping = [compile_table(patterns) for patterns in both]

    assert [machine.regions(domain) for machine in keeping] == found
    assert sum(machine.spent for machine in dropping) < sum(machine.spent for machine in keeping)


def test_characters_taken_together_lead_where_each_leads_alone() -> None:
    codes = tuple(map(ord, DIALLED))
    for patterns in tables(43, 60):
        its, languages = languages_of(patterns, "search")
        seen = set(languages)
        while languages:
            language = languages.pop()
            alone = [its.after(language, code) for code in codes]
            assert its.after_each(language, codes) == alone
            if len(seen) < 60:
                languages += set(alone) - seen
            seen.update(alone)


def test_what_differs_only_in_whose_the_languages_are_is_split_once() -> None:
    """Twenty routes that want four digits after different beginnings are one question from there on."""
    patterns = [rf"^\+3{i:02}\d{{4}}$" for i in range(20)]
    machine = compile_table(patterns)
    its = machine._languages
    domain = its.of(parse_plan(E164.pattern), "whole")
    starts = tuple(sorted(machine._start.values()))
    split = Split(its, machine._moves, lambda kinds: None)
    parts = split.parts(starts, domain)

    assert sorted(parts) == [0, *(1 << place for place in range(20))]
    # The start, +, +3; +30 and +31, which leave the same; four digits to none; nothing, at each length of a number.
    assert len(split.known) <= 4 + 5 + 16
    assert compile_table([r"^\+3\d{6}$"] * 20).regions()[1].matches == tuple(range(20))


def test_languages_that_hold_all_or_nothing_are_known_at_once() -> None:
    machine = compile_table([])
    domain = machine._languages.of(parse_plan(r"^\d{3}$"), "whole")
    split = Split(machine._languages, machine._moves, lambda kinds: None)
    parts = split.parts((EMPTY, ALL), domain)

    assert parts == {0b10: (1000, "000", "000")}
    assert len(split.known) == 4


@pytest.mark.parametrize(("bound", "most"), [("automaton.MOST_STATES", 100), ("languages.MOST_EFFORT", 5000)])
def test_a_refusal_names_the_route_that_multiplies(bound: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place is that of the route, whatever stands around it: routes without end, routes unread, and labels."""
    texts = [r"^\+31\d{9}$", r"^\+(", "", r"[12].{7}$", r"^\+4\d{3,}$", r"[12].{9}$"]
    owners = range(len(texts) - 1)  # the last is a label
    machine = Machine(list(map(parse_or_error, texts)), ["search"] * len(texts), owners)
    monkeypatch.setattr(f"acs_telephony.{bound}", most)

    with pytest.raises(BudgetError, match="the pattern of route 4 adds most") as caught:
        machine.regions()

    assert caught.value.pattern == r"[12].{7}$"


def test_kinds_are_bounded_as_well_as_the_places_where_they_are_found() -> None:
    """Two classes at each of twelve places: 531,441 kinds, found at fewer than twenty places."""
    patterns = [rf"^\+\d{{{k}}}[{some}]" for k in range(1, 13) for some in ("0-2", "3-5")]

    with pytest.raises(BudgetError, match="too many states"):
        compile_table(patterns).regions()
    assert len(compile_table(patterns[:8]).regions()) == 3**4  # at each of four places: the one, the other, none


def test_what_is_refused_once_all_is_spent_is_refused_without_looking_again(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = compile_table([r"1\d{3}$", r"^\+2\d{3}$"])
    monkeypatch.setattr("acs_telephony.automaton.MOST_SPENT", -1)
    with pytest.raises(BudgetError) as first:
        machine.regions()
    monkeypatch.setattr(Languages, "left", lambda self: pytest.fail("it was looked for again"))

    for _ in range(3):
        with pytest.raises(BudgetError) as again:
            machine.find([0])
        assert again.value == first.value


@pytest.mark.parametrize("pattern", ["a*" * 512, "^\\+" + "1*" * 500 + "$"])
def test_a_pattern_too_deep_for_python_is_refused_and_not_a_crash(pattern: str) -> None:
    with pytest.raises(BudgetError):
        compile_table([pattern, "^1$"]).regions()
