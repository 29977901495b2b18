"""The second telling of the rules, which live calls are held against: it shares nothing with the kit, and it is right.

Laws: it gives what the documents give in their own cases; where both tell the same, it agrees with `routing`.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.routing import Answered, Dropped, Ended, SbcState, VoiceCalling, dial
from tests import scan
from tests.conftest import cases
from tests.random_configurations import TLS_WORDS, random_questions
from tests.scan import Told, told

REDMOND = r"^\+1(425|206)(\d{7})$"
#: The three-route example of direct-routing-provisioning.md, 2023-06-22, as it is meant.
EXAMPLE = [
    {"name": "r1", "numberPattern": REDMOND, "trunks": ["sbc1.contoso.biz", "sbc2.contoso.biz"]},
    {"name": "r2", "numberPattern": REDMOND, "trunks": ["sbc3.contoso.biz", "sbc4.contoso.biz"]},
    {"name": "r3", "numberPattern": r"^\+1(\d{10})$", "trunks": ["sbc5.contoso.biz"]},
]


def test_the_scan_imports_nothing_of_the_package() -> None:
    tree = ast.parse(Path(scan.__file__).read_text(encoding="utf-8"))
    names = [n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names]
    modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    called = [n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]

    assert sorted(names + [name or "" for name in modules]) == [
        *("__future__", "collections.abc", "dataclasses", "re", "typing")
    ]
    assert {"__import__", "eval", "exec"}.isdisjoint(called)


@pytest.mark.parametrize("case", cases("routing.toml", "outbound_route"))
def test_the_scan_gives_what_the_document_gives(case: dict[str, Any]) -> None:
    found = told({"routes": EXAMPLE[: case["routes"]]}, case["dialled"], dict.fromkeys(case["down"], 503))

    if case["takes"]:
        assert found == Told((*found.tried[:-1], case["takes"][0]), "answered", case["takes"][0], caller="anonymous")
        assert set(found.tried[:-1]) <= set(case["down"])
    else:
        assert (found.ending, set(found.tried)) == ("dropped", set(case["down"]))


@pytest.mark.parametrize("case", cases("routing.toml", "no_match"))
def test_the_scan_looks_at_the_alternate_caller_id_only_without_a_match(case: dict[str, Any]) -> None:
    found = told(
        {"routes": EXAMPLE[:1]},
        case["dialled"],
        dict.fromkeys(case.get("down", ()), 503),
        purchased=case["purchased_numbers"],
        voice_calling=case["voice_calling_enabled"],
        alternate=case.get("alternate_caller_id"),
    )

    expected = "answered" if "takes" in case else "Voice Calling" if "voice_calling" in case else "dropped"
    assert found.ending == expected


@pytest.mark.parametrize("case", cases("routing.toml", "failover_code"))
def test_the_scan_goes_on_after_three_codes_only(case: dict[str, Any]) -> None:
    found = told({"routes": EXAMPLE[:1]}, "+14255550100", {"sbc1.contoso.biz": case["code"]})

    goes_on = Told(("sbc1.contoso.biz", "sbc2.contoso.biz"), "answered", "sbc2.contoso.biz", caller="anonymous")
    ends = Told(("sbc1.contoso.biz",), "ended", "sbc1.contoso.biz", case["code"])
    assert found == (goes_on if case["effect"] == "fails over" else ends)


@pytest.mark.parametrize("case", cases("routing.toml", "caller_id"))
def test_the_scan_shows_the_documented_caller_id(case: dict[str, Any]) -> None:
    row = {**EXAMPLE[0], "callerIdOverride": case.get("caller_id_override")}

    assert told({"routes": [row]}, "+14255550100", alternate=case.get("alternate_caller_id")).caller == case["shows"]


@pytest.mark.parametrize(
    ("silence_s", "tried"),
    [
        # monitor-direct-routing.md: OPTIONS each minute; at 10:15 one of 10:12 still counts; three data centres.
        (60, ["sbc1.contoso.biz", "sbc2.contoso.biz"]),
        (61, ["sbc1.contoso.biz"] * 3 + ["sbc2.contoso.biz"]),
        (180, ["sbc1.contoso.biz"] * 3 + ["sbc2.contoso.biz"]),
        (181, ["sbc2.contoso.biz"]),
    ],
)
def test_the_scan_counts_the_minutes_without_options(silence_s: float, tried: list[str]) -> None:
    faults = {"sbc1.contoso.biz": 503}
    found = told({"routes": EXAMPLE[:1]}, "+14255550100", faults, silence_s={"sbc1.contoso.biz": silence_s})

    assert list(found.tried) == tried


def test_the_scan_and_the_kit_tell_the_same_of_random_configurations(full: bool) -> None:
    """5,000 with --full, 500 without; faults of TLS are refused connections to the kit."""
    endings: dict[str, int] = {}
    for question in random_questions(20261123, 5000 if full else 500, tls=True):
        states: dict[str, SbcState] = {
            fqdn: "refused" if fault in TLS_WORDS else fault  # type: ignore[misc]
            for fqdn, fault in question.faults.items()
        }
        resource = Resource(
            configuration=SipConfiguration.load(question.configuration),
            purchased_numbers=question.purchased,
            voice_calling_enabled=question.voice_calling,
        )
        theirs = dial(resource, question.dialled, sbcs=states, alternate_caller_id=question.alternate).as_listed

        ours = told(
            question.configuration,
            question.dialled,
            question.faults,
            purchased=question.purchased,
            voice_calling=question.voice_calling,
            alternate=question.alternate,
        )
        assert ours == told_of(theirs)
        endings[ours.ending] = endings.get(ours.ending, 0) + 1

    assert min(endings.values()) > 10
    assert endings.keys() == {"answered", "ended", "Voice Calling", "dropped"}


def told_of(outcome: Answered | Ended | VoiceCalling | Dropped) -> Told:
    """The kit's outcome in the words of the scan."""
    if isinstance(outcome, Answered):
        return Told(outcome.order, "answered", outcome.trunk, caller=outcome.caller_id)
    if isinstance(outcome, Ended):
        return Told(outcome.order, "ended", outcome.trunk, outcome.code)
    if isinstance(outcome, VoiceCalling):
        return Told((), "Voice Calling", caller=outcome.caller_id)
    return Told(outcome.order, "dropped")
