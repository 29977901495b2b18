"""What Microsoft documents about both ways to the phone network, as data, with the source of every fact beside it.

Each `<name>.toml` has its own `[source.KEY]` tables (file, date, title); every fact names its keys in `source = [...]`.
`[meta]` holds the day on which they were read; a source that was read again later has `read` of its own.
The words are ours; the facts are the sources'. Only the standard library is used, and only the file asked for is read.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from acs_telephony.errors import AcsTelephonyError


@dataclass(frozen=True, slots=True)
class Source:
    """A document that states a fact: its key here, its path in its repository, its date, and a title in plain words.

    `date` is the ISO date the document gives itself, or words where it gives none. `read` is the day on which we last
    read it.

    >>> print(source("options", "TC23"))
    telephony-concept.md, 2023-06-22 (TC23)
    """

    key: str
    file: str
    date: str
    title: str
    read: datetime.date

    def __str__(self) -> str:
        return f"{self.file.rpartition('/')[2]}, {self.date} ({self.key})"


@cache
def load(name: str) -> Mapping[str, Any]:
    """The facts of `<name>.toml`: read once, and frozen, so that no caller can change what another reads.

    Tables are read-only mappings and arrays are tuples. An unknown name is refused with the names there are.

    >>> load("options")["options"][1]["decision"]["logic"]
    'any'
    """
    known = names()
    if name not in known:
        raise AcsTelephonyError(f"there are no facts named {name!r}", remedy=f"Use one of: {', '.join(known)}.")
    frozen: Mapping[str, Any] = _freeze(tomllib.loads((files(__name__) / f"{name}.toml").read_text("utf-8")))
    return frozen


def names() -> tuple[str, ...]:
    """The names that `load` takes, in alphabetical order."""
    entries = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(entry.removesuffix(".toml") for entry in entries if entry.endswith(".toml")))


def source(name: str, key: str) -> Source:
    """The source with this key in `<name>.toml`; an unknown key is refused with the keys there are."""
    tables = load(name)["source"]
    if key not in tables:
        raise AcsTelephonyError(f"no source {key!r} in {name}", remedy=f"Use one of: {', '.join(sorted(tables))}.")
    table = tables[key]
    read = datetime.date.fromisoformat(table.get("read") or load(name)["meta"]["read"])
    return Source(key, table["file"], table.get("date") or table["date_note"], table["title"], read)


def sources() -> tuple[tuple[str, Source], ...]:
    """Every document that was read, with the name of the facts that use it, in alphabetical order."""
    rows = ((name, key) for name in names() for key in sorted(load(name)["source"]) if key != "KIT")
    return tuple((name, source(name, key)) for name, key in rows)


def stale(as_of: datetime.date) -> tuple[tuple[str, Source], ...]:
    """The sources that were not read again within the year before a day.

    >>> stale(datetime.date(2026, 11, 22)), stale(datetime.date(9999, 12, 31)) == sources()
    ((), True)
    """
    return tuple((name, said) for name, said in sources() if is_stale(said, as_of))


def is_stale(said: Source, as_of: datetime.date) -> bool:
    """Whether a source was last read more than a year before a day."""
    day = min(as_of.day, 28) if as_of.month == 2 else as_of.day
    return said.read < datetime.date(max(as_of.year - 1, 1), as_of.month, day)


def cite(name: str, keys: Iterable[str], as_of: datetime.date | None = None) -> str:
    """The sources with these keys in one line, in the order given; on a given day, those that are stale say so.

    >>> cite("options", ["SEED", "TC23"])
    'telephony-concept.md, 2021-02-09 (SEED); telephony-concept.md, 2023-06-22 (TC23)'
    """
    said = [source(name, key) for key in keys]
    marks = (f", not read since {one.read}" if as_of and is_stale(one, as_of) else "" for one in said)
    return "; ".join(f"{one}{mark}" for one, mark in zip(said, marks, strict=True))


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({key: _freeze(item) for key, item in value.items()})
    if isinstance(value, list):
        return tuple(_freeze(item) for item in value)
    return value
