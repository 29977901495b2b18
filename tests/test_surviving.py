"""Which failures lose a number: told from the routes, and the same when every set of failures is tried, and live."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

import pytest

from acs_telephony.checking.auditing import audit
from acs_telephony.guide.editing import add_route, change_route
from acs_telephony.live.sip.surviving import LosingFailures, check_survives, failures_that_lose
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.routing import Answered, dial
from acs_telephony.tables import contoso, generated, microsoft_three_routes
from acs_telephony.views.outages import losing_table

REDMOND, ORLANDO = "+1 425 555 0100", "+1 321 555 0100"
THREE = microsoft_three_routes()
ASKED = [(THREE, REDMOND), (THREE, ORLANDO), (THREE, "+31 20 123 4567")]
ASKED += [(contoso(), number) for number in ("+1 206 234 5678", "+31 20 123 4567", "+81 3 1234 5678", "112")]
ASKED += [(generated(40, seed), number) for seed in (1, 2) for number in ("+31201234567", "+49301234567")]


def connected(resource: Resource, number: str, states: dict[str, int]) -> list[bool]:
    return [isinstance(outcome, Answered) for outcome in dial(resource, number, sbcs=states).outcomes]


@pytest.mark.parametrize(("resource", "number"), ASKED)
def test_a_number_is_lost_exactly_when_all_its_sbcs_fail_or_one_that_may_come_first_ends_the_call(
    resource: Resource, number: str
) -> None:
    """The oracle: each set of SBCs fails at once, and each SBC answers 500 alone."""
    losing = failures_that_lose(resource, number)
    trunks = [trunk.fqdn for trunk in resource.configuration.trunks]
    for some in chain.from_iterable(combinations(trunks, n) for n in range(len(trunks) + 1)):
        assert any(connected(resource, number, dict.fromkeys(some, 503))) is not set(losing.together).issubset(some)
    if losing.together:
        assert [fqdn for fqdn in trunks if not all(connected(resource, number, {fqdn: 500}))] == sorted(
            losing.alone, key=trunks.index
        )


def test_the_four_sbcs_of_redmond_have_to_fail_together_and_the_fifth_as_well() -> None:
    """By hand: +1 425 matches all three routes of the page's example; the first holds sbc1 and sbc2."""
    losing = failures_that_lose(THREE, REDMOND)

    assert [fqdn.partition(".")[0] for fqdn in losing.together] == ["sbc1", "sbc2", "sbc3", "sbc4", "sbc5"]
    assert [fqdn.partition(".")[0] for fqdn in losing.alone] == ["sbc1", "sbc2"]
    assert "sbc1.contoso.biz sbc2.contoso.biz sbc3" in losing_table([losing]).markdown


def test_the_audit_names_the_same_numbers_that_one_sbc_can_lose() -> None:
    findings = audit(contoso()).findings
    single = [one for one in findings if one.rule == "single-sbc"]
    assert single
    for finding in single:
        assert failures_that_lose(contoso(), finding.witness or "").together == finding.trunks
    (lost,) = [one for one in audit(THREE, dead=["sbc5.contoso.biz"]).findings if one.rule == "lost"]
    assert failures_that_lose(THREE, lost.witness or "").together == lost.trunks == ("sbc5.contoso.biz",)
    assert not [
        one for one in audit(THREE, dead=failures_that_lose(THREE, REDMOND).together[:4]).findings if one.rule == "lost"
    ]


def test_a_number_without_a_route_says_so() -> None:
    losing = failures_that_lose(THREE, "+31 20 123 4567")

    assert losing == LosingFailures("+31201234567", (), ())
    assert "no SBC" in str(losing_table([losing]))


# ---------------------------------------------------------------- live


def test_the_first_call_that_is_lost_is_the_counter_example() -> None:
    check = check_survives(THREE, [REDMOND, ORLANDO], faults=[503])

    assert str(check) == (
        "Not yet. With sbc5.contoso.biz out of service (503), +1 321 555 0100 is lost: sbc5.contoso.biz 503. "
        "The call is dropped: no SBC took the call."
    )


def test_with_a_standby_every_call_is_answered_while_each_sbc_fails_in_turn() -> None:
    mended = add_route(THREE.configuration, "Other +1 standby", r"^\+1(\d{10})$", ["sbc1.contoso.biz"])

    assert str(check_survives(mended, [REDMOND, ORLANDO], faults=[503])) == (
        "Right. 5 SBCs failed in turn (503), and each of 10 calls was answered."
    )


def test_a_table_that_loses_a_call_with_every_sbc_in_service_is_told_so_first() -> None:
    broken = change_route(THREE.configuration, 3, pattern=r"^+1(\d[10])$")

    assert str(check_survives(broken, [ORLANDO])).startswith(
        "Not yet. With every SBC in service, +1 321 555 0100 is lost. The call is dropped: no route matched"
    )


def test_no_table_survives_an_sbc_that_answers_with_another_code() -> None:
    mended = add_route(THREE.configuration, "Other +1 standby", r"^\+1(\d{10})$", ["sbc1.contoso.biz"])

    assert "With sbc1.contoso.biz out of service (500)" in str(check_survives(mended, [REDMOND], faults=[500]))


def test_what_is_no_number_gets_a_clear_answer() -> None:
    check = check_survives(THREE, ["call me"])

    assert not check
    assert "this is no number" in check.words


@pytest.mark.parametrize(
    ("source", "numbers", "faults", "words"),
    [
        (THREE, [REDMOND], ["nonsense"], "'nonsense' is not known here. Use one of: answers, silent"),
        (THREE, [REDMOND], [503, None], "sbc1.contoso.biz: 'None' is not known here"),
        (THREE, [REDMOND], None, "'None' is not known here"),
        (THREE, [REDMOND], [200], "200 is no code that refuses a call"),
        (THREE, [REDMOND], [], "puts no SBC out of service. Name a fault"),
        (THREE, [REDMOND], ["answers"], "'answers' puts no SBC out of service"),
        (THREE, [REDMOND], [503, "no OPTIONS"], "'no OPTIONS' puts no SBC out of service"),
        (THREE, [], [503], "There is no number to call."),
        (THREE, [5], [503], "a number is given as text"),
        (THREE, None, [503], "a number is given as text"),
        (THREE, [REDMOND, "+31 20 123 4567"], [503], "With every SBC in service, +31 20 123 4567 is lost. The call is"),
        (SipConfiguration(), [REDMOND], [503], "The configuration has no trunk"),
        (Resource(purchased_numbers=("+14255550111",)), [REDMOND], [503], "The configuration has no trunk"),
        (..., [REDMOND], [503], "is no configuration"),
        (None, [REDMOND], [503], "is no configuration"),
    ],
)
def test_nothing_is_right_where_nothing_was_tried(source: Any, numbers: Any, faults: Any, words: str) -> None:
    check = check_survives(source, numbers, faults=faults)

    assert str(check).startswith("Not yet. ")
    assert words in check.words


def test_one_number_and_one_fault_may_stand_alone() -> None:
    mended = add_route(THREE.configuration, "Other +1 standby", r"^\+1(\d{10})$", ["sbc1.contoso.biz"])
    words = "5 SBCs failed in turn ({}), and each of 5 calls was answered."
    for fault in (503, "refused"):
        assert check_survives(mended, REDMOND, faults=fault).words == words.format(fault)  # type: ignore[arg-type]


def test_voice_calling_is_no_way_out() -> None:
    """A number of Voice Calling (PSTN) needs alternateCallerId, and these calls carry none."""
    resource = Resource(configuration=THREE.configuration, purchased_numbers=("+14255550111",))

    assert "no alternateCallerId was given" in check_survives(resource, ["+31 20 123 4567"]).words


def test_a_standby_whose_pattern_cannot_be_read_is_named() -> None:
    attempt = add_route(THREE.configuration, "standby", r"^\+1(321", ["sbc4.contoso.biz"])
    check = check_survives(attempt, [ORLANDO])
    assert not check.right
    assert "The pattern of 'standby' cannot be read: this group is never closed." in str(check)
