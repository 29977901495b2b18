"""Microsoft's list of what a minute to each prefix costs, read from a file that the reader has.

The list is communication-services-pstn-rates.csv of the repository Azure/Communication, as it was on 2025-10-15: USD a
minute, by E.164 prefix without plus. Our reading, which it does not state: a number costs what its longest prefix does.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from acs_telephony.checking.documents import decoded
from acs_telephony.errors import ConfigurationError, Problem
from acs_telephony.models import quoted

Range = tuple[Decimal, Decimal]

#: An amount that can be reckoned with exactly.
EXACT: Final = r"[0-9]{1,9}(\.[0-9]{1,6})?"

# What the list calls its columns, what stands in them, and how that reads.
_COLUMNS: Final = {
    "Destination Type": (".*", "landline, mobile or mixed"),
    "Country": (".*", "a country such as NL"),
    "Prefix": ("[0-9]{1,15}", "1 to 15 digits without a plus"),
    "Price / min": (EXACT, "USD a minute, such as 0.035"),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A row: what a minute to numbers with this prefix costs, in USD. A "mixed" row holds numbers of any kind."""

    kind: str
    country: str
    prefix: str
    usd: Decimal


@dataclass(frozen=True, slots=True)
class RateList:
    """The rows of a rate list, and how it is named as a source."""

    name: str
    rows: tuple[Rate, ...]

    def between(self, to: str, kind: str = "unknown") -> Range | None:
        """The least and the highest rate of a country, of a number or of all numbers with a prefix, written with plus.

        None where no row fits. Of a kind other than "unknown" are its own rows and the mixed ones; where a prefix has
        neither, the rows that it has.
        """
        prefix = to.startswith("+")
        rows = self._of(to.removeprefix("+")) if prefix else [row for row in self.rows if row.country == to]
        fits = [row for row in rows if kind in ("unknown", row.kind) or row.kind == "mixed"]
        prices = [row.usd for row in fits or (rows if prefix else [])]
        return (min(prices), max(prices)) if prices else None

    def _of(self, digits: str) -> list[Rate]:
        around = [row for row in self.rows if digits.startswith(row.prefix)]
        longest = max((len(row.prefix) for row in around), default=0)
        inside = [row for row in self.rows if row.prefix.startswith(digits) and row.prefix != digits]
        return [row for row in around if len(row.prefix) == longest] + inside


def read_rate_list(text: str | bytes, name: str = "your rate list") -> RateList:
    """A rate list from CSV text with the columns of Microsoft's, in any order; other columns are left alone.

    Raises ConfigurationError with the first line that cannot be read.

    >>> made = "Destination Type,Country,Prefix,Price / min\\nmixed,NL,31,0.5\\nmobile,NL,316,0.7"
    >>> read_rate_list(made).between("+31612345678"), read_rate_list(made).between("NL")
    ((Decimal('0.7'), Decimal('0.7')), (Decimal('0.5'), Decimal('0.7')))
    """
    reader = csv.DictReader(decoded(text).splitlines(), strict=True)
    try:
        rows = tuple(_rate(row, f"line {reader.line_num}") for row in reader)
    except csv.Error as error:
        line = reader.reader.line_num
        raise _refused(f"line {line}", f"this is no CSV ({error})", "Look for a missing quote.") from None
    if not rows:
        raise _refused("line 1", "there is no rate in it", f"Give a list with the columns: {', '.join(_COLUMNS)}.")
    return RateList(f"{name} (rows: {len(rows):,})", rows)


def _rate(row: dict[str, str | None], line: str) -> Rate:
    for column, (form, wanted) in _COLUMNS.items():
        if column not in row:
            names = ", ".join(_COLUMNS)
            raise _refused("line 1", f"there is no column {column!r}", f"It needs the columns: {names}.")
        if not re.fullmatch(form, (row[column] or "").strip()):
            raise _refused(line, f"{column} is {quoted(row[column] or '')}", f"It needs {wanted}.")
    kind, country, prefix, usd = ((row[column] or "").strip() for column in _COLUMNS)
    return Rate(kind.casefold(), country.upper(), prefix, Decimal(usd))


def _refused(place: str, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem(place, problem, remedy),))
