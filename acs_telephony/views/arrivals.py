"""Calls in, in words and as a path through the architecture."""

from __future__ import annotations

from acs_telephony.receiving import Arrival, Ending, Lost, Refused, ToApplication, ToOmnichannel, ToTenant, Undocumented
from acs_telephony.views import dot
from acs_telephony.views.display import Kind, Shown, notice, table, together
from acs_telephony.views.palette import Kind as Form
from acs_telephony.views.palette import State
from acs_telephony.views.pictures import Picture


def arrival_words(arrival: Arrival) -> Shown:
    """Every question that the call met, in order, and where it ended."""
    rows = [(step.question, "yes" if step.holds else "no", step.source) for step in arrival.steps]
    caption = f"A call to {arrival.number} by {_way(arrival)}"
    return together(table(caption, ("question", "answer", "source"), rows), notice(*_said(arrival.ending)))


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
    inside = [dot.node("asks", ("Microsoft asks", *asked), "list", limit=70)]
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
    ending = _said(arrival.ending)[1]
    alt = f"A call to {arrival.number} by {_way(arrival)} meets {len(asked)} questions. {ending}"
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


def _said(ending: Ending) -> tuple[Kind, str]:
    """The ending in a sentence, with the kind of notice that it is."""
    match ending:
        case ToApplication(number):
            return (
                "Answer",
                f"Event Grid delivers IncomingCall for {number}; the application answers, redirects or rejects.",
            )
        case ToOmnichannel(number):
            return "Answer", f"Dynamics 365 Omnichannel for Customer Service takes the call to {number}."
        case ToTenant(domain):
            return (
                "Mind",
                f"The Microsoft 365 tenant with {domain} gets the call and looks for a user, not the resource.",
            )
        case Refused(code, reason):
            return "Error", f"The SBC is refused{f' with {code}' if code else ''}: {reason}."
        case Lost(reason):
            return "Error", f"The call is dropped: {reason}."
        case Undocumented(question):
            return "Unknown", f"No source says {question}."
