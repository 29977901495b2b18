"""A wrong attempt is answered with a number that shows why; a right one is right for every number."""

from __future__ import annotations

import re

import pytest

from acs_telephony.exercises import check_journey, check_pattern
from acs_telephony.routing import Answered, dial
from acs_telephony.tables import microsoft_three_routes

WANTED = r"^\+31[1-9]\d{8}$"


@pytest.mark.parametrize(
    "attempt", [WANTED, r"^\+31[1-9][0-9]{8}$", r"\A\+31(?!0)\d{9}\z", r"^\+31([1-5]|[6-9])\d{8}$"]
)
def test_another_way_to_write_it_is_right(attempt: str) -> None:
    check = check_pattern(attempt, WANTED)

    assert check
    assert "900,000,000" in str(check)


@pytest.mark.parametrize(
    "attempt", [r"^\+31\d{9}$", r"^\+31[1-9]\d{8}", r"^31[1-9]\d{8}$", r"^\+31[2-9]\d{8}$", r"^+31[1-9]\d{8}$", "^$"]
)
def test_a_wrong_pattern_gets_a_counter_example_that_the_oracle_confirms(attempt: str) -> None:
    check = check_pattern(attempt, WANTED)

    assert not check
    number = re.search(r"\+\d+", check.words)
    assert number is not None
    takes = "does not take" not in check.words
    # `^+` is legal .NET, which Python refuses; there it means `^`.
    assert bool(re.search(attempt.replace("^+", "^"), number[0])) == takes
    assert bool(re.search(WANTED, number[0])) != takes


def test_a_pattern_that_cannot_be_read_gets_its_caret() -> None:
    check = check_pattern(r"^\+31(\d+$", WANTED)

    assert not check
    assert "never closed" in check.words
    assert check.words.splitlines()[-1].strip() == "^"


def test_a_journey_that_went_elsewhere_is_its_own_counter_example() -> None:
    journey = dial(microsoft_three_routes(), "+1 425 555 0100")

    def reaches_sbc5(one: object) -> bool:
        return [getattr(outcome, "trunk", "") for outcome in journey.outcomes] == ["sbc5.contoso.biz"]

    check = check_journey(journey, reaches_sbc5, "sbc5 takes the call.")
    assert not check
    assert "sbc1.contoso.biz" in check.words
    assert check_journey(journey, lambda one: isinstance(one.outcomes[0], Answered), "Somebody takes the call.")
