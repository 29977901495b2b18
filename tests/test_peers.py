"""Live calls as others saw them agree with a second telling of the documented rules, and other people's SIP joins in.

The order of SBCs and the outcome are read from tshark's dissection of the capture, from SIPp's logs and from
Kamailio's, not from the kit; `tests/scan.py` says what they have to be. Without a match no SIP is sent, whichever way
the call ends: for those the kit's word is all there is.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from acs_telephony.live.sip.lab import SipLab
from acs_telephony.live.sip.values import Transport
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.routing import Dropped, VoiceCalling
from acs_telephony.tables import microsoft_three_routes
from tests.conftest import cases
from tests.random_configurations import Question, random_questions
from tests.scan import Told, told
from tests.sip_programs import HERE, Sipp, kamailio_runs, sipp_runs
from tests.wire import Message, Reader, heard, parse, read_capture, told_by

FIRST, SECOND = "sbc1.contoso.biz", "sbc2.contoso.biz"
NUMBER = "+14255550100"
EXAMPLE = microsoft_three_routes().configuration.dump()


def resource_of(question: Question) -> Resource:
    return Resource(
        configuration=SipConfiguration.load(question.configuration),
        purchased_numbers=question.purchased,
        voice_calling_enabled=question.voice_calling,
    )


def told_of(question: Question) -> Told:
    return told(
        question.configuration,
        question.dialled,
        question.faults,
        purchased=question.purchased,
        voice_calling=question.voice_calling,
        alternate=question.alternate,
    )


def live(question: Question, transport: Transport, time_scale: float) -> tuple[bytes, Any]:
    """Place the call in a lab of its own: the capture, and the kit's own word."""
    with SipLab(resource_of(question), transport=transport, time_scale=time_scale) as lab:
        for fqdn, fault in question.faults.items():
            lab.set(fqdn, fault)  # type: ignore[arg-type]
        call = lab.call(question.dialled, alternate_caller_id=question.alternate, talk_s=0)
        return lab.pcap(), call.outcome


def check(
    questions: Sequence[Question], read_wire: Reader, *, time_scale: float = 0.005, at_once: int = 2
) -> dict[tuple[str, str], int]:
    """Each question over UDP and TLS by turns, against the scan; how often each ending came on each transport."""
    transports: list[Transport] = ["tls" if n % 2 or _needs_tls(q) else "udp" for n, q in enumerate(questions)]
    with ThreadPoolExecutor(at_once) as pool:
        lived = list(pool.map(live, questions, transports, [time_scale] * len(questions)))
    counted: dict[tuple[str, str], int] = {}
    found = read_wire([capture for capture, _ in lived])
    for question, transport, (_, word), messages in zip(questions, transports, lived, found, strict=True):
        expected = told_of(question)
        seen = told_by(messages, question.configuration["trunks"])
        assert seen == heard(expected, question.faults, over_tls=transport == "tls"), (question, transport)
        if not expected.tried:
            assert isinstance(word, VoiceCalling if expected.ending == "Voice Calling" else Dropped), question
        counted[transport, expected.ending] = counted.get((transport, expected.ending), 0) + 1
    return counted


def _needs_tls(question: Question) -> bool:
    return any(fault in ("wrong name", "expired", "unknown CA") for fault in question.faults.values())


def documented() -> Iterator[Question]:
    """Every route, no-match and failover case of the documents."""
    for (case,) in (row.values for row in cases("routing.toml", "outbound_route")):
        yield _of_example(case["routes"], case["dialled"], dict.fromkeys(case["down"], 503))
    for (case,) in (row.values for row in cases("routing.toml", "no_match")):
        question = _of_example(1, case["dialled"], dict.fromkeys(case.get("down", ()), 503))
        yield replace(
            question,
            purchased=tuple(case["purchased_numbers"]),
            voice_calling=case["voice_calling_enabled"],
            alternate=case.get("alternate_caller_id"),
        )
    for (case,) in (row.values for row in cases("routing.toml", "failover_code")):
        yield _of_example(1, NUMBER, {FIRST: case["code"]})


def _of_example(routes: int, dialled: str, faults: dict[str, str | int]) -> Question:
    configuration = {**EXAMPLE, "routes": EXAMPLE["routes"][:routes]}
    return Question(configuration, dialled, faults, (), True, None)


def test_the_documented_cases_are_heard_on_the_wire(read_wire: Reader) -> None:
    """29 calls; the scan itself is held against the documents in tests/test_scan.py."""
    counted = check(list(documented()), read_wire)

    assert sum(counted.values()) == 13 + 7 + 9


def test_random_configurations_are_heard_on_the_wire_as_told(read_wire: Reader, full: bool) -> None:
    """200 with --full, 15 without; half over UDP, half over TLS, which alone has faults of certificates."""
    plain = random_questions(20261127, 100 if full else 8, tls=False)
    counted = check([*plain, *random_questions(20261128, 100 if full else 7, tls=True)], read_wire)

    assert sum(counted.values()) == (200 if full else 15)
    if full:
        assert {ending for _, ending in counted} == {"answered", "ended", "Voice Calling", "dropped"}
        assert min(counted[transport, "answered"] for transport in ("udp", "tls")) >= 5


def test_an_sbc_without_options_is_called_from_three_data_centres_and_then_not_at_all(read_wire: Reader) -> None:
    """One minute without OPTIONS, then three, then four, of an SBC that says 503 to the call (MON, 2023-06-22)."""
    question = _of_example(1, NUMBER, {})
    expected, captures = [], []
    for minutes in (1, 3, 4):
        with SipLab(resource_of(question), transport="udp", time_scale=0.001, wait_s=600) as lab:
            lab.set(FIRST, "no OPTIONS")
            lab.wait(60.0 * minutes)
            lab.set(FIRST, 503)  # OPTIONS come again at the next minute alone
            before = len(lab.pcap())
            lab.call(NUMBER, talk_s=0)
            capture = lab.pcap()
            captures.append(capture[:24] + capture[before:])
        expected.append(told(question.configuration, NUMBER, {FIRST: 503}, silence_s={FIRST: 60.0 * minutes}))

    assert [told_by(messages, question.configuration["trunks"]) for messages in read_wire(captures)] == expected
    assert [one.tried for one in expected] == [(FIRST, SECOND), (FIRST, FIRST, FIRST, SECOND), (SECOND,)]


def test_a_180_that_comes_after_the_200_is_not_acknowledged() -> None:
    """UDP may turn the order round, and so does a proxy with many workers; only a 2xx gets an ACK (RFC 6026 7.2)."""
    with (
        socket.socket(type=socket.SOCK_DGRAM) as sbc,
        SipLab(microsoft_three_routes(), transport="udp", time_scale=1) as lab,
        ThreadPoolExecutor(1) as pool,
    ):
        sbc.bind((HERE, 0))
        sbc.settimeout(10)
        lab.add_trunk_address(FIRST, sbc.getsockname()[1])
        placed = pool.submit(lab.call, NUMBER, talk_s=0.2)
        invite, acs = sbc.recvfrom(9000)

        def say(request: bytes, first: str) -> None:
            kept = [line for line in request.decode().split("\r\n") if re.match("Via|From|To|Call-ID|CSeq", line)]
            lines = [line + ";tag=sbc" if re.match("To:(?!.*;tag=)", line) else line for line in kept]
            contact = f"Contact: <sip:{FIRST}:5061>"
            sbc.sendto("\r\n".join([f"SIP/2.0 {first}", *lines, contact, "Content-Length: 0", "", ""]).encode(), acs)

        say(invite, "200 OK")
        came = [sbc.recv(9000)]
        say(invite, "180 Ringing")
        came.append(sbc.recv(9000))
        say(came[-1], "200 OK")
        placed.result(10)

    assert [request.split()[0] for request in came] == [b"ACK", b"BYE"]


# --- SIPp in the place of SBCs and carriers, and as a caller

HERE_I_AM = {"contact": "[local_ip]:[local_port]"}
REASONS = {403: "Forbidden", 404: "Not Found", 408: "Request Timeout", 480: "Temporarily Unavailable", 486: "Busy Here"}
REASONS |= {500: "Server Internal Error", 503: "Service Unavailable", 504: "Server Time-out", 603: "Decline"}


def as_sbc(sipp: str, folder: Path, fault: str | int) -> Any:
    """SIPp that does what a fault says, until the context is left."""
    if isinstance(fault, int):
        return sipp_runs(sipp, "final.xml", folder, words={"code": str(fault), "reason": REASONS[fault]})
    return sipp_runs(sipp, f"{fault}.xml", folder, words=HERE_I_AM if fault == "answers" else None)


def logged(peers: Sequence[Sipp]) -> list[Message]:
    """What peers saw, in the order of their clocks, which are one."""
    seen = sorted((one for peer in peers for one in peer.seen()), key=lambda one: one.at)
    return [message for one in seen if (message := parse(one.text))]


def asked(peer: Sipp) -> list[str]:
    """The methods of the requests that a peer saw; what was sent again counts once."""
    return [method for method, _ in dict.fromkeys((m.method, m.branch) for m in logged([peer]) if m.method)]


@pytest.mark.full
def test_sipp_as_sbc_is_called_in_the_order_that_is_told(sipp: str, tmp_path: Path) -> None:
    """The failover codes and 20 random configurations; order and outcome stand in the logs of SIPp."""
    questions = [one for one in documented() if len(one.faults) == 1 and FIRST in one.faults]
    for question in random_questions(20261129, 100, tls=False):
        # Each silence takes a real second.
        silences = [question.faults[fqdn] in ("silent", "refused") for fqdn in told_of(question).tried]
        questions += [question] if silences and sum(silences) <= 1 and len(questions) < 30 else []
    answered = 0
    for number, question in enumerate(questions):
        with ExitStack() as leaving:
            lab = leaving.enter_context(SipLab(resource_of(question), transport="udp", time_scale=0.1))
            peers = []
            for fqdn in dict.fromkeys(fqdn for row in question.configuration["routes"] for fqdn in row["trunks"]):
                fault = question.faults.get(fqdn, "answers")
                if fault == "refused":
                    lab.set(fqdn, "refused")
                    continue
                peers.append(leaving.enter_context(as_sbc(sipp, tmp_path / f"{number}-{fqdn}", fault)))
                lab.add_trunk_address(fqdn, peers[-1].port)
            lab.call(question.dialled, alternate_caller_id=question.alternate, talk_s=0)
        expected = heard(told_of(question), question.faults, over_tls=True)  # what nobody hears stands in no log
        messages = logged(peers)
        assert told_by(messages, question.configuration["trunks"]) == expected, question
        if expected.ending == "answered":
            answered += 1
            assert [one.method for one in messages if one.method][-2:] == ["ACK", "BYE"]

    assert len(questions) == 30
    assert answered >= 5


@pytest.mark.full
def test_sipp_as_carrier_takes_calls_of_our_sbc(sipp: str, tmp_path: Path) -> None:
    """It answers, is busy, or is out of order: 503 goes on to the next SBC, 486 comes back to the caller."""
    expected = {"answers": ["INVITE", "ACK", "BYE"], "486": ["INVITE", "ACK"], "503": ["INVITE", "ACK"] * 2}
    for does, requests in expected.items():
        with ExitStack() as leaving:
            carrier = leaving.enter_context(as_sbc(sipp, tmp_path / does, int(does) if does.isdecimal() else does))
            lab = leaving.enter_context(SipLab(microsoft_three_routes(), transport="udp", time_scale=0.05))
            place = lab._roles.carriers["carrier"].place
            lab._roles.network.add("carrier", *place, (HERE, carrier.port))
            lab.call("+13215550100" if does != "503" else NUMBER, talk_s=0)
        assert asked(carrier)[: len(requests)] == requests, does


@pytest.mark.full
@pytest.mark.parametrize(
    ("contact", "code"),
    [("sbc1.contoso.biz:5061", ""), ("127.0.0.1:[local_port]", "403"), ("sbc9.contoso.biz:5061", "403")],
)
def test_sipp_as_sbc_calls_the_acs_side(sipp: str, tmp_path: Path, contact: str, code: str) -> None:
    """An IP address in Contact gets 403 (direct-routing-sip-specification.md, 2023-06-15); so does an unknown SBC."""
    with SipLab(microsoft_three_routes(), transport="udp", time_scale=0.05) as lab:
        words = {"number": NUMBER, "caller": "+14255550188", "contact": contact, "code": code}
        words |= {"host": "sip.pstnhub.microsoft.com", "from_host": "sbc1.contoso.biz"}
        script = "refused.xml" if code else "calls.xml"
        with sipp_runs(sipp, script, tmp_path / "sbc", target=lab.address[1], calls=1, words=words) as caller:
            assert caller.ended() == 0, [one.first for one in caller.seen()]

    codes = [one.code for one in logged([caller]) if one.code >= 200]
    assert codes == ([int(code)] if code else [200, 200])


@pytest.mark.full
def test_sipp_as_caller_reaches_the_acs_side_through_our_sbc(sipp: str, tmp_path: Path) -> None:
    with SipLab(microsoft_three_routes(), transport="udp", time_scale=0.05) as lab:
        entrance = lab._roles.sbcs[FIRST].outside.address[1]
        words = {"number": NUMBER, "caller": "+14255550188", "host": FIRST, "from_host": "carrier.example"}
        with sipp_runs(
            sipp, "calls.xml", tmp_path / "caller", target=entrance, calls=1, words={**words, **HERE_I_AM}
        ) as caller:
            assert caller.ended() == 0, [one.first for one in caller.seen()]
        invites = [one for text in read_capture(lab.pcap()) if (one := parse(text)) and one.method == "INVITE"]

    assert [one.code for one in logged([caller]) if one.code >= 180] == [180, 200, 200]
    assert invites[-1].host == "sip.pstnhub.microsoft.com"


# --- Kamailio as an SBC, with certificates on both sides


@dataclass(frozen=True)
class TwoSbcs:
    """What was seen in one call through two Kamailios: their notes, and the methods that each one's carrier got."""

    notes: tuple[list[str], list[str]]
    carried: tuple[list[str], list[str]]


def through_two(
    kamailio: str, sipp: str, folder: Path, first: str | int, *, says_503: bool = True, expired: bool = False
) -> TwoSbcs:
    """Call through the example's first route: the first SBC's carrier does `first`, the second one's answers."""
    with ExitStack() as leaving:
        lab = leaving.enter_context(SipLab(microsoft_three_routes(), transport="tls", time_scale=0.2))
        authority = lab._roles.authority
        assert authority
        carriers, sbcs = [], []
        for fqdn, does in ((FIRST, first), (SECOND, "answers")):
            carriers.append(leaving.enter_context(as_sbc(sipp, folder / f"carrier of {fqdn}", does)))
            leaf = authority.issue(fqdn, flaw="expired" if expired and fqdn == FIRST else "")
            files = {"key.pem": leaf.private_key_pem.bytes(), "ca.pem": authority.certificate.encode()}
            files["certificate.pem"] = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
            started = kamailio_runs(
                *(kamailio, folder / fqdn.partition(".")[0]),
                fqdn=fqdn,
                certificate=files,
                carrier=carriers[-1].port,
                says_503=says_503,
                fr_ms=500,
            )
            sbcs.append(leaving.enter_context(started))
            lab.add_trunk_address(fqdn, sbcs[-1].port)
        lab.call(NUMBER, talk_s=0)
    return TwoSbcs((sbcs[0].saw(), sbcs[1].saw()), (asked(carriers[0]), asked(carriers[1])))


WHOLE_CALL = ["INVITE", "ACK", "BYE"]


@pytest.mark.full
def test_kamailio_as_sbc_takes_a_call_over_mutual_tls(kamailio: str, sipp: str, tmp_path: Path) -> None:
    seen = through_two(kamailio, sipp, tmp_path, "answers")

    assert seen.carried == (WHOLE_CALL, [])
    assert [note.split()[1] for note in seen.notes[0]] == WHOLE_CALL
    assert all("certificate sip.pstnhub.microsoft.com verified 1" in note for note in seen.notes[0])


@pytest.mark.full
@pytest.mark.parametrize("fails", [503, "silent"])
def test_an_sbc_that_says_503_or_504_for_its_carrier_hands_the_call_on(
    kamailio: str, sipp: str, tmp_path: Path, fails: str | int
) -> None:
    """Silence of the carrier is 504 after half a second, before the ACS side gives up."""
    seen = through_two(kamailio, sipp, tmp_path, fails)

    assert [note.split()[1] for note in seen.notes[0]][:2] == ["INVITE", "503" if fails == 503 else "408"]
    assert seen.carried[1] == WHOLE_CALL


@pytest.mark.full
def test_a_proxy_that_says_500_for_its_carriers_503_loses_the_call(kamailio: str, sipp: str, tmp_path: Path) -> None:
    """RFC 3261 16.7, step 6: a proxy turns 503 into 500, and 500 is no reason to try the next SBC."""
    seen = through_two(kamailio, sipp, tmp_path, 503, says_503=False)

    assert seen.carried == (["INVITE", "ACK"], [])
    assert seen.notes[1] == []


@pytest.mark.full
def test_an_expired_certificate_never_reaches_the_log_of_the_sbc(kamailio: str, sipp: str, tmp_path: Path) -> None:
    seen = through_two(kamailio, sipp, tmp_path, "answers", expired=True)

    assert seen.notes[0] == []
    assert seen.carried == ([], WHOLE_CALL)
