"""Numbers as people type them: what is understood becomes E.164 or a code; what is not gets a kind error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs_telephony.errors import NumberError
from acs_telephony.numbers import normalise
from tests.conftest import cases


@pytest.mark.parametrize("case", cases("numbers.toml", "read"))
def test_a_number_is_understood(case: dict[str, Any]) -> None:
    dialled = normalise(case["typed"], case.get("country"))

    assert (dialled.number, dialled.kind, dialled.text) == (case["number"], case["kind"], case["typed"])


@pytest.mark.parametrize("case", cases("numbers.toml", "refused"))
def test_a_refusal_says_what_where_and_what_to_do(case: dict[str, Any]) -> None:
    with pytest.raises(NumberError) as caught:
        normalise(case["typed"], case.get("country"))

    assert case["says"] in caught.value.problem
    assert caught.value.place
    assert caught.value.remedy
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("case", cases("numbers.toml", "doubted"))
def test_a_number_that_no_plan_knows_is_kept_with_the_doubt(case: dict[str, Any]) -> None:
    """The shortest number that shows a fault must be diallable, however odd it looks."""
    dialled = normalise(case["typed"])

    assert (dialled.number, dialled.kind) == (case["number"], "e164")
    assert case["says"] in dialled.doubt


def test_a_number_that_somebody_may_have_is_not_doubted() -> None:
    assert normalise("+1 425 555 0100").doubt == ""


@given(st.text(max_size=30), st.sampled_from([None, "NL", "US"]))
@settings(max_examples=300)
def test_any_text_gives_a_dialled_number_or_a_number_error(typed: str, country: str | None) -> None:
    """What comes out can always be dialled, and reading it again gives the same number."""
    try:
        dialled = normalise(typed, country)
    except NumberError:
        return

    assert dialled.number.isascii()
    assert normalise(dialled.number, country).number == dialled.number
