"""A table in the classes of Microsoft's SDK, of whatever version the client is; and what such a class would drop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from acs_telephony.models import SipConfiguration


def trunk_rows(table: SipConfiguration) -> Mapping[str, Mapping[str, Any]]:
    """The trunks of a table as JSON, by their FQDN, without fields that say nothing or that nobody writes."""
    rows = table.dump().get("trunks", {})
    return {
        fqdn: {name: its for name, its in row.items() if name != "health" and its is not None}
        for fqdn, row in rows.items()
    }


def route_rows(table: SipConfiguration) -> list[dict[str, Any]]:
    """The routes of a table as JSON, without fields that say nothing."""
    rows = table.dump().get("routes", [])
    # An absent list and an empty one are the same table to a resource, which answers both alike.
    return [{name: value for name, value in row.items() if value not in (None, [])} for row in rows]


def changed(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The trunks that are new or not as they were."""
    return ((fqdn, row) for fqdn, row in new.items() if old.get(fqdn) != row)


def models(
    client: Any, live: SipConfiguration, wanted: SipConfiguration
) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """The SDK's own models for what has to be written, each with its place and its JSON."""
    for fqdn, row in changed(trunk_rows(live), trunk_rows(wanted)):
        yield f"trunks.{fqdn}", row, _model(client, "SipTrunk", {**row, "fqdn": fqdn})
    if route_rows(live) != route_rows(wanted):
        for index, row in enumerate(route_rows(wanted)):
            yield f"routes[{index}]", row, _model(client, "SipTrunkRoute", row)


def _model(client: Any, name: str, row: Mapping[str, Any]) -> Any:
    package = import_module(type(client).__module__.partition(".siprouting")[0] + ".siprouting")
    return getattr(package, name)(**{_snake(key): value for key, value in row.items()})


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def dropped(model: Any, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that a model of the SDK takes without a word and does not keep."""
    return tuple(name for name, value in row.items() if getattr(model, _snake(name), None) != value)
