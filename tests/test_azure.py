"""From a table to a resource: what a plan says, what stops it, and that no secret is ever told."""

from __future__ import annotations

import json
import logging
import traceback
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from azure.communication.phonenumbers import PhoneNumbersClient
from azure.communication.phonenumbers.siprouting import SipRoutingClient, SipTrunk

from acs_telephony.errors import AcsTelephonyError, BudgetError, ConfigurationError
from acs_telephony.facts import load
from acs_telephony.guide.editing import add_route, add_trunk, change_route, remove_route, remove_trunk
from acs_telephony.live.azure import (
    VARIABLE,
    ApplyError,
    RemoteResource,
    apply,
    explained,
    place,
    plan,
    read,
    try_number,
    unfamiliar,
    wire,
)
from acs_telephony.live.exporting import merge_patch
from acs_telephony.live.resource import Answer, LocalResource
from acs_telephony.live.sdk import route_rows, trunk_rows
from acs_telephony.live.service import GA, Refusal, State
from acs_telephony.live.serving import serving
from acs_telephony.models import SipConfiguration
from acs_telephony.tables import contoso, microsoft_three_routes
from tests.random_configurations import random_questions
from tests.test_notebooks import NOTEBOOKS
from tests.test_service import merged

SECRET = "cGxhbnRlZC1zZWNyZXQtb2YtYS10ZXN0LTEyMzQ1Njc4OTA="  # noqa: S105 (planted, to look for it)
PLANTED = f"endpoint=https://contoso.communication.azure.com/;accesskey={SECRET}"
TABLE = contoso().configuration
MISTAKE = "^+[1-9][0-9]{3,23}$"  # as the documentation of Microsoft's SDK for Python writes it


def client_of(resource: Any) -> SipRoutingClient:
    return SipRoutingClient.from_connection_string(resource.connection_string, **resource.client_kwargs())


@pytest.fixture
def resource(monkeypatch: pytest.MonkeyPatch) -> LocalResource:
    monkeypatch.delenv(VARIABLE, raising=False)
    return LocalResource(contoso())


@pytest.fixture
def client(resource: LocalResource) -> SipRoutingClient:
    return client_of(resource)


def lisbon(table: SipConfiguration) -> SipConfiguration:
    """A new SBC, and a route to it in front of the others."""
    return add_route(
        add_trunk(table, "lis1.contoso.com"), "pt-lisbon", r"^\+35121\d{7}$", ("lis1.contoso.com",), after=0
    )


# ---------------------------------------------------------------- reading


def test_what_is_read_is_what_is_there(client: SipRoutingClient) -> None:
    assert read(client) == TABLE
    assert wire(client) == TABLE.dump()


def test_what_this_kit_does_not_know_is_kept_and_reported() -> None:
    table = deepcopy(microsoft_three_routes().configuration.dump())
    table["trunks"]["sbc1.contoso.biz"]["color"] = "red"
    table["routes"][1]["weight"] = 3
    table["later"] = {"a": None}

    came = read(client_of(LocalResource(table)))

    assert came.dump() == table
    assert unfamiliar(came) == ("later", "trunks.sbc1.contoso.biz.color", "routes[1].weight")
    assert unfamiliar(TABLE) == ()


def test_a_table_that_breaks_a_limit_is_told_with_its_places() -> None:
    resource = LocalResource()
    resource._state = State.of({"trunks": {"sbc": {"sipSignalingPort": 0}}, "routes": []})
    client = client_of(resource)

    with pytest.raises(ConfigurationError, match="2 problems"):
        read(client)
    assert wire(client)["trunks"] == {"sbc": {"sipSignalingPort": 0}}


# ---------------------------------------------------------------- planning and applying


def test_a_plan_says_what_is_written_and_which_numbers_change(client: SipRoutingClient) -> None:
    its = plan(client, lisbon(TABLE))

    assert its.sentences == (
        "Write 1: set trunk: lis1.contoso.com, port 5061.",
        "Write 2: set routes: 61 in place of 60.",
        "To other SBCs first: 10,000,000 numbers, such as +351210000000."
        " Before: ams1.contoso.com ('pt-all')."
        " Now: lis1.contoso.com, then ams1.contoso.com ('pt-lisbon' and 'pt-all').",
    )
    assert read(client) == TABLE


def test_trunks_come_before_routes_and_go_after_them(resource: LocalResource, client: SipRoutingClient) -> None:
    its = plan(client, lisbon(TABLE))
    assert apply(client, its, yes=True) == lisbon(TABLE)

    undo = plan(client, its.live)

    assert [write.verb for write in undo.writes] == ["set routes", "delete trunk"]
    assert apply(client, undo, yes=True) == TABLE
    assert [one.status for one in resource.requests] == [200] * len(resource.requests)


def test_nothing_to_write_is_said_and_nothing_is_written(resource: LocalResource, client: SipRoutingClient) -> None:
    its = plan(client, TABLE)

    assert its.sentences == ("Nothing to write: the resource already has this table.",)
    assert apply(client, its, yes=True) == TABLE
    assert {one.verb for one in resource.requests} == {"GET"}


def test_a_table_that_is_too_large_to_look_at_says_so(
    client: SipRoutingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: Any) -> None:
        raise BudgetError("too many states", pattern="")

    for name in ("audit", "compare"):
        monkeypatch.setattr(f"acs_telephony.live.azure.{name}", too_large)
    its = plan(client, lisbon(TABLE))

    assert its.sentences[2:] == (
        "The tables are too large to compare: which numbers change their route is not known.",
        "The tables are too large to audit: whether the wanted one has new errors is not known.",
    )


def test_a_route_that_is_renamed_changes_no_number(client: SipRoutingClient) -> None:
    its = plan(client, change_route(TABLE, 1, name="nl-amsterdam-city"))

    assert its.sentences[-1] == "No number changes its SBCs. Proven for every number."


def test_without_a_yes_nothing_is_written(resource: LocalResource, client: SipRoutingClient) -> None:
    its = plan(client, lisbon(TABLE))

    for unwilling in ({}, {"yes": False}):
        with pytest.raises(ApplyError, match=r"nothing was written.*yes=True"):
            apply(client, its, **unwilling)
    assert resource.configuration == TABLE


def test_the_documented_mistake_is_caught_before_it_is_sent(resource: LocalResource, client: SipRoutingClient) -> None:
    its = plan(client, add_route(TABLE, "Global", MISTAKE, ("ams1.contoso.com",)))

    assert any(line.startswith("In the way: ") and "^+ asks for no plus" in line for line in its.sentences)
    with pytest.raises(ApplyError, match=r"quantified-anchor"):
        apply(client, its, yes=True)
    assert resource.configuration == TABLE

    meant = plan(client, its.wanted, accept=("quantified-anchor",))
    assert apply(client, meant, yes=True) == its.wanted, "the service takes it, and so does the local one"


def test_a_resource_that_moved_since_the_plan_is_left_alone(resource: LocalResource, client: SipRoutingClient) -> None:
    its = plan(client, lisbon(TABLE))
    client_of(resource).set_trunk(SipTrunk(fqdn="other.contoso.com", sip_signaling_port=5061))
    moved = resource.configuration

    with pytest.raises(ApplyError, match="moved since the plan"):
        apply(client, its, yes=True)
    assert resource.configuration == moved


def test_somebody_who_writes_in_the_window_is_noticed(resource: LocalResource, client: SipRoutingClient) -> None:
    """Between the last look and the write there is a window; what came through it is seen afterwards."""
    its = plan(client, lisbon(TABLE))
    resource.meanwhile({"trunks": {"other.contoso.com": {"sipSignalingPort": 5061}}})

    with pytest.raises(ApplyError, match="somebody else wrote") as noticed:
        apply(client, its, yes=True)
    assert noticed.value.done == its.writes


def test_a_plan_that_breaks_in_the_middle_says_what_was_done(resource: LocalResource, client: SipRoutingClient) -> None:
    its = plan(client, lisbon(TABLE))
    set_routes = client.set_routes

    def broken(routes: Any) -> None:
        resource.break_next()
        set_routes(routes)

    client.set_routes = broken  # type: ignore[method-assign]

    with pytest.raises(ApplyError) as stopped:
        apply(client, its, yes=True)

    assert [str(write) for write in stopped.value.done] == ["set trunk: lis1.contoso.com, port 5061"]
    assert "the connection broke" in str(stopped.value)
    assert "Written before it: set trunk: lis1.contoso.com, port 5061" in str(stopped.value)
    assert len(resource.configuration.trunks) == len(TABLE.trunks) + 1


def test_what_the_sdk_would_drop_is_not_planned(client: SipRoutingClient) -> None:
    table = deepcopy(TABLE.dump())
    table["trunks"]["ams1.contoso.com"]["enabled"] = False
    with pytest.raises(AcsTelephonyError, match=r"trunks\.ams1\.contoso\.com: this SDK would drop 'enabled'"):
        plan(client, SipConfiguration.load(table))

    table = {**deepcopy(TABLE.dump()), "domains": {}}
    with pytest.raises(AcsTelephonyError, match="and not domains"):
        plan(client, SipConfiguration.load(table))


def without_override(table: dict[str, Any]) -> SipConfiguration:
    """A table without the field that only the preview has."""
    routes = [{name: value for name, value in row.items() if name != "callerIdOverride"} for row in table["routes"]]
    return SipConfiguration.load({**table, "routes": routes})


class Preview(LocalResource):
    """A resource that answers an SDK of GA as it answers one of the preview: with health, and with defaults."""

    def answer(self, verb: str, target: str, headers: Any, body: bytes) -> Answer:
        """The answer, with what a preview adds."""
        its = super().answer(verb, target, headers, body)
        if its.status != 200 or not target.startswith("/sip?"):
            return its
        table = json.loads(its.body)
        for number, row in enumerate(table["trunks"].values()):
            row.setdefault("enabled", True)
            row["health"] = {"overall": {"status": f"{len(self.requests) + number}"}}
        return Answer(its.status, json.dumps(table).encode(), its.headers)


def test_health_that_changes_and_defaults_that_come_are_no_other_writer() -> None:
    resource = Preview(contoso())
    client = client_of(resource)
    before = read(client)

    its = plan(client, lisbon(before))
    assert [write.verb for write in its.writes] == ["set trunk", "set routes"]
    after = apply(client, its, yes=True)

    assert len(after.trunks) == 5
    resource.meanwhile({"routes": []})
    with pytest.raises(ApplyError, match="somebody else wrote"):
        apply(client, plan(client, add_trunk(after, "por1.contoso.com")), yes=True)


def test_read_only_lets_no_number_be_bought(resource: LocalResource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PLANTED)
    where = place(resource)
    kwargs = {**resource.client_kwargs(), **where.client_kwargs()}
    client = PhoneNumbersClient.from_connection_string(where.connection_string, **kwargs)

    with pytest.raises(AcsTelephonyError, match="read-only"):
        client.begin_purchase_phone_numbers("id")
    assert resource.requests == ()


def test_a_field_that_cannot_be_taken_away_is_not_planned() -> None:
    client = client_of(Preview(contoso()))
    table = read(client).dump()
    del table["trunks"]["ams1.contoso.com"]["enabled"]

    with pytest.raises(AcsTelephonyError, match=r"trunks\.ams1\.contoso\.com: the SDK cannot take 'enabled' away"):
        plan(client, SipConfiguration.load(table))


def test_a_null_is_no_field(client: SipRoutingClient) -> None:
    table = deepcopy(TABLE.dump())
    table["trunks"]["ams1.contoso.com"]["enabled"] = None
    table["routes"][0]["callerIdOverride"] = None
    wanted = SipConfiguration.load(table)

    assert not plan(client, wanted).writes
    assert merge_patch(TABLE, wanted) == {}


def test_writes_that_cannot_be_looked_at_afterwards_are_told(resource: LocalResource, client: SipRoutingClient) -> None:
    its = plan(client, add_trunk(TABLE, "lis1.contoso.com"))
    set_trunk = client.set_trunk

    def then_busy(trunk: Any) -> None:
        set_trunk(trunk)
        resource.be_busy(99)

    client.set_trunk = then_busy  # type: ignore[method-assign]
    with pytest.raises(ApplyError, match=r"all was written, and what is there now could not be read .*503") as told:
        apply(client, its, yes=True)
    assert told.value.done == its.writes


def test_a_resource_that_is_not_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    where = RemoteResource(f"endpoint=https://127.0.0.1:1/;accesskey={SECRET}", local=True, read_only=True)
    client = SipRoutingClient.from_connection_string(where.connection_string, retry_total=0)

    with pytest.raises(AcsTelephonyError, match=r"the resource cannot be reached.*nothing was sent"):
        read(client)


def test_another_spelling_of_a_trunk_is_not_planned() -> None:
    client = client_of(LocalResource({"trunks": {"A.kit.example": {"sipSignalingPort": 1}}, "routes": []}))
    wanted = SipConfiguration.load({"trunks": {"a.kit.example": {"sipSignalingPort": 1}}, "routes": []})

    with pytest.raises(AcsTelephonyError, match=r"trunks\.a\.kit\.example: the resource spells this trunk 'A\.kit"):
        plan(client, wanted)


def test_any_table_becomes_any_other_and_comes_back() -> None:
    """Over random pairs: the writes are all taken in their order, and the end is the wanted table; so is one patch."""
    tables = [without_override(question.configuration) for question in random_questions(8, 60, tls=False)]
    every_rule = tuple(rule["id"] for rule in load("findings")["rules"])
    written = 0

    for old, new in pairwise(tables):
        client = client_of(LocalResource(old))
        there = plan(client, new, accept=every_rule)
        apply(client, there, yes=True)
        assert not plan(client, new).writes
        back = plan(client, old, accept=every_rule)
        apply(client, back, yes=True)
        assert not plan(client, old).writes
        patch = merge_patch(old, new)
        told = SipConfiguration.load(merged(old.dump(), patch))
        assert (trunk_rows(told), route_rows(told)) == (trunk_rows(new), route_rows(new))
        if patch:
            assert SipConfiguration.load(State.of(old.dump()).patched(patch, GA).shown(GA)) == told
        written += len(there.writes) + len(back.writes)

    assert written > 60


# ---------------------------------------------------------------- where


def test_without_a_word_in_the_environment_it_is_local(resource: LocalResource) -> None:
    assert place(resource) is resource


def test_a_real_resource_is_read_only_unless_asked(resource: LocalResource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PLANTED)

    assert place(resource) == RemoteResource(PLANTED, local=False, read_only=True)
    assert place(resource, read_only=False) == RemoteResource(PLANTED, local=False, read_only=False)


def test_a_read_only_resource_refuses_every_write(resource: LocalResource, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(resource) as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        writable = place(resource)
        assert isinstance(writable, RemoteResource)
        assert (writable.local, writable.read_only) == (True, False)
        client = client_of(place(resource, read_only=True))

        its = plan(client, lisbon(TABLE))
        for write in (
            lambda: apply(client, its, yes=True),
            lambda: client.set_trunk(SipTrunk(fqdn="a.contoso.com", sip_signaling_port=1)),
            lambda: client.set_routes([]),
            lambda: client.delete_trunk("ams1.contoso.com"),
        ):
            with pytest.raises(AcsTelephonyError, match="nothing was written: this resource is read-only here"):
                write()
        assert resource.configuration == TABLE
        assert apply(client_of(writable), its, yes=True) == its.wanted
        assert try_number(writable, TABLE, "+31201234567").agree


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"accesskey={SECRET}",
        "endpoint=https://contoso.communication.azure.com/",
        "endpoint=https://contoso.communication.azure.com/;accesskey=",
        f"endpoint=contoso;accesskey={SECRET}",
        f"endpoint=https://[;accesskey={SECRET}",
        f"endpoint=https://contoso.communication.azure.com/;accesskey={SECRET}!",
    ],
)
def test_what_is_no_connection_string_is_refused_and_not_repeated(
    resource: LocalResource, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)

    with pytest.raises(AcsTelephonyError, match="this is no connection string") as refused:
        place(resource)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_other_orders_and_letters_of_a_connection_string_are_read(
    resource: LocalResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f" AccessKey={SECRET};UseDevelopmentEmulator=true;Endpoint=https://localhost:8443 ")

    where = place(resource)

    assert (where.local, isinstance(where, RemoteResource)) == (True, True)


# ---------------------------------------------------------------- a planted secret


def test_a_planted_connection_string_appears_nowhere(
    resource: LocalResource,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    resource.access_key = SECRET
    told: list[str] = []
    with serving(resource) as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        where = place(resource, read_only=True)
        client = client_of(where)
        its = plan(client, lisbon(TABLE))
        told += [
            repr(where),
            repr(served),
            repr(its),
            *its.sentences,
            repr(try_number(where, TABLE, "+31201234567")),
        ]
        for fail in (
            lambda: apply(client, its, yes=True),
            lambda: client_of(place(resource)).set_trunk(SipTrunk(fqdn="-1", sip_signaling_port=1)),
            lambda: apply(client, its),
        ):
            try:
                fail()
            except Exception as error:
                told += [repr(error), "".join(traceback.format_exception(error))]
        resource.access_key = "AAAA"
        with pytest.raises(AcsTelephonyError, match="denies access") as denied:
            read(client)
        told.append("".join(traceback.format_exception(denied.value)))
    told += [caplog.text, *capfd.readouterr(), json.dumps([str(one) for one in resource.requests])]

    assert len(told) > 10
    assert len(caplog.text) > 500, "the SDK logs its requests"
    assert SECRET not in "\n".join(told)


def test_no_notebook_keeps_a_connection_string() -> None:
    kept = [path for path in NOTEBOOKS if "accesskey=" in path.read_text(encoding="utf-8").lower()]

    assert len(NOTEBOOKS) > 10
    assert kept == []


# ---------------------------------------------------------------- errors in words


@pytest.mark.parametrize("row", load("sip_api")["errors"], ids=lambda row: str(row["code"]))
def test_every_error_of_the_service_is_explained(monkeypatch: pytest.MonkeyPatch, row: Any) -> None:
    def refuse(*_: Any) -> State:
        raise Refusal(row["code"])

    monkeypatch.setattr(State, "patched", refuse)
    with pytest.raises(Exception) as raised:  # noqa: PT011 (the SDK's own error, which is then explained)
        client_of(LocalResource()).delete_trunk("a.kit.example")

    words = str(explained(raised.value))

    assert words == f"{row['when']} ({row['status']} {row['code']}: {row['message'][:-1]}). {row['remedy']}"


def test_other_errors_are_explained_as_well(resource: LocalResource, client: SipRoutingClient) -> None:
    with pytest.raises(Exception) as refused:  # noqa: PT011
        client.set_trunk(SipTrunk(fqdn="a.kit.example", sip_signaling_port=70_000))
    assert "422 NotDocumented The port of 'a.kit.example' is '70000'" in str(explained(refused.value))

    resource.break_next(written=True)
    with pytest.raises(Exception) as broken:  # noqa: PT011
        client.set_routes([])
    assert (
        str(explained(broken.value))
        == "the connection broke (ServiceResponseError). Read the resource: a write may have been done."
    )

    resource.be_busy(99)
    with pytest.raises(AcsTelephonyError, match="503"):
        read(client)


# ---------------------------------------------------------------- a number


def test_a_number_is_tried_here_and_there(resource: LocalResource) -> None:
    tried = try_number(resource, TABLE, "+12065550100")

    assert tried.agree
    assert tried.theirs == ("us-seattle", "us-seattle-standby", "us-and-canada")
    assert resource.requests[-1].path == "/sip:testRoutesWithNumber"


def test_a_service_that_answers_otherwise_is_noticed(resource: LocalResource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acs_telephony.live.resource.matching", lambda *_: {"matchingRoutes": []})

    tried = try_number(resource, TABLE, "+12065550100")

    assert (tried.agree, tried.theirs, len(tried.ours)) == (False, (), 3)


def test_a_pattern_that_cannot_be_read_is_named(resource: LocalResource) -> None:
    table = SipConfiguration.load({"routes": [{"name": "n", "numberPattern": "("}]})

    with pytest.raises(AcsTelephonyError, match=r"routes\[0\]: this kit cannot read its pattern"):
        try_number(resource, table, "+31")


def test_what_the_service_says_to_a_number_is_explained(resource: LocalResource) -> None:
    resource.be_busy(99)
    with pytest.raises(AcsTelephonyError, match=r"the service refuses \(503\)"):
        try_number(resource, TABLE, "+31")


def test_a_table_without_trunks_can_be_planned_away(client: SipRoutingClient) -> None:
    empty = TABLE
    for _ in TABLE.routes:
        empty = remove_route(empty, 1)
    for trunk in TABLE.trunks:
        empty = remove_trunk(empty, trunk.fqdn)

    assert apply(client, plan(client, empty), yes=True).dump() == {"trunks": {}, "routes": []}
