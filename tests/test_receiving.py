"""A call in meets the documented look-ups in the documented order, and ends where they say."""

from __future__ import annotations

from typing import Any

import pytest

from acs_telephony.errors import AnswerError
from acs_telephony.models import Resource, SipConfiguration, Trunk
from acs_telephony.receiving import Refused, certificate_matches, receive
from tests.conftest import cases

RESOURCE = Resource(
    configuration=SipConfiguration(
        trunks=tuple(Trunk(fqdn=fqdn, sip_signaling_port=5061) for fqdn in ("sbc1.contoso.com", "contoso.org"))
    ),
    purchased_numbers=("+14255550111",),
)


@pytest.mark.parametrize("case", cases("receiving.toml", "sip"))
def test_a_call_from_an_sbc_ends_where_the_source_says(case: dict[str, Any]) -> None:
    arrival = receive(
        RESOURCE,
        "+31 20 123 4567",
        contact=case["contact"],
        certificate_names=tuple(case.get("certificate_names", ())),
        microsoft365_domains=tuple(case.get("microsoft365_domains", ())),
        omnichannel_numbers=tuple(case.get("omnichannel_numbers", ())),
        event_grid=case.get("event_grid", True),
    )

    assert type(arrival.ending).__name__ == case["ending"]
    assert arrival.contact == case["contact"]
    if isinstance(arrival.ending, Refused):
        assert arrival.ending.code == case.get("code")
        assert case["says"] in arrival.ending.reason
    assert all("SIP" in step.source for step in arrival.steps)


@pytest.mark.parametrize("case", cases("receiving.toml", "cloud"))
def test_a_call_by_voice_calling_ends_where_the_source_says(case: dict[str, Any]) -> None:
    arrival = receive(
        RESOURCE,
        case["number"],
        omnichannel_numbers=tuple(case.get("omnichannel_numbers", ())),
        event_grid=case.get("event_grid", True),
    )

    assert type(arrival.ending).__name__ == case["ending"]
    assert arrival.contact is None


def test_the_case_of_a_host_name_does_not_matter() -> None:
    arrival = receive(RESOURCE, "+31201234567", contact="SBC1.Contoso.COM", certificate_names=("*.CONTOSO.com",))

    assert type(arrival.ending).__name__ == "ToApplication"


def test_a_port_in_contact_is_no_part_of_the_name() -> None:
    named = receive(RESOURCE, "+31201234567", contact="sbc1.contoso.com:5061", certificate_names=("sbc1.contoso.com",))
    address = receive(RESOURCE, "+31201234567", contact="192.0.2.1:5061")

    assert type(named.ending).__name__ == "ToApplication"
    assert address.ending == Refused(403, "Contact holds an IP address")


def test_one_name_alone_is_not_read_letter_by_letter() -> None:
    arrival = receive(RESOURCE, "+31201234567", contact="sbc1.contoso.com", certificate_names="*.contoso.com")  # type: ignore[arg-type]

    assert type(arrival.ending).__name__ == "ToApplication"
    with pytest.raises(AnswerError, match="no list of texts"):
        receive(RESOURCE, "+31201234567", contact="sbc1.contoso.com", certificate_names=(1,))  # type: ignore[arg-type]


def test_a_wrong_kind_of_value_is_refused_kindly() -> None:
    with pytest.raises(AnswerError, match="is no Resource"):
        receive("contoso", "+31201234567")  # type: ignore[arg-type]
    with pytest.raises(AnswerError, match="names no host"):
        receive(RESOURCE, "+31201234567", contact=5)  # type: ignore[arg-type]


def test_an_empty_contact_is_refused_with_a_remedy() -> None:
    with pytest.raises(AnswerError, match=r"Write sbc1\.contoso\.com"):
        receive(RESOURCE, "+31201234567", contact=" ")


def test_a_name_of_many_stars_is_answered_at_once() -> None:
    """A name from a stranger: as a regular expression it would backtrack for hours."""
    assert not certificate_matches("*a" * 100 + ".com", "a" * 200 + ".com")
    assert not certificate_matches("**.contoso.com", "sbc.contoso.com")
    assert certificate_matches("s*1.contoso.com", "sbc1.contoso.com")
    assert not certificate_matches("sbc1*.contoso.com", "sbc1.contoso.com")
