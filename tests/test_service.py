"""What the local resource does with a change: every documented answer, and a model that others wrote of merging."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from acs_telephony.facts import load
from acs_telephony.live.service import GA, PREVIEW, Refusal, State, matching
from acs_telephony.models import is_fqdn
from tests.conftest import cases

OUTER = {"code": "UnprocessableConfiguration", "message": "One or more request inputs are not valid."}
EMPTY = '{"trunks": {}, "routes": []}'


def given_by(case: dict[str, Any]) -> State:
    return State.of(json.loads(case.get("given", EMPTY)))


@pytest.mark.parametrize("case", cases("sip_api.toml", "refused"))
def test_every_documented_refusal(case: dict[str, Any]) -> None:
    before = given_by(case)
    shown = deepcopy(before.shown(GA))

    with pytest.raises(Refusal) as refused:
        before.patched(json.loads(case["patch"]), GA)

    inner = {"code": case["code"], "message": case["message"]}
    assert (refused.value.status, refused.value.body()) == (case["status"], {"error": {**OUTER, "innererror": inner}})
    assert before.shown(GA) == shown


def test_the_cases_hold_every_error_of_the_facts() -> None:
    tried = {case.values[0]["code"] for case in cases("sip_api.toml", "refused")}  # type: ignore[union-attr, index]

    assert tried == {row["code"] for row in load("sip_api")["errors"]}


@pytest.mark.parametrize("case", cases("sip_api.toml", "accepted"))
def test_what_the_service_takes(case: dict[str, Any]) -> None:
    after = given_by(case).patched(json.loads(case["patch"]), GA).shown(GA)

    assert json.dumps(after) == json.dumps(json.loads(case["then"]))  # the order of trunks counts too


@pytest.mark.parametrize("case", cases("sip_api.toml", "not_documented"))
def test_what_nobody_wrote_down_is_refused_and_says_so(case: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        given_by(case).patched(json.loads(case["patch"].replace("LONG", "n" * 257)), GA)

    assert (refused.value.status, refused.value.code) == (422, "NotDocumented")
    assert "What the service answers here is not documented" in refused.value.message


@pytest.mark.parametrize("case", cases("sip_api.toml", "domains"))
def test_domains(case: dict[str, Any]) -> None:
    state, patch = given_by(case), json.loads(case["patch"])

    if case["taken"]:
        assert state.patched(patch, PREVIEW).shown(PREVIEW)["domains"]
        return
    with pytest.raises(Refusal) as refused:
        state.patched(patch, PREVIEW)
    assert refused.value.body()["error"]["code"] == OUTER["code"]


def test_more_than_250_trunks_or_routes_are_refused() -> None:
    trunks = {f"sbc{number}.kit.example": {"sipSignalingPort": 5061} for number in range(251)}
    routes = [{"name": f"r{number}", "numberPattern": "^1"} for number in range(251)]
    full = State().patched({"trunks": dict(list(trunks.items())[:250]), "routes": routes[:250]}, GA)

    for patch in ({"trunks": trunks}, {"routes": routes}):
        with pytest.raises(Refusal, match="more than 250"):
            full.patched(patch, GA)


def test_each_version_shows_its_own_fields() -> None:
    trunk = {"sipSignalingPort": 5061, "enabled": True, "privacyHeader": "none", "directTransfer": False}
    route = {"name": "n", "numberPattern": "^1", "callerIdOverride": "+14255550100"}
    patch = {"domains": {"kit.example": {"enabled": True}}, "trunks": {"a.kit.example": trunk}, "routes": [route]}
    state = State().patched(patch, PREVIEW)

    assert state.shown(PREVIEW) == patch
    assert state.shown(GA) == {
        "trunks": {"a.kit.example": {"sipSignalingPort": 5061}},
        "routes": [{"name": "n", "numberPattern": "^1"}],
    }


def test_a_merge_patch_merges_a_trunk_as_well() -> None:
    state = State.of({"trunks": {"a.kit.example": {"sipSignalingPort": 5061, "enabled": False}}})

    off = state.patched({"trunks": {"a.kit.example": {"enabled": True}}}, PREVIEW)
    away = state.patched({"trunks": {"a.kit.example": {"enabled": None}}}, PREVIEW)

    assert off.trunks == {"a.kit.example": {"sipSignalingPort": 5061, "enabled": True}}
    assert away.trunks == {"a.kit.example": {"sipSignalingPort": 5061}}


# ---------------------------------------------------------------- routes for a number

SPEC = [
    {"name": "Seattle", "numberPattern": r"^\+1(425|206)\d{7}$"},
    {"name": "US", "numberPattern": r"^\+1\d{10}$"},
    {"name": "Russia", "numberPattern": r"^\+7\d{10}$"},
    {"name": "Global", "numberPattern": r"^\+\d+$"},
]


def test_the_example_of_the_specification() -> None:
    """+14251234567 against Seattle, US, Russia and Global gives all three that match, in order."""
    found = matching({"routes": SPEC}, "+14251234567")["matchingRoutes"]

    assert [row["name"] for row in found] == ["Seattle", "US", "Global"]
    assert [row["description"] for row in found] == [None] * 3


@pytest.mark.parametrize("body", [5, {"routes": 5}, {"routes": [5]}, {"routes": [{"name": "n", "numberPattern": "("}]}])
def test_a_test_of_routes_that_cannot_be_read_is_refused(body: Any) -> None:
    with pytest.raises(Refusal):
        matching(body, "+14251234567")


@pytest.mark.parametrize("number", ["+1\u0661", "\x00", "é"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(Refusal, match="no number"):
        matching({"routes": SPEC}, number)


# ---------------------------------------------------------------- whatever comes gets an answer

ANY_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=4),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(
                ["trunks", "routes", "domains", "name", "numberPattern", "enabled", "sipSignalingPort", "a.kit.example"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANY_JSON, some.sampled_from([GA, PREVIEW]))
@settings(max_examples=500)
def test_whatever_json_comes_gets_an_answer(patch: Any, version: str) -> None:
    state = State.of(json.loads('{"trunks": {"a.kit.example": {"sipSignalingPort": 5061}}, "routes": []}'))
    before = deepcopy(state.shown(version))
    for answer in (lambda: state.patched(patch, version).shown(version), lambda: matching(patch, "+31", version)):
        try:
            said = answer()
        except Refusal as refusal:
            said = {"status": refusal.status, **refusal.body()}
        assert json.loads(json.dumps(said)) == said
        assert said.get("status", 200) in (200, 400, 422)
    assert state.shown(version) == before


# ---------------------------------------------------------------- an independent model

FQDNS = [*(f"sbc{number}.kit.example" for number in range(4)), "-1"]
ROW = some.fixed_dictionaries({"sipSignalingPort": some.sampled_from([*range(5061, 5070), 0])})
ROWS = ROW | ROW | ROW | some.none()
ROUTES = some.lists(
    some.fixed_dictionaries(
        {
            "name": some.sampled_from([*"abcdefghijklmnopqrstuvw", ""]),
            "numberPattern": some.sampled_from("1234"),
        },
        optional={"trunks": some.lists(some.sampled_from(FQDNS[:4]), max_size=2)},
    ),
    max_size=4,
)
TRUNKS = some.dictionaries(some.sampled_from(FQDNS[:4] * 6 + FQDNS[4:]), ROWS, max_size=4)
PATCHES = (
    some.fixed_dictionaries({"trunks": TRUNKS})
    | some.fixed_dictionaries({"routes": ROUTES})
    | some.fixed_dictionaries({}, optional={"trunks": TRUNKS, "routes": ROUTES})
)


def merged(value: Any, patch: Any) -> Any:
    """RFC 7396, section 2, told again: the pseudo-code of the document in Python."""
    if not isinstance(patch, dict):
        return patch
    value = dict(value) if isinstance(value, dict) else {}
    for name, item in patch.items():
        if item is None:
            value.pop(name, None)
        else:
            value[name] = merged(value.get(name), item)
    return value


def is_lawful(table: dict[str, Any], patch: dict[str, Any]) -> bool:
    """Whether the documented rules allow a table that a patch made; written from the table of errors, line by line."""
    said_something = bool(patch.get("trunks")) or "routes" in patch
    names = [(route.get("name"), route.get("numberPattern")) for route in table["routes"]]
    return (
        said_something
        and all(is_fqdn(fqdn) for fqdn in table["trunks"])
        and all(row["sipSignalingPort"] > 0 for row in table["trunks"].values())
        and all(name and pattern for name, pattern in names)
        and all(names.count(name) == 1 for name in names)
        and all(route.get("trunks", []).count(f) == 1 for route in table["routes"] for f in route.get("trunks", []))
        and all(fqdn in table["trunks"] for route in table["routes"] for fqdn in route.get("trunks", []))
    )


class Both(RuleBasedStateMachine):
    """The same requests to the local resource and to the model: both take them alike, or neither does."""

    asked = taken = 0

    def __init__(self) -> None:
        super().__init__()
        trunks = {fqdn: {"sipSignalingPort": 5060} for fqdn in FQDNS[:3]}
        self.model: dict[str, Any] = {"trunks": trunks, "routes": []}
        self.state = State.of(deepcopy(self.model))

    @rule(patch=PATCHES)
    def change(self, patch: dict[str, Any]) -> None:
        """One request to both."""
        wanted = merged(self.model, patch)
        Both.asked += 1
        try:
            self.state = self.state.patched(patch, GA)
        except Refusal:
            assert not is_lawful(wanted, patch)
        else:
            assert is_lawful(wanted, patch)
            self.model = wanted
            Both.taken += 1

    @invariant()
    def alike(self) -> None:
        """Both hold the same table, in the same order."""
        assert json.dumps(self.state.shown(GA)) == json.dumps(self.model)


def test_requests_in_a_row_do_what_the_model_says() -> None:
    Both.asked = Both.taken = 0

    run_state_machine_as_test(Both, settings=settings(max_examples=150, stateful_step_count=20))

    assert Both.asked > 1_000
    assert Both.taken >= Both.asked / 3, "too few requests are valid to say much"
