"""A move to Teams to look at: its proof and what that leaves out, SBCs on both sides, waves, tasks, and the script."""

from __future__ import annotations

import html
from collections.abc import Mapping

from acs_telephony.automaton import compile_table
from acs_telephony.checking.moving import Proof, checklist
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.exporting import CUT_OFF, Move
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.numbers import normalise
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.findings import changes_page
from acs_telephony.views.palette import CARD_BORDER

Source = RouteTable | SipConfiguration | Resource


def proof_page(proof: Proof) -> Shown:
    """Whether a move keeps every call where it goes; each class of numbers that it does not; what was not proven."""
    parts = [notice("Answer" if proof.proven else "Mind", proof.sentence)]
    if proof.comparison.changes:
        parts.append(changes_page(proof.comparison))
    rows = [(limit.what, limit.why, limit.source) for limit in proof.limits]
    parts.append(table("What this does not prove", ("what", "why", "source"), rows))
    return together(*parts)


def dialled_table(number: str, tables: Mapping[str, Source]) -> Shown:
    """One number under several tables: the routes that a call tries, and those that match and are never looked at."""
    call, rows = normalise(number).number, []
    for name, source in tables.items():
        its = table_of(source)
        matches = compile_table([row.number_pattern for row in its.routes]).match(call)
        tried = its.chain(matches)
        told = (f"{its.routes[route].name}: {' or '.join(its.routes[route].trunks) or 'no SBC'}" for route in tried)
        never = ", ".join(its.routes[route].name for route in matches if route not in tried)
        rows.append((name, "; then ".join(told) or "no route", never or "none"))
    return table(f"{call} is dialled", ("by", "routes that are tried, in order", "matching, but never looked at"), rows)


def checklist_table(move: Move) -> Shown:
    """What has to be done for a move, in order: who, what, and the source."""
    rows = [(place, task.what, task.who, task.source) for place, task in enumerate(checklist(move), 1)]
    return table("What to do, in order", ("step", "what", "who", "source"), rows)


def gateways_table(move: Move) -> Shown:
    """The SBCs of a move: their names on both sides, and what the certificate of each has to cover."""
    rows = [
        (
            row.formerly,
            row.fqdn if row.fqdn != row.formerly else "the same: cut-over",
            "both names, or one each" if row.fqdn != row.formerly else "this name",
            "enabled" if row.enabled else "disabled",
        )
        for row in move.gateways
    ]
    return table("SBCs on both sides", ("in ACS", "in Teams", "certificate covers", "in Teams it is"), rows)


def waves_table(move: Move) -> Shown:
    """Whose numbers move together, and what holds for them before and after: the reader's own plan."""
    if not move.waves:
        return notice("Mind", "No waves: everybody gets the policy at once.")
    rows = [
        (wave.name, ", ".join(" to ".join(dict.fromkeys(ends)) for ends in wave.ranges), f"{wave.count:,}")
        for wave in move.waves
    ]
    rows.append(("everybody else", "all other numbers", "stay on ACS until their wave"))
    page = table("Waves, in order (your input)", ("wave", "its own numbers", "how many"), rows)
    if not move.cut_over:
        return page
    before = f"Before the first wave {', '.join(move.cut_over)} has to leave ACS, for want of an alias. {CUT_OFF}"
    return together(notice("Mind", before), page)


def script_shown(script: str, title: str = "The script", lines: int | None = None) -> Shown:
    """A script as it is, or its first lines; a long line goes on below itself, on a screen and on paper."""
    its = ["".join(c if c.isprintable() else "?" for c in line) for line in script.splitlines()]
    left = len(its) - len(its[:lines])
    text = "\n".join([*its[:lines], *([f"... and {left} more lines"] if left else [])])
    style = (
        f"white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid {CARD_BORDER};padding:8px;margin:8px 0;"
        "line-height:1.4;background-color:transparent;color:inherit"
    )
    words = html.escape(title)
    page = f'<p style="margin:8px 0 0;font-weight:bold">{words}</p>'
    page += f'<pre style="{style}">{html.escape(text)}</pre>'
    return Shown(page, f"{title}\n{text}", title)
