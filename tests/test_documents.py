"""Texts that hold a route table: what is read from them, where it stands, what is refused, and what can be shared."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_telephony.checking.documents import anonymise, place_in, read_table
from acs_telephony.checking.route_table import Place, RouteTable, table_of
from acs_telephony.errors import ConfigurationError
from acs_telephony.models import SipConfiguration, is_fqdn
from acs_telephony.tables import contoso, generated
from tests.conftest import cases

TEAMS = {
    "routes": [
        {
            "Identity": name,
            "Name": name,
            "Priority": priority,
            "Description": "of the page",
            "NumberPattern": pattern,
            "OnlinePstnUsages": usages,
            "OnlinePstnGatewayList": gateways,
        }
        for name, priority, pattern, usages, gateways in (
            ("International", 4, r"\d+", ["International"], ["sbc2.contoso.com", "sbc5.contoso.com"]),
            ("Redmond 1", 1, r"^\+1(425|206)(\d{7})$", ["US and Canada"], ["sbc1.contoso.com", "sbc2.contoso.com"]),
            ("Other +1", 3, r"^\+1(\d{10})$", ["US and Canada"], ["sbc5.contoso.com", "sbc6.contoso.com"]),
            ("Redmond 2", 2, r"^\+1(425|206)(\d{7})$", ["US and Canada"], ["sbc3.contoso.com", "sbc4.contoso.com"]),
        )
    ],
    "policies": [
        {"Identity": "Global", "OnlinePstnUsages": []},
        {"Identity": "Tag:US Only", "OnlinePstnUsages": ["US and Canada"]},
        {"Identity": "Tag:No Restrictions", "OnlinePstnUsages": ["US and Canada", "International"]},
        {"Identity": "Tag:Turned", "OnlinePstnUsages": ["international", "US and Canada"]},
    ],
}


def problems(text: str | bytes, **more: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read_table(text, **more)
    return caught.value


def at(text: str, place: Place | None) -> str:
    """What stands in a text from a place on."""
    assert place is not None
    return "\n".join(text.split("\n")[place.line - 1 :])[place.column - 1 :]


def without_places(table: RouteTable) -> RouteTable:
    return replace(
        table,
        routes=tuple(replace(row, place=None, pattern_place=None) for row in table.routes),
        trunks=tuple(replace(row, place=None) for row in table.trunks),
    )


@pytest.mark.parametrize("case", cases("documents.toml", "refused"))
def test_what_cannot_be_used_is_refused_with_every_place(case: dict[str, Any]) -> None:
    error = problems(case["text"])

    assert [problem.place for problem in error.problems] == case["places"]
    assert case["says"] in str(error)


@pytest.mark.parametrize("table", [contoso(), generated(250, 1)], ids=["contoso", "250 routes"])
def test_what_the_service_returns_is_read_as_the_strict_reader_reads_it(table: Any) -> None:
    text = json.dumps(table.configuration.dump())

    assert without_places(read_table(text)) == table_of(SipConfiguration.load(text))


def test_faults_are_kept_for_the_audit() -> None:
    table = read_table(
        json.dumps(
            {
                "trunks": {"sbc1.contoso.com": {"sipSignalingPort": 0}, "SBC1.contoso.com": {"enabled": False}},
                "domains": {"contoso.com": {"enabled": True}},
                "routes": [
                    {"name": "", "numberPattern": "(", "trunks": ["sbc9.contoso.com"] * 2, "callerIdOverride": "+1"},
                    {"name": "n" * 300, "numberPattern": "1" * 2000, "description": None, "trunks": None, "new": {}},
                ]
                * 126,
            }
        )
    )

    assert len(table.routes) == 252
    assert [(row.sip_signaling_port, row.enabled) for row in table.trunks] == [(0, True), (None, False)]
    assert table.routes[0].trunks == ("sbc9.contoso.com", "sbc9.contoso.com")
    assert table.routes[0].caller_id_override == "+1"
    assert (len(table.routes[1].name), table.routes[1].trunks, table.routes[1].description) == (300, (), "")


# --- Teams


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        ("US Only", ["Redmond 1", "Redmond 2", "Other +1"]),
        ("tag:us only", ["Redmond 1", "Redmond 2", "Other +1"]),
        ("No Restrictions", ["Redmond 1", "Redmond 2", "Other +1", "International"]),
        ("Turned", ["International", "Redmond 1", "Redmond 2", "Other +1"]),
        ("Global", []),
    ],
)
def test_a_policy_orders_usages_and_priority_orders_routes(policy: str, names: list[str]) -> None:
    table = read_table(json.dumps(TEAMS), policy=policy)

    assert (table.service, table.ordered) == ("teams", True)
    assert [row.name for row in table.routes] == names
    assert {row.usage for row in table.routes if row.name != "International"} <= {"US and Canada"}


def test_a_route_in_two_usages_is_a_row_in_each() -> None:
    route = TEAMS["routes"][0] | {"OnlinePstnUsages": {"value": ["a", "b"], "Count": 2}}
    policy = {"Identity": "Tag:both", "OnlinePstnUsages": {"value": ["b", "a", "b"], "Count": 3}}

    assert [row.usage for row in read_table(json.dumps({"routes": route, "policies": policy})).routes] == ["b", "a"]


def test_without_policy_the_order_is_not_known() -> None:
    routes = json.dumps(TEAMS["routes"])
    table = read_table(routes)

    assert not table.ordered
    assert [row.name for row in table.routes] == ["Redmond 1", "Redmond 2", "Other +1", "International"]
    assert {row.usage for row in table.routes} == {None}
    assert "Give the policies too" in str(problems(routes, policy="US Only"))


def test_among_several_policies_one_has_to_be_chosen() -> None:
    assert "Choose one of: 'Global', 'US Only', 'No Restrictions', 'Turned'." in str(problems(json.dumps(TEAMS)))
    assert "no policy is called 'EU'" in str(problems(json.dumps(TEAMS), policy="EU"))
    assert "has none" in str(problems('{"trunks": {}}', policies="[]"))
    assert read_table('{"trunks": {}}', policy="EU") == read_table('{"trunks": {}}')


def test_policies_and_gateways_may_come_in_files_of_their_own() -> None:
    gateways = [{"Identity": "sbc1.contoso.com", "SipSignalingPort": 5061, "Enabled": False}]
    table = read_table(
        json.dumps(TEAMS["routes"]), policies=json.dumps(TEAMS["policies"][1]), gateways=json.dumps(gateways)
    )

    assert [row.usage for row in table.routes] == ["US and Canada"] * 3
    assert [(row.fqdn, row.sip_signaling_port, row.enabled, row.place) for row in table.trunks] == [
        ("sbc1.contoso.com", 5061, False, None)
    ]
    assert problems("[]", gateways='[{"Fqdn": 1}]').problems[0].place == "gateways[0].Identity"


def test_without_gateways_the_trunks_are_those_that_routes_name() -> None:
    text = json.dumps(TEAMS["routes"], indent=1)
    trunks = read_table(text).trunks

    assert [row.fqdn.partition(".")[0] for row in trunks] == ["sbc2", "sbc5", "sbc1", "sbc6", "sbc3", "sbc4"]
    assert at(text, trunks[2].place).startswith('{\n  "Identity": "Redmond 1"')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_encoding_that_powershell_writes_is_read(encoding: str) -> None:
    text = json.dumps(TEAMS["routes"], ensure_ascii=False).replace("Other +1", "Über +1").replace("\n", "\r\n")

    assert read_table(text.encode(encoding)) == read_table(text) == read_table("\ufeff" + text)


def test_bytes_that_are_no_text_are_refused() -> None:
    assert "byte 1 is no utf-8" in str(problems(b"[\xff\xff]"))
    assert "utf-16" in str(problems(b"\xff\xfe["))


# --- places


JSON_TEXTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda part: st.lists(part) | st.dictionaries(st.text(max_size=4), part),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> str:
    """A table of ACS or Teams as JSON, with unknown fields, any layout, and escapes or none."""
    teams = draw(st.booleans())
    name, pattern = ("Name", "NumberPattern") if teams else ("name", "numberPattern")
    row = st.fixed_dictionaries({name: TEXTS, pattern: TEXTS}, optional={'"{[:,': JSON_TEXTS, "x": JSON_TEXTS})
    routes = draw(st.lists(row.flatmap(lambda one: st.permutations(list(one.items())).map(dict)), max_size=4))
    wire: Any = {"x": draw(JSON_TEXTS), "routes": routes}
    if not teams:
        wire["trunks"] = {fqdn: {"sipSignalingPort": 1} for fqdn in draw(st.sets(TEXTS, max_size=3))}
    elif draw(st.booleans()):
        wire = routes[0] if len(routes) == 1 and draw(st.booleans()) else routes
    else:
        wire["policies"] = []
    layout = draw(st.sampled_from([None, 0, 3]))
    text = json.dumps(wire, indent=layout, ensure_ascii=draw(st.booleans()))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@given(tables())
def test_a_place_points_at_the_very_characters(text: str) -> None:
    """A route's place is where decoding gives its row, a pattern's place is where decoding gives its text."""
    table = read_table(text)
    decoder = json.JSONDecoder()

    for row in table.routes:
        assert row.place is not None
        assert row.pattern_place is not None
        whole, _ = decoder.raw_decode(at(text, row.place))
        assert row.number_pattern in whole.values()
        assert row.name in whole.values()
        pattern, _ = decoder.raw_decode('"' + at(text, row.pattern_place))
        assert pattern == row.number_pattern
        for position, character in enumerate(pattern):
            rest, _ = decoder.raw_decode('"' + at(text, place_in(text, row.pattern_place, position)))
            assert rest[0] == character
            assert rest == pattern[position:]
    for trunk in table.trunks:
        assert decoder.raw_decode('"' + at(text, trunk.place))[0] == trunk.fqdn


def test_a_deep_text_is_refused_and_a_large_one_is_read() -> None:
    assert "cannot be read" in str(problems('{"routes": ' + "[" * 100_000 + "]" * 100_000 + "}"))
    rows = [{"name": str(i), "numberPattern": "^1$", "x": [i]} for i in range(20_000)]
    assert at(json.dumps({"routes": rows}), read_table(json.dumps({"routes": rows})).routes[-1].place).startswith(
        '{"name": "19999"'
    )


# --- sharing


def up_to_names(table: RouteTable) -> Any:
    """All of a table that an audit can see but for its names: each is replaced by where it came first."""
    seen: dict[tuple[str, str], int] = {}

    def known(kind: str, name: str) -> tuple[int, bool, bool]:
        return (
            seen.setdefault((kind, name.lower() if kind == "trunk" else name), len(seen)),
            is_fqdn(name),
            len(name) > 256,
        )

    return (
        [(known("trunk", row.fqdn), row.enabled, row.sip_signaling_port) for row in table.trunks],
        [
            (
                known("route", row.name),
                row.name == "",
                row.number_pattern,
                [known("trunk", fqdn) for fqdn in row.trunks],
                row.caller_id_override and is_number(row.caller_id_override),
                row.usage and known("usage", row.usage),
            )
            for row in table.routes
        ],
        (table.service, table.ordered),
    )


def is_number(text: str) -> bool:
    return re.fullmatch(r"\+[1-9]\d{1,14}", text) is not None


FQDNS = st.sampled_from(
    [
        "ams1.contoso.com",
        "AMS1.contoso.com",
        "ams2.contoso.com",
        "ams3",
        "10.0.0.1",
        "a.azure.com",
        "",
        "a." * 40 + "com",
    ]
)


@given(
    st.dictionaries(
        FQDNS, st.fixed_dictionaries({}, optional={"sipSignalingPort": st.integers(0, 9), "enabled": st.booleans()})
    ),
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(["", "Contoso", "contoso", "n" * 300]),
                "numberPattern": TEXTS,
                "trunks": st.lists(FQDNS),
            },
            optional={
                "description": TEXTS,
                "callerIdOverride": st.sampled_from(["", "+31201234567", "x"]),
                "secret": TEXTS,
            },
        ),
        max_size=4,
    ),
)
def test_a_shared_table_is_the_same_up_to_names(trunks: dict[str, Any], routes: list[dict[str, Any]]) -> None:
    text = json.dumps({"trunks": trunks, "routes": routes})

    assert up_to_names(read_table(anonymise(text))) == up_to_names(read_table(text))


@pytest.mark.parametrize("policy", ["US Only", "No Restrictions", "Turned"])
def test_a_shared_table_of_teams_is_the_same_up_to_names(policy: str) -> None:
    gateways = [{"Identity": "SBC1.contoso.com", "Enabled": True, "SipSignalingPort": 5061}]
    chosen = [row for row in TEAMS["policies"] if row["Identity"] == f"Tag:{policy}"]
    given_apart = {"policies": json.dumps(chosen), "gateways": json.dumps(gateways)}
    routes = json.dumps(TEAMS["routes"])

    shared = anonymise(routes, **given_apart)
    assert up_to_names(read_table(shared)) == up_to_names(read_table(routes, **given_apart))
    assert up_to_names(read_table(anonymise(routes))) == up_to_names(read_table(routes))


def test_nothing_but_patterns_and_ports_is_left_of_what_was_named() -> None:
    text = json.dumps(contoso().configuration.dump() | {"secret": "contoso"}).replace("ams1.contoso", "ams1.Contoso")
    shared = anonymise(text)

    assert re.search("contoso|ams|iad|amsterdam|emergency|secret", shared, re.IGNORECASE) is None
    assert '"route 60"' in shared
    assert re.search("contoso|redmond|canada|us only|of the page", anonymise(json.dumps(TEAMS)), re.IGNORECASE) is None
    with pytest.raises(ConfigurationError):
        anonymise("{}")
