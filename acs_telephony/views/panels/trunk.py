"""Break an SBC, place a live call, and watch its messages come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from threading import Thread
from time import sleep
from typing import Any, Final

from ipywidgets import Button, Dropdown, Text, Widget

from acs_telephony.errors import AcsTelephonyError, AnswerError
from acs_telephony.live.sip.lab import Placing, SipLab
from acs_telephony.live.sip.values import Fault
from acs_telephony.models import Resource, quoted
from acs_telephony.numbers import normalise
from acs_telephony.tables import microsoft_three_routes
from acs_telephony.views.display import Shown, notice, together
from acs_telephony.views.ladder import call_page, ladder_so_far, terms_of
from acs_telephony.views.panels.dial import MOST_SBCS, STATES
from acs_telephony.views.panels.panel import FILL, Panel

_TALK_S: Final = 10.0  # lab seconds: long enough to see a call run, and to hang up
_EVERY_S: Final = 0.1
_FAULTS: Final = (*(one for one in STATES if one[1] != "demoted"), ("slow: answers too late", "slow"))
_TLS_FAULTS: Final = (
    ("certificate for another name", "wrong name"),
    ("certificate has expired", "expired"),
    ("certificate of an unknown CA", "unknown CA"),
)


def trunk_panel(
    resource: Resource | None = None,
    number: str = "+1 425 555 0100",
    *,
    sbcs: Sequence[str] | None = None,
    alternate_caller_id: str = "",
    **lab: Any,
) -> TrunkPanel:
    """Controls that break SBCs, and buttons that place a live call and hang up; a first call is placed at once.

    Microsoft's three routes are called unless a resource is given. `sbcs` names the SBCs that get a control of their
    own (the first eight, unless given); all others take calls. Each call has a lab of its own, which is closed when the
    call is over. `lab`: options of `SipLab`, such as `transport="udp"`.
    """
    resource = microsoft_three_routes() if resource is None else resource
    if not isinstance(resource, Resource):
        problem = f"{type(resource).__name__} is no Resource"
        raise AnswerError(problem, place="resource", remedy="Write Resource(configuration=...).")
    known = [trunk.fqdn for trunk in resource.configuration.trunks]
    fqdns = known[:MOST_SBCS] if sbcs is None else list(sbcs)
    if wrong := [fqdn for fqdn in fqdns if fqdn not in known]:
        raise AnswerError(f"no SBC is called {quoted(wrong[0])}", place="sbcs", remedy=f"Use {', '.join(known)}.")
    return TrunkPanel(partial(SipLab, resource, **lab), number, fqdns, alternate_caller_id)


class TrunkPanel(Panel):
    """A panel that holds no lab while no call runs; `placing` is the call that runs."""

    placing: Placing | None = None

    def __init__(self, new_lab: Callable[[], SipLab], number: str, fqdns: Sequence[str], caller_id: str) -> None:
        self._new_lab, lab = new_lab, new_lab()
        self._terms = terms_of(lab.transport, lab.time_scale)
        self._page = notice("Mind", "No call yet.")
        self._called: dict[str, Any] = {}
        faults = _FAULTS + (_TLS_FAULTS if lab.transport == "tls" else ())
        self._words: dict[object, str] = {fault: words for words, fault in faults}
        call = {
            "number": Text(number, description="Number", continuous_update=False, **FILL),
            "caller_id": Text(caller_id, description="alternateCallerId", continuous_update=False, **FILL),
            "call": Button(description="Call"),
            "hang_up": Button(description="Hang up"),
        }
        self._sbcs = {fqdn: Dropdown(options=faults, description=fqdn, **FILL) for fqdn in fqdns}
        super().__init__("Trunk", {"The SBCs": self._sbcs, "The call": call}, self._shown)

    def close(self) -> None:
        """Hang up, and close the panel."""
        if self.placing:
            self.placing.cancel()
        super().close()

    def _follow(self, control: Widget) -> None:
        try:
            if control is self.controls["call"]:
                self._call()
            elif control is self.controls["hang_up"]:
                self._hang_up()
            else:
                self._show()
        except AcsTelephonyError as error:
            self._refuse(str(error))

    def _shown(self, number: str, caller_id: str, **faults: Fault) -> Shown:
        """The last call, and what was set since then; the first time a call is placed for it."""
        for text in (number, caller_id) if caller_id.strip() else (number,):
            normalise(text)
        given = {"number": number, "caller_id": caller_id, **faults}
        if not self._called:
            opened, placing = self._begin(given, talk_s=1.0)
            with opened:
                self._page = call_page(placing.result())
        names = {"number": "Number", "caller_id": "alternateCallerId"}
        changed = [
            f"{names.get(name, name)}: {self._words.get(value, str(value)) or 'none'}"
            for name, value in given.items()
            if self._called[name] != value
        ]
        if not changed:
            return self._page
        words = f"{'; '.join(changed)}. Press Call to see what that does; below is the last call."
        shown = together(notice("Mind", words), self._page)
        return replace(shown, said=f"{self._page.said} {shown.said}".strip())

    def _begin(self, given: dict[str, Any], talk_s: float) -> tuple[ExitStack, Placing]:
        """A call, and the lab that was opened for it, to be closed when it is over."""
        with ExitStack() as opened:
            lab = opened.enter_context(self._new_lab())
            for fqdn in self._sbcs:
                lab.set(fqdn, given[fqdn])
            caller_id = given["caller_id"].strip() or None
            placing = lab.begin(given["number"], alternate_caller_id=caller_id, talk_s=talk_s)
            self._called = given
            return opened.pop_all(), placing

    def _call(self) -> None:
        if self.placing or self.comm is None:
            return  # a second click for a call that runs; a panel that is closed
        given = {name: one.value for name, one in self.controls.items() if not isinstance(one, Button)}
        opened, self.placing = self._begin(given, _TALK_S)
        self.error.value = ""
        number = normalise(given["number"]).number
        Thread(target=self._watch, args=(opened, self.placing, number), name="trunk panel", daemon=True).start()

    def _hang_up(self) -> None:
        if not self.placing:
            raise AnswerError("no call runs", place="Hang up", remedy="Press Call first.")
        self.placing.cancel()

    def _watch(self, opened: ExitStack, placing: Placing, number: str) -> None:
        """Show the call while it runs, from a thread of its own, so that the controls stay free; say how it ends."""
        running, seen = notice("Mind", f"The call to {number} runs. Hang up ends it."), -1
        said = running.said
        try:
            with opened:
                while not placing.done:
                    if len(events := placing.events) > seen:
                        seen = len(events)
                        drawn = together(running, ladder_so_far(number, events, self._terms))
                        self._page = replace(drawn, said=said)
                        self._answer(self._page)
                        said = ""  # only the beginning and the end are spoken
                    sleep(_EVERY_S)
            self._page = call_page(placing.result())
        finally:
            self.placing = None
        self._answer(self._page)
        self._show()  # and what was set meanwhile
