"""Expectations of a route table: what is met, what is not touched, and which edits would be noticed.

Laws: a file that is proposed holds and touches every class; dropping a first choice is noticed by it; what an
expectation is told is what an ordered scan with `re` sees; an edit that is told moves its number for `compare`.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from acs_telephony import contoso, generated, microsoft_three_routes
from acs_telephony.checking.auditing import audit
from acs_telephony.checking.comparing import compare
from acs_telephony.checking.documents import read_table
from acs_telephony.checking.expecting import Expectation, cover, meet, read_expectations, unnoticed
from acs_telephony.checking.findings import rules
from acs_telephony.checking.route_table import RouteRow, RouteTable, table_of
from acs_telephony.domains import E164
from acs_telephony.errors import AnswerError, ConfigurationError
from tests.conftest import CASES, cases
from tests.test_auditing import readable, scan
from tests.test_comparing import table_from
from tests.test_patterns import ALL_E164

TABLES = {
    "contoso": readable(table_of(contoso())),
    "three routes": table_of(microsoft_three_routes()),
    "generated": table_of(generated(40, 3)),
    "empty": RouteTable(()),
}


def expected(pairs: list[list[str]]) -> tuple[Expectation, ...]:
    return read_expectations(
        "".join(f'[[expect]]\nnumber = "{number}"\n{way}\nbecause = "reasons."\n' for number, way in pairs)
    )


@pytest.mark.parametrize("case", cases("expecting.toml", "way"))
def test_what_is_expected_of_a_number_is_met_or_told(case: dict[str, Any]) -> None:
    found = meet(table_from(case["table"]), expected([[case["number"], case["expect"]]]))

    assert [one.certainty for one in found] == [case["certainty"]] * bool(case["certainty"])
    for finding in found:
        assert finding.rule == case.get("rule", "expectation")
        assert finding.severity == rules()[finding.rule].severity
        assert [words for words in case.get("says", ()) if words not in finding.sentence] == []
        assert finding.witness == (case["number"] if finding.rule == "expectation" else None)


@pytest.mark.parametrize("case", cases("expecting.toml", "slip"))
def test_what_cannot_be_used_is_refused_with_its_place(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_expectations(case["text"])

    assert [problem.place for problem in caught.value.problems] == [case["place"]]
    assert case["says"] in str(caught.value)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_expectations(
            "[[expect]]\nnumber = '112'\nroute = 'a'\n[[expect]]\nnumber = 'x'\nbecause = 'r'\nroute = 'a'\n"
        )

    assert [problem.place for problem in caught.value.problems] == ["expect[0].because", "expect[1].number[0]"]


def test_numbers_are_read_as_people_write_them() -> None:
    (one,) = expected([["+31 (20) 123-4567", "nobody = true"]])
    assert one.number == ("+31201234567",)
    for text in ("112", "+112", "1000", "31201234567", "*21#", "0"):
        assert expected([[text, "nobody = true"]])[0].number == (text,)
    assert (
        read_expectations(b"\xef\xbb\xbfexpect = [{number = ['1', '2'], route = 'a', because = 'r'}]")[0].route == "a"
    )


# ---------------------------------------------------------------- contoso


def test_the_first_routes_written_down_for_contoso_are_met() -> None:
    planted = tomllib.loads((CASES / "contoso.toml").read_text(encoding="utf-8"))["planted"]
    pairs = [[row["number"], f'route = "{row["first"]}"' if row["first"] else "nobody = true"] for row in planted]
    found = meet(TABLES["contoso"], expected(pairs))

    # Two of its faults are patterns that the two readings do not read alike; nothing else is told.
    open_ended = {"+352123456789012", "+1840000000"}
    assert {one.witness for one in found} == open_ended
    assert {one.certainty for one in found} == {"depends on how the service matches"}


@pytest.mark.parametrize("case", cases("expecting.toml", "gap"))
def test_the_classes_of_contoso_are_those_worked_out_by_hand(case: dict[str, Any]) -> None:
    rows = [row for row in TABLES["contoso"].routes if row.name.startswith(tuple(case["only"]))]
    table = RouteTable(tuple(rows))
    untouched = cover(table).untouched

    assert [[[rows[i].name for i in one.routes], one.witness, one.count] for one in untouched] == case["classes"]
    # An expectation of one number leaves the others.
    for chain, number, _ in case["classes"]:
        way = f"chain = {json.dumps(chain)}" if chain else "nobody = true"
        left = cover(table, expected([[number, way]])).untouched
        assert [one.witness for one in left] == [other[1] for other in case["classes"] if other[1] != number]


def test_planted_gaps_are_found_with_their_counts() -> None:
    """Counts by hand: 10^7 for each, as each fixes all but seven digits."""
    found = {one.witness: one for one in cover(TABLES["contoso"]).untouched}

    for number, routes in {"+19170000000": "us-new-york", "+19000000000": "us-premium"}.items():
        assert [TABLES["contoso"].routes[route].name for route in found[number].routes] == [routes]
        assert found[number].count == 10_000_000
    assert found["+10"].routes == ()
    assert found["+10"].count == audit(TABLES["contoso"]).nobody


# ---------------------------------------------------------------- coverage


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_classes_and_what_is_unclear_add_up_to_all_of_e164(table: RouteTable) -> None:
    found = cover(table)

    assert len(found.untouched) == found.classes
    assert sum(one.count or 0 for one in found.untouched if one.domain == E164.name) + found.unclear == ALL_E164
    for one in found.untouched:
        for whole in (False, True):
            assert tuple(scan(table, one.witness or "", whole=whole)) == one.routes


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_file_that_is_proposed_holds_and_touches_every_class(table: RouteTable) -> None:
    proposed = read_expectations(cover(table).proposal)

    assert meet(table, proposed) == ()
    assert cover(table, proposed).untouched == ()
    missing = read_expectations(cover(table, proposed[:-1]).proposal)
    assert missing == proposed[-1:]


def test_a_short_code_does_not_stand_for_the_numbers_of_the_world() -> None:
    """Both are nobody's; 112 says nothing of what has a country code."""
    untouched = cover(TABLES["three routes"], expected([["112", "nobody = true"]])).untouched

    assert [one.witness for one in untouched if not one.routes] == ["+10"]


def test_what_is_unread_leaves_coverage_unproven() -> None:
    table = table_from([["odd", "^(", "s1"], ["nl", r"^\+31\d{9}$", "s1"]])

    assert {one.certainty for one in cover(table).untouched} == {"not proven"}
    proposed = read_expectations(cover(table).proposal)
    assert [one.rule for one in meet(table, proposed)] == ["undecided"]


HOSTILE = 'a"\\\n[[expect]]\x1b[31m\u202e##[add-mask]::x\x7f\x85{} {number}é電\U0001f4de'


def test_hostile_names_stay_words() -> None:
    table = RouteTable((RouteRow(HOSTILE, r"^\+31\d{9}$", (HOSTILE,)), RouteRow("", r"^\+32\d{8}$", ("s",))))
    text = cover(table).proposal

    assert [c for c in text if not c.isprintable() and c != "\n"] == []
    assert "##[" not in text
    proposed = read_expectations(text)
    assert [one.chain for one in proposed] == [(HOSTILE,), ("",), None]
    assert meet(table, proposed) == ()
    other = Expectation(number="+31201234567", route=HOSTILE * 9, because=HOSTILE)
    (finding,) = meet(table, [other])
    assert HOSTILE in finding.sentence  # a report makes it printable
    assert unnoticed(table, [other])


# ---------------------------------------------------------------- strength


@pytest.mark.parametrize("case", cases("expecting.toml", "strength"))
def test_what_no_expectation_notices_is_told(case: dict[str, Any]) -> None:
    found = unnoticed(table_from(case["table"]), expected(case["expect"]))

    told = [[re.findall(r"hold if (.*), and \S+ came", one.sentence)[0], one.witness] for one in found]
    assert told == case["edits"]
    assert {one.certainty for one in found} <= {"certain"}


def dropped(table: RouteTable, route: int) -> RouteTable:
    return replace(table, routes=table.routes[:route] + table.routes[route + 1 :])


def swapped(table: RouteTable, one: int, other: int) -> RouteTable:
    rows = list(table.routes)
    rows[one], rows[other] = rows[other], rows[one]
    return replace(table, routes=tuple(rows))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_dropping_a_first_choice_is_noticed_by_a_proposed_file(table: RouteTable) -> None:
    coverage = cover(table)
    proposed = read_expectations(coverage.proposal)
    firsts = {one.routes[0] for one in coverage.untouched if one.routes}

    for route in firsts:
        assert meet(dropped(table, route), proposed)
    assert [one for one in unnoticed(table, proposed) if "dropped" in one.sentence or "places" in one.sentence] == []


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_an_edit_that_is_told_moves_a_number_and_no_expectation_fails(table: RouteTable) -> None:
    """Every other proposal is left out, so that there is something to tell; `compare` is the oracle."""
    proposed = read_expectations(cover(table).proposal)[::2]
    told = {}
    for one in unnoticed(table, proposed):
        kind = next(word for word in ("dropped", "places", "longer") if word in one.sentence + "longer")
        told[kind, one.routes] = one
    for (kind, routes), one in told.items():
        if kind != "longer":
            edited = dropped(table, *routes) if kind == "dropped" else swapped(table, *routes)
            assert meet(edited, proposed) == ()
            old, new = (
                [{*r.trunks} for i in scan(t, one.witness or "") for r in [t.routes[i]]] for t in (table, edited)
            )
            assert old != new
    for route in range(0, len(table.routes), 4):
        if ("dropped", (route,)) not in told:
            edited = dropped(table, route)
            moved = [one for one in compare(table, edited).changes if one.certainty == "certain"]
            assert meet(edited, proposed) or not moved


def test_a_loose_end_that_is_told_is_one_that_the_pattern_without_its_dollar_has() -> None:
    table = TABLES["contoso"]
    for one in unnoticed(table, []):
        if "one digit more" in one.sentence:
            (route,) = one.routes
            number = one.witness or ""
            loose = swapped_pattern(table, route)
            assert route in scan(loose, number)
            assert all(route not in scan(table, number, whole=whole) for whole in (False, True))


def swapped_pattern(table: RouteTable, route: int) -> RouteTable:
    rows = list(table.routes)
    rows[route] = replace(rows[route], number_pattern=rows[route].number_pattern.replace("$", r"\d*$"))
    return replace(table, routes=tuple(rows))


# ---------------------------------------------------------------- Teams, and what cannot be asked


def test_usages_of_teams_decide_what_comes() -> None:
    rows = [("US", r"^\+1\d{10}$", "s1"), ("World", r"^\+\d+$", "s2")]
    table = RouteTable(tuple(RouteRow(u, p, (s,), usage=u) for u, p, s in rows), (), "teams")

    assert meet(table, expected([["+14255550100", 'chain = "US"'], ["+31201234567", 'chain = "World"']])) == ()
    proposed = read_expectations(cover(table).proposal)
    assert [one.chain for one in proposed] == [("US",), ("World",), None]
    assert [one.sentence for one in unnoticed(table, proposed) if "digit" not in one.sentence] == []
    assert [one.sentence for one in unnoticed(table, ()) if "changed places" in one.sentence] == []


def test_a_table_whose_order_is_not_known_is_refused() -> None:
    for ask in (meet, cover, unnoticed):
        with pytest.raises(AnswerError, match="order of these routes is not known"):
            ask(RouteTable((), (), "teams", False), ())


def test_a_finding_stands_where_the_route_does() -> None:
    table = read_table('{"trunks": {},\n "routes": [{"name": "nl", "numberPattern": "^\\\\+31"}]}')
    (finding,) = meet(table, expected([["+31201234567", "nobody = true"]]))

    assert finding.routes == (0,)
    assert finding.certainty == "depends on how the service matches"
