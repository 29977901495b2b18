"""A call out follows the documented rules; its set of outcomes equals what every order of trying gives, one by one.

Laws: brute-force permutations find the same outcomes; each witness order leads to its outcome; the order of trying
never matters to a call whose outcome set has one element; an unread pattern is reported, never ignored.
"""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import example as also
from hypothesis import given, settings
from hypothesis import strategies as st

from acs_telephony.errors import AnswerError, NumberError
from acs_telephony.facts import load
from acs_telephony.models import Resource, SipConfiguration, Trunk, VoiceRoute
from acs_telephony.routing import (
    FAILOVER_CODES,
    Answered,
    Dropped,
    Ended,
    Outcome,
    SbcState,
    VoiceCalling,
    dial,
    effect_of,
)
from acs_telephony.tables import contoso, generated, microsoft_three_routes
from tests.conftest import cases


def example(routes: int = 3, **more: Any) -> Resource:
    """Microsoft's example cut down to its first routes."""
    whole = microsoft_three_routes().configuration
    return Resource(configuration=whole.model_copy(update={"routes": whole.routes[:routes]}), **more)


def takers(outcomes: tuple[Outcome, ...]) -> list[str]:
    return [outcome.trunk for outcome in outcomes if isinstance(outcome, Answered)]


@pytest.mark.parametrize("case", cases("routing.toml", "outbound_route"))
def test_a_matched_call_goes_where_the_documentation_says(case: dict[str, Any]) -> None:
    journey = dial(example(case["routes"]), case["dialled"], sbcs=dict.fromkeys(case["down"], 503))

    assert takers(journey.outcomes) == case["takes"]
    if not case["takes"]:
        assert journey.outcomes == (Dropped(case["reason"], order=tuple(case["down"])),)


@pytest.mark.parametrize("case", cases("routing.toml", "no_match"))
def test_voice_calling_takes_over_only_without_a_match(case: dict[str, Any]) -> None:
    resource = example(
        1, purchased_numbers=tuple(case["purchased_numbers"]), voice_calling_enabled=case["voice_calling_enabled"]
    )

    journey = dial(
        resource,
        case["dialled"],
        sbcs=dict.fromkeys(case.get("down", ()), 503),
        alternate_caller_id=case.get("alternate_caller_id"),
    )

    if "takes" in case:
        assert takers(journey.outcomes) == case["takes"]
    elif "voice_calling" in case:
        assert journey.outcomes == (VoiceCalling(case["voice_calling"]),)
    else:
        (outcome,) = journey.outcomes
        assert isinstance(outcome, Dropped)
        assert case["reason"] in outcome.reason


@pytest.mark.parametrize("case", cases("routing.toml", "failover_code"))
def test_only_three_final_codes_fail_over(case: dict[str, Any]) -> None:
    assert effect_of(case["code"]) == case["effect"]

    journey = dial(example(1), "+14255550100", sbcs={"sbc1.contoso.biz": case["code"]})
    second = Answered("sbc2.contoso.biz", "Redmond 1", "anonymous", journey.outcomes[-1].order)  # type: ignore[union-attr]
    assert second in journey.outcomes
    ended = [outcome.code for outcome in journey.outcomes if isinstance(outcome, Ended)]
    assert ended == ([] if case["effect"] == "fails over" else [case["code"]])


def test_the_failover_codes_are_those_of_the_facts() -> None:
    documented = {row["code"]: row["failover"] for row in load("sip_responses")["final_codes"] if row["code"]}

    assert tuple(code for code, failover in documented.items() if failover) == FAILOVER_CODES
    assert all((effect_of(code) == "fails over") == failover for code, failover in documented.items())


@pytest.mark.parametrize("case", cases("routing.toml", "caller_id"))
def test_the_callee_sees_the_documented_caller_id(case: dict[str, Any]) -> None:
    route = VoiceRoute(
        name="r",
        number_pattern=r"^\+\d+$",
        trunks=("sbc1.contoso.com",),
        caller_id_override=case.get("caller_id_override"),
    )
    trunk = Trunk(fqdn="sbc1.contoso.com", sip_signaling_port=5061)
    resource = Resource(configuration=SipConfiguration(trunks=(trunk,), routes=(route,)))

    (outcome,) = dial(resource, "+14255550100", alternate_caller_id=case.get("alternate_caller_id")).outcomes

    assert isinstance(outcome, Answered)
    assert outcome.caller_id == case["shows"]


@pytest.mark.parametrize("case", cases("routing.toml", "quickstart"))
def test_the_quickstart_picks_the_first_match(case: dict[str, Any]) -> None:
    configuration = SipConfiguration.load(
        {
            "trunks": {
                "sbc.us.contoso.com": {"sipSignalingPort": 1234},
                "sbc.eu.contoso.com": {"sipSignalingPort": 1234},
            },
            "routes": [
                {"name": "UsRoute", "numberPattern": r"^\+1(\d{10})$", "trunks": ["sbc.us.contoso.com"]},
                {
                    "name": "DefaultRoute",
                    "numberPattern": r"^\+\d+$",
                    "trunks": ["sbc.us.contoso.com", "sbc.eu.contoso.com"],
                },
            ],
        }
    )

    journey = dial(Resource(configuration=configuration), case["dialled"])

    assert journey.legs[0].route.name == case["route"]
    assert {outcome.route for outcome in journey.outcomes if isinstance(outcome, Answered)} == {case["route"]}


@pytest.mark.parametrize("case", cases("routing.toml", "sdk_order"))
def test_both_claims_about_the_order_are_answered(case: dict[str, Any]) -> None:
    journey = dial(example(), case["dialled"])

    assert takers(journey.outcomes) == case["at_random"]
    assert takers((journey.as_listed,)) == [case["as_listed"]]


def test_the_example_as_printed_loses_every_other_number() -> None:
    """Microsoft prints ^+1(\\d[10])$: +1 321 then rings nowhere, and with the first two routes down nothing does."""
    printed = microsoft_three_routes(as_printed=True)

    assert isinstance(dial(printed, "+1 321 555 0100").outcomes[0], Dropped)
    assert takers(dial(microsoft_three_routes(), "+1 321 555 0100").outcomes) == ["sbc5.contoso.biz"]


# --- the oracle: try every order, one by one


def by_permutation(resource: Resource, matches: list[VoiceRoute], states: dict[str, SbcState]) -> set[tuple[str, ...]]:
    """Outcomes of every order of the SBCs of every matching route, written without any of the kit's shortcuts."""
    found = set()
    for orders in product(*(list(permutations(route.trunks or ())) for route in matches)):
        found.add(follow(matches, orders, states))
    return found


def follow(
    matches: list[VoiceRoute], orders: tuple[tuple[str, ...], ...], states: dict[str, SbcState]
) -> tuple[str, ...]:
    for route, order in zip(matches, orders, strict=True):
        for fqdn in order:
            state = states.get(fqdn, "answers")
            if state == "demoted" or state in ("silent", "refused", 408, 503, 504):
                continue
            if state == "answers" or (isinstance(state, int) and state < 300):
                return ("answered", fqdn, route.name)
            return ("ended", fqdn, route.name, str(state))
    return ("dropped",)


def as_words(outcome: Outcome) -> tuple[str, ...]:
    match outcome:
        case Answered(trunk, route):
            return ("answered", trunk, route)
        case Ended(trunk, route, code):
            return ("ended", trunk, route, str(code))
        case Dropped():
            return ("dropped",)
        case VoiceCalling():
            return ("voice calling",)


FQDNS = [f"sbc{i}.example.com" for i in range(1, 7)]
STATES: list[SbcState] = ["answers", "silent", "refused", "demoted", 200, 302, 404, 408, 486, 503, 504, 603]


@given(
    routes=st.lists(st.lists(st.sampled_from(FQDNS), unique=True, max_size=4), min_size=1, max_size=3),
    states=st.dictionaries(st.sampled_from(FQDNS), st.sampled_from(STATES)),
)
@also(routes=[[FQDNS[0], FQDNS[2]], FQDNS[:4]], states={FQDNS[0]: "silent", FQDNS[2]: "silent"})
@settings(max_examples=300)
def test_the_set_of_outcomes_is_what_every_order_gives(routes: list[list[str]], states: dict[str, SbcState]) -> None:
    voice_routes = [
        VoiceRoute(name=f"r{i}", number_pattern=r"^\+1", trunks=tuple(fqdns)) for i, fqdns in enumerate(routes)
    ]
    trunks = tuple(Trunk(fqdn=fqdn, sip_signaling_port=5061) for fqdn in FQDNS)
    resource = Resource(configuration=SipConfiguration(trunks=trunks, routes=tuple(voice_routes)))

    journey = dial(resource, "+14255550100", sbcs=states)

    assert {as_words(outcome) for outcome in journey.outcomes} == by_permutation(resource, voice_routes, states)
    assert len(set(journey.outcomes)) == len(journey.outcomes)
    listed = tuple(route.trunks or () for route in voice_routes)
    assert as_words(journey.as_listed) == follow(voice_routes, listed, states)
    for outcome in journey.outcomes:
        check_witness(outcome, voice_routes, states)
    kinds = {as_words(outcome)[0] for outcome in journey.outcomes}
    assert journey.order_dependent == (kinds == {"answered", "ended"})


def check_witness(outcome: Outcome, routes: list[VoiceRoute], states: dict[str, SbcState]) -> None:
    """Trying the SBCs in the witness's order, and the rest after them, gives this outcome."""
    assert not isinstance(outcome, VoiceCalling)
    tried = list(outcome.order)
    orders = []
    for route in routes:
        first = list(dict.fromkeys(fqdn for fqdn in tried if fqdn in (route.trunks or ())))
        orders.append((*first, *(fqdn for fqdn in route.trunks or () if fqdn not in first)))
    assert follow(routes, tuple(orders), states) == as_words(outcome)


# --- errors, doubts, sizes


def test_an_unknown_sbc_is_named_with_the_nearest_one() -> None:
    with pytest.raises(AnswerError, match=r"Did you mean sbc1\.contoso\.biz\?"):
        dial(example(), "+14255550100", sbcs={"sbc1.contoso.bix": 503})


@pytest.mark.parametrize("state", ["down", 199, 700, 100, True, None, 503.0])
def test_an_unknown_state_lists_the_known_ones(state: Any) -> None:
    with pytest.raises(AnswerError, match="answers, silent, refused, demoted, or a final code 200 to 699"):
        dial(example(), "+14255550100", sbcs={"sbc1.contoso.biz": state})


@pytest.mark.parametrize(
    ("resource", "more", "words"),
    [
        (microsoft_three_routes().configuration, {}, "is no Resource"),
        (microsoft_three_routes(), {"sbcs": ["sbc1.contoso.biz"]}, "states are given by SBC"),
        (microsoft_three_routes(), {"reading": "match"}, "is no reading"),
        (microsoft_three_routes(), {"sbcs": {"sbc1.contoso.biz": 503, "SBC1.contoso.biz": 200}}, "named twice"),
    ],
)
def test_a_wrong_kind_of_value_is_refused_kindly(resource: Any, more: dict[str, Any], words: str) -> None:
    with pytest.raises(AnswerError, match=words):
        dial(resource, "+14255550100", **more)


def test_the_case_of_an_fqdn_does_not_matter() -> None:
    journey = dial(example(1), "+14255550100", sbcs={"SBC1.Contoso.BIZ": 503})

    assert takers(journey.outcomes) == ["sbc2.contoso.biz"]


def test_a_success_is_any_code_from_200_to_299() -> None:
    assert (effect_of(200), effect_of(202), effect_of(299), effect_of(300)) == ("answers",) * 3 + ("ends the call",)


def test_a_wrong_number_or_caller_id_is_refused() -> None:
    with pytest.raises(NumberError):
        dial(example(), "call mum")
    with pytest.raises(NumberError, match="alternateCallerId"):
        dial(example(), "+14255550100", alternate_caller_id="425 555 0111", country="US")


def test_a_pattern_that_cannot_be_read_is_reported_with_the_journey() -> None:
    routes = (
        VoiceRoute(name="broken", number_pattern=r"^\+(1\d+$", trunks=("sbc1.contoso.com",)),
        VoiceRoute(name="sound", number_pattern=r"^\+1\d+$", trunks=("sbc1.contoso.com",)),
    )
    trunk = Trunk(fqdn="sbc1.contoso.com", sip_signaling_port=5061)

    journey = dial(Resource(configuration=SipConfiguration(trunks=(trunk,), routes=routes)), "+14255550100")

    assert [(one.route.name, one.position) for one in journey.unread] == [("broken", 1)]
    assert [leg.route.name for leg in journey.legs] == ["sound"]


def test_a_number_that_the_readings_treat_differently_says_so() -> None:
    assert dial(contoso(), "+352 123 456 789").other_reading == ()
    assert dial(contoso(), "+352 123456").other_reading is None
    assert dial(contoso(), "+352 123 456 789", reading="whole").other_reading == ("lu-all",)


def test_a_route_with_250_sbcs_gives_one_outcome_for_each() -> None:
    trunks = tuple(Trunk(fqdn=f"sbc{i}.example.com", sip_signaling_port=5061) for i in range(250))
    route = VoiceRoute(name="wide", number_pattern=r"^\+\d+$", trunks=tuple(trunk.fqdn for trunk in trunks))
    resource = Resource(configuration=SipConfiguration(trunks=trunks, routes=(route,)))

    assert len(dial(resource, "+14255550100").outcomes) == 250
    assert dial(resource, "+14255550100", sbcs={t.fqdn: "silent" for t in trunks}).outcomes == (
        Dropped("no SBC took the call", tuple(trunk.fqdn for trunk in trunks)),
    )


# --- the shared tables


@pytest.mark.parametrize("case", cases("contoso.toml", "planted"))
def test_a_planted_fault_of_contoso_shows_at_its_number(case: dict[str, Any]) -> None:
    legs = dial(contoso(), case["number"]).legs
    names = [leg.route.name for leg in legs]

    assert (names[0] if names else "") == case["first"]
    assert (case["route"] in names) == (case["word"] in ("first choice", "standby", "single"))
    if case["word"] == "single":
        assert len(legs) == len(legs[0].tries) == 1


def test_contoso_has_the_promised_size() -> None:
    configuration = contoso().configuration

    assert (len(configuration.trunks), len(configuration.routes)) == (4, 60)
    assert len({route.name for route in configuration.routes}) == 60


def test_generated_tables_are_the_same_for_the_same_seed() -> None:
    assert generated(100, seed=1) == generated(100, seed=1)
    assert generated(100, seed=1) != generated(100, seed=2)
    assert len(generated(250, seed=3).configuration.routes) == 250
