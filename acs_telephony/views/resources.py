"""What passes between an application and a resource, as tables: requests, numbers that were tried, refusals."""

from __future__ import annotations

from collections.abc import Iterable

from acs_telephony.facts import cite, load
from acs_telephony.live.azure import RemoteResource, Tried
from acs_telephony.live.resource import LocalResource
from acs_telephony.views.display import Shown, sentences, table


def requests_table(where: LocalResource | RemoteResource, last: int) -> Shown:
    """The last requests that a local resource took, in order; one at another address keeps no list for us."""
    if isinstance(where, RemoteResource):
        return sentences(["This resource is at another address: it keeps no list of requests for this page."])
    rows = [(one.verb, one.path, one.status or "broken", one.code or "-") for one in where.requests[-last:]]
    return table(f"The last {last} requests", ["verb", "path", "status", "code"], rows)


def tried_table(tries: Iterable[Tried]) -> Shown:
    """The routes that numbers take, by this kit and by the resource, and whether both say the same."""
    rows = [(one.number, _names(one.ours), _names(one.theirs), "yes" if one.agree else "no") for one in tries]
    return table("Which routes does a number take?", ["number", "this kit says", "the resource says", "the same"], rows)


def refusals_table() -> Shown:
    """Every refusal that is known: the inner code, the status, what it means, and where that is known from."""
    rows = [
        (one["code"], one["status"], one["when"], cite("sip_api", one["source"])) for one in load("sip_api")["errors"]
    ]
    return table("Refusals that were recorded", ["code", "status", "it means", "known from"], rows)


def _names(routes: Iterable[str]) -> str:
    return ", ".join(routes) or "none"
