"""Seeded random configurations as the service writes them, each with a number to dial and faults of its SBCs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

PATTERNS = [
    r"^\+1(425|206)(\d{7})$",
    r"^\+1(\d{10})$",
    r"^\+1425",
    r"^\+\d+$",
    r"^\+31\d{9}$",
    r"^\+(1|31)\d{9,10}$",
    r"0100$",
    r"^\+44",
]
NUMBERS = ["+14255550100", "+12065550177", "+13215550100", "+31201234567"]
PURCHASED = "+14255550111"
CODES = [403, 404, 408, 480, 486, 500, 503, 504, 603]
WORDS = ["answers", "silent", "refused"]
TLS_WORDS = ["wrong name", "expired", "unknown CA"]


@dataclass(frozen=True)
class Question:
    """One call: a configuration (JSON), the number, what is broken, and what the application gives."""

    configuration: dict[str, Any]
    dialled: str
    faults: dict[str, str | int]
    purchased: tuple[str, ...]
    voice_calling: bool
    alternate: str | None


def random_questions(seed: int, count: int, *, tls: bool) -> Iterator[Question]:
    """1 to 4 SBCs and 1 to 5 routes each; most SBCs are broken, or a call would end at its first."""
    random = Random(seed)
    for _ in range(count):
        sbcs = [f"sbc{n}.contoso.biz" for n in range(1, random.randint(1, 4) + 1)]
        routes = [_route(random, f"route {n}", sbcs) for n in range(1, random.randint(1, 5) + 1)]
        passes_on = [408, 503, 504, *WORDS[1:], *(TLS_WORDS if tls else [])]
        kinds = [passes_on, passes_on, CODES, WORDS]
        yield Question(
            {"trunks": {fqdn: {"sipSignalingPort": 5060 + random.randint(0, 9)} for fqdn in sbcs}, "routes": routes},
            random.choice(NUMBERS),
            {fqdn: random.choice(random.choice(kinds)) for fqdn in sbcs},
            random.choice([(), (PURCHASED,)]),
            random.random() < 0.7,
            random.choice([None, PURCHASED, "+14255550999"]),
        )


def _route(random: Random, name: str, sbcs: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "numberPattern": random.choice(PATTERNS)}
    row["trunks"] = random.sample(sbcs, random.randint(1, len(sbcs)))
    if random.random() < 0.2:
        row["callerIdOverride"] = "+14255550199"
    return row
