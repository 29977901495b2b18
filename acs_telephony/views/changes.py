"""What a change of a route table moves, at a glance: every number counted once, and a picture from SBCs to SBCs.

What a change is, and which is meant, is said in `checking/comparing.py`; `changes_page` in `findings.py` lists each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from acs_telephony.checking.comparing import ALL_E164, Change, Comparison, compare
from acs_telephony.checking.expecting import Expectation, cover, unnoticed
from acs_telephony.checking.route_table import RouteTable, table_of
from acs_telephony.domains import E164
from acs_telephony.models import Resource, SipConfiguration
from acs_telephony.views import dot
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.pictures import Picture

_MOST_ARROWS: Final = 6
_MOST_SBCS: Final = 5

Source = RouteTable | SipConfiguration | Resource
Way = tuple[tuple[str, ...], ...]  # the SBCs of each route, in the order in which the routes are tried


def rows_table(caption: str, source: Source, beginning: str = "") -> Shown:
    """The rows of a table whose names begin so: row, name, pattern and SBCs."""
    rows = [
        (place, row.name, row.number_pattern, ", ".join(row.trunks) or "none")
        for place, row in enumerate(table_of(source).routes, 1)
        if row.name.startswith(beginning)
    ]
    return table(caption, ("row", "route", "pattern", "SBCs"), rows)


def balance_table(comparison: Comparison) -> Shown:
    """Every number of E.164 once: kept, moved as meant, moved otherwise; the rows add up to all that there are."""
    meant, other = (
        sum(one.count for one in comparison.changes if one.domain == E164.name and one.intended is wanted)
        for wanted in (True, False)
    )
    # What moves only where the whole number has to match is kept where patterns are searched, and so counted twice.
    twice = comparison.unchanged + meant + other - ALL_E164
    rows = [
        ("keep their SBCs and the order of these", comparison.unchanged),
        ("move, and were meant to", meant),
        ("move, and were not meant to", other),
    ]
    if twice:
        rows.append(("counted in two rows: kept or moved, as the service matches", -twice))
    rows.append(("all numbers of E.164", sum(count for _, count in rows)))
    shown = table("Every number of E.164, once", ("numbers that", "how many"), [(what, f"{n:,}") for what, n in rows])
    if comparison.unread:
        return together(notice("Mind", "Not proven: a route cannot be read, and is counted as taking nothing."), shown)
    return shown


def edits_table(old: Source, edits: Mapping[str, Source]) -> Shown:
    """Several edits of one table beside one another: how many numbers of E.164 each moves, and how many it loses."""
    rows = []
    for edit, new in edits.items():
        found = compare(old, new)
        moved = [one for one in found.changes if one.domain == E164.name]
        lost = sum(one.count for one in moved if one.kind == "lost")
        proven = "not proven" if found.unread else "proven"
        rows.append((edit, f"{sum(one.count for one in moved):,}", f"{lost:,}", proven))
    return table("What each edit moves", ("edit", "numbers that move", "of these lost", "no other moves"), rows)


def strength_table(source: Source, files: Mapping[str, Sequence[Expectation]]) -> Shown:
    """Several sets of expectations of one table: what none of them touches, and which careless edits would pass."""
    its = table_of(source)
    rows = [
        (words, len(asked), len(cover(its, asked).untouched), len(unnoticed(its, asked)))
        for words, asked in files.items()
    ]
    headings = ("expectations", "how many", "classes that none touches", "careless edits that would pass")
    return table("Would they notice?", headings, rows)


def moves_picture(comparison: Comparison, most: int = _MOST_ARROWS) -> Picture:
    """From which SBCs to which other ones numbers go; at most so many arrows, those that were not meant first."""
    moves: dict[tuple[Way, Way, bool, str], list[Change]] = {}
    for change in comparison.changes:
        moves.setdefault((change.old_trunks, change.new_trunks, change.intended, change.domain), []).append(change)
    befores: dict[Way, str] = {}
    nows: dict[Way, str] = {}
    arrows, words, doubts = [], [], set()
    for (old, new, meant, domain), its in moves.items():
        count = sum(one.count for one in its)
        said = "meant to move" if meant else "not meant to move"
        doubt = sorted({one.certainty for one in its} - {"certain"})
        told = f"{count:,} {domain}, such as {its[0].witness}: {_told(old)} before, {_told(new)} now; {said}"
        words.append(f"{'; '.join((told, *doubt))}.")
        if len(words) > most:
            continue
        tail, head = befores.setdefault(old, f"b{len(befores)}"), nows.setdefault(new, f"n{len(nows)}")
        short = f"{count:,} {'' if domain == E164.name else 'short '}numbers\nsuch as {its[0].witness}\n{said}"
        look, more = ({"style": "dashed"}, "\nnot sure") if doubt else ({}, "")
        arrows.append(dot.across(tail, head, short + more, "good" if meant else "stop", **look))
        doubts.update(doubt)
    title = "What the change moves" if moves else "No number moves"
    body = [_node(name, "before", way) for way, name in befores.items()]
    body += [_node(name, "now", way) for way, name in nows.items()]
    if left := len(moves) - most if len(moves) > most else 0:
        body.append(dot.node("more", (f"and {left} more", "in the words beside"), "list", "idle"))
    if not moves:
        body.append(dot.node("same", ("Every number", "keeps its SBCs"), "list"))
    words = words or [f"{comparison.unchanged:,} {E164.name} keep their SBCs and the order of these."]
    remarks = ["Thin arrows: meant to move. Thick arrows: not meant to."] * bool(moves)
    remarks += [f"Not sure (dashed): {doubt}." for doubt in sorted(doubts)]
    drawing = dot.graph(title, [*body, *arrows], remarks=remarks)
    sides = Counter("meant" if meant else "not meant" for _, _, meant, _ in moves)
    counted = " and ".join(f"{dot.count(n, 'move')} {kind}" for kind, n in sides.items())
    alt = f"{title}: {counted + '. The first: ' if counted else ''}{words[0]}"
    return Picture(title, drawing, dot.clean(alt), "\n".join(map(dot.clean, words)))


def _told(way: Way) -> str:
    """The SBCs of a way in one line."""
    return ", then ".join(" or ".join(its) for its in way if its) or "nobody"


def _node(name: str, when: str, way: Way) -> str:
    """The SBCs of a way, one below the other, in the order in which they are tried."""
    sbcs = [
        f"{'or' if place else 'then' if hop else 'first'} {fqdn}"
        for hop, its in enumerate(its for its in way if its)
        for place, fqdn in enumerate(its)
    ]
    if not sbcs:
        return dot.node(name, (when, "nobody"), "end", "idle")
    more = (f"and {len(sbcs) - _MOST_SBCS} more",) if len(sbcs) > _MOST_SBCS else ()
    return dot.node(name, (when, *sbcs[:_MOST_SBCS], *more), "equipment")
