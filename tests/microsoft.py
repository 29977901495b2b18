"""A plugin of pytest for Microsoft's own tests of SIP routing: the helpers that their source distribution leaves out.

KIT_SERVES says which resource they ask: a connection string, or "in process" for a local resource without a port. The
helpers have the names that those tests import; what they do is ours. A token cannot be had here, so the tests with a
managed identity sign with the access key as well.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from types import ModuleType
from typing import Any

import pytest

DOMAIN = "kit.example"


def connect() -> str:
    """The connection string for the tests; in process every client is given the transport of one resource."""
    given = os.environ["KIT_SERVES"]
    if given != "in process":
        return given
    import azure.core
    from azure.core import AsyncPipelineClient, PipelineClient

    from acs_telephony.live.resource import LocalResource

    resource = LocalResource()

    def local(of: Any, aio: bool) -> None:
        made = of.__init__

        def make(self: Any, base_url: str, **kwargs: Any) -> None:
            made(self, base_url, **{**kwargs, **resource.client_kwargs(aio=aio)})

        of.__init__ = make

    assert azure.core is not None
    local(PipelineClient, False)
    local(AsyncPipelineClient, True)
    return resource.connection_string


def put(name: str, **contents: Any) -> None:
    """Make a module with these contents."""
    module = ModuleType(name)
    vars(module).update(contents)
    sys.modules[name] = module


def parts(connection_string: str) -> tuple[str, Any]:
    from azure.core.credentials import AzureKeyCredential

    found = dict(part.split("=", 1) for part in connection_string.split(";"))
    return found["endpoint"].rstrip("/"), AzureKeyCredential(found["accesskey"])


def by_key(connection_string: str, aio: bool = False) -> Any:
    """A client that is made from an endpoint and a credential."""
    from azure.communication.phonenumbers import siprouting
    from azure.communication.phonenumbers.siprouting import aio as asynchronous

    endpoint, credential = parts(connection_string)
    return (asynchronous if aio else siprouting).SipRoutingClient(endpoint, credential)


def set_up(connection_string: str, trunks: Any = (), domains: Any = ()) -> None:
    """Give the resource this table and no other; routes go before trunks, and trunks before domains."""
    from azure.communication.phonenumbers.siprouting import SipRoutingClient

    with SipRoutingClient.from_connection_string(connection_string) as client:
        client.set_routes([])
        client.set_trunks([])
        if hasattr(client, "set_domains"):
            from azure.communication.phonenumbers.siprouting import SipDomain

            client.set_domains(list(domains) or [SipDomain(fqdn=DOMAIN, enabled=True)])
        client.set_trunks(list(trunks))


def same(fields: tuple[str, ...], found: Any, wanted: Any) -> None:
    """Two lists of the SDK's models hold the same, in the same order."""
    told = [[{name: getattr(one, name, None) for name in fields} for one in rows] for rows in (found, wanted)]
    assert told[0] == told[1]


async def gathered(items: Any) -> list[Any]:
    return [item async for item in items]


TRUNK = ("fqdn", "sip_signaling_port", "enabled", "direct_transfer", "privacy_header", "ip_address_version")
ROUTE = ("name", "description", "number_pattern", "trunks", "caller_id_override")


def install() -> None:
    """Put the helpers where the tests look for them."""
    from azure.core.pipeline.policies import HeadersPolicy, HttpLoggingPolicy

    its = connect()

    class PhoneNumbersTestCase:
        def setUp(self, **_: Any) -> None:
            self.connection_str = its

    def unchanged(test: Any) -> Any:
        return test

    put("phone_numbers_testcase", PhoneNumbersTestCase=PhoneNumbersTestCase)
    put("devtools_testutils", recorded_by_proxy=unchanged)
    put("devtools_testutils.aio", recorded_by_proxy_async=unchanged)
    put("_shared")
    put(
        "_shared.utils",
        create_token_credential=lambda: parts(its)[1],
        async_create_token_credential=lambda: parts(its)[1],
        get_http_logging_policy=HttpLoggingPolicy,
        get_header_policy=HeadersPolicy,
    )
    put(
        "sip_routing_helper",
        get_unique_fqdn=lambda name: f"{name}.{DOMAIN}",
        get_test_domain=lambda: DOMAIN,
        setup_configuration=set_up,
        get_sip_client_managed_identity=by_key,
        get_async_sip_client_managed_identity=lambda text: by_key(text, aio=True),
        get_as_list=list,
        get_as_list_async=gathered,
        assert_trunks_are_equal=lambda found, wanted: same(TRUNK, found, wanted),
        assert_routes_are_equal=lambda found, wanted: same(ROUTE, found, wanted),
        assert_domains_are_equal=lambda found, wanted: same(("fqdn", "enabled"), found, wanted),
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "asyncio: a coroutine")
    install()


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    asyncio.run(pyfuncitem.obj())
    return True
