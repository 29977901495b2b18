"""Live calls to look at: a ladder of every message and event, and every step with the rule behind it.

No rule lives here: why a step happens, and what an operator sees, is `live.sip.explaining`'s word.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

from acs_telephony.live.sip.explaining import explain
from acs_telephony.live.sip.values import Event, HungUp, LiveArrival, LiveCall
from acs_telephony.receiving import ToApplication, ToOmnichannel
from acs_telephony.routing import Answered, VoiceCalling
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.dot import clean, count
from acs_telephony.views.icons import Kind
from acs_telephony.views.outages import attempts_table, end_reasons_table
from acs_telephony.views.pictures import Picture
from acs_telephony.views.rungs import draw_ladder, party

Live = LiveCall | LiveArrival


def ladder(call: Live, *, times: bool = False) -> Picture:
    """Every message of a call as an arrow and every other event as a mark, all attempts in one picture.

    `times`: with the lab's seconds since the call began; these differ a little from one run to the next.
    """
    terms = terms_of(call.transport, call.time_scale)
    if isinstance(call, LiveArrival):
        return draw_ladder(
            f"A call in to {call.number}", call.events, call.roles, (), f"{clean(str(call.ending))}\n{terms}", times
        )
    title, said = f"A call to {call.dialled.number}", f"{clean(call.ending)}\n{terms}"
    return draw_ladder(title, call.events, call.roles, call.attempts, said, times)


def ladder_so_far(number: str, events: Sequence[Event], terms: str) -> Picture:
    """The same of a call that still runs; `terms` are the words about time and transport that stand by it."""
    roles = dict.fromkeys(role for event in events for role in (event.sender, event.receiver) if role)
    order = sorted(roles, key=lambda role: ("microsoft", "you", "carrier").index(party(role, events)))
    return draw_ladder(f"A call to {number}", events, order, (), f"The call runs.\n{terms}", times=False)


def terms_of(transport: str, time_scale: float) -> str:
    """What everybody must know who looks at a live call: what is real here, and what is not.

    >>> terms_of("tls", 0.1).splitlines()[1]
    'Real SIP over TLS, on this computer alone. Time is scaled: a second of the documents lasts 0.1 s here.'
    """
    time = "Time is not scaled." if time_scale == 1 else _SCALED.format(time_scale)
    return f"{_MODEL}\nReal SIP over {transport.upper()}, on this computer alone. {time}"


_MODEL: Final = "The ACS side is our model. The application's own leg is no SIP and is not shown. No media flows."
_SCALED: Final = "Time is scaled: a second of the documents lasts {:g} s here."


def steps_table(call: Live, *, times: bool = False, raw: bool = False) -> Shown:
    """Every step with the rule that explains it and its source; the whole message opens in its row.

    `raw`: the whole messages stand in the plain text too.
    """
    headings = ("step", *(["second"] if times else []), "from", "to or about", "what", "why", "kind", "source")
    rows = []
    for number, event in enumerate(call.events, 1):
        rule = explain(event.rule)
        when = (f"{event.at:.2f}",) if times else ()
        rows.append((number, *when, event.sender, event.receiver, _with_raw(event), rule.title, rule.kind, rule.source))
    shown = table(f"{count(len(rows), 'step')}, and the rule behind each", headings, rows)
    whole = [f"Step {i}\n{_printable(event.raw)}" for i, event in enumerate(call.events, 1) if raw and event.raw]
    return Shown(shown.html, "\n\n".join((shown.text, *whole)), shown.said, shown.markdown)


def _with_raw(event: Event) -> Shown:
    """What happened, and the whole message folded away under it."""
    said = clean(event.first + (", sent again" if event.repeat else ""))
    if not event.raw:
        return Shown(html.escape(said), said, said)
    opens = '<summary style="cursor:pointer;width:fit-content">message</summary>'
    style = "margin:4px 0;white-space:pre-wrap;overflow-wrap:anywhere;background-color:transparent;color:inherit"
    whole = f'<pre style="{style};font-size:0.9em">{html.escape(_printable(event.raw))}</pre>'
    return Shown(f"{html.escape(said)}<details>{opens}{whole}</details>", said, said)


def _printable(raw: str) -> str:
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in raw.splitlines()).rstrip()


def call_page(call: LiveCall, *, times: bool = False) -> Shown:
    """A live call whole: how it ended, its ladder, every SBC that was tried, what the logs would say, and each step."""
    good = isinstance(call.outcome, Answered | VoiceCalling)
    kind: Kind = "Answer" if good else "Mind" if isinstance(call.outcome, HungUp) else "Error"
    said = notice(kind, f"{call.dialled.number}: {clean(call.ending)}")
    picture = ladder(call, times=times)
    one = {call.dialled.number: call}
    tried = [attempts_table("The SBCs, in the order of trying", one)] if call.attempts or call.skipped else []
    logs = end_reasons_table("What the logs would say", one)
    return together(said, picture, *tried, logs, steps_table(call, times=times))


def arrival_page(arrival: LiveArrival, *, times: bool = False) -> Shown:
    """A live call in whole: where it ended, its ladder, and each step."""
    good = isinstance(arrival.ending, ToApplication | ToOmnichannel)
    said = notice("Answer" if good else "Error", f"{arrival.ending} The carrier got {arrival.code}.")
    steps = [steps_table(arrival, times=times)] if arrival.events else []
    return together(said, ladder(arrival, times=times), *steps)
