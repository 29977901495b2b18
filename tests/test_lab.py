"""Live calls: each documented case on real sockets, the same messages in each run, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from acs_telephony.errors import AcsTelephonyError, AnswerError, NumberError
from acs_telephony.live.sip import certificates, lab
from acs_telephony.live.sip.certificates import Authority
from acs_telephony.live.sip.explaining import end_reason, explain
from acs_telephony.live.sip.health import standing
from acs_telephony.live.sip.lab import SipLab
from acs_telephony.live.sip.network import OffLoopback
from acs_telephony.live.sip.values import Attempt, Fault, HungUp, LiveArrival, LiveCall
from acs_telephony.models import Resource, SipConfiguration, Trunk, VoiceRoute
from acs_telephony.receiving import Refused
from acs_telephony.routing import Answered, Dropped, Ended, SbcState, VoiceCalling, dial
from acs_telephony.tables import microsoft_three_routes
from acs_telephony.views.ladder import call_page
from tests.conftest import ROOT, cases

SBC1, SBC2, SBC3, SBC4, SBC5 = (f"sbc{i}.contoso.biz" for i in range(1, 6))
NUMBER, OTHER, RINGING, BUSY, NOBODY = "+14255550100", "+13215550100", "+14255550101", "+14255550102", "+14255550103"
NUMBERS: dict[str, Any] = {RINGING: "rings", BUSY: "busy", NOBODY: "does not exist"}
#: A second of the lab takes this many real ones here; a long wait leaves a busy kernel time to deliver.
QUICK = 0.002


def open_lab(resource: Resource | None = None, **more: Any) -> SipLab:
    return SipLab(
        resource or microsoft_three_routes(), **{"time_scale": QUICK, "wait_s": 25.0, "numbers": NUMBERS, **more}
    )


def resource_of(routes: list[tuple[str, str, str]], *fqdns: str) -> Resource:
    """Routes as (name, pattern, FQDNs)."""
    return Resource(
        configuration=SipConfiguration(
            trunks=tuple(Trunk(fqdn=fqdn, sip_signaling_port=5061) for fqdn in fqdns),
            routes=tuple(
                VoiceRoute(name=name, number_pattern=pattern, trunks=tuple(to.split())) for name, pattern, to in routes
            ),
        ),
    )


def requests(call: LiveCall | LiveArrival, method: str = "INVITE") -> list[tuple[str, str, str]]:
    return [
        (one.sender, one.receiver, one.rule) for one in call.events if one.kind == "request" and one.first == method
    ]


# ---------------------------------------------------------------- documented cases, live


@pytest.mark.parametrize("case", cases("live.toml", "failover"))
def test_a_final_code_goes_on_or_ends_the_call(case: dict[str, Any]) -> None:
    with open_lab(transport="udp") as sips:
        sips.set(SBC1, case["code"])
        call = sips.call(NUMBER)

    assert (call.attempts[0].trunk, call.attempts[0].code, call.attempts[0].cause) == (SBC1, case["code"], "final code")
    if case["goes_on"]:
        assert call.outcome == Answered(SBC2, "Redmond 1", "anonymous", (SBC1, SBC2))
    else:
        assert call.outcome == Ended(SBC1, "Redmond 1", case["code"], (SBC1,))
        assert call.events[-1].rule == "ends-the-call"


@pytest.mark.parametrize("case", cases("live.toml", "fault"))
def test_a_fault_counts_as_the_code_that_rfc_3261_says_and_goes_away_again(case: dict[str, Any]) -> None:
    with open_lab() as sips:
        sips.set(SBC1, case["fault"])
        call = sips.call(NUMBER)
        sips.set(SBC1, "answers")
        again = sips.call(NUMBER)

    first = call.attempts[0]
    assert (first.trunk, first.code, first.cause, first.effect) == (SBC1, case["code"], case["cause"], "fails over")
    assert call.outcome == Answered(SBC2, "Redmond 1", "anonymous", (SBC1, SBC2))
    assert again.outcome == Answered(SBC1, "Redmond 1", "anonymous", (SBC1,))


@pytest.mark.parametrize("case", cases("live.toml", "health"))
def test_an_sbc_is_tried_once_three_times_or_not_at_all(case: dict[str, Any]) -> None:
    """Three data centres try one that has stopped; the code that it answers goes on."""
    with open_lab(transport="udp") as sips:
        sips.set(SBC1, "no OPTIONS")
        sips.wait(case["age_s"])
        state = sips.health()[SBC1]
        sips.set(SBC1, 503)
        call = sips.call(NUMBER)

    invites = [one for one in call.events if one.method == "INVITE" and one.receiver == SBC1 and not one.repeat]
    tried = [(one.receiver, one.rule) for one in invites]
    assert standing(0, case["age_s"]) == state.standing == case["standing"]
    assert len(tried) == {"healthy": 1, "stopped": 3, "demoted": 0}[case["standing"]]
    assert [rule for _, rule in tried[1:]] == ["next-datacenter"] * len(tried[1:])
    assert call.skipped == ((SBC1,) if case["standing"] == "demoted" else ())
    assert isinstance(call.outcome, Answered)
    assert call.outcome.trunk == SBC2


def test_a_demoted_sbc_is_tried_again_when_its_options_come_again() -> None:
    with open_lab(transport="udp") as sips:
        sips.set(SBC1, "no OPTIONS")
        sips.wait(181)
        demoted = sips.call(NUMBER)
        words = sips.health()[SBC1]
        sips.set(SBC1, "answers")
        sips.wait(60)
        back = sips.call(NUMBER)

    assert [(call.attempts[0].trunk, call.skipped) for call in (demoted, back)] == [(SBC2, (SBC1,)), (SBC1, ())]
    assert (words.options, words.overall) == ("Expired", "Warning")


@pytest.mark.parametrize("code", [408, 503, 504])
def test_the_demoted_sbc_of_microsofts_example_is_never_tried(code: int) -> None:
    """monitor-direct-routing.md, 2023-06-22: one SBC of the first route is demoted, the other fails, then the next."""
    first, second, third = "sbc.contoso.com", "sbc2.contoso.com", "sbc3.contoso.com"
    routes = [("a", r"^\+1425\d{7}$", f"{first} {second}"), ("b", r"^\+1425\d{7}$", third)]
    with open_lab(resource_of(routes, first, second, third), transport="udp") as sips:
        sips.set(first, "no OPTIONS")
        sips.wait(181)
        sips.set(second, code)
        call = sips.call(NUMBER)

    assert [one.trunk for one in call.attempts] == [second, third]
    assert call.outcome == Answered(third, "b", "anonymous", (second, third))


INBOUND = Resource(
    configuration=SipConfiguration(
        trunks=tuple(Trunk(fqdn=fqdn, sip_signaling_port=5061) for fqdn in ("sbc1.contoso.com", "contoso.org"))
    )
)


@pytest.mark.parametrize("case", cases("live.toml", "inbound"))
def test_a_call_in_ends_where_the_source_says(case: dict[str, Any]) -> None:
    settings = {key: case[key] for key in ("microsoft365_domains", "omnichannel_numbers", "event_grid") if key in case}
    with open_lab(INBOUND, **settings) as sips:
        arrival = sips.receive(
            "+31 20 123 4567",
            through="sbc1.contoso.com",
            contact=case.get("contact"),
            certificate_names=case.get("certificate_names"),
        )

    assert (type(arrival.ending).__name__, arrival.code) == (case["ending"], case["code"])
    assert arrival.roles == ("carrier", "sbc1.contoso.com", "ACS")
    assert [(sender, receiver) for sender, receiver, _ in requests(arrival)] == [
        ("carrier", "sbc1.contoso.com"),
        ("sbc1.contoso.com", "ACS"),
    ]
    assert len(requests(arrival, "BYE")) == (2 if case["code"] == 200 else 0)


@pytest.mark.parametrize("case", cases("live.toml", "certificate"))
def test_a_certificate_fits_the_name_in_contact_or_does_not(case: dict[str, Any]) -> None:
    with open_lab(resource_of([], case["fqdn"]), transport=case.get("transport", "tls")) as sips:
        arrival = sips.receive("+31201234567", through=case["fqdn"], certificate_names=[case["certificate"]])

    assert arrival.code == (200 if case["fits"] else 403)
    assert any(one.rule == "certificate-name" for one in arrival.events) == (not case["fits"])


# ---------------------------------------------------------------- what a call does


def test_a_plain_call_has_these_fourteen_messages() -> None:
    """By hand from RFC 3261 13, 14 and 15: two dialogs, one on each side of the SBC."""
    with open_lab() as sips:
        call = sips.call(NUMBER, talk_s=0)

    told = [(one.sender, one.receiver, one.first) for one in call.events]
    assert told == [
        ("ACS", SBC1, "INVITE"),
        (SBC1, "ACS", "100 Trying"),
        (SBC1, "carrier", "INVITE"),
        ("carrier", SBC1, "100 Trying"),
        ("carrier", SBC1, "180 Ringing"),
        (SBC1, "ACS", "180 Ringing"),
        ("carrier", SBC1, "200 OK"),
        (SBC1, "ACS", "200 OK"),
        ("ACS", SBC1, "ACK"),
        (SBC1, "carrier", "ACK"),
        ("ACS", SBC1, "BYE"),
        (SBC1, "ACS", "200 OK"),
        (SBC1, "carrier", "BYE"),
        ("carrier", SBC1, "200 OK"),
    ]
    assert call.roles == ("ACS", SBC1, "carrier")
    assert (call.transport, call.time_scale) == ("tls", QUICK)


def test_the_invite_says_who_calls_whom_with_names_and_without_media() -> None:
    with open_lab() as sips:
        raw = sips.call(NUMBER, alternate_caller_id="+1 206 555 0111").events[0].raw

    assert raw.startswith(f"INVITE sip:{NUMBER}@{SBC1}:5061;transport=tls SIP/2.0\r\n")
    assert "From: <sip:+12065550111@sip.pstnhub.microsoft.com:5061>" in raw
    assert "Contact: <sip:sip.pstnhub.microsoft.com:5061;transport=tls>" in raw
    assert "a=inactive" in raw
    assert "\r\nDate:" not in raw


def test_a_caller_without_a_number_is_anonymous_and_a_route_can_override_it() -> None:
    route = VoiceRoute(name="r", number_pattern="^.", trunks=(SBC1,), caller_id_override='"Front" <desk>')
    trunks = (Trunk(fqdn=SBC1, sip_signaling_port=5061),)
    overriding = Resource(configuration=SipConfiguration(trunks=trunks, routes=(route,)))
    with open_lab() as sips, open_lab(overriding) as other:
        plain, overridden = sips.call(NUMBER), other.call(NUMBER)

    assert "From: <sip:anonymous@anonymous.invalid>" in plain.events[0].raw
    assert "From: <sip:%22Front%22%20%3Cdesk%3E@sip.pstnhub.microsoft.com:5061>" in overridden.events[0].raw
    assert overridden.outcome == Answered(SBC1, "r", '"Front" <desk>', (SBC1,))


def test_what_a_carrier_says_of_a_number_ends_the_call() -> None:
    with open_lab() as sips:
        busy, nobody = sips.call(BUSY), sips.call(NOBODY)

    assert busy.outcome == Ended(SBC1, "Redmond 1", 486, (SBC1,))
    assert nobody.outcome == Ended(SBC1, "Redmond 1", 404, (SBC1,))


def test_a_number_that_rings_for_ever_has_115_seconds() -> None:
    """service-limits.md, 2023-03-31: setting up a call to the phone network; who ends it is our model."""
    with open_lab() as sips:
        call = sips.call(RINGING)

    limit = next(one for one in call.events if one.rule == "set-up-limit")
    assert limit.at == pytest.approx(115, abs=0.5)
    assert call.outcome == Ended(SBC1, "Redmond 1", 487, (SBC1,))
    assert [(sender, receiver) for sender, receiver, _ in requests(call, "CANCEL")] == [
        ("ACS", SBC1),
        (SBC1, "carrier"),
    ]


def test_a_silent_sbc_costs_the_wait_and_is_sent_no_cancel() -> None:
    """RFC 3261 9.1: no CANCEL before a provisional response."""
    with open_lab(wait_s=20) as sips:
        sips.set(SBC1, "silent")
        call = sips.call(NUMBER)

    waited = next(one for one in call.events if one.rule == "wait-over")
    assert waited.at == pytest.approx(20, abs=0.5)
    assert (waited.first, waited.sender, waited.receiver) == ("no answer in 20 s", "ACS", SBC1)
    assert requests(call, "CANCEL") == []


def test_the_caller_can_hang_up_while_it_rings_and_while_they_talk() -> None:
    with open_lab() as sips:
        ringing = sips.begin(RINGING)
        while not any(one.first == "180 Ringing" and one.receiver == "ACS" for one in ringing.events):
            time.sleep(0.001)
        early = ringing.done
        ringing.cancel()
        given_up = ringing.result(timeout=10)
        talking = sips.begin(NUMBER, talk_s=3600)
        while not any(one.first == "ACK" for one in talking.events):
            time.sleep(0.001)
        talking.cancel()
        ended = talking.result(timeout=10)

    assert not early
    assert given_up.outcome == HungUp((SBC1,))
    assert given_up.attempts == (Attempt(SBC1, "Redmond 1", 487, "hung up", "the caller hung up"),)
    assert [one.rule for one in given_up.events].count("caller-hangs-up") == 1
    assert isinstance(ended.outcome, Answered)
    assert len(requests(ended, "BYE")) == 2


@pytest.mark.parametrize("fault", ["silent", 503])
def test_a_caller_who_hangs_up_was_lost_by_no_sbc(fault: Fault) -> None:
    """One who hangs up at once may be seen while the first SBC is asked, or after its code; the end is the same."""
    with open_lab() as sips:
        sips.set(SBC1, fault)
        placing = sips.begin(RINGING)
        placing.cancel()
        call = placing.result(timeout=10)

    assert isinstance(call.outcome, HungUp)
    assert [one.rule for one in call.events].count("caller-hangs-up") == 1
    assert "does not fail over" not in call_page(call).text
    assert "ends the call" not in call_page(call).text


def test_the_callee_hangs_up_first_where_that_is_asked() -> None:
    with open_lab() as sips:
        call = sips.call(NUMBER, hangs_up="callee", talk_s=2)

    assert [(sender, receiver) for sender, receiver, _ in requests(call, "BYE")] == [("carrier", SBC1), (SBC1, "ACS")]


def test_an_sbc_that_relays_503_as_500_loses_the_call_that_another_would_save() -> None:
    """RFC 3261 16.7, step 6; and direct-routing-provisioning.md, 2023-06-22: no failover on 500."""
    separate = {SBC2: "second carrier"}
    with pytest.raises(AnswerError, match="cannot be used"):
        open_lab(carriers=separate)
    with open_lab(carriers={SBC2: "second"}, relays_503_as_500=[SBC1]) as sips:
        sips.set("carrier", 503)
        lost = sips.call(NUMBER)
    with open_lab(carriers={SBC2: "second"}) as sips:
        sips.set("carrier", 503)
        saved = sips.call(NUMBER)

    assert lost.outcome == Ended(SBC1, "Redmond 1", 500, (SBC1,))
    assert any(one.rule == "carrier-503-as-500" for one in lost.events)
    assert saved.outcome == Answered(SBC2, "Redmond 1", "anonymous", (SBC1, SBC2))
    assert saved.roles == ("ACS", SBC1, SBC2, "carrier", "second")


@pytest.mark.parametrize(("fault", "code"), [("silent", 504), ("slow", 504), ("refused", 503), (480, 480)])
def test_a_carriers_fault_reaches_the_acs_side_as_a_code_of_the_sbc(fault: Fault, code: int) -> None:
    with open_lab() as sips:
        sips.set("carrier", fault)
        call = sips.call(OTHER)

    assert [(one.trunk, one.code, one.cause) for one in call.attempts] == [(SBC5, code, "final code")]
    assert isinstance(call.outcome, Ended if code == 480 else Dropped)


def test_no_route_means_no_sip() -> None:
    numbered = microsoft_three_routes().model_copy(update={"purchased_numbers": ("+14255550111",)})
    with open_lab() as sips, open_lab(numbered) as other:
        dropped = sips.call("+31201234567")
        carried = other.call("+31201234567", alternate_caller_id="+14255550111")

    assert [(one.kind, one.rule) for one in dropped.events] == [("event", "no-route")]
    assert isinstance(dropped.outcome, Dropped)
    assert [(one.kind, one.rule) for one in carried.events] == [("event", "voice-calling")]
    assert carried.outcome == VoiceCalling("+14255550111")


def test_a_faulty_sbc_brings_no_call_in() -> None:
    with open_lab() as sips:
        sips.set(SBC1, "expired")
        expired = sips.receive(NUMBER, through=SBC1)
        sips.set(SBC1, "refused")
        refused = sips.receive(NUMBER, through=SBC1)

    assert isinstance(expired.ending, Refused)
    assert (expired.code, refused.code) == (503, 503)


def test_health_is_told_in_the_words_of_the_portal() -> None:
    with open_lab() as sips:
        fresh = dict(sips.health())
        sips.set(SBC1, "expired")
        sips.wait(60)
        seen = sips.health()[SBC1]

    assert set(fresh) == {SBC1, SBC2, SBC3, SBC4, SBC5}
    assert {(one.tls, one.options, one.overall) for one in fresh.values()} == {("Active", "Active", "Online")}
    assert seen.tls == "CertExpired"


# ---------------------------------------------------------------- laws

STATES: dict[Fault, SbcState] = {"no OPTIONS": "answers", "slow": "silent"}
FLAWED = ("wrong name", "expired", "unknown CA")


def state_of(fault: Fault) -> SbcState:
    return "refused" if fault in FLAWED else STATES.get(fault, fault)  # type: ignore[return-value]


def drawn(random: Random) -> tuple[Resource, dict[str, Fault], int | None]:
    """A small table whose routes match the number as a rule, with a fault for each SBC."""
    fqdns = [f"sbc{i}.example.com" for i in range(1, 5)]
    patterns = [r"^\+1\d{10}$", r"^\+1425", r"^\+", r"00$", r"^\+1(425|206)\d{7}$", r"^\+44"]
    routes = [
        (f"route {i}", random.choice(patterns), " ".join(random.sample(fqdns, random.randint(0, 3))))
        for i in range(random.randint(1, 4))
    ]
    faults: list[Fault] = [
        "answers",
        "answers",
        "answers",
        503,
        503,
        504,
        408,
        486,
        500,
        "refused",
        "silent",
        "slow",
        *FLAWED,
    ]  # type: ignore[list-item]
    return resource_of(routes, *fqdns), {fqdn: random.choice(faults) for fqdn in fqdns}, random.choice([None, 1, 2])


def in_any_order(outcome: object) -> object:
    """An outcome without the order of the SBCs tried, of which `dial` gives one of many."""
    if isinstance(outcome, Answered | Ended):
        return type(outcome), outcome.trunk, outcome.route
    return type(outcome)


def test_a_live_call_ends_as_dial_says_it_can(full: bool) -> None:
    connected = 0
    for seed in range(200 if full else 25):
        resource, faults, shuffle = drawn(Random(seed))
        expected = dial(resource, NUMBER, sbcs={fqdn: state_of(fault) for fqdn, fault in faults.items()})
        with open_lab(resource, seed=shuffle) as sips:
            for fqdn, fault in faults.items():
                sips.set(fqdn, fault)
            outcome = sips.call(NUMBER, talk_s=0).outcome
        if shuffle is None:
            assert outcome == expected.as_listed, seed
        assert in_any_order(outcome) in [in_any_order(one) for one in expected.outcomes], seed
        connected += isinstance(outcome, Answered)
    assert 5 < connected < 180


def test_a_seed_shuffles_the_sbcs_of_a_route_and_the_same_seed_the_same_way() -> None:
    def firsts(seed: int) -> list[str]:
        with open_lab(transport="udp", seed=seed) as sips:
            return [sips.call(NUMBER, talk_s=0).attempts[0].trunk for _ in range(8)]

    assert firsts(1) == firsts(1)
    assert {*firsts(1), *firsts(2)} == {SBC1, SBC2}


SCENES: list[tuple[dict[str, Fault], str, dict[str, Any]]] = [
    ({}, NUMBER, {}),
    ({SBC1: 503}, NUMBER, {"hangs_up": "callee"}),
    ({SBC1: "slow", SBC2: "silent"}, NUMBER, {}),
    ({SBC1: "expired", SBC2: "refused"}, BUSY, {}),
    ({"carrier": "slow"}, RINGING, {}),
    ({SBC1: 504}, RINGING, {}),
]


def played() -> list[Any]:
    told = []
    for faults, number, how in SCENES:
        with open_lab() as sips:
            for name, fault in faults.items():
                sips.set(name, fault)
            call = sips.call(number, **how)
            told.append([(e.kind, e.sender, e.receiver, e.first, e.rule, e.raw) for e in call.events])
            arrival = sips.receive(number, through=SBC4)
            told.append([(e.kind, e.sender, e.receiver, e.first, e.rule, e.raw) for e in arrival.events])
    return told


def test_each_run_over_tls_is_the_same_to_the_last_byte(full: bool) -> None:
    first = played()

    assert len(first[0]) == 14
    assert all(played() == first for _ in range(19 if full else 2))


def test_only_messages_of_its_own_dialogs_are_in_a_call() -> None:
    with open_lab(transport="udp") as sips:
        placing = sips.begin(NUMBER, talk_s=200)
        sips.wait(130)
        both = sips.call(OTHER, talk_s=0)
        placing.cancel()
        call = placing.result(timeout=10)
        carried = sips.pcap()

    assert {one.method for one in call.events} == {"INVITE", "ACK", "BYE"}
    assert {SBC5} == set(both.roles) - {"ACS", "carrier"}
    assert b"OPTIONS sip:" in carried


@pytest.mark.parametrize("name", ["f*.com", "*", "", "*.*.com", "sbc 1.contoso.biz", 5])
def test_a_certificate_that_cannot_be_made_is_refused_before_anything_is_sent(name: Any) -> None:
    with open_lab() as sips:
        before = sips.pcap()
        with pytest.raises(AnswerError, match=r"certificate_names: .* cannot be used") as refused:
            sips.receive(NUMBER, through=SBC1, certificate_names=["*.contoso.biz", name])
        after = sips.pcap()
        whole = sips.receive(NUMBER, through=SBC1, certificate_names=["*.contoso.biz"])

    assert "Use a host name" in str(refused.value) or "Write a list" in str(refused.value)
    assert after == before
    assert whole.code == 200


def test_without_tls_a_star_inside_a_label_is_taken_as_given() -> None:
    """direct-routing-sip-specification.md, 2023-06-15: RFC 2818, where f*.com covers foo.com."""
    with open_lab(transport="udp") as sips:
        assert sips.receive(NUMBER, through=SBC1, certificate_names=["sb*.contoso.biz"]).code == 200


# ---------------------------------------------------------------- the lab comes and goes


def traces() -> tuple[set[str], int]:
    gc.collect()
    files = Path("/proc/self/fd")
    return {thread.name for thread in threading.enumerate()}, len(list(files.iterdir())) if files.is_dir() else 0


def fail_inside(transport: Any) -> None:
    with open_lab(transport=transport) as sips:
        sips.begin(RINGING)
        raise ZeroDivisionError


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_nothing_is_left_on_exit_on_an_exception_and_when_a_lab_is_forgotten(transport: Any) -> None:
    open_lab(transport=transport).start().close()
    before = traces()
    with open_lab(transport=transport) as sips:
        sips.call(NUMBER, talk_s=0)
        loop = sips._loop
    with pytest.raises(ZeroDivisionError):
        fail_inside(transport)
    forgotten = open_lab(transport=transport).start()
    forgotten.begin(RINGING)
    del forgotten, sips

    assert traces() == before
    assert loop.is_closed()


def test_an_interpreter_ends_with_a_lab_open_and_says_nothing() -> None:
    code = (
        "from acs_telephony.live.sip.lab import SipLab\n"
        "from acs_telephony.tables import microsoft_three_routes\n"
        "lab = SipLab(microsoft_three_routes(), numbers={'+14255550101': 'rings'}).start()\n"
        "lab.call('+14255550100', talk_s=0)\n"
        "lab.begin('+14255550101')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=False
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_many_labs_at_once_know_nothing_of_each_other() -> None:
    labs = [open_lab(transport="udp").start() for _ in range(8)]
    try:
        labs[3].set(SBC1, 503)
        calls = [one.result(10) for one in [sips.begin(NUMBER, talk_s=0) for sips in labs]]
    finally:
        for sips in labs:
            sips.close()

    assert [one.attempts[-1].trunk for one in calls] == [SBC1, SBC1, SBC1, SBC2, SBC1, SBC1, SBC1, SBC1]


@pytest.mark.parametrize("transport", ["udp", "tls"])
def test_two_hundred_failover_calls_at_once_all_arrive(transport: Any) -> None:
    with open_lab(transport=transport, time_scale=0.1) as sips:
        sips.set(SBC1, 503)
        placed = [sips.begin(NUMBER, talk_s=0) for _ in range(200)]
        outcomes = {one.result(60).outcome for one in placed}

    assert outcomes == {Answered(SBC2, "Redmond 1", "anonymous", (SBC1, SBC2))}


def test_a_closed_lab_says_so_and_can_be_opened_again() -> None:
    sips = open_lab(transport="udp")
    with pytest.raises(AnswerError, match="the lab is closed"):
        sips.call(NUMBER)
    with sips:
        ringing = sips.begin(RINGING)
    with pytest.raises(AnswerError, match="closed meanwhile"):
        ringing.result(timeout=5)
    ringing.cancel()
    with pytest.raises(AnswerError, match="the lab is closed"):
        sips.wait(1)
    with sips.start():
        assert isinstance(sips.call(NUMBER, talk_s=0).outcome, Answered)
    assert repr(sips) == "SipLab(5 SBCs, udp, time x0.002, closed)"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this platform sends no signal to a thread")
def test_an_interrupt_hangs_up_and_the_lab_goes_on() -> None:
    main = threading.main_thread().ident
    assert main
    with open_lab(transport="udp", time_scale=0.1) as sips:
        for work in (lambda: sips.call(RINGING), lambda: sips.wait(300)):
            timer = threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT))
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                work()
            timer.join()
        after = sips.call(NUMBER, talk_s=0)
        tasks = asyncio.run_coroutine_threadsafe(_tasks(), sips._loop).result(5)

    assert isinstance(after.outcome, Answered)
    assert [name for name in tasks if "call" in name] == []


async def _tasks() -> list[str]:
    return [str(task.get_coro()) for task in asyncio.all_tasks()]


WRONG: list[tuple[Any, str, str]] = [
    (lambda sips: sips.set("sbc1.contoso.bis", 503), "no SBC is called", "Did you mean sbc1.contoso.biz?"),
    (lambda sips: sips.set(SBC1, "quiet"), "'quiet' is not known here", "Use one of: answers, silent"),
    (lambda sips: sips.set(SBC1, "silnt"), "'silnt' is not known here", "Did you mean 'silent'?"),
    (lambda sips: sips.set(SBC1, 200), "200 is no code that refuses", "Use 300 to 699"),
    (lambda sips: sips.set(SBC1, True), "'True' is not known here", "Use one of"),
    (lambda sips: sips.set("carrier", "expired"), "'expired' is not known here", "Use one of"),
    (lambda sips: sips.set(SBC1, "expired"), "'expired' needs certificates", 'transport="tls"'),
    (lambda sips: sips.call("020 123 4567"), "there is no country code", "Choose a country"),
    (lambda sips: sips.call(NUMBER, talk_s=-1), "'-1' cannot be used", "Use 0 to 3600"),
    (lambda sips: sips.call(NUMBER, hangs_up="nobody"), "'nobody' is not known here", "caller, callee"),
    (lambda sips: sips.receive(NUMBER, through="edge"), "no SBC is called 'edge'", "Name a trunk"),
    (lambda sips: sips.wait("long"), "'long' cannot be used", "Use 0 to"),
    (lambda _: open_lab(transport="sctp"), "'sctp' is not known here", "tls"),
    (lambda _: open_lab(time_scale=0), "'0' cannot be used", "Use 0.001 to 10"),
    (lambda _: open_lab(numbers={NUMBER: "sings"}), "'sings' is not known here", "Did you mean 'rings'?"),
    (lambda _: open_lab(relays_503_as_500=["sbc9.contoso.biz"]), "no SBC is called", "Did you mean"),
    (lambda sips: sips.receive(NUMBER, through=SBC1, talk_s=float("inf")), "'inf' cannot be used", "Use 0 to 3600"),
    (lambda sips: sips.receive(NUMBER, through=SBC1, talk_s="long"), "'long' cannot be used", "Use 0 to 3600"),
    (lambda sips: sips.receive(NUMBER, through=SBC1, talk_s=-1), "'-1' cannot be used", "Use 0 to 3600"),
    (lambda sips: sips.receive(NUMBER, through=SBC1, contact="a b\r\n"), "'a b??' cannot be used", "a host name"),
    (lambda sips: sips.receive(NUMBER, through=SBC1, contact=5), "'5' cannot be used", "a host name"),
    (lambda sips: sips.receive(NUMBER, through=SBC1, certificate_names=SBC1), "cannot be used", "Write a list"),
    (lambda sips: sips.receive(NUMBER, through=SBC1, certificate_names=["a_b"]), "'a_b' cannot", "a host name"),
    (lambda sips: sips.add_trunk_address(SBC1, 0), "'0' cannot be used", "Use 1 to 65535"),
    (lambda sips: sips.add_trunk_address(SBC1, True), "'True' cannot be used", "Use 1 to 65535"),
    (lambda sips: sips.add_trunk_address(SBC1, 5060.5), "'5060.5' cannot be used", "Use 1 to 65535"),
    (lambda _: open_lab(carriers={SBC1: 5}), "'5' cannot be used", "Use letters"),
    (lambda _: open_lab(carriers={SBC1: "ACS"}), "'ACS' cannot be used", "no name of the ACS side"),
    (lambda _: open_lab(carriers={SBC1: SBC2.upper()}), "cannot be used", "or of an SBC"),
    (lambda _: open_lab(carriers={SBC1: "é" * 3}), "cannot be used", "Use letters"),
    (lambda _: open_lab(carriers={SBC1: "a" * 64}), "cannot be used", "Use letters"),
    (lambda _: open_lab(numbers=[NUMBER]), "cannot be used", "Write {...: ...}"),
    (lambda _: open_lab(seed="one"), "'one' cannot be used", "Use a number"),
    (lambda _: open_lab(event_grid="yes"), "'yes' cannot be used", "Use True or False"),
    (lambda _: open_lab(microsoft365_domains="contoso.com"), "'contoso.com' cannot be used", "Write a list"),
    (lambda _: open_lab(omnichannel_numbers=NUMBER), "cannot be used", "Write a list"),
    (lambda _: SipLab("contoso"), "str is no Resource", "Write Resource"),  # type: ignore[arg-type]
]


def test_what_cannot_be_used_is_refused_with_its_place_and_a_remedy() -> None:
    with open_lab(transport="udp") as sips:
        for work, problem, remedy in WRONG:
            with pytest.raises((AnswerError, NumberError)) as refused:
                work(sips)
            assert problem in refused.value.problem
            assert remedy in refused.value.remedy
            assert refused.value.place


def test_what_is_refused_changes_no_sbc_and_names_the_labs_own_method() -> None:
    with open_lab(transport="udp") as sips:
        with pytest.raises(AnswerError):
            sips.add_trunk_address(SBC1, 0)
        assert sips.call(NUMBER, talk_s=0).attempts[0].trunk == SBC1
        for work in (sips.begin, sips.call):
            with pytest.raises(TypeError, match=rf"SipLab\.{work.__name__}\(\)"):
                work(NUMBER, caller="me")  # type: ignore[operator]


@pytest.mark.parametrize("fqdn", ["sip.pstnhub.microsoft.com", "carrier.example"])
def test_a_trunk_with_the_name_of_another_role_is_refused(fqdn: str) -> None:
    with pytest.raises(AnswerError, match=f"both have the name {fqdn}"):
        open_lab(resource_of([], fqdn)).start()


def test_a_lab_that_many_threads_open_is_opened_once() -> None:
    def open_here() -> int:
        return sum(thread.name == "SipLab" for thread in threading.enumerate())

    before, sips = open_here(), open_lab(transport="udp")
    threads = [threading.Thread(target=sips.start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    during = open_here()
    sips.close()

    assert (during, open_here()) == (before + 1, before)


def test_the_answer_to_cancel_has_the_tag_of_the_487() -> None:
    """RFC 3261 9.2."""
    with open_lab() as sips:
        call = sips.call(RINGING)

    said = [one for one in call.events if one.sender == SBC1 and one.receiver == "ACS" and one.code in (200, 487)]
    tags = {line for one in said for line in one.raw.split("\r\n") if line.startswith("To: ")}
    assert {(one.method, one.code) for one in said} == {("CANCEL", 200), ("INVITE", 487)}
    assert len(tags) == 1
    assert ";tag=" in tags.pop()


def test_an_invite_without_contact_gets_400_from_a_carrier_and_an_sbc() -> None:
    """RFC 3261 8.1.1.8: an INVITE has a Contact; without one there is no dialog to answer in."""
    import socket

    with open_lab(transport="udp", time_scale=0.1) as sips, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(10)
        for where in (sips.carrier_address(), sips._roles.sbcs[SBC1].inside.address):
            lines = [
                f"INVITE sip:{NUMBER}@x.example SIP/2.0",
                "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;rport",
                "From: <sip:a@x.example>;tag=a",
                f"To: <sip:{NUMBER}@x.example>",
                "Call-ID: 1",
                "CSeq: 1 INVITE",
                "\r\n",
            ]
            peer.sendto("\r\n".join(lines).encode(), where)
            codes = [peer.recv(65535)[8:11] for _ in range(2)]
            assert codes == [b"100", b"400"]


@pytest.mark.parametrize("package", ["sipmessage", "trustme"])
def test_without_the_extra_a_lab_says_what_to_install(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("acs_telephony.live.sip.")]:
        if name != "acs_telephony.live.sip.values":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(AcsTelephonyError, match=rf"{package} is missing.*pip install 'acs-telephony\[sip\]'"):
        lab.SipLab(microsoft_three_routes())


# ---------------------------------------------------------------- loopback, and keys


def test_a_peer_outside_the_lab_takes_an_sbcs_place_and_cannot_lead_off_loopback() -> None:
    """It answers over UDP with a Contact at an address elsewhere, as a phone with two networks would."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer, open_lab(transport="udp", time_scale=0.1) as sips:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(10)

        def answer() -> None:
            data, source = peer.recvfrom(65535)
            copied = [
                line for line in data.split(b"\r\n") if line.split(b":")[0] in (b"Via", b"From", b"Call-ID", b"CSeq")
            ]
            to = next(line for line in data.split(b"\r\n") if line.startswith(b"To:")) + b";tag=peer"
            contact = [b"Contact: <sip:192.0.2.1:5060>", b"Content-Length: 0", b"", b""]
            peer.sendto(b"\r\n".join([b"SIP/2.0 200 OK", *copied, to, *contact]), source)

        thread = threading.Thread(target=answer)
        thread.start()
        sips.add_trunk_address(SBC1, peer.getsockname()[1])
        with pytest.raises(OffLoopback):
            sips.call(NUMBER)
        thread.join()
        sips.set(SBC2, "answers")

        assert isinstance(sips.call(OTHER).outcome, Answered)


class OutsidePeer:
    """A program outside the lab that answers each INVITE with these codes, by hand, over UDP."""

    def __init__(self, *codes: int) -> None:
        import socket

        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.codes, self.over = codes, threading.Event()
        self.thread = threading.Thread(target=self._answer)

    def __enter__(self) -> int:
        self.thread.start()
        return int(self.socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()
        self.socket.close()

    def _answer(self) -> None:
        while not self.over.is_set():
            try:
                data, source = self.socket.recvfrom(65535)
            except TimeoutError:
                continue
            names = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
            lines = [line for line in data.split(b"\r\n") if line.split(b":")[0] in names]
            copied = [line + b";tag=peer" if line.startswith(b"To:") else line for line in lines]
            for code in self.codes if data.startswith(b"INVITE") else ():
                self.socket.sendto(b"\r\n".join([b"SIP/2.0 %d Peer" % code, *copied, b"", b""]), source)


def test_what_a_program_outside_the_lab_says_is_explained_too() -> None:
    with OutsidePeer(503) as port, open_lab(transport="udp", time_scale=0.1) as sips:
        sips.add_trunk_address(SBC1, port)
        call = sips.call(NUMBER, talk_s=0)

    assert [one.rule for one in call.events if one.sender == SBC1] == ["outside"]
    assert call.outcome == Answered(SBC2, "Redmond 1", "anonymous", (SBC1, SBC2))
    assert explain("outside").title in call_page(call).text


@pytest.mark.parametrize("code", [408, 503, 504])
def test_a_call_that_rang_goes_to_no_other_sbc(code: int) -> None:
    """Documented for Teams (TEAMS-FO): only in the absence of provisional responses other than 100; else our model."""
    with OutsidePeer(180, code) as port, open_lab(transport="udp", time_scale=0.1) as sips:
        sips.add_trunk_address(SBC1, port)
        call = sips.call(NUMBER, talk_s=0)

    assert call.outcome == Ended(SBC1, "Redmond 1", code, (SBC1,))
    assert [(one.code, one.effect) for one in call.attempts] == [(code, "ends the call")]
    assert call.events[-1].rule == "rang-before"
    assert "that it holds there too is our model" in explain("rang-before").text


def test_a_connection_that_is_lost_while_it_rings_is_no_refused_one() -> None:
    with open_lab(transport="tcp", time_scale=0.1) as sips:
        ringing = sips.begin(RINGING)
        while not any(one.first == "180 Ringing" and one.receiver == "ACS" for one in ringing.events):
            time.sleep(0.001)
        sips.set(SBC1, "refused")
        call = ringing.result(timeout=20)

    assert [one.rule for one in call.events if one.kind == "event"] == ["connection-lost", "rang-before"]
    assert call.outcome == Ended(SBC1, "Redmond 1", 503, (SBC1,))
    assert "was not reached" not in end_reason(call).words


def test_the_fault_of_a_carrier_is_told_as_the_carriers() -> None:
    with open_lab() as sips:
        sips.set("carrier", 480)
        rules = {(one.sender, one.code): one.rule for one in sips.call(NUMBER).events}

    assert rules["carrier", 480] == "carrier-fault"
    assert "carrier" in explain("carrier-fault").text


def test_no_key_is_ever_on_disk_where_there_are_pipes() -> None:
    """Every file that is opened for writing while a lab runs, as Python's own audit sees it."""
    code = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda name, args: opened.append(args) if name == 'open' else None)\n"
        "from acs_telephony.live.sip.lab import SipLab\n"
        "from acs_telephony.tables import microsoft_three_routes\n"
        "with SipLab(microsoft_three_routes()) as lab:\n"
        "    lab.set('sbc1.contoso.biz', 'expired')\n"
        "    lab.call('+14255550100', talk_s=0)\n"
        "print([a for a in opened if (isinstance(a[1], str) and set(a[1]) & set('wax+')) or (a[2] or 0) & 3])\n"
    )
    if not Path("/dev/fd").is_dir():
        pytest.skip("this platform has no /dev/fd: the key is in a file, encrypted")
    told = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert told.stdout == "[]\n"


def test_where_there_are_no_pipes_the_key_is_encrypted_and_its_file_goes_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[Path, str]] = []
    unlink = Path.unlink

    def look_and_unlink(path: Path) -> None:
        seen.append((path, path.read_text(encoding="ascii")))
        unlink(path)

    monkeypatch.setattr(certificates, "PIPES", Path("nowhere"))
    monkeypatch.setattr(Path, "unlink", look_and_unlink)
    shown = Authority().credentials("sbc1.contoso.biz")

    assert len(seen) == 2
    assert all("BEGIN ENCRYPTED PRIVATE KEY" in text and "BEGIN PRIVATE" not in text for _, text in seen)
    assert not any("BEGIN EC PRIVATE" in text or path.exists() for path, text in seen)
    assert shown.server.cert_store_stats()["x509_ca"] == 1
