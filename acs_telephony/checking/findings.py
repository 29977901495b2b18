"""What a finding is, and the rules that findings break: their words are in `facts/findings.toml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from acs_telephony.checking.route_table import RouteTable
from acs_telephony.facts import cite, load
from acs_telephony.models import quoted

Severity = Literal["error", "warning", "note"]
Certainty = Literal["certain", "depends on how the service matches", "not proven"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

Words = dict[str, Any]  # what fills the sentence of a rule


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the audit: its id, how grave it is, a title, what it says and what to do about it.

    An `open` rule speaks of what no route takes or of a whole chain: an unreadable pattern leaves it unproven.
    `ground` is what it rests on: documents with their dates, or this kit's own model.
    """

    id: str
    severity: Severity
    title: str
    sentence: str
    remedy: str
    open: bool
    ground: str
    remedy_teams: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit found.

    `sentence` says what, `remedy` what to do. `witness` is the shortest number of the `domain` that shows it, among
    those for which the reading does not matter, if there are any (None where there is nothing to show); `count` is how
    many such numbers there are when patterns are searched (None: not counted). `routes` are indexes into the table,
    from 0; `trunks` are FQDNs. `position` is a place in the pattern of the first route, from 0.
    """

    rule: str
    severity: Severity
    sentence: str
    remedy: str
    routes: tuple[int, ...] = ()
    trunks: tuple[str, ...] = ()
    witness: str | None = None
    domain: str = ""
    count: int | None = None
    certainty: Certainty = "certain"
    position: int | None = None


@cache
def rules() -> dict[str, Rule]:
    """The rules of the audit by their ids, in the order in which they are published."""
    rows = load("findings")["rules"]
    texts = ("id", "severity", "title", "sentence", "remedy")
    return {
        row["id"]: Rule(
            **{text: row[text] for text in texts},
            open=row.get("open", False),
            ground=cite("findings", row["source"]),
            remedy_teams=row.get("remedy_teams", ""),
        )
        for row in rows
    }


def say(rule: str, *routes: int, table: RouteTable | None = None, **words: Any) -> Finding:
    """A finding of a rule about these routes; `words` fill its sentence, and the fields of the same names."""
    its, routes = rules()[rule], tuple(dict.fromkeys(routes))
    names = [f"route {quoted(table.routes[route].name)}" for route in routes] if table else []
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in words.items()}
    shown |= {name: "some" for name in ("count", "total") if words.get(name, 0) is None}
    shown["numbers"] = "1 number" if words.get("count") == 1 else f"{shown.get('count')} numbers"
    shown["trunks"] = listed(words.get("trunks", ()))
    sentence = its.sentence.format_map({"route": names[0] if names else "", "routes": listed(names), **shown})
    kept = {name: words[name] for name in ("trunks", "witness", "domain", "count", "position") if name in words}
    own = its.remedy_teams if table and table.service == "teams" and its.remedy_teams else its.remedy
    remedy = " ".join(filter(None, (words.get("remedy"), own)))
    return Finding(rule, its.severity, sentence[:1].upper() + sentence[1:], remedy, routes, **kept)


def listed(words: Sequence[str], most: int = 3) -> str:
    """Some words in a sentence: a, b and c; of many the first, and how many more."""
    if len(words) > most + 1:
        words = [*words[:most], f"{len(words) - most:,} more"]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
