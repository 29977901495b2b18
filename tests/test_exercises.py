"""A wrong attempt is answered with a number that shows why; a right one is right for every number."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from acs_telephony.checking.route_table import RouteRow, RouteTable, table_of
from acs_telephony.guide.editing import change_route
from acs_telephony.guide.exercises import (
    NL_PREMIUM,
    check_answered,
    check_arrival,
    check_buried,
    check_change,
    check_comes_to,
    check_dropped,
    check_expectations,
    check_move,
    check_order_dependent,
    check_pattern,
    check_taker,
)
from acs_telephony.guide.mapping import with_patterns
from acs_telephony.models import SipConfiguration
from acs_telephony.numbers import number_types
from acs_telephony.receiving import receive
from acs_telephony.routing import dial
from acs_telephony.tables import contoso, microsoft_three_routes
from tests.test_auditing import readable, scan

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


# ---------------------------------------------------------------- changes and expectations


@pytest.mark.parametrize(
    "attempt",
    [
        r"^\+3190\d{5,8}|8[47]\d{7}$",
        r"^\+31(90\d{5,8}|8[47]\d{7})",
        r"^(\+3190\d{5,8}|8[47]\d{7})$",
        r"^\+3190\d{5,8}$|8[47]\d{7}$",
        r"^\+319(0\d{5,8}|8[47]\d{7})$",
        r"^\+31[90\d{5,8}|8[47]\d{7}]$",
    ],
)
def test_an_alternation_that_escapes_its_anchors_is_shown_by_a_number(attempt: str) -> None:
    check = check_pattern(attempt, NL_PREMIUM)

    assert not check
    number = re.findall(r"\+\d+", check.words)[0]
    # For some the two readings differ; the number is one for which one of them is wrong.
    taken = [bool(match(attempt, number)) for match in (re.search, full)]
    assert (not re.search(NL_PREMIUM, number)) in taken


def full(pattern: str, number: str) -> bool:
    return re.fullmatch(f"(?:{pattern})", number) is not None


CONTOSO = readable(table_of(contoso()))
BRUSSELS = r"^\+322\d{7}$"


def changed(route: str, **fields: object) -> RouteTable:
    rows = [replace(row, **fields) if row.name == route else row for row in CONTOSO.routes]  # type: ignore[arg-type]
    return replace(CONTOSO, routes=tuple(rows))


def on_top(pattern: str, *trunks: str) -> RouteTable:
    return replace(CONTOSO, routes=(RouteRow("new", pattern, trunks), *CONTOSO.routes))


AMS1, AMS2 = "ams1.contoso.com", "ams2.contoso.com"
WRONG = {
    "one route on top without an end": on_top(r"^\+322", AMS2),
    "an end and one digit too few": on_top(r"^\+322\d{6}$", AMS2),
    "an end and one digit too many": on_top(r"^\+322\d{7,8}$", AMS2),
    "a search for the area code": on_top(r"322\d{7}$", AMS2),
    "the wrong route": changed("be-fixed", trunks=(AMS2,)),
    "the wrong SBC": changed("be-brussels", trunks=(AMS1,)),
    "the route taken away": changed("be-brussels", number_pattern="(?!)"),
    "below the route that has them": replace(CONTOSO, routes=(*CONTOSO.routes, RouteRow("new", BRUSSELS, (AMS2,)))),
    "nothing done": CONTOSO,
}


@pytest.mark.parametrize("new", WRONG.values(), ids=WRONG)
def test_a_wrong_change_gets_a_number_that_an_ordered_scan_confirms(new: RouteTable) -> None:
    check = check_change(CONTOSO, new, BRUSSELS, [AMS2])

    assert not check
    number = re.findall(r"\+\d+", check.words)[0]
    ways = [[[*map(set, trunks_of(table, number, whole))] for whole in (False, True)] for table in (CONTOSO, new)]
    if re.search(BRUSSELS, number):
        assert any(way[0] != {AMS2} for way in ways[1])
    else:
        assert ways[0] != ways[1]


def trunks_of(table: RouteTable, number: str, whole: bool) -> list[tuple[str, ...]]:
    return [table.routes[route].trunks for route in scan(table, number, whole=whole)]


@pytest.mark.parametrize(
    "new",
    [
        changed("be-brussels", trunks=(AMS2,)),
        changed("be-brussels", trunks=(AMS2.upper(),), name="Brussels"),
        on_top(BRUSSELS, AMS2),
        on_top(r"^\+322[0-9]{7}$", AMS2),
    ],
)
def test_a_right_change_may_be_written_in_other_ways(new: RouteTable) -> None:
    """By hand: 10^7 numbers of Brussels, of 999,999,999,999,990."""
    check = check_change(CONTOSO, new, BRUSSELS, [AMS2])

    assert check
    assert "10,000,000 numbers" in check.words
    assert "999,999,989,999,990" in check.words


def test_a_change_that_cannot_be_judged_says_why() -> None:
    assert (
        "cannot be read" in check_change(CONTOSO, changed("be-brussels", number_pattern="^("), BRUSSELS, [AMS2]).words
    )
    assert "is no table" in check_change(CONTOSO, None, BRUSSELS, [AMS2]).words  # type: ignore[arg-type]


SEATTLE = 'number = "+12065550100"\nchain = ["us-seattle", "us-seattle-standby", "us-and-canada"]\nbecause = "home"\n'
TOO_LONG = 'number = "+120655501000"\nnobody = true\nbecause = "a digit too many"\n'


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ([SEATTLE], "'us-seattle' took one digit more"),
        ([TOO_LONG], "'us-seattle' were dropped"),
        ([SEATTLE.replace("+1206", "+1212"), TOO_LONG], "+12125550100 comes to 'us-new-york'"),
        ([SEATTLE, TOO_LONG.replace("nobody = true", 'route = "us-seattle"')], "+120655501000 comes to nobody"),
        ([SEATTLE.replace("because", "why")], "expect[0].because"),
        ([""], "expect[0]"),
    ],
)
def test_expectations_that_sleep_get_the_edit_and_the_number_that_they_miss(written: list[str], says: str) -> None:
    check = check_expectations("".join(f"[[expect]]\n{one}" for one in written), CONTOSO, "us-seattle")

    assert not check
    assert says in check.words


def test_a_missed_edit_does_move_its_number_and_no_expectation_sees_it() -> None:
    """The edit that is told is made by hand here, and asked of `re`."""
    words = check_expectations(f"[[expect]]\n{SEATTLE}", CONTOSO, "us-seattle").words
    number = re.findall(r"\+\d+", words)[0]
    longer = changed("us-seattle", number_pattern=r"^\+1(206|425)\d{8}$")

    assert scan(CONTOSO, number) == []
    assert [longer.routes[route].name for route in scan(longer, number)] == ["us-seattle"]
    assert check_expectations(f"[[expect]]\n{SEATTLE}\n[[expect]]\n{TOO_LONG}", CONTOSO, "us-seattle")


MOBILE = [one for one in number_types("NL") if one.name == "mobile"]
RIGHT = r"^\+31(6[1-58]\d{7}|97\d{9})$"
MENDED = with_patterns(contoso(), {"nl-premium": NL_PREMIUM})


def answered(attempt: str) -> str:
    return str(check_answered(MENDED, with_patterns(MENDED, {"nl-mobile": attempt}), MOBILE, r"^\+31"))


def test_the_numbers_of_a_plan_come_to_a_route() -> None:
    # libphonenumber: +31 6 with 1 to 5 or 8 and seven digits, and +31 97 with nine.
    assert answered(RIGHT) == "Right. Each of the 160,000,000 numbers comes to a route, and no other number moved."


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (r"^\+31(6[1-58]|97)\d{7}$", "Not yet. Nobody takes +3197000000000 (13 digits), and 99,999,999 others."),
        (r"^\+31(6|97)", "Nobody takes +3197000000000 (13 digits), and 99,999,999 others, if the whole number has to"),
        (".*", "moves, and was not meant to."),
        ("", "if the whole number has to match"),
        (r"^\+31(6[1-58]\d{7}|97\d{9}$", "The pattern of 'nl-mobile' cannot be read: this group is never closed"),
        (None, "cannot be read"),
    ],
)
def test_a_route_that_does_not_answer_its_plan_is_told_by_a_number_or_by_its_fault(attempt: str, words: str) -> None:
    assert words in answered(attempt)
    assert answered(attempt).startswith("Not yet.")


@pytest.mark.parametrize(
    ("attempt", "wanted", "number"),
    [
        (NL_PREMIUM + "|^112$", NL_PREMIUM, "112"),
        (r"^\+1(425|206)\d{7}$|^[*]21#$", r"^\+1(425|206)\d{7}$", "*21#"),
    ],
)
def test_short_and_service_codes_count_as_well(attempt: str, wanted: str, number: str) -> None:
    assert f"takes {number} " in str(check_pattern(attempt, wanted))
    assert re.search(attempt, number)


def test_a_third_pattern_that_is_first_choice_for_a_code_is_not_buried() -> None:
    check = check_buried(r"^\+1425\d{7}$", r"^\+1206\d{7}$", r"^\+1(425|206)\d{7}$|^112$")

    assert str(check).startswith("Not yet. The third is first choice for 112")


@pytest.mark.parametrize("number", [None, 13215550100, "", "call mum", ["1"]])
def test_what_is_no_number_is_refused_in_words(number: object) -> None:
    assert "is no number" in str(check_comes_to(["^1$"], number, (0,)))  # type: ignore[arg-type]


def test_a_number_is_read_as_people_write_it() -> None:
    assert check_comes_to([r"^\+1\d{10}$"], " +1 (321) 555-0100\n", (0,))


@pytest.mark.parametrize("text", [None, 5, [], b""])
def test_expectations_that_are_no_text_are_refused_in_words(text: object) -> None:
    assert "as a text in quotes" in str(check_expectations(text, contoso(), "us-seattle"))  # type: ignore[arg-type]


JAPAN = r"^\+81"


def mended() -> SipConfiguration:
    """contoso with the pattern of nl-premium as it was meant, so that it takes no number of Japan."""
    return change_route(contoso().configuration, 9, pattern=NL_PREMIUM)


@pytest.mark.parametrize(
    ("usages", "words"),
    [
        ({}, "as well: whoever may call the one may call the other."),
        ({"jp-tokyo": "Japan"}, "Other standbys: 100,000,000 numbers, such as +81300000000."),
        ({"jp-all": "Japan"}, "Other standbys: 100,000,000 numbers, such as +81300000000."),
        ({"jp-tokyo": "Japan", "jp-all": "Japan", "sg-all": "Japan"}, "The usage 'Japan' takes +81"),
        ({"jp-osaka": "Japan"}, "the table has no such name"),
        (["jp-tokyo"], 'Give {"route": "usage"}.'),
    ],
)
def test_a_move_that_loses_a_standby_or_keeps_numbers_together_is_not_right(usages: object, words: str) -> None:
    check = check_move(usages, mended(), JAPAN)  # type: ignore[arg-type]

    assert not check
    assert words in check.words


def test_a_move_with_numbers_of_one_country_in_a_usage_of_their_own_is_right() -> None:
    usages = {"jp-tokyo": "Japan", "jp-all": "Japan"}

    assert check_move(usages, mended(), JAPAN)
    assert not check_move(usages, contoso(), JAPAN), "the pattern of nl-premium as it is takes numbers of Japan too"
