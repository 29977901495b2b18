"""A table as files that give it to a resource: JSON, a merge patch with its command line, a script for Microsoft's SDK.

Documented: the merge patch and its content type (API version 2023-03-01), the calls of azure-communication-phonenumbers
1.4.0, and the scope for tokens. Our model: one merge patch holds trunks and routes, because the result is validated as
a whole. Neither the command line nor a script has been run against Azure; both are run against the local resource.
"""

from __future__ import annotations

import json
from pprint import pformat
from typing import Any

from acs_telephony.errors import ConfigurationError, Problem
from acs_telephony.exporting import QUOTES
from acs_telephony.live.sdk import changed, route_rows, trunk_rows
from acs_telephony.live.service import GA, VERSIONS
from acs_telephony.models import SipConfiguration, is_fqdn, quoted

_SCRIPT = '''\
"""Give an ACS resource another route table, with azure-communication-phonenumbers 1.4.0.

The connection string is read from the variable COMMUNICATION_CONNECTION_STRING. Without --apply nothing is written.
It stops where the resource does not have the table that this script was made for. Between that look and the writes a
window remains: the service has no ETag. To undo it, run the script of the way back.
"""

import os
import sys

from azure.communication.phonenumbers.siprouting import SipRoutingClient, SipTrunk, SipTrunkRoute

# The port of every trunk, and of every route its name, pattern, description and trunks: before, and wanted.
TRUNKS_BEFORE = {trunks_before}
ROUTES_BEFORE = {routes_before}
TRUNKS = {trunks}
ROUTES = {routes}

client = SipRoutingClient.from_connection_string(os.environ["COMMUNICATION_CONNECTION_STRING"])
trunks = {{trunk.fqdn: trunk.sip_signaling_port for trunk in client.list_trunks()}}
routes = [(r.name, r.number_pattern, r.description or "", tuple(r.trunks or ())) for r in client.list_routes()]

if (trunks, routes) == (TRUNKS, ROUTES):
    print("Nothing to write: the resource already has this table.")
    sys.exit()
if (trunks, routes) != (TRUNKS_BEFORE, ROUTES_BEFORE):
    sys.exit("Nothing was written: the resource does not have the table that this script was made for.")
to_set = [fqdn for fqdn in TRUNKS if trunks.get(fqdn) != TRUNKS[fqdn]]
to_delete = [fqdn for fqdn in trunks if fqdn not in TRUNKS]
apply = sys.argv[1:] == ["--apply"]
print("Writing:" if apply else "A dry run. With --apply it would write:")
for fqdn in to_set:  # trunks before the routes that name them
    print(f"  set trunk {{fqdn}}, port {{TRUNKS[fqdn]}}")
    if apply:
        client.set_trunk(SipTrunk(fqdn=fqdn, sip_signaling_port=TRUNKS[fqdn]))
if routes != ROUTES:
    print(f"  set {{len(ROUTES)}} routes in place of {{len(routes)}}")
    if apply:
        client.set_routes(
            [SipTrunkRoute(name=n, number_pattern=p, description=d or None, trunks=list(t)) for n, p, d, t in ROUTES]
        )
for fqdn in to_delete:  # no route names them any more
    print(f"  delete trunk {{fqdn}}")
    if apply:
        client.delete_trunk(fqdn)
'''


def to_json(configuration: SipConfiguration) -> str:
    """The table as JSON that `SipConfiguration.load` reads again, with every field that was kept.

    >>> from acs_telephony.tables import contoso
    >>> SipConfiguration.load(to_json(contoso().configuration)) == contoso().configuration
    True
    """
    return json.dumps(configuration.dump(), indent=2, ensure_ascii=False)


def merge_patch(live: SipConfiguration, wanted: SipConfiguration) -> dict[str, Any]:
    """The one merge patch (RFC 7396) that takes a resource from the live table to the wanted one; {} for none.

    The service refuses an empty patch. Raises ConfigurationError for fields that GA does not have.
    """
    for table in (live, wanted):
        _check_fields(table)
    before, after = trunk_rows(live), trunk_rows(wanted)
    trunks: dict[str, Any] = dict(changed(before, after))
    trunks |= dict.fromkeys(fqdn for fqdn in before if fqdn not in after)
    patch: dict[str, Any] = {"trunks": trunks} if trunks else {}
    if route_rows(live) != route_rows(wanted):
        patch["routes"] = route_rows(wanted)
    return patch


def az_rest(host: str, file: str = "patch.json") -> str:
    """The command line of the Azure CLI that sends a merge patch from a file, for bash and for PowerShell.

    >>> az_rest("contoso.communication.azure.com").split(" --")[1]
    'method patch'
    """
    if not is_fqdn(host):
        raise ConfigurationError((Problem("host", f"{quoted(host)} is no host name", "Write that of the resource."),))
    if set(QUOTES) & set(file) or not file.isprintable():
        raise ConfigurationError((Problem("file", f"{quoted(file)} cannot be quoted", "Name the file otherwise."),))
    url = f"https://{host}/sip?api-version={GA}"
    return (
        f"az rest --method patch --url '{url}' --resource 'https://communication.azure.com/'"
        f" --headers 'Content-Type=application/merge-patch+json' --body '@{file}'"
    )


def sdk_script(live: SipConfiguration, wanted: SipConfiguration) -> str:
    """A Python script for Microsoft's SDK that gives a resource with the live table the wanted one.

    Raises ConfigurationError for fields that the SDK 1.4.0 would drop without a word.
    """
    for table in (live, wanted):
        _check_fields(table)
    parts = {
        "trunks": _ports(wanted),
        "routes": _rows(wanted),
        "trunks_before": _ports(live),
        "routes_before": _rows(live),
    }
    return _SCRIPT.format(**{name: pformat(part, width=110, sort_dicts=False) for name, part in parts.items()})


def _ports(table: SipConfiguration) -> dict[str, int]:
    return {trunk.fqdn: trunk.sip_signaling_port for trunk in table.trunks}


def _rows(table: SipConfiguration) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(one.name, one.number_pattern, one.description or "", one.trunks or ()) for one in table.routes]


def _check_fields(table: SipConfiguration) -> None:
    wire, known = table.dump(), VERSIONS[GA]
    rows = [("", wire, ("trunks", "routes"))]
    rows += [(f"trunks.{fqdn}.", row, known["trunk"]) for fqdn, row in wire.get("trunks", {}).items()]
    rows += [(f"routes[{index}].", row, known["route"]) for index, row in enumerate(wire.get("routes", []))]
    remedy = "Take it out: it cannot be written this way."
    problems = tuple(
        Problem(place + name, f"API version {GA} does not have this field", remedy)
        for place, row, names in rows
        for name, value in row.items()
        if name not in names and value is not None
    )
    if problems:
        raise ConfigurationError(problems)
