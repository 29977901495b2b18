"""An audit finds what is wrong, and only that; every number it shows is confirmed by an ordered scan with `re`.

Laws: first shares and the numbers nobody takes add up to E.164; counts are those of a second computation on digits;
what is never first choice is never seen first in samples; tables of floating routes get the same answers one question
after another as from the walk over all numbers.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

import phonenumbers
import pytest

from acs_telephony import contoso, generated, microsoft_three_routes
from acs_telephony.checking.auditing import Audit, audit
from acs_telephony.checking.findings import Finding, rules
from acs_telephony.checking.route_table import RouteRow, RouteTable, TrunkRow, table_of
from acs_telephony.checking.surveying import Survey
from acs_telephony.checking.tallying import tally, tally_apart
from acs_telephony.errors import AnswerError, NumberError
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.numbers import costly_numbers, emergency_numbers, number_types
from tests.conftest import cases
from tests.random_patterns import random_pattern
from tests.test_patterns import ALL_E164

DOMAIN = ".example.com"


def table_from(case: dict[str, Any]) -> RouteTable:
    rows, hosts = [], []
    for name, pattern, to, *usage in case["table"]:
        trunks = tuple(host + DOMAIN for host in to.split())
        name = name or "n" * case.get("long_name", 0)
        rows.append(RouteRow(name, pattern, trunks, usage=usage[0] if usage else None))
        hosts += [trunk for trunk in trunks if trunk.lower() not in map(str.lower, hosts)]
    there = [host + DOMAIN for host in case["trunks_there"]] if "trunks_there" in case else hosts
    disabled = [host + DOMAIN for host in case.get("disabled", ())]
    port = case.get("port")
    trunks = tuple(TrunkRow(fqdn, enabled=fqdn not in disabled, sip_signaling_port=port) for fqdn in there)
    return RouteTable(tuple(rows), trunks, case.get("service", "acs"), case.get("ordered", True))


def audited(case: dict[str, Any]) -> tuple[RouteTable, Audit]:
    table = table_from(case)
    dead = [host + DOMAIN for host in case.get("dead", ())]
    return table, audit(table, countries=case.get("countries", ()), dead=dead)


@pytest.mark.parametrize("case", cases("findings.toml", "finding"))
def test_a_rule_finds_what_its_case_says(case: dict[str, Any]) -> None:
    table, found = audited(case)
    wanted = [finding for finding in found.findings if finding.rule == case.get("rule", case.get("not"))]
    wanted.sort(key=lambda finding: finding.witness != case.get("witness"))

    if "not" in case:
        assert wanted == []
        return
    assert wanted
    finding = wanted[0]
    assert finding.severity == rules()[case["rule"]].severity
    assert finding.sentence[-1] == finding.remedy[-1] == "."
    assert "{" not in finding.sentence.replace("{m", "")
    if "routes" in case:
        assert [table.routes[route].name for route in finding.routes] == case["routes"]
    if "trunks" in case:
        assert [fqdn.removesuffix(DOMAIN) for fqdn in finding.trunks] == case["trunks"]
    assert finding.certainty == case.get("certainty", "certain")
    for field in ("witness", "count", "position"):
        if field in case:
            assert getattr(finding, field) == case[field]


def test_every_rule_of_the_audit_has_a_case() -> None:
    """The first three are about the audit itself, and are tested below and with the silences; the others are those of
    expectations, and are tested with them."""
    told = {case.values[0].get("rule") for case in cases("findings.toml", "finding")}

    assert set(rules()) - told == {
        "undecided", "not-counted", "stale-silence", "expectation", "untouched", "unnoticed",
    }  # fmt: skip


WORDS = {"never": {"never", "no-plus"}, "standby": {"standby-only", "standby-same"}, "single": {"single-sbc"}}


@pytest.mark.parametrize("planted", cases("contoso.toml", "planted"))
def test_the_faults_planted_in_contoso_are_found(planted: dict[str, Any]) -> None:
    table = table_of(contoso())
    found = audit(table, countries=("NL", "US")).findings
    about = [one for one in found if planted["route"] in {table.routes[route].name for route in one.routes}]

    if planted["word"] in WORDS:
        assert WORDS[planted["word"]] & {one.rule for one in about}
    elif planted["word"] == "first choice":
        assert not {"never", "no-plus", "standby-only", "standby-same"} & {one.rule for one in about}
    elif planted["number"] == "+112":
        assert [one.rule for one in found if "+112 comes to nobody" in one.sentence] == ["emergency-one-form"]
    else:
        gaps = [one.domain for one in found if one.rule == "gap"]
        assert any(planted["number"].startswith("+31" if "NL" in domain else "+1") for domain in gaps)


# ---------------------------------------------------------------- the oracle: an ordered scan with `re`


def scan(table: RouteTable, number: str, *, whole: bool = False) -> list[int]:
    match = re.fullmatch if whole else re.search
    return [i for i, row in enumerate(table.routes) if match(row.number_pattern, number, re.ASCII)]


def confirm(table: RouteTable, finding: Finding, *, whole: bool) -> bool:
    """Whether the number of a finding shows, to a scan, what the finding says."""
    number = finding.witness or ""
    chain = scan(table, number, whole=whole)
    trunks = [{fqdn.lower() for fqdn in table.routes[route].trunks} for route in chain]
    match finding.rule:
        case "standby-only" | "standby-same":
            return finding.routes[0] in chain[1:]
        case "overlap":
            route = finding.routes[0]
            return any(
                other < route and its != trunks[chain.index(route)] for other, its in zip(chain, trunks, strict=True)
            )
        case "single-sbc":
            return set().union(*trunks) == set(finding.trunks)
        case "toll-fraud":
            kind = phonenumbers.number_type(phonenumbers.parse(number))
            known = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)
            ours = re.match(r"\+(8[78][0-3]|979|808)", number) is not None
            comes_there = chain[:1] != [] and chain[0] in finding.routes and set().union(*trunks) == set(finding.trunks)
            return comes_there and (kind in known or ours)
        case "gap":
            return chain == [] and phonenumbers.is_valid_number(phonenumbers.parse(number))
        case "short-only" | "no-plus":
            return finding.routes[0] in chain
        case "open-start" | "open-end" | "alternation":
            return (finding.routes[0] in chain) is not whole
        case "emergency":
            return set(finding.routes) == {chain[0], *scan(table, f"+{number}", whole=whole)[:1]}
        case "emergency-one-form":
            return finding.routes[0] in chain and scan(table, f"+{number}", whole=whole) == []
        case "emergency-nobody":
            return scan(table, number, whole=whole) == scan(table, f"+{number}", whole=whole) == []
    raise AssertionError(f"no oracle for {finding.rule}")


def readable(table: RouteTable) -> RouteTable:
    """Without the routes that Python refuses, such as ^+1."""
    kept = []
    for row in table.routes:
        try:
            re.compile(row.number_pattern)
        except re.error:
            continue
        kept.append(row)
    return RouteTable(tuple(kept), table.trunks)


TABLES = {
    "microsoft_three_routes": table_of(microsoft_three_routes()),
    "contoso": readable(table_of(contoso())),
    "generated": table_of(generated(60, seed=4)),
    "more generated": table_of(generated(250, seed=9)),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_number_that_a_finding_shows_is_confirmed_by_a_scan(table: RouteTable) -> None:
    shown = [one for one in audit(table, countries=("US", "NL", "DE", "GB")).findings if one.witness]
    answers = [(one, {confirm(table, one, whole=whole) for whole in (False, True)}) for one in shown]

    assert len(shown) > 5
    for finding, confirmed in answers:
        of_the_reading = finding.rule in ("open-start", "open-end", "alternation")
        sure = finding.certainty == "certain" or of_the_reading
        assert confirmed == ({True} if sure else {True, False}), finding.sentence


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_is_never_first_is_not_seen_first_in_samples(table: RouteTable) -> None:
    found = audit(table).findings
    buried = {one.routes[0] for one in found if one.rule in ("standby-only", "standby-same", "never", "no-plus")}
    seen = {chain[0] for number in sampled(table) if (chain := scan(table, number))}

    assert len(seen) > len(table.routes) // 4
    assert seen.isdisjoint(buried)
    first = {i for i, share in enumerate(audit(table).shares) if share.first}
    assert seen <= first


def sampled(table: RouteTable, each: int = 40) -> list[str]:
    """Numbers near what the routes take: the shortest number of each region with digits changed, cut and added."""
    random = Random(5)
    numbers = []
    for region in Survey([row.number_pattern for row in table.routes]).machine.regions():
        for _ in range(each if len(table.routes) < 100 else 6):
            digits = list(region.witness)
            for _ in range(random.randint(0, 4)):
                digits[random.randrange(2, len(digits))] = random.choice("0123456789")
            numbers.append(
                "".join(digits)[: random.choice([16, 16, 16, len(digits) - 1])] + random.choice(["", "", "7"])
            )
    return [number for number in numbers if re.fullmatch(r"\+[1-9]\d{1,14}", number)]


# ---------------------------------------------------------------- counts


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_first_shares_and_nobody_add_up_to_all_of_e164(table: RouteTable) -> None:
    found = audit(table)

    assert sum(share.first or 0 for share in found.shares) + (found.nobody or 0) == ALL_E164


def test_shares_are_those_of_a_count_on_digits() -> None:
    """Routes of a prefix and a range of lengths, counted by splitting prefixes, without any pattern."""
    random = Random(3)
    for _ in range(25):
        routes = []
        for _ in range(8):
            prefix = random.choice("123") + "".join(random.choices("123", k=random.randint(0, 3)))
            low = random.randint(1, 6)
            routes.append((prefix, len(prefix) + low, len(prefix) + low + random.randint(0, 3)))
        patterns = [rf"^\+{prefix}\d{{{low - len(prefix)},{high - len(prefix)}}}$" for prefix, low, high in routes]
        table = RouteTable(tuple(RouteRow(f"r{i}", text, ("s1",)) for i, text in enumerate(patterns)))

        found = audit(table)

        first, standby = [0] * len(routes), [0] * len(routes)
        for length in range(2, 16):
            for chain, count in split("", length, [(p, low, high) for p, low, high in routes]):
                for place, route in enumerate(chain):
                    (standby if place else first)[route] += count
        assert [(share.first, share.standby) for share in found.shares] == list(zip(first, standby, strict=True))


def split(prefix: str, length: int, routes: list[tuple[str, int, int]]) -> list[tuple[list[int], int]]:
    """The numbers of a length that begin with a prefix, in blocks with the routes that take the block, and its size."""
    longer = [p for p, low, high in routes if low <= length <= high and p.startswith(prefix) and len(p) > len(prefix)]
    if longer and len(prefix) < length:
        digits = "123456789" if not prefix else "0123456789"
        return [block for digit in digits for block in split(prefix + digit, length, routes)]
    chain = [i for i, (p, low, high) in enumerate(routes) if low <= length <= high and prefix.startswith(p)]
    return [(chain, (9 if not prefix else 1) * 10 ** (length - max(len(prefix), 1)))]


# ---------------------------------------------------------------- what could not be read, and what is too large


def test_an_unreadable_pattern_leaves_what_depends_on_it_unproven() -> None:
    table = table_from({"table": [["a", r"^\+1(\d{10}$", "s1"], ["b", r"^\+1425\d{7}$", "s1"]]})
    found = {one.rule: one.certainty for one in audit(table, countries=("US",)).findings}

    assert found["unreadable"] == "certain"
    assert {found[rule] for rule in ("gap", "single-sbc", "emergency-nobody")} == {"not proven"}


def test_tables_of_floating_routes_get_the_same_answers_one_question_after_another() -> None:
    random = Random(12)
    costly = costly_numbers()[:20]
    for _ in range(25):
        patterns = [random_pattern(random) for _ in range(4)] + [r"^\+3\d{4}$", r"31\d", "4{2}"]
        random.shuffle(patterns)
        rows = tuple(RouteRow(str(i), text, (f"s{random.randint(1, 3)}",)) for i, text in enumerate(patterns))
        table = RouteTable(rows)
        survey = Survey(patterns, [one.pattern for one in costly])
        for reading in survey.readings:
            walked = tally(table, survey, reading, costly, {"s1"})
            asked = tally_apart(table, survey, reading, costly, {"s1"})

            assert (asked.firsts, asked.tried, asked.undecided) == (walked.firsts, walked.tried, {})
            assert [one is None for one in asked.shortest] == [one is None for one in walked.shortest]
            assert set(asked.shared) & asked.firsts == set(walked.shared) & walked.firsts
            assert set(asked.single) == set(walked.single)
            assert (asked.lost is None) == (walked.lost is None)
            for one in (*asked.single.values(), *([asked.lost] if asked.lost else [])):
                assert one.count is None
                assert scan(table, one.witness, whole=reading == "whole")


def test_a_table_too_large_for_one_machine_says_so_and_proves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["nl", r"^\+31\d{9}$", "s1"], ["float", r"5.{9}$", "s2"], ["twin", r"^\+31[1-9]\d{8}$", "s1"]]
    table = table_from({"table": rows})
    walked = {(one.rule, one.routes) for one in audit(table).findings}
    monkeypatch.setattr("acs_telephony.automaton.MOST_STATES", 1000)
    found = audit(table)

    assert [one.rule for one in found.findings if one.rule == "not-counted"] == ["not-counted"]
    assert {share.first for share in found.shares} == {None}
    assert found.nobody is None
    asked = {(one.rule, one.routes) for one in found.findings}
    order = {"never", "standby-only", "standby-same", "overlap", "open-start", "alternation"}
    assert {one for one in asked if one[0] in order} == {one for one in walked if one[0] in order}


# ---------------------------------------------------------------- the door


def test_emergency_numbers_depend_on_the_reading_where_their_routes_do() -> None:
    open_end = table_from({"table": [["a", "^11", "s1"], ["b", "^112$", "s2"]]})
    takers = {one.certainty for one in audit(open_end).findings if one.witness == "112" and "emergency" in one.rule}

    assert takers == {"depends on how the service matches"}


def test_a_route_without_trunks_takes_no_emergency_and_costs_nothing() -> None:
    found = {one.rule for one in audit(table_from({"table": [["a", r"^(\+?112|\+1900\d{7})$", ""]]})).findings}

    assert "emergency-nobody" in found
    assert not {"emergency", "emergency-one-form", "toll-fraud"} & found


def test_where_the_readings_agree_on_the_number_only_both_are_told() -> None:
    table = table_from({"table": [["a", r"^\+31\d{9}$|32\d{7}$", "s1"], ["b", r"^\+33\d{9}$", "s1"]]})
    (single,) = [one for one in audit(table).findings if one.rule == "single-sbc"]

    assert single.certainty == "certain"
    assert (
        "If the whole number must match: The trunk s1.example.com alone carries 2,000,000,000 numbers"
        in single.sentence
    )


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\+(\d?){240}1(\d?){240}2(\d?){240}$",
        r"\d*(1\d{6}2|2\d{6}3|3\d{6}4|4\d{6}1|5\d{6}6|6\d{6}7)\d{2}$",
        r"[1-4]\d{6}[1-4]|[2-5]\d{5}[3-6]\d\d",
        r"^\+(\d?){200}1(\d?){200}$",
    ],
)
def test_a_pattern_that_multiplies_is_told_as_undecided_and_hides_nothing_else(pattern: str) -> None:
    table = table_from({"table": [["x", pattern, "s1"], ["broken", r"^\+31(", "s1"], ["nl", r"^\+31\d{9}$", "s2"]]})
    found = audit(table).findings

    assert {"undecided", "unreadable", "not-counted"} <= {one.rule for one in found}
    assert not [one for one in found if one.rule in ("never", "standby-only") and 0 in one.routes]


def test_a_table_that_cannot_even_be_asked_about_says_that_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_from({"table": [["a", r"^\+\d*5\d{9}$", "s1"], ["b", r"^\+\d*6\d{8}$", "s2"]]})
    monkeypatch.setattr("acs_telephony.automaton.MOST_STATES", 50)

    found = audit(table)

    assert {"not-counted", "undecided"} <= {one.rule for one in found.findings}
    assert found.nobody is None
    assert {share.first for share in found.shares} == {None}


def test_what_cannot_be_audited_is_refused() -> None:
    with pytest.raises(AnswerError, match="no table"):
        audit("routes")  # type: ignore[arg-type]
    with pytest.raises(AnswerError, match="no trunk is called 'sbc9'"):
        audit(contoso(), dead=["sbc9"])
    with pytest.raises(NumberError, match="no number plan"):
        audit(contoso(), countries=["XX"])
    with pytest.raises(NumberError, match="no country"):
        number_types("")


def test_an_empty_table_takes_nothing() -> None:
    found = audit(Resource(configuration=SipConfiguration()))

    assert found.shares == ()
    assert found.nobody == ALL_E164
    assert {one.rule for one in found.findings} == {"emergency-nobody"}


def test_the_kinds_of_number_are_those_of_libphonenumber() -> None:
    """Every example number of the metadata is in the pattern of its type."""
    for country in ("NL", "US", "IN", "GB", "BR"):
        for one in number_types(country):
            assert re.fullmatch(one.pattern.removeprefix("^").removesuffix("$"), example(country, one.name))
    assert emergency_numbers("NL") == ("112", "911")
    assert emergency_numbers("") == ()


def example(country: str, name: str) -> str:
    kinds = {"fixed-line": 0, "mobile": 1, "toll-free": 3, "premium-rate": 4, "shared-cost": 5, "VoIP": 6}
    kinds |= {"personal": 7, "pager": 8, "company-wide": 9, "voicemail": 28}
    kind = kinds[name.split(" or ")[0]]
    number = phonenumbers.example_number_for_type(country, kind if kind < 20 else 10)
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def test_a_plan_that_goes_on_where_e164_ends_is_counted_as_far_as_e164_goes() -> None:
    """+49 180 and 5 to 10 digits, though the plan has 11; +49 137, a digit from 1 to 6 and six; +49 138 and four."""
    total = sum(10**digits for digits in range(5, 11)) + 6 * 10**6 + 10**4
    gaps = [one for one in audit(RouteTable((RouteRow("a", "^1$"),)), countries=["DE"]).findings if one.rule == "gap"]

    (shared,) = [one for one in gaps if "shared-cost" in one.sentence]
    assert shared.count == total == 11_117_110_000


@pytest.mark.parametrize(
    "table", [contoso(), generated(50, 3), microsoft_three_routes(), microsoft_three_routes(as_printed=True)]
)
def test_leaving_out_costly_numbers_that_no_route_can_take_changes_nothing(
    table: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = audit(table)
    monkeypatch.setattr("acs_telephony.checking.auditing.can_begin", lambda patterns, beginnings: beginnings)

    assert audit(table) == found
