"""Print what a round trip to the local resource costs, and try it: python benchmarks/resource.py [--fuzz N]

Microsoft's unmodified SDK talks to a resource in this process: the time is that of the SDK, the signature, the check of
the whole table and the answer. Then seeded requests (10,000 where nothing is said), about half of them valid, go to a
resource and to an independent model of merge patch, which have to agree; some are broken on the way, and have to be
refused. Ends with 1 where they differ. Needs the extras `sdk` and `test`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from azure.communication.phonenumbers.siprouting import SipRoutingClient, SipTrunk, SipTrunkRoute  # noqa: E402
from timing import Task, run, show, show_tasks  # noqa: E402

from acs_telephony.live.resource import LocalResource  # noqa: E402
from acs_telephony.live.service import GA  # noqa: E402
from tests.test_resource import NOON, ask  # noqa: E402
from tests.test_service import is_lawful, merged  # noqa: E402

GOALS: Final = {5: 0.001, 250: 0.010}  # seconds
SEED: Final = 20261124
FQDNS: Final = [f"sbc{number}.kit.example" for number in range(6)]


def trips(size: int) -> list[Task]:
    """Reading, and writing the routes and one trunk, of a table with so many trunks and so many routes."""
    resource = LocalResource()
    client = SipRoutingClient.from_connection_string(resource.connection_string, **resource.client_kwargs())
    trunks = [SipTrunk(fqdn=f"sbc{number}.kit.example", sip_signaling_port=5061) for number in range(size)]
    routes = [
        SipTrunkRoute(name=f"r{number}", number_pattern=rf"^\+1{number:03}\d{{7}}$", trunks=[trunk.fqdn])
        for number, trunk in enumerate(trunks)
    ]
    client.set_trunks(trunks)
    client.set_routes(routes)
    table = f"{size} trunks and {size} routes"
    return [
        Task(f"{table}: list_routes", lambda: in_a_row(lambda: list(client.list_routes())), GOALS[size]),
        Task(f"{table}: set_trunk", lambda: in_a_row(lambda: client.set_trunk(trunks[0])), GOALS[size]),
        Task(f"{table}: set_routes", lambda: in_a_row(lambda: client.set_routes(routes)), GOALS[size]),
    ]


def in_a_row(trip: Callable[[], object]) -> float:
    """The seconds of one of twenty round trips in a row, on average, as in a program that runs."""
    begin = time.perf_counter()
    for _ in range(20):
        trip()
    return (time.perf_counter() - begin) / 20


def made_patch(chance: random.Random) -> dict[str, Any]:
    """A change of trunks, or of routes, or of both; now and then a wrong one."""
    patch: dict[str, Any] = {}
    if chance.random() < 0.6:
        rows: dict[str, Any] = {}
        for fqdn in chance.sample([*FQDNS, "-1"], chance.randint(0, 2)):
            rows[fqdn] = None if chance.random() < 0.2 else {"sipSignalingPort": chance.choice([0, *range(5060, 5080)])}
        patch["trunks"] = rows
    if chance.random() < 0.5:
        patch["routes"] = [
            {"name": chance.choice("abcdefghijkl"), "numberPattern": chance.choice("123"), "trunks": trunks}
            for trunks in (chance.choices(FQDNS[:4], k=chance.randint(0, 1)) for _ in range(chance.randint(0, 3)))
        ]
    return patch


def fuzz(count: int, seed: int, *, markdown: bool) -> int:
    """Send so many requests to a resource and to the model; the number of those on which they differ."""
    chance = random.Random(seed)  # noqa: S311 (seeded requests, no secrets)
    resource = LocalResource(now=lambda: NOON)
    model: dict[str, Any] = {"trunks": {}, "routes": []}
    taken = broken = wrong = 0
    for _ in range(count):
        patch = made_patch(chance)
        body = json.dumps(patch).encode()
        if chance.random() < 0.1:
            broken += 1
            body = body[: chance.randrange(len(body))] + chance.choice([b"", b"\xff", b"{", b'"', b"[[["])
            wrong += ask(resource, "PATCH", body=body).status < 400
        else:
            after = merged(model, patch)
            lawful, answer = is_lawful(after, patch), ask(resource, "PATCH", body=body)
            wrong += lawful != (answer.status == 200)
            model, taken = (after, taken + 1) if lawful else (model, taken)
        live = json.loads(ask(resource, target=f"/sip?api-version={GA}").body)
        wrong += json.dumps(live) != json.dumps(model)
    rows = [["changes", f"{count - broken:,}"], ["of these taken", f"{taken:,}"], ["broken on the way", f"{broken:,}"]]
    show(f"Requests, seed {seed}", ["", "requests"], [*rows, ["answered wrongly", f"{wrong:,}"]], markdown=markdown)
    return wrong


def main() -> None:
    """Measure, then try."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--fuzz", type=int, default=10_000, metavar="N")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    tasks = run(trips(5) + trips(250), options.runs)
    show_tasks("A round trip through Microsoft's SDK, in process", tasks, markdown=options.markdown, goals=True)
    raise SystemExit(1 if fuzz(options.fuzz, options.seed, markdown=options.markdown) else 0)


if __name__ == "__main__":
    main()
