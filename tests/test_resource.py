"""A local resource as its clients meet it: signatures, versions, faults on demand, health, and bought numbers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.communication.phonenumbers import PhoneNumbersClient
from azure.communication.phonenumbers.siprouting import SipRoutingClient, SipTrunk, SipTrunkRoute
from azure.communication.phonenumbers.siprouting.aio import SipRoutingClient as AsyncSipRoutingClient
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceResponseError,
)

from acs_telephony.errors import AcsTelephonyError, ConfigurationError
from acs_telephony.live.resource import Answer, Broken, LocalResource
from acs_telephony.live.service import GA, PREVIEW
from acs_telephony.models import Resource
from acs_telephony.tables import contoso

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DATE = "Tue, 24 Nov 2026 12:00:00 GMT"
TRUNK = {"trunks": {"a.kit.example": {"sipSignalingPort": 5061}}}


def client_of(resource: LocalResource, **kwargs: Any) -> SipRoutingClient:
    return SipRoutingClient.from_connection_string(resource.connection_string, **{**resource.client_kwargs(), **kwargs})


def ask(
    resource: LocalResource,
    verb: str = "GET",
    target: str = f"/sip?api-version={GA}",
    body: bytes = b"",
    *,
    date: str = DATE,
    key: str = "",
    **changed: str,
) -> Answer:
    """A request signed as Microsoft documents it, told again; `changed` headers are changed after the signature."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    text = "\n".join((verb, target, ";".join((date, "kit.example", digest))))
    made = hmac.digest(base64.b64decode(key or resource.access_key), text.encode(), "sha256")
    headers = {
        "Host": "kit.example",
        "x-ms-date": date,
        "x-ms-content-sha256": digest,
        "Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="
        + base64.b64encode(made).decode(),
        "Content-Type": "application/json" if verb == "POST" else "application/merge-patch+json",
    }
    return resource.answer(verb, target, {**headers, **changed}, body)


def code_of(answer: Answer) -> str:
    error = json.loads(answer.body)["error"]
    return str(error.get("innererror", error)["code"])


@pytest.fixture
def resource() -> LocalResource:
    return LocalResource(now=lambda: NOON)


# ---------------------------------------------------------------- who may ask


def test_a_signed_request_is_answered(resource: LocalResource) -> None:
    answer = ask(resource)

    assert (answer.status, json.loads(answer.body)) == (200, {"trunks": {}, "routes": []})
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    "changed",
    [
        {"key": base64.b64encode(b"another key").decode()},
        {"Authorization": ""},
        {"Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=\u00e9"},
        {"Authorization": "Bearer abc"},
        {"Host": "other.example"},
        {"x-ms-content-sha256": ""},
        {"date": "yesterday"},
        {"date": ""},
        {"x-ms-date": "Tue, 24 Nov 2026 12:00:01 GMT"},
        {"date": "Tue, 24 Nov 2026 11:54:59 GMT"},
        {"date": "Tue, 24 Nov 2026 12:05:01 GMT"},
        {"date": "Fri, 31 Dec 9999 23:59:59 -2359"},
    ],
    ids=str,
)
def test_what_is_not_signed_now_and_as_it_is_sent_is_denied(resource: LocalResource, changed: dict[str, str]) -> None:
    answer = ask(resource, **changed)  # type: ignore[arg-type]

    assert answer.status == 401
    assert json.loads(answer.body) == {"error": {"code": "Denied", "message": "Denied by the resource provider."}}


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_five_minutes_apart_are_allowed(minutes: int) -> None:
    assert ask(LocalResource(now=lambda: NOON + timedelta(minutes=minutes))).status == 200


def test_a_body_that_was_changed_on_the_way_is_denied(resource: LocalResource) -> None:
    body = json.dumps(TRUNK).encode()
    digest = base64.b64encode(hashlib.sha256(body + b" ").digest()).decode()

    assert ask(resource, "PATCH", body=body, **{"x-ms-content-sha256": digest}).status == 401
    assert ask(resource, "PATCH", body=body).status == 200


@pytest.mark.parametrize(
    ("verb", "target", "status"),
    [
        ("GET", "/sip", 400),
        ("GET", "/sip?api-version=2021-05-01-preview", 400),
        ("GET", f"/other?api-version={GA}", 404),
        ("DELETE", f"/sip?api-version={GA}", 405),
        ("POST", f"/sip:testRoutesWithNumber?targetPhoneNumber=%2B31&api-version={GA}", 404),
        ("GET", f"/sip:testRoutesWithNumber?api-version={PREVIEW}", 405),
        ("GET", f"/phoneNumbers?api-version={GA}", 400),
        ("GET", "/phoneNumbers?skip=-1&api-version=2025-06-01", 400),
        ("GET", "/phoneNumbers?top=many&api-version=2025-06-01", 400),
    ],
)
def test_what_is_not_there_says_so(resource: LocalResource, verb: str, target: str, status: int) -> None:
    answer = ask(resource, verb, target, b"{}")

    assert (answer.status, code_of(answer)) == (status, "NotDocumented")
    assert answer.headers["x-ms-error-code"] == "NotDocumented"


def test_a_change_has_to_be_a_merge_patch(resource: LocalResource) -> None:
    body = json.dumps(TRUNK).encode()

    for kind in ("application/json", "text/plain", ""):
        assert ask(resource, "PATCH", body=body, **{"Content-Type": kind}).status == 415
    kind = "Application/merge-patch+json; charset=utf-8"
    assert ask(resource, "PATCH", body=body, **{"Content-Type": kind}).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"trunks": NaN}'])
def test_a_body_that_is_no_json_is_refused(resource: LocalResource, body: bytes) -> None:
    answer = ask(resource, "PATCH", body=body)

    assert (answer.status, code_of(answer)) == (422, "NotDocumented")


def test_a_plus_has_to_be_encoded(resource: LocalResource) -> None:
    """A form-decoding server reads a bare plus as a space; what the service does with it is unknown."""
    body = json.dumps({"routes": [{"name": "all", "numberPattern": r"^\+"}]}).encode()
    target = f"/sip:testRoutesWithNumber?targetPhoneNumber={{}}31&api-version={PREVIEW}"

    encoded, bare = (ask(resource, "POST", target.format(plus), body) for plus in ("%2B", "+"))

    assert [row["name"] for row in json.loads(encoded.body)["matchingRoutes"]] == ["all"]
    assert json.loads(bare.body) == {"matchingRoutes": []}


# ---------------------------------------------------------------- through the SDK


def test_the_sdk_reads_and_writes_a_table() -> None:
    resource = LocalResource(contoso())
    client = client_of(resource)

    client.set_trunk(SipTrunk(fqdn="new.contoso.com", sip_signaling_port=5062))
    client.set_routes([SipTrunkRoute(name="n", number_pattern="^1", trunks=["new.contoso.com"])])
    client.set_trunks([SipTrunk(fqdn="new.contoso.com", sip_signaling_port=5063)])

    assert resource.configuration.dump() == {
        "trunks": {"new.contoso.com": {"sipSignalingPort": 5063}},
        "routes": [{"name": "n", "numberPattern": "^1", "trunks": ["new.contoso.com"]}],
    }
    assert client.get_trunk("new.contoso.com").sip_signaling_port == 5063
    assert [(one.verb, one.path, one.status) for one in resource.requests] == [
        ("PATCH", "/sip", 200),
        ("PATCH", "/sip", 200),
        ("GET", "/sip", 200),  # set_trunks reads before it writes
        ("PATCH", "/sip", 200),
        ("GET", "/sip", 200),
    ]


def test_a_refusal_reaches_the_reader_of_the_sdk() -> None:
    with pytest.raises(HttpResponseError) as refused:
        client_of(LocalResource()).set_routes([SipTrunkRoute(name="n", number_pattern="^1", trunks=["a.kit.example"])])

    assert refused.value.status_code == 422
    assert refused.value.error is not None
    assert refused.value.error.code == "UnprocessableConfiguration"
    assert refused.value.model.error.inner_error.code == "MissingTrunk"


def test_another_key_is_denied() -> None:
    mine, other = LocalResource(), LocalResource()
    client = SipRoutingClient.from_connection_string(other.connection_string, **mine.client_kwargs())

    with pytest.raises(ClientAuthenticationError):
        list(client.list_trunks())


def test_the_asynchronous_client() -> None:
    resource = LocalResource(contoso())

    async def talk() -> list[str]:
        kwargs = resource.client_kwargs(aio=True)
        async with AsyncSipRoutingClient.from_connection_string(resource.connection_string, **kwargs) as client:
            await client.delete_trunk("nowhere.contoso.com")
            resource.be_busy(2)
            return [trunk.fqdn async for trunk in client.list_trunks()]

    with ThreadPoolExecutor() as elsewhere:  # a test in a browser may have left its event loop in this thread
        heard = elsewhere.submit(lambda: asyncio.run(talk())).result()
    assert heard == [trunk.fqdn for trunk in contoso().configuration.trunks]
    assert resource.waited > 0


def test_writers_at_the_same_time_lose_nothing_that_merges() -> None:
    resource = LocalResource()

    def write(number: int) -> None:
        for _ in range(5):
            client_of(resource).set_trunk(SipTrunk(fqdn=f"s{number}.kit.example", sip_signaling_port=5061))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(resource.configuration.trunks) == 8
    assert len(resource.requests) == 40


def test_bought_numbers_come_in_pages() -> None:
    numbers = tuple(f"+1425555{number:04}" for number in range(250))
    resource = LocalResource(Resource(purchased_numbers=(*numbers, "+18005550100")))
    client = PhoneNumbersClient.from_connection_string(resource.connection_string, **resource.client_kwargs())

    listed = list(client.list_purchased_phone_numbers())

    assert [one.phone_number for one in listed] == [*numbers, "+18005550100"]
    assert (listed[0].country_code, listed[0].phone_number_type, listed[-1].phone_number_type) == (
        "US",
        "geographic",
        "tollFree",
    )
    assert len(resource.requests) == 3
    assert client.get_purchased_phone_number("+14255550007").id == "14255550007"
    with pytest.raises(ResourceNotFoundError, match=r"\+14255559999 cannot be found"):
        client.get_purchased_phone_number("+14255559999")


# ---------------------------------------------------------------- health and faults


def health(resource: LocalResource) -> dict[str, Any]:
    answer = ask(resource, target=f"/sip?expand=trunks%2Fhealth&api-version={PREVIEW}")
    return {fqdn: row["health"] for fqdn, row in json.loads(answer.body)["trunks"].items()}


def test_health_is_unknown_until_somebody_sets_it() -> None:
    resource = LocalResource(TRUNK, now=lambda: NOON)
    unknown = {"status": "unknown"}
    assert health(resource) == {"a.kit.example": {"tls": unknown, "ping": unknown, "overall": unknown}}

    resource.set_health("a.kit.example", tls="certExpiring", overall="inactive", reason="noRecentCalls")

    assert health(resource)["a.kit.example"] == {
        "tls": {"status": "certExpiring"},
        "ping": {"status": "ok"},
        "overall": {"status": "inactive", "reason": "noRecentCalls"},
    }
    plain = json.loads(ask(resource, target=f"/sip?api-version={PREVIEW}").body)
    assert "health" not in plain["trunks"]["a.kit.example"]


@pytest.mark.parametrize("wrong", [{"tls": "fine"}, {"ping": "Active"}, {"overall": "Online"}, {"reason": "tired"}])
def test_health_takes_the_words_of_the_api_alone(wrong: dict[str, str]) -> None:
    resource = LocalResource(TRUNK)

    with pytest.raises(AcsTelephonyError, match="Use one of"):
        resource.set_health("a.kit.example", **wrong)
    with pytest.raises(AcsTelephonyError, match="no trunk"):
        resource.set_health("b.kit.example")


def test_the_sdk_tries_again_where_the_door_is_busy() -> None:
    resource = LocalResource(contoso())
    resource.be_busy(2)
    began = time.monotonic()

    assert len(list(client_of(resource).list_routes())) == 60

    assert [one.status for one in resource.requests] == [503, 503, 200]
    assert resource.waited > 1
    assert time.monotonic() - began < 1, "in process nobody waits"


@pytest.mark.parametrize("written", [False, True])
def test_a_broken_connection_does_not_say_whether_it_was_written(written: bool) -> None:
    resource = LocalResource()
    resource.break_next(written=written)

    with pytest.raises(ServiceResponseError):
        client_of(resource).set_trunk(SipTrunk(fqdn="a.kit.example", sip_signaling_port=5061))

    assert len(resource.configuration.trunks) == int(written)
    assert [one.status for one in resource.requests] == [None]


def test_set_trunks_deletes_what_another_writer_made_meanwhile() -> None:
    """set_trunks reads, then writes: a trunk that comes in between is not deleted, because nobody saw it."""
    resource = LocalResource(TRUNK)
    resource.meanwhile(
        {"trunks": {"b.kit.example": {"sipSignalingPort": 5061}}, "domains": {"kit.example": {"enabled": True}}}
    )
    client = client_of(resource)

    client.set_trunks([SipTrunk(fqdn="c.kit.example", sip_signaling_port=5061)])

    assert [trunk.fqdn for trunk in client.list_trunks()] == ["b.kit.example", "c.kit.example"]


def test_two_writers_of_routes_lose_one_update() -> None:
    resource = LocalResource()
    resource.meanwhile({"routes": [{"name": "theirs", "numberPattern": "^1"}]})

    client_of(resource).set_routes([SipTrunkRoute(name="ours", number_pattern="^2")])

    assert [route.name for route in resource.configuration.routes] == ["ours"]


def test_latency_delays_every_answer(resource: LocalResource) -> None:
    resource.latency = 0.05
    began = time.monotonic()

    ask(resource)

    assert time.monotonic() - began >= 0.05


# ---------------------------------------------------------------- the rest


def test_a_table_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        LocalResource({"trunks": {"a": {}}})


def test_the_key_is_in_the_connection_string_alone() -> None:
    resource = LocalResource(contoso())
    client = client_of(resource)
    list(client.list_trunks())

    for told in (repr(resource), str(resource.requests), str(vars(client.list_trunks())), repr(client)):
        assert resource.access_key not in told
    assert resource.access_key != LocalResource().access_key


def test_fields_that_nobody_knows_are_shown_as_they_were() -> None:
    table = {"trunks": {"a.kit.example": {"sipSignalingPort": 1, "color": "red"}}, "routes": [], "later": 1}

    answer = ask(LocalResource(table, now=lambda: NOON))

    assert json.loads(answer.body) == table


def test_a_broken_connection_is_no_answer(resource: LocalResource) -> None:
    resource.break_next()

    with pytest.raises(Broken):
        ask(resource)


def test_everything_that_is_kept_can_be_had_back() -> None:
    table = {
        "trunks": {"a.kit.example": {"sipSignalingPort": 1, "enabled": False}},
        "routes": [{"name": "n", "numberPattern": "^1", "callerIdOverride": "+14255550100"}],
        "domains": {"kit.example": {"enabled": False}},
    }

    assert LocalResource(table).table == table
    assert LocalResource(contoso()).table == contoso().configuration.dump()


@pytest.mark.parametrize("domains", [5, ["kit.example"], {"kit.example": None}, {"kit.example": {}}])
def test_domains_that_are_none_are_refused_at_once(domains: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"domains.*: this is no domain"):
        LocalResource({"trunks": {}, "domains": domains})


def test_a_number_of_no_country_is_listed_all_the_same() -> None:
    resource = LocalResource(Resource(purchased_numbers=("+10", "+999123456789")))
    client = PhoneNumbersClient.from_connection_string(resource.connection_string, **resource.client_kwargs())

    assert [one.country_code for one in client.list_purchased_phone_numbers()] == ["ZZ", "ZZ"]


def test_an_address_that_is_none_is_answered(resource: LocalResource) -> None:
    assert ask(resource, target="//[/sip").status == 404


def test_health_that_was_read_is_not_kept() -> None:
    row = {"sipSignalingPort": 1, "health": {"overall": {"status": "active"}}}

    assert "health" not in LocalResource({"trunks": {"a.kit.example": row}}).table["trunks"]["a.kit.example"]
