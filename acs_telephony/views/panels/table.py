"""Change a route table, by its fields or as text, and see who takes a number, what is wrong and who gets how much.

There is one table, and every control shows it. An entry that cannot be taken stays in its control as it was typed, with
the reason; until it is mended or dropped nothing else of the table is changed. So nothing is lost unseen.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from typing import Final

from ipywidgets import HTML, Button, Select, Text, Textarea, Widget

from acs_telephony.automaton import parse_or_error
from acs_telephony.errors import AcsTelephonyError, AnswerError, NumberError, PatternError
from acs_telephony.guide.editing import History, add_route, change_route, move_route, read_text, remove_route, text_of
from acs_telephony.models import Resource, SipConfiguration, VoiceRoute, quoted
from acs_telephony.numbers import normalise
from acs_telephony.tables import microsoft_three_routes
from acs_telephony.views.display import Shown, heading, notice, together
from acs_telephony.views.dot import clean, count, shorten
from acs_telephony.views.panels.panel import FILL, STAYS, Panel
from acs_telephony.views.routes import audited, table_page

#: The pattern of a new route: no number matches it, so nothing changes until somebody writes another.
NEW_PATTERN: Final = "^$"

_MOST_NAME, _MOST_PATTERN = 18, 28  # characters of a row in the list
_MEND: Final = "Mend what was not taken, or choose Drop the entry."
_NEW_TRUNK: Final = 'A new trunk is written into the text, under "trunks".'


def table_panel(
    source: Resource | SipConfiguration | None = None,
    number: str = "+31 20 123 4567",
    *,
    countries: Sequence[str] = (),
) -> TablePanel:
    """Controls for a route table, Microsoft's three routes unless another is given, and for a number to dial.

    `countries` (ISO codes) are those that the table is meant to serve, as `audit` takes them.
    """
    resource = Resource(configuration=source) if isinstance(source, SipConfiguration) else source
    return TablePanel(microsoft_three_routes() if resource is None else resource, number, tuple(countries))


class TablePanel(Panel):
    """A panel in which a route table is changed; `configuration` is the table as it stands, `text` the same as JSON."""

    def __init__(self, resource: Resource, number: str, countries: tuple[str, ...]) -> None:
        self._resource, self._countries = resource, countries
        self._number, self._no_number = normalise(number).text, ""
        self._history, self._row = History(resource.configuration), min(1, len(resource.configuration.routes))
        self._findings = set[str]()
        #: Entries that were typed and not taken, with the reason; without one they wait for the text.
        self._open: dict[str, AcsTelephonyError | None] = {}
        self._table_shows: dict[str, str] = {}
        self._rows: tuple[str, ...] = ()
        #: What was done last; None where nothing was, so that the answer stays as it is.
        self._words: str | None = ""
        self._mind, self._writing = "", False
        self._actions: dict[str, tuple[str, Callable[[], None]]] = {
            "add": ("Add a route", self._add),
            "remove": ("Remove", self._remove),
            "up": ("Move up", lambda: self._move(-1)),
            "down": ("Move down", lambda: self._move(+1)),
            "undo": ("Undo", lambda: self._go_to(self._history.undo(), "Undone.")),
            "redo": ("Redo", lambda: self._go_to(self._history.redo(), "Done again.")),
            "drop": ("Drop the entry", self._drop),
        }
        self._list, self._file = Select(description="Routes", **FILL), HTML()
        self._entries = {
            "text": Textarea(description="The same as text (JSON)", continuous_update=False, **FILL),
            "name": Text(description="Name", continuous_update=False, **FILL),
            "pattern": Text(description="Pattern", continuous_update=False, **FILL),
            "trunks": Text(description="Trunks", continuous_update=False, **FILL),
        }
        self._dialled = Text(number, description="Dialled number", continuous_update=False, **FILL)
        self._write()
        buttons = {name: Button(description=words) for name, (words, _) in self._actions.items()}
        route = dict(self._entries)
        table = {"routes": self._list, "text": route.pop("text"), **buttons, "file": self._file}
        groups = {
            "The routes, in the order in which they are tried": table,
            "The chosen route, and a number to dial": {**route, "number": self._dialled},
        }
        super().__init__("Table", groups, self._page, column="370px")

    @property
    def configuration(self) -> SipConfiguration:
        """The table as it stands, with every change that was taken."""
        return self._history.present

    @property
    def text(self) -> str:
        """The table as it stands, as JSON; the file that the panel saves holds the same."""
        return text_of(self.configuration)

    # ------------------------------------------------------------ what the controls do

    def _follow(self, control: Widget) -> None:
        if self._writing:
            return
        self._words, self._mind = None, ""
        if control is self._dialled:
            self._dial()
        elif control in self._entries.values():
            self._take()
        elif isinstance(control, Button):
            name = next(name for name, button in self.controls.items() if button is control)
            self._act(*self._actions[name])
        elif self._list.value is not None:
            row = self._list.value
            self._act(f"The choice of row {row}", lambda: self._step(self._history, row, f"Row {row} is chosen."))
        self._show()

    def _act(self, what: str, action: Callable[[], None]) -> None:
        if self._open and action != self._drop:
            self._mind = f"{what}: not done, because an entry was not taken. {_MEND}"
            return
        try:
            action()
        except AcsTelephonyError as error:
            self._mind = f"{what}: {error}"

    def _dial(self) -> None:
        try:
            self._number, self._no_number, self._words = normalise(self._dialled.value).text, "", ""
        except NumberError as error:
            self._no_number = str(error)

    def _take(self) -> None:
        """Try every entry that the table does not show yet: the text first, which the others wait for."""
        typed = {entry: one.value for entry, one in self._entries.items() if one.value != self._table_shows[entry]}
        meant, self._open = self._route, dict.fromkeys(typed)
        for entry, value in typed.items():
            try:
                if self._route != meant:
                    remedy = "Type it again, or choose Drop the entry."
                    raise AnswerError("the text made this row another route", place=f"row {self._row}", remedy=remedy)
                history = self._history.then(self._changed(entry, value))
            except AcsTelephonyError as error:
                self._open[entry] = error
                if entry == "text":
                    return
                continue
            del self._open[entry]
            if history is self._history and entry == "text":
                self._words = "The text says the same; only its layout was changed."
            elif history is self._history:
                continue
            elif entry == "text":
                row = self._row if len(typed) > 1 else self._first_change(history.present)
                self._step(history, row, "The text was taken.")
            else:
                self._step(
                    history,
                    self._row,
                    f"Row {self._row}: the {entry} {'were' if entry == 'trunks' else 'was'} changed.",
                )
                meant = self._route

    def _changed(self, entry: str, value: str) -> SipConfiguration:
        if entry == "text":
            return read_text(value)
        if entry != "trunks":
            return change_route(self.configuration, self._row, **{entry: value})
        trunks = re.findall(r"[^\s,]+", value)
        same = self._route is not None and trunks == list(self._route.trunks or ())
        return self.configuration if same else change_route(self.configuration, self._row, trunks=trunks)

    def _add(self) -> None:
        names = {route.name for route in self.configuration.routes}
        free = (f"new route {i}" for i in range(1, len(names) + 2))
        name = next(name for name in free if name not in names)
        changed = add_route(self.configuration, name, NEW_PATTERN, after=self._row)
        words = f"Row {self._row + 1} is new and takes no number until you write its pattern."
        self._step(self._history.then(changed), self._row + 1, words)

    def _remove(self) -> None:
        words = f"Row {self._row} was removed."
        self._step(self._history.then(remove_route(self.configuration, self._row)), self._row, words)

    def _move(self, by: int) -> None:
        row = self._row + by
        self._step(self._history.then(move_route(self.configuration, self._row, by)), row, f"It is row {row} now.")

    def _go_to(self, history: History, words: str) -> None:
        self._step(history, self._first_change(history.present), words)

    def _drop(self) -> None:
        self._words = "The entry was dropped." if self._open else "There is no entry to drop."
        self._open = {}

    def _step(self, history: History, row: int, words: str) -> None:
        self._history, self._words = history, words
        self._row = min(max(row, 1), len(self.configuration.routes))

    def _first_change(self, changed: SipConfiguration) -> int:
        """The first row that differs from the table as it stands; the chosen one where none does."""
        before, after = self.configuration.routes, changed.routes
        pairs = enumerate(zip(before, after, strict=False), 1)
        end = self._row if len(before) == len(after) else min(len(before), len(after)) + 1
        return next((row for row, (one, other) in pairs if one is not other and _wire(one) != _wire(other)), end)

    @property
    def _route(self) -> VoiceRoute | None:
        return self.configuration.routes[self._row - 1] if self._row else None

    # ------------------------------------------------------------ what the page shows

    def _write(self) -> None:
        """Show the table in every control; entries that were not taken stay as they were typed."""
        route, text = self._route, self.text
        trunks = " ".join(route.trunks or ()) if route else ""
        self._table_shows = {
            "text": text,
            "name": route.name if route else "",
            "pattern": route.number_pattern if route else "",
            "trunks": trunks,
        }
        rows = _rows(self.configuration)
        data = base64.b64encode(text.encode()).decode()
        self._writing = True
        try:
            with self._list.hold_sync():  # one message, or the page would choose the first row in between
                if rows != self._rows:
                    self._list.options, self._rows = list(zip(rows, range(1, len(rows) + 1), strict=True)), rows
                self._list.value = self._row or None
            for entry, shown in self._table_shows.items():
                if entry not in self._open:
                    self._entries[entry].value = shown
            link = f'<a download="routes.json" href="data:application/json;base64,{data}">Save as routes.json</a>'
            self._file.value = link
        finally:
            self._writing = False

    def _show(self) -> None:
        try:  # the list is written after the work, or it would show the old row while the page chose another
            shown = None if self._words is None else self._page(self._words)
        finally:  # also where the reader stops the work
            self._write()
        self.error.value = together(*self._wrong()).html
        if shown is not None:
            self._answer(shown)

    def _wrong(self) -> list[Shown]:
        """What was not taken, and why; then a pattern that was taken and cannot be read."""
        parts = [notice("Mind", self._mind)] if self._mind else []
        for entry, error in self._open.items():
            if error is None:
                parts.append(notice("Mind", f"The {entry} that you typed waits until the text is taken or dropped."))
            else:
                more = f" {_NEW_TRUNK}" if entry == "trunks" else ""
                parts.append(notice("Error", f"Not taken, so the table stays as it was: {error}{more}"))
        if self._no_number:
            parts.append(notice("Error", f"{self._no_number} {STAYS}"))
        if route := self._route:
            read = parse_or_error(route.number_pattern)
            if isinstance(read, PatternError):
                words = f"Row {self._row}, {quoted(route.name)}, cannot be read, so what hangs on it is not proven:"
                parts.append(notice("Error", f"{words} {read}"))
        return parts

    def _page(self, done: str) -> Shown:
        resource = self._resource.model_copy(update={"configuration": self.configuration})
        page = table_page(resource, self._number, row=self._row or None, countries=self._countries)
        told = heading(f"{done} {self._state()}".strip())
        return Shown(together(told, page).html, str(page), f"{done} {page.said}".strip())

    def _state(self) -> str:
        """How large the table is, how many changes can be undone, and what the last one did to the findings."""
        found = {one.sentence for one in audited(self.configuration, self._countries).findings}
        came, went = found - self._findings, self._findings - found
        moved = f"{count(len(came), 'finding')} came, {len(went)} went. " if self._findings and came | went else ""
        self._findings = found
        size = f"{count(len(self.configuration.routes), 'route')}, {count(len(self.configuration.trunks), 'SBC')}"
        past = len(self._history.past)
        return f"{moved}{size}; {count(past, 'change') if past else 'no change'} to undo."


def _wire(route: VoiceRoute) -> str:
    """A route as JSON, since to Python True is 1, and an absent field one that is null."""
    return route.model_dump_json(by_alias=True, exclude_unset=True)


def _rows(configuration: SipConfiguration) -> tuple[str, ...]:
    """A line for each route, in columns: row, name, pattern and SBCs, these by their host names where they differ."""
    routes = configuration.routes
    hosts = {trunk.fqdn.lower(): trunk.fqdn.partition(".")[0] for trunk in configuration.trunks}
    short = len({host.lower() for host in hosts.values()}) == len(hosts)
    names = [shorten(clean(route.name), _MOST_NAME) for route in routes]
    patterns = [shorten(clean(route.number_pattern), _MOST_PATTERN) for route in routes]
    wide = [max(map(len, texts), default=0) for texts in ([str(len(routes))], names, patterns)]
    lines = []
    for row, (route, name, pattern) in enumerate(zip(routes, names, patterns, strict=True), 1):
        sbcs = " ".join(hosts[fqdn.lower()] if short else fqdn for fqdn in route.trunks or ()) or "no trunk"
        lines.append(f"{row:<{wide[0]}} {name:<{wide[1]}} {pattern:<{wide[2]}} {shorten(sbcs, 60)}")
    return tuple(lines)
