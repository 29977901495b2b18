"""A lab of live SIP that runs beside the notebook: in a thread of its own, on loopback, and gone without a trace.

    with SipLab(resource) as lab:
        lab.set("sbc1.contoso.biz", 503)
        call = lab.call("+14255550100")

Seconds are the lab's, as documents give them; one takes `time_scale` real seconds. The clock by which SBCs are demoted
runs in `lab.wait` alone, so nobody is demoted while a reader thinks.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Collection, Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_args

from acs_telephony.errors import AcsTelephonyError, AnswerError
from acs_telephony.live.sip import given
from acs_telephony.live.sip.clock import LabLoop
from acs_telephony.live.sip.health import SbcHealth
from acs_telephony.live.sip.values import (
    Callee,
    Event,
    Fault,
    FaultWord,
    HangsUp,
    LiveArrival,
    LiveCall,
    Setup,
    Transport,
)
from acs_telephony.models import Resource, quoted
from acs_telephony.numbers import normalise
from acs_telephony.routing import dial

if TYPE_CHECKING:
    from acs_telephony.live.sip.recording import CallRecord
    from acs_telephony.live.sip.roles import Roles

T = TypeVar("T")
TLS_FAULTS = ("wrong name", "expired", "unknown CA")
CARRIER_FAULTS = ("answers", "silent", "slow", "refused")


class Placing:
    """A call that is being placed: look at it while it runs, end it, or wait for what comes of it."""

    def __init__(self, lab: SipLab, call: CallRecord, future: Future[LiveCall]) -> None:
        self._lab, self._call, self._future = lab, call, future

    @property
    def events(self) -> tuple[Event, ...]:
        """What has happened so far."""
        return tuple(self._call.events)

    @property
    def done(self) -> bool:
        """Whether the call is over."""
        return self._future.done()

    def cancel(self) -> None:
        """Let the caller hang up: CANCEL while it rings, BYE while they talk."""
        with suppress(RuntimeError):  # the lab is closed, and so is the call
            self._lab._loop.call_soon_threadsafe(self._call.hung_up.set)

    def result(self, timeout: float | None = None) -> LiveCall:
        """The whole call, as soon as it is over; TimeoutError after so many real seconds."""
        return _result(self._future, timeout)


class SipLab:
    """An ACS side, an SBC for each trunk of a resource, and carriers, all on this computer.

    `wait_s`: how long an INVITE may stay without an answer but 100 before the next SBC is tried (documented for Teams
    alone). `seed`: None tries the SBCs of a route as listed, a number shuffles them. `numbers`: what carriers do with a
    number that does not answer. `carriers`: the carrier of an SBC, by FQDN, where it is not "carrier".
    `relays_503_as_500`: SBCs that turn their carrier's 503 into 500. `loss`: the share of UDP packets lost on the way.
    `event_grid`, `microsoft365_domains` and `omnichannel_numbers` are as in `receiving.receive`.
    Raises AnswerError for what cannot be used, and says what to install when it is missing.
    """

    def __init__(
        self,
        resource: Resource,
        *,
        transport: Transport = "tls",
        time_scale: float = 0.1,
        wait_s: float = 10.0,
        seed: int | None = None,
        event_grid: bool = True,
        microsoft365_domains: Collection[str] = (),
        omnichannel_numbers: Collection[str] = (),
        numbers: Mapping[str, Callee] | None = None,
        carriers: Mapping[str, str] | None = None,
        relays_503_as_500: Collection[str] = (),
        loss: float = 0.0,
    ) -> None:
        _imported()
        if not isinstance(resource, Resource):
            raise AnswerError(
                f"{type(resource).__name__} is no Resource", place="resource", remedy="Write Resource(...)."
            )
        given.one_of("transport", transport, get_args(Transport))
        given.between("time_scale", time_scale, 0.001, 10.0)
        given.between("wait_s", wait_s, 0.1, 600.0)
        given.between("loss", loss, 0.0, 0.9)
        given.usable(
            seed is None or (isinstance(seed, int) and not isinstance(seed, bool)), "seed", seed, "Use a number."
        )
        given.usable(isinstance(event_grid, bool), "event_grid", event_grid, "Use True or False.")
        for place, mapping in (("numbers", numbers), ("carriers", carriers)):
            given.usable(mapping is None or isinstance(mapping, Mapping), place, mapping, "Write {...: ...}.")
        lists = {"microsoft365_domains": microsoft365_domains, "omnichannel_numbers": omnichannel_numbers}
        for place, texts in (lists | {"relays_503_as_500": relays_503_as_500}).items():
            given.texts(place, texts)
        self.resource, self.transport, self.time_scale, self.wait_s = resource, transport, time_scale, wait_s
        self._fqdns = {trunk.fqdn.lower(): trunk.fqdn for trunk in resource.configuration.trunks}
        callees = {normalise(number).number: does for number, does in (numbers or {}).items()}
        for number, does in callees.items():
            given.one_of(f"numbers[{number}]", does, get_args(Callee))
        behind = {self._sbc(fqdn, "carriers").lower(): name for fqdn, name in (carriers or {}).items()}
        for name in behind.values():
            taken = isinstance(name, str) and name.lower() in ("acs", *self._fqdns)
            given.usable(given.is_host(name) and "*" not in name and not taken, "carriers", name, given.CARRIER_NAME)
        self._carriers = tuple(dict.fromkeys(["carrier", *behind.values()]))
        relays = {self._sbc(fqdn, "relays_503_as_500").lower() for fqdn in relays_503_as_500}
        owners = tuple(microsoft365_domains), tuple(omnichannel_numbers)
        of_lab = transport, time_scale, wait_s, seed, event_grid
        self._setup = Setup(resource, *of_lab, *owners, callees, behind, relays, loss)
        self._lock = threading.RLock()
        self._roles: Roles
        self._loop: asyncio.AbstractEventLoop
        self._close: weakref.finalize[..., Any] | None = None

    def __repr__(self) -> str:
        """In words, without an address or a port: it may stand in a saved notebook."""
        state = "open" if self.open else "closed"
        return f"SipLab({len(self._fqdns)} SBCs, {self.transport}, time x{self.time_scale:g}, {state})"

    @property
    def open(self) -> bool:
        """Whether calls can be placed."""
        return self._close is not None and self._close.alive

    def start(self) -> Self:
        """Open the lab: each SBC has shown itself with OPTIONS when this returns."""
        with self._lock:
            return self if self.open else self._start()

    def _start(self) -> Self:
        loop = LabLoop()
        roles = _imported().Roles(self._setup, loop.time)
        thread = threading.Thread(target=_run, args=(loop,), name="SipLab", daemon=True)
        thread.start()
        # Also when the lab is forgotten, and when the interpreter ends; so nothing here may hold the lab itself.
        self._close = weakref.finalize(self, _shut, roles, loop, thread)
        self._roles, self._loop = roles, loop
        try:
            _result(asyncio.run_coroutine_threadsafe(roles.start(), loop))
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End all calls and leave nothing behind: no thread, no task, no socket."""
        with self._lock:
            if self._close:
                self._close()

    def __enter__(self) -> Self:
        """Open the lab."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Close the lab."""
        self.close()

    def set(self, name: str, fault: Fault) -> None:
        """From now on, let an SBC (by FQDN) or a carrier (by name) do this: a word of `FaultWord`, or a final code.

        Raises AnswerError for a name, a word or a code that cannot be used.
        """
        carrier = name in self._carriers
        role = name if carrier else self._sbc(name, "name", also=self._carriers)
        is_code = isinstance(fault, int) and not isinstance(fault, bool)
        if is_code and not 300 <= int(fault) <= 699:
            raise AnswerError(
                f"{fault} is no code that refuses a call", place=role, remedy="Use 300 to 699, or 'answers'."
            )
        if not is_code:
            given.one_of(role, fault, CARRIER_FAULTS if carrier else get_args(FaultWord))
            if fault in TLS_FAULTS and self.transport != "tls":
                remedy = 'Make the lab with transport="tls".'
                raise AnswerError(
                    f"{fault!r} needs certificates, and {self.transport} has none", place=role, remedy=remedy
                )
        self._run(self._running().set(role, fault))

    def call(
        self,
        number: str,
        *,
        alternate_caller_id: str | None = None,
        country: str | None = None,
        talk_s: float = 1.0,
        hangs_up: HangsUp = "caller",
    ) -> LiveCall:
        """Place a call and wait until it is over; an interrupt hangs up, and the lab can be used again.

        `talk_s`: how long they talk, in lab seconds. Raises NumberError and AnswerError as `routing.dial` does.
        """
        placing = self.begin(
            number, alternate_caller_id=alternate_caller_id, country=country, talk_s=talk_s, hangs_up=hangs_up
        )
        try:
            return placing.result()
        except KeyboardInterrupt:
            placing.cancel()
            with suppress(Exception):
                placing.result(timeout=10)
            raise

    def begin(
        self,
        number: str,
        *,
        alternate_caller_id: str | None = None,
        country: str | None = None,
        talk_s: float = 1.0,
        hangs_up: HangsUp = "caller",
    ) -> Placing:
        """Begin a call and come back at once; it takes what `call` takes."""
        roles = self._running()
        given.between("talk_s", talk_s, 0.0, 3600.0)
        given.one_of("hangs_up", hangs_up, get_args(HangsUp))
        journey = dial(self.resource, number, alternate_caller_id=alternate_caller_id, country=country)
        caller_id = normalise(alternate_caller_id).number if alternate_caller_id else "anonymous"
        call = roles.new_call(talk_s, hangs_up)
        return Placing(self, call, asyncio.run_coroutine_threadsafe(roles.call(journey, caller_id, call), self._loop))

    def receive(
        self,
        number: str,
        *,
        through: str,
        caller: str = "+14255550188",
        contact: str | None = None,
        certificate_names: Collection[str] | None = None,
        talk_s: float = 1.0,
    ) -> LiveArrival:
        """Bring a call from a carrier through an SBC to the ACS side, where the application answers and hangs up.

        `contact`: another host in Contact than the SBC's FQDN; `certificate_names`: other names in its certificate
        (without TLS they are taken as given). Raises AnswerError for names for which no certificate can be made.
        """
        roles = self._running()
        given.between("talk_s", talk_s, 0.0, 3600.0)
        given.usable(contact is None or given.is_contact(contact), "contact", contact, given.HOST_NAME)
        names = tuple(given.certificate_names(certificate_names or (), self.transport))
        call = roles.new_call(talk_s, "callee")
        call.contact, call.names = contact or "", names
        called, by = normalise(number).number, normalise(caller).number
        return self._run(roles.receive(called, self._sbc(through, "through"), by, call))

    def wait(self, lab_seconds: float) -> None:
        """Let so many seconds of the lab pass: SBCs send OPTIONS each minute, and those that do not are demoted."""
        given.between("lab_seconds", lab_seconds, 0.0, 86_400.0)
        self._run(self._running().wait(lab_seconds))

    def health(self) -> Mapping[str, SbcHealth]:
        """Every SBC in the words of the portal, by FQDN."""
        return self._running().acs.health()

    def pcap(self) -> bytes:
        """A capture of the newest 2,000 messages, which Wireshark opens; what TLS carried is in it as plain text."""
        from acs_telephony.live.sip.pcap import pcap

        return pcap(tuple(self._running().recorder.sents))

    def add_trunk_address(self, fqdn: str, port: int) -> None:
        """Let a peer on 127.0.0.1 at this port be called in the place of an SBC, healthy for now."""
        given.between("port", port, 1, 65535, whole=True)
        self._run(self._running().replace(self._sbc(fqdn, "fqdn"), port))

    @property
    def address(self) -> tuple[str, int]:
        """Where the ACS side listens."""
        return self._running().acs.stacks[0].address

    def carrier_address(self, name: str = "carrier") -> tuple[str, int]:
        """Where a carrier listens, for a peer outside of the lab."""
        given.one_of("name", name, self._carriers)
        return self._running().carriers[name].stack.address

    def _running(self) -> Roles:
        if not self.open:
            remedy = "Write: with SipLab(resource) as lab: ..."
            raise AnswerError("the lab is closed", place="SipLab", remedy=remedy)
        return self._roles

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return _result(future)
        except KeyboardInterrupt:
            future.cancel()
            raise

    def _sbc(self, fqdn: str, place: str, also: tuple[str, ...] = ()) -> str:
        known = self._fqdns.get(str(fqdn).lower())
        if not known:
            names = [*self._fqdns.values(), *also]
            near = get_close_matches(str(fqdn), names, n=1)
            remedy = f"Did you mean {near[0]}?" if near else "Name a trunk of the configuration."
            raise AnswerError(f"no SBC is called {quoted(fqdn)}", place=place, remedy=remedy)
        return known


def _imported() -> Any:
    """The roles, which need the extra; imported here, so that a page without it can say what to do."""
    try:
        import_module("trustme")
        return import_module("acs_telephony.live.sip.roles")
    except ImportError as error:
        missing = error.name or "a package"
        remedy = "Run: pip install 'acs-telephony[sip]'."
        raise AcsTelephonyError(f"{missing} is missing", place="SipLab", remedy=remedy) from None


def _result(future: Future[T], timeout: float | None = None) -> T:
    """The result of work in the lab."""
    try:
        return future.result(timeout)
    except CancelledError:
        raise AnswerError("the lab was closed meanwhile", place="SipLab", remedy="Open it again.") from None


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """The lab's thread."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        for task in (left := asyncio.all_tasks(loop)):
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _shut(roles: Roles, loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    """Close every socket and end the thread; called once, from wherever the lab is let go."""

    async def end() -> None:
        try:
            await asyncio.wait_for(roles.close(), 5)
        finally:
            loop.stop()

    ending = asyncio.run_coroutine_threadsafe(end(), loop)
    if threading.current_thread() is not thread:  # a lab may be forgotten while its own thread runs
        thread.join(10)
        ending.cancel()
