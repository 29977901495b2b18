"""Calls in, in words and as a path through the architecture."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

from acs_telephony.receiving import Arrival, Ending, Lost, Refused, ToApplication, ToOmnichannel, ToTenant, Undocumented
from acs_telephony.views import dot
from acs_telephony.views.display import Shown, notice, table, together
from acs_telephony.views.icons import Kind
from acs_telephony.views.palette import Kind as Form
from acs_telephony.views.palette import State
from acs_telephony.views.pictures import Picture


def arrival_words(arrival: Arrival) -> Shown:
    """Every question that the call met, in order, and where it ended."""
    rows = [(step.question, "yes" if step.holds else "no", step.source) for step in arrival.steps]
    caption = f"A call to {arrival.number} by {_way(arrival)}"
    return together(
        table(caption, ("question", "answer", "source"), rows), notice(_kind(arrival.ending), str(arrival.ending))
    )


def arrivals_table(caption: str, arrivals: Mapping[str, Arrival]) -> Shown:
    """Several calls in beside one another: what is special about each, and how it ends."""
    rows = [(what, arrival.ending) for what, arrival in arrivals.items()]
    return table(caption, ("call", "how it ends"), rows)


def arrival_path(arrival: Arrival) -> Picture:
    """The path of a call in: from the caller, over the SBC if there is one, past Microsoft's questions, to its end."""
    title = f"The path of a call to {arrival.number}"
    asked = [f"{i}. {step.question}: {'yes' if step.holds else 'no'}" for i, step in enumerate(arrival.steps, 1)]
    lines, form, state = _end(arrival.ending)
    body = [dot.cluster("public", [dot.node("caller", ("Caller", f"dials {arrival.number}"), "phone")], name="public")]
    before = "caller"
    if arrival.contact is not None:
        body.append(dot.cluster("carrier", [dot.node("trunk", ("Carrier trunk",), "network")], name="carrier"))
        body.append(dot.cluster("you", [dot.node("sbc", ("Your SBC", arrival.contact), "equipment")], name="sbc"))
        body += [dot.edge("caller", "trunk"), dot.edge("trunk", "sbc")]
        before = "sbc"
    # The last question decides; the others stand in the twin, or the picture would be too wide to read.
    last = wrap(dot.ascii_only(f"the last: {asked[-1].partition(' ')[2]}"), 30)
    inside = [dot.node("asks", ("Microsoft asks", dot.count(len(asked), "question"), *last), "list", limit=34)]
    end = dot.node("end", lines, form, state)
    if isinstance(arrival.ending, ToApplication):
        inside.append(dot.node("event", ("IncomingCall", "Event Grid"), "event", "good"))
        end = dot.cluster("you", [end], name="application")
        body += [dot.edge("asks", "event"), dot.edge("event", "end", state=state)]
    else:
        body.append(dot.edge("asks", "end", state=state))
    body += [
        dot.cluster("microsoft", inside, name="microsoft"),
        end,
        dot.edge(before, "asks", "INVITE" if arrival.contact else ""),
    ]
    ending = str(arrival.ending)
    alt = f"A call to {arrival.number} by {_way(arrival)} meets {dot.count(len(asked), 'question')}. {ending}"
    return Picture(title, dot.graph(title, body), dot.clean(alt), "\n".join(map(dot.clean, (*asked, ending))))


def _way(arrival: Arrival) -> str:
    return "Voice Calling (PSTN)" if arrival.contact is None else "direct routing"


def _end(ending: Ending) -> tuple[tuple[str, ...], Form, State]:
    """The last thing of the path: its lines, its shape and its state."""
    match ending:
        case ToApplication():
            return ("Your application", "answers, redirects", "or rejects"), "application", "good"
        case ToOmnichannel():
            return ("Omnichannel", "takes the call"), "service", "good"
        case ToTenant(domain):
            return ("Microsoft 365 tenant", domain, "looks for a user"), "service", "warn"
        case Refused(code):
            return ("Refused", f"with {code}" if code else "final code unknown"), "end", "stop"
        case Lost():
            return ("Dropped",), "end", "stop"
        case Undocumented():
            return ("Unknown", "no source says"), "end", "idle"


def _kind(ending: Ending) -> Kind:
    """The kind of notice that an ending is."""
    match ending:
        case ToApplication() | ToOmnichannel():
            return "Answer"
        case ToTenant():
            return "Mind"
        case Refused() | Lost():
            return "Error"
        case Undocumented():
            return "Unknown"
