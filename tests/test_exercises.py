"""A wrong attempt is answered with a number that shows why; a right one is right for every number."""

from __future__ import annotations

import re

import pytest

from acs_telephony.guide.exercises import (
    check_arrival,
    check_dropped,
    check_order_dependent,
    check_pattern,
    check_taker,
)
from acs_telephony.receiving import receive
from acs_telephony.routing import dial
from acs_telephony.tables import contoso, microsoft_three_routes

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
    """Each check refuses one call and takes another, and says which outcome stands against it."""
    resource = microsoft_three_routes()
    fine = dial(resource, "+1 425 555 0100")
    busy = dial(resource, "+1 425 555 0100", sbcs={"sbc1.contoso.biz": 486})
    last = dial(resource, "+1 425 555 0100", sbcs=dict.fromkeys((f"sbc{i}.contoso.biz" for i in range(1, 5)), 503))
    nowhere = dial(resource, "+31 20 123 4567")

    assert check_taker(last, "sbc5.contoso.biz")
    assert "sbc1.contoso.biz takes the call" in check_taker(fine, "sbc5.contoso.biz").words
    assert "ends the call with 486" in check_taker(busy, "sbc2.contoso.biz").words
    assert check_order_dependent(busy)
    assert not check_order_dependent(fine)
    assert check_dropped(nowhere)
    assert not check_dropped(busy)


def test_a_call_in_that_is_lost_names_what_did_not_hold() -> None:
    assert check_arrival(receive(contoso(), "+14255550111"))
    lost = check_arrival(receive(contoso(), "+31201234567", contact="192.0.2.1"))
    assert not lost
    assert "refused with 403: Contact holds an IP address" in lost.words
