"""A configuration is read as the service writes it: load, then dump, is the identity; errors name the place.

The first law is tried on JSON that Hypothesis makes up inside the documented limits, unknown fields included.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from acs_telephony.errors import ConfigurationError
from acs_telephony.models import Resource, SipConfiguration, Trunk, VoiceRoute
from acs_telephony.tables import contoso, generated, microsoft_three_routes

SBC = "sbc1.contoso.com"
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
FQDNS = st.builds("{}.{}.example".format, LABELS, LABELS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
UNKNOWN = st.dictionaries(st.text(max_size=8).map("x-{}".format), JSON, max_size=2)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    fqdns = draw(st.lists(FQDNS, unique=True, max_size=4))
    trunks = {fqdn: {"sipSignalingPort": draw(st.integers(1, 65535))} | draw(UNKNOWN) for fqdn in fqdns}
    routes = []
    for i in range(draw(st.integers(0, 4))):
        route = {
            "name": f"{draw(st.text(min_size=1, max_size=9))}{i}",
            "numberPattern": draw(st.text(min_size=1, max_size=9)),
        }
        if fqdns:
            route["trunks"] = draw(st.lists(st.sampled_from(fqdns), unique=True))
        for optional in ("description", "callerIdOverride"):
            route |= draw(st.sampled_from([{}, {optional: None}, {optional: ""}, {optional: "x"}]))
        routes.append(route | draw(st.sampled_from([{}, {"trunks": None}])) | draw(UNKNOWN))
    return draw(UNKNOWN) | ({"trunks": trunks} if trunks or draw(st.booleans()) else {}) | {"routes": routes}


@given(configurations())
@settings(max_examples=200)
def test_load_then_dump_is_the_identity(wire: dict[str, Any]) -> None:
    loaded = SipConfiguration.load(wire)

    assert loaded.dump() == wire
    assert list(loaded.dump().get("trunks", {})) == list(wire.get("trunks", {}))
    assert SipConfiguration.load(json.dumps(wire)) == loaded


def test_absent_null_and_empty_are_three_things() -> None:
    routes = [
        {"name": "absent", "numberPattern": "1"},
        {"name": "null", "numberPattern": "1", "description": None, "trunks": None},
        {"name": "empty", "numberPattern": "1", "description": "", "trunks": []},
    ]

    assert SipConfiguration.load({"routes": routes}).dump() == {"routes": routes}
    assert SipConfiguration.load({}).dump() == {}
    assert SipConfiguration.load({"trunks": {}, "routes": []}).dump() == {"trunks": {}, "routes": []}


@pytest.mark.parametrize("resource", [microsoft_three_routes(), contoso(), generated(250, seed=1)])
def test_the_shared_tables_are_configurations_of_the_service(resource: Resource) -> None:
    wire = resource.configuration.dump()

    assert SipConfiguration.load(json.dumps(wire)).dump() == wire
    assert set(wire) == {"trunks", "routes"}
    assert {"name", "numberPattern", "trunks"} == set(wire["routes"][0])


def wire(**changes: Any) -> dict[str, Any]:
    """A sound configuration with some parts replaced."""
    route = {"name": "r", "numberPattern": r"^\+1\d{10}$", "trunks": [SBC]}
    return {"trunks": {SBC: {"sipSignalingPort": 5061}}, "routes": [route | changes.pop("route", {})]} | changes


# what is wrong | the place that the error must name | words that it must hold
REFUSED: list[tuple[Any, str, str]] = [
    (wire(trunks={}), "routes[0].trunks", "not in 'trunks'"),
    (wire(trunks={"-1": {"sipSignalingPort": 5061}}, routes=[]), "trunks.-1", "no fully qualified domain name"),
    (wire(trunks={"sbc": {"sipSignalingPort": 5061}}, routes=[]), "trunks.sbc", "no fully qualified domain name"),
    (
        wire(trunks={f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 58}": {"sipSignalingPort": 1}}, routes=[]),
        "trunks.",
        "'aaa",
    ),
    (wire(trunks={"a.azure.com": {"sipSignalingPort": 1}}, routes=[]), "trunks.a.azure.com", "service refuses"),
    (wire(trunks={"a.onmicrosoft.com": {"sipSignalingPort": 1}}, routes=[]), "trunks.a.onmicrosoft.com", "refuses"),
    (wire(trunks={SBC: {"sipSignalingPort": 0}}), f"trunks.{SBC}.sipSignalingPort", "the port is 0"),
    (wire(trunks={SBC: {"sipSignalingPort": 65536}}), f"trunks.{SBC}.sipSignalingPort", "1 to 65535"),
    (wire(trunks={SBC: {"sipSignalingPort": "5061"}}), f"trunks.{SBC}.sipSignalingPort", "a whole number"),
    (wire(trunks={SBC: {}}), f"trunks.{SBC}.sipSignalingPort", "missing"),
    (wire(trunks={SBC: 5061}), f"trunks.{SBC}", "an object is needed"),
    (wire(trunks=[SBC]), "trunks", "an object is needed"),
    (wire(routes={"r": {}}), "routes", "a list is needed"),
    (wire(route={"name": ""}), "routes[0].name", "empty"),
    (wire(route={"name": "n" * 257}), "routes[0].name", "257 characters, the limit is 256"),
    (wire(route={"numberPattern": "9" * 1025}), "routes[0].numberPattern", "1,025 characters, the limit is 1,024"),
    (wire(route={"description": "d" * 1025}), "routes[0].description", "the limit is 1,024"),
    (wire(route={"trunks": [SBC, SBC]}), "routes[0].trunks", "stands twice"),
    (wire(route={"trunks": [f"s{i}.b.com" for i in range(251)]}), "routes[0].trunks", "251 items, the limit is 250"),
    (wire(routes=[{"name": "r"}]), "routes[0].numberPattern", "missing"),
    (wire(routes=[{"name": "r", "numberPattern": "1"}] * 2), "routes[1]", "stands twice with the same pattern"),
    (
        wire(routes=[{"name": f"r{i}", "numberPattern": "1"} for i in range(251)]),
        "routes",
        "251 items, the limit is 250",
    ),
    (
        wire(trunks={f"s{i}.b.com": {"sipSignalingPort": 1} for i in range(251)}, routes=[]),
        "trunks",
        "the limit is 250",
    ),
]


@pytest.mark.parametrize(("given", "place", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_wrong_is_said_with_its_place_and_a_remedy(given: dict[str, Any], place: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SipConfiguration.load(given)

    problem = caught.value.problems[0]
    assert problem.place.startswith(place)
    assert words in str(problem)
    assert problem.remedy
    assert len(str(problem)) < 500


def test_the_limits_themselves_are_allowed() -> None:
    trunks = {f"s{i}.b.com": {"sipSignalingPort": 65535} for i in range(250)}
    routes = [{"name": f"{i:0256}", "numberPattern": "9" * 1024, "trunks": list(trunks)} for i in range(250)]
    longest = f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 57}"

    assert len(longest) == 249
    assert len(SipConfiguration.load({"trunks": trunks, "routes": routes}).routes) == 250
    assert SipConfiguration.load({"trunks": {longest: {"sipSignalingPort": 1}}}).trunks[0].fqdn == longest


def test_all_problems_are_listed_in_their_order() -> None:
    with pytest.raises(ConfigurationError) as caught:
        SipConfiguration.load({"trunks": {"-1": {"sipSignalingPort": 0}}, "routes": [{"name": ""}]})

    places = [problem.place for problem in caught.value.problems]
    assert places == ["trunks.-1", "trunks.-1.sipSignalingPort", "routes[0].name", "routes[0].numberPattern"]
    assert "4 problems" in str(caught.value)


def test_the_case_of_an_fqdn_is_kept_and_does_not_matter() -> None:
    routes = [{"name": "r", "numberPattern": "1", "trunks": ["SBC1.contoso.com"]}]
    given = {"trunks": {"sbc1.contoso.com": {"sipSignalingPort": 1}}, "routes": routes}

    assert SipConfiguration.load(given).dump() == given
    with pytest.raises(ConfigurationError, match="stands twice"):
        SipConfiguration.load({"trunks": {"a.b.com": {"sipSignalingPort": 1}, "A.B.com": {"sipSignalingPort": 1}}})


def test_one_trunk_twice_in_a_route_is_refused_in_capitals_too() -> None:
    with pytest.raises(ConfigurationError, match="stands twice in one route"):
        SipConfiguration.load(wire(route={"trunks": [SBC, SBC.upper()]}))


def test_what_was_loaded_does_not_follow_its_source() -> None:
    given: dict[str, Any] = {"trunks": {}, "x": {"y": [1]}}
    loaded = SipConfiguration.load(given)
    given["x"]["y"].append(2)

    assert loaded.dump() == {"trunks": {}, "x": {"y": [1]}}


# text that is no configuration | words that the error must hold
UNREADABLE: list[tuple[str | bytes, str]] = [
    ('{"trunks": {', "line 1"),
    ("[]", "an object is needed"),
    ("", "line 1"),
    (b"\xff\xfe\xfa", "cannot be read"),
    ("[" * 100_000, "cannot be read"),
    ('{"x": NaN}', "no JSON number"),
    ('{"x": 1e400}', "no JSON number"),
    ('{"routes": [{"name": "\\ud800", "numberPattern": "1"}]}', "half a character"),
    ('{"routes": [{"name": "r", "number_pattern": "1"}]}', "numberPattern"),
    ('{"trunks": {"10.0.0.1": {"sipSignalingPort": 1}}}', "no fully qualified domain name"),
    ('{"trunks": {"a.b.com": {"sipSignalingPort": 1}, "a.b.com": {"sipSignalingPort": 2}}}', "stands twice"),
    ('{"trunks": {"a.b.com": {"sipSignalingPort": 1, "fqdn": "x"}}}', "Remove this field"),
]


@pytest.mark.parametrize(("text", "words"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_text_that_is_no_configuration_is_refused_kindly(text: str | bytes, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        SipConfiguration.load(text)


def test_a_byte_order_mark_is_no_error() -> None:
    assert SipConfiguration.load('\ufeff{"routes": []}').dump() == {"routes": []}
    assert SipConfiguration.load(b'\xef\xbb\xbf{"routes": []}').dump() == {"routes": []}
    with pytest.raises(ConfigurationError, match="an object is needed"):
        SipConfiguration.load(None)  # type: ignore[arg-type]


def test_values_cannot_be_changed() -> None:
    trunk = Trunk(fqdn=SBC, sip_signaling_port=5061)

    with pytest.raises(ValidationError):
        trunk.sip_signaling_port = 5062  # type: ignore[misc]
    assert hash(trunk) == hash(Trunk(fqdn=SBC, sip_signaling_port=5061))


def test_a_resource_takes_e164_numbers_only() -> None:
    with pytest.raises(ValidationError, match=r"no E\.164 number"):
        Resource(purchased_numbers=("0201234567",))
    with pytest.raises(ValidationError):
        Resource(purchased_number=("+14255550111",))  # type: ignore[call-arg]
    assert VoiceRoute(name="r", number_pattern="1").trunks == ()
