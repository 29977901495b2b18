"""Every documented case of calls out, calls in, health and certificates, placed with real SIP on this computer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from acs_telephony.live.sip.health import standing
from acs_telephony.live.sip.lab import SipLab
from acs_telephony.live.sip.values import Fault
from acs_telephony.models import Resource, SipConfiguration, Trunk, VoiceRoute
from acs_telephony.receiving import receive
from acs_telephony.routing import Answered, Dropped, Ended, dial
from tests.conftest import cases
from tests.test_receiving import RESOURCE
from tests.test_routing import example

QUICK = 0.001  # real seconds for one of the lab
NUMBER = "+14255550100"


@pytest.fixture(scope="module")
def labs() -> Iterator[dict[int, SipLab]]:
    """A lab for each number of Microsoft's example routes, and all SBCs well when a test begins."""
    made = {routes: SipLab(example(routes), time_scale=QUICK).start() for routes in (1, 2, 3)}
    yield made
    for lab in made.values():
        lab.close()


def all_well(lab: SipLab, faults: dict[str, Fault]) -> SipLab:
    for trunk in lab.resource.configuration.trunks:
        lab.set(trunk.fqdn, faults.get(trunk.fqdn, "answers"))
    return lab


@pytest.mark.parametrize("case", cases("routing.toml", "outbound_route"))
def test_a_live_call_goes_where_the_documentation_says(case: dict[str, Any], labs: dict[int, SipLab]) -> None:
    call = all_well(labs[case["routes"]], dict.fromkeys(case["down"], 503)).call(case["dialled"])

    if case["takes"]:
        assert isinstance(call.outcome, Answered)
        assert call.outcome.trunk == case["takes"][0]  # as listed, which the SDK says
    else:
        assert isinstance(call.outcome, Dropped)
        assert call.outcome.reason == case["reason"]
    assert (
        call.outcome == dial(example(case["routes"]), case["dialled"], sbcs=dict.fromkeys(case["down"], 503)).as_listed
    )


@pytest.mark.parametrize("case", cases("routing.toml", "failover_code"))
def test_only_three_final_codes_fail_over_live(case: dict[str, Any], labs: dict[int, SipLab]) -> None:
    call = all_well(labs[1], {"sbc1.contoso.biz": case["code"]}).call(NUMBER)

    tried = [(one.trunk, one.code) for one in call.attempts]
    assert tried[0] == ("sbc1.contoso.biz", case["code"])
    assert call.attempts[0].effect == case["effect"]
    if case["effect"] == "fails over":
        assert tried[1:] == [("sbc2.contoso.biz", 200)]
    else:
        assert tried[1:] == []
        assert isinstance(call.outcome, Ended)


@pytest.mark.parametrize("case", cases("receiving.toml", "sip"))
def test_a_live_call_in_ends_where_the_source_says(case: dict[str, Any]) -> None:
    """The SBC shows a certificate with these very names, and the INVITE has this host in Contact."""
    given = {name: tuple(case.get(name, ())) for name in ("microsoft365_domains", "omnichannel_numbers")}
    with SipLab(RESOURCE, time_scale=QUICK, event_grid=case.get("event_grid", True), **given) as lab:
        arrival = lab.receive(
            "+31 20 123 4567",
            through="sbc1.contoso.com",
            contact=case["contact"],
            certificate_names=case.get("certificate_names", ["sbc1.contoso.com"]),
        )

    assert type(arrival.ending).__name__ == case["ending"]
    if "code" in case:
        assert arrival.code == case["code"]
    assert (arrival.code < 300) == (case["ending"] in ("ToApplication", "ToOmnichannel"))


@pytest.mark.parametrize("case", cases("planning.toml", "certificate"))
def test_a_certificate_name_covers_an_sbc_live_as_documented(case: dict[str, Any]) -> None:
    trunk = Trunk(fqdn=case["fqdn"], sip_signaling_port=5061)
    resource = Resource(configuration=SipConfiguration(trunks=(trunk,)))
    # No certificate can be issued here for a star inside a label; over UDP the names are taken as given.
    inside = "*" in case["certificate"].removeprefix("*.")
    with SipLab(resource, time_scale=QUICK, transport="udp" if inside else "tls") as lab:
        arrival = lab.receive("+31201234567", through=case["fqdn"], certificate_names=[case["certificate"]])

    assert (arrival.code == 200) is case["matches"]
    pure = receive(resource, "+31201234567", contact=case["fqdn"], certificate_names=(case["certificate"],))
    assert arrival.ending == pure.ending


def seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


@pytest.mark.parametrize("case", cases("health.toml", "standing"))
def test_an_sbc_is_demoted_as_the_example_counts(case: dict[str, Any]) -> None:
    assert (standing(seconds(case["last_options"]), seconds(case["call"])) == "demoted") is case["demoted"]
    with SipLab(example(1), time_scale=QUICK) as lab:
        lab.set("sbc1.contoso.biz", "no OPTIONS")
        lab.wait(seconds(case["call"]) - seconds(case["last_options"]))
        call = lab.call(NUMBER)

    assert (call.skipped == ("sbc1.contoso.biz",)) is case["demoted"]


@pytest.mark.parametrize("case", cases("health.toml", "chain"))
def test_demoted_sbcs_are_passed_over_and_the_rest_is_tried_in_order(case: dict[str, Any]) -> None:
    names = ("sbc.contoso.com", "sbc2.contoso.com", "sbc3.contoso.com")
    trunks = tuple(Trunk(fqdn=name, sip_signaling_port=5061) for name in names)
    pattern = r"^\+1425\d{7}$"
    routes = (
        VoiceRoute(name="a", number_pattern=pattern, trunks=names[:2]),
        VoiceRoute(name="b", number_pattern=pattern, trunks=names[2:]),
    )
    with SipLab(Resource(configuration=SipConfiguration(trunks=trunks, routes=routes)), time_scale=QUICK) as lab:
        for fqdn in case["quiet"]:
            lab.set(fqdn, "no OPTIONS")
        lab.wait(max(case["quiet"].values()))
        for fqdn, fault in case["faults"].items():
            lab.set(fqdn, fault)
        call = lab.call(NUMBER)

    assert [one.trunk for one in call.attempts] == case["tried"]
    assert list(call.skipped) == case["skipped"]
    assert isinstance(call.outcome, Answered) is (call.attempts[-1:] != () and call.attempts[-1].code == 200)


def test_a_demoted_sbc_is_tried_again_when_its_options_come_again() -> None:
    """MON: it is not tried until it sends OPTIONS again."""
    with SipLab(example(1), time_scale=QUICK) as lab:
        lab.set("sbc1.contoso.biz", "no OPTIONS")
        lab.wait(240)
        assert lab.call(NUMBER).skipped == ("sbc1.contoso.biz",)
        lab.set("sbc1.contoso.biz", "answers")
        lab.wait(60)
        assert lab.call(NUMBER).attempts[0].trunk == "sbc1.contoso.biz"
