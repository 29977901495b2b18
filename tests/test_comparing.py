"""A comparison tells every number whose trunks move, and no other; an ordered scan with `re` is the oracle."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest

from acs_telephony import contoso, generated, microsoft_three_routes
from acs_telephony.checking.comparing import compare
from acs_telephony.checking.route_table import RouteRow, RouteTable, TrunkRow, table_of
from acs_telephony.errors import AnswerError, BudgetError, PatternError
from tests.conftest import cases
from tests.test_auditing import TABLES, sampled
from tests.test_patterns import ALL_E164


def table_from(routes: list[list[str]]) -> RouteTable:
    rows = (
        RouteRow(name, pattern, tuple(to.split()), caller_id_override=(more or [None])[0])
        for name, pattern, to, *more in routes
    )
    return RouteTable(tuple(rows))


@pytest.mark.parametrize("case", cases("comparing.toml", "change"))
def test_a_change_is_told_by_what_moves(case: dict[str, Any]) -> None:
    found = compare(table_from(case["old"]), table_from(case["new"]))
    changes = [change for change in found.changes if change.domain == "E.164 numbers"]

    assert [[one.kind, one.witness, one.count] for one in changes] == case["changes"]
    assert len([one for one in found.cosmetic if one.domain == "E.164 numbers"]) == case["cosmetic"]
    assert found.same is (case["changes"] == [])
    assert found.unchanged + sum(change.count for change in changes) == ALL_E164
    assert {change.certainty for change in found.changes} <= {"certain"}
    assert all(
        one.witness in one.sentence and f"{one.count:,}" in one.sentence for one in found.changes + found.cosmetic
    )


def edited(table: RouteTable, seed: int) -> RouteTable:
    """The table after a few careless changes."""
    random = Random(seed)
    rows = list(table.routes)
    for _ in range(4):
        place, other = random.randrange(len(rows)), random.randrange(len(rows))
        match random.randrange(4):
            case 0:
                rows[place], rows[other] = rows[other], rows[place]
            case 1:
                del rows[place]
            case 2:
                rows[place] = RouteRow("new", rows[place].number_pattern, rows[other].trunks)
            case _:
                rows.insert(place, RouteRow("more", rows[other].number_pattern.replace("[", "[2"), rows[place].trunks))
    return RouteTable(tuple(rows), table.trunks)


def trunks(table: RouteTable, number: str) -> list[frozenset[str]]:
    chain = [row for row in table.routes if re.search(row.number_pattern, number, re.ASCII)]
    return [frozenset(row.trunks) for row in chain if row.trunks]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("old", TABLES.values(), ids=TABLES)
def test_what_a_scan_sees_move_is_told_and_nothing_else(old: RouteTable, seed: int) -> None:
    new = edited(old, seed)
    found = compare(old, new)
    told = {
        (tuple(map(frozenset, change.old_trunks)), tuple(map(frozenset, change.new_trunks))): change
        for change in found.changes
        if change.domain == "E.164 numbers"
    }

    assert told
    for change in found.changes:
        if change.certainty == "certain" and change.domain == "E.164 numbers":
            assert trunks(old, change.witness) != trunks(new, change.witness)
    for number in sampled(old, each=10) + sampled(new, each=10):
        before, after = tuple(trunks(old, number)), tuple(trunks(new, number))
        assert (before == after) or (before, after) in told


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_is_the_same_as_itself(table: RouteTable) -> None:
    found = compare(table, table)

    assert found.same
    assert found.unchanged == ALL_E164
    assert found.cosmetic == ()


def test_a_change_outside_the_intended_set_is_told_apart() -> None:
    old = table_from([["nl", r"^\+31\d{9}$", "s1"], ["us", r"^\+1\d{10}$", "s1"]])
    new = table_from([["nl", r"^\+31\d{9}$", "s2"], ["us", r"^\+1\d{10}$", "s2"]])

    (outside,) = compare(old, new, intended=[r"^\+31"]).unintended
    assert outside.sentence == (
        "To other SBCs first: 10,000,000,000 numbers, such as +10000000000. Before: s1 ('us'). Now: s2 ('us')."
    )
    assert compare(old, new, intended=[r"^\+31", r"^\+1"]).unintended == ()
    assert [one.intended for one in compare(old, new).changes] == [False]
    one_number = compare(old, new, intended=["+31 20 123 4567", r"^\+1"]).changes
    assert [(one.count, one.intended) for one in one_number] == [(999_999_999, False), (10_000_000_001, True)]


def test_an_unreadable_pattern_proves_nothing() -> None:
    old = table_from([["a", r"^\+31(\d{9}$", "s1"], ["b", r"^\+1\d{10}$", "s1"]])
    new = table_from([["a", r"^\+31(\d{9}$", "s2"], ["b", r"^\+1\d{10}$", "s1"]])

    found = compare(old, new)

    assert found.changes == ()
    assert not found.same
    assert found.unread == ("a", "a")
    assert {change.certainty for change in compare(old, table_from([])).changes} == {"not proven"}
    assert compare(old, old).same, "the same text means the same, whatever it means"


def test_a_disabled_trunk_takes_no_call() -> None:
    def table(*, enabled: bool) -> RouteTable:
        return RouteTable((RouteRow("a", r"^\+31\d{9}$", ("s1",)),), (TrunkRow("s1", enabled),))

    (change,) = compare(table(enabled=True), table(enabled=False)).changes

    assert (change.kind, change.count) == ("lost", 10**9)
    assert change.sentence.endswith("Now: a route without SBC ('a').")


def test_another_caller_id_is_told_as_such() -> None:
    old, new = table_from([["a", "^112$", "s1"]]), table_from([["a", "^112$", "s1", "+31201234567"]])

    (change,) = compare(old, new).changes

    assert change.sentence == "Another caller ID: 1 number, such as 112. Before: that of the call. Now: +31201234567."


def test_tables_that_need_too_much_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acs_telephony.automaton.MOST_STATES", 50)
    old, new = table_from([["a", r"^\+31\d{9}$", "s1"]]), table_from([["float", "5.{6}$", "s1"]])

    with pytest.raises(BudgetError, match="route 'float' of the new table"):
        compare(old, new)
    assert compare(new, new).same


def test_what_differs_under_one_reading_only_depends_on_how_the_service_matches() -> None:
    old, new = table_from([["a", r"^\+352\d{6}$", "s1"]]), table_from([["a", r"^\+352\d{6}", "s1"]])

    (change,) = compare(old, new).changes

    assert (change.kind, change.witness) == ("gained", "+3520000000")
    assert change.certainty == "depends on how the service matches"


def test_usages_of_teams_decide_what_moves() -> None:
    """direct-routing-voice-routing.md: with the usages the other way round, the wide usage hides the narrow one."""
    us, world = ("US", r"^\+1\d{10}$", "s1"), ("World", r"^\+\d+$", "s2")

    def policy(*usages: tuple[str, str, str]) -> RouteTable:
        return RouteTable(tuple(RouteRow(u, pattern, (s,), usage=u) for u, pattern, s in usages), (), "teams")

    found = compare(policy(us, world), policy(world, us))

    change = max(found.changes, key=lambda one: one.count)
    assert (change.kind, change.old, change.new, change.count) == ("first choice", ("US",), ("World",), 10**10)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(AnswerError, match="order of these routes is not known"):
        compare(RouteTable((), (), "teams", False), contoso())
    with pytest.raises(PatternError, match="never closed"):
        compare(contoso(), contoso(), intended=["(31"])
    with pytest.raises(AnswerError, match="no table"):
        compare(contoso(), 3)  # type: ignore[arg-type]


def test_short_and_service_codes_are_compared_as_well() -> None:
    old = table_from([["112", "^112$", "s1"], ["*21", r"^\*21\d{2}$", "s1"]])
    new = table_from([["112", "^112$", "s2"], ["*21", r"^\*21\d{3}$", "s1"]])

    changes = {(one.domain, one.kind): (one.witness, one.count) for one in compare(old, new).changes}

    assert changes == {
        ("short and emergency codes as dialled", "first choice"): ("112", 1),
        ("service codes", "lost"): ("*2100", 100),
        ("service codes", "gained"): ("*21000", 1000),
    }


def test_tables_of_the_kit_can_be_compared() -> None:
    assert compare(microsoft_three_routes(as_printed=True), microsoft_three_routes()).changes
    assert not compare(generated(50, 1), generated(50, 2)).same
    assert compare(contoso(), table_of(contoso())).same
