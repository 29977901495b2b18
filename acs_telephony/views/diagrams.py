"""The pictures of the kit: `architecture(setup)`, `path(journey)` and the kept ones.

Each gives a `Picture`: DOT text, alt text and a twin in words, made from the same values.
`python -m acs_telephony.views.diagrams diagrams/` writes the pictures that the project keeps, DOT and SVG.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Final, get_args

from acs_telephony.guide.mapping import map_numbers
from acs_telephony.routing import Answered, Dropped, Effect, Ended, Journey, Leg, Outcome, Try, VoiceCalling, dial
from acs_telephony.tables import contoso, microsoft_three_routes
from acs_telephony.views import dot
from acs_telephony.views.architecture import Setup, architecture
from acs_telephony.views.number_map import number_map
from acs_telephony.views.palette import State, Who
from acs_telephony.views.pictures import KEPT, Picture

__all__ = ["architecture", "kept_pictures", "path", "write_diagrams"]

_MOST_ROUTES: Final = 4
# Of one route, by the number of routes that are drawn with their SBCs.
_MOST_SBCS: Final = (0, 6, 5, 4, 4)
_MOST_OUTCOMES: Final = 3

_EFFECTS: Final[dict[Effect, State]] = {
    "answers": "good",
    "fails over": "warn",
    "ends the call": "stop",
    "not tried": "idle",
}


def path(journey: Journey) -> Picture:
    """The path of one call: the matching routes in order, their SBCs and what each does, and where the call can end.

    An outcome is drawn solid when it is the only one and dashed when it is one of several. A long table is folded:
    at most four routes, and at most six SBCs of a route, are drawn; the others are counted.
    """
    rows, folded = _rows(journey)
    scene = _Scene({area: [] for area in _AREAS}, [])
    _draw_routes(scene, journey, rows, folded)
    _draw_outcomes(scene, journey, _places(rows))
    body = [dot.cluster(who, scene.areas[area], name=area) for area, who in _AREAS.items() if scene.areas[area]]
    title = f"The path of a call to {dot.clean(journey.dialled.number)}"
    remark = "Bold arrows: the only outcome."
    if len(journey.outcomes) > 1:
        remark = f"Bold dashed arrows: {len(journey.outcomes)} possible outcomes; the order of trying decides."
    drawing = dot.graph(title, [*body, *scene.lines], remarks=(remark, *_unread(journey)))
    twin = "\n".join(map(dot.clean, _twin(journey, rows, folded)))
    return Picture(title, drawing, dot.clean(_alt(journey)), twin)


_AREAS: Final[dict[str, Who]] = {
    "app": "you",
    "routes": "microsoft",
    "sbcs": "you",
    "carrier": "carrier",
    "public": "public",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A route that is drawn: its node, its standing in words, the SBCs that are drawn, and those that are counted."""

    node: str
    leg: Leg
    standing: str
    shown: tuple[Try, ...]
    folded: tuple[Try, ...]

    @property
    def remark(self) -> str:
        """What the route says of SBCs that are not drawn."""
        if not self.leg.tries:
            return "no trunk: the call goes on"
        return "" if self.leg.reached else f"{dot.count(len(self.leg.tries), 'SBC')} not tried"


@dataclass(frozen=True, slots=True)
class _Scene:
    """A drawing on its way: the statements inside each area, and those outside."""

    areas: dict[str, list[str]]
    lines: list[str]


def _rows(journey: Journey) -> tuple[tuple[_Row, ...], tuple[Leg, ...]]:
    """The routes to draw, among them the last one reached, which decides the call; and the routes to count."""
    legs = journey.legs
    last = max((i for i, leg in enumerate(legs) if leg.reached), default=0)
    drawn = _first(_MOST_ROUTES, (0, last), len(legs))
    most = _MOST_SBCS[sum(legs[i].reached for i in drawn)]
    rows = []
    for i in drawn:
        leg = legs[i]
        standing = "not reached" if not leg.reached else "first choice" if i == 0 else "standby"
        tries = leg.tries if leg.reached else ()
        # Each effect has its SBC in the picture.
        effects = {one.effect: k for k, one in reversed(tuple(enumerate(tries)))}
        wanted = _first(most, effects.values(), len(tries))
        rest = tuple(one for k, one in enumerate(tries) if k not in wanted)
        rows.append(_Row(f"r{i}", leg, standing, tuple(tries[k] for k in wanted), rest))
    return tuple(rows), tuple(leg for i, leg in enumerate(legs) if i not in drawn)


def _first(most: int, musts: Iterable[int], length: int) -> list[int]:
    """At most so many places of a sequence: those that must be there, then the first ones; in order."""
    return sorted([i for i in dict.fromkeys((*musts, *range(length))) if i < length][:most])


def _draw_routes(scene: _Scene, journey: Journey, rows: Iterable[_Row], folded: Sequence[Leg]) -> None:
    """The application, the routes that match, and the SBCs of those that the call can reach."""
    number, typed = journey.dialled.number, journey.dialled.text.strip()
    lines = ("Your application", f"dials {typed}", f"= {number}" if typed != number else "")
    scene.areas["app"].append(dot.node("app", lines, "application"))
    for row in rows:
        state: State = "plain" if row.leg.reached else "idle"
        name, pattern = dot.fold(row.leg.route.name, 26), dot.fold(row.leg.route.number_pattern, 26)
        words = (*name, *pattern, f"row {row.leg.position} - {row.standing}", row.remark)
        scene.areas["routes"].append(dot.node(row.node, words, "list", state, bold=len(name)))
        how = {"first choice": "first", "standby": "then"}.get(row.standing, "")
        scene.lines.append(dot.edge("app", row.node, how, state))
        _draw_sbcs(scene, row)
    if folded:
        words = (f"and {len(folded)} more", _reached(folded))
        scene.areas["routes"].append(dot.node("rmore", words, "list", "idle"))
        scene.lines.append(dot.edge("app", "rmore", state="idle"))
    if not journey.legs:
        scene.areas["routes"].append(dot.node("none", ("No route matches", number), "list"))
        scene.lines.append(dot.edge("app", "none"))


def _draw_sbcs(scene: _Scene, row: _Row) -> None:
    for k, one in enumerate(row.shown):
        name, state = dot.fold(one.trunk, 24), _EFFECTS[one.effect]
        words = (*name, _try_words(one))
        scene.areas["sbcs"].append(dot.node(f"{row.node}s{k}", words, "equipment", state, bold=len(name)))
        scene.lines.append(dot.edge(row.node, f"{row.node}s{k}", state="idle" if state == "idle" else "plain"))
    if row.folded:
        words = (f"and {len(row.folded)} more", *_effect_counts(row.folded))
        scene.areas["sbcs"].append(dot.node(f"{row.node}more", words, "equipment"))
        scene.lines.append(dot.edge(row.node, f"{row.node}more"))


def _places(rows: Sequence[_Row]) -> dict[str, str]:
    """Where lines to an outcome start: the deciding route's SBCs by FQDN, by the empty name what drops a call."""
    last = next((row for row in reversed(rows) if row.leg.reached), None)
    if last is None:
        return {"": "none"}
    places = {"": last.node} | {one.trunk: f"{last.node}more" for one in last.folded}
    return places | {one.trunk: f"{last.node}s{k}" for k, one in enumerate(last.shown)}


def _draw_outcomes(scene: _Scene, journey: Journey, places: Mapping[str, str]) -> None:
    """Where the call can end, each end once, with a line from what decides it."""
    style = "solid" if len(journey.outcomes) == 1 else "dashed"
    for outcome in journey.outcomes:
        way, state = _way(outcome)
        tail = places[outcome.trunk if isinstance(outcome, Answered | Ended) else ""]
        for area, name, statement in way:
            _once(scene.areas.get(area, scene.lines), statement)
            _once(scene.lines, dot.across(tail, name, state=state, style=style))
            tail = name


def _way(outcome: Outcome) -> tuple[tuple[tuple[str, str, str], ...], State]:
    """What an outcome adds to the picture, as (area, node, statement) in order, and its state."""
    match outcome:
        case Answered(_, _, caller_id, _):
            carrier = dot.node("trunk", ("Carrier trunk",), "network")
            return (("carrier", "trunk", carrier), _phone(caller_id)), "good"
        case VoiceCalling(caller_id):
            microsoft = dot.node("direct", ("Voice Calling", "(PSTN)", "is the carrier"), "network", bold=2)
            return (("routes", "direct", microsoft), _phone(caller_id)), "good"
        case Ended(_, _, code, _):
            return (
                ("", f"end{code}", dot.node(f"end{code}", ("The call ends", f"with {code}"), "end", "stop")),
            ), "stop"
        case Dropped(reason, _):
            words = ("The call is dropped", *wrap(reason, 22))
            return (("", "dropped", dot.node("dropped", words, "end", "stop")),), "stop"


def _phone(caller_id: str) -> tuple[str, str, str]:
    return "public", "phone", dot.node("phone", ("Phone rings", f"caller ID {caller_id}"), "phone", "good")


def _once(statements: list[str], statement: str) -> None:
    if statement not in statements:
        statements.append(statement)


def _reached(legs: Sequence[Leg]) -> str:
    reached = sum(leg.reached for leg in legs)
    return f"{reached} of them reached" if reached else "not reached"


def _try_words(one: Try) -> str:
    return one.effect if one.state == "answers" else f"{one.state}: {one.effect}"


def _effect_counts(tries: Iterable[Try]) -> list[str]:
    return [f"{count} x {effect}" for effect, count in Counter(one.effect for one in tries).items()]


def _unread(journey: Journey) -> Iterator[str]:
    if journey.unread:
        rows = ", ".join(str(one.position) for one in journey.unread[:6])
        more = f" and {len(journey.unread) - 6} more" if len(journey.unread) > 6 else ""
        yield f"Not proven: the pattern in row {rows}{more} cannot be read."


def _outcomes_words(outcomes: Sequence[Outcome]) -> list[str]:
    words = [str(outcome) for outcome in outcomes[:_MOST_OUTCOMES]]
    more = len(outcomes) - _MOST_OUTCOMES
    return words + ([f"And {more} more."] if more > 0 else [])


def _ends(journey: Journey) -> str:
    return "The only outcome" if len(journey.outcomes) == 1 else f"{len(journey.outcomes)} possible outcomes"


def _alt(journey: Journey) -> str:
    match = "no route matches"
    if journey.legs:
        verb = "matches" if len(journey.legs) == 1 else "match"
        first = dot.shorten(journey.legs[0].route.name, 60)
        match = f"{dot.count(len(journey.legs), 'route')} {verb}, first {first}"
    ends = " ".join(dot.shorten(words, 200) for words in _outcomes_words(journey.outcomes))
    return f"A call to {journey.dialled.number}: {match}. {_ends(journey)}: {ends}"


def _twin(journey: Journey, rows: Iterable[_Row], folded: Sequence[Leg]) -> Iterator[str]:
    """The picture in words: the number, each route with its SBCs, what is folded, and the outcomes."""
    yield f"Your application dials {journey.dialled.text.strip()} as {journey.dialled.number}."
    for row in rows:
        sbcs = [f"{one.trunk} {_try_words(one)}" for one in row.shown]
        sbcs += [f"and {len(row.folded)} more ({', '.join(_effect_counts(row.folded))})"] if row.folded else []
        route = f"{row.leg.route.name}, {row.leg.route.number_pattern}"
        yield f"Row {row.leg.position}, {route}, {row.standing}: {'; '.join(sbcs) or row.remark}."
    if folded:
        yield f"And {dot.count(len(folded), 'more route')}, {_reached(folded)}."
    if not journey.legs:
        yield "No route matches."
    yield from _unread(journey)
    yield f"{_ends(journey)}:"
    yield from _outcomes_words(journey.outcomes)


def kept_pictures() -> dict[str, Picture]:
    """The pictures that the project keeps in `diagrams/`, by file name without suffix."""
    pictures = {f"architecture-{setup}": architecture(setup) for setup in get_args(Setup)}
    call = dial(microsoft_three_routes(), "+1 425 555 0100", sbcs={"sbc1.contoso.biz": 503})
    return pictures | {"path-failover": path(call), "number-map": number_map(map_numbers(contoso()))}


def write_diagrams(folder: str | Path, pictures: Mapping[str, Picture] | None = None) -> tuple[str, ...]:
    """Write each picture as .dot and .svg, remove other .dot and .svg files of the folder, and name what changed."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts: dict[str, str] = {}
    for name, picture in (kept_pictures() if pictures is None else pictures).items():
        svg = picture.svg()
        if svg is None:
            raise RuntimeError("nothing here draws DOT: install graphviz and graphviz-pure")
        texts |= {f"{name}.dot": picture.dot, f"{name}.svg": svg}
    old = {path.name: path for pattern in ("*.dot", "*.svg") for path in folder.glob(pattern)}
    changed = [name for name, text in texts.items() if name not in old or old[name].read_bytes() != text.encode()]
    for name in changed:
        (folder / name).write_bytes(texts[name].encode())
    orphans = sorted(old.keys() - texts.keys())
    for name in orphans:
        old[name].unlink()
    return (*changed, *orphans)


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in write_diagrams(sys.argv[1] if len(sys.argv) > 1 else KEPT)))
