"""Every number pattern of the `phonenumbers` metadata: what numbering plans of the world look like.

Three readers must agree on the example numbers of the metadata, on neighbours of them and on the machine's own
witnesses: the machine, Python's `re`, and real .NET.
"""

from __future__ import annotations

import re
from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata

from acs_telephony.automaton import Machine, compile_table, parse_plan
from acs_telephony.domains import ANY_STRING
from acs_telephony.languages import READINGS
from acs_telephony.patterns import parse
from tests.dotnet import DotNet


def plans() -> dict[str, list[str]]:
    """Each pattern for the numbers of a country, of a network that belongs to none, or of short numbers: its examples.

    Fixed, mobile, toll-free, emergency and all the other kinds.
    """
    found = [PhoneMetadata.metadata_for_region(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]
    found += map(PhoneMetadata.metadata_for_nongeo_region, sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS))
    found += map(PhoneMetadata.short_metadata_for_region, sorted(phonenumbers.SUPPORTED_SHORT_REGIONS))
    examples: dict[str, set[str]] = {}
    for kind in (kind for one in found for kind in vars(one).values()):
        if pattern := getattr(kind, "national_number_pattern", None):
            examples.setdefault(pattern, set()).update(filter(None, [kind.example_number]))
    return {pattern: sorted(numbers) for pattern, numbers in examples.items()}


def neighbours(random: Random, number: str) -> list[str]:
    """The number with a digit changed, cut off and added, and with what people put around it."""
    at, digit = random.randrange(len(number)), random.choice("0123456789")
    changed = number[:at] + digit + number[at + 1 :]
    return [
        changed,
        number[:-1],
        number[1:],
        number + digit,
        digit + number,
        number[:at] + digit + number[at:],
        f"+{number}",
    ]


@pytest.fixture(scope="module")
def trials(request: pytest.FixtureRequest) -> dict[str, list[tuple[str, bool, bool]]]:
    """For each pattern its numbers, and what the machine says: found in the number, and the number as a whole."""
    random = Random(20261128)
    step = 1 if request.config.getoption("--full") else 16
    tried = {}
    for pattern, examples in list(plans().items())[::step]:
        # Five patterns are longer than the service takes, but no reason not to read them here.
        search, whole = (Machine([parse_plan(pattern)], [reading]) for reading in READINGS)
        witnesses = [region.witness for region in whole.regions(ANY_STRING)]
        near = [number for known in [*examples, *witnesses] if known for number in neighbours(random, known)]
        numbers = sorted({*examples, *witnesses, *near})
        tried[pattern] = [(number, bool(search.match(number)), bool(whole.match(number))) for number in numbers]
        assert not search.unread
    return tried


def test_the_metadata_is_all_here(trials: dict[str, list[tuple[str, bool, bool]]], full: bool) -> None:
    assert len(plans()) > 1800
    assert len(trials) == len(plans()) if full else len(trials) > 100
    assert sum(len(rows) for rows in trials.values()) > 10 * len(trials)


def test_example_numbers_match_their_patterns() -> None:
    """What the metadata gives as an example of a pattern is one."""
    rows = [(pattern, examples) for pattern, examples in plans().items() if len(pattern) <= 1024]
    for pattern, examples in rows:
        machine = compile_table([pattern], "whole")
        assert [number for number in examples if not machine.match(number)] == [], pattern


def test_the_machine_agrees_with_python(trials: dict[str, list[tuple[str, bool, bool]]]) -> None:
    for pattern, rows in trials.items():
        oracle = re.compile(pattern)
        said = [(number, bool(oracle.search(number)), bool(oracle.fullmatch(number))) for number, _, _ in rows]
        assert said == rows, pattern


def test_the_machine_agrees_with_dotnet(trials: dict[str, list[tuple[str, bool, bool]]], dotnet: DotNet) -> None:
    anchored = [(rf"\A(?:{pattern})\z", [row[0] for row in rows]) for pattern, rows in trials.items()]
    plain = [(pattern, [row[0] for row in rows]) for pattern, rows in trials.items()]

    search, whole = dotnet.ask(plain), dotnet.ask(anchored)

    assert search == [[row[1] for row in rows] for rows in trials.values()]
    assert whole == [[row[2] for row in rows] for rows in trials.values()]


def test_no_plan_holds_a_trap() -> None:
    """Who writes numbering plans for a living means what the pattern says."""
    patterns = [pattern for pattern in plans() if len(pattern) <= 1024]

    assert [pattern for pattern in patterns if parse(pattern).traps] == []
