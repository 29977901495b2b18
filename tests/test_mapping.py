"""A map of numbers is whole and exact: an ordered scan with `re` on all numbers of a small domain, and digits counted.

Laws: the parts share no number and hold them all; so do the classes of a part; what is planted in `contoso` is found
in the numbers that arithmetic gives; what could not be read is said.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import phonenumbers
import pytest

from acs_telephony import audit, contoso, generated, microsoft_three_routes
from acs_telephony.checking.route_table import RouteRow, RouteTable, table_of
from acs_telephony.domains import ANY_STRING, E164, Domain
from acs_telephony.errors import AnswerError, NumberError
from acs_telephony.guide.mapping import (
    NumberMap,
    map_numbers,
    map_types,
    of_length,
    takers,
    valid_numbers,
    with_patterns,
)
from acs_telephony.languages import READINGS, Reading
from acs_telephony.numbers import NumberType, number_types
from tests.conftest import cases
from tests.random_patterns import random_pattern

SMALL = Domain("numbers of two to four digits", r"^\+[1-9]\d{1,3}$", 5)
ALL_SMALL = [
    f"+{first}{''.join(rest)}"
    for more in (1, 2, 3)
    for first in "123456789"
    for rest in product("0123456789", repeat=more)
]


def table_from(*patterns: str) -> RouteTable:
    return RouteTable(tuple(RouteRow(f"r{i}", pattern, ("s1",)) for i, pattern in enumerate(patterns)))


def size(prefix: str, shortest: int = 2, longest: int = 15) -> int:
    """How many numbers of E.164 begin with a prefix, by arithmetic on digits."""
    given = len(prefix) - 1
    return sum((1 if given else 9) * 10 ** (n - max(given, 1)) for n in range(max(shortest, given), longest + 1))


# ---------------------------------------------------------------- the oracle: an ordered scan with `re`


def scan(table: RouteTable, number: str, reading: Reading) -> tuple[int, ...]:
    match = re.search if reading == "search" else re.fullmatch
    return tuple(i for i, row in enumerate(table.routes) if match(row.number_pattern, number, re.ASCII))


def scanned(table: RouteTable, prefix: str, digits: int, reading: Reading) -> dict[str, tuple[Any, ...]]:
    """For each part its classes with their counts and first numbers, and how many numbers the other reading changes."""
    counts: dict[str, Counter[tuple[int, ...]]] = {}
    first: dict[tuple[str, tuple[int, ...]], str] = {}
    unsure: Counter[str] = Counter()
    for number in ALL_SMALL:  # the shorter and then the smaller come first
        if number.startswith(prefix):
            has_room = len(number) >= len(prefix) + digits
            part = number[: len(prefix) + digits] if has_room else prefix
            chains = {one: scan(table, number, one) for one in READINGS}
            counts.setdefault(part, Counter())[chains[reading]] += 1
            first.setdefault((part, chains[reading]), number)
            unsure[part] += chains["search"] != chains["whole"]
    return {
        part: ({chain: (count, first[part, chain]) for chain, count in its.items()}, unsure[part])
        for part, its in counts.items()
    }


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(("prefix", "digits"), [("+", 1), ("+", 2), ("+3", 2), ("+31", 1)])
def test_every_part_is_what_a_scan_of_all_its_numbers_finds(prefix: str, digits: int, reading: Reading) -> None:
    random = Random(f"{prefix} {digits} {reading}")
    seen = 0
    for _ in range(3):
        table = table_from(*(random_pattern(random) for _ in range(3)), r"^\+3[1-4]\d*", r"4\d$", r"^\+\d{3}$")

        found = map_numbers(table, prefix, domain=SMALL, reading=reading, digits=digits)

        ours = {
            part.name: ({one.chain: (one.count, one.witness) for one in part.classes}, part.unsure)
            for part in found.parts
            if part.numbers
        }
        assert ours == scanned(table, prefix, digits, reading)
        seen += sum(len(classes) for classes, _ in ours.values())
        assert found.whole.numbers == sum(number.startswith(prefix) for number in ALL_SMALL)
    assert seen > 30


# ---------------------------------------------------------------- counted on digits


TABLES = {"contoso": contoso(), "generated": generated(60, seed=4), "an empty table": RouteTable(())}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize(("prefix", "digits"), [("+", 1), ("+", 2), ("+1", 2), ("+31 9", 2), ("+49301234567890", 1)])
def test_the_parts_hold_all_numbers_of_the_prefix_and_each_as_many_as_digits_say(
    table: Any, prefix: str, digits: int
) -> None:
    found = map_numbers(table, prefix, digits=digits)
    begins = prefix.replace(" ", "")

    assert found.whole.numbers == size(begins)
    assert len({part.name for part in found.parts}) == 10**digits + 1
    for part in found.parts[:-1]:
        assert part.numbers == (0 if part.name.startswith("+0") else size(part.name))
    assert found.parts[-1].name == begins
    assert found.parts[-1].numbers == size(begins, longest=len(begins) - 1 + digits - 1)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("digits", [2, 3, 11, 15])
def test_numbers_of_one_length_are_as_many_as_digits_say(table: Any, digits: int) -> None:
    assert map_numbers(table, domain=of_length(digits)).whole.numbers == size("+", digits, digits)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_classes_and_shares_are_in_order_and_add_up(table: Any, reading: Reading) -> None:
    found = map_numbers(table, reading=reading)
    assert all(one.witness.startswith(part.name) for part in found.parts for one in part.classes)
    for part in (found.whole, *found.parts):
        chains = [one.chain for one in part.classes]
        assert len(chains) == len(set(chains))
        assert part.taken + part.nobody == part.numbers == sum(one.count for one in part.classes)
        assert [one.count for one in part.classes] == sorted((one.count for one in part.classes), reverse=True)
        if part.numbers:
            assert part.share + Fraction(part.nobody, part.numbers) == 1
        assert (part.gap is None) == (part.nobody == 0)


@pytest.mark.parametrize("table", list(TABLES.values())[:2], ids=list(TABLES)[:2])
def test_the_map_of_all_agrees_with_the_shares_of_the_audit(table: Any) -> None:
    """Two walks that are cut in different ways."""
    found, audited = map_numbers(table).whole, audit(table)

    assert found.nobody == audited.nobody
    for route, share in enumerate(audited.shares):
        first = sum(one.count for one in found.classes if one.chain[:1] == (route,))
        assert (first, counted(found, route) - first) == (share.first, share.standby)


def counted(part: Any, route: int | None) -> int:
    """The numbers that come to a route, first or as standby; None: those that come to nobody."""
    return sum(one.count for one in part.classes if (route in one.chain if route is not None else not one.chain))


PLANTED = [case for case in cases("contoso.toml", "planted") if "count" in case.values[0]]


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("reading", READINGS)
def test_what_is_planted_in_contoso_is_counted_as_by_hand(planted: dict[str, Any], reading: Reading) -> None:
    table = table_of(contoso())
    names = [row.name for row in table.routes]
    is_gap = planted["word"] == "gap"
    domain = of_length(planted["length"]) if "length" in planted else E164
    maps = [map_numbers(table, prefix, domain=domain, reading=reading).whole for prefix in planted.get("within", ["+"])]
    route = None if is_gap else names.index(planted["route"])

    whole = planted.get("count_whole", planted["count"])
    assert sum(counted(one, route) for one in maps) == (planted["count"] if reading == "search" else whole)
    if planted["count"] != whole:
        assert sum(one.unsure for one in maps) > 0


def test_most_planted_faults_have_a_count() -> None:
    assert len(PLANTED) >= 10


# ---------------------------------------------------------------- valid numbers


@pytest.mark.parametrize("country", ["NL", "US", "GB", "IT"])
def test_valid_numbers_are_those_of_libphonenumber(country: str) -> None:
    random = Random(country)
    code = phonenumbers.country_code_for_region(country)
    known = re.compile(valid_numbers(country).pattern)
    numbers = [f"+{code}{random.randint(10**n, 10 ** (n + 1) - 1)}" for n in range(3, 12) for _ in range(400)]
    read = {number: phonenumbers.parse(number) for number in numbers}
    # It also reads a trunk prefix behind the country code, such as +1 1, which no dialled number has.
    as_typed = {number: one for number, one in read.items() if number == f"+{code}{one.national_number}"}
    valid = {number for number, one in as_typed.items() if phonenumbers.is_valid_number_for_region(one, country)}

    assert len(valid) > 100
    assert {number for number in as_typed if known.search(number)} == valid


def test_a_map_of_valid_numbers_holds_as_many_as_its_types_hold_apart() -> None:
    """A number of two types is counted once in the map, and with each of its types beside it."""
    table = contoso()
    for country, prefix in (("NL", "+31"), ("BE", "+32")):
        whole = map_numbers(table, prefix, domain=valid_numbers(country)).whole
        types = map_types(table, {one.name: [one] for one in number_types(country)}).parts
        assert whole.numbers <= sum(part.numbers for part in types)
        assert whole.nobody <= sum(part.nobody for part in types)
        assert whole.gap in {part.gap for part in types}


def test_what_a_plan_holds_beyond_e164_is_left_out() -> None:
    """libphonenumber's plan of Germany has numbers of 16 digits, and E.164 has none."""
    long = table_from(r"^\+49\d{14,}$")

    assert sum(part.taken for part in map_types(long, {"all": number_types("DE")}).parts) == 0
    assert map_numbers(long, "+49", domain=valid_numbers("DE")).whole.taken == 0


def test_a_number_of_several_types_counts_once_in_their_group() -> None:
    one = NumberType("made", "NL", r"^\+31[12]$")
    other = NumberType("other", "NL", r"^\+31[2-4]$")
    found = map_types(table_from(r"^\+31[23]"), {"one": [one], "both": [one, other]})

    assert [(part.name, part.numbers, part.taken) for part in found.parts] == [("one", 2, 1), ("both", 4, 2)]


# ---------------------------------------------------------------- codes, other tables, and what cannot be read


def test_a_number_has_a_chain_under_either_reading() -> None:
    table = table_from("^11", "^112$", r"^\+?112$")

    assert takers(table, ["112", "+112", "999"]) == {
        "112": ((0, 1, 2), (1, 2)),
        "+112": ((2,), (2,)),
        "999": ((), ()),
    }


def test_in_teams_a_class_ends_with_the_first_usage_that_has_a_match() -> None:
    rows = (RouteRow("a", r"^\+31", ("s1",), usage="one"), RouteRow("b", r"^\+3", ("s2",), usage="two"))
    found = map_numbers(RouteTable(rows, service="teams"), "+3", digits=1)

    assert [one.chain for one in found.part("+31").classes] == [(0,)]
    assert [one.chain for one in found.part("+32").classes] == [(1,)]


def test_an_unreadable_pattern_is_named() -> None:
    found = map_numbers(table_from(r"^\+31\d{9}$", r"^\+32("), "+3")

    assert found.unread == ("r1",)
    assert map_numbers(contoso(), "+31").unread == ()


def test_other_patterns_make_another_table_and_leave_the_first_as_it_was() -> None:
    first = table_from("^1$", "^2$")
    second = with_patterns(first, {"r1": "^3$"})

    assert [row.number_pattern for row in second.routes] == ["^1$", "^3$"]
    assert [row.number_pattern for row in first.routes] == ["^1$", "^2$"]
    with pytest.raises(AnswerError, match="no route is called 'r9'"):
        with_patterns(first, {"r9": "^3$"})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"prefix": "31"}, "'31' is no beginning"),
        ({"prefix": "+0"}, "no beginning"),
        ({"prefix": "+3a"}, "no beginning"),
        ({"prefix": ""}, "no beginning"),
        ({"prefix": "+\u0663"}, "no beginning"),
        ({"prefix": "+31(1|2)"}, "no beginning"),
        ({"prefix": "+31201234567890"}, "no room for 2 digits"),
        ({"digits": 3}, "no room for 3 digits"),
        ({"domain": ANY_STRING}, "no room"),
        ({"reading": "part"}, "'part' is no reading"),
        ({"source": RouteTable((), ordered=False)}, "order of these routes"),
        ({"source": "routes"}, "no table"),
    ],
)
def test_what_cannot_be_mapped_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(AnswerError, match=re.escape(words)):
        map_numbers(**{"source": microsoft_three_routes(), **arguments})


def test_a_length_a_country_and_a_part_that_there_are_not_are_refused() -> None:
    for digits in (1, 16):
        with pytest.raises(AnswerError, match="2 to 15"):
            of_length(digits)
    with pytest.raises(NumberError, match="no number plan"):
        valid_numbers("XX")
    found: NumberMap = map_numbers(RouteTable(()), "+31")
    with pytest.raises(AnswerError, match=r"no part '\+32'. Take one of those from \+3100 to \+31"):
        found.part("+32")
