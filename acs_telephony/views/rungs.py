"""The drawing of a ladder: a column for each role, and downwards what happened, attempt by attempt.

Each outcome has a colour, a line of its own width and a shape; what is sent again is dashed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from acs_telephony.live.sip.values import Attempt, Event
from acs_telephony.routing import effect_of
from acs_telephony.views import svg
from acs_telephony.views.dot import clean, count, shorten
from acs_telephony.views.palette import INK, LINE, PAPER, QUIET, TINTS, TONES, State, Who
from acs_telephony.views.pictures import Picture
from acs_telephony.views.svg import Style

_ACS: Final = "ACS"
_GUTTER, _ROW, _LEADING = 44, 30, 14  # pixels
#: How an attempt looks; one that the caller gave up is idle.
_STATES: Final[dict[str, State]] = {"answers": "good", "fails over": "warn", "ends the call": "stop"}
#: How an event looks; any other is a plain dot.
_EVENTS: Final[dict[str, State]] = {
    **dict.fromkeys(("no-answer", "refused", "connection-lost", "certificate", "wait-over"), "warn"),
    **dict.fromkeys(
        ("ends-the-call", "no-sbc-left", "no-route", "set-up-limit", "no-event-grid", "rang-before"), "stop"
    ),
    "demoted": "idle",
    "voice-calling": "good",
}
#: These events are of an SBC that was not reached: a dotted line goes to it.
_REACHED_FOR: Final = ("demoted", "refused", "certificate")
#: What an arrow means that looks so.
_MEANING: Final[dict[tuple[State, Style], str]] = {
    ("plain", "solid"): "a request, or an answer to BYE or CANCEL",
    ("plain", "dashed"): "sent again",
    ("idle", "solid"): "on its way: no final answer",
    ("good", "solid"): "the call is taken",
    ("warn", "solid"): "a final answer; the call goes on",
    ("stop", "solid"): "a final answer that ends the call",
}
_MARKED: Final = ("good", "warn", "stop")
_PARTIES: Final[dict[Who, str]] = {"microsoft": "Microsoft's side, our model", "you": "SBC", "carrier": "carrier"}


@dataclass(frozen=True, slots=True)
class _Rung:
    """An event with the attempt that it belongs to (its place, -1 for none) and how it looks."""

    event: Event
    attempt: int
    state: State


def draw_ladder(
    title: str, events: Sequence[Event], roles: Sequence[str], attempts: Sequence[Attempt], said: str, times: bool
) -> Picture:
    """All events of a call as a picture; `said`: first how it ended, then what to know, a line each."""
    drawing, told = _Drawing(roles, events, times), list[str]()
    outcome, *terms = said.splitlines()
    drawing.head(title, outcome, terms)
    for place, group in groupby(enumerate(_rungs(events, attempts), 1), key=lambda one: one[1].attempt):
        drawing.y += 8
        top, state = drawing.y, _STATES.get(attempts[place].effect, "idle") if place >= 0 else None
        if state:
            told.append(f"Attempt {place + 1}: {_attempt_words(attempts[place])}")
            drawing.name(told[-1], state)
        for number, rung in group:
            drawing.rung(number, rung)
            told.append(_told(number, rung.event, times))
        if state:
            drawing.band(top, state)
    drawing.legend()
    tried = f", {count(len(attempts), 'attempt')}" if attempts else ""
    alt = f"Ladder: {count(len(events), 'step')} between {', '.join(roles) or 'nobody'}{tried}. {outcome}"
    return Picture(title, drawing.svg(), clean(shorten(alt, 400)), "\n".join((clean(outcome), *told, *terms)))


def _rungs(events: Sequence[Event], attempts: Sequence[Attempt]) -> Iterator[_Rung]:
    """Every event with its attempt: one begins where the ACS side turns to the SBC of the next."""
    now, over, out = -1, False, bool(events) and events[0].sender == _ACS
    for event in events:
        mine = event.sender == _ACS and event.rule != "demoted" and now + 1 < len(attempts)
        if mine and event.receiver.lower() == attempts[now + 1].trunk.lower():
            invited = event.method == "INVITE" and event.kind == "request" and not event.repeat
            other = now < 0 or attempts[now].trunk != attempts[now + 1].trunk
            if invited or (event.kind == "event" and (over or other)):
                now, over = now + 1, False
        over = over or _EVENTS.get(event.rule) == "warn"
        effect = attempts[now].effect if now >= 0 else effect_of(event.code) if out and event.code else "ends the call"
        yield _Rung(event, now, _state(event, effect))


def _state(event: Event, effect: str) -> State:
    """What an event did to the call: a final answer to INVITE, or an event, carries it on, ends it or is neither."""
    if event.kind == "event":
        return _EVENTS.get(event.rule, "plain")
    if event.code is None or event.method != "INVITE" or (effect == "the caller hung up" and event.code >= 300):
        return "plain"
    if event.code < 200:
        return "idle"
    if event.code < 300:
        return "good"
    return "stop" if effect == "ends the call" else "warn"


def _told(number: int, event: Event, times: bool) -> str:
    """A step in words."""
    to = "" if not event.receiver else f" ({event.receiver})" if event.kind == "event" else f" to {event.receiver}"
    when = f" at {event.at:.2f} s" if times else ""
    if event.kind == "event":
        return clean(f"{number}. {event.sender}{when}: {event.first}{to}")
    return clean(f"{number}. {event.sender}{to}{when}: {event.first}{', sent again' if event.repeat else ''}")


def _attempt_words(one: Attempt) -> str:
    return clean(f"{one.trunk} (route {one.route}): {one.code}, {one.effect}")


def party(role: str, events: Sequence[Event]) -> Who:
    """Who runs a role: whoever talks with the ACS side is an SBC."""
    if role == _ACS:
        return "microsoft"
    return "you" if any({one.sender, one.receiver} == {_ACS, role} for one in events) else "carrier"


class _Drawing:
    """A ladder that grows downwards."""

    def __init__(self, roles: Sequence[str], events: Sequence[Event], times: bool) -> None:
        self.events, self.times = events, times
        left = _GUTTER + (52 if times else 0)
        self.step = 208 if len(roles) < 5 else 172
        self.x = {role: left + self.step * (i + 0.5) for i, role in enumerate(roles)}
        self.width = left + self.step * max(len(roles), 2) + 16
        self.y = self.top = 12.0
        self.ground = PAPER
        self.under: list[str] = []
        self.over: list[str] = []
        #: The arrows that were drawn, by how they look.
        self.drawn = set[tuple[State, Style]]()

    def _write(self, x: float, y: float, lines: Sequence[str], size: float = svg.SIZE, **look: Any) -> None:
        self.over += [svg.words(x, y + (size + 3) * i, part, size, **look) for i, part in enumerate(lines)]

    def head(self, title: str, outcome: str, terms: Sequence[str]) -> None:
        """The title, how it ended, what to know, and a box for each role."""
        for text, size, ink in ((title, 15, INK), (outcome, 12, INK), *((one, 10, QUIET) for one in terms)):
            lines = svg.folded(text, self.width - 32, size)
            self._write(16, self.y + size + 5, lines, size, ink=ink, bold=size == 15)
            self.y += (size + 3) * len(lines) + 2
        self.y += 16
        names = {role: svg.folded(role, self.step - 40, 12) for role in self.x}
        height = 26 + 15 * max(map(len, names.values()), default=1)
        for role, x in self.x.items():
            tint = TINTS[who := party(role, self.events)]
            self.over.append(svg.box(x - self.step / 2 + 10, self.y, self.step - 20, height, tint.fill, tint.line))
            self._write(x, self.y + 18, names[role], 12, middle=True, bold=True)
            self._write(x, self.y + height - 8, [_PARTIES[who]], 9.5, middle=True, ink=tint.line)
        self.top = self.y + height
        self.y = self.top + 4

    def name(self, words: str, state: State) -> None:
        """The name of an attempt: what was tried, and what came of it."""
        lines, self.ground = svg.folded(words, self.width - 96), TONES[state].fill
        self.over.append(svg.mark(32, self.y + 18, state))
        self._write(50, self.y + 22, lines, bold=True, ground=self.ground)
        self.y += 16 + _LEADING * len(lines)

    def band(self, top: float, state: State) -> None:
        """The ground of an attempt that began at `top`."""
        self.y += 10
        self.under.append(svg.box(8, top, self.width - 16, self.y - top, self.ground))
        self.under.append(svg.box(8, top, 5, self.y - top, TONES[state].line, corner=2.5))

    def rung(self, number: int, rung: _Rung) -> None:
        """One step: an arrow from role to role, or a mark on a role's line."""
        event, tone, start = rung.event, TONES[rung.state], self.x[rung.event.sender]
        reaches = event.kind != "event" or event.rule in _REACHED_FOR
        end = self.x.get(event.receiver, start) if reaches else start
        room = abs(end - start) or self.step
        lines = svg.folded(event.first + (" (again)" if event.repeat else ""), room - 36)
        below, bold = _LEADING * (len(lines) - 1), rung.state in _MARKED
        self.y += _ROW + below
        y = self.y - (10 + below / 2 if end == start else 4)
        self._write(22, y + 4, [str(number)], 10, ink=QUIET)
        if self.times:
            self._write(48, y + 4, [f"{event.at:.2f} s"], 10, ink=QUIET)
        if end == start:
            self.over.append(svg.mark(start, y, rung.state))
            self._write(start + 18, y + 4 - below / 2, lines, bold=bold, ground=self.ground)
            return
        if event.kind == "event":
            self.over += [svg.line(start, end, y, tone.line, tone.width, "dotted"), svg.mark(end, y, rung.state)]
        else:
            self._arrow(start, end, y, rung.state, "dashed" if event.repeat else "solid")
        self._write((start + end) / 2, y - 7 - below, lines, middle=True, bold=bold, ground=self.ground)

    def _arrow(self, start: float, end: float, y: float, state: State, style: Style) -> None:
        """A message: its line and its head tell how it ends, and a final answer has the mark of that at its sender."""
        tone, tip = TONES[state], end - 8 if end > start else end + 8
        self.over.append(svg.line(start, end if state == "idle" else tip, y, tone.line, tone.width, style))
        self.over.append(svg.head(end, y, tone.line, end > start, state != "idle"))
        self.over += [svg.mark(start, y, state)] if state in _MARKED else []
        self.drawn.add((state, style))

    def legend(self) -> None:
        """What the arrows mean that occur here; the lines of the roles end above it."""
        end = self.y + 12
        look = f'stroke="{LINE}" stroke-width="1"'
        self.under += [f'<path d="M{x:g} {self.top:g}V{end:g}" {look}/>' for x in self.x.values()]
        x, self.y = 36.0, end + 24
        for (state, style), words in _MEANING.items():
            wide = len(words) * 10 * svg.WIDE + 76
            if (state, style) not in self.drawn:
                continue
            if x + wide > self.width and x > 36:
                x, self.y = 36.0, self.y + 26
            self._arrow(x, x + 40, self.y, state, style)
            self._write(x + 50, self.y + 3.5, [words], 10, ink=QUIET)
            x += wide

    def svg(self) -> str:
        """The whole."""
        return svg.svg(self.width, self.y + 18, [*self.under, *self.over])
